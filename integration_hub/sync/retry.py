"""What follows from a failure: one table, and the ladder of pauses.

The pauses grow as in DESIGN's promise 4, ±20 % so that a thousand Events that failed together do not come
back together. `RateLimited` waits as told and costs no try.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from integration_hub import failures

LADDER = (10, 60, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600, 12 * 3600)
SOON = (2, 5, 10, 20, 40, 60, 120, 300, 600, 1800)
AT_ONCE = (0, 0, 1, 1, 2, 3, 5, 10, 20, 30)
JITTER = 0.2


@dataclass(frozen=True)
class Policy:
	"""`status` of the Event while it waits, `pauses` in seconds (when used up: Parked), `pause_connection`."""

	status: str
	pauses: tuple[float, ...] = ()
	pause_connection: bool = False


POLICY: dict[type[failures.Failure], Policy] = {
	failures.RateLimited: Policy("Retrying"),
	failures.Unreachable: Policy("Retrying", LADDER),
	failures.Waiting: Policy("Retrying", SOON),
	failures.Conflict: Policy("Retrying", AT_ONCE),
	failures.NotAuthorised: Policy("Retrying", pause_connection=True),
	failures.NeedsMapping: Policy("Parked"),
	failures.Invalid: Policy("Parked"),
	failures.Gone: Policy("Dead"),
	failures.Rejected: Policy("Dead"),
}


@dataclass(frozen=True)
class Verdict:
	"""What to write into the Event: `pause` is None when it is not tried again by itself."""

	status: str
	pause: timedelta | None
	counts: bool
	pause_connection: bool = False


def judge(
	failure: failures.Failure,
	tries: int,
	rng: random.Random | None = None,
	*,
	ladder: Sequence[float] | None = None,
) -> Verdict:
	"""Decide what follows when the `tries`-th try (1, 2, …) ended with `failure`. `ladder`: the connector's own pauses
	when nobody answers."""
	policy = next((POLICY[one] for one in type(failure).__mro__ if one in POLICY), POLICY[failures.Invalid])
	if isinstance(failure, failures.RateLimited):
		return Verdict(policy.status, timedelta(seconds=max(0.0, failure.retry_after)), counts=False)
	if policy.pause_connection:
		# due at once, but nothing of a paused Connection is claimed until a person resumes it
		return Verdict(policy.status, timedelta(0), counts=False, pause_connection=True)
	if not policy.pauses:
		return Verdict(policy.status, None, counts=True)
	pauses = ladder if ladder and isinstance(failure, failures.Unreachable) else policy.pauses
	if tries > len(pauses):
		return Verdict("Parked", None, counts=True)
	pause = pauses[tries - 1] * (rng or random).uniform(1 - JITTER, 1 + JITTER)
	told = getattr(failure, "retry_after", 0.0)
	return Verdict(policy.status, timedelta(seconds=max(pause, told)), counts=True)
