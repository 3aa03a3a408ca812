"""/crm/properties: what an object has, and properties of one's own."""

import re

from sandbox.vendors.hubspot.api.call import Answer, Call, batch, not_allowed
from sandbox.vendors.hubspot.clock import iso
from sandbox.vendors.hubspot.errors import Refusal, broken_json, invalid, not_found
from sandbox.vendors.hubspot.model import ObjectType, Option, Property
from sandbox.vendors.hubspot.portal import Portal

MOST_UNIQUE = 10  # properties with unique values of one object type
TYPES = ("string", "number", "date", "datetime", "enumeration", "bool")
FIELD_TYPES = {
	"string": ("text", "textarea", "file", "html", "phonenumber", "calculation_equation"),
	"number": ("number", "calculation_equation"),
	"date": ("date",),
	"datetime": ("date",),
	"enumeration": ("select", "radio", "checkbox", "booleancheckbox", "calculation_equation"),
	"bool": ("booleancheckbox", "calculation_equation"),
}
REQUIRED = ("name", "label", "type", "fieldType", "groupName")


def handle(call: Call) -> Answer:
	"""{type}, {type}/{name}, {type}/groups, {type}/batch/create|read|archive."""
	if not call.parts:
		raise not_found()
	type = call.portal.type(call.parts[0])
	rest = call.parts[1:]
	schema = type.name if type.name in ("contacts", "companies", "deals", "leads") else "contacts"
	if call.method == "GET" or rest == ("batch", "read"):
		call.access.need(f"crm.schemas.{schema}.read", f"crm.objects.{schema}.read")
	else:
		call.access.need(f"crm.schemas.{schema}.write")
	if not rest:
		if call.method == "GET":
			archived = call.flag("archived")
			found = [known for known in type.properties.values() if known.archived == archived]
			return 200, {"results": [rendered(call.portal, type, known) for known in found]}
		if call.method == "POST":
			return 201, rendered(call.portal, type, create(call.portal, type, call.object()))
		raise not_allowed()
	if rest[0] == "groups":
		return _groups(call, type, rest[1:])
	if rest[0] == "batch" and len(rest) == 2 and call.method == "POST":
		return _batch(call, type, rest[1])
	if len(rest) == 1:
		return _one(call, type, rest[0])
	raise not_found()


def _one(call: Call, type: ObjectType, name: str) -> Answer:
	known = _get(type, name)
	if call.method == "GET":
		return 200, rendered(call.portal, type, known)
	if known.defined_by_hubspot:
		raise invalid(f"Property {name} is defined by HubSpot and cannot be changed")
	if call.method == "PATCH":
		return 200, rendered(call.portal, type, _change(call, type, known))
	if call.method == "DELETE":
		known.archived = True
		return 204, None
	raise not_allowed()


def _get(type: ObjectType, name: str) -> Property:
	known = type.properties.get(name)
	if known is None or known.archived:
		raise not_found(f"Property {name} does not exist", sub_category="Properties.PROPERTY_NOT_FOUND")
	return known


def create(portal: Portal, type: ObjectType, body: dict) -> Property:
	"""A new property; raises Refusal."""
	missing = [name for name in REQUIRED if not body.get(name)]
	if missing:
		raise invalid(f"Some required fields were not set: {missing}")
	name = body["name"]
	if not re.fullmatch(r"[a-z][a-z0-9_]{0,99}", name):
		raise invalid(
			f"Property name {name} must start with a letter and have small letters, digits and _ only"
		)
	if body["type"] not in TYPES:
		raise broken_json(f"Cannot deserialize value of type `PropertyType`: {body['type']!r}")
	if body["fieldType"] not in FIELD_TYPES[body["type"]]:
		raise invalid(f"fieldType {body['fieldType']} does not go with type {body['type']}")
	if body["groupName"] not in type.groups:
		raise invalid(f"Property group {body['groupName']} does not exist")
	if name in type.properties and not type.properties[name].archived:
		raise Refusal(409, "CONFLICT", f"Property '{name}' already exists", sub_category="Properties.EXISTS")
	unique = body.get("hasUniqueValue", False)
	if unique and sum(known.unique for known in type.properties.values()) >= MOST_UNIQUE:
		raise invalid(f"At most {MOST_UNIQUE} properties of {type.name} can have unique values")
	now = portal.clock.now()
	known = Property(
		name,
		body["label"],
		body["type"],
		body["fieldType"],
		body["groupName"],
		_options(body),
		unique=unique,
		defined_by_hubspot=False,
		description=body.get("description", ""),
		created_at=now,
		updated_at=now,
	)
	type.properties[name] = known
	return known


def _options(body: dict) -> list[Option]:
	options = body.get("options") or []
	if body["type"] == "bool" and not options:
		return [Option("true", "True", 0), Option("false", "False", 1)]
	if body["type"] == "enumeration" and not options:
		raise invalid("A property of type enumeration needs options")
	values = [one.get("value") for one in options]
	if len(set(values)) != len(values) or not all(values):
		raise invalid("Options need values, all of them different")
	return [
		Option(
			one["value"],
			one.get("label", one["value"]),
			one.get("displayOrder", -1),
			one.get("hidden", False),
		)
		for one in options
	]


def _change(call: Call, type: ObjectType, known: Property) -> Property:
	body = call.object()
	if "hasUniqueValue" in body or "name" in body:
		raise invalid("name and hasUniqueValue cannot be changed")
	if body.get("groupName", known.group) not in type.groups:
		raise invalid(f"Property group {body['groupName']} does not exist")
	known.label = body.get("label", known.label)
	known.description = body.get("description", known.description)
	known.group = body.get("groupName", known.group)
	if "options" in body:
		known.options = _options({"type": known.type, **body})
	known.updated_at = call.portal.clock.now()
	return known


def _groups(call: Call, type: ObjectType, rest: tuple[str, ...]) -> Answer:
	if call.method == "GET" and not rest:
		return 200, {"results": [_group(name, label) for name, label in type.groups.items()]}
	if call.method == "GET" and rest[0] in type.groups:
		return 200, _group(rest[0], type.groups[rest[0]])
	if call.method == "POST" and not rest:
		body = call.object()
		if not body.get("name") or not body.get("label"):
			raise invalid("Some required fields were not set: [name, label]")
		if body["name"] in type.groups:
			raise Refusal(409, "CONFLICT", f"Property group '{body['name']}' already exists")
		type.groups[body["name"]] = body["label"]
		return 201, _group(body["name"], body["label"])
	raise not_found()


def _group(name: str, label: str) -> dict:
	return {"name": name, "label": label, "displayOrder": -1, "archived": False}


def _batch(call: Call, type: ObjectType, what: str) -> Answer:
	results, errors = [], []
	for one in call.inputs(100):
		name = one.get("name", "") if isinstance(one, dict) else ""
		try:
			if what == "create":
				results.append(rendered(call.portal, type, create(call.portal, type, one)))
			elif what == "read":
				results.append(rendered(call.portal, type, _get(type, name)))
			elif what == "archive":
				_get(type, name).archived = True
			else:
				raise not_found()
		except Refusal as refusal:
			if what not in ("create", "read"):
				raise
			errors.append(refusal.as_row(name=[name]))
	if what == "archive":
		return 204, None
	return batch(call.portal, results, errors, 201 if what == "create" else 200)


def rendered(portal: Portal, type: ObjectType, known: Property) -> dict:
	external = known.options_of in ("owners", "pipelines", "stages")
	options = known.options
	if known.options_of == "currencies":
		options = [Option(code, code, order) for order, code in enumerate(portal.currencies)]
	return {
		"name": known.name,
		"label": known.label,
		"type": known.type,
		"fieldType": known.field_type,
		"description": known.description,
		"groupName": known.group,
		"options": [
			{"label": one.label, "value": one.value, "displayOrder": one.display_order, "hidden": one.hidden}
			for one in options
		],
		"displayOrder": -1,
		"calculated": known.calculated,
		"externalOptions": external,
		"hasUniqueValue": known.unique,
		"hidden": False,
		"hubspotDefined": known.defined_by_hubspot,
		"formField": not known.read_only,
		"archived": known.archived,
		"createdAt": iso(known.created_at),
		"updatedAt": iso(known.updated_at),
		"modificationMetadata": {
			"archivable": not known.defined_by_hubspot,
			"readOnlyDefinition": known.defined_by_hubspot,
			"readOnlyOptions": known.defined_by_hubspot,
			"readOnlyValue": known.read_only,
		},
	}
