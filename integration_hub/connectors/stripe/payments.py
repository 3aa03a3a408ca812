"""Payment pages, payments and their capture. A payment is a PaymentIntent ("pi_…")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from integration_hub.connectors.contract import Page
from integration_hub.connectors.stripe.amounts import from_minor, to_minor
from integration_hub.connectors.stripe.events import Walks
from integration_hub.connectors.stripe.settings import CHECKOUT
from integration_hub.connectors.stripe.shapes import (
	Json,
	check_currency,
	customer_in,
	id_of,
	metadata_of,
	moment,
	reference_in,
	settled,
	version_of,
	whole,
)
from integration_hub.failures import Gone, Rejected
from integration_hub.records import GatewayPayment, Payable, PaymentLink

STATUS = {
	"succeeded": "paid",
	"requires_capture": "authorised",
	"canceled": "cancelled",
	"processing": "pending",
	"requires_action": "pending",
	"requires_confirmation": "pending",
	"requires_payment_method": "pending",
}
EXPANDED = {"expand": ["latest_charge.balance_transaction"]}
#: of a Checkout Session: Stripe takes 30 minutes to 24 hours
LONGEST_SESSION = timedelta(hours=23, minutes=55)
SHORTEST_SESSION = timedelta(minutes=31)
#: how many of the newest pages of a list are looked through for what a lost answer may have made
LOOKED_THROUGH = 500


class Payments(Walks):
	# --- pages to pay at

	def create_payment_link(self, payable: Payable, *, key: str, look_first: bool) -> PaymentLink:
		checkout = self.config.get("link_kind") == CHECKOUT
		made = self._made_before(payable, checkout) if look_first else None
		if made is None:
			path, params = self._session(payable) if checkout else self._link(payable)
			made = self.post(path, params, key)
		return PaymentLink(id=made["id"], url=_url(made, payable), expires_at=moment(made.get("expires_at")))

	def _link(self, payable: Payable) -> tuple[str, dict[str, Any]]:
		params = self._common(payable)
		params["restrictions"] = {"completed_sessions": {"limit": 1}}
		back = payable.return_url or self.config.get("return_url")
		if back:
			params["after_completion"] = {"type": "redirect", "redirect": {"url": back}}
		return "/v1/payment_links", params

	def _session(self, payable: Payable) -> tuple[str, dict[str, Any]]:
		back = payable.return_url or self.config.get("return_url")
		if not back:
			raise Rejected(
				"A Checkout Session needs a page to come back to: enter Page After Payment in the Connection."
			)
		now = datetime.now(timezone.utc)
		ends = min(
			max(payable.expires_at or now + LONGEST_SESSION, now + SHORTEST_SESSION), now + LONGEST_SESSION
		)
		params = self._common(payable)
		params |= {
			"mode": "payment",
			"client_reference_id": f"{payable.reference.doctype}/{payable.reference.name}"[:200],
			"success_url": back,
			"cancel_url": payable.cancel_url or back,
			"expires_at": int(ends.timestamp()),
		}
		if payable.customer and payable.customer.email:
			params["customer_email"] = payable.customer.email
		return "/v1/checkout/sessions", params

	def _common(self, payable: Payable) -> dict[str, Any]:
		intent: dict[str, Any] = {
			"metadata": metadata_of(payable.reference),
			"description": payable.title[:1000],
			"capture_method": "manual" if payable.capture_later else None,
			"statement_descriptor_suffix": (self.config.get("statement_descriptor") or "")[:22] or None,
		}
		return {
			"line_items": [
				{
					"quantity": 1,
					"price_data": {
						"currency": payable.currency.lower(),
						"unit_amount": to_minor(payable.amount, payable.currency),
						"product_data": {"name": payable.title[:250]},
					},
				}
			],
			"metadata": {
				**metadata_of(payable.reference),
				"erp_amount": f"{payable.amount} {payable.currency}",
			},
			"payment_intent_data": intent,
		}

	def _made_before(self, payable: Payable, checkout: bool) -> Json | None:
		"""What a former try made: still open, for the same document and amount."""
		path = "/v1/checkout/sessions" if checkout else "/v1/payment_links"
		only = {"status": "open"} if checkout else {"active": True}
		wanted = {**metadata_of(payable.reference), "erp_amount": f"{payable.amount} {payable.currency}"}
		for one in self.list(path, only, limit=LOOKED_THROUGH):
			if wanted.items() <= (one.get("metadata") or {}).items() and not _used_up(one):
				return one
		return None

	def close_payment_link(self, link_id: str) -> None:
		try:
			if link_id.startswith("cs_"):
				self._expire(link_id)
			else:
				self.post(f"/v1/payment_links/{link_id}", {"active": False})
		except Gone:
			return  # nobody can pay there

	def _expire(self, session: str) -> None:
		try:
			self.post(f"/v1/checkout/sessions/{session}/expire", {})
		except Rejected:
			if self.get(f"/v1/checkout/sessions/{session}")["status"] == "open":
				raise

	# --- payments

	def pull_payments(self, since: datetime, cursor: str | None) -> Page:
		return self.walk("payments", "/v1/payment_intents", since, cursor)

	def fetch_payments(self, ids: Sequence[str]) -> Mapping[str, Json]:
		found = {}
		for one in ids:
			intent = self.find(f"/v1/payment_intents/{one}", EXPANDED)
			if intent is None:
				continue
			if reference_in(intent) is None:
				intent["_invoice"] = self._invoice_of(one)
			found[one] = intent
		return found

	def _invoice_of(self, intent: str) -> str:
		"""The invoice a payment is for (since version "basil" only the invoice's payments tell)."""
		payment = {"type": "payment_intent", "payment_intent": intent}
		rows = list(self.list("/v1/invoice_payments", {"payment": payment}, limit=1))
		return id_of(rows[0]["invoice"]) if rows else ""

	def read_payment(self, payload: Json) -> GatewayPayment:
		currency = payload["currency"].upper()
		charge = whole(payload.get("latest_charge")) or {}
		transaction = whole(charge.get("balance_transaction")) or {}
		error = payload.get("last_payment_error") or {}
		status = STATUS.get(payload["status"], "pending")
		if payload["status"] == "requires_payment_method" and error:
			status = "failed"
		return GatewayPayment(
			id=payload["id"],
			version=version_of(payload),
			status=status,
			amount=from_minor(payload["amount"], currency),
			captured=from_minor(payload.get("amount_received") or 0, currency),
			currency=currency,
			created_at=moment(payload["created"]),
			# the charge of a payment that was reserved first is as old as the reservation
			paid_at=moment(transaction.get("created") or charge.get("created")) if status == "paid" else None,
			method=((charge.get("payment_method_details") or {}).get("type")) or "",
			reference=reference_in(payload, charge),
			invoice_id=payload.get("_invoice") or "",
			customer=customer_in(charge.get("billing_details"), id_of(payload.get("customer"))),
			settled=settled([transaction]) if status == "paid" and transaction else None,
			description=payload.get("description") or "",
			failure=error.get("message") or "",
			admin_url=f"https://dashboard.stripe.com/payments/{payload['id']}",
			test=self.is_test(payload),
		)

	# --- capture

	def capture_payment(
		self, payment_id: str, amount: Decimal, currency: str, *, key: str, look_first: bool
	) -> GatewayPayment:
		# looked at on every try: the amount is in the payment's own currency, whatever we call it
		payload = self._whole(payment_id)
		check_currency(payload, currency)
		params = {"amount_to_capture": to_minor(amount, currency)}
		return self._settle(payload, "succeeded", "capture", params, key)

	def void_payment(self, payment_id: str, *, key: str) -> GatewayPayment:
		return self._settle(self._whole(payment_id), "canceled", "cancel", {}, key)

	def _settle(
		self, payload: Json, wanted: str, act: str, params: Mapping[str, Any], key: str
	) -> GatewayPayment:
		"""Bring a reserved payment to its end, unless it is there."""
		payment = payload["id"]
		if payload["status"] != wanted:
			try:
				self.post(f"/v1/payment_intents/{payment}/{act}", params, key)
			except Rejected:
				payload = self._whole(payment)
				if payload["status"] != wanted:
					raise
			else:
				payload = self._whole(payment)
		return self.read_payment(payload)

	def _whole(self, payment_id: str) -> dict[str, Any]:
		return self.get(f"/v1/payment_intents/{payment_id}", EXPANDED)


def _used_up(page: Json) -> bool:
	"""A Payment Link that was paid as often as it may be."""
	restricted = (page.get("restrictions") or {}).get("completed_sessions") or {}
	return bool(restricted) and (restricted.get("count") or 0) >= restricted["limit"]


def _url(made: Json, payable: Payable) -> str:
	"""A Payment Link takes the buyer's address in its query; a session has it already."""
	if made["id"].startswith("plink_") and payable.customer and payable.customer.email:
		return f"{made['url']}?prefilled_email={quote(payable.customer.email, safe='')}"
	return made["url"]
