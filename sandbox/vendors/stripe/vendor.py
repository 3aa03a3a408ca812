"""The account as a server: keys, versions, parameters, idempotency, answers and troubles in Stripe's words."""

import base64
import binascii
import hmac
import json
import re
import secrets

from werkzeug.wrappers import Request, Response

from sandbox.vendors.base import Vendor
from sandbox.vendors.stripe import forms, limits, params, versions
from sandbox.vendors.stripe.account import Account
from sandbox.vendors.stripe.api import balance, billing, catalog, checkout, customers, expand, hooks, payments
from sandbox.vendors.stripe.api.call import Call
from sandbox.vendors.stripe.api.routes import find
from sandbox.vendors.stripe.doings import DOINGS
from sandbox.vendors.stripe.errors import Refusal
from sandbox.vendors.stripe.idempotency import Answer, Keys, in_use
from sandbox.vendors.stripe.limits import Limits
from sandbox.vendors.stripe.pages import page
from sandbox.vendors.troubles import KINDS, Trouble

RESOURCES = (balance, billing, catalog, checkout, customers, hooks, payments)  # imported for their routes
FORM = "application/x-www-form-urlencoded"


class Stripe(Vendor):
	"""A Stripe account in test mode on this machine. key: its secret key."""

	key = "stripe"
	title = "Stripe"
	# besides those that every vendor has: another request holds the object (429 as Stripe's page on rate limits says,
	# or 409), the key's first request is still under way (409), the key may not do this (403), and a 500 that is kept
	# for the Idempotency-Key after the request has been carried out
	kinds = (*KINDS, "lock_timeout", "lock_conflict", "in_progress", "forbidden", "error_stored")

	def __init__(self, account: Account | None = None, *, secret_key: str = "sk_test_sandbox"):
		super().__init__()
		self.account = account or Account()
		self.lock = self.account.lock
		self.account.courier = self.courier
		self.secret_key = secret_key
		self.revoked: set[str] = set()
		self.keys = Keys()
		self.limits = Limits()
		self.actions = {name: getattr(self.account, name) for name in DOINGS}
		self.actions |= {name[3:]: getattr(self, name) for name in dir(self) if name.startswith("do_")}

	@classmethod
	def from_seed(cls, seed: dict) -> "Stripe":
		"""seed: {"account": Account's arguments, "secret_key", "customers": [add_customer's arguments], "prices":
		[add_price's], "subscriptions": [subscribe's], "webhook": {"url", "events", "api_version"}}."""
		known = {"secret_key": seed["secret_key"]} if "secret_key" in seed else {}
		vendor = cls(Account(**seed.get("account", {})), **known)
		if "webhook" in seed:
			vendor.account.listen(**seed["webhook"])
		for one in seed.get("customers", []):
			vendor.account.add_customer(**one)
		for one in seed.get("prices", []):
			vendor.account.add_price(**one)
		for one in seed.get("subscriptions", []):
			vendor.account.subscribe(**one)
		return vendor

	def credentials(self) -> dict:
		endpoints = self.account.all("webhook_endpoint")
		return {
			"secret_key": self.secret_key,
			"account": self.account.id,
			"currency": self.account.currency,
			"webhook_secret": endpoints[0]["_secrets"][0] if endpoints else None,
		}

	def start(self, port: int = 0):
		running = super().start(port)
		self.account.url = running.url
		return running

	def state(self) -> dict:
		with self.lock:
			counts = {name: len(table) for name, table in self.account.tables.items()}
			return {
				"account": self.account.id,
				"currency": self.account.currency,
				"balance": self.account.ledger.totals(),
				"objects": counts,
			}

	# ---- requests

	def operations(self, request: Request) -> list[str]:
		"""payment_links.create, checkout.sessions.retrieve, balance_transactions.list, ..."""
		known = find(request.method, request.path)
		return [known[0].name if known else f"{request.method} {request.path}"]

	def handle(self, request: Request) -> Response:
		if not request.path.startswith("/v"):
			shown = page(self.account, request)
			if shown is not None:
				return shown
		request_id = f"req_{secrets.token_hex(7)}"
		try:
			return self._handled(request, request_id)
		except Refusal as refusal:
			return _answer(refusal.status, _json(refusal.body(request_id)), request_id, refusal.headers)

	def _handled(self, request: Request, request_id: str) -> Response:
		self._signed_in(request)
		self.limits.take(request.method)
		version = versions.check(request.headers.get("Stripe-Version") or self.account.version)
		known = find(request.method, request.path)
		if known is None:
			message = (
				f"Unrecognized request URL ({request.method}: {request.path}). Please see https://stripe.com/docs or "
				"we can help at https://support.stripe.com/."
			)
			raise Refusal(message, status=404)
		route, ids = known
		given = _given(request)
		call = Call(
			self.account, route, request.path, ids, params.read(route.params, given, version), version
		)
		key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
		headers = {"Stripe-Version": version}
		if key is None:
			return _answer(*self._carried_out(call, request_id, None), request_id, headers)
		headers |= {"Idempotency-Key": key}
		earlier = self.keys.begin(key, request.method, request.path, given, self.account.now())
		if earlier is not None:
			return _replayed(earlier, request_id, headers)
		return _answer(*self._kept(call, request_id, key), request_id, headers)

	def _kept(self, call: Call, request_id: str, key: str) -> tuple[int, bytes]:
		"""Carry it out, and keep the answer for the key; not when the request was refused at the door."""
		done = False
		try:
			status, body = self._carried_out(call, request_id, key)
			self.keys.done(key, status, body, request_id)
			done = True
			return status, body
		finally:
			if not done:
				self.keys.drop(key)

	def _carried_out(self, call: Call, request_id: str, key: str | None) -> tuple[int, bytes]:
		try:
			with self.account.together({"id": request_id, "idempotency_key": key}):
				made = call.route.act(call)
				return 200, _json(expand.shown(self.account, made, call.get("expand", []), call.version))
		except Refusal as refusal:
			if refusal.early:
				raise
			return refusal.status, _json(refusal.body(request_id))

	def _signed_in(self, request: Request) -> None:
		given = _key(request)
		if not given:
			message = (
				"You did not provide an API key. You need to provide your API key in the Authorization header, using "
				"Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
				"https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/."
			)
			raise Refusal(message, status=401)
		if given in self.revoked:
			raise _expired(given)
		if not hmac.compare_digest(given.encode(), self.secret_key.encode()):
			raise Refusal(f"Invalid API Key provided: {_masked(given)}", status=401)
		other = request.headers.get("Stripe-Account")
		if other and other != self.account.id:
			message = (
				f"The provided key '{_masked(given)}' does not have access to account '{other}' (or that account does "
				"not exist). Application access may have been revoked."
			)
			raise Refusal(message, status=403, code="account_invalid")

	# ---- troubles

	def refuse(self, trouble: Trouble, request: Request) -> Response:
		request_id = f"req_{secrets.token_hex(7)}"
		key = request.headers.get("Idempotency-Key", "")
		refusal = {
			"rate_limited": limits.rate_limited,
			"unauthorised": lambda: _expired(_key(request)),
			"lock_timeout": lambda: limits.locked(429),
			"lock_conflict": lambda: limits.locked(409),
			"in_progress": lambda: in_use(key),
			"forbidden": lambda: _forbidden(_key(request)),
		}.get(trouble.kind, lambda: _broken(trouble.status))()
		body = _json(refusal.body(request_id))
		if trouble.kind == "error_stored":
			self.handle(request)
			if key in self.keys.answers:
				self.keys.done(key, refusal.status, body, request_id)
		return _answer(refusal.status, body, request_id, refusal.headers)

	# ---- actions of the server

	def do_set_limits(self, per_second: int | None = 100) -> dict:
		"""Reads and writes a second, each; null turns the limit off."""
		self.limits.set(per_second)
		return {"per_second": per_second}

	def do_set_key(self, secret_key: str, revoke: bool = True) -> dict:
		"""A new secret key; revoke: the old one has expired (401), else it never was."""
		if revoke:
			self.revoked.add(self.secret_key)
		self.secret_key = secret_key
		return {}

	def do_forget_keys(self) -> dict:
		"""Idempotency keys are a day old."""
		self.keys.forget()
		return {}

	def do_settle_late(self, on: bool = True) -> dict:
		"""Charges get their balance transactions only with `finish_settlement`."""
		self.account.settle_late = on
		return {}

	# ---- webhooks for tests that deliver them themselves

	def webhook(self, event: str | dict, endpoint: str | None = None) -> tuple[dict[str, str], bytes]:
		"""Headers and bytes of a delivery, signed for this endpoint (else the newest). event: id, or a body."""
		with self.lock:
			known = self.account.find("webhook_endpoint", endpoint) if endpoint else None
			known = known or self.account.all("webhook_endpoint")[0]
			if isinstance(event, dict):
				raw = json.dumps(event, indent=2).encode()
			else:
				raw = self.account.events.body(self.account.find("event", event), known["api_version"])
			return self.account.events.headers(known, raw), raw


def _given(request: Request) -> dict:
	"""The parameters, wherever this method has them."""
	query = request.query_string.decode("utf-8", "replace")
	if request.method == "GET":
		return forms.parse(query)
	body = request.get_data(cache=True)
	if body and not (request.content_type or "").startswith(FORM):
		message = (
			"Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have "
			"any questions, we can help at https://support.stripe.com/."
		)
		raise Refusal(message, early=True)
	if query and request.method == "POST":
		raise Refusal("Parameters of a POST belong into its body, not into the URL.", early=True)
	return forms.parse(body.decode("utf-8", "replace") or query)


def _key(request: Request) -> str:
	scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
	if scheme.lower() == "bearer":
		return rest.strip()
	if scheme.lower() == "basic":
		try:
			return base64.b64decode(rest).decode().partition(":")[0]
		except (binascii.Error, UnicodeDecodeError):
			return ""
	return ""


def _masked(key: str) -> str:
	shown = re.match(r"[a-z]{2}_(test|live)_", key)
	start = shown[0] if shown else key[:2]
	return f"{start}{'*' * max(0, len(key) - len(start) - 4)}{key[-4:] if len(key) > 12 else ''}"


def _expired(key: str) -> Refusal:
	return Refusal(f"Expired API Key provided: {_masked(key)}", status=401, code="api_key_expired")


def _forbidden(key: str) -> Refusal:
	message = f"The provided key '{_masked(key)}' does not have the required permissions for this endpoint."
	return Refusal(message, status=403, code="more_permissions_required")


def _broken(status: int) -> Refusal:
	message = "Sorry! There was an error while talking to one of our backends. Support has been notified."
	return Refusal(message, status=status, type="api_error")


def _json(body: dict) -> bytes:
	return json.dumps(body, indent=2, ensure_ascii=False).encode()


def _answer(status: int, body: bytes, request_id: str, headers: dict[str, str] | None = None) -> Response:
	answer = Response(body, status, headers=headers, content_type="application/json")
	answer.headers["Request-Id"] = request_id
	return answer


def _replayed(earlier: Answer, request_id: str, headers: dict[str, str]) -> Response:
	known = {"Idempotent-Replayed": "true", "Original-Request": earlier.request_id}
	return _answer(earlier.status, earlier.body, request_id, headers | known)
