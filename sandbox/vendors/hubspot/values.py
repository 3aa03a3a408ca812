"""What a property takes: every value is a string, each type has its own rules, and "" clears."""

import functools
import json
import re
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from sandbox.vendors.hubspot.clock import iso
from sandbox.vendors.hubspot.errors import Refusal, broken_json, invalid
from sandbox.vendors.hubspot.model import ObjectType, Property

if TYPE_CHECKING:
	from sandbox.vendors.hubspot.portal import Portal

EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s.,;<>()]{2,}")
DAY = 24 * 60 * 60 * 1000
LONGEST = 65536  # characters of a string property


class Wrong(ValueError):
	"""One value that is not taken: code as HubSpot names it."""

	def __init__(self, code: str, message: str):
		super().__init__(message)
		self.code = code


def cleaned(portal: "Portal", type: ObjectType, properties: object) -> dict[str, str]:
	"""The values as they are kept; raises Refusal that names every property that is wrong."""
	if not isinstance(properties, dict):
		raise broken_json("Cannot deserialize value of type `java.util.LinkedHashMap` for `properties`")
	kept, problems = {}, []
	for name, value in properties.items():
		if not isinstance(value, str):
			raise broken_json(
				f"Cannot deserialize value of type `java.lang.String`: {name} is {json.dumps(value)[:40]}"
			)
		try:
			kept[name.lower()] = _value(portal, type, name.lower(), value)
		except Wrong as wrong:
			problems.append((name, wrong))
	if problems:
		raise not_valid(portal, problems)
	return kept


def not_valid(portal: "Portal", problems: list[tuple[str, Wrong]]) -> Refusal:
	"""HubSpot packs the details into the message as JSON, and repeats them in `errors`."""
	told = [
		{
			"isValid": False,
			"message": str(wrong),
			"error": wrong.code,
			"name": name,
			"localizedErrorMessage": str(wrong),
			"portalId": portal.id,
		}
		for name, wrong in problems
	]
	errors = [
		{"message": str(wrong), "code": wrong.code, "context": {"propertyName": [name]}}
		for name, wrong in problems
	]
	return invalid(
		f"Property values were not valid: {json.dumps(told, separators=(',', ':'))}", errors=errors
	)


def _value(portal: "Portal", type: ObjectType, name: str, value: str) -> str:
	known = type.properties.get(name)
	if known is None or known.archived:
		raise Wrong("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
	if known.read_only or known.calculated:
		raise Wrong(
			"READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set or modified.'
		)
	if value == "":
		return ""
	if name == "email" and type.name == "contacts":
		return _email(value)
	return parsed(portal, type, known, value)


def _email(value: str) -> str:
	value = value.strip().lower()
	if not EMAIL.fullmatch(value):
		raise Wrong("INVALID_EMAIL", f"Email address {value} is invalid")
	return value


def parsed(portal: "Portal", type: ObjectType, known: Property, value: str) -> str:
	"""`value` in the form that is kept; raises Wrong."""
	if known.type == "number":
		return _number(value)
	if known.type == "date":
		return _date(value)
	if known.type == "datetime":
		return iso(moment(value))
	if known.type in ("enumeration", "bool"):
		return _chosen(portal, type, known, value)
	if len(value) > LONGEST:
		raise Wrong("VALUE_TOO_LONG", f"{known.name} can hold {LONGEST} characters")
	return value


def _number(value: str) -> str:
	try:
		number = Decimal(value.strip())
	except InvalidOperation:
		number = Decimal("NaN")
	if not number.is_finite():
		raise Wrong("INVALID_LONG", f"{value} was not a valid number.")
	return value.strip()


def _date(value: str) -> str:
	"""YYYY-MM-DD, or midnight in UTC as milliseconds."""
	try:
		if re.fullmatch(r"-?\d{6,}", value):
			if int(value) % DAY:
				raise Wrong(
					"INVALID_DATE",
					f"{value} is at {iso(int(value))[11:]} and not at midnight UTC, which is required for a date",
				)
			return iso(int(value))[:10]
		return datetime.strptime(value, "%Y-%m-%d").strftime("%Y-%m-%d")
	except Wrong:
		raise
	except (ValueError, OverflowError):
		raise Wrong("INVALID_DATE", f"{value} was not a valid date.") from None


@functools.lru_cache(maxsize=65536)
def moment(value: str) -> int:
	"""Milliseconds since the epoch of an ISO-8601 date with time and zone, of milliseconds, or of a date."""
	try:
		if re.fullmatch(r"-?\d{6,}", value):
			iso(int(value))
			return int(value)
		if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
			value += "T00:00:00Z"
		when = datetime.fromisoformat(value.replace("Z", "+00:00"))
		if when.tzinfo is None:
			raise ValueError("no zone")
		since = when - datetime(1970, 1, 1, tzinfo=timezone.utc)
		return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
	except (ValueError, OverflowError, OSError):
		raise Wrong("INVALID_DATE", f"{value} was not a valid date time.") from None


def _chosen(portal: "Portal", type: ObjectType, known: Property, value: str) -> str:
	allowed = portal.options(type, known)
	several = known.field_type == "checkbox"
	picked = [one for one in value.split(";") if one] if several else [value]
	for one in picked:
		if one not in allowed:
			raise Wrong("INVALID_OPTION", f"{one} was not one of the allowed options: [{', '.join(allowed)}]")
	return ";".join(picked) if several else value
