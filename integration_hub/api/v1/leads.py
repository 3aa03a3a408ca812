"""Leads: people who may become customers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import frappe
from pydantic import Field, model_validator

from integration_hub.api.rest.bulk import each
from integration_hub.api.rest.documents import Documents, match
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import taken
from integration_hub.api.rest.shapes import (
	Bulk,
	BulkResult,
	Email,
	Input,
	Listing,
	Name,
	One,
	Output,
	Page,
	Text,
)


class Lead(Output):
	name: str
	lead_name: str | None
	first_name: str | None
	last_name: str | None
	company_name: str | None
	email_id: str | None
	mobile_no: str | None
	phone: str | None
	website: str | None
	status: str | None
	lead_owner: str | None
	territory: str | None
	creation: datetime
	modified: datetime


class LeadQuery(Listing):
	status: Text | None = None
	email_id: Email | None = None


class _Fields(Input):
	first_name: Text | None = None
	last_name: Text | None = None
	company_name: Text | None = None
	email_id: Email | None = None
	mobile_no: Text | None = None
	phone: Text | None = None
	website: Text | None = None
	territory: Name | None = None


class NewLead(_Fields):
	@model_validator(mode="after")
	def _somebody(self) -> NewLead:
		if not (self.first_name or self.company_name or self.email_id):
			raise ValueError("first_name, company_name or email_id must say who it is")
		return self


class LeadChange(_Fields):
	name: Name
	status: Text | None = Field(None, min_length=1)


LEADS = Documents("Lead", Lead, currency="")


@endpoint("GET", "Leads, oldest change first")
def list(query: LeadQuery) -> Page[Lead]:
	"""Only those that the caller may read."""
	return LEADS.page(query, status=query.status, email_id=query.email_id)


@endpoint("GET", "One Lead")
def get(query: One) -> Lead:
	"""Answers with an ETag that `update` takes as If-Match."""
	return LEADS.answer(query)


@endpoint("POST", "Make a Lead", status=201)
def create(new: NewLead) -> Lead:
	"""ERPNext's own rules apply (one Lead for an email address, unless CRM Settings allow more)."""
	LEADS.must("create")
	return LEADS.made(_make(new))


@endpoint("POST", "Change a Lead")
def update(change: LeadChange) -> Lead:
	"""Only the fields that are sent are changed. Null empties a field. With If-Match: only if nobody changed it since."""
	doc = LEADS.open(change.name, "write")
	match(doc, LEADS)
	doc.update(change.model_dump(exclude_unset=True, exclude={"name"}))
	LEADS.save(doc)
	return LEADS.made(doc, 200)


@endpoint("POST", "Make up to 1,000 Leads")
def create_many(body: Bulk[NewLead]) -> BulkResult:
	"""Each row is a Lead of its own; a row that is refused does not keep the others."""
	LEADS.must("create")
	return each(body.rows, lambda new: ("created", _make(new).name))


def _make(new: NewLead) -> Any:
	with taken("email_id"):
		return LEADS.insert(frappe.get_doc({"doctype": "Lead", **new.model_dump(exclude_none=True)}))
