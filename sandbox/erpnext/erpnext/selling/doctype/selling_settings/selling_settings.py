import frappe
from frappe.model.document import Document


class SellingSettings(Document):
	def on_update(self):
		for key in (
			"cust_master_name",
			"customer_group",
			"territory",
			"maintain_same_sales_rate",
			"selling_price_list",
		):
			frappe.db.set_default(key, self.get(key) or "")
		from frappe.custom.doctype.property_setter.property_setter import make_property_setter

		by_series = self.cust_master_name == "Naming Series"
		make_property_setter(
			"Customer", "naming_series", "reqd", int(by_series), "Check", validate_fields_for_doctype=False
		)
