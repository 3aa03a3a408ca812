"""Tell people that something has to be decided: a Desk notification and, when addresses are given, mail."""

from __future__ import annotations

import frappe
from frappe.utils import split_emails

from integration_hub.sync.words import as_text


def tell(subject: str, sentence: str, document: tuple[str, str]) -> None:
	"""Notify the recipients of Integration Settings, or else every Integration Manager.

	Runs in the caller's transaction; mail is only queued (Email Queue), never sent from here.
	"""
	subject, sentence = as_text(subject), as_text(sentence)
	addresses = split_emails(frappe.db.get_single_value("Integration Settings", "alert_recipients") or "")
	users = _users(addresses)
	for user in users:
		frappe.get_doc(
			{
				"doctype": "Notification Log",
				"for_user": user,
				"type": "Alert",
				"subject": subject,
				"email_content": sentence,
				"document_type": document[0],
				"document_name": document[1],
			}
		).insert(
			ignore_permissions=True
		)  # safe: a notice to managers about their own Connection, no user input
	if addresses and not frappe.flags.mute_emails:
		_mail(addresses, subject, sentence, document)


def _mail(addresses: list[str], subject: str, sentence: str, document: tuple[str, str]) -> None:
	shown = len(frappe.message_log)
	try:
		frappe.sendmail(
			recipients=addresses,
			subject=subject,
			message=sentence,
			reference_doctype=document[0],
			reference_name=document[1],
		)
	except frappe.OutgoingEmailError as error:
		# no account that may send by default: what the alert is about must happen all the same
		del frappe.message_log[shown:]
		frappe.logger("integration_hub").warning(f"no mail about {document[1]}: {error}")


def _users(addresses: list[str]) -> list[str]:
	if addresses:
		return frappe.get_all("User", filters={"name": ("in", addresses), "enabled": 1}, pluck="name")
	return frappe.get_all(
		"Has Role",
		filters={"role": "Integration Manager", "parenttype": "User", "parent": ("!=", "Administrator")},
		pluck="parent",
		distinct=True,
	)
