"""What the tests of the connectors share: vendors that listen on this machine, a Redis, and ready connectors.

Nothing here needs a site: connectors know nothing of frappe.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from werkzeug.wrappers import Request, Response

from integration_hub.connectors.budget import Budget
from integration_hub.connectors.contract import MemoryVault as Vault
from integration_hub.connectors.http import Exchange, Http
from integration_hub.connectors.shopify import Shopify
from sandbox.vendors.base import Vendor
from sandbox.vendors.shopify import Shop
from sandbox.vendors.shopify import Shopify as ShopifyVendor

PROJECT = Path(__file__).resolve().parents[2]
VENDOR_DATA = Path(
	os.environ.get("INTEGRATION_HUB_VENDOR_DATA") or PROJECT / "../shared/vendors/data"
).resolve()


class Anybody(Vendor):
	"""A vendor that answers what the test says: `answer` is a Response or a function of the request."""

	key = "anybody"

	def __init__(self):
		super().__init__()
		self.answer: Response | Callable[[Request], Response] = Response(b"{}")
		self.seen: list[Request] = []

	def handle(self, request: Request) -> Response:
		self.seen.append(request)
		return self.answer(request) if not isinstance(self.answer, Response) else self.answer


@pytest.fixture
def anybody():
	vendor = Anybody()
	running = vendor.start()
	yield vendor
	running.stop()


@pytest.fixture
def other_host():
	"""A second vendor at another address, which must never hear of the first one's keys."""
	vendor = Anybody()
	running = vendor.start()
	yield vendor
	running.stop()


@pytest.fixture(scope="session")
def redis_url():
	from sandbox.engine.services import Redis

	with Redis() as redis:
		yield redis.url


class Connected:
	"""A Shopify connector and everything around it that a test may look at."""

	def __init__(
		self,
		vendor: ShopifyVendor,
		vault: Vault | None = None,
		budget: Budget | None = None,
		timeouts=(2.0, 10.0),
		**changes: str,
	):
		settings = {
			"environment": "Sandbox",
			"sandbox_url": vendor.url,
			"access_token": vendor.token,
			"client_secret": vendor.client_secret,
			**changes,
		}
		self.exchanges: list[Exchange] = []
		self.vault = vault or Vault()
		self.http = Http(
			Shopify.base_url(settings),
			budget=budget,
			on_exchange=self.exchanges.append,
			secrets=[settings[one.name] for one in Shopify.settings if one.secret and settings.get(one.name)],
			allow_loopback_http=True,
			timeouts=timeouts,
		)
		self.connector = Shopify(settings, self.http, self.vault)


@pytest.fixture
def open_shop():
	"""A factory of sandbox shops that listen until the test is over."""
	with contextlib.ExitStack() as stack:

		def start(vendor: ShopifyVendor | None = None) -> ShopifyVendor:
			vendor = vendor or ShopifyVendor(Shop(prefix="c-"))
			stack.callback(vendor.start().stop)
			return vendor

		yield start


@pytest.fixture
def vendor(open_shop) -> ShopifyVendor:
	return open_shop()


@pytest.fixture
def shop(vendor) -> Shop:
	return vendor.shop


@pytest.fixture
def connected(vendor) -> Connected:
	return Connected(vendor)


@pytest.fixture
def shopify(connected) -> Shopify:
	return connected.connector


@pytest.fixture
def shelf():
	"""A Stripe account in EUR that listens until the test is over; see `stripe_ground`."""
	from tests.connectors.stripe_ground import Shelf  # it needs the Vault from here

	shelf = Shelf()
	yield shelf
	shelf.running.stop()


@pytest.fixture
def stripe(shelf):
	return shelf.open()
