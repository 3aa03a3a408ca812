"""Events of CRMs: companies, contacts, leads and deals, both ways, many in one call.

In and out work on the newest state of both sides, not on what the Event was stored with, so ten Events about one
contact cost one call. What both sides last agreed on is in the Link; it tells whose change is whose, and keeps our
own write from coming back as news.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
from integration_hub.failures import Failure, Gone, Invalid, NeedsMapping
from integration_hub.records import CrmChange, CrmRecord, Match
from integration_hub.sync import connections, covered, replay, store, wake
from integration_hub.sync.handling import Handler, Route, context

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
RESOURCE_OF = {doctype: resource for resource, doctype in DOCTYPES.items()}
#: Events written in one statement when everything is told for the first time
CHUNK = 500


def walk(resource: str):
	def pull(_connection: Any, connector: SyncsRecords, since: datetime, cursor: str | None) -> Page:
		return connector.pull_records(resource, since, cursor)

	return pull


# --- in ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Came:
	"""What one inbound Event has come to. `record` None: it is gone outside. `same` is the document that it is to be
	linked with (None: as the Links say, or a new one)."""

	record: CrmRecord | None
	same: str | None = None
	note: str = ""
	#: Resources under which a record that is gone may be known
	kin: tuple[str, ...] = ()


def _prepare_in(connection: Any, connector: SyncsRecords, works: Sequence[Any]) -> Mapping[str, Any]:
	"""Records, read, and the question answered whether each is known already. Questions are committed here: what waits
	for their answer is parked, which undoes everything else.

	What is said to be deleted is asked for as well: vendors keep no order, and it may have been restored since.
	"""
	resource = works[0].resource
	kin = _kin(connector, resource)
	taken = _switched_on(connection, "In")
	if not set(kin) & set(taken):
		off = _Came(None, note=_("{0} are not taken from there.").format(_(resource.title())))
		return {one.name: off for one in works}
	wanted = list(dict.fromkeys(one.outside_id for one in works if not one.payload))
	names = [field.outside_field for other in kin for field in mapping.of(connection, other)]
	frappe.db.rollback()  # nothing is open while we talk
	fetched = connector.fetch_records(resource, wanted, list(dict.fromkeys(names))) if wanted else {}
	prepared: dict[str, Any] = {}
	for one in works:
		payload = json.loads(one.payload) if one.payload else fetched.get(one.outside_id)
		try:
			if payload is None:
				prepared[one.name] = _missing(connection, connector, one, kin)
			else:
				record = _as_known(connection, connector.read_record(resource, payload), kin)
				prepared[one.name] = _known_or_asked(connection, record, taken)
		except Failure as failure:
			prepared[one.name] = failure
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
	fields = mapping.of(connection, record.resource)
	said = matching.answers(connection.name, record.resource, record.id)
	same = next((name for name, row in said.items() if row.status == "Same"), None)
	if same:
		return _Came(record, same)
	wanted = matching.look_for(record.resource, fields, _said(record), record.id)
	found = [
		one
		for one in matching.candidates(record.resource, wanted)
		if said.get(one.name, {}).get("status") != "Different"
		and not ctx.links.of(DOCTYPES[record.resource], one.name, record.resource)
	]
	if not found:
		return _Came(record)
	if _certain(connection, wanted, found):
		return _Came(record, found[0].name)
	raise _question(connection, record.resource, record, found)


def _of_our_key(record: CrmRecord, ctx: Context) -> str | None:
	"""A record that we made, told back by its key before (or although) our own commit was lost."""
	doctype, _slash, name = record.key.partition("/")
	if doctype != DOCTYPES[record.resource] or not name or not frappe.db.exists(doctype, name):
		return None
	return None if ctx.links.of(doctype, name, record.resource) else name


def _certain(connection: Any, wanted: Match, found: Sequence[matching.Candidate]) -> bool:
	return (
		connection.match_rule == "Link When the E-Mail Is Equal"
		and bool(wanted.email)
		and len(found) == 1
		and found[0].matched_by == _("e-mail")
	)


def _question(
	connection: Any, resource: str, record: CrmRecord, found: Sequence[matching.Candidate]
) -> NeedsMapping:
	"""Ask whether these documents are this record. Committed at once, for the Event that asks is about to be parked."""
	names = []
	for one in found:
		doc = frappe.get_doc(DOCTYPES[resource], one.name)
		names += matching.ask(
			connection.name,
			resource,
			record.id,
			record.label or record.id,
			[one],
			here=matching.summary(crm.texts(doc, mapping.of(connection, resource))),
			there=matching.summary(_said(record, mapping.of(connection, resource))),
			url=record.url,
		)
	frappe.db.commit()  # see the docstring
	return NeedsMapping(
		_("{0} may be {1} (equal in {2}). Say whether it is the same.").format(
			record.label or record.id, ", ".join(one.name for one in found), found[0].matched_by
		),
		fix=(matching.MATCH, names[0]),
		waits_for=f"match:{resource}:{record.id}"[:180],
	)


def _apply_in(connection: Any, one: Any, came: _Came) -> Result:
	ctx = context(connection)
	if came.note:
		return Result(None, None, came.note, "Ignored")
	record = came.record
	if record is None:
		covered.cover(connection.name, one, None)
		return _gone(one, came.kin, ctx)
	_follow_merges(record, ctx)
	missing = crm.missing_relations(record, ctx, _switched_on(connection, "In"))
	if missing:
		fetch(connection, missing)
		raise crm.wait_for(missing)
	new = ctx.links.get(record.resource, record.id) is None
	result, left = crm.adopt(record, came.same, ctx) if came.same else crm.write(record, ctx)
	if left and record.resource in _switched_on(connection, "Out") and result.name:
		store.store(
			connection.name, [_draft(DOCTYPES[record.resource], result.name, f"won:{record.version}")]
		)
	if new and result.name:
		replay.go_on([crm.waits_for_record(record.resource, record.id)], connection.name)
	covered.cover(connection.name, one, record.version or one.version)
	return result


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
		)


# --- out ---------------------------------------------------------------------------------------------------


def document_changed(doc: Any, *, force: str = "") -> None:
	"""A Customer, Contact, Lead or Opportunity was made or changed: the CRMs that take it shall hear. Runs in the
	user's save: one query, and one insert for each CRM."""
	resource = RESOURCE_OF[doc.doctype]
	if frappe.flags.in_install or frappe.flags.in_migrate or crm.is_shadow(doc):
		return
	for name in connections.taking(resource):
		if name == doc.flags.integration_origin:
			continue
		modified = str(doc.modified)
		# what is forced has no version: an Event of the same `modified` may have been worked on before it happened
		draft = _draft(doc.doctype, doc.name, force or modified, crm.label_of(doc), "" if force else modified)
		if store.store(name, [draft]):
			wake.wake_after_commit(name)


def document_deleted(doc: Any) -> None:
	"""Deleted here: its Links end, and CRMs that archive along are told. In the user's own transaction."""
	link = frappe.qb.DocType("Integration Link")
	resource = RESOURCE_OF[doc.doctype]
	rows = (
		frappe.qb.from_(link)
		.select(link.name, link.connection, link.outside_id)
		.where(
			(link.reference_doctype == doc.doctype)
			& (link.reference_name == doc.name)
			& (link.resource == resource)
		)
		.run(as_dict=True)
	)
	takers = set(connections.taking(resource)) if rows else set()
	for row in rows:
		if row.connection not in takers or not connections.get(row.connection).archive_deleted:
			continue
		draft = store.Draft(
			direction="Out",
			resource=resource,
			action="delete",
			outside_id=f"{doc.doctype}/{doc.name}",
			dedupe_key=f"deleted:{resource}:{row.outside_id}",
			label=crm.label_of(doc),
			payload=json.dumps({"id": row.outside_id}),
		)
		if store.store(row.connection, [draft]):
			wake.wake_after_commit(row.connection)


def document_renamed(doc: Any) -> None:
	"""Its name is our key outside: told, so that the old name can be given to another document. By its own moment, for a
	rename leaves `modified` as it is, and a document may get a name that it had before."""
	document_changed(doc, force=f"renamed:{frappe.utils.now()}")


def address_changed(doc: Any) -> None:
	"""An Address is told as part of its customers."""
	for row in doc.links:
		if row.link_doctype == "Customer" and frappe.db.exists("Customer", row.link_name):
			customer = frappe.get_doc("Customer", row.link_name)
			customer.flags.integration_origin = doc.flags.integration_origin
			document_changed(customer, force=f"address:{doc.modified}")


def _draft(doctype: str, name: str, change: str, label: str = "", version: str = "") -> store.Draft:
	return store.Draft(
		direction="Out",
		resource=RESOURCE_OF[doctype],
		outside_id=f"{doctype}/{name}",
		dedupe_key=f"crm:{doctype}:{name}:{change}",
		version=version,
		label=label or name,
		reference=(doctype, name),
	)


def _switched_on(connection: Any, direction: str) -> list[str]:
	return [row.resource for row in connection.resources if row.direction == direction and row.enabled]


def tell_all(connection_name: str, resource: str) -> int:
	"""Tell everything of a Resource that is not known outside yet: for the first time, or after a pause. Commits."""
	ctx = context(connections.get(connection_name))
	doctype, after, count = DOCTYPES[resource], "", 0
	while True:
		names = frappe.get_all(
			doctype, filters={"name": (">", after)}, pluck="name", order_by="name", limit=CHUNK
		)
		if not names:
			return count
		new = [
			name
			for name in names
			if not ctx.links.of(doctype, name, resource) and not crm.is_shadow(frappe.get_doc(doctype, name))
		]
		stamp = frappe.utils.now()
		count += store.store(connection_name, [_draft(doctype, name, f"all:{stamp}") for name in new])
		frappe.db.commit()  # each chunk by itself: thousands of rows, and the workers may begin
		wake.wake(connection_name)
		after = names[-1]


class _Told:
	"""What one Event of the batch has come to."""

	def __init__(self, doc: Any, here: Mapping[str, str], known: crm.Known | None):
		self.doc, self.here, self.known = doc, here, known
		self.change: CrmChange | None = None
		self.there: dict[str, str] = dict(known.base) if known else {}
		self.outside_id = known.outside_id if known else ""
		self.version = known.version if known else ""
		self.related: Mapping[str, tuple[str, ...]] = {}
		#: the outside side has news for us
		self.behind = False
		#: it turned out that the record is not there any more
		self.gone = False


def _prepare_out(connection: Any, connector: SyncsRecords, works: Sequence[Any]) -> Mapping[str, Any]:
	resource = works[0].resource
	prepared: dict[str, Any] = {}
	told: dict[str, _Told] = {}
	deleted: list[Any] = []
	for one in works:
		if one.action == "delete":
			deleted.append(one)
			continue
		try:
			state = _state(connection, one)
		except Failure as failure:
			prepared[one.name] = failure
			continue
		if state is None:
			prepared[one.name] = None
		else:
			told[one.name] = state
	frappe.db.rollback()  # nothing is open while we talk
	prepared.update(_archive(connector, resource, deleted))
	for start in range(0, len(works), connector.crm_batch):
		batch = [one for one in works[start : start + connector.crm_batch] if one.name in told]
		prepared.update(_push(connection, connector, resource, batch, told))
	return prepared


def _state(connection: Any, one: Any) -> _Told | None:
	"""The document as it stands now; None when there is nothing (any more) to tell of."""
	if not frappe.db.exists(one.reference_doctype, one.reference_name):
		return None
	doc = frappe.get_doc(one.reference_doctype, one.reference_name)
	if crm.is_shadow(doc):
		return None  # ERPNext makes it before it says whose it is
	ctx = context(connection)
	known = _newest(crm.known(link) for link in ctx.links.of(doc.doctype, doc.name, one.resource))
	state = _Told(doc, crm.texts(doc, mapping.of(connection, one.resource)), known)
	state.related = crm.related_of(doc, ctx)
	return state


def _newest(found: Iterable[crm.Known | None]) -> crm.Known | None:
	"""The outside record of a document: of several (documents that were merged here) the live one that changed last."""
	return max(filter(None, found), key=lambda one: (not one.deleted, one.version), default=None)


def _archive(connector: SyncsRecords, resource: str, works: Sequence[Any]) -> dict[str, Any]:
	if not works:
		return {}
	ids = {json.loads(one.payload)["id"]: one.name for one in works}
	outcomes = connector.archive_records(resource, list(ids))
	return {ids[outcome.key]: outcome.failure or "archived" for outcome in outcomes}


def _push(
	connection: Any, connector: SyncsRecords, resource: str, batch: Sequence[Any], told: Mapping[str, _Told]
) -> dict[str, Any]:
	"""One batch: what is new is looked for first, what changed on both sides is merged, then one call."""
	prepared = _look_first(connection, connector, resource, batch, told)
	left = [one for one in batch if one.name not in prepared]
	_merge_first(connection, connector, resource, [told[one.name] for one in left])
	changes: dict[str, Any] = {}
	for one in left:
		state = told[one.name]
		change = _change(connection, resource, state)
		if change is None or (state.known and state.known.deleted) or change.key in changes:
			prepared[one.name] = state
			continue
		state.change = change
		changes[change.key] = one
	if not changes:
		return prepared
	works = list(changes.values())
	frappe.db.rollback()  # nothing is open while we talk
	outcomes = connector.push_records(
		resource,
		[told[one.name].change for one in works],
		key=hashlib.sha256("|".join(one.key for one in works).encode()).hexdigest()[:40],
		look_first=any(one.look_first for one in works),
	)
	for outcome in outcomes:
		one = changes[outcome.key]
		state = told[one.name]
		prepared[one.name] = _settled(connection, connector, resource, state, outcome)
	return prepared


def _settled(connection: Any, connector: SyncsRecords, resource: str, state: _Told, outcome: Any) -> Any:
	if isinstance(outcome.failure, Gone) and state.known:
		state.gone = True
		return state
	if outcome.failure:
		if outcome.outside_id and not state.outside_id:
			# the vendor has one of its own with this e-mail address: a question, not a refusal
			asked = _ask_outside(connection, connector, resource, state, outcome.outside_id)
			return asked or _to_mend(outcome.failure, resource, state.doc)
		return _to_mend(outcome.failure, resource, state.doc)
	state.outside_id = outcome.outside_id or state.outside_id
	state.version = outcome.version or state.version
	state.there.update(state.change.fields)
	return state


def _to_mend(failure: Failure, resource: str, doc: Any) -> Failure:
	"""A value that the vendor refuses is mended in the document (which is told again by itself when it is saved) or in the
	mapping: what waits for that goes on when the Connection is saved."""
	if not isinstance(failure, Invalid):
		return failure
	return Invalid(
		failure.sentence,
		fix=failure.fix or (doc.doctype, doc.name),
		waits_for=failure.waits_for or f"fields:{resource}",
		detail=failure.detail,
	)


def _merge_first(connection: Any, connector: SyncsRecords, resource: str, states: Sequence[_Told]) -> None:
	"""Read what the outside side has now, in one call: a change made there since both agreed must not be overwritten
	because its webhook is late. One that is linked only now has never agreed with us on anything."""
	open_ones = {state.outside_id: state for state in states if _must_be_read(state)}
	if not open_ones:
		return
	fields = mapping.of(connection, resource)
	frappe.db.rollback()  # nothing is open while we talk
	payloads = connector.fetch_records(resource, list(open_ones), [one.outside_field for one in fields])
	for outside_id, state in open_ones.items():
		if outside_id not in payloads:
			continue
		record = connector.read_record(resource, payloads[outside_id])
		if state.known and record.version == state.known.version:
			continue
		_merge_one(fields, state, record)


def _must_be_read(state: _Told) -> bool:
	if not state.known:
		return bool(state.outside_id)
	changed = any(not mapping.same(text, state.known.base.get(name)) for name, text in state.here.items())
	return changed and not state.known.deleted


def _merge_one(fields: tuple[mapping.Field, ...], state: _Told, record: CrmRecord) -> None:
	base = state.known.base if state.known else None
	there = {one.outside_field: record.fields.get(one.outside_field) or "" for one in fields}
	merged = mapping.merge(
		fields, state.here, there, base, here_is_newer=crm.changed_at(state.doc) > record.updated_at
	)
	state.here = {name: text for name, text in state.here.items() if name in merged.to_there}
	# what wins there is left to an inbound Event, which must find it neither "known already" nor agreed on
	state.behind = bool(merged.to_here)
	state.version = record.version
	state.there = {
		name: text
		for name, text in {
			**mapping.agreed_on(fields, there, base),
			**{name: (base or {}).get(name) for name in merged.to_here},
		}.items()
		if text is not None
	}


def _look_first(
	connection: Any, connector: SyncsRecords, resource: str, batch: Sequence[Any], told: Mapping[str, _Told]
) -> dict[str, Any]:
	"""New ones: may the outside side know them already? Asked once for all, before anything is made there."""
	prepared: dict[str, Any] = {}
	fields = mapping.of(connection, resource)
	wanted: dict[str, Any] = {}
	for one in batch:
		state = told[one.name]
		if state.known:
			continue
		if said := matching.said_to_be(connection.name, resource, state.doc.name):
			state.outside_id = _free_one(connection, resource, said)
			continue
		match = matching.look_for(resource, fields, state.here, _key(state.doc))
		if match.email or match.domain or match.phone or match.tax_id:
			wanted[match.key] = (one, match)
	if not wanted:
		return prepared
	frappe.db.rollback()  # nothing is open while we talk
	found = connector.find_records(resource, [match for _one, match in wanted.values()])
	for key, (one, match) in wanted.items():
		state = told[one.name]
		records = [record for record in found.get(key, ()) if record.key == key or not _is_ours(record)]
		own = next((record for record in records if record.key == key), None)
		if own:
			# ours, from a try whose answer was lost
			state.outside_id = own.id
			continue
		if failure := _linked_or_asked(connection, resource, state, match, records):
			prepared[one.name] = failure
	return prepared


def _free_one(connection: Any, resource: str, outside_id: str) -> str:
	"""The record that a document was said to be, unless it was linked with another one meanwhile."""
	known = crm.known(context(connection).links.get(resource, outside_id))
	return "" if known and frappe.db.exists(DOCTYPES[resource], known.name) else outside_id


def _is_ours(record: CrmRecord) -> bool:
	"""Was it made for a document that is still here?"""
	doctype, _slash, name = record.key.partition("/")
	return doctype in RESOURCE_OF and bool(frappe.db.exists(doctype, name))


def _linked_or_asked(
	connection: Any, resource: str, state: _Told, match: Match, records: Sequence[CrmRecord]
) -> Failure | None:
	"""Link by rule or by what a person said; else ask. None when something new may be made."""
	ctx = context(connection)
	linked = ctx.links.get_many(resource, [record.id for record in records])
	open_ones = []
	for record in records:
		if record.id in linked:
			continue  # that one is another document of ours
		answer = matching.answers(connection.name, resource, record.id).get(state.doc.name)
		if answer and answer.status == "Same":
			state.outside_id = record.id
			return None
		if not answer or answer.status == "Open":
			open_ones.append(record)
	if not open_ones:
		return None
	certain = connection.match_rule == "Link When the E-Mail Is Equal" and match.email and len(open_ones) == 1
	fields = mapping.of(connection, resource)
	[first, *_others] = open_ones
	if certain and matching.look_for(resource, fields, _said(first), "").email == match.email:
		state.outside_id = first.id
		return None
	for record in open_ones:
		_ask_about(connection, resource, state, record)
	frappe.db.commit()  # the Event that asks is about to be parked, which undoes everything else
	return _asked(resource, state, first)


def _said(record: CrmRecord, fields: Sequence[mapping.Field] = ()) -> dict[str, str]:
	"""What a record says; with `fields` only what a person has mapped."""
	names = [one.outside_field for one in fields] or list(record.fields)
	return {name: record.fields.get(name) or "" for name in names}


def _ask_about(connection: Any, resource: str, state: _Told, record: CrmRecord) -> None:
	matching.ask(
		connection.name,
		resource,
		record.id,
		record.label or record.id,
		[matching.Candidate(state.doc.name, _("what identifies it"))],
		here=matching.summary(state.here),
		there=matching.summary(_said(record, mapping.of(connection, resource))),
		url=record.url,
	)


def _asked(resource: str, state: _Told, record: CrmRecord) -> NeedsMapping:
	match = frappe.db.get_value(
		matching.MATCH, {"outside_id": record.id, "resource": resource, "reference_name": state.doc.name}
	)
	return NeedsMapping(
		_("{0} may be {1} there already. Say whether it is the same.").format(
			state.doc.name, record.label or record.id
		),
		fix=(matching.MATCH, match),
		waits_for=f"match:{resource}:{record.id}"[:180],
	)


def _ask_outside(
	connection: Any, connector: SyncsRecords, resource: str, state: _Told, outside_id: str
) -> Failure | None:
	"""The vendor refused a new record because it has `outside_id`: is that ours?"""
	names = [one.outside_field for one in mapping.of(connection, resource)]
	payload = connector.fetch_records(resource, [outside_id], names).get(outside_id)
	if payload is None:
		return None
	record = connector.read_record(resource, payload)
	if context(connection).links.get(resource, record.id):
		return Invalid(_("{0} there belongs to another document here.").format(record.label or record.id))
	_ask_about(connection, resource, state, record)
	frappe.db.commit()  # the Event that asks is about to be parked, which undoes everything else
	return _asked(resource, state, record)


def _change(connection: Any, resource: str, state: _Told) -> CrmChange | None:
	"""What is to be told of a document; None when the outside side has it all."""
	outgoing = {one.outside_field for one in mapping.of(connection, resource) if one.direction != "In"}
	new = not state.outside_id
	fields = {
		name: text
		for name, text in state.here.items()
		if name in outgoing
		and (not mapping.blank(text) if new else not mapping.same(text, state.there.get(name)))
	}
	told = state.known.related if state.known else {}
	related = state.related if _more(state.related, told) else {}
	renamed = bool(state.known and state.known.key and state.known.key != _key(state.doc))
	if not fields and not related and state.known and not renamed:
		return None
	return CrmChange(key=_key(state.doc), id=state.outside_id or None, fields=fields, related=related)


def _more(ours: Mapping[str, Sequence[str]], theirs: Mapping[str, Sequence[str]]) -> bool:
	"""Do we know of more that belongs together than the outside side was told, or told us?"""
	return any(set(ids) - set(theirs.get(resource, ())) for resource, ids in ours.items())


def _key(doc: Any) -> str:
	return f"{doc.doctype}/{doc.name}"


def _apply_out(connection: Any, one: Any, prepared: Any) -> Result:
	ctx = context(connection)
	if prepared is None:
		return Result(None, None, _("Deleted here, or told as a Lead."), "Ignored")
	if prepared == "archived":
		return Result(None, None, _("Archived outside."))
	state = prepared
	doc = state.doc
	covered.cover(connection.name, one, str(doc.modified))
	if state.gone:
		return crm.gone(one.resource, state.known.outside_id, ctx)
	if state.known and state.known.deleted:
		return Result(doc.doctype, doc.name, _("Deleted outside; it is not made there again."), "Ignored")
	if state.change is None:
		return Result(doc.doctype, doc.name, _("Told already."))
	_must_be_free(connection, one.resource, state, ctx)
	version = (state.known.version if state.known else "") if state.behind else state.version
	crm.remember(
		ctx,
		one.resource,
		state.outside_id,
		doc.name,
		version=version,
		there=state.there,
		related=_together(state),
		label=crm.label_of(doc),
		key=state.change.key,
	)
	if state.known is None:
		_tell_followers(connection, doc)
		replay.go_on([waits_for_document(doc.doctype, doc.name)], connection.name)
	if state.behind:
		_fetch_later(connection, one.resource, state)
	named = ", ".join(sorted(state.change.fields)) or _("what belongs together")
	return Result(
		doc.doctype,
		doc.name,
		(_("Made outside: {0}") if state.known is None else _("Told: {0}")).format(named),
	)


def _must_be_free(connection: Any, resource: str, state: _Told, ctx: Context) -> None:
	"""One outside record is one document. Raises Invalid when another document has it."""
	link = crm.known(ctx.links.get(resource, state.outside_id))
	if link and link.name != state.doc.name and frappe.db.exists(state.doc.doctype, link.name):
		raise Invalid(
			_("{0} is linked with {1} already, so it cannot be {2} as well.").format(
				state.outside_id, link.name, state.doc.name
			),
			fix=(state.doc.doctype, link.name),
		)


def _together(state: _Told) -> dict[str, tuple[str, ...]]:
	"""What is known to belong together now: what was, and what we have told."""
	found = {resource: tuple(ids) for resource, ids in (state.known.related if state.known else {}).items()}
	for resource, ids in state.related.items():
		found[resource] = tuple(dict.fromkeys((*found.get(resource, ()), *ids)))
	return found


def waits_for_document(doctype: str, name: str) -> str:
	"""What an Event waits for that needs this document to be known outside."""
	return f"document:{doctype}/{name}"[:180]


def _tell_followers(connection: Any, doc: Any) -> None:
	switched_on = _switched_on(connection, "Out")
	drafts = [
		_draft(DOCTYPES[resource], name, f"with:{doc.doctype}:{doc.name}")
		for resource, name in crm.followers(doc)
		if resource in switched_on
	]
	store.store(connection.name, drafts)


def _fetch_later(connection: Any, resource: str, state: _Told) -> None:
	store.store(
		connection.name,
		[
			store.Draft(
				direction="In",
				resource=resource,
				outside_id=state.outside_id,
				dedupe_key=f"behind:{resource}:{state.outside_id}:{state.version}",
				label=crm.label_of(state.doc),
			)
		],
	)


ROUTES = tuple(
	Route(direction, resource, capability, Handler(prepare, apply))
	for resource, capability in CAPABILITY.items()
	for direction, prepare, apply in (("In", _prepare_in, _apply_in), ("Out", _prepare_out, _apply_out))
)
