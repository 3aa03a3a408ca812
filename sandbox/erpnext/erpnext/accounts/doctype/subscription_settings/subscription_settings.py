from frappe.model.document import Document


class SubscriptionSettings(Document):
	pass
