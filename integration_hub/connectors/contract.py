"""The connector contract: what one vendor's module must offer, and what it is given.

A connector is a plain Python class: it gets its settings, an `Http` client that already knows time-outs,
budget, redaction and failure classes, and a `Vault` for tokens that expire. It knows nothing of ERPNext.
What it can do is said by the Protocols it satisfies; the engine asks `isinstance`.

Inbound Resources come in three small steps so that webhooks, pulls and replays share one path:
`pull_*` / `notices` say *that* something changed (a Notice, with the vendor's payload when the list already
carried all of it), `fetch_*` brings the payloads of several ids in as few calls as the vendor allows, and
`read_*` turns one payload into a record without any call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from integration_hub.connectors.http import Http
from integration_hub.failures import Failure
from integration_hub.records import Customer, Fulfilment, Location, Order, Product, Shipment, StockLevel

Category = Literal["shop", "payments", "crm", "marketing", "carrier", "devices", "accounting", "generic"]
Resource = Literal[
	"orders",
	"stock",
	"products",
	"prices",
	"customers",
	"payments",
	"refunds",
	"payouts",
	"shipments",
	"tracking",
	"contacts",
	"leads",
	"deals",
	"campaigns",
	"attendance",
	"invoices",
]


@dataclass(frozen=True)
class Setting:
	"""One thing a person must enter to connect. The Desk draws its form from these rows."""

	name: str
	label: str
	secret: bool = False
	required: bool = True
	help: str = ""
	default: str = ""


@dataclass(frozen=True)
class Notice:
	"""Something at the vendor changed. One Notice becomes one Event.

	`dedupe_key` is unique within the Connection: the same change told twice must give the same key.
	`version` orders two Notices about the same thing (larger is newer). `payload` is what `read_*` takes, or
	None when it must be fetched first.
	"""

	resource: Resource
	outside_id: str
	version: str
	dedupe_key: str
	action: Literal["upsert", "delete"] = "upsert"
	payload: Mapping[str, Any] | None = None
	label: str = ""


@dataclass(frozen=True)
class Page:
	"""One page of a vendor's list. `cursor` is None on the last page; `newest` is the latest change time
	seen on it (aware), from which the next pull starts."""

	notices: Sequence[Notice]
	cursor: str | None = None
	newest: datetime | None = None


@dataclass(frozen=True)
class WebhookRequest:
	"""A request as it came: header names are lower case, `body` is the raw bytes that were signed."""

	headers: Mapping[str, str]
	body: bytes
	url: str = ""
	query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
	"""What became of one row of a batch. `failure` is None when it worked."""

	key: str
	failure: Failure | None = None
	outside_id: str = ""


@dataclass(frozen=True)
class Identity:
	"""The answer of "Test connection": who and what we are connected to, and what to be warned of."""

	account: str
	detail: str = ""
	currency: str = ""
	warnings: Sequence[str] = ()


class Vault(Protocol):
	"""Keeps tokens that the vendor issued to us, encrypted, for all workers of one Connection."""

	def get(self, name: str) -> str | None:
		"""The token, or None when there is none or it has expired."""

	def put(self, name: str, value: str, expires_at: datetime | None = None) -> None:
		"""Store a token at once (also when the caller's work fails later)."""


class Connector:
	"""Base class of every connector: identity as class attributes, tools in the constructor."""

	key: ClassVar[str]
	title: ClassVar[str]
	category: ClassVar[Category]
	settings: ClassVar[Sequence[Setting]]
	#: own limit of calls per period, as `limits` reads it ("2/second;100/minute"); empty where the vendor's
	#: answers alone rule. The Budget of a Connection is made with it.
	rate_limit: ClassVar[str] = ""
	#: seconds of overlap when a pull starts again, for vendors whose lists lag behind
	pull_overlap: ClassVar[int] = 120

	def __init__(self, settings: Mapping[str, str], http: Http, vault: Vault):
		self.config = dict(settings)
		self.http = http
		self.vault = vault

	@classmethod
	def base_url(cls, settings: Mapping[str, str]) -> str:
		"""Where this account's API lives, e.g. "https://my-shop.myshopify.com"."""
		raise NotImplementedError

	@staticmethod
	def sandbox_url(settings: Mapping[str, str]) -> str:
		"""The address of a practice server, or "" when the account at the vendor is meant. It counts for
		Connections of environment Sandbox only (also when the settings name no environment)."""
		if settings.get("environment", "Sandbox") != "Sandbox":
			return ""
		return (settings.get("sandbox_url") or "").rstrip("/")

	def check(self) -> Identity:
		"""Answer "Test connection". Raises NotAuthorised, Unreachable or Rejected with a sentence."""
		raise NotImplementedError


@runtime_checkable
class ReceivesWebhooks(Protocol):
	def verify(self, request: WebhookRequest) -> None:
		"""Raise BadSignature unless the vendor sent this. Constant time, raw bytes, no call out."""

	def notices(self, request: WebhookRequest) -> Sequence[Notice]:
		"""What a verified request announces. Raises Rejected when the body cannot be understood; an empty
		list for a topic that is of no interest."""

	def register_webhooks(self, address: str) -> Sequence[str]:
		"""Make the vendor's subscriptions match what we need at `address`; returns what was changed, one
		sentence each, nothing when all was right."""


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

	def push_stock(self, levels: Sequence[StockLevel], key: str) -> Sequence[Outcome]:
		"""Tell at most `stock_batch` absolute levels in one call; `key` is the idempotency key of exactly
		this content. One Outcome per level in order (Outcome.key = "stock_id@location_id"). One bad row is
		split off; it never fails its neighbours."""


@runtime_checkable
class FulfilsOrders(Protocol):
	def fulfil_order(self, shipment: Shipment, *, look_first: bool) -> Fulfilment:
		"""Tell the shop that `shipment` left. With `look_first` a former try may have worked: find it by
		our reference or tracking number before creating anything."""


CAPABILITIES: dict[str, type] = {
	protocol.__name__: protocol
	for protocol in (
		ReceivesWebhooks,
		PullsOrders,
		PullsProducts,
		PullsCustomers,
		PushesStock,
		FulfilsOrders,
	)
}


def capabilities(connector: type[Connector]) -> list[str]:
	"""Names of the capabilities a connector class has, in the order of the contract."""
	return [name for name, protocol in CAPABILITIES.items() if satisfies(connector, protocol)]


def satisfies(connector: type[Connector], protocol: type) -> bool:
	"""Does a connector class have this capability?"""
	# issubclass() refuses protocols with data members, so the members are asked one by one
	members = {name for name in vars(protocol) if not name.startswith("_")} | set(
		getattr(protocol, "__annotations__", {})
	)
	return all(hasattr(connector, member) for member in members)
