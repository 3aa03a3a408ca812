"""Webhooks of the sandbox portal: what they say, how they are signed, and how badly they arrive."""

import json
import subprocess
import sys

import pytest
import requests

from sandbox.vendors.hubspot import HubSpot, Portal, signing
from tests.vendors.conftest import PROJECT, VENDOR_DATA
from tests.vendors.hubspot_calls import Caller

CONTACTS = "/crm/objects/2026-03/contacts"


@pytest.fixture
def events(hubspot, mailbox):
	"""What has arrived so far, in the order of the deliveries' sending."""

	def arrived() -> list[dict]:
		assert hubspot.courier.wait()
		return [event for one in hubspot.courier.deliveries for event in json.loads(one.body)]

	return arrived


def kinds(found: list[dict]) -> list[str]:
	return [one["subscriptionType"] for one in found]


def test_a_contact_is_born_changed_binned_and_restored(hubspot, portal, mailbox, events):
	names = ["creation", "propertyChange:phone", "deletion", "restore", "privacyDeletion"]
	hubspot.do_subscribe(mailbox.url, [f"contact.{name}" for name in names])
	contact = portal.add_contact(email="ada@example.com", phone="1")
	portal.change("contacts", contact.id, {"phone": "2", "firstname": "Ada"})
	portal.change("contacts", contact.id, {"phone": "2"})
	portal.delete("contacts", contact.id)
	portal.restore("contacts", contact.id)
	portal.privacy_delete(contact.id)
	found = events()
	assert kinds(found) == [
		"contact.creation",
		"contact.propertyChange",
		"contact.propertyChange",
		"contact.deletion",
		"contact.restore",
		"contact.privacyDeletion",
	]
	assert {one["objectId"] for one in found} == {contact.id}
	changed = found[2]
	assert (changed["propertyName"], changed["propertyValue"]) == ("phone", "2")
	assert (changed["portalId"], changed["appId"], changed["attemptNumber"]) == (portal.id, hubspot.app_id, 0)
	assert abs(changed["occurredAt"] - portal.clock.now()) < 60_000
	assert (changed["changeSource"], changed["sourceId"]) == ("CRM_UI", "userId:7129207")


def test_an_apps_own_write_says_so(hubspot, api, mailbox, events):
	hubspot.do_subscribe(mailbox.url, ["contact.creation"])
	api.post(CONTACTS, {"properties": {"email": "ada@example.com"}}, 201)
	(event,) = events()
	assert (event["changeSource"], event["sourceId"]) == ("INTEGRATION", str(hubspot.app_id))


def test_merges_and_associations(hubspot, portal, mailbox, events):
	hubspot.do_subscribe(
		mailbox.url, ["company.merge", "contact.associationChange", "company.associationChange"]
	)
	first, second = portal.add_company(name="First"), portal.add_company(name="Second")
	contact = portal.add_contact(first, email="ada@example.com")
	found = events()
	assert {(one["associationType"], one["isPrimaryAssociation"]) for one in found} == {
		("CONTACT_TO_COMPANY", False),
		("CONTACT_TO_COMPANY", True),
		("COMPANY_TO_CONTACT", False),
		("COMPANY_TO_CONTACT", True),
	}
	mine = next(one for one in found if one["associationType"] == "CONTACT_TO_COMPANY")
	assert (mine["fromObjectId"], mine["toObjectId"], mine["associationRemoved"]) == (
		contact.id,
		first.id,
		False,
	)
	portal.dissociate(contact, first)
	assert events()[-1]["associationRemoved"] is True
	merged = portal.merge("companies", first.id, second.id)
	merge = events()[-1]
	assert (merge["primaryObjectId"], merge["mergedObjectIds"], merge["newObjectId"]) == (
		first.id,
		[second.id],
		merged.id,
	)


def test_generic_subscriptions_tell_the_object_type(hubspot, portal, mailbox, events):
	hubspot.do_subscribe(mailbox.url, ["object.creation@0-136", "object.propertyChange:hs_lead_label@0-136"])
	lead = portal.add_lead(portal.add_contact(email="ada@example.com"), hs_lead_label="HOT")
	found = events()
	assert kinds(found) == ["object.creation", "object.propertyChange"]
	assert {(one["objectTypeId"], one["objectId"]) for one in found} == {("0-136", lead.id)}


def test_one_request_travels_in_arrays_of_less_than_a_hundred(hubspot, api, mailbox, events):
	hubspot.do_subscribe(mailbox.url, ["contact.creation", "contact.propertyChange:email"])
	inputs = [{"properties": {"email": f"c{n}@example.com"}} for n in range(100)]
	api.post(f"{CONTACTS}/batch/create", {"inputs": inputs}, 201)
	assert len(events()) == 200
	sizes = [len(json.loads(raw)) for _, raw in mailbox.received]
	assert sorted(sizes) == [2, 99, 99]
	assert len({one["eventId"] for one in events()}) < 200, "eventId is not unique"


def test_repeated_and_mixed_up(hubspot, portal, mailbox, events):
	hubspot.do_subscribe(mailbox.url, ["contact.creation"])
	hubspot.do_set_webhooks(repeat=2, shuffle=True)
	hubspot.courier.copies = 3
	with portal.together():
		made = [portal.add_contact(email=f"c{n}@example.com").id for n in range(20)]
	assert hubspot.courier.wait()
	assert len(mailbox.received) == 3
	ids = [one["objectId"] for one in json.loads(mailbox.received[0][1])]
	assert sorted(ids) == sorted(made * 2) and ids != sorted(ids)


def test_what_is_not_answered_comes_again(hubspot, portal, mailbox):
	hubspot.do_subscribe(mailbox.url, ["contact.creation"])
	hubspot.courier.retries = (0.05,)
	mailbox.answers = [500]
	portal.add_contact(email="ada@example.com")
	assert hubspot.courier.wait()
	assert len(mailbox.received) == 2


def test_the_signed_address_may_be_another_than_the_target(hubspot, portal, mailbox):
	public = "https://erp.example.com/api/hook?tenant=a%3Ab&x=%20"
	hubspot.do_subscribe(mailbox.url, ["contact.creation"], sign_as=public)
	portal.add_contact(email="ada@example.com")
	assert hubspot.courier.wait()
	((headers, raw),) = mailbox.received
	stamp = headers["X-HubSpot-Request-Timestamp"]
	expected = signing.v3(
		"sandbox-secret", "POST", "https://erp.example.com/api/hook?tenant=a:b&x=%20", raw, stamp
	)
	assert headers["X-HubSpot-Signature-v3"] == expected
	hubspot.rotate_secret("another")
	assert hubspot.webhook([])[0]["X-HubSpot-Signature"] == signing.v1("another", b"[]")


def test_the_official_signatures():
	file = VENDOR_DATA / "hubspot" / "signature_vectors.json"
	if not file.is_file():
		pytest.skip(f"There are no signature vectors at {file}: set INTEGRATION_HUB_VENDOR_DATA")
	vectors = json.loads(file.read_text(encoding="utf-8"))
	assert len(vectors) >= 7
	for one in vectors:
		secret, method, uri = one["client_secret"], one["method"], one["uri_signed"]
		body = one["body"].encode()
		if one["version"] == "v1":
			ours = signing.v1(secret, body)
		elif one["version"] == "v2":
			ours = signing.v2(secret, method, uri, body)
		else:
			ours = signing.v3(secret, method, uri, body, one["timestamp"])
		assert ours == one["signature"], one["name"]


def test_an_example_of_each_signature():
	"""HubSpot's own examples, here as well so that this fails without the vendor data, too."""
	secret, uri = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy", "https://www.example.com/webhook_uri"
	body = b"{'example_field':'example_value'}"
	assert signing.v1(secret, body) == "69fc6631a867edd4f9e9e627fc5c1148e3fbdd8b21837b6d2b8901c1fa57f750"
	assert (
		signing.v2(secret, "POST", uri, body)
		== "4fe4e3a7d3cf09db53be39d0a58130e2aaba074ec123a9e355b876a689a1c383"
	)
	assert (
		signing.v3(secret, "POST", uri, body, "1693657560000")
		== "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
	)


# ---- subscriptions by API


def test_subscriptions_are_the_developers(hubspot, api, mailbox):
	base = f"/webhooks/v3/{hubspot.app_id}"
	key = {"hapikey": "sandbox-developer-key"}
	api.refused("GET", f"{base}/subscriptions", status=401)
	api.refused("GET", f"{base}/settings", status=404, **key)
	settings = {"targetUrl": mailbox.url, "throttling": {"maxConcurrentRequests": 10}}
	assert api.ask("PUT", f"{base}/settings", settings, **key).json()["targetUrl"] == mailbox.url
	api.refused("PUT", f"{base}/settings", {**settings, "targetUrl": "http://erp.example"}, **key)
	made = api.post(f"{base}/subscriptions", {"eventType": "contact.creation"}, 201, **key)
	assert made["active"] is False
	for body in (
		{"eventType": "contact.creation"},
		{"eventType": "contact.birth"},
		{"eventType": "contact.propertyChange"},
		{"eventType": "object.creation"},
		{"eventType": "company.privacyDeletion"},
	):
		api.refused("POST", f"{base}/subscriptions", body, **key)
	hubspot.portal.add_contact(email="a@example.com")
	answer = api.ask(
		"PATCH", f"/webhooks/2026-03/{hubspot.app_id}/subscriptions/{made['id']}", {"active": True}, **key
	)
	assert answer.json()["active"] is True
	hubspot.portal.add_contact(email="b@example.com")
	assert hubspot.courier.wait() and len(mailbox.received) == 1
	assert api.ask("DELETE", f"{base}/subscriptions/{made['id']}", **key).status_code == 204
	assert api.get(f"{base}/subscriptions", **key) == {"results": []}


# ---- other processes


def test_actions_of_other_processes(hubspot, api):
	company = api.do("add_company", name="Acme", domain="acme.example")
	contact = api.do("add_contact", email="ada@acme.example", company=company["id"], company_name="Acme")
	assert contact["properties"]["company"] == "Acme"
	deal = api.do("add_deal", dealname="X", contacts=[contact["id"]], companies=[company["id"]], amount="5")
	assert deal["properties"]["dealstage"] == "appointmentscheduled"
	api.do("add_lead", contact=contact["id"])
	api.do("add_note", id=contact["id"], body="Called")
	api.do("add_email", id=deal["id"], object="deals", subject="Hello", text="World")
	api.do("unsubscribe", email="ada@acme.example")
	assert api.do("show", object="contacts", id=contact["id"])["properties"]["hs_email_optout"] == "true"
	assert {one["status"] for one in api.do("consent", email="ada@acme.example")} == {"UNSUBSCRIBED"}
	other = api.do("add_contact", email="l@acme.example")
	api.do("merge", object="contacts", primary=contact["id"], other=other["id"])
	api.do("change", object="deals", id=deal["id"], properties={"dealstage": "closedlost"})
	assert api.do("find", object="deals", hs_is_closed_lost="true")[0]["id"] == deal["id"]
	api.do("associate", object="companies", id=company["id"], to_object="deals", to_id=deal["id"], type_id=6)
	api.do("privacy_delete", id=contact["id"])
	api.do("delete", object="companies", id=company["id"])
	counts = api.do("counts")
	assert {name: n for name, n in counts.items() if n} == {"deals": 1, "leads": 1, "notes": 1, "emails": 1}
	state = requests.get(f"{api.url}/_sandbox/state", timeout=10).json()
	assert state["counts"] == counts
	assert (
		requests.post(
			f"{api.url}/_sandbox/do/show", json={"object": "deals", "id": 1}, timeout=10
		).status_code
		== 400
	)


def test_a_portal_from_a_seed():
	vendor = HubSpot.from_seed(
		{
			"portal": {"currency": "INR", "timezone": "Asia/Kolkata", "prefix": "s-"},
			"token": "pat-1",
			"owners": [{"email": "o@example.com"}],
			"pipelines": [
				{"id": "b2b", "label": "B2B", "stages": [{"id": "s", "label": "S", "probability": "0.5"}]}
			],
			"properties": [{"object": "contacts", "name": "erpnext_id", "hasUniqueValue": True}],
			"companies": [{"name": "Acme"}],
			"contacts": [{"email": "ada@example.com", "erpnext_id": "A"}],
			"deals": [{"dealname": "X", "pipeline": "b2b", "dealstage": "s"}],
			"webhook": {"url": "http://127.0.0.1:9/hook", "events": ["contact.creation"]},
		}
	)
	assert vendor.do_counts()["contacts"] == 1 and vendor.portal.currencies[0] == "INR"
	assert vendor.credentials()["token"] == "pat-1" and len(vendor.hooks.subscriptions) == 1
	assert Portal(prefix="a").new_id("contacts") != Portal(prefix="b").new_id("contacts")


def test_the_command_line(tmp_path):
	seed = tmp_path / "seed.json"
	seed.write_text(json.dumps({"contacts": [{"email": "ada@example.com"}]}), encoding="utf-8")
	process = subprocess.Popen(
		[sys.executable, "-m", "sandbox.vendors", "hubspot", "--seed", str(seed)],
		cwd=PROJECT,
		stdout=subprocess.PIPE,
		text=True,
	)
	try:
		told = json.loads(process.stdout.readline())
		assert (
			Caller(told["url"], told["token"]).get(CONTACTS)["results"][0]["properties"]["email"]
			== "ada@example.com"
		)
	finally:
		process.terminate()
		process.wait(10)
