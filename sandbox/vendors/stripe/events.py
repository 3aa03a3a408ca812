"""Events: what happened to the account, kept for thirty days, and sent to every endpoint that asked for its type."""

import fnmatch
import json
import time
from typing import TYPE_CHECKING

from sandbox.vendors.stripe import signing
from sandbox.vendors.stripe.render import plain

if TYPE_CHECKING:
	from sandbox.vendors.stripe.account import Account

KEPT = 30 * 86400  # seconds that events can be listed
AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"


class Events:
	def __init__(self, account: "Account"):
		self.account = account
		# the request that is being carried out: {"id", "idempotency_key"}; None when something happens by itself
		self.request: dict | None = None

	def tell(self, type: str, about: dict, before: dict | None = None) -> dict:
		account = self.account
		shown = plain(about)
		data = {"object": shown}
		if before is not None:
			old = plain(before)
			data["previous_attributes"] = {key: old.get(key) for key in shown if old.get(key) != shown[key]}
		listening = [
			endpoint
			for endpoint in account.all("webhook_endpoint")
			if not endpoint.get("deleted") and endpoint["status"] == "enabled" and wants(endpoint, type)
		]
		event = account.add(
			"evt",
			"event",
			api_version=account.version,
			data=data,
			pending_webhooks=len(listening),
			request=self.request or {"id": None, "idempotency_key": None},
			type=type,
			_deliveries=[],
		)
		account.outbox.extend((event, endpoint) for endpoint in listening)
		return event

	def listen(self, url: str, enabled_events: list[str], **fields) -> dict:
		"""A new endpoint with a secret of its own."""
		endpoint = self.account.add("we", "webhook_endpoint", url=url, enabled_events=enabled_events)
		endpoint |= {
			"api_version": None,
			"application": None,
			"description": None,
			"metadata": {},
			"status": "enabled",
			"_secrets": [self.account.new_id("whsec")],
		} | fields
		return endpoint

	def send(self, event: dict, endpoint: dict):
		"""One event to one endpoint, in the version that the endpoint was made with."""
		raw = self.body(event, endpoint["api_version"])
		headers = self.headers(endpoint, raw)
		sent = self.account.courier.send(
			event["type"], endpoint["url"], headers, raw, event=event["id"], endpoint=endpoint["id"]
		)
		event["_deliveries"].append(sent)
		return sent

	def body(self, event: dict, api_version: str | None = None) -> bytes:
		shown = plain(event) | {"api_version": api_version or event["api_version"]}
		return json.dumps(shown, indent=2, ensure_ascii=False).encode()

	def headers(self, endpoint: dict, raw: bytes) -> dict[str, str]:
		# the receiver compares the time with its own clock, so this one is never moved
		signature = signing.header(endpoint["_secrets"], int(time.time()), raw)
		return {
			"Content-Type": "application/json; charset=utf-8",
			"User-Agent": AGENT,
			"Cache-Control": "no-cache",
			"Stripe-Signature": signature,
		}

	def kept(self) -> list[dict]:
		"""Events that can still be listed, newest first, with how many deliveries are open."""
		oldest = self.account.now() - KEPT
		events = [event for event in self.account.all("event") if event["created"] >= oldest]
		for event in events:
			waiting = [one for one in event["_deliveries"] if one.state != "delivered"]
			event["pending_webhooks"] = len(waiting)
		return events


def delivered(event: dict) -> bool:
	"""Whether every endpoint took it; an event that nobody asked for counts as taken."""
	return all(delivery.state == "delivered" for delivery in event["_deliveries"])


def wants(endpoint: dict, type: str) -> bool:
	return any(one == "*" or fnmatch.fnmatchcase(type, one) for one in endpoint["enabled_events"])
