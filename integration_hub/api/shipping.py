"""Shipping from the Desk and for outside systems: /api/method/integration_hub.api.shipping.<function>

Reading (`options`, `rates`) is GET, everything else POST. The user needs the right to read the Delivery Notes, and to
create (`ship`), write (`book`, `pickup`, `manifest`, `refresh`) or cancel (`cancel`) Shipments; whoever lacks it gets
403. Rates, booking, pickup, manifest and cancellation call the carrier while the person waits; all of them but the
rates are Events first, so that a lost answer is looked up and never doubled.

Answers of what was asked for: `{status, message, event, ...}`, `status` as the Event's: "Done", or "Retrying",
"Parked", "Dead" with the reason in `message`.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

import frappe
from frappe import _
from frappe.utils import flt, getdate

from integration_hub.connectors.contract import QuotesRates, ShipsParcels
from integration_hub.erp import consignments, parcels
from integration_hub.sync import commands, connections, pull
from integration_hub.sync import parcels as sending
from integration_hub.sync.words import in_words

SOURCES = ("Delivery Note", "Pick List", "Shipment")
PARCEL = parcels.PARCEL
#: of one kind in one Shipment; more is a slip of the hand
MOST_PARCELS = 200


@frappe.whitelist(methods=["GET"])
def options(doctype: str, name: str) -> dict[str, Any]:
	"""What the shipping dialog needs: carriers `[{name, title, quotes_rates, rule}]`, the Delivery Notes, one suggested
	parcel `{weight kg, length, width, height cm, count}`, and what is still to be paid (for cash on delivery)."""
	notes = _notes(doctype, name)
	carriers = carriers_of(notes[0].company)
	return {
		"delivery_notes": [note.name for note in notes],
		"carriers": [
			{
				"name": one.name,
				"title": one.title,
				"quotes_rates": connections.can(one, QuotesRates),
				"rule": one.service_rule,
			}
			for one in carriers
		],
		"parcels": consignments.suggest_parcels(notes, carriers[0]) if carriers else [],
		"owed": float(consignments.owed(notes)),
		"currency": notes[0].currency,
	}


@frappe.whitelist(methods=["GET"])
def rates(shipment: str, connection: str) -> list[dict[str, Any]]:
	"""Offers for a Shipment, cheapest first: `[{service_id, service, carrier, amount, currency, days, arrives_on, cod,
	rating, note}]`. Amounts are strings in major units."""
	doc = _shipment(shipment, "read")
	carrier = carrier_for(doc, connection)
	with in_words():
		found = sending.quote(carrier, consignments.of_shipment(doc, carrier))
	return [rate.model_dump(mode="json") for rate in found]


@frappe.whitelist(methods=["POST"])
def make_shipment(
	doctype: str, name: str, parcels: str | list[dict[str, Any]], cod_amount: float | str = 0
) -> str:
	"""A submitted Shipment for a Delivery Note (or those of a Pick List that no Shipment has yet), to be booked next."""
	frappe.has_permission("Shipment", "create", throw=True)
	notes = _notes(doctype, name)
	return _make(notes, parcels, cod_amount)


def _make(notes: list[Any], boxes: Any, cod_amount: Any) -> str:
	amount = flt(cod_amount)
	if not (isfinite(amount) and amount >= 0):
		frappe.throw(_("Cash on delivery must be an amount, and cannot be negative."))
	return parcels.make_shipment([note.name for note in notes], _boxes(boxes), amount).name


@frappe.whitelist(methods=["POST"])
def book(shipment: str, connection: str, service_id: str = "") -> dict[str, Any]:
	"""Book a Shipment; without `service_id` the Connection's rule chooses. Pressing again never books twice."""
	doc = _shipment(shipment, "write")
	carrier = carrier_for(doc, connection)
	must_be_bookable(doc, carrier)
	with in_words():
		answer = commands.ask(carrier.name, sending.booking_draft(doc, service_id))
	found = frappe.get_all(
		PARCEL,
		filters={"shipment": doc.name},
		fields=["tracking_number", "tracking_url", "carrier", "service", "status"],
	)
	return {**_answered(answer), "shipment": doc.name, "parcels": found}


@frappe.whitelist(methods=["POST"])
def pickup(shipments: str | list[str], on: str | None = None) -> list[dict[str, Any]]:
	"""Ask the carriers to come by for these Shipments, `on` a day (YYYY-MM-DD) or when they can."""
	return _many("pickup", shipments, getdate(on) if on else None)


@frappe.whitelist(methods=["POST"])
def manifest(shipments: str | list[str]) -> list[dict[str, Any]]:
	"""One manifest for each carrier of these Shipments; the file is attached to each of them."""
	return _many("manifest", shipments)


@frappe.whitelist(methods=["POST"])
def labels(shipment: str) -> list[dict[str, Any]]:
	"""Fetch the labels of a booked Shipment (again) and attach them."""
	return _many("labels", [shipment])


@frappe.whitelist(methods=["POST"])
def cancel(shipment: str) -> list[dict[str, Any]]:
	"""Call the parcels of a Shipment off at the carrier (the Shipment itself stays as it is)."""
	_shipment(shipment, "cancel")
	return _many("cancel", [shipment], right="cancel")


@frappe.whitelist(methods=["POST"])
def return_shipment(shipment: str, parcels: str | list[dict[str, Any]] | None = None) -> str:
	"""A Shipment that brings the goods of another one back: from the customer to us, to be booked next."""
	frappe.has_permission("Shipment", "create", throw=True)
	doc = _shipment(shipment, "read")
	with in_words():
		return _turned(doc, parcels)


def _turned(doc: Any, boxes: Any) -> str:
	turned = parcels.turned_round(doc)
	if boxes:
		turned.set("shipment_parcel", [])
		for box in _boxes(boxes):
			turned.append("shipment_parcel", box)
	turned.insert()
	turned.submit()
	return turned.name


@frappe.whitelist(methods=["POST"])
def refresh(shipment: str) -> str:
	"""Ask the carriers where the parcels of a Shipment are, in the background."""
	_shipment(shipment, "write")
	names = frappe.get_all(PARCEL, filters={"shipment": shipment}, pluck="connection", distinct=True)
	with in_words():
		for name in names:
			pull.enqueue(name, "tracking")
	return _("Asking in the background.") if names else _("Nothing of this Shipment is booked.")


# --- rights and input -------------------------------------------------------------------------------------


def _notes(doctype: str, name: str) -> list[Any]:
	"""The Delivery Notes that are meant; the user must be allowed to read each of them."""
	if doctype not in SOURCES:
		frappe.throw(_("{0} cannot be shipped.").format(doctype))
	source = frappe.get_doc(doctype, name)
	source.check_permission("read")
	if doctype == "Delivery Note":
		notes = [source]
	elif doctype == "Shipment":
		names = dict.fromkeys(row.delivery_note for row in source.shipment_delivery_note)
		notes = [frappe.get_doc("Delivery Note", one) for one in names]
	else:
		notes = [frappe.get_doc("Delivery Note", one) for one in parcels.notes_to_ship(name)]
	for note in notes:
		note.check_permission("read")
	if not notes:
		frappe.throw(_("{0} {1} has no submitted Delivery Note to ship.").format(_(doctype), name))
	if doctype == "Pick List":
		parcels.must_go_together(notes)
	return notes


def _shipment(name: str, right: str) -> Any:
	frappe.has_permission("Shipment", right, throw=True)
	doc = frappe.get_doc("Shipment", name)
	doc.check_permission(right)
	return doc


def carriers_of(company: str) -> list[Any]:
	"""Working Connections that can ship for a company. Any shipper may use them; nobody sees their keys here."""
	names = frappe.get_all(
		connections.DOCTYPE,
		filters={"company": company, "enabled": 1, "paused": 0, "category": "carrier"},
		order_by="creation",
		pluck="name",
	)
	found = [connections.get(name) for name in names]
	return [one for one in found if connections.can(one, ShipsParcels)]


def carrier_for(shipment: Any, name: str) -> Any:
	"""The working carrier that is named, if it is the Shipment's own company's: nobody ships on the account of another."""
	if not frappe.db.exists(connections.DOCTYPE, {"name": name, "category": "carrier"}):
		frappe.throw(_("There is no carrier Connection {0}.").format(name))
	carrier = connections.get(name)
	company = shipment.pickup_company or shipment.delivery_company
	if not company and not frappe.has_permission("Company", "read", carrier.company):
		# goods that go from one customer to another name no company: then it must be one that the user may see
		frappe.throw(_("There is no carrier Connection {0}.").format(name))
	if company and carrier.company != company:
		frappe.throw(
			_("{0} belongs to {1}, {2} to {3}.").format(
				shipment.name, company, carrier.title, carrier.company
			)
		)
	commands.must_work(carrier)
	return carrier


def _boxes(boxes: Any) -> list[dict[str, Any]]:
	try:
		rows = frappe.parse_json(boxes) if isinstance(boxes, str) else boxes
	except ValueError:
		rows = None
	if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
		frappe.throw(_("Give at least one parcel: weight (kg), length, width and height (cm)."))
	found = []
	for number, row in enumerate(rows, start=1):
		box = {side: flt(row.get(side)) for side in ("weight", "length", "width", "height")}
		for side, value in box.items():
			if not (isfinite(value) and value > 0):
				frappe.throw(_("Parcel {0}: {1} must be more than zero.").format(number, _(side)))
		# ERPNext keeps whole centimetres: rounded up, so that nothing is said to be smaller than it is
		whole = {side: int(-(-box[side] // 1)) for side in ("length", "width", "height")}
		count = flt(row.get("count") or 1)
		if not (isfinite(count) and 1 <= count <= MOST_PARCELS):
			frappe.throw(_("Parcel {0}: the count must be between 1 and {1}.").format(number, MOST_PARCELS))
		found.append({"weight": box["weight"], **whole, "count": int(count)})
	return found


def must_be_bookable(doc: Any, carrier: Any) -> None:
	"""Throws unless the Shipment is submitted, and booked with no other carrier: one Shipment, one carrier."""
	if doc.docstatus != 1:
		frappe.throw(_("Submit {0} before booking it.").format(doc.name))
	other = frappe.db.get_value(
		PARCEL,
		{
			"shipment": doc.name,
			"connection": ("!=", carrier.name),
			"status": ("!=", "cancelled"),
			"dry_run": 0,
		},
		["connection", "tracking_number"],
	)
	if other:
		frappe.throw(_("{0} is booked already with {1}: {2}.").format(doc.name, *other))


def _many(action: str, shipments: Any, on: Any = None, right: str = "write") -> list[dict[str, Any]]:
	names = (
		frappe.parse_json(shipments)
		if isinstance(shipments, str) and shipments.startswith("[")
		else shipments
	)
	names = [names] if isinstance(names, str) else names
	if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or not names:
		frappe.throw(_("Give the names of the Shipments."))
	for name in names:
		_shipment(name, right)
	rows = frappe.get_all(
		PARCEL,
		filters={"shipment": ("in", names), "status": ("!=", "cancelled"), "dry_run": 0},
		fields=["name", "connection"],
	)
	if not rows:
		frappe.throw(_("Nothing of these Shipments is booked."))
	answers = []
	for connection in dict.fromkeys(row.connection for row in rows):
		own = [row.name for row in rows if row.connection == connection]
		with in_words():
			draft = sending.many_draft(action, own, ("Shipment", names[0]), on)
			answers.append({**_answered(commands.ask(connection, draft)), "connection": connection})
	return answers


def _answered(answer: commands.Answer) -> dict[str, Any]:
	return {"status": answer.status, "message": answer.message, "event": answer.name}
