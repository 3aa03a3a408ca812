"""Events of documents that changed here: looked for in the CRM, merged with what changed there, told many in one call."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import frappe
from frappe import _

from integration_hub.connectors.contract import SyncsRecords
from integration_hub.erp import crm, mapping
from integration_hub.erp.context import Context, Result
from integration_hub.erp.mapping import DOCTYPES
from integration_hub.failures import Failure, Gone, Invalid
from integration_hub.records import CrmChange, CrmRecord
from integration_hub.sync import covered, replay, store
from integration_hub.sync.crm.changes import draft_of, resources_of
from integration_hub.sync.crm.questions import ask_about_holder, recognise
from integration_hub.sync.crm.told import Told, key_of, state_of
from integration_hub.sync.failing import sort_aside
from integration_hub.sync.handling import context


def prepare(connection: Any, connector: SyncsRecords, works: Sequence[Any]) -> Mapping[str, Any]:
	resource = works[0].resource
	prepared: dict[str, Any] = {}
	told: dict[str, Told] = {}
	deleted: list[Any] = []
	for one in works:
		if one.action == "delete":
			deleted.append(one)
			continue
		try:
			state = state_of(connection, one)
		except Exception as error:  # noqa: BLE001 - one that cannot be written down holds up no other
			prepared[one.name] = sort_aside(error)
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


def _archive(connector: SyncsRecords, resource: str, works: Sequence[Any]) -> dict[str, Any]:
	if not works:
		return {}
	ids = {json.loads(one.payload)["id"]: one.name for one in works}
	outcomes = connector.archive_records(resource, list(ids))
	return {ids[outcome.key]: outcome.failure or "archived" for outcome in outcomes}


def _push(
	connection: Any, connector: SyncsRecords, resource: str, batch: Sequence[Any], told: Mapping[str, Told]
) -> dict[str, Any]:
	"""One batch: what is new is looked for first, what changed on both sides is merged, then one call."""
	prepared = recognise(connection, connector, resource, batch, told)
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


def _settled(connection: Any, connector: SyncsRecords, resource: str, state: Told, outcome: Any) -> Any:
	if isinstance(outcome.failure, Gone) and state.known:
		state.gone = True
		return state
	if outcome.failure:
		if outcome.outside_id and not state.outside_id:
			# the vendor has one of its own with this e-mail address: a question, not a refusal
			asked = ask_about_holder(connection, connector, resource, state, outcome.outside_id)
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


def _merge_first(connection: Any, connector: SyncsRecords, resource: str, states: Sequence[Told]) -> None:
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
			if not state.known:
				state.outside_id = ""  # it was to be linked with one that is gone: a new one is made
			continue
		record = connector.read_record(resource, payloads[outside_id])
		if state.known and record.version == state.known.version:
			continue
		_merge_one(fields, state, record)


def _must_be_read(state: Told) -> bool:
	if not state.known:
		return bool(state.outside_id)
	changed = any(not mapping.same(text, state.known.base.get(name)) for name, text in state.here.items())
	return changed and not state.known.deleted


def _merge_one(fields: tuple[mapping.Field, ...], state: Told, record: CrmRecord) -> None:
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


def _change(connection: Any, resource: str, state: Told) -> CrmChange | None:
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
	renamed = bool(state.known and state.known.key and state.known.key != key_of(state.doc))
	if not fields and not related and state.known and not renamed:
		return None
	return CrmChange(key=key_of(state.doc), id=state.outside_id or None, fields=fields, related=related)


def _more(ours: Mapping[str, Sequence[str]], theirs: Mapping[str, Sequence[str]]) -> bool:
	"""Do we know of more that belongs together than the outside side was told, or told us?"""
	return any(set(ids) - set(theirs.get(resource, ())) for resource, ids in ours.items())


def apply(connection: Any, one: Any, prepared: Any) -> Result:
	ctx = context(connection)
	if prepared is None:
		return Result(None, None, _("Deleted here, or told as a Lead."), "Ignored")
	if prepared == "archived":
		crm.gone(one.resource, json.loads(one.payload)["id"], ctx)
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


def _must_be_free(connection: Any, resource: str, state: Told, ctx: Context) -> None:
	"""One outside record is one document. Raises Invalid when another document has it."""
	link = crm.known(ctx.links.get(resource, state.outside_id))
	if (
		link
		and not link.ended
		and link.name != state.doc.name
		and frappe.db.exists(state.doc.doctype, link.name)
	):
		raise Invalid(
			_("{0} is linked with {1} already, so it cannot be {2} as well.").format(
				state.outside_id, link.name, state.doc.name
			),
			fix=(state.doc.doctype, link.name),
		)


def _together(state: Told) -> dict[str, tuple[str, ...]]:
	"""What is known to belong together now: what was, and what we have told."""
	found = {resource: tuple(ids) for resource, ids in (state.known.related if state.known else {}).items()}
	for resource, ids in state.related.items():
		found[resource] = tuple(dict.fromkeys((*found.get(resource, ()), *ids)))
	return found


def waits_for_document(doctype: str, name: str) -> str:
	"""What an Event waits for that needs this document to be known outside."""
	return f"document:{doctype}/{name}"[:180]


def _tell_followers(connection: Any, doc: Any) -> None:
	switched_on = resources_of(connection, "Out")
	drafts = [
		draft_of(DOCTYPES[resource], name, f"with:{doc.doctype}:{doc.name}")
		for resource, name in crm.followers(doc)
		if resource in switched_on
	]
	store.store(connection.name, drafts)


def _fetch_later(connection: Any, resource: str, state: Told) -> None:
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
