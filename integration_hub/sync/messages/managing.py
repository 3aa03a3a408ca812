"""What can be done with a listener, from the Desk and by the API: a new secret, a test, old messages once more.

Every function takes the listener's Connection; whether the user may is asked before (`may_manage`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.utils.password import set_encrypted_password

from integration_hub.connectors.webhooks import signing
from integration_hub.erp.times import utc
from integration_hub.sync import commands, connections, store, wake
from integration_hub.sync import replay as replaying
from integration_hub.sync.messages import telling
from integration_hub.sync.messages.subscriptions import CONNECTION, CONNECTOR

#: these manage every listener that they may read; others those that have their own rights
MANAGERS = ("Integration Manager", "System Manager")
#: what counts as failed: given up, or still tried again
FAILED = ("Parked", "Dead", "Retrying")


def manages_all(user: str | None = None) -> bool:
	return bool(set(MANAGERS) & set(frappe.get_roles(user)))


def may_manage(connection: Any, user: str | None = None) -> bool:
	"""May the user see and change this listener? Its own: yes, whatever its roles. Others': as a manager who may write the
	Connection in the Desk, too."""
	user = user or frappe.session.user
	if connection.connector != CONNECTOR:
		return False
	if connection.webhook_user == user:
		return True
	return manages_all(user) and bool(frappe.has_permission(CONNECTION, "write", doc=connection, user=user))


def rotate_secret(connection: Any) -> str:
	"""A new signing secret, which is told this once. The former signs too for 24 hours. Commits."""
	_must_be_a_listener(connection)
	connector = connections.open_connector(connection)
	secret = connector.rotate_secret(connector.config.get("secret") or "")
	row = next(one for one in connection.credentials if one.setting == "secret")
	set_encrypted_password(row.doctype, row.name, secret, fieldname="secret")
	frappe.db.set_value(row.doctype, row.name, "secret", "*" * len(secret), update_modified=False)
	frappe.clear_document_cache(CONNECTION, connection.name)
	connection.add_comment("Info", _("made a new signing secret"))
	frappe.db.commit()  # the former is in the vault already; a secret that is told must be the one that signs
	return secret


def send_test(connection: Any) -> str:
	"""Put a message of the type "webhook.test" on its way, as all others go; returns its Event. Raises
	frappe.ValidationError when the listener is off or paused."""
	_must_be_a_listener(connection)
	commands.must_work(connection)
	test = signing.test_message()
	unique = frappe.generate_hash(length=20)
	draft = store.Draft(
		direction="Out",
		resource=telling.RESOURCE,
		action=test.type,
		outside_id=unique,
		dedupe_key=f"{test.type}:{unique}",
		label=test.type,
		payload=store.dump({"type": test.type, "timestamp": utc(test.timestamp), "data": test.data}),
	)
	store.store(connection.name, [draft])
	wake.wake_after_commit(connection.name)
	return frappe.db.get_value(
		store.DOCTYPE, {"connection": connection.name, "dedupe_key": store.short_key(draft.dedupe_key)}
	)


def replay(
	connection: Any,
	events: Sequence[str] | None = None,
	since: datetime | None = None,
	until: datetime | None = None,
	failed: bool = True,
) -> int:
	"""Deliver messages once more, with the same ids; returns how many. `events` names them (whatever became of them);
	otherwise those that came up from `since` on and before `until` (site time), only the failed ones unless told not to."""
	_must_be_a_listener(connection)
	return replaying.replay_where(
		connection.name,
		FAILED if failed and events is None else replaying.REPLAYABLE,
		resource=telling.RESOURCE,
		names=events,
		since=since,
		until=until,
	)


def _must_be_a_listener(connection: Any) -> None:
	if connection.connector != CONNECTOR:
		frappe.throw(_("{0} is no listener for outgoing webhooks.").format(connection.name))
