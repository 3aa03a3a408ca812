"""Where parcels are: asked for in batches, or told by webhook; both are read into the same record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, ClassVar, get_args

from pydantic import ValidationError

from integration_hub.connectors.shiprocket import dry_run
from integration_hub.connectors.shiprocket.client import Client, Refused
from integration_hub.connectors.shiprocket.shapes import (
	Json,
	a_dict,
	a_list,
	day,
	instant,
	is_set,
	stamp,
	text,
	whole,
)
from integration_hub.connectors.shiprocket.statuses import scan_status, status_of
from integration_hub.failures import Rejected
from integration_hub.records import BookedParcel, Scan, Tracking, TrackingStatus

#: states that Shiprocket's table counts to "returned" or "cancelled" and that are not the end: on the way back,
#: cancellation only asked for
UNFINISHED = frozenset({9, 16, 40, 41, 46, 75, 78})
NOT_TOLD = "Shiprocket does not tell where parcels are"
#: how far along a state is; it orders two changes that carry the same time
_ORDER = {status: place for place, status in enumerate(get_args(TrackingStatus))}


class Tracks(Client):
	tracking_batch: ClassVar[int] = 50

	def fetch_tracking(self, tracking_numbers: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
		"""By AWB. One that Shiprocket does not know is missing, and so is one that no courier has scanned yet: it
		answers both alike. Parcels of a dry run are asked for nowhere."""
		wanted = [one for one in dict.fromkeys(tracking_numbers) if one and not dry_run.made_up(one)]
		found: dict[str, Mapping[str, Any]] = {}
		for start in range(0, len(wanted), self.tracking_batch):
			found |= self._tracked(wanted[start : start + self.tracking_batch])
		return found

	def _tracked(self, numbers: Sequence[str]) -> dict[str, Mapping[str, Any]]:
		if len(numbers) == 1:
			return self._told_of(numbers[0], f"courier/track/awb/{numbers[0]}")
		try:
			body = self.ask("POST", "courier/track/awbs", what=NOT_TOLD, json={"awbs": list(numbers)})
		except Refused as refused:
			if refused.answer.status != 404:
				raise
			return {}
		answers = _by_number(body)
		return _news({number: answers.get(number) for number in numbers})

	def _told_of(self, number: str, path: str) -> dict[str, Mapping[str, Any]]:
		try:
			return _news({number: self.ask("GET", path, what=NOT_TOLD)})
		except Refused as refused:
			if refused.answer.status != 404:
				raise
			return {}

	def follow_parcels(self, parcels: Sequence[BookedParcel]) -> Mapping[str, Mapping[str, Any]]:
		"""By their shipments: those stay the same when people at Shiprocket give a parcel to another courier, the AWB does
		not. One call each."""
		found: dict[str, Mapping[str, Any]] = {}
		for one in parcels:
			if one.id.isdigit() and not dry_run.made_up(one.tracking_number):
				told_of = self._told_of(one.tracking_number, f"courier/track/shipment/{one.id}")
				for number, payload in told_of.items():
					track = a_dict(next(iter(a_list(payload["tracking_data"].get("shipment_track"))), {}))
					found[number] = {**payload, "awb": text(track.get("awb_code")) or number}
		return found

	def read_tracking(self, payload: Mapping[str, Any]) -> Tracking:
		"""Raises Rejected for what is neither a webhook's body nor what `fetch_tracking` gave."""
		try:
			if "tracking_data" in payload:
				return _asked(payload)
			return told(payload)
		except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, ValidationError) as error:
			raise Rejected("Shiprocket's tracking cannot be read.", detail=repr(error)) from error


def _by_number(body: Any) -> Mapping[str, Any]:
	"""An object keyed by AWB; or a list of such, each with one."""
	if isinstance(body, list):
		return {number: inner for one in body for number, inner in a_dict(one).items()}
	return a_dict(body)


def _news(answers: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
	"""What `read_tracking` reads, of those numbers that there is something to tell of."""
	asked_at = datetime.now(timezone.utc).isoformat()
	found = {number: _data(body) for number, body in answers.items()}
	# the answer does not always repeat which parcel it is about
	return {
		number: {"awb": number, "asked_at": asked_at, "tracking_data": data}
		for number, data in found.items()
		if data
	}


def _data(body: Any) -> Json:
	data = a_dict(a_dict(body).get("tracking_data"))
	return data if whole(data.get("track_status")) == 1 else {}


def _asked(payload: Json) -> Tracking:
	data = a_dict(payload["tracking_data"])
	shipment = a_dict(next(iter(a_list(data.get("shipment_track"))), {}))
	scans = read_scans(data.get("shipment_track_activities"))
	code, label = data.get("shipment_status"), text(shipment.get("current_status"))
	dates = [instant(shipment.get(name)) for name in ("pickup_date", "delivered_date", "rto_delivered_date")]
	known = [one.at for one in scans[:1]] + [one for one in dates if one]
	return _tracking(
		number=text(payload["awb"]),
		order_id=text(shipment.get("order_id")),
		code=code,
		label=label,
		scans=scans,
		known=max(known) if known else None,
		at=max(known) if known else datetime.fromisoformat(payload["asked_at"]),
		carrier=text(shipment.get("courier_name")),
		arrives=data.get("etd") or shipment.get("edd"),
		delivered_at=instant(shipment.get("delivered_date")),
		url=text(data.get("track_url")),
		is_return=is_set(data.get("is_return")),
	)


def told(body: Json) -> Tracking:
	"""A webhook's body. Raises ValueError when it is about no parcel or no time."""
	number = text(body.get("awb"))
	if not number:
		raise ValueError("no awb")
	scans = read_scans(body.get("scans"))
	code, label = shipment_status(body), text(body.get("shipment_status"))
	at = instant(body.get("current_timestamp")) or (scans[0].at if scans else None)
	if at is None:
		raise ValueError("no time")
	# a scan of this very state tells when it was entered, and so does the answer when we ask; the body's own time
	# is when it was sent
	same = [one.at for one in scans if one.status == status_of(code, label)[0]]
	return _tracking(
		number=number,
		order_id=text(body.get("sr_order_id")),
		code=code,
		label=label,
		scans=scans,
		known=max(one.at for one in scans) if same else at,
		at=same[0] if same else at,
		carrier=text(body.get("courier_name")),
		arrives=body.get("etd"),
		delivered_at=None,
		url="",
		is_return=is_set(body.get("is_return")),
	)


def shipment_status(body: Json) -> Any:
	"""The number of the shipment table in a webhook's body. `current_status_id` is of the order table: never that."""
	code = body.get("shipment_status_id")
	if whole(code) is not None:
		return code
	newest = a_dict(next(iter(_newest_first(a_list(body.get("scans")))), {}))
	return newest.get("sr-status") if whole(newest.get("sr-status")) is not None else code


def _tracking(
	*,
	number: str,
	order_id: str,
	code: Any,
	label: str,
	scans: tuple[Scan, ...],
	known: datetime | None,
	at: datetime,
	carrier: str,
	arrives: Any,
	delivered_at: datetime | None,
	url: str,
	is_return: bool,
) -> Tracking:
	status, note = status_of(code, label)
	if status == "delivered" and not delivered_at:
		delivered_at = next((one.at for one in scans if one.status == "delivered"), at)
	newest = scans[0].text if scans else ""
	return Tracking(
		tracking_number=number,
		order_id=order_id,
		version=version(known, status),
		status=status,
		more_to_come=whole(code) in UNFINISHED,
		at=at,
		text="; ".join(filter(None, (label, newest if newest.lower() != label.lower() else "", note))),
		carrier=carrier,
		scans=scans,
		arrives_on=day(arrives),
		delivered_at=delivered_at if status == "delivered" else None,
		url=url,
		is_return=is_return,
	)


def version(known: datetime | None, status: TrackingStatus) -> str:
	"""The time of the newest scan, then how far along the state is: a state can change without a scan. Before the
	first scan there is no time."""
	return f"{stamp(known) if known else '0000-00-00T00:00:00Z'}/{_ORDER[status]}"


def read_scans(rows: Any) -> tuple[Scan, ...]:
	"""Newest first; what has no time is left out."""
	scans = [
		Scan(
			at=instant(row.get("date")),
			status=scan_status(row.get("sr-status"), row.get("sr-status-label")),
			text=text(row.get("activity")) or text(row.get("sr-status-label")) or text(row.get("status")),
			location="" if text(row.get("location")).upper() in ("NA", "N/A") else text(row.get("location")),
		)
		for row in _newest_first(a_list(rows))
	]
	return tuple(scans)


def _newest_first(rows: list[Any]) -> list[Json]:
	"""As Shiprocket lists them, but not relied upon; of the same second the first stays the newest."""
	timed = [(instant(row.get("date")), row) for row in map(a_dict, rows)]
	known = [one for one in timed if one[0]]
	return [row for _at, row in sorted(known, key=lambda one: one[0], reverse=True)]
