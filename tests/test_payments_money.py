"""Money of payments is exact: every amount from 0.01 to 999.99 on its way from a document to Stripe and back into a Payment
Entry's fields, and a sample of them through whole documents and ledgers.

A well-known app in this field gets 4,586 of these 99,999 amounts wrong, because it multiplies a float by 100 and cuts.
"""

import random
from datetime import timedelta
from decimal import Decimal

import frappe
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from integration_hub.connectors.http import Http
from integration_hub.connectors.stripe import Stripe
from integration_hub.failures import Rejected
from integration_hub.records import Payable, Reference
from sandbox import books
from tests.connectors.conftest import Vault
from tests.support.gateway import amount, everything_balances, outstanding, sale

NOW = 1_795_000_000
REFERENCE = Reference(doctype="Sales Invoice", name="ACC-SINV-1")
#: where floats go wrong: cents whose float times 100 is just below the whole number
NASTY = (
	"0.01",
	"0.29",
	"1.13",
	"1.15",
	"4.35",
	"8.2",
	"19.99",
	"64.1",
	"70.07",
	"129.95",
	"290.4",
	"573.29",
	"999.99",
)


@pytest.fixture(scope="module")
def connector():
	return Stripe(
		{"secret_key": "sk_test_x", "environment": "Sandbox"}, Http("https://api.stripe.com"), Vault()
	)


def there(connector, value: Decimal, currency: str) -> int:
	"""What Stripe is asked to take for a document's amount."""
	payable = Payable(reference=REFERENCE, title="Invoice", amount=value, currency=currency)
	_path, params = connector._link(payable)
	return params["line_items"][0]["price_data"]["unit_amount"]


def back(connector, units: int, currency: str):
	"""The payment as Stripe tells it afterwards."""
	transaction = {
		"currency": currency.lower(),
		"amount": units,
		"fee": 0,
		"net": units,
		"exchange_rate": None,
	}
	return connector.read_payment(
		{
			"id": "pi_1",
			"status": "succeeded",
			"amount": units,
			"amount_received": units,
			"currency": currency.lower(),
			"created": NOW,
			"livemode": False,
			"latest_charge": {"created": NOW, "balance_transaction": transaction},
		}
	)


@pytest.mark.parametrize(
	("currency", "unit", "factor"),
	[("EUR", "0.01", 100), ("INR", "0.01", 100), ("JPY", "1", 1), ("KWD", "0.010", 1000)],
)
def test_every_amount_there_and_back(connector, site, currency, unit, factor):
	"""99,999 amounts: 0.01 … 999.99 (JPY: 1 … 99,999; KWD: 0.010 … 999.990, the steps that Stripe takes)."""
	from frappe.utils import flt

	from integration_hub.erp.context import as_float

	decimals = {1: 0, 100: 2, 1000: 3}[factor]
	wrong = []
	for number in range(1, 100_000):
		value = number * Decimal(unit)
		units = there(connector, value, currency)
		payment = back(connector, units, currency)
		booked = Decimal(str(flt(as_float(payment.settled.gross), decimals)))
		if not (units == value * factor and payment.captured == value and booked == value):
			wrong.append((value, units, payment.captured, booked))
	assert not wrong, f"{len(wrong)} of 99,999 wrong, such as {wrong[:3]}"


@pytest.mark.parametrize(
	("value", "currency"), [("0.001", "EUR"), ("1.5", "JPY"), ("0.001", "KWD"), ("1.50", "ISK")]
)
def test_what_a_currency_cannot_express_is_refused_not_rounded(connector, value, currency):
	with pytest.raises(Rejected):
		there(connector, Decimal(value), currency)


# --- through documents and ledgers -------------------------------------------------------------------------


def apply(gateway, record):
	from integration_hub.erp import gateway as erp
	from integration_hub.sync import connections
	from integration_hub.sync.handling import context

	return erp.apply(record, context(connections.get(gateway.connection)))


def pays(gateway, doc, *parts):
	for part in parts:
		result = apply(gateway, gateway.account.pay(part, doc.currency, reference=(doc.doctype, doc.name)))
		assert result.status == "Done", result.message
	frappe.db.commit()  # as the worker does


def sample(count: int) -> list[Decimal]:
	picked = random.Random(20261123).sample(range(1, 100_000), count)
	return [*map(Decimal, NASTY), *(Decimal(one) / 100 for one in picked)]


def test_a_sample_of_amounts_through_invoices_in_one_currency(gateways):
	gateway = gateways()
	total = Decimal(0)
	for value in sample(25):
		invoice = sale(total=value)
		pays(gateway, invoice, value)
		total += value
		assert amount(frappe.db.get_value("Sales Invoice", invoice.name, "outstanding_amount")) == 0, value
	assert gateway.balance("Clearing") == amount(total)


def test_paid_in_parts_to_the_last_cent(gateways):
	gateway, invoice = gateways(), sale(total="999.99")
	parts = [Decimal("333.33"), Decimal("0.01"), Decimal("0.29"), Decimal("64.10"), Decimal("1.15")]
	pays(gateway, invoice, *parts, Decimal("999.99") - sum(parts))
	assert amount(frappe.db.get_value("Sales Invoice", invoice.name, "outstanding_amount")) == 0
	assert gateway.balance("Clearing") == amount("999.99")


@pytest.fixture(scope="module")
def on_one_account(site):
	"""Invoices in foreign currencies on the company's own receivable account; an exchange account."""
	books.let_customers_owe_foreign_money()
	books.gateway_accounts("Money", books.currency())
	for currency, rate in (("USD", 0.92), ("JPY", 0.0061), ("KWD", 3.01)):
		books.rate(currency, books.currency(), rate)


@pytest.mark.usefixtures("on_one_account")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
	cents=st.integers(2, 99_999),
	first=st.floats(0.01, 0.99),
	owed=st.decimals("0.0050", "150", places=4),
	bank=st.decimals("0.0050", "150", places=4),
)
@example(cents=15_001, first=0.5, owed=Decimal("1.0003"), bank=Decimal("0.0050"))
def test_whatever_the_rates_the_invoice_is_paid_when_the_buyer_has_paid(gateways, cents, first, owed, bank):
	"""An invoice in USD at one rate, paid in two parts at the bank's: nothing is left open, and the ledger balances."""
	gateway = gateways()
	gateway.account.rates["USD"] = bank
	value = Decimal(cents) / 100
	part = max(
		Decimal("0.01"), min(value - Decimal("0.01"), (value * Decimal(str(first))).quantize(Decimal("0.01")))
	)
	if min(part, value - part) * min(owed, bank) < Decimal("0.02"):
		return  # less than a cent of the company's money cannot be booked
	invoice = sale(total=value, currency="USD", rate=owed)
	pays(gateway, invoice, part, value - part)
	row = frappe.db.get_value("Sales Invoice", invoice.name, ["outstanding_amount", "status"], as_dict=True)
	assert (amount(row.outstanding_amount), row.status) == (0, "Paid")
	assert gateway.balance("Clearing") == sum(
		amount(one.settled.gross) for one in gateway.account.things["payments"].values()
	)
	everything_balances(gateway)


@pytest.mark.usefixtures("on_one_account")
def test_a_sample_of_amounts_without_decimals(gateways):
	gateway = gateways()
	gateway.account.rates["JPY"] = Decimal("0.00613")
	for value in (1, 7, 100, 999, 12_345, 99_999, 1_234_567):
		invoice = sale(total=value, currency="JPY", rate=0.0061)
		if amount(invoice.outstanding_amount) == 0:
			continue  # ERPNext itself makes nothing of it in the company's currency
		pays(gateway, invoice, Decimal(value))
		assert amount(frappe.db.get_value("Sales Invoice", invoice.name, "outstanding_amount")) == 0, value
	everything_balances(gateway)


@pytest.fixture
def three_decimals(site):
	"""The site keeps three decimals."""
	doc = frappe.get_doc("System Settings")
	before = doc.currency_precision
	doc.currency_precision = "3"
	doc.flags.ignore_mandatory = True
	doc.save()
	frappe.clear_cache()
	frappe.db.commit()  # as the form does
	yield
	doc.reload()
	doc.currency_precision = before
	doc.flags.ignore_mandatory = True
	doc.save()
	frappe.clear_cache()
	frappe.db.commit()  # back to what it was


@pytest.mark.usefixtures("on_one_account", "three_decimals")
def test_a_sample_of_amounts_with_three_decimals(gateways):
	"""Dinars kept in dinars: receivable and clearing account in KWD."""
	debtors = books.account("Debtors KWD", "Asset", "Receivable", currency_="KWD")
	from tests.support.gateway import customer

	gateway = gateways(settles_in="KWD")
	buyer = customer(default_currency="KWD", accounts=[{"company": books.company(), "account": debtors}])
	total = Decimal(0)
	for value in ("0.001", "0.010", "1.005", "4.355", "19.999", "333.333", "999.999"):
		invoice = sale(total=value, currency="KWD", rate=3.01, customer=buyer, debit_to=debtors)
		assert outstanding(invoice) == amount(value)
		pays(gateway, invoice, Decimal(value))
		total += Decimal(value)
		assert amount(frappe.db.get_value("Sales Invoice", invoice.name, "outstanding_amount")) == 0, value
	assert gateway.balance("Clearing") == amount(total)


@pytest.mark.usefixtures("on_one_account")
def test_three_decimals_need_a_site_that_keeps_them(gateways):
	from integration_hub.failures import NeedsMapping

	gateway, invoice = gateways(settles_in="KWD"), sale(total="10", currency="KWD", rate=3.01)
	with pytest.raises(NeedsMapping, match="3 decimals"):
		apply(gateway, gateway.account.pay("10", "KWD", reference=("Sales Invoice", invoice.name)))
	frappe.db.rollback()


def test_payouts_of_many_small_payments_add_up(gateways):
	"""Forty lines with fees: the clearing account ends at zero, the Audit agrees line by line."""
	from tests.support.paper import now

	gateway = gateways()
	invoice = sale(total="5000")
	rng = random.Random(7)
	lines = []
	for _number in range(40):
		value = Decimal(rng.randint(1, 9_999)) / 100
		payment = gateway.account.pay(
			value, reference=("Sales Invoice", invoice.name), paid_at=now() - timedelta(seconds=1)
		)
		payment = gateway.account.change(
			"payments",
			payment.id,
			settled=gateway.account.settled(value, "EUR", Decimal(rng.randint(0, 99)) / 100),
		)
		assert apply(gateway, payment).status == "Done"
		lines.append(gateway.account.line_of(payment))
	frappe.db.commit()  # as the worker does
	payout = gateway.account.pay_out(*lines)
	assert gateway.tell("payouts", payout).status == "Done"
	assert gateway.balance("Clearing") == 0
	assert gateway.balance("Gateway Fee") == amount(sum(line.fee for line in lines))
	assert gateway.balance("Bank") == amount(payout.amount)
