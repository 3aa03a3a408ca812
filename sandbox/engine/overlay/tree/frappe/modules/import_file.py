"""`frappe.modules.import_file`, moved by the fork to `frappe.model.import_doc`."""

from frappe.model.import_doc import *
