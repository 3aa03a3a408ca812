"""Arithmetic that every vendor needs: how many decimals a currency has, and splitting without losing a cent."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from integration_hub.records.currencies import exponent


def smallest_unit(currency: str) -> Decimal:
	"""Decimal("0.01") for EUR, 1 for JPY, 0.001 for KWD."""
	return Decimal(1).scaleb(-exponent(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
	"""`amount` in whole smallest units, halves away from zero as shops and tax offices round."""
	return amount.quantize(smallest_unit(currency), rounding=ROUND_HALF_UP)


def written(value: Any, currency: str) -> str:
	"""An amount of ERPNext as others read it, "19.90": the currency's decimals, more only where ERPNext keeps more."""
	amount = Decimal(str(value or 0)).quantize(Decimal("1e-9")).normalize()
	unit = smallest_unit(currency)
	if amount == amount.quantize(unit):
		amount = amount.quantize(unit)
	return format(amount + Decimal(0), "f")


def split(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
	"""`total` divided in proportion to `weights` (largest remainder); the parts add up to `total` exactly.

	All weights zero: everything goes to the first part. A `total` finer than the smallest unit keeps its
	fineness in the part with the largest remainder.
	"""
	if not weights:
		if total:
			raise ValueError("an amount cannot be split over nothing")
		return []
	whole = sum(weights, Decimal(0))
	if not whole:
		return [total, *([Decimal(0)] * (len(weights) - 1))]
	unit = smallest_unit(currency)
	exact = [total * weight / whole for weight in weights]
	parts = [part.quantize(unit, rounding=ROUND_FLOOR) for part in exact]
	# by remainder, then by position: the same input always gives the same answer
	order = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
	rest = total - sum(parts, Decimal(0))
	for index in order:
		step = min(unit, rest)
		if step <= 0:
			break
		parts[index] += step
		rest -= step
	parts[order[0]] += rest
	return parts
