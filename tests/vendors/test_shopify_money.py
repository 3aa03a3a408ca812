"""The shop's arithmetic: whatever is ordered, discounted, taxed, edited and given back, it adds up to the unit."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.vendors.shopify import Shop
from sandbox.vendors.shopify.cases import CASES, place_case
from sandbox.vendors.shopify.money import exponent, half_up, largest_remainder, minor, taxes, total
from sandbox.vendors.shopify.orders import (
	Discount,
	Line,
	Refused,
	Shipping,
	Tax,
	cancel_order,
	change_order,
	edit_order,
	place_order,
	refund_order,
)
from sandbox.vendors.shopify.state import Order

CURRENCIES = ("USD", "JPY", "KWD")
RATES = ("0", "0.05", "0.0725", "0.0825", "0.1", "0.19", "0.2")


def amounts(currency: str, most: int):
	return st.integers(0, most * 10 ** exponent(currency)).map(
		lambda units: str(Decimal(units).scaleb(-exponent(currency)))
	)


@st.composite
def discounts(draw, currency: str, lines: int, target: str | None = None):
	target = target or draw(st.sampled_from(("order", "lines", "shipping")))
	known = {"target": target, "title": "Off"}
	if draw(st.booleans()):
		known["code"] = draw(st.sampled_from(("ONE", "TWO", "THREE")))
	if draw(st.booleans()):
		known["percentage"] = draw(st.sampled_from(("3.33", "7.5", "10", "33.333", "50", "100")))
	else:
		known["amount"] = draw(amounts(currency, 40))
	if target == "lines":
		known["lines"] = sorted(draw(st.sets(st.integers(0, lines - 1), min_size=1)))
	return Discount(**known)


@st.composite
def placed(draw) -> tuple[Shop, Order]:
	"""An order that a buyer could place, in a shop with a second currency."""
	currency = draw(st.sampled_from(CURRENCIES))
	shop = Shop(currency=currency, presentment_currencies={"EUR": "0.9137", "INR": "83.1205"})
	rates = draw(st.lists(st.sampled_from(RATES), max_size=3))
	tax = [Tax(f"Tax {index}", rate) for index, rate in enumerate(rates)]
	count = draw(st.integers(1, 6))
	lines = [
		Line(
			title=f"Thing {index}",
			quantity=draw(st.integers(1, 13)),
			price=draw(amounts(currency, 60)),
			discount=draw(st.none() | discounts(currency, count, "order")),
			taxes=draw(st.sampled_from([None, None, tax[:1], []])),
			duty=draw(st.none() | amounts(currency, 5)),
		)
		for index in range(count)
	]
	shipping = [
		Shipping(draw(amounts(currency, 20)), discount=draw(st.none() | discounts(currency, 1, "shipping")))
		for _ in range(draw(st.integers(0, 2)))
	]
	order = place_order(
		shop,
		lines,
		taxes=tax,
		taxes_included=draw(st.booleans()),
		discounts=draw(st.lists(discounts(currency, count), max_size=3)),
		shipping=shipping,
		tip=draw(st.none() | amounts(currency, 10)),
		tip_as_line=draw(st.booleans()),
		presentment_currency=draw(st.sampled_from([None, None, "EUR", "INR"])),
		paid=draw(st.sampled_from([True, True, False, "authorized"])),
	)
	return shop, order


def check_adds_up(order: Order) -> None:
	"""From the parts that the API shows, on both sides, to the totals that it shows."""
	for side in ("shop", "presentment"):

		def units(bag, side=side):
			return getattr(bag, side)

		lines = sum(
			units(line.unit) * line.quantity - sum(units(one.amount) for one in line.allocations)
			for line in order.lines
		)
		shipping = sum(
			units(line.price) - sum(units(one.amount) for one in line.allocations)
			for line in order.shipping_lines
		)
		tax = sum(units(one.price) for line in order.lines for one in line.tax_lines)
		tax += sum(units(one.price) for line in order.shipping_lines for one in line.tax_lines)
		duty = sum(units(one.price) for line in order.lines for one in line.duties)
		extra = units(order.tip) if order.tip else 0
		added = 0 if order.taxes_included else tax
		assert lines + shipping + duty + extra + added == units(order.total_price)
		assert sum(units(one.price) for one in order.tax_lines) == tax == units(order.total_tax)
		refunded = sum(units(refund.value) for refund in order.refunds)
		assert refunded + units(order.current_total_price) == units(order.total_price)
		assert sum(units(one.price) for one in order.current_tax_lines) == units(order.current_total_tax)
		for line in order.lines:
			assert 0 <= units(line.net) and 0 <= units(line.gone_net) <= units(line.net)
			assert 0 <= line.current_quantity <= line.quantity


@settings(max_examples=100, deadline=None)
@given(placed())
def test_a_placed_order_adds_up(known):
	_, order = known
	check_adds_up(order)
	assert order.total_outstanding.presentment == (
		0 if order.total_received else order.total_price.presentment
	)


@settings(max_examples=100, deadline=None)
@given(placed(), st.data())
def test_an_order_adds_up_through_edits_and_refunds(known, data):
	shop, order = known
	for _ in range(data.draw(st.integers(1, 4))):
		chosen = {}
		for position, line in enumerate(order.lines):
			if line.current_quantity and data.draw(st.booleans()):
				chosen[position] = data.draw(st.integers(1, line.current_quantity))
		if data.draw(st.booleans()):
			edit_order(
				shop,
				order,
				quantities={
					position: order.lines[position].current_quantity - units
					for position, units in chosen.items()
				},
				add=data.draw(st.sampled_from([[], [Line(title="More", price="3", quantity=3)]])),
				taxes=[Tax("Late Tax", "0.07")],
			)
		else:
			restock = data.draw(st.sampled_from(("RETURN", "CANCEL", "NO_RESTOCK")))
			refund_order(shop, order, chosen, restock=restock, shipping=data.draw(st.booleans()), duties=True)
		check_adds_up(order)
	everything = {
		position: line.current_quantity for position, line in enumerate(order.lines) if line.current_quantity
	}
	refund_order(shop, order, everything, shipping=True, duties=True)
	check_adds_up(order)
	left = order.tip.presentment if order.tip else 0
	assert order.current_total_price.presentment == left
	if order.total_received:
		assert order.total_outstanding.presentment == 0


@settings(max_examples=100, deadline=None)
@given(placed())
def test_a_cancelled_order_comes_to_nothing(known):
	shop, order = known
	cancel_order(shop, order)
	check_adds_up(order)
	assert order.current_total_price.presentment == order.total_outstanding.presentment == 0
	assert order.total_refunded.presentment == order.total_received.presentment
	with pytest.raises(Refused):
		cancel_order(shop, order)


@pytest.mark.parametrize("name", CASES)
def test_every_case_adds_up_and_can_be_placed_twice(name):
	shop = Shop(prefix="x-")
	first, second = place_case(shop, name), place_case(shop, name)
	for order in (first, second):
		check_adds_up(order)
	assert first.name != second.name and first.name.startswith("#x-")
	assert first.total_price == second.total_price
	skus = {line.sku for line in first.lines if line.sku}
	assert all(sku.startswith("x-") for sku in skus)
	if CASES[name].currency:
		assert first.of.shop == CASES[name].currency


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**6), min_size=1, max_size=50))
def test_largest_remainder_gives_everything_and_is_fair(whole, weights):
	parts = largest_remainder(whole, weights)
	assert sum(parts) == (whole if sum(weights) else 0)
	for part, weight in zip(parts, weights, strict=True):
		exact = whole * weight / sum(weights) if sum(weights) else 0
		assert abs(part - exact) < 1 + 1e-6
		assert weight or not part


def test_rounding_is_half_up_and_knows_the_currency():
	from fractions import Fraction

	assert [half_up(Fraction(value, 2)) for value in (-3, -1, 0, 1, 3, 5)] == [-2, -1, 0, 1, 2, 3]
	assert (minor("10.005", "USD"), minor("10.5", "JPY"), minor("1.2345", "KWD")) == (1001, 11, 1235)


def test_known_sums():
	"""Figures worked out by hand."""
	shop = Shop()
	order = place_order(
		shop,
		[Line(title="A", price="19.99", quantity=3), Line(title="B", price="7.45", quantity=2)],
		taxes=[Tax("VAT", "0.19")],
		taxes_included=True,
		discounts=[Discount(amount="10", code="TEN")],
		shipping=Shipping("4.90"),
	)
	# 59.97 + 14.90 = 74.87; 10.00 splits 8.01 : 1.99; 51.96 and 12.91 hold 8.30 and 2.06, shipping 0.78
	assert [str(line.discounted) for line in order.lines] == ["8.01", "1.99"]
	assert [str(line.tax) for line in order.lines] == ["8.30", "2.06"]
	assert (str(order.total_price), str(order.total_tax)) == ("69.77", "11.14")
	refund = refund_order(shop, order, {0: 1})
	# a third of 51.96 and of 8.30; the tax is inside
	assert (str(refund.lines[0].subtotal), str(refund.lines[0].tax), str(refund.paid_back)) == (
		"17.32",
		"2.77",
		"17.32",
	)


def test_two_included_taxes_share_one_price():
	of = Shop().rates and place_order(Shop(), [Line(title="A", price="118")], paid=False).of
	parts = taxes(of.bag("118"), [Decimal("0.09"), Decimal("0.09")], included=True)
	assert [str(part) for part in parts] == ["9.00", "9.00"] and str(total(parts, of)) == "18.00"


def test_goodwill_lowers_the_total_and_is_named_as_an_adjustment():
	shop = Shop()
	order = place_order(shop, [Line(title="A", price="20")])
	refund = refund_order(shop, order, amount="5")
	assert [str(one.amount) for one in refund.adjustments] == ["-5.00"]
	assert (str(order.current_total_price), str(order.total_outstanding)) == ("15.00", "0.00")
	assert order.financial_status == "PARTIALLY_REFUNDED"


def test_things_taken_back_without_money_keep_the_total():
	shop = Shop()
	order = place_order(shop, [Line(title="A", price="20", quantity=2)])
	refund = refund_order(shop, order, {0: 1}, amount="0")
	assert [str(one.amount) for one in refund.adjustments] == ["20.00"]
	assert (str(order.current_total_price), order.lines[0].current_quantity) == ("40.00", 1)


def test_more_cannot_be_refunded_than_is_there():
	shop = Shop()
	order = place_order(shop, [Line(title="A", price="20")])
	with pytest.raises(Refused):
		refund_order(shop, order, {0: 2})
	assert order.refunds == [] and order.lines[0].current_quantity == 1


def test_stock_follows_the_order():
	from sandbox.vendors.shopify.orders import fulfil_order

	shop = Shop()
	shop.add_product("Tee", sku="TEE", stock=10)
	level = shop.variant("TEE").inventory_item.levels[shop.primary_location.id]
	order = place_order(shop, [Line("TEE", quantity=4)])
	assert (level.available, level.committed, level.on_hand) == (6, 4, 10)
	fulfil_order(shop, order, {0: 3})
	assert (level.available, level.committed, level.on_hand) == (6, 1, 7)
	refund_order(shop, order, {0: 1}, restock="CANCEL")
	assert (level.available, level.committed, level.on_hand) == (7, 0, 7)
	refund_order(shop, order, {0: 1}, restock="RETURN")
	assert (level.available, level.committed, level.on_hand) == (8, 0, 8)
	refund_order(shop, order, {0: 1}, restock="NO_RESTOCK")
	assert (level.available, level.committed, level.on_hand) == (8, 0, 8)
	assert order.fulfillment_status == "FULFILLED"


def test_a_buyer_is_known_by_the_email_address():
	shop = Shop()
	known = {"first_name": "Ada", "email": "ada@example.com"}
	first = place_order(shop, [Line(title="A", price="1")], customer=dict(known))
	again = place_order(shop, [Line(title="A", price="1")], customer={**known, "email": "Ada@Example.com"})
	other = place_order(shop, [Line(title="A", price="1")], customer={"first_name": "Ada"})
	assert first.customer is again.customer is not other.customer
	shop.change_customer(first.customer, email="lovelace@example.com")
	assert (
		place_order(shop, [Line(title="A", price="1")], customer=dict(known)).customer is not first.customer
	)


def test_an_address_changes_without_money():
	shop = Shop()
	order = place_order(shop, [Line(title="A", price="1")], shipping_address={"city": "Here"})
	change_order(shop, order, shipping_address={"city": "There"}, note="Call")
	assert (order.shipping_address.city, order.shipping_address.name, order.note) == ("There", None, "Call")
	with pytest.raises(AttributeError):
		change_order(shop, order, colour="red")


def test_updated_at_never_stands_still():
	shop = Shop()
	order = place_order(shop, [Line(title="A", price="20", quantity=5)], paid=False)
	seen = [order.updated_at]
	for units in (4, 3, 2):
		edit_order(shop, order, quantities={0: units})
		seen.append(order.updated_at)
	cancel_order(shop, order)
	seen.append(order.updated_at)
	assert seen == sorted(set(seen)) and len(seen) == 5
