"""Sales Orders: what an outside system sells, and how far each has come."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import frappe
from frappe.utils import nowdate
from pydantic import Field

from integration_hub.api.rest.bulk import each
from integration_hub.api.rest.documents import Documents, match, must_be_draft
from integration_hub.api.rest.endpoint import endpoint
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
	Text,
)


class OrderItem(Output):
	name: str
	item_code: str
	item_name: str | None
	qty: float
	uom: str | None
	rate: Money
	amount: Money
	warehouse: str | None
	delivery_date: date | None
	delivered_qty: float


class OrderTax(Output):
	charge_type: str | None
	account_head: str | None
	description: str | None
	rate: float
	tax_amount: Money


class Order(Output):
	name: str
	customer: str
	customer_name: str | None
	company: str
	transaction_date: date
	delivery_date: date | None
	po_no: str | None
	status: str
	docstatus: int
	currency: str
	conversion_rate: float
	net_total: Money
	total_taxes_and_charges: Money
	grand_total: Money
	rounded_total: Money
	advance_paid: Money
	per_delivered: float
	per_billed: float
	customer_address: str | None
	shipping_address_name: str | None
	contact_person: str | None
	creation: datetime
	modified: datetime
	items: list[OrderItem]
	taxes: list[OrderTax]


class OrderQuery(Listing):
	customer: Name | None = None
	company: Name | None = None
	status: Text | None = None
	po_no: Text | None = Field(None, description="The outside system's own number.")


class NewOrder(Input):
	customer: Name
	company: Name | None = Field(None, description="Default: the caller's default company.")
	transaction_date: date | None = Field(None, description="Default: today.")
	delivery_date: date | None = Field(None, description="Default: the order's day.")
	po_no: Text | None = Field(None, description="The outside system's own number.")
	currency: Currency | None = Field(None, description="Default: the customer's, or else the company's.")
	selling_price_list: Name | None = None
	customer_address: Name | None = None
	shipping_address_name: Name | None = None
	items: list[NewItem] = Field(min_length=1, max_length=MOST_LINES)
	taxes: list[NewTax] = Field(default_factory=lambda: [], max_length=50)
	expected_total: Money | None = Field(
		None, description="What the order must come to (grand total); otherwise nothing is made."
	)
	submit: bool = Field(False, description="Submit it at once, if the caller may.")


class OrderName(Input):
	name: Name


ORDERS = Documents("Sales Order", Order, {"items": OrderItem, "taxes": OrderTax})


@endpoint("GET", "Sales Orders, oldest change first")
def list(query: OrderQuery) -> Page[Order]:
	"""Only those that the caller may read."""
	return ORDERS.page(
		query, customer=query.customer, company=query.company, status=query.status, po_no=query.po_no
	)


@endpoint("GET", "One Sales Order")
def get(query: One) -> Order:
	"""With its lines and taxes."""
	return ORDERS.answer(query)


@endpoint("POST", "Make a Sales Order", status=201)
def create(new: NewOrder) -> Order:
	"""ERPNext fills in prices, taxes of its rules and totals. Send an Idempotency-Key, so that a repeated call makes no
	second order."""
	ORDERS.must("create")
	return ORDERS.made(_make(new))


@endpoint("POST", "Make up to 1,000 Sales Orders")
def create_many(body: Bulk[NewOrder]) -> BulkResult:
	"""Each row is an order of its own; a row that is refused does not keep the others."""
	ORDERS.must("create")
	return each(body.rows, lambda new: ("created", _make(new).name))


@endpoint("POST", "Submit a draft")
def submit(one: OrderName) -> Order:
	"""From then on it counts. With If-Match: only if nobody changed it since."""
	doc = ORDERS.open(one.name, "submit")
	match(doc, ORDERS)
	must_be_draft(doc)
	ORDERS.submit(doc)
	return ORDERS.made(doc, 200)


@endpoint("POST", "Cancel a Sales Order")
def cancel(one: OrderName) -> Order:
	"""ERPNext refuses it while deliveries or invoices depend on it."""
	doc = ORDERS.open(one.name, "cancel")
	match(doc, ORDERS)
	ORDERS.cancel(doc)
	return ORDERS.made(doc, 200)


def _make(new: NewOrder) -> Any:
	today = nowdate()
	day = new.transaction_date or today
	values = new.model_dump(
		exclude_none=True, exclude={"items", "taxes", "expected_total", "submit", "transaction_date"}
	)
	doc = frappe.get_doc(
		{
			"doctype": "Sales Order",
			**values,
			"transaction_date": day,
			"delivery_date": new.delivery_date or day,
			"items": [line(one) for one in new.items],
			"taxes": [tax(one) for one in new.taxes],
		}
	)
	ORDERS.insert(doc)
	must_come_to(doc, new.expected_total)
	if new.submit:
		ORDERS.submit(doc)
	return doc
