"""How often one key may call: a moving window for each caller, shared by all web processes through Redis.

Answers carry `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` (seconds), 429s `Retry-After` as well. When
Redis is away each process counts for itself: calls are still limited, only less exactly.
"""

from __future__ import annotations

import ipaddress
import time
from functools import lru_cache

import frappe
import redis
from frappe import _
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from integration_hub.api.rest.errors import ApiError

#: calls per minute of one caller, when neither its key nor the settings say otherwise
DEFAULT = 600
#: of one address without any key
GUESTS = 60
#: of one address that guesses: webhook keys and signatures that do not match, payment pages that are none
GUESSES = 100
#: calls that are written down though they were refused for a limit, of one caller within a minute
REFUSED_ROWS = 100


def take(caller: str, allowed: int) -> dict[str, str]:
	"""Count one call; the headers that tell the caller where it stands. Raises ApiError "too_many"."""
	item = RateLimitItemPerMinute(allowed)
	identity = (frappe.local.site, caller)
	limiter = _shared(frappe.conf.get("redis_cache") or "")
	try:
		return _take(limiter, item, identity)
	except redis.RedisError as error:
		frappe.logger("integration_hub").warning(f"calls are counted in this process only: {error}")
		return _take(_own(), item, identity)


def guessed(address: str, what: str) -> bool:
	"""Count a wrong guess at `what` from an address; True when it has guessed too often to get a real answer. Never asked
	about what is right: a vendor behind the same proxy as an attacker is heard."""
	return not _within(f"guess:{what}:{_household(address)}", GUESSES)


def worth_a_row(caller: str, allowed: int) -> bool:
	"""Count a row of the log: False when a caller has filled as many within a minute as it may call, and those that tell of
	its being refused. Nobody shall fill the disk from outside."""
	kind, _colon, one = caller.partition(":")
	return _within(f"row:{kind}:{_household(one)}", allowed + REFUSED_ROWS)


def _within(what: str, allowed: int) -> bool:
	try:
		take(what, allowed)
	except ApiError:
		return False
	return True


def _household(address: str) -> str:
	"""Whoever has one address of IPv6 has the whole network that it is in."""
	try:
		one = ipaddress.ip_address(address)
	except ValueError:
		return address
	mapped = getattr(one, "ipv4_mapped", None)
	return address if one.version == 4 or mapped else str(ipaddress.ip_network(f"{one}/64", strict=False))


def _take(limiter: MovingWindowRateLimiter, item: RateLimitItem, identity: tuple[str, str]) -> dict[str, str]:
	granted = limiter.hit(item, *identity)
	stats = limiter.get_window_stats(item, *identity)
	wait = max(1, int(stats.reset_time - time.time()) + 1)
	headers = {
		"RateLimit-Limit": str(item.amount),
		"RateLimit-Remaining": str(max(0, stats.remaining)),
		"RateLimit-Reset": str(wait),
	}
	if not granted:
		raise ApiError(
			"too_many",
			_("More than {0} calls in a minute. Go on in {1} seconds.").format(item.amount, wait),
			retry_after=wait,
			headers=headers,
		)
	return headers


@lru_cache(maxsize=8)
def _shared(url: str) -> MovingWindowRateLimiter:
	if not url:
		return _own()
	return MovingWindowRateLimiter(
		RedisStorage(url, key_prefix="integration_hub:api", socket_timeout=1, socket_connect_timeout=1)
	)


@lru_cache(maxsize=1)
def _own() -> MovingWindowRateLimiter:
	return MovingWindowRateLimiter(MemoryStorage())
