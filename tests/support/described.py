"""Answers of the public API against its own description: whatever a test calls, the OpenAPI document must have said so."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit

import requests
from jsonschema import Draft202012Validator


@lru_cache(maxsize=1)
def _document() -> dict[str, Any]:
	from integration_hub.api.rest.openapi import document

	return document()


def must_be_as_described(answer: requests.Response) -> None:
	"""Its status, its type and its body. What no method answers (an unknown path, a wrong verb) is described nowhere."""
	path, verb = urlsplit(answer.url).path, str(answer.request.method).lower()
	operation = _document()["paths"].get(path, {}).get(verb)
	if operation is None:
		return
	name, status = operation["operationId"], str(answer.status_code)
	assert status in operation["responses"], f"{name} says nothing of {status}: {answer.text}"
	kinds = _response(operation["responses"][status]).get("content")
	if not kinds:
		assert not answer.content, f"{name} says nothing of a body with {status}"
		return
	kind = answer.headers["Content-Type"].partition(";")[0]
	assert kind in kinds, f"{name} says nothing of {kind} with {status}"
	if kinds[kind].get("schema"):
		problems = [
			f"{error.json_path}: {error.message}"
			for error in _validator(path, verb, status).iter_errors(answer.json())
		]
		assert not problems, f"{name} {status} is not as described: {problems}"


def _response(described: dict[str, Any]) -> dict[str, Any]:
	if "$ref" not in described:
		return described
	return _document()["components"]["responses"][described["$ref"].rpartition("/")[2]]


@cache
def _validator(path: str, verb: str, status: str) -> Draft202012Validator:
	described = _response(_document()["paths"][path][verb]["responses"][status])
	schema = described["content"]["application/json"]["schema"]
	return Draft202012Validator({**schema, "components": _document()["components"]})
