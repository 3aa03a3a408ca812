"""Subscriptions ("sub_…") and the invoices ("in_…") of their cycles, in the shapes Stripe has since version "basil"."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from integration_hub.connectors.contract import Page
from integration_hub.connectors.stripe.amounts import from_minor, to_minor
from integration_hub.connectors.stripe.events import Walks
from integration_hub.connectors.stripe.shapes import (
	Json,
	customer_in,
	id_of,
	metadata_of,
	moment,
	reference_in,
	version_of,
	whole,
)
from integration_hub.failures import Gone, Rejected
from integration_hub.records import (
	Bill,
	BillLine,
	Customer,
	Subscription,
	SubscriptionLine,
	SubscriptionOrder,
)

STATUS = {
	"incomplete": "incomplete",
	"incomplete_expired": "cancelled",
	"trialing": "trialing",
	"active": "active",
	"past_due": "past_due",
	"unpaid": "unpaid",
	"paused": "paused",
	"canceled": "cancelled",
}
EXPANDED = {"expand": ["customer", "latest_invoice", "items.data.price.product"]}
BILL_EXPANDED = {"expand": ["payments"]}


class Subscriptions(Walks):
	def create_subscription(self, order: SubscriptionOrder, *, key: str, look_first: bool) -> Subscription:
		customer = self._customer(order, key)
		made = self._made_subscription(order, customer) if look_first else None
		if made is None:
			made = self.post("/v1/subscriptions", self._order(order, customer), key)
		return self.read_subscription(self.get(f"/v1/subscriptions/{made['id']}", EXPANDED))

	def _order(self, order: SubscriptionOrder, customer: str) -> dict[str, Any]:
		invoiced = order.collect == "invoice"
		return {
			"customer": customer,
			"items": [self._item(order, line) for line in order.lines],
			"collection_method": "send_invoice" if invoiced else "charge_automatically",
			"days_until_due": order.days_until_due if invoiced else None,
			"payment_behavior": None if invoiced else "default_incomplete",
			# the card of the first payment is the one that later cycles are charged to
			"payment_settings": None if invoiced else {"save_default_payment_method": "on_subscription"},
			"metadata": metadata_of(order.reference),
			# the only way to a first cycle that lies more than one cycle ahead
			"trial_end": _seconds(_first_cycle(order)),
			"cancel_at": _seconds(order.cancel_at),
			# every bill comes to what was ordered, also the last one before `cancel_at`
			"proration_behavior": "none",
		}

	def _item(self, order: SubscriptionOrder, line: SubscriptionLine) -> dict[str, Any]:
		if line.quantity != line.quantity.to_integral_value():
			raise Rejected(f"Stripe takes whole quantities only, not {line.quantity} of {line.title}.")
		return {
			"quantity": int(line.quantity),
			"price_data": {
				"currency": order.currency.lower(),
				"unit_amount": to_minor(line.unit_amount, order.currency),
				"product": self._product(line),
				"recurring": {"interval": line.interval, "interval_count": line.every},
			},
			"metadata": {"erp_code": line.code[:500]},
		}

	def _product(self, line: SubscriptionLine) -> str:
		"""The product that Stripe wants behind a price: one for each thing that is sold, under an id of ours."""
		name = line.title[:250]
		known = f"erp_{hashlib.sha256(f'{line.code}/{name}'.encode()).hexdigest()[:24]}"
		try:
			self.post("/v1/products", {"id": known, "name": name, "metadata": {"erp_code": line.code[:500]}})
		except Rejected:
			if self.find(f"/v1/products/{known}") is None:  # else it is there already
				raise
		return known

	def _customer(self, order: SubscriptionOrder, key: str) -> str:
		"""The buyer at Stripe: by its id, by e-mail address and name, or made. Two of our customers may share an address."""
		buyer = order.customer
		if buyer.id:
			return buyer.id
		if not buyer.email:
			raise Rejected("Stripe needs the customer's e-mail address for a subscription.")
		name = buyer.company or buyer.full_name
		for one in self.list("/v1/customers", {"email": buyer.email}):
			if not one.get("name") or one["name"].casefold() == name.casefold():
				return one["id"]
		made = self.post(
			"/v1/customers",
			{"email": buyer.email, "name": name[:256] or None, "phone": buyer.phone[:20] or None},
			f"{key}-customer",
		)
		return made["id"]

	def _made_subscription(self, order: SubscriptionOrder, customer: str) -> Json | None:
		wanted = metadata_of(order.reference).items()
		for one in self.list("/v1/subscriptions", {"customer": customer, "status": "all"}):
			dead = one["status"] in ("canceled", "incomplete_expired")
			if not dead and wanted <= (one.get("metadata") or {}).items():
				return one
		return None

	def cancel_subscription(self, subscription_id: str, *, at_period_end: bool, key: str) -> Subscription:
		path = f"/v1/subscriptions/{subscription_id}"
		payload = self.get(path, EXPANDED)
		if payload["status"] in ("canceled", "incomplete_expired"):
			return self.read_subscription(payload)
		if at_period_end:
			self.post(path, {"cancel_at_period_end": True}, key)
		else:
			try:
				self.delete(path)
			except Gone:
				pass  # it was cancelled in this very moment
		return self.read_subscription(self.get(path, EXPANDED))

	def pull_subscriptions(self, since: datetime, cursor: str | None) -> Page:
		return self.walk("subscriptions", "/v1/subscriptions", since, cursor)

	def fetch_subscriptions(self, ids: Sequence[str]) -> Mapping[str, Json]:
		found = {one: self.find(f"/v1/subscriptions/{one}", EXPANDED) for one in ids}
		return {one: payload for one, payload in found.items() if payload}

	def read_subscription(self, payload: Json) -> Subscription:
		currency = payload["currency"].upper()
		items = payload["items"]["data"]
		starts, ends = (
			[one[name] for one in items if one.get(name)]
			for name in ("current_period_start", "current_period_end")
		)
		status = STATUS.get(payload["status"], "active")
		invoice = whole(payload.get("latest_invoice")) or {}
		return Subscription(
			id=payload["id"],
			version=version_of(payload),
			status=status,
			currency=currency,
			customer=_buyer(payload.get("customer")),
			lines=tuple(_item_line(one, currency) for one in items),
			reference=reference_in(payload),
			started_at=moment(payload.get("start_date")),
			period_start=moment(min(starts, default=None)),
			period_end=moment(min(ends, default=None)),
			# `canceled_at` alone is when somebody asked for it: the subscription may still run to the end of its period
			cancelled_at=moment(payload.get("ended_at") or payload.get("canceled_at"))
			if status == "cancelled"
			else None,
			url=(invoice.get("hosted_invoice_url") or "") if invoice.get("status") == "open" else "",
			test=self.is_test(payload),
		)

	# --- bills

	def pull_bills(self, since: datetime, cursor: str | None) -> Page:
		return self.walk("invoices", "/v1/invoices", since, cursor)

	def fetch_bills(self, ids: Sequence[str]) -> Mapping[str, Json]:
		found = {}
		for one in ids:
			bill = self.find(f"/v1/invoices/{one}", BILL_EXPANDED)
			if bill is None:
				continue
			if bill["lines"].get("has_more"):
				bill["lines"]["data"] = list(self.list(f"/v1/invoices/{one}/lines", {}))
			found[one] = bill
		return found

	def read_bill(self, payload: Json) -> Bill:
		currency = payload["currency"].upper()
		details = (payload.get("parent") or {}).get("subscription_details") or {}
		lines = payload["lines"]["data"]
		taxes = payload.get("total_taxes") or ()
		periods = [one["period"] for one in lines if one.get("period")]
		paid_at = (payload.get("status_transitions") or {}).get("paid_at")
		return Bill(
			id=payload["id"],
			version=version_of(payload),
			number=payload.get("number") or "",
			status=payload["status"] or "draft",
			subscription_id=id_of(details.get("subscription")),
			reference=reference_in(details, payload),
			customer=_bill_customer(payload),
			currency=currency,
			lines=(*(_bill_line(one, currency) for one in lines), *_shipping(payload, currency)),
			discount=sum(
				(from_minor(one["amount"], currency) for one in payload.get("total_discount_amounts") or ()),
				Decimal(0),
			),
			tax=sum((from_minor(one["amount"], currency) for one in taxes), Decimal(0)),
			tax_title="Tax" if taxes else "",
			total=from_minor(payload["total"], currency),
			paid=from_minor(payload.get("amount_paid") or 0, currency),
			payment_ids=tuple(_payments(payload)),
			created_at=moment(payload["created"]),
			paid_at=moment(paid_at),
			period_start=moment(max((one["start"] for one in periods), default=None)),
			period_end=moment(max((one["end"] for one in periods), default=None)),
			url=payload.get("hosted_invoice_url") or "",
			test=self.is_test(payload),
		)


def _first_cycle(order: SubscriptionOrder) -> datetime | None:
	"""When the first cycle is billed, if that is not at once."""
	days = [one for one in (order.starts_at, order.trial_until) if one and one > datetime.now(timezone.utc)]
	return max(days, default=None)


def _seconds(when: datetime | None) -> int | None:
	return None if when is None else int(when.timestamp())


def _buyer(customer: Any) -> Customer | None:
	known = whole(customer)
	if known is None:
		return Customer(id=customer) if customer else None
	return customer_in(known, known["id"])


def _bill_customer(payload: Json) -> Customer | None:
	details = {
		"name": payload.get("customer_name"),
		"email": payload.get("customer_email"),
		"phone": payload.get("customer_phone"),
	}
	return customer_in(details, id_of(payload.get("customer")))


def _item_line(item: Json, currency: str) -> SubscriptionLine:
	price = item["price"]
	product = whole(price.get("product")) or {}
	recurring = price.get("recurring") or {}
	return SubscriptionLine(
		title=product.get("name") or price.get("nickname") or price["id"],
		code=(item.get("metadata") or {}).get("erp_code") or price["id"],
		quantity=item.get("quantity") or 1,
		unit_amount=from_minor(price.get("unit_amount") or 0, currency),
		interval=recurring.get("interval") or "month",
		every=recurring.get("interval_count") or 1,
	)


def _bill_line(line: Json, currency: str) -> BillLine:
	"""Amounts without taxes: what Stripe says it took as tax inside the price is taken out of it."""
	details = ((line.get("pricing") or {}).get("price_details")) or {}
	inside = sum(one["amount"] for one in line.get("taxes") or () if one.get("tax_behavior") == "inclusive")
	metadata = line.get("metadata") or {}
	return BillLine(
		title=line.get("description") or line["id"],
		code=metadata.get("erp_code") or id_of(details.get("price")),
		quantity=line.get("quantity") or 1,
		amount=from_minor(line["amount"] - inside, currency),
	)


def _shipping(payload: Json, currency: str) -> list[BillLine]:
	"""What an invoice of Stripe's own adds for shipping; its tax is among the invoice's taxes."""
	cost = (payload.get("shipping_cost") or {}).get("amount_subtotal") or 0
	return [BillLine(title="Shipping", amount=from_minor(cost, currency))] if cost else []


def _payments(payload: Json) -> list[str]:
	rows = (payload.get("payments") or {}).get("data") or ()
	intents = (
		id_of((row.get("payment") or {}).get("payment_intent")) for row in rows if row.get("status") == "paid"
	)
	return [one for one in intents if one]
