"""SQL written for MariaDB, as SQLite reads it, with its values bound.

The wheel replaces `%s` by `?` also inside literals and pastes named values into the text with
hand-made quotes, which corrupts values that contain quotes, percent signs or NULL. Here the text is
cut into literals, names, comments and placeholders once (and remembered); placeholders become `?`
and what MariaDB spells differently is respelled outside literals only.
"""

import datetime
import decimal
import functools
import re
import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

TOKENS = re.compile(
	r"""
	(?P<literal>'(?:[^']|'')*')
	|(?P<name>`[^`]*`|"(?:[^"]|"")*")
	|(?P<comment>/\*.*?\*/|--[ ][^\n]*)
	|(?P<placeholder>%\(\w+\)s|%s)
	|(?P<percent>%%)
	""",
	re.VERBOSE | re.DOTALL,
)
WHOLE_SECOND = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.000000")
HOLE = re.compile("\x00(\\d+)\x00")

# (what MariaDB says, what SQLite says), outside literals, in this order.
_HOLE = r"\x00\d+\x00"
RESPELLED = [
	(re.compile(pattern, re.IGNORECASE | re.DOTALL), new)
	for pattern, new in (
		(r"\s+lock\s+in\s+share\s+mode\s*$", ""),
		(r"\b(?:use|force|ignore)\s+index\s*\([^)]*\)", ""),
		(r"\bstraight_join\b", "JOIN"),
		(r"^\s*truncate\s+(?:table\s+)?", "DELETE FROM "),
		(r"^\s*insert\s+ignore\s+into\b(?!.*\bselect\b)(.*)$", r"INSERT INTO\1 ON CONFLICT DO NOTHING"),
		(r"^\s*insert\s+ignore\b", "INSERT OR IGNORE"),
		(r"\bon\s+duplicate\s+key\s+update\b", "ON CONFLICT DO UPDATE SET"),
		(rf"(=\s*)values\s*\(\s*({_HOLE}|\w+)\s*\)", r"\1excluded.\2"),
		(r"<=>", " IS "),
		(r"\brlike\b", "REGEXP"),
		(r"\b(left|right|isnull|if)\s*\(", r"mysql_\1("),
		(r"\btimestampdiff\s*\(\s*(\w+)\s*,", r"timestampdiff('\1',"),
		(r"\bextract\s*\(\s*(\w+)\s+from\b", r"mysql_extract('\1',"),
		(r",\s*interval\s+(\S+?)\s+(\w+)\s*\)", r", \1, '\2')"),
		(r"\bcast\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\s+as\s+date\s*\)", r"date(\1)"),
		(r"\bcast\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\s+as\s+datetime(?:\(\d\))?\s*\)", r"datetime(\1)"),
		(r"(\bgroup_concat\s*\([^()]*(?:\([^()]*\)[^()]*)*?)\s+separator\s+", r"\1, "),
		(r"\bcollate\s+utf8mb4_\w+", "COLLATE NOCASE"),
	)
]
FOR_UPDATE = re.compile(
	r"\bfor\s+update(\s+of\s+[\w\s,\x00]+?)?(\s+nowait|\s+skip\s+locked|\s+wait\s+\d+)?\s*$", re.IGNORECASE
)
WRITES = re.compile(
	r"^\s*(insert|update|delete|replace|savepoint|truncate|with\b.*\b(?:insert|update|delete))\b", re.I | re.S
)


class Statement(NamedTuple):
	text: str
	# None for each positional value, else the value's name, in the order of the question marks.
	values: tuple[str | None, ...]
	# Does it need the write lock: it writes, or says FOR UPDATE?
	locks: bool
	# With NOWAIT: fail at once when somebody else holds the lock.
	nowait: bool


@functools.lru_cache(maxsize=4096)
def translate(query: str, has_values: bool) -> Statement:
	"""The statement for SQLite; remembered, because Frappe sends the same texts again and again."""
	kept: list[str] = []
	values: list[str | None] = []

	def keep(match: re.Match) -> str:
		text = match[0]
		if match["percent"]:
			return "%" if has_values else text
		if match["placeholder"]:
			if not has_values:
				return text
			text = "?" if text == "%s" else f"?{text[2:-2]}"
		elif match["comment"]:
			return " "
		elif match["literal"]:
			text = text.replace("%%", "%") if has_values else text
			text = f"'{adapt(text[1:-1])}'"
		elif match["name"]:
			text = '"' + text[1:-1] + '"'
		kept.append(text)
		return f"\x00{len(kept) - 1}\x00"

	text = TOKENS.sub(keep, query.strip().rstrip(";"))
	locks = FOR_UPDATE.search(text)
	text = FOR_UPDATE.sub("", text)
	for pattern, new in RESPELLED:
		text = pattern.sub(new, text)

	def put_back(match: re.Match) -> str:
		token = kept[int(match[1])]
		if token.startswith("?"):
			values.append(token[1:] or None)
			return "?"
		return token

	return Statement(
		HOLE.sub(put_back, text),
		tuple(values),
		bool(locks) or bool(WRITES.match(text)),
		bool(locks and "nowait" in locks[0].lower()),
	)


def bind(statement: Statement, given) -> tuple[str, list]:
	"""The text and the list of values to execute; a list or tuple as value becomes `(?, ?, ...)`."""
	if not statement.values:
		return statement.text, []
	position = iter(given) if not isinstance(given, Mapping) else iter(())
	chosen = [given[name] if name else next(position) for name in statement.values]
	if not any(isinstance(value, list | tuple | set | frozenset) for value in chosen):
		return statement.text, [adapt(value) for value in chosen]

	parts, flat = statement.text.split("?"), []
	text = parts[0]
	for value, rest in zip(chosen, parts[1:], strict=True):
		if isinstance(value, list | tuple | set | frozenset):
			marks = ", ".join(
				"(" + ", ".join("?" * len(v)) + ")" if isinstance(v, list | tuple) else "?" for v in value
			)
			if not marks:
				raise sqlite3.OperationalError('near ")": syntax error')  # as on MariaDB
			text += f"({marks})"
			for v in value:
				flat += [adapt(item) for item in v] if isinstance(v, list | tuple) else [adapt(v)]
		else:
			text += "?"
			flat.append(adapt(value))
		text += rest
	return text, flat


def adapt(value):
	"""A Python value as SQLite keeps it: dates and times as the text MariaDB would show.

	A moment is one text, however it is given: without a fraction of a second that is zero. Else
	"10:00:00" and "10:00:00.000000" would be two moments to SQLite.
	"""
	if isinstance(value, str):
		return value[:19] if len(value) == 26 and WHOLE_SECOND.fullmatch(value) else value
	if value is None or isinstance(value, int | float | bytes):
		return value
	if isinstance(value, datetime.datetime):
		if value.tzinfo:
			raise sqlite3.DataError(f"Incorrect datetime value: '{value}'")
		return value.strftime("%Y-%m-%d %H:%M:%S.%f" if value.microsecond else "%Y-%m-%d %H:%M:%S")
	if isinstance(value, datetime.date):
		return value.isoformat()
	if isinstance(value, datetime.time):
		return value.strftime("%H:%M:%S.%f")
	if isinstance(value, datetime.timedelta):
		return time_text(value)
	if isinstance(value, decimal.Decimal):
		return float(value)
	return str(value)


def time_text(value: datetime.timedelta) -> str:
	seconds = value.days * 86400 + value.seconds
	return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{value.microseconds:06d}"
