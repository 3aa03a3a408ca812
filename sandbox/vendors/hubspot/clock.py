"""The portal's clock: milliseconds since the epoch, which is how precise HubSpot's dates are."""

import time
from datetime import datetime, timezone


class Clock:
	"""Real time, unless it is stopped (many writes in one millisecond) or moved."""

	def __init__(self):
		self.stopped_at: int | None = None
		self.ahead = 0

	def now(self) -> int:
		return self.stopped_at if self.stopped_at is not None else time.time_ns() // 1_000_000 + self.ahead

	def after(self, earlier: int) -> int:
		"""Now, but a millisecond after `earlier` at least: unless the clock stands, each write changes the date."""
		now = self.now()
		return now if self.stopped_at is not None or now > earlier else earlier + 1

	def stop(self, at: int | None = None) -> int:
		self.stopped_at = self.now() if at is None else at
		return self.stopped_at

	def go(self) -> None:
		self.stopped_at = None

	def advance(self, milliseconds: int) -> None:
		if self.stopped_at is not None:
			self.stopped_at += milliseconds
		else:
			self.ahead += milliseconds


def iso(milliseconds: int) -> str:
	"""As HubSpot writes it: 2026-11-23T10:00:00.123Z."""
	seconds, rest = divmod(milliseconds, 1000)
	return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:03}Z"
