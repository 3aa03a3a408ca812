from frappe.model.document import Document


class UnreconcilePaymentEntries(Document):
	pass
