"""Every background and scheduled entry point, and the document events of hooks.py: a few lines each."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import frappe
from frappe import _
from rq.timeouts import JobTimeoutException

from integration_hub.sync import (
	communications,
	jobs,
	keys,
	outbox,
	parcels,
	payments,
	renames,
	retention,
	setup,
	troubles,
	worker,
)
from integration_hub.sync import pull as pulling
from integration_hub.sync import push as pushing
from integration_hub.sync import sweep as sweeping
from integration_hub.sync.crm import changes as crm
from integration_hub.sync.messages import telling


def harmless(hook: Callable[..., None]) -> Callable[..., None]:
	"""For document events: what goes wrong here is undone and logged, and the user's document is saved all the same. A
	connector may be gone, a column not there yet while an update runs."""

	@wraps(hook)
	def guarded(doc: Any, method: str | None = None, *more: Any, **named: Any) -> None:
		shown, place = len(frappe.message_log), f"hub_{frappe.generate_hash(length=10)}"
		frappe.db.savepoint(place)
		try:
			hook(doc, method, *more, **named)
		except (frappe.QueryDeadlockError, JobTimeoutException):
			raise  # the whole transaction is gone or given up, the user's part too: they must hear of it
		except Exception:  # noqa: BLE001 - whatever it is, it is not the user's, and it is logged
			frappe.db.rollback(save_point=place)
			del frappe.message_log[shown:]
			title = _("Integration Hub: {0} {1} was saved, but not told").format(doc.doctype, doc.name)
			# 140: the title's column, a longer one would fail the save after all; the plain trace, for by itself Frappe
			# writes down every local variable
			frappe.log_error(title[:140], frappe.get_traceback())
		else:
			frappe.db.release_savepoint(place)

	return guarded


def work(connection: str) -> None:
	"""RQ job: do what is due for a Connection."""
	worker.drain(connection, patience=worker.PATIENCE)


def pull(connection: str, resource: str) -> None:
	"""RQ job: fetch what changed at a vendor."""
	pulling.run(connection, resource)


def push_stock(connection: str, also_refused: bool = False) -> None:
	"""RQ job: tell a vendor every stock difference."""
	pushing.run(connection, also_refused=also_refused)


def run_api_job(job: str) -> None:
	"""RQ job: long work that a caller of the public API asked for."""
	jobs.run(job)


def sweep() -> None:
	"""Scheduler, each minute: heal, wake, pull, push; jobs of the public API that lost their worker."""
	sweeping.sweep()
	jobs.sweep()


def forget_old_data() -> None:
	"""Scheduler, daily: remove personal data and old rows after their retention time."""
	retention.forget()


def tell_what_waits() -> None:
	"""Scheduler, daily: tell people what was given up and waits for them."""
	troubles.tell_what_waits()


def review_api_keys() -> None:
	"""Scheduler, daily: keys of the public API that are old or that nobody uses."""
	keys.review()


def renew_all_webhooks() -> None:
	"""Scheduler, daily: webhooks that vendors have ended or switched off."""
	setup.renew_all_webhooks()


def renew_webhooks(connection: str) -> None:
	"""RQ job: register the webhooks of a Connection again."""
	setup.renew_webhooks(connection)


def something_happened(doc, method=None) -> None:
	"""For every document of the site: a look into the cache, and no more unless somebody has subscribed to this."""
	if telling.is_heard(doc, method):
		_tell(doc, method)


@harmless
def _tell(doc, method=None) -> None:
	telling.happened(doc, method, _guarded(doc))


def _guarded(doc) -> Callable[[Callable[[], None]], None]:
	"""For what is told when the transaction commits."""
	return lambda tell: harmless(lambda *_: tell())(doc)


@harmless
def delivery_note_submitted(doc, method=None) -> None:
	outbox.delivery_note_submitted(doc)
	parcels.delivery_note_submitted(doc)


@harmless
def invoice_submitted(doc, method=None) -> None:
	payments.document_submitted(doc)
	payments.credit_note_submitted(doc)


@harmless
def payable_changed(doc, method=None) -> None:
	payments.document_changed(doc)


def document_printed(doc, method=None, settings=None) -> None:
	payments.document_printed(doc)


@harmless
def money_moved(doc, method=None) -> None:
	payments.money_moved(doc)


def review_payment_pages() -> None:
	"""Scheduler, hourly: payment pages of documents that changed without a word."""
	payments.review_all()


@harmless
def subscription_saved(doc, method=None) -> None:
	payments.subscription_saved(doc)


@harmless
def shipment_cancelled(doc, method=None) -> None:
	parcels.shipment_cancelled(doc)


def stock_moved(doc, method=None) -> None:
	outbox.stock_moved(doc.item_code)
	telling.stock_moved(doc.item_code, doc.warehouse, _guarded(doc))


def stock_reserved(doc, method=None) -> None:
	for row in doc.items:
		outbox.stock_moved(row.item_code)


@harmless
def document_renamed(doc, method=None, old=None, new=None, merge=False) -> None:
	renames.follow(doc.doctype, old, new)


@harmless
def document_amended(doc, method=None) -> None:
	if doc.get("amended_from"):
		renames.follow(doc.doctype, doc.amended_from, doc.name)


@harmless
def document_deleted(doc, method=None) -> None:
	renames.let_go(doc.doctype, doc.name)


@harmless
def crm_document_changed(doc, method=None) -> None:
	crm.document_changed(doc)


@harmless
def crm_document_renamed(doc, method=None, old=None, new=None, merge=False) -> None:
	crm.document_renamed(doc)


@harmless
def crm_document_deleted(doc, method=None) -> None:
	crm.document_deleted(doc)


@harmless
def address_changed(doc, method=None) -> None:
	crm.address_changed(doc)


@harmless
def communication_made(doc, method=None) -> None:
	communications.communication_made(doc)


@harmless
def consent_changed(doc, method=None) -> None:
	communications.consent_changed(doc)


def tell_all(connection: str, resource: str) -> None:
	"""RQ job: tell a CRM everything of a Resource that it does not know yet."""
	crm.tell_all(connection, resource)


@harmless
def something_was_fixed(doc, method=None) -> None:
	setup.item_made(doc)


def settings_changed(doc, method=None) -> None:
	frappe.clear_document_cache(doc.doctype, doc.name)
