from frappe.model.document import Document


class IntegrationSubscription(Document):
	"""What an outside system wants to hear of."""
