"""Payment intents, charges, refunds and disputes."""

from sandbox.vendors.stripe import disputes, methods, payments, refunds
from sandbox.vendors.stripe.account import merged
from sandbox.vendors.stripe.api.call import Call
from sandbox.vendors.stripe.api.checkout import CAPTURE
from sandbox.vendors.stripe.api.routes import route
from sandbox.vendors.stripe.errors import Refusal, unsupported
from sandbox.vendors.stripe.money import check_charge, check_currency
from sandbox.vendors.stripe.params import (
	ADDRESS,
	ENDIVE,
	EXPAND,
	PAGE,
	Choice,
	Email,
	Flag,
	Integer,
	ListOf,
	Metadata,
	Shape,
	Span,
	Text,
	Url,
)

SHIPPING = {"address": Shape(ADDRESS, required=True), "name": Text(required=True), "phone": Text()}
INTENT = {
	"customer": Text(),
	"description": Text(1000, unset=True),
	"expand": ListOf(Text()),
	"metadata": Metadata(),
	"payment_method": Text(),
	"receipt_email": Email(unset=True),
	"setup_future_usage": Choice(("off_session", "on_session"), unset=True),
	"shipping": Shape(SHIPPING, unset=True),
	"statement_descriptor": Text(22),
	"statement_descriptor_suffix": Text(22),
	"transfer_group": Text(),
}
INTENT_FIELDS = """customer description receipt_email setup_future_usage shipping statement_descriptor
	statement_descriptor_suffix transfer_group""".split()


@route(
	"POST payment_intents",
	"payment_intents.create",
	INTENT
	| {
		"allowed_payment_method_types": ListOf(Text(), since=ENDIVE),
		"amount": Integer(0, required=True),
		"automatic_payment_methods": Shape(
			{"allow_redirects": Choice(("always", "never")), "enabled": Flag(required=True)}
		),
		"capture_method": CAPTURE,
		"confirm": Flag(),
		"confirmation_method": Choice(("automatic", "manual")),
		"currency": Text(required=True),
		"error_on_requires_action": Flag(),
		"excluded_payment_method_types": ListOf(Text()),
		"off_session": Flag(),
		"payment_method_types": ListOf(Text(), before=ENDIVE),
		"return_url": Url(),
	},
)
def create(call: Call) -> dict:
	currency = check_currency(call.params["currency"])
	amount = check_charge(call.params["amount"], currency)
	known = call.known(*INTENT_FIELDS, "capture_method", "confirmation_method")
	if "customer" in call.params:
		call.account.find("customer", call.params["customer"], "customer")
	_check_confirming(call)
	_method_choice(call, known)
	method = (
		methods.named(call.account, call.params["payment_method"])
		if "payment_method" in call.params
		else None
	)
	intent = payments.new_intent(call.account, amount, currency, **known)
	if method:
		intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
	if call.get("confirm"):
		payments.confirm(call.account, intent, method)
		_no_action(call, intent)
	return intent


def _check_confirming(call: Call) -> None:
	if not call.get("confirm"):
		for name in ("off_session", "return_url", "error_on_requires_action"):
			if name in call.params:
				message = f"You may only pass `{name}` when `confirm` is true."
				raise Refusal(message, param=name, early=True)
		return
	if "payment_method" not in call.params:
		message = (
			"You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
			"PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
			"payment method."
		)
		raise Refusal(message, code="payment_intent_unexpected_state", early=True)
	automatic = call.get("automatic_payment_methods", {"enabled": True})
	redirects = automatic["enabled"] and automatic.get("allow_redirects") != "never"
	chosen = "payment_method_types" in call.params or "allowed_payment_method_types" in call.params
	if redirects and not chosen and "return_url" not in call.params:
		message = (
			"This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of "
			"these payment methods might redirect your customer off of your page, you must provide a `return_url`. "
			"If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` "
			"to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and "
			"Payment Intents."
		)
		raise Refusal(message, early=True)


def _method_choice(call: Call, known: dict) -> None:
	types = call.get("payment_method_types") or call.get("allowed_payment_method_types")
	if "automatic_payment_methods" in call.params:
		if types and call.params["automatic_payment_methods"]["enabled"]:
			message = "You may only specify one of these parameters: automatic_payment_methods, payment_method_types."
			raise Refusal(message, code="parameters_exclusive", param="payment_method_types", early=True)
		given = call.params["automatic_payment_methods"]
		known["automatic_payment_methods"] = {"allow_redirects": "always"} | given
	if types:
		known |= {"payment_method_types": types, "automatic_payment_methods": None}


def _no_action(call: Call, intent: dict) -> None:
	"""Off session nobody is there to act: the payment has failed."""
	if intent["status"] != "requires_action":
		return
	if call.get("off_session") or call.get("error_on_requires_action"):
		intent |= {"status": "requires_payment_method", "next_action": None}
		call.account.tell("payment_intent.payment_failed", intent)
		raise Refusal(
			"Your card was declined. This transaction requires authentication.",
			status=402,
			type="card_error",
			code="authentication_required",
			decline_code="authentication_required",
		)


@route("GET payment_intents", "payment_intents.list", PAGE | {"created": Span(), "customer": Text()})
def all(call: Call) -> dict:
	return call.listed(call.account.all("payment_intent"), "customer")


@route("GET payment_intents/{}", "payment_intents.retrieve", EXPAND | {"client_secret": Text()})
def retrieve(call: Call) -> dict:
	return call.here("payment_intent", "intent")


@route(
	"POST payment_intents/{}", "payment_intents.update", INTENT | {"amount": Integer(0), "currency": Text()}
)
def update(call: Call) -> dict:
	intent = call.here("payment_intent", "intent")
	changes = call.changes(intent, *INTENT_FIELDS, "amount", "currency")
	if {"amount", "currency", "payment_method"} & set(call.params):
		if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
			raise payments.wrong_state(intent, "updat")
		currency = check_currency(changes.get("currency", intent["currency"]))
		check_charge(changes.get("amount", intent["amount"]), currency)
	if "payment_method" in call.params:
		method = methods.named(call.account, call.params["payment_method"])
		changes |= {"payment_method": method["id"], "status": "requires_confirmation"}
	return call.account.change(intent, **changes)


@route(
	"POST payment_intents/{}/confirm",
	"payment_intents.confirm",
	EXPAND
	| {
		"error_on_requires_action": Flag(),
		"off_session": Flag(),
		"payment_method": Text(),
		"receipt_email": Email(),
		"return_url": Url(),
	},
)
def confirm(call: Call) -> dict:
	intent = call.here("payment_intent", "intent")
	name = call.get("payment_method") or intent["payment_method"]
	automatic = intent["automatic_payment_methods"]
	call.params["payment_method"] = name
	if name is None:
		call.params.pop("payment_method")
	if intent["status"] in ("requires_payment_method", "requires_confirmation"):
		asked = Call(
			call.account,
			call.route,
			call.path,
			call.ids,
			call.params | {"confirm": True, "automatic_payment_methods": automatic or {"enabled": False}},
			call.version,
		)
		_check_confirming(asked)
	method = methods.named(call.account, name) if name else {}
	payments.confirm(call.account, intent, method)
	_no_action(call, intent)
	return intent


@route(
	"POST payment_intents/{}/capture",
	"payment_intents.capture",
	EXPAND
	| {
		"amount_to_capture": Integer(1),
		"final_capture": Flag(),
		"metadata": Metadata(),
		"statement_descriptor": Text(22),
		"statement_descriptor_suffix": Text(22),
	},
)
def capture(call: Call) -> dict:
	intent = call.here("payment_intent", "intent")
	if call.get("final_capture") is False:
		raise unsupported("final_capture=false (multicapture)")
	if "amount_to_capture" in call.params:
		check_charge(call.params["amount_to_capture"], intent["currency"], "amount_to_capture")
	given = merged({}, call.get("metadata", {}))
	return payments.capture(call.account, intent, call.get("amount_to_capture"), given)


@route(
	"POST payment_intents/{}/cancel",
	"payment_intents.cancel",
	EXPAND
	| {"cancellation_reason": Choice(("abandoned", "duplicate", "fraudulent", "requested_by_customer"))},
)
def cancel(call: Call) -> dict:
	intent = call.here("payment_intent", "intent")
	session = call.account.tables.get("checkout.session", {}).get(intent.get("_session"))
	if session and session["status"] == "open":
		message = (
			"You cannot cancel PaymentIntents created by Checkout. If you wish to cancel this PaymentIntent, expire "
			f"its Checkout Session ({session['id']})."
		)
		raise Refusal(message, code="payment_intent_unexpected_state")
	return payments.cancel(call.account, intent, call.get("cancellation_reason"))


# ---- charges


@route(
	"GET charges",
	"charges.list",
	PAGE | {"created": Span(), "customer": Text(), "payment_intent": Text(), "transfer_group": Text()},
)
def charges(call: Call) -> dict:
	return call.listed(call.account.all("charge"), "customer", "payment_intent", "transfer_group")


@route("GET charges/{}", "charges.retrieve", EXPAND)
def charge(call: Call) -> dict:
	return call.here("charge", "id")


@route(
	"POST charges/{}",
	"charges.update",
	EXPAND | {"description": Text(unset=True), "metadata": Metadata(), "receipt_email": Email(unset=True)},
)
def update_charge(call: Call) -> dict:
	charge = call.here("charge", "id")
	changes = call.changes(charge, "description", "receipt_email")
	return call.account.change(charge, "charge.updated", **changes)


# ---- refunds


@route(
	"POST refunds",
	"refunds.create",
	EXPAND
	| {
		"amount": Integer(1),
		"charge": Text(),
		"instructions_email": Email(),
		"metadata": Metadata(),
		"payment_intent": Text(),
		"reason": Choice(("duplicate", "fraudulent", "requested_by_customer"), unset=True),
		"refund_application_fee": Flag(),
		"reverse_transfer": Flag(),
	},
)
def refund(call: Call) -> dict:
	return refunds.create(
		call.account,
		_refunded(call),
		call.get("amount"),
		reason=call.get("reason"),
		metadata=call.metadata(),
	)


def _refunded(call: Call) -> dict:
	charge, intent = call.get("charge"), call.get("payment_intent")
	if charge and intent:
		message = "You may only specify one of these parameters: charge, payment_intent."
		raise Refusal(message, code="parameters_exclusive", param="charge", early=True)
	if charge:
		return call.account.find("charge", charge, "charge")
	if not intent:
		message = "One of the following params should be provided for this request: payment_intent or charge."
		raise Refusal(message, code="parameter_missing", early=True)
	return charged(call.account, call.account.find("payment_intent", intent, "payment_intent"))


def charged(account, intent: dict) -> dict:
	"""The charge that can be refunded. Raises Refusal: there is none."""
	charge = account.tables.get("charge", {}).get(intent["latest_charge"])
	if not charge or not charge["captured"]:
		message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
		raise Refusal(message, code="payment_intent_unexpected_state")
	return charge


@route("GET refunds", "refunds.list", PAGE | {"charge": Text(), "created": Span(), "payment_intent": Text()})
def all_refunds(call: Call) -> dict:
	return call.listed(call.account.all("refund"), "charge", "payment_intent")


@route("GET refunds/{}", "refunds.retrieve", EXPAND)
def one_refund(call: Call) -> dict:
	return call.here("refund", "id")


@route("POST refunds/{}", "refunds.update", EXPAND | {"metadata": Metadata()})
def update_refund(call: Call) -> dict:
	refund = call.here("refund", "id")
	return call.account.change(refund, "refund.updated", **call.changes(refund))


@route("POST refunds/{}/cancel", "refunds.cancel", EXPAND)
def cancel_refund(call: Call) -> dict:
	return refunds.cancel(call.account, call.here("refund", "id"))


# ---- disputes


@route(
	"GET disputes", "disputes.list", PAGE | {"charge": Text(), "created": Span(), "payment_intent": Text()}
)
def all_disputes(call: Call) -> dict:
	return call.listed(call.account.all("dispute"), "charge", "payment_intent")


@route("GET disputes/{}", "disputes.retrieve", EXPAND)
def dispute(call: Call) -> dict:
	return call.here("dispute", "dispute")


@route(
	"POST disputes/{}",
	"disputes.update",
	EXPAND
	| {
		"evidence": Shape({name: Text(150_000, unset=True) for name in disputes.EVIDENCE}),
		"metadata": Metadata(),
		"submit": Flag(),
	},
)
def update_dispute(call: Call) -> dict:
	dispute = call.here("dispute", "dispute")
	changes = call.changes(dispute)
	return disputes.answer(
		call.account, dispute, call.get("evidence", {}), call.get("submit", True), changes.get("metadata")
	)


@route("POST disputes/{}/close", "disputes.close", EXPAND)
def close_dispute(call: Call) -> dict:
	return disputes.close(call.account, call.here("dispute", "dispute"), "lost")
