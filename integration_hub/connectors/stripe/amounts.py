"""Stripe's amounts: whole numbers in the smallest unit, with exceptions of its own.

Source: Stripe's page on currencies. An amount that a currency cannot express is refused, never rounded.
"""

from __future__ import annotations

from decimal import Decimal

from integration_hub.failures import Rejected

#: one unit of the currency is 1
WHOLE = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
#: no decimals, and yet told as hundredths ("00" at the end)
WHOLE_AS_HUNDREDTHS = frozenset(("ISK", "UGX"))
#: told as thousandths whose last digit must be 0
THOUSANDTHS = frozenset("BHD JOD KWD OMR TND".split())


def factor(currency: str) -> int:
	if currency in WHOLE:
		return 1
	return 1000 if currency in THOUSANDTHS else 100


def to_minor(amount: Decimal, currency: str) -> int:
	"""What Stripe calls `amount`. Raises Rejected for what it cannot take."""
	units = amount * factor(currency)
	if units != units.to_integral_value():
		raise Rejected(f"{amount} {currency} has more decimals than Stripe takes for {currency}.")
	step = 100 if currency in WHOLE_AS_HUNDREDTHS else 10 if currency in THOUSANDTHS else 1
	if units % step:
		raise Rejected(
			f"Stripe takes {currency} in steps of {Decimal(step) / factor(currency)}, not {amount}."
		)
	return int(units)


def from_minor(units: int, currency: str) -> Decimal:
	"""Stripe's number as an amount in major units, signed as Stripe signs it."""
	scale = factor(currency)
	return Decimal(units) if scale == 1 else Decimal(units).scaleb(-2 if scale == 100 else -3)
