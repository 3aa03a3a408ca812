"""What we send has only parameters that Stripe knows, and what Stripe shows as its own examples can be read."""

import json
import re
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
import stripe.params as params

from integration_hub.failures import Rejected
from integration_hub.records import Customer
from tests.connectors.conftest import VENDOR_DATA
from tests.connectors.stripe_ground import order, paid, payable, refund_of, walk

DATA = VENDOR_DATA / "stripe"
SHAPES, FIXTURES = DATA / "sdk_16.1.0_shapes.json", DATA / "fixtures3.json"
needs_data = pytest.mark.skipif(
	not (SHAPES.exists() and FIXTURES.exists()),
	reason="needs Stripe's official examples and shapes: INTEGRATION_HUB_VENDOR_DATA/stripe",
)
#: request → the class of its parameters in Stripe's own library
CLASSES = {
	"GET /v1/account": "AccountRetrieveCurrentParams",
	"POST /v1/payment_links": "PaymentLinkCreateParams",
	"GET /v1/payment_links": "PaymentLinkListParams",
	"POST /v1/payment_links/{id}": "PaymentLinkModifyParams",
	"POST /v1/checkout/sessions": "checkout.SessionCreateParams",
	"GET /v1/checkout/sessions": "checkout.SessionListParams",
	"GET /v1/checkout/sessions/{id}": "checkout.SessionRetrieveParams",
	"POST /v1/checkout/sessions/{id}/expire": "checkout.SessionExpireParams",
	"GET /v1/payment_intents": "PaymentIntentListParams",
	"GET /v1/payment_intents/{id}": "PaymentIntentRetrieveParams",
	"POST /v1/payment_intents/{id}/capture": "PaymentIntentCaptureParams",
	"POST /v1/payment_intents/{id}/cancel": "PaymentIntentCancelParams",
	"GET /v1/invoice_payments": "InvoicePaymentListParams",
	"POST /v1/refunds": "RefundCreateParams",
	"GET /v1/refunds": "RefundListParams",
	"GET /v1/refunds/{id}": "RefundRetrieveParams",
	"GET /v1/disputes": "DisputeListParams",
	"GET /v1/disputes/{id}": "DisputeRetrieveParams",
	"GET /v1/payouts": "PayoutListParams",
	"GET /v1/payouts/{id}": "PayoutRetrieveParams",
	"GET /v1/balance_transactions": "BalanceTransactionListParams",
	"GET /v1/customers": "CustomerListParams",
	"POST /v1/customers": "CustomerCreateParams",
	"POST /v1/products": "ProductCreateParams",
	"GET /v1/products/{id}": "ProductRetrieveParams",
	"POST /v1/subscriptions": "SubscriptionCreateParams",
	"POST /v1/subscriptions/{id}": "SubscriptionModifyParams",
	"GET /v1/subscriptions": "SubscriptionListParams",
	"GET /v1/subscriptions/{id}": "SubscriptionRetrieveParams",
	"DELETE /v1/subscriptions/{id}": "SubscriptionCancelParams",
	"GET /v1/invoices": "InvoiceListParams",
	"GET /v1/invoices/{id}": "InvoiceRetrieveParams",
	"GET /v1/events": "EventListParams",
	"GET /v1/webhook_endpoints": "WebhookEndpointListParams",
	"POST /v1/webhook_endpoints": "WebhookEndpointCreateParams",
	"POST /v1/webhook_endpoints/{id}": "WebhookEndpointModifyParams",
	"DELETE /v1/webhook_endpoints/{id}": "WebhookEndpointDeleteParams",
}
#: our ids of things at Stripe begin so
_ID = re.compile(r"/(?:[a-z]{2,6}_[A-Za-z0-9_]+)")


def tour(shelf, **settings):
	"""Every call that the connector makes, with everything that it can send."""
	stripe = shelf.open(**settings)
	checkout = shelf.open(
		**settings,
		link_kind="Checkout Session",
		return_url="https://shop.example/thanks",
		statement_descriptor="ACME",
	)
	stripe.check()
	address = "https://erp.example/hook"
	stripe.register_webhooks(address)
	[endpoint] = stripe.list("/v1/webhook_endpoints", {})
	stripe.post(f"/v1/webhook_endpoints/{endpoint['id']}", {"disabled": True})
	stripe.register_webhooks(address)
	shelf.vault.put("webhook_secret", "")
	stripe.register_webhooks(address)
	tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
	for one in (stripe, checkout):
		link = one.create_payment_link(
			payable(capture_later=True, return_url="https://a.example/", cancel_url="https://b.example/", expires_at=tomorrow),
			key=f"l{time.monotonic_ns()}",
			look_first=True,
		)  # fmt: skip
		one.close_payment_link(link.id)
		one.close_payment_link(link.id)
	reserved, released = (paid(shelf, stripe, capture_later=True) for _time in range(2))
	stripe.capture_payment(reserved.id, Decimal("100.00"), "EUR", key="c", look_first=False)
	stripe.void_payment(released.id, key="v")
	refund = stripe.refund_payment(
		refund_of(reserved.id, "1.00", reason="duplicate"), key="r", look_first=True
	)
	stripe.fetch_refunds([refund.id])
	disputed = paid(shelf, stripe)
	stripe.fetch_disputes([shelf.account.open_dispute(disputed.id)["id"]])
	opened = stripe.create_subscription(order(), key="s", look_first=True)
	shelf.account.pay(opened.url)
	later = {"starts_at": tomorrow, "cancel_at": tomorrow + timedelta(days=90), "collect": "invoice"}
	buyer = Customer(email="b@example.com", company="B", phone="+4912345")
	second = stripe.create_subscription(order(customer=buyer, **later), key="s2", look_first=True)
	shelf.account.next_cycle(opened.id)
	stripe.cancel_subscription(second.id, at_period_end=True, key="x1")
	stripe.cancel_subscription(opened.id, at_period_end=False, key="x2")
	stripe.fetch_payouts([shelf.account.make_payout()["id"]])
	for days in (1, 60):
		since = datetime.now(timezone.utc) - timedelta(days=days)
		for what in ("payments", "refunds", "disputes", "payouts", "subscriptions", "bills"):
			notices = walk(getattr(stripe, f"pull_{what}"), since)
			assert notices
			getattr(stripe, f"fetch_{what}")([one.outside_id for one in notices])
	return [*stripe.http.sent, *checkout.http.sent]


def route(method, path):
	return f"{method} {_ID.sub('/{id}', path)}"


def test_what_we_send_is_what_stripe_knows(shelf):
	sent = tour(shelf)
	used = {route(method, path) for method, path, _pairs, _headers in sent}
	assert used <= set(CLASSES), "another call: name its class above"
	unknown = {
		f"{route(method, path)} {name}"
		for method, path, pairs, _headers in sent
		for name, _value in pairs
		if not _is_known(CLASSES[route(method, path)], name)
	}
	assert unknown == set()
	assert not any(
		name.startswith("payment_method_types") for _m, _p, pairs, _h in sent for name, _v in pairs
	)


@pytest.mark.parametrize("version", ["2026-07-29.dahlia", "2026-10-28.endive", "2025-03-31.basil"])
def test_every_call_says_its_version_and_what_makes_things_has_a_key(shelf, version):
	sent = tour(shelf, api_version=version)
	assert all(headers["Stripe-Version"] == version for *_rest, headers in sent)
	without = {
		route(method, path)
		for method, path, _pairs, headers in sent
		if method == "POST" and "Idempotency-Key" not in headers
	}
	# these do the same however often they are asked: a product has an id of ours
	assert without == {
		"POST /v1/products",
		"POST /v1/payment_links/{id}",
		"POST /v1/checkout/sessions/{id}/expire",
		"POST /v1/webhook_endpoints",
		"POST /v1/webhook_endpoints/{id}",
	}


def _is_known(class_name, parameter):
	"""Follow a[b][0][c] through the library's TypedDicts."""
	package, _dot, name = class_name.rpartition(".")
	home = getattr(params, package) if package else params
	shape = getattr(home, name)
	module = __import__(shape.__module__, fromlist=["*"])
	steps = [one for one in re.findall(r"[^\[\]]+", parameter) if not one.isdigit()]
	found = [shape]
	for step in steps:
		below = [_annotations(one)[step] for one in found if step in _annotations(one)]
		if not below:
			return False
		text = " ".join(map(str, below))
		found = [getattr(module, one) for one in re.findall(r"\w*Params\w*", text) if hasattr(module, one)]
		if not found and "Dict[" in text:
			return True  # metadata
	return True


def _annotations(shape):
	return shape.__annotations__


# --- Stripe's own examples ---------------------------------------------------------------------------------


@needs_data
def test_the_official_shapes_know_what_we_send(shelf):
	known = json.loads(SHAPES.read_text())["requests"]
	unknown = {
		f"{route(method, path)} {name}"
		for method, path, pairs, _headers in tour(shelf)
		for name, _value in pairs
		if (shape := known.get(route(method, path))) and name.partition("[")[0] not in shape["params"]
	}
	assert unknown == set()


@needs_data
def test_the_official_examples_can_be_read(stripe):
	examples = json.loads(FIXTURES.read_text())["resources"]
	intent = {**examples["payment_intent"], "latest_charge": examples["charge"]}
	payment = stripe.read_payment(intent)
	assert (payment.status, payment.amount, payment.currency, payment.test) == (
		"failed",
		Decimal("10.99"),
		"USD",
		True,
	)
	intent |= {"status": "succeeded", "amount_received": 1099}
	intent["latest_charge"] = {**examples["charge"], "balance_transaction": examples["balance_transaction"]}
	payment = stripe.read_payment(intent)
	assert payment.status == "paid" and payment.settled.gross == Decimal("1.00") and payment.method == "card"
	refund = stripe.read_refund(examples["refund"])
	assert (refund.status, refund.amount, refund.test) == ("succeeded", Decimal("1.00"), True)
	dispute = stripe.read_dispute(examples["dispute"])
	assert (dispute.status, dispute.closed_at) == ("inquiry", None) and dispute.answer_by
	payout = {
		**examples["payout"],
		"_lines": [{**examples["balance_transaction"], "amount": 1100, "net": 1100}],
	}
	assert stripe.read_payout(payout).status == "pending"
	subscription = stripe.read_subscription(examples["subscription"])
	assert subscription.status == "active" and subscription.lines[0].unit_amount == Decimal("20.00")
	bill = stripe.read_bill(examples["invoice"])
	assert bill.status == "draft" and bill.lines[0].amount == Decimal("10.00")


@needs_data
def test_what_we_read_is_what_stripe_shows():
	"""Every name that the connector reads of an object is one that the library declares for it."""
	known = json.loads(SHAPES.read_text())["responses"]
	for name, fields in {
		"payment_intent": "status latest_charge last_payment_error amount amount_received currency created customer description livemode metadata",
		"charge": "balance_transaction billing_details created payment_intent payment_method_details metadata",
		"refund": "status balance_transaction failure_balance_transaction failure_reason payment_intent charge amount currency reason metadata",
		"dispute": "status balance_transactions payment_intent charge amount currency reason evidence_details livemode",
		"payout": "status amount currency arrival_date automatic reconciliation_status trace_id failure_message failure_code livemode",
		"balance_transaction": "amount fee net currency type reporting_category source exchange_rate created description",
		"subscription": "status currency items customer latest_invoice metadata start_date canceled_at ended_at livemode",
		"subscription_item": "price quantity metadata current_period_start current_period_end",
		"invoice": "status number currency lines parent total total_taxes total_discount_amounts amount_paid payments hosted_invoice_url status_transitions shipping_cost customer_name customer_email customer_phone",
		"invoice_payment": "invoice payment status",
		"payment_link": "url active restrictions metadata",
		"checkout.session": "url status payment_intent expires_at metadata",
		"webhook_endpoint": "url api_version enabled_events status metadata",
		"event": "type created data account livemode",
	}.items():
		assert set(fields.split()) <= set(known[name]), name


# --- what the examples do not show -------------------------------------------------------------------------

INTENT = {
	"id": "pi_1",
	"object": "payment_intent",
	"amount": 1000,
	"amount_received": 0,
	"currency": "usd",
	"created": 1700000000,
	"livemode": True,
	"metadata": {"erp_doctype": "Sales Invoice", "erp_name": "SINV-1"},
	"status": "processing",
}


@pytest.mark.parametrize(
	("status", "error", "expected"),
	[
		("requires_payment_method", None, "pending"),
		("requires_payment_method", {"message": "Declined."}, "failed"),
		("requires_confirmation", None, "pending"),
		("requires_action", None, "pending"),
		("processing", None, "pending"),
		("requires_capture", None, "authorised"),
		("succeeded", None, "paid"),
		("canceled", None, "cancelled"),
		("something_new", None, "pending"),
	],
)
def test_states_of_a_payment(stripe, status, error, expected):
	payment = stripe.read_payment({**INTENT, "status": status, "last_payment_error": error})
	assert (payment.status, payment.failure) == (expected, "Declined." if error else "")
	assert payment.reference.name == "SINV-1" and not payment.test and payment.settled is None


def test_a_reserved_payment_is_paid_when_it_is_captured(stripe):
	charge = {
		"id": "ch_1",
		"created": 1700000000,
		"balance_transaction": {"amount": 900, "fee": 50, "net": 850, "currency": "eur", "exchange_rate": 0.9, "created": 1700500000},
	}  # fmt: skip
	payment = stripe.read_payment(
		{**INTENT, "status": "succeeded", "amount_received": 1000, "latest_charge": charge}
	)
	assert payment.paid_at.timestamp() == 1700500000
	assert (payment.settled.gross, payment.settled.fee, payment.settled.net) == (
		Decimal(9),
		Decimal("0.5"),
		Decimal("8.5"),
	)
	assert (payment.settled.currency, payment.settled.rate) == ("EUR", Decimal("0.9"))


DISPUTE = {
	"id": "du_1",
	"object": "dispute",
	"amount": 1000,
	"currency": "usd",
	"created": 1700000000,
	"payment_intent": "pi_1",
	"livemode": True,
	"reason": "product_not_received",
	"balance_transactions": [],
	"_read_at": 1700900000,
}
TAKEN = {
	"amount": -1000,
	"fee": 1500,
	"net": -2500,
	"currency": "usd",
	"exchange_rate": None,
	"created": 1700000100,
}
GIVEN = {
	"amount": 1000,
	"fee": 0,
	"net": 1000,
	"currency": "usd",
	"exchange_rate": None,
	"created": 1700800000,
}


@pytest.mark.parametrize(
	("status", "moves", "expected", "closed"),
	[
		("warning_needs_response", [], "inquiry", None),
		("warning_under_review", [], "inquiry", None),
		("warning_closed", [], "inquiry", 1700900000),
		("prevented", [], "inquiry", 1700900000),
		("needs_response", [], "inquiry", None),
		("needs_response", [TAKEN], "open", None),
		("under_review", [TAKEN], "open", None),
		("appeal_under_review", [TAKEN], "open", None),
		("won", [TAKEN, GIVEN], "won", 1700800000),
		("lost", [TAKEN], "lost", 1700900000),
	],
)
def test_states_of_a_dispute(stripe, status, moves, expected, closed):
	dispute = stripe.read_dispute({**DISPUTE, "status": status, "balance_transactions": moves})
	assert dispute.status == expected and dispute.reason == "product not received"
	assert (dispute.closed_at and dispute.closed_at.timestamp()) == closed
	if moves:
		assert (dispute.settled.gross, dispute.settled.fee, dispute.settled.net) == (10, 15, 25)
	assert (dispute.returned and dispute.returned.gross) == (10 if GIVEN in moves else None)


@pytest.mark.parametrize(
	("status", "expected"),
	[("pending", "pending"), ("requires_action", "pending"), ("succeeded", "succeeded"), ("failed", "failed"), ("canceled", "cancelled"), (None, "pending")],
)  # fmt: skip
def test_states_of_a_refund(shelf, status, expected):
	refund = {
		"id": "re_1",
		"amount": 500,
		"currency": "jpy",
		"created": 1700000000,
		"payment_intent": "pi_1",
		"status": status,
	}
	read = shelf.open().read_refund(refund)
	assert (read.status, read.amount, read.test, read.failed_at) == (expected, Decimal(500), True, None)
	live = shelf.open(secret_key="rk_live_1", environment="Production")
	assert not live.read_refund(refund).test, "Stripe does not say it of refunds: the key does"


def bill(*lines, **more):
	values = {
		"id": "in_1",
		"currency": "eur",
		"created": 1700000000,
		"livemode": True,
		"status": "paid",
		"total": 0,
		"amount_paid": 0,
		"lines": {"data": list(lines), "has_more": False},
		"parent": {
			"type": "subscription_details",
			"subscription_details": {"subscription": "sub_1", "metadata": {"erp_doctype": "Subscription", "erp_name": "S-1"}},
		},
	}  # fmt: skip
	return {**values, **more}


def bill_line(amount, *taxes, **more):
	period = {"start": 1700000000, "end": 1702592000}
	return {
		"id": "il_1",
		"description": "Plan",
		"amount": amount,
		"quantity": 1,
		"period": period,
		"taxes": list(taxes),
		**more,
	}


def test_a_bill_adds_up_with_taxes_discounts_and_shipping(stripe):
	inside = {"amount": 190, "tax_behavior": "inclusive"}
	beside = {"amount": 200, "tax_behavior": "exclusive"}
	payload = bill(
		bill_line(1190, inside),
		bill_line(1000, beside),
		bill_line(-300),
		total=2090 + 500,
		amount_paid=2590,
		total_taxes=[inside, beside],
		total_discount_amounts=[{"amount": 0}],
		shipping_cost={"amount_subtotal": 500, "amount_tax": 0, "amount_total": 500},
		payments={
			"data": [
				{"status": "paid", "payment": {"type": "payment_intent", "payment_intent": "pi_1"}},
				{"status": "canceled", "payment": {"type": "payment_intent", "payment_intent": "pi_0"}},
				{"status": "paid", "payment": {"type": "charge", "charge": "ch_1"}},
			]
		},
	)
	read = stripe.read_bill(payload)
	assert (
		sum(line.amount for line in read.lines) - read.discount + read.tax == read.total == Decimal("25.90")
	)
	assert [line.amount for line in read.lines] == [10, 10, -3, 5]
	assert (read.payment_ids, read.subscription_id, read.reference.name) == (("pi_1",), "sub_1", "S-1")
	assert read.period_start.timestamp() == 1700000000 and read.period_end.timestamp() == 1702592000


def test_a_subscription_that_runs_out_is_not_cancelled_yet(stripe):
	item = {
		"price": {
			"id": "price_1",
			"unit_amount": 2900,
			"recurring": {"interval": "month", "interval_count": 3},
		},
		"current_period_start": 1700000000,
		"current_period_end": 1702592000,
	}
	payload = {
		"id": "sub_1",
		"currency": "eur",
		"created": 1700000000,
		"items": {"data": [item]},
		"status": "active",
		"cancel_at_period_end": True,
		"canceled_at": 1700100000,
		"latest_invoice": {"status": "paid", "hosted_invoice_url": "https://invoice.stripe.com/i/1"},
		"livemode": True,
	}
	running = stripe.read_subscription(payload)
	assert (running.status, running.cancelled_at, running.url, running.lines[0].every) == (
		"active",
		None,
		"",
		3,
	)
	ended = stripe.read_subscription({**payload, "status": "canceled", "ended_at": 1702592000})
	assert (ended.status, ended.cancelled_at.timestamp()) == ("cancelled", 1702592000)


def test_an_order_that_stripe_cannot_take(stripe):
	line = order().lines[0]
	with pytest.raises(Rejected, match="whole quantities"):
		half = line.model_copy(update={"quantity": Decimal("0.5")})
		stripe.create_subscription(order(lines=(half,)), key="k", look_first=False)
	with pytest.raises(Rejected, match="e-mail"):
		stripe.create_subscription(order(customer=Customer(company="A")), key="k", look_first=False)
	with pytest.raises(Rejected, match="more decimals"):
		fine = line.model_copy(update={"unit_amount": Decimal("0.001")})
		stripe.create_subscription(order(lines=(fine,)), key="k", look_first=False)


def test_a_version_with_other_shapes_is_refused(shelf):
	with pytest.raises(Rejected, match="too old"):
		shelf.open(api_version="2024-06-20").check()


def test_what_a_person_should_know(shelf):
	warnings = shelf.open(link_kind="Checkout Session").check().warnings
	assert any("Page After Payment" in one for one in warnings) and any("webhook" in one for one in warnings)
	assert not shelf.open(webhook_secret="whsec_1").check().warnings
