"""Events of shops: orders, products and customers in, parcels out."""

from __future__ import annotations

import json
from typing import Any

import frappe
from frappe import _

from integration_hub.connectors.contract import (
	Connector,
	FulfilsOrders,
	PullsCustomers,
	PullsOrders,
	PullsProducts,
)
from integration_hub.erp import customers, items, orders, shipments
from integration_hub.erp.context import Context, Result
from integration_hub.failures import Waiting
from integration_hub.records import Order
from integration_hub.sync import replay, store
from integration_hub.sync.handling import Route, inbound, outbound


def _order(order: Order, ctx: Context) -> Result:
	if ctx.connection.create_delivery_note:
		_know_own_parcels_first(order, ctx)
	return orders.apply(order, ctx)


def _know_own_parcels_first(order: Order, ctx: Context) -> None:
	"""A parcel that nobody here knows may be one that we are just telling:

		worker A (a parcel of one of three pieces)   worker B (the order, told by webhook)
		the shop is told, and has a new parcel
		                                             reads the order with that parcel, which has no Link
		killed, or not quick enough                  ✗ would deliver one of the two other pieces

	B waits until A has noted the parcel's id, or whoever finishes A's Event has.
	"""
	parcels = {one.id for one in order.fulfilments if not one.cancelled}
	if not parcels - set(ctx.links.get_many(shipments.RESOURCE, parcels)):
		return
	telling = {
		"connection": ctx.connection.name,
		"resource": shipments.RESOURCE,
		"outside_id": order.id,
		"direction": "Out",
		"status": ("in", ("Queued", "Working", "Retrying")),
		"claims": (">", 0),
	}
	if frappe.db.exists(store.DOCTYPE, telling):
		raise Waiting(
			_(
				"The shop is being told of a parcel of this order; its own list of parcels is read after that."
			),
			waits_for=_told(order.id),
		)


def _told(order_id: str) -> str:
	return f"parcel told:{order_id}"[:180]


def _know_parcel(one: Any, ctx: Context) -> None:
	"""What is about a parcel that the shop knows already is told of that parcel, not of a new one."""
	if one.action not in ("track", "cancel"):
		return
	links = ctx.links.of(one.reference_doctype, one.reference_name, shipments.RESOURCE)
	if links:
		shipment = shipments.from_payload(json.loads(one.payload))
		one.payload = shipment.model_copy(update={"fulfilment_id": links[0].outside_id}).model_dump_json()


def _fulfil(connector: Connector, one: Any) -> Any:
	shipment = shipments.from_payload(json.loads(one.payload))
	if one.action == "cancel":
		return connector.cancel_fulfilment(shipment)
	return connector.fulfil_order(shipment, key=one.key, look_first=one.look_first)


def _fulfilled(answer: Any, one: Any, ctx: Context) -> Result:
	reference = (one.reference_doctype, one.reference_name)
	replay.go_on([_told(one.outside_id)], ctx.connection.name)
	if one.action == "cancel":
		return shipments.taken_back(answer, reference, ctx)
	return shipments.told(answer, reference, ctx)


ROUTES = (
	Route("In", "orders", PullsOrders, inbound("fetch_orders", "read_order", _order, orders.removed)),
	Route(
		"In", "products", PullsProducts, inbound("fetch_products", "read_product", items.apply, items.removed)
	),
	Route(
		"In",
		"customers",
		PullsCustomers,
		inbound("fetch_customers", "read_customer", customers.apply, customers.removed),
	),
	Route("Out", "shipments", FulfilsOrders, outbound(_fulfil, _fulfilled, _know_parcel)),
)
