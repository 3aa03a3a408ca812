"""Audits: both sides compared line by line, kept as documents that people can read and file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_datetime, now_datetime

from integration_hub.erp.context import as_float
from integration_hub.erp.times import from_site, to_site
from integration_hub.records import ZERO

AUDIT, LINE = "Integration Audit", "Integration Audit Line"
PAYOUT = "payout"
AGREES, DIFFERS, MISSING = "Agrees", "Differs", "Missing Here"


@dataclass(frozen=True)
class Line:
	"""One thing on both sides, amounts in the Audit's currency. `doctype` None: it is not here. `fee` is taken off it besides
	(and compared in the accounts of fees)."""

	outside_id: str
	what: str
	outside: Decimal
	here: Decimal
	doctype: str | None = None
	name: str | None = None
	at: datetime | None = None
	fee: Decimal = ZERO

	@property
	def verdict(self) -> str:
		if self.outside == self.here and self.doctype:
			return AGREES
		return DIFFERS if self.doctype else MISSING


def write(
	connection: str, kind: str, reference: str, title: str, currency: str, lines: Sequence[Line]
) -> str:
	"""Make the Audit of this thing, or bring it up to date; returns its name. In the caller's transaction."""
	name = frappe.db.get_value(AUDIT, {"connection": connection, "kind": kind, "reference": reference})
	doc = frappe.get_doc(AUDIT, name) if name else frappe.new_doc(AUDIT)
	agreeing = sum(1 for line in lines if line.verdict == AGREES)
	outside = sum((line.outside for line in lines), ZERO)
	fees = sum((line.fee for line in lines), ZERO)
	times = [to_site(line.at) for line in lines if line.at]
	doc.update(
		{
			"connection": connection,
			"kind": kind,
			"reference": reference,
			"title": title[:140],
			"currency": currency,
			"audited_at": now_datetime(),
			"period_from": min(times, default=None),
			"period_to": max(times, default=None),
			"status": AGREES if agreeing == len(lines) else DIFFERS,
			"total_outside": as_float(outside),
			"total_fees": as_float(fees),
			"paid_out": as_float(outside - fees),
			"total_here": as_float(sum((line.here for line in lines), ZERO)),
			"difference": as_float(sum((line.outside - line.here for line in lines), ZERO)),
			"summary": _("{0} of {1} lines agree.").format(agreeing, len(lines)),
		}
	)
	doc.set("lines", [_row(line) for line in lines])
	doc.save(ignore_permissions=True)  # safe: the hub's own report, made from what both sides say
	return doc.name


def _row(line: Line) -> dict[str, Any]:
	return {
		"outside_id": line.outside_id,
		"what": line.what,
		"happened_at": to_site(line.at) if line.at else None,
		"outside_amount": as_float(line.outside),
		"fee": as_float(line.fee),
		"reference_doctype": line.doctype,
		"reference_name": line.name,
		"here_amount": as_float(line.here),
		"difference": as_float(line.outside - line.here),
		"verdict": line.verdict,
	}


def lines_of(doc: Any) -> list[Line]:
	"""The lines of an Audit as they were when it was written."""
	return [
		Line(
			outside_id=row.outside_id,
			what=row.what,
			outside=_exact(row.outside_amount),
			here=_exact(row.here_amount),
			doctype=row.reference_doctype,
			name=row.reference_name,
			at=from_site(get_datetime(row.happened_at)) if row.happened_at else None,
			fee=_exact(row.fee),
		)
		for row in doc.lines
	]


def _exact(value: float | None) -> Decimal:
	return Decimal(str(value or 0))


def differing_about(connection: str, outside_id: str) -> list[str]:
	"""Audits of a Connection with a line about this outside thing that does not agree."""
	line, audit = frappe.qb.DocType(LINE), frappe.qb.DocType(AUDIT)
	return (
		frappe.qb.from_(line)
		.join(audit)
		.on(audit.name == line.parent)
		.select(audit.name)
		.distinct()
		.where((line.outside_id == outside_id) & (line.verdict != AGREES) & (audit.connection == connection))
		.run(pluck=True)
	)


def naming(doctype: str, name: str) -> list[tuple[str, str]]:
	"""(Audit, Connection) of every Audit in which this document stands."""
	line, audit = frappe.qb.DocType(LINE), frappe.qb.DocType(AUDIT)
	return (
		frappe.qb.from_(line)
		.join(audit)
		.on(audit.name == line.parent)
		.select(audit.name, audit.connection)
		.distinct()
		.where((line.reference_doctype == doctype) & (line.reference_name == name))
		.run()
	)


__all__ = [
	"AGREES",
	"AUDIT",
	"DIFFERS",
	"MISSING",
	"PAYOUT",
	"Line",
	"differing_about",
	"lines_of",
	"naming",
	"replace",
	"write",
]
