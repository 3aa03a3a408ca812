"""Everything that is made of the public API's description: the Python client's methods and types, and the tables in
docs/api.md. And tables of the documentation that are made of the code: roles in docs/authentication.md, events and tries
in docs/webhooks.md. `make generated` writes them; a test says when they are old."""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
CLIENT = PROJECT / "clients" / "python" / "integration_hub_client"
DOCS = PROJECT / "docs" / "api.md"
SIGNING_IN = PROJECT / "docs" / "authentication.md"
LISTENING = PROJECT / "docs" / "webhooks.md"
PREFIX = "/api/method/integration_hub.api.v1."
SCHEMAS = "#/components/schemas/"
_NOTE = "# Made of the API's description by clients/generate.py (`make generated`): do not edit.\n"

Json = Mapping[str, Any]


def files(document: Json) -> dict[Path, str]:
	"""Path → text of every generated file."""
	return {
		CLIENT / "types.py": types(document),
		CLIENT / "methods.py": methods(document),
		DOCS: with_tables(DOCS.read_text(), methods=table(document), errors=errors(document)),
		SIGNING_IN: with_tables(SIGNING_IN.read_text(), roles=roles()),
		LISTENING: with_tables(LISTENING.read_text(), events=events(), retries=retries()),
	}


# --- what the description says -----------------------------------------------------------------------------


def operations(document: Json) -> Iterator[tuple[str, str, str, Json]]:
	"""(group, method, verb, operation), in order."""
	for path, verbs in document["paths"].items():
		group, _dot, name = path.removeprefix(PREFIX).rpartition(".")
		for verb, operation in verbs.items():
			yield group.replace(".", "_"), name, verb.upper(), operation


def result_of(operation: Json, *statuses: str) -> Json | None:
	"""The schema of what stands under `data`; None for a file."""
	for status in statuses or ("200", "201", "202"):
		content = operation["responses"].get(status, {}).get("content", {})
		schema = content.get("application/json", {}).get("schema")
		if schema:
			return schema["properties"]["data"]
	return None


def body_of(operation: Json, document: Json) -> Json:
	"""The schema of a POST's body, its reference followed."""
	content = operation.get("requestBody", {}).get("content", {})
	schema = content.get("application/json", {}).get("schema", {})
	return follow(schema, document)


def follow(schema: Json, document: Json) -> Json:
	if "$ref" in schema:
		return document["components"]["schemas"][schema["$ref"].removeprefix(SCHEMAS)]
	return schema


def has_parameter(operation: Json, name: str) -> bool:
	return {"$ref": f"#/components/parameters/{name}"} in operation.get("parameters", [])


def queries(operation: Json) -> list[Json]:
	return [one for one in operation.get("parameters", []) if one.get("in") == "query"]


def row_of(operation: Json, document: Json) -> Json | None:
	"""The schema of a page's rows, when the method gives pages."""
	result = result_of(operation)
	if result is None or "cursor" not in [one["name"] for one in queries(operation)]:
		return None
	page = follow(result, document)
	return page.get("properties", {}).get("rows", {}).get("items")


# --- types -------------------------------------------------------------------------------------------------


def class_name(name: str) -> str:
	return "".join(part[:1].upper() + part[1:] for part in re.split(r"\W+|__", name) if part).replace("_", "")


def annotation(schema: Any, *, here: str = "", listed: str = "list", answer: bool = False) -> str:
	"""A JSON schema as a Python type. `here` is put before the names of our own types. Input may be what Python has and
	JSON has not (datetime, Decimal); an `answer` is JSON."""
	if not schema or schema is True:
		return "Any"
	again = lambda one: annotation(one, here=here, listed=listed, answer=answer)  # noqa: E731
	if "$ref" in schema:
		return here + class_name(schema["$ref"].removeprefix(SCHEMAS))
	if "const" in schema:
		return f"Literal[{json.dumps(schema['const'])}]"
	if "enum" in schema:
		return f"Literal[{', '.join(_literal(one) for one in schema['enum'])}]"
	if "anyOf" in schema or "oneOf" in schema:
		parts = list(dict.fromkeys(again(one) for one in schema.get("anyOf") or schema["oneOf"]))
		if "Any" in parts:
			return "Any"
		return " | ".join(
			[*(one for one in parts if one != "None"), *(one for one in parts if one == "None")]
		)
	kinds = schema.get("type")
	if isinstance(kinds, list):
		# money in input: a string or a number
		return here + "Money" if set(kinds) == {"string", "number"} else "Any"
	if kinds == "array" and "prefixItems" in schema:
		# whoever calls may write a list, too, of which a type checker knows no places
		places = [one for place in schema["prefixItems"] for one in place.get("anyOf", [place])]
		return (
			f"{listed}[{again({'anyOf': [{'type': 'string'} if 'enum' in one else one for one in places]})}]"
		)
	if kinds == "array":
		return f"{listed}[{again(schema.get('items'))}]"
	if kinds == "object":
		return f"dict[str, {again(schema.get('additionalProperties'))}]"
	if kinds == "string" and schema.get("format") in ("date-time", "date") and not answer:
		return here + ("Moment" if schema["format"] == "date-time" else "Day")
	return {
		"string": "str",
		"integer": "int",
		"number": "float",
		"boolean": "bool",
		"null": "None",
	}.get(kinds, "Any")


def _literal(value: Any) -> str:
	return "None" if value is None else repr(value) if isinstance(value, bool) else json.dumps(value)


def wanted(document: Json) -> dict[str, bool]:
	"""Names of the schemas that methods' types need → whether they are answers. Pages and bodies are spelt out in the
	methods."""
	answers: list[Any] = []
	inputs: list[Any] = []
	for _group, _name, verb, operation in operations(document):
		row = row_of(operation, document)
		answers += [row if row is not None else result_of(operation), result_of(operation, "202")]
		if verb == "POST":
			inputs += body_of(operation, document).get("properties", {}).values()
		inputs += [one["schema"] for one in queries(operation)]
	given, taken = _reachable(answers, document), _reachable(inputs, document)
	return {name: name in given for name in sorted(given | taken)}


def _reachable(asked: list[Any], document: Json) -> set[str]:
	found: set[str] = set()
	while asked:
		one = asked.pop()
		if isinstance(one, dict):
			name = str(one.get("$ref", "")).removeprefix(SCHEMAS)
			if name and name not in found:
				found.add(name)
				asked.append(document["components"]["schemas"][name])
			asked += one.values()
		elif isinstance(one, list):
			asked += one
	return found


def types(document: Json) -> str:
	parts = [
		f'{_NOTE}"""Shapes of what the API takes and gives. Fields of answers may be absent: `fields` asks for fewer, and\n'
		'permission levels hide some."""\n\nfrom __future__ import annotations\n\n'
		"from datetime import date, datetime\nfrom decimal import Decimal\nfrom typing import Any, Literal\n\n"
		"from typing_extensions import NotRequired, TypedDict\n\n"
		"#: an aware moment; in answers it is a string, ISO 8601 in UTC\nMoment = str | datetime\n"
		"#: a day, YYYY-MM-DD\nDay = str | date\n"
		"#: an amount in major units; in answers it is a string\nMoney = str | int | float | Decimal\n"
	]
	for name, answer in wanted(document).items():
		parts.append(_type(class_name(name), document["components"]["schemas"][name], answer))
	text = "\n\n".join(parts)
	return text if "Literal[" in text else text.replace("Any, Literal", "Any")


def _type(name: str, schema: Json, answer: bool) -> str:
	if "properties" not in schema:
		return f"{name} = {annotation(schema, answer=answer)}\n"
	required = schema.get("required", ())
	fields = {
		field: _field(annotation(one, answer=answer), field in required)
		for field, one in schema["properties"].items()
	}
	if any(keyword.iskeyword(field) or not field.isidentifier() for field in fields):
		inner = "".join(f'\t\t"{field}": {kind},\n' for field, kind in fields.items())
		return f'{name} = TypedDict(\n\t"{name}",\n\t{{\n{inner}\t}},\n)\n'
	lines = [f"class {name}(TypedDict):"]
	if schema.get("description"):
		lines.append(_doc(schema["description"], 1))
		lines.append("")
	lines += [f"\t{field}: {kind}" for field, kind in fields.items()] or ["\tpass"]
	return "\n".join(lines) + "\n"


def _field(kind: str, required: bool) -> str:
	return kind if required else f"NotRequired[{kind}]"


def _doc(text: str, depth: int) -> str:
	"""A docstring of at most 110 columns."""
	indent, words, lines = "\t" * depth, " ".join(text.split()).replace("\\", "\\\\").split(" "), [""]
	for word in words:
		if len(lines[-1]) + len(word) + 1 > 96 - 4 * depth:
			lines.append("")
		lines[-1] = f"{lines[-1]} {word}".strip()
	return f'{indent}"""' + f"\n{indent}".join(lines) + '"""'


# --- methods -----------------------------------------------------------------------------------------------


def methods(document: Json) -> str:
	groups: dict[str, list[str]] = {}
	for group, name, verb, operation in operations(document):
		write = _posts if verb == "POST" else _gets
		groups.setdefault(group, []).extend(write(name, operation, document))
	about = {one["name"].replace(".", "_"): one.get("description", "") for one in document["tags"]}
	parts = []
	for group, found in groups.items():
		head = f"class {class_name(group.title())}:\n{_doc(about.get(group) or group, 1)}\n\n"
		parts.append(
			head
			+ "\tdef __init__(self, calls: Transport):\n\t\tself._calls = calls\n\n"
			+ "\n\n".join(found)
			+ "\n"
		)
	attributes = "".join(f"\t\tself.{group} = {class_name(group.title())}(calls)\n" for group in groups)
	parts.append(
		'class Methods:\n\t"""All methods, by kind of thing."""\n\n'
		f"\tdef __init__(self, calls: Transport):\n{attributes}"
	)
	text = "\n\n".join(parts)
	imports = [one for one in ("Any", "Literal") if re.search(rf"\b{one}\b", text)]
	typing = f"from typing import {', '.join(imports)}\n" if imports else ""
	builtins = "import builtins\n" if "builtins." in text else ""
	sequence = "from collections.abc import Sequence\n" if "Sequence[" in text else ""
	calling = [one for one in ("UNSET", "Rows", "Transport", "Unset") if re.search(rf"\b{one}\b", text)]
	return (
		f'{_NOTE}"""The API\'s methods."""\n\nfrom __future__ import annotations\n\n'
		f"{builtins}{sequence}{typing}\n"
		f"from . import types as t\nfrom .calling import {', '.join(calling)}\n\n\n{text}"
	)


def _gets(name: str, operation: Json, document: Json) -> Iterator[str]:
	path = json.dumps(operation["operationId"])
	parameters = [
		_Parameter(one["name"], one["schema"], bool(one["required"]), "None") for one in queries(operation)
	]
	row = row_of(operation, document)
	if row is None:
		call = "read" if result_of(operation) is not None else "fetch"
		body = f"\t\treturn self._calls.{call}({path}, {_arguments(parameters)})"
		yield _method(name, parameters, [], _gives(operation), operation, body)
		return
	# the cursor is the iterator's own affair
	parameters = [one for one in parameters if one.name != "cursor"]
	first = _Parameter("cursor", {"type": "string"}, False, "None")
	body = (
		f"\t\targuments = {_arguments(parameters)}\n"
		f'\t\treturn Rows(lambda at: self._calls.read({path}, {{**arguments, "cursor": at}}), cursor)'
	)
	yield _method(name, [*parameters, first], [], f"Rows[{_typed(row)}]", operation, body)


def _posts(name: str, operation: Json, document: Json) -> Iterator[str]:
	schema = body_of(operation, document)
	parameters = [
		_Parameter(field, kind, field in schema.get("required", ()), "UNSET")
		for field, kind in schema.get("properties", {}).items()
	]
	if "202" not in operation["responses"]:
		yield _post(name, parameters, operation, _gives(operation))
		return
	parameters = [one for one in parameters if one.name != "background"]
	yield _post(name, parameters, operation, _gives(operation))
	again = {**operation, "summary": f"{operation['summary']}, in the background", "description": ""}
	job = _typed(result_of(operation, "202") or {})
	yield _post(f"{name}_in_background", parameters, again, job, background=True)


def _post(
	name: str, parameters: list[_Parameter], operation: Json, gives: str, background: bool = False
) -> str:
	names = {"IdempotencyKey": "idempotency_key", "IfMatch": "if_match"}
	headers = [python for name, python in names.items() if has_parameter(operation, name)]
	arguments = _arguments(parameters, background)
	path = json.dumps(operation["operationId"])
	sent = [f"{one}={one}" for one in headers]
	if "idempotency_key" not in headers:
		sent.append("keyed=False")
	body = f"\t\treturn self._calls.write({path}, {arguments}, {', '.join(sent)})"
	return _method(name, parameters, [f"{one}: str | None = None" for one in headers], gives, operation, body)


@dataclass(frozen=True)
class _Parameter:
	name: str
	schema: Json
	required: bool
	#: what stands for "left out"
	empty: str

	@property
	def python(self) -> str:
		return f"{self.name}_" if keyword.iskeyword(self.name) or self.name == "self" else self.name

	def __str__(self) -> str:
		kind = annotation(self.schema, here="t.", listed="Sequence")
		if self.required:
			return f"{self.python}: {kind}"
		if kind == "Any":
			return f"{self.python}: Any = {self.empty}"
		other = "None" if self.empty == "None" else "Unset"
		return f"{self.python}: {kind if kind.endswith(f'| {other}') else f'{kind} | {other}'} = {self.empty}"


def _typed(schema: Json) -> str:
	return annotation(schema, here="t.", listed="builtins.list", answer=True)


def _gives(operation: Json) -> str:
	result = result_of(operation)
	return "bytes" if result is None else _typed(result)


def _arguments(parameters: list[_Parameter], background: bool = False) -> str:
	pairs = [f"{json.dumps(one.name)}: {one.python}" for one in parameters]
	return "{" + ", ".join([*pairs, *(['"background": True'] if background else [])]) + "}"


def _method(
	name: str, parameters: list[_Parameter], extra: list[str], gives: str, operation: Json, body: str
) -> str:
	first = [str(one) for one in parameters if one.required]
	later = [*(str(one) for one in parameters if not one.required), *extra]
	signature = ", ".join(["self", *first, *(["*", *later] if later else [])])
	about = ". ".join(
		one.rstrip(".") for one in (operation["summary"], operation.get("description", "")) if one
	)
	python = f"{name}_" if keyword.iskeyword(name) else name
	if gives not in ("Any", "bytes") and not gives.startswith("Rows["):
		body = body.replace("return ", f"found: {gives} = ", 1) + "\n\t\treturn found"
	return f"\tdef {python}({signature}) -> {gives}:\n{_doc(f'{about}.', 2)}\n{body}"


# --- docs --------------------------------------------------------------------------------------------------


def table(document: Json) -> str:
	lines = ["| method | verb | what it does | takes | gives |", "|---|---|---|---|---|"]
	for _group, _name, verb, operation in operations(document):
		takes = [f"`{one['name']}`" + ("" if one["required"] else "?") for one in queries(operation)]
		if verb == "POST":
			body = body_of(operation, document)
			takes = [
				f"`{field}`" + ("" if field in body.get("required", ()) else "?")
				for field in body.get("properties", {})
			]
		row = row_of(operation, document)
		gives = f"pages of {annotation(row)}" if row is not None else _gives(operation)
		gives = (
			gives.replace("t.", "").replace("builtins.", "").replace("bytes", "a file").replace("|", "\\|")
		)
		who = " Open to everybody." if {} in operation.get("security", ()) else ""
		lines.append(
			f"| `{operation['operationId']}` | {verb} | {operation['summary'].rstrip('.')}.{who} "
			f"| {', '.join(takes)} | {gives} |"
		)
	return "\n".join(lines)


def errors(document: Json) -> str:
	"""Every type of error, from the words of the schema: - `type` (status): words."""
	words = document["components"]["schemas"]["Error"]["properties"]["type"]["description"]
	found = re.findall(r"^- `(\w+)` \((\d+)\): (.+)$", words, re.MULTILINE)
	return "\n".join(
		[
			"| type | status | when |",
			"|---|---|---|",
			*(f"| `{name}` | {status} | {when} |" for name, status, when in found),
		]
	)


def roles() -> str:
	"""What each ready-made role may do with which DocType."""
	from integration_hub.sync.roles import RIGHTS, ROLES

	short = [role.removeprefix("Integration ") for role in ROLES]
	lines = ["| DocType | " + " | ".join(short) + " |", "|---|" + "---|" * len(short)]
	for doctype in sorted({name for rights in ROLES.values() for name in rights}):
		cells = [", ".join(RIGHTS[one] for one in rights.get(doctype, "")) for rights in ROLES.values()]
		lines.append(f"| {doctype} | " + " | ".join(cells) + " |")
	return "\n".join(lines)


def events() -> str:
	"""What can be subscribed to, and what is told of it."""
	from integration_hub.sync.messages.catalogue import KINDS

	lines = ["| event | when | document | told unless others are asked for |", "|---|---|---|---|"]
	for kind in KINDS.values():
		fields = ", ".join(f"`{field}`" for field in kind.fields)
		lines.append(f"| `{kind.key}` | {kind.says} | {kind.doctype} | {fields} |")
	return "\n".join(lines)


def retries() -> str:
	"""The pauses between tries of an outgoing message."""
	from integration_hub.connectors.webhooks import Webhooks
	from integration_hub.sync.retry import JITTER

	lines = [
		f"| try | after (±{JITTER:.0%}) | since it happened, about |",
		"|---|---|---|",
		"| 1 | at once | 0 s |",
	]
	since = 0
	for number, pause in enumerate(Webhooks.ladder, start=2):
		since += pause
		lines.append(f"| {number} | {_time(pause)} | {_time(since)} |")
	return "\n".join(lines)


def _time(seconds: float) -> str:
	hours, rest = divmod(int(seconds), 3600)
	minutes, seconds = divmod(rest, 60)
	parts = ((hours, "h"), (minutes, "min"), (seconds if not hours else 0, "s"))
	return " ".join(f"{count} {unit}" for count, unit in parts if count)


def with_tables(text: str, **tables: str) -> str:
	for name, made in tables.items():
		begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
		before, rest = text.split(begin)
		text = f"{before}{begin}\n{made}\n{end}{rest.split(end)[1]}"
	return text


# --- writing -----------------------------------------------------------------------------------------------


def formatted(path: Path, text: str) -> str:
	"""Python as the project's formatter writes it."""
	if path.suffix != ".py":
		return text
	ruff = Path(sys.executable).with_name("ruff")
	command = [str(ruff), "format", "--quiet", "--stdin-filename", str(path), "-"]
	return subprocess.run(command, input=text, text=True, capture_output=True, check=True, cwd=PROJECT).stdout


def main() -> None:
	from sandbox.engine import activate

	activate()  # the API's modules need Frappe beside them, no site
	from integration_hub.api.rest.openapi import document

	for path, text in files(document()).items():
		path.write_text(formatted(path, text))
		print(path.relative_to(PROJECT))


if __name__ == "__main__":
	main()
