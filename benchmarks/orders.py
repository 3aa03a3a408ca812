"""An imported order against the bare ERPNext document, order by order in turn.

Ours: from the stored Event (claim, read, map, write, end) to the committed Sales Order, for a known customer and known
items. Bare: `insert()`, `submit()` and commit of a Sales Order with the same rows and taxes.
"""

from __future__ import annotations

import statistics
import time
from contextlib import contextmanager
from typing import Any

import frappe

from sandbox.vendors.shopify import orders as shop_orders
from tests.support.hub import Hub, Hubs

LIMIT_RATIO = 1.15
WARM_UP = 5
PARENT = (
	"company",
	"customer",
	"customer_address",
	"shipping_address_name",
	"transaction_date",
	"delivery_date",
	"currency",
	"conversion_rate",
	"selling_price_list",
	"ignore_pricing_rule",
	"disable_rounded_total",
)
ROW = (
	"item_code",
	"item_name",
	"description",
	"qty",
	"uom",
	"stock_uom",
	"conversion_factor",
	"rate",
	"price_list_rate",
	"warehouse",
	"delivery_date",
)
TAX = ("charge_type", "account_head", "description", "cost_center", "tax_amount")


def measure(hubs: Hubs, lines: int, rounds: int) -> bool:
	"""Print the ratio and the queries; True when both limits hold."""
	hub = hubs()
	_place(hub, lines)
	hub.bring(_place(hub, lines))  # customer and items are known from here on
	ratios, ours_ms, bare_ms, more = [], [], [], []
	for number in range(rounds + WARM_UP):
		order = _place(hub, lines)
		hub.pull()
		ours, our_queries = _timed(lambda: _import(hub))
		document = hub.sales_order(order)
		bare, bare_queries = _timed(lambda: _bare(document))  # noqa: B023 - called at once
		if number >= WARM_UP:
			ratios.append(ours / bare)
			ours_ms.append(ours * 1000)
			bare_ms.append(bare * 1000)
			more.append(our_queries - bare_queries)
	ratio, queries = statistics.median(ratios), statistics.median(more)
	allowed = 15 + 2 * lines
	print(
		f"order of {lines} line(s), stored Event to committed Sales Order, against bare insert + submit + commit"
	)
	print(
		f"  time     {ratio:5.2f}× (limit {LIMIT_RATIO}×; medians {statistics.median(ours_ms):.1f} and {statistics.median(bare_ms):.1f} ms, {rounds} pairs)"
	)
	print(f"  queries  {queries:+.0f} (limit +{allowed})\n")
	return ratio <= LIMIT_RATIO and queries <= allowed


def _place(hub: Hub, lines: int) -> Any:
	shop = hub.shop
	skus = [f"{shop.prefix}B{number}" for number in range(lines)]
	for sku in skus:
		if not shop.by_sku.get(sku):
			shop.add_product(f"Thing {sku}", sku=sku, price="10.00", stock=100000)
	address = {
		"first_name": "Bea",
		"last_name": "N",
		"address1": "1 Way",
		"city": "Berlin",
		"country_code": "DE",
	}
	return shop_orders.place_order(
		shop,
		[shop_orders.Line(sku, quantity=2) for sku in skus],
		taxes=[shop_orders.Tax("VAT", "0.19")],
		customer={"first_name": "Bea", "last_name": "N", "email": f"{shop.prefix}bea@example.com"},
		billing_address=address,
		shipping_address=address,
	)


def _import(hub: Hub) -> None:
	from integration_hub.sync import connections, worker

	frappe.set_user(frappe.get_cached_value("Integration Settings", "Integration Settings", "creation_user"))
	connection = connections.get(hub.connection)
	worker.work(connection, worker.claim(hub.connection, 1))


def _bare(document: Any) -> None:
	values = {field: document.get(field) for field in PARENT}
	doc = frappe.get_doc(
		{
			"doctype": "Sales Order",
			**values,
			"items": [{field: row.get(field) for field in ROW} for row in document.items],
			"taxes": [{field: row.get(field) for field in TAX} for row in document.taxes],
		}
	)
	doc.insert()
	doc.submit()
	frappe.db.commit()  # what is measured


def _timed(work) -> tuple[float, int]:
	with _counted() as queries:
		began = time.perf_counter()
		work()
		took = time.perf_counter() - began
	frappe.set_user("Administrator")
	return took, queries[0]


@contextmanager
def _counted():
	queries, original = [0], frappe.db.sql

	def counting(*arguments, **options):
		queries[0] += 1
		return original(*arguments, **options)

	frappe.db.sql = counting
	try:
		yield queries
	finally:
		frappe.db.sql = original
