from frappe.model.document import Document


class ShipmentDeliveryNote(Document):
	pass
