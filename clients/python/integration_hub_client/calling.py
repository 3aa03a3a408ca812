"""One call: how it is sent, tried again, and read."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar

import requests

from .errors import error_of

PREFIX = "/api/method/integration_hub.api.v1."
#: statuses after which the same request may be sent again; 409 and 429 only when the answer says when
AGAIN = (429, 502, 503, 504)
#: of these nobody knows whether the request was carried out
UNSURE = (502, 504)
KEY = "Idempotency-Key"

Row = TypeVar("Row")


class Unset:
	"""A field that is not sent. (None is sent: it empties the field.)"""

	def __repr__(self) -> str:
		return "UNSET"


UNSET = Unset()


@dataclass(frozen=True)
class Reply:
	"""A good answer. `data` is its result; of a file there is only the `content`."""

	data: Any
	status: int
	headers: Mapping[str, str]
	content: bytes

	@property
	def etag(self) -> str | None:
		return self.headers.get("ETag")


class Transport(Protocol):
	"""What the generated methods need of a Hub."""

	def read(self, method: str, arguments: Mapping[str, Any]) -> Any: ...

	def fetch(self, method: str, arguments: Mapping[str, Any]) -> bytes: ...

	def write(
		self,
		method: str,
		arguments: Mapping[str, Any],
		*,
		idempotency_key: str | None = None,
		if_match: str | None = None,
		keyed: bool = True,
	) -> Any: ...


class Rows(Generic[Row]):
	"""The rows of a list, page after page as they are asked for. Each iteration begins anew."""

	def __init__(self, read: Callable[[str | None], Mapping[str, Any]], cursor: str | None = None):
		self._read, self._cursor = read, cursor

	def pages(self) -> Iterator[list[Row]]:
		cursor = self._cursor
		while True:
			page = self._read(cursor)
			yield page["rows"]
			cursor = page["next_cursor"]
			if not cursor:
				return

	def __iter__(self) -> Iterator[Row]:
		for page in self.pages():
			yield from page

	def first(self) -> Row | None:
		"""The first row, or None; reads one page."""
		return next(iter(self), None)


class Sender:
	"""Sends requests of one caller, and sends them again where that may help and can do no harm."""

	def __init__(self, url: str, token: str, *, timeout: float, tries: int, patience: float):
		self._url, self._timeout, self._tries, self._patience = url.rstrip("/"), timeout, tries, patience
		self.session = requests.Session()
		self.session.headers["Authorization"] = f"token {token}" if ":" in token else f"Bearer {token}"
		self.session.headers["Accept"] = "application/json, */*;q=0.5"

	def send(self, verb: str, method: str, arguments: Mapping[str, Any], headers: Mapping[str, str]) -> Reply:
		"""Raises a HubError for an answer that is no success, or requests' own exception when there was none."""
		options: dict[str, Any] = {"params": in_address(arguments)} if verb == "GET" else {}
		if verb == "POST":
			options["json"] = as_json(arguments)
		harmless = verb == "GET" or KEY in headers
		end = time.monotonic() + self._patience
		for number in range(1, self._tries + 1):
			wait: float | None
			try:
				answer = self.session.request(
					verb, f"{self._url}{PREFIX}{method}", headers=headers, timeout=self._timeout, **options
				)
			except (requests.ConnectionError, requests.Timeout):
				# reads change nothing, and with its Idempotency-Key a POST is done once
				wait = _backoff(number)
				if not harmless or number == self._tries or time.monotonic() + wait > end:
					raise
			else:
				if answer.ok:
					return _reply(answer)
				wait = _wait(answer, number)
				if answer.status_code in UNSURE and not harmless:
					wait = None
				if wait is None or number == self._tries or time.monotonic() + wait > end:
					raise error_of(answer.status_code, _json(answer), answer.headers.get("X-Request-Id", ""))
			time.sleep(wait)
		raise AssertionError("tries must be at least 1")


def new_key() -> str:
	return uuid.uuid4().hex


def _wait(answer: requests.Response, number: int) -> float | None:
	"""Seconds until the next try, or None: there is no use."""
	said = answer.headers.get("Retry-After", "")
	if said.isdigit():
		return float(said) if answer.status_code in (*AGAIN, 409) else None
	return _backoff(number) if answer.status_code in AGAIN else None


def _backoff(number: int) -> float:
	return float(2 ** (number - 1)) * random.uniform(0.5, 1.0)


def _reply(answer: requests.Response) -> Reply:
	body = _json(answer)
	data = body.get("data") if isinstance(body, dict) else None
	return Reply(data, answer.status_code, answer.headers, answer.content)


def _json(answer: requests.Response) -> Any:
	if not answer.headers.get("Content-Type", "").startswith("application/json"):
		return None
	try:
		return answer.json()
	except ValueError:
		return None


def as_json(value: Any) -> Any:
	"""What Python has and JSON has not: aware moments, days, Decimal; fields that are UNSET are left out."""
	if isinstance(value, Mapping):
		return {name: as_json(one) for name, one in value.items() if not isinstance(one, Unset)}
	if isinstance(value, list | tuple):
		return [as_json(one) for one in value]
	if isinstance(value, datetime):
		if value.tzinfo is None:
			raise ValueError(f"{value!r} has no time zone")
		return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
	if isinstance(value, date):
		return value.isoformat()
	return format(value, "f") if isinstance(value, Decimal) else value


def in_address(arguments: Mapping[str, Any]) -> dict[str, str]:
	found = {}
	for name, value in as_json(arguments).items():
		if isinstance(value, bool):
			found[name] = "true" if value else "false"
		elif isinstance(value, list):
			found[name] = ",".join(str(one) for one in value)
		elif value is not None:
			found[name] = str(value)
	return found
