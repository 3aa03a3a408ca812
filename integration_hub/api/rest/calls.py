"""The log of who called what: one row for each call of the public API, also for those that were refused."""

from __future__ import annotations

import time

import frappe
from frappe.utils import now_datetime
from werkzeug.wrappers import Request, Response

from integration_hub.api.rest import callers
from integration_hub.sync import keys

DOCTYPE = "Integration API Call"


def note(request: Request, response: Response) -> None:
	"""Write the call down. After the request's own transaction, which is committed or rolled back by now."""
	moment = now_datetime()
	row = frappe.get_doc(
		{
			"doctype": DOCTYPE,
			"name": callers.request_id(),
			"caller": callers.identity()[:140],
			"user": frappe.session.user,
			"api_key": callers.key().name if callers.key() else None,
			"method": request.path.removeprefix("/api/method/")[:140],
			"verb": request.method[:10],
			"http_status": response.status_code,
			"error_type": getattr(response, "error_type", ""),
			"address": callers.address()[:45],
			"milliseconds": round((time.monotonic() - callers.started()) * 1000),
			"called_at": moment,
		}
	)
	row.db_insert()
	if callers.key():
		keys.used(callers.key(), callers.address())
	frappe.db.commit()  # a row of its own: the request's work has ended
