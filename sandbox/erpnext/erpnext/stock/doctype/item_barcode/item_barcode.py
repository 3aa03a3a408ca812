from frappe.model.document import Document


class ItemBarcode(Document):
	pass
