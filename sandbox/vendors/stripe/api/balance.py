"""The balance, its transactions, and payouts."""

from sandbox.vendors.stripe import payouts
from sandbox.vendors.stripe.api.call import Call, within
from sandbox.vendors.stripe.api.routes import route
from sandbox.vendors.stripe.errors import Refusal
from sandbox.vendors.stripe.money import check_currency, check_precision
from sandbox.vendors.stripe.params import EXPAND, PAGE, Choice, Integer, ListOf, Metadata, Span, Text


@route("GET balance", "balance.retrieve", EXPAND)
def balance(call: Call) -> dict:
	return call.account.ledger.balance()


@route(
	"GET balance_transactions",
	"balance_transactions.list",
	PAGE | {"created": Span(), "currency": Text(), "payout": Text(), "source": Text(), "type": Text()},
)
def transactions(call: Call) -> dict:
	found = call.account.all("balance_transaction")
	if "payout" in call.params:
		payout = call.account.find("payout", call.params["payout"], "payout")
		if not payout["automatic"]:
			message = "Balance transaction history can only be filtered on automatic transfers, not manual."
			raise Refusal(message, param="payout")
		found = [one for one in found if one["_payout"] == payout["id"]]
	return call.listed(found, "currency", "source", "type")


@route("GET balance_transactions/{}", "balance_transactions.retrieve", EXPAND)
def transaction(call: Call) -> dict:
	return call.here("balance_transaction", "id")


@route(
	"POST payouts",
	"payouts.create",
	EXPAND
	| {
		"amount": Integer(1, required=True),
		"currency": Text(required=True),
		"description": Text(),
		"metadata": Metadata(),
		"method": Choice(("instant", "standard")),
	},
)
def create(call: Call) -> dict:
	currency = check_currency(call.params["currency"])
	amount = check_precision(call.params["amount"], currency)
	return payouts.manual(call.account, amount, currency, **call.known("description", "method"))


@route(
	"GET payouts",
	"payouts.list",
	PAGE
	| {
		"arrival_date": Span(),
		"created": Span(),
		"destination": Text(),
		"status": Choice(("canceled", "failed", "in_transit", "paid", "pending")),
	},
)
def all(call: Call) -> dict:
	found = call.account.all("payout")
	if "arrival_date" in call.params:
		found = [one for one in found if within(one["arrival_date"], call.params["arrival_date"])]
	return call.listed(found, "destination", "status")


@route("GET payouts/{}", "payouts.retrieve", EXPAND)
def payout(call: Call) -> dict:
	return call.here("payout", "payout")


@route("POST payouts/{}", "payouts.update", {"expand": ListOf(Text()), "metadata": Metadata()})
def update(call: Call) -> dict:
	payout = call.here("payout", "payout")
	return call.account.change(payout, "payout.updated", **call.changes(payout))


@route("POST payouts/{}/cancel", "payouts.cancel", EXPAND)
def cancel(call: Call) -> dict:
	return payouts.cancel(call.account, call.here("payout", "payout"))
