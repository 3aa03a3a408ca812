"""Money that came through a gateway → a Payment Entry, or went back the same way.

The bank side is the gateway's clearing account, in the currency in which the gateway keeps the money; what it became
there (`gross`) is booked, so that the account agrees with the gateway line by line. The party side is what the buyer
paid, in the buyer's currency. What lies between is an exchange difference, booked where the company books such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import frappe
from frappe import _
from frappe.utils import flt

from integration_hub.erp import money
from integration_hub.erp.context import Context, as_float
from integration_hub.failures import NeedsMapping
from integration_hub.records import ZERO, Settled

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Target:
	"""A document that money settles. `request` is the Payment Request it was asked through."""

	doc: Any
	request: str | None = None


@dataclass(frozen=True)
class Money:
	"""`amount` in the buyer's `currency`, what it became at the gateway, and when."""

	amount: Decimal
	currency: str
	settled: Settled
	day: date
	reference: str


def book(
	direction: str, party: str, money_: Money, targets: Sequence[Target], ctx: Context
) -> tuple[str, Decimal]:
	"""One submitted Payment Entry ("Receive" or "Pay") of a Customer. Returns its name and what of the amount no target
	took, in the buyer's currency."""
	clearing = clearing_account(money_.settled.currency, ctx)
	party_account, party_currency = _party_account(party, targets, ctx)
	company_currency = ctx.company_currency
	target_rate = _rate(money_.settled.currency, company_currency, money_.day)
	base = _company(money_.settled.gross * target_rate, company_currency)
	if party_currency not in (money_.currency, company_currency):
		raise NeedsMapping(
			_("The receivable account {0} is kept in {1}; a payment in {2} cannot be booked there.").format(
				party_account, party_currency, money_.currency
			),
			fix=("Customer", party),
			waits_for=f"receivable:{party}:{money_.currency}"[:180],
		)
	in_party = money_.amount if party_currency == money_.currency else base
	rows, left, taken = _allocate(direction, money_, targets, party_currency, base, ctx)
	receive = direction == "Receive"
	party_rate = Decimal(1) if party_currency == company_currency else base / money_.amount
	doc = frappe.get_doc(
		{
			"doctype": "Payment Entry",
			"payment_type": direction,
			"company": ctx.company,
			"posting_date": money_.day,
			"mode_of_payment": _mode(ctx),
			"party_type": "Customer",
			"party": party,
			"paid_from": party_account if receive else clearing,
			"paid_from_account_currency": party_currency if receive else money_.settled.currency,
			"paid_to": clearing if receive else party_account,
			"paid_to_account_currency": money_.settled.currency if receive else party_currency,
			"paid_amount": as_float(in_party if receive else money_.settled.gross),
			"received_amount": as_float(money_.settled.gross if receive else in_party),
			"source_exchange_rate": as_float(party_rate if receive else target_rate),
			"target_exchange_rate": as_float(target_rate if receive else party_rate),
			"reference_no": money_.reference[:140],
			"reference_date": money_.day,
			"integration_connection": ctx.connection.name,
			"references": rows,
		}
	)
	if party_currency == company_currency:
		_difference(doc, taken, base, receive, ctx)
	doc.submit()
	return doc.name, left


def _allocate(
	direction: str, money_: Money, targets: Sequence[Target], party_currency: str, base: Decimal, ctx: Context
) -> tuple[list[dict[str, Any]], Decimal, Decimal]:
	"""Reference rows; what is left of the amount, in the buyer's currency; and what the party side comes to in its own
	currency: the targets' shares plus what is left at the rate the gateway's bank took."""
	left, taken, rows = money_.amount, ZERO, []
	for target in targets:
		owed = owed_in(target.doc, money_.currency)
		share = min(left, owed)
		if share <= ZERO:
			continue
		amount = _in_party(target.doc, share, owed, money_.currency, party_currency)
		rows.append(_row(target, amount if direction == "Receive" else -amount))
		left -= share
		taken += amount
	rest = (
		left if party_currency == money_.currency else _company(base * left / money_.amount, party_currency)
	)
	return rows, left, taken + rest


def _row(target: Target, amount: Decimal) -> dict[str, Any]:
	row = {
		"reference_doctype": target.doc.doctype,
		"reference_name": target.doc.name,
		"allocated_amount": as_float(amount),
	}
	if target.request and frappe.get_meta("Payment Entry Reference").has_field("payment_request"):
		row["payment_request"] = target.request
	return row


def owed_in(doc: Any, currency: str) -> Decimal:
	"""What is open on a document, positive, in the buyer's currency. ERPNext keeps it in the party account's currency."""
	party_currency = doc.get("party_account_currency") or doc.currency
	if doc.doctype == "Sales Invoice":
		owed = abs(Decimal(str(flt(doc.outstanding_amount, doc.precision("outstanding_amount")))))
	else:
		total = doc.rounded_total or doc.grand_total
		if party_currency != doc.currency:
			total = doc.base_rounded_total or doc.base_grand_total
		owed = Decimal(str(flt(total - flt(doc.advance_paid), doc.precision("grand_total"))))
	if party_currency == currency:
		return owed
	if doc.currency != currency:
		return ZERO  # paid in another currency than it is owed in: a person allocates
	rate = Decimal(str(doc.conversion_rate or 1))
	return (owed / rate).quantize(Decimal(1).scaleb(-money.exponent(currency)))


def _in_party(doc: Any, share: Decimal, owed: Decimal, currency: str, party_currency: str) -> Decimal:
	"""A share in the party account's currency. The whole of what is owed settles the document to the last cent."""
	if party_currency == currency:
		return share
	rate = Decimal(str(doc.conversion_rate or 1))
	if share == owed and doc.doctype == "Sales Invoice":
		return abs(Decimal(str(flt(doc.outstanding_amount, doc.precision("outstanding_amount")))))
	return _company(share * rate, party_currency)


def _difference(doc: Any, party_side: Decimal, base: Decimal, receive: bool, ctx: Context) -> None:
	"""The bank's rate against the document's, for a party account in the company's currency."""
	amount = party_side - base if receive else base - party_side
	if not amount:
		return
	account = frappe.get_cached_value("Company", ctx.company, "exchange_gain_loss_account")
	if not account:
		raise NeedsMapping(
			_("{0} has no Exchange Gain / Loss Account; the bank's rate differs by {1}.").format(
				ctx.company, amount
			),
			fix=("Company", ctx.company),
			waits_for="company:exchange_gain_loss_account",
		)
	doc.append(
		"deductions",
		{"account": account, "cost_center": ctx.cost_center, "amount": as_float(amount)},
	)


def clearing_account(currency: str, ctx: Context) -> str:
	"""Where the gateway keeps the money of this currency. Raises NeedsMapping."""
	account, _cost_center = ctx.account_for("Clearing", currency)
	kept_in = frappe.get_cached_value("Account", account, "account_currency") or ctx.company_currency
	if kept_in != currency:
		raise NeedsMapping(
			_(
				"The clearing account {0} is kept in {1}, but the gateway settled in {2}. Name another one."
			).format(account, kept_in, currency),
			fix=ctx.fix,
			waits_for=f"account:Clearing:{currency.casefold()}",
		)
	return account


def _party_account(party: str, targets: Sequence[Target], ctx: Context) -> tuple[str, str]:
	from erpnext.accounts.party import get_party_account

	account = next((one.doc.debit_to for one in targets if one.doc.get("debit_to")), None)
	account = account or get_party_account("Customer", party, ctx.company)
	return account, frappe.get_cached_value("Account", account, "account_currency") or ctx.company_currency


def _rate(currency: str, company_currency: str, day: date) -> Decimal:
	return Decimal(str(money.exchange_rate(currency, company_currency, day)))


def _company(amount: Decimal, currency: str) -> Decimal:
	return amount.quantize(Decimal(1).scaleb(-money.exponent(currency)))


def _mode(ctx: Context) -> str | None:
	return next((row.mode_of_payment for row in ctx.connection.payment_methods if row.mode_of_payment), None)
