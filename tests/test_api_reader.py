"""The page to read and try the public API: everything comes from the site, and only files of the official release run."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
import requests

from tests.support.people import Person, user

PAGE = "/integration-hub/api"


@pytest.fixture(scope="module")
def page(web):
	answer = requests.get(f"{web}{PAGE}", timeout=60)
	assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")
	return answer


def test_nothing_is_fetched_from_elsewhere(page):
	policy = page.headers["Content-Security-Policy"]
	assert "default-src 'none'" in policy and "script-src 'self';" in policy and "http" not in policy
	assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page.text)
	assert "<script>" not in page.text and "onclick" not in page.text


def test_browsers_run_the_official_release_only(web, page):
	found = re.findall(r"(?:src|href)=\"(\S+?)\" integrity=\"sha384-(\S+?)\"", page.text)
	assert {address.rpartition("/")[2].partition("?")[0] for address, _digest in found} == {
		"swagger-ui.css",
		"swagger-ui-bundle.js",
	}
	for address, digest in found:
		body = requests.get(f"{web}{address}", timeout=60).content
		assert base64.b64encode(hashlib.sha384(body).digest()).decode() == digest


def test_every_file_it_names_is_there(web, page):
	for address in re.findall(r"(?:src|href)=\"(/\S+?)\"", page.text):
		answer = requests.get(f"{web}{address}", timeout=60)
		assert answer.status_code == 200 and answer.headers["X-Content-Type-Options"] == "nosniff", address
	back = requests.get(f"{web}{PAGE}/oauth2-redirect", timeout=60)
	assert back.status_code == 200 and "oauth2-redirect.js" in back.text
	assert requests.get(f"{web}{PAGE}/index.js", timeout=60).status_code == 404
	assert requests.get(f"{web}{PAGE}/..%2f..%2fhooks.py", timeout=60).status_code == 404


def test_the_token_of_a_session_is_only_in_its_own_page(page, web):
	assert "&quot;csrf_token&quot;: &quot;&quot;" in page.text
	person = Person(web, user("manager"))  # not the one all tests share: from now on it must send the token
	own = person.session.get(f"{person.web}{PAGE}", timeout=60)
	assert re.search(r"&quot;csrf_token&quot;: &quot;\w{20,}&quot;", own.text)
	assert "no-store" in own.headers["Cache-Control"]
