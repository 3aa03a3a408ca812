"""Writing Attempts: one row for each try at an Event, one for each HTTP exchange (already redacted)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import frappe
from frappe.utils import convert_utc_to_system_timezone, now_datetime

from integration_hub.connectors.http import Exchange
from integration_hub.sync.words import as_text

DOCTYPE = "Integration Attempt"
_COLUMNS = (
	"name",
	"owner",
	"modified_by",
	"creation",
	"modified",
	"docstatus",
	"idx",
	"event",
	"connection",
	"kind",
	"result",
	"milliseconds",
	"started_at",
	"method",
	"status_code",
	"url",
	"message",
	"request",
	"response",
)


def add_try(
	connection: str, event: str, result: str, message: str, started: float, *, detail: str = ""
) -> None:
	"""One try, in the caller's transaction. `started` is `time.monotonic()` at its beginning."""
	took = time.monotonic() - started
	began = now_datetime() - timedelta(seconds=took)
	values = (
		event,
		connection,
		"Try",
		result,
		int(took * 1000),
		began,
		None,
		0,
		None,
		as_text(message),
		None,
	)
	_insert([(*values, detail or None)])


def add_exchanges(connection: str, event: str | None, exchanges: Sequence[Exchange]) -> None:
	"""HTTP exchanges of one vendor talk. `event` is None when it served several Events; an exchange may name its own."""
	_insert(
		[
			(
				one.about or event,
				connection,
				"Exchange",
				one.failure or "Done",
				one.milliseconds,
				convert_utc_to_system_timezone(one.started_at).replace(tzinfo=None),
				one.method,
				one.status or 0,
				as_text(one.url),
				as_text(one.sentence),
				one.request_body,
				one.response_body,
			)
			for one in exchanges
		]
	)


def _insert(rows: Sequence[tuple[Any, ...]]) -> None:
	moment, user = now_datetime(), frappe.session.user
	frappe.db.bulk_insert(
		DOCTYPE,
		list(_COLUMNS),
		[(frappe.generate_hash(length=20), user, user, moment, moment, 0, 0, *row) for row in rows],
	)
