"""Documents that a Workflow lets somebody decide about: what waits, and deciding, by the Workflow's own rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _
from frappe.model.workflow import apply_workflow, get_transitions, has_approval_access
from frappe.utils import escape_html

#: documents looked at for one answer: conditions of a Workflow can only be asked of the document itself
_AT_ONCE = 100


class StateChanged(Exception):
	"""The document is in another state than the one in which this could be done."""


@dataclass(frozen=True)
class Waiting:
	"""A document and what the present user may do with it now."""

	doc: Any
	state: str
	actions: list[str]


def waiting(doctype: str | None = None) -> Iterator[Waiting]:
	"""What the present user can decide about, oldest change first for each DocType. Only what it may read."""
	found = {"is_active": 1, **({"document_type": doctype} if doctype else {})}
	roles = set(frappe.get_roles())
	for name in frappe.get_all("Workflow", filters=found, order_by="document_type", pluck="name"):
		workflow = frappe.get_cached_doc("Workflow", name)
		states = {row.state for row in workflow.transitions if row.allowed in roles}
		if not states or not frappe.has_permission(workflow.document_type, "read"):
			continue
		yield from _of_workflow(workflow, states)


def _of_workflow(workflow: Any, states: set[str]) -> Iterator[Waiting]:
	start = 0
	while True:
		names = frappe.get_list(
			workflow.document_type,
			filters={workflow.workflow_state_field: ("in", sorted(states)), "docstatus": ("<", 2)},
			order_by="modified asc, name asc",
			limit_start=start,
			limit_page_length=_AT_ONCE,
			pluck="name",
		)
		for name in names:
			one = how_it_stands(frappe.get_doc(workflow.document_type, name))
			if one.actions:
				yield one
		if len(names) < _AT_ONCE:
			return
		start += _AT_ONCE


def how_it_stands(doc: Any) -> Waiting:
	"""Its state, and what the present user may do: also not what it would have to approve of itself."""
	workflow = _workflow(doc.doctype)
	actions = [
		row.action
		for row in (get_transitions(doc, workflow) if doc.get(workflow.workflow_state_field) else ())
		if has_approval_access(frappe.session.user, doc, row)
	]
	return Waiting(doc, doc.get(workflow.workflow_state_field) or "", list(dict.fromkeys(actions)))


def _workflow(doctype: str) -> Any:
	name = frappe.db.get_value("Workflow", {"document_type": doctype, "is_active": 1})
	if not name:
		raise frappe.PermissionError(_("No Workflow rules {0}.").format(doctype))
	return frappe.get_cached_doc("Workflow", name)


def has_workflow(doctype: str) -> bool:
	return bool(frappe.db.exists("Workflow", {"document_type": doctype, "is_active": 1}))


def decide(doc: Any, action: str, reason: str = "", state: str = "") -> Waiting:
	"""Do one action of the Workflow. `doc` must be read with its row locked, so that of two who decide at once the second
	sees what the first has done. `reason` is kept as a comment; `state` is the one that the decision is about.

	Raises StateChanged when somebody else has decided before, frappe.ValidationError when it may not be done.
	"""
	now = how_it_stands(doc)
	if state and state != now.state:
		raise StateChanged(_("{0} is {1} by now, not {2}.").format(doc.name, now.state, state))
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
			_("{0} is {1} by now: {2} cannot be done any more.").format(doc.name, now.state, action)
		)
	frappe.throw(
		_("{0} cannot be done by you with {1}, which is {2}. You can: {3}.").format(
			action, doc.name, now.state, ", ".join(now.actions) or _("nothing")
		)
	)
