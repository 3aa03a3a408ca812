"""Signing in with an Integration API Key: `Authorization: Bearer ihk_…`, for the public API only.

Frappe asks this hook after its own ways (OAuth tokens, API key and secret, sessions) have been tried; whoever is still
nobody afterwards gets 401. Why a key that is right was refused is only said to whoever has it.
"""

from __future__ import annotations

import frappe
from frappe import _

from integration_hub.api.rest import callers
from integration_hub.sync import keys

PATH = "/api/method/integration_hub.api.v1."


def authenticate() -> None:
	"""Frappe's hook `auth_hooks`."""
	scheme, _space, token = (frappe.get_request_header("Authorization") or "").partition(" ")
	if scheme.lower() != "bearer" or not token.startswith(keys.PREFIX):
		return
	if not frappe.request.path.startswith(PATH):
		return
	row = keys.find(token.strip())
	if row is None:
		return
	if not keys.may_come_from(row, callers.address()):
		frappe.local.integration_hub_refusal = _("This key may not be used from {0}.").format(
			callers.address()
		)
		return
	if row.https_only and not callers.is_https():
		frappe.local.integration_hub_refusal = _(
			"This key may only be used over HTTPS. Rotate it: it was sent in clear."
		)
		return
	form = frappe.local.form_dict
	frappe.set_user(row.user)
	frappe.local.form_dict = form  # `set_user` empties it
	frappe.local.integration_hub_key = row
