import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt


class PaymentTermsTemplate(Document):
	def validate(self):
		if flt(sum(flt(row.invoice_portion) for row in self.terms), 2) != 100.00:
			frappe.msgprint(_("Combined invoice portion must equal 100%"), raise_exception=1, indicator="red")
