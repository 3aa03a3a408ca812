"""`frappe.modules.utils`, moved by the fork to `frappe.model.module_utils`."""

from frappe.model.module_utils import *
