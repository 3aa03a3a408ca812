from frappe.model.document import Document


class AdvancePaymentLedgerEntry(Document):
	"""What a payment paid ahead on an order, or (negative) does not pay any more."""
