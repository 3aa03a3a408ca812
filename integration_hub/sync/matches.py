"""What follows when a person says whether an outside record is a document here."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from integration_hub.sync import replay

#: what is asked; only the answer is a person's
QUESTION = (
	"connection",
	"resource",
	"outside_id",
	"kind",
	"reference_doctype",
	"reference_name",
	"other_name",
)


def validate(doc: Any) -> None:
	"""An answer leaves the question as it is: whoever may answer must not have the hub write over any document they
	name. A record can be one document only."""
	before = doc.get_doc_before_save()
	if before and any((before.get(field) or "") != (doc.get(field) or "") for field in QUESTION):
		frappe.throw(_("Only the answer can be changed."), frappe.PermissionError)
	if doc.status != "Same" or doc.kind != "Link":
		return
	other = frappe.db.get_value(
		doc.doctype,
		{
			"connection": doc.connection,
			"resource": doc.resource,
			"outside_id": doc.outside_id,
			"kind": "Link",
			"status": "Same",
			"name": ("!=", doc.name),
		},
		"reference_name",
	)
	if other:
		frappe.throw(_("{0} was said to be {1} already.").format(doc.outside_label, other))


def decided(doc: Any) -> None:
	"""What was parked for this answer goes on by itself; merging documents here is done with ERPNext's own means."""
	before = doc.get_doc_before_save()
	if before is None or before.status == doc.status:
		return
	if doc.kind == "Link":
		replay.go_on([f"match:{doc.resource}:{doc.outside_id}"[:180]], doc.connection)
	elif doc.status == "Same" and doc.reference_name != doc.other_name:
		# with the rights of the person who decided: ERPNext checks them, and moves every reference
		frappe.rename_doc(doc.reference_doctype, doc.reference_name, doc.other_name, merge=True)
