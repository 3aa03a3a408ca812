"""Failure is sorted (promise 4): what follows from each class, and that the ladder is climbed and ends."""

import random
from datetime import timedelta

import pytest

from integration_hub import failures
from integration_hub.sync.retry import JITTER, LADDER, judge


@pytest.mark.parametrize(
	"failure, status, counts, pauses_connection",
	[
		(failures.RateLimited("wait", retry_after=7), "Retrying", False, False),
		(failures.Unreachable("down"), "Retrying", True, False),
		(failures.Waiting("not yet"), "Retrying", True, False),
		(failures.Conflict("met"), "Retrying", True, False),
		(failures.NotAuthorised("key"), "Retrying", False, True),
		(failures.NeedsMapping("map it"), "Parked", True, False),
		(failures.Invalid("wrong"), "Parked", True, False),
		(failures.Gone("gone"), "Dead", True, False),
		(failures.Rejected("no"), "Dead", True, False),
		(failures.Failure("unsorted"), "Parked", True, False),
	],
)
def test_first_failure(failure, status, counts, pauses_connection):
	verdict = judge(failure, 1)
	assert (verdict.status, verdict.counts, verdict.pause_connection) == (status, counts, pauses_connection)
	assert (verdict.pause is None) == (status in ("Parked", "Dead"))


def test_a_connector_s_own_class_is_judged_as_what_it_derives_from():
	class AskedTwice(failures.Unreachable):
		pass

	assert AskedTwice("again").kind == "Unreachable" and failures.Invalid("no").kind == "Invalid"
	assert judge(AskedTwice("again"), 1).status == "Retrying"


def test_a_rate_limit_waits_exactly_as_told():
	assert judge(failures.RateLimited("wait", retry_after=7.5), 99).pause == timedelta(seconds=7.5)


def test_the_ladder_is_climbed_with_jitter_and_ends_with_people():
	rng = random.Random(1)
	for step, seconds in enumerate(LADDER, start=1):
		for _round in range(50):
			pause = judge(failures.Unreachable("down"), step, rng).pause.total_seconds()
			assert seconds * (1 - JITTER) <= pause <= seconds * (1 + JITTER)
	assert judge(failures.Unreachable("down"), len(LADDER) + 1).status == "Parked"
