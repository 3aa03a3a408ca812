"""A consignment → Shiprocket's orders, one for each parcel, as requests; and what Shiprocket would refuse, found
before anything is called.

Shiprocket knows no shipment of several parcels: each parcel is an order of its own with its own number, goods, price
and cash on delivery.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal
from typing import Any

from integration_hub.connectors.money import rounded, split
from integration_hub.connectors.shiprocket.shapes import IST
from integration_hub.failures import Invalid
from integration_hub.records import ZERO, Address, Consignment, Goods, Parcel

CURRENCY = "INR"
#: "unique forever", and no longer than this with the suffix of a second booking ("-R1" … "-R99")
LONGEST_ORDER_ID = 50
LONGEST_SUFFIX = len("-R99")
LONGEST_CITY = 30
LONGEST_NAME = 200
LONGEST_SKU = 50
SHORTEST_SIDE = Decimal("0.5")
#: India's tax offices want an e-way bill for goods worth more (₹)
EWAY_BILL_ABOVE = Decimal(50_000)

_PINCODE = re.compile(r"[1-9]\d{5}")
_PHONE = re.compile(r"\d{10}")


@dataclass(frozen=True)
class PlannedOrder:
	"""The order for one parcel. `order_id` is ours; Shiprocket never takes it twice."""

	order_id: str
	parcel: Parcel
	goods: tuple[Goods, ...]
	value: Decimal
	cod: Decimal
	request: dict[str, Any] = field(repr=False)
	is_return: bool = False

	@property
	def path(self) -> str:
		return "orders/create/return" if self.is_return else "orders/create/adhoc"

	def named(self, order_id: str) -> dict[str, Any]:
		"""The request under another number: that of a cancelled order is used up."""
		return {**self.request, "order_id": order_id}


def plan(
	consignment: Consignment, *, pickup_place: str, channel_id: str = "", fallback_email: str = ""
) -> list[PlannedOrder]:
	"""The orders of a consignment. Raises Invalid with all that Shiprocket would refuse in one sentence.

	`fallback_email` stands in for a buyer without one: Shiprocket demands an address.
	"""
	problems = problems_of(consignment, pickup_place)
	if problems:
		raise Invalid(
			f"Shiprocket would not take {consignment.reference}: {'; '.join(dict.fromkeys(problems))}."
		)
	contents = _contents(consignment)
	values = split(rounded(consignment.value, CURRENCY), _worth(consignment, contents), CURRENCY)
	collected = _collected(consignment, values)
	people = _people(consignment, pickup_place, fallback_email)
	return [
		PlannedOrder(
			order_id=order_id,
			parcel=parcel,
			goods=goods,
			value=value,
			cod=cod,
			is_return=consignment.is_return,
			request={
				"order_id": order_id,
				"order_date": consignment.ordered_at.astimezone(IST).strftime("%Y-%m-%d %H:%M"),
				**people,
				**_extras(consignment, channel_id),
				"order_items": _items(goods),
				"payment_method": "COD" if cod else "Prepaid",
				# Shiprocket adds nothing up: what the courier collects is exactly this
				"sub_total": float(cod or value),
				**_size(parcel),
			},
		)
		for order_id, parcel, goods, value, cod in zip(
			order_ids(consignment), consignment.parcels, contents, values, collected, strict=True
		)
	]


def order_ids(consignment: Consignment) -> list[str]:
	"""Our number of each parcel's order: the reference, with -P1, -P2 … when there are several. Not -1: that is how
	ERPNext names an amended document."""
	count = len(consignment.parcels)
	if count == 1:
		return [consignment.reference]
	return [f"{consignment.reference}-P{index}" for index in range(1, count + 1)]


# what Shiprocket would refuse


def problems_of(consignment: Consignment, pickup_place: str) -> list[str]:
	buyer = consignment.sender if consignment.is_return else consignment.receiver
	found = _address_problems(buyer, "buyer's")
	if consignment.is_return:
		found += _address_problems(consignment.receiver, "receiving place's")
	elif not pickup_place:
		found.append("no pickup place is named in the shipment or in the Connection")
	if consignment.currency != CURRENCY:
		found.append(f"amounts must be in {CURRENCY}, not {consignment.currency}")
	longest = max(len(one) for one in order_ids(consignment)) + LONGEST_SUFFIX
	if longest > LONGEST_ORDER_ID:
		found.append(
			f"the reference may have {LONGEST_ORDER_ID - longest + len(consignment.reference)} characters"
		)
	if not consignment.goods and not all(parcel.goods for parcel in consignment.parcels):
		found.append("it does not say which goods are sent")
	if consignment.value <= 0:
		found.append("the goods have no value")
	if consignment.cod_amount < 0:
		found.append("the amount to collect is negative")
	if consignment.is_return and consignment.cod_amount:
		found.append("nothing can be collected for a return")
	if any(
		side < SHORTEST_SIDE for one in consignment.parcels for side in (one.length, one.width, one.height)
	):
		found.append(f"each side of a parcel must be {SHORTEST_SIDE} cm or longer")
	return found


def _address_problems(address: Address, whose: str) -> list[str]:
	found = []
	if address.country_code.upper() not in ("", "IN"):
		found.append(f"the {whose} address is not in India")
	for what, value in (
		("name", address.name or address.company),
		("street", address.line1),
		("city", address.city),
		("state", address.state),
	):
		if not value.strip():
			found.append(f"the {whose} {what} is missing")
	if len(address.city.strip()) > LONGEST_CITY:
		found.append(f"the {whose} city is longer than {LONGEST_CITY} characters")
	if not _PINCODE.fullmatch(pincode(address)):
		found.append(f"the {whose} pincode must have 6 digits ({address.postal_code or 'none is given'})")
	if not _PHONE.fullmatch(phone(address)):
		found.append(f"the {whose} phone must have 10 digits ({address.phone or 'none is given'})")
	return found


def pincode(address: Address) -> str:
	return re.sub(r"\s", "", address.postal_code)


def phone(address: Address) -> str:
	"""The ten digits of an Indian number, without +91 or a leading 0."""
	digits = re.sub(r"\D", "", address.phone)
	for prefix, length in (("0091", 14), ("91", 12), ("0", 11)):
		if len(digits) == length and digits.startswith(prefix):
			return digits[len(prefix) :]
	return digits


# what is in which parcel


def _contents(consignment: Consignment) -> list[tuple[Goods, ...]]:
	"""The goods of each parcel: as said, or dealt out over the parcels when nobody said."""
	parcels = consignment.parcels
	if all(parcel.goods for parcel in parcels):
		return [parcel.goods for parcel in parcels]
	if len(parcels) == 1:
		return [consignment.goods]
	pieces = [_whole(one) for one in consignment.goods]
	count = sum((one.quantity for one in pieces), ZERO)
	if count < len(parcels):
		return _one_thing_in_many_boxes(pieces, parcels)
	return _dealt_out(pieces, _shares(int(count), parcels))


def _whole(goods: Goods) -> Goods:
	"""Shiprocket counts in whole pieces: 1.5 m of cloth is one piece of 1.5 m."""
	if goods.quantity == goods.quantity.to_integral_value():
		return goods
	return goods.model_copy(
		update={
			"quantity": Decimal(1),
			"title": f"{goods.quantity.normalize():f} × {goods.title}",
			"unit_value": goods.unit_value * goods.quantity,
		}
	)


def _shares(count: int, parcels: Sequence[Parcel]) -> list[int]:
	"""How many pieces go into each parcel, by weight; none stays empty."""
	rest = split(Decimal(count - len(parcels)), [one.weight for one in parcels], "JPY")  # whole ones
	return [1 + int(share) for share in rest]


def _dealt_out(pieces: Sequence[Goods], shares: Sequence[int]) -> list[tuple[Goods, ...]]:
	waiting = [(one, int(one.quantity)) for one in pieces]
	dealt = []
	for share in shares:
		box: list[Goods] = []
		while share:
			goods, left = waiting.pop(0)
			taken = min(share, left)
			box.append(goods.model_copy(update={"quantity": Decimal(taken)}))
			share -= taken
			if left > taken:
				waiting.insert(0, (goods, left - taken))
		dealt.append(tuple(box))
	return dealt


def _one_thing_in_many_boxes(pieces: Sequence[Goods], parcels: Sequence[Parcel]) -> list[tuple[Goods, ...]]:
	"""A cupboard in three boxes: each box is a part of it, worth its share by weight."""
	weights = [one.weight for one in parcels]
	boxes: list[list[Goods]] = [[] for _parcel in parcels]
	for goods in pieces:
		values = split(rounded(goods.unit_value * goods.quantity, CURRENCY), weights, CURRENCY)
		for index, value in enumerate(values):
			part = f"{goods.title} (box {index + 1} of {len(parcels)})"
			boxes[index].append(
				goods.model_copy(update={"quantity": Decimal(1), "title": part, "unit_value": value})
			)
	return [tuple(box) for box in boxes]


def _worth(consignment: Consignment, contents: Sequence[Iterable[Goods]]) -> list[Decimal]:
	"""By what the value is divided: what the goods of each parcel are worth, else the weights."""
	worth = [sum((one.unit_value * one.quantity for one in goods), ZERO) for goods in contents]
	return worth if all(one > 0 for one in worth) else [parcel.weight for parcel in consignment.parcels]


def _collected(consignment: Consignment, values: Sequence[Decimal]) -> list[Decimal]:
	"""Cash on delivery of each parcel; the parts add up to the whole."""
	return split(rounded(consignment.cod_amount, CURRENCY), values, CURRENCY)


# the request


def _people(consignment: Consignment, pickup_place: str, fallback_email: str) -> dict[str, Any]:
	if consignment.is_return:
		return {
			**_person("pickup", consignment.sender, fallback_email),
			"pickup_isd_code": "91",
			**_person("shipping", consignment.receiver, fallback_email),
			"shipping_isd_code": "91",
		}
	return {
		"pickup_location": pickup_place,
		**_person("billing", consignment.receiver, fallback_email),
		"shipping_is_billing": True,
	}


def _person(role: str, address: Address, fallback_email: str) -> dict[str, Any]:
	name = (address.name or address.company).strip()
	first, _blank, last = name.partition(" ")
	second = [address.line2.strip()]
	if address.company.strip() and address.company.strip() != name:
		second.insert(0, address.company.strip())
	return {
		f"{role}_customer_name": first,
		f"{role}_last_name": last.strip(),
		f"{role}_address": address.line1.strip(),
		f"{role}_address_2": ", ".join(filter(None, second)),
		f"{role}_city": address.city.strip(),
		f"{role}_pincode": pincode(address),
		f"{role}_state": address.state.strip(),
		f"{role}_country": "India",
		f"{role}_email": address.email.strip() or fallback_email,
		f"{role}_phone": phone(address),
	}


def _extras(consignment: Consignment, channel_id: str) -> dict[str, Any]:
	known = {
		"channel_id": channel_id,
		"comment": consignment.note,
		"invoice_number": consignment.invoice_number,
		"ewaybill_no": consignment.tax_document,
		"customer_gstin": consignment.receiver_tax_id,
	}
	return {name: value for name, value in known.items() if value}


def _items(goods: Iterable[Goods]) -> list[dict[str, Any]]:
	"""Order lines. A SKU may stand in an order once, so equal lines become one, and others get a number."""
	merged: dict[tuple[str, str, Decimal], Goods] = {}
	for one in map(_whole, goods):
		key = (one.sku, one.title, one.unit_value)
		former = merged.get(key)
		quantity = one.quantity + (former.quantity if former else ZERO)
		merged[key] = one.model_copy(update={"quantity": quantity})
	items, taken = [], set()
	for one in merged.values():
		sku = _free_sku((one.sku or one.title)[:LONGEST_SKU], taken)
		item = {
			"name": one.title[:LONGEST_NAME] or sku,
			"sku": sku,
			"units": int(one.quantity),
			"selling_price": f"{rounded(one.unit_value, CURRENCY):f}",
		}
		if one.tax_rate is not None:
			item["tax"] = f"{one.tax_rate.normalize():f}"
		if one.tariff_code:
			item["hsn"] = one.tariff_code
		items.append(item)
	return items


def _free_sku(wanted: str, taken: set[str]) -> str:
	sku, number = wanted, 1
	while sku in taken:
		number += 1
		sku = f"{wanted[: LONGEST_SKU - 4]}-{number}"
	taken.add(sku)
	return sku


def _size(parcel: Parcel) -> dict[str, float]:
	"""Centimetres and kilograms; halves of a millimetre and of a gram go up, as couriers weigh."""
	return {
		"length": _up(parcel.length, "0.1"),
		"breadth": _up(parcel.width, "0.1"),
		"height": _up(parcel.height, "0.1"),
		"weight": _up(parcel.weight, "0.001"),
	}


def _up(value: Decimal, step: str) -> float:
	return float(value.quantize(Decimal(step), rounding=ROUND_UP))
