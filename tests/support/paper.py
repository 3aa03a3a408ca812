"""A payment gateway on paper: a connector that keeps its records in this process and can do whatever the contract knows.

The ERPNext side of payments is tried with it, through the engine and without any vendor's habits. Every call that would
go to a vendor is written down in `Account.calls`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from integration_hub.connectors.contract import Connector, Identity, Page, Setting
from integration_hub.failures import Gone, Rejected
from integration_hub.records import (
	Bill,
	Dispute,
	GatewayPayment,
	GatewayRefund,
	Payable,
	PaymentLink,
	Payout,
	PayoutLine,
	Reference,
	RefundRequest,
	Settled,
	Subscription,
	SubscriptionOrder,
)

KINDS = ("payments", "refunds", "disputes", "payouts", "subscriptions", "bills")


def now() -> datetime:
	return datetime.now(timezone.utc).replace(microsecond=0)


class Account:
	"""One account at the gateway. `settles_in` is the currency it keeps its money in; `rates` what one unit of another
	currency is worth there."""

	opened: dict[str, Account] = {}

	def __init__(self, name: str, settles_in: str = "EUR"):
		self.name, self.settles_in = name, settles_in
		self.rates: dict[str, Decimal] = {settles_in: Decimal(1)}
		self.fee = Decimal("0.25")
		self.things: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
		self.links: dict[str, dict[str, Any]] = {}
		self.by_key: dict[str, Any] = {}
		self.calls: list[tuple[str, Any]] = []
		self.form_fields: dict[str, str] = {}
		self.refuse: Exception | None = None
		self.slow_refunds = False
		self._numbers = itertools.count(1)
		Account.opened[name] = self

	def number(self, prefix: str) -> str:
		return f"{prefix}_{self.name}_{next(self._numbers)}"

	def version(self) -> str:
		return f"{next(self._numbers):08d}"

	def settled(self, amount: Decimal, currency: str, fee: Decimal | None = None) -> Settled:
		rate = self.rates[currency]
		gross = (amount * rate).quantize(Decimal("0.01") if self.settles_in != "KWD" else Decimal("0.001"))
		fee = self.fee if fee is None else fee
		return Settled(currency=self.settles_in, gross=gross, fee=fee, net=gross - fee, rate=rate)

	# --- what happens at the gateway

	def pay(
		self,
		amount: Decimal | str,
		currency: str = "EUR",
		reference: tuple[str, str] | None = None,
		**more: Any,
	) -> GatewayPayment:
		"""A buyer pays. `more` are fields of the record, such as `status` or `invoice_id`."""
		amount = Decimal(amount)
		paid = more.get("status", "paid") == "paid"
		values: dict[str, Any] = {
			"id": self.number("pay"),
			"version": self.version(),
			"status": "paid",
			"amount": amount,
			"captured": amount if paid else Decimal(0),
			"currency": currency,
			"created_at": now(),
			"paid_at": now() if paid else None,
			"reference": Reference(doctype=reference[0], name=reference[1]) if reference else None,
			"settled": self.settled(amount, currency) if paid else None,
		}
		record = GatewayPayment(**{**values, **more})
		self.things["payments"][record.id] = record
		return record

	def change(self, kind: str, id_: str, **values: Any) -> Any:
		"""Something became different at the gateway."""
		record = self.things[kind][id_].model_copy(update={"version": self.version(), **values})
		self.things[kind][id_] = record
		return record

	def refund(
		self, payment: GatewayPayment, amount: Decimal | str | None = None, **more: Any
	) -> GatewayRefund:
		amount = payment.captured if amount is None else Decimal(amount)
		values: dict[str, Any] = {
			"id": self.number("ref"),
			"version": self.version(),
			"payment_id": payment.id,
			"status": "succeeded",
			"amount": amount,
			"currency": payment.currency,
			"created_at": now(),
			"settled": self.settled(amount, payment.currency, Decimal(0)),
		}
		record = GatewayRefund(**{**values, **more})
		self.things["refunds"][record.id] = record
		return record

	def dispute(self, payment: GatewayPayment, status: str = "open", **more: Any) -> Dispute:
		moved = status != "inquiry"
		values: dict[str, Any] = {
			"id": self.number("dis"),
			"version": self.version(),
			"payment_id": payment.id,
			"status": status,
			"amount": payment.captured,
			"currency": payment.currency,
			"created_at": now(),
			"reason": "fraudulent",
			"settled": self.settled(payment.captured, payment.currency, Decimal(15)) if moved else None,
		}
		record = Dispute(**{**values, **more})
		self.things["disputes"][record.id] = record
		return record

	def line(
		self, kind: str, gross: Decimal | str, fee: Decimal | str = 0, source_id: str = ""
	) -> PayoutLine:
		gross, fee = Decimal(gross), Decimal(fee)
		return PayoutLine(
			id=self.number("txn"),
			kind=kind,
			gross=gross,
			fee=fee,
			net=gross - fee,
			source_id=source_id,
			created_at=now(),
		)

	def line_of(self, record: Any, kind: str | None = None) -> PayoutLine:
		"""The movement that a payment, refund or dispute was in the account."""
		if isinstance(record, GatewayPayment):
			return self.line("payment", record.settled.gross, record.settled.fee, record.id)
		if isinstance(record, GatewayRefund):
			sign = 1 if kind == "refund_failure" else -1
			return self.line(kind or "refund", sign * record.settled.gross, 0, record.id)
		if kind == "dispute_reversal":
			return self.line(kind, record.returned.gross, record.returned.fee, record.id)
		return self.line("dispute", -record.settled.gross, record.settled.fee, record.id)

	def pay_out(self, *lines: PayoutLine, **more: Any) -> Payout:
		values: dict[str, Any] = {
			"id": self.number("out"),
			"version": self.version(),
			"status": "paid",
			"amount": sum((line.net for line in lines), Decimal(0)),
			"currency": self.settles_in,
			"arrives_on": now().date(),
			"lines": lines,
			"bank_reference": "BANK-1",
		}
		record = Payout(**{**values, **more})
		self.things["payouts"][record.id] = record
		return record

	def bill(self, amount: Decimal | str, currency: str = "EUR", **more: Any) -> Bill:
		amount = Decimal(amount)
		values: dict[str, Any] = {
			"id": self.number("bill"),
			"version": self.version(),
			"number": self.number("B"),
			"status": "paid",
			"currency": currency,
			"lines": ({"title": "Plan", "code": "plan", "amount": amount},),
			"total": amount,
			"paid": amount,
			"created_at": now(),
			"paid_at": now(),
			"period_start": now(),
			"period_end": now() + timedelta(days=30),
		}
		record = Bill(**{**values, **more})
		self.things["bills"][record.id] = record
		return record

	def subscription(self, status: str = "active", **more: Any) -> Subscription:
		values: dict[str, Any] = {
			"id": self.number("sub"),
			"version": self.version(),
			"status": status,
			"currency": "EUR",
			"started_at": now(),
		}
		record = Subscription(**{**values, **more})
		self.things["subscriptions"][record.id] = record
		return record

	# --- what was asked of it

	def asked(self, what: str) -> list[Any]:
		return [said for name, said in self.calls if name == what]


class Paper(Connector):
	key = "paper"
	title = "Paper Gateway"
	category = "payments"
	settings = (Setting("account", "Account"), Setting("secret", "Secret", secret=True))

	@classmethod
	def base_url(cls, settings: Mapping[str, str]) -> str:
		return "https://paper.invalid"

	@property
	def account(self) -> Account:
		return Account.opened[self.config["account"]]

	def check(self) -> Identity:
		return Identity(account=self.account.name)

	def _once(self, key: str, what: str, said: Any, make: Any) -> Any:
		account = self.account
		account.calls.append((what, said))
		if account.refuse:
			raise account.refuse
		if key not in account.by_key:
			account.by_key[key] = make()
		return account.by_key[key]

	# --- pages

	def create_payment_link(self, payable: Payable, *, key: str, look_first: bool) -> PaymentLink:
		def make() -> PaymentLink:
			id_ = self.account.number("page")
			self.account.links[id_] = {"payable": payable, "open": True}
			return PaymentLink(id=id_, url=f"https://paper.invalid/{id_}", fields=self.account.form_fields)

		return self._once(key, "link", payable, make)

	def close_payment_link(self, link_id: str) -> None:
		self.account.calls.append(("close", link_id))
		self.account.links[link_id]["open"] = False

	# --- capture

	def capture_payment(
		self, payment_id: str, amount: Decimal, currency: str, *, key: str, look_first: bool
	) -> GatewayPayment:
		account = self.account

		def make() -> GatewayPayment:
			if amount > account.things["payments"][payment_id].amount:
				raise Rejected("More than is reserved cannot be captured.")
			return account.change(
				"payments",
				payment_id,
				status="paid",
				captured=amount,
				paid_at=now(),
				settled=account.settled(amount, currency),
			)

		return self._once(key, "capture", (payment_id, amount), make)

	def void_payment(self, payment_id: str, *, key: str) -> GatewayPayment:
		return self._once(
			key,
			"void",
			payment_id,
			lambda: self.account.change("payments", payment_id, status="cancelled"),
		)

	# --- refunds

	def refund_payment(self, request: RefundRequest, *, key: str, look_first: bool) -> GatewayRefund:
		account = self.account

		def make() -> GatewayRefund:
			payment = account.things["payments"][request.payment_id]
			given = sum(
				(
					one.amount
					for one in account.things["refunds"].values()
					if one.payment_id == payment.id and one.status in ("pending", "succeeded")
				),
				Decimal(0),
			)
			if given + request.amount > payment.captured:
				raise Rejected("More than is left cannot be refunded.")
			more = {"status": "pending", "settled": None} if account.slow_refunds else {}
			return account.refund(payment, request.amount, reference=request.reference, **more)

		return self._once(key, "refund", request, make)

	# --- subscriptions

	def create_subscription(self, order: SubscriptionOrder, *, key: str, look_first: bool) -> Subscription:
		return self._once(
			key,
			"subscribe",
			order,
			lambda: self.account.subscription(reference=order.reference, currency=order.currency),
		)

	def cancel_subscription(self, subscription_id: str, *, at_period_end: bool, key: str) -> Subscription:
		return self._once(
			key,
			"unsubscribe",
			subscription_id,
			lambda: self.account.change("subscriptions", subscription_id, status="cancelled"),
		)


def _bring(kind: str, record: type) -> tuple[Any, Any, Any]:
	def pull(self: Paper, since: datetime, cursor: str | None) -> Page:
		return Page(notices=())

	def fetch(self: Paper, ids: Sequence[str]) -> Mapping[str, Any]:
		have = self.account.things[kind]
		return {one: {"json": have[one].model_dump_json()} for one in ids if one in have}

	def read(self: Paper, payload: Mapping[str, Any]) -> Any:
		if not payload:
			raise Gone("There is nothing on this paper.")
		return record.model_validate_json(payload["json"])

	return pull, fetch, read


for _kind, _name, _record in (
	("payments", "payment", GatewayPayment),
	("refunds", "refund", GatewayRefund),
	("disputes", "dispute", Dispute),
	("payouts", "payout", Payout),
	("subscriptions", "subscription", Subscription),
	("bills", "bill", Bill),
):
	_pull, _fetch, _read = _bring(_kind, _record)
	setattr(Paper, f"pull_{_kind}", _pull)
	setattr(Paper, f"fetch_{_kind}", _fetch)
	setattr(Paper, f"read_{_name}", _read)
