"""Where parcels are: what the carriers have told, in one small set of statuses for all of them."""

from __future__ import annotations

from datetime import date, datetime

import frappe
from frappe import _
from pydantic import Field

from integration_hub.api import shipping
from integration_hub.api.rest.documents import Documents
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.errors import ApiError, invalid
from integration_hub.api.rest.shapes import Input, Listing, Money, Name, One, Output, Page, Sparse, Text
from integration_hub.api.v1.shipments import SHIPMENTS

STATUSES = "created, picked_up, in_transit, out_for_delivery, delivered, failed_attempt, returned, exception, cancelled"


class Scan(Output):
	at: datetime | None
	status: str | None
	text: str | None = Field(description="The carrier's words.")
	location: str | None


class Parcel(Output):
	name: str
	tracking_number: str | None
	tracking_url: str | None
	carrier: str | None
	service: str | None
	status: str = Field(description=f"One of: {STATUSES}.")
	status_text: str | None = Field(description="The carrier's words.")
	status_at: datetime | None
	arrives_on: date | None
	delivered_at: datetime | None
	received_by: str | None
	shipment: str | None
	delivery_note: str | None
	is_return: bool
	cod_amount: Money
	currency: str | None
	modified: datetime
	scans: list[Scan]


class ParcelQuery(Listing):
	tracking_number: Text | None = None
	shipment: Name | None = None
	delivery_note: Name | None = None
	status: Text | None = Field(None, description=f"One of: {STATUSES}.")


class ParcelName(Sparse):
	name: Name | None = Field(None, description="Either this or `tracking_number`.")
	tracking_number: Text | None = Field(None, description="The carrier's (AWB).")


class ShipmentName(Input):
	shipment: Name


class Asked(Output):
	message: str


PARCELS = Documents("Integration Parcel", Parcel, {"scans": Scan})


@endpoint("GET", "Parcels, oldest change first")
def list(query: ParcelQuery) -> Page[Parcel]:
	"""By tracking number, Shipment or status. With `modified_since`: what has moved. Dry runs are left out."""
	return PARCELS.page(
		query,
		dry_run=0,
		tracking_number=query.tracking_number,
		shipment=query.shipment,
		delivery_note=query.delivery_note,
		status=query.status,
	)


@endpoint("GET", "One parcel")
def get(query: ParcelName) -> Parcel:
	"""With every scan that the carrier has told. Of two carriers' parcels with one number: the newest."""
	if (query.name is None) == (query.tracking_number is None):
		raise invalid("tracking_number", _("give either this or name"))
	return PARCELS.answer(One(name=query.name or _numbered(query.tracking_number), fields=query.fields))


def _numbered(number: str) -> str:
	PARCELS.must("read")
	found = frappe.get_list(
		PARCELS.doctype,
		filters={"tracking_number": number, "dry_run": 0},
		order_by="creation desc",
		limit_page_length=1,
		pluck="name",
	)
	if not found:
		raise ApiError("not_found", _("There is no parcel {0}.").format(number))
	return found[0]


@endpoint("POST", "Ask the carriers where the parcels of a Shipment are", status=202)
def refresh(one: ShipmentName) -> Asked:
	"""In the background; what they say is in `list` and `get` soon after. Needs the right to write the Shipment."""
	SHIPMENTS.open(one.shipment, "write")
	return {"message": shipping.refresh(one.shipment)}
