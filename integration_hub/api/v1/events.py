"""Integration Events: what is to be done between ERPNext and outside systems, how each stands, and doing them again."""

from __future__ import annotations

from datetime import datetime

import frappe
from frappe import _
from pydantic import Field

from integration_hub.api.rest.bulk import each
from integration_hub.api.rest.documents import Documents
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import ApiError
from integration_hub.api.rest.shapes import (
	MOST_ROWS,
	BulkResult,
	Input,
	Listing,
	Name,
	One,
	Output,
	Page,
	Text,
)
from integration_hub.sync import replay as replaying

OPERATORS = ("Integration Manager", "Integration User", "System Manager")


class Event(Output):
	name: str
	connection: str
	direction: str
	resource: str
	action: str
	outside_id: str | None
	label: str | None
	status: str
	failure: str | None
	message: str | None
	tries: int
	reference_doctype: str | None
	reference_name: str | None
	due_at: datetime | None
	done_at: datetime | None
	creation: datetime
	modified: datetime


class EventQuery(Listing):
	connection: Name | None = None
	status: Text | None = None
	resource: Text | None = None
	direction: Text | None = Field(None, description="In or Out.")
	outside_id: Text | None = None


class Replay(Input):
	names: list[Name] = Field(min_length=1, max_length=MOST_ROWS)


EVENTS = Documents("Integration Event", Event, currency="")


@endpoint("GET", "Events, oldest change first")
def list(query: EventQuery) -> Page[Event]:
	"""Of the Connections that the caller may see. Payloads are not shown here."""
	return EVENTS.page(
		query,
		connection=query.connection,
		status=query.status,
		resource=query.resource,
		direction=query.direction,
		outside_id=query.outside_id,
	)


@endpoint("GET", "One Event")
def get(query: One) -> Event:
	"""How it stands, and what it says."""
	return EVENTS.answer(query)


@endpoint("POST", "Do up to 1,000 Events again")
def replay(body: Replay) -> BulkResult:
	"""Those that are parked, dead, ended or set aside come due again ("done"); those on their way already are left alone
	("unchanged"). What the caller may not see is not there."""
	if not set(OPERATORS) & set(frappe.get_roles()):
		raise ApiError("forbidden", _("Only an Integration User or Manager may do Events again."))
	return each(body.names, _again)


def _again(name: str) -> tuple[str, str]:
	event = EVENTS.open(name).name
	return ("done" if replaying.replay([event]) else "unchanged"), event
