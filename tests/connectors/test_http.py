"""The one way out: what each status means, what is never sent, never followed, never kept."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
import traceback
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from integration_hub.connectors import http as http_module
from integration_hub.connectors.budget import Budget
from integration_hub.connectors.http import (
	DEFAULT_RETRY_AFTER,
	LONGEST_RETRY_AFTER,
	MAX_REDIRECTS,
	Http,
	Rule,
	is_loopback,
	retry_after,
	vendor_message,
)
from integration_hub.failures import (
	Failure,
	Gone,
	NotAuthorised,
	RateLimited,
	Rejected,
	Unreachable,
)

SECRET = 'sk_live_9f"8/7 é&e6<d5'


def way(vendor, **options) -> tuple[Http, list]:
	"""An Http to a vendor of this machine, and the list its exchanges go to."""
	exchanges: list = []
	options = {
		"allow_loopback_http": True,
		"timeouts": (1.0, 5.0),
		"on_exchange": exchanges.append,
		**options,
	}
	return Http(vendor if isinstance(vendor, str) else vendor.url, **options), exchanges


def closed_port() -> int:
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return probe.getsockname()[1]


# ---- the table

MEANINGS = {
	None: (200, 201, 202, 204, 206, 226),
	Rejected: (300, 304, 400, 405, 406, 409, 411, 412, 413, 414, 415, 418, 422, 428, 431, 451, 501, 505),
	NotAuthorised: (401, 402, 403),
	Gone: (404, 410),
	Unreachable: (408, 421, 423, 425, 500, 502, 503, 504, 507, 508, 520, 522, 524, 530, 599),
	RateLimited: (429,),
}


@pytest.mark.parametrize(
	("status", "expected"),
	[(status, expected) for expected, group in MEANINGS.items() for status in group],
	ids=str,
)
def test_what_a_status_means(anybody, status, expected):
	http, exchanges = way(anybody)
	anybody.answer = Response(b'{"error": "words of the vendor"}', status)
	if expected is None:
		assert http.request("GET", "thing").status == status
		assert exchanges[0].failure == exchanges[0].sentence == ""
	else:
		with pytest.raises(Failure) as caught:
			http.request("GET", "thing")
		assert type(caught.value) is expected
		assert "127.0.0.1" in caught.value.sentence and str(status) in caught.value.sentence
		assert (exchanges[0].failure, exchanges[0].sentence) == (expected.__name__, str(caught.value))
	assert [one.status for one in exchanges] == [status]


def test_every_other_status_is_sorted_too(anybody):
	"""No status of the standard range leaves as anything but an answer or a Failure."""
	for status in range(200, 600):
		http, exchanges = way(anybody)
		anybody.answer = Response(b"", status)
		try:
			assert 200 <= http.request("GET", "x").status < 300
		except Failure as failure:
			assert not 200 <= status < 300
			assert isinstance(failure, Unreachable) or status < 500 or status in (501, 505)
		assert len(exchanges) == 1


@pytest.mark.parametrize(
	("status", "repeatable", "maybe_done"),
	[(500, False, True), (504, False, True), (500, True, False), (408, False, False), (423, False, False)],
)
def test_after_a_5xx_nobody_knows_whether_it_was_done(anybody, status, repeatable, maybe_done):
	anybody.answer = Response(b"", status)
	with pytest.raises(Unreachable) as caught:
		way(anybody)[0].request("POST", "x", json={}, repeatable=repeatable)
	assert caught.value.maybe_done is maybe_done


def test_a_connectors_own_rows_come_first(anybody):
	http, _exchanges = way(anybody)
	rules = {
		200: Rule(Rejected, "{host} says no with {status}.{message}"),
		404: Rule(NotAuthorised, "No shop."),
	}
	anybody.answer = Response(b'{"errors": {"title": ["is too long"]}}', 200)
	with pytest.raises(Rejected, match=r"127.0.0.1 says no with 200\. It says: is too long|no with 200"):
		http.request("GET", "x", rules=rules)
	anybody.answer = Response(b"", 404)
	with pytest.raises(NotAuthorised, match="No shop"):
		http.request("GET", "x", rules=rules)
	with pytest.raises(Gone):
		http.request("GET", "x")


@pytest.mark.parametrize(
	("body", "words"),
	[
		(b'{"error": "a", "error_description": "b"}', "b"),
		(b'{"errors": [{"message": "one"}, {"message": "two"}]}', "one; two"),
		(b'{"message": "line\\n  break"}', "line break"),
		(b'"just a text"', "just a text"),
		(b'{"detail": {"reason": "deep"}}', "deep"),
		(b"<html>500</html>", ""),
		(b"\xff\xfe", ""),
		(b"[" * 100_000, ""),
		(b"{}", ""),
		(b'{"message": "' + b"x" * 500 + b'"}', "x" * 200 + "…"),
	],
)
def test_the_vendors_own_words(body, words):
	assert vendor_message(body) == words


def test_an_answer_that_is_not_json_is_rejected(anybody):
	anybody.answer = Response(b"<html>", 200, content_type="text/html")
	answer = way(anybody)[0].request("GET", "x")
	assert answer.text == "<html>"
	with pytest.raises(Rejected, match="not JSON"):
		answer.json()


# ---- Retry-After

NOW = datetime(2026, 3, 1, 10, 0, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
	("value", "seconds"),
	[
		("3", 3.0),
		("2.0", 2.0),
		("  7 ", 7.0),
		("0", 0.0),
		("-5", 0.0),
		("Sun, 01 Mar 2026 10:01:30 GMT", 90.0),
		("Sunday, 01-Mar-26 10:01:30 GMT", 90.0),
		("Sun Mar  1 10:01:30 2026", 90.0),
		("Sun, 01 Mar 2026 12:00:10 +0200", 10.0),
		("Sun, 01 Mar 2026 09:00:00 GMT", 0.0),
		("1e30", LONGEST_RETRY_AFTER),
		("inf", LONGEST_RETRY_AFTER),
		("Sun, 01 Mar 2099 10:00:00 GMT", LONGEST_RETRY_AFTER),
		("nan", None),
		("soon", None),
		("", None),
		("99 Foo 2026", None),
	],
)
def test_retry_after_forms(value, seconds):
	assert retry_after({"Retry-After": value}, NOW) == seconds


def test_no_retry_after():
	assert retry_after({}) is None


@given(
	st.text(max_size=40)
	| st.floats().map(repr)
	| st.integers().map(str)
	| st.datetimes().map(format_datetime)
)
def test_retry_after_is_never_absurd(value):
	found = retry_after({"Retry-After": value})
	assert found is None or 0 <= found <= LONGEST_RETRY_AFTER


@pytest.mark.parametrize("status", (429, 503))
def test_told_to_wait_closes_the_gate(anybody, status):
	"""Nobody calls again before the time the vendor named, whatever it said it with."""
	for header, low, high in (
		("30", 30, 30),
		(format_datetime(datetime.now(timezone.utc) + timedelta(seconds=60), usegmt=True), 55, 60),
	):
		http, _exchanges = way(anybody)
		anybody.answer = Response(b"", status, headers={"Retry-After": header})
		with pytest.raises(RateLimited) as told:
			http.request("GET", "x")
		assert low <= told.value.retry_after <= high
		anybody.log.clear()
		with pytest.raises(RateLimited) as refused:
			http.request("GET", "x")
		assert low - 1 <= refused.value.retry_after <= high
		assert anybody.log.count() == 0


def test_429_without_a_time(anybody):
	anybody.answer = Response(b"", 429)
	with pytest.raises(RateLimited) as told:
		way(anybody)[0].request("GET", "x")
	assert told.value.retry_after == DEFAULT_RETRY_AFTER


def test_503_without_a_time_is_no_wish_to_wait(anybody):
	anybody.answer = Response(b"", 503, headers={"Retry-After": "tomorrow"})
	with pytest.raises(Unreachable):
		way(anybody)[0].request("GET", "x")


# ---- no answer


@pytest.mark.parametrize("repeatable", (True, False))
@pytest.mark.parametrize(("kind", "sentence"), [("timeout", "in time"), ("drop", "could not be reached")])
def test_a_lost_answer(anybody, kind, sentence, repeatable):
	anybody.troubles.add(kind, seconds=3)
	http, exchanges = way(anybody, timeouts=(1.0, 0.25))
	began = time.monotonic()
	with pytest.raises(Unreachable, match=sentence) as caught:
		http.request("POST", "x", json={}, repeatable=repeatable)
	assert time.monotonic() - began < 2
	assert caught.value.maybe_done is not repeatable
	assert [(one.status, one.failure) for one in exchanges] == [(None, "Unreachable")]
	assert http.budget.status().failures == 1


def test_nobody_listens(anybody):
	http, exchanges = way(f"http://127.0.0.1:{closed_port()}")
	with pytest.raises(Unreachable, match="could not be reached") as caught:
		http.request("POST", "x", json={}, repeatable=False)
	assert not caught.value.maybe_done, "it was surely never sent"
	assert exchanges[0].status is None


def test_a_connection_that_nobody_accepts():
	with socket.socket() as busy:
		busy.bind(("127.0.0.1", 0))
		busy.listen(0)
		waiting = [socket.socket() for _ in range(4)]
		for one in waiting:
			one.setblocking(False)
			one.connect_ex(busy.getsockname())
		try:
			http, _exchanges = way(f"http://127.0.0.1:{busy.getsockname()[1]}", timeouts=(0.3, 0.3))
			with pytest.raises(Unreachable, match="in time") as caught:
				http.request("POST", "x", json={}, repeatable=False)
			assert not caught.value.maybe_done
		finally:
			for one in waiting:
				one.close()


@pytest.mark.parametrize("length", ({}, {"Content-Length": "5000"}), ids=("open end", "known length"))
def test_an_answer_that_drips_is_given_up(anybody, monkeypatch, length):
	"""Each byte is in time; all of them together are not."""
	monkeypatch.setattr(http_module, "LONGEST_ANSWER", 0.4)

	def drip():
		for _ in range(60):
			yield b"x"
			if anybody.stopping.wait(0.05):
				return

	anybody.answer = Response(drip(), 200, headers=length)
	http, exchanges = way(anybody, timeouts=(1.0, 1.0))
	began = time.monotonic()
	with pytest.raises(Unreachable) as caught:
		http.request("POST", "x", json={}, repeatable=False)
	assert time.monotonic() - began < 2
	assert caught.value.maybe_done
	assert [(one.status, one.failure) for one in exchanges] == [(200, "Unreachable")]


def test_an_answer_that_breaks_off(anybody):
	anybody.answer = Response((part for part in (b"abc",)), 200, headers={"Content-Length": "50"})
	with pytest.raises(Unreachable):
		way(anybody)[0].request("GET", "x")


def test_calls_to_a_dead_vendor_stop(anybody):
	http, _exchanges = way(anybody, budget=Budget("dead", breaker_after=3))
	anybody.answer = Response(b"", 500)
	for _ in range(3):
		with pytest.raises(Unreachable):
			http.request("GET", "x")
	with pytest.raises(RateLimited, match="has not answered"):
		http.request("GET", "x")
	assert anybody.log.count() == 3


def test_a_refusal_is_an_answer(anybody):
	http, _exchanges = way(anybody, budget=Budget("alive", breaker_after=2))
	anybody.answer = Response(b"", 422)
	for _ in range(5):
		with pytest.raises(Rejected):
			http.request("GET", "x")
	assert http.budget.status().failures == 0


# ---- TLS only


@pytest.mark.parametrize(
	"address",
	[
		"http://shop.example.com",
		"http://127.0.0.1.example.com",
		"http://localhost.example.com",
		"http://10.0.0.1",
		"http://0.0.0.0",
		"http://[fe80::1]",
		"ftp://127.0.0.1",
		"file:///etc/passwd",
		"https://",
		"https://[broken",
		"https://shop.example.com:port",
	],
)
def test_what_is_never_called(address):
	http, exchanges = way(address)
	with pytest.raises(Rejected):
		http.request("GET", "x")
	with pytest.raises(Rejected):
		way("https://shop.example.com")[0].request("GET", f"{address}/x")
	assert exchanges == []


def test_plain_http_on_this_machine_needs_leave(anybody):
	http, exchanges = way(anybody, allow_loopback_http=False)
	with pytest.raises(Rejected, match="https"):
		http.request("GET", "x")
	assert anybody.log.count() == 0 and exchanges == []
	assert way(anybody)[0].request("GET", "x").status == 200


@pytest.mark.parametrize(
	("host", "is_it"),
	[
		("localhost", True),
		("LOCALHOST", True),
		("127.0.0.1", True),
		("127.9.9.9", True),
		("::1", True),
		("[::1]", True),
		("0.0.0.0", False),
		("10.0.0.1", False),
		("example.com", False),
		("127.0.0.1.nip.io", False),
	],
)
def test_loopback(host, is_it):
	assert is_loopback(host) is is_it


@pytest.fixture
def self_signed(tmp_path):
	"""A TLS server whose certificate nobody vouches for; gives its URL and the paths it was asked for."""
	from cryptography import x509
	from cryptography.hazmat.primitives import hashes, serialization
	from cryptography.hazmat.primitives.asymmetric import ec
	from cryptography.x509.oid import NameOID

	key = ec.generate_private_key(ec.SECP256R1())
	name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
	now = datetime.now(timezone.utc)
	certificate = (
		x509.CertificateBuilder()
		.subject_name(name)
		.issuer_name(name)
		.public_key(key.public_key())
		.serial_number(x509.random_serial_number())
		.not_valid_before(now - timedelta(days=1))
		.not_valid_after(now + timedelta(days=1))
		.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
		.sign(key, hashes.SHA256())
	)
	pem = tmp_path / "server.pem"
	pem.write_bytes(
		certificate.public_bytes(serialization.Encoding.PEM)
		+ key.private_bytes(
			serialization.Encoding.PEM,
			serialization.PrivateFormat.PKCS8,
			serialization.NoEncryption(),
		)
	)
	context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	context.load_cert_chain(pem)
	asked: list[str] = []

	def app(environ, start_response):
		asked.append(environ["PATH_INFO"])
		return Response(b"{}")(environ, start_response)

	server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=context)
	thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
	thread.start()
	yield f"https://localhost:{server.server_port}", asked
	server.shutdown()
	server.server_close()


def test_a_certificate_that_nobody_vouches_for(self_signed):
	url, asked = self_signed
	http, exchanges = way(url)
	with pytest.raises(Unreachable, match="certificate") as caught:
		http.request("POST", "x", json={"key": SECRET}, repeatable=False)
	assert not caught.value.maybe_done and asked == []
	assert exchanges[0].failure == "Unreachable"


# ---- redirects


@pytest.mark.parametrize("status", (301, 302, 303, 307, 308))
def test_a_redirect_within_the_host_is_followed(anybody, status):
	def answer(request):
		if request.path == "/old":
			return Response(b"", status, headers={"Location": "/new?page=2"})
		return Response(b'"here"')

	anybody.answer = answer
	http, exchanges = way(anybody)
	found = http.request("GET", "old", params={"page": "1"}, headers={"Authorization": "Bearer abcdefgh"})
	assert found.json() == "here"
	assert [(one.path, one.query_string) for one in anybody.seen] == [
		("/old", b"page=1"),
		("/new", b"page=2"),
	]
	assert anybody.seen[1].headers["Authorization"] == "Bearer abcdefgh"
	assert [one.status for one in exchanges] == [status, 200]


@pytest.mark.parametrize("status", (301, 302, 303, 307, 308))
def test_a_redirect_to_another_host_is_refused(anybody, other_host, status):
	"""Another port is another host too; and `localhost` is not the name our key was made for."""
	port = anybody.url.rsplit(":", 1)[1]
	for target in (
		other_host.url + "/x",
		f"http://localhost:{port}/x",
		f"//localhost:{port}/x",
		f"https://127.0.0.1:{port}/x",
		f"http://user@127.0.0.1:{port}/x",
	):
		anybody.answer = Response(b"", status, headers={"Location": target})
		http, exchanges = way(anybody)
		anybody.log.clear()
		with pytest.raises(Rejected, match="keys are not sent there"):
			http.request("GET", "x", headers={"Authorization": "Bearer abcdefgh"})
		assert len(exchanges) == anybody.log.count() == 1
	assert other_host.log.count() == 0


def test_a_redirect_to_no_address_is_refused(anybody):
	class Careless(Response):
		def get_wsgi_headers(self, environ):
			return self.headers  # werkzeug would not send such an address

	anybody.answer = Careless(b"", 302, headers={"Location": "http://[broken", "Content-Length": "0"})
	http, exchanges = way(anybody)
	with pytest.raises(Rejected, match="no address"):
		http.request("GET", "x")
	assert [one.failure for one in exchanges] == ["Rejected"]


@pytest.mark.parametrize("method", ("POST", "PUT", "PATCH", "DELETE"))
def test_a_redirected_write_is_refused(anybody, method):
	anybody.answer = Response(b"", 307, headers={"Location": "/elsewhere"})
	with pytest.raises(Rejected, match=f"redirects a {method}"):
		way(anybody)[0].request(method, "x", json={})
	assert anybody.log.count() == 1


def test_circles_end(anybody):
	anybody.answer = Response(b"", 302, headers={"Location": "/x"})
	http, exchanges = way(anybody)
	with pytest.raises(Rejected, match="circles"):
		http.request("GET", "x")
	assert anybody.log.count() == MAX_REDIRECTS + 1
	assert len(exchanges) == MAX_REDIRECTS + 1, "each exchange is told once"
	assert exchanges[-1].failure == "Rejected"


# ---- endless answers


@pytest.mark.parametrize(
	"body",
	[
		lambda: Response(b"x" * 5001),
		lambda: Response(b"x" * 1000 for _ in range(6)),
		lambda: Response(gzip.compress(b"x" * 1_000_000), headers={"Content-Encoding": "gzip"}),
	],
	ids=("known length", "open end", "packed"),
)
def test_an_answer_that_is_too_large_is_not_read(anybody, body):
	anybody.answer = body()
	http, exchanges = way(anybody, max_response=5000)
	with pytest.raises(Rejected, match="larger than 4 kB"):
		http.request("GET", "x")
	assert exchanges[0].response_body == "" and exchanges[0].failure == "Rejected"


def test_a_redirect_that_is_too_large_is_not_read_either(anybody):
	anybody.answer = Response(b"x" * 100_000, 302, headers={"Location": "/y"})
	with pytest.raises(Rejected, match="larger"):
		way(anybody, max_response=5000)[0].request("GET", "x")


def test_an_answer_of_just_the_size_is_read(anybody):
	anybody.answer = Response(b"x" * 5000)
	assert len(way(anybody, max_response=5000)[0].request("GET", "x").body) == 5000


def test_a_packed_answer_is_unpacked(anybody):
	anybody.answer = Response(gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"})
	assert way(anybody)[0].request("GET", "x").json() == {"a": 1}


# ---- secrets


def everything_said(failure: Failure | None, exchanges: list, *more: str) -> str:
	said = [repr(one) for one in exchanges] + list(more)
	for one in exchanges:
		said += [one.url, one.request_body, one.response_body, one.sentence, one.request_id]
	if failure:
		said += [str(failure), failure.sentence, failure.detail, repr(failure)]
		said += traceback.format_exception(failure)
	return "\n".join(said)


@pytest.mark.parametrize("status", (200, 400, 401, 404, 429, 500))
def test_secrets_are_in_nothing_that_is_kept(anybody, status):
	"""The vendor even repeats our key in its answer, as some do."""
	anybody.answer = lambda request: Response(
		f'{{"error": "the key {SECRET!s} is odd"}}'.replace('f"8', 'f\\"8').encode(), status
	)
	http, exchanges = way(anybody, secrets=[SECRET])
	failure = None
	try:
		http.request(
			"POST",
			"things",
			params={"key": SECRET, "q": f"x {SECRET}"},
			headers={"X-Key": "in a header"},
			json={"deep": [{"note": f"with {SECRET} inside"}]},
		)
	except Failure as caught:
		failure = caught
	assert (failure is None) == (status == 200)
	said = everything_said(failure, exchanges)
	# milliseconds, times and ports hold digits of their own
	for spelling in ("9f", "sk_live"):
		assert spelling not in said
	assert "[redacted]" in exchanges[0].request_body and "[redacted]" in exchanges[0].response_body


@pytest.mark.parametrize(
	"call",
	[
		{"params": {"api_key": "unknown-to-us-1"}},
		{"json": {"password": "unknown-to-us-1", "a": [{"client_secret": "unknown-to-us-1"}]}},
		{"data": {"token": "unknown-to-us-1", "other": "kept"}},
		{"data": "<x><transactionKey>unknown-to-us-1</transactionKey></x>"},
	],
	ids=("query", "json", "form", "xml"),
)
def test_fields_that_are_called_secret_are_not_kept(anybody, call):
	http, exchanges = way(anybody)
	http.request("POST", "x", **call)
	assert anybody.seen[0].method == "POST"
	assert "unknown-to-us" not in everything_said(None, exchanges)


def test_a_key_in_the_address_is_not_told_when_nobody_answers():
	path, value = (f"{word}{number}" for word, number in (("hunter", 22), ("other", 44)))
	http, exchanges = way(f"http://127.0.0.1:{closed_port()}", secrets=[path])
	with pytest.raises(Unreachable) as caught:
		http.request("GET", f"bot-{path}/send", params={"token": value})
	said = everything_said(caught.value, exchanges)
	assert path not in said and value not in said
	assert "127.0.0.1" in caught.value.detail


def test_a_key_that_cannot_be_sent_is_not_told():
	key = "\n".join(("line", f"break{7 * 6}"))
	http, exchanges = way("https://shop.example.com", secrets=[key])
	with pytest.raises(Rejected, match="cannot be sent") as caught:
		http.request("GET", "x", headers={"X-Key": key})
	assert "break42" not in everything_said(caught.value, exchanges)
	assert exchanges == []


def test_a_token_issued_a_moment_ago_is_hidden(anybody):
	anybody.answer = Response(b'{"echo": "fresh-token-value"}')
	http, exchanges = way(anybody)
	http.hide("fresh-token-value")
	answer = http.request("GET", "x/fresh-token-value")
	assert answer.json() == {"echo": "fresh-token-value"}
	assert "fresh-token" not in everything_said(None, exchanges, repr(answer))


def test_what_an_exchange_tells(anybody):
	anybody.answer = Response(b'{"ok": true}', 201, headers={"X-Request-Id": "r" * 500})
	http, (exchanges) = way(anybody)
	before = datetime.now(timezone.utc)
	http.request("post", "orders", json={"a": 1}, params={"page": 2})
	(told,) = exchanges
	assert (told.method, told.status, told.url) == ("POST", 201, f"{anybody.url}/orders?page=2")
	assert (told.request_body, told.response_body) == ('{"a": 1}', '{"ok": true}')
	assert before <= told.started_at <= datetime.now(timezone.utc) and 0 <= told.milliseconds < 5000
	assert len(told.request_id) == 140


def test_an_accepted_status_is_an_answer(anybody):
	"""A vendor whose refusal must be read first: the caller says which statuses it judges itself."""
	anybody.answer = Response(b'{"message": "why"}', status=422)
	told: list[http_module.Exchange] = []
	http = Http(anybody.url, allow_loopback_http=True, on_exchange=told.append)
	answer = http.request("GET", "/", accept={422})
	assert (answer.status, answer.json()) == (422, {"message": "why"}) and told[0].failure == ""
	for accept in ((), {400}):
		with pytest.raises(Rejected, match="why"):
			http.request("GET", "/", accept=accept)


# --- refusals that have to be read ---


def test_a_connector_says_what_a_refusal_means(anybody):
	http, exchanges = way(anybody, secrets=[SECRET])
	anybody.answer = Response(f"no: {SECRET}", status=418, headers={"Request-Id": "req_1"})

	def meaning(answer):
		return Gone(f"Tea, not coffee: {answer.text}", detail=answer.text)

	with pytest.raises(Gone, match="Tea") as refused:
		http.request("GET", "/x", meaning=meaning)
	assert (exchanges[0].failure, exchanges[0].request_id) == ("Gone", "req_1")
	for words in (str(refused.value), refused.value.sentence, refused.value.detail, exchanges[0].sentence):
		assert SECRET not in words
	with pytest.raises(Rejected):
		http.request("GET", "/x", meaning=lambda answer: None)  # left to the table
	assert http.request("GET", "/x", meaning=meaning, accept=(418,)).status == 418
	anybody.answer = Response(b"{}")
	assert http.request("GET", "/x", meaning=lambda answer: None).status == 200
	with pytest.raises(Gone):  # some vendors refuse with 200
		http.request("GET", "/x", meaning=meaning)


def test_a_class_of_a_connector_s_own_is_told_as_what_it_derives_from(anybody):
	class NoTea(Gone):
		pass

	http, exchanges = way(anybody)
	with pytest.raises(NoTea):
		http.request("GET", "/x", meaning=lambda answer: NoTea("There is no tea."))
	assert exchanges[0].failure == "Gone"


def test_calls_with_a_limit_of_their_own_wait_alone(anybody):
	http, _exchanges = way(anybody, budget=Budget("whole", max_wait=0.1))
	part = http.budget.part("search", "100/second")
	anybody.answer = Response(status=429, headers={"Retry-After": "5"})
	with pytest.raises(RateLimited):
		http.request("GET", "/x", part=part)
	assert part.status().closed_until > time.time() + 4 and not http.budget.status().closed_until
	anybody.answer = Response(b"{}")
	assert http.request("GET", "/x").status == 200
	with pytest.raises(RateLimited):
		http.request("GET", "/x", part=part)


def test_what_a_connector_says_counts_for_the_budget(anybody):
	http, _exchanges = way(anybody, budget=Budget("meaning", breaker_after=1, max_wait=0.1))
	anybody.answer = Response(status=409)
	with pytest.raises(RateLimited):
		http.request("GET", "/x", meaning=lambda answer: RateLimited("Wait.", retry_after=5))
	assert http.budget.status().closed_until > time.time() + 4
	http.budget.reset()
	with pytest.raises(Unreachable):
		http.request("GET", "/x", meaning=lambda answer: Unreachable("Broken."))
	assert http.budget.status().failures == 1


def test_decimals_are_sent_as_numbers(anybody):
	"""Weights and prices of vendors that want numbers; not one is rounded on the way."""
	http, _exchanges = way(anybody)
	http.request(
		"POST", "/x", json={"price": Decimal("19.90"), "pieces": Decimal("3.000"), "list": [Decimal("0.1")]}
	)
	assert anybody.seen[-1].get_data() == b'{"price": 19.9, "pieces": 3, "list": [0.1]}'
	assert anybody.seen[-1].content_type == "application/json"
	for bad in (Decimal("1234567890123456.789"), Decimal("NaN"), float("nan")):
		with pytest.raises((TypeError, ValueError)):
			http.request("POST", "/x", json={"price": bad})


def test_a_content_type_of_ones_own_counts(anybody):
	http, _exchanges = way(anybody)
	http.request("PATCH", "/x", json={"a": 1}, headers={"content-type": "application/json-patch+json"})
	assert anybody.seen[-1].content_type == "application/json-patch+json"
