"""Connectors of vendors with manners of their own at the webhook door."""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qsl

from integration_hub.connectors.contract import Connector, Identity, Notice, WebhookAnswer
from integration_hub.connectors.signing import hmac_hex, matches_any
from integration_hub.failures import BadSignature


class Door(Connector):
	"""Sends forms; what it signs with is said by `secret`."""

	category = "marketing"
	settings = ()

	@classmethod
	def base_url(cls, settings):
		return cls.sandbox_url(settings) or "https://vendor.example"

	def check(self):
		return Identity(account=self.title)

	def secret(self):
		raise NotImplementedError

	def verify(self, request):
		if not matches_any(request.headers.get("x-signature", ""), [hmac_hex(self.secret(), request.body)]):
			raise BadSignature("The webhook is not signed.")

	def notices(self, request):
		said = dict(parse_qsl(request.body.decode()))
		return [Notice("customers", said["data[id]"], said["at"], hashlib.sha256(request.body).hexdigest())]

	def register_webhooks(self, address):
		return []


class Porter(Door):
	"""Asks by GET whether somebody is there, and wants its acknowledgement as XML."""

	key, title = "porter", "Porter"

	def secret(self):
		return "bell"

	def verify(self, request):
		if request.method != "GET":  # which announces nothing
			super().verify(request)

	def notices(self, request):
		return [] if request.method == "GET" else super().notices(request)

	def answer_webhook(self, request):
		if request.method == "GET":
			return WebhookAnswer(request.query.get("challenge", ""), "text/plain")
		return WebhookAnswer("<Ack>true</Ack>", "text/xml")


class Notary(Door):
	"""Signs with a key of its own that has to be fetched, once."""

	key, title = "notary", "Notary"

	def secret(self):
		key = self.vault.get("key")
		if not key:
			key = self.http.request("GET", "/key").text
			self.vault.put("key", key)
		return key


class Clumsy(Door):
	"""Has a fault of its own where signatures are looked at, and where it is asked who it is."""

	key, title = "clumsy", "Clumsy"

	def check(self):
		return {"key": self.secret()}["account"]

	def secret(self):
		return "told-to-nobody"

	def verify(self, request):
		return {"key": self.secret()}[request.headers.get("x-signature", "")]
