"""Outside payment method (gateway) ↔ Mode of Payment and the account the money arrives in."""

from frappe.model.document import Document


class IntegrationPaymentMapping(Document):
	pass
