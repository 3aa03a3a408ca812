"""Money that moved at the shop → Payment Entries, one for each payment, once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import frappe
from frappe import _
from frappe.utils import flt

from integration_hub.erp import money, owed
from integration_hub.erp.context import Context, as_float
from integration_hub.erp.times import site_date
from integration_hub.records import ZERO, Order, Payment

RESOURCE = "payments"


def ensure(order: Order, sales_order: str, invoice: str | None, ctx: Context, notes: list[str]) -> None:
	"""Payment Entries (Receive) for payments of the order that have none yet: against the invoice when there
	is one, else as an advance on the Sales Order; what is more than owed stays unallocated."""
	links = ctx.links.get_many(RESOURCE, [payment.id for payment in order.payments])
	for payment in order.payments:
		if payment.id in links or payment.amount <= ZERO:
			continue
		target = (
			frappe.get_doc("Sales Invoice", invoice)
			if invoice
			else frappe.get_doc("Sales Order", sales_order)
		)
		if target.docstatus != 1:
			return
		name = book(payment, target, "Receive", order, ctx)
		ctx.links.add(RESOURCE, payment.id, "Payment Entry", name, label=order.number)
		notes.append(_("payment {0}").format(name))


def book(payment: Payment, target: Any, direction: str, order: Order, ctx: Context) -> str:
	"""One submitted Payment Entry. `direction` is "Receive", or "Pay" for money back to the buyer.

	`target` is the Sales Order, Sales Invoice or credit note it settles, as far as something is open there.
	"""
	mode, bank = ctx.payment_method(payment.method)
	party_account, party_currency = _party_account(target, ctx)
	bank_currency = frappe.get_cached_value("Account", bank, "account_currency") or ctx.company_currency
	rate = Decimal(str(target.conversion_rate or 1))
	in_party = _in(payment.amount, order.currency, party_currency, rate)
	in_bank = _in(payment.amount, order.currency, bank_currency, rate)
	receive = direction == "Receive"
	doc = frappe.get_doc(
		{
			"doctype": "Payment Entry",
			"payment_type": direction,
			"company": ctx.company,
			"posting_date": site_date(payment.paid_at),
			"mode_of_payment": mode,
			"party_type": "Customer",
			"party": target.customer,
			"paid_from": party_account if receive else bank,
			"paid_from_account_currency": party_currency if receive else bank_currency,
			"paid_to": bank if receive else party_account,
			"paid_to_account_currency": bank_currency if receive else party_currency,
			"paid_amount": as_float(in_party if receive else in_bank),
			"received_amount": as_float(in_bank if receive else in_party),
			"source_exchange_rate": _rate(party_currency if receive else bank_currency, order, ctx, rate),
			"target_exchange_rate": _rate(bank_currency if receive else party_currency, order, ctx, rate),
			"reference_no": (payment.reference or payment.id)[:140],
			"reference_date": site_date(payment.paid_at),
			"integration_connection": ctx.connection.name,
			"integration_order": order.number[:140],
			"references": [],
		}
	)
	open_amount = owed.in_account(target)
	allocated = min(in_party, abs(open_amount))
	# money back settles what is owed to the buyer, and pays nothing that the buyer owes
	if allocated > ZERO and receive == (open_amount > ZERO):
		doc.append(
			"references",
			{
				"reference_doctype": target.doctype,
				"reference_name": target.name,
				"allocated_amount": as_float(allocated if open_amount > ZERO else -allocated),
			},
		)
	doc.submit()
	return doc.name


def _party_account(target: Any, ctx: Context) -> tuple[str, str]:
	from erpnext.accounts.party import get_party_account

	account = target.get("debit_to") or get_party_account("Customer", target.customer, ctx.company)
	currency = frappe.get_cached_value("Account", account, "account_currency") or ctx.company_currency
	return account, currency


def _in(amount: Decimal, currency: str, wanted: str, rate: Decimal) -> Decimal:
	"""The amount in the account's currency, which is the order's or else the company's."""
	return (
		amount if currency == wanted else Decimal(str(flt(as_float(amount * rate), money.ledger_decimals())))
	)


def _rate(account_currency: str, order: Order, ctx: Context, rate: Decimal) -> float:
	return 1.0 if account_currency == ctx.company_currency else as_float(rate)
