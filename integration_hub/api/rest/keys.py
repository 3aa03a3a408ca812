"""Signing in with an Integration API Key: `Authorization: Bearer ihk_…`, for the public API only.

Frappe asks this hook after its own ways (OAuth tokens, API key and secret, sessions) have been tried. Why a key that is
right was refused is only said to whoever has it. All is read from the database for each request: whoever is switched off is
out with the next one.
"""

from __future__ import annotations

import frappe
from frappe import _

from integration_hub.api.rest import callers
from integration_hub.api.rest.errors import ApiError
from integration_hub.sync import keys

PATH = "/api/method/integration_hub.api.v1."


def authenticate() -> None:
	"""Frappe's hook `auth_hooks`."""
	if not frappe.request.path.startswith(PATH):
		return
	scheme, _space, token = (frappe.get_request_header("Authorization") or "").partition(" ")
	if scheme.lower() == "bearer" and token.startswith(keys.PREFIX):
		_sign_in(token.strip())
	elif frappe.session.user not in ("", "Guest", None) and not frappe.db.get_value(
		"User", frappe.session.user, "enabled"
	):
		# an OAuth token outlives its user in Frappe, which does not ask
		_refuse("unauthorised", _("This user is switched off."))


def _sign_in(token: str) -> None:
	row = keys.find(token)
	if row is None:
		raise frappe.AuthenticationError  # also when a session came along: who shows a key means the key
	frappe.local.integration_hub_tried = row.name
	if not keys.may_come_from(row, callers.address()):
		_refuse("forbidden", _("This key may not be used from {0}.").format(callers.address()))
	if row.https_only and not callers.is_https():
		_refuse("forbidden", _("This key may only be used over HTTPS. Rotate it: it was sent in clear."))
	if frappe.form_dict.get("cmd"):
		# Frappe would run what `cmd` names, whatever the path says
		_refuse("forbidden", _("Name the method in the address, not as cmd."))
	form = frappe.local.form_dict
	frappe.set_user(row.user)
	frappe.local.form_dict = form  # `set_user` empties it
	frappe.local.integration_hub_key = row


def _refuse(type_: str, sentence: str) -> None:
	frappe.local.integration_hub_refusal = ApiError(type_, sentence)
	raise frappe.AuthenticationError if type_ == "unauthorised" else frappe.PermissionError
