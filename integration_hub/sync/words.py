"""What can go wrong at a vendor, or between here and the workers, as a sentence for whoever waits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _

from integration_hub.connectors import UnknownConnector
from integration_hub.failures import Failure
from integration_hub.sync import wake

#: where a browser would see the beginning of a tag
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def as_text(sentence: str) -> str:
	"""A sentence as it may be stored and shown. The Desk takes messages and Small Text for HTML, and Frappe cleans only
	what is saved as a document; a sentence may quote the vendor, so tags in it are made harmless."""
	return _TAG.sub("< ", sentence or "")


@contextmanager
def in_words() -> Iterator[None]:
	"""For web requests: failures become frappe.ValidationError with their sentence."""
	try:
		yield
	except Failure as failure:
		frappe.throw(as_text(failure.sentence))
	except UnknownConnector:
		frappe.throw(_("The connector of this Connection is not installed on this site (any more)."))
	except wake.NOT_NOW:
		frappe.throw(_("Background jobs cannot be started now. Nothing is lost; try again later."))
