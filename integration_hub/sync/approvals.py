"""Documents that a Workflow lets somebody decide about: what waits, and deciding, by the Workflow's own rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.model.workflow import apply_workflow, get_transitions, has_approval_access
from frappe.utils import escape_html, get_datetime

from integration_hub import database

#: documents listed by one query
_AT_ONCE = 100
#: documents looked at for one page: conditions of a Workflow can only be asked of the document itself
MOST_LOOKED_AT = 1000


class StateChanged(Exception):
	"""The document is in another state than the one in which this could be done."""


@dataclass(frozen=True)
class Waiting:
	"""A document and what the present user may do with it now. `problem` says why nobody knows."""

	doc: Any
	state: str
	actions: list[str]
	problem: str = ""


@dataclass(frozen=True)
class Place:
	"""Where a list goes on: behind this document. `modified` is site time."""

	doctype: str
	modified: datetime
	name: str


def waiting(
	limit: int, doctype: str | None = None, after: Place | None = None, since: datetime | None = None
) -> tuple[list[Waiting], Place | None]:
	"""What the present user can decide about, oldest change first for each DocType, and where to go on (None: that was
	all). Only what it may read, and was changed at or after `since` (site time). There may be less than `limit`, and still more to come."""
	found: list[Waiting] = []
	place, looked = after, 0
	for doc in _candidates(doctype, after, since):
		if len(found) == limit or looked == MOST_LOOKED_AT:
			return found, place
		place, looked = Place(doc.doctype, get_datetime(doc.modified), str(doc.name)), looked + 1
		one = how_it_stands(doc)
		if one.actions or one.problem:
			found.append(one)
	return found, None


def _candidates(doctype: str | None, after: Place | None, since: datetime | None) -> Iterator[Any]:
	"""Documents in states out of which the present user's roles lead."""
	filters = {"is_active": 1, **({"document_type": doctype} if doctype else {})}
	rows = frappe.get_all("Workflow", filters=filters, fields=["name", "document_type"])
	roles = set(frappe.get_roles())
	for row in sorted(rows, key=lambda one: one.document_type):
		if after and row.document_type < after.doctype:
			continue
		workflow = frappe.get_cached_doc("Workflow", row.name)
		states = {one.state for one in workflow.transitions if one.allowed in roles}
		if states and frappe.has_permission(row.document_type, "read"):
			start = after if after and after.doctype == row.document_type else None
			filters = [[workflow.workflow_state_field, "in", sorted(states)], ["docstatus", "<", 2]]
			if since:
				filters.append(["modified", ">=", since])
			yield from _matching(row.document_type, filters, start)


def _matching(doctype: str, filters: list[Any], after: Place | None) -> Iterator[Any]:
	while True:
		if after is None:
			rows = _rows(doctype, filters, _AT_ONCE)
		else:
			same = [*filters, ["modified", "=", after.modified], ["name", ">", after.name]]
			rows = _rows(doctype, same, _AT_ONCE)
			rows += _rows(doctype, [*filters, ["modified", ">", after.modified]], _AT_ONCE)
			rows = rows[:_AT_ONCE]
		for row in rows:
			yield frappe.get_doc(doctype, row.name)
		if len(rows) < _AT_ONCE:
			return
		after = Place(doctype, get_datetime(rows[-1].modified), str(rows[-1].name))


def _rows(doctype: str, filters: list[Any], limit: int) -> list[Any]:
	return frappe.get_list(
		doctype,
		filters=filters,
		fields=["name", "modified"],
		order_by="modified asc, name asc",
		limit_page_length=limit,
	)


def how_it_stands(doc: Any) -> Waiting:
	"""Its state, and what the present user may do: also not what it would have to approve of itself."""
	workflow = _workflow(doc.doctype)
	state = doc.get(workflow.workflow_state_field) or ""
	if not state or not doc.has_permission("read"):
		return Waiting(doc, state, [])
	try:
		rows = get_transitions(doc, workflow)
	except Exception as error:  # people's own conditions may raise whatever; it is said, not swallowed
		if database.is_lock_trouble(error):
			raise
		problem = _("A condition of the Workflow {0} cannot be worked out for it ({1}).").format(
			workflow.name, type(error).__name__
		)
		return Waiting(doc, state, [], problem)
	actions = [row.action for row in rows if has_approval_access(frappe.session.user, doc, row)]
	return Waiting(doc, state, list(dict.fromkeys(actions)))


def _workflow(doctype: str) -> Any:
	name = frappe.db.get_value("Workflow", {"document_type": doctype, "is_active": 1})
	if not name:
		raise frappe.PermissionError(_("No Workflow rules {0}.").format(doctype))
	return frappe.get_cached_doc("Workflow", name)


def has_workflow(doctype: str) -> bool:
	return bool(frappe.db.exists("Workflow", {"document_type": doctype, "is_active": 1}))


def must_be_free(doctype: str, docstatus: int) -> None:
	"""Throws when it is a Workflow that submits (1) or cancels (2) these documents: Frappe looks at the Workflow where its
	buttons are made, not where a document is submitted, so that whoever has the right could pass it by."""
	if not has_workflow(doctype):
		return
	workflow = _workflow(doctype)
	if docstatus == 1:
		frappe.throw(
			_(
				"The Workflow {0} decides when a {1} is submitted: leave it a draft, and decide with approvals.approve."
			).format(workflow.name, _(doctype))
		)
	cancelling = {row.state for row in workflow.states if int(row.doc_status or 0) == docstatus}
	if any(row.next_state in cancelling for row in workflow.transitions):
		frappe.throw(
			_(
				"The Workflow {0} decides when a {1} is cancelled: use approvals.approve with its action."
			).format(workflow.name, _(doctype))
		)


def decide(doc: Any, action: str, reason: str = "", state: str = "") -> Waiting:
	"""Do one action of the Workflow. `doc` must be read with its row locked, so that of two who decide at once the second
	sees what the first has done. `reason` is kept as a comment; `state` is the one that the decision is about.

	Raises StateChanged when somebody else has decided before, frappe.ValidationError when it may not be done.
	"""
	now = how_it_stands(doc)
	if state and state != now.state:
		raise StateChanged(_("{0} is {1} by now, not {2}.").format(doc.name, now.state, state))
	if now.problem:
		frappe.throw(now.problem)
	if action not in now.actions:
		_refuse(doc, action, now)
	apply_workflow(doc, action)
	if reason:
		# as text: what somebody outside has written must not become part of a page
		frappe.get_doc(doc.doctype, doc.name).add_comment(
			"Comment", f"{escape_html(_(action))}: {escape_html(reason)}"
		)
	return how_it_stands(frappe.get_doc(doc.doctype, doc.name))


def _refuse(doc: Any, action: str, now: Waiting) -> None:
	rows = _workflow(doc.doctype).transitions
	roles = frappe.get_roles()
	mine = [row for row in rows if row.action == action and row.allowed in roles]
	if any(row.state == now.state for row in mine) and doc.owner == frappe.session.user:
		frappe.throw(_("Self approval is not allowed"))
	if mine and all(row.state != now.state for row in mine):
		raise StateChanged(
			_("{0} is {1} now: {2} cannot be done with it.").format(doc.name, now.state, action)
		)
	frappe.throw(
		_("{0} cannot be done by you with {1}, which is {2}. You can: {3}.").format(
			action, doc.name, now.state, ", ".join(now.actions) or _("nothing")
		)
	)
