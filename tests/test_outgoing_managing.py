"""What people and programs do with a listener: a new secret without a gap, a test, old messages once more."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import frappe
import pytest
from frappe.utils import now_datetime
from standardwebhooks import Webhook, WebhookVerificationError

from integration_hub.connectors.webhooks import FORMER, signing
from tests.support.listener import customer


def told(one, count=1):
	for _number in range(count):
		customer()
	frappe.db.commit()
	one.make_due()
	one.drain()


def now_utc() -> datetime:
	return datetime.now(timezone.utc)


def test_while_the_secret_changes_both_are_good_and_then_the_new_one(listener):
	from integration_hub.sync.messages import managing

	one = listener("customer.created")
	before = one.secret
	after = managing.rotate_secret(one.doc)
	assert after == one.secret != before
	told(one)
	delivery = one.sink.taken()[-1]
	for secret in (before, after):
		assert Webhook(secret).verify(delivery.body, delivery.headers)["type"] == "customer.created"
	with pytest.raises(WebhookVerificationError):
		Webhook(signing.new_secret()).verify(delivery.body, delivery.headers)
	rows = frappe.get_all("Integration Attempt", filters={"connection": one.connection}, fields=["*"])
	assert before not in str(rows) and after not in str(rows)

	from integration_hub.sync import connections

	vault = connections.SiteVault(one.connection)
	vault.put(FORMER, vault.get(FORMER), now_utc() - timedelta(seconds=1))  # the overlap is over
	told(one)
	delivery = one.sink.taken()[-1]
	assert Webhook(after).verify(delivery.body, delivery.headers)
	with pytest.raises(WebhookVerificationError):
		Webhook(before).verify(delivery.body, delivery.headers)


def test_whoever_missed_the_new_secret_and_asks_again_loses_nothing(listener):
	from integration_hub.sync.messages import managing

	one = listener("customer.created")
	known = one.secret
	managing.rotate_secret(one.doc)
	newest = managing.rotate_secret(one.doc)
	told(one)
	delivery = one.sink.taken()[-1]
	for secret in (known, newest):
		Webhook(secret).verify(delivery.body, delivery.headers)
	assert len(delivery.headers["webhook-signature"].split()) == 3
	managing.rotate_secret(one.doc)
	told(one)
	assert len(one.sink.taken()[-1].headers["webhook-signature"].split()) == 3, "there is an end to it"


def test_a_secret_is_made_where_none_was(listener):
	from integration_hub.sync.messages import managing

	one = listener("customer.created")
	row = next(row for row in one.doc.credentials if row.setting == "secret")
	frappe.db.delete("__Auth", {"doctype": row.doctype, "name": row.name})
	frappe.db.commit()
	secret = managing.rotate_secret(one.doc)
	told(one)
	delivery = one.sink.taken()[-1]
	Webhook(secret).verify(delivery.body, delivery.headers)
	doc = one.doc
	doc.give_up_after_days = 3
	doc.save()
	assert one.secret == secret, "saving the form keeps it"


def test_a_test_goes_the_way_of_all_messages(listener):
	from integration_hub.sync.messages import managing

	one = listener("customer.created")
	one.sink.behave("error")
	event = managing.send_test(one.doc)
	frappe.db.commit()
	one.drain()
	assert one.events()[0].status == "Retrying"
	[message] = one.deliver()
	assert message["type"] == "webhook.test" and message["data"]
	assert one.sink.taken()[0].id == f"msg_{event}" and one.events()[0].status == "Done"
	one.switch(enabled=0)
	with pytest.raises(frappe.ValidationError, match="not enabled"):
		managing.send_test(one.doc)
	one.switch(enabled=1)


def test_one_a_range_or_all_failed_are_delivered_once_more(listener):
	from integration_hub.sync.messages import managing

	one = listener("customer.created")
	told(one, 2)
	assert len(one.heard()) == 2
	middle = now_datetime()
	one.sink.behave(always="error")
	told(one, 3)
	assert managing.replay(one.doc) == 3, "those that are still tried come due"
	one.sink.behave(always="ok")
	one.open_again()
	assert len(one.deliver()) == 5
	assert managing.replay(one.doc) == 0
	done = [event.name for event in one.events()]
	ids = [delivery.id for delivery in one.sink.taken()]
	assert len(set(ids)) == 5

	assert managing.replay(one.doc, events=done[:1]) == 1
	one.deliver()
	assert one.sink.taken()[-1].id == f"msg_{done[0]}" and len(one.sink.taken()) == 6
	assert managing.replay(one.doc, until=middle, failed=False) == 2
	assert managing.replay(one.doc, since=middle, failed=False) == 3
	assert managing.replay(one.doc, events=[]) == 0
	one.deliver()
	assert sorted({delivery.id for delivery in one.sink.taken()}) == sorted(ids)
	assert len(one.sink.taken()) == 11


def test_others_messages_and_other_connections_are_left_alone(listener, hub):
	from integration_hub.sync.messages import managing

	one, other = listener("customer.created"), listener("customer.created")
	told(one)
	other.deliver()
	[event] = other.events()
	assert managing.replay(one.doc, events=[event.name]) == 0
	shop = hub()
	for act in (managing.rotate_secret, managing.send_test, managing.replay):
		with pytest.raises(frappe.ValidationError, match="no listener"):
			act(shop.doc)


def test_what_a_message_told_is_forgotten_and_then_it_is_not_replayed(listener):
	from integration_hub.sync import replay, retention
	from integration_hub.sync.messages import managing

	one = listener("customer.created")
	told(one)
	[event] = one.events()
	frappe.db.set_value("Integration Event", event.name, "done_at", now_datetime() - timedelta(days=999))
	retention.forget()
	assert managing.replay(one.doc, events=[event.name]) == 0
	assert replay.replay([event.name]) == 1, "people may ask for anything"
	one.deliver()
	[event] = one.events()
	assert event.status == "Dead" and "not kept any more" in event.message
	assert len(one.sink.seen) == 1


# --- the buttons of the form --------------------------------------------------------------------------------

BUTTONS = ("rotate_secret", "send_test", "replay")


def press(person, button: str, one, **values):
	return person.post_to(f"integration_hub.api.messages.{button}", connection=one.connection, **values)


def test_buttons_make_a_secret_a_test_and_messages_once_more(people, listener):
	one, manager = listener("customer.created"), people("manager")
	told(one)
	before = one.secret
	answer = press(manager, "rotate_secret", one)
	assert answer.json()["message"] == one.secret != before

	event = press(manager, "send_test", one).json()["message"]
	one.make_due()
	one.drain()
	last = one.sink.taken()[-1]
	assert Webhook(one.secret).verify(last.body, last.headers)["type"] == "webhook.test"
	assert last.id == f"msg_{event}"

	nothing = press(manager, "replay", one, failed=1).json()["message"]
	assert nothing["count"] == 0 and "nothing" in nothing["message"]
	again = press(manager, "replay", one, failed=0, since="2000-01-01 00:00:00").json()["message"]
	assert again["count"] == 2
	one.make_due()
	one.drain()
	ids = [delivery.id for delivery in one.sink.taken()]
	assert len(ids) == 4 and len(set(ids)) == 2


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize("part", ["operator", "stranger"])
def test_buttons_are_for_those_who_may_write_the_connection(people, listener, button, part):
	one = listener("customer.created")
	before = one.secret
	assert press(people(part), button, one).status_code == 403
	assert one.secret == before and one.events() == []


def test_the_form_offers_every_event_of_the_catalogue(site):
	from integration_hub.sync.messages.catalogue import CUSTOM, KINDS

	field = frappe.get_meta("Integration Subscription").get_field("event")
	assert field.options.split("\n") == [*KINDS, CUSTOM]
