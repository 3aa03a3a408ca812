"""A Connection to a sandbox portal of HubSpot, and the verbs of the tests of CRMs."""

from __future__ import annotations

import uuid
from typing import Any

import frappe
from frappe.utils.background_jobs import get_queues

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

	def close(self):
		"""Told nothing more; the jobs that would have told it are taken back."""
		frappe.db.rollback()
		frappe.db.set_value("Integration Connection", self.connection, "enabled", 0)
		frappe.db.commit()  # later tests must see it
		frappe.clear_document_cache("Integration Connection", self.connection)
		for queue in get_queues():
			queue.empty()

	# --- both sides

	def sync(self, *resources):
		"""Pull what changed, then work until nothing waits any more but people."""
		for resource in resources or ("customers", "contacts", "leads", "deals"):
			said = self.pull(resource)
			assert " seen" in said, f"{resource} could not be pulled: {said}"
		self.settle()

	def mail(self, name):
		return f"{name}@{self.tag}.example"

	def named(self, name):
		return f"{name} {self.tag}"

	def phone(self):
		"""Nobody else's number: the same one would be the same company."""
		return f"+49 30 {int(self.tag, 16) % 10**8:08}"

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

	def live(self, kind):
		"""The portal's records, without those of documents that others make on the same site meanwhile."""
		return [
			one
			for one in self.portal.live(kind)
			if kind not in ("contacts", "companies", "deals")
			or not one.get("erpnext_id")
			or any(self.tag in value for value in one.properties.values())
		]

	def events(self, **filters):
		"""Events, without those of documents that others make on the same site meanwhile."""
		found = self.connected.events(**filters)
		more = frappe.get_all(
			"Integration Event",
			filters={"name": ("in", [one.name for one in found])},
			fields=["name", "label", "direction"],
		)
		foreign = {one.name for one in more if one.direction == "Out" and self.tag not in one.label}
		return [
			one
			for one in found
			if one.name not in foreign
			or one.resource == "communications"
			or self.tag in (one.reference_name or "")
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
		frappe.flags.in_import = True  # or Frappe asks gravatar.com for a picture
		doc.insert()
		frappe.flags.in_import = False
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


def connect(
	hub: Any, *, portal: Portal | None = None, settings: dict[str, str] | None = None, **values: Any
) -> Crm:
	"""A Connection to a portal of its own, with everything mapped that has to be."""
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
