"""One account at one vendor. Two shops of one vendor are two Connections."""

from frappe.model.document import Document

from integration_hub.sync import setup


class IntegrationConnection(Document):
	def validate(self):
		setup.keep_what_workers_wrote(self)
		setup.complete_rows(self)
		setup.validate(self)

	def on_update(self):
		# what was parked for a mapping that is here now goes on by itself
		setup.connection_saved(self)

	def after_rename(self, old, new, merge=False):
		setup.renamed()

	def on_trash(self):
		setup.forget(self)

	@property
	def webhook_address(self) -> str:
		"""Where the vendor shall send its webhooks (empty until the Connection is saved)."""
		return setup.webhook_address(self)
