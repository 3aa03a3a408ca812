"""What the Desk's forms and lists ask for: /api/method/integration_hub.api.desk.<function>

Reading is GET and needs the right to read the Connection. What changes something is POST, and needs the right
to write the Connection; doing Events again (or ignoring them) needs one of the hub's roles instead, because an
Event is nobody's to edit. Whoever lacks the right gets 403.

Work is only enqueued here. Three buttons call the vendor while the person waits: Test connection, Register
webhooks and Fetch locations. They write nothing before the vendor's answer is there. Whatever goes wrong is
answered as one sentence.
"""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, now_datetime

from integration_hub.connectors import UnknownConnector
from integration_hub.connectors.contract import Connector, SyncsRecords, capabilities, satisfies
from integration_hub.erp.mapping import DOCTYPES
from integration_hub.sync import commands, connections, keys, pull, replay, resources, setup
from integration_hub.sync import troubles as finding
from integration_hub.sync.words import in_words

CONNECTION = connections.DOCTYPE
EVENT = replay.DOCTYPE
#: who may do Events again or ignore them
OPERATORS = ("Integration Manager", "Integration User", "System Manager")
#: only what waits for a person, or is tried again later, can be put aside
IGNORABLE = ("Parked", "Dead", "Retrying")

# --- reading ----------------------------------------------------------------------------------------------


@frappe.whitelist(methods=["GET"])
def connectors() -> list[dict[str, Any]]:
	"""Every connector of this site for the picker, by category and title, with what a person must enter.

	Each is `{key, title, category, capabilities, settings: [{name, label, secret, required, help, default}],
	resources: [{resource, direction}]}`.
	"""
	frappe.has_permission(CONNECTION, "read", throw=True)
	found = sorted(connections.registered().values(), key=lambda kind: (kind.category, kind.title.lower()))
	return [_described(kind) for kind in found]


def _described(kind: type[Connector]) -> dict[str, Any]:
	return {
		"key": kind.key,
		"title": kind.title,
		"category": kind.category,
		"capabilities": capabilities(kind),
		"settings": [
			{
				"name": setting.name,
				"label": _(setting.label),
				"secret": setting.secret,
				"required": setting.required,
				"help": _(setting.help) if setting.help else "",
				"default": setting.default,
				"choices": list(setting.choices),
			}
			for setting in kind.settings
		],
		"resources": [
			{"resource": offer.resource, "direction": offer.direction} for offer in resources.of(kind)
		],
	}


@frappe.whitelist(methods=["GET"])
def status(connection: str) -> dict[str, Any]:
	"""How a Connection is: what is wrong (sentences, worst first), how many Events wait for what, and which
	buttons make sense. Keys: `troubles`, `counts`, `pulls`, `tells_all`, `pushes_stock`, `capabilities`, `may_replay`."""
	doc = _open(connection, "read")
	kind = _class_or_none(doc)
	counts = finding.counts(doc.name)
	return {
		"troubles": [trouble.as_dict() for trouble in finding.of(doc, kind, counts)],
		"counts": counts,
		"pulls": [
			row.resource
			for row in doc.resources
			if row.enabled and row.direction == "In" and pull.pullable(doc, row.resource)
		],
		"tells_all": [
			row.resource
			for row in doc.resources
			if row.enabled and row.direction == "Out" and row.resource in DOCTYPES
		]
		if kind and satisfies(kind, SyncsRecords)
		else [],
		"pushes_stock": connections.row_of(doc, "stock", "Out") is not None,
		"capabilities": capabilities(kind) if kind else [],
		"may_replay": bool(set(OPERATORS) & set(frappe.get_roles())),
	}


# --- buttons of a Connection ------------------------------------------------------------------------------


@frappe.whitelist(methods=["POST"])
def test_connection(connection: str) -> dict[str, Any]:
	"""Ask the vendor who we are to it: `{ok, message, detail, warnings}`. The last answer is kept."""
	with in_words():
		return setup.test(_open(connection))


@frappe.whitelist(methods=["POST"])
def pull_now(connection: str, resource: str | None = None) -> str:
	"""Fetch what changed, in the background: one Resource, or all that are switched on."""
	doc = _open(connection)
	commands.must_work(doc)
	with in_words():
		if not resource:
			return setup.pull_now(doc)
		if not pull.pullable(doc, resource) or connections.row_of(doc, resource, "In") is None:
			frappe.throw(_("{0} is not switched on for {1}.").format(_(resource.title()), doc.title))
		pull.enqueue(doc.name, resource)
	return _("Pulling {0} in the background.").format(_(resource))


@frappe.whitelist(methods=["POST"])
def push_now(connection: str) -> str:
	"""Tell the vendor every stock difference, in the background, what it refused before included."""
	doc = _open(connection)
	commands.must_work(doc)
	with in_words():
		return setup.push_now(doc)


@frappe.whitelist(methods=["POST"])
def register_webhooks(connection: str) -> list[str]:
	"""Make the vendor's subscriptions match ours; returns what was changed, a sentence each."""
	doc = _open(connection)
	with in_words():
		return setup.register_webhooks(doc)


@frappe.whitelist(methods=["POST"])
def fetch_locations(connection: str) -> list[dict[str, Any]]:
	"""The places where the vendor keeps stock: `[{id, name, active}]`. Nothing is written: the form adds rows
	for those that are not mapped yet, and a person chooses their Warehouse."""
	doc = _open(connection)
	with in_words():
		return setup.fetch_locations(doc)


@frappe.whitelist(methods=["POST"])
def resume(connection: str) -> str:
	"""Lift the pause that a refused key caused. A key that is still refused pauses again at once."""
	doc = _open(connection)
	if not doc.paused:
		return _("The Connection is not paused.")
	with in_words():
		return setup.resume(doc)


# --- keys of the public API -------------------------------------------------------------------------------


@frappe.whitelist(methods=["POST"])
def rotate_api_key(key: str, overlap_hours: int | str = 0) -> str:
	"""A fresh secret for an Integration API Key: its whole token, which is shown this once. The former one works on for
	`overlap_hours`."""
	frappe.has_permission(keys.DOCTYPE, "write", throw=True)
	doc = frappe.get_doc(keys.DOCTYPE, key)
	doc.check_permission("write")
	keys.must_act_for(doc.user)  # whoever may not make a key for this user may not read its secret either
	hours = cint(overlap_hours)
	if not 0 <= hours <= keys.LONGEST_OVERLAP:
		frappe.throw(_("The hours must be between 0 and {0}.").format(keys.LONGEST_OVERLAP))
	return keys.issue(doc, hours)


# --- buttons of Events ------------------------------------------------------------------------------------


@frappe.whitelist(methods=["POST"])
def replay_events(events: str | list[str]) -> dict[str, Any]:
	"""Do these Events (again): `{count, message}`. Those that are on their way already are left alone."""
	names = _may_operate(events)
	with in_words():
		count = replay.replay(names) if names else 0
	if not count:
		message = _("None of them can be replayed: they are queued or being worked on already.")
	else:
		message = _("{0} Events are due again.").format(count) if count > 1 else _("The Event is due again.")
	return {"count": count, "message": message}


@frappe.whitelist(methods=["POST"])
def replay_all(connection: str, status: str = "Parked") -> dict[str, Any]:
	"""Do everything of a Connection that is Parked (or Dead) again: `{count, message}`."""
	frappe.only_for(OPERATORS)
	doc = _open(connection, "read")
	if status not in ("Parked", "Dead"):
		frappe.throw(_("Only what is Parked or Dead can be replayed all at once."))
	with in_words():
		count = replay.replay_where(doc.name, [status])
	return {"count": count, "message": _("{0} Events are due again.").format(count)}


@frappe.whitelist(methods=["POST"])
def ignore_events(events: str | list[str]) -> dict[str, Any]:
	"""Put Events aside that nobody wants done: `{count, message}`. They keep their sentence and can be replayed."""
	names = _may_operate(events)
	count = _ignore(names) if names else 0
	return {
		"count": count,
		"message": _("{0} put aside. They can still be replayed.").format(count)
		if count
		else _("Only what is Parked, Dead or Retrying can be ignored."),
	}


def _ignore(names: list[str]) -> int:
	event = frappe.qb.DocType(EVENT)
	moment = now_datetime()
	(
		frappe.qb.update(event)
		.set(event.status, "Ignored")
		.set(event.due_at, None)
		.set(event.done_at, moment)
		.set(event.waits_for, None)
		.set(event.modified, moment)
		.set(event.modified_by, frappe.session.user)
		# in the statement itself: a worker may have claimed one of them a moment ago
		.where(event.name.isin(names) & event.status.isin(IGNORABLE))
		.run()
	)
	return frappe.db._cursor.rowcount


# --- rights and words -------------------------------------------------------------------------------------


def _open(connection: str, right: str = "write") -> Any:
	"""The Connection, if the user may. The DocType's right comes first, so that names cannot be probed."""
	frappe.has_permission(CONNECTION, right, throw=True)
	doc = frappe.get_doc(CONNECTION, connection)
	doc.check_permission(right)
	return doc


def _may_operate(events: str | list[str]) -> list[str]:
	"""The names among `events` (a list, or JSON of one) that the user may see, if the user may operate at all."""
	frappe.only_for(OPERATORS)
	names = frappe.parse_json(events) if isinstance(events, str) and events.startswith("[") else events
	names = [names] if isinstance(names, str) else names
	if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
		frappe.throw(_("Give the names of the Events."))
	if not names:
		return []
	return frappe.get_list(EVENT, filters={"name": ("in", names)}, pluck="name", limit_page_length=0)


def _class_or_none(doc: Any) -> type[Connector] | None:
	"""A Connection may outlive the app that brought its connector; its form must still open."""
	try:
		return connections.class_of(doc)
	except UnknownConnector:
		return None
