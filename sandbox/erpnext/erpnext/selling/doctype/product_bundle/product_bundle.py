import frappe
from frappe import _
from frappe.model.document import Document


class ProductBundle(Document):
	"""An item that is sold as one and delivered as several."""

	def autoname(self):
		self.name = self.new_item_code

	def validate(self):
		if frappe.db.get_value("Item", self.new_item_code, "is_stock_item"):
			frappe.throw(_("Parent Item {0} must not be a Stock Item").format(self.new_item_code))
		for row in self.items:
			if frappe.db.exists("Product Bundle", {"name": row.item_code, "disabled": 0}):
				frappe.throw(
					_(
						"Row #{0}: Child Item should not be a Product Bundle. Please remove Item {1} and Save"
					).format(row.idx, frappe.bold(row.item_code))
				)
