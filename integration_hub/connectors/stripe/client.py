"""One call to Stripe: form fields, version, idempotency key, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from integration_hub.connectors.contract import Connector
from integration_hub.connectors.http import Response
from integration_hub.connectors.stripe.settings import API, VERSION
from integration_hub.connectors.stripe.shapes import READ_AT
from integration_hub.failures import Failure, Gone, NotAuthorised, RateLimited, Rejected, Unreachable

#: most objects a list gives at once
PAGE = 100
#: Stripe does not say how long to wait
PAUSE = 5.0
#: refusals whose body says what is meant
READABLE = frozenset((400, 402, 403, 404, 409, 424, 429, 500))


class Client(Connector):
	"""What all parts of the connector share."""

	@classmethod
	def base_url(cls, settings: Mapping[str, str]) -> str:
		return cls.sandbox_url(settings) or API

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
		wanted: dict[str, Any] = {"limit": PAGE, **params}
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

		Stripe repeats even its own failure (500) for a key. The caller has looked before it came here again, so such a
		repeated failure is asked once more with another key.
		"""
		try:
			answer = self._send("POST", path, data=_form(params), key=key)
		except _RepeatedFailure:
			answer = self._send("POST", path, data=_form(params), key=f"{key}-again")
		found = answer.json()
		found[READ_AT] = _second(answer)
		return found

	def delete(self, path: str) -> dict[str, Any]:
		return self._send("DELETE", path).json()

	def _send(
		self, method: str, path: str, *, params: Any = None, data: str | None = None, key: str | None = None
	) -> Response:
		headers = {
			"Authorization": f"Bearer {self.config['secret_key']}",
			"Stripe-Version": self.config.get("api_version") or VERSION,
		}
		if self.config.get("account"):
			headers["Stripe-Account"] = self.config["account"]
		if data is not None:
			headers["Content-Type"] = "application/x-www-form-urlencoded"
		if key:
			headers["Idempotency-Key"] = key[:255]
		answer = self.http.request(
			method,
			path,
			params=params,
			data=data,
			headers=headers,
			repeatable=method != "POST",
			accept=READABLE,
		)
		if answer.status >= 400:
			raise meaning(answer)
		return answer


class _RepeatedFailure(Unreachable):
	"""Stripe has repeated the failure it remembers for this idempotency key."""


def meaning(answer: Response) -> Failure:
	"""What a refusal of Stripe means, in a sentence with its own words."""
	try:
		error = answer.json().get("error") or {}
	except (Rejected, AttributeError):
		error = {}
	words = str(error.get("message") or "").strip()
	code, kind = error.get("code") or "", error.get("type") or ""
	detail = " ".join(filter(None, (kind, code, error.get("decline_code"), error.get("param"))))
	if answer.status == 500:
		replayed = answer.headers.get("Idempotent-Replayed") == "true"
		failure = _RepeatedFailure if replayed else Unreachable
		return failure(
			"Stripe has a problem of its own. It is tried again later.", maybe_done=True, detail=detail
		)
	if answer.status == 429 or code in ("rate_limit", "lock_timeout") or answer.status == 409:
		return RateLimited(
			"Stripe is busy with this account and asks us to wait.", retry_after=PAUSE, detail=detail
		)
	if answer.headers.get("Stripe-Should-Retry") == "true":
		return RateLimited("Stripe asks us to try again.", retry_after=PAUSE, detail=detail)
	if answer.status == 403:
		return NotAuthorised(
			f"The key lacks a permission at Stripe. Give it in the Dashboard, then test the Connection. {words}".strip(),
			detail=detail,
		)
	if answer.status == 404 or code == "resource_missing":
		return Gone(f"Stripe does not know this (any more): {words}", detail=detail)
	if kind == "idempotency_error":
		return Rejected("Stripe was asked for something else under the same key before.", detail=detail)
	return Rejected(f"Stripe refuses this: {words or answer.status}", detail=detail)


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


def _form(params: Mapping[str, Any]) -> str:
	from urllib.parse import urlencode

	return urlencode(list(flat(params)))
