"""Payouts: every line of them, and that they add up to what the bank got."""

from decimal import Decimal

import pytest

from integration_hub.connectors.stripe.payouts import KINDS
from integration_hub.failures import Rejected
from tests.connectors.stripe_ground import Shelf, paid, payable, payment_of, refund_of


def payout_of(stripe, payout):
	return stripe.read_payout(stripe.fetch_payouts([payout["id"]])[payout["id"]])


def lines_of(payout, *kinds):
	return [line for line in payout.lines if line.kind in kinds]


def adds_up(payout, shelf):
	assert payout.complete
	assert sum(line.net for line in payout.lines) == payout.amount
	assert all(line.gross - line.fee == line.net for line in payout.lines)
	return payout


# --- against the sandbox account ---------------------------------------------------------------------------


def test_charges_refunds_and_fees(shelf, stripe):
	first, second = paid(shelf, stripe, "100.00"), paid(shelf, stripe, "50.00", "USD")
	refund = stripe.refund_payment(refund_of(first.id, "30.00"), key="r", look_first=False)
	payout = adds_up(payout_of(stripe, shelf.account.make_payout()), shelf)
	found = {(line.kind, line.source_id): line for line in payout.lines}
	assert set(found) == {("payment", first.id), ("payment", second.id), ("refund", refund.id)}
	for payment in (first, second):
		line = found["payment", payment.id]
		assert (line.gross, line.fee, line.net) == (
			payment.settled.gross,
			payment.settled.fee,
			payment.settled.net,
		)
	assert found["refund", refund.id].gross == Decimal("-30.00") == -refund.settled.gross
	assert (payout.currency, payout.status, payout.test) == ("EUR", "paid", True)
	assert payout.bank_reference and payout.arrives_on


def test_a_refund_that_failed_comes_back(shelf, stripe):
	payment = paid(shelf, stripe)
	refund = stripe.refund_payment(refund_of(payment.id, "19.00"), key="r", look_first=False)
	shelf.account.fail_refund(refund.id)
	payout = adds_up(payout_of(stripe, shelf.account.make_payout()), shelf)
	assert [(line.source_id, line.gross) for line in lines_of(payout, "refund")] == [
		(refund.id, Decimal("-19.00"))
	]
	assert [(line.source_id, line.gross) for line in lines_of(payout, "refund_failure")] == [
		(refund.id, Decimal("19.00"))
	]


@pytest.mark.parametrize("end", ["won", "lost", None])
@pytest.mark.parametrize("returned", [True, False])
def test_disputes_and_their_fees(end, returned):
	shelf = Shelf(dispute_fee_returned=returned)
	try:
		stripe = shelf.open()
		payment = paid(shelf, stripe)
		dispute = shelf.account.open_dispute(payment.id)
		if end:
			shelf.account.close_dispute(dispute["id"], end)
		paid(shelf, stripe, "500.00")
		payout = adds_up(payout_of(stripe, shelf.account.make_payout()), shelf)
	finally:
		shelf.running.stop()
	[taken] = lines_of(payout, "dispute")
	assert (taken.source_id, taken.gross, taken.fee) == (dispute["id"], Decimal("-119.00"), Decimal("15.00"))
	back = lines_of(payout, "dispute_reversal")
	assert len(back) == (end == "won")
	for line in back:
		assert (line.source_id, line.gross) == (dispute["id"], Decimal("119.00"))
		assert line.fee == (Decimal("-15.00") if returned else 0)


def test_a_payout_that_failed_comes_back_in_the_next(shelf, stripe):
	paid(shelf, stripe, "100.00")
	failed = shelf.account.make_payout()
	shelf.account.fail_payout(failed["id"])
	before = payout_of(stripe, failed)
	assert before.status == "failed" and "closed" in before.failure and before.lines
	assert before.failed_at
	paid(shelf, stripe, "50.00")
	payout = adds_up(payout_of(stripe, shelf.account.make_payout()), shelf)
	[back] = lines_of(payout, "payout_failure")
	assert (back.source_id, back.gross) == (failed["id"], before.amount)


def test_a_negative_payout_is_drawn_from_the_bank(shelf, stripe):
	payment = paid(shelf, stripe, "100.00")
	shelf.account.make_payout()
	stripe.refund_payment(refund_of(payment.id, "100.00"), key="r", look_first=False)
	payout = adds_up(payout_of(stripe, shelf.account.make_payout()), shelf)
	assert payout.amount == Decimal("-100.00")


def test_a_payout_is_complete_when_stripe_says_so(shelf, stripe):
	paid(shelf, stripe)
	made = shelf.account.make_payout(arrive=True, reconcile=False)
	assert not payout_of(stripe, made).complete
	shelf.account.complete_reconciliation(made["id"])
	adds_up(payout_of(stripe, made), shelf)


def test_a_manual_payout_tells_no_lines(shelf, stripe):
	paid(shelf, stripe, "100.00")
	shelf.account.release()
	made = stripe.post("/v1/payouts", {"amount": 5000, "currency": "eur"})
	payout = payout_of(stripe, made)
	assert (payout.amount, payout.lines, payout.complete) == (Decimal("50.00"), (), True)


def delayed(shelf, stripe, amount):
	key = f"d{amount}"
	link = stripe.create_payment_link(payable(amount), key=key, look_first=False)
	return shelf.account.pay(link.url, method="sepa_debit", delayed=True)["payment_intent"]


def test_a_slow_payment_that_failed_leaves_nothing(shelf, stripe):
	paid(shelf, stripe, "10.00")
	intent = delayed(shelf, stripe, "80.00")
	shelf.account.finish_delayed(intent, failed="insufficient_funds")
	payout = adds_up(payout_of(stripe, shelf.account.make_payout()), shelf)
	assert [line.gross for line in payout.lines] == [Decimal("10.00")]
	assert payment_of(stripe, intent).status == "failed"


@pytest.mark.parametrize(
	("currency", "amount"), [("jpy", "5000"), ("kwd", "12.340"), ("isk", "900"), ("huf", "4000")]
)
def test_payouts_in_other_currencies(currency, amount):
	shelf = Shelf(currency, fee_fixed=10)
	try:
		stripe = shelf.open()
		payment = paid(shelf, stripe, amount, currency.upper())
		assert payment.captured == payment.settled.gross == Decimal(amount)
		payout = adds_up(payout_of(stripe, shelf.account.make_payout()), shelf)
		assert payout.amount == payment.settled.net
	finally:
		shelf.running.stop()


def test_a_hundred_lines_and_more(shelf, stripe):
	link = stripe.create_payment_link(payable("1.00"), key="k", look_first=False)
	price = shelf.account.add_price("Thing", 1000)
	params = {"line_items": [{"price": price["id"], "quantity": 1}]}
	url = stripe.post("/v1/payment_links", params)["url"]
	assert link.id
	for _time in range(103):
		shelf.account.pay(url)
	payout = adds_up(payout_of(stripe, shelf.account.make_payout()), shelf)
	assert len(payout.lines) == 103


# --- small payloads of our own -----------------------------------------------------------------------------


def line(number, kind, amount, fee=0, source=None, category=None, currency="usd", **more):
	return {
		"id": f"txn_{number}",
		"object": "balance_transaction",
		"type": kind,
		"reporting_category": category or kind,
		"amount": amount,
		"fee": fee,
		"net": amount - fee,
		"currency": currency,
		"source": source,
		"description": None,
		"created": 1700000000 + number,
		**more,
	}


def payload(amount, *lines, **more):
	itself = line(99, "payout", -amount, source="po_1")
	return {
		"id": "po_1",
		"object": "payout",
		"amount": amount,
		"currency": "usd",
		"arrival_date": 1700006400,
		"automatic": True,
		"created": 1700000000,
		"livemode": True,
		"reconciliation_status": "completed",
		"status": "paid",
		"_lines": [itself, *lines],
		**more,
	}


CHARGE = {"id": "ch_1", "object": "charge", "payment_intent": "pi_1"}
PY = {"id": "py_1", "object": "charge", "payment_intent": "pi_1"}
REFUND = {"id": "re_1", "object": "refund", "payment_intent": "pi_1"}
DISPUTE = {"id": "du_1", "object": "dispute", "payment_intent": "pi_1"}
#: a balance transaction → (kind, gross, fee, source)
READ = [
	(line(1, "charge", 1000, 59, CHARGE), ("payment", "10.00", "0.59", "pi_1")),
	(line(1, "charge", 1000, 59, {**CHARGE, "payment_intent": None}), ("payment", "10.00", "0.59", "ch_1")),
	(line(1, "charge", 1000, 59, "ch_1"), ("payment", "10.00", "0.59", "ch_1")),
	(line(1, "payment", 1000, 80, PY, "charge"), ("payment", "10.00", "0.80", "pi_1")),
	(line(1, "payment_failure_refund", -1000, 0, PY, "charge_failure"), ("payment", "-10.00", "0", "pi_1")),
	(line(1, "payment_reversal", -1000, 0, PY, "charge_failure"), ("payment", "-10.00", "0", "pi_1")),
	(line(1, "refund", -1000, 0, REFUND), ("refund", "-10.00", "0", "re_1")),
	(line(1, "payment_refund", -1000, 0, {**REFUND, "id": "pyr_1"}, "refund"), ("refund", "-10.00", "0", "pyr_1")),
	(line(1, "refund_failure", 1000, 0, REFUND), ("refund_failure", "10.00", "0", "re_1")),
	(line(1, "adjustment", -1000, 1500, DISPUTE, "dispute"), ("dispute", "-10.00", "15.00", "du_1")),
	(line(1, "adjustment", 1000, 0, DISPUTE, "dispute_reversal"), ("dispute_reversal", "10.00", "0", "du_1")),
	(line(1, "adjustment", 1000, -1500, "du_1", "dispute_reversal"), ("dispute_reversal", "10.00", "-15.00", "du_1")),
	(line(1, "adjustment", 0, 1500, DISPUTE, "dispute"), ("fee", "0", "15.00", "du_1")),
	(line(1, "adjustment", 700, 0, None, "other_adjustment"), ("adjustment", "7.00", "0", "")),
	(line(1, "stripe_fee", -250, 0, None, "fee"), ("fee", "0", "2.50", "")),
	(line(1, "stripe_fee", 250, 0, None, "fee"), ("fee", "0", "-2.50", "")),
	(line(1, "tax_fee", -50, 0, None, "fee"), ("fee", "0", "0.50", "")),
	(line(1, "transfer", -500, 0, "tr_1"), ("transfer", "-5.00", "0", "tr_1")),
	(line(1, "topup", 500, 0, "tu_1"), ("transfer", "5.00", "0", "tu_1")),
	(line(1, "payout_failure", 900, 0, {"id": "po_0", "object": "payout"}, "payout_reversal"), ("payout_failure", "9.00", "0", "po_0")),
	(line(1, "reserve_hold", -900, 0, None), ("adjustment", "-9.00", "0", "")),
	(line(1, "something_new", -900, 0, None), ("adjustment", "-9.00", "0", "")),
]  # fmt: skip


def test_the_tax_in_a_fee_is_told(stripe):
	"""In some countries Stripe's fee has a tax in it that may be claimed back: `fee_details` tells it apart."""
	details = [{"amount": 500, "type": "stripe_fee"}, {"amount": 90, "type": "tax"}]
	charge = line(1, "charge", 20000, 590, CHARGE, fee_details=details)
	back = line(2, "payment_failure_refund", -20000, 0, CHARGE, "charge_failure")
	alone = line(3, "tax_fee", -18, 0, None, "fee")
	found = stripe.read_payout(payload(19410 - 18, charge, alone)).lines
	assert [(one.kind, one.fee, one.tax) for one in found] == [
		("payment", Decimal("5.90"), Decimal("0.90")),
		("fee", Decimal("0.18"), Decimal("0.18")),
	]
	[cost] = stripe.read_payout(payload(-590, charge, back)).lines
	assert (cost.kind, cost.fee, cost.tax) == ("fee", Decimal("5.90"), Decimal("0.90"))


@pytest.mark.parametrize(("transaction", "expected"), READ)
def test_each_kind_of_line(stripe, transaction, expected):
	kind, gross, fee, source = expected
	payout = stripe.read_payout(payload(transaction["net"], transaction))
	[found] = payout.lines
	assert (found.kind, found.gross, found.fee, found.source_id) == (
		kind,
		Decimal(gross),
		Decimal(fee),
		source,
	)
	assert found.gross - found.fee == found.net == Decimal(transaction["net"]) / 100
	assert payout.amount == found.net and not payout.test


def test_every_type_that_stripe_has_is_known_or_an_adjustment():
	import re

	import stripe._balance_transaction as module

	with open(module.__file__) as source:
		known = set(re.findall(r'^ {12}"([a-z_]+)",$', source.read(), re.M))
	assert set(KINDS) <= known


def test_what_is_not_explained_is_told(stripe):
	with pytest.raises(Rejected, match=r"come to 9\.41 USD, the payout to 10\.00: 0\.59 is not explained"):
		stripe.read_payout(payload(1000, line(1, "charge", 1000, 59, CHARGE)))
	with pytest.raises(Rejected, match="not explained"):
		stripe.read_payout(payload(1000))
	# while Stripe is still at it, nothing is expected to add up
	assert not stripe.read_payout(payload(1000, reconciliation_status="in_progress")).complete


def test_a_payment_taken_back_leaves_what_it_cost(stripe):
	came, gone = line(1, "payment", 1000, 80, PY, "charge"), line(2, "payment_failure_refund", -1000, 0, PY)
	other = line(3, "charge", 500, 20, {**CHARGE, "payment_intent": "pi_2"})
	payout = stripe.read_payout(payload(400, came, gone, other))
	assert {(one.kind, one.source_id, one.net) for one in payout.lines} == {
		("fee", "pi_1", Decimal("-0.80")),
		("payment", "pi_2", Decimal("4.80")),
	}
	# of another amount it is not the same money
	part = line(2, "payment_failure_refund", -600, 0, PY)
	assert len(stripe.read_payout(payload(320, came, part)).lines) == 2


def test_of_several_attempts_only_the_failed_one_is_taken_back(stripe):
	"""One PaymentIntent: its first charge failed late, its second was paid."""
	first, again = {**PY, "id": "py_1"}, {**PY, "id": "py_2"}
	payout = stripe.read_payout(
		payload(
			920,
			line(1, "payment", 1000, 80, first, "charge"),
			line(2, "payment_failure_refund", -1000, -80, first),
			line(3, "payment", 1000, 80, again, "charge"),
		)
	)
	assert [(one.id, one.gross) for one in payout.lines] == [("txn_3", Decimal("10.00"))]
