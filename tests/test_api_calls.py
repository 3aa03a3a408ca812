"""The log of calls: what is marked as unusual, who is told, who may read it, and that it harms nobody's answer."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import frappe
import pytest
from frappe.utils import now_datetime

from integration_hub.api.rest import anomalies
from integration_hub.sync import keys
from tests.support.api import Caller, data, error, token_of, user

LOG = "Integration API Call"
TLS = {"X-Forwarded-Proto": "https"}


@pytest.fixture
def tag():
	return frappe.generate_hash(length=8)


@pytest.fixture
def caller(web, tag):
	return Caller(web, {"Authorization": token_of(user(f"log-{tag}@hub.example", "Sales User"))})


@pytest.fixture
def watcher(site, tag):
	"""Somebody whom alerts reach."""
	return user(f"watcher-{tag}@hub.example", "Integration Manager")


def from_(address):
	return {"X-Forwarded-For": address}


@pytest.fixture
def places():
	"""Addresses that nobody else calls from."""
	number = int(frappe.generate_hash(length=6), 16)
	return [f"198.19.{number % 250}.{place}" for place in (1, 2, 3)]


def row_of(answer):
	return frappe.get_doc(LOG, answer.headers["X-Request-Id"])


def marks(answer):
	return row_of(answer).marks or ""


def alerts(watcher, of):
	frappe.db.rollback()  # see what the web server has committed
	return frappe.db.count("Notification Log", {"for_user": watcher, "subject": ("like", f"%{of}%")})


def history(caller, address, moments):
	"""Calls of the past, as the log would have them."""
	for moment in moments:
		frappe.get_doc(
			{
				"doctype": LOG,
				"name": frappe.generate_hash(length=20),
				"caller": caller,
				"address": address,
				"http_status": 200,
				"called_at": moment,
			}
		).db_insert()
	frappe.db.commit()  # the web server must see it


def test_a_new_address_is_marked_and_told_once(caller, watcher, places, tag):
	here, there, elsewhere = places
	first = caller.get("customers.list", limit=1, headers=from_(here))
	assert marks(first) == "", "all of it is new: there is nothing to compare with"
	assert marks(caller.get("customers.list", limit=1, headers=from_(here))) == ""
	assert marks(caller.get("customers.list", limit=1, headers=from_(there))) == "new address"
	assert marks(caller.get("customers.list", limit=1, headers=from_(there))) == ""
	assert marks(caller.get("customers.list", limit=1, headers=from_(elsewhere))) == "new address"
	assert alerts(watcher, f"log-{tag}") == 1, "one alert per caller and hour"


def test_an_address_is_new_again_after_thirty_days(caller, places, tag):
	here, there, _elsewhere = places
	who = f"user:log-{tag}@hub.example"
	history(who, there, [now_datetime() - timedelta(days=31)])
	history(who, here, [now_datetime() - timedelta(days=29)])
	assert marks(caller.get("customers.list", limit=1, headers=from_(here))) == ""
	assert marks(caller.get("customers.list", limit=1, headers=from_(there))) == "new address"


def test_ten_refusals_in_five_minutes(web, watcher, places):
	here, there, _elsewhere = places
	wrong = Caller(web, {"Authorization": "token no:key", **from_(here)})
	found = [marks(wrong.get("customers.list")) for _number in range(12)]
	assert found == [""] * 9 + ["refusals"] * 3
	assert alerts(watcher, here) == 1
	assert marks(Caller(web, from_(there)).get("customers.list")) == ""


def test_old_refusals_do_not_count(web, places):
	here = places[0]
	wrong = Caller(web, {"Authorization": "token no:key", **from_(here)})
	for _number in range(9):
		row = row_of(wrong.get("customers.list"))
		row.db_set("called_at", now_datetime() - timedelta(minutes=6))
		frappe.db.commit()  # the web server must see it
	assert marks(wrong.get("customers.list")) == ""


def test_a_caller_at_its_limit_is_a_burst(web, watcher, tag):
	doc = frappe.get_doc(
		{
			"doctype": keys.DOCTYPE,
			"title": tag,
			"user": user(f"log-{tag}@hub.example", "Sales User"),
			"calls_per_minute": 2,
		}
	).insert()
	caller = Caller(web, {"Authorization": f"Bearer {keys.issue(doc)}", **TLS})
	frappe.db.commit()  # the web server must see it
	answers = [caller.get("keys.me") for _number in range(4)]
	assert [one.status_code for one in answers] == [200, 200, 429, 429]
	assert [marks(one) for one in answers] == ["", "", "burst", "burst"]
	assert row_of(answers[0]).api_key == doc.name and alerts(watcher, doc.name) == 1


@pytest.mark.parametrize("pause, burst", [(60, True), (0.5, False)], ids=["usually slow", "usually as fast"])
def test_far_over_its_own_usual(site, tag, pause, burst):
	"""70 calls in the last minute, of a caller that made one each `pause` seconds before."""
	moment, who = now_datetime(), f"user:{tag}"
	minute_ago = moment - timedelta(minutes=1)
	history(who, "198.19.0.9", [minute_ago - timedelta(seconds=pause * number) for number in range(300)])
	history(who, "198.19.0.9", [moment - timedelta(milliseconds=500 * number) for number in range(70)])
	row = frappe._dict(
		name="x", caller=who, address="198.19.0.9", http_status=200, called_at=moment + timedelta(seconds=1)
	)
	assert anomalies.marks_of(row) == (["burst"] if burst else [])


def test_a_caller_of_whom_little_is_known_has_no_usual(site, tag):
	moment, who = now_datetime(), f"user:{tag}"
	history(who, "198.19.0.9", [moment - timedelta(milliseconds=500 * number) for number in range(100)])
	row = frappe._dict(name="x", caller=who, address="198.19.0.9", http_status=200, called_at=moment)
	assert anomalies.marks_of(row) == []


def test_a_right_key_from_a_wrong_place_is_marked_with_its_name(web, watcher, places, tag):
	doc = frappe.get_doc(
		{
			"doctype": keys.DOCTYPE,
			"title": tag,
			"user": user(f"log-{tag}@hub.example", "Sales User"),
			"allowed_addresses": places[0],
		}
	).insert()
	token = keys.issue(doc)
	frappe.db.commit()  # the web server must see it
	answer = Caller(web, {"Authorization": f"Bearer {token}", **TLS, **from_(places[1])}).get("keys.me")
	error(answer, 403, "forbidden")
	row = row_of(answer)
	assert (row.marks, row.api_key, row.user) == ("key refused", doc.name, "Guest")
	assert alerts(watcher, places[1]) == 1
	wrong = Caller(web, {"Authorization": f"Bearer {token[:-1]}", **TLS, **from_(places[0])}).get("keys.me")
	assert (row_of(wrong).marks, row_of(wrong).api_key) == (None, None)


def test_the_questions_use_their_indexes(site):
	for where, name in (
		("caller = 'a' and called_at >= '2026-01-01' order by called_at desc", "hub_call_caller"),
		(
			"caller = 'a' and address = 'b' and called_at >= '2026-01-01' order by called_at desc",
			"hub_call_caller",
		),
		("address = 'b' and called_at >= '2026-01-01' order by called_at desc", "hub_call_address"),
	):
		explain = "explain query plan" if frappe.db.db_type == "sqlite" else "explain"
		plan = str(frappe.db.sql(f"{explain} select name from `tab{LOG}` where {where} limit 1"))
		assert name in plan, plan


# --- reading it --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def manager(callers):
	return callers("Integration Manager")


def test_managers_read_and_export_the_log(manager, caller, tag):
	answers = [caller.get("customers.list", limit=limit) for limit in (1, 0)]
	who = f"user:log-{tag}@hub.example"
	rows = data(manager.get("calls.list", caller=who))["rows"]
	assert [row["name"] for row in rows] == [one.headers["X-Request-Id"] for one in answers]
	assert [(row["http_status"], row["error_type"]) for row in rows] == [(200, None), (422, "invalid")]
	assert [row["name"] for row in data(manager.get("calls.list", caller=who, http_status=422))["rows"]] == [
		rows[1]["name"]
	]
	assert data(manager.get("calls.list", caller=who, marked="true"))["rows"] == []
	assert data(manager.get("calls.list", caller=who, called_before=rows[0]["called_at"]))["rows"] == []
	export = manager.get("calls.export", caller=who)
	assert export.status_code == 200 and export.headers["Content-Type"].startswith("text/csv")
	assert "attachment" in export.headers["Content-Disposition"]
	table = [*csv.DictReader(io.StringIO(export.text))]
	assert [row["name"] for row in table] == [rows[1]["name"], rows[0]["name"]]
	assert table[1]["method"] == "integration_hub.api.v1.customers.list" and table[1]["verb"] == "GET"


def test_nobody_else_does(callers):
	for one in (callers(), callers("Integration BI"), callers("Integration User")):
		error(one.get("calls.list"), 403, "forbidden")
		error(one.get("calls.export"), 403, "forbidden")


def test_what_a_caller_wrote_is_no_formula(manager, caller, places):
	from integration_hub.api.v1.calls import Call, _csv

	row = {
		**dict.fromkeys(Call.model_fields, ""),
		"address": "=cmd|' /C calc'!A0",
		"caller": "@x",
		"method": "a",
	}
	cells = [*csv.DictReader(io.StringIO(_csv([row]).decode()))][0]
	assert (cells["address"], cells["caller"], cells["method"]) == ("'=cmd|' /C calc'!A0", "'@x", "a")


def test_no_secret_is_in_the_log(web, tag):
	email = user(f"log-{tag}@hub.example", "Sales User")
	doc = frappe.get_doc({"doctype": keys.DOCTYPE, "title": tag, "user": email}).insert()
	token = keys.issue(doc)
	frappe.db.commit()  # the web server must see it
	caller = Caller(web, {"Authorization": f"Bearer {token}", **TLS})
	secret = token.split("_", 2)[2]
	for answer in (
		caller.get("customers.list", limit=1, fields=secret),
		caller.get(f"customers.{secret[:20]}"),
		caller.post("customers.create", customer_name=secret, password=secret),
		caller.raw("GET", "customers.list", params={"token": token}),
	):
		assert answer.status_code in (404, 403, 422)
	rows = frappe.get_all(LOG, filters={"api_key": doc.name}, fields=["*"])
	assert len(rows) == 4 and token not in json.dumps(rows, default=str)
	assert secret not in json.dumps(rows, default=str)


@pytest.mark.parametrize("broken", ["db_insert", "marks"])
def test_a_log_that_fails_takes_nobody_s_answer(site, monkeypatch, broken):
	from werkzeug.test import EnvironBuilder
	from werkzeug.wrappers import Request, Response

	from integration_hub.api.rest import border, calls

	def fail(*_arguments, **_named):
		raise RuntimeError("the disk is full")

	if broken == "marks":
		monkeypatch.setattr(anomalies, "marks_of", fail)
	else:
		monkeypatch.setattr(frappe.model.document.Document, "db_insert", fail)
	request = Request(EnvironBuilder("/api/method/integration_hub.api.v1.customers.list").get_environ())
	monkeypatch.setattr(frappe.local, "request", request, raising=False)
	response = Response(b'{"data": 1}', mimetype="application/json")
	response.of_the_api = True
	border.after_request(response, request)
	assert response.status_code == 200 and response.get_data() == b'{"data": 1}'
	written = frappe.db.exists(calls.DOCTYPE, frappe.local.integration_hub_request)
	assert bool(written) == (broken == "marks"), "the row is there whatever becomes of its marks"
	frappe.local.integration_hub_request = None
