"""What customers, banks and the account's owner do: the account's part that tests and demonstrations call.

Things are named by their ids (or by the URL of the page that a customer would open); answers are copies in the
shape of the API. What Stripe would refuse is a ValueError here.
"""

import functools
from collections.abc import Callable
from decimal import Decimal

from sandbox.vendors.stripe import (
	billing,
	catalog,
	checkout,
	customers,
	disputes,
	methods,
	payments,
	payouts,
	refunds,
)
from sandbox.vendors.stripe.errors import Refusal
from sandbox.vendors.stripe.money import check_currency
from sandbox.vendors.stripe.render import plain

DOINGS: list[str] = []  # the names of all of them


def doing(act: Callable) -> Callable:
	"""Under the account's lock, as one change, with a copy for an answer."""

	@functools.wraps(act)
	def wrapped(self, *given, **named):
		try:
			with self.together():
				return plain(act(self, *given, **named))
		except Refusal as refusal:
			raise ValueError(refusal.message) from refusal

	DOINGS.append(act.__name__)
	return wrapped


class Doings:
	"""Mixed into `Account`."""

	# ---- the customer

	@doing
	def pay(
		self,
		what: str,
		amount: int | None = None,
		method: str = "card",
		delayed: bool = False,
		decline: str | None = None,
		email: str | None = None,
		name: str | None = None,
	) -> dict:
		"""A session, a link (opens a session of its own), an intent or an open invoice, by id or URL. Answers the
		session, intent or invoice.

		amount: minor units; what the customer pays instead of the session's total. method: "card", the name of a test
		card, or another type (ideal, link, upi, sepa_debit, ...). delayed: the bank answers later (`finish_delayed`).
		decline: the bank says no with this code (insufficient_funds, ...); the session stays open.
		"""
		id = what.partition("?")[0].rstrip("/").rsplit("/", 1)[-1]
		if id.startswith("test_"):
			id = f"plink_1{id.removeprefix('test_')}"
		if id.startswith("plink_"):
			id = checkout.open_link(self, self.find("payment_link", id))["id"]
		try:
			return self._paid(id, amount, method, delayed, decline, email, name)
		except Refusal as refusal:
			if refusal.status != 402:
				raise
			return self.any(id)

	def _paid(self, id, amount, method, delayed, decline, email, name) -> dict:
		if id.startswith("cs_"):
			session = self.find("checkout.session", id)
			known = {"amount": amount, "method": method, "delayed": delayed, "decline": decline}
			return checkout.pay(self, session, **known, email=email, name=name)
		if amount is not None:
			raise ValueError("Only sessions and links can be paid with another amount")
		chosen = methods.make(self, "sepa_debit" if delayed and method == "card" else method)
		if id.startswith("in_"):
			return billing.pay_invoice(self, self.find("invoice", id), chosen, decline=decline)
		intent = self.find("payment_intent", id)
		payments.confirm(self, intent, chosen, decline=decline, delayed=delayed)
		if intent["status"] == "requires_action":
			payments.confirm(self, intent, chosen)
		return intent

	@doing
	def open_link(self, link: str) -> dict:
		"""A customer follows a payment link and has not paid yet: the session."""
		return checkout.open_link(self, self.find("payment_link", link))

	@doing
	def finish_delayed(self, what: str, failed: str | None = None) -> dict:
		"""The bank's answer to a delayed payment (session or intent). failed: why not (insufficient_funds)."""
		if what.startswith("cs_"):
			return checkout.finish(self, self.find("checkout.session", what), failed)
		intent = self.find("payment_intent", what)
		if intent.get("_session"):
			return checkout.finish(self, self.find("checkout.session", intent["_session"]), failed)
		return payments.finish(self, intent, failed)

	@doing
	def expire_session(self, session: str) -> dict:
		return checkout.expire(self, self.find("checkout.session", session))

	# ---- the owner, in Stripe's Dashboard

	@doing
	def refund(
		self,
		payment: str,
		amount: int | None = None,
		fail_later: bool = False,
		pending: bool = False,
		requires_action: bool = False,
		reason: str | None = None,
		metadata: dict | None = None,
	) -> dict:
		"""payment: a payment intent, charge or session. amount: minor units of the charge's currency; all if not told.

		pending: until `finish_refund`. fail_later: pending, too; `fail_refund` comes next (a refund that has succeeded
		can fail as well). requires_action: it waits for the customer, and can be cancelled.
		"""
		return refunds.create(
			self,
			self._charge(payment),
			amount,
			reason=reason,
			metadata=metadata,
			pending=pending or fail_later,
			action=requires_action,
		)

	def _charge(self, payment: str) -> dict:
		"""The latest charge of whatever was paid."""
		if payment.startswith(("ch_", "py_")):
			return self.find("charge", payment)
		if payment.startswith("cs_"):
			payment = self.find("checkout.session", payment)["payment_intent"]
		if payment and payment.startswith("in_"):
			entry = self.find("invoice_payment", self.find("invoice", payment).get("_payment"))
			payment = entry["payment"]["payment_intent"]
		return self.find("charge", self.find("payment_intent", payment)["latest_charge"])

	@doing
	def finish_refund(self, refund: str) -> dict:
		return refunds.finish(self, self.find("refund", refund))

	@doing
	def fail_refund(self, refund: str, reason: str = "expired_or_canceled_card") -> dict:
		return refunds.fail(self, self.find("refund", refund), reason)

	@doing
	def capture(self, payment_intent: str, amount: int | None = None) -> dict:
		return payments.capture(self, self.find("payment_intent", payment_intent), amount)

	@doing
	def finish_settlement(self) -> list[dict]:
		"""With settle_late: the balance transactions of all charges that wait for theirs. Answers the charges."""
		waiting = [one for one in self.all("charge") if one.get("_unsettled")]
		for charge in waiting:
			payments.settle(self, charge)
		return waiting

	@doing
	def add_customer(self, method: str | None = None, **fields) -> dict:
		return customers.create(self, method, **fields)

	@doing
	def add_price(
		self,
		name: str,
		amount: int,
		currency: str | None = None,
		interval: str | None = None,
		interval_count: int = 1,
	) -> dict:
		"""A product of this name with a price; interval (day, week, month, year): of a subscription."""
		product = catalog.new_product(self, name)
		recurring = {"interval": interval, "interval_count": interval_count} if interval else None
		price = catalog.new_price(
			self, currency or self.currency, product, unit_amount=amount, recurring=recurring
		)
		self.change(product, "product.updated", default_price=price["id"])
		return price

	# ---- disputes

	@doing
	def open_dispute(
		self, payment: str, amount: int | None = None, reason: str = "fraudulent", inquiry: bool = False
	) -> dict:
		"""payment: as for `refund`. inquiry: only a question, no money goes yet (`escalate_dispute`)."""
		return disputes.open_one(self, self._charge(payment), amount, reason=reason, inquiry=inquiry)

	@doing
	def escalate_dispute(self, dispute: str) -> dict:
		return disputes.escalate(self, self.find("dispute", dispute))

	@doing
	def close_dispute(self, dispute: str, status: str) -> dict:
		"""status: won or lost; an inquiry is closed without either."""
		return disputes.close(self, self.find("dispute", dispute), status)

	# ---- money

	@doing
	def set_rates(self, **rates: str | float) -> dict[str, str]:
		"""{currency: units of the settlement currency for one of it}, from now on; what is converted stays."""
		for currency, rate in rates.items():
			self.rates[check_currency(currency)] = Decimal(str(rate))
		return {currency: str(rate) for currency, rate in self.rates.items()}

	@doing
	def set_fees(
		self,
		percent: str | None = None,
		fixed: int | dict[str, int] | None = None,
		dispute: int | dict[str, int] | None = None,
		dispute_returned: bool | None = None,
	) -> dict:
		"""Of charges and disputes from now on; fixed and dispute in minor units of the settlement currency."""
		if percent is not None:
			self.fee_percent = Decimal(str(percent))
		self.fee_fixed = self.fee_fixed if fixed is None else fixed
		self.dispute_fee = self.dispute_fee if dispute is None else dispute
		if dispute_returned is not None:
			self.dispute_fee_returned = dispute_returned
		return {"percent": str(self.fee_percent), "fixed": self.fee_fixed, "dispute": self.dispute_fee}

	@doing
	def balance(self) -> dict:
		"""{currency: {"available", "pending"}} in minor units: what the account holds."""
		return self.ledger.totals()

	@doing
	def release(self, currency: str | None = None) -> dict:
		"""Everything pending becomes available, as if the days had passed."""
		self.ledger.release(currency)
		return self.ledger.totals()

	@doing
	def make_payout(
		self,
		currency: str | None = None,
		arrive: bool = True,
		reconcile: bool = True,
		release: bool = True,
	) -> dict:
		"""Stripe's automatic payout of all that is available; release: of what was pending, too.

		arrive: it reaches the bank at once (else `pay_payout`). reconcile: what is in it can be listed at once (else
		`complete_reconciliation`). A balance below zero makes a payout with a negative amount. ValueError: nothing
		there.
		"""
		currency = currency or self.currency
		if release:
			self.ledger.release(currency)
		payout = payouts.automatic(self, currency)
		if arrive:
			payouts.pay(self, payout)
		if reconcile:
			payouts.complete(self, payout)
		return payout

	@doing
	def pay_payout(self, payout: str) -> dict:
		return payouts.pay(self, self.find("payout", payout))

	@doing
	def fail_payout(self, payout: str, code: str = "account_closed") -> dict:
		"""The bank sends it back; the next payout has the money again."""
		return payouts.fail(self, self.find("payout", payout), code)

	@doing
	def complete_reconciliation(self, payout: str) -> dict:
		return payouts.complete(self, self.find("payout", payout))

	@doing
	def expect(self, payment: str) -> dict:
		"""What the account's own books say of a payment (intent, charge, session or invoice), in minor units.

		amount, captured, refunded (not failed ones), disputed (lost or open) are in `currency`; gross, fee and net, all
		its movements together, in `settlement_currency`.
		"""
		charge = self._charge(payment)
		given_back = [one for one in self.all("refund") if one["charge"] == charge["id"]]
		fights = [one for one in self.all("dispute") if one["charge"] == charge["id"]]
		sources = {charge["id"], *(one["id"] for one in given_back), *(one["id"] for one in fights)}
		entries = [one for one in self.all("balance_transaction") if one["source"] in sources]
		return {
			"payment_intent": charge["payment_intent"],
			"charge": charge["id"],
			"status": charge["status"],
			"currency": charge["currency"],
			"amount": charge["amount"],
			"captured": charge["amount_captured"],
			"refunded": sum(
				one["amount"] for one in given_back if one["status"] not in ("failed", "canceled")
			),
			"refunds": {one["id"]: one["status"] for one in given_back},
			"disputed": sum(
				one["amount"] for one in fights if one["status"] != "won" and "warning" not in one["status"]
			),
			"disputes": {one["id"]: one["status"] for one in fights},
			"settlement_currency": entries[0]["currency"] if entries else None,
			"gross": sum(one["amount"] for one in entries),
			"fee": sum(one["fee"] for one in entries),
			"net": sum(one["net"] for one in entries),
			"payouts": sorted({one["_payout"] for one in entries if one["_payout"]}),
		}

	# ---- subscriptions

	@doing
	def subscribe(
		self,
		price: str | None = None,
		quantity: int = 1,
		amount: int = 2000,
		currency: str | None = None,
		interval: str = "month",
		interval_count: int = 1,
		product: str = "Sandbox plan",
		customer: str | None = None,
		email: str = "subscriber@example.com",
		name: str = "Sandbox Subscriber",
		method: str = "pm_card_visa",
		collection_method: str = "charge_automatically",
		days_until_due: int | None = None,
		metadata: dict | None = None,
		begin: int | None = None,
		trial_days: int = 0,
	) -> dict:
		"""Made at Stripe: an existing price or a new one, an existing customer or a new one. The first invoice is paid.

		begin: unix time when the first period began, perhaps in the past. Answers the subscription.
		"""
		price = price or self.add_price(product, amount, currency, interval, interval_count)["id"]
		if customer is None:
			customer = customers.create(self, method, email=email, name=name)["id"]
		sent = collection_method == "send_invoice"
		return billing.start(
			self,
			self.find("customer", customer),
			[(self.find("price", price), quantity)],
			collection_method=collection_method,
			days_until_due=(30 if days_until_due is None else days_until_due) if sent else None,
			trial_end=self.now() + trial_days * 86400 if trial_days else None,
			begin=begin,
			metadata=metadata or {},
		)

	@doing
	def next_cycle(self, subscription: str, pay: bool = True, decline: str = "insufficient_funds") -> dict:
		"""The period is over: the invoice of the next one, paid or (pay=False) declined. Answers the invoice.

		Only the periods move; the account's clock stays, and the invoice is made now.
		"""
		return billing.next_cycle(self, self.find("subscription", subscription), pay=pay, decline=decline)

	@doing
	def cancel_subscription(self, subscription: str) -> dict:
		return billing.cancel(self, self.find("subscription", subscription))

	# ---- webhooks, time, looking

	@doing
	def listen(self, url: str, events: list[str] = ("*",), api_version: str | None = None) -> dict:
		"""A webhook endpoint made by hand; answers it with its `secret`."""
		endpoint = self.events.listen(url, list(events), api_version=api_version)
		return endpoint | {"secret": endpoint["_secrets"][0]}

	@doing
	def roll_secret(self, endpoint: str, keep_old: bool = True) -> dict:
		"""A new secret; keep_old: both sign until `drop_old_secret`."""
		known = self.find("webhook_endpoint", endpoint)
		made = self.new_id("whsec")
		known["_secrets"] = [made, *known["_secrets"][: 1 if keep_old else 0]]
		return {"id": endpoint, "secret": made}

	@doing
	def drop_old_secret(self, endpoint: str) -> dict:
		known = self.find("webhook_endpoint", endpoint)
		del known["_secrets"][1:]
		return known

	@doing
	def resend(self, event: str) -> dict:
		"""The Dashboard's button: once more to all endpoints that want it, under a new signature."""
		known = self.find("event", event)
		for endpoint in self.all("webhook_endpoint"):
			if not endpoint.get("deleted"):
				self.events.send(known, endpoint)
		return known

	@doing
	def advance_clock(self, seconds: int) -> dict:
		"""Money becomes available, sessions expire; subscriptions wait for `next_cycle`."""
		self.clock.advance(seconds)
		self.ledger.refresh()
		checkout.refresh(self)
		return {"now": self.now()}

	@doing
	def show(self, id: str) -> dict:
		"""Any object."""
		found = self.any(id)
		if found is None:
			raise LookupError(f"There is nothing with the id {id}")
		return found
