"""One call to Stripe: key, version, form fields, idempotency key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from integration_hub.connectors.contract import Connector
from integration_hub.connectors.http import Response
from integration_hub.connectors.stripe.errors import RepeatedFailure, meaning
from integration_hub.connectors.stripe.settings import API, VERSION
from integration_hub.connectors.stripe.shapes import READ_AT
from integration_hub.failures import Failure, Gone, NotAuthorised, RateLimited

#: most objects a list gives at once
PAGE = 100


class Client(Connector):
	"""What all parts of the connector share."""

	@classmethod
	def base_url(cls, settings: Mapping[str, str]) -> str:
		return cls.sandbox_url(settings) or API

	@property
	def live(self) -> bool | None:
		"""Whether the key moves real money; None for a key that does not say."""
		mode = self.config["secret_key"].strip().split("_")[1:2]
		return {"live": True, "test": False}.get(mode[0] if mode else "")

	def is_test(self, payload: Mapping[str, Any]) -> bool:
		"""Play money? Objects that do not say (refunds) go by the key."""
		return not payload.get("livemode", self.live is not False)

	@property
	def version(self) -> str:
		return (self.config.get("api_version") or "").strip() or VERSION

	def _key(self) -> str:
		"""The secret key. Raises NotAuthorised for one that must not be used here, before anything is sent."""
		key = self.config["secret_key"].strip()
		production = self.config.get("environment") == "Production"
		if key.startswith("pk_"):
			raise NotAuthorised("This is a publishable key (pk_…). Enter the secret key, sk_… or rk_….")
		if self.live and not production:
			raise NotAuthorised(
				"This is a live key: it belongs to a Connection of the environment Production."
			)
		if self.live is False and production:
			raise NotAuthorised("This is a test key: it belongs to a Connection of the environment Sandbox.")
		return key

	def get(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
		"""A GET; the answer says when Stripe gave it (a second back: what happens in this very second is newer)."""
		answer = self._send("GET", path, params=list(flat(params or {})))
		found = answer.json()
		found[READ_AT] = _second(answer)
		return found

	def find(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
		try:
			return self.get(path, params)
		except Gone:
			return None

	def list(
		self, path: str, params: Mapping[str, Any], limit: int | None = None
	) -> Iterator[dict[str, Any]]:
		"""All objects of a list, newest first, page by page."""
		wanted: dict[str, Any] = {"limit": min(PAGE, limit or PAGE), **params}
		seen = 0
		while True:
			page = self.get(path, wanted)
			for one in page["data"]:
				yield {**one, READ_AT: page[READ_AT]}
				seen += 1
				if limit and seen >= limit:
					return
			if not page.get("has_more") or not page["data"]:
				return
			wanted["starting_after"] = page["data"][-1]["id"]

	def post(self, path: str, params: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
		"""A POST; with `key` Stripe does it once within a day, whatever becomes of the answer.

		Stripe repeats even its own failure (500) for a key. A key that was used before means that the caller has looked
		whether the thing was made; so such a repeated failure is asked once more under another key.
		"""
		try:
			answer = self._send("POST", path, data=urlencode(list(flat(params))), key=key)
		except RepeatedFailure:
			answer = self._send("POST", path, data=urlencode(list(flat(params))), key=f"{key}-again")
		found = answer.json()
		found[READ_AT] = _second(answer)
		return found

	def delete(self, path: str) -> dict[str, Any]:
		return self._send("DELETE", path).json()

	def _send(
		self, method: str, path: str, *, params: Any = None, data: str | None = None, key: str | None = None
	) -> Response:
		headers = {"Authorization": f"Bearer {self._key()}", "Stripe-Version": self.version}
		if self.config.get("account"):
			headers["Stripe-Account"] = self.config["account"].strip()
		if data is not None:
			headers["Content-Type"] = "application/x-www-form-urlencoded"
		if key:
			headers["Idempotency-Key"] = key[:255]
		return self.http.request(
			method,
			path,
			params=params,
			data=data,
			headers=headers,
			repeatable=method != "POST",
			meaning=lambda answer: self._meaning(answer, repeatable=method != "POST"),
		)

	def _meaning(self, answer: Response, repeatable: bool) -> Failure | None:
		if answer.status < 400:
			return None
		failure = meaning(answer, repeatable=repeatable)
		if isinstance(failure, RateLimited):
			failure.retry_after = self.http.budget.too_many()
		return failure


def _second(answer: Response) -> int:
	try:
		return int(parsedate_to_datetime(answer.headers["Date"]).timestamp()) - 1
	except (KeyError, TypeError, ValueError):
		return 0


def flat(params: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
	"""Nested parameters in Stripe's bracket spelling; what is None is left out."""
	for name, value in params.items():
		yield from _flat(f"{prefix}[{name}]" if prefix else name, value)


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
	if value is None:
		return
	if isinstance(value, Mapping):
		yield from flat(value, name)
	elif isinstance(value, bool):
		yield name, "true" if value else "false"
	elif isinstance(value, Iterable) and not isinstance(value, str):
		for index, one in enumerate(value):
			yield from _flat(f"{name}[{index}]", one)
	else:
		yield name, str(value)
