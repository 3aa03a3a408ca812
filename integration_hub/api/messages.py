"""Outgoing webhooks from the Desk: /api/method/integration_hub.api.messages.<function>

All POST. The user needs the right to write the Connection, which Integration Managers have; whoever lacks it gets 403.
Nothing is sent while the person waits: what is asked for is an Event that a worker delivers.
"""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, get_datetime

from integration_hub.sync import connections
from integration_hub.sync.messages import managing


@frappe.whitelist(methods=["POST"])
def rotate_secret(connection: str) -> str:
	"""A new signing secret, which is shown this once. The former signs too for a day, so that the receiver can take its
	time."""
	return managing.rotate_secret(_open(connection))


@frappe.whitelist(methods=["POST"])
def send_test(connection: str) -> str:
	"""Put a test message on its way; what became of it is in its Event, whose name is returned."""
	return managing.send_test(_open(connection))


@frappe.whitelist(methods=["POST"])
def replay(
	connection: str, since: str | None = None, until: str | None = None, failed: int | str = 1
) -> dict[str, Any]:
	"""Deliver messages once more, with the ids they had: those that came up from `since` on and before `until` (site time),
	only the failed ones unless told not to. Returns `{count, message}`."""
	count = managing.replay(
		_open(connection),
		since=get_datetime(since) if since else None,
		until=get_datetime(until) if until else None,
		failed=bool(cint(failed)),
	)
	said = (
		_("{0} messages are on their way again.").format(count) if count else _("There is nothing to replay.")
	)
	return {"count": count, "message": said}


def _open(name: str) -> Any:
	frappe.has_permission(connections.DOCTYPE, "write", throw=True)
	doc = frappe.get_doc(connections.DOCTYPE, name)
	doc.check_permission("write")
	return doc
