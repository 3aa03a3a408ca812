"""The Stripe connector against the sandbox vendor: pages, payments, refunds, disputes, subscriptions, pulls."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from integration_hub.failures import (
	Conflict,
	Failure,
	Gone,
	NotAuthorised,
	RateLimited,
	Rejected,
	Unreachable,
)
from integration_hub.records import RefundRequest
from tests.connectors.stripe_ground import INVOICE, order, paid, payable, refund_of, walk

DAY = 86400
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


def test_an_amount_in_another_currency_than_the_payment_is_refused(shelf, stripe):
	"""Stripe would take 100.00 EUR for 100.00 USD."""
	payment = paid(shelf, stripe, "100.00", "USD")
	with pytest.raises(Rejected, match="is in USD, not in EUR"):
		stripe.refund_payment(refund_of(payment.id, "100.00"), key="r", look_first=False)
	reserved = paid(shelf, stripe, "100.00", "USD", capture_later=True)
	with pytest.raises(Rejected, match="is in USD"):
		stripe.capture_payment(reserved.id, Decimal("100.00"), "EUR", key="c", look_first=False)


def test_what_cannot_be_captured(shelf, stripe):
	reserved = paid(shelf, stripe, capture_later=True)
	with pytest.raises(Rejected, match="Stripe refuses"):
		stripe.capture_payment(reserved.id, Decimal("119.01"), "EUR", key="c", look_first=False)
	stripe.void_payment(reserved.id, key="v")
	with pytest.raises(Rejected):
		stripe.capture_payment(reserved.id, Decimal("119.00"), "EUR", key="c2", look_first=False)
	taken = paid(shelf, stripe)
	assert (
		stripe.capture_payment(taken.id, Decimal("119.00"), "EUR", key="c3", look_first=False).status
		== "paid"
	)
	with pytest.raises(Rejected):
		stripe.void_payment(taken.id, key="v3")


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


def test_after_a_long_time_what_changed_of_older_things_is_found_too(shelf, stripe):
	"""Longer away than Stripe keeps events: the objects made since then, and what the events tell of older ones."""
	shelf.account.advance_clock(-50 * DAY)
	old, kept = paid(shelf, stripe), paid(shelf, stripe)
	shelf.account.advance_clock(10 * DAY)
	new = paid(shelf, stripe, "7.00")
	shelf.account.advance_clock(40 * DAY)
	stripe.refund_payment(refund_of(new.id, "1.00"), key="r1", look_first=False)
	dispute = shelf.account.open_dispute(old.id)["id"]
	since = datetime.now(timezone.utc) - timedelta(days=45)
	assert [one.outside_id for one in walk(stripe.pull_payments, since)] == [new.id]
	assert [one.outside_id for one in walk(stripe.pull_disputes, since)] == [dispute]
	assert kept.id not in {one.outside_id for one in walk(stripe.pull_payments, since)}


def test_an_old_subscription_that_was_cancelled_lately_is_found(shelf, stripe):
	shelf.account.advance_clock(-50 * DAY)
	opened = stripe.create_subscription(order(collect="invoice"), key="s", look_first=False)
	shelf.account.advance_clock(50 * DAY)
	since = datetime.now(timezone.utc) - timedelta(days=40)
	assert walk(stripe.pull_subscriptions, since) == []
	shelf.account.cancel_subscription(opened.id)
	assert [one.outside_id for one in walk(stripe.pull_subscriptions, since)] == [opened.id]


def test_a_long_walk_misses_nothing(shelf, stripe):
	"""More than a page, and what happens while the pages are read is left to the next pull."""
	price = shelf.account.add_price("Thing", 1000)
	url = stripe.post("/v1/payment_links", {"line_items": [{"price": price["id"], "quantity": 1}]})["url"]
	for days in (1, 60):
		before = {shelf.account.pay(url)["payment_intent"] for _time in range(60)}
		since = datetime.now(timezone.utc) - timedelta(days=days)
		first = stripe.pull_payments(since, None)
		assert first.cursor
		later = shelf.account.pay(url)["payment_intent"]
		found, cursor = {one.outside_id for one in first.notices}, first.cursor
		while cursor:
			page = stripe.pull_payments(since, cursor)
			found, cursor = found | {one.outside_id for one in page.notices}, page.cursor
		assert before <= found
		assert first.newest and first.newest <= datetime.now(timezone.utc)
		again = {one.outside_id for one in walk(stripe.pull_payments, first.newest - timedelta(seconds=120))}
		assert later in again


@pytest.mark.parametrize("cursor", ["evt_forgotten", "older:evt_forgotten", "pi_forgotten"])
def test_a_place_in_a_list_that_is_not_there_any_more(shelf, stripe, cursor):
	payment = paid(shelf, stripe)
	found = {one.outside_id for one in stripe.pull_payments(ALWAYS, cursor).notices}
	assert found == {payment.id}


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
