"""Subscriptions: periods, the invoices of each, and what ends them."""

import pytest


@pytest.fixture
def plan(books):
	return _plan(books, "Box")


def _plan(books, text, cost=20.0, **values):
	values = {"billing_interval": "Month", "billing_interval_count": 1, "currency": "EUR"} | values
	return books.make(
		"Subscription Plan",
		plan_name=books.name(text),
		item=books.item(text, is_stock_item=0, item_group="Services"),
		price_determination="Fixed Rate",
		cost=cost,
		**values,
	).name


def subscribe(books, plans, start="2026-03-10", **values):
	values = {
		"generate_invoice_at": "Beginning of the current subscription period",
		"generate_new_invoices_past_due_date": 1,
		"submit_invoice": 1,
	} | values
	return books.make(
		"Subscription",
		party_type="Customer",
		party=values.pop("customer", None) or books.customer(),
		company=books.company,
		start_date=start,
		plans=[{"plan": plan, "qty": qty} for plan, qty in plans],
		**values,
	)


def period(doc):
	return str(doc.current_invoice_start), str(doc.current_invoice_end)


def invoices(books, doc):
	return [
		(
			str(row.posting_date),
			str(row.from_date),
			str(row.to_date),
			row.grand_total,
			row.docstatus,
		)
		for row in books.frappe.get_all(
			"Sales Invoice",
			filters={"subscription": doc.name},
			fields=["posting_date", "from_date", "to_date", "grand_total", "docstatus"],
			order_by="from_date, creation",
		)
	]


@pytest.mark.parametrize(
	("interval", "count", "end"),
	[
		("Day", 1, "2026-03-10"),
		("Day", 10, "2026-03-19"),
		("Week", 1, "2026-03-16"),
		("Week", 2, "2026-03-23"),
		("Month", 1, "2026-04-09"),
		("Month", 3, "2026-06-09"),
		("Year", 1, "2027-03-09"),
	],
)
def test_the_first_period(books, interval, count, end):
	plan = _plan(books, "Box", billing_interval=interval, billing_interval_count=count)
	doc = subscribe(books, [(plan, 1)])
	assert period(doc) == ("2026-03-10", end)


def test_a_month_from_the_last_day(books, plan):
	doc = subscribe(books, [(plan, 1)], start="2026-01-31")
	assert period(doc) == ("2026-01-31", "2026-02-27")


def test_billed_at_the_beginning(books, plan):
	doc = subscribe(books, [(plan, 2)])
	assert doc.status == "Active"
	doc.process("2026-03-09")
	assert invoices(books, doc) == []
	doc.process("2026-03-10")
	assert invoices(books, doc) == [("2026-03-10", "2026-03-10", "2026-04-09", 40, 1)]
	assert period(doc) == ("2026-04-10", "2026-05-09")
	doc.process("2026-03-10")
	doc.process("2026-03-11")
	assert len(invoices(books, doc)) == 1
	doc.process("2026-04-10")
	assert invoices(books, doc)[1:] == [("2026-04-10", "2026-04-10", "2026-05-09", 40, 1)]
	assert period(doc) == ("2026-05-10", "2026-06-09")


def test_billed_at_the_end(books, plan):
	books.settings("Subscription Settings", prorate=0)
	doc = subscribe(books, [(plan, 1)], generate_invoice_at="End of the current subscription period")
	doc.process("2026-03-10")
	assert invoices(books, doc) == []
	doc.process("2026-04-09")
	assert invoices(books, doc) == [("2026-04-09", "2026-03-10", "2026-04-09", 20, 1)]
	assert period(doc) == ("2026-04-10", "2026-05-09")


def test_billed_days_before(books, plan):
	books.settings("Subscription Settings", prorate=0)
	doc = subscribe(
		books,
		[(plan, 1)],
		generate_invoice_at="Days before the current subscription period",
		number_of_days=5,
	)
	doc.process("2026-03-05")
	assert invoices(books, doc) == [("2026-03-05", "2026-03-10", "2026-04-09", 20, 1)]


def test_the_end_is_prorated_by_the_day(books, plan):
	"""By today's date, whatever day is processed: a trap for who bills cycles late."""
	books.settings("Subscription Settings", prorate=1)
	start = books.frappe.utils.add_days(books.today, -14)
	doc = subscribe(
		books, [(plan, 1)], start=start, generate_invoice_at="End of the current subscription period"
	)
	days = books.frappe.utils.date_diff(doc.current_invoice_end, doc.current_invoice_start) + 1
	invoice = doc.create_invoice()
	assert invoice.grand_total == pytest.approx(20 * 15 / days, abs=0.005)


def test_two_plans_a_discount_and_taxes(books, plan):
	other = _plan(books, "Extra", cost=7.5)
	template = books.make(
		"Sales Taxes and Charges Template",
		title=books.name("VAT"),
		company=books.company,
		taxes=[
			{
				"charge_type": "On Net Total",
				"account_head": books.tax("VAT"),
				"rate": 19,
				"description": "VAT",
			}
		],
	).name
	doc = subscribe(
		books,
		[(plan, 1), (other, 2)],
		sales_tax_template=template,
		additional_discount_percentage=10,
		days_until_due=14,
	)
	doc.process("2026-03-10")
	invoice = books.frappe.get_last_doc("Sales Invoice", {"subscription": doc.name})
	assert [(row.qty, row.rate) for row in invoice.items] == [(1, 20), (2, 7.5)]
	assert (invoice.total, invoice.discount_amount, invoice.grand_total) == (35, 4.16, 37.49)
	assert str(invoice.due_date) == "2026-03-24"
	assert invoice.taxes_and_charges == template


def test_drafts(books, plan):
	doc = subscribe(books, [(plan, 1)], submit_invoice=0)
	doc.process("2026-03-10")
	assert [row[-1] for row in invoices(books, doc)] == [0]


def test_an_unpaid_invoice_stops_the_next(books, plan):
	doc = subscribe(books, [(plan, 1)], generate_new_invoices_past_due_date=0)
	doc.process("2026-03-10")
	assert doc.status == "Unpaid"
	doc.process("2026-04-10")
	assert len(invoices(books, doc)) == 1


def test_a_paid_invoice_lets_the_next_come(books, plan):
	doc = subscribe(books, [(plan, 1)], generate_new_invoices_past_due_date=0)
	doc.process("2026-03-10")
	books.pay(books.frappe.get_last_doc("Sales Invoice", {"subscription": doc.name}), 20)
	doc.process("2026-03-11")
	assert doc.status == "Active"
	doc.process("2026-04-10")
	assert len(invoices(books, doc)) == 2


def test_trial(books, plan):
	today, add = books.today, books.frappe.utils.add_days
	doc = subscribe(
		books,
		[(plan, 1)],
		start=today,
		trial_period_start=today,
		trial_period_end=add(today, 13),
	)
	assert doc.status in ("Trialling", "Trialing")  # ERPNext 15, 16
	assert str(doc.current_invoice_start) == add(today, 14)


def test_cancelled(books, plan):
	doc = subscribe(books, [(plan, 1)])
	doc.process("2026-03-10")
	doc.cancel_subscription()
	assert (doc.status, str(doc.cancelation_date)) == ("Cancelled", books.today)
	with pytest.raises(books.frappe.ValidationError, match="already cancelled"):
		doc.cancel_subscription()
	doc.process("2026-04-10")
	assert len(invoices(books, doc)) == 1


def test_a_cancelled_one_with_an_unpaid_invoice_must_not_be_processed(books, plan):
	"""It would come to life again: ERPNext's scheduler leaves cancelled ones alone, and so must everybody."""
	doc = subscribe(books, [(plan, 1)])
	doc.process("2026-03-10")
	doc.cancel_subscription()
	doc.process("2026-04-10")
	assert (doc.status, doc.cancelation_date) == ("Unpaid", None)


def test_cancelled_before_the_end_is_billed_until_today(books, plan):
	books.settings("Subscription Settings", prorate=0)
	start = books.frappe.utils.add_days(books.today, -3)
	doc = subscribe(
		books, [(plan, 1)], start=start, generate_invoice_at="End of the current subscription period"
	)
	doc.cancel_subscription()
	assert [row[1:3] for row in invoices(books, doc)] == [(start, books.today)]


def test_an_end(books, plan):
	with pytest.raises(books.frappe.ValidationError, match="End Date must be after"):
		subscribe(books, [(plan, 1)], end_date="2026-03-20")
	doc = subscribe(books, [(plan, 1)], end_date="2026-04-20")
	doc.process("2026-03-10")
	assert period(doc) == ("2026-04-10", "2026-04-20")


def test_one_interval_for_all_plans(books, plan):
	other = _plan(books, "Yearly", billing_interval="Year")
	with pytest.raises(books.frappe.ValidationError, match="same billing cycle"):
		subscribe(books, [(plan, 1), (other, 1)])


def test_the_customer_s_currency(books):
	books.rate("USD", "EUR", 0.9)
	plan = _plan(books, "Dollars", currency="USD")
	with pytest.raises(books.frappe.ValidationError, match="different currency"):
		subscribe(books, [(plan, 1)])


def test_calendar_months(books, plan):
	doc = subscribe(books, [(plan, 1)], follow_calendar_months=1, end_date="2026-12-31")
	assert period(doc) == ("2026-03-10", "2026-03-31")
	doc.process("2026-03-10")
	assert period(doc) == ("2026-04-01", "2026-04-30")


def test_a_made_invoice_of_a_given_period(books, plan):
	doc = subscribe(books, [(plan, 1)])
	invoice = doc.create_invoice("2026-05-10", "2026-06-09", "2026-05-12")
	assert (str(invoice.from_date), str(invoice.to_date)) == ("2026-05-10", "2026-06-09")
	assert str(invoice.posting_date) == "2026-03-10"
	assert invoice.subscription == doc.name
	assert doc.is_current_invoice_generated("2026-03-10", "2026-04-09")
	assert not doc.is_current_invoice_generated("2026-04-10", "2026-05-09")


def test_prices_of_a_price_list(books):
	item = books.item("Listed", is_stock_item=0, item_group="Services")
	books.make("Item Price", item_code=item, price_list="Standard Selling", price_list_rate=12.5)
	plan = books.make(
		"Subscription Plan",
		plan_name=books.name("Listed"),
		item=item,
		price_determination="Based On Price List",
		price_list="Standard Selling",
		billing_interval="Month",
		billing_interval_count=1,
		currency="EUR",
	).name
	doc = subscribe(books, [(plan, 1)])
	doc.process("2026-03-10")
	assert [row[3] for row in invoices(books, doc)] == [12.5]


def test_a_rate_by_the_month(books):
	books.settings("Subscription Settings", prorate=0)
	plan = _plan(books, "Monthly", cost=10, billing_interval_count=3)
	books.set_value("Subscription Plan", plan, price_determination="Monthly Rate")
	doc = subscribe(books, [(plan, 1)], start="2026-01-01")
	doc.process("2026-01-01")
	assert [row[3] for row in invoices(books, doc)] == [30]


def test_a_trial_long_ago(books, plan):
	"""ERPNext counts the period after it from the start of the subscription, not from the end of the trial."""
	doc = subscribe(books, [(plan, 1)], trial_period_start="2026-03-10", trial_period_end="2026-03-23")
	assert doc.status == "Active"
	assert period(doc) == ("2026-03-24", "2026-04-09")
