"""What happened here that an outside system must hear: written into the user's own transaction.

These functions run inside somebody's save. They read a few rows, write one Event, and never call a vendor;
if the save is rolled back the Event is gone with it.
"""

from __future__ import annotations

from collections.abc import Iterable

import frappe

from integration_hub import database
from integration_hub.connectors.contract import CancelsFulfilments
from integration_hub.erp import shipments, stock
from integration_hub.sync import connections, push, store, wake


def delivery_note_submitted(doc) -> None:
	"""A Delivery Note for an imported order: the shop shall hear of the parcel, once."""
	if doc.is_return or frappe.flags.in_install:
		return
	for told in shipments.of_delivery_note(doc):
		connection = connections.get(told.connection)
		if connection.tell_parcels == "When the Tracking Number Is Known" and not doc.get("lr_no"):
			continue
		_tell_shop(connection, told, doc, "upsert", f"delivery:{doc.name}:{told.order_id}")


def tracking_known(doc) -> None:
	"""A carrier has given a delivered order its tracking numbers: the shop shall hear them, once for these numbers."""
	for told in shipments.of_delivery_note(doc):
		key = f"tracking:{doc.name}:{told.order_id}:{doc.lr_no}"
		_tell_shop(connections.get(told.connection), told, doc, "track", key)


def parcel_called_off(doc) -> None:
	"""The carrier was called off before it came, and `doc`, a Delivery Note with the numbers that were told, has no others:
	a shop that can take a parcel back shall do so. Booked anew, it is told anew."""
	for told in shipments.of_delivery_note(doc):
		connection = connections.get(told.connection)
		if connections.can(connection, CancelsFulfilments):
			_tell_shop(connection, told, doc, "cancel", f"called off:{doc.name}:{told.order_id}:{doc.lr_no}")


def _tell_shop(connection, told: shipments.Told, doc, action: str, dedupe_key: str) -> None:
	if not connection.enabled or connections.row_of(connection, "shipments", "Out") is None:
		return
	draft = store.Draft(
		direction="Out",
		resource="shipments",
		action=action,
		outside_id=told.order_id,
		dedupe_key=dedupe_key,
		label=told.label,
		payload=told.payload,
		reference=(doc.doctype, doc.name),
	)
	if store.store(told.connection, [draft]):
		wake.wake_after_commit(told.connection)


def stock_moved(item_code: str) -> None:
	"""Stock or reservation of an Item changed: wake the push of the Connections that sell it, after commit.

	Nothing is written: the difference is found by the push itself. Items are gathered for the transaction.
	"""
	database.gathered("integration_hub_moved", frappe.db.after_commit, _push_what_moved)[item_code] = None


def _push_what_moved(items: Iterable[str]) -> None:
	for name in stock.connections_selling(items):
		push.enqueue_quietly(name)
