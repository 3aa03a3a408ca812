"""Refunds at the shop → credit notes (and the goods' way back), or a smaller order when nothing was billed."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import frappe
from frappe import _
from frappe.utils import flt

from integration_hub.erp import deliveries, money, payments
from integration_hub.erp.context import Context, as_float
from integration_hub.erp.times import post_at
from integration_hub.failures import Invalid, NeedsMapping
from integration_hub.records import ZERO, Charge, Line, Order, Refund, Tax

RESOURCE = "refunds"


# --- before an invoice: a smaller order ------------------------------------------------------------------


def left(lines: tuple[Line, ...], charges: tuple[Charge, ...], refunds: list[Refund]) -> tuple[tuple, tuple]:
	"""Lines and charges after these refunds. Lines given back in full are gone."""
	remaining = {line.id: line for line in lines}
	rest = list(charges)
	for refund in refunds:
		for part in refund.lines:
			line = remaining.get(part.line_id)
			if line is None:
				continue
			remaining[part.line_id] = line.model_copy(
				update={
					"quantity": line.quantity - part.quantity,
					"amount": line.amount - part.amount,
					"taxes": minus(line.taxes, part.taxes),
				}
			)
		for back in refund.charges:
			rest = _reduce(rest, back)
		if refund.adjustment:
			rest.append(Charge(kind="fee", title=_("Refund adjustment"), amount=-refund.adjustment))
	return tuple(line for line in remaining.values() if line.quantity), tuple(
		one for one in rest if one.amount
	)


def worth(refund: Refund, inclusive: bool) -> Decimal:
	"""What a refund is worth with taxes: lines, charges and the adjustment."""
	total = refund.adjustment
	for part in (*refund.lines, *refund.charges):
		total += part.amount if inclusive else part.amount + money.total_of(part.taxes)
	return total


def minus(taxes: tuple[Tax, ...], back: tuple[Tax, ...]) -> tuple[Tax, ...]:
	"""Taxes less what was given back of each, by title."""
	less: dict[str, Decimal] = defaultdict(lambda: ZERO)
	for tax in back:
		less[tax.title] += tax.amount
	kept = []
	for tax in taxes:
		amount = tax.amount - less.pop(tax.title, ZERO)
		kept.append(tax.model_copy(update={"amount": amount}))
	return tuple(kept)


def _reduce(charges: list[Charge], back: Charge) -> list[Charge]:
	for index, charge in enumerate(charges):
		if charge.kind == back.kind and (not back.id or charge.id == back.id):
			smaller = charge.model_copy(
				update={"amount": charge.amount - back.amount, "taxes": minus(charge.taxes, back.taxes)}
			)
			return [*charges[:index], smaller, *charges[index + 1 :]]
	return charges


# --- after an invoice: credit notes ----------------------------------------------------------------------


def ensure(
	order: Order, sales_order: str, invoice: str | None, absorbed: set[str], ctx: Context, notes: list[str]
) -> None:
	"""A credit note for each refund of a billed order, the goods taken back, the money paid out.

	Refunds in `absorbed` made the order smaller before it was billed; they only move money.
	"""
	links = ctx.links.get_many(RESOURCE, [refund.id for refund in order.refunds])
	for refund in order.refunds:
		if refund.id in links:
			continue
		document = ("Sales Order", sales_order)
		if refund.id not in absorbed and invoice:
			document = _credit(refund, order, invoice, ctx, notes) or document
		_take_back(refund, order, sales_order, ctx, notes)
		if ctx.connection.create_payment:
			_pay_back(refund, order, document, ctx, notes)
		if invoice or refund.id in absorbed:
			ctx.links.add(RESOURCE, refund.id, *document, label=order.number)
	_close_if_done(order, sales_order, notes)


def _close_if_done(order: Order, sales_order: str, notes: list[str]) -> None:
	"""Close a Sales Order of which nothing is left to deliver once the refunds are taken off.

	A return Delivery Note makes ERPNext wait for a second delivery, and pieces refunded before they left stay
	reserved; both would hold back stock from every shop.
	"""
	given_back: dict[str, Decimal] = defaultdict(lambda: ZERO)
	for refund in order.refunds:
		for part in refund.lines:
			given_back[part.line_id] += part.quantity
	doc = frappe.get_doc("Sales Order", sales_order)
	if doc.docstatus != 1 or doc.status in ("Closed", "Completed"):
		return
	open_pieces: dict[str, Decimal] = defaultdict(lambda: ZERO)
	for row in doc.items:
		open_pieces[row.get("integration_line")] += Decimal(str(row.qty)) - Decimal(
			str(row.delivered_qty or 0)
		)
	if all(pieces <= given_back[line] for line, pieces in open_pieces.items()):
		doc.update_status("Closed")
		notes.append(_("Sales Order closed"))


def _credit(
	refund: Refund, order: Order, invoice: str, ctx: Context, notes: list[str]
) -> tuple[str, str] | None:
	"""One submitted credit note worth the refund; None for a refund without value (goods only)."""
	if not refund.lines and not refund.charges:
		return _credit_goodwill(refund, order, invoice, ctx, notes) if refund.adjustment else None
	from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return

	doc = make_sales_return(invoice)
	_credit_rows(doc, refund, order)
	_credit_charges(doc, refund, order, ctx)
	_finish_credit(doc, refund, order, invoice, ctx)
	_check(doc, worth(refund, order.prices_include_tax), refund, order)
	notes.append(_("credit note {0}").format(doc.name))
	return (doc.doctype, doc.name)


def _credit_rows(doc: Any, refund: Refund, order: Order) -> None:
	"""Rows of the return: the lines given back at exactly their amounts (two rows where it does not divide)."""
	decimals = min(doc.precision("grand_total"), money.exponent(order.currency))
	templates: dict[str, Any] = {}
	for row in doc.items:
		templates.setdefault(row.get("integration_line"), row)
	rows = []
	for part in refund.lines:
		template = templates.get(part.line_id)
		if template is None:
			raise Invalid(
				_(
					"Order {0}: a line was refunded that the invoice does not have. Book the refund by hand."
				).format(order.number)
			)
		amount = money.net(part.amount, part.taxes, order.prices_include_tax)
		# a price reduction gives no piece back; ERPNext wants a quantity, so one piece carries it
		for quantity, rate in money.split(part.quantity or Decimal(1), amount, decimals):
			rows.append(
				{
					**template.as_dict(no_default_fields=True),
					"qty": as_float(-quantity),
					"stock_qty": as_float(-quantity),
					"rate": as_float(rate),
					"price_list_rate": as_float(rate),
					"discount_percentage": 0,
					"discount_amount": 0,
				}
			)
	if not rows:
		# only shipping was refunded: a row of no value holds the charges
		first = next(iter(templates.values()))
		rows.append(
			{
				**first.as_dict(no_default_fields=True),
				"qty": -1,
				"stock_qty": -1,
				"rate": 0,
				"price_list_rate": 0,
				"discount_percentage": 100,
			}
		)
	doc.set("items", [])
	for row in rows:
		doc.append("items", row)


def _credit_charges(doc: Any, refund: Refund, order: Order, ctx: Context) -> None:
	amounts: dict[tuple[str, str, str | None], Decimal] = defaultdict(lambda: ZERO)
	for charge in refund.charges:
		account, cost_center = ctx.account_for(charge.kind.title(), charge.title)
		amounts[(charge.title or charge.kind.title(), account, cost_center)] += money.net(
			charge.amount, charge.taxes, order.prices_include_tax
		)
	for part in (*refund.lines, *refund.charges):
		for tax in part.taxes:
			account, cost_center = ctx.account_for("Tax", tax.title)
			amounts[(tax.title, account, cost_center)] += tax.amount
	if refund.adjustment:
		account, cost_center = ctx.account_for("Fee", _("Refund adjustment"))
		amounts[(_("Refund adjustment"), account, cost_center)] += refund.adjustment
	doc.set("taxes", [])
	doc.taxes_and_charges = None
	for (title, account, cost_center), amount in amounts.items():
		if amount:
			doc.append(
				"taxes",
				{
					"charge_type": "Actual",
					"account_head": account,
					"description": title[:140],
					"cost_center": cost_center,
					"tax_amount": as_float(-amount),
				},
			)


def _credit_goodwill(
	refund: Refund, order: Order, invoice: str, ctx: Context, notes: list[str]
) -> tuple[str, str]:
	"""Money back for no goods: a credit note of its own, with the item for lines without a product."""
	if not ctx.connection.custom_item:
		raise NeedsMapping(
			_(
				"Order {0}: {1} {2} were given back without goods. Choose the Item for Lines Without a Product in {3}."
			).format(order.number, refund.adjustment, order.currency, ctx.connection.name),
			fix=ctx.fix,
			waits_for="item:custom",
		)
	source = frappe.get_doc("Sales Invoice", invoice)
	doc = frappe.get_doc(
		{
			"doctype": "Sales Invoice",
			"is_return": 1,
			"naming_series": ctx.connection.invoice_series or None,
			"company": ctx.company,
			"customer": source.customer,
			"customer_address": source.customer_address,
			"shipping_address_name": source.shipping_address_name,
			"currency": source.currency,
			"conversion_rate": source.conversion_rate,
			"selling_price_list": source.selling_price_list,
			"debit_to": source.debit_to,
			"remarks": refund.note or _("Refund without goods, order {0}").format(order.number),
			"items": [
				{
					"item_code": ctx.connection.custom_item,
					"qty": -1,
					"rate": as_float(refund.adjustment),
					"price_list_rate": as_float(refund.adjustment),
					"cost_center": ctx.cost_center,
				}
			],
			"taxes": [],
		}
	)
	_finish_credit(doc, refund, order, invoice, ctx)
	_check(doc, refund.adjustment, refund, order)
	notes.append(_("credit note {0}").format(doc.name))
	return (doc.doctype, doc.name)


def _finish_credit(doc: Any, refund: Refund, order: Order, invoice: str, ctx: Context) -> None:
	post_at(doc, refund.created_at, after=frappe.get_doc("Sales Invoice", invoice))
	doc.due_date = doc.posting_date
	doc.payment_terms_template = None
	doc.set("payment_schedule", [])
	doc.disable_rounded_total = 1
	doc.ignore_pricing_rule = 1
	doc.update_stock = 0
	doc.integration_connection = ctx.connection.name
	doc.integration_order = order.number[:140]
	if doc.meta.has_field("update_outstanding_for_self") and doc.get("return_against"):
		# the credit settles the invoice as far as that is still open; money already paid is paid back
		still_open = flt(frappe.db.get_value("Sales Invoice", invoice, "outstanding_amount"))
		doc.update_outstanding_for_self = 0 if still_open > 0 else 1
	doc.submit()


def _check(doc: Any, amount: Decimal, refund: Refund, order: Order) -> None:
	booked = -Decimal(str(flt(doc.grand_total, doc.precision("grand_total"))))
	if booked != amount:
		raise Invalid(
			_(
				"Refund of order {0}: the shop says {1} {3}, ERPNext comes to {2} {3} (difference {4})."
			).format(order.number, amount, booked, order.currency, amount - booked)
		)


def void_rest(order: Order, invoice: str, ctx: Context, notes: list[str]) -> None:
	"""A cancelled order whose invoice is still owed (in whole or part): credit what no refund covered."""
	doc = frappe.get_doc("Sales Invoice", invoice)
	owed = flt(doc.outstanding_amount, doc.precision("outstanding_amount"))
	if owed <= 0 or ctx.links.get(RESOURCE, f"void:{order.id}"):
		return
	if owed != flt(doc.grand_total, doc.precision("grand_total")):
		raise Invalid(
			_("Order {0} was cancelled, but {1} {2} of invoice {3} are still open. Decide by hand.").format(
				order.number, owed, order.currency, invoice
			),
			fix=("Sales Invoice", invoice),
		)
	from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return

	credit = make_sales_return(invoice)
	post_at(credit, order.cancelled_at, after=doc)
	credit.due_date = credit.posting_date
	credit.set("payment_schedule", [])
	credit.disable_rounded_total = 1
	credit.ignore_pricing_rule = 1
	if credit.meta.has_field("update_outstanding_for_self"):
		credit.update_outstanding_for_self = 0
	credit.submit()
	ctx.links.add(RESOURCE, f"void:{order.id}", "Sales Invoice", credit.name, label=order.number)
	notes.append(_("credit note {0}").format(credit.name))


# --- goods and money back --------------------------------------------------------------------------------


def _take_back(refund: Refund, order: Order, sales_order: str, ctx: Context, notes: list[str]) -> None:
	"""Return Delivery Notes for refunded lines that go back on the shelf and had left it here."""
	from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_return

	wanted: dict[str, Decimal] = defaultdict(lambda: ZERO)
	location = None
	for part in refund.lines:
		if part.restock and part.quantity:
			wanted[part.line_id] += part.quantity
			location = location or part.location_id
	for delivery in reversed(deliveries.of_order(sales_order)) if wanted else ():
		doc = make_sales_return(delivery)
		before = dict(wanted)
		deliveries.keep(doc, wanted, sign=-1)
		if not doc.items:
			continue
		for row in doc.items:
			wanted[row.integration_line] = before[row.integration_line] - abs(Decimal(str(row.qty)))
			before[row.integration_line] = wanted[row.integration_line]
			if location:
				row.warehouse = ctx.warehouse_for(location)
		post_at(doc, refund.created_at, after=frappe.get_doc("Delivery Note", delivery))
		doc.disable_rounded_total = 1
		doc.flags.integration_origin = ctx.connection.name
		doc.submit()
		notes.append(_("return {0}").format(doc.name))


def _pay_back(
	refund: Refund, order: Order, document: tuple[str, str], ctx: Context, notes: list[str]
) -> None:
	links = ctx.links.get_many(payments.RESOURCE, [payment.id for payment in refund.payments])
	for payment in refund.payments:
		if payment.id in links or payment.amount <= ZERO:
			continue
		name = payments.book(payment, frappe.get_doc(*document), "Pay", order, ctx)
		ctx.links.add(payments.RESOURCE, payment.id, "Payment Entry", name, label=order.number)
		notes.append(_("payment {0}").format(name))
