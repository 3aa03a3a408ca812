"""Idempotency-Key: the first answer to a key is given again, for a day, to whoever asks the same."""

import json
import threading
from dataclasses import dataclass

from sandbox.vendors.stripe.errors import Refusal

KEPT = 86400  # seconds
LONGEST = 255


@dataclass
class Answer:
	"""status is None while the first request is still under way."""

	at: int
	method: str
	path: str
	given: str
	status: int | None = None
	body: bytes = b""
	request_id: str = ""


class Keys:
	"""Thread-safe, and never behind the account's lock: a second request must not wait for the first."""

	def __init__(self):
		self.answers: dict[str, Answer] = {}
		self.lock = threading.Lock()

	def begin(self, key: str, method: str, path: str, params: dict, now: int) -> Answer | None:
		"""The earlier answer, or None: go ahead, then `done` or `drop`. Raises Refusal."""
		if not 0 < len(key) <= LONGEST:
			message = f"Keys for idempotent requests must be between 1 and {LONGEST} characters."
			raise Refusal(message, type="idempotency_error", early=True)
		given = json.dumps(params, sort_keys=True)
		with self.lock:
			known = self.answers.get(key)
			if known is None or known.at + KEPT <= now:
				self.answers[key] = Answer(now, method, path, given)
				return None
		if (known.method, known.path) != (method, path):
			message = (
				"Keys for idempotent requests can only be used for the same endpoint they were first used for "
				f"('{known.path}'). Try using a key other than '{key}' if you meant to execute a different request."
			)
			raise Refusal(message, type="idempotency_error", early=True)
		if known.given != given:
			message = (
				"Keys for idempotent requests can only be used with the same parameters they were first used with. "
				f"Try using a key other than '{key}' if you meant to execute a different request."
			)
			raise Refusal(message, type="idempotency_error", early=True)
		if known.status is None:
			raise in_use(key)
		return known

	def done(self, key: str, status: int, body: bytes, request_id: str) -> None:
		with self.lock:
			known = self.answers[key]
			known.status, known.body, known.request_id = status, body, request_id

	def drop(self, key: str) -> None:
		with self.lock:
			self.answers.pop(key, None)

	def forget(self) -> None:
		"""As after a day."""
		with self.lock:
			self.answers = {key: one for key, one in self.answers.items() if one.status is None}


def in_use(key: str) -> Refusal:
	message = (
		"There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
		f"twice, and the other request is still going through): {key}. Please try again later."
	)
	return Refusal(
		message,
		status=409,
		type="idempotency_error",
		code="idempotency_key_in_use",
		early=True,
		headers={"Stripe-Should-Retry": "true"},
	)
