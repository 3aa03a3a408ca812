"""Refunds and disputes of a gateway → Payment Entries and Journal Entries, each once, whoever tells of them first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import frappe
from frappe import _

from integration_hub.erp import journal
from integration_hub.erp.context import Context, Result
from integration_hub.erp.gateway import RESOURCE as PAYMENTS
from integration_hub.erp.gateway import is_foreign
from integration_hub.erp.receipts import Money, Target, book, clearing_account
from integration_hub.erp.times import site_date
from integration_hub.failures import Invalid, Waiting
from integration_hub.records import ZERO, Dispute, GatewayRefund, Reference, RefundRequest, Settled

REFUNDS, DISPUTES = "refunds", "disputes"


# --- asked for here ----------------------------------------------------------------------------------------


def requests_of(credit_note: Any, ctx: Context) -> list[RefundRequest]:
	"""What to give back for a credit note: from the payments of the invoice it returns, the newest first, never more than
	each has left. Raises Invalid when the gateway does not have that much."""
	if credit_note.docstatus != 1 or not credit_note.is_return:
		raise Invalid(_("{0} is no submitted credit note.").format(credit_note.name))
	left = abs(Decimal(str(credit_note.outstanding_amount)))
	if credit_note.get("party_account_currency") not in (None, credit_note.currency):
		left = (left / Decimal(str(credit_note.conversion_rate or 1))).quantize(Decimal("0.001"))
		left = left.quantize(Decimal(1).scaleb(-_exponent(credit_note.currency)))
	if left <= ZERO:
		raise Invalid(_("{0} is settled already.").format(credit_note.name))
	requests = []
	for payment_id, open_amount in _refundable(credit_note, ctx):
		share = min(left, open_amount)
		if share > ZERO:
			requests.append(
				RefundRequest(
					payment_id=payment_id,
					amount=share,
					currency=credit_note.currency,
					reference=Reference(doctype=credit_note.doctype, name=credit_note.name),
				)
			)
			left -= share
	if left > ZERO:
		raise Invalid(
			_("{0} {1} of {2} was not paid through {3}: it cannot be refunded there.").format(
				left, credit_note.currency, credit_note.name, ctx.connection.title
			),
			fix=(credit_note.doctype, credit_note.name),
		)
	return requests


def _exponent(currency: str) -> int:
	from integration_hub.erp.money import exponent

	return exponent(currency)


def _refundable(credit_note: Any, ctx: Context) -> list[tuple[str, Decimal]]:
	"""The gateway's payments of the invoice (and of the orders it bills), with what is left of each."""
	paid = [("Sales Invoice", credit_note.return_against)] if credit_note.return_against else []
	orders = {row.sales_order for row in credit_note.items if row.get("sales_order")}
	paid += [("Sales Order", name) for name in sorted(orders)]
	entries: list[str] = []
	for doctype, name in paid:
		entries += frappe.get_all(
			"Payment Entry Reference",
			filters={"reference_doctype": doctype, "reference_name": name, "docstatus": 1},
			pluck="parent",
			order_by="creation desc",
		)
	found = []
	for entry in dict.fromkeys(entries):
		for link in ctx.links.of("Payment Entry", entry, PAYMENTS):
			amount, currency = (link.label or "0 ").split(" ")[:2]
			if currency == credit_note.currency:
				given = refunded(link.outside_id, ctx)
				found.append((link.outside_id, Decimal(amount) - given))
	return found


def refunded(payment_id: str, ctx: Context) -> Decimal:
	"""What was given back of a payment so far, in the buyer's currency, as far as it is known here."""
	link = frappe.qb.DocType("Integration Link")
	rows = (
		frappe.qb.from_(link)
		.select(link.extra)
		.where(
			(link.connection == ctx.connection.name)
			& (link.resource == REFUNDS)
			& link.extra.like(f'%"{payment_id}"%')
		)
		.run(pluck=True)
	)
	said = [json.loads(row) for row in rows]
	return sum(
		(Decimal(one["amount"]) for one in said if one["payment"] == payment_id and one["state"] != "failed"),
		ZERO,
	)


# --- as the gateway tells them -----------------------------------------------------------------------------


def apply(refund: GatewayRefund, ctx: Context) -> Result:
	"""A refund as the gateway has it now, made from here or there."""
	if is_foreign(refund.test, ctx):
		return Result(None, None, _("A test refund; nothing is booked."), "Ignored")
	link = ctx.links.get(REFUNDS, refund.id)
	said = json.loads(link.extra or "{}") if link else {}
	if refund.status in ("failed", "cancelled"):
		return _came_back(refund, link, said, ctx)
	if said.get("state") in ("booked", "failed"):
		return Result("Payment Entry", link.reference_name, _("Booked already."))
	if refund.settled is None:
		# pending refunds move no money yet, and some never will
		_remember(refund, None, None, "pending", ctx)
		if refund.status == "pending":
			return Result(None, None, _("The refund is on its way at the gateway."), "Ignored")
		raise Waiting(_("The gateway has not said yet what the refund became in its account."))
	return _book(refund, ctx)


def _book(refund: GatewayRefund, ctx: Context) -> Result:
	payment = ctx.links.get(PAYMENTS, refund.payment_id)
	if payment is None or payment.reference_doctype != "Payment Entry":
		raise Waiting(_("Waits for the payment {0} that is refunded.").format(refund.payment_id))
	customer = frappe.db.get_value("Payment Entry", payment.reference_name, "party")
	note = _credit_note(refund, payment.reference_name)
	moved = Money(refund.amount, refund.currency, refund.settled, site_date(refund.created_at), refund.id)
	name, left = book("Pay", customer, moved, [Target(note)] if note else [], ctx)
	_remember(refund, "Payment Entry", name, "booked", ctx)
	sentence = _("Refund {0}").format(name)
	if left:
		sentence += " " + _("{0} {1} stands on the customer's account: make a credit note for it.").format(
			left, refund.currency
		)
	return Result("Payment Entry", name, sentence)


def _credit_note(refund: GatewayRefund, payment_entry: str) -> Any:
	"""The credit note that was asked for; else an open one of an invoice that this payment paid."""
	reference = refund.reference
	if (
		reference
		and reference.doctype == "Sales Invoice"
		and frappe.db.exists("Sales Invoice", reference.name)
	):
		doc = frappe.get_doc("Sales Invoice", reference.name)
		if doc.docstatus == 1 and doc.is_return:
			return doc
	invoices = frappe.get_all(
		"Payment Entry Reference",
		filters={"parent": payment_entry, "reference_doctype": "Sales Invoice"},
		pluck="reference_name",
	)
	open_notes = frappe.get_all(
		"Sales Invoice",
		filters={
			"return_against": ("in", invoices or [""]),
			"is_return": 1,
			"docstatus": 1,
			"outstanding_amount": ("<", 0),
			"currency": refund.currency,
		},
		order_by="posting_date desc, creation desc",
		pluck="name",
	)
	return frappe.get_doc("Sales Invoice", open_notes[0]) if open_notes else None


def _remember(
	refund: GatewayRefund, doctype: str | None, name: str | None, state: str, ctx: Context, **more: Any
) -> None:
	ctx.links.claim(REFUNDS, refund.id)
	ctx.links.fill(
		REFUNDS,
		refund.id,
		doctype,
		name,
		version=refund.version,
		label=f"{refund.amount} {refund.currency}",
		extra={"payment": refund.payment_id, "amount": str(refund.amount), "state": state, **more},
	)


def _came_back(refund: GatewayRefund, link: Any, said: Mapping[str, Any], ctx: Context) -> Result:
	"""A refund that failed: the money is back in the account. What was booked is booked back on the day of the failure, so
	that the credit note is open again and the account agrees line by line."""
	if said.get("state") == "failed":
		return Result(said.get("back_doctype"), said.get("back_name"), _("Booked back already."))
	reason = refund.failure or _("no reason given")
	if said.get("state") != "booked":
		_remember(refund, None, None, "failed", ctx)
		return Result(None, None, _("The refund failed before it was booked: {0}").format(reason), "Ignored")
	entry = frappe.get_doc("Payment Entry", link.reference_name)
	day = site_date(refund.failed_at or refund.created_at)
	name = _booked_back(entry, refund, day, ctx)
	_remember(
		refund, "Payment Entry", entry.name, "failed", ctx, back_doctype="Journal Entry", back_name=name
	)
	return Result(
		"Journal Entry",
		name,
		_("The refund failed ({0}): the money is back, the credit note is open again.").format(reason),
	)


def _booked_back(entry: Any, refund: GatewayRefund, day: Any, ctx: Context) -> str:
	"""The credit note is open again, and the Payment Entry's own amounts are booked the other way round. The two entries
	cancel each other out on the customer's account."""
	_unreconcile(entry)
	rows = [
		journal.Row(
			entry.paid_from,
			Decimal(str(entry.paid_amount)),
			rate=Decimal(str(entry.source_exchange_rate or 1)),
		),
		journal.Row(
			entry.paid_to,
			-Decimal(str(entry.received_amount)),
			rate=Decimal(str(entry.target_exchange_rate or 1)),
			party=("Customer", entry.party),
		),
	]
	for deduction in entry.deductions:
		rows.append(
			journal.Row(deduction.account, -Decimal(str(deduction.amount)), cost_center=deduction.cost_center)
		)
	return journal.book(rows, day, ctx, title=_("Refund {0} failed").format(refund.id), reference=refund.id)


def _unreconcile(entry: Any) -> None:
	"""ERPNext's own way of taking a payment off the documents it settled."""
	if not entry.references:
		return
	doc = frappe.get_doc(
		{
			"doctype": "Unreconcile Payment",
			"company": entry.company,
			"voucher_type": entry.doctype,
			"voucher_no": entry.name,
		}
	)
	doc.add_references()
	doc.insert()
	doc.submit()


def gone(outside_id: str, _ctx: Context) -> Result:
	return Result(None, None, _("{0} does not exist at the gateway any more.").format(outside_id), "Ignored")


# --- disputes ----------------------------------------------------------------------------------------------


def dispute(record: Dispute, ctx: Context) -> Result:
	"""Money a buyer's bank took: moved to "Disputed" while it is open, from there back or to the loss."""
	if is_foreign(record.test, ctx):
		return Result(None, None, _("A test dispute; nothing is booked."), "Ignored")
	ctx.links.claim(DISPUTES, record.id)
	said = json.loads(ctx.links.get(DISPUTES, record.id).extra or "{}")
	booked: dict[str, str] = dict(said.get("booked", {}))
	if record.settled and "taken" not in booked:
		booked["taken"] = _move(record, record.settled, "Disputed", -1, record.created_at, ctx)
	if record.status == "won" and "taken" in booked and "returned" not in booked:
		if record.returned is None:
			raise Waiting(_("The gateway has not given the money back yet."))
		booked["returned"] = _move(
			record, record.returned, "Disputed", 1, record.closed_at or record.created_at, ctx
		)
	if record.status == "lost" and "taken" in booked and "lost" not in booked:
		booked["lost"] = _lose(record, ctx)
	name = next(reversed(booked.values())) if booked else None
	ctx.links.fill(
		DISPUTES,
		record.id,
		"Journal Entry" if name else None,
		name,
		version=record.version,
		label=f"{record.amount} {record.currency}",
		extra={"booked": booked, "payment": record.payment_id, "status": record.status},
	)
	return Result("Journal Entry" if name else None, name, dispute_words(record))


def dispute_words(record: Dispute) -> str:
	about = _("{0} {1} of payment {2}").format(record.amount, record.currency, record.payment_id)
	if record.status == "inquiry":
		return _("The buyer's bank asks about {0} ({1}). Answer at the gateway.").format(about, record.reason)
	if record.status == "open":
		return _("{0} is disputed ({1}). Answer at the gateway{2}.").format(
			about, record.reason, _(" by {0}").format(site_date(record.answer_by)) if record.answer_by else ""
		)
	return (_("Dispute won: {0} came back.") if record.status == "won" else _("Dispute lost: {0}.")).format(
		about
	)


def _move(record: Dispute, moved: Settled, kind: str, sign: int, when: datetime, ctx: Context) -> str:
	"""Between the clearing account and `kind`; the dispute's fee is booked with the payout, as all fees are."""
	account, cost_center = ctx.account_for(kind, moved.currency)
	amount = sign * moved.gross
	rows = [
		journal.Row(clearing_account(moved.currency, ctx), amount),
		journal.Row(account, -amount, cost_center=cost_center, currency=moved.currency),
	]
	return journal.book(
		rows, site_date(when), ctx, title=_("Dispute {0}").format(record.id), reference=record.id
	)


def _lose(record: Dispute, ctx: Context) -> str:
	disputed, _cost_center = ctx.account_for("Disputed", record.settled.currency)
	loss, cost_center = ctx.account_for("Dispute Loss", record.settled.currency)
	rows = [
		journal.Row(disputed, -record.settled.gross, currency=record.settled.currency),
		journal.Row(loss, record.settled.gross, cost_center=cost_center, currency=record.settled.currency),
	]
	day = site_date(record.closed_at or record.created_at)
	return journal.book(rows, day, ctx, title=_("Dispute {0} lost").format(record.id), reference=record.id)
