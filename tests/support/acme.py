"""Acme Parcels, the courier of docs/write-a-connector.md: its connector, taken out of the page, and a server for it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import re
import sys
import types
from datetime import datetime, timezone
from pathlib import Path

from werkzeug.exceptions import NotFound, Unauthorized
from werkzeug.wrappers import Request, Response

from sandbox.vendors.base import Vendor, json_response
from sandbox.vendors.shiprocket.papers import pdf

PAGE = Path(__file__).resolve().parents[2] / "docs" / "write-a-connector.md"
TOKEN, SECRET = "acme-token", "acme-secret"


def source() -> str:
	"""The one block of the page that is a whole connector."""
	[whole] = [block for block in blocks() if "class Acme(Connector)" in block]
	return whole


def blocks() -> list[str]:
	return re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)


def connector_class():
	"""The class, in a module that can be imported by name, as an app's module can."""
	if "acme_of_the_docs" not in sys.modules:
		module = types.ModuleType("acme_of_the_docs")
		sys.modules["acme_of_the_docs"] = module
		exec(compile(source(), str(PAGE), "exec"), module.__dict__)
	return sys.modules["acme_of_the_docs"].Acme


class Acme(Vendor):
	"""Acme's API as the page describes it."""

	key, title = "acme", "Acme Parcels"

	def __init__(self):
		super().__init__()
		self.parcels: dict[str, dict] = {}
		self.webhook = ""
		self.numbers = itertools.count(1)
		self.label = lambda number: pdf(f"LABEL {number}")

	def operations(self, request: Request) -> list[str]:
		return [
			f"{request.method} {request.path.split('/')[1]}{'/label' if request.path.endswith('/label') else ''}"
		]

	def handle(self, request: Request) -> Response:
		if request.headers.get("X-Token") != TOKEN:
			raise Unauthorized("wrong token")
		_empty, what, *rest = request.path.split("/")
		with self.lock:
			if what == "me":
				return json_response({"name": "Acme account 7"})
			if what == "webhook":
				self.webhook = request.get_json()["url"]
				return json_response({})
			if rest[1:] == ["label"]:
				return Response(self.label(rest[0]), mimetype="application/pdf")
			if request.method == "POST":
				return json_response(self._booked(request.get_json()), 201)
			if request.method == "DELETE":
				return self._cancelled(rest[0])
			return json_response(self._found(request))

	def _booked(self, order: dict) -> list[dict]:
		made = []
		for _weight in order["weights"]:
			number = f"ACME{hashlib.sha256(order['reference'].encode()).hexdigest()[:6].upper()}{next(self.numbers)}"
			self.parcels[number] = {
				"number": number,
				"reference": order["reference"],
				"state": "new",
				"at": _now(),
			}
			made.append(self.parcels[number])
		return made

	def _cancelled(self, number: str) -> Response:
		if number not in self.parcels:
			raise NotFound(number)
		if self.parcels[number]["state"] != "new":
			return json_response({"message": "The parcel has left."}, 409)
		self.parcels[number]["state"] = "cancelled"
		return json_response({})

	def _found(self, request: Request) -> list[dict]:
		if request.args.get("reference"):
			return [one for one in self.parcels.values() if one["reference"] == request.args["reference"]]
		wanted = (request.args.get("numbers") or "").split(",")
		return [self.parcels[number] for number in wanted if number in self.parcels]

	# --- what happens in the world

	def move(self, number: str, state: str) -> dict:
		"""The parcel goes on, and Acme tells it to its webhook, if there is one."""
		parcel = self.parcels[number]
		parcel.update(state=state, at=_now())
		if self.webhook:
			body = json.dumps({"number": number, "at": parcel["at"]}).encode()
			self.courier.send("tracking", self.webhook, signed(body), body)
		return parcel


def signed(body: bytes) -> dict[str, str]:
	digest = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
	return {"Content-Type": "application/json", "X-Acme-Signature": base64.b64encode(digest).decode()}


def _now() -> str:
	return datetime.now(timezone.utc).isoformat()
