# ruff: noqa: F401, F403  (it exists to be imported from)
"""`frappe.modules`: the paths that apps import; the fork moved their contents to `frappe.model`."""

from frappe import get_module_path, scrub
from frappe.model.module_utils import *
