"""Form-encoded nested parameters: `line_items[0][price_data][unit_amount]=1000`, `expand[]=data.source`."""

import re
from urllib.parse import parse_qsl

from sandbox.vendors.stripe.errors import Refusal

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def parse(encoded: str) -> dict:
	"""Nested dicts with strings at the ends; numbered parts stay dicts with digits as keys, `[]` makes lists."""
	found: dict = {}
	for name, value in parse_qsl(encoded, keep_blank_values=True):
		if "\x00" in value or "\x00" in name:
			raise Refusal("Invalid string: contains a null byte", param=name.replace("\x00", ""), early=True)
		_put(found, _path(name), value, name)
	return found


def _path(name: str) -> list[str]:
	matched = NAME.fullmatch(name)
	if not matched:
		raise Refusal(f"Invalid parameter name: {name}", code="parameter_unknown", param=name, early=True)
	return [matched[1], *re.findall(r"\[([^\[\]]*)\]", matched[2])]


def _put(found: dict, path: list[str], value: str, name: str) -> None:
	here: dict | list = found
	for place, part in enumerate(path):
		last = place == len(path) - 1
		if part == "":
			if not last or not isinstance(here, list):
				raise Refusal(f"Invalid array: {name}", param=path[0], early=True)
			here.append(value)
			return
		if not isinstance(here, dict):
			raise Refusal(f"Invalid object: {name}", param=path[0], early=True)
		if last:
			here[part] = value
			return
		here = here.setdefault(part, [] if path[place + 1] == "" else {})
		if not isinstance(here, dict | list):
			raise Refusal(f"Invalid object: {name}", param=path[0], early=True)
