"""Events that an ended one has answered along with itself.

A shop sends "created", "paid" and "updated" within a second. The first of them is worked on with the newest
state of the order, so the others would only find that nothing is left to do; they end with it, in its
transaction. When it must wait for a person, one Event asks, not four.
"""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import now_datetime


def cover(connection: str, one, version: str | None) -> None:
	"""End the other "upsert" Events about this outside thing that are not newer than `version`; None means all of
	them (the thing is gone). Those that stopped count too: what a newer state has done needs nobody any more."""
	if version == "":
		return
	_end_others(connection, one, version, "Done", _("Done together with {0}.").format(one.name))


def supersede(connection: str, one, version: str) -> None:
	"""`one` has stopped and waits for a person: the others that tell no more than it does need not ask as well."""
	if version:
		_end_others(
			connection, one, version, "Ignored", _("{0} tells the same and waits for you.").format(one.name)
		)


def _end_others(connection: str, one, version: str | None, status: str, message: str) -> None:
	event = frappe.qb.DocType("Integration Event")
	moment = now_datetime()
	query = (
		frappe.qb.update(event)
		.set(event.status, status)
		.set(event.message, message)
		.set(event.waits_for, None)
		.set(event.due_at, None)
		.set(event.done_at, moment)
		.set(event.modified, moment)
		.where(
			(event.connection == connection)
			& (event.resource == one.resource)
			& (event.outside_id == one.outside_id)
			& (event.direction == one.direction)
			& (event.action == "upsert")
			& (event.name != one.name)
			& (event.due_at.isnotnull() | event.status.isin(("Parked", "Dead")))
		)
	)
	if version is not None:
		query = query.where((event.version != "") & (event.version <= version))
	query.run()
