"""One stored GraphQL order → an `Order` record, to the cent, without any call.

What Shopify's amounts mean (official descriptions of API 2026-10): a line's `quantity`, `taxLines` and
`discountAllocations` are those of all units ever ordered; `currentQuantity` leaves refunded and removed units out.
`totalPriceSet` is the total before returns. `subtotalSet` of a refunded line contains its tax when the order's
`taxesIncluded` is true. Everything is booked in shop money.

Removing units by an edit leaves a Refund that carries no money: such units were never sold. A Refund that carried
money is a refund.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from integration_hub.connectors.money import split
from integration_hub.connectors.shopify.shapes import Json, address, instant, money, nodes, number_of, version
from integration_hub.records import (
	ZERO,
	Address,
	Charge,
	Customer,
	Fulfilment,
	Line,
	Order,
	Payment,
	Refund,
	RefundLine,
	ShippedLine,
	Tax,
)

PAYMENT_STATUS = {
	"AUTHORIZED": "authorised",
	"EXPIRED": "voided",
	"PAID": "paid",
	"PARTIALLY_PAID": "partly_paid",
	"PARTIALLY_REFUNDED": "partly_refunded",
	"PENDING": "pending",
	"REFUNDED": "refunded",
	"VOIDED": "voided",
}
RECEIVED = ("SALE", "CAPTURE")
TIP = "tip"


def read_order(node: Json) -> Order:
	"""Raises KeyError, ValueError or pydantic's ValidationError for a payload that is no order."""
	currency, inclusive = node["currencyCode"], bool(node["taxesIncluded"])
	with_money = [one for one in node["refunds"] if _moved_money(one)]
	without = [one for one in node["refunds"] if not _moved_money(one)]
	sold = [_line(one, without, currency) for one in nodes(node["lineItems"]) if not _is_tip(one)]
	charges = _charges(node, without, currency)
	by_id = {line.id: line for line in sold}
	payments = _payments(node["transactions"])
	# before returns, as Shopify says; what edits took out counts as returned there, but was never sold
	total = money(node["totalPriceSet"]) - sum((_value(one, inclusive) for one in without), ZERO)
	refunds = [_refund(one, by_id, charges, currency, inclusive) for one in with_money]
	overpaid = max(ZERO, sum((one.amount for one in payments), ZERO) - total)
	billing, shipping = address(node["billingAddress"]), address(node["shippingAddress"])
	return Order(
		id=number_of(node["id"]),
		number=node["name"],
		version=version(node["updatedAt"]),
		created_at=instant(node["createdAt"]),
		updated_at=instant(node["updatedAt"]),
		currency=currency,
		presentment_currency=node["presentmentCurrencyCode"],
		presentment_total=Decimal(node["totalPriceSet"]["presentmentMoney"]["amount"]),
		prices_include_tax=inclusive,
		test=bool(node["test"]),
		cancelled_at=instant(node["cancelledAt"]) if node["cancelledAt"] else None,
		cancel_reason=(node["cancelReason"] or "").lower(),
		payment_status=PAYMENT_STATUS.get(node["displayFinancialStatus"] or "", "pending"),
		customer=_customer(node, billing, shipping),
		billing_address=billing,
		shipping_address=shipping,
		lines=tuple(sold),
		charges=charges,
		discount_codes=tuple(node["discountCodes"]),
		payments=payments,
		refunds=tuple(_without_overpayment(refunds, overpaid)),
		fulfilments=tuple(fulfilment(one) for one in node["fulfillments"]),
		total=total,
		note=node["note"] or "",
		po_number=node["poNumber"] or "",
		source=node["sourceName"] or "",
	)


# --- lines -----------------------------------------------------------------------------------------------


def _is_tip(node: Json) -> bool:
	"""Some checkouts write the tip as a line of its own; it has no product and is called so."""
	return not node["product"] and not node["variant"] and node["title"].strip().lower() == TIP


def _line(node: Json, removals: Sequence[Json], currency: str) -> Line:
	quantity = Decimal(node["quantity"])
	amount = money(node["originalUnitPriceSet"]) * quantity
	amount -= sum((money(one["allocatedAmountSet"]) for one in node["discountAllocations"]), ZERO)
	taxes = _taxes(node["taxLines"])
	for removed in _lines_of(removals, node["id"]):
		quantity -= Decimal(removed["quantity"])
		amount -= money(removed["subtotalSet"])
		taxes = _less(taxes, _share(taxes, money(removed["totalTaxSet"]), currency))
	return Line(
		id=number_of(node["id"]),
		kind=_kind(node),
		sku=(node["sku"] or "").strip(),
		title=node["title"],
		variant_title=node["variantTitle"] or "",
		product_id=number_of(node["product"]["id"]) if node["product"] else None,
		variant_id=number_of(node["variant"]["id"]) if node["variant"] else None,
		quantity=quantity,
		unit_price=money(node["originalUnitPriceSet"]),
		amount=amount,
		taxes=taxes,
		requires_shipping=bool(node["requiresShipping"]),
		bundle=node["lineItemGroup"]["title"] if node["lineItemGroup"] else None,
	)


def _kind(node: Json) -> str:
	if node["isGiftCard"]:
		return "gift_card"
	# a deleted product leaves its SKU behind; a custom line never had one
	return "product" if node["variant"] or node["product"] or node["sku"] else "custom"


def _taxes(lines: Iterable[Json]) -> tuple[Tax, ...]:
	return tuple(
		Tax(
			title=one["title"],
			amount=money(one["priceSet"]),
			rate=None if one.get("ratePercentage") is None else Decimal(str(one["ratePercentage"])),
		)
		for one in lines
	)


def _share(taxes: Sequence[Tax], total: Decimal, currency: str) -> tuple[Tax, ...]:
	"""A part of a line's taxes, given only in sum, divided among the titles as the line's are."""
	if not taxes or not total:
		return ()
	parts = split(total, [tax.amount for tax in taxes], currency)
	return tuple(tax.model_copy(update={"amount": part}) for tax, part in zip(taxes, parts, strict=True))


def _less(taxes: Sequence[Tax], back: Sequence[Tax]) -> tuple[Tax, ...]:
	if not back:
		return tuple(taxes)
	return tuple(
		tax.model_copy(update={"amount": tax.amount - less.amount})
		for tax, less in zip(taxes, back, strict=True)
	)


def _lines_of(refunds: Iterable[Json], line: str) -> list[Json]:
	return [
		one
		for refund in refunds
		for one in nodes(refund["refundLineItems"])
		if one["lineItem"] and one["lineItem"]["id"] == line
	]


# --- charges ---------------------------------------------------------------------------------------------


def _charges(node: Json, removals: Sequence[Json], currency: str) -> tuple[Charge, ...]:
	charges = [
		_shipping(one, removals, currency) for one in nodes(node["shippingLines"]) if not one["isRemoved"]
	]
	duties = [duty for line in nodes(node["lineItems"]) for duty in line["duties"]]
	if duties:
		removed = sum((money(duty["amountSet"]) for one in removals for duty in one["duties"] or ()), ZERO)
		charges.append(
			Charge(
				kind="duty",
				title="Duties",
				amount=sum((money(duty["price"]) for duty in duties), ZERO) - removed,
				taxes=_merged(tax for duty in duties for tax in _taxes(duty["taxLines"])),
			)
		)
	tip = money(node["totalTipReceivedSet"])
	if tip:
		charges.append(Charge(kind="tip", title="Tip", amount=tip))
	return tuple(one for one in charges if one.amount or one.taxes)


def _shipping(node: Json, removals: Sequence[Json], currency: str) -> Charge:
	amount, taxes = money(node["discountedPriceSet"]), _taxes(node["taxLines"])
	for removal in removals:
		for back in nodes(removal["refundShippingLines"]):
			if node["id"] and back["shippingLine"]["id"] == node["id"]:
				amount -= money(back["subtotalAmountSet"])
				taxes = _less(taxes, _share(taxes, money(back["taxAmountSet"]), currency))
	return Charge(
		kind="shipping",
		id=number_of(node["id"]) if node["id"] else None,
		title=node["title"],
		amount=amount,
		taxes=tuple(tax for tax in taxes if tax.amount),
	)


def _merged(taxes: Iterable[Tax]) -> tuple[Tax, ...]:
	amounts: dict[str, Decimal] = defaultdict(lambda: ZERO)
	for tax in taxes:
		amounts[tax.title] += tax.amount
	return tuple(Tax(title=title, amount=amount) for title, amount in amounts.items())


# --- money that moved ------------------------------------------------------------------------------------


def _payments(transactions: Iterable[Json]) -> tuple[Payment, ...]:
	"""What was received: successful sales and captures, less the change given over the counter."""
	received: list[Payment] = []
	for one in sorted(transactions, key=lambda entry: entry["processedAt"] or entry["createdAt"]):
		if one["status"] != "SUCCESS":
			continue
		if one["kind"] in RECEIVED:
			received.append(_payment(one))
		elif one["kind"] == "CHANGE" and received:
			last = received.pop()
			received.append(last.model_copy(update={"amount": last.amount - money(one["amountSet"])}))
	return tuple(received)


def _payment(node: Json) -> Payment:
	return Payment(
		id=number_of(node["id"]),
		method=node["gateway"] or "unknown",
		amount=money(node["amountSet"]),
		paid_at=instant(node["processedAt"] or node["createdAt"]),
		reference=node.get("paymentId") or "",
	)


def _paid_back(refund: Json) -> list[Json]:
	return [
		one
		for one in nodes(refund["transactions"])
		if one["kind"] == "REFUND" and one["status"] in ("SUCCESS", "PENDING")
	]


def _moved_money(refund: Json) -> bool:
	return bool(money(refund["totalRefundedSet"]) or _paid_back(refund))


def _value(refund: Json, inclusive: bool) -> Decimal:
	"""What the order lost in value by a refund: lines, shipping and duties, with taxes."""
	total = sum((money(duty["amountSet"]) for duty in refund["duties"] or ()), ZERO)
	for line in nodes(refund["refundLineItems"]):
		total += money(line["subtotalSet"]) + (ZERO if inclusive else money(line["totalTaxSet"]))
	for line in nodes(refund["refundShippingLines"]):
		total += money(line["subtotalAmountSet"]) + (ZERO if inclusive else money(line["taxAmountSet"]))
	return total


def _refund(
	node: Json, lines: dict[str, Line], charges: Sequence[Charge], currency: str, inclusive: bool
) -> Refund:
	payments = tuple(_payment(one) for one in _paid_back(node))
	moved = sum((one.amount for one in payments), ZERO) or money(node["totalRefundedSet"])
	return Refund(
		id=number_of(node["id"]),
		created_at=instant(node["createdAt"]),
		note=node["note"] or "",
		lines=tuple(_refund_line(one, lines, currency) for one in nodes(node["refundLineItems"])),
		charges=_refund_charges(node, charges, currency),
		adjustment=moved - _value(node, inclusive),
		payments=payments,
	)


def _without_overpayment(refunds: Iterable[Refund], overpaid: Decimal) -> Iterator[Refund]:
	"""Money that an edit after payment left over goes back by a refund without lines: that is no goodwill."""
	for refund in refunds:
		returned = min(overpaid, max(ZERO, refund.adjustment))
		overpaid -= returned
		yield refund.model_copy(update={"adjustment": refund.adjustment - returned}) if returned else refund


def _refund_line(node: Json, lines: dict[str, Line], currency: str) -> RefundLine:
	line_id = number_of(node["lineItem"]["id"])
	line = lines.get(line_id)
	return RefundLine(
		line_id=line_id,
		quantity=Decimal(node["quantity"]),
		amount=money(node["subtotalSet"]),
		taxes=_share(line.taxes if line else (), money(node["totalTaxSet"]), currency),
		restock=node["restockType"] in ("RETURN", "CANCEL"),
		location_id=number_of(node["location"]["id"]) if node["location"] else None,
	)


def _refund_charges(node: Json, charges: Sequence[Charge], currency: str) -> tuple[Charge, ...]:
	given_back = []
	for one in nodes(node["refundShippingLines"]):
		line = number_of(one["shippingLine"]["id"]) if one["shippingLine"]["id"] else None
		original = next(
			(charge for charge in charges if charge.kind == "shipping" and charge.id == line), None
		)
		given_back.append(
			Charge(
				kind="shipping",
				id=line,
				title=one["shippingLine"]["title"],
				amount=money(one["subtotalAmountSet"]),
				taxes=_share(original.taxes if original else (), money(one["taxAmountSet"]), currency),
			)
		)
	duties = sum((money(duty["amountSet"]) for duty in node["duties"] or ()), ZERO)
	if duties:
		given_back.append(Charge(kind="duty", title="Duties", amount=duties))
	return tuple(given_back)


# --- people and parcels ----------------------------------------------------------------------------------


def customer(node: Json) -> Customer:
	"""A customer of the shop. What protected-customer-data rules hide is simply missing."""
	addresses = [address(one) for one in nodes(node.get("addressesV2"))]
	first = address(node.get("defaultAddress"))
	if first and first not in addresses:
		addresses.insert(0, first)
	return Customer(
		id=number_of(node["id"]),
		first_name=(node["firstName"] or "").strip(),
		last_name=(node["lastName"] or "").strip(),
		email=((node["defaultEmailAddress"] or {}).get("emailAddress") or "").strip(),
		phone=((node["defaultPhoneNumber"] or {}).get("phoneNumber") or "").strip(),
		tax_exempt=bool(node["taxExempt"]),
		addresses=tuple(one for one in addresses if one),
		updated_at=instant(node["updatedAt"]),
	)


def _customer(node: Json, billing: Address | None, shipping: Address | None) -> Customer | None:
	"""The buyer: a known customer, or a guest with what the order itself says of him."""
	email, phone = (node["email"] or "").strip(), (node["phone"] or "").strip()
	if node["customer"]:
		known = customer(node["customer"])
		return known.model_copy(update={"email": known.email or email, "phone": known.phone or phone})
	if not (email or phone):
		return None
	named = next((one for one in (billing, shipping) if one and one.name), None)
	first, _space, last = (named.name if named else "").partition(" ")
	return Customer(first_name=first, last_name=last, email=email, phone=phone)


def fulfilment(node: Json) -> Fulfilment:
	"""A parcel as the shop knows it."""
	tracking = node["trackingInfo"]
	return Fulfilment(
		id=number_of(node["id"]),
		created_at=instant(node["createdAt"]),
		lines=tuple(
			ShippedLine(line_id=number_of(one["lineItem"]["id"]), quantity=Decimal(one["quantity"] or 0))
			for one in nodes(node["fulfillmentLineItems"])
		),
		location_id=number_of(node["location"]["id"]) if node["location"] else None,
		carrier=next((one["company"] for one in tracking if one["company"]), ""),
		tracking_numbers=tuple(one["number"] for one in tracking if one["number"]),
		tracking_urls=tuple(one["url"] for one in tracking if one["url"]),
		cancelled=node["status"] in ("CANCELLED", "ERROR", "FAILURE"),
	)
