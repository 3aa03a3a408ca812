"""Money that a gateway moves → the books, by the rules of a careful accountant.

The gateway is on paper (`tests.support.paper`): what it says goes through the engine, and what the ledgers say afterwards
is read from ERPNext's own GL Entries.
"""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import frappe
import pytest
import requests
from frappe.utils import get_url, set_request

from integration_hub.api import payments as api
from sandbox import books
from tests.support.gateway import (
	about,
	amount,
	billed,
	credit,
	customer,
	everything_balances,
	outstanding,
	sale,
	with_email,
)
from tests.support.paper import now


@pytest.fixture(scope="module", autouse=True)
def money_of_the_world(site):
	"""Fixed exchange rates; invoices in foreign currencies on the one debtors' account; an exchange account."""
	home = books.currency()
	for currency, rate in (("USD", 0.92), ("JPY", 0.0061), ("GBP", 1.17), ("EUR", 1.0)):
		if currency != home:
			books.rate(currency, home, rate)
	setting = "allow_multi_currency_invoices_against_single_party_account"
	before = frappe.db.get_single_value("Accounts Settings", setting)
	frappe.db.set_single_value("Accounts Settings", setting, 1)
	company = frappe.get_doc("Company", books.company())
	if not company.exchange_gain_loss_account:
		company.db_set("exchange_gain_loss_account", books.account("Exchange Differences", "Expense"))
	frappe.db.commit()  # workers must see it
	yield
	frappe.db.set_single_value("Accounts Settings", setting, before)
	frappe.db.commit()  # back to what it was


# --- payments --------------------------------------------------------------------------------------------


def test_a_payment_settles_its_invoice_once_however_often_it_is_told(gateways):
	gateway, invoice = gateways(), sale(total="119.99")
	payment = gateway.account.pay("119.99", reference=about(invoice))
	event = gateway.tell("payments", payment, copies=3)
	assert event.status == "Done", event.message
	assert outstanding(invoice) == 0
	entry = gateway.entry(payment)
	assert (entry.docstatus, entry.payment_type, entry.party) == (1, "Receive", invoice.customer)
	assert entry.reference_no == payment.id and entry.paid_to == gateway.accounts["Clearing"]
	assert gateway.balance("Clearing") == amount("119.99")
	gateway.tell("payments", gateway.account.change("payments", payment.id))
	assert gateway.balance("Clearing") == amount("119.99")


def test_paid_in_parts(gateways):
	gateway, invoice = gateways(), sale(total="100")
	for part, left in (("30", 70), ("69.99", amount("0.01")), ("0.01", 0)):
		assert gateway.tell("payments", gateway.account.pay(part, reference=about(invoice))).status == "Done"
		assert outstanding(invoice) == left


def test_what_is_paid_too_much_or_twice_stays_on_the_customers_account(gateways):
	gateway, invoice = gateways(), sale(total="100")
	over = gateway.account.pay("120", reference=about(invoice))
	event = gateway.tell("payments", over)
	assert "20" in event.message and "stays on the customer's account" in event.message
	assert outstanding(invoice) == 0 and amount(gateway.entry(over).unallocated_amount) == 20
	again = gateway.account.pay("100", reference=about(invoice))
	event = gateway.tell("payments", again)
	assert event.status == "Done" and "100" in event.message, event.message
	assert outstanding(invoice) == 0 and amount(gateway.entry(again).unallocated_amount) == 100
	assert not gateway.entry(again).references


def test_a_payment_booked_by_hand_is_not_booked_again(gateways):
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

	gateway, invoice = gateways(), sale(total="33")
	payment = gateway.account.pay("33", reference=about(invoice))
	by_hand = get_payment_entry("Sales Invoice", invoice.name, bank_account=gateway.accounts["Clearing"])
	by_hand.reference_no, by_hand.reference_date = payment.id, frappe.utils.today()
	by_hand.insert()
	by_hand.submit()
	frappe.db.commit()  # as a person's request does
	assert gateway.tell("payments", payment).reference_name == by_hand.name
	assert gateway.balance("Clearing") == 33


def test_an_invoice_cancelled_meanwhile(gateways):
	gateway, invoice = gateways(), sale()
	invoice.cancel()
	frappe.db.commit()  # people cancelled it before the payment came
	payment = gateway.account.pay("100", reference=about(invoice))
	event = gateway.tell("payments", payment)
	assert event.status == "Done" and invoice.name in event.message
	assert "not valid any more" in event.message
	entry = gateway.entry(payment)
	assert entry.party == invoice.customer and amount(entry.unallocated_amount) == 100


def test_an_invoice_amended_meanwhile_is_paid_in_its_new_form(gateways):
	gateway, invoice = gateways(), sale()
	invoice.cancel()
	amended = frappe.copy_doc(invoice)
	amended.amended_from = invoice.name
	amended.docstatus = 0
	amended.insert()
	amended.submit()
	frappe.db.commit()  # people amended it before the payment came
	gateway.tell("payments", gateway.account.pay("100", reference=about(invoice)))
	assert outstanding(amended) == 0


def test_an_invoice_returned_meanwhile(gateways):
	gateway, invoice = gateways(), sale()
	credit(invoice, update_outstanding_for_self=0)
	assert outstanding(invoice) == 0
	payment = gateway.account.pay("100", reference=about(invoice))
	event = gateway.tell("payments", payment)
	assert event.status == "Done", event.message
	assert amount(gateway.entry(payment).unallocated_amount) == 100


def test_an_order_is_paid_in_advance(gateways):
	gateway, order = gateways(), sale("Sales Order", "200")
	gateway.tell("payments", gateway.account.pay("50", reference=about(order)))
	assert amount(frappe.db.get_value("Sales Order", order.name, "advance_paid")) == 50
	event = gateway.tell("payments", gateway.account.pay("160", reference=about(order)))
	assert amount(frappe.db.get_value("Sales Order", order.name, "advance_paid")) == 200
	assert "10" in event.message


def test_an_order_billed_meanwhile_is_paid_through_its_invoice(gateways):
	gateway, order = gateways(), sale("Sales Order", "200")
	invoice = billed(order)
	payment = gateway.account.pay("200", reference=about(order))
	assert gateway.tell("payments", payment).status == "Done"
	assert outstanding(invoice) == 0
	# and once more, when nothing is open at all
	again = gateway.account.pay("200", reference=about(order))
	event = gateway.tell("payments", again)
	assert event.status == "Done", event.message
	assert amount(gateway.entry(again).unallocated_amount) == 200


def test_a_closed_order_takes_no_advance(gateways):
	gateway, order = gateways(), sale("Sales Order", "200")
	order.update_status("Closed")
	frappe.db.commit()  # people closed it
	payment = gateway.account.pay("200", reference=about(order))
	event = gateway.tell("payments", payment)
	assert event.status == "Done", event.message
	assert amount(gateway.entry(payment).unallocated_amount) == 200


def request_for(doc, part=None):
	from erpnext.accounts.doctype.payment_request.payment_request import make_payment_request

	made = make_payment_request(
		dt=doc.doctype,
		dn=doc.name,
		party_type="Customer",
		party=doc.customer,
		recipient_id="buyer@example.com",
		mute_email=1,
		return_doc=1,
	)
	if part:
		made.grand_total = float(part)
	made.save()  # ERPNext may have stored the draft already
	made.submit()
	frappe.db.commit()  # workers must see it
	return made


@pytest.mark.parametrize("doctype", ["Sales Invoice", "Sales Order"])
def test_a_payment_request_is_paid(gateways, doctype):
	gateway, doc = gateways(), sale(doctype, "150")
	request = request_for(doc, "60")
	payment = gateway.account.pay("60", reference=("Payment Request", request.name))
	event = gateway.tell("payments", payment)
	assert event.status == "Done", event.message
	request.reload()
	assert (request.status, amount(request.outstanding_amount)) == ("Paid", 0)
	[row] = gateway.entry(payment).references
	assert (row.reference_name, amount(row.allocated_amount)) == (doc.name, 60)


def test_more_than_a_payment_request_asked_for_settles_the_document_too(gateways):
	gateway, invoice = gateways(), sale(total="150")
	request = request_for(invoice, "60")
	payment = gateway.account.pay("150", reference=("Payment Request", request.name))
	assert gateway.tell("payments", payment).status == "Done"
	request.reload()
	assert request.status == "Paid" and outstanding(invoice) == 0


def test_payment_terms_that_payments_must_name(gateways):
	template = f"Halves {frappe.generate_hash(length=6)}"
	for number in (1, 2):
		frappe.get_doc(
			{
				"doctype": "Payment Term",
				"payment_term_name": f"{template} {number}",
				"invoice_portion": 50,
				"due_date_based_on": "Day(s) after invoice date",
				"credit_days": number * 10,
			}
		).insert()
	frappe.get_doc(
		{
			"doctype": "Payment Terms Template",
			"template_name": template,
			"allocate_payment_based_on_payment_terms": 1,
			"terms": [
				{
					"payment_term": f"{template} {number}",
					"invoice_portion": 50,
					"due_date_based_on": "Day(s) after invoice date",
					"credit_days": number * 10,
				}
				for number in (1, 2)
			],
		}
	).insert()
	gateway, invoice = gateways(), sale(total="100", payment_terms_template=template, due_date=None)
	first = gateway.tell("payments", gateway.account.pay("70", reference=about(invoice)))
	assert first.status == "Done", first.message
	assert outstanding(invoice) == 30
	assert gateway.tell("payments", gateway.account.pay("30", reference=about(invoice))).status == "Done"
	assert outstanding(invoice) == 0


def test_nothing_is_booked_before_it_is_paid(gateways):
	gateway, invoice = gateways(), sale()
	payment = gateway.account.pay("100", reference=about(invoice), status="pending")
	assert gateway.tell("payments", payment).status == "Ignored"
	failed = gateway.account.change("payments", payment.id, status="failed", failure="Card declined.")
	event = gateway.tell("payments", failed)
	assert event.status == "Ignored" and "Card declined." in event.message
	assert outstanding(invoice) == 100
	late = gateway.account.change(
		"payments", payment.id, status="paid", captured=Decimal(100), paid_at=now(), settled=None
	)
	assert gateway.tell("payments", late).status == "Retrying"
	assert outstanding(invoice) == 100
	gateway.account.change("payments", payment.id, settled=gateway.account.settled(Decimal(100), "EUR"))
	gateway.settle()
	assert outstanding(invoice) == 0 and gateway.balance("Clearing") == 100


def test_play_money_is_not_booked_in_production(gateways):
	gateway, invoice = gateways(environment="Production"), sale()
	event = gateway.tell("payments", gateway.account.pay("100", reference=about(invoice), test=True))
	assert event.status == "Ignored" and outstanding(invoice) == 100


def test_a_payment_nobody_asked_for_waits_for_a_person(gateways):
	gateway = gateways()
	payment = gateway.account.pay("12.34", customer={"email": "who@example.com"})
	event = gateway.tell("payments", payment)
	assert event.status == "Parked"
	assert "12.34" in event.message and "who@example.com" in event.message
	assert gateway.balance("Clearing") == 0
	invoice = sale(total="12.34")
	api.assign(event.name, "Sales Invoice", invoice.name)
	gateway.settle()
	assert outstanding(invoice) == 0 and gateway.balance("Clearing") == amount("12.34")


def test_a_payment_nobody_asked_for_is_known_by_its_e_mail(gateways):
	gateway = gateways(unasked_payments="On Account of the Customer")
	name, email = customer(), f"{frappe.generate_hash(length=8)}@example.com"
	with_email(name, email)
	payment = gateway.account.pay("12.34", customer={"email": email.upper()})
	assert gateway.tell("payments", payment).status == "Done"
	entry = gateway.entry(payment)
	assert entry.party == name and amount(entry.unallocated_amount) == amount("12.34")
	assert (
		gateway.tell("payments", gateway.account.pay("1", customer={"email": "x" + email})).status == "Parked"
	)


def test_a_payment_nobody_asked_for_goes_on_the_account_of_the_one_for_all(gateways):
	name = customer()
	gateway = gateways(unasked_payments="On Account of the Customer", default_customer=name)
	payment = gateway.account.pay("12.34")
	assert gateway.tell("payments", payment).status == "Done"
	assert gateway.entry(payment).party == name


def test_a_document_of_another_company_is_not_ours(gateways):
	gateway = gateways()
	event = gateway.tell("payments", gateway.account.pay("1", reference=("User", "Administrator")))
	assert event.status == "Parked"


# --- in other currencies -----------------------------------------------------------------------------------


def usd_debtors():
	return books.account("Debtors USD", "Asset", "Receivable", currency_="USD")


@pytest.mark.parametrize("settles_in", ["EUR", "USD", "GBP"])
@pytest.mark.parametrize("kept_in", ["EUR", "USD"])
@pytest.mark.parametrize("doctype", ["Sales Invoice", "Sales Order"])
def test_a_foreign_document_paid_in_full_is_paid_in_full(gateways, settles_in, kept_in, doctype):
	"""A document in USD at 0.92; the gateway's bank takes another rate. The receivable is kept in EUR or USD."""
	gateway = gateways(settles_in=settles_in)
	gateway.account.rates["USD"] = {"EUR": Decimal("0.9037"), "USD": Decimal(1), "GBP": Decimal("0.7791")}[
		settles_in
	]
	values = {}
	if kept_in == "USD":
		values["customer"] = customer(
			default_currency="USD", accounts=[{"company": books.company(), "account": usd_debtors()}]
		)
		if doctype == "Sales Invoice":
			values["debit_to"] = usd_debtors()
	doc = sale(doctype, "333.33", "USD", rate=0.92, **values)
	part = gateway.account.pay("100.01", "USD", reference=about(doc))
	assert gateway.tell("payments", part).status == "Done", gateway.events()
	rest = gateway.account.pay("233.32", "USD", reference=about(doc))
	assert gateway.tell("payments", rest).status == "Done", gateway.events()
	if doctype == "Sales Invoice":
		assert outstanding(doc) == 0
		assert frappe.db.get_value("Sales Invoice", doc.name, "status") == "Paid"
	else:
		doc.reload()
		whole = doc.grand_total if kept_in == "USD" else doc.base_grand_total
		assert amount(doc.advance_paid) == amount(whole)
	for payment in (part, rest):
		assert not gateway.entry(payment).unallocated_amount
	assert gateway.balance("Clearing") == amount(part.settled.gross + rest.settled.gross)
	over = gateway.account.pay("10", "USD", reference=about(doc))
	assert gateway.tell("payments", over).status == "Done", gateway.events()
	assert gateway.entry(over).unallocated_amount
	everything_balances(gateway)


@pytest.mark.parametrize("rate", ["0.87", "0.92", "0.97"])
def test_one_foreign_cent_is_a_cent_at_any_rate(gateways, rate):
	gateway, invoice = gateways(), sale(total="0.01", currency="USD", rate=0.92)
	gateway.account.rates["USD"] = Decimal(rate)
	assert (
		gateway.tell("payments", gateway.account.pay("0.01", "USD", reference=about(invoice))).status
		== "Done"
	)
	assert outstanding(invoice) == 0 and gateway.balance("Clearing") == amount("0.01")
	everything_balances(gateway)


def test_home_money_settled_abroad_takes_the_banks_rate(gateways):
	"""An invoice in EUR paid in EUR at an account in USD: no difference, whatever ERPNext's rate of the day is."""
	gateway, invoice = gateways(settles_in="USD"), sale(total="100")
	gateway.account.rates["EUR"] = Decimal("1.1234")
	payment = gateway.account.pay("100", reference=about(invoice))
	assert gateway.tell("payments", payment).status == "Done"
	assert outstanding(invoice) == 0
	assert gateway.balance("Clearing") == amount("112.34") and gateway.base_balance("Clearing") == 100
	assert not gateway.entry(payment).deductions


def test_paid_in_another_currency_than_it_is_owed_in(gateways):
	gateway, invoice = gateways(), sale(total="100")
	gateway.account.rates["USD"] = Decimal("0.9")
	payment = gateway.account.pay("110", "USD", reference=about(invoice))
	event = gateway.tell("payments", payment)
	assert event.status == "Done" and "USD" in event.message
	assert outstanding(invoice) == 100 and amount(gateway.entry(payment).unallocated_amount) == 99


def test_a_currency_without_clearing_account_parks_and_goes_on(gateways):
	gateway, invoice = gateways(), sale(total="100", currency="USD", rate=0.92)
	gateway.account.settles_in = "USD"
	gateway.account.rates["USD"] = Decimal(1)
	payment = gateway.account.pay("100", "USD", reference=about(invoice))
	event = gateway.tell("payments", payment)
	assert event.status == "Parked" and "USD" in event.message
	account = books.account(f"Clearing USD {gateway.account.name}", "Asset", "Bank", currency_="USD")
	doc = gateway.doc
	doc.append("accounts", {"kind": "Clearing", "title": "USD", "account": account})
	doc.save()
	frappe.db.commit()  # as the form does
	gateway.settle()
	assert outstanding(invoice) == 0


# --- reserved money ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [None, "60"])
def test_reserved_money_is_captured_from_the_document(gateways, part):
	gateway, invoice = gateways(), sale()
	payment = gateway.account.pay("100", reference=about(invoice), status="authorised")
	event = gateway.tell("payments", payment)
	assert event.status == "Done" and outstanding(invoice) == 100
	[reserved] = api.options("Sales Invoice", invoice.name)["reserved"]
	assert reserved["payment_id"] == payment.id
	answer = api.capture(gateway.connection, payment.id, part)
	assert answer["status"] == "Done", answer
	assert gateway.account.asked("capture") == [(payment.id, Decimal(part or 100))]
	assert outstanding(invoice) == 100 - Decimal(part or 100)
	assert not api.options("Sales Invoice", invoice.name)["reserved"]
	# the webhook of the same capture comes later
	gateway.tell("payments", gateway.account.things["payments"][payment.id])
	assert gateway.balance("Clearing") == Decimal(part or 100)


def test_reserved_money_is_released(gateways):
	gateway, invoice = gateways(), sale()
	payment = gateway.account.pay("100", reference=about(invoice), status="authorised")
	gateway.tell("payments", payment)
	assert api.release(gateway.connection, payment.id)["status"] == "Done"
	assert gateway.account.asked("void") == [payment.id]
	assert not api.options("Sales Invoice", invoice.name)["reserved"]
	assert outstanding(invoice) == 100 and gateway.balance("Clearing") == 0


def test_no_more_is_captured_than_was_reserved(gateways):
	gateway, invoice = gateways(), sale()
	payment = gateway.account.pay("100", reference=about(invoice), status="authorised")
	gateway.tell("payments", payment)
	for wrong in ("100.01", "0", "-1", "much"):
		with pytest.raises(frappe.ValidationError):
			api.capture(gateway.connection, payment.id, wrong)
	assert not gateway.account.asked("capture")


# --- pages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("doctype", ["Sales Invoice", "Sales Order"])
def test_a_page_for_what_is_open(gateways, doctype):
	gateway, doc = gateways(), sale(doctype, "80.50")
	answer = api.make_link(doctype, doc.name, gateway.connection)
	assert answer["status"] == "Done", answer
	[payable] = gateway.account.asked("link")
	assert (payable.amount, payable.currency) == (Decimal("80.50"), "EUR")
	assert frappe.db.get_value(doctype, doc.name, "integration_payment_url") == answer["url"]
	assert api.make_link(doctype, doc.name, gateway.connection)["url"] == answer["url"]
	assert len(gateway.account.asked("link")) == 1


def test_the_page_follows_what_is_open(gateways):
	gateway, invoice = gateways(), sale(total="100")
	first = api.make_link("Sales Invoice", invoice.name, gateway.connection)["url"]
	gateway.tell("payments", gateway.account.pay("30", reference=about(invoice)))
	gateway.settle()
	assert gateway.account.asked("close"), "the old page would take 100"
	assert [one.amount for one in gateway.account.asked("link")] == [Decimal(100), Decimal(70)]
	url = frappe.db.get_value("Sales Invoice", invoice.name, "integration_payment_url")
	assert url and url != first
	[still] = [one for one in gateway.account.links.values() if one["open"]]
	assert still["payable"].amount == 70


def written_off(gateway, invoice):
	frappe.get_doc(
		{
			"doctype": "Journal Entry",
			"company": invoice.company,
			"posting_date": frappe.utils.today(),
			"accounts": [
				{
					"account": invoice.debit_to,
					"party_type": "Customer",
					"party": invoice.customer,
					"credit_in_account_currency": 100,
					"reference_type": "Sales Invoice",
					"reference_name": invoice.name,
				},
				{
					"account": gateway.accounts["Payout Adjustment"],
					"debit_in_account_currency": 100,
					"cost_center": frappe.get_cached_value("Company", invoice.company, "cost_center"),
				},
			],
		}
	).submit()


@pytest.mark.parametrize(
	"how, asked",
	[
		("cancelled", "by the invoice"),  # with a Payment Request ERPNext does not let it be cancelled
		*(
			(how, by)
			for how in ("paid", "credited", "written off")
			for by in ("by the invoice", "by a request")
		),
	],
)
def test_the_page_is_closed_when_nothing_is_open(gateways, how, asked):
	gateway, invoice = gateways(), sale(total="100")
	doc, field = invoice, "integration_payment_url"
	if asked == "by a request":
		doc, field = request_for(invoice, "40"), "payment_url"
	assert api.make_link(doc.doctype, doc.name, gateway.connection)["status"] == "Done"
	if how == "cancelled":
		invoice.reload()
		invoice.cancel()
	elif how == "paid":
		from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

		entry = get_payment_entry("Sales Invoice", invoice.name, bank_account=gateway.accounts["Bank"])
		entry.reference_no, entry.reference_date = "cash", frappe.utils.today()
		entry.submit()
	elif how == "credited":
		credit(invoice, update_outstanding_for_self=0)
	else:
		written_off(gateway, invoice)
	frappe.db.commit()  # as a person's request does
	gateway.settle()
	assert len(gateway.account.asked("close")) == 1
	assert not frappe.db.get_value(doc.doctype, doc.name, field)
	assert not any(one["open"] for one in gateway.account.links.values())


def test_a_page_for_each_invoice(gateways):
	gateway = gateways(make_links="For Each Sales Invoice")
	try:
		invoice = sale(total="55")
		gateway.settle()
		assert frappe.db.get_value("Sales Invoice", invoice.name, "integration_payment_url")
		assert [one.amount for one in gateway.account.asked("link")] == [Decimal(55)]
	finally:
		gateway.switch(make_links="When Asked")


@pytest.mark.processes
def test_a_page_that_wants_a_form_is_posted_from_ours(gateways, web):
	gateway, invoice = gateways(), sale()
	gateway.account.form_fields = {"token": 'a"b<c', "amount": "100"}
	url = api.make_link("Sales Invoice", invoice.name, gateway.connection)["url"]
	path = "/api/method/integration_hub.api.payments.go?page="
	assert path in url and url == frappe.db.get_value(
		"Sales Invoice", invoice.name, "integration_payment_url"
	)
	ours = web + path + url.split(path)[1]
	page = requests.get(ours, timeout=60)
	assert page.status_code == 200, page.text
	assert 'action="https://paper.invalid/' in page.text and 'method="post"' in page.text
	assert "a&#34;b&lt;c" in page.text or "a&quot;b&lt;c" in page.text
	assert requests.get(web + path + "guessed", timeout=60).status_code == 410
	api.close_link("Sales Invoice", invoice.name)
	frappe.db.commit()  # as the request of the button does
	assert requests.get(ours, timeout=60).status_code == 410
	assert not frappe.db.get_value("Sales Invoice", invoice.name, "integration_payment_url")


def test_the_address_of_our_page_is_the_site_s_own_whatever_the_request_says(gateways, monkeypatch):
	gateway = gateways()
	gateway.account.form_fields = {"token": "a"}
	monkeypatch.setattr(frappe.local, "request", None, raising=False)
	set_request(method="POST", path="/", headers={"Host": "elsewhere.example"})
	monkeypatch.setitem(frappe.local.conf, "host_name", None)
	assert get_url().startswith("http://elsewhere.example")
	named = api.make_link("Sales Invoice", sale().name, gateway.connection)["url"]
	assert urlsplit(named).hostname == frappe.local.site
	monkeypatch.setitem(frappe.local.conf, "host_name", "https://erp.example")
	told = api.make_link("Sales Invoice", sale().name, gateway.connection)["url"]
	assert told.startswith("https://erp.example") and "/api/method/" in told


def test_a_page_for_a_payment_request(gateways):
	gateway, invoice = gateways(), sale(total="100")
	request = request_for(invoice, "40")
	answer = api.make_link("Payment Request", request.name, gateway.connection)
	assert answer["status"] == "Done", answer
	assert gateway.account.asked("link")[0].amount == 40
	assert frappe.db.get_value("Payment Request", request.name, "payment_url") == answer["url"]


def test_what_is_not_open_has_no_page(gateways):
	gateway, invoice = gateways(), sale(total="100")
	gateway.tell("payments", gateway.account.pay("100", reference=about(invoice)))
	with pytest.raises(frappe.ValidationError, match="paid"):
		api.make_link("Sales Invoice", invoice.name, gateway.connection)
	assert not gateway.account.asked("link")


def test_whoever_may_not_write_the_document_gets_no_page(gateways):
	gateway, invoice = gateways(), sale()
	user = frappe.get_doc(
		{
			"doctype": "User",
			"email": f"{frappe.generate_hash(length=8)}@example.com",
			"first_name": "Nobody",
			"send_welcome_email": 0,
		}
	).insert()
	frappe.set_user(user.name)
	try:
		with pytest.raises(frappe.PermissionError):
			api.make_link("Sales Invoice", invoice.name, gateway.connection)
		with pytest.raises(frappe.PermissionError):
			api.options("Sales Invoice", invoice.name)
		with pytest.raises(frappe.PermissionError):
			api.refund(invoice.name)
	finally:
		frappe.set_user("Administrator")


# --- refunds -----------------------------------------------------------------------------------------------


def paid_invoice(gateway, total="100", **values):
	invoice = sale(total=total, **values)
	payment = gateway.account.pay(total, invoice.currency, reference=about(invoice))
	assert gateway.tell("payments", payment).status == "Done", gateway.events()
	return invoice, payment


def test_a_credit_note_is_refunded_once(gateways):
	gateway = gateways()
	invoice, payment = paid_invoice(gateway)
	note = credit(invoice, "40")
	[answer] = api.refund(note.name, gateway.connection)
	assert answer["status"] == "Done", answer
	assert outstanding(note) == 0 and gateway.balance("Clearing") == 60
	[refund] = gateway.account.things["refunds"].values()
	assert (refund.amount, refund.payment_id) == (Decimal(40), payment.id)
	gateway.tell("refunds", refund, copies=2)
	assert gateway.balance("Clearing") == 60
	with pytest.raises(frappe.ValidationError, match="settled"):
		api.refund(note.name, gateway.connection)


def test_the_webhook_of_our_refund_may_come_first(gateways):
	gateway = gateways()
	invoice, payment = paid_invoice(gateway)
	note = credit(invoice, "40")
	from integration_hub.sync import payments, store
	from integration_hub.sync.handling import context

	[draft] = payments.refund_drafts(note, context(gateway.doc))
	store.store(gateway.connection, [draft])
	frappe.db.commit()  # it waits for a worker
	refund = gateway.account.refund(payment, "40", reference={"doctype": "Sales Invoice", "name": note.name})
	# the vendor's answer to our call will be this very refund: its webhook is quicker
	event = frappe.get_all(
		"Integration Event", filters={"connection": gateway.connection, "direction": "Out"}, pluck="name"
	)[0]
	gateway.account.by_key[event] = refund
	gateway.tell("refunds", refund)
	gateway.settle()
	assert outstanding(note) == 0 and gateway.balance("Clearing") == 60


def test_a_credit_that_stands_on_the_invoice_is_refunded_from_there(gateways):
	"""ERPNext's switch "Update Outstanding for Self" off: the credit is taken off the invoice, and what was paid on it
	later makes it negative."""
	gateway, invoice = gateways(), sale(total="100")
	note = credit(invoice, "40", update_outstanding_for_self=0)
	assert (outstanding(invoice), outstanding(note)) == (60, 0)
	with pytest.raises(frappe.ValidationError, match="settled"):
		api.refund(note.name, gateway.connection)
	payment = gateway.account.pay("100", reference=about(invoice))
	event = gateway.tell("payments", payment)
	assert "40" in event.message and outstanding(invoice) == 0
	assert gateway.balance("Clearing") == 100


def test_a_credit_larger_than_what_is_owed_is_refunded(gateways):
	gateway = gateways()
	invoice, _payment = paid_invoice(gateway)
	note = credit(invoice, "40", update_outstanding_for_self=0)
	assert outstanding(invoice) + outstanding(note) == -40
	[answer] = api.refund(note.name, gateway.connection)
	assert answer["status"] == "Done", answer
	assert (outstanding(invoice), outstanding(note)) == (0, 0) and gateway.balance("Clearing") == 60


def test_several_payments_are_refunded_as_far_as_each_goes(gateways):
	gateway, invoice = gateways(), sale(total="100")
	for part in ("30", "70"):
		gateway.tell("payments", gateway.account.pay(part, reference=about(invoice)))
	note = credit(invoice, "85")
	answers = api.refund(note.name, gateway.connection)
	assert [one["status"] for one in answers] == ["Done", "Done"]
	assert sorted(one.amount for one in gateway.account.things["refunds"].values()) == [15, 70]
	assert outstanding(note) == 0 and gateway.balance("Clearing") == 15


def test_no_more_is_refunded_than_was_paid(gateways):
	gateway = gateways()
	invoice = sale(total="100")
	gateway.tell("payments", gateway.account.pay("30", reference=about(invoice)))
	note = credit(invoice, "50")
	with pytest.raises(frappe.ValidationError, match="20"):
		api.refund(note.name, gateway.connection)
	assert not gateway.account.asked("refund")


def test_what_was_given_back_before_is_not_given_back_again(gateways):
	gateway = gateways()
	invoice, payment = paid_invoice(gateway, "60")
	note = credit(invoice)
	assert gateway.tell("refunds", gateway.account.refund(payment, "20")).status == "Done"
	[answer] = api.refund(note.name, gateway.connection)
	assert answer["status"] == "Done", answer
	[asked] = gateway.account.asked("refund")
	assert (asked.amount, asked.currency) == (40, "EUR")
	assert outstanding(note) == 0 and gateway.balance("Clearing") == 0
	with pytest.raises(frappe.ValidationError, match="settled"):
		api.refund(note.name, gateway.connection)


def test_a_slow_refund_is_not_asked_for_twice(gateways):
	gateway = gateways()
	invoice, _payment = paid_invoice(gateway)
	gateway.account.slow_refunds = True
	note = credit(invoice, "40")
	api.refund(note.name, gateway.connection)
	with pytest.raises(frappe.ValidationError):
		api.refund(note.name, gateway.connection)
	assert len(gateway.account.things["refunds"]) == 1
	assert outstanding(note) == -40 and gateway.balance("Clearing") == 100
	[refund] = gateway.account.things["refunds"].values()
	done = gateway.account.change(
		"refunds",
		refund.id,
		status="succeeded",
		settled=gateway.account.settled(Decimal(40), "EUR", Decimal(0)),
	)
	gateway.tell("refunds", done)
	assert outstanding(note) == 0 and gateway.balance("Clearing") == 60


def test_credit_notes_are_refunded_by_themselves_if_so_chosen(gateways):
	gateway = gateways(refund_when="When a Credit Note Is Submitted")
	try:
		invoice, _payment = paid_invoice(gateway)
		note = credit(invoice, "25")
		gateway.settle()
		assert outstanding(note) == 0 and gateway.balance("Clearing") == 75
	finally:
		gateway.switch(refund_when="When Asked")


@pytest.mark.parametrize("currency", ["EUR", "USD"])
def test_a_refund_that_fails_comes_back(gateways, currency):
	gateway = gateways()
	gateway.account.rates["USD"] = Decimal("0.9037")
	invoice, payment = paid_invoice(gateway, currency=currency, rate=1 if currency == "EUR" else 0.92)
	note = credit(invoice, "40")
	owed = outstanding(note)
	api.refund(note.name, gateway.connection)
	[refund] = gateway.account.things["refunds"].values()
	assert outstanding(note) == 0
	before = gateway.balance("Clearing")
	failed = gateway.account.change(
		"refunds",
		refund.id,
		status="failed",
		failed_at=now() + timedelta(seconds=1),
		failure="Card is closed.",
	)
	event = gateway.tell("refunds", failed, copies=2)
	assert event.status == "Done" and "Card is closed." in event.message, event.message
	assert outstanding(note) == owed
	assert (
		gateway.balance("Clearing") == before + amount(refund.settled.gross) == amount(payment.settled.gross)
	)
	everything_balances(gateway)
	# and it can be asked for once more
	[answer] = api.refund(note.name, gateway.connection)
	assert answer["status"] == "Done", answer
	assert outstanding(note) == 0


def test_a_refund_that_failed_before_it_was_told(gateways):
	gateway = gateways()
	_invoice, payment = paid_invoice(gateway)
	refund = gateway.account.refund(payment, "40", status="failed", settled=None, failure="No.")
	assert gateway.tell("refunds", refund).status == "Ignored"
	assert gateway.balance("Clearing") == 100


def test_a_refund_made_at_the_gateway(gateways):
	gateway = gateways()
	invoice, payment = paid_invoice(gateway)
	note = credit(invoice, "40")
	gateway.tell("refunds", gateway.account.refund(payment, "40"))
	assert outstanding(note) == 0
	more = gateway.account.refund(payment, "10")
	event = gateway.tell("refunds", more)
	assert event.status == "Done" and "10" in event.message and "make a credit note" in event.message
	assert amount(gateway.entry(more, "refunds").unallocated_amount) == 10
	assert gateway.balance("Clearing") == 50


def test_a_full_refund_at_the_gateway_makes_the_credit_note(gateways):
	gateway = gateways(outside_refunds="Make a Credit Note for a Full Refund")
	invoice, payment = paid_invoice(gateway, "123.45")
	event = gateway.tell("refunds", gateway.account.refund(payment), copies=2)
	assert event.status == "Done", event.message
	[note] = frappe.get_all(
		"Sales Invoice",
		filters={"return_against": invoice.name, "docstatus": 1},
		fields=["name", "grand_total"],
	)
	assert amount(note.grand_total) == amount("-123.45") and gateway.balance("Clearing") == 0
	frappe.db.rollback()
	assert amount(frappe.db.get_value("Sales Invoice", note.name, "outstanding_amount")) == 0


def test_a_refund_told_before_its_payment_waits(gateways):
	gateway, invoice = gateways(), sale()
	payment = gateway.account.pay("100", reference=about(invoice))
	refund = gateway.account.refund(payment, "40")
	assert gateway.tell("refunds", refund).status == "Retrying"
	gateway.tell("payments", payment)
	gateway.settle()
	assert gateway.balance("Clearing") == 60


# --- disputes ----------------------------------------------------------------------------------------------


def test_a_dispute_that_is_won(gateways):
	gateway = gateways()
	_invoice, payment = paid_invoice(gateway)
	dispute = gateway.account.dispute(payment)
	assert gateway.tell("disputes", dispute, copies=2).status == "Done"
	assert (gateway.balance("Clearing"), gateway.balance("Disputed")) == (0, 100)
	won = gateway.account.change("disputes", dispute.id, status="won", closed_at=now())
	assert gateway.tell("disputes", won).status == "Retrying"  # the money is not back yet
	won = gateway.account.change(
		"disputes", dispute.id, returned=gateway.account.settled(Decimal(100), "EUR", Decimal(-15))
	)
	gateway.tell("disputes", won)
	gateway.settle()
	assert (gateway.balance("Clearing"), gateway.balance("Disputed")) == (100, 0)


@pytest.mark.parametrize("told", ["from its opening", "only its end"])
def test_a_dispute_that_is_lost(gateways, told):
	gateway = gateways()
	_invoice, payment = paid_invoice(gateway)
	lost = gateway.account.dispute(payment, "lost", closed_at=now())
	if told == "from its opening":
		gateway.tell("disputes", gateway.account.change("disputes", lost.id, status="open", closed_at=None))
		assert (gateway.balance("Clearing"), gateway.balance("Disputed")) == (0, 100)
		lost = gateway.account.change("disputes", lost.id, status="lost", closed_at=now())
	# else both steps are booked at once
	gateway.tell("disputes", lost, copies=2)
	assert (gateway.balance("Clearing"), gateway.balance("Disputed")) == (0, 0)
	assert gateway.balance("Dispute Loss") == 100


def test_an_inquiry_moves_no_money_and_is_told(gateways):
	gateway = gateways()
	_invoice, payment = paid_invoice(gateway)
	event = gateway.tell("disputes", gateway.account.dispute(payment, "inquiry"))
	assert event.status == "Done" and "asks" in event.message
	assert gateway.balance("Clearing") == 100


# --- payouts -----------------------------------------------------------------------------------------------


def audit_of(gateway, payout):
	return frappe.get_doc("Integration Audit", {"connection": gateway.connection, "reference": payout.id})


def everything(gateway):
	"""Payments, refunds, a failed refund, disputes: everything that can be in a payout, and its lines."""
	account = gateway.account
	invoice, payment = paid_invoice(gateway, "1000")
	other, second = paid_invoice(gateway, "77.77")
	refund = account.refund(payment, "100.50")
	gateway.tell("refunds", refund)
	failing = account.refund(payment, "20")
	gateway.tell("refunds", failing)
	gateway.tell("refunds", account.change("refunds", failing.id, status="failed", failed_at=now()))
	dispute = account.dispute(second)
	gateway.tell("disputes", dispute)
	won = account.change(
		"disputes", dispute.id, status="won", returned=account.settled(Decimal("77.77"), "EUR", Decimal(-15))
	)
	gateway.tell("disputes", won)
	return (
		account.line_of(payment),
		account.line_of(second),
		account.line_of(refund),
		account.line_of(failing),
		account.line_of(failing, "refund_failure"),
		account.line_of(dispute),
		account.line_of(won, "dispute_reversal"),
		account.line("fee", 0, "3.21"),
		account.line("adjustment", "-1.99"),
	)


def test_a_payout_leaves_the_clearing_account_at_zero(gateways):
	gateway = gateways()
	payout = gateway.account.pay_out(*everything(gateway))
	event = gateway.tell("payouts", payout, copies=2)
	assert event.status == "Done", event.message
	assert gateway.balance("Clearing") == 0
	assert gateway.balance("Bank") == amount(payout.amount)
	assert gateway.balance("Gateway Fee") == amount("0.25") * 2 + amount("3.21")
	assert gateway.balance("Payout Adjustment") == amount("1.99")
	audit = audit_of(gateway, payout)
	assert audit.status == "Agrees", [(row.what, row.verdict) for row in audit.lines]
	assert len(audit.lines) == 9 and amount(audit.difference) == 0
	assert amount(audit.paid_out) == amount(payout.amount)
	everything_balances(gateway)


def test_fees_by_what_they_are_for(gateways):
	gateway = gateways()
	_invoice, payment = paid_invoice(gateway)
	special = books.account(f"Chargeback Fees {gateway.account.name}", "Expense")
	doc = gateway.doc
	doc.append("accounts", {"kind": "Gateway Fee", "title": "Dispute", "account": special})
	doc.save()
	frappe.db.commit()  # workers must see it
	dispute = gateway.account.dispute(payment)
	gateway.tell("disputes", dispute)
	payout = gateway.account.pay_out(gateway.account.line_of(payment), gateway.account.line_of(dispute))
	assert payout.amount == Decimal("-15.25"), "a payout may be negative: the bank pays"
	assert gateway.tell("payouts", payout).status == "Done"
	from tests.support.gateway import balance

	assert balance(special)[0] == 15 and gateway.balance("Gateway Fee") == amount("0.25")
	assert gateway.balance("Bank") == amount("-15.25") and gateway.balance("Clearing") == 0


def test_a_payout_waits_for_its_lines_then_names_the_difference(gateways):
	gateway = gateways()
	invoice = sale(total="50")
	_other, known = paid_invoice(gateway, "100")
	missing = gateway.account.pay("50", reference=about(invoice))
	payout = gateway.account.pay_out(gateway.account.line_of(known), gateway.account.line_of(missing))
	assert gateway.tell("payouts", payout).status == "Retrying"
	gateway.settle()
	assert gateway.event("payouts", payout.id).status == "Done"
	audit = audit_of(gateway, payout)
	assert audit.status == "Differs" and amount(audit.difference) == 50
	assert [row.verdict for row in audit.lines] == ["Agrees", "Missing Here"]
	assert gateway.balance("Clearing") == -50
	from integration_hub.api import desk

	assert any("differ" in one["sentence"] for one in desk.status(gateway.connection)["troubles"])
	gateway.tell("payments", missing)
	audit.reload()
	assert audit.status == "Agrees" and gateway.balance("Clearing") == 0
	assert not any("differ" in one["sentence"] for one in desk.status(gateway.connection)["troubles"])


def test_an_audit_sees_what_was_cancelled_here(gateways):
	gateway = gateways()
	_invoice, payment = paid_invoice(gateway)
	payout = gateway.account.pay_out(gateway.account.line_of(payment))
	gateway.tell("payouts", payout)
	gateway.entry(payment).cancel()
	frappe.db.commit()  # as a person's request does
	audit = audit_of(gateway, payout)
	assert api.audit_again(audit.name)["status"] == "Differs"


def test_a_payout_that_failed_is_booked_back(gateways):
	gateway = gateways()
	_invoice, payment = paid_invoice(gateway)
	payout = gateway.account.pay_out(gateway.account.line_of(payment))
	gateway.tell("payouts", payout)
	failed = gateway.account.change("payouts", payout.id, status="failed", failure="Account closed.")
	event = gateway.tell("payouts", failed, copies=2)
	assert event.status == "Done" and "Account closed." in event.message
	assert gateway.balance("Bank") == 0 and gateway.balance("Clearing") == amount("99.75")
	# the money goes out with the next payout, which names the failed one
	again = gateway.account.pay_out(gateway.account.line("payout_failure", "99.75", 0, payout.id))
	assert gateway.tell("payouts", again).status == "Done"
	assert gateway.balance("Bank") == amount("99.75") and gateway.balance("Clearing") == 0
	assert audit_of(gateway, again).status == "Agrees"


def test_a_payout_is_not_booked_before_it_is_paid_and_complete(gateways):
	gateway = gateways()
	_invoice, payment = paid_invoice(gateway)
	line = gateway.account.line_of(payment)
	payout = gateway.account.pay_out(line, status="pending")
	assert gateway.tell("payouts", payout).status == "Ignored"
	assert (
		gateway.tell(
			"payouts", gateway.account.change("payouts", payout.id, status="paid", complete=False)
		).status
		== "Retrying"
	)
	gateway.tell("payouts", gateway.account.change("payouts", payout.id, complete=True))
	gateway.settle()
	assert gateway.balance("Clearing") == 0


def test_a_payout_that_does_not_tell_what_it_is_made_of(gateways):
	gateway = gateways()
	_invoice, _payment = paid_invoice(gateway)
	payout = gateway.account.pay_out(amount=Decimal(60))
	event = gateway.tell("payouts", payout)
	assert event.status == "Done", event.message
	assert gateway.balance("Bank") == 60 and gateway.balance("Clearing") == 40
	assert audit_of(gateway, payout).status == "Agrees"


def test_an_account_abroad_ends_at_zero_in_both_currencies(gateways):
	"""Money kept in USD came at different rates; the difference to the day of the payout is an exchange difference."""
	gateway = gateways(settles_in="USD")
	gateway.account.rates = {"USD": Decimal(1), "EUR": Decimal("1.1234")}
	_invoice, first = paid_invoice(gateway, "100")
	_other, second = paid_invoice(gateway, "50", currency="USD", rate=0.9)
	refund = gateway.account.refund(first, "10")
	gateway.tell("refunds", refund)
	lines = [gateway.account.line_of(one) for one in (first, second, refund)]
	payout = gateway.account.pay_out(*lines)
	event = gateway.tell("payouts", payout)
	assert event.status == "Done", event.message
	assert (gateway.balance("Clearing"), gateway.base_balance("Clearing")) == (0, 0)
	assert gateway.balance("Bank") == amount(payout.amount)
	everything_balances(gateway)


# --- recurring billing -------------------------------------------------------------------------------------


def plan_item(code="plan"):
	return books.service_item(code)


@pytest.mark.parametrize("first", ["bill", "payment"])
def test_a_paid_cycle_is_an_invoice_and_a_payment_whichever_comes_first(gateways, first):
	gateway = gateways()
	plan_item()
	email = f"{frappe.generate_hash(length=8)}@example.com"
	bill = gateway.account.bill("29.99", customer={"id": f"cus_{email}", "email": email, "first_name": "Eve"})
	payment = gateway.account.pay("29.99", invoice_id=bill.id)
	gateway.account.change("bills", bill.id, payment_ids=(payment.id,))
	told = [("bills", gateway.account.things["bills"][bill.id]), ("payments", payment)]
	for kind, record in told if first == "bill" else reversed(told):
		gateway.tell(kind, record)
	gateway.settle()
	for kind, record in told:
		gateway.tell(kind, record, copies=2)
	gateway.settle()
	invoices = frappe.get_all(
		"Sales Invoice",
		filters={"integration_connection": gateway.connection},
		fields=["name", "grand_total", "outstanding_amount", "docstatus"],
	)
	assert [(amount(one.grand_total), amount(one.outstanding_amount), one.docstatus) for one in invoices] == [
		(amount("29.99"), 0, 1)
	]
	assert gateway.balance("Clearing") == amount("29.99")


def test_a_bill_with_taxes_and_discount_comes_to_its_total(gateways):
	gateway = gateways()
	plan_item()
	doc = gateway.doc
	doc.append(
		"accounts", {"kind": "Tax", "title": "VAT", "account": books.account("VAT 19", "Liability", "Tax")}
	)
	doc.append(
		"accounts",
		{"kind": "Fee", "title": "Discount", "account": books.account("Discounts Given", "Expense")},
	)
	doc.save()
	frappe.db.commit()  # workers must see it
	bill = gateway.account.bill(
		"33.32",
		lines=(
			{"title": "Plan", "code": "plan", "quantity": 3, "amount": "29.00"},
			{"title": "Rest", "amount": "1"},
		),
		discount=Decimal(2),
		tax=Decimal("5.32"),
		tax_title="VAT",
		customer={"email": f"{frappe.generate_hash(length=8)}@example.com"},
	)
	event = gateway.tell("bills", bill)
	assert event.status == "Done", event.message
	assert amount(frappe.db.get_value("Sales Invoice", event.reference_name, "grand_total")) == amount(
		"33.32"
	)


def test_a_bill_that_does_not_add_up_parks_with_the_difference(gateways):
	gateway = gateways()
	plan_item()
	bill = gateway.account.bill(
		"10", total=Decimal("10.01"), customer={"email": f"{frappe.generate_hash(length=8)}@example.com"}
	)
	event = gateway.tell("bills", bill)
	assert event.status == "Parked" and "10.01" in event.message
	assert not frappe.get_all("Sales Invoice", filters={"integration_connection": gateway.connection})


def subscription(gateway, cost="30", **values):
	name = f"Plan {frappe.generate_hash(length=6)}"
	frappe.get_doc(
		{
			"doctype": "Subscription Plan",
			"plan_name": name,
			"item": plan_item(),
			"currency": "EUR",
			"price_determination": "Fixed Rate",
			"cost": float(cost),
			"billing_interval": "Month",
			"billing_interval_count": 1,
		}
	).insert()
	party = customer(default_currency="EUR")
	with_email(party, f"{frappe.generate_hash(length=8)}@example.com")
	frappe.db.set_value("Customer", party, "email_id", f"{frappe.generate_hash(length=8)}@example.com")
	doc = frappe.get_doc(
		{
			"doctype": "Subscription",
			"party_type": "Customer",
			"party": party,
			"company": books.company(),
			"start_date": frappe.utils.today(),
			"generate_invoice_at": "Beginning of the current subscription period",
			"submit_invoice": 1,
			"plans": [{"plan": name, "qty": 2}],
			"integration_connection": gateway.connection,
			**values,
		}
	).insert()
	frappe.db.commit()  # as a person's request does
	return doc


def test_a_subscription_is_opened_at_the_gateway_and_cancelled_there(gateways):
	gateway = gateways()
	doc = subscription(gateway)
	gateway.settle()
	[order] = gateway.account.asked("subscribe")
	assert (order.reference.name, order.currency) == (doc.name, "EUR")
	[line] = order.lines
	assert line.unit_amount * line.quantity == 60 and (line.interval, line.every) == ("month", 1)
	doc.reload()
	doc.save()
	frappe.db.commit()  # saved once more by somebody
	gateway.settle()
	assert len(gateway.account.asked("subscribe")) == 1
	doc.reload()
	doc.status, doc.cancelation_date = "Cancelled", frappe.utils.today()
	doc.save()
	frappe.db.commit()  # as a person's request does
	gateway.settle()
	assert len(gateway.account.asked("unsubscribe")) == 1


def test_a_subscription_cancelled_at_the_gateway_makes_no_last_invoice_here(gateways):
	gateway = gateways()
	doc = subscription(gateway, generate_invoice_at="End of the current subscription period")
	gateway.settle()
	[record] = gateway.account.things["subscriptions"].values()
	gateway.tell("subscriptions", gateway.account.change("subscriptions", record.id, status="cancelled"))
	gateway.settle()
	doc.reload()
	assert doc.status == "Cancelled"
	assert not frappe.get_all("Sales Invoice", filters={"subscription": doc.name})
	assert not gateway.account.asked("unsubscribe"), "what the gateway told us is not told back"


@pytest.mark.parametrize("who", ["ERPNext", "the gateway"])
def test_a_cycle_has_one_invoice_whoever_bills_first(gateways, who):
	gateway = gateways()
	doc = subscription(gateway)
	gateway.settle()
	[record] = gateway.account.things["subscriptions"].values()
	bill = gateway.account.bill(
		"60",
		subscription_id=record.id,
		reference={"doctype": "Subscription", "name": doc.name},
		lines=({"title": "Plan", "code": "plan", "quantity": 2, "amount": "60"},),
	)
	if who == "ERPNext":
		doc.reload()
		doc.process(posting_date=frappe.utils.today())
		frappe.db.commit()  # as the scheduler does
	event = gateway.tell("bills", bill)
	assert event.status == "Done", event.message
	payment = gateway.account.pay("60", invoice_id=bill.id)
	gateway.tell("payments", payment)
	gateway.settle()
	frappe.db.rollback()
	doc.reload()
	doc.process(posting_date=frappe.utils.today())
	frappe.db.commit()  # as the scheduler does
	invoices = frappe.get_all(
		"Sales Invoice",
		filters={"subscription": doc.name, "docstatus": 1},
		fields=["name", "status", "from_date"],
	)
	assert [(one.status, str(one.from_date)) for one in invoices] == [("Paid", frappe.utils.today())]


def test_the_tax_template_of_a_subscription_is_charged_too(gateways):
	gateway = gateways()
	template = frappe.get_doc(
		{
			"doctype": "Sales Taxes and Charges Template",
			"title": f"VAT {frappe.generate_hash(length=6)}",
			"company": books.company(),
			"taxes": [
				{
					"charge_type": "On Net Total",
					"account_head": books.account("VAT 19", "Liability", "Tax"),
					"description": "VAT",
					"rate": 19,
				}
			],
		}
	).insert()
	doc = subscription(gateway, "33.33", sales_tax_template=template.name)
	gateway.settle()
	[order] = gateway.account.asked("subscribe")
	total = sum(line.unit_amount * line.quantity for line in order.lines)
	assert total == Decimal("79.33")  # 66.66 + 12.67
	[record] = gateway.account.things["subscriptions"].values()
	bill = gateway.account.bill(
		"79.33", subscription_id=record.id, reference={"doctype": "Subscription", "name": doc.name}
	)
	event = gateway.tell("bills", bill)
	assert event.status == "Done", event.message
	invoice = frappe.get_doc("Sales Invoice", event.reference_name)
	assert (amount(invoice.grand_total), amount(invoice.total_taxes_and_charges)) == (
		amount("79.33"),
		amount("12.67"),
	)
