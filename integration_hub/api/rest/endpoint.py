"""The decorator that makes a function a method of the public API, and the list of all of them.

	@endpoint("GET", "Sales Orders, oldest change first")
	def list(query: OrderQuery) -> Page[Order]:

The function gets its input as one pydantic model and returns JSON-able data (as its annotation says: the API's
description is made of it), or an `Answer`. Around it, for every method alike:

	limit of the caller → input → Idempotency-Key → the function → ETag → commit

An error anywhere rolls everything back and is answered in the one shape of `errors`. Nothing here knows ERPNext.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import frappe
from frappe import _
from pydantic import BaseModel
from werkzeug.wrappers import Response

from integration_hub.api.rest import callers, idempotency, limits, strict
from integration_hub.api.rest.errors import ApiError, from_exception, invalid
from integration_hub.api.rest.shapes import Answer, Bulk
from integration_hub.sync import jobs

#: under /api/method/
PREFIX = "integration_hub.api.v1."
#: bytes of one request; a thousand orders of ten lines are about two million
MAX_BODY = 10 * 1024 * 1024
_REGISTERED: dict[str, Endpoint] = {}


@dataclass(frozen=True)
class Endpoint:
	"""One method: where it is (`path`, dotted), its verb, what it takes and gives."""

	path: str
	verb: Literal["GET", "POST"]
	summary: str
	description: str
	function: Callable[..., Any]
	takes: type[BaseModel] | None
	gives: Any
	guests: bool
	#: HTTP status of success
	status: int
	#: the answer holds a secret: it is not kept for an Idempotency-Key
	secret: bool
	#: done in the background after the function has looked at rights and input; its result is the job's
	work: Callable[..., Any] | None = None

	@property
	def bulk(self) -> bool:
		return bool(self.takes and issubclass(self.takes, Bulk))

	def run(self, given: BaseModel | None) -> Answer:
		"""The function itself, as the present user."""
		result = self.function(given) if self.takes else self.function()
		return result if isinstance(result, Answer) else Answer(result, self.status)


def endpoint(
	verb: Literal["GET", "POST"],
	summary: str,
	*,
	guests: bool = False,
	status: int = 200,
	secret: bool = False,
	work: Callable[..., Any] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
	"""Make a function of `api/v1` callable at /api/method/<its dotted path>. See this module's text.

	`guests`: whoever asks gets an answer; such a function must say nothing that is not public. `secret`: the
	answer is told once and kept nowhere, so it takes no Idempotency-Key. `work`: what takes long; the function itself
	only refuses (and returns nothing), the answer is 202 with a job, and `work` runs with the same input in the
	background, with the caller's rights, after the function has looked once more.
	"""

	def register(function: Callable[..., Any]) -> Callable[..., Any]:
		hints = typing.get_type_hints(function, include_extras=True)
		gives = hints.pop("return")
		one = Endpoint(
			path=f"{function.__module__}.{function.__name__}",
			verb=verb,
			summary=summary,
			description=" ".join((function.__doc__ or "").split()),
			function=function,
			takes=next(iter(hints.values()), None),
			gives=gives,
			guests=guests,
			status=202 if work else status,
			secret=secret,
			work=work,
		)
		_REGISTERED[one.path] = one

		def answer(**_given: Any) -> Response:
			return _answer(one)

		answer.__name__, answer.__qualname__ = function.__name__, function.__qualname__
		answer.__module__, answer.__doc__ = function.__module__, function.__doc__
		answer.endpoint = one
		return frappe.whitelist(allow_guest=guests, methods=[verb])(answer)

	return register


@lru_cache(maxsize=1)
def registry() -> Mapping[str, Endpoint]:
	"""Every method of the API by its dotted path."""
	from integration_hub.api import v1  # its modules import this one

	for module in pkgutil.iter_modules(v1.__path__, f"{v1.__name__}."):
		importlib.import_module(module.name)
	return dict(sorted(_REGISTERED.items()))


def _answer(one: Endpoint) -> Response:
	"""One call, from the request at hand to its Response. Commits or rolls back: the Response is the whole answer, and
	Frappe would commit behind an error, too."""
	headers: dict[str, str] = {}
	try:
		_must_be_at_its_address(one)
		headers.update(limits.take(callers.identity(), callers.allowed()))
		given = _input(one, frappe.request)
		if one.verb == "GET":
			answer = one.run(given)
			frappe.db.rollback()  # a read leaves nothing behind
		else:
			answer = _once(one, given)
			frappe.db.commit()  # what was done and the kept answer together, before it is told
	except Exception as error:  # noqa: BLE001 - the border of a request: sorted and answered, none is swallowed
		frappe.db.rollback()
		failure = from_exception(error)
		frappe.db.commit()  # of what is left only the Error Log's row, which the answer names
		frappe.local.message_log = []
		return refuse(failure, headers)
	frappe.local.message_log = []
	return respond(answer, headers, conditional=one.verb == "GET")


def _must_be_at_its_address(one: Endpoint) -> None:
	"""Frappe runs a method also by /api/v2, by `cmd` and as what follows an upload: there no call would be logged."""
	if frappe.request.path.rstrip("/") != f"/api/method/{one.path}":
		raise ApiError("not_found", _("Call this at /api/method/{0}.").format(one.path))


def _once(one: Endpoint, given: Any) -> Answer:
	if one.secret:
		if idempotency.HEADER in frappe.request.headers:
			raise invalid(idempotency.HEADER, _("a secret is not kept, so this cannot be answered twice"))
		return _written(one, given)
	return idempotency.once(one.path, frappe.request, lambda: _written(one, given))


def _written(one: Endpoint, given: Any) -> Answer:
	key = callers.key().name if callers.key() else None
	if one.work:
		one.run(given)
		return Answer(jobs.start(one.path, given, key), 202)
	if one.bulk and given.background:
		return Answer(jobs.start(one.path, given.model_copy(update={"background": False}), key), 202)
	return one.run(given)


def _input(one: Endpoint, request: Any) -> BaseModel | None:
	"""Typed input. JSON is taken by its own types, addresses and forms (where all is text) by what the text says."""
	if (request.content_length or 0) > MAX_BODY:
		raise ApiError("too_large", _("The body is larger than {0} MB.").format(MAX_BODY // 1024 // 1024))
	if one.takes is None:
		return None
	if one.verb == "POST" and request.is_json:
		return one.takes.model_validate_json(request.get_data() or b"{}", strict=True)
	source = request.args if one.verb == "GET" else request.form
	twice = [name for name, values in source.lists() if len(values) > 1]
	if twice:
		raise ApiError(
			"invalid",
			_("{0}: given more than once").format(twice[0]),
			[(twice[0], _("given more than once"))],
		)
	if one.verb == "POST" and request.get_data() and not request.form:
		raise ApiError("malformed", _("Send the body as application/json."))
	given = strict.from_text(one.takes, {name: text for name, text in source.items() if name != "cmd"})
	return one.takes.model_validate_json(json.dumps(given), strict=True)


# --- answers -----------------------------------------------------------------------------------------------


def respond(answer: Answer, headers: Mapping[str, str], *, conditional: bool) -> Response:
	"""JSON bodies stand under `data`. Reads get an ETag, and 304 when the caller has that state already."""
	if answer.mimetype == "application/json" and not isinstance(answer.body, bytes):
		body = json.dumps({"data": answer.body}, ensure_ascii=False, separators=(",", ":")).encode()
	else:
		body = answer.body
	response = Response(body, status=answer.status, mimetype=answer.mimetype)
	for name, value in (*headers.items(), *answer.headers):
		response.headers[name] = value
	if conditional and "ETag" not in response.headers:
		response.set_etag(hashlib.sha256(body).hexdigest()[:24])
	_finish(response)
	return response.make_conditional(frappe.request) if conditional else response


def refuse(failure: ApiError, headers: Mapping[str, str] | None = None) -> Response:
	"""The answer that says what went wrong."""
	body = json.dumps(failure.body(callers.request_id()), ensure_ascii=False)
	response = Response(body, status=failure.status, mimetype="application/json")
	for name, value in {**(headers or {}), **failure.headers}.items():
		response.headers[name] = value
	if failure.retry_after is not None:
		response.headers["Retry-After"] = str(max(1, round(failure.retry_after)))
	if failure.status == 401:
		response.headers["WWW-Authenticate"] = 'Bearer realm="Integration Hub"'
	response.error_type = failure.type
	_finish(response)
	return response


def _finish(response: Response) -> None:
	response.headers["X-Request-Id"] = callers.request_id()
	# answers are for one caller only, and no browser shall take them for a page
	response.headers["Cache-Control"] = "private, no-cache"
	response.headers["X-Content-Type-Options"] = "nosniff"
	response.of_the_api = True
