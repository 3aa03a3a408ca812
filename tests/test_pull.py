"""Pulls: by page, with the cursor in the page's commit, so that a kill costs at most the page under way."""

import frappe
import pytest

from integration_hub.api import desk
from sandbox.vendors.shopify import orders


def place_many(shop, count):
	shop.shop.add_product("Pin", sku=shop.shop.prefix + "P", price="1.00", stock=1000)
	return [orders.place_order(shop.shop, [orders.Line(shop.shop.prefix + "P")]) for _n in range(count)]


def row_of(shop, resource="orders"):
	from integration_hub.sync import connections

	frappe.db.rollback()
	return connections.row_of(shop.doc, resource, "In")


def test_what_is_known_is_not_stored_again(hub):
	shop = hub()
	place_many(shop, 5)
	assert "5 new of 5 seen" in shop.pull()
	assert shop.pull().startswith("0 new")
	assert len(shop.events(resource="orders")) == 5


def test_a_changed_order_is_found_by_the_next_pull(hub):
	shop = hub()
	first, *_others = place_many(shop, 3)
	shop.pull()
	shop.drain()
	orders.edit_order(shop.shop, first, quantities={0: 4})
	assert "1 new" in shop.pull()
	shop.drain()
	assert shop.sales_order(first).items[0].qty == 4


class Killed(BaseException):
	"""As a SIGKILL: nothing of ours handles it."""


def test_a_backfill_goes_on_after_the_page_it_was_killed_in(hub, monkeypatch):
	from integration_hub.connectors.shopify import Shopify
	from integration_hub.sync import pull

	shop = hub()
	count = 120
	place_many(shop, count)
	asked, whole = [], Shopify.pull_orders

	def watched(self, since, cursor):
		asked.append(cursor)
		if len(asked) == 3:
			raise Killed
		return whole(self, since, cursor)

	monkeypatch.setattr(Shopify, "pull_orders", watched)
	with pytest.raises(Killed):
		pull.run(shop.connection, "orders")
	frappe.db.rollback()
	before = len(shop.events(resource="orders"))
	assert 0 < before < count and row_of(shop).page_cursor, "two pages are safe, and so is where to go on"
	pull.run(shop.connection, "orders")
	assert asked[3] == asked[2] is not None, "it goes on with the page it was killed in"
	assert len(shop.events(resource="orders")) == count
	assert not row_of(shop).page_cursor


def test_a_pull_ends_before_its_job_is_ended_and_goes_on_with_the_next_sweep(hub, monkeypatch):
	from integration_hub.sync import pull

	shop = hub()
	place_many(shop, 60)
	with monkeypatch.context() as patch:
		patch.setattr(pull, "SHIFT", -1)
		shop.pull()
	row = row_of(shop)
	assert row.page_cursor and not row.last_run_at, "it is due still"
	shop.pull()
	row = row_of(shop)
	assert not row.page_cursor and row.last_run_at
	assert len(shop.events(resource="orders")) == 60


def test_a_form_opened_before_puts_nothing_back(hub):
	"""Somebody has the Connection's form open while a pull goes on and a pause begins, and saves it after that."""
	from integration_hub.failures import NotAuthorised
	from integration_hub.sync import connections, pull

	shop = hub()
	place_many(shop, 60)
	pull.run(shop.connection, "orders", pages=1)
	form = shop.doc
	pull.run(shop.connection, "orders")
	connections.pause(shop.connection, NotAuthorised("The key was refused."))
	frappe.db.commit()  # as the pull does
	reached = row_of(shop)
	assert form.resources[0].page_cursor and not reached.page_cursor
	form.delivery_after_days = 9
	form.save()
	frappe.db.commit()  # as the request does
	row = row_of(shop)
	assert shop.doc.delivery_after_days == 9
	assert not row.page_cursor and row.last_run_at == reached.last_run_at
	assert shop.doc.paused and shop.doc.paused_reason == "The key was refused."


@pytest.mark.parametrize("refusal", ["Rejected", "Gone"])
def test_a_cursor_that_the_vendor_has_forgotten_holds_nothing_up(hub, monkeypatch, refusal):
	"""A pull that was broken off goes on days later, with a cursor that means nothing to the vendor any more."""
	from integration_hub import failures
	from integration_hub.connectors.shopify import Shopify
	from integration_hub.sync import pull

	shop = hub()
	place_many(shop, 60)
	pull.run(shop.connection, "orders", pages=1)
	assert row_of(shop).page_cursor
	asked, whole = [], Shopify.pull_orders

	def forgetful(self, since, cursor):
		asked.append(cursor)
		if len(asked) == 1:
			raise getattr(failures, refusal)("This cursor has expired.")
		return whole(self, since, cursor)

	monkeypatch.setattr(Shopify, "pull_orders", forgetful)
	shop.pull()
	assert asked[0] and asked[1] is None, "it begins again where the broken one began"
	assert len(shop.events(resource="orders")) == 60 and not row_of(shop).page_cursor


def test_a_list_that_is_refused_from_the_start_is_not_asked_for_ever(hub, monkeypatch):
	from integration_hub.connectors.shopify import Shopify
	from integration_hub.failures import Rejected
	from integration_hub.sync import connections

	shop, asked = hub(), []
	connections.note(row_of(shop), page_cursor="old")
	frappe.db.commit()  # the pull is another transaction

	def refusing(self, since, cursor):
		asked.append(cursor)
		raise Rejected("No lists today.")

	monkeypatch.setattr(Shopify, "pull_orders", refusing)
	assert shop.pull() == "No lists today." and asked == ["old", None]


@pytest.mark.parametrize("kind", ["rate_limited", "error", "drop", "unauthorised"])
def test_a_pull_that_fails_says_so_and_forgets_nothing(hub, kind):
	from integration_hub.sync import connections

	shop = hub()
	place_many(shop, 3)
	since = row_of(shop).since
	shop.vendor.troubles.add(kind, times=None)
	sentence = shop.pull()
	assert sentence and "Traceback" not in sentence
	assert row_of(shop).since == since and row_of(shop).last_result == sentence
	assert bool(shop.doc.paused) == (kind == "unauthorised")
	shop.vendor.troubles.clear()
	if kind == "unauthorised":
		desk.resume(shop.connection)
		frappe.db.commit()  # as the request of the button does
	connections.budget_of(shop.doc).reset()
	assert "3 new" in shop.pull()


def test_products_become_items_with_variants(hub):
	shop = hub()
	prefix = shop.shop.prefix
	shop.shop.add_product("Mug", sku=prefix + "MUG", price="7.00")
	shop.pull("products")
	shop.drain()
	assert {event.status for event in shop.events(resource="products")} == {"Done"}
	item = frappe.get_doc("Item", prefix + "MUG")
	assert item.item_name == "Mug" and item.stock_uom == "Nos"
	assert not frappe.get_all("Item Price", filters={"item_code": item.name})
	assert frappe.db.exists(
		"Integration Stock Level", {"connection": shop.connection, "item_code": item.name}
	)


def test_an_item_made_later_lets_parked_orders_go_on(hub):
	from sandbox import books

	shop = hub(create_items=0)
	[order] = place_many(shop, 1)
	event = shop.bring(order)
	assert event.status == "Parked" and shop.shop.prefix + "P" in event.message
	books.stock_item(shop.shop.prefix + "P")
	shop.drain()
	assert shop.event(order).status == "Done"


def test_customers_are_one_however_often_they_are_told(hub):
	shop = hub()
	email = f"{shop.shop.prefix}ada@example.com"
	shop.shop.add_customer(first_name="Ada", last_name=f"King {shop.shop.prefix}", email=email)
	for _again in range(2):
		shop.pull("customers")
		shop.drain()
	assert {event.status for event in shop.events(resource="customers")} == {"Done"}
	assert frappe.db.count("Customer", {"customer_name": f"Ada King {shop.shop.prefix}".strip()}) == 1


def test_a_deleted_customer_is_made_anew_when_it_buys(hub):
	"""Somebody clears away customers that never bought anything; one of them does after that."""
	shop = hub()
	email = f"{shop.shop.prefix}ada@example.com"
	address = {"address1": "12 St James's Square", "city": "London", "zip": "SW1Y 4JH", "country_code": "GB"}
	who = {"first_name": "Ada", "last_name": f"King {shop.shop.prefix}"}
	shop.shop.add_customer([{**who, **address}], **who, email=email)
	shop.pull("customers")
	shop.drain()
	[event] = shop.events(resource="customers")
	assert event.status == "Done"
	frappe.delete_doc("Customer", event.reference_name)
	frappe.db.commit()  # as the request does
	shop.shop.add_product("Pin", sku=shop.shop.prefix + "P", price="1.00", stock=10)
	order = orders.place_order(
		shop.shop,
		[orders.Line(shop.shop.prefix + "P")],
		customer={**who, "email": email},
		billing_address={**who, **address},
	)
	event = shop.bring(order)
	assert event.status == "Done", event.message
	assert frappe.db.exists("Customer", shop.sales_order(order).customer)
