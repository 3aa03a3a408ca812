"""What is wrong with a Connection, in sentences, worst first: the headline of its form.

Nothing is asked of the vendor. Counting reads the Events that need attention through the index on status, never
all Events of a Connection.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import frappe
from frappe import _
from frappe.query_builder.functions import Count
from frappe.utils import add_days, now_datetime
from pypika import Order

from integration_hub.connectors.contract import Connector
from integration_hub.sync import alerts, connections

EVENT = "Integration Event"
LEVEL = "Integration Stock Level"
AUDIT = "Integration Audit"
#: an Event that is due this long (minutes) says that no worker runs
LATE_MINUTES = 10
#: how many of the most frequent reasons are named
REASONS = 3


@dataclass(frozen=True)
class Trouble:
	"""One sentence. `color` as the Desk names it; `doctype` with `filters` (a list) or `name` (a form) is where
	to look or what to fix, `action` its text."""

	color: str
	sentence: str
	action: str = ""
	doctype: str = ""
	name: str = ""
	filters: dict[str, Any] = field(default_factory=dict)

	def as_dict(self) -> dict[str, Any]:
		return asdict(self)


def counts(connection: str) -> dict[str, int]:
	"""How many Events of a Connection are Parked, Dead, Queued, Working and Retrying."""
	event = frappe.qb.DocType(EVENT)
	statuses = ("Parked", "Dead", "Queued", "Working", "Retrying")
	rows = (
		frappe.qb.from_(event)
		.select(event.status, Count(event.name))
		.where((event.connection == connection) & event.status.isin(statuses))
		.groupby(event.status)
		.run()
	)
	return {**dict.fromkeys(statuses, 0), **dict(rows)}


def of(connection: Any, kind: type[Connector] | None, count: dict[str, int]) -> list[Trouble]:
	"""Everything that is wrong with a Connection (its document). `kind` is its connector's class, None when that
	is not installed; `count` is what `counts` returned."""
	found = [
		_no_connector(connection, kind),
		_stopped(),
		_paused(connection),
		_off(connection),
		_parked(connection, count["Parked"]),
		_dead(connection, count["Dead"]),
		_late(connection) if connections.is_working(connection) else None,
		_refused_stock(connection),
		_differing(connection),
	]
	return [trouble for trouble in found if trouble]


def tell_what_waits() -> None:
	"""Once a day: what was given up since yesterday and waits for people, one notice for each Connection. Commits."""
	event = frappe.qb.DocType(EVENT)
	rows = (
		frappe.qb.from_(event)
		.select(event.connection, Count(event.name))
		.where(event.status.isin(("Parked", "Dead")) & (event.modified >= add_days(now_datetime(), -1)))
		.groupby(event.connection)
		.run()
	)
	for name, number in rows:
		if not frappe.db.exists(connections.DOCTYPE, name):
			continue
		count, connection = counts(name), connections.get(name)
		waiting = [
			one.sentence
			for one in (_parked(connection, count["Parked"]), _dead(connection, count["Dead"]))
			if one
		]
		alerts.tell(
			_("Integration {0}: {1} given up since yesterday").format(name, _events(number)),
			" ".join(waiting),
			(connections.DOCTYPE, name),
		)
	frappe.db.commit()  # the end of a scheduled job


def _no_connector(connection: Any, kind: type[Connector] | None) -> Trouble | None:
	if kind:
		return None
	return Trouble(
		"red",
		_(
			"The connector “{0}” is not installed on this site (any more). Install the app that brings it."
		).format(connection.connector),
	)


def _stopped() -> Trouble | None:
	if not connections.stopped():
		return None
	return Trouble(
		"red",
		_("The whole hub is stopped: nothing is sent or worked on. What arrives is kept."),
		_("Integration Settings"),
		"Integration Settings",
		"Integration Settings",
	)


def _paused(connection: Any) -> Trouble | None:
	if not connection.paused:
		return None
	return Trouble(
		"red",
		_(
			"Paused: {0} Nothing is lost; what arrives is kept. Mend the credentials, then press Resume."
		).format(connection.paused_reason or ""),
	)


def _off(connection: Any) -> Trouble | None:
	if connection.enabled:
		return None
	return Trouble("orange", _("Not enabled: nothing is pulled or pushed, and webhooks are turned away."))


def _parked(connection: Any, count: int) -> Trouble | None:
	if not count:
		return None
	return Trouble(
		"red",
		_("{0} waiting for you: {1}").format(_events(count), _reasons(connection.name, "Parked")),
		_("Show them"),
		EVENT,
		filters={"connection": connection.name, "status": "Parked"},
	)


def _dead(connection: Any, count: int) -> Trouble | None:
	if not count:
		return None
	return Trouble(
		"orange",
		_("{0} refused for good: {1}").format(_events(count), _reasons(connection.name, "Dead")),
		_("Show them"),
		EVENT,
		filters={"connection": connection.name, "status": "Dead"},
	)


def _events(count: int) -> str:
	return _("1 Event is") if count == 1 else _("{0} Events are").format(count)


def _reasons(connection: str, status: str) -> str:
	"""The most frequent sentences of these Events, with how often each was said."""
	event = frappe.qb.DocType(EVENT)
	number = Count(event.name)
	rows = (
		frappe.qb.from_(event)
		.select(event.message, number)
		.where((event.connection == connection) & (event.status == status))
		.groupby(event.message)
		.orderby(number, order=Order.desc)
		.limit(REASONS + 1)
		.run()
	)
	named = [
		f"{message or _('no reason given')}{f' (× {times})' if times > 1 else ''}"
		for message, times in rows[:REASONS]
	]
	return " ".join([*named, *(["…"] if len(rows) > REASONS else [])])


def _late(connection: Any) -> Trouble | None:
	"""Due for long and still queued: the workers or the scheduler of the site do not run."""
	limit = frappe.utils.add_to_date(now_datetime(), minutes=-LATE_MINUTES)
	late = frappe.db.get_value(
		EVENT, {"connection": connection.name, "due_at": ("<", limit)}, "due_at", order_by="due_at"
	)
	if not late:
		return None
	return Trouble(
		"orange",
		_("Events have been due since {0}: do the site's background workers and its scheduler run?").format(
			frappe.utils.format_datetime(late)
		),
		_("Show them"),
		EVENT,
		filters={"connection": connection.name, "status": ("in", ["Queued", "Retrying"])},
	)


def _refused_stock(connection: Any) -> Trouble | None:
	filters = {"connection": connection.name, "retry_at": ("is", "set")}
	count = frappe.db.count(LEVEL, filters)
	if not count:
		return None
	return Trouble(
		"orange",
		_("The stock of {0} was refused. Push Now tries again.").format(
			_("1 item") if count == 1 else _("{0} items").format(count)
		),
		_("Show them"),
		LEVEL,
		filters=filters,
	)


def _differing(connection: Any) -> Trouble | None:
	"""Payouts whose lines are not all booked here as the gateway tells them."""
	filters = {"connection": connection.name, "status": "Differs"}
	count = frappe.db.count(AUDIT, filters)
	if not count:
		return None
	return Trouble(
		"orange",
		_("1 Audit differs: not all of a payout is booked here as it was at the gateway.")
		if count == 1
		else _("{0} Audits differ: not all of these payouts is booked here as it was at the gateway.").format(
			count
		),
		_("Show them"),
		AUDIT,
		filters=filters,
	)
