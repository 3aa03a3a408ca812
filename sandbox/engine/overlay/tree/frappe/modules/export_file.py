"""`frappe.modules.export_file`, moved by the fork to `frappe.model.export`."""

from frappe.model.export import *
