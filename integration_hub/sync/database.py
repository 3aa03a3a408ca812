"""Telling database errors apart, whichever driver the site uses (PyMySQL on v15, mysqlclient on v16, SQLite)."""

from __future__ import annotations

import frappe


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


def _is(error: Exception, *names: str) -> bool:
	return any(kind.__name__ in names for kind in type(error).__mro__)
