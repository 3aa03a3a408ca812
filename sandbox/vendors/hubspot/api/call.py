"""One request on its way to an answer."""

import json
from dataclasses import dataclass

from werkzeug.wrappers import Request

from sandbox.vendors.hubspot.access import Access
from sandbox.vendors.hubspot.clock import iso
from sandbox.vendors.hubspot.errors import Refusal, broken_json, invalid
from sandbox.vendors.hubspot.model import ObjectType, Source
from sandbox.vendors.hubspot.paths import Place
from sandbox.vendors.hubspot.portal import Portal

Answer = tuple[int, object]  # status, and what becomes JSON (None: no body)


@dataclass
class Call:
	"""source: the app that asks, as histories and webhooks will say."""

	portal: Portal
	access: Access
	request: Request
	place: Place
	source: Source

	@property
	def method(self) -> str:
		return self.request.method

	@property
	def parts(self) -> tuple[str, ...]:
		return self.place.parts

	def json(self) -> object:
		"""The body; raises Refusal when it is not JSON."""
		raw = self.request.get_data(cache=True)
		if "json" not in (self.request.content_type or ""):
			raise Refusal(415, "", "Unsupported Media Type")
		try:
			return json.loads(raw)
		except ValueError:
			raise broken_json("the body is not JSON") from None

	def object(self) -> dict:
		body = self.json()
		if not isinstance(body, dict):
			raise broken_json("Cannot deserialize the body as an object")
		return body

	def inputs(self, most: int = 100) -> list:
		"""`inputs` of a batch; raises Refusal when there are none or too many."""
		inputs = self.object().get("inputs")
		if not isinstance(inputs, list):
			raise invalid("Some required fields were not set: [inputs]")
		if not inputs:
			raise invalid("The batch request must contain at least one input")
		if len(inputs) > most:
			raise invalid(
				f"The maximum number of inputs supported in a batch request is {most}. The provided batch "
				f"contains {len(inputs)}."
			)
		return inputs

	def limit(self, default: int, most: int) -> int:
		text = self.request.args.get("limit", str(default))
		if not text.isdigit() or not 0 < int(text) <= most:
			raise invalid(f"limit must be a number between 1 and {most}, not {text!r}")
		return int(text)

	def names(self, argument: str) -> list[str]:
		"""A comma-separated argument, which may be repeated, too."""
		found = self.request.args.getlist(argument)
		return [name for text in found for name in text.split(",") if name]

	def flag(self, argument: str) -> bool:
		return self.request.args.get(argument, "false").lower() == "true"

	def need(self, type: ObjectType, right: str) -> None:
		"""The scope for this type; engagements go with contacts."""
		name = type.name if type.name in ("contacts", "companies", "deals", "leads") else "contacts"
		self.access.need(f"crm.objects.{name}.{right}")


def not_allowed() -> Refusal:
	return Refusal(405, "", "Method Not Allowed")


def batch(portal: Portal, results: list, errors: list[dict] | None = None, status: int = 200) -> Answer:
	"""A batch response: 207 as soon as one row went wrong."""
	now = iso(portal.clock.now())
	body = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
	if errors:
		return 207, body | {"numErrors": len(errors), "errors": errors}
	return status, body


def page(call: Call, results: list, after: str | None, **more) -> dict:
	body = {**more, "results": results}
	if after is not None:
		link = f"{call.request.base_url}?limit={call.request.args.get('limit', len(results))}&after={after}"
		body["paging"] = {"next": {"after": after, "link": link}}
	return body
