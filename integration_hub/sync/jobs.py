"""Long work that the public API starts and lets the caller poll: reports, exports, bulk in the background.

A job is a row first (Integration API Job), committed with the request that asks for it; a worker is woken after that
commit, and the sweep finds jobs whose wake-up or worker was lost. It runs with the rights of who asked. What it writes
and its end are one transaction: a job that was killed half-way has done nothing and runs again.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import frappe
from frappe import _
from frappe.utils import now_datetime
from pydantic import BaseModel
from redis.exceptions import RedisError

from integration_hub import database
from integration_hub.failures import Rejected
from integration_hub.sync import keys, wake
from integration_hub.sync.failing import sort
from integration_hub.sync.words import as_text

DOCTYPE = "Integration API Job"
METHOD = "integration_hub.tasks.run_api_job"
#: seconds one job may take; its lease is a little longer
SECONDS = 1500
#: a job whose worker died this often is not tried again: it may be what kills them
MOST_TRIES = 3


class File:
	"""What a job's function returns when the result is a file to be fetched."""

	def __init__(self, name: str, content: bytes, about: dict[str, Any]):
		self.name, self.content, self.about = name, content, about


def start(method: str, arguments: BaseModel | None, api_key: str | None = None) -> dict[str, Any]:
	"""Store a job for the present user and wake a worker after commit. `method` is the dotted path of an endpoint,
	`arguments` its input, `api_key` the name of the key that the request came with. Returns how the job stands, as `shown`
	does."""
	job = frappe.get_doc(
		{
			"doctype": DOCTYPE,
			"user": frappe.session.user,
			"api_key": api_key,
			"method": method,
			"arguments": arguments.model_dump_json(exclude_unset=True) if arguments else "{}",
			"status": "Queued",
			"due_at": now_datetime(),
		}
	)
	job.insert(
		ignore_permissions=True
	)  # safe: whoever may call the method may have it done; the row is its own
	frappe.db.after_commit.add(lambda: _enqueue(job.name))
	return shown(job)


def shown(job: Any) -> dict[str, Any]:
	"""How a job stands: what `jobs.get` answers."""
	return {
		"name": job.name,
		"method": job.method,
		"status": job.status,
		"message": job.message or None,
		"result": json.loads(job.result) if job.result else None,
		"file_name": job.file_name or None,
	}


def run(name: str) -> None:
	"""Do one job, if it is still to be done. For workers."""
	if not _take(name):
		return
	job = frappe.get_doc(DOCTYPE, name)
	former = frappe.session.user
	try:
		_must_still_be_let_in(job)
		frappe.set_user(job.user)
		one = frappe.get_attr(job.method).endpoint
		given = one.takes.model_validate_json(job.arguments) if one.takes else None
		database.persist(lambda: _do(name, one, given))
	except Exception as error:  # noqa: BLE001 - the border of a job: sorted and written down, none is swallowed
		frappe.db.rollback()
		failure = sort(error)
		_end(name, "Failed", message=failure.sentence)
		frappe.db.commit()  # the end of a failed job is all there is to keep
	finally:
		frappe.set_user(former)
		frappe.clear_messages()


def _must_still_be_let_in(job: Any) -> None:
	"""Whoever is switched off is out, with what was asked for and not done yet."""
	if not frappe.db.get_value("User", job.user, "enabled"):
		raise Rejected(_("This user is switched off."))
	if job.api_key and not keys.is_on(job.api_key):
		raise Rejected(_("The key that asked for this is switched off."))


def _do(name: str, one: Any, given: BaseModel | None) -> None:
	_end(name, "Done", result=_result(one, given))
	frappe.db.commit()  # what was written and the job's end together


def _result(one: Any, given: BaseModel | None) -> Any:
	answer = one.run(given)  # for work of its own: looks at rights and input as they are now
	return one.work(given) if one.work else answer.body


def _take(name: str) -> bool:
	"""Claim the job: one UPDATE that only one worker can win. Commits."""
	frappe.db.rollback()  # a fresh snapshot
	job = frappe.qb.DocType(DOCTYPE)
	moment = now_datetime()
	(
		frappe.qb.update(job)
		.set(job.status, "Working")
		.set(job.due_at, moment + timedelta(seconds=SECONDS + 60))
		.set(job.tries, job.tries + 1)
		.set(job.modified, moment)
		.where((job.name == name) & job.status.isin(("Queued", "Working")) & (job.due_at <= moment))
		.run()
	)
	taken = frappe.db._cursor.rowcount == 1
	frappe.db.commit()  # the claim must be seen by others and survive us
	return taken


def _end(name: str, status: str, *, result: Any = None, message: str = "") -> None:
	values: dict[str, Any] = {
		"status": status,
		"message": as_text(message),
		"due_at": None,
		"ended_at": now_datetime(),
	}
	if isinstance(result, File):
		values.update(file_name=result.name, file=_keep(name, result))
		result = result.about
	values["result"] = json.dumps(result, ensure_ascii=False) if result is not None else None
	frappe.db.set_value(DOCTYPE, name, values)


def _keep(job: str, file: File) -> str:
	"""The file beside its job, private: only who may read the job may read it, which is its user and System Managers. By a
	random name: Frappe gives a private file also to whoever has made a File that leads to its address."""
	kept = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": f"{frappe.generate_hash(length=32)}.{file.name.rpartition('.')[2]}",
			"attached_to_doctype": DOCTYPE,
			"attached_to_name": job,
			"is_private": 1,
			"content": file.content,
		}
	)
	kept.insert(ignore_permissions=True)  # safe: made of what the job's user was allowed to read
	return kept.name


def sweep() -> int:
	"""Wake workers for jobs that are due: their wake-up was lost, or their worker died. Commits."""
	moment = now_datetime()
	frappe.db.set_value(
		DOCTYPE,
		{"status": "Working", "due_at": ("<", moment), "tries": (">=", MOST_TRIES)},
		{
			"status": "Failed",
			"due_at": None,
			"ended_at": moment,
			"message": _("Its worker died {0} times; it is not tried again.").format(MOST_TRIES),
		},
	)
	frappe.db.commit()  # given up for all to see
	names = frappe.get_all(
		DOCTYPE,
		filters={"status": ("in", ("Queued", "Working")), "due_at": ("<=", moment)},
		pluck="name",
		limit_page_length=500,
	)
	for name in names:
		_enqueue(name)
	return len(names)


def _enqueue(name: str) -> None:
	try:
		wake.start(
			METHOD,
			queue="long",
			timeout=SECONDS,
			job_id=f"integration_hub_job_{name}",
			deduplicate=True,
			job=name,
		)
	except (RedisError, frappe.QueueOverloaded) as error:
		# the row is there: the next sweep tries again
		frappe.logger("integration_hub").warning(f"no worker for job {name} now: {error}")
