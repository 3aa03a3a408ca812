"""One account at one vendor. Two shops of one vendor are two Connections."""

import frappe
from frappe.model.document import Document

from integration_hub.sync import setup


class IntegrationConnection(Document):
	def validate(self):
		setup.complete_rows(self)
		setup.validate(self)

	def on_update(self):
		# what was parked for a mapping that is here now goes on by itself
		setup.connection_saved(self)

	def on_trash(self):
		setup.forget(self)

	@property
	def webhook_address(self) -> str:
		"""Where the vendor shall send its webhooks (empty until the Connection is saved)."""
		return setup.webhook_address(self)

	@frappe.whitelist()
	def test_connection(self):
		"""Button "Test connection": who and what this is connected to, in a sentence."""
		self.check_permission("write")
		return setup.test(self)

	@frappe.whitelist()
	def pull_now(self):
		"""Button "Pull now": fetch what changed, in the background."""
		self.check_permission("write")
		return setup.pull_now(self)

	@frappe.whitelist()
	def push_now(self):
		"""Button "Push now": tell the vendor every stock difference, in the background."""
		self.check_permission("write")
		return setup.push_now(self)

	@frappe.whitelist()
	def resume(self):
		"""Button "Resume": lift the pause after the credentials were mended."""
		self.check_permission("write")
		return setup.resume(self)

	@frappe.whitelist()
	def register_webhooks(self):
		"""Button "Register webhooks": make the vendor's subscriptions match; says what was changed."""
		self.check_permission("write")
		return setup.register_webhooks(self)

	@frappe.whitelist()
	def fetch_locations(self):
		"""Button "Fetch locations": the outside locations, for the table that maps them to Warehouses."""
		self.check_permission("write")
		return setup.fetch_locations(self)
