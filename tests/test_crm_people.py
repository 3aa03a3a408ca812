"""What people said to each other, and who may be written to: both ways between a CRM and ERPNext."""

import frappe
import pytest


@pytest.fixture
def one(crm):
	return crm()


def say(doc, medium="Email", **values):
	made = frappe.get_doc(
		{
			"doctype": "Communication",
			"communication_type": "Communication",
			"communication_medium": medium,
			"subject": "Looms",
			"content": "<p>How many?</p>",
			"sent_or_received": "Sent",
			"sender": "me@erp.example",
			"recipients": "ada@x.example",
			"reference_doctype": doc.doctype,
			"reference_name": doc.name,
			**values,
		}
	).insert()
	frappe.db.commit()  # as a request does
	return made


KINDS = {"Email": "emails", "Phone": "calls", "Meeting": "meetings", "Other": "notes"}


@pytest.mark.parametrize("medium, kind", KINDS.items())
def test_each_kind_goes_out_once(one, medium, kind):
	customer = one.customer()
	contact = one.contact(customer=customer)
	one.settle()
	say(contact, medium)
	one.settle()
	[activity] = one.live(kind)
	assert list(one.portal.links.of(activity, "contacts")) == [one.record(contact).id]
	one.pull("communications")
	one.settle()
	assert frappe.db.count("Communication", {"reference_name": contact.name}) == 1, "it does not come back"
	assert one.unfinished() == []


def test_one_that_cannot_be_written_down_holds_up_no_other(one):
	contact = one.contact()
	one.settle()
	odd, plain = say(contact, "Other"), say(contact, "Other", content="plain")
	frappe.db.set_value("Communication", odd.name, "communication_medium", "Chat")  # no kind that CRMs know
	frappe.db.commit()  # as a request does
	one.drain()
	events = {event.reference_name: event for event in one.events(resource="communications")}
	assert events[odd.name].status == "Parked" and events[odd.name].fix_doctype == "Error Log"
	assert events[plain.name].status == "Done", events[plain.name].message
	assert len(one.live("notes")) == 1


def test_about_somebody_who_is_just_being_told(one):
	"""Customer, contact, deal and a note in one go, whichever is worked on first."""
	customer = one.customer()
	deal = one.deal(customer)
	say(deal, "Other")
	say(one.lead(), "Phone")
	one.settle()
	assert one.unfinished() == []
	[note], [call] = one.live("notes"), one.live("calls")
	assert list(one.portal.links.of(note, "deals")) == [one.record(deal).id]
	assert len(one.portal.links.of(call, "contacts")) == 1


def test_what_is_about_nobody_they_know_stays_here(one):
	item = frappe.get_all("Currency", limit=1)[0].name
	say(frappe.get_doc("Currency", item), "Other")
	assert not one.events(resource="communications")


def test_theirs_come_in_once_on_all_timelines(one):
	acme = one.portal.add_company(name=one.named("Acme"))
	ada = one.portal.add_contact(acme, email=one.mail("ada"), firstname="Ada", lifecyclestage="customer")
	deal = one.portal.add_deal(ada, acme, dealname=one.named("Looms"), dealstage="contractsent")
	note = one.portal.add_note(ada, "Called back")
	one.portal.associate(note, deal)
	one.portal.associate(note, acme)
	one.sync("communications", "deals", "contacts", "customers")
	one.sync("communications")
	assert one.unfinished() == []
	made = frappe.get_doc("Communication", one.link("communications", f"notes/{note.id}").reference_name)
	about = {made.reference_name, *(row.link_name for row in made.timeline_links)}
	assert {
		one.counterpart(*pair).name for pair in (("deals", deal), ("contacts", ada), ("customers", acme))
	} <= about
	assert made.content == "Called back" and made.communication_medium == "Other"
	assert frappe.db.count("Communication", {"name": made.name}) == 1
	assert one.live("notes") == [note], "nothing is told back"


def test_a_note_about_somebody_who_is_not_here_yet_fetches_them(one):
	one.portal.clock.advance(-40 * 24 * 3600 * 1000)
	ada = one.portal.add_contact(email=one.mail("ada"), firstname="Ada", lifecyclestage="customer")
	one.portal.clock.advance(40 * 24 * 3600 * 1000)
	one.pull("contacts")
	one.settle()
	assert one.counterpart("contacts", ada) is None, "before the time that is pulled"
	one.portal.add_email(ada, "Offer", "text")
	one.sync("communications")
	contact = one.counterpart("contacts", ada)
	assert frappe.db.get_value("Communication", {"reference_name": contact.name}, "subject") == "Offer"
	assert one.unfinished() == []


def test_a_changed_note_changes(one):
	ada = one.portal.add_contact(email=one.mail("ada"), firstname="Ada", lifecyclestage="customer")
	note = one.portal.add_note(ada, "before")
	one.sync("contacts", "communications")
	one.portal.change("notes", note.id, {"hs_note_body": "after"})
	one.sync("communications")
	name = one.link("communications", f"notes/{note.id}").reference_name
	assert frappe.db.get_value("Communication", name, "content") == "after"


@pytest.mark.parametrize("kind", ["drop", "error_after"])
def test_a_lost_answer_makes_no_second_note(one, kind):
	from integration_hub.sync import connections

	contact = one.contact()
	one.settle()
	say(contact, "Other")
	one.vendor.troubles.add(kind, operation="notes.batch.upsert")
	one.drain()
	[event] = one.events(resource="communications")
	assert (event.status, event.failure) == ("Retrying", "Unreachable")
	connections.budget_of(one.doc).reset()
	one.settle()
	assert len(one.live("notes")) == 1 and one.unfinished() == []


# --- who may be written to


def out(one, email):
	return email in one.portal.consent.out


def test_unsubscribed_here(one):
	contact = one.contact()
	one.settle()
	assert not out(one, one.mail("ada"))
	one.save(contact, unsubscribed=1)
	one.settle()
	assert out(one, one.mail("ada")) and one.unfinished() == []


def test_subscribed_again_needs_a_legal_basis(one):
	contact = one.contact()
	one.settle()
	one.save(contact, unsubscribed=1)
	one.settle()
	one.save(contact, unsubscribed=0)
	one.settle()
	[parked] = one.events(status="Parked")
	assert "legal basis" in parked.message and out(one, one.mail("ada"))
	one.switch(consent_basis="Asked by phone")
	one.settle()
	assert not out(one, one.mail("ada")) and one.unfinished() == []


def test_unsubscribed_there_by_pull(one):
	contact = one.contact()
	one.settle()
	one.portal.unsubscribe(one.mail("ada"))
	one.sync("contacts")
	contact.reload()
	assert contact.unsubscribed == 1
	assert not [event for event in one.events(resource="consents")], "it is not told back"


def test_unsubscribed_there_by_webhook(one, web):
	lead = one.lead()
	one.settle()
	one.vendor.do_subscribe(web + one.webhook_path, ["contact.propertyChange:hs_email_optout"])
	one.portal.unsubscribe(one.mail("lea"))
	assert one.vendor.courier.wait(20)
	one.settle()
	lead.reload()
	assert lead.unsubscribed == 1 and one.unfinished() == []
	assert {(event.resource, event.status) for event in one.events(direction="In")} >= {("consents", "Done")}


def test_nobody_elses_server_is_asked_about_who_unsubscribes(one, web, monkeypatch):
	"""Frappe asks gravatar.com for a picture of everybody who is saved without one."""
	asked = []
	monkeypatch.setattr("requests.get", lambda url, **_options: asked.append(url))
	contact = one.contact()
	one.settle()
	one.vendor.do_subscribe(web + one.webhook_path, ["contact.propertyChange:hs_email_optout"])
	one.portal.unsubscribe(one.mail("ada"))
	assert one.vendor.courier.wait(20)
	one.settle()
	contact.reload()
	assert contact.unsubscribed == 1 and not asked


def test_an_address_that_is_a_contact_and_a_lead(one):
	"""Out as soon as one of its people is."""
	lead = one.lead()
	contact = frappe.get_doc("Contact", {"email_id": one.mail("lea")})
	one.settle()
	one.save(contact, unsubscribed=1)
	one.settle()
	assert out(one, one.mail("lea"))
	one.switch(consent_basis="Asked")
	one.save(lead, unsubscribed=1)
	one.save(lead, unsubscribed=0)
	one.settle()
	assert out(one, one.mail("lea")), "the contact has not come back"
