import frappe
from frappe import _
from frappe.utils.nestedset import NestedSet


class Warehouse(NestedSet):
	nsm_parent_field = "parent_warehouse"

	def autoname(self):
		self.name = self.warehouse_name
		if self.company:
			suffix = " - " + frappe.get_cached_value("Company", self.company, "abbr")
			if not self.warehouse_name.endswith(suffix):
				self.name = self.warehouse_name + suffix

	def on_trash(self):
		for bin_ in frappe.get_all(
			"Bin", filters={"warehouse": self.name}, fields=["name", "actual_qty", "reserved_qty"]
		):
			if bin_.actual_qty or bin_.reserved_qty:
				frappe.throw(
					_("Warehouse {0} can not be deleted as quantity exists for Item").format(self.name)
				)
			frappe.delete_doc("Bin", bin_.name)
		if frappe.db.exists("Stock Ledger Entry", {"warehouse": self.name}):
			frappe.throw(_("Warehouse can not be deleted as stock ledger entry exists for this warehouse."))
		super().on_trash(allow_root_deletion=True)


def get_child_warehouses(warehouse: str) -> list[str]:
	lft, rgt = frappe.get_cached_value("Warehouse", warehouse, ["lft", "rgt"])
	return frappe.get_all("Warehouse", filters={"lft": (">=", lft), "rgt": ("<=", rgt)}, pluck="name")
