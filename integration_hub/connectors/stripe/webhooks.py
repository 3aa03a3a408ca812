"""Stripe's webhooks: signature, what an event announces, and the endpoint at Stripe.

Source of the signature: stripe-python 16.1.0, `WebhookSignature`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Sequence

from integration_hub.connectors.contract import Notice, WebhookRequest
from integration_hub.connectors.signing import matches_any
from integration_hub.connectors.stripe.client import Client
from integration_hub.connectors.stripe.events import TYPES, notice_of
from integration_hub.connectors.stripe.settings import VERSION
from integration_hub.failures import BadSignature, Rejected

#: seconds that a delivery may be old, as Stripe's own libraries allow
TOLERANCE = 300
SECRET = "webhook_secret"
TOPICS = tuple(kind for kinds in TYPES.values() for kind in kinds)
OURS = {"integration_hub": "1"}


class Webhooks(Client):
	def verify(self, request: WebhookRequest) -> None:
		moment, given = _parts(request.headers.get("stripe-signature") or "")
		secrets = self._secrets()
		if not secrets or not moment or not given:
			raise BadSignature("The webhook carries no signature of Stripe, or no signing secret is known.")
		signed = moment.encode() + b"." + request.body
		expected = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
		# every signature is compared, also after one has matched
		if not sum(matches_any(one, expected) for one in given):
			raise BadSignature("The webhook's signature is not Stripe's.")
		if abs(time.time() - int(moment)) > TOLERANCE:
			raise BadSignature("The webhook is older than Stripe's signatures are valid.")

	def _secrets(self) -> list[str]:
		known = (self.config.get(SECRET) or "").split()
		kept = self.vault.get(SECRET)
		return [*known, *((kept or "").split())]

	def notices(self, request: WebhookRequest) -> Sequence[Notice]:
		try:
			event = json.loads(request.body)
		except (ValueError, RecursionError) as error:
			raise Rejected("Stripe's webhook is not JSON that can be read.") from error
		if not isinstance(event, dict) or event.get("object") != "event" or not event.get("id"):
			raise Rejected("This is no event of Stripe's version 1 API; thin events are not taken here.")
		try:
			notice = notice_of(event)
		except (KeyError, TypeError, AttributeError) as error:
			raise Rejected("Stripe's event lacks what it should have.") from error
		return [notice] if notice else []

	def register_webhooks(self, address: str) -> Sequence[str]:
		version = self.config.get("api_version") or VERSION
		said: list[str] = []
		ours = [one for one in self.list("/v1/webhook_endpoints", {}) if one["url"] == address]
		good = None
		for one in ours:
			# the version of an endpoint cannot be changed, and its secret is told only once
			usable = one.get("api_version") == version and self._secrets() and good is None
			if usable:
				good = one
			else:
				self.delete(f"/v1/webhook_endpoints/{one['id']}")
				said.append("A webhook endpoint of ours that could not be used any more was removed.")
		if good is None:
			made = self.post(
				"/v1/webhook_endpoints",
				{
					"url": address,
					"enabled_events": TOPICS,
					"api_version": version,
					"description": "Integration Hub",
					"metadata": OURS,
				},
			)
			self.http.hide(made["secret"])
			self.vault.put(SECRET, made["secret"])
			return [*said, f"Stripe now tells us of {len(TOPICS)} kinds of events."]
		if set(good["enabled_events"]) != set(TOPICS) or good["status"] != "enabled":
			path = f"/v1/webhook_endpoints/{good['id']}"
			self.post(path, {"enabled_events": TOPICS, "disabled": False})
			said.append("The webhook endpoint was mended: it is on, and has the events that are needed.")
		return said


def _parts(header: str) -> tuple[str, list[str]]:
	moment, given = "", []
	for part in header.split(","):
		name, _equals, value = part.strip().partition("=")
		if name == "t" and value.isdigit():
			moment = value
		elif name == "v1":
			given.append(value)
	return moment, given
