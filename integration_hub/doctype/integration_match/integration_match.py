"""A question for a person: is this outside record that document? Nothing is merged silently."""

import frappe
from frappe.model.document import Document

from integration_hub import database
from integration_hub.sync import matches


class IntegrationMatch(Document):
	def validate(self):
		matches.validate(self)

	def on_update(self):
		matches.decided(self)


def on_doctype_update():
	"""Indices: unique (connection, resource, outside_id, reference_name, kind), so that a question is asked once."""
	database.keep_exact("Integration Match", ["outside_id"])
	frappe.db.add_unique(
		"Integration Match",
		["connection", "resource", "outside_id", "reference_name", "kind"],
		"hub_match_question",
	)
