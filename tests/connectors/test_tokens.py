"""One token for all workers of a Connection: asked for once, renewed once, and what came with it is not lost."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest

from integration_hub.connectors.contract import MemoryVault
from integration_hub.connectors.http import Http
from integration_hub.connectors.tokens import Token, TokenRefused, Tokens
from integration_hub.failures import NotAuthorised, Rejected


class Issuer:
	"""A vendor whose refresh tokens may be used once: each answer brings the next one."""

	def __init__(self):
		self.good, self.next, self.times = "", "refresh-0", 0
		self.lock, self.vault = threading.Lock(), MemoryVault()

	def issue(self, more):
		time.sleep(0.02)  # long enough for others to ask too
		with self.lock:
			if more.get("refresh_token", "refresh-0") != self.next:
				raise NotAuthorised("This refresh token was used already.")
			self.times += 1
			self.good, self.next = f"token-{self.times}", f"refresh-{self.times}"
			return Token(
				self.good, timedelta(hours=1), {"refresh_token": self.next, "api": "https://a.example"}
			)

	def worker(self, *entered: str) -> Tokens:
		return Tokens(self.vault, Http("https://a.example"), self.issue, entered or ("me", "secret"))

	def call(self, token: Token) -> str:
		if token.value != self.good:
			raise TokenRefused("no")
		return token.more["api"]


@pytest.fixture
def issuer():
	return Issuer()


def test_all_workers_share_one(issuer):
	assert {issuer.worker().use(issuer.call) for _worker in range(3)} == {"https://a.example"}
	assert issuer.times == 1


def test_eight_workers_at_once_ask_once(issuer):
	"""A second question would spend the refresh token that the first answer has just replaced."""
	for _round in range(3):
		issuer.good = "withdrawn"
		with ThreadPoolExecutor(8) as pool:
			answers = [pool.submit(issuer.worker().use, issuer.call) for _worker in range(8)]
		assert {one.result() for one in answers} == {"https://a.example"}
	assert issuer.times == 3


def test_it_is_renewed_before_it_ends_by_the_refresh_token_that_came_last(issuer):
	issuer.worker().use(issuer.call)
	issuer.vault.now = lambda: datetime.now(timezone.utc) + timedelta(minutes=56)
	issuer.worker().use(issuer.call)
	assert issuer.times == 2


def test_what_is_entered_anew_counts_at_once(issuer):
	issuer.worker().use(issuer.call)
	issuer.next = "refresh-0"
	issuer.worker("me", "another secret").use(issuer.call)
	assert issuer.times == 2


def test_a_refusal_is_answered_with_a_new_token_once(issuer):
	asked = []

	def never(token):
		asked.append(token.value)
		raise TokenRefused("no")

	with pytest.raises(TokenRefused):
		issuer.worker().use(never)
	assert asked == ["token-1", "token-2"]


def test_other_refusals_ask_for_no_token(issuer):
	def forbidden(_token):
		raise NotAuthorised("a right is missing")

	with pytest.raises(NotAuthorised):
		issuer.worker().use(forbidden)
	assert issuer.times == 1


def test_nothing_of_it_is_stored_in_clear(anybody):
	vault, kept = MemoryVault(), []
	http = Http(anybody.url, on_exchange=kept.append, allow_loopback_http=True)
	tokens = Tokens(
		vault, http, lambda more: Token("tok-9f8e7d", None, {"refresh_token": "ref-1a2b3c"}), ("me",)
	)

	def call(token):
		http.request("POST", "/x", json={"a": token.value, "b": token.more["refresh_token"]})

	tokens.use(call)
	Tokens(vault, http, lambda more: pytest.fail("it has no end"), ("me",)).use(call)
	assert not any("tok-9f8e7d" in str(one) or "ref-1a2b3c" in str(one) for one in kept) and len(kept) == 2


def test_a_vendor_that_issues_none_is_told_as_such(issuer):
	issuer.issue = lambda more: (_ for _ in ()).throw(Rejected("closed"))
	with pytest.raises(Rejected):
		issuer.worker().use(issuer.call)
