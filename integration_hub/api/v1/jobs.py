"""Long work that a caller has started: how it stands, and what came of it."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import ApiError
from integration_hub.api.rest.shapes import Input, Name, Output
from integration_hub.sync import jobs


class Job(Output):
	name: str
	method: str
	status: str
	message: str | None
	result: Any
	file_name: str | None


class JobName(Input):
	name: Name


@endpoint("GET", "A job of the caller's own")
def get(query: JobName) -> Job:
	"""`status` is Queued, Working, Done (`result` is what the method would have answered) or Failed (`message` says
	why). Jobs of others are not found."""
	doc = frappe.get_doc(jobs.DOCTYPE, query.name) if frappe.db.exists(jobs.DOCTYPE, query.name) else None
	if doc is None or doc.user != frappe.session.user:
		raise ApiError("not_found", _("There is no job {0} of yours.").format(query.name))
	return jobs.shown(doc)
