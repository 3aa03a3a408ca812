"""What Shiprocket says, read without any call: states, times, scans, webhooks, and the address it must be given."""

from __future__ import annotations

import copy
import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration_hub.connectors.contract import WebhookRequest
from integration_hub.connectors.http import Http
from integration_hub.connectors.shiprocket import Shiprocket, shapes
from integration_hub.connectors.shiprocket.statuses import STATUSES, scan_status, status_of
from integration_hub.connectors.shiprocket.tracking import UNFINISHED
from integration_hub.connectors.shiprocket.webhooks import forbidden_words
from integration_hub.failures import BadSignature, Rejected
from integration_hub.records import FINAL
from tests.connectors.conftest import VENDOR_DATA, Vault

DATA = VENDOR_DATA / "shiprocket"
TOKEN = "a long text of our own"
ADDRESS = "https://erp.example.com/api/method/integration_hub.api.webhooks.receive?key=0123456789abcdef"

needs_data = pytest.mark.skipif(
	not DATA.is_dir(),
	reason="Shiprocket's recorded contracts are not on this machine (INTEGRATION_HUB_VENDOR_DATA)",
)


def connector(**entered: str) -> Shiprocket:
	config = {"environment": "Production", "email": "api@example.com", "webhook_token": TOKEN, **entered}
	return Shiprocket(config, Http(Shiprocket.base_url(config)), Vault())


def webhook(**changes) -> dict:
	return {
		"awb": "19041424751540",
		"courier_name": "Delhivery Surface",
		"current_status": "IN TRANSIT",
		"current_status_id": 20,
		"shipment_status": "IN TRANSIT",
		"shipment_status_id": 18,
		"current_timestamp": "23 05 2026 11:43:52",
		"order_id": "1373900_SHIPMENT-00001",
		"sr_order_id": 348456385,
		"etd": "2026-05-25 15:40:19",
		"scans": [
			{
				"date": "2026-05-23 11:40:00",
				"status": "X-ILL1F",
				"activity": "In Transit - Bag received at facility",
				"location": "Jaipur_Hub (Rajasthan)",
				"sr-status": "18",
				"sr-status-label": "IN TRANSIT",
			},
			{
				"date": "2026-05-22 18:00:00",
				"status": "X-PPOM",
				"activity": "In Transit - Shipment picked up",
				"location": "NA",
				"sr-status": "42",
				"sr-status-label": "PICKED UP",
			},
			{"date": "2026-05-22 09:00:00", "status": "X-UCI", "activity": "Manifested", "sr-status": "NA"},
		],
		"is_return": 0,
		"channel_id": 3422553,
		**changes,
	}


def request(body, token=TOKEN) -> WebhookRequest:
	raw = body if isinstance(body, bytes) else json.dumps(body).encode()
	return WebhookRequest(headers={"x-api-key": token} if token is not None else {}, body=raw)


def asked(**changes) -> dict:
	data = {
		"track_status": 1,
		"shipment_status": 7,
		"shipment_track": [
			{
				"awb_code": "another",
				"courier_name": "Xpressbees Surface",
				"current_status": "Delivered",
				"delivered_date": "2026-07-19 11:37:00",
				"pickup_date": "2026-07-18 20:28:00",
				"edd": None,
			}
		],
		"shipment_track_activities": [
			{
				"date": "2026-07-19 11:37:00",
				"status": "DLVD",
				"activity": "Delivered",
				"location": "Chittoor",
				"sr-status": "7",
				"sr-status-label": "DELIVERED",
			}
		],
		"track_url": "https://shiprocket.co/tracking/788830567028",
		**changes,
	}
	return {"awb": "788830567028", "asked_at": "2026-07-20T10:00:00+00:00", "tracking_data": data}


# ---- states


@needs_data
def test_the_table_is_the_official_one():
	official = json.loads((DATA / "shipment_status_codes.json").read_text())
	official.pop("_note")
	assert {str(code): list(row) for code, row in STATUSES.items()} == official


@pytest.mark.parametrize("code", sorted(STATUSES))
def test_each_code_is_read_as_number_and_as_text(code):
	ours = STATUSES[code][1]
	assert status_of(code) == status_of(str(code)) == status_of(float(code)) == (ours, "")


@pytest.mark.parametrize("code", sorted(STATUSES))
def test_a_webhook_is_read_by_the_shipment_table_only(code):
	"""The order table's number beside it means something else and must not count."""
	for other in (5, 6, 7, 19, 20, 36, 51, None, ""):
		body = webhook(shipment_status_id=code, current_status_id=other, scans=None)
		assert connector().read_tracking(body).status == STATUSES[code][1]


def test_the_number_of_the_order_table_never_stands_in():
	"""Order status 7 is Delivered; a shipment status that is missing is not."""
	body = webhook(
		shipment_status_id=None, current_status_id=7, current_status="DELIVERED", shipment_status=""
	)
	body["scans"] = []
	assert connector().read_tracking(body).status != "delivered"


def test_what_comes_back_is_not_back_yet():
	for code in STATUSES:
		record = connector().read_tracking(webhook(shipment_status_id=code, scans=None))
		assert record.is_final == (record.status in FINAL and code not in UNFINISHED)
	assert connector().read_tracking(webhook(shipment_status_id=9)).is_final is False
	assert connector().read_tracking(webhook(shipment_status_id=10)).is_final is True


@pytest.mark.parametrize(
	("code", "label", "status", "known"),
	(
		("NA", "", "in_transit", False),
		("NA", "Out For Delivery", "out_for_delivery", True),
		(999, "RTO_INITIATED", "returned", True),
		(999, "DELIVERED", "delivered", True),
		(999, "Held at customs", "in_transit", False),
		(None, None, "in_transit", False),
		("", "CANCELED", "cancelled", True),
		(True, "", "in_transit", False),
		([7], "", "in_transit", False),
	),
)
def test_a_number_that_is_not_in_the_table(code, label, status, known):
	assert status_of(code, label) == (status, status_of(code, label)[1])
	assert bool(status_of(code, label)[1]) is not known
	assert scan_status(code, label) == (status if known else None)


def test_an_unknown_state_is_kept_in_words():
	record = connector().read_tracking(webhook(shipment_status_id=321, shipment_status="Held at customs"))
	assert record.status == "in_transit"
	assert "Held at customs" in record.text and "321 is not known" in record.text


# ---- times


@pytest.mark.parametrize(
	("written", "utc"),
	(
		("23 05 2023 11:43:52", "2023-05-23T06:13:52"),
		("2023-05-19 11:59:16", "2023-05-19T06:29:16"),
		("2022-11-25 11:17:52.878599", "2022-11-25T05:47:52"),
		({"date": "2022-11-25 11:17:52.878599", "timezone": "Asia/Kolkata"}, "2022-11-25T05:47:52"),
		("2026-01-01", "2025-12-31T18:30:00"),
	),
)
def test_times_are_indian(written, utc):
	moment = shapes.instant(written)
	assert moment.utcoffset() == timedelta(hours=5, minutes=30)
	assert moment.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None).isoformat() == utc


@pytest.mark.parametrize(
	"written", ("", None, "0000-00-00 00:00:00", "soon", 5, [], {}, True, "31 02 2026 10:00:00")
)
def test_what_is_no_time(written):
	assert shapes.instant(written) is None and shapes.day(written) is None


def test_days_and_dates():
	assert shapes.days("4") == 4 and shapes.days("3-4 days") == 4 and shapes.days("Nov 27, 2026") is None
	assert shapes.days("") is None and shapes.days(None) is None
	assert shapes.day("Nov 27, 2026") == date(2026, 11, 27) and shapes.day("3-4 days") is None


def test_values_of_any_type():
	assert shapes.number("45.5") == shapes.number(45.5) == Decimal("45.5")
	assert shapes.number("") is shapes.number(None) is shapes.number("NaN") is shapes.number([]) is None
	assert shapes.is_set(1) and shapes.is_set("1") and shapes.is_set(True) and not shapes.is_set("0")
	assert shapes.a_list(None) == shapes.a_list("") == [] and shapes.a_list({"a": 1}) == [{"a": 1}]


# ---- tracking


def test_a_webhook_is_read():
	record = connector().read_tracking(webhook())
	assert (record.tracking_number, record.status, record.carrier) == (
		"19041424751540",
		"in_transit",
		"Delhivery Surface",
	)
	assert record.at == datetime(2026, 5, 23, 6, 10, tzinfo=timezone.utc)
	assert record.arrives_on == date(2026, 5, 25)
	assert [(one.status, one.location) for one in record.scans] == [
		("in_transit", "Jaipur_Hub (Rajasthan)"),
		("picked_up", ""),
		(None, ""),
	]
	assert not record.is_return and record.delivered_at is None


def test_what_we_ask_for_is_read():
	record = connector().read_tracking(asked())
	assert (record.tracking_number, record.status) == ("788830567028", "delivered")
	assert record.delivered_at == datetime(2026, 7, 19, 6, 7, tzinfo=timezone.utc) == record.at
	assert record.url.endswith("788830567028") and record.carrier == "Xpressbees Surface"
	assert connector().read_tracking(json.loads(json.dumps(asked()))) == record


@pytest.mark.parametrize("scans", (None, [], "", {}))
def test_no_scans_yet(scans):
	nothing = [{"current_status": "AWB Assigned"}]
	record = connector().read_tracking(
		asked(shipment_track_activities=scans, shipment_status=1, shipment_track=nothing)
	)
	assert (record.status, record.scans, record.at.isoformat()) == (
		"created",
		(),
		"2026-07-20T10:00:00+00:00",
	)
	later = connector().read_tracking(asked(shipment_track_activities=scans, shipment_status=1))
	assert record.version < later.version, "any time at all is news"


def test_scans_come_newest_first_whatever_the_order():
	body = webhook()
	turned = webhook(scans=list(reversed(body["scans"])))
	assert connector().read_tracking(body) == connector().read_tracking(turned)


def test_webhook_and_poll_of_the_same_state_have_the_same_version():
	"""Else the later news of one way would be taken for older than the former of the other."""
	told = webhook()
	polled = asked(
		shipment_status=18,
		shipment_track=[{"current_status": "IN TRANSIT"}],
		shipment_track_activities=told["scans"],
	)
	first, second = connector().read_tracking(told), connector().read_tracking(polled)
	assert first.version == second.version and first.at == second.at


def test_versions_grow_on_the_way():
	steps = [
		("01 06 2026 10:00:00", 3),
		("01 06 2026 15:00:00", 42),
		("02 06 2026 09:00:00", 18),
		("03 06 2026 08:00:00", 17),
		("03 06 2026 08:00:00", 7),
	]
	versions = [
		connector().read_tracking(webhook(current_timestamp=at, shipment_status_id=code, scans=None)).version
		for at, code in steps
	]
	assert versions == sorted(versions) and len(set(versions)) == len(versions)


def test_a_return_is_told_as_one():
	record = connector().read_tracking(webhook(is_return=1, shipment_status_id=7))
	assert record.is_return and record.status == "delivered" and record.is_final


JUNK = st.sampled_from(
	[None, True, 0, -1, 1.5, "", "nonsense", "NaN", "1e999", [], {}, [[]], [None], "9" * 50]
)


def places(value, path=()):
	yield path
	for key, inner in (
		value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
	):
		yield from places(inner, (*path, key))


@settings(max_examples=300, deadline=None)
@given(data=st.data(), junk=JUNK, remove=st.booleans())
def test_a_payload_that_is_broken_anywhere_is_read_or_rejected(data, junk, remove):
	broken = copy.deepcopy(data.draw(st.sampled_from([webhook(), asked()])))
	*way, last = data.draw(st.sampled_from([path for path in places(broken) if path]))
	inner = broken
	for step in way:
		inner = inner[step]
	if remove:
		del inner[last]
	else:
		inner[last] = junk
	for work in (lambda: connector().read_tracking(broken), lambda: connector().notices(request(broken))):
		try:
			work()
		except Rejected as failure:
			assert failure.sentence.startswith("Shiprocket's")


# ---- webhooks: who sent them


def test_the_token_is_compared():
	connector().verify(request(webhook()))
	for wrong in ("", None, TOKEN + "x", TOKEN[:-1], "\ud800", "é"):
		with pytest.raises(BadSignature):
			connector().verify(request(webhook(), wrong))


@pytest.mark.parametrize("given", ("", None, "x"))
def test_without_a_token_of_ours_nothing_is_accepted(given):
	with pytest.raises(BadSignature):
		connector(webhook_token="").verify(request(webhook(), given))


# ---- webhooks: what they announce


def test_a_notice_carries_the_body():
	(notice,) = connector().notices(request(webhook()))
	assert (notice.resource, notice.outside_id) == ("tracking", "19041424751540")
	assert notice.payload == webhook()
	assert notice.dedupe_key == "webhook:19041424751540:18:23 05 2026 11:43:52"
	assert notice.version == connector().read_tracking(notice.payload).version


@pytest.mark.parametrize("code", sorted(STATUSES))
def test_what_moves_money_is_asked_for_again(code):
	(notice,) = connector().notices(request(webhook(shipment_status_id=code)))
	assert (notice.payload is None) == (STATUSES[code][1] in ("delivered", "returned"))


def test_the_same_change_has_the_same_key_and_another_has_not():
	def key(**changes):
		return connector().notices(request(webhook(**changes)))[0].dedupe_key

	assert key() == key(etd="", current_status_id=6)
	assert (
		len({key(), key(shipment_status_id=17), key(current_timestamp="23 05 2026 11:43:53"), key(awb="1")})
		== 4
	)
	without = [
		key(current_timestamp="", etd=etd) for etd in ("2026-05-25 15:40:19", "2026-05-25 15:40:19", "")
	]
	assert without[0] == without[1] != without[2]


def test_what_is_about_no_parcel():
	assert connector().notices(request(webhook(awb=""))) == []
	assert connector().notices(request(webhook(awb="DRYRUN-SHIPMENT-00001"))) == []
	for body in (b"", b"no json", b"[]", b"{}", b'{"order": 1}', b"[" * 100_000):
		with pytest.raises(Rejected):
			connector().notices(request(body))


@needs_data
def test_the_official_sample():
	raw = (DATA / "webhook_tracking_sample.json").read_bytes()
	(notice,) = connector().notices(request(raw))
	record = connector().read_tracking(notice.payload)
	assert (record.tracking_number, record.status) == ("19041424751540", "in_transit")
	# its only scan is of another state, so the time of the body counts
	assert record.at == datetime(2023, 5, 23, 6, 13, 52, tzinfo=timezone.utc)
	assert record.version.startswith("2023-05-23T06:13:52Z") and record.scans[0].status == "created"


@needs_data
def test_recorded_tracking_answers_are_read():
	samples = json.loads((DATA / "shiprocket_go_contract_samples.json").read_text())[
		"shipment/service_test.go"
	]
	answers = {one["name"]: one["response"] for one in samples}

	def read(number, body):
		return connector().read_tracking({**asked(), "awb": number, "tracking_data": body["tracking_data"]})

	record = read("788830567028", answers["track by awb"])
	assert record.status == "delivered" and record.carrier == "Xpressbees Surface"
	by_awb = answers["track by awbs"]
	assert {number: read(number, body).status for number, body in by_awb.items()} == dict.fromkeys(
		by_awb, "created"
	)
	picked_up = read("1091188857722", answers["track by shipment id"])
	assert picked_up.status == "picked_up" and picked_up.arrives_on == date(2021, 12, 28)
	assert [one.status for one in picked_up.scans] == ["picked_up", None]


# ---- the address to be entered


def test_our_address_holds_no_forbidden_word():
	assert forbidden_words(ADDRESS) == []
	said = " ".join(connector().register_webhooks(ADDRESS))
	assert ADDRESS in said and TOKEN not in said and "refuse" not in said


@pytest.mark.parametrize(
	("address", "words"),
	(
		(ADDRESS.replace("erp.", "shiprocket."), "'shiprocket'"),
		(ADDRESS.replace("erp.example", "my-KR-shop"), "'kr'"),
		(ADDRESS.replace("erp.example", "usrlocal"), "'sr'"),
	),
)
def test_a_forbidden_word_is_said(address, words):
	said = connector().register_webhooks(address)
	assert len(said) == 2 and words in said[1] and "polled" in said[1]


def test_what_else_stands_in_the_way_is_said():
	said = connector(webhook_token="").register_webhooks(ADDRESS.replace("https", "http"))
	assert "Enter a Webhook token" in said[1] and "https" in said[2]
