"""What all vendors share: troubles, the log, webhooks on their way, the control API, the command line."""

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time

import pytest
import requests

from sandbox.vendors import vendor_class
from sandbox.vendors.shopify import cases
from sandbox.vendors.shopify.orders import change_order, mark_paid
from tests.vendors.conftest import PROJECT, Client

SHOP = "{ shop { name } }"
SUBSCRIBE = "mutation($topic: WebhookSubscriptionTopic!, $sub: WebhookSubscriptionInput!) { webhookSubscriptionCreate(topic: $topic, webhookSubscription: $sub) { webhookSubscription { id topic uri format includeFields apiVersion { handle } } userErrors { field message } } }"
CANCEL = "mutation($id: ID!) { orderCancel(orderId: $id, reason: OTHER, restock: true) { job { id } orderCancelUserErrors { code } } }"


def subscribe(client, topic: str, uri: str, **more) -> dict:
	return client.run(SUBSCRIBE, topic=topic, sub={"uri": uri, **more})["webhookSubscriptionCreate"]


# ---- troubles


def test_troubles_answer_in_the_vendors_words(vendor, client):
	vendor.troubles.add("rate_limited", retry_after=2)
	limited = client.post(SHOP)
	assert (limited.status_code, limited.headers["Retry-After"]) == (429, "2.0")
	vendor.troubles.add("error", status=502)
	assert client.post(SHOP).status_code == 502
	vendor.troubles.add("unauthorised")
	assert client.post(SHOP).status_code == 401
	vendor.troubles.add("throttled")
	assert client.post(SHOP).json()["errors"][0]["extensions"]["code"] == "THROTTLED"
	vendor.troubles.add("internal_error")
	assert client.post(SHOP).json()["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
	assert client.run(SHOP)


def test_a_trouble_strikes_what_it_names_and_as_often(vendor, client):
	vendor.troubles.add("error", times=2, operation="shop", skip=1)
	assert client.post("{ locations(first: 1) { nodes { id } } }").status_code == 200
	assert [client.post(SHOP).status_code for _ in range(4)] == [200, 500, 500, 200]
	vendor.troubles.add("error", times=None, probability=0.5, path="*/graphql.json")
	seen = [client.post(SHOP).status_code for _ in range(40)]
	assert 5 < seen.count(500) < 35
	vendor.troubles.clear()
	assert client.run(SHOP)
	with pytest.raises(ValueError, match="no_such"):
		vendor.troubles.add("no_such")


@pytest.mark.parametrize(("kind", "acted"), [("drop", True), ("drop_before", False), ("timeout", True)])
def test_no_answer_says_nothing_about_what_was_done(vendor, client, shop, kind, acted):
	order = cases.place_case(shop, "tax_exclusive")
	vendor.troubles.add(kind, seconds=0.2, operation="orderCancel")
	with pytest.raises(requests.ConnectionError):
		client.post(CANCEL, {"id": f"gid://shopify/Order/{order.id}"})
	assert (order.cancelled_at is not None) == acted
	(entry,) = vendor.log.find(operation="orderCancel")
	assert (entry.status, entry.trouble) == (None, kind)


def test_an_error_after_the_deed_and_a_slow_answer(vendor, client, shop):
	order = cases.place_case(shop, "tax_exclusive")
	vendor.troubles.add("error_after", operation="orderCancel")
	assert client.post(CANCEL, {"id": f"gid://shopify/Order/{order.id}"}).status_code == 500
	assert order.cancelled_at
	vendor.troubles.add("slow", seconds=0.3)
	began = time.time()
	assert client.run(SHOP) and time.time() - began > 0.3
	vendor.troubles.add("timeout", seconds=60)
	with pytest.raises(requests.Timeout):
		client.post(SHOP, timeout=0.3)


def test_the_log_names_operations_and_holds_no_token(vendor, client):
	client.run("query Who { shop { name } }")
	client.run("{ locations(first: 1) { nodes { id } } shop { name } }")
	assert vendor.log.count(operation="shop") == 2 and vendor.log.count(operation="Who") == 1
	assert vendor.log.count(path="*/graphql.json", method="post") == 2
	assert client.token not in repr(vendor.log.entries)
	assert json.loads(vendor.log.entries[0].body)["query"].startswith("query Who")


# ---- webhooks


def test_a_webhook_is_signed_and_shaped_as_shopify_does(vendor, client, shop, mailbox):
	known = subscribe(client, "ORDERS_CREATE", mailbox.url)
	assert known["userErrors"] == [] and known["webhookSubscription"]["apiVersion"] == {"handle": "2026-10"}
	order = cases.place_case(shop, "partial_refund_restock", steps=0)
	assert vendor.courier.wait(10)
	((headers, raw),) = mailbox.received
	expected = base64.b64encode(hmac.new(b"sandbox-secret", raw, hashlib.sha256).digest()).decode()
	assert headers["X-Shopify-Hmac-Sha256"] == expected
	assert headers["X-Shopify-Topic"] == "orders/create"
	assert headers["X-Shopify-Shop-Domain"] == "sandbox-shop.myshopify.com"
	for name in (
		"X-Shopify-Webhook-Id",
		"X-Shopify-Event-Id",
		"X-Shopify-Triggered-At",
		"X-Shopify-API-Version",
	):
		assert headers[name]
	body = json.loads(raw)
	assert body["id"] == order.id and body["total_price"] == "76.44" and body["currency"] == "USD"
	assert body["created_at"].endswith("-05:00")
	assert body["discount_codes"] == [{"code": "TENOFF", "amount": "10.00", "type": "fixed_amount"}]
	assert body["line_items"][0]["discount_allocations"][0]["amount"] == "8.01"


def test_webhook_bodies_have_the_shape_of_shopifys_fixtures(vendor, shop, shopify_data):
	"""Every field that we send has the type of the fixture's, where the fixture has it; ids are numbers."""
	order = cases.place_case(shop, "two_parcels")
	body = json.loads(vendor.webhook("orders/create", order)[1])
	official = json.loads((shopify_data / "rest_fixtures" / "order.json").read_text())["order"]
	assert _different(body, official) == []
	needed = {
		"id",
		"name",
		"email",
		"total_price",
		"subtotal_price",
		"total_tax",
		"currency",
		"financial_status",
	}
	needed |= {
		"line_items",
		"shipping_lines",
		"customer",
		"tax_lines",
		"billing_address",
		"taxes_included",
		"test",
	}
	assert needed <= set(body) & set(official)
	for name, table in (
		("product", shop.products),
		("customer", shop.customers),
		("location", shop.locations),
	):
		official = json.loads((shopify_data / "rest_fixtures" / f"{name}.json").read_text())[name]
		ours = getattr(vendor.rest, name)(next(iter(table.values())))
		assert _different(ours, official) == [], name


# where the fixtures, of several years, differ from what Shopify sends now
OLD_FIXTURE = {"total_price_usd", "reference", "fulfillments", "latitude", "longitude", "updated_at"}


def _different(ours, theirs, path="") -> list[str]:
	if ours is None or theirs is None:
		return []
	if isinstance(ours, dict) and isinstance(theirs, dict):
		return [
			one
			for name in set(ours) & set(theirs) - OLD_FIXTURE
			for one in _different(ours[name], theirs[name], f"{path}.{name}")
		]
	if isinstance(ours, list) and isinstance(theirs, list):
		return _different(ours[0], theirs[0], f"{path}[0]") if ours and theirs else []
	same = type(ours) is type(theirs) or {type(ours), type(theirs)} == {int, float}
	return [] if same else [f"{path}: {ours!r}, theirs {theirs!r}"]


def test_each_thing_that_happens_is_told(vendor, client, shop, mailbox):
	topics = "ORDERS_CREATE ORDERS_PAID ORDERS_UPDATED ORDERS_EDITED ORDERS_CANCELLED ORDERS_FULFILLED REFUNDS_CREATE FULFILLMENTS_CREATE PRODUCTS_CREATE INVENTORY_LEVELS_UPDATE CUSTOMERS_CREATE"
	for topic in topics.split():
		assert not subscribe(client, topic, mailbox.url)["userErrors"]
	for name in ("paid_later", "two_parcels", "edited", "cancelled_after_payment", "partial_refund_restock"):
		cases.place_case(shop, name)
	assert vendor.courier.wait(10)
	assert {topic.replace("/", "_").upper() for topic in mailbox.topics()} == set(topics.split())
	assert all(one["transactions"] or one["refund_line_items"] for one in mailbox.bodies("refunds/create"))


def test_copies_at_once_carry_one_webhook_id(vendor, client, shop, mailbox):
	subscribe(client, "ORDERS_CREATE", mailbox.url)
	vendor.courier.copies = 8
	cases.place_case(shop, "tax_exclusive")
	assert vendor.courier.wait(10)
	assert len(mailbox.received) == 8
	assert len({headers["X-Shopify-Webhook-Id"] for headers, _ in mailbox.received}) == 1
	assert len({body for _, body in mailbox.received}) == 1


def test_held_webhooks_come_in_another_order(vendor, client, shop, mailbox):
	subscribe(client, "ORDERS_CREATE", mailbox.url)
	subscribe(client, "ORDERS_PAID", mailbox.url)
	vendor.courier.hold()
	order = cases.place_case(shop, "paid_later", steps=0)
	mark_paid(shop, order)
	assert vendor.courier.wait(5) and mailbox.received == []
	vendor.courier.workers = 1
	assert vendor.courier.release("reversed") == 2
	assert vendor.courier.wait(10)
	assert mailbox.topics() == ["orders/paid", "orders/create"]


def test_a_refused_webhook_comes_again_and_the_tries_are_kept(vendor, client, shop, mailbox):
	vendor.courier.retries = (0.05, 0.05, 0.05)
	subscribe(client, "ORDERS_CREATE", mailbox.url)
	mailbox.answers[:] = [500, 503]
	cases.place_case(shop, "tax_exclusive")
	assert vendor.courier.wait(10)
	(delivery,) = vendor.courier.deliveries
	assert [one.status for one in delivery.attempts] == [500, 503, 200] and delivery.state == "delivered"
	assert len({headers["X-Shopify-Webhook-Id"] for headers, _ in mailbox.received}) == 1
	mailbox.answers[:] = [500] * 4
	cases.place_case(shop, "tax_exclusive")
	assert vendor.courier.wait(10)
	assert vendor.courier.deliveries[1].state == "failed" and len(vendor.courier.deliveries[1].attempts) == 4
	vendor.courier.again(2)
	assert vendor.courier.wait(10) and vendor.courier.deliveries[1].state == "delivered"


def test_subscriptions_are_listed_changed_and_deleted(vendor, client, shop, mailbox):
	first = subscribe(client, "ORDERS_CREATE", mailbox.url, includeFields=["id", "name"])[
		"webhookSubscription"
	]
	for uri, word in ((mailbox.url, "taken"), ("http://example.com/x", "not supported"), ("", "blank")):
		(problem,) = subscribe(client, "ORDERS_CREATE", uri)["userErrors"]
		assert word in problem["message"]
	cases.place_case(shop, "tax_exclusive")
	assert vendor.courier.wait(10) and set(json.loads(mailbox.received[0][1])) == {"id", "name"}
	listed = "query($t: [WebhookSubscriptionTopic!]) { webhookSubscriptions(first: 10, topics: $t) { nodes { id uri } } }"
	assert [one["id"] for one in client.run(listed)["webhookSubscriptions"]["nodes"]] == [first["id"]]
	assert client.run(listed, t=["ORDERS_PAID"])["webhookSubscriptions"]["nodes"] == []
	update = "mutation($id: ID!, $sub: WebhookSubscriptionInput!) { webhookSubscriptionUpdate(id: $id, webhookSubscription: $sub) { webhookSubscription { uri } userErrors { message } } }"
	known = client.run(update, id=first["id"], sub={"uri": "https://example.com/new"})[
		"webhookSubscriptionUpdate"
	]
	assert known["webhookSubscription"]["uri"] == "https://example.com/new"
	delete = "mutation($id: ID!) { webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { message } } }"
	assert (
		client.run(delete, id=first["id"])["webhookSubscriptionDelete"]["deletedWebhookSubscriptionId"]
		== first["id"]
	)
	assert client.run(delete, id=first["id"])["webhookSubscriptionDelete"]["userErrors"]


def test_a_new_secret_signs_from_now_on(vendor, shop):
	order = cases.place_case(shop, "tax_exclusive")
	vendor.rotate_secret("new")
	headers, raw = vendor.webhook("orders/updated", order)
	assert (
		headers["X-Shopify-Hmac-Sha256"]
		== base64.b64encode(hmac.new(b"new", raw, hashlib.sha256).digest()).decode()
	)
	change_order(shop, order, note="Call")
	assert vendor.webhook("orders/updated", order)[1] != raw


# ---- other processes


def test_the_control_api_does_what_the_objects_do(vendor, client, mailbox):
	about = requests.get(f"{client.url}/_sandbox/", timeout=5).json()
	assert "place_case" in about["actions"] and "throttled" in about["troubles"]
	subscribe(client, "ORDERS_CREATE", mailbox.url)
	known = client.do("place_case", case="tax_exclusive")
	assert known["total"] == "87.23" and known["taxes"] == {"State Tax": "5.05", "City Tax": "1.41"}
	client.do("refund_order", order=known["name"], lines={"0": 1}, restock="CANCEL")
	assert client.do("expect", order=known["id"])["current"] == "65.64"
	client.do("add_product", title="Pen", sku="PEN", price="1.50", stock=7)
	placed = client.do(
		"place_order", lines=[{"sku": "PEN", "quantity": 2}], taxes=[{"title": "VAT", "rate": "0.2"}]
	)
	assert placed["total"] == "3.60" and client.do("stock")["PEN"] == {"Main Warehouse": [5, 7]}
	control = f"{client.url}/_sandbox"
	assert requests.post(f"{control}/webhooks", json={"wait": 10}, timeout=20).json() == {"idle": True}
	assert len(requests.get(f"{control}/webhooks", timeout=5).json()) == 2
	assert requests.get(
		f"{control}/log", params={"operation": "webhookSub*", "count": 1}, timeout=5
	).json() == {"count": 1}
	requests.post(f"{control}/troubles", json={"kind": "error", "status": 503}, timeout=5)
	assert client.post(SHOP).status_code == 503
	assert requests.post(f"{control}/troubles", json={"kind": "nonsense"}, timeout=5).status_code == 400
	assert requests.post(f"{control}/do/nonsense", json={}, timeout=5).status_code == 404
	assert requests.post(f"{control}/do/place_case", json={"case": "nonsense"}, timeout=5).status_code == 400
	assert requests.get(f"{control}/state", timeout=5).json()["orders"].keys() == {"#t-1001", "#t-1002"}


def test_a_vendor_as_a_process(tmp_path):
	seed = tmp_path / "seed.json"
	seed.write_text(
		json.dumps(
			{
				"shop": {"prefix": "p-", "currency": "EUR", "taxes_included": True},
				"products": [{"title": "Pen", "sku": "PEN", "price": "1.50"}],
				"orders": [{"lines": [{"sku": "PEN"}]}],
				"cases": ["tax_inclusive"],
				"token": "shpat_seeded",
			}
		)
	)
	command = [sys.executable, "-m", "sandbox.vendors", "shopify", "--port", "0", "--seed", str(seed)]
	process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
	try:
		known = json.loads(process.stdout.readline())
		client = Client(known["url"], known["token"])
		assert known["token"] == "shpat_seeded"
		assert client.run("{ shop { currencyCode } ordersCount { count } }") == {
			"shop": {"currencyCode": "EUR"},
			"ordersCount": {"count": 2},
		}
	finally:
		process.terminate()
		assert process.wait(10) == 0


def test_an_unknown_vendor_is_named():
	with pytest.raises(LookupError, match="shopify"):
		vendor_class("nobody")
