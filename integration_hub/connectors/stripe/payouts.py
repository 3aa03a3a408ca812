"""Payouts ("po_…") with everything they are made of.

Only automatic payouts tell their lines. A manual or instant one is an amount taken out of the balance: it has no lines,
and `complete` says that none will come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from integration_hub.connectors.contract import Page
from integration_hub.connectors.stripe.amounts import from_minor
from integration_hub.connectors.stripe.events import Walks
from integration_hub.connectors.stripe.shapes import Json, id_of, moment, version_of, whole
from integration_hub.failures import Rejected
from integration_hub.records import ZERO, Payout, PayoutLine

STATUS = {
	"paid": "paid",
	"pending": "pending",
	"in_transit": "pending",
	"canceled": "cancelled",
	"failed": "failed",
}
#: Stripe's balance transaction types (stripe-python 16.1.0) → our kinds; the rest are adjustments. Disputes come as type
#: "adjustment" and are known by their `reporting_category`.
KINDS = {
	"charge": "payment",
	"payment": "payment",
	# a payment that is taken back as a whole: a negative payment
	"payment_failure_refund": "payment",
	"payment_reversal": "payment",
	"refund": "refund",
	"payment_refund": "refund",
	"refund_failure": "refund_failure",
	"payout_failure": "payout_failure",
	"stripe_fee": "fee",
	"stripe_fx_fee": "fee",
	"application_fee": "fee",
	"application_fee_refund": "fee",
	"tax_fee": "fee",
	"transfer": "transfer",
	"transfer_cancel": "transfer",
	"transfer_failure": "transfer",
	"transfer_refund": "transfer",
	"topup": "transfer",
	"topup_reversal": "transfer",
	"inbound_transfer": "transfer",
	"inbound_transfer_reversal": "transfer",
}
#: the payout itself among its own lines
ITSELF = ("payout", "payout_cancel")
LINES = {"expand": ["data.source"]}
FAILURE = {"expand": ["failure_balance_transaction"]}


class Payouts(Walks):
	def pull_payouts(self, since: datetime, cursor: str | None) -> Page:
		return self.walk("payouts", "/v1/payouts", since, cursor)

	def fetch_payouts(self, ids: Sequence[str]) -> Mapping[str, Json]:
		found = {}
		for one in ids:
			payout = self.find(f"/v1/payouts/{one}", FAILURE)
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
		lines = tuple(_lines([one for one in payload["_lines"] if one["type"] not in ITSELF]))
		complete = not payload["automatic"] or payload.get("reconciliation_status") == "completed"
		total = sum((line.net for line in lines), ZERO)
		if payload["automatic"] and complete and total != amount:
			raise Rejected(
				f"The lines of payout {payload['id']} come to {total} {currency}, the payout to {amount}: "
				f"{amount - total} is not explained."
			)
		return Payout(
			id=payload["id"],
			version=version_of(payload),
			status=STATUS.get(payload["status"], "pending"),
			amount=amount,
			currency=currency,
			arrives_on=moment(payload["arrival_date"]).date(),
			failed_at=moment((whole(payload.get("failure_balance_transaction")) or {}).get("created")),
			complete=complete,
			lines=lines,
			bank_reference=(payload.get("trace_id") or {}).get("value") or "",
			failure=payload.get("failure_message") or (payload.get("failure_code") or "").replace("_", " "),
			test=not payload.get("livemode"),
		)


def _lines(transactions: Sequence[Json]) -> Iterator[PayoutLine]:
	"""The lines; a payment that came and was taken back within the payout leaves only what it cost."""
	pairs = _taken_back(transactions)
	after = {one["id"] for one in pairs.values()}
	for one in transactions:
		if one["id"] in pairs:
			line, back = _line(one), _line(pairs[one["id"]])
			cost, tax = line.net + back.net, line.tax + back.tax
			if cost:
				yield line.model_copy(
					update={"kind": "fee", "gross": ZERO, "fee": -cost, "tax": tax, "net": cost}
				)
		elif one["id"] not in after:
			yield _line(one)


def _taken_back(transactions: Iterable[Json]) -> dict[str, Json]:
	"""By the id of a payment's line: the line that takes all of it back. The charge decides, since one PaymentIntent may
	have several, of which one was paid."""
	payments = [one for one in transactions if KINDS.get(one["type"]) == "payment" and one.get("source")]
	came = {id_of(one["source"]): one for one in payments if one["amount"] > 0}
	pairs = {}
	for one in payments:
		before = came.get(id_of(one["source"]))
		if one["amount"] < 0 and before and before["amount"] == -one["amount"]:
			pairs[before["id"]] = one
	return pairs


def _line(transaction: Json) -> PayoutLine:
	currency = transaction["currency"].upper()
	gross, fee, net = (from_minor(transaction[part], currency) for part in ("amount", "fee", "net"))
	kind = _kind(transaction, gross)
	if kind == "fee":
		# a fee of its own is told as a negative amount without a fee
		gross, fee = ZERO, -net
	tax = sum(one["amount"] for one in transaction.get("fee_details") or () if one["type"] == "tax")
	return PayoutLine(
		id=transaction["id"],
		kind=kind,
		gross=gross,
		fee=fee,
		tax=fee if transaction["type"] == "tax_fee" else from_minor(tax, currency),
		net=net,
		source_id=_source(transaction, kind),
		description=transaction.get("description") or "",
		created_at=moment(transaction["created"]),
	)


def _kind(transaction: Json, gross: Decimal) -> str:
	category = transaction.get("reporting_category") or ""
	if category == "fee" or (not gross and transaction["fee"]):
		return "fee"  # also what a bank charges for answering a dispute
	source = whole(transaction.get("source")) or {}
	if category.startswith("dispute") or source.get("object") == "dispute":
		return "dispute" if gross < ZERO else "dispute_reversal"
	return KINDS.get(transaction["type"], "adjustment")


def _source(transaction: Json, kind: str) -> str:
	"""The id of what a line belongs to, as it is known elsewhere: a payment by its PaymentIntent."""
	source = whole(transaction.get("source")) or {}
	if kind == "payment":
		return id_of(source.get("payment_intent")) or id_of(transaction.get("source"))
	return id_of(transaction.get("source"))
