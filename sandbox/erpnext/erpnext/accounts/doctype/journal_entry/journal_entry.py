import frappe
from erpnext.accounts.general_ledger import make_gl_entries
from erpnext.accounts.utils import get_account_currency
from erpnext.controllers.accounts_controller import AccountsController
from frappe import _, msgprint
from frappe.model.mapper import get_mapped_doc
from frappe.utils import flt, fmt_money, formatdate, money_in_words

SIDES = ("debit", "credit")
#: what a receivable may be booked against, and the fields that must agree with the row
REFERENCES = {"Sales Invoice": ("customer", "debit_to"), "Sales Order": ("customer",)}


class JournalEntry(AccountsController):
	"""Debits and credits by hand: amounts, parties, references, currencies."""

	@property
	def is_difference(self) -> bool:
		"""An exchange difference: amounts in the company's currency only."""
		return self.voucher_type == "Exchange Gain Or Loss" and bool(self.multi_currency)

	def validate(self):
		if self.voucher_type == "Opening Entry":
			self.is_opening = "Yes"
		self.is_opening = self.is_opening or "No"
		self.clearance_date = None
		if not self.accounts:
			frappe.throw(_("Accounts table cannot be blank."))
		self.validate_party()
		self.validate_entries_for_advance()
		self.validate_multi_currency()
		self.set_exchange_rate()
		self.set_amounts_in_company_currency()
		self.set_total_debit_credit()
		self.validate_against_jv()
		self.validate_reference_doc()
		if self.docstatus == 0:
			self.set_against_account()
		self.create_remarks()
		self.set_print_format_fields()
		if self.is_new() or not self.title:
			self.title = self.pay_to_recd_from or self.accounts[0].account

	def before_submit(self):
		if self.difference and not self.is_difference:
			frappe.throw(
				_("Total Debit must be equal to Total Credit. The difference is {0}").format(self.difference)
			)

	def on_submit(self):
		self.validate_cheque_info()
		self.make_gl_entries()
		self.make_advance_payment_ledger_entries()
		self.update_advance_paid()

	def on_cancel(self):
		super().on_cancel()
		self.ignore_linked_doctypes = (
			"GL Entry",
			"Stock Ledger Entry",
			"Payment Ledger Entry",
			"Unreconcile Payment",
			"Unreconcile Payment Entries",
			"Advance Payment Ledger Entry",
		)
		self.make_gl_entries(1)
		self.make_advance_payment_ledger_entries()
		self.update_advance_paid()

	# --- checks ----------------------------------------------------------------------------------------

	def validate_party(self):
		for row in self.accounts:
			kind = frappe.get_cached_value("Account", row.account, "account_type")
			if kind not in ("Receivable", "Payable"):
				continue
			if not (row.party_type and row.party):
				frappe.throw(
					_(
						"Row {0}: Party Type and Party is required for Receivable / Payable account {1}"
					).format(row.idx, row.account)
				)
			if frappe.db.get_value("Party Type", row.party_type, "account_type") != kind:
				frappe.throw(
					_("Row {0}: Account {1} and Party Type {2} have different account types").format(
						row.idx, row.account, row.party_type
					)
				)

	def validate_entries_for_advance(self):
		for row in self.accounts:
			if row.reference_type in ("Sales Invoice", "Journal Entry") or row.party_type != "Customer":
				continue
			if flt(row.credit) > 0 and row.is_advance == "No":
				msgprint(
					_(
						"Row {0}: Please check 'Is Advance' against Account {1} if this is an advance entry."
					).format(row.idx, row.account),
					alert=True,
				)
			elif flt(row.credit) > 0 and row.reference_type == "Sales Order" and row.is_advance != "Yes":
				frappe.throw(
					_(
						"Row {0}: Payment against Sales/Purchase Order should always be marked as advance"
					).format(row.idx)
				)
			if row.is_advance == "Yes" and flt(row.debit) > 0:
				frappe.throw(_("Row {0}: Advance against Customer must be credit").format(row.idx))

	def validate_multi_currency(self):
		for row in self.accounts:
			row.account_currency = get_account_currency(row.account) or self.company_currency
			row.account_type = frappe.get_cached_value("Account", row.account, "account_type")
		foreign = any(row.account_currency != self.company_currency for row in self.accounts)
		if foreign and not self.multi_currency:
			frappe.throw(_("Please check Multi Currency option to allow accounts with other currency"))

	def validate_against_jv(self):
		for row in self.accounts:
			if row.reference_type != "Journal Entry" or self.is_difference:
				continue
			if row.reference_name == self.name:
				frappe.throw(_("You can not enter current voucher in 'Against Journal Entry' column"))
			root = frappe.get_cached_value("Account", row.account, "root_type")
			if root == "Asset" and flt(row.debit) > 0:
				frappe.throw(
					_(
						"Row #{0}: For {1}, you can select reference document only if account gets credited"
					).format(row.idx, row.account)
				)
			other = "debit" if flt(row.credit) > 0 else "credit"
			rows = frappe.get_all(
				"Journal Entry Account",
				filters={"account": row.account, "docstatus": 1, "parent": row.reference_name},
				fields=["reference_type", *SIDES],
			)
			rows = [one for one in rows if one.reference_type in (None, "", "Sales Order")]
			if not rows:
				frappe.throw(
					_(
						"Journal Entry {0} does not have account {1} or already matched against other voucher"
					).format(row.reference_name, row.account)
				)
			if not any(flt(one[other]) > 0 for one in rows):
				frappe.throw(
					_("Against Journal Entry {0} does not have any unmatched {1} entry").format(
						row.reference_name, other
					)
				)

	def validate_reference_doc(self):
		"""Rows name documents of their own party and account, that are open for that much."""
		totals: dict[tuple[str, str], float] = {}
		accounts = {}
		for row in self.accounts:
			if not (row.reference_type and row.reference_name):
				row.reference_type = row.reference_name = None
			fields = REFERENCES.get(row.reference_type)
			if not fields:
				continue
			if row.reference_type == "Sales Order" and flt(row.debit) > 0:
				frappe.throw(
					_("Row {0}: Debit entry can not be linked with a {1}").format(row.idx, row.reference_type)
				)
			key = (row.reference_type, row.reference_name)
			totals[key] = totals.get(key, 0.0) + flt(row.credit_in_account_currency)
			accounts[key] = row.account
			self._check_party(row, fields)
		for key, total in totals.items():
			if key[0] == "Sales Order":
				self._check_order(key[1], accounts[key], total)
			elif self.voucher_type not in ("Debit Note", "Credit Note"):
				self._check_invoice(key[1], total)

	def _check_party(self, row, fields):
		values = frappe.db.get_value(row.reference_type, row.reference_name, fields, as_dict=True)
		if not values:
			frappe.throw(_("Row {0}: Invalid reference {1}").format(row.idx, row.reference_name))
		if row.reference_type == "Sales Order" and values.customer != row.party:
			frappe.throw(
				_("Row {0}: {1} {2} does not match with {3}").format(
					row.idx, row.party_type, row.party, row.reference_type
				)
			)
		if (
			row.reference_type == "Sales Invoice"
			and (values.customer, values.debit_to) != (row.party, row.account)
			and self.voucher_type != "Exchange Gain Or Loss"
		):
			frappe.throw(
				_("Row {0}: Party / Account does not match with {1} / {2} in {3} {4}").format(
					row.idx, "Customer", "Debit To", row.reference_type, row.reference_name
				)
			)

	def _check_order(self, name, account, total):
		order = frappe.get_doc("Sales Order", name)
		for wrong, sentence in (
			(order.docstatus != 1, _("{0} {1} is not submitted")),
			(flt(order.per_billed) >= 100, _("{0} {1} is fully billed")),
			(order.status == "Closed", _("{0} {1} is closed")),
		):
			if wrong:
				frappe.throw(sentence.format("Sales Order", name))
		field = (
			"base_grand_total" if get_account_currency(account) == self.company_currency else "grand_total"
		)
		if flt(order.get(field)) < flt(order.advance_paid) + total:
			frappe.throw(
				_("Advance paid against {0} {1} cannot be greater than Grand Total {2}").format(
					"Sales Order", name, order.get_formatted(field)
				)
			)

	def _check_invoice(self, name, total):
		invoice = frappe.db.get_value(
			"Sales Invoice", name, ["docstatus", "outstanding_amount"], as_dict=True
		)
		if invoice.docstatus != 1:
			frappe.throw(_("{0} {1} is not submitted").format("Sales Invoice", name))
		if total and flt(invoice.outstanding_amount) < total:
			frappe.throw(
				_("Payment against {0} {1} cannot be greater than Outstanding Amount {2}").format(
					"Sales Invoice", name, invoice.outstanding_amount
				)
			)

	def validate_cheque_info(self):
		if self.voucher_type == "Bank Entry" and not (self.cheque_no and self.cheque_date):
			frappe.throw(_("Reference No & Reference Date is required for {0}").format(self.voucher_type))
		if self.cheque_date and not self.cheque_no:
			frappe.throw(_("Reference No is mandatory if you entered Reference Date"))

	# --- amounts ---------------------------------------------------------------------------------------

	def set_exchange_rate(self):
		"""The row's rate, or the day's; on an invoice's account always the invoice's own."""
		for row in self.accounts:
			if row.account_currency == self.company_currency:
				row.exchange_rate = 1
			elif (
				not row.exchange_rate
				or row.exchange_rate == 1
				or (row.reference_type == "Sales Invoice" and row.reference_name)
			) and not self.flags.ignore_exchange_rate:
				row.exchange_rate = get_exchange_rate(
					self.posting_date,
					row.account,
					row.account_currency,
					self.company,
					row.reference_type,
					row.reference_name,
					row.debit,
					row.credit,
					row.exchange_rate,
				)
			if not row.exchange_rate:
				frappe.throw(_("Row {0}: Exchange Rate is mandatory").format(row.idx))

	def set_amounts_in_company_currency(self):
		if self.is_difference:
			return
		for row in self.accounts:
			for side in SIDES:
				own = f"{side}_in_account_currency"
				row.set(own, flt(row.get(own), row.precision(own)))
				row.set(side, flt(row.get(own) * flt(row.exchange_rate), row.precision(side)))
			if not flt(row.debit) and not flt(row.credit):
				frappe.throw(_("Row {0}: Both Debit and Credit values cannot be zero").format(row.idx))

	def set_total_debit_credit(self):
		if any(row.debit and row.credit for row in self.accounts):
			frappe.throw(_("You cannot credit and debit same account at the same time"))
		for side in SIDES:
			total = sum(flt(row.get(side), row.precision(side)) for row in self.accounts)
			self.set(f"total_{side}", total)
		self.difference = flt(self.total_debit, self.precision("total_debit")) - flt(
			self.total_credit, self.precision("total_credit")
		)

	# --- texts -----------------------------------------------------------------------------------------

	def set_against_account(self):
		debited = [row.party or row.account for row in self.accounts if flt(row.debit) > 0]
		credited = [row.party or row.account for row in self.accounts if flt(row.credit) > 0]
		for row in self.accounts:
			if flt(row.debit) > 0:
				row.against_account = ", ".join(dict.fromkeys(credited))
			if flt(row.credit) > 0:
				row.against_account = ", ".join(dict.fromkeys(debited))

	def create_remarks(self):
		if self.flags.skip_remarks_creation:
			return
		remarks = []
		if self.user_remark:
			remarks.append(_("Note: {0}").format(self.user_remark))
		if self.cheque_no:
			if not self.cheque_date:
				frappe.throw(_("Please enter Reference date"), frappe.MandatoryError)
			remarks.append(_("Reference #{0} dated {1}").format(self.cheque_no, formatdate(self.cheque_date)))
		for row in self.accounts:
			if row.reference_type in ("Sales Invoice", "Sales Order") and row.credit:
				sentence = (
					_("{0} against Sales Invoice {1}")
					if row.reference_type == "Sales Invoice"
					else _("{0} against Sales Order {1}")
				)
				amount = fmt_money(flt(row.credit), currency=self.company_currency)
				remarks.append(sentence.format(amount, row.reference_name))
		if remarks:
			self.remark = "\n".join(remarks)

	def set_print_format_fields(self):
		"""Who pays or is paid, and how much, as it is printed."""
		first = next((row for row in self.accounts if row.party_type == "Customer" and row.party), None)
		amount, currency = 0.0, None
		if first:
			self.pay_to_recd_from = frappe.db.get_value("Customer", first.party, "customer_name")
			theirs = [row for row in self.accounts if row.party == first.party]
			banks = [row for row in self.accounts if not row.party and row.account_type in ("Bank", "Cash")]
			rows = banks if any(map(_own_amount, banks)) else theirs
			amount, currency = sum(map(_own_amount, rows)), rows[-1].account_currency
		self.total_amount, self.total_amount_currency = amount, currency
		self.total_amount_in_words = money_in_words(amount, currency)

	# --- ledger ----------------------------------------------------------------------------------------

	def make_gl_entries(self, cancel=0, adv_adj=0):
		merge = frappe.db.get_single_value("Accounts Settings", "merge_similar_account_heads")
		make_gl_entries(self.build_gl_map(), cancel=cancel, adv_adj=adv_adj, merge_entries=merge)

	def build_gl_map(self):
		currency, rate = self.company_currency, 1.0
		if self.multi_currency:
			# the first foreign currency is the whole entry's
			foreign = [row for row in self.accounts if row.account_currency != self.company_currency]
			if foreign:
				currency, rate = foreign[0].account_currency, foreign[0].exchange_rate
		return [
			self._entry(row, currency, rate)
			for row in self.accounts
			if row.debit or row.credit or self.voucher_type == "Exchange Gain Or Loss"
		]

	def _entry(self, row, currency, rate):
		amounts = {}
		for side in SIDES:
			own = f"{side}_in_account_currency"
			amounts[side] = flt(row.get(side), row.precision(side))
			amounts[own] = flt(row.get(own), row.precision(own))
			same = currency == row.account_currency
			amounts[f"{side}_in_transaction_currency"] = (
				amounts[own] if same else amounts[side] / rate if rate else 0.0
			)
		return self.get_gl_dict(
			{
				**amounts,
				"account": row.account,
				"party_type": row.party_type,
				"party": row.party,
				"due_date": self.due_date,
				"against": row.against_account,
				"account_currency": row.account_currency,
				"transaction_currency": currency,
				"transaction_exchange_rate": rate,
				"against_voucher_type": row.reference_type,
				"against_voucher": row.reference_name,
				"remarks": "\n".join(filter(None, (row.user_remark, self.remark))),
				"voucher_detail_no": row.reference_detail_no,
				"cost_center": row.cost_center,
			},
			row.account_currency,
		)

	def advances_on_orders(self):
		for row in self.accounts:
			if row.reference_type == "Sales Order" and flt(row.credit_in_account_currency) > 0:
				yield row.reference_name, row.credit_in_account_currency, row.account_currency

	def update_advance_paid(self):
		orders = {
			row.reference_name
			for row in self.accounts
			if row.reference_type == "Sales Order" and row.is_advance
		}
		for name in orders:
			frappe.get_doc("Sales Order", name).set_total_advance_paid()


def _own_amount(row) -> float:
	return flt(row.debit_in_account_currency) or flt(row.credit_in_account_currency)


@frappe.whitelist()
def get_exchange_rate(
	posting_date,
	account=None,
	account_currency=None,
	company=None,
	reference_type=None,
	reference_name=None,
	debit=None,
	credit=None,
	exchange_rate=None,
):
	"""From an account's currency to the company's; 1 when nobody knows."""
	from erpnext.setup.utils import get_exchange_rate as rate_of_day

	details = frappe.get_cached_value("Account", account, ["account_currency", "company"], as_dict=True)
	if not details:
		frappe.throw(_("Please select correct account"))
	account_currency = account_currency or details.account_currency
	home = frappe.get_cached_value("Company", company or details.company, "default_currency")
	if account_currency == home:
		return 1
	if reference_type == "Sales Invoice" and reference_name:
		exchange_rate = frappe.db.get_value(reference_type, reference_name, "conversion_rate")
	elif not exchange_rate or flt(exchange_rate) == 1:
		exchange_rate = rate_of_day(account_currency, home, posting_date)
	return exchange_rate or 1


@frappe.whitelist()
def make_reverse_journal_entry(source_name, target_doc=None):
	"""A draft that takes a submitted entry back."""

	def name_the_source(source, target):
		target.reversal_of = source.name

	turned = {
		"debit_in_account_currency": "credit_in_account_currency",
		"debit": "credit",
		"credit_in_account_currency": "debit_in_account_currency",
		"credit": "debit",
	}
	kept = ("account_currency", "exchange_rate", "reference_type", "reference_name")
	return get_mapped_doc(
		"Journal Entry",
		source_name,
		{
			"Journal Entry": {"doctype": "Journal Entry", "validation": {"docstatus": ["=", 1]}},
			"Journal Entry Account": {
				"doctype": "Journal Entry Account",
				"field_map": turned | {field: field for field in kept},
			},
		},
		target_doc,
		name_the_source,
	)
