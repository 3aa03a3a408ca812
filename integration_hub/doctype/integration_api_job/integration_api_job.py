from frappe.model.document import Document


class IntegrationAPIJob(Document):
	"""Long work that a caller of the public API started."""
