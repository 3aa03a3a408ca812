"""A buyer checks out: lines, discounts, taxes, shipping, payments."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sandbox.vendors.shopify.money import Bag, Currencies, discount, split, total
from sandbox.vendors.shopify.money import taxes as taxes_on
from sandbox.vendors.shopify.orders.fulfilment import open_fulfillment_orders
from sandbox.vendors.shopify.orders.payments import pay
from sandbox.vendors.shopify.orders.spec import Discount, Line, Payment, Shipping, Tax, made, rates_of
from sandbox.vendors.shopify.state import (
	Address,
	Allocation,
	Customer,
	DiscountApplication,
	Duty,
	LineItem,
	LineItemGroup,
	Location,
	Order,
	ShippingLine,
	Shop,
	TaxLine,
)


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
		billing_address=new_address(shop, billing_address),
		shipping_address=new_address(shop, shipping_address),
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
	given = [made(Line, one) for one in lines]
	order.lines = [new_line(shop, order, one, taxes, groups) for one in given]
	_discount_lines(order, given, [made(Discount, one) for one in discounts])
	if tip is not None:
		_add_tip(shop, order, tip, tip_as_line)
	for line in order.lines:
		set_taxes(line, order.taxes_included)
	wanted = shipping if isinstance(shipping, list | tuple) else [shipping] if shipping else []
	for one in wanted:
		order.shipping_lines.append(_shipping_line(shop, order, made(Shipping, one), taxes))
	_discount_shipping(order, [made(Discount, one) for one in discounts])
	for line in order.shipping_lines:
		line.tax_lines = _tax_lines(line.net, line.rates, order.taxes_included)
	order.original_total = order.total_price
	pay(shop, order, payments, paid, gateway)
	open_fulfillment_orders(shop, order, order.lines)
	shop.orders[order.id] = order
	shop.tell("orders/create", order)
	for transaction in order.transactions:
		shop.tell("order_transactions/create", transaction)
	if order.financial_status == "PAID":
		shop.tell("orders/paid", order)
	return order


def _rate(shop: Shop, currency: str, presentment: str) -> Fraction:
	return Fraction(1) if presentment == currency else shop.rates[presentment]


def new_address(shop: Shop, known: dict | None) -> Address | None:
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
	return shop.by_email.get((known.get("email") or "").lower())


def new_line(
	shop: Shop, order: Order, given: Line, order_taxes, groups: dict[str, LineItemGroup]
) -> LineItem:
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
		rates=rates_of(given.taxes, order_taxes) if taxable else [],
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
			one = made(Discount, wanted.discount)
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
		rates_of(given.taxes, order_taxes),
	)
	if given.discount:
		_discount_one_shipping(order, line, made(Discount, given.discount))
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


def set_taxes(line: LineItem, included: bool) -> None:
	line.tax_lines = _tax_lines(line.net, line.rates, included)
	if not line.gone_taxes:
		line.gone_taxes = [line.of.zero for _ in line.tax_lines]
