"""Who belongs to whom. Every association has a type id for each direction, and both are kept.

The ids are HubSpot's (those of leads are not confirmed, see the package). A primary company is one of the
companies: type 1 (contact), 5 (deal) stands beside the unlabelled 279, 341, never alone and never twice.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.vendors.hubspot.errors import broken_json, invalid, not_found
from sandbox.vendors.hubspot.model import News, ObjectType, Record, Source

if TYPE_CHECKING:
	from sandbox.vendors.hubspot.portal import Portal

# from, to, id there, id back
UNLABELLED = [
	("contacts", "companies", 279, 280),
	("contacts", "deals", 4, 3),
	("contacts", "tickets", 15, 16),
	("contacts", "contacts", 449, 449),
	("companies", "deals", 342, 341),
	("companies", "tickets", 340, 339),
	("companies", "companies", 450, 450),
	("deals", "deals", 451, 451),
	("deals", "line_items", 19, 20),
	("deals", "tickets", 27, 28),
	("leads", "contacts", 608, 609),
	("leads", "companies", 610, 611),
	("leads", "deals", 583, 584),
	("leads", "calls", 596, 597),
	("leads", "emails", 598, 599),
	("leads", "meetings", 600, 601),
	("leads", "notes", 854, 855),
	("leads", "tasks", 646, 647),
	("contacts", "calls", 193, 194),
	("contacts", "emails", 197, 198),
	("contacts", "meetings", 199, 200),
	("contacts", "notes", 201, 202),
	("contacts", "tasks", 203, 204),
	("companies", "calls", 181, 182),
	("companies", "emails", 185, 186),
	("companies", "meetings", 187, 188),
	("companies", "notes", 189, 190),
	("companies", "tasks", 191, 192),
	("deals", "calls", 205, 206),
	("deals", "emails", 209, 210),
	("deals", "meetings", 211, 212),
	("deals", "notes", 213, 214),
	("deals", "tasks", 215, 216),
]
PRIMARY = [
	("contacts", "companies", 1, 2),
	("deals", "companies", 5, 6),
	("tickets", "companies", 26, 25),
	("leads", "contacts", 578, 579),
]
# where the first company that is associated becomes the primary one
FIRST_IS_PRIMARY = {("contacts", "companies"), ("deals", "companies"), ("leads", "contacts")}


@dataclass(frozen=True)
class AssociationType:
	source: str
	target: str
	id: int
	back: int  # the id in the other direction
	category: str = "HUBSPOT_DEFINED"
	label: str | None = None
	primary: bool = False


def _standard_types() -> dict[tuple[str, str, int], AssociationType]:
	found = {}
	for table, primary in ((UNLABELLED, False), (PRIMARY, True)):
		label = "Primary" if primary else None
		for source, target, there, back in table:
			for known in (
				AssociationType(source, target, there, back, label=label, primary=primary),
				AssociationType(target, source, back, there, label=label, primary=primary),
			):
				found[known.source, known.target, known.id] = known
	return found


STANDARD_TYPES = _standard_types()


@dataclass
class Links:
	"""All associations of a portal, and the labels it made itself."""

	types: dict[tuple[str, str, int], AssociationType] = field(default_factory=lambda: dict(STANDARD_TYPES))
	# {(type, id): {(other type, other id): [type ids]}}
	known: dict[tuple[str, int], dict[tuple[str, int], list[int]]] = field(
		default_factory=lambda: defaultdict(dict)
	)

	def of(self, record: Record, other: str) -> dict[int, list[AssociationType]]:
		"""{id of the other: types}, in the order they were made."""
		name = record.type.name
		return {
			id: [self.types[name, other, one] for one in ids]
			for (type, id), ids in self.known.get((name, record.id), {}).items()
			if type == other
		}

	def add(self, source: tuple[str, int], target: tuple[str, int], known: AssociationType) -> bool:
		new = known.id not in self.known[source].setdefault(target, [])
		if new:
			self.known[source][target].append(known.id)
			back = self.known[target].setdefault(source, [])
			if known.back not in back:
				back.append(known.back)
		return new

	def remove(self, source: tuple[str, int], target: tuple[str, int], known: AssociationType) -> bool:
		had = known.id in self.known.get(source, {}).get(target, [])
		if had:
			for one, other, id in ((source, target, known.id), (target, source, known.back)):
				ids = self.known[one].get(other, [])
				if id in ids:
					ids.remove(id)
				if not ids:
					self.known[one].pop(other, None)
		return had

	def drop(self, record: Record) -> None:
		me = (record.type.name, record.id)
		for other in self.known.pop(me, {}):
			self.known[other].pop(me, None)

	def between(self, source: str, target: str) -> list[AssociationType]:
		return [known for (one, other, _), known in self.types.items() if (one, other) == (source, target)]


def default_type(source: ObjectType, target: ObjectType, primary: bool = False) -> int:
	"""The id of the unlabelled type, or of the primary one where there is one; raises Refusal."""
	found = [
		known
		for known in STANDARD_TYPES.values()
		if (known.source, known.target) == (source.name, target.name)
	]
	if primary and any(known.primary for known in found):
		found = [known for known in found if known.primary]
	else:
		found = [known for known in found if not known.primary]
	if not found:
		raise invalid(f"No default association type exists from {source.id} to {target.id}")
	return found[0].id


def wanted(portal: "Portal", type: ObjectType, links: object) -> list[tuple[Record, list[int]]]:
	"""The `associations` of a create call: [{"to": {"id"}, "types": [...]}]; the type id says what "to" is."""
	if links is None:
		return []
	if not isinstance(links, list):
		raise broken_json("Cannot deserialize value of type `java.util.ArrayList` for `associations`")
	found = []
	for link in links:
		to = link.get("to") if isinstance(link, dict) else None
		types = link.get("types") if isinstance(link, dict) else None
		if not isinstance(to, dict) or not str(to.get("id", "")).isdigit() or not types:
			raise invalid("Every association needs a `to` with an id, and `types`")
		known = [_named(portal, type.name, None, one) for one in types]
		targets = {one.target for one in known}
		if len(targets) > 1:
			raise invalid("The types of one association must lead to the same object type")
		other = portal.find(portal.types[targets.pop()], to["id"])
		if other is None or not other.live:
			raise invalid(
				f"{known[0].target.upper()}={to['id']} is not valid",
				sub_category="crm.associations.INVALID_OBJECT_IDS",
			)
		found.append((other, [one.id for one in known]))
	return found


def named_types(portal: "Portal", source: ObjectType, target: ObjectType, specs: object) -> list[int]:
	"""The ids in [{"associationCategory", "associationTypeId"}]; raises Refusal."""
	if not isinstance(specs, list) or not specs:
		raise invalid("At least one association type must be given")
	return [_named(portal, source.name, target.name, spec).id for spec in specs]


def _named(portal: "Portal", source: str, target: str | None, spec: object) -> AssociationType:
	id = spec.get("associationTypeId") if isinstance(spec, dict) else None
	category = spec.get("associationCategory") if isinstance(spec, dict) else None
	if not isinstance(id, int) or category not in ("HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED"):
		raise broken_json("associationCategory and associationTypeId are required")
	for known in portal.links.types.values():
		fits = known.source == source and known.id == id and known.category == category
		if fits and target in (None, known.target):
			return known
	where = f"from {source}" + (f" to {target}" if target else "")
	raise invalid(f"{category} association type {id} does not exist {where}")


def link(portal: "Portal", first: Record, second: Record, type_ids: list[int], source: Source) -> list[int]:
	"""Associate; says which type ids the pair has got now. The unlabelled type comes with every other one."""
	links = portal.links
	me, other = (first.type.name, first.id), (second.type.name, second.id)
	if me == other:
		raise invalid("Cannot associate an object with itself")
	plain = default_type(first.type, second.type)
	ids = dict.fromkeys([plain, *type_ids])
	pair = (first.type.name, second.type.name)
	for one, two in ((first, second), (second, first)):
		if (one.type.name, two.type.name) in FIRST_IS_PRIMARY and not links.of(one, two.type.name):
			primary = default_type(one.type, two.type, primary=True)
			known = links.types[one.type.name, two.type.name, primary]
			ids[known.id if one is first else known.back] = None
	for id in ids:
		known = links.types[pair[0], pair[1], id]
		if known.primary:
			_only_one_primary(portal, first, second, known, source)
		if links.add(me, other, known):
			_tell(portal, first, second, known, False, source)
	_follow(portal, first, second, source)
	return list(ids)


def unlink(
	portal: "Portal", first: Record, second: Record, type_ids: list[int] | None, source: Source
) -> None:
	"""Take away these types, or with None all of them. Another company does not become primary by itself."""
	links = portal.links
	me, other = (first.type.name, first.id), (second.type.name, second.id)
	had = links.known.get(me, {}).get(other, [])
	plain = default_type(first.type, second.type)
	for id in list(had) if type_ids is None or plain in type_ids else type_ids:
		known = links.types[first.type.name, second.type.name, id]
		if links.remove(me, other, known):
			_tell(portal, first, second, known, True, source)
	_follow(portal, first, second, source)


def move(portal: "Portal", old: Record, new: Record) -> None:
	"""All associations of a record that was merged away."""
	if old is new:
		return
	links, me = portal.links, (old.type.name, old.id)
	found = {other: list(ids) for other, ids in links.known.get(me, {}).items()}
	links.drop(old)
	target = (new.type.name, new.id)
	for other, ids in found.items():
		if other == target:
			continue
		for id in ids:
			known = links.types[old.type.name, other[0], id]
			taken = known.primary and any(
				one.primary for types in links.of(new, other[0]).values() for one in types
			)
			if not taken:
				links.add(target, other, known)


def follow_company_id(portal: "Portal", contact: Record, value: str, source: Source) -> None:
	"""`associatedcompanyid` was written: the company with this id becomes the primary one."""
	company = portal.find(portal.types["companies"], value) if value else None
	if company is None or not company.live:
		return
	types = portal.links.of(contact, "companies").get(company.id, [])
	if not any(known.primary for known in types):
		link(portal, contact, company, [1], source)


def _only_one_primary(
	portal: "Portal", first: Record, second: Record, known: AssociationType, source: Source
) -> None:
	"""The primary company was another one: it stays associated, without the label."""
	forward = (first.type.name, second.type.name) in {(one, other) for one, other, _, _ in PRIMARY}
	owner, target = (first, second) if forward else (second, first)
	primary = default_type(owner.type, target.type, primary=True)
	kind = portal.links.types[owner.type.name, target.type.name, primary]
	for id, types in portal.links.of(owner, target.type.name).items():
		if id != target.id and kind in types:
			portal.links.remove((owner.type.name, owner.id), (target.type.name, id), kind)
			_tell(portal, owner, portal.records[target.type.name][id], kind, True, source)


def _follow(portal: "Portal", first: Record, second: Record, source: Source) -> None:
	"""What HubSpot computes from associations."""
	from sandbox.vendors.hubspot import writing  # which imports this module

	for one, other in ((first, second), (second, first)):
		facts = {}
		name, count = one.type.name, str(len(portal.links.of(one, other.type.name)))
		if (name, other.type.name) == ("contacts", "companies"):
			primary = [
				id
				for id, types in portal.links.of(one, "companies").items()
				if any(known.primary for known in types)
			]
			facts["associatedcompanyid"] = str(primary[0]) if primary else ""
		if other.type.name == "deals" and name in ("contacts", "companies"):
			facts["num_associated_deals"] = count
		if other.type.name == "contacts" and name in ("companies", "deals"):
			facts["num_associated_contacts"] = count
		if other.type.name in ("notes", "emails", "calls", "meetings") and name == "contacts":
			facts["notes_last_updated"] = other.get("hs_timestamp") or ""
		if (name, other.type.name) == ("leads", "contacts"):
			facts["hs_primary_contact_id"] = str(other.id)
			for theirs, ours in (("email", "email"), ("firstname", "firstname"), ("lastname", "lastname")):
				facts[f"hs_associated_contact_{ours}"] = other.get(theirs) or ""
		if (name, other.type.name) == ("leads", "companies"):
			facts["hs_associated_company_name"] = other.get("name") or ""
		if facts:
			writing.set_computed(portal, one, facts, source)


def _tell(
	portal: "Portal", first: Record, second: Record, known: AssociationType, removed: bool, source: Source
) -> None:
	"""HubSpot tells both directions, each to those who listen to that type."""
	now = portal.clock.now()
	for one, other, id in ((first, second, known.id), (second, first, known.back)):
		more = {
			"associationType": f"{one.type.word}_TO_{other.type.word}",
			"fromObjectId": one.id,
			"toObjectId": other.id,
			"associationRemoved": removed,
			"isPrimaryAssociation": known.primary,
			"associationCategory": known.category,
			"associationTypeId": id,
		}
		portal.tell(News("associationChange", one.type, one.id, now, source, more))


def the_other(portal: "Portal", type: ObjectType, id: object) -> Record:
	"""The record an association call names; raises Refusal as those calls do."""
	found = portal.find(type, str(id))
	if found is None or not found.live:
		raise not_found(
			f"Object {type.id}/{id} does not exist", sub_category="crm.associations.OBJECT_NOT_FOUND"
		)
	return found
