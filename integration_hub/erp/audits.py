"""Audits: both sides compared line by line, kept as documents that people can read and file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import frappe
from frappe import _
from frappe.utils import now_datetime

from integration_hub.erp.context import as_float
from integration_hub.records import ZERO

AUDIT = "Integration Audit"


@dataclass(frozen=True)
class Line:
	"""One thing on both sides, amounts in the Audit's currency. `doctype` None: it is not here."""

	outside_id: str
	what: str
	outside: Decimal
	here: Decimal
	doctype: str | None = None
	name: str | None = None

	@property
	def verdict(self) -> str:
		if self.outside == self.here:
			return "Agrees"
		return "Missing Here" if self.doctype is None else "Differs"


def write(
	connection: str, kind: str, reference: str, title: str, currency: str, lines: Sequence[Line]
) -> str:
	"""Make the Audit of this thing, or bring it up to date; returns its name. In the caller's transaction."""
	name = frappe.db.get_value(AUDIT, {"connection": connection, "kind": kind, "reference": reference})
	doc = frappe.get_doc(AUDIT, name) if name else frappe.new_doc(AUDIT)
	differences = [line for line in lines if line.verdict != "Agrees"]
	doc.update(
		{
			"connection": connection,
			"kind": kind,
			"reference": reference,
			"title": title[:140],
			"currency": currency,
			"audited_at": now_datetime(),
			"status": "Differs" if differences else "Agrees",
			"total_outside": as_float(sum((line.outside for line in lines), ZERO)),
			"total_here": as_float(sum((line.here for line in lines), ZERO)),
			"difference": as_float(sum((line.outside - line.here for line in lines), ZERO)),
			"summary": _("{0} of {1} lines agree.").format(len(lines) - len(differences), len(lines)),
		}
	)
	doc.set(
		"lines",
		[
			{
				"outside_id": line.outside_id,
				"what": line.what,
				"outside_amount": as_float(line.outside),
				"reference_doctype": line.doctype,
				"reference_name": line.name,
				"here_amount": as_float(line.here),
				"difference": as_float(line.outside - line.here),
				"verdict": line.verdict,
			}
			for line in lines
		],
	)
	doc.save(ignore_permissions=True)  # safe: the hub's own report, made from what both sides say
	return doc.name
