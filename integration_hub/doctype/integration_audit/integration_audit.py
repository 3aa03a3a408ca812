"""Both sides of a Connection compared line by line: what is missing, what differs."""

import frappe
from frappe.model.document import Document

from integration_hub import database


class IntegrationAudit(Document):
	pass


def on_doctype_update():
	"""Indices: unique (connection, kind, reference), so that a thing has one Audit, kept up to date."""
	database.keep_exact("Integration Audit", ["reference"])
	frappe.db.add_unique("Integration Audit", ["connection", "kind", "reference"], "hub_audit_thing")
