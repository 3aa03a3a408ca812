"""Input is what the description says, and nothing that only looks like it.

pydantic takes "0" for a day and "1700000000" for a moment, `yes` for true, and digits of every script for a number. A
slip of the hand would become a date of 1970; here it is an error. Addresses and forms, where all is text, are turned
into JSON by what each field wants, so both are judged by the same rules.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic_core import CoreSchema, core_schema

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,2})?", re.ASCII)
MONEY = r"^-?[0-9]{1,11}(\.[0-9]{1,9})?$"
_MONEY = re.compile(MONEY)
#: what MariaDB keeps, and what stays a year in every time zone
_YEARS = range(1000, 9999)
_parse = TypeAdapter(datetime)


def moment(value: Any) -> datetime:
	"""RFC 3339, with its time zone."""
	if not isinstance(value, datetime):
		if not isinstance(value, str) or not _MOMENT.fullmatch(value.strip()):
			raise ValueError("must be a moment with its time zone, like 2026-03-01T09:30:00Z")
		value = _parse.validate_python(value.strip())
	if value.year not in _YEARS:
		raise ValueError("is out of range")
	return value


def day(value: Any) -> date:
	if isinstance(value, datetime) or not isinstance(value, date):
		if not isinstance(value, str) or not _DAY.fullmatch(value.strip()):
			raise ValueError("must be a day, like 2026-03-01")
		try:
			value = date.fromisoformat(value.strip())
		except ValueError:
			raise ValueError("is no day of the calendar") from None
	if value.year not in _YEARS:
		raise ValueError("is out of range")
	return value


def money(value: Any) -> Decimal:
	"""Major units: a string of digits, or a number."""
	if isinstance(value, Decimal):
		return value
	if isinstance(value, str) and _MONEY.fullmatch(value.strip()):
		return Decimal(value.strip())
	if isinstance(value, int | float) and not isinstance(value, bool):
		return Decimal(str(value))
	raise ValueError('must be an amount like "19.90"')


def guarded(schema: CoreSchema) -> CoreSchema:
	"""A model's core schema with `moment` and `day` before every datetime and date in it."""
	if isinstance(schema, list):
		return [guarded(one) for one in schema]
	if isinstance(schema, tuple):
		return tuple(guarded(one) for one in schema)
	if not isinstance(schema, dict):
		return schema
	if schema.get("type") in ("datetime", "date"):
		check = moment if schema["type"] == "datetime" else day
		return core_schema.no_info_before_validator_function(check, schema)
	return {name: guarded(one) if name != "metadata" else one for name, one in schema.items()}


# --- text --------------------------------------------------------------------------------------------------


def from_text(model: type[BaseModel], given: Mapping[str, str]) -> dict[str, Any]:
	"""The fields of an address or a form as JSON has them. What does not fit its field stays text and is refused there."""
	fields = model.model_fields
	return {
		name: _value(fields[name].annotation, text) if name in fields else text
		for name, text in given.items()
	}


def _value(annotation: Any, text: str) -> Any:
	plain = _plain(annotation)
	if list in plain:
		return [part.strip() for part in text.split(",") if part.strip()]
	if bool in plain:
		return {"true": True, "false": False}.get(text.lower(), text)
	if int in plain and _INTEGER.fullmatch(text):
		return int(text)
	if float in plain and _NUMBER.fullmatch(text):
		return float(text)
	return text


def _plain(annotation: Any) -> set[Any]:
	"""The plain types of `Quantity | None`, `list[str]` and the like."""
	origin = typing.get_origin(annotation)
	if origin is list:
		return {list}
	if origin is typing.Annotated:
		return _plain(typing.get_args(annotation)[0])
	if origin is typing.Literal:
		return {type(one) for one in typing.get_args(annotation)}
	inner = typing.get_args(annotation)
	return set().union(*(_plain(one) for one in inner)) if inner else {annotation}
