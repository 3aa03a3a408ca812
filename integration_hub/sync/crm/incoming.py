"""Events of records that changed in a CRM: read many at once, recognised, and written into their documents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import frappe
from frappe import _

from integration_hub.connectors.contract import (
	Page,
	SyncsCompanies,
	SyncsContacts,
	SyncsDeals,
	SyncsLeads,
	SyncsRecords,
)
from integration_hub.erp import crm, mapping, matching
from integration_hub.erp.context import Context, Result
from integration_hub.erp.mapping import DOCTYPES
from integration_hub.failures import Failure, Gone
from integration_hub.records import CrmRecord
from integration_hub.sync import covered, replay, store
from integration_hub.sync.crm.changes import draft_of, resources_of
from integration_hub.sync.crm.questions import is_certain, question, texts_of
from integration_hub.sync.failing import sort_aside
from integration_hub.sync.handling import context, fetch_each

CAPABILITY = {
	"customers": SyncsCompanies,
	"contacts": SyncsContacts,
	"leads": SyncsLeads,
	"deals": SyncsDeals,
}
#: how the contract calls each Resource's object
OBJECTS = {
	"customers": "companies_are",
	"contacts": "contacts_are",
	"leads": "leads_are",
	"deals": "deals_are",
}


def walk(resource: str):
	def pull(_connection: Any, connector: SyncsRecords, since: datetime, cursor: str | None) -> Page:
		return connector.pull_records(resource, since, cursor)

	return pull


@dataclass(frozen=True)
class _Came:
	"""What one inbound Event has come to. `record` None: it is gone outside. `same` is the document that it is to be
	linked with (None: as the Links say, or a new one)."""

	record: CrmRecord | None
	same: str | None = None
	note: str = ""
	#: Resources under which a record that is gone may be known
	kin: tuple[str, ...] = ()
	#: leads that this contact is the person of, as far as they are known here: what changed in it is theirs
	leads: tuple[str, ...] = ()


def prepare(connection: Any, connector: SyncsRecords, works: Sequence[Any]) -> Mapping[str, Any]:
	"""Records, read, and the question answered whether each is known already. Questions are committed here: what waits
	for their answer is parked, which undoes everything else.

	What is said to be deleted is asked for as well: vendors keep no order, and it may have been restored since.
	"""
	resource = works[0].resource
	kin = _kin(connector, resource)
	taken = resources_of(connection, "In")
	if not set(kin) & set(taken):
		off = _Came(None, note=_("{0} are not taken from there.").format(_(resource.title())))
		return {one.name: off for one in works}
	wanted = list(dict.fromkeys(one.outside_id for one in works if not one.payload))
	names = [field.outside_field for other in kin for field in mapping.of(connection, other)]
	frappe.db.rollback()  # nothing is open while we talk
	fields = list(dict.fromkeys(names))
	fetched = fetch_each(lambda ids: connector.fetch_records(resource, ids, fields), wanted)
	prepared: dict[str, Any] = {}
	for one in works:
		payload = json.loads(one.payload) if one.payload else fetched.get(one.outside_id)
		try:
			if isinstance(payload, Failure):
				raise payload
			if payload is None:
				prepared[one.name] = _missing(connection, connector, one, kin)
			else:
				record = _as_known(connection, connector.read_record(resource, payload), kin)
				came = _known_or_asked(connection, record, taken)
				prepared[one.name] = replace(came, leads=_leads_of(record, context(connection)))
		except Exception as error:  # noqa: BLE001 - whatever one record does to its reader, the others are read
			prepared[one.name] = sort_aside(error)
	return prepared


def _kin(connector: SyncsRecords, resource: str) -> list[str]:
	"""Resources that are kept in the same object outside, this one first: a lead may be a contact in a certain stage, so
	what an Event is about is only known once it was read."""
	names = {other: getattr(connector, OBJECTS[other], None) for other in CAPABILITY}
	same = [other for other, name in names.items() if other != resource and name == names[resource]]
	return [resource, *same]


def _missing(connection: Any, connector: SyncsRecords, one: Any, kin: Sequence[str]) -> _Came:
	links = context(connection).links
	if one.action == "delete" or not any(links.get(other, one.outside_id) for other in kin):
		return _Came(None, kin=tuple(kin))
	raise Gone(_("{0} does not exist at {1} any more.").format(one.label, connector.title))


def _as_known(connection: Any, record: CrmRecord, kin: Sequence[str]) -> CrmRecord:
	"""What it is here already counts more than what it looks like outside now."""
	links = context(connection).links
	if crm.known(links.get(record.resource, record.id)):
		return record
	for other in kin:
		if other != record.resource and crm.known(links.get(other, record.id)):
			return record.model_copy(update={"resource": other})
	return record


def _known_or_asked(connection: Any, record: CrmRecord, taken: Sequence[str]) -> _Came:
	"""The record, and the document it is to be linked with. Raises NeedsMapping while a person has to say whether it is
	the same."""
	ctx = context(connection)
	if record.resource not in taken:
		return _Came(record, note=_("{0} are not taken from there.").format(_(record.resource.title())))
	if ctx.links.get_many(record.resource, (record.id, *record.replaces)):
		return _Came(record)
	if own := _of_our_key(record, ctx):
		return _Came(record, own)
	if lead := _is_person_of(record):
		return _Came(record, note=_("The person of the Lead {0}.").format(lead))
	fields = mapping.of(connection, record.resource)
	said = matching.answers(connection.name, record.resource, record.id)
	same = next((name for name, row in said.items() if row.status == "Same"), None)
	if same:
		return _Came(record, same)
	wanted = matching.look_for(connection, record.resource, fields, texts_of(record), record.id)
	found = [
		one
		for one in matching.candidates(record.resource, wanted)
		if said.get(one.name, {}).get("status") != "Different"
		and not crm.records_of(DOCTYPES[record.resource], one.name, record.resource, ctx)
	]
	if not found:
		return _Came(record)
	if is_certain(connection, wanted, found):
		return _Came(record, found[0].name)
	if person := next((one.name for one in found if _is_their_person(one.name, record, ctx)), None):
		return _Came(record, person)
	raise question(connection, record.resource, record, found)


def _of_our_key(record: CrmRecord, ctx: Context) -> str | None:
	"""A record that we made, told back by its key before (or although) our own commit was lost."""
	doctype, _slash, name = record.key.partition("/")
	if doctype != DOCTYPES[record.resource] or not name or not frappe.db.exists(doctype, name):
		return None
	return None if crm.records_of(doctype, name, record.resource, ctx) else name


def _is_person_of(record: CrmRecord) -> str | None:
	"""The Lead here whose person this contact is, where the outside side keeps lead and person apart: we made both."""
	doctype, _slash, name = record.key.partition("/")
	ours = record.resource == "contacts" and doctype == "Lead" and frappe.db.exists("Lead", name)
	return name if ours else None


def _leads_of(record: CrmRecord, ctx: Context) -> tuple[str, ...]:
	"""Leads whose person this contact is: those that we made with it, and those that the outside side names."""
	if record.resource != "contacts":
		return ()
	lead = _is_person_of(record)
	ours = [one.outside_id for one in crm.records_of("Lead", lead, "leads", ctx)] if lead else []
	named = ctx.links.get_many("leads", record.related.get("leads", ()))
	return tuple(dict.fromkeys((*ours, *named)))


def _is_their_person(name: str, record: CrmRecord, ctx: Context) -> bool:
	"""Is this the Contact that ERPNext keeps for a Lead whose person the record is, as the outside side itself says?"""
	if record.resource != "contacts":
		return False
	contact = frappe.get_doc("Contact", name)
	return crm.is_shadow(contact) and any(
		record.id in lead.related.get("contacts", ())
		for row in contact.links
		for lead in crm.records_of("Lead", row.link_name, "leads", ctx)
	)


def apply(connection: Any, one: Any, came: _Came) -> Result:
	ctx = context(connection)
	if came.note:
		_read_leads(connection, came)
		return Result(None, None, came.note, "Ignored")
	record = came.record
	if record is None:
		covered.cover(connection.name, one, None)
		return _gone(one, came.kin, ctx)
	_follow_merges(record, ctx)
	missing = crm.missing_relations(record, ctx, resources_of(connection, "In"))
	if missing:
		fetch(connection, missing)
		raise crm.wait_for(missing)
	new = ctx.links.get(record.resource, record.id) is None
	result, left = crm.adopt(record, came.same, ctx) if came.same else crm.write(record, ctx)
	if left and record.resource in resources_of(connection, "Out") and result.name:
		store.store(
			connection.name, [draft_of(DOCTYPES[record.resource], result.name, f"won:{record.version}")]
		)
	if new and result.name:
		replay.go_on([crm.waits_for_record(record.resource, record.id)], connection.name)
	_read_leads(connection, came)
	covered.cover(connection.name, one, record.version or one.version)
	return result


def _read_leads(connection: Any, came: _Came) -> None:
	"""What changed in a person is read again with their leads, whose own records did not change."""
	if came.leads and "leads" in resources_of(connection, "In"):
		drafts = [
			store.Draft("In", "leads", lead, dedupe_key=f"person:{lead}:{came.record.version}")
			for lead in came.leads
		]
		store.store(connection.name, drafts)


def _gone(one: Any, kin: Sequence[str], ctx: Context) -> Result:
	"""Deleted outside, under whichever Resource we know it."""
	known = [other for other in kin if ctx.links.get(other, one.outside_id)] or [one.resource]
	*_others, result = [crm.gone(other, one.outside_id, ctx) for other in reversed(known)]
	return result


def fetch(connection: Any, missing: Iterable[tuple[str, str]]) -> None:
	"""What must come first is fetched. In a transaction of its own: waiting undoes ours."""
	drafts = [
		store.Draft(
			direction="In",
			resource=resource,
			outside_id=outside_id,
			dedupe_key=f"needed:{resource}:{outside_id}",
		)
		for resource, outside_id in missing
	]
	frappe.db.rollback()  # nothing has been written yet, and nothing but these Events may be
	store.store(connection.name, drafts)
	frappe.db.commit()  # see the docstring


def _follow_merges(record: CrmRecord, ctx: Context) -> None:
	"""Records that were merged into this one outside. One document follows; two become a question."""
	doctype = DOCTYPES[record.resource]
	for merged in ctx.links.get_many(record.resource, record.replaces).values():
		known = crm.known(merged)
		if known is None or known.deleted or known.outside_id == record.id:
			continue
		survivor = crm.known(ctx.links.get(record.resource, record.id))
		if survivor is None:
			crm.remember(
				ctx,
				record.resource,
				record.id,
				known.name,
				version=known.version,
				there=known.base,
				related=known.related,
				label=record.label,
				ended=known.ended,
			)
		elif survivor.name != known.name and frappe.db.exists(doctype, known.name):
			matching.ask(
				ctx.connection.name,
				record.resource,
				record.id,
				record.label,
				[matching.Candidate(known.name, _("merged at {0}").format(ctx.connection.title))],
				kind="Merge",
				other=survivor.name,
			)
		crm.remember(
			ctx,
			record.resource,
			known.outside_id,
			known.name,
			version=known.version,
			there=known.base,
			related=known.related,
			deleted=True,
			ended=known.ended,
		)
