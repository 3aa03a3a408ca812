"""Events: signed so that Stripe's own client takes them, listed, missed, repeated, and with secrets that are rolled."""

import json
import time

import pytest

from sandbox.vendors.stripe import signing
from tests.vendors.conftest import VENDOR_DATA
from tests.vendors.stripe_calls import link_of

# the payload and secret of stripe-python's own tests, signed at a fixed time
BODY = b"""{
  "id": "evt_test_webhook",
  "object": "event",
  "data": { "object": { "id": "rdr_123", "object": "terminal.reader" } }
}"""
SIGNED = "3bfab77baf5f7b6991a46c9b53b6547d7afc56148b10468fcad9f35c1992ffbd"


def received(mailbox) -> list[dict]:
	return [json.loads(body) for _, body in mailbox.received]


def types(mailbox) -> list[str]:
	return [event["type"] for event in received(mailbox)]


@pytest.fixture
def endpoint(account, mailbox) -> dict:
	return account.listen(mailbox.url)


# ---- signatures


def test_the_known_signature():
	assert signing.v1("whsec_test_secret", 1700000000, BODY) == SIGNED


def test_stripe_s_vectors():
	file = VENDOR_DATA / "vectors.json"
	if not file.is_file():
		pytest.skip(f"There are no signature vectors at {file}: set INTEGRATION_HUB_VENDOR_DATA")
	vectors = json.loads(file.read_text())["stripe"]
	assert vectors
	for one in vectors:
		made = signing.header([one["secret"]], one["timestamp"], one["body"].encode())
		assert made.startswith(one["header"])


def test_stripe_s_client_accepts_what_is_delivered(stripe_vendor, account, mailbox, endpoint):
	stripe = pytest.importorskip("stripe", reason="PyPI stripe is not installed")
	account.add_customer(name="Ada Žižek")
	assert stripe_vendor.courier.wait(10)
	((headers, body),) = mailbox.received
	event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], endpoint["secret"])
	assert (event.type, event.data.object.name) == ("customer.created", "Ada Žižek")
	for wrong in (endpoint["secret"].removeprefix("whsec_"), "whsec_other"):
		with pytest.raises(stripe.SignatureVerificationError):
			stripe.Webhook.construct_event(body, headers["Stripe-Signature"], wrong)
	with pytest.raises(stripe.SignatureVerificationError):
		stripe.Webhook.construct_event(body + b" ", headers["Stripe-Signature"], endpoint["secret"])
	old = signing.header([endpoint["secret"]], int(time.time()) - 301, body)
	with pytest.raises(stripe.SignatureVerificationError):
		stripe.Webhook.construct_event(body, old, endpoint["secret"])


def test_while_a_secret_is_rolled_both_sign(stripe_vendor, account, mailbox, endpoint):
	stripe = pytest.importorskip("stripe", reason="PyPI stripe is not installed")
	new = account.roll_secret(endpoint["id"])["secret"]
	account.add_customer()
	assert stripe_vendor.courier.wait(10)
	headers, body = mailbox.received[-1]
	assert headers["Stripe-Signature"].count("v1=") == 2
	for secret in (endpoint["secret"], new):
		stripe.Webhook.construct_event(body, headers["Stripe-Signature"], secret)
	account.drop_old_secret(endpoint["id"])
	account.add_customer()
	assert stripe_vendor.courier.wait(10)
	headers, body = mailbox.received[-1]
	assert headers["Stripe-Signature"].count("v1=") == 1
	stripe.Webhook.construct_event(body, headers["Stripe-Signature"], new)
	with pytest.raises(stripe.SignatureVerificationError):
		stripe.Webhook.construct_event(body, headers["Stripe-Signature"], endpoint["secret"])


# ---- endpoints


def test_an_endpoint_from_birth_to_the_end(calls, account, mailbox, stripe_vendor):
	form = {
		"url": mailbox.url,
		"enabled_events[0]": "customer.created",
		"enabled_events[1]": "payout.paid",
		"api_version": "2026-09-30.endive",
		"metadata[site]": "erp",
	}
	made = calls.made("webhook_endpoints", form)
	assert made["secret"].startswith("whsec_") and made["status"] == "enabled"
	path = f"webhook_endpoints/{made['id']}"
	assert "secret" not in calls.read(path)
	assert "secret" not in calls.read("webhook_endpoints")["data"][0]
	assert calls.error(path, {"api_version": "2026-07-29.dahlia"})["code"] == "parameter_unknown"
	calls.made("customers", {"name": "Ada"})
	calls.made("products", {"name": "Tee"})
	assert stripe_vendor.courier.wait(10)
	(event,) = received(mailbox)
	assert (event["type"], event["api_version"]) == ("customer.created", "2026-09-30.endive")
	assert calls.read("events")["data"][0]["api_version"] == "2026-07-29.dahlia"
	calls.made(path, {"disabled": "true"})
	calls.made("customers")
	calls.made(path, {"disabled": "false", "enabled_events[]": "product.created"})
	calls.made("customers")
	calls.made("products", {"name": "Hat"})
	assert stripe_vendor.courier.wait(10)
	assert types(mailbox) == ["customer.created", "product.created"]
	assert calls.ask("DELETE", path).json() == {
		"id": made["id"],
		"object": "webhook_endpoint",
		"deleted": True,
	}
	calls.made("products", {"name": "Cap"})
	assert stripe_vendor.courier.wait(10) and len(mailbox.received) == 2
	assert calls.read("webhook_endpoints")["data"] == []


# ---- what is told


def test_one_payment_is_told_in_several_ways(stripe_vendor, account, calls, mailbox, endpoint):
	link = calls.made("payment_links", link_of(1000, **{"payment_intent_data[metadata][erp]": "INV-1"}))
	assert stripe_vendor.courier.wait(10)
	mailbox.received.clear()
	session = account.pay(link["id"])
	assert stripe_vendor.courier.wait(10)
	assert {
		"checkout.session.completed",
		"payment_intent.created",
		"payment_intent.succeeded",
		"charge.succeeded",
		"charge.updated",
	} == set(types(mailbox))
	by_type = {event["type"]: event for event in received(mailbox)}
	done = by_type["checkout.session.completed"]
	assert done["data"]["object"]["payment_status"] == "paid"
	assert done["request"] == {"id": None, "idempotency_key": None} and done["livemode"] is False
	assert by_type["payment_intent.succeeded"]["data"]["object"]["metadata"] == {"erp": "INV-1"}
	# the balance transaction comes after the success
	assert by_type["charge.succeeded"]["data"]["object"]["balance_transaction"] is None
	updated = by_type["charge.updated"]["data"]
	assert updated["object"]["balance_transaction"].startswith("txn_")
	assert updated["previous_attributes"] == {"balance_transaction": None}
	mailbox.received.clear()
	calls.made("refunds", {"payment_intent": session["payment_intent"], "amount": 300})
	assert stripe_vendor.courier.wait(10)
	assert sorted(types(mailbox)) == ["charge.refunded", "refund.created", "refund.updated"]
	(refunded,) = (one for one in received(mailbox) if one["type"] == "charge.refunded")
	assert refunded["data"]["previous_attributes"] == {"amount_refunded": 0}
	assert refunded["request"]["id"].startswith("req_")


def test_an_event_knows_its_request(account, calls):
	calls.post("customers", {"name": "Ada"}, Idempotency_Key="key-1")
	(event,) = account.all("event")
	assert event["request"]["idempotency_key"] == "key-1"


def test_what_is_refused_is_not_told(stripe_vendor, calls, mailbox, endpoint):
	calls.error("payment_links", link_of(20))
	assert stripe_vendor.courier.wait(10) and not mailbox.received


def test_a_declined_payment_is_told(stripe_vendor, account, calls, mailbox, endpoint):
	link = calls.made("payment_links", link_of(1000))
	account.pay(link["id"], decline="insufficient_funds")
	assert stripe_vendor.courier.wait(10)
	told = types(mailbox)
	assert "payment_intent.payment_failed" in told and "checkout.session.completed" not in told


# ---- missed and repeated


def test_what_was_not_taken_can_be_listed(stripe_vendor, account, calls, mailbox, endpoint):
	stripe_vendor.courier.retries = ()
	first = account.add_customer(name="Ada")
	assert stripe_vendor.courier.wait(10)
	mailbox.answers = [500]
	second = account.add_customer(name="Bob")
	assert stripe_vendor.courier.wait(10)
	(missed,) = calls.read("events", delivery_success="false")["data"]
	assert missed["data"]["object"]["id"] == second["id"] and missed["pending_webhooks"] == 1
	(taken,) = calls.read("events", delivery_success="true")["data"]
	assert taken["data"]["object"]["id"] == first["id"] and taken["pending_webhooks"] == 0
	account.resend(missed["id"])
	assert stripe_vendor.courier.wait(10)
	assert received(mailbox)[-1]["id"] == missed["id"]


def test_a_delivery_is_repeated_and_copied(stripe_vendor, account, mailbox, endpoint):
	stripe_vendor.courier.retries = (0.05, 0.05)
	mailbox.answers = [500, 302]  # a redirect counts as a failure
	account.add_customer()
	assert stripe_vendor.courier.wait(10)
	assert len(mailbox.received) == 3 and len({event["id"] for event in received(mailbox)}) == 1
	stripe_vendor.courier.copies = 5
	account.add_customer()
	assert stripe_vendor.courier.wait(10)
	assert len(mailbox.received) == 8 and len({event["id"] for event in received(mailbox)}) == 2


def test_events_by_type_and_for_thirty_days(account, calls):
	account.add_price("Tee", 1000)
	account.add_customer()
	assert {one["type"] for one in calls.read("events", type="product.*")["data"]} == {
		"product.created",
		"product.updated",
	}
	some = calls.read("events", **{"types[0]": "customer.created", "types[1]": "price.created"})["data"]
	assert [one["type"] for one in some] == ["customer.created", "price.created"]
	both = calls.ask("GET", "events", params={"type": "a", "types[]": "b"})
	assert both.json()["error"]["code"] == "parameters_exclusive"
	newest = calls.read("events")["data"][0]["id"]
	older = calls.read("events", limit=1, starting_after=newest)["data"][0]
	assert calls.read("events", ending_before=older["id"])["data"][0]["id"] == newest
	assert calls.read(f"events/{older['id']}")["id"] == older["id"]
	account.advance_clock(31 * 86400)
	assert calls.read("events")["data"] == []


def test_a_delivery_for_tests_that_bring_it_themselves(stripe_vendor, account, endpoint):
	stripe = pytest.importorskip("stripe", reason="PyPI stripe is not installed")
	account.courier.hold()
	account.add_customer(name="Ada")
	headers, body = stripe_vendor.webhook(account.all("event")[0]["id"])
	event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], endpoint["secret"])
	assert event.data.object.name == "Ada"
