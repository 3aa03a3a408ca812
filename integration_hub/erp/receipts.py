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

from integration_hub.erp import money, owed
from integration_hub.erp.context import Context, as_float
from integration_hub.failures import Invalid, NeedsMapping
from integration_hub.records import ZERO, Settled


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


@dataclass(frozen=True)
class Share:
	"""What a target takes: `part` in the buyer's currency, `amount` in the party account's."""

	target: Target
	part: Decimal
	amount: Decimal


def book(
	direction: str, party: str, moved: Money, targets: Sequence[Target], ctx: Context
) -> tuple[str, Decimal]:
	"""One submitted Payment Entry ("Receive" or "Pay") of a Customer. Returns its name and what of the amount no target
	took, in the buyer's currency."""
	settled, home = moved.settled, ctx.company_currency
	clearing = clearing_account(settled.currency, ctx)
	account, party_currency = _party_account(party, targets, ctx)
	for currency in {settled.currency, party_currency, home}:
		money.check_precision(currency, money.ledger_decimals())
	rate = _bank_rate(moved, home)
	base = _rounded(settled.gross * rate, home)
	rate = money.rate_to(base, settled.gross, rate)
	shares, left = _share_out(moved, targets, back=direction == "Pay")
	if shares and party_currency == home and not _rounded(base * left / moved.amount, home):
		left = ZERO  # less than a cent of the customer's account: nothing that could stand there
	in_party, party_rate = _party_side(moved, party_currency, home, base)
	receive = direction == "Receive"
	doc = frappe.get_doc(
		{
			"doctype": "Payment Entry",
			"payment_type": direction,
			"company": ctx.company,
			"posting_date": moved.day,
			"mode_of_payment": _mode(ctx),
			"party_type": "Customer",
			"party": party,
			"cost_center": ctx.cost_center,
			"paid_from": account if receive else clearing,
			"paid_from_account_currency": party_currency if receive else settled.currency,
			"paid_to": clearing if receive else account,
			"paid_to_account_currency": settled.currency if receive else party_currency,
			"paid_amount": as_float(in_party if receive else settled.gross),
			"received_amount": as_float(settled.gross if receive else in_party),
			"source_exchange_rate": as_float(party_rate if receive else rate),
			"target_exchange_rate": as_float(rate if receive else party_rate),
			"reference_no": moved.reference[:140],
			"reference_date": moved.day,
			"integration_connection": ctx.connection.name,
			"references": [row for share in shares for row in _rows(share, receive)],
		}
	)
	if party_currency == home:
		_difference(doc, shares, left, moved, base, ctx)
	doc.submit()
	_check(doc, clearing, moved, receive)
	return doc.name, left


def by_hand(direction: str, reference: str, ctx: Context) -> str | None:
	"""A bookkeeper was quicker: a Payment Entry of this company carries the gateway's id as its reference number."""
	filters = {"reference_no": reference, "payment_type": direction, "company": ctx.company, "docstatus": 1}
	return frappe.db.get_value("Payment Entry", filters)


def stands_for(doc: Any, resources: Sequence[str]) -> list[tuple[str, str]]:
	"""An amended Payment Entry takes the place of the cancelled one. Returns (Connection, outside id) of what it stands for
	now."""
	if not doc.get("amended_from"):
		return []
	found = frappe.get_all(
		"Integration Link",
		filters={
			"reference_doctype": doc.doctype,
			"reference_name": doc.amended_from,
			"resource": ("in", resources),
		},
		fields=["name", "connection", "outside_id"],
	)
	for link in found:
		frappe.db.set_value("Integration Link", link.name, "reference_name", doc.name)
	return [(link.connection, link.outside_id) for link in found]


# --- who takes what ----------------------------------------------------------------------------------------


def _share_out(moved: Money, targets: Sequence[Target], *, back: bool) -> tuple[list[Share], Decimal]:
	"""Each target takes what is open on it, in their order. One that is owed in another currency takes nothing: a person
	decides what the buyer's money is worth there."""
	left, shares = moved.amount, []
	for target in targets:
		if target.doc.currency != moved.currency:
			continue
		part = min(left, owed.open_on(target.doc, back=back))
		if part > ZERO:
			shares.append(Share(target, part, owed.share_of(target.doc, part, back=back)))
			left -= part
	return shares, left


def _rows(share: Share, receive: bool) -> list[dict[str, Any]]:
	"""Reference rows of a share: by payment term where ERPNext wants terms, and apart for the Payment Request, which takes
	no more than it asked for."""
	doc = share.target.doc
	pieces = _by_terms(share.amount, owed.terms_of(doc))
	asked = _asked(share.target.request)
	rows = []
	for term, amount in pieces:
		for request, part in ((share.target.request, min(amount, asked)), (None, max(ZERO, amount - asked))):
			if part <= ZERO:
				continue
			row = {
				"reference_doctype": doc.doctype,
				"reference_name": doc.name,
				"allocated_amount": as_float(part if receive else -part),
			}
			if not rows:
				row["integration_part"] = str(share.part)
			if term:
				row["payment_term"] = term
			if request:
				row["payment_request"] = request
			rows.append(row)
		asked = max(ZERO, asked - amount)
	return rows


def _by_terms(amount: Decimal, terms: Sequence[tuple[str, Decimal]]) -> list[tuple[str | None, Decimal]]:
	if not terms:
		return [(None, amount)]
	pieces: list[tuple[str | None, Decimal]] = []
	for term, open_amount in terms:
		part = min(amount, open_amount)
		if part > ZERO:
			pieces.append((term, part))
			amount -= part
	if amount and pieces:
		# the terms' own rounding: the last one takes the cents
		term, part = pieces[-1]
		pieces[-1] = (term, part + amount)
	return pieces


def _asked(request: str | None) -> Decimal:
	"""What a Payment Request still asks for, in the party account's currency."""
	if not request or not frappe.get_meta("Payment Entry Reference").has_field("payment_request"):
		return ZERO
	return Decimal(str(flt(frappe.db.get_value("Payment Request", request, "outstanding_amount"), 9)))


# --- currencies --------------------------------------------------------------------------------------------


def _bank_rate(moved: Money, home: str) -> Decimal:
	"""From the gateway's currency to the company's. When the buyer paid in the company's own, the gateway's bank has said
	it; else it is ERPNext's rate of the day."""
	settled = moved.settled
	if settled.currency == home:
		return Decimal(1)
	if moved.currency == home and settled.gross:
		return _rate(moved.amount / settled.gross)
	return _rate(Decimal(str(money.exchange_rate(settled.currency, home, moved.day))))


def _party_side(moved: Money, party_currency: str, home: str, base: Decimal) -> tuple[Decimal, Decimal]:
	"""The amount on the customer's account in that account's currency, and its rate to the company's."""
	settled = moved.settled
	if party_currency == settled.currency:
		# ERPNext takes one amount for both sides then
		return settled.gross, Decimal(1) if party_currency == home else _rate(base / settled.gross)
	if party_currency == home:
		return base, Decimal(1)
	if party_currency == moved.currency:
		return moved.amount, _rate(base / moved.amount)
	worth = _rate(Decimal(str(money.exchange_rate(party_currency, home, moved.day))))
	return _rounded(base / worth, party_currency), worth


def _difference(
	doc: Any, shares: Sequence[Share], left: Decimal, moved: Money, base: Decimal, ctx: Context
) -> None:
	"""The bank's rate against the documents', for a customer's account in the company's currency. What no document took
	stands there at the bank's rate."""
	rest = _rounded(base * left / moved.amount, ctx.company_currency)
	taken = base - rest
	settled_here = sum((share.amount for share in shares), ZERO)
	amount = settled_here - taken if doc.payment_type == "Receive" else taken - settled_here
	if not amount or not shares:
		return
	if moved.currency == ctx.company_currency:
		raise Invalid(
			_("{0} {1} became {2} {3} at the gateway: that is no exchange difference.").format(
				moved.amount, moved.currency, moved.settled.gross, moved.settled.currency
			)
		)
	doc.append(
		"deductions",
		{
			"account": exchange_account(ctx, amount),
			"cost_center": ctx.cost_center,
			"amount": as_float(amount),
		},
	)


def exchange_account(ctx: Context, amount: Decimal) -> str:
	account = frappe.get_cached_value("Company", ctx.company, "exchange_gain_loss_account")
	if not account:
		raise NeedsMapping(
			_("{0} has no Exchange Gain / Loss Account; the bank's rate differs by {1}.").format(
				ctx.company, amount
			),
			fix=("Company", ctx.company),
			waits_for="company:exchange_gain_loss_account",
		)
	return account


def _check(doc: Any, clearing: str, moved: Money, receive: bool) -> None:
	"""Promise 7: the clearing account moved by exactly what the gateway says."""
	row = frappe.get_all(
		"GL Entry",
		filters={
			"voucher_type": doc.doctype,
			"voucher_no": doc.name,
			"account": clearing,
			"is_cancelled": 0,
		},
		fields=["debit_in_account_currency", "credit_in_account_currency"],
	)
	booked = sum((one.debit_in_account_currency - one.credit_in_account_currency for one in row), 0.0)
	said = moved.settled.gross if receive else -moved.settled.gross
	if Decimal(str(flt(booked, 6))) != said:
		raise Invalid(
			_("The gateway moved {0} {1}, ERPNext came to {2}.").format(said, moved.settled.currency, booked)
		)


# --- accounts ----------------------------------------------------------------------------------------------


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


def _rate(rate: Decimal) -> Decimal:
	return rate.quantize(Decimal(1).scaleb(-money.RATE_DECIMALS))


def _rounded(amount: Decimal, currency: str) -> Decimal:
	return amount.quantize(Decimal(1).scaleb(-money.exponent(currency)))


def _mode(ctx: Context) -> str | None:
	return next((row.mode_of_payment for row in ctx.connection.payment_methods if row.mode_of_payment), None)
