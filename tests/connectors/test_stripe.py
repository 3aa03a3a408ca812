"""The Stripe connector against the sandbox vendor: pages, payments, refunds, disputes, subscriptions, pulls."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from integration_hub.connectors.contract import WebhookRequest
from integration_hub.failures import (
	Conflict,
	Failure,
	Gone,
	NotAuthorised,
	RateLimited,
	Rejected,
	Unreachable,
)
from integration_hub.records import Reference, RefundRequest
from tests.connectors.stripe_ground import INVOICE, order, paid, payable, walk

ALWAYS = datetime.now(timezone.utc) - timedelta(days=1)


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


@pytest.mark.parametrize("trouble", LOST)
@pytest.mark.parametrize("kind", ["Payment Link", "Checkout Session"])
@pytest.mark.parametrize("same_key", [True, False], ids=["within a day", "later"])
def test_a_lost_answer_makes_no_second_page(shelf, trouble, kind, same_key):
	stripe = shelf.open(link_kind=kind, return_url="https://shop.example/thanks")
	path = "/v1/payment_links" if kind == "Payment Link" else "/v1/checkout/sessions"
	shelf.lose(trouble, path)
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
	shelf.lose(trouble, "/v1/refunds")
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
	shelf.lose(trouble, f"/v1/payment_intents/{payment.id}/capture")
	with pytest.raises(Unreachable):
		stripe.capture_payment(payment.id, Decimal("100.00"), "EUR", key="c1", look_first=False)
	taken = stripe.capture_payment(payment.id, Decimal("100.00"), "EUR", key="c1", look_first=True)
	assert (taken.status, taken.captured) == ("paid", Decimal("100.00"))


@pytest.mark.parametrize("trouble", LOST)
def test_a_lost_answer_opens_no_second_subscription(shelf, stripe, trouble):
	shelf.lose(trouble, "/v1/subscriptions")
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


def test_what_webhooks_lost_is_pulled(shelf, stripe):
	payments = {paid(shelf, stripe, str(amount)).id for amount in range(10, 13)}
	notices = walk(stripe.pull_payments, ALWAYS)
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
	assert told.dedupe_key in {one.dedupe_key for one in walk(stripe.pull_payments, ALWAYS)}


# --- subscriptions -----------------------------------------------------------------------------------------


def test_a_subscription_and_its_cycles(shelf, stripe):
	opened = stripe.create_subscription(order(), key="s1", look_first=False)
	assert opened.reference.name == "ACC-SUB-1" and opened.lines[0].unit_amount == Decimal("29.00")
	if opened.status == "incomplete":
		shelf.account.pay(opened.url)
	shelf.account.next_cycle(opened.id)
	bills = {one.outside_id for one in walk(stripe.pull_bills, ALWAYS)}
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
	[notice, *_more] = walk(stripe.pull_payments, ALWAYS)
	payment = stripe.read_payment(stripe.fetch_payments([notice.outside_id])[notice.outside_id])
	assert payment.status == "failed" and payment.failure
