"""Returns of deliveries and invoices: made from the original, never more than it, never dearer."""

import frappe
from erpnext.stock.utils import get_incoming_rate, get_valuation_method
from frappe import _, bold
from frappe.model.mapper import get_mapped_doc
from frappe.query_builder import DocType
from frappe.query_builder.functions import Abs, Sum
from frappe.utils import flt, format_datetime, get_datetime

#: field of a return's row that names the original's row
ORIGIN = {"Delivery Note": "dn_detail", "Sales Invoice": "sales_invoice_item"}


class StockOverReturnError(frappe.ValidationError):
	pass


def validate_return(doc):
	if doc.get("is_return") and doc.get("return_against"):
		validate_return_against(doc)
		validate_returned_items(doc)


def validate_return_against(doc):
	if not frappe.db.exists(doc.doctype, doc.return_against):
		frappe.throw(_("Invalid {0}: {1}").format(doc.meta.get_label("return_against"), doc.return_against))
	original = frappe.get_doc(doc.doctype, doc.return_against)
	if original.customer != doc.customer:
		frappe.throw(
			_("The {0} {1} does not match with the {0} {2} in the {3} {4}").format(
				doc.meta.get_label("customer"),
				bold(doc.customer),
				bold(original.customer),
				original.doctype,
				original.name,
			),
			title=_("Party Mismatch"),
		)
	if original.company != doc.company or original.docstatus != 1:
		return
	when = f"{original.posting_date} {original.get('posting_time') or '00:00:00'}"
	if get_datetime(f"{doc.posting_date} {doc.get('posting_time') or '00:00:00'}") < get_datetime(when):
		frappe.throw(_("Posting timestamp must be after {0}").format(format_datetime(when)))
	if doc.conversion_rate != original.conversion_rate:
		frappe.throw(
			_("Exchange Rate must be same as {0} {1} ({2})").format(
				doc.doctype, doc.return_against, original.conversion_rate
			)
		)
	if doc.get("update_stock") and not original.get("update_stock"):
		frappe.throw(
			_("'Update Stock' can not be checked because items are not delivered via {0}").format(
				doc.return_against
			)
		)


def validate_returned_items(doc):
	originals = {}
	for row in frappe.get_all(
		f"{doc.doctype} Item",
		filters={"parent": doc.return_against},
		fields=["name", "item_code", "qty", "stock_qty", "rate", "conversion_factor"],
		limit=0,
	):
		originals[(row.item_code, row.name)] = row
	returned = get_already_returned_items(doc)
	link = ORIGIN[doc.doctype]
	if not doc.items:
		frappe.throw(_("Atleast one item should be entered with negative quantity in return document"))
	for row in doc.items:
		key = (row.item_code, row.get(link))
		original = originals.get(key)
		if flt(row.qty) > 0:
			continue
		if original is None:
			frappe.msgprint(
				_("Row # {0}: Returned Item {1} does not exist in {2} {3}").format(
					row.idx, row.item_code, doc.doctype, doc.return_against
				),
				raise_exception=bool(doc.doctype == "Sales Invoice" and row.get(link)),
			)
			continue
		validate_quantity(doc, row, original, returned.get(key, {}))
		# the site's valuation method decides, not the item's: ERPNext asks for the method of no item at all here
		method = frappe.get_cached_doc("Stock Settings").valuation_method or "FIFO"
		if original.rate and flt(row.rate) > original.rate and method != "Moving Average":
			frappe.throw(
				_("Row # {0}: Rate cannot be greater than the rate used in {1} {2}").format(
					row.idx, doc.doctype, doc.return_against
				)
			)


def validate_quantity(doc, row, original, returned):
	field = "qty" if doc.doctype == "Sales Invoice" and not doc.update_stock else "stock_qty"
	precision = row.precision(field)
	allowed = flt(original[field])
	back = flt(row.get(field))
	if field == "qty":
		allowed *= flt(original.conversion_factor) or 1
		back *= flt(row.conversion_factor) or 1
	left = flt(flt(allowed, precision) - flt(returned.get(field), precision), precision)
	if allowed and abs(flt(back, precision)) > left:
		frappe.throw(
			_("Row # {0}: Cannot return more than {1} for Item {2}").format(row.idx, left, row.item_code),
			StockOverReturnError,
		)


def get_already_returned_items(doc) -> dict[tuple, dict]:
	child, parent = DocType(f"{doc.doctype} Item"), DocType(doc.doctype)
	link = ORIGIN[doc.doctype]
	rows = (
		frappe.qb.from_(child)
		.join(parent)
		.on(parent.name == child.parent)
		.select(
			child.item_code,
			child[link],
			Sum(Abs(child.qty)).as_("qty"),
			Sum(Abs(child.stock_qty)).as_("stock_qty"),
		)
		.where(
			(parent.docstatus == 1) & (parent.is_return == 1) & (parent.return_against == doc.return_against)
		)
		.groupby(child.item_code, child[link])
		.run(as_dict=True)
	)
	return {(row.item_code, row[link]): row for row in rows}


def get_returned_qty_map_for_row(return_against, party, row_name, doctype):
	child, parent = DocType(f"{doctype} Item"), DocType(doctype)
	rows = (
		frappe.qb.from_(child)
		.join(parent)
		.on(parent.name == child.parent)
		.select(Sum(Abs(child.qty)).as_("qty"), Sum(Abs(child.stock_qty)).as_("stock_qty"))
		.where(
			(parent.docstatus == 1)
			& (parent.is_return == 1)
			& (parent.return_against == return_against)
			& (parent.customer == party)
			& (child[ORIGIN[doctype]] == row_name)
		)
		.run(as_dict=True)
	)
	return rows[0]


def make_return_doc(doctype: str, source_name: str, target_doc=None, return_against_rejected_qty=False):
	"""An unsaved return of everything that was not returned yet."""
	company = frappe.db.get_value(doctype, source_name, "company")
	return_warehouse = frappe.get_cached_value("Company", company, "default_warehouse_for_sales_return")

	def finish(source, target):
		target.is_return = 1
		target.ignore_pricing_rule = 1
		target.return_against = source.name
		target.set_warehouse = return_warehouse if doctype == "Delivery Note" else ""
		for tax in target.get("taxes") or []:
			if tax.charge_type == "Actual":
				tax.tax_amount = -1 * tax.tax_amount
		if doctype == "Sales Invoice":
			target.party_account_currency = source.party_account_currency
			target.update_billed_amount_in_delivery_note = 1
		for row in target.get("packed_items") or []:
			row.qty = -row.qty
		if target.get("discount_amount"):
			target.discount_amount = -1 * source.discount_amount
		target.run_method("calculate_taxes_and_totals")

	def update_item(source_row, target_row, source):
		returned = get_returned_qty_map_for_row(source.name, source.customer, source_row.name, doctype)
		target_row.qty = -flt(source_row.qty - flt(returned.qty))
		target_row.stock_qty = -flt(source_row.stock_qty - flt(returned.stock_qty))
		kept = ("so_detail", "dn_detail", "sales_order", "delivery_note", "expense_account")
		if doctype == "Delivery Note":
			kept = (
				"so_detail",
				"si_detail",
				"against_sales_order",
				"against_sales_invoice",
				"expense_account",
			)
		for field in kept:
			target_row.set(field, source_row.get(field))
		target_row.set(ORIGIN[doctype], source_row.name)
		if return_warehouse:
			target_row.warehouse = return_warehouse

	def update_term(source_row, target_row, source):
		target_row.payment_amount = -source_row.payment_amount

	return get_mapped_doc(
		doctype,
		source_name,
		{
			doctype: {"doctype": doctype, "validation": {"docstatus": ["=", 1]}},
			f"{doctype} Item": {
				"doctype": f"{doctype} Item",
				"postprocess": update_item,
				"condition": lambda row: row.qty,
			},
			"Payment Schedule": {"doctype": "Payment Schedule", "postprocess": update_term},
		},
		target_doc,
		finish,
	)


def get_rate_for_return(
	voucher_type, voucher_no, item_code, return_against=None, item_row=None, voucher_detail_no=None, sle=None
) -> float:
	"""What a piece was worth when it left with the original."""
	filters = {
		"voucher_type": voucher_type,
		"voucher_no": return_against,
		"item_code": item_code,
		"is_cancelled": 0,
	}
	origin = item_row.get(ORIGIN[voucher_type]) if item_row is not None else None
	if origin:
		filters["voucher_detail_no"] = origin
	values = frappe.db.get_value(
		"Stock Ledger Entry",
		filters,
		["stock_value_difference", "actual_qty"],
		order_by="creation",
		as_dict=True,
	)
	if values and values.actual_qty:
		return abs(flt(values.stock_value_difference) / values.actual_qty)
	if item_row is None:
		return 0.0
	if get_valuation_method(item_code) == "Moving Average" and item_row.get("warehouse"):
		parent = item_row.get("parent_doc")
		return get_incoming_rate(
			{
				"item_code": item_code,
				"warehouse": item_row.warehouse,
				"posting_date": parent.posting_date if parent else None,
				"posting_time": parent.posting_time if parent else None,
				"qty": item_row.get("stock_qty"),
			},
			raise_error_if_no_rate=False,
		)
	return flt(item_row.get("incoming_rate")) or flt(item_row.get("rate"))
