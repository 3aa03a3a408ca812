"""Shipments: parcels for Delivery Notes, booked with a carrier. Where they are: `tracking`."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import frappe
from frappe import _
from pydantic import Field

from integration_hub.api import shipping
from integration_hub.api.rest.bulk import each
from integration_hub.api.rest.documents import Documents, must_see
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import ApiError, from_exception, invalid
from integration_hub.api.rest.shapes import (
	Answer,
	Bulk,
	BulkResult,
	Input,
	Job,
	Listing,
	Media,
	Money,
	Name,
	One,
	Output,
	Page,
	Text,
)
from integration_hub.connectors.contract import QuotesRates
from integration_hub.erp.times import from_site, utc
from integration_hub.sync import approvals, connections


class Box(Output):
	length: int = Field(description="cm")
	width: int = Field(description="cm")
	height: int = Field(description="cm")
	weight: float = Field(description="kg")
	count: int


class Delivery(Output):
	delivery_note: str | None
	grand_total: Money


class Shipment(Output):
	name: str
	docstatus: int
	status: str
	pickup_company: str | None
	delivery_customer: str | None
	delivery_company: str | None
	delivery_to: str | None
	value_of_goods: Money
	pickup_date: date | None
	service_provider: str | None
	carrier: str | None
	carrier_service: str | None
	shipment_id: str | None = Field(description="The carrier's.")
	awb_number: str | None
	tracking_url: str | None
	tracking_status: str | None
	tracking_status_info: str | None
	shipment_amount: Money = Field(description="What the carrier asks.")
	creation: datetime
	modified: datetime
	shipment_parcel: list[Box]
	shipment_delivery_note: list[Delivery]


class ShipmentQuery(Listing):
	status: Text | None = None
	delivery_customer: Name | None = None
	awb_number: Text | None = None


class NewBox(Input):
	weight: float = Field(gt=0, le=100_000, description="kg")
	length: float = Field(gt=0, le=10_000, description="cm")
	width: float = Field(gt=0, le=10_000, description="cm")
	height: float = Field(gt=0, le=10_000, description="cm")
	count: int = Field(1, ge=1, le=shipping.MOST_PARCELS)


class NewShipment(Input):
	delivery_note: Name | None = Field(None, description="Either this or `pick_list`.")
	pick_list: Name | None = None
	parcels: list[NewBox] = Field(min_length=1, max_length=shipping.MOST_PARCELS)
	cod_amount: Money | None = Field(
		None, description="To be collected on delivery, in the Delivery Note's currency. Default: nothing."
	)


class Carrier(Output):
	name: str = Field(description="The Connection.")
	title: str
	quotes_rates: bool
	rule: str | None = Field(description="How a service is chosen when none is named.")


class Carriers(Output):
	rows: list[Carrier]


class CarrierQuery(Input):
	company: Name


class Quote(Input):
	name: Name
	carrier: Name = Field(description="A Connection; see `carriers`.")


class Booking(Quote):
	service_id: Text = Field("", description="Of the rates. Default: by the Connection's rule.")


class ShipmentName(Input):
	name: Name


class Paper(Output):
	file_name: str
	creation: datetime


class Papers(Output):
	rows: list[Paper]


class PaperName(Input):
	name: Name
	file_name: Text


SHIPMENTS = Documents(
	"Shipment", Shipment, {"shipment_parcel": Box, "shipment_delivery_note": Delivery}, currency=""
)


@endpoint("GET", "Shipments, oldest change first")
def list(query: ShipmentQuery) -> Page[Shipment]:
	"""Only those that the caller may read. Amounts are in the company's currency."""
	return SHIPMENTS.page(
		query,
		status=query.status,
		delivery_customer=query.delivery_customer,
		awb_number=query.awb_number,
	)


@endpoint("GET", "One Shipment")
def get(query: One) -> Shipment:
	"""With its parcels' sizes and Delivery Notes. Where each parcel is: `tracking.list` with `shipment`."""
	return SHIPMENTS.answer(query)


@endpoint("GET", "Carriers that are connected for a company")
def carriers(query: CarrierQuery) -> Carriers:
	"""Needs the right to read Shipments."""
	SHIPMENTS.must("read")
	company = frappe.get_doc("Company", query.company) if frappe.db.exists("Company", query.company) else None
	if company is None or not company.has_permission("read"):
		raise ApiError("not_found", _("There is no Company {0}.").format(query.company))
	return {
		"rows": [
			{
				"name": one.name,
				"title": one.title,
				"quotes_rates": connections.can(one, QuotesRates),
				"rule": one.service_rule or None,
			}
			for one in shipping.carriers_of(query.company)
		]
	}


@endpoint("POST", "Make a Shipment of a Delivery Note or Pick List", status=201)
def create(new: NewShipment) -> Shipment:
	"""Submitted, to be booked next. A Pick List ships its Delivery Notes that no Shipment has yet. Send an
	Idempotency-Key, so that a repeated call makes no second Shipment."""
	_must_make()
	return SHIPMENTS.made(frappe.get_doc("Shipment", _make(new)))


@endpoint("POST", "Make up to 1,000 Shipments")
def create_many(body: Bulk[NewShipment]) -> BulkResult:
	"""Each row is a Shipment of its own; a row that is refused does not keep the others."""
	_must_make()
	return each(body.rows, lambda new: ("created", _make(new)))


def _must_make() -> None:
	SHIPMENTS.must("create")
	approvals.must_be_free("Shipment", 1)


def _make(new: NewShipment) -> str:
	if (new.delivery_note is None) == (new.pick_list is None):
		raise invalid("delivery_note", _("give either this or pick_list"))
	doctype, field = ("Delivery Note", "delivery_note") if new.delivery_note else ("Pick List", "pick_list")
	name = must_see(doctype, getattr(new, field), field).name
	boxes = [box.model_dump() for box in new.parcels]
	return shipping.make_shipment(doctype, name, boxes, str(new.cod_amount or 0))


def _rates(quote: Quote) -> dict[str, Any]:
	return {"rates": shipping.rates(quote.name, quote.carrier)}


@endpoint("POST", "Ask a carrier for its rates", work=_rates)
def rates(quote: Quote) -> Job:
	"""The job's result is `rates`, cheapest first: service_id, service, amount, currency, days, cod. Changes nothing at
	the carrier."""
	_carrier(SHIPMENTS.open(quote.name), quote.carrier)


def _carrier(doc: Any, name: str) -> Any:
	"""The carrier that the caller named. What stands against it is said at once, not only by the job."""
	try:
		return shipping.carrier_for(doc, name)
	except frappe.ValidationError as error:
		refused = from_exception(error)
		raise ApiError(refused.type, refused.message, [("carrier", refused.message)]) from error


def _book(booking: Booking) -> dict[str, Any]:
	return shipping.book(booking.name, booking.carrier, booking.service_id)


@endpoint("POST", "Book a Shipment with a carrier", work=_book)
def book(booking: Booking) -> Job:
	"""The job's result has `status` ("Done", or "Retrying", "Parked", "Dead" with the reason in `message`) and the
	`parcels` with their tracking numbers. Whatever is lost on the way, one Shipment is booked once."""
	doc = SHIPMENTS.open(booking.name, "write")
	shipping.must_be_bookable(doc, _carrier(doc, booking.carrier))


def _cancel(one: ShipmentName) -> dict[str, Any]:
	# asked twice, or by a job that died after the carrier had agreed: there is nothing left to call off
	return {"answers": shipping.cancel(one.name) if _booked(one.name, live=True) else []}


@endpoint("POST", "Call a booking off at the carrier", work=_cancel)
def cancel(one: ShipmentName) -> Job:
	"""The Shipment itself stays, and can be booked again. The job's result has `answers`, one for each carrier, with
	`status` and `message` as of `book`; none when it was called off before."""
	SHIPMENTS.open(one.name, "cancel")
	if not _booked(one.name):
		raise ApiError("refused", _("Nothing of {0} is booked.").format(one.name))


def _booked(name: str, *, live: bool = False) -> bool:
	"""Whether a carrier has (or, `live`, still has) a parcel of the Shipment."""
	status = {"status": ("!=", "cancelled")} if live else {}
	return bool(frappe.db.exists(shipping.PARCEL, {"shipment": name, "dry_run": 0, **status}))


@endpoint("GET", "Labels and other papers of a Shipment")
def papers(one: ShipmentName) -> Papers:
	"""As the carrier gave them, newest first."""
	return {"rows": [_paper(row) for row in _files(one.name)]}


@endpoint("GET", "A paper of a Shipment")
def paper(one: PaperName) -> Annotated[Answer, Media("application/pdf")]:
	"""A PDF file, by its name in `papers`."""
	for row in _files(one.name):
		if row.file_name == one.file_name:
			content = Path(frappe.get_doc("File", row.name).get_full_path()).read_bytes()
			return Answer(
				content,
				headers=(("Content-Disposition", f'attachment; filename="{_quoted(row.file_name)}"'),),
				mimetype="application/pdf",
			)
	raise ApiError("not_found", _("{0} has no paper {1}.").format(one.name, one.file_name))


def _files(name: str) -> Any:
	doc = SHIPMENTS.open(name)
	# safe: whoever may read the document may read what is attached to it, as in the Desk
	return frappe.get_all(
		"File",
		filters={
			"attached_to_doctype": "Shipment",
			"attached_to_name": doc.name,
			"file_name": ("like", "%.pdf"),
			# kept here: a link that somebody has attached is no paper of the carrier's
			"file_url": ("like", "/%"),
			"is_folder": 0,
		},
		fields=["name", "file_name", "creation"],
		order_by="creation desc",
	)


def _paper(row: Any) -> dict[str, Any]:
	return {"file_name": row.file_name, "creation": utc(from_site(row.creation))}


def _quoted(name: str) -> str:
	return "".join(sign if sign.isalnum() or sign in "-_. " else "_" for sign in name)
