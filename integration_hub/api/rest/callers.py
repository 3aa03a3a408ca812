"""Who calls the public API: the key, user or address that limits and the log count by."""

from __future__ import annotations

import ipaddress
import time
from typing import Any

import frappe

from integration_hub.api.rest import limits


def key() -> Any | None:
	"""The Integration API Key this request came with (its row), or None: another kind of sign-in, or nobody."""
	return getattr(frappe.local, "integration_hub_key", None)


def tried() -> str | None:
	"""The name of the key whose right token came with the request, whether or not it was let in."""
	return getattr(frappe.local, "integration_hub_tried", None)


def refusal() -> Any | None:
	"""Why one of our own rules did not sign the request in (an ApiError), or None."""
	return getattr(frappe.local, "integration_hub_refusal", None)


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
	"""The caller's address. Only what our own proxies have added to X-Forwarded-For counts, each the address that called
	it: anybody can write the entries before those."""
	found = frappe.request.remote_addr or ""
	for forwarded in reversed(frappe.request.headers.get("X-Forwarded-For", "").split(",")):
		if not _is_our_proxy(found) or not forwarded.strip():
			break
		found = forwarded.strip()
	return found or "127.0.0.1"


def is_https() -> bool:
	"""Did the caller come over TLS? What our own proxy says; without one, how the request came here."""
	request = frappe.request
	if _is_our_proxy(request.remote_addr or ""):
		forwarded = request.headers.get("X-Forwarded-Proto", "").split(",")[-1].strip()
		return (forwarded or request.environ.get("wsgi.url_scheme")) == "https"
	return request.environ.get("wsgi.url_scheme") == "https"


def _is_our_proxy(peer: str) -> bool:
	"""A proxy on this machine, or one that `integration_hub_proxies` in site_config.json names: addresses and networks,
	for sites whose proxy is another machine or container."""
	if peer in ("127.0.0.1", "::1", ""):
		return True
	named = frappe.conf.get("integration_hub_proxies") or ()
	try:
		one = ipaddress.ip_address(peer)
	except ValueError:
		return False
	one = getattr(one, "ipv4_mapped", None) or one
	return one.is_loopback or any(one in ipaddress.ip_network(network, strict=False) for network in named)


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
