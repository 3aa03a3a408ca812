import frappe
from erpnext.accounts.utils import unlink_ref_doc_from_payment_entries, update_voucher_outstanding
from frappe.model.document import Document


class UnreconcilePayment(Document):
	def add_references(self):
		"""What the voucher settles, a row each."""
		payment = frappe.get_doc(self.voucher_type, self.voucher_no)
		for row in payment.references:
			self.append(
				"allocations",
				{
					"reference_doctype": row.reference_doctype,
					"reference_name": row.reference_name,
					"allocated_amount": abs(row.allocated_amount),
					"party_type": payment.party_type,
					"party": payment.party,
				},
			)

	def on_submit(self):
		for row in self.allocations:
			doc = frappe.get_doc(row.reference_doctype, row.reference_name)
			unlink_ref_doc_from_payment_entries(doc, self.voucher_no)
			update_voucher_outstanding(row.reference_doctype, row.reference_name)
			frappe.db.set_value("Unreconcile Payment Entries", row.name, "unlinked", True)
