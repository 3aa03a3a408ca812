"""Exact money between an outside order and ERPNext's rate × quantity.

ERPNext keeps a rate per piece at the currency's precision, so 29.00 for three pieces has no rate. Instead of
rounding and booking the rest away, such a line becomes two rows (2 × 9.67 and 1 × 9.66): every later document
made from it (partial delivery, partial invoice, return) is exact too.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

import frappe
from frappe import _
from frappe.utils import flt

from integration_hub.failures import NeedsMapping
from integration_hub.records import ZERO, Tax
from integration_hub.records.currencies import exponent

#: decimals that ERPNext keeps of an exchange rate
RATE_DECIMALS = 9
#: three decimals by ISO 4217, of which no coin is left: nobody keeps books with them
COINLESS = ("IQD",)


def total_of(taxes: Iterable[Tax]) -> Decimal:
	return sum((tax.amount for tax in taxes), ZERO)


def net(amount: Decimal, taxes: Iterable[Tax], prices_include_tax: bool) -> Decimal:
	"""The amount without its taxes, whichever way the shop writes prices."""
	return amount - total_of(taxes) if prices_include_tax else amount


def split(quantity: Decimal, amount: Decimal, decimals: int) -> list[tuple[Decimal, Decimal]]:
	"""(quantity, rate) rows whose products add up to `amount` exactly, at most two, rates one unit apart.

	Quantities that are not whole cannot be split by pieces; they get one row with the nearest rate, and the
	caller's comparison of totals decides.
	"""
	unit = Decimal(1).scaleb(-decimals)
	if quantity == 0:
		return []
	rate = (amount / quantity).quantize(unit, ROUND_HALF_UP)
	if rate * quantity == amount or quantity != quantity.to_integral_value():
		return [(quantity, rate)]
	units = int((amount / unit).to_integral_value(ROUND_HALF_UP))
	low, dearer = divmod(units, int(quantity))
	rows = [(Decimal(dearer), (low + 1) * unit), (quantity - dearer, low * unit)]
	return [row for row in rows if row[0]]


def ledger_decimals() -> int:
	"""Decimals that ERPNext keeps of amounts, whatever the currency."""
	return frappe.get_precision("GL Entry", "debit") or 2


def rate_to(base: Decimal, amount: Decimal, rate: Decimal) -> Decimal:
	"""The rate, or one beside it at which ERPNext comes to `base` too: it keeps two decimals also of yen."""
	if not base or Decimal(str(flt(float(amount * rate), ledger_decimals()))) == base:
		return rate
	return (base / amount).quantize(Decimal(1).scaleb(-RATE_DECIMALS))


def check_precision(currency: str, decimals: int) -> None:
	"""Park when ERPNext keeps fewer decimals than the currency has: amounts could not be right."""
	if exponent(currency) > decimals and currency not in COINLESS:
		raise NeedsMapping(
			_(
				"{0} has {1} decimals, but ERPNext keeps {2}. Set Currency Precision to {1} in System Settings."
			).format(currency, exponent(currency), decimals),
			fix=("System Settings", "System Settings"),
			waits_for=f"precision:{exponent(currency)}",
		)


def exchange_rate(currency: str, company_currency: str, day) -> float:
	"""Rate from the order's to the company's currency on that day, as ERPNext finds it.

	Raises NeedsMapping when ERPNext knows none; the Event goes on once a Currency Exchange is entered.
	"""
	if currency == company_currency:
		return 1.0
	from erpnext.setup.utils import get_exchange_rate

	rate = get_exchange_rate(currency, company_currency, str(day), "for_selling")
	frappe.clear_messages()
	if not rate:
		raise NeedsMapping(
			_("There is no exchange rate from {0} to {1} on {2}. Enter a Currency Exchange.").format(
				currency, company_currency, day
			),
			fix=("Currency Exchange", ""),
			waits_for=f"rate:{currency}:{company_currency}",
		)
	return float(rate)
