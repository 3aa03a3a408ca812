"""What a vendor was last told about one item at one location. Stock goes out as the difference to it."""

import frappe
from frappe.model.document import Document

from integration_hub import database


class IntegrationStockLevel(Document):
	pass


def on_doctype_update():
	"""Indices, each with the query it serves.

	- unique (connection, stock_id, location_id): one number per item and location; also settles a batch.
	- (connection, location_id, item_code): the difference query, joined with Bin by item.
	- (item_code): "which Connections sell this item", when stock moves.
	"""
	database.keep_exact("Integration Stock Level", ["stock_id", "location_id"])
	frappe.db.add_unique(
		"Integration Stock Level", ["connection", "stock_id", "location_id"], "hub_stock_row"
	)
	frappe.db.add_index(
		"Integration Stock Level", ["connection", "location_id", "item_code"], "hub_stock_diff"
	)
	frappe.db.add_index("Integration Stock Level", ["item_code"], "hub_stock_item")
