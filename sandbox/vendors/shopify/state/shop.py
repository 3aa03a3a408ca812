"""The shop itself: its tables, its ids, its clock, and who is told what happens."""

import itertools
import zlib
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

from sandbox.vendors.shopify.state.order import (
	Fulfillment,
	FulfillmentOrder,
	Order,
	Refund,
)
from sandbox.vendors.shopify.state.things import (
	Address,
	Customer,
	InventoryItem,
	Level,
	Location,
	Product,
	Subscription,
	Variant,
)

ALL_SCOPES = (
	"read_orders,write_orders,read_all_orders,read_products,write_products,read_inventory,write_inventory,"
	"read_locations,read_customers,write_customers,read_fulfillments,write_fulfillments,"
	"read_merchant_managed_fulfillment_orders,write_merchant_managed_fulfillment_orders"
).split(",")


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
		self.by_email: dict[str, Customer] = {}
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
		if customer.email:
			self.by_email.setdefault(customer.email.lower(), customer)
		self.tell("customers/create", customer)
		return customer

	def change_customer(self, customer: Customer, **fields) -> None:
		if customer.email and self.by_email.get(customer.email.lower()) is customer:
			del self.by_email[customer.email.lower()]
		for name, value in fields.items():
			getattr(customer, name)
			setattr(customer, name, value)
		if customer.email:
			self.by_email.setdefault(customer.email.lower(), customer)
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
