"""A caller of the sandbox portal that knows nothing but HubSpot's API."""

from dataclasses import dataclass

import requests


@dataclass
class Caller:
	url: str
	token: str = "pat-na1-sandbox"

	def ask(self, method: str, path: str, body=None, **params) -> requests.Response:
		return requests.request(
			method,
			self.url + path,
			json=body,
			params=params,
			headers={"Authorization": f"Bearer {self.token}"},
			timeout=10,
		)

	def get(self, path: str, **params) -> dict:
		"""The body; fails the test when it is refused."""
		answer = self.ask("GET", path, **params)
		assert answer.status_code == 200, answer.text
		return answer.json()

	def post(self, path: str, body, status: int = 200, **params) -> dict:
		"""The body; fails the test for another status."""
		answer = self.ask("POST", path, body, **params)
		assert answer.status_code == status, answer.text
		return answer.json() if answer.content else {}

	def refused(self, method: str, path: str, body=None, *, status: int = 400, **params) -> dict:
		"""The error; fails the test when it is not one, or has not HubSpot's envelope."""
		answer = self.ask(method, path, body, **params)
		assert answer.status_code == status, answer.text
		error = answer.json()
		assert error["status"] == "error" and error["message"] and error["correlationId"]
		return error

	def do(self, action: str, **arguments):
		answer = requests.post(f"{self.url}/_sandbox/do/{action}", json=arguments, timeout=10)
		assert answer.ok, answer.text
		return answer.json()["result"]
