"""`frappe.modules`: the paths that apps import; the fork moved their contents to `frappe.model`."""

from frappe import get_module_path, scrub
from frappe.model.module_utils import *
