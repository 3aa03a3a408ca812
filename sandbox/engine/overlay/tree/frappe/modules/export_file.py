# ruff: noqa: F403  (it exists to be imported from)
"""`frappe.modules.export_file`, moved by the fork to `frappe.model.export`."""

from frappe.model.export import *
