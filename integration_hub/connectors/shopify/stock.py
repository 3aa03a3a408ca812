"""Telling Shopify absolute stock: `inventorySetQuantities`, 250 rows a call, bad rows split off."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import ClassVar

from integration_hub.connectors.contract import Outcome
from integration_hub.connectors.shopify import queries
from integration_hub.connectors.shopify.client import Client, UserError, sentence_of
from integration_hub.connectors.shopify.shapes import gid, number_of
from integration_hub.failures import Failure, RateLimited, Rejected
from integration_hub.records import Location, StockLevel

#: what a refusal of one row means, in words that say what to do
ROW_SENTENCES = {
	"INVALID_INVENTORY_ITEM": "Shopify does not know this stock item any more. Pull the products again.",
	"INVALID_LOCATION": "The stock item is not active at this location in Shopify, or the location is gone.",
	"INVALID_QUANTITY_NEGATIVE": "Shopify does not take negative stock.",
	"NON_MUTABLE_INVENTORY_ITEM": "Shopify does not let the stock of this item be changed (a bundle, say).",
}
#: the same key with other content, or after a failed first try: a new key is what Shopify asks for
NEW_KEY = ("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED")
BUSY = "IDEMPOTENCY_CONCURRENT_REQUEST"


class Stock(Client):
	#: Shopify takes at most 250 entries in any input list
	stock_batch: ClassVar[int] = 250

	def list_locations(self) -> list[Location]:
		found, cursor = [], None
		while True:
			page = self.graphql(queries.LOCATIONS, {"after": cursor})["locations"]
			found += [
				Location(id=number_of(one["id"]), name=one["name"], active=one["isActive"])
				for one in page["nodes"]
			]
			if not page["pageInfo"]["hasNextPage"]:
				return found
			cursor = page["pageInfo"]["endCursor"]

	def push_stock(self, levels: Sequence[StockLevel], *, key: str) -> list[Outcome]:
		outcomes = self._push(list(levels), key)
		return [outcomes[_name(level)] for level in levels]

	def _push(self, levels: list[StockLevel], key: str, attempt: int = 0) -> dict[str, Outcome]:
		"""Outcomes by row; a refused batch changes nothing at Shopify, so its good rows are sent again."""
		if not levels:
			return {}
		errors = self._set(levels, key, attempt)
		if not errors:
			return {_name(level): Outcome(_name(level)) for level in levels}
		codes = {error.code for error in errors}
		if BUSY in codes:
			raise RateLimited("Shopify is still working on the same stock call.", retry_after=5)
		if codes & set(NEW_KEY) and attempt == 0:
			return self._push(levels, key, attempt=1)
		bad = _named(errors, len(levels))
		if bad:
			refused = {
				_name(levels[index]): Outcome(_name(levels[index]), _failure(error))
				for index, error in bad.items()
			}
			good = [level for index, level in enumerate(levels) if index not in bad]
			return {**refused, **self._push(good, key)}
		if len(levels) == 1:
			return {_name(levels[0]): Outcome(_name(levels[0]), _failure(errors[0]))}
		half = len(levels) // 2
		return {**self._push(levels[:half], key), **self._push(levels[half:], key)}

	def _set(self, levels: Sequence[StockLevel], key: str, attempt: int) -> list[UserError]:
		content = "|".join(f"{_name(one)}={one.available}" for one in levels)
		call_key = hashlib.sha256(f"{key}|{attempt}|{content}".encode()).hexdigest()[:40]
		_payload, errors = self.mutate(
			queries.SET_STOCK,
			{
				"key": call_key,
				"input": {
					"name": "available",
					"reason": "correction",
					"referenceDocumentUri": f"gid://integration-hub/StockPush/{key[:40]}",
					"quantities": [
						{
							"inventoryItemId": gid("InventoryItem", one.stock_id),
							"locationId": gid("Location", one.location_id),
							"quantity": int(one.available),
							# absolute numbers: what Shopify has at the moment does not matter
							"changeFromQuantity": None,
						}
						for one in levels
					],
				},
			},
			repeatable=True,
		)
		return errors


def _name(level: StockLevel) -> str:
	return f"{level.stock_id}@{level.location_id}"


def _named(errors: Sequence[UserError], count: int) -> dict[int, UserError]:
	"""Rows that the errors point at: field ["input", "quantities", "3", "inventoryItemId"]."""
	found = {}
	for error in errors:
		field = list(error.field)
		if "quantities" in field:
			position = field[field.index("quantities") + 1 : field.index("quantities") + 2]
			if position and position[0].isdigit() and int(position[0]) < count:
				found.setdefault(int(position[0]), error)
	return found


def _failure(error: UserError) -> Failure:
	return Rejected(ROW_SENTENCES.get(error.code) or f"Shopify refuses this stock: {sentence_of([error])}")
