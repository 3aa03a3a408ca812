"""Delivery Notes of imported orders → Shipment records for the shop, and the way back of its answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import frappe
from frappe import _

from integration_hub.erp.context import Context, Result
from integration_hub.erp.times import from_site
from integration_hub.records import ZERO, Fulfilment, Shipment, ShippedLine

RESOURCE = "shipments"


@dataclass(frozen=True)
class Told:
	"""One order's part of a Delivery Note, ready to be stored as an outbound Event."""

	connection: str
	order_id: str
	label: str
	payload: str


def of_delivery_note(doc: Any) -> list[Told]:
	"""What a submitted Delivery Note means to shops: one entry for each imported order on it.

	Runs in the user's save: two queries at most, and none when no row comes from a Sales Order.
	"""
	origin = doc.flags.get("integration_origin")
	lines: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
	for row in doc.items:
		if row.get("against_sales_order") and row.get("integration_line"):
			lines[row.against_sales_order][row.integration_line] += Decimal(str(row.qty))
	if not lines:
		return []
	link = frappe.qb.DocType("Integration Link")
	orders = (
		frappe.qb.from_(link)
		.select(link.connection, link.outside_id, link.label, link.reference_name)
		.where(
			(link.reference_doctype == "Sales Order")
			& (link.resource == "orders")
			& link.reference_name.isin(list(lines))
		)
		.run(as_dict=True)
	)
	return [
		Told(order.connection, order.outside_id, order.label or order.outside_id, _payload(doc, order, lines))
		for order in orders
		if order.connection != origin
	]


def _payload(doc: Any, order: Any, lines: Mapping[str, Mapping[str, Decimal]]) -> str:
	numbers = [part.strip() for part in (doc.get("lr_no") or "").replace(";", ",").split(",") if part.strip()]
	shipment = Shipment(
		reference=doc.name,
		order_id=order.outside_id,
		lines=tuple(
			ShippedLine(line_id=line, quantity=quantity)
			for line, quantity in lines[order.reference_name].items()
		),
		shipped_at=from_site(frappe.utils.get_datetime(f"{doc.posting_date} {doc.posting_time}")),
		location_id=_location(order.connection, [row.warehouse for row in doc.items]),
		carrier=doc.get("transporter_name") or doc.get("transporter") or "",
		tracking_numbers=tuple(numbers),
	)
	return shipment.model_dump_json()


def _location(connection: str, warehouses: list[str]) -> str | None:
	rows = frappe.get_cached_doc("Integration Connection", connection).locations
	return next((row.location_id for row in rows if row.warehouse in warehouses), None)


def from_payload(payload: Mapping[str, Any]) -> Shipment:
	return Shipment.model_validate(payload)


def taken_back(fulfilments: Sequence[Fulfilment], reference: tuple[str, str], ctx: Context) -> Result:
	"""The shop holds the goods for open again: when they leave after all, that is another parcel."""
	if not fulfilments:
		return Result(*reference, _("The shop does not know this parcel."), "Ignored")
	ctx.links.drop(RESOURCE, [one.id for one in fulfilments])
	return Result(*reference, _("The shop was told that it did not leave"))


def told(fulfilment: Fulfilment, reference: tuple[str, str], ctx: Context) -> Result:
	"""The shop knows the parcel: remember its id, so that it is not taken for a new one when it comes back."""
	if ctx.links.claim(RESOURCE, fulfilment.id) is None:
		ctx.links.fill(RESOURCE, fulfilment.id, *reference, label=fulfilment.id)
	return Result(*reference, _("The shop was told"))
