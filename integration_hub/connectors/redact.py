"""Taking secrets out of everything that is stored or shown: Attempts, failures, logs.

Two nets, because either alone has holes: the *names* of fields that hold secrets (headers, JSON keys,
query and form parameters, XML elements), and the *literal values* of the Connection's own secrets wherever
they turn up, also percent-encoded, JSON-escaped or as Basic authorisation.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

REDACTED = "[redacted]"

#: A field whose name contains one of these (in lower case, only letters and digits kept) holds a secret.
SECRET_NAMES = (
	"accesskey",
	"apikey",
	"assertion",
	"authorization",
	"authkey",
	"bearer",
	"card",
	"cookie",
	"credential",
	"cvc",
	"cvv",
	"hmac",
	"iban",
	"licencekey",
	"licensekey",
	"loginid",
	"passphrase",
	"passwd",
	"password",
	"privatekey",
	"pwd",
	"secret",
	"sessionid",
	"sharedkey",
	"signature",
	"token",
	"transactionkey",
)

#: Shorter values are not replaced: taking every "abc" out of a page would leave nothing to read.
SHORTEST_SECRET = 4
#: Larger bodies are cut before they are looked at; nobody reads more, and parsing them costs time.
LONGEST_LOOK = 256 * 1024

# the bounds keep the time linear: without them a page of "tokentokentoken" stops a worker
_PART = r"[\w.\-\[\]]{0,60}"
_NAME = _PART + "(?:" + "|".join("[-_ ]?".join(name) for name in SECRET_NAMES) + ")" + _PART
_IN_JSON_TEXT = re.compile(rf'(?i)("{_NAME}\\*"\s*:\s*)(\\*"(?:[^"\\]|\\.)*(?:"|$)|-?\d[\d.eE+-]*)')
_BEGINS_IN_JSON_TEXT = re.compile(rf'(?i)"{_NAME}"\s*:\s*(?=[{{\[])')
_JSON_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[{}\[\]]', re.S)
_XML_NAME = re.compile(r"/?(?:[\w.-]{1,200}:)?([\w.-]{1,200})(?=[\s/]|$)")
_XML_VALUE = re.compile(r"""(=\s*)("[^"]*(?:"|$)|'[^']*(?:'|$))""")
_IN_XML_ATTRIBUTE = re.compile(rf"""(?i)(\s{_NAME}\s*=\s*)("[^"]*"|'[^']*')""")
_IN_QUERY = re.compile(rf"(?i)((?:^|[?&;\s])(?:{_NAME})=)([^&;\s\"'<>]+)")
_IN_HEADER_TEXT = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}")
_XML_ASIDES = (("<![CDATA[", "]]>"), ("<!--", "-->"))
#: Written the same way in every address.
_PLAIN = re.compile(r"[A-Za-z0-9._~-]*")
_USERINFO = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{0,30}://)[^/\s@\"']{1,1000}@")


def is_secret_name(name: str) -> bool:
	"""Whether a header, key or parameter of this name holds a secret ("X-Shopify-Access-Token": yes)."""
	plain = re.sub(r"[^a-z0-9]", "", name.lower())
	return any(word in plain for word in SECRET_NAMES)


class Redactor:
	"""Removes secrets from texts. Give it the literal secrets of the Connection; more can be `add`ed."""

	def __init__(self, secrets: Iterable[str] = ()):
		self._literals: list[str] = []
		self._variants: tuple[str, ...] = ()
		self._percent: re.Pattern[str] | None = None
		self.add(*secrets)

	def add(self, *secrets: str) -> None:
		"""Hide these values too (a token that was issued a moment ago)."""
		for secret in secrets:
			if secret and len(secret) >= SHORTEST_SECRET and secret not in self._literals:
				self._literals.append(secret)
		found = {variant for secret in self._literals for variant in _spellings(secret)}
		# the longest first: a secret may contain another one
		self._variants = tuple(sorted(found, key=len, reverse=True))
		mixed = sorted((one for one in self._literals if not _PLAIN.fullmatch(one)), key=len, reverse=True)
		self._percent = re.compile("|".join(map(_percent, mixed))) if mixed else None

	def literals(self, text: str) -> str:
		"""`text` without the known secret values; names are not looked at."""
		for variant in self._variants:
			if variant in text:
				text = text.replace(variant, REDACTED)
		return self._percent.sub(REDACTED, text) if self._percent else text

	def text(self, text: str) -> str:
		"""Free text (an exception, a body of unknown format): values after secret names, and known values."""
		text = _without_xml_branches(self.literals(text))
		text = _USERINFO.sub(rf"\g<1>{REDACTED}@", text)
		text = _IN_HEADER_TEXT.sub(rf"\g<1> {REDACTED}", text)
		text = _IN_JSON_TEXT.sub(rf'\g<1>"{REDACTED}"', _without_json_branches(text))
		text = _IN_XML_ATTRIBUTE.sub(rf'\g<1>"{REDACTED}"', text)
		return _IN_QUERY.sub(rf"\g<1>{REDACTED}", text)

	def url(self, url: str) -> str:
		"""The address without user, password and secret query values."""
		try:
			parts = urlsplit(url)
		except ValueError:
			# not an address at all (a broken "[" host): still never stored as it is
			return self.text(url)
		host = parts.netloc.rpartition("@")[2]
		query = self._pairs(parts.query)
		fragment = REDACTED if parts.fragment else ""
		return self.literals(urlunsplit((parts.scheme, host, parts.path, query, fragment)))

	def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
		return {
			name: REDACTED if is_secret_name(name) else self.literals(str(value))
			for name, value in headers.items()
		}

	def value(self, value: Any) -> Any:
		"""A parsed JSON value with everything under secret names replaced; flags and nulls stay."""
		if isinstance(value, Mapping):
			return {
				self.literals(str(key)): REDACTED
				if is_secret_name(str(key)) and not isinstance(inner, bool | None)
				else self.value(inner)
				for key, inner in value.items()
			}
		if isinstance(value, list | tuple):
			return [self.value(inner) for inner in value]
		if isinstance(value, str):
			return self.text(value)
		if isinstance(value, int | float) and not isinstance(value, bool):
			# an account number or a PIN may come as a bare number
			return value if (plain := str(value)) == self.literals(plain) else REDACTED
		return value

	def body(self, body: bytes | str | None, limit: int = 20_000) -> str:
		"""A request or response body as it may be stored: redacted first, then cut to `limit` characters."""
		if not body:
			return ""
		size = len(body)
		text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
		if len(text) > LONGEST_LOOK:
			# a secret cut in two would not be recognised: drop the torn end as well
			torn = max((12 * len(secret) for secret in self._literals), default=0)
			redacted = self.text(text[:LONGEST_LOOK])
			redacted = redacted[: max(len(redacted) - torn, 0)]
		else:
			redacted = self._whole(text)
		if len(redacted) > limit or len(text) > LONGEST_LOOK:
			return f"{redacted[:limit]}… [{size} in all]"
		return redacted

	def _whole(self, text: str) -> str:
		stripped = text.lstrip("\ufeff \t\r\n")
		if stripped[:1] in ("{", "["):
			try:
				return json.dumps(self.value(json.loads(stripped)), ensure_ascii=False)
			except (ValueError, RecursionError):
				return self.text(text)
		if "=" in stripped and re.fullmatch(r"[\w.%+*\-\[\]]+=[^\s<>]*", stripped):
			return self.literals(self._pairs(stripped))
		return self.text(text)

	def _pairs(self, query: str) -> str:
		if not query:
			return ""
		return urlencode(
			[
				(self.literals(name), REDACTED if is_secret_name(name) else self.text(value))
				for name, value in parse_qsl(query, keep_blank_values=True, errors="replace")
			],
			safe="[]",
		)


def _without_json_branches(text: str) -> str:
	"""JSON that cannot be parsed as a whole (cut, broken, or after other words): lists and objects under secret names."""
	said, at = [], 0
	while begin := _BEGINS_IN_JSON_TEXT.search(text, at):
		depth, end = 0, len(text)
		for token in _JSON_BRACKET.finditer(text, begin.end()):
			depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
			if not depth:
				end = token.end()
				break
		said += [text[at : begin.end()], f'"{REDACTED}"']
		at = end
	return "".join(said) + text[at:]


def _without_xml_branches(text: str) -> str:
	"""XML whose elements of secret names keep the names of what is in them, and nothing else. One that is never closed
	ends with the text."""
	said: list[str] = []
	secret, depth = "", 0
	for kind, piece in _xml_pieces(text):
		if kind != "tag":
			said.append(REDACTED if depth and piece.strip() else piece)
			continue
		found = _XML_NAME.match(piece[1:].removesuffix(">"))
		name = found[1] if found else ""
		closes, is_empty = piece.startswith("</"), piece.endswith("/>")
		if not depth and name and not closes and is_secret_name(name):
			said.append(_bare(piece))
			secret, depth = name, int(not is_empty)
		elif depth:
			said.append(_bare(piece) if found else REDACTED)
			if name == secret and not is_empty:
				depth += -1 if closes else 1
		else:
			said.append(piece)
	return "".join(said)


def _bare(tag: str) -> str:
	return _XML_VALUE.sub(rf'\g<1>"{REDACTED}"', tag)


def _xml_pieces(text: str) -> Iterator[tuple[str, str]]:
	"""Tags, and what is between them. What a CDATA section or a comment holds is no tag; the last one may be cut off."""
	at, begin = 0, text.find("<")
	while begin >= 0:
		closing = next((end for start, end in _XML_ASIDES if text.startswith(start, begin)), "")
		end = text.find(closing or ">", begin)
		end = len(text) if end < 0 else end + len(closing or ">")
		if not closing:
			# "<" once more before ">": the first was none of a tag
			begin = text.rfind("<", begin, end)
		yield "text", text[at:begin]
		yield ("text" if closing else "tag"), text[begin:end]
		at, begin = end, text.find("<", end)
	yield "text", text[at:]


def _spellings(secret: str) -> set[str]:
	"""The ways a value may be written in JSON, HTML/XML or after "Basic"; for addresses see `_percent`."""
	escaped = json.dumps(secret)[1:-1]
	found = {
		secret,
		escaped,
		escaped.replace("/", "\\/"),
		json.dumps(secret, ensure_ascii=False)[1:-1],
		html.escape(secret),
		html.escape(secret, quote=False),
		base64.b64encode(secret.encode()).decode(),
	}
	return {spelling for spelling in found if len(spelling) >= SHORTEST_SECRET}


def _percent(secret: str) -> str:
	"""A pattern for a value in an address or a form. Every library leaves other characters as they are, so
	each may be written as it is or as percent codes, in capital or small letters."""

	def either(character: str) -> str:
		if character.isascii() and (character.isalnum() or character in "-._~"):
			return re.escape(character)
		codes = "".join(f"%{byte:02X}" for byte in character.encode())
		plus = r"|\+" if character == " " else ""
		return f"(?:{re.escape(character)}|(?i:{codes}){plus})"

	return "".join(map(either, secret))
