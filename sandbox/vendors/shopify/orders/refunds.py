"""Things and money go back: refunds, returns, cancelled orders."""

from sandbox.vendors.shopify import stock
from sandbox.vendors.shopify.money import Bag, both, total
from sandbox.vendors.shopify.orders.payments import touch, transact
from sandbox.vendors.shopify.state import (
	Adjustment,
	LineItem,
	Location,
	Order,
	Refund,
	RefundDuty,
	RefundLine,
	RefundShipping,
	Refused,
	ShippingLine,
	Shop,
	Transaction,
)


def refund_order(
	shop: Shop,
	order: Order,
	lines: dict[int, int] | None = None,
	*,
	restock: str | bool = "RETURN",
	shipping: str | bool | None = None,
	duties: bool = False,
	amount: str | None = None,
	gateway: str | None = None,
	note: str | None = None,
	reason: str = "REFUND_DISCREPANCY",
	money: bool = True,
) -> Refund:
	"""Pay back, take back, or both.

	lines: {position: units}; empty for goodwill. restock: RETURN, CANCEL, NO_RESTOCK (True and False stand for
	the first and the last). shipping: True for all that is left, or an amount (with tax where the
	prices have it, buyer's currency). amount: what is really paid back, in the buyer's currency; a difference
	to what is owed becomes an adjustment, as with restocking without money (amount "0"). money False: nothing
	is paid back and nothing adjusted.
	"""
	restock = {True: "RETURN", False: "NO_RESTOCK"}.get(restock, restock)
	chosen = {order.lines[int(position)]: units for position, units in (lines or {}).items()}
	return make_refund(
		shop,
		order,
		[(line, units, restock, line.location) for line, units in chosen.items()],
		shipping=shipping,
		duties=duties,
		paid=_paid_back(order, amount, gateway) if amount is not None else None,
		gateway=gateway,
		note=note,
		reason=reason,
		money=money,
	)


def _paid_back(order: Order, amount: str, gateway: str | None) -> list[tuple[str, Bag, Transaction | None]]:
	parent = _refundable_transaction(order, gateway)
	return [
		(parent.gateway if parent else gateway or "manual", order.of.bag_from_presentment(amount), parent)
	]


def _refundable_transaction(order: Order, gateway: str | None = None) -> Transaction | None:
	candidates = [
		one
		for one in order.transactions
		if one.kind in ("SALE", "CAPTURE") and one.status == "SUCCESS" and gateway in (None, one.gateway)
	]
	# the buyer's card before the gift card
	candidates.sort(key=lambda one: one.gateway == "gift_card")
	return candidates[0] if candidates else None


def make_refund(
	shop: Shop,
	order: Order,
	lines: list[tuple[LineItem, int, str, Location | None]],
	*,
	shipping: str | bool | None = None,
	duties: bool = False,
	paid: list[tuple[str, Bag, Transaction | None]] | None = None,
	gateway: str | None = None,
	note: str | None = None,
	reason: str = "REFUND_DISCREPANCY",
	money: bool = True,
	tip: bool = False,
) -> Refund:
	"""paid None: what is owed, spread over the payments. tip: give back one that is not a line, too."""
	for index, (line, units, _, _) in enumerate(lines):
		if units > line.current_quantity:
			raise Refused(
				"Refund line items Quantity cannot refund more items than were purchased",
				["refundLineItems", str(index), "quantity"],
			)
	refund = Refund(shop.new_id(), order, note, touch(shop, order))
	for line, units, restock, location in lines:
		if duties:
			take_duties(refund, line, units)
		take_back(shop, refund, line, units, restock, location)
	if shipping:
		_take_shipping(shop, refund, shipping)
	if tip and order.tip:
		balance = "FULL_RETURN_BALANCING_ADJUSTMENT"
		refund.adjustments.append(Adjustment(shop.new_id(), balance, -order.tip))
	if money:
		_pay_back(shop, refund, paid, gateway, reason)
	keep_refund(shop, refund)
	shop.tell("refunds/create", refund)
	for transaction in refund.transactions:
		shop.tell("order_transactions/create", transaction)
	shop.tell("orders/updated", order)
	return refund


def _pay_back(shop: Shop, refund: Refund, paid, gateway: str | None, reason: str) -> None:
	"""Money back. Where it is not what is owed, an adjustment says by how much."""
	order = refund.order
	owed = _owed(order, refund.value)
	if paid is None:
		paid = _over_payments(order, owed, gateway)
	else:
		difference = owed - total((amount for _, amount, _ in paid), order.of)
		if difference.presentment:
			refund.adjustments.append(Adjustment(shop.new_id(), reason, difference))
		elif difference.shop:
			# the buyer gets what is owed: the shop's side follows, whatever the rate rounds to
			name, amount, parent = paid[-1]
			paid[-1] = (name, amount + difference, parent)
	for name, amount, parent in paid:
		if amount:
			refund.transactions.append(transact(shop, order, "REFUND", name, amount, parent=parent))


def _owed(order: Order, worth: Bag) -> Bag:
	"""What was paid over what the order comes to without `worth`; earlier edits may have left some, too."""

	def owed(worth: int, net_payment: int, current: int) -> int:
		return max(0, net_payment - (current - worth))

	return both(owed, worth, order.net_payment, order.current_total_price)


def _over_payments(order: Order, owed: Bag, gateway: str | None):
	"""Spread over the payments, each up to what is left of it, the card before the gift card."""
	parts, left = [], owed
	payments = [
		one for one in order.transactions if one.kind in ("SALE", "CAPTURE") and one.status == "SUCCESS"
	]
	payments.sort(key=lambda one: one.gateway == "gift_card")
	for payment in payments:
		back = (one.amount for one in order.transactions if one.parent is payment and one.kind == "REFUND")
		free = payment.amount - total(back, order.of)
		if gateway not in (None, payment.gateway) or left.presentment <= 0 or free.presentment <= 0:
			continue
		part = left if left.presentment <= free.presentment else free
		parts.append((payment.gateway, part, payment))
		left = left - part
	return parts


def take_back(
	shop: Shop, refund: Refund, line: LineItem, units: int, restock: str, location: Location | None
) -> None:
	"""Units leave the order; the last ones take along whatever rounding left."""
	current, unfulfilled = line.current_quantity, line.unfulfilled
	shipped = line.fulfilled - (line.gone - line.gone_unfulfilled)
	subtotal = (line.net - line.gone_net).share(units, current)
	parts = [
		(tax.price - gone).share(units, current)
		for tax, gone in zip(line.tax_lines, line.gone_taxes, strict=True)
	]
	line.gone += units
	line.gone_net = line.gone_net + subtotal
	line.gone_taxes = [gone + part for gone, part in zip(line.gone_taxes, parts, strict=True)]
	refund.lines.append(
		RefundLine(
			shop.new_id(),
			line,
			units,
			restock,
			location if restock != "NO_RESTOCK" else None,
			subtotal,
			total(parts, line.of),
		)
	)
	# what was cancelled comes from the units that wait, what was returned from those that were sent
	open_units = min(units, unfulfilled) if restock == "CANCEL" else min(max(0, units - shipped), unfulfilled)
	_close_units(refund.order, line, open_units)
	stock.give_back(shop, line.variant, location or line.location, units, open_units, restock)


def _close_units(order: Order, line: LineItem, units: int) -> None:
	"""These units will not be shipped any more."""
	line.gone_unfulfilled += units
	for fulfillment_order in order.fulfillment_orders:
		for one in fulfillment_order.lines:
			if one.line is line and units:
				closed = min(units, one.remaining_quantity)
				one.remaining_quantity -= closed
				units -= closed
		if not any(one.remaining_quantity for one in fulfillment_order.lines):
			if fulfillment_order.status in ("OPEN", "IN_PROGRESS"):
				fulfillment_order.status = "CLOSED"


def take_duties(refund: Refund, line: LineItem, units: int) -> None:
	for duty in line.duties:
		part = (duty.price - line.gone_duties).share(units, line.current_quantity)
		line.gone_duties = line.gone_duties + part
		refund.duties.append(RefundDuty(duty, part))


def _take_shipping(shop: Shop, refund: Refund, wanted: str | bool) -> None:
	order = refund.order
	left = None if wanted is True else order.of.bag_from_presentment(wanted)
	for line in order.shipping_lines:
		open_net = line.net - line.gone_net
		part = open_net if left is None or left.presentment >= open_net.presentment else left
		if not part:
			continue
		if left is not None:
			left = left - part
		parts = [
			(tax.price - gone).share(part.presentment, open_net.presentment)
			for tax, gone in zip(line.tax_lines, _gone_taxes(line), strict=True)
		]
		line.gone_net = line.gone_net + part
		line.gone_taxes = [gone + one for gone, one in zip(_gone_taxes(line), parts, strict=True)]
		refund.shipping.append(RefundShipping(shop.new_id(), line, part, total(parts, order.of)))
	if left is not None and left.presentment > 0:
		raise Refused("Shipping amount cannot refund more than is left", ["shipping", "amount"])


def _gone_taxes(line: ShippingLine) -> list[Bag]:
	return line.gone_taxes or [line.of.zero for _ in line.tax_lines]


def keep_refund(shop: Shop, refund: Refund) -> None:
	refund.order.refunds.append(refund)
	shop.refunds[refund.id] = refund


def cancel_order(
	shop: Shop, order: Order, reason: str = "CUSTOMER", *, restock: bool = True, refund: bool = True
) -> Order:
	"""The whole order is called off; paid money goes back when `refund` says so."""
	if order.cancelled_at:
		raise Refused("Order has already been cancelled", ["orderId"], "INVALID")
	if any(line.fulfilled for line in order.lines):
		raise Refused("Cannot cancel an order that has fulfillments", ["orderId"], "INVALID")
	now = touch(shop, order)
	left = [
		(line, line.current_quantity, "CANCEL" if restock else "NO_RESTOCK", line.location)
		for line in order.lines
		if line.current_quantity
	]
	paid = bool(order.net_payment)
	if paid and not refund:
		for fulfillment_order in order.fulfillment_orders:
			fulfillment_order.status = "CANCELLED"
	else:
		held = next((one for one in order.transactions if one.kind == "AUTHORIZATION"), None)
		if held and not paid:
			transact(shop, order, "VOID", held.gateway, order.of.zero, parent=held)
		make_refund(shop, order, left, shipping=True, duties=True, tip=True, note="Order cancelled")
		for fulfillment_order in order.fulfillment_orders:
			fulfillment_order.status = "CLOSED"
	order.cancelled_at = order.closed_at = now
	order.cancel_reason = reason
	order.updated_at = shop.later(order.updated_at)
	shop.tell("orders/cancelled", order)
	shop.tell("orders/updated", order)
	return order
