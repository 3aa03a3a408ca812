"""Long work that a caller has started: how it stands, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import frappe
from frappe import _

from integration_hub.api.rest import sheets
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import ApiError
from integration_hub.api.rest.shapes import Answer, Input, Media, Name, Output
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
	return jobs.shown(_own(query.name))


@endpoint("GET", "The file that a job has made")
def file(query: JobName) -> Annotated[Answer, Media(*sheets.MIMETYPES.values())]:
	"""Of a report or export that is Done. It is kept as long as the job: see Integration Settings."""
	job = _own(query.name)
	if not job.file:
		raise ApiError("not_found", _("Job {0} has no file (it is {1}).").format(job.name, _(job.status)))
	kept = frappe.get_doc("File", job.file)
	return Answer(
		# not get_content: it takes any bytes that can be read as some text for text
		Path(kept.get_full_path()).read_bytes(),
		headers=(("Content-Disposition", f'attachment; filename="{job.file_name}"'),),
		mimetype=sheets.MIMETYPES[job.file_name.rpartition(".")[2]],
	)


def _own(name: str) -> Any:
	doc = frappe.get_doc(jobs.DOCTYPE, name) if frappe.db.exists(jobs.DOCTYPE, name) else None
	if doc is None or doc.user != frappe.session.user:
		raise ApiError("not_found", _("There is no job {0} of yours.").format(name))
	return doc
