"""Outgoing webhooks, as Standard Webhooks (https://www.standardwebhooks.com, specification 1.0) has them.

One Connection is one endpoint of an outside system. A message is a POST of `{"type", "timestamp", "data"}` with the
headers `webhook-id` (the same at every try), `webhook-timestamp` (seconds, of this try) and `webhook-signature`. Any 2xx
acknowledges it. Everything else is a failed try: the pauses in between are Svix's
(https://docs.svix.com/retries), `Retry-After` makes them longer.
"""

from __future__ import annotations

import json
from datetime import timezone
from urllib.parse import urlsplit

from integration_hub.connectors.addresses import is_public_literal
from integration_hub.connectors.contract import Connector, Identity, Message, Setting
from integration_hub.connectors.http import Response, is_loopback, retry_after
from integration_hub.connectors.webhooks import signing
from integration_hub.failures import EndpointGone, Failure, NotAuthorised, Rejected, Unreachable

#: name of the former secrets in the vault, where they end by themselves
FORMER = "former_secret"
#: so many: whoever did not get to read the new one and asks once more must not lose the one that still works
MOST_FORMER = 2
#: what is kept of an answer
KEPT_ANSWER = 1024
USER_AGENT = "IntegrationHub-Webhooks/1.0"


class Webhooks(Connector):
	"""An endpoint that listens."""

	key = "webhooks"
	title = "Outgoing Webhooks"
	category = "generic"
	settings = (
		Setting("url", "Address", help="Where messages are sent: https://…, in the public internet."),
		Setting(
			"secret",
			"Signing Secret",
			secret=True,
			required=False,
			help="Made by the hub. Actions > Rotate Secret shows a new one, once.",
			made=signing.new_secret,
		),
	)
	#: at once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h
	ladder = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
	#: few: each may take the whole of `longest_answer`, and a lease holds for all of them together
	event_batch = 3
	http_options = {"timeouts": (5.0, 15.0), "longest_answer": 15.0, "public_only": True}

	@classmethod
	def base_url(cls, settings) -> str:
		return cls.sandbox_url(settings) or settings.get("url", "")

	@classmethod
	def refuses(cls, settings) -> str:
		"""Why these settings cannot work, "" when they can. Nothing is looked up: that is done by every call."""
		url = cls.base_url(settings)
		try:
			parts = urlsplit(url)
			host, _port = parts.hostname or "", parts.port
		except ValueError:
			return "The address is not a valid URL."
		if settings.get("environment") == "Sandbox" and is_loopback(host):
			return ""
		if parts.scheme != "https" or not host:
			return "The address must be a whole one that begins with https://."
		if parts.username or parts.password or parts.fragment:
			return "The address must hold no user, password or fragment."
		if is_loopback(host) or host.lower().endswith(".localhost") or is_public_literal(host) is False:
			return "The address must be one of the public internet."
		return ""

	def check(self) -> Identity:
		"""The button: a message of the type "webhook.test" that is not kept as an Event."""
		self.deliver(signing.test_message())
		return Identity(account=urlsplit(self._url).hostname or "", detail="A test message was acknowledged.")

	@property
	def _url(self) -> str:
		return self.base_url(self.config)

	def deliver(self, message: Message) -> None:
		body = body_of(message)
		try:
			self.http.request(
				"POST",
				self._url,
				data=body,
				headers={
					"Content-Type": "application/json",
					"Accept": "*/*",
					"Accept-Encoding": "identity",
					"User-Agent": USER_AGENT,
					**signing.headers(message.id, body, self._secrets()),
				},
				meaning=self._meaning,
				at_most=KEPT_ANSWER,
			)
		except Rejected as refusal:
			# a redirect, an address inside our network: a try that failed like any other
			raise Unreachable(refusal.sentence, detail=refusal.detail) from None

	def _meaning(self, answer: Response) -> Failure | None:
		status = answer.status
		if 200 <= status < 300:
			return None
		host = urlsplit(answer.url).hostname
		if status == 410:
			return EndpointGone(f"{host} wants no more messages (HTTP 410).")
		told = 0.0
		if status in (429, 503):
			told = retry_after(answer.headers) or 0.0
			if told:
				self.http.budget.close_for(told)  # for its other messages, too
		return Unreachable(
			f"{host} did not take the message (HTTP {status}).", retry_after=told, detail=answer.text[:1000]
		)

	def _secrets(self) -> list[str]:
		live = [one for one in dict.fromkeys((self.config.get("secret"), *self._former())) if one]
		if not live:
			raise NotAuthorised("There is no signing secret. Press Rotate Secret.")
		self.http.hide(*live)
		return live

	def _former(self) -> list[str]:
		return (self.vault.get(FORMER) or "").split()

	def rotate_secret(self, secret: str) -> str:
		before = [one for one in dict.fromkeys((secret, *self._former())) if one]
		if before:
			self.vault.put(FORMER, " ".join(before[:MOST_FORMER]), signing.end_of_overlap())
		return signing.new_secret()


def body_of(message: Message) -> bytes:
	moment = message.timestamp.astimezone(timezone.utc).isoformat(timespec="milliseconds")
	return json.dumps(
		{"type": message.type, "timestamp": moment.replace("+00:00", "Z"), "data": message.data},
		ensure_ascii=False,
		separators=(",", ":"),
	).encode()
