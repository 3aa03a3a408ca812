"""Refunds ("re_…") and disputes ("du_…", "dp_…")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from integration_hub.connectors.contract import Page
from integration_hub.connectors.stripe.amounts import from_minor, to_minor
from integration_hub.connectors.stripe.events import Walks
from integration_hub.connectors.stripe.shapes import (
	Json,
	check_currency,
	id_of,
	metadata_of,
	moment,
	read_at,
	reference_in,
	settled,
	version_of,
	whole,
)
from integration_hub.records import Dispute, GatewayRefund, RefundRequest

REFUND_STATUS = {
	"pending": "pending",
	"requires_action": "pending",
	"succeeded": "succeeded",
	"failed": "failed",
	"canceled": "cancelled",
}
#: what Stripe knows as reasons; anything else travels in metadata only
REASONS = ("duplicate", "fraudulent", "requested_by_customer")
REFUND_EXPANDED = {"expand": ["balance_transaction", "failure_balance_transaction"]}
#: dispute states that moved no money
INQUIRIES = ("warning_needs_response", "warning_under_review", "warning_closed", "prevented")


class Refunds(Walks):
	def refund_payment(self, request: RefundRequest, *, key: str, look_first: bool) -> GatewayRefund:
		made = self._made_refund(request) if look_first else None
		if made is None:
			check_currency(self.get(f"/v1/payment_intents/{request.payment_id}"), request.currency)
			made = self.post(
				"/v1/refunds",
				{
					"payment_intent": request.payment_id,
					"amount": to_minor(request.amount, request.currency),
					"reason": request.reason if request.reason in REASONS else None,
					"metadata": {
						**metadata_of(request.reference),
						"erp_reason": request.reason[:500] or None,
					},
				},
				key,
			)
		return self.read_refund(self.get(f"/v1/refunds/{made['id']}", REFUND_EXPANDED))

	def _made_refund(self, request: RefundRequest) -> Json | None:
		"""The refund that a former try made of this payment for this document, unless it came to nothing."""
		for one in self.list("/v1/refunds", {"payment_intent": request.payment_id}):
			same = metadata_of(request.reference).items() <= (one.get("metadata") or {}).items()
			if same and one["status"] not in ("failed", "canceled"):
				return one
		return None

	def pull_refunds(self, since: datetime, cursor: str | None) -> Page:
		return self.walk("refunds", "/v1/refunds", since, cursor)

	def fetch_refunds(self, ids: Sequence[str]) -> Mapping[str, Json]:
		found = {one: self.find(f"/v1/refunds/{one}", REFUND_EXPANDED) for one in ids}
		return {one: payload for one, payload in found.items() if payload}

	def read_refund(self, payload: Json) -> GatewayRefund:
		currency = payload["currency"].upper()
		status = REFUND_STATUS.get(payload["status"] or "", "pending")
		returned = whole(payload.get("failure_balance_transaction"))
		return GatewayRefund(
			id=payload["id"],
			version=version_of(payload),
			payment_id=id_of(payload.get("payment_intent")) or id_of(payload.get("charge")),
			status=status,
			amount=from_minor(payload["amount"], currency),
			currency=currency,
			created_at=moment(payload["created"]),
			failed_at=moment(returned["created"]) if status == "failed" and returned else None,
			reason=payload.get("reason") or "",
			failure=(payload.get("failure_reason") or "").replace("_", " "),
			reference=reference_in(payload),
			settled=settled([payload.get("balance_transaction")]),
			test=self.is_test(payload),
		)

	# --- disputes

	def pull_disputes(self, since: datetime, cursor: str | None) -> Page:
		return self.walk("disputes", "/v1/disputes", since, cursor)

	def fetch_disputes(self, ids: Sequence[str]) -> Mapping[str, Json]:
		found = {one: self.find(f"/v1/disputes/{one}") for one in ids}
		return {one: payload for one, payload in found.items() if payload}

	def read_dispute(self, payload: Json) -> Dispute:
		currency = payload["currency"].upper()
		moves = [one for one in map(whole, payload.get("balance_transactions") or ()) if one]
		taken = [one for one in moves if one["amount"] < 0]
		given = [one for one in moves if one["amount"] > 0]
		return Dispute(
			id=payload["id"],
			version=version_of(payload),
			payment_id=id_of(payload.get("payment_intent")) or id_of(payload.get("charge")),
			status=_dispute_status(payload["status"], bool(taken)),
			amount=from_minor(payload["amount"], currency),
			currency=currency,
			created_at=moment(payload["created"]),
			closed_at=_closed_at(payload, given),
			reason=(payload.get("reason") or "").replace("_", " "),
			answer_by=moment((payload.get("evidence_details") or {}).get("due_by")),
			settled=settled(taken),
			returned=settled(given),
			admin_url=f"https://dashboard.stripe.com/disputes/{payload['id']}",
			test=self.is_test(payload),
		)


def _closed_at(payload: Json, given: Iterable[Json]) -> datetime | None:
	"""Stripe does not say when a dispute ended: when the money came back, else when we were told, which is soon after."""
	if payload["status"] not in ("won", "lost", "warning_closed", "prevented"):
		return None
	return moment(max((one["created"] for one in given), default=read_at(payload)))


def _dispute_status(status: str, money_moved: bool) -> str:
	if status in ("won", "lost"):
		return status
	return "inquiry" if status in INQUIRIES or not money_moved else "open"
