"""What a gateway tells → the books: receipts, refunds, disputes, payouts, in one currency and in three.

Records are handed to the ERPNext side directly; how they come in and go out is in test_payments.py.
"""

import itertools
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import frappe
import pytest

from integration_hub.failures import NeedsMapping, Waiting
from integration_hub.records import (
	Dispute,
	GatewayPayment,
	GatewayRefund,
	Payout,
	PayoutLine,
	Reference,
	Settled,
)
from sandbox import books

NOW = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(minutes=5)
_ids = itertools.count(1)


@pytest.fixture
def gateway(site):
	"""A factory of Connections to a gateway, with accounts of their own, so that each test sees its own balances."""
	made = []

	def make(settles_in=None, **values):
		number = frappe.generate_hash(length=6)
		currency = settles_in or books.currency()
		accounts = books.gateway_accounts(f"Gateway {number}", currency)
		doc = books.connect(
			f"Gateway {number}",
			"stripe",
			"http://127.0.0.1:9",
			{},
			{"secret_key": "sk_test_nothing"},
			accounts=accounts,
			**values,
		)
		gate = Gate(doc.name, currency, {row["kind"]: row["account"] for row in accounts})
		made.append(gate)
		return gate

	return make


class Gate:
	def __init__(self, connection, currency, accounts):
		self.connection, self.currency, self.accounts = connection, currency, accounts

	@property
	def ctx(self):
		from integration_hub.sync import connections
		from integration_hub.sync.handling import context

		return context(connections.get(self.connection))

	def balance(self, kind):
		rows = frappe.get_all(
			"GL Entry",
			filters={"account": self.accounts[kind], "is_cancelled": 0},
			fields=["debit_in_account_currency", "credit_in_account_currency"],
		)
		total = sum(
			(
				Decimal(str(row.debit_in_account_currency)) - Decimal(str(row.credit_in_account_currency))
				for row in rows
			),
			Decimal(0),
		)
		return total.quantize(Decimal("0.001")).normalize()


def invoice(amount, currency=None, rate=None, customer=None):
	"""A submitted Sales Invoice of one service line."""
	item = books.service_item("Gateway Service")
	doc = frappe.get_doc(
		{
			"doctype": "Sales Invoice",
			"company": books.company(),
			"customer": customer or books.customer(f"Gateway Buyer {frappe.generate_hash(length=6)}"),
			"currency": currency or books.currency(),
			"conversion_rate": rate or 1,
			"disable_rounded_total": 1,
			"items": [{"item_code": item, "qty": 1, "rate": float(amount), "price_list_rate": float(amount)}],
		}
	)
	doc.set_missing_values()
	if rate:
		doc.conversion_rate = rate
	doc.insert()
	doc.submit()
	return doc


def credit_note(of, amount=None):
	from erpnext.controllers.sales_and_purchase_return import make_return_doc

	doc = make_return_doc("Sales Invoice", of.name)
	if amount is not None:
		doc.items[0].rate = float(amount)
	doc.insert()
	doc.submit()
	return doc


def payment(amount, currency, gate, doc=None, *, gross=None, fee="0.50", status="paid", rate=None, **more):
	gross = Decimal(str(gross if gross is not None else amount))
	settled = Settled(
		currency=gate.currency, gross=gross, fee=Decimal(fee), net=gross - Decimal(fee), rate=rate
	)
	return GatewayPayment(
		id=f"pi_{frappe.generate_hash(length=10)}",
		version="1",
		status=status,
		amount=Decimal(str(amount)),
		captured=Decimal(str(amount)) if status == "paid" else 0,
		currency=currency,
		created_at=NOW,
		paid_at=NOW,
		reference=Reference(doctype=doc.doctype, name=doc.name) if doc else None,
		settled=settled if status == "paid" else None,
		test=True,
		**more,
	)


def book(record, gate):
	from integration_hub.erp import gateway as erp

	result = erp.apply(record, gate.ctx)
	return result


def outstanding(doc):
	return Decimal(str(frappe.db.get_value("Sales Invoice", doc.name, "outstanding_amount"))).quantize(
		Decimal("0.01")
	)


def test_a_payment_settles_its_invoice_once(gateway):
	gate, doc = gateway(), invoice("100.00")
	record = payment("100.00", gate.currency, gate, doc)
	first, again = book(record, gate), book(record, gate)
	assert first.doctype == "Payment Entry" and again.name == first.name
	assert outstanding(doc) == 0
	assert gate.balance("Clearing") == Decimal(100)


@pytest.mark.parametrize(
	("owed", "paid", "left_open", "unallocated"),
	[("100.00", "40.00", "60.00", "0"), ("100.00", "130.00", "0", "30.00")],
	ids=["partial", "over"],
)
def test_partial_and_overpayment(gateway, owed, paid, left_open, unallocated):
	gate, doc = gateway(), invoice(owed)
	result = book(payment(paid, gate.currency, gate, doc), gate)
	entry = frappe.get_doc("Payment Entry", result.name)
	assert outstanding(doc) == Decimal(left_open)
	assert Decimal(str(entry.unallocated_amount)) == Decimal(unallocated)
	assert ("stays on the customer's account" in result.message) == (unallocated != "0")


def test_a_second_payment_of_the_same_invoice_is_kept_for_the_customer(gateway):
	gate, doc = gateway(), invoice("50.00")
	book(payment("50.00", gate.currency, gate, doc), gate)
	second = book(payment("50.00", gate.currency, gate, doc), gate)
	entry = frappe.get_doc("Payment Entry", second.name)
	assert entry.unallocated_amount == 50 and not entry.references
	assert "50.00" in second.message and outstanding(doc) == 0


def test_a_cancelled_document_leaves_the_money_with_the_customer(gateway):
	gate, doc = gateway(), invoice("20.00")
	doc.cancel()
	result = book(payment("20.00", gate.currency, gate, doc), gate)
	assert frappe.db.get_value("Payment Entry", result.name, "unallocated_amount") == 20
	assert "not valid any more" in result.message


def test_money_nobody_asked_for_waits_for_a_person_or_goes_on_account(gateway):
	asks = gateway()
	record = payment("12.00", asks.currency, asks)
	with pytest.raises(NeedsMapping, match="belongs to no document"):
		book(record, asks)
	frappe.db.rollback()
	customer = books.customer(f"Gateway Buyer {frappe.generate_hash(length=6)}")
	keeps = gateway(unasked_payments="On Account of the Customer", default_customer=customer)
	result = book(payment("12.00", keeps.currency, keeps), keeps)
	assert frappe.db.get_value("Payment Entry", result.name, "party") == customer


def test_a_payment_booked_by_hand_is_not_booked_again(gateway):
	gate, doc = gateway(), invoice("33.00")
	record = payment("33.00", gate.currency, gate, doc)
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

	by_hand = get_payment_entry("Sales Invoice", doc.name, bank_account=gate.accounts["Clearing"])
	by_hand.reference_no, by_hand.reference_date = record.id, frappe.utils.today()
	by_hand.insert()
	by_hand.submit()
	result = book(record, gate)
	assert result.name == by_hand.name and gate.balance("Clearing") == 33


def test_what_the_gateway_has_not_settled_waits(gateway):
	gate, doc = gateway(), invoice("10.00")
	record = payment("10.00", gate.currency, gate, doc).model_copy(update={"settled": None})
	with pytest.raises(Waiting):
		book(record, gate)


def test_test_payments_never_reach_a_production_account(gateway):
	gate, doc = gateway(), invoice("10.00")
	frappe.db.set_value("Integration Connection", gate.connection, "environment", "Production")
	frappe.clear_document_cache("Integration Connection", gate.connection)
	assert book(payment("10.00", gate.currency, gate, doc), gate).status == "Ignored"
	assert outstanding(doc) == 10


FOREIGN = [
	# owed, invoice rate, gross in company currency: better and worse than the invoice's rate, and exactly it
	("100.00", 0.90, "92.00"),
	("100.00", 0.90, "87.13"),
	("100.00", 0.90, "90.00"),
	("0.01", 0.90, "0.01"),
	("999.99", 0.8137, "812.34"),
]


@pytest.mark.parametrize(("owed", "rate", "gross"), FOREIGN)
def test_an_invoice_in_a_foreign_currency_is_paid_whole_at_the_banks_rate(gateway, owed, rate, gross):
	foreign = "USD" if books.currency() != "USD" else "GBP"
	books.rate(foreign, books.currency(), 0.9)
	books.let_customers_owe_foreign_money()
	gate, doc = gateway(), invoice(owed, foreign, rate)
	result = book(payment(owed, foreign, gate, doc, gross=gross), gate)
	assert outstanding(doc) == 0
	assert gate.balance("Clearing") == Decimal(gross).normalize()
	entry = frappe.get_doc("Payment Entry", result.name)
	assert not entry.unallocated_amount and not entry.difference_amount


def test_a_gateway_that_settles_in_a_foreign_currency(gateway):
	foreign = "USD" if books.currency() != "USD" else "GBP"
	books.rate(foreign, books.currency(), 0.9)
	gate, doc = gateway(settles_in=foreign), invoice("90.00")
	result = book(payment("90.00", books.currency(), gate, doc, gross="100.00"), gate)
	assert outstanding(doc) == 0 and gate.balance("Clearing") == 100
	assert frappe.db.get_value("Payment Entry", result.name, "difference_amount") == 0


# --- refunds -----------------------------------------------------------------------------------------------


def refund(amount, of, gate, note=None, *, status="succeeded", gross=None, **more):
	gross = Decimal(str(gross if gross is not None else amount))
	return GatewayRefund(
		id=f"re_{frappe.generate_hash(length=10)}",
		version="2",
		payment_id=of.id,
		status=status,
		amount=Decimal(str(amount)),
		currency=of.currency,
		created_at=NOW,
		reference=Reference(doctype="Sales Invoice", name=note.name) if note else None,
		settled=Settled(currency=gate.currency, gross=gross, net=gross),
		**more,
	)


def give_back(record, gate):
	from integration_hub.erp import gateway_refunds

	return gateway_refunds.apply(record, gate.ctx)


def paid(gate, amount="100.00", **more):
	doc = invoice(amount, **more)
	record = payment(amount, doc.currency, gate, doc)
	book(record, gate)
	return doc, record


@pytest.mark.parametrize("told_of_note", [True, False], ids=["asked for here", "made at the gateway"])
def test_a_refund_settles_the_credit_note(gateway, told_of_note):
	gate = gateway()
	doc, record = paid(gate)
	note = credit_note(doc)
	back = refund("100.00", record, gate, note if told_of_note else None)
	first, again = give_back(back, gate), give_back(back, gate)
	assert first.name == again.name
	assert outstanding(note) == 0 and gate.balance("Clearing") == 0


def test_a_refund_without_a_credit_note_stands_on_the_customers_account(gateway):
	gate = gateway()
	_doc, record = paid(gate)
	result = give_back(refund("30.00", record, gate), gate)
	assert frappe.db.get_value("Payment Entry", result.name, "unallocated_amount") == 30
	assert "make a credit note" in result.message and gate.balance("Clearing") == 70


def test_a_failed_refund_opens_the_credit_note_again(gateway):
	gate = gateway()
	doc, record = paid(gate)
	note = credit_note(doc)
	back = refund("100.00", record, gate, note)
	give_back(back, gate)
	failed = back.model_copy(
		update={"status": "failed", "failed_at": NOW, "failure": "lost or stolen card", "version": "3"}
	)
	result = give_back(failed, gate)
	assert result.doctype == "Journal Entry" and "lost or stolen card" in result.message
	assert outstanding(note) == -100 and gate.balance("Clearing") == 100
	assert give_back(failed, gate).name == result.name and gate.balance("Clearing") == 100


def test_a_refund_before_its_payment_waits(gateway):
	gate = gateway()
	record = payment("10.00", gate.currency, gate, invoice("10.00"))
	with pytest.raises(Waiting, match="payment"):
		give_back(refund("10.00", record, gate), gate)


def test_a_credit_note_asks_for_no_more_than_was_paid_there(gateway):
	from integration_hub.erp import gateway_refunds
	from integration_hub.failures import Invalid

	gate = gateway()
	doc, record = paid(gate, "60.00")
	note = credit_note(doc)
	[asked] = gateway_refunds.requests_of(note, gate.ctx)
	assert (asked.payment_id, asked.amount, asked.currency) == (record.id, Decimal("60.00"), gate.currency)
	give_back(refund("20.00", record, gate), gate)
	with pytest.raises(Invalid, match="20.00"):
		gateway_refunds.requests_of(note, gate.ctx)


# --- disputes ----------------------------------------------------------------------------------------------


def dispute(of, gate, status, *, returned=False):
	settled = Settled(currency=gate.currency, gross=of.amount, fee=Decimal(15), net=of.amount + 15)
	return Dispute(
		id=f"dp_{of.id}",
		version={"inquiry": "1", "open": "2"}.get(status, "3"),
		payment_id=of.id,
		status=status,
		amount=of.amount,
		currency=of.currency,
		created_at=NOW,
		closed_at=NOW if status in ("won", "lost") else None,
		reason="product not received",
		settled=None if status == "inquiry" else settled,
		returned=Settled(currency=gate.currency, gross=of.amount, net=of.amount) if returned else None,
	)


@pytest.mark.parametrize(("end", "clearing", "loss"), [("won", 100, 0), ("lost", 0, 100)])
def test_a_dispute_from_opening_to_end(gateway, end, clearing, loss):
	from integration_hub.erp import disputes

	gate = gateway()
	_doc, record = paid(gate)
	disputes.apply(dispute(record, gate, "inquiry"), gate.ctx)
	assert gate.balance("Clearing") == 100
	disputes.apply(dispute(record, gate, "open"), gate.ctx)
	assert gate.balance("Clearing") == 0 and gate.balance("Disputed") == 100
	closed = dispute(record, gate, end, returned=end == "won")
	disputes.apply(closed, gate.ctx)
	disputes.apply(closed, gate.ctx)
	assert gate.balance("Clearing") == clearing and gate.balance("Disputed") == 0
	assert gate.balance("Dispute Loss") == loss


# --- payouts -----------------------------------------------------------------------------------------------


def line(kind, source, gross, fee="0"):
	gross, fee = Decimal(str(gross)), Decimal(fee)
	return PayoutLine(
		id=f"txn_{next(_ids)}",
		kind=kind,
		source_id=source,
		gross=gross,
		fee=fee,
		net=gross - fee,
		created_at=NOW,
	)


def payout(gate, *lines, status="paid", **more):
	return Payout(
		id=f"po_{frappe.generate_hash(length=10)}",
		version="1",
		status=status,
		amount=sum(one.net for one in lines),
		currency=gate.currency,
		arrives_on=NOW.date(),
		lines=lines,
		**more,
	)


def pay_out(record, gate, patient=False):
	from integration_hub.erp import payouts

	return payouts.apply(record, gate.ctx, patient=patient)


def audit(gate, record):
	name = frappe.db.get_value("Integration Audit", {"connection": gate.connection, "reference": record.id})
	return frappe.get_doc("Integration Audit", name)


def test_after_a_payout_the_clearing_account_is_empty_and_the_audit_agrees(gateway):
	gate = gateway()
	_doc, first = paid(gate, "100.00")
	other, second = paid(gate, "50.00")
	back = refund("50.00", second, gate, credit_note(other))
	give_back(back, gate)
	record = payout(
		gate,
		line("payment", first.id, "100.00", "3.20"),
		line("payment", second.id, "50.00", "1.75"),
		line("refund", back.id, "-50.00"),
		line("fee", "", "0", "2.00"),
	)
	first_time, again = pay_out(record, gate), pay_out(record, gate)
	assert first_time.name == again.name
	assert gate.balance("Clearing") == 0
	assert gate.balance("Bank") == Decimal("93.05") and gate.balance("Gateway Fee") == Decimal("6.95")
	found = audit(gate, record)
	assert found.status == "Agrees" and found.difference == 0 and len(found.lines) == 4


def test_a_payout_waits_for_its_lines_and_then_names_what_is_missing(gateway):
	gate = gateway()
	_doc, known = paid(gate, "100.00")
	record = payout(
		gate, line("payment", known.id, "100.00", "3.20"), line("payment", "pi_unknown", "10.00", "0.59")
	)
	with pytest.raises(Waiting):
		pay_out(record, gate, patient=True)
	result = pay_out(record, gate)
	assert "differs" in result.message and gate.balance("Clearing") == -10
	found = audit(gate, record)
	assert [(one.outside_id, one.verdict) for one in found.lines if one.verdict != "Agrees"] == [
		("pi_unknown", "Missing Here")
	]
	assert found.difference == 10


def test_a_negative_payout_and_one_that_failed(gateway):
	gate = gateway()
	_doc, record = paid(gate, "10.00")
	back = refund("10.00", record, gate)
	give_back(back, gate)
	drawn = payout(gate, line("refund", back.id, "-10.00"), line("fee", "", "0", "1.00"))
	pay_out(drawn, gate)
	assert gate.balance("Bank") == -11 and gate.balance("Clearing") == 10
	_doc, other = paid(gate, "40.00")
	sent = payout(gate, line("payment", other.id, "40.00", "1.00"))
	pay_out(sent, gate)
	assert gate.balance("Bank") == 28
	result = pay_out(sent.model_copy(update={"status": "failed", "failure": "account closed"}), gate)
	assert "account closed" in result.message and gate.balance("Bank") == -11


def test_a_payout_in_a_foreign_currency(gateway):
	foreign = "USD" if books.currency() != "USD" else "GBP"
	books.rate(foreign, books.currency(), 0.9)
	gate = gateway(settles_in=foreign)
	doc = invoice("90.00")
	record = payment("90.00", books.currency(), gate, doc, gross="100.00")
	book(record, gate)
	pay_out(payout(gate, line("payment", record.id, "100.00", "3.00")), gate)
	assert gate.balance("Clearing") == 0 and gate.balance("Bank") == 97


def test_a_manual_payout_has_no_lines(gateway):
	gate = gateway()
	paid(gate, "25.00")
	record = Payout(
		id="po_manual_" + frappe.generate_hash(length=6),
		version="1",
		status="paid",
		amount=Decimal(25),
		currency=gate.currency,
		arrives_on=NOW.date(),
	)
	pay_out(record, gate)
	assert gate.balance("Clearing") == 0 and gate.balance("Bank") == 25
