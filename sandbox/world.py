"""A running company for the demo and `make serve`: site, web server, workers, and vendors that are connected."""

from __future__ import annotations

import os
import time
from typing import Any

from sandbox.engine.bench import Bench
from sandbox.vendors.shopify import Shop, Shopify

SITE = "hub.localhost"
PASSWORD = "admin"


class World:
	"""Started step by step, so that a caller can show how far it is; ended by `stop`."""

	def __init__(self, folder: str | None = None):
		self.bench = Bench(folder)
		self.web = ""
		self.running: list[Any] = []
		self.connections: list[str] = []

	def prepare(self) -> None:
		"""The engine, Redis, and a site with the stand-in for ERPNext and the app, opened in this process."""
		self.bench.start()
		self.bench.new_site(SITE, admin_password=PASSWORD, config={"mute_emails": 1})
		os.chdir(self.bench.sites_path)
		self.bench.open(SITE)
		from sandbox.erpnext.company import setup_company

		setup_company()

	def serve(self, workers: int = 2, port: int | None = None) -> None:
		"""Web server, RQ workers and the scheduler."""
		_process, self.web = self.bench.serve(SITE, threads=8, port=port)
		for _number in range(workers):
			self.bench.worker()
		self.bench.scheduler(seconds=20)

	def open_shop(self, **options: Any) -> Any:
		"""A sandbox shop and an enabled Connection to it; returns the Connection's document."""
		import frappe

		from sandbox import books

		home = books.currency()
		self.shop = Shop(
			currency=home,
			presentment_currencies={"USD" if home != "USD" else "EUR": "1.0871"},
			prefix="demo-",
		)
		self.vendor = Shopify(self.shop, token=books.TOKEN, client_secret=books.SECRET)
		running = self.vendor.start()
		self.running.append(running)
		for currency, rate in (("USD", 0.92), ("JPY", 0.0061), ("KWD", 3.01), ("INR", 0.011)):
			books.rate(currency, home, rate)
		frappe.db.set_single_value("Stock Settings", "allow_negative_stock", 1)
		connection = books.connect_shop("Demo Shop", running.url, self.shop.locations.values(), **options)
		self.connection = connection.name
		self.connections.append(connection.name)
		return connection

	def connect(self, vendor: Any, connector: str, credentials: dict, secrets: dict, **values: Any) -> str:
		"""Start a sandbox vendor and connect it; returns the Connection's name."""
		from sandbox import books

		running = vendor.start()
		self.running.append(running)
		doc = books.connect(f"Demo {vendor.title}", connector, running.url, credentials, secrets, **values)
		self.connections.append(doc.name)
		return doc.name

	def webhook_address(self, connection: str) -> str:
		from integration_hub.sync import connections

		key = connections.get(connection).webhook_key
		return f"{self.web}/api/method/integration_hub.api.webhooks.receive?key={key}"

	def subscribe(self, connection: str | None = None) -> list[str]:
		"""What the button Register webhooks does, at the address of our own web server."""
		import frappe

		from integration_hub.sync import connections

		name = connection or self.connection
		connector = connections.open_connector(connections.get(name))
		changed = connector.register_webhooks(self.webhook_address(name))
		frappe.db.commit()  # a token may have been stored
		return list(changed)

	def events(self) -> dict[str, int]:
		"""How many Events of all Connections are in each state."""
		import frappe
		from frappe.query_builder.functions import Count

		frappe.db.rollback()
		event = frappe.qb.DocType("Integration Event")
		return dict(
			frappe.qb.from_(event)
			.select(event.status, Count("*"))
			.where(event.connection.isin(self.connections))
			.groupby(event.status)
			.run()
		)

	def wait_idle(self, seconds: float, seen=lambda states: None) -> None:
		"""Until no Event waits any more. `seen` is told the states now and then."""
		end = time.monotonic() + seconds
		while True:
			states = self.events()
			seen(states)
			if not any(states.get(status) for status in ("Queued", "Working", "Retrying")):
				return
			if time.monotonic() > end:
				raise TimeoutError(f"after {seconds:.0f} s some Events still wait: {states}")
			time.sleep(0.3)

	def stop(self) -> None:
		for running in self.running:
			running.stop()
		import frappe

		frappe.destroy()
		self.bench.stop()
