"""`frappe.modules`: the paths that apps import; the fork moved their contents to `frappe.model`."""

from frappe.model.module_utils import *
from frappe.model.module_utils import get_doc_path, get_module_app, load_doctype_module, scrub_dt_dn
