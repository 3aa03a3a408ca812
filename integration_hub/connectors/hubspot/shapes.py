"""Small readings of HubSpot's values: times, texts, lists in a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Json = Mapping[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECONDS = re.compile(r"-?\d{9,}")


def instant(value: Any) -> datetime:
	"""A time of HubSpot's, aware (UTC): ISO 8601 or milliseconds. Raises ValueError for what is none."""
	text = str(value or "").strip()
	if _MILLISECONDS.fullmatch(text):
		return EPOCH + timedelta(milliseconds=int(text))
	moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
	return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def milliseconds(moment: datetime) -> int:
	return (moment - EPOCH) // timedelta(milliseconds=1)


def version(moment: datetime) -> str:
	"""A change time that sorts as text: always UTC, always milliseconds ("2026-01-31T10:00:00.000Z")."""
	return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def zone_of(name: Any) -> tzinfo:
	"""An account's time zone ("US/Eastern"); UTC where HubSpot names none that there is."""
	try:
		return ZoneInfo(str(name or "UTC"))
	except (ZoneInfoNotFoundError, ValueError):
		return timezone.utc


def day_of(text: str, zone: tzinfo) -> str:
	"""The day that a moment is on, where the account is ("2026-01-31")."""
	return str(instant(text).astimezone(zone).date())


def noon_of(day: str, zone: tzinfo) -> str:
	"""A moment that is on this day, where the account is and nearly everywhere else."""
	return version(datetime.combine(date.fromisoformat(day), time(12), zone))


def parts(text: str | None) -> list[str]:
	"""What a text lists, separated by ";" as HubSpot does, or by commas as people do."""
	return [one.strip() for one in re.split(r"[;,]", text or "") if one.strip()]


def a_dict(value: Any) -> Json:
	return value if isinstance(value, Mapping) else {}


def a_list(value: Any) -> list[Any]:
	return value if isinstance(value, list) else []
