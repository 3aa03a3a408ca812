"""The Python client of the public API: typed methods over HTTP against the site, tries again where that does no harm; and
what is made of the API's description is not older than the API."""

from __future__ import annotations

import json
import re
import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import frappe
import pytest
import requests
import responses
from requests.adapters import HTTPAdapter

from clients import generate
from integration_hub.api.rest.endpoint import PREFIX
from sandbox import books
from tests.support.api import Caller, data, token_of, user

sys.path.insert(0, str(generate.CLIENT.parent))

import integration_hub_client as client  # it is not installed here
from integration_hub_client import calling

OWN = "https://erp.example.com"
GET = f"{OWN}{calling.PREFIX}customers.get"
CREATE = f"{OWN}{calling.PREFIX}customers.create"


@pytest.fixture(scope="module")
def hub(callers, web):
	token = callers("Sales Manager", "Sales Master Manager", "Sales User").session.headers["Authorization"]
	return client.Hub(web, token.removeprefix("token "))


@pytest.fixture
def tag():
	return frappe.generate_hash(length=8)


@pytest.fixture
def waits(monkeypatch):
	"""How long the client would have slept."""
	found: list[float] = []
	monkeypatch.setattr(calling.time, "sleep", found.append)
	return found


def test_what_is_made_of_the_description_is_not_old(site):
	from integration_hub.api.rest.openapi import document

	for path, text in generate.files(document()).items():
		assert path.read_text() == generate.formatted(path, text), (
			f"{path.name} is older than the API: make generated"
		)


def test_every_method_of_the_api_is_a_method_of_the_client(site):
	from integration_hub.api.rest.endpoint import registry

	hub = client.Hub(OWN, "a:b")
	for path in registry():
		group, _dot, name = path.removeprefix(PREFIX).rpartition(".")
		assert callable(getattr(getattr(hub, group.replace(".", "_")), name)), path


# --- against the site ----------------------------------------------------------------------------------------


def test_made_read_changed(hub, tag):
	made = hub.customers.create(customer_name=f"Acme {tag}", tax_id="DE1")
	frappe.db.rollback()  # see what it committed
	assert frappe.db.get_value("Customer", made["name"], "tax_id") == "DE1"
	reply = hub.call("customers.get", {"name": made["name"], "fields": ["name", "tax_id"]})
	assert reply.data == {"name": made["name"], "tax_id": "DE1"} and reply.status == 200
	state = hub.call("customers.get", {"name": made["name"]}).etag
	assert hub.customers.update(made["name"], tax_id=None, if_match=state)["tax_id"] is None
	with pytest.raises(client.ChangedMeanwhile):
		hub.customers.update(made["name"], tax_id="2", if_match=state)


def test_rows_of_all_pages(hub, tag):
	since = datetime.now(timezone.utc) - timedelta(seconds=5)
	result = hub.customers.create_many([{"customer_name": f"{tag} {number}"} for number in range(5)])
	assert (result["done"], result["failed"]) == (5, 0)
	listed = hub.customers.list(modified_since=since, limit=2, fields=["name"], disabled=False)
	names = [row["name"] for row in listed]
	assert {one["name"] for one in result["results"]} <= set(names) and len(names) == len(set(names))
	assert len(list(listed.pages())) >= 3
	assert listed.first() == {"name": names[0]}


def test_errors_are_exceptions(hub, web, tag):
	with pytest.raises(client.Invalid) as invalid:
		hub.customers.create(customer_name="")
	assert list(invalid.value.fields) == ["customer_name"] and invalid.value.status == 422
	frappe.db.rollback()  # see what it committed
	assert frappe.db.exists("Integration API Call", invalid.value.request_id)
	with pytest.raises(client.NotFound):
		hub.customers.get(f"no {tag}")
	with pytest.raises(client.Refused) as refused:
		hub.customers.create(customer_name=tag, territory="Nowhere")
	assert "Nowhere" in refused.value.message
	with pytest.raises(client.Unauthorised):
		client.Hub(web, "no:key").customers.get("x")
	with pytest.raises(client.Unauthorised):
		client.Hub(web, "no-bearer").customers.get("x")


class LosesAnswers(HTTPAdapter):
	"""The first answers reach nobody: what was asked is done all the same."""

	lost = 0

	def send(self, request, **options):
		answer = super().send(request, **options)
		if self.lost < 2:
			self.lost += 1
			raise requests.ConnectionError("the answer was lost")
		return answer


def test_a_lost_answer_does_nothing_twice(hub, web, tag, waits):
	own = client.Hub(web, hub._sender.session.headers["Authorization"].removeprefix("token "))
	own._sender.session.mount("http://", LosesAnswers())
	made = own.customers.create(customer_name=tag)
	frappe.db.rollback()  # see what it committed
	assert frappe.db.get_all("Customer", {"customer_name": tag}, pluck="name") == [made["name"]]
	assert len(waits) == 2


def test_what_the_page_shows_works(web, tag):
	"""The first calls of docs/api.md: by curl and by the client."""
	page = (generate.PROJECT / "docs" / "api.md").read_text()
	books.customer("Acme Ltd")
	books.service_item("MUG")
	email = user(f"page-{tag}@hub.example", "Integration Shop")
	frappe.defaults.set_user_default("company", books.company(), email)
	header = token_of(email)  # commits
	said = re.search(r'Idempotency-Key: shop-10045".*?/api/method/(\S+) -d \'(.*?)\'', page, re.S)
	body = json.loads(said[2].replace("10045", f"{tag}-curl"))
	data(Caller(web, {"Authorization": header}).post(said[1].removeprefix(PREFIX), **body), 201)

	[program] = re.findall(r"```python\n(.*?)```", page, re.S)
	for shown, meant in (
		("https://YOUR-SITE", web),
		("ihk_…", header.removeprefix("token ")),
		("10045", tag),
	):
		assert shown in program
		program = program.replace(shown, meant)
	found: dict = {}
	exec(program, found)
	frappe.db.rollback()  # see what it committed
	order = frappe.get_doc("Sales Order", found["order"]["name"])
	assert (order.docstatus, order.grand_total, order.po_no) == (1, 39.8, tag)


def test_a_file_is_bytes(hub):
	assert hub.description.openapi().startswith(b'{"openapi":"3.1.0"')


# --- tries again ---------------------------------------------------------------------------------------------


def _refusal(kind):
	return {"error": {"type": kind, "message": "later", "fields": [], "request_id": "r"}}


@responses.activate
def test_it_waits_as_told(waits):
	responses.post(CREATE, json=_refusal("too_many"), status=429, headers={"Retry-After": "7"})
	responses.post(CREATE, json=_refusal("busy"), status=503, headers={"Retry-After": "3"})
	responses.post(CREATE, json={"data": {"name": "A"}}, status=201)
	assert client.Hub(OWN, "a:b").customers.create(customer_name="A") == {"name": "A"}
	assert waits == [7, 3]
	keys = [call.request.headers["Idempotency-Key"] for call in responses.calls]
	assert len(set(keys)) == 1 and len(keys[0]) >= 16


@responses.activate
def test_each_post_has_a_key_of_its_own_unless_one_is_given(waits):
	responses.post(CREATE, json={"data": {}}, status=201)
	hub = client.Hub(OWN, "a:b")
	for key in (None, None, "mine"):
		hub.customers.create(customer_name="A", idempotency_key=key)
	keys = [call.request.headers["Idempotency-Key"] for call in responses.calls]
	assert len(set(keys)) == 3 and keys[2] == "mine"


@responses.activate
def test_what_has_no_key_is_not_sent_again_on_a_guess(waits):
	rotate = f"{OWN}{calling.PREFIX}keys.rotate"
	responses.post(rotate, body=requests.ConnectionError("the answer was lost"))
	with pytest.raises(requests.ConnectionError):
		client.Hub(OWN, "a:b").keys.rotate()
	assert len(responses.calls) == 1 and "Idempotency-Key" not in responses.calls[0].request.headers


@responses.activate
def test_patience_ends(waits):
	responses.get(GET, json=_refusal("too_many"), status=429, headers={"Retry-After": "3600"})
	with pytest.raises(client.TooMany):
		client.Hub(OWN, "a:b").customers.get("A")
	assert waits == [] and len(responses.calls) == 1


@responses.activate
def test_tries_end(waits):
	responses.get(GET, body="<h1>Bad Gateway</h1>", status=502, content_type="text/html")
	with pytest.raises(client.HubError) as error:
		client.Hub(OWN, "a:b", tries=3).customers.get("A")
	assert (error.value.type, error.value.status, len(responses.calls)) == ("failed", 502, 3)


@responses.activate
@pytest.mark.parametrize(
	"status, kind", [(422, "invalid"), (409, "conflict"), (500, "failed"), (403, "forbidden")]
)
def test_what_helps_nobody_is_not_tried_again(waits, status, kind):
	responses.get(GET, json=_refusal(kind), status=status)
	with pytest.raises(client.HubError) as error:
		client.Hub(OWN, "a:b").customers.get("A")
	assert error.value.type == kind and len(responses.calls) == 1 and waits == []


@responses.activate
def test_a_key_that_is_being_worked_on_is_asked_again(waits):
	responses.post(CREATE, json=_refusal("conflict"), status=409, headers={"Retry-After": "2"})
	responses.post(CREATE, json={"data": {"name": "A"}}, status=201)
	assert client.Hub(OWN, "a:b").customers.create(customer_name="A") == {"name": "A"}
	assert waits == [2]


def test_what_json_has_not():
	moment = datetime(2026, 3, 1, 15, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
	sent = calling.as_json(
		{"at": moment, "on": date(2026, 3, 1), "rate": Decimal("1E+3"), "tax_id": None, "left": client.UNSET}
	)
	assert sent == {"at": "2026-03-01T09:30:00Z", "on": "2026-03-01", "rate": "1000", "tax_id": None}
	assert calling.in_address({"fields": ["a", "b"], "disabled": False, "none": None, "limit": 2}) == {
		"fields": "a,b",
		"disabled": "false",
		"limit": "2",
	}
	with pytest.raises(ValueError, match="no time zone"):
		calling.as_json({"at": datetime(2026, 3, 1)})


def test_one_can_type_against_it(tmp_path, monkeypatch):
	"""A program with two slips is told of both by mypy."""
	api = pytest.importorskip("mypy.api")
	program = tmp_path / "program.py"
	program.write_text(
		"from integration_hub_client import Hub\n"
		'hub = Hub("https://erp.example.com", "a:b")\n'
		"for row in hub.customers.list(limit=2):\n"
		'\tprint(row["name"])\n'
		'\tprint(row["nickname"])\n'
		"hub.customers.create()\n"
	)
	root = Path(generate.CLIENT.parent)
	monkeypatch.setenv("MYPYPATH", str(root))
	out, _err, status = api.run(
		["--strict", f"--config-file={root / 'pyproject.toml'}", f"--cache-dir={tmp_path}", str(program)]
		+ ["--python-executable", sys.executable]
	)
	assert status == 1 and '"nickname"' in out and '"customer_name"' in out, out
