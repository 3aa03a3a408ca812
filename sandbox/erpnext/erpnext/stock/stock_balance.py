import frappe
from frappe.utils import flt

from erpnext.stock.utils import get_bin


def get_reserved_qty(item_code: str, warehouse: str) -> float:
	"""Pieces that open Sales Orders still want from a warehouse, on their own and within bundles."""
	order, row = frappe.qb.DocType("Sales Order"), frappe.qb.DocType("Sales Order Item")
	open_orders = (order.docstatus == 1) & order.status.notin(["On Hold", "Closed"])
	own = (
		frappe.qb.from_(row)
		.join(order)
		.on(order.name == row.parent)
		.select(row.stock_qty, row.qty, row.delivered_qty, row.returned_qty)
		.where((row.item_code == item_code) & (row.warehouse == warehouse) & open_orders)
		.run()
	)
	packed = frappe.qb.DocType("Packed Item")
	bundled = (
		frappe.qb.from_(packed)
		.join(order)
		.on(order.name == packed.parent)
		.join(row)
		.on(row.name == packed.parent_detail_docname)
		.select(packed.qty, row.qty, row.delivered_qty, row.returned_qty)
		.where(
			(packed.item_code == item_code)
			& (packed.warehouse == warehouse)
			& (packed.parenttype == "Sales Order")
			& (packed.item_code != packed.parent_item)
			& open_orders
		)
		.run()
	)
	dont_reserve_again = frappe.get_cached_doc("Selling Settings").dont_reserve_sales_order_qty_on_sales_return
	total = 0.0
	for wanted, ordered, delivered, returned in (*own, *bundled):
		ordered, delivered = flt(ordered), flt(delivered)
		if ordered and ordered >= delivered:
			back = flt(returned) if dont_reserve_again else 0.0
			total += flt(wanted) * (ordered - delivered - back) / ordered
	return total


def update_bin_qty(item_code: str, warehouse: str, qty_dict: dict[str, float]) -> None:
	bin_ = get_bin(item_code, warehouse)
	changed = {field: flt(value) for field, value in qty_dict.items() if flt(bin_.get(field)) != flt(value)}
	if changed:
		bin_.update(changed)
		bin_.set_projected_qty()
		bin_.modified = frappe.utils.now()
		bin_.db_update()
		bin_.clear_cache()
