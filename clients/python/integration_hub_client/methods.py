# Made of the API's description by clients/generate.py (`make generated`): do not edit.
"""The API's methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from . import types as t
from .calling import UNSET, Rows, Transport, Unset


class Approvals:
	"""Approvals: what waits for the caller by ERPNext's Workflows, and deciding about it."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def approve(
		self,
		doctype: str,
		name: str,
		*,
		action: str | Unset = UNSET,
		workflow_state: str | None | Unset = UNSET,
		reason: str | None | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.ApprovalDocument:
		"""Approve a document. Does the Workflow's action `Approve`, or the `action` named: any of
		those that `get` shows."""
		found: t.ApprovalDocument = self._calls.write(
			"approvals.approve",
			{
				"doctype": doctype,
				"name": name,
				"action": action,
				"workflow_state": workflow_state,
				"reason": reason,
			},
			idempotency_key=idempotency_key,
		)
		return found

	def decide_many(self, rows: Sequence[t.Decision], *, idempotency_key: str | None = None) -> t.BulkResult:
		"""Decide about up to 1,000 documents. Each row by itself; one that is refused does not
		keep the others. Does `Approve`, or each row's `action`."""
		found: t.BulkResult = self._calls.write(
			"approvals.decide_many", {"rows": rows}, idempotency_key=idempotency_key
		)
		return found

	def decide_many_in_background(
		self, rows: Sequence[t.Decision], *, idempotency_key: str | None = None
	) -> t.Job:
		"""Decide about up to 1,000 documents, in the background."""
		found: t.Job = self._calls.write(
			"approvals.decide_many", {"rows": rows, "background": True}, idempotency_key=idempotency_key
		)
		return found

	def get(self, doctype: str, name: str, *, fields: Sequence[str] | None = None) -> t.ApprovalDocument:
		"""How one document stands. With what the caller may do with it, and why others have
		decided as they did."""
		found: t.ApprovalDocument = self._calls.read(
			"approvals.get", {"doctype": doctype, "name": name, "fields": fields}
		)
		return found

	def list(
		self,
		*,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		doctype: str | None = None,
		cursor: str | None = None,
	) -> Rows[t.Approval]:
		"""What waits for the caller. Documents that the caller may move on in their Workflow,
		oldest change first for each DocType. What was decided about is not in it any more. A
		page may have fewer rows than `limit`: go on as long as there is a `next_cursor`."""
		arguments = {"fields": fields, "modified_since": modified_since, "limit": limit, "doctype": doctype}
		return Rows(lambda at: self._calls.read("approvals.list", {**arguments, "cursor": at}), cursor)

	def reject(
		self,
		doctype: str,
		name: str,
		reason: str,
		*,
		action: str | Unset = UNSET,
		workflow_state: str | None | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.ApprovalDocument:
		"""Reject a document, with the reason. Does the Workflow's action `Reject`, or the `action`
		named."""
		found: t.ApprovalDocument = self._calls.write(
			"approvals.reject",
			{
				"doctype": doctype,
				"name": name,
				"action": action,
				"workflow_state": workflow_state,
				"reason": reason,
			},
			idempotency_key=idempotency_key,
		)
		return found


class Calls:
	"""The log of who called this API, for those who look after it."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def export(
		self,
		*,
		caller: str | None = None,
		user: str | None = None,
		api_key: str | None = None,
		address: str | None = None,
		http_status: int | None = None,
		marked: bool | None = None,
		called_from: t.Moment | None = None,
		called_before: t.Moment | None = None,
		limit: int | None = None,
	) -> bytes:
		"""Calls of this API as CSV, newest first. At most 50,000 rows; ask by time for more. Needs
		the right to export Integration API Call."""
		return self._calls.fetch(
			"calls.export",
			{
				"caller": caller,
				"user": user,
				"api_key": api_key,
				"address": address,
				"http_status": http_status,
				"marked": marked,
				"called_from": called_from,
				"called_before": called_before,
				"limit": limit,
			},
		)

	def list(
		self,
		*,
		caller: str | None = None,
		user: str | None = None,
		api_key: str | None = None,
		address: str | None = None,
		http_status: int | None = None,
		marked: bool | None = None,
		called_from: t.Moment | None = None,
		called_before: t.Moment | None = None,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		cursor: str | None = None,
	) -> Rows[t.Call]:
		"""Calls of this API, oldest first. Needs the right to read Integration API Call, as
		Integration Managers have."""
		arguments = {
			"caller": caller,
			"user": user,
			"api_key": api_key,
			"address": address,
			"http_status": http_status,
			"marked": marked,
			"called_from": called_from,
			"called_before": called_before,
			"fields": fields,
			"modified_since": modified_since,
			"limit": limit,
		}
		return Rows(lambda at: self._calls.read("calls.list", {**arguments, "cursor": at}), cursor)


class Customers:
	"""Customers, with the contact and address that an order needs."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def create(
		self,
		customer_name: str,
		*,
		customer_type: str | Unset = UNSET,
		customer_group: str | None | Unset = UNSET,
		territory: str | None | Unset = UNSET,
		tax_id: str | None | Unset = UNSET,
		email_id: str | None | Unset = UNSET,
		mobile_no: str | None | Unset = UNSET,
		default_currency: str | None | Unset = UNSET,
		default_price_list: str | None | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Customer:
		"""Make a Customer. ERPNext's own rules apply; what it makes besides (a Contact for an
		email address) is made too."""
		found: t.Customer = self._calls.write(
			"customers.create",
			{
				"customer_name": customer_name,
				"customer_type": customer_type,
				"customer_group": customer_group,
				"territory": territory,
				"tax_id": tax_id,
				"email_id": email_id,
				"mobile_no": mobile_no,
				"default_currency": default_currency,
				"default_price_list": default_price_list,
			},
			idempotency_key=idempotency_key,
		)
		return found

	def create_many(
		self, rows: Sequence[t.NewCustomer], *, idempotency_key: str | None = None
	) -> t.BulkResult:
		"""Make up to 1,000 Customers. Each row is a Customer of its own; a row that is refused
		does not keep the others."""
		found: t.BulkResult = self._calls.write(
			"customers.create_many", {"rows": rows}, idempotency_key=idempotency_key
		)
		return found

	def create_many_in_background(
		self, rows: Sequence[t.NewCustomer], *, idempotency_key: str | None = None
	) -> t.Job:
		"""Make up to 1,000 Customers, in the background."""
		found: t.Job = self._calls.write(
			"customers.create_many", {"rows": rows, "background": True}, idempotency_key=idempotency_key
		)
		return found

	def get(self, name: str, *, fields: Sequence[str] | None = None) -> t.Customer:
		"""One Customer. Answers with an ETag that `update` takes as If-Match."""
		found: t.Customer = self._calls.read("customers.get", {"fields": fields, "name": name})
		return found

	def list(
		self,
		*,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		customer_name: str | None = None,
		customer_group: str | None = None,
		email_id: str | None = None,
		disabled: bool | None = None,
		cursor: str | None = None,
	) -> Rows[t.Customer]:
		"""Customers, oldest change first. Only those that the caller may read."""
		arguments = {
			"fields": fields,
			"modified_since": modified_since,
			"limit": limit,
			"customer_name": customer_name,
			"customer_group": customer_group,
			"email_id": email_id,
			"disabled": disabled,
		}
		return Rows(lambda at: self._calls.read("customers.list", {**arguments, "cursor": at}), cursor)

	def update(
		self,
		name: str,
		*,
		customer_name: str | None | Unset = UNSET,
		customer_type: str | None | Unset = UNSET,
		customer_group: str | None | Unset = UNSET,
		territory: str | None | Unset = UNSET,
		tax_id: str | None | Unset = UNSET,
		default_currency: str | None | Unset = UNSET,
		default_price_list: str | None | Unset = UNSET,
		disabled: bool | None | Unset = UNSET,
		idempotency_key: str | None = None,
		if_match: str | None = None,
	) -> t.Customer:
		"""Change a Customer. Only the fields that are sent are changed. Null empties a field. With
		If-Match: only if nobody changed it since."""
		found: t.Customer = self._calls.write(
			"customers.update",
			{
				"name": name,
				"customer_name": customer_name,
				"customer_type": customer_type,
				"customer_group": customer_group,
				"territory": territory,
				"tax_id": tax_id,
				"default_currency": default_currency,
				"default_price_list": default_price_list,
				"disabled": disabled,
			},
			idempotency_key=idempotency_key,
			if_match=if_match,
		)
		return found


class Description:
	"""What this API can do, for programs."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def openapi(self) -> bytes:
		"""This description, OpenAPI 3.1. The same for everybody, whatever they may call. A page to
		read and try it is at /integration-hub/api."""
		return self._calls.fetch("description.openapi", {})


class Events:
	"""Integration Events: what is to be done between ERPNext and outside systems, how each stands,
	and doing them again."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def get(self, name: str, *, fields: Sequence[str] | None = None) -> t.Event:
		"""One Event. How it stands, and what it says."""
		found: t.Event = self._calls.read("events.get", {"fields": fields, "name": name})
		return found

	def list(
		self,
		*,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		connection: str | None = None,
		status: str | None = None,
		resource: str | None = None,
		direction: str | None = None,
		outside_id: str | None = None,
		cursor: str | None = None,
	) -> Rows[t.Event]:
		"""Events, oldest change first. Of the Connections that the caller may see. Payloads are
		not shown here."""
		arguments = {
			"fields": fields,
			"modified_since": modified_since,
			"limit": limit,
			"connection": connection,
			"status": status,
			"resource": resource,
			"direction": direction,
			"outside_id": outside_id,
		}
		return Rows(lambda at: self._calls.read("events.list", {**arguments, "cursor": at}), cursor)

	def replay(self, names: Sequence[str], *, idempotency_key: str | None = None) -> t.BulkResult:
		"""Do up to 1,000 Events again. Those that are parked, dead, ended or set aside come due
		again ("done"); those on their way already are left alone ("unchanged"). What the caller
		may not see is not there."""
		found: t.BulkResult = self._calls.write(
			"events.replay", {"names": names}, idempotency_key=idempotency_key
		)
		return found


class Health:
	"""Is the hub alive, and does anything need a person?"""

	def __init__(self, calls: Transport):
		self._calls = calls

	def ping(self) -> t.Alive:
		"""Is the site up. For load balancers and monitors. Says nothing else; the database was
		asked."""
		found: t.Alive = self._calls.read("health.ping", {})
		return found

	def status(self) -> t.Health:
		"""How much waits, and for whom. For the hub's own roles. `oldest_due_seconds` over a few
		minutes means that no worker or no scheduler runs; `parked` waits for a person."""
		found: t.Health = self._calls.read("health.status", {})
		return found


class Invoices:
	"""Sales Invoices and credit notes: what is billed, and what is still owed."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def cancel(
		self, name: str, *, idempotency_key: str | None = None, if_match: str | None = None
	) -> t.Invoice:
		"""Cancel a Sales Invoice. ERPNext refuses it while payments or credit notes depend on it,
		or the period is closed."""
		found: t.Invoice = self._calls.write(
			"invoices.cancel", {"name": name}, idempotency_key=idempotency_key, if_match=if_match
		)
		return found

	def create(
		self,
		*,
		sales_order: str | None | Unset = UNSET,
		delivery_note: str | None | Unset = UNSET,
		customer: str | None | Unset = UNSET,
		company: str | None | Unset = UNSET,
		posting_date: t.Day | None | Unset = UNSET,
		due_date: t.Day | None | Unset = UNSET,
		po_no: str | None | Unset = UNSET,
		currency: str | None | Unset = UNSET,
		items: Sequence[t.IntegrationhubApiRestSalesNewItem] | Unset = UNSET,
		taxes: Sequence[t.NewTax] | Unset = UNSET,
		expected_total: t.Money | None | Unset = UNSET,
		submit: bool | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Invoice:
		"""Make a Sales Invoice. Of a Sales Order or Delivery Note by ERPNext's own mapping, or of
		items. ERPNext works out every total. Send an Idempotency-Key, so that a repeated call
		makes no second invoice."""
		found: t.Invoice = self._calls.write(
			"invoices.create",
			{
				"sales_order": sales_order,
				"delivery_note": delivery_note,
				"customer": customer,
				"company": company,
				"posting_date": posting_date,
				"due_date": due_date,
				"po_no": po_no,
				"currency": currency,
				"items": items,
				"taxes": taxes,
				"expected_total": expected_total,
				"submit": submit,
			},
			idempotency_key=idempotency_key,
		)
		return found

	def create_many(
		self, rows: Sequence[t.NewInvoice], *, idempotency_key: str | None = None
	) -> t.BulkResult:
		"""Make up to 1,000 Sales Invoices. Each row is an invoice of its own; a row that is
		refused does not keep the others."""
		found: t.BulkResult = self._calls.write(
			"invoices.create_many", {"rows": rows}, idempotency_key=idempotency_key
		)
		return found

	def create_many_in_background(
		self, rows: Sequence[t.NewInvoice], *, idempotency_key: str | None = None
	) -> t.Job:
		"""Make up to 1,000 Sales Invoices, in the background."""
		found: t.Job = self._calls.write(
			"invoices.create_many", {"rows": rows, "background": True}, idempotency_key=idempotency_key
		)
		return found

	def credit(
		self,
		name: str,
		*,
		items: Sequence[t.CreditedItem] | Unset = UNSET,
		posting_date: t.Day | None | Unset = UNSET,
		expected_total: t.Money | None | Unset = UNSET,
		submit: bool | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Invoice:
		"""Make a credit note. For all of a submitted invoice or some of its lines, by ERPNext's
		own mapping. Where a payment gateway refunds by the credit note, it does so when this is
		submitted."""
		found: t.Invoice = self._calls.write(
			"invoices.credit",
			{
				"name": name,
				"items": items,
				"posting_date": posting_date,
				"expected_total": expected_total,
				"submit": submit,
			},
			idempotency_key=idempotency_key,
		)
		return found

	def get(self, name: str, *, fields: Sequence[str] | None = None) -> t.Invoice:
		"""One Sales Invoice or credit note. With its lines and taxes."""
		found: t.Invoice = self._calls.read("invoices.get", {"fields": fields, "name": name})
		return found

	def list(
		self,
		*,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		customer: str | None = None,
		company: str | None = None,
		status: str | None = None,
		po_no: str | None = None,
		cursor: str | None = None,
	) -> Rows[t.Invoice]:
		"""Sales Invoices and credit notes, oldest change first. Only those that the caller may
		read. Credit notes have `is_return` and negative amounts."""
		arguments = {
			"fields": fields,
			"modified_since": modified_since,
			"limit": limit,
			"customer": customer,
			"company": company,
			"status": status,
			"po_no": po_no,
		}
		return Rows(lambda at: self._calls.read("invoices.list", {**arguments, "cursor": at}), cursor)

	def submit(
		self, name: str, *, idempotency_key: str | None = None, if_match: str | None = None
	) -> t.Invoice:
		"""Submit a draft. From then on it is booked. With If-Match: only if nobody changed it
		since."""
		found: t.Invoice = self._calls.write(
			"invoices.submit", {"name": name}, idempotency_key=idempotency_key, if_match=if_match
		)
		return found


class Items:
	"""Items: what is sold and stocked."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def create(
		self,
		item_code: str,
		item_group: str,
		stock_uom: str,
		*,
		item_name: str | None | Unset = UNSET,
		description: str | None | Unset = UNSET,
		is_stock_item: bool | Unset = UNSET,
		weight_per_unit: float | None | Unset = UNSET,
		weight_uom: str | None | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Item:
		"""Make an Item. ERPNext's own rules apply."""
		found: t.Item = self._calls.write(
			"items.create",
			{
				"item_code": item_code,
				"item_name": item_name,
				"item_group": item_group,
				"stock_uom": stock_uom,
				"description": description,
				"is_stock_item": is_stock_item,
				"weight_per_unit": weight_per_unit,
				"weight_uom": weight_uom,
			},
			idempotency_key=idempotency_key,
		)
		return found

	def get(self, name: str, *, fields: Sequence[str] | None = None) -> t.Item:
		"""One Item. Answers with an ETag that `update` takes as If-Match."""
		found: t.Item = self._calls.read("items.get", {"fields": fields, "name": name})
		return found

	def list(
		self,
		*,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		item_group: str | None = None,
		variant_of: str | None = None,
		disabled: bool | None = None,
		is_stock_item: bool | None = None,
		cursor: str | None = None,
	) -> Rows[t.Item]:
		"""Items, oldest change first. Only those that the caller may read."""
		arguments = {
			"fields": fields,
			"modified_since": modified_since,
			"limit": limit,
			"item_group": item_group,
			"variant_of": variant_of,
			"disabled": disabled,
			"is_stock_item": is_stock_item,
		}
		return Rows(lambda at: self._calls.read("items.list", {**arguments, "cursor": at}), cursor)

	def update(
		self,
		name: str,
		*,
		item_name: str | None | Unset = UNSET,
		item_group: str | None | Unset = UNSET,
		description: str | None | Unset = UNSET,
		disabled: bool | None | Unset = UNSET,
		weight_per_unit: float | None | Unset = UNSET,
		weight_uom: str | None | Unset = UNSET,
		idempotency_key: str | None = None,
		if_match: str | None = None,
	) -> t.Item:
		"""Change an Item. Only the fields that are sent are changed. With If-Match: only if nobody
		changed it since."""
		found: t.Item = self._calls.write(
			"items.update",
			{
				"name": name,
				"item_name": item_name,
				"item_group": item_group,
				"description": description,
				"disabled": disabled,
				"weight_per_unit": weight_per_unit,
				"weight_uom": weight_uom,
			},
			idempotency_key=idempotency_key,
			if_match=if_match,
		)
		return found

	def upsert_many(
		self, rows: Sequence[t.ItemsNewItem], *, idempotency_key: str | None = None
	) -> t.BulkResult:
		"""Make or change up to 1,000 Items. By `item_code`: what is there already gets the fields
		that are sent ("updated", or "unchanged")."""
		found: t.BulkResult = self._calls.write(
			"items.upsert_many", {"rows": rows}, idempotency_key=idempotency_key
		)
		return found

	def upsert_many_in_background(
		self, rows: Sequence[t.ItemsNewItem], *, idempotency_key: str | None = None
	) -> t.Job:
		"""Make or change up to 1,000 Items, in the background."""
		found: t.Job = self._calls.write(
			"items.upsert_many", {"rows": rows, "background": True}, idempotency_key=idempotency_key
		)
		return found


class Jobs:
	"""Long work that a caller has started: how it stands, and what came of it."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def file(self, name: str) -> bytes:
		"""The file that a job has made. Of a report or export that is Done. It is kept as long as
		the job: see Integration Settings."""
		return self._calls.fetch("jobs.file", {"name": name})

	def get(self, name: str) -> t.JobsJob:
		"""A job of the caller's own. `status` is Queued, Working, Done (`result` is what the
		method would have answered) or Failed (`message` says why). Jobs of others are not
		found."""
		found: t.JobsJob = self._calls.read("jobs.get", {"name": name})
		return found


class Keys:
	"""The key that a caller has signed in with: what it may, and a new secret for it."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def me(self) -> t.Whoami:
		"""Who the caller is to this site. The user that the key, token or session stands for, its
		roles and its limit."""
		found: t.Whoami = self._calls.read("keys.me", {})
		return found

	def rotate(self, *, overlap_hours: int | Unset = UNSET) -> t.NewSecret:
		"""A new secret for the key that calls. The answer holds the whole new token, this once: it
		is not kept, so there is no Idempotency-Key. Answers 403 to callers that came without an
		Integration API Key."""
		found: t.NewSecret = self._calls.write("keys.rotate", {"overlap_hours": overlap_hours}, keyed=False)
		return found


class Leads:
	"""Leads: people who may become customers."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def create(
		self,
		*,
		first_name: str | None | Unset = UNSET,
		last_name: str | None | Unset = UNSET,
		company_name: str | None | Unset = UNSET,
		email_id: str | None | Unset = UNSET,
		mobile_no: str | None | Unset = UNSET,
		phone: str | None | Unset = UNSET,
		website: str | None | Unset = UNSET,
		territory: str | None | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Lead:
		"""Make a Lead. ERPNext's own rules apply (one Lead for an email address, unless CRM
		Settings allow more)."""
		found: t.Lead = self._calls.write(
			"leads.create",
			{
				"first_name": first_name,
				"last_name": last_name,
				"company_name": company_name,
				"email_id": email_id,
				"mobile_no": mobile_no,
				"phone": phone,
				"website": website,
				"territory": territory,
			},
			idempotency_key=idempotency_key,
		)
		return found

	def create_many(self, rows: Sequence[t.NewLead], *, idempotency_key: str | None = None) -> t.BulkResult:
		"""Make up to 1,000 Leads. Each row is a Lead of its own; a row that is refused does not
		keep the others."""
		found: t.BulkResult = self._calls.write(
			"leads.create_many", {"rows": rows}, idempotency_key=idempotency_key
		)
		return found

	def create_many_in_background(
		self, rows: Sequence[t.NewLead], *, idempotency_key: str | None = None
	) -> t.Job:
		"""Make up to 1,000 Leads, in the background."""
		found: t.Job = self._calls.write(
			"leads.create_many", {"rows": rows, "background": True}, idempotency_key=idempotency_key
		)
		return found

	def get(self, name: str, *, fields: Sequence[str] | None = None) -> t.Lead:
		"""One Lead. Answers with an ETag that `update` takes as If-Match."""
		found: t.Lead = self._calls.read("leads.get", {"fields": fields, "name": name})
		return found

	def list(
		self,
		*,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		status: str | None = None,
		email_id: str | None = None,
		cursor: str | None = None,
	) -> Rows[t.Lead]:
		"""Leads, oldest change first. Only those that the caller may read."""
		arguments = {
			"fields": fields,
			"modified_since": modified_since,
			"limit": limit,
			"status": status,
			"email_id": email_id,
		}
		return Rows(lambda at: self._calls.read("leads.list", {**arguments, "cursor": at}), cursor)

	def update(
		self,
		name: str,
		*,
		first_name: str | None | Unset = UNSET,
		last_name: str | None | Unset = UNSET,
		company_name: str | None | Unset = UNSET,
		email_id: str | None | Unset = UNSET,
		mobile_no: str | None | Unset = UNSET,
		phone: str | None | Unset = UNSET,
		website: str | None | Unset = UNSET,
		territory: str | None | Unset = UNSET,
		status: str | None | Unset = UNSET,
		idempotency_key: str | None = None,
		if_match: str | None = None,
	) -> t.Lead:
		"""Change a Lead. Only the fields that are sent are changed. Null empties a field. With
		If-Match: only if nobody changed it since."""
		found: t.Lead = self._calls.write(
			"leads.update",
			{
				"first_name": first_name,
				"last_name": last_name,
				"company_name": company_name,
				"email_id": email_id,
				"mobile_no": mobile_no,
				"phone": phone,
				"website": website,
				"territory": territory,
				"name": name,
				"status": status,
			},
			idempotency_key=idempotency_key,
			if_match=if_match,
		)
		return found


class Orders:
	"""Sales Orders: what an outside system sells, and how far each has come."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def cancel(
		self, name: str, *, idempotency_key: str | None = None, if_match: str | None = None
	) -> t.Order:
		"""Cancel a Sales Order. ERPNext refuses it while deliveries or invoices depend on it."""
		found: t.Order = self._calls.write(
			"orders.cancel", {"name": name}, idempotency_key=idempotency_key, if_match=if_match
		)
		return found

	def create(
		self,
		customer: str,
		items: Sequence[t.IntegrationhubApiRestSalesNewItem],
		*,
		company: str | None | Unset = UNSET,
		transaction_date: t.Day | None | Unset = UNSET,
		delivery_date: t.Day | None | Unset = UNSET,
		po_no: str | None | Unset = UNSET,
		currency: str | None | Unset = UNSET,
		selling_price_list: str | None | Unset = UNSET,
		customer_address: str | None | Unset = UNSET,
		shipping_address_name: str | None | Unset = UNSET,
		taxes: Sequence[t.NewTax] | Unset = UNSET,
		expected_total: t.Money | None | Unset = UNSET,
		submit: bool | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Order:
		"""Make a Sales Order. ERPNext fills in prices, taxes of its rules and totals. Send an
		Idempotency-Key, so that a repeated call makes no second order."""
		found: t.Order = self._calls.write(
			"orders.create",
			{
				"customer": customer,
				"company": company,
				"transaction_date": transaction_date,
				"delivery_date": delivery_date,
				"po_no": po_no,
				"currency": currency,
				"selling_price_list": selling_price_list,
				"customer_address": customer_address,
				"shipping_address_name": shipping_address_name,
				"items": items,
				"taxes": taxes,
				"expected_total": expected_total,
				"submit": submit,
			},
			idempotency_key=idempotency_key,
		)
		return found

	def create_many(self, rows: Sequence[t.NewOrder], *, idempotency_key: str | None = None) -> t.BulkResult:
		"""Make up to 1,000 Sales Orders. Each row is an order of its own; a row that is refused
		does not keep the others."""
		found: t.BulkResult = self._calls.write(
			"orders.create_many", {"rows": rows}, idempotency_key=idempotency_key
		)
		return found

	def create_many_in_background(
		self, rows: Sequence[t.NewOrder], *, idempotency_key: str | None = None
	) -> t.Job:
		"""Make up to 1,000 Sales Orders, in the background."""
		found: t.Job = self._calls.write(
			"orders.create_many", {"rows": rows, "background": True}, idempotency_key=idempotency_key
		)
		return found

	def get(self, name: str, *, fields: Sequence[str] | None = None) -> t.Order:
		"""One Sales Order. With its lines and taxes."""
		found: t.Order = self._calls.read("orders.get", {"fields": fields, "name": name})
		return found

	def list(
		self,
		*,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		customer: str | None = None,
		company: str | None = None,
		status: str | None = None,
		po_no: str | None = None,
		cursor: str | None = None,
	) -> Rows[t.Order]:
		"""Sales Orders, oldest change first. Only those that the caller may read."""
		arguments = {
			"fields": fields,
			"modified_since": modified_since,
			"limit": limit,
			"customer": customer,
			"company": company,
			"status": status,
			"po_no": po_no,
		}
		return Rows(lambda at: self._calls.read("orders.list", {**arguments, "cursor": at}), cursor)

	def submit(
		self, name: str, *, idempotency_key: str | None = None, if_match: str | None = None
	) -> t.Order:
		"""Submit a draft. From then on it counts. With If-Match: only if nobody changed it since."""
		found: t.Order = self._calls.write(
			"orders.submit", {"name": name}, idempotency_key=idempotency_key, if_match=if_match
		)
		return found


class Payments:
	"""Payment Entries: money that came or went."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def cancel(
		self, name: str, *, idempotency_key: str | None = None, if_match: str | None = None
	) -> t.Payment:
		"""Cancel a Payment Entry. What it settled is open again. Money at a gateway does not move:
		that is `refund`."""
		found: t.Payment = self._calls.write(
			"payments.cancel", {"name": name}, idempotency_key=idempotency_key, if_match=if_match
		)
		return found

	def create(
		self,
		party: str,
		amount: t.Money,
		*,
		payment_type: Literal["Receive", "Pay"] | Unset = UNSET,
		company: str | None | Unset = UNSET,
		references: Sequence[t.Settles] | Unset = UNSET,
		mode_of_payment: str | None | Unset = UNSET,
		account: str | None | Unset = UNSET,
		bank_amount: t.Money | None | Unset = UNSET,
		reference_no: str | None | Unset = UNSET,
		reference_date: t.Day | None | Unset = UNSET,
		posting_date: t.Day | None | Unset = UNSET,
		submit: bool | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Payment:
		"""Make a Payment Entry. Money of a Customer, for Sales Invoices, credit notes and Sales
		Orders. Send an Idempotency-Key and the bank's `reference_no`, so that nothing is booked
		twice."""
		found: t.Payment = self._calls.write(
			"payments.create",
			{
				"party": party,
				"amount": amount,
				"payment_type": payment_type,
				"company": company,
				"references": references,
				"mode_of_payment": mode_of_payment,
				"account": account,
				"bank_amount": bank_amount,
				"reference_no": reference_no,
				"reference_date": reference_date,
				"posting_date": posting_date,
				"submit": submit,
			},
			idempotency_key=idempotency_key,
		)
		return found

	def create_many(
		self, rows: Sequence[t.NewPayment], *, idempotency_key: str | None = None
	) -> t.BulkResult:
		"""Make up to 1,000 Payment Entries. Each row is a payment of its own; a row that is
		refused does not keep the others."""
		found: t.BulkResult = self._calls.write(
			"payments.create_many", {"rows": rows}, idempotency_key=idempotency_key
		)
		return found

	def create_many_in_background(
		self, rows: Sequence[t.NewPayment], *, idempotency_key: str | None = None
	) -> t.Job:
		"""Make up to 1,000 Payment Entries, in the background."""
		found: t.Job = self._calls.write(
			"payments.create_many", {"rows": rows, "background": True}, idempotency_key=idempotency_key
		)
		return found

	def get(self, name: str, *, fields: Sequence[str] | None = None) -> t.Payment:
		"""One Payment Entry. With what it settles."""
		found: t.Payment = self._calls.read("payments.get", {"fields": fields, "name": name})
		return found

	def link(
		self,
		doctype: Literal["Sales Invoice", "Sales Order", "Payment Request"],
		name: str,
		*,
		gateway: str | None | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Job:
		"""Make a page where a document can be paid. At a payment gateway, for what is open on the
		document; an open page is given again. The job's result has `status` and `url`. Needs
		the right to write the document."""
		found: t.Job = self._calls.write(
			"payments.link",
			{"doctype": doctype, "name": name, "gateway": gateway},
			idempotency_key=idempotency_key,
		)
		return found

	def link_in_background(
		self,
		doctype: Literal["Sales Invoice", "Sales Order", "Payment Request"],
		name: str,
		*,
		gateway: str | None | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Job:
		"""Make a page where a document can be paid, in the background."""
		found: t.Job = self._calls.write(
			"payments.link",
			{"doctype": doctype, "name": name, "gateway": gateway, "background": True},
			idempotency_key=idempotency_key,
		)
		return found

	def list(
		self,
		*,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		party: str | None = None,
		company: str | None = None,
		payment_type: str | None = None,
		reference_no: str | None = None,
		cursor: str | None = None,
	) -> Rows[t.Payment]:
		"""Payment Entries, oldest change first. Only those that the caller may read. `paid_amount`
		is in paid_from_account_currency, `received_amount` in paid_to_account_currency, what is
		allocated in that of the party's account."""
		arguments = {
			"fields": fields,
			"modified_since": modified_since,
			"limit": limit,
			"party": party,
			"company": company,
			"payment_type": payment_type,
			"reference_no": reference_no,
		}
		return Rows(lambda at: self._calls.read("payments.list", {**arguments, "cursor": at}), cursor)

	def refund(
		self, credit_note: str, *, gateway: str | None | Unset = UNSET, idempotency_key: str | None = None
	) -> t.Job:
		"""Give money back through the gateway it came by. What a submitted credit note says, once.
		The job's result has `answers`, each with `status` and `message`."""
		found: t.Job = self._calls.write(
			"payments.refund",
			{"credit_note": credit_note, "gateway": gateway},
			idempotency_key=idempotency_key,
		)
		return found

	def refund_in_background(
		self, credit_note: str, *, gateway: str | None | Unset = UNSET, idempotency_key: str | None = None
	) -> t.Job:
		"""Give money back through the gateway it came by, in the background."""
		found: t.Job = self._calls.write(
			"payments.refund",
			{"credit_note": credit_note, "gateway": gateway, "background": True},
			idempotency_key=idempotency_key,
		)
		return found

	def submit(
		self, name: str, *, idempotency_key: str | None = None, if_match: str | None = None
	) -> t.Payment:
		"""Submit a draft. From then on it is booked. With If-Match: only if nobody changed it
		since."""
		found: t.Payment = self._calls.write(
			"payments.submit", {"name": name}, idempotency_key=idempotency_key, if_match=if_match
		)
		return found


class Prices:
	"""Item Prices: what an Item costs in a price list."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def list(
		self,
		*,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		item_code: str | None = None,
		price_list: str | None = None,
		cursor: str | None = None,
	) -> Rows[t.Price]:
		"""Item Prices, oldest change first. Only those that the caller may read."""
		arguments = {
			"fields": fields,
			"modified_since": modified_since,
			"limit": limit,
			"item_code": item_code,
			"price_list": price_list,
		}
		return Rows(lambda at: self._calls.read("prices.list", {**arguments, "cursor": at}), cursor)

	def upsert_many(self, rows: Sequence[t.NewPrice], *, idempotency_key: str | None = None) -> t.BulkResult:
		"""Set up to 1,000 prices. By Item, price list and UOM (and `valid_from`, where it is
		sent): what is there gets the rate, the rest is made. Prices of one customer or supplier
		are left alone. The currency is the price list's."""
		found: t.BulkResult = self._calls.write(
			"prices.upsert_many", {"rows": rows}, idempotency_key=idempotency_key
		)
		return found

	def upsert_many_in_background(
		self, rows: Sequence[t.NewPrice], *, idempotency_key: str | None = None
	) -> t.Job:
		"""Set up to 1,000 prices, in the background."""
		found: t.Job = self._calls.write(
			"prices.upsert_many", {"rows": rows, "background": True}, idempotency_key=idempotency_key
		)
		return found


class Reports:
	"""Reports and exports: worked out in the background, fetched as CSV, XLSX or JSON."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def export(
		self,
		doctype: str,
		*,
		fields: Sequence[str] | Unset = UNSET,
		filters: Sequence[
			Sequence[str | int | float | bool | Sequence[str | int | float | bool | None] | None]
		]
		| Unset = UNSET,
		format: Literal["csv", "xlsx", "json"] | Unset = UNSET,
		limit: int | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Job:
		"""Export documents of a DocType. Needs the right to export. Oldest change first; only
		documents and fields that the caller may read."""
		found: t.Job = self._calls.write(
			"reports.export",
			{"doctype": doctype, "fields": fields, "filters": filters, "format": format, "limit": limit},
			idempotency_key=idempotency_key,
		)
		return found

	def export_in_background(
		self,
		doctype: str,
		*,
		fields: Sequence[str] | Unset = UNSET,
		filters: Sequence[
			Sequence[str | int | float | bool | Sequence[str | int | float | bool | None] | None]
		]
		| Unset = UNSET,
		format: Literal["csv", "xlsx", "json"] | Unset = UNSET,
		limit: int | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Job:
		"""Export documents of a DocType, in the background."""
		found: t.Job = self._calls.write(
			"reports.export",
			{
				"doctype": doctype,
				"fields": fields,
				"filters": filters,
				"format": format,
				"limit": limit,
				"background": True,
			},
			idempotency_key=idempotency_key,
		)
		return found

	def list(
		self,
		*,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		cursor: str | None = None,
	) -> Rows[t.Report]:
		"""Reports that the caller may run. By ERPNext's own rights: the roles of the report, and
		the right to report on its DocType."""
		arguments = {"fields": fields, "modified_since": modified_since, "limit": limit}
		return Rows(lambda at: self._calls.read("reports.list", {**arguments, "cursor": at}), cursor)

	def run(
		self,
		name: str,
		*,
		filters: dict[str, str | int | float | bool | Sequence[str | int | float | bool | None] | None]
		| Unset = UNSET,
		format: Literal["csv", "xlsx", "json"] | Unset = UNSET,
		limit: int | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Job:
		"""Run a report. Poll the job (`jobs.get`), then fetch its file (`jobs.file`). A prepared
		report is worked out anew. In the file amounts are numbers, as ERPNext's own export has
		them."""
		found: t.Job = self._calls.write(
			"reports.run",
			{"name": name, "filters": filters, "format": format, "limit": limit},
			idempotency_key=idempotency_key,
		)
		return found

	def run_in_background(
		self,
		name: str,
		*,
		filters: dict[str, str | int | float | bool | Sequence[str | int | float | bool | None] | None]
		| Unset = UNSET,
		format: Literal["csv", "xlsx", "json"] | Unset = UNSET,
		limit: int | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Job:
		"""Run a report, in the background."""
		found: t.Job = self._calls.write(
			"reports.run",
			{"name": name, "filters": filters, "format": format, "limit": limit, "background": True},
			idempotency_key=idempotency_key,
		)
		return found


class Shipments:
	"""Shipments: parcels for Delivery Notes, booked with a carrier. Where they are: `tracking`."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def book(
		self, name: str, carrier: str, *, service_id: str | Unset = UNSET, idempotency_key: str | None = None
	) -> t.Job:
		"""Book a Shipment with a carrier. The job's result has `status` ("Done", or "Retrying",
		"Parked", "Dead" with the reason in `message`) and the `parcels` with their tracking
		numbers. Whatever is lost on the way, one Shipment is booked once."""
		found: t.Job = self._calls.write(
			"shipments.book",
			{"name": name, "carrier": carrier, "service_id": service_id},
			idempotency_key=idempotency_key,
		)
		return found

	def book_in_background(
		self, name: str, carrier: str, *, service_id: str | Unset = UNSET, idempotency_key: str | None = None
	) -> t.Job:
		"""Book a Shipment with a carrier, in the background."""
		found: t.Job = self._calls.write(
			"shipments.book",
			{"name": name, "carrier": carrier, "service_id": service_id, "background": True},
			idempotency_key=idempotency_key,
		)
		return found

	def cancel(self, name: str, *, idempotency_key: str | None = None) -> t.Job:
		"""Call a booking off at the carrier. The Shipment itself stays, and can be booked again.
		The job's result has `answers`, one for each carrier, with `status` and `message` as of
		`book`; none when it was called off before."""
		found: t.Job = self._calls.write("shipments.cancel", {"name": name}, idempotency_key=idempotency_key)
		return found

	def cancel_in_background(self, name: str, *, idempotency_key: str | None = None) -> t.Job:
		"""Call a booking off at the carrier, in the background."""
		found: t.Job = self._calls.write(
			"shipments.cancel", {"name": name, "background": True}, idempotency_key=idempotency_key
		)
		return found

	def carriers(self, company: str) -> t.Carriers:
		"""Carriers that are connected for a company. Needs the right to read Shipments."""
		found: t.Carriers = self._calls.read("shipments.carriers", {"company": company})
		return found

	def create(
		self,
		parcels: Sequence[t.NewBox],
		*,
		delivery_note: str | None | Unset = UNSET,
		pick_list: str | None | Unset = UNSET,
		cod_amount: t.Money | None | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Shipment:
		"""Make a Shipment of a Delivery Note or Pick List. Submitted, to be booked next. A Pick
		List ships its Delivery Notes that no Shipment has yet. Send an Idempotency-Key, so that
		a repeated call makes no second Shipment."""
		found: t.Shipment = self._calls.write(
			"shipments.create",
			{
				"delivery_note": delivery_note,
				"pick_list": pick_list,
				"parcels": parcels,
				"cod_amount": cod_amount,
			},
			idempotency_key=idempotency_key,
		)
		return found

	def create_many(
		self, rows: Sequence[t.NewShipment], *, idempotency_key: str | None = None
	) -> t.BulkResult:
		"""Make up to 1,000 Shipments. Each row is a Shipment of its own; a row that is refused
		does not keep the others."""
		found: t.BulkResult = self._calls.write(
			"shipments.create_many", {"rows": rows}, idempotency_key=idempotency_key
		)
		return found

	def create_many_in_background(
		self, rows: Sequence[t.NewShipment], *, idempotency_key: str | None = None
	) -> t.Job:
		"""Make up to 1,000 Shipments, in the background."""
		found: t.Job = self._calls.write(
			"shipments.create_many", {"rows": rows, "background": True}, idempotency_key=idempotency_key
		)
		return found

	def get(self, name: str, *, fields: Sequence[str] | None = None) -> t.Shipment:
		"""One Shipment. With its parcels' sizes and Delivery Notes. Where each parcel is:
		`tracking.list` with `shipment`."""
		found: t.Shipment = self._calls.read("shipments.get", {"fields": fields, "name": name})
		return found

	def list(
		self,
		*,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		status: str | None = None,
		delivery_customer: str | None = None,
		awb_number: str | None = None,
		cursor: str | None = None,
	) -> Rows[t.Shipment]:
		"""Shipments, oldest change first. Only those that the caller may read. Amounts are in the
		company's currency."""
		arguments = {
			"fields": fields,
			"modified_since": modified_since,
			"limit": limit,
			"status": status,
			"delivery_customer": delivery_customer,
			"awb_number": awb_number,
		}
		return Rows(lambda at: self._calls.read("shipments.list", {**arguments, "cursor": at}), cursor)

	def paper(self, name: str, file_name: str) -> bytes:
		"""A paper of a Shipment. A PDF file, by its name in `papers`."""
		return self._calls.fetch("shipments.paper", {"name": name, "file_name": file_name})

	def papers(self, name: str) -> t.Papers:
		"""Labels and other papers of a Shipment. As the carrier gave them, newest first."""
		found: t.Papers = self._calls.read("shipments.papers", {"name": name})
		return found

	def rates(self, name: str, carrier: str, *, idempotency_key: str | None = None) -> t.Job:
		"""Ask a carrier for its rates. The job's result is `rates`, cheapest first: service_id,
		service, amount, currency, days, cod. Changes nothing at the carrier."""
		found: t.Job = self._calls.write(
			"shipments.rates", {"name": name, "carrier": carrier}, idempotency_key=idempotency_key
		)
		return found

	def rates_in_background(self, name: str, carrier: str, *, idempotency_key: str | None = None) -> t.Job:
		"""Ask a carrier for its rates, in the background."""
		found: t.Job = self._calls.write(
			"shipments.rates",
			{"name": name, "carrier": carrier, "background": True},
			idempotency_key=idempotency_key,
		)
		return found


class Stock:
	"""What is on the shelves, and setting it right after a count or a change."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def adjust(
		self,
		rows: Sequence[t.NewAdjustment],
		*,
		reason: str | None | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.BulkResult:
		"""Set up to 1,000 quantities right. A count (`qty`) becomes a row of a Stock
		Reconciliation, a `change` of a Stock Entry (receipt or issue); `name` is the document.
		Counts that agree are `unchanged`. One Item and Warehouse once in a call. Send an
		Idempotency-Key: a change that is sent twice would be booked twice."""
		found: t.BulkResult = self._calls.write(
			"stock.adjust", {"rows": rows, "reason": reason}, idempotency_key=idempotency_key
		)
		return found

	def adjust_in_background(
		self,
		rows: Sequence[t.NewAdjustment],
		*,
		reason: str | None | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Job:
		"""Set up to 1,000 quantities right, in the background."""
		found: t.Job = self._calls.write(
			"stock.adjust",
			{"rows": rows, "reason": reason, "background": True},
			idempotency_key=idempotency_key,
		)
		return found

	def list(
		self,
		*,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		item_code: str | None = None,
		warehouse: str | None = None,
		cursor: str | None = None,
	) -> Rows[t.Level]:
		"""Stock by Item and Warehouse, oldest change first. Only those of Items and Warehouses
		that the caller may see. With `modified_since`: what has moved."""
		arguments = {
			"fields": fields,
			"modified_since": modified_since,
			"limit": limit,
			"item_code": item_code,
			"warehouse": warehouse,
		}
		return Rows(lambda at: self._calls.read("stock.list", {**arguments, "cursor": at}), cursor)


class Tracking:
	"""Where parcels are: what the carriers have told, in one small set of statuses for all of
	them."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def get(
		self,
		*,
		fields: Sequence[str] | None = None,
		name: str | None = None,
		tracking_number: str | None = None,
	) -> t.Parcel:
		"""One parcel. With every scan that the carrier has told. Of two carriers' parcels with one
		number: the newest."""
		found: t.Parcel = self._calls.read(
			"tracking.get", {"fields": fields, "name": name, "tracking_number": tracking_number}
		)
		return found

	def list(
		self,
		*,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		tracking_number: str | None = None,
		shipment: str | None = None,
		delivery_note: str | None = None,
		status: str | None = None,
		cursor: str | None = None,
	) -> Rows[t.Parcel]:
		"""Parcels, oldest change first. By tracking number, Shipment or status. With
		`modified_since`: what has moved. Dry runs are left out."""
		arguments = {
			"fields": fields,
			"modified_since": modified_since,
			"limit": limit,
			"tracking_number": tracking_number,
			"shipment": shipment,
			"delivery_note": delivery_note,
			"status": status,
		}
		return Rows(lambda at: self._calls.read("tracking.list", {**arguments, "cursor": at}), cursor)

	def refresh(self, shipment: str, *, idempotency_key: str | None = None) -> t.Asked:
		"""Ask the carriers where the parcels of a Shipment are. In the background; what they say
		is in `list` and `get` soon after. Needs the right to write the Shipment."""
		found: t.Asked = self._calls.write(
			"tracking.refresh", {"shipment": shipment}, idempotency_key=idempotency_key
		)
		return found

	def refresh_in_background(self, shipment: str, *, idempotency_key: str | None = None) -> t.Asked:
		"""Ask the carriers where the parcels of a Shipment are, in the background."""
		found: t.Asked = self._calls.write(
			"tracking.refresh", {"shipment": shipment, "background": True}, idempotency_key=idempotency_key
		)
		return found


class Webhooks:
	"""Outgoing webhooks: an outside system says what it wants to hear of, and sees what became of
	its messages."""

	def __init__(self, calls: Transport):
		self._calls = calls

	def create(
		self,
		title: str,
		url: str,
		*,
		company: str | None | Unset = UNSET,
		subscriptions: Sequence[t.NewSubscription] | Unset = UNSET,
		give_up_after_days: int | Unset = UNSET,
		enabled: bool | Unset = UNSET,
	) -> t.MadeWebhook:
		"""Listen: messages go to an address from now on. Told is what the caller itself may read,
		by the roles and User Permissions that it has at that moment. The answer holds the
		secret that signs the messages, this once; so there is no Idempotency-Key: send it again
		and the title is taken (409), then `rotate_secret` tells a new one."""
		found: t.MadeWebhook = self._calls.write(
			"webhooks.create",
			{
				"title": title,
				"url": url,
				"company": company,
				"subscriptions": subscriptions,
				"give_up_after_days": give_up_after_days,
				"enabled": enabled,
			},
			keyed=False,
		)
		return found

	def delete(self, name: str, *, idempotency_key: str | None = None) -> t.Deleted:
		"""Listen no more. What was not delivered yet is gone, too."""
		found: t.Deleted = self._calls.write(
			"webhooks.delete", {"name": name}, idempotency_key=idempotency_key
		)
		return found

	def deliveries(
		self,
		webhook: str,
		*,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		status: str | None = None,
		type: str | None = None,
		cursor: str | None = None,
	) -> Rows[t.WebhookDelivery]:
		"""Messages to a listener, oldest change first. Each with every try: the answer's status,
		how long it took and how it began. What they told is not shown."""
		arguments = {
			"fields": fields,
			"modified_since": modified_since,
			"limit": limit,
			"webhook": webhook,
			"status": status,
			"type": type,
		}
		return Rows(lambda at: self._calls.read("webhooks.deliveries", {**arguments, "cursor": at}), cursor)

	def event_types(self) -> t.EventTypes:
		"""Events that can be subscribed to. Those of documents that the caller may read. Besides
		these: `custom`, with a DocType and when it is told."""
		found: t.EventTypes = self._calls.read("webhooks.event_types", {})
		return found

	def get(self, name: str, *, fields: Sequence[str] | None = None) -> t.Webhook:
		"""One listener. Answers with an ETag that `update` takes as If-Match."""
		found: t.Webhook = self._calls.read("webhooks.get", {"fields": fields, "name": name})
		return found

	def list(
		self,
		*,
		fields: Sequence[str] | None = None,
		modified_since: t.Moment | None = None,
		limit: int | None = None,
		enabled: bool | None = None,
		cursor: str | None = None,
	) -> Rows[t.Webhook]:
		"""Listeners, oldest change first. The caller's own; an Integration Manager sees those of
		all. Secrets are never shown."""
		arguments = {"fields": fields, "modified_since": modified_since, "limit": limit, "enabled": enabled}
		return Rows(lambda at: self._calls.read("webhooks.list", {**arguments, "cursor": at}), cursor)

	def replay(
		self,
		name: str,
		*,
		deliveries: Sequence[str] | None | Unset = UNSET,
		since: t.Moment | None | Unset = UNSET,
		until: t.Moment | None | Unset = UNSET,
		failed: bool | Unset = UNSET,
		idempotency_key: str | None = None,
	) -> t.Replayed:
		"""Deliver messages once more. With the same ids. One, several, those of a range of time,
		or all that failed; those that are on their way are left alone."""
		found: t.Replayed = self._calls.write(
			"webhooks.replay",
			{"name": name, "deliveries": deliveries, "since": since, "until": until, "failed": failed},
			idempotency_key=idempotency_key,
		)
		return found

	def rotate_secret(self, name: str) -> t.SigningSecret:
		"""A new signing secret. For 24 hours messages are signed with the former one, too:
		receivers change over without a gap."""
		found: t.SigningSecret = self._calls.write("webhooks.rotate_secret", {"name": name}, keyed=False)
		return found

	def send_test(self, name: str, *, idempotency_key: str | None = None) -> t.Sent:
		"""Send a test message. A message of the type `webhook.test`, on the way that all take. See
		`deliveries` for what became of it."""
		found: t.Sent = self._calls.write(
			"webhooks.send_test", {"name": name}, idempotency_key=idempotency_key
		)
		return found

	def update(
		self,
		name: str,
		*,
		url: str | None | Unset = UNSET,
		enabled: bool | None | Unset = UNSET,
		subscriptions: Sequence[t.NewSubscription] | None | Unset = UNSET,
		give_up_after_days: int | None | Unset = UNSET,
		idempotency_key: str | None = None,
		if_match: str | None = None,
	) -> t.Webhook:
		"""Change a listener. Only the fields that are sent are changed. With If-Match: only if
		nobody changed it since. What happened while it was switched off is not told; what
		happened during a pause is."""
		found: t.Webhook = self._calls.write(
			"webhooks.update",
			{
				"name": name,
				"url": url,
				"enabled": enabled,
				"subscriptions": subscriptions,
				"give_up_after_days": give_up_after_days,
			},
			idempotency_key=idempotency_key,
			if_match=if_match,
		)
		return found


class Methods:
	"""All methods, by kind of thing."""

	def __init__(self, calls: Transport):
		self.approvals = Approvals(calls)
		self.calls = Calls(calls)
		self.customers = Customers(calls)
		self.description = Description(calls)
		self.events = Events(calls)
		self.health = Health(calls)
		self.invoices = Invoices(calls)
		self.items = Items(calls)
		self.jobs = Jobs(calls)
		self.keys = Keys(calls)
		self.leads = Leads(calls)
		self.orders = Orders(calls)
		self.payments = Payments(calls)
		self.prices = Prices(calls)
		self.reports = Reports(calls)
		self.shipments = Shipments(calls)
		self.stock = Stock(calls)
		self.tracking = Tracking(calls)
		self.webhooks = Webhooks(calls)
