"""Webhooks of one app: what it subscribed to, and what happened as JSON arrays of events, signed, on their way.

HubSpot keeps no order, may say a thing twice, and sends fewer than 100 events at once. `repeat` and `shuffle`
do that inside the arrays; the courier does it to whole deliveries.
"""

import json
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.vendors.deliveries import Courier
from sandbox.vendors.hubspot import signing
from sandbox.vendors.hubspot.clock import iso
from sandbox.vendors.hubspot.errors import broken_json, invalid, not_found
from sandbox.vendors.hubspot.model import News

if TYPE_CHECKING:
	from sandbox.vendors.hubspot.portal import Portal

NAMED = ("contact", "company", "deal", "ticket", "product", "line_item")
KINDS = ("creation", "propertyChange", "deletion", "merge", "restore", "associationChange")
EVENT_TYPES = (
	{f"{name}.{kind}" for name in NAMED for kind in KINDS}
	| {f"object.{kind}" for kind in KINDS}
	| {"contact.privacyDeletion"}
)
FLAGS = {"creation": "CREATED", "deletion": "DELETED", "restore": "RESTORED", "privacyDeletion": "DELETED"}


@dataclass
class Subscription:
	id: int
	event_type: str
	property_name: str | None
	object_type_id: str | None
	active: bool
	created_at: int
	updated_at: int

	def as_json(self) -> dict:
		known = {
			"id": str(self.id),
			"eventType": self.event_type,
			"active": self.active,
			"createdAt": iso(self.created_at),
			"updatedAt": iso(self.updated_at),
		}
		if self.property_name:
			known["propertyName"] = self.property_name
		if self.object_type_id:
			known["objectTypeId"] = self.object_type_id
		return known

	def wants(self, news: News) -> bool:
		name, kind = self.event_type.split(".")
		if not self.active or kind != news.kind:
			return False
		if name == "object":
			same = self.object_type_id == news.type.id
		else:
			same = name == news.type.singular
		return same and (kind != "propertyChange" or self.property_name == news.more["propertyName"])


@dataclass
class Hooks:
	"""versions: of the signature; "v3" has headers of its own, "v1" and "v2" share theirs.

	sign_as: the URL that is signed instead of the target, as for a receiver behind a proxy that hides its address.
	"""

	portal: "Portal"
	courier: Courier
	app_id: int
	secret: str
	target: str | None = None
	sign_as: str | None = None
	versions: tuple[str, ...] = ("v3", "v1")
	most: int = 99  # events in one delivery
	repeat: int = 1  # how often each event is in it
	shuffle: bool = False
	max_concurrent: int = 10
	subscriptions: dict[int, Subscription] = field(default_factory=dict)
	dice: random.Random = field(default_factory=lambda: random.Random(7))

	def subscribe(self, body: object) -> Subscription:
		"""{"eventType", "propertyName", "objectTypeId", "active"}; raises Refusal."""
		if not isinstance(body, dict):
			raise broken_json("the body must be an object")
		event, name, type_id = body.get("eventType"), body.get("propertyName"), body.get("objectTypeId")
		if event not in EVENT_TYPES:
			raise broken_json(f"Cannot deserialize value of type `SubscriptionEventType`: {event!r}")
		if event.startswith("object.") and type_id not in {type.id for type in self.portal.types.values()}:
			raise invalid(f"objectTypeId is required for {event}")
		if event.endswith(".propertyChange") and not name:
			raise invalid(f"propertyName is required for {event}")
		if not event.endswith(".propertyChange") and name:
			raise invalid(f"propertyName is not allowed for {event}")
		for other in self.subscriptions.values():
			if (other.event_type, other.property_name, other.object_type_id) == (event, name, type_id):
				raise invalid(
					"A subscription for this already exists", sub_category="SubscriptionError.DUPLICATE"
				)
		now = self.portal.clock.now()
		id = self.portal.new_id("subscriptions") % 10**7
		made = Subscription(id, event, name, type_id, bool(body.get("active", False)), now, now)
		self.subscriptions[id] = made
		return made

	def subscription(self, id: str | int) -> Subscription:
		found = self.subscriptions.get(int(id)) if str(id).isdigit() else None
		if found is None:
			raise not_found(f"Subscription {id} does not exist")
		return found

	# ---- what happened

	def tell(self, news: list[News]) -> None:
		"""To the app, if it wants to know and has said where."""
		events = [
			event
			for one in news
			for subscription in self.subscriptions.values()
			if subscription.wants(one)
			for event in [self.event(one, subscription)] * self.repeat
		]
		if not self.target:
			return
		if self.shuffle:
			self.dice.shuffle(events)
		for start in range(0, len(events), self.most):
			self.deliver(events[start : start + self.most])

	def event(self, news: News, subscription: Subscription, attempt: int = 0) -> dict:
		known = {
			# HubSpot does not promise that it is unique; here it is not
			"eventId": self.dice.randrange(1, 1000),
			"subscriptionId": subscription.id,
			"portalId": self.portal.id,
			"appId": self.app_id,
			"occurredAt": news.at,
			"subscriptionType": subscription.event_type,
			"attemptNumber": attempt,
			"changeSource": news.source.type,
			"sourceId": news.source.id,
		}
		if news.kind != "associationChange":
			known["objectId"] = news.id
		if news.kind in FLAGS:
			known["changeFlag"] = FLAGS[news.kind]
		if subscription.event_type.startswith("object."):
			if news.kind == "associationChange":
				known["fromObjectTypeId"] = news.type.id
			else:
				known["objectTypeId"] = news.type.id
		if news.kind == "propertyChange":
			known["isSensitive"] = False
		return known | news.more

	def deliver(self, events: list[dict]) -> None:
		raw = json.dumps(events, separators=(",", ":"), ensure_ascii=False).encode()
		self.courier.send("webhook", self.target, self.signed(raw), raw, events=len(events))

	def signed(self, raw: bytes, uri: str | None = None) -> dict[str, str]:
		"""The headers HubSpot sends with these bytes."""
		uri = uri or self.sign_as or self.target or ""
		headers = {
			"Content-Type": "application/json",
			"User-Agent": "HubSpot Connect 2.0 (http://dev.hubspot.com/)",
		}
		if "v3" in self.versions:
			# the receiver compares it with its own clock, so this one never stands still
			stamp = str(_real_now())
			headers["X-HubSpot-Request-Timestamp"] = stamp
			headers["X-HubSpot-Signature-v3"] = signing.v3(self.secret, "POST", uri, raw, stamp)
		if "v1" in self.versions:
			headers["X-HubSpot-Signature"] = signing.v1(self.secret, raw)
			headers["X-HubSpot-Signature-Version"] = "v1"
		elif "v2" in self.versions:
			headers["X-HubSpot-Signature"] = signing.v2(self.secret, "POST", uri, raw)
			headers["X-HubSpot-Signature-Version"] = "v2"
		return headers


def _real_now() -> int:
	return time.time_ns() // 1_000_000
