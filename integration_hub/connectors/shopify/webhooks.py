"""Shopify's webhooks: who sent them, what they announce, and keeping the subscriptions right."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from integration_hub.connectors.contract import Notice, WebhookRequest
from integration_hub.connectors.shopify import queries
from integration_hub.connectors.shopify.client import Client, sentence_of
from integration_hub.connectors.shopify.shapes import version
from integration_hub.connectors.signing import hmac_base64, matches_any
from integration_hub.failures import BadSignature, Rejected

#: topic → (Resource, field of the body that names the thing, action)
TOPICS: Mapping[str, tuple[str, str, str]] = {
	"orders/create": ("orders", "id", "upsert"),
	"orders/updated": ("orders", "id", "upsert"),
	"orders/paid": ("orders", "id", "upsert"),
	"orders/cancelled": ("orders", "id", "upsert"),
	"orders/fulfilled": ("orders", "id", "upsert"),
	"orders/partially_fulfilled": ("orders", "id", "upsert"),
	"orders/edited": ("orders", "order_edit.order_id", "upsert"),
	"orders/delete": ("orders", "id", "delete"),
	"refunds/create": ("orders", "order_id", "upsert"),
	"fulfillments/create": ("orders", "order_id", "upsert"),
	"fulfillments/update": ("orders", "order_id", "upsert"),
	"order_transactions/create": ("orders", "order_id", "upsert"),
	"products/create": ("products", "id", "upsert"),
	"products/update": ("products", "id", "upsert"),
	"products/delete": ("products", "id", "delete"),
	"customers/create": ("customers", "id", "upsert"),
	"customers/update": ("customers", "id", "upsert"),
	"customers/delete": ("customers", "id", "delete"),
}
#: what we subscribe to; the others are understood when somebody else subscribed us
WANTED = (
	"ORDERS_CREATE",
	"ORDERS_UPDATED",
	"ORDERS_PAID",
	"ORDERS_CANCELLED",
	"ORDERS_EDITED",
	"ORDERS_DELETE",
	"REFUNDS_CREATE",
	"FULFILLMENTS_CREATE",
	"FULFILLMENTS_UPDATE",
	"PRODUCTS_CREATE",
	"PRODUCTS_UPDATE",
	"PRODUCTS_DELETE",
	"CUSTOMERS_CREATE",
	"CUSTOMERS_UPDATE",
	"CUSTOMERS_DELETE",
)
#: how our own subscriptions are recognised among those of other apps
OUR_PATH = "integration_hub.api.webhooks.receive"


class Webhooks(Client):
	def verify(self, request: WebhookRequest) -> None:
		given = _header(request, "hmac-sha256")
		secrets = self.webhook_secrets()
		if not given or not matches_any(given, [hmac_base64(secret, request.body) for secret in secrets]):
			raise BadSignature("The signature of the webhook does not match.")

	def notices(self, request: WebhookRequest) -> Sequence[Notice]:
		topic = _header(request, "topic").lower()
		body = _body(request)
		if topic not in TOPICS:
			return []
		resource, place, action = TOPICS[topic]
		outside_id = _at(body, place)
		if (
			not isinstance(outside_id, int | str)
			or isinstance(outside_id, bool)
			or not str(outside_id).isdigit()
		):
			raise Rejected(f"Shopify's webhook {topic} does not say which of the {resource} it is about.")
		delivery = _header(request, "webhook-id") or _header(request, "event-id")
		changed = _changed(body, request)
		return [
			Notice(
				resource=resource,
				outside_id=str(outside_id),
				version=changed if action == "upsert" else "",
				dedupe_key=f"webhook:{delivery}" if delivery else f"webhook:{topic}:{outside_id}:{changed}",
				action=action,
				label=str(body.get("name") or body.get("title") or outside_id),
			)
		]

	def register_webhooks(self, address: str) -> list[str]:
		changed, right = [], set()
		for one in self._subscriptions():
			if one["topic"] in WANTED and one["uri"] == address and one["format"] == "JSON":
				if one["topic"] not in right:
					right.add(one["topic"])
					continue
			elif OUR_PATH not in (one["uri"] or "") or one["uri"].split("?")[0] != address.split("?")[0]:
				continue  # another app's, or another site's
			elif one["uri"] != address and one["topic"] in WANTED:
				continue  # another Connection of this site
			self._mutate(queries.DELETE_WEBHOOK, {"id": one["id"]}, one["topic"])
			changed.append(f"{one['topic']}: a wrong or double subscription was removed.")
		for topic in WANTED:
			if topic not in right:
				self._mutate(
					queries.CREATE_WEBHOOK,
					{"topic": topic, "webhook": {"uri": address, "format": "JSON"}},
					topic,
				)
				changed.append(f"{topic}: subscribed.")
		return changed

	def _subscriptions(self) -> list[Mapping[str, Any]]:
		found, cursor = [], None
		while True:
			page = self.graphql(queries.WEBHOOKS, {"after": cursor})["webhookSubscriptions"]
			found += page["nodes"]
			if not page["pageInfo"]["hasNextPage"]:
				return found
			cursor = page["pageInfo"]["endCursor"]

	def _mutate(self, query: queries.Query, variables: Mapping[str, Any], topic: str) -> None:
		_payload, errors = self.mutate(query, variables, repeatable=True)
		if errors:
			raise Rejected(f"Shopify does not take the webhook {topic}: {sentence_of(errors)}")


def _header(request: WebhookRequest, name: str) -> str:
	"""Shopify's newer event deliveries use the same names without "X-"."""
	return request.headers.get(f"x-shopify-{name}") or request.headers.get(f"shopify-{name}") or ""


def _body(request: WebhookRequest) -> Mapping[str, Any]:
	try:
		body = json.loads(request.body)
	except (ValueError, RecursionError) as error:
		raise Rejected("Shopify's webhook is not JSON that can be read.") from error
	if not isinstance(body, dict):
		raise Rejected("Shopify's webhook is not a JSON object.")
	return body


def _at(body: Mapping[str, Any], place: str) -> Any:
	value: Any = body
	for part in place.split("."):
		value = value.get(part) if isinstance(value, dict) else None
	return value


def _changed(body: Mapping[str, Any], request: WebhookRequest) -> str:
	"""When it changed, as a version; a time that cannot be read makes no Event fail."""
	for text in (body.get("updated_at"), _header(request, "triggered-at"), body.get("created_at")):
		try:
			if isinstance(text, str) and text:
				return version(text)
		except (ValueError, OverflowError):
			continue
	return ""
