"""Shiprocket end to end: from the Delivery Note to the door, over real HTTP; and what its quirks make of it."""

import copy
import json
from datetime import date

import frappe
import pytest

from integration_hub.api import shipping
from sandbox import books
from tests.support.shiprocket import BOX, TOKEN, accounts, delivered, ordered, picked


@pytest.fixture
def carrier(hub, web):
	return accounts(hub, web)


def made(note, boxes=(BOX,), **more):
	name = shipping.make_shipment("Delivery Note", note.name, list(boxes), **more)
	frappe.db.commit()  # as the request of a person's click does
	return name


def parcels_of(shipment):
	frappe.db.rollback()
	return frappe.get_all(
		"Integration Parcel",
		filters={"shipment": shipment},
		fields=["name", "tracking_number", "status", "cod_amount", "watched", "dry_run"],
		order_by="creation",
	)


def told(connected):
	assert connected.vendor.courier.wait(30)
	assert {one.state for one in connected.vendor.courier.deliveries} <= {"delivered"}
	connected.settle()


def test_rates_side_by_side(carrier):
	connected, shipment = carrier(), made(delivered())
	rates = shipping.rates(shipment, connected.connection)
	assert [one["service"] for one in rates] == [
		"Amazon Surface",
		"Xpressbees Surface",
		"Delhivery Air",
		"Blue Dart Air",
	]
	assert {one["currency"] for one in rates} == {"INR"}
	assert [float(one["days"]) for one in rates] == [5, 4, 3, 2]
	connected.world.block_courier(24)
	assert "Xpressbees Surface" not in [
		one["service"] for one in shipping.rates(shipment, connected.connection)
	]


def test_from_the_delivery_note_to_the_door(carrier):
	connected, note = carrier(), delivered()
	shipment = made(note)
	[cheapest, *_others] = shipping.rates(shipment, connected.connection)
	answer = shipping.book(shipment, connected.connection, cheapest["service_id"])
	assert answer["status"] == "Done", answer
	[parcel] = parcels_of(shipment)
	doc = frappe.get_doc("Shipment", shipment)
	assert (doc.awb_number, doc.carrier_service) == (parcel.tracking_number, "Amazon Surface")
	assert doc.shipment_amount == connected.world.by_awb[parcel.tracking_number].cost
	[label] = frappe.get_all(
		"File", filters={"attached_to_doctype": "Shipment", "attached_to_name": shipment}, pluck="name"
	)
	assert parcel.tracking_number in str(frappe.get_doc("File", label).get_content())
	for status, seen in (
		("Picked Up", "picked_up"),
		("In Transit", "in_transit"),
		("Out For Delivery", "out_for_delivery"),
		("Undelivered", "failed_attempt"),
		("Out For Delivery", "out_for_delivery"),
		("Delivered", "delivered"),
	):
		connected.world.move(parcel.tracking_number, status)
		told(connected)
		[parcel] = parcels_of(shipment)
		assert parcel.status == seen
	assert not parcel.watched
	assert frappe.db.get_value("Shipment", shipment, ["status", "tracking_status"]) == (
		"Completed",
		"Delivered",
	)
	assert len(frappe.get_doc("Integration Parcel", parcel.name).scans) >= 6


def test_from_the_pick_list_to_the_label(carrier, people):
	"""All through the web, as somebody in the warehouse does it: ERPNext's Delivery Note of the Pick List, the parcel that
	is suggested, rates, booking, and the label where it is looked for."""
	from erpnext.stock.doctype.pick_list.pick_list import create_delivery_note

	connected, pick_list = carrier(), picked(orders=2)
	packer, where = people("shipper"), {"doctype": "Pick List", "name": pick_list.name}

	def said(verb, function, **arguments):
		answer = packer.ask(verb, f"/api/method/integration_hub.api.shipping.{function}", **arguments)
		assert answer.status_code == 200, answer.text
		return answer.json()["message"]

	early = packer.ask("GET", "/api/method/integration_hub.api.shipping.options", **where)
	assert early.status_code == 417 and "no submitted Delivery Note" in early.text
	note = create_delivery_note(pick_list.name)
	note.submit()
	frappe.db.commit()  # as the request of a person's click does

	options = said("GET", "options", **where)
	assert options["delivery_notes"] == [note.name] and options["currency"] == "INR"
	assert (options["owed"], len(note.items)) == (1800, 2)
	assert connected.connection in [one["name"] for one in options["carriers"]]
	shipment = said("POST", "make_shipment", **where, parcels=options["parcels"], cod_amount=0)
	[cheapest, *_others] = said("GET", "rates", shipment=shipment, connection=connected.connection)
	answer = said(
		"POST",
		"book",
		shipment=shipment,
		connection=connected.connection,
		service_id=cheapest["service_id"],
	)
	assert answer["status"] == "Done", answer

	[parcel] = parcels_of(shipment)
	doc = frappe.get_doc("Shipment", shipment)
	assert (doc.status, doc.awb_number) == ("Booked", parcel.tracking_number)
	assert [row.delivery_note for row in doc.shipment_delivery_note] == [note.name]
	assert doc.delivery_customer == note.customer
	[order] = connected.world.orders.values()
	assert {one["sku"] for one in order.given["order_items"]} == {row.item_code for row in note.items}
	assert float(order.given["sub_total"]) == 1800
	for doctype, name in (
		("Shipment", shipment),
		("Delivery Note", note.name),
		("Pick List", pick_list.name),
	):
		[label] = frappe.get_all(
			"File", filters={"attached_to_doctype": doctype, "attached_to_name": name}, pluck="file_url"
		)
		paper = packer.ask("GET", label)
		assert paper.status_code == 200 and parcel.tracking_number in paper.text, doctype

	late = packer.ask("GET", "/api/method/integration_hub.api.shipping.options", **where)
	assert late.status_code == 417, "everything that was picked is on its way"


def test_a_pick_list_for_two_customers_is_shipped_from_their_delivery_notes(carrier):
	from erpnext.selling.doctype.sales_order.sales_order import create_pick_list
	from erpnext.stock.doctype.pick_list.pick_list import create_delivery_note

	connected = carrier()
	books.rate("INR", books.currency(), 0.011)
	pick_list = None
	for _number in range(2):
		buyer = books.customer(f"Shiprocket Picked {frappe.generate_hash(length=6)}")
		pick_list = create_pick_list(ordered(buyer).name, pick_list)
	pick_list.insert()
	pick_list.submit()
	create_delivery_note(pick_list.name)
	notes = frappe.get_all(
		"Delivery Note Item", filters={"against_pick_list": pick_list.name}, pluck="parent", order_by="parent"
	)
	for name in notes:
		frappe.get_doc("Delivery Note", name).submit()
	frappe.db.commit()  # as the requests of a person's clicks do
	with pytest.raises(frappe.ValidationError, match="Ship each from its Delivery Note"):
		shipping.options("Pick List", pick_list.name)
	shipment = made(frappe.get_doc("Delivery Note", notes[0]))
	assert shipping.book(shipment, connected.connection, "24")["status"] == "Done"
	# one is on its way, so the Pick List means the other
	assert shipping.options("Pick List", pick_list.name)["delivery_notes"] == [notes[1]]


def test_webhooks_that_never_came_are_polled_in_one_call(carrier):
	connected = carrier()
	shipments = [made(delivered()) for _number in range(3)]
	for shipment in shipments:
		assert shipping.book(shipment, connected.connection, "24")["status"] == "Done"
	connected.vendor.courier.hold()
	for awb in list(connected.world.by_awb):
		connected.world.move(awb, "In Transit")
	connected.pull("tracking")
	connected.settle()
	assert [one.status for shipment in shipments for one in parcels_of(shipment)] == ["in_transit"] * 3
	assert connected.vendor.log.count(operation="track_many") == 1
	connected.vendor.courier.release("reversed")
	told(connected)
	assert [one.status for shipment in shipments for one in parcels_of(shipment)] == ["in_transit"] * 3


@pytest.mark.parametrize("called_off_first", [False, True])
def test_a_parcel_that_is_given_to_another_courier_at_shiprocket(carrier, called_off_first):
	connected, note = carrier(), delivered()
	shipment = made(note)
	shipping.book(shipment, connected.connection, "24")
	[parcel] = parcels_of(shipment)
	old = parcel.tracking_number
	if called_off_first:
		connected.world.move(old, "Cancelled")
		told(connected)
		assert not frappe.db.get_value("Delivery Note", note.name, "lr_no")
	new = connected.world.reassign(old, 54)
	told(connected)
	newest = connected.vendor.courier.deliveries[-1]
	for status, words in ((8, "CANCELLED"), (18, "IN TRANSIT")):
		# the old number's last words come late
		late = {**json.loads(newest.body), "awb": old, "shipment_status_id": status, "shipment_status": words}
		connected.vendor.courier.send("tracking", newest.url, newest.headers, json.dumps(late).encode())
	told(connected)
	[same] = parcels_of(shipment)
	assert (same.name, same.tracking_number, same.status) == (parcel.name, new, "created")
	fields = ["status", "awb_number", "carrier_service"]
	assert frappe.db.get_value("Shipment", shipment, fields) == ("Booked", new, "Delhivery Air")
	assert frappe.db.get_value("Delivery Note", note.name, "lr_no") == new
	assert [name for name in papers_of(shipment, "label") if new in name]
	connected.vendor.courier.hold()
	connected.world.move(new, "Delivered")
	connected.pull("tracking")
	connected.settle()
	assert parcels_of(shipment)[0].status == "delivered"


@pytest.mark.parametrize("called_off_first", [False, True])
def test_a_new_number_that_no_webhook_has_told(carrier, called_off_first):
	connected, shipment = carrier(), made(delivered())
	shipping.book(shipment, connected.connection, "24")
	[parcel] = parcels_of(shipment)
	connected.vendor.courier.hold()
	world, asked = connected.world, connected.vendor.log
	connected.pull("tracking")
	assert not asked.count(operation="track_shipment"), "nobody can have scanned it yet"
	old = world.by_awb[parcel.tracking_number]
	new = world.reassign(parcel.tracking_number, 54)
	if called_off_first:
		gone = copy.copy(old)
		gone.awb, gone.scans = parcel.tracking_number, []
		world.by_awb[parcel.tracking_number] = gone
		world.move(parcel.tracking_number, "Cancelled")
	else:
		frappe.db.set_value(
			"Integration Parcel", parcel.name, "status_at", frappe.utils.add_days(frappe.utils.now(), -2)
		)
		frappe.db.commit()  # the poll reads it
	world.move(new, "In Transit")
	connected.pull("tracking")
	connected.settle()
	[same] = parcels_of(shipment)
	assert (same.name, same.tracking_number, same.status) == (parcel.name, new, "in_transit")
	assert asked.count(operation="track_shipment") == 1
	assert [name for name in papers_of(shipment, "label") if new in name]


def test_a_label_that_somebody_deleted_is_fetched_again(carrier):
	connected, shipment = carrier(), made(delivered())
	shipping.book(shipment, connected.connection, "24")
	for round_ in range(1, 3):
		for name in frappe.get_all(
			"File", {"attached_to_doctype": "Shipment", "attached_to_name": shipment}, pluck="name"
		):
			frappe.delete_doc("File", name)
		frappe.db.commit()  # as the request of a person's click does
		assert not papers_of(shipment, "label")
		[answer] = shipping.labels(shipment)
		assert answer["status"] == "Done" and len(papers_of(shipment, "label")) == 1, round_


def test_a_parcel_that_turns_back_is_watched_until_it_is_home(carrier):
	connected, shipment = carrier(), made(delivered())
	shipping.book(shipment, connected.connection, "24")
	[parcel] = parcels_of(shipment)
	connected.world.return_to_origin(parcel.tracking_number, arrived=False)
	told(connected)
	[parcel] = parcels_of(shipment)
	assert (parcel.status, parcel.watched) == ("returned", 1)
	connected.world.move(parcel.tracking_number, "RTO Delivered")
	told(connected)
	assert parcels_of(shipment)[0].watched == 0


def test_cash_on_delivery_is_divided_over_the_parcels(carrier):
	connected, note = carrier(), delivered(quantity=3)
	shipment = made(note, [BOX, {**BOX, "weight": 1.7}], cod_amount=1350)
	assert {one["cod"] for one in shipping.rates(shipment, connected.connection)} == {True}
	answer = shipping.book(shipment, connected.connection, "24")
	assert answer["status"] == "Done", answer
	found = parcels_of(shipment)
	assert len(found) == 2 and sum(one.cod_amount for one in found) == 1350
	given = [one.given for one in connected.world.orders.values()]
	assert {one["payment_method"] for one in given} == {"COD"}
	assert sum(float(one["sub_total"]) for one in given) == 1350


def settled(document, amount):
	"""Paid by hand, in the company's currency."""
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

	bank = books.account("Shiprocket Bank", "Asset", "Bank")
	entry = get_payment_entry(document.doctype, document.name, party_amount=amount, bank_account=bank)
	entry.update({"reference_no": document.name, "reference_date": frappe.utils.today()})
	entry.insert()
	entry.submit()
	frappe.db.commit()  # as the request of a person's click does


@pytest.mark.parametrize("invoiced", [False, True])
@pytest.mark.parametrize(("paid", "collected"), [(0, 900), (250, 650), (900, 0)])
def test_what_is_open_is_collected_where_every_delivery_note_is_shipped_by_itself(
	carrier, invoiced, paid, collected
):
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note, make_sales_invoice

	order = sold = ordered(books.customer(f"Shiprocket Buyer {frappe.generate_hash(length=6)}"))
	if invoiced:
		books.let_customers_owe_foreign_money()
		sold = make_sales_invoice(order.name)
		sold.insert()
		sold.submit()
	if paid:
		settled(sold, round(paid * 0.011, 2))
	connected = carrier(
		ship_when="When a Delivery Note Is Submitted", service_rule="Cheapest", collect_owed=1
	)
	try:
		note = make_delivery_note(order.name)
		note.submit()
		frappe.db.commit()  # as the request of a person's click does
		assert shipping.options("Delivery Note", note.name)["owed"] == collected
		connected.settle()
		[made_there] = connected.world.orders.values()
		wanted = ("COD", collected) if collected else ("Prepaid", 900)
		assert (made_there.given["payment_method"], float(made_there.given["sub_total"])) == wanted
		[parcel] = parcels_of(
			frappe.db.get_value("Shipment Delivery Note", {"delivery_note": note.name}, "parent")
		)
		assert parcel.cod_amount == collected
	finally:
		connected.switch(ship_when="When Asked")


def test_an_advance_that_an_invoice_has_taken_is_not_taken_off_again(carrier):
	"""Half of the order is billed, with what was paid ahead: the rest is owed whole."""
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note, make_sales_invoice

	order = ordered(books.customer(f"Shiprocket Buyer {frappe.generate_hash(length=6)}"))
	settled(order, round(250 * 0.011, 2))
	books.let_customers_owe_foreign_money()
	invoice = make_sales_invoice(order.name)
	invoice.items[0].qty = 1
	invoice.allocate_advances_automatically = 1
	invoice.insert()
	invoice.submit()
	note = make_delivery_note(order.name)
	note.items[0].qty = 2
	note.submit()
	frappe.db.commit()  # as the request of a person's click does
	assert shipping.options("Delivery Note", note.name)["owed"] == 900 - 250


def test_an_empty_wallet_waits_for_a_person(carrier):
	connected, shipment = carrier(), made(delivered())
	connected.world.set_wallet(5)
	answer = shipping.book(shipment, connected.connection, "24")
	assert answer["status"] == "Parked" and "recharge" in answer["message"].lower()
	connected.world.set_wallet(1000)
	assert shipping.book(shipment, connected.connection, "24")["status"] == "Done"
	assert len(connected.world.orders) == 1


def test_a_courier_that_takes_its_time(carrier):
	connected, shipment = carrier(), made(delivered())
	connected.world.hold_awb(True)
	answer = shipping.book(shipment, connected.connection, "24")
	assert answer["status"] == "Retrying"
	connected.world.hold_awb(False)
	connected.settle()
	assert len(parcels_of(shipment)) == 1 == len(connected.world.by_awb)


def test_an_unknown_pickup_place_names_those_that_there_are(carrier):
	connected, shipment = carrier(), made(delivered())
	rows = [{"location_id": "primary", "location_name": "primary", "warehouse": books.warehouse()}]
	connected.switch(locations=rows)
	answer = shipping.book(shipment, connected.connection, "24")
	assert answer["status"] == "Parked" and "Primary" in answer["message"]


def test_nobody_goes_there(carrier):
	connected, note = carrier(), delivered()
	frappe.db.set_value("Address", note.shipping_address_name, "pincode", "999001")
	frappe.clear_document_cache("Address", note.shipping_address_name)
	frappe.db.commit()  # the next request reads it
	shipment = made(note)
	assert shipping.rates(shipment, connected.connection) == []
	answer = shipping.book(shipment, connected.connection)
	assert answer["status"] == "Parked" and "No service goes there" in answer["message"]


def test_a_dry_run_orders_nothing_and_can_be_followed_by_the_real_thing(carrier):
	connected, shipment = carrier(dry_run="Yes"), made(delivered())
	answer = shipping.book(shipment, connected.connection, "24")
	assert answer["status"] == "Done" and "Dry run" in answer["message"]
	assert not connected.world.orders and parcels_of(shipment)[0].dry_run
	doc = connected.doc
	next(row for row in doc.credentials if row.setting == "dry_run").value = "No"
	doc.save()
	frappe.db.commit()  # the next request reads it
	assert shipping.book(shipment, connected.connection, "24")["status"] == "Done"
	assert len(connected.world.by_awb) == 1


def test_pickup_manifest_and_cancellation(carrier):
	connected = carrier()
	shipments = [made(delivered()) for _number in range(2)]
	for shipment in shipments:
		shipping.book(shipment, connected.connection, "24")
	[asked] = shipping.pickup(shipments, str(date.today()))
	assert asked["status"] == "Done" and asked["message"].startswith("Pickup ")
	[listed] = shipping.manifest(shipments)
	assert listed["status"] == "Done"
	for shipment in shipments:
		files = frappe.get_all(
			"File",
			filters={"attached_to_doctype": "Shipment", "attached_to_name": shipment},
			pluck="file_name",
		)
		assert any("manifest" in name for name in files)
	before = connected.world.wallet
	[called_off] = shipping.cancel(shipments[0])
	assert called_off["status"] == "Done" and connected.world.wallet > before
	assert parcels_of(shipments[0])[0].status == "cancelled"


def test_many_shipments_are_manifested_from_their_list(carrier, people):
	"""What the list of Shipments asks for, with the rights of somebody in the warehouse: one sheet for all."""
	from frappe.desk.form.load import get_meta_bundle

	meta = next(one for one in get_meta_bundle("Shipment") if one.name == "Shipment")
	assert "integration_hub.api.shipping." in meta.get("__list_js")
	connected = carrier()
	shipments = [booked(connected) for _number in range(2)]
	numbers = [parcels_of(shipment)[0].tracking_number for shipment in shipments]
	packer = people("shipper")
	answer = packer.post_to("integration_hub.api.shipping.manifest", shipments=frappe.as_json(shipments))
	assert [one["status"] for one in answer.json()["message"]] == ["Done"], answer.text
	assert connected.vendor.log.count(operation="generate_manifest") == 1
	[sheet] = {
		url
		for shipment in shipments
		for url in frappe.get_all(
			"File",
			filters={"attached_to_name": shipment, "file_name": ("like", "%manifest%")},
			pluck="file_url",
		)
	}
	assert all(number in packer.ask("GET", sheet).text for number in numbers)


def test_a_return_is_fetched_from_the_customer(carrier):
	connected, shipment = carrier(), made(delivered())
	shipping.book(shipment, connected.connection, "24")
	back = shipping.return_shipment(shipment)
	frappe.db.commit()  # as the request of a person's click does
	answer = shipping.book(back, connected.connection, "24")
	assert answer["status"] == "Done", answer
	assert [one.is_return for one in connected.world.orders.values()] == [False, True]


@pytest.mark.parametrize("trouble", ["error_after", "timeout", "drop"])
@pytest.mark.parametrize("step", ["orders.create", "assign_awb", "generate_label"])
def test_a_lost_answer_costs_nothing_twice(carrier, trouble, step):
	connected, shipment = carrier(), made(delivered())
	connected.vendor.troubles.add(trouble, operation=step, times=1, status=500, seconds=0.1)
	shipping.book(shipment, connected.connection, "24")
	connected.settle()
	assert len(connected.world.orders) == 1 == len(connected.world.by_awb) == len(parcels_of(shipment))
	assert len(connected.world.statement) == 1


def killed(connected, ground, operation, happened):
	"""A worker dies while Shiprocket's answer is on its way; another one finishes what it had begun."""
	import signal
	import time

	from integration_hub.sync import sweep

	frappe.db.commit()  # the worker must see what is to be done
	connected.vendor.troubles.add("timeout", operation=operation, times=1, seconds=30)
	worker = ground.drainer(connected.connection)
	end = time.monotonic() + 60
	while not happened():
		assert time.monotonic() < end and worker.poll() is None, "the worker never came so far"
		time.sleep(0.05)
	worker.send_signal(signal.SIGKILL)
	worker.wait()
	connected.vendor.troubles.clear()
	frappe.db.rollback()  # see what the worker has committed
	event = frappe.qb.DocType("Integration Event")
	past = frappe.utils.add_to_date(frappe.utils.now_datetime(), minutes=-1)
	working = (event.connection == connected.connection) & (event.status == "Working")
	assert frappe.qb.from_(event).select(event.name).where(working).run(), "it died in the middle"
	frappe.qb.update(event).set(event.lease_until, past).where(working).run()
	frappe.db.commit()  # the sweep must find the dead one's lease
	sweep.free_leases()
	frappe.db.commit()  # as the sweep does
	connected.settle()
	assert not connected.events(status=("not in", ("Done", "Ignored")))


def asked(connected, action, *shipments):
	"""What the button of the Shipments stores, left to a worker."""
	from integration_hub.sync import parcels, store

	names = [one.name for shipment in shipments for one in parcels_of(shipment)]
	store.store(connected.connection, [parcels.many_draft(action, names, ("Shipment", shipments[0]))])


def booked(connected):
	shipment = made(delivered())
	assert shipping.book(shipment, connected.connection, "24")["status"] == "Done"
	return shipment


def papers_of(shipment, kind):
	frappe.db.rollback()
	filters = {"attached_to_doctype": "Shipment", "attached_to_name": shipment}
	return [name for name in frappe.get_all("File", filters=filters, pluck="file_name") if kind in name]


@pytest.mark.processes
@pytest.mark.parametrize("operation", ["orders.create", "assign_awb", "generate_label"])
def test_killed_while_it_was_booked(carrier, ground, operation):
	from integration_hub.sync import parcels, store

	connected, shipment = carrier(), made(delivered())
	world = connected.world
	doc = frappe.get_doc("Shipment", shipment)
	store.store(connected.connection, [parcels.booking_draft(doc, "24")])
	happened = {
		"orders.create": lambda: world.orders,
		"assign_awb": lambda: world.by_awb,
		"generate_label": lambda: connected.vendor.files,
	}
	killed(connected, ground, operation, happened[operation])
	assert len(world.orders) == 1 == len(world.by_awb) == len(parcels_of(shipment))
	assert len(world.statement) == 1, "the wallet was debited once"
	assert len(papers_of(shipment, "label")) == 1


@pytest.mark.processes
@pytest.mark.parametrize("operation", ["orders.create_return", "assign_awb"])
def test_killed_while_a_return_was_booked(carrier, ground, operation):
	from integration_hub.sync import parcels, store

	connected = carrier()
	world = connected.world
	back = shipping.return_shipment(booked(connected))
	store.store(connected.connection, [parcels.booking_draft(frappe.get_doc("Shipment", back), "24")])
	happened = {
		"orders.create_return": lambda: len(world.orders) == 2,
		"assign_awb": lambda: len(world.by_awb) == 2,
	}
	killed(connected, ground, operation, happened[operation])
	assert [one.is_return for one in world.orders.values()] == [False, True]
	assert len(world.by_awb) == len(world.statement) == 2 and len(parcels_of(back)) == 1


@pytest.mark.processes
def test_killed_while_a_pickup_was_asked_for(carrier, ground):
	connected = carrier()
	shipments = [booked(connected) for _number in range(2)]
	first = connected.world.by_awb[parcels_of(shipments[0])[0].tracking_number]
	asked(connected, "pickup", *shipments)
	killed(connected, ground, "generate_pickup", lambda: first.pickup_token)
	for parcel in connected.world.by_awb.values():
		assert [scan["activity"] for scan in parcel.scans].count("Pickup scheduled") == 1
	references = frappe.get_all(
		"Integration Parcel", filters={"shipment": ("in", shipments)}, pluck="pickup_reference", distinct=True
	)
	tokens = [
		parcel.pickup_token.removeprefix("Reference No: ") for parcel in connected.world.by_awb.values()
	]
	assert references == [", ".join(tokens)], "the first one's too, although nobody heard it"


@pytest.mark.processes
def test_killed_while_a_manifest_was_made(carrier, ground):
	connected = carrier()
	shipments = [booked(connected) for _number in range(2)]
	asked(connected, "manifest", *shipments)
	world = connected.world
	killed(connected, ground, "generate_manifest", lambda: all(one.manifest for one in world.by_awb.values()))
	assert connected.vendor.log.count(operation="print_manifest") == 1, "it is made once, then printed"
	assert [len(papers_of(shipment, "manifest")) for shipment in shipments] == [1, 1]


@pytest.mark.processes
def test_killed_while_it_was_called_off(carrier, ground):
	connected = carrier()
	shipment = booked(connected)
	frappe.get_doc("Shipment", shipment).cancel()
	[order] = connected.world.orders.values()
	killed(connected, ground, "orders.cancel", lambda: order.cancelled)
	assert [one.status for one in parcels_of(shipment)] == ["cancelled"]
	assert [entry["amount"] < 0 for entry in connected.world.statement] == [True, False]
	assert connected.world.wallet == 10_000, "the money is back, once"


@pytest.mark.parametrize(("key", "status"), [(TOKEN, 200), ("wrong", 401), ("", 401)])
def test_only_shiprockets_token_is_believed(carrier, web, key, status):
	import requests

	connected = carrier()
	answer = requests.post(
		web + connected.webhook_path, json={"awb": "1"}, headers={"x-api-key": key}, timeout=30
	)
	assert answer.status_code == status
