from frappe.model.document import Document


class ShipmentParcel(Document):
	pass
