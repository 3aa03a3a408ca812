from frappe.model.document import Document


class IntegrationIdempotencyKey(Document):
	"""The answer of a request that was sent with an Idempotency-Key."""
