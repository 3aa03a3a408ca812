"""The Desk's methods over real HTTP, each as a user who may and as one who may not; and what its pages point to."""

import json
from pathlib import Path

import frappe
import pytest
import requests

from sandbox import books
from tests.support.people import user as user_of

#: who plays which part: every right here is a role's right, nobody is Administrator
READS = ("connectors", "status")
OF_CONNECTION = (
	"test_connection",
	"pull_now",
	"push_now",
	"register_webhooks",
	"fetch_locations",
	"resume",
)
OF_KEYS = ("rotate_api_key",)
OF_EVENTS = ("replay_events", "replay_all", "ignore_events")


def sentence(answer: requests.Response) -> str:
	"""What the Desk shows of a refusal."""
	messages = json.loads(answer.json().get("_server_messages") or "[]")
	return " ".join(json.loads(one)["message"] for one in messages)


def arguments_of(method: str, shop, event: str = "none") -> dict:
	if method == "connectors":
		return {}
	if method in ("replay_events", "ignore_events"):
		return {"events": [event]}
	return {"connection": shop.connection}


def parked(shop):
	"""An order that parked for a tax without an account, and its Event."""
	from sandbox.vendors.shopify.cases import place_case

	order = place_case(shop.shop, "unmapped_tax")
	event = shop.bring(order)
	assert event.status == "Parked", event
	return order, event


def map_the_tax(shop, event) -> None:
	"""As a bookkeeper would, but without the form's save, which would let the Event go on by itself."""
	account = books.account("Moon Levy", "Liability", "Tax")
	title = f"Moon Levy {shop.shop.prefix}"
	row = shop.doc.append("accounts", {"kind": "Tax", "title": title, "account": account})
	row.db_insert()
	frappe.clear_document_cache("Integration Connection", shop.connection)
	frappe.db.commit()  # the worker reads it in its own transaction


# --- who may, and how ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", READS + OF_CONNECTION + OF_EVENTS)
def test_a_user_without_role_is_refused(people, hub, method):
	shop = hub()
	_order, event = parked(shop)
	verb = "GET" if method in READS else "POST"
	answer = people("stranger").call(verb, method, **arguments_of(method, shop, event.name))
	assert answer.status_code == 403
	assert shop.events()[0].status == "Parked"


@pytest.mark.parametrize("method", READS + OF_CONNECTION + OF_EVENTS)
def test_a_guest_is_refused(web, hub, method):
	verb = "GET" if method in READS else "POST"
	answer = requests.request(
		verb,
		f"{web}/api/method/integration_hub.api.desk.{method}",
		json=arguments_of(method, hub()) if verb == "POST" else None,
		timeout=60,
	)
	assert answer.status_code in (401, 403)


@pytest.mark.parametrize("method", OF_CONNECTION)
def test_buttons_of_a_connection_need_the_right_to_write_it(people, hub, method):
	shop = hub()
	before = shop.vendor.log.count()
	assert people("operator").call("POST", method, **arguments_of(method, shop)).status_code == 403
	assert shop.vendor.log.count() == before, "the vendor was called for somebody who may not"


@pytest.mark.parametrize("method", READS + OF_CONNECTION + OF_EVENTS)
def test_the_wrong_verb_is_refused(people, hub, method):
	shop = hub()
	verb = "POST" if method in READS else "GET"
	answer = people("manager").call(verb, method, **arguments_of(method, shop))
	assert answer.status_code in (403, 405)


@pytest.mark.parametrize("method", [m for m in READS + OF_CONNECTION if m != "connectors"])
def test_an_unknown_connection_is_not_found(people, hub, method):
	hub()
	verb = "GET" if method in READS else "POST"
	answer = people("manager").call(verb, method, connection="There is none of this name")
	assert answer.status_code == 404
	assert people("stranger").call(verb, method, connection="There is none of this name").status_code == 403


# --- the form ------------------------------------------------------------------------------------------------


def test_connectors_describe_what_to_enter(people, site):
	found = {one["key"]: one for one in people("operator").get("connectors")}
	shopify = found["shopify"]
	assert shopify["title"] == "Shopify" and shopify["category"] == "shop"
	assert "PullsOrders" in shopify["capabilities"]
	settings = {one["name"]: one for one in shopify["settings"]}
	for setting in settings.values():
		assert set(setting) == {"name", "label", "secret", "required", "help", "default", "choices"}
		assert setting["label"] and setting["help"]
	assert settings["shop_domain"]["required"] and not settings["shop_domain"]["secret"]
	assert settings["access_token"]["secret"] and not settings["access_token"]["required"]


def test_a_connector_of_another_app_is_in_the_picker(people, site):
	"""Every connector that the site knows is offered, with the same keys for each of its settings."""
	from integration_hub.sync import connections

	found = people("manager").get("connectors")
	assert {one["key"] for one in found} == set(connections.registered())
	for one in found:
		names = [setting["name"] for setting in one["settings"]]
		assert len(names) == len(set(names)), one["key"]


def test_saving_draws_the_same_rows_as_the_form(people, hub):
	"""What the form draws before the save is what the server keeps: name, label, secret."""
	shop = hub()
	shopify = next(one for one in people("manager").get("connectors") if one["key"] == "shopify")
	rows = [(row.resource, row.direction) for row in shop.doc.resources]
	assert rows == [(one["resource"], one["direction"]) for one in shopify["resources"]]
	drawn = [(one["name"], one["label"], bool(one["secret"])) for one in shopify["settings"]]
	assert [(row.setting, row.label, bool(row.is_secret)) for row in shop.doc.credentials] == drawn


def test_secrets_do_not_come_out(people, hub):
	shop = hub()
	person = people("manager")
	for answer in (
		person.call("GET", "status", connection=shop.connection),
		person.call("GET", "connectors"),
		person.call("POST", "test_connection", connection=shop.connection),
		person.session.get(f"{person.web}/api/resource/Integration Connection/{shop.connection}", timeout=60),
	):
		assert answer.status_code == 200
		assert books.TOKEN not in answer.text and books.SECRET not in answer.text


def test_status_of_a_healthy_connection(people, hub):
	shop = hub()
	state = people("operator").get("status", connection=shop.connection)
	assert state["troubles"] == []
	assert set(state["pulls"]) == {"orders", "products", "customers"} and state["pushes_stock"]
	assert state["may_replay"] is True
	assert not any(state["counts"].values())


def test_status_names_what_is_parked_and_where_to_look(people, hub):
	shop = hub()
	_order, event = parked(shop)
	state = people("operator").get("status", connection=shop.connection)
	assert state["counts"]["Parked"] == 1
	(trouble,) = state["troubles"]
	assert trouble["color"] == "red" and event.message in trouble["sentence"]
	assert trouble["doctype"] == "Integration Event"
	assert frappe.db.count("Integration Event", trouble["filters"]) == 1


TROUBLES = {
	"paused": ({"paused": 1, "paused_reason": "Key refused."}, "red", "Key refused."),
	"off": ({"enabled": 0}, "orange", "Not enabled"),
	"unknown connector": ({"connector": "gone_vendor"}, "red", "gone_vendor"),
}


@pytest.mark.parametrize("what", TROUBLES)
def test_status_says_what_is_wrong(people, hub, what):
	shop = hub()
	values, color, words = TROUBLES[what]
	frappe.db.set_value("Integration Connection", shop.connection, values)
	frappe.db.commit()  # the web server must see it
	(trouble,) = people("operator").get("status", connection=shop.connection)["troubles"]
	assert trouble["color"] == color and words in trouble["sentence"]


def test_status_says_that_the_hub_is_stopped(people, hub):
	shop = hub()
	frappe.db.set_single_value("Integration Settings", "stop_everything", 1)
	frappe.db.commit()  # the web server must see it
	try:
		(trouble,) = people("operator").get("status", connection=shop.connection)["troubles"]
		assert trouble["color"] == "red" and trouble["doctype"] == "Integration Settings"
		answer = people("manager").call("POST", "pull_now", connection=shop.connection)
		assert answer.status_code == 417 and "stopped" in sentence(answer)
	finally:
		frappe.db.set_single_value("Integration Settings", "stop_everything", 0)
		frappe.db.commit()  # back to what it was


def test_status_says_that_no_worker_runs(people, hub):
	shop = hub()
	_order, event = parked(shop)
	long_ago = frappe.utils.add_to_date(frappe.utils.now_datetime(), hours=-1)
	frappe.db.set_value("Integration Event", event.name, {"status": "Queued", "due_at": long_ago})
	frappe.db.commit()  # the web server must see it
	(trouble,) = people("operator").get("status", connection=shop.connection)["troubles"]
	assert trouble["color"] == "orange" and "workers" in trouble["sentence"]


# --- buttons of a Connection ---------------------------------------------------------------------------------


def test_test_connection_says_who_it_is(people, hub):
	shop = hub()
	result = people("manager").post("test_connection", connection=shop.connection)
	assert result["ok"] and shop.doc.account_name and shop.doc.account_name in result["message"]
	assert shop.doc.last_check


@pytest.mark.parametrize("how", ["refused key", "nobody there", "no shop's address"])
def test_test_connection_answers_a_failure_in_words_and_changes_nothing_else(people, hub, how):
	shop = hub()
	if how == "refused key":
		doc = shop.doc
		next(row for row in doc.credentials if row.setting == "access_token").secret = "shpat_wrong"
		doc.save()
	elif how == "nobody there":
		shop.running.stop()
	else:
		row = next(row for row in shop.doc.credentials if row.setting == "shop_domain")
		row.db_set("value", "https://somebody.example")
		frappe.db.set_value("Integration Connection", shop.connection, {"environment": "Production"})
	frappe.db.commit()  # the web server must see it
	before = shop.doc.as_dict()
	result = people("manager").post("test_connection", connection=shop.connection)
	assert result["ok"] is False and result["message"].endswith(".")
	after = shop.doc.as_dict()
	changed = {field for field in after if after[field] != before[field]}
	assert changed == {"last_check"}


@pytest.mark.parametrize("method", ["register_webhooks", "fetch_locations"])
def test_buttons_that_ask_the_vendor_answer_a_failure_in_words(people, hub, method):
	shop = hub()
	row = next(row for row in shop.doc.credentials if row.setting == "shop_domain")
	row.db_set("value", "https://somebody.example")
	frappe.db.set_value("Integration Connection", shop.connection, {"environment": "Production"})
	frappe.db.commit()  # the web server must see it
	answer = people("manager").call("POST", method, connection=shop.connection)
	assert answer.status_code == 417
	assert "myshopify.com" in sentence(answer)


def jobs_of(shop) -> set[str]:
	"""What is enqueued for a Connection: "pull orders", "push", ..."""
	from frappe.utils.background_jobs import get_queues

	found = set()
	for queue in get_queues():
		for job in queue.jobs:
			arguments = job.kwargs.get("kwargs") or {}
			if arguments.get("connection") == shop.connection:
				name = str(job.kwargs.get("method") or job.kwargs.get("job_name")).rpartition(".")[2]
				found.add(" ".join(filter(None, (name, arguments.get("resource")))))
	return found


def test_pull_now_enqueues_one_resource_or_all(people, hub):
	shop = hub()
	before = shop.vendor.log.count()
	assert (
		"orders" in people("manager").post("pull_now", connection=shop.connection, resource="orders").lower()
	)
	assert {one for one in jobs_of(shop) if one.startswith("pull")} == {"pull orders"}
	people("manager").post("pull_now", connection=shop.connection)
	wanted = {"pull orders", "pull products", "pull customers"}
	assert {one for one in jobs_of(shop) if one.startswith("pull")} == wanted
	assert shop.vendor.log.count() == before, "no vendor is called in the request"


def test_pull_now_of_something_that_is_off_says_so(people, hub):
	shop = hub()
	doc = shop.doc
	next(row for row in doc.resources if row.resource == "orders").enabled = 0
	doc.save()
	frappe.db.commit()  # the web server must see it
	for resource in ("orders", "stock", "nonsense"):
		answer = people("manager").call("POST", "pull_now", connection=shop.connection, resource=resource)
		assert answer.status_code == 417 and "not switched on" in sentence(answer)
	assert not {one for one in jobs_of(shop) if one.startswith("pull")}


def test_push_now_enqueues_a_push(people, hub):
	shop = hub()
	assert people("manager").post("push_now", connection=shop.connection)
	assert "push_stock" in jobs_of(shop)


@pytest.mark.parametrize("method", ["pull_now", "push_now"])
@pytest.mark.parametrize("values", [{"enabled": 0}, {"paused": 1}], ids=["off", "paused"])
def test_what_would_do_nothing_is_said_at_once(people, hub, method, values):
	shop = hub()
	frappe.db.set_value("Integration Connection", shop.connection, values)
	frappe.db.commit()  # the web server must see it
	answer = people("manager").call("POST", method, connection=shop.connection)
	assert answer.status_code == 417 and shop.connection in sentence(answer)


def test_register_webhooks_says_what_changed_and_then_that_all_is_right(people, hub):
	shop = hub()
	before = len(shop.shop.webhooks) if hasattr(shop.shop, "webhooks") else None
	first = people("manager").post("register_webhooks", connection=shop.connection)
	assert first and all(isinstance(line, str) for line in first)
	second = people("manager").post("register_webhooks", connection=shop.connection)
	assert second == ["All webhooks were registered already."], (before, first)


def test_fetch_locations_lists_the_shops_places(people, hub):
	shop = hub()
	before = [row.as_dict() for row in shop.doc.locations]
	found = people("manager").post("fetch_locations", connection=shop.connection)
	assert {(one["id"], one["name"]) for one in found} == {
		(str(one.id), one.name) for one in shop.shop.locations.values()
	}
	assert [row.as_dict() for row in shop.doc.locations] == before, "the form adds rows, not the server"


def test_resume_lifts_the_pause(people, hub):
	shop = hub()
	frappe.db.set_value("Integration Connection", shop.connection, {"paused": 1, "paused_reason": "Key."})
	frappe.db.commit()  # the web server must see it
	people("manager").post("resume", connection=shop.connection)
	assert not shop.doc.paused and not shop.doc.paused_reason
	assert people("manager").post("resume", connection=shop.connection) == "The Connection is not paused."


# --- buttons of Events ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["operator", "manager"])
def test_replay_of_a_parked_event_works_to_the_end(people, hub, part):
	shop = hub()
	order, event = parked(shop)
	map_the_tax(shop, event)
	assert shop.drain() == 0, "it waits until somebody says so"
	result = people(part).post("replay_events", events=[event.name])
	assert result["count"] == 1
	shop.drain()
	assert shop.event(order).status == "Done"
	assert shop.sales_order(order).docstatus == 1


def test_replay_all_of_a_connection_leaves_others_alone(people, hub):
	shop, other = hub(), hub()
	_order, event = parked(shop)
	_order, others = parked(other)
	result = people("operator").post("replay_all", connection=shop.connection, status="Parked")
	assert result["count"] == 1
	assert shop.events(name=event.name)[0].status == "Queued"
	assert other.events(name=others.name)[0].status == "Parked"


def test_replay_all_of_what_is_done_is_refused(people, hub):
	answer = people("manager").call("POST", "replay_all", connection=hub().connection, status="Done")
	assert answer.status_code == 417 and "Parked or Dead" in sentence(answer)


def test_ignored_events_rest_until_they_are_replayed(people, hub):
	shop = hub()
	_order, event = parked(shop)
	assert people("operator").post("ignore_events", events=[event.name])["count"] == 1
	row = frappe.get_doc("Integration Event", event.name)
	assert (row.status, row.due_at, row.waits_for) == ("Ignored", None, None)
	assert row.modified_by == "desk-operator@hub.example" and row.message
	map_the_tax(shop, event)
	shop.doc.save()
	frappe.db.commit()  # as the form's request does
	shop.drain()
	assert shop.events(name=event.name)[0].status == "Ignored", "nothing wakes it by itself"
	assert people("operator").post("ignore_events", events=[event.name])["count"] == 0
	assert people("operator").post("replay_events", events=[event.name])["count"] == 1
	shop.drain()
	assert shop.events(name=event.name)[0].status == "Done"


def test_an_event_that_a_worker_has_is_left_alone(people, hub):
	shop = hub()
	_order, event = parked(shop)
	frappe.db.set_value("Integration Event", event.name, "status", "Working")
	frappe.db.commit()  # the web server must see it
	for method in ("replay_events", "ignore_events"):
		assert people("manager").post(method, events=[event.name])["count"] == 0
	assert shop.events(name=event.name)[0].status == "Working"


@pytest.mark.parametrize("events", ["[]", "", "no such event", '["a", 1]', '{"a": 1}', [["in", "x"]]])
def test_nonsense_for_events_changes_nothing(people, hub, events):
	shop = hub()
	_order, event = parked(shop)
	answer = people("manager").call("POST", "replay_events", events=events)
	if answer.status_code == 200:
		assert answer.json()["message"]["count"] == 0
	else:
		assert answer.status_code == 417 and sentence(answer) == "Give the names of the Events."
	assert shop.events(name=event.name)[0].status == "Parked"


def test_user_permissions_hide_other_connections_events(people, hub):
	"""Who may see one Connection only cannot operate the Events of another."""
	mine, other = hub(), hub()
	_order, event = parked(other)
	user = user_of("operator")
	permission = frappe.get_doc(
		{
			"doctype": "User Permission",
			"user": user,
			"allow": "Integration Connection",
			"for_value": mine.connection,
			"apply_to_all_doctypes": 1,
		}
	).insert()
	frappe.db.commit()  # the web server must see it
	try:
		assert people("operator").post("replay_events", events=[event.name])["count"] == 0
		assert people("operator").call("GET", "status", connection=other.connection).status_code == 403
		assert people("operator").call("POST", "replay_all", connection=other.connection).status_code == 403
		assert people("operator").get("status", connection=mine.connection)
	finally:
		permission.delete()
		frappe.db.commit()  # back to what it was
	assert other.events(name=event.name)[0].status == "Parked"


# --- the pages -----------------------------------------------------------------------------------------------


def test_the_workspace_points_to_documents_that_exist(site):
	page = frappe.get_doc("Workspace", "Integration Hub")
	assert page.public and page.module == "Integration Hub"
	targets = {row.link_to for row in (*page.links, *page.shortcuts) if row.link_to}
	targets |= {row.document_type for row in page.quick_lists}
	assert {"Integration Connection", "Integration Event", "Integration Settings"} <= targets
	missing = {doctype for doctype in targets if not frappe.db.exists("DocType", doctype)}
	assert not missing
	ours = frappe.get_all("DocType", {"module": "Integration Hub", "istable": 0}, pluck="name")
	assert set(ours) <= targets, "a document of the hub that no link of the workspace leads to"


def test_the_workspace_draws_only_blocks_that_exist(site):
	page = frappe.get_doc("Workspace", "Integration Hub")
	have = {
		"shortcut": ("shortcut_name", {row.label for row in page.shortcuts}),
		"card": ("card_name", {row.label for row in page.links if row.type == "Card Break"}),
		"quick_list": ("quick_list_name", {row.label for row in page.quick_lists}),
		"number_card": ("number_card_name", {row.label for row in page.number_cards}),
	}
	for block in json.loads(page.content):
		if block["type"] in have:
			key, labels = have[block["type"]]
			assert block["data"][key] in labels, block


def test_numbers_and_filters_of_the_workspace_can_be_counted(site):
	page = frappe.get_doc("Workspace", "Integration Hub")
	for row in page.number_cards:
		card = frappe.get_doc("Number Card", row.number_card_name)
		assert frappe.db.exists("DocType", card.document_type)
		frappe.get_list(card.document_type, filters=json.loads(card.filters_json), limit_page_length=1)
	for row in page.shortcuts:
		frappe.get_list(row.link_to, filters=json.loads(row.stats_filter), limit_page_length=1) if (
			row.stats_filter
		) else None
	for row in page.quick_lists:
		filters = json.loads(row.quick_list_filter)
		frappe.get_list(row.document_type, filters=filters, limit_page_length=1)


def test_the_sidebar_of_v16_points_to_documents_that_exist(site):
	"""Version 16 shows the workspace through a Workspace Sidebar and a Desktop Icon; 15 knows neither."""
	if not frappe.db.exists("DocType", "Workspace Sidebar"):
		pytest.skip("this Frappe has no Workspace Sidebar (it came with version 16)")
	sidebar = frappe.get_doc("Workspace Sidebar", "Integration Hub")
	for row in sidebar.items:
		if row.type == "Link":
			assert frappe.db.exists(row.link_type, row.link_to), row.link_to
	icon = frappe.get_doc("Desktop Icon", "Integration Hub")
	assert icon.standard and icon.link_to == sidebar.name


@pytest.mark.parametrize("doctype", ["Integration Connection", "Integration Event"])
def test_forms_and_lists_have_their_scripts(site, doctype):
	from frappe.desk.form.load import get_meta_bundle

	meta = next(one for one in get_meta_bundle(doctype) if one.name == doctype)
	assert "frappe.ui.form.on" in meta.get("__js") and "get_indicator" in meta.get("__list_js")


def test_scripts_call_only_methods_that_exist():
	"""A button whose method was renamed would fail only when somebody presses it."""
	import re

	from integration_hub.api import desk

	folder = Path(desk.__file__).resolve().parents[1] / "doctype"
	text = "\n".join(path.read_text() for path in folder.glob("*/*.js"))
	called = set(re.findall(r'integration_hub\.api\.desk\."? ?\+? ?"?([a-z_]+)', text))
	called |= set(re.findall(r'(?:ask|call_and_tell|operate)\((?:frm|listview), "([a-z_]+)"', text))
	called |= set(re.findall(r'DESK \+ "([a-z_]+)"', text))
	called -= {"method"}
	assert called == set(READS + OF_CONNECTION + OF_EVENTS + OF_KEYS)
