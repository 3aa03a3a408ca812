"""How often a client may ask: a window of ten seconds per app, a day per account, and five searches a second."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field

from sandbox.vendors.hubspot.errors import Refusal, rate_limited

TEN_SECONDS = 10.0


@dataclass
class Limits:
	"""None turns a limit off. burst: calls in ten seconds of a private app; oauth_burst: of an OAuth app."""

	burst: int | None = 190
	oauth_burst: int | None = 110
	daily: int | None = 625_000
	searches: int | None = 5  # a second
	used_today: int = 0
	lock: threading.Lock = field(default_factory=threading.Lock)
	_calls: dict[bool, deque] = field(default_factory=lambda: {True: deque(), False: deque()})
	_searches: deque = field(default_factory=deque)

	def set(self, **known: int | None) -> None:
		for name, value in known.items():
			if name not in ("burst", "oauth_burst", "daily", "searches", "used_today"):
				raise TypeError(f"No limit {name!r}")
			setattr(self, name, value)
		with self.lock:
			for calls in (*self._calls.values(), self._searches):
				calls.clear()

	def take(self, *, oauth: bool, search: bool) -> Refusal | None:
		"""Count a call; says why it is refused, if it is. Refused ones count for the day, too."""
		with self.lock:
			now = time.monotonic()
			self.used_today += 1
			if self.daily is not None and self.used_today > self.daily:
				return daily_limit()
			if search:
				if not _room(self._searches, now, 1.0, self.searches):
					return secondly_limit()
				return None
			if not _room(self._calls[oauth], now, TEN_SECONDS, self.oauth_burst if oauth else self.burst):
				return ten_secondly_limit()
		return None

	def headers(self, *, oauth: bool, search: bool) -> dict[str, str]:
		"""Searches tell nothing; OAuth apps are not told about the day."""
		most = self.oauth_burst if oauth else self.burst
		if search or most is None:
			return {}
		with self.lock:
			left = max(0, most - len(self._calls[oauth]))
		known = {
			"X-HubSpot-RateLimit-Max": str(most),
			"X-HubSpot-RateLimit-Remaining": str(left),
			"X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
		}
		if not oauth and self.daily is not None:
			known["X-HubSpot-RateLimit-Daily"] = str(self.daily)
			known["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(0, self.daily - self.used_today))
		return known


def _room(calls: deque, now: float, window: float, most: int | None) -> bool:
	while calls and calls[0] <= now - window:
		calls.popleft()
	if most is not None and len(calls) >= most:
		return False
	calls.append(now)
	return True


def ten_secondly_limit() -> Refusal:
	return rate_limited("TEN_SECONDLY_ROLLING", "You have reached your ten_secondly_rolling limit.")


def secondly_limit() -> Refusal:
	return rate_limited("SECONDLY", "You have reached your secondly limit.")


def daily_limit() -> Refusal:
	return rate_limited("DAILY", "You have reached your daily limit.")
