"""A hundred rows in one call, each with its own end: one bad row spoils nothing for the others.

HubSpot answers 207 with errors that name their rows by `objectWriteTraceId` (so every row has one), or refuses a whole
batch for one row. Then the rows that surely spoil it are taken out, or the batch is halved until they are alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from integration_hub.connectors.hubspot.client import Client, refused
from integration_hub.connectors.hubspot.refusals import Refusal, refusal
from integration_hub.connectors.hubspot.shapes import Json, a_dict, a_list

#: rows in one call of an object's batch
ROWS = 100
#: pairs in one call that associates, ids in one that asks what is associated
PAIRS, ASKED = 2000, 1000
REFUSING = frozenset((400, 404, 409))
T = TypeVar("T")


class Batches(Client):
	def write_batch(
		self, path: str, inputs: Sequence[Mapping[str, Any]], *, repeatable: bool = True
	) -> dict[str, Json | Refusal]:
		"""What became of each input, by its `objectWriteTraceId`: HubSpot's result, or its refusal."""
		if not inputs:
			return {}
		answer = self.send(
			"POST", path, json={"inputs": list(inputs)}, repeatable=repeatable, accept=REFUSING
		)
		if answer.status >= 300:
			return self._split(path, inputs, refused(answer), repeatable)
		body = a_dict(answer.json())
		ended: dict[str, Json | Refusal] = {}
		for one in a_list(body.get("results")):
			if (trace := _trace_of(one, inputs, ended)) is not None:
				ended[trace] = one
		errors = [refusal(207, one) for one in a_list(body.get("errors"))]
		for one in errors:
			for trace in _traces_of(one, inputs):
				ended.setdefault(trace, one)
		lost = [one for one in inputs if one["objectWriteTraceId"] not in ended]
		for one in lost:
			# neither done nor refused by name: what was refused without a name, or nothing at all
			said = next((error for error in errors if not error.rows and not error.ids), None)
			ended[one["objectWriteTraceId"]] = said or Refusal(207, message="no result came for this row")
		return ended

	def _split(
		self, path: str, inputs: Sequence[Mapping[str, Any]], said: Refusal, repeatable: bool
	) -> dict[str, Json | Refusal]:
		if len(inputs) == 1 or (said.names(self.key_property) and not said.conflict):
			# alone, or all for the same reason: the property for our key is not there
			return {one["objectWriteTraceId"]: said for one in inputs}
		spoilt = [one for one in inputs if said.hopeless & set(one.get("properties") or ())]
		if spoilt:
			good = [one for one in inputs if one not in spoilt]
			ended: dict[str, Json | Refusal] = {one["objectWriteTraceId"]: said for one in spoilt}
			return ended | self.write_batch(path, good, repeatable=repeatable)
		half = len(inputs) // 2
		return self.write_batch(path, inputs[:half], repeatable=repeatable) | self.write_batch(
			path, inputs[half:], repeatable=repeatable
		)

	def read_batch(
		self, kind: str, ids: Sequence[str], properties: Sequence[str], *, by: str | None = None
	) -> list[Json]:
		"""Records by id, or by the unique property `by`; those that are not there are left out. A merged one comes as the
		record it became, once."""
		found: list[Json] = []
		for chunk in chunks(list(dict.fromkeys(ids)), ROWS):
			body: dict[str, Any] = {"inputs": [{"id": one} for one in chunk], "properties": list(properties)}
			if by:
				body["idProperty"] = by
			answer = self.ask("POST", f"crm/objects/{self.version}/{kind}/batch/read", json=body)
			found += [one for one in a_list(a_dict(answer).get("results")) if one.get("id")]
		return found

	def associated(self, kind: str, other: str, ids: Sequence[str]) -> dict[str, list[Json]]:
		"""What each record is associated with: [{"toObjectId", "associationTypes": [{"typeId"}]}]."""
		found: dict[str, list[Json]] = {}
		for chunk in chunks(list(dict.fromkeys(ids)), ASKED):
			answer = self.ask(
				"POST",
				f"crm/associations/{self.version}/{kind}/{other}/batch/read",
				json={"inputs": [{"id": one} for one in chunk]},
			)
			for one in a_list(a_dict(answer).get("results")):
				found.setdefault(str(one["from"]["id"]), []).extend(one.get("to") or ())
		for record, rows in found.items():
			self._rest_of(kind, other, record, rows)
		return found

	def _rest_of(self, kind: str, other: str, record: str, rows: list[Json]) -> None:
		"""More than 500 others of one record come by pages."""
		if len(rows) < 500:
			return
		known, after = {str(one["toObjectId"]) for one in rows}, None
		while True:
			page = a_dict(
				self.ask(
					"GET",
					f"crm/objects/{self.version}/{kind}/{record}/associations/{other}",
					params={"limit": 500, **({"after": after} if after else {})},
				)
			)
			rows += [one for one in a_list(page.get("results")) if str(one["toObjectId"]) not in known]
			after = a_dict(a_dict(page.get("paging")).get("next")).get("after")
			if not after:
				return

	def associate(self, kind: str, other: str, pairs: Sequence[tuple[str, str]]) -> dict[str, Refusal]:
		"""Relate records the usual way; what is related already stays. Returns refusals by the first one's id."""
		wrong: dict[str, Refusal] = {}
		for chunk in chunks(list(pairs), PAIRS):
			wrong |= self._associate(kind, other, chunk)
		return wrong

	def _associate(self, kind: str, other: str, pairs: Sequence[tuple[str, str]]) -> dict[str, Refusal]:
		if not pairs:
			return {}
		answer = self.send(
			"POST",
			f"crm/associations/{self.version}/{kind}/{other}/batch/associate/default",
			json={"inputs": [{"from": {"id": one}, "to": {"id": to}} for one, to in pairs]},
			accept=REFUSING,
		)
		if answer.status < 300:
			return self._unrelated(pairs, a_dict(answer.json()))
		if len(pairs) == 1:
			return {pairs[0][0]: refused(answer)}
		half = len(pairs) // 2
		return self._associate(kind, other, pairs[:half]) | self._associate(kind, other, pairs[half:])

	def _unrelated(self, pairs: Sequence[tuple[str, str]], body: Json) -> dict[str, Refusal]:
		"""Pairs that a 207 leaves out."""
		errors = [refusal(207, one) for one in a_list(body.get("errors"))]
		if not errors:
			return {}
		done = {
			(str(a_dict(one.get("from")).get("id")), str(a_dict(one.get("to")).get("id")))
			for one in a_list(body.get("results"))
		}
		return {pair[0]: errors[0] for pair in pairs if pair not in done}


def _trace_of(one: Json, inputs: Sequence[Mapping[str, Any]], ended: Mapping[str, Any]) -> str | None:
	"""Which row a result is of: by its trace, else by its id or by the unique value it was asked with."""
	if trace := one.get("objectWriteTraceId"):
		return str(trace)
	properties = a_dict(one.get("properties"))
	for row in inputs:
		said = row.get("id")
		if row["objectWriteTraceId"] in ended or not said:
			continue
		by = row.get("idProperty")
		if said == (properties.get(by) if by else one.get("id")):
			return row["objectWriteTraceId"]
	return None


def _traces_of(said: Refusal, inputs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
	if said.rows:
		yield from said.rows
		return
	for row in inputs:
		if row.get("id") in said.ids:
			yield row["objectWriteTraceId"]


def traced(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
	"""Inputs with a trace each, by which their ends are found."""
	return [{**row, "objectWriteTraceId": f"row-{number}"} for number, row in enumerate(rows)]


def chunks(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
	for start in range(0, len(rows), size):
		yield rows[start : start + size]
