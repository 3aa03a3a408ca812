"""Shiprocket's API as a server: signing in, the calls by path, its own way of refusing, webhooks, actions."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

from sandbox.vendors.base import Vendor, json_response
from sandbox.vendors.shiprocket import orders, papers, tracking
from sandbox.vendors.shiprocket.company import Company, Courier, Parcel
from sandbox.vendors.shiprocket.statuses import LEFT, SHIPMENT
from sandbox.vendors.troubles import KINDS, Trouble

ROOT = "/v1/external/"
TOKEN_SECONDS = 240 * 3600
LOCKED_AFTER = 5
#: parcels asked for in one call
TRACKED_AT_ONCE = 50
ROUTES: list[tuple[str, re.Pattern[str], str, Callable]] = []


def route(method: str, path: str, operation: str):
	"""A call of the API; `{}` in the path is handed over as text."""
	pattern = re.compile("^" + re.escape(path).replace(r"\{\}", "([^/]+)") + "/?$")

	def add(function: Callable) -> Callable:
		ROUTES.append((method, pattern, operation, function))
		return function

	return add


class Refusal(Exception):
	"""An answer that says no, in Shiprocket's shape, with the status Shiprocket gives it."""

	def __init__(self, status: int, message: str, **more: Any):
		super().__init__(message)
		self.status, self.body = status, {"message": message, "status_code": status, **more}


class Shiprocket(Vendor):
	"""An account on this machine. `webhook_token` comes back in the header x-api-key."""

	key = "shiprocket"
	title = "Shiprocket"
	kinds = KINDS

	def __init__(
		self,
		company: Company | None = None,
		email: str = "api@sandbox.example",
		password: str = "sandbox-password",
		webhook_token: str = "sandbox-token",
	):
		super().__init__()
		self.company = company or Company()
		self.email, self.password, self.webhook_token = email, password, webhook_token
		self.tokens: dict[str, float] = {}
		self.wrong_logins = 0
		self.webhook_url = ""
		self.files: dict[str, bytes] = {}
		self.company.on_change = self._tell
		world = self.company
		self.actions = {
			"move": world.move,
			"deliver": world.deliver,
			"journey": world.journey,
			"fail_attempt": world.fail_attempt,
			"return_to_origin": world.return_to_origin,
			"reassign": world.reassign,
			"lose": world.lose,
			"hold_awb": world.hold_awb,
			"set_wallet": world.set_wallet,
			"block_courier": world.block_courier,
			"add_pickup_place": world.add_pickup_place,
			"advance": world.advance,
			"expire_tokens": self.expire_tokens,
			"set_webhook": self.set_webhook,
		}

	@classmethod
	def from_seed(cls, seed: dict) -> Shiprocket:
		company = Company(**seed.get("company", {}))
		for place in seed.get("places", ()):
			company.add_pickup_place(**place)
		return cls(
			company, **{name: seed[name] for name in ("email", "password", "webhook_token") if name in seed}
		)

	def credentials(self) -> dict:
		return {"email": self.email, "password": self.password, "webhook_token": self.webhook_token}

	def state(self) -> dict:
		world = self.company
		return {"wallet": world.wallet, "orders": len(world.orders), "awbs": list(world.by_awb)}

	def operations(self, request: Request) -> list[str]:
		found = _route(request)
		return [found[0]] if found else [f"{request.method} {request.path}"]

	def refuse(self, trouble: Trouble, request: Request) -> Response:
		status = {"rate_limited": 429, "unauthorised": 401}.get(trouble.kind, trouble.status)
		words = {429: "Too Many Attempts.", 401: "Token has expired"}.get(status, "Something went wrong")
		return json_response({"message": words, "status_code": status}, status)

	def handle(self, request: Request) -> Response:
		if request.path.startswith("/_files/"):
			return self._file(request.path.removeprefix("/_files/"))
		found = _route(request)
		if found is None:
			raise NotFound(request.path)
		operation, function, parts = found
		try:
			with self.company.lock:
				if operation != "login":
					self._signed_in(request)
				answer = function(self, request, *parts)
		except Refusal as refusal:
			return json_response(refusal.body, refusal.status)
		return answer if isinstance(answer, Response) else json_response(answer)

	# --- signing in

	def _signed_in(self, request: Request) -> None:
		token = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
		if token not in self.tokens:
			raise Refusal(401, "Token is Invalid" if token else "Token not provided")
		if self.tokens[token] < time.time():
			raise Refusal(401, "Token has expired")

	def login(self, given: dict[str, Any]) -> dict[str, Any]:
		if self.wrong_logins >= LOCKED_AFTER:
			raise Refusal(403, "User blocked due to too many failed login attempts")
		if (given.get("email"), given.get("password")) != (self.email, self.password):
			self.wrong_logins += 1
			raise Refusal(403, "Invalid email and password combination")
		self.wrong_logins = 0
		parts = (
			{"alg": "HS256", "typ": "JWT"},
			{"sub": 7, "n": len(self.tokens), "exp": int(time.time()) + TOKEN_SECONDS},
		)
		token = (
			".".join(
				base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts
			)
			+ ".sandbox"
		)
		self.tokens[token] = time.time() + TOKEN_SECONDS
		return {
			"id": 7,
			"first_name": "API",
			"last_name": "USER",
			"email": self.email,
			"company_id": 25149,
			"created_at": "2026-01-01 10:00:00",
			"token": token,
		}

	def expire_tokens(self) -> None:
		for token in self.tokens:
			self.tokens[token] = 0.0

	# --- files and webhooks

	def keep(self, name: str, content: bytes) -> str:
		self.files[name] = content
		return f"{self.url}/_files/{name}"

	def _file(self, name: str) -> Response:
		if name not in self.files:
			raise NotFound(name)
		return Response(self.files[name], mimetype="application/pdf")

	def set_webhook(self, url: str, token: str | None = None) -> str:
		"""What a person enters under Settings, API, Webhooks."""
		address = url.split("?")[0].lower()
		bad = [word for word in tracking.FORBIDDEN if word in address]
		if bad:
			raise ValueError(f"URL should not contain {', '.join(bad)}")
		self.webhook_url = url
		if token is not None:
			self.webhook_token = token
		return url

	def _tell(self, parcel: Parcel) -> None:
		if self.webhook_url:
			headers = {"Content-Type": "application/json", "x-api-key": self.webhook_token}
			self.courier.send("tracking", self.webhook_url, headers, tracking.webhook(parcel), awb=parcel.awb)


def _route(request: Request) -> tuple[str, Callable, tuple[str, ...]] | None:
	if not request.path.startswith(ROOT):
		return None
	path = request.path.removeprefix(ROOT)
	for method, pattern, operation, function in ROUTES:
		match = pattern.match(path)
		if match and method == request.method:
			return operation, function, match.groups()
	return None


def _json(request: Request) -> dict[str, Any]:
	"""A JSON body; login also takes a form."""
	if request.mimetype == "application/x-www-form-urlencoded":
		return dict(request.form)
	given = request.get_json(silent=True)
	if not isinstance(given, dict):
		raise Refusal(400, "Invalid JSON")
	return given


# --- account


@route("POST", "auth/login", "login")
def login(vendor: Shiprocket, request: Request) -> dict:
	return vendor.login(_json(request))


@route("POST", "auth/logout", "logout")
def logout(vendor: Shiprocket, request: Request) -> dict:
	vendor.tokens.pop((request.headers.get("Authorization") or "").removeprefix("Bearer "), None)
	return {"message": "Successfully logged out"}


@route("GET", "account/details/wallet-balance", "wallet")
def wallet(vendor: Shiprocket, _request: Request) -> dict:
	return {"data": {"balance_amount": f"{vendor.company.wallet:.2f}"}}


@route("GET", "account/details/statement", "statement")
def statement(vendor: Shiprocket, _request: Request) -> dict:
	return {"data": vendor.company.statement, "meta": _meta(len(vendor.company.statement), 1, 100)}


@route("GET", "settings/company/pickup", "pickup_places")
def pickup_places(vendor: Shiprocket, _request: Request) -> dict:
	return {
		"data": {
			"shipping_address": [
				{
					"id": 1856900 + number,
					"pickup_location": name,
					"address": "Mill Road 12",
					"city": place["city"],
					"state": place["state"],
					"country": "India",
					"pin_code": place["pin_code"],
					"phone": place["phone"],
					"status": 1,
					"is_primary_location": name == "Primary",
				}
				for number, (name, place) in enumerate(vendor.company.places.items(), start=1)
			],
			"allow_more": "true",
			"company_name": vendor.company.name,
			"recent_addresses": [],
		}
	}


# --- prices


@route("GET", "courier/serviceability", "serviceability")
def serviceability(vendor: Shiprocket, request: Request) -> Any:
	asked, world = request.args, vendor.company
	if asked.get("order_id"):
		given = world.orders[int(asked["order_id"])].given
		there, weight = str(given["billing_pincode"]), float(given["weight"])
		cod = given["payment_method"].upper() == "COD"
	else:
		for name in ("pickup_postcode", "delivery_postcode", "weight"):
			if not asked.get(name):
				raise Refusal(422, "Oops! Invalid Data.", errors={name: [f"The {name} field is required."]})
		there, weight, cod = asked["delivery_postcode"], float(asked["weight"]), asked.get("cod") == "1"
	volume = 1.0
	for side in ("length", "breadth", "height"):
		volume *= float(asked.get(side) or 0)
	weight = max(weight, volume / 5000)
	if any(there.startswith(one) for one in world.unserved):
		return json_response(
			{"status": 404, "message": "Service is not available at this pincode", "data": None}, 404
		)
	mode = (asked.get("mode") or "").lower()
	found = [
		_offer(world, courier, weight, cod)
		for courier in world.couriers.values()
		if (not cod or courier.cash is not None) and mode in ("", "surface" if courier.surface else "air")
	]
	return {
		"company_auto_shipment_insurance_setting": False,
		"currency": "INR",
		"data": {
			"available_courier_companies": found,
			"child_courier_id": None,
			"recommended_courier_company_id": found[0]["courier_company_id"] if found else None,
			"shiprocket_recommended_courier_id": found[0]["courier_company_id"] if found else None,
		},
		"status": 200,
	}


def _offer(world: Company, courier: Courier, weight: float, cod: bool) -> dict:
	arrives = world.now() + timedelta(days=courier.days)
	fee = courier.cash if cod and courier.cash else 0
	price = world.price(courier, weight, cod)
	return {
		"id": 900000 + courier.id,
		"courier_company_id": courier.id,
		"courier_name": courier.name,
		"rate": price,
		"freight_charge": round(price - fee, 2),
		"cod_charges": fee,
		"rto_charges": courier.price,
		"coverage_charges": 0,
		"other_charges": 0,
		"etd": f"{arrives:%b %d, %Y}",
		"etd_hours": courier.days * 24,
		"estimated_delivery_days": str(courier.days),
		"rating": courier.rating,
		"cod": int(courier.cash is not None),
		"is_surface": courier.surface,
		"min_weight": 0.5,
		"charge_weight": weight,
		"zone": "z_a",
		"cutoff_time": "11:00",
		"pickup_availability": "0",
		"blocked": int(courier.blocked),
		"odablock": False,
		"is_hyperlocal": False,
		"suppress_date": "",
	}


# --- orders


@route("POST", "orders/create/adhoc", "orders.create")
def create(vendor: Shiprocket, request: Request) -> Any:
	return _create(vendor, _json(request), is_return=False)


@route("POST", "orders/create/return", "orders.create_return")
def create_return(vendor: Shiprocket, request: Request) -> Any:
	return _create(vendor, _json(request), is_return=True)


def _create(vendor: Shiprocket, given: dict[str, Any], *, is_return: bool) -> Any:
	world = vendor.company
	wrong = orders.problems(given, is_return=is_return)
	if wrong:
		raise Refusal(422, "Oops! Invalid Data.", errors=wrong)
	if not is_return and given["pickup_location"] not in world.places:
		places = [
			{"pickup_location": name, "pin_code": one["pin_code"]} for name, one in world.places.items()
		]
		# Shiprocket says no with HTTP 200, and names the places that it knows
		return {
			"message": "Wrong Pickup location entered. Please choose one location from the data given",
			"data": {"data": places},
		}
	if orders.find(world, str(given["order_id"])):
		raise Refusal(
			422, "Oops! Invalid Data.", errors={"order_id": ["The order id has already been taken."]}
		)
	return orders.created(world.new_order(given, is_return=is_return))


@route("GET", "orders", "orders.list")
def list_orders(vendor: Shiprocket, request: Request) -> dict:
	return _list(vendor, request, is_return=False)


@route("GET", "orders/processing/return", "orders.list_returns")
def list_returns(vendor: Shiprocket, request: Request) -> dict:
	return _list(vendor, request, is_return=True)


def _list(vendor: Shiprocket, request: Request, *, is_return: bool) -> dict:
	words = (request.args.get("search") or "").casefold()
	found = [
		one
		for one in vendor.company.orders.values()
		if one.is_return == is_return and words in one.reference.casefold()
	]
	found.sort(key=lambda one: one.id, reverse=(request.args.get("sort") or "DESC").upper() != "ASC")
	page, size = int(request.args.get("page") or 1), int(request.args.get("per_page") or 15)
	shown = found[(page - 1) * size : page * size]
	return {"data": [orders.listed(one) for one in shown], "meta": _meta(len(found), page, size)}


@route("GET", "orders/show/{}", "orders.show")
def show_order(vendor: Shiprocket, _request: Request, number: str) -> dict:
	order = vendor.company.orders.get(int(number)) if number.isdigit() else None
	if order is None:
		raise Refusal(404, "Order not found")
	return {"data": orders.shown(order)}


@route("POST", "orders/cancel", "orders.cancel")
def cancel(vendor: Shiprocket, request: Request) -> Any:
	world = vendor.company
	for number in _json(request).get("ids") or ():
		order = world.orders.get(int(number))
		if order is None:
			raise Refusal(404, "Order not found")
		if order.parcel.awb and order.parcel.status in LEFT:
			raise Refusal(400, "Cannot cancel order at this stage")
		if order.parcel.awb and not order.cancelled:
			world.cancel_parcel(order.parcel)
		order.cancelled = True
	return {"message": "Order cancelled successfully.", "status_code": 200}


@route("POST", "orders/cancel/shipment/awbs", "shipments.cancel")
def cancel_awbs(vendor: Shiprocket, request: Request) -> Any:
	world = vendor.company
	awbs = _json(request).get("awbs") or []
	if len(awbs) > 2000:
		raise Refusal(
			422, "Oops! Invalid Data.", errors={"awbs": ["The awbs may not have more than 2000 items."]}
		)
	for awb in awbs:
		parcel = world.by_awb.get(str(awb))
		if parcel is None or parcel.status in LEFT:
			raise Refusal(400, f"Shipment with AWB {awb} cannot be cancelled")
		if not parcel.order.cancelled:
			world.cancel_parcel(parcel)
	return {"message": "Bulk Shipment cancellation is in progress. Please wait for sometime."}


# --- shipments


@route("POST", "courier/assign/awb", "assign_awb")
def assign_awb(vendor: Shiprocket, request: Request) -> Any:
	given, world = _json(request), vendor.company
	parcel = world.parcels.get(int(given.get("shipment_id") or 0))
	if parcel is None or parcel.order.cancelled:
		raise Refusal(400, "Shipment not found or its order is cancelled")
	if parcel.awb:
		return _no_awb("AWB is already assigned. You can reassign the courier once in 24 hours.")
	courier = world.couriers.get(int(given.get("courier_id") or 142))
	if courier is None or courier.blocked:
		return _no_awb("Selected courier is not serviceable for this shipment.")
	weight, cod = float(parcel.order.given["weight"]), parcel.order.given["payment_method"].upper() == "COD"
	if cod and courier.cash is None:
		return _no_awb("Courier does not support COD.")
	if world.wallet < world.price(courier, weight, cod):
		message = "Please recharge your ShipRocket wallet. The minimum required balance is Rs 100"
		return json_response({"message": message, "status_code": 350}, 200)
	if world.hold:
		parcel.waiting, parcel.courier = True, courier
		return {"success": True, "message": "We are processing your request"}
	world.assign(parcel, courier)
	at = parcel.assigned_at
	data = {
		"courier_company_id": courier.id,
		"awb_code": parcel.awb,
		"cod": int(cod),
		"order_id": parcel.order.id,
		"shipment_id": parcel.id,
		"awb_code_status": 1,
		"assigned_date_time": {
			"date": f"{at:%Y-%m-%d %H:%M:%S}.000000",
			"timezone_type": 3,
			"timezone": "Asia/Kolkata",
		},
		"applied_weight": weight,
		"company_id": 25149,
		"courier_name": courier.name,
		"child_courier_name": None,
		"pickup_scheduled_date": f"{at:%Y-%m-%d} 14:00:00",
		"routing_code": "",
		"rto_routing_code": "",
		"invoice_no": f"retail{parcel.id}",
		"transporter_id": "",
		"transporter_name": "",
	}
	return {"awb_assign_status": 1, "response": {"data": data}}


def _no_awb(words: str) -> dict:
	return {"awb_assign_status": 0, "response": {"data": {"awb_assign_error": words}}}


@route("GET", "shipments/{}", "shipments.show")
def show_shipment(vendor: Shiprocket, _request: Request, number: str) -> dict:
	parcel = vendor.company.parcels.get(int(number)) if number.isdigit() else None
	if parcel is None:
		raise Refusal(404, "Shipment not found")
	given = parcel.order.given
	return {
		"data": {
			"id": parcel.id,
			"order_id": parcel.order.id,
			"awb": parcel.awb or None,
			"courier": parcel.courier.name if parcel.awb else None,
			"sr_courier_id": parcel.courier.id if parcel.awb else None,
			"awb_assign_date": f"{parcel.assigned_at:%Y-%m-%d %H:%M:%S}" if parcel.assigned_at else None,
			"pickup_token_number": parcel.pickup_token or None,
			"weight": f"{float(given['weight']):.3f}",
			"dimensions": f"{given['length']}x{given['breadth']}x{given['height']}",
			"cost": f"{parcel.cost:.2f}",
			"total": str(given["sub_total"]),
			"status": parcel.status,
		}
	}


@route("POST", "courier/generate/pickup", "generate_pickup")
def generate_pickup(vendor: Shiprocket, request: Request) -> Any:
	given = _json(request)
	numbers = given.get("shipment_id")
	number = numbers[0] if isinstance(numbers, list) and numbers else numbers
	parcel = vendor.company.parcels.get(int(number or 0))
	if parcel is None or not parcel.awb:
		raise Refusal(400, "AWB is not assigned to this shipment")
	if parcel.pickup_token:
		raise Refusal(400, "Already in Pickup Queue.")
	days = given.get("pickup_date") or []
	at = vendor.company.now() + timedelta(days=1)
	day = days[0] if isinstance(days, list) and days else f"{at:%Y-%m-%d}"
	parcel.pickup_at = at
	parcel.pickup_token = f"Reference No: {194_000_000 + parcel.id}"
	vendor.company._scan(parcel, 3, "Pickup scheduled")
	return {
		"pickup_status": 1,
		"response": {
			"pickup_scheduled_date": f"{day} 12:00:00",
			"pickup_token_number": parcel.pickup_token,
			"status": 3,
			"others": json.dumps({"tier_id": 5, "etd_zone": "z_a"}),
			"pickup_generated_date": {
				"date": f"{at:%Y-%m-%d %H:%M:%S}.000000",
				"timezone_type": 3,
				"timezone": "Asia/Kolkata",
			},
			"data": f"Pickup is confirmed by {parcel.courier.name} For AWB :- {parcel.awb}",
		},
	}


@route("POST", "courier/generate/label", "generate_label")
def generate_label(vendor: Shiprocket, request: Request) -> dict:
	known, missing = _parcels(vendor, _json(request).get("shipment_id"))
	if not known:
		return {"label_created": 0, "response": "AWB is not assigned", "not_created": missing}
	words = " ".join(one.awb for one in known)
	url = vendor.keep(f"shipping-label-{known[0].id}-{len(known)}.pdf", papers.pdf(f"LABEL {words}"))
	return {
		"label_created": 1,
		"label_url": url,
		"response": "Label has been created and uploaded successfully!",
		"not_created": missing,
	}


@route("POST", "manifests/generate", "generate_manifest")
def generate_manifest(vendor: Shiprocket, request: Request) -> Any:
	known, _missing = _parcels(vendor, _json(request).get("shipment_id"))
	if not known:
		raise Refusal(400, "Manifest cannot be generated")
	made = [one.id for one in known if one.manifest]
	if made:
		raise Refusal(
			400,
			"Manifest already generated for some shipment_ids, Please try again after removing them",
			already_manifested_shipment_ids=made,
		)
	for one in known:
		one.manifest = True
	return {"status": 1, "manifest_url": _manifest(vendor, known)}


@route("POST", "manifests/print", "print_manifest")
def print_manifest(vendor: Shiprocket, request: Request) -> Any:
	numbers = {int(one) for one in _json(request).get("order_ids") or ()}
	known = [one for one in vendor.company.parcels.values() if one.order.id in numbers and one.manifest]
	if not known:
		raise Refusal(400, "Manifest is not generated yet")
	return {"manifest_url": _manifest(vendor, known)}


def _manifest(vendor: Shiprocket, parcels: list[Parcel]) -> str:
	words = " ".join(one.awb for one in parcels)
	return vendor.keep(f"manifest-{parcels[0].id}-{len(parcels)}.pdf", papers.pdf(f"MANIFEST {words}"))


def _parcels(vendor: Shiprocket, numbers: Any) -> tuple[list[Parcel], list[int]]:
	wanted = [int(one) for one in (numbers if isinstance(numbers, list) else [numbers])]
	found = [vendor.company.parcels.get(one) for one in wanted]
	known = [one for one in found if one is not None and one.awb]
	return known, [number for number in wanted if number not in {one.id for one in known}]


# --- tracking


@route("GET", "courier/track/awb/{}", "track")
def track(vendor: Shiprocket, _request: Request, awb: str) -> dict:
	parcel = vendor.company.by_awb.get(awb)
	return tracking.answer(parcel) if parcel else tracking.unknown(awb)


@route("POST", "courier/track/awbs", "track_many")
def track_many(vendor: Shiprocket, request: Request) -> dict:
	awbs = [str(one) for one in _json(request).get("awbs") or ()]
	if len(awbs) > TRACKED_AT_ONCE:
		raise Refusal(
			422, "Oops! Invalid Data.", errors={"awbs": ["The awbs may not have more than 50 items."]}
		)
	return {awb: track(vendor, request, awb) for awb in awbs}


@route("GET", "courier/track/shipment/{}", "track_shipment")
def track_shipment(vendor: Shiprocket, _request: Request, number: str) -> dict:
	parcel = vendor.company.parcels.get(int(number)) if number.isdigit() else None
	return tracking.answer(parcel) if parcel and parcel.awb else tracking.unknown(number)


# --- deliveries that failed


@route("GET", "ndr/all", "ndr.list")
def ndr(vendor: Shiprocket, _request: Request) -> dict:
	found = [
		one
		for one in vendor.company.parcels.values()
		if one.awb and SHIPMENT.get(one.status) == "Undelivered"
	]
	rows = [
		{
			"id": one.id,
			"shipment_id": one.id,
			"awb_code": one.awb,
			"status": "UNDELIVERED",
			"status_code": 36,
			"attempts": 1,
		}
		for one in found
	]
	return {"data": rows, "meta": _meta(len(rows), 1, 15)}


@route("POST", "ndr/{}/action", "ndr.action")
def ndr_action(vendor: Shiprocket, request: Request, awb: str) -> Any:
	if awb not in vendor.company.by_awb:
		raise Refusal(404, "NDR not found")
	if _json(request).get("action") not in ("re-attempt", "return", "fake-attempt"):
		raise Refusal(422, "Oops! Invalid Data.", errors={"action": ["The selected action is invalid."]})
	return json_response({"message": "NDR action accepted", "status": True}, 202)


def _meta(total: int, page: int, size: int) -> dict:
	pages = max(1, -(-total // size))
	links = (
		{"next": f"https://apiv2.shiprocket.in/v1/external/orders?page={page + 1}"} if page < pages else {}
	)
	shown = max(0, min(size, total - (page - 1) * size))
	return {
		"pagination": {
			"total": total,
			"count": shown,
			"per_page": size,
			"current_page": page,
			"total_pages": pages,
			"links": links,
		}
	}
