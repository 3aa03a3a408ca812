"""Which field goes where: one row of a Connection's mapping. What it does is in `erp/mapping.py`; nothing is evaluated."""

from frappe.model.document import Document


class IntegrationFieldMapping(Document):
	pass
