"""Integration API Keys over HTTP: what opens, what does not, and how one is changed without anything standing still."""

from __future__ import annotations

import json
import re
from pathlib import Path

import frappe
import pytest
import requests

from integration_hub.sync import keys
from tests.support.api import Caller, data, error, user

TLS = {"X-Forwarded-Proto": "https"}


@pytest.fixture
def tag():
	return frappe.generate_hash(length=8)


@pytest.fixture
def key(web, tag):
	"""A key of a user who may read Customers; `key.call(…)` calls with its token."""
	return Key(web, tag)


class Key:
	def __init__(self, web, tag, **values):
		self.web = web
		self.doc = frappe.get_doc(
			{
				"doctype": keys.DOCTYPE,
				"title": tag,
				"user": user(f"key-{tag}@hub.example", "Sales User"),
				**values,
			}
		).insert()
		self.token = keys.issue(self.doc)
		frappe.db.commit()  # the web server must see it

	def set(self, **values):
		self.doc.reload()
		self.doc.update(values)
		self.doc.save()
		frappe.db.commit()  # the web server must see it

	def call(self, method="customers.list", token=None, **headers):
		caller = Caller(self.web, {"Authorization": f"Bearer {token or self.token}", **TLS, **headers})
		return caller.get(method)


def test_a_key_is_its_user(key):
	found = data(key.call("keys.me"))
	assert found["user"] == key.doc.user and found["key"] == key.doc.name and "Sales User" in found["roles"]
	row = frappe.db.get_value(keys.DOCTYPE, key.doc.name, ["last_used_at", "last_used_address"], as_dict=True)
	assert row.last_used_at and row.last_used_address == "127.0.0.1"


def test_only_a_hash_of_the_secret_is_kept(key, people):
	secret = key.token.split("_", 2)[2]
	stored = frappe.db.sql("select * from `tabIntegration API Key` where name=%s", key.doc.name)
	assert secret not in str(stored) and key.doc.hint == secret[-4:]
	shown = people("manager").ask("GET", f"/api/resource/{keys.DOCTYPE}/{key.doc.name}")
	assert shown.status_code == 200 and "secret_hash" not in shown.json()["data"]


@pytest.mark.parametrize(
	"bad",
	[
		lambda token: token[:-1],
		lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
		lambda token: token.replace("ihk_", "ihk_x"),
		lambda token: "ihk_",
		lambda token: "ihk_a_b",
		lambda token: "ihk_" + "a" * 5000,
		lambda token: token + " or 1=1",
	],
)
def test_what_is_not_the_token_opens_nothing(key, bad):
	error(key.call(token=bad(key.token)), 401, "unauthorised")


@pytest.mark.parametrize(
	"values",
	[{"enabled": 0}, {"expires_on": "2020-01-01 00:00:00"}],
	ids=["switched off", "expired"],
)
def test_a_key_that_is_no_more(key, values):
	data(key.call())
	key.set(**values)
	error(key.call(), 401, "unauthorised")


def test_a_key_of_a_user_who_left(key):
	frappe.db.set_value("User", key.doc.user, "enabled", 0)
	frappe.db.commit()  # the web server must see it
	error(key.call(), 401, "unauthorised")


@pytest.mark.parametrize(
	"allowed, address, good",
	[
		("203.0.113.7", "203.0.113.7", True),
		("203.0.113.0/24\n2001:db8::/32", "203.0.113.200", True),
		("203.0.113.0/24\n2001:db8::/32", "2001:db8::1", True),
		("203.0.113.0/24", "::ffff:203.0.113.9", True),
		("203.0.113.7", "203.0.113.8", False),
		("203.0.113.7", "nonsense", False),
		("203.0.113.7", "198.51.100.1, 203.0.113.8", False),
		("203.0.113.7", "203.0.113.7, 198.51.100.1", False),
	],
)
def test_addresses(key, allowed, address, good):
	key.set(allowed_addresses=allowed)
	answer = key.call(**{"X-Forwarded-For": address})
	data(answer) if good else error(answer, 403, "forbidden")


def test_an_address_that_is_none_is_said_in_the_form(key):
	with pytest.raises(frappe.ValidationError, match="10.0.0.300 is no address"):
		key.set(allowed_addresses="10.0.0.1\n10.0.0.300")


def test_in_clear_only_where_it_is_allowed(key):
	error(key.call(**{"X-Forwarded-Proto": "http"}), 403, "forbidden")
	key.set(https_only=0)
	data(key.call(**{"X-Forwarded-Proto": "http"}))


@pytest.mark.parametrize(
	"path", ["/api/resource/Customer", "/api/method/frappe.auth.get_logged_user", "/app"]
)
def test_a_key_opens_the_public_api_only(web, key, path):
	answer = requests.get(
		web + path, headers={"Authorization": f"Bearer {key.token}", **TLS}, allow_redirects=False, timeout=60
	)
	assert answer.status_code in (301, 302, 401, 403) and key.doc.user not in answer.text


@pytest.mark.parametrize("where", ["address", "body", "form"])
def test_a_key_calls_what_the_address_says(web, key, where):
	"""Frappe runs what `cmd` names, wherever the request was sent to: a key must not get out of the public API by it."""
	caller = Caller(web, {"Authorization": f"Bearer {key.token}", **TLS})
	options = {
		"address": {"params": {"cmd": "frappe.auth.get_logged_user"}},
		"body": {"json": {"cmd": "frappe.auth.get_logged_user"}},
		"form": {"data": {"cmd": "frappe.auth.get_logged_user"}},
	}[where]
	answer = caller.raw("POST", "customers.list", **options)
	assert key.doc.user not in answer.text
	error(answer, 403, "forbidden")


def test_a_wrong_key_beside_a_session_is_refused(web, people, key):
	person = people("stranger")
	assert person.ask("GET", "/api/method/frappe.auth.get_logged_user").status_code == 200
	answer = person.session.get(
		f"{web}/api/method/integration_hub.api.v1.keys.me",
		headers={"Authorization": f"Bearer {key.token[:-1]}", **TLS},
		timeout=60,
	)
	error(answer, 401, "unauthorised")


def test_whoever_lost_the_answer_of_a_rotation_rotates_again(key):
	caller = Caller(key.web, {"Authorization": f"Bearer {key.token}", **TLS})
	lost = data(caller.post("keys.rotate", overlap_hours=1))["token"]
	new = data(caller.post("keys.rotate", overlap_hours=1))["token"]
	data(key.call())
	data(key.call(token=new))
	error(key.call(token=lost), 401, "unauthorised")


def test_a_manager_switches_off_a_key_that_may_more_but_does_not_get_its_token(web, people, tag):
	boss = user(f"boss-{tag}@hub.example", "System Manager")
	doc = frappe.get_doc({"doctype": keys.DOCTYPE, "title": tag, "user": boss}).insert()
	keys.issue(doc)
	frappe.db.commit()  # the web server must see it
	manager = people("manager")
	path = f"/api/resource/{keys.DOCTYPE}/{doc.name}"
	assert manager.ask("PUT", path, enabled=0).status_code == 200
	doc.reload()
	assert not doc.enabled and "desk-manager" in doc.off_reason
	assert manager.post_to("integration_hub.api.desk.rotate_api_key", key=doc.name).status_code == 403
	assert manager.ask("PUT", path, enabled=1).status_code == 403


def test_the_former_secret_works_as_long_as_was_said(key):
	caller = Caller(key.web, {"Authorization": f"Bearer {key.token}", **TLS})
	new = data(caller.post("keys.rotate", overlap_hours=2))
	assert new["token"] != key.token and new["former_works_until"]
	data(key.call())
	data(key.call(token=new["token"]))
	frappe.db.set_value(
		keys.DOCTYPE, key.doc.name, "previous_until", frappe.utils.add_to_date(None, seconds=-1)
	)
	frappe.db.commit()  # the web server must see it
	error(key.call(), 401, "unauthorised")
	data(key.call(token=new["token"]))


def test_whoever_does_not_say_how_long_keeps_the_former_secret_for_a_day(key):
	caller = Caller(key.web, {"Authorization": f"Bearer {key.token}", **TLS})
	new = data(caller.post("keys.rotate"))
	assert new["former_works_until"]
	data(key.call())
	data(key.call(token=new["token"]))


def test_without_overlap_the_former_secret_ends_at_once(key):
	caller = Caller(key.web, {"Authorization": f"Bearer {key.token}", **TLS})
	new = data(caller.post("keys.rotate", overlap_hours=0))
	assert new["former_works_until"] is None
	error(key.call(), 401, "unauthorised")
	data(key.call(token=new["token"]))
	error(caller.post("keys.rotate", overlap_hours=1000), 401, "unauthorised")


def test_only_a_key_renews_itself(callers):
	error(callers("Sales User").post("keys.rotate"), 403, "forbidden")


def test_the_limit_of_a_key(key):
	key.set(calls_per_minute=2)
	assert [key.call().status_code for _number in range(4)] == [200, 200, 429, 429]


def test_the_button_gives_a_token_that_opens(key, people, web):
	token = people("manager").post_to(
		"integration_hub.api.desk.rotate_api_key", key=key.doc.name, overlap_hours=0
	)
	# the manager has no Sales User role: a key may not give what its maker has not
	assert token.status_code == 403
	key.doc.db_set("user", user("key-manager@hub.example", "Integration User"))
	frappe.get_doc("User", frappe.db.get_value("User", {"first_name": "Desk manager"})).add_roles(
		"Integration User"
	)
	frappe.db.commit()  # the web server must see it
	answer = people("manager").post_to(
		"integration_hub.api.desk.rotate_api_key", key=key.doc.name, overlap_hours=0
	)
	assert answer.status_code == 200, answer.text
	assert data(key.call("keys.me", token=answer.json()["message"]))["user"] == "key-manager@hub.example"
	for part in ("operator", "stranger"):
		assert (
			people(part).post_to("integration_hub.api.desk.rotate_api_key", key=key.doc.name).status_code
			== 403
		)


def test_a_manager_makes_no_key_that_may_more_than_the_manager(people, tag):
	boss = user(f"boss-{tag}@hub.example", "System Manager")
	for acts_as in (boss, "Administrator"):
		answer = people("manager").ask("POST", f"/api/resource/{keys.DOCTYPE}", title=tag, user=acts_as)
		assert answer.status_code in (403, 417), answer.text
	assert not frappe.db.exists(keys.DOCTYPE, {"title": tag})


def _age(doc, days, *fields):
	past = frappe.utils.add_days(frappe.utils.now_datetime(), -days)
	frappe.db.set_value(keys.DOCTYPE, doc.name, dict.fromkeys(fields, past), update_modified=False)
	frappe.db.commit()  # as days pass


@pytest.fixture
def rules():
	settings = frappe.get_doc("Integration Settings")

	def make(**values):
		for field, value in values.items():
			settings.db_set(field, value)
		frappe.clear_document_cache(settings.doctype, settings.name)

	yield make
	make(remind_of_keys_days=0, unused_keys_off_days=0)
	frappe.db.commit()  # the next test's web server must see it


def test_keys_that_nobody_uses_are_switched_off(key, web, tag, rules):
	other = Key(web, f"{tag}-used")
	for one in (key, other):
		_age(one.doc, 100, "creation", "rotated_at", "enabled_at")
	data(other.call())
	rules(unused_keys_off_days=0)
	assert keys.review()["switched off"] == 0
	rules(unused_keys_off_days=90)
	keys.review()
	key.doc.reload()
	other.doc.reload()
	assert (key.doc.enabled, other.doc.enabled) == (0, 1) and "90 days" in key.doc.off_reason
	error(key.call(), 401, "unauthorised")
	data(other.call())
	key.set(enabled=1)
	assert not key.doc.off_reason


def test_the_list_shows_the_keys_that_the_daily_rule_would_switch_off(key, web, tag):
	"""What a click on "Unused for 30 Days" filters by, in either case of a key: never used, or not for long."""
	never, long_ago, used = key, Key(web, f"{tag}-long-ago"), Key(web, f"{tag}-used")
	for one in (never, long_ago, used):
		_age(one.doc, 40, "creation", "rotated_at", "enabled_at")
	_age(long_ago.doc, 35, "last_used_at")
	data(used.call())
	folder = Path(frappe.get_app_path("integration_hub")) / "doctype" / "integration_api_key"
	script = (folder / "integration_api_key_list.js").read_text()
	days = int(re.search(r"UNUSED_DAYS = (\d+);", script)[1])
	since = frappe.utils.add_days(frappe.utils.today(), -days)
	columns = json.loads(re.search(r"USE_OF_KEY = (\[.*\]);", script)[1])
	filters = [["enabled", "=", 1], *([column, "<", since] for column in columns)]
	listed = set(frappe.get_list(keys.DOCTYPE, filters=filters, pluck="name", limit_page_length=0))
	assert {never.doc.name, long_ago.doc.name} <= listed and used.doc.name not in listed
	assert listed <= {row.name for row in keys.unused(days)}


def test_old_secrets_are_remembered_once_a_week(key, rules):
	_age(key.doc, 200, "creation", "rotated_at")
	rules(remind_of_keys_days=180)
	keys.review()
	key.doc.reload()
	assert key.doc.reminded_at
	before = key.doc.reminded_at
	keys.review()
	key.doc.reload()
	assert key.doc.reminded_at == before
	_age(key.doc, 8, "reminded_at")
	keys.review()
	key.doc.reload()
	assert key.doc.reminded_at >= before


def test_wrong_keys_cannot_be_tried_for_long(web, key):
	mine = {"X-Forwarded-For": f"198.18.77.{int(key.doc.name[:2], 36) % 250}"}
	found = [key.call(token="ihk_a_b", **mine).status_code for _number in range(103)]
	assert found[:100] == [401] * 100 and set(found[100:]) == {429}
	data(key.call(**mine))
