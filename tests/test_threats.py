"""What somebody who means harm may try: a guest, a vendor, a user with few roles. One test for each threat."""

import email
import hashlib
import hmac
import json
import time
import uuid

import frappe
import pytest
import requests

from integration_hub.api import shipping
from integration_hub.connectors import BUILT_IN
from integration_hub.failures import Rejected
from sandbox import books
from sandbox.vendors.shiprocket import Shiprocket
from tests.support import acme
from tests.test_parcels import BOX, delivered
from tests.test_promises import _store_many, place

SCRIPT = "<img src=x onerror=alert(1)>"
TOKEN = "sandbox-token-4711"


@pytest.fixture
def courier(hub, monkeypatch):
	"""A factory of Connections to Acme Parcels, the courier of the docs."""
	acme.connector_class()
	monkeypatch.setitem(BUILT_IN, "acme", "acme_of_the_docs.Acme")
	books.address("Company", books.company())

	def make(**values):
		secrets = {"token": acme.TOKEN, "webhook_secret": acme.SECRET}
		return hub.connect(acme.Acme(), "acme", {}, secrets, **values)

	return make


@pytest.fixture
def shiprocket(hub):
	"""A Connection to Shiprocket that takes webhooks."""
	settings = {"email": "api@sandbox.example", "pickup_place": "Primary", "dry_run": "No"}
	secrets = {"password": "sandbox-password", "webhook_token": TOKEN}
	return hub.connect(Shiprocket(), "shiprocket", settings, secrets, request_pickup=0)


def tell(web, connected, body, **headers):
	"""A delivery of Shiprocket's, or of somebody who says so."""
	body = body if isinstance(body, bytes) else json.dumps(body).encode()
	headers = {"Content-Type": "application/json", "x-api-key": TOKEN, **headers}
	answer = requests.post(web + connected.webhook_path, data=body, headers=headers, timeout=60)
	frappe.db.rollback()  # this process shall see what that request committed
	return answer


# --- webhooks ----------------------------------------------------------------------------------------------


def test_a_kept_webhook_keeps_no_secret(web, shiprocket):
	"""What cannot be read is kept whole for a replay; whoever may read Events must not find the webhook's token there."""
	assert tell(web, shiprocket, b"[1, 2]", Authorization=f"Bearer {TOKEN}").status_code == 200
	[event] = shiprocket.events(resource="webhook")
	payload = frappe.db.get_value("Integration Event", event.name, "payload")
	assert TOKEN not in payload
	assert shiprocket.doc.webhook_key not in payload, "nor the key of its address"
	assert json.loads(payload)["headers"]["content-type"] == "application/json", "all else is there"


@pytest.mark.parametrize("place", ["current_status", "awb", "scans"])
def test_text_that_no_database_takes_does_not_lose_a_webhook(web, shiprocket, place):
	"""Half of a surrogate pair is legal JSON and no legal text: the delivery must be stored all the same."""
	body = {
		"awb": "59629792084",
		"current_status": "In Transit",
		"shipment_status": "IN TRANSIT",
		"shipment_status_id": 18,
		"current_timestamp": "23 05 2026 11:43:52",
		"scans": [],
	}
	half = '"\\ud800 half"'
	body[place] = [{"date": "2026-05-23 11:00:00", "activity": "HALF"}] if place == "scans" else "HALF"
	raw = json.dumps(body).replace('"HALF"', half).encode()
	assert tell(web, shiprocket, raw).status_code == 200
	assert len(shiprocket.events()) == 1


STAMPS = {
	"a digit that is no number": "\u00b2".encode("latin-1"),
	"longer than numbers may be": b"9" * 5000,
	"nothing": b"",
}


@pytest.mark.parametrize("stamp", STAMPS.values(), ids=STAMPS)
def test_a_strange_time_in_a_header_is_refused_not_a_crash(web, crm, stamp):
	"""Each crash writes an Error Log: a stranger could fill the database."""
	one = crm()
	before = frappe.db.count("Error Log")
	headers = {
		"Content-Type": "application/json",
		"X-HubSpot-Signature-v3": "x",
		"X-HubSpot-Request-Timestamp": stamp,
	}
	answer = requests.post(web + one.webhook_path, data=b"[]", headers=headers, timeout=60)
	frappe.db.rollback()  # this process shall see what that request committed
	assert answer.status_code == 401 and frappe.db.count("Error Log") == before


@pytest.mark.parametrize("at", [10**30, "\u00b2", "9" * 5000, -5, None])
def test_a_strange_time_in_a_signed_webhook_is_no_crash(crm, at):
	from integration_hub.connectors.contract import WebhookRequest
	from integration_hub.sync import connections

	event = {
		"subscriptionType": "contact.creation",
		"subscriptionId": 1,
		"objectId": 7,
		"occurredAt": at,
	}
	connector = connections.verifier(connections.get(crm().connection))
	[notice] = connector.notices(
		WebhookRequest(headers={}, body=json.dumps([event]).encode(), url="", query={})
	)
	assert notice.outside_id == "7"


def test_a_signature_of_yesterday_is_not_taken(web, hub):
	"""Stripe's signature covers its time: a recorded delivery cannot be played again later."""
	from sandbox.vendors.stripe import Account, Stripe

	key = "sk_test_sandbox"
	connected = hub.connect(
		Stripe(Account("eur"), secret_key=key), "stripe", {}, {"secret_key": key, "webhook_secret": "whsec_x"}
	)
	body = json.dumps({"id": "evt_1", "object": "event", "type": "charge.refunded", "data": {"object": {}}})

	def post(moment, secret="whsec_x"):
		signature = hmac.new(secret.encode(), f"{moment}.{body}".encode(), hashlib.sha256).hexdigest()
		headers = {"Stripe-Signature": f"t={moment},v1={signature}", "Content-Type": "application/json"}
		return requests.post(web + connected.webhook_path, data=body, headers=headers, timeout=60).status_code

	now = int(time.time())
	assert [post(now - 86400), post(now + 86400), post(now, ""), post(now, "None")] == [401] * 4
	assert post(now) == 200


def test_secrets_that_were_not_entered_let_nobody_in(web, hub):
	"""An empty secret must not be a secret that everybody knows."""
	settings = {"email": "api@sandbox.example", "pickup_place": "Primary", "dry_run": "No"}
	connected = hub.connect(Shiprocket(), "shiprocket", settings, {"password": "sandbox-password"})
	answers = [
		tell(web, connected, {"awb": "1"}, **{"x-api-key": given}) for given in ("", "None", "null", TOKEN)
	]
	assert [answer.status_code for answer in answers] == [401] * 4 and connected.events() == []


# --- the guest's page --------------------------------------------------------------------------------------


def paying(connected, **said):
	"""A Link as `erp.payables` keeps it; returns its name, which is the page's key."""
	extra = {
		"open": True,
		"url": "https://pay.example/x",
		"amount": "10.00",
		"currency": "EUR",
		"fields": {},
		**said,
	}
	doc = frappe.get_doc(
		{
			"doctype": "Integration Link",
			"connection": connected.connection,
			"resource": "payment_links",
			"outside_id": uuid.uuid4().hex,
			"extra": json.dumps(extra),
		}
	).insert()
	frappe.db.commit()  # the web server must see it
	return doc.name


def go(web, page):
	address = f"{web}/api/method/integration_hub.api.payments.go"
	return requests.get(address, params={"page": page}, timeout=60, allow_redirects=False)


def test_what_a_vendor_says_is_no_markup_on_the_payment_page(web, hub):
	connected = hub()
	nasty = {'"><script>alert(1)</script>': f'"{SCRIPT}'}
	answer = go(
		web,
		paying(connected, fields=nasty, url=f'https://pay.example/"{SCRIPT}', amount=SCRIPT, currency=SCRIPT),
	)
	assert answer.status_code == 200
	assert SCRIPT not in answer.text and "<script>alert(1)" not in answer.text
	assert 'id="pay"' in answer.text


def test_a_payment_page_leads_to_the_web_only(web, hub):
	"""Whoever may write Links must not run a script in the browser of whoever presses Pay."""
	answer = go(web, paying(hub(), url="javascript:alert(document.cookie)"))
	assert answer.status_code == 410 and "javascript:alert" not in answer.text


@pytest.mark.parametrize("page", ["", "%", "x", '["like", "%"]', "0", "' or 1=1 -- "])
def test_payment_pages_cannot_be_guessed(web, hub, page):
	paying(hub())
	answer = go(web, page)
	assert answer.status_code == 410 and "pay.example" not in answer.text


# --- rights ------------------------------------------------------------------------------------------------

SHIPPING, PAYMENTS, CRM = (
	f"/api/method/integration_hub.api.{one}." for one in ("shipping", "payments", "crm")
)
CALLS = [
	("GET", SHIPPING + "options", {"doctype": "Delivery Note", "name": "{note}"}),
	("GET", SHIPPING + "rates", {"shipment": "{shipment}", "connection": "{connection}"}),
	("POST", SHIPPING + "make_shipment", {"doctype": "Delivery Note", "name": "{note}", "parcels": [BOX]}),
	("POST", SHIPPING + "book", {"shipment": "{shipment}", "connection": "{connection}"}),
	("POST", SHIPPING + "pickup", {"shipments": ["{shipment}"]}),
	("POST", SHIPPING + "manifest", {"shipments": ["{shipment}"]}),
	("POST", SHIPPING + "labels", {"shipment": "{shipment}"}),
	("POST", SHIPPING + "cancel", {"shipment": "{shipment}"}),
	("POST", SHIPPING + "return_shipment", {"shipment": "{shipment}"}),
	("POST", SHIPPING + "refresh", {"shipment": "{shipment}"}),
	("GET", CRM + "fields", {"connection": "{connection}", "resource": "contacts"}),
	("POST", CRM + "tell_all", {"connection": "{connection}", "resource": "contacts"}),
	("POST", PAYMENTS + "assign", {"event": "x", "doctype": "Customer", "name": "{customer}"}),
	("POST", PAYMENTS + "audit_again", {"audit": "x"}),
	("POST", PAYMENTS + "capture", {"connection": "{connection}", "payment_id": "x"}),
	("POST", PAYMENTS + "release", {"connection": "{connection}", "payment_id": "x"}),
	("POST", PAYMENTS + "refund", {"credit_note": "x"}),
]


@pytest.fixture
def booked(courier):
	"""A Shipment that is booked: what is called for it below would succeed for whoever may."""
	connected, note = courier(), delivered()
	name = shipping.make_shipment("Delivery Note", note.name, [BOX])
	frappe.db.commit()  # as the request of a person's click does
	shipping.book(name, connected.connection)
	return {
		"note": note.name,
		"shipment": name,
		"connection": connected.connection,
		"customer": note.customer,
	}


@pytest.mark.parametrize("who", ["nobody", "operator"])
def test_whoever_has_no_right_to_the_document_gets_403(web, people, booked, who):
	"""The roles of the hub give no right to other people's documents, and a guest has none at all."""
	answers = {}
	for verb, path, arguments in CALLS:
		told = json.loads(json.dumps(arguments).replace("{", "{").replace("}", "}"))
		told = {
			key: value.format(**booked)
			if isinstance(value, str)
			else [one.format(**booked) if isinstance(one, str) else one for one in value]
			for key, value in told.items()
		}
		if who == "nobody":
			options = {"params": told} if verb == "GET" else {"json": told}
			answer = requests.request(verb, web + path, timeout=60, **options)
		else:
			answer = people(who).ask(verb, path, **told)
		answers[path.rpartition(".")[2]] = answer.status_code
	assert answers == dict.fromkeys(answers, 403)


READING = [path for verb, path, _arguments in CALLS if verb == "POST"]


@pytest.mark.parametrize("path", READING)
def test_a_link_in_a_mail_changes_nothing(people, path):
	"""A GET carries the cookie of whoever follows it and needs no CSRF token."""
	assert people("manager").ask("GET", path).status_code == 403


def other_company():
	"""A company that the hub's Connection does not belong to."""
	name = "Hub Other Company"
	if not frappe.db.exists("Company", name):
		frappe.get_doc(
			{
				"doctype": "Company",
				"company_name": name,
				"abbr": "HOC",
				"default_currency": books.currency(),
				"country": frappe.db.get_value("Company", books.company(), "country"),
			}
		).insert()
		frappe.db.commit()  # other sessions must see it
	return name


@pytest.mark.parametrize("call", ["book", "rates"])
def test_nobody_ships_on_the_account_of_another_company(courier, call):
	"""Whoever may write a Shipment of one company must not order on the account of another."""
	connected, note = courier(), delivered()
	shipment = shipping.make_shipment("Delivery Note", note.name, [BOX])
	frappe.db.set_value("Integration Connection", connected.connection, "company", other_company())
	frappe.clear_document_cache("Integration Connection", connected.connection)
	frappe.db.commit()  # as if it had been made for that company
	with pytest.raises(frappe.ValidationError, match="belongs to"):
		getattr(shipping, call)(shipment, connected.connection)
	assert connected.events(resource="parcels") == []


def test_nobody_ships_on_the_account_of_a_company_they_may_not_see(people, courier):
	"""A Shipment from one customer to another names no company of its own."""
	connected, note = courier(), delivered()
	shipment = shipping.make_shipment("Delivery Note", note.name, [BOX])
	frappe.db.set_value("Shipment", shipment, {"pickup_company": None, "delivery_company": None})
	permission = frappe.get_doc(
		{
			"doctype": "User Permission",
			"user": "desk-shipper@hub.example",
			"allow": "Company",
			"for_value": other_company(),
		}
	)
	shipper = people("shipper")
	permission.insert()
	frappe.db.commit()  # the web server must see it
	try:
		answer = shipper.post_to(
			"integration_hub.api.shipping.book", shipment=shipment, connection=connected.connection
		)
	finally:
		permission.delete()
		frappe.db.commit()  # the next test's shipper is bound to nothing
	assert answer.status_code in (403, 417), answer.text
	assert connected.events(resource="parcels") == []


@pytest.mark.parametrize("place", ["http://127.0.0.1:6379/", "https://elsewhere.example"])
def test_a_manager_has_no_key_sent_to_an_address_of_their_own(people, hub, place):
	"""Managers cannot read a secret; a practice server of theirs would get it with the first call."""
	connected = hub()
	manager = people("manager")
	path = f"/api/resource/Integration Connection/{connected.connection}"
	answer = manager.ask("PUT", path, environment="Sandbox", sandbox_url=place)
	assert answer.status_code == 417 and "System Manager" in answer.text
	assert manager.ask("PUT", path, stock_buffer=1).status_code == 200


def test_a_key_stays_where_it_was_entered_for(people, hub):
	"""Another address of the account wants its secrets entered anew."""
	connected = hub()
	manager = people("manager")
	path = f"/api/resource/Integration Connection/{connected.connection}"
	rows = manager.ask("GET", path).json()["data"]["credentials"]
	answer = manager.ask("PUT", path, environment="Production", credentials=rows)
	assert answer.status_code == 417 and "anew" in answer.text
	for row in rows:
		if row["is_secret"]:
			row["secret"] = "entered-anew"
	assert manager.ask("PUT", path, environment="Production", credentials=rows).status_code == 200


NONSENSE = {
	"nan": {"weight": "nan"},
	"inf": {"length": "inf"},
	"a million boxes": {"count": 1_000_000},
	"endless boxes": {"count": "inf"},
}


@pytest.mark.parametrize("box", NONSENSE.values(), ids=NONSENSE)
def test_boxes_that_cannot_be(courier, box):
	courier()
	note = delivered()
	with pytest.raises(frappe.ValidationError):
		shipping.make_shipment("Delivery Note", note.name, [{**BOX, **box}])


@pytest.mark.parametrize("amount", ["nan", "inf", "-1"])
def test_cash_that_cannot_be_collected(courier, amount):
	courier()
	note = delivered()
	with pytest.raises(frappe.ValidationError):
		shipping.make_shipment("Delivery Note", note.name, [BOX], cod_amount=amount)


RECORDS = (
	"Integration Event",
	"Integration Link",
	"Integration Attempt",
	"Integration Parcel",
	"Integration Audit",
	"Integration Match",
)


@pytest.mark.parametrize("doctype", RECORDS)
def test_whoever_may_see_one_company_does_not_see_anothers_rows(people, hub, doctype):
	"""User Permissions on Company rule Connections by themselves; what hangs on a Connection must follow it."""
	connected = hub()
	name = _row_of(doctype, connected.connection)
	reader = people("reader")
	path = f"/api/resource/{doctype}"
	assert reader.ask("GET", f"{path}/{name}").status_code == 200
	rule = frappe.get_doc(
		{
			"doctype": "User Permission",
			"user": "desk-reader@hub.example",
			"allow": "Company",
			"for_value": other_company(),
		}
	).insert()
	frappe.db.commit()  # the web server must see it
	try:
		assert reader.ask("GET", f"{path}/{name}").status_code == 403
		assert (
			reader.ask("GET", path, limit_page_length=0, filters=json.dumps({"name": name})).json()["data"]
			== []
		)
	finally:
		rule.delete()
		frappe.db.commit()  # as above
	assert reader.ask("GET", f"{path}/{name}").status_code == 200


def test_a_question_about_a_hidden_customer_is_in_no_list(people, hub):
	"""A question shows what both sides say of a customer: only to whoever may see that customer."""
	tag = frappe.generate_hash(length=8)
	seen, hidden = books.customer(f"Seen {tag}"), books.customer(f"Hidden \\' {tag}")
	names = []
	for customer in (seen, hidden):
		names.append(_row_of("Integration Match", hub().connection))
		about = {"reference_doctype": "Customer", "reference_name": customer}
		frappe.db.set_value("Integration Match", names[-1], about)
	reader = people("reader")
	rule = frappe.get_doc(
		{
			"doctype": "User Permission",
			"user": "desk-reader@hub.example",
			"allow": "Customer",
			"for_value": seen,
		}
	).insert()
	frappe.db.commit()  # the web server must see it
	path = "/api/resource/Integration Match"
	asked = {"limit_page_length": 0, "filters": json.dumps({"name": ["in", names]})}
	try:
		assert [reader.ask("GET", f"{path}/{name}").status_code for name in names] == [200, 403]
		found = reader.ask("GET", path, **asked).json()["data"]
		assert [row["name"] for row in found] == names[:1]
	finally:
		rule.delete()
		frappe.db.commit()  # as above
	assert len(reader.ask("GET", path, **asked).json()["data"]) == 2


def _row_of(doctype, connection):
	values = {
		"connection": connection,
		"outside_id": "1",
		"resource": "customers",
		"tracking_number": uuid.uuid4().hex,
	}
	values |= {"kind": {"Integration Audit": "payout", "Integration Attempt": "Try"}.get(doctype, "Link")}
	values |= {"reference": uuid.uuid4().hex, "dedupe_key": uuid.uuid4().hex, "direction": "In"}
	doc = frappe.get_doc({"doctype": doctype, **values})
	doc.status = {
		"Integration Audit": "Agrees",
		"Integration Match": "Open",
		"Integration Event": "Done",
	}.get(doctype, "created")
	doc.flags.ignore_mandatory = True
	doc.insert()
	frappe.db.commit()  # the web server must see it
	return doc.name


@pytest.mark.parametrize(
	"field", ["reference_name", "reference_doctype", "outside_id", "connection", "kind", "other_name"]
)
def test_an_answer_does_not_change_the_question(people, hub, field):
	"""Who may answer whether two things are the same must not say of which things that is asked: the hub would write the
	outside record over any document."""
	name = _row_of("Integration Match", hub().connection)
	known = frappe.db.get_value("Integration Match", name, field)
	other = {"connection": hub().connection, "kind": "Merge", "reference_doctype": "Lead"}.get(
		field, "victim"
	)
	answer = people("judge").ask(
		"PUT", f"/api/resource/Integration Match/{name}", status="Same", **{field: other}
	)
	frappe.db.rollback()
	assert frappe.db.get_value("Integration Match", name, field) == known
	assert answer.status_code in (403, 417)


# --- what vendors say --------------------------------------------------------------------------------------


def test_what_a_vendor_says_is_text_in_messages():
	from integration_hub.sync.words import in_words

	frappe.clear_messages()
	with pytest.raises(frappe.ValidationError), in_words():
		raise Rejected(f"Refused: {SCRIPT}")
	shown = json.dumps(frappe.message_log[-1], default=str)
	frappe.clear_messages()
	assert SCRIPT not in shown and "< img" in shown


def test_a_communication_that_was_changed_outside_brings_no_script(one):
	ada = one.portal.add_contact(email=one.mail("ada"), firstname="Ada", lifecyclestage="customer")
	note = one.portal.add_note(ada, "<p>Hello</p>")
	one.sync("contacts", "communications")
	one.portal.change("notes", note.id, {"hs_note_body": f"<p>Bye</p>{SCRIPT}<script>alert(1)</script>"})
	one.sync("communications")
	link = one.link("communications", f"notes/{note.id}") or one.link("communications", f"notes:{note.id}")
	content = frappe.db.get_value("Communication", link.reference_name, "content")
	assert "Bye" in content and "onerror" not in content and "<script" not in content


@pytest.fixture
def one(crm):
	return crm()


def test_a_mail_to_the_customer_shows_the_carriers_words_as_text(courier, outgoing_mail):
	"""A carrier (or whoever knows the webhook's token) must not write links into our mails."""
	phish = '<a href="https://evil.example">pay customs here</a>'
	template = frappe.get_doc(
		{
			"doctype": "Email Template",
			"name": f"Threat {frappe.generate_hash(length=6)}",
			"subject": "{{ tracking_number }} {{ status_text }}",
			"response": '{{ status_text }} {{ received_by }} <a href="{{ tracking_url }}">Follow</a>',
		}
	).insert()
	connected = courier(
		shipment_notices=[{"status": "in_transit", "email_template": template.name, "enabled": 1}]
	)
	note = delivered(email="buyer@shop.example")
	shipment = shipping.make_shipment("Delivery Note", note.name, [BOX])
	frappe.db.commit()  # as the request of a person's click does
	shipping.book(shipment, connected.connection)
	from integration_hub.erp import parcels
	from integration_hub.records import Tracking
	from integration_hub.sync import connections
	from integration_hub.sync.handling import context

	[parcel] = frappe.get_all(
		"Integration Parcel", filters={"shipment": shipment}, fields=["tracking_number"]
	)
	said = Tracking(
		tracking_number=parcel.tracking_number,
		version="9",
		status="in_transit",
		text=f"A & B {phish}",
		at=frappe.utils.now_datetime().astimezone(),
		received_by=phish,
		url="javascript:alert(1)",
	)
	parcels.track(said, context(connections.get(connected.connection)))
	mail = frappe.get_last_doc("Email Queue", filters={"reference_name": shipment}).message
	body = "".join(_html_of(mail))
	frappe.db.rollback()
	assert "pay customs here" in body and '<a href="https://evil.example"' not in body
	assert "javascript:" not in body


def _html_of(mail):
	for part in email.message_from_string(mail).walk():
		if part.get_content_type() == "text/html":
			yield part.get_payload(decode=True).decode()


# --- what a user's save must not suffer --------------------------------------------------------------------


SAVES = (
	"payments.document_changed",
	"payments.money_moved",
	"crm.changes.document_changed",
	"parcels.delivery_note_submitted",
)


@pytest.mark.parametrize("broken", SAVES)
def test_a_broken_hub_fails_nobodys_save(site, monkeypatch, broken):
	"""A connector that is gone, a column that is not there yet: the document is saved, and people are told."""
	from integration_hub import tasks

	def fails(*_args, **_kwargs):
		frappe.db.sql("select no_such_column from `tabIntegration Event`")

	module, _dot, function = broken.rpartition(".")
	monkeypatch.setattr(f"integration_hub.sync.{module}.{function}", fails)
	before = frappe.db.count("Error Log")
	customer = frappe.get_doc(
		{
			"doctype": "Customer",
			"customer_name": f"Threat {uuid.uuid4().hex}",
			"customer_group": books.leaf("Customer Group"),
			"territory": books.leaf("Territory"),
		}
	).insert()
	if broken != "crm.changes.document_changed":
		hook = {
			"payments.document_changed": tasks.payable_changed,
			"payments.money_moved": tasks.money_moved,
			"parcels.delivery_note_submitted": tasks.delivery_note_submitted,
		}[broken]
		note = frappe._dict(doctype="Delivery Note", name="x", is_return=1)
		hook(note)
	assert frappe.db.exists("Customer", customer.name), "what the user has written is still there"
	assert frappe.db.count("Error Log") == before + 1
	frappe.db.rollback()


def test_a_document_with_a_question_can_be_deleted(hub):
	"""A question of the hub's keeps nobody from deleting a document of theirs."""
	customer = books.customer(f"Asked {uuid.uuid4().hex[:8]}", "")
	question = _row_of("Integration Match", hub().connection)
	frappe.db.set_value(
		"Integration Match", question, {"reference_doctype": "Customer", "reference_name": customer}
	)
	frappe.delete_doc("Customer", customer)
	assert not frappe.db.exists("Customer", customer)
	frappe.db.commit()  # nothing is left for other tests


def test_a_connection_that_is_deleted_leaves_nothing_behind(hub):
	connected = hub()
	rows = {doctype: _row_of(doctype, connected.connection) for doctype in RECORDS}
	frappe.delete_doc("Integration Connection", connected.connection)
	frappe.db.commit()  # nothing is left for other tests
	assert {doctype: frappe.db.exists(doctype, name) for doctype, name in rows.items()} == dict.fromkeys(
		RECORDS
	)


# --- what is written down --------------------------------------------------------------------------------------


def test_an_unexpected_error_writes_no_key_into_the_error_log(hub, monkeypatch):
	"""By itself Frappe writes every local variable of the trace down, our headers among them."""
	from integration_hub.connectors.http import Http

	shop = hub()
	order = place(shop, 1)

	def broken(*_given, **_named):
		raise ZeroDivisionError("a bug in the middle of a call")

	monkeypatch.setattr(Http, "_judge", broken)
	_store_many(shop, [order.id])
	shop.drain()
	[log] = {one.fix_name for one in shop.events(resource="orders") if one.fix_doctype == "Error Log"}
	said = frappe.db.get_value("Error Log", log, "error")
	assert "ZeroDivisionError: a bug" in said
	assert "shpat_sandbox" not in said and "sandbox-secret" not in said


def test_a_secret_stands_nowhere_but_in_the_vault(people, hub):
	"""Not in old versions, deleted documents, comments or logs either."""
	secret = f"shpat_{uuid.uuid4().hex}"
	connected = hub()
	manager = people("manager")
	path = f"/api/resource/Integration Connection/{connected.connection}"
	rows = manager.ask("GET", path).json()["data"]["credentials"]
	for row in rows:
		if row["is_secret"]:
			row["secret"] = secret
	assert manager.ask("PUT", path, credentials=rows, stock_buffer=2).status_code == 200
	assert manager.ask("PUT", path, stock_buffer=3).status_code == 200
	manager.post("test_connection", connection=connected.connection)
	assert manager.ask("DELETE", path).status_code == 202
	for table in frappe.db.get_tables(cached=False):
		if table.startswith("tab"):
			for row in frappe.db.sql(f"select * from `{table}`"):
				assert secret not in str(row), table
