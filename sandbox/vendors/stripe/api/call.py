"""One request, read and checked, and what handlers ask of it."""

from dataclasses import dataclass

from sandbox.vendors.stripe.account import Account, merged
from sandbox.vendors.stripe.api.routes import Route
from sandbox.vendors.stripe.errors import Refusal


@dataclass
class Call:
	account: Account
	route: Route
	path: str
	ids: tuple[str, ...]
	params: dict
	version: str

	@property
	def id(self) -> str:
		return self.ids[0]

	def get(self, name: str, otherwise=None):
		return self.params.get(name, otherwise)

	def given(self, *names: str) -> dict:
		"""These parameters, those that were given."""
		return {name: self.params[name] for name in names if name in self.params}

	def here(self, object: str, param: str = "id") -> dict:
		"""The object that the path names; 404 when there is none."""
		return self.account.find(object, self.id, param, 404)

	def metadata(self, before: dict | None = None) -> dict:
		return merged(before, self.params.get("metadata", {}))

	def known(self, *names: str) -> dict:
		"""`given`, with metadata as a new object has it."""
		return self.given(*names) | {"metadata": self.metadata()}

	def changes(self, object: dict, *names: str) -> dict:
		"""`given`, with metadata as an old object has it after the change."""
		changes = self.given(*names)
		if "metadata" in self.params:
			changes["metadata"] = self.metadata(object.get("metadata"))
		return changes

	# ---- lists

	def listed(self, objects: list[dict], *filters: str) -> dict:
		"""objects: newest first. filters: parameters that must equal the field of the same name."""
		for name in filters:
			if name in self.params:
				objects = [one for one in objects if one.get(name) == self.params[name]]
		if "created" in self.params:
			objects = [one for one in objects if within(one["created"], self.params["created"])]
		return self.page(objects)

	def page(self, objects: list[dict]) -> dict:
		limit = self.params.get("limit", 10)
		after, before = self.params.get("starting_after"), self.params.get("ending_before")
		if after is not None and before is not None:
			message = "Received both starting_after and ending_before parameters. Please pass in only one."
			raise Refusal(message, code="parameters_exclusive", param="ending_before")
		if after is not None:
			rest = objects[self._place(objects, after, "starting_after") + 1 :]
			rows, more = rest[:limit], len(rest) > limit
		elif before is not None:
			rest = objects[: self._place(objects, before, "ending_before")]
			rows, more = rest[-limit:], len(rest) > limit
		else:
			rows, more = objects[:limit], len(objects) > limit
		return {"object": "list", "data": rows, "has_more": more, "url": self.path}

	def _place(self, objects: list[dict], id: str, param: str) -> int:
		for place, one in enumerate(objects):
			if one["id"] == id:
				return place
		raise Refusal(f"No such object: '{id}'", code="resource_missing", param=param)


def within(moment: int, span: dict) -> bool:
	tests = {
		"equals": lambda limit: moment == limit,
		"gt": lambda limit: moment > limit,
		"gte": lambda limit: moment >= limit,
		"lt": lambda limit: moment < limit,
		"lte": lambda limit: moment <= limit,
	}
	return all(tests[name](limit) for name, limit in span.items())
