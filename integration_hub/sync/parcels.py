"""Events of carriers: booking, pickups, manifests and cancellations out, tracking in, and the choice of a service."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import frappe
from frappe import _

from integration_hub.connectors.contract import (
	Connector,
	FollowsParcels,
	ManifestsParcels,
	Notice,
	Page,
	PicksUpParcels,
	QuotesRates,
	ShipsParcels,
	TracksParcels,
	satisfies,
)
from integration_hub.erp import consignments, parcels
from integration_hub.erp.context import Context, Result
from integration_hub.failures import Failure, Invalid, Rejected
from integration_hub.records import BookedParcel, Consignment, Rate, Tracking
from integration_hub.sync import connections, store, wake
from integration_hub.sync.handling import Handler, Route, context, fetch_each, inbound

RESOURCE = "parcels"
#: rules of a Connection, as its form spells them
ASK, CHEAPEST, FASTEST, PREFERRED = "Ask Me", "Cheapest", "Fastest", "Preferred"
#: a parcel that nobody scanned for this long is not asked for any more
SILENT_DAYS = 60
#: a parcel that the carrier has not told of for this long may go by another number by now
LOST_AFTER_DAYS = 1


# --- which service ----------------------------------------------------------------------------------------


def choose(rates: Sequence[Rate], rule: str, preferred: Sequence[str] = (), *, cod: bool = False) -> Rate:
	"""The service that a rule takes. Raises Invalid with a sentence when none fits.

	"Preferred" takes the first name or id in the list that is offered; "Ask Me" takes the cheapest where nobody can
	be asked. Equal prices are decided by days, equal days by price.
	"""
	offered = [rate for rate in rates if rate.cod] if cod else list(rates)
	if not offered:
		raise Invalid(
			_("No service collects cash on delivery there.") if cod and rates else _("No service goes there.")
		)
	unknown = Decimal(9999)

	def price(rate: Rate) -> Decimal:
		return Decimal("Infinity") if rate.amount is None else rate.amount

	if rule == FASTEST:
		return min(offered, key=lambda rate: (rate.days if rate.days is not None else unknown, price(rate)))
	if rule == PREFERRED:
		for wanted in preferred:
			for rate in sorted(offered, key=price):
				if wanted.strip().casefold() in (
					rate.service_id.casefold(),
					rate.service.casefold(),
					rate.carrier.casefold(),
				):
					return rate
		raise Invalid(
			_("None of the preferred services goes there. Offered: {0}.").format(
				", ".join(dict.fromkeys(rate.service for rate in offered))
			)
		)
	return min(offered, key=lambda rate: (price(rate), rate.days if rate.days is not None else unknown))


def quote(connection: Any, consignment: Consignment) -> list[Rate]:
	"""All offers, cheapest first. Called in a request because a person looks on; changes nothing at the vendor."""
	connector = connections.open_connector(connection)
	if not satisfies(connector, QuotesRates):
		return []
	rates = connector.quote_rates(consignment)
	return sorted(rates, key=lambda rate: (rate.amount is None, rate.amount or 0, rate.days or 0))


# --- what goes out ----------------------------------------------------------------------------------------


def booking_draft(shipment: Any, service_id: str) -> store.Draft:
	"""Book this Shipment ("" lets the Connection's rule choose the service). What is to be carried is read at each try:
	an address that was mended counts, and the Shipment's name is what a former try is found by."""
	return store.Draft(
		direction="Out",
		resource=RESOURCE,
		action="book",
		outside_id=shipment.name,
		dedupe_key=f"book:{shipment.name}:{_ended(shipment.name)}",
		label=shipment.name,
		payload=json.dumps({"service_id": service_id}),
		reference=("Shipment", shipment.name),
	)


def _ended(shipment: str) -> int:
	"""How many bookings of a Shipment came to nothing: dry runs and cancelled ones. After them it is booked anew."""
	rows = frappe.get_all(parcels.PARCEL, filters={"shipment": shipment}, fields=["dry_run", "status"])
	return sum(1 for row in rows if row.dry_run or row.status == "cancelled")


def many_draft(
	action: str, names: Sequence[str], reference: tuple[str, str] | None, on: date | None = None
) -> store.Draft:
	"""Something to be done with several parcels at once: "labels", "pickup", "manifest" or "cancel". Once a day each; labels
	that came may be asked for again: somebody has lost them."""
	rows = parcel_rows(names)
	digest = hashlib.sha256("|".join(sorted(row.tracking_number for row in rows)).encode()).hexdigest()[:20]
	when = on or frappe.utils.getdate()
	again = f":{_came(action, digest, rows)}" if action == "labels" else ""
	return store.Draft(
		direction="Out",
		resource=RESOURCE,
		action=action,
		outside_id=f"{action}:{digest}",
		dedupe_key=f"{action}:{digest}:{when}{again}",
		label=", ".join(row.tracking_number for row in rows),
		payload=json.dumps(
			{
				"names": [row.name for row in rows],
				"parcels": [
					BookedParcel(
						tracking_number=row.tracking_number,
						id=row.outside_id or "",
						order_id=row.outside_order or "",
						tracking_url=row.tracking_url or "",
						cod_amount=str(row.cod_amount or 0),
					).model_dump(mode="json")
					for row in rows
				],
				"on": str(on) if on else None,
			}
		),
		reference=reference,
	)


def _came(action: str, digest: str, rows: Sequence[Any]) -> int:
	"""How often the carrier has done this with these parcels."""
	return frappe.db.count(
		store.DOCTYPE,
		{
			"connection": ("in", [row.connection for row in rows]),
			"resource": RESOURCE,
			"outside_id": f"{action}:{digest}",
			"status": "Done",
		},
	)


def parcel_rows(names: Sequence[str]) -> list[Any]:
	return frappe.get_all(
		parcels.PARCEL,
		filters={"name": ("in", list(names))},
		fields=[
			"name",
			"tracking_number",
			"outside_id",
			"outside_order",
			"tracking_url",
			"cod_amount",
			"connection",
			"shipment",
			"status",
			"dry_run",
		],
		order_by="creation",
	)


def _prepare(connection: Any, connector: Connector, works: Sequence[Any]) -> Mapping[str, Any]:
	[one] = works
	return {one.name: CALLS[one.action](connection, connector, one, json.loads(one.payload or "{}"))}


def _ship(_connection: Any, _connector: Connector, _one: Any, payload: Any) -> Any:
	return payload  # the Shipment is made by `_apply`; the vendor is called by the Event that it stores


def _book(connection: Any, connector: ShipsParcels, one: Any, payload: Any) -> Any:
	shipment = frappe.get_doc("Shipment", one.reference_name)
	if shipment.docstatus != 1:
		raise Rejected(_not_to_be_booked(connection, shipment, one.look_first))
	consignment = consignments.of_shipment(shipment, connection)
	frappe.db.rollback()  # nothing is open while we talk
	service = payload["service_id"] or _by_rule(connection, connector, consignment)
	return connector.book_shipment(consignment, service, key=one.key, look_first=one.look_first)


def _not_to_be_booked(connection: Any, shipment: Any, tried_before: bool) -> str:
	sentence = _("The Shipment is not submitted (any more).")
	if tried_before:
		# nothing says whether that try was heard; to find out would be to book what nobody wants
		sentence += " " + _("If an earlier try was heard at {0}, {1} is ordered there: call it off.").format(
			connection.title, shipment.name
		)
	return sentence


def _by_rule(connection: Any, connector: Connector, consignment: Consignment) -> str:
	if not satisfies(connector, QuotesRates):
		return ""  # the vendor chooses
	preferred = [line for line in (connection.preferred_services or "").splitlines() if line.strip()]
	rates = connector.quote_rates(consignment)
	return choose(
		rates, connection.service_rule or ASK, preferred, cod=bool(consignment.cod_amount)
	).service_id


def _booked_parcels(payload: Any) -> list[BookedParcel]:
	return [BookedParcel.model_validate(one) for one in payload["parcels"]]


def _pickup(connection: Any, connector: Connector, one: Any, payload: Any) -> Any:
	if not satisfies(connector, PicksUpParcels):
		raise Invalid(_("{0} takes no pickup requests.").format(connector.title))
	on = date.fromisoformat(payload["on"]) if payload.get("on") else None
	names = dict.fromkeys(row.shipment for row in parcel_rows(payload["names"]) if row.shipment)
	shipments = [frappe.get_doc("Shipment", name) for name in names]
	request = consignments.pickup_of(shipments, _booked_parcels(payload), connection, on)
	frappe.db.rollback()  # nothing is open while we talk
	return connector.request_pickup(request, key=one.key, look_first=one.look_first)


def _manifest(_connection: Any, connector: Connector, one: Any, payload: Any) -> Any:
	if not satisfies(connector, ManifestsParcels):
		raise Invalid(_("{0} makes no manifests.").format(connector.title))
	return connector.make_manifest(_booked_parcels(payload), key=one.key, look_first=one.look_first)


def _cancel(_connection: Any, connector: ShipsParcels, _one: Any, payload: Any) -> Any:
	return connector.cancel_shipment(_booked_parcels(payload))


def _labels(_connection: Any, connector: ShipsParcels, _one: Any, payload: Any) -> Any:
	return connector.fetch_labels(_booked_parcels(payload))


CALLS = {
	"ship": _ship,
	"book": _book,
	"labels": _labels,
	"pickup": _pickup,
	"manifest": _manifest,
	"cancel": _cancel,
}


def _apply(connection: Any, one: Any, answer: Any) -> Result:
	ctx = context(connection)
	payload = json.loads(one.payload or "{}")
	if one.action == "ship":
		return _make_and_book(connection, one)
	if one.action == "book":
		result = parcels.booked(answer, one.reference_name, ctx)
		shipment = frappe.get_doc("Shipment", one.reference_name)
		if shipment.docstatus == 2:
			shipment_cancelled(shipment)  # it knew of no parcels when it was cancelled
		elif not answer.dry_run:
			_after_booking(connection, shipment.name, labelled=bool(answer.papers))
		return result
	if one.action == "labels":
		return parcels.labelled(answer, one.reference_name)
	if one.action == "pickup":
		return _of(one, parcels.picked_up(answer, payload["names"]))
	if one.action == "manifest":
		return _of(one, parcels.manifested(answer, payload["names"], ctx))
	shipment = one.reference_name if one.reference_doctype == "Shipment" else None
	result = parcels.cancelled(answer, shipment, ctx)
	for name in dict.fromkeys(row.shipment for row in parcel_rows(payload["names"]) if row.shipment):
		_after_calling_off(name)
	return _of(one, result)


def _of(one: Any, result: Result) -> Result:
	"""The Event keeps the document it was asked for."""
	return Result(one.reference_doctype, one.reference_name, result.message, result.status)


def _make_and_book(connection: Any, one: Any) -> Result:
	"""For Delivery Notes that are shipped without anybody being asked: the Shipment, and the Event that books it."""
	note = frappe.get_doc("Delivery Note", one.reference_name)
	if note.docstatus != 1 or frappe.db.exists(
		"Shipment Delivery Note", {"delivery_note": note.name, "docstatus": 1}
	):
		return Result("Delivery Note", note.name, _("Cancelled or shipped already."), "Ignored")
	cod_amount = consignments.owed([note]) if connection.collect_owed else 0
	shipment = parcels.make_shipment(
		[note.name], consignments.suggest_parcels([note], connection), float(cod_amount), by_rule=True
	)
	store.store(connection.name, [booking_draft(shipment, "")])
	return Result("Shipment", shipment.name, _("Shipment {0} is booked next.").format(shipment.name))


def _after_booking(connection: Any, shipment: str, *, labelled: bool) -> None:
	"""In the booking's own transaction: a label that is missing and the pickup are asked for, and the shops hear the
	tracking numbers."""
	names = frappe.get_all(parcels.PARCEL, filters={"shipment": shipment, "status": "created"}, pluck="name")
	if not labelled:
		store.store(connection.name, [many_draft("labels", names, ("Shipment", shipment))])
	if connection.request_pickup and connections.can(connection, PicksUpParcels):
		store.store(connection.name, [many_draft("pickup", names, ("Shipment", shipment))])
	_tell_shops(shipment)


def _tell_shops(shipment: str) -> None:
	from integration_hub.sync import outbox

	if frappe.db.get_value("Shipment", shipment, "pickup_from_type") == "Customer":
		return  # the shops' parcels are those that go out
	for note in frappe.get_all(
		"Shipment Delivery Note", filters={"parent": shipment}, pluck="delivery_note", distinct=True
	):
		outbox.tracking_known(frappe.get_doc("Delivery Note", note))


def _after_calling_off(shipment: str) -> None:
	"""In the same transaction: the shops hear which numbers are left, or that nothing leaves."""
	from integration_hub.sync import outbox

	for note, left in parcels.forget_numbers(shipment):
		if left:
			outbox.tracking_known(frappe.get_doc("Delivery Note", note.name))
		else:
			outbox.parcel_called_off(note)


# --- what comes in ----------------------------------------------------------------------------------------


def walk(connection: Any, connector: TracksParcels, since: datetime, cursor: str | None) -> Page:
	"""Ask for a batch of the parcels that are on their way; changed ones become Events, as webhooks do.

	`cursor` is the last parcel of the batch before. Parcels the carrier is silent about for two months are left.
	"""
	batch = _on_their_way(connection.name, cursor or "", connector.tracking_batch)
	if not batch:
		return Page(notices=())
	frappe.db.rollback()  # nothing is open while we talk
	payloads = fetch_each(connector.fetch_tracking, [row.tracking_number for row in batch])
	if satisfies(connector, FollowsParcels):
		payloads |= _followed(connector, batch, payloads)
	notices = [
		notice
		for row in batch
		if row.tracking_number in payloads
		and (notice := _notice(connector, row, payloads[row.tracking_number]))
	]
	full = len(batch) == connector.tracking_batch
	return Page(notices=notices, cursor=batch[-1].name if full else None)


def _followed(
	connector: FollowsParcels, batch: Sequence[Any], payloads: Mapping[str, Any]
) -> Mapping[str, Any]:
	"""News of parcels that may have been given to another courier: their old number is silent, or called off."""
	long_ago = frappe.utils.add_days(frappe.utils.now_datetime(), -LOST_AFTER_DAYS)
	asked = {
		row.tracking_number: BookedParcel(
			tracking_number=row.tracking_number, id=row.outside_id or "", order_id=row.outside_order or ""
		)
		for row in batch
		if (row.status_at < long_ago and row.tracking_number not in payloads)
		or _reads_cancelled(connector, payloads.get(row.tracking_number))
	}
	return fetch_each(lambda numbers: connector.follow_parcels([asked[one] for one in numbers]), list(asked))


def _reads_cancelled(connector: TracksParcels, payload: Mapping[str, Any] | Failure | None) -> bool:
	if payload is None or isinstance(payload, Failure):
		return False
	try:
		return connector.read_tracking(payload).status == "cancelled"
	except Exception:  # noqa: BLE001 - what cannot be read becomes an Event that says why
		return False


def _track(tracking: Tracking, ctx: Context) -> Result:
	"""Called off by the carrier, or at its own site: that is the same as called off from here. Given to another courier
	there: that is a new number."""
	known = parcels.is_known(tracking.tracking_number, ctx)
	result = parcels.track(tracking, ctx)
	shipment = result.status == "Done" and frappe.db.get_value(parcels.PARCEL, result.name, "shipment")
	if shipment and tracking.status == "cancelled":
		_after_calling_off(shipment)
	elif shipment and not known:
		_after_new_number(ctx.connection, shipment, result.name)
	return result


def _after_new_number(connection: Any, shipment: str, parcel: str) -> None:
	"""In the same transaction: the box needs the other courier's label, and the shops hear the number."""
	store.store(connection.name, [many_draft("labels", [parcel], ("Shipment", shipment))])
	_tell_shops(shipment)


def _on_their_way(connection: str, after: str, limit: int) -> list[Any]:
	parcel = frappe.qb.DocType(parcels.PARCEL)
	oldest = frappe.utils.add_days(frappe.utils.now_datetime(), -SILENT_DAYS)
	return (
		frappe.qb.from_(parcel)
		.select(
			parcel.name,
			parcel.tracking_number,
			parcel.outside_id,
			parcel.outside_order,
			parcel.version,
			parcel.status,
			parcel.status_at,
		)
		.where(
			(parcel.connection == connection)
			& (parcel.watched == 1)
			& (parcel.dry_run == 0)
			& (parcel.name > after)
			& (parcel.status_at > oldest)
		)
		.orderby(parcel.name)
		.limit(limit)
		.run(as_dict=True)
	)


def _notice(connector: TracksParcels, row: Any, payload: Mapping[str, Any] | Failure) -> Notice | None:
	if isinstance(payload, Failure):
		return _refused(row, payload)
	digest = hashlib.sha256(store.dump(payload).encode()).hexdigest()[:20]
	try:
		tracking = connector.read_tracking(payload)
	except Exception:  # noqa: BLE001 - not lost: the Event reads it again, and says in words why it cannot be read
		number, version = row.tracking_number, ""
	else:
		number, version = tracking.tracking_number, tracking.version
		if (version, tracking.status) == (row.version, row.status):
			return None
	return Notice(
		resource="tracking",
		outside_id=number,
		version=version,
		dedupe_key=f"poll:{number}:{version}:{digest}",
		payload=payload,
		label=number,
	)


def _refused(row: Any, failure: Failure) -> Notice:
	"""The carrier does not take this number: an Event asks for it alone, once for each thing that it is told."""
	digest = hashlib.sha256(failure.sentence.encode()).hexdigest()[:20]
	return Notice(
		resource="tracking",
		outside_id=row.tracking_number,
		version="",
		dedupe_key=f"refused:{row.tracking_number}:{digest}",
		label=row.tracking_number,
	)


def shipment_cancelled(doc: Any) -> None:
	"""A cancelled Shipment: the carrier shall hear of it. Written in the user's own transaction."""
	rows = frappe.get_all(
		parcels.PARCEL,
		filters={"shipment": doc.name, "dry_run": 0, "watched": 1},
		fields=["name", "connection"],
	)
	for connection in dict.fromkeys(row.connection for row in rows):
		names = [row.name for row in rows if row.connection == connection]
		if store.store(connection, [many_draft("cancel", names, ("Shipment", doc.name))]):
			wake.wake_after_commit(connection)


def delivery_note_submitted(doc: Any) -> None:
	"""Carriers that ship every Delivery Note: an Event that makes the Shipment. In the user's own transaction."""
	if doc.is_return or not (doc.shipping_address_name or doc.customer_address):
		return
	for name in _ship_always(doc.company):
		draft = store.Draft(
			direction="Out",
			resource=RESOURCE,
			action="ship",
			outside_id=doc.name,
			dedupe_key=f"ship:{doc.name}",
			label=doc.name,
			reference=(doc.doctype, doc.name),
		)
		if store.store(name, [draft]):
			wake.wake_after_commit(name)
		return  # one carrier is enough


def _ship_always(company: str) -> list[str]:
	return frappe.get_all(
		connections.DOCTYPE,
		filters={
			"company": company,
			"enabled": 1,
			"category": "carrier",
			"ship_when": "When a Delivery Note Is Submitted",
		},
		order_by="creation",
		pluck="name",
	)


ROUTES = (
	Route("Out", RESOURCE, ShipsParcels, Handler(_prepare, _apply, together=False)),
	Route(
		"In",
		"tracking",
		TracksParcels,
		inbound("fetch_tracking", "read_tracking", _track, parcels.no_news, parcels.no_news),
	),
)
