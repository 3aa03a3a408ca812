"""Payments of a gateway → Payment Entries, each once, against what they were meant for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import frappe
from frappe import _

from integration_hub.erp import owed, payables
from integration_hub.erp.context import Context, Result
from integration_hub.erp.receipts import Money, Target, book, by_hand
from integration_hub.erp.times import site_date
from integration_hub.failures import Invalid, NeedsMapping, Waiting
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
	# the Link is the lock: a capture's answer, a bill and a webhook may tell of one payment at the same moment
	link = ctx.links.claim(RESOURCE, payment.id) or ctx.links.get(RESOURCE, payment.id)
	said = json.loads(link.extra or "{}")
	if link.reference_doctype == "Payment Entry":
		return _booked(payment, link.reference_name, ctx)
	if link.version and link.version > payment.version:
		return Result(link.reference_doctype, link.reference_name, _("A newer state is known."), "Ignored")
	if payment.status == "authorised":
		return _reserved(payment, said, ctx)
	if payment.status != "paid":
		return _not_paid(payment, ctx)
	if payment.settled is None:
		raise Waiting(_("The gateway has not said yet what the payment became in its account."))
	return _booked_by_hand(payment, ctx) or _book(payment, said, ctx)


def _book(payment: GatewayPayment, said: Mapping[str, Any], ctx: Context) -> Result:
	meant = _meant(payment, said, ctx)
	day = site_date(payment.paid_at or payment.created_at)
	moved = Money(payment.captured, payment.currency, payment.settled, day, payment.id)
	if payment.reference:
		payables.paid_at(payment.reference, payment.link_id, payment.captured, payment.currency, ctx)
	name, left = book("Receive", meant.customer, moved, meant.targets, ctx)
	_remember(payment, "Payment Entry", name, ctx)
	notes = [_("Payment {0}.").format(name), meant.note]
	if left and meant.targets:
		notes.append(_left_over(left, payment, meant))
	return Result("Payment Entry", name, " ".join(filter(None, notes)))


def _left_over(left: Decimal, payment: GatewayPayment, meant: Meant) -> str:
	other = next((one.doc for one in meant.targets if one.doc.currency != payment.currency), None)
	if other is not None:
		return _(
			"{0} is owed in {1}: {2} {3} stays on the customer's account for a person to allocate."
		).format(other.name, other.currency, left, payment.currency)
	return _("{0} {1} more than was open stays on the customer's account: refund or allocate it.").format(
		left, payment.currency
	)


def _booked(payment: GatewayPayment, name: str, ctx: Context) -> Result:
	if payment.status in ("failed", "cancelled"):
		raise Invalid(
			_("{0} was paid and booked ({1}), and now the gateway says {2}: {3} Decide by hand.").format(
				payment.id, name, _(payment.status), payment.failure
			),
			fix=("Payment Entry", name),
		)
	if frappe.db.get_value("Payment Entry", name, "docstatus") == 1:
		return Result("Payment Entry", name, _("Booked already."))
	words = _("{0} was cancelled here. Book the payment by hand, with {1} as its reference number.")
	return _booked_by_hand(payment, ctx) or Result("Payment Entry", name, words.format(name, payment.id))


def gone(outside_id: str, _ctx: Context) -> Result:
	return Result(None, None, _("{0} does not exist at the gateway any more.").format(outside_id), "Ignored")


def _remember(payment: GatewayPayment, doctype: str, name: str, ctx: Context, **extra: Any) -> None:
	ctx.links.fill(
		RESOURCE,
		payment.id,
		doctype,
		name,
		version=payment.version,
		label=f"{payment.captured or payment.amount} {payment.currency}",
		extra={"status": payment.status, "currency": payment.currency, **extra},
	)


def _reserved(payment: GatewayPayment, said: Mapping[str, Any], ctx: Context) -> Result:
	"""Authorised only: nothing is booked; the document offers Capture and Release."""
	words = _("{0} {1} is reserved. Capture it, or release it.").format(payment.amount, payment.currency)
	reference = payment.reference
	if reference is None or not frappe.db.exists(reference.doctype, reference.name):
		return Result(None, None, f"{words} {_('It names no document here.')}", "Ignored")
	_remember(payment, reference.doctype, reference.name, ctx, amount=str(payment.amount))
	payables.paid_at(reference, payment.link_id, payment.amount, payment.currency, ctx)
	if said.get("status") != payment.status:
		frappe.get_doc(reference.doctype, reference.name).add_comment("Info", words)
	return Result(reference.doctype, reference.name, words)


def _not_paid(payment: GatewayPayment, ctx: Context) -> Result:
	reference = payment.reference
	if reference and payment.status == "cancelled":
		_remember(payment, reference.doctype, reference.name, ctx)  # nothing is reserved any more
	words = {
		"pending": _("Not paid yet."),
		"failed": _("The payment failed: {0}").format(payment.failure or _("no reason given")),
		"cancelled": _("The payment was cancelled."),
	}[payment.status]
	return Result(reference and reference.doctype, reference and reference.name, words, "Ignored")


def _booked_by_hand(payment: GatewayPayment, ctx: Context) -> Result | None:
	name = by_hand("Receive", payment.id, ctx)
	if not name:
		return None
	_remember(payment, "Payment Entry", name, ctx)
	return Result("Payment Entry", name, _("Booked by hand before."))


# --- what it was meant for ---------------------------------------------------------------------------------


def assign(payment_id: str, reference: Reference, ctx: Context) -> None:
	"""A person says what a payment is for that nobody asked for. It counts when the payment is worked on again."""
	ctx.links.claim(RESOURCE, payment_id)
	extra = {"assigned": [reference.doctype, reference.name]}
	ctx.links.fill(RESOURCE, payment_id, None, None, extra=extra)


def _meant(payment: GatewayPayment, said: Mapping[str, Any], ctx: Context) -> Meant:
	if payment.invoice_id and (link := ctx.links.get("invoices", payment.invoice_id)) and link.reference_name:
		return _against(frappe.get_doc(link.reference_doctype, link.reference_name), None)
	reference = payment.reference
	if assigned := said.get("assigned"):
		reference = Reference(doctype=assigned[0], name=assigned[1])
	return (reference and _of_reference(reference, ctx)) or _of_nobody(payment, ctx)


def _of_reference(reference: Reference, ctx: Context) -> Meant | None:
	doctype, name = reference.doctype, reference.name
	if doctype not in (*payables.DOCTYPES, "Customer") or not frappe.db.exists(doctype, name):
		return None
	if doctype == "Customer":
		return Meant(name)
	doc, request = frappe.get_doc(doctype, name), None
	if doctype == "Payment Request":
		request = doc.name if doc.docstatus == 1 else None
		if doc.reference_doctype not in ("Sales Invoice", "Sales Order") or not frappe.db.exists(
			doc.reference_doctype, doc.reference_name
		):
			return Meant(doc.party) if doc.party_type == "Customer" and doc.party else None
		doc = frappe.get_doc(doc.reference_doctype, doc.reference_name)
	return _against(doc, request) if doc.company == ctx.company else None


def _against(doc: Any, request: str | None) -> Meant:
	"""The document, or what took its place: an amended one by its newest form, a billed order by its invoices."""
	living = owed.living(doc)
	if living is None:
		note = _("{0} is not valid any more: the money is on the customer's account.").format(doc.name)
		return Meant(doc.customer, note=note)
	if living.get("is_return"):
		note = _("{0} is a credit note: the money is on the customer's account.").format(living.name)
		return Meant(living.customer, note=note)
	targets = [*owed.invoices_of(living.name), living] if living.doctype == "Sales Order" else [living]
	account = next((one.debit_to for one in targets if one.get("debit_to")), None)
	kept = [one for one in targets if one.get("debit_to") in (None, account)]
	request = request if living.name == doc.name else None
	return Meant(living.customer, tuple(Target(one, request if one is living else None) for one in kept))


def _of_nobody(payment: GatewayPayment, ctx: Context) -> Meant:
	"""Money that nobody here asked for."""
	if ctx.connection.unasked_payments == ON_ACCOUNT:
		customer = _by_email(payment) or ctx.connection.default_customer
		if customer:
			return Meant(customer, note=_("Nobody asked for it here; it is on the customer's account."))
	who = (payment.customer and (payment.customer.email or payment.customer.full_name)) or _("somebody")
	raise NeedsMapping(
		_(
			"{0} {1} from {2} belongs to no document here ({3}). Press Assign to say what it is for; or let such payments "
			"go to the customer's account, in the Connection."
		).format(payment.captured, payment.currency, who, payment.description or payment.id),
		fix=ctx.fix,
		waits_for=f"payment_of:{payment.id}"[:180],
	)


def _by_email(payment: GatewayPayment) -> str | None:
	email = payment.customer.email.strip().lower() if payment.customer else ""
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
