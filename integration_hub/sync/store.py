"""Events are stored here before anything is done with them: from outside (inbox) and to outside (outbox).

Both are one bulk insert that ignores duplicates of (connection, dedupe_key): unique keys, not checks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import frappe
from frappe.utils import now_datetime

from integration_hub.connectors.contract import Notice
from integration_hub.sync.words import as_text

DOCTYPE = "Integration Event"
_COLUMNS = (
	"name",
	"owner",
	"modified_by",
	"creation",
	"modified",
	"docstatus",
	"idx",
	"connection",
	"direction",
	"resource",
	"action",
	"outside_id",
	"label",
	"status",
	"failure",
	"message",
	"tries",
	"due_at",
	"done_at",
	"dedupe_key",
	"version",
	"payload",
	"reference_doctype",
	"reference_name",
	"payload_redacted",
)


@dataclass(frozen=True)
class Draft:
	"""An Event about to be stored. `dead` stores it as a dead letter with that sentence."""

	direction: str
	resource: str
	outside_id: str
	dedupe_key: str
	action: str = "upsert"
	version: str = ""
	label: str = ""
	payload: str | None = None
	reference: tuple[str, str] | None = None
	dead: str | None = None


def draft(notice: Notice) -> Draft:
	"""What a Notice of a connector becomes."""
	return Draft(
		direction="In",
		resource=notice.resource,
		outside_id=notice.outside_id,
		dedupe_key=notice.dedupe_key,
		action=notice.action,
		version=notice.version,
		label=notice.label,
		payload=None if notice.payload is None else dump(notice.payload),
	)


def store(connection: str, drafts: Sequence[Draft]) -> int:
	"""Store Events in one insert, in the caller's transaction; returns how many were new.

	They come due a microsecond apart, so that they are claimed in the order in which they were told.
	"""
	if not drafts:
		return 0
	user = frappe.session.user
	began = now_datetime() - timedelta(microseconds=len(drafts))
	frappe.db.bulk_insert(
		DOCTYPE,
		list(_COLUMNS),
		[
			_row(connection, one, began + timedelta(microseconds=place), user)
			for place, one in enumerate(drafts)
		],
		ignore_duplicates=True,
	)
	return frappe.db._cursor.rowcount


def _row(connection: str, one: Draft, moment, user: str) -> tuple[Any, ...]:
	doctype, name = one.reference or (None, None)
	return (
		frappe.generate_hash(length=20),
		user,
		user,
		moment,
		moment,
		0,
		0,
		connection,
		one.direction,
		one.resource,
		one.action,
		_legal(one.outside_id[:140]),
		_legal((one.label or one.outside_id)[:140]),
		"Dead" if one.dead else "Queued",
		"Rejected" if one.dead else "",
		as_text(one.dead),
		0,
		None if one.dead else moment,
		moment if one.dead else None,
		_legal(short_key(one.dedupe_key)),
		_legal(one.version[:40]),
		_legal(one.payload),
		doctype,
		name,
		0,
	)


def _legal(text: str | None) -> str | None:
	"""Without halves of surrogate pairs: JSON may name them (`\\ud800`), no database takes them."""
	try:
		(text or "").encode()
	except UnicodeEncodeError:
		return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
	return text


def short_key(key: str, length: int = 180) -> str:
	"""A key that fits its column and stays unique."""
	if len(key) <= length:
		return key
	return (
		key[: length - 41]
		+ "#"
		+ hashlib.sha1(key.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest()
	)


def dump(payload: Mapping[str, Any] | Iterable[Any]) -> str:
	"""JSON as it is kept in an Event: no float ever, non-ASCII as it is."""
	return json.dumps(payload, ensure_ascii=False, separators=(",", ":"), default=str)
