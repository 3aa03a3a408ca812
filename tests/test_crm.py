"""A CRM end to end: HubSpot's sandbox portal on one side, ERPNext's customers, contacts, leads and deals on the other."""

import json
import uuid
from datetime import timedelta

import frappe
import pytest

from sandbox import books
from sandbox.vendors.hubspot import HubSpot, Portal

#: what ERPNext calls the stages of a sale → the portal's
STAGES = {
	"Prospecting": "appointmentscheduled",
	"Negotiation/Review": "contractsent",
	"Value Proposition": "closedwon",
}


class Crm:
	"""A Connection to a portal, and the verbs of these tests."""

	def __init__(self, connected, portal):
		self.connected, self.portal = connected, portal
		self.vendor = connected.vendor
		self.tag = uuid.uuid4().hex[:8]

	def __getattr__(self, name):
		return getattr(self.connected, name)

	# --- both sides

	def sync(self, *resources):
		"""Pull what changed, then work until nothing waits any more but people."""
		for resource in resources or ("customers", "contacts", "leads", "deals"):
			self.pull(resource)
		self.settle()

	def mail(self, name):
		return f"{name}@{self.tag}.example"

	def named(self, name):
		return f"{name} {self.tag}"

	def counterpart(self, resource, record):
		"""The document that a record of the portal is."""
		link = self.link(resource, record.id)
		return (
			frappe.get_doc(link.reference_doctype, link.reference_name)
			if link and link.reference_name
			else None
		)

	def record(self, doc):
		"""The portal's record that a document is."""
		resource = {
			"Customer": "companies",
			"Contact": "contacts",
			"Lead": "contacts",
			"Opportunity": "deals",
		}[doc.doctype]
		frappe.db.rollback()
		ids = frappe.get_all(
			"Integration Link",
			filters={
				"connection": self.connection,
				"reference_doctype": doc.doctype,
				"reference_name": doc.name,
			},
			pluck="outside_id",
		)
		return self.portal.record(resource, int(ids[0])) if ids else None

	def made(self, kind, **wanted):
		return [
			one
			for one in self.portal.live(kind)
			if all(one.get(name) == value for name, value in wanted.items())
		]

	def customer(self, name="Acme", **values):
		doc = frappe.get_doc(
			{
				"doctype": "Customer",
				"customer_name": self.named(name),
				"customer_type": "Company",
				"customer_group": books.leaf("Customer Group"),
				"territory": books.leaf("Territory"),
				**values,
			}
		).insert()
		frappe.db.commit()  # as a request does
		return doc

	def contact(self, name="Ada", customer=None, email=None, **values):
		doc = frappe.get_doc(
			{
				"doctype": "Contact",
				"first_name": name,
				"last_name": self.tag,
				"email_ids": [{"email_id": email or self.mail(name.lower()), "is_primary": 1}],
				**values,
			}
		)
		if customer:
			doc.append("links", {"link_doctype": "Customer", "link_name": customer.name})
		doc.insert()
		frappe.db.commit()  # as a request does
		return doc

	def lead(self, name="Lea", **values):
		doc = frappe.get_doc(
			{
				"doctype": "Lead",
				"first_name": name,
				"last_name": self.tag,
				"email_id": self.mail(name.lower()),
				"company": books.company(),
				**values,
			}
		).insert()
		frappe.db.commit()  # as a request does
		return doc

	def deal(self, customer, title="Looms", **values):
		doc = frappe.get_doc(
			{
				"doctype": "Opportunity",
				"opportunity_from": customer.doctype,
				"party_name": customer.name,
				"title": self.named(title),
				"company": books.company(),
				"currency": books.currency(),
				**values,
			}
		).insert()
		frappe.db.commit()  # as a request does
		return doc

	def save(self, doc, **values):
		doc = frappe.get_doc(doc.doctype, doc.name)
		doc.update(values)
		doc.save()
		frappe.db.commit()  # as a request does
		return doc

	def map(self, resource, erp_field, outside_field, **values):
		"""Add a mapping row, or change the one of this field."""
		doc = self.doc
		row = next(
			(one for one in doc.field_mappings if (one.resource, one.erp_field) == (resource, erp_field)),
			None,
		)
		row = row or doc.append("field_mappings", {"resource": resource, "erp_field": erp_field})
		row.update({"outside_field": outside_field, **values})
		doc.save()
		frappe.db.commit()  # workers must see it

	def questions(self, **filters):
		frappe.db.rollback()
		names = frappe.get_all(
			"Integration Match", filters={"connection": self.connection, **filters}, pluck="name"
		)
		return [frappe.get_doc("Integration Match", name) for name in names]

	def answer(self, question, said):
		question.status = said
		question.save()
		frappe.db.commit()  # as a request does

	def calls(self, operation):
		return self.vendor.log.count(operation=operation)

	def unfinished(self):
		return [
			(one.resource, one.status, one.message)
			for one in self.events(status=("not in", ("Done", "Ignored")))
		]


@pytest.fixture
def crm(hub):
	"""A factory of Connections to portals of their own."""

	def make(*, portal=None, settings=None, **values):
		portal = portal or Portal(currency=books.currency(), prefix=f"e{uuid.uuid4().hex[:6]}-")
		vendor = HubSpot(portal)
		vendor.limits.set(searches=None, burst=None)
		connected = hub.connect(
			vendor,
			"hubspot",
			settings or {},
			{"access_token": vendor.access.token, "client_secret": vendor.access.client_secret},
			**values,
		)
		found = Crm(connected, portal)
		stages = "\n".join(f"{here} = {there}" for here, there in STAGES.items())
		found.map("deals", "sales_stage", "dealstage", value_map=stages)
		return found

	return make


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
		phone="+49 30 1234567",
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
	assert (contact.first_name, contact.email_id, contact.phone) == ("Ada", one.mail("ada"), "+49 30 1234567")
	assert [(row.link_doctype, row.link_name) for row in contact.links] == [("Customer", customer.name)]
	assert (lead.first_name, lead.email_id, lead.company_name) == ("Lea", one.mail("lea"), one.named("Beta"))
	assert (opportunity.title, opportunity.party_name) == (one.named("Looms"), customer.name)
	assert (opportunity.sales_stage, float(opportunity.opportunity_amount)) == ("Negotiation/Review", 1200.5)
	assert str(opportunity.expected_closing) == "2026-12-01" and opportunity.contact_person == contact.name
	assert one.connected.vendor.portal.live("contacts") == [ada, lea], (
		"nothing is made of what came from there"
	)


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
	assert len(one.portal.live("contacts")) == 2 and len(one.portal.live("companies")) == 1
