"""The stock ledger: quantity and value of an item in a warehouse after each movement."""

import json

import frappe
from erpnext.stock.utils import get_combine_datetime, get_or_make_bin, get_valuation_method
from frappe import _
from frappe.utils import flt, get_link_to_form, getdate


class NegativeStockError(frappe.ValidationError):
	pass


def make_sl_entries(sl_entries, allow_negative_stock=False):
	"""Write movements (or, with `is_cancelled`, their cancellation) and bring the Bins up to date."""
	if not sl_entries:
		return
	first = sl_entries[0]
	if first.is_cancelled:
		_mark_cancelled(first.voucher_type, first.voucher_no)
	touched = {}
	for values in sl_entries:
		if not flt(values.actual_qty):
			continue
		key = (values.item_code, values.warehouse)
		if values.is_cancelled:
			_write_cancellation(values)
			touched.setdefault(key, values)
		else:
			touched[key] = _write(values, allow_negative_stock)
	for (item_code, warehouse), values in touched.items():
		if first.is_cancelled:
			recalculate(item_code, warehouse, values, allow_negative_stock)
		_update_bin(item_code, warehouse)


def _write(values, allow_negative_stock):
	"""Insert one movement. Later movements of a backdated one are recalculated."""
	entry = frappe.get_doc({"doctype": "Stock Ledger Entry", **values})
	entry.posting_datetime = get_combine_datetime(entry.posting_date, entry.posting_time)
	before = get_previous_sle(entry)
	_value(entry, before, allow_negative_stock)
	entry.flags.ignore_permissions = True  # a ledger is written by its documents, nobody may write to it
	entry.submit()
	if _has_later(entry):
		recalculate(entry.item_code, entry.warehouse, entry, allow_negative_stock)
	return entry


def _mark_cancelled(voucher_type, voucher_no):
	table = frappe.qb.DocType("Stock Ledger Entry")
	(
		frappe.qb.update(table)
		.set(table.is_cancelled, 1)
		.where(
			(table.voucher_type == voucher_type)
			& (table.voucher_no == voucher_no)
			& (table.is_cancelled == 0)
		)
		.run()
	)


def _write_cancellation(values):
	"""The mirror of a cancelled movement: kept for the record, counted nowhere."""
	entry = frappe.get_doc({"doctype": "Stock Ledger Entry", **values})
	entry.posting_datetime = get_combine_datetime(entry.posting_date, entry.posting_time)
	original = frappe.db.get_value(
		"Stock Ledger Entry",
		{
			"voucher_type": entry.voucher_type,
			"voucher_no": entry.voucher_no,
			"voucher_detail_no": entry.voucher_detail_no,
			"item_code": entry.item_code,
		},
		"stock_value_difference",
	)
	entry.stock_value_difference = -flt(original)
	entry.flags.ignore_permissions = True  # a ledger is written by its documents, nobody may write to it
	entry.submit()


def _has_later(entry) -> bool:
	return bool(
		frappe.db.exists(
			"Stock Ledger Entry",
			{
				"item_code": entry.item_code,
				"warehouse": entry.warehouse,
				"is_cancelled": 0,
				"posting_datetime": (">", entry.posting_datetime),
				"name": ("!=", entry.name),
			},
		)
	)


def recalculate(item_code, warehouse, start, allow_negative_stock=False):
	"""Quantities and values of all movements from `start` on."""
	moment = get_combine_datetime(start.posting_date, start.posting_time)
	names = frappe.get_all(
		"Stock Ledger Entry",
		filters={
			"item_code": item_code,
			"warehouse": warehouse,
			"is_cancelled": 0,
			"posting_datetime": (">=", moment),
		},
		order_by="posting_datetime asc, creation asc",
		pluck="name",
	)
	before = get_previous_sle(
		frappe._dict(item_code=item_code, warehouse=warehouse, posting_datetime=moment), "<"
	)
	for name in names:
		entry = frappe.get_doc("Stock Ledger Entry", name)
		_value(entry, before, allow_negative_stock)
		entry.db_update()
		before = entry


def get_previous_sle(args, operator="<="):
	"""The last movement before a moment (`posting_datetime`, or posting_date and posting_time)."""
	args = frappe._dict(args if isinstance(args, dict) else args.as_dict())
	moment = args.posting_datetime or get_combine_datetime(args.posting_date, args.posting_time)
	filters = {
		"item_code": args.item_code,
		"warehouse": args.warehouse,
		"is_cancelled": 0,
		"posting_datetime": (operator, moment),
	}
	if args.name:
		filters["name"] = ("!=", args.name)
	rows = frappe.get_all(
		"Stock Ledger Entry",
		filters=filters,
		fields=["name", "qty_after_transaction", "valuation_rate", "stock_value", "stock_queue"],
		order_by="posting_datetime desc, creation desc",
		limit=1,
	)
	return rows[0] if rows else frappe._dict()


# --- value -----------------------------------------------------------------------------------------------


def _value(entry, before, allow_negative_stock):
	quantity = flt(entry.actual_qty)
	entry.qty_after_transaction = flt(
		flt(before.get("qty_after_transaction")) + quantity, entry.precision("qty_after_transaction")
	)
	_validate_negative(entry, allow_negative_stock)
	if get_valuation_method(entry.item_code) == "Moving Average":
		_moving_average(entry, before, quantity)
	else:
		_queue(entry, before, quantity)
	entry.stock_value = flt(entry.stock_value, entry.precision("stock_value"))
	entry.stock_value_difference = flt(
		entry.stock_value - flt(before.get("stock_value")), entry.precision("stock_value_difference")
	)


def _queue(entry, before, quantity):
	"""First (or last) in, first out: a list of [quantity, rate] layers."""
	layers = [list(layer) for layer in json.loads(before.get("stock_queue") or "[]")]
	if quantity > 0:
		_put(layers, quantity, flt(entry.incoming_rate))
	else:
		fallback = flt(entry.outgoing_rate) or flt(before.get("valuation_rate")) or fallback_rate(entry)
		_take(layers, -quantity, fallback, get_valuation_method(entry.item_code) == "LIFO")
	entry.stock_queue = json.dumps(layers)
	entry.stock_value = sum(flt(qty) * flt(rate) for qty, rate in layers)
	total = sum(flt(qty) for qty, _rate in layers)
	if total:
		entry.valuation_rate = entry.stock_value / total
	else:
		entry.valuation_rate = flt(before.get("valuation_rate")) or flt(entry.incoming_rate)


def _put(layers, quantity, rate):
	if layers and layers[-1][0] < 0:
		# what went out before it came in is covered first
		layers[-1][0] += quantity
		if layers[-1][0] > 0:
			layers[-1][1] = rate
		elif layers[-1][0] == 0:
			layers.pop()
	elif layers and layers[-1][1] == rate:
		layers[-1][0] += quantity
	else:
		layers.append([quantity, rate])


def _take(layers, quantity, fallback, last_first):
	index = -1 if last_first else 0
	while quantity > 1e-9:
		if not layers or layers[index][0] < 0:
			rate = layers[index][1] if layers else fallback
			below = flt(layers[index][0]) if layers else 0.0
			layers[:] = [[below - quantity, rate]]
			return
		if layers[index][0] > quantity + 1e-9:
			layers[index][0] = flt(layers[index][0] - quantity, 9)
			return
		layer = layers.pop(index)
		quantity = flt(quantity - layer[0], 9)
		fallback = layer[1]


def _moving_average(entry, before, quantity):
	had, rate = flt(before.get("qty_after_transaction")), flt(before.get("valuation_rate"))
	after = entry.qty_after_transaction
	if quantity > 0:
		incoming = flt(entry.incoming_rate)
		if had <= 0:
			rate = incoming
		elif after:
			rate = (had * rate + quantity * incoming) / after
	elif not rate:
		rate = flt(entry.outgoing_rate) or fallback_rate(entry)
	entry.valuation_rate = rate
	entry.stock_value = after * rate


def fallback_rate(entry) -> float:
	return flt(
		get_valuation_rate(
			entry.item_code, entry.warehouse, entry.voucher_type, entry.voucher_no, company=entry.company
		)
	)


def get_valuation_rate(
	item_code,
	warehouse,
	voucher_type=None,
	voucher_no=None,
	allow_zero_rate=False,
	currency=None,
	company=None,
	raise_error_if_no_rate=True,
):
	"""What an item is worth where no movement says it: as in this or another warehouse, else as on the Item."""
	for filters in ({"warehouse": warehouse}, {}):
		rows = frappe.get_all(
			"Stock Ledger Entry",
			filters={"item_code": item_code, "is_cancelled": 0, "valuation_rate": (">=", 0), **filters},
			pluck="valuation_rate",
			order_by="posting_datetime desc, creation desc",
			limit=1,
		)
		if rows and flt(rows[0]):
			return flt(rows[0])
	rate = flt(frappe.get_cached_value("Item", item_code, "valuation_rate"))
	if not rate and raise_error_if_no_rate and not allow_zero_rate:
		frappe.throw(
			_("Valuation Rate for the Item {0}, is required to do accounting entries for {1} {2}.").format(
				get_link_to_form("Item", item_code), voucher_type, voucher_no
			),
			title=_("Valuation Rate Missing"),
		)
	return rate


# --- checks and Bin --------------------------------------------------------------------------------------


def is_negative_stock_allowed(*, item_code: str | None = None) -> bool:
	if frappe.get_cached_doc("Stock Settings").allow_negative_stock:
		return True
	return bool(item_code and frappe.get_cached_value("Item", item_code, "allow_negative_stock"))


def _validate_negative(entry, allow_negative_stock):
	if entry.qty_after_transaction >= -0.0001 or allow_negative_stock:
		return
	if is_negative_stock_allowed(item_code=entry.item_code):
		return
	frappe.throw(
		_("{0} units of {1} needed in {2} on {3} {4} for {5} to complete this transaction.").format(
			frappe.bold(abs(entry.qty_after_transaction)),
			frappe.get_desk_link("Item", entry.item_code),
			frappe.get_desk_link("Warehouse", entry.warehouse),
			getdate(entry.posting_date),
			entry.posting_time,
			frappe.get_desk_link(entry.voucher_type, entry.voucher_no),
		),
		NegativeStockError,
		title=_("Insufficient Stock"),
	)


def _update_bin(item_code, warehouse):
	name = get_or_make_bin(item_code, warehouse)
	rows = frappe.get_all(
		"Stock Ledger Entry",
		filters={"item_code": item_code, "warehouse": warehouse, "is_cancelled": 0},
		fields=["qty_after_transaction", "valuation_rate", "stock_value"],
		order_by="posting_datetime desc, creation desc",
		limit=1,
	)
	last = rows[0] if rows else frappe._dict()
	bin_ = frappe.get_doc("Bin", name)
	bin_.actual_qty = flt(last.qty_after_transaction)
	bin_.valuation_rate = flt(last.valuation_rate)
	bin_.stock_value = flt(last.stock_value)
	bin_.set_projected_qty()
	bin_.db_update()
