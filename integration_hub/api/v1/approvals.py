"""Approvals: what waits for the caller by ERPNext's Workflows, and deciding about it."""

from __future__ import annotations

from datetime import datetime
from html import unescape
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_datetime, strip_html
from pydantic import Field

from integration_hub.api.rest import paging, sparse
from integration_hub.api.rest.bulk import each
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import ApiError, invalid
from integration_hub.api.rest.shapes import (
	Bulk,
	BulkResult,
	Input,
	Listing,
	LongText,
	Name,
	Output,
	Page,
	Sparse,
)
from integration_hub.erp.times import from_site, to_site, utc
from integration_hub.sync import approvals


class Approval(Output):
	doctype: str
	name: str
	title: str | None
	workflow_state: str
	docstatus: int
	actions: list[str] = Field(description="What the caller may do with it now, by the Workflow's names.")
	problem: str | None = Field(description="Why it is not known what may be done: a condition that fails.")
	owner: str
	modified: datetime


class Remark(Output):
	at: datetime
	by: str
	text: str


class ApprovalDocument(Approval):
	comments: list[Remark] = Field(
		description="The newest fifty, oldest first: states of the Workflow, reasons given, and what people wrote."
	)


class Waiting(Listing):
	doctype: Name | None = Field(None, description="Such as Purchase Order. Default: everything.")
	cursor: str | None = Field(None, max_length=600, pattern=r"^[A-Za-z0-9_-]+$")


class Which(Input):
	doctype: Name
	name: Name


class One(Sparse, Which):
	pass


class Decision(Which):
	action: Name = Field("Approve", description="As the Workflow names it.")
	workflow_state: Name | None = Field(
		None, description="The state that the decision is about: 409 if it is another by now."
	)
	reason: LongText | None = Field(
		None, description="Kept as a comment on the document. Required for the action Reject."
	)


class Rejection(Decision):
	action: Name = Field("Reject", description="As the Workflow names it.")
	reason: LongText = Field(min_length=1, description="Kept as a comment on the document.")


@endpoint("GET", "What waits for the caller")
def list(query: Waiting) -> Page[Approval]:
	"""Documents that the caller may move on in their Workflow, oldest change first for each DocType. What was decided
	about is not in it any more. A page may have fewer rows than `limit`: go on as long as there is a `next_cursor`."""
	sparse.must_be_there(Approval, query.fields)
	since = to_site(query.modified_since) if query.modified_since else None
	found, place = approvals.waiting(query.limit, query.doctype, _place(query.cursor), since)
	cursor = paging.write(place.modified, f"{place.doctype}\n{place.name}") if place else None
	return {"rows": [sparse.only(_shown(one), query.fields) for one in found], "next_cursor": cursor}


def _place(cursor: str | None) -> approvals.Place | None:
	"""Cursors of this list name the DocType, too."""
	if not cursor:
		return None
	modified, both = paging.read(cursor)
	doctype, line, name = both.partition("\n")
	if not line:
		raise paging.broken()
	return approvals.Place(doctype, modified, name)


@endpoint("GET", "How one document stands")
def get(query: One) -> ApprovalDocument:
	"""With what the caller may do with it, and why others have decided as they did."""
	sparse.must_be_there(ApprovalDocument, query.fields)
	return sparse.only(_with_comments(approvals.how_it_stands(_open(query))), query.fields)


@endpoint("POST", "Approve a document")
def approve(decision: Decision) -> ApprovalDocument:
	"""Does the Workflow's action `Approve`, or the `action` named: any of those that `get` shows."""
	return _with_comments(_decide(decision))


@endpoint("POST", "Reject a document, with the reason")
def reject(decision: Rejection) -> ApprovalDocument:
	"""Does the Workflow's action `Reject`, or the `action` named."""
	return _with_comments(_decide(decision))


@endpoint("POST", "Decide about up to 1,000 documents")
def decide_many(body: Bulk[Decision]) -> BulkResult:
	"""Each row by itself; one that is refused does not keep the others. Does `Approve`, or each row's `action`."""
	return each(body.rows, lambda one: ("done", _decide(one).doc.name))


def _decide(decision: Decision) -> approvals.Waiting:
	if decision.action.casefold() == "reject" and not decision.reason:
		raise invalid("reason", _("is required to reject"))
	doc = _open(decision, lock=True)
	try:
		return approvals.decide(doc, decision.action, decision.reason or "", decision.workflow_state or "")
	except approvals.StateChanged as error:
		raise ApiError("conflict", str(error)) from error


def _open(one: Which, *, lock: bool = False) -> Any:
	"""The document, if a Workflow rules it and the caller may read it. `lock`: its newest state, and nobody changes it before we are
	done."""
	if not approvals.has_workflow(one.doctype) or not frappe.has_permission(one.doctype, "read"):
		raise ApiError("forbidden", _("There is nothing to decide about {0} for you.").format(_(one.doctype)))
	known = frappe.db.exists(one.doctype, one.name)
	doc = frappe.get_doc(one.doctype, one.name, for_update=lock) if known else None
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
		"problem": one.problem or None,
		"owner": doc.owner,
		"modified": utc(from_site(get_datetime(doc.modified))),
	}


def _with_comments(one: approvals.Waiting) -> dict[str, Any]:
	# safe: whoever may read the document may read its comments, as in the Desk
	rows = frappe.get_all(
		"Comment",
		filters={
			"reference_doctype": one.doc.doctype,
			"reference_name": one.doc.name,
			"comment_type": ("in", ("Comment", "Workflow")),
		},
		fields=["creation", "owner", "content"],
		order_by="creation desc",
		limit_page_length=50,
	)
	comments = [
		{
			"at": utc(from_site(row.creation)),
			"by": row.owner,
			"text": unescape(strip_html(row.content or "")).strip(),
		}
		for row in reversed(rows)
	]
	return {**_shown(one), "comments": comments}
