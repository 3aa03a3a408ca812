"""Stripe accounts of the sandbox, connected."""

from __future__ import annotations

import frappe

from sandbox import books
from sandbox.vendors.stripe import Account, Stripe

KEY = "sk_test_sandbox"


def accounts(hub, web):
	"""A factory of Stripe accounts, each connected, with accounts in the books of its own and its webhooks registered."""

	def make(**values):
		home = books.currency()
		account = Account(home.lower(), rates={"usd": "0.92"})
		rows = books.gateway_accounts(f"Stripe {frappe.generate_hash(length=6)}", home)
		connected = hub.connect(
			Stripe(account, secret_key=KEY), "stripe", {}, {"secret_key": KEY}, accounts=rows, **values
		)
		connected.account = account
		connected.accounts = {row["kind"]: row["account"] for row in rows}
		connected.subscribe(web)
		return connected

	return make


def told(connected):
	"""Stripe's webhooks have arrived, and what they announce is done."""
	assert connected.vendor.courier.wait(30)
	states = {one.state for one in connected.vendor.courier.deliveries}
	assert states <= {"delivered"}, states
	connected.settle()
