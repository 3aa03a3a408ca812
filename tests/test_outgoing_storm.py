"""Outgoing webhooks when everything goes wrong: receivers that fail in every way, workers killed, many at once. Nothing is
lost, and what was acknowledged is not sent again."""

from __future__ import annotations

import random
import time
from collections import Counter

import frappe
import pytest
from standardwebhooks import Webhook

from tests.support.listener import CUSTOM, customer
from tests.support.sink import ANSWERS
from tests.test_payments_crashes import POINTS, dies

#: "endless" is a 200 whose body is not read; "gone" ends the listener (tests/test_outgoing.py)
FAILS = sorted(set(ANSWERS) - {"ok", "no content", "endless", "gone"})
assert len(FAILS) >= 12


def test_a_receiver_that_fails_in_every_way_loses_nothing(listener, monkeypatch):
	from integration_hub.connectors.webhooks import Webhooks
	from integration_hub.sync.messages import managing

	monkeypatch.setattr(
		Webhooks, "http_options", {**Webhooks.http_options, "timeouts": (0.5, 0.5), "longest_answer": 0.7}
	)
	one = listener("customer.created")
	names = [customer().name for _number in range(len(FAILS))]
	frappe.db.commit()
	plan = [way for way in FAILS for _twice in range(2)]
	random.Random(4).shuffle(plan)
	one.sink.behave(*plan)
	for _round in range(60):
		one.open_again()  # after several failures in a row all its messages pause together
		one.make_due()
		one.drain()
		if all(event.status in ("Done", "Parked", "Dead") for event in one.events()):
			break
	managing.replay(one.doc)
	one.open_again()
	messages = one.deliver()
	assert Counter(how.how for how in one.sink.seen if how.how != "ok") == {way: 2 for way in FAILS}
	assert sorted(message["data"]["name"] for message in messages) == sorted(names), "each once"
	assert {event.status for event in one.events()} == {"Done"}
	ids = Counter(delivery.id for delivery in one.sink.taken())
	assert ids == {f"msg_{event.name}": 1 for event in one.events()}
	assert {delivery.id for delivery in one.sink.seen} == set(ids), "the same id at every try"
	for delivery in one.sink.seen:
		if delivery.body:
			Webhook(one.secret).verify(delivery.body, delivery.headers)


@pytest.mark.parametrize("point", POINTS)
def test_killed_between_the_answer_and_our_commit(listener, point):
	"""Taken and not noted: delivered once more under the same id, by which the receiver knows it."""
	one = listener("customer.created")
	doc = customer()
	frappe.db.commit()
	dies(one, point)
	assert len(one.sink.taken()) == 1
	messages = one.deliver()
	assert [message["data"]["name"] for message in messages] == [doc.name] * 2
	assert len({delivery.id for delivery in one.sink.taken()}) == 1
	assert one.events()[0].status == "Done"
	one.deliver()
	assert len(one.sink.taken()) == 2


def test_many_workers_deliver_each_message_once_and_those_of_a_document_in_order(listener, site):
	one = listener({**CUSTOM, "ordered": 1, "field_names": "tax_id"}, "customer.created")
	docs = [customer() for _number in range(4)]
	for number in range(6):
		for doc in docs:
			doc.tax_id = str(number)
			doc.save()
		frappe.db.commit()  # each is a save of its own: what one transaction changes twice is told once
	one.sink.behave(*["error", "ok", "unavailable", "hang up"] * 2)
	start = str(time.time() + 6)
	for _round in range(3):
		workers = [
			site.python("-m", "tests.support.process", "drain", one.connection, start) for _number in range(3)
		]
		assert [worker.wait(120) for worker in workers] == [0, 0, 0]
		one.open_again()
		one.make_due()
		start = "0"
	one.settle()
	told = [Webhook(one.secret).verify(delivery.body, delivery.headers) for delivery in one.sink.taken()]
	assert set(Counter(delivery.id for delivery in one.sink.taken()).values()) == {1}
	assert Counter(message["type"] for message in told) == {"customer.updated": 24, "customer.created": 4}
	for doc in docs:
		numbers = [
			message["data"]["tax_id"]
			for message in told
			if message["type"] == "customer.updated" and message["data"]["name"] == doc.name
		]
		assert numbers == [str(number) for number in range(6)]
