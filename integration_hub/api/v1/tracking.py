"""Where parcels are: what the carriers have told, in one small set of statuses for all of them."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from integration_hub.api import shipping
from integration_hub.api.rest.documents import Documents
from integration_hub.api.rest.endpoint import endpoint
from integration_hub.api.rest.shapes import Input, Listing, Money, Name, One, Output, Page, Text
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


class ShipmentName(Input):
	shipment: Name


class Asked(Output):
	message: str


PARCELS = Documents("Integration Parcel", Parcel, {"scans": Scan})


@endpoint("GET", "Parcels, oldest change first")
def list(query: ParcelQuery) -> Page[Parcel]:
	"""By tracking number, Shipment or status. With `modified_since`: what has moved."""
	return PARCELS.page(
		query,
		tracking_number=query.tracking_number,
		shipment=query.shipment,
		delivery_note=query.delivery_note,
		status=query.status,
	)


@endpoint("GET", "One parcel")
def get(query: One) -> Parcel:
	"""With every scan that the carrier has told."""
	return PARCELS.answer(query)


@endpoint("POST", "Ask the carriers where the parcels of a Shipment are", status=202)
def refresh(one: ShipmentName) -> Asked:
	"""In the background; what they say is in `list` and `get` soon after. Needs the right to write the Shipment."""
	SHIPMENTS.open(one.shipment, "write")
	return {"message": shipping.refresh(one.shipment)}
