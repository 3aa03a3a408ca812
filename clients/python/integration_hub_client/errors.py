"""What the API answers when it does not do what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class HubError(Exception):
	"""An error of the API. `type` is for programs, `message` for people; `fields` names the input at fault; with
	`request_id` the call is found in the site's log."""

	def __init__(self, status: int, type: str, message: str, fields: Mapping[str, str], request_id: str):
		super().__init__(f"{message} ({type}, {status})")
		self.status, self.type, self.message = status, type, message
		self.fields, self.request_id = dict(fields), request_id


class Unauthorised(HubError):
	"""No valid key or token."""


class Forbidden(HubError):
	"""The user's roles or User Permissions do not allow it."""


class NotFound(HubError):
	"""There is no such thing, or the user may not see it."""


class Conflict(HubError):
	"""It exists already, or the same Idempotency-Key is being worked on."""


class ChangedMeanwhile(HubError):
	"""`if_match` names another state than the present one."""


class Invalid(HubError):
	"""Input of the wrong type or outside its limits."""


class Refused(HubError):
	"""ERPNext's own rules refuse it."""


class TooMany(HubError):
	"""More calls than the key may make, and patience has run out."""


class Busy(HubError):
	"""Locks, the job queue or the hub's own switch, and patience has run out."""


_CLASSES: dict[str, type[HubError]] = {
	"unauthorised": Unauthorised,
	"forbidden": Forbidden,
	"not_found": NotFound,
	"conflict": Conflict,
	"changed_meanwhile": ChangedMeanwhile,
	"invalid": Invalid,
	"refused": Refused,
	"too_many": TooMany,
	"busy": Busy,
}


def error_of(status: int, body: Any, request_id: str) -> HubError:
	"""The exception for an answer. `body` is its JSON, or None where a web server in front has answered."""
	found = body.get("error") if isinstance(body, dict) else None
	if not isinstance(found, dict):
		return HubError(status, "failed", f"The server answered {status} without a reason.", {}, request_id)
	fields = {str(one["field"]): str(one["message"]) for one in found.get("fields", ())}
	kind = str(found.get("type", "failed"))
	return _CLASSES.get(kind, HubError)(status, kind, str(found.get("message", "")), fields, request_id)
