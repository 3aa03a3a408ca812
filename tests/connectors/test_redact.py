"""No secret survives redaction, wherever it stands and however it is written; what is not secret stays.

A person's data is another matter: it is kept as long as the settings say and then removed with the whole
payload (`integration_hub.sync.retention`). Here only what must never be stored at all.
"""

from __future__ import annotations

import base64
import html
import json
import urllib.parse

import pytest
import requests
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from integration_hub.connectors.redact import LONGEST_LOOK, REDACTED, Redactor, is_secret_name

NAMES = (
	"password",
	"Passwd",
	"pwd",
	"client_secret",
	"clientSecret",
	"X-Shopify-Access-Token",
	"access_token",
	"refresh-token",
	"token",
	"api_key",
	"apiKey",
	"X-API-KEY",
	"key_secret",
	"Authorization",
	"Proxy-Authorization",
	"Cookie",
	"Set-Cookie",
	"X-Shopify-Hmac-Sha256",
	"signature",
	"transactionKey",
	"license_key",
	"LicenceKey",
	"client_assertion",
	"SessionId",
	"loginID",
	"private_key",
	"shared_key",
	"passphrase",
	"credentials",
	"card_number",
	"cardNumber",
	"cvv",
	"cvc2",
	"iban",
	"bearer",
)
OPEN_NAMES = ("id", "name", "sku", "key", "author", "passenger", "title", "amount", "note", "hash", "status")

#: what a key may look like at its worst; the mark makes it certain that a hit is no chance
secrets = st.text(
	st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc", "Cn", "Zl", "Zp")),
	min_size=1,
	max_size=20,
).map(lambda text: f"S3{text}x9")
#: values whose secrecy only their field's name tells
plain_secrets = st.text("abcXYZ0189-_.~/+=", min_size=6, max_size=24).map(lambda text: f"S3{text}x9")
words = st.text(st.characters(exclude_categories=("Cs",)), max_size=15).filter(lambda text: "S3" not in text)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words
trees = st.recursive(
	leaves,
	lambda inner: st.lists(inner, max_size=3)
	| st.dictionaries(st.sampled_from(OPEN_NAMES), inner, max_size=3),
	max_leaves=10,
)


def texts_of(value):
	"""Every text and key in a JSON value."""
	if isinstance(value, dict):
		for key, inner in value.items():
			yield key
			yield from texts_of(inner)
	elif isinstance(value, list):
		for inner in value:
			yield from texts_of(inner)
	else:
		yield str(value)


@st.composite
def trees_with(draw, planted):
	"""A JSON value with `planted` somewhere in it: deep, in a list, in a key, inside a longer text."""
	value = planted
	for _ in range(draw(st.integers(1, 5))):
		shape = draw(st.sampled_from(("list", "dict", "both")))
		if shape == "list":
			value = [draw(trees), value, draw(trees)]
		elif shape == "dict":
			value = {draw(st.sampled_from(OPEN_NAMES)): value, "other": draw(trees)}
		else:
			value = [{draw(st.sampled_from(OPEN_NAMES)): value}]
	return value


# ---- known values


@settings(max_examples=300, deadline=None)
@given(st.data(), secrets, st.booleans())
def test_a_known_value_survives_nowhere_in_json(data, secret, ascii_only):
	planted = data.draw(
		st.sampled_from([secret, f"before {secret} after", {secret: 1}, {f"x{secret}": "y"}, [[secret]]])
	)
	tree = data.draw(trees_with(planted))
	text = json.dumps(tree, ensure_ascii=ascii_only)
	redacted = Redactor([secret]).body(text.encode())
	assert not any(secret in one for one in texts_of(json.loads(redacted)))
	assert REDACTED in redacted


@settings(max_examples=200, deadline=None)
@given(st.lists(secrets, min_size=2, max_size=4, unique=True), st.data())
def test_several_values_that_contain_each_other(many, data):
	many = [*many, many[0] + many[1]]
	tree = data.draw(trees_with(" ".join(many)))
	redacted = Redactor(many).body(json.dumps(tree))
	for text in texts_of(json.loads(redacted)):
		assert not any(secret in text for secret in many)


@settings(max_examples=200, deadline=None)
@given(secrets, st.sampled_from(("path", "query", "name", "text", "fragment", "user")))
def test_a_known_value_survives_nowhere_in_an_address(secret, place):
	quoted = urllib.parse.quote(secret, safe="")
	address = {
		"path": f"https://api.example.com/bot{quoted}/send",
		"query": f"https://api.example.com/x?a=1&q={quoted}",
		"name": f"https://api.example.com/x?{quoted}=1",
		"text": f"https://api.example.com/x?q=before{quoted}after",
		"fragment": f"https://api.example.com/x#{quoted}",
		"user": f"https://{quoted}:{quoted}@api.example.com/x",
	}[place]
	for sent in (address, requests.Request("GET", address, auth=lambda request: request).prepare().url):
		for redacted in (Redactor([secret]).url(sent), Redactor([secret]).text(f"GET {sent} failed")):
			assert secret not in urllib.parse.unquote(redacted)
			assert secret not in urllib.parse.unquote_plus(redacted)
			assert "api.example.com" in redacted


@settings(max_examples=200, deadline=None)
@given(secrets)
def test_a_known_value_as_requests_writes_it(secret):
	assume("#" not in secret and "?" not in secret)
	prepared = requests.Request(
		"POST",
		f"https://api.example.com/{secret}/x",
		params={"q": f"x {secret}", secret: "y"},
		data={"a": secret, "b": f"{secret} and more", secret: "c"},
		headers={"X-Note": "y"},
	).prepare()
	redactor = Redactor([secret])
	for redacted in (redactor.url(prepared.url), redactor.body(prepared.body), redactor.text(prepared.url)):
		assert secret not in urllib.parse.unquote(redacted)
		assert secret not in urllib.parse.unquote_plus(redacted)
	assert secret not in str(redactor.headers({"X-Note": f"is {secret}", "Other": secret}))


WRITTEN = {
	"as it is": lambda secret: secret,
	"JSON": lambda secret: json.dumps(secret),
	"JSON, as it is": lambda secret: json.dumps(secret, ensure_ascii=False),
	"JSON with escaped slashes": lambda secret: json.dumps(secret).replace("/", "\\/"),
	"percent": lambda secret: urllib.parse.quote(secret),
	"percent, all": lambda secret: urllib.parse.quote(secret, safe=""),
	"percent, plus": urllib.parse.quote_plus,
	"HTML": html.escape,
	"base64": lambda secret: base64.b64encode(secret.encode()).decode(),
}


@settings(max_examples=100, deadline=None)
@given(secrets, st.sampled_from(sorted(WRITTEN)))
def test_a_known_value_survives_in_no_spelling(secret, spelling):
	written = WRITTEN[spelling](secret)
	said = Redactor([secret]).text(f"<p>The vendor says: {written}, so it is.</p>")
	assert written.strip('"') not in said
	assert said.startswith("<p>The vendor says: ") and said.endswith(", so it is.</p>")


def test_a_known_value_that_comes_as_a_number():
	redactor = Redactor(["40718293"])
	found = json.loads(
		redactor.body('{"account": 40718293, "in": [1, 40718293.0], "other": 12, "flag": true}')
	)
	assert found == {"account": REDACTED, "in": [1, REDACTED], "other": 12, "flag": True}


def test_json_inside_of_json():
	secret = 'a"b\\c/d é'
	inner = json.dumps({"why": secret, "password": "other-one"})
	redacted = Redactor([secret]).body(json.dumps({"detail": inner, "list": [inner]}))
	for text in texts_of(json.loads(redacted)):
		assert "other-one" not in text and secret not in text and json.dumps(secret)[1:-1] not in text


# ---- names


@pytest.mark.parametrize("name", NAMES)
def test_names_of_secrets(name):
	for spelling in (name, name.upper(), name.lower(), f"x_{name}", f"{name}[0]", name.replace("_", "-")):
		assert is_secret_name(spelling)


@pytest.mark.parametrize("name", [*OPEN_NAMES, "line_items", "customer", "email", "order_number", "currency"])
def test_names_of_other_things(name):
	assert not is_secret_name(name)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(NAMES), plain_secrets)
def test_nothing_under_a_secret_name_survives_in_json(data, name, secret):
	held = data.draw(
		st.sampled_from([secret, [secret], {"value": secret}, {"a": [{"b": secret}]}, [[1, secret]]])
	)
	redacted = Redactor().body(json.dumps(data.draw(trees_with({name: held, "id": 7}))))
	assert secret not in redacted
	assert json.loads(redacted) is not None and '"id": 7' in redacted


@settings(max_examples=200, deadline=None)
@given(trees.filter(lambda tree: isinstance(tree, dict | list)))
def test_json_without_secrets_stays_as_it_is(tree):
	redacted = json.loads(Redactor(["some-secret-value"]).body(json.dumps(tree), limit=10**6))
	if not any(sign in text for text in texts_of(tree) for sign in "=:@<\\"):
		assert redacted == tree


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(NAMES), plain_secrets)
def test_nothing_under_a_secret_name_survives_elsewhere(name, secret):
	redactor, quoted = Redactor(), urllib.parse.quote(secret, safe="")
	form = urllib.parse.urlencode({"a": "1", name: secret, "b": "2"})
	assert dict(urllib.parse.parse_qsl(redactor.body(form))) == {"a": "1", name: REDACTED, "b": "2"}
	assert dict(urllib.parse.parse_qsl(redactor.body(form.encode())))[name] == REDACTED
	redacted = redactor.url(f"https://api.example.com/x?{form}")
	assert secret not in urllib.parse.unquote(redacted) and "a=1" in redacted and "b=2" in redacted
	assert redactor.headers({name: secret, "Accept": "x/y"}) == {name: REDACTED, "Accept": "x/y"}
	assert redactor.headers({name: secret.encode()})[name] == REDACTED
	for text in (
		f'broken {{"a": 1, "{name}": "{secret}", "b": 2',
		f'broken {{"{name}": "{secret}',
		f"GET https://api.example.com/x?a=1&{name}={quoted}&b=2 failed",
		f"HTTPSConnectionPool(host='x'): Max retries exceeded with url: /x?{name}={quoted} (Caused by y)",
		f"<x><{name}>{secret}</{name}><b>2</b></x>",
		f"<n:x xmlns:n='u'><n:{name} type='s'>{secret}</n:{name}></n:x>",
		f'<x {name}="{secret}" b="2"/>',
	):
		said = redactor.body(text)
		assert secret not in urllib.parse.unquote(said), said
		assert REDACTED in said


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(NAMES), plain_secrets)
def test_nothing_in_a_branch_of_a_secret_name_survives(name, secret):
	"""As in JSON that can be parsed, also where it is cut, and in XML at any depth."""
	redactor = Redactor()
	for text in (
		f"<a><{name}><number>{secret}</number></{name}><b>2</b></a>",
		f"<a><p:{name} kind='{secret}'><x><y z='{secret}'/>{secret}<{name}/></x>{secret}</p:{name}><b>2</b></a>",
		f"<a><{name}><![CDATA[<{secret}>]]><!-- {secret} > --></{name}><b>2</b></a>",
		f"<a><{name}><{name}>{secret}</{name}>{secret}</{name}><b>2</b></a>",
		f"<a><b>2</b><{name}><number>{secret}",
		f'<a><b>2</b><{name} number="{secret}',
		f'<a><b>2</b><{name} number="{secret}>{secret}"/></a>',
		f'Notice: undefined {{"{name}": {{"number": "{secret}", "more": ["}}", "{secret}"]}}, "b": 2}}',
		f'{{"b": 2, "{name}": [{{"number": "{secret}"',
		json.dumps({"body": json.dumps({name: {"number": secret}, "b": 2})}),
	):
		said = redactor.body(text)
		assert secret not in said and REDACTED in said, said
		assert "2" in said, "what stands beside it stays"


def test_xml_keeps_what_is_no_secret():
	text = (
		"<a x='1'><!-- said --><card><number>4111</number></card> <b><![CDATA[<i>2</i>]]></b> 1 < 2 > 0</a>"
	)
	assert Redactor().body(text) == text.replace("4111", REDACTED)


@settings(max_examples=50, deadline=None)
@given(plain_secrets)
def test_authorisations_in_text(secret):
	basic = base64.b64encode(f"user:{secret}".encode()).decode()
	for text in (f"sent Authorization: Bearer {secret}!", f"sent basic {basic}!"):
		said = Redactor().text(text)
		assert secret not in said and basic not in said and said.startswith("sent ")
	assert secret not in Redactor().text(f"redis://user:{secret.replace('/', '')}@host/1")


def test_flags_and_nulls_under_secret_names_tell_something():
	found = Redactor().value({"requires_signature": True, "token": None, "cvv": 123, "token_type": "bearer"})
	assert found == {"requires_signature": True, "token": None, "cvv": REDACTED, "token_type": REDACTED}


# ---- size


@pytest.mark.parametrize("kind", ("text", "json"))
@pytest.mark.parametrize("shift", (-30, -23, -22, -12, -7, -1, 0, 1))
def test_a_secret_at_the_cut_is_not_told_by_half(shift, kind):
	secret = "S3cret-value-9876543210"
	start = LONGEST_LOOK + shift
	filler = ("x" * 79 + "\n") * (start // 80 + 1)
	if kind == "json":
		body = json.dumps({"note": filler[: start - 11], "why": secret, "more": filler})
	else:
		body = filler[:start] + secret + filler
	said = Redactor([secret]).body(body, limit=10**7)
	for size in range(6, len(secret)):
		assert secret[:size] not in said
	assert f"[{len(body)} in all]" in said


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 80))
def test_what_is_kept_is_cut_after_redaction(limit):
	secret = "S3cret-value-9876543210"
	said = Redactor([secret]).body(json.dumps({"a": "x" * 20, "b": secret, "c": "y" * 50}), limit=limit)
	assert "S3" not in said and said[:limit].count("\x00") == 0
	assert len(said) <= limit + len("… [999 in all]")


def test_short_values_are_left_alone():
	assert Redactor(["abc", ""]).text("abcdef") == "abcdef"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_body_can_be_redacted(body):
	redactor = Redactor(["some-secret-value"])
	assert isinstance(redactor.body(body), str)
	assert isinstance(redactor.url(body.decode("utf-8", "replace")), str)
	assert redactor.body(None) == redactor.body(b"") == ""


def test_redaction_takes_no_longer_for_nasty_texts():
	"""Patterns that look back and forth are a way to stop a worker: linear, please."""
	import time

	redactor = Redactor(["some-secret-value"])
	for nasty in (
		"<password " * 20_000,
		"token" * 40_000,
		'"token":' * 20_000,
		"a" * 200_000 + "@",
		"a." * 90_000,
		"basic " * 30_000,
		"<" * 200_000,
		"<card>" * 40_000,
		"<![CDATA[" * 25_000,
		"<card><!--" * 20_000,
		'"card":{' * 25_000,
		'"card":{"' + '\\"' * 100_000 + "\\",
	):
		began = time.process_time()
		redactor.body(nasty)
		assert time.process_time() - began < 3, nasty[:20]
