"""Logged-in people by the part they play, as browsers see the site."""

from __future__ import annotations

import frappe
import requests
from frappe.utils.password import update_password

PASSWORD = "Desk-tests-4711!"
PEOPLE = {
	"manager": ("Integration Manager",),
	"operator": ("Integration User",),
	"stranger": ("Sales User",),
	"reader": ("Integration User", "Accounts User"),
	"stock": ("Stock User", "Sales User"),
	"shipper": ("Stock Manager",),
	"accounts": ("Accounts User",),
	"judge": ("Sales Manager",),
}


class Person:
	"""A logged-in browser: `get` and `post` speak to `integration_hub.api.desk`."""

	def __init__(self, web: str, user: str):
		self.web, self.session = web, requests.Session()
		answer = self.session.post(f"{web}/api/method/login", data={"usr": user, "pwd": PASSWORD}, timeout=60)
		assert answer.status_code == 200, answer.text

	def call(self, verb: str, method: str, **arguments) -> requests.Response:
		address = f"{self.web}/api/method/integration_hub.api.desk.{method}"
		options = {"params": arguments} if verb == "GET" else {"json": arguments}
		answer = self.session.request(verb, address, timeout=120, **options)
		frappe.db.rollback()  # this process shall see what that request committed
		return answer

	def post_to(self, method: str, **arguments) -> requests.Response:
		"""POST to any method by its whole path; the answer as it came."""
		answer = self.session.post(f"{self.web}/api/method/{method}", json=arguments, timeout=120)
		frappe.db.rollback()  # this process shall see what that request committed
		return answer

	def ask(self, verb: str, path: str, **arguments) -> requests.Response:
		"""Any address of the site (`/api/…`); the answer as it came."""
		options = {"params": arguments} if verb == "GET" else {"json": arguments}
		answer = self.session.request(verb, f"{self.web}{path}", timeout=120, **options)
		frappe.db.rollback()  # this process shall see what that request committed
		return answer

	def get(self, method: str, **arguments):
		return _message(self.call("GET", method, **arguments))

	def post(self, method: str, **arguments):
		return _message(self.call("POST", method, **arguments))


def _message(answer: requests.Response):
	assert answer.status_code == 200, answer.text
	return answer.json().get("message")


def user(part: str) -> str:
	email = f"desk-{part}@hub.example"
	if not frappe.db.exists("User", email):
		user = frappe.get_doc(
			{
				"doctype": "User",
				"email": email,
				"first_name": f"Desk {part}",
				"user_type": "System User",
				"send_welcome_email": 0,
			}
		)
		user.flags.no_welcome_mail = True
		user.insert()
	roles = frappe.get_doc("User", email)
	roles.set("roles", [{"role": role} for role in PEOPLE[part]])
	roles.save()  # also of a user whom an earlier run has left on a bench
	update_password(email, PASSWORD)
	frappe.db.commit()  # the web server must know the user
	return email
