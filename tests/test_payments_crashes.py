"""Workers killed (SIGKILL) between Stripe's answer and our commit, and answers that never arrive: no second page, no second
refund, no second capture, and nothing that Stripe did stays unknown here."""

import dataclasses
import json
import signal
import subprocess
from decimal import Decimal

import frappe
import pytest

from integration_hub.api import payments as api
from sandbox import books
from sandbox.vendors.stripe import Account, Stripe
from tests.support.gateway import credit, outstanding, sale
from tests.test_payments_books import subscription

KEY = "sk_test_sandbox"
#: when the worker dies: Stripe has answered, or all is written and not committed
POINTS = ("answered", "written")


@pytest.fixture
def stripe(hub):
	"""A connected Stripe account whose webhooks never come: only the calls themselves can tell."""
	home = books.currency()
	account = Account(home.lower())
	rows = books.gateway_accounts(f"Crash {frappe.generate_hash(length=6)}", home)
	connected = hub.connect(Stripe(account, secret_key=KEY), "stripe", {}, {"secret_key": KEY}, accounts=rows)
	connected.account = account
	connected.clearing = rows[0]["account"]
	return connected


def store(connected, draft):
	"""What a button stores before anything is done."""
	from integration_hub.sync import store

	assert store.store(connected.connection, [draft])
	frappe.db.commit()  # asked for means stored


def dies(connected, point):
	"""A worker takes what is due and is killed; then its lease runs out."""
	process = connected.site.python("-m", "tests.support.process", "die", connected.connection, point)
	assert process.wait(120) == -signal.SIGKILL
	leases_run_out(connected)


def leases_run_out(connected):
	from integration_hub.sync import sweep

	frappe.db.rollback()
	names = frappe.get_all(
		"Integration Event", filters={"connection": connected.connection, "status": "Working"}, pluck="name"
	)
	assert names, "the killed worker had claimed something"
	for name in names:
		past = frappe.utils.add_to_date(None, minutes=-1)
		frappe.db.set_value("Integration Event", name, "lease_until", past, update_modified=False)
	sweep.free_leases()
	frappe.db.commit()  # as the sweep does


def context(connected):
	from integration_hub.sync import connections
	from integration_hub.sync.handling import context

	return context(connections.get(connected.connection))


def clearing(connected):
	rows = frappe.get_all(
		"GL Entry",
		filters={"account": connected.clearing, "is_cancelled": 0},
		fields=["debit", "credit"],
	)
	return round(sum(row.debit - row.credit for row in rows), 2)


def paid(connected, total):
	invoice = sale(total=total)
	url = api.make_link("Sales Invoice", invoice.name, connected.connection)["url"]
	connected.account.pay(url)
	connected.pull("payments")
	connected.settle()
	assert outstanding(invoice) == 0
	return invoice


@pytest.mark.processes
@pytest.mark.parametrize("point", POINTS)
def test_no_second_page(stripe, point):
	from integration_hub.sync import payments

	invoice = sale(total="45.67")
	store(stripe, payments.link_draft(invoice, context(stripe)))
	dies(stripe, point)
	assert len(stripe.account.all("payment_link")) == 1, "Stripe has made it"
	stripe.settle()
	[link] = stripe.account.all("payment_link")
	assert link["url"] in frappe.db.get_value("Sales Invoice", invoice.name, "integration_payment_url")


@pytest.mark.processes
def test_a_page_asked_for_twice_at_the_same_moment_is_one(stripe):
	"""A double click: the second request began before the first had stored what it asks for."""
	from integration_hub.sync import payments

	invoice = sale(total="45.67")
	draft = dataclasses.asdict(payments.link_draft(invoice, context(stripe)))
	frappe.db.commit()  # two requests begin
	frappe.db.get_value("Sales Invoice", invoice.name, "name")  # from here on, this one sees the state of now
	other = stripe.site.python(
		"-m", "tests.support.process", "store", stripe.connection, stdin=subprocess.PIPE
	)
	other.communicate(json.dumps(draft).encode(), timeout=60)
	assert other.returncode == 0
	answer = api.make_link("Sales Invoice", invoice.name, stripe.connection)
	[link] = stripe.account.all("payment_link")
	assert answer["url"] == link["url"]


@pytest.mark.processes
def test_a_page_that_nobody_heard_of_is_closed_when_another_amount_is_open_by_then(stripe):
	"""The worker dies with the page's address; meanwhile a part is paid another way. The old page must not stay open."""
	from integration_hub.sync import payments

	invoice = sale(total="100")
	store(stripe, payments.link_draft(invoice, context(stripe)))
	dies(stripe, "answered")
	credit(invoice, "30", update_outstanding_for_self=0)
	stripe.settle()
	active = [one for one in stripe.account.all("payment_link") if one["active"]]
	assert len(active) == 1
	assert active[0]["metadata"]["erp_amount"].startswith("70")


@pytest.mark.processes
@pytest.mark.parametrize("point", POINTS)
def test_no_second_refund(stripe, point):
	from integration_hub.sync import payments

	invoice = paid(stripe, "100.00")
	note = credit(invoice, "40")
	[draft] = payments.refund_drafts(note, context(stripe))
	store(stripe, draft)
	dies(stripe, point)
	assert len(stripe.account.all("refund")) == 1, "Stripe has made it"
	# somebody presses the button again before the Event is done again: it is the same Event
	api.refund(note.name, stripe.connection)
	stripe.settle()
	stripe.pull("refunds")
	stripe.settle()
	[refund] = stripe.account.all("refund")
	assert refund["amount"] == 4000
	assert (outstanding(note), clearing(stripe)) == (0, 60)


@pytest.mark.processes
@pytest.mark.parametrize("point", POINTS)
def test_no_second_capture(stripe, point):
	from integration_hub.sync import payments

	stripe.switch(reserve_only=1)
	invoice = sale(total="100.00")
	url = api.make_link("Sales Invoice", invoice.name, stripe.connection)["url"]
	stripe.account.pay(url)
	stripe.pull("payments")
	stripe.settle()
	[reserved] = api.options("Sales Invoice", invoice.name)["reserved"]
	reference = ("Sales Invoice", invoice.name)
	store(
		stripe,
		payments.capture_draft(reserved["payment_id"], "capture", Decimal(60), books.currency(), reference),
	)
	dies(stripe, point)
	stripe.settle()
	stripe.pull("payments")
	stripe.settle()
	assert stripe.account.expect(reserved["payment_id"])["captured"] == 6000
	assert (outstanding(invoice), clearing(stripe)) == (40, 60)
	assert not api.options("Sales Invoice", invoice.name)["reserved"]


@pytest.mark.processes
@pytest.mark.parametrize("point", POINTS)
def test_no_second_subscription(stripe, point):
	doc = subscription(stripe)
	dies(stripe, point)
	assert len(stripe.account.all("subscription")) == 1, "Stripe has made it"
	stripe.settle()
	[opened] = stripe.account.all("subscription")
	assert stripe.link("subscriptions", opened["id"]).reference_name == doc.name
	assert len(stripe.account.all("customer")) == 1


@pytest.mark.parametrize(
	"trouble", ["timeout", "drop", "error_after", "error_stored", "rate_limited", "error"]
)
def test_answers_of_refunds_that_are_lost(stripe, trouble):
	"""Stripe acts (or not) and says nothing: the same refund is found, or made once."""
	invoice = paid(stripe, "80.00")
	note = credit(invoice, "30")
	stripe.vendor.troubles.add(trouble, operation="refunds.create")
	api.refund(note.name, stripe.connection)
	stripe.settle()
	[refund] = stripe.account.all("refund")
	assert refund["amount"] == 3000
	assert (outstanding(note), clearing(stripe)) == (0, 50)


@pytest.mark.parametrize("trouble", ["timeout", "drop", "error_after", "error_stored", "error"])
def test_answers_of_pages_that_are_lost(stripe, trouble):
	invoice = sale(total="12.00")
	stripe.vendor.troubles.add(trouble, operation="payment_links.create")
	api.make_link("Sales Invoice", invoice.name, stripe.connection)
	stripe.settle()
	assert len([one for one in stripe.account.all("payment_link") if one["active"]]) == 1
	assert frappe.db.get_value("Sales Invoice", invoice.name, "integration_payment_url")


@pytest.mark.processes
def test_one_payment_eight_workers_one_payment_entry(stripe):
	"""Eight Events about one payment, as if eight webhooks had slipped past the dedupe key; eight processes."""
	from integration_hub.sync import store as storing
	from tests.test_promises import finish, race

	invoice = sale(total="25.00")
	url = api.make_link("Sales Invoice", invoice.name, stripe.connection)["url"]
	stripe.account.pay(url)
	[intent] = stripe.account.all("payment_intent")
	storing.store(
		stripe.connection,
		[
			storing.Draft("In", "payments", intent["id"], dedupe_key=f"race:{number}", version="1")
			for number in range(8)
		],
	)
	frappe.db.commit()  # the worker processes must see them
	race(stripe, 8)
	finish(stripe)
	names = frappe.get_all(
		"Payment Entry", filters={"integration_connection": stripe.connection}, pluck="name"
	)
	assert len(names) == 1 and outstanding(invoice) == 0


@pytest.mark.processes
@pytest.mark.parametrize("round_", range(5))
def test_our_answer_and_the_webhook_at_the_same_moment(stripe, round_):
	"""One refund, told by the call that made it and by Stripe's webhook to two workers at once: one Payment Entry."""
	from integration_hub.sync import payments
	from integration_hub.sync import store as storing
	from tests.test_promises import finish, race

	invoice = paid(stripe, "100.00")
	note = credit(invoice, "40")
	[draft] = payments.refund_drafts(note, context(stripe))
	store(stripe, draft)
	event = frappe.db.get_value(
		"Integration Event", {"connection": stripe.connection, "direction": "Out", "resource": "refunds"}
	)
	# a former try has made it: the call finds it by our reference
	frappe.db.set_value("Integration Event", event, "claims", 1, update_modified=False)
	reference = {"erp_doctype": "Sales Invoice", "erp_name": note.name}
	refund = stripe.account.refund(draft.outside_id, 4000, metadata=reference)
	storing.store(
		stripe.connection, [storing.Draft("In", "refunds", refund["id"], dedupe_key="webhook", version="1")]
	)
	frappe.db.commit()  # the worker processes must see them
	race(stripe, 2)
	finish(stripe)
	assert len(stripe.account.all("refund")) == 1
	names = frappe.get_all(
		"Payment Entry",
		filters={"integration_connection": stripe.connection, "payment_type": "Pay"},
		pluck="name",
	)
	assert len(names) == 1 and (outstanding(note), clearing(stripe)) == (0, 60)
