"""Outside location ↔ Warehouse. Several rows may name one location: their stock is added up."""

from frappe.model.document import Document


class IntegrationLocation(Document):
	pass
