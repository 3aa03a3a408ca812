"""Outgoing webhooks through real saves and a real receiver: what is told, to whom, in which order, and that nothing is
lost or told wrongly."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import frappe
import pytest
from frappe.utils import now_datetime

from integration_hub.sync.messages import managing
from sandbox import books
from tests.support.listener import CUSTOM, customer
from tests.test_threats import other_company


def test_a_new_customer_is_told_once_signed_and_whole(listener):
	one = listener("customer.created")
	doc = customer(email_id=None)
	frappe.db.commit()
	doc.customer_type = "Individual"
	doc.save()
	[message] = one.deliver()
	assert message["type"] == "customer.created"
	assert message["data"]["name"] == doc.name and message["data"]["customer_type"] == "Company"
	assert message["data"]["doctype"] == "Customer" and message["data"]["disabled"] is False
	[event] = one.events()
	assert event.status == "Done" and (event.reference_doctype, event.reference_name) == (
		"Customer",
		doc.name,
	)
	assert one.sink.seen[0].id == f"msg_{event.name}"


def test_what_is_rolled_back_is_told_to_nobody(listener):
	one = listener("customer.created")
	customer()
	frappe.db.rollback()
	assert one.deliver() == [] and one.events() == []


@pytest.mark.parametrize(
	"filters, told",
	[
		([["customer_type", "=", "Company"]], True),
		([["customer_type", "=", "Individual"]], False),
		([["customer_type", "in", ["Individual", "Company"]], ["disabled", "=", 0]], True),
		([["customer_type", "not in", ["Individual", "Company"]]], False),
		([["disabled", ">", 0]], False),
		([["customer_name", "!=", "x"]], True),
	],
)
def test_filters_choose(listener, filters, told):
	one = listener({**CUSTOM, "doc_event": "Created", "filters": json.dumps(filters)})
	customer()
	assert len(one.deliver()) == int(told)


def test_only_when_a_field_changed(listener):
	one = listener({**CUSTOM, "changed_fields": "customer_type"})
	doc = customer()
	doc.tax_id = "DE1"
	doc.save()
	assert one.deliver() == []
	doc.customer_type = "Individual"
	doc.save()
	[message] = one.deliver()
	assert message["type"] == "customer.updated" and message["data"]["tax_id"] == "DE1"


def test_fields_are_chosen_and_rows_of_tables(listener):
	one = listener(
		{
			"event": "order.submitted",
			"field_names": "customer, grand_total\nitems.item_code, items.qty, items.rate",
		}
	)
	order = _order()
	[message] = one.deliver()
	assert message["data"].keys() == {
		"doctype",
		"name",
		"modified",
		"docstatus",
		"customer",
		"grand_total",
		"items",
	}
	assert message["data"]["docstatus"] == 1 and message["data"]["name"] == order.name
	assert message["data"]["items"] == [{"item_code": order.items[0].item_code, "qty": 2.0, "rate": "12.50"}]
	assert message["data"]["grand_total"] == "25.00"


def _order():
	code = f"TOLD-{frappe.generate_hash(length=8)}"
	books.stock_item(code, 10)
	doc = frappe.get_doc(
		{
			"doctype": "Sales Order",
			"company": books.company(),
			"customer": customer().name,
			"delivery_date": frappe.utils.add_days(frappe.utils.today(), 3),
			"items": [{"item_code": code, "qty": 2, "rate": 12.5, "warehouse": books.warehouse()}],
		}
	)
	doc.insert()
	doc.submit()
	return doc


# --- who may hear what ------------------------------------------------------------------------------------


def reader(*roles) -> str:
	email = f"ear-{frappe.generate_hash(length=8)}@example.com"
	frappe.conf.throttle_user_limit = 10_000  # of this process; Frappe allows 60 new users an hour
	doc = frappe.get_doc(
		{
			"doctype": "User",
			"email": email,
			"first_name": "Ear",
			"send_welcome_email": 0,
			"user_type": "System User",
		}
	)
	doc.append_roles(*roles)
	doc.insert()
	frappe.db.commit()  # others must see it
	return email


def test_a_listener_hears_only_what_its_user_may_read(listener):
	user = reader("Sales User")
	one = listener("customer.created", webhook_user=user)
	territory = books.leaf("Territory")
	other = frappe.get_doc(
		{
			"doctype": "Territory",
			"territory_name": f"Land {frappe.generate_hash(length=6)}",
			"parent_territory": frappe.get_all("Territory", filters={"is_group": 1}, pluck="name")[0],
		}
	).insert()
	frappe.get_doc(
		{"doctype": "User Permission", "user": user, "allow": "Territory", "for_value": territory}
	).insert()
	frappe.db.commit()  # permissions count from now on
	hidden, seen = customer(territory=other.name), customer(territory=territory)
	assert [message["data"]["name"] for message in one.deliver()] == [seen.name]
	assert hidden.name not in json.dumps([event.message for event in one.events()])


def test_a_user_that_is_switched_off_hears_nothing_more(listener):
	user = reader("Sales User")
	one = listener("customer.created", webhook_user=user)
	frappe.db.set_value("User", user, "enabled", 0)
	frappe.clear_document_cache("User", user)
	customer()
	assert one.deliver() == []


def test_secret_fields_are_never_told(listener):
	user = reader("System Manager")
	one = listener({"event": "custom", "document_type": "User", "doc_event": "Updated"}, webhook_user=user)
	doc = frappe.get_doc("User", user)
	doc.new_password = f"Secret-{frappe.generate_hash(length=12)}!"
	doc.last_name = "Drum"
	doc.save()
	[message] = one.deliver()
	assert message["data"]["last_name"] == "Drum"
	told = json.dumps(message)
	assert "new_password" not in told and "api_secret" not in told and "reset_password_key" not in told


BAD = [
	({"event": "customer.exploded"}, "no event customer.exploded"),
	({"event": "custom"}, "Document Type"),
	({"event": "custom", "document_type": "Error Log", "doc_event": "Created"}, "cannot be subscribed"),
	({"event": "custom", "document_type": "Integration Event", "doc_event": "Created"}, "cannot be subscribed"),
	({"event": "custom", "document_type": "System Settings", "doc_event": "Updated"}, "no documents of its own"),
	({"event": "custom", "document_type": "Customer", "doc_event": "Submitted"}, "cannot be submitted"),
	({**CUSTOM, "filters": "frappe.db.sql('x')"}, "Filters must look like"),
	({**CUSTOM, "filters": '{"a": 1}'}, "Filters must look like"),
	({**CUSTOM, "filters": '[["nothing", "=", 1]]'}, "no field nothing"),
	({**CUSTOM, "filters": '[["disabled", "like", 1]]'}, "no operator"),
	({**CUSTOM, "filters": '[["disabled", "in", 1]]'}, "take a list"),
	({**CUSTOM, "filters": '["disabled", "=", 1]'}, "each filter"),
	({**CUSTOM, "field_names": "nothing"}, "no field nothing"),
	({**CUSTOM, "field_names": "items.item_code"}, "no table items"),
	({**CUSTOM, "changed_fields": "nothing"}, "no field nothing"),
	({"event": "custom", "document_type": "User", "doc_event": "Updated", "field_names": "new_password"}, "no field"),
	({"event": "custom", "document_type": "User", "doc_event": "Updated", "filters": '[["api_secret", "=", "x"]]'}, "no field"),
	({"event": "order.submitted", "field_names": "items"}, "name its fields"),
]  # fmt: skip


@pytest.mark.parametrize("row, says", BAD, ids=[f"{place} {says}" for place, (_row, says) in enumerate(BAD)])
def test_a_subscription_that_cannot_work_is_refused(listener, row, says):
	good = listener("customer.created")
	with pytest.raises(frappe.ValidationError, match=f"Subscription 2: .*{says}"):
		good.switch(subscriptions=[{"event": "customer.created"}, row])
	frappe.db.rollback()


LENDING = [
	("its rights", lambda doc: doc.set("webhook_user", doc.flags.another)),
	("where to", lambda doc: doc.credentials[0].set("value", "https://elsewhere.example/hook")),
	("where to, as a sandbox", lambda doc: doc.set("sandbox_url", "https://elsewhere.example/hook")),
	("which company", lambda doc: doc.set("company", other_company())),
	("another event", lambda doc: doc.append("subscriptions", {"event": "order.submitted"})),
	("more fields", lambda doc: doc.subscriptions[0].set("field_names", "tax_id, default_currency")),
	("other filters", lambda doc: doc.subscriptions[0].set("filters", '[["disabled", "=", 0]]')),
]


@pytest.mark.parametrize("what, change", LENDING, ids=[what for what, _change in LENDING])
def test_the_rights_of_another_are_lent_by_system_managers_only(listener, what, change):
	one = listener("customer.created", webhook_user=reader("Sales User"))
	another, manager = reader("Sales User"), reader("Integration Manager", "Sales User")
	other_company()
	frappe.set_user(manager)
	doc = one.doc
	doc.flags.another = another
	change(doc)
	with pytest.raises(frappe.ValidationError, match="System Manager"):
		doc.save()
	frappe.db.rollback()
	one.switch(enabled=0)
	doc = one.doc
	doc.flags.another = another
	change(doc)
	with pytest.raises(frappe.ValidationError, match="System Manager"):
		doc.save()  # nor for the one who switches it on afterwards
	frappe.db.rollback()
	one.switch(enabled=1)
	one.switch(give_up_after_days=3)
	assert one.doc.give_up_after_days == 3


def test_this_machine_is_no_place_for_managers_to_look_around(listener):
	one = listener("customer.created")
	frappe.set_user(reader("Integration Manager", "Sales User"))
	with pytest.raises(frappe.ValidationError, match="sandbox on this machine"):
		listener("customer.created")
	frappe.db.rollback()
	with pytest.raises(frappe.ValidationError, match="sandbox on this machine"):
		one.switch(sandbox_url="http://127.0.0.1:6379/")
	frappe.db.rollback()


def test_what_a_user_may_not_see_it_cannot_filter_by(listener):
	user = reader("Sales User")
	frappe.get_doc(
		{
			"doctype": "Property Setter",
			"doctype_or_field": "DocField",
			"doc_type": "Customer",
			"field_name": "tax_id",
			"property": "permlevel",
			"property_type": "Int",
			"value": "5",
		}
	).insert()
	frappe.db.commit()  # it counts from now on
	frappe.clear_cache(doctype="Customer")
	try:
		for row in (
			{"event": "customer.created", "filters": '[["tax_id", "=", "DE1"]]'},
			{"event": "customer.updated", "changed_fields": "tax_id"},
		):
			with pytest.raises(frappe.ValidationError, match="no field tax_id"):
				listener(row, webhook_user=user)
			frappe.db.rollback()
		one = listener("customer.created", webhook_user=user)
		customer(tax_id="DE1")
		[message] = one.deliver()
		assert "tax_id" not in message["data"] and message["data"]["customer_type"] == "Company"
	finally:
		frappe.db.delete("Property Setter", {"doc_type": "Customer", "field_name": "tax_id"})
		frappe.db.commit()  # the Customer is as it was for later tests
		frappe.clear_cache(doctype="Customer")


# --- delivered, whatever happens --------------------------------------------------------------------------


@pytest.mark.parametrize(
	"how",
	[
		"error",
		"not found",
		"refused",
		"unauthorised",
		"redirect",
		"redirect inside",
		"nonsense",
		"bomb",
		"hang up",
		"cut",
	],
)
def test_a_failed_delivery_is_tried_again_as_the_same_message(listener, how):
	one = listener("customer.created")
	one.sink.behave(how, how)
	doc = customer()
	frappe.db.commit()
	one.drain()
	[event] = one.events()
	assert event.status == "Retrying" and event.failure == "Unreachable", event
	assert one.deliver() == []
	[message] = one.deliver()
	assert message["data"]["name"] == doc.name
	assert len({delivery.id for delivery in one.sink.seen}) == 1 and len(one.sink.seen) == 3


@pytest.mark.parametrize("how", ["silent", "drip", "endless"])
def test_a_receiver_that_wastes_time_or_bytes_is_left(listener, how, monkeypatch):
	from integration_hub.connectors.webhooks import Webhooks

	monkeypatch.setattr(
		Webhooks, "http_options", {**Webhooks.http_options, "timeouts": (1.0, 1.0), "longest_answer": 2.0}
	)
	one = listener("customer.created")
	one.sink.behave(how)
	customer()
	began = time.monotonic()
	frappe.db.commit()
	one.drain()
	assert time.monotonic() - began < 10
	[event] = one.events()
	if how == "endless":  # the head said 200; the rest is not read
		assert event.status == "Done"
	else:
		assert event.status == "Retrying"
		one.open_again()
		assert len(one.deliver()) == 1


@pytest.mark.parametrize("how, seconds", [("unavailable", 120), ("too many", 60)])
def test_retry_after_is_obeyed(listener, how, seconds):
	one = listener("customer.created")
	one.sink.behave(how)
	customer()
	frappe.db.commit()
	one.drain()
	due = frappe.db.get_value("Integration Event", one.events()[0].name, "due_at")
	assert seconds - 5 < (due - now_datetime()).total_seconds() < seconds * 1.25
	customer()
	frappe.db.commit()
	one.drain()
	assert len(one.sink.seen) == 1, "the others wait, too"
	one.open_again()
	assert len(one.deliver()) == 2


def test_the_pauses_are_those_of_the_ladder(listener):
	from integration_hub.connectors.webhooks import Webhooks

	one = listener("customer.created")
	one.sink.behave(always="error")
	customer()
	frappe.db.commit()
	one.drain()
	pauses = []
	while True:
		event = frappe.get_doc("Integration Event", one.events()[0].name)
		if event.status != "Retrying":
			break
		pauses.append((event.due_at - event.modified).total_seconds())
		one.open_again()  # after several failures in a row all its messages pause together
		one.make_due()
		one.drain()
	assert event.status == "Parked" and len(pauses) == len(Webhooks.ladder) == 7
	assert all(0.8 * due <= pause <= 1.2 * due for pause, due in zip(pauses, Webhooks.ladder, strict=True))
	one.sink.behave(always="ok")
	one.open_again()
	from integration_hub.sync import replay

	assert replay.replay_where(one.connection) == 1
	assert len(one.deliver()) == 1 and len({delivery.id for delivery in one.sink.seen}) == 1


def test_in_order_means_that_the_next_waits_for_the_one_before(listener):
	one = listener({**CUSTOM, "ordered": 1, "field_names": "tax_id"})
	doc, other = customer(), customer()
	frappe.db.commit()
	one.sink.behave("error")
	for number in ("1", "2", "3"):
		doc.tax_id = number
		doc.save()
		frappe.db.commit()
	one.drain()
	other.tax_id = "other"
	other.save()
	frappe.db.commit()
	one.drain()
	assert [message["data"]["tax_id"] for message in one.heard()] == ["other"], (
		"another document waits for nobody"
	)
	one.settle()
	assert [message["data"]["tax_id"] for message in one.heard()] == ["other", "1", "2", "3"]


def test_without_order_nobody_waits(listener):
	one = listener({**CUSTOM, "field_names": "tax_id"})
	doc = customer()
	frappe.db.commit()
	one.sink.behave("error")
	for number in ("1", "2"):
		doc.tax_id = number
		doc.save()
		frappe.db.commit()  # as two requests do
	one.drain()
	assert [message["data"]["tax_id"] for message in one.heard()] == ["2"]


@pytest.fixture
def manager(site):
	"""Somebody who looks after the hub."""
	return reader("Integration Manager")


def alarms() -> list[str]:
	return frappe.get_all("Notification Log", filters={"type": "Alert"}, pluck="subject")


def test_what_was_given_up_is_told_to_people_once_a_day(listener, manager):
	from integration_hub import tasks

	email = reader("Sales User")
	one = listener("customer.created", webhook_user=email)
	for _number in range(2):
		customer()
	frappe.db.commit()
	frappe.db.set_value("User", email, "enabled", 0)
	frappe.db.commit()
	one.drain()
	tasks.tell_what_waits()
	told = {"for_user": manager, "document_name": one.connection}
	[notice] = frappe.get_all("Notification Log", filters=told, fields=["subject", "email_content"])
	assert "2 Events" in notice.subject and email in notice.email_content
	frappe.db.set_value(
		"Integration Event",
		{"connection": one.connection},
		"modified",
		now_datetime() - timedelta(days=2),
		update_modified=False,
	)
	tasks.tell_what_waits()
	assert frappe.db.count("Notification Log", told) == 1, "what was told is not told again"


def test_a_listener_that_wants_no_more_is_switched_off(listener, manager):
	one = listener("customer.created")
	one.sink.behave("gone")
	customer()
	frappe.db.commit()
	one.drain()
	assert not one.doc.enabled and one.events()[0].status == "Dead"
	assert one.connection in " ".join(alarms())
	customer()
	assert one.deliver() == [] and len(one.events()) == 1


def test_a_switch_stops_what_was_claimed_together(listener, monkeypatch):
	from integration_hub.connectors.webhooks import Webhooks

	one = listener("customer.created")
	for _number in range(3):
		customer()
	frappe.db.commit()
	deliver = Webhooks.deliver

	def and_switch_off(connector, message):
		deliver(connector, message)
		frappe.db.set_value("Integration Connection", one.connection, "enabled", 0)
		frappe.db.commit()  # as a person does in the middle of it

	with monkeypatch.context() as patch:
		patch.setattr(Webhooks, "deliver", and_switch_off)
		one.drain()
	assert len(one.heard()) == 1
	doc = one.doc
	doc.enabled = 1
	doc.save()
	frappe.db.commit()
	one.settle()
	assert len(one.heard()) == 3, "what was kept is told when it is on again"


def test_what_waits_for_a_user_that_is_switched_off_is_kept(listener):
	email = reader("Sales User")
	one = listener("customer.created", webhook_user=email)
	customer()
	frappe.db.commit()
	frappe.db.set_value("User", email, "enabled", 0)
	frappe.db.commit()
	assert one.deliver() == []
	[event] = one.events()
	assert event.status == "Parked" and email in event.message
	frappe.db.set_value("User", email, "enabled", 1)
	frappe.db.commit()
	assert managing.replay(one.doc) == 1
	assert len(one.deliver()) == 1


def test_after_days_of_failure_it_is_paused_and_nothing_is_lost(listener, manager):
	one = listener("customer.created", give_up_after_days=5)
	one.sink.behave(always="error")
	customer()
	frappe.db.commit()
	one.drain()
	assert one.doc.failing_since and not one.doc.paused
	frappe.db.set_value(
		"Integration Connection", one.connection, "failing_since", now_datetime() - timedelta(days=6)
	)
	frappe.db.commit()
	one.make_due()
	one.drain()
	assert one.doc.paused and "Nothing was taken since" in one.doc.paused_reason
	assert one.connection in " ".join(alarms())
	customer()
	assert one.deliver() == []
	one.sink.behave(always="ok")
	from integration_hub.sync import setup

	setup.resume(one.doc)
	frappe.db.commit()
	assert len(one.deliver()) == 2 and not one.doc.failing_since


def test_one_success_ends_the_time_of_failure(listener):
	one = listener("customer.created")
	one.sink.behave("error")
	customer()
	frappe.db.commit()
	one.drain()
	assert one.doc.failing_since
	one.deliver()
	assert not one.doc.failing_since


def test_the_answer_and_its_time_are_kept(listener):
	one = listener("customer.created")
	one.sink.behave("error")
	customer()
	frappe.db.commit()
	one.drain()
	[event] = one.events()
	rows = frappe.get_all(
		"Integration Attempt", filters={"event": event.name, "kind": "Exchange"}, fields=["*"]
	)
	assert len(rows) == 1 and rows[0].status_code == 500, rows
	assert "broken" in rows[0].response and rows[0].milliseconds >= 0
	assert one.secret not in json.dumps(rows, default=str)


# --- a user's save ----------------------------------------------------------------------------------------


def test_a_save_waits_for_nobody_and_fails_for_nobody(listener, monkeypatch):
	from integration_hub.sync import store

	one = listener("customer.created")
	one.sink.behave(always="silent")
	began = time.monotonic()
	customer()
	frappe.db.commit()
	assert time.monotonic() - began < 2 and not one.sink.seen

	def broken(*_arguments):
		raise RuntimeError("the store is broken")

	monkeypatch.setattr(store, "store", broken)
	doc = customer()
	frappe.db.commit()
	assert frappe.db.exists("Customer", doc.name)
	assert frappe.db.exists("Error Log", {"method": ("like", f"%{doc.name}%")})


def test_without_a_subscriber_a_save_asks_nothing_more(listener, monkeypatch):
	from integration_hub import tasks

	listener("lead.created")
	doc = customer()
	frappe.db.commit()
	tasks.something_happened(doc, "on_update")  # fills the cache

	def forbidden(*_arguments, **_more):
		raise AssertionError("no SQL for a save that nobody listens to")

	monkeypatch.setattr(frappe.db, "sql", forbidden)
	for method in ("after_insert", "on_update", "on_trash"):
		tasks.something_happened(doc, method)


def test_who_reads_while_a_subscription_is_saved_does_not_hide_it(listener):
	"""Somebody else looks the subscriptions up, and writes down what it read only after the new one was committed."""
	from integration_hub.sync.messages import subscriptions

	generation, old = subscriptions._generation(), subscriptions._read()
	one = listener("customer.created")
	frappe.cache.set_value(subscriptions.CACHE, (generation, old), expires_in_sec=60)
	doc = customer()
	assert [message["data"]["name"] for message in one.deliver()] == [doc.name]


def test_a_commit_that_failed_takes_nothing_from_the_next(listener):
	"""A worker's transaction meets a dead lock while it commits, before what has changed was told; the worker begins
	again, in the same job."""
	one = listener("customer.updated")
	doc = customer()
	frappe.db.commit()
	one.deliver()

	def meets_another():
		raise frappe.QueryDeadlockError

	frappe.db.before_commit.add(meets_another)
	doc.tax_id = "DE1"
	doc.save()
	with pytest.raises(frappe.QueryDeadlockError):
		frappe.db.commit()
	frappe.db.rollback()
	doc.reload()
	doc.tax_id = "DE2"
	doc.save()
	[message] = one.deliver()
	assert message["data"]["tax_id"] == "DE2"
