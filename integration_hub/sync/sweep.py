"""Each minute: what the dead left behind, what is due, what is to be pulled, what was refused.

Nothing depends on a wake-up having arrived. With Redis flushed and every worker killed, one sweep makes all
that is due go on.
"""

from __future__ import annotations

from datetime import timedelta

import frappe
from frappe.utils import get_datetime, now_datetime

from integration_hub.sync import connections, pull, push, refusals, wake

EVENT = "Integration Event"
#: Events due longer than this were not taken by the jobs that should run
OVERDUE_SECONDS = 30


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
	"""Make Events due again whose worker did not end them in time."""
	event = frappe.qb.DocType(EVENT)
	moment = now_datetime()
	(
		frappe.qb.update(event)
		.set(event.status, "Queued")
		.set(event.due_at, moment)
		.set(event.lane, None)
		.set(event.lease, None)
		.set(event.lease_until, None)
		.set(event.tries, event.tries + 1)
		.where((event.lease_until < moment) & (event.status == "Working"))
		.run()
	)
	return frappe.db._cursor.rowcount


def _wake_due() -> int:
	event = frappe.qb.DocType(EVENT)
	moment = now_datetime()
	from frappe.query_builder.functions import Min

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
