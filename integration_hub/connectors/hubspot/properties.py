"""An object's properties: what they take, which of them hold our key, and the stages of pipelines."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from integration_hub.connectors.hubspot.batches import Batches
from integration_hub.connectors.hubspot.client import refused
from integration_hub.connectors.hubspot.kinds import DEALS, LEADS, Kind
from integration_hub.connectors.hubspot.shapes import Json, a_dict, a_list
from integration_hub.failures import Invalid

#: how long a process believes what it was told of an account's properties and pipelines
REMEMBERED = 600.0
STAGES = {DEALS.name: ("pipeline", "dealstage"), LEADS.name: ("hs_pipeline", "hs_pipeline_stage")}


@dataclass
class _Memory:
	"""What this process knows of the accounts it talks to, for some minutes; shared by all its threads."""

	lock: threading.Lock = field(default_factory=threading.Lock)
	known: dict[tuple[str, ...], tuple[float, Any]] = field(default_factory=dict)

	def get(self, key: tuple[str, ...]) -> Any:
		with self.lock:
			until, value = self.known.get(key, (0.0, None))
			return value if until > time.monotonic() else None

	def put(self, key: tuple[str, ...], value: Any) -> Any:
		with self.lock:
			self.known[key] = (time.monotonic() + REMEMBERED, value)
		return value

	def drop(self, key: tuple[str, ...]) -> None:
		with self.lock:
			self.known.pop(key, None)


_MEMORY = _Memory()


class Properties(Batches):
	def _memory_key(self, *what: str) -> tuple[str, ...]:
		who = self.entered("access_token") or self._tokens.login
		return (self.http.base_url, who, *what)

	def properties_of(self, kind: Kind, *, fresh: bool = False) -> Mapping[str, Json]:
		"""The object's properties by name, as HubSpot describes them."""
		key = self._memory_key("properties", kind.name)
		known = None if fresh else _MEMORY.get(key)
		if known is None:
			body = a_dict(self.ask("GET", f"crm/properties/{self.version}/{kind.name}"))
			known = _MEMORY.put(key, {str(one["name"]): one for one in a_list(body.get("results"))})
		return known

	def pipelines_of(self, kind: Kind) -> Sequence[Json]:
		"""The object's pipelines with their stages, in the order people see."""
		key = self._memory_key("pipelines", kind.name)
		known = _MEMORY.get(key)
		if known is None:
			body = a_dict(self.ask("GET", f"crm/pipelines/{self.version}/{kind.name}"))
			found = [one for one in a_list(body.get("results")) if not one.get("archived")]
			known = _MEMORY.put(key, sorted(found, key=_order))
		return known

	def stages_of(self, kind: Kind) -> dict[str, tuple[Json, Json]]:
		"""Stage id → (pipeline, stage)."""
		return {
			str(stage["id"]): (pipeline, stage)
			for pipeline in self.pipelines_of(kind)
			for stage in sorted(a_list(pipeline.get("stages")), key=_order)
			if not stage.get("archived")
		}

	# --- the property that holds our key

	def has_key(self, kind: Kind) -> bool:
		"""Is the property for our key there? It comes with the first record we make."""
		return self.key_property in self.properties_of(kind)

	def need_key(self, kind: Kind) -> None:
		"""Make the property for our key unless it is there. Raises Invalid when its values need not be unique: then it
		keeps nothing from being made twice."""
		known = self.properties_of(kind).get(self.key_property)
		if known is None:
			self._make_key(kind)
			known = self.properties_of(kind, fresh=True).get(self.key_property)
		if known is not None and known.get("hasUniqueValue") is False:
			raise Invalid(
				f"The property {self.key_property} of HubSpot's {kind.name} does not require unique values, so it cannot "
				"hold our key. Delete it there, or name another one in the Connection.",
				waits_for="key_property",
			)

	def forget_key(self, kind: Kind) -> None:
		"""Somebody has deleted the property: look again before the next record is made."""
		_MEMORY.drop(self._memory_key("properties", kind.name))

	def _make_key(self, kind: Kind) -> None:
		answer = self.send(
			"POST",
			f"crm/properties/{self.version}/{kind.name}",
			json={
				"name": self.key_property,
				"label": "ERPNext ID",
				"description": "Which ERPNext document this is. Kept by Integration Hub; do not change.",
				"groupName": self._group_of(kind),
				"type": "string",
				"fieldType": "text",
				"hasUniqueValue": True,
			},
			accept=(400, 409),
		)
		if answer.status == 409:
			return  # another worker was quicker
		if answer.status >= 300:
			said = refused(answer)
			if not said.conflict:
				raise Invalid(
					f"HubSpot does not let us make the property {self.key_property} on {kind.name}: {said.words} "
					"An object can have ten properties with unique values.",
					waits_for="key_property",
				)

	def _group_of(self, kind: Kind) -> str:
		body = a_dict(self.ask("GET", f"crm/properties/{self.version}/{kind.name}/groups"))
		names = [str(one.get("name")) for one in a_list(body.get("results")) if not one.get("archived")]
		return kind.group if kind.group in names or not names else names[0]


def _order(one: Json) -> int:
	return int(one.get("displayOrder") or 0)
