"""The accounts a new company gets: the part of ERPNext's standard chart that selling, stock and payments use."""

import frappe

#: name → (account type, accounts below); without accounts below it is a leaf
CHART = {
	"Application of Funds (Assets)": {
		"Current Assets": {
			"Accounts Receivable": {"Debtors": "Receivable"},
			"Bank Accounts": "Bank group",
			"Cash In Hand": {"Cash": "Cash"},
			"Loans and Advances (Assets)": {"Employee Advances": ""},
			"Securities and Deposits": {"Earnest Money": ""},
			"Stock Assets": {"Stock In Hand": "Stock"},
			"Tax Assets": "group",
		},
		"Temporary Accounts": {"Temporary Opening": "Temporary"},
	},
	"Source of Funds (Liabilities)": {
		"Current Liabilities": {
			"Accounts Payable": {"Creditors": "Payable", "Payroll Payable": ""},
			"Stock Liabilities": {"Stock Received But Not Billed": "Stock Received But Not Billed"},
			"Duties and Taxes": {"VAT": "Tax"},
			"Loans (Liabilities)": {"Secured Loans": "", "Unsecured Loans": "", "Bank Overdraft Account": ""},
		}
	},
	"Equity": {"Capital Stock": "Equity", "Opening Balance Equity": "Equity", "Retained Earnings": "Equity"},
	"Income": {
		"Direct Income": {"Sales": "", "Service": ""},
		"Indirect Income": "group",
	},
	"Expenses": {
		"Direct Expenses": {
			"Stock Expenses": {
				"Cost of Goods Sold": "Cost of Goods Sold",
				"Expenses Included In Valuation": "Expenses Included In Valuation",
				"Stock Adjustment": "Stock Adjustment",
			}
		},
		"Indirect Expenses": {
			"Administrative Expenses": "",
			"Commission on Sales": "",
			"Freight and Forwarding Charges": "Chargeable",
			"Marketing Expenses": "Chargeable",
			"Miscellaneous Expenses": "Chargeable",
			"Round Off": "Round Off",
			"Sales Expenses": "",
			"Write Off": "",
			"Exchange Gain/Loss": "",
		},
	},
}
ROOTS = {
	"Application of Funds (Assets)": "Asset",
	"Source of Funds (Liabilities)": "Liability",
	"Equity": "Equity",
	"Income": "Income",
	"Expenses": "Expense",
}
GROUP_TYPES = {
	"Cash In Hand": "Cash",
	"Stock Assets": "Stock",
	"Duties and Taxes": "Tax",
	"Bank Accounts": "Bank",
}


def create_charts(company: str, chart_template: str | None = None, existing_company: str | None = None):
	"""Make the accounts of a new company."""
	for root, below in CHART.items():
		_make(root, below, company, None, ROOTS[root])


def _make(name, below, company, parent, root_type):
	group = isinstance(below, dict) or below.endswith("group")
	kind = GROUP_TYPES.get(name, "") if group else below
	account = frappe.get_doc(
		{
			"doctype": "Account",
			"account_name": name,
			"company": company,
			"parent_account": parent,
			"is_group": int(group),
			"root_type": root_type,
			"report_type": "Balance Sheet"
			if root_type in ("Asset", "Liability", "Equity")
			else "Profit and Loss",
			"account_type": kind,
			"account_currency": frappe.db.get_value("Company", company, "default_currency"),
		}
	)
	# part of the company: who may make that needs no right on Account; roots have no parent
	account.flags.ignore_permissions = True
	account.flags.ignore_mandatory = parent is None
	account.insert()
	for child, grandchildren in (below if isinstance(below, dict) else {}).items():
		_make(child, grandchildren, company, account.name, root_type)
