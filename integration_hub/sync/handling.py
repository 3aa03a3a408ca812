"""How an Event is done: the two steps of a Handler, and the two usual shapes of one, inbound and outbound.

`prepare(connection, connector, works) -> {event name: prepared or Failure}` gets all claimed Events of its kind, so
that it can fetch or push many in one call; it may talk to the vendor and must leave no transaction open while it does.
`apply(connection, work, prepared) -> Result` runs in the transaction that also writes the Event's end; it never talks
to a vendor.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _

from integration_hub.connectors.contract import Connector
from integration_hub.erp.context import Context, Result
from integration_hub.failures import Failure, Gone, Invalid, NeedsMapping, Rejected
from integration_hub.sync import covered
from integration_hub.sync.failing import sort_aside
from integration_hub.sync.links import Links

Prepared = Mapping[str, Any]
#: what an Inbound prepares for something the vendor does not have
MISSING = object()


@dataclass(frozen=True)
class Handler:
	"""`together`: `prepare` asks the vendor for many at once. Where each Event is a call of its own, each is also noted
	before the next is made: a switch, a lease or a dying worker then never concerns more than one call."""

	prepare: Callable[[Any, Connector, Sequence[Any]], Prepared]
	apply: Callable[[Any, Any, Any], Result]
	together: bool = True


@dataclass(frozen=True)
class Route:
	"""Who does Events of a direction and Resource at connectors with a capability (None: at all of them)."""

	direction: str
	resource: str
	capability: type | None
	handler: Handler


def context(connection) -> Context:
	return Context(connection=connection, links=Links(connection.name))


def inbound(
	fetch: str,
	read: str,
	write: Callable[[Any, Context], Result],
	remove: Callable[[str, Context], Result],
	missing: Callable[[str, Context], Result] | None = None,
) -> Handler:
	"""A thing of the outside system: the connector's methods `fetch` and `read` by name, and what `erp/` does with the
	record, or with the id of one that was deleted. What cannot be fetched (any more) is a dead letter, unless `missing`
	says what it means."""

	def prepare(_connection, connector: Connector, works: Sequence[Any]) -> Prepared:
		"""Records for Events: from the stored payload, or fetched together where there is none."""
		kept = [one for one in works if one.action != "delete"]
		wanted = list(dict.fromkeys(one.outside_id for one in kept if not one.payload))
		fetched = fetch_each(getattr(connector, fetch), wanted)
		prepared: dict[str, Any] = {one.name: None for one in works}
		for one in kept:
			payload = json.loads(one.payload) if one.payload else fetched.get(one.outside_id)
			if payload is None and missing:
				prepared[one.name] = MISSING
			else:
				prepared[one.name] = _read(connector, read, one, payload)
		return prepared

	def apply(connection, one: Any, record: Any) -> Result:
		ctx = context(connection)
		if record is MISSING:
			return missing(one.outside_id, ctx)
		if record is None:
			covered.cover(connection.name, one, None)
			return remove(one.outside_id, ctx)
		result = write(record, ctx)
		covered.cover(connection.name, one, getattr(record, "version", "") or one.version)
		return result

	return Handler(prepare, apply)


def fetch_each(fetch: Callable[[Sequence[str]], Mapping[str, Any]], wanted: Sequence[str]) -> dict[str, Any]:
	"""Payloads by id, fetched together. Where that is refused, each is asked for by itself: only the one that it is about
	has the Failure."""
	if not wanted:
		return {}
	try:
		return dict(fetch(wanted))
	except (Rejected, Gone, Invalid, NeedsMapping) as failure:
		if len(wanted) == 1:
			return {wanted[0]: failure}
	found: dict[str, Any] = {}
	for one in wanted:
		found |= fetch_each(fetch, [one])
	return found


def _read(connector: Connector, read: str, one: Any, payload: Mapping[str, Any] | None) -> Any:
	if isinstance(payload, Failure):
		return payload
	if payload is None:
		return Gone(_("{0} does not exist at {1} any more.").format(one.label, connector.title))
	try:
		return getattr(connector, read)(payload)
	except Exception as error:  # noqa: BLE001 - whatever one payload does to its reader, the others are read
		return sort_aside(error)


def outbound(
	call: Callable[[Connector, Any], Any],
	done: Callable[[Any, Any, Context], Result],
	before: Callable[[Any, Context], None] | None = None,
) -> Handler:
	"""Something to be told, one Event at a time.

	`call(connector, work)` talks to the vendor with `work.payload`, `work.key` and `work.look_first`; `done(answer,
	work, ctx)` writes what came of it. `before(work, ctx)` may look into the database first and raise a Failure: what
	need not be told any more is found there.
	"""

	def prepare(connection, connector: Connector, works: Sequence[Any]) -> Prepared:
		[one] = works
		if before:
			before(one, context(connection))
			frappe.db.rollback()  # nothing is open while we talk
		return {one.name: call(connector, one)}

	def apply(connection, one: Any, answer: Any) -> Result:
		return done(answer, one, context(connection))

	return Handler(prepare, apply, together=False)
