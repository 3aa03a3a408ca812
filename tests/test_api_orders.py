"""Sales Orders over the public API: ERPNext's totals, the caller's rights, once only."""

from __future__ import annotations

import frappe
import pytest

from sandbox import books
from tests.support.api import data, error


@pytest.fixture(scope="module")
def caller(callers):
	return callers("Sales Manager", "Sales User")


@pytest.fixture
def tag():
	return frappe.generate_hash(length=8)


@pytest.fixture
def new(site, tag):
	"""The body of a good order."""
	return {
		"customer": books.customer(f"API {tag}"),
		"company": books.company(),
		"po_no": tag,
		"items": [{"item_code": books.service_item(f"API-{tag}"), "qty": 2, "rate": "9.95"}],
	}


def test_made_submitted_read_cancelled(caller, new):
	made = caller.post("orders.create", **new, expected_total="19.90")
	order = data(made, 201)
	doc = frappe.get_doc("Sales Order", order["name"])
	assert (doc.docstatus, doc.grand_total, doc.po_no) == (0, 19.9, new["po_no"])
	assert (order["grand_total"], order["items"][0]["rate"], order["status"]) == ("19.90", "9.95", "Draft")
	submitted = caller.post("orders.submit", name=order["name"], headers={"If-Match": made.headers["ETag"]})
	assert data(submitted)["docstatus"] == 1
	error(
		caller.post("orders.cancel", name=order["name"], headers={"If-Match": made.headers["ETag"]}),
		412,
		"changed_meanwhile",
	)
	found = data(caller.get("orders.list", po_no=new["po_no"], fields="name,items.item_code,grand_total"))[
		"rows"
	]
	assert found == [
		{
			"name": order["name"],
			"grand_total": "19.90",
			"items": [{"item_code": new["items"][0]["item_code"]}],
		}
	]
	assert data(caller.post("orders.cancel", name=order["name"]))["docstatus"] == 2


def test_taxes_are_added_as_said(caller, new):
	new["taxes"] = [
		{
			"account_head": books.account("API VAT", "Liability", "Tax"),
			"description": "VAT",
			"tax_amount": "3.78",
		}
	]
	order = data(caller.post("orders.create", **new, submit=True, expected_total="23.68"), 201)
	assert (order["docstatus"], order["total_taxes_and_charges"]) == (1, "3.78")


@pytest.mark.parametrize(
	"change, status, type_, field",
	[
		({"customer": "Nobody"}, 422, "refused", "customer"),
		({"items": []}, 422, "invalid", "items"),
		({"items": [{"item_code": "x", "qty": 0}]}, 422, "invalid", "items.0.qty"),
		({"items": [{"item_code": "x", "qty": 1, "rate": "1e3"}]}, 422, "invalid", "items.0.rate"),
		({"items": [{"item_code": "No Such Item", "qty": 1}]}, 422, "refused", "items.0.item_code"),
		({"transaction_date": "yesterday"}, 422, "invalid", "transaction_date"),
		({"expected_total": "19.91"}, 422, "refused", "expected_total"),
		({"currency": "EURO"}, 422, "invalid", "currency"),
		({"grand_total": "1.00"}, 422, "invalid", "grand_total"),
	],
)
def test_what_is_refused_makes_nothing(caller, new, change, status, type_, field):
	error(caller.post("orders.create", **{**new, **change}), status, type_, field)
	assert not frappe.db.exists("Sales Order", {"po_no": new["po_no"]})


def test_rows_of_many(caller, new):
	rows = [{**new, "po_no": f"{new['po_no']}-{number}"} for number in range(3)]
	rows[1]["customer"] = "Nobody"
	found = data(caller.post("orders.create_many", rows=rows, headers={"Idempotency-Key": new["po_no"]}))
	again = data(caller.post("orders.create_many", rows=rows, headers={"Idempotency-Key": new["po_no"]}))
	assert found == again and [one["status"] for one in found["results"]] == ["created", "failed", "created"]
	assert [one["field"] for one in found["results"][1]["error"]["fields"]] == ["customer"]
	assert frappe.db.count("Sales Order", {"po_no": ("like", f"{new['po_no']}-%")}) == 2


def test_rights(caller, callers, new):
	name = data(caller.post("orders.create", **new), 201)["name"]
	warehouse = callers("Stock Manager")
	error(callers().get("orders.list"), 403, "forbidden")
	error(warehouse.post("orders.create", **new), 403, "forbidden")
	error(callers().post("orders.cancel", name=name), 403, "forbidden")


def test_orders_of_customers_one_may_not_see_are_not_there(web, caller, new, tag):
	from tests.support.api import Caller, token_of, user

	name = data(caller.post("orders.create", **new), 201)["name"]
	email = user(f"bound-{tag}@hub.example", "Sales User")
	frappe.get_doc(
		{
			"doctype": "User Permission",
			"user": email,
			"allow": "Customer",
			"for_value": books.customer(f"Other {tag}"),
			"apply_to_all_doctypes": 1,
		}
	).insert()
	frappe.db.commit()  # the web server must see it
	bound = Caller(web, {"Authorization": token_of(email)})
	assert data(bound.get("orders.list", po_no=tag))["rows"] == []
	error(bound.get("orders.get", name=name), 404, "not_found")
