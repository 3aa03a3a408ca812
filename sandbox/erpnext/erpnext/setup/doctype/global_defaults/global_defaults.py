import frappe
from frappe.model.document import Document
from frappe.utils import cint

DEFAULTS = {
	"company": "default_company",
	"currency": "default_currency",
	"country": "country",
	"disable_rounded_total": "disable_rounded_total",
	"disable_in_words": "disable_in_words",
}


class GlobalDefaults(Document):
	def on_update(self):
		"""Defaults that new documents start with."""
		for key, field in DEFAULTS.items():
			frappe.db.set_default(key, self.get(field) or "")
		if self.default_currency:
			frappe.db.set_value("Currency", self.default_currency, "enabled", 1)
		from frappe.custom.doctype.property_setter.property_setter import make_property_setter

		for doctype in ("Sales Order", "Sales Invoice", "Delivery Note"):
			make_property_setter(
				doctype,
				"disable_rounded_total",
				"default",
				cint(self.disable_rounded_total),
				"Text",
				validate_fields_for_doctype=False,
			)
		frappe.clear_cache()

	@frappe.whitelist()
	def get_defaults(self):
		return frappe.defaults.get_defaults()
