"""People are imported without their pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import frappe


@contextmanager
def no_pictures() -> Iterator[None]:
	"""Frappe asks gravatar.com for a picture of everybody whose Contact or Lead is saved: a stranger's server, within our
	transaction. It leaves that out for what is imported, which this is."""
	before = frappe.flags.in_import
	frappe.flags.in_import = True
	try:
		yield
	finally:
		frappe.flags.in_import = before
