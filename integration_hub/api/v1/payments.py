"""Payment Entries: money that came or went."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import frappe
from frappe import _
from pydantic import Field

from integration_hub.api import payments as gateways
from integration_hub.api.rest.bulk import each
from integration_hub.api.rest.documents import Documents, match, must_be_draft, must_see
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import ApiError
from integration_hub.api.rest.shapes import (
	Bulk,
	BulkResult,
	Input,
	Job,
	Listing,
	Money,
	Name,
	One,
	Output,
	Page,
	Text,
)
from integration_hub.erp import entries


class Reference(Output):
	reference_doctype: str | None
	reference_name: str | None
	allocated_amount: Money


class Payment(Output):
	name: str
	payment_type: str
	party_type: str | None
	party: str | None
	party_name: str | None
	company: str
	posting_date: date
	mode_of_payment: str | None
	reference_no: str | None
	reference_date: date | None
	status: str | None
	docstatus: int
	paid_from_account_currency: str | None
	paid_to_account_currency: str | None
	paid_amount: Money
	received_amount: Money
	total_allocated_amount: Money
	unallocated_amount: Money
	creation: datetime
	modified: datetime
	references: list[Reference]


class PaymentQuery(Listing):
	party: Name | None = None
	company: Name | None = None
	payment_type: Text | None = None
	reference_no: Text | None = None


class Settles(Input):
	reference_doctype: Literal["Sales Invoice", "Sales Order"]
	reference_name: Name
	allocated_amount: Money | None = Field(
		None, gt=0, description="Default: what is open on it, as far as the payment goes."
	)


class NewPayment(Input):
	party: Name = Field(description="The Customer.")
	amount: Money = Field(gt=0, description="In the currency of the customer's account.")
	payment_type: Literal["Receive", "Pay"] = Field(
		"Receive", description="Money from the customer, or back to it."
	)
	company: Name | None = Field(None, description="Default: that of the references, else the caller's.")
	references: list[Settles] = Field(
		default_factory=lambda: [],
		max_length=100,
		description="What it settles, in this order. What none of them takes stays unallocated.",
	)
	mode_of_payment: Name | None = None
	account: Name | None = Field(
		None, description="Bank or cash account. Default: of the mode of payment, else the company's."
	)
	bank_amount: Money | None = Field(
		None,
		gt=0,
		description="In the bank account's currency, where it is another. Default: at ERPNext's rate.",
	)
	reference_no: Text | None = Field(
		None, description="The bank's or gateway's number. One customer has each number once: else 409."
	)
	reference_date: date | None = None
	posting_date: date | None = Field(None, description="Default: today.")
	submit: bool = Field(False, description="Submit it at once, if the caller may.")


class PaymentName(Input):
	name: Name


class Link(Input):
	doctype: Literal["Sales Invoice", "Sales Order", "Payment Request"]
	name: Name
	gateway: Name | None = Field(None, description="A Connection. Default: the company's only one.")


class Refund(Input):
	credit_note: Name = Field(description="A submitted credit note (Sales Invoice).")
	gateway: Name | None = Field(None, description="A Connection. Default: the company's only one.")


PAYMENTS = Documents(
	"Payment Entry", Payment, {"references": Reference}, currency="paid_from_account_currency"
)


@endpoint("GET", "Payment Entries, oldest change first")
def list(query: PaymentQuery) -> Page[Payment]:
	"""Only those that the caller may read. `paid_amount` is in paid_from_account_currency, `received_amount` in
	paid_to_account_currency, what is allocated in that of the party's account."""
	return PAYMENTS.page(
		query,
		party=query.party,
		company=query.company,
		payment_type=query.payment_type,
		reference_no=query.reference_no,
	)


@endpoint("GET", "One Payment Entry")
def get(query: One) -> Payment:
	"""With what it settles."""
	return PAYMENTS.answer(query)


@endpoint("POST", "Make a Payment Entry", status=201)
def create(new: NewPayment) -> Payment:
	"""Money of a Customer, for Sales Invoices, credit notes and Sales Orders. Send an Idempotency-Key and the bank's
	`reference_no`, so that nothing is booked twice."""
	PAYMENTS.must("create")
	return PAYMENTS.made(_make(new))


@endpoint("POST", "Make up to 1,000 Payment Entries")
def create_many(body: Bulk[NewPayment]) -> BulkResult:
	"""Each row is a payment of its own; a row that is refused does not keep the others."""
	PAYMENTS.must("create")
	return each(body.rows, lambda new: ("created", _make(new).name))


@endpoint("POST", "Submit a draft")
def submit(one: PaymentName) -> Payment:
	"""From then on it is booked. With If-Match: only if nobody changed it since."""
	doc = PAYMENTS.open(one.name, "submit")
	match(doc, PAYMENTS)
	must_be_draft(doc)
	PAYMENTS.submit(doc)
	return PAYMENTS.made(doc, 200)


@endpoint("POST", "Cancel a Payment Entry")
def cancel(one: PaymentName) -> Payment:
	"""What it settled is open again. Money at a gateway does not move: that is `refund`."""
	doc = PAYMENTS.open(one.name, "cancel")
	match(doc, PAYMENTS)
	PAYMENTS.cancel(doc)
	return PAYMENTS.made(doc, 200)


def _link(wanted: Link) -> dict[str, Any]:
	return gateways.make_link(wanted.doctype, wanted.name, wanted.gateway)


@endpoint("POST", "Make a page where a document can be paid", work=_link)
def link(wanted: Link) -> Job:
	"""At a payment gateway, for what is open on the document; an open page is given again. The job's result has `status`
	and `url`. Needs the right to write the document."""
	Documents(wanted.doctype, Payment).open(wanted.name, "write")


def _refund(wanted: Refund) -> dict[str, Any]:
	return {"answers": gateways.refund(wanted.credit_note, wanted.gateway)}


@endpoint("POST", "Give money back through the gateway it came by", work=_refund)
def refund(wanted: Refund) -> Job:
	"""What a submitted credit note says, once. The job's result has `answers`, each with `status` and `message`."""
	PAYMENTS.must("create")
	Documents("Sales Invoice", Payment).open(wanted.credit_note, "write")


def _make(new: NewPayment) -> Any:
	settles = [
		entries.Settles(
			must_see(one.reference_doctype, one.reference_name, f"references.{number}.reference_name"),
			one.allocated_amount,
		)
		for number, one in enumerate(new.references)
	]
	must_see("Customer", new.party, "party")
	company = new.company or next((one.doc.company for one in settles), None)
	company = company or frappe.defaults.get_user_default("Company")
	if not company:
		raise ApiError("refused", _("Give the company."), [("company", _("is required"))])
	must_see("Company", company, "company")
	if new.reference_no:
		_must_be_new(new)
	doc = entries.make(
		entries.Wanted(
			direction=new.payment_type,
			customer=new.party,
			company=company,
			amount=new.amount,
			settles=settles,
			mode_of_payment=new.mode_of_payment or "",
			account=new.account or "",
			reference_no=new.reference_no or "",
			reference_date=new.reference_date,
			posting_date=new.posting_date,
			bank_amount=new.bank_amount,
		)
	)
	if new.submit:
		PAYMENTS.submit(doc)
	return doc


def _must_be_new(new: NewPayment) -> None:
	# two calls at once wait for one another here, so that the second sees what the first has made
	frappe.db.get_value("Customer", new.party, "name", for_update=True)
	there = entries.known(new.party, new.reference_no or "", new.payment_type)
	if there:
		says = _("{0} of {1} is booked already: {2}.").format(new.reference_no, new.party, there)
		raise ApiError("conflict", says, [("reference_no", says)])
