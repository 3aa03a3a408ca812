"""The account's clock: whole seconds since the epoch, as in the API. It runs, and can be moved ahead."""

import time


class Clock:
	def __init__(self):
		self.ahead = 0

	def now(self) -> int:
		return int(time.time()) + self.ahead

	def advance(self, seconds: int) -> None:
		self.ahead += int(seconds)
