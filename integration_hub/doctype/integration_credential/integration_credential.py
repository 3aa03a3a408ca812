"""One setting of a Connection: a plain value, or a secret that Frappe encrypts (`get_password`)."""

from frappe.model.document import Document


class IntegrationCredential(Document):
	pass
