"""Fiscal years, balances and what is still owed on a document."""

import frappe
from frappe import _
from frappe.query_builder.functions import Sum
from frappe.utils import flt, formatdate, getdate


class FiscalYearError(frappe.ValidationError):
	pass


@frappe.whitelist()
def get_fiscal_year(
	date=None, fiscal_year=None, label="Date", verbose=1, company=None, as_dict=False, boolean=False
):
	"""(name, first day, last day) of the fiscal year a date is in. Raises FiscalYearError when there is none."""
	years = get_fiscal_years(date, fiscal_year, label, verbose, company, as_dict, boolean)
	return years if boolean else years[0]


def get_fiscal_years(
	transaction_date=None,
	fiscal_year=None,
	label="Date",
	verbose=1,
	company=None,
	as_dict=False,
	boolean=False,
):
	years = frappe.cache.hget("fiscal_years", company or "")
	if not years:
		years = _fiscal_years(company)
		frappe.cache.hset("fiscal_years", company or "", years)
	if not transaction_date and not fiscal_year:
		return years
	day = getdate(transaction_date) if transaction_date else None
	for year in years:
		if year.name == fiscal_year or (
			day and getdate(year.year_start_date) <= day <= getdate(year.year_end_date)
		):
			return (year,) if as_dict else ((year.name, year.year_start_date, year.year_end_date),)
	if boolean:
		return False
	message = _("{0} {1} is not in any active Fiscal Year").format(_(label), formatdate(transaction_date))
	if company:
		message = _("{0} for {1}").format(message, frappe.bold(company))
	if verbose == 1:
		frappe.msgprint(message)
	raise FiscalYearError(message)


def _fiscal_years(company):
	years = frappe.get_all(
		"Fiscal Year",
		filters={"disabled": 0},
		fields=["name", "year_start_date", "year_end_date"],
		order_by="year_start_date desc",
	)
	companies = frappe.get_all("Fiscal Year Company", fields=["parent", "company"])
	limited = {row.parent for row in companies}
	own = {row.parent for row in companies if row.company == company}
	return [year for year in years if not company or year.name not in limited or year.name in own]


@frappe.whitelist()
def get_balance_on(
	account=None,
	date=None,
	party_type=None,
	party=None,
	company=None,
	in_account_currency=True,
	cost_center=None,
) -> float:
	"""Debit less credit of an account, or of a party's accounts, up to a date."""
	entry = frappe.qb.DocType("GL Entry")
	suffix = "_in_account_currency" if in_account_currency and account else ""
	query = (
		frappe.qb.from_(entry)
		.select(Sum(entry[f"debit{suffix}"]) - Sum(entry[f"credit{suffix}"]))
		.where(entry.is_cancelled == 0)
	)
	if date:
		query = query.where(entry.posting_date <= getdate(date))
	for field, value in (
		("account", account),
		("party_type", party_type),
		("party", party),
		("company", company),
		("cost_center", cost_center),
	):
		if value:
			query = query.where(entry[field] == value)
	return flt(query.run()[0][0])


def get_account_currency(account: str | None) -> str | None:
	if not account:
		return None
	currency, company = frappe.get_cached_value("Account", account, ["account_currency", "company"])
	return currency or frappe.get_cached_value("Company", company, "default_currency")


def create_payment_ledger_entry(
	gl_entries, cancel=0, adv_adj=0, update_outstanding="Yes", from_repost=0, partial_cancel=False
):
	"""A Payment Ledger Entry for every entry on a receivable or payable account."""
	for entry in gl_entries:
		kind = frappe.get_cached_value("Account", entry.account, "account_type")
		if kind not in ("Receivable", "Payable"):
			continue
		sign = (1 if kind == "Receivable" else -1) * (-1 if cancel else 1)
		doc = frappe.get_doc(
			{
				"doctype": "Payment Ledger Entry",
				"posting_date": entry.posting_date,
				"company": entry.company,
				"account_type": kind,
				"account": entry.account,
				"party_type": entry.party_type,
				"party": entry.party,
				"cost_center": entry.cost_center,
				"due_date": entry.due_date,
				"voucher_type": entry.voucher_type,
				"voucher_no": entry.voucher_no,
				"voucher_detail_no": entry.voucher_detail_no,
				"against_voucher_type": entry.against_voucher_type or entry.voucher_type,
				"against_voucher_no": entry.against_voucher or entry.voucher_no,
				"account_currency": entry.account_currency,
				"amount": sign * (flt(entry.debit) - flt(entry.credit)),
				"amount_in_account_currency": sign
				* (flt(entry.debit_in_account_currency) - flt(entry.credit_in_account_currency)),
				"delinked": int(bool(cancel)),
				"remarks": entry.remarks,
			}
		)
		if cancel:
			frappe.db.set_value(
				"Payment Ledger Entry",
				{
					"voucher_type": doc.voucher_type,
					"voucher_no": doc.voucher_no,
					"against_voucher_type": doc.against_voucher_type,
					"against_voucher_no": doc.against_voucher_no,
					"account": doc.account,
					"party": doc.party,
					"delinked": 0,
				},
				"delinked",
				1,
			)
		doc.flags.ignore_permissions = True  # a ledger is written by its documents, nobody may write to it
		doc.flags.update_outstanding = update_outstanding
		doc.submit()


def outstanding_of(
	voucher_type: str, voucher_no: str, account: str | None = None, party: str | None = None
) -> float | None:
	"""What is open on a document in its account's currency; None when nothing was ever booked on it."""
	entry = frappe.qb.DocType("Payment Ledger Entry")
	query = (
		frappe.qb.from_(entry)
		.select(Sum(entry.amount_in_account_currency))
		.where(
			(entry.against_voucher_type == voucher_type)
			& (entry.against_voucher_no == voucher_no)
			& (entry.delinked == 0)
		)
	)
	for field, value in (("account", account), ("party", party)):
		if value:
			query = query.where(entry[field] == value)
	return query.run()[0][0]


def update_voucher_outstanding(voucher_type, voucher_no, account, party_type, party):
	"""Write what is open on a Sales Invoice into it, and its status."""
	if voucher_type != "Sales Invoice" or not (party_type and party):
		return
	amount = outstanding_of(voucher_type, voucher_no, account, party)
	if amount is None:
		return
	document = frappe.get_doc(voucher_type, voucher_no)
	document.outstanding_amount = flt(amount, document.precision("outstanding_amount"))
	frappe.db.set_value(voucher_type, voucher_no, "outstanding_amount", document.outstanding_amount)
	document.set_status(update=True)


def cancel_exchange_gain_loss_journal(parent_doc, referenced_dt=None, referenced_dn=None):
	"""Take back the exchange differences that ERPNext booked for a document (or for one pair of documents)."""
	rows = frappe.get_all(
		"Journal Entry Account",
		filters={"reference_type": parent_doc.doctype, "reference_name": parent_doc.name, "docstatus": 1},
		pluck="parent",
	)
	journals = frappe.get_all(
		"Journal Entry",
		filters={
			"name": ("in", rows or [""]),
			"voucher_type": "Exchange Gain Or Loss",
			"is_system_generated": 1,
			"docstatus": 1,
		},
		pluck="name",
	)
	for name in journals:
		journal = frappe.get_doc("Journal Entry", name)
		named = {(row.reference_type, row.reference_name) for row in journal.accounts}
		if referenced_dn and (referenced_dt, referenced_dn) not in named:
			continue
		# part of the document that is cancelled, which was allowed
		journal.flags.ignore_permissions = True
		journal.cancel()


def unlink_ref_doc_from_payment_entries(ref_doc, payment_name=None):
	"""Take a document out of the Payment and Journal Entries that settle it: the money stands for itself then."""
	_out_of_journals(ref_doc, payment_name)
	_out_of_payments(ref_doc, payment_name)
	_out_of_ledgers(ref_doc, payment_name)
	if ref_doc.doctype == "Sales Invoice":
		ref_doc.set("advances", [])
		frappe.db.delete("Sales Invoice Advance", {"parent": ref_doc.name})


def _out_of_journals(ref_doc, journal_name):
	filters = {"reference_type": ref_doc.doctype, "reference_name": ref_doc.name, "docstatus": ("<", 2)}
	if journal_name:
		filters["parent"] = journal_name
	rows = frappe.get_all("Journal Entry Account", filters=filters, fields=["name", "parent"])
	for row in rows:
		frappe.db.set_value(
			"Journal Entry Account", row.name, {"reference_type": None, "reference_name": None}
		)
	if rows:
		frappe.msgprint(
			_("Journal Entries {0} are un-linked").format("\n".join({row.parent for row in rows}))
		)


def _out_of_payments(ref_doc, payment_name):
	from erpnext.accounts.doctype.payment_request.payment_request import (
		update_payment_requests_as_per_pe_references,
	)

	filters = {
		"reference_doctype": ref_doc.doctype,
		"reference_name": ref_doc.name,
		"docstatus": ("<", 2),
		"parenttype": "Payment Entry",
	}
	if payment_name:
		filters["parent"] = payment_name
	rows = frappe.get_all("Payment Entry Reference", filters=filters, fields=["*"])
	if not rows:
		return
	update_payment_requests_as_per_pe_references(rows, cancel=True)
	for row in rows:
		frappe.db.set_value("Payment Entry Reference", row.name, "allocated_amount", 0)
	for name in dict.fromkeys(row.parent for row in rows):
		payment = frappe.get_doc("Payment Entry", name)
		payment.set_amounts()
		payment.clear_unallocated_reference_document_rows()
		payment.validate_payment_type_with_outstanding()
		frappe.db.set_value(
			"Payment Entry",
			name,
			{
				field: payment.get(field)
				for field in ("total_allocated_amount", "base_total_allocated_amount", "unallocated_amount")
			},
		)
	frappe.msgprint(_("Payment Entries {0} are un-linked").format("\n".join({row.parent for row in rows})))


def _out_of_ledgers(ref_doc, payment_name):
	"""Ledger rows of the payments stand for themselves now."""
	entry = frappe.qb.DocType("GL Entry")
	query = (
		frappe.qb.update(entry)
		.set(entry.against_voucher_type, None)
		.set(entry.against_voucher, None)
		.where((entry.against_voucher_type == ref_doc.doctype) & (entry.against_voucher == ref_doc.name))
		.where(entry.voucher_no != ref_doc.name)
	)
	payment = frappe.qb.DocType("Payment Ledger Entry")
	ledger = (
		frappe.qb.update(payment)
		.set(payment.against_voucher_type, payment.voucher_type)
		.set(payment.against_voucher_no, payment.voucher_no)
		.where(
			(payment.against_voucher_type == ref_doc.doctype) & (payment.against_voucher_no == ref_doc.name)
		)
		.where((payment.voucher_no != ref_doc.name) & (payment.delinked == 0))
	)
	if payment_name:
		query = query.where(entry.voucher_no == payment_name)
		ledger = ledger.where(payment.voucher_no == payment_name)
	query.run()
	ledger.run()
