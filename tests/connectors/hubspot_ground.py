"""A HubSpot account that listens, and a connector to it: what the tests of HubSpot's connector share."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from integration_hub.connectors.budget import Budget
from integration_hub.connectors.http import Exchange, Http
from integration_hub.connectors.hubspot import HubSpot
from integration_hub.connectors.hubspot.properties import _MEMORY
from integration_hub.records import CrmChange
from sandbox.vendors.hubspot import HubSpot as Account
from sandbox.vendors.hubspot import Portal
from tests.connectors.conftest import Vault

LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)


class Connected:
	"""A connector and everything around it that a test may look at."""

	def __init__(self, account: Account, *, vault: Vault | None = None, timeouts=(2.0, 10.0), **changes: str):
		settings = {
			"environment": "Sandbox",
			"sandbox_url": account.url,
			"access_token": account.access.token,
			"client_secret": account.access.client_secret,
			**changes,
		}
		self.exchanges: list[Exchange] = []
		self.vault = vault or Vault()
		self.http = Http(
			HubSpot.base_url(settings),
			budget=Budget("hubspot"),
			on_exchange=self.exchanges.append,
			secrets=[settings[one.name] for one in HubSpot.settings if one.secret and settings.get(one.name)],
			allow_loopback_http=True,
			timeouts=timeouts,
		)
		_MEMORY.known.clear()  # a new process knows nothing
		self.connector = HubSpot(settings, self.http, self.vault)


def start(stack: Any, **portal: Any) -> Account:
	"""An account that listens until the stack is closed; searches are not counted."""
	account = Account(Portal(**{"prefix": "c-", **portal}))
	account.limits.set(searches=None, burst=None)
	stack.callback(account.start().stop)
	return account


def change(key: str, id: str | None = None, /, related: dict | None = None, **fields: str) -> CrmChange:
	return CrmChange(key=key, id=id, fields=fields, related=related or {})


def push(connector: HubSpot, resource: str, *changes: CrmChange, look_first: bool = False):
	return connector.push_records(resource, changes, key="k", look_first=look_first)


def walk(connector: HubSpot, resource: str, since: datetime = LONG_AGO) -> list[Any]:
	"""All Notices of a pull."""
	found, cursor = [], None
	for _page in range(500):
		page = connector.pull_records(resource, since, cursor)
		found += page.notices
		cursor = page.cursor
		if cursor is None:
			return found
	raise AssertionError("the pull has no end")


def fetched(connector: HubSpot, resource: str, outside_id: Any, *fields: str):
	payloads = connector.fetch_records(resource, [str(outside_id)], fields)
	return connector.read_record(resource, payloads[str(outside_id)])


def ago(**time: float) -> datetime:
	return datetime.now(timezone.utc) - timedelta(**time)
