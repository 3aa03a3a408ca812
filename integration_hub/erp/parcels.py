"""What a carrier booked, and where it is → Shipment, Delivery Note, Integration Parcel, labels, mails."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import frappe
from frappe import _
from frappe.utils import escape_html, now_datetime, strip_html

from integration_hub import database
from integration_hub.erp.context import Context, Result, as_float
from integration_hub.erp.times import to_site
from integration_hub.failures import Rejected
from integration_hub.records import BookedParcel, Booking, Paper, Pickup, Tracking

PARCEL = "Integration Parcel"
_ANGLES = re.compile("[<>]")
#: our small set → the four words of ERPNext's Shipment
IN_SHIPMENT = {
	"created": "",
	"picked_up": "In Progress",
	"in_transit": "In Progress",
	"out_for_delivery": "In Progress",
	"failed_attempt": "In Progress",
	"exception": "In Progress",
	"delivered": "Delivered",
	"returned": "Returned",
	"cancelled": "",
}


def words(status: str) -> str:
	"""A tracking status as people read it."""
	return {
		"created": _("Created"),
		"picked_up": _("Picked up"),
		"in_transit": _("In transit"),
		"out_for_delivery": _("Out for delivery"),
		"delivered": _("Delivered"),
		"failed_attempt": _("Failed attempt"),
		"returned": _("Returned"),
		"exception": _("Exception"),
		"cancelled": _("Cancelled"),
	}[status]


# --- making the Shipment -----------------------------------------------------------------------------------


def make_shipment(
	delivery_notes: Sequence[str],
	parcels: Iterable[dict[str, Any]],
	cod_amount: float = 0,
	*,
	by_rule: bool = False,
) -> Any:
	"""A submitted Shipment for Delivery Notes of one customer and address, with the rights of the user
	(`by_rule`: of the Connection that ships all of them).

	A return Delivery Note makes a Shipment from the customer to us.
	"""
	from erpnext.stock.doctype.delivery_note.delivery_note import make_shipment as of_note

	notes = [frappe.get_doc("Delivery Note", name) for name in delivery_notes]
	must_go_together(notes)
	first = notes[0]
	doc = frappe.new_doc("Shipment")
	# safe: a manager has switched on that every Delivery Note is shipped; in a person's name rights are checked
	doc.flags.ignore_permissions = by_rule
	doc = of_note(first.name, doc)
	doc.set("shipment_delivery_note", [])
	for note in notes:
		doc.append(
			"shipment_delivery_note", {"delivery_note": note.name, "grand_total": abs(note.base_grand_total)}
		)
	doc.set("shipment_parcel", [])
	for parcel in parcels:
		doc.append("shipment_parcel", parcel)
	doc.update(
		{
			"pickup_from_type": "Company",
			"pickup_company": first.company,
			"pickup": first.company,
			"delivery_to_type": "Customer",
			"delivery_customer": first.customer,
			"delivery_to": first.customer_name or first.customer,
			"pickup_address_name": doc.pickup_address_name or company_address(first.company),
			"delivery_address_name": first.shipping_address_name or first.customer_address,
			"pickup_date": doc.pickup_date or frappe.utils.today(),
			"pickup_from": doc.pickup_from or "09:00:00",
			"pickup_to": doc.pickup_to or "17:00:00",
			"description_of_content": doc.description_of_content or _content(notes),
			"integration_cod_amount": cod_amount,
		}
	)
	if first.is_return:
		_turn_round(doc)
	doc.insert()
	doc.submit()
	return doc


def notes_to_ship(pick_list: str) -> list[str]:
	"""The submitted Delivery Notes of a Pick List that no submitted Shipment has yet, oldest first: what is picked and
	delivered in two goes is shipped in two."""
	note, row = frappe.qb.DocType("Delivery Note"), frappe.qb.DocType("Delivery Note Item")
	shipped = frappe.qb.DocType("Shipment Delivery Note")
	found = (
		frappe.qb.from_(row)
		.join(note)
		.on(note.name == row.parent)
		.select(note.name)
		.where((row.against_pick_list == pick_list) & (note.docstatus == 1))
		.where(
			note.name.notin(
				frappe.qb.from_(shipped).select(shipped.delivery_note).where(shipped.docstatus == 1)
			)
		)
		.orderby(note.creation)
		.run(pluck=True)
	)
	return list(dict.fromkeys(found))


def must_go_together(notes: Sequence[Any]) -> None:
	"""Throws when Delivery Notes cannot travel in one Shipment."""
	first = notes[0]
	for note in notes:
		if note.docstatus != 1:
			frappe.throw(_("{0} is not submitted.").format(note.name))
		same = ("company", "customer", "shipping_address_name", "is_return", "currency")
		if any((note.get(field) or "") != (first.get(field) or "") for field in same):
			frappe.throw(
				_("{0} and {1} do not go to the same place. Ship each from its Delivery Note.").format(
					first.name, note.name
				)
			)
	if not (first.shipping_address_name or first.customer_address):
		frappe.throw(_("{0} has no address to ship to. Enter one in the Delivery Note.").format(first.name))


def _content(notes: Sequence[Any]) -> str:
	names = list(
		dict.fromkeys(strip_html(row.item_name or row.item_code) for note in notes for row in note.items)
	)
	text = ", ".join(names)
	return text if len(text) <= 140 else text[:139] + "…"


def turned_round(shipment: Any) -> Any:
	"""A draft Shipment of the same goods and boxes in the other direction."""
	doc = frappe.copy_doc(shipment)
	doc.pickup_date = frappe.utils.today()
	doc.integration_cod_amount = 0
	for field in (
		"carrier",
		"carrier_service",
		"awb_number",
		"shipment_id",
		"shipment_amount",
		"tracking_url",
	):
		doc.set(field, None)
	doc.tracking_status = doc.tracking_status_info = ""
	_turn_round(doc)
	return doc


def _turn_round(doc: Any) -> None:
	doc.pickup_from_type, doc.delivery_to_type = "Customer", "Company"
	doc.pickup_customer, doc.delivery_company = doc.delivery_customer, doc.pickup_company
	doc.delivery_customer = doc.pickup_company = None
	for field in ("address_name", "address", "contact_name", "contact_email", "contact"):
		there, here = doc.get(f"delivery_{field}"), doc.get(f"pickup_{field}")
		doc.set(f"pickup_{field}", there)
		doc.set(f"delivery_{field}", here)
	doc.pickup, doc.delivery_to = doc.delivery_to, doc.pickup
	doc.pickup_contact_person = None


def company_address(company: str) -> str | None:
	"""The address goods leave from: the company's shipping address, else its only or primary one."""
	link, address = frappe.qb.DocType("Dynamic Link"), frappe.qb.DocType("Address")
	rows = (
		frappe.qb.from_(address)
		.join(link)
		.on((link.parent == address.name) & (link.parenttype == "Address"))
		.select(address.name)
		.where((link.link_doctype == "Company") & (link.link_name == company) & (address.disabled == 0))
		.orderby(address.is_shipping_address, address.is_primary_address, order=frappe.qb.desc)
		.run(pluck=True)
	)
	if not rows:
		frappe.throw(_("{0} has no address. Make one and link it to the company.").format(company))
	return rows[0]


# --- what was booked ---------------------------------------------------------------------------------------


def booked(booking: Booking, shipment: str, ctx: Context) -> Result:
	"""The carrier has it: parcels, the Shipment's fields, the Delivery Notes' tracking numbers, the labels.

	A Shipment that was cancelled while the carrier was asked only gets its parcels, so that they can be called off.
	"""
	# locked, so that either we see the cancellation or whoever cancels sees the parcels
	database.lock("Shipment", shipment, ["docstatus"])
	doc = frappe.get_doc("Shipment", shipment)
	notes = list(dict.fromkeys(row.delivery_note for row in doc.shipment_delivery_note))
	for parcel in booking.parcels:
		_keep(parcel, booking, doc, notes, ctx)
	numbers = ", ".join(parcel.tracking_number for parcel in booking.parcels)
	if booking.dry_run:
		doc.add_comment("Comment", _("Dry run with {0}: {1}").format(ctx.connection.title, numbers))
		return Result("Shipment", shipment, _("Dry run: nothing was ordered. {0}").format(numbers))
	if doc.docstatus == 2:
		return Result(
			"Shipment", shipment, _("Cancelled while it was booked: {0} is called off again.").format(numbers)
		)
	doc.db_set(
		{
			"status": "Booked",
			"service_provider": ctx.connection.title[:140],
			"carrier": booking.carrier[:140],
			"carrier_service": booking.service[:140],
			"shipment_id": ", ".join(filter(None, (parcel.id for parcel in booking.parcels)))[:140],
			"shipment_amount": as_float(booking.cost) if booking.cost is not None else 0,
			"awb_number": numbers[:140],
			"tracking_url": booking.parcels[0].tracking_url,
			"integration_connection": ctx.connection.name,
			"integration_status": "created",
		},
		notify=True,
	)
	is_return = int(doc.pickup_from_type == "Customer")
	# goods that come back leave the number they went out with alone
	for note in frappe.get_all(
		"Delivery Note", filters={"name": ("in", [*notes, ""]), "is_return": is_return}, pluck="name"
	):
		_mark_note(note, numbers, booking.carrier)
	_files, trouble = attach(booking.papers, _labelled_documents(shipment, notes))
	sentence = _("Booked with {0}: {1}").format(booking.carrier, numbers)
	return Result("Shipment", shipment, " ".join(filter(None, (sentence, booking.note, trouble))))


def _keep(parcel: BookedParcel, booking: Booking, shipment: Any, notes: list[str], ctx: Context) -> None:
	existing = frappe.db.exists(
		PARCEL, {"connection": ctx.connection.name, "tracking_number": parcel.tracking_number}
	)
	if existing:
		return
	doc = frappe.get_doc(
		{
			"doctype": PARCEL,
			"connection": ctx.connection.name,
			"tracking_number": parcel.tracking_number,
			"carrier": booking.carrier,
			"service": booking.service,
			"status": "created",
			"status_at": now_datetime(),
			"shipment": shipment.name,
			"delivery_note": notes[0] if notes else None,
			"is_return": int(shipment.pickup_from_type == "Customer"),
			"dry_run": int(booking.dry_run),
			"tracking_url": parcel.tracking_url,
			"outside_id": parcel.id,
			"outside_order": parcel.order_id,
			"pickup_reference": booking.pickup_reference,
			"pickup_at": to_site(booking.pickup_at) if booking.pickup_at else None,
			"cod_amount": as_float(parcel.cod_amount),
			"watched": 1,
			"currency": booking.currency or None,
		}
	)
	# safe: rows of the hub's own, which no person may write; what they say comes from the carrier
	doc.insert(ignore_permissions=True)


def _mark_note(name: str, numbers: str, carrier: str) -> None:
	"""The tracking number where ERPNext's users look for it, past the submitted document's own checks."""
	frappe.db.set_value(
		"Delivery Note",
		name,
		{"lr_no": numbers[:140], "lr_date": frappe.utils.today(), "transporter_name": carrier[:140]},
	)


def attach(papers: Iterable[Paper], documents: Sequence[tuple[str, str]]) -> tuple[list[str], str]:
	"""Private files on the documents; the same paper is attached to a document once. Returns their addresses, and why
	one could not be kept: Frappe refuses what is no proper PDF or too large, and a booking that is paid for must not be
	undone by a bad label."""
	made, trouble = [], ""
	for paper in papers:
		frappe.db.savepoint("integration_hub_paper")
		try:
			made += _attach(paper, documents)
		except Exception as error:  # noqa: BLE001 - whatever is wrong with a paper is said, see above
			frappe.db.rollback(save_point="integration_hub_paper")
			trouble = _("{0} could not be attached ({1}): fetch it again.").format(
				paper.name, strip_html(str(error)) or type(error).__name__
			)
			frappe.clear_messages()
	return made, trouble


def _attach(paper: Paper, documents: Sequence[tuple[str, str]]) -> list[str]:
	made = []
	for doctype, name in documents:
		same = {"attached_to_doctype": doctype, "attached_to_name": name, "file_name": paper.name}
		known = frappe.db.get_value("File", same, "file_url")
		if known:
			made.append(known)
			continue
		doc = frappe.get_doc({"doctype": "File", "is_private": 1, "content": paper.content, **same})
		# safe: attached on behalf of the person who booked, to the document that was booked
		doc.insert(ignore_permissions=True)
		made.append(doc.file_url)
	return made


def _labelled_documents(shipment: str, notes: Sequence[str]) -> list[tuple[str, str]]:
	"""Where people look for the label: the Shipment, its Delivery Notes, and the Pick Lists that they came from."""
	picked = frappe.get_all(
		"Delivery Note Item",
		filters={"parent": ("in", list(notes)), "against_pick_list": ("is", "set")},
		pluck="against_pick_list",
	)
	return [
		("Shipment", shipment),
		*(("Delivery Note", note) for note in notes),
		*(("Pick List", name) for name in dict.fromkeys(picked)),
	]


def labelled(papers: Sequence[Paper], shipment: str) -> Result:
	"""Labels that came later than the booking."""
	made, trouble = attach(papers, _labelled_documents(shipment, _notes_of(shipment)))
	if trouble:
		raise Rejected(trouble)
	return Result("Shipment", shipment, _("Label attached") if made else _("The carrier gives no label."))


def picked_up(pickup: Pickup, parcels: Sequence[str]) -> Result:
	"""The carrier said when it comes."""
	values = {"pickup_reference": pickup.reference, "pickup_at": to_site(pickup.at) if pickup.at else None}
	for name in parcels:
		frappe.db.set_value(PARCEL, name, values)
	when = frappe.utils.format_datetime(values["pickup_at"]) if pickup.at else pickup.note
	return Result(None, None, _("Pickup {0} {1}").format(pickup.reference, when or "").strip())


def manifested(papers: Sequence[Paper], parcels: Sequence[str], ctx: Context) -> Result:
	"""The driver's list: one file, on each Shipment it is for."""
	rows = frappe.get_all(PARCEL, filters={"name": ("in", list(parcels))}, fields=["name", "shipment"])
	shipments = list(dict.fromkeys(row.shipment for row in rows if row.shipment))
	urls, trouble = attach(papers, [("Shipment", name) for name in shipments])
	if trouble:
		raise Rejected(trouble)
	for row in rows:
		frappe.db.set_value(PARCEL, row.name, "manifest", urls[0] if urls else None)
	return Result(None, None, _("Manifest for {0} parcels").format(len(rows)))


def cancelled(outcomes: Sequence[Any], shipment: str | None, ctx: Context) -> Result:
	"""What the carrier let go; what it did not is named."""
	refused = [outcome for outcome in outcomes if outcome.failure]
	for outcome in outcomes:
		if not outcome.failure:
			for name in frappe.get_all(
				PARCEL,
				filters={"connection": ctx.connection.name, "tracking_number": outcome.key},
				pluck="name",
			):
				parcel = frappe.get_doc(PARCEL, name)
				parcel.update({"status": "cancelled", "status_at": now_datetime(), "watched": 0})
				parcel.save(ignore_permissions=True)  # safe: the hub's own row, see `_keep`
	if refused and len(refused) == len(outcomes):
		raise refused[0].failure
	if shipment:
		_set_shipment(shipment)
	sentence = _("Cancelled at the carrier.")
	for outcome in refused:
		sentence += " " + _("Not {0}: {1}").format(outcome.key, outcome.failure.sentence)
	return Result("Shipment" if shipment else None, shipment, sentence)


def forget_numbers(shipment: str) -> list[tuple[Any, list[str]]]:
	"""Tracking numbers of called-off parcels go from the Delivery Notes of a Shipment. Returns the Delivery Notes that had
	some, as they were, each with the numbers that are left."""
	changed = []
	for note in _notes_of(shipment):
		doc = frappe.get_doc("Delivery Note", note)
		there = [one.strip() for one in (doc.get("lr_no") or "").split(",") if one.strip()]
		gone = frappe.get_all(
			PARCEL,
			filters={"shipment": shipment, "status": "cancelled", "tracking_number": ("in", [*there, ""])},
			pluck="tracking_number",
		)
		if not gone:
			continue
		left = [one for one in there if one not in gone]
		values = {"lr_no": ", ".join(left)}
		if not left:
			values |= {"lr_date": None, "transporter_name": ""}
		frappe.db.set_value("Delivery Note", note, values)
		changed.append((doc, left))
	return changed


def _notes_of(shipment: str) -> list[str]:
	return frappe.get_all(
		"Shipment Delivery Note", filters={"parent": shipment}, pluck="delivery_note", distinct=True
	)


# --- where it is -------------------------------------------------------------------------------------------


def track(tracking: Tracking, ctx: Context) -> Result:
	"""The carrier's newest word on a parcel. Older words than what is known change nothing."""
	found = _lock_parcel(tracking, ctx)
	if not found:
		return Result(
			None, None, _("{0} was not booked from here.").format(tracking.tracking_number), "Ignored"
		)
	parcel = frappe.get_doc(PARCEL, found.name)
	if parcel.tracking_number != tracking.tracking_number:
		# the old number's last words come late: they are not about the parcel any more
		former = (parcel.former_numbers or "").split()
		if tracking.status == "cancelled" or tracking.tracking_number in former:
			return Result(PARCEL, parcel.name, _("It goes by another number now."), "Ignored")
		_renumber(parcel, tracking)
	if parcel.version and tracking.version < parcel.version:
		return Result(PARCEL, parcel.name, _("Older than what is known already."), "Ignored")
	changed = parcel.status != tracking.status
	_write(parcel, tracking)
	if parcel.shipment:
		_set_shipment(parcel.shipment)
	if changed:
		_tell_customer(parcel, ctx)
	return Result(PARCEL, parcel.name, f"{words(tracking.status)} {tracking.text}".strip())


def is_known(tracking_number: str, ctx: Context) -> bool:
	return bool(
		frappe.db.exists(PARCEL, {"connection": ctx.connection.name, "tracking_number": tracking_number})
	)


def _lock_parcel(tracking: Tracking, ctx: Context) -> Any:
	"""By its number; else by the carrier's order, where it goes by another number now."""
	fields = ["name", "modified"]
	here = {"connection": ctx.connection.name}
	found = database.lock(PARCEL, {**here, "tracking_number": tracking.tracking_number}, fields)
	if found or not tracking.order_id:
		return found
	ended = ("not in", ("delivered", "returned"))
	return database.lock(
		PARCEL, {**here, "outside_order": tracking.order_id, "dry_run": 0, "status": ended}, fields
	)


def _renumber(parcel: Any, tracking: Tracking) -> None:
	"""People at the carrier have given the parcel to another courier: it stays the same parcel, and its new number is
	written wherever the old one stands, also where the old one was called off for that."""
	old, new = parcel.tracking_number, tracking.tracking_number
	carrier = tracking.carrier or parcel.carrier or ""
	parcel.update(
		{
			"tracking_number": new,
			"former_numbers": " ".join([*(parcel.former_numbers or "").split(), old]),
			"version": "",
			"carrier": carrier,
			"service": carrier,
			"tracking_url": (parcel.tracking_url or "").replace(old, new),
		}
	)
	if not parcel.shipment:
		return
	others = frappe.get_all(
		PARCEL,
		filters={
			"shipment": parcel.shipment,
			"name": ("!=", parcel.name),
			"dry_run": 0,
			"status": ("!=", "cancelled"),
		},
		order_by="creation",
		pluck="tracking_number",
	)
	numbers = ", ".join((*others, new))
	shipment = frappe.get_doc("Shipment", parcel.shipment)
	if shipment.docstatus == 1:
		shipment.db_set(
			{
				"status": "Booked",
				"carrier": carrier[:140],
				"carrier_service": carrier[:140],
				"awb_number": numbers[:140],
				"tracking_url": parcel.tracking_url,
			},
			notify=True,
		)
	for note in frappe.get_all(
		"Delivery Note",
		filters={"name": ("in", [*_notes_of(shipment.name), ""]), "is_return": parcel.is_return},
		pluck="name",
	):
		_mark_note(note, numbers, carrier)
	shipment.add_comment("Comment", _("Another courier has it: {0} is {1} now.").format(old, new))


def no_news(outside_id: str, _ctx: Context) -> Result:
	return Result(None, None, _("The carrier has nothing to say of {0}.").format(outside_id), "Ignored")


def _write(parcel: Any, tracking: Tracking) -> None:
	parcel.update(
		{
			"status": tracking.status,
			"status_text": tracking.text,
			"status_at": to_site(tracking.at),
			"version": tracking.version,
			"arrives_on": tracking.arrives_on or parcel.arrives_on,
			"delivered_at": to_site(tracking.delivered_at) if tracking.delivered_at else parcel.delivered_at,
			"received_by": tracking.received_by or parcel.received_by,
			"tracking_url": tracking.url or parcel.tracking_url,
			"watched": int(not tracking.is_final),
			"carrier": parcel.carrier or tracking.carrier,
		}
	)
	known = {(str(row.at), row.text) for row in parcel.scans}
	for scan in sorted(tracking.scans, key=lambda one: one.at):
		row = {"at": to_site(scan.at), "status": scan.status, "text": scan.text, "location": scan.location}
		if (str(row["at"]), row["text"]) not in known:
			parcel.append("scans", row)
	parcel.save(ignore_permissions=True)  # safe: the hub's own row, see `_keep`


def _set_shipment(name: str) -> None:
	"""A Shipment says what all its parcels say together: delivered when the last one is."""
	states = frappe.get_all(
		PARCEL, filters={"shipment": name, "dry_run": 0}, fields=["status", "status_text", "watched"]
	)
	if not states:
		return
	open_ones = [one for one in states if one.watched]
	arrived = [one for one in states if one.status == "delivered"]
	speaker = (open_ones or [one for one in states if one.status != "cancelled"] or states)[0]
	status = speaker.status
	values = {
		"tracking_status": IN_SHIPMENT[status],
		"tracking_status_info": (speaker.status_text or words(status))[:140],
		"integration_status": status,
	}
	submitted = frappe.db.get_value("Shipment", name, "docstatus") == 1
	if submitted and all(one.status == "cancelled" for one in states):
		# it can be booked again, with this carrier or another
		values |= {"status": "Submitted", "awb_number": None, "shipment_id": None, "tracking_url": None}
	if submitted and not open_ones and arrived:
		values["status"] = "Completed"
	frappe.db.set_value("Shipment", name, values)


# --- the customer ------------------------------------------------------------------------------------------


def _tell_customer(parcel: Any, ctx: Context) -> None:
	"""One mail for each status that has a template, queued in this very transaction: never twice, never lost."""
	row = next(
		(one for one in ctx.connection.shipment_notices if one.enabled and one.status == parcel.status), None
	)
	told = (parcel.told or "").split()
	if row is None or parcel.status in told or parcel.is_return:
		return
	recipient = _email_of(parcel)
	if not recipient or not frappe.db.exists("Email Account", {"enable_outgoing": 1}):
		return
	said = {**parcel.as_dict(), "status": words(parcel.status), "tracking_url": _address_of(parcel)}
	about = {
		**said,
		"delivery_note_doc": frappe.get_doc("Delivery Note", parcel.delivery_note).as_dict()
		if parcel.delivery_note
		else {},
	}
	frappe.db.savepoint("integration_hub_mail")
	try:
		_send(row.email_template, about, recipient, parcel)
	except Exception:  # noqa: BLE001 - a template that cannot be rendered must not keep the parcel from being tracked
		frappe.db.rollback(save_point="integration_hub_mail")
		# the plain trace: by itself Frappe writes down every local variable
		frappe.log_error(_("E-mail about parcel {0}").format(parcel.tracking_number), frappe.get_traceback())
		return
	parcel.db_set("told", " ".join([*told, parcel.status]), update_modified=False)


def _address_of(parcel: Any) -> str:
	"""Where the customer can follow it: nothing but an address of the web is put into a mail."""
	url = parcel.tracking_url or ""
	return url if url.startswith(("https://", "http://")) else ""


def _send(template: str, about: dict[str, Any], recipient: str, parcel: Any) -> None:
	"""What the carrier says is text: escaped in the mail's HTML, without angles in its subject, which Frappe repeats in
	the HTML as it is."""
	words_of = frappe.get_doc("Email Template", template)
	safe = {key: escape_html(value) if isinstance(value, str) else value for key, value in about.items()}
	plain = {
		key: _ANGLES.sub(" ", value) if isinstance(value, str) else value for key, value in about.items()
	}
	frappe.sendmail(
		recipients=[recipient],
		subject=words_of.get_formatted_subject(plain),
		message=words_of.get_formatted_response(safe),
		reference_doctype="Shipment" if parcel.shipment else PARCEL,
		reference_name=parcel.shipment or parcel.name,
	)


def _email_of(parcel: Any) -> str | None:
	if parcel.delivery_note:
		email = frappe.db.get_value("Delivery Note", parcel.delivery_note, "contact_email")
		if email:
			return email
	if not parcel.shipment:
		return None
	shipment = frappe.db.get_value(
		"Shipment", parcel.shipment, ["delivery_contact_email", "delivery_address_name"], as_dict=True
	)
	return shipment.delivery_contact_email or frappe.db.get_value(
		"Address", shipment.delivery_address_name, "email_id"
	)
