"""Forgetting: personal data in payloads, old Attempts and old ended Events, by the days in the settings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import frappe
from frappe.query_builder import DocType
from frappe.utils import add_days, now_datetime

#: rows deleted or emptied in one statement, so that no lock is held long
CHUNK = 2000


def forget() -> dict[str, int]:
	"""One round; commits chunk by chunk. Parked and dead Events keep their payload: they can be replayed."""
	settings = frappe.get_cached_doc("Integration Settings")
	return {
		"payloads": _redact_payloads(settings.keep_payload_days or 30),
		"attempts": _delete_old("Integration Attempt", settings.keep_attempts_days or 30),
		"events": _delete_old("Integration Event", settings.keep_done_days or 90, ("Done", "Ignored")),
		"idempotency keys": _delete_old("Integration Idempotency Key", 1),
		"calls": _delete_old("Integration API Call", settings.keep_calls_days or 90),
		"jobs": _delete_jobs(settings.keep_jobs_days or 7),
	}


def _redact_payloads(days: int) -> int:
	return sum(_redact(status, add_days(now_datetime(), -days)) for status in ("Done", "Ignored"))


def _redact(status: str, old: datetime) -> int:
	"""Along the index (status, done_at), so that what was emptied on former days is passed over once and not again for
	each chunk."""
	event = DocType("Integration Event")
	total, since = 0, datetime(2000, 1, 1)
	while True:
		rows = (
			frappe.qb.from_(event)
			.select(event.name, event.done_at)
			.where(
				(event.status == status)
				& (event.done_at >= since)
				& (event.done_at < old)
				& (event.payload_redacted == 0)
			)
			.orderby(event.done_at)
			.limit(CHUNK)
			.run()
		)
		if not rows:
			return total
		(
			frappe.qb.update(event)
			.set(event.payload, None)
			.set(event.payload_redacted, 1)
			.where(event.name.isin([name for name, _done_at in rows]))
			.run()
		)
		frappe.db.commit()  # a chunk at a time: a long table must not be locked for minutes
		total, since = total + len(rows), rows[-1][1]


def _delete_jobs(days: int) -> int:
	"""Ended jobs of the API with the files they made: exports hold personal data."""
	old = add_days(now_datetime(), -days)
	total = 0
	while True:
		jobs = frappe.get_all(
			"Integration API Job",
			filters={"status": ("in", ("Done", "Failed")), "ended_at": ("<", old)},
			fields=["name", "file"],
			limit_page_length=CHUNK,
		)
		if not jobs:
			return total
		for job in jobs:
			_delete_job(job)
		total += len(jobs)


def _delete_job(job: Any) -> None:
	frappe.db.delete("Integration API Job", {"name": job.name})
	if job.file:
		# safe: a file that the job made and nobody else can read
		frappe.delete_doc("File", job.file, ignore_permissions=True, ignore_missing=True, force=True)
	frappe.db.commit()  # row and file together; the file leaves the disk after it


def _delete_old(doctype: str, days: int, statuses: tuple[str, ...] | None = None) -> int:
	table = DocType(doctype)
	old = add_days(now_datetime(), -days)
	total = 0
	while True:
		query = frappe.qb.from_(table).select(table.name).where(table.creation < old).limit(CHUNK)
		if statuses:
			query = query.where(table.status.isin(statuses))
		names = query.run(pluck=True)
		if not names:
			return total
		frappe.qb.from_(table).delete().where(table.name.isin(names)).run()
		frappe.db.commit()  # a chunk at a time: a long table must not be locked for minutes
		total += len(names)
