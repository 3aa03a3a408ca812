"""Shipments and Delivery Notes → what a carrier must know: addresses, boxes, goods, money to collect.

Weights are kilograms, sizes centimetres. What items do not say is taken from the Connection's defaults.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from math import ceil
from typing import Any

import frappe
from frappe import _
from frappe.utils import flt, get_datetime, strip_html

from integration_hub.erp import owed as open_amounts
from integration_hub.erp.times import from_site
from integration_hub.failures import Invalid
from integration_hub.records import ZERO, Address, BookedParcel, Consignment, Goods, Parcel, PickupRequest

#: kilograms in one of these (ERPNext's own names of units)
KILOGRAMS = {
	"Kg": Decimal(1),
	"Kilogram": Decimal(1),
	"Gram": Decimal("0.001"),
	"Pound": Decimal("0.45359237"),
	"Ounce": Decimal("0.028349523125"),
	"Tonne": Decimal(1000),
}
CENT = Decimal("0.01")
GRAM = Decimal("0.001")


def of_shipment(shipment: Any, connection: Any) -> Consignment:
	"""What is to be carried for a Shipment. Raises Invalid with everything that is missing, and where to mend it."""
	notes = [frappe.get_doc("Delivery Note", row.delivery_note) for row in _distinct(shipment)]
	goods = goods_of(notes)
	sender = _address(shipment.pickup_address_name, shipment.pickup, _sender_contact(shipment))
	receiver = _address(
		shipment.delivery_address_name, shipment.delivery_to, _receiver_contact(shipment, notes)
	)
	is_return = shipment.pickup_from_type == "Customer"
	_complete(shipment, sender, receiver)
	currency = notes[0].currency if notes else _company_currency(shipment)
	return Consignment(
		reference=shipment.name,
		order_number=_order_number(notes) or shipment.name,
		ordered_at=from_site(get_datetime(shipment.creation)),
		invoice_number=_invoice_of(notes),
		sender=sender,
		receiver=receiver,
		pickup_place=_pickup_place(connection, notes),
		parcels=_parcels(shipment, goods),
		goods=goods,
		currency=currency,
		value=_value(shipment, notes),
		cod_amount=ZERO if is_return else _exact(shipment.get("integration_cod_amount"), CENT),
		is_return=is_return,
		tax_document=next((str(note.get("ewaybill")) for note in notes if note.get("ewaybill")), ""),
		sender_tax_id=_tax_id("Company", shipment.pickup_company)
		or _tax_id("Customer", shipment.pickup_customer),
		receiver_tax_id=_tax_id("Customer", shipment.delivery_customer)
		or _tax_id("Company", shipment.delivery_company),
		ready_at=from_site(get_datetime(f"{shipment.pickup_date} {shipment.pickup_from}")),
		note=shipment.description_of_content or "",
	)


def _tax_id(doctype: str, name: str | None) -> str:
	return (name and frappe.get_cached_value(doctype, name, "tax_id")) or ""


def pickup_of(
	shipments: Sequence[Any], parcels: Sequence[BookedParcel], connection: Any, on: date | None
) -> PickupRequest:
	"""Parcels of several Shipments to be fetched together. Raises Invalid when they are not at one place."""
	places = {one.pickup_address_name for one in shipments}
	if len(places) != 1:
		raise Invalid(
			_("These Shipments are not at one place: {0}. Ask for each.").format(", ".join(sorted(places)))
		)
	first = shipments[0]
	notes = [
		frappe.get_doc("Delivery Note", row.delivery_note) for one in shipments for row in _distinct(one)
	]
	day = on or max(one.pickup_date for one in shipments)
	return PickupRequest(
		parcels=tuple(parcels),
		address=_address(first.pickup_address_name, first.pickup, _sender_contact(first)),
		pickup_place=_pickup_place(connection, notes),
		on=on,
		ready_at=from_site(get_datetime(f"{day} {first.pickup_from}")),
		closes_at=from_site(get_datetime(f"{day} {first.pickup_to}")),
		weight=sum((_exact(one.total_weight, GRAM) for one in shipments), ZERO),
	)


def _distinct(shipment: Any) -> list[Any]:
	return list({row.delivery_note: row for row in shipment.shipment_delivery_note}.values())


def _company_currency(shipment: Any) -> str:
	company = shipment.pickup_company or shipment.delivery_company
	return frappe.get_cached_value("Company", company, "default_currency")


def goods_of(notes: Sequence[Any]) -> tuple[Goods, ...]:
	"""What is in the boxes, one entry for each SKU and price; packed bundles count as what they were sold as."""
	found: dict[tuple[str, Decimal], Goods] = {}
	for note in notes:
		for row in note.items:
			quantity = abs(Decimal(str(row.qty)))
			if not quantity:
				continue
			item = frappe.get_cached_value(
				"Item",
				row.item_code,
				["weight_per_unit", "weight_uom", "country_of_origin", "customs_tariff_number"],
				as_dict=True,
			)
			price = _with_taxes(note, row) / quantity
			known = found.get((row.item_code, price))
			found[(row.item_code, price)] = Goods(
				sku=row.item_code,
				title=strip_html(row.item_name or row.item_code),
				quantity=quantity + (known.quantity if known else ZERO),
				unit_value=price.quantize(CENT),
				tariff_code=item.customs_tariff_number or row.get("gst_hsn_code") or "",
				origin_country=_country_code(item.country_of_origin),
				weight=_weight(item, _stock_units(row) / quantity),
			)
	return tuple(found.values())


def _with_taxes(note: Any, row: Any) -> Decimal:
	"""A row's share of what the buyer pays: its net amount and the same share of taxes and charges."""
	net = abs(Decimal(str(row.net_amount)))
	whole = abs(Decimal(str(note.net_total)))
	return net if not whole else net * abs(Decimal(str(note.grand_total))) / whole


def _things(note: Any) -> Iterator[tuple[Any, Decimal]]:
	"""What lies in the boxes, each Item with its stock units: of a bundle that has no weight of its own, the parts."""
	parts: dict[str, list[tuple[Any, Decimal]]] = {}
	for part in note.packed_items:
		found = (frappe.get_cached_doc("Item", part.item_code), abs(Decimal(str(part.qty))))
		parts.setdefault(part.parent_detail_docname, []).append(found)
	for row in note.items:
		item = frappe.get_cached_doc("Item", row.item_code)
		if row.name in parts and _weight(item) is None:
			yield from parts[row.name]
		else:
			yield item, _stock_units(row)


def _stock_units(row: Any) -> Decimal:
	"""What weighs and measures as its Item says: two boxes of twelve are 24."""
	return abs(Decimal(str(row.qty))) * Decimal(str(row.get("conversion_factor") or 1))


def _weight(item: Any, units: Decimal = Decimal(1)) -> Decimal | None:
	"""Kilograms of so many stock units; None when the Item does not say."""
	if not item.weight_per_unit or item.weight_uom not in KILOGRAMS:
		return None
	return (Decimal(str(item.weight_per_unit)) * KILOGRAMS[item.weight_uom] * units).quantize(GRAM)


def suggest_parcels(notes: Sequence[Any], connection: Any) -> list[dict[str, float]]:
	"""One box for everything: the items' weights, the largest length and width, heights on top of each other; the
	Connection's defaults stand in for items that say nothing. Rows for Shipment Parcel."""
	weight, length, width, height, nameless = ZERO, ZERO, ZERO, ZERO, False
	for note in notes:
		for item, quantity in _things(note):
			own = _weight(item, quantity)
			weight += own or ZERO
			nameless = nameless or own is None
			sizes = [
				Decimal(str(item.get(f"integration_{side}") or 0)) for side in ("length", "width", "height")
			]
			if all(sizes):
				length, width = max(length, sizes[0]), max(width, sizes[1])
				height += sizes[2] * quantity
	if nameless:
		weight = max(weight, Decimal(str(connection.default_weight or "0.5")))
	return [
		{
			"weight": float(weight or Decimal(str(connection.default_weight or "0.5"))),
			"length": ceil(length) or int(flt(connection.default_length) or 20),
			"width": ceil(width) or int(flt(connection.default_width) or 15),
			"height": ceil(height) or int(flt(connection.default_height) or 10),
			"count": 1,
		}
	]


def _parcels(shipment: Any, goods: tuple[Goods, ...]) -> tuple[Parcel, ...]:
	boxes = []
	for row in shipment.shipment_parcel:
		for _number in range(max(1, int(row.count or 1))):
			boxes.append(
				Parcel(
					weight=_exact(row.weight, GRAM),
					length=Decimal(row.length or 1),
					width=Decimal(row.width or 1),
					height=Decimal(row.height or 1),
				)
			)
	if len(boxes) == 1:
		# nobody need say what is in the only box
		boxes = [boxes[0].model_copy(update={"goods": goods})]
	return tuple(boxes)


def owed(notes: Sequence[Any]) -> Decimal:
	"""What is still to be paid for Delivery Notes that go together, in their currency: of what is invoiced what the invoices
	leave open, of the rest what the orders were not paid ahead."""
	outward = [note for note in notes if not note.is_return]
	if not outward:
		return ZERO
	orders = list({row.against_sales_order for note in outward for row in note.items} - {None, ""})
	total = sum((_exact(note.grand_total, CENT) for note in outward), ZERO)
	billed = sum(
		(_exact(note.grand_total * min(note.per_billed or 0, 100) / 100, CENT) for note in outward), ZERO
	)
	ahead = sum((open_amounts.advances(frappe.get_doc("Sales Order", name)) for name in orders), ZERO)
	unpaid = max(ZERO, total - billed - ahead.quantize(CENT))
	return unpaid + min(billed, _open_in_invoices(outward, orders))


def _open_in_invoices(notes: Sequence[Any], orders: Sequence[str]) -> Decimal:
	"""What the invoices of these Delivery Notes or orders leave open, in the invoices' currency."""
	row = frappe.qb.DocType("Sales Invoice Item")
	theirs = row.delivery_note.isin([note.name for note in notes])
	if orders:
		theirs |= row.sales_order.isin(list(orders))
	names = (
		frappe.qb.from_(row)
		.select(row.parent)
		.distinct()
		.where((row.docstatus == 1) & theirs)
		.run(pluck=True)
	)
	rows = frappe.get_all(
		"Sales Invoice",
		filters={"name": ("in", [*names, ""])},
		fields=["outstanding_amount", "party_account_currency", "currency", "conversion_rate"],
	)
	found = ZERO
	for row in rows:
		# ERPNext keeps it in the currency of the customer's account
		amount = Decimal(str(row.outstanding_amount or 0))
		if row.party_account_currency and row.party_account_currency != row.currency:
			amount /= Decimal(str(row.conversion_rate or 1))
		found += amount
	return max(ZERO, found.quantize(CENT))


def _exact(value: Any, unit: Decimal) -> Decimal:
	return Decimal(str(value or 0)).quantize(unit)


def _value(shipment: Any, notes: Sequence[Any]) -> Decimal:
	if notes:
		return sum((_exact(abs(note.grand_total), CENT) for note in notes), ZERO)
	return _exact(shipment.value_of_goods, CENT)


def _order_number(notes: Sequence[Any]) -> str:
	for note in notes:
		if note.get("integration_order"):
			return note.integration_order
	return notes[0].name if notes else ""


def _invoice_of(notes: Sequence[Any]) -> str:
	names = [note.name for note in notes]
	if not names:
		return ""
	return (
		frappe.db.get_value("Sales Invoice Item", {"delivery_note": ("in", names), "docstatus": 1}, "parent")
		or ""
	)


def _pickup_place(connection: Any, notes: Sequence[Any]) -> str:
	"""The carrier's name of the place: what the Connection's Locations say for the warehouse, else the first row."""
	warehouses = [row.warehouse for note in notes for row in note.items]
	rows = connection.locations
	mapped = next((row.location_id for row in rows if row.warehouse in warehouses), None)
	return mapped or (rows[0].location_id if rows else "")


# --- addresses and people --------------------------------------------------------------------------------


def _address(name: str | None, title: str | None, contact: dict[str, str]) -> Address:
	if not name:
		return Address()
	doc = frappe.get_cached_doc("Address", name)
	return Address(
		name=contact.get("name") or strip_html(title or "") or doc.address_title or "",
		company=strip_html(title or "") or doc.address_title or "",
		line1=doc.address_line1 or "",
		line2=doc.address_line2 or "",
		city=doc.city or "",
		state=doc.state or "",
		postal_code=doc.pincode or "",
		country_code=_country_code(doc.country),
		phone=contact.get("phone") or doc.phone or "",
		email=contact.get("email") or doc.email_id or "",
	)


def _country_code(country: str | None) -> str:
	code = frappe.get_cached_value("Country", country, "code") if country else None
	return (code or "").upper()


def _sender_contact(shipment: Any) -> dict[str, str]:
	if shipment.pickup_contact_name:
		return _contact(shipment.pickup_contact_name)
	person = shipment.pickup_contact_person and frappe.get_cached_value(
		"User", shipment.pickup_contact_person, ["full_name", "email", "phone", "mobile_no"], as_dict=True
	)
	if not person:
		return {}
	return {"name": person.full_name, "email": person.email, "phone": person.mobile_no or person.phone or ""}


def _receiver_contact(shipment: Any, notes: Sequence[Any]) -> dict[str, str]:
	if shipment.delivery_contact_name:
		return _contact(shipment.delivery_contact_name)
	for note in notes:
		if note.contact_person:
			return _contact(note.contact_person)
	return {"email": shipment.delivery_contact_email or ""}


def _contact(name: str) -> dict[str, str]:
	doc = frappe.get_cached_doc("Contact", name)
	return {
		"name": doc.get("full_name") or " ".join(filter(None, (doc.first_name, doc.last_name))),
		"email": doc.email_id or "",
		"phone": doc.mobile_no or doc.phone or "",
	}


def _complete(shipment: Any, sender: Address, receiver: Address) -> None:
	"""Say everything that is missing at once, so that nobody mends it in five rounds."""
	for side, address, name in (
		(_("sender"), sender, shipment.pickup_address_name),
		(_("receiver"), receiver, shipment.delivery_address_name),
	):
		missing = [
			label
			for label, value in (
				(_("street"), address.line1),
				(_("city"), address.city),
				(_("country"), address.country_code),
			)
			if not value
		]
		if missing:
			raise Invalid(
				_("The address of the {0} lacks: {1}.").format(side, ", ".join(missing)),
				fix=("Address", name) if name else ("Shipment", shipment.name),
			)
	if not shipment.shipment_parcel:
		raise Invalid(_("The Shipment has no parcels."), fix=("Shipment", shipment.name))
