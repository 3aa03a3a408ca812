"""From a Connection document to a connector that can talk: settings, secrets, budget, tokens, pausing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_datetime, now_datetime
from frappe.utils.password import decrypt, get_decrypted_password, set_encrypted_password
from redis.exceptions import RedisError

from integration_hub.connectors import UnknownConnector, all_connectors, connector_class
from integration_hub.connectors.budget import Budget
from integration_hub.connectors.contract import Connector, satisfies
from integration_hub.connectors.http import Exchange, Http
from integration_hub.failures import NotAuthorised, Waiting
from integration_hub.sync import alerts
from integration_hub.sync.words import as_text

DOCTYPE = "Integration Connection"
#: seconds to connect and to read, while a vendor waits for the answer to its webhook
IN_A_WEBHOOK = (2.0, 3.0)
#: seconds a lock of the vault is held at most (longer than any call), and that another worker waits for it
LOCKED_AT_MOST, LOCK_PATIENCE = 150, 45


def get(name: str):
	"""The Connection document, cached, to be read only."""
	return frappe.get_cached_doc(DOCTYPE, name)


def fresh(name: str):
	"""The Connection document for a job that works for minutes: the cached copy unless somebody has saved it since. Frappe
	keeps what a job has read until it ends, and who reads while another saves may leave the old state in the cache."""
	cached = get(name)
	if get_datetime(cached.modified) == get_datetime(frappe.db.get_value(DOCTYPE, name, "modified")):
		return cached
	frappe.clear_document_cache(DOCTYPE, name)
	return frappe.get_doc(DOCTYPE, name)


def registered() -> dict[str, type[Connector]]:
	"""Every connector of this site by key: ours and those that other apps add by hook."""
	return all_connectors(frappe.get_hooks("integration_hub_connectors"))


def class_of(connection) -> type[Connector]:
	return connector_class(connection.connector, frappe.get_hooks("integration_hub_connectors"))


def is_installed(connection) -> bool:
	"""Is its connector there? The app that brought it may have been removed."""
	try:
		class_of(connection)
	except UnknownConnector:
		return False
	return True


def can(connection, capability: type) -> bool:
	"""Has its connector this capability? No, when it is not installed (any more): others must go on without it."""
	try:
		return satisfies(class_of(connection), capability)
	except UnknownConnector:
		return False


def settings_of(connection) -> tuple[dict[str, str], list[str]]:
	"""The connector's settings as entered, secrets decrypted, and the list of those secrets."""
	secrets = _secrets(connection)
	return {**open_settings(connection), **secrets}, [secret for secret in secrets.values() if secret]


def open_settings(connection) -> dict[str, str]:
	"""The settings that are no secrets, as entered."""
	values = {row.setting: row.value or "" for row in connection.credentials if not row.is_secret}
	values["environment"] = connection.environment or "Production"
	if connection.environment == "Sandbox":
		values["sandbox_url"] = connection.sandbox_url or ""
	return values


def _secrets(connection) -> dict[str, str]:
	"""All secrets of a Connection in one query (`get_password` would take one for each)."""
	rows = {row.name: row.setting for row in connection.credentials if row.is_secret}
	if not rows:
		return {}
	auth = frappe.qb.Table("__Auth")
	stored = (
		frappe.qb.from_(auth)
		.select(auth.name, auth.password)
		.where(
			(auth.doctype == "Integration Credential")
			& auth.name.isin(list(rows))
			& (auth.fieldname == "secret")
			& (auth.encrypted == 1)
		)
		.run()
	)
	return {
		rows[name]: decrypt(password, key=f"Integration Credential.{name}.secret")
		for name, password in stored
	}


def open_connector(
	connection, on_exchange: Callable[[Exchange], None] | None = None, **http_options: Any
) -> Connector:
	"""A connector ready to talk for this Connection, with the budget all workers share."""
	kind = class_of(connection)
	settings, secrets = settings_of(connection)
	http = Http(
		kind.base_url(settings),
		budget=budget_of(connection, kind),
		on_exchange=on_exchange,
		secrets=secrets,
		allow_loopback_http=connection.environment == "Sandbox",
		**{**kind.http_options, **http_options},
	)
	return kind(settings, http, SiteVault(connection.name))


def verifier(connection, on_exchange: Callable[[Exchange], None] | None = None) -> Connector:
	"""A connector that verifies and reads webhooks. Should it have to fetch a key for that, it waits for no slow vendor."""
	return open_connector(connection, on_exchange, timeouts=IN_A_WEBHOOK, longest_answer=sum(IN_A_WEBHOOK))


def budget_of(connection, kind: type[Connector] | None = None) -> Budget:
	kind = kind or class_of(connection)
	return Budget(
		f"integration_hub:{frappe.local.site}:{connection.name}",
		limit=kind.rate_limit,
		redis_url=frappe.conf.get("redis_cache"),
	)


class SiteVault:
	"""Tokens that a vendor issued, encrypted in the site's password store, shared by all workers.

	The contract's `Vault`. `put` commits, so that a token is not lost with a piece of work that fails later;
	connectors only call it while they talk, and the engine never talks inside an open transaction.
	"""

	def __init__(self, connection: str):
		self.connection = connection

	def get(self, name: str) -> str | None:
		stored = get_decrypted_password(DOCTYPE, self.connection, f"token:{name}", raise_exception=False)
		if not stored:
			return None
		token = json.loads(stored)
		if token["expires_at"] and datetime.fromisoformat(token["expires_at"]) <= datetime.now(timezone.utc):
			return None
		return token["value"]

	def put(self, name: str, value: str, expires_at: datetime | None = None) -> None:
		token = json.dumps({"value": value, "expires_at": expires_at and expires_at.isoformat()})
		set_encrypted_password(DOCTYPE, self.connection, token, fieldname=f"token:{name}")
		frappe.db.commit()  # see the class: a fresh token must survive a later failure

	@contextmanager
	def lock(self, name: str) -> Iterator[None]:
		"""Held in Redis, which lets go of it by itself when its holder was killed. While Redis is away nobody waits: at
		worst two workers ask for a token."""
		key = frappe.cache.make_key(f"integration_hub_vault:{self.connection}:{name}")
		held = frappe.cache.lock(key, timeout=LOCKED_AT_MOST, blocking_timeout=LOCK_PATIENCE)
		try:
			if not held.acquire():
				raise Waiting(_("Another worker is just signing in; this waits for it."))
		except RedisError:
			held = None
		try:
			yield
		finally:
			if held:
				with suppress(RedisError):  # it may have ended by itself, or Redis went away meanwhile
					held.release()


def pause(name: str, failure: NotAuthorised) -> None:
	"""Stop working for a Connection whose key is refused, and tell people. In the caller's transaction."""
	if frappe.db.get_value(DOCTYPE, name, "paused"):
		return
	frappe.db.set_value(
		DOCTYPE, name, {"paused": 1, "paused_reason": as_text(failure.sentence)}, update_modified=False
	)
	frappe.clear_document_cache(DOCTYPE, name)
	alerts.tell(
		_("Integration {0} is paused").format(name),
		_(
			"{0}: {1} Nothing is lost; what arrives is kept. Mend the credentials in the Connection, then press Resume."
		).format(name, failure.sentence),
		(DOCTYPE, name),
	)


def switch_off(name: str, sentence: str, *, paused: bool) -> None:
	"""Nobody listens there any more: `paused` keeps what happens meanwhile, else nothing more is told to it. People hear of
	it. In the caller's transaction."""
	if not frappe.db.get_value(DOCTYPE, name, "enabled"):
		return
	values = {"paused": 1, "paused_reason": as_text(sentence)} if paused else {"enabled": 0}
	# what people set as well is not set back by a form that was opened before: it is refused as out of date
	frappe.db.set_value(DOCTYPE, name, values, update_modified=not paused)
	frappe.clear_document_cache(DOCTYPE, name)
	what_now = (
		_(
			"Nothing is lost; what happens meanwhile is kept. Press Resume in the Connection when it listens again."
		)
		if paused
		else _("Enable the Connection when it shall hear again, and replay what it has missed.")
	)
	alerts.tell(
		_("Integration {0} is switched off").format(name), f"{name}: {sentence} {what_now}", (DOCTYPE, name)
	)


def is_working(connection) -> bool:
	"""May workers act for it now? What arrives is stored either way. Read from the database: a job keeps its cached copy
	of the document until it ends, and a switch must be obeyed at once."""
	row = frappe.db.get_value(DOCTYPE, connection.name, ["enabled", "paused"])
	return bool(row and row[0]) and not row[1] and not stopped()


def stopped() -> bool:
	"""The hub's stop switch, read from the database: a cached value would let workers go on."""
	return bool(frappe.db.get_single_value("Integration Settings", "stop_everything", cache=False))


def row_of(connection, resource: str, direction: str):
	"""The switch row of one Resource, or None when the Connection has none or it is off."""
	for row in connection.resources:
		if row.resource == resource and row.direction == direction:
			return row if row.enabled else None
	return None


def taking(resource: str) -> list[str]:
	"""Connections of CRMs that are told of this Resource."""
	row, connection = frappe.qb.DocType("Integration Resource"), frappe.qb.DocType(DOCTYPE)
	return (
		frappe.qb.from_(row)
		.join(connection)
		.on(connection.name == row.parent)
		.select(connection.name)
		.where(
			(row.resource == resource)
			& (row.direction == "Out")
			& (row.enabled == 1)
			& (connection.enabled == 1)
			& connection.category.isin(("crm", "marketing"))
		)
		.run(pluck=True)
	)


def note(row, **values) -> None:
	"""Write how a Resource's run went into its row, past the document's own save (which people may hold)."""
	frappe.db.set_value("Integration Resource", row.name, values, update_modified=False)
	frappe.clear_document_cache(DOCTYPE, row.parent)
	for field, value in values.items():
		row.set(field, value)


def site_now() -> datetime:
	return now_datetime()
