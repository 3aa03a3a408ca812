"""`frappe.modules.utils`, moved by the fork to `frappe.model.module_utils`."""

from frappe import get_module_path, scrub
from frappe.model.module_utils import *
