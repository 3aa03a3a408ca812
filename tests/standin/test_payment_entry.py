"""Payment Entries: deductions, other currencies on either side, credit notes paid out, orders, terms."""

import pytest

REST = [{"qty": 1, "rate": 100}]


@pytest.fixture
def rates(books):
	for currency, rate in (("USD", 0.9), ("GBP", 1.15), ("JPY", 0.006)):
		books.rate(currency, "EUR", rate)
	books.settings("Accounts Settings", allow_multi_currency_invoices_against_single_party_account=1)


@pytest.fixture
def gains(books):
	return books.short(books.gains())


def reference(target, amount, **values):
	return {
		"reference_doctype": target.doctype,
		"reference_name": target.name,
		"allocated_amount": amount,
		**values,
	}


def payment(books, direction, account, customer, bank, rows=(), submit=True, **values):
	ours, theirs = ("paid_to", "paid_from") if direction == "Receive" else ("paid_from", "paid_to")
	return books.make(
		"Payment Entry",
		submit=submit,
		payment_type=direction,
		company=books.company,
		posting_date=books.today,
		party_type="Customer",
		party=customer,
		reference_no="pi_1",
		reference_date=books.today,
		references=list(rows),
		**{ours: bank, theirs: account},
		**values,
	)


def credit_note(books, amount=100, against=None, **values):
	values = {"update_outstanding_for_self": 1} | values
	if against:
		values |= {"customer": against.customer, "return_against": against.name}
	return books.invoice([{"qty": -1, "rate": amount}], is_return=1, **values)


# --- deductions --------------------------------------------------------------------------------------------


def test_a_cent_is_written_off(books):
	invoice = books.invoice(REST)
	off = books.account("Off", "Indirect Expenses", "Expense Account")
	center = books.frappe.get_cached_value("Company", books.company, "cost_center")
	doc = books.pay(
		invoice,
		99.99,
		100,
		deductions=[{"account": off, "cost_center": center, "amount": 0.01}],
	)
	assert books.entries(doc) == [
		("Debtors", 0, 100, 0, 100, "EUR"),
		("Off", 0.01, 0, 0.01, 0, "EUR"),
		("Shop Bank", 99.99, 0, 99.99, 0, "EUR"),
	]
	assert (doc.total_allocated_amount, doc.unallocated_amount, doc.difference_amount) == (100, 0, 0)
	assert books.state(invoice) == ("Paid", 0)


def test_a_fee_kept_back_by_the_bank(books):
	invoice = books.invoice(REST)
	fees = books.account("Fees", "Indirect Expenses", "Expense Account")
	center = books.frappe.get_cached_value("Company", books.company, "cost_center")
	deductions = [{"account": fees, "cost_center": center, "amount": 3.2}]
	doc = books.pay(invoice, 96.8, 100, deductions=deductions)
	assert books.ledger(doc) == [("Debtors", 0, 100), ("Fees", 3.2, 0), ("Shop Bank", 96.8, 0)]
	doc.reload()
	doc.cancel()
	assert books.state(invoice) == ("Unpaid", 100)


def test_more_paid_than_allocated_stands_for_itself(books):
	invoice = books.invoice(REST)
	doc = books.pay(invoice, 130, 100)
	assert doc.unallocated_amount == 30
	assert books.entries(doc, "against_voucher") == [
		("Debtors", 0, 30, 0, 30, "EUR", None),
		("Debtors", 0, 100, 0, 100, "EUR", invoice.name),
		("Shop Bank", 130, 0, 130, 0, "EUR", None),
	]


def test_more_than_is_open_is_refused(books):
	invoice = books.invoice(REST)
	with pytest.raises(books.frappe.ValidationError, match="cannot be greater than outstanding"):
		books.pay(invoice, 100.01)
	books.pay(invoice, 100)
	with pytest.raises(books.frappe.ValidationError, match="has already been fully paid"):
		books.pay(invoice, 1)


def test_a_deduction_makes_no_room_beyond_what_was_paid(books):
	"""Without the deduction the difference is not zero."""
	invoice = books.invoice(REST)
	with pytest.raises(books.frappe.ValidationError, match="Difference Amount must be zero"):
		books.pay(invoice, 99, 100)


# --- the invoice is foreign, the customer's account is not --------------------------------------------------


def test_dollars_paid_into_the_bank_at_another_rate(books, rates, gains):
	"""The bank gives 88 for what is owed at 90."""
	invoice = books.invoice(REST, currency="USD", conversion_rate=0.9)
	assert books.state(invoice) == ("Unpaid", 90)
	account = books.gains()
	center = books.frappe.get_cached_value("Company", books.company, "cost_center")
	doc = books.pay(invoice, 88, 90, deductions=[{"account": account, "cost_center": center, "amount": 2}])
	assert books.entries(doc) == [
		("Debtors", 0, 90, 0, 90, "EUR"),
		(gains, 2, 0, 2, 0, "EUR"),
		("Shop Bank", 88, 0, 88, 0, "EUR"),
	]
	assert books.state(invoice) == ("Paid", 0)


def test_dollars_kept_in_dollars(books, rates, gains):
	"""The clearing account is in the invoice's currency; its rate differs from the invoice's."""
	invoice = books.invoice(REST, currency="USD", conversion_rate=0.9)
	clearing = books.bank("Clearing", account_currency="USD")
	doc = payment(
		books,
		"Receive",
		invoice.debit_to,
		invoice.customer,
		clearing,
		[reference(invoice, 90)],
		paid_amount=90,
		received_amount=100,
		source_exchange_rate=1,
		target_exchange_rate=0.88,
	)
	assert (doc.base_paid_amount, doc.base_received_amount) == (90, 88)
	assert [(row.amount, row.is_exchange_gain_loss) for row in doc.deductions] == [(2, 1)]
	assert books.entries(doc, "voucher_subtype") == [
		("Clearing", 88, 0, 100, 0, "USD", "Receive"),
		("Debtors", 0, 90, 0, 90, "EUR", "Receive"),
		(gains, 2, 0, 2, 0, "EUR", "Receive"),
	]
	assert books.state(invoice) == ("Paid", 0)
	doc.reload()
	doc.cancel()
	assert books.state(invoice) == ("Unpaid", 90)
	assert books.entries(doc) == []


def test_yen_kept_in_pounds(books, rates, gains):
	"""Three currencies: the invoice's, the clearing account's, the company's."""
	invoice = books.invoice([{"qty": 1, "rate": 20000}], currency="JPY", conversion_rate=0.006)
	assert books.state(invoice) == ("Unpaid", 120)
	clearing = books.bank("Clearing", account_currency="GBP")
	doc = payment(
		books,
		"Receive",
		invoice.debit_to,
		invoice.customer,
		clearing,
		[reference(invoice, 120)],
		paid_amount=120,
		received_amount=105.5,
		source_exchange_rate=1,
		target_exchange_rate=1.15,
	)
	assert books.entries(doc) == [
		("Clearing", 121.32, 0, 105.5, 0, "GBP"),
		("Debtors", 0, 120, 0, 120, "EUR"),
		(gains, 0, 1.32, 0, 1.32, "EUR"),
	]
	assert doc.deductions[0].amount == -1.32
	assert books.state(invoice) == ("Paid", 0)


def test_partly_paid_in_a_third_currency_with_a_deduction_of_ours(books, rates, gains):
	invoice = books.invoice(REST, currency="USD", conversion_rate=0.9)
	clearing = books.bank("Clearing", account_currency="GBP")
	center = books.frappe.get_cached_value("Company", books.company, "cost_center")
	doc = payment(
		books,
		"Receive",
		invoice.debit_to,
		invoice.customer,
		clearing,
		[reference(invoice, 45)],
		paid_amount=44,
		received_amount=38.26,
		source_exchange_rate=1,
		target_exchange_rate=1.15,
		deductions=[{"account": books.gains(), "cost_center": center, "amount": 1}],
	)
	assert books.entries(doc) == [
		("Clearing", 44, 0, 38.26, 0, "GBP"),
		("Debtors", 0, 45, 0, 45, "EUR"),
		(gains, 1, 0, 1, 0, "EUR"),
	]
	assert books.state(invoice) == ("Partly Paid", 45)


# --- the customer's account is foreign ---------------------------------------------------------------------


def test_the_invoice_s_rate_is_settled_by_a_journal(books, rates, gains):
	customer, account = books.debtor("USD")
	invoice = books.invoice(REST, customer=customer, currency="USD", conversion_rate=0.9, debit_to=account)
	doc = payment(
		books,
		"Receive",
		account,
		customer,
		books.bank(),
		[reference(invoice, 100)],
		paid_amount=100,
		received_amount=85,
		source_exchange_rate=0.85,
		target_exchange_rate=1,
	)
	assert books.entries(doc) == [("Debtors USD", 0, 85, 0, 100, "USD"), ("Shop Bank", 85, 0, 85, 0, "EUR")]
	assert doc.references[0].exchange_gain_loss == -5
	journal = books.db.get_value(
		"Journal Entry Account", {"reference_type": "Payment Entry", "reference_name": doc.name}, "parent"
	)
	assert books.entries(journal, "against_voucher") == [
		("Debtors USD", 0, 5, 0, 0, "USD", invoice.name),
		(gains, 5, 0, 0, 0, "EUR", doc.name),
	]
	assert books.state(invoice) == ("Paid", 0)
	doc.reload()
	doc.cancel()
	assert books.entries(journal) == []
	assert books.db.get_value("Journal Entry", journal, "docstatus") == 2
	assert books.state(invoice) == ("Unpaid", 100)


def test_both_sides_foreign(books, rates):
	customer, account = books.debtor("USD")
	invoice = books.invoice(REST, customer=customer, currency="USD", conversion_rate=0.9, debit_to=account)
	doc = payment(
		books,
		"Receive",
		account,
		customer,
		books.bank("Clearing", account_currency="USD"),
		[reference(invoice, 60)],
		paid_amount=60,
		received_amount=60,
		source_exchange_rate=0.9,
		target_exchange_rate=0.9,
	)
	assert books.entries(doc) == [("Clearing", 54, 0, 60, 0, "USD"), ("Debtors USD", 0, 54, 0, 60, "USD")]
	assert books.state(invoice) == ("Partly Paid", 40)


def test_one_amount_for_two_accounts_of_one_currency(books):
	"""What was received counts for nothing then."""
	invoice = books.invoice(REST)
	doc = payment(
		books,
		"Receive",
		invoice.debit_to,
		invoice.customer,
		books.bank(),
		[reference(invoice, 100)],
		paid_amount=100,
		received_amount=50,
	)
	assert doc.received_amount == 100


# --- money back --------------------------------------------------------------------------------------------


def test_a_credit_note_is_paid_out_and_opened_again(books):
	note = credit_note(books)
	assert books.state(note) == ("Return", -100)
	doc = books.pay(note, 100, -100, direction="Pay")
	assert books.entries(doc, "against_voucher") == [
		("Debtors", 100, 0, 100, 0, "EUR", note.name),
		("Shop Bank", 0, 100, 0, 100, "EUR", None),
	]
	assert (doc.total_allocated_amount, doc.unallocated_amount) == (100, 0)
	assert books.state(note) == ("Return", 0)
	doc.reload()
	doc.cancel()
	assert books.state(note) == ("Return", -100)


def test_a_credit_note_is_paid_out_in_two_parts(books):
	note = credit_note(books)
	books.pay(note, 30, -30, direction="Pay")
	assert books.state(note) == ("Return", -70)
	with pytest.raises(books.frappe.ValidationError, match="cannot be greater than outstanding"):
		books.pay(note, 71, -71, direction="Pay")
	books.pay(note, 70, -70, direction="Pay")
	assert books.state(note) == ("Return", 0)


def test_a_paid_invoice_that_is_returned_is_paid_out(books):
	"""The credit note keeps its amount to itself."""
	invoice = books.invoice(REST)
	books.pay(invoice, 100)
	note = credit_note(books, 40, against=invoice)
	assert books.state(note) == ("Return", -40)
	assert books.state(invoice) == ("Paid", 0)
	books.pay(note, 40, -40, direction="Pay")
	assert books.state(note) == ("Return", 0)


def test_a_foreign_credit_note_is_paid_out(books, rates, gains):
	"""Owed at 90, it costs 92 by the rate of the day."""
	note = credit_note(books, currency="USD", conversion_rate=0.9)
	assert books.state(note) == ("Return", -90)
	doc = payment(
		books,
		"Pay",
		note.debit_to,
		note.customer,
		books.bank("Clearing", account_currency="USD"),
		[reference(note, -90)],
		paid_amount=100,
		received_amount=90,
		source_exchange_rate=0.92,
		target_exchange_rate=1,
	)
	assert books.entries(doc) == [
		("Clearing", 0, 92, 0, 100, "USD"),
		("Debtors", 90, 0, 90, 0, "EUR"),
		(gains, 2, 0, 2, 0, "EUR"),
	]
	assert books.state(note) == ("Return", 0)


def test_a_credit_note_is_not_received(books):
	note = credit_note(books)
	with pytest.raises(books.frappe.ValidationError, match="negative outstanding"):
		books.pay(note, 10, -10)


def test_an_unreconciled_payout_stands_for_itself(books):
	note = credit_note(books)
	doc = books.pay(note, 100, -100, direction="Pay")
	undo = books.frappe.new_doc("Unreconcile Payment")
	undo.update({"company": books.company, "voucher_type": doc.doctype, "voucher_no": doc.name})
	undo.add_references()
	assert [(row.reference_name, row.allocated_amount) for row in undo.allocations] == [(note.name, 100)]
	undo.insert()
	undo.submit()
	assert books.state(note) == ("Return", -100)
	doc.reload()
	assert (doc.references, doc.unallocated_amount, doc.docstatus) == ([], 100, 1)


def test_an_unreconciled_payment_in_a_foreign_account_loses_its_journal(books, rates):
	customer, account = books.debtor("USD")
	invoice = books.invoice(REST, customer=customer, currency="USD", conversion_rate=0.9, debit_to=account)
	doc = payment(
		books,
		"Receive",
		account,
		customer,
		books.bank(),
		[reference(invoice, 100)],
		paid_amount=100,
		received_amount=85,
		source_exchange_rate=0.85,
		target_exchange_rate=1,
	)
	undo = books.frappe.new_doc("Unreconcile Payment")
	undo.update({"company": books.company, "voucher_type": doc.doctype, "voucher_no": doc.name})
	undo.add_references()
	undo.insert()
	undo.submit()
	assert books.state(invoice) == ("Unpaid", 100)
	assert not books.db.exists(
		"Journal Entry Account", {"reference_name": doc.name, "docstatus": 1, "parenttype": "Journal Entry"}
	)


# --- own accounts, orders, terms ---------------------------------------------------------------------------


def test_transfer_between_accounts_of_two_currencies(books, rates, gains):
	doc = books.make(
		"Payment Entry",
		submit=True,
		payment_type="Internal Transfer",
		company=books.company,
		posting_date=books.today,
		paid_from=books.bank("Clearing", account_currency="USD"),
		paid_to=books.bank(),
		paid_amount=100,
		received_amount=87.5,
		source_exchange_rate=0.9,
		target_exchange_rate=1,
		reference_no="1",
		reference_date=books.today,
	)
	assert books.entries(doc) == [
		("Clearing", 0, 90, 0, 100, "USD"),
		(gains, 2.5, 0, 2.5, 0, "EUR"),
		("Shop Bank", 87.5, 0, 87.5, 0, "EUR"),
	]


def test_an_advance_on_an_order_is_taken_by_its_invoice(books):
	from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice

	order = books.order(REST)
	books.pay(order, 40)
	assert books.db.get_value("Sales Order", order.name, "advance_paid") == 40
	invoice = make_sales_invoice(order.name)
	invoice.allocate_advances_automatically = 1
	books.keep(invoice)
	assert books.state(invoice) == ("Partly Paid", 60)
	assert (
		books.db.get_value("Sales Order", order.name, "advance_paid") == 40
	)  # what was paid ahead of it stays so


def test_an_order_in_dollars_is_paid_at_the_day_s_rate(books, rates, gains):
	"""An order has no books of its own: no difference to the rate it was written at."""
	order = books.order(REST, currency="USD", conversion_rate=0.9)
	account = books.frappe.get_cached_value("Company", books.company, "default_receivable_account")
	doc = payment(
		books,
		"Receive",
		account,
		order.customer,
		books.bank("Clearing", account_currency="USD"),
		[reference(order, 88)],
		paid_amount=88,
		received_amount=100,
		source_exchange_rate=1,
		target_exchange_rate=0.88,
	)
	assert books.ledger(doc) == [("Clearing", 88, 0), ("Debtors", 0, 88)]
	assert books.db.get_value("Sales Order", order.name, "advance_paid") == 88


def test_a_cancelled_invoice_gives_its_payment_back(books):
	invoice = books.invoice(REST)
	doc = books.pay(invoice, 100)
	invoice.reload()
	invoice.cancel()
	doc.reload()
	assert (doc.docstatus, doc.references, doc.unallocated_amount) == (1, [], 100)
	assert {row[-1] for row in books.entries(doc, "against_voucher")} == {None}


@pytest.fixture
def terms(books):
	"""Half at once, half in a month; payments say which half they are for."""
	names = [books.make("Payment Term", payment_term_name=books.name(text)).name for text in ("Now", "Later")]
	return books.make(
		"Payment Terms Template",
		template_name=books.name("Halves"),
		allocate_payment_based_on_payment_terms=1,
		terms=[
			{
				"payment_term": name,
				"invoice_portion": 50,
				"due_date_based_on": "Day(s) after invoice date",
				"credit_days": days,
			}
			for name, days in zip(names, (0, 30), strict=True)
		],
	).name


def schedule(books, invoice):
	return [
		(row.payment_amount, row.paid_amount, row.outstanding)
		for row in books.frappe.get_doc("Sales Invoice", invoice.name).payment_schedule
	]


def test_payments_by_term(books, terms):
	invoice = books.invoice(REST, payment_terms_template=terms)
	assert schedule(books, invoice) == [(50, 0, 50), (50, 0, 50)]
	with pytest.raises(books.frappe.ValidationError, match="Select a Payment Term"):
		books.pay(invoice, 50)
	first, second = (row.payment_term for row in invoice.payment_schedule)
	with pytest.raises(books.frappe.ValidationError, match="than outstanding amount|is greater than"):
		payment(
			books,
			"Receive",
			invoice.debit_to,
			invoice.customer,
			books.bank(),
			[reference(invoice, 60, payment_term=first)],
			paid_amount=60,
			received_amount=60,
		)
	doc = payment(
		books,
		"Receive",
		invoice.debit_to,
		invoice.customer,
		books.bank(),
		[reference(invoice, 50, payment_term=first), reference(invoice, 20, payment_term=second)],
		paid_amount=70,
		received_amount=70,
	)
	assert schedule(books, invoice) == [(50, 50, 0), (50, 20, 30)]
	assert books.state(invoice) == ("Partly Paid", 30)
	doc.reload()
	doc.cancel()
	assert schedule(books, invoice) == [(50, 0, 50), (50, 0, 50)]


def test_a_payment_entry_by_term_is_prepared(books, terms):
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

	invoice = books.invoice(REST, payment_terms_template=terms)
	doc = get_payment_entry("Sales Invoice", invoice.name, bank_account=books.bank())
	assert [(row.payment_term, row.allocated_amount) for row in doc.references] == [
		(row.payment_term, 50) for row in invoice.payment_schedule
	]
	books.keep(doc, reference_no="1", reference_date=books.today)
	assert books.state(invoice) == ("Paid", 0)


# --- prepared by ERPNext -----------------------------------------------------------------------------------


def prepared(books, doc, bank, **values):
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

	entry = get_payment_entry(doc.doctype, doc.name, bank_account=bank, **values)
	return (
		entry.payment_type,
		entry.paid_amount,
		entry.received_amount,
		round(entry.source_exchange_rate, 9),
		round(entry.target_exchange_rate, 9),
		[(row.reference_name == doc.name, row.allocated_amount) for row in entry.references],
	)


def test_a_prepared_payment(books, rates):
	home, dollars = books.bank(), books.bank("Clearing", account_currency="USD")
	invoice = books.invoice(REST)
	assert prepared(books, invoice, home) == ("Receive", 100, 100, 1, 1, [(True, 100)])
	note = credit_note(books)
	assert prepared(books, note, home) == ("Pay", 100, 100, 1, 1, [(True, -100)])
	foreign = books.invoice(REST, currency="USD", conversion_rate=0.9)
	assert prepared(books, foreign, home) == ("Receive", 90, 90, 1, 1, [(True, 90)])
	assert prepared(books, foreign, dollars, bank_amount=100) == (
		"Receive",
		90,
		100,
		1,
		0.9,
		[(True, 90)],
	)
	order = books.order(REST)
	assert prepared(books, order, home) == ("Receive", 100, 100, 1, 1, [(True, 100)])
	assert prepared(books, order, home, party_amount=25) == ("Receive", 25, 25, 1, 1, [(True, 25)])
