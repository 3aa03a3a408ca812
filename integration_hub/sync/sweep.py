"""Each minute: what the dead left behind, what is due, what is to be pulled, what was refused.

Nothing depends on a wake-up having arrived. With Redis flushed and every worker killed, one sweep makes all
that is due go on.
"""

from __future__ import annotations

from datetime import timedelta

import frappe
from frappe import _
from frappe.query_builder.functions import Min
from frappe.utils import get_datetime, now_datetime

from integration_hub.sync import connections, pull, push, refusals, wake, worker

EVENT = "Integration Event"
#: Events due longer than this were not taken by the jobs that should run
OVERDUE_SECONDS = 30
#: workers that die one after the other while they work on one Event alone, until it waits for a person
DEATHS = 6


def sweep() -> dict[str, int]:
	"""One round; safe to run twice at once. Returns what it found, for tests and the log. Commits."""
	found = {"leases": free_leases(), "refused": refusals.flush()}
	frappe.db.commit()  # freed leases must be visible to the workers that are woken now
	if connections.stopped():
		return {**found, "woken": 0, "pulled": 0, "pushed": 0}
	found["woken"] = _wake_due()
	found["pulled"] = pull.enqueue_due()
	found["pushed"] = push.enqueue_due()
	return found


def free_leases() -> int:
	"""Make Events due again whose worker did not end them in time. One of them may be what killed it, so each is worked on
	alone from here; one that worker after worker dies of is set aside."""
	event = frappe.qb.DocType(EVENT)
	moment = now_datetime()
	lost = (event.lease_until < moment) & (event.status == "Working")
	again = lost & (event.failure == worker.KILLED)
	freed = (
		frappe.qb.update(event)
		.set(event.lane, None)
		.set(event.lease, None)
		.set(event.lease_until, None)
		.set(event.modified, moment)
	)
	sentence = _(
		"Worker after worker died over this. The logs of the site's workers say why (memory, time); then press Replay."
	)
	queued = freed.set(event.status, "Queued").set(event.due_at, moment)
	number = 0
	for update in (
		freed.set(event.status, "Parked")
		.set(event.message, sentence)
		.where(again & (event.tries >= DEATHS - 1)),
		queued.set(event.tries, event.tries + 1).where(again),
		queued.set(event.tries, 1).set(event.failure, worker.KILLED).where(lost),
	):
		update.run()
		number += frappe.db._cursor.rowcount
	return number


def _wake_due() -> int:
	event = frappe.qb.DocType(EVENT)
	moment = now_datetime()
	due = (
		frappe.qb.from_(event)
		.select(event.connection, Min(event.due_at))
		.where(event.due_at <= moment)
		.groupby(event.connection)
		.run()
	)
	woken = 0
	for name, since in due:
		if not frappe.db.exists(connections.DOCTYPE, name) or not connections.is_working(
			connections.get(name)
		):
			continue
		if get_datetime(since) < moment - timedelta(seconds=OVERDUE_SECONDS):
			wake.rescue(name)
		else:
			wake.wake(name)
		woken += 1
	return woken
