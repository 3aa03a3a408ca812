"""Pulling: walk a vendor's list from the stored point in time and store Events, page by page.

Each page's Events and the page cursor are committed together, so a killed pull goes on with the next page;
what it stored twice is ignored by the unique key. The point in time moves only when the list was walked to
its end, back by the connector's overlap because lists lag behind.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import frappe
from frappe import _
from frappe.utils import add_days, get_datetime, now_datetime

from integration_hub import database
from integration_hub.connectors import UnknownConnector
from integration_hub.connectors.contract import Connector, Page
from integration_hub.connectors.http import Exchange
from integration_hub.erp.times import from_site, to_site
from integration_hub.failures import Failure, Gone, NotAuthorised, RateLimited, Rejected
from integration_hub.sync import attempts, connections, resources, store, wake
from integration_hub.sync.failing import sort
from integration_hub.sync.words import as_text

#: how far back the very first pull looks when nobody said otherwise
FIRST_DAYS = 30
METHOD = "integration_hub.tasks.pull"
#: seconds after which a job ends by itself, well below JOB_SECONDS
SHIFT = 1200
JOB_SECONDS = 1500


def enqueue_due() -> int:
	"""For the sweep: enqueue a pull for every switched-on Resource whose interval has passed."""
	resource = frappe.qb.DocType("Integration Resource")
	connection = frappe.qb.DocType(connections.DOCTYPE)
	rows = (
		frappe.qb.from_(resource)
		.join(connection)
		.on(connection.name == resource.parent)
		.select(resource.parent, resource.resource, resource.every_minutes, resource.last_run_at)
		.where(
			(resource.enabled == 1)
			& (resource.direction == "In")
			& (connection.enabled == 1)
			& (connection.paused == 0)
		)
		.run(as_dict=True)
	)
	moment = now_datetime()
	due = [
		row
		for row in rows
		if pullable(connections.get(row.parent), row.resource)
		and (
			not row.last_run_at
			or row.last_run_at + timedelta(minutes=max(1, row.every_minutes or 10)) <= moment
		)
	]
	for row in due:
		with wake.quietly(row.parent):
			enqueue(row.parent, row.resource)
	return len(due)


def pullable(connection, resource: str) -> bool:
	"""Can this Resource be pulled at all? Not when it only comes by webhook, or its connector is not installed."""
	try:
		return resources.walk_of(connections.class_of(connection), resource) is not None
	except UnknownConnector:
		return False


def enqueue(connection: str, resource: str) -> None:
	"""Start a pull in the background unless one is queued or running."""
	wake.start(
		METHOD,
		queue="long",
		timeout=JOB_SECONDS,
		job_id=wake.job_id_of(connection, f"pull_{resource}"),
		deduplicate=True,
		connection=connection,
		resource=resource,
	)


def run(connection_name: str, resource: str, *, pages: int | None = None) -> str:
	"""Pull one Resource of a Connection to its end (or `pages` pages). Returns a sentence. Commits by page.

	What time was too short for is fetched by the job that the next sweep starts. A failure is written into the Resource's row as a sentence; the cursor stays, so the next run goes on.
	"""
	# not from the cache: how far the last pull came is written past the document's own time of change
	connection = frappe.get_doc(connections.DOCTYPE, connection_name)
	row = connections.row_of(connection, resource, "In")
	if row is None or not connections.is_working(connection):
		return _("{0} is off or paused.").format(resource)
	exchanges: list[Exchange] = []
	done = True
	try:
		connector = connections.open_connector(connection, on_exchange=exchanges.append)
		new, seen, done = _walk(connection, connector, row, resource, pages, exchanges)
		sentence = _("{0} new of {1} seen").format(new, seen)
	except Exception as error:  # noqa: BLE001 - the border of a background job: sorted, written into the row, people told
		frappe.db.rollback()
		sentence = _failed(connection_name, sort(error))
	if exchanges:
		attempts.add_exchanges(connection_name, None, exchanges)
	ran = {"last_run_at": now_datetime()} if done else {}
	connections.note(row, **ran, last_result=as_text(sentence))
	frappe.db.commit()  # the end of a background job's piece of work
	wake.wake(connection_name)
	return sentence


def _failed(connection: str, failure: Failure) -> str:
	if isinstance(failure, NotAuthorised):
		connections.pause(connection, failure)
	if isinstance(failure, RateLimited):
		return _("{0} It goes on with the next run.").format(failure.sentence)
	return failure.sentence


def _walk(
	connection, connector: Connector, row, resource: str, pages: int | None, exchanges: list
) -> tuple[int, int, bool]:
	"""How many Events were new and seen, and whether it came as far as it was asked to."""
	end = time.monotonic() + SHIFT
	walk = resources.walk_of(connector, resource)
	if walk is None:
		raise Rejected(_("{0} cannot be asked for {1}.").format(connector.title, _(resource)))
	since = _since(row)
	cursor = row.page_cursor or None
	newest = from_site(get_datetime(row.newest_seen)) if row.newest_seen and cursor else None
	new = seen = 0
	left_over = cursor
	while True:
		try:
			page = walk(connection, connector, since, cursor)
		except (Rejected, Gone):
			if not left_over:
				raise
			# vendors forget cursors after hours or days: what this one had passed is seen again, and known
			cursor = newest = left_over = None
			continue
		left_over = None
		seen += len(page.notices)
		if page.newest and (newest is None or page.newest > newest):
			newest = page.newest
		cursor = page.cursor
		if cursor:
			reached = {
				"page_cursor": cursor,
				"newest_seen": newest and to_site(newest),
				"since": to_site(since),
			}
		else:
			upto = max(since, newest - timedelta(seconds=connector.pull_overlap)) if newest else since
			reached = {"page_cursor": None, "newest_seen": None, "since": to_site(upto)}
		# not fetched again because somebody saves the Connection at this moment
		new += database.persist(
			lambda page=page, reached=reached: _keep(connection.name, row, page, reached, exchanges)
		)
		exchanges.clear()
		if new:
			wake.wake(connection.name)
		if not cursor or (pages is not None and (pages := pages - 1) <= 0):
			return new, seen, True
		# switched off meanwhile, or time is up: the cursor is kept
		if time.monotonic() > end or not connections.is_working(connection):
			return new, seen, False


def _keep(connection: str, row, page: Page, reached: Mapping[str, Any], exchanges: list[Exchange]) -> int:
	new = store.store(connection, [store.draft(notice) for notice in page.notices])
	if exchanges:
		attempts.add_exchanges(connection, None, exchanges)
	connections.note(row, **reached)
	frappe.db.commit()  # a page's Events and the cursor belong together; a kill loses neither
	return new


def _since(row) -> datetime:
	if row.since:
		return from_site(get_datetime(row.since))
	return datetime.now(timezone.utc) - timedelta(days=FIRST_DAYS)


def backfill(connection_name: str, resource: str, days: int) -> None:
	"""Ask again for everything changed in the last `days` days; what is known already is not done again."""
	row = connections.row_of(connections.get(connection_name), resource, "In")
	if row is None:
		frappe.throw(_("{0} is not switched on for {1}.").format(resource, connection_name))
	connections.note(row, since=add_days(now_datetime(), -days), page_cursor=None, newest_seen=None)
	enqueue(connection_name, resource)
