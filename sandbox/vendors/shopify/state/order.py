"""An order and what belongs to it. All totals follow from the lines: nothing is stored twice."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sandbox.vendors.shopify.money import Bag, Currencies, total
from sandbox.vendors.shopify.state.things import (
	Address,
	Customer,
	Location,
	Product,
	Variant,
)


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
