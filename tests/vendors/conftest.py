"""What the tests of the vendors share: a shop that listens, and a client that knows nothing but its API."""

import json
import os
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from sandbox.vendors.hubspot import HubSpot, Portal
from sandbox.vendors.shopify import Shop, Shopify
from sandbox.vendors.stripe import Account, Stripe
from tests.vendors import stripe_calls
from tests.vendors.hubspot_calls import Caller

PROJECT = Path(__file__).resolve().parents[2]
VENDOR_DATA = Path(
	os.environ.get("INTEGRATION_HUB_VENDOR_DATA") or PROJECT / "../shared/vendors/data"
).resolve()


@pytest.fixture
def shopify_data() -> Path:
	"""Shopify's own schema and fixtures, which are not part of the project."""
	folder = VENDOR_DATA / "shopify"
	if not folder.is_dir():
		pytest.skip(f"No vendor data at {folder}: set INTEGRATION_HUB_VENDOR_DATA")
	return folder


@dataclass
class Client:
	"""A caller of the GraphQL Admin API."""

	url: str
	token: str = "shpat_sandbox"
	version: str = "2026-10"

	def post(self, query: str, variables: dict | None = None, **options) -> requests.Response:
		return requests.post(
			f"{self.url}/admin/api/{self.version}/graphql.json",
			json={"query": query, "variables": variables or {}},
			headers={"X-Shopify-Access-Token": self.token},
			timeout=options.pop("timeout", 10),
			**options,
		)

	def run(self, query: str, /, **variables) -> dict:
		"""The data; fails the test when there are errors."""
		body = self.post(query, variables).json()
		assert "errors" not in body, body["errors"]
		return body["data"]

	def errors(self, query: str, /, **variables) -> list[dict]:
		return self.post(query, variables).json()["errors"]

	def do(self, action: str, **arguments):
		answer = requests.post(f"{self.url}/_sandbox/do/{action}", json=arguments, timeout=10)
		assert answer.ok, answer.text
		return answer.json()["result"]


@pytest.fixture
def vendor():
	vendor = Shopify(Shop(prefix="t-"))
	running = vendor.start()
	yield vendor
	running.stop()


@pytest.fixture
def shop(vendor) -> Shop:
	return vendor.shop


@pytest.fixture
def client(vendor) -> Client:
	return Client(vendor.url)


@dataclass
class Mailbox:
	"""Takes webhooks; answers the statuses in `answers` first, then 200."""

	url: str = ""
	received: list[tuple[dict, bytes]] = field(default_factory=list)
	answers: list[int] = field(default_factory=list)
	lock: threading.Lock = field(default_factory=threading.Lock)

	def topics(self) -> list[str]:
		return [headers["X-Shopify-Topic"] for headers, _ in self.received]

	def bodies(self, topic: str) -> list[dict]:
		return [json.loads(body) for headers, body in self.received if headers["X-Shopify-Topic"] == topic]


@pytest.fixture
def mailbox():
	box = Mailbox()

	class Handler(BaseHTTPRequestHandler):
		def do_POST(self):
			body = self.rfile.read(int(self.headers["Content-Length"]))
			with box.lock:
				box.received.append((dict(self.headers), body))
				status = box.answers.pop(0) if box.answers else 200
			self.send_response(status)
			self.send_header("Content-Length", "0")
			self.end_headers()

		def log_message(self, *_):
			pass

	class Server(ThreadingHTTPServer):
		request_queue_size = 128  # eight at once must not wait for a place

	server = Server(("127.0.0.1", 0), Handler)
	server.daemon_threads = True
	box.url = f"http://127.0.0.1:{server.server_port}/hook"
	thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
	thread.start()
	yield box
	server.shutdown()
	server.server_close()


@pytest.fixture
def hubspot():
	"""A HubSpot account that listens; searches are not counted."""
	vendor = HubSpot(Portal(prefix="t-"))
	vendor.limits.set(searches=None)
	running = vendor.start()
	yield vendor
	running.stop()


@pytest.fixture
def portal(hubspot) -> Portal:
	return hubspot.portal


@pytest.fixture
def api(hubspot) -> Caller:
	return Caller(hubspot.url)


@pytest.fixture
def stripe_vendor():
	"""A Stripe account in dollars that listens; requests are not limited."""
	vendor = Stripe(Account("usd", rates={"eur": "1.1", "jpy": "0.0067", "kwd": "3.25"}))
	vendor.limits.set(None)
	running = vendor.start()
	yield vendor
	running.stop()


@pytest.fixture
def account(stripe_vendor) -> Account:
	return stripe_vendor.account


@pytest.fixture
def calls(stripe_vendor) -> stripe_calls.Caller:
	return stripe_calls.Caller(stripe_vendor.url)


@pytest.fixture
def stripe_data() -> Path:
	"""Stripe's own fixtures and the shapes of its SDK, which are not part of the project."""
	folder = VENDOR_DATA / "stripe"
	if not folder.is_dir():
		pytest.skip(f"No vendor data at {folder}: set INTEGRATION_HUB_VENDOR_DATA")
	return folder
