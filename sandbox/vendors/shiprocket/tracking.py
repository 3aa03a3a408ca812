"""Where a parcel is, as the API answers it and as the webhook tells it."""

from __future__ import annotations

import json

from sandbox.vendors.shiprocket.company import Parcel
from sandbox.vendors.shiprocket.statuses import ORDER, SHIPMENT

#: Shiprocket takes no webhook address with these words in it
FORBIDDEN = ("shiprocket", "kartrocket", "sr", "kr")


def answer(parcel: Parcel) -> dict:
	delivered = next((one["date"] for one in parcel.scans if one["sr-status"] == "7"), "")
	moved = parcel.status not in (0, 1)
	given = parcel.order.given
	track = {
		"id": parcel.id,
		"awb_code": parcel.awb,
		"courier_company_id": parcel.courier.id,
		"shipment_id": parcel.id,
		"order_id": parcel.order.id,
		"pickup_date": f"{parcel.pickup_at:%Y-%m-%d %H:%M:%S}" if parcel.pickup_at else None,
		"delivered_date": delivered,
		"weight": str(given["weight"]),
		"packages": 1,
		"current_status": SHIPMENT[parcel.status],
		"delivered_to": given.get("shipping_city") or given.get("billing_city") or "",
		"destination": given.get("shipping_city") or given.get("billing_city") or "",
		"consignee_name": given.get("shipping_customer_name") or given.get("billing_customer_name") or "",
		"origin": "Mumbai",
		"courier_agent_details": None,
		"courier_name": parcel.courier.name,
		"edd": None,
		"pod": "Not Available",
		"pod_status": "Not Available",
		"rto_delivered_date": "",
	}
	return {
		"tracking_data": {
			"track_status": 1 if moved else 0,
			"shipment_status": parcel.status if moved else 0,
			"shipment_track": [track],
			"shipment_track_activities": parcel.scans if moved else None,
			"track_url": f"https://shiprocket.co//tracking/{parcel.awb}",
			"etd": None,
			"qc_response": {"qc_image": "", "qc_failed_reason": ""},
			**(
				{}
				if moved
				else {
					"error": "Aahh! There is no activities found in our DB. Please have some patience it will be updated soon."
				}
			),
		}
	}


def unknown(awb: str) -> dict:
	return {
		"tracking_data": {
			"track_status": 0,
			"shipment_status": 0,
			"shipment_track": [],
			"shipment_track_activities": None,
			"error": f"Aahh! There is no shipment with awb {awb}.",
		}
	}


def webhook(parcel: Parcel) -> bytes:
	"""The body of the official sample; its two date formats are both in IST, without an offset."""
	at = parcel.changed_at
	label = SHIPMENT[parcel.status].upper()
	body = {
		"awb": parcel.awb,
		"courier_name": parcel.courier.name,
		"current_status": label,
		"current_status_id": ORDER[parcel.status],
		"shipment_status": label,
		"shipment_status_id": parcel.status,
		"current_timestamp": f"{at:%d %m %Y %H:%M:%S}",
		"order_id": f"1373900_{parcel.order.reference}",
		"sr_order_id": parcel.order.id,
		"awb_assigned_date": f"{parcel.assigned_at:%Y-%m-%d %H:%M:%S}",
		"pickup_scheduled_date": f"{parcel.pickup_at:%Y-%m-%d %H:%M:%S}" if parcel.pickup_at else "",
		"etd": f"{at:%Y-%m-%d %H:%M:%S}",
		"scans": list(reversed(parcel.scans)),
		"is_return": int(parcel.order.is_return),
		"channel_id": 3422553,
		"pod_status": "OTP Based Delivery",
		"pod": "Not Available",
	}
	return json.dumps(body).encode()
