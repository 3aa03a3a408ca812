"""Stripe's webhooks: signatures, what an event announces, and our endpoint at Stripe."""

import hashlib
import hmac
import json
import time
from datetime import datetime, timedelta, timezone

import pytest

from integration_hub.connectors.contract import WebhookRequest
from integration_hub.connectors.stripe.events import RESOURCE_OF, SETTLED, TYPES
from integration_hub.failures import BadSignature, Rejected, Unreachable
from tests.connectors.stripe_ground import paid, payable, walk

ADDRESS = "https://erp.example/api/method/integration_hub.api.webhooks.receive?key=abc"

# --- signatures --------------------------------------------------------------------------------------------

BODY = b"""{
  "id": "evt_test_webhook",
  "object": "event",
  "data": { "object": { "id": "rdr_123", "object": "terminal.reader" } }
}"""


def signed(body, secret, age=0):
	moment = int(time.time()) - age
	digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
	return WebhookRequest({"stripe-signature": f"t={moment},v1={digest}"}, body)


def test_the_official_vector(shelf, monkeypatch):
	"""Made with stripe-python 16.1.0 from the payload and secret of its own tests."""
	monkeypatch.setattr(time, "time", lambda: 1700000000.0)
	stripe = shelf.open(webhook_secret="whsec_test_secret")
	good = "t=1700000000,v1=3bfab77baf5f7b6991a46c9b53b6547d7afc56148b10468fcad9f35c1992ffbd"
	for right in (good, good.replace("v1=", "v0=x,v1=") + ",v1=00", good.replace(",v1=", ",v1=00, v1=")):
		stripe.verify(WebhookRequest({"stripe-signature": right}, BODY))
	for wrong in (
		good.replace("3b", "3c"),
		good.replace("3b", "3B"),
		good.replace("1700000000", "1700000001"),
		good.replace("v1", "v0"),
		"",
		"t=x,v1=y",
		"t=²,v1=y",
		f"t={'1' * 5000},v1=y",
		"v1=é",
		good.split(",")[0],
		good.split(",")[1],
	):
		with pytest.raises(BadSignature):
			stripe.verify(WebhookRequest({"stripe-signature": wrong}, BODY))
	with pytest.raises(BadSignature):
		stripe.verify(WebhookRequest({"stripe-signature": good}, BODY + b" "))
	with pytest.raises(BadSignature):
		stripe.verify(WebhookRequest({}, BODY))


def test_stripe_s_own_library_agrees(shelf):
	import stripe as library

	connector = shelf.open(webhook_secret="whsec_a")
	request = signed(BODY, "whsec_a")
	library.WebhookSignature.verify_header(BODY.decode(), request.headers["stripe-signature"], "whsec_a", 300)
	connector.verify(request)


@pytest.mark.parametrize(("age", "good"), [(0, True), (298, True), (302, False), (-302, False)])
def test_old_signatures_are_refused(shelf, age, good):
	stripe = shelf.open(webhook_secret="whsec_a whsec_b")
	if good:
		stripe.verify(signed(BODY, "whsec_b", age))
	else:
		with pytest.raises(BadSignature):
			stripe.verify(signed(BODY, "whsec_b", age))


def test_without_a_secret_nothing_is_believed(stripe):
	with pytest.raises(BadSignature):
		stripe.verify(signed(BODY, ""))


# --- what an event announces -------------------------------------------------------------------------------


def event(kind, thing, **more):
	values = {"id": "evt_1", "object": "event", "type": kind, "created": 1700000000, "livemode": False}
	previous = more.pop("previous", None)
	data = {"object": thing} | ({"previous_attributes": previous} if previous else {})
	return WebhookRequest({}, json.dumps({**values, "data": data, **more}).encode())


SESSION = {"object": "checkout.session", "id": "cs_1", "payment_intent": "pi_1", "payment_status": "unpaid"}
INTENT = {"object": "payment_intent", "id": "pi_1", "description": "Sales Invoice 1"}
CHARGE = {"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}
ANNOUNCED = [
	("checkout.session.completed", SESSION, "payments", "pi_1"),
	("checkout.session.completed", {**SESSION, "payment_intent": {"id": "pi_1"}}, "payments", "pi_1"),
	("checkout.session.async_payment_succeeded", SESSION, "payments", "pi_1"),
	("checkout.session.async_payment_failed", SESSION, "payments", "pi_1"),
	("payment_intent.succeeded", INTENT, "payments", "pi_1"),
	("payment_intent.payment_failed", INTENT, "payments", "pi_1"),
	("payment_intent.amount_capturable_updated", INTENT, "payments", "pi_1"),
	("payment_intent.canceled", INTENT, "payments", "pi_1"),
	("refund.created", {"object": "refund", "id": "re_1"}, "refunds", "re_1"),
	("refund.updated", {"object": "refund", "id": "re_1"}, "refunds", "re_1"),
	("refund.failed", {"object": "refund", "id": "pyr_1"}, "refunds", "pyr_1"),
	("charge.dispute.created", {"object": "dispute", "id": "du_1"}, "disputes", "du_1"),
	("charge.dispute.funds_withdrawn", {"object": "dispute", "id": "dp_1"}, "disputes", "dp_1"),
	("charge.dispute.closed", {"object": "dispute", "id": "dp_1"}, "disputes", "dp_1"),
	("payout.paid", {"object": "payout", "id": "po_1"}, "payouts", "po_1"),
	("payout.failed", {"object": "payout", "id": "po_1"}, "payouts", "po_1"),
	("payout.reconciliation_completed", {"object": "payout", "id": "po_1"}, "payouts", "po_1"),
	("invoice.paid", {"object": "invoice", "id": "in_1"}, "invoices", "in_1"),
	("invoice.payment_failed", {"object": "invoice", "id": "in_1"}, "invoices", "in_1"),
	("customer.subscription.created", {"object": "subscription", "id": "sub_1"}, "subscriptions", "sub_1"),
	("customer.subscription.deleted", {"object": "subscription", "id": "sub_1"}, "subscriptions", "sub_1"),
]


@pytest.mark.parametrize(("kind", "thing", "resource", "about"), ANNOUNCED)
def test_what_an_event_announces(stripe, kind, thing, resource, about):
	[notice] = stripe.notices(event(kind, thing))
	assert (notice.resource, notice.outside_id, notice.dedupe_key) == (resource, about, "evt_1")
	assert notice.payload is None and notice.action == "upsert", "a body is never trusted: it is fetched"
	assert notice.version == "001700000000"


@pytest.mark.parametrize(
	("kind", "thing"),
	[
		("checkout.session.completed", {**SESSION, "payment_intent": None}),  # of a subscription
		("charge.refunded", CHARGE),  # its refunds come as refunds
		("charge.succeeded", CHARGE),
		("product.created", {"object": "product", "id": "prod_1"}),
		(SETTLED, CHARGE),
		(SETTLED, {**CHARGE, "payment_intent": None}),
	],
)
def test_what_is_of_no_interest(stripe, kind, thing):
	assert stripe.notices(event(kind, thing, previous={"metadata": {}})) == []


def test_a_payment_is_told_again_when_stripe_knows_what_it_became(stripe):
	[notice] = stripe.notices(event(SETTLED, CHARGE, previous={"balance_transaction": None}))
	assert (notice.resource, notice.outside_id) == ("payments", "pi_1")


@pytest.mark.parametrize(
	"body",
	[
		b"",
		b"[]",
		b"{",
		b'"words"',
		b"[" * 100_000,
		b'{"object": "v2.core.event", "id": "evt_1", "type": "v1.billing.meter.no_meter_found"}',
		b'{"object": "event"}',
		b'{"object": "event", "id": "evt_1", "type": "invoice.paid", "livemode": false, "data": {"object": {"id": "in_1"}}}',
		b'{"object": "event", "id": "evt_1", "type": "invoice.paid", "livemode": false, "data": "words", "created": 1}',
	],
)
def test_what_is_no_event_is_kept_as_unread(stripe, body):
	with pytest.raises(Rejected):
		stripe.notices(WebhookRequest({}, body))


def test_an_event_of_the_other_mode_is_refused(shelf):
	with pytest.raises(Rejected, match="live mode"):
		shelf.open().notices(event("payment_intent.succeeded", INTENT, livemode=True))
	live = shelf.open(secret_key="sk_live_1", environment="Production")
	with pytest.raises(Rejected, match="test mode"):
		live.notices(event("payment_intent.succeeded", INTENT))
	assert live.notices(event("payment_intent.succeeded", INTENT, livemode=True))


def test_events_of_other_connected_accounts_are_no_concern_of_ours(shelf):
	ours = shelf.open(secret_key="sk_live_1", environment="Production", account="acct_1")
	told = [
		ours.notices(event("payment_intent.succeeded", INTENT, livemode=live, account=account))
		for live, account in ((True, "acct_1"), (True, "acct_2"), (False, "acct_1"))
	]
	assert [len(one) for one in told] == [1, 0, 0]
	assert not shelf.open().notices(event("payment_intent.succeeded", INTENT, account="acct_2"))


def test_every_type_is_one_that_stripe_has():
	import re

	import stripe.params._webhook_endpoint_create_params as params

	with open(params.__file__) as source:
		known = set(re.findall(r'"([a-z_0-9.]+)"', source.read()))
	assert set(RESOURCE_OF) <= known
	assert all(len(kinds) <= 20 for kinds in TYPES.values()), "the list of events takes twenty types"


# --- the endpoint at Stripe --------------------------------------------------------------------------------


def endpoints(stripe):
	return list(stripe.list("/v1/webhook_endpoints", {}))


def delivered(shelf, stripe):
	"""Something happens, and its newest delivery is believed."""
	shelf.account.pay(
		stripe.create_payment_link(payable(), key=f"k{time.monotonic_ns()}", look_first=False).url
	)
	[newest, *_more] = stripe.get("/v1/events", {"types": ["payment_intent.succeeded"]})["data"]
	headers, body = shelf.vendor.webhook(newest["id"])
	request = WebhookRequest({name.lower(): value for name, value in headers.items()}, body)
	stripe.verify(request)
	[notice] = stripe.notices(request)
	assert notice.dedupe_key == newest["id"]
	return request


def test_the_endpoint_is_made_once_and_believed(shelf, stripe):
	assert "kinds of events" in stripe.register_webhooks(ADDRESS)[0]
	assert list(stripe.register_webhooks(ADDRESS)) == []
	[endpoint] = endpoints(stripe)
	assert set(endpoint["enabled_events"]) == set(RESOURCE_OF)
	assert endpoint["api_version"] == "2026-07-29.dahlia"
	delivered(shelf, stripe)


@pytest.mark.parametrize("change", [{"enabled_events": ["invoice.paid"]}, {"disabled": True}, {"enabled_events": ["*"]}])  # fmt: skip
def test_the_endpoint_is_mended(stripe, change):
	stripe.register_webhooks(ADDRESS)
	[endpoint] = endpoints(stripe)
	stripe.post(f"/v1/webhook_endpoints/{endpoint['id']}", change)
	assert "mended" in stripe.register_webhooks(ADDRESS)[0]
	[again] = endpoints(stripe)
	assert (again["id"], again["status"]) == (endpoint["id"], "enabled")
	assert set(again["enabled_events"]) == set(RESOURCE_OF)


def test_another_version_is_another_endpoint_and_both_secrets_count(shelf, stripe):
	stripe.register_webhooks(ADDRESS)
	before = delivered(shelf, stripe)
	newer = shelf.open(api_version="2026-10-28.endive")
	assert len(newer.register_webhooks(ADDRESS)) == 2
	[endpoint] = endpoints(newer)
	assert endpoint["api_version"] == "2026-10-28.endive"
	newer.verify(before)  # what the old one has sent may still be under way
	delivered(shelf, newer)


@pytest.mark.parametrize("trouble", ["error_after", "timeout", "drop"])
def test_an_endpoint_whose_secret_got_lost_is_made_again(shelf, stripe, trouble):
	stripe.register_webhooks(ADDRESS)
	old = stripe.signing_secrets()
	newer = shelf.open(api_version="2026-10-28.endive")
	shelf.lose(trouble, "/v1/webhook_endpoints")
	with pytest.raises(Unreachable):
		newer.register_webhooks(ADDRESS)
	assert len(endpoints(newer)) == 2, "the old one stays until a new one stands"
	assert newer.signing_secrets() == old
	newer.register_webhooks(ADDRESS)
	assert len(endpoints(newer)) == 1
	delivered(shelf, newer)


def test_an_endpoint_made_by_hand_goes_by_the_secret_that_was_entered(shelf):
	made = shelf.account.listen(ADDRESS, events=["invoice.paid"], api_version="2026-07-29.dahlia")
	stripe = shelf.open(webhook_secret=made["secret"])
	assert "mended" in stripe.register_webhooks(ADDRESS)[0]
	assert [one["id"] for one in endpoints(stripe)] == [made["id"]]
	delivered(shelf, stripe)


def test_endpoints_of_others_are_left_alone(shelf, stripe):
	shelf.account.listen("https://elsewhere.example/hook", events=["*"])
	stripe.register_webhooks(ADDRESS)
	stripe.register_webhooks(ADDRESS)
	assert sorted(one["url"] for one in endpoints(stripe)) == sorted(
		[ADDRESS, "https://elsewhere.example/hook"]
	)


def test_a_secret_that_is_rolled(shelf, stripe):
	made = shelf.account.listen(ADDRESS, api_version="2026-07-29.dahlia")
	rolled = shelf.account.roll_secret(made["id"], keep_old=True)["secret"]
	for secrets in (made["secret"], rolled, f"{made['secret']} {rolled}"):
		delivered(shelf, shelf.open(webhook_secret=secrets))
	shelf.account.drop_old_secret(made["id"])
	with pytest.raises(BadSignature):
		delivered(shelf, shelf.open(webhook_secret=made["secret"]))
	delivered(shelf, shelf.open(webhook_secret=f"{made['secret']} {rolled}"))


# --- pulls and webhooks of the same things -----------------------------------------------------------------


def test_a_webhook_and_a_pull_of_the_same_event_are_one(shelf, stripe):
	stripe.register_webhooks(ADDRESS)
	told = stripe.notices(delivered(shelf, stripe))
	since = datetime.now(timezone.utc) - timedelta(days=1)
	assert set(told) <= set(walk(stripe.pull_payments, since))


def test_a_payment_that_settles_later_is_told_again(shelf, stripe):
	shelf.vendor.do_settle_late(True)
	payment = paid(shelf, stripe)
	assert payment.status == "paid" and payment.settled is None
	since = datetime.now(timezone.utc) - timedelta(days=1)
	before = {one.dedupe_key for one in walk(stripe.pull_payments, since)}
	shelf.account.finish_settlement()
	after = [one for one in walk(stripe.pull_payments, since) if one.dedupe_key not in before]
	assert [one.outside_id for one in after] == [payment.id]
	assert stripe.read_payment(stripe.fetch_payments([payment.id])[payment.id]).settled
