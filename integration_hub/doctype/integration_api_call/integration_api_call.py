from frappe.model.document import Document


class IntegrationAPICall(Document):
	"""One call of the public API."""
