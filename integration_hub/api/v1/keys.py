"""The key that a caller has signed in with: what it may, and a new secret for it."""

from __future__ import annotations

from datetime import datetime

import frappe
from frappe import _
from frappe.utils import get_datetime
from pydantic import Field

from integration_hub.api.rest import callers
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import ApiError
from integration_hub.api.rest.shapes import Answer, Input, Output
from integration_hub.erp.times import from_site, utc
from integration_hub.sync import keys


class Whoami(Output):
	user: str
	key: str | None
	roles: list[str]
	calls_per_minute: int
	expires_on: datetime | None


class Rotation(Input):
	overlap_hours: int = Field(
		24,
		ge=0,
		le=keys.LONGEST_OVERLAP,
		description="Hours that the present secret works on. 0 ends it at once: whoever loses the answer is locked out.",
	)


class NewSecret(Output):
	token: str
	former_works_until: datetime | None


@endpoint("GET", "Who the caller is to this site")
def me() -> Whoami:
	"""The user that the key, token or session stands for, its roles and its limit."""
	key = callers.key()
	return {
		"user": frappe.session.user,
		"key": key.name if key else None,
		"roles": sorted(set(frappe.get_roles()) - {"All", "Guest", "Desk User"}),
		"calls_per_minute": callers.allowed(),
		"expires_on": _utc(key.expires_on) if key else None,
	}


@endpoint("POST", "A new secret for the key that calls", secret=True)
def rotate(rotation: Rotation) -> NewSecret:
	"""The answer holds the whole new token, this once: it is not kept, so there is no Idempotency-Key. Answers 403 to
	callers that came without an Integration API Key."""
	key = callers.key()
	if key is None:
		raise ApiError("forbidden", _("Only an Integration API Key can renew itself. Call with one."))
	doc = frappe.get_doc(keys.DOCTYPE, key.name)
	token = keys.issue(doc, rotation.overlap_hours, in_use=key.in_use)
	return Answer({"token": token, "former_works_until": _utc(doc.previous_until)})


def _utc(moment) -> str | None:
	return utc(from_site(get_datetime(moment))) if moment else None
