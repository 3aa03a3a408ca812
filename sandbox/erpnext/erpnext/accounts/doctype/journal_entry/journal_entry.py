import frappe
from erpnext.accounts.general_ledger import make_gl_entries, make_reverse_gl_entries
from erpnext.accounts.utils import get_account_currency
from erpnext.controllers.accounts_controller import AccountsController
from frappe import _
from frappe.utils import flt


class JournalEntry(AccountsController):
	"""Debits and credits by hand. The stand-in knows what payments need of it: amounts, parties, references."""

	@property
	def gain_or_loss(self) -> bool:
		return self.voucher_type == "Exchange Gain Or Loss"

	def validate(self):
		self.is_opening = self.is_opening or "No"
		for row in self.accounts:
			self.set_row(row)
		self.total_debit = flt(sum(flt(row.debit) for row in self.accounts), self.precision("total_debit"))
		self.total_credit = flt(sum(flt(row.credit) for row in self.accounts), self.precision("total_credit"))
		self.difference = flt(self.total_debit - self.total_credit, self.precision("difference"))
		if not self.accounts:
			frappe.throw(_("Accounts table cannot be blank."))
		self.title = self.title or self.accounts[0].party or self.accounts[0].account

	def before_submit(self):
		if self.difference:
			frappe.throw(
				_("Total Debit must be equal to Total Credit. The difference is {0}").format(self.difference)
			)

	def set_row(self, row):
		row.account_currency = get_account_currency(row.account)
		row.account_type = frappe.get_cached_value("Account", row.account, "account_type")
		if row.account_type in ("Receivable", "Payable") and not (row.party_type and row.party):
			frappe.throw(
				_("Row {0}: Party Type and Party is required for Receivable / Payable account {1}").format(
					row.idx, row.account
				)
			)
		if row.account_currency == self.company_currency:
			row.exchange_rate = 1
		if self.gain_or_loss:
			return
		if row.account_currency != self.company_currency and not self.multi_currency:
			frappe.throw(_("Please check Multi Currency option to allow accounts with other currency"))
		for side in ("debit", "credit"):
			row.set(
				side,
				flt(
					flt(row.get(f"{side}_in_account_currency")) * flt(row.exchange_rate), row.precision(side)
				),
			)

	def on_submit(self):
		make_gl_entries([self._entry(row) for row in self.accounts if flt(row.debit) or flt(row.credit)])
		self.update_advance_paid()

	def on_cancel(self):
		self.ignore_linked_doctypes = ("GL Entry", "Payment Ledger Entry", "Payment Entry", "Sales Invoice")
		make_reverse_gl_entries(voucher_type=self.doctype, voucher_no=self.name)

	def update_advance_paid(self):
		for row in self.accounts:
			if row.reference_type == "Sales Order" and row.is_advance == "Yes":
				frappe.get_doc("Sales Order", row.reference_name).set_total_advance_paid()

	def _entry(self, row):
		return self.get_gl_dict(
			{
				"account": row.account,
				"party_type": row.party_type,
				"party": row.party,
				"against": row.against_account,
				"debit": flt(row.debit, row.precision("debit")),
				"credit": flt(row.credit, row.precision("credit")),
				"debit_in_account_currency": flt(row.debit_in_account_currency),
				"credit_in_account_currency": flt(row.credit_in_account_currency),
				"against_voucher_type": row.reference_type,
				"against_voucher": row.reference_name,
				"voucher_detail_no": row.reference_detail_no,
				"cost_center": row.cost_center,
				"remarks": self.user_remark or self.remark,
			},
			row.account_currency,
		)
