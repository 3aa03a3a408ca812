"""Payment Entries: money that came or went."""

from __future__ import annotations

from datetime import date, datetime

from integration_hub.api.rest.documents import Documents
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.shapes import Listing, Money, Name, One, Output, Page, Text


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
