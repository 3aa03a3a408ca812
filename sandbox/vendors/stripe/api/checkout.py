"""Checkout sessions and payment links."""

from sandbox.vendors.stripe import catalog, checkout
from sandbox.vendors.stripe.account import merged
from sandbox.vendors.stripe.api.call import Call
from sandbox.vendors.stripe.api.catalog import PRICE_DATA
from sandbox.vendors.stripe.api.routes import route
from sandbox.vendors.stripe.errors import Refusal, unsupported
from sandbox.vendors.stripe.params import (
	ENDIVE,
	EXPAND,
	PAGE,
	Choice,
	Email,
	Flag,
	Integer,
	ListOf,
	Metadata,
	Moment,
	Shape,
	Span,
	Text,
	Url,
)
from sandbox.vendors.stripe.versions import DAHLIA

CAPTURE = Choice(("automatic", "automatic_async", "manual"))
SUBMIT = Choice(("auto", "book", "donate", "pay", "subscribe"))
ADJUSTABLE = {"enabled": Flag(required=True), "maximum": Integer(1), "minimum": Integer(0)}
LINE = {
	"adjustable_quantity": Shape(ADJUSTABLE),
	"metadata": Metadata(),
	"price": Text(),
	"price_data": Shape(PRICE_DATA),
	"quantity": Integer(1, 999_999),
}
INTENT_DATA = {
	"capture_method": CAPTURE,
	"description": Text(1000),
	"metadata": Metadata(),
	"setup_future_usage": Choice(("off_session", "on_session")),
	"statement_descriptor": Text(22),
	"statement_descriptor_suffix": Text(22),
	"transfer_group": Text(),
}
SUBSCRIPTION_DATA = {
	"description": Text(500),
	"metadata": Metadata(),
	"trial_period_days": Integer(1, 730),
}


def _lines(call: Call) -> list[dict]:
	lines = []
	for place, given in enumerate(call.params["line_items"]):
		name = f"line_items[{place}]"
		price = catalog.given_price(call.account, given, name)
		adjustable = given.get("adjustable_quantity")
		if "quantity" not in given and not adjustable:
			message = f"Missing required param: {name}[quantity]."
			raise Refusal(message, code="parameter_missing", param=f"{name}[quantity]", early=True)
		line = catalog.line(call.account, price, given.get("quantity", 1))
		line["metadata"] = merged({}, given.get("metadata", {}))
		if adjustable:
			line["adjustable_quantity"] = {"maximum": None, "minimum": None} | adjustable
		lines.append(line)
	return lines


def _intent_data(call: Call) -> dict:
	given = dict(call.get("payment_intent_data", {}))
	if "metadata" in given:
		given["metadata"] = merged({}, given["metadata"])
	return given


def _subscription_data(call: Call) -> dict:
	given = dict(call.get("subscription_data", {}))
	if "metadata" in given:
		given["metadata"] = merged({}, given["metadata"])
	return given


def _mode_fits(mode: str, lines: list[dict]) -> None:
	recurring = any(one["price"]["recurring"] for one in lines)
	if mode == "payment" and recurring:
		message = (
			"You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use "
			"only one-time prices."
		)
		raise Refusal(message, param="mode", early=True)
	if mode == "subscription" and not recurring:
		message = "You must provide at least one recurring price in `subscription` mode when using prices."
		raise Refusal(message, param="mode", early=True)


# ---- sessions


@route(
	"POST checkout/sessions",
	"checkout.sessions.create",
	{
		"adaptive_pricing": Shape({"enabled": Flag()}),
		"allow_promotion_codes": Flag(),
		"allowed_payment_method_types": ListOf(Text(), since=ENDIVE),
		"automatic_tax": Shape({"enabled": Flag(required=True)}),
		"billing_address_collection": Choice(("auto", "required")),
		"cancel_url": Url(),
		"client_reference_id": Text(200),
		"currency": Text(),
		"customer": Text(),
		"customer_creation": Choice(("always", "if_required")),
		"customer_email": Email(),
		"excluded_payment_method_types": ListOf(Text()),
		"expand": ListOf(Text()),
		"expires_at": Moment(),
		"invoice_creation": Shape({"enabled": Flag(required=True)}),
		"line_items": ListOf(Shape(LINE), required=True),
		"locale": Text(),
		"metadata": Metadata(),
		"mode": Choice(("payment", "setup", "subscription"), required=True),
		"payment_intent_data": Shape(INTENT_DATA | {"receipt_email": Email()}),
		"payment_method_collection": Choice(("always", "if_required")),
		"payment_method_types": ListOf(Text(), before=ENDIVE),
		"phone_number_collection": Shape({"enabled": Flag(required=True)}),
		"return_url": Url(),
		"submit_type": SUBMIT,
		"subscription_data": Shape(SUBSCRIPTION_DATA),
		"success_url": Url(),
		"ui_mode": Text(),
	},
)
def create_session(call: Call) -> dict:
	mode = call.params["mode"]
	_known_here(call, mode)
	if "success_url" not in call.params:
		message = "Missing required param: success_url."
		raise Refusal(message, code="parameter_missing", param="success_url", early=True)
	if "customer" in call.params:
		call.account.find("customer", call.params["customer"], "customer")
		if "customer_email" in call.params or "customer_creation" in call.params:
			message = (
				"You may only specify one of these parameters: customer, customer_email, customer_creation."
			)
			raise Refusal(message, code="parameters_exclusive", param="customer", early=True)
	for name, wanted in (("payment_intent_data", "payment"), ("subscription_data", "subscription")):
		if name in call.params and mode != wanted:
			message = f"You can not pass `{name}` in `{mode}` mode."
			raise Refusal(message, param=name, early=True)
	lines = _lines(call)
	_mode_fits(mode, lines)
	known = call.known(
		"allow_promotion_codes",
		"billing_address_collection",
		"cancel_url",
		"client_reference_id",
		"customer",
		"customer_creation",
		"customer_email",
		"expires_at",
		"locale",
		"payment_method_collection",
		"payment_method_types",
		"phone_number_collection",
		"submit_type",
		"success_url",
	)
	if "allowed_payment_method_types" in call.params:
		known["payment_method_types"] = call.params["allowed_payment_method_types"]
	return checkout.new_session(
		call.account,
		mode,
		lines,
		intent_data=_intent_data(call),
		subscription_data=_subscription_data(call),
		**known,
	)


def _known_here(call: Call, mode: str) -> None:
	pages = ("hosted_page", "embedded_page", "elements", "form")
	if call.version < DAHLIA:
		pages = ("hosted", "embedded", "custom")
	wanted = call.get("ui_mode", pages[0])
	if wanted not in pages:
		message = f"Invalid ui_mode: must be one of {', '.join(pages[:-1])} or {pages[-1]}"
		raise Refusal(message, param="ui_mode", early=True)
	if wanted != pages[0] or "return_url" in call.params:
		raise unsupported(f"ui_mode {wanted} and return_url")
	if mode == "setup":
		raise unsupported("mode setup")
	for name in ("automatic_tax", "invoice_creation", "adaptive_pricing"):
		if call.get(name, {}).get("enabled"):
			raise unsupported(f"{name}[enabled]=true")


@route(
	"GET checkout/sessions",
	"checkout.sessions.list",
	PAGE
	| {
		"created": Span(),
		"customer": Text(),
		"customer_details": Shape({"email": Email(required=True)}),
		"payment_intent": Text(),
		"payment_link": Text(),
		"status": Choice(("complete", "expired", "open")),
		"subscription": Text(),
	},
)
def sessions(call: Call) -> dict:
	found = call.account.all("checkout.session")
	if "customer_details" in call.params:
		email = call.params["customer_details"]["email"]
		found = [one for one in found if (one["customer_details"] or {}).get("email") == email]
	return call.listed(found, "customer", "payment_intent", "payment_link", "status", "subscription")


@route("GET checkout/sessions/{}", "checkout.sessions.retrieve", EXPAND)
def session(call: Call) -> dict:
	return call.here("checkout.session", "session")


@route("POST checkout/sessions/{}", "checkout.sessions.update", EXPAND | {"metadata": Metadata()})
def update_session(call: Call) -> dict:
	session = call.here("checkout.session", "session")
	return call.account.change(session, **call.changes(session))


@route("POST checkout/sessions/{}/expire", "checkout.sessions.expire", EXPAND)
def expire(call: Call) -> dict:
	return checkout.expire(call.account, call.here("checkout.session", "session"))


@route("GET checkout/sessions/{}/line_items", "checkout.sessions.line_items.list", PAGE)
def session_lines(call: Call) -> dict:
	return call.page(call.here("checkout.session", "session")["_line_items"])


# ---- links

AFTER = {
	"hosted_confirmation": Shape({"custom_message": Text(500)}),
	"redirect": Shape({"url": Url(required=True)}),
	"type": Choice(("hosted_confirmation", "redirect"), required=True),
}
RESTRICTIONS = {"completed_sessions": Shape({"limit": Integer(1, 1_000_000, required=True)}, required=True)}
LINK = {
	"after_completion": Shape(AFTER),
	"allow_promotion_codes": Flag(),
	"billing_address_collection": Choice(("auto", "required")),
	"customer_creation": Choice(("always", "if_required")),
	"expand": ListOf(Text()),
	"inactive_message": Text(500, unset=True),
	"metadata": Metadata(),
	"payment_intent_data": Shape(INTENT_DATA),
	"payment_method_types": ListOf(Text(), unset=True),
	"phone_number_collection": Shape({"enabled": Flag(required=True)}),
	"restrictions": Shape(RESTRICTIONS, unset=True),
	"submit_type": SUBMIT,
	"subscription_data": Shape(SUBSCRIPTION_DATA),
}
LINK_FIELDS = """allow_promotion_codes billing_address_collection customer_creation inactive_message
	payment_method_types phone_number_collection submit_type""".split()


@route(
	"POST payment_links",
	"payment_links.create",
	LINK | {"currency": Text(), "line_items": ListOf(Shape(LINE), most=20, required=True)},
)
def create_link(call: Call) -> dict:
	lines = _lines(call)
	known = call.known(*LINK_FIELDS)
	if "after_completion" in call.params:
		known["after_completion"] = _after(call.params["after_completion"])
	limit = ((call.get("restrictions") or {}).get("completed_sessions") or {}).get("limit")
	return checkout.new_link(
		call.account,
		lines,
		limit=limit,
		intent_data=_intent_data(call),
		subscription_data=_subscription_data(call),
		**known,
	)


def _after(given: dict) -> dict:
	if given["type"] == "redirect":
		if "redirect" not in given:
			message = "Missing required param: after_completion[redirect]."
			raise Refusal(message, code="parameter_missing", param="after_completion[redirect]", early=True)
		return {"redirect": given["redirect"], "type": "redirect"}
	confirmation = given.get("hosted_confirmation", {})
	return {"hosted_confirmation": {"custom_message": None} | confirmation, "type": "hosted_confirmation"}


@route("GET payment_links", "payment_links.list", PAGE | {"active": Flag()})
def links(call: Call) -> dict:
	return call.listed(call.account.all("payment_link"), "active")


@route("GET payment_links/{}", "payment_links.retrieve", EXPAND)
def link(call: Call) -> dict:
	return call.here("payment_link", "payment_link")


@route("POST payment_links/{}", "payment_links.update", LINK | {"active": Flag()})
def update_link(call: Call) -> dict:
	link = call.here("payment_link", "payment_link")
	changes = call.changes(link, *LINK_FIELDS, "active")
	if "after_completion" in call.params:
		changes["after_completion"] = _after(call.params["after_completion"])
	if "payment_intent_data" in call.params:
		changes["payment_intent_data"] = {**(link["payment_intent_data"] or {}), **_intent_data(call)}
	if "restrictions" in call.params:
		changes["restrictions"] = _restricted(link, call.params["restrictions"])
	return call.account.change(link, "payment_link.updated", **changes)


def _restricted(link: dict, given: dict | None) -> dict | None:
	if given is None:
		return None
	before = (link["restrictions"] or {}).get("completed_sessions", {"count": 0})
	return {"completed_sessions": {"count": before["count"], "limit": given["completed_sessions"]["limit"]}}


@route("GET payment_links/{}/line_items", "payment_links.line_items.list", PAGE)
def link_lines(call: Call) -> dict:
	return call.page(call.here("payment_link", "payment_link")["_line_items"])
