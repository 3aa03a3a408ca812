"""Payouts ("po_…") with everything they are made of.

Only automatic payouts tell their lines. A manual or instant one is an amount taken out of the balance: it has no lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from integration_hub.connectors.contract import Page
from integration_hub.connectors.stripe.amounts import from_minor
from integration_hub.connectors.stripe.events import Walks
from integration_hub.connectors.stripe.shapes import Json, id_of, moment, version_of, whole
from integration_hub.failures import Rejected
from integration_hub.records import Payout, PayoutLine

STATUS = {
	"paid": "paid",
	"pending": "pending",
	"in_transit": "pending",
	"canceled": "cancelled",
	"failed": "failed",
}
#: Stripe's balance transaction types (stripe-python 16.1.0) → our kinds; the rest are adjustments
KINDS = {
	"charge": "payment",
	"payment": "payment",
	"refund": "refund",
	"payment_refund": "refund",
	"partial_capture_reversal": "refund",
	"refund_failure": "refund_failure",
	"payment_failure_refund": "refund_failure",
	"payout_failure": "payout_failure",
	"stripe_fee": "fee",
	"stripe_fx_fee": "fee",
	"application_fee": "fee",
	"tax_fee": "fee",
	"network_cost": "fee",
	"transfer": "transfer",
	"transfer_refund": "transfer",
	"topup": "transfer",
}
LINES = {"expand": ["data.source"]}


class Payouts(Walks):
	def pull_payouts(self, since: datetime, cursor: str | None) -> Page:
		return self.walk("payouts", "/v1/payouts", since, cursor)

	def fetch_payouts(self, ids: Sequence[str]) -> Mapping[str, Json]:
		found = {}
		for one in ids:
			payout = self.find(f"/v1/payouts/{one}")
			if payout is None:
				continue
			payout["_lines"] = (
				list(self.list("/v1/balance_transactions", {"payout": one, **LINES}))
				if payout["automatic"]
				else []
			)
			found[one] = payout
		return found

	def read_payout(self, payload: Json) -> Payout:
		currency = payload["currency"].upper()
		amount = from_minor(payload["amount"], currency)
		lines = tuple(
			_line(one) for one in payload["_lines"] if one["type"] not in ("payout", "payout_cancel")
		)
		complete = payload.get("reconciliation_status") != "in_progress"
		total = sum((line.net for line in lines), from_minor(0, currency))
		if lines and complete and total != amount:
			raise Rejected(
				f"The lines of payout {payload['id']} come to {total} {currency}, the payout to {amount}."
			)
		return Payout(
			id=payload["id"],
			version=version_of(payload),
			status=STATUS.get(payload["status"], "pending"),
			amount=amount,
			currency=currency,
			arrives_on=moment(payload["arrival_date"]).date(),
			complete=complete,
			lines=lines,
			bank_reference=(payload.get("trace_id") or {}).get("value") or "",
			failure=payload.get("failure_message") or (payload.get("failure_code") or "").replace("_", " "),
			test=not payload.get("livemode"),
		)


def _line(transaction: Json) -> PayoutLine:
	currency = transaction["currency"].upper()
	gross, fee, net = (from_minor(transaction[part], currency) for part in ("amount", "fee", "net"))
	source = whole(transaction.get("source")) or {}
	kind = KINDS.get(transaction["type"], "adjustment")
	about = id_of(transaction.get("source"))
	if source.get("object") == "dispute" or (transaction.get("reporting_category") or "").startswith(
		"dispute"
	):
		kind = "dispute" if gross < 0 else "dispute_reversal"
	elif kind == "payment":
		about = id_of(source.get("payment_intent")) or about
	if kind == "fee":
		# a fee of its own is told as a negative amount without a fee
		gross, fee = from_minor(0, currency), -net
	return PayoutLine(
		id=transaction["id"],
		kind=kind,
		gross=gross,
		fee=fee,
		net=net,
		source_id=about,
		description=transaction.get("description") or "",
		created_at=moment(transaction["created"]),
	)
