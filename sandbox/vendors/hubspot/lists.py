"""Lists and their members. MANUAL and SNAPSHOT lists take members; a DYNAMIC one refuses, and stays empty here."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.vendors.hubspot.clock import iso
from sandbox.vendors.hubspot.errors import broken_json, invalid, not_found
from sandbox.vendors.hubspot.model import ObjectType

if TYPE_CHECKING:
	from sandbox.vendors.hubspot.portal import Portal

KINDS = ("MANUAL", "SNAPSHOT", "DYNAMIC")
MOST_AT_ONCE = 100_000  # record ids in one membership call


@dataclass
class List:
	id: int
	name: str
	type: ObjectType
	kind: str
	created_at: int
	updated_at: int
	members: dict[int, int] = field(default_factory=dict)  # record id: when it joined
	version: int = 1
	deleted_at: int | None = None
	filter_branch: dict | None = None

	def as_json(self, *, with_size: bool = True) -> dict:
		known = {
			"listId": str(self.id),
			"listVersion": self.version,
			"name": self.name,
			"objectTypeId": self.type.id,
			"processingType": self.kind,
			"processingStatus": "COMPLETE",
			"createdAt": iso(self.created_at),
			"updatedAt": iso(self.updated_at),
			"createdById": "0",
			"updatedById": "0",
		}
		if with_size:
			known["size"] = len(self.members)
		if self.filter_branch:
			known["filterBranch"] = self.filter_branch
		if self.deleted_at:
			known["deletedAt"] = iso(self.deleted_at)
		return known


class Lists:
	def __init__(self, portal: "Portal"):
		self.portal = portal
		self.known: dict[int, List] = {}

	def create(self, body: object) -> List:
		if not isinstance(body, dict):
			raise broken_json("the body must be an object")
		missing = [name for name in ("name", "objectTypeId", "processingType") if not body.get(name)]
		if missing:
			raise invalid(f"Some required fields were not set: {missing}")
		if body["processingType"] not in KINDS:
			raise broken_json(
				f"Cannot deserialize value of type `ListProcessingType`: {body['processingType']!r}"
			)
		if body["processingType"] == "DYNAMIC" and not body.get("filterBranch"):
			raise invalid("A DYNAMIC list needs a filterBranch")
		type = self.portal.type(body["objectTypeId"])
		self._check_name(body["name"], type)
		now, id = self.portal.clock.now(), self.portal.new_id("lists") % 10**9
		made = List(id, body["name"], type, body["processingType"], now, now)
		made.filter_branch = body.get("filterBranch")
		self.known[id] = made
		return made

	def _check_name(self, name: str, type: ObjectType) -> None:
		for other in self.known.values():
			if not other.deleted_at and other.type is type and other.name.lower() == name.lower():
				raise invalid(f"List name {name} is already in use", sub_category="ILS.DUPLICATE_LIST_NAMES")

	def get(self, id: str | int) -> List:
		found = self.known.get(int(id)) if str(id).isdigit() else None
		if found is None or found.deleted_at:
			raise not_found(f"List does not exist with ID {id}.", sub_category="ILS.LIST_NOT_FOUND")
		return found

	def named(self, type: str, name: str) -> List:
		for found in self.known.values():
			if not found.deleted_at and found.type is self.portal.type(type) and found.name == name:
				return found
		raise not_found(f"List does not exist with name {name}.", sub_category="ILS.LIST_NOT_FOUND")

	def rename(self, id: str, name: str) -> List:
		found = self.get(id)
		if name != found.name:
			self._check_name(name, found.type)
		found.name, found.updated_at = name, self.portal.clock.after(found.updated_at)
		return found

	def delete(self, id: str) -> None:
		self.get(id).deleted_at = self.portal.clock.now()

	def restore(self, id: str) -> None:
		found = self.known.get(int(id)) if id.isdigit() else None
		if found is None:
			raise not_found(f"List does not exist with ID {id}.", sub_category="ILS.LIST_NOT_FOUND")
		found.deleted_at = None

	def change(self, id: str, add: object, remove: object) -> dict[str, list[str]]:
		"""HubSpot's spelling: records**Ids**Added."""
		found = self.get(id)
		if found.kind == "DYNAMIC":
			raise invalid(
				f"List {id} has processing type DYNAMIC; its members cannot be changed",
				sub_category="ILS.INVALID_LIST_PROCESSING_TYPE",
			)
		added, removed, missing = [], [], []
		for one in _ids(add):
			record = self.portal.find(found.type, one)
			if record is None or not record.live:
				missing.append(one)
			elif record.id not in found.members:
				found.members[record.id] = self.portal.clock.now()
				added.append(one)
		for one in _ids(remove):
			if one.isdigit() and found.members.pop(int(one), None) is not None:
				removed.append(one)
		return {"recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": missing}

	def members(self, id: str) -> list[tuple[int, int]]:
		"""(record id, when it joined) of those who are still there."""
		found = self.get(id)
		records = self.portal.records[found.type.name]
		return [
			(one, joined) for one, joined in found.members.items() if one in records and records[one].live
		]


def _ids(ids: object) -> list[str]:
	if not isinstance(ids, list):
		raise broken_json("Cannot deserialize value of type `java.util.ArrayList` from the body")
	if len(ids) > MOST_AT_ONCE:
		raise invalid(f"At most {MOST_AT_ONCE} record ids at once")
	return [str(one) for one in ids]
