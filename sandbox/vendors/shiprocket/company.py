"""The world behind the API: one Shiprocket account with its couriers, pickup places, orders, parcels and wallet."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from sandbox.vendors.shiprocket.statuses import ORDER, SHIPMENT, number_of

IST = timezone(timedelta(hours=5, minutes=30))


@dataclass
class Courier:
	"""`price` in rupees for the first half kilogram, `more` for each further one; `cash` is the fee for COD."""

	id: int
	name: str
	price: float
	more: float
	days: int
	surface: bool = True
	cash: float | None = 30.0
	rating: float = 4.2
	blocked: bool = False


@dataclass
class Parcel:
	"""A shipment of Shiprocket: an order's only box."""

	id: int
	order: Order
	awb: str = ""
	courier: Courier | None = None
	cost: float = 0.0
	assigned_at: datetime | None = None
	pickup_at: datetime | None = None
	pickup_token: str = ""
	status: int = 0
	changed_at: datetime | None = None
	scans: list[dict] = field(default_factory=list)
	manifest: bool = False
	waiting: bool = False


@dataclass
class Order:
	"""What was sent to create it, and what became of it."""

	id: int
	reference: str
	given: dict
	created_at: datetime
	is_return: bool = False
	cancelled: bool = False
	parcel: Parcel = None  # type: ignore[assignment]

	@property
	def status_code(self) -> int:
		if self.cancelled:
			return 5
		if not self.parcel.awb:
			return 21 if self.is_return else 1
		return ORDER[self.parcel.status]

	@property
	def status(self) -> str:
		if self.cancelled:
			return "CANCELED"
		if not self.parcel.awb:
			return "RETURN PENDING" if self.is_return else "NEW"
		return SHIPMENT[self.parcel.status].upper()


class Company:
	"""`wallet` in rupees; `hold` answers AWB requests with "we are processing" until it is let go."""

	def __init__(self, name: str = "Sandbox Traders", wallet: float = 10_000.0):
		self.name, self.wallet, self.hold = name, wallet, False
		self.lock = threading.RLock()
		self.ids = itertools.count(281_248_157)
		self.awbs = itertools.count(19_041_424_751_540)
		self.places = {
			"Primary": {"pin_code": "400001", "city": "Mumbai", "state": "Maharashtra", "phone": "9777777779"}
		}
		self.couriers = {
			one.id: one
			for one in (
				Courier(142, "Amazon Surface", 38.0, 21.0, 5, cash=None),
				Courier(1, "Blue Dart Air", 82.5, 60.0, 2, surface=False, rating=4.7),
				Courier(24, "Xpressbees Surface", 41.0, 19.5, 4),
				Courier(54, "Delhivery Air", 61.0, 44.0, 3, surface=False, cash=35.0),
			)
		}
		#: pincodes that begin so are served by nobody
		self.unserved = {"999"}
		self.orders: dict[int, Order] = {}
		self.parcels: dict[int, Parcel] = {}
		self.by_awb: dict[str, Parcel] = {}
		self.statement: list[dict] = []
		self.moved = timedelta()
		self.on_change = lambda parcel: None

	def now(self) -> datetime:
		return datetime.now(IST).replace(microsecond=0) + self.moved

	# --- what the API does

	def price(self, courier: Courier, weight: float, cod: bool) -> float:
		halves = max(1, -(-weight // 0.5))
		return round(courier.price + (halves - 1) * courier.more + ((courier.cash or 0) if cod else 0), 2)

	def new_order(self, given: dict, *, is_return: bool = False) -> Order:
		order = Order(next(self.ids), given["order_id"], given, self.now(), is_return)
		order.parcel = Parcel(next(self.ids), order)
		self.orders[order.id] = order
		self.parcels[order.parcel.id] = order.parcel
		return order

	def assign(self, parcel: Parcel, courier: Courier) -> None:
		given = parcel.order.given
		parcel.cost = self.price(courier, float(given["weight"]), given["payment_method"].upper() == "COD")
		self.wallet = round(self.wallet - parcel.cost, 2)
		parcel.awb = str(next(self.awbs))
		parcel.courier, parcel.assigned_at, parcel.waiting = courier, self.now(), False
		self.by_awb[parcel.awb] = parcel
		self.statement.append({"awb": parcel.awb, "amount": -parcel.cost, "at": str(self.now())})
		self._scan(parcel, 1, "AWB Assigned")

	def cancel_parcel(self, parcel: Parcel) -> None:
		self.wallet = round(self.wallet + parcel.cost, 2)
		self.statement.append({"awb": parcel.awb, "amount": parcel.cost, "at": str(self.now())})
		parcel.order.cancelled = True
		self._scan(parcel, 8, "Shipment cancelled")

	# --- what happens in the world

	def move(
		self, awb: str, status: int | str, activity: str = "", location: str = "Mumbai_Hub (Maharashtra)"
	) -> dict:
		"""A scan of the courier; `status` is a number of the shipments' table or its label. The webhook tells it."""
		with self.lock:
			parcel = self.by_awb[awb]
			number = number_of(status)
			self._scan(parcel, number, activity or SHIPMENT[number], location)
		self.on_change(parcel)
		return {"awb": awb, "status": SHIPMENT[number]}

	def journey(self, awb: str) -> dict:
		"""From the pickup to the door."""
		for status in ("Picked Up", "In Transit", "Out For Delivery", "Delivered"):
			last = self.move(awb, status)
		return last

	def deliver(self, awb: str) -> dict:
		return self.move(awb, "Delivered")

	def fail_attempt(self, awb: str, reason: str = "Consignee not available") -> dict:
		return self.move(awb, "Undelivered", reason)

	def return_to_origin(self, awb: str, arrived: bool = True) -> dict:
		for status in ("RTO Initiated", "RTO In Transit", *(["RTO Delivered"] if arrived else [])):
			last = self.move(awb, status)
		return last

	def reassign(self, awb: str, courier: int) -> str:
		"""A person at Shiprocket gives the parcel to another courier: it goes by another number from now on."""
		with self.lock:
			parcel = self.by_awb.pop(awb)
			self.wallet = round(self.wallet + parcel.cost, 2)
			self.statement.append({"awb": awb, "amount": parcel.cost, "at": str(self.now())})
			parcel.pickup_token, parcel.manifest = "", False
			self.assign(parcel, self.couriers[courier])
		self.on_change(parcel)
		return parcel.awb

	def lose(self, awb: str) -> dict:
		return self.move(awb, "Lost")

	def set_wallet(self, amount: float) -> float:
		self.wallet = float(amount)
		return self.wallet

	def hold_awb(self, on: bool = True) -> bool:
		"""Shiprocket takes its time to find a courier; let go, what waits gets its AWB."""
		with self.lock:
			self.hold = on
			if not on:
				for parcel in self.parcels.values():
					if parcel.waiting:
						self.assign(parcel, parcel.courier or self.couriers[142])
		return on

	def block_courier(self, courier: int, blocked: bool = True) -> None:
		self.couriers[courier].blocked = blocked

	def add_pickup_place(self, name: str, pin_code: str) -> None:
		self.places[name] = {"pin_code": pin_code, "city": "Delhi", "state": "Delhi", "phone": "9777777779"}

	def advance(self, hours: float) -> None:
		self.moved += timedelta(hours=hours)

	def _scan(self, parcel: Parcel, number: int, activity: str, location: str = "") -> None:
		# two scans of one second would have no order
		last = parcel.changed_at
		at = self.now()
		if last and at <= last:
			at = last + timedelta(seconds=1)
		parcel.status, parcel.changed_at = number, at
		parcel.scans.insert(
			0,
			{
				"date": f"{at:%Y-%m-%d %H:%M:%S}",
				"status": f"X-{number:03d}",
				"activity": activity,
				"location": location,
				"sr-status": str(number) if number != 1 else "NA",
				"sr-status-label": SHIPMENT[number].upper() if number != 1 else "NA",
			},
		)
