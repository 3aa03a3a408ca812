"""Why something could not be done, in the few ways that matter to the engine and to people.

Every failure carries one sentence that a bookkeeper understands (`str(failure)`), never a secret
and never a stack trace. The engine decides by the class alone what happens next; the table of
DESIGN's promise 4 is `integration_hub.sync.retry.POLICY`.

Nothing here imports frappe: connectors raise these, the engine and the ERPNext side too.
"""

from __future__ import annotations


class Failure(Exception):
	"""Base of all sorted failures. `sentence` is shown in the Desk as it is.

	A connector may derive classes of its own, to tell its failures apart; to everybody else they are what they derive from.
	"""

	def __init__(self, sentence: str, *, detail: str = ""):
		super().__init__(sentence)
		self.sentence = sentence
		self.detail = detail

	@property
	def kind(self) -> str:
		"""The name of the class of this module that it is sorted under."""
		return next(one.__name__ for one in type(self).__mro__ if one.__module__ == __name__)


class RateLimited(Failure):
	"""The vendor asked us to wait `retry_after` seconds. It does not count as a failed try."""

	def __init__(self, sentence: str, *, retry_after: float = 10.0, detail: str = ""):
		super().__init__(sentence, detail=detail)
		self.retry_after = retry_after


class Unreachable(Failure):
	"""Time-out, connection refused, DNS, TLS, 5xx: tried again with growing pauses.

	`maybe_done` says that the vendor may have acted before the answer was lost, so a call that has no
	idempotency key must be looked up before it is made again. `retry_after`: not again before so many seconds.
	"""

	def __init__(
		self, sentence: str, *, maybe_done: bool = False, retry_after: float = 0.0, detail: str = ""
	):
		super().__init__(sentence, detail=detail)
		self.maybe_done = maybe_done
		self.retry_after = retry_after


class Waiting(Failure):
	"""Something that must come first has not come yet ("paid" before "created"): tried again soon. `waits_for` names it, so
	that what was parked after many tries goes on when it comes after all."""

	def __init__(self, sentence: str, *, waits_for: str | None = None, detail: str = ""):
		super().__init__(sentence, detail=detail)
		self.waits_for = waits_for


class Conflict(Failure):
	"""Two workers met (dead lock, unique key): the loser tries again at once."""


class NotAuthorised(Failure):
	"""Key wrong, expired or lacking a scope: the Connection is paused and people are told."""


class _Fixable(Failure):
	"""`fix` is the document (doctype, name) where a person mends it.

	`waits_for` names what is missing ("tax:VAT 19%"), so that what is parked goes on by itself the
	moment it is there.
	"""

	def __init__(
		self,
		sentence: str,
		*,
		fix: tuple[str, str] | None = None,
		waits_for: str | None = None,
		detail: str = "",
	):
		super().__init__(sentence, detail=detail)
		self.fix = fix
		self.waits_for = waits_for


class NeedsMapping(_Fixable):
	"""A tax, location, payment method or item of the outside system has no counterpart here yet."""


class Invalid(_Fixable):
	"""ERPNext (or a rule of ours) refuses the data as it stands; a person must decide."""


class Gone(Failure):
	"""The outside thing does not exist any more: dead letter, can be replayed."""


class EndpointGone(Gone):
	"""A receiver of messages wants none any more: it is switched off."""


class Rejected(Failure):
	"""The vendor (or the format) refuses for good: dead letter, can be replayed."""


class BadSignature(Failure):
	"""A webhook whose signature does not match: refused with 401, counted, never stored."""
