"""Payment Requests: what they ask for, and what Payment Entries do to them."""

import pytest

REST = [{"qty": 1, "rate": 100}]


@pytest.fixture
def dollars(books):
	books.rate("USD", "EUR", 0.9)
	books.settings("Accounts Settings", allow_multi_currency_invoices_against_single_party_account=1)
	return {"currency": "USD", "conversion_rate": 0.9}


def ask(doc, **values):
	from erpnext.accounts.doctype.payment_request.payment_request import make_payment_request

	values = {"submit_doc": 1, "return_doc": 1, "mute_email": 1} | values
	return make_payment_request(dt=doc.doctype, dn=doc.name, **values)


def ask_for(books, doc, amount):
	"""A request for a part."""
	request = ask(doc, submit_doc=0)
	request.grand_total = amount
	request.flags.mute_email = True
	request.submit()
	return request


def state(books, request):
	return books.db.get_value(
		"Payment Request", request.name, ["status", "grand_total", "outstanding_amount"]
	)


def pay(books, doc, request, amount, **values):
	return books.make(
		"Payment Entry",
		submit=True,
		payment_type="Receive",
		company=books.company,
		posting_date=books.today,
		party_type="Customer",
		party=doc.customer,
		paid_from=books.frappe.get_cached_value("Company", books.company, "default_receivable_account"),
		paid_to=values.pop("bank", None) or books.bank(),
		reference_no="1",
		reference_date=books.today,
		paid_amount=amount,
		received_amount=values.pop("received", amount),
		references=[
			{
				"reference_doctype": doc.doctype,
				"reference_name": doc.name,
				"allocated_amount": amount,
				"payment_request": request.name,
			}
		],
		**values,
	)


def test_a_request_for_an_invoice(books):
	invoice = books.invoice(REST)
	request = ask(invoice, recipient_id="ann@example.com")
	assert request.docstatus == 1
	found = {
		field: request.get(field)
		for field in (
			"payment_request_type",
			"party_type",
			"party",
			"party_name",
			"currency",
			"party_account_currency",
			"email_to",
			"reference_doctype",
			"reference_name",
			"company",
			"subject",
			"payment_url",
		)
	}
	assert found == {
		"payment_request_type": "Inward",
		"party_type": "Customer",
		"party": invoice.customer,
		"party_name": invoice.customer_name,
		"currency": "EUR",
		"party_account_currency": "EUR",
		"email_to": "ann@example.com",
		"reference_doctype": "Sales Invoice",
		"reference_name": invoice.name,
		"company": books.company,
		"subject": f"Payment Request for {invoice.name}",
		"payment_url": None,
	}
	assert "{{ payment_url }}" in request.message
	assert state(books, request) == ("Requested", 100, 100)


def test_a_request_is_kept_as_a_draft(books):
	"""And asked for again, it is the same one."""
	invoice = books.invoice(REST)
	request = ask(invoice, submit_doc=0)
	assert (request.docstatus, request.status, request.is_new() or False) == (0, "Draft", False)
	assert ask(invoice, submit_doc=0).name == request.name
	assert request.email_to == invoice.owner


def test_a_request_is_kept_only_when_submitted(books):
	books.settings("Accounts Settings", create_pr_in_draft_status=0)
	request = ask(books.invoice(REST), submit_doc=0)
	assert not request.name or not books.db.exists("Payment Request", request.name)


def test_parts_and_the_rest(books):
	invoice = books.invoice(REST)
	first = ask_for(books, invoice, 40)
	assert state(books, first) == ("Requested", 40, 40)
	second = ask(invoice)
	assert state(books, second) == ("Requested", 60, 60)
	with pytest.raises(books.frappe.ValidationError, match="Payment Request is already created"):
		ask(invoice)


def test_nothing_is_asked_for_what_is_paid(books):
	invoice = books.invoice(REST)
	books.pay(invoice, 100)
	invoice.reload()
	with pytest.raises(books.frappe.ValidationError, match="Payment Entry is already created"):
		ask(invoice)


def test_no_more_than_the_document(books):
	invoice = books.invoice(REST)
	with pytest.raises(books.frappe.ValidationError, match="cannot be greater than Sales Invoice amount"):
		ask_for(books, invoice, 100.01)


def test_payments_count_it_down(books):
	invoice = books.invoice(REST)
	request = ask(invoice)
	first = pay(books, invoice, request, 30)
	assert state(books, request) == ("Partially Paid", 100, 70)
	pay(books, invoice, request, 70)
	assert state(books, request) == ("Paid", 100, 0)
	assert books.state(invoice) == ("Paid", 0)
	first.reload()
	first.cancel()
	assert state(books, request) == ("Partially Paid", 100, 30)
	assert books.state(invoice) == ("Partly Paid", 30)


def test_a_cancelled_payment_asks_again(books):
	invoice = books.invoice(REST)
	request = ask(invoice)
	doc = pay(books, invoice, request, 100)
	doc.reload()
	doc.cancel()
	assert state(books, request) == ("Requested", 100, 100)


def test_no_more_than_was_asked_for(books):
	invoice = books.invoice(REST)
	request = ask_for(books, invoice, 40)
	with pytest.raises(books.frappe.ValidationError, match="Outstanding Amount of Payment Request"):
		pay(books, invoice, request, 41)


def test_a_request_for_an_order(books):
	order = books.order(REST)
	request = ask(order)
	assert state(books, request) == ("Requested", 100, 100)
	pay(books, order, request, 25)
	assert state(books, request) == ("Partially Paid", 100, 75)
	assert books.db.get_value("Sales Order", order.name, "advance_paid") == 25


def test_foreign_requests_count_in_the_party_s_currency(books, dollars):
	invoice = books.invoice(REST, **dollars)
	request = ask(invoice)
	assert (request.currency, request.party_account_currency) == ("USD", "EUR")
	assert state(books, request) == ("Requested", 100, 90)
	pay(books, invoice, request, 45)
	assert state(books, request) == ("Partially Paid", 100, 45)
	pay(books, invoice, request, 45)
	assert state(books, request) == ("Paid", 100, 0)


def test_a_payment_entry_of_a_request(books):
	invoice = books.invoice(REST)
	request = ask_for(books, invoice, 40)
	entry = request.create_payment_entry(submit=False)
	assert (entry.paid_amount, entry.reference_no) == (40, request.name)
	assert [(row.allocated_amount, row.payment_request) for row in entry.references] == [(40, request.name)]
	entry.paid_to = books.bank()
	books.keep(entry)
	assert state(books, request) == ("Paid", 40, 0)
	assert books.state(invoice) == ("Partly Paid", 60)


def test_a_request_set_as_paid(books):
	invoice = books.invoice(REST)
	request = ask(invoice)
	entry = request.set_as_paid()
	assert entry.docstatus == 1
	assert state(books, request) == ("Paid", 100, 0)
	assert books.state(invoice) == ("Paid", 0)


def test_a_prepared_payment_names_open_requests(books):
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

	invoice = books.invoice(REST)
	first, second = ask_for(books, invoice, 40), ask_for(books, invoice, 35)
	entry = get_payment_entry("Sales Invoice", invoice.name, bank_account=books.bank())
	assert [(row.payment_request, row.allocated_amount) for row in entry.references] == [
		(first.name, 40),
		(second.name, 35),
		(None, 25),
	]
	books.keep(entry, reference_no="1", reference_date=books.today)
	assert (state(books, first), state(books, second)) == (("Paid", 40, 0), ("Paid", 35, 0))


def test_a_cancelled_request(books):
	request = ask(books.invoice(REST))
	request.reload()
	request.cancel()
	assert state(books, request)[0] == "Cancelled"


def test_a_cancelled_invoice_opens_its_request(books):
	invoice = books.invoice(REST)
	request = ask(invoice)
	pay(books, invoice, request, 100)
	invoice.reload()
	invoice.flags.ignore_links = True
	invoice.cancel()
	assert state(books, request) == ("Requested", 100, 100)
