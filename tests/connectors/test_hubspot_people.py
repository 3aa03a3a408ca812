"""HubSpot's activities and subscription types against the sandbox portal."""

from __future__ import annotations

import contextlib
from datetime import datetime, timezone

import pytest

from integration_hub.failures import Invalid, Unreachable
from integration_hub.records import Communication, Consent
from tests.connectors.hubspot_ground import Connected, ago, start

AT = datetime(2026, 11, 20, 9, 30, tzinfo=timezone.utc)
KINDS = {"note": "notes", "call": "calls", "email": "emails", "meeting": "meetings"}


@pytest.fixture
def account():
	with contextlib.ExitStack() as stack:
		yield start(stack)


@pytest.fixture
def portal(account):
	return account.portal


@pytest.fixture
def hubspot(account):
	return Connected(account).connector


def said(kind, name="COMM-1", **more) -> Communication:
	values = {
		"subject": "Looms",
		"body": "<p>How many?</p>",
		"sender": "me@erp.example",
		"recipients": ("ada@x.example",),
	}
	return Communication(id=name, version="1", kind=kind, at=AT, **{**values, **more})


def tell(hubspot, *communications, look_first=False):
	return hubspot.push_communications(communications, key="k", look_first=look_first)


def walk(hubspot, since=None):
	found, cursor = [], None
	for _page in range(50):
		page = hubspot.pull_communications(since or ago(days=1000), cursor)
		found += page.notices
		cursor = page.cursor
		if cursor is None:
			return found, page.newest
	raise AssertionError("the pull has no end")


def read(hubspot, outside_id):
	return hubspot.read_communication(hubspot.fetch_communications([outside_id])[outside_id])


# --- communications


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_told_related_and_read_back_the_same(account, portal, hubspot, kind):
	acme = portal.add_company(name="Acme")
	ada = portal.add_contact(acme, email="ada@x.example", lifecyclestage="customer")
	deal = portal.add_deal(ada, acme, dealname="D", dealstage="contractsent")
	related = {"contacts": (str(ada.id),), "customers": (str(acme.id),), "deals": (str(deal.id),)}
	(outcome,) = tell(hubspot, said(kind, related=related))
	assert (
		outcome.failure is None
		and outcome.key == "COMM-1"
		and outcome.outside_id.startswith(f"{KINDS[kind]}/")
	)
	record = read(hubspot, outcome.outside_id)
	assert (record.kind, record.at, record.sent) == (kind, AT, True)
	assert "How many?" in record.body
	assert {one: set(ids) for one, ids in record.related.items()} == {
		**{one: set(ids) for one, ids in related.items()},
		"leads": {str(ada.id)},
	}
	if kind != "note":
		assert record.subject == "Looms"
	if kind == "email":
		assert (record.sender, record.recipients) == ("me@erp.example", ("ada@x.example",))
	assert account.log.count(operation="associations.batch.associate.default") == 3


def test_what_they_said_is_theirs(hubspot):
	email, call = tell(hubspot, said("email", sent=False), said("call", "COMM-2", sent=False))
	assert not read(hubspot, email.outside_id).sent and not read(hubspot, call.outside_id).sent


def test_ours_do_not_come_back_and_theirs_do(portal, hubspot):
	ada = portal.add_contact(email="ada@x.example")
	tell(hubspot, *(said(kind, f"COMM-{kind}", related={"contacts": (str(ada.id),)}) for kind in KINDS))
	note, email = portal.add_note(ada, "Called back"), portal.add_email(ada, "Offer", "text")
	found, newest = walk(hubspot)
	assert {one.outside_id for one in found} == {f"notes/{note.id}", f"emails/{email.id}"}
	assert newest is not None, "the time moves on"
	record = read(hubspot, f"notes/{note.id}")
	assert record.body == "Called back" and str(ada.id) in record.related["contacts"]


def test_a_pull_never_moves_on_before_all_objects_are_walked(portal, hubspot):
	ada = portal.add_contact(email="ada@x.example")
	portal.add_note(ada, "note")
	cursor = None
	newest = []
	while True:
		page = hubspot.pull_communications(ago(days=1), cursor)
		newest.append(page.newest)
		cursor = page.cursor
		if cursor is None:
			break
	assert newest[:-1] == [None] * 3


@pytest.mark.parametrize(
	"trouble",
	[{"kind": "error_after", "status": 503}, {"kind": "timeout", "seconds": 0.6}, {"kind": "drop"}],
	ids=lambda one: one["kind"],
)
@pytest.mark.parametrize("strikes", ["notes.batch.upsert", "associations.batch.*"])
def test_a_lost_answer_makes_no_second_note(account, portal, trouble, strikes):
	ada = portal.add_contact(email="ada@x.example")
	one = said("note", related={"contacts": (str(ada.id),)})
	account.troubles.add(**trouble, operation=strikes)
	with pytest.raises(Unreachable):
		tell(Connected(account, timeouts=(1.0, 0.3)).connector, one)
	account.troubles.clear()
	hubspot = Connected(account).connector
	(outcome,) = tell(hubspot, one, look_first=True)
	assert len(portal.live("notes")) == 1
	assert str(ada.id) in read(hubspot, outcome.outside_id).related["contacts"]


def test_a_poison_row_does_not_hold_up_the_others(portal, hubspot):
	ada = portal.add_contact(email="ada@x.example")
	related = {"contacts": (str(ada.id),)}
	good, bad = tell(
		hubspot, said("note", related=related), said("note", "COMM-2", related={"contacts": ("1",)})
	)
	assert good.failure is None and bad.failure is not None


def test_a_hundred_notes_in_one_call(account, portal, hubspot):
	ada = portal.add_contact(email="ada@x.example")
	outcomes = tell(
		hubspot, *(said("note", f"COMM-{n}", related={"contacts": (str(ada.id),)}) for n in range(100))
	)
	assert len({one.outside_id for one in outcomes}) == 100
	assert account.log.count(operation="notes.batch.upsert") == 1


def test_a_very_long_mail_is_cut(hubspot):
	(outcome,) = tell(hubspot, said("email", body="x" * 200_000))
	assert read(hubspot, outcome.outside_id).body.endswith("[…]")


# --- consent


def states(portal, email):
	return [portal.consent.status(email, one).state for one in portal.consent.definitions.values()]


def consent(email, state, **more):
	return Consent(email=email, state=state, **more)


def test_out_of_everything_and_back_in(account, portal, hubspot):
	emails = [f"{n}@x.example" for n in range(150)]
	outcomes = hubspot.push_consents([consent(one, "unsubscribed") for one in emails])
	assert [one.key for one in outcomes] == emails and not [one for one in outcomes if one.failure]
	assert account.log.count(operation="communication-preferences.statuses.batch.unsubscribe-all") == 2
	assert states(portal, emails[0]) == ["UNSUBSCRIBED", "UNSUBSCRIBED"]
	hubspot.push_consents(
		[consent(emails[0], "subscribed", legal_basis="Asked by phone", explanation="ERPNext")]
	)
	marketing = next(one for one in portal.consent.definitions.values() if not one.default)
	now = portal.consent.status(emails[0], marketing)
	assert (now.state, now.legal_basis) == ("SUBSCRIBED", "LEGITIMATE_INTEREST_OTHER")
	assert now.explanation == "ERPNext: Asked by phone"
	assert states(portal, emails[1]) == ["UNSUBSCRIBED", "UNSUBSCRIBED"]


def test_not_unsubscribed_here_is_no_consent_there(account, portal, hubspot):
	(outcome,) = hubspot.push_consents([consent("new@x.example", "subscribed", legal_basis="NON_GDPR")])
	assert outcome.failure is None
	assert states(portal, "new@x.example") == ["NOT_SPECIFIED", "NOT_SPECIFIED"]
	assert account.log.count(operation="communication-preferences.statuses.batch.write") == 0


def test_one_topic(portal, hubspot):
	marketing = next(one for one in portal.consent.definitions.values() if not one.default)
	hubspot.push_consents([consent("a@x.example", "unsubscribed", topic=str(marketing.id))])
	assert portal.consent.status("a@x.example", marketing).state == "UNSUBSCRIBED"
	assert "a@x.example" not in portal.consent.out


def test_a_topic_that_is_gone_and_a_good_one(portal, hubspot):
	marketing = next(one for one in portal.consent.definitions.values() if not one.default)
	bad, good = hubspot.push_consents(
		[
			consent("a@x.example", "unsubscribed", topic="999"),
			consent("b@x.example", "unsubscribed", topic=str(marketing.id)),
		]
	)
	assert isinstance(bad.failure, Invalid) and good.failure is None
	assert portal.consent.status("b@x.example", marketing).state == "UNSUBSCRIBED"


def test_fetched_by_address_and_by_contact(account, portal, hubspot):
	ada = portal.add_contact(email="ada@x.example")
	portal.unsubscribe("ada@x.example")
	found = hubspot.fetch_consents(["Ada@x.example", str(ada.id), "nobody@x.example", "999"])
	assert {one: hubspot.read_consent(payload).state for one, payload in found.items()} == {
		"Ada@x.example": "unsubscribed",
		str(ada.id): "unsubscribed",
		"nobody@x.example": "not_specified",
	}
	assert hubspot.read_consent(found[str(ada.id)]).email == "ada@x.example"


def test_saying_the_same_again_changes_nothing(portal, hubspot):
	for _twice in range(2):
		assert not hubspot.push_consents([consent("a@x.example", "unsubscribed")])[0].failure
	assert states(portal, "a@x.example") == ["UNSUBSCRIBED", "UNSUBSCRIBED"]
