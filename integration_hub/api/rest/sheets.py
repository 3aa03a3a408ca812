"""Rows as files: CSV, XLSX or JSON.

Numbers stay numbers. Times are UTC in CSV and JSON, and the site's own in XLSX, where people read them. A text that a
spreadsheet would take for a formula gets a quotation mark in CSV and is marked as text in XLSX.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from integration_hub.erp.times import from_site, utc

Format = Literal["csv", "xlsx", "json"]
MIMETYPES = {
	"csv": "text/csv",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"json": "application/json",
}
#: what a cell of XLSX may hold
_LONGEST = 32_767


@dataclass(frozen=True)
class Column:
	fieldname: str
	label: str
	fieldtype: str = "Data"


def written(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]], how: Format) -> bytes:
	"""The file's content."""
	return {"csv": _csv, "xlsx": _xlsx, "json": _json}[how](columns, rows)


def file_name(title: str, how: Format) -> str:
	"""`title` as a name of a file: letters, digits, hyphens."""
	return f"{re.sub(r'[^A-Za-z0-9]+', '-', title).strip('-').lower()[:80] or 'rows'}.{how}"


def harmless(value: Any) -> Any:
	"""A sheet must not take what somebody has written for a formula."""
	return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _plain(value: Any) -> Any:
	if isinstance(value, datetime):
		return utc(from_site(value))
	if isinstance(value, date):
		return value.isoformat()
	if isinstance(value, timedelta | time):
		return str(value)
	if isinstance(value, Decimal):
		return float(value)
	return value if isinstance(value, str | int | float) or value is None else str(value)


def _csv(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> bytes:
	text = io.StringIO()
	writer = csv.writer(text)
	writer.writerow([harmless(column.fieldname) for column in columns])
	for row in rows:
		writer.writerow([harmless(_plain(row.get(column.fieldname))) for column in columns])
	return text.getvalue().encode()


def _json(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> bytes:
	shown = [vars(column) for column in columns]
	told = [{one.fieldname: _plain(row.get(one.fieldname)) for one in columns} for row in rows]
	return json.dumps({"columns": shown, "rows": told}, ensure_ascii=False, separators=(",", ":")).encode()


def _xlsx(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> bytes:
	book = Workbook(write_only=True)
	sheet = book.create_sheet("Sheet 1")
	sheet.append([_cell(sheet, column.label) for column in columns])
	for row in rows:
		sheet.append([_cell(sheet, row.get(column.fieldname)) for column in columns])
	content = io.BytesIO()
	book.save(content)
	return content.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
	if isinstance(value, int | float | Decimal | date | datetime | timedelta | time) or value is None:
		return WriteOnlyCell(sheet, value)
	cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", str(value))[:_LONGEST])
	cell.data_type = "s"  # also what begins with "="
	return cell
