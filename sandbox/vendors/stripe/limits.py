"""Requests a second that an account may make, reads and writes counted apart."""

import threading
import time

from sandbox.vendors.stripe.errors import Refusal


def rate_limited() -> Refusal:
	message = (
		"Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."
	)
	return Refusal(
		message,
		status=429,
		code="rate_limit",
		early=True,
		headers={"Stripe-Rate-Limited-Reason": "global-rate"},
	)


def locked(status: int) -> Refusal:
	"""Another request holds the object."""
	message = (
		"This object cannot be accessed right now because another API request or Stripe process is currently "
		"accessing it. If you see this error intermittently, retry the request. If you see this error frequently "
		"and are making multiple concurrent requests to a single object, make your requests serially or at a lower "
		"rate. For more details, see https://stripe.com/docs/rate-limits#object-lock-timeouts."
	)
	headers = {"Stripe-Should-Retry": "true"}
	return Refusal(message, status=status, code="lock_timeout", early=True, headers=headers)


class Limits:
	"""per_second: 100 as for live keys (25 for keys of a Stripe sandbox); None turns the limit off."""

	def __init__(self, per_second: int | None = 100):
		self.per_second = per_second
		self.left: dict[str, float] = {}
		self.at = time.monotonic()
		self.lock = threading.Lock()

	def set(self, per_second: int | None) -> None:
		with self.lock:
			self.per_second, self.left, self.at = per_second, {}, time.monotonic()

	def take(self, method: str) -> None:
		"""Raises Refusal (429)."""
		kind = "read" if method == "GET" else "write"
		with self.lock:
			if self.per_second is None:
				return
			now = time.monotonic()
			back = (now - self.at) * self.per_second
			self.at = now
			self.left = {name: min(self.per_second, left + back) for name, left in self.left.items()}
			left = self.left.setdefault(kind, float(self.per_second))
			if left < 1:
				raise rate_limited()
			self.left[kind] = left - 1
