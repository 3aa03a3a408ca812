# ruff: noqa: F403  (it exists to be imported from)
"""`frappe.modules.utils`, moved by the fork to `frappe.model.module_utils`."""

from frappe.model.module_utils import *
