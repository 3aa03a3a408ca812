"""A Connection to the gateway on paper, with accounts of its own, and the verbs of a bookkeeper."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import frappe

from integration_hub import connectors
from sandbox import books
from tests.support.hub import Connected
from tests.support.paper import Account

_numbers = itertools.count(1)
#: the Resource whose Events bring a kind of thing
RESOURCE = {"bills": "invoices"}


def amount(value: Any) -> Decimal:
	"""A document's float as the decimal number it stands for."""
	return Decimal(str(round(float(value or 0), 3))).normalize() + 0


class Gateway(Connected):
	"""One account on paper and its Connection."""

	def __init__(self, site: Any, account: Account, connection: str, accounts: dict[str, str]):
		super().__init__(site, None, None, connection)
		self.account, self.accounts = account, accounts

	def close(self) -> None:
		Account.opened.pop(self.account.name, None)

	# --- Events

	def tell(self, kind: str, record: Any, copies: int = 1) -> Any:
		"""The gateway tells of a thing, as a webhook would (`copies` times); it is worked on. Returns the Event that did it:
		the others end together with it."""
		from integration_hub.sync import store

		resource = RESOURCE.get(kind, kind)
		for _copy in range(copies):
			draft = store.Draft(
				"In",
				resource,
				record.id,
				dedupe_key=f"{record.id}:{next(_numbers)}",
				version=record.version,
			)
			store.store(self.connection, [draft])
		frappe.db.commit()  # the worker reads it in its own transaction
		self.drain()
		found = self.events(resource=resource, outside_id=record.id)[:copies]
		others = ("Done together", "tells the same")
		return next(
			(one for one in found if not any(words in (one.message or "") for words in others)), found[0]
		)

	def event(self, resource: str, outside_id: str) -> Any:
		return self.events(resource=resource, outside_id=outside_id)[0]

	def works(self, draft: Any) -> Any:
		"""Ask for something as a button does."""
		from integration_hub.sync import commands

		return commands.ask(self.connection, draft)

	# --- books

	def entry(self, record: Any, resource: str = "payments") -> Any:
		link = self.link(resource, record.id)
		assert link and link.reference_name, f"nothing is booked for {record.id}: {self.events()}"
		return frappe.get_doc(link.reference_doctype, link.reference_name)

	def balance(self, kind: str) -> Decimal:
		"""What one of the Connection's accounts holds, in its own currency."""
		return balance(self.accounts[kind])[0]

	def base_balance(self, kind: str) -> Decimal:
		"""The same in the company's currency."""
		return balance(self.accounts[kind])[1]


def balance(account: str) -> tuple[Decimal, Decimal]:
	rows = frappe.get_all(
		"GL Entry",
		filters={"account": account, "is_cancelled": 0},
		fields=["debit_in_account_currency", "credit_in_account_currency", "debit", "credit"],
		limit_page_length=0,
	)
	own = sum(
		(amount(row.debit_in_account_currency) - amount(row.credit_in_account_currency) for row in rows),
		Decimal(0),
	)
	base = sum((amount(row.debit) - amount(row.credit) for row in rows), Decimal(0))
	return own, base


def everything_balances(gateway):
	"""Debit is credit in every document of this Connection."""
	for doctype in ("Payment Entry", "Journal Entry"):
		names = frappe.get_all(doctype, filters={"integration_connection": gateway.connection}, pluck="name")
		for name in names:
			rows = frappe.get_all(
				"GL Entry", filters={"voucher_no": name, "is_cancelled": 0}, fields=["debit", "credit"]
			)
			assert sum(amount(row.debit) for row in rows) == sum(amount(row.credit) for row in rows), name


def about(doc: Any) -> tuple[str, str]:
	"""What a payment is told to be for."""
	return (doc.doctype, doc.name)


class Gateways:
	"""Makes Gateways for one test and forgets them after it."""

	def __init__(self, site: Any):
		self.site, self.made = site, []
		from tests.support.paper import Paper

		connectors.BUILT_IN["paper"] = f"{Paper.__module__}.{Paper.__name__}"

	def __call__(self, settles_in: str = "EUR", bank_in: str | None = None, **switches: Any) -> Gateway:
		tag = f"{next(_numbers)}{frappe.generate_hash(length=5)}"
		accounts = {
			"Clearing": books.account(f"Clearing {tag}", "Asset", "Bank", currency_=settles_in),
			"Bank": books.account(f"Giro {tag}", "Asset", "Bank", currency_=bank_in or settles_in),
			"Gateway Fee": books.account(f"Fees {tag}", "Expense"),
			"Disputed": books.account(f"Disputed {tag}", "Asset", currency_=settles_in),
			"Dispute Loss": books.account(f"Dispute Loss {tag}", "Expense"),
			"Payout Adjustment": books.account(f"Adjustments {tag}", "Expense"),
		}
		account = Account(tag, settles_in)
		values: dict[str, Any] = {
			"accounts": [{"kind": kind, "title": "", "account": one} for kind, one in accounts.items()],
			"custom_item": books.service_item("Hub Custom Line"),
		}
		doc = books.connect(
			f"Paper {tag}",
			"paper",
			"https://paper.invalid",
			{"account": tag},
			{"secret": "on paper"},
			**{**values, **switches},
		)
		gateway = Gateway(self.site, account, doc.name, accounts)
		self.made.append(gateway)
		return gateway

	def close(self) -> None:
		for gateway in self.made:
			gateway.close()
		connectors.BUILT_IN.pop("paper", None)


# --- documents -------------------------------------------------------------------------------------------


def customer(name: str = "Payer", **values: Any) -> str:
	doc = frappe.get_doc(
		{
			"doctype": "Customer",
			"customer_name": f"{name} {frappe.generate_hash(length=8)}",
			"customer_group": books.leaf("Customer Group"),
			"territory": books.leaf("Territory"),
			**values,
		}
	).insert()
	frappe.db.commit()  # workers must see it
	return doc.name


def with_email(name: str, email: str) -> str:
	"""A Contact with this address for a Customer."""
	contact = frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": name[:40],
			"email_ids": [{"email_id": email, "is_primary": 1}],
			"links": [{"link_doctype": "Customer", "link_name": name}],
		}
	).insert()
	frappe.db.commit()  # workers must see it
	return contact.name


def sale(
	doctype: str = "Sales Invoice", total: Decimal | str = "100", currency: str = "EUR", **values: Any
) -> Any:
	"""A submitted Sales Invoice or Sales Order about one service."""
	day = frappe.utils.today()
	dates = {"transaction_date": day, "delivery_date": day} if doctype == "Sales Order" else {"due_date": day}
	rate = float(values.pop("rate", 1))
	doc = frappe.get_doc(
		{
			"doctype": doctype,
			"company": books.company(),
			"customer": values.pop("customer", None) or customer(),
			"currency": currency,
			"conversion_rate": rate,
			"selling_price_list": frappe.db.get_value("Price List", {"selling": 1}),
			"price_list_currency": currency,
			"plc_conversion_rate": rate,
			"ignore_pricing_rule": 1,
			"disable_rounded_total": 1,
			**dates,
			"items": [
				{
					"item_code": books.service_item("Hub Custom Line"),
					"qty": 1,
					"rate": float(total),
					"price_list_rate": float(total),
					"delivery_date": day,
				}
			],
			**values,
		}
	)
	doc.insert()
	doc.submit()
	frappe.db.commit()  # workers must see it
	return doc


def credit(invoice: Any, total: Decimal | str | None = None, **values: Any) -> Any:
	"""A submitted credit note for an invoice of `sale`, in whole or part."""
	from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return

	doc = make_sales_return(invoice.name)
	doc.disable_rounded_total = 1
	doc.ignore_pricing_rule = 1
	doc.update(values)
	if total is not None:
		doc.items[0].rate = doc.items[0].price_list_rate = float(total)
	doc.insert()
	doc.submit()
	frappe.db.commit()  # workers must see it
	return doc


def billed(order: Any, **values: Any) -> Any:
	"""The submitted Sales Invoice of a Sales Order."""
	from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice

	doc = make_sales_invoice(order.name)
	doc.disable_rounded_total = 1
	doc.update(values)
	doc.insert()
	doc.submit()
	frappe.db.commit()  # workers must see it
	return doc


def outstanding(doc: Any) -> Decimal:
	frappe.db.rollback()
	return amount(frappe.db.get_value(doc.doctype, doc.name, "outstanding_amount"))
