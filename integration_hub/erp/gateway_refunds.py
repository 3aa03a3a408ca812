"""Refunds of a gateway → Payment Entries against credit notes, each once, whoever tells of them first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import frappe
from frappe import _
from frappe.utils import flt

from integration_hub.erp import journal, owed
from integration_hub.erp.context import Context, Result
from integration_hub.erp.gateway import RESOURCE as PAYMENTS
from integration_hub.erp.gateway import is_foreign
from integration_hub.erp.receipts import Money, Target, book, by_hand
from integration_hub.erp.times import post_at, site_date
from integration_hub.failures import Invalid, Waiting
from integration_hub.records import ZERO, GatewayRefund, Reference, RefundRequest

REFUNDS = "refunds"
CREDIT_NOTE = "Make a Credit Note for a Full Refund"


# --- asked for here ----------------------------------------------------------------------------------------


def requests_of(credit_note: Any, ctx: Context) -> list[RefundRequest]:
	"""What to give back for a credit note: from the payments of the invoice it returns, the newest first, never more than
	each has left. Raises Invalid when there is nothing to give back, or the gateway does not have that much."""
	if credit_note.docstatus != 1 or not credit_note.is_return:
		raise Invalid(_("{0} is no submitted credit note.").format(credit_note.name))
	open_amount = _to_give_back(credit_note)
	if open_amount <= ZERO:
		raise Invalid(_("{0} is settled already.").format(credit_note.name))
	under_way = sum((amount for amount, _id in _pending(credit_note.name, ctx)), ZERO)
	left = open_amount - under_way
	if left <= ZERO:
		raise Invalid(
			_("{0} {1} is on its way back to the customer already.").format(under_way, credit_note.currency)
		)
	requests = []
	for payment_id, available in _refundable(credit_note, ctx):
		share = min(left, available)
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


def targets_of(credit_note: Any) -> list[Target]:
	"""Where the credit stands: on the credit note itself, or on the invoice that it has made negative."""
	found = [Target(credit_note)]
	if credit_note.return_against:
		invoice = frappe.get_doc("Sales Invoice", credit_note.return_against)
		if invoice.docstatus == 1 and invoice.debit_to == credit_note.debit_to:
			found.append(Target(invoice))
	return found


def _to_give_back(credit_note: Any) -> Decimal:
	"""What of a credit note is still owed to the customer, in its currency."""
	worth = abs(Decimal(str(credit_note.rounded_total or credit_note.grand_total)))
	return min(worth, sum((owed.open_on(one.doc, back=True) for one in targets_of(credit_note)), ZERO))


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
				found.append((link.outside_id, Decimal(amount) - refunded(link.outside_id, ctx)))
	return found


def refunded(payment_id: str, ctx: Context) -> Decimal:
	"""What was given back of a payment so far or is on its way, in the buyer's currency, as far as it is known here."""
	said = _said_of(payment_id, ctx)
	return sum(
		(Decimal(one["amount"]) for one in said if one["payment"] == payment_id and one["state"] != "failed"),
		ZERO,
	)


def failed_for(payment_id: str, credit_note: str, ctx: Context) -> int:
	"""How often a refund of this payment for this credit note came to nothing: each may be followed by another."""
	said = _said_of(payment_id, ctx)
	return sum(1 for one in said if one["state"] == "failed" and one.get("note") == credit_note)


def _said_of(words: str, ctx: Context) -> list[dict[str, Any]]:
	link = frappe.qb.DocType("Integration Link")
	rows = (
		frappe.qb.from_(link)
		.select(link.outside_id, link.extra)
		.where(
			(link.connection == ctx.connection.name)
			& (link.resource == REFUNDS)
			& link.extra.like(f'%"{words}"%')
		)
		.run()
	)
	return [{"id": outside_id, **json.loads(extra)} for outside_id, extra in rows]


def _pending(credit_note: str, ctx: Context) -> list[tuple[Decimal, str]]:
	return [
		(Decimal(one["amount"]), one["id"])
		for one in _said_of(credit_note, ctx)
		if one.get("note") == credit_note and one["state"] == "pending"
	]


# --- as the gateway tells them -----------------------------------------------------------------------------


def apply(refund: GatewayRefund, ctx: Context) -> Result:
	"""A refund as the gateway has it now, made from here or there."""
	if is_foreign(refund.test, ctx):
		return Result(None, None, _("A test refund; nothing is booked."), "Ignored")
	# the Link is the lock: our own answer and the webhook may tell of one refund at the same moment
	link = ctx.links.claim(REFUNDS, refund.id) or ctx.links.get(REFUNDS, refund.id)
	said = json.loads(link.extra or "{}")
	if refund.status in ("failed", "cancelled"):
		return _came_back(refund, link, said, ctx)
	if said.get("state") in ("booked", "failed"):
		return Result("Payment Entry", link.reference_name, _("Booked already."))
	if refund.settled is None:
		if refund.status == "succeeded":
			raise Waiting(_("The gateway has not said yet what the refund became in its account."))
		# pending refunds move no money yet, and some never will
		_remember(refund, None, None, "pending", ctx)
		return Result(None, None, _("The refund is on its way at the gateway."), "Ignored")
	if name := by_hand("Pay", refund.id, ctx):
		_remember(refund, "Payment Entry", name, "booked", ctx)
		return Result("Payment Entry", name, _("Booked by hand before."))
	return _book(refund, ctx)


def gone(outside_id: str, _ctx: Context) -> Result:
	return Result(None, None, _("{0} does not exist at the gateway any more.").format(outside_id), "Ignored")


def _book(refund: GatewayRefund, ctx: Context) -> Result:
	payment = ctx.links.get(PAYMENTS, refund.payment_id)
	if payment is None or payment.reference_doctype != "Payment Entry":
		raise Waiting(_("Waits for the payment {0} that is refunded.").format(refund.payment_id))
	entry = frappe.get_doc("Payment Entry", payment.reference_name)
	notes = []
	credit_note = _credit_note(refund, entry) or _make_credit_note(refund, entry, ctx, notes)
	moved = Money(refund.amount, refund.currency, refund.settled, site_date(refund.created_at), refund.id)
	targets = targets_of(credit_note) if credit_note else []
	name, left = book("Pay", entry.party, moved, targets, ctx)
	_remember(refund, "Payment Entry", name, "booked", ctx)
	notes.append(_("Refund {0}.").format(name))
	if left:
		notes.append(_left_over(left, refund, entry))
	return Result("Payment Entry", name, " ".join(notes))


def _left_over(left: Decimal, refund: GatewayRefund, entry: Any) -> str:
	"""What a person has to do about a refund that no credit note took: money that settled no invoice needs none."""
	free = _free_money(entry)
	if free:
		return _(
			"{0} {1} stands on the customer's account, as does money of {2}: allocate one to the other with Payment "
			"Reconciliation."
		).format(left, refund.currency, free)
	return _("{0} {1} stands on the customer's account: make a credit note for it.").format(
		left, refund.currency
	)


def _free_money(entry: Any) -> str | None:
	"""The Payment Entry whose money may have been given back, since it settled no invoice: this one, or another of the
	customer (of two payments for one invoice, either may be given back)."""
	advances = [row.allocated_amount for row in entry.references if row.reference_doctype == "Sales Order"]
	if entry.docstatus == 1 and flt(entry.unallocated_amount) + sum(advances) > 0:
		return entry.name
	return frappe.db.get_value(
		"Payment Entry",
		{
			"party_type": entry.party_type,
			"party": entry.party,
			"company": entry.company,
			"payment_type": "Receive",
			"docstatus": 1,
			"unallocated_amount": (">", 0),
		},
	)


def _credit_note(refund: GatewayRefund, entry: Any) -> Any:
	"""The credit note that was asked for; else an open one of an invoice that this payment paid."""
	reference = refund.reference
	if (
		reference
		and reference.doctype == "Sales Invoice"
		and frappe.db.exists("Sales Invoice", reference.name)
	):
		doc = frappe.get_doc("Sales Invoice", reference.name)
		if doc.docstatus == 1 and doc.is_return and doc.customer == entry.party:
			return doc
	names = frappe.get_all(
		"Sales Invoice",
		filters={
			"return_against": ("in", _invoices_of(entry) or [""]),
			"is_return": 1,
			"docstatus": 1,
			"currency": refund.currency,
		},
		order_by="posting_date desc, creation desc",
		pluck="name",
	)
	notes = [frappe.get_doc("Sales Invoice", name) for name in names]
	return next((one for one in notes if _to_give_back(one) > ZERO), None)


def _invoices_of(entry: Any) -> list[str]:
	return [row.reference_name for row in entry.references if row.reference_doctype == "Sales Invoice"]


def _make_credit_note(refund: GatewayRefund, entry: Any, ctx: Context, notes: list[str]) -> Any:
	"""Where so chosen: the whole of an invoice was given back at the gateway, so the whole invoice is credited. Goods are
	another matter: nothing goes back on the shelf by this."""
	invoices = _invoices_of(entry)
	if ctx.connection.outside_refunds != CREDIT_NOTE or len(invoices) != 1:
		return None
	invoice = frappe.get_doc("Sales Invoice", invoices[0])
	worth = Decimal(str(invoice.rounded_total or invoice.grand_total))
	if (worth, invoice.currency) != (refund.amount, refund.currency) or frappe.db.exists(
		"Sales Invoice", {"return_against": invoice.name, "docstatus": ("<", 2)}
	):
		return None
	if _free_money(entry):
		return None  # it may have been paid twice, and still be paid
	from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return

	doc = make_sales_return(invoice.name)
	post_at(doc, refund.created_at, after=invoice)
	doc.update(
		{
			"due_date": doc.posting_date,
			"payment_terms_template": None,
			"payment_schedule": [],
			"ignore_pricing_rule": 1,
			"update_stock": 0,
			"integration_connection": ctx.connection.name,
			"update_outstanding_for_self": 1,
		}
	)
	doc.submit()
	notes.append(_("Credit note {0}.").format(doc.name))
	return doc


def _remember(
	refund: GatewayRefund, doctype: str | None, name: str | None, state: str, ctx: Context, **more: Any
) -> None:
	ctx.links.fill(
		REFUNDS,
		refund.id,
		doctype,
		name,
		version=refund.version,
		label=f"{refund.amount} {refund.currency}",
		extra={
			"payment": refund.payment_id,
			"amount": str(refund.amount),
			"state": state,
			"note": refund.reference.name if refund.reference else None,
			**more,
		},
	)


# --- what comes back ---------------------------------------------------------------------------------------


def _came_back(refund: GatewayRefund, link: Any, said: Mapping[str, Any], ctx: Context) -> Result:
	"""A refund that failed: the money is back in the account. What was booked is booked back on the day of the failure, so
	that the credit note is open again and the account agrees line by line."""
	if said.get("state") == "failed":
		return Result(said.get("back_doctype"), said.get("back_name"), _("Booked back already."))
	reason = refund.failure or _("no reason given")
	if said.get("state") != "booked":
		if refund.settled and not _never_moved(refund):
			# its end is told first: out and back are both movements of the account
			_book(refund, ctx)
			link = ctx.links.get(REFUNDS, refund.id)
		else:
			_remember(refund, None, None, "failed", ctx)
			return Result(
				None, None, _("The refund failed before it was booked: {0}").format(reason), "Ignored"
			)
	entry = frappe.get_doc("Payment Entry", link.reference_name)
	name = _booked_back(entry, refund, ctx)
	back = {"back_doctype": "Journal Entry", "back_name": name}
	_remember(refund, "Payment Entry", entry.name, "failed", ctx, **back)
	words = _("The refund failed ({0}): the money is back, the credit note is open again.").format(reason)
	return Result("Journal Entry", name, words)


def _never_moved(refund: GatewayRefund) -> bool:
	return refund.status == "cancelled" or refund.failed_at is None


def _booked_back(entry: Any, refund: GatewayRefund, ctx: Context) -> str:
	"""The credit note is open again, and the Payment Entry's own amounts are booked the other way round. The two entries
	cancel each other out on the customer's account."""
	_unreconcile(entry)
	entry.reload()
	rows = [
		journal.Row(
			entry.paid_from,
			Decimal(str(entry.paid_amount)),
			rate=Decimal(str(entry.source_exchange_rate or 1)),
		),
		journal.Row(
			entry.paid_to,
			-Decimal(str(entry.unallocated_amount)),
			rate=Decimal(str(entry.target_exchange_rate or 1)),
			party=("Customer", entry.party),
			reference=(entry.doctype, entry.name),
		),
	]
	for deduction in entry.deductions:
		amount = -Decimal(str(deduction.amount))
		rows.append(journal.Row(deduction.account, amount, cost_center=deduction.cost_center))
	return journal.book(
		rows,
		site_date(refund.failed_at or refund.created_at),
		ctx,
		title=_("Refund {0} failed").format(refund.id),
		reference=refund.id,
	)


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
