"""Shopify's own Python client (PyPI ShopifyAPI) reads the sandbox shop, and is content."""

import json

import pytest

from sandbox.vendors.shopify import cases

shopify = pytest.importorskip("shopify", reason="PyPI ShopifyAPI is not installed")


@pytest.fixture
def session(vendor, monkeypatch):
	"""The client builds hosts as NAME.myshopify_domain: 127 and 0.0.1 make the loopback address."""
	for name, value in (
		("protocol", "http"),
		("myshopify_domain", "0.0.1"),
		("port", vendor.url.rsplit(":", 1)[1]),
	):
		monkeypatch.setattr(shopify.Session, name, value)
	session = shopify.Session("127", "2026-10", "shpat_sandbox")
	shopify.ShopifyResource.activate_session(session)
	yield session
	shopify.ShopifyResource.clear_session()


def test_the_shop(session):
	shop = shopify.Shop.current()
	assert (shop.name, shop.currency, shop.myshopify_domain) == (
		"Sandbox Shop",
		"USD",
		"sandbox-shop.myshopify.com",
	)


def test_orders_and_what_belongs_to_them(session, shop):
	placed = cases.place_case(shop, "partial_refund_restock")
	cases.place_case(shop, "two_parcels")
	found = shopify.Order.find(status="any")
	assert [one.name for one in found] == ["#t-1001", "#t-1002"]
	order = shopify.Order.find(placed.id)
	assert (order.total_price, order.current_total_price, order.financial_status) == (
		"76.44",
		"57.74",
		"partially_refunded",
	)
	assert order.customer.email == "t-bob@example.com" and order.line_items[0].sku == "t-TEE"
	assert order.refunds[0].refund_line_items[0].restock_type == "cancel"
	transactions = shopify.Transaction.find(order_id=placed.id)
	assert [(one.kind, one.amount) for one in transactions] == [("sale", "76.44"), ("refund", "18.70")]
	assert shopify.Order.count(status="any") == 2


def test_lists_page_by_link(session, shop):
	for _ in range(5):
		cases.place_case(shop, "tax_exclusive")
	page = shopify.Order.find(status="any", limit=2)
	seen = list(page)
	while page.has_next_page():
		page = page.next_page()
		seen += page
	assert [one.id for one in seen] == list(shop.orders)


def test_products_customers_locations_and_levels(session, shop):
	cases.place_case(shop, "variants")
	(hat,) = [one for one in shopify.Product.find() if one.title == "Hat t-"]
	assert [(one.sku, one.price, one.option1) for one in hat.variants] == [
		("t-HAT-S", "24.00", "Small"),
		("t-HAT-L", "26.00", "Large"),
	]
	assert shopify.Customer.find()[0].default_address.city == "Louisville"
	(place,) = shopify.Location.find()
	levels = shopify.InventoryLevel.find(inventory_item_ids=hat.variants[0].inventory_item_id)
	assert [(one.location_id, one.available) for one in levels] == [(place.id, 98)]


def test_graphql(session, shop):
	placed = cases.place_case(shop, "tax_exclusive")
	answer = shopify.GraphQL().execute(
		"query One($id: ID!) { order(id: $id) { name totalPriceSet { shopMoney { amount } } } }",
		variables={"id": f"gid://shopify/Order/{placed.id}"},
		operation_name="One",
	)
	known = json.loads(answer)["data"]["order"]
	assert known == {"name": placed.name, "totalPriceSet": {"shopMoney": {"amount": "87.23"}}}


def test_a_wrong_token_and_a_wrong_id(session, vendor, shop):
	import pyactiveresource.connection as connection

	with pytest.raises(connection.ResourceNotFound):
		shopify.Order.find(1)
	shopify.ShopifyResource.activate_session(shopify.Session("127", "2026-10", "shpat_wrong"))
	with pytest.raises(connection.UnauthorizedAccess):
		shopify.Shop.current()
