"""Sales Invoices and credit notes: what is billed, and what is still owed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import frappe
from frappe import _
from pydantic import Field, model_validator

from integration_hub.api.rest.bulk import each
from integration_hub.api.rest.documents import Documents, match, must_be_draft, must_see
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import invalid
from integration_hub.api.rest.sales import MOST_LINES, NewItem, NewTax, line, must_come_to, tax
from integration_hub.api.rest.shapes import (
	Bulk,
	BulkResult,
	Currency,
	Input,
	Listing,
	Money,
	Name,
	One,
	Output,
	Page,
	Quantity,
	Text,
)
from integration_hub.erp import invoices


class InvoiceItem(Output):
	name: str
	item_code: str | None
	item_name: str | None
	qty: float
	uom: str | None
	rate: Money
	amount: Money
	sales_order: str | None
	delivery_note: str | None


class InvoiceTax(Output):
	charge_type: str | None
	account_head: str | None
	description: str | None
	rate: float
	tax_amount: Money


class Invoice(Output):
	name: str
	customer: str
	customer_name: str | None
	company: str
	posting_date: date
	due_date: date | None
	po_no: str | None
	status: str
	docstatus: int
	is_return: bool
	return_against: str | None
	currency: str
	conversion_rate: float
	net_total: Money
	total_taxes_and_charges: Money
	grand_total: Money
	rounded_total: Money
	outstanding_amount: Money = Field(
		description="In the currency of the customer's account (party_account_currency)."
	)
	party_account_currency: str | None
	creation: datetime
	modified: datetime
	items: list[InvoiceItem]
	taxes: list[InvoiceTax]


class InvoiceQuery(Listing):
	customer: Name | None = None
	company: Name | None = None
	status: Text | None = None
	po_no: Text | None = None


class NewInvoice(Input):
	sales_order: Name | None = Field(
		None, description="Bill what is open of this submitted Sales Order, with its prices and taxes."
	)
	delivery_note: Name | None = Field(None, description="Bill what is open of this submitted Delivery Note.")
	customer: Name | None = Field(None, description="With `items`, for an invoice of its own.")
	company: Name | None = Field(None, description="Default: the caller's default company.")
	posting_date: date | None = Field(None, description="Default: today.")
	due_date: date | None = Field(None, description="Default: by the payment terms, else the posting date.")
	po_no: Text | None = Field(None, description="The outside system's own number.")
	currency: Currency | None = Field(None, description="Default: the customer's, or else the company's.")
	items: list[NewItem] = Field(default_factory=lambda: [], max_length=MOST_LINES)
	taxes: list[NewTax] = Field(default_factory=lambda: [], max_length=50)
	expected_total: Money | None = Field(
		None, description="What the invoice must come to (grand total); otherwise nothing is made."
	)
	submit: bool = Field(False, description="Submit it at once, if the caller may.")

	@model_validator(mode="after")
	def _one_source(self) -> NewInvoice:
		if [self.sales_order, self.delivery_note, self.customer].count(None) != 2:
			raise ValueError("give one of sales_order, delivery_note, or customer with items")
		if bool(self.items) != bool(self.customer) or (self.taxes and not self.customer):
			raise ValueError("items and taxes go with customer, and only with it")
		return self


class InvoiceName(Input):
	name: Name


class CreditedItem(Input):
	name: Name = Field(description="The line of the invoice (`items.name`).")
	qty: Quantity = Field(gt=0, description="How many come back or are credited.")


class NewCreditNote(Input):
	name: Name = Field(description="The invoice.")
	items: list[CreditedItem] = Field(
		default_factory=lambda: [], max_length=MOST_LINES, description="Default: all of it."
	)
	posting_date: date | None = Field(None, description="Default: today.")
	expected_total: Money | None = Field(
		None, le=0, description="What the credit note must come to (below zero); otherwise nothing is made."
	)
	submit: bool = Field(False, description="Submit it at once, if the caller may.")


INVOICES = Documents("Sales Invoice", Invoice, {"items": InvoiceItem, "taxes": InvoiceTax})


@endpoint("GET", "Sales Invoices and credit notes, oldest change first")
def list(query: InvoiceQuery) -> Page[Invoice]:
	"""Only those that the caller may read. Credit notes have `is_return` and negative amounts."""
	return INVOICES.page(
		query, customer=query.customer, company=query.company, status=query.status, po_no=query.po_no
	)


@endpoint("GET", "One Sales Invoice or credit note")
def get(query: One) -> Invoice:
	"""With its lines and taxes."""
	return INVOICES.answer(query)


@endpoint("POST", "Make a Sales Invoice", status=201)
def create(new: NewInvoice) -> Invoice:
	"""Of a Sales Order or Delivery Note by ERPNext's own mapping, or of items. ERPNext works out every total. Send an
	Idempotency-Key, so that a repeated call makes no second invoice."""
	INVOICES.must("create")
	return INVOICES.made(_make(new))


@endpoint("POST", "Make up to 1,000 Sales Invoices")
def create_many(body: Bulk[NewInvoice]) -> BulkResult:
	"""Each row is an invoice of its own; a row that is refused does not keep the others."""
	INVOICES.must("create")
	return each(body.rows, lambda new: ("created", _make(new).name))


@endpoint("POST", "Submit a draft")
def submit(one: InvoiceName) -> Invoice:
	"""From then on it is booked. With If-Match: only if nobody changed it since."""
	doc = INVOICES.open(one.name, "submit")
	match(doc, INVOICES)
	must_be_draft(doc)
	INVOICES.submit(doc)
	return INVOICES.made(doc, 200)


@endpoint("POST", "Cancel a Sales Invoice")
def cancel(one: InvoiceName) -> Invoice:
	"""ERPNext refuses it while payments or credit notes depend on it, or the period is closed."""
	doc = INVOICES.open(one.name, "cancel")
	match(doc, INVOICES)
	INVOICES.cancel(doc)
	return INVOICES.made(doc, 200)


@endpoint("POST", "Make a credit note", status=201)
def credit(new: NewCreditNote) -> Invoice:
	"""For all of a submitted invoice or some of its lines, by ERPNext's own mapping. Where a payment gateway refunds by
	the credit note, it does so when this is submitted."""
	INVOICES.must("create")
	invoice = INVOICES.open(new.name)
	if invoice.docstatus != 1 or invoice.is_return:
		raise invalid("name", _("{0} is no submitted invoice").format(new.name))
	quantities = {row.name: row.qty for row in new.items}
	unknown = set(quantities) - {row.name for row in invoice.items}
	if unknown:
		raise invalid("items", _("{0} has no line {1}").format(new.name, ", ".join(sorted(unknown))))
	doc = invoices.credit_note(invoice, quantities)
	if new.posting_date:
		doc.posting_date, doc.set_posting_time = new.posting_date, 1
	return INVOICES.made(_inserted(doc, new))


def _make(new: NewInvoice) -> Any:
	if new.customer:
		must_see("Customer", new.customer, "customer")  # ERPNext v15 falls over one that is not there
		doc = frappe.get_doc(
			{
				"doctype": "Sales Invoice",
				"customer": new.customer,
				**({"company": new.company} if new.company else {}),
				**({"currency": new.currency} if new.currency else {}),
				"items": [line(one) for one in new.items],
				"taxes": [tax(one) for one in new.taxes],
			}
		)
	else:
		doc = _mapped(new)
	if new.posting_date:
		doc.posting_date, doc.set_posting_time = new.posting_date, 1
	if new.due_date:
		doc.due_date, doc.payment_terms_template = new.due_date, None
		doc.set("payment_schedule", [])
	doc.po_no = new.po_no or doc.get("po_no")
	return _inserted(doc, new)


def _mapped(new: NewInvoice) -> Any:
	doctype, field = ("Sales Order", "sales_order") if new.sales_order else ("Delivery Note", "delivery_note")
	name = getattr(new, field)
	source = must_see(doctype, name, field)
	for field, given in (("company", new.company), ("currency", new.currency)):
		if given and given != source.get(field):
			raise invalid(field, _("{0} is in {1}").format(name, source.get(field)))
	return invoices.of_source(source)


def _inserted(doc: Any, new: NewInvoice | NewCreditNote) -> Any:
	INVOICES.insert(doc)
	must_come_to(doc, new.expected_total)
	if new.submit:
		INVOICES.submit(doc)
	return doc
