"""The connector of outgoing webhooks alone: what each way to fail of a receiver means, within its time; and signatures
that the specification's own library takes."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from integration_hub.connectors.budget import Budget
from integration_hub.connectors.contract import Message
from integration_hub.connectors.http import Http
from integration_hub.connectors.webhooks import FORMER, KEPT_ANSWER, Webhooks, body_of, signing
from integration_hub.failures import EndpointGone, NotAuthorised, Unreachable
from tests.connectors.conftest import Vault
from tests.support import sink as sinks
from tests.support.sink import Sink

SECRET = signing.new_secret()
MESSAGE = Message(
	id="msg_1",
	type="customer.created",
	timestamp=datetime(2026, 11, 23, 9, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))),
	data={
		"name": "Käthe & Söhne 東京",
		"grand_total": "19.90",
		"qty": 2.5,
		"disabled": False,
		"tax_id": None,
	},
)
#: seconds for a whole answer in these tests
LONGEST = 1.5


class Ear:
	"""A connector and the receiver that it delivers to."""

	def __init__(self, url: str, secret: str = SECRET):
		self.exchanges, self.vault = [], Vault()
		self.budget = Budget("ear")
		settings = {"environment": "Sandbox", "sandbox_url": url, "url": "", "secret": secret}
		options = {**Webhooks.http_options, "timeouts": (1.0, 1.0), "longest_answer": LONGEST}
		http = Http(
			url,
			budget=self.budget,
			on_exchange=self.exchanges.append,
			secrets=[secret],
			allow_loopback_http=True,
			**options,
		)
		self.connector = Webhooks(settings, http, self.vault)

	def deliver(self, message: Message = MESSAGE) -> None:
		self.connector.deliver(message)


@pytest.fixture
def sink():
	one = Sink()
	yield one
	one.stop()


@pytest.fixture
def ear(sink):
	return Ear(sink.url)


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
	return sinks._answer(status, *headers, body=body)


def until_a_date() -> bytes:
	"""Made when it is tried: the test may come long after it was collected."""
	date = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=300), usegmt=True)
	return answer("503 Service Unavailable", f"Retry-After: {date}")


PACKED = gzip.compress(b"\0" * 50_000_000)
#: how the receiver behaves → (the failure, what its sentence says, seconds that it asked for)
WAYS: dict[str, tuple[bytes | Callable[[], bytes] | None, str, float]] = {
	"error": (None, "HTTP 500", 0),
	"bad gateway": (answer("502 Bad Gateway"), "HTTP 502", 0),
	"unavailable": (None, "HTTP 503", 120),
	"unavailable until a date": (until_a_date, "HTTP 503", 300),
	"unavailable for nonsense": (answer("503 Service Unavailable", "Retry-After: soon"), "HTTP 503", 0),
	"unavailable for ever": (answer("503 Service Unavailable", "Retry-After: 99999999999"), "HTTP 503", 86400),
	"unavailable since yesterday": (answer("503 Service Unavailable", "Retry-After: -5"), "HTTP 503", 0),
	"too many": (None, "HTTP 429", 60),
	"too many, and not for how long": (answer("429 Too Many Requests"), "HTTP 429", 0),
	"not found": (None, "HTTP 404", 0),
	"refused": (None, "HTTP 400", 0),
	"unauthorised": (None, "HTTP 401", 0),
	"unpaid": (answer("402 Payment Required"), "HTTP 402", 0),
	"forbidden": (answer("403 Forbidden"), "HTTP 403", 0),
	"teapot": (answer("418 I'm a teapot"), "HTTP 418", 0),
	"not changed": (answer("304 Not Modified"), "HTTP 304", 0),
	"a status that is none": (answer("999 What"), "HTTP 999", 0),
	"moved": (answer("301 Moved Permanently", "Location: https://elsewhere.example/"), "redirects", 0),
	"redirect": (None, "redirects", 0),
	"redirect inside": (None, "redirects", 0),
	"redirect to itself": (answer("308 Permanent Redirect", "Location: /hook"), "redirects", 0),
	"redirect to nowhere": (answer("302 Found", "Location: https://[::1"), "redirects", 0),
	"redirect without a place": (answer("302 Found"), "HTTP 302", 0),
	"nonsense": (None, "could not be reached", 0),
	"bomb": (None, "HTTP 500", 0),
	"a real bomb": (answer("500 Internal Server Error", "Content-Encoding: gzip", body=PACKED), "HTTP 500", 0),
	"hang up": (None, "could not be reached", 0),
	"silent": (None, "did not answer in time", 0),
	"drip": (None, "could not be reached|did not answer in time", 0),
}  # fmt: skip


@pytest.mark.parametrize("how", WAYS)
def test_whatever_it_does_it_is_a_failed_try_in_time(how, sink, ear, monkeypatch):
	made, says, told = WAYS[how]
	if made is not None:
		monkeypatch.setitem(sinks.ANSWERS, how, made() if callable(made) else made)
	sink.behave(how)
	began = time.monotonic()
	with pytest.raises(Unreachable, match=says) as failed:
		ear.deliver()
	assert time.monotonic() - began < LONGEST + 1.5
	assert failed.value.retry_after == pytest.approx(told, abs=5)
	assert ear.budget.status().closed_until > time.time() if told else True
	assert len(sink.seen) == 1, "tried again by the engine alone"
	[exchange] = ear.exchanges
	assert exchange.failure and len(exchange.response_body) <= 2 * KEPT_ANSWER
	kept = f"{exchange} {failed.value.detail} {failed.value.sentence}"
	assert SECRET not in kept and SECRET.removeprefix("whsec_") not in kept


@pytest.mark.parametrize("how", ["ok", "no content", "endless", "a real bomb that says 200", "cut"])
def test_a_2xx_is_a_2xx_whatever_follows(how, sink, ear, monkeypatch):
	monkeypatch.setitem(
		sinks.ANSWERS, "a real bomb that says 200", answer("200 OK", "Content-Encoding: gzip", body=PACKED)
	)
	sink.behave(how)
	began = time.monotonic()
	if how == "cut":  # it died in the middle of its answer: nobody knows whether it has stored the message
		with pytest.raises(Unreachable):
			ear.deliver()
	else:
		ear.deliver()
	assert time.monotonic() - began < LONGEST + 1
	assert all(len(one.response_body) <= 2 * KEPT_ANSWER for one in ear.exchanges)


def test_410_means_that_nobody_listens_any_more(sink, ear):
	sink.behave("gone")
	with pytest.raises(EndpointGone, match="wants no more"):
		ear.deliver()


def test_nobody_there():
	gone = Sink()
	gone.stop()
	began = time.monotonic()
	with pytest.raises(Unreachable, match="could not be reached"):
		Ear(gone.url).deliver()
	assert time.monotonic() - began < LONGEST


def test_somebody_who_takes_no_connection():
	"""A full queue of connections: packets are dropped without a word."""
	full = socket.create_server(("127.0.0.1", 0), backlog=0)
	waiting = []
	for _one in range(4):
		line = socket.socket()
		line.setblocking(False)
		line.connect_ex(full.getsockname())
		waiting.append(line)
	try:
		began = time.monotonic()
		with pytest.raises(Unreachable, match="in time"):
			Ear(f"http://127.0.0.1:{full.getsockname()[1]}/hook").deliver()
		assert time.monotonic() - began < LONGEST + 1.5
	finally:
		for line in (*waiting, full):
			line.close()


def test_somebody_who_speaks_no_tls(sink):
	"""https to a server that only knows http."""
	with pytest.raises(Unreachable):
		Ear(sink.url.replace("http://", "https://")).deliver()
	assert sink.seen == []


# --- what is sent -----------------------------------------------------------------------------------------


def test_a_message_as_the_specification_has_it(sink, ear):
	ear.deliver()
	[delivery] = sink.taken()
	assert delivery.headers["content-type"] == "application/json"
	assert delivery.headers["webhook-id"] == "msg_1"
	assert abs(int(delivery.headers["webhook-timestamp"]) - time.time()) < 5
	assert "authorization" not in delivery.headers and "cookie" not in delivery.headers
	assert json.loads(delivery.body) == {
		"type": "customer.created",
		"timestamp": "2026-11-23T04:00:00.000Z",
		"data": dict(MESSAGE.data),
	}
	assert Webhook(SECRET).verify(delivery.body, delivery.headers) == json.loads(delivery.body)


def test_every_try_has_the_same_id_and_body_and_its_own_time(sink, ear, monkeypatch):
	sink.behave("error")
	with pytest.raises(Unreachable):
		ear.deliver()
	moment = datetime.now(timezone.utc) + timedelta(seconds=90)

	class Later(datetime):
		@classmethod
		def now(cls, tz=None):
			return moment.astimezone(tz)

	monkeypatch.setattr(signing, "datetime", Later)
	ear.deliver()
	first, second = sink.seen
	assert first.id == second.id and first.body == second.body
	assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) >= 89
	for one in (first, second):
		Webhook(SECRET).verify(one.body, one.headers)


def test_while_the_secret_changes_both_sign(sink, ear):
	new = ear.connector.rotate_secret(SECRET)
	assert new != SECRET
	ear.connector.config["secret"] = new
	ear.deliver()
	[delivery] = sink.taken()
	assert len(delivery.headers["webhook-signature"].split()) == 2
	for secret in (SECRET, new):
		Webhook(secret).verify(delivery.body, delivery.headers)
	with pytest.raises(WebhookVerificationError):
		Webhook(signing.new_secret()).verify(delivery.body, delivery.headers)
	assert not any(secret in str(ear.exchanges) for secret in (SECRET, new))


def test_the_former_secret_ends_by_itself(sink, ear):
	new = ear.connector.rotate_secret(SECRET)
	ear.connector.config["secret"] = new
	ear.vault.now = lambda: datetime.now(timezone.utc) + signing.OVERLAP + timedelta(seconds=1)
	ear.deliver()
	[delivery] = sink.taken()
	Webhook(new).verify(delivery.body, delivery.headers)
	with pytest.raises(WebhookVerificationError):
		Webhook(SECRET).verify(delivery.body, delivery.headers)


def test_without_a_secret_nothing_is_sent(sink):
	with pytest.raises(NotAuthorised, match="Rotate Secret"):
		Ear(sink.url, secret="").deliver()
	assert sink.seen == []


def test_rotating_from_nothing_leaves_no_former_one(ear):
	Webhook(ear.connector.rotate_secret(""))
	assert ear.vault.get(FORMER) is None


@pytest.mark.parametrize(
	"secret", ["", "whsec_", "whsec_AAAA", "whsec_not base64!", "AAAA" * 10, "whsec_" + "AAAA" * 30]
)
def test_what_is_no_secret_is_not_taken_for_one(secret):
	with pytest.raises(ValueError, match="base64|bytes"):
		signing.key_of(secret)


def test_secrets_are_long_and_never_the_same():
	made = {signing.new_secret() for _number in range(100)}
	assert len(made) == 100 and {len(signing.key_of(one)) for one in made} == {signing.BYTES}


json_values = st.recursive(
	st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
	lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), inner, max_size=4),
	max_leaves=12,
)  # fmt: skip


@given(
	st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), json_values, max_size=5),
	st.lists(st.binary(min_size=24, max_size=64), min_size=1, max_size=3, unique=True),
)
def test_whatever_is_told_every_live_secret_verifies_it(data, keys):
	secrets = [signing.PREFIX + base64.b64encode(key).decode() for key in keys]
	body = body_of(Message("msg_x", "a.b", datetime.now(timezone.utc), data))
	headers = signing.headers("msg_x", body, secrets)
	for secret in secrets:
		assert Webhook(secret).verify(body, headers)["data"] == data
