import frappe
from erpnext.controllers.status_updater import StatusUpdater
from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note
from frappe import _
from frappe.model.mapper import map_child_doc
from frappe.utils import flt


class PickList(StatusUpdater):
	"""Picking for Sales Orders from the warehouses of their rows, without a search for stock elsewhere, batches, serial
	numbers or the parts of Product Bundles."""

	def before_save(self):
		self.set_status()

	def before_submit(self):
		for row in self.locations:
			row.picked_qty = row.picked_qty or row.stock_qty

	def on_submit(self):
		self.set_status(update=True)

	def on_cancel(self):
		self.set_status(update=True)


@frappe.whitelist()
def create_delivery_note(source_name, target_doc=None):
	"""Draft Delivery Notes of what was picked for Sales Orders, one for each customer; returns the last one."""
	pick_list = frappe.get_doc("Pick List", source_name)
	if not pick_list.locations:
		frappe.throw(_("Add items in the Item Locations table"))
	orders = {}
	for row in pick_list.locations:
		customer = frappe.db.get_value("Sales Order", row.sales_order, "customer")
		orders.setdefault(customer, {})[row.sales_order] = None
	note = None
	for names in orders.values():
		note = _note_of(pick_list, list(names))
		note.save()
	frappe.msgprint(_("Delivery Note(s) created for the Pick List"))
	return note


def _note_of(pick_list, orders):
	note = make_delivery_note(orders[0], kwargs={"skip_item_mapping": True})
	for row in pick_list.locations:
		if row.sales_order in orders:
			_map_row(pick_list, row, note)
	note.run_method("set_missing_values")
	note.run_method("set_po_nos")
	note.run_method("calculate_taxes_and_totals")
	return note


def _map_row(pick_list, row, note):
	ordered = frappe.get_doc("Sales Order Item", row.sales_order_item)
	if abs(ordered.delivered_qty) >= abs(ordered.qty):
		return
	mapper = {
		"doctype": "Delivery Note Item",
		"field_map": {"rate": "rate", "name": "so_detail", "parent": "against_sales_order"},
	}
	delivered = map_child_doc(ordered, note, mapper)
	delivered.against_pick_list, delivered.pick_list_item = pick_list.name, row.name
	delivered.warehouse = row.warehouse
	delivered.qty = flt(row.picked_qty - row.delivered_qty) / (flt(delivered.conversion_factor) or 1)
