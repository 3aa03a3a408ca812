"""Journal Entries in exact money: rows in their accounts' own currencies, balanced in the company's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import frappe
from frappe import _
from frappe.utils import flt

from integration_hub.erp import money
from integration_hub.erp.context import Context, as_float
from integration_hub.erp.receipts import exchange_account
from integration_hub.failures import Invalid, NeedsMapping
from integration_hub.records import ZERO


@dataclass(frozen=True)
class Row:
	"""`amount` is in `currency` (None: the account's own): positive is debit, negative credit. An account in the company's
	currency takes it converted, another one must be kept in it; with `kept` it must be in any case. `rate` to the
	company's currency; None takes ERPNext's of the day."""

	account: str
	amount: Decimal
	rate: Decimal | None = None
	cost_center: str | None = None
	party: tuple[str, str] | None = None
	reference: tuple[str, str] | None = None
	currency: str | None = None
	kept: bool = False


def book(
	rows: Sequence[Row],
	day: date,
	ctx: Context,
	*,
	title: str,
	reference: str,
	bank: bool = False,
	rates_differ: bool = False,
) -> str:
	"""One submitted Journal Entry. A remainder of rounding between currencies goes to the company's exchange account, and
	with `rates_differ` whatever the rows' rates make; else anything larger than a cent for each row is a mistake and
	refused, as is any remainder of one currency."""
	company_currency = ctx.company_currency
	decimals = money.exponent(company_currency)
	unit = Decimal(1).scaleb(-decimals)
	made, balance, foreign, converted = [], ZERO, False, False
	for row in rows:
		if not row.amount:
			continue
		account_currency = (
			frappe.get_cached_value("Account", row.account, "account_currency") or company_currency
		)
		currency = row.currency or account_currency
		_check_account(row, account_currency, currency, company_currency, ctx)
		rate = _rate(row, currency, company_currency, day)
		foreign = foreign or account_currency != company_currency
		converted = converted or currency != company_currency
		# as ERPNext will do it, so that both come to the same cent
		base = Decimal(str(flt(as_float(row.amount) * as_float(rate), decimals)))
		balance += base
		rate = money.rate_to(base, row.amount, rate)
		if account_currency != currency:
			row, rate = replace(row, amount=base), Decimal(1)
		made.append(_as_dict(row, account_currency, rate, base, ctx))
	if balance and (not converted or (abs(balance) > unit * len(made) and not rates_differ)):
		raise Invalid(
			_("The entry for {0} does not balance: {1} {2}.").format(title, balance, company_currency)
		)
	if balance:
		made.append(
			_as_dict(
				Row(exchange_account(ctx, balance), -balance), company_currency, Decimal(1), -balance, ctx
			)
		)
	doc = frappe.get_doc(
		{
			"doctype": "Journal Entry",
			"voucher_type": "Bank Entry" if bank else "Journal Entry",
			"company": ctx.company,
			"posting_date": day,
			"multi_currency": int(foreign),
			"cheque_no": reference[:140],
			"cheque_date": day,
			"user_remark": title,
			"integration_connection": ctx.connection.name,
			"accounts": made,
		}
	)
	# the rates are the bank's or those of what is cleared, not ERPNext's of the day
	doc.flags.ignore_exchange_rate = True
	doc.submit()
	return doc.name


def _check_account(row: Row, kept_in: str, currency: str, company_currency: str, ctx: Context) -> None:
	if kept_in == currency or (kept_in == company_currency and not row.kept):
		return
	raise NeedsMapping(
		_("The account {0} is kept in {1}, not in {2}.").format(row.account, kept_in, currency),
		fix=ctx.fix,
		waits_for=f"account_currency:{row.account}"[:180],
	)


def _rate(row: Row, currency: str, company_currency: str, day: date) -> Decimal:
	if currency == company_currency:
		return Decimal(1)
	rate = row.rate or Decimal(str(money.exchange_rate(currency, company_currency, day)))
	return rate.quantize(Decimal(1).scaleb(-money.RATE_DECIMALS))


def _as_dict(row: Row, currency: str, rate: Decimal, base: Decimal, ctx: Context) -> dict:
	side = "debit" if row.amount > 0 else "credit"
	party_type, party = row.party or (None, None)
	reference_type, reference_name = row.reference or (None, None)
	return {
		"account": row.account,
		"account_currency": currency,
		"exchange_rate": as_float(rate),
		f"{side}_in_account_currency": as_float(abs(row.amount)),
		side: as_float(abs(base)),
		"cost_center": row.cost_center or ctx.cost_center,
		"party_type": party_type,
		"party": party,
		"reference_type": reference_type,
		"reference_name": reference_name,
	}
