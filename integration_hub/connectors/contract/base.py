"""What every connector is and is given: its identity, its settings, an `Http`, a `Vault`; notices and outcomes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from integration_hub.connectors.http import Http
from integration_hub.failures import Failure
from integration_hub.records import Location

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
	"subscriptions",
	"disputes",
	"communications",
	"consents",
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
	#: offered in the form when there are only these: a switch is ("No", "Yes")
	choices: Sequence[str] = ()
	#: makes the value when nobody entered one: a secret that the hub gives to the other side
	made: Callable[[], str] | None = None


@dataclass(frozen=True)
class Notice:
	"""Something at the vendor changed. One Notice becomes one Event.

	`dedupe_key` is unique within the Connection: the same change told twice must give the same key.
	`version` orders two Notices about the same thing (larger is newer); where the vendor keeps no time of change, a number
	that grows with the states a thing goes through. `payload` is what `read_*` takes, or None when it must be fetched first.
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
	seen on it (aware), from which the next pull starts. A cursor may come back days later: when the vendor has forgotten
	it, let its refusal (Rejected or Gone) through, and the list is walked from `since` again."""

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
	method: str = "POST"


@dataclass(frozen=True)
class WebhookAnswer:
	"""What the vendor reads when its webhook was taken."""

	body: str
	media_type: Literal["application/json", "text/xml", "text/plain"] = "application/json"


@dataclass(frozen=True)
class Outcome:
	"""What became of one row of a batch. `failure` is None when it worked; then `outside_id` and `version` say what
	the vendor has now, where it tells."""

	key: str
	failure: Failure | None = None
	outside_id: str = ""
	version: str = ""


@dataclass(frozen=True)
class Identity:
	"""The answer of "Test connection": who and what we are connected to, and what to be warned of."""

	account: str
	detail: str = ""
	currency: str = ""
	warnings: Sequence[str] = ()


class Vault(Protocol):
	"""Keeps what the vendor issued to us (tokens, secrets, ids of subscriptions), encrypted, for all workers of one
	Connection. Names are short: at most 100 characters."""

	def get(self, name: str) -> str | None:
		"""The token, or None when there is none or it has expired."""

	def put(self, name: str, value: str, expires_at: datetime | None = None) -> None:
		"""Store a token at once (also when the caller's work fails later)."""

	def lock(self, name: str) -> AbstractContextManager[None]:
		"""Only one worker of the Connection is inside `name` at a time. Raises Waiting when that takes too long."""


class MemoryVault:
	"""A Vault for one process, to try and test a connector with. `now` can be moved."""

	def __init__(self) -> None:
		self.kept: dict[str, tuple[str, datetime | None]] = {}
		self.now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
		self._locks: dict[str, threading.Lock] = {}

	def get(self, name: str) -> str | None:
		value, until = self.kept.get(name, (None, None))
		return None if until is not None and until <= self.now() else value

	def put(self, name: str, value: str, expires_at: datetime | None = None) -> None:
		self.kept[name] = (value, expires_at)

	def lock(self, name: str) -> AbstractContextManager[Any]:
		return self._locks.setdefault(name, threading.Lock())


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
	#: Events worked on together: as many as one call to the vendor can usually take
	event_batch: ClassVar[int] = 20
	#: pauses (seconds) after each try that got no answer, instead of the usual ones of `sync/retry.py`
	ladder: ClassVar[Sequence[float] | None] = None
	#: more options of `Http` for this vendor: {"timeouts": (5, 15), "public_only": True}
	http_options: ClassVar[Mapping[str, Any]] = {}

	def __init__(self, settings: Mapping[str, str], http: Http, vault: Vault):
		self.config = dict(settings)
		self.http = http
		self.vault = vault

	@classmethod
	def refuses(cls, settings: Mapping[str, str]) -> str:
		"""Why these settings (without secrets) cannot work, as a sentence, "" when they can. Nothing is called: it is asked
		while a person saves the Connection."""
		return ""

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
		"""Raise BadSignature unless the vendor sent this. Constant time, raw bytes. No call out, unless the vendor signs with
		a key of its own that has to be fetched: keep it in the Vault. While that cannot be had, raise what `Http` raises:
		the delivery is not taken, and the vendor sends it again."""

	def notices(self, request: WebhookRequest) -> Sequence[Notice]:
		"""What a verified request announces. Raises Rejected when the body cannot be understood; an empty
		list for a topic that is of no interest."""

	def register_webhooks(self, address: str) -> Sequence[str]:
		"""Make the vendor's subscriptions match what we need at `address`; returns what was changed, one
		sentence each, nothing when all was right. It may be called at any time: what the vendor has switched off, or what
		soon ends, is on again afterwards. Where the vendor has no call for it: what a person must enter where. What it tells
		only now (a signing secret, the id of the subscription) belongs into the Vault."""


@runtime_checkable
class AnswersWebhooks(Protocol):
	"""For vendors that want to read something of their own, or first ask by GET whether somebody is there: a GET is let
	in for them alone, and goes through `verify` and `notices` like any other request."""

	def answer_webhook(self, request: WebhookRequest) -> WebhookAnswer:
		"""What a verified request is answered, after what it announces was stored."""


@runtime_checkable
class ListsLocations(Protocol):
	def list_locations(self) -> Sequence[Location]:
		"""The vendor's own names of the places goods are at: where a shop keeps stock, where a carrier collects.
		Each can be given a Warehouse; `id` is what stock and `Consignment.pickup_place` name."""
