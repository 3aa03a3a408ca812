"""What the connector contract promises to whoever writes a connector, a line each: python -m tests.support.promised adds
what is new to `tests/contract.txt`, and refuses to leave anything out."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from integration_hub import failures, records
from integration_hub.connectors import contract, signing
from integration_hub.connectors.contract.capabilities import CAPABILITIES
from integration_hub.connectors.http import Http, Response
from integration_hub.connectors.tokens import Tokens

KEPT = Path(__file__).resolve().parents[1] / "contract.txt"
#: what connectors are given, beside the records
TOOLS = (contract.Connector, contract.Vault, Http, Response, Tokens)


def lines() -> list[str]:
	found: list[str] = []
	for name, protocol in CAPABILITIES.items():
		found += _members(name, protocol)
	for tool in TOOLS:
		found += _members(tool.__name__, tool)
	for module in (contract, records, failures):
		for name, kind in sorted(vars(module).items()):
			if inspect.isclass(kind) and kind.__module__.startswith("integration_hub."):
				found += _made(name, kind)
	for name, function in sorted(vars(signing).items()):
		if inspect.isfunction(function) and function.__module__ == signing.__name__:
			found += _called(f"signing.{name}", function)
	return sorted(set(found))


def _members(name: str, kind: type) -> Iterator[str]:
	"""Methods with what they are called with; attributes by name."""
	fields: dict[str, Any] = {}
	for base in reversed(kind.__mro__):
		if base.__module__.startswith("integration_hub."):
			fields |= dict.fromkeys(inspect.get_annotations(base))
			fields |= {member: value for member, value in vars(base).items() if not member.startswith("_")}
	for member in fields:
		value = inspect.getattr_static(kind, member, None)
		value = getattr(value, "__func__", value)
		if member.startswith("_"):
			continue
		if inspect.isfunction(value):
			yield from _called(f"{name}.{member}", value)
		else:
			yield f"{name}.{member}"


def _called(name: str, function: Any) -> Iterator[str]:
	"""What must be given stands in the brackets and never grows; what may be given has a line for each."""
	given = [
		one for one in inspect.signature(function).parameters.values() if one.name not in ("self", "cls")
	]
	must = [one for one in given if one.default is one.empty]
	yield f"{name}({', '.join(_word(one) for one in must)})"
	for one in given:
		if one.default is not one.empty:
			yield f"{name}({_word(one)}=)"


def _word(parameter: inspect.Parameter) -> str:
	return {parameter.KEYWORD_ONLY: "*", parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(
		parameter.kind, ""
	) + parameter.name


def _made(name: str, kind: type) -> Iterator[str]:
	"""What connectors make and read: fields that must be given, and those that may."""
	if issubclass(kind, BaseModel):
		must = [field for field, said in kind.model_fields.items() if said.is_required()]
		may = [field for field in kind.model_fields if field not in must]
	elif dataclasses.is_dataclass(kind):
		nothing = dataclasses.MISSING
		fields = dataclasses.fields(kind)
		must = [one.name for one in fields if one.default is nothing and one.default_factory is nothing]
		may = [one.name for one in fields if one.name not in must]
	elif issubclass(kind, Exception):
		yield from _called(name, kind.__init__)
		return
	else:
		return
	yield f"{name}({', '.join(must)})"
	for field in may:
		yield f"{name}({field}=)"


def main() -> None:
	now, before = lines(), KEPT.read_text().splitlines() if KEPT.exists() else []
	if lost := sorted(set(before) - set(now)):
		sys.exit("Promised, and not there any more:\n" + "\n".join(lost))
	KEPT.write_text("\n".join(now) + "\n")


if __name__ == "__main__":
	main()
