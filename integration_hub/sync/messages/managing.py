"""What can be done with a listener, from the Desk and by the API: a new secret, a test, old messages once more.

Every function takes the listener's Connection; whether the user may is asked before (`may_manage`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.permissions import has_user_permission
from frappe.utils.password import set_encrypted_password

from integration_hub.connectors.webhooks import signing
from integration_hub.erp.times import utc
from integration_hub.sync import commands, connections, roles, setup, store, wake
from integration_hub.sync import replay as replaying
from integration_hub.sync.messages import telling
from integration_hub.sync.messages.delivering import message_id
from integration_hub.sync.messages.subscriptions import CONNECTION, CONNECTOR

RESOURCE = telling.RESOURCE
#: listeners that one user may have, besides managers
MOST = 20
#: subscriptions of all listeners of such a user: each is a row that somebody's save has to write
MOST_SUBSCRIPTIONS = 100
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


def may_subscribe(user: str | None = None) -> bool:
	"""May the user have listeners at all? Whoever acts for an outside system, and who looks after the hub."""
	takes_part = {*roles.ROLES, *MANAGERS, "Integration User"}
	return bool(takes_part & set(frappe.get_roles(user)))


# --- made, changed, removed (by users whose roles need not let them write Connections) --------------------------


def new(title: str, company: str | None, url: str) -> Any | None:
	"""A listener of the present user's own, not saved yet. None when there is no such company for that user."""
	company = company or frappe.defaults.get_user_default("company")
	doc = frappe.get_doc(
		{
			"doctype": CONNECTION,
			"title": title,
			"connector": CONNECTOR,
			"company": company,
			"environment": "Production",
			"webhook_user": frappe.session.user,
			"credentials": [{"setting": "url", "value": url}],
		}
	)
	there = bool(company) and frappe.db.exists("Company", company)
	return doc if there and has_user_permission(doc, frappe.session.user) else None


def made(doc: Any) -> str:
	"""Save a new listener; returns its signing secret, which is told this once."""
	user = frappe.session.user
	if (
		not manages_all()
		and frappe.db.count(CONNECTION, {"connector": CONNECTOR, "webhook_user": user}) >= MOST
	):
		frappe.throw(_("You have {0} listeners already; delete one first.").format(MOST))
	_must_not_be_too_many(doc)
	# safe: it hears what its user may read and no more, and that user is the one who makes it (`new`)
	doc.insert(ignore_permissions=True)
	return connections.settings_of(doc)[0]["secret"]


def changed(doc: Any, *, go_on: bool) -> None:
	"""Save a listener that `may_manage` allows. `go_on` ends a pause."""
	_must_not_be_too_many(doc)
	doc.save(ignore_permissions=True)  # safe: asked before; whose rights it has cannot be changed this way
	if go_on and doc.paused:
		setup.resume(doc)


def _must_not_be_too_many(doc: Any) -> None:
	if manages_all():
		return
	mine = {"connector": CONNECTOR, "webhook_user": doc.webhook_user, "name": ("!=", doc.name or "")}
	others = frappe.get_all(CONNECTION, filters=mine, pluck="name")
	count = len(doc.subscriptions) + frappe.db.count("Integration Subscription", {"parent": ("in", others)})
	if count > MOST_SUBSCRIPTIONS:
		frappe.throw(_("All your listeners together may have {0} subscriptions.").format(MOST_SUBSCRIPTIONS))


def delete(doc: Any) -> None:
	"""Remove a listener that `may_manage` allows, with its messages."""
	frappe.delete_doc(CONNECTION, doc.name, ignore_permissions=True)  # safe: asked before


def aim(doc: Any, url: str) -> None:
	for row in doc.credentials:
		if row.setting == "url":
			row.value = url


def url_problem(doc: Any) -> str:
	"""Why nothing can be sent to its address; "" when something can. No name is looked up: each delivery does that."""
	return connections.class_of(doc).refuses(connections.open_settings(doc))


def row_of(wish: Mapping[str, Any]) -> dict[str, Any]:
	"""A subscription whose filters and fields are lists, as the form's row."""
	filters = [[one["field"], one["operator"], one["value"]] for one in wish["filters"]]
	return {
		**wish,
		"filters": json.dumps(filters, ensure_ascii=False) if filters else None,
		"changed_fields": "\n".join(wish["changed_fields"]),
		"field_names": "\n".join(wish["field_names"]),
		"ordered": int(wish["ordered"]),
		"enabled": int(wish["enabled"]),
	}


# --- messages -------------------------------------------------------------------------------------------------


def deliveries(events: Sequence[str]) -> list[Any]:
	"""These Events in their order, each with its `webhook_id` and its `attempts`: every exchange with the receiver, oldest first. Whether the
	user may see them was asked before."""
	if not events:
		return []
	found = {
		row.name: row for row in frappe.get_all(store.DOCTYPE, filters={"name": ("in", events)}, fields=["*"])
	}
	for row in found.values():
		row.webhook_id, row.attempts = message_id(row.name), []
	for one in frappe.get_all(
		"Integration Attempt",
		filters={"event": ("in", events), "kind": "Exchange"},
		fields=["event", "started_at", "status_code", "milliseconds", "response", "message"],
		order_by="started_at asc, creation asc",
	):
		found[one.event].attempts.append(one)
	return [found[name] for name in events if name in found]


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


def former_works_until() -> datetime:
	"""Until when a secret that was replaced now signs, too (aware)."""
	return signing.end_of_overlap()


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
