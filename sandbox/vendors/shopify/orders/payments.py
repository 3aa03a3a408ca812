"""Money in: payments at checkout, later payments and captures."""

from datetime import datetime

from sandbox.vendors.shopify.money import Bag
from sandbox.vendors.shopify.orders.spec import Payment, made
from sandbox.vendors.shopify.state import Order, Refused, Shop, Transaction


def pay(shop: Shop, order: Order, payments, paid: bool | str, gateway: str) -> None:
	if payments is None:
		if not order.total_price:
			return
		kind = "AUTHORIZATION" if paid == "authorized" else "SALE"
		status = "SUCCESS" if paid else "PENDING"
		payments = [Payment(gateway if paid else "manual", None, kind, status)]
	left = order.total_price
	for one in (made(Payment, given) for given in payments):
		amount = left if one.amount is None else order.of.bag_from_presentment(one.amount)
		if one.amount is not None and amount.presentment == left.presentment:
			amount = left  # the last payment settles both sides, whatever the rate rounds to
		left = left - amount
		transact(shop, order, one.kind, one.gateway, amount, status=one.status)


def transact(
	shop: Shop, order: Order, kind: str, gateway: str, amount: Bag, *, status: str = "SUCCESS", parent=None
) -> Transaction:
	transaction = Transaction(
		shop.new_id(), order, kind, status, gateway, amount, order.test, order.updated_at, parent
	)
	order.transactions.append(transaction)
	return transaction


def touch(shop: Shop, order: Order) -> datetime:
	order.updated_at = shop.later(order.updated_at)
	return order.updated_at


def mark_paid(shop: Shop, order: Order, gateway: str | None = None, amount: str | None = None) -> Transaction:
	"""What is open (or `amount`, in the buyer's currency) is paid or captured."""
	outstanding = order.total_outstanding
	if order.cancelled_at or outstanding.presentment <= 0:
		raise Refused("Order cannot be marked as paid.", ["id"])
	touch(shop, order)
	waiting = next((one for one in order.transactions if one.status == "PENDING"), None)
	held = next((one for one in order.transactions if one.kind == "AUTHORIZATION"), None)
	sum_paid = outstanding if amount is None else order.of.bag_from_presentment(amount)
	parent = held or waiting
	transaction = transact(
		shop,
		order,
		"CAPTURE" if held else "SALE",
		gateway or (parent.gateway if parent else "manual"),
		sum_paid,
		parent=parent,
	)
	shop.tell("order_transactions/create", transaction)
	shop.tell("orders/updated", order)
	if order.financial_status == "PAID":
		shop.tell("orders/paid", order)
	return transaction
