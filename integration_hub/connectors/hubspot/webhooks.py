"""HubSpot's webhooks: who sent them, what they announce, and keeping a public app's subscriptions right.

Source: "Webhooks API" and "Validating requests" in HubSpot's documentation.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Container, Mapping
from datetime import timedelta
from typing import Any

from integration_hub.connectors.contract import Notice, WebhookRequest
from integration_hub.connectors.http import Response
from integration_hub.connectors.hubspot.finding import Finds
from integration_hub.connectors.hubspot.kinds import BY_TYPE_ID, BY_WORD, CONTACTS, DEALS, LEADS, Kind
from integration_hub.connectors.hubspot.shapes import EPOCH, Json, a_dict, a_list, version
from integration_hub.connectors.signing import hmac_base64, matches_any
from integration_hub.failures import BadSignature, Rejected

#: milliseconds after which a signature is too old
TOLERANCE = 300_000
#: digits of a time; longer ones are nonsense
LONGEST_MOMENT = 14
#: what HubSpot decodes in an address before it signs it, and nothing else
DECODED = {
	"%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(", "%29": ")",
	"%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
UPSERTS = frozenset(("creation", "propertyChange", "restore", "merge"))
DELETIONS = frozenset(("deletion", "privacyDeletion"))
OPT_OUT = "hs_email_optout"
#: properties that are asked to be told of; others are found by the next pull
TOLD = {
	"contact": (
		"firstname", "lastname", "email", "phone", "mobilephone", "jobtitle", "company", "website", "lifecyclestage",
		"associatedcompanyid", OPT_OUT,
	),
	"company": ("name", "domain", "phone", "address", "city", "state", "zip", "country"),
	"deal": ("dealname", "amount", "deal_currency_code", "dealstage", "closedate"),
}  # fmt: skip
#: deliveries at once that a site is asked to take
AT_ONCE = 10


class Webhooks(Finds):
	# --- who sent it

	def verify(self, request: WebhookRequest) -> None:
		"""Version 3, or where a request has none the older ones, as its header X-HubSpot-Signature-Version says.

		The address that HubSpot signed is the one it calls. A site behind a proxy may see another one, so that which the
		request itself names is tried as well; without our secret neither can be signed.
		"""
		secret = self.entered("client_secret")
		headers = request.headers
		if not secret:
			raise BadSignature("Without the app's client secret no webhook can be verified.")
		if given := headers.get("x-hubspot-signature-v3"):
			stamp = headers.get("x-hubspot-request-timestamp") or ""
			if not _is_number(stamp) or abs(_now() - int(stamp)) > TOLERANCE:
				raise BadSignature("The webhook is too old, or its time is missing.")
			expected = [_v3(secret, address, request.body, stamp) for address in _addresses(request)]
		else:
			given = headers.get("x-hubspot-signature") or ""
			expected = self._older(secret, request)
		if not given or not matches_any(given, expected):
			raise BadSignature("The signature of the webhook does not match.")

	def _older(self, secret: str, request: WebhookRequest) -> list[str]:
		if request.headers.get("x-hubspot-signature-version") == "v2":
			return [_hash(secret, "POST", address, request.body) for address in _addresses(request)]
		return [_hash(secret, request.body)]

	# --- what it says

	def notices(self, request: WebhookRequest) -> list[Notice]:
		"""One Notice for each thing that an array of events is about, as new as the newest of them."""
		found: dict[tuple[str, str, str], Notice] = {}
		for event in _events(request):
			for notice in self._of_event(event):
				key = (notice.resource, notice.outside_id, notice.action)
				known = found.get(key)
				if known is None or (known.version, known.dedupe_key) < (notice.version, notice.dedupe_key):
					found[key] = notice
		return list(found.values())

	def _of_event(self, event: Json) -> list[Notice]:
		told = str(event.get("subscriptionType") or event.get("eventType") or "")
		word, _dot, what = told.partition(".")
		if what == "associationChange":
			return self._associated(event, word, told)
		kind = _kind(word, event.get("objectTypeId"))
		if kind is None or what not in UPSERTS | DELETIONS:
			return []
		if what == "merge":
			changed = event.get("newObjectId") or event.get("primaryObjectId") or event.get("objectId")
		else:
			changed = event.get("objectId")
		outside_id = _id(changed, told)
		if kind is LEADS and self.leads_are_contacts:
			return []
		notices = [
			_notice(
				event,
				told,
				self.resource_of(kind, {}),
				outside_id,
				"delete" if what in DELETIONS else "upsert",
			)
		]
		if kind is CONTACTS and str(event.get("propertyName") or "").startswith(OPT_OUT):
			notices.append(_notice(event, told, "consents", outside_id, "upsert"))
		return notices

	def _associated(self, event: Json, word: str, told: str) -> list[Notice]:
		"""A contact or deal now belongs to others; companies belong to nobody."""
		ends = (
			(_kind(word, event.get("fromObjectTypeId")), event.get("fromObjectId")),
			(_other_kind(event), event.get("toObjectId")),
		)
		for kind, outside_id in sorted(
			((kind, one) for kind, one in ends if kind and one), key=lambda end: end[0] is not DEALS
		):
			if kind in (CONTACTS, DEALS):
				resource = self.resource_of(kind, {})
				return [_notice(event, told, resource, _id(outside_id, told), "upsert")]
		return []

	# --- subscriptions

	def register_webhooks(self, address: str) -> list[str]:
		"""A public app's subscriptions can be kept right by program; a private app's only by hand."""
		if not (self.entered("app_id") and self.entered("developer_key")):
			return [
				"HubSpot lets nobody register a private app's webhooks by program. Open the app there (Settings, "
				f"Integrations, Private Apps, Edit), choose Webhooks, enter the address {address} and subscribe to "
				f"{self._events_in_words()}. For a public app enter App ID and Developer API key in this Connection, and "
				"press the button again."
			]
		changed = self._set_target(address)
		have = {
			(one.get("eventType"), one.get("propertyName") or "", one.get("objectTypeId") or ""): one
			for one in a_list(a_dict(self._webhooks("GET", "subscriptions")).get("results"))
		}
		for wanted in self._events():
			known = have.get(wanted)
			name = " ".join(filter(None, wanted))
			if known is None:
				told, prop, type_id = wanted
				body = {"eventType": told, "propertyName": prop, "objectTypeId": type_id, "active": True}
				self._webhooks(
					"POST", "subscriptions", {field: value for field, value in body.items() if value}
				)
				changed.append(f"{name}: subscribed.")
			elif not known.get("active"):
				self._webhooks("PATCH", f"subscriptions/{known['id']}", {"active": True})
				changed.append(f"{name}: switched on.")
		return changed

	def _set_target(self, address: str) -> list[str]:
		# none was ever set
		answer = self._developer("GET", "settings", accept=(404,))
		current = a_dict(answer.json()).get("targetUrl") if answer.status < 300 else None
		if current == address:
			return []
		self._webhooks(
			"PUT",
			"settings",
			{"targetUrl": address, "throttling": {"period": "SECONDLY", "maxConcurrentRequests": AT_ONCE}},
		)
		if current:
			return [f"The app's webhooks went to {current.split('?')[0]} and come here now."]
		return ["The app's webhooks come here now."]

	def _webhooks(self, method: str, path: str, body: Any = None) -> Any:
		answer = self._developer(method, path, body)
		return answer.json() if answer.body else None

	def _developer(self, method: str, path: str, body: Any = None, accept: Container[int] = ()) -> Response:
		"""Subscriptions are the developer's, not the account's: another key, which HubSpot takes in the address."""
		return self.http.request(
			method,
			f"webhooks/v3/{self.entered('app_id')}/{path}",
			json=body,
			params={"hapikey": self.entered("developer_key")},
			accept=accept,
			meaning=self.meaning,
		)

	def _events(self) -> list[tuple[str, str, str]]:
		"""(event type, property, object type) of all we want to be told."""
		wanted: list[tuple[str, str, str]] = []
		for word, properties in TOLD.items():
			for what in ("creation", "deletion", "merge", "restore", "associationChange"):
				wanted.append((f"{word}.{what}", "", ""))
			wanted += [(f"{word}.propertyChange", name, "") for name in properties]
		wanted.append(("contact.privacyDeletion", "", ""))
		if not self.leads_are_contacts:
			wanted += [(f"object.{what}", "", LEADS.type_id) for what in ("creation", "deletion", "restore")]
			wanted.append(("object.propertyChange", "hs_pipeline_stage", LEADS.type_id))
		return wanted

	def _events_in_words(self) -> str:
		kinds = "contacts, companies and deals" + ("" if self.leads_are_contacts else ", and leads")
		return (
			f"created, deleted, merged, restored, association changed and the changed properties you map, of {kinds}; for "
			f"contacts also deleted for privacy and the property {OPT_OUT}"
		)


def _is_number(text: str) -> bool:
	"""A time in milliseconds. What is longer, or written in other digits, Python would stumble over."""
	return text.isascii() and text.isdigit() and len(text) <= LONGEST_MOMENT


def _now() -> int:
	return time.time_ns() // 1_000_000


def _addresses(request: WebhookRequest) -> list[str]:
	"""The address as we know it, and as the request says it came."""
	known = [request.url]
	host = request.headers.get("x-forwarded-host") or request.headers.get("host")
	scheme, _sep, rest = request.url.partition("://")
	if host and rest:
		path = rest[rest.find("/") :] if "/" in rest else ""
		known += [f"{one}://{host.split(',')[0].strip()}{path}" for one in ("https", scheme)]
	return [decoded(one) for one in dict.fromkeys(known)]


def decoded(address: str) -> str:
	for code, letter in DECODED.items():
		address = address.replace(code, letter).replace(code.lower(), letter)
	return address


def _v3(secret: str, address: str, body: bytes, stamp: str) -> str:
	return hmac_base64(secret, b"POST" + address.encode() + body + stamp.encode())


def _hash(*said: str | bytes) -> str:
	return hashlib.sha256(
		b"".join(one if isinstance(one, bytes) else one.encode() for one in said)
	).hexdigest()


def _events(request: WebhookRequest) -> list[Json]:
	try:
		body = json.loads(request.body)
	except (ValueError, RecursionError) as error:
		raise Rejected("HubSpot's webhook is not JSON that can be read.") from error
	if not isinstance(body, list) or not all(isinstance(one, Mapping) for one in body):
		raise Rejected("HubSpot's webhook is not a list of events.")
	return body


def _kind(word: str, type_id: Any) -> Kind | None:
	return BY_TYPE_ID.get(str(type_id)) if word == "object" else BY_WORD.get(word)


def _other_kind(event: Json) -> Kind | None:
	"""The other end: by its type, or by the association's name (CONTACT_TO_COMPANY)."""
	if event.get("toObjectTypeId"):
		return BY_TYPE_ID.get(str(event["toObjectTypeId"]))
	return BY_WORD.get(str(event.get("associationType") or "").lower().partition("_to_")[2])


def _id(value: Any, told: str) -> str:
	if isinstance(value, bool) or not (str(value or "").isascii() and str(value or "").isdigit()):
		raise Rejected(f"HubSpot's webhook {told} does not say which record it is about.")
	return str(value)


def _notice(event: Json, told: str, resource: Any, outside_id: str, action: Any) -> Notice:
	"""HubSpot's `eventId` is not unique; what it asks to compare instead is."""
	at = event.get("occurredAt")
	occurred = version(EPOCH + timedelta(milliseconds=int(at))) if _is_number(str(at or "")) else ""
	about = event.get("propertyName") or told
	return Notice(
		resource=resource,
		outside_id=outside_id,
		version=occurred,
		dedupe_key=f"webhook:{event.get('subscriptionId')}:{resource}:{outside_id}:{about}:{at}",
		action=action,
		label=outside_id,
	)
