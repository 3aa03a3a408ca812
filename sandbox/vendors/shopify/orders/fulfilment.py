"""Parcels: what waits to be sent, what was sent, what was called back."""

from sandbox.vendors.shopify import stock
from sandbox.vendors.shopify.orders.payments import touch
from sandbox.vendors.shopify.state import (
	Fulfillment,
	FulfillmentLine,
	FulfillmentOrder,
	FulfillmentOrderLine,
	LineItem,
	Order,
	Refused,
	Shop,
)


def open_fulfillment_orders(shop: Shop, order: Order, lines: list[LineItem]) -> None:
	"""One fulfilment order for each location that ships something."""
	for line in lines:
		if line.is_fulfillable and line.quantity:
			await_shipping(shop, order, line, line.quantity)
			stock.promise(shop, line.variant, line.location, line.quantity)


def await_shipping(shop: Shop, order: Order, line: LineItem, quantity: int) -> None:
	found = next(
		(
			one
			for one in order.fulfillment_orders
			if one.location is line.location and one.status == "OPEN" and not _has_fulfillments(order, one)
		),
		None,
	)
	if found is None:
		found = FulfillmentOrder(
			shop.new_id(), order, line.location, "OPEN", order.updated_at, order.updated_at
		)
		order.fulfillment_orders.append(found)
		shop.fulfillment_orders[found.id] = found
	found.lines.append(FulfillmentOrderLine(shop.new_id(), line, quantity, quantity))


def _has_fulfillments(order: Order, fulfillment_order: FulfillmentOrder) -> bool:
	return any(line.order_line in fulfillment_order.lines for one in order.fulfillments for line in one.lines)


def fulfil_order(
	shop: Shop,
	order: Order,
	lines: dict[int, int] | None = None,
	*,
	company: str | None = None,
	number: str | None = None,
	url: str | None = None,
) -> Fulfillment:
	"""The merchant ships {position: units} (None: all that is left at the first open location) as one parcel."""
	wanted = (
		None if lines is None else {order.lines[int(position)]: units for position, units in lines.items()}
	)
	for fulfillment_order in order.fulfillment_orders:
		if fulfillment_order.status not in ("OPEN", "IN_PROGRESS"):
			continue
		chosen = []
		for one in fulfillment_order.lines:
			units = one.remaining_quantity
			if wanted is not None:
				units = min(units, wanted.get(one.line, 0))
				wanted[one.line] = wanted.get(one.line, 0) - units
			if units:
				chosen.append((one, units))
		if chosen:
			tracking = {"company": company, "number": number, "url": url}
			return fulfil(shop, [(fulfillment_order, chosen)], tracking if number or company else None)
	raise Refused("There is nothing left to fulfill.", ["fulfillment"])


def fulfil(
	shop: Shop,
	parts: list[tuple[FulfillmentOrder, list[tuple[FulfillmentOrderLine, int]]]],
	tracking: dict | list[dict] | None = None,
	notify: bool = False,
) -> Fulfillment:
	"""One parcel out of one or more fulfilment orders of one order at one location."""
	order, location = parts[0][0].order, parts[0][0].location
	now = touch(shop, order)
	number = len(order.fulfillments) + 1
	fulfillment = Fulfillment(
		shop.new_id(), order, f"{order.name}-F{number}", location, "SUCCESS", now, now, notify_customer=notify
	)
	fulfillment.tracking = tracking if isinstance(tracking, list) else [tracking] if tracking else []
	for fulfillment_order, chosen in parts:
		for one, units in chosen:
			one.remaining_quantity -= units
			one.line.fulfilled += units
			fulfillment.lines.append(FulfillmentLine(shop.new_id(), one.line, one, units))
			stock.ship(shop, one.line.variant, location, units)
		open_left = any(one.remaining_quantity for one in fulfillment_order.lines)
		fulfillment_order.status = "IN_PROGRESS" if open_left else "CLOSED"
		fulfillment_order.updated_at = now
	order.fulfillments.append(fulfillment)
	shop.fulfillments[fulfillment.id] = fulfillment
	shop.tell("fulfillments/create", fulfillment)
	status = order.fulfillment_status
	if status == "FULFILLED" and not order.total_outstanding:
		order.closed_at = now
	shop.tell("orders/fulfilled" if status == "FULFILLED" else "orders/partially_fulfilled", order)
	shop.tell("orders/updated", order)
	return fulfillment


def change_tracking(shop: Shop, fulfillment: Fulfillment, tracking: list[dict]) -> Fulfillment:
	fulfillment.tracking = tracking
	fulfillment.updated_at = shop.later(fulfillment.updated_at)
	touch(shop, fulfillment.order)
	shop.tell("fulfillments/update", fulfillment)
	shop.tell("orders/updated", fulfillment.order)
	return fulfillment


def cancel_fulfillment(shop: Shop, fulfillment: Fulfillment) -> Fulfillment:
	"""The parcel was not sent: its units wait again, in a new fulfilment order, as Shopify does it."""
	if fulfillment.status == "CANCELLED":
		raise Refused("Fulfillment is already cancelled.", ["id"])
	order = fulfillment.order
	now = touch(shop, order)
	fulfillment.status, fulfillment.updated_at = "CANCELLED", now
	again = FulfillmentOrder(shop.new_id(), order, fulfillment.location, "OPEN", now, now)
	for one in fulfillment.lines:
		one.line.fulfilled -= one.quantity
		again.lines.append(FulfillmentOrderLine(shop.new_id(), one.line, one.quantity, one.quantity))
		stock.ship(shop, one.line.variant, fulfillment.location, -one.quantity)
	order.fulfillment_orders.append(again)
	order.closed_at = None
	shop.fulfillment_orders[again.id] = again
	shop.tell("fulfillments/update", fulfillment)
	shop.tell("orders/updated", order)
	return fulfillment
