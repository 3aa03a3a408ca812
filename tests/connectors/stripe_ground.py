"""A Stripe account that listens, and connectors to it: what the tests of Stripe's connector share."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from integration_hub.connectors.http import Exchange, Http
from integration_hub.connectors.stripe import Stripe
from integration_hub.records import (
	Customer,
	GatewayPayment,
	Payable,
	Reference,
	RefundRequest,
	SubscriptionLine,
	SubscriptionOrder,
)
from sandbox.vendors.stripe import Account
from sandbox.vendors.stripe import Stripe as Vendor
from tests.connectors.conftest import Vault

KEY = "sk_test_sandbox"
INVOICE = Reference(doctype="Sales Invoice", name="SINV-0001")
CREDIT_NOTE = Reference(doctype="Sales Invoice", name="SINV-RET-1")


class Recording(Http):
	"""Keeps what is sent: (method, path, parameters as name-value pairs, headers)."""

	def __init__(self, *given: Any, **named: Any):
		super().__init__(*given, **named)
		self.sent: list[tuple[str, str, list[tuple[str, str]], dict[str, str]]] = []

	def request(self, method: str, path: str, **options: Any):
		written = options.get("data")
		pairs = parse_qsl(written, keep_blank_values=True) if written else list(options.get("params") or ())
		self.sent.append((method, urlsplit(path).path, pairs, dict(options["headers"])))
		return super().request(method, path, **options)


class Shelf:
	"""A vendor, its account, and connectors to it. `exchanges` are those of all of them."""

	def __init__(self, currency: str = "eur", **options: Any):
		self.account = Account(currency, **{"rates": {"usd": "0.92"}, **options})
		self.vendor = Vendor(self.account, secret_key=KEY)
		self.vendor.limits.set(None)
		self.running = self.vendor.start()
		self.vault = Vault()
		self.exchanges: list[Exchange] = []

	def open(self, **settings: str) -> Stripe:
		config = {"secret_key": KEY, "sandbox_url": self.running.url, "environment": "Sandbox", **settings}
		http = Recording(
			Stripe.base_url(config),
			allow_loopback_http=True,
			secrets=[config[one.name] for one in Stripe.settings if one.secret and config.get(one.name)],
			on_exchange=self.exchanges.append,
			timeouts=(2.0, 1.0),
		)
		return Stripe(config, http, self.vault)

	def lose(self, trouble: str, path: str) -> None:
		"""The next POST there is carried out, and its answer is lost."""
		self.vendor.troubles.add(trouble, path=path, method="POST", times=1, status=500, seconds=2)


def payable(amount: str = "119.00", currency: str = "EUR", **more: Any) -> Payable:
	values = {
		"reference": INVOICE,
		"title": "Sales Invoice SINV-0001",
		"amount": Decimal(amount),
		"currency": currency,
		"customer": Customer(email="ada+1@example.com", company="Ada"),
	}
	return Payable(**{**values, **more})


def paid(shelf: Shelf, stripe: Stripe, amount: str = "119.00", currency: str = "EUR", **more: Any):
	"""A payment that was made at a page of ours, as the connector reads it."""
	key = f"k{time.monotonic_ns()}"
	link = stripe.create_payment_link(payable(amount, currency, **more), key=key, look_first=False)
	return payment_of(stripe, shelf.account.pay(link.url)["payment_intent"])


def payment_of(stripe: Stripe, payment: str) -> GatewayPayment:
	return stripe.read_payment(stripe.fetch_payments([payment])[payment])


def refund_of(payment_id: str, amount: str, currency: str = "EUR", **more: Any) -> RefundRequest:
	values = {
		"payment_id": payment_id,
		"amount": Decimal(amount),
		"currency": currency,
		"reference": CREDIT_NOTE,
	}
	return RefundRequest(**{**values, **more})


def order(**more: Any) -> SubscriptionOrder:
	line = SubscriptionLine(title="Support", code="SUPPORT", unit_amount=Decimal("29.00"))
	values = {
		"reference": Reference(doctype="Subscription", name="ACC-SUB-1"),
		"customer": Customer(email="ada@example.com", company="Ada"),
		"currency": "EUR",
		"lines": (line,),
		"collect": "charge",
	}
	return SubscriptionOrder(**{**values, **more})


def walk(pull: Any, since: Any) -> list[Any]:
	"""All notices of a pull, as the engine walks it."""
	cursor, found = None, []
	while True:
		page = pull(since, cursor)
		found += page.notices
		cursor = page.cursor
		if not cursor:
			return found
