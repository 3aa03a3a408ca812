"""Stripe's amounts, both ways: every amount of every kind of currency, and what cannot be said in one."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_hub.connectors.stripe.amounts import (
	THOUSANDTHS,
	WHOLE,
	WHOLE_AS_HUNDREDTHS,
	from_minor,
	to_minor,
)
from integration_hub.failures import Rejected

#: (amount, currency, what Stripe takes for it), from Stripe's page on currencies
TOLD = [
	("0.01", "EUR", 1),
	("0.1", "EUR", 10),
	("19.99", "USD", 1999),
	("1.10", "INR", 110),
	("999.99", "EUR", 99999),
	("1234567.89", "INR", 123456789),
	("1", "JPY", 1),
	("999.00", "JPY", 999),
	("500", "KRW", 500),
	("1000", "MGA", 1000),
	("0.010", "KWD", 10),
	("5.12", "JOD", 5120),
	("999.990", "KWD", 999990),
	("5", "ISK", 500),
	("5", "UGX", 500),
	("12.34", "HUF", 1234),
	("12.34", "TWD", 1234),
	("1E+2", "EUR", 10000),
]


@pytest.mark.parametrize(("amount", "currency", "minor"), TOLD)
def test_amounts_both_ways(amount, currency, minor):
	assert to_minor(Decimal(amount), currency) == minor
	assert from_minor(minor, currency) == Decimal(amount)


@pytest.mark.parametrize(
	("amount", "currency"),
	[
		("0.001", "EUR"),
		("0.005", "USD"),
		("10.999", "HUF"),
		("0.5", "JPY"),
		("0.01", "JPY"),
		("1.20", "MGA"),
		("0.001", "KWD"),
		("1.2345", "BHD"),
		("5.5", "ISK"),
		("0.01", "UGX"),
		("0.00000000000000000000000001", "EUR"),
	],
)
def test_what_a_currency_cannot_say_is_refused_and_never_rounded(amount, currency):
	with pytest.raises(Rejected):
		to_minor(Decimal(amount), currency)


@pytest.mark.parametrize("currency", ["EUR", "USD", "INR", "HUF", "TWD", "IDR"])
def test_every_amount_from_a_cent_to_a_thousand(currency):
	amounts = {units: Decimal(units) / 100 for units in range(1, 100_000)}
	assert [units for units, one in amounts.items() if to_minor(one, currency) != units] == []
	assert [units for units, one in amounts.items() if from_minor(units, currency) != one] == []


@pytest.mark.parametrize("currency", sorted(WHOLE))
def test_every_whole_amount_and_no_other(currency):
	wrong = [
		units
		for units in range(1, 1_000)
		if to_minor(Decimal(units), currency) != units or from_minor(units, currency) != units
	]
	assert wrong == []
	taken = 0
	for cents in range(1, 100_000, 7):
		try:
			taken += to_minor(Decimal(cents) / 100, currency) * 100 == cents
		except Rejected:
			assert cents % 100
		else:
			assert cents % 100 == 0
	assert taken == len([cents for cents in range(1, 100_000, 7) if cents % 100 == 0])


@pytest.mark.parametrize("currency", sorted(WHOLE_AS_HUNDREDTHS))
def test_whole_amounts_told_as_hundredths(currency):
	wrong = [
		units
		for units in range(1, 1_000)
		if to_minor(Decimal(units), currency) != units * 100 or from_minor(units * 100, currency) != units
	]
	assert wrong == []


@pytest.mark.parametrize("currency", sorted(THOUSANDTHS))
def test_every_amount_with_three_decimals(currency):
	"""Stripe takes steps of a hundredth, and tells what it gives us in thousandths."""
	wrong = [
		units for units in range(10, 1_000_000, 10) if to_minor(Decimal(units) / 1000, currency) != units
	]
	assert wrong == []
	assert [one for one in range(1, 100_000) if from_minor(one, currency) != Decimal(one) / 1000] == []


@given(
	st.decimals(min_value="-99999999", max_value="99999999", places=4),
	st.sampled_from(["EUR", "JPY", "KWD", "ISK", "UGX", "TND", "CLP", "HUF"]),
)
def test_an_amount_comes_back_as_it_went_or_is_refused(amount, currency):
	try:
		units = to_minor(amount, currency)
	except Rejected:
		return
	assert from_minor(units, currency) == amount
	assert to_minor(from_minor(units, currency), currency) == units


@given(st.integers(min_value=-(10**14), max_value=10**14), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_what_stripe_says_is_kept_to_the_last_digit(units, currency):
	amount = from_minor(units, currency)
	assert int(amount * {"EUR": 100, "JPY": 1, "KWD": 1000}[currency]) == units
