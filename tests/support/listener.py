"""Receivers of outgoing webhooks, each with its Connection."""

from __future__ import annotations

import itertools

import frappe
from standardwebhooks import Webhook

from sandbox import books
from tests.support.hub import Connected
from tests.support.sink import Sink

CUSTOM = {"event": "custom", "document_type": "Customer", "doc_event": "Updated"}
_numbers = itertools.count(1)


class Listener(Connected):
	"""A receiver and its Connection."""

	def __init__(self, site, sink, connection):
		super().__init__(site, None, None, connection)
		self.sink = sink

	@property
	def secret(self) -> str:
		from integration_hub.sync import connections

		return connections.settings_of(self.doc)[0]["secret"]

	def heard(self) -> list[dict]:
		"""Messages that were taken, checked as the specification's own library does."""
		return [Webhook(self.secret).verify(one.body, one.headers) for one in self.sink.taken()]

	def deliver(self) -> list[dict]:
		frappe.db.commit()  # as the request of whoever saved it does
		self.make_due()
		self.drain()
		return self.heard()

	def open_again(self) -> None:
		from integration_hub.sync import connections

		connections.budget_of(self.doc).reset()

	def close(self) -> None:
		self.sink.stop()
		frappe.db.rollback()
		doc = self.doc
		doc.enabled = 0
		doc.save()
		frappe.db.commit()  # later tests' documents must not be told to it


def listening(site):
	"""A factory of Listeners that are closed after the test: what the fixture `listener` is."""
	made = []

	def make(*subscriptions, **values) -> Listener:
		sink = Sink()
		rows = [{"event": one} if isinstance(one, str) else one for one in subscriptions]
		title = f"Listener {next(_numbers)}-{frappe.generate_hash(length=6)}"
		doc = books.connect(title, "webhooks", sink.url, {"url": sink.url}, {}, subscriptions=rows, **values)
		made.append(Listener(site, sink, doc.name))
		return made[-1]

	yield make
	frappe.set_user("Administrator")
	for one in made:
		one.close()


def customer(**values):
	return frappe.get_doc(
		{
			"doctype": "Customer",
			"customer_name": f"Told {frappe.generate_hash(length=8)}",
			"customer_type": "Company",
			**values,
		}
	).insert()
