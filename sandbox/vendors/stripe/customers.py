"""Customers of the account."""

from typing import TYPE_CHECKING

from sandbox.vendors.stripe import methods

if TYPE_CHECKING:
	from sandbox.vendors.stripe.account import Account


def create(account: "Account", method: str | None = None, **fields) -> dict:
	"""method: payment method (or the name of a test card) that is attached and becomes the default."""
	customer = account.add("cus", "customer")
	customer |= {
		"address": None,
		"balance": 0,
		"currency": None,
		"customer_account": None,
		"default_source": None,
		"delinquent": False,
		"description": None,
		"discount": None,
		"email": None,
		"invoice_prefix": account.new_id("cus")[4:12].upper(),
		"invoice_settings": {
			"custom_fields": None,
			"default_payment_method": None,
			"footer": None,
			"rendering_options": None,
		},
		"metadata": {},
		"name": None,
		"next_invoice_sequence": 1,
		"phone": None,
		"preferred_locales": [],
		"shipping": None,
		"tax_exempt": "none",
		"test_clock": None,
		"_tax_ids": [],
	} | fields
	if method:
		attached = attach(account, methods.named(account, method), customer)
		customer["invoice_settings"] |= {"default_payment_method": attached["id"]}
	account.tell("customer.created", customer)
	return customer


def attach(account: "Account", method: dict, customer: dict) -> dict:
	return account.change(method, "payment_method.attached", customer=customer["id"])


def default_method(account: "Account", customer: dict) -> dict | None:
	"""What a customer without another choice is charged with."""
	return account.tables.get("payment_method", {}).get(
		customer["invoice_settings"]["default_payment_method"]
	)
