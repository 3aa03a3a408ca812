"""Attacks on the public API and on what guests may call, each named after the threat. docs/security.md lists them."""

from __future__ import annotations

import gzip
import json
import re
import time

import frappe
import pytest
import requests
from werkzeug.test import EnvironBuilder

from integration_hub.api.rest import callers as callers_
from integration_hub.api.rest import limits
from integration_hub.sync import jobs, keys
from tests.support.api import PATH, Caller, data, error, token_of, user

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def caller(callers):
	return callers("Sales Manager", "Sales Master Manager", "Sales User")


@pytest.fixture
def tag():
	return frappe.generate_hash(length=8)


@pytest.fixture
def stranger():
	"""An address nobody else calls from, so that limits of other tests do not count here."""
	number = int(frappe.generate_hash(length=6), 16)
	return {"X-Forwarded-For": f"198.18.{number % 250}.{number // 250 % 250 + 1}"}


# --- bombs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
	"body",
	[
		b'{"customer_name":' + b"[" * 200_000,
		b'{"customer_name":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001,
		b'{"customer_name": ' + b"9" * 5_000 + b"}",
		b'{"customer_name": 1e999}',
		b'{"customer_name": NaN}',
		b'{"customer_name": "' + b"x" * 3_000_000 + b'"}',
		b'{"customer_name": "\\ud800"}',
		b"\xff\xfe\x00",
		b"null",
		b'"text"',
		b"7",
	],
	ids=[
		"deep lists",
		"deep objects",
		"long number",
		"infinite",
		"NaN",
		"long text",
		"half a letter",
		"no UTF-8",
		"null",
		"text",
		"number",
	],
)
def test_json_bomb(caller, body):
	began = time.monotonic()
	answer = caller.raw("POST", "customers.create", data=body, headers=JSON)
	assert answer.status_code in (400, 422), answer.text[:300]
	assert answer.json()["error"]["type"] in ("malformed", "invalid")
	assert "Traceback" not in answer.text and len(answer.content) < 5_000
	assert time.monotonic() - began < 10


def test_zip_bomb(caller):
	"""A body that grows a thousandfold when unpacked is not unpacked at all."""
	body = gzip.compress(b'{"customer_name": "' + b"a" * 20_000_000 + b'"}')
	answer = caller.raw("POST", "customers.create", data=body, headers={**JSON, "Content-Encoding": "gzip"})
	assert answer.status_code == 400 and answer.json()["error"]["type"] == "malformed"


def test_a_body_that_is_too_large(caller):
	answer = caller.raw(
		"POST", "customers.create", data=b'{"customer_name": "' + b"a" * 11_000_000 + b'"}', headers=JSON
	)
	error(answer, 413, "too_large")


# --- injection ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
	"arguments",
	[
		{"customer_name": "' OR 1=1 --"},
		{"customer_name": '") UNION SELECT name, password FROM __Auth --'},
		{"customer_group": "%"},
		{"customer_name": "_%"},
	],
)
def test_sql_in_a_filter_is_only_text(caller, arguments):
	assert data(caller.get("customers.list", **arguments))["rows"] == []


@pytest.mark.parametrize(
	"fields",
	["name;drop", "name as x", "count(*)", "`tabUser`.name", "(select 1)", "owner", "_user_tags", "name--"],
)
def test_fields_that_are_not_the_methods_own(caller, fields):
	error(caller.get("customers.list", fields=fields), 422, "invalid")


@pytest.mark.parametrize(
	"extra",
	[
		{"doctype": "User"},
		{"owner": "Administrator"},
		{"docstatus": 1},
		{"flags": {}},
		{"ignore_permissions": 1},
	],
)
def test_fields_that_nobody_offered_are_refused(caller, tag, extra):
	before = frappe.db.count("User")
	error(caller.post("customers.create", customer_name=tag, **extra), 422, "invalid", next(iter(extra)))
	assert frappe.db.count("User") == before and not frappe.db.exists("Customer", {"customer_name": tag})


def test_a_line_break_in_a_header_of_ours(caller, tag):
	answer = caller.raw(
		"POST", "customers.create", json={"customer_name": tag}, headers={"Idempotency-Key": "a\tb"}
	)
	error(answer, 422, "invalid", "Idempotency-Key")


def test_markup_comes_back_as_data_not_as_a_page(caller, tag):
	text = f"<img src=x onerror=alert(1)> {tag}"
	error(caller.post("customers.create", customer_name=text), 422, "refused")
	made = caller.post("customers.create", customer_name=tag, tax_id=text)
	read = caller.get("customers.get", name=data(made, 201)["name"], headers={"Accept": "text/html"})
	assert read.headers["Content-Type"].startswith("application/json")
	assert read.headers["X-Content-Type-Options"] == "nosniff" and "onerror" not in data(read)["tax_id"]


# --- who is it ---------------------------------------------------------------------------------------------


def test_another_site_cannot_use_a_signed_in_browser(web, tag):
	"""CSRF: a session's cookie alone changes nothing, as soon as the session has a page open."""
	from tests.support.people import PEOPLE, Person
	from tests.support.people import user as person_of

	PEOPLE["seller"] = ("Sales Manager", "Sales Master Manager", "Sales User")
	person = Person(web, person_of("seller"))
	page = person.session.get(f"{web}/integration-hub/api", timeout=60)
	token = re.search(r"&quot;csrf_token&quot;: &quot;(\w{20,})&quot;", page.text)[1]
	address = f"{web}{PATH}customers.create"
	forms = (
		{"data": {"customer_name": tag}},
		{"json": {"customer_name": tag}},
		{"json": {"customer_name": tag}, "headers": {"X-Frappe-CSRF-Token": "x" * len(token)}},
	)
	for forged in forms:
		error(person.session.post(address, timeout=60, **forged), 400, "malformed")
	frappe.db.rollback()  # see what they did
	assert not frappe.db.exists("Customer", {"customer_name": tag})
	own = {"X-Frappe-CSRF-Token": token}
	data(person.session.post(address, json={"customer_name": tag}, headers=own, timeout=60), 201)


def test_a_read_never_writes(web, caller, tag):
	answer = requests.get(
		f"{web}{PATH}customers.create",
		params={"customer_name": tag},
		headers=dict(caller.session.headers),
		timeout=60,
	)
	error(answer, 405, "wrong_method")
	frappe.db.rollback()  # see what it did
	assert not frappe.db.exists("Customer", {"customer_name": tag})


def test_a_key_of_somebody_switched_off(web, tag):
	email = user(f"gone-{tag}@hub.example", "Sales User")
	caller = Caller(web, {"Authorization": token_of(email)})
	data(caller.get("customers.list", limit=1))
	frappe.get_doc("User", email).db_set("enabled", 0)
	frappe.db.commit()  # the web server must see it
	error(caller.get("customers.list", limit=1), 401, "unauthorised")


def test_errors_do_not_tell_whether_a_user_exists(web):
	answers = [
		Caller(web, {"Authorization": f"token {key}:{secret}"}).get("customers.list")
		for key, secret in (("nobody", "x"), ("", ""), ("a" * 300, "b" * 300))
	]
	assert {one.status_code for one in answers} == {401}
	assert len({one.json()["error"]["message"] for one in answers}) == 1


def test_a_forged_forwarded_address_does_not_change_who_is_counted(web, tag):
	"""Only the entry that our own proxy adds counts; whatever the caller writes before it does not."""
	caller = Caller(web, {"Authorization": token_of(user(f"proxy-{tag}@hub.example", "Sales User"))})
	answer = caller.get("customers.list", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}, limit=1)
	row = frappe.db.get_value("Integration API Call", answer.headers["X-Request-Id"], "address")
	assert row == "203.0.113.9"


OTHER_WAYS = {
	"v1": ("GET", "/api/v1/method/{0}", {}),
	"v2": ("GET", "/api/v2/method/{0}", {}),
	"more path": ("GET", "/api/method/{0}/more", {}),
	"cmd": ("GET", "/api/method/ping", {"params": {"cmd": "{0}"}}),
	"an upload": ("POST", "/api/method/upload_file", {"data": {"method": "{0}"}}),
}


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_no_call_passes_by_the_log(web, tag, way):
	"""Frappe runs a method by many addresses; only one of them is logged, so the others do nothing."""
	verb, path, options = OTHER_WAYS[way]
	method = "integration_hub.api.v1.keys.me"
	mail = user(f"by-{tag}@hub.example", "Sales User")
	options = {
		key: {name: text.format(method) for name, text in value.items()} for key, value in options.items()
	}
	answer = requests.request(
		verb, web + path.format(method), headers={"Authorization": token_of(mail)}, timeout=60, **options
	)
	assert mail not in answer.text, answer.text


def test_nobody_fills_the_disk_with_refusals(web, stranger):
	for _number in range(limits.GUESTS + limits.REFUSED_ROWS + 20):
		requests.get(f"{web}{PATH}nothing.there", headers=stranger, timeout=60)
	frappe.db.rollback()  # this process shall see what those requests committed
	rows = frappe.db.count("Integration API Call", {"address": stranger["X-Forwarded-For"]})
	assert rows == limits.GUESTS + limits.REFUSED_ROWS


@pytest.mark.parametrize(
	"peer, chain, address",
	[
		("127.0.0.1", "6.6.6.6, 203.0.113.9, 198.51.100.7", "203.0.113.9"),
		("198.51.100.7", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
		("::ffff:127.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
		("203.0.113.9", "198.51.100.7, 127.0.0.1", "203.0.113.9"),
		("127.0.0.1", "198.51.100.7", "198.51.100.7"),
		("127.0.0.1", "", "127.0.0.1"),
	],
)
def test_a_chain_of_our_proxies(site, monkeypatch, peer, chain, address):
	"""A balancer before nginx is named; what the caller has written before it counts for nothing."""
	headers = {"X-Forwarded-For": chain} if chain else {}
	request = EnvironBuilder(headers=headers, environ_base={"REMOTE_ADDR": peer}).get_request()
	monkeypatch.setattr(frappe.local, "request", request, raising=False)
	monkeypatch.setitem(frappe.conf, "integration_hub_proxies", ["198.51.100.0/24"])
	assert callers_.address() == address


def test_whoever_owns_a_network_guesses_no_more_often(site):
	"""One customer of a provider has 2**64 addresses of IPv6."""
	network = f"2001:db8:{frappe.generate_hash(length=4)}:{frappe.generate_hash(length=4)}"
	found = [limits.guessed(f"{network}::{number:x}", "webhooks") for number in range(limits.GUESSES + 1)]
	assert found == [False] * limits.GUESSES + [True]


# --- jobs --------------------------------------------------------------------------------------------------


def exported(web, tag):
	mail = user(f"export-{tag}@hub.example", "Integration BI")
	owner = Caller(web, {"Authorization": token_of(mail)})
	job = data(owner.post("reports.export", doctype="Customer", limit=1), 202)["name"]
	jobs.run(job)
	assert owner.get("jobs.file", name=job).status_code == 200
	return job


def test_the_file_of_a_job_is_for_nobody_else(web, people, tag):
	"""A manager of the hub must not read by another's export what the own roles do not show."""
	job = exported(web, tag)
	file = frappe.db.get_value("File", {"attached_to_name": job}, ["name", "file_url"], as_dict=True)
	manager = people("manager")
	for path in (
		f"/api/resource/Integration API Job/{job}",
		f"/api/resource/File/{file.name}",
		file.file_url,
	):
		assert manager.ask("GET", path).status_code == 403, path
	listed = manager.ask("GET", "/api/resource/Integration API Job", limit_page_length=0).json()["data"]
	assert job not in [row["name"] for row in listed]


def test_the_file_of_a_job_cannot_be_guessed(web, people, tag):
	"""Frappe lets every user make a File of their own that leads to a file of the site whose address they know."""
	job = exported(web, tag)
	guess = "/private/files/" + frappe.db.get_value("Integration API Job", job, "file_name")
	stranger = people("stranger")
	stranger.ask("POST", "/api/resource/File", file_url=guess, is_private=1, file_name=f"{tag}.csv")
	answer = stranger.ask("GET", guess)
	assert answer.status_code in (403, 404) and "customer_name" not in answer.text


def test_what_a_user_asked_for_ends_with_the_user(web, tag):
	mail = user(f"late-{tag}@hub.example", "Integration Shop")
	caller = Caller(web, {"Authorization": token_of(mail)})
	job = data(caller.post("customers.create_many", rows=[{"customer_name": tag}], background=True), 202)
	frappe.db.set_value("User", mail, "enabled", 0)
	frappe.db.commit()  # before a worker takes it
	jobs.run(job["name"])
	assert frappe.db.get_value("Integration API Job", job["name"], "status") == "Failed"
	assert not frappe.db.exists("Customer", {"customer_name": tag})


@pytest.mark.parametrize("off", [{"enabled": 0}, {"expires_on": "2020-01-01 00:00:00"}])
def test_what_a_stolen_key_asked_for_ends_with_the_key(web, tag, off):
	doc = frappe.get_doc(
		{
			"doctype": keys.DOCTYPE,
			"title": tag,
			"user": user(f"stolen-{tag}@hub.example", "Integration Shop"),
			"https_only": 0,
		}
	).insert()
	caller = Caller(web, {"Authorization": f"Bearer {keys.issue(doc)}"})
	frappe.db.commit()  # the web server must see it
	rows = [{"customer_name": tag}]
	job = data(caller.post("customers.create_many", rows=rows, background=True), 202)
	frappe.db.set_value(keys.DOCTYPE, doc.name, off)
	frappe.db.commit()  # before a worker takes it
	jobs.run(job["name"])
	status, said = frappe.db.get_value("Integration API Job", job["name"], ["status", "message"])
	assert status == "Failed" and "key" in said
	assert not frappe.db.exists("Customer", {"customer_name": tag})


def test_a_secret_that_a_person_has_replaced_does_not_live_on(web, people, tag):
	"""Whoever has stolen it would renew the key with it, and lock its owner out."""
	doc = frappe.get_doc(
		{
			"doctype": keys.DOCTYPE,
			"title": tag,
			"user": "desk-manager@hub.example",
			"https_only": 0,
		}
	)
	manager = people("manager")
	doc.insert()
	frappe.db.commit()  # the web server must see it
	stolen, new = (manager.post("rotate_api_key", key=doc.name, overlap_hours=24) for _time in range(2))
	thief, owner = (Caller(web, {"Authorization": f"Bearer {token}"}) for token in (stolen, new))
	data(thief.get("keys.me"))
	error(thief.post("keys.rotate", overlap_hours=336), 403, "forbidden")
	data(owner.post("keys.rotate", overlap_hours=0))


@pytest.mark.parametrize(
	"condition, field",
	[
		([["name"], "=", "x"], "filters.0.0"),
		([None, "=", 1], "filters.0.0"),
		(["name", "between", ["a"]], "filters.0"),
		(["name", "is", "x"], "filters.0"),
	],
	ids=str,
)
def test_a_filter_that_is_none_is_refused_at_once(callers, condition, field):
	answer = callers("Integration BI").post("reports.export", doctype="Customer", filters=[condition])
	error(answer, 422, "invalid", field)


def test_a_manager_lends_no_key_to_somebody_who_may_more(people, web, tag):
	"""Not by a key of the own that is handed on while it is off, to be switched on by another."""
	manager = people("manager")
	doc = frappe.get_doc({"doctype": keys.DOCTYPE, "title": tag, "user": "desk-manager@hub.example"}).insert()
	boss = user(f"lent-{tag}@hub.example", "System Manager")
	frappe.db.commit()  # the web server must see it
	path = f"/api/resource/{keys.DOCTYPE}/{doc.name}"
	assert manager.ask("PUT", path, enabled=0, user=boss).status_code == 403
	assert manager.ask("PUT", path, enabled=0).status_code == 200


# --- guessing ----------------------------------------------------------------------------------------------


def test_webhook_keys_cannot_be_guessed_for_long(web, stranger):
	def guess():
		return requests.post(
			f"{web}/api/method/integration_hub.api.webhooks.receive?key={frappe.generate_hash(length=32)}",
			data=b"{}",
			headers=stranger,
			timeout=60,
		).status_code

	found = [guess() for _number in range(105)]
	assert found[:100] == [404] * 100 and found[100:] == [429] * 5


def test_whoever_guesses_does_not_keep_a_vendor_out(web, hub, stranger):
	from tests.test_webhooks import post

	for _number in range(105):
		last = requests.post(
			f"{web}/api/method/integration_hub.api.webhooks.receive?key=x", headers=stranger, timeout=60
		)
	assert last.status_code == 429
	shop = hub()
	good = post(web, shop, b'{"id": 1}')
	assert good.status_code == 200 and len(shop.events()) == 1


def test_payment_pages_cannot_be_guessed_for_long(web, stranger):
	found = [
		requests.get(
			f"{web}/api/method/integration_hub.api.payments.go?page={frappe.generate_hash()}",
			headers=stranger,
			timeout=60,
		).status_code
		for _number in range(103)
	]
	assert found[0] == 410 and found[-1] == 429


# --- what leaks --------------------------------------------------------------------------------------------


def test_secrets_are_in_no_answer_and_no_row_of_the_log(web, caller, tag):
	secret = caller.session.headers["Authorization"].partition(":")[2]
	answers = [
		caller.get("customers.list", limit=1),
		caller.get("customers.list", limit=0),
		caller.get("customers.get", name=secret),
		caller.post("customers.create", customer_name=tag, password=secret),
		caller.raw("POST", "customers.create", data=b"{" + secret.encode(), headers=JSON),
	]
	for answer in answers[:2] + answers[3:]:
		assert secret not in answer.text
	log = json.dumps(frappe.get_all("Integration API Call", fields=["*"]), default=str)
	assert secret not in log
	errors = json.dumps(frappe.get_all("Error Log", fields=["method", "error"]), default=str)
	assert secret not in errors


def test_an_unexpected_error_tells_no_trace(callers, web, monkeypatch, tag):
	"""A document that breaks on reading: the answer names the log, nothing else."""
	caller = callers("Sales Manager", "Sales Master Manager", "Sales User")
	row = data(caller.post("customers.create", customer_name=tag), 201)
	frappe.db.set_value("Customer", row["name"], "default_currency", "x" * 3, update_modified=False)
	frappe.db.commit()  # the web server must see it
	answer = caller.get("customers.get", name=row["name"])
	assert "Traceback" not in answer.text and 'File "' not in answer.text


# --- subscribers -------------------------------------------------------------------------------------------


def test_a_subscriber_does_not_fill_everybodys_saves(web, tag):
	"""Each subscription is a row that a user's save writes: nobody with a small role has thousands of them."""
	caller = Caller(web, {"Authorization": token_of(user(f"many-{tag}@hub.example", "Integration CRM"))})
	wishes = [{"event": "customer.updated"}] * 50
	company = frappe.get_all("Company", pluck="name", limit=1)[0]
	for number in range(2):
		told = {"title": f"{tag} {number}", "url": "https://hook.example/x", "company": company}
		data(caller.post("webhooks.create", **told, subscriptions=wishes), 201)
	one_more = {"url": "https://hook.example/x", "company": company, "subscriptions": wishes[:1]}
	error(caller.post("webhooks.create", title=f"{tag} more", **one_more), 422, "refused")
	data(caller.post("webhooks.update", name=f"{tag} 0", subscriptions=wishes[:49]))
	data(caller.post("webhooks.create", title=f"{tag} more", **one_more), 201)
	error(caller.post("webhooks.update", name=f"{tag} 0", subscriptions=wishes), 422, "refused")
	for number in (0, 1, "more"):
		data(caller.post("webhooks.delete", name=f"{tag} {number}"))


def test_filters_that_take_long_are_refused(web, tag):
	caller = Caller(web, {"Authorization": token_of(user(f"long-{tag}@hub.example", "Integration CRM"))})
	filters = [{"field": "customer_name", "operator": "in", "value": [f"{tag}{n}" for n in range(2000)]}]
	answer = caller.post(
		"webhooks.create",
		title=tag,
		url="https://hook.example/x",
		company=frappe.get_all("Company", pluck="name", limit=1)[0],
		subscriptions=[{"event": "customer.updated", "filters": filters}],
	)
	error(answer, 422, "invalid")
