"""Telling Shopify that goods left: open fulfilment orders, then `fulfillmentCreate`; and that they did not after all.

`fulfillmentCreate` has no idempotency key, so after a lost answer the order's parcels are looked at first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from integration_hub.connectors.shopify import queries, reading
from integration_hub.connectors.shopify.client import Client, sentence_of
from integration_hub.connectors.shopify.shapes import Json, gid, nodes, number_of
from integration_hub.failures import Gone, Rejected
from integration_hub.records import ZERO, Fulfilment, Shipment, ShippedLine

OPEN = ("OPEN", "IN_PROGRESS")


#: Shopify takes no longer lists than this (of these lines 512, says its schema; of all others 250)
LONGEST_LIST = 250

Plan = dict[str, dict[str, list[dict[str, Any]]]]


class Fulfils(Client):
	def fulfil_order(self, shipment: Shipment, *, key: str, look_first: bool) -> Fulfilment:
		order = self._fulfilment_orders(shipment.order_id)
		known = _parcel_of(order, shipment)
		if known:
			return self._tell_tracking(known, shipment)
		wanted = _pieces(shipment.lines)
		told = _told_already(order, shipment)
		if look_first:
			wanted = _less(wanted, told)
			if not wanted:
				return told[0]
		plan, missing = _plan(order, wanted, shipment.location_id)
		if missing:
			if told and not _less(_pieces(shipment.lines), told):
				return told[0]
			raise Rejected(
				f"Shopify has nothing open to fulfil for {missing:g} of the pieces of {shipment.reference}: they "
				"were fulfilled, cancelled or put on hold at the shop."
			)
		parcels = [self._create(part, shipment) for part in plan.values()]
		return parcels[0]

	def _fulfilment_orders(self, order_id: str) -> Json:
		"""The order's parcels and what is open, with all their lines. Raises Gone."""
		order = self.graphql(queries.FULFILMENT_ORDERS, {"id": gid("Order", order_id)})["order"]
		if order is None:
			raise Gone("The order does not exist at Shopify any more.")
		for one in nodes(order["fulfillmentOrders"]):
			self.rest_of(
				one["lineItems"],
				queries.FULFILMENT_ORDER_LINES,
				one["id"],
				("fulfillmentOrder", "lineItems"),
			)
		for one in order["fulfillments"]:
			self._whole_parcel(one)
		return order

	def _whole_parcel(self, parcel: Json) -> Json:
		self.rest_of(
			parcel["fulfillmentLineItems"],
			queries.FULFILMENT_LINES,
			parcel["id"],
			("fulfillment", "fulfillmentLineItems"),
		)
		return parcel

	def _create(self, part: Mapping[str, list[dict[str, Any]]], shipment: Shipment) -> Fulfilment:
		"""One parcel: all its fulfilment orders are at one location, as Shopify demands."""
		fulfillment: dict[str, Any] = {
			"notifyCustomer": shipment.notify,
			"lineItemsByFulfillmentOrder": [
				{"fulfillmentOrderId": order, **({"fulfillmentOrderLineItems": lines} if lines else {})}
				for order, lines in part.items()
			],
		}
		tracking = _tracking(shipment)
		if tracking:
			fulfillment["trackingInfo"] = tracking
		payload, errors = self.mutate(
			queries.FULFIL, {"fulfillment": fulfillment, "message": shipment.reference}
		)
		if errors or not payload.get("fulfillment"):
			raise Rejected(f"Shopify does not take the parcel {shipment.reference}: {sentence_of(errors)}")
		return reading.fulfilment(self._whole_parcel(payload["fulfillment"]))

	def _tell_tracking(self, parcel: Fulfilment, shipment: Shipment) -> Fulfilment:
		"""Carrier and numbers of a parcel the shop knows already; saying the same again changes nothing."""
		if set(shipment.tracking_numbers) == set(parcel.tracking_numbers):
			return parcel
		payload, errors = self.mutate(
			queries.TRACKING,
			{
				"id": gid("Fulfillment", parcel.id),
				"tracking": _tracking(shipment),
				"notify": shipment.notify,
			},
			repeatable=True,
		)
		if errors or not payload.get("fulfillment"):
			raise Rejected(
				f"Shopify does not take the tracking number of {shipment.reference}: {sentence_of(errors)}"
			)
		return reading.fulfilment(self._whole_parcel(payload["fulfillment"]))

	def cancel_fulfilment(self, shipment: Shipment) -> Sequence[Fulfilment]:
		order = self._fulfilment_orders(shipment.order_id)
		numbers = set(shipment.tracking_numbers)
		parcels = [reading.fulfilment(one) for one in order["fulfillments"]]
		return [
			one if one.cancelled else self._call_back(one, shipment)
			for one in parcels
			if numbers & set(one.tracking_numbers)
		]

	def _call_back(self, parcel: Fulfilment, shipment: Shipment) -> Fulfilment:
		payload, errors = self.mutate(
			queries.CALL_BACK, {"id": gid("Fulfillment", parcel.id)}, repeatable=True
		)
		if errors or not payload.get("fulfillment"):
			raise Rejected(
				f"Shopify does not cancel the parcel of {shipment.reference}: {sentence_of(errors)}"
			)
		return reading.fulfilment(self._whole_parcel(payload["fulfillment"]))


def _tracking(shipment: Shipment) -> dict[str, Any]:
	tracking: dict[str, Any] = {}
	if shipment.tracking_numbers:
		tracking["numbers"] = list(shipment.tracking_numbers)
	if shipment.tracking_urls:
		tracking["urls"] = list(shipment.tracking_urls)
	if tracking and shipment.carrier:
		tracking["company"] = shipment.carrier
	return tracking


def _parcel_of(order: Json, shipment: Shipment) -> Fulfilment | None:
	"""The parcel the shop was told of before, unless it was cancelled there since."""
	for one in order["fulfillments"]:
		parcel = reading.fulfilment(one)
		if parcel.id == shipment.fulfilment_id and not parcel.cancelled:
			return parcel
	return None


def _pieces(lines: Iterable[ShippedLine]) -> dict[str, Decimal]:
	pieces: dict[str, Decimal] = defaultdict(Decimal)
	for line in lines:
		pieces[line.line_id] += line.quantity
	return pieces


def _less(wanted: Mapping[str, Decimal], told: Iterable[Fulfilment]) -> dict[str, Decimal]:
	"""What is left to tell after these parcels."""
	known = _pieces(line for parcel in told for line in parcel.lines)
	left = {line: quantity - known.get(line, ZERO) for line, quantity in wanted.items()}
	return {line: quantity for line, quantity in left.items() if quantity > 0}


def _plan(order: Json, wanted: Mapping[str, Decimal], location: str | None) -> tuple[Plan, Decimal]:
	"""Location → fulfilment order → its lines with quantities, and how many pieces found no open place."""
	left = defaultdict(Decimal, wanted)
	plan: Plan = defaultdict(lambda: defaultdict(list))
	open_orders = [
		one
		for one in nodes(order["fulfillmentOrders"])
		if one["status"] in OPEN
		and any(action["action"] == "CREATE_FULFILLMENT" for action in one["supportedActions"])
	]
	# the location the goods left from comes first
	open_orders.sort(key=lambda one: _location(one) != location)
	for one in open_orders:
		taken, whole = [], True
		for line in nodes(one["lineItems"]):
			line_id, remaining = number_of(line["lineItem"]["id"]), Decimal(line["remainingQuantity"])
			take = min(left[line_id], remaining)
			whole = whole and take == remaining
			if take > 0:
				left[line_id] -= take
				taken.append({"id": line["id"], "quantity": int(take)})
		if taken:
			# no list means: all that is left of it
			plan[_location(one)][one["id"]] = [] if whole and len(taken) > LONGEST_LIST else taken
	return plan, sum(left.values(), ZERO)


def _location(fulfillment_order: Json) -> str:
	location = fulfillment_order["assignedLocation"]["location"]
	return number_of(location["id"]) if location else ""


def _told_already(order: Json, shipment: Shipment) -> list[Fulfilment]:
	"""The parcels a former try made (one for each location): those with its tracking number, else the last
	one with exactly the same pieces. Without a tracking number two shipments of the same pieces cannot be
	told apart: one that is told too little is found by an audit, one told twice has reached the buyer."""
	parcels = [reading.fulfilment(one) for one in order["fulfillments"]]
	parcels = [one for one in parcels if not one.cancelled]
	if shipment.tracking_numbers:
		numbers = set(shipment.tracking_numbers)
		return [one for one in parcels if numbers & set(one.tracking_numbers)]
	pieces = _pieces(shipment.lines)
	return [one for one in reversed(parcels) if _pieces(one.lines) == pieces][:1]
