"""Knobs for trouble: what may go wrong between a client and a vendor, told in advance and counted.

Every vendor knows these kinds, and may add its own:

| kind | what the client sees | was the request carried out? |
|---|---|---|
| `rate_limited` | the vendor's 429 with `Retry-After: retry_after` | no |
| `error` | `status` (500 unless told otherwise) | no |
| `error_after` | the same | yes |
| `unauthorised` | what the vendor says to an expired or revoked token | no |
| `slow` | the right answer, `seconds` late | yes |
| `timeout` | nothing for `seconds`, then the connection closes | yes |
| `drop` | the connection closes without an answer | yes |
| `drop_before` | the connection closes without an answer | no |
"""

import fnmatch
import itertools
import random
import threading
from dataclasses import asdict, dataclass, field

KINDS = ("rate_limited", "error", "error_after", "unauthorised", "slow", "timeout", "drop", "drop_before")


@dataclass
class Trouble:
	"""One rule. It strikes requests that match, `times` times (None: always), after `skip` that it lets pass.

	`operation`, `method` and `path` are shell patterns ("inventory*"); empty matches everything.
	"""

	kind: str
	times: int | None = 1
	probability: float = 1.0
	operation: str = ""
	method: str = ""
	path: str = ""
	skip: int = 0
	seconds: float = 1.0
	retry_after: float = 1.0
	status: int = 500
	id: int = 0
	hits: int = field(default=0)

	def matches(self, operations: list[str], method: str, path: str) -> bool:
		if self.operation and not any(fnmatch.fnmatchcase(name, self.operation) for name in operations):
			return False
		if self.method and self.method.upper() != method:
			return False
		return not self.path or fnmatch.fnmatchcase(path, self.path)


class Troubles:
	"""The rules in force, first match first. Thread-safe."""

	def __init__(self, kinds: tuple[str, ...] = KINDS, seed: int = 7):
		self.kinds = kinds
		self.random = random.Random(seed)
		self.rules: list[Trouble] = []
		self.lock = threading.Lock()
		self.ids = itertools.count(1)

	def add(self, kind: str, **options) -> Trouble:
		"""Set a trouble; see `Trouble` for the options. ValueError for a kind this vendor does not know."""
		if kind not in self.kinds:
			raise ValueError(f"No trouble {kind!r}; there are: {', '.join(self.kinds)}")
		rule = Trouble(kind, **options)
		with self.lock:
			rule.id = next(self.ids)
			self.rules.append(rule)
		return rule

	def clear(self) -> None:
		with self.lock:
			self.rules.clear()

	def pick(self, operations: list[str], method: str, path: str) -> Trouble | None:
		"""The trouble that strikes this request, already counted."""
		with self.lock:
			for rule in self.rules:
				if rule.times is not None and rule.hits >= rule.times:
					continue
				if not rule.matches(operations, method, path):
					continue
				if rule.skip > 0:
					rule.skip -= 1
					continue
				if rule.probability < 1 and self.random.random() >= rule.probability:
					continue
				rule.hits += 1
				return rule
		return None

	def as_json(self) -> list[dict]:
		with self.lock:
			return [asdict(rule) for rule in self.rules]
