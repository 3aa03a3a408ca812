"""What each courier behind Shiprocket would take for a consignment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from integration_hub.connectors.money import rounded, split
from integration_hub.connectors.shiprocket.client import Client, Refused
from integration_hub.connectors.shiprocket.orders import CURRENCY, pincode
from integration_hub.connectors.shiprocket.settings import AIR, ANY, SURFACE
from integration_hub.connectors.shiprocket.shapes import (
	Json,
	a_dict,
	a_list,
	day,
	days,
	is_set,
	number,
	text,
	whole,
)
from integration_hub.failures import Invalid
from integration_hub.records import ZERO, Consignment, Rate

#: other words for "no courier goes there", which is no failure
_NOBODY = ("serviceable", "no courier", "not available", "not found")


class Rates(Client):
	def quote_rates(self, consignment: Consignment) -> Sequence[Rate]:
		"""One Rate per courier that takes every parcel; the amount is for all of them, GST included, as far as the
		account's plan shows it so. Volumetric weight is Shiprocket's to reckon."""
		if consignment.currency != CURRENCY:
			raise Invalid(f"Shiprocket reckons in {CURRENCY}, not in {consignment.currency}.")
		route = self._route(consignment)
		offers = [
			(count, self._offers({**route, **dict(parcel)}))
			for parcel, count in _kinds_of_parcels(consignment).items()
		]
		return _together(offers, with_cod=bool(consignment.cod_amount))

	def _route(self, consignment: Consignment) -> dict[str, Any]:
		start = pincode(consignment.sender)
		place = "" if consignment.is_return else self.pickup_place(consignment.pickup_place)
		if place:  # where the courier really comes to, whatever address our document has
			start = text(self.place(place).get("pin_code")) or start
		end = pincode(consignment.receiver)
		missing = [name for name, value in (("pickup place", start), ("receiving address", end)) if not value]
		if missing:
			raise Invalid(f"The {' and the '.join(missing)} of {consignment.reference} has no pincode.")
		mode = self.config.get("mode") or ANY
		return {
			"pickup_postcode": start,
			"delivery_postcode": end,
			"is_return": int(consignment.is_return),
			**({"mode": mode} if mode in (SURFACE, AIR) else {}),
		}

	def _offers(self, params: Mapping[str, Any]) -> list[Json]:
		try:
			body = self.ask(
				"GET", "courier/serviceability/", what="Shiprocket tells no prices", params=params
			)
		except Refused as refused:
			if _nobody_goes_there(refused):
				return []
			raise
		data = a_dict(body).get("data")
		# couriers within a city come as a plain list
		rows = data if isinstance(data, list) else a_list(a_dict(data).get("available_courier_companies"))
		return [one for one in map(a_dict, rows) if _can_be_had(one)]


def _nobody_goes_there(refused: Refused) -> bool:
	body = a_dict(refused.answer.body)
	inner = whole(body.get("status")) or whole(body.get("status_code"))
	said = refused.detail.lower()
	return 404 in (refused.answer.status, inner) or any(word in said for word in _NOBODY)


def _kinds_of_parcels(consignment: Consignment) -> Counter[tuple[tuple[str, Any], ...]]:
	"""Parcels of the same size are asked for once. Each is declared with its share of value and cash."""
	weights = [parcel.weight for parcel in consignment.parcels]
	values = split(rounded(consignment.value, CURRENCY), weights, CURRENCY)
	kinds: Counter[tuple[tuple[str, Any], ...]] = Counter()
	for parcel, value in zip(consignment.parcels, values, strict=True):
		asked = {
			"weight": _plain(parcel.weight),
			"length": _plain(parcel.length),
			"breadth": _plain(parcel.width),
			"height": _plain(parcel.height),
			"declared_value": _plain(value.to_integral_value(rounding="ROUND_CEILING")),
			"cod": int(consignment.cod_amount > 0),
		}
		kinds[tuple(asked.items())] += 1
	return kinds


def _plain(value: Decimal) -> str:
	return f"{value.normalize():f}"


def _can_be_had(row: Json) -> bool:
	"""Not one that is blocked for this account, leaves the place out (ODA), or could not be ordered for want of an id."""
	return bool(
		whole(row.get("courier_company_id"))
		and _price(row) is not None
		and not is_set(row.get("blocked"))
		and not is_set(row.get("odablock"))
	)


def _price(row: Json) -> Decimal | None:
	return number(row.get("rate") if row.get("rate") not in (None, "") else row.get("rates"))


def _together(offers: Iterable[tuple[int, list[Json]]], with_cod: bool) -> list[Rate]:
	"""The couriers that take all kinds of parcels, with the sum of their prices and the longest of their times."""
	by_courier: dict[int, list[tuple[int, Json]]] = {}
	kinds = 0
	for count, rows in offers:
		kinds += 1
		for row in rows:
			courier = whole(row["courier_company_id"])
			found = by_courier.setdefault(courier, [])
			if len(found) < kinds:  # a courier is listed once
				found.append((count, row))
	rates = [_rate(courier, found) for courier, found in by_courier.items() if len(found) == kinds]
	return [one for one in rates if one.cod or not with_cod]


def _rate(courier: int, found: Sequence[tuple[int, Json]]) -> Rate:
	rows = [row for _count, row in found]
	first = rows[0]
	times = [days(row.get("estimated_delivery_days") or row.get("etd")) for row in rows]
	dates = [day(row.get("etd")) for row in rows]
	return Rate(
		service_id=str(courier),
		service=text(first.get("courier_name")),
		carrier=text(first.get("courier_name")),
		amount=sum((_price(row) * count for count, row in found), ZERO),
		currency=CURRENCY,
		days=max(times) if all(one is not None for one in times) else None,
		arrives_on=max(dates) if all(dates) else None,
		cod=all(is_set(row.get("cod")) for row in rows),
		rating=number(first.get("rating")),
		note=_note(first),
	)


def _note(row: Json) -> str:
	said = []
	if row.get("is_surface") is not None:
		said.append(SURFACE if is_set(row["is_surface"]) else AIR)
	if is_set(row.get("is_hyperlocal")):
		said.append("within the city")
	if number(row.get("charge_weight")):
		said.append(f"charged for {_plain(number(row['charge_weight']))} kg")
	if number(row.get("rto_charges")):
		said.append(f"₹ {number(row['rto_charges']):,.2f} if it comes back")
	return ", ".join(said)
