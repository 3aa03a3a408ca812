"""The Stripe connector against the sandbox vendor, and its amounts and signatures by themselves."""

import hashlib
import hmac
import json
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from integration_hub.connectors.contract import WebhookRequest
from integration_hub.connectors.http import Http
from integration_hub.connectors.stripe import Stripe
from integration_hub.connectors.stripe.amounts import from_minor, to_minor
from integration_hub.connectors.stripe.client import flat
from integration_hub.failures import (
	BadSignature,
	Conflict,
	Failure,
	Gone,
	NotAuthorised,
	RateLimited,
	Rejected,
	Unreachable,
)
from integration_hub.records import (
	Customer,
	Payable,
	Reference,
	RefundRequest,
	SubscriptionLine,
	SubscriptionOrder,
)
from sandbox.vendors.stripe import Account
from sandbox.vendors.stripe import Stripe as Vendor
from tests.connectors.conftest import Vault

KEY = "sk_test_sandbox"
INVOICE = Reference(doctype="Sales Invoice", name="SINV-0001")
ALWAYS = datetime.now(timezone.utc) - timedelta(days=1)


class Shelf:
	"""A vendor, its account, and connectors to it."""

	def __init__(self, **options):
		self.account = Account("eur", rates={"usd": "0.92"}, **options)
		self.vendor = Vendor(self.account, secret_key=KEY)
		self.running = self.vendor.start()
		self.vault = Vault()

	def open(self, **settings):
		config = {"secret_key": KEY, "sandbox_url": self.running.url, "environment": "Sandbox", **settings}
		http = Http(
			Stripe.base_url(config),
			allow_loopback_http=True,
			secrets=[config["secret_key"]],
			timeouts=(2.0, 2.0),
		)
		return Stripe(config, http, self.vault)


@pytest.fixture
def shelf():
	shelf = Shelf()
	yield shelf
	shelf.running.stop()


@pytest.fixture
def stripe(shelf):
	return shelf.open()


def payable(amount="119.00", currency="EUR", **more):
	return Payable(
		reference=INVOICE,
		title="Sales Invoice SINV-0001",
		amount=Decimal(amount),
		currency=currency,
		customer=Customer(email="ada+1@example.com", company="Ada"),
		**more,
	)


def paid(shelf, stripe, amount="119.00", currency="EUR", **more):
	"""A payment that was made at a page of ours, as the connector reads it."""
	link = stripe.create_payment_link(
		payable(amount, currency, **more), key=f"k{time.monotonic_ns()}", look_first=False
	)
	session = shelf.account.pay(link.url)
	intent = session["payment_intent"]
	return stripe.read_payment(stripe.fetch_payments([intent])[intent])


# --- amounts -----------------------------------------------------------------------------------------------

MINOR = [
	("0.01", "EUR", 1),
	("999.99", "EUR", 99999),
	("1", "JPY", 1),
	("999", "JPY", 999),
	("0.010", "KWD", 10),
	("999.990", "KWD", 999990),
	("5", "ISK", 500),
	("5", "UGX", 500),
	("12.34", "HUF", 1234),
	("12.34", "TWD", 1234),
]


@pytest.mark.parametrize(("amount", "currency", "minor"), MINOR)
def test_amounts_both_ways(amount, currency, minor):
	assert to_minor(Decimal(amount), currency) == minor
	assert from_minor(minor, currency) == Decimal(amount)


@pytest.mark.parametrize(
	("amount", "currency"),
	[("0.001", "EUR"), ("0.5", "JPY"), ("0.001", "KWD"), ("5.5", "ISK"), ("0.01", "UGX")],
)
def test_what_a_currency_cannot_say_is_refused_and_never_rounded(amount, currency):
	with pytest.raises(Rejected):
		to_minor(Decimal(amount), currency)


@pytest.mark.parametrize(
	("currency", "decimals"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("INR", 2), ("ISK", 0)]
)
def test_every_amount_from_one_cent_to_a_thousand(currency, decimals):
	step = 10 if currency == "KWD" else 1
	wrong = [
		units
		for units in range(step, 99_999 + 1, step)
		if from_minor(to_minor(amount := Decimal(units).scaleb(-decimals), currency), currency) != amount
	]
	assert not wrong


def test_nested_parameters_are_spelled_with_brackets():
	params = {"a": {"b": [1, {"c": True}]}, "none": None, "x": "y"}
	assert dict(flat(params)) == {"a[b][0]": "1", "a[b][1][c]": "true", "x": "y"}


# --- signatures --------------------------------------------------------------------------------------------

BODY = b"""{
  "id": "evt_test_webhook",
  "object": "event",
  "data": { "object": { "id": "rdr_123", "object": "terminal.reader" } }
}"""


def signature(body, secret, moment=None):
	moment = int(time.time()) if moment is None else moment
	digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
	return moment, digest


def test_the_official_vector(shelf, monkeypatch):
	"""Made with stripe-python 16.1.0 from the payload and secret of its own tests."""
	monkeypatch.setattr(time, "time", lambda: 1700000000.0)
	stripe = shelf.open(webhook_secret="whsec_test_secret")
	good = "t=1700000000,v1=3bfab77baf5f7b6991a46c9b53b6547d7afc56148b10468fcad9f35c1992ffbd"
	stripe.verify(WebhookRequest({"stripe-signature": good}, BODY))
	stripe.verify(WebhookRequest({"stripe-signature": good.replace("v1=", "v0=x,v1=") + ",v1=00"}, BODY))
	for wrong in (
		good.replace("3b", "3c"),
		good.replace("1700000000", "1700000001"),
		"",
		"t=x,v1=y",
		good.replace("v1", "v0"),
	):
		with pytest.raises(BadSignature):
			stripe.verify(WebhookRequest({"stripe-signature": wrong}, BODY))
	with pytest.raises(BadSignature):
		stripe.verify(WebhookRequest({"stripe-signature": good}, BODY + b" "))


@pytest.mark.parametrize(("age", "good"), [(0, True), (299, True), (301, False), (-301, False)])
def test_old_signatures_are_refused(shelf, age, good):
	stripe = shelf.open(webhook_secret="whsec_a whsec_b")
	moment, digest = signature(BODY, "whsec_b", int(time.time()) - age)
	request = WebhookRequest({"stripe-signature": f"t={moment},v1={digest}"}, BODY)
	if good:
		stripe.verify(request)
	else:
		with pytest.raises(BadSignature):
			stripe.verify(request)


def test_without_a_secret_nothing_is_believed(stripe):
	moment, digest = signature(BODY, "")
	with pytest.raises(BadSignature):
		stripe.verify(WebhookRequest({"stripe-signature": f"t={moment},v1={digest}"}, BODY))


@pytest.mark.parametrize(
	"body", [b"", b"[]", b"{", b'{"object": "v2.core.event", "id": "x"}', b'{"object": "event"}']
)
def test_what_is_no_event_is_kept_as_unread(stripe, body):
	with pytest.raises(Rejected):
		stripe.notices(WebhookRequest({}, body))


# --- who we are --------------------------------------------------------------------------------------------


def test_check(stripe):
	identity = stripe.check()
	assert identity.account and identity.currency == "EUR"


@pytest.mark.parametrize(
	("settings", "words"),
	[
		({"secret_key": "sk_live_x"}, "environment Production"),
		({"secret_key": "sk_test_x", "environment": "Production"}, "environment Sandbox"),
		({"secret_key": "sk_test_wrong"}, "secret key"),
		({"secret_key": "pk_test_x"}, "publishable"),
		({"secret_key": "rk_live_x", "environment": ""}, "environment Production"),
	],
)
def test_a_wrong_key_is_told_as_such(shelf, settings, words):
	with pytest.raises(NotAuthorised, match=words):
		shelf.open(**settings).check()


# --- pages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Payment Link", "Checkout Session"])
def test_a_page_is_paid_once_and_says_for_what(shelf, kind):
	stripe = shelf.open(link_kind=kind, return_url="https://shop.example/thanks")
	link = stripe.create_payment_link(payable(), key="k1", look_first=False)
	assert link.url.startswith("http")
	session = shelf.account.pay(link.url)
	intent = session["payment_intent"]
	payment = stripe.read_payment(stripe.fetch_payments([intent])[intent])
	assert (payment.status, payment.captured, payment.currency) == ("paid", Decimal("119.00"), "EUR")
	assert payment.reference == INVOICE
	assert payment.settled.gross - payment.settled.fee == payment.settled.net
	with pytest.raises(Exception):  # noqa: B017 - whatever the vendor's world says: nobody pays there twice
		shelf.account.pay(link.url)


def test_the_buyers_address_is_filled_in(stripe):
	link = stripe.create_payment_link(payable(), key="k1", look_first=False)
	assert link.url.endswith("?prefilled_email=ada%2B1%40example.com")


@pytest.mark.parametrize("kind", ["Payment Link", "Checkout Session"])
def test_a_closed_page_takes_nothing(shelf, kind):
	stripe = shelf.open(link_kind=kind, return_url="https://shop.example/thanks")
	link = stripe.create_payment_link(payable(), key="k1", look_first=False)
	stripe.close_payment_link(link.id)
	stripe.close_payment_link(link.id)  # no failure
	with pytest.raises(Exception):  # noqa: B017 - whatever the vendor's world says
		shelf.account.pay(link.url)


def test_closing_a_page_that_never_was_is_no_failure(stripe):
	stripe.close_payment_link("plink_unknown")


# --- lost answers ------------------------------------------------------------------------------------------

LOST = ("error_after", "timeout", "drop")


def lose(shelf, trouble, path):
	shelf.vendor.troubles.add(trouble, path=path, method="POST", times=1, status=500, seconds=3)


@pytest.mark.parametrize("trouble", LOST)
@pytest.mark.parametrize("kind", ["Payment Link", "Checkout Session"])
@pytest.mark.parametrize("same_key", [True, False], ids=["within a day", "later"])
def test_a_lost_answer_makes_no_second_page(shelf, trouble, kind, same_key):
	stripe = shelf.open(link_kind=kind, return_url="https://shop.example/thanks")
	path = "/v1/payment_links" if kind == "Payment Link" else "/v1/checkout/sessions"
	lose(shelf, trouble, path)
	with pytest.raises(Unreachable) as lost:
		stripe.create_payment_link(payable(), key="k1", look_first=False)
	assert lost.value.maybe_done
	link = stripe.create_payment_link(payable(), key="k1" if same_key else "k2", look_first=True)
	made = list(stripe.list(path, {}))
	assert [one["id"] for one in made] == [link.id]


@pytest.mark.parametrize("trouble", LOST)
@pytest.mark.parametrize("same_key", [True, False], ids=["within a day", "later"])
def test_a_lost_answer_makes_no_second_refund(shelf, stripe, trouble, same_key):
	payment = paid(shelf, stripe)
	request = RefundRequest(
		payment_id=payment.id,
		amount=Decimal("20.00"),
		currency="EUR",
		reference=Reference(doctype="Sales Invoice", name="SINV-RET-1"),
	)
	lose(shelf, trouble, "/v1/refunds")
	with pytest.raises(Unreachable):
		stripe.refund_payment(request, key="r1", look_first=False)
	refund = stripe.refund_payment(request, key="r1" if same_key else "r2", look_first=True)
	assert (refund.amount, refund.payment_id, refund.reference.name) == (
		Decimal("20.00"),
		payment.id,
		"SINV-RET-1",
	)
	assert len(list(stripe.list("/v1/refunds", {"payment_intent": payment.id}))) == 1


@pytest.mark.parametrize("trouble", LOST)
def test_a_lost_answer_captures_once(shelf, stripe, trouble):
	payment = paid(shelf, stripe, capture_later=True)
	assert payment.status == "authorised" and not payment.captured
	lose(shelf, trouble, f"/v1/payment_intents/{payment.id}/capture")
	with pytest.raises(Unreachable):
		stripe.capture_payment(payment.id, Decimal("100.00"), "EUR", key="c1", look_first=False)
	taken = stripe.capture_payment(payment.id, Decimal("100.00"), "EUR", key="c1", look_first=True)
	assert (taken.status, taken.captured) == ("paid", Decimal("100.00"))


@pytest.mark.parametrize("trouble", LOST)
def test_a_lost_answer_opens_no_second_subscription(shelf, stripe, trouble):
	lose(shelf, trouble, "/v1/subscriptions")
	with pytest.raises(Unreachable):
		stripe.create_subscription(order(), key="s1", look_first=False)
	opened = stripe.create_subscription(order(), key="s1", look_first=True)
	assert [one["id"] for one in stripe.list("/v1/subscriptions", {"status": "all"})] == [opened.id]


# --- payments, refunds, disputes ---------------------------------------------------------------------------


def test_a_foreign_payment_says_what_the_bank_made_of_it(shelf, stripe):
	payment = paid(shelf, stripe, "100.00", "USD")
	assert (payment.captured, payment.currency) == (Decimal("100.00"), "USD")
	assert payment.settled.currency == "EUR" and payment.settled.gross == Decimal("92.00")
	assert payment.settled.rate == Decimal("0.92")


def test_a_reserved_payment_is_released(shelf, stripe):
	payment = paid(shelf, stripe, capture_later=True)
	assert stripe.void_payment(payment.id, key="v1").status == "cancelled"
	assert stripe.void_payment(payment.id, key="v2").status == "cancelled"


def test_more_than_was_paid_is_not_given_back(shelf, stripe):
	payment = paid(shelf, stripe, "10.00")
	request = RefundRequest(payment_id=payment.id, amount=Decimal("10.01"), currency="EUR", reference=INVOICE)
	with pytest.raises(Rejected, match="Stripe refuses"):
		stripe.refund_payment(request, key="r", look_first=False)


def test_a_failed_refund(shelf, stripe):
	payment = paid(shelf, stripe)
	request = RefundRequest(payment_id=payment.id, amount=Decimal("5.00"), currency="EUR", reference=INVOICE)
	refund = stripe.refund_payment(request, key="r", look_first=False)
	shelf.account.fail_refund(refund.id)
	failed = stripe.read_refund(stripe.fetch_refunds([refund.id])[refund.id])
	assert failed.status == "failed" and failed.failed_at and failed.failure


@pytest.mark.parametrize("end", ["won", "lost"])
def test_a_dispute(shelf, stripe, end):
	payment = paid(shelf, stripe)
	dispute_id = shelf.account.open_dispute(payment.id)["id"]
	opened = stripe.read_dispute(stripe.fetch_disputes([dispute_id])[dispute_id])
	assert (opened.status, opened.payment_id, opened.amount) == ("open", payment.id, Decimal("119.00"))
	assert opened.settled.gross == Decimal("119.00") and opened.settled.fee == Decimal("15.00")
	shelf.account.close_dispute(dispute_id, end)
	closed = stripe.read_dispute(stripe.fetch_disputes([dispute_id])[dispute_id])
	assert closed.status == end and bool(closed.returned) == (end == "won")


def test_what_is_gone_is_missing(stripe):
	assert stripe.fetch_payments(["pi_unknown"]) == {}
	assert stripe.fetch_refunds(["re_unknown"]) == {}


# --- payouts -----------------------------------------------------------------------------------------------


def test_a_payout_says_what_it_is_made_of(shelf, stripe):
	first, second = paid(shelf, stripe, "100.00"), paid(shelf, stripe, "50.00", "USD")
	request = RefundRequest(payment_id=first.id, amount=Decimal("30.00"), currency="EUR", reference=INVOICE)
	refund = stripe.refund_payment(request, key="r", look_first=False)
	payout_id = shelf.account.make_payout()["id"]
	payout = stripe.read_payout(stripe.fetch_payouts([payout_id])[payout_id])
	kinds = {(line.kind, line.source_id) for line in payout.lines}
	assert {("payment", first.id), ("payment", second.id), ("refund", refund.id)} <= kinds
	assert sum(line.net for line in payout.lines) == payout.amount
	assert payout.complete and payout.currency == "EUR"


# --- pulling -----------------------------------------------------------------------------------------------


def walk(pull, since=ALWAYS):
	cursor, found = None, []
	while True:
		page = pull(since, cursor)
		found += page.notices
		cursor = page.cursor
		if not cursor:
			return found


def test_what_webhooks_lost_is_pulled(shelf, stripe):
	payments = {paid(shelf, stripe, str(amount)).id for amount in range(10, 13)}
	notices = walk(stripe.pull_payments)
	assert {one.outside_id for one in notices} == payments
	assert all(one.resource == "payments" and one.dedupe_key.startswith("evt_") for one in notices)
	assert not walk(stripe.pull_payments, datetime.now(timezone.utc) + timedelta(hours=1))


def test_the_first_pull_walks_the_objects(shelf, stripe):
	payment = paid(shelf, stripe)
	notices = walk(stripe.pull_payments, datetime.now(timezone.utc) - timedelta(days=60))
	assert [one.outside_id for one in notices] == [payment.id]
	for pull in (
		stripe.pull_refunds,
		stripe.pull_disputes,
		stripe.pull_payouts,
		stripe.pull_subscriptions,
		stripe.pull_bills,
	):
		assert walk(pull, datetime.now(timezone.utc) - timedelta(days=60)) == []


def test_a_webhook_and_a_pull_of_the_same_event_are_one(shelf, stripe):
	payment = paid(shelf, stripe)
	[event] = stripe.get("/v1/events", {"types": ["payment_intent.succeeded"]})["data"]
	[told] = stripe.notices(WebhookRequest({}, json.dumps(event).encode()))
	assert told.outside_id == payment.id
	assert told.dedupe_key in {one.dedupe_key for one in walk(stripe.pull_payments)}


# --- subscriptions -----------------------------------------------------------------------------------------


def order(**more):
	line = SubscriptionLine(title="Support", code="SUPPORT", unit_amount=Decimal("29.00"))
	values = {
		"reference": Reference(doctype="Subscription", name="ACC-SUB-1"),
		"customer": Customer(email="ada@example.com", company="Ada"),
		"currency": "EUR",
		"lines": (line,),
		"collect": "charge",
	}
	return SubscriptionOrder(**{**values, **more})


def test_a_subscription_and_its_cycles(shelf, stripe):
	opened = stripe.create_subscription(order(), key="s1", look_first=False)
	assert opened.reference.name == "ACC-SUB-1" and opened.lines[0].unit_amount == Decimal("29.00")
	if opened.status == "incomplete":
		shelf.account.pay(opened.url)
	shelf.account.next_cycle(opened.id)
	bills = {one.outside_id for one in walk(stripe.pull_bills)}
	read = [stripe.read_bill(one) for one in stripe.fetch_bills(list(bills)).values()]
	paid_ones = [one for one in read if one.status == "paid"]
	assert paid_ones and all(one.total == Decimal("29.00") == one.paid for one in paid_ones)
	assert all(one.subscription_id == opened.id and one.reference.name == "ACC-SUB-1" for one in paid_ones)
	[payment_id, *_more] = paid_ones[0].payment_ids
	payment = stripe.read_payment(stripe.fetch_payments([payment_id])[payment_id])
	assert payment.invoice_id == paid_ones[0].id and payment.captured == Decimal("29.00")


def test_a_subscription_is_cancelled_once(stripe):
	opened = stripe.create_subscription(order(), key="s1", look_first=False)
	for _time in range(2):
		assert stripe.cancel_subscription(opened.id, at_period_end=False, key="c").status == "cancelled"


# --- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
	("trouble", "failure"),
	[
		("rate_limited", RateLimited),
		("unauthorised", NotAuthorised),
		("lock_timeout", Conflict),
		("lock_conflict", Conflict),
		("forbidden", NotAuthorised),
		("error", Unreachable),
	],
)
def test_refusals_are_sorted(shelf, stripe, trouble, failure):
	shelf.vendor.troubles.add(trouble, times=1, status=500)
	with pytest.raises(failure):
		stripe.get("/v1/account")


@pytest.mark.parametrize(("path", "failure"), [("/v1/payment_intents/pi_x", Gone), ("/v1/nothing", Failure)])
def test_unknown_things(stripe, path, failure):
	with pytest.raises(failure):
		stripe.get(path)


def test_a_card_that_is_declined_is_a_failed_payment(shelf, stripe):
	link = stripe.create_payment_link(payable(), key="k", look_first=False)
	shelf.account.pay(link.url, decline="insufficient_funds")
	[notice, *_more] = walk(stripe.pull_payments)
	payment = stripe.read_payment(stripe.fetch_payments([notice.outside_id])[notice.outside_id])
	assert payment.status == "failed" and payment.failure


# --- webhooks at Stripe ------------------------------------------------------------------------------------


def test_the_endpoint_is_made_once_mended_and_its_secret_kept(shelf, stripe):
	address = "https://erp.example/api/method/hook?key=1"
	assert "kinds of events" in stripe.register_webhooks(address)[0]
	assert list(stripe.register_webhooks(address)) == []
	[endpoint] = stripe.list("/v1/webhook_endpoints", {})
	stripe.post(f"/v1/webhook_endpoints/{endpoint['id']}", {"enabled_events": ["invoice.paid"]})
	assert "mended" in stripe.register_webhooks(address)[0]
	shelf.vault.put("webhook_secret", "")
	assert len(list(stripe.register_webhooks(address))) == 2
	assert len(list(stripe.list("/v1/webhook_endpoints", {}))) == 1
