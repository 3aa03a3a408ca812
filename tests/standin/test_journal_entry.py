"""Journal Entries: what they book, what they do to invoices and credit notes, and what they refuse."""

import pytest

REST = [{"qty": 1, "rate": 100}]


@pytest.fixture
def bank(books):
	return books.bank()


@pytest.fixture
def fees(books):
	return books.account("Fees", "Indirect Expenses", "Expense Account")


def party(invoice, **row):
	return {
		"account": invoice.debit_to,
		"party_type": "Customer",
		"party": invoice.customer,
		"reference_type": invoice.doctype,
		"reference_name": invoice.name,
		**row,
	}


def credit_note(books, amount=100, **values):
	lines = [{"qty": -1, "rate": amount}]
	return books.invoice(lines, is_return=1, update_outstanding_for_self=1, **values)


def test_rows_are_booked_one_by_one(books, bank, fees):
	clearing = books.bank("Clearing")
	doc = books.journal(
		[
			{"account": bank, "debit": 96.05},
			{"account": fees, "debit": 2.9},
			{"account": fees, "debit": 1.05, "user_remark": "refunds"},
			{"account": clearing, "credit": 100},
		],
		user_remark="Payout",
	)
	assert (doc.total_debit, doc.total_credit, doc.difference) == (100, 100, 0)
	assert books.entries(doc) == [
		("Clearing", 0, 100, 0, 100, "EUR"),
		("Fees", 1.05, 0, 1.05, 0, "EUR"),
		("Fees", 2.9, 0, 2.9, 0, "EUR"),
		("Shop Bank", 96.05, 0, 96.05, 0, "EUR"),
	]
	assert doc.remark == "Note: Payout"
	assert {row[0] for row in books.entries(doc, "cost_center")} >= {"Fees"}
	assert books.db.get_value("GL Entry", {"voucher_no": doc.name, "account": fees}, "cost_center")
	doc.cancel()
	assert books.entries(doc) == []
	assert books.db.count("GL Entry", {"voucher_no": doc.name}) == 8


def test_negative_amounts_change_sides(books, bank, fees):
	doc = books.journal([{"account": bank, "debit": -10}, {"account": fees, "credit": -10}])
	assert books.entries(doc) == [("Fees", 10, 0, 10, 0, "EUR"), ("Shop Bank", 0, 10, 0, 10, "EUR")]


def test_two_rows_of_cents_that_do_not_add_up_in_binary(books, bank, fees):
	doc = books.journal(
		[{"account": fees, "debit": 0.1}, {"account": fees, "debit": 0.2}, {"account": bank, "credit": 0.3}]
	)
	assert doc.difference == 0
	assert books.ledger(doc) == [("Fees", 0.1, 0), ("Fees", 0.2, 0), ("Shop Bank", 0, 0.3)]


@pytest.mark.parametrize(
	("values", "sentence"),
	[
		({"voucher_type": "Bank Entry"}, "Reference No & Reference Date is required"),
		({"cheque_date": "2026-11-01"}, "Reference No is mandatory"),
		({"cheque_no": "1"}, "Please enter Reference date"),
	],
)
def test_bank_entries_name_the_bank_s_reference(books, bank, fees, values, sentence):
	with pytest.raises(books.frappe.ValidationError, match=sentence):
		books.journal([{"account": bank, "debit": 5}, {"account": fees, "credit": 5}], **values)


def test_bank_entry(books, bank, fees):
	doc = books.journal(
		[{"account": bank, "debit": 5}, {"account": fees, "credit": 5}],
		voucher_type="Bank Entry",
		cheque_no="po_1",
		cheque_date="2026-11-20",
	)
	assert books.ledger(doc) == [("Fees", 0, 5), ("Shop Bank", 5, 0)]
	assert doc.remark == "Reference #po_1 dated " + books.frappe.utils.formatdate("2026-11-20")


@pytest.mark.parametrize(
	("rows", "sentence"),
	[
		([{"debit": 5}, {"credit": 4}], "Total Debit must be equal to Total Credit"),
		([{"debit": 5}, {"credit": 5}, {"debit": 0}], "Both Debit and Credit values cannot be zero"),
		([{"debit": 5, "credit": 5}, {"credit": 5, "debit": 5}], "credit and debit same account"),
	],
)
def test_what_does_not_balance_is_refused(books, bank, rows, sentence):
	with pytest.raises(books.frappe.ValidationError, match=sentence):
		books.journal([{"account": bank, **row} for row in rows])


# --- invoices ----------------------------------------------------------------------------------------------


def test_a_credit_settles_an_invoice_and_a_cancelled_one_does_not(books, bank):
	invoice = books.invoice(REST)
	books.journal([party(invoice, credit=40), {"account": bank, "debit": 40}])
	assert books.state(invoice) == ("Partly Paid", 60)
	second = books.journal([party(invoice, credit=60), {"account": bank, "debit": 60}])
	assert books.state(invoice) == ("Paid", 0)
	second.reload()
	second.cancel()
	assert books.state(invoice) == ("Partly Paid", 60)


def test_a_debit_opens_an_invoice_again(books, bank):
	invoice = books.invoice(REST)
	books.pay(invoice, 100)
	assert books.state(invoice) == ("Paid", 0)
	books.journal([party(invoice, debit=30), {"account": bank, "credit": 30}])
	assert books.state(invoice) == ("Partly Paid", 30)
	books.journal([party(invoice, debit=70), {"account": bank, "credit": 70}])
	assert books.state(invoice) == ("Unpaid", 100)


def test_several_invoices_in_one_entry(books, bank):
	customer = books.customer()
	first, second = (books.invoice(REST, customer=customer) for _ in range(2))
	doc = books.journal(
		[party(first, credit=100), party(second, credit=25.5), {"account": bank, "debit": 125.5}]
	)
	assert books.state(first) == ("Paid", 0)
	assert books.state(second) == ("Partly Paid", 74.5)
	assert books.entries(doc, "against_voucher") == [
		("Debtors", 0, 25.5, 0, 25.5, "EUR", second.name),
		("Debtors", 0, 100, 0, 100, "EUR", first.name),
		("Shop Bank", 125.5, 0, 125.5, 0, "EUR", None),
	]


def test_a_debit_settles_a_credit_note(books, bank):
	note = credit_note(books)
	assert books.state(note) == ("Return", -100)
	doc = books.journal([party(note, debit=60), {"account": bank, "credit": 60}])
	assert books.state(note) == ("Return", -40)
	doc.reload()
	doc.cancel()
	assert books.state(note) == ("Return", -100)


def test_a_credit_note_pays_an_invoice(books):
	customer = books.customer()
	invoice, note = books.invoice(REST, customer=customer), credit_note(books, 30, customer=customer)
	books.journal([party(note, debit=30), party(invoice, credit=30)])
	assert books.state(invoice) == ("Partly Paid", 70)
	assert books.state(note) == ("Return", 0)


def test_money_that_stands_for_itself_is_taken_by_a_later_entry(books, bank):
	invoice = books.invoice(REST)
	payment = books.pay(invoice, 100, allocate=0)
	assert books.state(invoice) == ("Unpaid", 100)
	row = {"account": invoice.debit_to, "party_type": "Customer", "party": invoice.customer}
	books.journal(
		[
			{**row, "debit": 100, "reference_type": "Payment Entry", "reference_name": payment.name},
			party(invoice, credit=100),
		]
	)
	assert books.state(invoice) == ("Paid", 0)
	ledger = books.frappe.get_all(
		"Payment Ledger Entry",
		filters={"against_voucher_no": payment.name, "delinked": 0},
		pluck="amount",
	)
	assert sum(ledger) == 0


def test_more_than_is_open_is_refused(books, bank):
	invoice = books.invoice(REST)
	with pytest.raises(books.frappe.ValidationError, match="cannot be greater than Outstanding Amount"):
		books.journal([party(invoice, credit=100.01), {"account": bank, "debit": 100.01}])


def test_a_draft_is_not_settled(books, bank):
	invoice = books.invoice(REST, submit=False)
	with pytest.raises(books.frappe.ValidationError, match="is not submitted"):
		books.journal([party(invoice, credit=1), {"account": bank, "debit": 1}])


def test_the_party_is_the_invoice_s(books, bank):
	invoice = books.invoice(REST)
	with pytest.raises(books.frappe.ValidationError, match="Party / Account does not match"):
		books.journal(
			[party(invoice, credit=1, party=books.customer("Other")), {"account": bank, "debit": 1}]
		)


def test_receivables_want_a_party(books, bank):
	invoice = books.invoice(REST)
	with pytest.raises(books.frappe.ValidationError, match="Party Type and Party is required"):
		books.journal([{"account": invoice.debit_to, "credit": 1}, {"account": bank, "debit": 1}])


def test_an_order_is_paid_in_advance(books, bank):
	order = books.order(REST)
	account = books.frappe.get_cached_value("Company", books.company, "default_receivable_account")
	row = {"account": account, "party_type": "Customer", "party": order.customer, "credit": 25}
	row |= {"reference_type": "Sales Order", "reference_name": order.name}
	with pytest.raises(books.frappe.ValidationError, match="should always be marked as advance"):
		books.journal([{**row, "is_advance": ""}, {"account": bank, "debit": 25}])
	doc = books.journal([{**row, "is_advance": "Yes"}, {"account": bank, "debit": 25}])
	assert books.db.get_value("Sales Order", order.name, "advance_paid") == 25
	doc.reload()
	doc.cancel()
	assert books.db.get_value("Sales Order", order.name, "advance_paid") == 0


def test_an_invoice_that_is_cancelled_lets_its_entries_go(books, bank):
	invoice = books.invoice(REST)
	doc = books.journal([party(invoice, credit=40), {"account": bank, "debit": 40}])
	invoice.reload()
	invoice.cancel()
	doc.reload()
	assert [(row.reference_type or None, row.reference_name or None) for row in doc.accounts] == [
		(None, None),
		(None, None),
	]
	assert doc.docstatus == 1
	assert {row[-1] for row in books.entries(doc, "against_voucher")} == {None}


# --- currencies --------------------------------------------------------------------------------------------


def test_foreign_accounts_are_asked_for(books, bank):
	dollars = books.bank("Dollars", account_currency="USD")
	with pytest.raises(books.frappe.ValidationError, match="Multi Currency"):
		books.journal([{"account": bank, "debit": 9}, {"account": dollars, "credit": 10}])


def test_rates_by_row(books, bank, fees):
	dollars = books.bank("Dollars", account_currency="USD")
	books.rate("USD", "EUR", 0.9)
	doc = books.journal(
		[
			{"account": bank, "debit": 85.44},
			{"account": fees, "debit": 2.61},
			{"account": dollars, "credit": 100, "exchange_rate": 0.8805},
		],
		multi_currency=1,
	)
	assert books.entries(doc, "transaction_currency", "transaction_exchange_rate") == [
		("Dollars", 0, 88.05, 0, 100, "USD", "USD", 0.8805),
		("Fees", 2.61, 0, 2.61, 0, "EUR", "USD", 0.8805),
		("Shop Bank", 85.44, 0, 85.44, 0, "EUR", "USD", 0.8805),
	]
	assert books.frappe.utils.flt(doc.accounts[2].credit, 2) == 88.05


def test_a_row_without_a_rate_takes_the_day_s(books, bank):
	dollars = books.bank("Dollars", account_currency="USD")
	books.rate("USD", "EUR", 0.9)
	doc = books.journal(
		[{"account": bank, "debit": 90}, {"account": dollars, "credit": 100}], multi_currency=1
	)
	assert doc.accounts[1].exchange_rate == 0.9
	assert books.ledger(doc) == [("Dollars", 0, 90), ("Shop Bank", 90, 0)]


def test_rounding_of_rates_is_the_difference(books, bank):
	dollars = books.bank("Dollars", account_currency="USD")
	rows = [{"account": bank, "debit": 88.06}, {"account": dollars, "credit": 100, "exchange_rate": 0.8805}]
	with pytest.raises(books.frappe.ValidationError, match="difference is -?0.01"):
		books.journal(rows, multi_currency=1)


def test_a_foreign_invoice_is_settled_at_its_own_rate(books, bank):
	"""Whatever rate the row says: ERPNext takes the invoice's."""
	books.rate("USD", "EUR", 0.9)
	customer, debtors = books.debtor("USD")
	invoice = books.invoice(REST, customer=customer, currency="USD", conversion_rate=0.9, debit_to=debtors)
	assert books.state(invoice) == ("Unpaid", 100)
	doc = books.journal(
		[party(invoice, credit=50, exchange_rate=0.8), {"account": bank, "debit": 45}], multi_currency=1
	)
	assert doc.accounts[0].exchange_rate == 0.9
	assert books.entries(doc) == [("Debtors USD", 0, 45, 0, 50, "USD"), ("Shop Bank", 45, 0, 45, 0, "EUR")]
	assert books.state(invoice) == ("Partly Paid", 50)


def test_a_foreign_invoice_owed_in_the_company_s_currency(books, bank):
	books.rate("USD", "EUR", 0.9)
	books.settings("Accounts Settings", allow_multi_currency_invoices_against_single_party_account=1)
	invoice = books.invoice(REST, currency="USD", conversion_rate=0.9)
	assert books.state(invoice) == ("Unpaid", 90)
	books.journal([party(invoice, credit=45), {"account": bank, "debit": 45}])
	assert books.state(invoice) == ("Partly Paid", 45)
