"""One thing that happened to a parcel, in the carrier's words."""

from frappe.model.document import Document


class IntegrationScan(Document):
	pass
