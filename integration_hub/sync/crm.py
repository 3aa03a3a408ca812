"""Events of CRMs: companies, contacts, leads and deals, both ways, many in one call.

In and out work on the newest state of both sides, not on what the Event was stored with, so ten Events about one
contact cost one call. What both sides last agreed on is in the Link; it tells whose change is whose, and keeps our
own write from coming back as news.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
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
from integration_hub.sync import connections, covered, store, wake
from integration_hub.sync.handling import Handler, Route, context

CAPABILITY = {
	"customers": SyncsCompanies,
	"contacts": SyncsContacts,
	"leads": SyncsLeads,
	"deals": SyncsDeals,
}
RESOURCE_OF = {doctype: resource for resource, doctype in DOCTYPES.items()}
#: Events written in one statement when everything is told for the first time
CHUNK = 500


def walk(resource: str):
	def pull(_connection: Any, connector: SyncsRecords, since: datetime, cursor: str | None) -> Page:
		return connector.pull_records(resource, since, cursor)

	return pull


# --- in ----------------------------------------------------------------------------------------------------


def _prepare_in(connection: Any, connector: SyncsRecords, works: Sequence[Any]) -> Mapping[str, Any]:
	"""Records, read, and the question answered whether each is known already. Questions are committed here: what waits
	for their answer is parked, which undoes everything else."""
	resource = works[0].resource
	prepared: dict[str, Any] = {one.name: None for one in works}
	kept = [one for one in works if one.action != "delete"]
	wanted = list(dict.fromkeys(one.outside_id for one in kept if not one.payload))
	names = [one.outside_field for one in mapping.of(connection, resource)]
	frappe.db.rollback()  # nothing is open while we talk
	fetched = connector.fetch_records(resource, wanted, names) if wanted else {}
	for one in kept:
		payload = json.loads(one.payload) if one.payload else fetched.get(one.outside_id)
		try:
			if payload is None:
				raise Gone(_("{0} does not exist at {1} any more.").format(one.label, connector.title))
			prepared[one.name] = _known_or_asked(connection, connector.read_record(resource, payload))
		except Failure as failure:
			prepared[one.name] = failure
	return prepared


def _known_or_asked(connection: Any, record: CrmRecord) -> tuple[CrmRecord, str | None]:
	"""The record, and the document it is to be linked with (None: as the Links say, or a new one). Raises NeedsMapping
	while a person has to say whether it is the same."""
	ctx = context(connection)
	if ctx.links.get(record.resource, record.id):
		return record, None
	if own := _of_our_key(record, ctx):
		return record, own
	fields = mapping.of(connection, record.resource)
	said = matching.answers(connection.name, record.resource, record.id)
	same = next((name for name, row in said.items() if row.status == "Same"), None)
	if same:
		return record, same
	wanted = matching.look_for(
		record.resource, fields, {name: text or "" for name, text in record.fields.items()}, record.id
	)
	found = [
		one
		for one in matching.candidates(record.resource, wanted)
		if said.get(one.name, {}).get("status") != "Different"
		and not ctx.links.of(DOCTYPES[record.resource], one.name, record.resource)
	]
	if not found:
		return record, None
	if _certain(connection, wanted, found):
		return record, found[0].name
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
			there=matching.summary({name: text or "" for name, text in record.fields.items()}),
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


def _apply_in(connection: Any, one: Any, prepared: Any) -> Result:
	ctx = context(connection)
	if prepared is None:
		covered.cover(connection.name, one, None)
		return crm.gone(one.resource, one.outside_id, ctx)
	record, same = prepared
	_follow_merges(record, ctx)
	missing = crm.missing_relations(record, ctx, _switched_on(connection, "In"))
	if missing:
		_fetch(connection, missing)
		raise crm.wait_for(missing)
	result, left = crm.adopt(record, same, ctx) if same else crm.write(record, ctx)
	if left and record.resource in _switched_on(connection, "Out") and result.name:
		store.store(
			connection.name, [_draft(DOCTYPES[record.resource], result.name, f"won:{record.version}")]
		)
	covered.cover(connection.name, one, record.version or one.version)
	return result


def _fetch(connection: Any, missing: Iterable[tuple[str, str]]) -> None:
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
		if store.store(name, [_draft(doc.doctype, doc.name, force or str(doc.modified), crm.label_of(doc))]):
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


def address_changed(doc: Any) -> None:
	"""An Address is told as part of its customers."""
	for row in doc.links:
		if row.link_doctype == "Customer" and frappe.db.exists("Customer", row.link_name):
			customer = frappe.get_doc("Customer", row.link_name)
			customer.flags.integration_origin = doc.flags.integration_origin
			document_changed(customer, force=f"address:{doc.modified}")


def _draft(doctype: str, name: str, change: str, label: str = "") -> store.Draft:
	return store.Draft(
		direction="Out",
		resource=RESOURCE_OF[doctype],
		outside_id=f"{doctype}/{name}",
		dedupe_key=f"crm:{doctype}:{name}:{change}",
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
		self.behind = False


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
	ctx = context(connection)
	links = ctx.links.of(doc.doctype, doc.name, one.resource)
	known = crm.known(links[0]) if links else None
	state = _Told(doc, crm.texts(doc, mapping.of(connection, one.resource)), known)
	state.related = crm.related_of(doc, ctx)
	return state


def _archive(connector: SyncsRecords, resource: str, works: Sequence[Any]) -> dict[str, Any]:
	if not works:
		return {}
	ids = {json.loads(one.payload)["id"]: one.name for one in works}
	outcomes = connector.archive_records(resource, list(ids))
	return {ids[outcome.key]: outcome.failure or "archived" for outcome in outcomes}


def _push(
	connection: Any, connector: SyncsRecords, resource: str, batch: Sequence[Any], told: Mapping[str, _Told]
) -> dict[str, Any]:
	"""One batch: what changed on both sides is merged first, what is new is looked for first, then one call."""
	prepared: dict[str, Any] = {}
	_merge_first(connection, connector, resource, [told[one.name] for one in batch])
	prepared.update(_look_first(connection, connector, resource, batch, told))
	changes: dict[str, Any] = {}
	for one in batch:
		state = told[one.name]
		if one.name in prepared:
			continue
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
	if outcome.failure:
		if outcome.outside_id and not state.outside_id:
			# the vendor has one of its own with this e-mail address: a question, not a refusal
			return _ask_outside(connection, connector, resource, state, outcome.outside_id) or outcome.failure
		return outcome.failure
	state.outside_id = outcome.outside_id or state.outside_id
	state.version = outcome.version or state.version
	state.there.update(state.change.fields)
	return state


def _merge_first(connection: Any, connector: SyncsRecords, resource: str, states: Sequence[_Told]) -> None:
	"""Read what the outside side has now, in one call: a change made there since both agreed must not be overwritten
	because its webhook is late."""
	known = {state.known.outside_id: state for state in states if state.known and not state.known.deleted}
	known = {
		outside_id: state
		for outside_id, state in known.items()
		if any(not mapping.same(text, state.known.base.get(name)) for name, text in state.here.items())
	}
	if not known:
		return
	fields = mapping.of(connection, resource)
	frappe.db.rollback()  # nothing is open while we talk
	payloads = connector.fetch_records(resource, list(known), [one.outside_field for one in fields])
	for outside_id, state in known.items():
		if outside_id not in payloads:
			continue
		record = connector.read_record(resource, payloads[outside_id])
		if record.version <= state.known.version:
			continue
		there = {one.outside_field: record.fields.get(one.outside_field) or "" for one in fields}
		merged = mapping.merge(
			fields,
			state.here,
			there,
			state.known.base,
			here_is_newer=crm.changed_at(state.doc) > record.updated_at,
		)
		state.here = {
			name: text
			for name, text in state.here.items()
			if name in merged.to_there or mapping.same(text, there.get(name))
		}
		# what wins there is left to an inbound Event, which must not find it "known already"
		state.behind = bool(merged.to_here)
		state.there = there


def _look_first(
	connection: Any, connector: SyncsRecords, resource: str, batch: Sequence[Any], told: Mapping[str, _Told]
) -> dict[str, Any]:
	"""New ones: may the outside side know them already? Asked once for all, before anything is made there."""
	prepared: dict[str, Any] = {}
	fields = mapping.of(connection, resource)
	wanted: dict[str, Any] = {}
	for one in batch:
		state = told[one.name]
		if state.known is None:
			match = matching.look_for(resource, fields, state.here, _key(state.doc))
			if match.email or match.domain or match.phone or match.tax_id:
				wanted[match.key] = (one, match)
	if not wanted:
		return prepared
	frappe.db.rollback()  # nothing is open while we talk
	found = connector.find_records(resource, [match for _one, match in wanted.values()])
	for key, (one, match) in wanted.items():
		state = told[one.name]
		records = [record for record in found.get(key, ()) if record.key in ("", key)]
		own = next((record for record in records if record.key == key), None)
		if own:
			# ours, from a try whose answer was lost
			state.outside_id = own.id
			continue
		if failure := _linked_or_asked(connection, resource, state, match, records):
			prepared[one.name] = failure
	return prepared


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


def _said(record: CrmRecord) -> dict[str, str]:
	return {name: text or "" for name, text in record.fields.items()}


def _ask_about(connection: Any, resource: str, state: _Told, record: CrmRecord) -> None:
	matching.ask(
		connection.name,
		resource,
		record.id,
		record.label or record.id,
		[matching.Candidate(state.doc.name, _("what identifies it"))],
		here=matching.summary(state.here),
		there=matching.summary(_said(record)),
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
	new = not state.known
	fields = {
		name: text
		for name, text in state.here.items()
		if name in outgoing and (bool(text) if new else not mapping.same(text, state.there.get(name)))
	}
	related = state.related if new or _more(state.related, state.known.related) else {}
	if not fields and not related and state.outside_id and not new:
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
		return Result(None, None, _("Deleted here before it was told."), "Ignored")
	if prepared == "archived":
		return Result(None, None, _("Archived outside."))
	state = prepared
	doc = state.doc
	if state.known and state.known.deleted:
		return Result(doc.doctype, doc.name, _("Deleted outside; it is not made there again."), "Ignored")
	if state.change is None:
		return Result(doc.doctype, doc.name, _("Told already."))
	version = state.known.version if state.behind and state.known else state.version
	crm.remember(
		ctx,
		one.resource,
		state.outside_id,
		doc.name,
		version=version,
		there=state.there,
		related=state.related,
		label=crm.label_of(doc),
	)
	if state.known is None:
		_tell_followers(connection, doc)
	if state.behind:
		_fetch_later(connection, one.resource, state)
	named = ", ".join(sorted(state.change.fields)) or _("what belongs together")
	return Result(
		doc.doctype,
		doc.name,
		(_("Made outside: {0}") if state.known is None else _("Told: {0}")).format(named),
	)


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
