"""HTTP for connectors: every call to a vendor goes through `Http` and through one table of meanings.

`Http` is what a connector gets instead of `requests`: it knows the account's address, keeps its Budget,
lets nothing through that is not TLS, follows no redirect to another host, reads no endless answer, reports
each exchange (redacted) and turns everything that goes wrong into one of `integration_hub.failures`.
"""

from __future__ import annotations

import ipaddress
import json as jsonlib
import socket
import time
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from integration_hub.connectors.addresses import GuardedAdapter, InsideAddress, hung_up_after, is_public
from integration_hub.connectors.budget import Budget
from integration_hub.connectors.redact import Redactor
from integration_hub.failures import Failure, Gone, NotAuthorised, RateLimited, Rejected, Unreachable

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 30.0
#: An answer that drips in slower than this in all is given up, though each read was in time.
LONGEST_ANSWER = 120.0
MAX_RESPONSE = 32 * 1024 * 1024
MAX_REDIRECTS = 5
#: Characters of a body that an Exchange keeps.
KEPT_BODY = 20_000
#: Waiting time when a vendor says "too many requests" and not for how long.
DEFAULT_RETRY_AFTER = 10.0
LONGEST_RETRY_AFTER = 24 * 3600.0
USER_AGENT = "IntegrationHub (ERPNext)"


@dataclass(frozen=True)
class Rule:
	"""What a status means: the failure class and the sentence a person reads. `{host}`, `{status}` and
	`{message}` (the vendor's own words, may be empty) are filled in."""

	failure: type[Failure]
	sentence: str


_REFUSED = Rule(Rejected, "{host} refuses this request (HTTP {status}).{message}")
_BROKEN = Rule(Unreachable, "{host} has a problem of its own (HTTP {status}). It is tried again later.")

#: The one table. A connector may pass rows of its own (`rules=`) where its vendor means something else.
RULES: Mapping[int, Rule] = {
	401: Rule(
		NotAuthorised,
		"{host} does not accept the access key (HTTP 401). Enter a valid key in the Connection and test it.",
	),
	402: Rule(NotAuthorised, "{host} says that the account has an unpaid bill (HTTP 402).{message}"),
	403: Rule(
		NotAuthorised,
		"The access key lacks a permission at {host} (HTTP 403). Grant it there and test the Connection.{message}",
	),
	404: Rule(Gone, "{host} does not know this (any more) (HTTP 404).{message}"),
	408: _BROKEN,
	410: Rule(Gone, "{host} has deleted this (HTTP 410).{message}"),
	421: _BROKEN,
	423: Rule(Unreachable, "{host} keeps this locked at the moment (HTTP 423). It is tried again later."),
	425: _BROKEN,
	429: Rule(RateLimited, "{host} asks us to slow down (HTTP 429)."),
	501: _REFUSED,
	505: _REFUSED,
}


@dataclass(frozen=True)
class Exchange:
	"""One HTTP request and its answer as it may be stored: without secrets, bodies cut to `KEPT_BODY`.

	`status` is None when no answer came; `failure` is the name of the failure class or empty.
	"""

	started_at: datetime
	method: str
	url: str
	status: int | None
	milliseconds: int
	request_body: str = ""
	response_body: str = ""
	request_id: str = ""
	failure: str = ""
	sentence: str = ""
	#: the name of the Event that it was for, where the caller said so
	about: str = ""


@dataclass(frozen=True)
class Response:
	"""A successful answer (2xx, or a status the caller accepts). Header names are case-insensitive."""

	status: int
	headers: Mapping[str, str]
	body: bytes = field(repr=False)
	url: str = field(repr=False)

	@property
	def text(self) -> str:
		return self.body.decode("utf-8", "replace")

	def json(self) -> Any:
		"""The parsed body. Raises Rejected when it is not JSON. Numbers with a fraction come as float, whose
		`str()` is what the vendor wrote: make money of them with Decimal(str(value))."""
		try:
			return jsonlib.loads(self.body)
		except ValueError:
			host = urlsplit(self.url).hostname
			raise Rejected(
				f"{host} answered with something that is not JSON (HTTP {self.status}).",
				detail=f"content type {self.headers.get('Content-Type', 'not given')}",
			) from None


class Http:
	"""The way to one vendor account.

	`base_url` is where relative paths start. `on_exchange` is called once per exchange, successful or not,
	before the failure is raised; it must not raise. `secrets` are the literal values that must never be
	stored. Plain http is refused unless `allow_loopback_http` and the host is this machine (sandboxes).
	`public_only` is for addresses that outsiders choose: no call goes inside our network, whatever the name leads to
	(see `addresses`), and none through a proxy. `longest_answer` is the time in seconds for an answer in all.

	What is written into `about` (the name of an Event) stands on the exchanges from then on.
	"""

	def __init__(
		self,
		base_url: str,
		*,
		budget: Budget | None = None,
		on_exchange: Callable[[Exchange], None] | None = None,
		secrets: Iterable[str] = (),
		allow_loopback_http: bool = False,
		timeouts: tuple[float, float] = (CONNECT_TIMEOUT, READ_TIMEOUT),
		max_response: int = MAX_RESPONSE,
		longest_answer: float | None = None,
		public_only: bool = False,
	):
		self.base_url = base_url.rstrip("/") + "/"
		self.budget = budget or Budget("unnamed")
		self.redactor = Redactor(secrets)
		self.allow_loopback_http = allow_loopback_http
		self.timeouts = timeouts
		self.max_response = max_response
		self.longest_answer = longest_answer or LONGEST_ANSWER
		self.public_only = public_only
		self.about = ""
		self._on_exchange = on_exchange
		self._sessions: dict[bool, requests.Session] = {}

	def hide(self, *secrets: str) -> None:
		"""Keep these values (a token issued a moment ago) out of everything that is stored."""
		self.redactor.add(*secrets)

	def request(
		self,
		method: str,
		path_or_url: str,
		*,
		json: Any = None,
		data: Any = None,
		params: Mapping[str, Any] | None = None,
		headers: Mapping[str, str] | None = None,
		cost: int = 1,
		repeatable: bool = True,
		rules: Mapping[int, Rule] | None = None,
		accept: Container[int] = (),
		meaning: Callable[[Response], Failure | None] | None = None,
		part: Budget | None = None,
		at_most: int | None = None,
	) -> Response:
		"""One call. Returns the answer when it is 2xx, else raises the failure that `meaning`, `rules` or RULES name.

		`meaning` is for vendors whose refusals have to be read before they can be sorted: it gets every answer (some refuse
		with 200) and says what failure it is, or None to leave it to the tables. A status in `accept` is an answer like
		any other to this caller, and nobody judges it. A Decimal in `json` is sent as the number it is. `cost` is what the call takes from the Budget, and from `part`: a
		`Budget.part` for calls with a limit of their own, which alone is closed when one of them is told to wait. Say
		`repeatable=False` when doing it twice would do harm: a lost answer is then raised as
		`Unreachable(maybe_done=True)`. `at_most`: no more than so many bytes of the answer are wanted; the rest, however
		long, is not read, and nothing is unpacked.
		"""
		method = method.upper()
		url = self._address(path_or_url)
		if part:
			part.acquire(cost)
		self.budget.acquire(cost)
		for hop in range(MAX_REDIRECTS + 1):
			answer, exchange = self._exchange(
				method,
				url,
				json=json,
				data=data,
				params=params,
				headers=headers,
				repeatable=repeatable,
				at_most=at_most,
			)
			target = answer.headers.get("Location") if answer.status in (301, 302, 303, 307, 308) else None
			if target is None:
				return self._judge(answer, exchange, repeatable, rules or {}, accept, meaning, part)
			url = self._redirect(method, answer, exchange, target, last=hop == MAX_REDIRECTS)
			params = None
		raise AssertionError("the last redirect is always refused")

	def file(self, url: str, accept: str = "*/*") -> bytes:
		"""A file (a label, say) at an address that the vendor names, fetched without any key of ours.

		Not from an address that only this machine or its network can reach: the vendor must not look around here with
		our eyes. Whatever the file's server answers says nothing of our key or of the vendor: neither is the Connection
		paused, nor do its other calls wait. Raises Rejected, or Unreachable when it may be had later.
		"""
		address = self._address(url)
		host = _host(address)
		proxy = not is_loopback(host) and requests.utils.select_proxy(
			address, self._open(False).merge_environment_settings(address, {}, True, None, None)["proxies"]
		)
		if proxy and _is_inside(host):
			raise self._inside(host)
		answer, exchange = self._exchange(
			"GET",
			address,
			json=None,
			data=None,
			params=None,
			headers={"Accept": accept},
			repeatable=True,
			public_only=not proxy,
		)
		failure: Failure | None = None
		if answer.status == 429 or answer.status >= 500:
			failure = Unreachable(f"{host} cannot give the file now (HTTP {answer.status}).")
		elif answer.status != 200:
			failure = Rejected(f"{host} does not give the file (HTTP {answer.status}).")
		self._report(exchange, failure)
		if failure:
			raise failure
		return answer.body

	# before the call

	def _address(self, path_or_url: str) -> str:
		try:
			url = path_or_url if "://" in path_or_url else urljoin(self.base_url, path_or_url.lstrip("/"))
			parts = urlsplit(url)
			host, _port = parts.hostname, parts.port
		except ValueError:
			raise Rejected("The address of the outside system is not a valid URL.") from None
		if not host or parts.scheme not in ("http", "https"):
			raise Rejected("The address of the outside system is not a valid https URL.")
		if parts.scheme == "http" and not (self.allow_loopback_http and is_loopback(host)):
			raise Rejected(
				f"{host} must be called with https; a connection that others can read is not used."
			)
		return url

	def _redirect(self, method: str, answer: Response, exchange: Exchange, target: str, *, last: bool) -> str:
		here = urlsplit(answer.url)
		try:
			url = urljoin(answer.url, target)
			there = urlsplit(url)
		except ValueError:
			raise self._report(
				exchange, Rejected(f"{here.hostname} redirects to something that is no address.")
			) from None
		if method not in ("GET", "HEAD"):
			raise self._report(
				exchange,
				Rejected(
					f"{here.hostname} redirects a {method} request; the address in the Connection is not right."
				),
			)
		if (here.scheme, here.netloc) != (there.scheme, there.netloc):
			raise self._report(
				exchange,
				Rejected(f"{here.hostname} redirects to another address; our keys are not sent there."),
			)
		if last:
			raise self._report(
				exchange,
				Rejected(f"{here.hostname} sends us in circles (more than {MAX_REDIRECTS} redirects)."),
			)
		self._report(exchange, None)
		return url

	# the call itself

	def _exchange(
		self,
		method: str,
		url: str,
		*,
		json: Any,
		data: Any,
		params: Any,
		headers: Any,
		repeatable: bool,
		at_most: int | None = None,
		public_only: bool | None = None,
	) -> tuple[Response, Exchange]:
		said = {"User-Agent": USER_AGENT, "Accept": "application/json"}
		if json is not None:
			data = jsonlib.dumps(json, default=_json_number, allow_nan=False).encode()
			said["Content-Type"] = "application/json"
		host = _host(url)
		public_only = self.public_only if public_only is None else public_only
		if self.allow_loopback_http and is_loopback(host):
			public_only = False  # a sandbox on this machine
		try:
			prepared = requests.Request(
				method,
				url,
				data=data,
				params=params,
				headers={**said, **(headers or {})},
				auth=_leave_alone,
			).prepare()
		except (requests.RequestException, UnicodeError) as error:
			# a line break in a key, an impossible host name: nothing was sent, so it is no exchange
			raise Rejected(
				"The address or the key in the Connection holds characters that cannot be sent.",
				detail=self.redactor.text(f"{type(error).__name__}: {error}")[:1000],
			) from None
		started_at = datetime.now(timezone.utc)
		clock = time.monotonic()

		def exchange(status: int | None = None, body: bytes = b"", request_id: str = "") -> Exchange:
			return Exchange(
				started_at=started_at,
				method=method,
				url=self.redactor.url(prepared.url or url),
				status=status,
				milliseconds=round((time.monotonic() - clock) * 1000),
				request_body=self.redactor.body(prepared.body, KEPT_BODY),
				response_body=self.redactor.body(body, KEPT_BODY),
				request_id=request_id[:140],
				about=self.about,
			)

		try:
			# proxies and CA bundles of the machine count, except for this machine itself
			if is_loopback(host):
				settings = {"proxies": {}, "stream": True, "verify": True, "cert": None}
			else:
				settings = self._open(False).merge_environment_settings(prepared.url, {}, True, None, None)
				if public_only:
					settings["proxies"] = {}  # a proxy would look the name up by itself
			raw = self._open(public_only).send(
				prepared, timeout=self.timeouts, allow_redirects=False, **settings
			)
		except InsideAddress:
			raise self._report(exchange(), self._inside(host)) from None
		except requests.RequestException as error:
			# `from None`: the original's text may hold the full address; it is kept, redacted, as detail
			raise self._report(exchange(), self._no_answer(error, host, repeatable)) from None
		with raw:
			status, answer_headers = raw.status_code, CaseInsensitiveDict(raw.headers)
			request_id = answer_headers.get("X-Request-Id") or answer_headers.get("Request-Id") or ""
			try:
				body = self._read(raw, clock, at_most)
			except _TooLarge:
				failure: Failure = Rejected(
					f"The answer of {host} is larger than {self.max_response // 1024} kB and was not read."
				)
				raise self._report(exchange(status, request_id=request_id), failure) from None
			except requests.RequestException as error:
				failure = self._no_answer(error, host, repeatable)
				raise self._report(exchange(status, request_id=request_id), failure) from None
		return Response(status, answer_headers, body, prepared.url or url), exchange(status, body, request_id)

	def _open(self, public_only: bool) -> requests.Session:
		if public_only not in self._sessions:
			session = _Session()
			adapter = GuardedAdapter(longest=self.longest_answer, public_only=public_only)
			session.mount("https://", adapter)
			session.mount("http://", adapter)
			self._sessions[public_only] = session
		return self._sessions[public_only]

	def _inside(self, host: str) -> Rejected:
		return Rejected(f"{host} is an address inside this network, or leads to one; nothing is sent there.")

	def _read(self, raw: requests.Response, clock: float, at_most: int | None) -> bytes:
		rest = self.longest_answer - (time.monotonic() - clock)
		line = _line(raw)
		if line is None:
			return self._take(raw, at_most)
		with hung_up_after(line, rest) as hung_up:
			try:
				body = self._take(raw, at_most)
			except requests.RequestException:
				if not hung_up.is_set():
					raise
		if hung_up.is_set():
			raise requests.ReadTimeout("the answer came in too slowly")
		return body

	def _take(self, raw: requests.Response, at_most: int | None) -> bytes:
		chunks, size = [], 0
		try:
			parts = (
				raw.iter_content(64 * 1024)
				if at_most is None
				else iter(lambda: raw.raw.read(at_most - size, decode_content=False), b"")
			)
			for chunk in parts:
				size += len(chunk)
				if at_most is None and size > self.max_response:
					raise _TooLarge
				chunks.append(chunk)
				if at_most is not None and size >= at_most:
					break
		except requests.RequestException:
			raise
		except (HTTPError, OSError) as error:  # what `iter_content` makes of these by itself
			raise requests.ConnectionError(error) from error
		return b"".join(chunks)

	def _no_answer(self, error: requests.RequestException, host: str, repeatable: bool) -> Failure:
		detail = self.redactor.text(f"{type(error).__name__}: {error}")[:1000]
		self.budget.unanswered()
		maybe_done = not repeatable and not _never_sent(error)
		if isinstance(error, requests.exceptions.SSLError):
			sentence = f"The certificate of {host} could not be verified."
		elif isinstance(error, requests.Timeout):
			sentence = f"{host} did not answer in time."
		else:
			sentence = f"{host} could not be reached."
		return Unreachable(f"{sentence} It is tried again later.", maybe_done=maybe_done, detail=detail)

	# after the call

	def _judge(
		self,
		answer: Response,
		exchange: Exchange,
		repeatable: bool,
		rules: Mapping[int, Rule],
		accept: Container[int],
		meaning: Callable[[Response], Failure | None] | None,
		part: Budget | None,
	) -> Response:
		failure = None
		if answer.status not in accept:
			failure = self._read_by(meaning, answer) or self._meaning(answer, repeatable, rules)
		if isinstance(failure, Unreachable):
			self.budget.unanswered()
		else:
			self.budget.answered()
		if isinstance(failure, RateLimited):
			(part or self.budget).close_for(failure.retry_after)
		self._report(exchange, failure)
		if failure:
			raise failure
		return answer

	def _read_by(
		self, meaning: Callable[[Response], Failure | None] | None, answer: Response
	) -> Failure | None:
		"""What the connector makes of a refusal; the vendor's words in it may hold what nobody shall read."""
		failure = meaning(answer) if meaning else None
		if failure is not None:
			failure.sentence = self.redactor.text(failure.sentence)
			failure.detail = self.redactor.text(failure.detail)
			failure.args = (failure.sentence,)
		return failure

	def _meaning(self, answer: Response, repeatable: bool, rules: Mapping[int, Rule]) -> Failure | None:
		status = answer.status
		rule = rules.get(status)
		if rule is None:
			if 200 <= status < 300:
				return None
			rule = RULES.get(status) or (_BROKEN if status >= 500 else _REFUSED)
		host = _host(answer.url)
		message = vendor_message(answer.body)
		sentence = self.redactor.text(
			rule.sentence.format(host=host, status=status, message=f" It says: {message}" if message else "")
		)
		detail = self.redactor.body(answer.body, 1000)
		told = retry_after(answer.headers)
		if rule.failure is RateLimited or (status == 503 and told is not None and rule is _BROKEN):
			return RateLimited(
				sentence, retry_after=told if told is not None else DEFAULT_RETRY_AFTER, detail=detail
			)
		if rule.failure is Unreachable:
			# a 4xx was refused before anything was done; after a 5xx nobody knows
			return Unreachable(sentence, maybe_done=not repeatable and status >= 500, detail=detail)
		return rule.failure(sentence, detail=detail)

	def _report(self, exchange: Exchange, failure: Failure | None) -> Failure:
		"""Hand the exchange on, exactly once; returns the failure so that it can be raised in one line."""
		if self._on_exchange:
			if failure:
				exchange = Exchange(
					**{**vars(exchange), "failure": failure.kind, "sentence": failure.sentence}
				)
			self._on_exchange(exchange)
		return failure  # type: ignore[return-value]


class _TooLarge(Exception):
	pass


class _Session(requests.Session):
	"""Leaves redirects alone: even when told not to follow them, `requests` prepares the next request, for
	which it reads the whole body (however long) and trips over an address that is none."""

	def get_redirect_target(self, resp: requests.Response) -> None:
		return None


def _line(raw: requests.Response) -> Any:
	"""The connection under an answer, None when there is nothing (more) to wait for."""
	if raw.raw.closed:
		return None
	try:
		raw.raw.fileno()
	except (OSError, AttributeError):  # no connection: an answer made up in memory by a test
		return None
	return raw.raw


def _json_number(value: Any) -> int | float:
	"""A Decimal for vendors that want a number: 19.90 is sent as 19.9. One that no float can hold is refused."""
	if isinstance(value, Decimal) and value.is_finite():
		if value == value.to_integral_value():
			return int(value)
		if Decimal(str(float(value))) == value:
			return float(value)
	raise TypeError(f"{value!r} cannot be written as JSON")


def _leave_alone(request: requests.PreparedRequest) -> requests.PreparedRequest:
	"""Keeps `requests` from replacing our Authorization header by what a ~/.netrc holds."""
	return request


def _host(url: str) -> str:
	return urlsplit(url).hostname or "the outside system"


def is_loopback(host: str) -> bool:
	"""Whether a host name or address is this machine itself (no look-up: "localhost" or a literal)."""
	if host.lower() == "localhost":
		return True
	try:
		return ipaddress.ip_address(host.strip("[]")).is_loopback
	except ValueError:
		return False


def _is_inside(host: str) -> bool:
	"""Whether a host is no public address, where a proxy makes the connection. A name that cannot be looked up here is left
	to the proxy. That it may be another address a moment later is harmless: a server inside has no certificate of that
	name."""
	try:
		found = {str(row[4][0]) for row in socket.getaddrinfo(host.strip("[]"), None)}
	except (OSError, UnicodeError):
		return False
	return not all(map(is_public, found))


def _never_sent(error: requests.RequestException) -> bool:
	"""True when the request surely did not reach the vendor: no connection was ever made."""
	if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError):
		return True
	if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
		return True
	reason = getattr(error.args[0], "reason", None) if error.args else None
	# urllib3's name for refused connections and failed look-ups
	return type(reason).__name__ in ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
	"""Seconds of a `Retry-After` header, given as seconds or as an HTTP date; None when there is none or it
	cannot be understood."""
	value = str(headers.get("Retry-After") or "").strip()
	if not value:
		return None
	try:
		seconds = float(value)
	except ValueError:
		try:
			when = parsedate_to_datetime(value)
		except (TypeError, ValueError, OverflowError, IndexError):
			return None
		if when.tzinfo is None:
			when = when.replace(tzinfo=timezone.utc)
		seconds = (when - (now or datetime.now(timezone.utc))).total_seconds()
	if seconds != seconds:  # "nan" is a float too
		return None
	return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def vendor_message(body: bytes, limit: int = 200) -> str:
	"""The vendor's own words in an error body, as far as common JSON shapes tell; one line."""
	try:
		found = _words(jsonlib.loads(body), depth=4)
	except (ValueError, RecursionError):
		return ""
	line = " ".join(found.split())
	return line if len(line) <= limit else line[:limit] + "…"


def _words(value: Any, depth: int) -> str:
	if isinstance(value, str):
		return value
	if depth == 0:
		return ""
	if isinstance(value, list):
		return "; ".join(filter(None, (_words(inner, depth - 1) for inner in value[:3])))
	if isinstance(value, dict):
		for name in (
			"error_description",
			"message",
			"detail",
			"description",
			"title",
			"errors",
			"error",
			"reason",
		):
			if value.get(name):
				return _words(value[name], depth - 1)
	return ""
