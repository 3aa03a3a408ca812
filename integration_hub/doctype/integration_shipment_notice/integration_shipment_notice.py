"""Which e-mail the customer gets when a parcel reaches a status."""

from frappe.model.document import Document


class IntegrationShipmentNotice(Document):
	pass
