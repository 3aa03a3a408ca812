"""Payment Entries that outside systems ask for, made with ERPNext's own mapping and the rights of whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import frappe
from frappe import _
from frappe.utils import flt, nowdate

from integration_hub.erp import money
from integration_hub.erp.context import as_float
from integration_hub.records import ZERO


@dataclass(frozen=True)
class Settles:
	"""A Sales Invoice, credit note or Sales Order (`doc`), and how much of the money is for it; None: what is open."""

	doc: Any
	amount: Decimal | None = None


@dataclass(frozen=True)
class Wanted:
	"""Money from ("Receive") or to ("Pay") a Customer. `amount` in the currency of the customer's account,
	`bank_amount` in that of the bank's, where it is another; None: at ERPNext's rate of the day. `account` is the bank or
	cash account; "": that of the Mode of Payment, else the company's."""

	direction: str
	customer: str
	company: str
	amount: Decimal
	settles: Sequence[Settles] = ()
	mode_of_payment: str = ""
	account: str = ""
	reference_no: str = ""
	reference_date: date | None = None
	posting_date: date | None = None
	bank_amount: Decimal | None = None


def make(wanted: Wanted) -> Any:
	"""A draft. What no document takes stays unallocated. Raises frappe.ValidationError in the user's words."""
	party_account, party_currency = _party_account(wanted)
	bank_account = wanted.account or _bank_account(wanted)
	bank_currency = _currency_of(bank_account, wanted.company)
	receive = wanted.direction == "Receive"
	rates = [_rate(one, wanted) for one in (party_currency, bank_currency)]
	other = _other_side(wanted, party_currency, bank_currency, rates)
	rates = _rates_of(wanted, (party_currency, bank_currency), rates, other)
	paid, received = (wanted.amount, other) if receive else (other, wanted.amount)
	doc = frappe.get_doc(
		{
			"doctype": "Payment Entry",
			"payment_type": wanted.direction,
			"company": wanted.company,
			"posting_date": wanted.posting_date or nowdate(),
			"mode_of_payment": wanted.mode_of_payment or None,
			"party_type": "Customer",
			"party": wanted.customer,
			"paid_from": party_account if receive else bank_account,
			"paid_to": bank_account if receive else party_account,
			"paid_from_account_currency": party_currency if receive else bank_currency,
			"paid_to_account_currency": bank_currency if receive else party_currency,
			"source_exchange_rate": rates[0] if receive else rates[1],
			"target_exchange_rate": rates[1] if receive else rates[0],
			"paid_amount": as_float(paid),
			"received_amount": as_float(received),
			"reference_no": wanted.reference_no or None,
			"reference_date": wanted.reference_date or wanted.posting_date or nowdate(),
			"references": _references(wanted, party_account),
		}
	)
	return doc.insert()


def _references(wanted: Wanted, party_account: str) -> list[dict[str, Any]]:
	"""Rows as ERPNext itself maps them (by payment terms, where it wants terms), each with what the money allows."""
	rows, left = [], wanted.amount
	for one in wanted.settles:
		mapped = _mapped(one.doc, wanted, party_account)
		limit = left if one.amount is None else one.amount
		if limit > left:
			frappe.throw(
				_("The amounts for the documents are more than the payment: {0} is left for {1}.").format(
					left, one.doc.name
				)
			)
		for row in mapped:
			owed = Decimal(str(flt(row.allocated_amount)))
			part = min(abs(owed), limit)
			if part <= ZERO:
				continue
			limit, left = limit - part, left - part
			rows.append(
				{
					"reference_doctype": row.reference_doctype,
					"reference_name": row.reference_name,
					"payment_term": row.get("payment_term"),
					"allocated_amount": as_float(part if owed > ZERO else -part),
				}
			)
		if one.amount is not None and limit > ZERO:
			frappe.throw(_("{0} is not owed that much: {1} is too much.").format(one.doc.name, limit))
	return rows


def _mapped(doc: Any, wanted: Wanted, party_account: str) -> list[Any]:
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

	if doc.docstatus != 1:
		frappe.throw(_("{0} is not submitted.").format(doc.name))
	if (doc.customer, doc.company) != (wanted.customer, wanted.company):
		frappe.throw(
			_("{0} is of {1} in {2}, not of {3} in {4}.").format(
				doc.name, doc.customer, doc.company, wanted.customer, wanted.company
			)
		)
	mapped = get_payment_entry(doc.doctype, doc.name)
	if mapped.payment_type != wanted.direction:
		frappe.throw(
			_("{0} is settled with a payment of the type {1}.").format(doc.name, mapped.payment_type)
		)
	own = mapped.paid_from if mapped.payment_type == "Receive" else mapped.paid_to
	if own != party_account:
		frappe.throw(_("{0} is booked on {1}, not on {2}.").format(doc.name, own, party_account))
	return mapped.references


def _party_account(wanted: Wanted) -> tuple[str, str]:
	from erpnext.accounts.party import get_party_account

	account = next((one.doc.debit_to for one in wanted.settles if one.doc.get("debit_to")), None)
	account = account or get_party_account("Customer", wanted.customer, wanted.company)
	return account, _currency_of(account, wanted.company)


def _bank_account(wanted: Wanted) -> str:
	from erpnext.accounts.doctype.sales_invoice.sales_invoice import get_bank_cash_account

	if wanted.mode_of_payment:
		# says by itself when the Mode of Payment has no account for the company
		return get_bank_cash_account(wanted.mode_of_payment, wanted.company)["account"]
	found = frappe.get_cached_value(
		"Company", wanted.company, ["default_bank_account", "default_cash_account"]
	)
	account = found and (found[0] or found[1])
	if not account:
		frappe.throw(_("Give a Mode of Payment or an account: {0} has no default.").format(wanted.company))
	return account


def _currency_of(account: str, company: str) -> str:
	row = frappe.get_cached_value("Account", account, ["account_currency", "company"])
	if not row or row[1] != company:
		frappe.throw(_("{0} is no account of {1}.").format(account, company))
	return row[0] or frappe.get_cached_value("Company", company, "default_currency")


def _rate(currency: str, wanted: Wanted) -> float:
	from erpnext.setup.utils import get_exchange_rate

	home = frappe.get_cached_value("Company", wanted.company, "default_currency")
	if currency == home:
		return 1.0
	rate = flt(get_exchange_rate(currency, home, str(wanted.posting_date or nowdate())))
	if not rate:
		frappe.throw(_("There is no exchange rate from {0} to {1}.").format(currency, home))
	return rate


def _other_side(wanted: Wanted, party_currency: str, bank_currency: str, rates: Sequence[float]) -> Decimal:
	"""The amount in the bank account's currency."""
	if party_currency == bank_currency:
		if wanted.bank_amount not in (None, wanted.amount):
			frappe.throw(_("Both accounts are in {0}: the amounts must be the same.").format(bank_currency))
		return wanted.amount
	if wanted.bank_amount is not None:
		return wanted.bank_amount
	exact = wanted.amount * Decimal(str(rates[0])) / Decimal(str(rates[1]))
	return exact.quantize(Decimal(1).scaleb(-money.exponent(bank_currency)), ROUND_HALF_UP)


def _rates_of(
	wanted: Wanted, currencies: tuple[str, str], rates: Sequence[float], other: Decimal
) -> list[float]:
	"""The rates at which both sides are the same in the company's currency: the bank's amount has made its own."""
	home = frappe.get_cached_value("Company", wanted.company, "default_currency")
	party, bank = (Decimal(str(one)) for one in rates)
	if currencies[0] == currencies[1]:
		return list(rates)
	if currencies[1] == home:
		party = money.rate_to(other, wanted.amount, party)
	else:
		base = Decimal(str(flt(as_float(wanted.amount * party), money.ledger_decimals())))
		bank = money.rate_to(base, other, bank)
	return [as_float(party), as_float(bank)]


def known(customer: str, reference_no: str, direction: str) -> str | None:
	"""The Payment Entry that has this number of the customer's already. Read with its lock: a plain read would show what
	there was when the transaction began, not what another has committed since."""
	return frappe.db.get_value(
		"Payment Entry",
		{
			"party_type": "Customer",
			"party": customer,
			"reference_no": reference_no,
			"payment_type": direction,
			"docstatus": ("<", 2),
		},
		for_update=True,
	)
