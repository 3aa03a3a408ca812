"""Products and prices."""

from sandbox.vendors.stripe import catalog
from sandbox.vendors.stripe.api.call import Call
from sandbox.vendors.stripe.api.routes import route
from sandbox.vendors.stripe.errors import Refusal
from sandbox.vendors.stripe.params import (
	EXPAND,
	PAGE,
	Choice,
	Flag,
	Fraction,
	Integer,
	ListOf,
	Metadata,
	Shape,
	Span,
	Text,
	Url,
)

PRODUCT_DATA = {
	"description": Text(40000),
	"images": ListOf(Url(), most=8),
	"metadata": Metadata(),
	"name": Text(250, required=True),
	"tax_code": Text(),
	"unit_label": Text(12),
}
RECURRING = {
	"interval": Choice(("day", "week", "month", "year"), required=True),
	"interval_count": Integer(1, 1095),
}
TAX_BEHAVIOR = Choice(("exclusive", "inclusive", "unspecified"))
PRICE_DATA = {
	"currency": Text(required=True),
	"product": Text(),
	"product_data": Shape(PRODUCT_DATA),
	"recurring": Shape(RECURRING),
	"tax_behavior": TAX_BEHAVIOR,
	"unit_amount": Integer(0),
	"unit_amount_decimal": Fraction(),
}
PRODUCT = {
	"active": Flag(),
	"description": Text(40000, unset=True),
	"expand": ListOf(Text()),
	"images": ListOf(Url(), most=8, unset=True),
	"metadata": Metadata(),
	"shippable": Flag(),
	"statement_descriptor": Text(22),
	"tax_code": Text(unset=True),
	"unit_label": Text(12, unset=True),
	"url": Url(unset=True),
}
PRODUCT_FIELDS = "active description images shippable statement_descriptor tax_code unit_label url".split()


@route(
	"POST products",
	"products.create",
	PRODUCT | {"id": Text(), "name": Text(5000, required=True), "type": Choice(("good", "service"))},
)
def create_product(call: Call) -> dict:
	known = call.known(*PRODUCT_FIELDS, "id", "type")
	return catalog.new_product(call.account, call.params["name"], **known)


@route(
	"GET products",
	"products.list",
	PAGE | {"active": Flag(), "created": Span(), "ids": ListOf(Text()), "type": Text(), "url": Text()},
)
def products(call: Call) -> dict:
	found = [one for one in call.account.all("product") if not one.get("deleted")]
	if "ids" in call.params:
		found = [one for one in found if one["id"] in call.params["ids"]]
	return call.listed(found, "active", "type", "url")


@route("GET products/{}", "products.retrieve", EXPAND)
def product(call: Call) -> dict:
	return call.here("product", "id")


@route("POST products/{}", "products.update", PRODUCT | {"name": Text(5000), "default_price": Text()})
def update_product(call: Call) -> dict:
	product = call.here("product", "id")
	changes = call.changes(product, *PRODUCT_FIELDS, "name")
	if "default_price" in call.params:
		changes["default_price"] = call.account.find("price", call.params["default_price"], "default_price")[
			"id"
		]
	return call.account.change(product, "product.updated", updated=call.account.now(), **changes)


@route("DELETE products/{}", "products.delete", {})
def delete_product(call: Call) -> dict:
	product = call.here("product", "id")
	if any(price["product"] == product["id"] for price in call.account.all("price")):
		message = "This product cannot be deleted because it has one or more user-created prices."
		raise Refusal(message)
	call.account.tell("product.deleted", product)
	product["deleted"] = True
	return {name: product[name] for name in ("id", "object", "deleted")}


# ---- prices: never changed, only switched off

CUSTOM = {
	"enabled": Flag(required=True),
	"maximum": Integer(1),
	"minimum": Integer(1),
	"preset": Integer(0),
}


@route(
	"POST prices",
	"prices.create",
	PRICE_DATA
	| {
		"active": Flag(),
		"billing_scheme": Choice(("per_unit",)),
		"custom_unit_amount": Shape(CUSTOM),
		"expand": ListOf(Text()),
		"lookup_key": Text(200),
		"metadata": Metadata(),
		"nickname": Text(),
	},
)
def create_price(call: Call) -> dict:
	given = call.known(
		"active", "lookup_key", "nickname", "tax_behavior", "unit_amount", "unit_amount_decimal"
	)
	if custom := call.get("custom_unit_amount"):
		given["custom_unit_amount"] = {name: custom.get(name) for name in ("maximum", "minimum", "preset")}
	if ("product" in call.params) == ("product_data" in call.params):
		message = "You must specify either `product` or `product_data` when creating a price."
		raise Refusal(message, param="product", code="parameter_missing", early=True)
	if "product" in call.params:
		product = call.account.find("product", call.params["product"], "product")
	else:
		data = dict(call.params["product_data"])
		data["metadata"] = {key: value for key, value in (data.get("metadata") or {}).items() if value}
		product = catalog.new_product(call.account, **data)
	return catalog.new_price(
		call.account, call.params["currency"], product, recurring=call.get("recurring"), **given
	)


@route(
	"GET prices",
	"prices.list",
	PAGE
	| {
		"active": Flag(),
		"created": Span(),
		"currency": Text(),
		"lookup_keys": ListOf(Text(), most=10),
		"product": Text(),
		"type": Choice(("one_time", "recurring")),
	},
)
def prices(call: Call) -> dict:
	found = call.account.all("price")
	if "lookup_keys" in call.params:
		found = [one for one in found if one["lookup_key"] in call.params["lookup_keys"]]
	return call.listed(found, "active", "currency", "product", "type")


@route("GET prices/{}", "prices.retrieve", EXPAND)
def price(call: Call) -> dict:
	return call.here("price", "price")


@route(
	"POST prices/{}",
	"prices.update",
	EXPAND
	| {
		"active": Flag(),
		"lookup_key": Text(200, unset=True),
		"metadata": Metadata(),
		"nickname": Text(unset=True),
		"tax_behavior": TAX_BEHAVIOR,
	},
)
def update_price(call: Call) -> dict:
	price = call.here("price", "price")
	changes = call.changes(price, "active", "lookup_key", "nickname", "tax_behavior")
	return call.account.change(price, "price.updated", **changes)
