"""What an outside system signs in to the public API with."""

from frappe.model.document import Document

from integration_hub.sync import keys


class IntegrationAPIKey(Document):
	def validate(self):
		keys.validate(self)
