"""Vendors with manners of their own at the webhook door: who ask by GET, want their own words, or sign with a key that
has to be fetched. In this process, by WSGI: the connectors are known to this process only."""

import frappe
import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from integration_hub.connectors import BUILT_IN
from integration_hub.connectors.signing import hmac_hex
from integration_hub.sync import replay, setup
from tests.connectors.conftest import Anybody
from tests.support import porter

FORM = "data[id]=7&at=2026-09-13 10:04:00&type=unsubscribe"


@pytest.fixture
def vendor():
	return Anybody()


@pytest.fixture
def connect(hub, vendor, monkeypatch):
	def make(kind):
		monkeypatch.setitem(BUILT_IN, kind.key, f"tests.support.porter.{kind.__name__}")
		return hub.connect(vendor, kind.key, {}, {})

	return make


@pytest.fixture
def knock(site):
	"""A request at the site's own application, as a web server makes it."""
	import frappe.app

	def ask(method, connected, *, asking="", headers=None, **more):
		path = connected.webhook_path + asking
		frappe.db.commit()  # the request has a connection of its own
		frappe.app._site = site.site
		try:
			return Client(frappe.app.application, Response).open(path, method=method, headers=headers, **more)
		finally:
			site.open()

	return ask


def form(secret: str, body: str = FORM, **headers: str) -> dict:
	kind = "application/x-www-form-urlencoded"
	return {
		"data": body,
		"content_type": kind,
		"headers": {"X-Signature": hmac_hex(secret, body.encode()), **headers},
	}


def test_a_vendor_that_asks_by_get_is_answered_in_its_words(connect, knock):
	connected = connect(porter.Porter)
	answer = knock("GET", connected, asking="&challenge=%3Cb%3E42%3C/b%3E")
	assert (answer.status_code, answer.text, answer.mimetype) == (200, "<b>42</b>", "text/plain")
	assert answer.headers["X-Content-Type-Options"] == "nosniff", "no page of ours, whatever it echoes"
	assert "sandbox" in answer.headers["Content-Security-Policy"]
	assert not connected.events()


def test_a_form_is_read_as_it_was_signed_and_acknowledged_as_it_is_wanted(connect, knock):
	connected = connect(porter.Porter)
	answer = knock("POST", connected, **form("bell"))
	assert (answer.status_code, answer.text, answer.mimetype) == (200, "<Ack>true</Ack>", "text/xml")
	assert [one.outside_id for one in connected.events()] == ["7"]
	assert knock("POST", connected, **form("wrong")).status_code == 401
	assert len(connected.events()) == 1


def test_a_credential_of_the_vendors_is_not_taken_for_one_of_the_sites(connect, knock):
	connected = connect(porter.Porter)
	for credential in ("Bearer abcdef", "Basic YWJjOmRlZg=="):
		answer = knock("POST", connected, **form("bell", Authorization=credential))
		assert (answer.status_code, answer.text) == (200, "<Ack>true</Ack>")


def test_a_get_is_for_those_who_are_known_to_ask(connect, knock):
	assert knock("GET", connect(porter.Notary)).status_code == 405


def test_a_key_of_the_vendors_is_fetched_once(connect, knock, vendor):
	connected = connect(porter.Notary)
	vendor.answer = Response("its-own-key")
	for number in range(3):
		body = FORM.replace("7", str(number))
		assert knock("POST", connected, **form("its-own-key", body)).status_code == 200
	assert knock("POST", connected, **form("another-key")).status_code == 401
	assert len(vendor.seen) == 1 and len(connected.events()) == 3
	assert (
		frappe.db.count("Integration Attempt", {"connection": connected.connection, "kind": "Exchange"}) == 1
	)


@pytest.mark.parametrize("trouble", [500, 429, 401])
def test_while_the_key_cannot_be_had_nothing_is_taken_and_the_vendor_comes_again(
	connect, knock, vendor, trouble
):
	from integration_hub.sync import connections

	connected = connect(porter.Notary)
	vendor.answer = Response("{}", status=trouble)
	assert knock("POST", connected, **form("its-own-key")).status_code == 503
	assert not connected.events()
	vendor.answer = Response("its-own-key")
	connections.budget_of(connected.doc).reset()
	assert knock("POST", connected, **form("its-own-key")).status_code == 200
	assert len(connected.events()) == 1


def test_what_a_connector_stumbles_over_is_kept_and_can_be_replayed(connect, knock):
	"""A fault of the connector's own, not of the delivery: a vendor that is answered 500 for long does not come again."""
	connected = connect(porter.Porter)
	assert knock("POST", connected, **form("bell", "type=a-new-kind")).status_code == 200
	[kept] = connected.events()
	assert kept.status == "Dead" and "KeyError" in kept.message
	replay.replay([kept.name])
	connected.drain()
	[again] = connected.events()
	assert again.status != "Queued" and "KeyError" in again.message, "still its fault, but it was tried"


def test_a_connector_that_fails_at_the_door_sends_the_vendor_away_for_a_while(connect, knock):
	connected = connect(porter.Clumsy)
	assert knock("POST", connected, **form("whatever")).status_code == 503
	assert not connected.events()
	said = setup.test(connected.doc)
	assert not said["ok"] and "Error Log" in said["message"]
	traces = frappe.get_all("Error Log", filters={"error": ("like", "%porter.py%")}, pluck="error")
	assert traces and not [one for one in traces if "told-to-nobody" in one]
