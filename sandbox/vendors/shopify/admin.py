"""The GraphQL Admin API: parse, validate, price, carry out, and answer in Shopify's words."""

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from pathlib import Path

from graphql import (
	ExecutionResult,
	GraphQLError,
	GraphQLSchema,
	OperationDefinitionNode,
	build_schema,
	execute,
	get_operation_ast,
	is_interface_type,
	is_object_type,
	is_union_type,
	parse,
	validate,
)

from sandbox.vendors.shopify import cost, mutations, resolvers
from sandbox.vendors.shopify.resolvers import ATTRIBUTES, CONSTANTS, FIELDS, PARTS, TYPES, bad, type_of
from sandbox.vendors.shopify.state import Order, Refused, Shop

SCHEMA = Path(__file__).with_name("schema.graphql")
LIMITS_PAGE = "https://shopify.dev/api/usage/rate-limits"
OLD = timedelta(days=60)  # older orders need read_all_orders

SCOPES = {
	"orders": "read_orders",
	"order": "read_orders",
	"ordersCount": "read_orders",
	"refund": "read_orders",
	"products": "read_products",
	"product": "read_products",
	"productVariants": "read_products",
	"productVariant": "read_products",
	"customers": "read_customers",
	"customer": "read_customers",
	"inventoryItems": "read_inventory",
	"inventoryItem": "read_inventory",
	"inventoryLevel": "read_inventory",
	"locations": "read_locations",
	"location": "read_locations",
	"fulfillmentOrder": "read_merchant_managed_fulfillment_orders",
	"inventorySetQuantities": "write_inventory",
	"inventoryActivate": "write_inventory",
	"fulfillmentCreate": "write_merchant_managed_fulfillment_orders",
	"fulfillmentTrackingInfoUpdate": "write_merchant_managed_fulfillment_orders",
	"fulfillmentCancel": "write_merchant_managed_fulfillment_orders",
	"orderCancel": "write_orders",
	"orderMarkAsPaid": "write_orders",
	"refundCreate": "write_orders",
}


@dataclass
class Context:
	"""What a resolver may know about the request it answers."""

	shop: Shop
	version: str
	versions: list[str]
	scopes: list[str]
	keys: dict  # idempotency keys
	bulk_operations: dict
	run_bulk: Callable[[str], dict]
	search_lag: float = 0.0
	search_warnings: list = field(default_factory=list)
	info: object = None

	def may_see(self, order: Order) -> bool:
		return "read_all_orders" in self.scopes or order.created_at > datetime.now(timezone.utc) - OLD

	def visible_orders(self):
		if "read_all_orders" in self.scopes:
			return self.shop.orders.values()
		return (one for one in self.shop.orders.values() if self.may_see(one))

	@staticmethod
	def too_many(size: int, path: list) -> GraphQLError:
		return bad(
			f"The input array size of {size} is greater than the maximum allowed of 250.",
			"MAX_INPUT_SIZE_EXCEEDED",
			path=path,
		)


# ---- the schema with its answers


def build() -> GraphQLSchema:
	schema = build_schema(SCHEMA.read_text(encoding="utf-8"))
	_set_scalars(schema)
	for name, kind in schema.type_map.items():
		if name.startswith("__"):
			continue
		if is_interface_type(kind) or is_union_type(kind):
			kind.resolve_type = type_of
		elif is_object_type(kind):
			for field_name, one in kind.fields.items():
				one.resolve = _answer(name, field_name)
	return schema


def _snake(name: str) -> str:
	return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def _answer(kind: str, name: str) -> Callable:
	key = f"{kind}.{name}"
	if kind == "Mutation":
		return _mutation(name, FIELDS[key])
	if kind == "QueryRoot":
		return _query(name, FIELDS[key])
	if key in FIELDS:
		function = FIELDS[key]
		return lambda one, info, **given: (
			one.get(name) if type(one) is dict and name in one else function(one, info.context, **given)
		)
	if key in CONSTANTS:
		value = CONSTANTS[key]
		return lambda one, info, **_: one.get(name, value) if type(one) is dict else value
	if name == "id":
		prefix = f"gid://shopify/{kind}/"
		return lambda one, info: one["id"] if type(one) is dict else f"{prefix}{one.id}"
	if name == "legacyResourceId":
		return lambda one, info: one.id
	attribute = ATTRIBUTES.get(key) or _snake(name)

	def get(one, info, **_):
		return one.get(name) if type(one) is dict else getattr(one, attribute)

	get.attribute = attribute
	return get


def _require(context: Context, name: str) -> None:
	scope = SCOPES.get(name)
	if scope and scope not in context.scopes:
		raise bad(
			f"Access denied for {name} field. Required access: `{scope}` access scope.",
			"ACCESS_DENIED",
			documentation="https://shopify.dev/api/usage/access-scopes",
			requiredAccess=f"`{scope}` access scope.",
		)


def _query(name: str, function: Callable) -> Callable:
	def answer(root, info, **given):
		_require(info.context, name)
		return function(root, info.context, **given)

	return answer


def _mutation(name: str, function: Callable) -> Callable:
	def answer(root, info, **given):
		_require(info.context, name)
		mutations.check_sizes(info.context, given, [])
		info.context.info = info
		return function(root, info.context, **given)

	return answer


def unanswered(schema: GraphQLSchema) -> list[str]:
	"""Fields that nothing answers (there must be none): neither a function nor an attribute of the class."""
	classes = {name: known for known, name in TYPES.items()} | PARTS
	missing = []
	for name, kind in schema.type_map.items():
		if not is_object_type(kind) or name not in classes:
			continue
		known = classes[name]
		names = {one.name for one in fields(known)} if is_dataclass(known) else set(vars(Shop()))
		for field_name, one in kind.fields.items():
			attribute = getattr(one.resolve, "attribute", None)
			if attribute and attribute not in names and not hasattr(known, attribute):
				missing.append(f"{name}.{field_name}")
	return missing


def _set_scalars(schema: GraphQLSchema) -> None:
	def show_time(value) -> str:
		if isinstance(value, datetime):
			return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
		return str(value)

	def read_money(value) -> Decimal:
		try:
			return Decimal(str(value))
		except InvalidOperation:
			raise GraphQLError(f"Invalid decimal '{value}'") from None

	def show_decimal(value: Decimal) -> str:
		# MoneyV2 amounts come without trailing zeros, but never without a point: "10.0", "9.95"
		text = f"{value:f}"
		if "." not in text:
			return text + ".0"
		text = text.rstrip("0")
		return text + "0" if text.endswith(".") else text

	def read_time(value) -> datetime:
		try:
			return datetime.fromisoformat(str(value).replace("Z", "+00:00"))
		except ValueError:
			raise GraphQLError(f"invalid DateTime '{value}'") from None

	def literal(reader):
		return lambda node, variables=None: reader(getattr(node, "value", None))

	for name, show, read in (
		("DateTime", show_time, read_time),
		("Decimal", show_decimal, read_money),
		("Money", str, read_money),
		("UnsignedInt64", str, int),
		("URL", str, str),
		("HTML", str, str),
	):
		scalar = schema.get_type(name)
		scalar.serialize, scalar.parse_value, scalar.parse_literal = show, read, literal(read)


# ---- one request


@dataclass
class Prepared:
	document: object
	errors: list[GraphQLError]


class Admin:
	"""Executes requests against a shop. One lock: a request sees and leaves the shop whole."""

	def __init__(self, shop: Shop, lock: threading.RLock):
		self.shop, self.lock = shop, lock
		self.schema = _schema()
		self.bucket = cost.Bucket()
		self.keys: dict = {}
		self.bulk_operations: dict[int, dict] = {}
		self.bulk_files: dict[int, str] = {}
		self.url = ""
		self.search_lag = 0.0  # seconds until a change is found by `query:`
		self._prepared: OrderedDict[str, Prepared] = OrderedDict()

	def prepare(self, query: str) -> Prepared:
		"""Parsed and validated, remembered by text."""
		known = self._prepared.get(query)
		if known is None:
			try:
				document = parse(query)
				known = Prepared(document, validate(self.schema, document))
			except GraphQLError as problem:
				known = Prepared(None, [problem])
			self._prepared[query] = known
			if len(self._prepared) > 200:
				self._prepared.popitem(last=False)
		return known

	def names(self, query: str, operation_name: str | None) -> list[str]:
		"""Root fields (and the operation's name): what a request is called in the log."""
		prepared = self.prepare(query)
		if prepared.document is None:
			return ["(broken query)"]
		operation = get_operation_ast(prepared.document, operation_name)
		if operation is None:
			return ["(no operation)"]
		roots = [one.name.value for one in operation.selection_set.selections if one.kind == "field"]
		return [*roots, *([operation.name.value] if operation.name else [])]

	def run(
		self,
		query: str,
		variables: dict | None,
		operation_name: str | None,
		version: str,
		versions: list[str],
		scopes: list[str],
	) -> dict:
		"""The answer's body; always for status 200."""
		prepared = self.prepare(query)
		if prepared.errors:
			return {"errors": [spoken(one) for one in prepared.errors]}
		operation = get_operation_ast(prepared.document, operation_name)
		if operation is None:
			return {"errors": [{"message": "An operation name is required"}]}
		price = cost.requested(
			self.schema,
			prepared.document,
			operation,
			self._variables(operation, variables),
			self.bucket.linear,
		)
		if price > self.bucket.most:
			return {"errors": [self._too_expensive(price)]}
		if not self.bucket.take(price):
			return self.throttled(price)
		context = Context(
			self.shop,
			version,
			versions,
			scopes,
			self.keys,
			self.bulk_operations,
			self.run_bulk,
			self.search_lag,
		)
		with self.lock:
			result = execute(
				self.schema,
				prepared.document,
				variable_values=variables,
				operation_name=operation_name,
				context_value=context,
			)
		return self._body(result, context, operation, price)

	@staticmethod
	def _variables(operation: OperationDefinitionNode, variables: dict | None) -> dict:
		known = dict(variables or {})
		for one in operation.variable_definitions:
			if one.default_value is not None and one.variable.name.value not in known:
				value = getattr(one.default_value, "value", None)
				known[one.variable.name.value] = int(value) if str(value).isdigit() else value
		return known

	def _body(self, result: ExecutionResult, context: Context, operation, price: int) -> dict:
		body: dict = {}
		if result.errors:
			body["errors"] = [spoken(one) for one in result.errors]
		if result.data is not None or not result.errors or any(one.path for one in result.errors):
			body["data"] = result.data
		actual = price
		if operation.operation.value == "query":
			actual = min(price, 1 + _objects(result.data))
			self.bucket.give_back(price - actual)
		extensions = {
			"cost": {
				"requestedQueryCost": price,
				"actualQueryCost": actual,
				"throttleStatus": self.bucket.status(),
			}
		}
		if context.search_warnings:
			extensions["search"] = context.search_warnings
		body["extensions"] = extensions
		return body

	def _too_expensive(self, price: int) -> dict:
		return {
			"message": f"Query cost is {price}, which exceeds the single query max cost limit ({self.bucket.most}).",
			"extensions": {
				"code": "MAX_COST_EXCEEDED",
				"cost": price,
				"maxCost": self.bucket.most,
				"documentation": LIMITS_PAGE,
			},
		}

	def throttled(self, price: int) -> dict:
		return {
			"errors": [
				{"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": LIMITS_PAGE}}
			],
			"extensions": {
				"cost": {
					"requestedQueryCost": price,
					"actualQueryCost": None,
					"throttleStatus": self.bucket.status(),
				}
			},
		}

	# ---- bulk operations

	def run_bulk(self, query: str) -> dict:
		"""Run at once, and keep the JSONL file for its URL: an object a line, children with `__parentId`."""
		prepared = self.prepare(query)
		if prepared.errors:
			raise Refused(f"Invalid bulk query: {prepared.errors[0].message}", ["query"], "INVALID")
		operation = get_operation_ast(prepared.document, None)
		if operation is None or operation.operation.value != "query":
			raise Refused("Bulk queries must be a query", ["query"], "INVALID")
		shop = self.shop
		context = Context(shop, "", [], ["read_all_orders", *set(SCOPES.values())], {}, {}, self.run_bulk)
		lines, roots = self._bulk_lines(prepared.document, context)
		number, now = shop.new_id(), shop.now()
		text = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in lines)
		self.bulk_files[number] = text
		known = {
			"__typename": "BulkOperation",
			"id": resolvers.gid("BulkOperation", number),
			"query": query,
			"createdAt": now,
			"completedAt": now,
			"status": "COMPLETED",
			"errorCode": None,
			"objectCount": len(lines),
			"rootObjectCount": roots,
			"fileSize": len(text.encode()),
			"url": f"{self.url}/_bulk/{number}.jsonl" if lines else None,
			"partialDataUrl": None,
		}
		self.bulk_operations[number] = known
		shop.tell("bulk_operations/finish", known)
		return {**known, "status": "CREATED", "completedAt": None, "url": None, "objectCount": 0}

	def _bulk_lines(self, document, context) -> tuple[list[dict], int]:
		from sandbox.vendors.shopify import search

		# a bulk query pages by itself: every connection gives all it has
		with self.lock, search.unlimited():
			result = execute(self.schema, document, context_value=context)
		if result.errors:
			raise Refused(f"Bulk query failed: {result.errors[0].message}", ["query"], "INVALID")
		lines: list[dict] = []
		root = next(iter(result.data.values()))
		nodes = _nodes(root)
		for one in nodes:
			_flatten(one, None, lines)
		return lines, len(nodes)


def _nodes(connection) -> list[dict]:
	if not isinstance(connection, dict):
		return []
	if "nodes" in connection:
		return connection["nodes"]
	return [edge["node"] for edge in connection.get("edges", [])]


def _flatten(one: dict, parent: str | None, lines: list[dict]) -> None:
	own = {name: value for name, value in one.items() if not _is_connection(value)}
	if parent:
		own["__parentId"] = parent
	lines.append(own)
	for value in one.values():
		if _is_connection(value):
			for child in _nodes(value):
				_flatten(child, one.get("id"), lines)


def _is_connection(value) -> bool:
	return isinstance(value, dict) and ("edges" in value or "nodes" in value)


def _objects(data) -> int:
	"""Nodes in an answer: what a query really cost."""
	if isinstance(data, dict):
		return sum(_objects(value) for value in data.values()) + (1 if "id" in data else 0)
	if isinstance(data, list):
		return sum(_objects(value) for value in data)
	return 0


_BUILT: list[GraphQLSchema] = []


def _schema() -> GraphQLSchema:
	if not _BUILT:
		_BUILT.append(build())
	return _BUILT[0]


# ---- Shopify's words for what is wrong with a query

UNKNOWN_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")
UNKNOWN_ARGUMENT = re.compile(r"Unknown argument '(\w+)' on field '(?:\w+)\.(\w+)'")
MISSING_ARGUMENT = re.compile(r"Field '(\w+)' argument '(\w+)' of type '(.+)' is required")
VARIABLE = re.compile(r"Variable '\$(\w+)' (.*)", re.DOTALL)


def spoken(problem: GraphQLError) -> dict:
	"""An error as Shopify's library words it."""
	known = problem.formatted
	message, extensions = known["message"], dict(known.get("extensions") or {})
	if found := UNKNOWN_FIELD.match(message):
		message = f"Field '{found[1]}' doesn't exist on type '{found[2]}'"
		extensions = {"code": "undefinedField", "typeName": found[2], "fieldName": found[1]}
	elif found := UNKNOWN_ARGUMENT.match(message):
		message = f"Field '{found[2]}' doesn't accept argument '{found[1]}'"
		extensions = {"code": "argumentNotAccepted", "name": found[2], "argumentName": found[1]}
	elif found := MISSING_ARGUMENT.match(message):
		message = f"Field '{found[1]}' is missing required arguments: {found[2]}"
		extensions = {"code": "missingRequiredArguments", "name": found[1], "arguments": found[2]}
	elif found := VARIABLE.match(message):
		message = f"Variable ${found[1]} was provided invalid value ({found[2]})"
		extensions = {"code": "INVALID_VARIABLE"}
	elif isinstance(problem.original_error, Exception) and not isinstance(
		problem.original_error, GraphQLError
	):
		# a fault of the sandbox itself: say so, with what a developer needs to find it
		message = f"Internal error of the sandbox: {problem.original_error!r}"
		extensions = {"code": "INTERNAL_SERVER_ERROR"}
	answer = {"message": message}
	for name in ("locations", "path"):
		if known.get(name):
			answer[name] = known[name]
	if extensions:
		answer["extensions"] = extensions
	return answer
