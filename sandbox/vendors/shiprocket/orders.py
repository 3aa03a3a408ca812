"""Orders: what Shiprocket asks of them, and how it answers. It adds nothing up itself."""

from __future__ import annotations

import re
from typing import Any

from sandbox.vendors.shiprocket.company import Company, Order

REQUIRED = (
	"order_id", "order_date", "pickup_location", "billing_customer_name", "billing_address", "billing_city",
	"billing_pincode", "billing_state", "billing_country", "billing_email", "billing_phone", "order_items",
	"payment_method", "sub_total", "length", "breadth", "height", "weight",
)  # fmt: skip
RETURN_REQUIRED = (
	"order_id", "order_date", "pickup_customer_name", "pickup_address", "pickup_city", "pickup_state", "pickup_country",
	"pickup_pincode", "pickup_email", "pickup_phone", "shipping_customer_name", "shipping_address", "shipping_city",
	"shipping_state", "shipping_country", "shipping_pincode", "shipping_phone", "order_items", "payment_method",
	"sub_total", "length", "breadth", "height", "weight",
)  # fmt: skip
EWAY_BILL_ABOVE = 50_000


def problems(given: dict[str, Any], *, is_return: bool = False) -> dict[str, list[str]]:
	"""What is wrong with an order, by field, in Shiprocket's words."""
	found: dict[str, list[str]] = {}

	def say(name: str, words: str) -> None:
		found.setdefault(name, []).append(words)

	for name in RETURN_REQUIRED if is_return else REQUIRED:
		if given.get(name) in (None, "", []):
			say(name, f"The {name.replace('_', ' ')} field is required.")
	side = "pickup" if is_return else "billing"
	_addresses(
		given, (side, "shipping") if is_return or not given.get("shipping_is_billing") else (side,), say
	)
	if len(str(given.get("order_id") or "")) > 50:
		say("order_id", "The order id may not be greater than 50 characters.")
	if not re.match(r"^\d{4}-\d{2}-\d{2}( \d{2}:\d{2})?", str(given.get("order_date") or "")):
		say("order_date", "The order date is not a valid date.")
	if str(given.get("payment_method") or "").upper() not in ("COD", "PREPAID"):
		say("payment_method", "The selected payment method is invalid.")
	_boxes(given, say)
	_items(given.get("order_items") or [], say)
	if _number(given.get("sub_total")) > EWAY_BILL_ABOVE and not given.get("ewaybill_no"):
		say("ewaybill_no", "Eway bill number is required for orders above Rs. 50000.")
	return found


def _addresses(given: dict[str, Any], sides: tuple[str, ...], say: Any) -> None:
	for side in sides:
		if not re.fullmatch(r"\d{10}", str(given.get(f"{side}_phone") or "")):
			say(f"{side}_phone", f"The {side} phone must be 10 digits.")
		if not re.fullmatch(r"\d{6}", str(given.get(f"{side}_pincode") or "")):
			say(f"{side}_pincode", f"The {side} pincode must be 6 digits.")
		if len(str(given.get(f"{side}_city") or "")) > 30:
			say(f"{side}_city", f"The {side} city may not be greater than 30 characters.")


def _boxes(given: dict[str, Any], say: Any) -> None:
	for side in ("length", "breadth", "height"):
		if _number(given.get(side)) <= 0.5:
			say(side, f"The {side} must be greater than 0.5.")
	if _number(given.get("weight")) <= 0:
		say("weight", "The weight must be greater than 0.")


def _items(items: list[dict[str, Any]], say: Any) -> None:
	skus = [item.get("sku") for item in items]
	for place, item in enumerate(items):
		for name in ("name", "sku", "units", "selling_price"):
			if item.get(name) in (None, ""):
				say(f"order_items.{place}.{name}", f"The order_items.{place}.{name} field is required.")
		if skus.count(item.get("sku")) > 1:
			say(f"order_items.{place}.sku", "SKU should be unique in an order.")
		if int(_number(item.get("units"))) != _number(item.get("units")):
			say(f"order_items.{place}.units", "The units must be an integer.")


def _number(value: Any) -> float:
	try:
		return float(value)
	except (TypeError, ValueError):
		return 0.0


def find(company: Company, reference: str) -> Order | None:
	return next((one for one in company.orders.values() if one.reference == reference), None)


def created(order: Order) -> dict[str, Any]:
	return {
		"order_id": order.id,
		"channel_order_id": order.reference,
		"shipment_id": order.parcel.id,
		"status": order.status,
		"status_code": order.status_code,
		"onboarding_completed_now": 0,
		"awb_code": order.parcel.awb or "",
		"courier_company_id": order.parcel.courier.id if order.parcel.awb else "",
		"courier_name": order.parcel.courier.name if order.parcel.awb else "",
	}


def listed(order: Order) -> dict[str, Any]:
	"""A row of the list; its shipments are a list, while `show` has one object."""
	parcel = order.parcel
	return {
		"id": order.id,
		"channel_order_id": order.reference,
		"channel_id": 3422553,
		"status": order.status,
		"status_code": order.status_code,
		"payment_method": order.given["payment_method"].lower(),
		"total": str(order.given["sub_total"]),
		"created_at": f"{order.created_at:%d %b %Y, %I:%M %p}",
		"is_return": int(order.is_return),
		"shipments": [
			{
				"id": parcel.id,
				"awb": parcel.awb,
				"courier": parcel.courier.name if parcel.awb else "",
				"courier_id": parcel.courier.id if parcel.awb else None,
				"weight": str(order.given["weight"]),
			}
		],
	}


def shown(order: Order) -> dict[str, Any]:
	row = listed(order)
	[shipment] = row.pop("shipments")
	parcel = order.parcel
	charges = {
		"zone": "z_a",
		"freight_charges": str(parcel.cost),
		"cod_charges": "0",
		"applied_weight_amount": str(parcel.cost),
	}
	return {
		**row,
		"shipments": {
			**shipment,
			"shipment_id": parcel.id,
			"order_id": order.id,
			"cost": str(parcel.cost),
			"status": parcel.status,
		},
		"awb_data": {"awb": parcel.awb, "applied_weight": order.given["weight"], "charges": charges}
		if parcel.awb
		else {"awb": ""},
		"remittance_amount": None,
		"remittance_date": None,
	}
