"""What a parameter may be. A kind reads the strings of a form and refuses in Stripe's words.

`read(shape, given, version)` takes a whole request; everything that is not in the shape is unknown to Stripe.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from sandbox.vendors.stripe.errors import Refusal

ENDIVE = "2026-09-30"  # where payment_method_types went from sessions and intents


def bad(message: str, param: str, code: str | None = None) -> Refusal:
	return Refusal(message, param=param, code=code, early=True)


@dataclass
class Kind:
	"""unset: an empty string is allowed and unsets the field (reads as None).

	before, since: API version from which the parameter is gone, or there.
	"""

	required: bool = field(default=False, kw_only=True)
	unset: bool = field(default=False, kw_only=True)
	before: str = field(default="", kw_only=True)
	since: str = field(default="", kw_only=True)

	def known_in(self, version: str) -> bool:
		return not (self.before and version >= self.before) and not (self.since and version < self.since)

	def read(self, given, name: str, version: str):
		if given == "":
			if self.unset:
				return None
			raise bad(
				f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a field; "
				f"however '{name}' cannot be unset. You should remove '{name}' from your request or supply a "
				"non-empty value.",
				name,
				"parameter_invalid_empty",
			)
		return self.value(given, name, version)

	def value(self, given, name: str, version: str):
		raise NotImplementedError


def _text(given, name: str) -> str:
	if not isinstance(given, str):
		raise bad(f"Invalid string: {given}", name)
	return given


@dataclass
class Text(Kind):
	most: int = 5000

	def value(self, given, name, version):
		text = _text(given, name)
		if len(text) > self.most:
			raise bad(f"Invalid string: {text[:20]}...; must be at most {self.most} characters", name)
		return text


@dataclass
class Choice(Kind):
	choices: tuple[str, ...] = ()

	def value(self, given, name, version):
		text = _text(given, name)
		if text not in self.choices:
			known = (
				", ".join(self.choices[:-1]) + (" or " if len(self.choices) > 1 else "") + self.choices[-1]
			)
			raise bad(f"Invalid {name}: must be one of {known}", name)
		return text


@dataclass
class Integer(Kind):
	least: int | None = None
	most: int | None = None

	def value(self, given, name, version):
		text = _text(given, name)
		if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
			raise bad(f"Invalid integer: {text}", name, "parameter_invalid_integer")
		number = int(text)
		if self.least is not None and number < self.least:
			message = f"This value must be greater than or equal to {self.least}."
			raise bad(message, name, "parameter_invalid_integer")
		if self.most is not None and number > self.most:
			message = f"This value must be less than or equal to {self.most}."
			raise bad(message, name, "parameter_invalid_integer")
		return number


@dataclass
class Fraction(Kind):
	"""A decimal with up to twelve places, kept as a Decimal."""

	def value(self, given, name, version):
		text = _text(given, name)
		try:
			number = Decimal(text)
		except InvalidOperation:
			raise bad(f"Invalid decimal: {text}", name) from None
		if not number.is_finite() or number < 0 or -number.as_tuple().exponent > 12:
			raise bad(f"Invalid decimal: {text}; must contain at maximum 12 decimal places.", name)
		return number


@dataclass
class Flag(Kind):
	def value(self, given, name, version):
		text = _text(given, name)
		if text not in ("true", "false"):
			raise bad(f"Invalid boolean: {text}", name)
		return text == "true"


@dataclass
class Moment(Kind):
	"""Seconds since the epoch."""

	def value(self, given, name, version):
		text = _text(given, name)
		if not re.fullmatch(r"\d{1,11}", text, re.ASCII):
			raise bad("Invalid timestamp: must be an integer Unix timestamp", name)
		return int(text)


@dataclass
class Email(Kind):
	def value(self, given, name, version):
		text = _text(given, name)
		if not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", text) or len(text) > 512:
			raise bad(f"Invalid email address: {text}", name, "email_invalid")
		return text


@dataclass
class Url(Kind):
	most: int = 5000

	def value(self, given, name, version):
		text = _text(given, name)
		if not re.fullmatch(r"https?://[^\s/$.?#][^\s]*", text) or len(text) > self.most:
			raise bad("Not a valid URL", name, "url_invalid")
		return text


@dataclass
class Metadata(Kind):
	"""Up to 50 strings; a value of "" takes the key away (reads as None)."""

	unset: bool = field(default=True, kw_only=True)

	def value(self, given, name, version):
		if not isinstance(given, dict):
			raise bad("Invalid object", name)
		for key, value in given.items():
			if not isinstance(value, str):
				raise bad(f"Metadata values must be strings, but for key '{key}' you passed an object.", name)
			if len(key) > 40:
				raise bad(f"Metadata keys can have up to 40 characters. Invalid key: {key}", name)
			if len(value) > 500:
				raise bad(
					"Metadata values can have up to 500 characters, but you passed in a value that is "
					f"{len(value)} characters. Invalid value: {value[:60]}...",
					name,
				)
		if len(given) > 50:
			raise bad(f"You have provided {len(given)} metadata keys; there can be up to 50.", name)
		return {key: value or None for key, value in given.items()}


@dataclass
class ListOf(Kind):
	kind: Kind = field(default_factory=Text)
	most: int = 100

	def value(self, given, name, version):
		if isinstance(given, dict) and all(key.isdigit() for key in given):
			given = [given[key] for key in sorted(given, key=int)]
		if not isinstance(given, list):
			raise bad("Invalid array", name)
		if len(given) > self.most:
			raise bad(f"Array {name} exceeded maximum {self.most} allowed elements.", name)
		return [self.kind.read(one, f"{name}[{place}]", version) for place, one in enumerate(given)]


@dataclass
class Shape(Kind):
	fields: dict[str, Kind] = field(default_factory=dict)

	def value(self, given, name, version):
		if not isinstance(given, dict):
			raise bad("Invalid object", name)
		return read(self.fields, given, version, name)


@dataclass
class Span(Kind):
	"""A moment, or a range of them with gt, gte, lt, lte."""

	def value(self, given, name, version):
		if isinstance(given, str):
			return {"equals": Moment().read(given, name, version)}
		return Shape({one: Moment() for one in ("gt", "gte", "lt", "lte")}).value(given, name, version)


@dataclass
class Ref(Kind):
	"""The id of an object of this type; whether it is there is looked up when the request is carried out."""

	object: str = ""

	def value(self, given, name, version):
		return _text(given, name)


def read(shape: dict[str, Kind], given: dict, version: str, within: str = "") -> dict:
	"""The values, by name; what was not given is not in it. Raises Refusal."""

	def full(name: str) -> str:
		return f"{within}[{name}]" if within else name

	known = {name: kind for name, kind in shape.items() if kind.known_in(version)}
	strange = [full(name) for name in given if name not in known]
	if strange:
		plural = "s" if len(strange) > 1 else ""
		raise bad(
			f"Received unknown parameter{plural}: {', '.join(strange)}", strange[0], "parameter_unknown"
		)
	for name, kind in known.items():
		if kind.required and name not in given:
			raise bad(f"Missing required param: {full(name)}.", full(name), "parameter_missing")
	return {name: known[name].read(value, full(name), version) for name, value in given.items()}


ADDRESS = {name: Text(unset=True) for name in ("city", "country", "line1", "line2", "postal_code", "state")}
PAGE = {
	"limit": Integer(1, 100),
	"starting_after": Text(),
	"ending_before": Text(),
	"expand": ListOf(Text()),
}
EXPAND = {"expand": ListOf(Text())}
