"""One stored GraphQL product → a `Product` record, without any call."""

from __future__ import annotations

from decimal import Decimal

from integration_hub.connectors.shopify.shapes import Json, instant, nodes, number_of, version
from integration_hub.records import Product, Variant

STATUS = {"ACTIVE": "active", "UNLISTED": "active", "DRAFT": "draft", "ARCHIVED": "archived"}
GRAMS = {
	"GRAMS": Decimal(1),
	"KILOGRAMS": Decimal(1000),
	"OUNCES": Decimal("28.349523125"),
	"POUNDS": Decimal("453.59237"),
}


def read_product(node: Json) -> Product:
	"""Raises KeyError, ValueError or pydantic's ValidationError for a payload that is no product."""
	plain = bool(node["hasOnlyDefaultVariant"])
	return Product(
		id=number_of(node["id"]),
		version=version(node["updatedAt"]),
		title=node["title"],
		description=node["description"] or "",
		vendor=node["vendor"] or "",
		category=node["productType"] or "",
		status=STATUS[node["status"]],
		option_names=() if plain else tuple(one["name"] for one in node["options"]),
		variants=tuple(_variant(one, plain) for one in nodes(node["variants"])),
		updated_at=instant(node["updatedAt"]),
	)


def _variant(node: Json, plain: bool) -> Variant:
	item = node["inventoryItem"]
	return Variant(
		id=number_of(node["id"]),
		sku=(node["sku"] or "").strip(),
		barcode=(node["barcode"] or "").strip(),
		title="" if plain else node["title"],
		options={} if plain else {one["name"]: one["value"] for one in node["selectedOptions"]},
		price=Decimal(node["price"]),
		stock_id=number_of(item["id"]),
		tracked=bool(item["tracked"]),
		weight_grams=_grams(item),
	)


def _grams(item: Json) -> Decimal | None:
	weight = (item["measurement"] or {}).get("weight")
	if not weight or not weight["value"]:
		return None
	return Decimal(str(weight["value"])) * GRAMS[weight["unit"]]
