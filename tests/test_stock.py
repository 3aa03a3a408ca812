"""Stock, outward: what differs is told, once, in the vendor's batches; what is refused holds up nobody."""

import frappe
import pytest

from sandbox import books
from sandbox.vendors.shopify import stock as shop_stock


@pytest.fixture
def linked(hub):
	"""A factory of shops whose SKUs are linked to stock Items: `linked({"A": 5})` has 5 pieces of A here."""

	def make(quantities, **switches):
		shop = hub(create_items=0, **switches)
		for sku, quantity in quantities.items():
			code = shop.shop.prefix + sku
			books.stock_item(code, quantity)
			shop.shop.add_product(sku, sku=code, price="1.00", stock=0)
		shop.pull("products")
		shop.drain()
		assert {event.status for event in shop.events(resource="products")} <= {"Done"}
		return shop

	return make


def push(shop, **options):
	from integration_hub.sync import push as pushing

	before = shop.vendor.log.count(operation="inventorySetQuantities")
	sentence = pushing.run(shop.connection, **options)
	return sentence, shop.vendor.log.count(operation="inventorySetQuantities") - before


def there(shop, sku):
	return shop_stock._level(
		shop.shop, shop.shop.variant(shop.shop.prefix + sku), shop.shop.primary_location
	).available


def test_only_what_differs_is_told(linked):
	shop = linked({"A": 5, "B": 0, "C": 7})
	sentence, calls = push(shop)
	assert calls == 1 and "3 told" in sentence
	assert [there(shop, sku) for sku in "ABC"] == [5, 0, 7]
	assert push(shop)[1] == 0, "nothing changed, nothing is asked"
	books.receive(shop.shop.prefix + "A", 3)
	sentence, calls = push(shop)
	assert (calls, there(shop, "A")) == (1, 8) and "1 told" in sentence


@pytest.mark.parametrize(
	("switches", "reserved", "expected"),
	[
		({}, 0, 10),
		({}, 4, 6),
		({"stock_policy": "Actual"}, 4, 10),
		({"stock_buffer": 3}, 4, 3),
		({"stock_buffer": 99}, 0, 0),
		({"stock_buffer": 2.5}, 0, 7),
	],
)
def test_what_is_available(linked, switches, reserved, expected):
	from sandbox.vendors.shopify import orders

	shop = linked({"A": 10}, **switches)
	if reserved:
		sku = shop.shop.prefix + "A"
		assert (
			shop.bring(orders.place_order(shop.shop, [orders.Line(sku, quantity=reserved)])).status == "Done"
		)
	push(shop)
	assert there(shop, "A") == expected


def test_what_moves_while_the_shop_is_told_is_told_as_well(linked, monkeypatch):
	"""A push is under way, so the sale that happens meanwhile starts none of its own."""
	from integration_hub.connectors.shopify import Shopify

	shop = linked({"A": 5})
	push_stock, calls = Shopify.push_stock, []

	def meanwhile(self, levels, *, key):
		outcomes = push_stock(self, levels, key=key)
		if not calls:
			books.receive(shop.shop.prefix + "A", 3)
			frappe.db.commit()  # as somebody else's request does
		calls.append(key)
		return outcomes

	monkeypatch.setattr(Shopify, "push_stock", meanwhile)
	sentence, _calls = push(shop)
	assert there(shop, "A") == 8 and "2 told" in sentence
	assert len(calls) == len(set(calls)) == 2


@pytest.mark.parametrize("create_items", [0, 1])
def test_a_sku_in_another_case_is_the_item_that_the_database_takes_it_for(hub, create_items):
	"""MariaDB keeps "abc" and "ABC" as one Item, so nobody could make the second; SQLite keeps both."""
	from sandbox.vendors.shopify import orders

	shop = hub(create_items=create_items)
	written = f"{shop.shop.prefix}CASE"
	books.stock_item(written, 5)
	other = written.swapcase()
	one = bool(frappe.db.exists("Item", other))
	shop.shop.add_product("Case", sku=other, price="1.00", stock=0)
	order = orders.place_order(shop.shop, [orders.Line(other)])
	event = shop.bring(order)
	if one or create_items:
		assert event.status == "Done", event.message
		assert shop.sales_order(order).items[0].item_code == (written if one else other)
	else:
		assert event.status == "Parked" and other in event.message


def test_one_refused_sku_holds_up_nobody_and_is_named(linked):
	shop = linked({f"S{number}": 5 for number in range(20)})
	gone = shop.shop.prefix + "S7"
	shop.shop.delete_product(shop.shop.variant(gone).product)
	sentence, _calls = push(shop)
	assert "19 told" in sentence and "1 refused" in sentence
	assert there(shop, "S8") == 5
	level = frappe.db.get_value(
		"Integration Stock Level",
		{"connection": shop.connection, "item_code": gone},
		["message", "is_told"],
		as_dict=True,
	)
	assert level.message and not level.is_told
	assert push(shop)[1] == 0, "not asked again at once"


@pytest.mark.parametrize(
	"trouble",
	[
		{"kind": "rate_limited", "retry_after": 1},
		{"kind": "error", "status": 500},
		{"kind": "error_after"},
		{"kind": "drop"},
	],
	ids=lambda one: one["kind"],
)
def test_a_lost_or_refused_call_is_made_up_for(linked, trouble):
	from integration_hub.sync import connections

	shop = linked({"A": 5})
	shop.vendor.troubles.add(**trouble, times=None, operation="inventorySetQuantities")
	push(shop)
	shop.vendor.troubles.clear()
	connections.budget_of(shop.doc).reset()
	push(shop)
	assert there(shop, "A") == 5
	assert push(shop)[1] == 0


def test_a_thousand_changed_skus_are_four_calls(linked):
	shop = linked({"A": 1})
	for number in range(999):
		sku = f"{shop.shop.prefix}M{number}"
		[variant] = shop.shop.add_product(sku, sku=sku, price="1.00", stock=3).variants
		add_level(shop, variant)
	frappe.db.commit()  # the push reads them in its own transaction
	sentence, calls = push(shop)
	assert (calls, sentence) == (4, "1000 told, 0 refused")
	assert there(shop, "M998") == 1


def add_level(shop, variant):
	"""A stock row as linking an Item of its own would leave it; the Item is shared, as the push is what is counted."""
	known = frappe.get_doc(
		"Integration Stock Level", {"connection": shop.connection, "sku": shop.shop.prefix + "A"}
	)
	doc = frappe.copy_doc(known)
	doc.sku, doc.stock_id, doc.docstatus = variant.sku, str(variant.inventory_item.id), 0
	doc.db_insert()
