import frappe
from erpnext.accounts.doctype.account.chart_of_accounts import create_charts
from frappe import _
from frappe.utils.nestedset import NestedSet


class Company(NestedSet):
	nsm_parent_field = "parent_company"

	def validate(self):
		if not (self.abbr or "").strip():
			self.abbr = "".join(word[0] for word in self.company_name.split()).upper()
		self.abbr = self.abbr.strip()
		if frappe.db.exists("Company", {"abbr": self.abbr, "name": ("!=", self.name)}):
			frappe.throw(_("Abbreviation already used for another company"))
		self.validate_default_accounts()
		self.validate_currency()

	def validate_default_accounts(self):
		for field in (
			"default_bank_account",
			"default_cash_account",
			"default_receivable_account",
			"default_payable_account",
			"default_expense_account",
			"default_income_account",
			"stock_received_but_not_billed",
			"stock_adjustment_account",
		):
			account = self.get(field)
			if not account:
				continue
			company, currency = frappe.db.get_value("Account", account, ["company", "account_currency"])
			if company != self.name:
				frappe.throw(_("Account {0} does not belong to company: {1}").format(account, self.name))
			if (currency or self.default_currency) != self.default_currency:
				frappe.throw(
					_(
						"{0} currency must be same as company's default currency. Please select another account."
					).format(frappe.bold(self.meta.get_label(field)))
				)

	def validate_currency(self):
		if self.is_new():
			return
		before = frappe.db.get_value("Company", self.name, "default_currency")
		if (
			before
			and before != self.default_currency
			and frappe.db.exists("GL Entry", {"company": self.name})
		):
			frappe.throw(
				_(
					"Cannot change company's default currency, because there are existing transactions. Transactions must be cancelled to change the default currency."
				)
			)

	def on_update(self):
		super().on_update()
		if not frappe.db.exists("Account", {"company": self.name}):
			create_charts(self.name)
			self.create_default_warehouses()
		if not frappe.db.exists("Cost Center", {"is_group": 0, "company": self.name}):
			self.create_default_cost_center()
		self.set_default_accounts()
		self.set_mode_of_payment_account()
		frappe.db.set_value("Currency", self.default_currency, "enabled", 1)
		frappe.clear_cache()

	def create_default_warehouses(self):
		parent = None
		for name, group, kind in (
			("All Warehouses", 1, None),
			("Stores", 0, None),
			("Work In Progress", 0, None),
			("Finished Goods", 0, None),
			("Goods In Transit", 0, "Transit"),
		):
			if kind and not frappe.db.exists("Warehouse Type", kind):
				frappe.get_doc({"doctype": "Warehouse Type", "name": kind}).insert(
					ignore_permissions=True
				)  # as below
			warehouse = frappe.get_doc(
				{
					"doctype": "Warehouse",
					"warehouse_name": _(name),
					"is_group": group,
					"company": self.name,
					"parent_warehouse": parent,
					"warehouse_type": kind,
				}
			)
			# part of the company: who may make that needs no right on Warehouse
			warehouse.flags.ignore_permissions = True
			warehouse.insert()
			parent = parent or warehouse.name

	def create_default_cost_center(self):
		root = f"{self.name} - {self.abbr}"
		for values in (
			{"cost_center_name": self.name, "is_group": 1, "parent_cost_center": None},
			{"cost_center_name": _("Main"), "is_group": 0, "parent_cost_center": root},
		):
			doc = frappe.get_doc({"doctype": "Cost Center", "company": self.name, **values})
			# part of the company: who may make that needs no right on Cost Center
			doc.flags.ignore_permissions = True
			doc.flags.ignore_mandatory = values["is_group"]
			doc.insert()
		main = f"{_('Main')} - {self.abbr}"
		self.db_set({"cost_center": main, "round_off_cost_center": main})

	def set_default_accounts(self):
		by_type = {
			"default_cash_account": "Cash",
			"default_bank_account": "Bank",
			"default_receivable_account": "Receivable",
			"default_payable_account": "Payable",
			"round_off_account": "Round Off",
			"default_expense_account": "Cost of Goods Sold",
		}
		if self.enable_perpetual_inventory:
			by_type |= {
				"stock_received_but_not_billed": "Stock Received But Not Billed",
				"default_inventory_account": "Stock",
				"stock_adjustment_account": "Stock Adjustment",
				"expenses_included_in_valuation": "Expenses Included In Valuation",
			}
		by_name = {
			"default_income_account": _("Sales"),
			"write_off_account": _("Write Off"),
			"exchange_gain_loss_account": _("Exchange Gain/Loss"),
		}
		for field, value in (by_type | by_name).items():
			if self.get(field):
				continue
			key = "account_type" if field in by_type else "account_name"
			account = frappe.db.get_value("Account", {"company": self.name, "is_group": 0, key: value})
			if account:
				self.db_set(field, account)

	def set_mode_of_payment_account(self):
		cash = frappe.db.get_value("Mode of Payment", {"type": "Cash"})
		if not cash or not self.default_cash_account:
			return
		mode = frappe.get_doc("Mode of Payment", cash)
		if self.name not in [row.company for row in mode.accounts]:
			mode.append("accounts", {"company": self.name, "default_account": self.default_cash_account})
			mode.save(ignore_permissions=True)  # part of making a company, as above

	def on_trash(self):
		if frappe.db.exists("GL Entry", {"company": self.name}) or frappe.db.exists(
			"Stock Ledger Entry", {"company": self.name}
		):
			frappe.throw(_("Company {0} has transactions and cannot be deleted").format(self.name))
		for doctype in ("Account", "Cost Center", "Warehouse"):
			frappe.db.delete(doctype, {"company": self.name})
		super().on_trash(allow_root_deletion=True)
