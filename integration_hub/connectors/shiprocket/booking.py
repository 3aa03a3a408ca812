"""Ordering transport: order → courier and AWB → label, every step of which can be taken up again.

`POST orders/create/adhoc` with a number that is in use gives back the order that has it (or a 422), also when that
order was cancelled: then a new number is needed (-R1, -R2 …). So an order is never made twice. The AWB, which costs
money, is only asked for when the shipment is seen to have none, or when the order was made a moment ago.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from integration_hub.connectors.contract import Outcome
from integration_hub.connectors.shiprocket import dry_run
from integration_hub.connectors.shiprocket.client import Answer, Refused
from integration_hub.connectors.shiprocket.orders import CURRENCY, EWAY_BILL_ABOVE, PlannedOrder, plan
from integration_hub.connectors.shiprocket.papers import Papers
from integration_hub.connectors.shiprocket.rates import Rates
from integration_hub.connectors.shiprocket.shapes import (
	Json,
	a_dict,
	a_list,
	is_set,
	number,
	text,
	whole,
	words,
)
from integration_hub.failures import Failure, Invalid, Rejected, Waiting
from integration_hub.records import ZERO, BookedParcel, Booking, Consignment, Paper

TRACKING_PAGE = "https://shiprocket.co/tracking/"
#: bookings of one document that were cancelled before; more have another cause
MOST_SUFFIXES = 99
#: orders per page and pages read when an order is looked for by our number
PER_PAGE, MOST_PAGES = 50, 20
#: what an order made a moment ago is called; any other word means that it was there before
FRESH = ("NEW", "RETURN PENDING")

_USED = re.compile(r"already|exist|duplicate|cancel|unique|been taken", re.I)
_ALREADY = re.compile(r"already|assigned|exist", re.I)


@dataclass(frozen=True)
class Found:
	"""An order at Shiprocket and what it has so far."""

	order_id: str
	shipment_id: str
	name: str
	cancelled: bool = False
	fresh: bool = False
	awb: str = ""
	courier_id: str = ""
	courier: str = ""

	def parcel(self, cod_amount: Decimal) -> BookedParcel:
		return BookedParcel(
			tracking_number=self.awb,
			id=self.shipment_id,
			order_id=self.order_id,
			tracking_url=TRACKING_PAGE + self.awb,
			cod_amount=cod_amount,
		)


class Books(Papers, Rates):
	def book_shipment(
		self, consignment: Consignment, service_id: str, *, key: str, look_first: bool
	) -> Booking:
		"""`service_id` is the courier's id of a Rate; "" leaves the choice to Shiprocket. Raises Waiting while it is
		still choosing, Invalid for an empty wallet, a wrong pickup place or an address that it would refuse."""
		place = self.pickup_place(consignment.pickup_place)
		orders = plan(
			consignment,
			pickup_place=place,
			channel_id=self.config.get("channel_id") or "",
			fallback_email=consignment.sender.email or self.config.get("email") or "",
		)
		if service_id and whole(service_id) is None:
			raise Invalid(f"{service_id!r} is not the id of a courier at Shiprocket.")
		if self.dry_run:
			return self._rehearse(consignment, orders, service_id)
		booked: list[Found] = []
		for order in orders:
			try:
				booked.append(self._book(order, service_id, look_first))
			except (Invalid, Rejected, Waiting) as failure:
				raise _so_far(failure, booked, len(orders)) from failure
		return self._booking(consignment, orders, booked)

	def _booking(
		self, consignment: Consignment, orders: Sequence[PlannedOrder], booked: Sequence[Found]
	) -> Booking:
		parcels = tuple(one.parcel(order.cod) for one, order in zip(booked, orders, strict=True))
		papers: Sequence[Paper] = ()
		notes = [] if consignment.tax_document else _eway_bill(consignment)
		try:
			papers = self.fetch_labels(parcels)
		except Failure as failure:
			# it is ordered and paid: that must be known, whatever becomes of the label
			notes.append(f"The label could not be fetched yet: {failure.sentence}")
		return Booking(
			reference=consignment.reference,
			carrier=booked[0].courier or self.title,
			service_id=booked[0].courier_id,
			service=booked[0].courier,
			parcels=parcels,
			cost=self._cost(booked),
			currency=CURRENCY,
			papers=tuple(papers),
			note=" ".join(notes),
		)

	def _cost(self, booked: Sequence[Found]) -> Decimal | None:
		"""What was taken from the wallet, as far as the orders say so by now."""
		amounts = []
		for one in booked:
			try:
				data = a_dict(a_dict(self.ask("GET", f"orders/show/{one.order_id}")).get("data"))
			except Failure:
				return None  # it is booked; the statement of the wallet tells the price as well
			charges = a_dict(a_dict(data.get("awb_data")).get("charges"))
			freight = number(charges.get("freight_charges"))
			if not freight:
				return None
			amounts.append(freight + (number(charges.get("cod_charges")) or ZERO))
		return sum(amounts, ZERO)

	def _rehearse(self, consignment: Consignment, orders: list[PlannedOrder], service_id: str) -> Booking:
		"""Everything that changes nothing: the pickup place, and whether the courier goes there."""
		rates = self.quote_rates(consignment)
		rate = next((one for one in rates if service_id in ("", one.service_id)), None)
		if rate is None:
			raise Rejected(
				f"No courier of Shiprocket takes {consignment.reference}."
				if not service_id
				else f"The courier {service_id} of Shiprocket does not take {consignment.reference}."
			)
		return dry_run.booking(consignment.reference, orders, rate)

	# one parcel

	def _book(self, order: PlannedOrder, service_id: str, look_first: bool) -> Found:
		found = self._live(order) if look_first else None
		found = found or self._create(order)
		if not found.awb and (look_first or not found.fresh):
			found = self._look(found)
		return found if found.awb else self._assign(found, service_id, order.is_return)

	def _create(self, order: PlannedOrder) -> Found:
		"""The order made now, or the one that has our number already."""
		name, tried = order.order_id, 0
		while tried <= MOST_SUFFIXES:
			made, refused = self._made(order, name)
			if made and not made.cancelled:
				return made
			if refused and not _USED.search(refused.detail):
				raise self._no_order(refused, order)
			rows = self._rows(order)
			live = _latest(rows)
			if live:
				return live
			if refused and not rows:
				raise self._no_order(refused, order)
			tried = max([tried, *(_suffix(one.name, order.order_id) for one in rows)]) + 1
			name = f"{order.order_id}-R{tried}"
		raise Rejected(f"{order.order_id} was cancelled at Shiprocket {MOST_SUFFIXES} times.")

	def _made(self, order: PlannedOrder, name: str) -> tuple[Found | None, Failure | None]:
		"""The order in the answer of a create call, or why there is none."""
		what = f"Shiprocket does not take the order {order.order_id}"
		refused: Failure | None = None
		try:
			answer = Answer(
				200, self.ask("POST", order.path, what=what, json=order.named(name), repeatable=False)
			)
		except Refused as failure:
			answer, refused = failure.answer, failure
		made = _read_order(a_dict(answer.body), name)
		# an order that was not made is refused, also when nothing but a message with HTTP 200 says so
		return made, None if made else refused or self.failure(answer, what)

	def _no_order(self, failure: Failure, order: PlannedOrder) -> Failure:
		place = text(order.request.get("pickup_location"))
		misplaced = self.misplaced(failure, place) if isinstance(failure, Refused) else None
		return misplaced or failure

	def _assign(self, found: Found, service_id: str, is_return: bool) -> Found:
		request: dict[str, Any] = {"shipment_id": int(found.shipment_id)}
		if service_id:
			request["courier_id"] = int(service_id)
		if is_return:
			request["is_return"] = True
		what = f"Shiprocket assigns no courier to {found.name}"
		failure: Failure = Waiting(f"Shiprocket is still assigning a courier to {found.name}.")
		try:
			body = a_dict(self.ask("POST", "courier/assign/awb", what=what, json=request, repeatable=False))
			data = a_dict(a_dict(body.get("response")).get("data"))
			if awb := text(data.get("awb_code")):
				return replace(
					found,
					awb=awb,
					courier_id=text(data.get("courier_company_id")) or service_id,
					courier=text(data.get("courier_name")),
				)
			# {"success": true, "message": "We are processing your request"} is no refusal
			if words(body) and not is_set(body.get("success")):
				raise self.failure(Answer(200, body), what)
		except Refused as refused:
			if not _ALREADY.search(refused.detail):
				raise
			failure = refused
		seen = self._look(found)
		if seen.awb:
			return seen
		raise failure

	# what is there already

	def _live(self, order: PlannedOrder) -> Found | None:
		return _latest(self._rows(order))

	def _rows(self, order: PlannedOrder) -> list[Found]:
		"""All orders that were ever made for this parcel, cancelled ones too."""
		path = "orders/processing/return" if order.is_return else "orders"
		rows: list[Found] = []
		for page in range(1, MOST_PAGES + 1):
			params = {"search": order.order_id, "per_page": PER_PAGE, "page": page}
			body = a_dict(self.ask("GET", path, params=params))
			found = [_listed(one) for one in map(a_dict, a_list(body.get("data")))]
			rows += [one for one in found if _suffix(one.name, order.order_id) is not None]
			pages = a_dict(a_dict(body.get("meta")).get("pagination")).get("total_pages")
			if page >= (whole(pages) or 1):
				break
		return rows

	def _look(self, found: Found) -> Found:
		"""What its shipment has by now."""
		data = a_dict(a_dict(self.ask("GET", f"shipments/{found.shipment_id}")).get("data"))
		return replace(
			found,
			awb=text(data.get("awb")) or text(data.get("awb_code")),
			courier_id=text(data.get("sr_courier_id")) or found.courier_id,
			courier=text(data.get("courier")) or found.courier,
		)

	# calling off

	def cancel_shipment(self, parcels: Sequence[BookedParcel]) -> Sequence[Outcome]:
		"""One call each, because an answer for several does not say which of them is refused. The order is
		cancelled with its AWB; its number is used up."""
		return [self._cancel(parcel) for parcel in parcels]

	def _cancel(self, parcel: BookedParcel) -> Outcome:
		try:
			if dry_run.real_ones([parcel], self.dry_run, "it is not cancelled"):
				self._call_off(parcel)
		except Failure as failure:
			return Outcome(parcel.tracking_number, failure)
		return Outcome(parcel.tracking_number, outside_id=parcel.order_id)

	def _call_off(self, parcel: BookedParcel) -> None:
		path, request = "orders/cancel/shipment/awbs", {"awbs": [parcel.tracking_number]}
		if parcel.order_id:
			path, request = "orders/cancel", {"ids": [int(parcel.order_id)]}
		try:
			self.ask("POST", path, what=f"Shiprocket does not cancel {parcel.tracking_number}", json=request)
		except Refused:
			if not self._is_cancelled(parcel):
				raise

	def _is_cancelled(self, parcel: BookedParcel) -> bool:
		if not parcel.order_id:
			return False
		try:
			answer = self.ask("GET", f"orders/show/{parcel.order_id}")
		except Refused:
			return False
		return _cancelled(a_dict(a_dict(answer).get("data")))


def _read_order(body: Json, name: str) -> Found | None:
	"""The order in the answer of a create call; None when there is none."""
	order_id, shipment_id = text(body.get("order_id")), text(body.get("shipment_id"))
	if not (order_id.isdigit() and shipment_id.isdigit()):
		return None
	return Found(
		order_id=order_id,
		shipment_id=shipment_id,
		name=name,
		cancelled=_cancelled(body),
		fresh=text(body.get("status")).upper() in FRESH,
		awb=text(body.get("awb_code")),
		courier_id=text(body.get("courier_company_id")),
		courier=text(body.get("courier_name")),
	)


def _listed(row: Json) -> Found:
	shipment = a_dict(next(iter(a_list(row.get("shipments"))), {}))
	name, channel = text(row.get("channel_order_id")), text(row.get("channel_id"))
	return Found(
		order_id=text(row.get("id")),
		shipment_id=text(shipment.get("id")) or text(row.get("shipment_id")),
		name=name.removeprefix(f"{channel}_") if channel else name,
		cancelled=_cancelled(row),
		awb=text(shipment.get("awb")) or text(shipment.get("awb_code")),
		courier_id=text(shipment.get("sr_courier_id")) or text(shipment.get("courier_id")),
		courier=text(shipment.get("courier")) or text(shipment.get("courier_name")),
	)


def _cancelled(order: Json) -> bool:
	"""By its word: the numbers of orders are another table than those of shipments."""
	return "CANCEL" in text(order.get("status")).upper()


def _suffix(name: str, base: str) -> int | None:
	"""Which booking of `base` an order is: 0 for itself, 1 for "-R1"; None for another document's."""
	if name == base:
		return 0
	found = re.fullmatch(re.escape(base) + r"-R(\d{1,2})", name)
	return int(found[1]) if found else None


def _latest(rows: Sequence[Found]) -> Found | None:
	live = [one for one in rows if not one.cancelled and one.shipment_id]
	return max(live, key=lambda one: (bool(one.awb), int(one.order_id or 0))) if live else None


def _so_far(failure: Failure, booked: Sequence[Found], count: int) -> Failure:
	"""The same failure, with what is ordered and paid already."""
	if not booked:
		return failure
	numbers = ", ".join(one.awb for one in booked)
	return type(failure)(
		f"Parcel {len(booked) + 1} of {count}: {failure.sentence} Ordered already: {numbers}; that is kept and "
		"used when it is tried again.",
		detail=failure.detail,
	)


def _eway_bill(consignment: Consignment) -> list[str]:
	if consignment.value <= EWAY_BILL_ABOVE:
		return []
	return [f"Goods worth more than ₹ {EWAY_BILL_ABOVE:,} need an e-way bill, and none was given."]
