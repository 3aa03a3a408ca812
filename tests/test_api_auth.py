"""Every way to sign in to the public API, end to end over HTTP, and what each of them refuses. docs/authentication.md
shows them to callers."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from urllib.parse import parse_qs, urlsplit

import frappe
import pytest
import requests
from frappe.utils.password import update_password

from integration_hub.sync import keys
from tests.support.api import PATH, data, error, token_of, user

#: what the proxy of a site with HTTPS says; Frappe's OAuth provider refuses plain http
TLS = {"X-Forwarded-Proto": "https"}
PASSWORD = "Api-tests-4711!"
CALLBACK = "https://app.example/callback"
OAUTH = "/api/method/frappe.integrations.oauth2."


@pytest.fixture
def tag():
	return frappe.generate_hash(length=8)


@pytest.fixture
def email(web, tag):
	return user(f"auth-{tag}@hub.example", "Sales User")


def customers(web, headers=None, session=None, **options):
	"""The same question by every way in."""
	answer = (session or requests).get(
		f"{web}{PATH}customers.list", params={"limit": 1}, headers={**TLS, **(headers or {})}, timeout=60
	)
	frappe.db.rollback()  # see what it committed
	return answer


def who(web, headers=None, session=None):
	answer = (session or requests).get(f"{web}{PATH}keys.me", headers={**TLS, **(headers or {})}, timeout=60)
	return data(answer)["user"]


# --- API key and secret of a user --------------------------------------------------------------------------


def _basic(pair):
	return "Basic " + base64.b64encode(pair.encode()).decode()


def test_key_and_secret_of_a_user(web, email):
	pair = token_of(email).removeprefix("token ")
	for header in (f"token {pair}", _basic(pair)):
		data(customers(web, {"Authorization": header}))
		assert who(web, {"Authorization": header}) == email


@pytest.mark.parametrize("scheme", ["token", "basic"])
def test_a_wrong_secret_of_a_user(web, email, scheme):
	key, _colon, secret = token_of(email).removeprefix("token ").partition(":")
	for pair in (f"{key}:{secret[:-1]}", f"{key}:", f"x{key}:{secret}", key):
		header = f"token {pair}" if scheme == "token" else _basic(pair)
		error(customers(web, {"Authorization": header}), 401, "unauthorised")


def test_authorisation_that_is_none(web):
	for header in ("Basic ?", "Basic", "token", "Bearer", "Digest a", "Bearer a b", "x" * 5000):
		error(customers(web, {"Authorization": header}), 401, "unauthorised")


# --- our own keys ------------------------------------------------------------------------------------------


def test_a_key_of_the_hub(web, email, tag):
	doc = frappe.get_doc({"doctype": keys.DOCTYPE, "title": tag, "user": email}).insert()
	token = keys.issue(doc)
	frappe.db.commit()  # the web server must see it
	header = {"Authorization": f"Bearer {token}"}
	data(customers(web, header))
	assert who(web, header) == email


# --- OAuth 2: authorisation code with PKCE -----------------------------------------------------------------


class App:
	"""An outside app that a user lets in through the site's own OAuth 2 provider."""

	def __init__(self, web, tag):
		self.web = web
		self.client = frappe.get_doc(
			{
				"doctype": "OAuth Client",
				"app_name": f"App {tag}",
				"scopes": "all",
				"redirect_uris": CALLBACK,
				"default_redirect_uri": CALLBACK,
				"grant_type": "Authorization Code",
				"response_type": "Code",
			}
		).insert()
		frappe.db.commit()  # the web server must see it
		self.verifier = secrets.token_urlsafe(48)

	def challenge(self):
		return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

	def ask(self, browser, **more):
		"""What the user's browser does: see the question, allow it, and be sent back to the app. Returns the code."""
		question = {
			"client_id": self.client.name,
			"response_type": "code",
			"scope": "all",
			"redirect_uri": CALLBACK,
			"state": "s-1",
			"code_challenge": self.challenge(),
			"code_challenge_method": "S256",
			**more,
		}
		page = browser.get(
			f"{self.web}{OAUTH}authorize", params=question, headers=TLS, allow_redirects=False, timeout=60
		)
		assert page.status_code == 200 and self.client.app_name in page.text, page.text[:500]
		sent = browser.get(
			f"{self.web}{OAUTH}approve", params=question, headers=TLS, allow_redirects=False, timeout=60
		)
		assert sent.status_code in (301, 302), sent.text[:500]
		target = urlsplit(sent.headers["Location"])
		assert f"{target.scheme}://{target.netloc}{target.path}" == CALLBACK
		answer = {name: values[0] for name, values in parse_qs(target.query).items()}
		assert answer["state"] == "s-1"
		return answer["code"]

	def token(self, **form):
		return requests.post(
			f"{self.web}{OAUTH}get_token",
			data={"client_id": self.client.name, **form},
			headers=TLS,
			timeout=60,
		)

	def exchange(self, code, verifier=None):
		return self.token(
			grant_type="authorization_code",
			code=code,
			redirect_uri=CALLBACK,
			code_verifier=verifier or self.verifier,
		)


@pytest.fixture
def browser(web, email):
	return signed_in(web, email)


class Browser(requests.Session):
	"""The site says that its cookies are for HTTPS only; tests speak to it as its proxy does, without."""

	def request(self, *arguments, **named):
		answer = super().request(*arguments, **named)
		for cookie in self.cookies:
			cookie.secure = False
		return answer


def signed_in(web, email, password=PASSWORD):
	update_password(email, PASSWORD)
	frappe.db.commit()  # the web server must see it
	session = Browser()
	session.headers.update(TLS)
	answer = session.post(f"{web}/api/method/login", data={"usr": email, "pwd": password}, timeout=60)
	assert answer.status_code == 200, answer.text
	return session


@pytest.fixture
def app(web, tag):
	return App(web, tag)


def test_oauth_with_pkce(web, app, browser, email):
	granted = app.exchange(app.ask(browser))
	assert granted.status_code == 200, granted.text
	token = granted.json()
	assert token["token_type"].lower() == "bearer" and token["expires_in"] > 0
	header = {"Authorization": f"Bearer {token['access_token']}"}
	data(customers(web, header))
	assert who(web, header) == email
	made = requests.post(
		f"{web}{PATH}customers.create",
		json={"customer_name": f"by {app.client.app_name}"},
		headers={**header, **TLS},
		timeout=60,
	)
	data(made, 201)


def test_oauth_refresh_and_revoke(web, app, browser, email):
	first = app.exchange(app.ask(browser)).json()
	second = app.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
	assert second.status_code == 200, second.text
	header = {"Authorization": f"Bearer {second.json()['access_token']}"}
	assert second.json()["access_token"] != first["access_token"] and who(web, header) == email
	revoked = requests.post(
		f"{web}{OAUTH}revoke_token",
		data={"token": second.json()["access_token"], "client_id": app.client.name},
		headers=TLS,
		timeout=60,
	)
	assert revoked.status_code == 200
	error(customers(web, header), 401, "unauthorised")


def test_oauth_code_without_its_verifier_is_worth_nothing(app, browser):
	"""PKCE: whoever steals the code on its way back does not know what it was asked with."""
	code = app.ask(browser)
	for wrong in (secrets.token_urlsafe(48), app.challenge()):
		refused = app.exchange(code, wrong)
		assert refused.status_code >= 400 and "access_token" not in refused.text


def test_oauth_code_works_once(app, browser):
	code = app.ask(browser)
	assert app.exchange(code).status_code == 200
	again = app.exchange(code)
	assert again.status_code >= 400 and "access_token" not in again.text


def test_oauth_sends_nobody_to_another_address(app, browser):
	page = browser.get(
		f"{app.web}{OAUTH}approve",
		params={
			"client_id": app.client.name,
			"response_type": "code",
			"scope": "all",
			"redirect_uri": "https://evil.example/",
		},
		allow_redirects=False,
		timeout=60,
	)
	assert page.status_code >= 400 and "evil" not in page.headers.get("Location", "")


def test_oauth_token_that_has_expired(web, app, browser):
	token = app.exchange(app.ask(browser)).json()["access_token"]
	header = {"Authorization": f"Bearer {token}"}
	data(customers(web, header))
	past = frappe.utils.add_to_date(frappe.utils.now_datetime(), hours=-1)
	frappe.db.set_value("OAuth Bearer Token", token, "expiration_time", past)
	frappe.db.commit()  # the web server must see it
	error(customers(web, header), 401, "unauthorised")


def test_oauth_token_of_a_user_who_left(web, app, browser, email):
	"""Frappe itself goes on taking it; the public API asks."""
	header = {"Authorization": f"Bearer {app.exchange(app.ask(browser)).json()['access_token']}"}
	data(customers(web, header))
	frappe.db.set_value("User", email, "enabled", 0)
	frappe.db.commit()  # the web server must see it
	assert "switched off" in error(customers(web, header), 401, "unauthorised")["message"]


def test_oauth_has_no_client_credentials(app):
	"""Neither Frappe v15 nor v16 offers them; docs/authentication.md says what to use instead."""
	refused = app.token(grant_type="client_credentials", client_secret=app.client.client_secret, scope="all")
	assert refused.status_code >= 400 and "access_token" not in refused.text


# --- session and password ----------------------------------------------------------------------------------


def csrf(web, session):
	page = session.get(f"{web}/integration-hub/api", timeout=60)
	return re.search(r"&quot;csrf_token&quot;: &quot;(\w{20,})&quot;", page.text)[1]


def create(web, session, name, headers=None, **options):
	options = options or {"json": {"customer_name": name}}
	answer = session.post(f"{web}{PATH}customers.create", headers=headers, timeout=60, **options)
	frappe.db.rollback()  # see what it committed
	return answer


def test_a_session(web, browser, email, tag):
	data(customers(web, session=browser))
	assert who(web, session=browser) == email
	token = csrf(web, browser)
	data(create(web, browser, f"{tag} a", {"X-Frappe-CSRF-Token": token}), 201)


@pytest.mark.parametrize("headers", [{}, {"X-Frappe-CSRF-Token": "0" * 56}], ids=["none", "wrong"])
@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
def test_a_session_writes_nothing_without_its_csrf_token(web, browser, tag, headers, form):
	csrf(web, browser)
	options = {"data": {"customer_name": tag}} if form else {"json": {"customer_name": tag}}
	error(create(web, browser, tag, headers, **options), 400, "malformed")
	assert not frappe.db.exists("Customer", {"customer_name": tag})


def test_a_session_that_ended(web, browser):
	data(customers(web, session=browser))
	assert browser.post(f"{web}/api/method/logout", timeout=60).status_code == 200
	error(customers(web, session=browser), 401, "unauthorised")


def test_a_session_of_a_user_who_left(web, browser, email):
	data(customers(web, session=browser))
	frappe.db.set_value("User", email, "enabled", 0)
	frappe.db.commit()  # the web server must see it
	error(customers(web, session=browser), 401, "unauthorised")


@pytest.fixture
def ten_tries(site):
	before = frappe.db.get_single_value("System Settings", "allow_consecutive_login_attempts")

	def allow(number):
		frappe.db.set_single_value("System Settings", "allow_consecutive_login_attempts", number)
		frappe.db.commit()  # the web server must see it
		frappe.clear_document_cache("System Settings", "System Settings")
		frappe.cache.delete_value("system_settings")

	allow(5)
	yield
	allow(before)


def test_passwords_cannot_be_tried_for_long(web, email, ten_tries):
	signed_in(web, email)
	for _number in range(7):
		wrong = requests.post(
			f"{web}/api/method/login", data={"usr": email, "pwd": "wrong"}, headers=TLS, timeout=60
		)
		assert wrong.status_code >= 400, wrong.text[:200]
	right = requests.post(
		f"{web}/api/method/login", data={"usr": email, "pwd": PASSWORD}, headers=TLS, timeout=60
	)
	assert right.status_code >= 400 and "locked" in right.text, right.text[:300]


def test_keys_and_secrets_cannot_be_tried_for_long(web, email, tag):
	number = int(tag, 36)
	place = {"X-Forwarded-For": f"198.18.{number % 250}.{number // 250 % 250 + 1}"}
	key = token_of(email).removeprefix("token ").partition(":")[0]
	found = [
		customers(web, {"Authorization": f"token {key}:{number}", **place}).status_code
		for number in range(103)
	]
	assert found[:100] == [401] * 100 and set(found[100:]) == {429}
	assert customers(web, {"Authorization": f"token {key}:x", **place}).headers["Retry-After"]
