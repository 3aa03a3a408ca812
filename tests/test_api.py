"""What is alike for every method of the public API, proven on Customers: input, errors, pages, fields, ETags,
Idempotency-Key, bulk, limits. Over HTTP, as outside systems call."""

from __future__ import annotations

import concurrent.futures
import json
import time
from pathlib import Path

import frappe
import pytest
import requests

from tests.support.api import PATH, Caller, data, error


@pytest.fixture(scope="module")
def caller(callers):
	return callers("Sales Manager", "Sales Master Manager", "Sales User")


@pytest.fixture
def tag():
	return frappe.generate_hash(length=8)


def test_made_read_changed(caller, tag):
	made = caller.post("customers.create", customer_name=f"Acme {tag}", tax_id="DE1")
	customer = data(made, 201)
	assert frappe.db.get_value("Customer", customer["name"], "tax_id") == "DE1"
	read = caller.get("customers.get", name=customer["name"])
	assert data(read) == customer and read.headers["ETag"] == made.headers["ETag"]
	changed = data(caller.post("customers.update", name=customer["name"], tax_id=None))
	assert changed["tax_id"] is None and changed["modified"] > customer["modified"]


@pytest.mark.parametrize(
	"method, body, field",
	[
		("customers.create", {}, "customer_name"),
		("customers.create", {"customer_name": 7}, "customer_name"),
		("customers.create", {"customer_name": ""}, "customer_name"),
		("customers.create", {"customer_name": "x" * 141}, "customer_name"),
		("customers.create", {"customer_name": "a\x00b"}, "customer_name"),
		("customers.create", {"customer_name": "a", "colour": "red"}, "colour"),
		("customers.create", {"customer_name": "a", "email_id": "no address"}, "email_id"),
		(
			"customers.create_many",
			{"rows": [{"customer_name": "a"}, {"customer_name": 1}]},
			"rows.1.customer_name",
		),
		("customers.create_many", {"rows": []}, "rows"),
		("customers.create_many", {"rows": [{"customer_name": "a"}] * 1001}, "rows"),
	],
)
def test_bad_input_names_the_field(caller, method, body, field):
	before = frappe.db.count("Customer")
	error(caller.post(method, **body), 422, "invalid", field)
	assert frappe.db.count("Customer") == before


@pytest.mark.parametrize(
	"arguments, field",
	[
		({"limit": "many"}, "limit"),
		({"limit": 0}, "limit"),
		({"limit": 201}, "limit"),
		({"fields": "name,password"}, "fields"),
		({"fields": "name`,(select 1)"}, "fields.1"),
		({"cursor": "…"}, "cursor"),
		({"cursor": "bm8"}, "cursor"),
		({"modified_since": "2026-01-01T00:00:00"}, "modified_since"),
		({"modified_since": "yesterday"}, "modified_since"),
		({"unknown": 1}, "unknown"),
	],
)
def test_bad_questions_name_the_field(caller, arguments, field):
	error(caller.get("customers.list", **arguments), 422, "invalid", field)


def test_errors_before_a_method_is_reached_have_the_same_shape(caller, web):
	as_json = {"Content-Type": "application/json"}
	error(Caller(web).get("customers.list"), 401, "unauthorised")
	error(Caller(web, {"Authorization": "token no:key"}).get("customers.list"), 401, "unauthorised")
	error(Caller(web, {"Authorization": "Bearer nothing"}).get("customers.list"), 401, "unauthorised")
	error(caller.post("customers.list"), 405, "wrong_method")
	error(caller.get("customers.create"), 405, "wrong_method")
	error(caller.get("customers.nothing"), 404, "not_found")
	error(caller.get("nothing.at.all"), 404, "not_found")
	error(caller.raw("POST", "customers.create", data=b"{", headers=as_json), 400, "malformed")
	error(caller.raw("POST", "customers.create", data=b"[1]", headers=as_json), 422, "invalid")
	error(caller.raw("POST", "customers.create", data=b"[" * 100_000, headers=as_json), 400, "malformed")
	text = caller.raw("POST", "customers.create", data=b"name", headers={"Content-Type": "text/plain"})
	error(text, 400, "malformed")


@pytest.mark.parametrize("path", ["customers", "customers.frappe", "customers.CUSTOMERS", "customers.", ""])
def test_a_path_to_something_else_than_a_method_is_no_failure_of_the_site(caller, web, path):
	for verb in ("GET", "POST"):
		error(caller.raw(verb, path), 404, "not_found")


@pytest.mark.parametrize("path, allowed", [("customers.list", "GET"), ("customers.create", "POST")])
@pytest.mark.parametrize("verb", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_a_verb_that_a_method_has_not_is_answered_by_the_one_it_has(caller, path, allowed, verb):
	answer = caller.raw(verb, path)
	told = frappe.get_last_doc("Integration API Call", {"verb": verb})
	assert (told.method.removeprefix("integration_hub.api.v1."), told.http_status) == (path, 405)
	assert (answer.status_code, answer.headers.get("Allow")) == (405, allowed), answer.text
	if verb != "HEAD":
		error(answer, 405, "wrong_method")


@pytest.mark.parametrize("path", ["customers.list", "customers.create"])
def test_a_browser_may_ask_before_a_page_of_another_origin_calls(site, web, path):
	config = Path(frappe.get_site_path("site_config.json"))
	before = config.read_text()
	config.write_text(json.dumps({**json.loads(before), "allow_cors": "https://shop.example"}))
	told_by = time.monotonic() + 75  # a web process of Frappe 16 reads its site's config once a minute
	try:
		while True:
			answer = requests.options(
				f"{web}{PATH}{path}",
				headers={
					"Origin": "https://shop.example",
					"Access-Control-Request-Method": "POST",
					"Access-Control-Request-Headers": "authorization,content-type",
				},
				timeout=60,
			)
			if "Access-Control-Allow-Origin" in answer.headers or time.monotonic() > told_by:
				break
			time.sleep(1)
	finally:
		config.write_text(before)
	assert answer.status_code == 200, answer.text
	assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
	assert answer.headers["Access-Control-Allow-Methods"] == "POST"
	assert "authorization" in answer.headers["Access-Control-Allow-Headers"]


def test_what_is_not_there_and_what_may_not_be_seen(caller, callers, tag):
	error(caller.get("customers.get", name=f"no {tag}"), 404, "not_found")
	error(callers().get("customers.list"), 403, "forbidden")
	error(callers().get("customers.get", name=f"no {tag}"), 403, "forbidden")
	error(callers("Stock User").post("customers.create", customer_name=tag), 403, "forbidden")


def test_pages_hold_each_once_and_go_on_while_things_change(caller, tag):
	names = [
		data(caller.post("customers.create", customer_name=f"{tag} {number}"), 201)["name"]
		for number in range(7)
	]
	first = data(caller.get("customers.get", name=names[0]))
	query = {"modified_since": first["modified"], "limit": 3, "fields": "name,customer_name"}
	found, cursor, pages = [], None, 0
	while True:
		page = data(caller.get("customers.list", cursor=cursor, **query))
		assert all(set(row) == {"name", "customer_name"} for row in page["rows"])
		found += [row["name"] for row in page["rows"]]
		cursor, pages = page["next_cursor"], pages + 1
		if pages == 1:
			data(caller.post("customers.update", name=names[0], tax_id="changed meanwhile"))
		if not cursor:
			break
	assert set(names) <= set(found)
	assert [found.count(name) for name in names[1:]] == [1] * 6
	assert found.count(names[0]) == 2, "what changed while we read comes once more, at the end"


def test_rows_of_one_moment_are_not_lost_between_pages(caller, tag):
	rows = [{"customer_name": f"{tag} {number}"} for number in range(5)]
	names = [one["name"] for one in data(caller.post("customers.create_many", rows=rows))["results"]]
	moment = frappe.db.get_value("Customer", names[0], "modified")
	frappe.db.set_value("Customer", {"name": ("in", names)}, "modified", moment, update_modified=False)
	frappe.db.commit()  # the web server must see it
	found, cursor = [], None
	since = data(caller.get("customers.get", name=names[0]))["modified"]
	for _page in range(20):
		page = data(caller.get("customers.list", modified_since=since, limit=2, cursor=cursor))
		found += [row["name"] for row in page["rows"]]
		cursor = page["next_cursor"]
		if not cursor:
			break
	assert [found.count(name) for name in names] == [1] * 5


def test_a_read_that_is_known_already_is_not_sent_again(caller, tag):
	name = data(caller.post("customers.create", customer_name=tag), 201)["name"]
	for method, arguments in (("customers.get", {"name": name}), ("customers.list", {"customer_name": tag})):
		first = caller.get(method, **arguments)
		again = caller.get(method, headers={"If-None-Match": first.headers["ETag"]}, **arguments)
		assert again.status_code == 304 and not again.content
		data(caller.post("customers.update", name=name, tax_id=frappe.generate_hash(length=6)))
		assert (
			caller.get(method, headers={"If-None-Match": first.headers["ETag"]}, **arguments).status_code
			== 200
		)


def test_nobody_overwrites_what_they_have_not_seen(caller, tag):
	first = caller.post("customers.create", customer_name=tag)
	name, seen = data(first, 201)["name"], first.headers["ETag"]
	second = caller.post("customers.update", name=name, tax_id="1", headers={"If-Match": seen})
	data(second)
	error(
		caller.post("customers.update", name=name, tax_id="2", headers={"If-Match": seen}),
		412,
		"changed_meanwhile",
	)
	assert frappe.db.get_value("Customer", name, "tax_id") == "1"
	data(caller.post("customers.update", name=name, tax_id="3", headers={"If-Match": second.headers["ETag"]}))


def test_the_same_key_does_it_once(caller, tag):
	send = lambda: caller.post("customers.create", customer_name=tag, headers={"Idempotency-Key": tag})  # noqa: E731
	first, again = send(), send()
	assert data(first, 201) == data(again, 201)
	assert "Idempotent-Replayed" not in first.headers and again.headers["Idempotent-Replayed"] == "true"
	assert frappe.db.count("Customer", {"customer_name": tag}) == 1
	other = caller.post("customers.create", customer_name="x", headers={"Idempotency-Key": tag})
	error(other, 422, "key_reused")
	error(
		caller.post("customers.create", customer_name="x", headers={"Idempotency-Key": "x" * 256}),
		422,
		"invalid",
	)


def test_the_same_key_eight_times_at_once(caller, web, tag):
	def send(_number):
		one = Caller(web, dict(caller.session.headers))
		return one.session.post(
			f"{web}/api/method/integration_hub.api.v1.customers.create",
			json={"customer_name": tag},
			headers={"Idempotency-Key": tag},
			timeout=120,
		)

	with concurrent.futures.ThreadPoolExecutor(8) as pool:
		answers = list(pool.map(send, range(8)))
	frappe.db.rollback()  # see what they committed
	assert frappe.db.count("Customer", {"customer_name": tag}) == 1
	assert {one.status_code for one in answers} <= {201, 409, 503}, [one.text for one in answers]
	assert len({one.json()["data"]["name"] for one in answers if one.status_code == 201}) == 1


def test_a_key_of_a_request_that_failed_may_be_used_again(caller, tag):
	headers = {"Idempotency-Key": tag}
	failed = caller.post("customers.create", customer_name=tag, territory="Nowhere", headers=headers)
	error(failed, 422, "refused", "territory")
	data(caller.post("customers.create", customer_name=tag, headers=headers), 201)


def test_a_change_to_what_is_not_there_names_the_field(caller, tag):
	name = data(caller.post("customers.create", customer_name=tag), 201)["name"]
	error(caller.post("customers.update", name=name, territory="Nowhere"), 422, "refused", "territory")
	data(caller.post("customers.update", name=name, tax_id="DE1"))


def test_another_user_s_key_is_another_key(caller, callers, tag):
	other = callers("Sales Master Manager", "Sales User")
	headers = {"Idempotency-Key": tag}
	mine = data(caller.post("customers.create", customer_name=tag, headers=headers), 201)
	theirs = data(other.post("customers.create", customer_name=f"{tag} b", headers=headers), 201)
	assert mine["name"] != theirs["name"]


def test_a_key_is_forgotten_after_a_day(caller, tag):
	from integration_hub.sync import retention

	headers = {"Idempotency-Key": tag}
	data(caller.post("customers.create", customer_name=tag, headers=headers), 201)
	row = frappe.qb.DocType("Integration Idempotency Key")
	day_ago = frappe.utils.add_to_date(frappe.utils.now_datetime(), hours=-25)
	frappe.qb.update(row).set(row.creation, day_ago).run()
	frappe.db.commit()  # the web server must see it
	data(caller.post("customers.create", customer_name=f"{tag} 2", headers=headers), 201)
	frappe.qb.update(row).set(row.creation, day_ago).run()
	retention.forget()
	assert frappe.db.count("Integration Idempotency Key") == 0


def test_rows_that_are_refused_do_not_keep_the_others(caller, tag):
	rows = [{"customer_name": f"{tag} {number}"} for number in range(4)]
	rows[1]["territory"] = "Nowhere"
	rows[3]["customer_group"] = "Nobody"
	found = data(caller.post("customers.create_many", rows=rows))
	assert [one["status"] for one in found["results"]] == ["created", "failed", "created", "failed"]
	assert (found["done"], found["failed"], found["not_tried"]) == (2, 2, 0)
	assert "Nowhere" in found["results"][1]["error"]["message"]
	assert [one["field"] for one in found["results"][1]["error"]["fields"]] == ["territory"]
	assert frappe.db.count("Customer", {"customer_name": ("like", f"{tag}%")}) == 2


def test_calls_are_limited_and_the_caller_is_told(callers, web, tag):
	from tests.support.api import token_of, user

	email = user(f"busy-{tag}@hub.example", "Sales User")
	one = Caller(web, {"Authorization": token_of(email)})
	settings = frappe.get_doc("Integration Settings")
	settings.db_set("api_calls_per_minute", 5)
	frappe.db.commit()  # the web server must see it
	frappe.clear_document_cache("Integration Settings", "Integration Settings")
	try:
		answers = [one.get("customers.list", limit=1) for _number in range(7)]
	finally:
		settings.db_set("api_calls_per_minute", 600)
		frappe.db.commit()  # the web server must see it
	assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
	assert [answer.headers["RateLimit-Remaining"] for answer in answers[:5]] == ["4", "3", "2", "1", "0"]
	error(answers[-1], 429, "too_many")
	assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
	assert answers[-1].headers["RateLimit-Limit"] == "5"


def test_each_call_is_written_down(caller, web, tag):
	good = caller.get("customers.list", limit=1)
	bad = caller.get("customers.list", limit=0)
	nobody = Caller(web).get("customers.list")
	rows = {
		row.name: row
		for row in frappe.get_all(
			"Integration API Call", fields=["name", "http_status", "user", "method", "error_type"]
		)
	}
	for answer, status, type_ in ((good, 200, ""), (bad, 422, "invalid"), (nobody, 401, "unauthorised")):
		row = rows[answer.headers["X-Request-Id"]]
		assert (row.http_status, row.error_type or "") == (status, type_)
		assert row.method == "integration_hub.api.v1.customers.list"
	assert rows[nobody.headers["X-Request-Id"]].user == "Guest"
