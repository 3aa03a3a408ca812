"""Shiprocket's two tables of numbers: of shipments (`shipment_status_id`, `sr-status`) and of orders (`current_status_id`,
`status_code`). They differ on purpose: 20 is "In Transit" for an order and "Pickup Exception" for a shipment.

Source: Shiprocket's API documentation, as audited in 2026.
"""

SHIPMENT = {
	1: "AWB Assigned",
	2: "Label Generated",
	3: "Pickup Scheduled/Generated",
	4: "Pickup Queued",
	5: "Manifest Generated",
	6: "Shipped",
	7: "Delivered",
	8: "Cancelled",
	9: "RTO Initiated",
	10: "RTO Delivered",
	12: "Lost",
	16: "Cancellation Requested",
	17: "Out For Delivery",
	18: "In Transit",
	19: "Out For Pickup",
	21: "Undelivered",
	22: "Delayed",
	25: "Damaged",
	38: "Reached at Destination Hub",
	42: "Picked Up",
	46: "RTO In Transit",
	51: "Handover to Courier",
}
#: the order's number when its shipment is there
ORDER = {
	1: 3,
	2: 3,
	3: 4,
	4: 4,
	5: 4,
	6: 6,
	7: 7,
	8: 5,
	9: 15,
	10: 16,
	12: 29,
	16: 18,
	17: 19,
	18: 20,
	19: 42,
	21: 36,
	22: 37,
	25: 44,
	38: 38,
	42: 51,
	46: 46,
	51: 51,
}
#: a parcel cannot be called off any more
LEFT = frozenset({6, 7, 9, 10, 12, 17, 18, 19, 21, 22, 25, 38, 42, 46, 51})


def number_of(status: int | str) -> int:
	"""The shipment's number of a label or number."""
	if isinstance(status, int) or str(status).isdigit():
		number = int(status)
	else:
		number = next(one for one, label in SHIPMENT.items() if label.casefold() == status.casefold())
	if number not in SHIPMENT:
		raise LookupError(f"No shipment status {status}")
	return number
