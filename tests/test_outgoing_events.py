"""Every event of the catalogue: what makes it, what it tells, and what does not make it."""

from __future__ import annotations

import frappe
import pytest

from integration_hub.sync.messages.catalogue import KINDS
from sandbox import books
from tests.support import gateway as support

#: DocTypes of apps or parts that are not everywhere: a small one of that name stands in
SMALL = {
	"Purchase Order": ["supplier", "company", "status"],
	"Issue": ["subject", "status", "priority"],
	"Attendance": ["employee", "status", "company"],
}


@pytest.fixture(scope="module", autouse=True)
def small_doctypes(site):
	made = []
	for name, fields in SMALL.items():
		if frappe.db.exists("DocType", name):
			continue
		doc = frappe.get_doc(
			{
				"doctype": "DocType",
				"name": name,
				"module": "Custom",
				"custom": 1,
				"is_submittable": 0 if name == "Issue" else 1,
				"autoname": "hash",
				"fields": [{"fieldname": one, "fieldtype": "Data", "label": one} for one in fields],
				"permissions": [
					{
						"role": "System Manager",
						**dict.fromkeys(("read", "write", "create"), 1),
						"submit": int(name != "Issue"),
					}
				],
			}
		)
		doc.insert()
		made.append(name)
	frappe.db.commit()  # workers must know them
	yield made
	frappe.db.rollback()
	for name in made:
		for row in frappe.get_all(name, filters={"docstatus": 1}, pluck="name"):
			frappe.get_doc(name, row).cancel()
		frappe.delete_doc("DocType", name)
	frappe.db.commit()  # nothing of them is left for later tests


def saved(doctype: str, submit: bool = False, **values):
	doc = frappe.get_doc({"doctype": doctype, **values}).insert(ignore_mandatory=True)
	if submit:
		doc.submit()
	return doc


def changed(doc, **values):
	doc = frappe.get_doc(doc.doctype, doc.name)
	doc.update(values)
	doc.save()
	return doc


def cancelled(doc):
	doc = frappe.get_doc(doc.doctype, doc.name)
	doc.cancel()
	return doc


def order():
	return support.sale("Sales Order", "25")


def payment(direction: str):
	account = books.account("Told Bank", "Asset", "Bank")
	party = support.customer()
	receivable = frappe.get_cached_value("Company", books.company(), "default_receivable_account")
	receive = direction == "Receive"
	return saved(
		"Payment Entry",
		submit=True,
		payment_type=direction,
		company=books.company(),
		party_type="Customer",
		party=party,
		paid_from=receivable if receive else account,
		paid_to=account if receive else receivable,
		paid_amount=12.5,
		received_amount=12.5,
		source_exchange_rate=1,
		target_exchange_rate=1,
		reference_no="T-1",
		reference_date=frappe.utils.today(),
	)


def lead():
	return saved("Lead", first_name=f"Told {frappe.generate_hash(length=6)}", company_name="Told Inc")


def customer():
	return frappe.get_doc("Customer", support.customer())


def purchase_order(request):
	"""A real one where ERPNext is, else the small one."""
	values = {"company": books.company(), "supplier": "Told Supplier"}
	if "Purchase Order" in request:
		return saved("Purchase Order", submit=True, **values)
	if not frappe.db.exists("Supplier", "Told Supplier"):
		group = frappe.get_all("Supplier Group", filters={"is_group": 0}, pluck="name", limit=1)[0]
		saved("Supplier", supplier_name="Told Supplier", supplier_group=group)
	item = books.service_item("Hub Custom Line")
	row = {"item_code": item, "qty": 1, "rate": 5, "schedule_date": frappe.utils.today()}
	return saved("Purchase Order", submit=True, **values, schedule_date=frappe.utils.today(), items=[row])


#: event → (what makes it; given the small DocTypes there are), and a field that it tells
HAPPENINGS = {
	"order.submitted": (lambda small: order(), "grand_total"),
	"order.cancelled": (lambda small: cancelled(order()), "status"),
	"invoice.submitted": (lambda small: support.sale("Sales Invoice", "25"), "outstanding_amount"),
	"invoice.cancelled": (lambda small: cancelled(support.sale("Sales Invoice", "25")), "grand_total"),
	"customer.created": (lambda small: customer(), "customer_name"),
	"customer.updated": (lambda small: changed(customer(), tax_id="DE9"), "tax_id"),
	"payment.confirmed": (lambda small: payment("Receive"), "paid_amount"),
	"purchase_order.approved": (purchase_order, "supplier"),
	"lead.created": (lambda small: lead(), "company_name"),
	"issue.created": (lambda small: saved("Issue", subject="Broken"), "subject"),
	"issue.updated": (
		lambda small: changed(saved("Issue", subject="Broken"), priority=None, subject="Mended"),
		"subject",
	),
}
#: told by tests of their own below, or where the DocType is another app's
OTHERWISE = {"invoice.paid", "stock.changed", "shipment.status", "attendance.submitted"}


def test_every_event_is_tried():
	assert set(HAPPENINGS) | OTHERWISE == set(KINDS)


@pytest.mark.parametrize("event", HAPPENINGS)
def test_it_is_told_once_with_what_was_asked_for(listener, small_doctypes, event):
	make, field = HAPPENINGS[event]
	one = listener(event)
	doc = make(small_doctypes)
	told = [message for message in one.deliver() if message["data"]["name"] == doc.name]
	assert [message["type"] for message in told] == [event]
	assert told[0]["data"]["doctype"] == doc.doctype and told[0]["data"][field] not in (None, "")
	assert set(told[0]["data"]) <= {
		"doctype",
		"name",
		"modified",
		"docstatus",
		*(name.partition(".")[0] for name in KINDS[event].fields),
	}


def test_attendance_is_told_where_it_is(listener, small_doctypes):
	if "Attendance" not in small_doctypes:
		pytest.skip("Frappe HR is here: its Attendance wants an Employee")
	one = listener("attendance.submitted")
	draft = saved("Attendance", employee="HR-EMP-1", status="Present")
	assert one.deliver() == []
	draft.submit()
	[message] = one.deliver()
	assert (message["type"], message["data"]["status"]) == ("attendance.submitted", "Present")


NOT_TOLD = [
	("payment.confirmed", lambda small: payment("Pay")),
	("order.submitted", lambda small: changed(saved_draft())),
	("customer.updated", lambda small: customer()),
	("issue.updated", lambda small: saved("Issue", subject="New")),
	("lead.created", lambda small: customer()),
]


def saved_draft():
	row = {"item_code": books.service_item("Hub Custom Line"), "qty": 1, "rate": 5}
	day = frappe.utils.today()
	return saved(
		"Sales Order",
		company=books.company(),
		customer=support.customer(),
		transaction_date=day,
		delivery_date=day,
		items=[{**row, "delivery_date": day}],
	)


@pytest.mark.parametrize("event, make", NOT_TOLD, ids=[event for event, _make in NOT_TOLD])
def test_what_is_another_thing_is_not_told(listener, small_doctypes, event, make):
	one = listener(event)
	make(small_doctypes)
	assert one.deliver() == []


def test_stock_is_told_once_for_each_pair_with_what_is_there_then(listener):
	codes = [books.stock_item(f"MOVED-{frappe.generate_hash(length=6)}") for _number in range(2)]
	one = listener("stock.changed")
	for code in codes:
		# two entries in one transaction, as a Stock Entry of many rows makes them
		_receive(code, 3)
		_receive(code, 4)
	told = {message["data"]["item_code"]: message["data"] for message in one.deliver()}
	assert len(one.sink.taken()) == 2 and set(told) == set(codes)
	assert {row["actual_qty"] for row in told.values()} == {7.0}
	assert {row["warehouse"] for row in told.values()} == {books.warehouse()}


def _receive(code: str, quantity: float) -> None:
	row = {"item_code": code, "qty": quantity, "t_warehouse": books.warehouse(), "basic_rate": 1}
	saved(
		"Stock Entry",
		submit=True,
		stock_entry_type="Material Receipt",
		purpose="Material Receipt",
		company=books.company(),
		items=[row],
	)


def test_stock_that_is_rolled_back_is_told_to_nobody(listener):
	code = books.stock_item(f"MOVED-{frappe.generate_hash(length=6)}")
	one = listener("stock.changed")
	_receive(code, 3)
	frappe.db.rollback()
	_receive(code, 2)
	[message] = one.deliver()
	assert message["data"]["actual_qty"] == 2.0


def test_a_parcel_is_told_when_its_status_changes_and_only_then(listener):
	one = listener("shipment.status")
	parcel = frappe.get_doc(
		{
			"doctype": "Integration Parcel",
			"connection": one.connection,
			"tracking_number": frappe.generate_hash(length=10),
			"carrier": "Told Express",
			"status": "created",
			"outside_id": frappe.generate_hash(length=10),
		}
	).insert()
	for status in ("in_transit", "in_transit", "delivered"):
		parcel.status = status
		parcel.save()
	told = [message["data"] for message in one.deliver()]
	assert len(told) == 3 and {row["carrier"] for row in told} == {"Told Express"}
	assert {row["status"] for row in told} == {"created", "in_transit", "delivered"}


# --- what is written past a save ---------------------------------------------------------------------------


def paid(invoice):
	"""Somebody enters the money for it: ERPNext writes the invoice's status past any save."""
	account = books.account("Told Bank", "Asset", "Bank")
	return saved(
		"Payment Entry",
		submit=True,
		payment_type="Receive",
		company=books.company(),
		party_type="Customer",
		party=invoice.customer,
		paid_from=invoice.debit_to,
		paid_to=account,
		paid_amount=invoice.outstanding_amount,
		received_amount=invoice.outstanding_amount,
		source_exchange_rate=1,
		target_exchange_rate=1,
		reference_no="T-2",
		reference_date=frappe.utils.today(),
		references=[
			{
				"reference_doctype": "Sales Invoice",
				"reference_name": invoice.name,
				"allocated_amount": invoice.outstanding_amount,
			}
		],
	)


def test_an_invoice_that_gets_paid_is_told_although_nobody_saved_it(listener):
	invoice = support.sale("Sales Invoice", "25")
	one = listener(
		"invoice.paid",
		{
			"event": "custom",
			"document_type": "Sales Invoice",
			"doc_event": "Updated",
			"changed_fields": "status",
		},
	)
	paid(frappe.get_doc("Sales Invoice", invoice.name))
	told = {message["type"]: message["data"] for message in one.deliver()}
	assert len(one.sink.taken()) == 2 and set(told) == {"invoice.paid", "sales_invoice.updated"}
	assert told["invoice.paid"]["name"] == invoice.name and told["invoice.paid"]["status"] == "Paid"
	assert told["invoice.paid"]["outstanding_amount"] == "0.00"


def test_a_reply_that_opens_a_ticket_again_is_told(listener):
	ticket = saved("Issue", subject="Broken", status="Replied")
	frappe.db.commit()
	one = listener("issue.updated")
	ticket = frappe.get_doc("Issue", ticket.name)
	ticket.db_set("status", "Open")  # what Frappe does when the customer's mail comes in
	[message] = one.deliver()
	assert message["data"]["name"] == ticket.name and message["data"]["status"] == "Open"


def test_however_often_it_is_saved_it_is_told_once_as_it_is_in_the_end(listener):
	doc = customer()
	frappe.db.commit()
	one = listener("customer.updated")
	for number in range(3):
		changed(doc, tax_id=f"DE{number}")
	frappe.get_doc("Customer", doc.name).db_set("tax_id", "DE9")
	[message] = one.deliver()
	assert message["data"]["tax_id"] == "DE9"
	changed(doc, tax_id="DE10")
	assert [row["data"]["tax_id"] for row in one.deliver()] == ["DE9", "DE10"]


@pytest.mark.parametrize("point", [None, "row"], ids=["all", "to a savepoint"])
def test_a_change_that_is_undone_is_told_to_nobody(listener, point):
	doc = customer()
	frappe.db.commit()
	one = listener("customer.updated")
	if point:
		frappe.db.savepoint(point)
	changed(doc, tax_id="DE1")
	frappe.db.rollback(save_point=point)
	assert one.deliver() == []
	changed(doc, tax_id="DE2")
	[message] = one.deliver()
	assert message["data"]["tax_id"] == "DE2"


def test_what_was_changed_and_deleted_is_no_change(listener):
	doc = customer()
	frappe.db.commit()
	one = listener("customer.updated")
	changed(doc, tax_id="DE1")
	frappe.delete_doc("Customer", doc.name)
	assert one.deliver() == []
