"""Payments from the Desk and for outside systems: /api/method/integration_hub.api.payments.<function>

`options` is GET, everything else POST (but `go`, which sends a buyer's browser to the payment page). The user needs the
right to write a document to make or close its payment page, and to create Payment Entries to capture, release, refund,
assign and compare; whoever lacks it gets 403. Amounts are computed here from the document; what a browser says does not
count.

Answers of what was asked for: `{status, message, event, …}` as in `integration_hub.api.shipping`.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from html import escape
from typing import Any
from urllib.parse import urlsplit

import frappe
from frappe import _

from integration_hub.api.rest import callers, limits
from integration_hub.connectors.contract import CapturesPayments, RefundsPayments, TakesPayments
from integration_hub.erp import payables, payouts
from integration_hub.records import Reference
from integration_hub.sync import commands, connections, worker
from integration_hub.sync import payments as sending
from integration_hub.sync.handling import context
from integration_hub.sync.words import in_words


@frappe.whitelist(methods=["GET"])
def options(doctype: str, name: str) -> dict[str, Any]:
	"""What a document's form may offer: gateways `[{name, title}]`, the open page `{url, amount, currency}`, reserved
	payments `[{payment_id, connection, amount, currency}]`, and gateways that can refund it."""
	doc = _document(doctype, name, "read")
	gateways = _gateways(doc)
	return {
		"gateways": [{"name": one.name, "title": one.title} for one in gateways if _can(one, TakesPayments)],
		"page": _page(doc),
		"reserved": _reserved(doc),
		"refunds": [{"name": one.name, "title": one.title} for one in gateways if _can(one, RefundsPayments)]
		if doc.get("is_return")
		else [],
	}


@frappe.whitelist(methods=["POST"])
def make_link(doctype: str, name: str, connection: str | None = None) -> dict[str, Any]:
	"""The page where what is open on a document can be paid: `{…, url}`. The open page is given again; when another amount
	is open now, the old page is closed first."""
	doc = _document(doctype, name, "write")
	gateway = _gateway(doc, connection, TakesPayments)
	with in_words():
		amount, currency = payables.open_amount(doc)
		for page in payables.pages_of(doctype, name, gateway.name):
			if payables.expired(page):
				payables.closed(page.outside_id, context(gateway))
			elif (page.amount, page.currency) == (str(amount), currency):
				return {"status": "Done", "message": page.shown, "event": None, "url": page.shown}
			else:
				closed = commands.ask(gateway.name, sending.close_draft(doctype, name, page))
				if not closed.done:
					return {**_answered(closed), "url": None}
		answer = commands.ask(gateway.name, sending.link_draft(doc, context(gateway)))
	pages = payables.pages_of(doctype, name, gateway.name) if answer.done else []
	return {**_answered(answer), "url": pages[0].shown if pages else None}


@frappe.whitelist(methods=["POST"])
def close_link(doctype: str, name: str) -> list[dict[str, Any]]:
	"""Nobody can pay at the document's page any more."""
	_document(doctype, name, "write")
	answers = []
	with in_words():
		for page in payables.pages_of(doctype, name):
			draft = sending.close_draft(doctype, name, page)
			answers.append(_answered(commands.ask(page.connection, draft)))
	return answers


@frappe.whitelist(methods=["POST"])
def capture(connection: str, payment_id: str, amount: str | None = None) -> dict[str, Any]:
	"""Take a reserved payment, or `amount` of it (a decimal number in its currency); the rest is released."""
	link, said, reference = _reserved_payment(connection, payment_id)
	try:
		wanted = Decimal(str(amount)) if amount not in (None, "") else Decimal(said["amount"])
		fits = 0 < wanted <= Decimal(said["amount"])
	except InvalidOperation:  # also for "nan", which cannot be compared
		frappe.throw(_("{0} is no amount.").format(amount))
	if not fits:
		frappe.throw(_("Between 0 and {0} {1} can be captured.").format(said["amount"], said["currency"]))
	draft = sending.capture_draft(payment_id, "capture", wanted, said["currency"], reference)
	with in_words():
		return _answered(commands.ask(connection, draft))


@frappe.whitelist(methods=["POST"])
def release(connection: str, payment_id: str) -> dict[str, Any]:
	"""Let a reserved payment go."""
	_link, said, reference = _reserved_payment(connection, payment_id)
	draft = sending.capture_draft(payment_id, "void", Decimal(said["amount"]), said["currency"], reference)
	with in_words():
		return _answered(commands.ask(connection, draft))


@frappe.whitelist(methods=["POST"])
def refund(credit_note: str, connection: str | None = None) -> list[dict[str, Any]]:
	"""Give back what a submitted credit note says, through the payments of the invoice it returns."""
	frappe.has_permission("Payment Entry", "create", throw=True)
	doc = _document("Sales Invoice", credit_note, "write")
	gateway = _gateway(doc, connection, RefundsPayments)
	answers = []
	with in_words():
		for draft in sending.refund_drafts(doc, context(gateway)):
			answers.append(_answered(commands.ask(gateway.name, draft)))
	return answers


@frappe.whitelist(methods=["POST"])
def assign(event: str, doctype: str, name: str) -> dict[str, Any]:
	"""Say what a payment is for that nobody asked for: a Sales Invoice, Sales Order or Customer. `event` is the parked
	Event; it is worked on at once."""
	frappe.has_permission("Payment Entry", "create", throw=True)
	if doctype not in ("Sales Invoice", "Sales Order", "Customer"):
		frappe.throw(_("A payment cannot be assigned to {0}.").format(doctype))
	frappe.has_permission(doctype, "read", throw=True)
	frappe.get_doc(doctype, name).check_permission("read")
	frappe.has_permission("Integration Event", "read", event, throw=True)
	with in_words():
		sending.assign(event, Reference(doctype=doctype, name=name))
		frappe.db.commit()  # what follows is a piece of work of its own
		worker.do_now(frappe.db.get_value("Integration Event", event, "connection"), event)
	return _answered(commands.answer_of(event))


@frappe.whitelist(methods=["POST"])
def audit_again(audit: str) -> dict[str, Any]:
	"""Compare a payout's lines with what is booked by now: `{status, summary}`."""
	frappe.has_permission("Payment Entry", "create", throw=True)
	doc = frappe.get_doc(payouts.audits.AUDIT, audit)
	doc.check_permission("read")
	with in_words():
		status = payouts.compare_again(audit, context(connections.get(doc.connection)))
	return {"status": status, "summary": frappe.db.get_value(doc.doctype, audit, "summary")}


@frappe.whitelist(allow_guest=True, methods=["GET"])
def go(page: str) -> None:
	"""Send a buyer's browser to a payment page that wants a form (POST). `page` is long and random, and shows nothing but
	where to pay. Guests may call it: that is what it is for."""
	extra = frappe.db.get_value(
		"Integration Link", {"name": str(page), "resource": payables.RESOURCE}, "extra"
	)
	said = json.loads(extra or "{}")
	if extra is None and limits.guessed(callers.address(), "payment pages"):
		frappe.respond_as_web_page(_("Too many"), _("Try again in a minute."), http_status_code=429)
		return
	if not said.get("open") or urlsplit(said["url"]).scheme not in ("https", "http"):
		frappe.respond_as_web_page(
			_("Not open"), _("This payment page is not open any more."), http_status_code=410
		)
		return
	fields = "".join(
		f'<input type="hidden" name="{escape(name, quote=True)}" value="{escape(value, quote=True)}">'
		for name, value in said.get("fields", {}).items()
	)
	form = (
		f'<form id="pay" method="post" action="{escape(said["url"], quote=True)}">{fields}'
		f'<button class="btn btn-primary">{escape(_("Pay"))} {escape(said["amount"])} {escape(said["currency"])}</button></form>'
	)
	frappe.respond_as_web_page(_("Payment"), form, http_status_code=200, indicator_color="blue")


# --- rights and input -------------------------------------------------------------------------------------


def _document(doctype: str, name: str, right: str) -> Any:
	if doctype not in payables.DOCTYPES:
		frappe.throw(_("{0} cannot be paid online.").format(doctype))
	frappe.has_permission(doctype, right, throw=True)
	doc = frappe.get_doc(doctype, name)
	doc.check_permission(right)
	return doc


def _company_of(doc: Any) -> str:
	return doc.get("company") or frappe.db.get_value(doc.reference_doctype, doc.reference_name, "company")


def _gateways(doc: Any) -> list[Any]:
	"""Working gateways of the document's company. Whoever may see the document may use them; nobody sees their keys."""
	names = frappe.get_all(
		connections.DOCTYPE,
		filters={"company": _company_of(doc), "enabled": 1, "paused": 0, "category": "payments"},
		order_by="creation",
		pluck="name",
	)
	return [connections.get(name) for name in names]


def _can(gateway: Any, capability: type) -> bool:
	return connections.can(gateway, capability)


def _gateway(doc: Any, name: str | None, capability: type) -> Any:
	able = [one for one in _gateways(doc) if _can(one, capability) and name in (None, "", one.name)]
	if not able:
		frappe.throw(_("No payment gateway is connected for {0}.").format(_company_of(doc)))
	if len(able) > 1:
		frappe.throw(_("Say which gateway: {0}.").format(", ".join(one.name for one in able)))
	return able[0]


def _page(doc: Any) -> dict[str, Any] | None:
	for page in payables.pages_of(doc.doctype, doc.name):
		if not payables.expired(page):
			return {"url": page.shown, "amount": page.amount, "currency": page.currency}
	return None


def _reserved(doc: Any) -> list[dict[str, Any]]:
	rows = frappe.get_all(
		"Integration Link",
		filters={"resource": "payments", "reference_doctype": doc.doctype, "reference_name": doc.name},
		fields=["connection", "outside_id", "extra"],
	)
	found = []
	for row in rows:
		said = json.loads(row.extra or "{}")
		if said.get("status") == "authorised" and _can(connections.get(row.connection), CapturesPayments):
			found.append(
				{
					"payment_id": row.outside_id,
					"connection": row.connection,
					"amount": said["amount"],
					"currency": said["currency"],
				}
			)
	return found


def _reserved_payment(connection: str, payment_id: str) -> tuple[Any, dict[str, Any], tuple[str, str]]:
	frappe.has_permission("Payment Entry", "create", throw=True)
	row = frappe.db.get_value(
		"Integration Link",
		{"connection": connection, "resource": "payments", "outside_id": payment_id},
		["reference_doctype", "reference_name", "extra"],
		as_dict=True,
	)
	said = json.loads(row.extra or "{}") if row else {}
	if said.get("status") != "authorised":
		frappe.throw(_("{0} is no reserved payment.").format(payment_id))
	_document(row.reference_doctype, row.reference_name, "read")
	return row, said, (row.reference_doctype, row.reference_name)


def _answered(answer: commands.Answer) -> dict[str, Any]:
	return {"status": answer.status, "message": answer.message, "event": answer.name}
