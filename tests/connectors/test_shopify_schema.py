"""What we send to Shopify is what Shopify's own schema knows, and its signatures are what we compute."""

from __future__ import annotations

import gzip
import json
from functools import lru_cache

import pytest
from graphql import (
	GraphQLSchema,
	build_client_schema,
	build_schema,
	get_operation_ast,
	parse,
	validate,
)

from integration_hub.connectors.contract import WebhookRequest
from integration_hub.connectors.http import Http
from integration_hub.connectors.shopify import Shopify, queries
from integration_hub.connectors.shopify.settings import API_VERSION, SCOPES
from integration_hub.connectors.shopify.webhooks import TOPICS, WANTED
from integration_hub.failures import BadSignature
from sandbox.vendors.shopify.admin import SCHEMA
from sandbox.vendors.shopify.state import ALL_SCOPES
from tests.connectors.conftest import VENDOR_DATA, Vault

VERSIONS = ("2026-10", "2026-07")
EACH_QUERY = pytest.mark.parametrize("query", queries.ALL, ids=lambda query: query.name)


@lru_cache(maxsize=4)
def official(version: str) -> GraphQLSchema:
	file = VENDOR_DATA / "shopify" / f"admin_{version}.json.gz"
	if not file.is_file():
		pytest.skip(
			f"Shopify's schema {version} is not at {file}: set INTEGRATION_HUB_VENDOR_DATA to the vendor data"
		)
	with gzip.open(file) as content:
		known = json.load(content)
	return build_client_schema(known.get("data", known))


@lru_cache(maxsize=1)
def sandbox() -> GraphQLSchema:
	return build_schema(SCHEMA.read_text(encoding="utf-8"))


def problems(schema: GraphQLSchema, text: str) -> list[str]:
	return [problem.message for problem in validate(schema, parse(text))]


@pytest.mark.parametrize("version", VERSIONS)
@EACH_QUERY
def test_shopify_knows_what_we_ask(query, version):
	assert problems(official(version), query.text) == []


@EACH_QUERY
def test_the_sandbox_knows_what_we_ask(query):
	assert problems(sandbox(), query.text) == []


def test_a_query_with_a_mistake_is_found():
	assert problems(sandbox(), queries.SHOP.text.replace("myshopifyDomain", "motto"))
	assert problems(official("2026-10"), queries.SET_STOCK.text.replace("$key: String!", "$key: Int!"))


@pytest.mark.parametrize("version", VERSIONS)
@EACH_QUERY
def test_we_ask_for_nothing_that_will_go(query, version):
	"""No deprecated field, argument or value in what we send."""
	from graphql.validation import NoDeprecatedCustomRule

	found = validate(official(version), parse(query.text), rules=[NoDeprecatedCustomRule])
	assert [problem.message for problem in found] == []


def test_our_version_is_one_of_those_checked():
	assert API_VERSION == VERSIONS[0]


@EACH_QUERY
def test_a_query_is_one_operation_of_its_name(query):
	operation = get_operation_ast(parse(query.text))
	assert operation is not None and operation.name.value == query.name
	assert 0 < query.cost <= 1000, "Shopify refuses a query of more than 1,000 points"


def test_names_are_unique():
	names = [query.name for query in queries.ALL]
	assert len(set(names)) == len(names) >= 15


@pytest.mark.parametrize("schema", ("sandbox", *VERSIONS))
def test_the_topics_we_subscribe_to_exist(schema):
	known = (sandbox() if schema == "sandbox" else official(schema)).type_map["WebhookSubscriptionTopic"]
	assert set(WANTED) <= set(known.values)
	assert {topic.upper().replace("/", "_") for topic in TOPICS} <= set(known.values)


def test_what_we_subscribe_to_we_understand():
	assert set(WANTED) <= {topic.upper().replace("/", "_") for topic in TOPICS}


def test_the_scopes_we_ask_for_exist():
	assert set(SCOPES) <= set(ALL_SCOPES)


# ---- signatures


def vectors(kind: str) -> list[dict]:
	file = VENDOR_DATA / "vectors.json"
	if not file.is_file():
		pytest.skip(f"There are no signature vectors at {file}: set INTEGRATION_HUB_VENDOR_DATA")
	found = [one for one in json.loads(file.read_text()).get("shopify", []) if one.get("kind") == kind]
	if not found:
		pytest.skip(f"{file} has no vectors of Shopify's kind {kind!r}")
	return found


def test_the_signature_vectors_of_webhooks():
	for vector in vectors("webhook"):
		connector = Shopify(
			{"client_secret": vector["secret"]}, Http("https://a-shop.myshopify.com"), Vault()
		)
		headers = {vector["header_name"].lower(): vector["signature"]}
		connector.verify(WebhookRequest(headers, vector["body"].encode()))
		with pytest.raises(BadSignature):
			connector.verify(WebhookRequest(headers, vector["body"].encode() + b" "))
