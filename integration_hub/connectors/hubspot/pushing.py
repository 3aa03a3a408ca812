"""Telling HubSpot: records made and changed a hundred at a time, then related; records put into the recycle bin.

What is new is upserted by a unique property of ours that holds our document's key, so a repeated call (after a lost
answer, or a killed worker) changes the record that the first one made. HubSpot's own ids are used for all others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from integration_hub.connectors.contract import Outcome
from integration_hub.connectors.hubspot.batches import ROWS, chunks, traced
from integration_hub.connectors.hubspot.client import refused
from integration_hub.connectors.hubspot.kinds import CONTACTS, DEALS, LEADS, OF_RESOURCE, Kind
from integration_hub.connectors.hubspot.pulling import Pulls
from integration_hub.connectors.hubspot.records import CONTACT_NAMES
from integration_hub.connectors.hubspot.refusals import Refusal
from integration_hub.connectors.hubspot.settings import CONTACT_STAGE
from integration_hub.connectors.hubspot.shapes import Json, a_dict, instant, noon_of, version, zone_of
from integration_hub.failures import Failure, Invalid
from integration_hub.records import CrmChange, CrmResource

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})T.+")
Row = dict[str, Any]


class Pushes(Pulls):
	def push_records(
		self, resource: CrmResource, changes: Sequence[CrmChange], *, key: str, look_first: bool
	) -> list[Outcome]:
		"""`key` and `look_first` are not needed: every call may be repeated as it is."""
		kind = self.kind_of(resource)
		if kind is LEADS:
			return self.push_leads(changes)
		self.need_key(kind)
		ended: dict[str, Json | Refusal] = {}
		for chunk in chunks(changes, ROWS):
			ended |= self._written(kind, resource, chunk)
		return self._settled(kind, changes, ended)

	def _written(
		self, kind: Kind, resource: CrmResource, changes: Sequence[CrmChange]
	) -> dict[str, Json | Refusal]:
		"""What became of each change, by its key. Known ones first: one of them may give up a key that another takes."""
		ended: dict[str, Json | Refusal] = {}
		known = [one for one in changes if one.id and (one.fields or not one.related)]
		for one in changes:
			if one.id and one not in known:
				ended[one.key] = {"id": one.id}
		ended |= self._update(kind, known)
		new = [one for one in changes if not one.id]
		rows = {
			one.key: {
				"id": one.key,
				"idProperty": self.key_property,
				"properties": {**self.worded(kind, one.fields), **self.new_ones(kind, resource, one)},
			}
			for one in new
		}
		return ended | self.written_rows(kind, "upsert", rows)

	def _update(self, kind: Kind, changes: Sequence[CrmChange]) -> dict[str, Json | Refusal]:
		"""Each carries our key along, so that a record that was linked later can be recognised as well."""
		rows = {
			one.key: {
				"id": one.id,
				"properties": {**self.worded(kind, one.fields), self.key_property: one.key},
			}
			for one in changes
		}
		ended = self.written_rows(kind, "update", rows)
		taken = {
			name: {**rows[name], "properties": self.worded(kind, one.fields)}
			for one in changes
			if isinstance(said := ended[(name := one.key)], Refusal)
			and said.holder
			and said.names(self.key_property)
		}
		# another record has this key (merged documents, say): the id is right all the same
		return ended | self.written_rows(kind, "update", taken)

	def written_rows(self, kind: Kind, what: str, rows: Mapping[str, Row]) -> dict[str, Json | Refusal]:
		"""What became of each row, by its name. Where our property turns out not to be there (any more) it is made again,
		and those rows are written again, once."""
		ended = self._write_rows(kind, what, rows)
		keyless = {name: rows[name] for name, end in ended.items() if self._misses_key(end)}
		if keyless:
			self.forget_key(kind)
			self.need_key(kind)
			ended |= self._write_rows(kind, what, keyless)
		return ended

	def _misses_key(self, end: Json | Refusal) -> bool:
		return isinstance(end, Refusal) and end.names(self.key_property) and not end.conflict

	def _write_rows(self, kind: Kind, what: str, rows: Mapping[str, Row]) -> dict[str, Json | Refusal]:
		inputs = traced(list(rows.values()))
		ended = self.write_batch(f"crm/objects/{self.version}/{kind.name}/batch/{what}", inputs)
		return {name: ended[row["objectWriteTraceId"]] for name, row in zip(rows, inputs, strict=True)}

	def _settled(
		self, kind: Kind, changes: Sequence[CrmChange], ended: Mapping[str, Json | Refusal]
	) -> list[Outcome]:
		unrelated = self._relate(
			kind, changes, ended
		)  # where the other one is gone, there is nothing to relate
		outcomes = []
		for one in changes:
			end = ended[one.key]
			if isinstance(end, Refusal):
				outcomes.append(refused_outcome(one.key, end, kind))
			elif (said := unrelated.get(str(end["id"]))) and not said.not_there:
				outcomes.append(
					Outcome(
						one.key, said.failure("HubSpot does not relate this record to what it belongs to")
					)
				)
			else:
				outcomes.append(Outcome(one.key, outside_id=str(end["id"]), version=version_of(end)))
		return outcomes

	def _relate(
		self, kind: Kind, changes: Sequence[CrmChange], ended: Mapping[str, Json | Refusal]
	) -> dict[str, Refusal]:
		"""Associate what was written with what it belongs to, one call for each kind of other."""
		wrong: dict[str, Refusal] = {}
		for resource, other in self.others_of(kind).items():
			wrong |= self.associate(kind.name, other.name, self.pairs_of(resource, changes, ended))
		return wrong

	@staticmethod
	def pairs_of(
		resource: str, changes: Sequence[CrmChange], ended: Mapping[str, Json | Refusal]
	) -> list[tuple[str, str]]:
		"""(id of what was written, id of what it belongs to), of one kind of other."""
		pairs = []
		for one in changes:
			end = ended[one.key]
			if not isinstance(end, Refusal):
				pairs += [(str(end["id"]), to) for to in one.related.get(resource, ())]  # type: ignore[call-overload]
		return pairs

	# --- how values are written

	def worded(self, kind: Kind, fields: Mapping[str, str]) -> dict[str, str]:
		"""Values as this account takes them."""
		written = dict(fields)
		if kind is DEALS:
			if written.get("dealstage") and "pipeline" not in written:
				pipeline, _stage = self.stages_of(kind).get(written["dealstage"], ({}, {}))
				if pipeline:
					written["pipeline"] = str(pipeline["id"])
			if written.get("deal_currency_code") == self.account().get("companyCurrency"):
				# it goes without saying, and an account with one currency refuses to be told
				del written["deal_currency_code"]
		for name, text in fields.items():
			if name in written and (_DAY.fullmatch(text) or _MOMENT.fullmatch(text)):
				written[name] = self._time(kind, name, text)
		return written

	def _time(self, kind: Kind, name: str, text: str) -> str:
		"""A day where HubSpot keeps a moment becomes noon of that day; a moment where it keeps a day becomes that day."""
		wanted = a_dict(self.properties_of(kind).get(name)).get("type")
		if wanted == "datetime" and _DAY.fullmatch(text):
			return noon_of(text, zone_of(self.account().get("timeZone")))
		moment = _MOMENT.fullmatch(text)
		return moment[1] if moment and wanted == "date" else text

	def new_ones(self, kind: Kind, resource: CrmResource, change: CrmChange) -> dict[str, str]:
		"""What a new record needs besides, unless the mapping says it."""
		more: dict[str, str] = {}
		if kind is CONTACTS and self.leads_are_contacts:
			stages = self.lead_stages
			stage = self.entered("contact_stage") if "contact_stage" in self.config else CONTACT_STAGE
			if resource == "leads":
				stage = "lead" if "lead" in stages else next(iter(stages), "")
			more["lifecyclestage"] = stage
		if kind is DEALS:
			[first, *_others] = self.stages_of(kind).items() or [("", ({}, {}))]
			stage_id, (pipeline, _stage) = first
			if not change.fields.get("dealstage"):
				more |= {"dealstage": stage_id, "pipeline": str(pipeline.get("id") or "")}
			more["dealname"] = change.key
		return {name: text for name, text in more.items() if text and not change.fields.get(name)}

	# --- the object Leads

	def push_leads(self, changes: Sequence[CrmChange]) -> list[Outcome]:
		"""A lead of HubSpot's own object is about a contact, which has the person's name and address: both are written,
		the contact first."""
		self.need_key(LEADS)
		self.need_key(CONTACTS)
		people, refusals = self._people(changes)
		left = [one for one in changes if one.key not in refusals]
		ended: dict[str, Json | Refusal] = dict(refusals)
		ended |= self._update(LEADS, [self._own_part(one) for one in left if one.id])
		ended |= self._make_leads([one for one in left if not one.id], people)
		return self._settled(LEADS, changes, ended)

	def _own_part(self, change: CrmChange) -> CrmChange:
		own = self.properties_of(LEADS)
		return change.model_copy(
			update={"fields": {name: text for name, text in change.fields.items() if name in own}}
		)

	def _people(self, changes: Sequence[CrmChange]) -> tuple[dict[str, str], dict[str, Refusal]]:
		"""The contact of each change (by its key), made or brought up to date; and whose was refused."""
		own = self.properties_of(LEADS)
		parts = {
			one.key: {name: text for name, text in one.fields.items() if name not in own} for one in changes
		}
		known = self._contacts_of([one.id for one in changes if one.id])
		rows: dict[str, dict[str, Row]] = {"update": {}, "upsert": {}}
		people: dict[str, str] = {}
		for one in changes:
			fields = {
				name: text for name, text in parts[one.key].items() if name in CONTACT_NAMES | {"website"}
			}
			contact = known.get(one.id or "") or next(iter(one.related.get("contacts", ())), "")
			if contact:
				people[one.key] = contact
				if fields:
					rows["update"][one.key] = {"id": contact, "properties": fields}
			elif not one.id:
				rows["upsert"][one.key] = {
					"id": one.key,
					"idProperty": self.key_property,
					"properties": fields,
				}
		refusals: dict[str, Refusal] = {}
		for what, wanted in rows.items():
			for name, end in self.written_rows(CONTACTS, what, wanted).items():
				if isinstance(end, Refusal) and end.existing_id and what == "upsert":
					people[name] = end.existing_id  # the person is known; the lead is new all the same
				elif isinstance(end, Refusal):
					refusals[name] = end
				else:
					people[name] = str(end["id"])
		return people, refusals

	def _contacts_of(self, leads: Sequence[str]) -> dict[str, str]:
		related = self.related_to(LEADS, leads) if leads else {}
		return {lead: its["contacts"][0] for lead, its in related.items() if its.get("contacts")}

	def _make_leads(
		self, changes: Sequence[CrmChange], people: Mapping[str, str]
	) -> dict[str, Json | Refusal]:
		"""A lead must be associated when it is made, which only `create` takes: so those that a former try has made are
		looked for first."""
		if not changes:
			return {}
		made = {
			str(a_dict(one["properties"]).get(self.key_property)): one
			for one in self.read_batch(
				LEADS.name, [one.key for one in changes], [self.key_property], by=self.key_property
			)
		}
		rows = {
			one.key: {
				"properties": {
					**self._own_part(one).fields,
					"hs_lead_name": one.fields.get("hs_lead_name") or _name_of(one),
					self.key_property: one.key,
				},
				"associations": [
					{
						"to": {"id": people[one.key]},
						"types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}],
					}
				],
			}
			for one in changes
			if one.key not in made
		}
		ended: dict[str, Json | Refusal] = dict(made)
		inputs = traced(list(rows.values()))
		path = f"crm/objects/{self.version}/{LEADS.name}/batch/create"
		# the key is unique: a second one is refused, never made
		written = self.write_batch(path, inputs)
		for name, row in zip(rows, inputs, strict=True):
			ended[name] = written[row["objectWriteTraceId"]]
		return ended

	# --- away

	def archive_records(self, resource: CrmResource, ids: Sequence[str]) -> list[Outcome]:
		kind = OF_RESOURCE[resource] if resource != "leads" else self.kind_of("leads")
		outcomes: dict[str, Outcome] = {}
		for chunk in chunks(list(dict.fromkeys(ids)), ROWS):
			outcomes |= self._archived(kind, chunk)
		return [outcomes[one] for one in ids]

	def _archived(self, kind: Kind, ids: Sequence[str]) -> dict[str, Outcome]:
		answer = self.send(
			"POST",
			f"crm/objects/{self.version}/{kind.name}/batch/archive",
			json={"inputs": [{"id": one} for one in ids]},
			accept=(400, 404),
		)
		if answer.status < 300:
			return {one: Outcome(one, outside_id=one) for one in ids}
		if len(ids) == 1:
			said = refused(answer)
			failure: Failure | None = None if said.not_there else said.failure()
			return {ids[0]: Outcome(ids[0], failure, outside_id=ids[0])}
		half = len(ids) // 2
		return self._archived(kind, ids[:half]) | self._archived(kind, ids[half:])


def version_of(result: Json) -> str:
	"""The version that a write made; "" when the answer does not say."""
	changed = result.get("updatedAt")
	return version(instant(changed)) if changed else ""


def refused_outcome(key: str, said: Refusal, kind: Kind) -> Outcome:
	existing = said.existing_id
	if existing:
		return Outcome(
			key,
			Invalid(f"HubSpot has another contact with this e-mail address ({existing})."),
			outside_id=existing,
		)
	return Outcome(key, said.failure(f"HubSpot does not take this record of {kind.name}"))


def _name_of(change: CrmChange) -> str:
	said = (change.fields.get(name) or "" for name in ("firstname", "lastname"))
	return (
		" ".join(filter(None, said))
		or change.fields.get("company")
		or change.fields.get("email")
		or change.key
	)
