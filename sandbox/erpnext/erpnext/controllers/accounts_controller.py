import erpnext
import frappe
from erpnext.accounts.party import (
	due_date_of_term,
	get_party_account_currency,
	get_party_gle_currency,
	validate_due_date,
	validate_party_frozen_disabled,
)
from erpnext.accounts.utils import (
	cancel_exchange_gain_loss_journal,
	get_account_currency,
	get_fiscal_years,
	outstanding_of,
	unlink_ref_doc_from_payment_entries,
)
from erpnext.controllers.sales_and_purchase_return import validate_return
from erpnext.controllers.status_updater import get_allowance_for
from erpnext.controllers.taxes_and_totals import calculate_taxes_and_totals
from erpnext.exceptions import InvalidCurrency
from erpnext.setup.utils import get_exchange_rate
from erpnext.stock.get_item_details import get_item_details
from erpnext.utilities.transaction_base import TransactionBase
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Max, Sum
from frappe.utils import cint, flt, fmt_money, get_link_to_form, getdate


class AccountMissingError(frappe.ValidationError):
	pass


class InvalidQtyError(frappe.ValidationError):
	pass


#: values a row always takes from its item, whatever it holds
FORCED = (
	"item_group",
	"brand",
	"stock_uom",
	"weight_per_unit",
	"weight_uom",
	"total_weight",
	"valuation_rate",
)


#: what the details of an item depend on
OF_DOCUMENT = (
	"company",
	"customer",
	"currency",
	"conversion_rate",
	"selling_price_list",
	"price_list_currency",
	"plc_conversion_rate",
	"set_warehouse",
	"cost_center",
)
OF_ROW = (
	"item_code",
	"qty",
	"uom",
	"conversion_factor",
	"warehouse",
	"rate",
	"price_list_rate",
	"discount_amount",
	"income_account",
	"expense_account",
	"weight_per_unit",
	"weight_uom",
)


class AccountsController(TransactionBase):
	"""Documents with a company, a party, rows and money."""

	@property
	def company_currency(self):
		return erpnext.get_company_currency(self.company)

	@property
	def company_abbr(self):
		return frappe.get_cached_value("Company", self.company, "abbr")

	def validate(self):
		if not self.get("is_return"):
			self.validate_qty_is_not_zero()
		if self.get("_action") and self._action != "update_after_submit":
			self.set_missing_values(for_validate=True)
		self.validate_party_accounts()
		self.set_incoming_rate()
		self.validate_taxes()
		self.set_taxes_and_charges()
		self.calculate_taxes_and_totals()
		if not self.get("is_return"):
			self.validate_value("base_grand_total", ">=", 0)
		validate_return(self)
		self.validate_all_documents_schedule()
		validate_party_frozen_disabled("Customer", self.customer)
		self.validate_currency()
		self.validate_party_account_currency()
		self.validate_return_against_account()
		self.set_total_in_words()
		self.validate_party_address_and_contact()

	def set_incoming_rate(self):
		pass

	def validate_qty_is_not_zero(self):
		for row in self.items:
			if not flt(row.qty):
				frappe.throw(
					_("Row #{0}: Quantity for Item {1} cannot be zero.").format(
						row.idx, frappe.bold(row.item_code)
					),
					title=_("Invalid Quantity"),
					exc=InvalidQtyError,
				)

	def validate_party_accounts(self):
		if self.doctype != "Sales Invoice":
			return
		for row in self.items:
			if row.income_account == self.debit_to:
				frappe.throw(
					_("Row {0}: {1} {2} cannot be same as {3} (Party Account) {4}").format(
						row.idx,
						frappe.bold("Income Account"),
						row.income_account,
						frappe.bold("Debit To"),
						self.debit_to,
					)
				)

	# --- what is missing -------------------------------------------------------------------------------

	def set_price_list_currency(self, buying_or_selling="Selling"):
		day = self.get("posting_date") or self.get("transaction_date")
		if self.selling_price_list:
			self.price_list_currency = frappe.get_cached_value(
				"Price List", self.selling_price_list, "currency"
			)
			if self.price_list_currency == self.company_currency:
				self.plc_conversion_rate = 1.0
			elif not self.plc_conversion_rate:
				self.plc_conversion_rate = get_exchange_rate(
					self.price_list_currency, self.company_currency, day, "for_selling"
				)
		if not self.currency:
			self.currency, self.conversion_rate = self.price_list_currency, self.plc_conversion_rate
		elif self.currency == self.company_currency:
			self.conversion_rate = 1.0
		elif not self.conversion_rate:
			self.conversion_rate = get_exchange_rate(self.currency, self.company_currency, day, "for_selling")

	def set_missing_item_details(self, for_validate=False):
		shared = {field: self.get(field) for field in OF_DOCUMENT}
		shared["doctype"] = self.doctype
		shared["transaction_date"] = self.get("transaction_date") or self.get("posting_date")
		for row in self.items:
			if not row.item_code:
				row.conversion_factor = row.conversion_factor or 1
				continue
			args = frappe._dict(shared)
			args.update({field: row.get(field) for field in OF_ROW})
			args.cost_center = row.get("cost_center") or args.cost_center
			details = get_item_details(args, self, for_validate=for_validate, overwrite_warehouse=False)
			for field, value in details.items():
				if value is None or not row.meta.has_field(field):
					continue
				if row.get(field) is None or field in FORCED:
					row.set(field, value)
				elif field in ("cost_center", "conversion_factor") and not row.get(field):
					row.set(field, value)
			if row.meta.has_field("cost_center") and not row.cost_center:
				row.cost_center = self.get("cost_center") or erpnext.get_default_cost_center(self.company)

	def set_taxes_and_charges(self):
		settings = frappe.get_cached_doc("Accounts Settings")
		if not self.get("taxes") and settings.add_taxes_from_taxes_and_charges_template:
			self.append_taxes_from_master()

	def set_taxes(self):
		"""A new document without taxes takes the company's default template."""
		if self.is_new() and not self.get("taxes"):
			if not self.taxes_and_charges:
				self.taxes_and_charges = frappe.db.get_value(
					"Sales Taxes and Charges Template", {"is_default": 1, "company": self.company}
				)
			self.append_taxes_from_master()

	def append_taxes_from_master(self):
		for row in get_taxes_and_charges("Sales Taxes and Charges Template", self.taxes_and_charges) or []:
			self.append("taxes", row)

	def validate_taxes(self):
		template = self.get("taxes_and_charges")
		if template and frappe.get_cached_value("Sales Taxes and Charges Template", template, "disabled"):
			frappe.throw(_("{0} '{1}' is disabled").format("Sales Taxes and Charges Template", template))
		for row in self.get("taxes") or []:
			if row.account_head:
				validate_account_head(row.idx, row.account_head, self.company, _("Tax"), self)
			if (
				row.cost_center
				and frappe.get_cached_value("Cost Center", row.cost_center, "company") != self.company
			):
				frappe.throw(
					_("Row {0}: Cost Center {1} does not belong to Company {2}").format(
						row.idx, frappe.bold(row.cost_center), frappe.bold(self.company)
					),
					title=_("Invalid Cost Center"),
				)

	def calculate_taxes_and_totals(self):
		calculate_taxes_and_totals(self)

	def is_rounded_total_disabled(self):
		return cint(self.disable_rounded_total)

	# --- checks ----------------------------------------------------------------------------------------

	def validate_currency(self):
		currency = get_party_account_currency("Customer", self.customer, self.company)
		if currency and currency != self.company_currency and self.currency != currency:
			frappe.throw(
				_("Accounting Entry for {0}: {1} can only be made in currency: {2}").format(
					"Customer", self.customer, currency
				),
				InvalidCurrency,
			)

	def validate_party_account_currency(self):
		if self.doctype != "Sales Invoice" or self.is_opening == "Yes":
			return
		account_currency = get_account_currency(self.debit_to)
		if (
			not get_party_gle_currency("Customer", self.customer, self.company)
			and account_currency != self.currency
			and not frappe.get_cached_doc(
				"Accounts Settings"
			).allow_multi_currency_invoices_against_single_party_account
		):
			frappe.throw(
				_("Party Account {0} currency ({1}) and document currency ({2}) should be same").format(
					frappe.bold(self.debit_to), account_currency, self.currency
				)
			)

	def check_conversion_rate(self):
		if not self.conversion_rate:
			frappe.throw(_("Conversion rate cannot be 0"))
		if self.currency == self.company_currency and flt(self.conversion_rate) != 1.0:
			frappe.throw(_("Conversion rate must be 1.00 if document currency is same as company currency"))
		if self.currency != self.company_currency and flt(self.conversion_rate) == 1.0:
			frappe.msgprint(
				_("Conversion rate is 1.00, but document currency is different from company currency")
			)

	def validate_return_against_account(self):
		if self.doctype != "Sales Invoice" or not (self.is_return and self.return_against):
			return
		account = frappe.db.get_value("Sales Invoice", self.return_against, "debit_to")
		if account != self.debit_to:
			frappe.throw(
				_(
					"Please set {0} to {1}, the same account that was used in the original invoice {2}."
				).format(frappe.bold(_("Debit To")), frappe.bold(account), frappe.bold(self.return_against))
			)

	def validate_party_address_and_contact(self):
		for field, parenttype, message in (
			("customer_address", "Address", _("Billing Address does not belong to the {0}")),
			("shipping_address_name", "Address", _("Shipping Address does not belong to the {0}")),
			("contact_person", "Contact", _("Contact Person does not belong to the {0}")),
		):
			name = self.get(field)
			if name and not frappe.db.exists(
				"Dynamic Link",
				{
					"parenttype": parenttype,
					"parent": name,
					"link_doctype": "Customer",
					"link_name": self.customer,
				},
			):
				frappe.throw(message.format(self.customer))

	def get_stock_items(self):
		return [
			row.item_code
			for row in self.items
			if frappe.get_cached_value("Item", row.item_code, "is_stock_item")
		]

	# --- payment schedule ------------------------------------------------------------------------------

	def validate_all_documents_schedule(self):
		if self.doctype == "Sales Invoice" and self.is_return:
			self.due_date = ""
			self.payment_terms_template = ""
			self.payment_schedule = []
		elif self.doctype in ("Sales Invoice", "Sales Order"):
			self.set_payment_schedule()
			self.validate_payment_schedule_dates()
			self.set_due_date()
			if self.doctype == "Sales Invoice":
				self.validate_due_date()
			self.validate_payment_schedule_amount()

	def validate_due_date(self):
		if not self.due_date:
			frappe.throw(_("Due Date is mandatory"))
		validate_due_date(self.posting_date, self.due_date, None, self.payment_terms_template, self.doctype)

	def _payable(self) -> tuple[float, float]:
		"""What is to be paid, in the document's and the company's currency, less advances taken."""
		total = self.get("rounded_total") or self.grand_total
		base = self.get("base_rounded_total") or self.base_grand_total
		if advance := flt(self.get("total_advance")):
			if self.get("party_account_currency") == self.company_currency:
				base -= advance
				total = flt(base / self.conversion_rate, self.precision("grand_total"))
			else:
				total -= advance
				base = flt(total * self.conversion_rate, self.precision("base_grand_total"))
		return total, base

	def set_payment_schedule(self):
		day = self.get("posting_date") or self.get("transaction_date")
		total, base = self._payable()
		if not self.get("payment_schedule"):
			if self.get("payment_terms_template"):
				for row in get_payment_terms(self.payment_terms_template, day):
					self.append("payment_schedule", row)
			else:
				self.append(
					"payment_schedule", {"due_date": self.get("due_date") or day, "invoice_portion": 100}
				)
		for row in self.payment_schedule:
			if row.invoice_portion:
				row.payment_amount = flt(
					total * flt(row.invoice_portion) / 100, row.precision("payment_amount")
				)
				row.base_payment_amount = flt(
					base * flt(row.invoice_portion) / 100, row.precision("base_payment_amount")
				)
				row.outstanding = row.payment_amount
			else:
				row.base_payment_amount = flt(
					row.payment_amount * self.conversion_rate, row.precision("base_payment_amount")
				)
			row.base_outstanding = row.base_payment_amount

	def validate_payment_schedule_dates(self):
		dates = []
		for row in self.payment_schedule:
			if self.doctype == "Sales Order" and getdate(row.due_date) < getdate(self.transaction_date):
				frappe.throw(
					_("Row {0}: Due Date in the Payment Terms table cannot be before Posting Date").format(
						row.idx
					)
				)
			if row.due_date in dates:
				frappe.throw(
					_("Rows with duplicate due dates in other rows were found: {0}").format(
						_("{0} in row {1}").format(row.due_date, row.idx)
					)
				)
			dates.append(row.due_date)

	def set_due_date(self):
		dates = [row.due_date for row in self.payment_schedule if row.due_date]
		if dates and self.meta.has_field("due_date"):
			self.due_date = max(dates, key=getdate)

	def validate_payment_schedule_amount(self):
		total, base = self._payable()
		paid = sum(flt(row.payment_amount, row.precision("payment_amount")) for row in self.payment_schedule)
		base_paid = sum(
			flt(row.base_payment_amount, row.precision("base_payment_amount"))
			for row in self.payment_schedule
		)
		if self.payment_schedule and (abs(flt(paid - total, 6)) > 0.1 or abs(flt(base_paid - base, 6)) > 0.1):
			frappe.throw(_("Total Payment Amount in Payment Schedule must be equal to Grand / Rounded Total"))

	# --- ledger ----------------------------------------------------------------------------------------

	def get_gl_dict(self, args, account_currency=None, item=None):
		"""One debit or credit with everything it shares with the voucher."""
		day = args.get("posting_date") or self.get("posting_date")
		entry = frappe._dict(
			company=self.company,
			posting_date=day,
			fiscal_year=get_fiscal_years(day, company=self.company)[0][0],
			voucher_type=self.doctype,
			voucher_no=self.name,
			remarks=self.get("remarks") or self.get("remark"),
			debit=0,
			credit=0,
			debit_in_account_currency=0,
			credit_in_account_currency=0,
			is_opening=self.get("is_opening") or "No",
			party_type=None,
			party=None,
			voucher_subtype=self.get_voucher_subtype(),
		)
		if self.doctype != "Payment Entry":
			entry.transaction_currency = self.get("currency") or self.company_currency
			entry.transaction_exchange_rate = flt(self.get("conversion_rate")) or 1
		entry.update(args)
		account_currency = account_currency or get_account_currency(entry.account)
		entry.account_currency = account_currency
		if self.doctype not in ("Journal Entry", "Payment Entry"):
			if self.doctype != "Stock Entry":
				self.validate_account_currency(entry.account, account_currency)
			set_balance_in_account_currency(
				entry, account_currency, self.get("conversion_rate"), self.company_currency
			)
		for side in ("debit", "credit"):
			field = f"{side}_in_transaction_currency"
			if entry.get(field) is None and self.doctype == "Payment Entry":
				entry[field] = 0
			elif entry.get(field) is None:
				if account_currency == entry.transaction_currency:
					entry[field] = entry[f"{side}_in_account_currency"]
				else:
					entry[field] = flt(flt(entry[side]) / entry.transaction_exchange_rate, 2)
		return entry

	def get_voucher_subtype(self) -> str:
		fields = {
			"Journal Entry": "voucher_type",
			"Payment Entry": "payment_type",
			"Stock Entry": "stock_entry_type",
		}
		if self.doctype in fields:
			return self.get(fields[self.doctype])
		returns = {"Delivery Note": "Sales Return", "Sales Invoice": "Credit Note"}
		return returns[self.doctype] if self.get("is_return") and self.doctype in returns else self.doctype

	def validate_account_currency(self, account, account_currency=None):
		valid = [self.company_currency]
		if self.get("currency") and self.currency != self.company_currency:
			valid.append(self.currency)
		if account_currency not in valid:
			frappe.throw(
				_("Account {0} is invalid. Account Currency must be {1}").format(
					account, (" " + _("or") + " ").join(valid)
				)
			)

	# --- billing against what went before --------------------------------------------------------------

	def validate_multiple_billing(self, ref_dt, item_ref_dn, based_on):
		"""Rows of a Delivery Note must not be billed twice."""
		names = {row.get(item_ref_dn) for row in self.items} - {None, ""}
		if not names:
			return
		precision = self.precision(based_on, "items")
		child = DocType(self.items[0].doctype)
		before = dict(
			frappe.qb.from_(child)
			.select(child[item_ref_dn], Sum(child[based_on]))
			.where(child[item_ref_dn].isin(names) & (child.docstatus == 1) & (child.parent != self.name))
			.groupby(child[item_ref_dn])
			.run()
		)
		wanted = {
			row.name: flt(row[based_on], precision)
			for row in frappe.get_all(
				f"{ref_dt} Item", filters={"name": ("in", names)}, fields=["name", based_on]
			)
		}
		for name in names:
			rows = [row for row in self.items if row.get(item_ref_dn) == name]
			if not wanted.get(name):
				continue
			billed = flt(before.get(name), precision) + sum(flt(row.get(based_on), precision) for row in rows)
			allowance = get_allowance_for(rows[0].item_code, qty_or_amount="amount")[0]
			allowed = flt(wanted[name] * (100 + allowance) / 100)
			if billed < 0 and allowed < 0:
				billed, allowed = -billed, -allowed
			if billed - allowed > 1 / 10**precision:
				frappe.throw(
					_("Cannot overbill for Item {0} in row {1} more than {2}").format(
						rows[0].item_code, rows[0].idx, fmt_money(allowed, currency=self.currency)
					)
				)

	# --- advances --------------------------------------------------------------------------------------

	@frappe.whitelist()
	def set_advances(self):
		"""Take what the customer has paid and is not settled yet, first for these orders, then in general."""
		self.set("advances", [])
		total = self.get("rounded_total") or self.grand_total
		if self.party_account_currency == self.company_currency:
			total = self.get("base_rounded_total") or self.base_grand_total
		taken = 0.0
		for row in self.get_advance_entries():
			amount = min(total - taken, row.amount)
			taken += flt(amount)
			self.append(
				"advances",
				{
					"reference_type": "Payment Entry",
					"reference_name": row.name,
					"reference_row": row.reference_row,
					"remarks": row.remarks,
					"advance_amount": flt(row.amount),
					"allocated_amount": amount,
					"ref_exchange_rate": flt(row.exchange_rate),
					"difference_posting_date": self.posting_date,
				},
			)

	def get_advance_entries(self):
		orders = {row.sales_order for row in self.items if row.get("sales_order")}
		payment, reference = DocType("Payment Entry"), DocType("Payment Entry Reference")
		common = (
			(payment.docstatus == 1)
			& (payment.payment_type == "Receive")
			& (payment.party_type == "Customer")
			& (payment.party == self.customer)
			& (payment.paid_from == self.debit_to)
		)
		found = []
		if orders:
			found += (
				frappe.qb.from_(payment)
				.join(reference)
				.on(reference.parent == payment.name)
				.select(
					payment.name,
					payment.remarks,
					reference.allocated_amount.as_("amount"),
					reference.name.as_("reference_row"),
					payment.source_exchange_rate.as_("exchange_rate"),
				)
				.where(
					common
					& (reference.reference_doctype == "Sales Order")
					& reference.reference_name.isin(orders)
				)
				.orderby(payment.posting_date)
				.run(as_dict=True)
			)
		if cint(self.get("only_include_allocated_payments")):
			return found
		found += (
			frappe.qb.from_(payment)
			.select(
				payment.name,
				payment.remarks,
				payment.unallocated_amount.as_("amount"),
				payment.source_exchange_rate.as_("exchange_rate"),
			)
			.where(common & (payment.unallocated_amount > 0))
			.orderby(payment.posting_date)
			.run(as_dict=True)
		)
		return found

	def make_advance_payment_ledger_entries(self):
		"""What this payment pays ahead of invoices is written down when it is submitted and taken back when it is cancelled.
		An invoice that takes the money over changes nothing in it."""
		for order, amount, currency in self.advances_on_orders():
			frappe.get_doc(
				{
					"doctype": "Advance Payment Ledger Entry",
					"company": self.company,
					"voucher_type": self.doctype,
					"voucher_no": self.name,
					"against_voucher_type": "Sales Order",
					"against_voucher_no": order,
					"amount": amount if self.docstatus == 1 else -amount,
					"currency": currency,
					"event": "Submit" if self.docstatus == 1 else "Cancel",
				}
			).insert(
				ignore_permissions=True
			)  # whoever may submit a payment need not have a right on its ledgers

	def set_total_advance_paid(self):
		"""Write what was paid on this order, and by what it is counted."""
		entry = DocType("Advance Payment Ledger Entry")
		amount, currency = (
			frappe.qb.from_(entry)
			.select(Sum(entry.amount), Max(entry.currency))
			.where(
				(entry.company == self.company)
				& (entry.against_voucher_type == self.doctype)
				& (entry.against_voucher_no == self.name)
			)
			.run()[0]
		)
		amount = abs(flt(amount, self.precision("advance_paid")))
		if currency == self.currency:
			total = self.get("rounded_total") or self.grand_total
		else:
			total = self.get("base_rounded_total") or self.base_grand_total
		if self.currency == self.company_currency and amount > total:
			frappe.throw(
				_(
					"Total advance ({0}) against Order {1} cannot be greater than the Grand Total ({2})"
				).format(fmt_money(amount, currency=currency), self.name, fmt_money(total, currency=currency))
			)
		self.db_set("advance_paid", amount)
		if currency:
			self.db_set("party_account_currency", currency)

	def on_trash(self):
		entry = DocType("Advance Payment Ledger Entry")
		ours = (entry.voucher_type == self.doctype) & (entry.voucher_no == self.name)
		on_us = (entry.against_voucher_type == self.doctype) & (entry.against_voucher_no == self.name)
		frappe.qb.from_(entry).delete().where(ours | on_us).run()

	def on_cancel(self):
		settings = frappe.get_cached_doc("Accounts Settings")
		if self.doctype in ("Sales Invoice", "Payment Entry", "Journal Entry"):
			cancel_exchange_gain_loss_journal(self)
			if settings.unlink_payment_on_cancellation_of_invoice:
				unlink_ref_doc_from_payment_entries(self)
		elif self.doctype == "Sales Order" and settings.unlink_advance_payment_on_cancelation_of_order:
			unlink_ref_doc_from_payment_entries(self)

	def open_amount(self) -> float:
		return flt(outstanding_of(self.doctype, self.name))


def validate_account_head(idx, account, company, context="", doc=None):
	owner, group = frappe.get_cached_value("Account", account, ["company", "is_group"])
	if owner != company:
		frappe.throw(
			_("Row {0}: {3} Account {1} does not belong to Company {2}").format(
				idx, frappe.bold(account), frappe.bold(company), context
			),
			title=_("Invalid Account"),
		)
	if group:
		frappe.throw(
			_("Row {0}: Account {1} is a Group Account").format(idx, frappe.bold(account)),
			title=_("Invalid Account"),
		)


def set_balance_in_account_currency(entry, account_currency, conversion_rate, company_currency):
	"""Amounts in the account's currency where only the company's are given."""
	if not conversion_rate and account_currency != company_currency:
		frappe.throw(
			_("Account: {0} with currency: {1} can not be selected").format(entry.account, account_currency)
		)
	same = account_currency == company_currency
	for side in ("debit", "credit"):
		field = f"{side}_in_account_currency"
		if flt(entry[side]) and not flt(entry[field]):
			entry[field] = entry[side] if same else flt(entry[side] / conversion_rate, 2)


@frappe.whitelist()
def get_taxes_and_charges(master_doctype, master_name) -> list[dict] | None:
	"""Rows of a template, ready for a document."""
	if not master_name:
		return None
	rows = []
	for tax in frappe.get_cached_doc(master_doctype, master_name).taxes:
		rows.append(tax.as_dict(no_default_fields=True, no_child_table_fields=True))
	return rows


def get_payment_terms(template: str, day) -> list[dict]:
	"""Rows of a payment schedule by a template; the amounts are set afterwards."""
	return [
		{
			"payment_term": term.payment_term,
			"description": term.description,
			"invoice_portion": term.invoice_portion,
			"due_date": due_date_of_term(term, getdate(day)),
			"mode_of_payment": term.mode_of_payment,
		}
		for term in frappe.get_cached_doc("Payment Terms Template", template).terms
	]


def link_to(doctype, names) -> str:
	return ", ".join(get_link_to_form(doctype, name) for name in names)
