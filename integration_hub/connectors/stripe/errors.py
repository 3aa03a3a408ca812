"""What Stripe's refusals mean: one table, read from the top; the first row that fits counts.

Sources: Stripe's pages on errors, rate limits and idempotent requests; stripe-python 16.1.0 for `Stripe-Should-Retry`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integration_hub.connectors.http import Response
from integration_hub.failures import (
	Conflict,
	Failure,
	Gone,
	NotAuthorised,
	RateLimited,
	Rejected,
	Unreachable,
)

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
	"""`statuses`, `codes` and `kinds` (Stripe's `error.type`) that a row is for; empty: any. `{words}` are Stripe's own."""

	failure: type[Failure]
	sentence: str
	statuses: frozenset[int] = frozenset()
	codes: frozenset[str] = frozenset()
	kinds: frozenset[str] = frozenset()

	def fits(self, status: int, code: str, kind: str) -> bool:
		return all(
			not wanted or has in wanted
			for wanted, has in ((self.statuses, status), (self.codes, code), (self.kinds, kind))
		)


def _row(failure: type[Failure], sentence: str, *statuses: int, code: str = "", kind: str = "") -> Row:
	return Row(failure, sentence, frozenset(statuses), frozenset(code.split()), frozenset(kind.split()))


ROWS = (
	_row(
		NotAuthorised,
		"Stripe does not accept the secret key (HTTP 401). Enter a valid one in the Connection and test it. {words}",
		401,
	),
	_row(
		NotAuthorised,
		"The key lacks a permission at Stripe. Give it in the Dashboard, then test the Connection. {words}",
		403,
	),
	# another call is at work on the same object, or on the very same request: it is over in a moment
	_row(
		Conflict,
		"Stripe is working on the same thing at this moment.",
		code="lock_timeout idempotency_key_in_use",
	),
	_row(Conflict, "Stripe is working on the same thing at this moment.", 409),
	_row(
		Rejected,
		"Stripe was asked for something else under the same key before. {words}",
		kind="idempotency_error",
	),
	_row(RateLimited, "Stripe asks us to slow down.", 429),
	_row(RateLimited, "Stripe asks us to slow down.", code="rate_limit"),
	_row(Rejected, "The payment was declined: {words}", 402),
	_row(Gone, "Stripe does not know this (any more): {words}", 404),
	_row(Gone, "Stripe does not know this (any more): {words}", code="resource_missing"),
	_row(
		Unreachable, "A bank or network behind Stripe did not answer. It is tried again later. {words}", 424
	),
	_row(Unreachable, "Stripe has a problem of its own. It is tried again later.", *range(500, 600)),
)
REFUSED = _row(Rejected, "Stripe refuses this: {words}")
AGAIN = _row(Unreachable, "Stripe could not do this now and asks to try again. {words}")


class RepeatedFailure(Unreachable):
	"""Stripe has repeated the failure that it remembers for this idempotency key."""


def meaning(answer: Response, *, repeatable: bool) -> Failure:
	"""What a refusal means, in a sentence with Stripe's own words. The pause of a RateLimited is the caller's: Stripe
	does not say how long. `repeatable`: nothing could be done twice, as in Http."""
	error = _error(answer)
	words = str(error.get("message") or "").strip()
	code, kind = str(error.get("code") or ""), str(error.get("type") or "")
	asked = answer.headers.get("Stripe-Should-Retry")
	row = next((one for one in ROWS if one.fits(answer.status, code, kind)), REFUSED)
	if asked == "true" and row.failure in (Rejected, Gone):
		row = AGAIN
	elif asked == "false" and row.failure is Conflict:
		row = REFUSED
	sentence = row.sentence.format(words=words or f"HTTP {answer.status}").strip()
	detail = " ".join(
		filter(None, (kind, code, str(error.get("decline_code") or ""), str(error.get("param") or "")))
	)
	if row.failure is not Unreachable:
		return row.failure(sentence, detail=detail)
	repeated = answer.status >= 500 and answer.headers.get("Idempotent-Replayed") == "true"
	# below 500 it was refused before anything was done; after a 5xx nobody knows
	return (RepeatedFailure if repeated else Unreachable)(
		sentence, maybe_done=not repeatable and answer.status >= 500, detail=detail
	)


def _error(answer: Response) -> Json:
	try:
		error = answer.json()["error"]
	except (Rejected, KeyError, TypeError):
		return {}  # the page of something that stands before Stripe
	return error if isinstance(error, dict) else {}
