"""The Budget: never more than the limit, one for all workers, and never closed for good.

What is about arithmetic runs on a clock that the test moves; what is about sharing runs on a real Redis.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import socket
import threading
import time
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration_hub.connectors import budget as budget_module
from integration_hub.connectors.budget import LONGEST_GATE, Budget
from integration_hub.failures import RateLimited

_names = (f"test-{number}" for number in itertools.count(1))


class Clock:
	"""A time that passes only when somebody sleeps."""

	def __init__(self):
		self.at = 1_800_000_000.0

	def __call__(self) -> float:
		return self.at

	def sleep(self, seconds: float) -> None:
		assert seconds >= 0
		self.at += seconds


@contextlib.contextmanager
def clock():
	moved = Clock()
	with mock.patch.object(time, "time", moved), mock.patch.object(time, "sleep", moved.sleep):
		yield moved


@pytest.fixture
def moved():
	with clock() as one:
		yield one


def granted(budget: Budget, cost: int = 1) -> bool:
	try:
		budget.acquire(cost)
	except RateLimited:
		return False
	return True


def refused(budget: Budget, cost: int = 1) -> RateLimited:
	with pytest.raises(RateLimited) as caught:
		budget.acquire(cost)
	return caught.value


def twins(redis_url: str, **options) -> tuple[Budget, Budget]:
	"""Two workers' Budgets of one Connection."""
	name = next(_names)
	return tuple(Budget(name, redis_url=redis_url, **{"max_wait": 0, **options}) for _ in range(2))


# ---- the window

STEPS = st.lists(
	st.floats(0, 5, allow_nan=False).map(lambda seconds: round(seconds, 3)), min_size=1, max_size=60
)


@settings(max_examples=150, deadline=None)
@given(count=st.integers(1, 6), period=st.integers(1, 4), steps=STEPS)
def test_no_window_ever_holds_more_than_the_limit(count, period, steps):
	with clock() as now:
		budget = Budget("w", limit=f"{count} per {period} second", max_wait=0)
		times = []
		for pause in steps:
			now.sleep(pause)
			if granted(budget):
				times.append(now())
		for index in range(len(times) - count):
			assert times[index + count] - times[index] >= period - 1e-6
		# and after a pause it grants again, as much as the limit says
		now.sleep(period + 0.001)
		assert [granted(budget) for _ in range(count + 1)] == [True] * count + [False]


@settings(max_examples=60, deadline=None)
@given(calls=st.integers(1, 40), count=st.integers(1, 5))
def test_who_may_wait_is_granted_everything_in_time(calls, count):
	"""A short wait is slept: nothing is refused, and still no second holds more than the limit."""
	with clock() as now:
		budget = Budget("w", limit=f"{count}/second", max_wait=3)
		times = []
		for _ in range(calls):
			budget.acquire()
			times.append(now())
		assert times[-1] - times[0] <= 1.2 * calls / count + 1
		for index in range(calls - count):
			assert times[index + count] - times[index] >= 1 - 1e-6


def test_what_is_refused_says_for_how_long(moved):
	budget = Budget("w", limit="2 per 10 second", max_wait=1)
	assert granted(budget) and granted(budget)
	wait = refused(budget).retry_after
	assert 8 < wait <= 10
	moved.sleep(wait + 0.001)
	assert granted(budget)


def test_two_limits_at_once(moved):
	budget = Budget("w", limit="2/second;3/minute", max_wait=0)
	assert [granted(budget) for _ in range(3)] == [True, True, False]
	moved.sleep(1.001)
	assert [granted(budget) for _ in range(2)] == [True, False]
	moved.sleep(30)
	assert not granted(budget)
	moved.sleep(30)
	assert granted(budget)


def test_no_limit_no_refusal():
	budget = Budget("free")
	assert all(granted(budget, cost=10_000) for _ in range(200))


# ---- one Budget for all workers


def test_two_workers_share_a_window(redis_url):
	one, two = twins(redis_url, limit="5 per 30 second")
	answers = [granted(worker) for worker in (one, two) * 5]
	assert answers.count(True) == 5 and answers[:5] == [True] * 5
	(other, _) = twins(redis_url, limit="5 per 30 second")
	assert granted(other), "another Connection has its own"


def test_eight_workers_at_once_share_a_window(redis_url):
	name = next(_names)
	start, times = threading.Barrier(8), []

	def work():
		budget = Budget(name, redis_url=redis_url, limit="4/second", max_wait=0)
		start.wait()
		end = time.monotonic() + 2.3
		while time.monotonic() < end:
			if granted(budget):
				times.append(time.time())
			time.sleep(0.01)

	threads = [threading.Thread(target=work) for _ in range(8)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	times.sort()
	# a grant is noted a moment after it was booked
	assert all(times[index + 4] - times[index] > 0.85 for index in range(len(times) - 4)), times
	assert 9 <= len(times) <= 12, "three windows began, and each granted again"


def test_two_workers_share_the_bucket(redis_url):
	one, two = twins(redis_url)
	one.learn(100, 1000, 10)
	assert granted(two, 60) and granted(one, 40)
	wait = refused(two, 50).retry_after
	assert 4 < wait <= 5
	two.learn(1000, 1000, 10)  # what the vendor says last is right
	assert granted(one, 900)


def test_two_workers_share_the_gate(redis_url):
	one, two = twins(redis_url)
	one.close_for(30)
	assert 29 < refused(two).retry_after <= 30
	two.close_for(5)
	assert refused(one).retry_after > 28, "the later closing time wins"
	one.close_for(60)
	assert refused(two).retry_after > 58
	assert two.status().closed_until > time.time() + 58
	one.reset()
	assert granted(two)


def test_pauses_grow_where_the_vendor_names_none(redis_url):
	one, two = twins(redis_url)

	def pause_is_over():
		one._ask(lambda store: store.delete(one._key("gate")))

	assert one.too_many(2, 10) == 2 and refused(two).retry_after > 1.9
	assert 1.5 < two.too_many(2, 10) <= 2, "a call that was already under way is no news"
	grown = []
	for worker in (two, one, two):
		pause_is_over()
		grown.append(worker.too_many(2, 10))
	assert grown == [4, 8, 10]
	pause_is_over()
	one.reset()
	assert one.too_many(2, 10) == 2
	pause_is_over()
	assert one.too_many(0.05, 0.1) == 0.1
	time.sleep(0.3)  # long enough without a refusal
	assert one.too_many(0.05, 0.1) == 0.05


def test_two_workers_share_the_circuit(redis_url):
	one, two = twins(redis_url, breaker_after=4, breaker_pauses=(0.3, 20))
	for worker in (one, two, one, two):
		assert granted(worker)
		worker.unanswered()
	assert refused(one).retry_after <= 0.3 and not granted(two)
	time.sleep(0.35)
	assert granted(two), "one call finds out"
	assert not granted(one) and not granted(two), "the others wait for its result"
	two.unanswered()
	assert refused(one).retry_after > 15, "still dead: a longer pause"
	one.reset()
	assert granted(one) and two.status().failures == 0


def test_a_call_that_is_answered_closes_the_circuit(redis_url):
	one, two = twins(redis_url, breaker_after=2, breaker_pauses=(0.1,))
	one.unanswered()
	two.unanswered()
	time.sleep(0.15)
	assert granted(one) and not granted(two)
	one.answered()
	assert all(granted(two) for _ in range(20))


# ---- the vendor's own bucket (GraphQL throttleStatus)


@settings(max_examples=150, deadline=None)
@given(
	available=st.integers(0, 2000),
	maximum=st.integers(100, 2000),
	rate=st.integers(1, 200),
	calls=st.lists(st.tuples(st.floats(0, 10).map(lambda x: round(x, 2)), st.integers(1, 1500)), max_size=40),
)
def test_no_more_points_are_taken_than_come_back(available, maximum, rate, calls):
	"""The model: a bucket of `maximum`, `rate` a second; it may only be overdrawn by a call that costs more
	than the bucket can ever hold, and that only when it is full."""
	with clock() as now:
		budget = Budget("b", max_wait=0)
		left = float(min(available, maximum))
		budget.learn(available, maximum, rate)
		for pause, cost in calls:
			now.sleep(pause)
			left = min(maximum, left + pause * rate)
			if granted(budget, cost):
				assert left + 1e-3 >= min(cost, maximum)
				left -= cost
			else:
				assert left < min(cost, maximum) + 1e-3
				# as long as it says, and then it is granted
				wait = refused(budget, cost).retry_after
				now.sleep(wait + 1e-4)
				left = min(maximum, left + (wait + 1e-4) * rate)
				assert granted(budget, cost)
				left -= cost


def test_waits_for_points_that_come_soon(moved):
	budget = Budget("b", max_wait=2)
	budget.learn(10, 1000, 100)
	began = moved()
	budget.acquire(110)
	assert 0.99 <= moved() - began <= 1.1
	assert refused(budget, 400).retry_after == pytest.approx(4, abs=0.1)


def test_a_bucket_that_never_refills_does_not_block_for_ever(moved):
	budget = Budget("b", max_wait=0)
	budget.learn(0, 1000, 0)
	assert granted(budget, 100), "the vendor decides"


# ---- the gate


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-10, 3 * LONGEST_GATE), min_size=1, max_size=10))
def test_the_latest_closing_time_wins_and_none_is_for_ever(pauses):
	with clock() as now:
		budget = Budget("g", max_wait=0)
		for pause in pauses:
			budget.close_for(pause)
		longest = min(max(*pauses, 0), LONGEST_GATE)
		if longest > 1e-3:
			assert refused(budget).retry_after == pytest.approx(longest, abs=1e-3)
		now.sleep(longest + 0.01)
		assert granted(budget)


def test_a_short_wait_at_the_gate_is_slept(moved):
	budget = Budget("g", max_wait=2)
	budget.close_for(1.5)
	began = moved()
	budget.acquire()
	assert moved() - began >= 1.5
	budget.close_for(2.5)
	assert "asked us to wait" in refused(budget).sentence


# ---- the circuit


def test_the_pauses_grow_and_the_last_one_stays(moved):
	budget = Budget("c", max_wait=0, breaker_after=3, breaker_pauses=(10, 20, 40))
	for _ in range(3):
		assert granted(budget)
		budget.unanswered()
	for pause in (10, 20, 40, 40, 40):
		assert refused(budget).retry_after == pytest.approx(pause)
		moved.sleep(pause + 0.01)
		assert granted(budget)
		budget.unanswered()


def test_calls_under_way_when_it_opened_are_no_news(moved):
	budget = Budget("c", max_wait=0, breaker_after=2, breaker_pauses=(10, 20, 40))
	for _ in range(20):
		budget.unanswered()
	assert refused(budget).retry_after == pytest.approx(10)
	assert budget.status().failures == 2


def test_a_probe_that_never_comes_back_does_not_block_for_ever(moved):
	budget = Budget("c", max_wait=0, breaker_after=1, breaker_pauses=(10,))
	budget.unanswered()
	moved.sleep(10.01)
	assert granted(budget) and not granted(budget)
	moved.sleep(budget_module.PROBE_SECONDS + 0.01)
	assert granted(budget)


def test_one_answer_between_failures_starts_the_count_again(moved):
	budget = Budget("c", max_wait=0, breaker_after=3)
	for _ in range(10):
		budget.unanswered()
		budget.unanswered()
		budget.answered()
	assert granted(budget)


# ---- without Redis


def test_without_redis_the_process_goes_on_with_its_own_memory(caplog):
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		nobody = f"redis://127.0.0.1:{probe.getsockname()[1]}"
	one, two = twins(nobody, limit="3 per 30 second")
	with caplog.at_level(logging.WARNING, logger="integration_hub.budget"):
		assert [granted(worker) for worker in (one, two) * 2] == [True] * 3 + [False]
		one.close_for(20)
		assert refused(two).retry_after > 18
	said = [record for record in caplog.records if "Redis is away" in record.getMessage()]
	assert len(said) == 2, "once for each, not for each call"


def test_redis_that_dies_and_comes_back():
	from sandbox.engine.services import Redis

	with Redis() as redis:
		budget = Budget(next(_names), redis_url=redis.url, max_wait=0)
		budget.close_for(30)
		assert not granted(budget)
		redis.process.kill()
		redis.process.wait()
		assert granted(budget), "this process knows nothing of the gate; the vendor's 429 still rules"
		assert budget.status().failures == 0
