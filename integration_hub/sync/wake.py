"""Get a worker going for a Connection. Waking may fail or be lost: the sweep finds what is due anyway.

A Connection has a few numbered job ids ("slots"). RQ refuses a second job of the same id while the first
is queued, so a thousand webhooks enqueue at most `workers_per_connection` jobs; a slot whose job has
already started may be past its last look, so the next slot is taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import frappe
from frappe import _
from frappe.query_builder.functions import Count
from frappe.utils import now_datetime
from frappe.utils.background_jobs import get_job_status
from redis.exceptions import RedisError
from rq.job import JobStatus

from integration_hub import database

METHOD = "integration_hub.tasks.work"
QUEUE = "default"
#: a job ends by itself much earlier (`worker.SHIFT`); the rest is for the vendor's last answers
JOB_SECONDS = 600
#: more slots, for where jobs that were killed still look busy
SPARE_SLOTS = 20
#: seconds within which a worker that lives takes Events again
LATELY = 120
#: Redis is away, or Frappe takes no more jobs because too many wait
NOT_NOW = (RedisError, frappe.QueueOverloaded)


def wake_after_commit(connection: str) -> None:
	"""For document events: wake only if the user's save is really committed. Once per transaction."""
	database.gathered("integration_hub_woken", frappe.db.after_commit, _wake_each)[connection] = None


def _wake_each(names: Iterable[str]) -> None:
	for name in names:
		wake(name)


def wake(connection: str) -> None:
	"""Enqueue a worker job now. What it shall find must be committed already."""
	_enqueue(connection, _slots())


def rescue(connection: str) -> None:
	"""Events are overdue although jobs should run: a job that was killed looks busy until RQ finds out, so there are spare
	slots. Not while as many workers as may be are seen to work, or a long backlog would take up all workers of the site."""
	if _at_work(connection) < _slots():
		_enqueue(connection, _slots() + SPARE_SLOTS)


def _at_work(connection: str) -> int:
	"""Workers that hold Events of a Connection and took them lately, each by a lease of its own. One that was killed is not
	waited for until its lease runs out."""
	event = frappe.qb.DocType("Integration Event")
	[(number,)] = (
		frappe.qb.from_(event)
		.select(Count(event.lease).distinct())
		.where(
			(event.connection == connection)
			& (event.lease_until > now_datetime())
			& (event.modified > now_datetime() - timedelta(seconds=LATELY))
		)
		.run()
	)
	return number


def _enqueue(connection: str, slots: int) -> None:
	"""A job in the first of these slots that has none at work; nothing when one waits there already."""
	for slot in range(slots):
		job_id = job_id_of(connection, str(slot))
		with quietly(connection):
			if get_job_status(job_id) == JobStatus.STARTED:
				continue
			start(
				METHOD,
				queue=QUEUE,
				timeout=JOB_SECONDS,
				job_id=job_id,
				deduplicate=True,
				connection=connection,
			)
		return


def start(method: str, **options: Any) -> None:
	"""`frappe.enqueue`, for which a full queue is `QueueOverloaded`, whoever asks.

	Frappe 16 looks up a permission while it says that the queue is full, and that look-up raises PermissionError for
	everybody who is no System Manager: the guest of a webhook, a user who submits a Delivery Note.
	"""
	try:
		frappe.enqueue(method, **options)
	except frappe.PermissionError as error:
		raise frappe.QueueOverloaded(_("Too many background jobs are waiting.")) from error


def job_id_of(connection: str, slot: str) -> str:
	# newer RQ allows only letters, digits, "_" and "-" in ids, so the Connection's title is hashed
	digest = hashlib.sha1(connection.encode(), usedforsecurity=False).hexdigest()[:16]
	return f"integration_hub_work_{digest}_{slot}"


def _slots() -> int:
	name = "Integration Settings"
	return max(1, int(frappe.get_cached_value(name, name, "workers_per_connection") or 2))


@contextmanager
def quietly(connection: str) -> Iterator[None]:
	"""Enqueue without harm to the caller's save, webhook or sweep: what is due stays due, the next sweep tries again."""
	shown = len(frappe.message_log)
	try:
		yield
	except NOT_NOW as error:
		del frappe.message_log[shown:]  # not the user's business
		frappe.logger("integration_hub").warning(f"no job for {connection} now: {error}")
