"""Parcels the shop has fulfilled → Delivery Notes, one for each parcel, never for goods already delivered here."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import frappe
from frappe import _
from frappe.utils import flt

from integration_hub.erp.context import Context, as_float
from integration_hub.erp.times import post_at
from integration_hub.records import ZERO, Fulfilment, Order

RESOURCE = "shipments"


def ensure(order: Order, sales_order: str, ctx: Context, notes: list[str]) -> None:
	"""A submitted Delivery Note for every fulfilment of the order that has none."""
	links = ctx.links.get_many(RESOURCE, [one.id for one in order.fulfilments])
	for fulfilment in order.fulfilments:
		if fulfilment.cancelled or fulfilment.id in links:
			continue
		name = _make(fulfilment, order, sales_order, ctx)
		if name:
			ctx.links.add(RESOURCE, fulfilment.id, "Delivery Note", name, label=order.number)
			notes.append(_("delivery {0}").format(name))


def of_order(sales_order: str) -> list[str]:
	"""Submitted Delivery Notes (no returns) of a Sales Order, oldest first."""
	row, note = frappe.qb.DocType("Delivery Note Item"), frappe.qb.DocType("Delivery Note")
	return (
		frappe.qb.from_(row)
		.join(note)
		.on(note.name == row.parent)
		.select(note.name)
		.distinct()
		.where((row.against_sales_order == sales_order) & (note.docstatus == 1) & (note.is_return == 0))
		.orderby(note.name)
		.run(pluck=True)
	)


def _make(fulfilment: Fulfilment, order: Order, sales_order: str, ctx: Context) -> str | None:
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note

	if frappe.db.get_value("Sales Order", sales_order, "docstatus") != 1:
		return None
	doc = make_delivery_note(sales_order)
	if doc is None or not doc.get("items"):
		return _delivered_already(sales_order)
	wanted: dict[str, Decimal] = {}
	for line in fulfilment.lines:
		wanted[line.line_id] = wanted.get(line.line_id, ZERO) + line.quantity
	keep(doc, wanted)
	if not doc.items:
		# the parcel was told to the shop from a Delivery Note made here, and the shop tells it back
		return _delivered_already(sales_order)
	warehouse = ctx.warehouse_for(fulfilment.location_id)
	for row in doc.items:
		row.warehouse = warehouse
	doc.naming_series = ctx.connection.delivery_series or doc.naming_series
	post_at(doc, fulfilment.created_at)
	doc.lr_no = ", ".join(fulfilment.tracking_numbers)[:140]
	doc.disable_rounded_total = 1
	doc.ignore_pricing_rule = 1
	doc.flags.integration_origin = ctx.connection.name
	doc.submit()
	return doc.name


def _delivered_already(sales_order: str) -> str | None:
	notes = of_order(sales_order)
	return notes[-1] if notes else None


def keep(doc: Any, wanted: dict[str, Decimal], sign: int = 1) -> None:
	"""Cut a mapped document down to these quantities per outside line; an outside line may be two rows."""
	left = dict(wanted)
	rows = []
	for row in doc.items:
		line = row.get("integration_line")
		take = min(left.get(line, ZERO), abs(Decimal(str(row.qty))))
		if take > ZERO:
			left[line] -= take
			row.qty = as_float(sign * take)
			if row.meta.has_field("stock_qty"):
				row.stock_qty = row.qty * (row.conversion_factor or 1)
			rows.append(row)
	doc.set("items", [])
	for index, row in enumerate(rows, start=1):
		row.idx = index
		doc.append("items", row)
	_share_charges(doc)


def _share_charges(doc: Any) -> None:
	"""A mapped part of an order would carry all of its "Actual" taxes again; give it its share by value."""
	order = next(
		(row.get("against_sales_order") for row in doc.items if row.get("against_sales_order")), None
	)
	whole = frappe.db.get_value("Sales Order", order, "net_total") if order else None
	if not whole:
		return
	share = abs(sum(flt(row.qty) * flt(row.rate) for row in doc.items)) / whole
	for tax in doc.taxes:
		tax.tax_amount = flt(abs(tax.tax_amount) * share, tax.precision("tax_amount")) * (
			-1 if doc.is_return else 1
		)
