"""Shipments and tracking over HTTP, with the sandbox's Shiprocket at the other end."""

from __future__ import annotations

import frappe
import pytest

from integration_hub.sync import jobs
from sandbox import books
from tests.support.api import Caller, data, error, token_of, user
from tests.support.shiprocket import BOX, accounts, delivered, picked


@pytest.fixture
def connected(hub, web):
	return accounts(hub, web)()


@pytest.fixture
def robot(callers):
	"""A warehouse robot."""
	return callers("Integration Warehouse", "Stock User")


@pytest.fixture
def tag():
	return f"ship-{frappe.generate_hash(length=8)}"


def worked(caller, answer) -> dict:
	job = data(answer, 202)
	jobs.run(job["name"])
	return data(caller.get("jobs.get", name=job["name"]))


def test_from_the_delivery_note_to_the_door(connected, robot, tag):
	note = delivered()
	carriers = data(robot.get("shipments.carriers", company=books.company()))["rows"]
	assert connected.connection in [one["name"] for one in carriers if one["quotes_rates"]]

	new = {"delivery_note": note.name, "parcels": [BOX], "headers": {"Idempotency-Key": tag}}
	shipment = data(robot.post("shipments.create", **new), 201)
	assert data(robot.post("shipments.create", **new), 201) == shipment, "the same key makes no second one"
	name = shipment["name"]
	assert shipment["docstatus"] == 1 and shipment["shipment_parcel"][0]["weight"] == BOX["weight"]
	assert [row["delivery_note"] for row in shipment["shipment_delivery_note"]] == [note.name]

	asked = {"name": name, "carrier": connected.connection}
	rates = worked(robot, robot.post("shipments.rates", **asked))["result"]["rates"]
	assert len(rates) == 4 and float(rates[0]["amount"]) <= float(rates[-1]["amount"])

	booked = worked(robot, robot.post("shipments.book", **asked, service_id=rates[1]["service_id"]))
	assert booked["result"]["status"] == "Done", booked
	[parcel] = booked["result"]["parcels"]
	again = worked(robot, robot.post("shipments.book", **asked, service_id=rates[1]["service_id"]))
	assert again["result"]["parcels"] == [parcel] and len(connected.world.by_awb) == 1

	shown = data(robot.get("shipments.get", name=name))
	assert shown["awb_number"] == parcel["tracking_number"]
	[paper] = data(robot.get("shipments.papers", name=name))["rows"]
	answer = robot.get("shipments.paper", name=name, file_name=paper["file_name"])
	assert answer.headers["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")

	connected.world.move(parcel["tracking_number"], "In Transit")
	assert connected.vendor.courier.wait(30)
	connected.settle()
	numbered = {"tracking_number": parcel["tracking_number"], "shipment": name}
	[found] = data(robot.get("tracking.list", **numbered))["rows"]
	assert (found["status"], found["shipment"]) == ("in_transit", name) and found["scans"]
	assert data(robot.get("tracking.get", name=found["name"])) == found
	assert data(robot.get("tracking.get", tracking_number=parcel["tracking_number"])) == found
	error(robot.get("tracking.get", tracking_number="no such"), 404, "not_found")
	error(robot.get("tracking.get"), 422, "invalid", "tracking_number")
	both = {"tracking_number": parcel["tracking_number"], "name": found["name"]}
	error(robot.get("tracking.get", **both), 422, "invalid", "tracking_number")


def test_booked_once_however_often_it_is_asked(connected, robot, tag):
	name = data(robot.post("shipments.create", delivery_note=delivered().name, parcels=[BOX]), 201)["name"]
	asked = {"name": name, "carrier": connected.connection, "headers": {"Idempotency-Key": tag}}
	first, again = robot.post("shipments.book", **asked), robot.post("shipments.book", **asked)
	assert data(first, 202) == data(again, 202) and again.headers["Idempotent-Replayed"] == "true"
	jobs.run(data(first, 202)["name"])
	# a worker that was killed just before its end: the job is done once more
	frappe.db.set_value(
		jobs.DOCTYPE, data(first, 202)["name"], {"status": "Working", "due_at": "2026-01-01 00:00:00"}
	)
	frappe.db.commit()  # the claim of a worker that died
	done = worked(robot, first)
	assert done["status"] == "Done" and done["result"]["status"] == "Done", done
	assert [one["tracking_number"] for one in done["result"]["parcels"]] == list(connected.world.by_awb)


def test_a_pick_list_ships_what_is_delivered_of_it(connected, robot):
	from erpnext.stock.doctype.pick_list.pick_list import create_delivery_note

	pick_list = picked(orders=2)
	new = {"pick_list": pick_list.name, "parcels": [{**BOX, "count": 2}, BOX]}
	assert (
		"no submitted Delivery Note"
		in error(robot.post("shipments.create", **new), 422, "refused")["message"]
	)
	note = create_delivery_note(pick_list.name)
	note.submit()
	frappe.db.commit()  # as the request of a person's click does
	shipment = data(robot.post("shipments.create", **new), 201)
	assert [row["delivery_note"] for row in shipment["shipment_delivery_note"]] == [note.name]
	assert [row["count"] for row in shipment["shipment_parcel"]] == [2, 1]
	# all of it is on its way
	error(robot.post("shipments.create", **new), 422, "refused")


def test_many_at_once_each_by_itself(connected, robot):
	notes = [delivered().name for _number in range(2)]
	rows = [
		{"delivery_note": notes[0], "parcels": [BOX]},
		{"delivery_note": "No Such Note", "parcels": [BOX]},
		{"parcels": [BOX]},
		{"delivery_note": notes[1], "parcels": [BOX, BOX]},
	]
	found = data(robot.post("shipments.create_many", rows=rows))["results"]
	assert [one["status"] for one in found] == ["created", "failed", "failed", "created"]
	assert [[row["field"] for row in one["error"]["fields"]] for one in found[1:3]] == [["delivery_note"]] * 2
	for one, note in zip((found[0], found[3]), notes, strict=True):
		shown = data(robot.get("shipments.get", name=one["name"]))
		assert [row["delivery_note"] for row in shown["shipment_delivery_note"]] == [note]


def test_what_cannot_be_shipped_is_refused(connected, robot):
	note = delivered()
	error(
		robot.post("shipments.create", pick_list="No Such List", parcels=[BOX]), 422, "refused", "pick_list"
	)
	error(
		robot.post("shipments.create", delivery_note=note.name, parcels=[BOX], cod_amount="-1"),
		422,
		"refused",
	)


def test_a_dry_run_is_no_parcel_on_its_way(hub, web, robot):
	trying = accounts(hub, web)(dry_run="Yes")
	name = data(robot.post("shipments.create", delivery_note=delivered().name, parcels=[BOX]), 201)["name"]
	booked = worked(robot, robot.post("shipments.book", name=name, carrier=trying.connection))["result"]
	assert booked["status"] == "Done" and "Dry run" in booked["message"], booked
	assert data(robot.get("tracking.list", shipment=name))["rows"] == []
	[number] = [one["tracking_number"] for one in booked["parcels"]]
	error(robot.get("tracking.get", tracking_number=number), 404, "not_found")


def test_calling_off(connected, robot):
	name = data(robot.post("shipments.create", delivery_note=delivered().name, parcels=[BOX]), 201)["name"]
	booked = worked(robot, robot.post("shipments.book", name=name, carrier=connected.connection))
	[parcel] = booked["result"]["parcels"]
	error(robot.post("shipments.cancel", name=name), 403, "forbidden")
	from_desk = shippers(robot.web)
	unbooked = data(robot.post("shipments.create", delivery_note=delivered().name, parcels=[BOX]), 201)[
		"name"
	]
	error(from_desk.post("shipments.cancel", name=unbooked), 422, "refused")
	done = worked(from_desk, from_desk.post("shipments.cancel", name=name))
	assert [one["status"] for one in done["result"]["answers"]] == ["Done"], done
	[found] = data(robot.get("tracking.list", shipment=name))["rows"]
	assert (found["tracking_number"], found["status"]) == (parcel["tracking_number"], "cancelled")
	again = worked(from_desk, from_desk.post("shipments.cancel", name=name))
	assert (again["status"], again["result"]) == ("Done", {"answers": []}), again


def shippers(web):
	email = user(f"shipper-{frappe.generate_hash(length=6)}@hub.example", "Stock Manager", "Stock User")
	return Caller(web, {"Authorization": token_of(email)})


def test_where_it_goes_wrong_it_says_so(connected, robot):
	note = delivered()
	name = data(robot.post("shipments.create", delivery_note=note.name, parcels=[BOX]), 201)["name"]
	for method in ("shipments.book", "shipments.rates"):
		found = error(robot.post(method, name=name, carrier="No Such Carrier"), 422, "refused", "carrier")
		assert "No Such Carrier" in found["message"]
	job = worked(
		robot, robot.post("shipments.book", name=name, carrier=connected.connection, service_id="no such")
	)
	assert job["status"] == "Done" and job["result"]["status"] in ("Parked", "Dead"), job
	assert job["result"]["message"] and not connected.world.by_awb


def test_a_job_says_what_has_changed_since_it_was_asked_for(connected, robot):
	name = data(robot.post("shipments.create", delivery_note=delivered().name, parcels=[BOX]), 201)["name"]
	asked = robot.post("shipments.book", name=name, carrier=connected.connection)
	doc = frappe.get_doc("Shipment", name)
	doc.cancel()
	frappe.db.commit()  # somebody at the Desk was quicker
	job = worked(robot, asked)
	assert job["status"] == "Failed" and f"Submit {name}" in job["message"], job
	asked = robot.post("shipments.rates", name=name, carrier=connected.connection)
	frappe.delete_doc("Shipment", name)
	frappe.db.commit()  # and quicker again
	job = worked(robot, asked)
	assert job["status"] == "Failed" and f"There is no Shipment {name}" in job["message"], job
	assert not connected.world.by_awb


@pytest.mark.parametrize(
	"asked, field",
	[
		({"parcels": []}, "parcels"),
		({"parcels": [{**BOX, "weight": 0}]}, "parcels.0.weight"),
		({"parcels": [{**BOX, "count": 0}]}, "parcels.0.count"),
		({"parcels": [BOX], "cod_amount": "a lot"}, "cod_amount"),
		({"parcels": [BOX]}, "delivery_note"),
		({"parcels": [BOX], "delivery_note": "a", "pick_list": "b"}, "delivery_note"),
	],
)
def test_bad_input_names_its_field(robot, asked, field):
	error(robot.post("shipments.create", **asked), 422, "invalid", field)


def test_rights(connected, robot, callers, web, tag):
	note = delivered()
	error(robot.post("shipments.create", delivery_note="No Such Note", parcels=[BOX]), 422, "refused")
	for nobody in (callers(), callers("Integration Finance")):
		error(nobody.post("shipments.create", delivery_note=note.name, parcels=[BOX]), 403, "forbidden")
		error(nobody.get("shipments.list"), 403, "forbidden")
		error(nobody.get("tracking.list"), 403, "forbidden")
	name = data(robot.post("shipments.create", delivery_note=note.name, parcels=[BOX]), 201)["name"]
	shop = callers("Integration Shop")
	assert data(shop.get("shipments.get", name=name))["name"] == name
	error(shop.post("shipments.book", name=name, carrier=connected.connection), 403, "forbidden")
	error(shop.post("tracking.refresh", shipment=name), 403, "forbidden")
	booked = worked(robot, robot.post("shipments.book", name=name, carrier=connected.connection))["result"]
	number = booked["parcels"][0]["tracking_number"]
	[parcel] = data(shop.get("tracking.list", shipment=name))["rows"]
	caller = bound_to(web, tag, books.customer(rf"Other 100%s \' or 1=1 -- {tag}"))
	assert data(caller.get("tracking.list", shipment=name))["rows"] == []
	error(caller.get("tracking.get", name=parcel["name"]), 404, "not_found")
	error(caller.get("tracking.get", tracking_number=number), 404, "not_found")
	error(caller.get("shipments.papers", name=name), 404, "not_found")
	error(caller.get("shipments.get", name=name), 404, "not_found")
	error(caller.post("shipments.book", name=name, carrier=connected.connection), 404, "not_found")
	error(caller.post("shipments.create", delivery_note=note.name, parcels=[BOX]), 422, "refused")
	own = bound_to(web, f"own-{tag}", note.customer)
	seen = data(own.get("tracking.list"))["rows"]
	assert [one["name"] for one in seen if one["shipment"]] == [parcel["name"]]


def bound_to(web, tag, customer):
	"""A robot that may see only what is of one customer."""
	email = user(f"{tag}@hub.example", "Integration Warehouse", "Stock User")
	frappe.get_doc(
		{"doctype": "User Permission", "user": email, "allow": "Customer", "for_value": customer}
	).insert()
	frappe.db.commit()  # the web server must see it
	return Caller(web, {"Authorization": token_of(email)})
