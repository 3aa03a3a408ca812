"""What a query costs and what is left: the leaky bucket of the GraphQL API.

Shopify publishes the rules only in outline: scalars 0, objects 1, mutations 10, connections "sized by first
and last". Measured costs grow much slower than the page: order lines by 3 cost 23, by 10 cost 43. So a
connection costs 2 plus its object's cost times log2 of its size, and plain values (money, taxes) are free.
`linear` counts every object of a page instead, the strictest reading.
"""

import math
import threading
import time

from graphql import (
	DocumentNode,
	FieldNode,
	FragmentSpreadNode,
	GraphQLSchema,
	InlineFragmentNode,
	IntValueNode,
	OperationDefinitionNode,
	VariableNode,
	get_named_type,
	is_composite_type,
	is_object_type,
)


class Bucket:
	"""`maximum` points, `restore` a second come back. `most` is what one query may cost."""

	def __init__(self, maximum: float = 2000, restore: float = 100, most: int = 1000):
		self.maximum, self.restore, self.most = float(maximum), float(restore), most
		self.linear = False
		self._available, self._at = self.maximum, time.monotonic()
		self._lock = threading.Lock()

	def set(self, maximum: float | None = None, restore: float | None = None, available: float | None = None):
		"""Change the plan, or (with `available`) how full the bucket is right now."""
		with self._lock:
			self.maximum = float(maximum if maximum is not None else self.maximum)
			self.restore = float(restore if restore is not None else self.restore)
			self._available = float(available if available is not None else self.maximum)
			self._at = time.monotonic()

	def _refill(self) -> None:
		now = time.monotonic()
		self._available = min(self.maximum, self._available + (now - self._at) * self.restore)
		self._at = now

	def take(self, points: float) -> bool:
		with self._lock:
			self._refill()
			if points > self._available:
				return False
			self._available -= points
			return True

	def give_back(self, points: float) -> None:
		with self._lock:
			self._refill()
			self._available = min(self.maximum, self._available + points)

	def status(self) -> dict:
		with self._lock:
			self._refill()
			return {
				"maximumAvailable": self.maximum,
				"currentlyAvailable": math.floor(self._available),
				"restoreRate": self.restore,
			}


def requested(
	schema: GraphQLSchema,
	document: DocumentNode,
	operation: OperationDefinitionNode,
	variables: dict,
	linear: bool,
) -> int:
	"""The cost of an operation before it is carried out."""
	fragments = {one.name.value: one for one in document.definitions if one.kind == "fragment_definition"}
	return math.ceil(_Estimate(schema, fragments, variables or {}, linear).operation(operation))


class _Estimate:
	def __init__(self, schema, fragments, variables, linear):
		self.schema, self.fragments, self.variables, self.linear = schema, fragments, variables, linear
		self.nodes = schema.get_implementations(schema.get_type("Node")).objects

	def operation(self, operation: OperationDefinitionNode) -> float:
		mutation = operation.operation.value == "mutation"
		root = self.schema.mutation_type if mutation else self.schema.query_type
		if mutation:
			return 10 * len(operation.selection_set.selections)
		return self.selections(operation.selection_set, root)

	def selections(self, selection_set, parent) -> float:
		if selection_set is None:
			return 0
		cost = 0.0
		for one in selection_set.selections:
			if isinstance(one, FieldNode):
				cost += self.field(one, parent)
			elif isinstance(one, InlineFragmentNode):
				name = one.type_condition.name.value if one.type_condition else parent.name
				cost += self.selections(one.selection_set, self.schema.get_type(name))
			elif isinstance(one, FragmentSpreadNode):
				fragment = self.fragments[one.name.value]
				cost += self.selections(
					fragment.selection_set, self.schema.get_type(fragment.type_condition.name.value)
				)
		return cost

	def field(self, node: FieldNode, parent) -> float:
		if node.name.value.startswith("__") or not hasattr(parent, "fields"):
			return 0
		kind = get_named_type(parent.fields[node.name.value].type)
		if not is_composite_type(kind):
			return 0
		inner = self.selections(node.selection_set, kind)
		if kind.name.endswith("Connection"):
			return 2 + self.sized(node) * inner
		if kind.name.endswith("Edge") or node.name.value in ("pageInfo",):
			return inner
		counted = not is_object_type(kind) or kind in self.nodes
		return inner + (1 if counted else 0)

	def sized(self, node: FieldNode) -> float:
		size = 1
		for argument in node.arguments:
			if argument.name.value in ("first", "last"):
				value = argument.value
				if isinstance(value, IntValueNode):
					size = int(value.value)
				elif isinstance(value, VariableNode):
					size = self.variables.get(value.name.value) or 1
		return size if self.linear else math.log2(size + 1)
