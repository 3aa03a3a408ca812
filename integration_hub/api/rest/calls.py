"""The log of who called what: one row for each call of the public API, also for those that were refused."""

from __future__ import annotations

import time

import frappe
from frappe.utils import now_datetime
from werkzeug.wrappers import Request, Response

from integration_hub.api.rest import anomalies, callers, limits
from integration_hub.api.rest.endpoint import PREFIX, registry
from integration_hub.sync import keys

DOCTYPE = "Integration API Call"


def note(request: Request, response: Response) -> None:
	"""Write the call down. After the request's own transaction, which is committed or rolled back by now. A log that
	fails takes nobody's answer away."""
	try:
		# a right token in the wrong place is told of, whatever else comes from there
		caller = f"key:{callers.tried()}" if callers.tried() else callers.identity()
		if limits.worth_a_row(caller, callers.allowed()):
			_write(request, response)
	except Exception:  # noqa: BLE001 - whatever it is, the answer is made; it is logged
		frappe.db.rollback()
		frappe.logger("integration_hub").error(
			f"call {callers.request_id()} could not be written down", exc_info=True
		)


def _method(request: Request) -> str:
	"""The method's path; nothing of a path that is none: whatever it is, it is the caller's own text."""
	path = request.path.removeprefix("/api/method/").rstrip("/")
	return path if path in registry() else f"{PREFIX}…"


def _write(request: Request, response: Response) -> None:
	row = frappe.get_doc(
		{
			"doctype": DOCTYPE,
			"name": callers.request_id(),
			"caller": callers.identity()[:140],
			"user": frappe.session.user,
			"api_key": callers.tried(),
			"method": _method(request),
			"verb": request.method[:10],
			"http_status": response.status_code,
			"error_type": getattr(response, "error_type", ""),
			"address": callers.address()[:45],
			"milliseconds": round((time.monotonic() - callers.started()) * 1000),
			"called_at": now_datetime(),
		}
	)
	row.db_insert()
	if callers.key():
		keys.used(callers.key(), callers.address())
	frappe.db.commit()  # a row of its own: the request's work has ended
	marks = anomalies.marks_of(row, key_refused=bool(callers.tried() and not callers.key()))
	if marks:
		frappe.db.set_value(DOCTYPE, row.name, "marks", ", ".join(marks), update_modified=False)
		anomalies.tell(row, marks)
		frappe.db.commit()  # beside the row, which is there whatever becomes of the marks
