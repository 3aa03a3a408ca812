"""What a payment gateway's connector may be able to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

from integration_hub.connectors.contract.base import Page
from integration_hub.records import (
	Bill,
	Dispute,
	GatewayPayment,
	GatewayRefund,
	Payable,
	PaymentLink,
	Payout,
	RefundRequest,
	Subscription,
	SubscriptionOrder,
)

Payload = Mapping[str, Any]


@runtime_checkable
class TakesPayments(Protocol):
	def create_payment_link(self, payable: Payable, *, key: str, look_first: bool) -> PaymentLink:
		"""A page of the vendor where exactly `payable` can be paid, once. It must hand `payable.reference` back
		with the payment. Raises Rejected for a currency or an amount that the vendor does not take."""

	def close_payment_link(self, link_id: str) -> None:
		"""Nobody can pay there any more. One that is paid, expired or gone already is no failure."""


@runtime_checkable
class CapturesPayments(Protocol):
	def capture_payment(
		self, payment_id: str, amount: Decimal, currency: str, *, key: str, look_first: bool
	) -> GatewayPayment:
		"""Take `amount` of an authorised payment; the rest is released. One that is captured already is
		returned as it is. Raises Rejected for another currency than the payment's."""

	def void_payment(self, payment_id: str, *, key: str) -> GatewayPayment:
		"""Release an authorised payment. One that is cancelled already is returned as it is."""


@runtime_checkable
class PullsPayments(Protocol):
	def pull_payments(self, since: datetime, cursor: str | None) -> Page:
		"""Payments that changed at or after `since` (webhooks may have been lost), in the vendor's own order: the point in
		time moves only when the list was walked to its end."""

	def fetch_payments(self, ids: Sequence[str]) -> Mapping[str, Payload]:
		"""Payloads by id, with what the payment became in the account's currency; a missing id is gone. Where a buyer only
		approves and the vendor waits for our word (not for `capture_later`), this gives it: the approval's id in a Notice is
		fetched as the payment that it becomes, once, however often it is fetched."""

	def read_payment(self, payload: Payload) -> GatewayPayment: ...


@runtime_checkable
class RefundsPayments(Protocol):
	def refund_payment(self, request: RefundRequest, *, key: str, look_first: bool) -> GatewayRefund:
		"""Give money back, once. Raises Rejected when more is asked than is left, or in another currency than the
		payment's."""

	def pull_refunds(self, since: datetime, cursor: str | None) -> Page: ...

	def fetch_refunds(self, ids: Sequence[str]) -> Mapping[str, Payload]: ...

	def read_refund(self, payload: Payload) -> GatewayRefund: ...


@runtime_checkable
class PullsDisputes(Protocol):
	def pull_disputes(self, since: datetime, cursor: str | None) -> Page: ...

	def fetch_disputes(self, ids: Sequence[str]) -> Mapping[str, Payload]: ...

	def read_dispute(self, payload: Payload) -> Dispute: ...


@runtime_checkable
class PullsPayouts(Protocol):
	def pull_payouts(self, since: datetime, cursor: str | None) -> Page: ...

	def fetch_payouts(self, ids: Sequence[str]) -> Mapping[str, Payload]:
		"""Payloads by id, each with all its lines."""

	def read_payout(self, payload: Payload) -> Payout:
		"""Raises Rejected, with the difference, when the lines of a complete payout do not add up to it."""


@runtime_checkable
class Subscribes(Protocol):
	"""Recurring billing: Resource "subscriptions", and "invoices" for the bill of each cycle."""

	def create_subscription(
		self, order: SubscriptionOrder, *, key: str, look_first: bool
	) -> Subscription: ...

	def cancel_subscription(self, subscription_id: str, *, at_period_end: bool, key: str) -> Subscription:
		"""One that is cancelled already is returned as it is."""

	def pull_subscriptions(self, since: datetime, cursor: str | None) -> Page: ...

	def fetch_subscriptions(self, ids: Sequence[str]) -> Mapping[str, Payload]: ...

	def read_subscription(self, payload: Payload) -> Subscription: ...

	def pull_bills(self, since: datetime, cursor: str | None) -> Page: ...

	def fetch_bills(self, ids: Sequence[str]) -> Mapping[str, Payload]: ...

	def read_bill(self, payload: Payload) -> Bill: ...
