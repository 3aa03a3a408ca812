"""Stripe's event types by Resource, and pulling: the events of the last 30 days, else the lists of objects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from integration_hub.connectors.contract import Notice, Page
from integration_hub.connectors.stripe.client import PAGE, Client
from integration_hub.connectors.stripe.shapes import Json, id_of, moment, version_at

#: Resource → event types that say something about it. Source: the types of stripe-python 16.1.0.
TYPES: dict[str, tuple[str, ...]] = {
	"payments": (
		"checkout.session.completed",
		"checkout.session.async_payment_succeeded",
		"checkout.session.async_payment_failed",
		"payment_intent.succeeded",
		"payment_intent.payment_failed",
		"payment_intent.amount_capturable_updated",
		"payment_intent.canceled",
	),
	"refunds": ("refund.created", "refund.updated", "refund.failed"),
	"disputes": (
		"charge.dispute.created",
		"charge.dispute.updated",
		"charge.dispute.closed",
		"charge.dispute.funds_withdrawn",
		"charge.dispute.funds_reinstated",
	),
	"payouts": ("payout.paid", "payout.failed", "payout.canceled", "payout.reconciliation_completed"),
	"invoices": ("invoice.paid", "invoice.payment_failed", "invoice.voided", "invoice.marked_uncollectible"),
	"subscriptions": (
		"customer.subscription.created",
		"customer.subscription.updated",
		"customer.subscription.deleted",
	),
}
RESOURCE_OF = {kind: resource for resource, kinds in TYPES.items() for kind in kinds}
#: Stripe keeps events for 30 days
KEPT = timedelta(days=29)


def notice_of(event: Json) -> Notice | None:
	"""What an event announces; None when it is of no interest (a session that has no payment yet)."""
	resource = RESOURCE_OF.get(event.get("type") or "")
	thing = (event.get("data") or {}).get("object") or {}
	about = (
		id_of(thing.get("payment_intent")) if thing.get("object") == "checkout.session" else thing.get("id")
	)
	if not resource or not about:
		return None
	return Notice(
		resource=resource,
		outside_id=about,
		version=version_at(event["created"]),
		dedupe_key=event["id"],
		label=_label(thing, about),
	)


def _label(thing: Json, about: str) -> str:
	for words in (thing.get("description"), thing.get("number"), about):
		if words:
			return str(words)[:140]
	return about


class Walks(Client):
	def walk(self, resource: str, path: str, since: datetime, cursor: str | None) -> Page:
		"""A page of changes, newest first. `cursor` is the last id of the page before, of an event or an object."""
		old = cursor is not None and not cursor.startswith("evt_")
		if old or (cursor is None and since < datetime.now(timezone.utc) - KEPT):
			return self._objects(resource, path, since, cursor)
		params = {"types": TYPES[resource], "created": {"gte": int(since.timestamp())}}
		page = self.get("/v1/events", {**params, "limit": PAGE, "starting_after": cursor})
		events = page["data"]
		return _page(
			page, [notice for one in events if (notice := notice_of(one))], [one["created"] for one in events]
		)

	def _objects(self, resource: str, path: str, since: datetime, cursor: str | None) -> Page:
		"""For the first time: what was made since then, as it is now."""
		params = {"created": {"gte": int(since.timestamp())}, "limit": PAGE, "starting_after": cursor}
		if resource == "subscriptions":
			params["status"] = "all"
		page = self.get(path, params)
		notices = [
			Notice(
				resource=resource,
				outside_id=one["id"],
				version=version_at(one["created"]),
				dedupe_key=f"{one['id']}:{one.get('status') or ''}:first",
				label=_label(one, one["id"]),
			)
			for one in page["data"]
		]
		return _page(page, notices, [one["created"] for one in page["data"]])


def _page(page: Json, notices: list[Notice], times: Iterable[int]) -> Page:
	newest = max(times, default=None)
	more = page["data"][-1]["id"] if page.get("has_more") and page["data"] else None
	return Page(notices=notices, cursor=more, newest=moment(newest))
