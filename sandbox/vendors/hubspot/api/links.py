"""Associations: of one record (v4 and dated), in batches, the labels, and the v3 batches."""

from sandbox.vendors.hubspot import associations
from sandbox.vendors.hubspot.api.call import Answer, Call, batch, not_allowed, page
from sandbox.vendors.hubspot.associations import AssociationType, the_other
from sandbox.vendors.hubspot.errors import broken_json, invalid, not_found
from sandbox.vendors.hubspot.model import ObjectType, Record

MOST_CREATED, MOST_READ, MOST_ARCHIVED, PAGE = 2000, 1000, 100, 500


# ---- of one record: {id}/associations/...


def of_one(call: Call, type: ObjectType, id: str, rest: tuple[str, ...]) -> Answer:
	"""{to}, {to}/{id}, default/{to}/{id}."""
	if call.place.version == "v3":
		raise not_found()
	record = the_other(call.portal, type, id)
	if rest[0] == "default" and len(rest) == 3 and call.method == "PUT":
		call.need(type, "write")
		return _default(call, record, the_other(call.portal, call.portal.type(rest[1]), rest[2]))
	to = call.portal.type(rest[0])
	if len(rest) == 1 and call.method == "GET":
		call.need(type, "read")
		return _list(call, record, to)
	if len(rest) == 2 and call.method in ("PUT", "DELETE"):
		call.need(type, "write")
		other = the_other(call.portal, to, rest[1])
		if call.method == "DELETE":
			associations.unlink(call.portal, record, other, None, call.source)
			return 204, None
		ids = associations.named_types(call.portal, type, to, call.json())
		associations.link(call.portal, record, other, ids, call.source)
		return 201, _labels(call, record, other)
	raise not_allowed() if len(rest) <= 2 else not_found()


def _default(call: Call, record: Record, other: Record) -> Answer:
	associations.link(
		call.portal, record, other, [associations.default_type(record.type, other.type)], call.source
	)
	return batch(call.portal, _both_ways(call, record, other))


def _both_ways(call: Call, record: Record, other: Record) -> list[dict]:
	return [
		{
			"from": {"id": str(one.id)},
			"to": {"id": str(two.id)},
			"associationSpec": {"associationCategory": known.category, "associationTypeId": known.id},
		}
		for one, two in ((record, other), (other, record))
		for known in call.portal.links.of(one, two.type.name)[two.id]
	]


def _labels(call: Call, record: Record, other: Record) -> dict:
	types = call.portal.links.of(record, other.type.name).get(other.id, [])
	return {
		"fromObjectTypeId": record.type.id,
		"fromObjectId": _id(call, record.id),
		"toObjectTypeId": other.type.id,
		"toObjectId": _id(call, other.id),
		"labels": [known.label for known in types if known.label],
	}


def _id(call: Call, id: int) -> int | str:
	"""v4 answers numbers here, the dated versions strings."""
	return str(id) if call.place.dated else id


def _list(call: Call, record: Record, to: ObjectType) -> Answer:
	limit, after = call.limit(PAGE, PAGE), call.request.args.get("after", "0")
	found = _targets(call, record, to)
	found = [one for one in found if int(one["toObjectId"]) >= (int(after) if after.isdigit() else 0)]
	following = str(found[limit]["toObjectId"]) if len(found) > limit else None
	return 200, page(call, found[:limit], following)


def _targets(call: Call, record: Record, to: ObjectType) -> list[dict]:
	live = call.portal.records[to.name]
	return [
		{"toObjectId": _id(call, id), "associationTypes": [_type(known) for known in types]}
		for id, types in sorted(call.portal.links.of(record, to.name).items())
		if live[id].live
	]


def _type(known: AssociationType) -> dict:
	return {"category": known.category, "typeId": known.id, "label": known.label}


# ---- batches: {from}/{to}/batch/..., {from}/{to}/labels


def handle(call: Call) -> Answer:
	if len(call.parts) < 3:
		raise not_found()
	source, target = call.portal.type(call.parts[0]), call.portal.type(call.parts[1])
	what = "/".join(call.parts[2:])
	if what == "labels":
		return _label_types(call, source, target)
	if call.method != "POST":
		raise not_allowed()
	if call.place.version == "v3":
		acts = {"batch/create": _v3_create, "batch/read": _v3_read, "batch/archive": _v3_archive}
	else:
		acts = {
			"batch/create": _create,
			"batch/associate/default": _create_default,
			"batch/read": _read,
			"batch/archive": _archive,
			"batch/labels/archive": _archive_labels,
		}
	if what not in acts:
		raise not_found()
	call.need(source, "read" if what.endswith("read") else "write")
	return acts[what](call, source, target)


def _end(one: object, name: str) -> str:
	end = one.get(name) if isinstance(one, dict) else None
	id = end.get("id") if isinstance(end, dict) else None
	if not isinstance(id, str):
		raise broken_json(f"Cannot deserialize value of type `PublicObjectId` for `{name}`")
	return id


def _pair(call: Call, source: ObjectType, target: ObjectType, one: object) -> tuple[Record, Record]:
	"""Both ends; raises Refusal when one does not exist."""
	return (
		the_other(call.portal, source, _end(one, "from")),
		the_other(call.portal, target, _end(one, "to")),
	)


def _create(call: Call, source: ObjectType, target: ObjectType) -> Answer:
	"""All pairs are looked up before the first one is linked."""
	found = [
		(
			*_pair(call, source, target, one),
			associations.named_types(call.portal, source, target, one.get("types")),
		)
		for one in call.inputs(MOST_CREATED)
	]
	results = []
	for record, other, ids in found:
		associations.link(call.portal, record, other, ids, call.source)
		results.append(_labels(call, record, other))
	return batch(call.portal, results, status=201)


def _create_default(call: Call, source: ObjectType, target: ObjectType) -> Answer:
	found = [_pair(call, source, target, one) for one in call.inputs(MOST_CREATED)]
	plain = associations.default_type(source, target)
	results = []
	for record, other in found:
		associations.link(call.portal, record, other, [plain], call.source)
		results += _both_ways(call, record, other)
	return batch(call.portal, results)


def _read(call: Call, source: ObjectType, target: ObjectType) -> Answer:
	results, errors = [], []
	for one in call.inputs(MOST_READ):
		id = one.get("id") if isinstance(one, dict) else None
		if not isinstance(id, str):
			raise broken_json("Cannot deserialize value of type `java.lang.String` for `id`")
		record = call.portal.find(source, id)
		found = _targets(call, record, target) if record is not None and record.live else []
		if found:
			results.append({"from": {"id": id}, "to": found})
		else:
			errors.append(_nothing(source, target, id))
	return batch(call.portal, results, errors)


def _nothing(source: ObjectType, target: ObjectType, id: str) -> dict:
	"""Nothing associated is one of the errors, and makes 207 of the whole."""
	refusal = not_found(
		f"No {target.singular} is associated with {source.singular} {id}.",
		sub_category="crm.associations.NO_ASSOCIATIONS_FOUND",
	)
	return refusal.as_row(fromObjectId=[id], fromObjectType=[source.singular], toObjectType=[target.singular])


def _archive(call: Call, source: ObjectType, target: ObjectType) -> Answer:
	for one in call.inputs(MOST_ARCHIVED):
		record = call.portal.find(source, _end(one, "from"))
		others = one.get("to")
		if not isinstance(others, list):
			raise broken_json("`to` must be a list")
		for other in others:
			found = call.portal.find(target, _end({"to": other}, "to"))
			if record is not None and found is not None:
				associations.unlink(call.portal, record, found, None, call.source)
	return 204, None


def _archive_labels(call: Call, source: ObjectType, target: ObjectType) -> Answer:
	for one in call.inputs(MOST_ARCHIVED):
		record, other = _pair(call, source, target, one)
		ids = associations.named_types(call.portal, source, target, one.get("types"))
		associations.unlink(call.portal, record, other, ids, call.source)
	return 204, None


# ---- labels


def _label_types(call: Call, source: ObjectType, target: ObjectType) -> Answer:
	if call.method == "GET":
		known = call.portal.links.between(source.name, target.name)
		return 200, {"results": [_type(one) for one in known]}
	if call.method != "POST":
		raise not_allowed()
	body = call.object()
	if not body.get("label") or not body.get("name"):
		raise invalid("Some required fields were not set: [label, name]")
	id = call.portal.new_id("labels") % 10**4 * 2 + 1001
	there = AssociationType(source.name, target.name, id, id + 1, "USER_DEFINED", body["label"])
	back = AssociationType(
		target.name, source.name, id + 1, id, "USER_DEFINED", body.get("inverseLabel") or body["label"]
	)
	for one in (there, back):
		call.portal.links.types[one.source, one.target, one.id] = one
	return 200, {"results": [_type(there), _type(back)]}


# ---- version 3


def _v3_names(source: ObjectType, target: ObjectType) -> tuple[str, str]:
	name = f"{source.singular}_to_{target.singular}"
	return name, f"{name}_unlabeled"


def _v3_create(call: Call, source: ObjectType, target: ObjectType) -> Answer:
	results = []
	pairs = []
	for one in call.inputs(MOST_CREATED):
		if one.get("type") not in _v3_names(source, target):
			raise invalid(f"Association type {one.get('type')} is not valid")
		pairs.append((*_pair(call, source, target, one), one["type"]))
	for record, other, name in pairs:
		primary = name == _v3_names(source, target)[0]
		id = associations.default_type(source, target, primary=primary)
		associations.link(call.portal, record, other, [id], call.source)
		results.append({"from": {"id": str(record.id)}, "to": {"id": str(other.id)}, "type": name})
	return batch(call.portal, results, status=201)


def _v3_read(call: Call, source: ObjectType, target: ObjectType) -> Answer:
	results, errors = [], []
	for one in call.inputs(MOST_READ):
		id = str(one.get("id", ""))
		record = call.portal.find(source, id)
		found = _targets(call, record, target) if record is not None and record.live else []
		name = _v3_names(source, target)[0]
		if found:
			to = [{"id": str(one["toObjectId"]), "type": name} for one in found]
			results.append({"from": {"id": id}, "to": to})
		else:
			errors.append(_nothing(source, target, id))
	return batch(call.portal, results, errors)


def _v3_archive(call: Call, source: ObjectType, target: ObjectType) -> Answer:
	for one in call.inputs(MOST_ARCHIVED):
		record, other = _pair(call, source, target, one)
		associations.unlink(call.portal, record, other, None, call.source)
	return 204, None
