import frappe
from erpnext.accounts.party import get_party_account
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt, nowdate


class PaymentRequest(Document):
	def validate(self):
		if self.get("__islocal"):
			self.status = "Draft"
		if not self.reference_doctype or not self.reference_name:
			frappe.throw(_("To create a Payment Request reference document is required"))
		if not flt(self.grand_total):
			frappe.throw(_("{0} cannot be zero").format(_("Amount")))

	def before_submit(self):
		self.outstanding_amount = self.grand_total
		company_currency = frappe.get_cached_value("Company", self.company, "default_currency")
		if self.currency != self.party_account_currency and self.party_account_currency == company_currency:
			doc = frappe.get_doc(self.reference_doctype, self.reference_name)
			whole = doc.rounded_total or doc.grand_total
			base = doc.base_rounded_total or doc.base_grand_total
			self.outstanding_amount = flt(
				self.grand_total / whole * base, self.precision("outstanding_amount")
			)

	def on_submit(self):
		self.db_set("status", "Requested")

	def on_cancel(self):
		self.db_set("status", "Cancelled")


@frappe.whitelist(allow_guest=True)
def make_payment_request(**args):
	"""A Payment Request for what is open on a Sales Invoice or Sales Order; a draft unless `submit_doc`."""
	args = frappe._dict(args)
	doc = frappe.get_doc(args.dt, args.dn)
	if doc.doctype == "Sales Invoice":
		account, amount = doc.debit_to, doc.outstanding_amount
	else:
		account = get_party_account("Customer", doc.customer, doc.company)
		amount = (doc.rounded_total or doc.grand_total) - flt(doc.advance_paid)
	party_currency = frappe.get_cached_value("Account", account, "account_currency")
	if doc.doctype == "Sales Invoice" and party_currency != doc.currency:
		amount = flt(amount / doc.conversion_rate, doc.precision("grand_total"))
	request = frappe.new_doc("Payment Request")
	request.update(
		{
			"payment_request_type": args.payment_request_type or "Inward",
			"transaction_date": nowdate(),
			"company": doc.company,
			"currency": doc.currency,
			"party_account_currency": party_currency,
			"grand_total": amount,
			"email_to": args.recipient_id or doc.get("contact_email"),
			"subject": _("Payment Request for {0}").format(args.dn),
			"reference_doctype": args.dt,
			"reference_name": args.dn,
			"party_type": args.party_type or "Customer",
			"party": args.party or doc.customer,
			"party_name": doc.customer_name,
		}
	)
	request.flags.mute_email = args.mute_email
	if args.submit_doc:
		request.insert(ignore_permissions=True)
		request.submit()
	return request if args.return_doc else request.as_dict()


def update_payment_requests_as_per_pe_references(references=None, cancel=False):
	"""What is left to pay of the Payment Requests that a Payment Entry's rows name."""
	precision = frappe.get_precision("Payment Entry Reference", "allocated_amount")
	for row in references or ():
		if not row.payment_request:
			continue
		request = frappe.db.get_value(
			"Payment Request",
			row.payment_request,
			["grand_total", "outstanding_amount", "payment_request_type"],
			as_dict=True,
		)
		amount = row.allocated_amount if cancel else -row.allocated_amount
		left = flt(request.outstanding_amount + amount, precision)
		if not cancel and left < 0:
			frappe.throw(
				_(
					"The allocated amount is greater than the outstanding amount of Payment Request {0}"
				).format(row.payment_request),
				title=_("Invalid Allocated Amount"),
			)
		if left == request.grand_total:
			status = "Initiated" if request.payment_request_type == "Outward" else "Requested"
		else:
			status = "Paid" if left == 0 else "Partially Paid"
		frappe.db.set_value(
			"Payment Request", row.payment_request, {"outstanding_amount": left, "status": status}
		)
