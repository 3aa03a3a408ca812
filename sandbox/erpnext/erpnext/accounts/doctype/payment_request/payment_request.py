import frappe
from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry, name_payment_requests
from erpnext.accounts.party import get_party_account
from erpnext.accounts.utils import get_account_currency
from frappe import _
from frappe.model.document import Document
from frappe.query_builder.functions import Sum
from frappe.utils import flt, nowdate

ALLOWED_DOCTYPES_FOR_PAYMENT_REQUEST = ("Sales Order", "Sales Invoice")


class PaymentRequest(Document):
	"""What a customer is asked to pay of an order or invoice."""

	def validate(self):
		if self.get("__islocal"):
			self.status = "Draft"
		if not self.reference_doctype or not self.reference_name:
			frappe.throw(_("To create a Payment Request reference document is required"))
		self.validate_payment_request_amount()

	def validate_payment_request_amount(self):
		if not flt(self.grand_total):
			frappe.throw(
				_("{0} cannot be zero").format(_(self.meta.get_label("grand_total"))),
				title=_("Invalid Amount"),
			)
		document = frappe.get_doc(self.reference_doctype, self.reference_name)
		amount = get_amount(document)
		if not amount:
			frappe.throw(_("Payment Entry is already created"))
		if get_existing_payment_request_amount(document) + flt(self.grand_total) > amount:
			frappe.throw(
				_("Total Payment Request amount cannot be greater than {0} amount").format(
					_(self.reference_doctype)
				)
			)

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
		self.db_set("status", "Initiated" if self.payment_request_type == "Outward" else "Requested")

	def on_cancel(self):
		if self.status == "Paid" and frappe.db.exists(
			"Payment Entry Reference", {"reference_name": self.reference_name, "docstatus": ("<", 2)}
		):
			frappe.throw(_("Payment Entry already exists"), title=_("Error"))
		self.db_set("status", "Cancelled")

	def set_as_paid(self):
		"""Book that what is left was paid: on the company's own bank or cash account."""
		return self.create_payment_entry()

	def create_payment_entry(self, submit=True):
		"""The Payment Entry of what is left to pay; unsaved unless it is to be submitted."""
		document = frappe.get_doc(self.reference_doctype, self.reference_name)
		amount = in_bank = self.outstanding_amount
		if self.currency != self.party_account_currency == document.company_currency:
			in_bank = flt(amount / document.conversion_rate, self.precision("grand_total"))
		entry = get_payment_entry(
			self.reference_doctype,
			self.reference_name,
			party_amount=amount,
			bank_account=self.payment_account,
			bank_amount=in_bank,
			created_from_payment_request=True,
		)
		entry.update(
			{
				"mode_of_payment": self.mode_of_payment,
				"reference_no": self.name,
				"reference_date": nowdate(),
				"remarks": _("Payment of {0} {1}, asked for by {2}").format(
					_(self.reference_doctype), self.reference_name, self.name
				),
				"cost_center": self.cost_center,
			}
		)
		name_payment_requests(entry, {(self.reference_doctype, self.reference_name): {self.name: amount}})
		if submit:
			# as in ERPNext: a gateway's own user books what was paid
			entry.insert(ignore_permissions=True)
			entry.submit()
		return entry


@frappe.whitelist(allow_guest=True)
def make_payment_request(**args):
	"""A Payment Request for what is open, and not asked for yet, on a Sales Invoice or Sales Order; a draft unless
	`submit_doc`. A draft that is there already is taken."""
	args = frappe._dict(args)
	if args.dt not in ALLOWED_DOCTYPES_FOR_PAYMENT_REQUEST:
		frappe.throw(_("Payment Requests cannot be created against: {0}").format(frappe.bold(args.dt)))
	document = frappe.get_doc(args.dt, args.dn)
	amount = get_amount(document)
	if not amount:
		frappe.throw(_("Payment Entry is already created"))
	amount -= get_existing_payment_request_amount(document)
	if not amount:
		frappe.throw(_("Payment Request is already created"))
	draft = frappe.db.get_value(
		"Payment Request", {"reference_doctype": args.dt, "reference_name": args.dn, "docstatus": 0}
	)
	if draft:
		frappe.db.set_value("Payment Request", draft, "grand_total", amount, update_modified=False)
		request = frappe.get_doc("Payment Request", draft)
	else:
		request = _new_request(document, amount, args)
		# as in ERPNext: who may see the document's portal page asks for its payment
		if frappe.db.get_single_value("Accounts Settings", "create_pr_in_draft_status"):
			request.insert(ignore_permissions=True)
		if args.submit_doc:
			if request.get("__unsaved"):
				request.insert(ignore_permissions=True)
			request.submit()
	return request if args.return_doc else request.as_dict()


def _new_request(document, amount, args):
	request = frappe.new_doc("Payment Request")
	request.update(
		{
			"payment_request_type": args.payment_request_type or "Inward",
			"company": document.company,
			"currency": document.currency,
			"party_account_currency": _party_account_currency(document),
			"grand_total": amount,
			"mode_of_payment": args.mode_of_payment,
			"email_to": args.recipient_id or document.owner,
			"subject": _("Payment Request for {0}").format(args.dn),
			"message": _message(document),
			"reference_doctype": args.dt,
			"reference_name": args.dn,
			"party_type": args.party_type or "Customer",
			"party": args.party or document.customer,
			"party_name": args.party_name or document.customer_name,
			"phone_number": args.phone_number,
			"cost_center": document.get("cost_center"),
		}
	)
	request.flags.mute_email = args.mute_email
	return request


def _message(document) -> str:
	"""The mail's text, where the page to pay at is filled in later."""
	words = _("Please pay {0} for {1} {2}.").format(
		document.get_formatted("grand_total"), _(document.doctype), document.name
	)
	return f'<p>{words}</p>\n<a href="{{{{ payment_url }}}}">{_("Make Payment")}</a>'


def _party_account_currency(document) -> str:
	return document.get("party_account_currency") or get_account_currency(
		get_party_account("Customer", document.customer, document.company)
	)


def get_amount(document) -> float:
	"""What is open on an order or invoice, in its own currency."""
	invoice = document.doctype == "Sales Invoice"
	amount = flt(document.outstanding_amount if invoice else document.advance_paid)
	if _party_account_currency(document) != document.currency:
		amount = flt(amount / document.conversion_rate)
	if not invoice:
		amount = (flt(document.rounded_total) or flt(document.grand_total)) - amount
	return max(flt(amount, document.precision("grand_total")), 0)


def get_existing_payment_request_amount(document) -> float:
	"""What submitted requests still ask for, in the document's currency."""
	request = frappe.qb.DocType("Payment Request")
	rows = (
		frappe.qb.from_(request)
		.select(Sum(request.outstanding_amount))
		.where(request.reference_doctype == document.doctype)
		.where(request.reference_name == document.name)
		.where(request.docstatus == 1)
	).run()
	amount = flt(rows[0][0])
	foreign = _party_account_currency(document) != document.currency
	return flt(amount / document.conversion_rate) if foreign else amount


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
