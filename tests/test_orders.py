"""Orders of a shop → ERPNext documents, right to the cent, in every shape an order can have.

The shop's own figures (`expectation`) are the witness: they are computed by the sandbox shop, which knows
nothing of the app. Each case is imported in two ways: as a plain Sales Order after everything has happened
(a backfill), and step by step with invoice, payments and deliveries switched on (live).
"""

from decimal import Decimal

import frappe
import pytest

from integration_hub.api import desk
from sandbox import books
from sandbox.vendors.shopify.cases import CASES, expectation, place_case

LIVE = {"create_invoice": "When Paid", "create_payment": 1, "create_delivery_note": 1}
#: cases that end otherwise than in a Sales Order; they have tests of their own below
OTHERWISE = {"test_order", "unmapped_tax", "three_decimals"}
PLAIN = [name for name in CASES if name not in OTHERWISE]


@pytest.fixture(scope="module", autouse=True)
def rates_and_stock(site):
	"""Fixed exchange rates; invoices in foreign currencies on the one debtors' account."""
	home = books.currency()
	for currency, rate in (
		("USD", 0.92),
		("JPY", 0.0061),
		("KWD", 3.01),
		("GBP", 1.17),
		("INR", 0.011),
		("EUR", 1.0),
	):
		if currency != home:
			books.rate(currency, home, rate)
	setting = "allow_multi_currency_invoices_against_single_party_account"
	before = frappe.db.get_single_value("Accounts Settings", setting)
	frappe.db.set_single_value("Accounts Settings", setting, 1)
	frappe.db.commit()  # workers must see it
	yield
	frappe.db.set_single_value("Accounts Settings", setting, before)
	frappe.db.commit()  # back to what it was


def money(value) -> Decimal:
	"""A document's float as the decimal number it stands for."""
	return Decimal(str(round(float(value or 0), 3))).normalize()


def said(text) -> Decimal:
	return Decimal(text).normalize()


def shop_for(hub, name, **switches):
	home = books.currency()
	presentment = {"USD": "1.0871"} if home != "USD" else {"EUR": "0.9137"}
	return hub(shop_currency=home, shop_presentment_currencies=presentment, **switches)


def taxes_of(doc) -> dict[str, Decimal]:
	"""Tax rows of a document by name, without shipping and the like."""
	found = {}
	for row in doc.taxes:
		if row.description in books.TAXES and row.tax_amount:
			found[row.description] = money(row.tax_amount)
	return found


def goodwill(name) -> Decimal:
	"""Money given back for no goods and no shipping."""
	return Decimal(5) if name == "goodwill_refund" else Decimal(0)


def absorbed(order, name="") -> Decimal:
	"""What the plain Sales Order should come to: what is left of the order at the shop, goodwill aside."""
	return (said(expectation(order)["current"]) + goodwill(name)).normalize()


@pytest.mark.parametrize("name", PLAIN)
def test_as_a_plain_sales_order(hub, name):
	shop = shop_for(hub, name)
	order = place_case(shop.shop, name)
	event = shop.bring(order)
	witness = expectation(order)
	if witness["cancelled"]:
		assert event.status == "Ignored", event.message
		return
	if not any(line["current_quantity"] for line in witness["lines"]) and said(witness["current"]) == 0:
		assert event.status == "Ignored", event.message
		assert not shop.documents("Sales Order", order)
		return
	assert event.status == "Done", event.message
	doc = shop.sales_order(order)
	assert doc.docstatus == 1
	assert doc.currency == witness["currency"]
	assert money(doc.grand_total) == absorbed(order, name)
	assert taxes_of(doc) == {
		title: said(amount) for title, amount in witness["current_taxes"].items() if said(amount)
	}
	quantities = {}
	for row in doc.items:
		quantities[row.integration_line] = quantities.get(row.integration_line, 0) + row.qty
	assert quantities == {
		str(line["id"]): line["current_quantity"]
		for line in witness["lines"]
		if line["current_quantity"] and line["kind"] != "tip"
	}
	nothing_nobody_asked_for(doc)


def nothing_nobody_asked_for(doc):
	"""ERPNext's wizard switches automatic Item Prices on; an import must not make any."""
	codes = [row.item_code for row in doc.items]
	made = {"item_code": ("in", codes), "creation": (">=", doc.creation)}
	assert not frappe.get_all("Item Price", filters=made)


@pytest.mark.parametrize("name", PLAIN)
def test_live_with_invoice_payment_and_delivery(hub, name):
	"""Imported after being placed and after each further step, as webhooks would bring it."""
	shop = shop_for(hub, name, **LIVE)
	case = CASES[name]
	order = case.place(shop.shop)
	receive_all(shop)
	event = shop.bring(order)
	for step in case.steps:
		if name.startswith("edited_") and event.status == "Parked":
			break
		assert event.status == "Done", event.message
		step(shop.shop, order)
		event = shop.bring(order)
	witness = expectation(order)
	if name in ("edited_after_payment", "edited_down_after_payment"):
		assert event.status == "Parked"
		assert "difference" in event.message and event.fix_doctype == "Sales Order"
		return
	assert event.status == "Done", event.message
	invoices = shop.documents("Sales Invoice", order, docstatus=1)
	billed = [doc for doc in invoices if not doc.is_return]
	credited = [doc for doc in invoices if doc.is_return]
	payments = shop.documents("Payment Entry", order, docstatus=1)
	assert_paid(payments, "Receive", witness["received"], witness)
	assert_paid(payments, "Pay", witness["refunded"], witness)
	if not billed:
		return
	assert len(billed) == 1
	assert money(billed[0].grand_total) == said(witness["total"])
	assert money(sum(doc.grand_total for doc in credited)) == said(witness["current"]) - said(
		witness["total"]
	)
	for doc in invoices:
		if doc.grand_total:
			assert_gl_balances(doc)
	if witness["currency"] == books.currency():
		owed = [frappe.db.get_value("Sales Invoice", doc.name, "outstanding_amount") for doc in invoices]
		assert money(sum(owed)) == said(witness["outstanding"])
	if witness["parcels"]:
		notes = [doc for doc in shop.documents("Delivery Note", order, docstatus=1) if not doc.is_return]
		assert len(notes) == len(witness["parcels"])
		assert sum(row.qty for doc in notes for row in doc.items) == sum(
			one["units"] for one in witness["parcels"]
		)


def receive_all(shop) -> None:
	"""Opening stock of everything the shop sells, so that its parcels can be booked."""
	for sku in list(shop.shop.by_sku):
		books.stock_item(sku, 10000)


def assert_paid(docs, direction, amount, witness):
	"""Payment Entries of a direction come to `amount` of the order's currency; booked in an account of the company's
	currency, each may be off by the half cent of its own rounding."""
	docs = [doc for doc in docs if doc.payment_type == direction]
	booked = sum((Decimal(str(doc.paid_amount)) for doc in docs), Decimal(0))
	if witness["currency"] == books.currency():
		assert booked == Decimal(amount)
		return
	if docs:
		rate = frappe.db.get_value(
			"Sales Order",
			{
				"integration_order": docs[0].integration_order,
				"integration_connection": docs[0].integration_connection,
			},
			"conversion_rate",
		)
		assert abs(booked - Decimal(amount) * Decimal(str(rate))) <= Decimal("0.005") * len(docs)
	else:
		assert Decimal(amount) == 0


def assert_gl_balances(doc):
	entries = frappe.get_all(
		"GL Entry",
		filters={"voucher_type": doc.doctype, "voucher_no": doc.name, "is_cancelled": 0},
		fields=["debit", "credit"],
	)
	assert entries
	assert money(sum(one.debit for one in entries)) == money(sum(one.credit for one in entries))


# --- cases with an end of their own ----------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [0, 1])
def test_a_test_order_only_when_wanted(hub, wanted):
	shop = shop_for(hub, "test_order", import_test_orders=wanted)
	event = shop.bring(order := place_case(shop.shop, "test_order"))
	assert event.status == ("Done" if wanted else "Ignored")
	assert bool(shop.sales_order(order)) == bool(wanted)


def test_an_unmapped_tax_parks_with_a_sentence_and_goes_on_once_mapped(hub):
	shop = shop_for(hub, "unmapped_tax")
	order = place_case(shop.shop, "unmapped_tax")
	event = shop.bring(order)
	assert event.status == "Parked"
	title = f"Moon Levy {shop.shop.prefix}"
	assert title.strip() in event.message and shop.connection in event.message
	assert (event.fix_doctype, event.fix_name) == ("Integration Connection", shop.connection)
	assert not shop.documents("Sales Order", order), "not half an order"
	doc = shop.doc
	doc.append(
		"accounts",
		{"kind": "Tax", "title": title, "account": books.account("Moon Levy", "Liability", "Tax")},
	)
	doc.save()
	frappe.db.commit()  # as the request of the form does
	shop.drain()
	assert shop.event(order).status == "Done"
	assert money(shop.sales_order(order).grand_total) == absorbed(order)


@pytest.fixture
def currency_precision():
	"""Set the site's currency precision as System Settings do, and put it back."""
	before = frappe.db.get_single_value("System Settings", "currency_precision")

	def set_to(decimals):
		settings = frappe.get_doc("System Settings")
		settings.currency_precision = str(decimals) if decimals else ""
		settings.flags.ignore_mandatory = True
		settings.save()
		frappe.db.commit()  # defaults are cached: workers must read the new value
		frappe.clear_cache()

	yield set_to
	set_to(before)


def test_three_decimals_need_a_site_that_keeps_them(hub, currency_precision):
	currency_precision(2)
	shop = shop_for(hub, "three_decimals")
	order = place_case(shop.shop, "three_decimals")
	event = shop.bring(order)
	assert event.status == "Parked"
	assert "KWD" in event.message and event.fix_doctype == "System Settings"
	currency_precision(3)
	desk.replay_events([event.name])
	frappe.db.commit()  # as the request of the button does
	shop.drain()
	assert shop.event(order).status == "Done", shop.event(order).message
	assert money(shop.sales_order(order).grand_total) == absorbed(order)


# --- edits -----------------------------------------------------------------------------------------------


def test_an_edited_draft_is_rewritten(hub):
	shop = shop_for(hub, "edited", submit_orders=0)
	case = CASES["edited"]
	order = case.place(shop.shop)
	shop.bring(order)
	first = shop.sales_order(order)
	case.steps[0](shop.shop, order)
	assert shop.bring(order).status == "Done"
	second = shop.sales_order(order)
	assert (second.name, second.docstatus) == (first.name, 0)
	assert money(second.grand_total) == absorbed(order)


def test_an_edited_order_is_amended(hub):
	shop = shop_for(hub, "edited")
	case = CASES["edited"]
	order = case.place(shop.shop)
	shop.bring(order)
	first = shop.sales_order(order)
	case.steps[0](shop.shop, order)
	assert shop.bring(order).status == "Done"
	second = shop.sales_order(order)
	assert second.amended_from == first.name and second.docstatus == 1
	assert frappe.db.get_value("Sales Order", first.name, "docstatus") == 2
	assert money(second.grand_total) == absorbed(order)


def test_an_order_edited_after_its_invoice_parks_with_the_difference(hub):
	shop = shop_for(hub, "edited_after_payment", **LIVE)
	case = CASES["edited_after_payment"]
	order = case.place(shop.shop)
	shop.bring(order)
	before = said(expectation(order)["total"])
	case.steps[0](shop.shop, order)
	event = shop.bring(order)
	after = said(expectation(order)["current"])
	assert event.status == "Parked"
	assert str(after - before) in event.message.replace(",", "")
	assert len(shop.documents("Sales Order", order)) == 1


def deleted_here(shop, order):
	"""The order was imported, and somebody deleted its Sales Order."""
	assert shop.bring(order).status == "Done"
	shop.sales_order(order).delete()
	frappe.db.commit()  # as a request does


def test_an_order_whose_sales_order_was_deleted_is_a_person_s(hub):
	shop = shop_for(hub, "edited", submit_orders=0)
	case = CASES["edited"]
	deleted_here(shop, order := case.place(shop.shop))
	name = shop.link("orders", order.id).reference_name
	case.steps[0](shop.shop, order)
	event = shop.bring(order)
	assert event.status == "Parked" and event.fix_doctype == "Integration Link"
	assert order.name in event.message and name in event.message and "deleted here" in event.message
	frappe.get_doc(event.fix_doctype, event.fix_name).delete()
	desk.replay_events([event.name])
	frappe.db.commit()  # as the requests of form and button do
	shop.drain()
	assert shop.event(order).status == "Done", shop.event(order).message
	assert money(shop.sales_order(order).grand_total) == absorbed(order)


def test_a_cancelled_order_whose_sales_order_was_deleted_asks_nobody(hub):
	from sandbox.vendors.shopify import orders

	shop = shop_for(hub, "edited", submit_orders=0)
	deleted_here(shop, order := CASES["edited"].place(shop.shop))
	orders.cancel_order(shop.shop, order)
	assert shop.bring(order).status == "Ignored"


# --- people ----------------------------------------------------------------------------------------------


def test_one_buyer_however_often_and_however_named(hub):
	"""By id, then by e-mail as a guest, then by phone: one Customer."""
	from sandbox.vendors.shopify import orders

	shop = shop_for(hub, "people")
	sku = shop.shop.prefix + "P"
	shop.shop.add_product("Pin", sku=sku, price="2.00")
	email, phone = f"{shop.shop.prefix}eve@example.com", f"+4930{shop.shop.new_id() % 10**7:07d}"
	known = {"first_name": "Eve", "last_name": "Adams", "email": email, "phone": phone}
	placed = [
		orders.place_order(shop.shop, [orders.Line(sku)], customer=known),
		orders.place_order(shop.shop, [orders.Line(sku)], email=email.upper()),
		orders.place_order(shop.shop, [orders.Line(sku)], phone=phone),
	]
	for order in placed:
		assert shop.bring(order).status == "Done"
	customers = {shop.sales_order(order).customer for order in placed}
	assert len(customers) == 1
	[name] = customers
	contacts = frappe.get_all(
		"Dynamic Link",
		filters={"link_doctype": "Customer", "link_name": name, "parenttype": "Contact"},
		pluck="parent",
	)
	assert len(contacts) == 1
	contact = frappe.get_doc("Contact", contacts[0])
	assert (contact.first_name, contact.last_name, contact.email_ids[0].email_id) == ("Eve", "Adams", email)


def test_nobody_elses_server_is_asked_about_a_new_customer(hub, monkeypatch):
	"""Frappe asks gravatar.com for a picture of everybody who is saved without one, within the transaction."""
	asked = []
	monkeypatch.setattr("requests.get", lambda url, **_options: asked.append(url))
	shop = shop_for(hub, "pictures")
	order = place_case(shop.shop, "tax_exclusive")
	shop.bring(order)
	customer = shop.sales_order(order).customer
	[contact] = frappe.get_all("Contact", filters={"link_name": customer}, fields=["email_id", "image"])
	assert contact.email_id and asked == []


def test_a_customer_people_entered_by_hand_is_found_by_e_mail(hub):
	shop = shop_for(hub, "people")
	email = f"{shop.shop.prefix}bob@example.com"
	by_hand = frappe.get_doc(
		{
			"doctype": "Customer",
			"customer_name": f"Bob {shop.shop.prefix}",
			"customer_group": books.leaf("Customer Group"),
			"territory": books.leaf("Territory"),
		}
	).insert()
	frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": "Bob",
			"email_ids": [{"email_id": email, "is_primary": 1}],
			"links": [{"link_doctype": "Customer", "link_name": by_hand.name}],
		}
	).insert()
	frappe.db.commit()  # people saved it before the order came
	order = place_case(shop.shop, "tax_exclusive")
	shop.bring(order)
	assert shop.sales_order(order).customer == by_hand.name


def test_a_company_buys_under_its_name(hub):
	shop = shop_for(hub, "company")
	order = place_case(shop.shop, "company")
	shop.bring(order)
	customer = frappe.get_doc("Customer", shop.sales_order(order).customer)
	assert customer.customer_type == "Company"
	assert customer.customer_name.startswith("Norman & Söhne GmbH")


def test_two_addresses_of_one_order(hub):
	shop = shop_for(hub, "ship_elsewhere")
	order = place_case(shop.shop, "ship_elsewhere")
	shop.bring(order)
	doc = shop.sales_order(order)
	billing, shipping = (
		frappe.get_doc("Address", name) for name in (doc.customer_address, doc.shipping_address_name)
	)
	assert (billing.city, shipping.city) == ("Louisville", "Malmö")
	assert (billing.country, shipping.country) == ("United States", "Sweden")


def test_an_order_over_the_counter_goes_to_the_chosen_customer(hub):
	shop = shop_for(hub, "pos_anonymous")
	chosen = frappe.get_doc(
		{
			"doctype": "Customer",
			"customer_name": f"Counter {shop.shop.prefix}",
			"customer_group": books.leaf("Customer Group"),
			"territory": books.leaf("Territory"),
		}
	).insert()
	shop.switch(default_customer=chosen.name)
	order = place_case(shop.shop, "pos_anonymous")
	shop.bring(order)
	assert shop.sales_order(order).customer == chosen.name


# --- items -----------------------------------------------------------------------------------------------


def test_an_unknown_sku_parks_and_goes_on_when_the_item_is_made(hub):
	shop = shop_for(hub, "items", create_items=0)
	order = place_case(shop.shop, "untaxed")
	event = shop.bring(order)
	sku = shop.shop.prefix + "TEE"
	assert event.status == "Parked" and sku in event.message
	books.stock_item(sku)
	shop.drain()
	assert shop.event(order).status == "Done"
	assert shop.sales_order(order).items[0].item_code == sku


def test_an_item_is_found_by_barcode(hub):
	shop = shop_for(hub, "items", create_items=0)
	sku = shop.shop.prefix + "TEE"
	code = books.stock_item(f"{shop.shop.prefix}inside", barcodes=[{"barcode": sku}])
	order = place_case(shop.shop, "untaxed")
	assert shop.bring(order).status == "Done", shop.event(order).message
	assert shop.sales_order(order).items[0].item_code == code


# --- through the outermost door --------------------------------------------------------------------------


@pytest.mark.processes
def test_paid_before_created_ends_invoiced_and_paid(hub, web):
	"""The shop's webhooks arrive in the wrong order over HTTP; real workers do the rest."""
	shop = shop_for(hub, "webhooks", **LIVE)
	shop.subscribe(web)
	shop.vendor.courier.hold()
	case = CASES["paid_later"]
	order = case.place(shop.shop)
	case.steps[0](shop.shop, order)
	shop.vendor.courier.release("reversed")
	assert shop.vendor.courier.wait(60)
	shop.drain()
	shop.make_due()
	shop.drain()
	assert len(shop.documents("Sales Order", order)) == 1
	[invoice] = shop.documents("Sales Invoice", order)
	assert (invoice.docstatus, invoice.outstanding_amount) == (1, 0)


@pytest.mark.processes
@pytest.mark.parametrize("round_", range(20))
@pytest.mark.parametrize(
	"name", ["tax_exclusive", "pos_anonymous"], ids=["with customer", "without customer"]
)
def test_the_same_webhook_eight_times_at_once(hub, web, name, round_):
	shop = shop_for(hub, name)
	shop.subscribe(web)
	shop.vendor.courier.copies = 8
	order = place_case(shop.shop, name)
	assert shop.vendor.courier.wait(60)
	shop.drain()
	shop.make_due()
	shop.drain()
	assert len(shop.documents("Sales Order", order)) == 1


def test_an_invoice_that_an_accountant_cancelled_is_not_made_again(hub):
	"""It was wrong, and stays away; the order goes on, and nothing waits for anybody."""
	from sandbox.vendors.shopify import orders

	shop = hub(create_invoice="At Once")
	sku = shop.shop.prefix + "INV"
	shop.shop.add_product("Thing", sku=sku, price="10.00", stock=10)
	order = orders.place_order(shop.shop, [orders.Line(sku)])
	shop.bring(order)
	[invoice] = shop.documents("Sales Invoice", order)
	invoice.cancel()
	frappe.db.commit()  # as the request does
	orders.change_order(shop.shop, order, note="Please ring twice")
	event = shop.bring(order)
	assert event.status == "Done", event.message
	assert invoice.name in event.message
	assert [one.docstatus for one in shop.documents("Sales Invoice", order)] == [2]


@pytest.mark.parametrize("amended", [True, False])
def test_an_order_that_an_accountant_amended_goes_on_with_the_amendment(hub, amended):
	"""Cancel and amend is how ERPNext's documents are corrected. What happens at the shop afterwards belongs to the
	amendment; where there is none, nothing is made of a cancelled Sales Order, and nobody is asked."""
	from sandbox.vendors.shopify import orders

	shop = hub(create_invoice="When Paid")
	sku = shop.shop.prefix + "AMEND"
	shop.shop.add_product("Thing", sku=sku, price="10.00", stock=10)
	order = orders.place_order(shop.shop, [orders.Line(sku)], paid=False)
	shop.bring(order)
	first = shop.sales_order(order)
	first.cancel()
	if amended:
		corrected = frappe.copy_doc(first)
		corrected.amended_from = first.name
		corrected.submit()
	frappe.db.commit()  # as the requests do
	orders.mark_paid(shop.shop, order)
	event = shop.bring(order)
	assert event.status == "Done", event.message
	invoices = shop.documents("Sales Invoice", order)
	if amended:
		assert [row.sales_order for one in invoices for row in one.items] == [corrected.name]
		assert shop.sales_order(order).name == corrected.name
	else:
		assert not invoices and first.name in event.message
