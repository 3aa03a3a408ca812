"""Payouts: the balance goes to the bank (or the bank fills it up), and may come back."""

import copy
from typing import TYPE_CHECKING

from sandbox.vendors.stripe.errors import Refusal
from sandbox.vendors.stripe.money import WHOLE_PAYOUTS

if TYPE_CHECKING:
	from sandbox.vendors.stripe.account import Account

FAILURES = {
	"account_closed": "The bank account has been closed.",
	"could_not_process": "The bank could not process this transfer.",
	"no_account": "The bank account details on file are probably incorrect. No bank account could be located.",
	"insufficient_funds": "Your Stripe account has insufficient funds to cover the payout.",
}


def automatic(account: "Account", currency: str) -> dict:
	"""Everything that is available in this currency and in no payout yet. ValueError when that is nothing."""
	account.ledger.refresh()
	entries = [
		one
		for one in account.tables.get("balance_transaction", {}).values()
		if one["status"] == "available" and one["currency"] == currency and one["_payout"] is None
	]
	total = sum(one["net"] for one in entries)
	if total == 0:
		raise ValueError(f"Nothing to pay out in {currency}")
	payout = _new(account, total, currency, automatic=True)
	for one in entries:
		one["_payout"] = payout["id"]
	account.tell("payout.created", payout)
	return payout


def manual(
	account: "Account", amount: int, currency: str, *, method="standard", description=None, metadata=None
) -> dict:
	"""An amount of somebody's choice. Raises Refusal: more than is available, or not whole where it must be."""
	if currency in WHOLE_PAYOUTS and amount % 100:
		message = f"Invalid amount. Payouts in {currency.upper()} must be evenly divisible by 100."
		raise Refusal(message, param="amount", code="invalid_charge_amount")
	available = account.ledger.totals().get(currency, {}).get("available", 0)
	if amount > available:
		message = "You have insufficient funds in your Stripe account for this transfer."
		raise Refusal(message, code="balance_insufficient", param="amount")
	payout = _new(account, amount, currency, automatic=False)
	payout |= {"method": method, "description": description, "metadata": metadata or {}}
	account.tell("payout.created", payout)
	return payout


def _new(account: "Account", amount: int, currency: str, automatic: bool) -> dict:
	payout = account.add(
		"po",
		"payout",
		amount=amount,
		application_fee=None,
		application_fee_amount=None,
		arrival_date=_midnight(account.now() + 86400),
		automatic=automatic,
		balance_transaction=None,
		currency=currency,
		description="STRIPE PAYOUT",
		destination=f"ba_1Sandbox{currency.upper()}",
		failure_balance_transaction=None,
		failure_code=None,
		failure_message=None,
		metadata={},
		method="standard",
		original_payout=None,
		payout_method=None,
		reconciliation_status="in_progress" if automatic else "not_applicable",
		reversed_by=None,
		source_type="card",
		statement_descriptor=None,
		status="in_transit",
		trace_id={"status": "pending", "value": None},
		type="bank_account",
	)
	entry = account.ledger.add(
		"payout", -amount, currency, payout["id"], description="STRIPE PAYOUT", available=True
	)
	entry["_payout"] = payout["id"]
	payout["balance_transaction"] = entry["id"]
	return payout


def _midnight(moment: int) -> int:
	return moment - moment % 86400


def pay(account: "Account", payout: dict) -> dict:
	"""It has arrived at the bank, under a reference that the statement shows."""
	if payout["status"] not in ("pending", "in_transit"):
		raise ValueError(f"Payout {payout['id']} is {payout['status']}")
	trace = {"status": "supported", "value": f"SB{payout['id'][-12:].upper()}"}
	return account.change(payout, "payout.paid", status="paid", trace_id=trace)


def complete(account: "Account", payout: dict) -> dict:
	"""What was in it can be listed now."""
	if payout["reconciliation_status"] != "in_progress":
		raise ValueError(f"Reconciliation of {payout['id']} is {payout['reconciliation_status']}")
	return account.change(payout, "payout.reconciliation_completed", reconciliation_status="completed")


def fail(account: "Account", payout: dict, code: str = "account_closed") -> dict:
	"""The bank sends it back, perhaps days after it was paid; the next payout takes it along."""
	if payout["status"] in ("failed", "canceled"):
		raise ValueError(f"Payout {payout['id']} is {payout['status']} already")
	before = copy.deepcopy(payout)
	payout |= {
		"status": "failed",
		"failure_code": code,
		"failure_message": FAILURES.get(code, FAILURES["could_not_process"]),
		"failure_balance_transaction": _back(account, payout, "payout_failure"),
	}
	account.tell("payout.failed", payout, before)
	return payout


def cancel(account: "Account", payout: dict) -> dict:
	"""A manual payout that is not under way yet. Raises Refusal."""
	if payout["automatic"] or payout["status"] not in ("pending", "in_transit"):
		raise Refusal("Payouts can only be canceled while they are pending and were made manually.")
	before = copy.deepcopy(payout)
	payout |= {"status": "canceled", "failure_balance_transaction": _back(account, payout, "payout_cancel")}
	account.tell("payout.canceled", payout, before)
	return payout


def _back(account: "Account", payout: dict, type: str) -> str:
	entry = account.ledger.add(
		type,
		payout["amount"],
		payout["currency"],
		payout["id"],
		description=f"STRIPE PAYOUT {type.split('_')[1].upper()}",
		available=True,
	)
	return entry["id"]
