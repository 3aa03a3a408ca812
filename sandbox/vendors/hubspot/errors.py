"""HubSpot's error envelope: status, message, category, correlationId and, where there is more to say, errors."""

import uuid


class Refusal(Exception):
	"""What HubSpot answers instead of doing it.

	errors: [{"message", "code", "context": {name: [values]}}]; context: {name: [values]}.
	"""

	def __init__(
		self,
		status: int,
		category: str,
		message: str,
		*,
		errors: list[dict] | None = None,
		context: dict[str, list[str]] | None = None,
		sub_category: str = "",
		more: dict | None = None,
		headers: dict[str, str] | None = None,
	):
		super().__init__(message)
		self.status, self.category, self.message = status, category, message
		self.errors, self.context, self.sub_category = errors or [], context or {}, sub_category
		self.more, self.headers = more or {}, headers or {}

	def envelope(self) -> dict:
		body = {"status": "error", "message": self.message, "correlationId": str(uuid.uuid4())}
		if self.category:
			body["category"] = self.category
		for name, value in (
			("subCategory", self.sub_category),
			("context", self.context),
			("errors", self.errors),
		):
			if value:
				body[name] = value
		return body | self.more

	def as_row(self, **context: list[str]) -> dict:
		"""As one of the errors of a batch (207)."""
		row = {
			"status": "error",
			"category": self.category,
			"message": self.message,
			"context": {**self.context, **context},
			"links": {},
			"errors": self.errors,
		}
		return row | {"subCategory": self.sub_category} if self.sub_category else row


def invalid(message: str, **known) -> Refusal:
	return Refusal(400, "VALIDATION_ERROR", message, **known)


def broken_json(message: str) -> Refusal:
	"""The body does not have the shape that HubSpot reads."""
	return invalid(f"Invalid input JSON on line 1, column 1: {message}")


def not_found(message: str = "resource not found", **known) -> Refusal:
	return Refusal(404, "OBJECT_NOT_FOUND", message, **known)


def rate_limited(policy: str, message: str) -> Refusal:
	"""429 as HubSpot words it: a policy, an errorType, and no Retry-After."""
	more = {"errorType": "RATE_LIMIT", "policyName": policy, "groupName": "publicapi:private-apps:calls"}
	return Refusal(429, "RATE_LIMITS", message, more=more)
