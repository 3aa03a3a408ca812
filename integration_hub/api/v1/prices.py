"""Item Prices: what an Item costs in a price list."""

from __future__ import annotations

from datetime import date, datetime

import frappe
from frappe.utils import getdate, nowdate
from pydantic import Field

from integration_hub.api.rest.bulk import each
from integration_hub.api.rest.documents import Documents
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.shapes import Bulk, BulkResult, Input, Listing, Money, Name, Output, Page


class Price(Output):
	name: str
	item_code: str
	price_list: str
	currency: str
	uom: str | None
	price_list_rate: Money
	selling: bool
	buying: bool
	customer: str | None
	valid_from: date | None
	valid_upto: date | None
	creation: datetime
	modified: datetime


class PriceQuery(Listing):
	item_code: Name | None = None
	price_list: Name | None = None


class NewPrice(Input):
	item_code: Name
	price_list: Name
	price_list_rate: Money = Field(ge=0)
	uom: Name | None = Field(None, description="Default: the Item's stock UOM.")
	valid_from: date | None = Field(None, description="Default: today, for a price that is new.")


PRICES = Documents("Item Price", Price)


@endpoint("GET", "Item Prices, oldest change first")
def list(query: PriceQuery) -> Page[Price]:
	"""Only those that the caller may read."""
	return PRICES.page(query, item_code=query.item_code, price_list=query.price_list)


@endpoint("POST", "Set up to 1,000 prices")
def upsert_many(body: Bulk[NewPrice]) -> BulkResult:
	"""By Item, price list and UOM (and `valid_from`, where it is sent): what is there gets the rate, the rest is made.
	Prices of one customer or supplier are left alone. The currency is the price list's."""
	PRICES.must("write")
	PRICES.must("create")
	return each(body.rows, _upsert)


def _upsert(new: NewPrice) -> tuple[str, str]:
	filters = {
		"item_code": new.item_code,
		"price_list": new.price_list,
		"customer": ("is", "not set"),
		"uom": new.uom or frappe.db.get_value("Item", new.item_code, "stock_uom"),
	}
	if frappe.get_meta("Item Price").has_field("supplier"):
		filters["supplier"] = ("is", "not set")
	if new.valid_from:
		filters["valid_from"] = new.valid_from
	found = frappe.get_all(
		"Item Price",
		filters=filters,
		fields=["name", "valid_from"],
		order_by="valid_from desc, creation desc",
	)
	# of several the one that counts today
	today = getdate(nowdate())
	valid = [row for row in found if new.valid_from or not row.valid_from or getdate(row.valid_from) <= today]
	if not valid:
		doc = frappe.get_doc(
			{
				"doctype": "Item Price",
				**new.model_dump(exclude_none=True),
				"uom": filters["uom"],
				"price_list_rate": float(new.price_list_rate),
			}
		)
		return "created", PRICES.insert(doc).name
	doc = PRICES.open(valid[0].name, "write")
	if doc.price_list_rate == float(new.price_list_rate):
		return "unchanged", doc.name
	doc.price_list_rate = float(new.price_list_rate)
	PRICES.save(doc)
	return "updated", doc.name
