"""What a shop's connector may be able to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol, runtime_checkable

from integration_hub.connectors.contract.base import Outcome, Page
from integration_hub.records import Customer, Fulfilment, Location, Order, Product, Shipment, StockLevel


@runtime_checkable
class PullsOrders(Protocol):
	def pull_orders(self, since: datetime, cursor: str | None) -> Page:
		"""Orders changed at or after `since`, oldest change first."""

	def fetch_orders(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
		"""Payloads by id; an id that is missing in the answer no longer exists at the vendor."""

	def read_order(self, payload: Mapping[str, Any]) -> Order:
		"""Payload -> Order, without any call. Raises Rejected when it cannot be understood."""


@runtime_checkable
class PullsProducts(Protocol):
	def pull_products(self, since: datetime, cursor: str | None) -> Page: ...

	def fetch_products(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]: ...

	def read_product(self, payload: Mapping[str, Any]) -> Product: ...


@runtime_checkable
class PullsCustomers(Protocol):
	def pull_customers(self, since: datetime, cursor: str | None) -> Page: ...

	def fetch_customers(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]: ...

	def read_customer(self, payload: Mapping[str, Any]) -> Customer: ...


@runtime_checkable
class PushesStock(Protocol):
	stock_batch: ClassVar[int]

	def list_locations(self) -> Sequence[Location]: ...

	def push_stock(self, levels: Sequence[StockLevel], *, key: str) -> Sequence[Outcome]:
		"""Tell at most `stock_batch` absolute levels in one call; `key` is the idempotency key of exactly
		this content. One Outcome per level in order (Outcome.key = "stock_id@location_id"). One bad row is
		split off; it never fails its neighbours."""


@runtime_checkable
class FulfilsOrders(Protocol):
	def fulfil_order(self, shipment: Shipment, *, key: str, look_first: bool) -> Fulfilment:
		"""Tell the shop that `shipment` left. With its `fulfilment_id` the shop knows the parcel, and only
		carrier and tracking numbers are told; a parcel that is gone there is told anew."""


@runtime_checkable
class CancelsFulfilments(Protocol):
	def cancel_fulfilment(self, shipment: Shipment) -> Sequence[Fulfilment]:
		"""Take back what the shop was told of `shipment`: the carrier was called off and the goods are still here, so they
		are open at the shop again. Its parcels with these tracking numbers are meant, others are left alone; returns them as
		they are now. One that is cancelled already is no failure. Raises Rejected when the shop does not let one go."""
