import frappe
from erpnext.accounts.utils import (
	cancel_exchange_gain_loss_journal,
	unlink_ref_doc_from_payment_entries,
	update_voucher_outstanding,
)
from frappe import _
from frappe.model.document import Document


class UnreconcilePayment(Document):
	def validate(self):
		if self.voucher_type not in ("Payment Entry", "Journal Entry"):
			frappe.throw(_("Only {0} are supported").format(_("Payment Entry and Journal Entry")))

	@frappe.whitelist()
	def get_allocations_from_payment(self):
		"""What the voucher settles, as the ledger has it."""
		rows = frappe.get_all(
			"Payment Ledger Entry",
			filters={
				"docstatus": 1,
				"voucher_type": self.voucher_type,
				"voucher_no": self.voucher_no,
				"against_voucher_no": ("!=", self.voucher_no),
			},
			fields=[
				"account",
				"party_type",
				"party",
				"against_voucher_type as reference_doctype",
				"against_voucher_no as reference_name",
				"amount_in_account_currency as allocated_amount",
				"account_currency",
			],
		)
		found = {}
		for row in rows:
			key = (row.reference_doctype, row.reference_name)
			if key in found:
				found[key].allocated_amount += row.allocated_amount
			else:
				found[key] = row
		for row in found.values():
			row.allocated_amount = abs(row.allocated_amount)
		return list(found.values())

	def add_references(self):
		for row in self.get_allocations_from_payment():
			self.append("allocations", row)

	def on_submit(self):
		for row in self.allocations:
			doc = frappe.get_doc(row.reference_doctype, row.reference_name)
			unlink_ref_doc_from_payment_entries(doc, self.voucher_no)
			cancel_exchange_gain_loss_journal(doc, self.voucher_type, self.voucher_no)
			update_voucher_outstanding(
				row.reference_doctype, row.reference_name, row.account, row.party_type, row.party
			)
			if doc.doctype == "Sales Order":
				doc.set_total_advance_paid()
			frappe.db.set_value("Unreconcile Payment Entries", row.name, "unlinked", True)
