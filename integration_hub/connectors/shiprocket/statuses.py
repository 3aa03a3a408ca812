"""What Shiprocket's statuses mean.

Shiprocket has two tables of numbers. This is the one of *shipments*: `shipment_status_id`, `shipment_status` and
`sr-status`. Orders have other numbers (`current_status_id`, `status_code`: there 6 is Shipped and 20 In Transit, here
18 is In Transit and 20 a failed pickup); they are never looked up here.
"""

from __future__ import annotations

from typing import Any

from integration_hub.connectors.shiprocket.shapes import text, whole
from integration_hub.records import TrackingStatus

#: number → (Shiprocket's word, ours), see apidocs.shiprocket.in "Shipment statuses"
STATUSES: dict[int, tuple[str, TrackingStatus]] = {
	1: ("AWB Assigned", "created"),
	2: ("Label Generated", "created"),
	3: ("Pickup Scheduled/Generated", "created"),
	4: ("Pickup Queued", "created"),
	5: ("Manifest Generated", "created"),
	6: ("Shipped", "in_transit"),
	7: ("Delivered", "delivered"),
	8: ("Cancelled", "cancelled"),
	9: ("RTO Initiated", "returned"),
	10: ("RTO Delivered", "returned"),
	11: ("Pending", "created"),
	12: ("Lost", "exception"),
	13: ("Pickup Error", "exception"),
	14: ("RTO Acknowledged", "returned"),
	15: ("Pickup Rescheduled", "created"),
	16: ("Cancellation Requested", "cancelled"),
	17: ("Out For Delivery", "out_for_delivery"),
	18: ("In Transit", "in_transit"),
	19: ("Out For Pickup", "created"),
	20: ("Pickup Exception", "exception"),
	21: ("Undelivered", "failed_attempt"),
	22: ("Delayed", "in_transit"),
	23: ("Partial Delivered", "exception"),
	24: ("Destroyed", "exception"),
	25: ("Damaged", "exception"),
	26: ("Fulfilled", "delivered"),
	27: ("Pickup Booked", "created"),
	38: ("Reached at Destination Hub", "in_transit"),
	39: ("Misrouted", "exception"),
	40: ("RTO NDR", "returned"),
	41: ("RTO OFD", "returned"),
	42: ("Picked Up", "picked_up"),
	43: ("Self Fulfilled", "delivered"),
	44: ("Disposed Off", "exception"),
	45: ("Cancelled before Dispatched", "cancelled"),
	46: ("RTO In Transit", "returned"),
	47: ("QC Failed", "exception"),
	48: ("Reached Warehouse", "in_transit"),
	51: ("Handover to Courier", "picked_up"),
	52: ("Shipment Booked", "created"),
	75: ("RTO Lock", "returned"),
	76: ("Untraceable", "exception"),
	77: ("Issue Related to the Recipient", "failed_attempt"),
	78: ("Reached Back at Seller City", "returned"),
}


def _plain(label: str) -> str:
	return "".join(letter for letter in label.lower() if letter.isalnum())


#: the same by word, and other spellings that answers show
_BY_WORD: dict[str, TrackingStatus] = {
	**{_plain(word): ours for word, ours in STATUSES.values()},
	"canceled": "cancelled",
	"pickupscheduled": "created",
	"pickupgenerated": "created",
	"reacheddestinationhub": "in_transit",
	"pickedup": "picked_up",
	"rtointransit": "returned",
}


def status_of(code: Any, label: Any = "") -> tuple[TrackingStatus, str]:
	"""Our status for a number of the shipment table, and a note when it could not be looked up. A number that is
	not in the table is read by its label; if that says nothing either, the parcel is somewhere on its way."""
	number = whole(code)
	if number in STATUSES:
		return STATUSES[number][1], ""
	known = _BY_WORD.get(_plain(text(label)))
	if known:
		return known, ""
	unknown = text(code) or "none"
	return "in_transit", f"Shiprocket's status {unknown} is not known here"


def scan_status(code: Any, label: Any = "") -> TrackingStatus | None:
	"""The same for one scan, where "NA" is usual: None when it says nothing."""
	status, note = status_of(code, label)
	return None if note else status
