"""The log of who called this API, for those who look after it."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from integration_hub.api.rest import calls
from integration_hub.api.rest.documents import Documents
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.shapes import Answer, Input, Listing, Media, Name, Output, Page, Text
from integration_hub.api.rest.sheets import harmless
from integration_hub.erp.times import to_site

#: rows of one export
MOST = 50_000


class Call(Output):
	name: str = Field(description="The request's id, as its answer had it in X-Request-Id.")
	called_at: datetime
	caller: str | None = Field(description="`key:…`, `user:…` or, for nobody, `address:…`.")
	user: str | None
	api_key: str | None = Field(description="The Integration API Key, also when it was refused.")
	method: str | None
	verb: str | None
	http_status: int
	error_type: str | None
	address: str | None
	milliseconds: int
	marks: str | None = Field(description="What is unusual: new address, burst, refusals, key refused.")
	modified: datetime


class _Which(Input):
	caller: Text | None = None
	user: Name | None = None
	api_key: Name | None = None
	address: Text | None = None
	http_status: int | None = Field(None, ge=100, le=599)
	marked: bool | None = Field(None, description="Only calls with marks, or only those without.")
	called_from: AwareDatetime | None = Field(None, description="Called at or after this moment.")
	called_before: AwareDatetime | None = None


class CallQuery(Listing, _Which):
	pass


class CallExport(_Which):
	limit: int = Field(MOST, ge=1, le=MOST)


CALLS = Documents(calls.DOCTYPE, Call, currency="")


@endpoint("GET", "Calls of this API, oldest first")
def list(query: CallQuery) -> Page[Call]:
	"""Needs the right to read Integration API Call, as Integration Managers have."""
	return CALLS.page(query, *_conditions(query), **_equal(query))


@endpoint("GET", "Calls of this API as CSV, newest first")
def export(query: CallExport) -> Annotated[Answer, Media("text/csv")]:
	"""At most 50,000 rows; ask by time for more. Needs the right to export Integration API Call."""
	CALLS.must("export")
	return Answer(
		_csv(CALLS.rows(query.limit, *_conditions(query), **_equal(query))),
		headers=(("Content-Disposition", 'attachment; filename="api-calls.csv"'),),
		mimetype="text/csv",
	)


def _equal(query: _Which) -> dict[str, object]:
	return {name: getattr(query, name) for name in ("caller", "user", "api_key", "address", "http_status")}


def _conditions(query: _Which):
	if query.marked is not None:
		yield "marks", "is", "set" if query.marked else "not set"
	if query.called_from:
		yield "called_at", ">=", to_site(query.called_from)
	if query.called_before:
		yield "called_at", "<", to_site(query.called_before)


def _csv(rows) -> bytes:
	columns = [name for name in Call.model_fields if name != "modified"]
	text = io.StringIO()
	writer = csv.writer(text)
	writer.writerow(columns)
	for row in rows:
		writer.writerow([harmless(row[name]) for name in columns])
	return text.getvalue().encode()
