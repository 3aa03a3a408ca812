"""Quantities in Warehouses set right: a count becomes a Stock Reconciliation, a change a Stock Entry, both made with the
rights of whoever asks and booked by ERPNext against the company's Stock Adjustment account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import frappe
from frappe import _
from frappe.utils import escape_html, flt

from integration_hub import database

COUNT, RECEIPT, ISSUE = "count", "Material Receipt", "Material Issue"
#: the DocType that books each kind
BOOKED_BY = {COUNT: "Stock Reconciliation", RECEIPT: "Stock Entry", ISSUE: "Stock Entry"}
#: rows of one document: ERPNext submits a longer Stock Reconciliation later, in the background
MOST_ROWS = 100


@dataclass(frozen=True)
class Adjustment:
	"""`quantity` in the Item's stock unit: what there is (a count), or what comes or goes. `rate` in the company's
	currency; None: ERPNext's."""

	kind: str
	item_code: str
	warehouse: str
	company: str
	quantity: float
	rate: Decimal | None = None


def must_be_adjustable(item_code: str, warehouse: str) -> str:
	"""Raises frappe.ValidationError in the user's words for what has no plain quantity. Returns the company."""
	item = frappe.get_cached_doc("Item", item_code)
	if not item.is_stock_item:
		frappe.throw(_("{0} is no stock Item.").format(item_code))
	if item.has_variants:
		frappe.throw(_("{0} is a template: its variants have stock.").format(item_code))
	if item.get("has_serial_no") or item.get("has_batch_no"):
		frappe.throw(
			_("{0} has serial numbers or batches: adjust it in ERPNext, where they can be named.").format(
				item_code
			)
		)
	place = frappe.get_cached_doc("Warehouse", warehouse)
	if place.is_group:
		frappe.throw(_("{0} is a group of Warehouses.").format(warehouse))
	if place.disabled:
		frappe.throw(_("{0} is disabled.").format(warehouse))
	return place.company


def on_hand(item_code: str, warehouse: str) -> tuple[float, float]:
	"""(quantity, value of one) as they are now. The row stays locked until the transaction ends, so that what was looked
	at is still so when it is booked. Raises `database.Overtaken`."""
	fields = ["actual_qty", "valuation_rate"]
	row = database.lock("Bin", {"item_code": item_code, "warehouse": warehouse}, fields)
	return (flt(row.actual_qty), flt(row.valuation_rate)) if row else (0.0, 0.0)


def book(adjustments: Sequence[Adjustment], reason: str = "") -> str:
	"""One submitted document for adjustments of one kind and company. Returns its name. Raises what ERPNext raises."""
	kind, company = adjustments[0].kind, adjustments[0].company
	doc = frappe.get_doc(
		{
			"doctype": BOOKED_BY[kind],
			"company": company,
			**(
				{"purpose": "Stock Reconciliation"}
				if kind == COUNT
				else {"stock_entry_type": kind, "purpose": kind}
			),
			"items": [_counted(one) if kind == COUNT else _moved(one) for one in adjustments],
		}
	)
	doc.insert()
	doc.submit()
	if reason:
		# as text: what somebody outside has written must not become part of a page
		doc.add_comment("Comment", escape_html(reason))
	return doc.name


def _counted(one: Adjustment) -> dict[str, Any]:
	row: dict[str, Any] = {"item_code": one.item_code, "warehouse": one.warehouse, "qty": one.quantity}
	if one.rate is not None:
		row["valuation_rate"] = float(one.rate)
	return row


def _moved(one: Adjustment) -> dict[str, Any]:
	incoming = one.kind == RECEIPT
	row: dict[str, Any] = {
		"item_code": one.item_code,
		"qty": abs(one.quantity),
		"t_warehouse" if incoming else "s_warehouse": one.warehouse,
	}
	if incoming and one.rate is not None:
		row.update(basic_rate=float(one.rate), set_basic_rate_manually=1)
	return row
