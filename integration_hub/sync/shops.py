"""Events of shops: orders, products and customers in, parcels out."""

from __future__ import annotations

import json
from typing import Any

from integration_hub.connectors.contract import (
	Connector,
	FulfilsOrders,
	PullsCustomers,
	PullsOrders,
	PullsProducts,
)
from integration_hub.erp import customers, items, orders, shipments
from integration_hub.erp.context import Context, Result
from integration_hub.sync.handling import Route, inbound, outbound


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
	if one.action == "cancel":
		return shipments.taken_back(answer, reference, ctx)
	return shipments.told(answer, reference, ctx)


ROUTES = (
	Route("In", "orders", PullsOrders, inbound("fetch_orders", "read_order", orders.apply, orders.removed)),
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
