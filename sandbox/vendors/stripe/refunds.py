"""Money given back: at once, later, not at all, and what returns when a refund fails."""

import copy
import zlib
from typing import TYPE_CHECKING

from sandbox.vendors.stripe.errors import Refusal
from sandbox.vendors.stripe.money import check_precision, shown

if TYPE_CHECKING:
	from sandbox.vendors.stripe.account import Account


def create(
	account: "Account",
	charge: dict,
	amount: int | None = None,
	*,
	reason: str | None = None,
	metadata: dict | None = None,
	pending: bool = False,
	action: bool = False,
) -> dict:
	"""amount: in the charge's currency; without it all that is left. Raises Refusal.

	pending: `finish` comes later. action: the customer has to say where the money goes (requires_action).
	"""
	left = charge["amount_captured"] - _given_back(account, charge)
	_check(charge, amount, left)
	amount = left if amount is None else amount
	then = charge["_test"].then if charge["_test"] else ""
	pending = pending or then == "pending_refund"
	is_card = charge["payment_method_details"]["type"] == "card"
	refund = account.add("re" if is_card else "pyr", "refund", amount=amount, charge=charge["id"])
	del refund["livemode"]  # a refund has none
	refund |= {
		"balance_transaction": None,
		"currency": charge["currency"],
		"customer": charge["customer"],
		"customer_account": None,
		"destination_details": _destination(charge, "pending"),
		"metadata": metadata or {},
		"payment_intent": charge["payment_intent"],
		"payment_method": charge["payment_method"],
		"reason": reason,
		"receipt_number": None,
		"source_transfer_reversal": None,
		"status": "requires_action" if action else "pending" if pending else "succeeded",
		"transfer_reversal": None,
	}
	if pending:
		refund["pending_reason"] = "processing"
	if action:
		refund["next_action"] = {"type": "display_details"}
	settled, currency, rate = account.ledger.settled(amount, charge["currency"])
	entry = account.ledger.add(
		"refund" if is_card else "payment_refund",
		-settled,
		currency,
		refund["id"],
		rate=rate,
		description=f"REFUND FOR CHARGE ({charge['description'] or charge['id']})",
		available=True,
	)
	refund["balance_transaction"] = entry["id"]
	_retotal(account, charge, "charge.refunded")
	account.tell("refund.created", refund)
	if not pending and not action:
		_reference(account, refund, charge)
	if then == "refund_fails":
		fail(account, refund)
	return refund


def _check(charge: dict, amount: int | None, left: int) -> None:
	if charge["disputed"]:
		message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
		raise Refusal(message, code="charge_disputed")
	if not charge["captured"] or charge["status"] != "succeeded":
		message = f"Charge {charge['id']} cannot be refunded: it has not succeeded, or was never captured."
		raise Refusal(message, code="charge_not_refundable")
	if left == 0:
		raise Refusal(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
	if amount is None:
		return
	check_precision(amount, charge["currency"])
	if amount > left:
		asked, known = shown(amount, charge["currency"]), shown(left, charge["currency"])
		message = f"Refund amount ({asked}) is greater than unrefunded amount on charge ({known})"
		raise Refusal(message, param="amount")


def _given_back(account: "Account", charge: dict) -> int:
	return sum(
		one["amount"]
		for one in account.tables.get("refund", {}).values()
		if one["charge"] == charge["id"] and one["status"] not in ("failed", "canceled")
	)


def _retotal(account: "Account", charge: dict, type: str) -> None:
	before = copy.deepcopy(charge)
	released = charge["amount"] - charge["amount_captured"]
	given_back = _given_back(account, charge)
	charge["amount_refunded"] = released + given_back
	charge["refunded"] = given_back == charge["amount_captured"]
	account.tell(type, charge, before)


def _destination(charge: dict, status: str, reference: str | None = None) -> dict:
	kind = charge["payment_method_details"]["type"]
	if kind != "card":
		return {kind: {}, "type": kind}
	known = {"reference_status": status, "reference_type": "acquirer_reference_number", "type": "refund"}
	return {"card": known | ({"reference": reference} if reference else {}), "type": "card"}


def _reference(account: "Account", refund: dict, charge: dict) -> None:
	"""The reference number that the bank knows the refund by comes a little later."""
	number = f"7{zlib.crc32(refund['id'].encode()):022d}"
	account.change(refund, "refund.updated", destination_details=_destination(charge, "available", number))


def finish(account: "Account", refund: dict) -> dict:
	"""A pending refund has arrived."""
	if refund["status"] != "pending":
		raise Refusal(f"Refund {refund['id']} is {refund['status']}, not pending.", code="sandbox_state")
	before = copy.deepcopy(refund)
	refund.pop("pending_reason", None)
	refund["status"] = "succeeded"
	account.tell("refund.updated", refund, before)
	account.tell("charge.refund.updated", refund, before)
	return refund


def fail(account: "Account", refund: dict, reason: str = "expired_or_canceled_card") -> dict:
	"""The customer's bank sends the money back, even after the refund had succeeded; it is the account's again."""
	if refund["status"] in ("failed", "canceled"):
		raise Refusal(f"Refund {refund['id']} is {refund['status']} already.", code="sandbox_state")
	before = copy.deepcopy(refund)
	refund.pop("pending_reason", None)
	refund |= {
		"status": "failed",
		"failure_reason": reason,
		"failure_balance_transaction": _returned(account, refund, f"REFUND FAILURE ({refund['charge']})"),
	}
	account.tell("refund.updated", refund, before)
	account.tell("refund.failed", refund, before)
	account.tell("charge.refund.updated", refund, before)
	_retotal(account, account.find("charge", refund["charge"]), "charge.updated")
	return refund


def _returned(account: "Account", refund: dict, description: str) -> str:
	"""What had been taken comes back: the same amount in the account's currency, whatever the rate is now."""
	entry = account.find("balance_transaction", refund["balance_transaction"])
	back = account.ledger.add(
		"refund_failure",
		-entry["amount"],
		entry["currency"],
		refund["id"],
		rate=entry["exchange_rate"],
		description=description,
		available=True,
	)
	return back["id"]


def cancel(account: "Account", refund: dict) -> dict:
	"""Only while it waits for the customer (requires_action). Raises Refusal."""
	if refund["status"] != "requires_action":
		message = f"Refund {refund['id']} cannot be canceled because it has a status of {refund['status']}."
		raise Refusal(message, code="refund_not_cancelable")
	before = copy.deepcopy(refund)
	refund.pop("next_action", None)
	refund["status"] = "canceled"
	refund["failure_balance_transaction"] = _returned(
		account, refund, f"REFUND CANCELED ({refund['charge']})"
	)
	account.tell("refund.updated", refund, before)
	_retotal(account, account.find("charge", refund["charge"]), "charge.updated")
	return refund
