"""`frappe.modules.patch_handler`, moved by the fork to `frappe.patches`."""

from frappe.patches import *
