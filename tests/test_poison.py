"""One of many that cannot be done harms nobody but itself, whatever it does to a connector."""

import frappe
import pytest

from integration_hub.connectors import BUILT_IN
from integration_hub.connectors.shopify import Shopify
from integration_hub.failures import Gone, Invalid, Rejected
from tests.support import acme
from tests.test_pull import place_many
from tests.test_shipments import deliver, parcels, settle, sold  # noqa: F401 - a fixture

NOW = "2026-11-23T10:00:00+00:00"


def statuses(shop, resource="orders"):
	return {event.outside_id: event.status for event in shop.events(resource=resource)}


def test_a_payload_that_breaks_its_reader(hub, monkeypatch):
	shop = hub()
	placed = place_many(shop, 4)
	bad, read = str(placed[1].id), Shopify.read_order

	def broken(self, payload):
		if str(payload["id"]).endswith(bad):
			raise KeyError("currency")
		return read(self, payload)

	monkeypatch.setattr(Shopify, "read_order", broken)
	shop.pull()
	shop.drain()
	assert statuses(shop) == {str(one.id): "Parked" if str(one.id) == bad else "Done" for one in placed}
	[event] = shop.events(status="Parked")
	assert event.fix_doctype == "Error Log" and frappe.db.exists("Error Log", event.fix_name), (
		"the log is there"
	)


@pytest.mark.parametrize(("failure", "end"), [(Rejected, "Dead"), (Gone, "Dead"), (Invalid, "Parked")])
def test_a_fetch_of_many_that_is_refused_because_of_one(hub, monkeypatch, failure, end):
	shop = hub()
	placed = place_many(shop, 4)
	bad, fetch = str(placed[2].id), Shopify.fetch_orders

	def refusing(self, ids):
		if bad in ids:
			raise failure("There is something wrong with one of them.")
		return fetch(self, ids)

	monkeypatch.setattr(Shopify, "fetch_orders", refusing)
	shop.pull()
	event = frappe.qb.DocType("Integration Event")
	frappe.qb.update(event).set(event.payload, None).where(event.connection == shop.connection).run()
	frappe.db.commit()  # as webhooks without payload are stored
	shop.drain()
	assert statuses(shop) == {str(one.id): end if str(one.id) == bad else "Done" for one in placed}


def test_a_call_out_that_breaks_loses_no_other_answer(sold, monkeypatch):  # noqa: F811
	shop, order, sales_order = sold(quantity=3)
	tell = Shopify.fulfil_order

	def broken(self, shipment, **more):
		if "TRACK-2" in shipment.tracking_numbers:
			raise KeyError("id")
		return tell(self, shipment, **more)

	monkeypatch.setattr(Shopify, "fulfil_order", broken)
	for number in ("TRACK-1", "TRACK-2", "TRACK-3"):
		deliver(sales_order, 1, number)
	settle(shop)
	assert sorted(numbers for _units, numbers in parcels(order)) == [["TRACK-1"], ["TRACK-3"]]
	assert sorted(event.status for event in shop.events(resource="shipments")) == ["Done", "Done", "Parked"]


@pytest.mark.parametrize("trouble", ["refused", "unreadable"])
def test_a_parcel_that_the_carrier_does_not_take_holds_up_no_other(hub, monkeypatch, trouble):
	kind = acme.connector_class()
	monkeypatch.setitem(BUILT_IN, "acme", "acme_of_the_docs.Acme")
	vendor = acme.Acme()
	courier = hub.connect(vendor, "acme", {}, {"token": acme.TOKEN})
	fetch, numbers = kind.fetch_tracking, [f"{trouble}{number}" for number in range(3)]
	bad = numbers[0]

	def refusing(self, tracking_numbers):
		if trouble == "refused" and bad in tracking_numbers:
			raise Rejected("This is no number of ours.")
		found = fetch(self, tracking_numbers)
		return {number: {} if number == bad else payload for number, payload in found.items()}

	monkeypatch.setattr(kind, "fetch_tracking", refusing)
	for number in numbers:
		vendor.parcels[number] = {"number": number, "reference": "x", "state": "moving", "at": NOW}
		frappe.get_doc(
			{
				"doctype": "Integration Parcel",
				"connection": courier.connection,
				"tracking_number": number,
				"status": "created",
				"status_at": frappe.utils.now_datetime(),
			}
		).insert()
	frappe.db.commit()  # the pull is another transaction
	for _again in range(2):
		courier.pull("tracking")
		courier.drain()
	end = "Dead" if trouble == "refused" else "Parked"
	assert statuses(courier, "tracking") == {number: end if number == bad else "Done" for number in numbers}
	assert len(courier.events(resource="tracking")) == 3, "said once, however often it is asked"
