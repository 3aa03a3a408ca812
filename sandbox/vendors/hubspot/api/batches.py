"""Batches of a hundred: what is done row by row, and when one bad row is everybody's.

- create: one bad row refuses all, unless every input has its own `objectWriteTraceId`; then 207 tells which.
- update, upsert by a custom unique property: 207 tells which rows were refused, the others are done.
- upsert by `email`: no partial upsert; one bad row refuses all.
"""

from collections.abc import Callable

from sandbox.vendors.hubspot import associations, writing
from sandbox.vendors.hubspot.api.call import Answer, Call, batch, not_allowed
from sandbox.vendors.hubspot.api.render import rendered
from sandbox.vendors.hubspot.errors import Refusal, broken_json, invalid, not_found
from sandbox.vendors.hubspot.model import ObjectType, Record
from sandbox.vendors.hubspot.values import cleaned

MOST, MOST_WITH_HISTORY = 100, 50


def handle(call: Call, type: ObjectType, what: str) -> Answer:
	acts: dict[str, Callable[[Call, ObjectType], Answer]] = {
		"create": _create,
		"update": _update,
		"upsert": _upsert,
		"read": _read,
		"archive": _archive,
	}
	if what not in acts:
		raise not_found()
	if call.method != "POST":
		raise not_allowed()
	call.need(type, "read" if what == "read" else "write")
	return acts[what](call, type)


def _create(call: Call, type: ObjectType) -> Answer:
	inputs = [_row(one) for one in call.inputs(MOST)]
	traces = [one.get("objectWriteTraceId") for one in inputs]
	by_row = all(traces) and len(set(traces)) == len(traces)
	if not by_row:
		_rehearse(call, type, inputs)
	results, errors = [], []
	for one in inputs:
		try:
			made = writing.create(
				call.portal, type, one.get("properties", {}), one.get("associations"), source=call.source
			)
		except Refusal as refusal:
			if not by_row:
				raise
			errors.append(_error(refusal, one))
		else:
			results.append(_traced(rendered(made, also=list(made.properties)), one))
	return batch(call.portal, results, errors, 201)


def _update(call: Call, type: ObjectType) -> Answer:
	inputs = [_row(one) for one in call.inputs(MOST)]
	ids = [(one.get("idProperty"), one.get("id")) for one in inputs]
	_no_duplicates(ids)
	results, errors = [], []
	for one in inputs:
		key = one.get("idProperty")
		if not isinstance(one.get("id"), str):
			raise broken_json("Cannot deserialize value of type `java.lang.String` for `id`")
		if key:
			if key == "hs_object_id":
				raise _non_unique(call, type, key)
			call.portal.key_property(type, key)
		record = call.portal.find(type, one["id"], key)
		if record is None or not record.live:
			errors.append(_missing(type, [one["id"]], one))
			continue
		try:
			writing.update(call.portal, record, one.get("properties"), source=call.source)
		except Refusal as refusal:
			errors.append(_error(refusal, one, one["id"]))
		else:
			results.append(_traced(rendered(record, also=_names(type, one)), one))
	return batch(call.portal, results, errors)


def _upsert(call: Call, type: ObjectType) -> Answer:
	inputs = [_row(one) for one in call.inputs(MOST)]
	keys = {one.get("idProperty") for one in inputs}
	if len(keys) != 1 or not isinstance(keys.copy().pop(), str):
		raise invalid("Every input of an upsert needs the same idProperty")
	key = keys.pop()
	if key == "hs_object_id":
		raise _non_unique(call, type, key)
	call.portal.key_property(type, key)
	for one in inputs:
		if not isinstance(one.get("id"), str) or not one["id"].strip():
			raise invalid("Every input of an upsert needs an id")
	_no_duplicates([one["id"].lower() if key == "email" else one["id"] for one in inputs])
	whole = key == "email"
	if whole:
		for one in inputs:
			_rehearse_one(call, type, {key: one["id"], **one.get("properties", {})}, one["id"], key)
	results, errors = [], []
	for one in inputs:
		try:
			record, new = _upsert_one(call, type, one, key)
		except Refusal as refusal:
			if whole:
				raise
			errors.append(_error(refusal, one, one["id"]))
		else:
			shown = rendered(record, also=[*_names(type, one), key])
			results.append(_traced(shown | {"new": new}, one))
	return batch(call.portal, results, errors)


def _upsert_one(call: Call, type: ObjectType, one: dict, key: str) -> tuple[Record, bool]:
	properties = one.get("properties", {})
	record = call.portal.find(type, one["id"], key)
	if record is not None and record.live:
		return writing.update(call.portal, record, properties, source=call.source), False
	if not isinstance(properties, dict):
		raise broken_json("properties must be an object")
	made = writing.create(
		call.portal, type, {key: one["id"], **properties}, one.get("associations"), source=call.source
	)
	return made, True


def _read(call: Call, type: ObjectType) -> Answer:
	body = call.object()
	history = body.get("propertiesWithHistory") or []
	inputs = call.inputs(MOST_WITH_HISTORY if history else MOST)
	key = body.get("idProperty")
	if key:
		call.portal.key_property(type, key)
	results, missing = {}, []
	for one in inputs:
		id = _row(one).get("id")
		if not isinstance(id, str):
			raise broken_json("Cannot deserialize value of type `java.lang.String` for `id`")
		record = call.portal.find(type, id, key)
		if record is None or (record.archived_at is not None) != call.flag("archived"):
			missing.append(id)
		else:
			results[record.id] = rendered(record, body.get("properties"), history=history)
	return batch(call.portal, list(results.values()), [_missing(type, missing)] if missing else [])


def _archive(call: Call, type: ObjectType) -> Answer:
	"""Ids that nobody has are passed over."""
	for one in call.inputs(MOST):
		record = call.portal.find(type, str(_row(one).get("id", "")))
		if record is not None and record.live:
			writing.archive(call.portal, record, source=call.source)
	return 204, None


# ---- rows


def _row(one: object) -> dict:
	if not isinstance(one, dict):
		raise broken_json("every input must be an object")
	return one


def _names(type: ObjectType, one: dict) -> list[str]:
	return [name for name in one.get("properties") or {} if name in type.properties]


def _no_duplicates(ids: list) -> None:
	doubled = sorted({str(id[-1] if isinstance(id, tuple) else id) for id in ids if ids.count(id) > 1})
	if doubled:
		raise invalid(f"Duplicate IDs found in batch input: [{', '.join(doubled)}]")


def _traced(shown: dict, one: dict) -> dict:
	trace = one.get("objectWriteTraceId")
	return shown | {"objectWriteTraceId": trace} if trace else shown


def _error(refusal: Refusal, one: dict, id: str | None = None) -> dict:
	context = {"ids": [id]} if id else {}
	if one.get("objectWriteTraceId"):
		context["objectWriteTraceId"] = [one["objectWriteTraceId"]]
	return refusal.as_row(**context)


def _missing(type: ObjectType, ids: list[str], one: dict | None = None) -> dict:
	refusal = not_found(
		f"Could not get some {type.word} objects, they may be deleted or not exist. Check that ids are valid."
	)
	context = {"ids": ids}
	if one and one.get("objectWriteTraceId"):
		context["objectWriteTraceId"] = [one["objectWriteTraceId"]]
	return refusal.as_row(**context)


def _non_unique(call: Call, type: ObjectType, key: str) -> Refusal:
	return invalid(
		f"Unable to perform update/upsert by non-unique {type.id} property {key} in portal ID {call.portal.id}"
	)


def _rehearse(call: Call, type: ObjectType, inputs: list[dict]) -> None:
	"""All rows must be good before the first one is written."""
	seen: dict[tuple[str, str], int] = {}
	for number, one in enumerate(inputs):
		values = _rehearse_one(call, type, one.get("properties", {}), None, None)
		associations.wanted(call.portal, type, one.get("associations"))
		for name, value in values.items():
			known = type.properties[name]
			if value and (known.unique or (type.name, name) == ("contacts", "email")):
				if (name, value) in seen and name == "email":
					raise Refusal(409, "CONFLICT", "Contact already exists.")
				if (name, value) in seen:
					raise invalid(f"Inputs {seen[name, value]} and {number} have the same {name}: {value}")
				seen[name, value] = number


def _rehearse_one(
	call: Call, type: ObjectType, properties: object, id: str | None, key: str | None
) -> dict[str, str]:
	values = cleaned(call.portal, type, properties)
	record = call.portal.find(type, id, key) if id else None
	if record is not None and record.live:
		writing.check_change(call.portal, record, values)
	else:
		writing.check_new(call.portal, type, values)
	return values
