"""Bookings that are made up: Shiprocket has no test mode, and each real booking costs money.

The numbers are recognised whenever they come back, also after the switch was turned off, and are never told to
Shiprocket.
"""

from __future__ import annotations

from collections.abc import Sequence

from integration_hub.connectors.shiprocket.orders import CURRENCY, PlannedOrder
from integration_hub.failures import Invalid
from integration_hub.records import BookedParcel, Booking, Rate

PREFIX = "DRYRUN-"


def made_up(parcel: BookedParcel | str) -> bool:
	number = parcel if isinstance(parcel, str) else parcel.tracking_number
	return number.startswith(PREFIX)


def booking(reference: str, orders: Sequence[PlannedOrder], rate: Rate) -> Booking:
	return Booking(
		reference=reference,
		carrier=rate.carrier,
		service_id=rate.service_id,
		service=rate.service,
		parcels=tuple(
			BookedParcel(tracking_number=f"{PREFIX}{one.order_id}", cod_amount=one.cod) for one in orders
		),
		cost=rate.amount,
		currency=CURRENCY,
		dry_run=True,
		note="Dry run: nothing was ordered at Shiprocket.",
	)


def real_ones(parcels: Sequence[BookedParcel], dry_run: bool, what: str) -> list[BookedParcel]:
	"""The parcels Shiprocket knows. Raises Invalid when there are such and the switch forbids to touch them."""
	real = [one for one in parcels if not made_up(one)]
	if real and dry_run:
		raise Invalid(
			f"Dry run is on, and {real[0].tracking_number} is a real parcel: {what}. Turn the dry run off in the Connection."
		)
	return real
