"""Ready-made orders: every shape of order that a connector must get right, by name.

A case is placed by `place`, and may go on in `steps` (paid, shipped, refunded, edited, ...), so that a test can
import between the steps. `expectation` says what the shop itself says about an order: compare ERPNext with that.
SKUs, e-mail addresses and names carry the shop's `prefix`: the suite can run again against the same ERPNext.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.vendors.shopify.money import Bag
from sandbox.vendors.shopify.orders import (
	Discount,
	Line,
	Payment,
	Shipping,
	Tax,
	cancel_order,
	edit_order,
	fulfil_order,
	mark_paid,
	place_order,
	refund_order,
)
from sandbox.vendors.shopify.state import Order, Product, Shop

Step = Callable[[Shop, Order], object]


@dataclass
class Case:
	"""currency: of the shop when the order was placed."""

	about: str
	place: Callable[[Shop], Order]
	steps: list[Step] = field(default_factory=list)
	currency: str = ""


CASES: dict[str, Case] = {}


def case(about: str, *steps: Step):
	"""Keep the decorated function as a case under its own name."""

	def keep(place: Callable[[Shop], Order]) -> Callable[[Shop], Order]:
		CASES[place.__name__] = Case(about, place, list(steps))
		return place

	return keep


def place_case(shop: Shop, name: str, steps: int | None = None) -> Order:
	"""Place the case and take its first `steps` steps (None: all). LookupError for an unknown name."""
	if name not in CASES:
		raise LookupError(f"No case {name!r}; there are: {', '.join(CASES)}")
	known = CASES[name]
	order = known.place(shop)
	for step in known.steps[:steps]:
		step(shop, order)
	return order


def expectation(order: Order) -> dict:
	"""What the shop says: amounts as strings in the shop's currency, with its digits.

	`total` is the order as it was ordered (with edits' additions), `current` what is left of it; `taxes` and
	`current_taxes` by title. `lines` tell the quantity still wanted and the net (with tax where
	`taxes_included`) of every unit ever ordered.
	"""

	def text(bag: Bag) -> str:
		return str(bag.shop_money.amount)

	def by_title(lines) -> dict[str, str]:
		sums: dict[str, Bag] = {}
		for line in lines:
			sums[line.title] = sums[line.title] + line.price if line.title in sums else line.price
		return {title: text(amount) for title, amount in sums.items()}

	return {
		"id": order.id,
		"gid": f"gid://shopify/Order/{order.id}",
		"name": order.name,
		"currency": order.of.shop,
		"presentment_currency": order.of.presentment,
		"presentment_total": str(order.total_price.presentment_money.amount),
		"taxes_included": order.taxes_included,
		"test": order.test,
		"cancelled": order.cancelled_at is not None,
		"financial_status": order.financial_status,
		"fulfillment_status": order.fulfillment_status,
		"subtotal": text(order.subtotal),
		"discounts": text(order.total_discounts),
		"shipping": text(order.total_shipping),
		"duties": text(order.total_duties),
		"tip": text(order.total_tips),
		"tax": text(order.total_tax),
		"taxes": by_title(order.tax_lines),
		"total": text(order.total_price),
		"current": text(order.current_total_price),
		"current_tax": text(order.current_total_tax),
		"current_taxes": by_title(order.current_tax_lines),
		"received": text(order.total_received),
		"refunded": text(order.total_refunded),
		"outstanding": text(order.total_outstanding),
		"payments": [
			{"gateway": one.gateway, "kind": one.kind, "status": one.status, "amount": text(one.amount)}
			for one in order.transactions
		],
		"refunds": [
			{
				"id": one.id,
				"value": text(one.value),
				"paid_back": text(one.paid_back),
				"tax": text(one.tax),
				"units": {str(line.line.id): line.quantity for line in one.lines},
				"restock": sorted({line.restock_type for line in one.lines}),
			}
			for one in order.refunds
		],
		"parcels": [
			{"id": one.id, "units": sum(line.quantity for line in one.lines), "tracking": one.tracking}
			for one in order.fulfillments
		],
		"lines": [
			{
				"id": line.id,
				"sku": line.sku,
				"kind": line.kind,
				"quantity": line.quantity,
				"current_quantity": line.current_quantity,
				"net": text(line.net),
				"tax": text(line.tax),
			}
			for line in order.lines
		],
		"customer": order.customer.display_name if order.customer else None,
		"email": order.email,
	}


# ---- what the cases share

VAT = [Tax("VAT", "0.19")]
STATE_AND_CITY = [Tax("State Tax", "0.0625"), Tax("City Tax", "0.0175")]
GST = [Tax("CGST", "0.09"), Tax("SGST", "0.09")]

ADDRESS = {
	"first_name": "Bob",
	"last_name": "Norman",
	"address1": "Chestnut Street 92",
	"city": "Louisville",
	"province": "Kentucky",
	"province_code": "KY",
	"zip": "40202",
	"country": "United States",
	"country_code": "US",
	"phone": "+15025551199",
}


def product(shop: Shop, sku: str, price: str = "19.99", **known) -> str:
	"""The prefixed SKU of a product, made when it is not there yet."""
	full = shop.prefix + sku
	if not shop.by_sku.get(full):
		shop.add_product(
			f"{known.pop('title', sku.title())} {shop.prefix}".strip(), sku=full, price=price, **known
		)
	return full


def tee(shop: Shop) -> str:
	return product(shop, "TEE", "19.99")


def mug(shop: Shop) -> str:
	return product(shop, "MUG", "7.45")


def gift_card(shop: Shop) -> Product:
	full = shop.prefix + "GIFT"
	if not shop.by_sku.get(full):
		shop.add_product(
			f"Gift Card {shop.prefix}".strip(), [{"sku": full, "price": "50.00"}], is_gift_card=True
		)
	return shop.variant(full).product


def buyer(shop: Shop, name: str = "bob") -> dict:
	return {
		"first_name": name.title(),
		"last_name": "Norman",
		"email": f"{shop.prefix}{name}@example.com",
		"addresses": [ADDRESS],
	}


def sold(shop: Shop, lines: list, **known) -> Order:
	"""An order of a known buyer with addresses and US taxes, unless told otherwise."""
	defaults = {
		"taxes": STATE_AND_CITY,
		"customer": buyer(shop),
		"billing_address": ADDRESS,
		"shipping_address": ADDRESS,
	}
	return place_order(shop, lines, **{**defaults, **known})


# ---- prices and discounts


@case("prices without tax, two taxes per line, shipping with tax")
def tax_exclusive(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop), quantity=3), Line(mug(shop), quantity=2)], shipping=Shipping("5.90"))


@case("prices with tax, shipping with tax")
def tax_inclusive(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=3), Line(mug(shop), quantity=2)],
		taxes=VAT,
		taxes_included=True,
		shipping=Shipping("4.90"),
	)


@case("prices with tax, two taxes per line")
def tax_inclusive_two_taxes(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=7), Line(mug(shop), quantity=1)],
		taxes=GST,
		taxes_included=True,
		shipping=Shipping("9.00"),
	)


@case("no taxes at all")
def untaxed(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop))], taxes=[], shipping=Shipping("5.00"))


@case("lines of different tax rates")
def mixed_tax_rates(shop: Shop) -> Order:
	return sold(
		shop,
		[
			Line(tee(shop), quantity=2),
			Line(mug(shop), taxes=[Tax("VAT 7%", "0.07")]),
			Line(product(shop, "BOOK", "12.30"), taxes=[]),
		],
		taxes=VAT,
		taxes_included=True,
		shipping=Shipping("4.90"),
	)


@case("a discount on one line, automatic")
def line_discount(shop: Shop) -> Order:
	return sold(
		shop,
		[
			Line(tee(shop), quantity=3, discount=Discount(percentage="15", title="Summer")),
			Line(mug(shop), quantity=2),
		],
	)


@case("a code that is good for some lines only")
def line_discount_code(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=3), Line(mug(shop), quantity=2)],
		discounts=[Discount(amount="5.00", code="TEES5", target="lines", lines=[0])],
	)


@case("a percentage off the whole order, automatic")
def order_discount(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=3), Line(mug(shop), quantity=2)],
		discounts=[Discount(percentage="10", title="Ten percent day")],
		shipping=Shipping("5.90"),
	)


@case("a code with a fixed amount off the whole order")
def order_discount_code(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=3), Line(mug(shop), quantity=2)],
		discounts=[Discount(amount="10.00", code="TENOFF")],
		shipping=Shipping("5.90"),
	)


@case("line discount, order discount and code together, prices with tax")
def stacked_discounts(shop: Shop) -> Order:
	return sold(
		shop,
		[
			Line(tee(shop), quantity=3, discount=Discount(percentage="15", title="Summer")),
			Line(mug(shop), quantity=2),
		],
		taxes=VAT,
		taxes_included=True,
		discounts=[Discount(percentage="5", title="Loyal"), Discount(amount="3.33", code="THREE")],
		shipping=Shipping("4.90", discount=Discount(percentage="50", title="Half shipping")),
	)


@case("a discount that does not divide by the quantity")
def indivisible_discount(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(product(shop, "PEN", "1.00"), quantity=7), Line(mug(shop), quantity=3)],
		discounts=[Discount(amount="1.00", code="ONE")],
	)


@case("a discount that does not divide by the quantity, prices with tax")
def indivisible_discount_inclusive(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(product(shop, "PEN", "1.00"), quantity=7), Line(mug(shop), quantity=3)],
		taxes=GST,
		taxes_included=True,
		discounts=[Discount(amount="1.00", code="ONE")],
	)


@case("shipping with tax and a discount on shipping")
def shipping_discount(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop))],
		shipping=Shipping("12.00", discount=Discount(amount="4.50", title="Off shipping")),
	)


@case("free shipping by code, prices with tax")
def free_shipping_code(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=2)],
		taxes=VAT,
		taxes_included=True,
		discounts=[Discount(percentage="100", code="FREESHIP", target="shipping")],
		shipping=Shipping("4.90"),
	)


@case("two shipping lines, one of them free")
def two_shipping_lines(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop)), Line(mug(shop))],
		shipping=[Shipping("8.40", "Express", "EXP"), Shipping("0.00", "Pickup", "PICK")],
	)


@case("a line that was given away")
def free_line(shop: Shop) -> Order:
	return sold(
		shop,
		[
			Line(tee(shop), quantity=2),
			Line(mug(shop), discount=Discount(percentage="100", title="Gift with purchase")),
			Line(product(shop, "STICKER", "0.00")),
		],
	)


@case("an order that costs nothing")
def free_order(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop))], discounts=[Discount(percentage="100", code="STAFF")])


@case("1,000 pieces at 0.37, prices with tax")
def thousand_at_0_37(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(product(shop, "SCREW", "0.37", stock=5000), quantity=1000)],
		taxes=VAT,
		taxes_included=True,
		shipping=Shipping("5.00"),
	)


@case("the same SKU on two lines at two prices")
def same_sku_twice(shop: Shop) -> Order:
	return sold(
		shop,
		[
			Line(tee(shop), quantity=2, discount=Discount(percentage="50", title="Second half price")),
			Line(tee(shop), quantity=1, attributes={"Engraving": "For Ada"}),
		],
	)


@case("300 lines, with a discount over all of them")
def three_hundred_lines(shop: Shop) -> Order:
	lines = [
		Line(
			product(shop, f"PART-{number:03d}", f"{1 + number * 37 % 900 / 100:.2f}"), quantity=1 + number % 4
		)
		for number in range(300)
	]
	return sold(shop, lines, discounts=[Discount(amount="33.33", code="BULK")], shipping=Shipping("19.00"))


# ---- unusual lines


@case("a gift card is sold, with goods")
def gift_card_sold(shop: Shop) -> Order:
	card = gift_card(shop).variants[0]
	return sold(shop, [Line(card.sku, price="50.00"), Line(tee(shop))], shipping=Shipping("5.90"))


@case("nothing but a gift card")
def gift_card_only(shop: Shop) -> Order:
	return sold(shop, [Line(gift_card(shop).variants[0].sku, price="25.00")], shipping_address=None)


@case("partly paid with a gift card")
def gift_card_used(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=2)],
		shipping=Shipping("5.90"),
		payments=[Payment("gift_card", "15.00"), Payment("shopify_payments")],
	)


@case("paid with a gift card altogether")
def gift_card_paid_all(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop))], payments=[Payment("gift_card")])


@case("a tip at checkout")
def tip(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop), quantity=2)], shipping=Shipping("5.90"), tip="4.00")


@case("a line without a product")
def custom_line(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(title="Alteration of sleeves", price="15.00", requires_shipping=False), Line(tee(shop))],
		source_name="shopify_draft_order",
	)


@case("the product was deleted after it was sold")
def deleted_product(shop: Shop) -> Order:
	sku = product(shop, f"GONE-{shop.new_id()}", "33.00")
	order = sold(shop, [Line(sku, quantity=2), Line(mug(shop))])
	shop.delete_product(shop.variant(sku).product)
	return order


@case("a bundle: three components in one group")
def bundle(shop: Shop) -> Order:
	full = shop.prefix + "SET"
	if not shop.by_sku.get(full):
		shop.add_product(
			f"Breakfast Set {shop.prefix}".strip(), [{"sku": full, "price": "29.90", "is_bundle": True}]
		)
	group = {"group": "Breakfast Set", "group_sku": full, "group_quantity": 2}
	return sold(
		shop,
		[
			Line(mug(shop), quantity=4, price="6.10", **group),
			Line(product(shop, "BOWL", "9.00"), quantity=2, price="8.15", **group),
			Line(product(shop, "SPOON", "4.00"), quantity=2, price="3.60", **group),
			Line(tee(shop)),
		],
	)


@case("duties and import taxes")
def duties(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=2, duty="6.40"), Line(mug(shop), duty="1.15")],
		taxes=[],
		shipping=Shipping("14.00"),
	)


@case("a tax that nobody has mapped yet")
def unmapped_tax(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop), quantity=2)], taxes=[Tax(f"Moon Levy {shop.prefix}".strip(), "0.031")])


@case("several variants of one product")
def variants(shop: Shop) -> Order:
	if not shop.by_sku.get(shop.prefix + "HAT-S"):
		shop.add_product(
			f"Hat {shop.prefix}".strip(),
			[
				{
					"sku": f"{shop.prefix}HAT-{size[0]}",
					"price": price,
					"options": {"Size": size, "Colour": "Red"},
				}
				for size, price in (("Small", "24.00"), ("Large", "26.00"))
			],
		)
	return sold(shop, [Line(f"{shop.prefix}HAT-S", quantity=2), Line(f"{shop.prefix}HAT-L")])


# ---- currencies


@case("the buyer paid in another currency than the shop's")
def presentment_currency(shop: Shop) -> Order:
	foreign = next(iter(shop.rates))
	return sold(
		shop,
		[Line(tee(shop), quantity=3), Line(mug(shop), quantity=1)],
		taxes=VAT,
		taxes_included=True,
		discounts=[Discount(percentage="7.5", code="HELLO")],
		shipping=Shipping("4.90"),
		presentment_currency=foreign,
	)


@case("a shop in yen: no minor units")
def yen(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=3, price="1980"), Line(mug(shop), quantity=2, price="745")],
		taxes=[Tax("Consumption Tax", "0.1")],
		taxes_included=True,
		discounts=[Discount(percentage="7", code="HARU")],
		shipping=Shipping("550"),
		currency="JPY",
	)


@case("a shop in Kuwaiti dinars: three decimals")
def three_decimals(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=3, price="6.125"), Line(mug(shop), quantity=2, price="2.375")],
		taxes=[Tax("VAT", "0.05")],
		discounts=[Discount(amount="1.000", code="DINAR")],
		shipping=Shipping("1.250"),
		currency="KWD",
	)


# ---- who buys, and how


@case("a guest: an e-mail address and nothing else")
def guest_email_only(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop))],
		customer=None,
		billing_address=None,
		shipping_address=None,
		email=f"{shop.prefix}guest@example.com",
	)


@case("a guest: a phone number and nothing else")
def guest_phone_only(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop))],
		customer=None,
		billing_address=None,
		shipping_address=None,
		phone=f"+1502{shop.id % 10**7:07d}",
	)


@case("over the counter: no customer, no address")
def pos_anonymous(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop)), Line(mug(shop), quantity=2)],
		customer=None,
		billing_address=None,
		shipping_address=None,
		source_name="pos",
		location=shop.primary_location.name,
		gateway="cash",
	)


@case("a company: the address carries its name")
def company(shop: Shop) -> Order:
	address = {**ADDRESS, "company": f"Norman & Söhne GmbH {shop.prefix}".strip()}
	return sold(
		shop,
		[Line(tee(shop), quantity=12)],
		customer={**buyer(shop, "purchasing"), "addresses": [address]},
		billing_address=address,
		shipping_address=address,
		po_number="PO-4711",
	)


@case("the parcel goes to somebody else at another address")
def ship_elsewhere(shop: Shop) -> Order:
	other = {
		**ADDRESS,
		"first_name": "Zoë",
		"last_name": "Ångström",
		"address1": "Storgatan 1",
		"address2": "c/o Ek",
		"city": "Malmö",
		"province": None,
		"province_code": None,
		"zip": "211 34",
		"country": "Sweden",
		"country_code": "SE",
	}
	return sold(shop, [Line(tee(shop))], shipping_address=other, taxes=[])


@case("a customer without a name")
def nameless(shop: Shop) -> Order:
	bare = {name: value for name, value in ADDRESS.items() if name not in ("first_name", "last_name")}
	return sold(
		shop,
		[Line(tee(shop))],
		customer={"email": f"{shop.prefix}nameless@example.com", "addresses": [bare]},
		billing_address=bare,
		shipping_address=bare,
	)


@case("a test order")
def test_order(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop))], test=True, gateway="bogus")


@case("an order made by staff from a draft, not paid")
def draft_order(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop))],
		source_name="shopify_draft_order",
		paid=False,
		note="Call before delivery",
		tags=["VIP"],
	)


# ---- payment


@case("not paid yet, then paid", lambda shop, order: mark_paid(shop, order))
def paid_later(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop), quantity=2)], paid=False)


@case("authorised, then captured", lambda shop, order: mark_paid(shop, order))
def authorised(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop), quantity=2)], paid="authorized")


@case("paid in two parts, the second later", lambda shop, order: mark_paid(shop, order))
def partly_paid(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=2)],
		payments=[Payment("shopify_payments", "10.00")],
		shipping=Shipping("5.90"),
	)


# ---- fulfilment


def _first_parcel(shop: Shop, order: Order) -> None:
	number = f"1Z{order.id}A"
	fulfil_order(
		shop, order, {0: 2}, company="UPS", number=number, url=f"https://www.ups.com/track?tracknum={number}"
	)


def _second_parcel(shop: Shop, order: Order) -> None:
	fulfil_order(shop, order, company="UPS", number=f"1Z{order.id}B")


@case("shipped in two parcels", _first_parcel, _second_parcel)
def two_parcels(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop), quantity=3), Line(mug(shop), quantity=2)], shipping=Shipping("5.90"))


@case("shipped in part only", _first_parcel)
def partly_fulfilled(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop), quantity=3), Line(mug(shop), quantity=2)])


# ---- cancelled


@case("cancelled before it was paid", lambda shop, order: cancel_order(shop, order, "CUSTOMER"))
def cancelled_before_payment(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop), quantity=2)], paid=False, shipping=Shipping("5.90"))


@case(
	"cancelled after it was paid: all money back", lambda shop, order: cancel_order(shop, order, "INVENTORY")
)
def cancelled_after_payment(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop), quantity=2)], shipping=Shipping("5.90"))


# ---- refunds


@case(
	"one of three back in stock, money back",
	lambda shop, order: refund_order(shop, order, {0: 1}, restock="CANCEL"),
)
def partial_refund_restock(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=3), Line(mug(shop), quantity=2)],
		discounts=[Discount(amount="10.00", code="TENOFF")],
		shipping=Shipping("5.90"),
	)


@case(
	"shipped, one comes back into stock",
	lambda shop, order: fulfil_order(shop, order, company="UPS", number=f"1Z{order.id}"),
	lambda shop, order: refund_order(shop, order, {0: 1}, restock="RETURN"),
)
def returned_after_shipping(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop), quantity=2)], shipping=Shipping("5.90"))


@case(
	"money back for one of three, which stays away",
	lambda shop, order: refund_order(shop, order, {0: 1}, restock="NO_RESTOCK"),
)
def partial_refund_no_restock(shop: Shop) -> Order:
	return sold(
		shop, [Line(tee(shop), quantity=3)], taxes=VAT, taxes_included=True, shipping=Shipping("4.90")
	)


@case(
	"everything back, shipping too",
	lambda shop, order: refund_order(shop, order, {0: 3, 1: 2}, restock="CANCEL", shipping=True),
)
def full_refund(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=3), Line(mug(shop), quantity=2)],
		discounts=[Discount(percentage="10", code="TEN")],
		shipping=Shipping("5.90"),
	)


@case(
	"everything back, prices with tax, nothing restocked",
	lambda shop, order: refund_order(shop, order, {0: 3, 1: 2}, restock="NO_RESTOCK", shipping=True),
)
def full_refund_no_restock(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=3), Line(mug(shop), quantity=2)],
		taxes=VAT,
		taxes_included=True,
		shipping=Shipping("4.90"),
	)


@case("only the shipping is given back", lambda shop, order: refund_order(shop, order, shipping=True))
def shipping_refund(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop), quantity=2)], shipping=Shipping("5.90"))


@case(
	"part of the shipping is given back, prices with tax",
	lambda shop, order: refund_order(shop, order, shipping="2.00"),
)
def partial_shipping_refund(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop))], taxes=VAT, taxes_included=True, shipping=Shipping("4.90"))


@case(
	"5.00 back for the trouble, nothing returned",
	lambda shop, order: refund_order(shop, order, amount="5.00"),
)
def goodwill_refund(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop), quantity=2)], shipping=Shipping("5.90"))


@case(
	"two refunds, one after the other",
	lambda shop, order: refund_order(shop, order, {0: 1}, restock="CANCEL"),
	lambda shop, order: refund_order(shop, order, {0: 2, 1: 1}, restock="NO_RESTOCK", shipping=True),
)
def two_refunds(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=3), Line(mug(shop), quantity=2)],
		discounts=[Discount(amount="10.00", code="TENOFF")],
		shipping=Shipping("5.90"),
	)


@case(
	"refund of an order in another currency",
	lambda shop, order: refund_order(shop, order, {0: 1}, restock="CANCEL"),
)
def presentment_refund(shop: Shop) -> Order:
	return presentment_currency(shop)


@case(
	"refund to the card and to the gift card",
	lambda shop, order: refund_order(shop, order, {0: 2}, restock="CANCEL", shipping=True),
)
def gift_card_refund(shop: Shop) -> Order:
	return gift_card_used(shop)


# ---- edits


@case(
	"a line is removed before anything was paid",
	lambda shop, order: edit_order(shop, order, quantities={1: 0}),
)
def zero_quantity_after_edit(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop), quantity=2), Line(mug(shop), quantity=3)], paid=False)


@case(
	"an unpaid order is edited: one line fewer, one line more, one new",
	lambda shop, order: edit_order(
		shop, order, quantities={0: 1, 1: 5}, add=[Line(product(shop, "BOWL", "9.00"))], taxes=STATE_AND_CITY
	),
)
def edited(shop: Shop) -> Order:
	return sold(
		shop,
		[Line(tee(shop), quantity=2), Line(mug(shop), quantity=3)],
		paid=False,
		shipping=Shipping("5.90"),
	)


@case(
	"a paid order grows: something is owed",
	lambda shop, order: edit_order(shop, order, add=[Line(mug(shop), quantity=2)], taxes=STATE_AND_CITY),
)
def edited_after_payment(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop), quantity=2)], shipping=Shipping("5.90"))


@case(
	"a paid order shrinks: money is owed to the buyer, then paid back",
	lambda shop, order: edit_order(shop, order, quantities={0: 1}),
	lambda shop, order: refund_order(
		shop, order, amount=str((-order.total_outstanding).presentment_money.amount)
	),
)
def edited_down_after_payment(shop: Shop) -> Order:
	return sold(shop, [Line(tee(shop), quantity=2), Line(mug(shop))], shipping=Shipping("5.90"))


CASES["yen"].currency, CASES["three_decimals"].currency = "JPY", "KWD"
