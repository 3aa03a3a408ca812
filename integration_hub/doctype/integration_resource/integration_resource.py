"""One Resource of a Connection: on or off, how often, how far it has come and how it went."""

from frappe.model.document import Document


class IntegrationResource(Document):
	pass
