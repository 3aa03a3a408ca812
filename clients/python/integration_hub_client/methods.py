# Made of the API's description by clients/generate.py (`make generated`): do not edit.
"""The API's methods."""

from __future__ import annotations

from collections.abc import Sequence

from . import types as t
from .calling import UNSET, Calls, Rows, Unset


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


class Methods:
	"""All methods, by kind of thing."""

	def __init__(self, calls: Calls):
		self.customers = Customers(calls)
		self.description = Description(calls)
		self.keys = Keys(calls)
