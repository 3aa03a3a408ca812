"""The world: one Stripe account with its objects, rates, balances and events.

Objects are dicts in the shape of the API. Names that start with an underscore are the sandbox's own (or fields
that Stripe shows only when they are expanded) and never leave as they are.
"""

import copy
import secrets
import string
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from sandbox.vendors.deliveries import Courier
from sandbox.vendors.stripe import checkout
from sandbox.vendors.stripe.clock import Clock
from sandbox.vendors.stripe.doings import Doings
from sandbox.vendors.stripe.errors import Refusal, missing
from sandbox.vendors.stripe.events import Events
from sandbox.vendors.stripe.ledger import Ledger
from sandbox.vendors.stripe.money import check_currency

VERSION = "2026-07-29.dahlia"  # what the account's own events are written in
LETTERS = string.ascii_letters + string.digits


class Account(Doings):
	"""currency: what it settles in. balances: further currencies that it holds without converting them.

	rates: {"usd": "0.92"}: units of the settlement currency for one unit of that one.
	fee_percent and fee_fixed: of each charge, in the settlement currency; fee_fixed is in minor units, one number or
	{currency: number}. dispute_fee: the same. days: until money becomes available.
	settle_late: charges get their balance transaction only when `finish_settlement` is called, as happens with
	asynchronous capture, for moments, at Stripe.
	"""

	def __init__(
		self,
		currency: str = "usd",
		*,
		balances: list[str] | None = None,
		rates: dict[str, str] | None = None,
		fee_percent: str = "2.9",
		fee_fixed: int | dict[str, int] = 30,
		dispute_fee: int | dict[str, int] = 1500,
		dispute_fee_returned: bool = False,
		days: int = 2,
		settle_late: bool = False,
		country: str = "US",
		id: str | None = None,
		version: str = VERSION,
	):
		self.lock = threading.RLock()  # around all state
		self.clock = Clock()
		self.currency = check_currency(currency)
		self.balances = [self.currency, *(check_currency(one) for one in balances or [] if one != currency)]
		self.rates: dict[str, Decimal] = {}
		self.fee_percent, self.fee_fixed = Decimal(fee_percent), fee_fixed
		self.dispute_fee, self.dispute_fee_returned = dispute_fee, dispute_fee_returned
		self.days, self.settle_late, self.country, self.version = days, settle_late, country, version
		self.id = id or f"acct_1{self._letters(15)}"
		self.url = ""  # where it is served, for pages that a customer opens
		self.tables: dict[str, dict[str, dict]] = {}
		self.outbox: list[tuple[dict, dict]] = []  # (event, endpoint), until what happens is over
		self._added: list[dict] | None = None  # by what is happening now
		self.courier = Courier()
		self.ledger = Ledger(self)
		self.events = Events(self)
		self.set_rates(**(rates or {}))

	@contextmanager
	def together(self, request: dict | None = None) -> Iterator[None]:
		"""One change of the account: events go out when it is over; what is refused early leaves no trace.

		request: {"id", "idempotency_key"} of the API request that asked for it.
		"""
		with self.lock:
			if self._added is not None:  # part of a greater one
				yield
				return
			self.ledger.refresh()
			self._added, self.events.request = [], request
			try:
				checkout.refresh(self)
				yield
			except Refusal as refusal:
				if refusal.early:
					self._undo()
				raise
			finally:
				self._added, self.events.request = None, None
				outbox, self.outbox = self.outbox, []
				for event, endpoint in outbox:
					self.events.send(event, endpoint)

	def _undo(self) -> None:
		for one in self._added:
			self.tables[one["object"]].pop(one["id"], None)
		self.outbox.clear()

	# ---- objects

	def now(self) -> int:
		return self.clock.now()

	def _letters(self, count: int) -> str:
		return "".join(secrets.choice(LETTERS) for _ in range(count))

	def new_id(self, prefix: str) -> str:
		if prefix == "cs":
			return f"cs_test_{self._letters(58)}"
		if prefix in ("cus", "prod", "si", "whsec"):
			return f"{prefix}_{self._letters(32 if prefix == 'whsec' else 14)}"
		return f"{prefix}_1{self._letters(23)}"

	def add(self, prefix: str, object: str, **fields) -> dict:
		"""A new object, kept; created now and in test mode unless told otherwise."""
		made = {
			"id": self.new_id(prefix),
			"object": object,
			"created": self.now(),
			"livemode": False,
		} | fields
		self.tables.setdefault(object, {})[made["id"]] = made
		if self._added is not None:
			self._added.append(made)
		return made

	def unmake(self, *objects: dict) -> None:
		"""They never were: nothing is told of them."""
		gone = {one["id"] for one in objects}
		for table in self.tables.values():
			for id in gone & set(table):
				del table[id]
		silent = {event["id"] for event in self.all("event") if event["data"]["object"].get("id") in gone}
		for id in silent:
			del self.tables["event"][id]
		self.outbox = [sent for sent in self.outbox if sent[0]["id"] not in silent]

	def all(self, object: str) -> list[dict]:
		"""Newest first."""
		return list(reversed(self.tables.get(object, {}).values()))

	def find(self, object: str, id: str | None, param: str = "id", status: int = 400) -> dict:
		"""The object, or a Refusal: no such thing."""
		found = self.tables.get(object, {}).get(id)
		if found is None or found.get("deleted"):
			raise missing(object.split(".")[-1], str(id), param, status)
		return found

	def any(self, id: str) -> dict | None:
		"""Whatever has this id."""
		return next((table[id] for table in self.tables.values() if id in table), None)

	def tell(self, type: str, about: dict, before: dict | None = None) -> None:
		"""An event: this object, as it is now. before: a copy from before the change."""
		self.events.tell(type, about, before)

	def change(self, object: dict, type: str | None = None, /, **fields) -> dict:
		"""Set fields, and tell of it with what they were."""
		before = copy.deepcopy(object)
		object.update(fields)
		if type:
			self.tell(type, object, before)
		return object


def merged(metadata: dict | None, changes: dict | None) -> dict:
	"""Metadata after a change: None clears it, a key with None goes."""
	if changes is None:
		return {}
	return {key: value for key, value in {**(metadata or {}), **changes}.items() if value is not None}
