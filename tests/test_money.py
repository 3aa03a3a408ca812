"""Exact money: rows of rate × quantity that add up to the shop's amount, whatever it is."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="module", autouse=True)
def frappe_at_hand(site):
	"""`erp.money` speaks to people in their language, so it needs a site."""


@pytest.mark.parametrize(
	"quantity, amount, decimals, rows",
	[
		("3", "29.00", 2, [("2", "9.67"), ("1", "9.66")]),
		("3", "30.00", 2, [("3", "10.00")]),
		("1000", "310.92", 2, [("92", "0.32"), ("908", "0.31")]),
		("3", "1000", 0, [("1", "334"), ("2", "333")]),
		("7", "1.000", 3, [("6", "0.143"), ("1", "0.142")]),
		("5", "0.00", 2, [("5", "0.00")]),
		("1", "0.01", 2, [("1", "0.01")]),
		("3", "0.01", 2, [("1", "0.01"), ("2", "0.00")]),
		("0", "0.00", 2, []),
	],
)
def test_split_by_example(quantity, amount, decimals, rows):
	from integration_hub.erp.money import split

	found = split(Decimal(quantity), Decimal(amount), decimals)
	assert found == [(Decimal(q), Decimal(r)) for q, r in rows]


@settings(max_examples=500, deadline=None)
@given(st.integers(1, 100_000), st.integers(-10_000_000, 10_000_000), st.sampled_from([0, 2, 3]))
def test_split_is_exact(quantity, units, decimals):
	from integration_hub.erp.money import split

	amount = Decimal(units).scaleb(-decimals)
	rows = split(Decimal(quantity), amount, decimals)
	assert sum(q * r for q, r in rows) == amount
	assert sum(q for q, _r in rows) == quantity
	assert len(rows) <= 2
	assert all(r == r.quantize(Decimal(1).scaleb(-decimals)) for _q, r in rows)
	if len(rows) == 2:
		assert abs(rows[0][1] - rows[1][1]) == Decimal(1).scaleb(-decimals)


@pytest.mark.parametrize("currency, decimals", [("EUR", 2), ("JPY", 0), ("KWD", 3), ("INR", 2), ("USD", 2)])
def test_exponent(currency, decimals):
	from integration_hub.erp.money import exponent

	assert exponent(currency) == decimals
