"""Invoices, credit notes and payments made over HTTP: what ERPNext makes of them, once, and the ledger with them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import frappe
import pytest

from integration_hub.sync import jobs
from sandbox import books
from tests.support import gateway as support
from tests.support.api import Caller, data, error, token_of, user
from tests.support.stripe import accounts, told


@pytest.fixture
def tag():
	return frappe.generate_hash(length=8)


@pytest.fixture(scope="module")
def finance(callers):
	return callers("Integration Finance")


def bank(currency: str = "EUR") -> str:
	return books.account(f"API Bank {currency}", "Asset", "Bank", currency_=currency)


def new_invoice(**values) -> dict:
	return {
		"customer": support.customer(),
		"company": books.company(),
		"items": [{"item_code": books.service_item("Hub Custom Line"), "qty": 2, "rate": "10.00"}],
		**values,
	}


def ledger(name: str) -> dict[str, Decimal]:
	"""Account → debit less credit; the whole is checked to be zero."""
	rows = frappe.get_all(
		"GL Entry",
		filters={"voucher_no": name, "is_cancelled": 0},
		fields=["account", "debit", "credit"],
	)
	found: dict[str, Decimal] = {}
	for row in rows:
		found[row.account] = (
			found.get(row.account, Decimal()) + Decimal(str(row.debit)) - Decimal(str(row.credit))
		)
	assert sum(found.values()) == 0
	return found


# --- invoices ---------------------------------------------------------------------------------------------


def test_an_invoice_of_items(finance, tag):
	made = data(
		finance.post("invoices.create", **new_invoice(po_no=tag), expected_total="20.00", submit=True), 201
	)
	assert (made["docstatus"], made["grand_total"], made["outstanding_amount"]) == (1, "20.00", "20.00")
	assert made["po_no"] == tag and sum(one for one in ledger(made["name"]).values() if one > 0) == 20


def test_an_invoice_of_an_order_and_only_once(finance):
	order = support.sale("Sales Order", "100")
	made = data(finance.post("invoices.create", sales_order=order.name, submit=True), 201)
	assert made["grand_total"] == "100.00" and made["items"][0]["sales_order"] == order.name
	found = error(finance.post("invoices.create", sales_order=order.name), 422, "refused")
	assert "billed" in found["message"]


def test_an_invoice_of_a_delivery_note(finance, tag):
	code = books.stock_item(f"BILL-{tag}", 10)
	note = frappe.get_doc(
		{
			"doctype": "Delivery Note",
			"company": books.company(),
			"customer": support.customer(),
			"items": [{"item_code": code, "qty": 3, "rate": 5, "warehouse": books.warehouse()}],
		}
	).insert()
	note.submit()
	frappe.db.commit()  # the web server must see it
	# the finance role may not read Delivery Notes
	found = error(finance.post("invoices.create", delivery_note=note.name), 422, "refused")
	assert "There is no Delivery Note" in found["message"]
	clerk = Caller(
		finance.web,
		{"Authorization": token_of(user(f"bill-{tag}@hub.example", "Integration Finance", "Stock User"))},
	)
	made = data(clerk.post("invoices.create", delivery_note=note.name, submit=True), 201)
	assert made["grand_total"] == "15.00" and made["items"][0]["delivery_note"] == note.name


def test_submit_twice_and_cancel(finance):
	name = data(finance.post("invoices.create", **new_invoice()), 201)["name"]
	answer = finance.post("invoices.submit", name=name)
	assert data(answer)["docstatus"] == 1
	error(finance.post("invoices.submit", name=name), 422, "refused")
	error(finance.post("invoices.cancel", name=name, headers={"If-Match": '"old"'}), 412, "changed_meanwhile")
	tags = {"If-Match": answer.headers["ETag"]}
	assert data(finance.post("invoices.cancel", name=name, headers=tags))["docstatus"] == 2
	assert ledger(name) == {}


@pytest.mark.parametrize(
	"change, status, type_, field",
	[
		({"customer": None}, 422, "invalid", "body"),
		({"items": []}, 422, "invalid", "body"),
		({"sales_order": "SO-1"}, 422, "invalid", "body"),
		({"items": [{"item_code": "x", "qty": -1}]}, 422, "invalid", "items.0.qty"),
		({"expected_total": "20.01"}, 422, "refused", "expected_total"),
		({"customer": "Nobody"}, 422, "refused", "customer"),
		({"grand_total": "1.00"}, 422, "invalid", "grand_total"),
	],
)
def test_what_is_refused_makes_nothing(finance, tag, change, status, type_, field):
	given = {**new_invoice(po_no=tag), **change}
	given = {name: value for name, value in given.items() if value is not None}
	error(finance.post("invoices.create", **given), status, type_, field)
	assert not frappe.db.exists("Sales Invoice", {"po_no": tag})


def test_rows_of_many(finance, tag):
	rows = [new_invoice(po_no=f"{tag}-{number}") for number in range(3)]
	rows[1]["customer"] = "Nobody"
	found = data(finance.post("invoices.create_many", rows=rows))
	assert [one["status"] for one in found["results"]] == ["created", "failed", "created"]


def test_credit_notes(finance):
	lines = [
		{"item_code": books.service_item("Hub Custom Line"), "qty": 2, "rate": "10.00"},
		{"item_code": books.service_item("Hub Other Line"), "qty": 1, "rate": "5.00"},
	]
	invoice = data(finance.post("invoices.create", **new_invoice(items=lines), submit=True), 201)
	some = {
		"name": invoice["name"],
		"items": [{"name": invoice["items"][0]["name"], "qty": 1}],
		"submit": True,
	}
	error(finance.post("invoices.credit", **some, expected_total="-9.99"), 422, "refused", "expected_total")
	made = data(finance.post("invoices.credit", **some, expected_total="-10.00"), 201)
	assert (made["is_return"], made["return_against"]) == (True, invoice["name"])
	assert ledger(made["name"])
	too_much = {"name": invoice["name"], "items": [{"name": invoice["items"][0]["name"], "qty": 2}]}
	error(finance.post("invoices.credit", **too_much), 422, "refused")
	unknown = {"name": invoice["name"], "items": [{"name": "no such", "qty": 1}]}
	error(finance.post("invoices.credit", **unknown), 422, "invalid", "items")
	error(finance.post("invoices.credit", name=made["name"]), 422, "invalid", "name")
	rest = data(finance.post("invoices.credit", name=invoice["name"], submit=True), 201)
	assert rest["grand_total"] == "-15.00"


# --- payments ---------------------------------------------------------------------------------------------


def pay(caller, status=201, **values):
	values = {"account": bank(), "company": books.company(), "submit": True, **values}
	return data(caller.post("payments.create", **values), status)


def reference(doc, **values) -> dict:
	return {"reference_doctype": doc.doctype, "reference_name": doc.name, **values}


@pytest.mark.parametrize(
	"total, amount, open_after, unallocated",
	[
		("100", "100.00", "0", "0.00"),
		("100", "40.00", "60", "0.00"),
		("100", "100.01", "0", "0.01"),
		("0.01", "0.01", "0", "0.00"),
		("999.99", "333.33", "666.66", "0.00"),
	],
)
def test_money_for_an_invoice(finance, tag, total, amount, open_after, unallocated):
	invoice = support.sale("Sales Invoice", total)
	made = pay(
		finance,
		party=invoice.customer,
		amount=amount,
		references=[reference(invoice)],
		reference_no=tag,
	)
	assert (made["docstatus"], made["unallocated_amount"]) == (1, unallocated)
	assert support.outstanding(invoice) == Decimal(open_after)
	assert ledger(made["name"])[bank()] == Decimal(amount)


def test_several_documents_in_their_order_and_by_amounts(finance, tag):
	first = support.sale("Sales Invoice", "50")
	second = support.sale("Sales Invoice", "30", customer=first.customer)
	order = support.sale("Sales Order", "40", customer=first.customer)
	made = pay(
		finance,
		party=first.customer,
		amount="80.00",
		references=[reference(first), reference(second, allocated_amount="10.00"), reference(order)],
		reference_no=tag,
	)
	assert [one["allocated_amount"] for one in made["references"]] == ["50.00", "10.00", "20.00"]
	assert (support.outstanding(first), support.outstanding(second)) == (0, 20)
	assert frappe.db.get_value("Sales Order", order.name, "advance_paid") == 20


def test_money_without_a_document_is_the_customers(finance, tag):
	made = pay(finance, party=support.customer(), amount="12.34", reference_no=tag)
	assert made["unallocated_amount"] == "12.34" and made["references"] == []


def test_money_back_for_a_credit_note(finance, tag):
	invoice = support.sale("Sales Invoice", "100")
	pay(finance, party=invoice.customer, amount="100.00", references=[reference(invoice)], reference_no=tag)
	note = support.credit(invoice)
	made = pay(
		finance,
		party=invoice.customer,
		amount="100.00",
		payment_type="Pay",
		references=[reference(note)],
		reference_no=tag,
	)
	assert ledger(made["name"])[bank()] == -100


@pytest.mark.parametrize(
	"currency, rate, amount, in_bank", [("USD", 0.9, "100.00", "90.00"), ("JPY", 0.006, "1000", "6.00")]
)
def test_foreign_money_at_the_bank_s_amount(finance, tag, currency, rate, amount, in_bank):
	"""The customer's account is in the company's currency; the bank account in another."""
	books.rate(currency, books.currency(), rate)
	invoice = support.sale("Sales Invoice", in_bank)
	made = pay(
		finance,
		party=invoice.customer,
		amount=in_bank,
		account=bank(currency),
		bank_amount=amount,
		references=[reference(invoice)],
		reference_no=tag,
	)
	assert (made["paid_to_account_currency"], support.outstanding(invoice)) == (currency, 0)
	assert Decimal(made["received_amount"]) == Decimal(amount)
	ledger(made["name"])


def test_foreign_money_at_the_bank_s_own_rate(finance, tag):
	"""The bank took another rate than ERPNext's of the day: the invoice is paid, and the dollars are worth what was paid."""
	books.rate("USD", books.currency(), 0.9)
	invoice = support.sale("Sales Invoice", "90")
	made = pay(
		finance,
		party=invoice.customer,
		amount="90.00",
		account=bank("USD"),
		bank_amount="103.21",
		references=[reference(invoice)],
		reference_no=tag,
		submit=True,
	)
	assert Decimal(made["received_amount"]) == Decimal("103.21")
	assert support.outstanding(invoice) == 0
	assert ledger(made["name"])[bank("USD")] == 90


def test_one_number_of_a_customer_once(web, finance, tag):
	customer = support.customer()
	given = {"party": customer, "amount": "10.00", "reference_no": tag}
	pay(finance, **given)
	body = {"account": bank(), "company": books.company(), **given}
	error(finance.post("payments.create", **body), 409, "conflict", "reference_no")
	body["reference_no"] = f"{tag}-2"

	def post(_number):
		return finance.session.post(
			f"{web}/api/method/integration_hub.api.v1.payments.create", json=body, timeout=60
		).status_code

	with ThreadPoolExecutor(3) as pool:
		answers = sorted(pool.map(post, range(3)))
	assert answers.count(201) == 1 and set(answers) <= {201, 409, 503}
	frappe.db.rollback()
	assert frappe.db.count("Payment Entry", {"party": customer, "reference_no": f"{tag}-2"}) == 1


def test_the_same_key_books_once(finance, tag):
	body = {"party": support.customer(), "amount": "10.00", "account": bank(), "company": books.company()}
	# no number of the bank's that would be known: a cash account
	body["account"] = books.account("API Cash", "Asset", "Cash")
	headers = {"Idempotency-Key": tag}
	first = data(finance.post("payments.create", **body, headers=headers), 201)
	assert data(finance.post("payments.create", **body, headers=headers), 201) == first
	assert frappe.db.count("Payment Entry", {"party": body["party"]}) == 1


@pytest.mark.parametrize(
	"change, type_, says",
	[
		({"amount": "0"}, "invalid", "amount"),
		({"amount": "-1.00"}, "invalid", "amount"),
		({"party": "Nobody"}, "refused", "no Customer"),
		({"account": "No Such Account"}, "refused", "no account"),
		({"company": "No Such Company"}, "refused", "no Company"),
		({"bank_amount": "11.00"}, "refused", "must be the same"),
		({"allocated": "10.01"}, "refused", "more than the payment"),
		({"amount": "200.00", "allocated": "150.00"}, "refused", "not owed that much"),
		({"of_another": True}, "refused", "not of"),
		({"payment_type": "Pay"}, "refused", "payment of the type Receive"),
	],
)
def test_what_is_refused_books_nothing(finance, tag, change, type_, says):
	invoice = support.sale("Sales Invoice", "100")
	change = dict(change)
	allocated = change.pop("allocated", None)
	settles = reference(invoice, **({"allocated_amount": allocated} if allocated else {}))
	party = support.customer() if change.pop("of_another", None) else invoice.customer
	body = {
		"party": party,
		"amount": "10.00",
		"account": bank(),
		"references": [settles],
		"reference_no": tag,
		"submit": True,
		**change,
	}
	found = error(finance.post("payments.create", **body), 422, type_)
	assert says in found["message"]
	assert (
		not frappe.db.exists("Payment Entry", {"reference_no": tag}) and support.outstanding(invoice) == 100
	)


def test_cancelling_opens_the_invoice_again(finance, tag):
	invoice = support.sale("Sales Invoice", "100")
	draft = pay(
		finance,
		party=invoice.customer,
		amount="100.00",
		references=[reference(invoice)],
		reference_no=tag,
		submit=False,
	)
	assert draft["docstatus"] == 0 and support.outstanding(invoice) == 100
	assert data(finance.post("payments.submit", name=draft["name"]))["docstatus"] == 1
	assert support.outstanding(invoice) == 0
	assert data(finance.post("payments.cancel", name=draft["name"]))["docstatus"] == 2
	assert support.outstanding(invoice) == 100 and ledger(draft["name"]) == {}


def test_rights(callers, finance, web, tag):
	invoice = support.sale("Sales Invoice", "100")
	body = {"party": invoice.customer, "amount": "1.00", "references": [reference(invoice)]}
	for nobody in (callers(), callers("Integration Shop"), callers("Integration BI")):
		error(nobody.post("payments.create", **body), 403, "forbidden")
		error(nobody.post("invoices.create", **new_invoice()), 403, "forbidden")
	bound = user(f"bound-{tag}@hub.example", "Integration Finance")
	frappe.get_doc(
		{"doctype": "User Permission", "user": bound, "allow": "Customer", "for_value": support.customer()}
	).insert()
	frappe.db.commit()  # the web server must see it
	caller = Caller(web, {"Authorization": token_of(bound)})
	found = error(caller.post("payments.create", **body, account=bank()), 422, "refused")
	assert "There is no" in found["message"]
	error(caller.post("invoices.credit", name=invoice.name), 404, "not_found")
	assert support.outstanding(invoice) == 100


# --- at a gateway -----------------------------------------------------------------------------------------


def worked(caller, answer) -> dict:
	job = data(answer, 202)
	jobs.run(job["name"])
	return data(caller.get("jobs.get", name=job["name"]))


@pytest.fixture
def stripe(hub, web):
	"""Stripe of the sandbox, connected."""
	return accounts(hub, web)()


def test_a_page_to_pay_at_and_money_back_once(stripe, finance):
	invoice = support.sale("Sales Invoice", "90.00")
	asked = {"doctype": "Sales Invoice", "name": invoice.name, "gateway": stripe.connection}
	job = worked(finance, finance.post("payments.link", **asked))
	assert job["result"]["status"] == "Done", job
	again = worked(finance, finance.post("payments.link", **asked))
	assert again["result"]["url"] == job["result"]["url"]

	stripe.account.pay(job["result"]["url"])
	told(stripe)
	assert support.outstanding(invoice) == 0
	note = data(finance.post("invoices.credit", name=invoice.name, submit=True), 201)
	back = {"credit_note": note["name"], "gateway": stripe.connection}
	job = worked(finance, finance.post("payments.refund", **back))
	assert [one["status"] for one in job["result"]["answers"]] == ["Done"], job
	told(stripe)
	job = worked(finance, finance.post("payments.refund", **back))
	assert job["status"] == "Failed" and "settled" in job["message"]
	assert stripe.vendor.log.count(method="POST", path="/v1/refunds") == 1


def test_who_may_not_ask_a_gateway(finance, callers):
	invoice = support.sale("Sales Invoice", "90.00")
	asked = {"doctype": "Sales Invoice", "name": invoice.name}
	error(finance.post("payments.link", **{**asked, "name": "no such"}), 404, "not_found")
	error(callers("Integration Shop").post("payments.link", **asked), 403, "forbidden")
	error(callers("Integration Shop").post("payments.refund", credit_note=invoice.name), 403, "forbidden")
