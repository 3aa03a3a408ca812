"""Payments as they really come: rounded totals, advances of orders that are billed in part, money paid twice, companies in
yen, periods that are closed. What the ledgers say afterwards is read from ERPNext's own GL Entries."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import frappe
import pytest

from integration_hub.api import payments as api
from sandbox import books
from tests.support.gateway import (
	about,
	amount,
	balance,
	billed,
	credit,
	everything_balances,
	outstanding,
	sale,
)
from tests.support.paper import now


@pytest.fixture(scope="module", autouse=True)
def money_of_the_world(site):
	"""Fixed exchange rates; invoices in foreign currencies on the one debtors' account; an exchange account."""
	for currency, rate in (("USD", 0.92), ("CHF", 1.05), ("RSD", 0.0085), ("CAD", 0.65)):
		books.rate(currency, books.currency(), rate)
	books.let_customers_owe_foreign_money()
	books.gateway_accounts("Cases", books.currency())


def paid(gateway, total="100", **values):
	invoice = sale(total=total, **values)
	payment = gateway.account.pay(total, invoice.currency, reference=about(invoice))
	assert gateway.tell("payments", payment).status == "Done", gateway.events()
	return invoice, payment


def asked_for(gateway, doc):
	"""What the page of a document asks the buyer for."""
	assert api.make_link(doc.doctype, doc.name, gateway.connection)["status"] == "Done"
	return gateway.account.asked("link")[-1].amount


def test_the_page_is_in_the_mail(gateways):
	gateway, invoice = gateways(), sale()
	url = api.make_link("Sales Invoice", invoice.name, gateway.connection)["url"]
	invoice.reload()
	mail = frappe.get_doc("Email Template", "Pay by Link").get_formatted_email(invoice.as_dict())
	assert f'href="{url}"' in mail["message"] and invoice.name in mail["subject"]


# --- rounded totals ----------------------------------------------------------------------------------------


@pytest.fixture
def rappen(site):
	"""Nobody pays less than five rappen in cash: ERPNext rounds totals in CHF to them."""
	field = "smallest_currency_fraction_value"
	before = frappe.db.get_value("Currency", "CHF", field)
	frappe.db.set_value("Currency", "CHF", field, 0.05)
	frappe.clear_cache(doctype="Currency")
	frappe.db.commit()  # workers must see it
	yield
	frappe.db.set_value("Currency", "CHF", field, before)
	frappe.clear_cache(doctype="Currency")
	frappe.db.commit()  # back to what it was


@pytest.mark.usefixtures("rappen")
@pytest.mark.parametrize("doctype", ["Sales Invoice", "Sales Order"])
def test_the_rounded_total_is_what_is_paid(gateways, doctype):
	gateway = gateways()
	gateway.account.rates["CHF"] = Decimal("1.0417")
	doc = sale(doctype, "99.98", "CHF", rate=1.05, disable_rounded_total=0)
	assert (amount(doc.grand_total), amount(doc.rounded_total)) == (amount("99.98"), 100)
	assert asked_for(gateway, doc) == 100
	payment = gateway.account.pay("100", "CHF", reference=about(doc))
	assert gateway.tell("payments", payment).status == "Done", gateway.events()
	assert not gateway.entry(payment).unallocated_amount
	if doctype == "Sales Order":
		doc.reload()
		assert amount(doc.advance_paid) == amount(doc.base_rounded_total)
		return
	assert outstanding(doc) == 0
	note = credit(doc, disable_rounded_total=0)
	[answer] = api.refund(note.name, gateway.connection)
	assert answer["status"] == "Done", answer
	assert gateway.account.asked("refund")[0].amount == 100
	assert outstanding(note) == 0 and gateway.balance("Clearing") == 0
	everything_balances(gateway)


# --- advances ----------------------------------------------------------------------------------------------


def half_billed(order, **values):
	from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice

	doc = make_sales_invoice(order.name)
	doc.disable_rounded_total = 1
	doc.items[0].qty = order.items[0].qty / 2
	doc.update(values)
	doc.insert()
	doc.submit()
	frappe.db.commit()  # as a person's request does
	return doc


def order_of_two(total="200"):
	item = {"item_code": books.service_item("Hub Custom Line"), "qty": 2, "rate": float(total) / 2}
	item |= {"price_list_rate": item["rate"], "delivery_date": frappe.utils.today()}
	return sale("Sales Order", items=[item])


@pytest.mark.parametrize(
	("advance", "allocated", "owed"),
	[("50", False, 150), ("50", True, 150), ("150", False, 50), ("150", True, 50), ("200", False, 0)],
)
def test_an_advance_is_not_asked_for_again_when_its_order_is_billed_in_part(
	gateways, advance, allocated, owed
):
	"""Whether the invoice has taken the advance or left it on the order: the buyer owes the rest of the order."""
	gateway, order = gateways(), order_of_two()
	assert gateway.tell("payments", gateway.account.pay(advance, reference=about(order))).status == "Done"
	values = {"allocate_advances_automatically": 1, "only_include_allocated_payments": 1} if allocated else {}
	invoice = half_billed(order, **values)
	assert outstanding(invoice) == (max(0, 100 - int(advance)) if allocated else 100)
	if not owed:
		with pytest.raises(frappe.ValidationError, match="paid"):
			api.make_link("Sales Order", order.name, gateway.connection)
		return
	assert asked_for(gateway, order) == owed
	rest = gateway.account.pay(str(owed), reference=about(order))
	assert gateway.tell("payments", rest).status == "Done", gateway.events()
	assert not gateway.entry(rest).unallocated_amount


def test_an_advance_of_a_billed_order_is_not_asked_for_again(gateways):
	gateway, order = gateways(), sale("Sales Order", "200")
	assert gateway.tell("payments", gateway.account.pay("80", reference=about(order))).status == "Done"
	billed(order)
	assert asked_for(gateway, order) == 120


def test_a_foreign_advance_is_not_asked_for_again(gateways):
	gateway, order = gateways(), sale("Sales Order", "333.33", "USD", rate=0.92)
	gateway.account.rates["USD"] = Decimal("0.9037")
	payment = gateway.account.pay("100.01", "USD", reference=about(order))
	assert gateway.tell("payments", payment).status == "Done"
	billed(order)
	assert asked_for(gateway, order) == Decimal("233.32")


# --- paid twice, and given back ----------------------------------------------------------------------------


def test_money_paid_twice_and_given_back_needs_no_credit_note(gateways):
	"""A credit note would take the income of the invoice away, which stands."""
	gateway = gateways()
	invoice, _first = paid(gateway)
	again = gateway.account.pay("100", reference=about(invoice))
	gateway.tell("payments", again)
	event = gateway.tell("refunds", gateway.account.refund(again))
	assert event.status == "Done", event.message
	assert "credit note" not in event.message and gateway.entry(again).name in event.message
	over = gateway.account.pay("30", reference=about(invoice))
	gateway.tell("payments", over)
	event = gateway.tell("refunds", gateway.account.refund(over, "10"))
	assert "credit note" not in event.message, event.message
	assert gateway.balance("Clearing") == 120
	everything_balances(gateway)


def test_of_two_payments_the_one_given_back_takes_no_income_away(gateways):
	"""The shop gives the first of both back: the invoice is still paid, by the second."""
	gateway = gateways(outside_refunds="Make a Credit Note for a Full Refund")
	invoice, first = paid(gateway)
	again = gateway.account.pay("100", reference=about(invoice))
	gateway.tell("payments", again)
	event = gateway.tell("refunds", gateway.account.refund(first))
	assert event.status == "Done" and gateway.entry(again).name in event.message, event.message
	assert not frappe.db.exists("Sales Invoice", {"return_against": invoice.name})
	assert gateway.balance("Clearing") == 100


def test_an_advance_that_is_given_back_needs_no_credit_note(gateways):
	gateway, order = gateways(), sale("Sales Order", "200")
	payment = gateway.account.pay("80", reference=about(order))
	gateway.tell("payments", payment)
	event = gateway.tell("refunds", gateway.account.refund(payment))
	assert event.status == "Done" and "credit note" not in event.message, event.message
	assert gateway.balance("Clearing") == 0


def test_a_credit_note_given_back_in_part_at_the_gateway_is_given_back_to_its_end(gateways):
	gateway = gateways()
	invoice, payment = paid(gateway)
	note = credit(invoice, "40")
	gateway.tell("refunds", gateway.account.refund(payment, "15"))
	assert outstanding(note) == -25
	[answer] = api.refund(note.name, gateway.connection)
	assert answer["status"] == "Done", answer
	assert gateway.account.asked("refund")[0].amount == 25
	assert outstanding(note) == 0 and gateway.balance("Clearing") == 60


def test_an_invoice_cancelled_after_its_payment(gateways):
	"""ERPNext takes the payment off it; the money stays the customer's, and may be given back at the gateway."""
	gateway = gateways()
	invoice, payment = paid(gateway)
	invoice.reload()
	invoice.cancel()
	frappe.db.commit()  # as a person's request does
	assert amount(gateway.entry(payment).unallocated_amount) == 100
	event = gateway.tell("refunds", gateway.account.refund(payment))
	assert event.status == "Done" and "credit note" not in event.message, event.message
	assert gateway.balance("Clearing") == 0
	everything_balances(gateway)


# --- when it is booked -------------------------------------------------------------------------------------


def test_a_payment_is_booked_on_the_day_it_was_at_the_site(gateways):
	from frappe.utils import get_system_timezone

	gateway, invoice = gateways(), sale()
	if get_system_timezone() != "Europe/Berlin":
		pytest.skip("the site's clock goes by another zone")
	at = datetime(2026, 11, 30, 23, 30, tzinfo=timezone.utc)
	payment = gateway.account.pay("100", reference=about(invoice), created_at=at, paid_at=at)
	assert gateway.tell("payments", payment).status == "Done", gateway.events()
	assert str(gateway.entry(payment).posting_date) == "2026-12-01"


def test_money_of_a_year_that_is_not_open_waits_and_is_booked_when_it_is(gateways):
	gateway, invoice = gateways(), sale()
	year = 2011 + frappe.db.count("Fiscal Year")
	at = datetime(year, 6, 1, tzinfo=timezone.utc)
	payment = gateway.account.pay("100", reference=about(invoice), created_at=at, paid_at=at)
	event = gateway.tell("payments", payment)
	assert event.status == "Parked" and str(year) in event.message, event.message
	assert outstanding(invoice) == 100 and gateway.balance("Clearing") == 0
	frappe.get_doc(
		{
			"doctype": "Fiscal Year",
			"year": f"{year}",
			"year_start_date": f"{year}-01-01",
			"year_end_date": f"{year}-12-31",
		}
	).insert()
	frappe.db.commit()  # as a person's request does
	from integration_hub.sync import replay

	replay.replay([event.name])
	gateway.settle()
	assert outstanding(invoice) == 0 and gateway.balance("Clearing") == 100


def test_a_payout_that_came_back_is_booked_on_the_day_it_came_back(gateways):
	"""So that the bank's statement and the account agree on every day between, as at the end of a year."""
	gateway = gateways()
	_invoice, payment = paid(gateway)
	arrived = now().date() - timedelta(days=6)
	payout = gateway.account.pay_out(gateway.account.line_of(payment), arrives_on=arrived)
	gateway.tell("payouts", payout)
	at = now() - timedelta(days=2)
	failed = gateway.account.change("payouts", payout.id, status="failed", failed_at=at)
	event = gateway.tell("payouts", failed)
	assert event.status == "Done", event.message
	assert frappe.db.get_value("Journal Entry", event.reference_name, "posting_date") == at.date()


def test_a_payout_that_came_back_waits_no_longer_for_what_never_comes(gateways):
	gateway = gateways()
	_invoice, payment = paid(gateway)
	unknown = gateway.account.line("payment", "7", 0, "pay_unknown")
	payout = gateway.account.pay_out(gateway.account.line_of(payment), unknown, status="failed")
	gateway.tell("payouts", payout)
	gateway.settle()
	assert gateway.event("payouts", payout.id).status == "Done", gateway.events()
	assert gateway.balance("Bank") == 0


# --- booked otherwise by people ----------------------------------------------------------------------------


def test_a_payment_entry_that_was_amended_stands_for_its_payment(gateways):
	"""A bookkeeper cancels it and books it against another invoice."""
	gateway = gateways()
	invoice, payment = paid(gateway)
	payout = gateway.account.pay_out(gateway.account.line_of(payment))
	gateway.tell("payouts", payout)
	other = sale(customer=invoice.customer)
	entry = gateway.entry(payment)
	entry.cancel()
	amended = frappe.copy_doc(entry)
	amended.amended_from = entry.name
	amended.docstatus = 0
	amended.references[0].reference_name = other.name
	amended.insert()
	amended.submit()
	frappe.db.commit()  # as a person's request does
	assert (outstanding(invoice), outstanding(other)) == (100, 0)
	assert gateway.entry(payment).name == amended.name
	audit = {"connection": gateway.connection, "reference": payout.id}
	assert frappe.db.get_value("Integration Audit", audit, "status") == "Agrees"
	note = credit(other)
	[answer] = api.refund(note.name, gateway.connection)
	assert answer["status"] == "Done", answer
	assert outstanding(note) == 0


def test_a_refund_booked_by_hand_is_not_booked_again(gateways):
	gateway = gateways()
	invoice, payment = paid(gateway)
	note = credit(invoice, "40")
	refund = gateway.account.refund(payment, "40")
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

	by_hand = get_payment_entry("Sales Invoice", note.name, bank_account=gateway.accounts["Clearing"])
	by_hand.reference_no, by_hand.reference_date = refund.id, frappe.utils.today()
	by_hand.insert()
	by_hand.submit()
	frappe.db.commit()  # as a person's request does
	assert gateway.tell("refunds", refund).reference_name == by_hand.name
	assert gateway.balance("Clearing") == 60


# --- disputes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["won", "lost"])
def test_a_dispute_abroad_leaves_nothing_in_disputed(gateways, end):
	"""The account "Disputed" is kept in the company's currency, and the rates differ from day to day."""
	gateway = gateways(settles_in="CAD")
	home = books.account(f"Disputed at Home {gateway.account.name}", "Asset")
	rows = [
		{"kind": one.kind, "title": one.title, "account": home if one.kind == "Disputed" else one.account}
		for one in gateway.doc.accounts
	]
	gateway.switch(accounts=rows)
	began = now() - timedelta(days=40)
	today = frappe.get_doc(
		{
			"doctype": "Currency Exchange",
			"date": frappe.utils.today(),
			"from_currency": "CAD",
			"to_currency": books.currency(),
			"exchange_rate": 0.7,
			"for_buying": 1,
			"for_selling": 1,
		}
	)
	if not frappe.db.exists("Currency Exchange", {"date": today.date, "from_currency": "CAD"}):
		today.insert()
	frappe.db.commit()  # workers must see it
	_invoice, payment = paid(gateway, currency="CAD", rate=0.65)
	dispute = gateway.account.dispute(payment, created_at=began)
	assert gateway.tell("disputes", dispute).status == "Done", gateway.events()
	assert balance(home) == (65, 65)
	more = {"returned": gateway.account.settled(Decimal(100), "CAD", Decimal(0))} if end == "won" else {}
	gateway.tell(
		"disputes", gateway.account.change("disputes", dispute.id, status=end, closed_at=now(), **more)
	)
	gateway.settle()
	assert balance(home) == (0, 0)
	lines = [gateway.account.line_of(payment), gateway.account.line_of(dispute)]
	if end == "won":
		gateway.account.things["disputes"][dispute.id]
		lines.append(gateway.account.line("dispute_reversal", "100", 0, dispute.id))
	payout = gateway.account.pay_out(*lines)
	assert gateway.tell("payouts", payout).status == "Done", gateway.events()
	assert (gateway.balance("Clearing"), gateway.base_balance("Clearing")) == (0, 0)
	everything_balances(gateway)


def test_a_dispute_won_at_another_rate_of_the_gateways_bank(gateways):
	"""Taken and given back in the buyer's currency: the gateway's own account got less back than was taken."""
	gateway = gateways()
	gateway.account.rates["USD"] = Decimal("0.90")
	_invoice, payment = paid(gateway, currency="USD", rate=0.92)
	dispute = gateway.account.dispute(payment)
	gateway.tell("disputes", dispute)
	assert (gateway.balance("Clearing"), gateway.balance("Disputed")) == (0, 90)
	gateway.account.rates["USD"] = Decimal("0.88")
	won = gateway.account.change(
		"disputes",
		dispute.id,
		status="won",
		closed_at=now(),
		returned=gateway.account.settled(Decimal(100), "USD", Decimal(0)),
	)
	assert gateway.tell("disputes", won).status == "Done", gateway.events()
	assert (gateway.balance("Clearing"), gateway.balance("Disputed")) == (88, 0)
	assert gateway.balance("Dispute Loss") == 0
	everything_balances(gateway)


def test_the_fee_of_a_dispute_comes_back_to_where_it_was_booked(gateways):
	gateway = gateways()
	fees = books.account(f"Chargebacks {gateway.account.name}", "Expense")
	doc = gateway.doc
	doc.append("accounts", {"kind": "Gateway Fee", "title": "dispute", "account": fees})
	doc.save()
	frappe.db.commit()  # as the form does
	_invoice, payment = paid(gateway)
	dispute = gateway.account.dispute(payment)
	gateway.tell("disputes", dispute)
	won = gateway.account.change(
		"disputes",
		dispute.id,
		status="won",
		returned=gateway.account.settled(Decimal(100), "EUR", Decimal(-15)),
	)
	gateway.tell("disputes", won)
	lines = [gateway.account.line_of(payment), gateway.account.line_of(dispute)]
	lines.append(gateway.account.line_of(won, "dispute_reversal"))
	assert gateway.tell("payouts", gateway.account.pay_out(*lines)).status == "Done"
	assert balance(fees)[0] == 0 and gateway.balance("Gateway Fee") == amount("0.25")
	assert gateway.balance("Clearing") == 0


# --- payouts -----------------------------------------------------------------------------------------------


def test_a_payout_waits_for_a_payment_that_is_only_reserved_here(gateways):
	gateway, invoice = gateways(), sale()
	payment = gateway.account.pay("100", reference=about(invoice), status="authorised")
	gateway.tell("payments", payment)
	captured = gateway.account.change(
		"payments",
		payment.id,
		status="paid",
		captured=Decimal(100),
		paid_at=now(),
		settled=gateway.account.settled(Decimal(100), "EUR"),
	)
	payout = gateway.account.pay_out(gateway.account.line_of(captured))
	assert gateway.tell("payouts", payout).status == "Retrying"
	gateway.tell("payments", captured)
	gateway.settle()
	assert gateway.balance("Clearing") == 0
	audit = {"connection": gateway.connection, "reference": payout.id}
	assert frappe.db.get_value("Integration Audit", audit, "status") == "Agrees"


def test_payouts_in_each_currency_that_the_account_holds(gateways):
	gateway = gateways()
	tag = gateway.account.name
	dollars = {
		kind: books.account(f"{kind} USD {tag}", "Asset", "Bank", currency_="USD")
		for kind in ("Clearing", "Bank")
	}
	doc = gateway.doc
	for kind, account in dollars.items():
		doc.append("accounts", {"kind": kind, "title": "USD", "account": account})
	doc.save()
	frappe.db.commit()  # as the form does
	_invoice, euros = paid(gateway)
	first = gateway.account.line_of(euros)
	gateway.account.settles_in, gateway.account.rates["USD"] = "USD", Decimal(1)
	_other, payment = paid(gateway, "50", currency="USD", rate=0.9)
	second = gateway.account.line_of(payment)
	payout = gateway.account.pay_out(second)
	assert gateway.tell("payouts", payout).status == "Done", gateway.events()
	assert balance(dollars["Clearing"]) == (0, 0) and gateway.balance("Clearing") == 100
	assert balance(dollars["Bank"])[0] == amount("49.75")
	assert gateway.tell("payouts", gateway.account.pay_out(first, currency="EUR")).status == "Done"
	assert gateway.balance("Clearing") == 0 and gateway.balance("Bank") == amount("99.75")
	everything_balances(gateway)


def test_the_tax_in_fees_is_booked_where_it_is_claimed_back(gateways):
	gateway = gateways()
	claimed = books.account(f"Input Tax {gateway.account.name}", "Asset")
	doc = gateway.doc
	doc.append("accounts", {"kind": "Gateway Fee", "title": "Tax", "account": claimed})
	doc.save()
	frappe.db.commit()  # as the form does
	_invoice, payment = paid(gateway, "1000")
	line = gateway.account.line("payment", "1000", "23.60", payment.id)
	line = line.model_copy(update={"tax": Decimal("3.60")})
	own = gateway.account.line("fee", 0, "11.80").model_copy(update={"tax": Decimal("1.80")})
	payout = gateway.account.pay_out(line, own)
	assert gateway.tell("payouts", payout).status == "Done", gateway.events()
	assert balance(claimed)[0] == amount("5.40") and gateway.balance("Gateway Fee") == 30
	assert gateway.balance("Clearing") == 0 and gateway.balance("Bank") == amount("964.60")
	audit = {"connection": gateway.connection, "reference": payout.id}
	assert frappe.db.get_value("Integration Audit", audit, "status") == "Agrees"


# --- companies and currencies ------------------------------------------------------------------------------


@pytest.fixture
def in_yen(monkeypatch):
	"""A company that keeps its books in yen, while ERPNext keeps two decimals of everything."""
	name, abbr = "Hub Yen Co", "HYC"
	if not frappe.db.exists("Company", name):
		frappe.get_doc(
			{
				"doctype": "Company",
				"company_name": name,
				"abbr": abbr,
				"country": "Japan",
				"default_currency": "JPY",
				"create_chart_of_accounts_based_on": "Standard Template",
				"chart_of_accounts": "Standard",
			}
		).insert()
		frappe.db.commit()  # workers must see it
	books.rate("USD", "JPY", 151.2345)
	monkeypatch.setattr(books, "company", lambda: name)
	company = frappe.get_doc("Company", name)
	if not company.exchange_gain_loss_account:
		company.db_set("exchange_gain_loss_account", books.account("Exchange Gain/Loss", "Expense"))
		frappe.db.commit()  # workers must see it
	return name


@pytest.mark.usefixtures("in_yen")
def test_dollars_of_a_company_in_yen(gateways):
	gateway = gateways(settles_in="USD")
	gateway.account.rates = {"USD": Decimal(1), "JPY": Decimal("0.0066")}
	invoice, payment = paid(gateway, "100.53", currency="USD", rate=150.11)
	assert outstanding(invoice) == 0
	_home, second = paid(gateway, "1234", currency="JPY")
	refund = gateway.account.refund(payment, "10.51")
	assert gateway.tell("refunds", refund).status == "Done", gateway.events()
	payout = gateway.account.pay_out(*map(gateway.account.line_of, (payment, second, refund)))
	assert gateway.tell("payouts", payout).status == "Done", gateway.events()
	assert (gateway.balance("Clearing"), gateway.base_balance("Clearing")) == (0, 0)
	everything_balances(gateway)


def test_a_currency_with_cents_that_nobody_has_in_the_purse(gateways):
	"""Dinars of Serbia have two decimals on paper (ISO 4217), and none in shops."""
	gateway = gateways()
	gateway.account.rates["RSD"] = Decimal("0.0086")
	invoice = sale(total="99999.55", currency="RSD", rate=0.0085)
	part = gateway.account.pay("50000.25", "RSD", reference=about(invoice))
	assert gateway.tell("payments", part).status == "Done", gateway.events()
	assert asked_for(gateway, invoice) == Decimal("49999.30")
	from integration_hub.erp import money

	assert [money.exponent(one) for one in ("RSD", "LAK", "IQD", "CLP", "EUR", "KWD")] == [2, 2, 3, 0, 2, 3]


# --- recurring billing -------------------------------------------------------------------------------------


def test_what_a_change_of_plan_gives_back_is_taken_off_the_bill(gateways):
	"""ERPNext takes no negative rates: the credit for the rest of the old plan is a charge below the items."""
	gateway = gateways()
	given = books.account(f"Given Back {gateway.account.name}", "Income", "Income Account")
	doc = gateway.doc
	doc.append("accounts", {"kind": "Fee", "title": "", "account": given})
	doc.save()
	frappe.db.commit()  # as the form does
	books.service_item("plan")
	bill = gateway.account.bill(
		"27",
		lines=(
			{"title": "Unused time on Basic", "code": "plan", "amount": "-5"},
			{"title": "Remaining time on Pro", "code": "plan", "amount": "12"},
			{"title": "Pro", "code": "plan", "amount": "20"},
		),
		customer={"email": f"{frappe.generate_hash(length=8)}@example.com"},
	)
	event = gateway.tell("bills", bill)
	assert event.status == "Done", event.message
	invoice = frappe.get_doc("Sales Invoice", event.reference_name)
	assert (amount(invoice.net_total), amount(invoice.grand_total)) == (32, 27)
	assert balance(given)[0] == 5


def test_a_bill_that_gives_back_more_than_it_takes_is_a_persons(gateways):
	gateway = gateways()
	books.service_item("plan")
	bill = gateway.account.bill(
		"-5",
		lines=({"title": "Unused time on Pro", "code": "plan", "amount": "-5"},),
		customer={"email": f"{frappe.generate_hash(length=8)}@example.com"},
	)
	event = gateway.tell("bills", bill)
	assert event.status == "Parked" and "credit note" in event.message, event.message
