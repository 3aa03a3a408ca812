"""HubSpot's webhooks: official signature vectors, what the sandbox portal sends, and what is made of it."""

from __future__ import annotations

import contextlib
import json
import time

import pytest

from integration_hub.connectors.contract import WebhookRequest
from integration_hub.connectors.hubspot import HubSpot, webhooks
from integration_hub.failures import BadSignature, NotAuthorised, Rejected
from tests.connectors.conftest import VENDOR_DATA, Vault
from tests.connectors.hubspot_ground import Connected, start

ADDRESS = "https://erp.example.com/api/method/receive?key=abc"
SECRET = "sandbox-secret"


@pytest.fixture
def account():
	with contextlib.ExitStack() as stack:
		yield start(stack)


def verifier(secret=SECRET, **more) -> HubSpot:
	return HubSpot({"client_secret": secret, **more}, None, Vault())


def request(headers, body: bytes, url=ADDRESS) -> WebhookRequest:
	return WebhookRequest({name.lower(): value for name, value in headers.items()}, body, url)


def vectors():
	found = VENDOR_DATA / "hubspot" / "signature_vectors.json"
	if not found.is_file():
		return []
	return [one for one in json.loads(found.read_text()) if one["method"] == "POST"]


# --- signatures


@pytest.mark.parametrize("one", vectors() or [None], ids=lambda one: one["name"] if one else "none")
def test_official_vectors(one, monkeypatch):
	if one is None:
		pytest.skip(f"No vendor data at {VENDOR_DATA / 'hubspot'}: set INTEGRATION_HUB_VENDOR_DATA")
	if one["version"] == "v3":
		monkeypatch.setattr(webhooks, "_now", lambda: int(one["timestamp"]))
		headers = {
			"X-HubSpot-Signature-v3": one["signature"],
			"X-HubSpot-Request-Timestamp": one["timestamp"],
		}
	else:
		headers = {"X-HubSpot-Signature": one["signature"], "X-HubSpot-Signature-Version": one["version"]}
	delivery = request(headers, one["body"].encode(), one["uri_signed"] or ADDRESS)
	verifier(one["client_secret"]).verify(delivery)
	with pytest.raises(BadSignature):
		verifier(one["client_secret"][:-1] + "x").verify(delivery)
	with pytest.raises(BadSignature):
		verifier(one["client_secret"]).verify(request(headers, one["body"].encode() + b" ", delivery.url))


def signed(body: bytes = b"[]", url: str = ADDRESS, at: int | None = None, secret: str = SECRET) -> dict:
	"""Headers as HubSpot makes them, from its description and not from our code."""
	import base64
	import hashlib
	import hmac

	stamp = str(at if at is not None else int(time.time() * 1000))
	digest = hmac.new(
		secret.encode(), b"POST" + url.encode() + body + stamp.encode(), hashlib.sha256
	).digest()
	return {
		"X-HubSpot-Signature-v3": base64.b64encode(digest).decode(),
		"X-HubSpot-Request-Timestamp": stamp,
	}


def test_the_address_is_decoded_as_hubspot_does():
	plain, coded = "https://erp.example.com/hook?a=b:c/d@e", "https://erp.example.com/hook?a=b%3Ac%2Fd%40e"
	verifier().verify(request(signed(url=plain), b"[]", coded))
	with pytest.raises(BadSignature):
		# only those letters: a coded blank stays coded
		verifier().verify(
			request(signed(url="https://erp.example.com/a b"), b"[]", "https://erp.example.com/a%20b")
		)


@pytest.mark.parametrize("minutes", [-6, 6, -600])
def test_an_old_request_is_refused_however_well_it_is_signed(minutes):
	at = int(time.time() * 1000) + minutes * 60_000
	with pytest.raises(BadSignature, match="too old"):
		verifier().verify(request(signed(at=at), b"[]"))


@pytest.mark.parametrize("stamp", ["", "now", "-1", "1e12"])
def test_a_time_that_is_none(stamp):
	headers = {**signed(), "X-HubSpot-Request-Timestamp": stamp}
	with pytest.raises(BadSignature):
		verifier().verify(request(headers, b"[]"))


def test_a_site_behind_a_proxy_sees_another_address():
	inside = "http://10.0.0.5:8000/api/method/receive?key=abc"
	headers = {**signed(), "X-Forwarded-Host": "erp.example.com", "Host": "10.0.0.5:8000"}
	verifier().verify(request(headers, b"[]", inside))
	verifier().verify(request({**signed(), "Host": "erp.example.com"}, b"[]", inside))
	with pytest.raises(BadSignature):
		verifier().verify(request({**signed(), "Host": "elsewhere.example"}, b"[]", inside))


def test_a_good_old_signature_does_not_excuse_a_bad_new_one(account):
	account.hooks.target = ADDRESS
	headers, body = account.webhook([{"x": 1}])
	assert "X-HubSpot-Signature" in headers
	verifier().verify(request(headers, body))
	with pytest.raises(BadSignature):
		verifier().verify(request({**headers, "X-HubSpot-Signature-v3": "x"}, body))


def test_nobody_gets_in_without_our_secret():
	with pytest.raises(BadSignature):
		verifier("").verify(request(signed(secret=""), b"[]"))
	with pytest.raises(BadSignature):
		verifier().verify(request({}, b"[]"))


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_older_signatures_count_where_there_is_no_new_one(account, version):
	account.hooks.target, account.hooks.versions = ADDRESS, (version,)
	headers, body = account.webhook([{"x": 1}])
	verifier().verify(request(headers, body))
	with pytest.raises(BadSignature):
		verifier().verify(request(headers, body + b" "))


# --- what is said


def events(account, kinds, act):
	"""The notices of what the account sends when `act` happens."""
	from tests.connectors.conftest import Anybody

	box = Anybody()
	with box.start() as url:
		account.do_subscribe(url + "/hook", kinds)
		act()
		assert account.courier.wait(10)
		found = []
		for seen in box.seen:
			delivery = request(dict(seen.headers), seen.get_data(), url + "/hook")
			connector = verifier()
			connector.verify(delivery)
			found += connector.notices(delivery)
	return found


def notices(*said, **settings):
	return verifier(**settings).notices(request({}, json.dumps(list(said)).encode()))


def event(told, **more):
	return {
		"objectId": 123,
		"subscriptionType": told,
		"subscriptionId": 7,
		"occurredAt": 1_795_000_000_000,
		"eventId": 1,
		"portalId": 1,
		"attemptNumber": 0,
		**more,
	}


def short(one):
	return one.resource, one.outside_id, one.action


@pytest.mark.parametrize(
	"said, expected",
	[
		(event("contact.creation"), [("contacts", "123", "upsert")]),
		(event("company.creation"), [("customers", "123", "upsert")]),
		(event("deal.propertyChange", propertyName="amount"), [("deals", "123", "upsert")]),
		(event("contact.deletion"), [("contacts", "123", "delete")]),
		(event("contact.privacyDeletion"), [("contacts", "123", "delete")]),
		(event("company.restore"), [("customers", "123", "upsert")]),
		(
			event("company.merge", objectId=None, primaryObjectId=1, mergedObjectIds=[2], newObjectId=3),
			[("customers", "3", "upsert")],
		),
		(event("contact.merge", primaryObjectId=1, mergedObjectIds=[2]), [("contacts", "1", "upsert")]),
		(
			event(
				"contact.associationChange",
				fromObjectId=5,
				toObjectId=6,
				associationType="CONTACT_TO_COMPANY",
			),
			[("contacts", "5", "upsert")],
		),
		(
			event(
				"company.associationChange",
				fromObjectId=6,
				toObjectId=5,
				associationType="COMPANY_TO_CONTACT",
			),
			[("contacts", "5", "upsert")],
		),
		(
			event(
				"contact.associationChange", fromObjectId=5, toObjectId=8, associationType="CONTACT_TO_DEAL"
			),
			[("deals", "8", "upsert")],
		),
		(event("object.creation", objectTypeId="0-3"), [("deals", "123", "upsert")]),
		(
			event("object.propertyChange", objectTypeId="0-1", propertyName="email"),
			[("contacts", "123", "upsert")],
		),
		(
			event("contact.propertyChange", propertyName="hs_email_optout", propertyValue="true"),
			[("contacts", "123", "upsert"), ("consents", "123", "upsert")],
		),
		(event("object.creation", objectTypeId="0-136"), []),
		(event("object.creation", objectTypeId="2-99"), []),
		(event("ticket.creation"), []),
		(event("conversation.newMessage"), []),
		(event("contact.somethingNew"), []),
		({}, []),
	],
)
def test_what_an_event_announces(said, expected):
	assert [short(one) for one in notices(said)] == expected
	assert all(one.payload is None for one in notices(said))


def test_leads_of_an_object_of_their_own():
	found = notices(event("object.creation", objectTypeId="0-136"), leads_are="Leads")
	assert [short(one) for one in found] == [("leads", "123", "upsert")]


def test_many_events_about_one_thing_are_one_notice():
	said = [
		event("contact.creation"),
		*(
			event("contact.propertyChange", propertyName=name, occurredAt=1_795_000_000_000 + place)
			for place, name in enumerate("abc")
		),
		event("contact.propertyChange", propertyName="a", objectId=9),
	]
	found = notices(*said)
	assert [short(one) for one in found] == [("contacts", "123", "upsert"), ("contacts", "9", "upsert")]
	assert found[0].version == "2026-11-18T11:06:40.002Z"
	assert {one.dedupe_key for one in notices(*reversed(said))} == {one.dedupe_key for one in found}


def test_a_repetition_has_the_same_key_and_another_change_another():
	one = event("contact.propertyChange", propertyName="email")
	[first], [again], [later], [other] = (
		notices(one),
		notices({**one, "attemptNumber": 3, "eventId": 99}),
		notices({**one, "occurredAt": one["occurredAt"] + 1}),
		notices({**one, "propertyName": "phone"}),
	)
	assert first.dedupe_key == again.dedupe_key
	assert len({first.dedupe_key, later.dedupe_key, other.dedupe_key}) == 3


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b'"x"', b"[1]", b"[[]]", b"[" * 100_000])
def test_what_is_no_list_of_events(body):
	with pytest.raises(Rejected):
		verifier().notices(request({}, body))


def test_an_event_without_an_id():
	with pytest.raises(Rejected, match="which record"):
		notices(event("contact.creation", objectId=None))


def test_what_the_account_really_sends(account):
	portal = account.portal

	def act():
		acme = portal.add_company(name="Acme")
		ada = portal.add_contact(acme, email="ada@x.example")
		bob = portal.add_contact(email="bob@x.example")
		portal.change("contacts", ada.id, {"phone": "1"})
		portal.merge("contacts", ada.id, bob.id)
		portal.delete("companies", acme.id)
		portal.restore("companies", acme.id)
		portal.privacy_delete(ada.id)
		act.ids = str(acme.id), str(ada.id)

	kinds = [
		*(
			f"{name}.{what}"
			for name in ("contact", "company")
			for what in ("creation", "deletion", "merge", "restore", "associationChange")
		),
		"contact.propertyChange:phone",
		"contact.privacyDeletion",
	]
	found = {short(one) for one in events(account, kinds, act)}
	acme, ada = act.ids
	assert {
		("customers", acme, "upsert"),
		("customers", acme, "delete"),
		("contacts", ada, "upsert"),
		("contacts", ada, "delete"),
	} <= found


# --- subscriptions


def test_a_private_app_is_told_what_to_do(account):
	(said,) = Connected(account).connector.register_webhooks(ADDRESS)
	assert ADDRESS in said and "Private Apps" in said


def test_a_public_apps_subscriptions_are_kept_right(account):
	connected = Connected(account, app_id=str(account.app_id), developer_key=account.access.developer_key)
	changed = connected.connector.register_webhooks(ADDRESS)
	assert account.hooks.target == ADDRESS and "come here now" in changed[0]
	assert "contact.creation: subscribed." in changed
	assert all(one.active for one in account.hooks.subscriptions.values())
	assert connected.connector.register_webhooks(ADDRESS) == []
	next(iter(account.hooks.subscriptions.values())).active = False
	(changed,) = connected.connector.register_webhooks(ADDRESS)
	assert changed.endswith("switched on.")
	stored = json.dumps([vars(one) for one in connected.exchanges], default=str)
	assert account.access.developer_key not in stored


def test_a_wrong_developer_key(account):
	connected = Connected(account, app_id=str(account.app_id), developer_key="wrong-developer-key")
	with pytest.raises(NotAuthorised):
		connected.connector.register_webhooks(ADDRESS)
