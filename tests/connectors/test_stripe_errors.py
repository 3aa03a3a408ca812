"""What Stripe's refusals mean to us, by its status, codes and headers; and that nothing secret is kept of them."""

import json

import pytest
from werkzeug.wrappers import Response as Answer

from integration_hub.connectors.http import Http, Response
from integration_hub.connectors.stripe import Stripe
from integration_hub.connectors.stripe.client import flat
from integration_hub.connectors.stripe.errors import RepeatedFailure, meaning
from integration_hub.failures import (
	Conflict,
	Gone,
	NotAuthorised,
	RateLimited,
	Rejected,
	Unreachable,
)
from tests.connectors.conftest import Vault
from tests.connectors.stripe_ground import paid, payable, refund_of


def refusal(status, headers=None, **error):
	return Response(
		status, headers or {}, json.dumps({"error": error}).encode(), "https://api.stripe.com/v1/x"
	)


TABLE = [
	(401, {"message": "Invalid API Key"}, NotAuthorised, "secret key"),
	(403, {"message": "The provided key lacks rak_charge_write"}, NotAuthorised, "permission"),
	(402, {"type": "card_error", "code": "card_declined", "decline_code": "do_not_honor", "message": "Your card was declined."}, Rejected, "declined: Your card"),
	(400, {"type": "invalid_request_error", "code": "amount_too_small", "message": "Amount must be at least 50 cents"}, Rejected, "at least 50"),
	(400, {"type": "invalid_request_error", "code": "charge_already_refunded", "message": "Charge has already been refunded."}, Rejected, "already been refunded"),
	(400, {"type": "invalid_request_error", "code": "resource_missing", "message": "No such payment_intent"}, Gone, "No such"),
	(404, {"type": "invalid_request_error", "message": "Unrecognized request URL"}, Gone, "Unrecognized"),
	(400, {"type": "idempotency_error", "message": "Keys for idempotent requests"}, Rejected, "same key"),
	(409, {"type": "idempotency_error", "code": "idempotency_key_in_use"}, Conflict, "at this moment"),
	(409, {"type": "invalid_request_error", "code": "lock_timeout"}, Conflict, "at this moment"),
	(429, {"type": "invalid_request_error", "code": "lock_timeout"}, Conflict, "at this moment"),
	(409, {}, Conflict, "at this moment"),
	(429, {"type": "invalid_request_error", "code": "rate_limit"}, RateLimited, "slow down"),
	(429, {}, RateLimited, "slow down"),
	(400, {"code": "rate_limit"}, RateLimited, "slow down"),
	(424, {"message": "The bank is down"}, Unreachable, "did not answer"),
	(500, {"type": "api_error"}, Unreachable, "problem of its own"),
	(502, {}, Unreachable, "problem of its own"),
	(418, {}, Rejected, "HTTP 418"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "error", "failure", "words"), TABLE)
def test_refusals(status, error, failure, words):
	found = meaning(refusal(status, **error), repeatable=False)
	assert type(found) is failure and words in found.sentence
	assert "{" not in found.sentence
	if failure is Unreachable:
		assert found.maybe_done == (status >= 500)
		assert not meaning(refusal(status, **error), repeatable=True).maybe_done


def test_pages_that_are_not_stripes():
	for body in (b"", b"<html>", b"[]", b'{"error": "words"}', b'{"error": null}'):
		assert type(meaning(Response(503, {}, body, "https://x"), repeatable=True)) is Unreachable


def test_stripe_says_whether_to_try_again():
	again, never = {"Stripe-Should-Retry": "true"}, {"Stripe-Should-Retry": "false"}
	assert type(meaning(refusal(400, again, message="x"), repeatable=False)) is Unreachable
	assert not meaning(refusal(400, again, message="x"), repeatable=False).maybe_done
	assert type(meaning(refusal(409, never, message="x"), repeatable=False)) is Rejected
	# whether a 500 has done something must be found out, whatever it says
	assert meaning(refusal(500, never), repeatable=False).maybe_done
	assert type(meaning(refusal(401, again), repeatable=False)) is NotAuthorised


def test_a_failure_that_is_repeated_for_a_key():
	replayed = {"Idempotent-Replayed": "true"}
	assert isinstance(meaning(refusal(500, replayed), repeatable=False), RepeatedFailure)
	assert type(meaning(refusal(400, replayed), repeatable=False)) is Rejected


# --- through Http ------------------------------------------------------------------------------------------


@pytest.fixture
def told(anybody):
	"""A connector to a vendor that answers what the test says, and its exchanges."""
	exchanges = []
	http = Http(anybody.url, allow_loopback_http=True, on_exchange=exchanges.append)
	return Stripe({"secret_key": "sk_test_x"}, http, Vault()), exchanges


def test_a_refusal_is_kept_as_one_and_pauses_grow(anybody, told):
	stripe, exchanges = told
	anybody.answer = Answer(b'{"error": {"code": "rate_limit"}}', status=429, headers={"Request-Id": "req_1"})
	pauses = []
	for _time in range(4):
		with pytest.raises(RateLimited) as limited:
			stripe.get("/v1/balance")
		pauses.append(limited.value.retry_after)
		stripe.http.budget._own.delete(stripe.http.budget._key("gate"))  # as if the pause were over
	assert pauses == [1, 2, 4, 8]
	assert (exchanges[0].failure, exchanges[0].request_id) == ("RateLimited", "req_1")


def test_a_busy_object_does_not_stop_the_account(anybody, told):
	stripe, _exchanges = told
	anybody.answer = Answer(b'{"error": {"code": "lock_timeout"}}', status=429)
	with pytest.raises(Conflict):
		stripe.get("/v1/payment_intents/pi_1")
	anybody.answer = Answer(b'{"id": "x"}')
	assert stripe.get("/v1/balance")["id"] == "x"


def test_stripe_s_words_are_kept_without_secrets(anybody, told):
	stripe, exchanges = told
	stripe.http.hide("sk_test_x")
	anybody.answer = Answer(
		b'{"error": {"message": "Not with sk_test_x", "payment_intent": {"client_secret": "pi_1_secret_2"}}}',
		status=400,
	)
	with pytest.raises(Rejected) as refused:
		stripe.get("/v1/balance")
	kept = f"{refused.value} {refused.value.args} {exchanges}"
	assert "sk_test_x" not in kept and "pi_1_secret_2" not in kept


def test_a_key_of_the_other_mode_is_never_sent(anybody):
	for key, environment in (("sk_live_x", "Sandbox"), ("rk_live_x", ""), ("sk_test_x", "Production"), ("pk_test_x", "Sandbox")):  # fmt: skip
		http = Http(anybody.url, allow_loopback_http=True)
		with pytest.raises(NotAuthorised):
			Stripe({"secret_key": key, "environment": environment}, http, Vault()).get("/v1/balance")
	assert anybody.seen == []


def test_what_is_sent_besides_parameters(anybody):
	settings = {
		"secret_key": " sk_test_x\n",
		"api_version": "2026-10-28.endive",
		"account": "acct_1",
		"environment": "Sandbox",
	}
	stripe = Stripe(settings, Http(anybody.url, allow_loopback_http=True), Vault())
	anybody.answer = Answer(b"{}")
	stripe.post("/v1/refunds", {"a": None, "b": {"c": True}}, "k" * 300)
	[request] = anybody.seen
	assert request.headers["Authorization"] == "Bearer sk_test_x"
	assert request.headers["Stripe-Version"] == "2026-10-28.endive"
	assert request.headers["Stripe-Account"] == "acct_1"
	assert request.headers["Idempotency-Key"] == "k" * 255
	assert request.form.to_dict() == {"b[c]": "true"}


def test_nested_parameters_are_spelled_with_brackets():
	params = {"a": {"b": [1, {"c": True}]}, "none": None, "x": "y", "empty": {}, "off": False}
	assert dict(flat(params)) == {"a[b][0]": "1", "a[b][1][c]": "true", "x": "y", "off": "false"}


# --- what is kept ------------------------------------------------------------------------------------------


def test_nothing_secret_is_kept_of_exchanges(shelf, stripe):
	stripe.register_webhooks("https://erp.example/api/method/hook?key=abc")
	payment = paid(shelf, stripe, capture_later=True)
	stripe.capture_payment(payment.id, payment.amount, "EUR", key="c", look_first=True)
	stripe.refund_payment(refund_of(payment.id, "1.00"), key="r", look_first=True)
	shelf.open(link_kind="Checkout Session", return_url="https://shop.example/").create_payment_link(
		payable(), key="s", look_first=True
	)
	kept = "\n".join(f"{one.url} {one.request_body} {one.response_body}" for one in shelf.exchanges)
	assert payment.id in kept
	intent = shelf.account.show(payment.id)
	charge = shelf.account.show(intent["latest_charge"])
	for secret in ("sk_test_sandbox", "whsec_", intent["client_secret"], "4242", charge["payment_method_details"]["card"]["fingerprint"]):  # fmt: skip
		assert secret and secret not in kept
