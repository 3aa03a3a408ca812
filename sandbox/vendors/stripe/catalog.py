"""Products, prices, and lines that are made of them."""

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.vendors.stripe.errors import Refusal
from sandbox.vendors.stripe.money import check_currency, check_precision, rounded

if TYPE_CHECKING:
	from sandbox.vendors.stripe.account import Account


def new_product(account: "Account", name: str, **fields) -> dict:
	product = account.add("prod", "product", name=name)
	if fields.get("id"):
		if fields["id"] in account.tables["product"]:
			del account.tables["product"][product["id"]]
			raise Refusal("Product already exists.", code="resource_already_exists", param="id")
		del account.tables["product"][product["id"]]
		account.tables["product"][fields["id"]] = product
	product |= {
		"active": True,
		"default_price": None,
		"description": None,
		"images": [],
		"marketing_features": [],
		"metadata": {},
		"package_dimensions": None,
		"shippable": None,
		"statement_descriptor": None,
		"tax_code": None,
		"type": "service",
		"unit_label": None,
		"updated": account.now(),
		"url": None,
	} | fields
	account.tell("product.created", product)
	return product


def new_price(
	account: "Account",
	currency: str,
	product: dict,
	*,
	unit_amount: int | None = None,
	unit_amount_decimal: Decimal | None = None,
	custom_unit_amount: dict | None = None,
	recurring: dict | None = None,
	param: str = "",
	**fields,
) -> dict:
	"""One of unit_amount, unit_amount_decimal and custom_unit_amount. param: where the amount stands in the request.
	Raises Refusal."""
	check_currency(currency, f"{param}[currency]" if param else "currency")
	named = f"{param}[unit_amount]" if param else "unit_amount"
	given = [one for one in (unit_amount, unit_amount_decimal, custom_unit_amount) if one is not None]
	if len(given) > 1:
		message = "You may only specify one of these parameters: unit_amount, unit_amount_decimal."
		raise Refusal(message, code="parameters_exclusive", param=named, early=True)
	if not given:
		message = f"Missing required param: {named}."
		raise Refusal(message, code="parameter_missing", param=named, early=True)
	if unit_amount is not None:
		check_precision(unit_amount, currency, named)
		unit_amount_decimal = Decimal(unit_amount)
	elif unit_amount_decimal is not None and unit_amount_decimal == unit_amount_decimal.to_integral_value():
		unit_amount = int(unit_amount_decimal)
	if recurring:
		recurring = {
			"interval": recurring["interval"],
			"interval_count": recurring.get("interval_count", 1),
			"meter": None,
			"trial_period_days": None,
			"usage_type": "licensed",
		}
	price = account.add("price", "price", currency=currency, product=product["id"])
	price |= {
		"active": True,
		"billing_scheme": "per_unit",
		"custom_unit_amount": custom_unit_amount,
		"lookup_key": None,
		"metadata": {},
		"nickname": None,
		"recurring": recurring,
		"tax_behavior": "unspecified",
		"tiers_mode": None,
		"transform_quantity": None,
		"type": "recurring" if recurring else "one_time",
		"unit_amount": unit_amount,
		"unit_amount_decimal": None if unit_amount_decimal is None else f"{unit_amount_decimal:f}",
	} | fields
	account.tell("price.created", price)
	return price


def given_price(account: "Account", given: dict, param: str) -> dict:
	"""The price of a line: an id, or price_data with product or product_data. Raises Refusal."""
	if ("price" in given) == ("price_data" in given):
		message = f"You must specify either `price` or `price_data` when creating a line item ({param})."
		raise Refusal(message, code="parameter_missing", param=f"{param}[price]", early=True)
	if "price" in given:
		price = account.find("price", given["price"], f"{param}[price]")
		if not price["active"]:
			message = (
				f"The price specified is inactive. This field only accepts active prices. ({price['id']})"
			)
			raise Refusal(message, param=f"{param}[price]", code="price_inactive")
		return price
	data = dict(given["price_data"])
	where = f"{param}[price_data]"
	if ("product" in data) == ("product_data" in data):
		message = "You must specify either `product` or `product_data` when creating a price."
		raise Refusal(message, param=where, code="parameter_missing", early=True)
	check_currency(data["currency"], f"{where}[currency]")
	if "product" in data:
		product = account.find("product", data.pop("product"), f"{where}[product]")
	else:
		known = data.pop("product_data")
		known["metadata"] = {key: value for key, value in (known.get("metadata") or {}).items() if value}
		product = new_product(account, **known, active=False)
	# made for this one thing, so it cannot be used again
	return new_price(account, product=product, active=False, param=where, **data)


def line(account: "Account", price: dict, quantity: int = 1) -> dict:
	"""A line of a session or link; tax and discount are nothing here."""
	amount = amount_of(price, quantity)
	made = account.add(
		"li",
		"item",
		adjustable_quantity=None,
		amount_discount=0,
		amount_subtotal=amount,
		amount_tax=0,
		amount_total=amount,
		currency=price["currency"],
		description=account.find("product", price["product"])["name"],
		metadata={},
		price=price,
		quantity=quantity,
	)
	del made["created"], made["livemode"]
	return made


def amount_of(price: dict, quantity: int) -> int:
	"""quantity times the unit price, rounded half up; what the customer may choose counts with its preset."""
	if price["custom_unit_amount"]:
		return (price["custom_unit_amount"].get("preset") or 0) * quantity
	return rounded(Decimal(price["unit_amount_decimal"]) * quantity)
