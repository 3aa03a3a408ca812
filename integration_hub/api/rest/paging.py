"""Cursors: where a list goes on. By (modified, name), so that what changes meanwhile is found once more at the end
instead of moving rows from one page to another."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime

from frappe import _

from integration_hub.api.rest.errors import ApiError, invalid


def write(modified: datetime, name: str) -> str:
	raw = json.dumps([modified.isoformat(), str(name)], separators=(",", ":"))
	return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def read(cursor: str) -> tuple[datetime, str]:
	"""The last row's change time (site time) and name. Raises ApiError naming `cursor`."""
	try:
		raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
		modified, name = json.loads(raw)
		moment = datetime.fromisoformat(modified)
		if moment.tzinfo is not None or not isinstance(name, str):
			raise ValueError
	except (binascii.Error, ValueError, TypeError, RecursionError):
		raise broken() from None
	return moment, name


def broken() -> ApiError:
	"""For a cursor that says something else than it should."""
	return invalid("cursor", _("is not one that this API gave out"))
