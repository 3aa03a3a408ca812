"""What happens to orders: placed, paid, edited, fulfilled, refunded, cancelled.

Each function changes the shop and tells it (webhooks follow). Amounts in arguments are major units as
strings: prices in the shop's currency, refunds and payments in the buyer's, as Shopify takes them.
`Refused` is raised where the Admin API would answer with a `userErrors` entry.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sandbox.vendors.shopify import stock
from sandbox.vendors.shopify.money import Bag, Currencies, both, discount, split, total
from sandbox.vendors.shopify.money import taxes as taxes_on
from sandbox.vendors.shopify.state import (
	Address,
	Adjustment,
	Allocation,
	Customer,
	DiscountApplication,
	Duty,
	Fulfillment,
	FulfillmentLine,
	FulfillmentOrder,
	FulfillmentOrderLine,
	LineItem,
	LineItemGroup,
	Location,
	Order,
	Refund,
	RefundDuty,
	RefundLine,
	RefundShipping,
	Refused,
	ShippingLine,
	Shop,
	TaxLine,
	Transaction,
)

# ---- what a buyer orders


@dataclass
class Tax:
	"""rate as a proportion: "0.0825"."""

	title: str
	rate: str


@dataclass
class Discount:
	"""percentage or amount (shop's currency). A `code` makes it a code discount, else it is automatic.

	target "order": across all lines; "lines": across the lines at these positions (empty: its own line, when
	given with a line); "shipping".
	"""

	percentage: str | None = None
	amount: str | None = None
	code: str | None = None
	title: str = ""
	target: str = "order"
	lines: list[int] = field(default_factory=list)
	manual: bool = False


@dataclass
class Line:
	"""A line to be ordered: of the variant with this `sku` or id, or a custom one (neither, with a title).

	`taxes` None: the order's; `duty`: for the whole line, shop's currency.
	"""

	sku: str | None = None
	variant_id: int | None = None
	quantity: int = 1
	price: str | None = None
	title: str | None = None
	taxes: list[Tax | dict] | None = None
	taxable: bool | None = None
	discount: Discount | dict | None = None
	duty: str | None = None
	group: str | None = None  # the bundle it belongs to, by title
	group_sku: str | None = None
	group_quantity: int = 1
	requires_shipping: bool | None = None
	location: str | None = None  # name of the location that ships it
	attributes: dict[str, str] = field(default_factory=dict)


@dataclass
class Shipping:
	"""`taxes` None: the order's. `discount`: off this shipping line."""

	price: str
	title: str = "Standard"
	code: str | None = "Standard"
	taxes: list[Tax | dict] | None = None
	discount: Discount | dict | None = None


@dataclass
class Payment:
	"""amount None: all that is still open, in the buyer's currency. status: SUCCESS or PENDING."""

	gateway: str = "shopify_payments"
	amount: str | None = None
	kind: str = "SALE"
	status: str = "SUCCESS"


def _made(kind, given):
	return kind(**given) if isinstance(given, dict) else given


def _rates(given, default) -> list[tuple[str, Decimal]]:
	chosen = default if given is None else given
	return [(tax.title, Decimal(str(tax.rate))) for tax in (_made(Tax, one) for one in chosen)]


def place_order(
	shop: Shop,
	lines: list[Line | dict],
	*,
	taxes: list[Tax | dict] = (),
	discounts: list[Discount | dict] = (),
	shipping: list[Shipping | dict] | Shipping | dict | None = None,
	taxes_included: bool | None = None,
	customer: dict | int | None = None,
	email: str | None = None,
	phone: str | None = None,
	billing_address: dict | None = None,
	shipping_address: dict | None = None,
	payments: list[Payment | dict] | None = None,
	paid: bool | str = True,
	gateway: str = "shopify_payments",
	tip: str | None = None,
	tip_as_line: bool = True,
	currency: str | None = None,
	presentment_currency: str | None = None,
	test: bool = False,
	source_name: str = "web",
	location: str | None = None,
	name: str | None = None,
	note: str | None = None,
	tags: list[str] = (),
	po_number: str | None = None,
	attributes: dict[str, str] | None = None,
	at: str | None = None,
) -> Order:
	"""A buyer checks out. Returns the order; its totals add up in minor units in both currencies.

	paid: True (one payment of everything), "authorized", or False (payment pending). `payments` instead
	says how exactly, e.g. a gift card and a card. currency: what the shop's currency was at the time, when it
	is not today's. customer: a Customer's fields (one of that e-mail is used again), an id, or None: a guest.
	at: ISO time of an order of the past.
	"""
	currency = currency or shop.currency
	presentment = presentment_currency or currency
	of = Currencies(currency, presentment, _rate(shop, currency, presentment))
	now = datetime.fromisoformat(at) if at else shop.now()
	number = next(shop._numbers)
	order = Order(
		id=shop.new_id(),
		number=number,
		name=name or f"{shop.order_prefix}{number}",
		of=of,
		taxes_included=shop.taxes_included if taxes_included is None else taxes_included,
		created_at=now,
		updated_at=now,
		processed_at=now,
		email=email,
		phone=phone,
		billing_address=_address(shop, billing_address),
		shipping_address=_address(shop, shipping_address),
		test=test,
		source_name=source_name,
		location=_location(shop, location) if location else None,
		note=note,
		tags=list(tags),
		po_number=po_number,
		attributes=dict(attributes or {}),
	)
	_set_customer(shop, order, customer)
	groups: dict[str, LineItemGroup] = {}
	given = [_made(Line, one) for one in lines]
	order.lines = [_line(shop, order, one, taxes, groups) for one in given]
	_discount_lines(order, given, [_made(Discount, one) for one in discounts])
	if tip is not None:
		_add_tip(shop, order, tip, tip_as_line)
	for line in order.lines:
		_tax(line, order.taxes_included)
	wanted = shipping if isinstance(shipping, list | tuple) else [shipping] if shipping else []
	for one in wanted:
		order.shipping_lines.append(_shipping_line(shop, order, _made(Shipping, one), taxes))
	_discount_shipping(order, [_made(Discount, one) for one in discounts])
	for line in order.shipping_lines:
		line.tax_lines = _tax_lines(line.net, line.rates, order.taxes_included)
	order.original_total = order.total_price
	_pay(shop, order, payments, paid, gateway)
	_open_fulfillment_orders(shop, order, order.lines)
	shop.orders[order.id] = order
	shop.tell("orders/create", order)
	for transaction in order.transactions:
		shop.tell("order_transactions/create", transaction)
	if order.financial_status == "PAID":
		shop.tell("orders/paid", order)
	return order


def _rate(shop: Shop, currency: str, presentment: str) -> Fraction:
	return Fraction(1) if presentment == currency else shop.rates[presentment]


def _address(shop: Shop, known: dict | None) -> Address | None:
	return Address(**{"id": shop.new_id(), **known}) if known else None


def _location(shop: Shop, name: str) -> Location:
	return next(one for one in shop.locations.values() if one.name == name)


def _set_customer(shop: Shop, order: Order, known: dict | int | None) -> None:
	if known is None:
		return
	if isinstance(known, int):
		order.customer = shop.customers[known]
	else:
		order.customer = _known_customer(shop, known) or shop.add_customer(**known)
	order.customer.orders.append(order)
	order.email = order.email or order.customer.email
	order.phone = order.phone or order.customer.phone


def _known_customer(shop: Shop, known: dict) -> Customer | None:
	if not known.get("email"):
		return None
	email = known["email"].lower()
	return next((one for one in shop.customers.values() if (one.email or "").lower() == email), None)


def _line(shop: Shop, order: Order, given: Line, order_taxes, groups: dict[str, LineItemGroup]) -> LineItem:
	variant = None
	if given.variant_id:
		variant = shop.variants[given.variant_id]
	elif given.sku:
		variant = shop.variant(given.sku)
	if variant is None and not given.title:
		raise ValueError("A custom line needs a title")
	product = variant.product if variant else None
	kind = "custom" if variant is None else "gift card" if product.is_gift_card else "product"
	taxable = given.taxable if given.taxable is not None else variant.taxable if variant else True
	ships = given.requires_shipping
	line = LineItem(
		id=shop.new_id(),
		title=given.title or product.title,
		variant_title=variant.title if variant and variant.title != "Default Title" else None,
		sku=variant.sku if variant else None,
		quantity=given.quantity,
		unit=order.of.bag(given.price if given.price is not None else variant.price),
		of=order.of,
		variant=variant,
		product=product,
		vendor=product.vendor or None if product else None,
		kind=kind,
		requires_shipping=ships if ships is not None else variant.requires_shipping if variant else True,
		taxable=taxable,
		grams=variant.grams if variant else 0,
		rates=_rates(given.taxes, order_taxes) if taxable else [],
		attributes=dict(given.attributes),
		location=_location(shop, given.location)
		if given.location
		else order.location or shop.primary_location,
	)
	if given.duty is not None:
		line.duties = [Duty(shop.new_id(), order.of.bag(given.duty), [], "610910", "IN")]
	if given.group:
		if given.group not in groups:
			bundle = shop.variant(given.group_sku) if given.group_sku else None
			groups[given.group] = LineItemGroup(shop.new_id(), given.group, given.group_quantity, bundle)
		line.group = groups[given.group]
	return line


def _application(order: Order, given: Discount, target_type: str, selection: str) -> DiscountApplication:
	percentage = Decimal(given.percentage) if given.percentage is not None else None
	amount = order.of.bag(given.amount) if given.amount is not None else None
	for one in order.applications:
		same = (one.title, one.percentage, one.amount, one.target_type, one.target_selection)
		if one.kind == "code" and same == (given.code, percentage, amount, target_type, selection):
			return one
	kind = "code" if given.code else "manual" if given.manual else "automatic"
	application = DiscountApplication(
		index=len(order.applications),
		kind=kind,
		title=given.code or given.title or "Discount",
		percentage=percentage,
		amount=amount,
		target_type=target_type,
		target_selection=selection,
	)
	order.applications.append(application)
	return application


def _discount_lines(order: Order, given: list[Line], discounts: list[Discount]) -> None:
	"""First each line's own, then those of chosen lines, last those of the whole order, on what is left."""
	for line, wanted in zip(order.lines, given, strict=True):
		if wanted.discount:
			one = _made(Discount, wanted.discount)
			_spread(order, one, "ENTITLED" if one.code else "EXPLICIT", [line])
	for one in discounts:
		if one.target == "lines":
			chosen = [order.lines[index] for index in one.lines]
			_spread(order, one, "ENTITLED" if one.code else "EXPLICIT", chosen)
	for one in discounts:
		if one.target == "order":
			_spread(order, one, "ALL", [line for line in order.lines if line.kind != "gift card"])


def _spread(order: Order, given: Discount, selection: str, lines: list[LineItem]) -> None:
	application = _application(order, given, "LINE_ITEM", selection)
	left = [line.net for line in lines]
	off = discount(total(left, order.of), given.percentage, application.amount)
	for line, part in zip(lines, split(off, left), strict=True):
		if part:
			line.allocations.append(Allocation(application, part))


def _discount_shipping(order: Order, discounts: list[Discount]) -> None:
	for given in discounts:
		if given.target == "shipping":
			for line in order.shipping_lines:
				_discount_one_shipping(order, line, given)


def _discount_one_shipping(order: Order, line: ShippingLine, given: Discount) -> None:
	application = _application(order, given, "SHIPPING_LINE", "ALL")
	off = discount(line.net, given.percentage, application.amount)
	if off:
		line.allocations.append(Allocation(application, off))


def _shipping_line(shop: Shop, order: Order, given: Shipping, order_taxes) -> ShippingLine:
	line = ShippingLine(
		shop.new_id(),
		given.title,
		given.code,
		order.of.bag(given.price),
		order.of,
		_rates(given.taxes, order_taxes),
	)
	if given.discount:
		_discount_one_shipping(order, line, _made(Discount, given.discount))
	return line


def _add_tip(shop: Shop, order: Order, amount: str, as_line: bool) -> None:
	if not as_line:
		order.tip = order.of.bag(amount)
		return
	tip = LineItem(shop.new_id(), "Tip", None, None, 1, order.of.bag(amount), order.of, kind="tip")
	tip.requires_shipping = tip.taxable = False
	order.lines.append(tip)


def _tax_lines(base: Bag, rates: list[tuple[str, Decimal]], included: bool) -> list[TaxLine]:
	amounts = taxes_on(base, [rate for _, rate in rates], included)
	return [TaxLine(title, rate, amount) for (title, rate), amount in zip(rates, amounts, strict=True)]


def _tax(line: LineItem, included: bool) -> None:
	line.tax_lines = _tax_lines(line.net, line.rates, included)
	if not line.gone_taxes:
		line.gone_taxes = [line.of.zero for _ in line.tax_lines]


# ---- money


def _pay(shop: Shop, order: Order, payments, paid: bool | str, gateway: str) -> None:
	if payments is None:
		if not order.total_price:
			return
		kind = "AUTHORIZATION" if paid == "authorized" else "SALE"
		status = "SUCCESS" if paid else "PENDING"
		payments = [Payment(gateway if paid else "manual", None, kind, status)]
	left = order.total_price
	for one in (_made(Payment, given) for given in payments):
		amount = left if one.amount is None else order.of.bag_from_presentment(one.amount)
		if one.amount is not None and amount.presentment == left.presentment:
			amount = left  # the last payment settles both sides, whatever the rate rounds to
		left = left - amount
		_transaction(shop, order, one.kind, one.gateway, amount, status=one.status)


def _transaction(
	shop: Shop, order: Order, kind: str, gateway: str, amount: Bag, *, status: str = "SUCCESS", parent=None
) -> Transaction:
	transaction = Transaction(
		shop.new_id(), order, kind, status, gateway, amount, order.test, order.updated_at, parent
	)
	order.transactions.append(transaction)
	return transaction


def _touch(shop: Shop, order: Order) -> datetime:
	order.updated_at = shop.later(order.updated_at)
	return order.updated_at


def mark_paid(shop: Shop, order: Order, gateway: str | None = None, amount: str | None = None) -> Transaction:
	"""What is open (or `amount`, in the buyer's currency) is paid or captured."""
	outstanding = order.total_outstanding
	if order.cancelled_at or outstanding.presentment <= 0:
		raise Refused("Order cannot be marked as paid.", ["id"])
	_touch(shop, order)
	waiting = next((one for one in order.transactions if one.status == "PENDING"), None)
	held = next((one for one in order.transactions if one.kind == "AUTHORIZATION"), None)
	sum_paid = outstanding if amount is None else order.of.bag_from_presentment(amount)
	parent = held or waiting
	transaction = _transaction(
		shop,
		order,
		"CAPTURE" if held else "SALE",
		gateway or (parent.gateway if parent else "manual"),
		sum_paid,
		parent=parent,
	)
	shop.tell("order_transactions/create", transaction)
	shop.tell("orders/updated", order)
	if order.financial_status == "PAID":
		shop.tell("orders/paid", order)
	return transaction


# ---- edits


def edit_order(
	shop: Shop,
	order: Order,
	*,
	quantities: dict[int, int] | None = None,
	add: list[Line | dict] = (),
	taxes: list[Tax | dict] = (),
	restock: bool = True,
	note: str | None = None,
) -> Order:
	"""Change an order after it was placed.

	quantities: {position of a line: its new current quantity}. Fewer units appear as a refund without money;
	more units and added lines raise the order's total. Nothing is paid or paid back here.
	"""
	if order.cancelled_at:
		raise Refused("The order cannot be edited.", ["id"])
	changes = {int(position): quantity for position, quantity in (quantities or {}).items()}
	fewer = {}
	now = _touch(shop, order)
	for position, quantity in changes.items():
		line = order.lines[position]
		difference = quantity - line.current_quantity
		if difference < 0:
			fewer[line] = -difference
		elif difference > 0:
			_add_units(shop, order, line, difference)
	groups: dict[str, LineItemGroup] = {}
	added = [_line(shop, order, _made(Line, one), taxes, groups) for one in add]
	for line in added:
		_tax(line, order.taxes_included)
	order.lines.extend(added)
	_open_fulfillment_orders(shop, order, added)
	if fewer:
		refund = Refund(shop.new_id(), order, note, now)
		for line, quantity in fewer.items():
			_take_duties(refund, line, quantity)
			_take_back(shop, refund, line, quantity, "CANCEL" if restock else "NO_RESTOCK", line.location)
		_keep_refund(shop, refund)
		shop.tell("refunds/create", refund)
	order.edited = True
	shop.tell("orders/edited", order)
	shop.tell("orders/updated", order)
	return order


def _add_units(shop: Shop, order: Order, line: LineItem, quantity: int) -> None:
	line.quantity += quantity
	_tax(line, order.taxes_included)
	_fulfillment_order_line(shop, order, line, quantity)
	stock.promise(shop, line.variant, line.location, quantity)


# ---- refunds


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
	return _refund(
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


def _refund(
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
	refund = Refund(shop.new_id(), order, note, _touch(shop, order))
	for line, units, restock, location in lines:
		if duties:
			_take_duties(refund, line, units)
		_take_back(shop, refund, line, units, restock, location)
	if shipping:
		_take_shipping(shop, refund, shipping)
	if tip and order.tip:
		balance = "FULL_RETURN_BALANCING_ADJUSTMENT"
		refund.adjustments.append(Adjustment(shop.new_id(), balance, -order.tip))
	if money:
		_pay_back(shop, refund, paid, gateway, reason)
	_keep_refund(shop, refund)
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
			refund.transactions.append(_transaction(shop, order, "REFUND", name, amount, parent=parent))


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


def _take_back(
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


def _take_duties(refund: Refund, line: LineItem, units: int) -> None:
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


def _keep_refund(shop: Shop, refund: Refund) -> None:
	refund.order.refunds.append(refund)
	shop.refunds[refund.id] = refund


# ---- cancel


def cancel_order(
	shop: Shop, order: Order, reason: str = "CUSTOMER", *, restock: bool = True, refund: bool = True
) -> Order:
	"""The whole order is called off; paid money goes back when `refund` says so."""
	if order.cancelled_at:
		raise Refused("Order has already been cancelled", ["orderId"], "INVALID")
	if any(line.fulfilled for line in order.lines):
		raise Refused("Cannot cancel an order that has fulfillments", ["orderId"], "INVALID")
	now = _touch(shop, order)
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
			_transaction(shop, order, "VOID", held.gateway, order.of.zero, parent=held)
		_refund(shop, order, left, shipping=True, duties=True, tip=True, note="Order cancelled")
		for fulfillment_order in order.fulfillment_orders:
			fulfillment_order.status = "CLOSED"
	order.cancelled_at = order.closed_at = now
	order.cancel_reason = reason
	order.updated_at = shop.later(order.updated_at)
	shop.tell("orders/cancelled", order)
	shop.tell("orders/updated", order)
	return order


# ---- fulfilment


def _open_fulfillment_orders(shop: Shop, order: Order, lines: list[LineItem]) -> None:
	"""One fulfilment order for each location that ships something."""
	for line in lines:
		if line.is_fulfillable and line.quantity:
			_fulfillment_order_line(shop, order, line, line.quantity)
			stock.promise(shop, line.variant, line.location, line.quantity)


def _fulfillment_order_line(shop: Shop, order: Order, line: LineItem, quantity: int) -> None:
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
	now = _touch(shop, order)
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
	_touch(shop, fulfillment.order)
	shop.tell("fulfillments/update", fulfillment)
	shop.tell("orders/updated", fulfillment.order)
	return fulfillment


def cancel_fulfillment(shop: Shop, fulfillment: Fulfillment) -> Fulfillment:
	"""The parcel was not sent: its units wait again, in a new fulfilment order, as Shopify does it."""
	if fulfillment.status == "CANCELLED":
		raise Refused("Fulfillment is already cancelled.", ["id"])
	order = fulfillment.order
	now = _touch(shop, order)
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


def change_order(shop: Shop, order: Order, **fields) -> Order:
	"""Note, tags, e-mail, addresses: what changes without money. AttributeError for a field there is not."""
	for name, value in fields.items():
		getattr(order, name)
		if name.endswith("_address") and isinstance(value, dict):
			value = _address(shop, value)
		setattr(order, name, value)
	_touch(shop, order)
	shop.tell("orders/updated", order)
	return order
