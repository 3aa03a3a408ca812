"""Shopify's lists: pulled page by page since a time, or fetched by ids; payloads are always complete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from integration_hub.connectors.contract import Notice, Page
from integration_hub.connectors.shopify import queries, reading
from integration_hub.connectors.shopify.catalogue import read_product
from integration_hub.connectors.shopify.client import Client
from integration_hub.connectors.shopify.queries import Query
from integration_hub.connectors.shopify.shapes import gid, instant, number_of, stamp, version
from integration_hub.failures import Rejected
from integration_hub.records import Customer, Order, Product

Payload = Mapping[str, Any]
#: Decimal("abc") and a time before the year 1 are ArithmeticErrors
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, ValidationError)


class Lists(Client):
	"""Orders, products and customers."""

	# --- orders

	def pull_orders(self, since: datetime, cursor: str | None) -> Page:
		return self._page(
			"orders", queries.ORDERS_SINCE, queries.ORDERS_PER_CALL, since, cursor, self._whole_order
		)

	def fetch_orders(self, ids: Sequence[str]) -> dict[str, Payload]:
		return self._by_id("Order", queries.ORDERS_BY_ID, queries.ORDERS_PER_CALL, ids, self._whole_order)

	def read_order(self, payload: Payload) -> Order:
		try:
			return reading.read_order(payload)
		except _UNREADABLE as error:
			raise Rejected(f"Shopify's order cannot be read: {_what(error)}", detail=repr(error)) from error

	def _whole_order(self, order: dict[str, Any]) -> dict[str, Any]:
		"""The order with every line, refunded line and shipped line, however many there are."""
		self.rest_of(order["lineItems"], queries.ORDER_LINES, order["id"], ("order", "lineItems"))
		for refund in order["refunds"]:
			self.rest_of(
				refund["refundLineItems"], queries.REFUND_LINES, refund["id"], ("refund", "refundLineItems")
			)
		for parcel in order["fulfillments"]:
			self.rest_of(
				parcel["fulfillmentLineItems"],
				queries.FULFILMENT_LINES,
				parcel["id"],
				("fulfillment", "fulfillmentLineItems"),
			)
		return order

	# --- products

	def pull_products(self, since: datetime, cursor: str | None) -> Page:
		return self._page(
			"products", queries.PRODUCTS_SINCE, queries.PRODUCTS_PER_CALL, since, cursor, self._whole_product
		)

	def fetch_products(self, ids: Sequence[str]) -> dict[str, Payload]:
		return self._by_id(
			"Product", queries.PRODUCTS_BY_ID, queries.PRODUCTS_PER_CALL, ids, self._whole_product
		)

	def read_product(self, payload: Payload) -> Product:
		try:
			return read_product(payload)
		except _UNREADABLE as error:
			raise Rejected(f"Shopify's product cannot be read: {_what(error)}", detail=repr(error)) from error

	def _whole_product(self, product: dict[str, Any]) -> dict[str, Any]:
		self.rest_of(product["variants"], queries.PRODUCT_VARIANTS, product["id"], ("product", "variants"))
		return product

	# --- customers

	def pull_customers(self, since: datetime, cursor: str | None) -> Page:
		return self._page(
			"customers", queries.CUSTOMERS_SINCE, queries.CUSTOMERS_PER_CALL, since, cursor, lambda node: node
		)

	def fetch_customers(self, ids: Sequence[str]) -> dict[str, Payload]:
		return self._by_id(
			"Customer", queries.CUSTOMERS_BY_ID, queries.CUSTOMERS_PER_CALL, ids, lambda node: node
		)

	def read_customer(self, payload: Payload) -> Customer:
		try:
			return reading.customer(payload)
		except _UNREADABLE as error:
			raise Rejected(
				f"Shopify's customer cannot be read: {_what(error)}", detail=repr(error)
			) from error

	# --- what they share

	def _page(
		self, resource: str, query: Query, size: int, since: datetime, cursor: str | None, whole
	) -> Page:
		"""One page, oldest change first. The page's cursor is good for this run of pages only."""
		found = self.graphql(
			query, {"first": size, "after": cursor, "query": f"updated_at:>='{stamp(since)}'"}
		)[resource]
		items = [whole(node) for node in found["nodes"] if node]
		newest = max((instant(node["updatedAt"]) for node in items), default=None)
		more = found["pageInfo"]["hasNextPage"]
		return Page(
			notices=[_notice(resource, node) for node in items],
			cursor=found["pageInfo"]["endCursor"] if more else None,
			newest=newest,
		)

	def _by_id(self, kind: str, query: Query, size: int, ids: Sequence[str], whole) -> dict[str, Payload]:
		found: dict[str, Payload] = {}
		for start in range(0, len(ids), size):
			chunk = [gid(kind, one) for one in ids[start : start + size]]
			for node in self.graphql(query, {"ids": chunk})["nodes"]:
				if node and "id" in node:
					found[number_of(node["id"])] = whole(node)
		return found


def _notice(resource: str, node: Mapping[str, Any]) -> Notice:
	# Shopify's times are whole seconds: two changes within one second differ in content only
	content = hashlib.sha1(json.dumps(node, sort_keys=True).encode(), usedforsecurity=False).hexdigest()[:12]
	outside_id, changed = number_of(node["id"]), version(node["updatedAt"])
	return Notice(
		resource=resource,
		outside_id=outside_id,
		version=changed,
		dedupe_key=f"pull:{resource}:{outside_id}:{changed}:{content}",
		payload=node,
		label=node.get("name") or node.get("title") or outside_id,
	)


def _what(error: Exception) -> str:
	"""Which part could not be read; never its value, which may be personal."""
	if isinstance(error, ValidationError):
		first = error.errors(include_input=False, include_url=False)[0]
		return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
	return f"{type(error).__name__} {error}" if isinstance(error, KeyError) else type(error).__name__
