"""Payments of a gateway → Payment Entries, each once, against what they were meant for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _

from integration_hub.erp import payables
from integration_hub.erp.context import Context, Result
from integration_hub.erp.receipts import Money, Target, book
from integration_hub.erp.times import site_date
from integration_hub.failures import NeedsMapping, Waiting
from integration_hub.records import GatewayPayment, Reference

RESOURCE = "payments"
ON_ACCOUNT = "On Account of the Customer"


@dataclass(frozen=True)
class Meant:
	"""Who a payment is from and what it settles. `note` says why it is not what was asked for."""

	customer: str
	targets: tuple[Target, ...] = ()
	note: str = ""


def is_foreign(test: bool, ctx: Context) -> bool:
	"""Play money at an account that books real money."""
	return test and ctx.connection.environment == "Production"


def apply(payment: GatewayPayment, ctx: Context) -> Result:
	"""A payment as the gateway has it now."""
	if is_foreign(payment.test, ctx):
		return Result(None, None, _("A test payment; nothing is booked."), "Ignored")
	link = ctx.links.get(RESOURCE, payment.id)
	if link and link.reference_doctype == "Payment Entry":
		return Result("Payment Entry", link.reference_name, _("Booked already."))
	if payment.status == "authorised":
		return _reserved(payment, ctx)
	if payment.status != "paid":
		return _not_paid(payment, link, ctx)
	if payment.settled is None:
		raise Waiting(_("The gateway has not said yet what the payment became in its account."))
	if by_hand := _booked_by_hand(payment, ctx):
		return by_hand
	meant = _meant(payment, ctx)
	moved = Money(
		payment.captured,
		payment.currency,
		payment.settled,
		site_date(payment.paid_at or payment.created_at),
		payment.id,
	)
	name, left = book("Receive", meant.customer, moved, meant.targets, ctx)
	_remember(payment, "Payment Entry", name, ctx)
	close_page(payment, ctx)
	notes = [_("Payment {0}").format(name), meant.note]
	if left and meant.targets:
		notes.append(
			_("{0} {1} more than was open stays on the customer's account: refund or allocate it.").format(
				left, payment.currency
			)
		)
	return Result("Payment Entry", name, " ".join(filter(None, notes)))


def gone(outside_id: str, _ctx: Context) -> Result:
	return Result(None, None, _("{0} does not exist at the gateway any more.").format(outside_id), "Ignored")


def _remember(payment: GatewayPayment, doctype: str, name: str, ctx: Context, **extra: Any) -> None:
	ctx.links.claim(RESOURCE, payment.id)
	ctx.links.fill(
		RESOURCE,
		payment.id,
		doctype,
		name,
		version=payment.version,
		label=f"{payment.captured or payment.amount} {payment.currency}",
		extra={"status": payment.status, "currency": payment.currency, **extra},
	)


def _reserved(payment: GatewayPayment, ctx: Context) -> Result:
	"""Authorised only: nothing is booked; the document offers Capture and Release."""
	if payment.reference is None:
		return Result(
			None,
			None,
			_("{0} {1} is reserved for no document here.").format(payment.amount, payment.currency),
			"Ignored",
		)
	_remember(payment, payment.reference.doctype, payment.reference.name, ctx, amount=str(payment.amount))
	return Result(
		payment.reference.doctype,
		payment.reference.name,
		_("{0} {1} is reserved. Capture it, or release it.").format(payment.amount, payment.currency),
	)


def _not_paid(payment: GatewayPayment, link: Any, ctx: Context) -> Result:
	reference = payment.reference
	if link and payment.status == "cancelled" and reference:
		_remember(payment, reference.doctype, reference.name, ctx)
	words = {
		"pending": _("Not paid yet."),
		"failed": _("The payment failed: {0}").format(payment.failure or _("no reason given")),
		"cancelled": _("The payment was cancelled."),
	}[payment.status]
	return Result(reference and reference.doctype, reference and reference.name, words, "Ignored")


def _booked_by_hand(payment: GatewayPayment, ctx: Context) -> Result | None:
	"""A bookkeeper was quicker: a Payment Entry of this company carries the gateway's id as its reference."""
	name = frappe.db.get_value(
		"Payment Entry",
		{"reference_no": payment.id, "company": ctx.company, "docstatus": 1, "payment_type": "Receive"},
	)
	if not name:
		return None
	_remember(payment, "Payment Entry", name, ctx)
	return Result("Payment Entry", name, _("Booked by hand before."))


# --- what it was meant for ---------------------------------------------------------------------------------


def _meant(payment: GatewayPayment, ctx: Context) -> Meant:
	if payment.invoice_id:
		return _of_bill(payment, ctx)
	if payment.reference:
		found = _of_reference(payment.reference, ctx)
		if found:
			return found
	return _of_nobody(payment, ctx)


def _of_bill(payment: GatewayPayment, ctx: Context) -> Meant:
	link = ctx.links.get("invoices", payment.invoice_id)
	if link is None or not link.reference_name:
		raise Waiting(_("Waits for the bill {0}.").format(payment.invoice_id))
	doc = frappe.get_doc(link.reference_doctype, link.reference_name)
	return _against(doc, None)


def _of_reference(reference: Reference, ctx: Context) -> Meant | None:
	if reference.doctype not in payables.DOCTYPES or not frappe.db.exists(reference.doctype, reference.name):
		return None
	doc = frappe.get_doc(reference.doctype, reference.name)
	request = None
	if doc.doctype == "Payment Request":
		request = doc.name if doc.docstatus == 1 else None
		if not frappe.db.exists(doc.reference_doctype, doc.reference_name):
			return Meant(doc.party)
		doc = frappe.get_doc(doc.reference_doctype, doc.reference_name)
		if doc.doctype not in ("Sales Invoice", "Sales Order"):
			return Meant(doc.get("customer") or doc.get("party"))
	if doc.company != ctx.company:
		return None
	return _against(doc, request)


def _against(doc: Any, request: str | None) -> Meant:
	"""The document, or what took its place: an order that was billed meanwhile is paid through its invoices."""
	if doc.docstatus != 1:
		return Meant(
			doc.customer,
			note=_("{0} is not valid any more: the money is on the customer's account.").format(doc.name),
		)
	targets = [doc]
	if doc.doctype == "Sales Order":
		targets = [*_invoices_of(doc.name), doc]
	elif doc.is_return:
		return Meant(
			doc.customer,
			note=_("{0} is a credit note: the money is on the customer's account.").format(doc.name),
		)
	return Meant(doc.customer, tuple(Target(one, request) for one in targets))


def _invoices_of(order: str) -> list[Any]:
	names = frappe.get_all(
		"Sales Invoice Item",
		filters={"sales_order": order, "docstatus": 1},
		pluck="parent",
		distinct=True,
		order_by="parent",
	)
	found = [frappe.get_doc("Sales Invoice", name) for name in names]
	return [one for one in found if one.outstanding_amount > 0 and not one.is_return]


def _of_nobody(payment: GatewayPayment, ctx: Context) -> Meant:
	"""Money that nobody here asked for."""
	if ctx.connection.unasked_payments == ON_ACCOUNT:
		customer = _by_email(payment) or ctx.connection.default_customer
		if customer:
			return Meant(customer, note=_("Nobody asked for it here; it is on the customer's account."))
	who = (payment.customer and (payment.customer.email or payment.customer.full_name)) or _("somebody")
	raise NeedsMapping(
		_(
			"{0} {1} from {2} belongs to no document here. Book a Payment Entry with the reference number {3}, or let "
			"such payments go to the customer's account, in the Connection."
		).format(payment.captured, payment.currency, who, payment.id),
		fix=ctx.fix,
		waits_for=f"payment_of:{payment.id}"[:180],
	)


def _by_email(payment: GatewayPayment) -> str | None:
	email = payment.customer.email if payment.customer else ""
	if not email:
		return None
	contacts = frappe.get_all("Contact Email", filters={"email_id": email}, pluck="parent", distinct=True)
	names = frappe.get_all(
		"Dynamic Link",
		filters={"parenttype": "Contact", "parent": ("in", contacts or [""]), "link_doctype": "Customer"},
		pluck="link_name",
		distinct=True,
	)
	return names[0] if len(names) == 1 else None


def close_page(payment: GatewayPayment, ctx: Context) -> None:
	"""The page it was paid at takes no second payment; the vendor closes single-use pages by itself."""
	if payment.reference is None:
		return
	page = payables.open_link(payment.reference.doctype, payment.reference.name, ctx)
	if page:
		payables.closed(page.outside_id, ctx)
