from frappe.model.document import Document


class PickListItem(Document):
	pass
