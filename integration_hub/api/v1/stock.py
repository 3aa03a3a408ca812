"""What is on the shelves, and setting it right after a count or a change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from frappe import _
from pydantic import Field, model_validator

from integration_hub.api.rest import bulk
from integration_hub.api.rest.documents import Documents, must_see
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import ApiError
from integration_hub.api.rest.shapes import (
	Bulk,
	BulkResult,
	Input,
	Listing,
	LongText,
	Money,
	Name,
	Output,
	Page,
	Quantity,
)
from integration_hub.erp import adjustments
from integration_hub.erp.adjustments import COUNT, ISSUE, RECEIPT, Adjustment
from integration_hub.sync import approvals


class Level(Output):
	name: str
	item_code: str
	warehouse: str
	stock_uom: str | None
	actual_qty: float = Field(description="On the shelf.")
	reserved_qty: float = Field(description="Promised to Sales Orders.")
	ordered_qty: float = Field(description="Ordered from suppliers.")
	projected_qty: float
	modified: datetime


class LevelQuery(Listing):
	item_code: Name | None = None
	warehouse: Name | None = None


class NewAdjustment(Input):
	item_code: Name
	warehouse: Name
	qty: Quantity | None = Field(
		None, ge=0, description="What was counted, in the Item's stock unit. Either this or `change`."
	)
	change: Quantity | None = Field(None, description="What came (above zero) or went (below).")
	valuation_rate: Money | None = Field(
		None,
		ge=0,
		description="What one is worth, in the company's currency. Default: ERPNext's. Not for what goes.",
	)
	if_qty: Quantity | None = Field(
		None, description="Only if there is this much now; otherwise the row fails with `conflict`."
	)

	@model_validator(mode="after")
	def _one_of_both(self) -> NewAdjustment:
		if (self.qty is None) == (self.change is None):
			raise ValueError("give either qty or change")
		if self.change == 0:
			raise ValueError("change must not be zero")
		if self.change is not None and self.change < 0 and self.valuation_rate is not None:
			raise ValueError("valuation_rate: what goes has the rate it came with")
		return self


class Adjustments(Bulk[NewAdjustment]):
	reason: LongText | None = Field(None, description="Kept as a comment on the documents.")


LEVELS = Documents("Bin", Level, currency="")


@endpoint("GET", "Stock by Item and Warehouse, oldest change first")
def list(query: LevelQuery) -> Page[Level]:
	"""Only those of Items and Warehouses that the caller may see. With `modified_since`: what has moved."""
	return LEVELS.page(query, item_code=query.item_code, warehouse=query.warehouse)


@endpoint("POST", "Set up to 1,000 quantities right")
def adjust(body: Adjustments) -> BulkResult:
	"""A count (`qty`) becomes a row of a Stock Reconciliation, a `change` of a Stock Entry (receipt or issue); `name` is
	the document. Counts that agree are `unchanged`. One Item and Warehouse once in a call. Send an Idempotency-Key: a
	change that is sent twice would be booked twice."""
	for doctype in {adjustments.BOOKED_BY[_kind(row)] for row in body.rows}:
		_must_book(doctype)
	results: dict[int, dict[str, Any]] = {}
	groups: dict[tuple[str, str], list[tuple[int, Adjustment]]] = {}
	seen: set[tuple[str, str]] = set()
	for number, row in enumerate(body.rows):
		planned: list[Adjustment] = []
		results[number] = bulk.one(row, lambda row, planned=planned: _plan(row, seen, planned))
		for one in planned:
			groups.setdefault((one.kind, one.company), []).append((number, one))
	in_time = bulk.clock()
	for rows in groups.values():
		for start in range(0, len(rows), adjustments.MOST_ROWS):
			chunk = rows[start : start + adjustments.MOST_ROWS]
			results.update(_book(chunk, body.reason or "", in_time))
	return bulk.answer([{"row": number, **results[number]} for number in range(len(body.rows))])


def _kind(row: NewAdjustment) -> str:
	if row.qty is not None:
		return COUNT
	return RECEIPT if (row.change or 0) > 0 else ISSUE


def _must_book(doctype: str) -> None:
	for right in ("create", "submit"):
		Documents(doctype, Output).must(right)
	approvals.must_be_free(doctype, 1)


def _plan(row: NewAdjustment, seen: set[tuple[str, str]], planned: list[Adjustment]) -> tuple[str, str]:
	"""Look at a row and lock its quantity. What is to be booked is added to `planned`."""
	must_see("Item", row.item_code, "item_code")
	must_see("Warehouse", row.warehouse, "warehouse")
	company = adjustments.must_be_adjustable(row.item_code, row.warehouse)
	if (row.item_code, row.warehouse) in seen:
		raise ApiError("refused", _("This Item and Warehouse is in the call already."))
	seen.add((row.item_code, row.warehouse))
	there, rate = adjustments.on_hand(row.item_code, row.warehouse)
	if row.if_qty is not None and row.if_qty != there:
		says = _("There are {0} of {1} in {2} now, not {3}.").format(
			f"{there:g}", row.item_code, row.warehouse, f"{row.if_qty:g}"
		)
		raise ApiError("conflict", says, [("if_qty", says)])
	worth_the_same = row.valuation_rate is None or float(row.valuation_rate) == rate
	if row.qty is not None and row.qty == there and worth_the_same:
		return "unchanged", ""
	quantity = row.qty if row.qty is not None else row.change
	planned.append(
		Adjustment(_kind(row), row.item_code, row.warehouse, company, quantity, row.valuation_rate)
	)
	return "done", ""


def _book(rows: Sequence[tuple[int, Adjustment]], reason: str, in_time: Any) -> dict[int, dict[str, Any]]:
	"""One document for all rows; if ERPNext refuses it, one for each, so that only the bad ones fail."""
	if not in_time():
		return {number: bulk.NOT_TRIED for number, _one in rows}
	found = bulk.one([one for _number, one in rows], lambda given: ("done", adjustments.book(given, reason)))
	if found["status"] == "failed" and len(rows) > 1:
		return {number: result for row in rows for number, result in _book([row], reason, in_time).items()}
	return {number: found for number, _one in rows}
