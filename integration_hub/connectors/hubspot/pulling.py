"""What changed at HubSpot: its search, walked by change time; records by id; what lies in the recycle bin."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from integration_hub.connectors.contract import Notice, Page
from integration_hub.connectors.hubspot.kinds import CONTACTS, DEALS, LEADS, Kind
from integration_hub.connectors.hubspot.records import CONTACT_NAMES, Records, merged_ids
from integration_hub.connectors.hubspot.shapes import Json, a_dict, a_list, instant, milliseconds, version
from integration_hub.records import CrmResource

Payload = Mapping[str, Any]
#: most rows of one page of a search, and of a list
PAGE, LISTED = 200, 100
#: how often the recycle bin is gone through: HubSpot lists it whole, and webhooks tell at once
BIN_EVERY = timedelta(hours=6)


class Pulls(Records):
	def pull_records(self, resource: CrmResource, since: datetime, cursor: str | None) -> Page:
		"""Notices without payload: what a record is, the engine fetches a hundred at a time.

		Every page asks anew from the last change time it saw, never by `after`: a record that changes meanwhile moves
		to the end of the list, and each further page of an old list would pass over one. That also keeps the walk
		below the 10,000 results a search gives. Rows of one millisecond that fill a whole page are walked by id.
		"""
		kind = self.kind_of(resource)
		state = json.loads(cursor) if cursor else {"from": milliseconds(since)}
		if "bin" in state:
			return self._bin_page(resource, kind, since, state)
		names = (*kind.titles, "email") if kind is CONTACTS else kind.titles
		rows, following = self.walk(kind, state, self._of_resource(resource, kind), names)
		if following is None and self._bin_is_due(resource):
			following = {"bin": "", "from": milliseconds(since)}
		return Page(
			notices=[self._notice(resource, kind, row) for row in rows],
			cursor=following and json.dumps(following),
			newest=max((changed_at(kind, row) for row in rows), default=None),
		)

	def walk(
		self,
		kind: Kind,
		state: Mapping[str, Any],
		ways: Sequence[Sequence[Mapping[str, Any]]],
		properties: Sequence[str],
	) -> tuple[list[Json], dict[str, Any] | None]:
		"""The next page of what changed, and where the walk goes on (None: at its end). `ways` are filters, each of which
		alone lets a record in."""
		by_id = "at" in state
		if by_id:
			of_time = [
				{"propertyName": kind.modified, "operator": "EQ", "value": str(state["at"])},
				{"propertyName": "hs_object_id", "operator": "GT", "value": str(state["id"])},
			]
		else:
			of_time = [{"propertyName": kind.modified, "operator": "GTE", "value": str(state["from"])}]
		rows, _more = self.search(
			kind,
			[[*of_time, *way] for way in ways],
			[*properties, kind.modified],
			sort="hs_object_id" if by_id else kind.modified,
		)
		return rows, _next(kind, state, rows)

	def _of_resource(self, resource: CrmResource, kind: Kind) -> list[list[dict[str, Any]]]:
		"""Filters that tell leads from other contacts; each list is one way to belong to the Resource."""
		if kind is not CONTACTS or not self.leads_are_contacts:
			return [[]]
		stage = {"propertyName": "lifecyclestage"}
		if resource == "leads":
			return [[{**stage, "operator": "IN", "values": self.lead_stages}]]
		ways = [
			[{**stage, "operator": "NOT_IN", "values": self.lead_stages}],
			# NOT_IN leaves out those without any stage
			[{**stage, "operator": "NOT_HAS_PROPERTY"}],
		]
		if self.has_key(kind):
			# one that we made is ours in whatever stage
			ways.append([{"propertyName": self.key_property, "operator": "HAS_PROPERTY"}])
		return ways

	def _notice(self, resource: CrmResource, kind: Kind, row: Json) -> Notice:
		changed = version(changed_at(kind, row))
		titles = [str(a_dict(row["properties"]).get(name) or "") for name in (*kind.titles, "email")]
		return Notice(
			resource=resource,
			outside_id=str(row["id"]),
			version=changed,
			dedupe_key=f"pull:{resource}:{row['id']}:{changed}",
			label=" ".join(filter(None, titles[: len(kind.titles)])) or titles[-1] or str(row["id"]),
		)

	# --- the recycle bin

	def _bin_is_due(self, resource: CrmResource) -> bool:
		last = self.vault.get(f"bin:{resource}")
		return last is None or instant(last) <= datetime.now(timezone.utc) - BIN_EVERY

	def _bin_page(self, resource: CrmResource, kind: Kind, since: datetime, state: Mapping[str, Any]) -> Page:
		"""Records put there since the last look. It has no order by time, so all of it is read."""
		began = state.get("began") or version(datetime.now(timezone.utc))
		last = self.vault.get(f"bin:{resource}")
		after = min(since, instant(last) - timedelta(seconds=self.pull_overlap)) if last else since
		page = a_dict(
			self.ask(
				"GET",
				f"crm/objects/{self.version}/{kind.name}",
				params={
					"archived": "true",
					"limit": LISTED,
					"properties": ",".join(
						(*kind.titles, "lifecyclestage") if kind is CONTACTS else kind.titles
					),
					**({"after": state["bin"]} if state["bin"] else {}),
				},
			)
		)
		rows = [
			row
			for row in a_list(page.get("results"))
			if row.get("archivedAt") and instant(row["archivedAt"]) >= after
		]
		following = a_dict(a_dict(page.get("paging")).get("next")).get("after")
		if not following:
			self.vault.put(f"bin:{resource}", began)
		return Page(
			notices=[_gone(resource, kind, row) for row in rows],
			cursor=json.dumps({"bin": following, "began": began}) if following else None,
		)

	# --- by id

	def fetch_records(
		self, resource: CrmResource, ids: Sequence[str], fields: Sequence[str]
	) -> dict[str, Payload]:
		kind = self.kind_of(resource)
		ids = [one for one in ids if one.isdigit()]
		found = self.read_batch(kind.name, ids, self.needed(kind, fields))
		related = self.related_to(kind, [str(row["id"]) for row in found])
		rows = [self.payload(kind, row, related=related.get(str(row["id"]), {})) for row in found]
		by_id: dict[str, Payload] = {}
		merged: dict[str, Payload] = {}
		for row in rows:
			by_id[str(row["id"])] = row
			merged |= dict.fromkeys(merged_ids(kind, row["properties"]), row)
		self._complete(kind, list(by_id.values()), fields)
		payloads = {one: by_id.get(one) or merged.get(one) for one in ids}
		return {one: payload for one, payload in payloads.items() if payload}

	def _complete(self, kind: Kind, rows: Sequence[Any], fields: Sequence[str]) -> None:
		"""What is meant and not written: a deal without currency is in the account's; a lead's person is its contact."""
		if kind is DEALS:
			for row in rows:
				if not row["properties"].get("deal_currency_code"):
					row["properties"]["deal_currency_code"] = self.account().get("companyCurrency")
		if kind is LEADS:
			people = {str(row["id"]): (row["related"].get("contacts") or [""])[0] for row in rows}
			names = [name for name in fields if name in CONTACT_NAMES or name == "website"]
			contacts = {
				str(one["id"]): one["properties"]
				for one in self.read_batch(CONTACTS.name, [one for one in people.values() if one], names)
			}
			for row in rows:
				person = contacts.get(people[str(row["id"])], {})
				row["properties"].update({name: person.get(name) for name in names})

	# --- search

	def search(
		self,
		kind: Kind,
		groups: Sequence[Sequence[Mapping[str, Any]]],
		properties: Sequence[str],
		*,
		sort: str,
		after: str = "",
	) -> tuple[list[Json], str]:
		"""One page of a search and where the next one begins ("" at the end)."""
		body: dict[str, Any] = {
			"filterGroups": [{"filters": list(filters)} for filters in groups],
			"properties": list(properties),
			"sorts": [{"propertyName": sort, "direction": "ASCENDING"}],
			"limit": PAGE,
		}
		if after:
			body["after"] = after
		answer = a_dict(self.ask("POST", f"crm/objects/{self.version}/{kind.name}/search", json=body))
		following = a_dict(a_dict(answer.get("paging")).get("next")).get("after")
		return [one for one in a_list(answer.get("results")) if one.get("id")], str(following or "")


def changed_at(kind: Kind, row: Json) -> datetime:
	return instant(a_dict(row.get("properties")).get(kind.modified) or row["updatedAt"])


def _next(kind: Kind, state: Mapping[str, Any], page: Sequence[Json]) -> dict[str, Any] | None:
	"""Where the walk goes on; None at its end."""
	if "at" in state:
		if len(page) == PAGE:
			return {"at": state["at"], "id": max(int(row["id"]) for row in page)}
		return {"from": state["at"] + 1}
	if len(page) < PAGE:
		return None
	last = milliseconds(changed_at(kind, page[-1]))
	return {"from": last} if last > state["from"] else {"at": last, "id": 0}


def _gone(resource: CrmResource, kind: Kind, row: Json) -> Notice:
	archived = version(instant(row["archivedAt"]))
	return Notice(
		resource=resource,
		outside_id=str(row["id"]),
		version=archived,
		dedupe_key=f"archived:{kind.name}:{row['id']}:{archived}",
		action="delete",
		label=str(row["id"]),
	)
