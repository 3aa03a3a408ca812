"""Payment methods: Stripe's test cards by their names, other kinds, and what becomes of a payment with them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.vendors.stripe.errors import missing, unsupported

if TYPE_CHECKING:
	from sandbox.vendors.stripe.account import Account

# where the customer's bank answers only days later
DELAYED = frozenset(
	"sepa_debit us_bank_account bacs_debit acss_debit au_becs_debit nz_bank_account boleto".split()
)
AT_ONCE = frozenset(
	"link ideal bancontact klarna paypal upi cashapp alipay wechat_pay giropay eps p24 sofort blik".split()
)
DECLINES = {
	"generic_decline": "Your card was declined.",
	"insufficient_funds": "Your card has insufficient funds.",
	"lost_card": "Your card was declined.",
	"stolen_card": "Your card was declined.",
	"expired_card": "Your card has expired.",
	"incorrect_cvc": "Your card's security code is incorrect.",
	"processing_error": "An error occurred while processing your card. Try again in a little bit.",
}


@dataclass(frozen=True)
class TestCard:
	last4: str
	brand: str = "visa"
	decline: str | None = None
	action: bool = False  # asks the customer first (3D Secure)
	then: str = ""  # what happens afterwards: dispute, inquiry, pending_refund, refund_fails, available


TEST_CARDS = {
	"pm_card_visa": TestCard("4242"),
	"pm_card_visa_debit": TestCard("5556"),
	"pm_card_mastercard": TestCard("4444", "mastercard"),
	"pm_card_amex": TestCard("0005", "amex"),
	"pm_card_us": TestCard("4242"),
	"pm_card_de": TestCard("0016"),
	"pm_card_bypassPending": TestCard("0077", then="available"),
	"pm_card_chargeDeclined": TestCard("0002", decline="generic_decline"),
	"pm_card_visa_chargeDeclined": TestCard("0002", decline="generic_decline"),
	"pm_card_chargeDeclinedInsufficientFunds": TestCard("9995", decline="insufficient_funds"),
	"pm_card_visa_chargeDeclinedInsufficientFunds": TestCard("9995", decline="insufficient_funds"),
	"pm_card_chargeDeclinedExpiredCard": TestCard("0069", decline="expired_card"),
	"pm_card_chargeDeclinedIncorrectCvc": TestCard("0127", decline="incorrect_cvc"),
	"pm_card_chargeDeclinedProcessingError": TestCard("0119", decline="processing_error"),
	"pm_card_chargeCustomerFail": TestCard("0341", decline="generic_decline"),
	"pm_card_authenticationRequired": TestCard("3184", action=True),
	"pm_card_threeDSecure2Required": TestCard("3220", action=True),
	"pm_card_createDispute": TestCard("0259", then="dispute"),
	"pm_card_createDisputeInquiry": TestCard("1976", then="inquiry"),
	"pm_card_pendingRefund": TestCard("7726", then="pending_refund"),
	"pm_card_refundFail": TestCard("5126", then="refund_fails"),
}


def make(account: "Account", token: str, billing: dict | None = None) -> dict:
	"""A payment method of its own from a test card's name ("pm_card_visa"), "card", or a type ("sepa_debit")."""
	card = TEST_CARDS["pm_card_visa"] if token == "card" else TEST_CARDS.get(token)
	kind = "card" if card else token.removeprefix("pm_")
	if not card and kind not in DELAYED | AT_ONCE:
		raise unsupported(f"the payment method {token}")
	details = {
		"address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
		"email": None,
		"name": None,
		"phone": None,
		"tax_id": None,
	} | (billing or {})
	fields = {kind: _card(card) if card else _other(kind)}
	return account.add(
		"pm",
		"payment_method",
		allow_redisplay="unspecified",
		billing_details=details,
		customer=None,
		customer_account=None,
		metadata={},
		type=kind,
		_test=card,
		**fields,
	)


def _card(card: TestCard) -> dict:
	return {
		"brand": card.brand,
		"checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
		"country": "US",
		"display_brand": card.brand,
		"exp_month": 12,
		"exp_year": 2034,
		"fingerprint": f"fp{card.last4}sandbox",
		"funding": "credit",
		"generated_from": None,
		"last4": card.last4,
		"networks": {"available": [card.brand], "preferred": None},
		"regulated_status": "unregulated",
		"three_d_secure_usage": {"supported": True},
		"wallet": None,
	}


def _other(kind: str) -> dict:
	if kind == "sepa_debit":
		return {
			"bank_code": "37040044",
			"branch_code": "",
			"country": "DE",
			"fingerprint": "sandbox",
			"last4": "3000",
		}
	return {}


def named(account: "Account", id: str, param: str = "payment_method") -> dict:
	"""A payment method by its id, or a new one by the name of a test card. A Refusal when there is neither."""
	found = account.tables.get("payment_method", {}).get(id)
	if found:
		return found
	if id in TEST_CARDS or id.removeprefix("pm_") in DELAYED | AT_ONCE:
		return make(account, id)
	raise missing("PaymentMethod", id, param)


def details(method: dict, amount: int) -> dict:
	"""payment_method_details of a charge."""
	kind = method["type"]
	if kind != "card":
		return {kind: dict(method[kind]), "type": kind}
	card = method["card"]
	known = {
		name: card[name] for name in ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint")
	}
	known |= {
		"amount_authorized": amount,
		"authorization_code": None,
		"extended_authorization": {"status": "disabled"},
		"funding": card["funding"],
		"incremental_authorization": {"status": "unavailable"},
		"installments": None,
		"last4": card["last4"],
		"mandate": None,
		"multicapture": {"status": "unavailable"},
		"network": card["brand"],
		"network_token": {"used": False},
		"network_transaction_id": None,
		"overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
		"regulated_status": "unregulated",
		"three_d_secure": None,
		"transaction_link_id": None,
		"wallet": None,
	}
	return {"card": known, "type": "card"}
