"""/crm/objects: one record, lists of them, search, merge, erase. Batches are in `batches`."""

from sandbox.vendors.hubspot import writing
from sandbox.vendors.hubspot.api import batches, links
from sandbox.vendors.hubspot.api.call import Answer, Call, not_allowed, page
from sandbox.vendors.hubspot.api.render import associations, rendered
from sandbox.vendors.hubspot.errors import broken_json, invalid, not_found
from sandbox.vendors.hubspot.model import ObjectType
from sandbox.vendors.hubspot.search import search

PAGE, PAGE_WITH_HISTORY = 100, 50


def handle(call: Call) -> Answer:
	"""{type}, {type}/{id}, {type}/search, {type}/merge, {type}/batch/..., {type}/{id}/associations/..."""
	if not call.parts:
		raise not_found()
	type = call.portal.type(call.parts[0])
	rest = call.parts[1:]
	if len(rest) > 2 and rest[1] == "associations":
		return links.of_one(call, type, rest[0], rest[2:])
	if len(rest) == 2 and rest[0] == "batch":
		return batches.handle(call, type, rest[1])
	if not rest:
		return _collection(call, type)
	if rest in (("search",), ("merge",), ("gdpr-delete",)):
		if call.method != "POST":
			raise not_allowed()
		return {"search": _search, "merge": _merge, "gdpr-delete": _erase}[rest[0]](call, type)
	if len(rest) == 1:
		return _one(call, type, rest[0])
	raise not_found()


def _collection(call: Call, type: ObjectType) -> Answer:
	if call.method == "POST":
		call.need(type, "write")
		body = call.object()
		properties = body.get("properties", {})
		made = writing.create(call.portal, type, properties, body.get("associations"), source=call.source)
		return 201, rendered(made, also=list(made.properties))
	if call.method != "GET":
		raise not_allowed()
	call.need(type, "read")
	return _list(call, type)


def _list(call: Call, type: ObjectType) -> Answer:
	"""By id; `after` is the id where the next page begins."""
	history = call.names("propertiesWithHistory")
	limit = call.limit(10, PAGE_WITH_HISTORY if history else PAGE)
	after = call.request.args.get("after", "0")
	if not after.isdigit():
		raise invalid(f"after is not valid: {after!r}")
	archived = call.flag("archived")
	wanted = sorted(
		record.id
		for record in call.portal.records[type.name].values()
		if record.id >= int(after)
		and not record.erased
		and record.merged_into is None
		and (record.archived_at is not None) == archived
	)
	results = []
	for id in wanted[:limit]:
		record = call.portal.records[type.name][id]
		shown = rendered(record, call.names("properties"), history=history)
		if found := associations(call.portal, record, call.names("associations")):
			shown["associations"] = found
		results.append(shown)
	return 200, page(call, results, str(wanted[limit]) if len(wanted) > limit else None)


def _one(call: Call, type: ObjectType, id: str) -> Answer:
	key = call.request.args.get("idProperty")
	if call.method == "GET":
		call.need(type, "read")
		record = call.portal.find(type, id, key)
		if record is None or (record.archived_at is not None) != call.flag("archived"):
			raise not_found()
		shown = rendered(record, call.names("properties"), history=call.names("propertiesWithHistory"))
		if found := associations(call.portal, record, call.names("associations")):
			shown["associations"] = found
		return 200, shown
	call.need(type, "write")
	if call.method == "PATCH":
		properties = call.object().get("properties")
		record = call.portal.record(type, id, key)
		writing.update(call.portal, record, properties, source=call.source)
		return 200, rendered(record, also=[name for name in properties if name in type.properties])
	if call.method == "DELETE":
		record = call.portal.find(type, id)
		if record is None:
			raise not_found()
		if record.live:
			writing.archive(call.portal, record, source=call.source)
		return 204, None
	raise not_allowed()


def _search(call: Call, type: ObjectType) -> Answer:
	call.need(type, "read")
	body = call.json()
	length = len(call.request.get_data(cache=True).decode("utf-8", "replace"))
	found, total, after = search(call.portal, type, body, length)
	asked = body.get("properties") or None
	if asked is not None and not (isinstance(asked, list) and all(isinstance(name, str) for name in asked)):
		raise broken_json("properties must be a list of strings")
	results = [rendered(record, asked, properties=version.properties) for record, version in found]
	body = {"total": total, "results": results}
	return 200, body | {"paging": {"next": {"after": str(after)}}} if after is not None else body


def _merge(call: Call, type: ObjectType) -> Answer:
	call.need(type, "write")
	body = call.object()
	missing = [name for name in ("primaryObjectId", "objectIdToMerge") if not body.get(name)]
	if missing:
		raise invalid(f"Some required fields were not set: {missing}")
	result = writing.merge(
		call.portal, type, body["primaryObjectId"], body["objectIdToMerge"], source=call.source
	)
	return 200, rendered(result, also=["hs_merged_object_ids", "hs_additional_emails"])


def _erase(call: Call, type: ObjectType) -> Answer:
	"""An address that nobody has is blocked all the same."""
	if type.name != "contacts":
		raise not_found()
	call.need(type, "write")
	body = call.object()
	id, key = body.get("objectId"), body.get("idProperty")
	if not isinstance(id, str) or not id:
		raise invalid("Some required fields were not set: [objectId]")
	record = call.portal.find(type, id, key)
	if record is not None:
		writing.erase(call.portal, record, source=call.source)
	elif key == "email":
		call.portal.blocked.add(id.lower())
	else:
		raise not_found()
	return 204, None
