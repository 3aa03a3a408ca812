"""A worker delivers messages to a listener, and switches off one that has taken nothing for days."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_datetime, now_datetime

from integration_hub import database
from integration_hub.connectors.contract import Connector, DeliversMessages, Message
from integration_hub.erp.context import Result
from integration_hub.failures import EndpointGone, Failure, Gone, Invalid, RateLimited, Unreachable, Waiting
from integration_hub.sync import connections, store
from integration_hub.sync.handling import Handler, Prepared, Route
from integration_hub.sync.messages import subscriptions, telling

GIVE_UP_AFTER_DAYS = 5
#: a message of its own document that is on its way or waits to be tried again
_UNDER_WAY = ("Queued", "Working", "Retrying")


def _prepare(connection: Any, connector: Connector, works: Sequence[Any]) -> Prepared:
	prepared: dict[str, Any] = {}
	for one in works:
		try:
			_must_hear(connection)
			if one.version:
				_must_be_next(connection.name, one)
			frappe.db.rollback()  # nothing is open while we talk
			connector.http.about = one.name
			connector.deliver(message_of(one.name, one.payload))
			prepared[one.name] = None
		except Failure as failure:
			prepared[one.name] = failure
		failure = prepared[one.name]
		# what was delivered must not be delivered again because two workers note something about the listener
		database.persist(lambda failure=failure: _remember(connection, failure))
	return prepared


def _must_hear(connection: Any) -> None:
	"""Asked before each message: a switch is obeyed at once, also by what was claimed together or waits to be tried again."""
	if not connections.is_working(connection):
		raise Waiting(_("The Connection was switched off."))
	if not frappe.db.get_value("User", connection.webhook_user, "enabled"):
		raise Invalid(
			_("{0} is switched off: nothing is told to it.").format(connection.webhook_user),
			fix=("User", connection.webhook_user),
		)


def message_id(event: str) -> str:
	return f"msg_{event}"


def message_of(event: str, payload: str) -> Message:
	"""The message of an Event: the same at every try and replay, so that the receiver can know it again.
	Raises Gone when what it told was forgotten meanwhile."""
	if not payload:
		raise Gone(_("What it told is not kept any more: see Keep Payloads in Integration Settings."))
	told = json.loads(payload)
	return Message(
		id=message_id(event),
		type=told["type"],
		timestamp=datetime.fromisoformat(told["timestamp"]),
		data=told["data"],
	)


def _must_be_next(connection: str, one: Any) -> None:
	"""In order: an earlier message of the same document comes first, also while it waits to be tried again. One that was
	given up (parked, or ignored by a person) holds nothing up."""
	event = frappe.qb.DocType(store.DOCTYPE)
	mine = frappe.db.get_value(store.DOCTYPE, one.name, "creation")
	earlier = (
		frappe.qb.from_(event)
		.select(event.due_at)
		.where(
			(event.connection == connection)
			& (event.direction == "Out")
			& (event.resource == telling.RESOURCE)
			& (event.outside_id == one.outside_id)
			& (event.name != one.name)
			& (event.creation < mine)
			& event.status.isin(_UNDER_WAY)
		)
		.orderby(event.creation)
		.limit(1)
		.run()
	)
	if earlier:
		due = earlier[0][0]
		wait = (get_datetime(due) - now_datetime()).total_seconds() if due else 1.0
		raise RateLimited(
			_("An earlier message of {0} has not been taken yet.").format(one.label),
			retry_after=max(wait, 1.0),
		)


def _remember(connection: Any, failure: Failure | None) -> None:
	"""Since when nothing was taken, and what follows. Commits: it is no part of any Event's work."""
	row = frappe.db.get_value(connections.DOCTYPE, connection.name, ["failing_since", "paused"], as_dict=True)
	if failure is None:
		if row.failing_since:
			_note(connection.name, failing_since=None)
	elif isinstance(failure, EndpointGone):
		connections.switch_off(connection.name, failure.sentence, paused=False)
		subscriptions.forget()
	elif isinstance(failure, Unreachable):
		if not row.failing_since:
			_note(connection.name, failing_since=now_datetime())
		elif not row.paused and now_datetime() - get_datetime(row.failing_since) > timedelta(
			days=connection.give_up_after_days or GIVE_UP_AFTER_DAYS
		):
			connections.switch_off(
				connection.name,
				_("Nothing was taken since {0}. {1}").format(
					f"{row.failing_since:%Y-%m-%d %H:%M}", failure.sentence
				),
				paused=True,
			)
	frappe.db.commit()  # see above; the Events themselves are ended by the worker


def _note(connection: str, **values: Any) -> None:
	frappe.db.set_value(connections.DOCTYPE, connection, values, update_modified=False)
	frappe.clear_document_cache(connections.DOCTYPE, connection)


def _delivered(_connection: Any, one: Any, _prepared: Any) -> Result:
	return Result(one.reference_doctype, one.reference_name, _("Taken by the listener."))


ROUTES = (Route("Out", telling.RESOURCE, DeliversMessages, Handler(_prepare, _delivered)),)
