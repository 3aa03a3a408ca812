"""Who is the same? Records that may be a document of ours are linked by rule, or by a person who is asked.

Questions are committed at once: the Event that asks is about to be parked, which undoes everything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import frappe
from frappe import _

from integration_hub.connectors.contract import SyncsRecords
from integration_hub.erp import crm, mapping, matching
from integration_hub.erp.mapping import DOCTYPES
from integration_hub.failures import Failure, Invalid, NeedsMapping
from integration_hub.records import CrmRecord, Match
from integration_hub.sync.crm.changes import RESOURCE_OF
from integration_hub.sync.crm.told import Told, key_of
from integration_hub.sync.handling import context


def question(
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
			there=matching.summary(texts_of(record, mapping.of(connection, resource))),
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


def is_certain(connection: Any, wanted: Match, found: Sequence[matching.Candidate]) -> bool:
	"""May it be linked without asking?"""
	return (
		connection.match_rule == "Link When the E-Mail Is Equal"
		and bool(wanted.email)
		and len(found) == 1
		and found[0].matched_by == _("e-mail")
	)


def recognise(
	connection: Any, connector: SyncsRecords, resource: str, batch: Sequence[Any], told: Mapping[str, Told]
) -> dict[str, Any]:
	"""New ones: may the outside side know them already? Asked once for all, before anything is made there."""
	prepared: dict[str, Any] = {}
	fields = mapping.of(connection, resource)
	wanted: dict[str, Any] = {}
	for one in batch:
		state = told[one.name]
		if state.known or state.outside_id:
			continue
		if said := matching.said_to_be(connection.name, resource, state.doc.name):
			state.outside_id = _free_one(connection, resource, said)
			continue
		match = matching.look_for(connection, resource, fields, state.here, key_of(state.doc))
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
	taken = known and not known.ended and frappe.db.exists(DOCTYPES[resource], known.name)
	return "" if taken else outside_id


def _is_ours(record: CrmRecord) -> bool:
	"""Was it made for a document that is still here?"""
	doctype, _slash, name = record.key.partition("/")
	return doctype in RESOURCE_OF and bool(frappe.db.exists(doctype, name))


def _linked_or_asked(
	connection: Any, resource: str, state: Told, match: Match, records: Sequence[CrmRecord]
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
	if certain and matching.look_for(connection, resource, fields, texts_of(first), "").email == match.email:
		state.outside_id = first.id
		return None
	for record in open_ones:
		_ask_about(connection, resource, state, record)
	frappe.db.commit()  # the Event that asks is about to be parked, which undoes everything else
	return _asked(resource, state, first)


def texts_of(record: CrmRecord, fields: Sequence[mapping.Field] = ()) -> dict[str, str]:
	"""What a record says; with `fields` only what a person has mapped."""
	names = [one.outside_field for one in fields] or list(record.fields)
	return {name: record.fields.get(name) or "" for name in names}


def _ask_about(connection: Any, resource: str, state: Told, record: CrmRecord) -> None:
	matching.ask(
		connection.name,
		resource,
		record.id,
		record.label or record.id,
		[matching.Candidate(state.doc.name, _("what identifies it"))],
		here=matching.summary(state.here),
		there=matching.summary(texts_of(record, mapping.of(connection, resource))),
		url=record.url,
	)


def _asked(resource: str, state: Told, record: CrmRecord) -> NeedsMapping:
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


def ask_about_holder(
	connection: Any, connector: SyncsRecords, resource: str, state: Told, outside_id: str
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
