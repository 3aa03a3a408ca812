"""Balance transactions: every movement of the account's money, in a currency that the account holds."""

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.vendors.stripe.errors import Refusal
from sandbox.vendors.stripe.money import convert, rounded

if TYPE_CHECKING:
	from sandbox.vendors.stripe.account import Account

# what a type is to an accountant, where the two words differ
CATEGORY = {
	"payment": "charge",
	"payment_refund": "refund",
	"payment_failure_refund": "charge_failure",
	"payout_failure": "payout_reversal",
	"payout_cancel": "payout_reversal",
	"stripe_fee": "fee",
	"adjustment": "other_adjustment",
}


class Ledger:
	def __init__(self, account: "Account"):
		self.account = account

	def settled(self, amount: int, currency: str) -> tuple[int, str, Decimal | None]:
		"""The amount in the currency it is held in, that currency, and the rate if it had to be converted."""
		account = self.account
		if currency in account.balances:
			return amount, currency, None
		rate = account.rates.get(currency)
		if rate is None:
			message = f"The sandbox's account has no rate for {currency}; tell it one with set_rates."
			raise Refusal(message, param="currency", code="sandbox_no_rate", early=True)
		return convert(amount, currency, account.currency, rate), account.currency, rate

	def fee(self, amount: int, currency: str) -> int:
		"""Of a charge of this amount, in the currency it is held in, rounded half up."""
		account = self.account
		return rounded(Decimal(amount) * account.fee_percent / 100) + fixed(account.fee_fixed, currency)

	def add(
		self,
		type: str,
		amount: int,
		currency: str,
		source: str | None,
		*,
		fee: int = 0,
		fee_description: str = "Stripe processing fees",
		rate: Decimal | None = None,
		category: str | None = None,
		description: str | None = None,
		available: bool = False,
	) -> dict:
		"""amount and fee: signed, in `currency`. available: at once, rather than after the account's days."""
		account = self.account
		now = account.now()
		later = 0 if available else account.days * 86400
		details = [
			{
				"amount": fee,
				"application": None,
				"currency": currency,
				"description": fee_description,
				"type": "stripe_fee",
			}
		]
		made = account.add(
			"txn",
			"balance_transaction",
			amount=amount,
			available_on=now + later if later else now,
			balance_type="payments",
			currency=currency,
			description=description,
			exchange_rate=None if rate is None else float(rate),
			fee=fee,
			fee_details=details if fee else [],
			net=amount - fee,
			reporting_category=category or CATEGORY.get(type, type),
			source=source,
			status="pending" if later else "available",
			type=type,
			_payout=None,
		)
		del made["livemode"]  # the one object without it
		return made

	def refresh(self) -> None:
		"""What has become available with time."""
		now = self.account.now()
		for one in self.account.tables.get("balance_transaction", {}).values():
			if one["status"] == "pending" and one["available_on"] <= now and not one.get("_held"):
				one["status"] = "available"

	def release(self, currency: str | None = None) -> int:
		"""As if the days had passed: everything pending is available now. Says how many."""
		count = 0
		for one in self.account.tables.get("balance_transaction", {}).values():
			if one["status"] == "pending" and currency in (None, one["currency"]) and not one.get("_held"):
				one["status"], one["available_on"] = "available", self.account.now()
				count += 1
		return count

	def totals(self) -> dict[str, dict[str, int]]:
		"""{currency: {"available", "pending"}}"""
		self.refresh()
		sums = {currency: {"available": 0, "pending": 0} for currency in self.account.balances}
		for one in self.account.tables.get("balance_transaction", {}).values():
			sums[one["currency"]][one["status"]] += one["net"]
		return sums

	def balance(self) -> dict:
		"""As the API shows it."""
		totals = self.totals()

		def part(name: str) -> list[dict]:
			return [
				{"amount": one[name], "currency": currency, "source_types": {"card": one[name]}}
				for currency, one in totals.items()
			]

		return {
			"object": "balance",
			"available": part("available"),
			"livemode": False,
			"pending": part("pending"),
			"refund_and_dispute_prefunding": {
				name: [{"amount": 0, "currency": self.account.currency}] for name in ("available", "pending")
			},
		}


def fixed(known: int | dict[str, int], currency: str) -> int:
	return known if isinstance(known, int) else known.get(currency, 0)
