"""One try at an Event, or one HTTP exchange: what was sent, what came back (redacted), how long it took."""

import frappe
from frappe.model.document import Document


class IntegrationAttempt(Document):
	pass


def on_doctype_update():
	"""(event, creation): the history below an Event. (creation): clearing by age. (connection, creation): the
	last exchanges of a Connection."""
	frappe.db.add_index("Integration Attempt", ["event", "creation"], "hub_attempt_event")
	frappe.db.add_index("Integration Attempt", ["connection", "creation"], "hub_attempt_connection")
