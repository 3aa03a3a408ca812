"""Answers that Frappe gave before a method of the API was reached, put into the API's own shape.

Frappe reads the body, the session and the key before it looks at the address, and answers in its own way when one of
them is bad (broken JSON is a 500 with a trace). Called after every request; those that are not for the API pass.
"""

from __future__ import annotations

import json

import frappe
from frappe import _
from frappe.utils import strip_html
from werkzeug.wrappers import Request, Response

from integration_hub.api.rest import callers, calls, limits
from integration_hub.api.rest.endpoint import PREFIX, Endpoint, refuse, registry
from integration_hub.api.rest.errors import ApiError

PATH = f"/api/method/{PREFIX}"
_BY_STATUS = {
	400: "malformed",
	401: "unauthorised",
	403: "forbidden",
	404: "not_found",
	405: "wrong_method",
	409: "conflict",
	413: "too_large",
	417: "malformed",  # before a method is reached it is the body that Frappe does not take
	429: "too_many",
	503: "busy",
}


def after_request(response: Response | None, request: Request) -> None:
	"""Frappe's hook. Changes the response in place; writes the call into the log."""
	if response is None or not request.path.startswith(PATH) or _is_preflight(request):
		return
	if not getattr(response, "of_the_api", False):
		_replace(response, refuse(_failure(response, request)))
	calls.note(request, response)


def _is_preflight(request: Request) -> bool:
	"""A browser's question before a page of another origin calls: Frappe answers it, for every method alike (`allow_cors`
	of the site), and an answer that is no success would keep the page from calling."""
	return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def _replace(response: Response, by: Response) -> None:
	response.status_code = by.status_code
	response.mimetype = "application/json"
	for name, value in by.headers.items():
		if name.lower() not in ("content-type", "content-length"):
			response.headers[name] = value
	response.set_data(by.get_data())
	response.error_type = by.error_type


def _failure(response: Response, request: Request) -> ApiError:
	path = request.path.removeprefix("/api/method/").rstrip("/")
	one = registry().get(path)
	if one and request.method == "OPTIONS":
		return _wrong_method(one)  # whoever asks: Frappe signs nobody in for this verb
	signed_in = getattr(frappe.local, "session", None) and frappe.session.user not in ("", "Guest", None)
	if callers.refusal():
		return callers.refusal()
	if signed_in and not frappe.db.get_value("User", frappe.session.user, "enabled"):
		# Frappe 15 says so while it reads the session, as if the input were at fault
		return ApiError("unauthorised", _("This user is switched off."))
	if response.status_code == 401 and limits.guessed(callers.address(), "keys"):
		return ApiError("too_many", _("Too many wrong keys from this address."), retry_after=60)
	if response.status_code == 401 or (
		one and not one.guests and not signed_in and response.status_code == 403
	):
		return ApiError("unauthorised", _("No valid key, token or session came with the request."))
	if request.is_json and not _is_json(request):
		return ApiError("malformed", _("The body is not JSON that can be read."))
	if one is None and response.status_code != 503:
		# a 500, too: that is what Frappe makes of a path that leads to something else than a method
		return ApiError("not_found", _("There is no method {0}.").format(path))
	if one and request.method != one.verb:
		return _wrong_method(one)
	kind = _BY_STATUS.get(response.status_code, "failed" if response.status_code >= 500 else "malformed")
	return ApiError(kind, _said(response) or _("The request was not understood."))


def _wrong_method(one: Endpoint) -> ApiError:
	return ApiError("wrong_method", _("Call this with {0}.").format(one.verb), headers={"Allow": one.verb})


def _is_json(request: Request) -> bool:
	try:
		return isinstance(json.loads(request.get_data(cache=True) or b"{}"), dict)
	except (ValueError, RecursionError):
		return False


def _said(response: Response) -> str:
	"""Frappe's sentence for people, never its trace."""
	try:
		body = json.loads(response.get_data())
		said = json.loads(body.get("_server_messages") or "[]")
		return " ".join(strip_html(json.loads(said[-1])["message"]).split()) if said else ""
	except (ValueError, TypeError, KeyError, AttributeError):
		return ""
