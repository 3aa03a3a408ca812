"""What to do for each direction and Resource: a `prepare` that may talk to the vendor, an `apply` that writes.

A handler is two functions. `prepare(connector, works) -> {event name: prepared or Failure}` gets all claimed
Events of its kind, so that it can fetch or push many in one call; it runs with no transaction open.
`apply(connection, work, prepared) -> Result` runs in the transaction that also writes the Event's end.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frappe import _

from integration_hub.connectors.contract import (
	Connector,
	FulfilsOrders,
	PullsCustomers,
	PullsOrders,
	PullsProducts,
)
from integration_hub.erp import customers, items, orders, shipments
from integration_hub.erp.context import Context, Result
from integration_hub.failures import Failure, Gone, Rejected
from integration_hub.sync import covered, unread
from integration_hub.sync.links import Links

Prepared = Mapping[str, Any]


@dataclass(frozen=True)
class Handler:
	prepare: Callable[[Connector, Sequence[Any]], Prepared]
	apply: Callable[[Any, Any, Any], Result]


def grouped(works: Iterable[Any]) -> list[tuple[Handler, list[Any]]]:
	"""Claimed Events by handler, in the order of their first Event."""
	groups: dict[tuple[str, str], list[Any]] = defaultdict(list)
	for one in works:
		groups[(one.direction, one.resource)].append(one)
	return [(HANDLERS.get(kind, UNKNOWN), group) for kind, group in groups.items()]


def context(connection) -> Context:
	return Context(connection=connection, links=Links(connection.name))


# --- in: things of the outside system --------------------------------------------------------------------


@dataclass(frozen=True)
class Inbound:
	"""How one inbound Resource is fetched, read and written."""

	protocol: type
	fetch: str
	read: str
	write: Callable[[Any, Context], Result]
	remove: Callable[[str, Context], Result]

	def prepare(self, connector: Connector, works: Sequence[Any]) -> Prepared:
		"""Records for Events: from the stored payload, or fetched together where there is none."""
		if not hasattr(connector, self.read):
			failure = Rejected(_("{0} cannot do this kind of thing.").format(connector.title))
			return {one.name: failure for one in works}
		kept = [one for one in works if one.action != "delete"]
		wanted = [one.outside_id for one in kept if not one.payload]
		fetched = getattr(connector, self.fetch)(list(dict.fromkeys(wanted))) if wanted else {}
		prepared: dict[str, Any] = {one.name: None for one in works}
		for one in kept:
			payload = json.loads(one.payload) if one.payload else fetched.get(one.outside_id)
			prepared[one.name] = self._read(connector, one, payload)
		return prepared

	def _read(self, connector: Connector, one: Any, payload: Mapping[str, Any] | None) -> Any:
		if payload is None:
			return Gone(_("{0} does not exist at {1} any more.").format(one.label, connector.title))
		try:
			return getattr(connector, self.read)(payload)
		except Failure as failure:
			return failure

	def apply(self, connection, one: Any, record: Any) -> Result:
		ctx = context(connection)
		if record is None:
			covered.cover(connection.name, one, None)
			return self.remove(one.outside_id, ctx)
		result = self.write(record, ctx)
		covered.cover(connection.name, one, getattr(record, "version", "") or one.version)
		return result


# --- out: what happened here -----------------------------------------------------------------------------


def _prepare_shipments(connector: Connector, works: Sequence[Any]) -> Prepared:
	return {one.name: _fulfil(connector, one) for one in works}


def _fulfil(connector: Connector, one: Any) -> Any:
	if not isinstance(connector, FulfilsOrders):
		return Rejected(_("{0} cannot be told about shipments.").format(connector.title))
	try:
		shipment = shipments.from_payload(json.loads(one.payload))
		# after a first try nobody knows whether the shop has the parcel: look before telling again
		return connector.fulfil_order(shipment, look_first=one.tries > 0)
	except Failure as failure:
		return failure


def _apply_shipment(connection, one: Any, fulfilment: Any) -> Result:
	return shipments.told(fulfilment, (one.reference_doctype, one.reference_name), context(connection))


# --- kept webhooks ---------------------------------------------------------------------------------------


def _prepare_unread(connector: Connector, works: Sequence[Any]) -> Prepared:
	return {one.name: unread.read_again(connector, json.loads(one.payload)) for one in works}


def _apply_unread(connection, one: Any, notices: Any) -> Result:
	return unread.store_again(connection.name, notices)


def _unknown(_connector: Connector, works: Sequence[Any]) -> Prepared:
	return {
		one.name: Rejected(_("Nothing here knows what to do with {0}.").format(one.resource)) for one in works
	}


def _never(connection, one: Any, prepared: Any) -> Result:
	raise Rejected(_("Nothing here knows what to do with {0}.").format(one.resource))


def _handler(inbound: Inbound) -> Handler:
	return Handler(inbound.prepare, inbound.apply)


UNKNOWN = Handler(_unknown, _never)
HANDLERS: dict[tuple[str, str], Handler] = {
	("In", "orders"): _handler(
		Inbound(PullsOrders, "fetch_orders", "read_order", orders.apply, orders.removed)
	),
	("In", "products"): _handler(
		Inbound(PullsProducts, "fetch_products", "read_product", items.apply, items.removed)
	),
	("In", "customers"): _handler(
		Inbound(PullsCustomers, "fetch_customers", "read_customer", customers.apply, customers.removed)
	),
	("In", unread.RESOURCE): Handler(_prepare_unread, _apply_unread),
	("Out", "shipments"): Handler(_prepare_shipments, _apply_shipment),
}
