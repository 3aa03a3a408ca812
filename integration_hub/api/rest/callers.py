"""Who calls the public API: the key, user or address that limits and the log count by."""

from __future__ import annotations

import time
from typing import Any

import frappe

from integration_hub.api.rest import limits


def key() -> Any | None:
	"""The Integration API Key this request came with (its row), or None: another kind of sign-in, or nobody."""
	return getattr(frappe.local, "integration_hub_key", None)


def identity() -> str:
	"""What calls are counted by: the key, else the user, else the address."""
	if key():
		return f"key:{key().name}"
	if frappe.session.user not in ("", "Guest", None):
		return f"user:{frappe.session.user}"
	return f"address:{address()}"


def allowed() -> int:
	"""Calls per minute for this caller."""
	if key() and key().calls_per_minute:
		return int(key().calls_per_minute)
	if frappe.session.user in ("", "Guest", None):
		return limits.GUESTS
	name = "Integration Settings"
	return int(frappe.get_cached_value(name, name, "api_calls_per_minute") or limits.DEFAULT)


def address() -> str:
	"""The caller's address. Only what our own proxy (on this machine) has added to X-Forwarded-For counts: anybody can
	write the entries before it."""
	request = frappe.request
	peer = request.remote_addr or ""
	if peer not in ("127.0.0.1", "::1", ""):
		return peer
	forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
	return forwarded or peer or "127.0.0.1"


def is_https() -> bool:
	"""Did the caller come over TLS, as our own proxy (on this machine) says?"""
	request = frappe.request
	if request.remote_addr in ("127.0.0.1", "::1"):
		forwarded = request.headers.get("X-Forwarded-Proto", "").split(",")[-1].strip()
		return (forwarded or request.environ.get("wsgi.url_scheme")) == "https"
	return request.environ.get("wsgi.url_scheme") == "https"


def request_id() -> str:
	"""One id for a request, in its answer and in the log."""
	if not getattr(frappe.local, "integration_hub_request", None):
		frappe.local.integration_hub_request = frappe.generate_hash(length=20)
	return frappe.local.integration_hub_request


def begin() -> None:
	"""Frappe's hook before a request: when it began."""
	frappe.local.integration_hub_started = time.monotonic()


def started() -> float:
	return getattr(frappe.local, "integration_hub_started", None) or time.monotonic()
