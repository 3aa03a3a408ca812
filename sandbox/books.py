"""What a company needs besides what ERPNext's wizard makes, to try the hub: accounts, items, stock, a Connection.

Used by the demo, by `make serve` and by the tests, on the sandbox and on a real bench. Every function finds what is
there before it makes anything, and commits, because other processes (workers, web servers) must see it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import frappe

#: what the sandbox shop gives out; they open nothing else
TOKEN = "shpat_sandbox"
SECRET = "sandbox-secret"
#: what shops call a tax → the account it is booked to
TAXES = {
	"VAT": "VAT 19",
	"VAT 7%": "VAT 7",
	"State Tax": "State Tax",
	"City Tax": "City Tax",
	"CGST": "CGST",
	"SGST": "SGST",
	"Consumption Tax": "Consumption Tax",
}


@functools.cache
def company() -> str:
	"""The company the tests book in: the site's default one."""
	return (
		frappe.db.get_single_value("Global Defaults", "default_company")
		or frappe.get_all("Company", pluck="name")[0]
	)


def currency() -> str:
	return frappe.get_cached_value("Company", company(), "default_currency")


def warehouse() -> str:
	return frappe.db.get_value("Warehouse", {"company": company(), "warehouse_name": "Stores"})


def account(
	name: str, root_type: str, account_type: str = "", parent: str | None = None, currency_: str | None = None
) -> str:
	"""An account of this name below the first fitting group; made when missing."""
	existing = frappe.db.get_value("Account", {"account_name": name, "company": company()})
	if existing:
		return existing
	parent = parent or _group(root_type, account_type)
	doc = frappe.get_doc(
		{
			"doctype": "Account",
			"account_name": name,
			"company": company(),
			"parent_account": parent,
			"account_type": account_type,
			"account_currency": currency_ or currency(),
		}
	).insert()
	frappe.db.commit()  # other processes of a test must see it
	return doc.name


def _group(root_type: str, account_type: str) -> str:
	filters = {"company": company(), "root_type": root_type, "is_group": 1}
	with_type = (
		frappe.db.get_value("Account", {**filters, "account_type": account_type}) if account_type else None
	)
	if with_type:
		return with_type
	groups = frappe.get_all(
		"Account", filters={**filters, "parent_account": ("is", "set")}, pluck="name", order_by="lft desc"
	)
	return groups[0]


def accounts() -> list[dict]:
	"""Rows for a Connection's Accounts table: taxes, shipping, tips, duties, fees and gift cards."""
	return [
		{"kind": "Tax", "title": title, "account": account(name, "Liability", "Tax")}
		for title, name in TAXES.items()
	] + [
		{"kind": "Shipping", "title": "", "account": account("Shipping Income", "Income", "Income Account")},
		{"kind": "Tip", "title": "", "account": account("Tips", "Liability")},
		{"kind": "Duty", "title": "", "account": account("Import Duties", "Liability")},
		{"kind": "Fee", "title": "", "account": account("Refund Adjustments", "Income", "Income Account")},
		{"kind": "Gift Card", "title": "", "account": account("Gift Cards", "Liability")},
	]


def payment_methods() -> list[dict]:
	bank = account("Shop Clearing", "Asset", "Bank")
	cards = account("Gift Cards Used", "Liability")
	mode = frappe.db.get_value(
		"Mode of Payment", {"mode_of_payment": ("in", ["Credit Card", "Wire Transfer", "Cash"])}
	)
	return [
		{"method": method, "mode_of_payment": mode, "account": cards if method == "gift_card" else bank}
		for method in ("shopify_payments", "bogus", "manual", "gift_card", "cash", "paypal")
	]


def service_item(code: str) -> str:
	if not frappe.db.exists("Item", code):
		frappe.get_doc(
			{
				"doctype": "Item",
				"item_code": code,
				"item_name": code,
				"item_group": leaf("Item Group"),
				"stock_uom": "Nos",
				"is_stock_item": 0,
			}
		).insert()
		frappe.db.commit()  # other processes of a test must see it
	return code


def stock_item(code: str, quantity: float = 0, **values) -> str:
	"""A stock item with opening stock in the test warehouse."""
	if not frappe.db.exists("Item", code):
		frappe.get_doc(
			{
				"doctype": "Item",
				"item_code": code,
				"item_name": code,
				"item_group": leaf("Item Group"),
				"stock_uom": "Nos",
				"is_stock_item": 1,
				"valuation_rate": 1,
				**values,
			}
		).insert()
	if quantity:
		receive(code, quantity)
	frappe.db.commit()  # other processes of a test must see it
	return code


def receive(code: str, quantity: float) -> None:
	"""Goods that came in some seconds ago: shops tell times in whole seconds, so a parcel of this very second would be
	older than its goods."""
	came = frappe.utils.add_to_date(frappe.utils.now_datetime(), seconds=-5)
	entry = frappe.get_doc(
		{
			"doctype": "Stock Entry",
			"stock_entry_type": "Material Receipt",
			"purpose": "Material Receipt",
			"company": company(),
			"set_posting_time": 1,
			"posting_date": came.date(),
			"posting_time": came.time(),
			"items": [{"item_code": code, "qty": quantity, "t_warehouse": warehouse(), "basic_rate": 1}],
		}
	)
	entry.insert()
	entry.submit()
	frappe.db.commit()  # workers of a test must see it


def let_customers_owe_foreign_money() -> None:
	"""ERPNext's own switch: invoices in foreign currencies on a receivable account in the company's."""
	field = "allow_multi_currency_invoices_against_single_party_account"
	frappe.db.set_single_value("Accounts Settings", field, 1)
	frappe.db.commit()  # other processes of a test must see it


def customer(name: str, email: str = "") -> str:
	"""A Customer of this name; with an e-mail address it has a Contact."""
	existing = frappe.db.get_value("Customer", {"customer_name": name})
	if existing:
		return existing
	doc = frappe.get_doc(
		{
			"doctype": "Customer",
			"customer_name": name,
			"customer_type": "Company",
			"customer_group": leaf("Customer Group"),
			"territory": leaf("Territory"),
			**({"email_id": email} if email else {}),
		}
	).insert()
	frappe.db.commit()  # other processes of a test must see it
	return doc.name


def address(doctype: str, name: str) -> str:
	"""An Address linked to a company or customer; made when it has none."""
	existing = frappe.db.get_value(
		"Dynamic Link", {"link_doctype": doctype, "link_name": name, "parenttype": "Address"}, "parent"
	)
	if existing:
		return existing
	doc = frappe.get_doc(
		{
			"doctype": "Address",
			"address_title": name,
			"address_type": "Shipping",
			"address_line1": "Mill Road 12",
			"city": "Mumbai",
			"state": "Maharashtra",
			"pincode": "400001",
			"country": "India",
			"phone": "9876543210",
			"is_your_company_address": int(doctype == "Company"),
			"links": [{"link_doctype": doctype, "link_name": name}],
		}
	).insert()
	frappe.db.commit()  # other processes of a test must see it
	return doc.name


def gateway_accounts(prefix: str, settles_in: str) -> list[dict]:
	"""Rows for a gateway's Accounts table, on accounts of its own: clearing, bank, fees, disputes."""
	rows = []
	for kind, root_type, account_type, currency_ in (
		("Clearing", "Asset", "Bank", settles_in),
		("Bank", "Asset", "Bank", settles_in),
		("Gateway Fee", "Expense", "", None),
		("Disputed", "Asset", "", None),
		("Dispute Loss", "Expense", "", None),
		("Payout Adjustment", "Expense", "", None),
	):
		name = account(f"{prefix} {kind}", root_type, account_type, currency_=currency_)
		rows.append({"kind": kind, "account": name})
	# what the bank's rate makes more or less of a payment
	company_doc = frappe.get_doc("Company", company())
	if not company_doc.exchange_gain_loss_account:
		company_doc.db_set("exchange_gain_loss_account", account("Exchange Gain/Loss", "Expense"))
	frappe.db.commit()  # other processes of a test must see it
	return rows


def leaf(doctype: str) -> str:
	return frappe.db.get_value(doctype, {"is_group": 0}, "name", order_by="lft")


def rate(from_currency: str, to_currency: str, value: float) -> None:
	"""A fixed exchange rate, so that no test asks the outside world."""
	for source, target, number in (
		(from_currency, to_currency, value),
		(to_currency, from_currency, 1 / value),
	):
		if source != target and not frappe.db.exists(
			"Currency Exchange", {"from_currency": source, "to_currency": target}
		):
			frappe.db.set_value("Currency", source, "enabled", 1)
			frappe.get_doc(
				{
					"doctype": "Currency Exchange",
					"date": "2026-01-01",
					"from_currency": source,
					"to_currency": target,
					"exchange_rate": number,
					"for_buying": 1,
					"for_selling": 1,
				}
			).insert()
	frappe.db.commit()  # workers of a test must see it


def connect(
	title: str,
	connector: str,
	address: str,
	credentials: dict[str, str],
	secrets: dict[str, str],
	**values: Any,
) -> Any:
	"""An enabled Connection of any connector to a sandbox vendor at `address`, with every Resource switched on."""
	doc = frappe.get_doc(
		{
			"doctype": "Integration Connection",
			"title": title,
			"connector": connector,
			"company": company(),
			"environment": "Sandbox",
			"sandbox_url": address,
			"enabled": 1,
			"customer_group": leaf("Customer Group"),
			"territory": leaf("Territory"),
			"credentials": [
				*({"setting": name, "value": value} for name, value in credentials.items()),
				*({"setting": name, "is_secret": 1, "secret": value} for name, value in secrets.items()),
			],
			**values,
		}
	).insert()
	for row in doc.resources:
		row.enabled = 1
	doc.save()
	frappe.db.commit()  # workers and web servers must see the Connection
	return doc


def connect_shop(title: str, address: str, locations: Iterable[Any], **values: Any) -> Any:
	"""A Connection to a sandbox shop, with everything mapped."""
	return connect(
		title,
		"shopify",
		address,
		{"shop_domain": "sandbox.myshopify.com"},
		{"access_token": TOKEN, "client_secret": SECRET},
		**{
			"warehouse": warehouse(),
			"item_group": leaf("Item Group"),
			"stock_uom": "Nos",
			"create_items": 1,
			"custom_item": service_item("Hub Custom Line"),
			"gift_card_item": service_item("Hub Gift Card"),
			"accounts": accounts(),
			"payment_methods": payment_methods(),
			"locations": [
				{"location_id": str(one.id), "location_name": one.name, "warehouse": warehouse()}
				for one in locations
			],
			**values,
		},
	)
