"""Stripe's webhooks: signature, what an event announces, and the endpoint at Stripe.

Source of the signature: stripe-python 16.1.0, `WebhookSignature`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from integration_hub.connectors.contract import Notice, WebhookRequest
from integration_hub.connectors.signing import hmac_hex, matches_any
from integration_hub.connectors.stripe.client import Client
from integration_hub.connectors.stripe.events import TYPES, notice_of
from integration_hub.connectors.stripe.shapes import Json
from integration_hub.failures import BadSignature, Rejected

#: seconds that a delivery may be old, as Stripe's own libraries allow
TOLERANCE = 300
#: digits of a time; longer ones are nonsense
LONGEST_MOMENT = 12
SECRET = "webhook_secret"
TOPICS = tuple(kind for kinds in TYPES.values() for kind in kinds)
OURS = {"integration_hub": "1"}


class Webhooks(Client):
	def verify(self, request: WebhookRequest) -> None:
		moment, given = _parts(request.headers.get("stripe-signature") or "")
		secrets = self.signing_secrets()
		if not secrets or not moment or not given:
			raise BadSignature("The webhook carries no signature of Stripe, or no signing secret is known.")
		signed = moment.encode() + b"." + request.body
		expected = [hmac_hex(secret, signed) for secret in secrets]
		# every signature is compared, also after one has matched
		if not sum(matches_any(one, expected) for one in given):
			raise BadSignature("The webhook's signature is not Stripe's.")
		if abs(time.time() - int(moment)) > TOLERANCE:
			raise BadSignature("The webhook is older than Stripe's signatures are valid.")

	def signing_secrets(self) -> list[str]:
		"""What deliveries may be signed with: entered by hand, and kept from our own endpoints."""
		return [*(self.config.get(SECRET) or "").split(), *self._kept()[1]]

	def _kept(self) -> tuple[str, list[str]]:
		"""The endpoint that we made last, and its secret; after it that of the endpoint before."""
		endpoint, *secrets = (self.vault.get(SECRET) or "").split() or [""]
		return endpoint, secrets

	def notices(self, request: WebhookRequest) -> Sequence[Notice]:
		try:
			event = json.loads(request.body)
		except (ValueError, RecursionError) as error:
			raise Rejected("Stripe's webhook is not JSON that can be read.") from error
		if not isinstance(event, dict) or event.get("object") != "event" or not event.get("id"):
			raise Rejected("This is no event of Stripe's version 1 API; thin events are not taken here.")
		try:
			return [notice] if self._is_ours(event) and (notice := notice_of(event)) else []
		except (KeyError, TypeError, ValueError, AttributeError) as error:
			raise Rejected("Stripe's event lacks what it should have.") from error

	def _is_ours(self, event: Json) -> bool:
		"""Whether an event is about the account and the mode (test or live) of this Connection. A platform's endpoint
		hears of all its connected accounts, and a live one of their test events too: those are no concern of ours."""
		account = event.get("account")
		if account and account != (self.config.get("account") or "").strip():
			return False
		if self.live is None or event.get("livemode") is self.live:
			return True
		if account:
			return False
		words = ("test", "live") if self.live else ("live", "test")
		raise Rejected("An event of the {} mode came to a Connection with a {} key.".format(*words))

	def register_webhooks(self, address: str) -> Sequence[str]:
		there = [one for one in self.list("/v1/webhook_endpoints", {}) if one["url"] == address]
		good = next((one for one in there if self._is_usable(one)), None)
		said: list[str] = []
		if good is None:
			self._make_endpoint(address)
			said.append(f"Stripe now tells us of {len(TOPICS)} kinds of events.")
		elif set(good["enabled_events"]) != set(TOPICS) or good["status"] != "enabled":
			path = f"/v1/webhook_endpoints/{good['id']}"
			self.post(path, {"enabled_events": TOPICS, "disabled": False})
			said.append("The webhook endpoint was mended: it is on, and has the events that are needed.")
		for one in there:
			# only now: until the new one stood, the old one told us what happened
			if one is not good:
				self.delete(f"/v1/webhook_endpoints/{one['id']}")
				said.append("A webhook endpoint of ours that could not be used any more was removed.")
		return said

	def _is_usable(self, endpoint: Json) -> bool:
		"""Of our version (it cannot be changed), and with a secret that we know (it is told only once). One that a person
		made goes by the secret that was entered."""
		if endpoint.get("api_version") != self.version:
			return False
		kept, _secrets = self._kept()
		by_hand = OURS.items() - (endpoint.get("metadata") or {}).items()
		return endpoint["id"] == kept or bool(by_hand and self.config.get(SECRET))

	def _make_endpoint(self, address: str) -> None:
		made = self.post(
			"/v1/webhook_endpoints",
			{
				"url": address,
				"enabled_events": TOPICS,
				"api_version": self.version,
				"description": "Integration Hub",
				"metadata": OURS,
			},
		)
		self.http.hide(made["secret"])
		_endpoint, before = self._kept()
		# what the endpoint before has sent may still be under way
		self.vault.put(SECRET, " ".join((made["id"], made["secret"], *before[:1])))


def _parts(header: str) -> tuple[str, list[str]]:
	moment, given = "", []
	for part in header.split(","):
		name, _equals, value = part.strip().partition("=")
		if name == "t" and value.isascii() and value.isdecimal() and len(value) <= LONGEST_MOMENT:
			moment = value
		elif name == "v1":
			given.append(value)
	return moment, given
