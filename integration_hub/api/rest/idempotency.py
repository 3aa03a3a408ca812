"""`Idempotency-Key`: the same POST sent twice is done once, for 24 hours.

The key's row is written first, in the transaction that does the work, and gets the answer before the commit. So work
and answer are there together or not at all; a second request with the key waits at the unique name, then finds the
answer and gives it again (`Idempotent-Replayed: true`). Requests that failed have done nothing and keep no answer:
they may be sent again with the same key.

(The pattern of draft-ietf-httpapi-idempotency-key-header.)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import frappe
from frappe import _
from frappe.utils import now_datetime

from integration_hub import database
from integration_hub.api.rest.errors import ApiError, invalid
from integration_hub.api.rest.shapes import Answer

DOCTYPE = "Integration Idempotency Key"
HEADER = "Idempotency-Key"
HOURS = 24
#: an answer that was never written: the request that began committed half-way and then died
GIVEN_UP = timedelta(minutes=10)


def once(path: str, request: Any, work: Callable[[], Answer]) -> Answer:
	"""Do `work`, or give the answer it had before. In the caller's transaction, which must be fresh."""
	key = request.headers.get(HEADER)
	if key is None:
		return work()
	if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
		raise invalid(HEADER, _("must be 1 to 255 printable ASCII characters"))
	name = hashlib.sha256(f"{frappe.session.user}\n{key}".encode()).hexdigest()[:40]
	fingerprint = hashlib.sha256(path.encode() + b"\n" + _body(request)).hexdigest()
	kept = _kept(name, fingerprint)
	if kept:
		return kept
	try:
		_begin(name, path, fingerprint)
	except Exception as error:
		if not database.is_duplicate(error):
			raise
		frappe.db.rollback()  # see what the request that was quicker has committed
		kept = _kept(name, fingerprint)
		if kept:
			return kept
		raise ApiError(
			"conflict", _("Another request has just taken this Idempotency-Key."), retry_after=1
		) from None
	answer = work()
	_end(name, answer)
	return answer


def _body(request: Any) -> bytes:
	if request.form:
		return json.dumps(sorted(request.form.items(multi=True))).encode()
	return request.get_data()


def _kept(name: str, fingerprint: str) -> Answer | None:
	row = frappe.db.get_value(DOCTYPE, name, ["fingerprint", "http_status", "body", "creation"], as_dict=True)
	if not row:
		return None
	age = now_datetime() - row.creation
	if age > timedelta(hours=HOURS) or (not row.http_status and age > GIVEN_UP):
		frappe.db.delete(DOCTYPE, {"name": name})
		return None
	if row.fingerprint != fingerprint:
		raise ApiError(
			"key_reused", _("This Idempotency-Key came with another request before. Use a new one.")
		)
	if not row.http_status:
		raise ApiError(
			"conflict", _("The request with this Idempotency-Key is being worked on."), retry_after=2
		)
	return Answer(json.loads(row.body), row.http_status, (("Idempotent-Replayed", "true"),))


def _begin(name: str, path: str, fingerprint: str) -> None:
	# past the document's permissions: a row of the machinery that no user ever opens
	frappe.get_doc(
		{
			"doctype": DOCTYPE,
			"name": name,
			"user": frappe.session.user,
			"method": path,
			"fingerprint": fingerprint,
		}
	).db_insert()


def _end(name: str, answer: Answer) -> None:
	frappe.db.set_value(
		DOCTYPE,
		name,
		{"http_status": answer.status, "body": json.dumps(answer.body, ensure_ascii=False)},
		update_modified=False,
	)
