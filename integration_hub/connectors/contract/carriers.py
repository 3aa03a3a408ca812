"""What a carrier's connector may be able to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

from integration_hub.connectors.contract.base import Outcome
from integration_hub.records import (
	BookedParcel,
	Booking,
	Consignment,
	Paper,
	Pickup,
	PickupRequest,
	Rate,
	Tracking,
)


@runtime_checkable
class QuotesRates(Protocol):
	def quote_rates(self, consignment: Consignment) -> Sequence[Rate]:
		"""What each service would cost; empty when nobody goes there. Changes nothing at the vendor."""


@runtime_checkable
class ShipsParcels(Protocol):
	def book_shipment(
		self, consignment: Consignment, service_id: str, *, key: str, look_first: bool
	) -> Booking:
		"""Order the transport of all parcels, once, whatever number of calls that takes: with `look_first` find by
		`consignment.reference` how far a former try got and go on from there. `service_id` is a Rate's; "" leaves
		the choice to the vendor, where it makes one. Where the vendor cannot be searched by reference,
		`look_first` raises Invalid: a person looks before it is booked again. Raises Waiting when the vendor has not
		finished (the next try comes with `look_first`), Rejected with the vendor's reason when it will not take it, Invalid when a person
		must mend something first (an address, an empty prepaid account). A label that could not be had does not
		undo a booking: `papers` is empty then, `note` says why, and `fetch_labels` brings it later."""

	def cancel_shipment(self, parcels: Sequence[BookedParcel]) -> Sequence[Outcome]:
		"""Call parcels off (Outcome.key = tracking number). One that is cancelled already is no failure; one that
		has left is Rejected."""

	def fetch_labels(self, parcels: Sequence[BookedParcel]) -> Sequence[Paper]:
		"""The labels, one Paper for all or one each; empty where the vendor gives none a second time."""


@runtime_checkable
class PicksUpParcels(Protocol):
	def request_pickup(self, request: PickupRequest, *, key: str, look_first: bool) -> Pickup:
		"""Ask the carrier to come by. A pickup that was asked for already is returned."""


@runtime_checkable
class ManifestsParcels(Protocol):
	def make_manifest(
		self, parcels: Sequence[BookedParcel], *, key: str, look_first: bool
	) -> Sequence[Paper]:
		"""The list of parcels that the driver signs."""


@runtime_checkable
class TracksParcels(Protocol):
	#: parcels asked for together: as many as one call takes; where that is one, as many as can be asked for in a minute
	tracking_batch: ClassVar[int]

	def fetch_tracking(self, tracking_numbers: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
		"""Payloads by tracking number, any number of them. A number that is unknown, or not scanned yet, is missing
		in the answer: that is no news, the parcel stays as it is."""

	def read_tracking(self, payload: Mapping[str, Any]) -> Tracking: ...


@runtime_checkable
class FollowsParcels(TracksParcels, Protocol):
	def follow_parcels(self, parcels: Sequence[BookedParcel]) -> Mapping[str, Mapping[str, Any]]:
		"""Payloads for `read_tracking` of parcels that may go by another number by now, found by what the vendor keeps them
		under; by the tracking number that they are asked with. One of which there is no news is missing. It may take
		a call for each, so few are asked for: those that are silent or called off."""
