"""Defaults of the whole hub: the stop switch, who is told, how long things are kept."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import split_emails, validate_email_address


class IntegrationSettings(Document):
	def validate(self):
		for address in split_emails(self.alert_recipients or ""):
			if not validate_email_address(address):
				frappe.throw(_("Alert Recipients: {0} is not an e-mail address.").format(address))
		if (self.workers_per_connection or 0) < 1:
			self.workers_per_connection = 1
		if (self.lease_seconds or 0) < 5:
			self.lease_seconds = 5
