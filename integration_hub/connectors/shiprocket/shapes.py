"""Small readings of Shiprocket's values. Their types vary from answer to answer: "45.5" or 45.5, "" or null, one
object or a list of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

Json = Mapping[str, Any]

#: India has one time zone and no summer time; Shiprocket writes its times without an offset
IST = timezone(timedelta(hours=5, minutes=30), "IST")
#: the second is the format of a webhook's `current_timestamp`, in whose body other times have the first
_TIMES = (
	"%Y-%m-%d %H:%M:%S",
	"%d %m %Y %H:%M:%S",
	"%Y-%m-%d %H:%M:%S.%f",
	"%Y-%m-%dT%H:%M:%S",
	"%Y-%m-%d %H:%M",
	"%d-%m-%Y %H:%M:%S",
	"%Y-%m-%d",
)
_DATES = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y")


def text(value: Any) -> str:
	"""A value as text; "" for null and for what is no single value."""
	if value is None or isinstance(value, bool | list | dict):
		return ""
	return str(value).strip()


def number(value: Any) -> Decimal | None:
	"""A number that may come as text; None when it is none."""
	try:
		found = Decimal(text(value))
	except InvalidOperation:
		return None
	return found if found.is_finite() else None


def whole(value: Any) -> int | None:
	"""A code ("7", 7, 7.0); None for "NA" and the like."""
	found = number(value)
	return int(found) if found is not None and found == found.to_integral_value() else None


def is_set(value: Any) -> bool:
	"""A switch: 1, "1", true, "Yes"; everything else is off."""
	return value is True or text(value).lower() in ("1", "true", "yes", "y")


def a_dict(value: Any) -> Json:
	return value if isinstance(value, Mapping) else {}


def a_list(value: Any) -> list[Any]:
	"""One object where a list was meant becomes a list of one."""
	if isinstance(value, list):
		return value
	return [value] if value else []


def instant(value: Any) -> datetime | None:
	"""A time of Shiprocket's, aware (IST); None for "", "0000-00-00 00:00:00" and what is no time."""
	if isinstance(value, Mapping):  # {"date": "2022-11-25 11:17:52.878599", "timezone": "Asia/Kolkata"}
		value = value.get("date")
	written = text(value)
	for form in _TIMES:
		try:
			return datetime.strptime(written, form).replace(tzinfo=IST)
		except ValueError:
			continue
	return None


def day(value: Any) -> date | None:
	"""A date ("Nov 27, 2026", "2026-11-27 10:00:00"); None for "3-4 days"."""
	moment = instant(value)
	if moment:
		return moment.date()
	for form in _DATES:
		try:
			return datetime.strptime(text(value), form).date()
		except ValueError:
			continue
	return None


def days(value: Any) -> Decimal | None:
	"""How many days: "4", 4, or the later of "3-4 days"."""
	found = re.findall(r"\d+(?:\.\d+)?", text(value))
	return Decimal(found[-1]) if found and not day(value) else None


def stamp(moment: datetime) -> str:
	"""A version: UTC, to the second, in a form that sorts as text ("2026-01-31T10:00:00Z")."""
	return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def words(body: Any, depth: int = 4) -> str:
	"""Why something was refused, in Shiprocket's words, in one line: its message and what it says of each field."""
	found = list(dict.fromkeys(_words(body, depth)))
	if len(found) > 1 and found[0].lower().startswith("oops"):
		found = found[1:]  # "Oops! Invalid Data." says nothing that the fields do not say
	line = "; ".join(found)
	return line if len(line) <= 300 else line[:300] + "…"


def _words(value: Any, depth: int) -> list[str]:
	if isinstance(value, str):
		return [" ".join(value.split())] if value.strip() else []
	if depth == 0:
		return []
	if isinstance(value, list):
		return [said for inner in value[:5] for said in _words(inner, depth - 1)]
	if not isinstance(value, Mapping):
		return []
	said: list[str] = []
	for name in ("message", "error", "awb_assign_error", "errors", "response", "data"):
		inner = value.get(name)
		if name in ("message", "errors") and isinstance(inner, Mapping):
			for field, reasons in inner.items():
				said += [
					f"{field}: {reason}" if field not in reason else reason
					for reason in _words(reasons, depth - 1)
				]
		elif name != "data" or not said:
			said += _words(inner, depth - 1)
	return said
