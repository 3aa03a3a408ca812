"""What the ERPNext side needs to know of a Connection, and how it answers the engine."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import frappe
from frappe import _

from integration_hub.failures import NeedsMapping

CONNECTION = "Integration Connection"


@dataclass(frozen=True)
class Result:
	"""How an Event ended well: the document it became (if any) and a sentence."""

	doctype: str | None
	name: str | None
	message: str
	status: str = "Done"


@dataclass
class Context:
	"""One Connection's mappings and Links. `connection` is the cached document: read it, never change it.

	`links` is `integration_hub.sync.links.Links`, given from above so that this side needs no engine.
	"""

	connection: Any
	links: Any

	@property
	def company(self) -> str:
		return self.connection.company

	@property
	def company_currency(self) -> str:
		return frappe.get_cached_value("Company", self.company, "default_currency")

	@property
	def fix(self) -> tuple[str, str]:
		return (CONNECTION, self.connection.name)

	def account_for(self, kind: str, title: str) -> tuple[str, str | None]:
		"""Account and cost center that a tax or charge of this name is booked to.

		A row with the exact name wins (case does not matter), then the row of the kind without a name.
		Raises NeedsMapping with a sentence; the Event goes on by itself once a row is there.
		"""
		fallback = None
		wanted = title.strip().casefold()
		for row in self.connection.accounts:
			if row.kind != kind or not row.account:
				continue
			name = (row.title or "").strip().casefold()
			if name == wanted:
				return row.account, row.cost_center or self.cost_center
			if not name:
				fallback = row
		if fallback is not None:
			return fallback.account, fallback.cost_center or self.cost_center
		raise NeedsMapping(
			_("{0} “{1}” has no account yet. Add it under Taxes, Charges and Payments of {2}.").format(
				_(kind), title, self.connection.name
			),
			fix=self.fix,
			waits_for=f"account:{kind}:{wanted}"[:180],
		)

	@property
	def cost_center(self) -> str | None:
		return self.connection.cost_center or frappe.get_cached_value("Company", self.company, "cost_center")

	def payment_method(self, method: str) -> tuple[str, str]:
		"""Mode of Payment and the account that money by this outside method arrives in."""
		wanted = method.strip().casefold()
		for row in self.connection.payment_methods:
			if row.method.strip().casefold() == wanted:
				account = row.account or self._default_account(row.mode_of_payment)
				if account:
					return row.mode_of_payment, account
		raise NeedsMapping(
			_("Payment method “{0}” has no account yet. Add it under Payment Methods of {1}.").format(
				method, self.connection.name
			),
			fix=self.fix,
			waits_for=f"payment:{wanted}"[:180],
		)

	def _default_account(self, mode_of_payment: str | None) -> str | None:
		if not mode_of_payment:
			return None
		for row in frappe.get_cached_doc("Mode of Payment", mode_of_payment).accounts:
			if row.company == self.company:
				return row.default_account
		return None

	def warehouse_for(self, location_id: str | None) -> str | None:
		"""Warehouse of an outside location; the default warehouse when no location is named."""
		for row in self.connection.locations:
			if location_id and row.location_id == location_id:
				return row.warehouse
		if location_id and self.connection.locations:
			raise NeedsMapping(
				_("Location {0} has no Warehouse yet. Add it under Locations of {1}.").format(
					location_id, self.connection.name
				),
				fix=self.fix,
				waits_for=f"location:{location_id}"[:180],
			)
		return self.connection.warehouse or frappe.get_cached_value(
			"Stock Settings", "Stock Settings", "default_warehouse"
		)


def as_float(amount: Decimal) -> float:
	"""A Decimal for a field of ERPNext, which keeps floats. The last step before a document, never earlier."""
	return float(amount)
