"""What the GraphQL fields answer, where a field is not simply an attribute of the same name.

`ATTRIBUTES` names attributes; `@resolves` functions get the object, the shop and the arguments.
"""

from sandbox.vendors.shopify.resolvers import (  # noqa: F401 - they register themselves
	fulfilment,
	goods,
	lists,
	orders,
	root,
	shop,
)
from sandbox.vendors.shopify.resolvers.registry import ATTRIBUTES, CONSTANTS, FIELDS, bad, gid, resolves
from sandbox.vendors.shopify.resolvers.root import find
from sandbox.vendors.shopify.resolvers.types import PARTS, TYPES, type_of

__all__ = ["ATTRIBUTES", "CONSTANTS", "FIELDS", "PARTS", "TYPES", "bad", "find", "gid", "resolves", "type_of"]
