"""Sales Invoice, Sales Order, Payment Request → what a buyer is asked to pay, and the page where it is paid.

The amount is what is open on the document, computed here and never taken from a browser.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import frappe
from frappe import _
from frappe.utils import flt

from integration_hub.erp.context import Context, Result
from integration_hub.failures import Invalid
from integration_hub.records import Customer, Payable, PaymentLink, Reference

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
	"""What is still to be paid, in the document's own currency."""
	if doc.doctype == "Payment Request":
		whole = flt(doc.grand_total, doc.precision("grand_total"))
		outstanding = doc.get("outstanding_amount")
		same = not doc.get("party_account_currency") or doc.party_account_currency == doc.currency
		return _exact(
			doc, outstanding if same and outstanding is not None and doc.docstatus == 1 else whole
		), doc.currency
	party_currency = doc.get("party_account_currency") or doc.currency
	if doc.doctype == "Sales Invoice":
		outstanding = Decimal(str(flt(doc.outstanding_amount, doc.precision("outstanding_amount"))))
		if party_currency != doc.currency:
			total = Decimal(str(doc.base_rounded_total or doc.base_grand_total))
			whole = Decimal(str(doc.rounded_total or doc.grand_total))
			outstanding = (
				whole if outstanding == total else outstanding / Decimal(str(doc.conversion_rate or 1))
			)
		return _exact(doc, outstanding), doc.currency
	total = Decimal(str(doc.rounded_total or doc.grand_total))
	paid = Decimal(str(flt(doc.advance_paid)))
	if party_currency != doc.currency and paid:
		paid = paid / Decimal(str(doc.conversion_rate or 1))
	return _exact(doc, total - paid), doc.currency


def _exact(doc: Any, amount: Any) -> Decimal:
	"""To the decimals of the document's currency."""
	from integration_hub.erp.money import exponent

	unit = Decimal(1).scaleb(-exponent(doc.currency))
	return Decimal(str(amount)).quantize(unit)


def _buyer(doc: Any) -> Customer | None:
	if doc.doctype == "Payment Request":
		return Customer(email=doc.email_to or "", company=doc.get("party_name") or doc.party or "")
	email = doc.get("contact_email") or frappe.db.get_value("Customer", doc.customer, "email_id") or ""
	return Customer(email=email, company=doc.customer_name or doc.customer)


# --- the page ----------------------------------------------------------------------------------------------


def open_link(doctype: str, name: str, ctx: Context) -> Any:
	"""The Link of the page that is open for a document at this Connection, None when there is none."""
	for link in ctx.links.of(doctype, name, RESOURCE):
		said = json.loads(link.extra or "{}")
		if said.get("open"):
			return frappe._dict(link, **said)
	return None


def made(link: PaymentLink, payable: Payable, ctx: Context) -> Result:
	"""The vendor has a page: remember it and show it on the document."""
	doctype, name = payable.reference.doctype, payable.reference.name
	ctx.links.claim(RESOURCE, link.id)
	ctx.links.fill(
		RESOURCE,
		link.id,
		doctype,
		name,
		label=f"{payable.amount} {payable.currency}",
		extra={
			"open": True,
			"url": link.url,
			"fields": link.fields,
			"amount": str(payable.amount),
			"currency": payable.currency,
		},
	)
	frappe.db.set_value(doctype, name, URL_FIELD[doctype], shown_url(link), update_modified=False)
	return Result(doctype, name, shown_url(link))


def shown_url(link: PaymentLink) -> str:
	"""What people get: the vendor's page, or ours that posts the vendor's form."""
	if not link.fields:
		return link.url
	return frappe.utils.get_url(f"/api/method/integration_hub.api.payments.go?link={link.id}")


def closed(link_id: str, ctx: Context) -> Result:
	"""Nobody can pay there any more."""
	link = ctx.links.get(RESOURCE, link_id)
	if link is None:
		return Result(None, None, _("Closed"))
	said = json.loads(link.extra or "{}")
	ctx.links.fill(
		RESOURCE,
		link_id,
		link.reference_doctype,
		link.reference_name,
		label=link.label,
		extra={**said, "open": False},
	)
	field = URL_FIELD.get(link.reference_doctype)
	if field and frappe.db.get_value(link.reference_doctype, link.reference_name, field) == said.get("url"):
		frappe.db.set_value(link.reference_doctype, link.reference_name, field, None, update_modified=False)
	return Result(link.reference_doctype, link.reference_name, _("The payment page is closed."))
