"""What is open on a Sales Invoice or Sales Order, as ERPNext's Payment Entry will see it.

ERPNext keeps open amounts in the currency of the party's account, which is the document's or else the company's. A buyer
pays in the document's currency, so both are needed, and the whole of one must be the whole of the other.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import frappe
from frappe.utils import flt

from integration_hub.erp import money
from integration_hub.records import ZERO


def party_currency(doc: Any) -> str:
	"""The currency of the account that a document's customer owes it on."""
	if doc.get("party_account_currency"):
		return doc.party_account_currency
	account = doc.get("debit_to")
	if not account:
		from erpnext.accounts.party import get_party_account

		account = get_party_account("Customer", doc.customer, doc.company)
	kept_in = frappe.get_cached_value("Account", account, "account_currency") if account else None
	return kept_in or frappe.get_cached_value("Company", doc.company, "default_currency")


def in_account(doc: Any) -> Decimal:
	"""What is open in the party account's currency: negative on a credit note, zero for an order that takes no advance
	any more (closed, or billed)."""
	if doc.docstatus != 1:
		return ZERO
	if doc.doctype == "Sales Invoice":
		return _decimal(doc.outstanding_amount, doc.precision("outstanding_amount"))
	if doc.status == "Closed":
		return ZERO
	whole, decimals = _total(doc), doc.precision("grand_total")
	unbilled = _decimal(whole * max(0.0, 100 - flt(doc.per_billed)) / 100, decimals)
	if abs(100 - flt(doc.per_billed)) <= 0.01:
		return ZERO
	return max(ZERO, min(_decimal(whole - flt(doc.advance_paid), decimals), unbilled))


def _total(doc: Any) -> float:
	"""The document's total in the party account's currency."""
	if party_currency(doc) == doc.currency:
		return _whole(doc)
	return flt(doc.base_rounded_total) or flt(doc.base_grand_total)


def _whole(doc: Any) -> float:
	return flt(doc.rounded_total) or flt(doc.grand_total)


def open_on(doc: Any, *, back: bool = False) -> Decimal:
	"""What is still to be paid on a document, in its own currency; with `back`, what is to be paid back to the customer (on
	a credit note, or on an invoice that one has made negative). Never negative."""
	open_ = max(ZERO, -in_account(doc) if back else in_account(doc))
	if party_currency(doc) == doc.currency:
		return _exact(open_, doc.currency)
	if open_ == abs(_decimal(_total(doc), doc.precision("base_grand_total"))):
		# the whole is the whole in both currencies, whatever rounding made of the rate
		return _exact(abs(_decimal(_whole(doc), doc.precision("grand_total"))), doc.currency)
	left = None if back else _left_of_parts(doc, open_)
	if left is not None:
		return left
	rate = Decimal(str(doc.conversion_rate or 1))
	return (open_ / rate).quantize(Decimal(1).scaleb(-money.exponent(doc.currency)))


def of_order(doc: Any) -> Decimal:
	"""What the buyer still has to pay for a Sales Order, in its currency: what is not billed yet and what is open on its
	invoices, less the advances that no invoice has taken."""
	unbilled = ZERO if doc.status == "Closed" else max(ZERO, 100 - Decimal(str(flt(doc.per_billed, 9)))) / 100
	whole = _decimal(_whole(doc), doc.precision("grand_total"))
	billed = [one for one in invoices_of(doc.name) if one.currency == doc.currency]
	owed = whole * unbilled + sum((open_on(one) for one in billed), ZERO) - advances(doc)
	return max(ZERO, owed.quantize(Decimal(1).scaleb(-money.exponent(doc.currency)), ROUND_HALF_UP))


def advances(doc: Any) -> Decimal:
	"""Payments that stand on a Sales Order itself, in its currency. Not `advance_paid`, which ERPNext does not lower when an
	invoice takes an advance over."""
	payments = frappe.get_all(
		"Payment Entry Reference",
		filters={"reference_doctype": doc.doctype, "reference_name": doc.name, "docstatus": 1},
		fields=["parent", "allocated_amount", "integration_part"],
	)
	taken, parts = (dict.fromkeys((row.parent for row in payments), ZERO) for _each in range(2))
	for row in payments:
		taken[row.parent] += Decimal(str(flt(row.allocated_amount, 9)))
		parts[row.parent] += Decimal(row.integration_part or 0)
	found = sum((_in_own(doc, amount, parts[name]) for name, amount in taken.items()), ZERO)
	journals = frappe.get_all(
		"Journal Entry Account",
		filters={"reference_type": doc.doctype, "reference_name": doc.name, "docstatus": 1},
		fields=["credit_in_account_currency", "debit_in_account_currency"],
	)
	for row in journals:
		moved = _decimal(row.credit_in_account_currency - row.debit_in_account_currency, 9)
		found += _in_own(doc, moved, ZERO)
	return found


def _in_own(doc: Any, amount: Decimal, part: Decimal) -> Decimal:
	"""An amount of the party account's in the document's currency; `part` is what was paid, as long as the amount still is
	what became of it."""
	if party_currency(doc) == doc.currency:
		return amount
	rate = Decimal(str(doc.conversion_rate or 1))
	if part and abs(part * rate - amount) < Decimal("0.02"):
		return part
	return amount / rate


def _left_of_parts(doc: Any, open_: Decimal) -> Decimal | None:
	"""What earlier parts, each kept in the document's own currency, have left: exact, where the rate would only give it back
	to a cent. None when anything else has changed what is open."""
	rows = frappe.get_all(
		"Payment Entry Reference",
		filters={"reference_doctype": doc.doctype, "reference_name": doc.name, "docstatus": 1},
		fields=["parent", "allocated_amount", "integration_part"],
	)
	taken, parts = ZERO, dict.fromkeys((row.parent for row in rows), ZERO)
	for row in rows:
		taken += Decimal(str(flt(row.allocated_amount, 9)))
		parts[row.parent] += Decimal(row.integration_part or 0)
	decimals = doc.precision("base_grand_total")
	if not all(part > ZERO for part in parts.values()) or _decimal(_total(doc), decimals) - taken != open_:
		return None
	left = _decimal(_whole(doc), doc.precision("grand_total")) - sum(parts.values())
	return _exact(left, doc.currency) if left > ZERO else None


def share_of(doc: Any, part: Decimal, *, back: bool = False) -> Decimal:
	"""What `part` of `open_on` is in the party account's currency, positive. All of it is all of it, to the cent: what is
	missing by less than a cent of that currency cannot be owed in it, and is only what rounding made of earlier parts."""
	whole = abs(in_account(doc))
	missing = open_on(doc, back=back) - part
	if not missing:
		return whole
	if party_currency(doc) == doc.currency:
		return part
	rate, decimals = Decimal(str(doc.conversion_rate or 1)), doc.precision("base_grand_total")
	if abs(missing) * rate < Decimal(1).scaleb(-decimals):
		return whole
	return min(whole, _decimal(float(part * rate), decimals))


def invoices_of(order: str) -> list[Any]:
	"""Submitted Sales Invoices of an order with something to pay, the oldest first."""
	row, invoice = frappe.qb.DocType("Sales Invoice Item"), frappe.qb.DocType("Sales Invoice")
	names = (
		frappe.qb.from_(row)
		.join(invoice)
		.on(invoice.name == row.parent)
		.select(invoice.name)
		.distinct()
		.where(
			(row.sales_order == order)
			& (invoice.docstatus == 1)
			& (invoice.is_return == 0)
			& (invoice.outstanding_amount > 0)
		)
		.orderby(invoice.name)
		.run(pluck=True)
	)
	return [frappe.get_doc("Sales Invoice", name) for name in names]


def terms_of(doc: Any) -> list[tuple[str, Decimal]]:
	"""Payment terms that a payment must name, with what is open of each in the party account's currency; an empty list
	where ERPNext does not ask for them."""
	template = doc.get("payment_terms_template")
	if not template or not frappe.get_cached_value(
		"Payment Terms Template", template, "allocate_payment_based_on_payment_terms"
	):
		return []
	own = party_currency(doc) == doc.currency
	rate = 1.0 if own else flt(doc.conversion_rate)
	decimals = doc.precision("grand_total" if own else "base_grand_total")
	return [
		(row.payment_term, _decimal(flt(row.outstanding) * rate, decimals))
		for row in doc.payment_schedule
		if row.payment_term
	]


def living(doc: Any) -> Any:
	"""The document, or what a cancelled one was amended to (None when it was not)."""
	while doc.docstatus == 2:
		name = frappe.db.get_value(doc.doctype, {"amended_from": doc.name, "docstatus": ("<", 3)}, "name")
		if not name:
			return None
		doc = frappe.get_doc(doc.doctype, name)
	return doc if doc.docstatus == 1 else None


def _decimal(value: float, decimals: int | None) -> Decimal:
	return Decimal(str(flt(value, decimals)))


def _exact(amount: Decimal, currency: str) -> Decimal:
	"""With the decimals of the currency; an amount that has more stays as it is, for a vendor to refuse."""
	rounded = amount.quantize(Decimal(1).scaleb(-money.exponent(currency)))
	return rounded if rounded == amount else amount
