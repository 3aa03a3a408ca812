"""The sandbox shop's GraphQL Admin API: what it answers, and above all what it refuses."""

import time

import pytest
import requests

from sandbox.vendors.shopify import cases
from sandbox.vendors.shopify.orders import Line, place_order
from tests.vendors.conftest import Client

SHOP = "{ shop { name currencyCode myshopifyDomain taxesIncluded } }"
ORDERS = """
query Orders($first: Int!, $after: String, $query: String, $key: OrderSortKeys = UPDATED_AT, $reverse: Boolean) {
	orders(first: $first, after: $after, query: $query, sortKey: $key, reverse: $reverse) {
		nodes { id name updatedAt } pageInfo { hasNextPage endCursor }
	}
}"""
WHOLE = """
query Whole($first: Int!, $after: String) {
	orders(first: $first, after: $after, sortKey: ID) {
		pageInfo { hasNextPage endCursor }
		nodes {
			id legacyResourceId name email createdAt updatedAt cancelledAt test taxesIncluded displayFinancialStatus
			displayFulfillmentStatus customer { id displayName defaultEmailAddress { emailAddress } }
			billingAddress { name company address1 city countryCodeV2 } shippingAddress { name address1 zip }
			totalPriceSet { ...both } currentTotalPriceSet { ...both } totalTaxSet { ...both }
			totalRefundedSet { ...both } totalTipReceivedSet { ...both } currentTotalDutiesSet { ...both }
			taxLines { title rate priceSet { ...both } } currentTaxLines { title priceSet { ...both } }
			discountApplications(first: 5) { nodes { index targetType } }
			shippingLines(first: 5) { nodes { title discountedPriceSet { ...both } taxLines { title } } }
			lineItems(first: 50) {
				nodes {
					id sku quantity currentQuantity isGiftCard variant { id } product { id } lineItemGroup { title quantity }
					originalTotalSet { ...both } discountAllocations { allocatedAmountSet { ...both } }
					taxLines { title priceSet { ...both } } duties { price { ...both } }
				}
			}
			transactions { kind status gateway amountSet { ...both } parentTransaction { id } }
			fulfillments { status trackingInfo { company number } fulfillmentLineItems(first: 9) { nodes { quantity } } }
			refunds {
				totalRefundedSet { ...both } duties { amountSet { ...both } }
				refundLineItems(first: 9) { nodes { quantity restockType subtotalSet { ...both } } }
				refundShippingLines(first: 9) { nodes { subtotalAmountSet { ...both } taxAmountSet { ...both } } }
				orderAdjustments(first: 9) { nodes { reason amountSet { ...both } } }
			}
		}
	}
}
fragment both on MoneyBag { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"""
SET = """
mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
	inventorySetQuantities(input: $input) @idempotent(key: $key) {
		inventoryAdjustmentGroup { id reason changes { name delta quantityAfterChange item { sku } } }
		userErrors { code field message }
	}
}"""


def gid(kind: str, one) -> str:
	return f"gid://shopify/{kind}/{one.id}"


def stock_input(shop, *entries, **more) -> dict:
	"""entries: (SKU, quantity, changeFromQuantity)"""
	place = gid("Location", shop.primary_location)
	return {
		"name": "available",
		"reason": "correction",
		"quantities": [
			{
				"inventoryItemId": gid("InventoryItem", shop.variant(sku).inventory_item),
				"locationId": place,
				"quantity": quantity,
				"changeFromQuantity": expected,
			}
			for sku, quantity, expected in entries
		],
		**more,
	}


@pytest.fixture
def stocked(shop):
	for number in range(5):
		shop.add_product(f"Part {number}", sku=f"P{number}", stock=10)
	return shop


# ---- signing in, versions


def test_a_wrong_token_is_refused(client):
	answer = Client(client.url, "shpat_wrong").post(SHOP)
	assert answer.status_code == 401 and "Invalid API key or access token" in answer.json()["errors"]
	assert client.run(SHOP)["shop"]["currencyCode"] == "USD"


@pytest.mark.parametrize("encoding", ("json", "data"))
def test_client_credentials_give_a_token_that_ends(vendor, client, encoding):
	def grant(**changes):
		known = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
		known = {"grant_type": "client_credentials", **known, **changes}
		return requests.post(f"{client.url}/admin/oauth/access_token", **{encoding: known}, timeout=5)

	granted = grant().json()
	assert granted["expires_in"] == 86399 and "read_orders" in granted["scope"].split(",")
	other = Client(client.url, granted["access_token"])
	assert other.run(SHOP)
	assert grant(client_secret="wrong").status_code == 401
	assert grant(client_id="wrong").status_code == 400
	assert grant(grant_type="password").status_code == 400
	vendor.expire_tokens()
	assert other.post(SHOP).status_code == 401
	vendor.token_life = 0
	assert Client(client.url, grant().json()["access_token"]).post(SHOP).status_code == 401


def test_an_old_version_is_served_as_the_oldest_and_says_so(vendor, client):
	def served(version):
		answer = Client(client.url, version=version).post(SHOP)
		return answer.status_code, answer.headers.get("X-Shopify-API-Version")

	assert served("2026-10") == (200, "2026-10")
	assert served("2024-01") == (200, "2026-01")
	assert served("2031-01")[0] == served("banana")[0] == 404
	vendor.versions = ["2027-01", "2027-04"]
	assert served("2026-10") == (200, "2027-01")


def test_a_missing_scope_is_named(vendor, client):
	vendor.scopes.remove("read_customers")
	(problem,) = client.errors("{ customers(first: 1) { nodes { id } } }")
	assert problem["extensions"]["code"] == "ACCESS_DENIED" and "read_customers" in problem["message"]


def test_old_orders_need_read_all_orders(vendor, client, shop):
	old = place_order(shop, [Line(title="A", price="1")], at="2020-02-02T00:00:00+00:00")
	new = place_order(shop, [Line(title="A", price="1")])
	assert len(client.run(ORDERS, first=5)["orders"]["nodes"]) == 2
	vendor.scopes.remove("read_all_orders")
	assert [one["name"] for one in client.run(ORDERS, first=5)["orders"]["nodes"]] == [new.name]
	assert client.run("query($id: ID!) { order(id: $id) { id } }", id=gid("Order", old))["order"] is None


# ---- what a query may be


@pytest.mark.parametrize(
	("query", "code"),
	[
		("{ shop { motto } }", "undefinedField"),
		("{ orders(first: 1, colour: 2) { nodes { id } } }", "argumentNotAccepted"),
		("{ order { id } }", "missingRequiredArguments"),
	],
)
def test_what_the_schema_does_not_know_is_refused(client, query, code):
	assert client.errors(query)[0]["extensions"]["code"] == code


@pytest.mark.parametrize(
	"query",
	[
		"{ shop { name }",
		"{ orders(first: 251) { nodes { id } } }",
		"{ orders { nodes { id } } }",
		"{ orders(first: 1, last: 1) { nodes { id } } }",
		'{ orders(first: 1, after: "nonsense") { nodes { id } } }',
		'{ order(id: "12") { id } }',
		'{ order(id: "gid://shopify/Product/12") { id } }',
		"{ orders(first: 1, sortKey: COLOUR) { nodes { id } } }",
		"query($first: Int!) { orders(first: $first) { nodes { id } } }",
	],
)
def test_bad_queries_give_errors_and_status_200(client, query):
	answer = client.post(query)
	assert answer.status_code == 200 and answer.json()["errors"]


def test_a_body_that_is_no_query_gives_400(client):
	url, headers = f"{client.url}/admin/api/2026-10/graphql.json", {"X-Shopify-Access-Token": client.token}
	for body in (b"{", b"[]", b'{"query": 3}', b'{"query": "{ shop { name } }", "variables": [1]}'):
		assert requests.post(url, data=body, headers=headers, timeout=5).status_code == 400


def test_nodes_answers_in_order_and_null_for_the_unknown(client, stocked):
	ids = [gid("ProductVariant", stocked.variant(sku)) for sku in ("P3", "P1")]
	known = client.run(
		"query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on ProductVariant { sku } } }",
		ids=[ids[0], "gid://shopify/ProductVariant/1", ids[1]],
	)
	assert [one and one["sku"] for one in known["nodes"]] == ["P3", None, "P1"]
	(problem,) = client.errors("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids * 126)
	assert problem["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"


# ---- cost


def test_cost_is_told_and_refills(vendor, client):
	vendor.cost.set(maximum=100, restore=50)
	cost = client.post(ORDERS, {"first": 50}).json()["extensions"]["cost"]
	assert 2 < cost["requestedQueryCost"] < 60 and cost["actualQueryCost"] <= cost["requestedQueryCost"]
	assert cost["throttleStatus"]["maximumAvailable"] == 100 and cost["throttleStatus"]["restoreRate"] == 50


def test_an_empty_bucket_throttles_with_status_200(vendor, client):
	vendor.cost.set(maximum=100, restore=0.01, available=1)  # nothing comes back however slow this machine is
	answer = client.post(ORDERS, {"first": 10})
	body = answer.json()
	assert answer.status_code == 200 and body["errors"][0]["extensions"]["code"] == "THROTTLED"
	cost = body["extensions"]["cost"]
	missing = cost["requestedQueryCost"] - cost["throttleStatus"]["currentlyAvailable"]
	vendor.cost.set(restore=20, available=cost["throttleStatus"]["currentlyAvailable"])
	time.sleep(missing / 20 + 0.1)
	assert client.run(ORDERS, first=10)


def test_a_query_above_1000_points_is_refused_whatever_is_left(vendor, client):
	vendor.cost.set(maximum=20_000)
	nested = "{ customers(first: 50) { nodes { orders(first: 20) { nodes { id } } } } }"
	assert client.run(nested)
	vendor.cost.linear = True
	(problem,) = client.errors(nested)
	assert problem["extensions"]["code"] == "MAX_COST_EXCEEDED"
	assert problem["extensions"]["maxCost"] == 1000 < problem["extensions"]["cost"]


# ---- lists


def test_pages_follow_each_other_whatever_the_order(client, shop):
	for _ in range(23):
		place_order(shop, [Line(title="A", price="1")])
	everything = set(order.name for order in shop.orders.values())
	for key in ("UPDATED_AT", "CREATED_AT", "ID", "TOTAL_PRICE"):
		for reverse in (False, True):
			seen, after = [], None
			while True:
				page = client.run(ORDERS, first=5, after=after, key=key, reverse=reverse)["orders"]
				seen += [one["name"] for one in page["nodes"]]
				after = page["pageInfo"]["endCursor"]
				if not page["pageInfo"]["hasNextPage"]:
					break
			assert len(seen) == 23 and set(seen) == everything
	assert seen == sorted(seen, reverse=True)


def test_a_cursor_goes_on_where_it_was_when_orders_come_meanwhile(client, shop):
	for _ in range(4):
		place_order(shop, [Line(title="A", price="1")])
	first = client.run(ORDERS, first=2, key="ID")["orders"]
	place_order(shop, [Line(title="A", price="1")])
	second = client.run(ORDERS, first=9, key="ID", after=first["pageInfo"]["endCursor"])["orders"]
	assert len(second["nodes"]) == 3 and first["nodes"][-1]["id"] < second["nodes"][0]["id"]


def test_backwards_and_nested_pages(client, shop):
	order = cases.place_case(shop, "three_hundred_lines")
	query = "query($id: ID!, $first: Int, $after: String, $last: Int) { order(id: $id) { lineItems(first: $first, after: $after, last: $last) { edges { cursor node { sku } } pageInfo { hasNextPage hasPreviousPage endCursor } } } }"
	first = client.run(query, id=gid("Order", order), first=250)["order"]["lineItems"]
	assert len(first["edges"]) == 250 and first["pageInfo"]["hasNextPage"]
	rest = client.run(query, id=gid("Order", order), first=250, after=first["pageInfo"]["endCursor"])
	assert len(rest["order"]["lineItems"]["edges"]) == 50
	assert rest["order"]["lineItems"]["edges"][0]["node"]["sku"] == "t-PART-250"
	last = client.run(query, id=gid("Order", order), last=3)["order"]["lineItems"]
	assert [one["node"]["sku"] for one in last["edges"]] == ["t-PART-297", "t-PART-298", "t-PART-299"]
	assert last["pageInfo"]["hasPreviousPage"] and not last["pageInfo"]["hasNextPage"]


def test_orders_since_a_time(client, shop):
	old = place_order(shop, [Line(title="A", price="1")], at="2026-01-31T10:00:00+00:00")
	new = place_order(shop, [Line(title="A", price="1")], at="2026-02-01T10:00:00+00:00")

	def found(query):
		return [one["name"] for one in client.run(ORDERS, first=9, query=query)["orders"]["nodes"]]

	assert found("updated_at:>='2026-02-01T10:00:00Z'") == [new.name]
	assert found("updated_at:>'2026-02-01T10:00:00Z'") == []
	assert found("updated_at:>=2026-01-31T05:00:00-05:00") == [old.name, new.name]
	assert found(f"id:{old.id}") == found(f"id:<={old.id}") == [old.name]
	assert found(f"name:'{new.name}' OR id:{old.id}") == [old.name, new.name]
	assert found(f"-id:{old.id}") == [new.name]
	assert found("financial_status:paid updated_at:<2026-02-01") == [old.name]


def test_a_misspelt_filter_finds_everything_and_warns(client, shop):
	place_order(shop, [Line(title="A", price="1")])
	body = client.post(ORDERS, {"first": 5, "query": "updatedAt:>'2030-01-01'"}).json()
	assert len(body["data"]["orders"]["nodes"]) == 1
	assert body["extensions"]["search"][0]["warnings"][0]["field"] == "updatedAt"


def test_the_search_index_lags_when_told_to(vendor, client, shop):
	order = place_order(shop, [Line(title="A", price="1")])
	vendor.admin.search_lag = 60
	given = {"first": 5, "query": "updated_at:>=2020-01-01"}
	assert client.post(ORDERS, given).json()["data"]["orders"]["nodes"] == []
	assert len(client.post(ORDERS, {"first": 5}).json()["data"]["orders"]["nodes"]) == 1
	assert client.run("query($id: ID!) { order(id: $id) { id } }", id=gid("Order", order))["order"]
	vendor.admin.search_lag = 0
	assert len(client.post(ORDERS, given).json()["data"]["orders"]["nodes"]) == 1


def test_a_list_ends_at_25000(client, shop, monkeypatch):
	from sandbox.vendors.shopify import search

	monkeypatch.setattr(search, "DEEPEST", 4)
	for _ in range(6):
		place_order(shop, [Line(title="A", price="1")])
	page = client.run(ORDERS, first=4)["orders"]["pageInfo"]
	assert page["hasNextPage"]
	(problem,) = client.errors(ORDERS, first=4, after=page["endCursor"])
	assert "Narrow the list" in problem["message"]


def test_variants_by_sku(client, shop):
	for number in range(300):
		shop.add_product(f"Part {number}", sku=f"P-{number}")
	shop.add_product(
		"Twin", [{"sku": "TWIN", "options": {"Size": "S"}}, {"sku": "TWIN", "options": {"Size": "L"}}]
	)
	query = (
		"query($q: String) { productVariants(first: 250, query: $q) { nodes { sku inventoryItem { id } } } }"
	)

	def found(text):
		return sorted(one["sku"] for one in client.run(query, q=text)["productVariants"]["nodes"])

	assert found("sku:P-7") == ["P-7"]
	assert found("sku:'P-7' OR sku:'P-70'") == ["P-7", "P-70"]
	assert found("sku:p-7*") == ["P-7", *(f"P-7{digit}" for digit in range(10))]
	assert found("sku:TWIN") == ["TWIN", "TWIN"]
	assert found("sku:NONE") == []
	began = time.time()
	assert len(found(" OR ".join(f"sku:'P-{number}'" for number in range(250)))) == 250
	assert time.time() - began < 2


# ---- stock


def test_stock_is_set_and_the_changes_are_told(client, stocked):
	answer = client.run(SET, input=stock_input(stocked, ("P0", 7, 10), ("P1", 10, None)), key="k1")
	known = answer["inventorySetQuantities"]
	assert known["userErrors"] == []
	changes = known["inventoryAdjustmentGroup"]["changes"]
	assert {(one["name"], one["delta"], one["item"]["sku"]) for one in changes} == {
		("available", -3, "P0"),
		("on_hand", -3, "P0"),
	}
	assert stocked.variant("P0").inventory_quantity == 7


def test_on_hand_leaves_out_what_is_promised(client, stocked):
	place_order(stocked, [Line("P0", quantity=4)])
	client.run(SET, input={**stock_input(stocked, ("P0", 20, None)), "name": "on_hand"}, key="k1")
	level = stocked.variant("P0").inventory_item.levels[stocked.primary_location.id]
	assert (level.available, level.committed, level.on_hand) == (16, 4, 20)


@pytest.mark.parametrize(
	("change", "code", "field"),
	[
		({"quantity": -1}, "INVALID_QUANTITY_NEGATIVE", "quantity"),
		({"quantity": 1_000_000_001}, "INVALID_QUANTITY_TOO_HIGH", "quantity"),
		({"inventoryItemId": "gid://shopify/InventoryItem/1"}, "INVALID_INVENTORY_ITEM", "inventoryItemId"),
		({"locationId": "gid://shopify/Location/1"}, "INVALID_LOCATION", "locationId"),
		({"changeFromQuantity": 3}, "CHANGE_FROM_QUANTITY_STALE", "changeFromQuantity"),
	],
)
def test_one_bad_entry_fails_the_whole_call(client, stocked, change, code, field):
	given = stock_input(stocked, ("P0", 1, None), ("P1", 1, None), ("P2", 1, None))
	given["quantities"][1] |= change
	known = client.run(SET, input=given, key="k1")["inventorySetQuantities"]
	assert known["inventoryAdjustmentGroup"] is None
	assert [(one["code"], one["field"]) for one in known["userErrors"]] == [
		(code, ["input", "quantities", "1", field])
	]
	assert [stocked.variant(f"P{number}").inventory_quantity for number in range(3)] == [10, 10, 10]


def test_a_pair_may_come_only_once(client, stocked):
	given = stock_input(stocked, ("P0", 1, None), ("P0", 2, None))
	(problem,) = client.run(SET, input=given, key="k1")["inventorySetQuantities"]["userErrors"]
	assert problem["code"] == "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"


def test_what_cannot_have_stock_is_refused(client, stocked):
	stocked.add_product("Set", [{"sku": "SET", "is_bundle": True}])
	stocked.add_product("Card", [{"sku": "CARD"}], is_gift_card=True)
	for sku in ("SET", "CARD"):
		given = stock_input(stocked, (sku, 1, None))
		(problem,) = client.run(SET, input=given, key=sku)["inventorySetQuantities"]["userErrors"]
		assert problem["code"] == "NON_MUTABLE_INVENTORY_ITEM"


def test_names_and_reasons_are_checked(client, stocked):
	given = stock_input(
		stocked, ("P0", 1, None), name="stock", reason="because", referenceDocumentUri="gid://x"
	)
	problems = client.run(SET, input=given, key="k")["inventorySetQuantities"]["userErrors"]
	assert {one["code"] for one in problems} == {
		"INVALID_NAME",
		"INVALID_REASON",
		"INVALID_REFERENCE_DOCUMENT",
	}


def test_250_entries_pass_and_251_do_not(client, shop):
	for number in range(251):
		shop.add_product(f"Part {number}", sku=f"P{number}", stock=0)
	given = stock_input(shop, *((f"P{number}", 5, None) for number in range(251)))
	(problem,) = client.errors(SET, input=given, key="k1")
	assert problem["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"
	given["quantities"].pop()
	assert client.run(SET, input=given, key="k2")["inventorySetQuantities"]["userErrors"] == []
	assert shop.variant("P249").inventory_quantity == 5 and shop.variant("P250").inventory_quantity == 0


def test_change_from_quantity_must_be_there(client, stocked):
	given = stock_input(stocked, ("P0", 1, None))
	del given["quantities"][0]["changeFromQuantity"]
	(problem,) = client.errors(SET, input=given, key="k1")
	assert "changeFromQuantity" in problem["message"] and stocked.variant("P0").inventory_quantity == 10


def test_the_idempotency_key_is_required_and_holds(client, stocked):
	without = SET.replace(" @idempotent(key: $key)", "").replace(", $key: String!", "")
	(problem,) = client.errors(without, input=stock_input(stocked, ("P0", 1, None)))
	assert "@idempotent" in problem["message"]
	first = client.run(SET, input=stock_input(stocked, ("P0", 1, None)), key="a")
	stocked.variant("P0").inventory_item.levels[stocked.primary_location.id].available = 5
	assert client.run(SET, input=stock_input(stocked, ("P0", 1, None)), key="a") == first
	assert stocked.variant("P0").inventory_quantity == 5, "the same key does nothing again"
	other = client.run(SET, input=stock_input(stocked, ("P0", 2, None)), key="a")["inventorySetQuantities"]
	assert other["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
	bad = stock_input(stocked, ("P0", -2, None))
	client.run(SET, input=bad, key="b")
	again = client.run(SET, input=bad, key="b")["inventorySetQuantities"]
	assert again["userErrors"][0]["code"] == "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"


def test_a_key_in_progress_asks_to_try_again(vendor, client, stocked):
	vendor.troubles.add("in_progress")
	given = stock_input(stocked, ("P0", 1, None))
	(problem,) = client.run(SET, input=given, key="a")["inventorySetQuantities"]["userErrors"]
	assert problem["code"] == "IDEMPOTENCY_CONCURRENT_REQUEST"
	assert client.run(SET, input=given, key="a")["inventorySetQuantities"]["userErrors"] == []


def test_an_item_is_activated_before_it_can_have_stock(client, stocked):
	place = stocked.add_location("Second")
	given = stock_input(stocked, ("P0", 4, None))
	given["quantities"][0]["locationId"] = gid("Location", place)
	(problem,) = client.run(SET, input=given, key="a")["inventorySetQuantities"]["userErrors"]
	assert problem["code"] == "INVALID_LOCATION"
	activate = 'mutation($item: ID!, $place: ID!) { inventoryActivate(inventoryItemId: $item, locationId: $place, available: 2) @idempotent(key: "x") { inventoryLevel { quantities(names: ["available"]) { quantity } } userErrors { message } } }'
	item = gid("InventoryItem", stocked.variant("P0").inventory_item)
	known = client.run(activate, item=item, place=gid("Location", place))["inventoryActivate"]
	assert known["inventoryLevel"]["quantities"] == [{"quantity": 2}]
	assert client.run(SET, input=given, key="b")["inventorySetQuantities"]["userErrors"] == []


# ---- what happens to an order

FULFILMENT = "query($id: ID!) { order(id: $id) { displayFulfillmentStatus fulfillmentOrders(first: 5) { nodes { id status supportedActions { action } assignedLocation { location { id } } lineItems(first: 50) { nodes { id remainingQuantity lineItem { id sku } } } } } fulfillments { id status trackingInfo { company number url } } } }"
SHIP = "mutation($f: FulfillmentInput!) { fulfillmentCreate(fulfillment: $f) { fulfillment { id status trackingInfo { number } } userErrors { field message } } }"


def fulfilment_orders(client, order) -> list[dict]:
	return client.run(FULFILMENT, id=gid("Order", order))["order"]["fulfillmentOrders"]["nodes"]


def test_two_parcels_by_the_api(client, shop):
	order = cases.place_case(shop, "tax_exclusive")
	(open_order,) = fulfilment_orders(client, order)
	line = open_order["lineItems"]["nodes"][0]

	def ship(quantity, number):
		part = {
			"fulfillmentOrderId": open_order["id"],
			"fulfillmentOrderLineItems": [{"id": line["id"], "quantity": quantity}],
		}
		given = {"lineItemsByFulfillmentOrder": [part], "trackingInfo": {"company": "UPS", "number": number}}
		return client.run(SHIP, f=given)["fulfillmentCreate"]

	assert ship(2, "A1")["fulfillment"]["trackingInfo"] == [{"number": "A1"}]
	assert ship(2, "A2")["userErrors"], "only one is left"
	everything = {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": open_order["id"]}]}
	assert client.run(SHIP, f=everything)["fulfillmentCreate"]["userErrors"] == []
	assert client.run(SHIP, f=everything)["fulfillmentCreate"]["userErrors"], "closed"
	known = client.run(FULFILMENT, id=gid("Order", order))["order"]
	assert known["displayFulfillmentStatus"] == "FULFILLED" and len(known["fulfillments"]) == 2
	assert known["fulfillmentOrders"]["nodes"][0]["status"] == "CLOSED"


def test_parcels_of_two_locations_are_two_calls(client, shop):
	second = shop.add_location("Second")
	shop.add_product("A", sku="A")
	shop.add_product("B", sku="B")
	order = place_order(shop, [Line("A"), Line("B", location="Second")])
	both = fulfilment_orders(client, order)
	assert {one["assignedLocation"]["location"]["id"] for one in both} == {
		gid("Location", shop.primary_location),
		gid("Location", second),
	}
	parts = [{"fulfillmentOrderId": one["id"]} for one in both]
	assert client.run(SHIP, f={"lineItemsByFulfillmentOrder": parts})["fulfillmentCreate"]["userErrors"]
	for part in parts:
		assert not client.run(SHIP, f={"lineItemsByFulfillmentOrder": [part]})["fulfillmentCreate"][
			"userErrors"
		]
	assert order.fulfillment_status == "FULFILLED"


def test_tracking_changes_and_a_parcel_is_called_back(client, shop):
	order = cases.place_case(shop, "tax_exclusive")
	(open_order,) = fulfilment_orders(client, order)
	parcel = client.run(SHIP, f={"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": open_order["id"]}]})
	number = parcel["fulfillmentCreate"]["fulfillment"]["id"]
	change = "mutation($id: ID!, $t: FulfillmentTrackingInput!) { fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $t) { fulfillment { trackingInfo { company number url } } userErrors { message } } }"
	known = client.run(change, id=number, t={"company": "DHL", "number": "X", "url": "https://dhl.example/X"})
	assert known["fulfillmentTrackingInfoUpdate"]["fulfillment"]["trackingInfo"] == [
		{"company": "DHL", "number": "X", "url": "https://dhl.example/X"}
	]
	cancel = (
		"mutation($id: ID!) { fulfillmentCancel(id: $id) { fulfillment { status } userErrors { message } } }"
	)
	assert client.run(cancel, id=number)["fulfillmentCancel"]["fulfillment"]["status"] == "CANCELLED"
	assert client.run(cancel, id=number)["fulfillmentCancel"]["userErrors"]
	again = fulfilment_orders(client, order)
	assert [one["status"] for one in again] == ["CLOSED", "OPEN"]
	assert order.fulfillment_status == "UNFULFILLED"


def test_cancel_by_the_api(client, shop):
	order = cases.place_case(shop, "tax_exclusive")
	cancel = "mutation($id: ID!) { orderCancel(orderId: $id, reason: CUSTOMER, restock: true, refundMethod: {originalPaymentMethodsRefund: true}) { job { id done } orderCancelUserErrors { code message } } }"
	assert client.run(cancel, id=gid("Order", order))["orderCancel"]["job"]
	known = client.run(
		"query($id: ID!) { order(id: $id) { cancelledAt cancelReason displayFinancialStatus currentTotalPriceSet { shopMoney { amount } } totalPriceSet { shopMoney { amount } } } }",
		id=gid("Order", order),
	)["order"]
	assert known["cancelReason"] == "CUSTOMER" and known["displayFinancialStatus"] == "REFUNDED"
	assert (
		known["currentTotalPriceSet"]["shopMoney"]["amount"],
		known["totalPriceSet"]["shopMoney"]["amount"],
	) == (
		"0.0",
		"87.23",
	)
	(problem,) = client.run(cancel, id=gid("Order", order))["orderCancel"]["orderCancelUserErrors"]
	assert problem["code"] == "INVALID"
	missing = client.run(cancel, id="gid://shopify/Order/1")["orderCancel"]["orderCancelUserErrors"]
	assert missing[0]["code"] == "NOT_FOUND"


REFUND = "mutation($input: RefundInput!, $key: String!) { refundCreate(input: $input) @idempotent(key: $key) { refund { id totalRefundedSet { shopMoney { amount } } refundLineItems(first: 5) { nodes { quantity subtotalSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } } } } } userErrors { field message } } }"


def refund_input(order, units: int, amount: str, **more) -> dict:
	payment = order.transactions[0]
	return {
		"orderId": gid("Order", order),
		"refundLineItems": [
			{"lineItemId": gid("LineItem", order.lines[0]), "quantity": units, "restockType": "NO_RESTOCK"}
		],
		"transactions": [
			{
				"orderId": gid("Order", order),
				"parentId": gid("OrderTransaction", payment),
				"kind": "REFUND",
				"gateway": payment.gateway,
				"amount": amount,
			}
		],
		**more,
	}


def test_refund_by_the_api(client, shop):
	order = cases.place_case(shop, "tax_exclusive")
	known = client.run(REFUND, input=refund_input(order, 1, "21.59"), key="a")["refundCreate"]
	assert known["userErrors"] == [] and known["refund"]["totalRefundedSet"]["shopMoney"]["amount"] == "21.59"
	again = client.run(REFUND, input=refund_input(order, 1, "21.59"), key="a")["refundCreate"]
	assert again["refund"]["id"] == known["refund"]["id"] and len(order.refunds) == 1
	assert str(order.current_total_price) == "65.64" and order.refunds[0].adjustments == []
	for units, amount, what in ((9, "1", "quantity"), (1, "900", "transactions"), (1, "0", "amount")):
		(problem,) = client.run(REFUND, input=refund_input(order, units, amount), key=what)["refundCreate"][
			"userErrors"
		]
		assert what in problem["field"]
	assert len(order.refunds) == 1


def test_a_refund_in_a_foreign_currency_names_it(client, shop):
	order = cases.place_case(shop, "presentment_currency")
	given = refund_input(order, 1, "1.00")
	(problem,) = client.run(REFUND, input=given, key="a")["refundCreate"]["userErrors"]
	assert problem["field"] == ["currency"]
	assert client.run(REFUND, input={**given, "currency": "EUR"}, key="b")["refundCreate"]["userErrors"] == []


def test_money_is_written_as_shopify_writes_it(client, shop):
	shop.add_product("A", sku="A", price="10.00")
	for currency, price, shown in (
		("USD", "10.00", "10.0"),
		("JPY", "100", "100.0"),
		("KWD", "1.250", "1.25"),
	):
		order = place_order(shop, [Line("A", price=price)], currency=currency)
		known = client.run(
			"query($id: ID!) { order(id: $id) { updatedAt currencyCode totalPriceSet { shopMoney { amount currencyCode } } } }",
			id=gid("Order", order),
		)["order"]
		assert known["totalPriceSet"]["shopMoney"] == {"amount": shown, "currencyCode": currency}
		assert known["updatedAt"].endswith("Z") and len(known["updatedAt"]) == 20
	assert client.run("{ productVariants(first: 1) { nodes { price } } }")["productVariants"]["nodes"][0] == {
		"price": "10.00"
	}


def test_discounts_as_the_fields_describe_them(client, shop):
	shop.add_product("A", sku="A", price="30.00")
	from sandbox.vendors.shopify.orders import Discount

	order = place_order(
		shop,
		[Line("A", quantity=2, discount=Discount(amount="6", title="Line"))],
		discounts=[
			Discount(amount="4", code="CODE", target="lines", lines=[0]),
			Discount(percentage="10", title="All"),
		],
	)
	line = client.run(
		"query($id: ID!) { order(id: $id) { lineItems(first: 1) { nodes { originalTotalSet { ...m } discountedTotalSet { ...m } withCodes: discountedTotalSet(withCodeDiscounts: true) { ...m } totalDiscountSet { ...m } discountedUnitPriceAfterAllDiscountsSet { ...m } discountAllocations { allocatedAmountSet { ...m } discountApplication { __typename targetSelection value { ... on MoneyV2 { amount } ... on PricingPercentageValue { percentage } } } } } } } } fragment m on MoneyBag { shopMoney { amount } }",
		id=gid("Order", order),
	)["order"]["lineItems"]["nodes"][0]

	def money(name):
		return line[name]["shopMoney"]["amount"]

	assert (money("originalTotalSet"), money("discountedTotalSet"), money("withCodes")) == (
		"60.0",
		"54.0",
		"50.0",
	)
	assert (money("totalDiscountSet"), money("discountedUnitPriceAfterAllDiscountsSet")) == ("10.0", "22.5")
	kinds = [
		(
			one["discountApplication"]["__typename"],
			one["discountApplication"]["targetSelection"],
			one["allocatedAmountSet"]["shopMoney"]["amount"],
		)
		for one in line["discountAllocations"]
	]
	assert kinds == [
		("AutomaticDiscountApplication", "EXPLICIT", "6.0"),
		("DiscountCodeApplication", "ENTITLED", "4.0"),
		("AutomaticDiscountApplication", "ALL", "5.0"),
	]


def test_everything_of_every_case_can_be_read(client, vendor, shop):
	vendor.cost.set(maximum=100_000)
	for name in cases.CASES:
		cases.place_case(shop, name)
	seen, after = 0, None
	while True:
		page = client.run(WHOLE, first=20, after=after)["orders"]
		for one in page["nodes"]:
			known = cases.expectation(shop.orders[int(one["legacyResourceId"])])
			assert float(one["totalPriceSet"]["shopMoney"]["amount"]) == float(known["total"])
			assert float(one["currentTotalPriceSet"]["shopMoney"]["amount"]) == float(known["current"])
			assert float(one["totalRefundedSet"]["shopMoney"]["amount"]) == float(known["refunded"])
			assert {tax["title"] for tax in one["taxLines"]} == set(known["taxes"])
			assert one["displayFinancialStatus"] == known["financial_status"]
			assert len(one["fulfillments"]) == len(known["parcels"])
			seen += 1
		after = page["pageInfo"]["endCursor"]
		if not page["pageInfo"]["hasNextPage"]:
			break
	assert seen == len(cases.CASES)


def test_a_bulk_query_gives_lines_with_their_parents(client, shop):
	import json

	for _ in range(3):
		cases.place_case(shop, "tax_exclusive")
	run = "mutation($q: String!) { bulkOperationRunQuery(query: $q) { bulkOperation { id status url } userErrors { code message } } }"
	query = "{ orders { edges { node { id name lineItems { edges { node { id sku } } } } } } }"
	known = client.run(run, q=query)["bulkOperationRunQuery"]["bulkOperation"]
	assert known["status"] == "CREATED" and known["url"] is None
	done = client.run(
		"query($id: ID!) { bulkOperation(id: $id) { status objectCount rootObjectCount url } }",
		id=known["id"],
	)["bulkOperation"]
	assert (done["status"], done["objectCount"], done["rootObjectCount"]) == ("COMPLETED", "9", "3")
	lines = [json.loads(line) for line in requests.get(done["url"], timeout=5).text.splitlines()]
	orders = {line["id"] for line in lines if "__parentId" not in line}
	assert len(orders) == 3 and {line["__parentId"] for line in lines if "sku" in line} == orders
	bad = client.run(run, q="{ orders { edges { node { colour } } } }")["bulkOperationRunQuery"]
	assert bad["userErrors"][0]["code"] == "INVALID"


def test_fifty_orders_are_placed_and_read_quickly(client, shop):
	began = time.time()
	for _ in range(50):
		cases.place_case(shop, "tax_exclusive")
	placed = time.time() - began
	client.run(WHOLE, first=50)
	began = time.time()
	assert len(client.run(WHOLE, first=50)["orders"]["nodes"]) == 50
	# generous: it takes about 0.02 s and 0.1 s
	assert placed < 1 and time.time() - began < 1.5
