"""/crm/lists and /communication-preferences: who is on a list, and who wants to be written to."""

from sandbox.vendors.hubspot.api.call import Answer, Call, batch, not_allowed
from sandbox.vendors.hubspot.clock import iso
from sandbox.vendors.hubspot.errors import Refusal, broken_json, invalid, not_found

BOTH = "communication_preferences.read_write"
BATCH = "communication_preferences.statuses.batch."


def lists(call: Call) -> Answer:
	"""Lists, their members, and the lists of one record."""
	known, parts, method = call.portal.lists, call.parts, call.method
	reads = method == "GET" or parts == ("search",)
	call.access.need(f"crm.lists.{'read' if reads else 'write'}")
	if not parts:
		if method == "POST":
			return 200, {"list": known.create(call.json()).as_json()}
		if method == "GET":
			return 200, {"lists": [known.get(id).as_json() for id in call.names("listIds")]}
	elif parts == ("search",) and method == "POST":
		return _search_lists(call)
	elif parts[0] == "object-type-id" and len(parts) == 4 and method == "GET":
		return 200, {"list": known.named(parts[1], parts[3]).as_json()}
	elif parts[0] == "records" and len(parts) == 4 and method == "GET":
		return _lists_of(call, parts[1], parts[2])
	elif len(parts) == 1:
		if method == "GET":
			return 200, {"list": known.get(parts[0]).as_json()}
		if method == "DELETE":
			known.delete(parts[0])
			return 204, None
	elif parts[1:] == ("restore",) and method == "PUT":
		known.restore(parts[0])
		return 204, None
	elif parts[1:] == ("update-list-name",) and method == "PUT":
		name = call.request.args.get("listName")
		if not name:
			raise invalid("listName is required")
		return 200, {"updatedList": known.rename(parts[0], name).as_json()}
	elif parts[1] == "memberships":
		return _members(call, parts[0], parts[2:])
	raise not_allowed() if len(parts) <= 2 else not_found()


def _search_lists(call: Call) -> Answer:
	body = call.object()
	query = str(body.get("query", "")).lower()
	found = [
		one
		for one in call.portal.lists.known.values()
		if not one.deleted_at
		and query in one.name.lower()
		and (not body.get("listIds") or str(one.id) in body["listIds"])
		and (not body.get("processingTypes") or one.kind in body["processingTypes"])
	]
	offset, count = body.get("offset") or 0, body.get("count") or 20
	shown = [
		one.as_json(with_size=False) | {"additionalProperties": {"hs_list_size": str(len(one.members))}}
		for one in found[offset : offset + count]
	]
	more = offset + count < len(found)
	return 200, {"lists": shown, "total": len(found), "offset": offset + len(shown), "hasMore": more}


def _lists_of(call: Call, type: str, id: str) -> Answer:
	record = call.portal.record(type, id)
	results = [
		{
			"listId": str(one.id),
			"listVersion": one.version,
			"firstAddedTimestamp": iso(one.members[record.id]),
			"lastAddedTimestamp": iso(one.members[record.id]),
		}
		for one in call.portal.lists.known.values()
		if one.type is record.type and record.id in one.members and not one.deleted_at
	]
	return 200, {"total": len(results), "results": results}


def _members(call: Call, id: str, rest: tuple[str, ...]) -> Answer:
	known = call.portal.lists
	if call.method == "GET" and rest in ((), ("join-order",)):
		return _list_members(call, id, by_time=bool(rest))
	if call.method == "DELETE" and not rest:
		known.change(id, [], list(map(str, known.get(id).members)))
		return 204, None
	if call.method != "PUT":
		raise not_allowed()
	if rest == ("add",):
		return 200, known.change(id, call.json(), [])
	if rest == ("remove",):
		return 200, known.change(id, [], call.json())
	if rest == ("add-and-remove",):
		body = call.object()
		return 200, known.change(id, body.get("recordIdsToAdd"), body.get("recordIdsToRemove"))
	raise not_found()


def _list_members(call: Call, id: str, *, by_time: bool) -> Answer:
	limit, after = call.limit(100, 250), call.request.args.get("after", "0")
	found = call.portal.lists.members(id)
	found.sort(key=lambda pair: (pair[1], pair[0]) if by_time else pair[0])
	start = int(after) if after.isdigit() else 0
	chosen = found[start : start + limit]
	results = [{"recordId": str(one), "membershipTimestamp": iso(joined)} for one, joined in chosen]
	body = {"results": results, "total": len(found)}
	if start + limit < len(found):
		body["paging"] = {"next": {"after": str(start + limit), "link": call.request.base_url}}
	return 200, body


# ---- consent


def preferences(call: Call) -> Answer:
	"""definitions; statuses/{email}, .../unsubscribe-all, batches; and version 3's words for them."""
	parts = call.parts
	if parts == ("definitions",):
		call.access.need(BOTH)
		return _definitions(call)
	if call.place.version == "v3":
		return _v3(call)
	if not parts or parts[0] != "statuses":
		raise not_found()
	if len(parts) > 2 and parts[1] == "batch":
		return _batch(call, "/".join(parts[2:]))
	call.access.need(BOTH)
	if len(parts) == 2:
		return _statuses(call, parts[1])
	if len(parts) == 3 and parts[2] == "unsubscribe-all":
		return _opt_out(call, parts[1])
	raise not_found()


def _definitions(call: Call) -> Answer:
	if call.method != "GET":
		raise not_allowed()
	version3 = call.place.version == "v3"
	found = [one.as_json(number=False) for one in call.portal.consent.definitions.values()]
	return (200, {"subscriptionDefinitions": found}) if version3 else batch(call.portal, found)


def _channel(call: Call) -> None:
	if call.request.args.get("channel") != "EMAIL":
		raise invalid("channel is required, and is EMAIL")


def _statuses(call: Call, email: str) -> Answer:
	consent = call.portal.consent
	if call.method == "GET":
		_channel(call)
		return batch(call.portal, consent.all_of(email))
	if call.method != "POST":
		raise not_allowed()
	definition, status, reason = consent.set(call.json(), call.source, email)
	shown = consent.as_json(email, definition, status) | {"setStatusSuccessReason": reason}
	return batch(call.portal, [shown])


def _opt_out(call: Call, email: str) -> Answer:
	_channel(call)
	if call.method == "POST":
		call.portal.consent.opt_out(email, call.source)
		return batch(call.portal, call.portal.consent.all_of(email) if call.flag("verbose") else [])
	if call.method != "GET":
		raise not_allowed()
	return batch(call.portal, _wide(call, email))


def _wide(call: Call, email: str) -> list[dict]:
	at = call.portal.consent.out.get(email.lower())
	if at is None:
		return []
	known = {"channel": "EMAIL", "status": "UNSUBSCRIBED", "subscriberIdString": email.lower()}
	return [known | {"timestamp": iso(at), "wideStatusType": "PORTAL_WIDE"}]


def _batch(call: Call, what: str) -> Answer:
	if call.method != "POST":
		raise not_allowed()
	call.access.need(BATCH + ("read" if what.endswith("read") else "write"))
	consent, inputs = call.portal.consent, call.inputs(100)
	if what == "write":
		return _batch_write(call, inputs)
	_channel(call)
	if not all(isinstance(one, str) for one in inputs):
		raise broken_json("inputs must be a list of addresses")
	if what == "read":
		found = [{"subscriberIdString": one.lower(), "statuses": consent.all_of(one)} for one in inputs]
	elif what == "unsubscribe-all/read":
		found = [{"subscriberIdString": one.lower(), "wideStatuses": _wide(call, one)} for one in inputs]
	elif what == "unsubscribe-all":
		found = []
		for one in inputs:
			consent.opt_out(one, call.source)
			if call.flag("verbose"):
				found.append({"subscriberIdString": one.lower(), "statuses": consent.all_of(one)})
	else:
		raise not_found()
	return batch(call.portal, found)


def _batch_write(call: Call, inputs: list) -> Answer:
	consent, results, errors = call.portal.consent, [], []
	for one in inputs:
		try:
			definition, status, reason = consent.set(one, call.source)
		except Refusal as refusal:
			email = str(one.get("subscriberIdString", "")) if isinstance(one, dict) else ""
			errors.append(refusal.as_row(subscriberIdString=[email]))
		else:
			shown = consent.as_json(one["subscriberIdString"], definition, status)
			results.append(shown | {"setStatusSuccessReason": reason})
	return batch(call.portal, results, errors)


def _v3(call: Call) -> Answer:
	"""status/email/{email}, subscribe, unsubscribe."""
	call.access.need(BOTH)
	consent, parts = call.portal.consent, call.parts
	if parts[:2] == ("status", "email") and len(parts) == 3 and call.method == "GET":
		statuses = [_v3_status(call, parts[2], definition) for definition in consent.definitions.values()]
		return 200, {"recipient": parts[2].lower(), "subscriptionStatuses": statuses}
	if parts not in (("subscribe",), ("unsubscribe",)) or call.method != "POST":
		raise not_found()
	body = call.object()
	email, definition = str(body.get("emailAddress", "")), consent.definition(body.get("subscriptionId"))
	if parts == ("subscribe",) and consent.status(email, definition).state == "UNSUBSCRIBED":
		raise invalid(f"{email} has unsubscribed and cannot be subscribed again with this call")
	wanted = {
		"channel": "EMAIL",
		"subscriptionId": definition.id,
		"statusState": "SUBSCRIBED" if parts == ("subscribe",) else "UNSUBSCRIBED",
		"legalBasis": body.get("legalBasis"),
		"legalBasisExplanation": body.get("legalBasisExplanation"),
	}
	consent.set(wanted, call.source, email)
	return 200, _v3_status(call, email, definition)


def _v3_status(call: Call, email: str, definition) -> dict:
	status = call.portal.consent.status(email, definition)
	wide = email.lower() in call.portal.consent.out
	known = {
		"id": str(definition.id),
		"name": definition.name,
		"description": definition.description,
		"status": "SUBSCRIBED" if status.state == "SUBSCRIBED" else "NOT_SUBSCRIBED",
		"sourceOfStatus": "PORTAL_WIDE_STATUS" if wide else "SUBSCRIPTION_STATUS",
		"preferenceGroupName": None,
		"legalBasis": status.legal_basis,
		"legalBasisExplanation": status.explanation,
	}
	return {name: value for name, value in known.items() if value is not None}
