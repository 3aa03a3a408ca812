"""Companies, contacts, leads and deals that change here: an Event for each CRM that takes them.

What runs in a user's save reads a few rows and writes one Event; no vendor is called.
"""

from __future__ import annotations

import json
from typing import Any

import frappe

from integration_hub.erp import crm
from integration_hub.erp.context import Context
from integration_hub.erp.mapping import DOCTYPES
from integration_hub.sync import connections, store, wake
from integration_hub.sync.handling import context

RESOURCE_OF = {doctype: resource for resource, doctype in DOCTYPES.items()}
#: Events written in one statement when everything is told for the first time
CHUNK = 500


def document_changed(doc: Any, *, force: str = "") -> None:
	"""A Customer, Contact, Lead or Opportunity was made or changed: the CRMs that take it shall hear. Runs in the
	user's save: one query, and one insert for each CRM."""
	resource = RESOURCE_OF[doc.doctype]
	if frappe.flags.in_install or frappe.flags.in_migrate or crm.is_shadow(doc):
		return
	for name in connections.taking(resource):
		if name == doc.flags.integration_origin:
			continue
		modified = str(doc.modified)
		# what is forced has no version: an Event of the same `modified` may have been worked on before it happened
		draft = draft_of(
			doc.doctype, doc.name, force or modified, crm.label_of(doc), "" if force else modified
		)
		if store.store(name, [draft]):
			wake.wake_after_commit(name)


def document_deleted(doc: Any) -> None:
	"""Deleted here: its Links end, and CRMs that archive along are told. In the user's own transaction."""
	resource = RESOURCE_OF[doc.doctype]
	rows = crm.end(doc.doctype, doc.name, resource)
	takers = set(connections.taking(resource)) if rows else set()
	for row in rows:
		if row.connection not in takers or not connections.get(row.connection).archive_deleted:
			continue
		draft = store.Draft(
			direction="Out",
			resource=resource,
			action="delete",
			outside_id=f"{doc.doctype}/{doc.name}",
			dedupe_key=f"deleted:{resource}:{row.outside_id}",
			label=crm.label_of(doc),
			payload=json.dumps({"id": row.outside_id}),
		)
		if store.store(row.connection, [draft]):
			wake.wake_after_commit(row.connection)


def document_renamed(doc: Any) -> None:
	"""Its name is our key outside: told, so that the old name can be given to another document. By its own moment, for a
	rename leaves `modified` as it is, and a document may get a name that it had before."""
	document_changed(doc, force=f"renamed:{frappe.utils.now()}")


def address_changed(doc: Any) -> None:
	"""An Address is told as part of its customers."""
	for row in doc.links:
		if row.link_doctype == "Customer" and frappe.db.exists("Customer", row.link_name):
			customer = frappe.get_doc("Customer", row.link_name)
			customer.flags.integration_origin = doc.flags.integration_origin
			document_changed(customer, force=f"address:{doc.modified}")


def tell_all(connection_name: str, resource: str) -> int:
	"""Tell everything of a Resource that is not known outside yet: for the first time, or after a pause. Commits."""
	ctx = context(connections.get(connection_name))
	doctype, after, count = DOCTYPES[resource], "", 0
	while True:
		names = frappe.get_all(
			doctype, filters={"name": (">", after)}, pluck="name", order_by="name", limit=CHUNK
		)
		if not names:
			return count
		new = [
			name
			for name in names
			if not _is_linked(doctype, name, ctx) and not crm.is_shadow(frappe.get_doc(doctype, name))
		]
		stamp = frappe.utils.now()
		count += store.store(connection_name, [draft_of(doctype, name, f"all:{stamp}") for name in new])
		frappe.db.commit()  # each chunk by itself: thousands of rows, and the workers may begin
		wake.wake(connection_name)
		after = names[-1]


def _is_linked(doctype: str, name: str, ctx: Context) -> bool:
	"""Is, or was, there a record of this document? What was deleted outside is not made there again."""
	found = (crm.known(link) for link in ctx.links.of(doctype, name, RESOURCE_OF[doctype]))
	return any(one and not one.ended for one in found)


def draft_of(doctype: str, name: str, change: str, label: str = "", version: str = "") -> store.Draft:
	"""The Event that tells a document. `change` is what makes it another Event than the one before."""
	return store.Draft(
		direction="Out",
		resource=RESOURCE_OF[doctype],
		outside_id=f"{doctype}/{name}",
		dedupe_key=f"crm:{doctype}:{name}:{change}",
		version=version,
		label=label or name,
		reference=(doctype, name),
	)


def resources_of(connection: Any, direction: str) -> list[str]:
	"""Resources that are switched on for a direction."""
	return [row.resource for row in connection.resources if row.direction == direction and row.enabled]
