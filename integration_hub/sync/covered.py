"""Events that an ended one has answered along with itself.

A shop sends "created", "paid" and "updated" within a second. The first of them is worked on with the newest
state of the order, so the others would only find that nothing is left to do; they end with it, in its
transaction.
"""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import now_datetime


def cover(connection: str, one, version: str) -> None:
	"""End the other waiting "upsert" Events about this outside thing that are not newer than `version`."""
	if not version:
		return
	event = frappe.qb.DocType("Integration Event")
	moment = now_datetime()
	(
		frappe.qb.update(event)
		.set(event.status, "Done")
		.set(event.message, _("Done together with {0}.").format(one.name))
		.set(event.due_at, None)
		.set(event.done_at, moment)
		.set(event.modified, moment)
		.where(
			(event.connection == connection)
			& (event.resource == one.resource)
			& (event.outside_id == one.outside_id)
			& (event.direction == one.direction)
			& (event.action == "upsert")
			& (event.version != "")
			& (event.version <= version)
			& event.due_at.isnotnull()
		)
		.run()
	)
