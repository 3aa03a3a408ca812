"""Disputes: the customer's bank takes the money, and gives it back if the dispute is won."""

import copy
from typing import TYPE_CHECKING

from sandbox.vendors.stripe.errors import Refusal
from sandbox.vendors.stripe.ledger import fixed

if TYPE_CHECKING:
	from sandbox.vendors.stripe.account import Account

EVIDENCE = """access_activity_log billing_address cancellation_policy cancellation_policy_disclosure
	cancellation_rebuttal customer_communication customer_email_address customer_name customer_purchase_ip
	customer_signature duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id
	product_description receipt refund_policy refund_policy_disclosure refund_refusal_explanation service_date
	service_documentation shipping_address shipping_carrier shipping_date shipping_documentation
	shipping_tracking_number uncategorized_file uncategorized_text""".split()
REASONS = """bank_cannot_process check_returned credit_not_processed customer_initiated debit_not_authorized duplicate
	fraudulent general incorrect_account_details insufficient_funds noncompliant product_not_received
	product_unacceptable subscription_canceled unrecognized""".split()


def open_one(
	account: "Account",
	charge: dict,
	amount: int | None = None,
	*,
	reason: str = "fraudulent",
	inquiry: bool = False,
) -> dict:
	"""amount: in the charge's currency, all of it if not told. inquiry: a question first, no money moves."""
	if reason not in REASONS:
		raise ValueError(f"No reason {reason!r}; there are: {', '.join(REASONS)}")
	if not charge["captured"] or charge["disputed"]:
		raise ValueError(f"Charge {charge['id']} cannot be disputed: not captured, or disputed already")
	left = charge["amount_captured"]
	amount = left if amount is None else amount
	if not 0 < amount <= left:
		raise ValueError(f"Between 1 and {left} can be disputed, not {amount}")
	kind = charge["payment_method_details"]["type"]
	brand = charge["payment_method_details"].get("card", {}).get("brand", "visa")
	details = {"card": {"brand": brand, "case_type": "inquiry" if inquiry else "chargeback", "network": brand,
		"network_reason_code": "10.4"}, "type": "card"}  # fmt: skip
	dispute = account.add(
		"dp",
		"dispute",
		amount=amount,
		balance_transactions=[],
		charge=charge["id"],
		currency=charge["currency"],
		enhanced_eligibility_types=[],
		evidence={**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
		evidence_details={
			"due_by": account.now() + 9 * 86400,
			"enhanced_eligibility": {},
			"has_evidence": False,
			"past_due": False,
			"submission_count": 0,
		},
		is_charge_refundable=inquiry,
		metadata={},
		payment_intent=charge["payment_intent"],
		payment_method_details=details if kind == "card" else {kind: {}, "type": kind},
		reason=reason,
		status="warning_needs_response" if inquiry else "needs_response",
	)
	account.tell("charge.dispute.created", dispute)
	if not inquiry:
		_withdraw(account, dispute, charge)
	return dispute


def _withdraw(account: "Account", dispute: dict, charge: dict) -> None:
	amount, currency, rate = account.ledger.settled(dispute["amount"], dispute["currency"])
	before = copy.deepcopy(dispute)
	entry = account.ledger.add(
		"adjustment",
		-amount,
		currency,
		dispute["id"],
		fee=fixed(account.dispute_fee, currency),
		fee_description="Dispute fee",
		rate=rate,
		category="dispute",
		description=f"Chargeback withdrawal for {charge['id']}",
		available=True,
	)
	dispute["balance_transactions"] = [*dispute["balance_transactions"], entry]
	account.change(charge, "charge.updated", disputed=True)
	account.tell("charge.dispute.funds_withdrawn", dispute, before)


def escalate(account: "Account", dispute: dict) -> dict:
	"""An inquiry becomes a dispute: the money goes."""
	if dispute["status"] not in ("warning_needs_response", "warning_under_review"):
		raise ValueError(f"Dispute {dispute['id']} is {dispute['status']}, not an inquiry")
	account.change(dispute, "charge.dispute.updated", status="needs_response", is_charge_refundable=False)
	_withdraw(account, dispute, account.find("charge", dispute["charge"]))
	return dispute


def answer(account: "Account", dispute: dict, evidence: dict, submit: bool, metadata: dict | None) -> dict:
	"""Evidence by the API; once it is submitted the bank decides (`close`). Raises Refusal."""
	if "needs_response" not in dispute["status"]:
		raise Refusal("This dispute is already closed", code="dispute_closed")
	before = copy.deepcopy(dispute)
	dispute["evidence"] = dispute["evidence"] | evidence
	dispute["evidence_details"] |= {"has_evidence": any(evidence.values())}
	if metadata is not None:
		dispute["metadata"] = metadata
	if submit and evidence:
		dispute["evidence_details"] |= {"submission_count": 1}
		dispute["status"] = dispute["status"].replace("needs_response", "under_review")
	account.tell("charge.dispute.updated", dispute, before)
	return dispute


def close(account: "Account", dispute: dict, status: str) -> dict:
	"""status: won (the money comes back), lost, or warning_closed for an inquiry."""
	open_states = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
	if dispute["status"] not in open_states:
		raise Refusal("This dispute is already closed", code="dispute_closed")
	if dispute["status"].startswith("warning"):
		status = "warning_closed"
	if status not in ("won", "lost", "warning_closed"):
		raise ValueError(f"A dispute is won or lost, not {status!r}")
	if status == "won":
		_reinstate(account, dispute)
	account.change(dispute, "charge.dispute.closed", status=status)
	return dispute


def _reinstate(account: "Account", dispute: dict) -> None:
	entry = dispute["balance_transactions"][0]
	before = copy.deepcopy(dispute)
	back = account.ledger.add(
		"adjustment",
		-entry["amount"],
		entry["currency"],
		dispute["id"],
		fee=-entry["fee"] if account.dispute_fee_returned else 0,
		fee_description="Dispute fee refund",
		rate=entry["exchange_rate"],
		category="dispute_reversal",
		description=f"Chargeback reversal for {dispute['charge']}",
		available=True,
	)
	dispute["balance_transactions"] = [*dispute["balance_transactions"], back]
	account.tell("charge.dispute.funds_reinstated", dispute, before)
