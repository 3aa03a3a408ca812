"""A happening becomes Events, in the transaction of whoever made it happen: rolled back with it, never before it.

What is told is how the document stands now. Nothing is sent from here, and nothing here may harm the save: the callers
in `tasks.py` undo and log what goes wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import frappe
from frappe.utils import get_datetime

from integration_hub import database
from integration_hub.erp.times import from_site, utc
from integration_hub.sync import connections, store, wake
from integration_hub.sync.messages import content, subscriptions
from integration_hub.sync.messages.catalogue import CHANGE, CUSTOM, KINDS, saved_again
from integration_hub.sync.messages.subscriptions import Wish

RESOURCE = "messages"
_MOVED = "integration_hub_moved_stock"
_CHANGED = "integration_hub_changed_documents"


def is_heard(doc: Any, method: str | None) -> bool:
	"""Does anybody want to hear of this? A look into the cache and no more. True also when the cache is empty."""
	if doc.doctype in subscriptions.SILENT or not subscriptions.heard(method):
		return False
	return not subscriptions.are_known() or bool(subscriptions.to(doc.doctype, method))


def happened(doc: Any, method: str, guard: Callable[[Any], Any]) -> None:
	"""Write an Event for each subscription that a document's happening meets. What was changed is told before the
	transaction commits, once and as it stands then, however often it was saved: `guard` keeps what goes wrong there from
	the user's commit."""
	for wish in subscriptions.to(doc.doctype, method):
		if not _is_meant(wish, doc, method):
			continue
		if method == CHANGE:
			_tell_later(wish, doc, guard)
		elif wish.holds(doc):
			_tell(wish, doc)


def _tell_later(wish: Wish, doc: Any, guard: Callable[[Any], Any]) -> None:
	def tell(changed: Mapping[Any, Any]) -> None:
		for what, (since, guarded, wishes) in changed.items():
			guarded(lambda what=what, since=since, wishes=wishes: _tell_change(what, since, wishes))

	changed = database.gathered(_CHANGED, frappe.db.before_commit, tell)
	what = (doc.doctype, doc.name)
	_since, _guarded, wishes = changed.setdefault(what, (get_datetime(doc.modified), guard, {}))
	wishes[wish.name] = wish


def _tell_change(what: tuple[str, str], since: Any, wishes: Mapping[str, Wish]) -> None:
	if not frappe.db.exists(*what):
		return  # deleted since
	doc = frappe.get_doc(*what)
	if get_datetime(doc.modified) < since:
		return  # undone since, to a savepoint
	for wish in wishes.values():
		if wish.holds(doc):
			_tell(wish, doc)


def stock_moved(item_code: str, warehouse: str, guard: Callable[[Any], Any]) -> None:
	"""A Stock Ledger Entry was made: before the transaction commits, tell the quantity that is then there, once for each
	Item and Warehouse however many entries it made. `guard` keeps what goes wrong from the user's commit."""
	if not subscriptions.heard("after_insert") or (subscriptions.are_known() and not subscriptions.stock()):
		return

	def tell(moved: Iterable[tuple[str, str]]) -> None:
		for item, place in moved:
			guard(lambda item=item, place=place: _tell_stock(item, place))

	database.gathered(_MOVED, frappe.db.before_commit, tell)[(item_code, warehouse)] = None


def _tell_stock(item_code: str, warehouse: str) -> None:
	name = frappe.db.get_value("Bin", {"item_code": item_code, "warehouse": warehouse})
	if not name:
		return
	bin_ = frappe.get_doc("Bin", name)
	company = frappe.get_cached_value("Warehouse", warehouse, "company")
	for wish in subscriptions.stock():
		if (not wish.company or wish.company == company) and wish.holds(bin_):
			_tell(wish, bin_)


def _is_meant(wish: Wish, doc: Any, method: str) -> bool:
	when = saved_again if wish.event == CUSTOM else KINDS[wish.event].when
	return (when is None or when(doc, method)) and wish.changed(doc)


def _tell(wish: Wish, doc: Any) -> None:
	if not frappe.get_cached_value("User", wish.user, "enabled"):
		return
	if not frappe.has_permission(doc.doctype, "read", doc=doc, user=wish.user):
		return
	now = connections.site_now()
	message = {
		"type": wish.type,
		"timestamp": utc(from_site(now)),
		"data": content.of(doc, wish.fields, wish.user),
	}
	unique = frappe.generate_hash(length=20)
	draft = store.Draft(
		direction="Out",
		resource=RESOURCE,
		action=wish.type,
		# Events of the same outside id are done one at a time
		outside_id=f"{doc.doctype}:{doc.name}" if wish.ordered else unique,
		dedupe_key=f"{wish.type}:{unique}",
		version="ordered" if wish.ordered else "",
		label=f"{wish.type} {doc.name}",
		payload=store.dump(message),
		reference=(doc.doctype, doc.name),
	)
	store.store(wish.connection, [draft])
	wake.wake_after_commit(wish.connection)
