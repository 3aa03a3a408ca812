"""HubSpot's activities ↔ Communications: notes, calls, e-mails and meetings.

Ids of the four objects overlap, so a Communication's id names its object: "notes/123". Ours carry our key: they are
found again after a lost answer, and are left out when activities are pulled.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from pydantic import ValidationError

from integration_hub.connectors.contract import Notice, Outcome, Page
from integration_hub.connectors.hubspot.kinds import (
	CALLS,
	COMPANIES,
	CONTACTS,
	DEALS,
	EMAILS,
	LEADS,
	MEETINGS,
	NOTES,
	Kind,
)
from integration_hub.connectors.hubspot.pulling import changed_at
from integration_hub.connectors.hubspot.pushing import Pushes, Row, refused_outcome, version_of
from integration_hub.connectors.hubspot.records import in_order
from integration_hub.connectors.hubspot.refusals import Refusal
from integration_hub.connectors.hubspot.shapes import Json, a_dict, a_list, instant, milliseconds, version
from integration_hub.failures import Rejected
from integration_hub.records import Communication, CrmChange

Payload = Mapping[str, Any]
KINDS: Mapping[str, Kind] = {"note": NOTES, "call": CALLS, "email": EMAILS, "meeting": MEETINGS}
WORDS = {kind.name: word for word, kind in KINDS.items()}
WALKED = (NOTES, CALLS, EMAILS, MEETINGS)
#: what is read of each
NAMES: Mapping[str, tuple[str, ...]] = {
	NOTES.name: ("hs_note_body",),
	CALLS.name: (
		"hs_call_title",
		"hs_call_body",
		"hs_call_direction",
		"hs_call_from_number",
		"hs_call_to_number",
	),
	EMAILS.name: (
		"hs_email_subject",
		"hs_email_html",
		"hs_email_text",
		"hs_email_direction",
		"hs_email_headers",
		"hs_email_from_email",
		"hs_email_to_email",
	),
	MEETINGS.name: ("hs_meeting_title", "hs_meeting_body", "hs_meeting_start_time"),
}
BODIES = ("hs_note_body", "hs_call_body", "hs_meeting_body", "hs_email_html", "hs_email_text")
#: longest text that HubSpot takes, and what a longer one ends with
LONGEST, CUT = 65_000, "\n[…]"


class Communications(Pushes):
	# --- in

	def pull_communications(self, since: datetime, cursor: str | None) -> Page:
		"""One object after the other, each walked like records. Only the last page of all tells a time, which is not after
		the walk began: what changes meanwhile in an object that was walked already is found by the next pull."""
		begin = {"from": milliseconds(since)}
		state = (
			json.loads(cursor)
			if cursor
			else {"of": 0, "walk": begin, "began": milliseconds(datetime.now(timezone.utc)), "newest": 0}
		)
		kind = WALKED[state["of"]]
		rows, walk = self.walk(kind, state["walk"], [[]], (*kind.titles, self.key_property))
		state["newest"] = max([state["newest"], *(milliseconds(changed_at(kind, row)) for row in rows)])
		if walk is None:
			state["of"], walk = state["of"] + 1, begin
		state["walk"] = walk
		at_end = state["of"] == len(WALKED)
		newest = min(state["newest"], state["began"]) if at_end else 0
		return Page(
			notices=[
				_notice(kind, row) for row in rows if not a_dict(row["properties"]).get(self.key_property)
			],
			cursor=None if at_end else json.dumps(state),
			newest=instant(newest) if newest else None,
		)

	def fetch_communications(self, ids: Sequence[str]) -> dict[str, Payload]:
		found: dict[str, Payload] = {}
		for kind in WALKED:
			wanted = [one.partition("/")[2] for one in ids if one.partition("/")[0] == kind.name]
			if not wanted:
				continue
			names = [*NAMES[kind.name], "hs_timestamp", kind.modified]
			rows = self.read_batch(kind.name, [one for one in wanted if one.isdigit()], names)
			about = self._about(kind, [str(row["id"]) for row in rows])
			for row in rows:
				found[f"{kind.name}/{row['id']}"] = {
					**row,
					"object": kind.name,
					"related": about[str(row["id"])],
				}
		return found

	def _about(self, kind: Kind, ids: Sequence[str]) -> dict[str, dict[str, list[str]]]:
		"""Activity → Resource → ids. A contact that may be a lead stands under both: only one of them is known to us."""
		found: dict[str, dict[str, list[str]]] = {one: {} for one in ids}
		for resource, other in self._others().items():
			for one, rows in self.associated(kind.name, other.name, ids).items():
				found[one][resource] = in_order(rows)
				if other is CONTACTS and self.leads_are_contacts:
					found[one]["leads"] = in_order(rows)
		return found

	def _others(self) -> dict[str, Kind]:
		others = {"contacts": CONTACTS, "customers": COMPANIES, "deals": DEALS}
		return others if self.leads_are_contacts else {**others, "leads": LEADS}

	def read_communication(self, payload: Payload) -> Communication:
		try:
			return _read(payload)
		except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, ValidationError) as error:
			raise Rejected("HubSpot's activity cannot be read.", detail=type(error).__name__) from error

	# --- out

	def push_communications(
		self, communications: Sequence[Communication], *, key: str, look_first: bool
	) -> list[Outcome]:
		"""By upsert on our key, so one whose answer was lost is told again without a second one appearing."""
		outcomes: dict[str, Outcome] = {}
		for word, kind in KINDS.items():
			told = [one for one in communications if one.kind == word]
			if told:
				self.need_key(kind)
				outcomes |= self._tell(kind, told)
		return [outcomes[one.id] for one in communications]

	def _tell(self, kind: Kind, told: Sequence[Communication]) -> dict[str, Outcome]:
		rows: dict[str, Row] = {
			one.id: {
				"id": f"Communication/{one.id}",
				"idProperty": self.key_property,
				"properties": _properties(one),
			}
			for one in told
		}
		ended = self.written_rows(kind, "upsert", rows)
		unrelated = self._relate_all(kind, told, ended)
		outcomes = {}
		for one in told:
			end = ended[one.id]
			if isinstance(end, Refusal):
				outcomes[one.id] = refused_outcome(one.id, end, kind)
			elif (said := unrelated.get(str(end["id"]))) and not (said.not_there and _is_about_many(one)):
				failure = said.failure("HubSpot does not relate this to whom it is about")
				outcomes[one.id] = Outcome(one.id, failure)
			else:
				outcomes[one.id] = Outcome(
					one.id, outside_id=f"{kind.name}/{end['id']}", version=version_of(end)
				)
		return outcomes

	def _relate_all(
		self, kind: Kind, told: Sequence[Communication], ended: Mapping[str, Json | Refusal]
	) -> dict[str, Refusal]:
		wrong: dict[str, Refusal] = {}
		changes = [CrmChange(key=one.id, fields={}, related=one.related) for one in told]
		for resource, other in {**self._others(), "leads": self.kind_of("leads")}.items():
			wrong |= self.associate(kind.name, other.name, self.pairs_of(resource, changes, ended))
		return wrong


def _is_about_many(one: Communication) -> bool:
	"""Then it is told although one of those it is about is gone."""
	return sum(map(len, one.related.values())) > 1


def _notice(kind: Kind, row: Json) -> Notice:
	changed, outside_id = version(changed_at(kind, row)), f"{kind.name}/{row['id']}"
	titles = (str(a_dict(row["properties"]).get(name) or "") for name in kind.titles)
	return Notice(
		resource="communications",
		outside_id=outside_id,
		version=changed,
		dedupe_key=f"pull:communications:{outside_id}:{changed}",
		label=next(filter(None, titles), "") or kind.word,
	)


# --- reading


def _read(payload: Payload) -> Communication:
	properties: Mapping[str, str | None] = payload["properties"]
	kind = next(one for one in WALKED if one.name == payload["object"])
	at = properties.get("hs_timestamp") or properties.get("hs_meeting_start_time") or payload["createdAt"]
	sender, recipients = _people(kind, properties)
	titles = (properties.get(name) or "" for name in kind.titles)
	return Communication(
		id=f"{kind.name}/{payload['id']}",
		version=version(instant(payload["updatedAt"])),
		kind=WORDS[kind.name],  # type: ignore[arg-type]
		at=instant(at),
		subject=next(filter(None, titles), ""),
		body=next((properties[name] or "" for name in BODIES if properties.get(name)), ""),
		sent=properties.get("hs_email_direction") != "INCOMING_EMAIL"
		and properties.get("hs_call_direction") != "INBOUND",
		sender=sender,
		recipients=recipients,
		related={resource: tuple(ids) for resource, ids in payload["related"].items() if ids},
	)


def _people(kind: Kind, properties: Mapping[str, str | None]) -> tuple[str, tuple[str, ...]]:
	"""Who wrote or called, and whom."""
	if kind is CALLS:
		called = properties.get("hs_call_to_number")
		return properties.get("hs_call_from_number") or "", (called,) if called else ()
	if kind is not EMAILS:
		return "", ()
	sender, recipients = _headers(properties.get("hs_email_headers"))
	recipients = recipients or (properties.get("hs_email_to_email") or "").split(";")
	named = tuple(one.strip() for one in recipients if one.strip())
	return sender or properties.get("hs_email_from_email") or "", named


def _headers(text: str | None) -> tuple[str, list[str]]:
	try:
		headers = a_dict(json.loads(text or "{}"))
	except ValueError:
		return "", []
	sender = str(a_dict(headers.get("from")).get("email") or "")
	return sender, [str(a_dict(one).get("email") or "") for one in a_list(headers.get("to"))]


# --- writing


def _properties(one: Communication) -> dict[str, str]:
	at, body = version(one.at), _cut(one.body)
	if one.kind == "note":
		titled = (
			f"<p><strong>{html.escape(one.subject)}</strong></p>\n{one.body}" if one.subject else one.body
		)
		return {"hs_timestamp": at, "hs_note_body": _cut(titled)}
	if one.kind == "call":
		return {
			"hs_timestamp": at,
			"hs_call_title": one.subject,
			"hs_call_body": body,
			"hs_call_direction": "OUTBOUND" if one.sent else "INBOUND",
			"hs_call_status": "COMPLETED",
		}
	if one.kind == "meeting":
		return {
			"hs_timestamp": at,
			"hs_meeting_title": one.subject,
			"hs_meeting_body": body,
			"hs_meeting_start_time": at,
			"hs_meeting_end_time": at,
			"hs_meeting_outcome": "COMPLETED",
		}
	headers: dict[str, Any] = {"to": [{"email": address} for address in one.recipients]}
	if one.sender:
		headers["from"] = {"email": one.sender}
	return {
		"hs_timestamp": at,
		"hs_email_subject": one.subject,
		"hs_email_html": body,
		"hs_email_direction": "EMAIL" if one.sent else "INCOMING_EMAIL",
		"hs_email_status": "SENT",
		"hs_email_headers": json.dumps(headers),
	}


def _cut(text: str) -> str:
	return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT
