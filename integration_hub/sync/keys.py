"""Integration API Keys: what an outside system signs in with, and the rules that keep old ones from lying about.

A key acts as its user, so the user's roles rule. Its secret is 32 random bytes, of which only the SHA-256 is kept: it
is shown once, when it is issued. After a rotation the former secret works on for the hours that were asked for.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from datetime import timedelta
from typing import Any

import frappe
from frappe import _
from frappe.utils import add_days, get_datetime, now_datetime

from integration_hub.sync import alerts

DOCTYPE = "Integration API Key"
PREFIX = "ihk_"
_TOKEN = re.compile(r"ihk_([A-Za-z0-9]{1,40})_([A-Za-z0-9_-]{43})")
#: hours that a former secret may work on at most
LONGEST_OVERLAP = 24 * 14
_COLUMNS = (
	"name",
	"user",
	"enabled",
	"secret_hash",
	"previous_hash",
	"previous_until",
	"expires_on",
	"allowed_addresses",
	"https_only",
	"calls_per_minute",
	"last_used_at",
)


def issue(doc: Any, overlap_hours: int = 0, in_use: str | None = None) -> str:
	"""A fresh secret for a key: the whole token, which nobody can show again. The former one works on for
	`overlap_hours` (0: ends now). In the caller's transaction.

	`in_use` is the hash of the secret that the key itself came with (`find`): that one works on. A caller that lost the
	answer of a former rotation of its own holds only that. What a person has replaced ends when they said: raises
	frappe.PermissionError, or whoever has stolen it would keep the key and lock its owner out."""
	if in_use and in_use != doc.secret_hash and doc.rotated_by:
		frappe.throw(
			_("{0} has replaced this secret; only the new one renews the key.").format(doc.rotated_by),
			frappe.PermissionError,
		)
	hours = min(max(int(overlap_hours or 0), 0), LONGEST_OVERLAP)
	secret, moment = secrets.token_urlsafe(32), now_datetime()
	doc.db_set(
		{
			"previous_hash": (in_use or doc.secret_hash) if hours and doc.secret_hash else None,
			"previous_until": moment + timedelta(hours=hours) if hours and doc.secret_hash else None,
			"secret_hash": _hash(secret),
			"hint": secret[-4:],
			"rotated_at": moment,
			"rotated_by": None if in_use else frappe.session.user,
			"reminded_at": None,
		}
	)
	return f"{PREFIX}{doc.name}_{secret}"


def find(token: str) -> Any | None:
	"""The key's row that this token opens, if it is switched on, not expired, and its user may sign in."""
	parts = _TOKEN.fullmatch(token)
	row = frappe.db.get_value(DOCTYPE, parts[1], _COLUMNS, as_dict=True) if parts else None
	# one comparison whether or not there is such a key
	given = _hash(parts[2] if parts else "")
	fits = hmac.compare_digest(given, row.secret_hash or "" if row else "")
	former = bool(row and row.previous_until and get_datetime(row.previous_until) > now_datetime())
	fits |= former and hmac.compare_digest(given, row.previous_hash or "")
	if not (row and fits and _is_on(row)):
		return None
	row.in_use = given
	return row if frappe.db.get_value("User", row.user, "enabled") else None


def is_on(name: str) -> bool:
	"""Does this key open anything now? Read from the database: a switch is obeyed at once."""
	row = frappe.db.get_value(DOCTYPE, name, ("enabled", "expires_on"), as_dict=True)
	return bool(row) and _is_on(row)


def _is_on(row: Any) -> bool:
	return bool(row.enabled) and not (row.expires_on and get_datetime(row.expires_on) <= now_datetime())


def _hash(secret: str) -> str:
	return hashlib.sha256(secret.encode()).hexdigest()


def networks(text: str | None) -> list[Any]:
	"""Addresses and networks of a key, one a line. Raises ValueError naming the line that is none."""
	found = []
	for line in (text or "").replace(",", "\n").splitlines():
		if line.strip():
			try:
				found.append(ipaddress.ip_network(line.strip(), strict=False))
			except ValueError:
				raise ValueError(_("{0} is no address and no network.").format(line.strip())) from None
	return found


def may_come_from(row: Any, address: str) -> bool:
	allowed = networks(row.allowed_addresses)
	if not allowed:
		return True
	try:
		one = ipaddress.ip_address(address)
	except ValueError:
		return False
	one = getattr(one, "ipv4_mapped", None) or one
	return any(one in network for network in allowed)


def used(row: Any, address: str) -> None:
	"""Note when and from where a key was used, once a minute at most. In the caller's transaction."""
	moment = now_datetime()
	if row.last_used_at and get_datetime(row.last_used_at) > moment - timedelta(minutes=1):
		return
	frappe.db.set_value(
		DOCTYPE, row.name, {"last_used_at": moment, "last_used_address": address}, update_modified=False
	)


def validate(doc: Any) -> None:
	"""Rules of the form, in its user's words."""
	try:
		networks(doc.allowed_addresses)
	except ValueError as error:
		frappe.throw(str(error))
	if doc.user in ("Administrator", "Guest"):
		frappe.throw(_("A key cannot act as {0}. Make a user with the roles it needs.").format(doc.user))
	former = doc.get_doc_before_save()
	if (
		doc.enabled or not former or former.user != doc.user
	):  # who may write keys may switch any of them off, no more
		must_act_for(doc.user)
	if doc.enabled and not (former and former.enabled):
		doc.enabled_at, doc.off_reason = now_datetime(), None
	elif not doc.enabled and former and former.enabled and not doc.off_reason:
		doc.off_reason = _("Switched off by {0}.").format(frappe.session.user)


def must_act_for(user: str) -> None:
	"""Raise frappe.PermissionError unless the present person may hold a token of this user's: a token is worth what its
	user may do, and nobody gets more than they have. System Managers may; they set passwords, too."""
	mine = set(frappe.get_roles())
	if frappe.session.user in ("Administrator", user) or "System Manager" in mine:
		return
	more = set(frappe.get_roles(user)) - mine - {"All", "Guest", "Desk User"}
	if more or frappe.db.exists("User Permission", {"user": frappe.session.user}):
		frappe.throw(
			_("{0} may do more than you ({1}), so a System Manager must make this key.").format(
				user, ", ".join(sorted(more)) or _("User Permissions bind you")
			),
			frappe.PermissionError,
		)


# --- by day ------------------------------------------------------------------------------------------------


def review() -> dict[str, int]:
	"""Once a day: switch off what nobody has used for too long, remind of what is old. Commits."""
	settings = frappe.get_cached_doc("Integration Settings")
	return {
		"switched off": _switch_off_unused(int(settings.unused_keys_off_days or 0)),
		"reminded": _remind(int(settings.remind_of_keys_days or 0)),
	}


def unused(days: int) -> list[Any]:
	"""Keys that are on and were not used for so many days (nor made, rotated or switched on since)."""
	since = add_days(now_datetime(), -days)
	rows = frappe.get_all(
		DOCTYPE,
		filters={"enabled": 1},
		fields=["name", "title", "user", "creation", "rotated_at", "last_used_at", "enabled_at"],
	)
	return [
		row
		for row in rows
		if max(
			get_datetime(one)
			for one in (row.creation, row.rotated_at, row.last_used_at, row.enabled_at)
			if one
		)
		< since
	]


def _switch_off_unused(days: int) -> int:
	if not days:
		return 0
	rows = unused(days)
	for row in rows:
		reason = _("Not used for {0} days; switched off by the rule of Integration Settings.").format(days)
		frappe.db.set_value(DOCTYPE, row.name, {"enabled": 0, "off_reason": reason})
		alerts.tell(_("API key {0} is switched off").format(row.title), reason, (DOCTYPE, row.name))
	frappe.db.commit()  # the daily job does other things after this
	return len(rows)


def _remind(days: int) -> int:
	"""Of secrets older than that: once, then again a week later."""
	if not days:
		return 0
	moment, count = now_datetime(), 0
	for row in frappe.get_all(
		DOCTYPE, filters={"enabled": 1}, fields=["name", "title", "rotated_at", "creation", "reminded_at"]
	):
		age = (moment - get_datetime(row.rotated_at or row.creation)).days
		if age < days or (row.reminded_at and get_datetime(row.reminded_at) > add_days(moment, -7)):
			continue
		alerts.tell(
			_("API key {0} is {1} days old").format(row.title, age),
			_("Rotate it: the former secret can work on for some hours while the other side is changed."),
			(DOCTYPE, row.name),
		)
		frappe.db.set_value(DOCTYPE, row.name, "reminded_at", moment, update_modified=False)
		count += 1
	frappe.db.commit()  # the daily job does other things after this
	return count
