"""Shipping: a Delivery Note becomes a booked Shipment with its label, is tracked to the door, and everybody is told once."""

from decimal import Decimal

import frappe
import pytest

from integration_hub.api import shipping
from integration_hub.connectors import BUILT_IN
from integration_hub.erp import consignments
from integration_hub.failures import Invalid
from integration_hub.records import Rate
from sandbox import books
from sandbox.vendors.shopify import orders
from tests.support import acme

BOX = {"weight": 1.5, "length": 30, "width": 20, "height": 10, "count": 1}


@pytest.fixture
def courier(hub, monkeypatch):
	"""A factory of Connections to Acme Parcels, the courier of the docs."""
	acme.connector_class()
	monkeypatch.setitem(BUILT_IN, "acme", "acme_of_the_docs.Acme")

	def make(**values):
		secrets = {"token": acme.TOKEN, "webhook_secret": acme.SECRET}
		return hub.connect(acme.Acme(), "acme", {}, secrets, **values)

	return make


@pytest.fixture(scope="module")
def addresses(site):
	books.address("Company", books.company())
	return None


def delivered(quantity=2, buyer=None, email="", sku="", **row):
	"""A submitted Delivery Note for a customer with an address; `row` says more of its only line."""
	if not sku:
		sku = f"PARCEL-{frappe.generate_hash(length=6)}"
		books.stock_item(sku, 50, weight_per_unit=250, weight_uom="Gram")
	buyer = buyer or books.customer(f"Parcel Buyer {frappe.generate_hash(length=6)}", email)
	note = frappe.get_doc(
		{
			"doctype": "Delivery Note",
			"company": books.company(),
			"customer": buyer,
			"shipping_address_name": books.address("Customer", buyer),
			"set_warehouse": books.warehouse(),
			"items": [{"item_code": sku, "qty": quantity, "rate": 10, "warehouse": books.warehouse(), **row}],
		}
	)
	note.set_missing_values()
	note.insert()
	note.submit()
	frappe.db.commit()  # as the request of a person's click does
	return note


def shipped(connected, note, **more):
	name = shipping.make_shipment("Delivery Note", note.name, [BOX], **more)
	frappe.db.commit()  # as the request of a person's click does
	answer = shipping.book(name, connected.connection)
	return frappe.get_doc("Shipment", name), answer


def parcels_of(shipment):
	frappe.db.rollback()
	return frappe.get_all(
		"Integration Parcel",
		filters={"shipment": shipment.name},
		fields=["name", "tracking_number", "status", "told", "watched", "cod_amount"],
		order_by="creation",
	)


# --- the choice of a service -------------------------------------------------------------------------------


def rate(service, amount, days, cod=True):
	days = None if days is None else Decimal(days)
	amount = None if amount is None else Decimal(amount)
	return Rate(
		service_id=service[:1],
		service=service,
		carrier="C",
		amount=amount,
		currency="INR",
		days=days,
		cod=cod,
	)


RATES = [
	rate("Slow", "40", "6"),
	rate("Quick", "90", "1"),
	rate("Usual", "60", "3", cod=False),
	rate("Silent", None, None),
]


@pytest.mark.parametrize(
	("rule", "preferred", "cod", "chosen"),
	[
		("Cheapest", (), False, "Slow"),
		("Ask Me", (), False, "Slow"),
		("Fastest", (), False, "Quick"),
		("Preferred", ("unknown", "usual"), False, "Usual"),
		("Preferred", ("Q",), False, "Quick"),
		("Fastest", (), True, "Quick"),
		("Preferred", ("Usual", "Slow"), True, "Slow"),
	],
)
def test_the_rule_chooses(rule, preferred, cod, chosen):
	from integration_hub.sync.parcels import choose

	assert choose(RATES, rule, preferred, cod=cod).service == chosen


@pytest.mark.parametrize(
	("rates", "rule", "preferred", "cod", "words"),
	[
		([], "Cheapest", (), False, "No service goes there"),
		([rate("Usual", "60", "3", cod=False)], "Cheapest", (), True, "collects cash on delivery"),
		(RATES, "Preferred", ("Nobody",), False, "Offered: Slow, Quick, Usual, Silent"),
	],
)
def test_no_service_fits(rates, rule, preferred, cod, words):
	from integration_hub.sync.parcels import choose

	with pytest.raises(Invalid, match=words):
		choose(rates, rule, preferred, cod=cod)


# --- booking -----------------------------------------------------------------------------------------------


def test_a_delivery_note_becomes_a_booked_shipment(courier, addresses):
	connected, note = courier(), delivered()
	shipment, answer = shipped(connected, note)
	assert answer["status"] == "Done", answer
	[parcel] = parcels_of(shipment)
	assert (shipment.status, shipment.awb_number) == ("Booked", parcel.tracking_number)
	note.reload()
	assert note.lr_no == parcel.tracking_number and note.transporter_name == "Acme Parcels"
	for doctype, name in (("Shipment", shipment.name), ("Delivery Note", note.name)):
		[label] = frappe.get_all(
			"File",
			filters={"attached_to_doctype": doctype, "attached_to_name": name},
			fields=["file_name", "is_private", "name"],
		)
		assert label.is_private and label.file_name.endswith(".pdf")
		assert f"LABEL {parcel.tracking_number}" in str(frappe.get_doc("File", label.name).get_content())


def test_a_bad_label_does_not_undo_what_is_paid_for(courier, addresses, monkeypatch):
	connected, note = courier(), delivered()
	connected.vendor.label = lambda number: b"%PDF-1.4 torn off in the mid"

	from frappe.core.doctype.file.file import File

	def refuses(file):
		raise frappe.ValidationError("no PDF")

	# Frappe 16 reads PDFs before it keeps them; older ones keep anything, so it is refused here as well
	with monkeypatch.context() as patched:
		patched.setattr(File, "before_insert", refuses)
		shipment, answer = shipped(connected, note)
	assert answer["status"] == "Done" and "fetch it again" in answer["message"]
	assert shipment.awb_number in connected.vendor.parcels
	connected.vendor.label = acme.Acme().label
	[again] = shipping.labels(shipment.name)
	assert again["status"] == "Done"
	assert frappe.db.exists("File", {"attached_to_doctype": "Shipment", "attached_to_name": shipment.name})


def test_pressing_again_books_nothing_more(courier, addresses):
	connected, note = courier(), delivered()
	shipment, _answer = shipped(connected, note)
	again = shipping.book(shipment.name, connected.connection)
	assert again["status"] == "Done" and len(connected.vendor.parcels) == 1


def test_several_boxes_are_several_parcels(courier, addresses):
	connected, note = courier(), delivered()
	name = shipping.make_shipment("Delivery Note", note.name, [BOX, {**BOX, "count": 2}])
	frappe.db.commit()  # as the request of a person's click does
	answer = shipping.book(name, connected.connection)
	assert len(answer["parcels"]) == 3 == len(connected.vendor.parcels)
	assert frappe.db.get_value("Shipment", name, "total_weight") == 4.5


@pytest.mark.parametrize("trouble", ["error_after", "timeout", "drop"])
def test_a_lost_answer_books_no_second_parcel(courier, addresses, trouble):
	connected, note = courier(), delivered()
	connected.vendor.troubles.add(trouble, operation="POST parcels", times=1, status=500, seconds=0.1)
	shipment, answer = shipped(connected, note)
	assert answer["status"] == "Retrying"
	connected.settle()
	[parcel] = parcels_of(shipment)
	assert list(connected.vendor.parcels) == [parcel.tracking_number]
	assert connected.vendor.log.count(operation="POST parcels") == 1


@pytest.mark.parametrize(
	("boxes", "words"),
	[
		([], "at least one parcel"),
		("{}", "at least one parcel"),
		([{**BOX, "weight": 0}], "weight must be more than zero"),
		([{**BOX, "height": -1}], "height must be more than zero"),
	],
)
def test_boxes_that_cannot_be(courier, addresses, boxes, words):
	courier()
	with pytest.raises(frappe.ValidationError, match=words):
		shipping.make_shipment("Delivery Note", delivered().name, boxes)
	frappe.db.rollback()


def test_an_address_that_lacks_its_street_parks_and_goes_on_when_it_is_mended(courier, addresses):
	connected, note = courier(), delivered()
	frappe.db.set_value("Address", note.shipping_address_name, "address_line1", "")
	frappe.clear_document_cache("Address", note.shipping_address_name)
	frappe.db.commit()  # the worker reads it
	shipment, answer = shipped(connected, note)
	assert answer["status"] == "Parked" and "street" in answer["message"]
	[event] = connected.events(resource="parcels", status="Parked")
	assert (event.fix_doctype, event.fix_name) == ("Address", note.shipping_address_name)
	address = frappe.get_doc("Address", note.shipping_address_name)
	address.address_line1 = "Mended Road 1"
	address.save()
	frappe.db.commit()  # as the request of a person's click does
	assert shipping.book(shipment.name, connected.connection)["status"] == "Done"


def test_a_box_is_suggested_from_the_items(courier, addresses):
	courier(default_weight=7, default_length=11)
	options = shipping.options("Delivery Note", delivered(quantity=4).name)
	[box] = options["parcels"]
	assert box["weight"] == 1.0 and box["width"] > 0
	assert options["carriers"][-1]["title"].startswith("Acme")


def test_what_is_sold_in_boxes_weighs_as_much_as_what_is_in_them(courier, addresses):
	connected = courier()
	sku = f"PARCEL-{frappe.generate_hash(length=6)}"
	sizes = {"integration_length": 20, "integration_width": 15, "integration_height": 1.95}
	uoms = [{"uom": "Box", "conversion_factor": 12}]
	books.stock_item(sku, 50, weight_per_unit=250, weight_uom="Gram", uoms=uoms, **sizes)
	note = delivered(sku=sku, quantity=2, uom="Box", conversion_factor=12)
	[box] = shipping.options("Delivery Note", note.name)["parcels"]
	assert (box["weight"], box["height"]) == (6.0, 47), "two boxes of twelve, 46.8 cm high"
	shipment = frappe.get_doc("Shipment", shipping.make_shipment("Delivery Note", note.name, [box]))
	[goods] = consignments.of_shipment(shipment, connected.doc).goods
	assert (goods.quantity, goods.weight) == (2, 3)


def test_a_bundle_weighs_as_much_as_its_parts(courier, addresses):
	courier(default_weight=7)
	part, bundle = (f"PARCEL-{what}-{frappe.generate_hash(length=6)}" for what in ("PART", "BUNDLE"))
	books.stock_item(part, 50, weight_per_unit=250, weight_uom="Gram")
	books.service_item(bundle)
	parts = [{"item_code": part, "qty": 3}]
	frappe.get_doc({"doctype": "Product Bundle", "new_item_code": bundle, "items": parts}).insert()
	[box] = shipping.options("Delivery Note", delivered(sku=bundle, quantity=2).name)["parcels"]
	assert box["weight"] == 1.5, "six parts"


# --- tracking ----------------------------------------------------------------------------------------------


def test_a_parcel_is_tracked_to_the_door(courier, addresses):
	connected, note = courier(), delivered()
	shipment, _answer = shipped(connected, note)
	[parcel] = parcels_of(shipment)
	for state, status, in_erpnext in (
		("moving", "in_transit", "In Progress"),
		("done", "delivered", "Delivered"),
	):
		connected.vendor.move(parcel.tracking_number, state)
		connected.pull("tracking")
		connected.settle()
		[parcel] = parcels_of(shipment)
		shipment.reload()
		assert (parcel.status, shipment.integration_status) == (status, status)
		assert shipment.tracking_status == in_erpnext
	assert shipment.status == "Completed" and not parcel.watched
	calls = connected.vendor.log.count(operation="GET parcels")
	connected.pull("tracking")
	assert connected.vendor.log.count(operation="GET parcels") == calls, (
		"what has arrived is not asked for again"
	)


def test_an_older_word_changes_nothing(courier, addresses):
	from datetime import datetime, timedelta, timezone

	from integration_hub.erp import parcels as erp
	from integration_hub.records import Tracking
	from integration_hub.sync import connections
	from integration_hub.sync.handling import context

	connected, note = courier(), delivered()
	shipment, _answer = shipped(connected, note)
	[parcel] = parcels_of(shipment)
	ctx = context(connections.get(connected.connection))
	now = datetime.now(timezone.utc)
	for minutes, status in ((10, "delivered"), (5, "in_transit")):
		at = now + timedelta(minutes=minutes)
		erp.track(
			Tracking(tracking_number=parcel.tracking_number, version=at.isoformat(), status=status, at=at),
			ctx,
		)
	frappe.db.commit()  # as the worker does
	assert parcels_of(shipment)[0].status == "delivered"


def test_the_customer_is_told_once_for_each_status(courier, addresses, outgoing_mail):
	notices = [{"status": "delivered", "email_template": "Parcel on Its Way", "enabled": 1}]
	connected = courier(shipment_notices=notices)
	email = f"buyer-{frappe.generate_hash(length=6)}@example.com"
	shipment, _answer = shipped(connected, delivered(email=email))
	[parcel] = parcels_of(shipment)
	for state in ("moving", "done", "done", "moving", "done"):
		connected.vendor.move(parcel.tracking_number, state)
		frappe.db.set_value("Integration Parcel", parcel.name, "watched", 1)
		frappe.db.commit()  # the pull is another transaction
		connected.pull("tracking")
		connected.settle()
	sent = frappe.get_all("Email Queue Recipient", filters={"recipient": email}, pluck="parent")
	assert len(sent) == 1
	assert parcel.tracking_number in frappe.db.get_value("Email Queue", sent[0], "message")


def test_a_template_that_cannot_be_rendered_stops_no_tracking(courier, addresses, outgoing_mail):
	name = f"Broken {frappe.generate_hash(length=6)}"
	frappe.get_doc(
		{"doctype": "Email Template", "name": name, "subject": "x", "response": "{{ nothing.that.is }}"}
	).insert()
	notices = [{"status": "in_transit", "email_template": name, "enabled": 1}]
	connected = courier(shipment_notices=notices)
	shipment, _answer = shipped(connected, delivered(email="someone@example.com"))
	[parcel] = parcels_of(shipment)
	connected.vendor.move(parcel.tracking_number, "moving")
	connected.pull("tracking")
	connected.settle()
	assert parcels_of(shipment)[0].status == "in_transit"
	assert frappe.db.exists("Error Log", {"method": ("like", f"%{parcel.tracking_number}%")})


# --- the shop ----------------------------------------------------------------------------------------------


@pytest.fixture
def sold(hub):
	"""A factory: a shop, an order of it, and a Delivery Note of the order that is submitted."""
	return lambda when: _sold(hub, when)


def _sold(hub, when):
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note

	shop = hub(create_items=0, tell_parcels=when)
	sku = shop.shop.prefix + "P"
	books.stock_item(sku, 10)
	shop.shop.add_product("Part", sku=sku, price="4.00", stock=10)
	order = orders.place_order(
		shop.shop,
		[orders.Line(sku, quantity=1)],
		shipping_address={
			"address1": "Door 1",
			"city": "Town",
			"country": "Germany",
			"country_code": "DE",
			"zip": "1",
		},
	)
	assert shop.bring(order).status == "Done"
	note = make_delivery_note(shop.sales_order(order).name)
	note.submit()
	frappe.db.commit()  # as the request of a person's click does
	shop.settle()
	return shop, order, note


def numbers_at(order):
	"""The tracking numbers of the parcels that the shop holds for sent."""
	sent = [one for one in order.fulfillments if one.status != "CANCELLED"]
	return [[track["number"] for track in one.tracking] for one in sent]


@pytest.mark.parametrize("when", ["At Once", "When the Tracking Number Is Known"])
def test_the_shop_hears_the_tracking_number(courier, addresses, sold, when):
	connected = courier()
	shop, order, note = sold(when)
	assert numbers_at(order) == ([[]] if when == "At Once" else [])
	shipment, answer = shipped(connected, note)
	assert answer["status"] == "Done", answer
	shop.settle()
	[parcel] = parcels_of(shipment)
	assert numbers_at(order) == [[parcel.tracking_number]]


@pytest.mark.parametrize("when", ["At Once", "When the Tracking Number Is Known"])
@pytest.mark.parametrize("where", ["here", "at the carrier"])
def test_the_shop_hears_that_the_carrier_was_called_off(courier, addresses, sold, when, where):
	connected = courier()
	shop, order, note = sold(when)
	shipment, _answer = shipped(connected, note)
	shop.settle()
	[parcel] = parcels_of(shipment)
	if where == "here":
		assert [one["status"] for one in shipping.cancel(shipment.name)] == ["Done"]
	else:
		connected.vendor.move(parcel.tracking_number, "cancelled")
		connected.pull("tracking")
		connected.settle()
	shop.settle()
	assert numbers_at(order) == [] and order.fulfillment_status == "UNFULFILLED"
	assert frappe.db.get_value("Delivery Note", note.name, ["lr_no", "transporter_name"]) == ("", "")
	shop.bring(order)  # the shop tells us of the change, which changes nothing here
	assert frappe.db.get_value("Delivery Note", note.name, "docstatus") == 1

	connected.vendor.parcels.clear()  # the courier forgets what was cancelled
	# booked anew, it is told anew
	assert shipping.book(shipment.name, connected.connection)["status"] == "Done"
	shop.settle()
	again = [one for one in parcels_of(shipment) if one.status == "created"]
	assert numbers_at(order) == [[one.tracking_number] for one in again]
	assert again[0].tracking_number != parcel.tracking_number
	assert not shop.events(status=("not in", ("Done", "Ignored")))


def test_the_shop_hears_nothing_of_the_way_back(courier, addresses, sold):
	connected = courier()
	shop, order, note = sold("At Once")
	shipment, _answer = shipped(connected, note)
	shop.settle()
	[parcel] = parcels_of(shipment)
	back = shipping.return_shipment(shipment.name)
	frappe.db.commit()  # as the request of a person's click does
	assert shipping.book(back, connected.connection)["status"] == "Done"
	assert [one["status"] for one in shipping.cancel(back)] == ["Done"]
	shop.settle()
	assert numbers_at(order) == [[parcel.tracking_number]]
	assert frappe.db.get_value("Delivery Note", note.name, "lr_no") == parcel.tracking_number


def test_one_of_two_parcels_is_called_off(courier, addresses, sold):
	connected = courier()
	shop, order, note = sold("At Once")
	name = shipping.make_shipment("Delivery Note", note.name, [BOX, BOX])
	frappe.db.commit()  # as the request of a person's click does
	shipping.book(name, connected.connection)
	shop.settle()
	first, second = (one.tracking_number for one in parcels_of(frappe.get_doc("Shipment", name)))
	assert sorted(numbers_at(order)[0]) == sorted([first, second])
	connected.vendor.move(first, "cancelled")
	connected.pull("tracking")
	connected.settle()
	shop.settle()
	assert numbers_at(order) == [[second]]
	assert frappe.db.get_value("Delivery Note", note.name, "lr_no") == second


# --- coming back -------------------------------------------------------------------------------------------


def test_a_cancelled_shipment_is_called_off_at_the_carrier(courier, addresses):
	connected, note = courier(), delivered()
	shipment, _answer = shipped(connected, note)
	shipment.reload()
	shipment.cancel()
	frappe.db.commit()  # as the request of a person's click does
	connected.settle()
	[parcel] = parcels_of(shipment)
	assert parcel.status == "cancelled"
	assert connected.vendor.parcels[parcel.tracking_number]["state"] == "cancelled"
	shipment.reload()
	assert (shipment.docstatus, shipment.status) == (2, "Cancelled")


def test_a_shipment_that_is_cancelled_while_it_is_booked_is_called_off(courier, addresses, monkeypatch):
	connected, note = courier(), delivered()
	name = shipping.make_shipment("Delivery Note", note.name, [BOX])
	frappe.db.commit()  # as the request of a person's click does
	kind = acme.connector_class()
	book = kind.book_shipment

	def booked_while_a_person_cancels(*args, **named):
		booking = book(*args, **named)
		working = frappe.session.user
		frappe.set_user("Administrator")
		frappe.get_doc("Shipment", name).cancel()
		frappe.db.commit()  # as the person's request does
		frappe.set_user(working)
		return booking

	monkeypatch.setattr(kind, "book_shipment", booked_while_a_person_cancels)
	answer = shipping.book(name, connected.connection)
	assert "called off again" in answer["message"]
	connected.settle()
	[made] = connected.vendor.parcels.values()
	assert made["state"] == "cancelled"
	assert frappe.db.get_value("Shipment", name, ["status", "awb_number"]) == ("Cancelled", None)
	assert not frappe.db.get_value("Delivery Note", note.name, "lr_no")


@pytest.mark.parametrize("trouble", ["error_after", "timeout", "drop"])
def test_a_shipment_that_is_cancelled_after_a_lost_answer_names_what_may_be_ordered(
	courier, addresses, trouble
):
	connected, note = courier(), delivered()
	connected.vendor.troubles.add(trouble, operation="POST parcels", times=1, status=500, seconds=0.1)
	shipment, answer = shipped(connected, note)
	assert answer["status"] == "Retrying"
	shipment.cancel()
	frappe.db.commit()  # as the request of a person's click does
	connected.settle()
	[event] = connected.events(resource="parcels", status="Dead")
	message = frappe.db.get_value("Integration Event", event.name, "message")
	assert shipment.name in message and "call it off" in message
	assert len(connected.vendor.parcels) == 1


def test_a_parcel_that_has_left_cannot_be_called_off_and_the_reason_is_told(courier, addresses):
	connected, note = courier(), delivered()
	shipment, _answer = shipped(connected, note)
	[parcel] = parcels_of(shipment)
	connected.vendor.move(parcel.tracking_number, "moving")
	[answer] = shipping.cancel(shipment.name)
	assert answer["status"] == "Dead" and "has left" in answer["message"]
	assert parcels_of(shipment)[0].status == "created"


def test_after_a_cancellation_it_is_booked_anew(courier, addresses):
	connected, note = courier(), delivered()
	shipment, _answer = shipped(connected, note)
	assert [one["status"] for one in shipping.cancel(shipment.name)] == ["Done"]
	shipment.reload()
	assert shipment.status == "Submitted" and not shipment.awb_number
	connected.vendor.parcels.clear()  # the courier forgets what was cancelled
	assert shipping.book(shipment.name, connected.connection)["status"] == "Done"
	assert len([one for one in parcels_of(shipment) if one.status == "created"]) == 1


def test_a_return_shipment_goes_the_other_way(courier, addresses):
	connected, note = courier(), delivered()
	shipment, _answer = shipped(connected, note)
	back = frappe.get_doc("Shipment", shipping.return_shipment(shipment.name))
	frappe.db.commit()  # as the request of a person's click does
	assert (back.pickup_from_type, back.delivery_to_type) == ("Customer", "Company")
	assert back.pickup_address_name == shipment.delivery_address_name
	assert shipping.book(back.name, connected.connection)["status"] == "Done"
	assert frappe.db.get_value("Integration Parcel", {"shipment": back.name}, "is_return") == 1


def test_every_delivery_note_is_shipped_by_itself_where_it_is_wanted(courier, addresses):
	connected = courier(ship_when="When a Delivery Note Is Submitted")
	try:
		note = delivered()
		connected.settle()
		assert not connected.events(status=("!=", "Done")), connected.events()
		shipment = frappe.db.get_value("Shipment Delivery Note", {"delivery_note": note.name}, "parent")
		assert shipment and frappe.db.get_value("Shipment", shipment, "status") == "Booked"
	finally:
		connected.switch(ship_when="When Asked")


# --- rights ------------------------------------------------------------------------------------------------


def test_only_shippers_ship(courier, addresses, people):
	connected, note = courier(), delivered()
	for who in ("stranger", "reader"):
		answer = people(who).post_to(
			"integration_hub.api.shipping.make_shipment",
			doctype="Delivery Note",
			name=note.name,
			parcels=frappe.as_json([BOX]),
		)
		assert answer.status_code == 403
	assert not connected.vendor.parcels
