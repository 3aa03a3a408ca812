"""Shiprocket's many ways to say no, one answer at a time: logins, refusals with HTTP 200, prices of any shape."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from integration_hub.connectors import all_connectors
from integration_hub.connectors.contract import capabilities
from integration_hub.connectors.http import Http
from integration_hub.connectors.shiprocket import Shiprocket
from integration_hub.connectors.shiprocket.client import Answer
from integration_hub.connectors.shiprocket.settings import SETTINGS
from integration_hub.failures import Invalid, NotAuthorised, RateLimited, Rejected, Unreachable, Waiting
from integration_hub.records import BookedParcel
from tests.connectors.conftest import Vault
from tests.connectors.test_shiprocket_orders import (
	consignment,
	goods,
	needs_samples,
	parcel,
	pickup_of,
	sample,
	warehouse,
)

PDF = b"%PDF-1.4\n%nothing in it\n"
PLACES = {
	"data": {
		"shipping_address": [
			{"pickup_location": "Primary", "pin_code": "110022", "city": "Delhi", "status": 1},
			{"pickup_location": "Old", "pin_code": "400001", "city": "Mumbai", "status": 0},
		],
		"company_name": "Casa Moderna",
	}
}
MADE = {
	"order_id": 101,
	"shipment_id": 202,
	"status": "NEW",
	"status_code": 1,
	"awb_code": "",
	"courier_name": "",
}
AWB = {
	"awb_assign_status": 1,
	"response": {"data": {"awb_code": "AWB1", "courier_company_id": 142, "courier_name": "Amazon Surface"}},
}
NO_ORDERS = {"data": [], "meta": {"pagination": {"total_pages": 1}}}
BOOKED = BookedParcel(tracking_number="AWB1", id="202", order_id="101")


def courier(number=142, **known) -> dict:
	return {
		"courier_company_id": number,
		"courier_name": f"Courier {number}",
		"rate": "45.5",
		"cod": 1,
		**known,
	}


def offers(*rows) -> dict:
	return {"currency": "INR", "status": 200, "data": {"available_courier_companies": list(rows)}}


class Account:
	"""Says what a test has written down, the last answer again and again: path (without v1/external) → answers."""

	def __init__(self, anybody, **entered: str):
		self.anybody, self.vault = anybody, Vault()
		self.said: dict[str, list[Any]] = defaultdict(list)
		self.asked: list[tuple[str, str, Any]] = []
		anybody.answer = self.answer
		self.entered = {
			"environment": "Sandbox",
			"sandbox_url": anybody.url,
			"email": "api@example.com",
			"password": "correct horse",
			"pickup_place": "Primary",
			**entered,
		}
		self.says("auth/login", {"token": "eyJtoken-1"})
		self.says("settings/company/pickup", PLACES)
		self.says("account/details/wallet-balance", {"data": {"balance_amount": "1250.75"}})
		self.says("label.pdf", PDF)
		self.says("courier/generate/label", {"label_created": 1, "label_url": f"{anybody.url}/label.pdf"})

		self.says("orders/show/101", {"data": {}})

	def says(self, path: str, *answers: Any) -> None:
		self.said[path] = list(answers)

	def answer(self, request: Request) -> Response:
		path = request.path.strip("/").removeprefix("v1/external/").strip("/")
		body = request.get_json(silent=True) if request.data else dict(request.args)
		self.asked.append((path, request.headers.get("Authorization", ""), body))
		answers = self.said[path]
		assert answers, f"nobody expected {request.method} {path}"
		said = answers.pop(0) if len(answers) > 1 else answers[0]
		status, said = said if isinstance(said, tuple) else (200, said)
		if isinstance(said, bytes):
			return Response(said, status=status)
		return Response(json.dumps(said), status=status, mimetype="application/json")

	def open(self, **changes: str) -> Shiprocket:
		settings = {**self.entered, **changes}
		http = Http(Shiprocket.base_url(settings), allow_loopback_http=True, timeouts=(1, 1))
		return Shiprocket(settings, http, self.vault)

	def count(self, path: str) -> int:
		return sum(one[0] == path for one in self.asked)

	def bodies(self, path: str) -> list[Any]:
		return [one[2] for one in self.asked if one[0] == path]


@pytest.fixture
def account(anybody) -> Account:
	return Account(anybody)


def book(connector: Shiprocket, service="142", look_first=False, **changes):
	return connector.book_shipment(consignment(**changes), service, key="E1", look_first=look_first)


# ---- one connector among others


def test_what_shiprocket_can_do():
	assert all_connectors()["shiprocket"] is Shiprocket
	assert capabilities(Shiprocket) == [
		"ReceivesWebhooks",
		"ListsLocations",
		"QuotesRates",
		"ShipsParcels",
		"PicksUpParcels",
		"ManifestsParcels",
		"TracksParcels",
		"FollowsParcels",
	]
	assert {one.name for one in SETTINGS if one.secret} == {"password", "webhook_token"}
	assert Shiprocket.base_url({"environment": "Production"}) == "https://apiv2.shiprocket.in"
	assert Shiprocket.rate_limit == "5/second" and Shiprocket.tracking_batch == 50


# ---- logging in


def test_a_token_is_kept_for_nine_days(account):
	account.open().list_locations()
	account.open().list_locations()
	assert account.count("auth/login") == 1
	assert {one[1] for one in account.asked if one[0] != "auth/login"} == {"Bearer eyJtoken-1"}
	now = account.vault.now()
	account.vault.now = lambda: now + timedelta(days=9, seconds=1)
	account.open().list_locations()
	assert account.count("auth/login") == 2


def test_an_expired_token_is_renewed_once(account):
	account.says("auth/login", {"token": "eyJtoken-1"}, {"token": "eyJtoken-2"})
	account.says(
		"settings/company/pickup", (401, {"message": "Token has expired", "status_code": 401}), PLACES
	)
	assert account.open().list_locations()
	assert [one[1] for one in account.asked][1:] == ["Bearer eyJtoken-1", "", "Bearer eyJtoken-2"]
	account.says("settings/company/pickup", (401, {"message": "Token has expired"}))
	with pytest.raises(NotAuthorised):
		account.open().list_locations()
	assert account.count("auth/login") == 3, "and no more: the second 401 is final"


@pytest.mark.parametrize(
	"said",
	(
		(400, {"message": "Invalid email and password combination", "status_code": 400}),
		(401, {"message": "Unauthorized"}),
		(422, {"message": "Oops! Invalid Data.", "errors": {"email": ["The email is wrong."]}}),
		{"message": "Wrong", "status_code": 403},
		{"message": "no token here"},
	),
)
def test_after_two_refused_logins_nobody_asks_again(account, said):
	account.says("auth/login", said)
	for _try in range(4):
		with pytest.raises(NotAuthorised) as caught:
			account.open().list_locations()
	assert account.count("auth/login") == 2 and "2 times" in caught.value.sentence
	assert "correct horse" not in caught.value.sentence
	account.says("auth/login", {"token": "eyJnew"})
	assert account.open(password="battery staple").list_locations(), "what is entered anew is tried at once"
	now = account.vault.now()
	account.vault.now = lambda: now + timedelta(minutes=31)
	assert account.open().list_locations()


def test_a_new_password_is_tested_not_the_old_token(account):
	account.open().check()
	account.says("auth/login", (400, {"message": "Invalid email and password combination"}))
	with pytest.raises(NotAuthorised, match="Invalid email"):
		account.open(password="wrong").check()


def test_a_blocked_server_counts_as_no_refused_login(account):
	account.says("auth/login", (403, b"<html>Forbidden</html>"))
	for _try in range(3):
		with pytest.raises(NotAuthorised, match="blocks the address"):
			account.open().list_locations()
	assert account.count("auth/login") == 3


def test_nothing_entered(account):
	with pytest.raises(NotAuthorised, match="Enter e-mail and password"):
		account.open(password="").check()
	assert account.asked == []


# ---- who are we


def test_check(account):
	identity = account.open(webhook_token="t" * 20).check()
	assert identity.account == "Casa Moderna" and identity.currency == "INR"
	assert identity.detail == "api@example.com; wallet ₹ 1,250.75; pickup places: Primary, Old"
	assert identity.warnings == ()


def test_what_check_warns_of(account):
	account.says("account/details/wallet-balance", {"data": {"balance_amount": "0"}})
	identity = account.open(dry_run="Yes", pickup_place="primary").check()
	said = " ".join(identity.warnings)
	assert len(identity.warnings) == 4
	for words in (
		"Dry run is on",
		"wallet at Shiprocket is empty",
		"'primary'",
		"There are: Primary, Old",
		"token",
	):
		assert words in said


def test_places_for_the_form(account):
	found = [(one.id, one.name, one.active) for one in account.open().list_locations()]
	assert found == [("Primary", "Primary (Delhi 110022)", True), ("Old", "Old (Mumbai 400001)", False)]


# ---- what is a refusal


@pytest.mark.parametrize(
	"body",
	(
		{"status_code": 422, "message": "No"},
		{"status_code": "404", "message": "No"},
		{"status": 404, "message": "No"},
		{"success": False, "message": "No"},
		{"awb_assign_status": 0, "response": {"data": {"awb_assign_error": "No"}}},
		{"pickup_status": 0, "response": {"data": "No"}},
		{"label_created": 0, "response": "No"},
		{"message": {"phone": ["No"]}, "errors": {"phone": ["No"]}},
	),
)
def test_a_refusal_within_200(body):
	assert "No" in Answer(200, body).refusal


@pytest.mark.parametrize(
	"body",
	(
		MADE,
		AWB,
		PLACES,
		{},
		[],
		"",
		{"status": True, "data": []},
		{"status": 1, "manifest_url": "u"},
		offers(),
	),
)
def test_what_is_none(body):
	assert Answer(200, body).refusal == ""


def test_the_fields_are_said():
	said = Answer(
		422, {"message": "Oops! Invalid Data.", "errors": {"billing_phone": ["10 digits please"]}}
	).refusal
	assert said == "billing_phone: 10 digits please"


# ---- prices


def test_prices(account):
	account.says(
		"courier/serviceability",
		offers(
			courier(
				1, rate="45.5", estimated_delivery_days="4", etd="Nov 27, 2026", rating="4.6", is_surface=True
			),
			courier(
				2, rate=88.25, etd="3-4 days", cod=0, is_surface=0, charge_weight="0.5", rto_charges="42.1"
			),
			courier(3, blocked=1),
			courier(4, odablock=True),
			courier(5, rate=None),
			courier(None, id=6),
		),
	)
	first, second = account.open().quote_rates(consignment())
	assert (first.service_id, first.carrier, first.amount, first.currency) == (
		"1",
		"Courier 1",
		Decimal("45.5"),
		"INR",
	)
	assert (first.days, first.arrives_on, first.cod, first.rating) == (
		4,
		date(2026, 11, 27),
		True,
		Decimal("4.6"),
	)
	assert (second.amount, second.days, second.cod) == (Decimal("88.25"), 4, False)
	assert first.note == "Surface" and second.note == "Air, charged for 0.5 kg, ₹ 42.10 if it comes back"
	assert account.bodies("courier/serviceability") == [
		{
			"pickup_postcode": "110022",
			"delivery_postcode": "560034",
			"is_return": "0",
			"weight": "1.2",
			"length": "30",
			"breadth": "20",
			"height": "10",
			"declared_value": "900",
			"cod": "0",
		}
	]


@pytest.mark.parametrize(
	"said",
	(
		(404, {"message": "Courier not serviceable", "status": 404}),
		{"status": 404, "message": "Following pincodes are not serviceable"},
		(422, {"message": "Delivery pincode is not serviceable"}),
		offers(),
		{"status": 200, "data": []},
		{"status": 200, "data": None},
	),
)
def test_nobody_goes_there(account, said):
	account.says("courier/serviceability", said)
	assert account.open().quote_rates(consignment()) == []


def test_prices_that_are_refused(account):
	account.says("courier/serviceability", (422, {"message": "Weight is invalid"}))
	with pytest.raises(Rejected, match="Weight is invalid"):
		account.open().quote_rates(consignment())


def test_couriers_within_the_city(account):
	"""They come as a plain list; one without an id could not be ordered."""
	rows = [
		{"courier_name": "Quick", "rates": "345.3"},
		{"courier_company_id": 9, "rates": "99", "is_hyperlocal": 1},
	]
	account.says("courier/serviceability", {"status": True, "data": rows})
	(rate,) = account.open().quote_rates(consignment())
	assert (rate.service_id, rate.amount, rate.note) == ("9", 99, "within the city")


def test_several_parcels_cost_together(account):
	heavy = offers(courier(1, rate="100", estimated_delivery_days=5), courier(3, rate="70"))
	account.says(
		"courier/serviceability",
		offers(courier(1, rate="40.25", estimated_delivery_days=3), courier(2)),
		heavy,
	)
	(rate,) = account.open().quote_rates(consignment(parcels=(parcel("1"), parcel("9"), parcel("1"))))
	assert (rate.service_id, rate.amount, rate.days) == ("1", Decimal("180.50"), 5), "only who takes them all"
	assert [one["weight"] for one in account.bodies("courier/serviceability")] == ["1", "9"]


def test_cash_is_collected_by_those_who_do(account):
	account.says("courier/serviceability", offers(courier(1, cod=0), courier(2, cod="1")))
	(rate,) = account.open().quote_rates(consignment(cod_amount=Decimal(900)))
	assert rate.service_id == "2" and account.bodies("courier/serviceability")[0]["cod"] == "1"


@pytest.mark.parametrize(
	("entered", "asked"), (("Any", None), ("Surface", "Surface"), ("Air", "Air"), ("", None))
)
def test_the_kind_of_transport(account, entered, asked):
	account.says("courier/serviceability", offers())
	account.open(mode=entered).quote_rates(consignment())
	assert account.bodies("courier/serviceability")[0].get("mode") == asked


def test_a_return_is_priced_from_the_buyer(account):
	account.says("courier/serviceability", offers(courier()))
	account.open().quote_rates(
		consignment(is_return=True, sender=consignment().receiver, receiver=warehouse())
	)
	(asked,) = account.bodies("courier/serviceability")
	assert (asked["pickup_postcode"], asked["delivery_postcode"], asked["is_return"]) == (
		"560034",
		"110002",
		"1",
	)


# ---- booking: what is asked, what is refused


@needs_samples
def test_requests_after_the_order_have_the_recorded_shape(account):
	account.says("orders/create/adhoc", MADE)
	account.says("courier/assign/awb", AWB)
	account.says("courier/generate/pickup", {"pickup_status": 1, "response": {}})
	account.says("manifests/generate", (400, {"message": "Manifest already generated."}))
	account.says("manifests/print", {"manifest_url": f"{account.anybody.url}/label.pdf"})
	account.says("orders/cancel", {"message": "done"})
	connector = account.open()
	booking = book(connector)
	connector.request_pickup(pickup_of(booking.parcels, date(2026, 11, 25)), key="E2", look_first=False)
	connector.make_manifest(booking.parcels, key="E3", look_first=True)
	connector.cancel_shipment(booking.parcels)
	for path, name in (
		("courier/assign/awb", "assign awb"),
		("courier/generate/pickup", "generate pickup"),
		("courier/generate/label", "generate label"),
		("manifests/generate", "generate manifest"),
		("manifests/print", "print manifest"),
		("orders/cancel", "cancel orders"),
	):
		(ours,), theirs = account.bodies(path), sample(name)
		assert set(ours) - {"pickup_date"} <= set(theirs), path
		for field in set(ours) & set(theirs):
			assert type(ours[field]) is type(theirs[field]), f"{path} {field}"
			if isinstance(ours[field], list):
				assert {type(one) for one in ours[field]} == {type(one) for one in theirs[field]}


def test_a_booking(account):
	account.says("orders/create/adhoc", MADE)
	account.says("courier/assign/awb", AWB)
	booking = book(account.open(channel_id="77"))
	(booked,) = booking.parcels
	assert (booked.tracking_number, booked.id, booked.order_id) == ("AWB1", "202", "101")
	assert booked.tracking_url == "https://shiprocket.co/tracking/AWB1"
	assert (booking.reference, booking.carrier, booking.service_id) == (
		"SHIPMENT-00001",
		"Amazon Surface",
		"142",
	)
	(label,) = booking.papers
	assert (label.kind, label.name, label.content) == ("label", "label-AWB1.pdf", PDF)
	assert booking.dry_run is False and booking.note == ""
	assert account.bodies("courier/assign/awb") == [{"shipment_id": 202, "courier_id": 142}]
	assert account.bodies("orders/create/adhoc")[0]["channel_id"] == "77"
	assert account.count("courier/generate/pickup") == 0
	label_call = next(one for one in account.asked if one[0] == "label.pdf")
	assert label_call[1] == "", "the file's address does not see our token"


def test_what_a_booking_cost(account):
	"""The order says it, sometimes later; not knowing it undoes nothing."""
	account.says("orders/create/adhoc", MADE)
	account.says("courier/assign/awb", AWB)
	charges = {"freight_charges": "45.50", "cod_charges": "30.25", "applied_weight_amount": "45.50"}
	account.says("orders/show/101", {"data": {"awb_data": {"charges": charges}}})
	assert book(account.open()).cost == Decimal("75.75")
	assert book(account.open(), parcels=(parcel(), parcel())).cost == Decimal("151.50")
	empty = {"data": {"awb_data": {"charges": dict.fromkeys(charges, "")}}}
	for said in (empty, {"data": {"awb_data": []}}, (404, {}), (500, {}), b"no json"):
		account.says("orders/show/101", said)
		assert book(account.open()).cost is None


def test_the_choice_can_be_left_to_shiprocket(account):
	account.says("orders/create/adhoc", MADE)
	account.says("courier/assign/awb", AWB)
	assert book(account.open(), service="").service_id == "142"
	assert account.bodies("courier/assign/awb") == [{"shipment_id": 202}]
	with pytest.raises(Invalid, match="not the id of a courier"):
		book(account.open(), service="Delhivery")


def test_an_address_that_would_be_refused_is_not_sent(account):
	with pytest.raises(Invalid, match="10 digits"):
		book(account.open(), receiver=consignment().receiver.model_copy(update={"phone": "123"}))
	assert account.asked == []


WRONG_PLACE = {
	"message": "Wrong Pickup location entered. Please choose one location from the data given",
	"data": {"data": [{"pickup_location": "Primary"}, {"pickup_location": "Old"}]},
}


@pytest.mark.parametrize("status", (200, 400, 422))
def test_a_wrong_pickup_place_is_parked_with_the_right_ones(account, status):
	account.says("orders/create/adhoc", (status, WRONG_PLACE))
	with pytest.raises(Invalid) as caught:
		book(account.open(pickup_place="PRIMARY"))
	assert caught.value.sentence == "Shiprocket has no pickup place 'PRIMARY'. There are: Primary, Old."
	assert account.count("courier/assign/awb") == 0


@pytest.mark.parametrize(
	"said",
	(
		{
			"awb_assign_status": 0,
			"response": {"data": {"awb_assign_error": "Please recharge your ShipRocket wallet."}},
		},
		(350, {"message": "Please recharge your wallet", "status_code": 350}),
		(400, {"message": "Insufficient wallet balance"}),
		(402, {"message": "Your balance is low"}),
	),
)
def test_an_empty_wallet_is_parked(account, said):
	account.says("orders/create/adhoc", MADE)
	account.says("courier/assign/awb", said)
	with pytest.raises(Invalid, match="Recharge it at Shiprocket"):
		book(account.open())
	assert account.count("courier/assign/awb") == 1


@pytest.mark.parametrize(
	("said", "failure"),
	(
		(
			{"awb_assign_status": 0, "response": {"data": {"awb_assign_error": "Invalid Pincode: 123456"}}},
			Rejected,
		),
		({"status_code": 400, "message": "Courier not serviceable"}, Rejected),
		((422, {"message": "Oops! Invalid Data.", "errors": {"courier_id": ["Unknown"]}}), Rejected),
		((429, {"message": "Too Many Attempts."}), RateLimited),
		((500, {"message": "Server Error"}), Unreachable),
		((503, b"<html>"), Unreachable),
	),
)
def test_no_courier(account, said, failure):
	account.says("orders/create/adhoc", MADE)
	account.says("courier/assign/awb", said)
	with pytest.raises(failure):
		book(account.open())


def test_a_courier_is_chosen_later(account):
	"""The answer to "assign" can be "we are at it": then the shipment tells."""
	account.says("orders/create/adhoc", MADE)
	account.says("courier/assign/awb", {"success": True, "message": "We are processing your request"})
	account.says("shipments/202", {"data": {"id": 202, "awb": None}})
	with pytest.raises(Waiting, match="SHIPMENT-00001"):
		book(account.open())
	row = {
		"id": 101,
		"channel_order_id": "SHIPMENT-00001",
		"status": "NEW",
		"status_code": 1,
		"shipments": [{"id": 202, "awb": ""}],
	}
	account.says("orders", {"data": [row]})
	account.says(
		"shipments/202", {"data": {"id": 202, "awb": "AWB1", "courier": "DTDC", "sr_courier_id": 18}}
	)
	booking = book(account.open(), look_first=True)
	assert booking.parcels[0].tracking_number == "AWB1" and booking.service == "DTDC"
	assert account.count("courier/assign/awb") == account.count("orders/create/adhoc") == 1


def test_a_number_that_was_used_before_gives_the_order_back(account):
	"""Shiprocket answers a second order of the same number with the first, cancelled or not."""
	cancelled = {**MADE, "order_id": 90, "shipment_id": 91, "status": "CANCELED", "status_code": 5}
	account.says("orders/create/adhoc", cancelled, cancelled, MADE)
	rows = [
		{"id": 90, "channel_order_id": "SHIPMENT-00001", "status": "CANCELED", "shipments": [{"id": 91}]},
		{"id": 91, "channel_order_id": "SHIPMENT-00001-R1", "status": "CANCELED", "shipments": []},
		{"id": 95, "channel_order_id": "SHIPMENT-00001-R1-R5", "status": "NEW", "shipments": [{"id": 96}]},
		{"id": 97, "channel_order_id": "SHIPMENT-000011", "status": "NEW", "shipments": [{"id": 98}]},
	]
	account.says("orders", {"data": rows})
	account.says("courier/assign/awb", AWB)
	book(account.open())
	assert [one["order_id"] for one in account.bodies("orders/create/adhoc")] == [
		"SHIPMENT-00001",
		"SHIPMENT-00001-R2",
		"SHIPMENT-00001-R3",
	]


@pytest.mark.parametrize(
	"said", ("Order already exists", "The order id has already been taken", "order cancelled")
)
def test_a_number_that_is_refused_is_looked_up(account, said):
	account.says("orders/create/adhoc", (422, {"message": said, "status_code": 422}))
	row = {"id": 101, "channel_id": 7, "channel_order_id": "7_SHIPMENT-00001", "status": "READY TO SHIP"}
	account.says("orders", {"data": [{**row, "shipments": {"id": 202, "awb": "AWB1", "courier": "DTDC"}}]})
	assert book(account.open()).parcels[0].order_id == "101"
	account.says("orders", NO_ORDERS)
	with pytest.raises(Rejected, match="does not take the order"):
		book(account.open())
	assert account.count("courier/assign/awb") == 0


def test_orders_are_looked_for_on_all_pages(account):
	pages = {"meta": {"pagination": {"total_pages": 2}}}
	other = {
		"id": 1,
		"channel_order_id": "SHIPMENT-000010",
		"status": "NEW",
		"shipments": [{"id": 1, "awb": "X"}],
	}
	ours = {
		"id": 101,
		"channel_order_id": "SHIPMENT-00001",
		"status": "NEW",
		"shipments": [{"id": 202, "awb": "AWB1"}],
	}
	account.says("orders", {"data": [other], **pages}, {"data": [ours], **pages})
	assert book(account.open(), look_first=True).parcels[0].tracking_number == "AWB1"
	assert [one["page"] for one in account.bodies("orders")] == ["1", "2"]
	assert account.count("orders/create/adhoc") == 0


def test_what_is_ordered_already_is_said(account):
	account.says("orders/create/adhoc", MADE, {**MADE, "order_id": 102, "shipment_id": 203})
	account.says(
		"courier/assign/awb", AWB, {"awb_assign_status": 0, "response": {"data": {"awb_assign_error": "No"}}}
	)
	with pytest.raises(Rejected) as caught:
		book(account.open(), parcels=(parcel(), parcel()))
	assert "Parcel 2 of 2" in caught.value.sentence and "AWB1" in caught.value.sentence


@pytest.mark.parametrize(
	"said",
	((500, {}), {"label_created": 0, "response": "not yet"}, {"label_created": 1}, (404, {"message": "no"})),
)
def test_a_label_that_is_late_does_not_undo_the_booking(account, said):
	account.says("orders/create/adhoc", MADE)
	account.says("courier/assign/awb", AWB)
	account.says("courier/generate/label", said)
	booking = book(account.open())
	assert booking.parcels[0].tracking_number == "AWB1" and booking.papers == ()
	assert "label could not be fetched" in booking.note


def test_a_label_must_be_a_pdf(account):
	account.says("label.pdf", b"<html>expired</html>")
	with pytest.raises(Rejected, match="no PDF"):
		account.open().fetch_labels([BOOKED])
	account.says("label.pdf", PDF)
	account.says("courier/generate/label", {"label_created": 1, "label_url": "x", "not_created": [203]})
	with pytest.raises(Rejected, match="203"):
		account.open().fetch_labels([BOOKED, BOOKED])


def test_valuable_goods_without_an_eway_bill(account):
	account.says("orders/create/adhoc", MADE)
	account.says("courier/assign/awb", AWB)
	rich = {"value": Decimal("50000.01"), "goods": (goods(value="50000.01", quantity="1"),)}
	assert "e-way bill" in book(account.open(), **rich).note
	assert book(account.open(), **rich, tax_document="EWB-1").note == ""


# ---- pickup, manifest, cancelling


@pytest.mark.parametrize(
	"said",
	(
		{"message": "Duplicate request for pickup generation"},
		(400, {"message": "Already in Pickup Queue.", "status_code": 400}),
		{"pickup_status": 0, "response": {"data": "Pickup is already scheduled"}},
	),
)
def test_a_pickup_that_was_asked_for_before(account, said):
	account.says("courier/generate/pickup", said)
	kept = {"pickup_token_number": "Reference No: REF9", "pickup_scheduled_date": "2026-11-25 14:00:00"}
	account.says("shipments/202", {"data": kept})
	pickup = account.open().request_pickup(pickup_of([BOOKED], None), key="E1", look_first=True)
	assert pickup.reference == "REF9" and pickup.at.isoformat() == "2026-11-25T14:00:00+05:30"


def test_a_pickup_of_several(account):
	def said(token, at):
		return {
			"pickup_status": 1,
			"response": {"pickup_token_number": token, "pickup_scheduled_date": at, "data": "Confirmed"},
		}

	account.says(
		"courier/generate/pickup",
		said("Reference No: A", "2026-11-26 09:00:00"),
		said("B", "2026-11-25 14:00:00"),
	)
	both = [BOOKED, BOOKED.model_copy(update={"id": "203"})]
	pickup = account.open().request_pickup(pickup_of(both, date(2026, 11, 25)), key="E1", look_first=False)
	assert (pickup.reference, pickup.at.day, pickup.note) == ("A, B", 25, "Confirmed")
	assert account.bodies("courier/generate/pickup") == [
		{"shipment_id": [202], "pickup_date": ["2026-11-25"]},
		{"shipment_id": [203], "pickup_date": ["2026-11-25"]},
	]


def test_a_pickup_that_is_refused(account):
	account.says("courier/generate/pickup", (400, {"message": "Shipment is already cancelled"}))
	with pytest.raises(Rejected, match="cancelled"):
		account.open().request_pickup(pickup_of([BOOKED], None), key="E1", look_first=False)


def test_a_manifest_is_made_once_and_printed_again(account):
	url = {"manifest_url": f"{account.anybody.url}/label.pdf"}
	account.says(
		"manifests/generate", {"status": 1, **url}, (400, {"message": "Manifest already generated."})
	)
	account.says("manifests/print", url)
	for _again in range(2):
		(paper,) = account.open().make_manifest([BOOKED], key="E1", look_first=False)
		assert (paper.kind, paper.name, paper.content) == ("manifest", "manifest-AWB1.pdf", PDF)
	account.open().make_manifest([BOOKED], key="E1", look_first=True)
	assert (
		account.count("manifests/generate") == 3
		and account.bodies("manifests/print") == [{"order_ids": [101]}] * 2
	)


def test_cancelling(account):
	account.says(
		"orders/cancel",
		{"message": "ok"},
		(400, {"message": "Cannot"}),
		(400, {"message": "Cannot"}),
		(500, {}),
	)
	account.says("orders/show/102", {"data": {"status": "CANCELED"}})
	account.says("orders/show/103", {"data": {"status": "IN TRANSIT"}})
	parcels = [
		BOOKED.model_copy(update={"order_id": str(101 + n), "tracking_number": f"A{n}"}) for n in range(4)
	]
	outcomes = account.open().cancel_shipment(parcels)
	assert [one.key for one in outcomes] == ["A0", "A1", "A2", "A3"]
	assert [one.failure and one.failure.kind for one in outcomes] == [None, None, "Rejected", "Unreachable"]
	assert account.bodies("orders/cancel") == [{"ids": [101 + n]} for n in range(4)]


def test_cancelling_what_was_booked_elsewhere(account):
	account.says("orders/cancel/shipment/awbs", {"message": "Bulk Shipment cancellation is in progress."})
	(outcome,) = account.open().cancel_shipment([BookedParcel(tracking_number="A9")])
	assert outcome.failure is None and account.bodies("orders/cancel/shipment/awbs") == [{"awbs": ["A9"]}]
	with pytest.raises(Invalid, match="not booked here"):
		account.open().fetch_labels([BookedParcel(tracking_number="A9")])


# ---- tracking


def answer_for(number, status=18) -> dict:
	return {
		"tracking_data": {
			"track_status": 1,
			"shipment_status": status,
			"shipment_track": [{"awb_code": number}],
		}
	}


UNKNOWN = {
	"tracking_data": {"track_status": 0, "shipment_track": [], "error": "no activities found in our DB"}
}


def test_one_parcel(account):
	account.says("courier/track/awb/A1", answer_for("A1"))
	account.says("courier/track/awb/A2", UNKNOWN)
	account.says("courier/track/awb/A3", (404, {"message": "not found", "status_code": 404}))
	connector = account.open()
	assert connector.read_tracking(connector.fetch_tracking(["A1"])["A1"]).status == "in_transit"
	assert (
		connector.fetch_tracking(["A2"])
		== connector.fetch_tracking(["A3"])
		== connector.fetch_tracking([])
		== {}
	)


def test_many_parcels(account):
	numbers = [f"A{n}" for n in range(120)]

	def answer(request):
		if request.path.endswith("login"):
			return Response(json.dumps({"token": "eyJtoken"}))
		asked = request.get_json()["awbs"]
		assert len(asked) <= 50
		account.asked.append(("batch", "", asked))
		return Response(json.dumps({n: UNKNOWN if n == "A7" else answer_for(n) for n in asked}))

	account.anybody.answer = answer
	found = account.open().fetch_tracking([*numbers, "A1", "DRYRUN-S-1"])
	assert set(found) == set(numbers) - {"A7"} and account.count("batch") == 3
	assert {one["awb"] for one in found.values()} == set(found)


def test_a_parcel_that_goes_by_another_number(account):
	moved = answer_for("NEW")
	moved["tracking_data"]["shipment_track"] = [{"awb_code": "NEW", "order_id": 101}]
	account.says("courier/track/shipment/501", moved)
	account.says("courier/track/shipment/502", UNKNOWN)
	connector = account.open()
	silent = [BookedParcel(tracking_number=f"A{n}", id=f"50{n}") for n in (1, 2)]
	silent += [BookedParcel(tracking_number="A3"), BookedParcel(tracking_number="DRYRUN-S-1", id="503")]
	found = connector.follow_parcels(silent)
	tracking = connector.read_tracking(found["A1"])
	assert list(found) == ["A1"] and (tracking.tracking_number, tracking.order_id) == ("NEW", "101")


# ---- dry run


def test_a_dry_run_changes_nothing(account):
	account.says("courier/serviceability", offers(courier(7, rate="61"), courier(142)))
	connector = account.open(dry_run="Yes")
	booking = book(connector, parcels=(parcel(), parcel()))
	assert booking.dry_run and [one.tracking_number for one in booking.parcels] == [
		"DRYRUN-SHIPMENT-00001-P1",
		"DRYRUN-SHIPMENT-00001-P2",
	]
	assert (booking.cost, booking.service, booking.papers) == (Decimal("91.0"), "Courier 142", ())
	assert book(connector, service="", parcels=(parcel(),)).service_id == "7"
	reads = {"auth/login", "settings/company/pickup", "courier/serviceability"}
	assert {one[0] for one in account.asked} == reads
	with pytest.raises(Rejected, match="does not take"):
		book(connector, service="999")
	with pytest.raises(Invalid, match="There are: Primary"):
		book(account.open(dry_run="Yes", pickup_place="Nowhere"))
	assert {one[0] for one in account.asked} == reads


@pytest.mark.parametrize("dry_run", ("Yes", "No"))
def test_made_up_parcels_are_told_to_nobody(account, dry_run):
	"""Also when the switch was turned off since."""
	connector = account.open(dry_run=dry_run)
	made_up = [BookedParcel(tracking_number="DRYRUN-SHIPMENT-00001")]
	assert connector.fetch_labels(made_up) == ()
	assert connector.make_manifest(made_up, key="k", look_first=False) == ()
	assert connector.request_pickup(pickup_of(made_up, None), key="k", look_first=False).reference.startswith(
		"DRYRUN"
	)
	assert [one.failure for one in connector.cancel_shipment(made_up)] == [None]
	assert connector.fetch_tracking([made_up[0].tracking_number]) == {}
	assert account.asked == []


def test_real_parcels_are_left_alone_in_a_dry_run(account):
	connector = account.open(dry_run="Yes")
	for call in (
		lambda: connector.fetch_labels([BOOKED]),
		lambda: connector.make_manifest([BOOKED], key="k", look_first=False),
		lambda: connector.request_pickup(pickup_of([BOOKED], None), key="k", look_first=False),
	):
		with pytest.raises(Invalid, match="Dry run is on, and AWB1 is a real parcel"):
			call()
	(outcome,) = connector.cancel_shipment([BOOKED])
	assert isinstance(outcome.failure, Invalid) and account.asked == []
