"""Answers of Stripe that got lost, and workers at the same thing: whatever strikes, it is made once."""

import threading
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from integration_hub.failures import Conflict, Failure, RateLimited, Unreachable
from tests.connectors.stripe_ground import order, paid, payable, payment_of, refund_of

#: carried out, and the answer lost or wrong; "error_stored" is repeated by Stripe for the same key
DONE = ("error_after", "timeout", "drop", "error_stored")
#: not carried out
NOT_DONE = ("error", "drop_before", "rate_limited", "lock_conflict", "lock_timeout", "in_progress")


@dataclass
class Act:
	"""`begin(shelf, stripe)` gives what `do(stripe, thing, key, look_first)` needs; `made` counts what there is."""

	path: str
	begin: Any
	do: Any
	made: Any
	settings: Any = ()


def _page(stripe, _thing, key, look_first):
	return stripe.create_payment_link(payable(), key=key, look_first=look_first).id


def _refund(stripe, payment, key, look_first):
	return stripe.refund_payment(refund_of(payment.id, "20.00"), key=key, look_first=look_first).id


def _capture(stripe, payment, key, look_first):
	done = stripe.capture_payment(payment.id, Decimal("100.00"), "EUR", key=key, look_first=look_first)
	assert (done.status, done.captured) == ("paid", Decimal("100.00"))
	return done.id


def _void(stripe, payment, key, _look_first):
	done = stripe.void_payment(payment.id, key=key)
	assert done.status == "cancelled"
	return done.id


def _subscribe(stripe, _thing, key, look_first):
	return stripe.create_subscription(order(), key=key, look_first=look_first).id


def _ids(path, **more):
	return lambda stripe, _thing: [one["id"] for one in stripe.list(path, more)]


def _reserved(shelf, stripe):
	return paid(shelf, stripe, capture_later=True)


def _ended(status):
	def made(stripe, payment):
		return [payment.id] if payment_of(stripe, payment.id).status == status else []

	return made


CHECKOUT = (("link_kind", "Checkout Session"), ("return_url", "https://shop.example/thanks"))
ACTS = {
	"link": Act("/v1/payment_links", lambda shelf, stripe: None, _page, _ids("/v1/payment_links")),
	"session": Act(
		"/v1/checkout/sessions", lambda shelf, stripe: None, _page, _ids("/v1/checkout/sessions"), CHECKOUT
	),
	"refund": Act("/v1/refunds", paid, _refund, _ids("/v1/refunds")),
	"capture": Act("/v1/payment_intents/*/capture", _reserved, _capture, _ended("paid")),
	"void": Act("/v1/payment_intents/*/cancel", _reserved, _void, _ended("cancelled")),
	"subscription": Act(
		"/v1/subscriptions", lambda shelf, stripe: None, _subscribe, _ids("/v1/subscriptions", status="all")
	),
}


@pytest.fixture(params=ACTS)
def act(request):
	return ACTS[request.param]


@pytest.mark.parametrize("later", [False, True], ids=["within a day", "after a day"])
@pytest.mark.parametrize("trouble", DONE)
def test_what_was_done_is_not_done_again(shelf, act, trouble, later):
	stripe = shelf.open(**dict(act.settings))
	thing = act.begin(shelf, stripe)
	shelf.lose(trouble, act.path)
	with pytest.raises(Unreachable) as lost:
		act.do(stripe, thing, "k1", False)
	assert lost.value.maybe_done
	if later:
		shelf.vendor.keys.forget()
	again = [act.do(stripe, thing, "k1", True) for _time in range(2)]
	assert act.made(stripe, thing) == [again[0]] == [again[1]]


@pytest.mark.parametrize("trouble", NOT_DONE)
def test_what_was_not_done_is_done_then(shelf, act, trouble):
	stripe = shelf.open(**dict(act.settings))
	thing = act.begin(shelf, stripe)
	shelf.lose(trouble, act.path)
	with pytest.raises((Unreachable, RateLimited, Conflict)):
		act.do(stripe, thing, "k1", False)
	assert act.made(stripe, thing) == []
	made = act.do(stripe, thing, "k1", True)
	assert act.made(stripe, thing) == [made]


def test_a_failure_that_stripe_repeats_is_got_over(shelf, stripe):
	"""It is remembered for the key, though nothing was done."""
	payment = paid(shelf, stripe)
	stripe.http.budget.reset()
	shelf.vendor.keys.begin("k1", "POST", "/v1/refunds", _given(payment), shelf.account.now())
	shelf.vendor.keys.done("k1", 500, b'{"error": {"type": "api_error"}}', "req_1")
	made = _refund(stripe, payment, "k1", True)
	assert [one["id"] for one in stripe.list("/v1/refunds", {})] == [made]


def _given(payment):
	from integration_hub.connectors.stripe.client import flat
	from sandbox.vendors.stripe import forms
	from tests.connectors.stripe_ground import CREDIT_NOTE

	params = {
		"payment_intent": payment.id,
		"amount": 2000,
		"metadata": {"erp_doctype": CREDIT_NOTE.doctype, "erp_name": CREDIT_NOTE.name},
	}
	return forms.parse("&".join(f"{name}={value.replace(' ', '+')}" for name, value in flat(params)))


def test_workers_at_the_same_thing(shelf, act):
	begun = shelf.open(**dict(act.settings))
	thing = act.begin(shelf, begun)
	answers: list[Any] = []

	def work():
		stripe = shelf.open(**dict(act.settings))
		for _time in range(40):
			try:
				answers.append(act.do(stripe, thing, "k1", True))
				return
			except (Conflict, RateLimited):
				time.sleep(0.05)
			except Failure as failure:
				answers.append(failure)
				return

	workers = [threading.Thread(target=work) for _time in range(4)]
	for one in workers:
		one.start()
	for one in workers:
		one.join()
	assert len(answers) == 4 and len(set(answers)) == 1, answers
	assert act.made(begun, thing) == [answers[0]]


def test_a_subscription_uses_one_customer_and_one_product(shelf, stripe):
	first = stripe.create_subscription(order(), key="s1", look_first=False)
	other = order().model_copy(
		update={"reference": order().reference.model_copy(update={"name": "ACC-SUB-2"})}
	)
	second = stripe.create_subscription(other, key="s2", look_first=False)
	assert first.id != second.id and first.customer.id == second.customer.id
	assert len(list(stripe.list("/v1/customers", {}))) == 1
	assert len(list(stripe.list("/v1/products", {}))) == 1


def test_two_customers_may_share_an_address(stripe):
	first = stripe.create_subscription(order(), key="s1", look_first=False)
	branch = order().customer.model_copy(update={"company": "Ada, Branch"})
	second = stripe.create_subscription(order(customer=branch), key="s2", look_first=False)
	assert first.customer.id != second.customer.id
	known = order().customer.model_copy(update={"id": first.customer.id, "company": "Whatever"})
	assert (
		stripe.create_subscription(order(customer=known), key="s3", look_first=False).customer.id
		== first.customer.id
	)


def test_a_page_that_was_paid_is_not_given_again(shelf, stripe):
	"""The same amount is open again (a second delivery, say): that is another page."""
	link = stripe.create_payment_link(payable(), key="k1", look_first=False)
	shelf.account.pay(link.url)
	assert stripe.create_payment_link(payable(), key="k2", look_first=True).id != link.id
	other = stripe.create_payment_link(payable("5.00"), key="k3", look_first=True)
	assert stripe.create_payment_link(payable("5.00"), key="k4", look_first=True).id == other.id
