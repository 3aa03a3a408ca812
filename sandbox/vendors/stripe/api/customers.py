"""Customers, their tax ids and payment methods."""

from sandbox.vendors.stripe import customers, methods
from sandbox.vendors.stripe.api.call import Call
from sandbox.vendors.stripe.api.routes import route
from sandbox.vendors.stripe.params import (
	ADDRESS,
	EXPAND,
	PAGE,
	Choice,
	Email,
	Integer,
	ListOf,
	Metadata,
	Shape,
	Span,
	Text,
)

TAX_ID = {"type": Text(required=True), "value": Text(required=True)}
FIELDS = {
	"address": Shape(ADDRESS, unset=True),
	"balance": Integer(),
	"description": Text(unset=True),
	"email": Email(unset=True),
	"expand": ListOf(Text()),
	"invoice_prefix": Text(12),
	"invoice_settings": Shape({"default_payment_method": Text(unset=True), "footer": Text(unset=True)}),
	"metadata": Metadata(),
	"name": Text(256, unset=True),
	"next_invoice_sequence": Integer(1),
	"phone": Text(20, unset=True),
	"preferred_locales": ListOf(Text()),
	"shipping": Shape(
		{"address": Shape(ADDRESS, required=True), "name": Text(required=True), "phone": Text()}, unset=True
	),
	"tax_exempt": Choice(("exempt", "none", "reverse"), unset=True),
}
PLAIN = "balance description email invoice_prefix name next_invoice_sequence phone preferred_locales".split()


def _fields(call: Call) -> dict:
	known = call.given(*PLAIN)
	if "tax_exempt" in call.params:
		known["tax_exempt"] = call.params["tax_exempt"] or "none"
	for name in ("address", "shipping"):
		if name in call.params:
			known[name] = _full(call.params[name])
	return known


def _full(given: dict | None) -> dict | None:
	if given is None:
		return None
	if "address" in given:
		return given | {"address": _full(given["address"]), "phone": given.get("phone")}
	return {**dict.fromkeys(ADDRESS), **given}


@route(
	"POST customers",
	"customers.create",
	FIELDS | {"payment_method": Text(), "tax_id_data": ListOf(Shape(TAX_ID))},
)
def create(call: Call) -> dict:
	settings = call.get("invoice_settings", {})
	method = settings.get("default_payment_method") or call.get("payment_method")
	known = _fields(call) | {"metadata": call.metadata()}
	customer = customers.create(call.account, method, **known)
	for one in call.get("tax_id_data", []):
		_add_tax_id(call, customer, one)
	return customer


def _add_tax_id(call: Call, customer: dict, given: dict) -> dict:
	made = call.account.add(
		"txi",
		"tax_id",
		country=None,
		customer=customer["id"],
		customer_account=None,
		owner={"customer": customer["id"], "type": "customer"},
		verification=None,
		**given,
	)
	customer["_tax_ids"].append(made)
	call.account.tell("customer.tax_id.created", made)
	return made


@route("GET customers", "customers.list", PAGE | {"created": Span(), "email": Text()})
def all(call: Call) -> dict:
	found = [one for one in call.account.all("customer") if not one.get("deleted")]
	return call.listed(found, "email")


@route("GET customers/{}", "customers.retrieve", EXPAND)
def retrieve(call: Call) -> dict:
	known = call.account.tables.get("customer", {}).get(call.id)
	if known and known.get("deleted"):
		return {name: known[name] for name in ("id", "object", "deleted")}
	return call.here("customer", "id")


@route("POST customers/{}", "customers.update", FIELDS)
def update(call: Call) -> dict:
	customer = call.here("customer", "id")
	changes = _fields(call) | call.changes(customer)
	if "invoice_settings" in call.params:
		wanted = dict(call.params["invoice_settings"])
		if wanted.get("default_payment_method"):
			method = methods.named(call.account, wanted["default_payment_method"])
			customers.attach(call.account, method, customer)
			wanted["default_payment_method"] = method["id"]
		changes["invoice_settings"] = customer["invoice_settings"] | wanted
	return call.account.change(customer, "customer.updated", **changes)


@route("DELETE customers/{}", "customers.delete", {})
def delete(call: Call) -> dict:
	customer = call.here("customer", "id")
	call.account.tell("customer.deleted", customer)
	customer["deleted"] = True
	return {name: customer[name] for name in ("id", "object", "deleted")}


@route("GET customers/{}/tax_ids", "customers.tax_ids.list", PAGE)
def tax_ids(call: Call) -> dict:
	return call.page(call.here("customer", "customer")["_tax_ids"][::-1])


@route("POST customers/{}/tax_ids", "customers.tax_ids.create", EXPAND | TAX_ID)
def add_tax_id(call: Call) -> dict:
	return _add_tax_id(call, call.here("customer", "customer"), call.given("type", "value"))


# ---- payment methods


@route("GET payment_methods/{}", "payment_methods.retrieve", EXPAND)
def method(call: Call) -> dict:
	return call.here("payment_method", "payment_method")


@route("GET customers/{}/payment_methods", "customers.payment_methods.list", PAGE | {"type": Text()})
def methods_of(call: Call) -> dict:
	customer = call.here("customer", "customer")
	return call.listed(
		[one for one in call.account.all("payment_method") if one["customer"] == customer["id"]], "type"
	)


@route("POST payment_methods/{}/attach", "payment_methods.attach", EXPAND | {"customer": Text(required=True)})
def attach(call: Call) -> dict:
	customer = call.account.find("customer", call.get("customer"), "customer")
	return customers.attach(call.account, methods.named(call.account, call.id), customer)


@route("POST payment_methods/{}/detach", "payment_methods.detach", EXPAND)
def detach(call: Call) -> dict:
	return call.account.change(
		call.here("payment_method", "payment_method"), "payment_method.detached", customer=None
	)
