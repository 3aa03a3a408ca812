"""The one shape of every error of the public API:

	{"error": {"type": "invalid", "message": "…", "fields": [{"field": "rows.0.qty", "message": "…"}],
	           "request_id": "…"}}

`type` is for programs and never changes its meaning; `message` is a sentence for people, without secrets, values or
traces. `fields` is there where input is at fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import frappe
from frappe import _
from frappe.utils import strip_html
from pydantic import ValidationError

from integration_hub import database
from integration_hub.failures import Failure
from integration_hub.sync import wake

#: every type there is, with its HTTP status and when it comes; the API's description lists them
TYPES: dict[str, tuple[int, str]] = {
	"malformed": (
		400,
		"The request cannot be read: broken JSON, a wrong content type, a missing token of a session.",
	),
	"unauthorised": (401, "No valid key, token or session came with the request."),
	"forbidden": (403, "The caller's roles or User Permissions do not allow this."),
	"not_found": (404, "There is no such thing, or the caller may not see it."),
	"wrong_method": (405, "The method exists, but not with this HTTP verb."),
	"conflict": (
		409,
		"It exists already, somebody else was quicker, or the same key is being worked on at this moment.",
	),
	"changed_meanwhile": (412, "If-Match names another state of the document than the present one."),
	"too_large": (413, "The body is larger than what is taken."),
	"invalid": (422, "Input of the wrong type or outside its limits; `fields` names each."),
	"refused": (422, "ERPNext's own rules refuse it; `message` is its sentence."),
	"key_reused": (422, "The Idempotency-Key was used for another request."),
	"too_many": (429, "More calls than the key may make; Retry-After tells when to go on."),
	"failed": (500, "Something unexpected; the log on the site has the request_id."),
	"outside": (502, "An outside system that had to be asked refused or did not answer."),
	"busy": (503, "Locks, or the job queue is full; the same request can be tried again."),
}


@dataclass
class ApiError(Failure):
	"""An answer that is no success. Raised anywhere below an endpoint; what was written is rolled back. Its message is
	also what a job says that failed with it."""

	type: str
	message: str
	fields: Sequence[tuple[str, str]] = ()
	retry_after: float | None = None
	headers: dict[str, str] = field(default_factory=dict)

	@property
	def sentence(self) -> str:
		return self.message

	@property
	def status(self) -> int:
		return TYPES[self.type][0]

	def body(self, request_id: str = "") -> dict[str, Any]:
		return {"error": {**self.row(), "request_id": request_id}}

	def row(self) -> dict[str, Any]:
		"""As one row of a bulk answer."""
		return {
			"type": self.type,
			"message": self.message,
			"fields": [{"field": name, "message": words} for name, words in self.fields],
		}


def invalid(name: str, message: str) -> ApiError:
	"""Input that is at fault, with the field's name as the caller wrote it."""
	return ApiError("invalid", f"{name}: {message}", [(name, message)])


@contextmanager
def taken(name: str) -> Iterator[None]:
	"""Around making a document that is the only one with its value in this field: if there is one already, the conflict
	names the field. A unique field of the site's own has another error (UniqueValidationError), and is not taken for it."""
	try:
		yield
	except frappe.DuplicateEntryError as error:
		says = _sentence(error) or _("It exists already.")
		raise ApiError("conflict", says, [(name, says)]) from error


def from_exception(error: Exception) -> ApiError:
	"""Any exception → the answer. Must run right after it was raised: Frappe keeps its sentences beside it."""
	if isinstance(error, ApiError):
		return error
	if isinstance(error, ValidationError):
		return _invalid_input(error)
	if database.is_lock_trouble(error):
		return ApiError(
			"busy", _("Others work on the same documents. Send the same request again."), retry_after=1
		)
	if isinstance(error, wake.NOT_NOW):
		return ApiError("busy", _("Background jobs cannot be started now. Try again later."), retry_after=30)
	if isinstance(error, Failure):
		return ApiError("outside", error.sentence)
	if isinstance(error, frappe.AuthenticationError):
		return ApiError("unauthorised", _("The key, token or session is not valid."))
	if isinstance(error, frappe.PermissionError):
		return ApiError("forbidden", _sentence(error) or _("You may not do this."))
	if isinstance(error, frappe.TimestampMismatchError):
		return ApiError("conflict", _("The document was changed by somebody else meanwhile. Read it again."))
	if database.is_duplicate(error):
		return ApiError("conflict", _sentence(error) or _("It exists already."))
	if isinstance(error, frappe.ValidationError | frappe.NameError):
		# also DoesNotExistError: what the path names is looked up by `documents`, so this is something that the input
		# names, which Frappe v15 reports so and v16 as a LinkValidationError
		return ApiError("refused", _sentence(error), _missing(error))
	# the plain trace: by itself Frappe writes down every local variable, and what callers sent is among those
	log = frappe.log_error(title="Integration Hub: API", message=frappe.get_traceback())
	return ApiError(
		"failed",
		_("Something unexpected happened ({0}). The Error Log of the site has the details.").format(
			log.name if log else type(error).__name__
		),
	)


def _invalid_input(error: ValidationError) -> ApiError:
	found = [
		(".".join(str(part) for part in row["loc"]) or "body", row["msg"].removeprefix("Value error, "))
		for row in error.errors(include_input=False, include_url=False, include_context=False)
	]
	name, words = found[0]
	return ApiError("invalid", f"{name}: {words}", found)


def _sentence(error: Exception) -> str:
	"""What Frappe would show the user. Its own text is better than the exception's (often a bare field name)."""
	said = [
		row.get("message", "") if isinstance(row, dict) else str(row) for row in (frappe.message_log or [])
	]
	text = said[-1] if said else str(error)
	return " ".join(strip_html(text).split())


def _missing(error: Exception) -> list[tuple[str, str]]:
	"""The fields that a MandatoryError names: "[Customer, CUST-1]: customer_name, territory"."""
	if not isinstance(error, frappe.MandatoryError):
		return []
	names = re.sub(r"^\[[^\]]*\]:\s*", "", str(error))
	return [(name.strip(), _("is required")) for name in names.split(",") if name.strip()]
