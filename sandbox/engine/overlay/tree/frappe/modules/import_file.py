# ruff: noqa: F403  (it exists to be imported from)
"""`frappe.modules.import_file`, moved by the fork to `frappe.model.import_doc`."""

from frappe.model.import_doc import *
