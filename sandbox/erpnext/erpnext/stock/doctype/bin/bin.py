import frappe
from frappe.model.document import Document
from frappe.utils import flt

PLUS = ("actual_qty", "ordered_qty", "indented_qty", "planned_qty")
MINUS = (
	"reserved_qty",
	"reserved_qty_for_production",
	"reserved_qty_for_sub_contract",
	"reserved_qty_for_production_plan",
)


class Bin(Document):
	"""What is in a warehouse of an item, on order and promised."""

	def before_save(self):
		if self.is_new() or not self.stock_uom:
			self.stock_uom = frappe.get_cached_value("Item", self.item_code, "stock_uom")
		self.set_projected_qty()

	def set_projected_qty(self):
		self.projected_qty = sum(flt(self.get(field)) for field in PLUS) - sum(
			flt(self.get(field)) for field in MINUS
		)


def on_doctype_update():
	frappe.db.add_unique("Bin", ["item_code", "warehouse"], constraint_name="unique_item_warehouse")
