"""Stripe's event types by Resource, and pulling: the events of the last 30 days, before that the lists of objects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from integration_hub.connectors.contract import Notice, Page
from integration_hub.connectors.stripe.client import PAGE, Client
from integration_hub.connectors.stripe.shapes import READ_AT, Json, id_of, moment, version_at
from integration_hub.failures import Gone

#: told for many reasons; the one that counts is that Stripe now knows what a payment became in the account's currency
SETTLED = "charge.updated"
#: Resource → event types that say something about it. Source: the types of stripe-python 16.1.0. "charge.refunded" is
#: not among them: the charge it tells of has not named its refunds since 2022; "refund.…" does.
TYPES: dict[str, tuple[str, ...]] = {
	"payments": (
		"checkout.session.completed",
		"checkout.session.async_payment_succeeded",
		"checkout.session.async_payment_failed",
		"payment_intent.succeeded",
		"payment_intent.payment_failed",
		"payment_intent.amount_capturable_updated",
		"payment_intent.canceled",
		SETTLED,
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
#: cursor of the events after the objects: what happened to older objects
OLDER = "older:"


def notice_of(event: Json) -> Notice | None:
	"""What an event announces; None when it is of no interest (a session that has no payment yet)."""
	resource = RESOURCE_OF.get(event.get("type") or "")
	about = _about(event)
	if not resource or not about:
		return None
	return Notice(
		resource=resource,
		outside_id=about,
		version=version_at(event["created"]),
		dedupe_key=event["id"],
		label=_label(event["data"]["object"], about),
	)


def _about(event: Json) -> str:
	data = event.get("data") or {}
	thing = data.get("object") or {}
	if event.get("type") == SETTLED and "balance_transaction" not in (data.get("previous_attributes") or {}):
		return ""
	if thing.get("object") in ("checkout.session", "charge"):
		return id_of(thing.get("payment_intent"))
	return id_of(thing)


def _label(thing: Json, about: str) -> str:
	for words in (thing.get("description"), thing.get("number"), about):
		if words:
			return str(words)[:140]
	return about


class Walks(Client):
	def walk(self, resource: str, path: str, since: datetime, cursor: str | None) -> Page:
		"""A page of changes, newest first. Longer ago than Stripe keeps events: the objects made since then, and after
		them what the kept events say of older objects. `cursor` names the last event or object of the page before."""
		try:
			return self._walk(resource, path, since, cursor)
		except Gone:
			if cursor is None:
				raise
			return self._walk(resource, path, since, None)  # the event it names is not kept any more

	def _walk(self, resource: str, path: str, since: datetime, cursor: str | None) -> Page:
		kept_since = datetime.now(timezone.utc) - KEPT
		if cursor is None and since < kept_since or cursor and not cursor.startswith(("evt_", OLDER)):
			return self._objects(resource, path, since, cursor)
		older = (cursor or "").startswith(OLDER)
		page = self.get(
			"/v1/events",
			{
				"types": TYPES[resource],
				"created": {"gte": int(max(since, kept_since).timestamp())},
				"limit": PAGE,
				"starting_after": (cursor or "").removeprefix(OLDER) or None,
			},
		)
		events = page["data"]
		if older:
			events = [one for one in events if _made_at(one) < int(since.timestamp())]
		notices = [notice for one in events if (notice := notice_of(one))]
		more = _more(page)
		if older:
			return Page(notices=notices, cursor=more and OLDER + more)
		return Page(notices=notices, cursor=more, newest=_newest(events))

	def _objects(self, resource: str, path: str, since: datetime, cursor: str | None) -> Page:
		"""What was made since then, as it is now. Later changes are found by their events, from the moment of the first
		page on."""
		params = {"created": {"gte": int(since.timestamp())}, "limit": PAGE, "starting_after": cursor}
		if resource == "subscriptions":
			params["status"] = "all"
		page = self.get(path, params)
		notices = [
			Notice(
				resource=resource,
				outside_id=one["id"],
				version=version_at(page[READ_AT] or one["created"]),
				dedupe_key=f"{one['id']}:{one.get('status') or ''}:first",
				label=_label(one, one["id"]),
			)
			for one in page["data"]
		]
		start = moment(page[READ_AT] or None) if cursor is None else None
		return Page(notices=notices, cursor=_more(page) or OLDER, newest=start or _newest(page["data"]))


def _made_at(event: Json) -> int:
	return ((event.get("data") or {}).get("object") or {}).get("created") or 0


def _more(page: Json) -> str | None:
	return page["data"][-1]["id"] if page.get("has_more") and page["data"] else None


def _newest(things: Iterable[Json]) -> datetime | None:
	return moment(max((one["created"] for one in things), default=None))
