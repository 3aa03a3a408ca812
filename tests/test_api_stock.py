"""Stock set right over HTTP: counts and changes, booked once, each row by itself, and the ledger with them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import frappe
import pytest

from sandbox import books
from tests.support.api import Caller, data, error, token_of, user


@pytest.fixture
def tag():
	return frappe.generate_hash(length=8)


@pytest.fixture(scope="module")
def robot(callers):
	return callers("Integration Warehouse")


def item(tag: str, quantity: float = 0, **values) -> str:
	return books.stock_item(f"ADJ-{tag}", quantity, **values)


def there(code: str) -> float:
	frappe.db.rollback()
	found = frappe.db.get_value("Bin", {"item_code": code, "warehouse": books.warehouse()}, "actual_qty")
	return found or 0.0


def row(code: str, **values) -> dict:
	return {"item_code": code, "warehouse": books.warehouse(), **values}


def adjust(caller, *rows, **more):
	return data(caller.post("stock.adjust", rows=[*rows], **more))["results"]


@pytest.mark.parametrize(
	"before, asked, after, doctype",
	[
		(10, {"qty": 7}, 7, "Stock Reconciliation"),
		(10, {"qty": 12.5}, 12.5, "Stock Reconciliation"),
		(10, {"qty": 0}, 0, "Stock Reconciliation"),
		(10, {"qty": 7, "if_qty": 10}, 7, "Stock Reconciliation"),
		(10, {"qty": 10, "valuation_rate": "2.50"}, 10, "Stock Reconciliation"),
		(0, {"qty": 5, "valuation_rate": "3.20"}, 5, "Stock Reconciliation"),
		(10, {"change": 3}, 13, "Stock Entry"),
		(10, {"change": -4}, 6, "Stock Entry"),
		(0, {"change": 3, "valuation_rate": "4.00"}, 3, "Stock Entry"),
	],
)
def test_a_count_or_change_is_booked(robot, tag, before, asked, after, doctype):
	code = item(tag, before)
	[result] = adjust(robot, row(code, **asked), reason=f"Counted <b>{tag}</b>")
	assert result["status"] == "done", result
	assert there(code) == after
	doc = frappe.get_doc(doctype, result["name"])
	assert doc.docstatus == 1 and doc.owner.startswith("api-")
	[comment] = frappe.get_all(
		"Comment", filters={"reference_name": doc.name, "comment_type": "Comment"}, pluck="content"
	)
	assert tag in comment and "<b>" not in comment
	value = frappe.get_all(
		"Stock Ledger Entry", filters={"item_code": code, "is_cancelled": 0}, pluck="stock_value_difference"
	)
	rate = float(asked.get("valuation_rate") or 1)
	if before and "valuation_rate" not in asked:
		assert sum(value) == pytest.approx(after * 1.0)
	else:
		assert sum(value) == pytest.approx(after * rate)
	entries = frappe.get_all(
		"GL Entry", filters={"voucher_no": doc.name, "is_cancelled": 0}, fields=["debit", "credit"]
	)
	assert sum(one.debit for one in entries) == pytest.approx(sum(one.credit for one in entries))


def test_what_agrees_is_left_alone(robot, tag):
	code = item(tag, 10)
	before = frappe.db.count("Stock Ledger Entry", {"item_code": code})
	[result] = adjust(robot, row(code, qty=10))
	assert (result["status"], result["name"]) == ("unchanged", "")
	assert frappe.db.count("Stock Ledger Entry", {"item_code": code}) == before


@pytest.mark.parametrize(
	"asked, type_, says, fields",
	[
		({"qty": 5, "if_qty": 9}, "conflict", "There are 10", ["if_qty"]),
		({"change": -11}, "refused", "", []),
		({"qty": 5, "warehouse": "No Such Warehouse"}, "refused", "no Warehouse", ["warehouse"]),
		({"qty": 5, "item_code": "No Such Item"}, "refused", "no Item", ["item_code"]),
	],
)
def test_a_bad_row_fails_alone(robot, tag, asked, type_, says, fields):
	good, bad = item(tag, 10), item(f"{tag}-bad", 10)
	results = adjust(robot, row(good, change=-1), row(bad, **asked), row(item(f"{tag}-3", 10), qty=3))
	assert [one["status"] for one in results] == ["done", "failed", "done"], results
	assert results[1]["error"]["type"] == type_ and says in results[1]["error"]["message"], results[1]
	assert [one["field"] for one in results[1]["error"]["fields"]] == fields
	assert (there(good), there(bad), there(f"ADJ-{tag}-3")) == (9, 10, 3)


def test_one_that_erpnext_refuses_does_not_keep_its_neighbours_in_the_document(robot, tag):
	codes = [item(f"{tag}-{number}", 10) for number in range(3)]
	results = adjust(
		robot, *(row(code, change=-(20 if place == 1 else 2)) for place, code in enumerate(codes))
	)
	assert [one["status"] for one in results] == ["done", "failed", "done"]
	assert [there(code) for code in codes] == [8, 10, 8]


def test_rows_of_one_kind_are_one_document(robot, tag):
	codes = [item(f"{tag}-{number}", 10) for number in range(4)]
	results = adjust(
		robot, *(row(code, change=2) for code in codes[:2]), *(row(code, qty=2) for code in codes[2:])
	)
	assert results[0]["name"] == results[1]["name"] != results[2]["name"] == results[3]["name"]


def test_new_stock_without_a_value_is_refused_with_the_reason(robot, tag):
	code = item(tag, valuation_rate=0)
	results = adjust(robot, row(code, qty=5))
	assert results[0]["status"] == "failed" and "aluation" in results[0]["error"]["message"], results


def test_what_cannot_be_adjusted_says_so(robot, tag):
	service = books.service_item(f"ADJ-S-{tag}")
	results = adjust(robot, row(service, qty=1), row(item(tag, 1), qty=1), row(f"ADJ-{tag}", qty=2))
	assert "no stock Item" in results[0]["error"]["message"]
	assert "in the call already" in results[2]["error"]["message"]


@pytest.mark.parametrize(
	"asked",
	[
		{},
		{"qty": 1, "change": 1},
		{"qty": -1},
		{"change": 0},
		{"qty": "1e3"},
		{"change": -1, "valuation_rate": "1.00"},
		{"qty": 1, "colour": "red"},
	],
)
def test_bad_input_books_nothing(robot, tag, asked):
	error(robot.post("stock.adjust", rows=[row(f"ADJ-{tag}", **asked)]), 422, "invalid")


def test_the_same_key_books_once(robot, tag):
	code = item(tag, 10)
	body = {"rows": [row(code, change=5)], "headers": {"Idempotency-Key": tag}}
	first = data(robot.post("stock.adjust", **body))
	again = robot.post("stock.adjust", **body)
	assert data(again) == first and again.headers["Idempotent-Replayed"] == "true" and there(code) == 15


def test_rights(robot, callers, web, tag):
	code = item(tag, 10)
	for nobody in (callers(), callers("Integration Shop"), callers("Integration BI")):
		error(nobody.post("stock.adjust", rows=[row(code, change=1)]), 403, "forbidden")
	# Stock User may make Stock Entries, but no Stock Reconciliations
	clerk = callers("Stock User", "Item Manager")
	error(clerk.post("stock.adjust", rows=[row(code, qty=1)]), 403, "forbidden")
	bound = user(f"bound-{tag}@hub.example", "Integration Warehouse")
	other = frappe.get_all(
		"Warehouse", filters={"is_group": 0, "name": ("!=", books.warehouse())}, pluck="name", limit=1
	)[0]
	frappe.get_doc(
		{"doctype": "User Permission", "user": bound, "allow": "Warehouse", "for_value": other}
	).insert()
	frappe.db.commit()  # the web server must see it
	[result] = adjust(Caller(web, {"Authorization": token_of(bound)}), row(code, change=1))
	# in ERPNext an Item whose defaults name another Warehouse is hidden, too
	assert result["status"] == "failed" and "There is no" in result["error"]["message"]
	assert there(code) == 10


def test_of_two_counts_at_once_one_sees_the_other(web, tag):
	code = item(tag, 10)
	callers = [
		Caller(
			web, {"Authorization": token_of(user(f"w{number}-{tag}@hub.example", "Integration Warehouse"))}
		)
		for number in range(2)
	]

	body = {"rows": [row(code, change=-10, if_qty=10)]}

	def post(caller):
		return caller.session.post(
			f"{web}/api/method/integration_hub.api.v1.stock.adjust",
			json=body,
			timeout=60,
		)

	with ThreadPoolExecutor(2) as pool:
		answers = [*pool.map(post, callers)]
	done = [one for one in answers if one.ok and one.json()["data"]["done"] == 1]
	assert len(done) == 1 and there(code) == 0, [one.text for one in answers]
