"""Records of shops: orders, products, stock, and the parcels a shop is told of."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from integration_hub.records.base import ZERO, Address, Amount, Customer, Record


class Tax(Record):
	"""One tax on a line or charge. `rate` is in per cent (19 means 19 %) and only informs; `amount` rules."""

	title: str
	amount: Amount
	rate: Amount | None = None


LineKind = Literal["product", "custom", "gift_card"]


class Line(Record):
	"""One order line as sold.

	`quantity` leaves out what an edit removed without money flowing back, and keeps what was refunded
	later (refunds are records of their own). `amount` is for the whole quantity after every line and
	order discount, and includes `taxes` when the order's prices do. `unit_price` is the list price of
	one piece before discounts, on the same tax basis. A line edited down to nothing has quantity 0.
	"""

	id: str
	kind: LineKind = "product"
	sku: str = ""
	title: str
	variant_title: str = ""
	product_id: str | None = None
	variant_id: str | None = None
	quantity: Amount
	unit_price: Amount
	amount: Amount
	taxes: tuple[Tax, ...] = ()
	requires_shipping: bool = True
	bundle: str | None = None


ChargeKind = Literal["shipping", "tip", "duty", "fee"]


class Charge(Record):
	"""Money on an order that is no line: shipping, a tip, duties, fees. `amount` is after discounts and
	includes `taxes` when the order's prices do. `title` is the vendor's name for it ("DHL Paket")."""

	kind: ChargeKind
	title: str
	amount: Amount
	taxes: tuple[Tax, ...] = ()
	id: str | None = None


class Payment(Record):
	"""Money that really moved from (or, in a Refund, back to) the buyer.

	`amount` is in the order's book currency. `method` is the vendor's gateway or tender name
	("shopify_payments", "gift_card", "manual"), matched with a Mode of Payment.
	"""

	id: str
	method: str
	amount: Amount
	paid_at: AwareDatetime
	reference: str = ""


class RefundLine(Record):
	"""Pieces of an order line given back. `amount` is after discounts, tax basis as the order's.
	`quantity` 0 with an amount is a price reduction. `restock`: the goods return to `location_id`."""

	line_id: str
	quantity: Amount
	amount: Amount
	taxes: tuple[Tax, ...] = ()
	restock: bool = False
	location_id: str | None = None


class Refund(Record):
	"""A refund of an order: lines, charges (shipping), an `adjustment` (goodwill, positive = more money to
	the buyer than lines and charges say; negative = less), and the payments that carried it."""

	id: str
	created_at: AwareDatetime
	note: str = ""
	lines: tuple[RefundLine, ...] = ()
	charges: tuple[Charge, ...] = ()
	adjustment: Amount = ZERO
	payments: tuple[Payment, ...] = ()


class ShippedLine(Record):
	line_id: str
	quantity: Amount


class Fulfilment(Record):
	"""One parcel (or several with one paper) that left for the buyer."""

	id: str
	created_at: AwareDatetime
	lines: tuple[ShippedLine, ...]
	location_id: str | None = None
	carrier: str = ""
	tracking_numbers: tuple[str, ...] = ()
	tracking_urls: tuple[str, ...] = ()
	cancelled: bool = False


PaymentStatus = Literal[
	"pending", "authorised", "partly_paid", "paid", "partly_refunded", "refunded", "voided"
]


class Order(Record):
	"""An order of an outside shop as it stands now, complete, in the shop's book currency.

	`total` is the vendor's own figure for all lines and charges as sold (with taxes, before refunds); it is
	not summed up from the lines, so that the two can be compared. `version` grows with every change at the
	vendor (ISO time of the last update is fine) and decides which of two copies is the newer one.
	"""

	id: str
	number: str
	version: str
	created_at: AwareDatetime
	updated_at: AwareDatetime
	currency: str = Field(pattern=r"^[A-Z]{3}$")
	presentment_currency: str = ""
	presentment_total: Amount | None = None
	prices_include_tax: bool = False
	test: bool = False
	draft: bool = False
	cancelled_at: AwareDatetime | None = None
	cancel_reason: str = ""
	payment_status: PaymentStatus = "pending"
	customer: Customer | None = None
	billing_address: Address | None = None
	shipping_address: Address | None = None
	lines: tuple[Line, ...] = ()
	charges: tuple[Charge, ...] = ()
	discount_codes: tuple[str, ...] = ()
	payments: tuple[Payment, ...] = ()
	refunds: tuple[Refund, ...] = ()
	fulfilments: tuple[Fulfilment, ...] = ()
	total: Amount
	note: str = ""
	po_number: str = ""
	source: str = ""
	admin_url: str = ""


class Variant(Record):
	"""A sellable version of a Product. `stock_id` is the id the vendor's stock calls want (Shopify:
	inventory item). `options` maps the product's option names to this variant's values."""

	id: str
	sku: str = ""
	barcode: str = ""
	title: str = ""
	options: dict[str, str] = Field(default_factory=dict)
	price: Amount | None = None
	stock_id: str = ""
	tracked: bool = True
	weight_grams: Amount | None = None


class Product(Record):
	"""A product with its variants; one variant without options is a plain product."""

	id: str
	version: str
	title: str
	description: str = ""
	vendor: str = ""
	category: str = ""
	status: Literal["active", "draft", "archived"] = "active"
	option_names: tuple[str, ...] = ()
	variants: tuple[Variant, ...]
	updated_at: AwareDatetime


class StockLevel(Record):
	"""What the vendor shall be told: `available` whole or fractional pieces of `stock_id` at `location_id`."""

	stock_id: str
	location_id: str
	available: Amount
	sku: str = ""


class Location(Record):
	"""A place the vendor keeps stock at."""

	id: str
	name: str
	active: bool = True


class Shipment(Record):
	"""Goods of one order that left our warehouse, to be told to the shop. `reference` is our document's
	name (Delivery Note) and stays the same on every try. With `fulfilment_id` the shop knows the parcel already,
	and only its carrier and tracking numbers are told."""

	reference: str
	order_id: str
	lines: tuple[ShippedLine, ...]
	shipped_at: AwareDatetime
	location_id: str | None = None
	carrier: str = ""
	tracking_numbers: tuple[str, ...] = ()
	tracking_urls: tuple[str, ...] = ()
	notify: bool = True
	fulfilment_id: str | None = None
