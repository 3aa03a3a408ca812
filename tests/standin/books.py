"""A bookkeeper's helper: short ways to make items, customers and documents, and to read the ledgers."""

from __future__ import annotations

import secrets


class Books:
	def __init__(self):
		import frappe

		self.frappe = frappe
		self.db = frappe.db
		self.company = frappe.db.get_single_value("Global Defaults", "default_company")
		self.abbr = frappe.get_cached_value("Company", self.company, "abbr")
		self.today = frappe.utils.today()
		self.tag = secrets.token_hex(3).upper()
		self._made: list[tuple[str, str]] = []
		self.settings("Stock Settings", auto_insert_price_list_rate_if_missing=0)

	def forget(self) -> None:
		"""Undo everything, also in the caches."""
		self.db.rollback()
		for doctype, name in self._made:
			self.frappe.clear_document_cache(doctype, name)
		self.frappe.local.field_currency = None

	# --- masters ---------------------------------------------------------------------------------------

	def make(self, doctype: str, submit: bool = False, **values):
		doc = self.frappe.get_doc({"doctype": doctype, **values}).insert()
		self._made.append((doctype, doc.name))
		if submit:
			doc.submit()
		return doc

	def settings(self, doctype: str, **values) -> None:
		"""Change a settings document for this test."""
		self._made.append((doctype, doctype))
		doc = self.frappe.get_doc(doctype)
		doc.update(values)
		doc.flags.ignore_mandatory = True
		doc.save()

	def set_value(self, doctype: str, name: str, **values) -> None:
		self._made.append((doctype, name))
		self.db.set_value(doctype, name, values)
		self.frappe.clear_document_cache(doctype, name)

	def name(self, text: str) -> str:
		return f"{text} {self.tag}"

	def item(self, text: str = "Thing", **values) -> str:
		values = {
			"item_group": "Products",
			"stock_uom": "Nos",
			"is_stock_item": 1,
			"valuation_rate": 4,
		} | values
		return self.make("Item", item_code=self.name(text), item_name=text, **values).name

	def service(self, text: str = "Service") -> str:
		"""The service of that name; made when there is none yet."""
		if self.db.exists("Item", self.name(text)):
			return self.name(text)
		return self.item(text, is_stock_item=0, item_group="Services")

	def customer(self, text: str = "Ann", **values) -> str:
		values = {"customer_group": "Individual", "territory": "All Territories"} | values
		return self.make("Customer", customer_name=self.name(text), customer_type="Individual", **values).name

	def account(self, text: str, parent: str, kind: str = "", **values) -> str:
		"""An account below a group of the company, named by the group's name without the company's."""
		return self.make(
			"Account",
			account_name=self.name(text),
			company=self.company,
			parent_account=f"{parent} - {self.abbr}",
			account_type=kind,
			**values,
		).name

	def tax(self, text: str = "Tax") -> str:
		return self.account(text, "Duties and Taxes", "Tax")

	def bank(self, text: str = "Shop Bank", **values) -> str:
		"""The bank account of that name; made when there is none yet."""
		name = f"{self.name(text)} - {self.abbr}"
		if self.db.exists("Account", name):
			return name
		return self.account(text, "Bank Accounts", "Bank", **values)

	def debtor(self, currency: str) -> tuple[str, str]:
		"""A customer who is billed, and whose account is kept, in a foreign currency; and that account."""
		account = self.account(
			f"Debtors {currency}", "Accounts Receivable", "Receivable", account_currency=currency
		)
		customer = self.customer(
			default_currency=currency, accounts=[{"company": self.company, "account": account}]
		)
		return customer, account

	def warehouse(self, text: str = "Stores") -> str:
		return f"{text} - {self.abbr}"

	def rate(self, source: str, target: str, value: float) -> None:
		for currency in (source, target):
			self.db.set_value("Currency", currency, "enabled", 1)
		self.db.delete("Currency Exchange", {"from_currency": source, "to_currency": target})
		self.make(
			"Currency Exchange",
			date=self.today,
			from_currency=source,
			to_currency=target,
			exchange_rate=value,
			for_buying=1,
			for_selling=1,
		)

	# --- documents -------------------------------------------------------------------------------------

	def receive(self, item: str, quantity: float, rate: float = 4, warehouse: str = "Stores", **values):
		return self.make(
			"Stock Entry",
			submit=True,
			stock_entry_type="Material Receipt",
			purpose="Material Receipt",
			company=self.company,
			items=[
				{
					"item_code": item,
					"qty": quantity,
					"t_warehouse": self.warehouse(warehouse),
					"basic_rate": rate,
				}
			],
			**values,
		)

	def document(
		self, doctype: str, lines: list[dict], taxes: list[dict] = (), submit: bool = False, **values
	):
		"""A sales document. A line without an item gets a service; a tax without an account gets one."""
		service = None
		rows = []
		for line in lines:
			line = dict(line)
			if "item_code" not in line:
				service = service or self.service()
				line["item_code"] = service
			line.setdefault("warehouse", self.warehouse())
			rows.append(line)
		values.setdefault("customer", None)
		values["customer"] = values["customer"] or self.customer()
		if doctype == "Sales Order":
			values = {"transaction_date": self.today, "delivery_date": self.today} | values
		elif values.get("posting_date"):
			values["set_posting_time"] = 1
		values = {
			"company": self.company,
			"currency": "EUR",
			"selling_price_list": "Standard Selling",
		} | values
		charges = []
		for tax in taxes:
			tax = {"charge_type": "Actual", "description": "Tax", **tax}
			if "account_head" not in tax:
				tax["account_head"] = self.tax(tax["description"])
			charges.append(tax)
		return self.make(doctype, submit=submit, items=rows, taxes=charges, **values)

	def order(self, lines, **values):
		return self.document("Sales Order", lines, submit=values.pop("submit", True), **values)

	def invoice(self, lines, **values):
		return self.document("Sales Invoice", lines, submit=values.pop("submit", True), **values)

	def keep(self, doc, **values):
		"""Insert and submit a mapped document."""
		doc.update(values)
		doc.insert()
		doc.submit()
		return doc

	def pay(self, target, amount: float, allocate: float | None = None, direction: str = "Receive", **values):
		"""A payment by bank, allocated to a document."""
		from erpnext.accounts.party import get_party_account

		account = target.get("debit_to") or get_party_account("Customer", target.customer, self.company)
		bank = values.pop("bank", None) or self.bank()
		ours, theirs = ("paid_to", "paid_from") if direction == "Receive" else ("paid_from", "paid_to")
		references = []
		allocate = amount if allocate is None else allocate
		if allocate:
			references = [
				{
					"reference_doctype": target.doctype,
					"reference_name": target.name,
					"allocated_amount": allocate,
				}
			]
		values = {"paid_amount": amount, "received_amount": amount} | values
		return self.make(
			"Payment Entry",
			submit=True,
			payment_type=direction,
			company=self.company,
			posting_date=self.today,
			party_type="Customer",
			party=target.customer,
			reference_no="1",
			reference_date=self.today,
			source_exchange_rate=values.pop("source_exchange_rate", 1),
			target_exchange_rate=values.pop("target_exchange_rate", 1),
			references=references,
			**{ours: bank, theirs: account},
			**values,
		)

	def journal(self, rows: list[dict], submit: bool = True, **values):
		"""A Journal Entry. A row says `debit` or `credit` in its account's currency."""
		accounts = []
		for row in rows:
			row = dict(row)
			for side in ("debit", "credit"):
				if side in row:
					row[f"{side}_in_account_currency"] = row.pop(side)
			accounts.append(row)
		values = {
			"voucher_type": "Journal Entry",
			"company": self.company,
			"posting_date": self.today,
		} | values
		return self.make("Journal Entry", submit=submit, accounts=accounts, **values)

	def gains(self) -> str:
		"""The company's account for exchange differences."""
		account = self.frappe.get_cached_value("Company", self.company, "exchange_gain_loss_account")
		if not account:
			account = self.account("Exchange", "Indirect Expenses")
			self.set_value("Company", self.company, exchange_gain_loss_account=account)
		return account

	def state(self, invoice) -> tuple[str, float]:
		"""Status of a Sales Invoice and what is open on it."""
		row = self.db.get_value("Sales Invoice", invoice.name, ["status", "outstanding_amount"], as_dict=True)
		return row.status, round(row.outstanding_amount, 6) or 0

	# --- reading ---------------------------------------------------------------------------------------

	def ledger(self, voucher) -> list[tuple[str, float, float]]:
		"""(account without company and tag, debit, credit) of a voucher's live entries, sorted."""
		return [row[:3] for row in self.entries(voucher)]

	def entries(self, voucher, *more: str) -> list[tuple]:
		"""(account, debit, credit, debit and credit in the account's currency, that currency, further fields) of a
		voucher's live entries, sorted; signs and places that are zero say 0."""
		amounts = ("debit", "credit", "debit_in_account_currency", "credit_in_account_currency")
		rows = self.frappe.get_all(
			"GL Entry",
			filters={"voucher_no": getattr(voucher, "name", voucher), "is_cancelled": 0},
			fields=["account", *amounts, "account_currency", *more],
			limit=0,
		)
		return sorted(
			(
				self.short(row.account),
				*(round(row[field], 6) or 0 for field in amounts),
				row.account_currency,
				*(row[field] for field in more),
			)
			for row in rows
		)

	def short(self, account: str) -> str:
		"""An account without its company and this test's tag."""
		return account.removesuffix(f" - {self.abbr}").removesuffix(f" {self.tag}")

	def stock(self, item: str, warehouse: str = "Stores") -> dict[str, float]:
		values = self.db.get_value(
			"Bin",
			{"item_code": item, "warehouse": self.warehouse(warehouse)},
			["actual_qty", "reserved_qty", "projected_qty", "stock_value"],
			as_dict=True,
		)
		return {key: float(value or 0) for key, value in (values or {}).items()}

	def open(self, invoice) -> float:
		return self.db.get_value("Sales Invoice", invoice.name, "outstanding_amount")
