from frappe.model.document import Document


class ShipmentParcelTemplate(Document):
	pass
