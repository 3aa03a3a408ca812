"""The public API's description, OpenAPI 3.1, made of the methods themselves: their models, summaries and docstrings.

Nothing is described by hand that the code says already, so the two cannot differ. What is true for all methods
(errors, limits, ETags, Idempotency-Key) stands here once.
"""

from __future__ import annotations

import re
import sys
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from integration_hub import __version__
from integration_hub.api.rest import documents, idempotency
from integration_hub.api.rest.endpoint import PREFIX, Endpoint, registry
from integration_hub.api.rest.errors import TYPES
from integration_hub.api.rest.shapes import LARGEST, MONEY_SCHEMA, Answer, Job, Media, Output

SCHEMAS = "#/components/schemas/"
#: words of an address and a header: what can be sent at all
_KEY_PATTERN = r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$"
_LIMITS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")

_ABOUT = """Orders, customers, stock, invoices and more of an ERPNext company, for the systems around it.

Every method works with the rights of the user whose key is used, no more. Names of documents and fields are ERPNext's own.
Money is a string in major units ("19.90"), times are ISO 8601 in UTC, dates are days of the site.

Good answers hold their result under `data`, bad ones an `error` with a `type` for programs, a `message` for people and the
`fields` at fault."""

_HEADERS: dict[str, dict[str, Any]] = {
	"RateLimit-Limit": {"description": "Calls per minute of this caller.", "schema": {"type": "integer"}},
	"RateLimit-Remaining": {"description": "Calls left at this moment.", "schema": {"type": "integer"}},
	"RateLimit-Reset": {
		"description": "Seconds until all calls are free again.",
		"schema": {"type": "integer"},
	},
	"Retry-After": {"description": "Seconds to wait before the next try.", "schema": {"type": "integer"}},
	"X-Request-Id": {
		"description": "This request in the log of calls; name it when you ask for help.",
		"schema": {"type": "string"},
	},
	"ETag": {
		"description": "The state of what was answered, for If-None-Match and If-Match.",
		"schema": {"type": "string"},
	},
	"Idempotent-Replayed": {
		"description": "`true` when this is the answer of an earlier request with the same Idempotency-Key.",
		"schema": {"type": "string", "enum": ["true"]},
	},
}

_PARAMETERS: dict[str, dict[str, Any]] = {
	"IfNoneMatch": {
		"name": "If-None-Match",
		"in": "header",
		"description": "ETags of answers you have: 304 without a body when nothing has changed.",
		"schema": {"type": "string"},
	},
	"IfMatch": {
		"name": "If-Match",
		"in": "header",
		"description": "ETag of the document as you saw it: 412 when somebody has changed it since.",
		"schema": {"type": "string"},
	},
	"IdempotencyKey": {
		"name": idempotency.HEADER,
		"in": "header",
		"description": f"A new value for each thing to be done. The same request with the same key is done once within "
		f"{idempotency.HOURS} hours, and answered again.",
		"schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": _KEY_PATTERN},
	},
}

_SECURITY = {
	"key": {
		"type": "apiKey",
		"in": "header",
		"name": "Authorization",
		"description": "`token KEY:SECRET`, with the word `token` before key and secret.",
	},
	"bearer": {
		"type": "http",
		"scheme": "bearer",
		"description": "An Integration API Key (`ihk_…`), or a token of the site's OAuth 2 provider.",
	},
	"oauth": {
		"type": "oauth2",
		"description": "The site's own OAuth 2 provider; use PKCE (S256).",
		"flows": {
			"authorizationCode": {
				"authorizationUrl": "/api/method/frappe.integrations.oauth2.authorize",
				"tokenUrl": "/api/method/frappe.integrations.oauth2.get_token",
				"refreshUrl": "/api/method/frappe.integrations.oauth2.get_token",
				"scopes": {"all": "What the user may do", "openid": "Who the user is"},
			}
		},
	},
	"session": {
		"type": "apiKey",
		"in": "cookie",
		"name": "sid",
		"description": "A signed-in browser. POSTs need the session's X-Frappe-CSRF-Token as well.",
	},
}


def document() -> dict[str, Any]:
	"""The whole description. Nothing in it differs between sites, callers or languages."""
	methods = registry()
	shapes = _Shapes(methods)
	return {
		"openapi": "3.1.0",
		"info": {
			"title": "Integration Hub",
			"version": f"v1 ({__version__})",
			"summary": "The public API of an ERPNext site",
			"description": _ABOUT,
			"license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
		},
		"servers": [{"url": "/", "description": "This site"}],
		"security": [{"key": []}, {"bearer": []}, {"oauth": ["all"]}, {"session": []}],
		"tags": _tags(methods),
		"paths": {
			f"/api/method/{one.path}": {one.verb.lower(): _operation(one, shapes)} for one in methods.values()
		},
		"components": {
			"schemas": {**shapes.named, **_error_schemas()},
			"responses": _error_responses(),
			"headers": _HEADERS,
			"parameters": _PARAMETERS,
			"securitySchemes": _SECURITY,
		},
	}


def short(path: str) -> str:
	"""`customers.list` for a method's whole path."""
	return path.removeprefix(PREFIX)


def _tags(methods: Mapping[str, Endpoint]) -> list[dict[str, str]]:
	modules = dict.fromkeys(one.function.__module__ for one in methods.values())
	return [
		{
			"name": short(module),
			"description": " ".join((sys.modules[module].__doc__ or "").partition("\n\n")[0].split()),
		}
		for module in modules
	]


# --- one method --------------------------------------------------------------------------------------------


def _operation(one: Endpoint, shapes: _Shapes) -> dict[str, Any]:
	found: dict[str, Any] = {
		"operationId": short(one.path),
		"tags": [short(one.function.__module__)],
		"summary": one.summary,
		"description": one.description,
		"parameters": [*_headers(one), *_query(one, shapes)],
		"responses": {**_good(one, shapes), **_bad(one)},
	}
	if one.verb == "POST" and one.takes:
		found["requestBody"] = {
			"required": bool(shapes.of(one.takes).get("required")),
			"content": {"application/json": {"schema": shapes.ref(one.takes, "validation")}},
		}
	if one.guests:
		found["security"] = [{}, {"key": []}]
	return {name: value for name, value in found.items() if value not in ("", [])}


def _headers(one: Endpoint) -> Iterator[dict[str, str]]:
	if one.verb == "GET":
		yield {"$ref": "#/components/parameters/IfNoneMatch"}
		return
	if not one.secret:
		yield {"$ref": "#/components/parameters/IdempotencyKey"}
	if takes_if_match(one):
		yield {"$ref": "#/components/parameters/IfMatch"}


def takes_if_match(one: Endpoint) -> bool:
	"""Whether the function asks `documents.match` before it changes anything."""
	code = one.function.__code__
	return "match" in code.co_names and one.function.__globals__.get("match") is documents.match


def _query(one: Endpoint, shapes: _Shapes) -> Iterator[dict[str, Any]]:
	if one.verb != "GET" or not one.takes:
		return
	model = shapes.of(one.takes)
	for name, schema in model.get("properties", {}).items():
		schema = _in_address(schema)
		found: dict[str, Any] = {
			"name": name,
			"in": "query",
			"required": name in model.get("required", ()),
			"schema": schema,
		}
		if "description" in schema:
			found["description"] = schema.pop("description")
		if schema.get("type") == "array":
			found.update(style="form", explode=False)
		yield found


def _in_address(schema: Mapping[str, Any]) -> dict[str, Any]:
	"""An address cannot say null: what may be null may be left out."""
	choices = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
	if len(choices) == 1:
		return {**choices[0], **{name: value for name, value in schema.items() if name != "anyOf"}}
	return {**schema, "anyOf": choices} if choices else dict(schema)


# --- its answers -------------------------------------------------------------------------------------------


def _good(one: Endpoint, shapes: _Shapes) -> dict[str, Any]:
	headers = {name: {"$ref": f"#/components/headers/{name}"} for name in (*_LIMITS, "X-Request-Id", "ETag")}
	if one.verb == "POST" and not one.secret:
		headers["Idempotent-Replayed"] = {"$ref": "#/components/headers/Idempotent-Replayed"}
	found = {
		str(one.status): {
			"description": "Taken; poll the job" if one.work else "Done",
			"headers": headers,
			"content": _content(one.gives, shapes),
		}
	}
	if one.verb == "GET":
		found["304"] = {"description": "You have it already", "headers": headers}
	if one.bulk:
		found["202"] = {
			"description": "Taken with `background`; poll the job",
			"headers": headers,
			"content": _content(Job, shapes),
		}
	return found


def _content(gives: Any, shapes: _Shapes) -> dict[str, Any]:
	media = media_of(gives)
	if media:
		return {one: {} for one in media}
	schema = shapes.ref(gives, "serialization")
	return {
		"application/json": {
			"schema": {"type": "object", "properties": {"data": schema}, "required": ["data"]},
		}
	}


def media_of(gives: Any) -> tuple[str, ...]:
	"""The media types of a method that answers with a file, not with JSON under `data`; else ()."""
	notes = typing.get_args(gives)[1:] if typing.get_origin(gives) is typing.Annotated else ()
	for note in notes:
		if isinstance(note, Media):
			return note.types
	return ("*/*",) if gives is Answer else ()


def _bad(one: Endpoint) -> dict[str, Any]:
	return {
		str(status): {"$ref": f"#/components/responses/{_response_name(status)}"} for status in statuses(one)
	}


def statuses(one: Endpoint) -> list[int]:
	"""Every HTTP status an error of this method may have."""
	never = set()
	if one.verb == "GET":
		never |= {409, 412, 413}
	elif not takes_if_match(one):
		never |= {412}
	if one.guests and not one.takes:
		never |= {403, 404}
	return sorted({status for status, _words in TYPES.values()} - never)


def _response_name(status: int) -> str:
	return f"Error{status}"


def _error_schemas() -> dict[str, Any]:
	field = {
		"type": "object",
		"properties": {"field": {"type": "string"}, "message": {"type": "string"}},
		"required": ["field", "message"],
	}
	return {
		"Error": {
			"type": "object",
			"properties": {
				"type": {
					"type": "string",
					"enum": list(TYPES),
					"description": "\n".join(
						f"- `{name}` ({status}): {words}" for name, (status, words) in TYPES.items()
					),
				},
				"message": {"type": "string", "description": "A sentence for people."},
				"fields": {"type": "array", "items": field, "description": "The input that is at fault."},
				"request_id": {"type": "string"},
			},
			"required": ["type", "message", "fields", "request_id"],
		}
	}


def _error_responses() -> dict[str, Any]:
	found = {}
	for status in sorted({status for status, _words in TYPES.values()}):
		types = [name for name, (its, _words) in TYPES.items() if its == status]
		names = ["X-Request-Id"]
		if status in (409, 429, 503):
			names.append("Retry-After")
		found[_response_name(status)] = {
			"description": " ".join(TYPES[name][1] for name in types),
			"headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
			"content": {
				"application/json": {
					"schema": {
						"type": "object",
						"properties": {
							"error": {
								"allOf": [
									{"$ref": f"{SCHEMAS}Error"},
									{"properties": {"type": {"enum": types}}},
								]
							}
						},
						"required": ["error"],
					}
				},
				# a web server in front says in its own words that an address is too long, or that nobody answers it
				**({"text/html": {}} if status in (400, 502, 503) else {}),
			},
		}
	return found


# --- schemas -----------------------------------------------------------------------------------------------


#: pydantic's words for limits → JSON schema's (pydantic leaves some as they are, in `Quantity | None` with a `gt`)
_LIMIT = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


class _Schema(GenerateJsonSchema):
	"""pydantic's own, but fields of answers are not promised: a caller may ask for fewer (`fields`), permission levels
	hide some, and versions of ERPNext differ in a field or two."""

	def field_title_should_be_set(self, schema: Any) -> bool:
		return False

	def default_schema(self, schema: Any) -> dict[str, Any]:
		"""Left out is not the same as null (in `update`, null empties a field)."""
		found = super().default_schema(schema)
		if found.get("default", 0) is None:
			del found["default"]
		return found

	def decimal_schema(self, schema: Any) -> dict[str, Any]:
		"""Money as it is taken: digits in a string, or a number within its limits."""
		limits = {word: float(schema[name]) for name, word in _LIMIT.items() if schema.get(name) is not None}
		if not limits.keys() & {"minimum", "exclusiveMinimum"}:
			limits["exclusiveMinimum"] = -float(LARGEST)
		if not limits.keys() & {"maximum", "exclusiveMaximum"}:
			limits["exclusiveMaximum"] = float(LARGEST)
		return {**MONEY_SCHEMA, "type": ["string", "number"], **limits}

	def model_schema(self, schema: Any) -> dict[str, Any]:
		found = super().model_schema(schema)
		found.pop("title", None)
		if self.mode == "serialization" and issubclass(schema["cls"], Output):
			found.pop("required", None)
		return found


class _Shapes:
	"""The JSON schemas of everything that methods take and give; `named` are those under components."""

	def __init__(self, methods: Mapping[str, Endpoint]):
		asked: dict[tuple[Any, str], Any] = {}
		for one in methods.values():
			if one.takes:
				asked[(one.takes, "validation")] = one.takes
			if not media_of(one.gives):
				asked[(one.gives, "serialization")] = one.gives
		asked[(Job, "serialization")] = Job
		self._numbers = {key: number for number, key in enumerate(asked)}
		found, defined = TypeAdapter.json_schemas(
			[(number, key[1], TypeAdapter(asked[key])) for key, number in self._numbers.items()],
			ref_template=SCHEMAS + "{model}",
			schema_generator=_Schema,
		)
		plain = defined.get("$defs", {})
		names = _names(plain)
		self._found = {number: _renamed(schema, names) for (number, _mode), schema in found.items()}
		self._defined: dict[str, Any] = {}
		for name, schema in plain.items():
			schema = _renamed(schema, names)
			if self._defined.setdefault(names[name], schema) != schema:
				raise ValueError(f"two different schemas would be called {names[name]}")
		self.named = {name: self._defined[name] for name in sorted(self._used(methods))}

	def _used(self, methods: Mapping[str, Endpoint]) -> set[str]:
		"""Not the models of addresses: they are written out as parameters."""
		asked = [
			self.ref(one.takes, "validation") for one in methods.values() if one.takes and one.verb == "POST"
		]
		asked += [self.of(one.takes) for one in methods.values() if one.takes and one.verb == "GET"]
		asked += [self.ref(one.gives, "serialization") for one in methods.values() if not media_of(one.gives)]
		asked.append(self.ref(Job, "serialization"))
		used: set[str] = set()
		while asked:
			for name in _referred(asked.pop()):
				if name not in used:
					used.add(name)
					asked.append(self._defined[name])
		return used

	def ref(self, kind: Any, mode: str) -> dict[str, Any]:
		return dict(self._found[self._numbers[(kind, mode)]])

	def of(self, model: Any) -> dict[str, Any]:
		"""The schema itself of an input model."""
		ref = self.ref(model, "validation")
		return self._defined[ref["$ref"].removeprefix(SCHEMAS)] if "$ref" in ref else ref


def _names(defined: Mapping[str, Any]) -> dict[str, str]:
	"""pydantic's name of each schema → ours. Two models of one name are told apart by their module ("orders.Line"), pages
	and bulk bodies are named after their rows."""
	found = {}
	for name in defined:
		module, _underscores, own = name.rpartition("__") if "__v1__" in name else ("", "", name)
		own = own.removeprefix("integration_hub__api__rest__shapes__")
		found[name] = f"{module.rpartition('__v1__')[2]}.{own}" if module else own
	for name, schema in defined.items():
		row = schema.get("properties", {}).get("rows", {}).get("items", {}).get("$ref")
		kind = re.match(r"(Page|Bulk)_", found[name])
		if row and kind:
			found[name] = f"{found[row.removeprefix(SCHEMAS)]}.{kind[1]}"
	return found


def _renamed(schema: Any, names: Mapping[str, str]) -> Any:
	if isinstance(schema, list):
		return [_renamed(one, names) for one in schema]
	if not isinstance(schema, dict):
		return schema
	if "$ref" in schema and isinstance(schema["$ref"], str):
		return {**schema, "$ref": SCHEMAS + names[schema["$ref"].removeprefix(SCHEMAS)]}
	words = _LIMIT if schema.get("type") in ("number", "integer") else {}
	return {words.get(name, name): _renamed(one, names) for name, one in schema.items()}


def _referred(schema: Any) -> Iterator[str]:
	if isinstance(schema, dict):
		if isinstance(schema.get("$ref"), str):
			yield schema["$ref"].removeprefix(SCHEMAS)
		for one in schema.values():
			yield from _referred(one)
	elif isinstance(schema, list):
		for one in schema:
			yield from _referred(one)
