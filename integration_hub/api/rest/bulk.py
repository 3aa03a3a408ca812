"""Many rows in one call, each with a result of its own: a row that fails is undone alone, the others are kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import frappe

from integration_hub import database
from integration_hub.api.rest.errors import from_exception
from integration_hub.sync import wake

#: a web request must answer before its server gives it up (120 seconds on a usual bench); what is left is said
SECONDS = 60


NOT_TRIED: dict[str, Any] = {"status": "not_tried", "name": None, "error": None}


def clock() -> Callable[[], bool]:
	"""Starts the time of a bulk call; the function says whether there is some left. A job has all the time it wants."""
	end = time.monotonic() + SECONDS if getattr(frappe.local, "request", None) else None
	return lambda: end is None or time.monotonic() <= end


def each(rows: Sequence[Any], do: Callable[[Any], tuple[str, str]]) -> dict[str, Any]:
	"""`do` every row in a savepoint; it returns (status, name of the document). The shape is `BulkResult`.

	Trouble with locks undoes the whole transaction in the database, so it is raised: nothing was done, and the whole
	request can be sent again. So is a full job queue.
	"""
	results: list[dict[str, Any]] = []
	in_time = clock()
	for number, row in enumerate(rows):
		if not in_time():
			results.append({"row": number, **NOT_TRIED})
			continue
		results.append({"row": number, **one(row, do)})
	return answer(results)


def answer(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
	"""`BulkResult` of the rows' results."""
	tried = [one["status"] for one in results]
	return {
		"results": results,
		"done": sum(status not in ("failed", "not_tried") for status in tried),
		"failed": tried.count("failed"),
		"not_tried": tried.count("not_tried"),
	}


def one(row: Any, do: Callable[[Any], tuple[str, str]]) -> dict[str, Any]:
	"""`do` one row in a savepoint; see `each`. Returns the rest of its `RowResult`."""
	shown = len(frappe.message_log)
	frappe.db.savepoint("integration_hub_row")
	try:
		status, name = do(row)
	except Exception as error:
		if database.is_lock_trouble(error) or isinstance(error, wake.NOT_NOW):
			raise
		frappe.db.rollback(save_point="integration_hub_row")
		failure = from_exception(error)
		del frappe.message_log[shown:]
		return {"status": "failed", "name": None, "error": failure.row()}
	frappe.db.release_savepoint("integration_hub_row")
	del frappe.message_log[shown:]
	return {"status": status, "name": name, "error": None}
