import frappe
from erpnext.accounts.party import validate_party_frozen_disabled
from erpnext.accounts.utils import get_account_currency, get_fiscal_year
from erpnext.exceptions import InvalidAccountCurrency
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt


class GLEntry(Document):
	"""One debit or credit. Written by documents only, never changed."""

	def autoname(self):
		self.name = frappe.generate_hash(length=10)

	def validate(self):
		self.flags.ignore_submit_comment = True
		if not self.fiscal_year:
			self.fiscal_year = get_fiscal_year(self.posting_date, company=self.company)[0]
		self.check_mandatory()
		self.validate_account()
		self.validate_cost_center()
		validate_party_frozen_disabled(self.party_type, self.party)
		self.validate_currency()

	def check_mandatory(self):
		for field in ("account", "voucher_type", "voucher_no", "company"):
			if not self.get(field):
				frappe.throw(_("{0} is required").format(_(self.meta.get_label(field))))
		kind = frappe.get_cached_value("Account", self.account, "account_type")
		if not self.is_cancelled and not (self.party_type and self.party) and kind == "Receivable":
			frappe.throw(
				_("{0} {1}: Customer is required against Receivable account {2}").format(
					self.voucher_type, self.voucher_no, self.account
				)
			)
		gain = self.voucher_type == "Journal Entry"  # an exchange difference may have no amount of its own
		if not gain and not (
			flt(self.debit, self.precision("debit")) or flt(self.credit, self.precision("credit"))
		):
			frappe.throw(
				_("{0} {1}: Either debit or credit amount is required for {2}").format(
					self.voucher_type, self.voucher_no, self.account
				)
			)

	def validate_account(self):
		group, company, report = frappe.get_cached_value(
			"Account", self.account, ["is_group", "company", "report_type"]
		)
		if group:
			frappe.throw(
				_(
					"{0} {1}: Account {2} is a Group Account and group accounts cannot be used in transactions"
				).format(self.voucher_type, self.voucher_no, self.account)
			)
		if company != self.company:
			frappe.throw(
				_("{0} {1}: Account {2} does not belong to Company {3}").format(
					self.voucher_type, self.voucher_no, self.account, self.company
				)
			)
		if report == "Profit and Loss" and not self.cost_center:
			frappe.throw(
				_("{0} {1}: Cost Center is required for 'Profit and Loss' account {2}.").format(
					self.voucher_type, self.voucher_no, self.account
				),
				title=_("Missing Cost Center"),
			)

	def validate_cost_center(self):
		if not self.cost_center:
			return
		group, company = frappe.get_cached_value("Cost Center", self.cost_center, ["is_group", "company"])
		if company != self.company:
			frappe.throw(
				_("{0} {1}: Cost Center {2} does not belong to Company {3}").format(
					self.voucher_type, self.voucher_no, self.cost_center, self.company
				)
			)
		if group:
			frappe.throw(
				_(
					"{0} {1}: Cost Center {2} is a group cost center and group cost centers cannot be used in transactions"
				).format(self.voucher_type, self.voucher_no, frappe.bold(self.cost_center))
			)

	def validate_currency(self):
		currency = get_account_currency(self.account)
		self.account_currency = self.account_currency or currency
		if self.account_currency != currency:
			frappe.throw(
				_("{0} {1}: Accounting Entry for {2} can only be made in currency: {3}").format(
					self.voucher_type, self.voucher_no, self.account, currency
				),
				InvalidAccountCurrency,
			)

	def on_cancel(self):
		frappe.throw(
			_("Individual GL Entry cannot be cancelled.") + "<br>" + _("Please cancel related transaction.")
		)


def on_doctype_update():
	frappe.db.add_index("GL Entry", ["voucher_type", "voucher_no"])
	frappe.db.add_index("GL Entry", ["posting_date", "company"])
	frappe.db.add_index("GL Entry", ["party_type", "party"])
