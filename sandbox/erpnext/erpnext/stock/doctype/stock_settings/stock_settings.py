import frappe
from frappe import _
from frappe.model.document import Document


class StockSettings(Document):
	def validate(self):
		for key in ("item_naming_by", "item_group", "stock_uom", "allow_negative_stock", "default_warehouse"):
			frappe.db.set_default(key, self.get(key) or "")
		if self.default_warehouse and frappe.db.get_value("Warehouse", self.default_warehouse, "is_group"):
			frappe.throw(
				_("Group Warehouses cannot be used in transactions. Please change the value of {0}").format(
					frappe.bold(_("Default Warehouse"))
				)
			)
