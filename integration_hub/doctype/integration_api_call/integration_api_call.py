"""One call of the public API."""

import frappe
from frappe.model.document import Document


class IntegrationAPICall(Document):
	pass


def on_doctype_update():
	"""What `api.rest.anomalies` asks with each call, so that no row is ever searched for."""
	frappe.db.add_index("Integration API Call", ["caller", "called_at"], "hub_call_caller")
	frappe.db.add_index("Integration API Call", ["caller", "address", "called_at"], "hub_call_caller_address")
	frappe.db.add_index("Integration API Call", ["address", "called_at"], "hub_call_address")
