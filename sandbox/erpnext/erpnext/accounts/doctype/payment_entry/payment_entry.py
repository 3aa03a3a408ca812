import frappe
from erpnext.accounts.doctype.sales_invoice.sales_invoice import get_bank_cash_account as get_mode_account
from erpnext.accounts.general_ledger import make_gl_entries, make_reverse_gl_entries, process_gl_map
from erpnext.accounts.party import get_party_account
from erpnext.accounts.utils import (
	cancel_exchange_gain_loss_journal,
	create_payment_ledger_entry,
	get_account_currency,
	get_balance_on,
	outstanding_of,
	update_voucher_outstanding,
)
from erpnext.controllers.accounts_controller import AccountsController
from erpnext.setup.utils import get_exchange_rate
from frappe import _
from frappe.contacts.doctype.contact.contact import get_default_contact
from frappe.utils import comma_or, flt, fmt_money, get_link_to_form, getdate, money_in_words, nowdate

REFERENCES = ("Sales Order", "Sales Invoice", "Journal Entry", "Payment Entry")


class PaymentEntry(AccountsController):
	"""Money from or to a customer, or between our own accounts."""

	@property
	def party_account_field(self) -> str | None:
		return {"Receive": "paid_from", "Pay": "paid_to"}.get(self.payment_type)

	@property
	def party_account(self) -> str | None:
		return self.get(self.party_account_field) if self.party_account_field else None

	@property
	def party_account_currency(self) -> str | None:
		return self.get(f"{self.party_account_field}_account_currency") if self.party_account_field else None

	@property
	def party_rate(self) -> float:
		"""Exchange rate of the party's account."""
		return flt(self.source_exchange_rate if self.payment_type == "Receive" else self.target_exchange_rate)

	def validate(self):
		if self.payment_type not in ("Receive", "Pay", "Internal Transfer"):
			frappe.throw(_("Payment Type must be one of Receive, Pay and Internal Transfer"))
		self.set_missing_values()
		self.set_missing_ref_details(force=True)
		self.set_exchange_rate()
		self.validate_mandatory()
		self.validate_reference_documents()
		self.set_amounts()
		self.validate_received_amount()
		self.clear_unallocated_reference_document_rows()
		self.validate_transaction_reference()
		self.set_title()
		self.set_remarks()
		self.validate_duplicate_entry()
		self.validate_payment_type_with_outstanding()
		self.validate_allocated_amount()
		self.set_status()
		self.set_total_in_words()

	def on_submit(self):
		if self.difference_amount:
			frappe.throw(_("Difference Amount must be zero"))
		self.make_gl_entries()
		self.set_missing_ref_details(force=True)
		self.update_payment_schedule()
		self.update_payment_requests()
		self.make_advance_payment_ledger_entries()
		self.update_advance_paid()
		self.set_status()

	def on_cancel(self):
		self.ignore_linked_doctypes = (
			"GL Entry",
			"Stock Ledger Entry",
			"Payment Ledger Entry",
			"Unreconcile Payment",
			"Unreconcile Payment Entries",
			"Advance Payment Ledger Entry",
		)
		super().on_cancel()
		self.make_gl_entries(cancel=1)
		self.set_missing_ref_details(force=True)
		self.release_advances()
		self.update_payment_schedule(cancel=1)
		self.update_payment_requests(cancel=True)
		self.make_advance_payment_ledger_entries()
		self.update_advance_paid()
		self.set_status()

	def update_payment_requests(self, cancel=False):
		from erpnext.accounts.doctype.payment_request.payment_request import (
			update_payment_requests_as_per_pe_references,
		)

		update_payment_requests_as_per_pe_references(self.references, cancel=cancel)

	# --- what is missing -------------------------------------------------------------------------------

	def set_missing_values(self):
		if self.payment_type == "Internal Transfer":
			for field in ("party", "party_balance", "total_allocated_amount", "base_total_allocated_amount"):
				self.set(field, None)
			self.references = []
		else:
			for field in ("party_type", "party"):
				if not self.get(field):
					frappe.throw(_("{0} is mandatory").format(_(self.meta.get_label(field))))
			if self.party_type != "Customer" or not frappe.db.exists("Customer", self.party):
				frappe.throw(_("{0} {1} does not exist").format(_(self.party_type), self.party))
			self.party_name = frappe.db.get_value("Customer", self.party, "customer_name")
			if not self.contact_person:
				self.contact_person = get_default_contact("Customer", self.party)
			if not self.party_balance:
				self.party_balance = get_balance_on(
					party_type=self.party_type, party=self.party, date=self.posting_date, company=self.company
				)
			if not self.party_account:
				self.set(
					self.party_account_field, get_party_account(self.party_type, self.party, self.company)
				)
		self.set_bank_account_data()
		for side in ("paid_from", "paid_to"):
			account = self.get(side)
			if account:
				self.set(f"{side}_account_currency", get_account_currency(account))
				self.set(f"{side}_account_type", frappe.get_cached_value("Account", account, "account_type"))
				if not self.get(f"{side}_account_balance"):
					self.set(f"{side}_account_balance", get_balance_on(account, self.posting_date))

	def set_bank_account_data(self):
		if not self.bank_account:
			return
		bank = frappe.db.get_value(
			"Bank Account", self.bank_account, ["account", "bank", "bank_account_no"], as_dict=True
		)
		self.bank, self.bank_account_no = bank.bank, bank.bank_account_no
		field = "paid_from" if self.payment_type == "Pay" else "paid_to"
		if not self.get(field):
			self.set(field, bank.account)

	def set_missing_ref_details(self, force=False):
		for row in self.references:
			if not row.allocated_amount:
				continue
			details = get_reference_details(
				row.reference_doctype,
				row.reference_name,
				self.party_account_currency,
				self.party_type,
				self.party,
			)
			for field, value in details.items():
				if field == "exchange_rate" or force or not row.get(field):
					row.db_set(field, value)

	def set_exchange_rate(self, ref_doc=None):
		if self.paid_from_account_currency == self.company_currency:
			self.source_exchange_rate = 1
		elif ref_doc and self.paid_from_account_currency == ref_doc.currency:
			self.source_exchange_rate = ref_doc.get("conversion_rate")
		if not self.source_exchange_rate:
			self.source_exchange_rate = get_exchange_rate(
				self.paid_from_account_currency, self.company_currency, self.posting_date
			)
		if self.paid_from_account_currency == self.paid_to_account_currency:
			self.target_exchange_rate = self.source_exchange_rate
		elif not self.target_exchange_rate:
			if ref_doc and self.paid_to_account_currency == ref_doc.currency:
				self.target_exchange_rate = ref_doc.get("conversion_rate")
			if not self.target_exchange_rate:
				self.target_exchange_rate = get_exchange_rate(
					self.paid_to_account_currency, self.company_currency, self.posting_date
				)

	# --- checks ----------------------------------------------------------------------------------------

	def validate_mandatory(self):
		for field in ("paid_amount", "received_amount", "source_exchange_rate", "target_exchange_rate"):
			if not self.get(field):
				frappe.throw(_("{0} is mandatory").format(_(self.meta.get_label(field))))

	def validate_reference_documents(self):
		for row in self.references:
			if not row.allocated_amount:
				continue
			if row.reference_doctype not in REFERENCES:
				frappe.throw(
					_("Reference Doctype must be one of {0}").format(comma_or([_(one) for one in REFERENCES]))
				)
			if not frappe.db.exists(row.reference_doctype, row.reference_name):
				frappe.throw(_("{0} {1} does not exist").format(row.reference_doctype, row.reference_name))
			document = frappe.get_doc(row.reference_doctype, row.reference_name)
			if row.reference_doctype in ("Sales Order", "Sales Invoice") and document.customer != self.party:
				frappe.throw(
					_("{0} {1} is not associated with {2} {3}").format(
						_(row.reference_doctype), row.reference_name, _(self.party_type), self.party
					)
				)
			if row.reference_doctype == "Sales Invoice" and document.debit_to != self.party_account:
				frappe.throw(
					_("{0} {1} is associated with {2}, but Party Account is {3}").format(
						_(row.reference_doctype), row.reference_name, document.debit_to, self.party_account
					)
				)
			if document.docstatus != 1:
				frappe.throw(
					_("{0} {1} must be submitted").format(_(row.reference_doctype), row.reference_name)
				)

	def validate_received_amount(self):
		if self.paid_from_account_currency == self.paid_to_account_currency and flt(self.paid_amount) < flt(
			self.received_amount
		):
			frappe.throw(_("Received Amount cannot be greater than Paid Amount"))

	def validate_transaction_reference(self):
		bank = self.paid_to if self.payment_type == "Receive" else self.paid_from
		if frappe.get_cached_value("Account", bank, "account_type") == "Bank" and not (
			self.reference_no and self.reference_date
		):
			frappe.throw(_("Reference No and Reference Date is mandatory for Bank transaction"))

	def validate_duplicate_entry(self):
		seen = set()
		for row in self.references:
			key = (row.reference_doctype, row.reference_name, row.payment_term, row.get("payment_request"))
			if key in seen:
				frappe.throw(
					_("Row #{0}: Duplicate entry in References {1} {2}").format(
						row.idx, row.reference_doctype, row.reference_name
					)
				)
			seen.add(key)

	def validate_payment_type_with_outstanding(self):
		total = sum(flt(row.allocated_amount) for row in self.references)
		if total < 0 and self.party_type == "Customer" and self.payment_type == "Receive":
			frappe.throw(
				_("Cannot receive from customer against negative outstanding"),
				title=_("Incorrect Payment Type"),
			)

	def validate_allocated_amount(self):
		"""Nothing may be allocated beyond what is open by now."""
		if self.payment_type == "Internal Transfer":
			return
		self.validate_allocated_amount_as_per_payment_request()
		for row in self.references:
			if row.reference_doctype not in ("Sales Order", "Sales Invoice"):
				continue
			by_term = self.term_based_allocation_enabled_for_reference(
				row.reference_doctype, row.reference_name
			)
			if by_term and not row.payment_term:
				frappe.throw(
					_(
						"{0} has Payment Term based allocation enabled. Select a Payment Term for Row #{1} in Payment References section"
					).format(frappe.bold(row.reference_name), frappe.bold(row.idx))
				)
			open_amount = self.latest_open_amount(row)
			of_term = (
				self._open_of_term(row) if by_term and row.reference_doctype == "Sales Invoice" else None
			)
			if not open_amount or of_term == 0:
				frappe.throw(
					_("{0} {1} has already been fully paid.").format(
						_(row.reference_doctype), row.reference_name
					)
				)
			allocated = flt(row.allocated_amount)
			if of_term and allocated > of_term:
				frappe.throw(
					_(
						"Row #{0}: Allocated amount:{1} is greater than outstanding amount:{2} for Payment Term {3}"
					).format(row.idx, allocated, of_term, row.payment_term)
				)
			if (allocated > 0 and allocated > open_amount) or (allocated < 0 and allocated < open_amount):
				frappe.throw(
					_("Row #{0}: Allocated Amount cannot be greater than outstanding amount.").format(row.idx)
				)

	def validate_allocated_amount_as_per_payment_request(self):
		for row in self.references:
			if not row.payment_request:
				continue
			left = frappe.db.get_value("Payment Request", row.payment_request, "outstanding_amount")
			if row.allocated_amount > left:
				frappe.throw(
					_(
						"Row #{0}: Allocated Amount cannot be greater than Outstanding Amount of Payment Request {1}"
					).format(row.idx, get_link_to_form("Payment Request", row.payment_request)),
					title=_("Invalid Allocated Amount"),
				)

	def term_based_allocation_enabled_for_reference(self, reference_doctype, reference_name) -> bool:
		template = frappe.db.get_value(reference_doctype, reference_name, "payment_terms_template")
		return bool(
			template
			and frappe.db.get_value(
				"Payment Terms Template", template, "allocate_payment_based_on_payment_terms"
			)
		)

	def _open_of_term(self, row) -> float:
		"""What is open of a payment term, in the party account's currency; less than 0.1 counts as nothing."""
		amount = flt(
			frappe.db.get_value(
				"Payment Schedule",
				{"parent": row.reference_name, "payment_term": row.payment_term},
				"outstanding",
			)
		)
		if amount <= 0.1:
			return 0
		currency, rate = frappe.db.get_value(
			row.reference_doctype, row.reference_name, ["currency", "conversion_rate"]
		)
		both_foreign = self.company_currency not in (currency, self.party_account_currency)
		return amount if both_foreign else flt(amount * rate, 9)

	def latest_open_amount(self, row) -> float:
		if row.reference_doctype == "Sales Invoice":
			return flt(outstanding_of("Sales Invoice", row.reference_name), 9)
		order = frappe.db.get_value(
			"Sales Order",
			row.reference_name,
			[
				"status",
				"per_billed",
				"advance_paid",
				"grand_total",
				"rounded_total",
				"base_grand_total",
				"base_rounded_total",
			],
			as_dict=True,
		)
		if order.status == "Closed" or abs(100 - flt(order.per_billed)) <= 0.01:
			return 0.0
		if self.party_account_currency == self.company_currency:
			total = order.base_rounded_total or order.base_grand_total
		else:
			total = order.rounded_total or order.grand_total
		return max(flt(flt(total) - flt(order.advance_paid), 9), 0.0)

	# --- amounts ---------------------------------------------------------------------------------------

	def set_amounts(self):
		self.set_received_amount()
		self.base_paid_amount = flt(
			flt(self.paid_amount) * flt(self.source_exchange_rate), self.precision("base_paid_amount")
		)
		self.base_received_amount = flt(
			flt(self.received_amount) * flt(self.target_exchange_rate), self.precision("base_received_amount")
		)
		self.set_total_allocated_amount()
		self.set_unallocated_amount()
		self.set_exchange_gain_loss()
		self.set_difference_amount()

	def set_received_amount(self):
		if (
			self.paid_from_account_currency == self.paid_to_account_currency
			and self.payment_type != "Internal Transfer"
		):
			self.received_amount = self.paid_amount

	def base_allocated(self, row) -> float:
		"""Company's currency of an allocated amount; for documents with a rate of their own, the difference is
		kept in the row as gain or loss."""
		base = flt(flt(row.allocated_amount) * self.party_rate, self.precision("base_paid_amount"))
		if row.reference_doctype != "Sales Order":
			if row.exchange_rate is None:
				row.exchange_rate = 1
			row.exchange_gain_loss = base - flt(
				flt(row.allocated_amount) * flt(row.exchange_rate), self.precision("base_paid_amount")
			)
		return base

	def set_total_allocated_amount(self):
		if self.payment_type == "Internal Transfer":
			return
		rows = [row for row in self.references if row.allocated_amount]
		self.total_allocated_amount = abs(sum(flt(row.allocated_amount) for row in rows))
		self.base_total_allocated_amount = abs(sum(self.base_allocated(row) for row in rows))

	def set_unallocated_amount(self):
		self.unallocated_amount = 0
		if not self.party:
			return
		deducted = sum(flt(row.amount) for row in self.deductions if not row.is_exchange_gain_loss)
		if self.payment_type == "Receive":
			available, rate = self.base_paid_amount + deducted, flt(self.source_exchange_rate)
		else:
			available, rate = self.base_received_amount - deducted, flt(self.target_exchange_rate)
		if flt(self.base_total_allocated_amount) < available:
			self.unallocated_amount = (available - self.base_total_allocated_amount) / rate

	def set_exchange_gain_loss(self):
		"""What the two sides differ by in the company's currency is booked as exchange gain or loss."""
		difference = flt(
			self.base_paid_amount - self.base_received_amount, self.precision("amount", "deductions")
		)
		rows = [row for row in self.deductions if row.is_exchange_gain_loss]
		row = rows.pop(0) if rows else None
		for extra in rows:
			self.remove(extra)
		if not difference:
			if row:
				self.remove(row)
			return
		if row is None:
			account, cost_center = frappe.get_cached_value(
				"Company", self.company, ["exchange_gain_loss_account", "cost_center"]
			)
			if not (account and cost_center):
				frappe.msgprint(
					_("Please set {0} in Company {1} to account for Exchange Gain / Loss").format(
						"Exchange Gain / Loss Account", get_link_to_form("Company", self.company)
					),
					title=_("Missing Default in Company"),
					raise_exception=self.docstatus == 1,
				)
				return
			row = self.append(
				"deductions", {"account": account, "cost_center": cost_center, "is_exchange_gain_loss": 1}
			)
		row.amount = difference

	def set_difference_amount(self):
		party = flt(self.base_total_allocated_amount) + flt(self.unallocated_amount) * self.party_rate
		if self.payment_type == "Receive":
			difference = party - self.base_received_amount
		elif self.payment_type == "Pay":
			difference = self.base_paid_amount - party
		else:
			difference = self.base_paid_amount - flt(self.base_received_amount)
		deducted = sum(flt(row.amount) for row in self.deductions)
		self.difference_amount = flt(difference - deducted, self.precision("difference_amount"))

	def clear_unallocated_reference_document_rows(self):
		self.set("references", [row for row in self.references if flt(row.allocated_amount)])
		frappe.db.delete("Payment Entry Reference", {"parent": self.name, "allocated_amount": 0})

	# --- texts -----------------------------------------------------------------------------------------

	def set_title(self):
		self.title = self.party if self.party_account_field else f"{self.paid_from} - {self.paid_to}"

	def set_remarks(self):
		if self.custom_remarks:
			return
		if self.payment_type == "Internal Transfer":
			parts = [
				_("Amount {0} {1} transferred from {2} to {3}").format(
					self.paid_from_account_currency, self.paid_amount, self.paid_from, self.paid_to
				)
			]
		else:
			receive = self.payment_type == "Receive"
			parts = [
				_("Amount {0} {1} {2} {3}").format(
					self.party_account_currency,
					self.paid_amount if receive else self.received_amount,
					_("received from") if receive else _("to"),
					self.party,
				)
			]
		if self.reference_no:
			parts.append(
				_("Transaction reference no {0} dated {1}").format(self.reference_no, self.reference_date)
			)
		parts += [
			_("Amount {0} {1} against {2} {3}").format(
				self.party_account_currency, row.allocated_amount, row.reference_doctype, row.reference_name
			)
			for row in self.references
		]
		self.remarks = "\n".join(parts)

	def set_total_in_words(self):
		received = self.payment_type == "Receive"
		base, amount, currency = (
			(self.base_received_amount, self.received_amount, self.paid_to_account_currency)
			if received
			else (self.base_paid_amount, self.paid_amount, self.paid_from_account_currency)
		)
		self.base_in_words = money_in_words(abs(flt(base)), self.company_currency)
		self.in_words = money_in_words(abs(flt(amount)), currency)

	def set_status(self, update=False, status=None, update_modified=True):
		self.status = {0: "Draft", 1: "Submitted", 2: "Cancelled"}[int(self.docstatus)]
		if not self.is_new():
			self.db_set("status", self.status)

	# --- ledger ----------------------------------------------------------------------------------------

	def make_gl_entries(self, cancel=0):
		if cancel:
			make_reverse_gl_entries(voucher_type=self.doctype, voucher_no=self.name)
			cancel_exchange_gain_loss_journal(self)
			return
		make_gl_entries(process_gl_map(self.build_gl_map()))
		self.make_exchange_gain_loss_journal()

	def build_gl_map(self):
		self.set_transaction_currency()
		return [*self._party_entries(), *self._bank_entries(), *self._deduction_entries()]

	def set_transaction_currency(self):
		# only the amounts are booked in it; ERPNext leaves the entries' own fields for it empty
		self._currency, self._rate = self.company_currency, 1.0
		if self.paid_from_account_currency != self.company_currency:
			self._currency, self._rate = self.paid_from_account_currency, flt(self.source_exchange_rate)
		elif self.paid_to_account_currency != self.company_currency:
			self._currency, self._rate = self.paid_to_account_currency, flt(self.target_exchange_rate)

	def _entry(self, account, side, amount, base, **more):
		currency = get_account_currency(account)
		return self.get_gl_dict(
			{
				"account": account,
				side: base,
				f"{side}_in_account_currency": amount,
				f"{side}_in_transaction_currency": amount
				if currency == self._currency
				else base / self._rate,
				"cost_center": self.cost_center,
				**more,
			},
			currency,
		)

	def _party_entries(self):
		if not self.party_account:
			return
		side = "credit" if self.payment_type == "Receive" else "debit"
		common = {
			"party_type": self.party_type,
			"party": self.party,
			"against": self.paid_to if self.payment_type == "Receive" else self.paid_from,
		}
		for row in self.references:
			amount, base = flt(row.allocated_amount), self.base_allocated(row)
			if amount < 0 and row.reference_doctype == "Sales Invoice" and self.payment_type == "Pay":
				# money back on a credit note: what is open there is negative, the payment still debits
				amount, base = -amount, -base
			yield self._entry(
				self.party_account,
				side,
				amount,
				base,
				**common,
				against_voucher_type=row.reference_doctype,
				against_voucher=row.reference_name,
				cost_center=self.cost_center or self._cost_center_of(row),
			)
		if self.unallocated_amount:
			base = self.unallocated_amount * self.party_rate
			yield self._entry(self.party_account, side, self.unallocated_amount, base, **common)

	def _cost_center_of(self, row) -> str | None:
		if row.reference_doctype != "Sales Invoice":
			return None
		return frappe.db.get_value(row.reference_doctype, row.reference_name, "cost_center")

	def _bank_entries(self):
		if self.payment_type in ("Pay", "Internal Transfer"):
			against = self.party if self.payment_type == "Pay" else self.paid_to
			yield self._entry(
				self.paid_from, "credit", self.paid_amount, self.base_paid_amount, against=against
			)
		if self.payment_type in ("Receive", "Internal Transfer"):
			against = self.party if self.payment_type == "Receive" else self.paid_from
			yield self._entry(
				self.paid_to, "debit", self.received_amount, self.base_received_amount, against=against
			)

	def _deduction_entries(self):
		for row in self.deductions:
			if not row.amount:
				continue
			if get_account_currency(row.account) != self.company_currency:
				frappe.throw(_("Currency for {0} must be {1}").format(row.account, self.company_currency))
			yield self._entry(
				row.account,
				"debit",
				row.amount,
				row.amount,
				against=self.party or self.paid_from,
				cost_center=row.cost_center,
			)

	def make_exchange_gain_loss_journal(self):
		"""A Journal Entry for each reference that was booked at another rate than this payment's."""
		for row in self.references:
			amount = flt(row.exchange_gain_loss, self.precision("base_paid_amount"))
			if not amount:
				continue
			side, other = ("debit", "credit") if amount > 0 else ("credit", "debit")
			journal = frappe.get_doc(
				{
					"doctype": "Journal Entry",
					"voucher_type": "Exchange Gain Or Loss",
					"company": self.company,
					"posting_date": self.posting_date,
					"multi_currency": 1,
					"is_system_generated": 1,
					"accounts": [
						{
							"account": self.party_account,
							"party_type": self.party_type,
							"party": self.party,
							"cost_center": self.cost_center
							or frappe.get_cached_value("Company", self.company, "cost_center"),
							"reference_type": row.reference_doctype,
							"reference_name": row.reference_name,
							side: abs(amount),
						},
						{
							"account": frappe.get_cached_value(
								"Company", self.company, "exchange_gain_loss_account"
							),
							"cost_center": self.cost_center
							or frappe.get_cached_value("Company", self.company, "cost_center"),
							"reference_type": self.doctype,
							"reference_name": self.name,
							"reference_detail_no": row.idx,
							other: abs(amount),
						},
					],
				}
			)
			journal.flags.ignore_permissions = True  # part of the payment, which was allowed
			journal.submit()
			frappe.msgprint(
				_("Exchange Gain/Loss amount has been booked through {0}").format(
					get_link_to_form("Journal Entry", journal.name)
				)
			)

	# --- payment terms ---------------------------------------------------------------------------------

	def update_payment_schedule(self, cancel=0):
		"""What is paid of each payment term that the references name."""
		paid: dict[tuple, float] = {}
		for row in self.references:
			if row.payment_term and row.reference_name:
				key = (row.reference_doctype, row.reference_name, row.payment_term)
				paid[key] = paid.get(key, 0.0) + row.allocated_amount
		for number, ((doctype, name, term), amount) in enumerate(paid.items(), 1):
			schedule = frappe.db.get_value(
				"Payment Schedule",
				{"parent": name, "payment_term": term},
				["name", "paid_amount", "base_paid_amount", "outstanding", "base_outstanding"],
				as_dict=True,
			)
			if not schedule:
				frappe.throw(_("Payment term {0} not used in {1}").format(term, name))
			currency, rate = frappe.db.get_value(doctype, name, ["currency", "conversion_rate"])
			if (
				self.paid_from_account_currency == self.paid_to_account_currency
				and self.paid_from_account_currency != currency
			):
				amount = flt(amount / rate, self.precision("total_allocated_amount"))
			if not cancel and amount > flt(schedule.outstanding):
				frappe.throw(
					_("Row #{0}: Cannot allocate more than {1} against payment term {2}").format(
						number, fmt_money(schedule.outstanding), term
					)
				)
			amount = -amount if cancel else amount
			base = flt(amount * rate, 2)
			frappe.db.set_value(
				"Payment Schedule",
				schedule.name,
				{
					"paid_amount": schedule.paid_amount + amount,
					"base_paid_amount": flt(schedule.base_paid_amount) + base,
					"outstanding": schedule.outstanding - amount,
					# ERPNext takes it off once more when a payment is cancelled
					"base_outstanding": flt(schedule.base_outstanding) - abs(base),
				},
			)

	# --- orders and advances ---------------------------------------------------------------------------

	def advances_on_orders(self):
		currency = (
			self.paid_from_account_currency
			if self.payment_type == "Receive"
			else self.paid_to_account_currency
		)
		for row in self.references:
			if row.reference_doctype == "Sales Order":
				yield row.reference_name, row.allocated_amount, currency

	def update_advance_paid(self):
		for name in {row.reference_name for row in self.references if row.reference_doctype == "Sales Order"}:
			frappe.get_doc("Sales Order", name).set_total_advance_paid()

	def release_advances(self):
		for row in self.references:
			if row.reference_doctype == "Sales Invoice":
				frappe.db.delete(
					"Sales Invoice Advance", {"parent": row.reference_name, "reference_name": self.name}
				)

	def allocate_to_invoice(self, invoice, reference_row, amount):
		"""Settle a submitted invoice with money that was paid on its order, or is not settled yet."""
		if reference_row:
			row = next(row for row in self.references if row.name == reference_row)
			row.allocated_amount = flt(row.allocated_amount) - amount
		self.append(
			"references",
			{
				"reference_doctype": invoice.doctype,
				"reference_name": invoice.name,
				"allocated_amount": amount,
				"exchange_rate": 1
				if self.party_account_currency == self.company_currency
				else invoice.conversion_rate,
				"total_amount": invoice.grand_total,
				"outstanding_amount": invoice.outstanding_amount,
			},
		)
		self.set("references", [row for row in self.references if flt(row.allocated_amount)])
		self.set_amounts()
		self.flags.ignore_validate_update_after_submit = True
		self.flags.ignore_validate = True
		# the invoice's author need not have a right on payments: only who gets what changes, no money moves
		self.save(ignore_permissions=True)
		frappe.db.delete("Payment Ledger Entry", {"voucher_type": self.doctype, "voucher_no": self.name})
		create_payment_ledger_entry(process_gl_map(self.build_gl_map()), update_outstanding="No")
		update_voucher_outstanding(
			invoice.doctype, invoice.name, self.party_account, self.party_type, self.party
		)


@frappe.whitelist()
def get_reference_details(
	reference_doctype,
	reference_name,
	party_account_currency,
	party_type=None,
	party=None,
) -> frappe._dict:
	document = frappe.get_doc(reference_doctype, reference_name)
	details = frappe._dict(due_date=document.get("due_date"), bill_no=document.get("bill_no"))
	if reference_doctype in ("Journal Entry", "Payment Entry"):
		return details | {"total_amount": 0.0, "outstanding_amount": 0.0, "exchange_rate": 1.0}
	company_currency = frappe.get_cached_value("Company", document.company, "default_currency")
	if party_account_currency == company_currency:
		total = (
			document.get("base_rounded_total") or document.get("rounded_total") or document.base_grand_total
		)
		details.exchange_rate = 1.0
	else:
		total = document.get("rounded_total") or document.grand_total
		details.exchange_rate = flt(document.conversion_rate)
	details.total_amount = flt(total)
	if reference_doctype == "Sales Invoice":
		details.outstanding_amount = flt(document.outstanding_amount)
		details.account = document.debit_to
	else:
		details.outstanding_amount = flt(total) - flt(document.advance_paid)
		details.account = get_party_account("Customer", document.customer, document.company)
	return details


@frappe.whitelist()
def get_account_details(account, date, cost_center=None) -> frappe._dict:
	frappe.has_permission("Payment Entry", throw=True)
	return frappe._dict(
		account_currency=get_account_currency(account),
		account_balance=get_balance_on(account, date, cost_center=cost_center),
		account_type=frappe.get_cached_value("Account", account, "account_type"),
	)


@frappe.whitelist()
def get_payment_entry(
	dt,
	dn,
	party_amount=None,
	bank_account=None,
	bank_amount=None,
	party_type=None,
	payment_type=None,
	reference_date=None,
	created_from_payment_request=False,
):
	"""An unsaved Payment Entry that settles what is open on a Sales Order or Sales Invoice."""
	document = frappe.get_doc(dt, dn)
	allowance = flt(frappe.get_cached_doc("Accounts Settings").over_billing_allowance)
	if dt == "Sales Order" and flt(document.per_billed, 2) >= 100.0 + allowance:
		frappe.throw(_("Can only make payment against unbilled {0}").format(_(dt)))
	party_account = (
		document.debit_to
		if dt == "Sales Invoice"
		else get_party_account("Customer", document.customer, document.company)
	)
	currency = get_account_currency(party_account)
	total, open_amount = _total_and_open(document, currency, party_amount)
	if not payment_type:
		owed = dt == "Sales Order" or flt(document.outstanding_amount) > 0
		payment_type = "Receive" if owed else "Pay"
	bank, bank_currency = _bank(document, bank_account)
	paid, received = _paid_and_received(
		document, currency, bank_currency, open_amount, payment_type, bank_amount
	)
	receive = payment_type == "Receive"
	payment = frappe.new_doc("Payment Entry")
	payment.update(
		{
			"payment_type": payment_type,
			"company": document.company,
			"cost_center": document.get("cost_center"),
			"posting_date": nowdate(),
			"reference_date": getdate(reference_date),
			"mode_of_payment": document.get("mode_of_payment"),
			"party_type": "Customer",
			"party": document.customer,
			"contact_person": document.get("contact_person"),
			"paid_from": party_account if receive else bank,
			"paid_to": bank if receive else party_account,
			"paid_from_account_currency": currency if receive else bank_currency,
			"paid_to_account_currency": bank_currency if receive else currency,
			"paid_amount": paid,
			"received_amount": received,
		}
	)
	row = {
		"reference_doctype": dt,
		"reference_name": dn,
		"due_date": document.get("due_date"),
		"total_amount": total,
		"outstanding_amount": open_amount,
	}
	by_term = document.get("payment_terms_template") and frappe.get_cached_value(
		"Payment Terms Template",
		document.payment_terms_template,
		"allocate_payment_based_on_payment_terms",
	)
	for share in _by_terms(document, currency) if by_term else [{"allocated_amount": open_amount}]:
		payment.append("references", row | share)
	bank_accounts = {"is_company_account": 1, "is_default": 1, "company": document.company}
	payment.bank_account = frappe.db.get_value("Bank Account", bank_accounts)
	payment.set_missing_values()
	for row in payment.references:
		row.update(get_reference_details(dt, dn, currency, "Customer", document.customer))
	if bank:
		payment.set_exchange_rate(ref_doc=document)
		payment.set_amounts()
	if not created_from_payment_request:
		allocate_open_payment_requests_to_references(payment)
	return payment


def _by_terms(document, currency) -> list[dict]:
	"""What is open of each payment term, in the party account's currency."""
	company_currency = frappe.get_cached_value("Company", document.company, "default_currency")
	shares = []
	for term in document.payment_schedule:
		precision = term.precision("payment_amount")
		amount = flt(term.payment_amount - term.paid_amount, precision)
		if company_currency in (document.currency, currency):
			amount = flt(amount * document.conversion_rate, precision)
		if amount:
			shares.append(
				{
					"payment_term": term.payment_term,
					"payment_term_outstanding": amount,
					"allocated_amount": amount,
				}
			)
	return shares


def allocate_open_payment_requests_to_references(payment):
	"""Name the open Payment Requests of each reference, the oldest first."""
	keys = {(row.reference_doctype, row.reference_name) for row in payment.references}
	name_payment_requests(payment, {key: _open_requests(*key) for key in keys})


def name_payment_requests(payment, left: dict[tuple, dict[str, float]]):
	"""Name Payment Requests in the rows of their document, as far as there is something `left` of each; a row that is
	more than its request asks for is split."""
	rows = []
	for row in payment.references:
		requests = left[row.reference_doctype, row.reference_name]
		amount = row.allocated_amount
		while True:
			name = next(iter(requests), None)
			part = min(amount, requests[name]) if name else amount
			share = row if row not in rows else frappe.copy_doc(row)
			share.update({"payment_request": name, "allocated_amount": part})
			rows.append(share)
			amount = flt(amount - part, payment.precision("paid_amount"))
			if name:
				requests[name] -= part
				if not requests[name]:
					del requests[name]
			if not amount:
				break
	payment.set("references", rows)


def _open_requests(doctype: str, name: str) -> dict[str, float]:
	rows = frappe.get_all(
		"Payment Request",
		filters={
			"reference_doctype": doctype,
			"reference_name": name,
			"status": ("!=", "Paid"),
			"outstanding_amount": (">", 0),
			"docstatus": 1,
		},
		fields=["name", "outstanding_amount"],
		order_by="transaction_date, creation",
	)
	return {row.name: row.outstanding_amount for row in rows}


def _total_and_open(document, currency, party_amount):
	base = currency == frappe.get_cached_value("Company", document.company, "default_currency")
	prefix = "base_" if base else ""
	total = flt(document.get(f"{prefix}rounded_total") or document.get(f"{prefix}grand_total"))
	if party_amount:
		return flt(party_amount), flt(party_amount)
	if document.doctype == "Sales Invoice":
		return total, flt(document.outstanding_amount)
	return total, total - flt(document.advance_paid)


def _bank(document, bank_account):
	account = bank_account
	if not account and document.get("mode_of_payment"):
		account = get_mode_account(document.mode_of_payment, document.company)["account"]
	if not account:
		account = frappe.get_cached_value("Company", document.company, "default_bank_account")
	if not account:
		account = frappe.get_cached_value("Company", document.company, "default_cash_account")
	return account, get_account_currency(account)


def _paid_and_received(document, party_currency, bank_currency, open_amount, payment_type, bank_amount):
	amount = abs(open_amount)
	if party_currency == bank_currency or not bank_currency:
		return amount, amount
	company_currency = frappe.get_cached_value("Company", document.company, "default_currency")
	if bank_amount:
		other = flt(bank_amount)
	elif company_currency != bank_currency:
		rate = get_exchange_rate(company_currency, bank_currency, nowdate()) or 1
		other = amount * flt(rate)
	else:
		other = amount * flt(document.get("conversion_rate") or 1)
	return (amount, other) if payment_type == "Receive" else (other, amount)


def on_doctype_update():
	frappe.db.add_index("Payment Entry", ["party_type", "party"])
