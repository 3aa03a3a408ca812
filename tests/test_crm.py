"""A CRM end to end: HubSpot's sandbox portal on one side, ERPNext's customers, contacts, leads and deals on the other."""

import frappe
import pytest

from integration_hub.connectors.hubspot import HubSpot
from tests.test_crm_people import KINDS, say


@pytest.fixture
def one(crm):
	return crm()


# --- in


def test_all_four_kinds_come_in(one):
	portal = one.portal
	acme = portal.add_company(
		name=one.named("Acme"), domain=f"{one.tag}.example", city="Berlin", address="Weg 1", country="Germany"
	)
	ada = portal.add_contact(
		acme,
		email=one.mail("ada"),
		firstname="Ada",
		lastname="L",
		phone=one.phone(),
		lifecyclestage="customer",
	)
	lea = portal.add_contact(
		email=one.mail("lea"), firstname="Lea", lastname="M", company=one.named("Beta"), lifecyclestage="lead"
	)
	deal = portal.add_deal(
		ada,
		acme,
		dealname=one.named("Looms"),
		amount="1200.50",
		dealstage="contractsent",
		pipeline="default",
		closedate="2026-12-01T15:00:00Z",
	)
	one.sync()
	assert one.unfinished() == []
	customer, contact, lead, opportunity = (
		one.counterpart(resource, record)
		for resource, record in (("customers", acme), ("contacts", ada), ("leads", lea), ("deals", deal))
	)
	assert (customer.customer_name, customer.website) == (one.named("Acme"), f"{one.tag}.example")
	address = frappe.get_doc(
		"Address",
		frappe.db.get_value(
			"Dynamic Link",
			{"link_doctype": "Customer", "link_name": customer.name, "parenttype": "Address"},
			"parent",
		),
	)
	assert (address.address_line1, address.city, address.country) == ("Weg 1", "Berlin", "Germany")
	assert (contact.first_name, contact.email_id, contact.phone) == ("Ada", one.mail("ada"), one.phone())
	assert [(row.link_doctype, row.link_name) for row in contact.links] == [("Customer", customer.name)]
	assert (lead.first_name, lead.email_id, lead.company_name) == ("Lea", one.mail("lea"), one.named("Beta"))
	assert (opportunity.title, opportunity.party_name) == (one.named("Looms"), customer.name)
	assert (opportunity.sales_stage, float(opportunity.opportunity_amount)) == ("Negotiation/Review", 1200.5)
	assert str(opportunity.expected_closing) == "2026-12-01" and opportunity.contact_person == contact.name
	assert one.live("contacts") == [ada, lea], "nothing is made of what came from there"


def test_what_came_in_is_not_told_back(one):
	acme = one.portal.add_company(name=one.named("Acme"))
	one.portal.add_contact(acme, email=one.mail("ada"), firstname="Ada", lifecyclestage="customer")
	one.sync()
	one.sync()
	assert not one.events(direction="Out")
	assert not [call for call in ("upsert", "update") if one.calls(f"*.batch.{call}")]


# --- out


def test_all_four_kinds_go_out(one):
	customer = one.customer(website=f"https://www.{one.tag}.example/shop")
	contact = one.contact(customer=customer)
	lead = one.lead()
	deal = one.deal(
		customer,
		contact_person=contact.name,
		opportunity_amount=1200.5,
		sales_stage="Prospecting",
		expected_closing="2026-12-24",
	)
	one.settle()
	assert one.unfinished() == []
	company, person, prospect, sale = (one.record(doc) for doc in (customer, contact, lead, deal))
	assert (company.get("name"), company.get("domain")) == (customer.customer_name, f"{one.tag}.example")
	assert (person.get("email"), person.get("lifecyclestage")) == (one.mail("ada"), "customer")
	assert (prospect.get("email"), prospect.get("lifecyclestage")) == (one.mail("lea"), "lead")
	assert (sale.get("dealname"), sale.get("amount"), sale.get("dealstage")) == (
		deal.title,
		"1200.5",
		"appointmentscheduled",
	)
	assert (
		sale.get("closedate").startswith("2026-12-24")
		and sale.get("erpnext_id") == f"Opportunity/{deal.name}"
	)
	links = one.portal.links
	assert list(links.of(person, "companies")) == [company.id]
	assert list(links.of(sale, "companies")) == [company.id] and list(links.of(sale, "contacts")) == [
		person.id
	]
	one.sync()
	assert one.unfinished() == []
	assert len(one.live("contacts")) == 2 and len(one.live("companies")) == 1


def test_a_deal_of_a_lead(one):
	lead = one.lead()
	deal = one.deal(lead)
	one.settle()
	assert one.unfinished() == []
	sale, person = one.record(deal), one.record(lead)
	assert list(one.portal.links.of(sale, "contacts")) == [person.id]
	theirs = one.portal.add_deal(person, dealname=one.named("Second"), dealstage="contractsent")
	one.sync("deals")
	opportunity = one.counterpart("deals", theirs)
	assert (opportunity.opportunity_from, opportunity.party_name) == ("Lead", lead.name)


def test_leads_of_the_object_leads(crm):
	"""HubSpot keeps the person as a contact and the lead as an object of its own; here both are one Lead."""
	one = crm(settings={"leads_are": "Leads"})
	lead = one.lead(mobile_no="+49 151 1234567")
	one.settle()
	assert one.unfinished() == []
	[person] = one.live("contacts")
	assert (person.get("email"), person.get("mobilephone")) == (one.mail("lea"), "+49 151 1234567")
	one.portal.change("contacts", person.id, {"jobtitle": "Weaver"})
	one.sync()
	lead.reload()
	assert lead.job_title == "Weaver" and one.unfinished() == []
	assert len(one.live("leads")) == len(one.live("contacts")) == 1
	assert frappe.db.count("Contact", {"email_id": one.mail("lea")}) == 1


@pytest.mark.parametrize("first", ["contacts", "leads"])
def test_leads_of_the_object_leads_come_in(crm, first):
	one = crm(settings={"leads_are": "Leads"})
	person = one.portal.add_contact(email=one.mail("lea"), firstname="Lea", lastname=one.tag)
	theirs = one.portal.add_lead(person, hs_lead_name=one.named("Looms"))
	one.sync(first)
	one.sync()
	assert one.unfinished() == []
	lead = one.counterpart("leads", theirs)
	assert (lead.first_name, lead.email_id) == ("Lea", one.mail("lea"))
	one.sync()
	assert len(one.live("leads")) == len(one.live("contacts")) == 1
	assert frappe.db.count("Lead", {"email_id": one.mail("lea")}) == 1


def test_a_person_changes_whose_lead_was_made_at_hubspot(crm):
	one = crm(settings={"leads_are": "Leads"})
	person = one.portal.add_contact(email=one.mail("lea"), firstname="Lea", lastname=one.tag)
	theirs = one.portal.add_lead(person, hs_lead_name=one.named("Looms"))
	one.sync()
	one.sync()
	one.portal.change("contacts", person.id, {"jobtitle": "Weaver"})
	one.sync()
	lead = one.counterpart("leads", theirs)
	assert lead.job_title == "Weaver" and one.unfinished() == [] and one.questions() == []


def test_two_hundred_and_fifty_contacts_in_three_calls(one):
	customer = one.customer()
	one.settle()
	for number in range(250):
		one.contact(f"Person{number}", customer)
	one.vendor.log.clear()
	one.settle()
	assert one.unfinished() == []
	assert one.calls("contacts.batch.upsert") == 3
	assert one.calls("associations.batch.associate.default") == 3
	assert len(one.live("contacts")) == 250
	[company] = one.live("companies")
	assert len(one.portal.links.of(company, "contacts")) == 250


def test_two_hundred_and_fifty_contacts_come_in(one):
	for number in range(250):
		one.portal.add_contact(
			email=one.mail(f"p{number}"), firstname=f"P{number}", lifecyclestage="customer"
		)
	one.vendor.log.clear()
	one.sync("contacts")
	assert one.unfinished() == []
	assert one.calls("contacts.search") == 2 and one.calls("contacts.batch.read") == 3
	assert frappe.db.count("Contact Email", {"email_id": ("like", f"%@{one.tag}.example")}) == 250


def test_everything_is_told_for_the_first_time(crm):
	from integration_hub.sync.crm import changes

	one = crm()
	one.switch(enabled=0)
	made = [one.lead(f"Old{number}") for number in range(3)]
	one.switch(enabled=1)
	changes.tell_all(one.connection, "leads")
	one.settle()
	people = [one.record(doc) for doc in made]
	assert all(people)
	one.vendor.log.clear()
	changes.tell_all(one.connection, "leads")
	one.settle()
	assert [one.record(doc) for doc in made] == people
	keys = {f"Lead/{doc.name}" for doc in made}
	assert sum(person.get("erpnext_id") in keys for person in one.live("contacts")) == 3


def test_one_poison_row_does_not_hold_up_the_others(one):
	made = [one.contact(f"Person{number}") for number in range(20)]
	one.map("contacts", "department", "hs_lead_status")
	one.save(made[7], department="no such status")
	one.settle()
	assert sum(one.record(doc) is not None for doc in made) == 19
	[parked] = one.events(status="Parked")
	assert parked.reference_name == made[7].name and "no such status" in parked.message
	one.map("contacts", "department", "hs_lead_status", value_map="no such status = NEW")
	one.settle()
	assert one.record(made[7]).get("hs_lead_status") == "NEW" and one.unfinished() == []


# --- both sides change


def test_each_sides_change_reaches_the_other(one):
	contact = one.contact()
	one.settle()
	person = one.record(contact)
	one.portal.change("contacts", person.id, {"phone": "+49 30 1"})
	one.save(contact, designation="Countess")
	one.settle()  # ours goes first; theirs is not overwritten although nobody has told us of it
	assert person.get("jobtitle") == "Countess" and person.get("phone") == "+49 30 1"
	one.sync("contacts")
	contact.reload()
	assert (contact.phone, contact.designation) == ("+49 30 1", "Countess")
	assert one.unfinished() == []


@pytest.mark.parametrize("wins, expected", [("Newer", "theirs"), ("ERPNext", "ours"), ("Outside", "theirs")])
@pytest.mark.parametrize("first", ["In", "Out"])
def test_both_changed_the_same_field(one, wins, expected, first):
	one.map("contacts", "designation", "jobtitle", wins=wins)
	contact = one.contact(designation="before")
	one.settle()
	person = one.record(contact)
	one.save(contact, designation="ours")
	one.portal.clock.advance(5_000)
	one.portal.change("contacts", person.id, {"jobtitle": "theirs"})
	if first == "In":
		one.pull("contacts")
	one.settle()
	one.sync("contacts")
	contact.reload()
	assert (contact.designation, person.get("jobtitle")) == (expected, expected)


def test_ours_was_changed_later(one):
	contact = one.contact(designation="before")
	one.settle()
	person = one.record(contact)
	one.portal.clock.advance(-60_000)
	one.portal.change("contacts", person.id, {"jobtitle": "theirs"})
	person.updated_at -= 120_000  # a minute ago; the portal's clock never stands back by itself
	one.portal.clock.advance(60_000)
	one.save(contact, designation="ours")
	one.settle()
	assert person.get("jobtitle") == "ours"


def test_our_own_write_does_not_come_back(one, web):
	"""Webhooks of what we wrote ourselves arrive, and nothing follows from them on either side."""
	one.vendor.do_subscribe(web + one.webhook_path, [*EVENTS])
	contact = one.contact()
	for number in range(3):
		one.settle()
		one.vendor.courier.wait(10)
		one.settle()
		one.save(contact, designation=f"Countess {number}")
	one.settle()
	one.vendor.courier.wait(10)
	one.settle()
	contact.reload()
	modified = contact.modified
	writes = one.calls("contacts.batch.up*")
	one.sync("contacts")
	contact.reload()
	assert contact.modified == modified and one.calls("contacts.batch.up*") == writes == 4
	assert one.unfinished() == [] and one.events(direction="In"), "they did arrive"


EVENTS = (
	"contact.creation",
	"contact.propertyChange:email",
	"contact.propertyChange:firstname",
	"contact.propertyChange:jobtitle",
	"contact.propertyChange:lifecyclestage",
	"contact.propertyChange:phone",
	"contact.deletion",
	"contact.restore",
	"contact.merge",
	"contact.associationChange",
	"company.creation",
	"company.propertyChange:name",
	"company.deletion",
	"company.restore",
	"company.merge",
	"contact.propertyChange:hs_email_optout",
)


def test_webhooks_are_taken_over_real_http(one, web):
	one.vendor.do_subscribe(web + one.webhook_path, [*EVENTS])
	with one.portal.together():
		acme = one.portal.add_company(name=one.named("Acme"))
		ada = one.portal.add_contact(acme, email=one.mail("ada"), firstname="Ada", lifecyclestage="customer")
	assert one.vendor.courier.wait(20)
	one.settle()
	assert one.unfinished() == []
	assert one.counterpart("contacts", ada).links[0].link_name == one.counterpart("customers", acme).name
	one.vendor.hooks.repeat, one.vendor.hooks.shuffle = 3, True
	one.portal.change("contacts", ada.id, {"phone": "+49 30 2", "jobtitle": "Countess"})
	assert one.vendor.courier.wait(20)
	one.settle()
	contact = one.counterpart("contacts", ada)
	assert (contact.phone, contact.designation) == ("+49 30 2", "Countess")
	assert len(one.events(resource="contacts", outside_id=str(ada.id))) == 2, (
		"a delivery is one Event for a record"
	)


def test_a_webhook_that_is_quicker_than_our_commit(one):
	"""HubSpot tells of the contact we are just making. Our key says whose it is: no second Contact."""
	from integration_hub.sync import store

	contact = one.contact()
	trouble = one.vendor.troubles.add("drop", operation="contacts.batch.upsert")
	one.drain()
	assert trouble.hits == 1
	[person] = one.live("contacts")
	store.store(
		one.connection, [store.Draft("In", "contacts", str(person.id), dedupe_key="quick", version="2026")]
	)
	frappe.db.commit()  # as the inbox does
	one.settle()
	assert one.counterpart("contacts", person).name == contact.name
	assert len(one.live("contacts")) == 1 and one.unfinished() == []
	assert frappe.db.count("Contact Email", {"email_id": one.mail("ada")}) == 1


# --- fields


def test_a_row_that_only_goes_one_way(one):
	one.map("contacts", "department", "company", direction="In")
	one.map("contacts", "designation", "jobtitle", direction="Out")
	contact = one.contact(department="ours", designation="ours")
	one.settle()
	person = one.record(contact)
	assert person.get("company") is None and person.get("jobtitle") == "ours"
	one.portal.change("contacts", person.id, {"company": "theirs", "jobtitle": "theirs"})
	one.sync("contacts")
	contact.reload()
	assert (contact.department, contact.designation) == ("theirs", "ours")
	one.save(contact, department="ours again", designation="ours again")
	one.settle()
	assert (person.get("company"), person.get("jobtitle")) == ("theirs", "ours again")


def test_what_only_goes_out_does_not_empty_what_is_there(one):
	one.map("contacts", "designation", "jobtitle", direction="Out")
	ada = one.portal.add_contact(
		email=one.mail("ada"), firstname="Ada", jobtitle="Countess", lifecyclestage="customer"
	)
	one.sync("contacts")
	contact = one.counterpart("contacts", ada)
	assert not contact.designation
	one.save(contact, department="any")
	one.save(contact, last_name="King")
	one.settle()
	assert ada.get("lastname") == "King" and ada.get("jobtitle") == "Countess"


def test_who_is_unsubscribed_here_is_not_subscribed_by_silence(one):
	contact = one.contact(unsubscribed=1)
	one.settle()
	one.portal.change("contacts", one.record(contact).id, {"phone": "+49 30 1"})
	one.sync("contacts")
	contact.reload()
	assert contact.unsubscribed == 1 and contact.phone == "+49 30 1"


def test_values_and_transforms(one):
	one.map("contacts", "gender", "hs_lead_status", value_map="Female = OPEN\nMale = NEW")
	one.map("contacts", "department", "city", transform="Upper Case")
	for name in ("Female", "Male"):
		if not frappe.db.exists("Gender", name):
			frappe.get_doc({"doctype": "Gender", "gender": name}).insert()
	contact = one.contact(gender="Female", department="Berlin")
	one.settle()
	person = one.record(contact)
	assert (person.get("hs_lead_status"), person.get("city")) == ("OPEN", "BERLIN")
	one.portal.change("contacts", person.id, {"hs_lead_status": "NEW"})
	one.sync("contacts")
	contact.reload()
	assert (contact.gender, contact.department) == ("Male", "Berlin")


def test_a_value_that_is_unknown_here_waits_for_a_mapping(one):
	customer = one.portal.add_company(name=one.named("Acme"))
	deal = one.portal.add_deal(customer, dealname=one.named("Looms"), dealstage="presentationscheduled")
	one.sync()
	[parked] = one.events(status="Parked")
	assert parked.resource == "deals" and "presentationscheduled" in parked.message
	row = next(row for row in one.doc.field_mappings if row.erp_field == "sales_stage")
	one.map(
		"deals",
		"sales_stage",
		"dealstage",
		value_map=row.value_map + "\nNeeds Analysis = presentationscheduled",
	)
	one.settle()
	assert one.counterpart("deals", deal).sales_stage == "Needs Analysis" and one.unfinished() == []


def test_a_field_that_is_emptied_is_emptied_there_as_well(one):
	contact = one.contact(designation="Countess")
	one.settle()
	one.save(contact, designation=None)
	one.settle()
	person = one.record(contact)
	assert not person.get("jobtitle")
	one.portal.change("contacts", person.id, {"lastname": ""})
	one.sync("contacts")
	contact.reload()
	assert not contact.last_name


def test_a_customers_address_is_part_of_it(one):
	customer = one.customer()
	one.settle()
	address = frappe.get_doc(
		{
			"doctype": "Address",
			"address_title": customer.name,
			"address_type": "Billing",
			"address_line1": "Weg 1",
			"city": "Berlin",
			"pincode": "01067",
			"country": "Germany",
			"links": [{"link_doctype": "Customer", "link_name": customer.name}],
		}
	).insert()
	frappe.db.commit()  # as a request does
	one.settle()
	company = one.record(customer)
	assert (company.get("address"), company.get("city"), company.get("zip")) == ("Weg 1", "Berlin", "01067")
	one.portal.change("companies", company.id, {"city": "Hamburg"})
	one.sync("customers")
	address.reload()
	assert address.city == "Hamburg" and frappe.db.count("Address", {"address_title": customer.name}) == 1


def test_an_address_that_changes_while_its_customer_is_told_is_told_as_well(one, monkeypatch):
	customer = one.customer(website=f"{one.tag}.example")
	push = HubSpot.push_records

	def told_while_a_person_saves(connector, *args, **named):
		monkeypatch.setattr(HubSpot, "push_records", push)
		outcomes = push(connector, *args, **named)
		frappe.get_doc(
			{
				"doctype": "Address",
				"address_title": customer.name,
				"address_type": "Billing",
				"address_line1": "Weg 1",
				"city": "Berlin",
				"country": "Germany",
				"links": [{"link_doctype": "Customer", "link_name": customer.name}],
			}
		).insert()
		frappe.db.commit()  # as the person's request does
		return outcomes

	monkeypatch.setattr(HubSpot, "push_records", told_while_a_person_saves)
	one.settle()
	assert one.record(customer).get("city") == "Berlin" and one.unfinished() == []


def test_what_is_switched_off_is_neither_taken_nor_told(crm):
	one = crm()
	doc = one.doc
	for row in doc.resources:
		if row.resource == "leads" or (row.resource, row.direction) == ("contacts", "Out"):
			row.enabled = 0
	doc.save()
	frappe.db.commit()  # workers must see it
	one.contact()
	one.lead()
	lea = one.portal.add_contact(email=one.mail("lea2"), firstname="Lea", lifecyclestage="lead")
	from integration_hub.sync import store

	store.store(
		one.connection, [store.Draft("In", "contacts", str(lea.id), dedupe_key="hook", version="2026")]
	)
	frappe.db.commit()  # as the inbox does
	one.sync("contacts")
	assert one.live("contacts") == [lea] and one.counterpart("leads", lea) is None
	assert [event.status for event in one.events()] == ["Ignored"]


# --- the machine breaks


@pytest.fixture
def quick_leases():
	"""Leases of 5 s, so that a test need not wait five minutes for the dead."""
	settings = frappe.get_doc("Integration Settings")
	before = settings.lease_seconds
	settings.lease_seconds = 5
	settings.save()
	frappe.db.commit()  # worker processes must see it
	yield
	settings.reload()
	settings.lease_seconds = before
	settings.save()
	frappe.db.commit()  # back to what it was


def killed(one, there):
	"""A real worker, killed with -9 when the portal has done what it was asked and the worker still waits to hear so."""
	import signal
	import subprocess
	import time

	process = one.site.drainer(one.connection, stderr=subprocess.DEVNULL)
	end = time.monotonic() + 60
	while not there():
		assert time.monotonic() < end and process.poll() is None, "the worker never came so far"
		time.sleep(0.05)
	time.sleep(0.3)
	assert process.poll() is None
	process.send_signal(signal.SIGKILL)
	process.wait()


def after_the_crash(one):
	"""Leases run out, the sweep comes by, and others do the work."""
	import time

	from integration_hub.sync import sweep

	frappe.db.rollback()
	end = time.monotonic() + 60
	while one.events(status="Working"):
		assert time.monotonic() < end
		time.sleep(0.5)
		sweep.sweep()
	one.vendor.troubles.clear()
	one.settle()


@pytest.mark.processes
@pytest.mark.parametrize("kind", ["contacts", "companies", "deals", "leads"])
def test_killed_between_the_answer_and_our_commit(one, quick_leases, kind):
	make = {
		"contacts": one.contact,
		"companies": one.customer,
		"leads": one.lead,
		"deals": lambda: one.deal(settled_customer(one)),
	}[kind]
	doc = make()
	there = "contacts" if kind == "leads" else kind
	one.vendor.troubles.add("timeout", operation=f"{there}.batch.upsert", seconds=25)
	killed(one, lambda: one.live(there))
	assert one.record(doc) is None, "we do not know of it"
	one.portal.search_lag = 3600  # and the search would not tell
	after_the_crash(one)
	assert len(one.live(there)) == 1 and one.record(doc) is one.live(there)[0]
	assert one.unfinished() == []


def settled_customer(one):
	customer = one.customer()
	one.settle()
	return customer


@pytest.mark.processes
def test_killed_while_it_was_related(one, quick_leases):
	customer = settled_customer(one)
	contact = one.contact(customer=customer)
	one.vendor.troubles.add("timeout", operation="associations.batch.*", seconds=25)
	company = one.record(customer)
	killed(one, lambda: one.portal.links.of(company, "contacts"))
	after_the_crash(one)
	[person] = one.live("contacts")
	assert list(one.portal.links.of(person, "companies")) == [one.record(customer).id]
	assert one.record(contact) is person and one.unfinished() == []


@pytest.mark.processes
@pytest.mark.parametrize("medium, kind", KINDS.items())
def test_killed_while_a_communication_was_told(one, quick_leases, medium, kind):
	contact = one.contact()
	one.settle()
	say(contact, medium)
	one.vendor.troubles.add("timeout", operation=f"{kind}.batch.upsert", seconds=25)
	killed(one, lambda: one.live(kind))
	after_the_crash(one)
	assert len(one.live(kind)) == 1 and one.unfinished() == []


@pytest.mark.processes
@pytest.mark.parametrize(
	"operation, there", [("contacts.batch.upsert", "contacts"), ("*.batch.create", "leads")]
)
def test_killed_while_a_lead_of_the_object_leads_was_made(crm, quick_leases, operation, there):
	one = crm(settings={"leads_are": "Leads"})
	lead = one.lead()
	one.vendor.troubles.add("timeout", operation=operation, seconds=25)
	killed(one, lambda: one.live(there))
	after_the_crash(one)
	assert len(one.live("contacts")) == len(one.live("leads")) == 1 and one.unfinished() == []
	[theirs] = one.live("leads")
	assert one.counterpart("leads", theirs).name == lead.name


@pytest.mark.processes
def test_killed_while_a_consent_was_told(one, quick_leases):
	contact = one.contact()
	one.settle()
	one.save(contact, unsubscribed=1)
	consent = one.portal.consent
	one.vendor.troubles.add("timeout", operation="*unsubscribe-all", seconds=25)
	killed(one, lambda: one.mail("ada") in consent.out)
	after_the_crash(one)
	assert one.mail("ada") in consent.out and one.unfinished() == []


@pytest.mark.processes
def test_killed_while_a_record_was_put_away(crm, quick_leases):
	one = crm(archive_deleted=1)
	contact = one.contact()
	one.settle()
	contact.delete()
	frappe.db.commit()  # as a request does
	one.vendor.troubles.add("timeout", operation="contacts.batch.archive", seconds=25)
	killed(one, lambda: not one.live("contacts"))
	after_the_crash(one)
	assert one.unfinished() == [] and not one.live("contacts")


@pytest.mark.processes
def test_many_workers_make_one_of_each(one):
	"""Six processes on 60 contacts of one new customer, told and fetched at once."""
	import subprocess
	import time

	customer = one.customer()
	made = [one.contact(f"Person{number}", customer) for number in range(30)]
	companies = [one.portal.add_company(name=one.named(f"Theirs {number}")) for number in range(3)]
	for number in range(30):
		one.portal.add_contact(
			companies[number % 3],
			email=one.mail(f"t{number}"),
			firstname=f"T{number}",
			lifecyclestage="customer",
		)
	for resource in ("customers", "contacts"):
		one.pull(resource)
	begin = str(time.time() + 4)
	workers = [
		one.site.python(
			"-m", "tests.support.process", "drain", one.connection, begin, stderr=subprocess.PIPE, text=True
		)
		for _n in range(6)
	]
	for worker in workers:
		_out, error = worker.communicate(timeout=180)
		assert worker.returncode == 0, error[-2000:]
	one.settle()
	assert one.unfinished() == []
	assert len(one.live("contacts")) == 60 and len(one.live("companies")) == 4
	assert all(one.record(doc) for doc in made)
	assert frappe.db.count("Contact Email", {"email_id": ("like", f"%@{one.tag}.example")}) == 60


@pytest.mark.parametrize(
	"kind", ["rate_limited", "search_limit", "locked", "migration", "error", "drop_before"]
)
def test_trouble_is_sorted_and_healed(one, kind):
	from integration_hub.sync import connections

	contact = one.contact()
	one.vendor.troubles.add(kind, retry_after=1, operation="contacts.*")
	one.drain()
	[event] = one.events()
	assert event.status == "Retrying" and event.message and "Traceback" not in event.message
	connections.budget_of(one.doc).part("search", "4/second").reset()
	connections.budget_of(one.doc).reset()
	one.settle()
	assert one.record(contact) and len(one.live("contacts")) == 1


def test_a_token_that_is_refused_pauses_the_connection(one):
	contact = one.contact()
	one.vendor.troubles.add("unauthorised", times=None)
	one.drain()
	assert one.doc.paused and "access token" in one.doc.paused_reason
	one.vendor.troubles.clear()
	doc = one.doc
	from integration_hub.api import desk

	desk.resume(doc.name)
	frappe.db.commit()  # as the request of the button does
	one.settle()
	assert one.record(contact)


def test_nobody_elses_server_is_asked_while_we_write(one, monkeypatch):
	"""Frappe asks gravatar.com for a picture of everybody; not of hundreds of contacts, within our transaction."""
	asked = []
	monkeypatch.setattr("requests.get", lambda url, **_options: asked.append(url))
	ada = one.portal.add_contact(email=one.mail("ada"), firstname="Ada", lifecyclestage="customer")
	lea = one.portal.add_contact(email=one.mail("lea"), firstname="Lea", lifecyclestage="lead")
	one.sync()
	one.portal.change("contacts", ada.id, {"phone": "+49 30 1"})
	one.portal.change("contacts", lea.id, {"phone": "+49 30 1"})
	one.sync()
	assert one.counterpart("contacts", ada).phone == one.counterpart("leads", lea).phone == "+49 30 1"
	assert not asked
