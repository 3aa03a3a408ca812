"""Sales Order → Sales Invoice, when the Connection wants one."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from integration_hub.erp.context import Context
from integration_hub.erp.times import post_at
from integration_hub.records import Order

RESOURCE = "invoices"
PAID = ("paid", "partly_refunded", "refunded")


def wanted(order: Order, ctx: Context) -> bool:
	"""Does the switch ask for an invoice now? A draft Sales Order cannot be invoiced."""
	if not ctx.connection.submit_orders or order.cancelled_at:
		return False
	switch = ctx.connection.create_invoice
	return switch == "At Once" or (switch == "When Paid" and order.payment_status in PAID)


def of_order(sales_order: str) -> str | None:
	"""The submitted Sales Invoice of a Sales Order, whoever made it."""
	row, invoice = frappe.qb.DocType("Sales Invoice Item"), frappe.qb.DocType("Sales Invoice")
	found = (
		frappe.qb.from_(row)
		.join(invoice)
		.on(invoice.name == row.parent)
		.select(invoice.name)
		.where((row.sales_order == sales_order) & (invoice.docstatus == 1) & (invoice.is_return == 0))
		.orderby(invoice.creation)
		.limit(1)
		.run()
	)
	return found[0][0] if found else None


def ensure(order: Order, sales_order: str, ctx: Context, notes: list[str]) -> str | None:
	"""The invoice of the order: found, made now, or None when there is none and none is wanted."""
	needed = wanted(order, ctx)
	if not (needed or order.refunds or order.cancelled_at or ctx.connection.create_payment):
		return None
	existing = of_order(sales_order)
	if existing or not needed:
		return existing
	doc = _make(order, sales_order, ctx)
	ctx.links.add(RESOURCE, order.id, "Sales Invoice", doc.name, label=order.number)
	notes.append(_("invoice {0}").format(doc.name))
	return doc.name


def _make(order: Order, sales_order: str, ctx: Context) -> Any:
	from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice

	doc = make_sales_invoice(sales_order)
	doc.naming_series = ctx.connection.invoice_series or doc.naming_series
	post_at(doc, _billed_at(order, ctx))
	doc.due_date = doc.posting_date
	doc.payment_terms_template = None
	doc.set("payment_schedule", [])
	doc.disable_rounded_total = 1
	doc.ignore_pricing_rule = 1
	# what the buyer has paid on this order already, and nothing he paid on others
	doc.allocate_advances_automatically = 1
	doc.only_include_allocated_payments = 1
	_book_gift_cards(doc, order, ctx)
	doc.submit()
	return doc


def _billed_at(order: Order, ctx: Context) -> Any:
	if ctx.connection.create_invoice == "When Paid" and order.payments:
		return max(payment.paid_at for payment in order.payments)
	return order.created_at


def _book_gift_cards(doc: Any, order: Order, ctx: Context) -> None:
	"""A sold gift card is a debt to its holder, no income."""
	cards = {line.id: line for line in order.lines if line.kind == "gift_card"}
	for row in doc.items:
		if row.get("integration_line") in cards:
			row.income_account, _cost_center = ctx.account_for("Gift Card", cards[row.integration_line].title)
