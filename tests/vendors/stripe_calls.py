"""A caller of Stripe's API that knows nothing but forms, and a story in which every kind of object appears."""

from dataclasses import dataclass

import requests

KEY = "sk_test_sandbox"
VERSION = "2026-07-29.dahlia"


@dataclass
class Caller:
	url: str
	key: str = KEY
	version: str = VERSION

	def ask(self, method: str, path: str, data=None, params=None, **headers: str) -> requests.Response:
		known = {"Authorization": f"Bearer {self.key}", "Stripe-Version": self.version}
		known |= {name.replace("_", "-"): value for name, value in headers.items()}
		return requests.request(
			method, f"{self.url}/v1/{path}", data=data, params=params, headers=known, timeout=10
		)

	def post(self, path: str, data=None, **headers: str) -> requests.Response:
		return self.ask("POST", path, data=data or {}, **headers)

	def made(self, path: str, data=None) -> dict:
		"""Fails the test when it is refused."""
		answer = self.post(path, data)
		assert answer.status_code == 200, answer.text
		return answer.json()

	def read(self, path: str, **params) -> dict:
		answer = self.ask("GET", path, params=params)
		assert answer.status_code == 200, answer.text
		return answer.json()

	def error(self, path: str, data=None, status: int = 400) -> dict:
		answer = self.post(path, data)
		assert answer.status_code == status, answer.text
		return answer.json()["error"]

	def do(self, action: str, **arguments):
		answer = requests.post(f"{self.url}/_sandbox/do/{action}", json=arguments, timeout=10)
		assert answer.ok, answer.text
		return answer.json()["result"]


def link_of(amount: int, currency: str = "usd", **more) -> dict:
	"""The form of a payment link for one thing at this price."""
	return {
		"line_items[0][price_data][currency]": currency,
		"line_items[0][price_data][unit_amount]": amount,
		"line_items[0][price_data][product_data][name]": "Invoice INV-1",
		"line_items[0][quantity]": 1,
		**more,
	}


def session_of(amount: int, currency: str = "usd", **more) -> dict:
	return link_of(amount, currency) | {"mode": "payment", "success_url": "https://example.com/ok"} | more
