"""Every background and scheduled entry point, and the document events of hooks.py: a few lines each."""

import frappe

from integration_hub.sync import communications, crm, outbox, parcels, payments, retention, setup, worker
from integration_hub.sync import pull as pulling
from integration_hub.sync import push as pushing
from integration_hub.sync import sweep as sweeping


def work(connection: str) -> None:
	"""RQ job: do what is due for a Connection."""
	worker.drain(connection, patience=worker.PATIENCE)


def pull(connection: str, resource: str) -> None:
	"""RQ job: fetch what changed at a vendor."""
	pulling.run(connection, resource)


def push_stock(connection: str, also_refused: bool = False) -> None:
	"""RQ job: tell a vendor every stock difference."""
	pushing.run(connection, also_refused=also_refused)


def sweep() -> None:
	"""Scheduler, each minute: heal, wake, pull, push."""
	sweeping.sweep()


def forget_old_data() -> None:
	"""Scheduler, daily: remove personal data and old rows after their retention time."""
	retention.forget()


def delivery_note_submitted(doc, method=None) -> None:
	outbox.delivery_note_submitted(doc)
	parcels.delivery_note_submitted(doc)


def invoice_submitted(doc, method=None) -> None:
	payments.document_submitted(doc)
	payments.credit_note_submitted(doc)


def payable_changed(doc, method=None) -> None:
	payments.document_changed(doc)


def money_moved(doc, method=None) -> None:
	payments.money_moved(doc)


def review_payment_pages() -> None:
	"""Scheduler, hourly: payment pages of documents that changed without a word."""
	payments.review_all()


def subscription_saved(doc, method=None) -> None:
	payments.subscription_saved(doc)


def shipment_cancelled(doc, method=None) -> None:
	parcels.shipment_cancelled(doc)


def stock_moved(doc, method=None) -> None:
	outbox.stock_moved(doc.item_code)


def stock_reserved(doc, method=None) -> None:
	for row in doc.items:
		outbox.stock_moved(row.item_code)


def crm_document_changed(doc, method=None) -> None:
	crm.document_changed(doc)


def crm_document_renamed(doc, method=None, old=None, new=None, merge=False) -> None:
	crm.document_renamed(doc)


def crm_document_deleted(doc, method=None) -> None:
	crm.document_deleted(doc)


def address_changed(doc, method=None) -> None:
	crm.address_changed(doc)


def communication_made(doc, method=None) -> None:
	communications.communication_made(doc)


def consent_changed(doc, method=None) -> None:
	communications.consent_changed(doc)


def tell_all(connection: str, resource: str) -> None:
	"""RQ job: tell a CRM everything of a Resource that it does not know yet."""
	crm.tell_all(connection, resource)


def something_was_fixed(doc, method=None) -> None:
	setup.item_made(doc)


def settings_changed(doc, method=None) -> None:
	frappe.clear_document_cache(doc.doctype, doc.name)
