"""Parcels, outward: a submitted Delivery Note becomes one fulfilment with its tracking number, whatever gets lost."""

import signal

import frappe
import pytest

from sandbox import books
from sandbox.vendors.shopify import orders
from sandbox.vendors.shopify.cases import expectation


@pytest.fixture
def sold(hub):
	"""A factory: an imported order of `quantity` pieces in stock; returns (shop, order, its Sales Order)."""

	def make(quantity=3, **switches):
		shop = hub(create_items=0, **switches)
		sku = shop.shop.prefix + "P"
		books.stock_item(sku, 100)
		shop.shop.add_product("Part", sku=sku, price="4.00", stock=100)
		order = orders.place_order(shop.shop, [orders.Line(sku, quantity=quantity)])
		assert shop.bring(order).status == "Done"
		return shop, order, shop.sales_order(order)

	return make


def deliver(sales_order, quantity=None, number="TRACK-1"):
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note

	note = make_delivery_note(sales_order.name)
	note.lr_no = number
	if quantity is not None:
		note.items[0].qty = quantity
	note.submit()
	frappe.db.commit()  # as the request of a person's click does
	return note


def parcels(order):
	return [
		(one["units"], [track["number"] for track in one["tracking"]])
		for one in expectation(order)["parcels"]
	]


def settle(shop):
	for _round in range(20):
		shop.make_due()
		shop.drain()
		if not shop.events(status=("in", ("Queued", "Working", "Retrying"))):
			return


def test_a_delivery_note_becomes_a_fulfilment(sold):
	shop, order, sales_order = sold()
	deliver(sales_order)
	settle(shop)
	assert parcels(order) == [(3, ["TRACK-1"])]
	[event] = shop.events(resource="shipments")
	assert event.status == "Done"


def test_two_parcels_are_two_fulfilments(sold):
	shop, order, sales_order = sold()
	deliver(sales_order, 1, "ONE")
	settle(shop)
	deliver(sales_order, None, "TWO")
	settle(shop)
	assert parcels(order) == [(1, ["ONE"]), (2, ["TWO"])]


@pytest.mark.parametrize(
	"trouble",
	[
		{"kind": "error_after", "operation": "fulfillmentCreate"},
		{"kind": "drop", "operation": "fulfillmentCreate"},
		{"kind": "error", "status": 503},
		{"kind": "rate_limited", "retry_after": 1},
	],
	ids=lambda one: one["kind"],
)
def test_a_lost_answer_makes_no_second_parcel(sold, trouble):
	from integration_hub.sync import connections

	shop, order, sales_order = sold()
	deliver(sales_order)
	shop.vendor.troubles.add(**trouble, times=1)
	shop.drain()
	assert shop.events(resource="shipments")[0].status == "Retrying"
	shop.vendor.troubles.clear()
	connections.budget_of(shop.doc).reset()
	settle(shop)
	assert shop.events(resource="shipments")[0].status == "Done"
	assert parcels(order) == [(3, ["TRACK-1"])]


def test_our_own_fulfilment_comes_back_as_no_second_delivery(sold):
	"""The shop tells us of the parcel we told it: with Delivery Notes switched on, none is made for it."""
	shop, order, sales_order = sold(create_delivery_note=1)
	deliver(sales_order)
	settle(shop)
	shop.bring(order)
	assert delivered(sales_order) == 3


def delivered(sales_order):
	"""Pieces on submitted Delivery Notes."""
	rows = frappe.get_all(
		"Delivery Note Item", {"against_sales_order": sales_order.name, "docstatus": 1}, pluck="qty"
	)
	return sum(rows)


@pytest.mark.processes
def test_a_part_told_by_a_worker_that_died_comes_back_as_no_second_delivery(sold):
	"""One of three pieces left; the shop has answered, and the worker is killed before it can note that. The order with
	its new parcel comes in before the lease has run out: the two other pieces are still here."""
	from integration_hub.sync import sweep

	shop, order, sales_order = sold(create_delivery_note=1)
	deliver(sales_order, 1)
	process = shop.site.python("-m", "tests.support.process", "die", shop.connection, "answered")
	assert process.wait(timeout=60) == -signal.SIGKILL
	assert parcels(order) == [(1, ["TRACK-1"])], "the shop knows it"
	shop.bring(order)
	assert delivered(sales_order) == 1
	shop.lose_leases()
	sweep.sweep()
	settle(shop)
	assert {event.status for event in shop.events()} == {"Done"}
	assert delivered(sales_order) == 1
	assert parcels(order) == [(1, ["TRACK-1"])]


def test_a_delivery_note_of_another_order_tells_nobody(hub):
	shop = hub()
	customer = frappe.get_doc(
		{
			"doctype": "Customer",
			"customer_name": f"By hand {shop.shop.prefix}",
			"customer_group": books.leaf("Customer Group"),
			"territory": books.leaf("Territory"),
		}
	).insert()
	sku = books.stock_item(f"{shop.shop.prefix}H", 5)
	note = frappe.get_doc(
		{
			"doctype": "Delivery Note",
			"company": books.company(),
			"customer": customer.name,
			"items": [{"item_code": sku, "qty": 1, "rate": 1, "warehouse": books.warehouse()}],
		}
	)
	note.submit()
	frappe.db.commit()  # as a request does
	assert not shop.events(resource="shipments")
