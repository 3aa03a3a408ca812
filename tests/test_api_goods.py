"""Items, prices, stock, Leads, invoices and payments over the public API."""

from __future__ import annotations

import frappe
import pytest

from sandbox import books
from tests.support.api import data, error


@pytest.fixture
def tag():
	return frappe.generate_hash(length=8)


@pytest.fixture(scope="module")
def goods(callers):
	return callers("Item Manager", "Sales Master Manager", "Stock User", "Sales User")


def _item(tag, **values):
	return {"item_code": f"G-{tag}", "item_group": books.leaf("Item Group"), "stock_uom": "Nos", **values}


def test_items_are_made_changed_and_left_alone(goods, tag):
	rows = [_item(tag, item_name="One"), _item(f"{tag}-2", item_group="No Such Group")]
	first = data(goods.post("items.upsert_many", rows=rows))
	assert [one["status"] for one in first["results"]] == ["created", "failed"]
	again = data(
		goods.post("items.upsert_many", rows=[_item(tag, item_name="One"), _item(tag, item_name="Two")])
	)
	assert [one["status"] for one in again["results"]] == ["unchanged", "updated"]
	item = data(goods.get("items.get", name=f"G-{tag}"))
	assert (item["item_name"], item["is_stock_item"], item["barcodes"]) == ("Two", True, [])
	changed = data(goods.post("items.update", name=f"G-{tag}", disabled=True))
	assert changed["disabled"] is True and frappe.db.get_value("Item", f"G-{tag}", "disabled") == 1
	data(goods.post("items.create", **_item(f"{tag}-3")), 201)
	error(goods.post("items.create", **_item(f"{tag}-3")), 409, "conflict", "item_code")
	error(
		goods.post("items.create", **_item(f"{tag}-4", weight_per_unit=-1)), 422, "invalid", "weight_per_unit"
	)


def test_rights_to_items(callers, tag):
	error(callers().get("items.list"), 403, "forbidden")
	error(callers("Sales User").post("items.create", **_item(tag)), 403, "forbidden")


def test_a_price_is_set_once(goods, tag):
	code = books.service_item(f"P-{tag}")
	prices = frappe.db.get_value("Price List", {"selling": 1, "enabled": 1})
	if not prices:
		prices = (
			frappe.get_doc(
				{
					"doctype": "Price List",
					"price_list_name": "API Selling",
					"selling": 1,
					"enabled": 1,
					"currency": books.currency(),
				}
			)
			.insert()
			.name
		)
		frappe.db.commit()  # the web server must see it
	row = {"item_code": code, "price_list": prices, "price_list_rate": "9.95"}
	outcomes = [
		data(goods.post("prices.upsert_many", rows=[{**row, **change}]))["results"][0]["status"]
		for change in ({}, {}, {"price_list_rate": "10"}, {"item_code": "No Such Item"})
	]
	assert outcomes == ["created", "unchanged", "updated", "failed"]
	[price] = data(goods.get("prices.list", item_code=code))["rows"]
	assert (price["price_list_rate"], price["price_list"]) == ("10.00", prices)
	error(
		goods.post("prices.upsert_many", rows=[{**row, "price_list_rate": "-1"}]),
		422,
		"invalid",
		"rows.0.price_list_rate",
	)


def test_stock_is_what_the_bins_hold(callers, tag):
	code = books.stock_item(f"S-{tag}", 7)
	[level] = data(callers("Stock User").get("stock.list", item_code=code))["rows"]
	assert (level["actual_qty"], level["warehouse"]) == (7, books.warehouse())
	error(callers().get("stock.list"), 403, "forbidden")


def test_leads(callers, tag):
	caller = callers("Sales User", "Sales Manager")
	made = caller.post("leads.create", first_name="Ada", email_id=f"{tag}@leads.example")
	lead = data(made, 201)
	assert frappe.db.get_value("Lead", lead["name"], "email_id") == f"{tag}@leads.example"
	error(caller.post("leads.create", phone="1"), 422, "invalid")
	again = caller.post("leads.create", first_name="Eve", email_id=f"{tag}@leads.example")
	error(again, 409, "conflict", "email_id")
	changed = caller.post(
		"leads.update", name=lead["name"], company_name="Acme", headers={"If-Match": made.headers["ETag"]}
	)
	assert data(changed)["company_name"] == "Acme"
	rows = [{"first_name": "Bob"}, {"first_name": "Eve", "territory": "Nowhere"}]
	assert [one["status"] for one in data(caller.post("leads.create_many", rows=rows))["results"]] == [
		"created",
		"failed",
	]
	error(callers("Stock User").get("leads.list"), 403, "forbidden")


def test_invoices_and_payments_are_read_with_what_is_open(callers, tag):
	customer, item = books.customer(f"Bill {tag}"), books.service_item(f"B-{tag}")
	invoice = frappe.get_doc(
		{
			"doctype": "Sales Invoice",
			"customer": customer,
			"company": books.company(),
			"po_no": tag,
			"items": [{"item_code": item, "qty": 3, "rate": 33.33}],
		}
	).insert()
	invoice.submit()
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

	paid = get_payment_entry("Sales Invoice", invoice.name, party_amount=50)
	paid.update({"reference_no": tag, "reference_date": frappe.utils.nowdate()})
	paid.insert()
	paid.submit()
	frappe.db.commit()  # the web server must see them
	caller = callers("Accounts User")
	[row] = data(caller.get("invoices.list", po_no=tag))["rows"]
	assert (row["grand_total"], row["outstanding_amount"], row["items"][0]["rate"]) == (
		"99.99",
		"49.99",
		"33.33",
	)
	assert data(caller.get("invoices.get", name=invoice.name))["status"] == row["status"]
	[payment] = data(caller.get("payments.list", reference_no=tag))["rows"]
	assert payment["paid_amount"] == "50.00" and payment["references"] == [
		{"reference_doctype": "Sales Invoice", "reference_name": invoice.name, "allocated_amount": "50.00"}
	]
	for method in ("invoices.list", "payments.list"):
		error(callers("Stock User").get(method), 403, "forbidden")
