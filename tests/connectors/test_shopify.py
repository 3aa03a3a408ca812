"""The Shopify connector against the sandbox shop: orders to the cent, stock, parcels, tokens, webhooks."""

from __future__ import annotations

import copy
import json
import threading
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration_hub.connectors import all_connectors
from integration_hub.connectors.budget import Budget
from integration_hub.connectors.contract import WebhookRequest, capabilities
from integration_hub.connectors.http import Http
from integration_hub.connectors.money import rounded
from integration_hub.connectors.shopify import Shopify
from integration_hub.connectors.shopify.settings import API_VERSION, shop_domain
from integration_hub.connectors.shopify.webhooks import OUR_PATH, TOPICS, WANTED
from integration_hub.failures import (
	BadSignature,
	Failure,
	Gone,
	NotAuthorised,
	RateLimited,
	Rejected,
	Unreachable,
)
from integration_hub.records import ZERO, Order, Shipment, ShippedLine, StockLevel
from sandbox.vendors.base import json_response
from sandbox.vendors.shopify import Shop, cases
from sandbox.vendors.shopify import Shopify as ShopifyVendor
from sandbox.vendors.shopify.orders import Line, place_order
from sandbox.vendors.shopify.orders.fulfilment import cancel_fulfillment, fulfil_order
from sandbox.vendors.shopify.state import Subscription
from tests.connectors.conftest import Connected, Vault

LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)


# ---- orders: every case, at every step


@pytest.fixture(scope="module")
def big():
	"""A shop for all cases at once, on a plan that never throttles."""
	vendor = ShopifyVendor(Shop(prefix="cases-"))
	vendor.cost.set(maximum=10**9, restore=10**9)
	running = vendor.start()
	yield Connected(vendor), vendor
	running.stop()


def read(connector: Shopify, order) -> Order:
	payload = connector.fetch_orders([str(order.id)])[str(order.id)]
	record = connector.read_order(payload)
	assert connector.read_order(json.loads(json.dumps(payload))) == record, "as stored in an Event"
	return record


def taxes(things) -> Decimal:
	return sum((tax.amount for thing in things for tax in thing.taxes), ZERO)


def amounts(things) -> Decimal:
	return sum((thing.amount for thing in things), ZERO)


def worth(things, inclusive: bool) -> Decimal:
	things = list(things)
	return amounts(things) + (ZERO if inclusive else taxes(things))


def by_title(things) -> dict[str, Decimal]:
	found: dict[str, Decimal] = defaultdict(lambda: ZERO)
	for thing in things:
		for tax in thing.taxes:
			found[tax.title] += tax.amount
	return {title: amount for title, amount in found.items() if amount}


STEPS = [(name, taken) for name, case in cases.CASES.items() for taken in range(len(case.steps) + 1)]


@pytest.mark.parametrize(("name", "taken"), STEPS, ids=[f"{name}-{taken}" for name, taken in STEPS])
def test_a_case_is_read_to_the_cent(big, name, taken):
	connected, vendor = big
	with vendor.lock:
		placed = cases.place_case(vendor.shop, name, taken)
		told = cases.expectation(placed)
	order = read(connected.connector, placed)
	check_head(order, told)
	check_totals(order, told)
	check_lines(order, told)
	check_payments(order, told)
	check_refunds(order, told)
	check_parcels(order, told)
	check_units(order)


def check_head(order: Order, told: dict) -> None:
	assert (order.id, order.number, order.currency) == (str(told["id"]), told["name"], told["currency"])
	assert order.presentment_currency == told["presentment_currency"]
	assert order.presentment_total == Decimal(told["presentment_total"])
	assert (order.prices_include_tax, order.test) == (told["taxes_included"], told["test"])
	assert (order.cancelled_at is not None) == told["cancelled"]
	known = order.customer.email if order.customer else ""
	assert known == (told["email"] or "")
	if told["customer"]:
		assert told["customer"] in (order.customer.full_name, order.customer.email)
	assert order.payment_status == {
		"AUTHORIZED": "authorised",
		"PARTIALLY_PAID": "partly_paid",
		"PARTIALLY_REFUNDED": "partly_refunded",
	}.get(told["financial_status"], told["financial_status"].lower())


def with_money(told: dict) -> list[dict]:
	return [one for one in told["refunds"] if Decimal(one["paid_back"])]


def check_totals(order: Order, told: dict) -> None:
	"""Sum of lines and charges = the total; the total = what is left + what was refunded."""
	parts = [*order.lines, *order.charges]
	assert worth(parts, order.prices_include_tax) == order.total
	given_back = sum((Decimal(one["value"]) for one in with_money(told)), ZERO)
	assert order.total == Decimal(told["current"]) + given_back
	tax_given_back = sum((Decimal(one["tax"]) for one in with_money(told)), ZERO)
	assert taxes(parts) == Decimal(told["current_tax"]) + tax_given_back
	if not told["refunds"]:
		assert order.total == Decimal(told["total"])
	if len(told["refunds"]) == len(with_money(told)):
		assert by_title(parts) == {
			title: Decimal(amount) for title, amount in told["taxes"].items() if Decimal(amount)
		}
	by_kind: Counter = Counter()
	for charge in order.charges:
		by_kind[charge.kind] += charge.amount
	if len(told["refunds"]) == len(with_money(told)):
		assert by_kind["shipping"] == Decimal(told["shipping"])
	assert by_kind["duty"] == Decimal(told["duties"])
	assert by_kind["tip"] == Decimal(told["tip"])


def check_lines(order: Order, told: dict) -> None:
	sold = [one for one in told["lines"] if one["kind"] != "tip"]
	assert [line.id for line in order.lines] == [str(one["id"]) for one in sold]
	back: Counter = Counter()
	for refund in with_money(told):
		back.update(refund["units"])
	removed = len(told["refunds"]) != len(with_money(told))
	for line, one in zip(order.lines, sold, strict=True):
		assert line.sku == (one["sku"] or "")
		assert line.quantity == one["current_quantity"] + back[str(one["id"])]
		assert line.kind == one["kind"].replace(" ", "_")
		if not removed:
			assert (line.quantity, line.amount) == (one["quantity"], Decimal(one["net"]))
			assert taxes([line]) == Decimal(one["tax"])
		if not line.quantity:
			assert line.amount == taxes([line]) == 0


def check_payments(order: Order, told: dict) -> None:
	received = [
		(one["gateway"], Decimal(one["amount"]))
		for one in told["payments"]
		if one["kind"] in ("SALE", "CAPTURE") and one["status"] == "SUCCESS"
	]
	assert [(one.method, one.amount) for one in order.payments] == received
	assert amounts(order.payments) == Decimal(told["received"])


def check_refunds(order: Order, told: dict) -> None:
	assert [one.id for one in order.refunds] == [str(one["id"]) for one in with_money(told)]
	paid_too_much = max(ZERO, amounts(order.payments) - order.total)
	for refund, one in zip(order.refunds, with_money(told), strict=True):
		assert {line.line_id: line.quantity for line in refund.lines} == one["units"]
		parts = [*refund.lines, *refund.charges]
		value = worth(parts, order.prices_include_tax)
		assert value + refund.adjustment == Decimal(one["value"])
		assert taxes(parts) == Decimal(one["tax"])
		assert amounts(refund.payments) == Decimal(one["paid_back"])
		left_over = amounts(refund.payments) - value - refund.adjustment
		assert 0 <= left_over <= paid_too_much, "only what was paid too much goes back for nothing"
		paid_too_much -= left_over
		assert {line.restock for line in refund.lines} <= {kind != "NO_RESTOCK" for kind in one["restock"]}
	assert sum((amounts(one.payments) for one in order.refunds), ZERO) == Decimal(told["refunded"])


def check_parcels(order: Order, told: dict) -> None:
	assert [(one.id, sum(line.quantity for line in one.lines)) for one in order.fulfilments] == [
		(str(one["id"]), one["units"]) for one in told["parcels"]
	]
	for parcel, one in zip(order.fulfilments, told["parcels"], strict=True):
		assert list(parcel.tracking_numbers) == [
			entry["number"] for entry in one["tracking"] if entry["number"]
		]


def check_units(order: Order) -> None:
	"""No amount is finer than the currency's smallest unit."""
	found = [order.total, *(one.amount for one in (*order.lines, *order.charges, *order.payments))]
	found += [tax.amount for one in (*order.lines, *order.charges) for tax in one.taxes]
	for refund in order.refunds:
		found += [
			refund.adjustment,
			*(one.amount for one in (*refund.lines, *refund.charges, *refund.payments)),
		]
		found += [tax.amount for one in (*refund.lines, *refund.charges) for tax in one.taxes]
	assert all(amount == rounded(amount, order.currency) for amount in found)


def test_what_a_few_cases_say_beyond_money(big):
	connector, shop = big[0].connector, big[1].shop

	def case(name):
		return read(connector, cases.place_case(shop, name))

	elsewhere = case("ship_elsewhere")
	assert (elsewhere.shipping_address.name, elsewhere.shipping_address.line2) == ("Zoë Ångström", "c/o Ek")
	assert (elsewhere.shipping_address.country_code, elsewhere.billing_address.country_code) == ("SE", "US")
	company = case("company")
	assert company.billing_address.company.startswith("Norman & Söhne GmbH")
	assert company.po_number == "PO-4711"
	draft = case("draft_order")
	assert (draft.note, draft.source) == ("Call before delivery", "shopify_draft_order")
	phone = case("guest_phone_only")
	assert phone.customer.id is None and phone.customer.phone.startswith("+1502")
	assert case("pos_anonymous").customer is None
	assert {line.bundle for line in case("bundle").lines} == {"Breakfast Set", None}
	gone = case("deleted_product")
	assert gone.lines[0].variant_id is None and gone.lines[0].kind == "product" and gone.lines[0].sku
	assert case("custom_line").lines[0].requires_shipping is False
	assert case("order_discount_code").discount_codes == ("TENOFF",)
	(first, second) = case("two_parcels").fulfilments
	assert (first.carrier, first.lines[0].quantity) == ("UPS", 2) and first.tracking_urls
	assert second.tracking_numbers[0].endswith("B")


# ---- orders: lists


def pulled(connector: Shopify, since=LONG_AGO, what="orders"):
	notices, cursor, pages = [], None, 0
	while True:
		page = getattr(connector, f"pull_{what}")(since, cursor)
		notices += page.notices
		pages, cursor = pages + 1, page.cursor
		if cursor is None:
			return notices, pages, page


def test_a_pull_walks_all_pages_oldest_change_first(shopify, shop):
	for number in range(23):
		place_order(
			shop, [Line(title=f"A{number}", price="1")], at=f"2026-01-{number + 1:02d}T10:00:00+00:00"
		)
	notices, pages, last = pulled(shopify)
	assert pages == 3 and len(notices) == 23
	versions = [one.version for one in notices]
	assert versions == sorted(versions)
	assert {one.outside_id for one in notices} == {str(number) for number in shop.orders}
	assert len({one.dedupe_key for one in notices}) == 23
	assert last.newest == max(one.updated_at for one in shop.orders.values())
	assert [one.dedupe_key for one in pulled(shopify)[0]] == [one.dedupe_key for one in notices]


def test_a_pull_starts_at_its_time(shopify, shop):
	for day in (1, 2, 3):
		place_order(shop, [Line(title="A", price="1")], at=f"2026-01-{day:02d}T10:00:00+00:00")
	at = datetime(2026, 1, 2, 10, tzinfo=timezone.utc)
	assert len(pulled(shopify, at)[0]) == 2
	assert len(pulled(shopify, at.astimezone(timezone(timedelta(hours=5, minutes=30))))[0]) == 2
	assert len(pulled(shopify, at + timedelta(seconds=1))[0]) == 1
	assert pulled(shopify, at + timedelta(days=9))[0] == []


def test_a_change_is_a_notice_of_its_own(shopify, shop):
	order = cases.place_case(shop, "paid_later", 0)
	(before,), _, _ = pulled(shopify)
	cases.CASES["paid_later"].steps[0](shop, order)
	(after,), _, _ = pulled(shopify)
	assert after.dedupe_key != before.dedupe_key and after.version > before.version


def test_a_pulled_payload_is_the_whole_order(shopify, shop):
	"""300 lines, all refunded, in one parcel: whatever Shopify gives in pages."""
	order = cases.place_case(shop, "three_hundred_lines")
	fulfil_order(shop, order, company="UPS", number="1Z")
	cases.refund_order(shop, order, {position: 1 for position in range(300)}, restock="RETURN", shipping=True)
	((notice,), _, _) = pulled(shopify)
	record = shopify.read_order(notice.payload)
	assert len(record.lines) == len(record.refunds[0].lines) == len(record.fulfilments[0].lines) == 300
	check_totals(record, cases.expectation(order))
	check_refunds(record, cases.expectation(order))


def test_many_are_fetched_in_few_calls_and_the_unknown_is_missing(shopify, shop, vendor):
	placed = [place_order(shop, [Line(title="A", price="1")]) for _ in range(25)]
	vendor.log.clear()
	found = shopify.fetch_orders([*(str(one.id) for one in placed), "1"])
	assert set(found) == {str(one.id) for one in placed}
	assert vendor.log.count("OrdersById") == 3


def test_products_and_customers(shopify, shop):
	cases.place_case(shop, "variants")
	cases.place_case(shop, "gift_card_sold")
	hat = shop.variant("c-HAT-S").product
	record = shopify.read_product(shopify.fetch_products([str(hat.id)])[str(hat.id)])
	assert record.option_names == ("Size", "Colour") and record.title == hat.title
	assert [(one.sku, one.price, one.options["Size"]) for one in record.variants] == [
		("c-HAT-S", Decimal("24.00"), "Small"),
		("c-HAT-L", Decimal("26.00"), "Large"),
	]
	assert record.variants[0].stock_id == str(shop.variant("c-HAT-S").inventory_item.id)
	many = shop.add_product("Many", [{"sku": f"M{n}", "options": {"Size": str(n)}} for n in range(180)])
	assert len(shopify.read_product(shopify.fetch_products([str(many.id)])[str(many.id)]).variants) == 180
	notices, _, _ = pulled(shopify, what="products")
	assert {one.outside_id for one in notices} == {str(number) for number in shop.products}
	(notice,), _, _ = pulled(shopify, what="customers")
	buyer = shopify.read_customer(notice.payload)
	assert (buyer.full_name, buyer.email) == ("Bob Norman", "c-bob@example.com")
	assert buyer.addresses[0].postal_code == "40202"


# ---- orders: what cannot be read


@pytest.fixture(scope="module")
def payloads(big):
	connector, shop = big[0].connector, big[1].shop
	placed = [cases.place_case(shop, name) for name in ("two_refunds", "two_parcels", "duties", "edited")]
	return connector, list(connector.fetch_orders([str(one.id) for one in placed]).values())


def places(value, path=()):
	yield path
	if isinstance(value, dict):
		for key, inner in value.items():
			yield from places(inner, (*path, key))
	elif isinstance(value, list):
		for index, inner in enumerate(value):
			yield from places(inner, (*path, index))


JUNK = st.sampled_from(
	[
		None,
		True,
		0,
		-1,
		1.5,
		"",
		"nonsense",
		"NaN",
		"1e999",
		"Infinity",
		"0001-01-01T00:00:00+23:59",
		[],
		{},
		[[]],
	]
	+ [{"nodes": None}, [None], {"shopMoney": None}, "9" * 50, "2026-01-01T10:00:00"]
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), junk=JUNK, remove=st.booleans())
def test_a_payload_that_is_broken_anywhere_is_rejected(payloads, data, junk, remove):
	"""An order that cannot be read is Rejected with a sentence; it never ends in another exception."""
	connector, known = payloads
	broken = copy.deepcopy(data.draw(st.sampled_from(known)))
	*way, last = data.draw(st.sampled_from([path for path in places(broken) if path]))
	inner = broken
	for step in way:
		inner = inner[step]
	if remove:
		del inner[last]
	else:
		inner[last] = junk
	try:
		connector.read_order(broken)
	except Rejected as failure:
		assert "cannot be read" in failure.sentence


@pytest.mark.parametrize("payload", [{}, {"id": 1}, {"variants": []}])
def test_what_is_none_of_ours_is_rejected(shopify, payload):
	for reading in (shopify.read_order, shopify.read_product, shopify.read_customer):
		with pytest.raises(Rejected, match="cannot be read"):
			reading(payload)


# ---- stock


@pytest.fixture
def stocked(shop):
	for number in range(300):
		shop.add_product(f"Part {number}", sku=f"P{number}", stock=10)
	return shop


def level(shop, sku: str, available, location=None) -> StockLevel:
	location = location or shop.primary_location
	item = shop.variant(sku).inventory_item.id
	return StockLevel(stock_id=str(item), location_id=str(location.id), available=Decimal(available), sku=sku)


def on_shelf(shop, sku: str) -> int:
	return shop.variant(sku).inventory_quantity


def sent(vendor) -> list[dict]:
	"""Variables of the stock calls so far."""
	return [json.loads(one.body)["variables"] for one in vendor.log.find("inventorySetQuantities")]


def test_a_full_batch_is_one_call(shopify, vendor, stocked):
	levels = [level(stocked, f"P{number}", number) for number in range(shopify.stock_batch)]
	outcomes = shopify.push_stock(levels, key="event-1")
	assert len(outcomes) == shopify.stock_batch == 250
	assert not any(one.failure for one in outcomes)
	assert [one.key for one in outcomes] == [f"{one.stock_id}@{one.location_id}" for one in levels]
	assert [on_shelf(stocked, f"P{number}") for number in range(250)] == list(range(250))
	assert len(sent(vendor)) == 1


def test_more_than_shopify_takes_is_refused_as_a_whole(shopify, stocked):
	levels = [level(stocked, f"P{number}", 1) for number in range(251)]
	with pytest.raises(Rejected, match="250"):
		shopify.push_stock(levels, key="event-1")
	assert {on_shelf(stocked, f"P{number}") for number in range(251)} == {10}


def test_nothing_to_push_is_no_call(shopify, vendor):
	assert shopify.push_stock([], key="event-1") == [] and vendor.log.count() == 0


def test_poison_rows_are_split_off(shopify, vendor, stocked):
	"""Four rows that Shopify refuses, each for a reason of its own, do not hold up the others."""
	elsewhere = stocked.add_location("Elsewhere")
	stocked.add_product("Set", [{"sku": "SET", "is_bundle": True}])
	levels = [level(stocked, f"P{number}", 3) for number in range(100)]
	gone = StockLevel(stock_id="1", location_id=levels[0].location_id, available=Decimal(5))
	poison = {
		7: (gone, "Pull the products again"),
		20: (level(stocked, "P200", -3), "negative"),
		41: (level(stocked, "SET", 4), "bundle"),
		99: (level(stocked, "P201", 4, elsewhere), "location"),
	}
	for position, (row, _words) in poison.items():
		levels[position] = row
	outcomes = shopify.push_stock(levels, key="event-1")
	assert {index: True for index, one in enumerate(outcomes) if one.failure} == dict.fromkeys(poison, True)
	for position, (row, words) in poison.items():
		assert isinstance(outcomes[position].failure, Rejected)
		assert words in outcomes[position].failure.sentence
		assert outcomes[position].key == f"{row.stock_id}@{row.location_id}"
	assert {on_shelf(stocked, f"P{number}") for number in range(100) if number not in poison} == {3}
	assert on_shelf(stocked, "P200") == on_shelf(stocked, "P201") == 10
	assert len(sent(vendor)) == 2
	assert len({one["key"] for one in sent(vendor)}) == 2, "other content, other key"


class Mute(ShopifyVendor):
	"""Refuses a batch with a certain item in it, and does not say which row it means."""

	poison: frozenset[str] = frozenset()

	def _graphql(self, request, version):
		known = request.get_json()
		if "inventorySetQuantities" in known["query"]:
			rows = known["variables"]["input"]["quantities"]
			if any(row["inventoryItemId"] in self.poison for row in rows):
				errors = [{"field": ["input"], "message": "Something is odd", "code": "ODD"}]
				return json_response({"data": {"inventorySetQuantities": {"userErrors": errors}}})
		return super()._graphql(request, version)


def test_poison_that_is_not_named_is_found_by_halving(open_shop):
	vendor = open_shop(Mute(Shop(prefix="m-")))
	shop, connector = vendor.shop, Connected(vendor).connector
	for number in range(64):
		shop.add_product(f"Part {number}", sku=f"P{number}", stock=10)
	vendor.poison = frozenset(
		f"gid://shopify/InventoryItem/{shop.variant(sku).inventory_item.id}" for sku in ("P5", "P60")
	)
	outcomes = connector.push_stock([level(shop, f"P{number}", 2) for number in range(64)], key="event-1")
	assert [index for index, one in enumerate(outcomes) if one.failure] == [5, 60]
	assert "Something is odd" in outcomes[5].failure.sentence
	assert [on_shelf(shop, f"P{number}") for number in range(64)].count(2) == 62
	assert len(sent(vendor)) <= 2 * 2 * 6 + 1


@pytest.mark.parametrize("kind", ("drop", "error_after", "internal_error"))
def test_a_retry_carries_the_same_key_and_does_nothing_twice(vendor, stocked, kind):
	"""The answer is lost, meanwhile one is sold; the repetition must not take the sale back."""
	connector = Connected(vendor, timeouts=(1, 1)).connector
	vendor.troubles.add(kind, operation="inventorySetQuantities")
	with pytest.raises(Unreachable):
		connector.push_stock([level(stocked, "P0", 7)], key="event-1")
	done_before = kind != "internal_error"
	assert on_shelf(stocked, "P0") == (7 if done_before else 10)
	place_order(stocked, [Line("P0", quantity=2)])
	(outcome,) = connector.push_stock([level(stocked, "P0", 7)], key="event-1")
	assert outcome.failure is None
	first, second = sent(vendor)
	assert first == second and first["key"]
	assert on_shelf(stocked, "P0") == (5 if done_before else 7)
	assert len(stocked.adjustments) == 1


def test_other_content_under_the_same_key_is_another_call(shopify, vendor, stocked):
	shopify.push_stock([level(stocked, "P0", 7)], key="event-1")
	shopify.push_stock([level(stocked, "P0", 8)], key="event-1")
	shopify.push_stock([level(stocked, "P0", 7)], key="event-2")
	assert on_shelf(stocked, "P0") == 7
	assert len({one["key"] for one in sent(vendor)}) == len(sent(vendor)) == 3


def test_after_a_refusal_the_same_push_works_once_its_cause_is_gone(shopify, vendor, stocked):
	"""Shopify remembers the failed key and asks for a new one."""
	elsewhere = stocked.add_location("Elsewhere")
	row = level(stocked, "P0", 4, elsewhere)
	(outcome,) = shopify.push_stock([row], key="event-1")
	assert isinstance(outcome.failure, Rejected)
	from sandbox.vendors.shopify.stock import activate

	activate(
		stocked,
		f"gid://shopify/InventoryItem/{row.stock_id}",
		f"gid://shopify/Location/{row.location_id}",
		0,
		None,
	)
	(outcome,) = shopify.push_stock([row], key="event-1")
	assert outcome.failure is None
	assert stocked.variant("P0").inventory_item.levels[elsewhere.id].available == 4


def test_a_call_that_is_still_under_way_is_waited_for(shopify, vendor, stocked):
	vendor.troubles.add("in_progress", operation="inventorySetQuantities")
	with pytest.raises(RateLimited) as caught:
		shopify.push_stock([level(stocked, "P0", 7)], key="event-1")
	assert 0 < caught.value.retry_after <= 60
	(outcome,) = shopify.push_stock([level(stocked, "P0", 7)], key="event-1")
	assert outcome.failure is None and on_shelf(stocked, "P0") == 7


def test_absolute_numbers_are_never_stale(shopify, vendor, stocked):
	"""Shopify wants to hear what we think it has; we say that it does not matter, so no sale in between
	makes a push fail."""
	place_order(stocked, [Line("P0", quantity=3)])
	(outcome,) = shopify.push_stock([level(stocked, "P0", 6)], key="event-1")
	assert outcome.failure is None and on_shelf(stocked, "P0") == 6
	(row,) = sent(vendor)[0]["input"]["quantities"]
	assert row["changeFromQuantity"] is None


class Doubtful(ShopifyVendor):
	"""Compares with another number than we sent, as if somebody had changed it at that moment."""

	stale: frozenset[str] = frozenset()

	def _graphql(self, request, version):
		known = request.get_json()
		if "inventorySetQuantities" in known["query"]:
			for row in known["variables"]["input"]["quantities"]:
				if row["inventoryItemId"] in self.stale:
					row["changeFromQuantity"] = -5
			return json_response(
				self.admin.run(known["query"], known["variables"], None, version, self.versions, self.scopes)
			)
		return super()._graphql(request, version)


def test_a_stale_row_fails_alone(open_shop):
	vendor = open_shop(Doubtful(Shop(prefix="s-")))
	shop, connector = vendor.shop, Connected(vendor).connector
	for number in range(3):
		shop.add_product(f"Part {number}", sku=f"P{number}", stock=10)
	vendor.stale = frozenset([f"gid://shopify/InventoryItem/{shop.variant('P1').inventory_item.id}"])
	outcomes = connector.push_stock([level(shop, f"P{number}", 2) for number in range(3)], key="event-1")
	assert [type(one.failure) for one in outcomes] == [type(None), Rejected, type(None)]
	assert "changeFromQuantity" in outcomes[1].failure.sentence
	assert [on_shelf(shop, f"P{number}") for number in range(3)] == [2, 10, 2]


def test_pieces_are_whole(shopify, stocked):
	shopify.push_stock([level(stocked, "P0", "7.9")], key="event-1")
	assert on_shelf(stocked, "P0") == 7, "what is not there in whole is not sold"


def test_locations(shopify, shop):
	closed = shop.add_location("Closed")
	closed.is_active = False
	found = {one.name: (one.id, one.active) for one in shopify.list_locations()}
	assert found == {
		"Main Warehouse": (str(shop.primary_location.id), True),
		"Closed": (str(closed.id), False),
	}


# ---- parcels


def shipment(order, pieces: dict[int, int] | None = None, **known) -> Shipment:
	pieces = pieces or {position: line.quantity for position, line in enumerate(order.lines)}
	return Shipment(
		**{
			"reference": "DN-0001",
			"order_id": str(order.id),
			"lines": tuple(
				ShippedLine(line_id=str(order.lines[position].id), quantity=Decimal(units))
				for position, units in pieces.items()
			),
			"shipped_at": datetime.now(timezone.utc),
			"carrier": "UPS",
			"tracking_numbers": ("1Z999",),
			**known,
		}
	)


@pytest.fixture
def bought(shop):
	return cases.place_case(shop, "tax_exclusive")


def test_a_parcel_is_told(shopify, bought):
	found = shopify.fulfil_order(
		shipment(bought, {0: 2}, tracking_urls=("https://t.example/1",), notify=False),
		key="k",
		look_first=False,
	)
	(parcel,) = bought.fulfillments
	assert found.id == str(parcel.id) and found.tracking_numbers == ("1Z999",)
	assert [(line.line_id, line.quantity) for line in found.lines] == [(str(bought.lines[0].id), 2)]
	assert parcel.tracking == [{"company": "UPS", "number": "1Z999", "url": "https://t.example/1"}]
	assert not parcel.notify_customer and bought.fulfillment_status == "PARTIALLY_FULFILLED"
	rest = shopify.fulfil_order(
		shipment(bought, {0: 1, 1: 2}, tracking_numbers=("1Z998",)), key="k", look_first=False
	)
	assert rest.id == str(bought.fulfillments[1].id) and bought.fulfillment_status == "FULFILLED"


def test_a_parcel_that_was_called_off_is_taken_back(vendor, shopify, bought):
	shopify.fulfil_order(shipment(bought, {0: 2}), key="k", look_first=False)
	other = shipment(bought, {0: 1, 1: 2}, tracking_numbers=("1Z998",))
	shopify.fulfil_order(other, key="k", look_first=False)
	for _again in range(2):
		[parcel] = shopify.cancel_fulfilment(shipment(bought, {0: 2}))
		assert parcel.cancelled and parcel.id == str(bought.fulfillments[0].id)
	assert [one.status for one in bought.fulfillments] == ["CANCELLED", "SUCCESS"]
	assert vendor.log.count("fulfillmentCancel") == 1
	assert shopify.cancel_fulfilment(shipment(bought, tracking_numbers=())) == []
	# booked anew: told anew, for all that the shop knew of the parcel before
	again = shipment(bought, {0: 2}, tracking_numbers=("1Z997",), fulfilment_id=parcel.id)
	assert shopify.fulfil_order(again, key="k", look_first=False).id == str(bought.fulfillments[2].id)
	assert bought.fulfillment_status == "FULFILLED"


def test_a_parcel_that_the_shop_does_not_let_go(vendor, shopify, bought, monkeypatch):
	shopify.fulfil_order(shipment(bought), key="k", look_first=False)
	# cancelled by somebody else between our look and our call
	look = shopify._fulfilment_orders

	def too_late(order_id):
		order = look(order_id)
		cancel_fulfillment(vendor.shop, bought.fulfillments[0])
		return order

	monkeypatch.setattr(shopify, "_fulfilment_orders", too_late)
	with pytest.raises(Rejected, match="already cancelled"):
		shopify.cancel_fulfilment(shipment(bought))
	monkeypatch.undo()
	assert shopify.cancel_fulfilment(shipment(bought))[0].cancelled, "the next try sees it"


@pytest.mark.parametrize("tracking", (("1Z999",), ()), ids=("tracking", "no tracking"))
@pytest.mark.parametrize("kind", ("drop", "error_after"))
def test_a_lost_answer_makes_one_parcel(vendor, bought, kind, tracking):
	connector = Connected(vendor, timeouts=(1, 1)).connector
	vendor.troubles.add(kind, operation="fulfillmentCreate")
	told = shipment(bought, {0: 2}, tracking_numbers=tracking)
	with pytest.raises(Unreachable) as caught:
		connector.fulfil_order(told, key="k", look_first=False)
	assert caught.value.maybe_done, "so the engine looks first"
	for _again in range(3):
		found = connector.fulfil_order(told, key="k", look_first=True)
		assert found.id == str(bought.fulfillments[0].id)
	assert len(bought.fulfillments) == vendor.log.count("fulfillmentCreate") == 1


@pytest.mark.parametrize("tracking", (("1Z999",), ()), ids=("tracking", "no tracking"))
def test_a_lost_request_is_made_again(vendor, bought, tracking):
	connector = Connected(vendor, timeouts=(1, 1)).connector
	vendor.troubles.add("drop_before", operation="fulfillmentCreate")
	told = shipment(bought, {0: 2}, tracking_numbers=tracking)
	with pytest.raises(Unreachable):
		connector.fulfil_order(told, key="k", look_first=False)
	assert bought.fulfillments == []
	connector.fulfil_order(told, key="k", look_first=True)
	assert len(bought.fulfillments) == 1


def test_two_parcels_with_one_tracking_number(shopify, bought):
	"""Two Delivery Notes in one carton: that the first was told says nothing about the second."""
	shopify.fulfil_order(shipment(bought, {0: 3}), key="k", look_first=False)
	shopify.fulfil_order(shipment(bought, {1: 2}, reference="DN-0002"), key="k", look_first=True)
	assert len(bought.fulfillments) == 2 and bought.fulfillment_status == "FULFILLED"


@pytest.mark.parametrize("kind", ("drop", "drop_before"))
@pytest.mark.parametrize("lost", (1, 2))
def test_a_shipment_from_two_locations(vendor, shop, lost, kind):
	"""It is two parcels at Shopify; whichever call is lost, in the end each piece is told once."""
	connector = Connected(vendor, timeouts=(1, 1)).connector
	shop.add_location("Second")
	order = place_order(
		shop,
		[Line(cases.tee(shop), quantity=2), Line(cases.mug(shop), quantity=3, location="Second")],
	)
	assert len(order.fulfillment_orders) == 2
	told = shipment(order)
	vendor.troubles.add(kind, operation="fulfillmentCreate", skip=lost - 1)
	with pytest.raises(Unreachable):
		connector.fulfil_order(told, key="k", look_first=False)
	for _again in range(2):
		connector.fulfil_order(told, key="k", look_first=True)
	assert order.fulfillment_status == "FULFILLED" and len(order.fulfillments) == 2
	assert sorted(sum(line.quantity for line in one.lines) for one in order.fulfillments) == [2, 3]


def test_an_order_of_300_lines_is_fulfilled(vendor, shop):
	connector = Connected(vendor).connector
	order = cases.place_case(shop, "three_hundred_lines")
	connector.fulfil_order(
		shipment(order, {position: 1 for position in range(60, 180)}), key="k", look_first=False
	)
	assert sum(line.fulfilled for line in order.lines) == 120
	rest = {position: line.unfulfilled for position, line in enumerate(order.lines) if line.unfulfilled}
	assert len(rest) > 250
	told = shipment(order, rest, tracking_numbers=())
	connector.fulfil_order(told, key="k", look_first=False)
	assert order.fulfillment_status == "FULFILLED"
	before = len(order.fulfillments)
	connector.fulfil_order(told, key="k", look_first=True)
	assert len(order.fulfillments) == before


def test_what_is_left_after_half_was_told_must_be_open(shopify, shop, bought):
	"""Two of three were told; the third is no longer open: that is not the same as told."""
	shopify.fulfil_order(shipment(bought, {0: 1}), key="k", look_first=False)
	fulfil_order(shop, bought, {0: 1}, company="UPS", number="by hand")
	with pytest.raises(Rejected, match="for 1 of the pieces"):
		shopify.fulfil_order(shipment(bought, {0: 3}), key="k", look_first=True)


def test_a_parcel_that_was_called_back_does_not_count(shopify, shop, bought):
	first = shopify.fulfil_order(shipment(bought), key="k", look_first=False)
	cancel_fulfillment(shop, bought.fulfillments[0])
	again = shopify.fulfil_order(shipment(bought), key="k", look_first=True)
	assert again.id != first.id and len(bought.fulfillments) == 2


def test_what_the_shop_shipped_itself_is_recognised(shopify, shop, bought):
	parcel = fulfil_order(shop, bought, company="UPS", number="1Z999")
	assert shopify.fulfil_order(shipment(bought), key="k", look_first=False).id == str(parcel.id)
	with pytest.raises(Rejected, match="nothing open to fulfil for 5 of the pieces of DN-0001"):
		shopify.fulfil_order(shipment(bought, tracking_numbers=("another",)), key="k", look_first=False)


def test_more_than_was_ordered_is_not_told_in_part(shopify, bought):
	with pytest.raises(Rejected, match="for 2 of the pieces"):
		shopify.fulfil_order(shipment(bought, {0: 5}), key="k", look_first=False)
	assert bought.fulfillments == []


def test_an_order_that_is_gone(shopify, bought):
	with pytest.raises(Gone):
		shopify.fulfil_order(shipment(bought, order_id="1"), key="k", look_first=False)


# ---- signing in


def by_client(vendor, vault=None, **changes) -> Connected:
	return Connected(vendor, vault, **{"access_token": "", "client_id": vendor.client_id, **changes})


def test_a_token_is_fetched_once_for_all_workers(vendor):
	vault = Vault()
	for _worker in range(3):
		connected = by_client(vendor, vault)
		connected.connector.check()
		connected.connector.list_locations()
	assert vendor.log.count("access_token") == 1
	token, until = vault.kept["access_token"]
	assert token.partition(":")[2] in vendor.tokens
	life = until - datetime.now(timezone.utc)
	assert timedelta(hours=23) < life < timedelta(seconds=vendor.token_life), "renewed before it ends"


def test_a_token_that_ended_is_renewed(vendor):
	vault = Vault()
	by_client(vendor, vault).connector.check()
	vault.now = lambda: datetime.now(timezone.utc) + timedelta(hours=24)
	by_client(vendor, vault).connector.check()
	assert vendor.log.count("access_token") == 2
	assert {entry.status for entry in vendor.log.find()} == {200}, "nobody met a 401"


def test_a_token_that_was_withdrawn_is_renewed_once(vendor):
	connected = by_client(vendor)
	connected.connector.check()
	vendor.expire_tokens()
	connected.connector.check()
	assert vendor.log.count("access_token") == 2
	assert [one.status for one in connected.exchanges] == [200, 200, 401, 200, 200]


def test_a_shop_that_refuses_every_token_is_not_asked_for_ever(vendor):
	vendor.token_life = 0
	with pytest.raises(NotAuthorised):
		by_client(vendor).connector.check()
	assert vendor.log.count() == 4


def test_a_short_lived_token_is_used_at_least_half_its_life(vendor):
	vendor.token_life = 300
	connected = by_client(vendor)
	connected.connector.check()
	life = connected.vault.kept["access_token"][1] - datetime.now(timezone.utc)
	assert timedelta(seconds=140) < life <= timedelta(seconds=151)


@pytest.mark.parametrize("wrong", ({"client_secret": "wrong-one"}, {"client_id": "wrong-one"}))
def test_a_wrong_client(vendor, wrong):
	with pytest.raises(NotAuthorised, match="client ID and client secret"):
		by_client(vendor, **wrong).connector.check()


def test_a_wrong_token(vendor):
	connected = Connected(vendor, access_token="shpat_wrong", client_id=vendor.client_id)
	with pytest.raises(NotAuthorised, match="access key"):
		connected.connector.check()
	assert vendor.log.count("access_token") == 0, "a person's token is not replaced behind his back"


def test_nothing_to_sign_in_with(vendor):
	with pytest.raises(NotAuthorised, match="Enter the shop's Admin API access token"):
		Connected(vendor, access_token="", client_secret="").connector.check()


def test_no_key_is_in_any_exchange(vendor, stocked):
	for connected in (Connected(vendor), by_client(vendor)):
		connected.connector.check()
		connected.connector.push_stock([level(stocked, "P0", 3)], key="event-1")
		said = repr(connected.exchanges)
		for key in (vendor.token, vendor.client_secret, *vendor.tokens):
			assert key not in said


# ---- test connection


def test_check_says_who_and_what(shopify):
	found = shopify.check()
	assert (found.account, found.currency, found.warnings) == ("Sandbox Shop", "USD", ())
	assert "sandbox-shop.myshopify.com" in found.detail


def test_another_version_than_asked_for_is_noticed(vendor, shopify):
	shopify.check()
	assert shopify.served_version == API_VERSION
	vendor.versions = ["2027-01", "2027-04"]
	(warning,) = shopify.check().warnings
	assert shopify.served_version == "2027-01"
	assert "2027-01" in warning and API_VERSION in warning


def test_a_version_that_is_gone_altogether(vendor, shopify):
	vendor.versions = ["2026-01", "2026-04"]
	with pytest.raises(NotAuthorised):
		shopify.check()


def test_missing_scopes_are_named(vendor, shopify):
	vendor.scopes.remove("read_all_orders")
	vendor.scopes.remove("read_products")  # write_products contains it
	vendor.scopes.remove("write_inventory")
	warnings = " ".join(shopify.check().warnings)
	assert "write_inventory" in warnings and "60 days" in warnings
	assert "read_products" not in warnings and "read_inventory" not in warnings


def test_a_scope_that_is_missing_at_work(vendor, shopify):
	vendor.scopes.remove("read_customers")
	with pytest.raises(NotAuthorised, match="read_customers"):
		shopify.pull_customers(LONG_AGO, None)


def test_without_a_secret_webhooks_are_warned_of(vendor):
	(warning,) = Connected(vendor, client_secret="").connector.check().warnings
	assert "webhook" in warning


@pytest.mark.parametrize(
	("entered", "domain"),
	[
		("my-shop.myshopify.com", "my-shop.myshopify.com"),
		(" HTTPS://My-Shop.myshopify.com/admin ", "my-shop.myshopify.com"),
		("https://admin.shopify.com/store/my-shop/orders", "my-shop.myshopify.com"),
		("my-shop", "my-shop.myshopify.com"),
	],
)
def test_shop_domains(entered, domain):
	assert shop_domain({"shop_domain": entered}) == domain
	live = {"shop_domain": entered, "environment": "Production", "sandbox_url": "http://127.0.0.1:1"}
	assert Shopify.base_url(live) == f"https://{domain}"


@pytest.mark.parametrize(
	"entered",
	[
		"",
		"evil.example.com",
		"my-shop.myshopify.com.evil.example",
		"-x.myshopify.com",
		"a@b.myshopify.com",
		"ü",
	],
)
def test_what_is_no_shop(entered):
	with pytest.raises(Rejected, match=r"myshopify\.com"):
		shop_domain({"shop_domain": entered})


# ---- limits and errors


def test_the_budget_keeps_us_from_being_throttled(vendor, shop):
	"""The vendor's own words about its bucket reach the Budget before the bucket is empty."""
	for _ in range(12):
		place_order(shop, [Line(title="A", price="1")])
	connector = Connected(vendor, budget=Budget("patient", max_wait=5)).connector
	pulled(connector)
	vendor.cost.set(maximum=400, restore=400)
	connector.check()
	vendor.log.clear()
	for _ in range(8):
		connector.fetch_orders([str(number) for number in shop.orders])
	# THROTTLED comes with status 200, so the count of calls tells: none was made in vain
	assert vendor.log.count("OrdersById") == 16


def test_throttled_closes_the_gate_for_as_long_as_it_takes(vendor, shopify):
	vendor.cost.set(maximum=1000, restore=50, available=0)
	with pytest.raises(RateLimited, match="slow down") as caught:
		shopify.list_locations()
	assert 1 <= caught.value.retry_after < 10
	asked = vendor.log.count()
	shopify.http.budget.max_wait = 0
	with pytest.raises(RateLimited, match="asked us to wait"):
		shopify.list_locations()
	assert vendor.log.count() == asked


@pytest.mark.parametrize(
	("trouble", "failure"),
	[
		({"kind": "throttled"}, RateLimited),
		({"kind": "rate_limited", "retry_after": 3}, RateLimited),
		({"kind": "error", "status": 430}, RateLimited),
		({"kind": "internal_error"}, Unreachable),
		({"kind": "error", "status": 502}, Unreachable),
		({"kind": "error", "status": 402}, NotAuthorised),
		({"kind": "error", "status": 403}, NotAuthorised),
		({"kind": "error", "status": 404}, NotAuthorised),
		({"kind": "error", "status": 423}, NotAuthorised),
		({"kind": "error", "status": 400}, Rejected),
		({"kind": "unauthorised"}, NotAuthorised),
	],
	ids=lambda value: str(value),
)
def test_what_shopifys_errors_mean(vendor, shopify, trouble, failure):
	vendor.troubles.add(**trouble)
	with pytest.raises(failure) as caught:
		shopify.list_locations()
	assert type(caught.value) is failure and caught.value.sentence


@pytest.mark.parametrize(
	("answer", "failure"),
	[
		([], Rejected),
		({}, Rejected),
		({"data": None}, Rejected),
		({"errors": "Not Found"}, Rejected),
		(
			{"errors": [{"message": "Shop is inactive", "extensions": {"code": "SHOP_INACTIVE"}}]},
			NotAuthorised,
		),
		({"errors": [{"message": "x", "extensions": {"code": "TIMEOUT"}}]}, Unreachable),
		({"errors": [{"message": "odd"}], "data": {"locations": None}}, Rejected),
	],
	ids=str,
)
def test_answers_that_are_none(open_shop, answer, failure):
	class Odd(ShopifyVendor):
		def _graphql(self, request, version):
			return json_response(answer)

	with pytest.raises(failure):
		Connected(open_shop(Odd(Shop()))).connector.list_locations()


def test_hidden_personal_data_is_simply_missing(open_shop):
	"""Without protected-customer-data approval Shopify answers null and an error for each such field."""

	class Discreet(ShopifyVendor):
		def _graphql(self, request, version):
			answer = super()._graphql(request, version)
			body = answer.get_json()
			hidden = ("customer", "billingAddress", "shippingAddress", "email", "phone")
			errors = []
			for index, node in enumerate(body["data"].get("nodes") or []):
				for name in hidden:
					node[name] = None
					errors.append(
						{
							"message": "This app is not approved to use the field.",
							"extensions": {"code": "ACCESS_DENIED"},
							"path": ["nodes", index, name],
						}
					)
			return json_response({**body, "errors": errors})

	vendor = open_shop(Discreet(Shop(prefix="d-")))
	connector = Connected(vendor).connector
	order = cases.place_case(vendor.shop, "tax_exclusive")
	record = read(connector, order)
	assert record.customer is record.billing_address is record.shipping_address is None
	assert record.total == Decimal("87.23") and "customer" in connector.hidden_fields


# ---- webhooks: subscriptions

ADDRESS = f"https://erp.example.com/api/method/{OUR_PATH}?key=abc"


def subscribed(shop) -> Counter:
	return Counter((one.topic, one.uri) for one in shop.subscriptions.values())


def subscribe(shop, topic: str, uri: str = ADDRESS, **known) -> Subscription:
	one = Subscription(shop.new_id(), topic, uri, created_at=shop.now(), updated_at=shop.now(), **known)
	shop.subscriptions[one.id] = one
	return one


EVERYTHING = Counter((topic, ADDRESS) for topic in WANTED)


def test_webhooks_are_registered_once(shopify, vendor, shop):
	changed = shopify.register_webhooks(ADDRESS)
	assert len(changed) == len(WANTED) and subscribed(shop) == EVERYTHING
	vendor.log.clear()
	assert shopify.register_webhooks(ADDRESS) == []
	assert vendor.log.count("webhookSubscription[CDU]*") == 0 and subscribed(shop) == EVERYTHING


def test_a_missing_subscription_is_made_again(shopify, shop):
	shopify.register_webhooks(ADDRESS)
	lost = [one for one in shop.subscriptions.values() if one.topic in ("ORDERS_PAID", "REFUNDS_CREATE")]
	for one in lost:
		del shop.subscriptions[one.id]
	changed = shopify.register_webhooks(ADDRESS)
	assert len(changed) == 2 and {one.split(":")[0] for one in changed} == {"ORDERS_PAID", "REFUNDS_CREATE"}
	assert subscribed(shop) == EVERYTHING


def test_doubled_and_wrong_ones_go(shopify, shop):
	shopify.register_webhooks(ADDRESS)
	doubled = subscribe(shop, "ORDERS_PAID", include_fields=["id"])
	unwanted = subscribe(shop, "INVENTORY_LEVELS_UPDATE")
	del shop.subscriptions[
		next(one.id for one in shop.subscriptions.values() if one.topic == "ORDERS_EDITED")
	]
	as_xml = subscribe(shop, "ORDERS_EDITED", format="XML")
	changed = shopify.register_webhooks(ADDRESS)
	assert not {doubled.id, unwanted.id, as_xml.id} & set(shop.subscriptions)
	assert subscribed(shop) == EVERYTHING and len(changed) == 4
	assert all(one.format == "JSON" for one in shop.subscriptions.values())


def test_what_is_not_ours_is_left_alone(shopify, shop):
	"""Other apps, other sites, and the other Connections of this site."""
	others = [
		subscribe(shop, "ORDERS_PAID", "https://other.example.com/hook"),
		subscribe(shop, "ORDERS_PAID", f"https://old.example.com/api/method/{OUR_PATH}?key=abc"),
		subscribe(shop, "ORDERS_PAID", f"https://erp.example.com/api/method/{OUR_PATH}?key=another"),
		subscribe(shop, "ORDERS_PAID", "https://erp.example.com/api/method/another_app.receive?key=abc"),
		subscribe(shop, "INVENTORY_LEVELS_UPDATE", "https://other.example.com/hook"),
	]
	shopify.register_webhooks(ADDRESS)
	assert {one.id for one in others} <= set(shop.subscriptions)
	assert subscribed(shop) == EVERYTHING + Counter((one.topic, one.uri) for one in others)


def test_many_subscriptions_of_others_come_in_pages(shopify, shop):
	for number in range(130):
		subscribe(shop, "ORDERS_PAID", f"https://other.example.com/hook/{number}")
	shopify.register_webhooks(ADDRESS)
	assert shopify.register_webhooks(ADDRESS) == []
	assert len(shop.subscriptions) == 130 + len(WANTED)


def test_an_address_that_shopify_refuses(shopify):
	with pytest.raises(Rejected, match="http"):
		shopify.register_webhooks(f"http://erp.example.com/api/method/{OUR_PATH}?key=abc")


# ---- webhooks: what arrives


def arrived(headers: dict, body: bytes) -> WebhookRequest:
	return WebhookRequest({name.lower(): value for name, value in headers.items()}, body)


def test_everything_the_shop_sends_is_verified_and_understood(shopify, vendor, shop):
	vendor.courier.hold()
	shopify.register_webhooks(ADDRESS)
	order = cases.place_case(shop, "two_refunds")
	cases.place_case(shop, "cancelled_after_payment")
	cases.place_case(shop, "two_parcels")
	shop.delete_product(shop.variant("c-MUG").product)
	seen: dict[str, set] = defaultdict(set)
	keys = set()
	for delivery in vendor.courier.deliveries:
		request = arrived(delivery.headers, delivery.body)
		shopify.verify(request)
		(notice,) = shopify.notices(request)
		assert (notice.resource, notice.action) == (TOPICS[delivery.topic][0], TOPICS[delivery.topic][2])
		assert notice.payload is None, "what a webhook carries is old by the time it is worked on"
		seen[notice.resource].add(notice.outside_id)
		keys.add(notice.dedupe_key)
		assert shopify.notices(request)[0].dedupe_key == notice.dedupe_key
	assert len(keys) == len(vendor.courier.deliveries) > 12
	assert seen["orders"] == {str(number) for number in shop.orders} and str(order.id) in seen["orders"]
	assert seen["products"] and seen["customers"]


def offline(**settings) -> Shopify:
	return Shopify(settings, Http("https://a-shop.myshopify.com"), Vault())


# made with: printf '%s' BODY | openssl dgst -sha256 -hmac SECRET -binary | base64
VECTORS = [
	(
		"shpss_0123456789abcdef",
		'{"id":820982911946154508,"email":"jon@example.com"}',
		"ne+Twf3BMrJ3AMcsdK/cwASHZl8vw1iJXvr4ORLXiaU=",
	),
	("sécret key", '{"note":"Größe 42 – ✓"}', "p62ZMHKfgm+hMCWa/T4LKNOFd/doBEZWHdf2TmgEkBs="),
	("k", "", "i7mQxAp9YcuXWXqUISUCW+UKyL63RDbjc1uYiTp/ZiA="),
]


@pytest.mark.parametrize(("secret", "body", "signature"), VECTORS)
def test_signatures(secret, body, signature):
	headers = {"X-Shopify-Hmac-Sha256": signature}
	offline(client_secret=secret).verify(arrived(headers, body.encode()))
	offline(client_secret="new", webhook_secret=secret).verify(arrived(headers, body.encode()))
	offline(client_secret=secret).verify(arrived({"Shopify-Hmac-Sha256": signature}, body.encode()))
	for connector, shown, content in (
		(offline(client_secret=secret), signature, body + " "),
		(offline(client_secret=secret), signature.lower(), body),
		(offline(client_secret=secret), signature[:-1], body),
		(offline(client_secret=secret), signature + "=", body),
		(offline(client_secret=secret), "", body),
		(offline(client_secret=secret), "é" * 44, body),
		(offline(client_secret=secret + "x"), signature, body),
		(offline(client_secret=""), signature, body),
		(offline(), signature, body),
	):
		with pytest.raises(BadSignature):
			connector.verify(arrived({"X-Shopify-Hmac-Sha256": shown}, content.encode()))


def test_no_secret_lets_nobody_in():
	"""An empty secret must not be a key that everybody has."""
	import base64
	import hashlib
	import hmac

	signature = base64.b64encode(hmac.new(b"", b"{}", hashlib.sha256).digest()).decode()
	for settings_ in ({}, {"client_secret": ""}, {"client_secret": "", "webhook_secret": ""}):
		with pytest.raises(BadSignature):
			offline(**settings_).verify(arrived({"X-Shopify-Hmac-Sha256": signature}, b"{}"))


def test_a_rotated_secret(vendor, shop):
	order = place_order(shop, [Line(title="A", price="1")])
	old = vendor.client_secret
	request = arrived(*vendor.webhook("orders/create", order))
	vendor.rotate_secret("the-new-secret")
	newer = arrived(*vendor.webhook("orders/create", order))
	both = offline(client_secret="the-new-secret", webhook_secret=old)
	both.verify(request)
	both.verify(newer)
	with pytest.raises(BadSignature):
		offline(client_secret=old).verify(newer)


def notices(topic: str, body, **headers):
	raw = body if isinstance(body, bytes) else json.dumps(body).encode()
	return offline().notices(arrived({"X-Shopify-Topic": topic, **headers}, raw))


def test_what_topics_announce():
	changed = {"updated_at": "2026-03-01T10:00:00-05:00"}
	(one,) = notices("orders/updated", {"id": 5, "name": "#1", **changed}, **{"X-Shopify-Webhook-Id": "w1"})
	assert (one.resource, one.outside_id, one.version) == ("orders", "5", "2026-03-01T15:00:00Z")
	assert (one.dedupe_key, one.label, one.action) == ("webhook:w1", "#1", "upsert")
	(one,) = notices("refunds/create", {"id": 9, "order_id": 5})
	assert (one.resource, one.outside_id) == ("orders", "5")
	(one,) = notices("orders/edited", {"order_edit": {"id": 1, "order_id": 5}})
	assert one.outside_id == "5"
	(one,) = notices("products/delete", {"id": 7})
	assert (one.resource, one.outside_id, one.action, one.version) == ("products", "7", "delete", "")
	assert notices("app/uninstalled", {"id": 1}) == notices("carts/update", {"id": "x"}) == []


def test_without_a_delivery_id_the_change_is_the_key():
	body = {"id": 5, "updated_at": "2026-03-01T10:00:00Z"}
	first, again = notices("orders/updated", body)[0], notices("orders/updated", body)[0]
	assert first.dedupe_key == again.dedupe_key
	other = notices("orders/updated", {**body, "updated_at": "2026-03-01T10:00:01Z"})[0]
	assert other.dedupe_key != first.dedupe_key


@pytest.mark.parametrize(
	"body",
	[b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 50_000, b"{}", b'{"id": null}', b'{"id": true}']
	+ [b'{"id": "x/../y"}', b'{"id": {}}', b'{"id": 1.5}', b'{"id": -1}'],
	ids=range(14),
)
def test_a_body_that_says_nothing_is_rejected(body):
	with pytest.raises(Rejected):
		notices("orders/create", body)


@settings(max_examples=200, deadline=None)
@given(
	st.sampled_from([*TOPICS, "", "x/y"]),
	st.dictionaries(
		st.sampled_from(["id", "order_id", "order_edit", "updated_at", "created_at", "name", "title"]),
		st.recursive(
			st.none()
			| st.booleans()
			| st.integers()
			| st.floats()
			| st.text()
			| st.datetimes().map(str)
			| st.sampled_from(
				["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-03-01T10:00:00Z"]
			),
			lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just("order_id"), inner),
			max_leaves=4,
		),
	),
)
def test_any_body_is_understood_or_rejected(topic, body):
	try:
		found = notices(topic, body)
	except Rejected:
		return
	for one in found:
		assert one.outside_id.isdigit() and one.dedupe_key and isinstance(one.label, str)


# ---- one connector among others


def test_what_shopify_can_do():
	assert all_connectors()["shopify"] is Shopify
	assert capabilities(Shopify) == [
		"ReceivesWebhooks",
		"ListsLocations",
		"PullsOrders",
		"PullsProducts",
		"PullsCustomers",
		"PushesStock",
		"FulfilsOrders",
		"CancelsFulfilments",
	]


def test_two_shops_at_once_do_not_mix(open_shop):
	"""Two Connections in two threads of one worker: what one learns about its shop stays with it."""
	vendors = [open_shop(ShopifyVendor(Shop(prefix=f"{name}-"), token=f"shpat_{name}")) for name in "ab"]
	for vendor in vendors:
		cases.place_case(vendor.shop, "tax_exclusive")
	seen: dict[int, list] = {}

	def work(number):
		connector = Connected(vendors[number]).connector
		seen[number] = [pulled(connector)[0][0].outside_id for _ in range(5)]

	threads = [threading.Thread(target=work, args=(number,)) for number in (0, 1)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	for number, vendor in enumerate(vendors):
		assert seen[number] == [str(next(iter(vendor.shop.orders)))] * 5


def test_failures_speak_to_people(vendor, shopify, bought):
	"""No sentence holds a query, an id of ours or a stack trace."""
	for trouble in ("error", "internal_error", "throttled", "unauthorised", "drop"):
		vendor.troubles.add(trouble)
		shopify.http.budget.reset()
		with pytest.raises(Failure) as caught:
			shopify.check()
		assert not {"query", "gid://", "Traceback", "{", "<"} & set(caught.value.sentence.split())
		assert 20 < len(caught.value.sentence) < 300
