"""The shop as a server: signing in, versions, the GraphQL and REST endpoints, signed webhooks, actions."""

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
import time
import uuid
from datetime import datetime, timezone

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from sandbox.vendors.base import Vendor, json_response
from sandbox.vendors.shopify import cases, orders, stock
from sandbox.vendors.shopify.admin import Admin
from sandbox.vendors.shopify.rest import Rest
from sandbox.vendors.shopify.state import ALL_SCOPES, Order, Shop
from sandbox.vendors.troubles import KINDS

VERSIONS = ["2026-01", "2026-04", "2026-07", "2026-10"]  # supported, oldest first
TOKEN_LIFE = 86399  # seconds, of a token by client credentials
REST_CALLS, REST_RATE = 40, 2.0  # bucket and calls a second

INVALID_TOKEN = {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}


class Shopify(Vendor):
	"""A Shopify shop on this machine.

	token: the permanent token of a custom app; client_id and client_secret: for the client credentials grant,
	and the secret that signs webhooks.
	"""

	key = "shopify"
	title = "Shopify"
	# of trouble, besides those that every vendor has: THROTTLED and INTERNAL_SERVER_ERROR with status 200,
	# and an idempotency key whose first request is still under way
	kinds = (*KINDS, "throttled", "internal_error", "in_progress")

	def __init__(
		self,
		shop: Shop | None = None,
		*,
		token: str = "shpat_sandbox",
		client_id: str = "sandbox-client",
		client_secret: str = "sandbox-secret",
		scopes: list[str] | None = None,
	):
		super().__init__()
		self.shop = shop or Shop()
		self.token, self.client_id, self.client_secret = token, client_id, client_secret
		self.scopes = list(ALL_SCOPES if scopes is None else scopes)
		self.versions = list(VERSIONS)
		self.token_life = TOKEN_LIFE
		self.tokens: dict[str, float] = {}  # by client credentials: when they end
		self.revoked: set[str] = set()
		self.admin = Admin(self.shop, self.lock)
		self.cost = self.admin.bucket
		self.rest = Rest(self.shop)
		self._rest_calls, self._rest_at = 0.0, time.monotonic()
		self._rest_lock = threading.Lock()
		self.shop.listeners.append(self._on_news)
		self.actions = {name[3:]: getattr(self, name) for name in dir(self) if name.startswith("do_")}

	@classmethod
	def from_seed(cls, seed: dict) -> "Shopify":
		"""seed: {"shop": Shop's arguments, "products": [...], "customers": [...], "orders": [...],
		"cases": [names], "token", "client_id", "client_secret", "scopes"}; everything may be missing."""
		known = {
			name: seed[name] for name in ("token", "client_id", "client_secret", "scopes") if name in seed
		}
		vendor = cls(Shop(**seed.get("shop", {})), **known)
		for one in seed.get("products", []):
			vendor.shop.add_product(**one)
		for one in seed.get("customers", []):
			vendor.shop.add_customer(**one)
		for one in seed.get("orders", []):
			orders.place_order(vendor.shop, **one)
		for name in seed.get("cases", []):
			cases.place_case(vendor.shop, name)
		return vendor

	def credentials(self) -> dict:
		return {
			"token": self.token,
			"client_id": self.client_id,
			"client_secret": self.client_secret,
			"domain": self.shop.domain,
		}

	def start(self, port: int = 0):
		running = super().start(port)
		self.admin.url = running.url
		return running

	# ---- knobs of its own

	def expire_tokens(self) -> None:
		"""Every token issued by client credentials is over, now."""
		with self.lock:
			self.tokens.clear()

	def rotate_secret(self, secret: str) -> None:
		"""New client secret; webhooks are signed with it from now on."""
		self.client_secret = secret

	# ---- requests

	def operations(self, request: Request) -> list[str]:
		if request.path.endswith("/graphql.json"):
			known = _json(request)
			if isinstance(known, dict) and isinstance(known.get("query"), str):
				return self.admin.names(known["query"], known.get("operationName"))
			return ["(broken request)"]
		if request.path == "/admin/oauth/access_token":
			return ["access_token"]
		return [re.sub(r"^/admin(/api/[^/]+)?/", "REST ", request.path)]

	def handle(self, request: Request) -> Response:
		path = request.path
		if path == "/admin/oauth/access_token" and request.method == "POST":
			return self._grant(request)
		if found := re.fullmatch(r"/_bulk/(\d+)\.jsonl", path):
			text = self.admin.bulk_files.get(int(found[1]))
			return Response(text or "", 200 if text else 404, content_type="application/jsonl")
		found = re.fullmatch(r"/admin(?:/api/([^/]+))?/(.+)\.json", path)
		if not found:
			return json_response({"errors": "Not Found"}, 404)
		if not self._signed_in(request):
			return json_response(INVALID_TOKEN, 401)
		served = self._served(found[1])
		if served is None:
			return json_response({"errors": "Not Found"}, 404)
		answer = self._graphql(request, served) if found[2] == "graphql" else self._rest(request, found[2])
		answer.headers["X-Shopify-API-Version"] = served
		answer.headers["X-Request-Id"] = f"{uuid.uuid4()}-{int(time.time())}"
		return answer

	def _served(self, asked: str | None) -> str | None:
		"""Gone versions are served as the oldest there is; versions that never were, not at all."""
		if asked == "unstable":
			return asked
		if asked is None or re.fullmatch(r"\d{4}-(01|04|07|10)", asked) and asked < self.versions[0]:
			return self.versions[0]
		return asked if asked in self.versions else None

	def _signed_in(self, request: Request) -> bool:
		token = request.headers.get("X-Shopify-Access-Token", "")
		if token in self.revoked:
			return False
		if self.token and hmac.compare_digest(token.encode(), self.token.encode()):
			return True
		return self.tokens.get(token, 0) > time.time()

	def _grant(self, request: Request) -> Response:
		"""Client credentials, as JSON or as a form."""
		known = _json(request) if "json" in (request.content_type or "") else request.form.to_dict()
		if not isinstance(known, dict) or known.get("grant_type") != "client_credentials":
			return json_response(
				{"error": "invalid_request", "error_description": "Unsupported grant type"}, 400
			)
		if known.get("client_id") != self.client_id:
			description = "Could not find Shopify API application with the given api_key"
			return json_response(
				{"error": "application_cannot_be_found", "error_description": description}, 400
			)
		if not hmac.compare_digest(str(known.get("client_secret")).encode(), self.client_secret.encode()):
			return json_response(
				{"error": "invalid_client", "error_description": "Client authentication failed"}, 401
			)
		token = f"shpat_{secrets.token_hex(16)}"
		with self.lock:
			self.tokens[token] = time.time() + self.token_life
		return json_response(
			{"access_token": token, "scope": ",".join(self.scopes), "expires_in": self.token_life}
		)

	def _graphql(self, request: Request, version: str) -> Response:
		if request.method != "POST":
			return json_response({"errors": "Not Found"}, 404)
		known = _json(request)
		if not isinstance(known, dict) or not isinstance(known.get("query"), str):
			return json_response({"errors": {"query": "Required parameter missing or invalid"}}, 400)
		variables = known.get("variables")
		if variables is not None and not isinstance(variables, dict):
			return json_response({"errors": {"variables": "must be a JSON object"}}, 400)
		body = self.admin.run(
			known["query"], variables, known.get("operationName"), version, self.versions, self.scopes
		)
		return json_response(body)

	def refuse(self, trouble, request: Request) -> Response:
		if trouble.kind == "throttled":
			return json_response(self.admin.throttled(10))
		if trouble.kind == "internal_error":
			message = "Internal error. Looks like something went wrong on our end."
			known = {"code": "INTERNAL_SERVER_ERROR", "requestId": str(uuid.uuid4())}
			return json_response({"errors": [{"message": message, "extensions": known}]})
		if trouble.kind == "in_progress":
			# another request with the same idempotency key is still being carried out
			(name, *_) = self.operations(request)
			error = {
				"field": None,
				"message": "This request is currently in progress, please try again.",
				"code": "IDEMPOTENCY_CONCURRENT_REQUEST",
			}
			return json_response({"data": {name: {"userErrors": [error]}}})
		if trouble.kind == "unauthorised":
			return json_response(INVALID_TOKEN, 401)
		if trouble.kind == "rate_limited":
			answer = json_response(
				{
					"errors": "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."
				},
				429,
			)
			answer.headers["Retry-After"] = f"{trouble.retry_after:.1f}"
			return answer
		return json_response({"errors": "Internal Server Error"}, trouble.status)

	# ---- REST, read only

	def _rest(self, request: Request, what: str) -> Response:
		calls = self._rest_call()
		if calls is None:
			body = {
				"errors": "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."
			}
			answer = json_response(body, 429)
			answer.headers["Retry-After"] = "2.0"
			return answer
		if request.method != "GET":
			answer = json_response({"errors": "The sandbox's REST API is read-only"}, 405)
		else:
			with self.lock:
				answer = self._rest_read(request, what)
		answer.headers["X-Shopify-Shop-Api-Call-Limit"] = f"{calls}/{REST_CALLS}"
		return answer

	def _rest_call(self) -> int | None:
		with self._rest_lock:
			now = time.monotonic()
			self._rest_calls = max(0.0, self._rest_calls - (now - self._rest_at) * REST_RATE)
			self._rest_at = now
			if self._rest_calls + 1 > REST_CALLS:
				return None
			self._rest_calls += 1
			return int(self._rest_calls)

	def _rest_read(self, request: Request, what: str) -> Response:
		shop, show = self.shop, self.rest
		if what == "shop":
			return json_response({"shop": show.shop_as_rest()})
		if what == "inventory_levels":
			return self._rest_levels(request)
		if what == "oauth/access_scopes":
			return json_response({"access_scopes": [{"handle": one} for one in self.scopes]})
		tables = {
			"orders": (shop.orders, show.order),
			"products": (shop.products, show.product),
			"variants": (shop.variants, show.variant),
			"customers": (shop.customers, show.customer),
			"locations": (shop.locations, show.location),
			"inventory_items": (shop.items, show.item),
		}
		parts = what.split("/")
		if parts[0] not in tables or len(parts) > 3:
			return json_response({"errors": "Not Found"}, 404)
		table, render = tables[parts[0]]
		if len(parts) == 1:
			return self._rest_list(request, parts[0], table, render)
		if parts[1:] == ["count"]:
			return json_response({"count": sum(1 for _ in self._rest_chosen(request, table))})
		one = table.get(int(parts[1])) if parts[1].isdigit() else None
		if one is None:
			return json_response({"errors": "Not Found"}, 404)
		if len(parts) == 2:
			return json_response({parts[0].removesuffix("s"): render(one)})
		children = {
			("orders", "transactions"): ("transactions", show.transaction),
			("orders", "refunds"): ("refunds", show.refund),
			("orders", "fulfillments"): ("fulfillments", show.fulfillment),
			("products", "variants"): ("variants", show.variant),
		}
		if (parts[0], parts[2]) not in children:
			return json_response({"errors": "Not Found"}, 404)
		name, show_child = children[parts[0], parts[2]]
		return json_response({name: [show_child(child) for child in getattr(one, name)]})

	def _rest_chosen(self, request: Request, table: dict):
		arguments = request.args
		ids = {int(one) for one in arguments.get("ids", "").split(",") if one.isdigit()}
		status = arguments.get("status", "open")
		newer = _time(arguments["updated_at_min"]) if "updated_at_min" in arguments else None
		for one in table.values():
			if ids and one.id not in ids or one.id <= int(arguments.get("since_id", 0)):
				continue
			if newer and one.updated_at < newer:
				continue
			if isinstance(one, Order) and status != "any":
				known = "cancelled" if one.cancelled_at else "closed" if one.closed_at else "open"
				if known != status:
					continue
			yield one

	def _rest_list(self, request: Request, name: str, table: dict, render) -> Response:
		limit = int(request.args.get("limit", 50))
		if not 0 < limit <= 250:
			return json_response({"errors": {"limit": "must be between 1 and 250"}}, 400)
		start = int(base64.urlsafe_b64decode(request.args["page_info"])) if "page_info" in request.args else 0
		chosen = sorted(self._rest_chosen(request, table), key=lambda one: one.id)
		answer = json_response({name: [render(one) for one in chosen[start : start + limit]]})
		if start + limit < len(chosen):
			cursor = base64.urlsafe_b64encode(str(start + limit).encode()).decode()
			answer.headers["Link"] = f'<{request.base_url}?limit={limit}&page_info={cursor}>; rel="next"'
		return answer

	def _rest_levels(self, request: Request) -> Response:
		items = [int(one) for one in request.args.get("inventory_item_ids", "").split(",") if one]
		places = {int(one) for one in request.args.get("location_ids", "").split(",") if one}
		if not items and not places:
			message = "at least one of inventory_item_ids or location_ids must be given"
			return json_response({"errors": message}, 422)
		levels = [
			level
			for item in self.shop.items.values()
			if not items or item.id in items
			for level in item.levels.values()
			if not places or level.location.id in places
		]
		return json_response({"inventory_levels": [self.rest.level(one) for one in levels[:250]]})

	# ---- webhooks

	def _on_news(self, topic: str, about: object) -> None:
		wanted = topic.upper().replace("/", "_")
		listening = [one for one in self.shop.subscriptions.values() if one.topic == wanted]
		if not listening:
			return
		body = self._body(topic, about)
		event = str(uuid.uuid4())
		for subscription in listening:
			chosen = body
			if subscription.include_fields:
				chosen = {name: body[name] for name in subscription.include_fields if name in body}
			raw = json.dumps(chosen, separators=(",", ":"), ensure_ascii=False).encode()
			headers = self.signed(topic, raw, event_id=event)
			if subscription.name:
				headers["X-Shopify-Name"] = subscription.name
			self.courier.send(topic, subscription.uri, headers, raw, subscription=subscription.id)

	def signed(self, topic: str, raw: bytes, event_id: str | None = None) -> dict[str, str]:
		"""The headers Shopify sends with a webhook of these bytes."""
		digest = hmac.new(self.client_secret.encode(), raw, hashlib.sha256).digest()
		return {
			"Content-Type": "application/json",
			"User-Agent": "Shopify-Captain-Hook",
			"X-Shopify-Topic": topic,
			"X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
			"X-Shopify-Shop-Domain": self.shop.domain,
			"X-Shopify-API-Version": self.versions[-1],
			"X-Shopify-Webhook-Id": str(uuid.uuid4()),
			"X-Shopify-Event-Id": event_id or str(uuid.uuid4()),
			"X-Shopify-Triggered-At": datetime.now(timezone.utc).isoformat().replace("+00:00", "Z"),
		}

	def _body(self, topic: str, about) -> dict:
		kind = topic.split("/")[0]
		if topic.endswith("/delete"):
			return {"id": about.id}
		if topic == "orders/edited":
			return {"order_edit": self.rest.order_edit(about)}
		if kind == "bulk_operations":
			return {
				"admin_graphql_api_id": about["id"],
				"status": "completed",
				"type": "query",
				"error_code": None,
			}
		render = {
			"orders": self.rest.order,
			"refunds": self.rest.refund,
			"fulfillments": self.rest.fulfillment,
			"order_transactions": self.rest.transaction,
			"products": self.rest.product,
			"customers": self.rest.customer,
			"inventory_levels": self.rest.level,
		}[kind]
		return render(about)

	def webhook(self, topic: str, order: "int | str | Order") -> tuple[dict[str, str], bytes]:
		"""Headers and bytes of an order webhook as it would be sent now, for a test that delivers it itself."""
		with self.lock:
			raw = json.dumps(self._body(topic, self.shop.order_named(order)), separators=(",", ":")).encode()
		return self.signed(topic, raw), raw

	# ---- actions: what other processes may do to the shop

	def state(self) -> dict:
		shop = self.shop
		with self.lock:
			return {
				"shop": shop.name,
				"currency": shop.currency,
				"locations": {one.name: one.id for one in shop.locations.values()},
				"products": len(shop.products),
				"variants": len(shop.variants),
				"customers": len(shop.customers),
				"orders": {one.name: one.id for one in shop.orders.values()},
				"subscriptions": [
					{"topic": one.topic, "uri": one.uri} for one in shop.subscriptions.values()
				],
			}

	def do_add_product(self, **known) -> dict:
		"""See `Shop.add_product`."""
		with self.lock:
			return self.rest.product(self.shop.add_product(**known))

	def do_add_location(self, name: str) -> dict:
		with self.lock:
			return self.rest.location(self.shop.add_location(name))

	def do_place_order(self, **known) -> dict:
		"""See `orders.place_order`. Answers what `expect` does."""
		with self.lock:
			return cases.expectation(orders.place_order(self.shop, **known))

	def do_place_case(self, case: str) -> dict:
		with self.lock:
			return cases.expectation(cases.place_case(self.shop, case))

	def do_cases(self) -> dict:
		"""The names of the ready-made cases and what each is about."""
		return {name: case.about for name, case in cases.CASES.items()}

	def do_expect(self, order: str | int) -> dict:
		with self.lock:
			return cases.expectation(self.shop.order_named(order))

	def do_edit_order(self, order: str | int, **known) -> dict:
		return self._change(orders.edit_order, order, **known)

	def do_refund_order(self, order: str | int, **known) -> dict:
		return self._change(orders.refund_order, order, **known)

	def do_cancel_order(self, order: str | int, **known) -> dict:
		return self._change(orders.cancel_order, order, **known)

	def do_fulfil_order(self, order: str | int, **known) -> dict:
		return self._change(orders.fulfil_order, order, **known)

	def do_mark_paid(self, order: str | int, **known) -> dict:
		return self._change(orders.mark_paid, order, **known)

	def do_change_order(self, order: str | int, **known) -> dict:
		return self._change(orders.change_order, order, **known)

	def _change(self, action, order: str | int, **known) -> dict:
		with self.lock:
			found = self.shop.order_named(order)
			action(self.shop, found, **known)
			return cases.expectation(found)

	def do_delete_product(self, sku: str) -> dict:
		with self.lock:
			self.shop.delete_product(self.shop.variant(sku).product)
			return {}

	def do_set_stock(self, sku: str, available: int, location: str | None = None) -> dict:
		with self.lock:
			return self.rest.level(stock.set_stock(self.shop, sku, available, location))

	def do_stock(self) -> dict:
		"""{SKU: {location: [available, on hand]}}"""
		with self.lock:
			return {
				variant.sku or str(variant.id): {
					level.location.name: [level.available, level.on_hand]
					for level in variant.inventory_item.levels.values()
				}
				for variant in self.shop.variants.values()
			}

	def do_expire_tokens(self) -> dict:
		self.expire_tokens()
		return {}

	def do_rotate_secret(self, secret: str) -> dict:
		self.rotate_secret(secret)
		return {}

	def do_set_cost(
		self, maximum: float = 2000, restore: float = 100, available: float | None = None
	) -> dict:
		self.cost.set(maximum, restore, available)
		return self.cost.status()

	def do_set_search_lag(self, seconds: float) -> dict:
		"""How long a change stays out of lists with a `query:`."""
		self.admin.search_lag = float(seconds)
		return {}

	def do_set_versions(self, versions: list[str]) -> dict:
		"""What is supported, oldest first."""
		self.versions = list(versions)
		return {}


def _json(request: Request):
	try:
		return json.loads(request.get_data(cache=True))
	except (ValueError, UnicodeDecodeError):
		return None


def _time(text: str) -> datetime:
	try:
		value = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "+"))
	except ValueError:
		raise _unprocessable("invalid time") from None
	return value if value.tzinfo else value.replace(tzinfo=timezone.utc)


def _unprocessable(message: str) -> HTTPException:
	return HTTPException(message, json_response({"errors": message}, 422))
