"""Which request is which operation."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.vendors.stripe.params import Kind


@dataclass(frozen=True)
class Route:
	"""name: as Stripe's libraries call it ("payment_links.create"). path: parts; "{}" stands for an id."""

	method: str
	path: tuple[str, ...]
	name: str
	params: dict[str, Kind]
	act: Callable

	def matches(self, method: str, parts: tuple[str, ...]) -> tuple[str, ...] | None:
		"""The ids in the path, or None."""
		if method != self.method or len(parts) != len(self.path):
			return None
		if any(known not in ("{}", part) for known, part in zip(self.path, parts, strict=True)):
			return None
		return tuple(part for known, part in zip(self.path, parts, strict=True) if known == "{}")


ROUTES: list[Route] = []


def route(line: str, name: str, params: dict[str, Kind]):
	"""Decorator: `@route("POST customers/{}", "customers.update", PARAMS)`; takes a Call, answers an object."""
	method, path = line.split()

	def keep(act: Callable) -> Callable:
		ROUTES.append(Route(method, tuple(path.split("/")), name, params, act))
		return act

	return keep


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
	"""A path that is spelt out goes before one with an id in its place."""
	if not path.startswith("/v1/"):
		return None
	parts = tuple(path.removeprefix("/v1/").split("/"))
	if not all(parts):
		return None
	found = [(one, ids) for one in ROUTES if (ids := one.matches(method, parts)) is not None]
	return min(found, key=lambda known: len(known[1]), default=None)
