"""Small read-only tables of the account: pipelines, owners, details."""

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from sandbox.vendors.hubspot import pipelines
from sandbox.vendors.hubspot.api.call import Answer, Call, not_allowed, page
from sandbox.vendors.hubspot.clock import iso
from sandbox.vendors.hubspot.errors import not_found
from sandbox.vendors.hubspot.portal import Owner


def pipelines_of(call: Call) -> Answer:
	"""{type}, {type}/{pipeline}, {type}/{pipeline}/stages, {type}/{pipeline}/stages/{stage}."""
	if call.method != "GET":
		raise not_allowed()
	if not call.parts:
		raise not_found()
	type = call.portal.type(call.parts[0])
	call.need(type, "read")
	known = call.portal.pipelines.get(type.name)
	if known is None:
		raise not_found()
	rest = call.parts[1:]
	if not rest:
		return 200, {"results": [pipelines.rendered(one, order) for order, one in enumerate(known)]}
	for order, pipeline in enumerate(known):
		if pipeline.id != rest[0]:
			continue
		shown = pipelines.rendered(pipeline, order)
		if len(rest) == 1:
			return 200, shown
		if rest[1:] == ("stages",):
			return 200, {"results": shown["stages"]}
		if len(rest) == 3 and rest[1] == "stages":
			for stage in shown["stages"]:
				if stage["id"] == rest[2]:
					return 200, stage
	raise not_found()


def owners(call: Call) -> Answer:
	if call.method != "GET":
		raise not_allowed()
	call.access.need("crm.objects.owners.read")
	if call.parts:
		by_user = call.request.args.get("idProperty") == "userId"
		for owner in call.portal.owners.values():
			if call.parts[0] == str(owner.user_id if by_user else owner.id):
				return 200, _owner(owner)
		raise not_found()
	email, after = call.request.args.get("email"), call.request.args.get("after", "0")
	found = [
		owner
		for owner in call.portal.owners.values()
		if email in (None, owner.email) and owner.id >= int(after) and owner.archived == call.flag("archived")
	]
	limit = call.limit(100, 500)
	return 200, page(
		call,
		[_owner(one) for one in found[:limit]],
		str(found[limit].id) if len(found) > limit else None,
	)


def _owner(owner: Owner) -> dict:
	return {
		"id": str(owner.id),
		"email": owner.email,
		"firstName": owner.first_name,
		"lastName": owner.last_name,
		"type": "PERSON",
		"userId": owner.user_id,
		"userIdIncludingInactive": owner.user_id,
		"archived": owner.archived,
		"createdAt": iso(owner.created_at),
		"updatedAt": iso(owner.created_at),
	}


def details(call: Call) -> Answer:
	if call.method != "GET":
		raise not_allowed()
	if call.parts != ("details",):
		raise not_found()
	portal = call.portal
	offset = datetime.now(timezone.utc).astimezone(ZoneInfo(portal.timezone)).utcoffset()
	minutes = int(offset.total_seconds()) // 60
	return 200, {
		"portalId": portal.id,
		"accountType": "STANDARD",
		"timeZone": portal.timezone,
		"companyCurrency": portal.currency,
		"additionalCurrencies": [code for code in portal.currencies if code != portal.currency],
		"utcOffset": f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}",
		"utcOffsetMilliseconds": minutes * 60_000,
		"uiDomain": "app.hubspot.com",
		"dataHostingLocation": "na1",
	}
