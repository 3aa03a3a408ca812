"""How many calls a thousand changed stocks take."""

from __future__ import annotations

import frappe

from sandbox import books
from tests.support.hub import Hubs

SKUS = 1000
CALLS = 4


def measure(hubs: Hubs) -> bool:
	"""A thousand items change; True when the vendor hears of it in exactly four calls."""
	from integration_hub.erp import stock
	from integration_hub.sync import push

	hub = hubs()
	prefix, location = hub.shop.prefix, next(iter(hub.shop.locations.values()))
	rows = []
	for number in range(SKUS):
		sku = f"{prefix}K{number}"
		hub.shop.add_product(f"K{number}", sku=sku, price="1.00", stock=0)
		books.stock_item(sku)
		frappe.get_doc(
			{
				"doctype": "Bin",
				"item_code": sku,
				"warehouse": books.warehouse(),
				"actual_qty": number % 50 + 1,
			}
		).insert()
		rows.append((sku, str(hub.shop.variant(sku).inventory_item.id), str(location.id), sku))
	stock.watch(hub.connection, rows)
	frappe.db.commit()  # as the product import does
	hub.vendor.log.clear()
	sentence = push.run(hub.connection)
	calls = hub.vendor.log.count(operation="inventorySetQuantities")
	print(f"stock of {SKUS} changed SKUs: {sentence}")
	print(f"  calls    {calls} (must be {CALLS})\n")
	return calls == CALLS
