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
	11: "Pending",
	12: "Lost",
	13: "Pickup Error",
	14: "RTO Acknowledged",
	15: "Pickup Rescheduled",
	16: "Cancellation Requested",
	17: "Out For Delivery",
	18: "In Transit",
	19: "Out For Pickup",
	20: "Pickup Exception",
	21: "Undelivered",
	22: "Delayed",
	23: "Partial Delivered",
	24: "Destroyed",
	25: "Damaged",
	26: "Fulfilled",
	27: "Pickup Booked",
	38: "Reached at Destination Hub",
	39: "Misrouted",
	40: "RTO NDR",
	41: "RTO OFD",
	42: "Picked Up",
	43: "Self Fulfilled",
	44: "Disposed Off",
	45: "Cancelled before Dispatched",
	46: "RTO In Transit",
	47: "QC Failed",
	48: "Reached Warehouse",
	49: "Custom Cleared",
	50: "In Flight",
	51: "Handover to Courier",
	52: "Shipment Booked",
	54: "In Transit Overseas",
	55: "Connection Aligned",
	56: "Reached Overseas Warehouse",
	57: "Custom Cleared Overseas",
	59: "Box Packing",
	60: "FC Allocated",
	61: "Picklist Generated",
	62: "Ready To Pack",
	63: "Packed",
	67: "FC Manifest Generated",
	68: "Processed at Warehouse",
	71: "Handover Exception",
	72: "Packed Exception",
	75: "RTO Lock",
	76: "Untraceable",
	77: "Issue Related to the Recipient",
	78: "Reached Back at Seller City",
}
#: the order's number when its shipment is there
ORDER = {
	1: 3, 2: 3, 3: 4, 4: 12, 5: 4, 6: 6, 7: 7, 8: 5, 9: 15, 10: 16, 11: 3, 12: 33, 13: 14, 14: 17, 15: 13, 16: 18,
	17: 19, 18: 20, 19: 34, 20: 35, 21: 36, 22: 37, 23: 38, 24: 39, 25: 40, 26: 41, 27: 70, 38: 43, 39: 44, 40: 46,
	41: 45, 42: 51, 43: 52, 44: 53, 45: 54, 46: 55, 47: 57, 48: 58, 49: 59, 50: 60, 51: 61, 52: 62, 54: 64, 55: 65,
	56: 66, 57: 67, 59: 69, 60: 73, 61: 74, 62: 75, 63: 76, 67: 80, 68: 81, 71: 83, 72: 82, 75: 87, 76: 88, 77: 89,
	78: 90,
}  # fmt: skip
#: a parcel cannot be called off any more
LEFT = frozenset(SHIPMENT) - {1, 2, 3, 4, 5, 8, 11, 13, 15, 16, 20, 27, 45, 52}


def number_of(status: int | str) -> int:
	"""The shipment's number of a label or number."""
	if isinstance(status, int) or str(status).isdigit():
		number = int(status)
	else:
		number = next((one for one, label in SHIPMENT.items() if label.casefold() == status.casefold()), 0)
	if number not in SHIPMENT:
		raise LookupError(f"No shipment status {status}")
	return number
