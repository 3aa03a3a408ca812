"""Stock: what orders promise, ship and give back, and what the API sets."""

import re

from sandbox.vendors.shopify.state import Level, Location, Refused, Shop, Variant

LIMIT = 1_000_000_000
REASONS = frozenset(
	"correction cycle_count_available damaged movement_created movement_updated movement_received "
	"movement_canceled other promotion quality_control received reservation_created reservation_deleted "
	"reservation_updated restock safety_stock shrinkage".split()
)


def _level(shop: Shop, variant: Variant | None, location: Location) -> Level | None:
	if variant is None or not variant.inventory_item.tracked:
		return None
	item = variant.inventory_item
	level = item.levels.get(location.id)
	if level is None:
		now = shop.now()
		level = item.levels[location.id] = Level(item, location, created_at=now, updated_at=now)
	return level


def _changed(shop: Shop, level: Level) -> None:
	level.updated_at = level.item.updated_at = shop.later(level.updated_at)
	shop.tell("inventory_levels/update", level)


def promise(shop: Shop, variant: Variant | None, location: Location, units: int) -> None:
	"""An order took these units: no longer available, not yet gone."""
	level = _level(shop, variant, location)
	if level:
		level.available -= units
		level.committed += units
		_changed(shop, level)


def ship(shop: Shop, variant: Variant | None, location: Location, units: int) -> None:
	level = _level(shop, variant, location)
	if level:
		level.committed -= units
		_changed(shop, level)


def give_back(
	shop: Shop, variant: Variant | None, location: Location, units: int, unshipped: int, restock: str
) -> None:
	"""Units left an order, `unshipped` of them before they were sent."""
	level = _level(shop, variant, location)
	if not level:
		return
	level.committed -= unshipped
	if restock != "NO_RESTOCK":
		level.available += units
	_changed(shop, level)


def set_stock(shop: Shop, sku: str, available: int, location: str | None = None) -> Level:
	"""The merchant counts: for tests and demos."""
	variant = shop.variant(sku)
	place = next((one for one in shop.locations.values() if one.name == location), shop.primary_location)
	level = _level(shop, variant, place)
	if level is None:
		raise ValueError(f"Stock of {sku} is not tracked")
	level.available = available
	_changed(shop, level)
	return level


def set_quantities(shop: Shop, given: dict) -> tuple[list[dict], list[Refused]]:
	"""`inventorySetQuantities` once its input was read: all or nothing.

	Returns the changes, or the errors, one for each bad entry with its index in `field`.
	"""
	errors = _bad_header(given)
	seen: set[tuple[str, str]] = set()
	plan: list[tuple[Level, int]] = []
	for index, one in enumerate(given["quantities"]):
		problem = None
		pair = (one["inventoryItemId"], one["locationId"])
		if pair in seen:
			problem = (
				"NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR",
				"The combination of inventoryItemId and locationId must be unique.",
				"locationId",
			)
		else:
			seen.add(pair)
			found = _target(shop, one, given["name"])
			if isinstance(found, Level):
				plan.append((found, one["quantity"]))
			else:
				problem = found
		if problem:
			code, message, name = problem
			errors.append(Refused(message, ["input", "quantities", str(index), name], code))
	if errors:
		return [], errors
	return _apply(shop, plan, given), []


def _bad_header(given: dict) -> list[Refused]:
	errors = []
	if given["name"] not in ("available", "on_hand"):
		message = "The quantity name must be either 'available' or 'on_hand'."
		errors.append(Refused(message, ["input", "name"], "INVALID_NAME"))
	if given["reason"] not in REASONS:
		errors.append(Refused("The specified reason is invalid.", ["input", "reason"], "INVALID_REASON"))
	uri = given.get("referenceDocumentUri")
	if uri is not None and not re.fullmatch(
		r"gid://[^/\s]+/[^/\s]+/[^\s]+|(?!gid:)[A-Za-z][\w+.-]*:\S+", uri
	):
		message = "The specified reference document is invalid."
		errors.append(Refused(message, ["input", "referenceDocumentUri"], "INVALID_REFERENCE_DOCUMENT"))
	return errors


def _target(shop: Shop, one: dict, name: str) -> Level | tuple[str, str, str]:
	"""The level that an entry is about, or why it cannot be set: code, sentence, name of the input field."""
	item = shop.items.get(_number(one["inventoryItemId"], "InventoryItem"))
	if item is None:
		return "INVALID_INVENTORY_ITEM", "The specified inventory item could not be found.", "inventoryItemId"
	location = shop.locations.get(_number(one["locationId"], "Location"))
	if location is None:
		return "INVALID_LOCATION", "The specified location could not be found.", "locationId"
	if item.variant.is_bundle or not item.tracked:
		message = "The specified inventory item is not allowed to be adjusted via API."
		return "NON_MUTABLE_INVENTORY_ITEM", message, "inventoryItemId"
	quantity = one["quantity"]
	if quantity < 0:
		return "INVALID_QUANTITY_NEGATIVE", "The quantity can't be negative.", "quantity"
	if quantity > LIMIT:
		message = "The total quantity can't be higher than 1,000,000,000."
		return "INVALID_QUANTITY_TOO_HIGH", message, "quantity"
	level = item.levels.get(location.id)
	if level is None or not level.is_active:
		message = "The specified inventory item is not stocked at the location."
		return "INVALID_LOCATION", message, "locationId"
	expected = one["changeFromQuantity"]
	if expected is not None and expected != level.quantity(name):
		message = "The changeFromQuantity value does not match persisted value."
		return "CHANGE_FROM_QUANTITY_STALE", message, "changeFromQuantity"
	return level


def _apply(shop: Shop, plan: list[tuple[Level, int]], given: dict) -> list[dict]:
	changes = []
	for level, quantity in plan:
		available = quantity if given["name"] == "available" else quantity - level.committed
		delta = available - level.available
		if not delta:
			continue
		level.available = available
		_changed(shop, level)
		for name, after in (("available", level.available), ("on_hand", level.on_hand)):
			changes.append({"name": name, "delta": delta, "after": after, "level": level})
	return changes


def activate(
	shop: Shop, item_gid: str, location_gid: str, available: int | None, on_hand: int | None
) -> Level:
	"""`inventoryActivate`: stock the item at a location. Refused where it is not known."""
	item = shop.items.get(_number(item_gid, "InventoryItem"))
	if item is None:
		raise Refused("The product couldn't be stocked because it wasn't found.", ["inventoryItemId"])
	location = shop.locations.get(_number(location_gid, "Location"))
	if location is None:
		raise Refused(
			"The product couldn't be stocked at the location because it wasn't found.", ["locationId"]
		)
	level = item.levels.get(location.id)
	if level and level.is_active and (available is not None or on_hand is not None):
		message = "Not allowed to set available quantity when the item is already active at the location."
		raise Refused(message, ["available"])
	if level is None or not level.is_active:
		now = shop.now()
		level = item.levels[location.id] = Level(item, location, created_at=now, updated_at=now)
		level.available = available if available is not None else on_hand or 0
		_changed(shop, level)
	return level


def _number(gid: str, kind: str) -> int:
	"""The number in `gid://shopify/KIND/123`; 0 for anything else."""
	found = re.fullmatch(rf"gid://shopify/{kind}/(\d+)(?:\?.*)?", gid)
	return int(found[1]) if found else 0
