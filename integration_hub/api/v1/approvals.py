"""Approvals: what waits for the caller by ERPNext's Workflows, and deciding about it."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_datetime
from pydantic import Field

from integration_hub.api.rest.bulk import each
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import ApiError
from integration_hub.api.rest.shapes import MOST_ON_PAGE, Bulk, BulkResult, Input, LongText, Name, Output
from integration_hub.erp.times import from_site, utc
from integration_hub.sync import approvals


class Approval(Output):
	doctype: str
	name: str
	title: str | None
	workflow_state: str
	docstatus: int
	actions: list[str] = Field(description="What the caller may do with it now, by the Workflow's names.")
	owner: str
	modified: datetime


class Approvals(Output):
	rows: list[Approval]
	more: bool = Field(description="More is waiting than was asked for.")


class Waiting(Input):
	doctype: Name | None = Field(None, description="Such as Purchase Order. Default: everything.")
	limit: int = Field(50, ge=1, le=MOST_ON_PAGE)


class One(Input):
	doctype: Name
	name: Name


class Decision(One):
	action: Name = Field("Approve", description="As the Workflow names it.")
	workflow_state: Name | None = Field(
		None, description="The state that the decision is about: 409 if it is another by now."
	)
	reason: LongText | None = Field(None, description="Kept as a comment on the document.")


class Rejection(Decision):
	action: Name = Field("Reject", description="As the Workflow names it.")
	reason: LongText = Field(min_length=1, description="Kept as a comment on the document.")


@endpoint("GET", "What waits for the caller")
def list(query: Waiting) -> Approvals:
	"""Documents that the caller may move on in their Workflow, oldest change first for each DocType. What was decided
	about is not in it any more."""
	found = [*islice(approvals.waiting(query.doctype), query.limit + 1)]
	return {"rows": [_shown(one) for one in found[: query.limit]], "more": len(found) > query.limit}


@endpoint("GET", "How one document stands")
def get(query: One) -> Approval:
	"""With what the caller may do with it."""
	return _shown(approvals.how_it_stands(_open(query)))


@endpoint("POST", "Approve a document")
def approve(decision: Decision) -> Approval:
	"""Does the Workflow's action `Approve`, or the `action` named: any of those that `get` shows."""
	return _shown(_decide(decision))


@endpoint("POST", "Reject a document, with the reason")
def reject(decision: Rejection) -> Approval:
	"""Does the Workflow's action `Reject`, or the `action` named."""
	return _shown(_decide(decision))


@endpoint("POST", "Decide about up to 1,000 documents")
def decide_many(body: Bulk[Decision]) -> BulkResult:
	"""Each row by itself; one that is refused does not keep the others."""
	return each(body.rows, lambda one: ("done", _decide(one).doc.name))


def _decide(decision: Decision) -> approvals.Waiting:
	doc = _open(decision, lock=True)
	try:
		return approvals.decide(doc, decision.action, decision.reason or "", decision.workflow_state or "")
	except approvals.StateChanged as error:
		raise ApiError("conflict", str(error)) from error


def _open(one: One, *, lock: bool = False) -> Any:
	"""The document, if a Workflow rules it and the caller may read it. Its row is locked before it is read."""
	if not approvals.has_workflow(one.doctype) or not frappe.has_permission(one.doctype, "read"):
		raise ApiError("forbidden", _("There is nothing to decide about {0} for you.").format(_(one.doctype)))
	known = frappe.db.get_value(one.doctype, one.name, "name", for_update=lock)
	doc = frappe.get_doc(one.doctype, one.name) if known else None
	if doc is None or not doc.has_permission("read"):
		raise ApiError("not_found", _("There is no {0} {1}.").format(_(one.doctype), one.name))
	return doc


def _shown(one: approvals.Waiting) -> dict[str, Any]:
	doc = one.doc
	return {
		"doctype": doc.doctype,
		"name": doc.name,
		"title": str(doc.get_title() or "") or None,
		"workflow_state": one.state,
		"docstatus": int(doc.docstatus),
		"actions": one.actions,
		"owner": doc.owner,
		"modified": utc(from_site(get_datetime(doc.modified))),
	}
