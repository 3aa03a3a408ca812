"""Records of carriers: what shall be shipped, what it would cost, what was booked, and where it is.

Weights are kilograms, sizes centimetres, both Decimal; money in major units of the consignment's currency.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from integration_hub.records.base import ZERO, Address, Amount, Record


class Goods(Record):
	"""A kind of goods in a consignment. `unit_value` is what the buyer pays for one piece, taxes included; `tax_rate`
	in per cent; `tariff_code` is the HS or HSN code where customs or tax offices want one."""

	sku: str
	title: str
	quantity: Amount
	unit_value: Amount = ZERO
	tax_rate: Amount | None = None
	tariff_code: str = ""
	origin_country: str = ""
	weight: Amount | None = None


class Parcel(Record):
	"""One box. `goods` may be empty when nobody said what is in which box."""

	weight: Amount = Field(gt=0)
	length: Amount = Field(gt=0)
	width: Amount = Field(gt=0)
	height: Amount = Field(gt=0)
	goods: tuple[Goods, ...] = ()


class Consignment(Record):
	"""What a carrier shall take from `sender` to `receiver`.

	`reference` is our document's name; it stays the same on every try and is how a lost answer is looked up. For a
	`is_return` the sender is the buyer. `pickup_place` is the carrier's own name of the place it collects from
	("" lets it follow from the address). `cod_amount` above zero is collected from the receiver (cash on delivery).
	`value` is what the goods are worth, taxes included. `tax_document` is the number of a paper that must travel along
	(India's e-way bill); the tax ids are VAT, GST or EORI numbers of both sides.
	"""

	reference: str
	order_number: str = ""
	ordered_at: AwareDatetime
	invoice_number: str = ""
	sender: Address
	receiver: Address
	pickup_place: str = ""
	parcels: tuple[Parcel, ...] = Field(min_length=1)
	goods: tuple[Goods, ...]
	currency: str
	value: Amount
	cod_amount: Amount = ZERO
	is_return: bool = False
	ready_at: AwareDatetime | None = None
	tax_document: str = ""
	sender_tax_id: str = ""
	receiver_tax_id: str = ""
	note: str = ""

	@property
	def weight(self) -> Amount:
		return sum((parcel.weight for parcel in self.parcels), ZERO)


class Rate(Record):
	"""One offer for a consignment. `amount` is the whole price (None where the carrier names none, but says that it goes
	there); `service_id` is what booking wants."""

	service_id: str
	service: str
	carrier: str
	amount: Amount | None
	currency: str
	days: Amount | None = None
	arrives_on: date | None = None
	cod: bool = False
	rating: Amount | None = None
	note: str = ""


class BookedParcel(Record):
	"""A parcel the carrier knows. `id` and `order_id` are the vendor's, where it has such (`order_id`: of the whole booking,
	a master number, say); `cod_amount` is what is collected for this one."""

	tracking_number: str
	id: str = ""
	order_id: str = ""
	tracking_url: str = ""
	cod_amount: Amount = ZERO


class Paper(Record):
	"""A document of the carrier: a label, a manifest, a customs or an invoice form."""

	kind: Literal["label", "manifest", "invoice", "customs"]
	name: str
	media_type: str = "application/pdf"
	content: bytes


class Booking(Record):
	"""What became of a consignment. `cost` is None where the carrier does not say. A `dry_run` was made up here and
	told to nobody. Labels are in `papers`, as far as the carrier gave them along."""

	reference: str
	carrier: str
	service_id: str = ""
	service: str = ""
	parcels: tuple[BookedParcel, ...] = Field(min_length=1)
	cost: Amount | None = None
	currency: str = ""
	pickup_at: AwareDatetime | None = None
	pickup_reference: str = ""
	papers: tuple[Paper, ...] = ()
	dry_run: bool = False
	note: str = ""


class PickupRequest(Record):
	"""The carrier shall come by for `parcels`, all at one place. `pickup_place` is the carrier's own name of it, `address`
	where that is (its contact, too); they are ready at `ready_at`, and nobody is there any more after `closes_at`. `on`
	None leaves the day to the carrier. `weight` is of all of them, in kilograms."""

	parcels: tuple[BookedParcel, ...] = Field(min_length=1)
	address: Address
	pickup_place: str = ""
	on: date | None = None
	ready_at: AwareDatetime | None = None
	closes_at: AwareDatetime | None = None
	weight: Amount = ZERO
	service_id: str = ""


class Pickup(Record):
	"""The carrier comes by. `at` is None where it does not say when; `reference` is all that it wants to hear to be called
	off (a number, and the place where it asks for that too)."""

	reference: str
	at: AwareDatetime | None = None
	note: str = ""


#: the one small set of states, in the order in which a parcel usually goes through them
TrackingStatus = Literal[
	"created",
	"picked_up",
	"in_transit",
	"out_for_delivery",
	"delivered",
	"failed_attempt",
	"returned",
	"exception",
	"cancelled",
]
#: nothing more will happen to such a parcel, unless its Tracking says that there is more to come
FINAL: frozenset[str] = frozenset({"delivered", "returned", "cancelled"})


class Scan(Record):
	"""One thing that happened to a parcel. `text` and `location` are the carrier's own words."""

	at: AwareDatetime
	status: TrackingStatus | None = None
	text: str = ""
	location: str = ""


class Tracking(Record):
	"""Where a parcel is, as the carrier knows it now. `version` grows with each change (ISO time of the last scan).

	A parcel is "returned" from the moment it turns back; `more_to_come` says that it has not arrived yet (or that a
	cancellation is only asked for), so it must be watched further. `order_id` is the carrier's order (see BookedParcel),
	by which a parcel is still found when people there have given it to another courier, under a new number.
	"""

	tracking_number: str
	order_id: str = ""
	version: str
	status: TrackingStatus
	at: AwareDatetime
	text: str = ""
	carrier: str = ""
	scans: tuple[Scan, ...] = ()
	arrives_on: date | None = None
	delivered_at: AwareDatetime | None = None
	received_by: str = ""
	url: str = ""
	is_return: bool = False
	more_to_come: bool = False

	@property
	def is_final(self) -> bool:
		"""Nothing more will happen to this parcel."""
		return self.status in FINAL and not self.more_to_come
