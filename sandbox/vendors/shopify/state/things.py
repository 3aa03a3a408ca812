"""What a shop has whether or not anybody orders: goods, places, customers, subscriptions."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
	from sandbox.vendors.shopify.state.order import Order


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
