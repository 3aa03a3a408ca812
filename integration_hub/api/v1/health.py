"""Is the hub alive, and does anything need a person?"""

from __future__ import annotations

from datetime import datetime

import frappe
from frappe import _
from frappe.query_builder.functions import Count, Min
from frappe.utils import get_datetime, now_datetime

from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import ApiError
from integration_hub.api.rest.shapes import Output
from integration_hub.erp.times import from_site, utc
from integration_hub.sync import connections


class Alive(Output):
	status: str


class Health(Output):
	stopped: bool
	queued: int
	retrying: int
	parked: int
	dead: int
	oldest_due_at: datetime | None
	oldest_due_seconds: int
	paused_connections: list[str]


@endpoint("GET", "Is the site up", guests=True)
def ping() -> Alive:
	"""For load balancers and monitors. Says nothing else; the database was asked."""
	frappe.db.sql("select 1")
	return {"status": "ok"}


@endpoint("GET", "How much waits, and for whom")
def status() -> Health:
	"""For the hub's own roles. `oldest_due_seconds` over a few minutes means that no worker or no scheduler runs;
	`parked` waits for a person."""
	if not frappe.has_permission(connections.DOCTYPE, "read"):
		raise ApiError(
			"forbidden", _("Your roles do not allow this: {0} {1}.").format("read", connections.DOCTYPE)
		)
	names = frappe.get_list(connections.DOCTYPE, pluck="name", limit_page_length=0)
	event = frappe.qb.DocType("Integration Event")
	of_mine = event.connection.isin(names or [""])
	counts = dict(
		frappe.qb.from_(event)
		.select(event.status, Count("*"))
		.where(of_mine & event.status.isin(("Queued", "Retrying", "Parked", "Dead")))
		.groupby(event.status)
		.run()
	)
	[(oldest,)] = (
		frappe.qb.from_(event).select(Min(event.due_at)).where(of_mine & event.due_at.isnotnull()).run()
	)
	oldest = get_datetime(oldest) if oldest else None
	return {
		"stopped": connections.stopped(),
		"queued": counts.get("Queued", 0),
		"retrying": counts.get("Retrying", 0),
		"parked": counts.get("Parked", 0),
		"dead": counts.get("Dead", 0),
		"oldest_due_at": utc(from_site(oldest)) if oldest else None,
		"oldest_due_seconds": max(0, int((now_datetime() - oldest).total_seconds())) if oldest else 0,
		"paused_connections": frappe.get_list(
			connections.DOCTYPE, filters={"paused": 1}, pluck="name", limit_page_length=0
		),
	}
