"""Sales Order → Sales Invoice, when the Connection wants one; and invoices and credit notes that are asked for."""

from __future__ import annotations

from collections.abc import Mapping
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
	stays_away = _cancelled_here(order, sales_order, ctx)
	if stays_away:
		notes.append(stays_away)
		return None
	doc = _make(order, sales_order, ctx)
	ctx.links.add(RESOURCE, order.id, "Sales Invoice", doc.name, label=order.number)
	notes.append(_("invoice {0}").format(doc.name))
	return doc.name


def _cancelled_here(order: Order, sales_order: str, ctx: Context) -> str:
	"""What an accountant has cancelled is not made again; "" when nothing was."""
	if made := ctx.links.get(RESOURCE, order.id):
		return _("invoice {0} was cancelled here; none is made in its place").format(made.reference_name)
	if frappe.db.get_value("Sales Order", sales_order, "docstatus") == 2:
		return _("Sales Order {0} was cancelled here; it is not invoiced").format(sales_order)
	return ""


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


# --- asked for by outside systems, with the rights of whoever asks ----------------------------------------


def of_source(source: Any) -> Any:
	"""An unsaved invoice for what is open of a submitted Sales Order or Delivery Note. Raises frappe.ValidationError when
	there is nothing to bill."""
	from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice as of_sales_order
	from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_invoice as of_delivery_note

	if source.docstatus != 1:
		frappe.throw(_("{0} is not submitted.").format(source.name))
	doc = (of_sales_order if source.doctype == "Sales Order" else of_delivery_note)(source.name)
	if not doc.items:
		frappe.throw(_("All of {0} is billed already.").format(source.name))
	return doc


def credit_note(invoice: Any, quantities: Mapping[str, float]) -> Any:
	"""An unsaved credit note for an invoice: for the lines named in `quantities` (positive), or all of it."""
	from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return

	doc = make_sales_return(invoice.name)
	if not quantities:
		return doc
	kept = [row for row in doc.items if row.sales_invoice_item in quantities]
	for row in kept:
		wanted = quantities[row.sales_invoice_item]
		if wanted > abs(row.qty):
			frappe.throw(
				_("{0}: {1} of {2} are left to be credited, not {3}.").format(
					row.item_code or row.item_name, f"{abs(row.qty):g}", invoice.name, f"{wanted:g}"
				)
			)
		row.qty = -wanted
		row.stock_qty = -wanted * (row.conversion_factor or 1)
	if not kept:
		frappe.throw(_("These lines of {0} are credited already.").format(invoice.name))
	doc.items = kept
	# an amount for the whole invoice would not be right for some of its lines
	charged = [row for row in doc.taxes if row.charge_type == "Actual" and row.tax_amount]
	if charged:
		frappe.throw(
			_("{0} has taxes or charges as amounts: credit it whole, or in ERPNext.").format(invoice.name)
		)
	return doc
