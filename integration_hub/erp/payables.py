"""Sales Invoice, Sales Order, Payment Request → what a buyer is asked to pay, and the page where it is paid.

The amount is what is open on the document, computed here and never taken from a browser.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import frappe
from frappe import _
from frappe.utils import escape_html, flt

from integration_hub.erp import owed
from integration_hub.erp.context import Context, Result
from integration_hub.erp.times import to_site
from integration_hub.failures import Invalid
from integration_hub.records import ZERO, Customer, Payable, PaymentLink, Reference

RESOURCE = "payment_links"
DOCTYPES = ("Sales Invoice", "Sales Order", "Payment Request")
URL_FIELD = {
	"Sales Invoice": "integration_payment_url",
	"Sales Order": "integration_payment_url",
	"Payment Request": "payment_url",
}


def of(doc: Any, ctx: Context) -> Payable:
	"""What is open on a document. Raises Invalid, in the user's words, when there is nothing to pay."""
	amount, currency = open_amount(doc)
	if doc.docstatus != 1:
		raise Invalid(_("{0} is not submitted.").format(doc.name), fix=(doc.doctype, doc.name))
	if amount <= 0:
		raise Invalid(_("{0} is paid already.").format(doc.name), fix=(doc.doctype, doc.name))
	return Payable(
		reference=Reference(doctype=doc.doctype, name=doc.name),
		title=f"{_(doc.doctype)} {doc.name}",
		amount=amount,
		currency=currency,
		customer=_buyer(doc),
		capture_later=bool(ctx.connection.reserve_only),
	)


def open_amount(doc: Any) -> tuple[Decimal, str]:
	"""What is still to be paid, in the document's own currency. A Payment Request asks for no more than its document has
	open."""
	if doc.docstatus != 1:
		return ZERO, doc.currency
	if doc.doctype == "Sales Invoice":
		return (ZERO if doc.is_return else owed.open_on(doc)), doc.currency
	if doc.doctype == "Sales Order":
		return owed.of_order(doc), doc.currency
	return _asked(doc), doc.currency


def show_on_print(doc: Any) -> None:
	"""Put the page where a document is paid below its terms, for its print only: nothing is saved. Print formats show the
	fields they choose (ERPNext 16 prescribes such), and the terms are among them in all of ERPNext's."""
	url = doc.get(URL_FIELD[doc.doctype]) or ""
	if urlsplit(url).scheme in ("https", "http"):
		address = escape_html(url)
		doc.terms = f'{doc.get("terms") or ""}<p>{_("Pay Online")}: <a href="{address}">{address}</a></p>'


def _asked(request: Any) -> Decimal:
	if request.status in ("Paid", "Cancelled") or request.get("payment_request_type") == "Outward":
		return ZERO
	whole = Decimal(str(flt(request.grand_total, request.precision("grand_total"))))
	if request.reference_doctype in ("Sales Invoice", "Sales Order"):
		doc = frappe.get_doc(request.reference_doctype, request.reference_name)
		at_most, currency = open_amount(doc)
		if currency == request.currency:
			whole = min(whole, at_most)
	if request.get("outstanding_amount") is None:
		return whole
	same = (request.get("party_account_currency") or request.currency) == request.currency
	left = Decimal(str(flt(request.outstanding_amount, request.precision("outstanding_amount"))))
	return min(whole, left) if same or not left else whole


def _buyer(doc: Any) -> Customer | None:
	if doc.doctype == "Payment Request":
		return Customer(email=doc.email_to or "", company=doc.get("party_name") or doc.party or "")
	email = doc.get("contact_email") or frappe.db.get_value("Customer", doc.customer, "email_id") or ""
	return Customer(email=email, company=doc.customer_name or doc.customer)


# --- the page ----------------------------------------------------------------------------------------------


def pages_of(doctype: str, name: str, connection: str | None = None) -> list[Any]:
	"""Pages where a document can be paid now, the newest first, each with `connection`, `outside_id`, `amount`, `currency`
	and `url`: at one Connection, or at all of them."""
	filters = {"resource": RESOURCE, "reference_doctype": doctype, "reference_name": name}
	if connection:
		filters["connection"] = connection
	rows = frappe.get_all(
		"Integration Link",
		filters=filters,
		fields=["name", "connection", "outside_id", "extra"],
		order_by="creation desc",
	)
	found = [frappe._dict(row, **json.loads(row.extra or "{}")) for row in rows]
	return [page for page in found if page.open]


def expired(page: Any) -> bool:
	"""Has the vendor ended it by itself?"""
	return bool(page.expires_at) and frappe.utils.get_datetime(page.expires_at) <= frappe.utils.now_datetime()


def made(link: PaymentLink, payable: Payable, ctx: Context) -> Result:
	"""The vendor has a page: remember it and show it on the document."""
	doctype, name = payable.reference.doctype, payable.reference.name
	ctx.links.claim(RESOURCE, link.id)
	row = ctx.links.get(RESOURCE, link.id)
	shown = link.url if not link.fields else _our_page(row.name)
	said = {
		"open": True,
		"url": link.url,
		"shown": shown,
		"fields": link.fields,
		"amount": str(payable.amount),
		"currency": payable.currency,
		"expires_at": str(to_site(link.expires_at)) if link.expires_at else None,
	}
	label = f"{payable.amount} {payable.currency}"
	ctx.links.fill(RESOURCE, link.id, doctype, name, label=label, extra=said)
	frappe.db.set_value(doctype, name, URL_FIELD[doctype], shown, update_modified=False)
	return Result(doctype, name, shown)


def _our_page(key: str) -> str:
	"""Our page that posts the vendor's form; `key` is random, so nobody finds it who was not given it. At the site's own
	address (`host_name` of its site_config.json, else its name): it is kept and mailed to buyers, and whoever presses the
	button can write any Host header."""
	path = f"/api/method/integration_hub.api.payments.go?page={key}"
	return frappe.utils.get_url(path, allow_header_override=False)


def closed(link_id: str, ctx: Context) -> Result:
	"""Nobody can pay there any more."""
	link = ctx.links.get(RESOURCE, link_id)
	if link is None:
		return Result(None, None, _("Closed"))
	said = {**json.loads(link.extra or "{}"), "open": False}
	doctype, name = link.reference_doctype, link.reference_name
	ctx.links.fill(RESOURCE, link_id, doctype, name, label=link.label, extra=said)
	field = URL_FIELD.get(doctype)
	if field and frappe.db.get_value(doctype, name, field) == said.get("shown"):
		frappe.db.set_value(doctype, name, field, None, update_modified=False)
	return Result(doctype, name, _("The payment page is closed."))


def paid_at(reference: Reference, link_id: str, amount: Decimal, currency: str, ctx: Context) -> None:
	"""A payment came through a page, which takes no second one: the one that is named, or else one for this amount."""
	for page in pages_of(reference.doctype, reference.name, ctx.connection.name):
		same = (page.amount, page.currency) == (str(amount), currency)
		if page.outside_id == link_id or (same and not link_id):
			closed(page.outside_id, ctx)
			return
