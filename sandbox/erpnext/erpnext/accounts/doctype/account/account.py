import frappe
from erpnext.accounts.utils import get_account_currency
from frappe import _
from frappe.utils.nestedset import NestedSet


class RootNotEditable(frappe.ValidationError):
	pass


class Account(NestedSet):
	nsm_parent_field = "parent_account"

	def autoname(self):
		self.name = get_account_autoname(self.account_number, self.account_name, self.company)

	def validate(self):
		self.validate_parent()
		self.set_root_and_report_type()
		self.validate_root()
		self.validate_account_currency()
		self.validate_account_number()
		if self.account_type in ("Receivable", "Payable") and not self.is_new():
			self.validate_type_of_booked_account()

	def validate_parent(self):
		if not self.parent_account:
			return
		parent = frappe.db.get_value("Account", self.parent_account, ["is_group", "company"], as_dict=True)
		if not parent:
			frappe.throw(
				_("Account {0}: Parent account {1} does not exist").format(self.name, self.parent_account)
			)
		if self.parent_account == self.name:
			frappe.throw(_("Account {0}: You can not assign itself as parent account").format(self.name))
		if not parent.is_group:
			frappe.throw(
				_("Account {0}: Parent account {1} can not be a ledger").format(
					self.name, self.parent_account
				)
			)
		if parent.company != self.company:
			frappe.throw(
				_("Account {0}: Parent account {1} does not belong to company: {2}").format(
					self.name, self.parent_account, self.company
				)
			)

	def set_root_and_report_type(self):
		if self.parent_account:
			self.root_type, self.report_type = frappe.db.get_value(
				"Account", self.parent_account, ["root_type", "report_type"]
			)
		if self.root_type and not self.report_type:
			balance = self.root_type in ("Asset", "Liability", "Equity")
			self.report_type = "Balance Sheet" if balance else "Profit and Loss"

	def validate_root(self):
		if self.parent_account:
			return
		before = self.get_doc_before_save()
		if before and before.account_name != self.account_name:
			frappe.throw(_("Root cannot be edited."), RootNotEditable)
		if not self.is_group:
			frappe.throw(
				_("The root account {0} must be a group").format(frappe.bold(self.name)),
				title=_("Invalid Account"),
			)

	def validate_account_currency(self):
		if not self.account_currency:
			self.account_currency = frappe.get_cached_value("Company", self.company, "default_currency")
		booked_in = frappe.db.get_value("GL Entry", {"account": self.name}, "account_currency")
		if booked_in and self.account_currency != booked_in:
			frappe.throw(_("Currency can not be changed after making entries using some other currency"))

	def validate_account_number(self):
		if self.account_number and frappe.db.exists(
			"Account",
			{"account_number": self.account_number, "company": self.company, "name": ("!=", self.name)},
		):
			frappe.throw(_("Account Number {0} already used").format(self.account_number))

	def validate_type_of_booked_account(self):
		before = self.get_doc_before_save()
		if (
			before
			and before.account_type != self.account_type
			and frappe.db.exists("GL Entry", {"account": self.name})
		):
			frappe.msgprint(
				_(
					"There are ledger entries against this account. Changing the {0} to non-{1} in live system will cause incorrect output in 'Accounts {2}' report"
				).format(frappe.bold("Account Type"), self.account_type, self.account_type),
				indicator="orange",
			)

	def on_trash(self):
		if frappe.db.exists("GL Entry", {"account": self.name}):
			frappe.throw(_("Account with existing transaction can not be deleted"))
		super().on_trash(True)


def get_account_autoname(account_number, account_name, company):
	abbr = frappe.get_cached_value("Company", company, "abbr")
	parts = [account_name.strip(), abbr]
	if (account_number or "").strip():
		parts.insert(0, account_number.strip())
	return " - ".join(parts)


def on_doctype_update():
	frappe.db.add_index("Account", ["lft", "rgt"])


__all__ = ["Account", "get_account_currency"]
