"""Which Handler does which Event: the routes of all kinds of vendors, and kept webhooks."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from frappe import _

from integration_hub.connectors.contract import Connector, satisfies
from integration_hub.erp.context import Result
from integration_hub.failures import Rejected
from integration_hub.sync import communications, crm, parcels, payments, shops, unread
from integration_hub.sync.handling import Handler, Prepared, Route
from integration_hub.sync.messages import delivering


def grouped(connector: Connector, works: Iterable[Any]) -> list[tuple[Handler, list[Any]]]:
	"""Claimed Events by handler, in the order of their first Event; those that are a call each stand alone."""
	kinds: dict[tuple[str, str], list[Any]] = defaultdict(list)
	for one in works:
		kinds[(one.direction, one.resource)].append(one)
	groups: list[tuple[Handler, list[Any]]] = []
	for kind, group in kinds.items():
		handler = find(connector, *kind)
		groups += [(handler, group)] if handler.together else [(handler, [one]) for one in group]
	return groups


def find(connector: Connector, direction: str, resource: str) -> Handler:
	for route in ROUTES:
		if (route.direction, route.resource) == (direction, resource) and (
			route.capability is None or satisfies(connector, route.capability)
		):
			return route.handler
	return UNKNOWN


def _prepare_unread(_connection, connector: Connector, works: Sequence[Any]) -> Prepared:
	return {one.name: unread.read_again(connector, json.loads(one.payload)) for one in works}


def _apply_unread(connection, one: Any, notices: Any) -> Result:
	return unread.store_again(connection.name, notices)


def _unknown(_connection, connector: Connector, works: Sequence[Any]) -> Prepared:
	return {
		one.name: Rejected(_("{0} cannot do this kind of thing ({1}).").format(connector.title, one.resource))
		for one in works
	}


def _never(_connection, one: Any, _prepared: Any) -> Result:
	raise Rejected(_("Nothing here knows what to do with {0}.").format(one.resource))


UNKNOWN = Handler(_unknown, _never)
ROUTES: tuple[Route, ...] = (
	*shops.ROUTES,
	*parcels.ROUTES,
	*payments.ROUTES,
	*crm.ROUTES,
	*communications.ROUTES,
	*delivering.ROUTES,
	Route("In", unread.RESOURCE, None, Handler(_prepare_unread, _apply_unread)),
)
