"""A Connection with a sandbox vendor behind it, and the verbs tests speak: pull, drain, post, look."""

from __future__ import annotations

import itertools
import time
from typing import Any

import frappe

from sandbox import books
from sandbox.vendors.shopify import Shop, Shopify

_numbers = itertools.count(1)
DEFAULTS: dict[str, Any] = {
	"submit_orders": 1,
	"create_invoice": "Never",
	"create_payment": 0,
	"create_delivery_note": 0,
	"import_test_orders": 0,
	"create_items": 1,
}
RESOURCES = ("orders", "products", "customers", "stock", "shipments")


class Connected:
	"""A vendor's sandbox and its Connection."""

	def __init__(self, site, vendor, running, connection: str):
		self.site, self.vendor, self.running, self.connection = site, vendor, running, connection

	@property
	def doc(self):
		return frappe.get_doc("Integration Connection", self.connection)

	def switch(self, **values: Any) -> None:
		"""Change the Connection as a person would: in the form, and save."""
		doc = self.doc
		for field, value in values.items():
			doc.set(field, value)
		doc.save()
		frappe.db.commit()  # workers must see it

	# --- work

	def pull(self, resource: str) -> str:
		from integration_hub.sync import pull

		return pull.run(self.connection, resource)

	def drain(self) -> int:
		from integration_hub.sync import worker

		return worker.drain(self.connection)

	def settle(self) -> None:
		"""Work until nothing waits any more but people, without sleeping through pauses."""
		for _round in range(30):
			self.make_due()
			self.drain()
			if not self.events(status=("in", ("Queued", "Working", "Retrying"))):
				return
		raise AssertionError(f"Events do not come to an end: {self.events()}")

	def make_due(self) -> None:
		"""Let Events that are due later come due now, instead of sleeping through their pauses."""
		event = frappe.qb.DocType("Integration Event")
		moment = frappe.utils.now_datetime()
		(
			frappe.qb.update(event)
			.set(event.due_at, moment)
			.where((event.connection == self.connection) & (event.due_at > moment))
			.run()
		)
		frappe.db.commit()  # the worker reads it in its own transaction

	def lose_leases(self) -> None:
		"""As if the leases of what workers have in hand had run out."""
		frappe.db.rollback()
		frappe.db.set_value(
			"Integration Event",
			{"connection": self.connection, "status": "Working"},
			"lease_until",
			frappe.utils.add_to_date(None, minutes=-1),
			update_modified=False,
		)
		frappe.db.commit()  # the sweep reads it in its own transaction

	def wait_idle(self, seconds: float = 60) -> None:
		"""Until no Event of the Connection is queued, working or retrying (real workers run beside)."""
		end = time.monotonic() + seconds
		while True:
			frappe.db.rollback()
			busy = frappe.db.count(
				"Integration Event",
				{"connection": self.connection, "status": ("in", ("Queued", "Working", "Retrying"))},
			)
			if not busy:
				return
			assert time.monotonic() < end, f"{busy} Events still wait after {seconds} s: {self.events()}"
			time.sleep(0.1)

	# --- look

	def events(self, **filters: Any) -> list[Any]:
		frappe.db.rollback()
		return frappe.get_all(
			"Integration Event",
			filters={"connection": self.connection, **filters},
			fields=[
				"name",
				"resource",
				"outside_id",
				"status",
				"failure",
				"message",
				"tries",
				"fix_doctype",
				"fix_name",
				"waits_for",
				"reference_doctype",
				"reference_name",
			],
			order_by="creation desc",
		)

	def link(self, resource: str, outside_id: Any) -> Any:
		frappe.db.rollback()
		return frappe.db.get_value(
			"Integration Link",
			{"connection": self.connection, "resource": resource, "outside_id": str(outside_id)},
			["reference_doctype", "reference_name", "version", "extra"],
			as_dict=True,
		)

	def documents(self, doctype: str, order=None, **filters: Any) -> list[Any]:
		frappe.db.rollback()
		wanted = {"integration_connection": self.connection, **filters}
		if order is not None:
			wanted["integration_order"] = order.name
		names = frappe.get_all(doctype, filters=wanted, pluck="name", order_by="creation")
		return [frappe.get_doc(doctype, name) for name in names]

	# --- webhooks

	@property
	def webhook_path(self) -> str:
		return f"/api/method/integration_hub.api.webhooks.receive?key={self.doc.webhook_key}"

	def subscribe(self, web: str) -> None:
		"""Register the webhooks as the button does, at the address of a real web server."""
		from integration_hub.sync import connections

		connector = connections.open_connector(connections.get(self.connection))
		connector.register_webhooks(web + self.webhook_path)
		frappe.db.commit()  # the vault may have stored a token

	def close(self) -> None:
		self.running.stop()


class Hub(Connected):
	"""One shop and its Connection."""

	def __init__(self, site, shop: Shop, vendor: Shopify, running, connection: str):
		super().__init__(site, vendor, running, connection)
		self.shop = shop

	def pull(self, resource: str = "orders") -> str:
		return super().pull(resource)

	def bring(self, order) -> Any:
		"""Pull and work; returns the order's Event."""
		self.pull()
		self.make_due()
		self.drain()
		return self.event(order)

	def event(self, order) -> Any:
		"""The newest Event about an order."""
		return self.events(resource="orders", outside_id=str(order.id))[0]

	def sales_order(self, order) -> Any:
		link = self.link("orders", order.id)
		return frappe.get_doc(link.reference_doctype, link.reference_name) if link else None


class Hubs:
	"""Makes Hubs for one test and closes them after it."""

	def __init__(self, site):
		self.site, self.made = site, []

	def __call__(
		self, *, shop: Shop | None = None, accounts: list[dict] | None = None, **switches: Any
	) -> Hub:
		number = f"{next(_numbers)}-{frappe.generate_hash(length=6)}"
		shop_options = {
			key.removeprefix("shop_"): switches.pop(key) for key in list(switches) if key.startswith("shop_")
		}
		shop = shop or Shop(prefix=f"t{number}-", **{"currency": books.currency(), **shop_options})
		vendor = Shopify(shop, token=books.TOKEN, client_secret=books.SECRET)
		running = vendor.start()
		values = {**DEFAULTS, **switches}
		if accounts is not None:
			values["accounts"] = accounts
		doc = books.connect_shop(f"Shop {number}", running.url, shop.locations.values(), **values)
		hub = Hub(self.site, shop, vendor, running, doc.name)
		self.made.append(hub)
		return hub

	def connect(
		self,
		vendor: Any,
		connector: str,
		credentials: dict[str, str],
		secrets: dict[str, str],
		**values: Any,
	) -> Connected:
		"""A Connection of any connector to a sandbox vendor that is started here."""
		running = vendor.start()
		title = f"{connector.title()} {next(_numbers)}-{frappe.generate_hash(length=6)}"
		doc = books.connect(title, connector, running.url, credentials, secrets, **values)
		connected = Connected(self.site, vendor, running, doc.name)
		self.made.append(connected)
		return connected

	def close(self) -> None:
		for hub in self.made:
			hub.close()
