"""Sales Invoices and credit notes: what is billed, and what is still owed."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from integration_hub.api.rest.documents import Documents
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.shapes import Listing, Money, Name, One, Output, Page, Text


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
