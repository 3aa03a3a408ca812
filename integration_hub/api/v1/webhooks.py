"""Outgoing webhooks: an outside system says what it wants to hear of, and sees what became of its messages."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import frappe
from annotated_types import MaxLen
from frappe import _
from frappe.utils import cint
from pydantic import AwareDatetime, Field, StringConstraints, WrapValidator

from integration_hub.api.rest.documents import Documents, as_json, kind_of, match
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import ApiError, invalid, taken
from integration_hub.api.rest.shapes import (
	MOST_ROWS,
	Answer,
	Input,
	Listing,
	Name,
	One,
	Output,
	Page,
	Single,
	Text,
	plainly,
)
from integration_hub.erp.times import to_site, utc
from integration_hub.sync.messages import managing, subscriptions

Fields = Annotated[
	list[Annotated[str, StringConstraints(max_length=140, pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]],
	MaxLen(100),
]
#: each message is asked for all of them, within somebody's save
FilterValue = Annotated[Single | Annotated[list[Single], MaxLen(100)], WrapValidator(plainly)]
Url = Annotated[str, StringConstraints(max_length=500, pattern=r"^https://[!-~]+$")]
Moment = Literal["Created", "Updated", "Submitted", "Cancelled", "Changed After Submission", "Deleted"]
Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in"]


class Filter(Input):
	field: Name
	operator: Operator = "="
	value: FilterValue = Field(description="For `in` and `not in` a list, else one value.")


class NewSubscription(Input):
	event: Text = Field(description="One of `event_types`, or `custom` for documents of any DocType.")
	document_type: Name | None = Field(None, description="For `custom`: the DocType.")
	doc_event: Moment | None = Field(None, description="For `custom`: when it is told.")
	filters: list[Filter] = Field([], max_length=20, description="Told only of documents that meet all.")
	changed_fields: Fields = Field([], description="Told only when one of these has changed.")
	field_names: Fields = Field(
		[], description="What is told; `items.item_code` for rows of tables. Default: the usual fields."
	)
	ordered: bool = Field(
		False, description="Messages about one document each wait until the one before was taken."
	)
	enabled: bool = True


class NewWebhook(Input):
	title: Name = Field(description="Its name from then on; nobody else may have it.")
	url: Url = Field(description="Where messages are sent: https, in the public internet.")
	company: Name | None = Field(None, description="Only its documents are told. Default: the caller's own.")
	subscriptions: list[NewSubscription] = Field([], max_length=50)
	give_up_after_days: int = Field(5, ge=1, le=30)
	enabled: bool = True


class WebhookChange(Input):
	name: Name
	url: Url | None = None
	enabled: bool | None = Field(None, description="True also ends a pause that failures have led to.")
	subscriptions: list[NewSubscription] | None = Field(
		None, max_length=50, description="All of them: what is not in it ends."
	)
	give_up_after_days: int | None = Field(None, ge=1, le=30)


class FilterShown(Output):
	field: str
	operator: str
	value: Any


class Subscription(Output):
	event: str
	document_type: str | None
	doc_event: str | None
	filters: list[FilterShown]
	changed_fields: list[str]
	field_names: list[str]
	ordered: bool
	enabled: bool


class Webhook(Output):
	name: str
	url: str
	company: str
	webhook_user: str = Field(description="Told is only what this user may read.")
	enabled: bool
	paused: bool = Field(description="It has taken nothing for too long: messages are kept, not sent.")
	paused_reason: str | None
	failing_since: datetime | None
	give_up_after_days: int
	creation: datetime
	modified: datetime
	subscriptions: list[Subscription]


class MadeWebhook(Webhook):
	secret: str = Field(description="Signs the messages. Told this once.")


class WebhookQuery(Listing):
	enabled: bool | None = None


class WebhookName(Input):
	name: Name


class SigningSecret(Output):
	secret: str = Field(description="Told this once.")
	former_works_until: datetime = Field(description="Until then messages are signed with both.")


class Sent(Output):
	delivery: str


class Deleted(Output):
	name: str


class EventType(Output):
	event: str
	description: str
	document_type: str
	field_names: list[str] = Field(description="What is told unless others are asked for.")


class EventTypes(Output):
	rows: list[EventType]


class WebhookAttempt(Output):
	started_at: datetime
	status_code: int | None = Field(description="Null: there was no answer.")
	milliseconds: int
	response: str | None = Field(description="How the answer began (1 kB).")
	message: str | None


class WebhookDelivery(Output):
	name: str
	webhook_id: str = Field(description="The message's own id, the same at every try.")
	type: str
	status: str = Field(
		description="Queued, Working, Retrying, Done (taken), Parked or Dead (given up), Ignored (by a person)."
	)
	message: str | None
	tries: int
	reference_doctype: str | None
	reference_name: str | None
	due_at: datetime | None = Field(description="When it is tried next.")
	done_at: datetime | None
	creation: datetime
	modified: datetime
	attempts: list[WebhookAttempt] = Field(description="Oldest first.")


class DeliveryQuery(Listing):
	webhook: Name
	status: Text | None = None
	type: Text | None = None


class Replay(Input):
	name: Name
	deliveries: list[Name] | None = Field(
		None, min_length=1, max_length=MOST_ROWS, description="These, whatever became of them."
	)
	since: AwareDatetime | None = Field(None, description="Those that came up at or after this moment.")
	until: AwareDatetime | None = Field(None, description="Those that came up before this moment.")
	failed: bool = Field(True, description="Without `deliveries`: only those that were not taken.")


class Replayed(Output):
	count: int


# --- documents that are not read by the caller's roles but because they are its own ----------------------------


class _Kept(Documents):
	"""Listed by `_found`, which says itself whose they are; each row shown by `_whole`."""

	def must(self, right: str) -> None:
		_must_take_part()

	@staticmethod
	def _there(_doctype: str, names: Any) -> list[str]:
		return [*names]

	def _child(self, table: str) -> str:
		return table

	def _get(self, _columns: Any, filters: Any, limit: int) -> Any:
		return self._found(filters, order_by="modified asc, name asc", limit_page_length=limit)

	def _with_children(self, rows: Any, own: Any, tables: Any) -> list[dict[str, Any]]:
		return [self._picked(one, own, tables) for one in self._whole([row.name for row in rows])]

	def show(self, doc: Any, fields: Sequence[str] | None = None) -> dict[str, Any]:
		return self._picked(self._whole([doc.name])[0], *self._asked(fields))

	@staticmethod
	def _picked(
		whole: Mapping[str, Any], own: Sequence[str], tables: Mapping[str, Sequence[str]]
	) -> dict[str, Any]:
		shown = {name: whole[name] for name in own}
		for table, columns in tables.items():
			shown[table] = [{name: row[name] for name in columns} for row in whole[table]]
		return shown


#: what changes with what becomes of its messages
_STATE = ("enabled", "paused", "paused_reason", "failing_since")


class _Listeners(_Kept):
	def open(self, name: str, right: str = "read") -> Any:
		self.must(right)
		if not frappe.db.exists(self.doctype, name):
			raise self._none(name)
		doc = frappe.get_doc(self.doctype, name)
		if not managing.may_manage(doc):
			raise self._none(name)
		return doc

	def version(self, doc: Any) -> str:
		"""It stops and goes on without being saved: people may have its form open."""
		state = [as_json(doc.get(name), kind_of(self.shape, name)) for name in _STATE]
		return f"{super().version(doc)}{zlib.crc32(json.dumps(state).encode()):08x}"

	def _found(self, filters: Any, **how: Any) -> Any:
		mine = [*filters, ["connector", "=", subscriptions.CONNECTOR]]
		if managing.manages_all():
			return frappe.get_list(self.doctype, filters=mine, fields=["name", "modified"], **how)
		# safe: the caller's own; its roles need not let it see Connections
		mine.append(["webhook_user", "=", frappe.session.user])
		return frappe.get_all(self.doctype, filters=mine, fields=["name", "modified"], **how)

	def _whole(self, names: Sequence[str]) -> list[dict[str, Any]]:
		return [self._shown_whole(frappe.get_doc(self.doctype, name)) for name in names]

	def _shown_whole(self, doc: Any) -> dict[str, Any]:
		shown = {name: as_json(doc.get(name), kind_of(self.shape, name)) for name in self.shape.model_fields}
		shown["url"] = next((row.value or "" for row in doc.credentials if row.setting == "url"), "")
		shown["subscriptions"] = [_subscription(row) for row in doc.subscriptions]
		return shown


def _subscription(row: Any) -> dict[str, Any]:
	return {
		"event": row.event,
		"document_type": row.document_type or None,
		"doc_event": row.doc_event or None,
		"filters": [
			{"field": field, "operator": operator, "value": value}
			for field, operator, value in subscriptions.filters_of(row)
		],
		"changed_fields": [*subscriptions.names_of(row.changed_fields)],
		"field_names": [*subscriptions.names_of(row.field_names)],
		"ordered": bool(row.ordered),
		"enabled": bool(row.enabled),
	}


class _Deliveries(_Kept):
	def _found(self, filters: Any, **how: Any) -> Any:
		# safe: of one listener, which `deliveries` has opened for the caller
		return frappe.get_all(self.doctype, filters=filters, fields=["name", "modified"], **how)

	def _whole(self, names: Sequence[str]) -> list[dict[str, Any]]:
		rows = managing.deliveries(names)
		return [
			{
				**{
					name: as_json(row.get(name), kind_of(self.shape, name))
					for name in self.shape.model_fields
				},
				"type": row.action,
				"attempts": [
					{
						"started_at": as_json(one.started_at, "time"),
						"status_code": one.status_code or None,
						"milliseconds": cint(one.milliseconds),
						"response": one.response or None,
						"message": one.message or None,
					}
					for one in row.attempts
				],
			}
			for row in rows
		]


LISTENERS = _Listeners(subscriptions.CONNECTION, Webhook, {"subscriptions": Subscription}, currency="")
DELIVERIES = _Deliveries("Integration Event", WebhookDelivery, {"attempts": WebhookAttempt}, currency="")


def _must_take_part() -> None:
	if not managing.may_subscribe():
		raise ApiError(
			"forbidden", _("Your roles do not allow this: it needs one of the roles for integrations.")
		)


# --- methods ---------------------------------------------------------------------------------------------------


@endpoint("GET", "Events that can be subscribed to")
def event_types() -> EventTypes:
	"""Those of documents that the caller may read. Besides these: `custom`, with a DocType and when it is told."""
	_must_take_part()
	return {
		"rows": [
			{
				"event": one["event"],
				"description": one["description"],
				"document_type": one["document_type"],
				"field_names": one["fields"],
			}
			for one in subscriptions.event_types()
		]
	}


@endpoint("GET", "Listeners, oldest change first")
def list(query: WebhookQuery) -> Page[Webhook]:
	"""The caller's own; an Integration Manager sees those of all. Secrets are never shown."""
	return LISTENERS.page(query, enabled=None if query.enabled is None else int(query.enabled))


@endpoint("GET", "One listener")
def get(query: One) -> Webhook:
	"""Answers with an ETag that `update` takes as If-Match."""
	return LISTENERS.answer(query)


@endpoint("POST", "Listen: messages go to an address from now on", status=201, secret=True)
def create(new: NewWebhook) -> MadeWebhook:
	"""Told is what the caller itself may read, by the roles and User Permissions that it has at that moment. The answer
	holds the secret that signs the messages, this once; so there is no Idempotency-Key: send it again and the title is
	taken (409), then `rotate_secret` tells a new one."""
	_must_take_part()
	doc = managing.new(new.title, new.company, new.url)
	if doc is None:
		raise ApiError(
			"refused",
			_("There is no Company {0} for you.").format(new.company or ""),
			[("company", _("is not there"))],
		)
	_write(doc, new)
	with taken("title"):
		secret = managing.made(doc)
	answer = LISTENERS.made(doc)
	return Answer({**answer.body, "secret": secret}, answer.status, answer.headers)


@endpoint("POST", "Change a listener")
def update(change: WebhookChange) -> Webhook:
	"""Only the fields that are sent are changed. With If-Match: only if nobody changed it since. What happened while it was
	switched off is not told; what happened during a pause is."""
	doc = LISTENERS.open(change.name)
	match(doc, LISTENERS)
	_write(doc, change)
	managing.changed(doc, go_on=bool(change.enabled))
	return LISTENERS.made(doc, 200)


@endpoint("POST", "Listen no more")
def delete(one: WebhookName) -> Deleted:
	"""What was not delivered yet is gone, too."""
	doc = LISTENERS.open(one.name)
	managing.delete(doc)
	return {"name": one.name}


@endpoint("POST", "A new signing secret", secret=True)
def rotate_secret(one: WebhookName) -> SigningSecret:
	"""For 24 hours messages are signed with the former one, too: receivers change over without a gap."""
	doc = LISTENERS.open(one.name)
	secret = managing.rotate_secret(doc)
	return Answer({"secret": secret, "former_works_until": utc(managing.former_works_until())})


@endpoint("POST", "Send a test message")
def send_test(one: WebhookName) -> Sent:
	"""A message of the type `webhook.test`, on the way that all take. See `deliveries` for what became of it."""
	return {"delivery": managing.send_test(LISTENERS.open(one.name))}


@endpoint("GET", "Messages to a listener, oldest change first")
def deliveries(query: DeliveryQuery) -> Page[WebhookDelivery]:
	"""Each with every try: the answer's status, how long it took and how it began. What they told is not shown."""
	doc = LISTENERS.open(query.webhook)
	return DELIVERIES.page(
		query,
		connection=doc.name,
		direction="Out",
		resource=managing.RESOURCE,
		status=query.status,
		action=query.type,
	)


@endpoint("POST", "Deliver messages once more")
def replay(body: Replay) -> Replayed:
	"""With the same ids. One, several, those of a range of time, or all that failed; those that are on their way are left
	alone."""
	doc = LISTENERS.open(body.name)
	return {
		"count": managing.replay(
			doc,
			events=body.deliveries,
			since=to_site(body.since) if body.since else None,
			until=to_site(body.until) if body.until else None,
			failed=body.failed,
		)
	}


def _write(doc: Any, given: NewWebhook | WebhookChange) -> None:
	"""What was sent into the document, refused by the field that is at fault."""
	sent = given.model_dump()
	if sent.get("url"):
		managing.aim(doc, sent["url"])
		problem = managing.url_problem(doc)
		if problem:
			raise invalid("url", problem)
	for name in ("enabled", "give_up_after_days"):
		if sent.get(name) is not None:
			doc.set(name, cint(sent[name]))
	if sent.get("subscriptions") is not None:
		doc.set("subscriptions", [managing.row_of(row) for row in sent["subscriptions"]])
		for place, problem in subscriptions.problems(doc):
			raise invalid(f"subscriptions.{place}", problem)
