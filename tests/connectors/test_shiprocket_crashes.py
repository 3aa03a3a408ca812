"""Answers that are lost: whichever call of a booking it strikes, the next try makes no second order and takes no second
AWB from the wallet.

The account here knows nothing but numbers: which orders exist, which shipments have an AWB, which pickups are asked for.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from werkzeug.wrappers import Request, Response

from integration_hub.connectors.http import Http
from integration_hub.connectors.shiprocket import Shiprocket
from integration_hub.failures import Failure, Unreachable, Waiting
from sandbox.vendors.base import Vendor
from tests.connectors.conftest import Vault
from tests.connectors.test_shiprocket_orders import buyer, consignment, parcel, pickup_of, warehouse

LOST = ("drop", "error_after", "timeout", "drop_before", "error")


class Ledger(Vendor):
	"""As much of Shiprocket as counting needs, at its worst: whoever asks twice for an AWB pays twice.

	A used number gives its order back (as is seen), or is refused (as is documented); the list of orders shows the
	AWB, or it does not.
	"""

	key = "ledger"

	def __init__(self, later: int = 0, gives_back: bool = True, shows_awb: bool = True):
		super().__init__()
		self.gives_back, self.shows_awb = gives_back, shows_awb
		self.orders: dict[str, dict] = {}
		self.debits: list[int] = []
		self.pickups: list[int] = []
		self.manifests: list[list[int]] = []
		self.later = later  # so often "we are processing", then the AWB is there

	def handle(self, request: Request) -> Response:
		path = request.path.strip("/").removeprefix("v1/external/").strip("/")
		body = request.get_json(silent=True) if request.data else dict(request.args)
		said = self.say(path, body)
		if isinstance(said, bytes):
			return Response(said)
		status, said = said if isinstance(said, tuple) else (200, said)
		return Response(json.dumps(said), status=status, mimetype="application/json")

	def say(self, path: str, body: dict):
		if path == "auth/login":
			return {"token": "eyJtoken"}
		if path in ("orders/create/adhoc", "orders/create/return"):
			return self.create(body["order_id"], path.endswith("return"))
		if path in ("orders", "orders/processing/return"):
			rows = [self.row(one) for name, one in self.orders.items() if body["search"] in name]
			return {"data": rows, "meta": {"pagination": {"total_pages": 1}}}
		if path.startswith("orders/show/"):
			order = next(one for one in self.orders.values() if one["id"] == int(path[12:]))
			return {"data": {**order, "awb_data": {"charges": {"freight_charges": "60.00"}}}}
		if path == "orders/cancel":
			for one in self.orders.values():
				if one["id"] in body["ids"]:
					one["status"] = "CANCELED"
			return ""
		if path.startswith("shipments/"):
			return {"data": self.shipment(int(path[10:]))}
		if path == "courier/assign/awb":
			return self.assign(self.shipment(body["shipment_id"]), body.get("courier_id") or 7)
		if path == "courier/generate/pickup":
			return self.pickup(self.shipment(body["shipment_id"][0]))
		if path == "courier/generate/label":
			return {"label_created": 1, "label_url": f"{self.url}/paper.pdf"}
		if path == "manifests/generate":
			made = [one for one in body["shipment_id"] if one in sum(self.manifests, [])]
			if made:
				words = "Manifest already generated for some shipment_ids"
				return 400, {"message": words, "already_manifested_shipment_ids": made}
			self.manifests.append(body["shipment_id"])
			return {"status": 1, "manifest_url": f"{self.url}/paper.pdf"}
		if path == "manifests/print":
			return {"manifest_url": f"{self.url}/paper.pdf"} if self.manifests else (400, {"message": "none"})
		return b"%PDF-1.4\n"

	def row(self, order: dict) -> dict:
		if self.shows_awb:
			return order
		return {**order, "shipments": [{"id": one["id"]} for one in order["shipments"]]}

	def create(self, name: str, is_return: bool) -> dict | tuple[int, dict]:
		if name in self.orders and not self.gives_back:
			return 422, {"message": "Order already exists / cancelled", "status_code": 422}
		number = 100 + len(self.orders)
		order = self.orders.setdefault(
			name,
			{
				"id": number,
				"channel_order_id": name,
				"status": "RETURN PENDING" if is_return else "NEW",
				"shipments": [{"id": number + 500, "awb": ""}],
			},
		)
		(shipment,) = order["shipments"]
		made = {"order_id": order["id"], "shipment_id": shipment["id"], "status": order["status"]}
		return {**made, "awb_code": shipment["awb"]}

	def shipment(self, number: int) -> dict:
		return next(
			one for order in self.orders.values() for one in order["shipments"] if one["id"] == number
		)

	def assign(self, shipment: dict, courier: int) -> dict:
		if self.later:
			self.later -= 1
			return {"success": True, "message": "We are processing your request"}
		# the worst that could be: asked again, it takes another one
		shipment.update(
			awb=f"AWB{shipment['id']}{'X' * self.debits.count(shipment['id'])}",
			courier="Courier",
			sr_courier_id=courier,
		)
		self.debits.append(shipment["id"])
		order = next(one for one in self.orders.values() if shipment in one["shipments"])
		order["status"] = "READY TO SHIP"
		data = {"awb_code": shipment["awb"], "courier_company_id": courier, "courier_name": "Courier"}
		return {"awb_assign_status": 1, "response": {"data": data}}

	def pickup(self, shipment: dict) -> dict | tuple[int, dict]:
		if shipment["id"] in self.pickups:
			return 400, {"message": "Already in Pickup Queue.", "status_code": 400}
		self.pickups.append(shipment["id"])
		shipment["pickup_token_number"] = f"Reference No: P{shipment['id']}"
		response = {"pickup_token_number": shipment["pickup_token_number"], "data": "Confirmed"}
		return {"pickup_status": 1, "response": response}

	@property
	def live(self) -> list[str]:
		return sorted(name for name, one in self.orders.items() if one["status"] != "CANCELED")


KINDS_OF_ACCOUNTS = [(True, True), (True, False), (False, True), (False, False)]


@pytest.fixture(params=KINDS_OF_ACCOUNTS[:1], ids=["usual"])
def ledger(request):
	vendor = Ledger(gives_back=request.param[0], shows_awb=request.param[1])
	running = vendor.start()
	yield vendor
	running.stop()


def opened(vendor: Ledger, vault: Vault | None = None) -> Shiprocket:
	settings = {
		"environment": "Sandbox",
		"sandbox_url": vendor.url,
		"email": "api@example.com",
		"password": "correct horse",
		"pickup_place": "Primary",
	}
	http = Http(Shiprocket.base_url(settings), allow_loopback_http=True, timeouts=(1, 0.3))
	return Shiprocket(settings, http, vault or Vault())


TWO = consignment(parcels=(parcel("1"), parcel("2")), cod_amount=Decimal("99.99"))
RETURN = consignment(
	reference="RET-1", is_return=True, sender=buyer(), receiver=warehouse(phone="9999911111")
)
#: a booking of two parcels: login, 2 × (order, AWB), label, its file, 2 × the price
CALLS = 9


def until_done(work, tries: int = 6):
	"""As the engine does it: the first try does not look, every other does."""
	for number in range(tries):
		try:
			return work(number > 0)
		except Failure as failure:
			assert isinstance(failure, Unreachable | Waiting), failure
	raise AssertionError("it never came through")


def test_how_many_calls_a_booking_is(ledger):
	opened(ledger).book_shipment(TWO, "7", key="E", look_first=False)
	assert ledger.log.count() == CALLS
	assert [one.path.rpartition("external/")[2] for one in ledger.log.entries][1:5] == [
		"orders/create/adhoc",
		"courier/assign/awb",
	] * 2


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("strikes", range(CALLS))
def test_one_answer_is_lost(ledger, kind, strikes):
	ledger.troubles.add(kind, skip=strikes, seconds=0.6)
	booking = until_done(lambda look: opened(ledger).book_shipment(TWO, "7", key="E", look_first=look))
	assert ledger.live == ["SHIPMENT-00001-P1", "SHIPMENT-00001-P2"] and len(ledger.orders) == 2
	assert booking.cost == 120 or strikes >= CALLS - 2
	assert sorted(ledger.debits) == [600, 601], "each AWB was paid once"
	assert [one.tracking_number for one in booking.parcels] == ["AWB600", "AWB601"]
	assert [one.cod_amount for one in booking.parcels] == [Decimal("50.00"), Decimal("49.99")]
	assert ledger.troubles.rules[0].hits == 1


@pytest.mark.parametrize("ledger", KINDS_OF_ACCOUNTS, indirect=True, ids=str)
@pytest.mark.parametrize("strikes", range(1, 6))
def test_one_answer_is_lost_whatever_the_account_tells(ledger, strikes):
	ledger.troubles.add("drop", skip=strikes)
	until_done(lambda look: opened(ledger).book_shipment(TWO, "7", key="E", look_first=look))
	assert len(ledger.orders) == 2 and sorted(ledger.debits) == [600, 601]


@pytest.mark.parametrize("ledger", KINDS_OF_ACCOUNTS, indirect=True, ids=str)
@pytest.mark.parametrize("again", range(4))
def test_two_answers_are_lost(ledger, again):
	"""One of the order, and one of whatever comes then."""
	ledger.troubles.add("drop", path="*create/adhoc")
	ledger.troubles.add("error_after", path="*assign*", skip=again % 2)
	ledger.troubles.add("drop", path="*shipments*", skip=again // 2)
	until_done(lambda look: opened(ledger).book_shipment(TWO, "7", key="E", look_first=look))
	assert len(ledger.orders) == 2 and sorted(ledger.debits) == [600, 601]


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("strikes", range(1, 3))
def test_a_return_whose_answer_is_lost(ledger, kind, strikes):
	ledger.troubles.add(kind, skip=strikes, seconds=0.6)
	until_done(lambda look: opened(ledger).book_shipment(RETURN, "7", key="E", look_first=look))
	assert ledger.live == ["RET-1"] and len(ledger.debits) == 1


@pytest.mark.parametrize("ledger", KINDS_OF_ACCOUNTS, indirect=True, ids=str)
def test_booked_cancelled_and_booked_again(ledger):
	"""The number of a cancelled order is used up; losing answers on the way changes nothing."""
	connector = opened(ledger)
	one = consignment()
	for round_ in range(3):
		ledger.troubles.add("drop", path="*create/adhoc" if round_ % 2 else "*assign*", skip=round_ % 2)
		booking = until_done(lambda look: connector.book_shipment(one, "7", key="E", look_first=look))
		name = one.reference + (f"-R{round_}" if round_ else "")
		assert ledger.live == [name] and len(ledger.debits) == round_ + 1
		again = connector.book_shipment(one, "7", key="F", look_first=False)
		assert again.parcels == booking.parcels and len(ledger.debits) == round_ + 1
		assert [outcome.failure for outcome in connector.cancel_shipment(booking.parcels)] == [None]
		assert ledger.live == []
		ledger.troubles.clear()


def test_shiprocket_takes_its_time():
	vendor = Ledger(later=2)
	with vendor.start():
		booking = until_done(lambda look: opened(vendor).book_shipment(TWO, "7", key="E", look_first=look))
	assert len(booking.parcels) == 2 and len(vendor.orders) == len(vendor.debits) == 2


@pytest.mark.parametrize("kind", LOST)
def test_a_pickup_whose_answer_is_lost(ledger, kind):
	connector = opened(ledger)
	parcels = connector.book_shipment(TWO, "7", key="E", look_first=False).parcels
	ledger.troubles.add(kind, path="*pickup*", skip=1, seconds=0.6)
	on = date(2026, 11, 25)
	pickup = until_done(
		lambda look: connector.request_pickup(pickup_of(parcels, on), key="P", look_first=look)
	)
	assert sorted(ledger.pickups) == [600, 601] and pickup.reference == "P600, P601"


@pytest.mark.parametrize("kind", LOST)
def test_a_manifest_whose_answer_is_lost(ledger, kind):
	connector = opened(ledger)
	parcels = connector.book_shipment(TWO, "7", key="E", look_first=False).parcels
	ledger.troubles.add(kind, path="*manifests/generate*", seconds=0.6)
	(paper,) = until_done(lambda look: connector.make_manifest(parcels, key="M", look_first=look))
	assert paper.content.startswith(b"%PDF") and ledger.manifests == [[600, 601]]


@pytest.mark.parametrize("kind", LOST)
def test_a_manifest_of_parcels_of_which_one_had_one(ledger, kind):
	connector = opened(ledger)
	parcels = connector.book_shipment(TWO, "7", key="E", look_first=False).parcels
	connector.make_manifest(parcels[:1], key="F", look_first=False)
	ledger.troubles.add(kind, path="*manifests/generate*", seconds=0.6)
	(paper,) = until_done(lambda look: connector.make_manifest(parcels, key="M", look_first=look))
	assert paper.content.startswith(b"%PDF") and ledger.manifests == [[600], [601]]
