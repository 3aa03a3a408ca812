"""One thing on both sides of an Audit."""

from frappe.model.document import Document


class IntegrationAuditLine(Document):
	pass
