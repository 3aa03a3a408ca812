"""How fast one Connection may talk to its vendor: one Budget, shared by all workers through Redis.

Four things can hold a call back, and each is fed from another side:

- the *window*: so many calls per period, from the vendor's documentation (`limits`, moving window);
- the *bucket*: points left, as the vendor itself says after each call (Shopify's `throttleStatus`);
- the *gate*: "closed until", when the vendor said so (429, `Retry-After`, THROTTLED);
- the *circuit*: opens after several calls in a row got no answer, lets one probe through after a pause,
  and doubles the pause while the vendor stays dead.

A short wait is slept; a longer one is raised as `RateLimited(retry_after)`, so that a worker is free for
another Connection meanwhile. When Redis is away every process goes on with its own memory: slower safety,
but the vendor's 429 still rules.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import limits
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from integration_hub.failures import RateLimited

logger = logging.getLogger("integration_hub.budget")

#: Longest wait that is slept in the worker; longer ones are raised.
MAX_WAIT = 2.0
#: So many calls in a row without an answer open the circuit …
BREAKER_AFTER = 5
#: … for so many seconds, growing each time the probe fails as well.
BREAKER_PAUSES = (30, 60, 120, 300, 900)
#: A probe that never comes back (killed worker) blocks the next one for this long.
PROBE_SECONDS = 60
#: A gate is never closed for longer, whatever a broken header says.
LONGEST_GATE = 24 * 3600
#: The first pause after "too many requests" without a time, and the longest that these grow to.
FIRST_GATE, LONGEST_GUESS = 1.0, 60.0
#: Vendor states nobody asks for any more leave Redis after a day.
KEEP_SECONDS = 24 * 3600
#: How often the log says that Redis is away.
WARN_EVERY = 60


class Store(Protocol):
	"""The little that a Budget needs to remember. Values are short strings; every key expires."""

	def get(self, key: str) -> str | None: ...
	def set(self, key: str, value: str, seconds: float) -> None: ...
	def raise_to(self, key: str, value: float, seconds: float) -> None: ...
	def add(self, key: str, value: str, seconds: float) -> bool: ...
	def increment(self, key: str, seconds: float) -> int: ...
	def delete(self, *keys: str) -> None: ...


class MemoryStore:
	"""A Store for one process."""

	def __init__(self) -> None:
		self._values: dict[str, tuple[str, float]] = {}
		self._lock = threading.Lock()
		self.limiter = MovingWindowRateLimiter(MemoryStorage())

	def _live(self, key: str) -> str | None:
		value, until = self._values.get(key, ("", 0.0))
		if until > time.time():
			return value
		self._values.pop(key, None)
		return None

	def get(self, key: str) -> str | None:
		with self._lock:
			return self._live(key)

	def set(self, key: str, value: str, seconds: float) -> None:
		with self._lock:
			self._values[key] = (value, time.time() + seconds)

	def raise_to(self, key: str, value: float, seconds: float) -> None:
		with self._lock:
			if float(self._live(key) or 0) < value:
				self._values[key] = (repr(value), time.time() + seconds)

	def add(self, key: str, value: str, seconds: float) -> bool:
		with self._lock:
			if self._live(key) is not None:
				return False
			self._values[key] = (value, time.time() + seconds)
			return True

	def increment(self, key: str, seconds: float) -> int:
		with self._lock:
			count = int(self._live(key) or 0) + 1
			self._values[key] = (str(count), time.time() + seconds)
			return count

	def delete(self, *keys: str) -> None:
		with self._lock:
			for key in keys:
				self._values.pop(key, None)


class RedisStore:
	"""A Store for all workers. Works with redis-py 4.5 to 8."""

	# the later of two closing times wins, also when two workers write at once
	_RAISE = """
	local now = tonumber(redis.call('GET', KEYS[1]) or '0')
	if now < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
	return 1
	"""

	def __init__(self, url: str):
		import redis  # not needed where everything is in memory

		self.errors = (redis.RedisError,)
		self._redis = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
		self._raise_to = self._redis.register_script(self._RAISE)
		self.limiter = MovingWindowRateLimiter(
			RedisStorage(
				url, connection_pool=self._redis.connection_pool, key_prefix="integration_hub:window"
			)
		)

	def get(self, key: str) -> str | None:
		value = self._redis.get(key)
		return value.decode() if isinstance(value, bytes) else value

	def set(self, key: str, value: str, seconds: float) -> None:
		self._redis.set(key, value, px=_milliseconds(seconds))

	def raise_to(self, key: str, value: float, seconds: float) -> None:
		self._raise_to(keys=[key], args=[repr(value), _milliseconds(seconds)])

	def add(self, key: str, value: str, seconds: float) -> bool:
		return bool(self._redis.set(key, value, px=_milliseconds(seconds), nx=True))

	def increment(self, key: str, seconds: float) -> int:
		with self._redis.pipeline(transaction=True) as pipe:
			pipe.incr(key)
			pipe.pexpire(key, _milliseconds(seconds))
			return int(pipe.execute()[0])

	def delete(self, *keys: str) -> None:
		self._redis.delete(*keys)


def _milliseconds(seconds: float) -> int:
	return max(1, int(seconds * 1000))


@lru_cache(maxsize=16)
def _redis_store(url: str) -> RedisStore:
	"""One connection pool per Redis and process (redis-py notices a fork by itself)."""
	return RedisStore(url)


#: stands in for Redis while it is away; one per process, so that Budgets of one name still share it
_SPARE = MemoryStore()


@dataclass(frozen=True)
class BudgetStatus:
	"""For people: epoch seconds until which nothing is sent (0 = free), and failed calls in a row."""

	closed_until: float
	open_until: float
	failures: int


class Budget:
	"""The right to call one vendor account. All Budgets of one `name` on one Redis are the same Budget.

	`limit` is written as `limits` reads it ("40/second", "2/second;100/minute"), empty for none. Without
	`redis_url` the state lives in this object (tests, command line).
	"""

	def __init__(
		self,
		name: str,
		*,
		limit: str = "",
		redis_url: str | None = None,
		max_wait: float = MAX_WAIT,
		breaker_after: int = BREAKER_AFTER,
		breaker_pauses: tuple[float, ...] = BREAKER_PAUSES,
	):
		self.name = name
		self.max_wait = max_wait
		self.breaker_after = breaker_after
		self.breaker_pauses = breaker_pauses
		self._limits = limits.parse_many(limit) if limit else []
		self._own = None if redis_url else MemoryStore()
		self._redis_url = redis_url
		self._warned = 0.0
		self._parts: dict[str, Budget] = {}

	# what connectors and Http call

	def part(self, name: str, limit: str) -> Budget:
		"""A Budget beside this one for a kind of call that has a limit of its own ("search", "5/second"): the same one
		for all workers, with its own window and gate. `Http.request(part=…)` takes from both."""
		if name not in self._parts:
			self._parts[name] = Budget(
				f"{self.name}:{name}", limit=limit, redis_url=self._redis_url, max_wait=self.max_wait
			)
		return self._parts[name]

	def acquire(self, cost: int = 1) -> None:
		"""Wait for the right to make one call of `cost` points. Raises RateLimited when it would take
		longer than `max_wait` seconds, or while the circuit is open."""
		deadline = time.time() + self.max_wait
		while True:
			wait, why = self._try(cost)
			if wait <= 0:
				return
			if time.time() + wait > deadline:
				raise RateLimited(f"{why} The next call is made in {_spoken(wait)}.", retry_after=wait)
			time.sleep(wait)

	def close_for(self, seconds: float) -> None:
		"""Nobody calls for so many seconds, because the vendor said so. The latest closing time wins."""
		seconds = min(max(seconds, 0.0), LONGEST_GATE)
		if seconds:
			until = time.time() + seconds
			self._ask(lambda store: store.raise_to(self._key("gate"), until, seconds))

	def too_many(self, first: float = FIRST_GATE, longest: float = LONGEST_GUESS) -> float:
		"""The vendor asked us to wait and not for how long: nobody calls for `first` seconds, for twice as long when it says
		so again soon after, and so on up to `longest`. Returns the seconds."""

		def grow(store: Store) -> float:
			left = float(store.get(self._key("gate")) or 0) - time.time()
			if left > 0:
				return left  # calls that were already under way when it closed are no news
			times = store.increment(self._key("too_many"), longest * 2)
			return min(first * 2 ** min(times - 1, 30), longest)

		seconds = self._ask(grow)
		self.close_for(seconds)
		return seconds

	def learn(self, available: float, maximum: float, restore_rate: float) -> None:
		"""What the vendor says is left in its bucket of points, and how many come back per second."""
		state = json.dumps([available, maximum, restore_rate, time.time()])
		self._ask(lambda store: store.set(self._key("bucket"), state, KEEP_SECONDS))

	def answered(self) -> None:
		"""The vendor answered (whatever it said): the circuit closes."""

		def forget(store: Store) -> None:
			if store.get(self._key("failures")) is not None:
				store.delete(self._key("failures"), self._key("open"), self._key("probe"))

		self._ask(forget)

	def unanswered(self) -> None:
		"""No answer, or a 5xx. The `breaker_after`th in a row opens the circuit."""

		def count(store: Store) -> None:
			if float(store.get(self._key("open")) or 0) > time.time():
				return  # calls that were already under way when it opened are no news
			failures = store.increment(self._key("failures"), KEEP_SECONDS)
			if failures >= self.breaker_after:
				pause = self.breaker_pauses[min(failures - self.breaker_after, len(self.breaker_pauses) - 1)]
				store.raise_to(self._key("open"), time.time() + pause, pause)
				store.delete(self._key("probe"))

		self._ask(count)

	# what people ask

	def status(self) -> BudgetStatus:
		def read(store: Store) -> BudgetStatus:
			return BudgetStatus(
				float(store.get(self._key("gate")) or 0),
				float(store.get(self._key("open")) or 0),
				int(store.get(self._key("failures")) or 0),
			)

		return self._ask(read)

	def reset(self) -> None:
		"""Forget gate, bucket and circuit (a new key was entered, the vendor is well again)."""
		keys = [self._key(part) for part in ("gate", "too_many", "bucket", "open", "failures", "probe")]
		self._ask(lambda store: store.delete(*keys))

	# how it works

	def _try(self, cost: int) -> tuple[float, str]:
		return self._ask(lambda store: self._try_in(store, cost))

	def _try_in(self, store: Any, cost: int) -> tuple[float, str]:
		"""Seconds to wait and the reason; 0 when the call may go, which is then already booked."""
		now = time.time()
		wait = float(store.get(self._key("gate")) or 0) - now
		if wait > 0:
			return wait, "The vendor asked us to wait."
		wait = float(store.get(self._key("open")) or 0) - now
		if wait > 0:
			return wait, "The vendor has not answered several times in a row."
		wait, bucket = self._look_into_bucket(store, cost, now)
		if wait > 0:
			return wait, "The vendor's limit is used up."
		for item in self._limits:
			if not store.limiter.test(item, self.name):
				reset = store.limiter.get_window_stats(item, self.name).reset_time
				return max(reset - now, 0.05), "The limit of calls per period is used up."
		if int(store.get(self._key("failures")) or 0) >= self.breaker_after:
			# half open: one call finds out whether the vendor lives; the others wait for its result
			if not store.add(self._key("probe"), "1", PROBE_SECONDS):
				return (
					self.max_wait + 1,
					"The vendor has not answered; one call is finding out whether it does now.",
				)
		for item in self._limits:
			if not store.limiter.hit(item, self.name):
				return 0.05, "The limit of calls per period is used up."
		if bucket:
			store.set(self._key("bucket"), bucket, KEEP_SECONDS)
		return 0.0, ""

	def _look_into_bucket(self, store: Store, cost: int, now: float) -> tuple[float, str]:
		"""Seconds until the vendor's bucket holds `cost` points, and its state with them taken out. Two
		workers may take the same points in the same millisecond; the vendor's next answer puts it right."""
		state = store.get(self._key("bucket"))
		if not state:
			return 0.0, ""
		available, maximum, rate, at = json.loads(state)
		left = min(maximum, available + max(now - at, 0.0) * rate)
		# a call that costs more than the bucket holds is let through when it is full: the vendor decides
		missing = min(cost, maximum) - left
		if missing > 0 and rate > 0:
			return missing / rate, ""
		return 0.0, json.dumps([left - cost, maximum, rate, now])

	def _key(self, part: str) -> str:
		return f"integration_hub:budget:{self.name}:{part}"

	def _ask(self, question: Callable[[Any], Any]) -> Any:
		"""Ask Redis, or this process's memory while Redis is away."""
		if self._own is not None:
			return question(self._own)
		store = _redis_store(self._redis_url)
		try:
			return question(store)
		except store.errors as failure:
			if time.time() - self._warned > WARN_EVERY:
				self._warned = time.time()
				logger.warning(
					"Redis is away, the budget of %s is this process's own: %s", self.name, failure
				)
			return question(_SPARE)


def _spoken(seconds: float) -> str:
	return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
