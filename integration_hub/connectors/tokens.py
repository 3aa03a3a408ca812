"""Access tokens that a vendor issues for what people entered: one for all workers of a Connection, asked for by one of
them at a time, renewed before it ends, and once more when it is refused before its time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TypeVar

from integration_hub.connectors.contract import Vault
from integration_hub.connectors.http import Http
from integration_hub.connectors.redact import is_secret_name
from integration_hub.failures import NotAuthorised

#: a token is given up so long before its end, or after half its life when that is longer
RENEW_BEFORE = timedelta(minutes=5)

T = TypeVar("T")


class TokenRefused(NotAuthorised):
	"""The vendor does not take the token (any more). Raise it for that answer alone: a right that is missing, say, is not
	mended by another token."""


@dataclass(frozen=True)
class Token:
	"""`value` goes along with each call. `lasts` None: until it is refused. `more` is what was told with it and is needed
	later: the address that takes it, the refresh token that takes the former one's place."""

	value: str
	lasts: timedelta | None = None
	more: Mapping[str, str] = field(default_factory=dict)


class Tokens:
	"""The token of one Connection (or one of several, each with a `name`).

	`issue(more)` asks the vendor for one; it gets the `more` of the former token, {} at first. `entered` is what it is
	issued for: when a person enters something else, the former token counts no more.
	"""

	def __init__(
		self,
		vault: Vault,
		http: Http,
		issue: Callable[[Mapping[str, str]], Token],
		entered: Sequence[str],
		name: str = "access_token",
	):
		self._vault, self._http, self._issue, self._name = vault, http, issue, name
		#: stands for what was entered, and does not tell it
		self.login = hashlib.sha256(json.dumps(list(entered)).encode()).hexdigest()[:16]
		self._token: Token | None = None

	def use(self, call: Callable[[Token], T]) -> T:
		"""What `call(token)` returns; made a second time with a new token when it raises TokenRefused."""
		token = self._token or self._kept() or self._renewed(None)
		try:
			return call(self._at_hand(token))
		except TokenRefused:
			pass
		return call(self._at_hand(self._renewed(token)))

	def _at_hand(self, token: Token) -> Token:
		self._http.hide(token.value, *(said for name, said in token.more.items() if is_secret_name(name)))
		self._token = token
		return token

	def _renewed(self, refused: Token | None) -> Token:
		"""A token that is not the `refused` one: another worker's, if that was quicker."""
		with self._vault.lock(self._name):
			kept = self._kept()
			if kept and (refused is None or kept.value != refused.value):
				return kept
			more = self._more()
			token = self._at_hand(self._issue(more))
			if dict(token.more) != more:
				# first what may be told only once: the token itself can be had again
				self._put(f"{self._name}:more", json.dumps(dict(token.more)), None)
			self._put(self._name, token.value, token.lasts)
			return token

	def _kept(self) -> Token | None:
		value = self._get(self._name)
		return Token(value, more=self._more()) if value else None

	def _more(self) -> dict[str, str]:
		return json.loads(self._get(f"{self._name}:more") or "{}")

	def _get(self, name: str) -> str:
		login, _colon, value = (self._vault.get(name) or "").partition(":")
		return value if login == self.login else ""

	def _put(self, name: str, value: str, lasts: timedelta | None) -> None:
		ends = lasts and datetime.now(timezone.utc) + max(lasts - RENEW_BEFORE, lasts / 2)
		self._vault.put(name, f"{self.login}:{value}", ends)
