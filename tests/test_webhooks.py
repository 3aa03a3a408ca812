"""The webhook door over real HTTP: what is let in, what is refused, and that refusals leave nothing behind."""

import base64
import hashlib
import hmac
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import frappe
import pytest
import requests

from integration_hub.api import desk

SECRET = "sandbox-secret"


def sign(body: bytes, secret: str = SECRET) -> str:
	return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def post(web, hub, body, *, topic="orders/create", signature=None, key=None, delivery=None):
	body = body if isinstance(body, bytes) else json.dumps(body).encode()
	return requests.post(
		web
		+ (
			hub.webhook_path if key is None else f"/api/method/integration_hub.api.webhooks.receive?key={key}"
		),
		data=body,
		headers={
			"Content-Type": "application/json",
			"X-Shopify-Topic": topic,
			"X-Shopify-Hmac-Sha256": sign(body) if signature is None else signature,
			"X-Shopify-Webhook-Id": delivery or str(uuid.uuid4()),
			"X-Shopify-Shop-Domain": "sandbox.myshopify.com",
		},
		timeout=60,
	)


def order_body(number=1):
	return {"id": 9_000_000_000 + number, "name": f"#{number}", "updated_at": "2026-03-01T10:00:00-05:00"}


def test_a_good_delivery_is_stored_once(web, hub):
	shop = hub()
	for _again in range(3):
		assert post(web, shop, order_body(), delivery="one-delivery").status_code == 200
	assert [event.outside_id for event in shop.events(resource="orders")] == ["9000000001"]


REFUSED = {
	"wrong signature": ({"signature": "bm90IHRoZSBzaWduYXR1cmU="}, 401),
	"no signature": ({"signature": ""}, 401),
	"signature that is no base64": ({"signature": "£$%"}, 401),
	"signature of another body": ({"signature": sign(b"{}")}, 401),
	"signature with another secret": ({"signature": sign(json.dumps(order_body()).encode(), "other")}, 401),
	"unknown connection": ({"key": "x" * 32}, 404),
	"empty key": ({"key": ""}, 404),
	"key as injection": ({"key": "' OR 1=1 -- "}, 404),
}


@pytest.mark.parametrize("how", REFUSED)
def test_what_is_refused_leaves_nothing(web, hub, how):
	shop = hub()
	options, status = REFUSED[how]
	options = (
		{**options, "signature": options.get("signature", "").encode().decode("latin-1")}
		if "signature" in options
		else options
	)
	before = frappe.db.count("Integration Event")
	answer = post(web, shop, order_body(), **options)
	assert answer.status_code == status
	assert "Traceback" not in answer.text and shop.connection not in answer.text
	frappe.db.rollback()
	assert not shop.events()
	assert frappe.db.count("Integration Event") == before


def test_refusals_are_counted(web, hub):
	from integration_hub.sync import refusals

	shop = hub()
	for _time in range(3):
		post(web, shop, order_body(), signature="wrong")
	refusals.flush()
	frappe.db.commit()  # as the sweep does
	assert shop.doc.refused_webhooks == 3
	assert shop.doc.last_refused_at


def test_a_body_over_5_mb_is_refused_before_anything_else(web, hub):
	shop = hub()
	assert post(web, shop, b"x" * (5 * 1024 * 1024 + 1)).status_code == 413
	assert not shop.events()


def test_broken_json_with_a_good_signature_is_kept_dead_and_replayable(web, hub):
	shop = hub()
	assert post(web, shop, b'{"id": 12, "broken', delivery="broken").status_code == 200
	[event] = shop.events()
	assert (event.status, event.resource) == ("Dead", "webhook")
	assert event.message
	desk.replay_events([event.name])
	frappe.db.commit()  # as the request of the button does
	shop.drain()
	assert shop.events()[0].status == "Dead", "still broken, so dead again, but it was tried"
	assert shop.events()[0].tries == 1


def test_get_is_refused(web, hub):
	assert requests.get(web + hub().webhook_path, timeout=60).status_code in (403, 405)


@pytest.mark.parametrize(
	"body",
	[
		b"",
		b"[]",
		b"null",
		b"{}",
		b'{"id": null}',
		b'"text"',
		b"\xff\xfe\x00",
		b'{"id": {"a": 1}}',
		b"[" * 5000,
	],
	ids=["empty", "list", "null", "no id", "id null", "text", "no utf-8", "id object", "deep"],
)
@pytest.mark.parametrize("topic", ["orders/create", "refunds/create", "nonsense/topic", ""])
def test_never_a_500(web, hub, body, topic):
	answer = post(web, hub(), body, topic=topic)
	assert answer.status_code == 200
	assert "Traceback" not in answer.text


def test_a_disabled_connection_looks_like_none(web, hub):
	shop = hub()
	shop.switch(enabled=0)
	assert post(web, shop, order_body()).status_code == 404


@pytest.mark.processes
def test_eight_deliveries_at_once_are_one_event(web, hub):
	shop = hub()
	key = shop.doc.webhook_key  # read here: the threads have no database connection
	with ThreadPoolExecutor(8) as pool:
		answers = list(
			pool.map(lambda _n: post(web, shop, order_body(), delivery="same", key=key).status_code, range(8))
		)
	assert answers == [200] * 8
	assert len(shop.events(resource="orders")) == 1
