"""Lists: the `query:` language, sort keys and cursors.

The language: terms side by side mean AND; OR between them; a leading "-" or NOT turns a term round;
`field:value`, `field:>=value`, quotes around values, a trailing `*` for prefixes. A field that the list does not
know is ignored with a warning in `extensions.search`, as Shopify does it: a typo finds everything.
"""

import base64
import bisect
import contextlib
import contextvars
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone

from graphql import GraphQLError

MOST = 250  # objects a page
DEEPEST = 25_000  # objects a list

TERM = re.compile(
	r"(?P<not>-|NOT\s+)?(?:(?P<field>[A-Za-z_.]+):(?P<op>>=|<=|>|<)?)?"
	r"(?P<value>'(?:\\.|[^'])*'|\"(?:\\.|[^\"])*\"|[^\s()]+)"
)


@dataclass
class Term:
	field: str
	op: str
	value: str
	negated: bool = False

	def holds(self, known) -> bool:
		values = known if isinstance(known, list | tuple | set) else [known]
		return any(self._one(value) for value in values) != self.negated

	def _one(self, known) -> bool:
		if known is None:
			return False
		wanted = self.value
		if isinstance(known, datetime):
			return _compare(known, _time(wanted), self.op)
		if isinstance(known, int | float) and not isinstance(known, bool):
			number = _number(wanted)
			return number is not None and _compare(known, number, self.op)
		text, wanted = str(known).lower(), wanted.lower()
		if wanted.endswith("*"):
			return text.startswith(wanted[:-1])
		return text == wanted


def _compare(known, wanted, op: str) -> bool:
	if op == ">=":
		return known >= wanted
	if op == "<=":
		return known <= wanted
	if op == ">":
		return known > wanted
	if op == "<":
		return known < wanted
	return known == wanted


def _time(text: str) -> datetime:
	try:
		value = datetime.fromisoformat(text.replace("Z", "+00:00"))
	except ValueError:
		# an unreadable date finds nothing that is newer than it
		return datetime.max.replace(tzinfo=timezone.utc)
	return value if value.tzinfo else value.replace(tzinfo=timezone.utc)


def _number(text: str) -> float | None:
	text = text.rsplit("/", 1)[-1]
	return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None


@dataclass
class Query:
	"""Any of `groups`, all terms of a group."""

	groups: list[list[Term]]
	unknown: list[str] = field(default_factory=list)

	def matcher(self, getters: dict[str, Callable]) -> Callable[[object], bool]:
		"""A test for one object. The common long "sku:A OR sku:B ..." becomes one look-up."""
		if not self.groups:
			return lambda one: True
		plain = all(len(group) == 1 and not group[0].op and not group[0].negated for group in self.groups)
		names = {group[0].field for group in self.groups if group}
		if plain and len(names) == 1 and not any(group[0].value.endswith("*") for group in self.groups):
			get = getters[names.pop()]
			wanted = {group[0].value.rsplit("/", 1)[-1].lower() for group in self.groups}
			full = {group[0].value.lower() for group in self.groups}

			def among(one) -> bool:
				known = get(one)
				values = known if isinstance(known, list | tuple | set) else [known]
				return any(
					value is not None
					and (str(value).lower() in full or isinstance(value, int) and str(value) in wanted)
					for value in values
				)

			return among
		return lambda one: any(
			all(term.holds(getters[term.field](one)) for term in group) for group in self.groups
		)


def parse(text: str | None, known_fields: Iterable[str]) -> Query:
	query = Query([])
	if not text or not text.strip():
		return query
	text = text.strip()
	if text[0] == "(" and text[-1] == ")" and text.count("(") == 1:
		text = text[1:-1]
	if "(" in re.sub(r"'[^']*'|\"[^\"]*\"", "", text):
		raise _bad("The sandbox does not read parentheses inside a query.")
	group: list[Term] = []
	groups = [group]
	for found in TERM.finditer(text):
		name, value = found["field"], found["value"]
		if name is None and value in ("AND", "OR"):
			if value == "OR":
				group = []
				groups.append(group)
			continue
		if value[0] in "'\"" and value[-1] == value[0] and len(value) > 1:
			value = re.sub(r"\\(.)", r"\1", value[1:-1])
		if name is None:
			name = "default"
		if name not in known_fields:
			query.unknown.append(name)
			continue
		group.append(Term(name, found["op"] or "", value, bool(found["not"])))
	query.groups = [group for group in groups if group]
	return query


# ---- pages


class Page:
	"""A part of a list, as a connection shows it."""

	__slots__ = ("cursor_of", "has_next", "has_previous", "nodes")

	def __init__(self, nodes: list, cursor_of: Callable, has_next: bool, has_previous: bool):
		self.nodes, self.cursor_of = nodes, cursor_of
		self.has_next, self.has_previous = has_next, has_previous

	@property
	def edges(self) -> list[dict]:
		return [{"cursor": self.cursor_of(node), "node": node} for node in self.nodes]

	@property
	def page_info(self) -> dict:
		return {
			"hasNextPage": self.has_next,
			"hasPreviousPage": self.has_previous,
			"startCursor": self.cursor_of(self.nodes[0]) if self.nodes else None,
			"endCursor": self.cursor_of(self.nodes[-1]) if self.nodes else None,
		}


def _bad(message: str, code: str = "BAD_REQUEST") -> GraphQLError:
	return GraphQLError(message, extensions={"code": code})


_all = contextvars.ContextVar("all", default=False)


@contextlib.contextmanager
def unlimited():
	"""Lists answer all they have, whatever `first` says (bulk operations)."""
	token = _all.set(True)
	try:
		yield
	finally:
		_all.reset(token)


def _size(first: int | None, last: int | None) -> int:
	if _all.get():
		return 10**9
	if first is None and last is None:
		raise _bad("you must provide one of first or last")
	if first is not None and last is not None:
		raise _bad("providing both first and last is not supported")
	name, size = ("first", first) if first is not None else ("last", last)
	if size < 0:
		raise _bad(f"{name} cannot be negative")
	if size > MOST:
		raise _bad(f"{name} cannot exceed {MOST}")
	return size


def page(
	objects: Iterable,
	sort_key: Callable,
	*,
	first: int | None = None,
	after: str | None = None,
	last: int | None = None,
	before: str | None = None,
	reverse: bool = False,
) -> Page:
	"""Objects by `sort_key` (then id), after or before a cursor.

	A cursor holds the last object's sort value and id, so that a page goes on at the right place even when
	objects came or went meanwhile.
	"""
	size = _size(first, last)

	def key(one) -> tuple:
		return (_plain(sort_key(one)), one.id)

	ordered = sorted(objects, key=key, reverse=bool(reverse))
	keys = [key(one) for one in ordered]
	start, end = 0, len(ordered)
	if after is not None:
		start = _place(keys, _read(after), bool(reverse), after=True)
	if before is not None:
		end = _place(keys, _read(before), bool(reverse), after=False)
	if start >= DEEPEST and after is not None:
		raise _bad(
			f"Pagination of more than {DEEPEST} objects is not possible. Narrow the list with a query."
		)
	low, high = (start, min(end, start + size)) if last is None else (max(start, end - size), end)
	return Page(
		ordered[low:high],
		lambda one: _write(key(one)),
		high < len(ordered) and (high < end or before is not None),
		low > 0,
	)


def _plain(value):
	if value is None:
		return ""
	return value.timestamp() if isinstance(value, datetime) else value


def _write(key: tuple) -> str:
	value, number = key
	return base64.urlsafe_b64encode(json.dumps({"last_id": number, "last_value": value}).encode()).decode()


def _read(cursor: str) -> tuple:
	try:
		known = json.loads(base64.urlsafe_b64decode(cursor.encode()))
		return (known["last_value"], known["last_id"])
	except (ValueError, KeyError, TypeError):
		raise _bad("Invalid cursor for current pagination sort.", "INVALID_CURSOR") from None


def _place(keys: list[tuple], key: tuple, reverse: bool, after: bool) -> int:
	"""Where the objects after (before) a cursor begin (end)."""
	try:
		if not reverse:
			return bisect.bisect_right(keys, key) if after else bisect.bisect_left(keys, key)
		up = keys[::-1]
		return len(keys) - (bisect.bisect_left(up, key) if after else bisect.bisect_right(up, key))
	except TypeError:  # the cursor of a list that was sorted by something else
		raise _bad("Invalid cursor for current pagination sort.", "INVALID_CURSOR") from None


class Listed:
	"""Puts a position in place of an id, for lists in their own order."""

	__slots__ = ("id", "one")

	def __init__(self, position: int, one):
		self.id, self.one = position, one


def nested(objects: list, *, first=None, after=None, last=None, before=None, reverse=False, **_) -> Page:
	"""A list inside an object, in its own order."""
	if first is not None and after is None and before is None and last is None and not reverse:
		size = _size(first, last)
		chosen = objects[:size]
		positions = {id(one): index for index, one in enumerate(chosen)}
		return Page(chosen, lambda one: _write(("", positions[id(one)])), len(objects) > size, False)
	listed = [Listed(index, one) for index, one in enumerate(objects)]
	found = page(listed, lambda one: "", first=first, after=after, last=last, before=before, reverse=reverse)
	positions = {id(one.one): one.id for one in found.nodes}
	return Page(
		[one.one for one in found.nodes],
		lambda one: _write(("", positions[id(one)])),
		found.has_next,
		found.has_previous,
	)
