"""Connections know what kind of vendor they have (since the form shows tabs by kind)."""

import frappe

from integration_hub.connectors import UnknownConnector
from integration_hub.sync import connections


def execute():
	for row in frappe.get_all("Integration Connection", fields=["name", "connector"]):
		try:
			category = connections.class_of(row).category
		except UnknownConnector:
			continue  # its app is gone; the next save of the Connection sets it
		frappe.db.set_value("Integration Connection", row.name, "category", category, update_modified=False)
