import frappe
from erpnext.stock.utils import get_bin
from frappe.utils import flt


def get_reserved_qty(item_code: str, warehouse: str) -> float:
	"""Pieces that open Sales Orders still want from a warehouse, on their own and within bundles."""
	values = {"item_code": item_code, "warehouse": warehouse}
	own = frappe.db.sql(
		"""select item.stock_qty, item.qty, item.delivered_qty, item.returned_qty
		from `tabSales Order Item` item
		join `tabSales Order` so on so.name = item.parent
		where item.item_code = %(item_code)s and item.warehouse = %(warehouse)s
			and so.docstatus = 1 and so.status not in ('On Hold', 'Closed')""",
		values,
	)
	bundled = frappe.db.sql(
		"""select packed.qty, item.qty, item.delivered_qty, item.returned_qty
		from `tabPacked Item` packed
		join `tabSales Order` so on so.name = packed.parent
		join `tabSales Order Item` item on item.name = packed.parent_detail_docname
		where packed.item_code = %(item_code)s and packed.warehouse = %(warehouse)s
			and packed.parenttype = 'Sales Order' and packed.item_code != packed.parent_item
			and so.docstatus = 1 and so.status not in ('On Hold', 'Closed')""",
		values,
	)
	dont_reserve_again = frappe.get_cached_doc(
		"Selling Settings"
	).dont_reserve_sales_order_qty_on_sales_return
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
