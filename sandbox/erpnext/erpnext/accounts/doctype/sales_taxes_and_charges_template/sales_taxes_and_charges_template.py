import frappe
from erpnext.controllers.accounts_controller import validate_account_head
from frappe import _
from frappe.model.document import Document


class SalesTaxesandChargesTemplate(Document):
	def autoname(self):
		if self.company and self.title:
			abbr = frappe.get_cached_value("Company", self.company, "abbr")
			self.name = f"{self.title} - {abbr}"

	def validate(self):
		if self.is_default and self.disabled:
			frappe.throw(_("Disabled template must not be default template"))
		for row in self.taxes:
			if row.charge_type == "On Net Total" and not row.rate and row.account_head:
				row.rate = frappe.get_cached_value("Account", row.account_head, "tax_rate")
			validate_account_head(row.idx, row.account_head, self.company, "Tax")
		if self.is_default:
			frappe.db.set_value(
				self.doctype,
				{"company": self.company, "name": ("!=", self.name), "is_default": 1},
				"is_default",
				0,
			)
