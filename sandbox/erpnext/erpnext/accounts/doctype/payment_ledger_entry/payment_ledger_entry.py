import frappe
from erpnext.accounts.utils import update_voucher_outstanding
from frappe.model.document import Document


class PaymentLedgerEntry(Document):
	"""What an entry on a receivable account does to the document it is against."""

	def autoname(self):
		self.name = frappe.generate_hash(length=10)

	def validate(self):
		self.flags.ignore_submit_comment = True

	def on_update(self):
		if self.flags.update_outstanding == "Yes" and self.against_voucher_type in (
			"Sales Invoice",
			"Journal Entry",
		):
			update_voucher_outstanding(
				self.against_voucher_type, self.against_voucher_no, self.account, self.party_type, self.party
			)


def on_doctype_update():
	frappe.db.add_index("Payment Ledger Entry", ["against_voucher_type", "against_voucher_no"])
	frappe.db.add_index("Payment Ledger Entry", ["voucher_type", "voucher_no"])
