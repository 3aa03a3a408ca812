"""The search endpoint: filter groups, one sort, pages of 200, never more than 10,000 results."""

import json
import re
import zlib
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from sandbox.vendors.hubspot.errors import broken_json, invalid
from sandbox.vendors.hubspot.model import ObjectType, Property, Record, Version
from sandbox.vendors.hubspot.values import Wrong, moment

if TYPE_CHECKING:
	from sandbox.vendors.hubspot.portal import Portal

PAGE, WINDOW, BODY = 200, 10_000, 3_000
GROUPS, FILTERS, TOGETHER = 5, 6, 18
WITHOUT_VALUE = ("HAS_PROPERTY", "NOT_HAS_PROPERTY")
WITH_VALUES = ("IN", "NOT_IN")
OPERATORS = (
	"EQ NEQ LT LTE GT GTE BETWEEN IN NOT_IN HAS_PROPERTY NOT_HAS_PROPERTY CONTAINS_TOKEN NOT_CONTAINS_TOKEN"
).split()
SEARCHED = {  # properties that `query` looks into
	"contacts": ("firstname", "lastname", "email", "phone", "company", "hs_additional_emails"),
	"companies": ("website", "phone", "name", "domain"),
	"deals": ("dealname", "pipeline", "dealstage", "description", "dealtype"),
	"leads": ("hs_lead_name",),
	"tickets": ("subject", "content"),
}


def search(portal: "Portal", type: ObjectType, body: object, raw_length: int) -> tuple[list, int, int | None]:
	"""One page of (record, what the index knows), the total, and where the next page begins."""
	if not isinstance(body, dict):
		raise broken_json("the body must be an object")
	if raw_length > BODY:
		raise invalid(f"The request body may have {BODY} characters, and has {raw_length}")
	groups = _groups(type, body.get("filterGroups"))
	limit, start = _limit(body.get("limit", 10)), _after(body.get("after"))
	if start + limit > WINDOW:
		raise invalid(f"Search results are limited to {WINDOW} (after {start}, limit {limit})")
	query = str(body.get("query") or "").lower()
	found = []
	for record in portal.records[type.name].values():
		version = portal.indexed(record)
		if version is None or version.archived:
			continue
		if _matches(type, version, groups) and (not query or _contains(type, version, query)):
			found.append((record, version))
	_sort(type, found, body.get("sorts"))
	end = start + limit
	return found[start:end], len(found), end if end < len(found) else None


# ---- what is asked


def _limit(limit: object) -> int:
	limit = int(limit) if isinstance(limit, str) and limit.isdigit() else limit
	if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
		raise invalid(f"limit must be a number, not {limit!r}")
	if limit > PAGE:
		raise invalid(f"limit must be at most {PAGE}")
	return limit


def _after(after: object) -> int:
	if after in (None, ""):
		return 0
	if not str(after).isdigit():
		raise invalid(f"after is not valid: {after!r}")
	return int(str(after))


def _groups(type: ObjectType, groups: object) -> list[list[dict]]:
	if groups is None:
		return []
	if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
		raise broken_json("filterGroups must be a list of objects")
	found = [group.get("filters") or [] for group in groups]
	if len(found) > GROUPS:
		raise invalid(f"There can be at most {GROUPS} filter groups")
	if any(len(filters) > FILTERS for filters in found):
		raise invalid(f"There can be at most {FILTERS} filters in a group")
	if sum(len(filters) for filters in found) > TOGETHER:
		raise invalid(f"There can be at most {TOGETHER} filters")
	for filters in found:
		for one in filters:
			_check_filter(type, one)
	return found


def _check_filter(type: ObjectType, one: object) -> None:
	if not isinstance(one, dict) or not isinstance(one.get("propertyName"), str):
		raise broken_json("a filter needs a propertyName and an operator")
	operator, name = one.get("operator"), one["propertyName"]
	if operator not in OPERATORS:
		raise broken_json(f"Cannot deserialize value of type `Operator`: {json.dumps(operator)}")
	known = type.properties.get(name)
	if known is None or known.archived:
		raise invalid(
			"There was a problem with the request.",
			errors=[
				{"message": f"Property '{name}' does not exist for {type.name}", "code": "INVALID_PROPERTY"}
			],
		)
	if operator in WITH_VALUES:
		values = one.get("values")
		if not isinstance(values, list) or not values:
			raise invalid(f"operator {operator} requires values")
	elif operator == "BETWEEN":
		values = [one.get("value"), one.get("highValue")]
	elif operator in WITHOUT_VALUE:
		values = []
	else:
		values = [one.get("value")]
	for value in values:
		if not isinstance(value, str):
			raise invalid(f"operator {operator} on {name} requires a value (a string)")
		_key(known, value)


def _sort(type: ObjectType, found: list[tuple[Record, Version]], sorts: object) -> None:
	"""By one property. Rows with the same value come in no order that means anything, but always the same."""
	found.sort(key=lambda pair: zlib.crc32(str(pair[0].id).encode()))
	if not sorts:
		found.sort(key=lambda pair: pair[0].created_at)
		return
	if not isinstance(sorts, list) or len(sorts) > 1:
		raise invalid("Only one sort is allowed")
	(sort,) = sorts
	if isinstance(sort, str):
		name, descending = sort.lstrip("-"), sort.startswith("-")
	elif isinstance(sort, dict):
		name, descending = sort.get("propertyName"), sort.get("direction", "ASCENDING") == "DESCENDING"
	else:
		raise broken_json("a sort is a string or an object")
	known = type.properties.get(name)
	if known is None:
		raise invalid(f"Property '{name}' does not exist for {type.name}")
	without = [pair for pair in found if name not in pair[1].properties]
	having = [pair for pair in found if name in pair[1].properties]
	having.sort(key=lambda pair: _key(known, pair[1].properties[name]), reverse=descending)
	found[:] = [*having, *without]


# ---- what matches


def _key(known: Property, value: str):
	"""Something to compare by: a number, milliseconds, or small letters."""
	try:
		if known.type == "number":
			return Decimal(value)
		if known.type in ("date", "datetime"):
			return moment(value)
	except (Wrong, InvalidOperation):
		raise invalid(
			"There was a problem with the request.",
			errors=[
				{"message": f"{value} is not a valid {known.type} for {known.name}", "code": "INVALID_VALUE"}
			],
		) from None
	return value.lower()


def _matches(type: ObjectType, version: Version, groups: list[list[dict]]) -> bool:
	return not groups or any(all(_holds(type, version, one) for one in group) for group in groups)


def _holds(type: ObjectType, version: Version, one: dict) -> bool:
	known, operator = type.properties[one["propertyName"]], one["operator"]
	value = version.properties.get(known.name)
	if operator == "HAS_PROPERTY":
		return value is not None
	if operator == "NOT_HAS_PROPERTY":
		return value is None
	if operator in ("NEQ", "NOT_IN", "NOT_CONTAINS_TOKEN") and value is None:
		return False  # HubSpot leaves out what has no value at all
	if value is None:
		return False
	if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
		return _has_token(value, one["value"]) == (operator == "CONTAINS_TOKEN")
	mine = {_key(known, part) for part in (value.split(";") if known.field_type == "checkbox" else [value])}
	if type.name == "contacts" and known.name == "email":
		others = version.properties.get("hs_additional_emails", "")
		mine |= {email for email in others.split(";") if email}
	if operator in WITH_VALUES:
		return any(_key(known, wanted) in mine for wanted in one["values"]) == (operator == "IN")
	low = _key(known, one["value"])
	if operator in ("EQ", "NEQ"):
		return (low in mine) == (operator == "EQ")
	(single,) = list(mine)[:1]
	return {
		"LT": lambda: single < low,
		"LTE": lambda: single <= low,
		"GT": lambda: single > low,
		"GTE": lambda: single >= low,
		"BETWEEN": lambda: low <= single <= _key(known, one["highValue"]),
	}[operator]()


def _has_token(value: str, wanted: str) -> bool:
	"""Whole words; `*` stands for any letters."""
	pattern = ".*".join(re.escape(part) for part in wanted.lower().split("*"))
	words = re.split(r"[\s@.,;:/+_-]+", value.lower())
	return any(re.fullmatch(pattern, word) for word in [*words, value.lower()])


def _contains(type: ObjectType, version: Version, query: str) -> bool:
	words = [version.properties.get(name, "").lower() for name in SEARCHED.get(type.name, ())]
	return all(any(part in word for word in words) for part in query.split())
