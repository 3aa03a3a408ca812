"""The shop's arithmetic: minor units in, minor units out, rounded half up, once per amount.

Everything that is split is split by largest remainder, so that the parts add up to the whole. An amount
always exists twice, in the shop's currency and in the one that the buyer saw (`Bag`); both sides are computed
by the same rules from their own prices, so each side adds up by itself.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

# Digits after the point (ISO 4217) where they are not two.
EXPONENTS = {
	**dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
	**dict.fromkeys(("RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
	**dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def exponent(currency: str) -> int:
	return EXPONENTS.get(currency, 2)


def half_up(value: Fraction | int) -> int:
	"""The nearest integer; a half goes away from zero."""
	if value < 0:
		return -half_up(-value)
	return int((value + Fraction(1, 2)).__floor__())


def minor(amount: str | int | Decimal, currency: str, rate: Fraction = Fraction(1)) -> int:
	"""`amount` in major units times `rate`, in minor units of `currency`."""
	return half_up(Fraction(Decimal(str(amount))) * rate * 10 ** exponent(currency))


def major(units: int, currency: str) -> Decimal:
	"""Minor units as a Decimal with exactly the currency's digits."""
	return Decimal(units).scaleb(-exponent(currency))


@dataclass(frozen=True)
class Currencies:
	"""The shop's currency, the buyer's, and how many of the buyer's one unit of the shop's buys."""

	shop: str
	presentment: str
	rate: Fraction = Fraction(1)

	def bag(self, amount: str | int | Decimal) -> "Bag":
		"""An amount given in major units of the shop's currency."""
		return Bag(minor(amount, self.shop), minor(amount, self.presentment, self.rate), self)

	def bag_from_presentment(self, amount: str | int | Decimal) -> "Bag":
		"""An amount given in major units of the buyer's currency (refunds and payments are)."""
		return Bag(minor(amount, self.shop, 1 / self.rate), minor(amount, self.presentment), self)

	@property
	def zero(self) -> "Bag":
		return Bag(0, 0, self)


@dataclass(frozen=True)
class Money:
	units: int
	currency: str

	@property
	def amount(self) -> Decimal:
		return major(self.units, self.currency)

	@property
	def currency_code(self) -> str:
		return self.currency


@dataclass(frozen=True)
class Bag:
	"""One amount in both currencies, in minor units."""

	shop: int
	presentment: int
	of: Currencies

	@property
	def shop_money(self) -> Money:
		return Money(self.shop, self.of.shop)

	@property
	def presentment_money(self) -> Money:
		return Money(self.presentment, self.of.presentment)

	def __add__(self, other: "Bag") -> "Bag":
		return Bag(self.shop + other.shop, self.presentment + other.presentment, self.of)

	def __sub__(self, other: "Bag") -> "Bag":
		return Bag(self.shop - other.shop, self.presentment - other.presentment, self.of)

	def __neg__(self) -> "Bag":
		return Bag(-self.shop, -self.presentment, self.of)

	def __mul__(self, times: int) -> "Bag":
		return Bag(self.shop * times, self.presentment * times, self.of)

	def __bool__(self) -> bool:
		return bool(self.shop or self.presentment)

	def __str__(self) -> str:
		return str(self.shop_money.amount)

	def share(self, part: int, whole: int) -> "Bag":
		"""`part` of `whole` of this amount."""
		if whole == 0:
			return Bag(0, 0, self.of)
		return both(lambda units: half_up(Fraction(units * part, whole)), self)


def both(rule: Callable[..., int], *bags: Bag) -> Bag:
	"""Apply one rule to each currency by itself."""
	return Bag(rule(*(bag.shop for bag in bags)), rule(*(bag.presentment for bag in bags)), bags[0].of)


def total(bags: Iterable[Bag], of: Currencies) -> Bag:
	shop = presentment = 0
	for bag in bags:
		shop += bag.shop
		presentment += bag.presentment
	return Bag(shop, presentment, of)


def largest_remainder(whole: int, weights: Sequence[int]) -> list[int]:
	"""Split `whole` in proportion to `weights`; the parts add up to it exactly.

	What the rounding down leaves goes unit by unit to the largest remainders, earlier ones first.
	"""
	sum_of_weights = sum(weights)
	if sum_of_weights == 0:
		return [0] * len(weights)
	parts = [whole * weight // sum_of_weights for weight in weights]
	left = whole - sum(parts)
	by_remainder = sorted(
		range(len(weights)), key=lambda index: (-(whole * weights[index] % sum_of_weights), index)
	)
	for index in by_remainder[:left]:
		parts[index] += 1
	return parts


def split(whole: Bag, weights: Sequence[Bag]) -> list[Bag]:
	"""`largest_remainder` on both sides."""
	shop = largest_remainder(whole.shop, [bag.shop for bag in weights])
	presentment = largest_remainder(whole.presentment, [bag.presentment for bag in weights])
	return [Bag(*pair, whole.of) for pair in zip(shop, presentment, strict=True)]


def discount(base: Bag, percentage: str | None, amount: Bag | None) -> Bag:
	"""What a discount takes off `base`: never more than there is."""
	if percentage is not None:
		part = Fraction(Decimal(str(percentage))) / 100
		return both(lambda units: min(half_up(units * part), units), base)
	return both(min, base, amount)


def taxes(base: Bag, rates: Sequence[Decimal], included: bool) -> list[Bag]:
	"""One amount per rate on a discounted price, each rounded by itself.

	Included taxes are what of `base` is tax: base × rate / (1 + sum of all rates).
	"""
	fractions = [Fraction(rate) for rate in rates]
	over = 1 + sum(fractions) if included else Fraction(1)
	return [both(lambda units, rate=rate: half_up(units * rate / over), base) for rate in fractions]
