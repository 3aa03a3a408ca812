"""What can go wrong at a vendor, or between here and the workers, as a sentence for whoever waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _

from integration_hub.connectors import UnknownConnector
from integration_hub.failures import Failure
from integration_hub.sync import wake


@contextmanager
def in_words() -> Iterator[None]:
	"""For web requests: failures become frappe.ValidationError with their sentence."""
	try:
		yield
	except Failure as failure:
		frappe.throw(failure.sentence)
	except UnknownConnector:
		frappe.throw(_("The connector of this Connection is not installed on this site (any more)."))
	except wake.NOT_NOW:
		frappe.throw(_("Background jobs cannot be started now. Nothing is lost; try again later."))
