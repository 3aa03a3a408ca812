# Made of the API's description by clients/generate.py (`make generated`): do not edit.
"""The API's methods."""

from __future__ import annotations

from collections.abc import Sequence

from . import types as t
from .calling import UNSET, Calls, Rows, Unset


class Calls:
	"""The log of who called this API, for those who look after it."""

	def __init__(self, calls: Calls):
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

	def __init__(self, calls: Calls):
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

	def __init__(self, calls: Calls):
		self._calls = calls

	def openapi(self) -> bytes:
		"""This description, OpenAPI 3.1. The same for everybody, whatever they may call. A page to
		read and try it is at /integration-hub/api."""
		return self._calls.fetch("description.openapi", {})


class Events:
	"""Integration Events: what is to be done between ERPNext and outside systems, how each stands,
	and doing them again."""

	def __init__(self, calls: Calls):
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

	def replay(self, names: Sequence[str], *, idempotency_key: str | None = None) -> t.Replayed:
		"""Do Events again. Those that are parked, dead, ended or set aside come due again; those
		on their way already are left alone. Names that the caller may not see count for
		nothing."""
		found: t.Replayed = self._calls.write(
			"events.replay", {"names": names}, idempotency_key=idempotency_key
		)
		return found


class Health:
	"""Is the hub alive, and does anything need a person?"""

	def __init__(self, calls: Calls):
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


class Jobs:
	"""Long work that a caller has started: how it stands, and what came of it."""

	def __init__(self, calls: Calls):
		self._calls = calls

	def get(self, name: str) -> t.JobsJob:
		"""A job of the caller's own. `status` is Queued, Working, Done (`result` is what the
		method would have answered) or Failed (`message` says why). Jobs of others are not
		found."""
		found: t.JobsJob = self._calls.read("jobs.get", {"name": name})
		return found


class Keys:
	"""The key that a caller has signed in with: what it may, and a new secret for it."""

	def __init__(self, calls: Calls):
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


class Orders:
	"""Sales Orders: what an outside system sells, and how far each has come."""

	def __init__(self, calls: Calls):
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
		items: Sequence[t.NewItem],
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


class Methods:
	"""All methods, by kind of thing."""

	def __init__(self, calls: Calls):
		self.calls = Calls(calls)
		self.customers = Customers(calls)
		self.description = Description(calls)
		self.events = Events(calls)
		self.health = Health(calls)
		self.jobs = Jobs(calls)
		self.keys = Keys(calls)
		self.orders = Orders(calls)
