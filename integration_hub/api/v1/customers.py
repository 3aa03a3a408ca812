"""Customers, with the contact and address that an order needs."""

from __future__ import annotations

from datetime import datetime

import frappe
from pydantic import Field

from integration_hub.api.rest.bulk import each
from integration_hub.api.rest.documents import Documents, match
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.shapes import (
	Bulk,
	BulkResult,
	Currency,
	Email,
	Input,
	Listing,
	Name,
	One,
	Output,
	Page,
	Text,
)


class Customer(Output):
	name: str
	customer_name: str
	customer_type: str | None
	customer_group: str | None
	territory: str | None
	tax_id: str | None
	email_id: str | None
	mobile_no: str | None
	default_currency: str | None
	default_price_list: str | None
	disabled: bool
	creation: datetime
	modified: datetime


class CustomerQuery(Listing):
	customer_name: Text | None = None
	customer_group: Name | None = None
	email_id: Email | None = None
	disabled: bool | None = None


class NewCustomer(Input):
	customer_name: Text = Field(min_length=1)
	customer_type: Text = "Company"
	customer_group: Name | None = Field(None, description="Default: the one of Selling Settings.")
	territory: Name | None = Field(None, description="Default: the one of Selling Settings.")
	tax_id: Text | None = None
	email_id: Email | None = None
	mobile_no: Text | None = None
	default_currency: Currency | None = None
	default_price_list: Name | None = None


class CustomerChange(Input):
	name: Name
	customer_name: Text | None = Field(None, min_length=1)
	customer_type: Text | None = None
	customer_group: Name | None = None
	territory: Name | None = None
	tax_id: Text | None = None
	default_currency: Currency | None = None
	default_price_list: Name | None = None
	disabled: bool | None = None


CUSTOMERS = Documents("Customer", Customer, currency="")


@endpoint("GET", "Customers, oldest change first")
def list(query: CustomerQuery) -> Page[Customer]:
	"""Only those that the caller may read."""
	return CUSTOMERS.page(
		query,
		customer_name=query.customer_name,
		customer_group=query.customer_group,
		email_id=query.email_id,
		disabled=None if query.disabled is None else int(query.disabled),
	)


@endpoint("GET", "One Customer")
def get(query: One) -> Customer:
	"""Answers with an ETag that `update` takes as If-Match."""
	return CUSTOMERS.answer(query)


@endpoint("POST", "Make a Customer", status=201)
def create(new: NewCustomer) -> Customer:
	"""ERPNext's own rules apply; what it makes besides (a Contact for an email address) is made too."""
	CUSTOMERS.must("create")
	return CUSTOMERS.made(_make(new))


@endpoint("POST", "Change a Customer")
def update(change: CustomerChange) -> Customer:
	"""Only the fields that are sent are changed. Null empties a field. With If-Match: only if nobody changed it since."""
	doc = CUSTOMERS.open(change.name, "write")
	match(doc, CUSTOMERS)
	doc.update(change.model_dump(exclude_unset=True, exclude={"name"}))
	CUSTOMERS.save(doc)
	return CUSTOMERS.made(doc, 200)


@endpoint("POST", "Make up to 1,000 Customers")
def create_many(body: Bulk[NewCustomer]) -> BulkResult:
	"""Each row is a Customer of its own; a row that is refused does not keep the others."""
	CUSTOMERS.must("create")
	return each(body.rows, lambda new: ("created", _make(new).name))


def _make(new: NewCustomer):
	doc = frappe.get_doc({"doctype": "Customer", **new.model_dump(exclude_none=True)})
	return CUSTOMERS.insert(doc)
