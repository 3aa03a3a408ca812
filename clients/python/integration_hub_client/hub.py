"""The client itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .calling import KEY, Reply, Sender, new_key
from .methods import Methods


class Hub(Methods):
	"""One caller of one site. Not to be shared between threads: make one for each.

	`url` is the site's address, `token` an Integration API Key, another bearer token, or "KEY:SECRET" of a user. `timeout` is for one try, in seconds; a call is
	tried at most `tries` times, and not after `patience` seconds.
	"""

	def __init__(self, url: str, token: str, *, timeout: float = 120, tries: int = 5, patience: float = 180):
		self._sender = Sender(url, token, timeout=timeout, tries=tries, patience=patience)
		super().__init__(self)

	def call(
		self,
		method: str,
		arguments: Mapping[str, Any] | None = None,
		*,
		verb: str = "GET",
		idempotency_key: str | None = None,
		if_match: str | None = None,
		keyed: bool = True,
	) -> Reply:
		"""Any method by its name ("customers.get"), with the whole answer. `keyed`: a POST without an `idempotency_key` gets
		a new one."""
		headers = {}
		if verb == "POST" and keyed:
			headers[KEY] = idempotency_key or new_key()
		if if_match:
			headers["If-Match"] = if_match
		return self._sender.send(verb, method, arguments or {}, headers)

	def read(self, method: str, arguments: Mapping[str, Any]) -> Any:
		return self.call(method, arguments).data

	def fetch(self, method: str, arguments: Mapping[str, Any]) -> bytes:
		"""A file."""
		return self.call(method, arguments).content

	def write(
		self,
		method: str,
		arguments: Mapping[str, Any],
		*,
		idempotency_key: str | None = None,
		if_match: str | None = None,
		keyed: bool = True,
	) -> Any:
		return self.call(
			method,
			arguments,
			verb="POST",
			idempotency_key=idempotency_key,
			if_match=if_match,
			keyed=keyed,
		).data
