"""Checkout sessions and payment links: made by the merchant, paid by a customer, expired, switched off."""

import copy
from typing import TYPE_CHECKING

from sandbox.vendors.stripe import billing, customers, methods, payments
from sandbox.vendors.stripe.errors import Refusal
from sandbox.vendors.stripe.money import check_charge, shown
from sandbox.vendors.stripe.payments import NO_ADDRESS

if TYPE_CHECKING:
	from sandbox.vendors.stripe.account import Account

HALF_HOUR, DAY = 1800, 86400
AUTOMATIC_TAX = {"enabled": False, "liability": None, "provider": None, "status": None}
NO_TEXT = dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"))


def new_session(
	account: "Account",
	mode: str,
	lines: list[dict],
	*,
	intent_data: dict | None = None,
	subscription_data: dict | None = None,
	link: dict | None = None,
	**fields,
) -> dict:
	"""lines: of `catalog.line`. intent_data: for the PaymentIntent, which is made when somebody pays."""
	currency = _one_currency(lines)
	total = sum(one["amount_total"] for one in lines)
	chosen = any(one["price"]["custom_unit_amount"] for one in lines)
	if total and not chosen:
		_check_total(total, currency)
	account.ledger.settled(total, currency)
	expires = fields.pop("expires_at", None)
	if expires is not None and not HALF_HOUR - 60 <= expires - account.now() <= DAY + 60:
		message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation."
		raise Refusal(message, param="expires_at")
	session = account.add("cs", "checkout.session")
	session |= {
		"adaptive_pricing": {"enabled": False},
		"after_expiration": None,
		"allow_promotion_codes": None,
		"amount_subtotal": total,
		"amount_total": total,
		"automatic_tax": dict(AUTOMATIC_TAX),
		"billing_address_collection": None,
		"cancel_url": None,
		"client_reference_id": None,
		"client_secret": None,
		"collected_information": None,
		"consent": None,
		"consent_collection": None,
		"currency": currency,
		"currency_conversion": None,
		"custom_fields": [],
		"custom_text": dict(NO_TEXT),
		"customer": None,
		"customer_account": None,
		"customer_creation": "if_required" if mode == "payment" else None,
		"customer_details": None,
		"customer_email": None,
		"discounts": [],
		"expires_at": expires or account.now() + DAY,
		"integration_identifier": None,
		"invoice": None,
		"invoice_creation": None
		if mode != "payment"
		else {"enabled": False, "invoice_data": _invoice_data()},
		"locale": None,
		"managed_payments": {"enabled": False},
		"metadata": {},
		"mode": mode,
		"origin_context": None,
		"payment_intent": None,
		"payment_link": link and link["id"],
		"payment_method_collection": "if_required" if mode == "payment" else "always",
		"payment_method_configuration_details": {"id": "pmc_1Sandbox", "parent": None},
		"payment_method_options": {},
		"payment_method_types": ["card", "link"],
		"payment_status": "unpaid",
		"permissions": None,
		"phone_number_collection": {"enabled": False},
		"recovered_from": None,
		"saved_payment_method_options": None,
		"setup_intent": None,
		"shipping_address_collection": None,
		"shipping_cost": None,
		"shipping_options": [],
		"status": "open",
		"submit_type": None,
		"subscription": None,
		"success_url": None,
		"total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
		"ui_mode": "hosted_page",
		"url": f"{account.url}/c/pay/{session['id']}",
		"wallet_options": None,
		"_line_items": lines,
		"_intent_data": intent_data or {},
		"_subscription_data": subscription_data or {},
	} | fields
	if session["customer"] is not None:
		session["customer_details"] = _details(account, session["customer"], None, None)
	elif session["customer_email"]:
		session["customer_details"] = _details(account, None, session["customer_email"], None)
	return session


def _check_total(total: int, currency: str) -> None:
	try:
		check_charge(total, currency)
	except Refusal as refusal:
		if refusal.code != "amount_too_small":
			raise
		message = (
			f"The Checkout Session's total amount due must add up to at least the minimum charge; "
			f"{shown(total, currency)} is too little."
		)
		raise Refusal(message, code="amount_too_small", early=True) from None


def _one_currency(lines: list[dict]) -> str:
	currencies = {one["currency"] for one in lines}
	if len(currencies) > 1:
		message = f"All prices on a Checkout Session must use the same currency, not {', '.join(sorted(currencies))}."
		raise Refusal(message, param="line_items", early=True)
	return currencies.pop()


def _invoice_data() -> dict:
	names = "account_tax_ids custom_fields description footer issuer rendering_options".split()
	return {**dict.fromkeys(names), "metadata": {}}


def _details(account: "Account", customer: str | None, email: str | None, name: str | None) -> dict:
	known = account.tables.get("customer", {}).get(customer, {})
	return {
		"address": known.get("address") or dict(NO_ADDRESS, country="US", postal_code="94103"),
		"business_name": None,
		"email": email or known.get("email"),
		"individual_name": None,
		"name": name or known.get("name"),
		"phone": known.get("phone"),
		"tax_exempt": "none",
		"tax_ids": [],
	}


# ---- paying


def pay(
	account: "Account",
	session: dict,
	*,
	amount: int | None = None,
	method: str = "card",
	delayed: bool = False,
	decline: str | None = None,
	email: str | None = None,
	name: str | None = None,
) -> dict:
	"""A customer pays on the hosted page. Raises Refusal (402) when declined, and the session stays open.

	amount: what the customer chose; for a fixed price a lower one is a discount and a higher one an extra that they
	took. delayed: the method's bank answers later, so the session is complete and unpaid until `finish`.
	"""
	if session["status"] != "open":
		raise ValueError(f"Session {session['id']} is {session['status']}, so nobody can pay it")
	_check_link(account, session)
	if amount is not None:
		_choose(session, amount)
	email = email or session["customer_email"] or "customer@example.com"
	name = name or "Sandbox Customer"
	details = _details(account, session["customer"], email, name)
	billed = {"address": details["address"], "email": details["email"], "name": details["name"]}
	chosen = methods.make(account, "sepa_debit" if delayed and method == "card" else method, billed)
	if session["mode"] == "subscription":
		return _subscribe(account, session, chosen, details, decline)
	if session["amount_total"] == 0:
		session["payment_status"] = "no_payment_required"
		return _complete(account, session, details)
	intent = _intent(account, session)
	payments.confirm(account, intent, chosen, decline=decline, delayed=delayed)
	if intent["status"] == "requires_action":  # the customer of the sandbox always says yes
		payments.confirm(account, intent, chosen)
	session["payment_status"] = "paid" if intent["status"] == "succeeded" else "unpaid"
	return _complete(account, session, details)


def _choose(session: dict, amount: int) -> None:
	before = session["amount_subtotal"]
	chosen = [one for one in session["_line_items"] if one["price"]["custom_unit_amount"]]
	if chosen:
		(line,) = chosen
		limits = line["price"]["custom_unit_amount"]
		least, most = limits.get("minimum") or 0, limits.get("maximum")
		if amount < least or most and amount > most:
			raise ValueError(f"The customer may pay between {least} and {most}, not {amount}")
		line["amount_subtotal"] = line["amount_total"] = amount
		session["amount_subtotal"] = session["amount_total"] = amount
		return
	session["amount_total"] = amount
	if amount < before:
		session["total_details"] = session["total_details"] | {"amount_discount": before - amount}
	else:
		session["total_details"] = session["total_details"] | {"amount_shipping": amount - before}


def _intent(account: "Account", session: dict) -> dict:
	"""Made at the first try, and used again at the next."""
	if session["payment_intent"]:
		return account.find("payment_intent", session["payment_intent"])
	if session["customer"] is None and session["customer_creation"] == "always":
		session["customer"] = customers.create(account, email=session["customer_email"])["id"]
	data = dict(session["_intent_data"])
	metadata = data.pop("metadata", None) or {}
	intent = payments.new_intent(
		account,
		session["amount_total"],
		session["currency"],
		customer=session["customer"],
		metadata=metadata,
		_session=session["id"],
		**data,
	)
	session["payment_intent"] = intent["id"]
	return intent


def _complete(account: "Account", session: dict, details: dict) -> dict:
	session |= {"status": "complete", "customer_details": details, "url": None}
	customer = account.tables.get("customer", {}).get(session["customer"])
	if customer and not customer["email"]:
		account.change(customer, "customer.updated", email=details["email"], name=details["name"])
	account.tell("checkout.session.completed", session)
	_count(account, session)
	return session


def _subscribe(account: "Account", session: dict, method: dict, details: dict, decline: str | None) -> dict:
	if session["customer"] is None:
		made = customers.create(account, email=details["email"], name=details["name"])
		session["customer"] = made["id"]
	customer = account.find("customer", session["customer"])
	customers.attach(account, method, customer)
	known = dict(session["_subscription_data"])
	if days := known.pop("trial_period_days", None):
		known["trial_end"] = account.now() + days * DAY
	subscription = billing.start(
		account,
		customer,
		[(one["price"], one["quantity"]) for one in session["_line_items"]],
		method=method,
		behavior="error_if_incomplete",
		decline=decline,
		**known,
	)
	session |= {
		"subscription": subscription["id"],
		"invoice": subscription["latest_invoice"],
		"payment_status": "paid" if session["amount_total"] and not days else "no_payment_required",
	}
	return _complete(account, session, details)


def finish(account: "Account", session: dict, failed: str | None = None) -> dict:
	"""The bank's late answer. failed: its reason."""
	intent = account.find("payment_intent", session["payment_intent"])
	payments.finish(account, intent, failed)
	if failed:
		account.tell("checkout.session.async_payment_failed", session)
	else:
		session["payment_status"] = "paid"
		account.tell("checkout.session.async_payment_succeeded", session)
	return session


def expire(account: "Account", session: dict) -> dict:
	"""Nobody can pay it any more. Raises Refusal when it is not open."""
	if session["status"] != "open":
		message = (
			'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a '
			f"status of {session['status']}."
		)
		raise Refusal(message, code="checkout_session_not_open")
	session |= {"status": "expired", "url": None}
	account.tell("checkout.session.expired", session)
	intent = account.tables.get("payment_intent", {}).get(session["payment_intent"])
	if intent and intent["status"] in ("requires_payment_method", "requires_action"):
		payments.cancel(account, intent)
	return session


def refresh(account: "Account") -> None:
	"""Sessions whose time is over."""
	now = account.now()
	for session in account.tables.get("checkout.session", {}).values():
		if session["status"] == "open" and session["expires_at"] <= now:
			expire(account, session)


# ---- links


def new_link(
	account: "Account",
	lines: list[dict],
	*,
	intent_data: dict | None = None,
	subscription_data: dict | None = None,
	limit: int | None = None,
	**fields,
) -> dict:
	"""limit: how often it can be paid."""
	currency = _one_currency(lines)
	total = sum(one["amount_total"] for one in lines)
	if not any(one["price"]["custom_unit_amount"] for one in lines):
		_check_total(total, currency)
	account.ledger.settled(total, currency)
	recurring = any(one["price"]["recurring"] for one in lines)
	link = account.add("plink", "payment_link")
	data = dict.fromkeys(
		"capture_method description setup_future_usage statement_descriptor statement_descriptor_suffix "
		"transfer_group".split()
	)
	subscription = {
		"description": None,
		"invoice_settings": {"issuer": {"type": "self"}},
		"metadata": {},
		"trial_period_days": None,
		"trial_settings": None,
	}
	link |= {
		"active": True,
		"after_completion": {"hosted_confirmation": {"custom_message": None}, "type": "hosted_confirmation"},
		"allow_promotion_codes": False,
		"application": None,
		"application_fee_amount": None,
		"application_fee_percent": None,
		"automatic_tax": {"enabled": False, "liability": None},
		"billing_address_collection": "auto",
		"consent_collection": None,
		"currency": currency,
		"custom_fields": [],
		"custom_text": dict(NO_TEXT),
		"customer_creation": "always" if recurring else "if_required",
		"inactive_message": None,
		"invoice_creation": None if recurring else {"enabled": False, "invoice_data": _invoice_data()},
		"managed_payments": {"enabled": False},
		"metadata": {},
		"on_behalf_of": None,
		"payment_intent_data": None if recurring else {**data, "metadata": {}, **(intent_data or {})},
		"payment_method_collection": "always",
		"payment_method_options": None,
		"payment_method_types": None,
		"phone_number_collection": {"enabled": False},
		"restrictions": limit and {"completed_sessions": {"count": 0, "limit": limit}},
		"shipping_address_collection": None,
		"shipping_options": [],
		"submit_type": "auto",
		"subscription_data": subscription | (subscription_data or {}) if recurring else None,
		"tax_id_collection": {"enabled": False, "required": "never"},
		"transfer_data": None,
		"url": f"{account.url}/l/test_{link['id'][7:]}",
		"_line_items": lines,
	} | fields
	link["livemode"] = False
	del link["created"]  # links do not say when they were made
	account.tell("payment_link.created", link)
	return link


def open_link(account: "Account", link: dict) -> dict:
	"""A customer follows it: a session of its own, with the link's metadata. ValueError when it is inactive."""
	if not link["active"]:
		raise ValueError(f"Payment link {link['id']} is not active any more")
	recurring = any(one["price"]["recurring"] for one in link["_line_items"])
	data = link["payment_intent_data"] or {}
	lines = []
	for one in link["_line_items"]:
		lines.append(copy.deepcopy(one))
		lines[-1]["price"] = one["price"]
	redirect = (link["after_completion"].get("redirect") or {}).get("url")
	known = link["subscription_data"] or {}
	return new_session(
		account,
		"subscription" if recurring else "payment",
		lines,
		intent_data={name: value for name, value in data.items() if value is not None},
		subscription_data={
			name: known[name]
			for name in ("description", "metadata", "trial_period_days")
			if known.get(name) is not None
		},
		link=link,
		metadata=dict(link["metadata"]),
		customer_creation=link["customer_creation"],
		success_url=redirect or "https://stripe.com",
		submit_type=link["submit_type"],
	)


def _check_link(account: "Account", session: dict) -> None:
	link = account.tables.get("payment_link", {}).get(session["payment_link"])
	if link and not link["active"]:
		raise ValueError(f"Payment link {link['id']} is not active any more")


def _count(account: "Account", session: dict) -> None:
	"""A link that has been paid as often as it may be is switched off."""
	link = account.tables.get("payment_link", {}).get(session["payment_link"])
	if not link or not link["restrictions"]:
		return
	before = copy.deepcopy(link)
	done = link["restrictions"]["completed_sessions"]
	done = done | {"count": done["count"] + 1}
	link["restrictions"] = {"completed_sessions": done}
	if done["count"] >= done["limit"]:
		link["active"] = False
	account.tell("payment_link.updated", link, before)
