"""Webhooks on their way: a vendor hands over signed requests, the courier brings them, badly if asked to.

The courier keeps no order (a pool of threads), repeats what was not answered with 2xx, and can be told to
deliver copies at the same instant, to hold everything back and to let it go shuffled.
"""

import heapq
import itertools
import random
import threading
import time
from dataclasses import asdict, dataclass, field

import requests


@dataclass
class Attempt:
	at: float  # seconds since the epoch
	seconds: float
	status: int | None  # None: no answer
	error: str = ""


@dataclass
class Delivery:
	"""One webhook for one address. Every attempt repeats the same bytes and the same headers."""

	id: int
	topic: str
	url: str
	headers: dict[str, str]
	body: bytes
	about: dict = field(default_factory=dict)
	attempts: list[Attempt] = field(default_factory=list)
	repetitions: int = 0
	state: str = "waiting"  # waiting, delivered, failed

	def as_json(self) -> dict:
		known = asdict(self)
		known["body"] = self.body.decode("utf-8", "replace")
		return known


class Courier:
	"""Delivers in the background.

	copies: how often each delivery is made, at the same instant (8: the duplicate storm).
	retries: seconds to wait before each repetition; vendors take hours, the sandbox takes seconds.
	timeout: seconds to connect and to answer, as the vendor allows.
	"""

	def __init__(
		self,
		workers: int = 8,
		timeout: tuple[float, float] = (1.0, 5.0),
		retries: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0),
	):
		self.workers = workers
		self.timeout = timeout
		self.retries = retries
		self.copies = 1
		self.deliveries: list[Delivery] = []
		self.on_failed = None  # called with a Delivery when its last repetition failed
		self._ids = itertools.count(1)
		self._turns = itertools.count()
		self._due: list[tuple[float, int, Delivery]] = []
		self._held: list[Delivery] | None = None
		self._busy = 0
		self._changed = threading.Condition()
		self._threads: list[threading.Thread] = []
		self._stopped = False

	def send(self, topic: str, url: str, headers: dict[str, str], body: bytes, **about) -> Delivery:
		"""Take a delivery; returns at once."""
		delivery = Delivery(next(self._ids), topic, url, dict(headers), body, about)
		with self._changed:
			self.deliveries.append(delivery)
			if self._held is not None:
				self._held.append(delivery)
			else:
				self._put(delivery, 0)
		return delivery

	def again(self, delivery_id: int) -> Delivery:
		"""Deliver once more, as a vendor's "resend" button does: same id, same bytes."""
		delivery = next(one for one in self.deliveries if one.id == delivery_id)
		with self._changed:
			delivery.state, delivery.repetitions = "waiting", 0
			self._put(delivery, 0)
		return delivery

	def hold(self) -> None:
		"""Keep everything back until `release`."""
		with self._changed:
			if self._held is None:
				self._held = []

	def release(self, order: str = "as sent", seed: int = 7) -> int:
		"""Let go what was held, `order`: "as sent", "reversed" or "shuffled". Says how many."""
		with self._changed:
			held, self._held = self._held or [], None
			if order == "reversed":
				held.reverse()
			elif order == "shuffled":
				random.Random(seed).shuffle(held)
			elif order != "as sent":
				raise ValueError(f"No order {order!r}")
			for delivery in held:
				self._put(delivery, 0)
			return len(held)

	def wait(self, timeout: float = 30.0) -> bool:
		"""Wait until nothing is under way or due for repetition (what is held back does not count)."""
		with self._changed:
			return self._changed.wait_for(lambda: not self._due and not self._busy, timeout)

	def clear(self) -> None:
		with self._changed:
			self._due.clear()
			self.deliveries.clear()
			if self._held is not None:
				self._held.clear()
			self._changed.notify_all()

	def stop(self) -> None:
		with self._changed:
			self._stopped = True
			self._due.clear()
			self._changed.notify_all()

	def _put(self, delivery: Delivery, delay: float) -> None:
		heapq.heappush(self._due, (time.monotonic() + delay, next(self._turns), delivery))
		if len(self._threads) < self.workers and not self._stopped:
			thread = threading.Thread(target=self._work, name=f"courier-{len(self._threads)}", daemon=True)
			self._threads.append(thread)
			thread.start()
		self._changed.notify()

	def _work(self) -> None:
		session = requests.Session()
		while True:
			with self._changed:
				while not self._stopped and (not self._due or self._due[0][0] > time.monotonic()):
					self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
				if self._stopped:
					return
				delivery = heapq.heappop(self._due)[2]
				self._busy += 1
			try:
				self._bring(delivery, session)
			finally:
				with self._changed:
					self._busy -= 1
					self._changed.notify_all()

	def _bring(self, delivery: Delivery, session: requests.Session) -> None:
		first_time = not delivery.attempts
		copies = self.copies if first_time else 1
		gate = threading.Barrier(copies)
		others = [
			threading.Thread(target=self._attempt, args=(delivery, requests.Session(), gate), daemon=True)
			for _ in range(copies - 1)
		]
		for other in others:
			other.start()
		self._attempt(delivery, session, gate)
		for other in others:
			other.join()
		if any(attempt.status and 200 <= attempt.status < 300 for attempt in delivery.attempts[-copies:]):
			delivery.state = "delivered"
			return
		if delivery.repetitions < len(self.retries):
			with self._changed:
				if not self._stopped:
					self._put(delivery, self.retries[delivery.repetitions])
			delivery.repetitions += 1
			return
		delivery.state = "failed"
		if self.on_failed:
			self.on_failed(delivery)

	def _attempt(self, delivery: Delivery, session: requests.Session, gate: threading.Barrier) -> None:
		gate.wait()
		began, status, error = time.time(), None, ""
		try:
			answer = session.post(
				delivery.url,
				data=delivery.body,
				headers=delivery.headers,
				timeout=self.timeout,
				allow_redirects=False,
			)
			status = answer.status_code
		except requests.RequestException as problem:
			error = f"{type(problem).__name__}: {problem}"
		delivery.attempts.append(Attempt(began, time.time() - began, status, error))
