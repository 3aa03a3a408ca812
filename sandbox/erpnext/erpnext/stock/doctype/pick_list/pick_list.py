from frappe.model.document import Document


class PickList(Document):
	pass
