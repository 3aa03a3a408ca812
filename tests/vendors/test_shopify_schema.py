"""The sandbox's GraphQL schema is a part of Shopify's: nothing in it is our invention."""

import gzip
import json

import pytest
from graphql import (
	GraphQLSchema,
	Undefined,
	build_client_schema,
	is_enum_type,
	is_input_object_type,
	is_interface_type,
	is_object_type,
	is_required_argument,
	is_required_input_field,
	is_union_type,
	parse,
	validate,
)

from sandbox.vendors.shopify.admin import build, unanswered


@pytest.fixture
def official(shopify_data) -> GraphQLSchema:
	with gzip.open(shopify_data / "admin_2026-10.json.gz") as file:
		return build_client_schema(json.load(file)["data"])


def differences(own: GraphQLSchema, official: GraphQLSchema) -> list[str]:
	"""Everything in `own` that `official` has not, or has differently."""
	found = []
	for name, kind in own.type_map.items():
		if name.startswith("__"):
			continue
		theirs = official.type_map.get(name)
		if type(theirs).__name__ != type(kind).__name__:
			found.append(f"{name}: {type(kind).__name__}, theirs {type(theirs).__name__}")
			continue
		if is_object_type(kind) or is_interface_type(kind):
			found += _fields(name, kind, theirs)
			mine, known = ({one.name for one in each.interfaces} for each in (kind, theirs))
			found += [f"{name} implements {one}" for one in mine - known]
		elif is_input_object_type(kind):
			found += _inputs(name, kind, theirs)
		elif is_enum_type(kind):
			found += [f"{name}.{value}" for value in set(kind.values) - set(theirs.values)]
		elif is_union_type(kind):
			found += [f"{name} | {one.name}" for one in kind.types if one.name not in map(str, theirs.types)]
	for directive in own.directives:
		theirs = official.get_directive(directive.name)
		if theirs is None or set(directive.locations) != set(theirs.locations):
			if directive.name != "deprecated" and directive.name != "specifiedBy":
				found.append(f"@{directive.name}")
	return found


def _fields(name, kind, theirs) -> list[str]:
	found = []
	for field, one in kind.fields.items():
		known = theirs.fields.get(field)
		if known is None or str(known.type) != str(one.type):
			found.append(f"{name}.{field}: {one.type}, theirs {known and known.type}")
			continue
		for argument, given in one.args.items():
			wanted = known.args.get(argument)
			if wanted is None or str(wanted.type) != str(given.type):
				found.append(f"{name}.{field}({argument}: {given.type}), theirs {wanted and wanted.type}")
			elif given.default_value is not Undefined and given.default_value != wanted.default_value:
				found.append(
					f"{name}.{field}({argument} = {given.default_value}), theirs {wanted.default_value}"
				)
		needed = {argument for argument, one in known.args.items() if is_required_argument(one)}
		found += [f"{name}.{field} lacks {argument}" for argument in needed - set(one.args)]
	return found


def _inputs(name, kind, theirs) -> list[str]:
	found = []
	for field, one in kind.fields.items():
		known = theirs.fields.get(field)
		if known is None or str(known.type) != str(one.type):
			found.append(f"{name}.{field}: {one.type}, theirs {known and known.type}")
	needed = {field for field, one in theirs.fields.items() if is_required_input_field(one)}
	return found + [f"{name} lacks {field}" for field in needed - set(kind.fields)]


def test_every_type_field_argument_and_value_is_shopifys(official):
	assert differences(build(), official) == []


def test_the_comparison_sees_a_difference(official):
	from graphql import build_schema

	own = build_schema(
		"type QueryRoot { shop(id: ID): Shop!  orders: Int }  type Shop { name: Int!  motto: String }"
		" schema { query: QueryRoot }  enum FulfillmentStatus { SUCCESS FLYING }"
	)
	found = " ".join(differences(own, official))
	for part in ("shop(id: ID)", "orders: Int", "name: Int!", "Shop.motto", "FulfillmentStatus.FLYING"):
		assert part in found


def test_every_field_is_answered():
	assert unanswered(build()) == []


def test_queries_about_orders_stock_and_webhooks_are_understood(shopify_data):
	beyond = {"payouts", "payout_transactions", "price_update", "product_set"}
	schema, seen = build(), 0
	for file in sorted((shopify_data / "graphql").glob("*.graphql")):
		if file.stem not in beyond:
			assert validate(schema, parse(file.read_text())) == [], file.name
			seen += 1
	assert seen >= 12
