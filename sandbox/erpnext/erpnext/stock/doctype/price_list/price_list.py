import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint


class PriceList(Document):
	def validate(self):
		if not cint(self.buying) and not cint(self.selling):
			frappe.throw(_("Price List must be applicable for Buying or Selling"))

	def on_update(self):
		settings = frappe.get_doc("Selling Settings")
		if cint(self.selling) and not settings.selling_price_list:
			settings.selling_price_list = self.name
			settings.flags.ignore_permissions = (
				True  # who may make a price list may make the first one the default
			)
			settings.save()
		frappe.db.set_value(
			"Item Price",
			{"price_list": self.name},
			{"currency": self.currency, "buying": cint(self.buying), "selling": cint(self.selling)},
			update_modified=True,
		)
