"""Subscriptions, their items, invoices, and what was paid of them."""

from sandbox.vendors.stripe import billing, catalog, customers, methods
from sandbox.vendors.stripe.account import merged
from sandbox.vendors.stripe.api.call import Call
from sandbox.vendors.stripe.api.catalog import PRICE_DATA
from sandbox.vendors.stripe.api.routes import route
from sandbox.vendors.stripe.errors import Refusal, unsupported
from sandbox.vendors.stripe.params import (
	EXPAND,
	PAGE,
	Choice,
	Flag,
	Integer,
	ListOf,
	Metadata,
	Moment,
	Shape,
	Span,
	Text,
)

COLLECTION = Choice(("charge_automatically", "send_invoice"))
BEHAVIOR = Choice(("allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"))
PRORATION = Choice(("always_invoice", "create_prorations", "none"))
ITEM = {
	"metadata": Metadata(),
	"price": Text(),
	"price_data": Shape(PRICE_DATA | {"product": Text(required=True)}),
	"quantity": Integer(0),
}


def _price(call: Call, given: dict, name: str) -> dict:
	price = catalog.given_price(call.account, given, name)
	if not price["recurring"]:
		message = (
			f"The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`. "
			f"({price['id']})"
		)
		raise Refusal(message, param=f"{name}[price]")
	return price


# ---- subscriptions


@route(
	"POST subscriptions",
	"subscriptions.create",
	EXPAND
	| {
		"backdate_start_date": Moment(),
		"billing_cycle_anchor": Moment(),
		"cancel_at": Moment(),
		"cancel_at_period_end": Flag(),
		"collection_method": COLLECTION,
		"currency": Text(),
		"customer": Text(required=True),
		"days_until_due": Integer(0, 365),
		"default_payment_method": Text(),
		"description": Text(500),
		"items": ListOf(Shape(ITEM), most=20, required=True),
		"metadata": Metadata(),
		"off_session": Flag(),
		"payment_behavior": BEHAVIOR,
		"payment_settings": Shape({"save_default_payment_method": Choice(("off", "on_subscription"))}),
		"proration_behavior": PRORATION,
		"trial_end": Moment(),
		"trial_period_days": Integer(0, 730),
	},
)
def create(call: Call) -> dict:
	customer = call.account.find("customer", call.params["customer"], "customer")
	collection = call.get("collection_method", "charge_automatically")
	_check_due(call, collection)
	_check_end(call)
	items = [
		(_price(call, given, f"items[{place}]"), given.get("quantity", 1))
		for place, given in enumerate(call.params["items"])
	]
	if len({price["currency"] for price, _ in items}) > 1:
		raise Refusal("All prices on a subscription must have the same currency.", param="items")
	name = call.get("default_payment_method")
	subscription = billing.start(
		call.account,
		customer,
		items,
		method=methods.named(call.account, name, "default_payment_method") if name else None,
		collection_method=collection,
		behavior=call.get("payment_behavior", "allow_incomplete"),
		trial_end=_trial(call),
		begin=call.get("backdate_start_date"),
		anchor=call.get("billing_cycle_anchor"),
		prorate=call.get("proration_behavior") != "none",
		**call.known("cancel_at", "cancel_at_period_end", "days_until_due", "description"),
	)
	subscription["payment_settings"] |= call.get("payment_settings", {})
	for given, item in zip(call.params["items"], subscription["items"]["data"], strict=True):
		item["metadata"] = merged({}, given.get("metadata", {}))
	return subscription


def _check_due(call: Call, collection: str) -> None:
	due = "days_until_due" in call.params
	if collection == "send_invoice" and not due:
		message = "If `collection_method` is `send_invoice`, `days_until_due` must be provided."
		raise Refusal(message, code="parameter_missing", param="days_until_due", early=True)
	if collection == "charge_automatically" and due:
		message = "If `collection_method` is `charge_automatically`, `days_until_due` must not be provided."
		raise Refusal(message, param="days_until_due", early=True)


def _check_end(call: Call) -> None:
	if "cancel_at" in call.params and call.get("cancel_at_period_end"):
		message = "You may only specify one of these parameters: cancel_at, cancel_at_period_end."
		raise Refusal(message, code="parameters_exclusive", param="cancel_at", early=True)
	if (call.get("cancel_at") or call.account.now() + 1) <= call.account.now():
		raise Refusal("`cancel_at` must be in the future.", param="cancel_at", early=True)


def _trial(call: Call) -> int | None:
	if "trial_end" in call.params and "trial_period_days" in call.params:
		message = "You may only specify one of these parameters: trial_end, trial_period_days."
		raise Refusal(message, code="parameters_exclusive", param="trial_end", early=True)
	if days := call.get("trial_period_days"):
		return call.account.now() + days * billing.DAY
	return call.get("trial_end")


STATUSES = "active all canceled ended incomplete incomplete_expired past_due paused trialing unpaid".split()


@route(
	"GET subscriptions",
	"subscriptions.list",
	PAGE
	| {
		"collection_method": COLLECTION,
		"created": Span(),
		"customer": Text(),
		"price": Text(),
		"status": Choice(tuple(STATUSES)),
	},
)
def all(call: Call) -> dict:
	wanted = call.params.pop("status", None)
	found = call.account.all("subscription")
	if wanted is None:
		found = [one for one in found if one["status"] != "canceled"]
	elif wanted == "ended":
		found = [one for one in found if one["status"] in ("canceled", "incomplete_expired")]
	elif wanted != "all":
		found = [one for one in found if one["status"] == wanted]
	if "price" in call.params:
		price = call.params["price"]
		found = [one for one in found if any(item["price"]["id"] == price for item in one["items"]["data"])]
	return call.listed(found, "collection_method", "customer")


@route("GET subscriptions/{}", "subscriptions.retrieve", EXPAND)
def retrieve(call: Call) -> dict:
	return call.here("subscription", "id")


@route(
	"POST subscriptions/{}",
	"subscriptions.update",
	EXPAND
	| {
		"cancel_at": Moment(unset=True),
		"cancel_at_period_end": Flag(),
		"collection_method": COLLECTION,
		"days_until_due": Integer(0, 365),
		"default_payment_method": Text(unset=True),
		"description": Text(500, unset=True),
		"items": ListOf(Shape(ITEM | {"deleted": Flag(), "id": Text()})),
		"metadata": Metadata(),
		"proration_behavior": PRORATION,
	},
)
def update(call: Call) -> dict:
	subscription = call.here("subscription", "id")
	if subscription["status"] == "canceled":
		raise Refusal("A canceled subscription can only update its cancellation_details and metadata.")
	_check_end(call)
	fields = "cancel_at cancel_at_period_end collection_method days_until_due description".split()
	changes = call.changes(subscription, *fields)
	if "cancel_at_period_end" in changes:
		ends = subscription["items"]["data"][0]["current_period_end"]
		wished = changes["cancel_at_period_end"]
		changes |= {
			"cancel_at": ends if wished else None,
			"canceled_at": call.account.now() if wished else None,
		}
	if name := call.get("default_payment_method"):
		method = methods.named(call.account, name, "default_payment_method")
		changes["default_payment_method"] = method["id"]
	for place, given in enumerate(call.get("items", [])):
		_change_item(call, subscription, given, f"items[{place}]")
	return call.account.change(subscription, "customer.subscription.updated", **changes)


def _change_item(call: Call, subscription: dict, given: dict, name: str) -> None:
	"""From the next cycle on; what has been used of this one is not settled."""
	if call.get("proration_behavior") != "none":
		raise unsupported("prorations; pass proration_behavior=none")
	rows = subscription["items"]["data"]
	if "id" not in given:
		item = billing.add_item(
			call.account, subscription, _price(call, given, name), given.get("quantity", 1)
		)
		for key in ("current_period_start", "current_period_end"):
			item[key] = rows[0][key]
		return
	item = next((one for one in rows if one["id"] == given["id"]), None)
	if item is None:
		raise Refusal(
			f"No such subscription item: '{given['id']}'", code="resource_missing", param=f"{name}[id]"
		)
	if given.get("deleted"):
		rows.remove(item)
		return
	if "price" in given or "price_data" in given:
		item["price"] = _price(
			call, {key: given[key] for key in ("price", "price_data") if key in given}, name
		)
	item["quantity"] = given.get("quantity", item["quantity"])


@route(
	"DELETE subscriptions/{}",
	"subscriptions.cancel",
	EXPAND
	| {
		"cancellation_details": Shape({"comment": Text(unset=True), "feedback": Text(unset=True)}),
		"invoice_now": Flag(),
		"prorate": Flag(),
	},
)
def cancel(call: Call) -> dict:
	if call.get("invoice_now") or call.get("prorate"):
		raise unsupported("invoice_now and prorate")
	return billing.cancel(call.account, call.here("subscription", "id"), call.get("cancellation_details"))


@route("GET subscription_items", "subscription_items.list", PAGE | {"subscription": Text(required=True)})
def items(call: Call) -> dict:
	subscription = call.account.find("subscription", call.params["subscription"], "subscription")
	return call.page(subscription["items"]["data"])


@route("GET subscription_items/{}", "subscription_items.retrieve", EXPAND)
def item(call: Call) -> dict:
	return call.here("subscription_item", "item")


@route(
	"POST subscription_items/{}",
	"subscription_items.update",
	EXPAND | {"metadata": Metadata(), "proration_behavior": PRORATION, "quantity": Integer(0)},
)
def update_item(call: Call) -> dict:
	item = call.here("subscription_item", "item")
	subscription = call.account.find("subscription", item["subscription"])
	if "quantity" in call.params:
		_change_item(call, subscription, {"id": item["id"], "quantity": call.params["quantity"]}, "item")
	item |= call.changes(item)
	call.account.tell("customer.subscription.updated", subscription)
	return item


# ---- invoices


@route(
	"POST invoiceitems",
	"invoiceitems.create",
	EXPAND
	| {
		"amount": Integer(),
		"currency": Text(),
		"customer": Text(required=True),
		"description": Text(5000),
		"invoice": Text(required=True),
		"metadata": Metadata(),
		"pricing": Shape({"price": Text(required=True)}),
		"quantity": Integer(0),
	},
)
def add_line(call: Call) -> dict:
	"""For an invoice that is a draft; the sandbox keeps none that wait for an invoice."""
	invoice = call.account.find("invoice", call.params["invoice"], "invoice")
	if invoice["status"] != "draft":
		raise Refusal("The invoice is not a draft any more.", code="invoice_not_editable", param="invoice")
	if "pricing" in call.params:
		price = call.account.find("price", call.params["pricing"]["price"], "pricing[price]")
		quantity = call.get("quantity", 1)
	elif "amount" in call.params:
		quantity = 1
		name = call.get("description") or "Invoice item"
		product = catalog.new_product(call.account, name, active=False)
		price = catalog.new_price(
			call.account, invoice["currency"], product, unit_amount=call.params["amount"], active=False
		)
	else:
		raise Refusal("Missing required param: amount.", code="parameter_missing", param="amount", early=True)
	amount = catalog.amount_of(price, quantity)
	now = call.account.now()
	made = call.account.add(
		"ii",
		"invoiceitem",
		amount=amount,
		currency=invoice["currency"],
		customer=invoice["customer"],
		date=now,
		description=call.get("description"),
		discountable=True,
		discounts=[],
		invoice=invoice["id"],
		metadata=call.metadata(),
		net_amount=amount,
		parent=None,
		period={"end": now, "start": now},
		proration=False,
		quantity=quantity,
		tax_rates=[],
		test_clock=None,
	)
	details = {
		"invoice_item": made["id"],
		"proration": False,
		"proration_details": None,
		"subscription": None,
	}
	known = {"description": call.params["description"]} if "description" in call.params else {}
	billing.add_line(
		call.account,
		invoice,
		price,
		quantity,
		now,
		now,
		amount=amount,
		metadata=made["metadata"],
		parent={
			"invoice_item_details": details,
			"subscription_item_details": None,
			"type": "invoice_item_details",
		},
		**known,
	)
	call.account.tell("invoiceitem.created", made)
	return made


@route(
	"POST invoices",
	"invoices.create",
	EXPAND
	| {
		"auto_advance": Flag(),
		"collection_method": COLLECTION,
		"currency": Text(),
		"customer": Text(required=True),
		"days_until_due": Integer(0, 365),
		"description": Text(1500, unset=True),
		"due_date": Moment(),
		"footer": Text(5000, unset=True),
		"metadata": Metadata(),
		"pending_invoice_items_behavior": Choice(("exclude",)),
		"statement_descriptor": Text(22),
	},
)
def create_invoice(call: Call) -> dict:
	customer = call.account.find("customer", call.params["customer"], "customer")
	known = call.known(
		"auto_advance", "collection_method", "description", "due_date", "footer", "statement_descriptor"
	)
	sent = known.get("collection_method") == "send_invoice"
	if sent and not {"due_date", "days_until_due"} & set(call.params):
		message = "If `collection_method` is `send_invoice`, `days_until_due` or `due_date` must be provided."
		raise Refusal(message, code="parameter_missing", param="days_until_due", early=True)
	if "days_until_due" in call.params:
		known["due_date"] = call.account.now() + call.params["days_until_due"] * billing.DAY
	currency = call.get("currency") or customer["currency"] or call.account.currency
	invoice = billing.new_invoice(call.account, customer, currency, **known)
	call.account.tell("invoice.created", invoice)
	return invoice


@route(
	"GET invoices",
	"invoices.list",
	PAGE
	| {
		"collection_method": COLLECTION,
		"created": Span(),
		"customer": Text(),
		"status": Choice(("draft", "open", "paid", "uncollectible", "void")),
		"subscription": Text(),
	},
)
def invoices(call: Call) -> dict:
	found = [one for one in call.account.all("invoice") if not one.get("deleted")]
	if wanted := call.params.get("subscription"):
		found = [
			one
			for one in found
			if ((one["parent"] or {}).get("subscription_details") or {}).get("subscription") == wanted
		]
	return call.listed(found, "collection_method", "customer", "status")


@route("GET invoices/{}", "invoices.retrieve", EXPAND)
def invoice(call: Call) -> dict:
	return call.here("invoice", "invoice")


@route("GET invoices/{}/lines", "invoices.line_items.list", PAGE)
def lines(call: Call) -> dict:
	return call.page(call.here("invoice", "invoice")["lines"]["data"])


@route(
	"POST invoices/{}",
	"invoices.update",
	EXPAND | {"auto_advance": Flag(), "description": Text(1500, unset=True), "metadata": Metadata()},
)
def update_invoice(call: Call) -> dict:
	invoice = call.here("invoice", "invoice")
	return call.account.change(
		invoice, "invoice.updated", **call.changes(invoice, "auto_advance", "description")
	)


@route("POST invoices/{}/finalize", "invoices.finalize_invoice", EXPAND | {"auto_advance": Flag()})
def finalize(call: Call) -> dict:
	return billing.finalize(call.account, call.here("invoice", "invoice"))


@route("POST invoices/{}/send", "invoices.send_invoice", EXPAND)
def send(call: Call) -> dict:
	invoice = call.here("invoice", "invoice")
	if invoice["collection_method"] != "send_invoice":
		raise Refusal("You can only manually send an invoice if its collection method is 'send_invoice'.")
	if invoice["status"] == "draft":
		billing.finalize(call.account, invoice)
	call.account.tell("invoice.sent", invoice)
	return invoice


@route(
	"POST invoices/{}/pay",
	"invoices.pay",
	EXPAND | {"off_session": Flag(), "paid_out_of_band": Flag(), "payment_method": Text()},
)
def pay(call: Call) -> dict:
	invoice = call.here("invoice", "invoice")
	customer = call.account.find("customer", invoice["customer"])
	name = call.get("payment_method") or invoice["default_payment_method"]
	method = methods.named(call.account, name) if name else customers.default_method(call.account, customer)
	if invoice["status"] == "draft":
		billing.finalize(call.account, invoice)
	return billing.pay_invoice(call.account, invoice, method, elsewhere=call.get("paid_out_of_band", False))


@route("POST invoices/{}/void", "invoices.void_invoice", EXPAND)
def void(call: Call) -> dict:
	return billing.void(call.account, call.here("invoice", "invoice"))


@route("DELETE invoices/{}", "invoices.delete", {})
def delete(call: Call) -> dict:
	invoice = call.here("invoice", "invoice")
	if invoice["status"] != "draft":
		raise Refusal("You can only delete draft invoices.", code="invoice_not_editable")
	call.account.tell("invoice.deleted", invoice)
	invoice["deleted"] = True
	return {name: invoice[name] for name in ("id", "object", "deleted")}


@route(
	"GET invoice_payments",
	"invoice_payments.list",
	PAGE
	| {
		"created": Span(),
		"invoice": Text(),
		"payment": Shape({"payment_intent": Text(), "type": Choice(("payment_intent",), required=True)}),
		"status": Choice(("canceled", "open", "paid")),
	},
)
def payments(call: Call) -> dict:
	found = call.account.all("invoice_payment")
	if wanted := call.get("payment", {}).get("payment_intent"):
		found = [one for one in found if one["payment"]["payment_intent"] == wanted]
	return call.listed(found, "invoice", "status")


@route("GET invoice_payments/{}", "invoice_payments.retrieve", EXPAND)
def payment(call: Call) -> dict:
	return call.here("invoice_payment", "invoice_payment")
