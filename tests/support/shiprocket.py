"""Shiprocket accounts of the sandbox, connected, and goods to ship with them."""

from __future__ import annotations

import frappe

from sandbox import books
from sandbox.vendors.shiprocket import Shiprocket

BOX = {"weight": 0.8, "length": 20, "width": 15, "height": 10, "count": 1}
NAME, PASSWORD, TOKEN = "api@sandbox.example", "sandbox-password", "sandbox-token"


def accounts(hub, web):
	"""A factory of Shiprocket accounts, each connected, with its webhook entered at Shiprocket."""
	books.address("Company", books.company())

	def make(dry_run="No", **values):
		settings = {"email": NAME, "pickup_place": "Primary", "dry_run": dry_run}
		connected = hub.connect(
			Shiprocket(),
			"shiprocket",
			settings,
			{"password": PASSWORD, "webhook_token": TOKEN},
			**{"request_pickup": 0, **values},
		)
		connected.world = connected.vendor.company
		connected.vendor.set_webhook(web + connected.webhook_path, TOKEN)
		return connected

	return make


def delivered(quantity=2, email="", cod=False):
	"""A submitted Delivery Note in rupees for a customer in India."""
	books.rate("INR", books.currency(), 0.011)
	sku = f"SR-{frappe.generate_hash(length=6)}"
	books.stock_item(sku, 50)
	buyer = books.customer(f"Shiprocket Buyer {frappe.generate_hash(length=6)}", email)
	note = frappe.get_doc(
		{
			"doctype": "Delivery Note",
			"company": books.company(),
			"customer": buyer,
			"currency": "INR",
			"conversion_rate": 0.011,
			"shipping_address_name": books.address("Customer", buyer),
			"set_warehouse": books.warehouse(),
			"items": [
				{
					"item_code": sku,
					"qty": quantity,
					"rate": 450,
					"price_list_rate": 450,
					"warehouse": books.warehouse(),
				}
			],
		}
	)
	note.set_missing_values()
	note.conversion_rate = 0.011
	note.insert()
	note.submit()
	frappe.db.commit()  # as the request of a person's click does
	return note


def picked(orders=1):
	"""A submitted Pick List for Sales Orders of one customer in India."""
	from erpnext.selling.doctype.sales_order.sales_order import create_pick_list

	books.rate("INR", books.currency(), 0.011)
	buyer = books.customer(f"Shiprocket Picked {frappe.generate_hash(length=6)}")
	pick_list = None
	for _number in range(orders):
		order = ordered(buyer)
		pick_list = create_pick_list(order.name, pick_list)
	pick_list.insert()
	pick_list.submit()
	frappe.db.commit()  # as the request of a person's click does
	return pick_list


def ordered(buyer):
	sku = f"SRP-{frappe.generate_hash(length=6)}"
	books.stock_item(sku, 50)
	order = frappe.get_doc(
		{
			"doctype": "Sales Order",
			"company": books.company(),
			"customer": buyer,
			"currency": "INR",
			"conversion_rate": 0.011,
			"delivery_date": frappe.utils.today(),
			"shipping_address_name": books.address("Customer", buyer),
			"set_warehouse": books.warehouse(),
			"items": [
				{
					"item_code": sku,
					"qty": 2,
					"rate": 450,
					"price_list_rate": 450,
					"warehouse": books.warehouse(),
				}
			],
		}
	)
	order.set_missing_values()
	order.conversion_rate = 0.011
	order.insert()
	order.submit()
	return order
