"""Callers of the public API, over HTTP as outside systems are."""

from __future__ import annotations

from typing import Any

import frappe
import requests

from tests.support.described import must_be_as_described

PATH = "/api/method/integration_hub.api.v1."


class Caller:
	"""One outside system: `get` and `post` speak to `integration_hub.api.v1`, with Frappe's key and secret of a user
	(or other `headers`)."""

	def __init__(self, web: str, headers: dict[str, str] | None = None):
		self.web, self.session = web, requests.Session()
		self.session.headers.update(headers or {})

	def get(self, method: str, headers: dict[str, str] | None = None, **arguments: Any) -> requests.Response:
		arguments = {name: value for name, value in arguments.items() if value is not None}
		return self._done(
			self.session.get(f"{self.web}{PATH}{method}", params=arguments, headers=headers, timeout=120)
		)

	def post(self, method: str, headers: dict[str, str] | None = None, **arguments: Any) -> requests.Response:
		return self._done(
			self.session.post(f"{self.web}{PATH}{method}", json=arguments, headers=headers, timeout=300)
		)

	def raw(self, verb: str, method: str, **options: Any) -> requests.Response:
		return self._done(self.session.request(verb, f"{self.web}{PATH}{method}", timeout=120, **options))

	def _done(self, answer: requests.Response) -> requests.Response:
		frappe.db.rollback()  # this process shall see what that request committed
		must_be_as_described(answer)
		return answer


def data(answer: requests.Response, status: int = 200) -> Any:
	"""What a good answer holds."""
	assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
	return answer.json()["data"]


def error(answer: requests.Response, status: int, type_: str, field: str = "") -> dict[str, Any]:
	"""The error of a bad answer, whose shape is checked."""
	assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
	assert answer.headers["Content-Type"].startswith("application/json")
	body = answer.json()
	assert set(body) == {"error"} and set(body["error"]) == {"type", "message", "fields", "request_id"}, body
	found = body["error"]
	assert found["type"] == type_ and found["message"], found
	assert answer.headers["X-Request-Id"] == found["request_id"]
	if field:
		assert field in [one["field"] for one in found["fields"]], found
	return found


def user(email: str, *roles: str) -> str:
	"""A user of these roles, with nothing else."""
	if not frappe.db.exists("User", email):
		frappe.conf.throttle_user_limit = 10_000  # of this process; Frappe allows 60 new users an hour
		doc = frappe.get_doc(
			{
				"doctype": "User",
				"email": email,
				"first_name": email.partition("@")[0],
				"user_type": "System User",
				"send_welcome_email": 0,
			}
		)
		doc.flags.no_welcome_mail = True
		doc.insert()
	frappe.get_doc("User", email).add_roles(*roles)
	frappe.db.commit()  # the web server must know the user
	return email


def token_of(email: str) -> str:
	"""Frappe's own API key and secret of a user, as its Authorization header."""
	doc = frappe.get_doc("User", email)
	secret = frappe.generate_hash(length=15)
	doc.api_key = doc.api_key or frappe.generate_hash(length=15)
	doc.api_secret = secret
	doc.save()
	frappe.db.commit()  # the web server must know the key
	return f"token {doc.api_key}:{secret}"
