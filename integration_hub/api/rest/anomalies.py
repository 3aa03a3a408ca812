"""What is unusual about a call: marks in the log of calls, and a word to people.

- "new address": a known caller, from an address it has not called from for 30 days
- "burst": refused for its limit, or many more calls in a minute than this caller usually makes
- "refusals": ten answers 401 or 403 within five minutes, to one caller or one address
- "key refused": a right token, from where or how its key does not allow it: somebody else may have it

Each question reads a few entries of an index, whatever the size of the log.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import frappe
from frappe import _
from redis.exceptions import RedisError

from integration_hub.sync import alerts

DOCTYPE = "Integration API Call"
KNOWN_FOR = timedelta(days=30)
REFUSALS, REFUSALS_WITHIN = 10, timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
#: fewer calls in a minute than these are no burst, and so many times the usual are one
BURST, TIMES_THE_USUAL = 60, 5
#: the usual is the pace of so many calls before the last minute
USUAL_OF = 300
#: seconds between two alerts about one caller
QUIET = 3600


def marks_of(row: Any, *, key_refused: bool = False) -> list[str]:
	"""The marks of a call that is written down already."""
	found = []
	if key_refused:
		found.append("key refused")
	if _from_a_new_address(row):
		found.append("new address")
	if row.http_status == 429 or _far_over_its_usual(row):
		found.append("burst")
	if row.http_status in (401, 403) and _refused_often(row):
		found.append("refusals")
	return found


def _from_a_new_address(row: Any) -> bool:
	if row.caller.startswith("address:") or row.http_status in (401, 403):
		return False
	since = row.called_at - KNOWN_FOR
	others = [["caller", "=", row.caller], ["called_at", ">=", since], ["name", "!=", row.name]]
	return not _any([*others, ["address", "=", row.address]]) and _any(others)


def _far_over_its_usual(row: Any) -> bool:
	minute_ago = row.called_at - MINUTE
	many_ago = _nth_latest(row.caller, row.called_at, BURST)
	if many_ago is None or many_ago < minute_ago:
		return False
	# an index entry for each call of the minute; a limit for each key keeps them few
	lately = frappe.db.count(DOCTYPE, {"caller": row.caller, "called_at": (">", minute_ago)})
	former = _nth_latest(row.caller, minute_ago, USUAL_OF)
	if former is None:
		return False  # too little is known of it
	minutes = max((minute_ago - former) / MINUTE, 1.0)
	return lately > TIMES_THE_USUAL * USUAL_OF / minutes


def _nth_latest(caller: str, until: Any, number: int) -> Any | None:
	"""When the `number`th call before a moment came; None when there were not so many."""
	found = frappe.get_all(
		DOCTYPE,
		filters=[["caller", "=", caller], ["called_at", "<=", until]],
		pluck="called_at",
		order_by="called_at desc",
		limit_start=number - 1,
		limit_page_length=1,
	)
	return found[0] if found else None


def _refused_often(row: Any) -> bool:
	lately = [["called_at", ">=", row.called_at - REFUSALS_WITHIN], ["http_status", "in", (401, 403)]]
	return any(
		len(_some([*lately, [field, "=", row.get(field)]], REFUSALS)) >= REFUSALS
		for field in ("caller", "address")
	)


def _any(filters: list[Any]) -> bool:
	return bool(_some(filters, 1))


def _some(filters: list[Any], limit: int) -> list[str]:
	# in the order of the index: Frappe's own order would sort all that fit
	return frappe.get_all(
		DOCTYPE, filters=filters, pluck="name", limit_page_length=limit, order_by="called_at desc"
	)


def tell(row: Any, marks: list[str]) -> None:
	"""Tell people, once an hour for each caller. In the caller's transaction."""
	key = frappe.cache.make_key(f"integration_hub_api_alert:{row.caller}")
	try:
		if not frappe.cache.set(key, 1, nx=True, ex=QUIET):
			return
	except RedisError as error:
		# the marks are in the log; without Redis nobody knows who was told what
		frappe.logger("integration_hub").warning(f"nobody is told of {marks} of {row.caller}: {error}")
		return
	alerts.tell(
		_("API: something unusual about {0}").format(row.caller),
		_(
			"{0}, calling {1} from {2}. The log of API calls has all of it; switch its key off if this is not right."
		).format(", ".join(_(mark) for mark in marks), row.method, row.address),
		(DOCTYPE, row.name),
	)
