"""Amounts as Stripe takes them: integers of the currency's minor unit, with the rules that a few currencies have.

From Stripe's page on currencies: which have no decimals or three, ISK and UGX (whole units, sent times 100), and
the least amount that may be charged in each.
"""

from decimal import ROUND_HALF_UP, Decimal

from sandbox.vendors.stripe.errors import Refusal

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
WHOLE_UNITS = frozenset("isk ugx".split())  # two decimals in the API, but always multiples of 100
WHOLE_PAYOUTS = frozenset("huf twd".split())  # manual payouts in multiples of 100
MINIMUM = {
	"usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
	"eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300,
	"nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
MAXIMUM = 99_999_999  # eight digits, whatever the currency
MORE_DIGITS = {"idr": 999_999_999_999, "cop": 9_999_999_999, "huf": 9_999_999_999, "inr": 999_999_999}
CURRENCIES = (
	ZERO_DECIMAL
	| THREE_DECIMAL
	| WHOLE_UNITS
	| frozenset(MINIMUM)
	| frozenset(
		"""afn all amd ang aoa ars awg azn bam bbd bdt bmd bnd bob bsd bwp byn bzd cdf cny cop crc cve dop dzd egp
		etb fjd fkp gel gip gmd gtq gyd hnl htg idr ils jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk
		mnt mop mur mvr mwk mzn nad ngn nio npr pab pen pgk php pkr qar rsd rub sar sbd scr shp sle sos srd std szl
		tjs top try ttd twd tzs uah uyu uzs wst xcd yer zar zmw""".split()
	)
)


def exponent(currency: str) -> int:
	"""Decimals of an amount in the API: 0, 2 or 3."""
	return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def shown(amount: int, currency: str) -> str:
	"""As messages write it: "$0.50" is "0.50 usd" here."""
	places = exponent(currency)
	return f"{Decimal(amount).scaleb(-places):.{places}f} {currency}"


def rounded(value: Decimal) -> int:
	return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def convert(amount: int, currency: str, into: str, rate: Decimal) -> int:
	"""rate: units of `into` for one unit of `currency`, as in a balance transaction's exchange_rate."""
	return rounded((Decimal(amount) * rate).scaleb(exponent(into) - exponent(currency)))


def check_currency(currency: str, param: str = "currency") -> str:
	if currency not in CURRENCIES:
		message = f"Invalid currency: {currency}. Stripe currently supports these currencies: "
		raise Refusal(message + ", ".join(sorted(CURRENCIES)), param=param, early=True)
	return currency


def check_precision(amount: int, currency: str, param: str = "amount") -> int:
	"""Refuses amounts that the currency cannot have, though they are integers."""
	if currency in WHOLE_UNITS and amount % 100:
		raise Refusal(
			f"Invalid amount. Currency {currency.upper()} has become effectively zero-decimal and charged amounts "
			"must be evenly divisible by 100. See https://stripe.com/docs/currencies#special-cases for more "
			"information.",
			code="invalid_charge_amount_no_decimal_compatible",
			param=param,
			early=True,
		)
	if currency in THREE_DECIMAL and amount % 10:
		raise Refusal(
			f"Invalid amount. Amounts in {currency.upper()} must be evenly divisible by 10.",
			code="invalid_charge_amount",
			param=param,
			early=True,
		)
	return amount


def check_charge(amount: int, currency: str, param: str = "amount") -> int:
	"""Refuses what cannot be charged: wrong precision, too little (where a minimum is known), too much."""
	check_precision(amount, currency, param)
	if amount < MINIMUM.get(currency, 1):
		message = f"Amount must be at least {shown(MINIMUM.get(currency, 1), currency)}"
		raise Refusal(message, code="amount_too_small", param=param, early=True)
	most = MORE_DIGITS.get(currency, MAXIMUM)
	if amount > most:
		message = f"Amount must be no more than {shown(most, currency)}"
		raise Refusal(message, code="amount_too_large", param=param, early=True)
	return amount
