"""Records of payment gateways: what a buyer shall pay, what was paid, given back, disputed and paid out.

`currency` is always the ISO 4217 code in upper case, amounts are positive major units unless said otherwise.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from integration_hub.records.base import ZERO, Amount, Customer, Record, Reference

Currency = str


class Payable(Record):
	"""What a buyer shall be asked to pay, computed on the server from one of our documents.

	`reference` comes back with the payment. `capture_later` only reserves the money (authorisation). Addresses
	are where the buyer's browser goes afterwards.
	"""

	reference: Reference
	title: str
	amount: Amount = Field(gt=0)
	currency: Currency
	customer: Customer | None = None
	capture_later: bool = False
	return_url: str = ""
	cancel_url: str = ""
	expires_at: AwareDatetime | None = None


class PaymentLink(Record):
	"""Where the buyer pays. `fields` are sent along by POST where the vendor wants a form (else empty: GET)."""

	id: str
	url: str
	fields: dict[str, str] = Field(default_factory=dict)
	expires_at: AwareDatetime | None = None


class Settled(Record):
	"""What a payment, refund or dispute was in the account's own currency, without sign: which way the money went follows
	from what it is. `fee` is positive when it was charged (0 where the vendor never tells it), for a payment `gross` - `fee`
	= `net`; `rate` is how many units of this currency one unit of the buyer's was worth at the vendor's bank."""

	currency: Currency
	gross: Amount
	fee: Amount = ZERO
	net: Amount
	rate: Amount | None = None


GatewayPaymentStatus = Literal["pending", "authorised", "paid", "failed", "cancelled"]


class GatewayPayment(Record):
	"""Money from a buyer as the gateway has it now, whole.

	`amount` is what was asked, `captured` what was really taken (0 until it is paid). `reference` is the document we
	named when we asked, None for money that came another way (`invoice_id`: a cycle of a subscription).
	`settled` is None while the vendor has not said yet what it became in the account's currency.
	"""

	id: str
	version: str
	status: GatewayPaymentStatus
	amount: Amount
	captured: Amount = ZERO
	currency: Currency
	created_at: AwareDatetime
	paid_at: AwareDatetime | None = None
	method: str = ""
	reference: Reference | None = None
	link_id: str = ""
	invoice_id: str = ""
	subscription_id: str = ""
	customer: Customer | None = None
	settled: Settled | None = None
	description: str = ""
	failure: str = ""
	admin_url: str = ""
	test: bool = False


class RefundRequest(Record):
	"""Money to be given back. `reference` is our document (a credit note) and stays the same on every try."""

	payment_id: str
	amount: Amount = Field(gt=0)
	currency: Currency
	reference: Reference
	reason: str = ""


GatewayRefundStatus = Literal["pending", "succeeded", "failed", "cancelled"]


class GatewayRefund(Record):
	"""Money given back to a buyer, in the payment's currency. `reference` is None when it was made at the vendor.
	A failed refund has returned to the account: `failed_at` says when."""

	id: str
	version: str
	payment_id: str
	status: GatewayRefundStatus
	amount: Amount
	currency: Currency
	created_at: AwareDatetime
	failed_at: AwareDatetime | None = None
	reason: str = ""
	failure: str = ""
	reference: Reference | None = None
	settled: Settled | None = None
	test: bool = False


DisputeStatus = Literal["inquiry", "open", "won", "lost"]


class Dispute(Record):
	"""A buyer's bank takes money back. `inquiry` moved no money yet, `open` has (it may come back), `lost` has for good.
	`fee` is what the vendor charges for it, in the account's currency, and belongs to `settled`."""

	id: str
	version: str
	payment_id: str
	status: DisputeStatus
	amount: Amount
	currency: Currency
	created_at: AwareDatetime
	closed_at: AwareDatetime | None = None
	reason: str = ""
	answer_by: AwareDatetime | None = None
	settled: Settled | None = None
	returned: Settled | None = None
	admin_url: str = ""
	test: bool = False


PayoutLineKind = Literal[
	"payment",
	"refund",
	"refund_failure",
	"dispute",
	"dispute_reversal",
	"payout_failure",
	"fee",
	"transfer",
	"adjustment",
]


class PayoutLine(Record):
	"""One movement of the account inside a payout, signed as it changes the account: a refund has a negative `gross`.
	`gross` - `fee` = `net`; `tax` is the part of `fee` that is tax; a "fee" of its own has no `gross`; a "payment" with a negative `gross` takes a payment back
	that failed after all. `source_id` is the id of the payment, refund, dispute or (failed) payout it belongs to."""

	id: str
	kind: PayoutLineKind
	gross: Amount
	fee: Amount = ZERO
	tax: Amount = ZERO
	net: Amount
	source_id: str = ""
	description: str = ""
	created_at: AwareDatetime


PayoutStatus = Literal["pending", "paid", "failed", "cancelled"]


class Payout(Record):
	"""Money sent from the account to the bank, with everything it is made of. `amount` is signed: a negative payout
	was drawn from the bank. The nets of `lines` add up to it; `complete` says that the vendor has closed the list: one
	that is complete without lines is an amount taken out of the account, of which the vendor tells no more. A failed
	payout keeps its lines where its money comes back as one "payout_failure" line of a later payout; where the lines
	themselves come again, it has none."""

	id: str
	version: str
	status: PayoutStatus
	amount: Amount
	currency: Currency
	arrives_on: date
	failed_at: AwareDatetime | None = None
	complete: bool = True
	lines: tuple[PayoutLine, ...] = ()
	bank_reference: str = ""
	failure: str = ""
	test: bool = False


Interval = Literal["day", "week", "month", "year"]


class SubscriptionLine(Record):
	"""What is billed in each cycle: `quantity` times `unit_amount` (with taxes) every `every` intervals. `code` is our
	Item or the vendor's price id."""

	title: str
	code: str = ""
	quantity: Amount = Field(default=1, validate_default=True)
	unit_amount: Amount
	interval: Interval = "month"
	every: int = 1


class SubscriptionOrder(Record):
	"""A subscription to be opened at the vendor. `collect`: "charge" takes the money from the stored card, "invoice"
	mails the buyer a bill with a link, to be paid within `days_until_due`."""

	reference: Reference
	customer: Customer
	currency: Currency
	lines: tuple[SubscriptionLine, ...]
	starts_at: AwareDatetime | None = None
	trial_until: AwareDatetime | None = None
	cancel_at: AwareDatetime | None = None
	collect: Literal["charge", "invoice"] = "invoice"
	days_until_due: int = 14


SubscriptionStatus = Literal["incomplete", "trialing", "active", "past_due", "unpaid", "paused", "cancelled"]


class Subscription(Record):
	"""A subscription as the vendor has it now. `url` is where the buyer pays for the first time, if needed."""

	id: str
	version: str
	status: SubscriptionStatus
	currency: Currency
	customer: Customer | None = None
	lines: tuple[SubscriptionLine, ...] = ()
	reference: Reference | None = None
	started_at: AwareDatetime | None = None
	period_start: AwareDatetime | None = None
	period_end: AwareDatetime | None = None
	cancelled_at: AwareDatetime | None = None
	url: str = ""
	test: bool = False


class BillLine(Record):
	"""A line of a Bill: `amount` is for the whole quantity, without the bill's taxes; it may be negative (proration)."""

	title: str
	code: str = ""
	quantity: Amount = Field(default=1, validate_default=True)
	amount: Amount


class Bill(Record):
	"""A cycle of a subscription as the vendor billed it: sum of lines - `discount` + `tax` = `total`; `paid` of it has
	come in, through the payments named. `reference` is our Subscription, if it was opened from here."""

	id: str
	version: str
	number: str = ""
	status: Literal["draft", "open", "paid", "void", "uncollectible"]
	subscription_id: str = ""
	reference: Reference | None = None
	customer: Customer | None = None
	currency: Currency
	lines: tuple[BillLine, ...]
	discount: Amount = ZERO
	tax: Amount = ZERO
	tax_title: str = ""
	total: Amount
	paid: Amount = ZERO
	payment_ids: tuple[str, ...] = ()
	created_at: AwareDatetime
	paid_at: AwareDatetime | None = None
	period_start: AwareDatetime | None = None
	period_end: AwareDatetime | None = None
	url: str = ""
	test: bool = False
