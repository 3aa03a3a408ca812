"""What a shop knows: plain objects with integer ids, named as the Admin API names them.

Nothing here speaks HTTP or GraphQL. Amounts are `Bag`s in minor units, times are aware and in UTC.
"""

import itertools
import zlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

from sandbox.vendors.shopify.money import Bag, Currencies, total

ALL_SCOPES = (
	"read_orders,write_orders,read_all_orders,read_products,write_products,read_inventory,write_inventory,"
	"read_locations,read_customers,write_customers,read_fulfillments,write_fulfillments,"
	"read_merchant_managed_fulfillment_orders,write_merchant_managed_fulfillment_orders"
).split(",")


class Refused(Exception):
	"""The shop says no: a `userErrors` entry. `code` only where the payload's error type has one."""

	def __init__(self, message: str, field: list[str] | None = None, code: str | None = None):
		super().__init__(message)
		self.message, self.field, self.code = message, field, code


@dataclass(eq=False, repr=False)
class Address:
	id: int = 0
	first_name: str | None = None
	last_name: str | None = None
	company: str | None = None
	address1: str | None = None
	address2: str | None = None
	city: str | None = None
	province: str | None = None
	province_code: str | None = None
	zip: str | None = None
	country: str | None = None
	country_code: str | None = None
	phone: str | None = None

	@property
	def name(self) -> str | None:
		return " ".join(part for part in (self.first_name, self.last_name) if part) or None


@dataclass(eq=False, repr=False)
class Location:
	id: int
	name: str
	address: Address
	is_active: bool = True
	fulfills_online_orders: bool = True
	created_at: datetime | None = None
	updated_at: datetime | None = None


@dataclass(eq=False, repr=False)
class Level:
	"""Stock of one inventory item at one location. On hand is what is available or promised to an order."""

	item: "InventoryItem"
	location: Location
	available: int = 0
	committed: int = 0
	is_active: bool = True
	created_at: datetime | None = None
	updated_at: datetime | None = None

	@property
	def on_hand(self) -> int:
		return self.available + self.committed

	def quantity(self, name: str) -> int:
		return {"available": self.available, "on_hand": self.on_hand, "committed": self.committed}.get(
			name, 0
		)


@dataclass(eq=False, repr=False)
class InventoryItem:
	id: int
	variant: "Variant"
	tracked: bool = True
	levels: dict[int, Level] = field(default_factory=dict)  # by location id
	created_at: datetime | None = None
	updated_at: datetime | None = None

	@property
	def sku(self) -> str | None:
		return self.variant.sku

	@property
	def requires_shipping(self) -> bool:
		return self.variant.requires_shipping


@dataclass(eq=False, repr=False)
class Variant:
	id: int
	product: "Product"
	title: str
	sku: str | None
	price: Decimal
	barcode: str | None = None
	compare_at_price: Decimal | None = None
	taxable: bool = True
	requires_shipping: bool = True
	grams: int = 0
	position: int = 1
	options: dict[str, str] = field(default_factory=dict)
	inventory_item: InventoryItem | None = None
	is_bundle: bool = False  # sold as its components; its own stock cannot be set
	created_at: datetime | None = None
	updated_at: datetime | None = None

	@property
	def display_name(self) -> str:
		return f"{self.product.title} - {self.title}"

	@property
	def inventory_quantity(self) -> int:
		return sum(level.available for level in self.inventory_item.levels.values() if level.is_active)


@dataclass(eq=False, repr=False)
class Product:
	id: int
	title: str
	handle: str
	vendor: str = ""
	product_type: str = ""
	description_html: str = ""
	status: str = "ACTIVE"
	tags: list[str] = field(default_factory=list)
	option_names: list[str] = field(default_factory=lambda: ["Title"])
	is_gift_card: bool = False
	variants: list[Variant] = field(default_factory=list)
	created_at: datetime | None = None
	updated_at: datetime | None = None
	published_at: datetime | None = None


@dataclass(eq=False, repr=False)
class Customer:
	id: int
	first_name: str | None = None
	last_name: str | None = None
	email: str | None = None
	phone: str | None = None
	state: str = "DISABLED"
	tax_exempt: bool = False
	verified_email: bool = True
	note: str | None = None
	tags: list[str] = field(default_factory=list)
	addresses: list[Address] = field(default_factory=list)
	orders: list["Order"] = field(default_factory=list)
	created_at: datetime | None = None
	updated_at: datetime | None = None

	@property
	def display_name(self) -> str:
		name = " ".join(part for part in (self.first_name, self.last_name) if part)
		return name or self.email or self.phone or ""

	@property
	def default_address(self) -> Address | None:
		return self.addresses[0] if self.addresses else None


@dataclass(eq=False, repr=False)
class TaxLine:
	title: str
	rate: Decimal
	price: Bag


@dataclass(eq=False, repr=False)
class DiscountApplication:
	"""kind: "code", "automatic" or "manual". Exactly one of percentage and amount is set."""

	index: int
	kind: str
	title: str  # the code, where kind is "code"
	percentage: Decimal | None
	amount: Bag | None
	target_type: str = "LINE_ITEM"
	target_selection: str = "ALL"
	allocation_method: str = "ACROSS"


@dataclass(eq=False, repr=False)
class Allocation:
	application: DiscountApplication
	amount: Bag

	@property
	def is_line_level(self) -> bool:
		return self.application.target_selection != "ALL"


@dataclass(eq=False, repr=False)
class Duty:
	id: int
	price: Bag
	tax_lines: list[TaxLine] = field(default_factory=list)
	harmonized_system_code: str | None = None
	country_code_of_origin: str | None = None


@dataclass(eq=False, repr=False)
class LineItemGroup:
	id: int
	title: str
	quantity: int
	variant: Variant | None = None


@dataclass(eq=False, repr=False)
class LineItem:
	"""quantity counts every unit ever ordered, with those that were refunded or removed later (`gone`)."""

	id: int
	title: str
	variant_title: str | None
	sku: str | None
	quantity: int
	unit: Bag
	of: Currencies
	variant: Variant | None = None  # None: custom, or its product was deleted
	product: Product | None = None
	vendor: str | None = None
	kind: str = "product"  # product, custom, gift card, tip
	requires_shipping: bool = True
	taxable: bool = True
	grams: int = 0
	rates: list[tuple[str, Decimal]] = field(default_factory=list)
	allocations: list[Allocation] = field(default_factory=list)
	tax_lines: list[TaxLine] = field(default_factory=list)
	duties: list[Duty] = field(default_factory=list)
	group: LineItemGroup | None = None
	attributes: dict[str, str] = field(default_factory=dict)
	location: Location | None = None
	fulfilled: int = 0
	gone: int = 0
	gone_unfulfilled: int = 0
	gone_net: Bag | None = None  # of `net`, what refunds and edits took away
	gone_taxes: list[Bag] = field(default_factory=list)  # the same, by tax line
	gone_duties: Bag | None = None

	def __post_init__(self):
		self.gone_net = self.gone_net or self.of.zero
		self.gone_duties = self.gone_duties or self.of.zero

	@property
	def name(self) -> str:
		return f"{self.title} - {self.variant_title}" if self.variant_title else self.title

	@property
	def original_total(self) -> Bag:
		return self.unit * self.quantity

	@property
	def discounted(self) -> Bag:
		return total((one.amount for one in self.allocations), self.of)

	@property
	def net(self) -> Bag:
		"""For all units ever ordered, after all discounts; with tax where the order's prices have it."""
		return self.original_total - self.discounted

	@property
	def tax(self) -> Bag:
		return total((line.price for line in self.tax_lines), self.of)

	@property
	def duty(self) -> Bag:
		return total((duty.price for duty in self.duties), self.of)

	@property
	def gone_tax(self) -> Bag:
		return total(self.gone_taxes, self.of)

	@property
	def current_quantity(self) -> int:
		return self.quantity - self.gone

	@property
	def is_fulfillable(self) -> bool:
		return self.kind not in ("tip", "gift card")

	@property
	def unfulfilled(self) -> int:
		if not self.is_fulfillable:
			return 0
		return self.quantity - self.fulfilled - self.gone_unfulfilled


@dataclass(eq=False, repr=False)
class ShippingLine:
	id: int
	title: str
	code: str | None
	price: Bag
	of: Currencies
	rates: list[tuple[str, Decimal]] = field(default_factory=list)
	allocations: list[Allocation] = field(default_factory=list)
	tax_lines: list[TaxLine] = field(default_factory=list)
	gone_net: Bag | None = None
	gone_taxes: list[Bag] = field(default_factory=list)

	def __post_init__(self):
		self.gone_net = self.gone_net or self.of.zero

	@property
	def net(self) -> Bag:
		return self.price - total((one.amount for one in self.allocations), self.of)

	@property
	def tax(self) -> Bag:
		return total((line.price for line in self.tax_lines), self.of)

	@property
	def gone_tax(self) -> Bag:
		return total(self.gone_taxes, self.of)


@dataclass(eq=False, repr=False)
class Transaction:
	"""kind SALE, AUTHORIZATION, CAPTURE, VOID or REFUND."""

	id: int
	order: "Order"
	kind: str
	status: str
	gateway: str
	amount: Bag
	test: bool
	created_at: datetime
	parent: "Transaction | None" = None

	@property
	def processed_at(self) -> datetime:
		return self.created_at


@dataclass(eq=False, repr=False)
class RefundLine:
	id: int
	line: LineItem
	quantity: int
	restock_type: str
	location: Location | None
	subtotal: Bag  # with tax where the order's prices have it
	tax: Bag

	@property
	def restocked(self) -> bool:
		return self.restock_type != "NO_RESTOCK"


@dataclass(eq=False, repr=False)
class RefundShipping:
	id: int
	line: ShippingLine
	subtotal: Bag
	tax: Bag


@dataclass(eq=False, repr=False)
class RefundDuty:
	duty: Duty
	amount: Bag


@dataclass(eq=False, repr=False)
class Adjustment:
	"""What the refund's things are worth less what was paid back; negative: the customer got more."""

	id: int
	reason: str
	amount: Bag


@dataclass(eq=False, repr=False)
class Refund:
	id: int
	order: "Order"
	note: str | None
	created_at: datetime
	lines: list[RefundLine] = field(default_factory=list)
	shipping: list[RefundShipping] = field(default_factory=list)
	duties: list[RefundDuty] = field(default_factory=list)
	adjustments: list[Adjustment] = field(default_factory=list)
	transactions: list[Transaction] = field(default_factory=list)

	@property
	def tax(self) -> Bag:
		parts = itertools.chain((one.tax for one in self.lines), (one.tax for one in self.shipping))
		return total(parts, self.order.of)

	@property
	def calculated(self) -> Bag:
		"""What the returned things, shipping and duties are worth, tax included."""
		parts = itertools.chain(
			(one.subtotal for one in self.lines),
			(one.subtotal for one in self.shipping),
			(one.amount for one in self.duties),
		)
		worth = total(parts, self.order.of)
		return worth if self.order.taxes_included else worth + self.tax

	@property
	def value(self) -> Bag:
		"""By how much this refund lowers the order's total."""
		return self.calculated - total((one.amount for one in self.adjustments), self.order.of)

	@property
	def paid_back(self) -> Bag:
		paid = (one.amount for one in self.transactions if one.kind == "REFUND" and one.status == "SUCCESS")
		return total(paid, self.order.of)


@dataclass(eq=False, repr=False)
class FulfillmentOrderLine:
	id: int
	line: LineItem
	total_quantity: int
	remaining_quantity: int


@dataclass(eq=False, repr=False)
class FulfillmentOrder:
	id: int
	order: "Order"
	location: Location
	status: str
	created_at: datetime
	updated_at: datetime
	lines: list[FulfillmentOrderLine] = field(default_factory=list)


@dataclass(eq=False, repr=False)
class FulfillmentLine:
	id: int
	line: LineItem
	order_line: FulfillmentOrderLine
	quantity: int


@dataclass(eq=False, repr=False)
class Fulfillment:
	id: int
	order: "Order"
	name: str
	location: Location
	status: str
	created_at: datetime
	updated_at: datetime
	lines: list[FulfillmentLine] = field(default_factory=list)
	tracking: list[dict] = field(default_factory=list)  # company, number, url
	notify_customer: bool = False


@dataclass(eq=False, repr=False)
class Order:
	id: int
	number: int
	name: str
	of: Currencies
	taxes_included: bool
	created_at: datetime
	updated_at: datetime
	processed_at: datetime
	customer: Customer | None = None
	email: str | None = None
	phone: str | None = None
	billing_address: Address | None = None
	shipping_address: Address | None = None
	lines: list[LineItem] = field(default_factory=list)
	shipping_lines: list[ShippingLine] = field(default_factory=list)
	applications: list[DiscountApplication] = field(default_factory=list)
	transactions: list[Transaction] = field(default_factory=list)
	refunds: list[Refund] = field(default_factory=list)
	fulfillment_orders: list[FulfillmentOrder] = field(default_factory=list)
	fulfillments: list[Fulfillment] = field(default_factory=list)
	tip: Bag | None = None  # what was tipped outside of the lines
	test: bool = False
	source_name: str = "web"
	note: str | None = None
	tags: list[str] = field(default_factory=list)
	po_number: str | None = None
	location: Location | None = None
	attributes: dict[str, str] = field(default_factory=dict)
	cancelled_at: datetime | None = None
	cancel_reason: str | None = None
	closed_at: datetime | None = None
	edited: bool = False
	original_total: Bag | None = None

	# ---- before returns

	@property
	def subtotal(self) -> Bag:
		"""All lines but tips, after all discounts; with tax where the prices have it."""
		return total((line.net for line in self.lines if line.kind != "tip"), self.of)

	@property
	def total_line_items(self) -> Bag:
		return total((line.original_total for line in self.lines if line.kind != "tip"), self.of)

	@property
	def total_discounts(self) -> Bag:
		parts = itertools.chain(
			(line.discounted for line in self.lines),
			(one.amount for line in self.shipping_lines for one in line.allocations),
		)
		return total(parts, self.of)

	@property
	def total_shipping(self) -> Bag:
		return total((line.net for line in self.shipping_lines), self.of)

	@property
	def total_duties(self) -> Bag:
		return total((line.duty for line in self.lines), self.of)

	@property
	def total_tips(self) -> Bag:
		return total((line.net for line in self.lines if line.kind == "tip"), self.of) + (
			self.tip or self.of.zero
		)

	def _all_tax_lines(self):
		for line in self.lines:
			yield from line.tax_lines
			for duty in line.duties:
				yield from duty.tax_lines
		for shipping in self.shipping_lines:
			yield from shipping.tax_lines

	@property
	def tax_lines(self) -> list[TaxLine]:
		"""Added up by title and rate, shipping included."""
		return _added_up((line.title, line.rate, line.price) for line in self._all_tax_lines())

	@property
	def total_tax(self) -> Bag:
		return total((line.price for line in self._all_tax_lines()), self.of)

	@property
	def total_price(self) -> Bag:
		worth = self.subtotal + self.total_shipping + self.total_duties + self.total_tips
		return worth if self.taxes_included else worth + self.total_tax

	# ---- after returns

	@property
	def current_tax_lines(self) -> list[TaxLine]:
		def left():
			for line in self.lines:
				yield from _less(line.tax_lines, line.gone_taxes)
				for duty in line.duties:
					yield from ((one.title, one.rate, one.price) for one in duty.tax_lines)
			for shipping in self.shipping_lines:
				yield from _less(shipping.tax_lines, shipping.gone_taxes)

		return [line for line in _added_up(left()) if line.price]

	@property
	def current_subtotal(self) -> Bag:
		return self.subtotal - total((line.gone_net for line in self.lines if line.kind != "tip"), self.of)

	@property
	def current_total_tax(self) -> Bag:
		return self.total_tax - total((refund.tax for refund in self.refunds), self.of)

	@property
	def current_total_duties(self) -> Bag:
		return self.total_duties - total((line.gone_duties for line in self.lines), self.of)

	@property
	def current_shipping(self) -> Bag:
		return self.total_shipping - total((line.gone_net for line in self.shipping_lines), self.of)

	@property
	def current_total_discounts(self) -> Bag:
		on_lines = (line.discounted.share(line.current_quantity, line.quantity) for line in self.lines)
		on_shipping = (one.amount for line in self.shipping_lines for one in line.allocations)
		return total(itertools.chain(on_lines, on_shipping), self.of)

	@property
	def current_total_price(self) -> Bag:
		return self.total_price - total((refund.value for refund in self.refunds), self.of)

	# ---- money moved

	@property
	def total_received(self) -> Bag:
		received = (
			one.amount
			for one in self.transactions
			if one.kind in ("SALE", "CAPTURE") and one.status == "SUCCESS"
		)
		return total(received, self.of)

	@property
	def total_refunded(self) -> Bag:
		return total((refund.paid_back for refund in self.refunds), self.of)

	@property
	def total_refunded_shipping(self) -> Bag:
		return total((one.subtotal for refund in self.refunds for one in refund.shipping), self.of)

	@property
	def net_payment(self) -> Bag:
		return self.total_received - self.total_refunded

	@property
	def total_outstanding(self) -> Bag:
		return self.current_total_price - self.net_payment

	@property
	def refund_discrepancy(self) -> Bag:
		return total((one.amount for refund in self.refunds for one in refund.adjustments), self.of)

	@property
	def financial_status(self) -> str:
		received, refunded = self.total_received.shop, self.total_refunded.shop
		if received and refunded:
			return "REFUNDED" if refunded >= received else "PARTIALLY_REFUNDED"
		if received:
			return "PAID" if received >= self.current_total_price.shop else "PARTIALLY_PAID"
		if self.cancelled_at or any(one.kind == "VOID" for one in self.transactions):
			return "VOIDED"
		if any(one.kind == "AUTHORIZATION" for one in self.transactions):
			return "AUTHORIZED"
		return "PENDING" if self.total_price else "PAID"

	@property
	def fulfillment_status(self) -> str:
		fulfilled = sum(line.fulfilled for line in self.lines)
		if any(line.unfulfilled for line in self.lines):
			return "PARTIALLY_FULFILLED" if fulfilled else "UNFULFILLED"
		if fulfilled:
			return "FULFILLED"
		return "UNFULFILLED" if any(line.is_fulfillable for line in self.lines) else "FULFILLED"

	@property
	def gateways(self) -> list[str]:
		return list(dict.fromkeys(one.gateway for one in self.transactions if one.kind != "REFUND"))

	@property
	def discount_codes(self) -> list[str]:
		return [one.title for one in self.applications if one.kind == "code"]


def _added_up(parts) -> list[TaxLine]:
	sums: dict[tuple[str, Decimal], Bag] = {}
	for title, rate, price in parts:
		known = sums.get((title, rate))
		sums[title, rate] = known + price if known else price
	return [TaxLine(title, rate, price) for (title, rate), price in sums.items()]


def _less(tax_lines: list[TaxLine], gone: list[Bag]):
	for index, line in enumerate(tax_lines):
		price = line.price - gone[index] if index < len(gone) else line.price
		yield line.title, line.rate, price


@dataclass(eq=False, repr=False)
class Subscription:
	id: int
	topic: str
	uri: str
	format: str = "JSON"
	include_fields: list[str] = field(default_factory=list)
	metafield_namespaces: list[str] = field(default_factory=list)
	name: str | None = None
	created_at: datetime | None = None
	updated_at: datetime | None = None


class Shop:
	"""One shop and everything in it. All changes go through `orders`, `stock` and the methods here.

	prefix: put before SKUs, names and e-mail addresses by the ready-made cases, and the seed of all ids, so
	that runs against one ERPNext never meet each other's records.
	"""

	def __init__(
		self,
		name: str = "Sandbox Shop",
		*,
		currency: str = "USD",
		taxes_included: bool = False,
		prefix: str = "",
		domain: str = "sandbox-shop.myshopify.com",
		utc_offset_hours: int = -5,
		presentment_currencies: dict[str, str] | None = None,
		order_prefix: str | None = None,
		first_order: int = 1001,
	):
		self.name, self.currency, self.taxes_included = name, currency, taxes_included
		self.prefix, self.domain = prefix, domain
		self.timezone = timezone(timedelta(hours=utc_offset_hours))
		self.rates = {
			code: Fraction(Decimal(rate))
			for code, rate in (presentment_currencies or {"EUR": "0.9137"}).items()
		}
		self.email, self.owner, self.plan = "owner@sandbox-shop.example", "Sam Sandbox", "Development"
		self.order_prefix = f"#{prefix}" if order_prefix is None else order_prefix
		self._ids = itertools.count(10**9 + (zlib.crc32(prefix.encode()) % 10**6) * 10**6 + 1)
		self._numbers = itertools.count(first_order)
		self.id = self.new_id()
		self.locations: dict[int, Location] = {}
		self.products: dict[int, Product] = {}
		self.variants: dict[int, Variant] = {}
		self.items: dict[int, InventoryItem] = {}
		self.customers: dict[int, Customer] = {}
		self.orders: dict[int, Order] = {}
		self.fulfillment_orders: dict[int, FulfillmentOrder] = {}
		self.fulfillments: dict[int, Fulfillment] = {}
		self.refunds: dict[int, Refund] = {}
		self.subscriptions: dict[int, Subscription] = {}
		self.by_sku: dict[str, list[Variant]] = defaultdict(list)
		self.adjustments: list[dict] = []  # what was set, oldest first
		self.listeners: list[Callable[[str, object], None]] = []  # called with topic and what it is about
		self.created_at = self.now()
		self.updated_at = self.created_at
		self.add_location("Main Warehouse")

	# ---- time, ids, news

	def now(self) -> datetime:
		return datetime.now(timezone.utc).replace(microsecond=0)

	def later(self, than: datetime | None) -> datetime:
		"""Now, or a second after `than`: no object is ever changed twice at the same `updatedAt`."""
		now = self.now()
		return now if than is None or now > than else than + timedelta(seconds=1)

	def new_id(self) -> int:
		return next(self._ids)

	def tell(self, topic: str, about: object) -> None:
		for listener in self.listeners:
			listener(topic, about)

	# ---- master data

	@property
	def primary_location(self) -> Location:
		return next(iter(self.locations.values()))

	def add_location(self, name: str, **address) -> Location:
		known = {"address1": "1 Dock Road", "city": "Springfield", "country": "United States"}
		location = Location(
			self.new_id(),
			name,
			Address(**{**known, "country_code": "US", **address}),
			created_at=self.now(),
			updated_at=self.now(),
		)
		self.locations[location.id] = location
		return location

	def add_product(
		self,
		title: str,
		variants: list[dict] | None = None,
		*,
		sku: str | None = None,
		price: str = "10.00",
		stock: int = 100,
		**options,
	) -> Product:
		"""A product with `variants` (dicts of Variant's fields, and `stock`), or with a single one.

		Stock is set at the first location. Several variants name their options: {"options": {"Size": "S"}}.
		"""
		now = self.now()
		product_id = self.new_id()
		handle = options.pop("handle", f"{title.lower().replace(' ', '-')}-{product_id}")
		product = Product(product_id, title, handle, created_at=now, updated_at=now, **options)
		product.published_at = now if product.status == "ACTIVE" else None
		for position, known in enumerate(variants or [{"sku": sku, "price": price, "stock": stock}], 1):
			self._add_variant(product, position, dict(known))
		if product.variants[0].options:
			product.option_names = list(product.variants[0].options)
		self.products[product.id] = product
		self.tell("products/create", product)
		return product

	def _add_variant(self, product: Product, position: int, known: dict) -> Variant:
		now = self.now()
		stock, tracked = known.pop("stock", 100), known.pop("tracked", not product.is_gift_card)
		known["price"] = Decimal(str(known.get("price", "10.00")))
		if known.get("compare_at_price"):
			known["compare_at_price"] = Decimal(str(known["compare_at_price"]))
		if product.is_gift_card:
			known = {"taxable": False, "requires_shipping": False, **known}
		options = known.get("options") or {}
		title = known.pop("title", " / ".join(options.values()) or "Default Title")
		known.setdefault("sku", None)
		variant = Variant(
			self.new_id(), product, title, position=position, created_at=now, updated_at=now, **known
		)
		item = InventoryItem(self.new_id(), variant, tracked, created_at=now, updated_at=now)
		location = self.primary_location
		item.levels[location.id] = Level(item, location, stock, created_at=now, updated_at=now)
		variant.inventory_item = item
		product.variants.append(variant)
		self.variants[variant.id], self.items[item.id] = variant, item
		if variant.sku:
			self.by_sku[variant.sku].append(variant)
		return variant

	def change_product(self, product: Product, **fields) -> None:
		"""Set fields of the product; raises AttributeError for one it does not have."""
		for name, value in fields.items():
			getattr(product, name)
			setattr(product, name, value)
		product.updated_at = self.later(product.updated_at)
		self.tell("products/update", product)

	def delete_product(self, product: Product) -> None:
		"""The product goes; orders keep their lines, without the product."""
		del self.products[product.id]
		for variant in product.variants:
			del self.variants[variant.id]
			del self.items[variant.inventory_item.id]
			if variant.sku:
				self.by_sku[variant.sku].remove(variant)
		gone = {variant.id for variant in product.variants}
		for order in self.orders.values():
			for line in order.lines:
				if (line.variant and line.variant.id in gone) or line.product is product:
					line.variant = line.product = None
		self.tell("products/delete", product)

	def variant(self, sku: str) -> Variant:
		"""The first variant with this SKU; LookupError when there is none."""
		found = self.by_sku.get(sku)
		if not found:
			raise LookupError(f"No variant with SKU {sku!r}")
		return found[0]

	def add_customer(self, addresses: list[dict] | None = None, **fields) -> Customer:
		now = self.now()
		customer = Customer(self.new_id(), created_at=now, updated_at=now, **fields)
		customer.addresses = [Address(**{"id": self.new_id(), **known}) for known in addresses or []]
		self.customers[customer.id] = customer
		self.tell("customers/create", customer)
		return customer

	def change_customer(self, customer: Customer, **fields) -> None:
		for name, value in fields.items():
			getattr(customer, name)
			setattr(customer, name, value)
		customer.updated_at = self.later(customer.updated_at)
		self.tell("customers/update", customer)

	def order_named(self, order: "int | str | Order") -> Order:
		"""By id (number, gid or the object itself) or by name; LookupError when there is none."""
		if isinstance(order, Order):
			return order
		text = str(order).rsplit("/", 1)[-1]
		if text.isdigit() and int(text) in self.orders:
			return self.orders[int(text)]
		for known in self.orders.values():
			if known.name == order:
				return known
		raise LookupError(f"No order {order!r}")
