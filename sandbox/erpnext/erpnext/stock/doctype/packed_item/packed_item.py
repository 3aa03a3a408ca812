import frappe
from frappe.model.document import Document
from frappe.utils import flt


class PackedItem(Document):
	pass


def make_packing_list(doc):
	"""Write the parts of sold bundles below a document."""
	if doc.get("_action") == "update_after_submit":
		return
	before = {
		(row.parent_item, row.item_code, row.parent_detail_docname): row for row in doc.get("packed_items")
	}
	rows = []
	for item in doc.items:
		if not doc.has_product_bundle(item.item_code):
			continue
		for part in frappe.get_cached_doc("Product Bundle", item.item_code).items:
			rows.append(_row(doc, item, part, before.get((item.item_code, part.item_code, item.name))))
	if not rows and not before:
		return
	doc.set("packed_items", [])
	for row in rows:
		doc.append("packed_items", row)


def _row(doc, item, part, existing):
	row = existing.as_dict(no_default_fields=True) if existing else frappe._dict()
	details = frappe.get_cached_doc("Item", part.item_code)
	default = next(
		(one.default_warehouse for one in details.item_defaults if one.company == doc.company), None
	)
	row.update(
		parent_item=item.item_code,
		parent_detail_docname=item.name,
		item_code=part.item_code,
		item_name=details.item_name,
		uom=details.stock_uom,
		qty=flt(part.qty) * flt(item.stock_qty),
		conversion_factor=item.conversion_factor,
		description=row.get("description") or part.description,
	)
	if not row.get("warehouse"):
		own = details.is_stock_item or not default
		row.warehouse = item.warehouse if own and item.warehouse else default
	quantities = frappe.db.get_value(
		"Bin",
		{"item_code": part.item_code, "warehouse": row.warehouse},
		["actual_qty", "projected_qty"],
		as_dict=True,
	)
	row.actual_qty = flt(quantities.actual_qty) if quantities else 0
	row.projected_qty = flt(quantities.projected_qty) if quantities else 0
	row.rate = row.get("rate") or flt(details.valuation_rate)
	return row
