import json
from datetime import datetime

import frappe
from frappe import _
from frappe.utils import flt, get_datetime, get_time, getdate, now, nowdate, nowtime


class InvalidWarehouseCompany(frappe.ValidationError):
	pass


def get_bin(item_code: str, warehouse: str):
	"""The Bin of an item in a warehouse, made when missing."""
	values = bin_values(item_code, warehouse)
	doc = frappe.get_doc({"doctype": "Bin", **values}) if values else _create_bin(item_code, warehouse)
	doc.flags.ignore_permissions = True  # Bins are written by documents, nobody may write to them
	return doc


def get_or_make_bin(item_code: str, warehouse: str) -> str:
	return bin_values(item_code, warehouse).get("name") or _create_bin(item_code, warehouse).name


def bin_values(item_code: str, warehouse: str) -> frappe._dict:
	"""The row of a Bin, empty when there is none."""
	rows = frappe.db.sql(
		"select * from `tabBin` where item_code = %s and warehouse = %s", (item_code, warehouse), as_dict=True
	)
	return rows[0] if rows else frappe._dict()


def _create_bin(item_code, warehouse):
	"""Two transactions may need the same new Bin at once: the second takes the first one's."""
	frappe.db.savepoint("create_bin")
	try:
		doc = frappe.get_doc({"doctype": "Bin", "item_code": item_code, "warehouse": warehouse})
		doc.flags.ignore_permissions = True  # as in get_bin
		doc.insert()
	except frappe.UniqueValidationError:
		frappe.db.rollback(save_point="create_bin")
		doc = frappe.get_last_doc("Bin", {"item_code": item_code, "warehouse": warehouse})
	return doc


@frappe.whitelist()
def get_stock_balance(
	item_code,
	warehouse,
	posting_date=None,
	posting_time=None,
	with_valuation_rate=False,
	with_serial_no=False,
	inventory_dimensions_dict=None,
):
	"""Quantity (or quantity and rate) at a moment, now when none is named."""
	from erpnext.stock.stock_ledger import get_previous_sle

	frappe.has_permission("Item", "read", throw=True)
	last = get_previous_sle(
		{
			"item_code": item_code,
			"warehouse": warehouse,
			"posting_date": posting_date or nowdate(),
			"posting_time": posting_time or nowtime(),
		}
	)
	quantity, rate = flt(last.qty_after_transaction), flt(last.valuation_rate)
	return (quantity, rate) if with_valuation_rate else quantity


@frappe.whitelist()
def get_latest_stock_qty(item_code, warehouse=None):
	filters = {"item_code": item_code}
	if warehouse:
		filters["warehouse"] = warehouse
	return sum(flt(qty) for qty in frappe.get_all("Bin", filters=filters, pluck="actual_qty"))


def get_valuation_method(item_code: str) -> str:
	own = frappe.get_cached_value("Item", item_code, "valuation_method")
	return own or frappe.get_cached_doc("Stock Settings").valuation_method or "FIFO"


@frappe.whitelist()
def get_incoming_rate(args, raise_error_if_no_rate=True) -> float:
	"""What the pieces of a movement are worth by the item's valuation method."""
	from erpnext.stock.stock_ledger import get_previous_sle, get_valuation_rate

	args = frappe._dict(json.loads(args) if isinstance(args, str) else args)
	before = get_previous_sle(args)
	method, rate = get_valuation_method(args.item_code), None
	if method == "Moving Average":
		rate = before.get("valuation_rate")
	else:
		layers = json.loads(before.get("stock_queue") or "[]")
		if layers:
			rate = _rate_of_layers(layers, abs(flt(args.qty)), method)
	if rate is None:
		rate = get_valuation_rate(
			args.item_code,
			args.warehouse,
			args.voucher_type,
			args.voucher_no,
			args.allow_zero_valuation,
			company=args.company,
			raise_error_if_no_rate=raise_error_if_no_rate,
		)
	return flt(rate)


def _rate_of_layers(layers, quantity, method):
	ordered = layers if method == "FIFO" else layers[::-1]
	taken = value = 0.0
	for layer_quantity, rate in ordered:
		part = min(flt(layer_quantity), quantity - taken)
		if part <= 0:
			break
		taken += part
		value += part * flt(rate)
	return value / taken if taken else flt(ordered[0][1])


def validate_warehouse_company(warehouse, company):
	if frappe.get_cached_value("Warehouse", warehouse, "company") != company:
		frappe.throw(
			_("Warehouse {0} does not belong to company {1}").format(warehouse, company),
			InvalidWarehouseCompany,
		)


def is_group_warehouse(warehouse):
	if frappe.get_cached_value("Warehouse", warehouse, "is_group"):
		frappe.throw(_("Group node warehouse is not allowed to select for transactions"))


def validate_disabled_warehouse(warehouse):
	if frappe.get_cached_value("Warehouse", warehouse, "disabled"):
		frappe.throw(_("Disabled Warehouse {0} cannot be used for this transaction.").format(warehouse))


def get_combine_datetime(posting_date, posting_time) -> datetime:
	if not (posting_date and posting_time):
		return get_datetime(posting_date or now())
	return datetime.combine(getdate(posting_date), get_time(posting_time))
