"""Outgoing webhooks by the public API: whoever listens hears what it may read, sees its own, and learns what became of
each message."""

from __future__ import annotations

import frappe
import pytest
from frappe.utils import now_datetime
from standardwebhooks import Webhook

from integration_hub.erp.times import from_site, utc
from tests.support.api import Caller, data, error, token_of, user
from tests.support.listener import Listener, customer
from tests.support.sink import Sink

URL = "https://hooks.example.com/erp"
SHOP, CRM, BI = "Integration Shop", "Integration CRM", "Integration BI"


@pytest.fixture
def tag():
	return frappe.generate_hash(length=8)


@pytest.fixture
def caller(web, tag):
	"""A factory of callers, each with a user of its own: `user` is its name. Their listeners are removed afterwards."""
	made = []

	def make(*roles):
		email = user(f"ear-{tag}-{len(made)}@hub.example", *roles)
		one = Caller(web, {"Authorization": token_of(email)})
		one.user = email
		made.append(one)
		return one

	yield make
	frappe.db.rollback()
	mine = {"connector": "webhooks", "webhook_user": ("in", [one.user for one in made])}
	for name in frappe.get_all("Integration Connection", mine, pluck="name"):
		frappe.delete_doc("Integration Connection", name)
	frappe.db.commit()  # later tests' documents must not be told


@pytest.fixture
def sinks():
	made = []

	def make():
		made.append(Sink())
		return made[-1]

	yield make
	for one in made:
		one.stop()


def create(caller, tag, *events, **more):
	rows = [one if isinstance(one, dict) else {"event": one} for one in events]
	answer = caller.post("webhooks.create", title=f"Ear {tag}", url=URL, subscriptions=rows, **more)
	return data(answer, 201)


@pytest.fixture
def listening(site, caller, tag, sinks):
	"""A listener made by the API whose messages then go to a receiver on this machine."""

	def make(*events, roles=(SHOP,), **more):
		one = caller(*roles)
		found = create(one, f"{tag}-{frappe.generate_hash(length=4)}", *events, **more)
		sink = sinks()
		doc = frappe.get_doc("Integration Connection", found["name"])
		doc.environment, doc.sandbox_url = "Sandbox", sink.url
		doc.save()
		frappe.db.commit()  # workers must see it
		listener = Listener(site, sink, doc.name)
		listener.caller = one
		return listener

	return make


# --- making one -------------------------------------------------------------------------------------------


def test_a_listener_is_made_told_its_secret_once_and_shown(caller, tag):
	one = caller(SHOP)
	found = create(
		one,
		tag,
		"order.submitted",
		{
			"event": "custom",
			"document_type": "Customer",
			"doc_event": "Updated",
			"filters": [
				{"field": "disabled", "operator": "=", "value": False},
				{"field": "customer_group", "operator": "in", "value": ["A", "B"]},
			],
			"changed_fields": ["tax_id"],
			"field_names": ["customer_name", "tax_id"],
			"ordered": True,
		},
	)
	secret = found.pop("secret")
	Webhook(secret)
	assert found["name"] == f"Ear {tag}" and found["url"] == URL and found["webhook_user"] == one.user
	assert found["enabled"] is True and found["paused"] is False and found["company"]
	assert found["subscriptions"][1] == {
		"event": "custom",
		"document_type": "Customer",
		"doc_event": "Updated",
		"filters": [
			{"field": "disabled", "operator": "=", "value": False},
			{"field": "customer_group", "operator": "in", "value": ["A", "B"]},
		],
		"changed_fields": ["tax_id"],
		"field_names": ["customer_name", "tax_id"],
		"ordered": True,
		"enabled": True,
	}
	got = one.get("webhooks.get", name=found["name"])
	listed = one.get("webhooks.list")
	assert data(got) == found and data(listed)["rows"] == [found]
	assert secret not in got.text + listed.text
	assert secret not in str(frappe.get_all("Integration API Call", filters={"user": one.user}, fields=["*"]))
	sparse = data(one.get("webhooks.list", fields="name,subscriptions.event"))["rows"]
	assert sparse == [
		{"name": found["name"], "subscriptions": [{"event": "order.submitted"}, {"event": "custom"}]}
	]


def test_what_is_sent_again_makes_no_second_one(caller, tag):
	one = caller(SHOP)
	create(one, tag)
	error(one.post("webhooks.create", title=f"Ear {tag}", url=URL), 409, "conflict", "title")
	answer = one.post("webhooks.create", {"Idempotency-Key": tag}, title=f"Other {tag}", url=URL)
	error(answer, 422, "invalid", "Idempotency-Key")


BAD = [
	({"url": "http://hooks.example.com/"}, "url"),
	({"url": "https://127.0.0.1/"}, "url"),
	({"url": "https://169.254.169.254/latest/meta-data/"}, "url"),
	({"url": "https://0x7f.1/"}, "url"),
	({"url": "https://[::ffff:10.0.0.1]/"}, "url"),
	({"url": "https://user:word@hooks.example.com/"}, "url"),
	({"url": "https://hooks.example.com/#part"}, "url"),
	({"url": "https://hooks.example.com:99999/"}, "url"),
	({"url": "file:///etc/passwd"}, "url"),
	({"give_up_after_days": 0}, "give_up_after_days"),
	({"subscriptions": [{"event": "customer.created"}, {"event": "customer.exploded"}]}, "subscriptions.1"),
	({"subscriptions": [{"event": "custom"}]}, "subscriptions.0"),
	({"subscriptions": [{"event": "custom", "document_type": "Purchase Order", "doc_event": "Updated"}]}, "subscriptions.0"),
	({"subscriptions": [{"event": "lead.created"}]}, "subscriptions.0"),
	({"subscriptions": [{"event": "customer.created", "filters": [{"field": "x", "value": 1}]}]}, "subscriptions.0"),
	({"subscriptions": [{"event": "customer.created", "filters": [{"field": "creation", "operator": ">", "value": "soon"}]}]}, "subscriptions.0"),
	({"subscriptions": [{"event": "order.submitted", "filters": [{"field": "delivery_date", "operator": ">", "value": "soon"}]}]}, "subscriptions.0"),
	({"subscriptions": [{"event": "customer.created", "filters": [{"field": "disabled", "operator": "like", "value": 1}]}]}, "subscriptions.0.filters.0.operator"),
	({"subscriptions": [{"event": "customer.created", "filters": [{"field": "name", "operator": "in", "value": ["x"] * 101}]}]}, "subscriptions.0.filters.0.value"),
	({"subscriptions": [{"event": "customer.created", "field_names": ["__import__('os')"]}]}, "subscriptions.0.field_names.0"),
	({"environment": "Sandbox"}, "environment"),
	({"webhook_user": "Administrator"}, "webhook_user"),
]  # fmt: skip


@pytest.mark.parametrize(
	"values, field", BAD, ids=[f"{place} {field}" for place, (_values, field) in enumerate(BAD)]
)
def test_bad_input_names_its_field(callers, values, field, tag):
	given = {"title": f"Ear {tag}", "url": URL, **values}
	error(callers(SHOP).post("webhooks.create", **given), 422, "invalid", field)
	assert not frappe.db.exists("Integration Connection", f"Ear {tag}")


def test_events_are_those_that_the_caller_may_read(callers):
	seen = {
		role: {row["event"] for row in data(callers(role).get("webhooks.event_types"))["rows"]}
		for role in (SHOP, CRM)
	}
	assert {"order.submitted", "customer.created", "stock.changed"} <= seen[SHOP]
	assert "lead.created" in seen[CRM] - seen[SHOP] and "order.submitted" not in seen[CRM]


def test_there_is_an_end_to_listeners(caller, tag, monkeypatch):
	from integration_hub.sync.messages import managing

	one = caller(SHOP)
	frappe.set_user(one.user)
	try:
		monkeypatch.setattr(managing, "MOST", 2)
		for number in range(2):
			managing.made(managing.new(f"Ear {tag} {number}", None, URL))
		with pytest.raises(frappe.ValidationError, match="delete one first"):
			managing.made(managing.new(f"Ear {tag} 3", None, URL))
	finally:
		frappe.set_user("Administrator")
		frappe.db.rollback()


# --- whose it is ------------------------------------------------------------------------------------------


def test_it_hears_what_its_maker_may_read_and_no_more(listening):
	one = listening("customer.created", roles=(SHOP,))
	seen, hidden = (
		frappe.get_all("Territory", filters={"is_group": 0}, pluck="name", limit=1)[0],
		frappe.get_doc(
			{
				"doctype": "Territory",
				"territory_name": f"Land {frappe.generate_hash(length=6)}",
				"parent_territory": frappe.get_all("Territory", filters={"is_group": 1}, pluck="name")[0],
			}
		).insert(),
	)
	frappe.get_doc(
		{"doctype": "User Permission", "user": one.caller.user, "allow": "Territory", "for_value": seen}
	).insert()
	frappe.db.commit()  # permissions count from now on
	customer(territory=hidden.name)
	doc = customer(territory=seen)
	assert [message["data"]["name"] for message in one.deliver()] == [doc.name]


def test_those_of_others_are_not_found_and_a_manager_finds_all(listening, caller):
	one = listening("customer.created")
	other, manager = caller(SHOP, BI, "Integration User"), caller("Integration Manager")
	name = one.connection
	for method, given in (
		("delete", {"name": name}),
		("replay", {"name": name}),
		("rotate_secret", {"name": name}),
		("send_test", {"name": name}),
		("update", {"name": name, "url": "https://elsewhere.example.com/"}),
	):
		error(other.post(f"webhooks.{method}", **given), 404, "not_found")
	error(other.get("webhooks.get", name=name), 404, "not_found")
	error(other.get("webhooks.deliveries", webhook=name), 404, "not_found")
	assert data(other.get("webhooks.list"))["rows"] == []
	assert data(manager.get("webhooks.get", name=name))["name"] == name
	names, cursor = [], None
	while True:
		page = data(manager.get("webhooks.list", limit=2, cursor=cursor, fields="name"))
		names += [row["name"] for row in page["rows"]]
		cursor = page["next_cursor"]
		if not cursor:
			break
	assert name in names
	# a manager looks after it, but decides about nobody's rights
	answer = manager.post("webhooks.update", name=name, url="https://elsewhere.example.com/")
	assert "System Manager" in error(answer, 422, "refused")["message"]
	data(manager.post("webhooks.update", name=name, give_up_after_days=2))


def test_other_connections_are_no_listeners(hub, caller):
	shop, manager = hub(), caller("Integration Manager")
	error(manager.get("webhooks.get", name=shop.connection), 404, "not_found")
	error(manager.post("webhooks.delete", name=shop.connection), 404, "not_found")
	assert shop.connection not in str(data(manager.get("webhooks.list", limit=200)))


def test_a_company_that_the_caller_may_not_see_cannot_be_chosen(caller, tag, site):
	from sandbox import books

	one = caller(SHOP)
	other = frappe.get_all("Company", filters={"name": ("!=", books.company())}, pluck="name", limit=1)
	frappe.get_doc(
		{"doctype": "User Permission", "user": one.user, "allow": "Company", "for_value": books.company()}
	).insert()
	frappe.db.commit()  # permissions count from now on
	for name in [*other, f"No {tag}"]:
		answer = one.post("webhooks.create", title=f"Ear {tag}", url=URL, company=name)
		error(answer, 422, "refused", "company")
	assert create(one, tag)["company"] == books.company()


# --- changing one -----------------------------------------------------------------------------------------


def test_a_listener_is_changed_and_removed(caller, tag):
	one = caller(SHOP)
	name = create(one, tag, "customer.created")["name"]
	got = one.get("webhooks.get", name=name)
	changed = one.post(
		"webhooks.update",
		{"If-Match": got.headers["ETag"]},
		name=name,
		url="https://other.example.com/x",
		subscriptions=[{"event": "order.submitted", "enabled": False}],
		enabled=False,
	)
	found = data(changed)
	assert found["url"] == "https://other.example.com/x" and found["enabled"] is False
	assert [(row["event"], row["enabled"]) for row in found["subscriptions"]] == [("order.submitted", False)]
	late = one.post("webhooks.update", {"If-Match": got.headers["ETag"]}, name=name, enabled=True)
	error(late, 412, "changed_meanwhile")
	error(one.post("webhooks.update", name=name, url="https://10.0.0.1/"), 422, "invalid", "url")
	error(
		one.post("webhooks.update", name=name, subscriptions=[{"event": "no"}]),
		422,
		"invalid",
		"subscriptions.0",
	)
	assert data(one.get("webhooks.get", name=name)) == found
	assert data(one.get("webhooks.list", enabled=True))["rows"] == []
	assert data(one.post("webhooks.delete", name=name)) == {"name": name}
	error(one.get("webhooks.get", name=name), 404, "not_found")


def test_switching_it_on_ends_a_pause(listening):
	one = listening("customer.created")
	frappe.db.set_value(
		"Integration Connection",
		one.connection,
		{"paused": 1, "paused_reason": "x", "failing_since": now_datetime()},
	)
	frappe.db.commit()  # the server must see it
	customer()
	assert one.deliver() == []
	assert (
		data(one.caller.post("webhooks.update", name=one.connection, give_up_after_days=7))["paused"] is True
	)
	found = data(one.caller.post("webhooks.update", name=one.connection, enabled=True))
	assert found["paused"] is False and found["failing_since"] is None
	assert len(one.deliver()) == 1


def test_a_new_secret_is_told_once_and_both_sign(listening):
	one = listening("customer.created")
	before = one.secret
	found = data(one.caller.post("webhooks.rotate_secret", name=one.connection))
	assert found["secret"] != before and found["former_works_until"] > utc(from_site(now_datetime()))
	customer()
	one.deliver()
	delivery = one.sink.taken()[0]
	for secret in (before, found["secret"]):
		Webhook(secret).verify(delivery.body, delivery.headers)


# --- what became of messages ------------------------------------------------------------------------------


def test_deliveries_show_every_try(listening):
	one = listening("customer.created")
	one.sink.behave("error")
	doc = customer()
	one.deliver()
	[row] = data(one.caller.get("webhooks.deliveries", webhook=one.connection))["rows"]
	assert row["status"] == "Retrying" and row["due_at"] and row["type"] == "customer.created"
	one.deliver()
	[row] = data(one.caller.get("webhooks.deliveries", webhook=one.connection))["rows"]
	assert row["status"] == "Done" and row["tries"] == 2
	assert (row["reference_doctype"], row["reference_name"]) == ("Customer", doc.name)
	assert row["webhook_id"] == one.sink.seen[0].id == one.sink.seen[1].id
	assert [(two["status_code"], two["response"]) for two in row["attempts"]] == [
		(500, "broken"),
		(200, "taken"),
	]
	assert all(two["milliseconds"] >= 0 and two["started_at"].endswith("Z") for two in row["attempts"])
	seen = one.caller.get("webhooks.deliveries", webhook=one.connection)
	assert one.secret not in seen.text
	for query, count in (({"status": "Done"}, 1), ({"status": "Dead"}, 0), ({"type": "order.submitted"}, 0)):
		found = data(one.caller.get("webhooks.deliveries", webhook=one.connection, fields="name", **query))
		assert len(found["rows"]) == count and all(set(two) == {"name"} for two in found["rows"])


def test_pages_of_deliveries(listening):
	one = listening("customer.created")
	for _number in range(5):
		customer()
	one.deliver()
	names, cursor = [], None
	for _page in range(3):
		found = data(one.caller.get("webhooks.deliveries", webhook=one.connection, limit=2, cursor=cursor))
		names += [row["name"] for row in found["rows"]]
		cursor = found["next_cursor"]
	assert cursor is None and len(set(names)) == len(names) == 5


def test_a_test_message(listening):
	one = listening()
	sent = data(one.caller.post("webhooks.send_test", name=one.connection))
	[message] = one.deliver()
	assert message["type"] == "webhook.test"
	[row] = data(one.caller.get("webhooks.deliveries", webhook=one.connection))["rows"]
	assert row["name"] == sent["delivery"] and row["status"] == "Done"
	data(one.caller.post("webhooks.update", name=one.connection, enabled=False))
	error(one.caller.post("webhooks.send_test", name=one.connection), 422, "refused")


def test_one_a_range_or_all_failed_once_more(listening):
	one = listening("customer.created")
	customer()
	one.deliver()
	middle = utc(from_site(now_datetime()))
	one.sink.behave(always="not found")
	customer()
	customer()
	one.deliver()

	def replay(**given):
		return data(one.caller.post("webhooks.replay", name=one.connection, **given))["count"]

	one.sink.behave(always="ok")
	assert replay() == 2
	one.open_again()
	assert len(one.deliver()) == 3
	first = one.sink.taken()[0].id.removeprefix("msg_")
	assert replay(deliveries=[first]) == 1 and replay(deliveries=["nothing"]) == 0
	one.deliver()
	assert one.sink.taken()[-1].id == f"msg_{first}"
	assert replay(since=middle) == 0
	assert replay(since=middle, failed=False) == 2
	one.deliver()
	assert replay(until=middle, failed=False) == 1
	one.deliver()
	assert len({delivery.id for delivery in one.sink.taken()}) == 3
	error(
		one.caller.post("webhooks.replay", name=one.connection, since="2026-01-01"), 422, "invalid", "since"
	)
	error(
		one.caller.post("webhooks.replay", name=one.connection, deliveries=[]), 422, "invalid", "deliveries"
	)
