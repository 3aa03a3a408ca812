"""Payment intents and their charges: confirmed, declined, captured, cancelled, paid late."""

import copy
from typing import TYPE_CHECKING

from sandbox.vendors.stripe import disputes, methods
from sandbox.vendors.stripe.errors import Refusal, card_declined
from sandbox.vendors.stripe.render import plain

if TYPE_CHECKING:
	from sandbox.vendors.stripe.account import Account

NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def new_intent(account: "Account", amount: int, currency: str, **fields) -> dict:
	"""An intent without a payment method. fields: what the API shows, and _session or _invoice."""
	intent = account.add("pi", "payment_intent", amount=amount, currency=currency)
	intent |= {
		"amount_capturable": 0,
		"amount_details": {"tip": {}},
		"amount_received": 0,
		"application": None,
		"application_fee_amount": None,
		"automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
		"canceled_at": None,
		"cancellation_reason": None,
		"capture_method": "automatic_async",
		"client_secret": f"{intent['id']}_secret_{account.new_id('x')[3:]}",
		"confirmation_method": "automatic",
		"customer": None,
		"customer_account": None,
		"description": None,
		"excluded_payment_method_types": None,
		"last_payment_error": None,
		"latest_charge": None,
		"managed_payments": {"enabled": False},
		"metadata": {},
		"next_action": None,
		"on_behalf_of": None,
		"payment_method": None,
		"payment_method_configuration_details": None,
		"payment_method_options": {},
		"payment_method_types": ["card", "link"],
		"processing": None,
		"receipt_email": None,
		"review": None,
		"setup_future_usage": None,
		"shipping": None,
		"source": None,
		"statement_descriptor": None,
		"statement_descriptor_suffix": None,
		"status": "requires_payment_method",
		"transfer_data": None,
		"transfer_group": None,
	} | fields
	account.ledger.settled(amount, currency)  # refuses a currency without a rate before anybody pays
	account.tell("payment_intent.created", intent)
	return intent


def confirm(
	account: "Account", intent: dict, method: dict, *, decline: str | None = None, delayed: bool = False
) -> dict:
	"""The payment method is charged. Raises Refusal (402) when it is declined, after the events are told.

	decline: the bank says no, with this decline code. delayed: the bank answers later (`finish`).
	"""
	if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
		raise wrong_state(intent, "confirm")
	card = method["_test"]
	decline = decline or (card and card.decline)
	intent["payment_method"] = method["id"]
	if method["customer"] is None and intent["customer"] and intent["setup_future_usage"]:
		method["customer"] = intent["customer"]
	if decline:
		return _declined(account, intent, method, decline)
	if card and card.action and intent["status"] != "requires_action":
		url = f"{account.url}/3ds/{intent['id']}"
		intent["next_action"] = {
			"redirect_to_url": {"return_url": None, "url": url},
			"type": "redirect_to_url",
		}
		intent["status"] = "requires_action"
		account.tell("payment_intent.requires_action", intent)
		return intent
	intent["next_action"] = intent["last_payment_error"] = None
	charge = _charge(account, intent, method)
	if delayed or method["type"] in methods.DELAYED:
		return _processing(account, intent, charge)
	if intent["capture_method"] == "manual":
		return _authorised(account, intent, charge)
	return _paid(account, intent, charge)


def _charge(account: "Account", intent: dict, method: dict) -> dict:
	charge = account.add("ch" if method["type"] == "card" else "py", "charge", amount=intent["amount"])
	charge |= {
		"amount_captured": 0,
		"amount_refunded": 0,
		"application": None,
		"application_fee": None,
		"application_fee_amount": None,
		"balance_transaction": None,
		"billing_details": dict(method["billing_details"]),
		"calculated_statement_descriptor": "SANDBOX",
		"captured": False,
		"currency": intent["currency"],
		"customer": intent["customer"],
		"description": intent["description"],
		"disputed": False,
		"failure_balance_transaction": None,
		"failure_code": None,
		"failure_message": None,
		"fraud_details": {},
		"metadata": dict(intent["metadata"]),
		"on_behalf_of": None,
		"outcome": {
			"advice_code": None,
			"network_advice_code": None,
			"network_decline_code": None,
			"network_status": "approved_by_network",
			"reason": None,
			"risk_level": "normal",
			"seller_message": "Payment complete.",
			"type": "authorized",
		},
		"paid": True,
		"payment_intent": intent["id"],
		"payment_method": method["id"],
		"payment_method_details": methods.details(method, intent["amount"]),
		"receipt_email": intent["receipt_email"],
		"receipt_number": None,
		"receipt_url": f"{account.url}/receipts/{charge['id']}",
		"refunded": False,
		"review": None,
		"shipping": intent["shipping"],
		"source": None,
		"source_transfer": None,
		"statement_descriptor": intent["statement_descriptor"],
		"statement_descriptor_suffix": intent["statement_descriptor_suffix"],
		"status": "succeeded",
		"transfer_data": None,
		"transfer_group": intent["transfer_group"],
		"_test": method["_test"],
	}
	intent["latest_charge"] = charge["id"]
	return charge


def _declined(account: "Account", intent: dict, method: dict, decline: str) -> dict:
	message = methods.DECLINES.get(decline, methods.DECLINES["generic_decline"])
	charge = _charge(account, intent, method)
	error = card_declined(decline, message)
	charge |= {"failure_code": error.code, "failure_message": message, "paid": False, "status": "failed"}
	charge["outcome"] |= {
		"network_decline_code": "05",
		"network_status": "declined_by_network",
		"reason": decline,
		"seller_message": "The bank did not return any further details with this decline.",
		"type": "issuer_declined",
	}
	_no(account, intent, error, charge, method)
	told = {"charge": charge["id"], "payment_intent": plain(intent), "payment_method": plain(method)}
	raise card_declined(decline, message, **told)


def _no(account: "Account", intent: dict, error: Refusal, charge: dict, method: dict) -> None:
	intent["status"], intent["payment_method"] = "requires_payment_method", None
	intent["last_payment_error"] = {
		"charge": charge["id"],
		"code": error.code,
		**error.more,
		"message": error.message,
		"payment_method": plain(method),
		"type": error.type,
	}
	account.tell("charge.failed", charge)
	account.tell("payment_intent.payment_failed", intent)


def _processing(account: "Account", intent: dict, charge: dict) -> dict:
	"""The balance transaction is there at once, and pending until the bank has answered."""
	charge |= {"status": "pending", "paid": False, "captured": True, "amount_captured": intent["amount"]}
	_book(account, charge, held=True)
	intent["status"], intent["processing"] = "processing", None
	account.tell("charge.pending", charge)
	account.tell("payment_intent.processing", intent)
	return intent


def finish(account: "Account", intent: dict, failed: str | None = None) -> dict:
	"""The bank's late answer to a delayed payment. failed: its reason, as insufficient_funds."""
	if intent["status"] != "processing":
		raise wrong_state(intent, "finish")
	charge = account.find("charge", intent["latest_charge"])
	entry = account.find("balance_transaction", charge["balance_transaction"])
	entry["_held"] = False
	if not failed:
		charge |= {"status": "succeeded", "paid": True}
		intent |= {"status": "succeeded", "amount_received": intent["amount"]}
		account.tell("charge.succeeded", charge)
		account.tell("payment_intent.succeeded", intent)
		return intent
	back = account.ledger.add(
		"payment_failure_refund",
		-entry["amount"],
		entry["currency"],
		charge["id"],
		fee=-entry["fee"],
		rate=entry["exchange_rate"],
		description=f"Payment failed: {failed}",
	)
	message = "The customer's account has insufficient funds to cover this payment."
	charge |= {
		"status": "failed",
		"paid": False,
		"failure_code": failed,
		"failure_message": message,
		"failure_balance_transaction": back["id"],
	}
	error = Refusal(message, type="card_error", code="payment_intent_payment_attempt_failed")
	_no(account, intent, error, charge, account.find("payment_method", charge["payment_method"]))
	return intent


def _authorised(account: "Account", intent: dict, charge: dict) -> dict:
	intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
	account.tell("charge.succeeded", charge)
	account.tell("payment_intent.amount_capturable_updated", intent)
	return intent


def _paid(account: "Account", intent: dict, charge: dict) -> dict:
	charge |= {"captured": True, "amount_captured": intent["amount"]}
	intent |= {"status": "succeeded", "amount_received": intent["amount"]}
	if intent["capture_method"] == "automatic":
		_book(account, charge)
		account.tell("charge.succeeded", charge)
		account.tell("payment_intent.succeeded", intent)
	else:  # the balance transaction comes a moment later
		account.tell("charge.succeeded", charge)
		account.tell("payment_intent.succeeded", intent)
		charge["_unsettled"] = True
		if not account.settle_late:
			settle(account, charge)
	_afterwards(account, charge)
	return intent


def settle(account: "Account", charge: dict) -> None:
	"""The balance transaction of a charge that was captured asynchronously."""
	before = copy.deepcopy(charge)
	charge["_unsettled"] = False
	_book(account, charge)
	account.tell("charge.updated", charge, before)


def _book(account: "Account", charge: dict, held: bool = False) -> None:
	amount, currency, rate = account.ledger.settled(charge["amount_captured"], charge["currency"])
	entry = account.ledger.add(
		"charge" if charge["payment_method_details"]["type"] == "card" else "payment",
		amount,
		currency,
		charge["id"],
		fee=account.ledger.fee(amount, currency),
		rate=rate,
		description=charge["description"],
		available=bool(charge["_test"] and charge["_test"].then == "available"),
	)
	if held:
		entry["_held"], entry["status"] = True, "pending"
	charge["balance_transaction"] = entry["id"]


def _afterwards(account: "Account", charge: dict) -> None:
	"""Test cards that a dispute follows."""
	then = charge["_test"].then if charge["_test"] else ""
	if then in ("dispute", "inquiry"):
		disputes.open_one(account, charge, inquiry=then == "inquiry")


def capture(
	account: "Account", intent: dict, amount: int | None = None, metadata: dict | None = None
) -> dict:
	"""amount: the rest of what was authorised is released. Raises Refusal."""
	if intent["status"] != "requires_capture":
		raise wrong_state(intent, "capture")
	amount = intent["amount_capturable"] if amount is None else amount
	if amount > intent["amount_capturable"]:
		message = (
			f"The requested capture amount is greater than the amount you can capture for this payment "
			f"({intent['amount_capturable']})."
		)
		raise Refusal(message, code="amount_too_large", param="amount_to_capture")
	charge = account.find("charge", intent["latest_charge"])
	before = copy.deepcopy(charge)
	charge |= {"captured": True, "amount_captured": amount, "amount_refunded": charge["amount"] - amount}
	_book(account, charge)
	intent |= {"status": "succeeded", "amount_capturable": 0, "amount_received": amount}
	if metadata:
		intent["metadata"] = {**intent["metadata"], **metadata}
	account.tell("charge.captured", charge, before)
	account.tell("payment_intent.succeeded", intent)
	account.tell("charge.updated", charge, before)
	_afterwards(account, charge)
	return intent


def cancel(account: "Account", intent: dict, reason: str | None = None) -> dict:
	"""What was authorised is released; no money has moved, so no balance transaction says so. Raises Refusal."""
	if intent["status"] in ("succeeded", "canceled", "processing"):
		raise wrong_state(intent, "cancel")
	charge = account.tables.get("charge", {}).get(intent["latest_charge"])
	held = intent["status"] == "requires_capture"
	intent |= {
		"status": "canceled",
		"canceled_at": account.now(),
		"cancellation_reason": reason,
		"amount_capturable": 0,
		"next_action": None,
	}
	if charge and held:
		before = copy.deepcopy(charge)
		charge |= {"refunded": True, "amount_refunded": charge["amount"]}
		account.tell("charge.refunded", charge, before)
	account.tell("payment_intent.canceled", intent)
	return intent


def wrong_state(intent: dict, verb: str) -> Refusal:
	known = {
		"capture": "captured because it has a status of {}. Only a PaymentIntent with one of the following "
		"statuses may be captured: requires_capture.",
		"cancel": "canceled because it has a status of {}. You may only cancel a PaymentIntent with one of the "
		"following statuses: requires_payment_method, requires_capture, requires_confirmation, requires_action.",
	}.get(verb, verb + "ed because it has a status of {}.")
	message = f"This PaymentIntent could not be {known.format(intent['status'])}"
	return Refusal(message, code="payment_intent_unexpected_state", payment_intent=plain(intent))
