"""Telling Shopify that goods left: open fulfilment orders, then `fulfillmentCreate`.

`fulfillmentCreate` has no idempotency key, so after a lost answer the order's parcels are looked at first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integration_hub.connectors.shopify import queries, reading
from integration_hub.connectors.shopify.client import Client, sentence_of
from integration_hub.connectors.shopify.shapes import Json, gid, nodes, number_of
from integration_hub.failures import Gone, Rejected
from integration_hub.records import Fulfilment, Shipment

OPEN = ("OPEN", "IN_PROGRESS")


class Fulfils(Client):
	def fulfil_order(self, shipment: Shipment, *, look_first: bool) -> Fulfilment:
		order = self.graphql(queries.FULFILMENT_ORDERS, {"id": gid("Order", shipment.order_id)})["order"]
		if order is None:
			raise Gone("The order does not exist at Shopify any more.")
		if look_first and (found := _told_already(order, shipment)):
			return found
		plan, missing = _plan(order, shipment)
		if missing:
			found = _told_already(order, shipment)
			if found:
				return found
			raise Rejected(
				f"Shopify has nothing open to fulfil for {missing:g} of the pieces of {shipment.reference}: they "
				"were fulfilled, cancelled or put on hold at the shop."
			)
		parcels = [self._create(part, shipment) for part in plan.values()]
		return parcels[0]

	def _create(self, part: Mapping[str, list[dict[str, Any]]], shipment: Shipment) -> Fulfilment:
		"""One parcel: all its fulfilment orders are at one location, as Shopify demands."""
		fulfillment: dict[str, Any] = {
			"notifyCustomer": shipment.notify,
			"lineItemsByFulfillmentOrder": [
				{"fulfillmentOrderId": order, "fulfillmentOrderLineItems": lines}
				for order, lines in part.items()
			],
		}
		tracking: dict[str, Any] = {}
		if shipment.tracking_numbers:
			tracking["numbers"] = list(shipment.tracking_numbers)
		if shipment.tracking_urls:
			tracking["urls"] = list(shipment.tracking_urls)
		if tracking and shipment.carrier:
			tracking["company"] = shipment.carrier
		if tracking:
			fulfillment["trackingInfo"] = tracking
		payload, errors = self.mutate(
			queries.FULFIL, {"fulfillment": fulfillment, "message": shipment.reference}
		)
		if errors or not payload.get("fulfillment"):
			raise Rejected(f"Shopify does not take the parcel {shipment.reference}: {sentence_of(errors)}")
		return reading.fulfilment(payload["fulfillment"])


def _plan(order: Json, shipment: Shipment) -> tuple[dict[str, dict[str, list[dict[str, Any]]]], Decimal]:
	"""Location → fulfilment order → its lines with quantities, and how many pieces found no open place."""
	wanted: dict[str, Decimal] = defaultdict(Decimal)
	for line in shipment.lines:
		wanted[line.line_id] += line.quantity
	plan: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
	open_orders = [
		one
		for one in nodes(order["fulfillmentOrders"])
		if one["status"] in OPEN
		and any(action["action"] == "CREATE_FULFILLMENT" for action in one["supportedActions"])
	]
	# the location the goods left from comes first
	open_orders.sort(key=lambda one: _location(one) != shipment.location_id)
	for one in open_orders:
		for line in nodes(one["lineItems"]):
			line_id = number_of(line["lineItem"]["id"])
			take = min(wanted[line_id], Decimal(line["remainingQuantity"]))
			if take > 0:
				wanted[line_id] -= take
				plan[_location(one)][one["id"]].append({"id": line["id"], "quantity": int(take)})
	return plan, sum(wanted.values(), Decimal(0))


def _location(fulfillment_order: Json) -> str:
	location = fulfillment_order["assignedLocation"]["location"]
	return number_of(location["id"]) if location else ""


def _told_already(order: Json, shipment: Shipment) -> Fulfilment | None:
	"""The parcel a former try made: by its tracking number, else by exactly the same pieces after it left."""
	parcels = [reading.fulfilment(one) for one in order["fulfillments"]]
	parcels = [one for one in parcels if not one.cancelled]
	if shipment.tracking_numbers:
		numbers = set(shipment.tracking_numbers)
		return next((one for one in parcels if numbers & set(one.tracking_numbers)), None)
	pieces = {line.line_id: line.quantity for line in shipment.lines}
	return next(
		(one for one in reversed(parcels) if {line.line_id: line.quantity for line in one.lines} == pieces),
		None,
	)
