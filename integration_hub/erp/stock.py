"""Available stock per outside location, and where it differs from what a vendor was last told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

import frappe
from frappe.query_builder.functions import Coalesce, Sum
from frappe.utils import now, now_datetime

LEVEL = "Integration Stock Level"


@dataclass(frozen=True)
class Difference:
	"""One number the vendor should hear. `key` is how a connector's Outcome names it."""

	name: str
	stock_id: str
	location_id: str
	sku: str | None
	available: Decimal
	told_at: datetime | None = None

	@property
	def key(self) -> str:
		return f"{self.stock_id}@{self.location_id}"


def differences(connection, *, also_refused: bool = False) -> list[Difference]:
	"""Where available − buffer differs from what was told, in one query over the Connection's levels.

	A location may stand for several warehouses: their stock is added up. Never below zero, whole pieces:
	half a piece cannot be sold in a shop.
	"""
	level, location, bin_ = (
		frappe.qb.DocType(LEVEL),
		frappe.qb.DocType("Integration Location"),
		frappe.qb.DocType("Bin"),
	)
	available = bin_.actual_qty
	if connection.stock_policy != "Actual":
		available = bin_.actual_qty - bin_.reserved_qty
	query = (
		frappe.qb.from_(level)
		.join(location)
		.on(
			(location.parent == level.connection)
			& (location.parenttype == "Integration Connection")
			& (location.location_id == level.location_id)
		)
		.left_join(bin_)
		.on((bin_.item_code == level.item_code) & (bin_.warehouse == location.warehouse))
		.select(
			level.name,
			level.stock_id,
			level.location_id,
			level.sku,
			level.told,
			level.is_told,
			level.told_at,
			Coalesce(Sum(available), 0).as_("available"),
		)
		.where(level.connection == connection.name)
		.groupby(
			level.name, level.stock_id, level.location_id, level.sku, level.told, level.is_told, level.told_at
		)
		.orderby(level.name)
	)
	if not also_refused:
		query = query.where(level.retry_at.isnull() | (level.retry_at <= now_datetime()))
	buffer = Decimal(str(connection.stock_buffer or 0))
	found = []
	for row in query.run(as_dict=True):
		sellable = max(Decimal(0), Decimal(str(row.available)) - buffer).to_integral_value(ROUND_FLOOR)
		if not row.is_told or Decimal(str(row.told or 0)) != sellable:
			found.append(Difference(row.name, row.stock_id, row.location_id, row.sku, sellable, row.told_at))
	return found


def watch(connection: str, rows: Iterable[tuple[str, str, str, str]]) -> None:
	"""Make sure a level exists for each (item_code, stock_id, location_id, sku); existing ones stay."""
	moment, user = now(), frappe.session.user
	values = [
		(frappe.generate_hash(length=20), user, user, moment, moment, 0, 0, connection, *row, 0)
		for row in rows
	]
	if not values:
		return
	columns = ["name", "owner", "modified_by", "creation", "modified", "docstatus", "idx", "connection"]
	columns += ["item_code", "stock_id", "location_id", "sku", "is_told"]
	frappe.db.bulk_insert(LEVEL, columns, values, ignore_duplicates=True)


def connections_selling(item_codes: Iterable[str]) -> list[str]:
	"""Connections that tell a vendor the stock of any of these Items."""
	level = frappe.qb.DocType(LEVEL)
	rows = (
		frappe.qb.from_(level)
		.select(level.connection)
		.distinct()
		.where(level.item_code.isin(list(item_codes)))
		.run()
	)
	return [name for (name,) in rows]
