"""Events, jobs and health over the public API."""

from __future__ import annotations

import frappe
import pytest

from integration_hub.sync import jobs, store
from tests.support.api import Caller, data, error


@pytest.fixture
def tag():
	return frappe.generate_hash(length=8)


def _store(shop, tag, count=3):
	store.store(
		shop.connection,
		[
			store.Draft("In", "orders", f"{tag}{number}", dedupe_key=f"{tag}{number}")
			for number in range(count)
		],
	)
	event = frappe.qb.DocType("Integration Event")
	frappe.qb.update(event).set(event.status, "Parked").set(event.due_at, None).where(
		event.connection == shop.connection
	).run()
	frappe.db.commit()  # the web server must see them
	return [one.name for one in shop.events()]


def test_events_are_listed_and_done_again(hub, callers, tag):
	shop, operator = hub(), callers("Integration User")
	names = _store(shop, tag)
	rows = data(operator.get("events.list", connection=shop.connection, status="Parked"))["rows"]
	assert {row["name"] for row in rows} == set(names) and "payload" not in rows[0]
	found = data(operator.post("events.replay", names=[*names[:2], "no such"]))
	assert [one["status"] for one in found["results"]] == ["done", "done", "failed"]
	assert (found["done"], found["results"][2]["error"]["type"]) == (2, "not_found")
	assert sorted(one.status for one in shop.events()) == ["Parked", "Queued", "Queued"]
	again = data(operator.post("events.replay", names=names[:2]))
	assert [(one["name"], one["status"]) for one in again["results"]] == [
		(name, "unchanged") for name in names[:2]
	], "on their way already"
	assert data(operator.get("events.get", name=names[2]))["status"] == "Parked"


def test_only_the_hubs_roles_see_or_replay(hub, callers, tag):
	names = _store(hub(), tag, 1)
	stranger = callers("Sales User")
	error(stranger.get("events.list"), 403, "forbidden")
	error(stranger.post("events.replay", names=names), 403, "forbidden")
	error(callers("Integration User").post("events.replay", names=[]), 422, "invalid", "names")


def test_a_job_is_done_with_its_users_rights_and_only_seen_by_them(callers, site, tag):
	caller = callers("Sales Manager", "Sales Master Manager", "Sales User")
	rows = [{"customer_name": f"{tag} 1"}, {"customer_name": f"{tag} 2", "territory": "Nowhere"}]
	started = data(caller.post("customers.create_many", rows=rows, background=True), 202)
	assert started["status"] == "Queued"
	jobs.run(started["name"])
	done = data(caller.get("jobs.get", name=started["name"]))
	assert (done["status"], done["result"]["done"], done["result"]["failed"]) == ("Done", 1, 1)
	owner = frappe.db.get_value("Customer", {"customer_name": f"{tag} 1"}, "owner")
	assert owner == frappe.db.get_value(jobs.DOCTYPE, started["name"], "user") != "Administrator"
	error(callers("Sales User").get("jobs.get", name=started["name"]), 404, "not_found")


def test_a_job_runs_once_and_a_dead_workers_job_runs_again(callers, tag):
	caller = callers("Sales Manager", "Sales Master Manager", "Sales User")
	name = data(caller.post("customers.create_many", rows=[{"customer_name": tag}], background=True), 202)[
		"name"
	]
	assert jobs._take(name) and not jobs._take(name), "another worker has it"
	frappe.db.set_value(jobs.DOCTYPE, name, "due_at", frappe.utils.add_to_date(None, seconds=-1))
	frappe.db.commit()  # its worker died a while ago
	jobs.run(name)
	jobs.run(name)
	assert frappe.db.count("Customer", {"customer_name": tag}) == 1


def test_a_job_that_kills_its_workers_is_given_up(callers, tag):
	caller = callers("Sales Manager", "Sales Master Manager", "Sales User")
	name = data(caller.post("customers.create_many", rows=[{"customer_name": tag}], background=True), 202)[
		"name"
	]
	past = frappe.utils.add_to_date(None, seconds=-1)
	frappe.db.set_value(jobs.DOCTYPE, name, {"status": "Working", "tries": jobs.MOST_TRIES, "due_at": past})
	jobs.sweep()
	found = data(caller.get("jobs.get", name=name))
	assert found["status"] == "Failed" and "3 times" in found["message"]


def test_a_job_whose_user_lost_the_right_fails_in_words(callers, tag):
	caller = callers("Sales Manager", "Sales Master Manager", "Sales User")
	name = data(caller.post("customers.create_many", rows=[{"customer_name": tag}], background=True), 202)[
		"name"
	]
	user = frappe.db.get_value(jobs.DOCTYPE, name, "user")
	roles = frappe.get_all("Has Role", filters={"parent": user}, pluck="role")
	frappe.get_doc("User", user).remove_roles(*roles)
	frappe.db.commit()  # the right is gone
	try:
		jobs.run(name)
		row = frappe.db.get_value(jobs.DOCTYPE, name, ["status", "message"], as_dict=True)
		assert row.status == "Failed" and row.message
		assert not frappe.db.exists("Customer", {"customer_name": tag})
	finally:
		frappe.get_doc("User", user).add_roles(*roles)
		frappe.db.commit()  # others use it


def test_health(web, hub, callers, tag):
	assert data(Caller(web).get("health.ping")) == {"status": "ok"}
	error(Caller(web).get("health.status"), 401, "unauthorised")
	error(callers("Sales User").get("health.status"), 403, "forbidden")
	shop = hub()
	before = data(callers("Integration User").get("health.status"))
	_store(shop, tag)
	after = data(callers("Integration User").get("health.status"))
	assert after["parked"] == before["parked"] + 3 and after["stopped"] is False
