"""Subscriptions, the invoices of their cycles, and how those are paid (in the shape of basil and later)."""

import copy
from datetime import datetime, timezone
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

from dateutil.relativedelta import relativedelta

from sandbox.vendors.stripe import catalog, customers, payments
from sandbox.vendors.stripe.errors import Refusal, unsupported

if TYPE_CHECKING:
	from sandbox.vendors.stripe.account import Account

DAY = 86400


# ---- subscriptions


def start(
	account: "Account",
	customer: dict,
	items: list[tuple[dict, int]],
	*,
	method: dict | None = None,
	collection_method: str = "charge_automatically",
	days_until_due: int | None = None,
	behavior: str = "allow_incomplete",
	trial_end: int | None = None,
	begin: int | None = None,
	anchor: int | None = None,
	prorate: bool = True,
	decline: str | None = None,
	**fields,
) -> dict:
	"""items: [(price, quantity)]. begin: when its first period began, perhaps in the past. Raises Refusal.

	behavior: what to do when the first payment fails, as in the API's payment_behavior. decline: let it fail.
	anchor: when the first full cycle begins; the time until then costs its share (prorate), or nothing.
	"""
	automatic = collection_method == "charge_automatically"
	charged = method or customers.default_method(account, customer)
	if automatic and charged is None and not trial_end and behavior != "default_incomplete":
		message = (
			"This customer has no attached payment source or default payment method. Please consider adding a "
			"default payment method. For more information, visit "
			"https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority."
		)
		raise Refusal(message, code="resource_missing")
	if anchor:
		_check_anchor(account, anchor, items, bool(begin or trial_end))
	subscription = account.add("sub", "subscription")
	account.change(customer, currency=customer["currency"] or items[0][0]["currency"])
	subscription |= {
		"application": None,
		"application_fee_percent": None,
		"automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
		"billing_cycle_anchor": anchor or trial_end or begin or account.now(),
		"billing_cycle_anchor_config": None,
		"billing_mode": {"flexible": None, "type": "classic"},
		"billing_schedules": [],
		"billing_thresholds": None,
		"cancel_at": None,
		"cancel_at_period_end": False,
		"canceled_at": None,
		"cancellation_details": {"comment": None, "feedback": None, "reason": None},
		"collection_method": collection_method,
		"currency": items[0][0]["currency"],
		"customer": customer["id"],
		"customer_account": None,
		"days_until_due": days_until_due,
		"default_payment_method": method and method["id"],
		"default_source": None,
		"default_tax_rates": [],
		"description": None,
		"discounts": [],
		"ended_at": None,
		"invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
		"items": {"object": "list", "data": [], "has_more": False},
		"latest_invoice": None,
		"managed_payments": {"enabled": False},
		"metadata": {},
		"next_pending_invoice_item_invoice": None,
		"on_behalf_of": None,
		"pause_collection": None,
		"payment_settings": {
			"payment_method_options": None,
			"payment_method_types": None,
			"save_default_payment_method": "off",
		},
		"pending_invoice_item_interval": None,
		"pending_setup_intent": None,
		"pending_update": None,
		"schedule": None,
		"start_date": begin or account.now(),
		"status": "trialing" if trial_end else "incomplete" if automatic else "active",
		"test_clock": None,
		"transfer_data": None,
		"trial_end": trial_end,
		"trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
		"trial_start": account.now() if trial_end else None,
		"_cycle": -1 if trial_end or anchor else 0,  # -1: what comes before the anchor
	} | fields
	subscription["items"]["url"] = f"/v1/subscription_items?subscription={subscription['id']}"
	for price, quantity in items:
		add_item(account, subscription, price, quantity)
	_set_period(subscription)
	account.tell("customer.subscription.created", subscription)
	share = _share(subscription, prorate) if anchor else Fraction(not trial_end)
	invoice = _invoice(account, subscription, "subscription_create", share)
	try:
		_collect(account, invoice, charged, pay=behavior != "default_incomplete", decline=decline)
	except Refusal:
		if behavior == "error_if_incomplete":
			account.unmake(subscription, invoice, *payments_of(account, invoice))
			raise
	return subscription


def _check_anchor(account: "Account", anchor: int, items: list[tuple[dict, int]], otherwise: bool) -> None:
	if otherwise:
		raise unsupported("billing_cycle_anchor together with a trial or a backdated start")
	now = datetime.fromtimestamp(account.now(), timezone.utc)
	latest = min(int((now + _step(price["recurring"])).timestamp()) for price, _ in items)
	if not account.now() < anchor <= latest:
		message = (
			"`billing_cycle_anchor` must be in the future, and not later than the next natural billing date "
			f"({latest}) for the plan."
		)
		raise Refusal(message, param="billing_cycle_anchor", early=True)


def _share(subscription: dict, prorate: bool) -> Fraction:
	"""Of a full cycle, that the time until the anchor costs."""
	anchor = subscription["billing_cycle_anchor"]
	recurring = subscription["items"]["data"][0]["price"]["recurring"]
	whole = anchor - int((datetime.fromtimestamp(anchor, timezone.utc) - _step(recurring)).timestamp())
	return Fraction(anchor - subscription["start_date"], whole) if prorate else Fraction(0)


def _step(recurring: dict, count: int = 1) -> relativedelta:
	return relativedelta(**{f"{recurring['interval']}s": recurring["interval_count"] * count})


def add_item(account: "Account", subscription: dict, price: dict, quantity: int) -> dict:
	item = account.add("si", "subscription_item")
	del item["livemode"]
	item |= {
		"billing_thresholds": None,
		"current_period_end": None,
		"current_period_start": None,
		"discounts": [],
		"metadata": {},
		"plan": _plan(price),
		"price": price,
		"quantity": quantity,
		"subscription": subscription["id"],
		"tax_rates": [],
	}
	subscription["items"]["data"].append(item)
	return item


def _plan(price: dict) -> dict:
	"""The same price, as older integrations know it."""
	known = {
		name: price[name] for name in ("id", "active", "billing_scheme", "created", "currency", "livemode")
	}
	return known | {
		"object": "plan",
		"amount": price["unit_amount"],
		"amount_decimal": price["unit_amount_decimal"],
		"interval": price["recurring"]["interval"],
		"interval_count": price["recurring"]["interval_count"],
		"metadata": {},
		"meter": None,
		"nickname": price["nickname"],
		"product": price["product"],
		"tiers_mode": None,
		"transform_usage": None,
		"trial_period_days": None,
		"usage_type": "licensed",
	}


def _set_period(subscription: dict) -> None:
	"""Counted from the anchor each time, so that the 31st comes back after February."""
	for item in subscription["items"]["data"]:
		begin, end = period(subscription, item["price"]["recurring"])
		item["current_period_start"], item["current_period_end"] = begin, end


def period(subscription: dict, recurring: dict) -> tuple[int, int]:
	anchor = datetime.fromtimestamp(subscription["billing_cycle_anchor"], timezone.utc)
	cycle = subscription["_cycle"]
	if cycle < 0:
		return subscription["trial_start"] or subscription["start_date"], subscription["billing_cycle_anchor"]

	def after(count: int) -> int:
		return int((anchor + _step(recurring, count)).timestamp())

	return after(cycle), after(cycle + 1)


def next_cycle(
	account: "Account", subscription: dict, *, pay: bool = True, decline: str = "generic_decline"
) -> dict:
	"""The period is over: the next one's invoice, or the end if that was wished. Answers the latest invoice.

	pay: whether its payment succeeds (charge_automatically); an invoice that is sent stays open.
	"""
	if subscription["status"] in ("canceled", "incomplete", "incomplete_expired"):
		raise ValueError(f"Subscription {subscription['id']} is {subscription['status']}")
	ends = min(item["current_period_end"] for item in subscription["items"]["data"])
	if subscription["cancel_at_period_end"] or (subscription["cancel_at"] or ends + 1) <= ends:
		cancel(account, subscription)
		return account.find("invoice", subscription["latest_invoice"])
	before = copy.deepcopy(subscription)
	subscription["_cycle"] += 1
	if subscription["status"] == "trialing":
		subscription["status"] = "active"
	_set_period(subscription)
	invoice = _invoice(account, subscription, "subscription_cycle")
	account.tell("customer.subscription.updated", subscription, before)
	customer = account.find("customer", subscription["customer"])
	method = account.tables.get("payment_method", {}).get(subscription["default_payment_method"])
	method = method or customers.default_method(account, customer)
	try:
		_collect(account, invoice, method, pay=True, decline=None if pay else decline)
	except Refusal:
		if pay:
			raise
	return invoice


def cancel(account: "Account", subscription: dict, details: dict | None = None) -> dict:
	"""Over, at once. Raises Refusal when it is already."""
	if subscription["status"] in ("canceled", "incomplete_expired"):
		message = f"No such subscription: '{subscription['id']}'"
		raise Refusal(message, status=404, code="resource_missing", param="id")
	subscription |= {"status": "canceled", "canceled_at": account.now(), "ended_at": account.now()}
	reason = {"reason": "cancellation_requested"} | (details or {})
	subscription["cancellation_details"] = subscription["cancellation_details"] | reason
	account.tell("customer.subscription.deleted", subscription)
	return subscription


# ---- invoices


def new_invoice(account: "Account", customer: dict, currency: str, **fields) -> dict:
	"""A draft without lines."""
	invoice = account.add("in", "invoice")
	now = invoice["created"]
	invoice |= {
		"account_country": account.country,
		"account_name": "Sandbox",
		"account_tax_ids": None,
		"amount_due": 0,
		"amount_overpaid": 0,
		"amount_paid": 0,
		"amount_remaining": 0,
		"amount_shipping": 0,
		"application": None,
		"attempt_count": 0,
		"attempted": False,
		"auto_advance": False,
		"automatic_tax": {
			"disabled_reason": None,
			"enabled": False,
			"liability": None,
			"provider": None,
			"status": None,
		},
		"automatically_finalizes_at": None,
		"billing_reason": "manual",
		"collection_method": "charge_automatically",
		"currency": currency,
		"custom_fields": None,
		"customer": customer["id"],
		"customer_account": None,
		"customer_address": customer["address"],
		"customer_email": customer["email"],
		"customer_name": customer["name"],
		"customer_phone": customer["phone"],
		"customer_shipping": customer["shipping"],
		"customer_tax_exempt": "none",
		"customer_tax_ids": [],
		"default_payment_method": None,
		"default_source": None,
		"default_tax_rates": [],
		"description": None,
		"discounts": [],
		"due_date": None,
		"effective_at": None,
		"ending_balance": None,
		"footer": None,
		"from_invoice": None,
		"hosted_invoice_url": None,
		"invoice_pdf": None,
		"issuer": {"type": "self"},
		"last_finalization_error": None,
		"latest_revision": None,
		"lines": {
			"object": "list",
			"data": [],
			"has_more": False,
			"url": f"/v1/invoices/{invoice['id']}/lines",
		},
		"metadata": {},
		"next_payment_attempt": None,
		"number": None,
		"on_behalf_of": None,
		"parent": None,
		"payment_settings": {
			"default_mandate": None,
			"payment_method_options": None,
			"payment_method_types": None,
		},
		"period_end": now,
		"period_start": now,
		"post_payment_credit_notes_amount": 0,
		"pre_payment_credit_notes_amount": 0,
		"receipt_number": None,
		"rendering": None,
		"shipping_cost": None,
		"shipping_details": None,
		"starting_balance": 0,
		"statement_descriptor": None,
		"status": "draft",
		"status_transitions": dict.fromkeys(
			("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")
		),
		"subtotal": 0,
		"subtotal_excluding_tax": 0,
		"test_clock": None,
		"total": 0,
		"total_discount_amounts": [],
		"total_excluding_tax": 0,
		"total_pretax_credit_amounts": [],
		"total_taxes": [],
		"webhooks_delivered_at": None,
	} | fields
	return invoice


def add_line(
	account: "Account",
	invoice: dict,
	price: dict,
	quantity: int,
	begin: int,
	end: int,
	*,
	amount: int,
	**fields,
) -> dict:
	line = account.add("il", "line_item")
	del line["created"]
	line |= {
		"amount": amount,
		"currency": invoice["currency"],
		"description": f"{quantity} × {account.find('product', price['product'])['name']}",
		"discount_amounts": [],
		"discountable": True,
		"discounts": [],
		"invoice": invoice["id"],
		"metadata": {},
		"parent": None,
		"period": {"end": end, "start": begin},
		"pretax_credit_amounts": [],
		"pricing": {
			"price_details": {"price": price["id"], "product": price["product"]},
			"type": "price_details",
			"unit_amount_decimal": price["unit_amount_decimal"],
		},
		"quantity": quantity,
		"quantity_decimal": str(quantity),
		"subscription": None,
		"subtotal": amount,
		"taxes": [],
	} | fields
	invoice["lines"]["data"].append(line)
	total = sum(one["amount"] for one in invoice["lines"]["data"])
	for name in (
		"amount_due",
		"amount_remaining",
		"subtotal",
		"subtotal_excluding_tax",
		"total",
		"total_excluding_tax",
	):
		invoice[name] = total
	return line


def _invoice(account: "Account", subscription: dict, reason: str, share: Fraction = Fraction(1)) -> dict:
	"""share: of the price, for a period that is no full cycle."""
	customer = account.find("customer", subscription["customer"])
	begin = min(item["current_period_start"] for item in subscription["items"]["data"])
	details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
	sent = subscription["collection_method"] == "send_invoice"
	invoice = new_invoice(
		account,
		customer,
		subscription["currency"],
		auto_advance=True,
		billing_reason=reason,
		collection_method=subscription["collection_method"],
		default_payment_method=subscription["default_payment_method"],
		description=None,
		due_date=account.now() + (subscription["days_until_due"] or 0) * DAY if sent else None,
		parent={"quote_details": None, "subscription_details": details, "type": "subscription_details"},
		period_start=begin,
		period_end=begin,
	)
	for item in subscription["items"]["data"]:
		add_line(
			account,
			invoice,
			item["price"],
			item["quantity"],
			item["current_period_start"],
			item["current_period_end"],
			amount=floor(catalog.amount_of(item["price"], item["quantity"]) * share + Fraction(1, 2)),
			subscription=subscription["id"],
			parent={
				"invoice_item_details": None,
				"subscription_item_details": {
					"invoice_item": None,
					"proration": False,
					"proration_details": {"credited_items": None},
					"subscription": subscription["id"],
					"subscription_item": item["id"],
				},
				"type": "subscription_item_details",
			},
		)
	subscription["latest_invoice"] = invoice["id"]
	account.tell("invoice.created", invoice)
	return invoice


def _collect(
	account: "Account",
	invoice: dict,
	method: dict | None,
	*,
	pay: bool,
	decline: str | None = None,
) -> None:
	finalize(account, invoice)
	if invoice["status"] == "paid":
		return
	if invoice["collection_method"] == "send_invoice":
		account.tell("invoice.sent", invoice)
	elif pay:
		pay_invoice(account, invoice, method, decline=decline)


def finalize(account: "Account", invoice: dict) -> dict:
	"""A number, and an open amount; nothing to pay is paid at once. Raises Refusal when it is no draft."""
	if invoice["status"] != "draft":
		message = "This invoice is already finalized, you can't re-finalize a non-draft invoice."
		raise Refusal(message, code="invoice_not_editable")
	customer = account.find("customer", invoice["customer"])
	number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
	customer["next_invoice_sequence"] += 1
	page = f"{account.url}/i/{invoice['id']}"
	invoice |= {
		"status": "open",
		"number": number,
		"effective_at": account.now(),
		"ending_balance": 0,
		"hosted_invoice_url": page,
		"invoice_pdf": f"{page}/pdf",
		"status_transitions": invoice["status_transitions"] | {"finalized_at": account.now()},
	}
	if invoice["amount_due"]:
		_expect_payment(account, invoice)
	account.tell("invoice.finalized", invoice)
	if not invoice["amount_due"]:
		_mark_paid(account, invoice)
	return invoice


def _expect_payment(account: "Account", invoice: dict) -> None:
	customer = account.find("customer", invoice["customer"])
	reason = {"subscription_create": "Subscription creation", "subscription_cycle": "Subscription update"}
	intent = payments.new_intent(
		account,
		invoice["amount_due"],
		invoice["currency"],
		customer=customer["id"],
		description=reason.get(invoice["billing_reason"], f"Payment for Invoice {invoice['number']}"),
		setup_future_usage="off_session",
		_invoice=invoice["id"],
	)
	payment = account.add(
		"inpay",
		"invoice_payment",
		amount_paid=None,
		amount_requested=invoice["amount_due"],
		currency=invoice["currency"],
		invoice=invoice["id"],
		is_default=True,
		payment={"payment_intent": intent["id"], "type": "payment_intent"},
		status="open",
		status_transitions={"canceled_at": None, "paid_at": None},
	)
	invoice["_payment"] = payment["id"]


def pay_invoice(
	account: "Account",
	invoice: dict,
	method: dict | None,
	*,
	decline: str | None = None,
	elsewhere: bool = False,
) -> dict:
	"""Raises Refusal: it is not open, there is nothing to pay with, or the payment is declined (402).

	elsewhere: it was paid out of band, so no money moves here.
	"""
	if invoice["status"] not in ("open", "uncollectible"):
		message = (
			"Invoice is already paid" if invoice["status"] == "paid" else "This invoice can no longer be paid"
		)
		raise Refusal(message, code="invoice_not_payable")
	payment = account.find("invoice_payment", invoice["_payment"])
	intent = account.find("payment_intent", payment["payment"]["payment_intent"])
	if elsewhere:
		payments.cancel(account, intent)
		payment |= {"status": "canceled"}
		return _mark_paid(account, invoice)
	if method is None:
		message = "There is no `default_payment_method` set on this Customer or Invoice. Please attach one."
		raise Refusal(message, code="resource_missing")
	invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
	try:
		payments.confirm(account, intent, method, decline=decline)
	except Refusal:
		_failed(account, invoice)
		raise
	if intent["status"] == "requires_action":
		_failed(account, invoice)
		account.tell("invoice.payment_action_required", invoice)
		return invoice
	now = account.now()
	payment |= {
		"status": "paid",
		"amount_paid": intent["amount_received"],
		"status_transitions": payment["status_transitions"] | {"paid_at": now},
	}
	_mark_paid(account, invoice)
	_keep_method(account, invoice, method)
	account.tell("invoice_payment.paid", payment)
	return invoice


def _keep_method(account: "Account", invoice: dict, method: dict) -> None:
	"""A subscription that wants it is charged to the card that paid, from then on."""
	subscription = _subscription(account, invoice)
	if subscription and subscription["payment_settings"]["save_default_payment_method"] == "on_subscription":
		subscription["default_payment_method"] = method["id"]


def _failed(account: "Account", invoice: dict) -> None:
	invoice["next_payment_attempt"] = account.now() + 3 * DAY
	account.tell("invoice.payment_failed", invoice)
	subscription = _subscription(account, invoice)
	if subscription and subscription["status"] == "active":
		account.change(subscription, "customer.subscription.updated", status="past_due")


def _mark_paid(account: "Account", invoice: dict) -> dict:
	before = copy.deepcopy(invoice)
	invoice |= {
		"status": "paid",
		"amount_paid": invoice["amount_due"],
		"amount_remaining": 0,
		"attempted": True,
		"next_payment_attempt": None,
		"status_transitions": invoice["status_transitions"] | {"paid_at": account.now()},
	}
	account.tell("invoice.updated", invoice, before)
	account.tell("invoice.paid", invoice)
	account.tell("invoice.payment_succeeded", invoice)
	subscription = _subscription(account, invoice)
	if subscription and subscription["status"] in ("incomplete", "past_due", "unpaid"):
		account.change(subscription, "customer.subscription.updated", status="active")
	return invoice


def void(account: "Account", invoice: dict) -> dict:
	"""As if it had never been sent. Raises Refusal when it is not open."""
	if invoice["status"] not in ("open", "uncollectible"):
		message = f"You can only pass in open invoices. This invoice isn't open ({invoice['status']})."
		raise Refusal(message, code="invoice_not_open")
	payment = account.tables.get("invoice_payment", {}).get(invoice.get("_payment"))
	if payment:
		payment |= {"status": "canceled"}
		intent = account.find("payment_intent", payment["payment"]["payment_intent"])
		if intent["status"] not in ("succeeded", "canceled"):
			payments.cancel(account, intent, "void_invoice")
	moments = invoice["status_transitions"] | {"voided_at": account.now()}
	return account.change(invoice, "invoice.voided", status="void", status_transitions=moments)


def payments_of(account: "Account", invoice: dict) -> list[dict]:
	return [one for one in account.all("invoice_payment") if one["invoice"] == invoice["id"]]


def _subscription(account: "Account", invoice: dict) -> dict | None:
	details = (invoice["parent"] or {}).get("subscription_details")
	return details and account.tables.get("subscription", {}).get(details["subscription"])
