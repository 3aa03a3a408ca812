"""What people said to each other: a CRM's e-mails, calls, meetings and notes ↔ Communication; and who may be written to."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils import get_datetime, validate_email_address
from frappe.utils.html_utils import sanitize_html

from integration_hub.erp import crm
from integration_hub.erp.context import Context, Result
from integration_hub.erp.mapping import DOCTYPES
from integration_hub.erp.pictures import no_pictures
from integration_hub.erp.times import from_site, to_site
from integration_hub.records import Communication, Consent

RESOURCE = "communications"
MEDIUM = {"email": "Email", "call": "Phone", "meeting": "Meeting", "note": "Other"}
KIND = {medium: kind for kind, medium in MEDIUM.items()}
#: where it is shown first, if several are known
ORDER = ("deals", "leads", "contacts", "customers")


def apply(record: Communication, ctx: Context) -> Result:
	"""One Communication, on the timelines of everybody it is about, once."""
	link = ctx.links.get(RESOURCE, record.id)
	if link and link.reference_name:
		return _changed(link.reference_name, record)
	known = _known(record, ctx)
	if not known:
		return Result(None, None, _("About nobody who is known here."), "Ignored")
	(doctype, name), *others = known
	doc = frappe.get_doc(
		{
			"doctype": "Communication",
			"communication_type": "Communication",
			"communication_medium": MEDIUM[record.kind],
			"subject": (record.subject or _(MEDIUM[record.kind]))[:140],
			"content": record.body,
			"sender": record.sender if validate_email_address(record.sender) else None,
			"recipients": ", ".join(record.recipients),
			"sent_or_received": "Sent" if record.sent else "Received",
			"communication_date": to_site(record.at),
			"status": "Linked",
			"reference_doctype": doctype,
			"reference_name": name,
			"timeline_links": [{"link_doctype": one, "link_name": other} for one, other in others],
		}
	)
	doc.flags.integration_origin = ctx.connection.name
	frappe.has_permission(doctype, "read", doc=name, throw=True)
	# safe: as Frappe does it itself, whoever may see a document may write on its timeline
	doc.insert(ignore_permissions=True)
	ctx.links.add(
		RESOURCE, record.id, "Communication", doc.name, version=record.version, label=record.subject
	)
	return Result("Communication", doc.name, _("Communication made"))


def _changed(name: str, record: Communication) -> Result:
	if frappe.db.exists("Communication", name):
		# past the document, which would be told to others as a new one; so it is cleaned here, as saving would have done
		values = {"subject": sanitize_html(record.subject[:140]), "content": sanitize_html(record.body)}
		frappe.db.set_value("Communication", name, values)
	return Result("Communication", name, _("Brought up to date"))


def _known(record: Communication, ctx: Context) -> list[tuple[str, str]]:
	found = []
	for resource in ORDER:
		for link in ctx.links.get_many(resource, record.related.get(resource, ())).values():
			if link.reference_name and frappe.db.exists(link.reference_doctype, link.reference_name):
				found.append((link.reference_doctype, link.reference_name))
	return found


def removed(outside_id: str, ctx: Context) -> Result:
	link = ctx.links.get(RESOURCE, outside_id)
	return Result(
		"Communication" if link else None,
		link and link.reference_name,
		_("Deleted outside; kept here."),
		"Ignored",
	)


def is_told(doc: Any) -> bool:
	"""Is a new Communication one that CRMs want to know: between people, about somebody they may know?"""
	if doc.communication_type != "Communication" or doc.communication_medium not in KIND:
		return False
	return any(doctype in DOCTYPES.values() for doctype, _name in about(doc))


def about(doc: Any) -> list[tuple[str, str]]:
	"""(DocType, name) of those a Communication is about."""
	found = [
		(doc.reference_doctype, doc.reference_name),
		*((row.link_doctype, row.link_name) for row in doc.timeline_links),
	]
	return [(doctype, name) for doctype, name in dict.fromkeys(found) if doctype and name]


def record_of(doc: Any, ctx: Context) -> Communication:
	"""A Communication as it is told; `related` names those that the outside side knows."""
	resources = {doctype: resource for resource, doctype in DOCTYPES.items()}
	related: dict[str, tuple[str, ...]] = {}
	for doctype, name in about(doc):
		resource = resources.get(doctype)
		if not resource:
			continue
		for one in crm.records_of(doctype, name, resource, ctx):
			related[resource] = (*related.get(resource, ()), one.outside_id)
	return Communication(
		id=doc.name,
		version=str(doc.modified),
		kind=KIND[doc.communication_medium],
		at=from_site(get_datetime(doc.communication_date or doc.creation)),
		subject=doc.subject or "",
		body=doc.content or "",
		sent=doc.sent_or_received == "Sent",
		sender=doc.sender or "",
		recipients=tuple(one.strip() for one in (doc.recipients or "").split(",") if one.strip()),
		related=related,
	)


# --- who may be written to ---------------------------------------------------------------------------------


def consent(record: Consent, ctx: Context) -> Result:
	"""Take over whether an address may be written to. Only "all marketing" is kept in ERPNext, not single topics."""
	if record.topic or record.state == "not_specified":
		return Result(None, None, _("Says nothing about all marketing."), "Ignored")
	value = int(record.state == "unsubscribed")
	contacts = frappe.get_all(
		"Contact Email", filters={"email_id": record.email}, pluck="parent", distinct=True
	)
	leads = frappe.get_all("Lead", filters={"email_id": record.email}, pluck="name")
	changed = []
	for doctype, names in (("Contact", contacts), ("Lead", leads)):
		for name in names:
			doc = frappe.get_doc(doctype, name)
			if int(doc.unsubscribed or 0) == value:
				continue
			doc.unsubscribed = value
			doc.flags.integration_origin = ctx.connection.name
			with no_pictures():
				doc.save()
			changed.append((doctype, name))
	if not changed:
		return Result(None, None, _("Known already, or nobody here has this address."), "Ignored")
	return Result(*changed[0], _("Unsubscribed") if value else _("Subscribed"))


def consent_of(email: str, ctx: Context) -> Consent | None:
	"""What we say about an address now: unsubscribed as soon as one of its people is. None when nobody has it."""
	contacts = frappe.get_all("Contact Email", filters={"email_id": email}, pluck="parent", distinct=True)
	said = (
		frappe.get_all("Contact", filters={"name": ("in", contacts)}, pluck="unsubscribed")
		if contacts
		else []
	)
	said += frappe.get_all("Lead", filters={"email_id": email}, pluck="unsubscribed")
	if not said:
		return None
	return Consent(
		email=email,
		state="unsubscribed" if any(said) else "subscribed",
		legal_basis=ctx.connection.consent_basis or "",
		explanation=_("Changed in ERPNext"),
	)
