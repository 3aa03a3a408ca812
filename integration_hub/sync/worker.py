"""The worker: claims due Events of one Connection, does them, and writes down how each ended.

Claiming is one UPDATE per Event under two unique rules of the database, so any number of workers may run:

- the UPDATE only matches while `due_at` is set, so one worker gets the Event;
- it writes `lane` (Resource + outside id), which is unique: a second Event about the same outside thing
  cannot be claimed until the first has ended. It stays due and is looked at again.

Doing happens in three steps. *Prepare* talks to the vendor with no transaction open. *Apply* writes the
ERPNext documents, the Links and the Event's end in ONE transaction; the Event's end is an UPDATE that
requires our lease, so a worker that was given up for dead cannot commit twice. *Fail* rolls back and writes
the verdict. A worker killed anywhere leaves a lease that runs out; `sweep` makes the Event due again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import frappe
from frappe import _
from frappe.query_builder.functions import Min
from frappe.utils import get_datetime, now_datetime

from integration_hub import database
from integration_hub.connectors.http import Exchange
from integration_hub.failures import Conflict, Failure, NotAuthorised
from integration_hub.sync import attempts, connections, covered, handlers, wake
from integration_hub.sync.failing import sort, sort_aside
from integration_hub.sync.retry import judge
from integration_hub.sync.words import as_text

DOCTYPE = "Integration Event"
#: seconds a job waits for the next Event to come due, rather than leave it to the sweep of the next minute
PATIENCE = 10
#: kind of failure of an Event whose worker did not come back
KILLED = "Killed"
#: seconds after which a job hands over to a fresh one, well below wake.JOB_SECONDS
SHIFT = 240


@dataclass
class Work:
	"""One claimed Event in a worker's hands."""

	name: str
	direction: str
	resource: str
	action: str
	outside_id: str
	version: str
	tries: int
	payload: str | None
	reference_doctype: str | None
	reference_name: str | None
	lease: str
	label: str = ""
	claims: int = 0
	replays: int = 0

	@property
	def key(self) -> str:
		"""The vendor's idempotency key: the same for every try. A replay is asked for by somebody who has mended
		something, so it gets a new one: vendors answer an old key with the old refusal."""
		return f"{self.name}-{self.replays}" if self.replays else self.name

	@property
	def look_first(self) -> bool:
		"""May a former try have reached the vendor? Whatever became of it: the worker may have been killed."""
		return self.claims > 0


class LeaseLost(Exception):
	"""Another worker was given this Event; what we did for it must not be committed."""


def drain(
	connection_name: str, *, limit: int | None = None, seconds: float = SHIFT, patience: float = 0
) -> int:
	"""Work on what is due for a Connection until nothing is left, `limit` Events are done or time is up; what comes
	due within `patience` seconds is waited for.

	Returns how many Events were worked on. Must be called with no transaction open worth keeping.
	"""
	end = time.monotonic() + seconds
	done = 0
	with acting():
		while time.monotonic() < end and (limit is None or done < limit):
			frappe.db.rollback()  # who has slept sees a switch that was thrown meanwhile
			connection = connections.fresh(connection_name)
			if not connections.is_working(connection) or not connections.is_installed(connection):
				return done  # what is due stays due
			batch = connections.class_of(connection).event_batch
			claimed = claim(connection_name, batch if limit is None else min(batch, limit - done))
			if not claimed:
				pause = _until_next_due(connection_name)
				if pause is None or pause > min(patience, end - time.monotonic()):
					return done
				time.sleep(max(pause, 0.05))
				continue
			work(connection, claimed, end=end)
			done += len(claimed)
	if limit is None:
		wake.rescue(connection_name)
	return done


def _until_next_due(connection: str) -> float | None:
	"""Seconds until a waiting Event comes due, None when nothing waits. Those due already are being worked on."""
	event = frappe.qb.DocType(DOCTYPE)
	moment = now_datetime()
	[(due,)] = (
		frappe.qb.from_(event)
		.select(Min(event.due_at))
		.where((event.connection == connection) & (event.due_at > moment))
		.run()
	)
	return None if due is None else (get_datetime(due) - moment).total_seconds()


def do_now(connection_name: str, event: str) -> bool:
	"""Work on this one Event at once, in the caller's process. False when it cannot be had: another worker has it, or
	something else about the same outside thing is being worked on. Commits what the caller has open."""
	connection = connections.fresh(connection_name)
	if not connections.is_working(connection) or not connections.is_installed(connection):
		return False
	with acting():
		claimed = claim(connection_name, 1, event=event)
		if claimed:
			work(connection, claimed)
	return bool(claimed)


@contextmanager
def acting() -> Iterator[None]:
	"""Documents are made by the user that the settings name. In a web request the person's session comes back
	unharmed: `set_user` alone would leave it without its id."""
	session, form = frappe.local.session, frappe.local.form_dict
	frappe.local.session = frappe._dict(session)
	try:
		frappe.set_user(_creation_user())
		yield
	finally:
		frappe.set_user(session.user)
		frappe.local.session, frappe.local.form_dict = session, form


def _creation_user() -> str:
	name = "Integration Settings"
	return frappe.get_cached_value(name, name, "creation_user") or "Administrator"


def lease_seconds() -> int:
	name = "Integration Settings"
	return int(frappe.get_cached_value(name, name, "lease_seconds") or 300)


def claim(connection: str, limit: int, *, event: str | None = None) -> list[Work]:
	"""Take up to `limit` due Events, oldest first, at most one for each outside thing. Commits.

	`event` takes that one only, also before it is due (a person waits for it)."""
	for _try in range(3):
		try:
			return _claim(connection, limit, event)
		except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
			frappe.db.rollback()  # a dead lock undid the claims before it as well: begin again
	return []


def _claim(connection: str, limit: int, only: str | None) -> list[Work]:
	frappe.db.rollback()  # start from a fresh snapshot: see what others have just committed
	event = frappe.qb.DocType(DOCTYPE)
	due = (
		frappe.qb.from_(event)
		.select(
			event.name,
			event.direction,
			event.resource,
			event.action,
			event.outside_id,
			event.version,
			event.tries,
			event.payload,
			event.label,
			event.reference_doctype,
			event.reference_name,
			event.claims,
			event.replays,
			event.failure,
		)
		.where(
			(event.connection == connection)
			& (event.name == only if only else event.due_at <= now_datetime())
		)
		.orderby(event.due_at)
		.limit(limit * 3)
		.run(as_dict=True)
	)
	claimed: list[Work] = []
	lanes: set[str] = set()
	lease = frappe.generate_hash(length=20)
	for row in due:
		lane, killed = _lane(connection, row), row.pop("failure") == KILLED
		if lane in lanes or (killed and claimed):
			continue
		lanes.add(lane)
		if _take(row, lane, lease):
			claimed.append(Work(lease=lease, **row))
		if claimed and (killed or len(claimed) == limit):
			break
	frappe.db.commit()  # the claim must be visible to other workers, and survive us, before anything is done
	return claimed


def _lane(connection: str, row) -> str:
	return f"{connection}|{row.direction}|{row.resource}|{row.outside_id}"[-180:]


def _take(row, lane: str, lease: str) -> bool:
	"""Claim one Event as it was read. Not when it was claimed or replayed since (the UPDATE before this one may have waited
	for somebody's lock): we would not know that it was tried, and ask the vendor for it once more without looking."""
	event = frappe.qb.DocType(DOCTYPE)
	moment = now_datetime()
	try:
		(
			frappe.qb.update(event)
			.set(event.status, "Working")
			.set(event.due_at, None)
			.set(event.lane, lane)
			.set(event.lease, lease)
			.set(event.lease_until, moment + timedelta(seconds=lease_seconds()))
			.set(event.claims, event.claims + 1)
			.set(event.modified, moment)
			.where(
				(event.name == row.name)
				& event.due_at.isnotnull()
				& (event.claims == row.claims)
				& (event.replays == row.replays)
			)
			.run()
		)
	except Exception as error:
		if not database.is_duplicate(error):
			raise
		return False  # another Event of this outside thing is being worked on
	return frappe.db._cursor.rowcount == 1


def extend(works: Sequence[Work]) -> list[Work]:
	"""Renew the leases of what still waits in our hands; returns it without what was taken from us. Commits."""
	if not works:
		return []
	event = frappe.qb.DocType(DOCTYPE)
	ours = event.name.isin([one.name for one in works]) & (event.lease == works[0].lease)
	until = now_datetime() + timedelta(seconds=lease_seconds())
	frappe.qb.update(event).set(event.lease_until, until).where(ours).run()
	held = set(frappe.qb.from_(event).select(event.name).where(ours).run(pluck=True))
	frappe.db.commit()  # nothing else is open; the sweep must see the longer lease
	return [one for one in works if one.name in held]


def give_back(works: Sequence[Work]) -> None:
	"""Make claimed but untouched Events due again (time is up, or the Connection was paused). Commits."""
	if not works:
		return
	event = frappe.qb.DocType(DOCTYPE)
	(
		frappe.qb.update(event)
		.set(event.status, "Queued")
		.set(event.due_at, now_datetime())
		.set(event.lane, None)
		.set(event.lease, None)
		.set(event.lease_until, None)
		.set(event.claims, event.claims - 1)
		.where(event.name.isin([one.name for one in works]) & (event.lease == works[0].lease))
		.run()
	)
	frappe.db.commit()  # others may take them now


def work(connection, claimed: Sequence[Work], *, end: float | None = None) -> None:
	"""Do claimed Events, kind by kind, so that a kind can fetch or push many in one vendor call."""
	exchanges: list[Exchange] = []
	connector = connections.open_connector(connection, on_exchange=exchanges.append)
	renewed = time.monotonic()
	left = list(claimed)
	for handler, group in handlers.grouped(connector, claimed):
		if time.monotonic() - renewed > lease_seconds() / 3:
			left, renewed = extend(left), time.monotonic()
			group = [one for one in group if one in left]
			if not group:
				continue
		prepared = _prepare(handler, connection, connector, group)
		if exchanges:
			attempts.add_exchanges(connection.name, group[0].name if len(group) == 1 else None, exchanges)
			exchanges.clear()
			frappe.db.commit()  # what was sent and answered is kept even if every Event of it fails
		for one in group:
			if time.monotonic() - renewed > lease_seconds() / 3:
				left, renewed = extend(left), time.monotonic()
			# what was told to the vendor is still written down; what has come in can wait
			if one.direction == "In" and not connections.is_working(connection):
				give_back(left)
				return
			_finish(handler, connection, one, prepared[one.name])
			left = [other for other in left if other is not one]
		if left and (not connections.is_working(connection) or _late(end)):
			give_back(left)
			return


def _late(end: float | None) -> bool:
	return end is not None and time.monotonic() > end


def _prepare(handler, connection, connector, group: Sequence[Work]) -> dict[str, object]:
	"""What each Event needs from the vendor, or the Failure that stopped it. No transaction is open."""
	frappe.db.rollback()
	try:
		prepared = handler.prepare(connection, connector, group)
	except Exception as error:  # noqa: BLE001 - the border of a worker: whatever a connector raises is sorted, none is lost
		failure = sort_aside(error)
		return {one.name: failure for one in group}
	return {one.name: prepared.get(one.name, Failure(_("Nothing came back for this one."))) for one in group}


def _finish(handler, connection, one: Work, prepared: object) -> None:
	started = time.monotonic()
	try:
		if isinstance(prepared, Exception):
			raise prepared
		# what the vendor has answered is at hand: that others are in the way is no reason to ask it again
		database.persist(lambda: _apply(handler, connection, one, prepared, started))
	except LeaseLost:
		frappe.db.rollback()
		frappe.logger("integration_hub").warning(f"lease of {one.name} was lost; its work was undone")
	except Exception as error:  # noqa: BLE001 - the border of a worker: sorted and written down, none is swallowed
		frappe.db.rollback()
		_fail(connection, one, sort(error), started, version=getattr(prepared, "version", "") or one.version)
	finally:
		frappe.clear_messages()


def _apply(handler, connection, one: Work, prepared: object, started: float) -> None:
	result = handler.apply(connection, one, prepared)
	_end(connection, one, result, started)
	frappe.db.commit()  # documents, Links and the Event's end together: promise 1 and 2


def _end(connection, one: Work, result, started: float) -> None:
	"""Write the good end of an Event; raises LeaseLost when it is not ours any more."""
	event = frappe.qb.DocType(DOCTYPE)
	moment = now_datetime()
	(
		frappe.qb.update(event)
		.set(event.status, result.status)
		.set(event.failure, "")
		.set(event.message, as_text(result.message))
		.set(event.fix_doctype, None)
		.set(event.fix_name, None)
		.set(event.waits_for, None)
		.set(event.reference_doctype, result.doctype)
		.set(event.reference_name, result.name)
		.set(event.tries, one.tries + 1)
		.set(event.done_at, moment)
		.set(event.modified, moment)
		.set(event.lane, None)
		.set(event.lease, None)
		.set(event.lease_until, None)
		.where((event.name == one.name) & (event.lease == one.lease))
		.run()
	)
	if frappe.db._cursor.rowcount != 1:
		raise LeaseLost
	attempts.add_try(connection.name, one.name, "Done", result.message, started)


def _fail(connection, one: Work, failure: Failure, started: float, *, version: str = "") -> None:
	"""Write the verdict on a failed try. Its own transaction: the work was rolled back. `version` is the state of the
	outside thing that was tried."""
	tries = one.tries + 1
	verdict = judge(failure, tries, ladder=connections.class_of(connection).ladder)
	moment = now_datetime()
	fix_doctype, fix_name = getattr(failure, "fix", None) or (None, None)
	event = frappe.qb.DocType(DOCTYPE)
	(
		frappe.qb.update(event)
		.set(event.status, verdict.status)
		.set(event.failure, failure.kind)
		.set(event.message, as_text(failure.sentence))
		.set(event.fix_doctype, fix_doctype)
		.set(event.fix_name, fix_name)
		.set(event.waits_for, getattr(failure, "waits_for", None))
		.set(event.tries, tries if verdict.counts else one.tries)
		.set(event.due_at, None if verdict.pause is None else moment + verdict.pause)
		.set(event.done_at, moment if verdict.status == "Dead" else None)
		.set(event.modified, moment)
		.set(event.lane, None)
		.set(event.lease, None)
		.set(event.lease_until, None)
		.where((event.name == one.name) & (event.lease == one.lease))
		.run()
	)
	if frappe.db._cursor.rowcount == 1:
		attempts.add_try(
			connection.name,
			one.name,
			failure.kind,
			failure.sentence,
			started,
			detail=failure.detail,
		)
		if verdict.status in ("Parked", "Dead"):
			covered.supersede(connection.name, one, version)
	if verdict.pause_connection and isinstance(failure, NotAuthorised):
		connections.pause(connection.name, failure)
	frappe.db.commit()  # the verdict is a piece of work of its own
	if isinstance(failure, Conflict) and verdict.pause is not None and not verdict.pause:
		time.sleep(0.02)  # let the winner commit before this one is claimed again
