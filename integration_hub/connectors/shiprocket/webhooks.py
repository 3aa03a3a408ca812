"""Shiprocket's webhook: one address per account, a token instead of a signature, no number of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from integration_hub.connectors.contract import Notice, WebhookRequest
from integration_hub.connectors.shiprocket import dry_run, tracking
from integration_hub.connectors.shiprocket.client import Client
from integration_hub.connectors.shiprocket.shapes import text
from integration_hub.connectors.shiprocket.statuses import status_of
from integration_hub.connectors.signing import matches_any
from integration_hub.failures import BadSignature, Rejected

TOKEN_HEADER = "x-api-key"
#: Shiprocket takes no address with one of these in it; whether as a word or anywhere in it, nobody says
FORBIDDEN_WORDS = ("shiprocket", "kartrocket", "sr", "kr")
#: what these states set off costs or brings money, so the webhook's word is not enough: it carries no signature
MONEY_STATES = ("delivered", "returned")


class Webhooks(Client):
	def verify(self, request: WebhookRequest) -> None:
		token = self.config.get("webhook_token") or ""
		given = request.headers.get(TOKEN_HEADER) or ""
		if not token or not given or not matches_any(given, [token]):
			raise BadSignature("The token of the webhook does not match.")

	def notices(self, request: WebhookRequest) -> Sequence[Notice]:
		"""One parcel changed its state. Delivered and returned parcels are asked for again before anything follows
		(cash on delivery, goods coming back); all else is taken from the body."""
		body = _body(request)
		number = text(body.get("awb"))
		if not number:
			if "awb" in body or "sr_order_id" in body:
				return []  # an order without a parcel yet
			raise Rejected("Shiprocket's webhook does not say which parcel it is about.")
		if dry_run.made_up(number):
			return []
		try:
			record = tracking.told(body)
		except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
			raise Rejected("Shiprocket's webhook cannot be read.", detail=repr(error)) from error
		status, _note = status_of(tracking.shipment_status(body), body.get("shipment_status"))
		return [
			Notice(
				resource="tracking",
				outside_id=number,
				version=record.version,
				dedupe_key=_dedupe_key(number, body, request.body),
				payload=None if status in MONEY_STATES else body,
				label=f"{number} {text(body.get('shipment_status')).title()}".strip(),
			)
		]

	def register_webhooks(self, address: str) -> Sequence[str]:
		"""Shiprocket has no call for it: says what a person must enter there, and what will not be taken."""
		said = [
			f"Shiprocket lets nobody register a webhook by program. Enter there under Settings, API, Webhooks: {address} "
			"as the address, and as the token the Webhook token of this Connection. There is one address for the whole "
			"account; another application that uses it is cut off."
		]
		if not self.config.get("webhook_token"):
			said.append(
				"Enter a Webhook token in this Connection first: without it every webhook is refused."
			)
		if urlsplit(address).scheme != "https":
			said.append("Shiprocket calls https addresses only; this site's address begins with http.")
		words = forbidden_words(address)
		if words:
			said.append(
				f"Shiprocket may refuse this address, because it contains {' and '.join(map(repr, words))}, which it does "
				"not allow. If it does, give the site another host name; until then parcels are polled."
			)
		return said


def forbidden_words(address: str) -> list[str]:
	"""Which of Shiprocket's forbidden words are anywhere in an address."""
	return [word for word in FORBIDDEN_WORDS if word in address.lower()]


def _dedupe_key(number: str, body: Mapping[str, Any], raw: bytes) -> str:
	"""The same change told twice has the same state and time, in the same writing."""
	status, at = text(body.get("shipment_status_id")), text(body.get("current_timestamp"))
	if status and at:
		return f"webhook:{number}:{status}:{at}"
	return f"webhook:{number}:{hashlib.sha256(raw).hexdigest()[:32]}"


def _body(request: WebhookRequest) -> Mapping[str, Any]:
	try:
		body = json.loads(request.body)
	except (ValueError, RecursionError) as error:
		raise Rejected("Shiprocket's webhook is not JSON that can be read.") from error
	if not isinstance(body, dict):
		raise Rejected("Shiprocket's webhook is not a JSON object.")
	return body
