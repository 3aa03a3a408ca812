"""Outside id ↔ ERPNext document, unique per Connection and Resource."""

import frappe
from frappe.model.document import Document

from integration_hub import database


class IntegrationLink(Document):
	pass


def on_doctype_update():
	"""Indices, each with the query it serves.

	- unique (connection, resource, outside_id): "which document is this?", and the proof that one outside
	  thing becomes one document however many workers meet.
	- (reference_doctype, reference_name): "what is this document outside?", asked when it is submitted.
	"""
	database.keep_exact("Integration Link", ["outside_id"])
	frappe.db.add_unique("Integration Link", ["connection", "resource", "outside_id"], "hub_link_outside")
	frappe.db.add_index("Integration Link", ["reference_doctype", "reference_name"], "hub_link_reference")
