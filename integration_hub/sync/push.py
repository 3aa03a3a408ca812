"""Stock out: the difference between what is available here and what each vendor was last told.

Nothing is queued per sale. One query per Connection finds where the numbers differ; batches of the vendor's
size go out; each row is settled by itself. A crash between the vendor's answer and our commit tells the same
absolute number again, which changes nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import now_datetime
from pypika import Case

from integration_hub.connectors.contract import PushesStock
from integration_hub.connectors.http import Exchange
from integration_hub.erp import stock
from integration_hub.failures import Failure, NotAuthorised
from integration_hub.records import StockLevel
from integration_hub.sync import attempts, connections, wake
from integration_hub.sync.failing import sort
from integration_hub.sync.words import as_text

METHOD = "integration_hub.tasks.push_stock"
#: a row the vendor refused is offered again after this time, or when "Push now" is pressed
REFUSED_AGAIN = timedelta(hours=6)
#: seconds after which a job ends by itself, well below JOB_SECONDS
SHIFT = 240
JOB_SECONDS = 600


def enqueue_due() -> int:
	"""For the sweep: enqueue a push for every Connection whose stock interval has passed."""
	resource = frappe.qb.DocType("Integration Resource")
	connection = frappe.qb.DocType(connections.DOCTYPE)
	rows = (
		frappe.qb.from_(resource)
		.join(connection)
		.on(connection.name == resource.parent)
		.select(resource.parent, resource.every_minutes, resource.last_run_at)
		.where(
			(resource.enabled == 1)
			& (resource.direction == "Out")
			& (resource.resource == "stock")
			& (connection.enabled == 1)
			& (connection.paused == 0)
		)
		.run(as_dict=True)
	)
	moment = now_datetime()
	due = [
		row.parent
		for row in rows
		if not row.last_run_at
		or row.last_run_at + timedelta(minutes=max(1, row.every_minutes or 10)) <= moment
	]
	for name in due:
		enqueue_quietly(name)
	return len(due)


def enqueue(connection: str, also_refused: bool = False) -> None:
	"""Start a push in the background unless one is queued or running."""
	wake.start(
		METHOD,
		queue="default",
		timeout=JOB_SECONDS,
		job_id=wake.job_id_of(connection, "push_stock"),
		deduplicate=True,
		connection=connection,
		also_refused=also_refused,
	)


def enqueue_quietly(connection: str) -> None:
	"""For document events: a user's save must not fail because no job can be started. The sweep pushes later."""
	with wake.quietly(connection):
		enqueue(connection)


def run(connection_name: str, *, also_refused: bool = False) -> str:
	"""Tell a vendor every stock difference, also those that come up meanwhile. Returns a sentence. Commits after each
	batch. What time was too short for is told by the job that the next sweep starts.
	"""
	connection = connections.fresh(connection_name)
	row = connections.row_of(connection, "stock", "Out")
	if row is None or not connections.is_working(connection):
		return _("Stock is off or paused.")
	exchanges: list[Exchange] = []
	done = True
	try:
		connector = connections.open_connector(connection, on_exchange=exchanges.append)
		if not isinstance(connector, PushesStock):
			return _("{0} takes no stock.").format(connector.title)
		told, refused, done = _push(connection, connector, exchanges, also_refused)
		sentence = _("{0} told, {1} refused").format(told, refused)
	except Exception as error:  # noqa: BLE001 - the border of a background job: sorted, written into the row, people told
		frappe.db.rollback()
		failure = sort(error)
		if isinstance(failure, NotAuthorised):
			connections.pause(connection_name, failure)
		sentence = failure.sentence
	if exchanges:
		attempts.add_exchanges(connection_name, None, exchanges)
	ran = {"last_run_at": now_datetime()} if done else {}
	connections.note(row, **ran, last_result=as_text(sentence))
	frappe.db.commit()  # the end of a background job's piece of work
	return sentence


def _push(
	connection, connector: PushesStock, exchanges: list[Exchange], also_refused: bool
) -> tuple[int, int, bool]:
	"""How many were told and refused, and whether nothing is left to tell. What is sold while we talk wakes nobody (a push
	is at it), so it is looked for again until nothing differs."""
	end = time.monotonic() + SHIFT
	told = refused = 0
	while differences := stock.differences(connection, also_refused=also_refused):
		also_refused = False  # what is refused now waits for its time
		more_told, more_refused, on = _tell(connection, connector, exchanges, differences, end)
		told, refused = told + more_told, refused + more_refused
		if not on:
			return told, refused, False
	return told, refused, True


def _tell(
	connection,
	connector: PushesStock,
	exchanges: list[Exchange],
	differences: Sequence[stock.Difference],
	end: float,
) -> tuple[int, int, bool]:
	told = refused = 0
	for start in range(0, len(differences), connector.stock_batch):
		batch = differences[start : start + connector.stock_batch]
		levels = [
			StockLevel(
				stock_id=one.stock_id, location_id=one.location_id, available=one.available, sku=one.sku or ""
			)
			for one in batch
		]
		frappe.db.rollback()  # nothing is open while we talk
		outcomes = connector.push_stock(levels, key=_call_key(connection.name, batch))
		failures = {outcome.key: outcome.failure for outcome in outcomes if outcome.failure}
		told += len(batch) - len(failures)
		refused += len(failures)
		_settle(batch, failures)
		attempts.add_exchanges(connection.name, None, exchanges)
		exchanges.clear()
		frappe.db.commit()  # each batch by itself: what the vendor has taken must not be told again
		# switched off meanwhile, or time is up: what differs still differs the next time
		if time.monotonic() > end or not connections.is_working(connection):
			return told, refused, False
	return told, refused, True


def _call_key(connection: str, batch: Sequence[stock.Difference]) -> str:
	"""The vendor's idempotency key for a batch.

	It changes with the content and with what was told before, so a repeated call after a crash is the same
	call, and going back to an earlier number later is a new one.
	"""
	text = "|".join(f"{one.key}={one.available}@{one.told_at}" for one in batch)
	return hashlib.sha256(f"{connection}|{text}".encode()).hexdigest()[:40]


def _settle(batch: Sequence[stock.Difference], failures: dict[str, Failure]) -> None:
	"""Write what was told, in one statement for all that worked; refused rows get their sentence."""
	moment = now_datetime()
	worked = [one for one in batch if one.key not in failures]
	level = frappe.qb.DocType(stock.LEVEL)
	if worked:
		case = Case()
		for one in worked:
			case = case.when(level.name == one.name, float(one.available))
		(
			frappe.qb.update(level)
			.set(level.told, case.else_(level.told))
			.set(level.is_told, 1)
			.set(level.told_at, moment)
			.set(level.message, None)
			.set(level.retry_at, None)
			.set(level.modified, moment)
			.where(level.name.isin([one.name for one in worked]))
			.run()
		)
	for one in batch:
		if one.key in failures:
			(
				frappe.qb.update(level)
				.set(level.message, as_text(failures[one.key].sentence))
				.set(level.retry_at, moment + REFUSED_AGAIN)
				.set(level.modified, moment)
				.where(level.name == one.name)
				.run()
			)
