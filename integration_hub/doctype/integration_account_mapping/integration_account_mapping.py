"""What the outside system calls a tax or charge ↔ the Account it is booked to."""

from frappe.model.document import Document


class IntegrationAccountMapping(Document):
	pass
