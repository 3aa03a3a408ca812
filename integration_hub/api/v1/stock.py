"""What is on the shelves."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from integration_hub.api.rest.documents import Documents
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.shapes import Listing, Name, Output, Page


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


LEVELS = Documents("Bin", Level, currency="")


@endpoint("GET", "Stock by Item and Warehouse, oldest change first")
def list(query: LevelQuery) -> Page[Level]:
	"""Only those of Items and Warehouses that the caller may see. With `modified_since`: what has moved."""
	return LEVELS.page(query, item_code=query.item_code, warehouse=query.warehouse)
