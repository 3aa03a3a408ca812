"""Companies, contacts, leads and deals of a CRM ↔ Customer, Contact, Lead and Opportunity.

Which field goes where is the Connection's mapping (`erp.mapping`). A document that came from outside carries the flag
`integration_origin`, so that it is not told back to where it came from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_datetime

from integration_hub.erp import mapping
from integration_hub.erp.context import Context, Result
from integration_hub.erp.mapping import DOCTYPES, Field
from integration_hub.erp.pictures import no_pictures
from integration_hub.erp.times import from_site
from integration_hub.failures import Invalid, NeedsMapping, Waiting
from integration_hub.records import CrmRecord

#: how a contact's or deal's others are found among the documents: Resource → DocType
RELATED = {"customers": "Customer", "contacts": "Contact", "leads": "Lead", "deals": "Opportunity"}


@dataclass(frozen=True)
class Known:
	"""What a Link says: our document, the outside version that both sides agreed on, and the outside texts of then."""

	outside_id: str
	name: str
	version: str
	base: Mapping[str, str]
	related: Mapping[str, tuple[str, ...]]
	#: it is not there any more
	deleted: bool = False
	#: our document's key as the outside system keeps it; "" where it was never told
	key: str = ""
	#: our document was deleted; one that has its name now is another one
	ended: bool = False


def known(link: Any) -> Known | None:
	if link is None or not link.reference_name:
		return None
	extra = json.loads(link.extra or "{}")
	related = {resource: tuple(ids) for resource, ids in extra.get("related", {}).items()}
	return Known(
		link.outside_id,
		link.reference_name,
		link.version or "",
		extra.get("there", {}),
		related,
		bool(extra.get("deleted")),
		extra.get("key", ""),
		bool(extra.get("ended")),
	)


def records_of(doctype: str, name: str, resource: str, ctx: Context) -> list[Known]:
	"""What a document is outside, as far as it is still there."""
	found = [known(link) for link in ctx.links.of(doctype, name, resource)]
	return [one for one in found if one and not one.deleted and not one.ended]


def remember(
	ctx: Context,
	resource: str,
	outside_id: str,
	name: str,
	*,
	version: str,
	there: Mapping[str, str],
	related: Mapping[str, tuple[str, ...]],
	label: str = "",
	deleted: bool = False,
	key: str = "",
	ended: bool = False,
) -> None:
	"""What both sides agree on now. Makes the Link or brings it up to date, in the caller's transaction."""
	ctx.links.claim(resource, outside_id)
	extra = {
		"there": dict(there),
		"related": {one: list(ids) for one, ids in related.items()},
		"key": key,
		"deleted": deleted,
		"ended": ended,
	}
	ctx.links.fill(
		resource,
		outside_id,
		DOCTYPES[resource],
		name,
		version=version,
		label=label,
		extra={name: value for name, value in extra.items() if value},
	)


def end(doctype: str, name: str, resource: str) -> list[frappe._dict]:
	"""A document is deleted: its Links stay, so that its records are not made here again, and say so. Returns them:
	[{connection, outside_id}]. In the caller's transaction."""
	link = frappe.qb.DocType("Integration Link")
	rows = (
		frappe.qb.from_(link)
		.select(link.name, link.connection, link.outside_id, link.extra)
		.where(
			(link.reference_doctype == doctype) & (link.reference_name == name) & (link.resource == resource)
		)
		.run(as_dict=True)
	)
	for row in rows:
		extra = json.dumps({**json.loads(row.extra or "{}"), "ended": True}, sort_keys=True)
		frappe.qb.update(link).set(link.extra, extra).where(link.name == row.name).run()
	return rows


# --- documents as texts ------------------------------------------------------------------------------------


def texts(doc: Any, fields: Sequence[Field]) -> dict[str, str]:
	"""What a document says, in the outside system's words, by outside field."""
	found = {}
	for one in fields:
		fieldtype = mapping.fieldtype_of(one.resource, one.erp_field) or "Data"
		found[one.outside_field] = one.outgoing(_get(doc, one.erp_field), fieldtype)
	return found


def changed_at(doc: Any) -> datetime:
	return from_site(get_datetime(doc.modified))


def _get(doc: Any, erp_field: str) -> Any:
	if not erp_field.startswith("address."):
		return doc.get(erp_field)
	address = _address_of(doc)
	return address.get(erp_field.removeprefix("address.")) if address else None


def _address_of(doc: Any) -> Any:
	name = doc.get("customer_primary_address") or frappe.db.get_value(
		"Dynamic Link",
		{"link_doctype": doc.doctype, "link_name": doc.name, "parenttype": "Address"},
		"parent",
		order_by="creation",
	)
	return frappe.get_doc("Address", name) if name else None


# --- in ----------------------------------------------------------------------------------------------------


def write(record: CrmRecord, ctx: Context) -> tuple[Result, dict[str, str]]:
	"""An outside record → its document, made or brought up to date. Returns what it became, and what the outside side
	must take over from here (by outside field), where we win."""
	resource = record.resource
	fields = mapping.of(ctx.connection, resource)
	there = {one.outside_field: record.fields.get(one.outside_field) or "" for one in fields}
	link = known(ctx.links.get(resource, record.id))
	if link and (link.ended or not frappe.db.exists(DOCTYPES[resource], link.name)):
		return Result(None, None, _("Deleted here; left alone."), "Ignored"), {}
	if link and not link.deleted and not _is_news(record, there, link):
		return Result(DOCTYPES[resource], link.name, _("Known already."), "Ignored"), {}
	if link is None:
		doc = _make(record, fields, there, ctx)
		left, message = {}, _("{0} made").format(_(DOCTYPES[resource]))
	else:
		doc = frappe.get_doc(DOCTYPES[resource], link.name)
		left, message = _update(doc, record, fields, there, link, ctx)
	_agree(record, doc, fields, there, link, ctx)
	return Result(doc.doctype, doc.name, message), left


def adopt(record: CrmRecord, name: str, ctx: Context) -> tuple[Result, dict[str, str]]:
	"""A person (or our own key) said that this record is that document: link them and merge their fields."""
	resource = record.resource
	fields = mapping.of(ctx.connection, resource)
	there = {one.outside_field: record.fields.get(one.outside_field) or "" for one in fields}
	doc = frappe.get_doc(DOCTYPES[resource], name)
	left, message = _update(doc, record, fields, there, None, ctx)
	_agree(record, doc, fields, there, None, ctx)
	return Result(doc.doctype, doc.name, message), left


def _is_news(record: CrmRecord, there: Mapping[str, str], link: Known) -> bool:
	"""Is this not what we know? Of our own version too: somebody may have changed it between our look and our write."""
	if not record.version or not link.version or record.version > link.version:
		return True
	if record.version < link.version:
		return False
	more = any(set(ids) - set(link.related.get(resource, ())) for resource, ids in record.related.items())
	return more or any(not mapping.same(there.get(name), text) for name, text in link.base.items())


def _agree(
	record: CrmRecord,
	doc: Any,
	fields: Sequence[Field],
	there: Mapping[str, str],
	link: Known | None,
	ctx: Context,
) -> None:
	remember(
		ctx,
		record.resource,
		record.id,
		doc.name,
		version=record.version,
		there=mapping.agreed_on(list(fields), there, link.base if link else None),
		related=record.related,
		label=record.label,
		key=record.key,
	)


def _update(
	doc: Any,
	record: CrmRecord,
	fields: Sequence[Field],
	there: Mapping[str, str],
	link: Known | None,
	ctx: Context,
) -> tuple[dict[str, str], str]:
	merged = mapping.merge(
		tuple(fields),
		texts(doc, fields),
		there,
		link.base if link else None,
		here_is_newer=changed_at(doc) > record.updated_at,
	)
	changed = _relate(doc, record, ctx)
	if link and link.deleted:
		changed = _take_back(doc, ctx) or changed
	if merged.to_here or changed:
		doc.flags.integration_origin = ctx.connection.name
		later = _set_all(doc, fields, merged.to_here)
		with no_pictures():
			doc.save()
		_write_address(doc, later)
	named = ", ".join(sorted(merged.to_here)) or _("nothing to change here")
	message = _("Brought up to date: {0}").format(named)
	if merged.to_there:
		message += " · " + _("ours is told: {0}").format(", ".join(sorted(merged.to_there)))
	return merged.to_there, message


def _make(record: CrmRecord, fields: Sequence[Field], there: Mapping[str, str], ctx: Context) -> Any:
	doc = frappe.new_doc(DOCTYPES[record.resource])
	wanted = {name: text for name, text in there.items() if text}
	incoming = [one for one in fields if one.direction != "Out" and one.outside_field in wanted]
	later = _set_all(doc, incoming, wanted)
	MAKERS[record.resource](doc, record, ctx)
	_relate(doc, record, ctx)
	doc.flags.integration_origin = ctx.connection.name
	with no_pictures():
		doc.insert()
	_write_address(doc, later)
	return doc


def _set_all(doc: Any, fields: Sequence[Field], wanted: Mapping[str, str]) -> dict[str, Any]:
	"""Set what came in; returns the fields of the address, which has a document of its own."""
	later: dict[str, Any] = {}
	for one in fields:
		if one.outside_field not in wanted or one.direction == "Out":
			continue
		fieldtype = mapping.fieldtype_of(one.resource, one.erp_field) or "Data"
		value = one.incoming(wanted[one.outside_field], fieldtype)
		if one.erp_field.startswith("address."):
			fieldname = one.erp_field.removeprefix("address.")
			later[fieldname] = _linked("Address", fieldname, value, one)
		elif doc.doctype == "Contact" and one.erp_field in CONTACT_ROWS:
			CONTACT_ROWS[one.erp_field](doc, value)
		else:
			doc.set(one.erp_field, _linked(doc.doctype, one.erp_field, value, one))
	return later


def _linked(doctype: str, fieldname: str, value: Any, one: Field) -> Any:
	"""A value for a Link or Select field must exist there; upper and lower case do not matter."""
	meta = frappe.get_meta(doctype).get_field(fieldname)
	if not value or meta.fieldtype not in ("Link", "Select"):
		return value
	if meta.fieldtype == "Link":
		found = frappe.db.get_value(meta.options, {"name": value}) or _country(meta.options, value)
	else:
		offered = {option.casefold(): option for option in (meta.options or "").split("\n")}
		found = offered.get(str(value).casefold())
	if found:
		return found
	raise NeedsMapping(
		_(
			"“{0}” ({1}) is no {2} here. Make it, or map it under Values in the Fields of the Connection."
		).format(value, one.outside_field, _(meta.options if meta.fieldtype == "Link" else meta.label)),
		fix=(meta.options, "") if meta.fieldtype == "Link" else None,
		waits_for=f"value:{one.resource}:{one.erp_field}:{value}"[:180],
	)


def _country(options: str, value: Any) -> str | None:
	if options != "Country":
		return None
	return frappe.db.get_value("Country", {"code": str(value).lower()})


def _email_row(doc: Any, value: Any) -> None:
	_row(doc, "email_ids", "email_id", "is_primary", value)


def _phone_row(doc: Any, value: Any) -> None:
	_row(doc, "phone_nos", "phone", "is_primary_phone", value)


def _mobile_row(doc: Any, value: Any) -> None:
	_row(doc, "phone_nos", "phone", "is_primary_mobile_no", value)


#: fields of a Contact that are kept in its tables: the primary row is what the outside side means
CONTACT_ROWS = {"email_id": _email_row, "phone": _phone_row, "mobile_no": _mobile_row}


def _row(doc: Any, table: str, fieldname: str, primary: str, value: Any) -> None:
	rows = doc.get(table)
	current = next((row for row in rows if row.get(primary)), None)
	if not value:
		if current:
			rows.remove(current)
		return
	same = next((row for row in rows if row.get(fieldname) == value), None)
	if current and current is not same:
		if same:
			current.set(primary, 0)
		else:
			current.set(fieldname, value)
			return
	(same or doc.append(table, {fieldname: value})).set(primary, 1)


def _write_address(doc: Any, values: Mapping[str, Any]) -> None:
	"""The customer's address, made when there is a street and a city to make it of."""
	if not any(values.values()):
		return
	address = _address_of(doc)
	if address is None:
		if not (values.get("address_line1") and values.get("city")):
			return
		address = frappe.new_doc("Address")
		address.update(
			{
				"address_title": doc.get("customer_name") or doc.name,
				"address_type": "Billing",
				"country": frappe.db.get_default("country"),
			}
		)
		address.append("links", {"link_doctype": doc.doctype, "link_name": doc.name})
	address.update({name: value for name, value in values.items() if value})
	address.flags.integration_origin = doc.flags.integration_origin
	address.save()


# --- what new documents need -------------------------------------------------------------------------------


def _customer(doc: Any, record: CrmRecord, ctx: Context) -> None:
	doc.customer_name = doc.customer_name or record.label
	doc.customer_type = "Company"
	doc.customer_group = doc.customer_group or ctx.connection.customer_group
	doc.territory = doc.territory or ctx.connection.territory
	if not doc.customer_name:
		raise Invalid(_("The company has no name; a Customer needs one."))


def _contact(doc: Any, record: CrmRecord, _ctx: Context) -> None:
	if not (doc.first_name or doc.last_name):
		doc.first_name = record.label
	if not doc.first_name:
		doc.first_name, doc.last_name = doc.last_name, None
	if not doc.first_name:
		raise Invalid(_("The contact has neither name nor e-mail address."))


def _lead(doc: Any, record: CrmRecord, ctx: Context) -> None:
	doc.company = doc.company or ctx.company
	if not (doc.first_name or doc.company_name or doc.email_id):
		doc.first_name = record.label
	if not (doc.first_name or doc.company_name or doc.email_id):
		raise Invalid(_("The lead has no name, no company and no e-mail address."))


def _opportunity(doc: Any, record: CrmRecord, ctx: Context) -> None:
	doc.company = doc.company or ctx.company
	doc.title = doc.title or record.label
	for resource, doctype in (("customers", "Customer"), ("leads", "Lead")):
		name = _first(record, resource, ctx)
		if name:
			doc.opportunity_from, doc.party_name = doctype, name
			return
	contact = _first(record, "contacts", ctx)
	customer = contact and frappe.db.get_value(
		"Dynamic Link", {"parenttype": "Contact", "parent": contact, "link_doctype": "Customer"}, "link_name"
	)
	customer = customer or ctx.connection.default_customer
	if not customer:
		raise NeedsMapping(
			_(
				"The deal belongs to no company that is known here. Link one there, or name a Customer for "
				"nameless ones in the Connection."
			),
			fix=ctx.fix,
			waits_for=f"party:{record.id}"[:180],
		)
	doc.opportunity_from, doc.party_name = "Customer", customer


MAKERS = {"customers": _customer, "contacts": _contact, "leads": _lead, "deals": _opportunity}


def _first(record: CrmRecord, resource: str, ctx: Context) -> str | None:
	ids = record.related.get(resource, ())
	links = ctx.links.get_many(resource, ids)
	return next(
		(links[one].reference_name for one in ids if one in links and links[one].reference_name), None
	)


def missing_relations(record: CrmRecord, ctx: Context, resources: Sequence[str]) -> list[tuple[str, str]]:
	"""(Resource, outside id) of others that this record needs and that are not here yet, of Resources that come in."""
	needs = {"contacts": ("customers",), "deals": ("customers", "contacts", "leads")}.get(record.resource, ())
	return not_here({one: record.related.get(one, ())[:1] for one in needs}, ctx, resources)


def not_here(
	related: Mapping[str, Sequence[str]], ctx: Context, resources: Sequence[str]
) -> list[tuple[str, str]]:
	"""Those that are no document here, of Resources that come in. An id that stands under two Resources is one thing that
	is one or the other: it is asked for once, under the first that comes in."""
	here = {resource: set(ctx.links.get_many(resource, ids)) for resource, ids in related.items()}
	found: dict[str, str] = {}
	for resource, ids in related.items():
		for one in ids:
			kin = [
				other for other, listed in related.items() if one in listed and _may_be_one(resource, other)
			]
			if resource in resources and one not in found and not any(one in here[other] for other in kin):
				found[one] = resource
	return [(resource, one) for one, resource in found.items()]


def _may_be_one(one: str, other: str) -> bool:
	return one == other or {one, other} == {"contacts", "leads"}


def wait_for(missing: Sequence[tuple[str, str]]) -> Waiting:
	"""It is tried again by itself, and at once when the first of them is here."""
	return Waiting(
		_("Waits for {0}.").format(", ".join(f"{resource} {one}" for resource, one in missing)),
		waits_for=waits_for_record(*missing[0]),
	)


def waits_for_record(resource: str, outside_id: str) -> str:
	return f"record:{resource}:{outside_id}"[:180]


def _relate(doc: Any, record: CrmRecord, ctx: Context) -> bool:
	"""A contact's companies; a deal's contact. Says whether anything changed. Nothing is unlinked here: a person may
	have linked more."""
	changed = False
	if record.resource == "contacts":
		links = ctx.links.get_many("customers", record.related.get("customers", ()))
		have = {(row.link_doctype, row.link_name) for row in doc.links}
		for link in links.values():
			if link.reference_name and ("Customer", link.reference_name) not in have:
				doc.append("links", {"link_doctype": "Customer", "link_name": link.reference_name})
				changed = True
	if record.resource == "deals":
		contact = _first(record, "contacts", ctx)
		if contact and not doc.contact_person:
			doc.contact_person = contact
			changed = True
	return changed


# --- out ---------------------------------------------------------------------------------------------------


def related_of(doc: Any, ctx: Context) -> dict[str, tuple[str, ...]]:
	"""Outside ids of what a document belongs to, as far as they are known there."""
	wanted: list[tuple[str, str, str]] = []
	if doc.doctype == "Contact":
		wanted = [
			("customers", "Customer", row.link_name) for row in doc.links if row.link_doctype == "Customer"
		]
	elif doc.doctype == "Opportunity":
		resource = {"Customer": "customers", "Lead": "leads"}.get(doc.opportunity_from)
		wanted = [(resource, doc.opportunity_from, doc.party_name)] if resource else []
		if doc.contact_person:
			wanted.append(("contacts", "Contact", doc.contact_person))
	found: dict[str, tuple[str, ...]] = {}
	for resource, doctype, name in wanted:
		for one in records_of(doctype, name, resource, ctx):
			found[resource] = (*found.get(resource, ()), one.outside_id)
	return found


def followers(doc: Any) -> list[tuple[str, str]]:
	"""(Resource, name) of the documents that belong to this one: told again once it is known outside."""
	if doc.doctype not in ("Customer", "Lead", "Contact"):
		return []
	found = []
	if doc.doctype == "Customer":
		contacts = frappe.get_all(
			"Dynamic Link",
			filters={"parenttype": "Contact", "link_doctype": "Customer", "link_name": doc.name},
			pluck="parent",
		)
		found += [("contacts", name) for name in dict.fromkeys(contacts)]
	filters = (
		{"contact_person": doc.name}
		if doc.doctype == "Contact"
		else {"opportunity_from": doc.doctype, "party_name": doc.name}
	)
	found += [("deals", name) for name in frappe.get_all("Opportunity", filters=filters, pluck="name")]
	return found


def is_shadow(doc: Any) -> bool:
	"""A Contact that ERPNext keeps for a Lead of the same person: the Lead is told, not both."""
	return (
		doc.doctype == "Contact" and bool(doc.links) and all(row.link_doctype == "Lead" for row in doc.links)
	)


def label_of(doc: Any) -> str:
	return (doc.get("customer_name") or doc.get("full_name") or doc.get("title") or doc.name)[:140]


#: what sets a document aside: its field, the value then, and the value it had before
SET_ASIDE = {
	"Customer": ("disabled", 1, 0),
	"Contact": ("status", "Passive", "Open"),
	"Lead": ("status", "Do Not Contact", "Open"),
	"Opportunity": ("status", "Closed", "Open"),
}


def _take_back(doc: Any, ctx: Context) -> bool:
	"""It was deleted outside and is there again: what was set aside for that counts again."""
	field, value, before = SET_ASIDE[doc.doctype]
	if ctx.connection.when_deleted != "Disable Here" or doc.get(field) != value:
		return False
	doc.set(field, before)
	return True


def gone(resource: str, outside_id: str, ctx: Context) -> Result:
	"""Deleted outside. Documents stay (others point to them); a switch sets them aside."""
	link = known(ctx.links.get(resource, outside_id))
	if link is None:
		return Result(None, None, _("Deleted outside; it was not known here."), "Ignored")
	doctype = DOCTYPES[resource]
	remember(
		ctx,
		resource,
		outside_id,
		link.name,
		version=link.version,
		there=link.base,
		related=link.related,
		deleted=True,
		ended=link.ended,
	)
	if link.ended or not frappe.db.exists(doctype, link.name):
		return Result(None, None, _("Deleted on both sides."))
	doc = frappe.get_doc(doctype, link.name)
	if ctx.connection.when_deleted == "Disable Here":
		field, value, _before = SET_ASIDE[doctype]
		doc.flags.integration_origin = ctx.connection.name
		doc.set(field, value)
		with no_pictures():
			doc.save()
	doc.add_comment("Info", _("Deleted at {0}.").format(ctx.connection.title))
	return Result(doctype, link.name, _("Deleted outside; kept here."))
