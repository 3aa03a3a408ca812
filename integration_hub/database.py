"""What databases do each in its own way: their errors, told apart whichever driver the site uses (PyMySQL on v15,
mysqlclient on v16, SQLite), and when two texts are equal."""

from __future__ import annotations

import random
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import frappe
from pypika.terms import Function

Done = TypeVar("Done")
#: how often the work of a transaction is done before it is given up because of others
TRIES = 3
#: MariaDB's collation in which only the same text is equal: no other case, no accent, no space more at its end
_EXACT = "utf8mb4_nopad_bin"


class Overtaken(frappe.QueryDeadlockError):
	"""What this transaction needs was made or changed by another since it began, and it sees only what there was then
	(InnoDB's repeatable read): whatever ERPNext looks up would be missing or old. To be treated like a dead lock, as newer
	MariaDB itself reports it (innodb_snapshot_isolation): everything again, from a new beginning."""


def is_duplicate(error: Exception) -> bool:
	"""Was a unique key violated? Drivers bring classes of their own, but all call this one the same (PEP 249)."""
	if isinstance(error, frappe.UniqueValidationError | frappe.DuplicateEntryError):
		return True
	return _is(error, "IntegrityError") and bool(frappe.db.is_duplicate_entry(error))


def is_lock_trouble(error: Exception) -> bool:
	"""Did two transactions get into each other's way (dead lock, waited too long for a lock)?"""
	if isinstance(error, frappe.QueryDeadlockError | frappe.QueryTimeoutError):
		return True
	return _is(error, "OperationalError", "InternalError") and bool(
		frappe.db.is_deadlocked(error) or frappe.db.is_timedout(error)
	)


def lock(doctype: str, filters: Any, fields: Sequence[str]) -> frappe._dict | None:
	"""These fields of the first row found, which stays locked until the transaction ends; None when there is none. Raises
	Overtaken when another transaction has changed them since this one began."""
	found = frappe.db.get_value(doctype, filters, list(fields), as_dict=True, for_update=True)
	if found != frappe.db.get_value(doctype, filters, list(fields), as_dict=True):
		raise Overtaken(f"{doctype} {filters}")
	return found


def persist(work: Callable[[], Done]) -> Done:
	"""Do a whole transaction's work; when another transaction gets in its way, undo it and do it again, a moment later. The
	work must bear that, and nothing else may be open."""
	for number in range(1, TRIES + 1):
		try:
			return work()
		except Exception as error:
			if number == TRIES or not is_lock_trouble(error):
				raise
			frappe.db.rollback()
			time.sleep(random.uniform(0.02, 0.1) * number)
	raise AssertionError("the last try returns or raises")


def keep_exact(doctype: str, columns: Sequence[str]) -> None:
	"""Make these columns of a DocType tell texts apart to the letter, for `on_doctype_update`: what outside systems call
	their things. MariaDB by itself takes "aB" for "Ab", and so one thing for another.

	Frappe compares a column's type and default with its DocField, never its collation, so that a migrate leaves this alone.
	"""
	if frappe.db.db_type != "mariadb":
		return
	table = frappe.qb.Schema("information_schema").columns
	found = (
		frappe.qb.from_(table)
		.select(table.column_name, table.column_type, table.is_nullable, table.column_default)
		.where(
			(table.table_schema == Function("DATABASE"))
			& (table.table_name == f"tab{doctype}")
			& table.column_name.isin(list(columns))
			& (table.collation_name != _EXACT)
		)
		.run()
	)
	if not found:
		return
	changes = ", ".join(
		f"MODIFY `{column}` {kind} COLLATE {_EXACT}"
		f"{'' if nullable == 'YES' else ' NOT NULL'}{'' if default is None else f' DEFAULT {default}'}"
		for column, kind, nullable, default in found
	)
	# all of it is of the database's own catalogue, and no statement takes parameters there
	frappe.db.sql_ddl(f"ALTER TABLE `tab{doctype}` {changes}")


class _Gathering:
	"""One transaction's callback, with what it is called for."""

	def __init__(self, then: Callable[[dict[Any, Any]], None]):
		self.items: dict[Any, Any] | None = {}
		self.then = then

	def __call__(self) -> None:
		items, self.items = self.items, None  # what comes up meanwhile is gathered anew
		self.then(items)


def gathered(key: str, callbacks: Any, then: Callable[[dict[Any, Any]], None]) -> dict[Any, Any]:
	"""What this transaction has gathered under `key`, to be added to; `then` gets it once, when `callbacks`
	(`frappe.db.before_commit` or `.after_commit`) are called.

	It lives in that list of callbacks and nowhere else. So it is gone whenever Frappe empties the list: after a rollback,
	and also after a commit that failed half-way, of which `after_rollback` is not told any more.
	"""
	held = frappe.flags.get(key)
	gathering = held() if held else None
	if gathering is None or gathering.items is None:
		gathering = _Gathering(then)
		frappe.flags[key] = weakref.ref(gathering)
		callbacks.add(gathering)
	return gathering.items


def _is(error: Exception, *names: str) -> bool:
	return any(kind.__name__ in names for kind in type(error).__mro__)
