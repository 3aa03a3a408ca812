"""Items: what is sold and stocked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import frappe
from pydantic import Field

from integration_hub.api.rest.bulk import each
from integration_hub.api.rest.documents import Documents, match
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import taken
from integration_hub.api.rest.shapes import (
	Bulk,
	BulkResult,
	Input,
	Listing,
	LongText,
	Name,
	One,
	Output,
	Page,
	Quantity,
	Text,
)


class ItemBarcode(Output):
	barcode: str | None
	barcode_type: str | None


class Item(Output):
	name: str
	item_code: str
	item_name: str | None
	item_group: str | None
	description: str | None
	stock_uom: str | None
	is_stock_item: bool
	is_sales_item: bool
	disabled: bool
	has_variants: bool
	variant_of: str | None
	weight_per_unit: float
	weight_uom: str | None
	creation: datetime
	modified: datetime
	barcodes: list[ItemBarcode]


class ItemQuery(Listing):
	item_group: Name | None = None
	variant_of: Name | None = None
	disabled: bool | None = None
	is_stock_item: bool | None = None


class NewItem(Input):
	item_code: Name
	item_name: Text | None = Field(None, description="Default: the code.")
	item_group: Name
	stock_uom: Name
	description: LongText | None = None
	is_stock_item: bool = True
	weight_per_unit: Quantity | None = Field(None, ge=0)
	weight_uom: Name | None = None


class ItemChange(Input):
	name: Name
	item_name: Text | None = Field(None, min_length=1)
	item_group: Name | None = None
	description: LongText | None = None
	disabled: bool | None = None
	weight_per_unit: Quantity | None = Field(None, ge=0)
	weight_uom: Name | None = None


ITEMS = Documents("Item", Item, {"barcodes": ItemBarcode}, currency="")


@endpoint("GET", "Items, oldest change first")
def list(query: ItemQuery) -> Page[Item]:
	"""Only those that the caller may read."""
	return ITEMS.page(
		query,
		item_group=query.item_group,
		variant_of=query.variant_of,
		disabled=_flag(query.disabled),
		is_stock_item=_flag(query.is_stock_item),
	)


@endpoint("GET", "One Item")
def get(query: One) -> Item:
	"""Answers with an ETag that `update` takes as If-Match."""
	return ITEMS.answer(query)


@endpoint("POST", "Make an Item", status=201)
def create(new: NewItem) -> Item:
	"""ERPNext's own rules apply."""
	ITEMS.must("create")
	return ITEMS.made(_make(new))


@endpoint("POST", "Change an Item")
def update(change: ItemChange) -> Item:
	"""Only the fields that are sent are changed. With If-Match: only if nobody changed it since."""
	doc = ITEMS.open(change.name, "write")
	match(doc, ITEMS)
	doc.update(_sent(change))
	ITEMS.save(doc)
	return ITEMS.made(doc, 200)


@endpoint("POST", "Make or change up to 1,000 Items")
def upsert_many(body: Bulk[NewItem]) -> BulkResult:
	"""By `item_code`: what is there already gets the fields that are sent ("updated", or "unchanged")."""
	ITEMS.must("read")
	return each(body.rows, _upsert)


def _upsert(new: NewItem) -> tuple[str, str]:
	if not frappe.db.exists("Item", new.item_code):
		ITEMS.must(
			"create"
		)  # Frappe v15 looks at links before rights, and would tell which of them there are
		return "created", _make(new).name
	doc = ITEMS.open(new.item_code, "write")
	values = {name: value for name, value in _sent(new).items() if doc.get(name) != value}
	if not values:
		return "unchanged", doc.name
	doc.update(values)
	ITEMS.save(doc)
	return "updated", doc.name


def _sent(given: Input) -> dict[str, Any]:
	values = given.model_dump(exclude_unset=True, exclude={"name", "item_code"})
	return {name: int(value) if isinstance(value, bool) else value for name, value in values.items()}


def _make(new: NewItem) -> Any:
	doc = frappe.get_doc({"doctype": "Item", **new.model_dump(exclude_none=True)})
	doc.is_stock_item = int(new.is_stock_item)
	with taken("item_code"):
		return ITEMS.insert(doc)


def _flag(value: bool | None) -> int | None:
	return None if value is None else int(value)
