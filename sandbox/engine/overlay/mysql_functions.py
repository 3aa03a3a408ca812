"""MariaDB's functions that Frappe, ERPNext and apps use, for SQLite.

Each is what MariaDB's manual says for the arguments that occur; NULL in gives NULL out unless the
function exists for NULLs. Times are the site's wall clock, as on a bench.
"""

import datetime
import hashlib
import math
import random
import re
import sqlite3
import uuid

ONE_DAY = datetime.timedelta(days=1)


def register(connection: sqlite3.Connection) -> None:
	"""Make all of them known to one connection."""
	for name, (arguments, function, deterministic) in FUNCTIONS.items():
		connection.create_function(name, arguments, function, deterministic=deterministic)
	connection.create_function("like", 3, like_escape, deterministic=True)


FUNCTIONS: dict[str, tuple] = {}


def function(*names: str, arguments: int = -1, nulls: bool = False, deterministic: bool = True):
	"""Register the decorated function under `names`; unless `nulls`, any NULL argument gives NULL."""

	def decorate(implementation):
		def strict(*args):
			return None if any(arg is None for arg in args) else implementation(*args)

		for name in names:
			FUNCTIONS[name] = (arguments, implementation if nulls else strict, deterministic)
		return implementation

	return decorate


# Text -------------------------------------------------------------------------------------------


@function("like", arguments=2)
def like(pattern, text):
	return bool(_like(str(pattern)).match(str(text)))


def like_escape(pattern, text, escape):
	"""`text LIKE pattern ESCAPE escape`."""
	return None if pattern is None or text is None else bool(_like(str(pattern), escape).match(str(text)))


_LIKE: dict[tuple, re.Pattern] = {}


def _like(pattern: str, escape: str = "\\") -> re.Pattern:
	"""MariaDB's LIKE: letters match whatever their case, backslash escapes."""
	if (pattern, escape) not in _LIKE:
		parts, characters = [], iter(pattern)
		for character in characters:
			if character == escape:
				parts.append(re.escape(next(characters, escape)))
			else:
				parts.append({"%": ".*", "_": "."}.get(character) or re.escape(character))
		if len(_LIKE) > 1000:
			_LIKE.clear()
		_LIKE[pattern, escape] = re.compile("".join(parts) + r"\Z", re.IGNORECASE | re.DOTALL)
	return _LIKE[pattern, escape]


@function("regexp", arguments=2)
def regexp(pattern, text):
	return re.search(str(pattern), str(text), re.IGNORECASE) is not None


@function("regexp_replace", arguments=3)
def regexp_replace(text, pattern, new):
	return re.sub(pattern, new, str(text), flags=re.IGNORECASE)


@function("concat")
def concat(*parts):
	return "".join(_text(part) for part in parts)


@function("concat_ws", nulls=True)
def concat_ws(separator, *parts):
	if separator is None:
		return None
	return separator.join(_text(part) for part in parts if part is not None)


@function("mysql_left", arguments=2)
def left(text, length):
	return _text(text)[: max(int(length), 0)]


@function("mysql_right", arguments=2)
def right(text, length):
	return _text(text)[-int(length) :] if int(length) > 0 else ""


@function("locate", "position")
def locate(needle, text, start=1):
	return _text(text).lower().find(_text(needle).lower(), int(start) - 1) + 1


@function("substring_index", arguments=3)
def substring_index(text, separator, count):
	parts = _text(text).split(separator)
	return separator.join(parts[:count] if count >= 0 else parts[count:])


@function("lpad", arguments=3)
def lpad(text, length, fill):
	return _text(text)[:length] if len(_text(text)) >= length else _fill(text, length, fill) + _text(text)


@function("rpad", arguments=3)
def rpad(text, length, fill):
	return _text(text)[:length] if len(_text(text)) >= length else _text(text) + _fill(text, length, fill)


def _fill(text, length, fill):
	missing = length - len(_text(text))
	return (fill * missing)[:missing]


@function("find_in_set", arguments=2)
def find_in_set(needle, text):
	parts = text.split(",")
	return parts.index(needle) + 1 if needle in parts else 0


@function("field", nulls=True)
def field(needle, *values):
	return values.index(needle) + 1 if needle is not None and needle in values else 0


FUNCTIONS["char_length"] = FUNCTIONS["character_length"] = (
	1,
	lambda s: None if s is None else len(_text(s)),
	True,
)
FUNCTIONS["lcase"] = FUNCTIONS["lower"] = (1, lambda s: None if s is None else _text(s).lower(), True)
FUNCTIONS["ucase"] = FUNCTIONS["upper"] = (1, lambda s: None if s is None else _text(s).upper(), True)
FUNCTIONS["reverse"] = (1, lambda s: None if s is None else _text(s)[::-1], True)
FUNCTIONS["repeat"] = (2, lambda s, n: None if s is None else _text(s) * max(n, 0), True)
FUNCTIONS["md5"] = (1, lambda s: None if s is None else hashlib.md5(_text(s).encode()).hexdigest(), True)
FUNCTIONS["sha1"] = (1, lambda s: None if s is None else hashlib.sha1(_text(s).encode()).hexdigest(), True)
FUNCTIONS["uuid"] = (0, lambda: str(uuid.uuid4()), False)


@function("json_unquote", arguments=1)
def json_unquote(text):
	import json

	return json.loads(text) if isinstance(text, str) and text.startswith('"') else text


def _text(value) -> str:
	if isinstance(value, bytes):
		return value.decode()
	return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


# Numbers and choices ----------------------------------------------------------------------------


@function("mysql_if", arguments=3, nulls=True)
def choose(condition, then, otherwise):
	return then if condition else otherwise


@function("mysql_isnull", arguments=1, nulls=True)
def isnull(value):
	return value is None


FUNCTIONS["greatest"] = (-1, lambda *v: None if None in v else max(v), True)
FUNCTIONS["least"] = (-1, lambda *v: None if None in v else min(v), True)
FUNCTIONS["rand"] = (-1, lambda *seed: random.random(), False)


@function("truncate", arguments=2)
def truncate(number, digits):
	scale = 10 ** int(digits)
	return math.trunc(number * scale) / scale


@function("ceiling", "ceil", arguments=1)
def ceiling(number):
	return math.ceil(float(number))


@function("floor", arguments=1)
def floor(number):
	return math.floor(float(number))


@function("pow", "power", arguments=2)
def power(base, exponent):
	return base**exponent


@function("mod", arguments=2)
def modulo(number, divisor):
	return math.fmod(number, divisor) if divisor else None


# Dates and times --------------------------------------------------------------------------------


def _moment(value) -> datetime.datetime:
	text = str(value).strip()
	if re.fullmatch(r"-?\d+:\d+(:[\d.]+)?", text):
		return datetime.datetime.combine(_now().date(), datetime.time()) + _duration(text)
	return datetime.datetime.fromisoformat(text)


def _duration(value) -> datetime.timedelta:
	hours, minutes, seconds = (str(value) + ":0:0").split(":")[:3]
	return datetime.timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))


def _written(moment: datetime.datetime) -> str:
	return moment.strftime("%Y-%m-%d %H:%M:%S.%f" if moment.microsecond else "%Y-%m-%d %H:%M:%S")


def _now() -> datetime.datetime:
	from frappe.utils import now_datetime

	return now_datetime().replace(microsecond=0)


FUNCTIONS["now"] = FUNCTIONS["sysdate"] = FUNCTIONS["localtime"] = (-1, lambda *_: _written(_now()), False)
FUNCTIONS["curdate"] = (0, lambda: _now().date().isoformat(), False)
FUNCTIONS["curtime"] = (0, lambda: _now().time().isoformat(), False)
FUNCTIONS["utc_timestamp"] = (-1, lambda *_: _written(datetime.datetime.utcnow()), False)


@function("timestamp")
def timestamp(value, time=None):
	moment = _moment(value)
	return _written(moment + _duration(time) if time is not None else moment)


@function("datediff", arguments=2)
def datediff(later, earlier):
	return (_moment(later).date() - _moment(earlier).date()).days


@function("timediff", arguments=2)
def timediff(later, earlier):
	seconds = int((_moment(later) - _moment(earlier)).total_seconds())
	sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
	return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


@function("timestampdiff", arguments=3)
def timestampdiff(unit, earlier, later):
	start, end = _moment(earlier), _moment(later)
	unit = unit.lower()
	if unit in ("month", "year", "quarter"):
		months = (end.year - start.year) * 12 + end.month - start.month
		start_in_month, end_in_month = (start.day, start.time()), (end.day, end.time())
		if months > 0 and end_in_month < start_in_month:
			months -= 1
		elif months < 0 and end_in_month > start_in_month:
			months += 1
		return int(months / {"month": 1, "quarter": 3, "year": 12}[unit])
	return int((end - start).total_seconds() / _SECONDS[unit])


_SECONDS = {"microsecond": 1e-6, "second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}


def _shift(moment: datetime.datetime, amount, unit: str) -> datetime.datetime:
	unit = unit.lower()
	if unit in _SECONDS:
		return moment + datetime.timedelta(seconds=float(amount) * _SECONDS[unit])
	from dateutil.relativedelta import relativedelta

	months = int(amount) * {"month": 1, "quarter": 3, "year": 12}[unit]
	return moment + relativedelta(months=months)


@function("date_add", "adddate")
def date_add(value, amount, unit="day", sign=1):
	moment = _shift(_moment(value), sign * float(amount), unit)
	only_date = len(str(value).strip()) == 10 and unit.lower() not in (
		"second",
		"minute",
		"hour",
		"microsecond",
	)
	return moment.date().isoformat() if only_date else _written(moment)


@function("date_sub", "subdate")
def date_sub(value, amount, unit="day"):
	return date_add(value, amount, unit, sign=-1)


@function("addtime", arguments=2)
def addtime(value, duration):
	return _written(_moment(value) + _duration(duration))


@function("unix_timestamp")
def unix_timestamp(value=None):
	return (_moment(value) if value is not None else _now()).timestamp()


@function("from_unixtime", arguments=1)
def from_unixtime(seconds):
	return _written(datetime.datetime.fromtimestamp(float(seconds)))


_FORMATS = {
	"%i": "%M", "%s": "%S", "%T": "%H:%M:%S", "%h": "%I", "%M": "%B", "%W": "%A", "%x": "%G", "%v": "%V",
	"%u": "%V", "%r": "%I:%M:%S %p",
}  # fmt: skip
_BARE = {"%c": "month", "%e": "day", "%k": "hour"}


@function("date_format", arguments=2)
def date_format(value, pattern):
	moment = _moment(value)

	def one(match):
		code = match[0]
		if code in _BARE:
			return str(getattr(moment, _BARE[code]))
		return moment.strftime(_FORMATS.get(code, code))

	return re.sub(r"%.", one, pattern)


@function("str_to_date", arguments=2)
def str_to_date(text, pattern):
	python = re.sub(r"%.", lambda m: {"%c": "%m", "%e": "%d"}.get(m[0]) or _FORMATS.get(m[0], m[0]), pattern)
	moment = datetime.datetime.strptime(text, python)
	return _written(moment) if re.search(r"%[HIMSpT]", python) else moment.date().isoformat()


@function("last_day", arguments=1)
def last_day(value):
	following = (_moment(value).replace(day=28) + 4 * ONE_DAY).replace(day=1)
	return (following - ONE_DAY).date().isoformat()


@function("yearweek")
def yearweek(value, mode=0):
	year, week, _ = _moment(value).isocalendar()
	return year * 100 + week


@function("mysql_extract", arguments=2)
def extract(unit, value):
	return _PARTS[unit.lower()](_moment(value))


_PARTS = {
	"year": lambda m: m.year,
	"quarter": lambda m: (m.month + 2) // 3,
	"month": lambda m: m.month,
	"week": lambda m: m.isocalendar()[1],
	"weekofyear": lambda m: m.isocalendar()[1],
	"day": lambda m: m.day,
	"dayofmonth": lambda m: m.day,
	"dayofweek": lambda m: m.isoweekday() % 7 + 1,
	"weekday": lambda m: m.weekday(),
	"dayofyear": lambda m: m.timetuple().tm_yday,
	"hour": lambda m: m.hour,
	"minute": lambda m: m.minute,
	"second": lambda m: m.second,
	"microsecond": lambda m: m.microsecond,
	"monthname": lambda m: m.strftime("%B"),
	"dayname": lambda m: m.strftime("%A"),
	"to_days": lambda m: m.toordinal() + 365,
	"time_to_sec": lambda m: m.hour * 3600 + m.minute * 60 + m.second,
}
for _name, _part in _PARTS.items():
	FUNCTIONS[_name] = (
		-1,
		lambda value, *_, part=_part: None if value is None else part(_moment(value)),
		True,
	)
