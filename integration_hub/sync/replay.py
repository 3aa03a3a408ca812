"""Doing Events again: one from the form, ten thousand by filter, and by themselves when a mapping was added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import frappe
from frappe.utils import now_datetime

from integration_hub.sync import wake

DOCTYPE = "Integration Event"
#: what may be done again; Queued, Working and Retrying are on their way already
REPLAYABLE = ("Parked", "Dead", "Done", "Ignored", "Retrying")


def replay(names: Sequence[str]) -> int:
	"""Make Events due again; returns how many. The caller has checked that the user may."""
	return _requeue(lambda event: event.name.isin(list(names)) & event.status.isin(REPLAYABLE))


def replay_where(
	connection: str,
	statuses: Iterable[str] = ("Parked", "Dead"),
	*,
	resource: str | None = None,
	names: Sequence[str] | None = None,
	since: datetime | None = None,
	until: datetime | None = None,
) -> int:
	"""Make every parked or dead Event of a Connection due again; of one Resource that goes out (as far as its payload is still kept), of these names, stored from `since` on
	and before `until` (site time), where that is asked for."""
	wanted = [status for status in statuses if status in REPLAYABLE]

	def condition(event):
		found = (event.connection == connection) & event.status.isin(wanted)
		if resource is not None:
			# what came from outside is read there again; what goes out is told from the payload
			found &= (event.resource == resource) & (event.payload_redacted == 0)
		if names is not None:
			found &= event.name.isin(list(names))
		if since is not None:
			found &= event.creation >= since
		if until is not None:
			found &= event.creation < until
		return found

	return _requeue(condition) if names is None or names else 0


def go_on(waits_for: Iterable[str], connection: str | None = None) -> int:
	"""What was parked for these, or still tries, is due at once. `connection` None: for every Connection."""
	keys = list(waits_for)
	if not keys:
		return 0

	def condition(event):
		waiting = event.waits_for.isin(keys) & event.status.isin(("Parked", "Retrying"))
		return waiting if connection is None else waiting & (event.connection == connection)

	return _requeue(condition)


def _requeue(condition) -> int:
	event = frappe.qb.DocType(DOCTYPE)
	moment = now_datetime()
	names = frappe.qb.from_(event).select(event.connection).distinct().where(condition(event)).run()
	if not names:
		return 0
	(
		frappe.qb.update(event)
		.set(event.status, "Queued")
		.set(event.failure, "")
		.set(event.due_at, moment)
		.set(event.done_at, None)
		.set(event.tries, 0)
		.set(event.replays, event.replays + 1)
		.set(event.waits_for, None)
		.set(event.modified, moment)
		.where(condition(event))
		.run()
	)
	count = frappe.db._cursor.rowcount
	for (name,) in names:
		wake.wake_after_commit(name)
	return count


def waiting(connection: str) -> int:
	"""Everything of a Connection that was parked for something to be mapped is due again."""
	return _requeue(
		lambda event: (event.connection == connection)
		& (event.status == "Parked")
		& event.waits_for.isnotnull()
	)
