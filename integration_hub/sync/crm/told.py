"""A document that a CRM is told of: what it says, what both sides last agreed on, and what becomes of it there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import frappe

from integration_hub.erp import crm, mapping
from integration_hub.records import CrmChange
from integration_hub.sync.handling import context


class Told:
	"""What one Event of the batch has come to."""

	def __init__(self, doc: Any, here: Mapping[str, str], known: crm.Known | None):
		self.doc, self.here, self.known = doc, here, known
		self.change: CrmChange | None = None
		self.there: dict[str, str] = dict(known.base) if known else {}
		self.outside_id = known.outside_id if known else ""
		self.version = known.version if known else ""
		self.related: Mapping[str, tuple[str, ...]] = {}
		#: the outside side has news for us
		self.behind = False
		#: it turned out that the record is not there any more
		self.gone = False


def state_of(connection: Any, one: Any) -> Told | None:
	"""The document as it stands now; None when there is nothing (any more) to tell of."""
	if not frappe.db.exists(one.reference_doctype, one.reference_name):
		return None
	doc = frappe.get_doc(one.reference_doctype, one.reference_name)
	if crm.is_shadow(doc):
		return None  # ERPNext makes it before it says whose it is
	ctx = context(connection)
	links = [crm.known(link) for link in ctx.links.of(doc.doctype, doc.name, one.resource)]
	known = _newest(link for link in links if link and not link.ended)
	state = Told(doc, crm.texts(doc, mapping.of(connection, one.resource)), known)
	if known is None:
		# the record of one that was deleted here and had this name, which is our key there
		former = _newest(link for link in links if link and not link.deleted)
		state.outside_id = former.outside_id if former else ""
	state.related = crm.related_of(doc, ctx)
	return state


def _newest(found: Iterable[crm.Known]) -> crm.Known | None:
	"""The outside record of a document: of several (documents that were merged here) the live one that changed last."""
	return max(found, key=lambda one: (not one.deleted, one.version), default=None)


def key_of(doc: Any) -> str:
	"""What a document is called outside, and an Event about it here."""
	return f"{doc.doctype}/{doc.name}"
