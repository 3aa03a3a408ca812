"""Reports and exports: worked out in the background, fetched as CSV, XLSX or JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import frappe
from frappe.utils import get_datetime
from pydantic import Field

from integration_hub.api.rest import sheets, sparse
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import invalid
from integration_hub.api.rest.shapes import Input, Job, Listing, Name, Output, Page, Value
from integration_hub.erp.times import from_site, utc
from integration_hub.sync import reports
from integration_hub.sync.jobs import File

#: rows of one file; more make ERPNext's own exports fail, too
MOST = 50_000

Condition = tuple[Name, Literal[reports.OPERATORS], Value]


class Report(Output):
	name: str
	report_type: str | None
	ref_doctype: str
	modified: datetime


class ReportRun(Input):
	name: Name
	filters: dict[str, Value] = Field(
		default_factory=dict, description="The report's own filters, by field name.", max_length=50
	)
	format: sheets.Format = "json"
	limit: int = Field(MOST, ge=1, le=MOST)


class Export(Input):
	doctype: Name = Field(description="Such as Sales Order.")
	fields: list[Name] = Field(
		default_factory=lambda: [], max_length=200, description="Field names. Default: all that you may read."
	)
	filters: list[Condition] = Field(
		default_factory=lambda: [],
		max_length=20,
		description='Each [field, operator, value]: [["status", "=", "Open"]]; all must hold.',
	)
	format: sheets.Format = "csv"
	limit: int = Field(MOST, ge=1, le=MOST)


@endpoint("GET", "Reports that the caller may run")
def list(query: Listing) -> Page[Report]:
	"""By ERPNext's own rights: the roles of the report, and the right to report on its DocType."""
	sparse.must_be_there(Report, query.fields)
	found, cursor = sparse.page(reports.allowed(), query)
	shown = ({**row, "modified": utc(from_site(get_datetime(row.modified)))} for row in found)
	return {"rows": [sparse.only(row, query.fields) for row in shown], "next_cursor": cursor}


def _run(wanted: ReportRun) -> File:
	columns, rows = reports.run(wanted.name, wanted.filters, wanted.limit)
	return _file(wanted.name, columns, rows, wanted.format)


@endpoint("POST", "Run a report", work=_run)
def run(wanted: ReportRun) -> Job:
	"""Poll the job (`jobs.get`), then fetch its file (`jobs.file`). A prepared report is worked out anew. In the file
	amounts are numbers, as ERPNext's own export has them."""
	reports.check(wanted.name)


def _export(wanted: Export) -> File:
	columns, rows = reports.rows(wanted.doctype, wanted.fields, wanted.filters, wanted.limit)
	return _file(wanted.doctype, columns, rows, wanted.format)


@endpoint("POST", "Export documents of a DocType", work=_export)
def export(wanted: Export) -> Job:
	"""Needs the right to export. Oldest change first; only documents and fields that the caller may read."""
	try:
		reports.check_list(wanted.doctype, wanted.fields, wanted.filters)
	except reports.WrongInput as error:
		raise invalid(error.field, error.sentence) from error


def _file(title: str, columns: Any, rows: Any, how: sheets.Format) -> File:
	shown = [sheets.Column(**column) for column in columns]
	return File(
		sheets.file_name(f"{title} {frappe.utils.today()}", how),
		sheets.written(shown, rows, how),
		{"rows": len(rows), "columns": [column.fieldname for column in shown], "format": how},
	)
