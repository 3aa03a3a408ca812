"""The public API keeps to its own description: an OpenAPI 3.1 document that validators accept, and schemathesis, which
calls every method there is with good and bad input and looks whether the answers are what the document says."""

from __future__ import annotations

import json
import subprocess
import sys
import typing
from pathlib import Path

import frappe
import pytest
import requests
from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo

from tests.support.api import PATH, Caller, data, error, token_of, user
from tests.support.described import must_be_as_described

DESCRIPTION = f"{PATH}description.openapi"
SECONDS = 600
#: what may be called as often as schemathesis likes
CALLS_PER_MINUTE = 1_000_000
EVERYTHING = "api-everything@hub.example"


@pytest.fixture(scope="module")
def description(web):
	answer = requests.get(f"{web}{DESCRIPTION}", timeout=60)
	assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json"
	return answer.json()


def test_openapi_validators_accept_it(description):
	validator = pytest.importorskip("openapi_spec_validator")
	validator.OpenAPIV31SpecValidator(description).validate()


def test_it_describes_every_method_and_nothing_else(description):
	from integration_hub.api.rest.endpoint import registry

	described = {
		(path.removeprefix("/api/method/"), verb.upper())
		for path, verbs in description["paths"].items()
		for verb in verbs
	}
	assert described == {(path, one.verb) for path, one in registry().items()}
	assert all(one["summary"] for verbs in description["paths"].values() for one in verbs.values())


def test_whoever_has_it_is_told_so(web):
	first = requests.get(f"{web}{DESCRIPTION}", timeout=60)
	again = requests.get(f"{web}{DESCRIPTION}", headers={"If-None-Match": first.headers["ETag"]}, timeout=60)
	assert again.status_code == 304 and not again.content


@pytest.fixture(scope="module")
def everything(web):
	"""The key of a user who may do all that roles allow, as often as it likes."""
	roles = frappe.get_all("Role", {"name": ("not in", ("Administrator", "Guest", "All"))}, pluck="name")
	token = token_of(user(EVERYTHING, *roles))
	settings = frappe.get_doc("Integration Settings")
	before = settings.api_calls_per_minute
	settings.db_set("api_calls_per_minute", CALLS_PER_MINUTE)
	frappe.db.commit()  # the web server must see it
	frappe.clear_document_cache("Integration Settings", "Integration Settings")
	yield token
	frappe.db.rollback()  # see what the server committed meanwhile
	for name in frappe.get_all(
		"Integration Connection", {"connector": "webhooks", "webhook_user": EVERYTHING}, pluck="name"
	):
		frappe.delete_doc("Integration Connection", name)  # later tests' documents must not be told to them
	frappe.get_doc("Integration Settings").db_set("api_calls_per_minute", before)
	frappe.db.delete("Integration API Job", {"user": EVERYTHING})
	frappe.db.commit()  # the web server must see it
	frappe.clear_document_cache("Integration Settings", "Integration Settings")


@pytest.mark.parametrize("phases", ["coverage", "examples,fuzzing,stateful"])
def test_schemathesis_finds_nothing(web, description, everything, tmp_path, phases):
	"""Every way in which input may be wrong; then input drawn at random, and what one method gives is given to others."""
	pytest.importorskip("schemathesis")
	command = [
		str(Path(sys.executable).with_name("schemathesis")),
		"--config-file",
		str(Path(__file__).with_name("schemathesis.toml")),
		"run",
		f"{web}{DESCRIPTION}",
		f"--phases={phases}",
		"--header",
		f"Authorization:{everything}",
		"--no-color",
	]
	done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS)
	assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]


@pytest.mark.parametrize(
	"status, kind, body",
	[
		(418, "application/json", {"data": {"rows": [], "next_cursor": None}}),
		(200, "text/html", {"data": {"rows": [], "next_cursor": None}}),
		(200, "application/json", {"data": {"rows": []}}),
		(200, "application/json", {"data": {"rows": [{"name": 7}], "next_cursor": None}}),
		(
			422,
			"application/json",
			{"error": {"type": "conflict", "message": "", "fields": [], "request_id": ""}},
		),
	],
)
def test_callers_of_all_tests_notice_what_is_not_described(web, everything, status, kind, body):
	answer = Caller(web, {"Authorization": everything}).get("customers.list", limit=1)
	answer.status_code, answer._content = status, json.dumps(body).encode()
	answer.headers["Content-Type"] = kind
	with pytest.raises(AssertionError, match=r"customers\.list"):
		must_be_as_described(answer)


def test_types_that_models_share_hold_no_field_of_their_own(site):
	"""pydantic 2.10 would carry the default of one model's field into other models."""
	from integration_hub.api.rest.endpoint import registry

	modules = {sys.modules[one.function.__module__] for one in registry().values()}
	held = [
		f"{module.__name__}.{name}"
		for module in {*modules, sys.modules["integration_hub.api.rest.shapes"]}
		for name, alias in vars(module).items()
		if typing.get_origin(alias) is typing.Annotated
		and any(isinstance(note, FieldInfo) for note in alias.__metadata__)
	]
	assert not held


def test_what_models_require_is_required_whatever_others_give_by_default(site):
	from integration_hub.api.rest.shapes import Input, Text

	class First(Input):
		kind: Text = "Company"

	class Second(Input):
		title: Text = Field(min_length=1)

	assert First().kind == "Company"
	with pytest.raises(ValidationError):
		Second()


@pytest.mark.parametrize(
	"arguments",
	[
		{"modified_since": "0.5"},
		{"modified_since": "1700000000"},
		{"modified_since": "2026-01-01 00:00:00Z"},
		{"modified_since": "0001-01-01T00:00:00+14:00"},
		{"modified_since": "9999-12-31T23:59:59-12:00"},
		{"modified_since": "2026-02-30T00:00:00Z"},
		{"limit": "1_0"},
		{"limit": "٣"},
		{"limit": "1e1"},
		{"disabled": "yes"},
		{"disabled": "t"},
	],
)
def test_what_only_looks_like_its_type_is_refused(everything, web, arguments):
	found = error(
		Caller(web, {"Authorization": everything}).get("customers.list", **arguments), 422, "invalid"
	)
	assert [one["field"] for one in found["fields"]] == list(arguments)


def test_addresses_are_read_by_what_a_field_wants(everything, web):
	caller = Caller(web, {"Authorization": everything})
	page = data(
		caller.get(
			"customers.list",
			disabled=False,  # "False": as a client in Python writes it
			limit="2",
			fields="name, disabled",
			modified_since="2026-01-01T00:00:00+05:30",
		)
	)
	assert all(set(row) == {"name", "disabled"} and row["disabled"] is False for row in page["rows"])
