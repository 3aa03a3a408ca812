"""Any exception → a Failure with a sentence for people. The worker's last word on what went wrong."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import strip_html
from pydantic import ValidationError as RecordError
from rq.timeouts import JobTimeoutException

from integration_hub import database, failures


def sort(error: Exception) -> failures.Failure:
	"""Sort an exception into the classes of `failures`. Must run right after it was raised: Frappe keeps the
	readable message beside the exception."""
	if isinstance(error, failures.Failure):
		return error
	if isinstance(error, JobTimeoutException):
		# nobody's fault and nothing to mend: the next worker goes on with it
		return failures.Unreachable(_("The worker's time was up before this was done."), maybe_done=True)
	if _met_another(error):
		return failures.Conflict(_("Another worker was at the same documents; tried again by itself."))
	if isinstance(error, RecordError):
		return failures.Rejected(
			_("The outside system sent something that cannot be read: {0}").format(_first(error)),
			detail=str(error),
		)
	if isinstance(error, frappe.PermissionError):
		return failures.Invalid(
			_("The user of the integration ({0}) may not do this: {1}").format(
				frappe.session.user, _message(error)
			),
			fix=("User", frappe.session.user),
		)
	if isinstance(error, frappe.ValidationError | frappe.NameError):
		return failures.Invalid(_("ERPNext says: {0}").format(_message(error)))
	# the plain trace: by itself Frappe writes down every local variable, and keys are among those
	log = frappe.log_error(title="Integration Hub", message=frappe.get_traceback())
	return failures.Invalid(
		_("Something unexpected happened ({0}). The details are in the Error Log.").format(
			type(error).__name__
		),
		fix=("Error Log", log.name) if log else None,
		detail=type(error).__name__,
	)


def sort_aside(error: Exception) -> failures.Failure:
	"""`sort` for what goes wrong with one of many while vendors are talked to, when no transaction is open: the others go
	on, and what the Error Log says stays. Commits."""
	frappe.db.rollback()
	failure = sort(error)
	frappe.db.commit()  # the Error Log's row, if there is one: a failed try is rolled back
	return failure


def _met_another(error: Exception) -> bool:
	"""Two workers met: a dead lock, a lock time-out, a key that another has just taken, a newer copy."""
	if isinstance(error, frappe.TimestampMismatchError):
		return True
	return database.is_duplicate(error) or database.is_lock_trouble(error)


def _message(error: Exception) -> str:
	text = str(error)
	if not text and frappe.message_log:
		last = frappe.message_log[-1]
		text = last.get("message", "") if isinstance(last, dict) else str(last)
	return " ".join(strip_html(text).split()) or type(error).__name__


def _first(error: RecordError) -> str:
	"""The first complaint with its place; never the value (it may be personal)."""
	one = error.errors(include_input=False, include_url=False)[0]
	place = ".".join(str(part) for part in one["loc"])
	return f"{place}: {one['msg']}"
