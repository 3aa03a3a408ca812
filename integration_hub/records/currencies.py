"""How many decimals an amount of a currency may have: ISO 4217, for everybody who reads or books money."""

from __future__ import annotations

#: currencies whose smallest unit is not a hundredth
EXPONENTS = {
	**dict.fromkeys(
		"BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(),
		0,
	),
	**dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}


def exponent(currency: str) -> int:
	"""JPY 0, EUR 2, KWD 3; also RSD 2, though nobody has its smallest coins any more."""
	return EXPONENTS.get(currency, 2)
