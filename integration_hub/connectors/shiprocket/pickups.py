"""Asking a courier to come by."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from integration_hub.connectors.shiprocket import dry_run
from integration_hub.connectors.shiprocket.client import Client, Refused
from integration_hub.connectors.shiprocket.papers import shipment_ids
from integration_hub.connectors.shiprocket.shapes import a_dict, instant, text
from integration_hub.records import Pickup, PickupRequest

#: "Already in Pickup Queue.", "Duplicate request for pickup generation": it was asked for before
_ASKED_BEFORE = re.compile(r"already\b.{0,40}\b(?:pick-?up|queue|schedul|generat|request)|duplicate", re.I)


class Picks(Client):
	def request_pickup(self, request: PickupRequest, *, key: str, look_first: bool) -> Pickup:
		"""One call for each parcel, which Shiprocket's call is made for; `at` is the earliest of their times."""
		real = dry_run.real_ones(request.parcels, self.dry_run, "nobody is asked to fetch it")
		if not real:
			return Pickup(reference=f"{dry_run.PREFIX}PICKUP", note="Dry run: nobody was asked to come.")
		asked = [self._ask_for(shipment, request.on) for shipment in shipment_ids(real)]
		references = dict.fromkeys(reference for reference, _at, _note in asked if reference)
		times = [at for _reference, at, _note in asked if at]
		return Pickup(
			reference=", ".join(references),
			at=min(times) if times else None,
			note=" ".join(dict.fromkeys(note for _reference, _at, note in asked if note)),
		)

	def _ask_for(self, shipment: int, on: date | None) -> tuple[str, datetime | None, str]:
		request: dict[str, Any] = {"shipment_id": [shipment]}
		if on:
			request["pickup_date"] = [on.isoformat()]
		what = "Shiprocket sends nobody to fetch the parcel"
		try:
			body = a_dict(
				self.ask("POST", "courier/generate/pickup", what=what, json=request, repeatable=False)
			)
		except Refused as refused:
			if not _ASKED_BEFORE.search(refused.detail):
				raise
			return self._asked_before(shipment)
		if _ASKED_BEFORE.search(text(body.get("message"))):
			return self._asked_before(shipment)
		response = a_dict(body.get("response"))
		return (
			_token(response.get("pickup_token_number")),
			instant(response.get("pickup_scheduled_date")),
			text(response.get("data")),
		)

	def _asked_before(self, shipment: int) -> tuple[str, datetime | None, str]:
		data = a_dict(a_dict(self.ask("GET", f"shipments/{shipment}")).get("data"))
		return (
			_token(data.get("pickup_token_number")),
			instant(data.get("pickup_scheduled_date")),
			"It was asked for before.",
		)


def _token(value: Any) -> str:
	""" "Reference No: REF123" → "REF123"."""
	return text(value).rpartition(":")[2].strip()
