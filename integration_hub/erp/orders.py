"""An outside order → Sales Order, and by switch Sales Invoice, Payment Entries, Delivery Notes, credit notes.

Everything for one order happens in one transaction, in this order: what it was sold as (the Sales Order), the
invoice, the payments, the deliveries, the refunds, the cancellation. Each is skipped when its Link exists, so
an order can be applied any number of times and only what is new is made.

Prices: rows carry net rates and every tax is a charge of the type "Actual" with the shop's own amount, so the
document shows to the cent what the buyer paid, whichever way the shop rounds. Before anything is committed
the grand total is compared with the shop's; a difference parks the Event and names it.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import frappe
from frappe import _
from frappe.utils import flt

from integration_hub.erp import customers, deliveries, invoices, items, money, payments, refunds
from integration_hub.erp.context import Context, Result, as_float
from integration_hub.erp.times import site_date
from integration_hub.failures import Invalid
from integration_hub.records import ZERO, Charge, Line, Order, Tax

RESOURCE = "orders"


@dataclass(frozen=True)
class Sold:
	"""What an order is booked as: its lines, charges and total, less what was given back before it was billed."""

	lines: tuple[Line, ...]
	charges: tuple[Charge, ...]
	total: Decimal
	#: ids of refunds that are taken off here, and so need no credit note
	absorbed: frozenset[str] = frozenset()

	def digest(self, order: Order) -> str:
		"""Fingerprint of everything the Sales Order shows; a change means the order was edited."""
		text = "|".join(
			[order.currency, str(order.prices_include_tax), str(self.total.normalize())]
			+ [_line_text(line) for line in self.lines]
			+ [f"{c.kind}:{c.title}:{c.amount.normalize()}:{_tax_text(c.taxes)}" for c in self.charges]
		)
		return hashlib.sha256(text.encode()).hexdigest()


def _line_text(line: Line) -> str:
	return (
		f"{line.id}:{line.sku}:{line.quantity.normalize()}:{line.amount.normalize()}:{_tax_text(line.taxes)}"
	)


def _tax_text(taxes: tuple[Tax, ...]) -> str:
	return ",".join(f"{tax.title}={tax.amount.normalize()}" for tax in taxes)


def apply(order: Order, ctx: Context) -> Result:
	"""Bring ERPNext to the order's state. Idempotent; older copies of an order change nothing.

	Raises NeedsMapping or Invalid with a sentence for people; the caller rolls back, so never half an order.
	"""
	if order.draft or (order.test and not ctx.connection.import_test_orders):
		return Result(
			None,
			None,
			_("Draft order: not imported") if order.draft else _("Test order: not imported"),
			"Ignored",
		)
	link = ctx.links.get(RESOURCE, order.id)
	if link is None and order.cancelled_at:
		return Result(None, None, _("Cancelled before it was imported"), "Ignored")
	if link is not None and link.version and link.version > order.version:
		return Result(link.reference_doctype, link.reference_name, _("A newer state is here already"))
	if link is not None and not link.reference_name:
		return Result(None, None, _("Cancelled; nothing left to do"), "Ignored")
	if link is not None and not frappe.db.exists("Sales Order", link.reference_name):
		return _deleted_here(order, link)
	sold = _sold(order, ctx, link)
	digest = sold.digest(order)
	if link is None and not sold.lines and not sold.total:
		return Result(None, None, _("Nothing was left of it before it was imported"), "Ignored")
	if link is None:
		name, message = _make(order, sold, ctx), _("Order made")
		ctx.links.add(RESOURCE, order.id, "Sales Order", name, **_remember(order, sold, digest))
	else:
		name, message = link.reference_name, _("Order brought up to date")
		if link.digest != digest and not order.cancelled_at:
			name, message = _edit(order, sold, name, ctx), _("Order changed")
		if link.version != order.version or link.digest != digest or link.reference_name != name:
			ctx.links.fill(RESOURCE, order.id, "Sales Order", name, **_remember(order, sold, digest))
	return Result("Sales Order", name, "; ".join([message, *_follow(order, sold, name, ctx)]))


def _deleted_here(order: Order, link: Any) -> Result:
	"""Somebody has deleted the Sales Order; whether it is wanted again only people know."""
	if order.cancelled_at:
		return Result(None, None, _("Cancelled; its Sales Order was deleted here"), "Ignored")
	raise Invalid(
		_(
			"Order {0} was changed at the shop, but its Sales Order {1} was deleted here. If it is wanted again, delete its Integration Link and press Replay: it is imported anew. Otherwise leave it."
		).format(order.number, link.reference_name),
		fix=("Integration Link", link.name),
	)


def _remember(order: Order, sold: Sold, digest: str) -> dict[str, Any]:
	"""What the Link keeps of the order, to tell the next copy of it apart."""
	extra = {"absorbed": sorted(sold.absorbed)} if sold.absorbed else None
	return {"version": order.version, "digest": digest, "label": order.number, "extra": extra}


def removed(outside_id: str, ctx: Context) -> Result:
	"""An order deleted at the shop. Bookkeeping does not forget: the Sales Order stays, people are told."""
	link = ctx.links.get(RESOURCE, outside_id)
	if link is None or not link.reference_name:
		return Result(None, None, _("Deleted at the shop before it was imported"), "Ignored")
	return Result(
		"Sales Order",
		link.reference_name,
		_("Deleted at the shop; the Sales Order is kept. Cancel it if it is void."),
	)


# --- what it is sold as ----------------------------------------------------------------------------------


def _sold(order: Order, ctx: Context, link: Any) -> Sold:
	"""An order that is (or will now be) invoiced stays as sold, and refunds become credit notes. One that is not
	invoiced is booked as what is left of it; what was taken off so stays taken off when it is invoiced later."""
	lines = tuple(line for line in order.lines if line.quantity)
	if not order.refunds:
		return Sold(lines, order.charges, order.total)
	absorbed = set(json.loads(link.extra).get("absorbed", ())) if link is not None and link.extra else set()
	if not (invoices.wanted(order, ctx) or (link is not None and invoices.of_order(link.reference_name))):
		# money given back for nothing makes no order smaller; it waits for the invoice it is credited against
		absorbed |= {refund.id for refund in order.refunds if refund.lines or refund.charges}
	taken_off = [refund for refund in order.refunds if refund.id in absorbed]
	lines, charges = refunds.left(lines, order.charges, taken_off)
	total = order.total - sum((refunds.worth(one, order.prices_include_tax) for one in taken_off), ZERO)
	return Sold(lines, charges, total, frozenset(absorbed))


# --- making ----------------------------------------------------------------------------------------------


def _make(order: Order, sold: Sold, ctx: Context, amended_from: str | None = None) -> str:
	if not sold.lines:
		raise Invalid(_("Order {0} has no lines left; there is nothing to book.").format(order.number))
	given = [one for one in (order.billing_address, order.shipping_address) if one is not None]
	customer, _made = customers.ensure(order.customer, given, ctx)
	billing, shipping = customers.ensure_addresses(
		customer, order.billing_address, order.shipping_address, ctx
	)
	day = site_date(order.created_at)
	doc = frappe.get_doc(
		{
			"doctype": "Sales Order",
			"naming_series": ctx.connection.order_series or None,
			"company": ctx.company,
			"customer": customer,
			"customer_address": billing,
			"shipping_address_name": shipping,
			"transaction_date": day,
			"delivery_date": day + timedelta(days=ctx.connection.delivery_after_days or 0),
			"currency": order.currency,
			"conversion_rate": money.exchange_rate(order.currency, ctx.company_currency, day),
			"selling_price_list": ctx.connection.price_list or _default_price_list(),
			# the shop has decided every price: no pricing rule, no template and no rounding may change one
			"ignore_pricing_rule": 1,
			"disable_rounded_total": 1,
			"po_no": order.po_number[:140] or None,
			"po_date": day if order.po_number else None,
			"amended_from": amended_from,
			"integration_connection": ctx.connection.name,
			"integration_order": order.number[:140],
			"items": [],
			"taxes": [],
		}
	)
	fill(doc, order, sold, ctx)
	if ctx.connection.submit_orders:
		doc.submit()
	else:
		doc.insert()
	check_total(doc, sold.total, order)
	return doc.name


def _default_price_list() -> str:
	return frappe.db.get_single_value("Selling Settings", "selling_price_list") or "Standard Selling"


def fill(doc: Any, order: Order, sold: Sold, ctx: Context) -> None:
	"""Write the rows and charges of `sold` into a Sales Order that has none."""
	decimals = min(doc.precision("grand_total"), money.exponent(order.currency))
	money.check_precision(order.currency, doc.precision("grand_total"))
	infos = items.of_lines(sold.lines, ctx)
	warehouse = ctx.warehouse_for(None)
	for line in sold.lines:
		for row in rows_of(line, infos[line.id], order.prices_include_tax, decimals):
			doc.append("items", {**row, "warehouse": warehouse, "delivery_date": doc.delivery_date})
	for charge in charges_of(sold, order.prices_include_tax, ctx):
		doc.append("taxes", charge)


def rows_of(line: Line, info: items.ItemInfo, inclusive: bool, decimals: int) -> list[dict[str, Any]]:
	"""Rows of one outside line: one, or two where the amount does not divide by the quantity."""
	net = money.net(line.amount, line.taxes, inclusive)
	listed = _list_rate(line, net, decimals)
	rows = []
	for quantity, rate in money.split(line.quantity, net, decimals):
		row = {
			"item_code": info.code,
			"item_name": (line.title or info.name)[:140],
			"description": " - ".join(part for part in (line.title, line.variant_title) if part) or info.name,
			"qty": as_float(quantity),
			"uom": info.stock_uom,
			"stock_uom": info.stock_uom,
			"conversion_factor": 1,
			"rate": as_float(rate),
			"price_list_rate": as_float(max(listed, rate)),
			"integration_line": line.id,
		}
		if rate == 0 and listed > 0:
			# ERPNext takes a rate of 0 beside a list price for "not entered yet"; 100 % says that it is meant
			row["discount_percentage"] = 100
		rows.append(row)
	return rows


def _list_rate(line: Line, net: Decimal, decimals: int) -> Decimal:
	"""The list price of one piece on the net basis of the rows; only informs about the discount given."""
	gross = line.amount
	listed = line.unit_price * net / gross if gross else line.unit_price
	return listed.quantize(Decimal(1).scaleb(-decimals))


def charges_of(sold: Sold, inclusive: bool, ctx: Context) -> list[dict[str, Any]]:
	"""Rows of the table Sales Taxes and Charges: shipping, tips, duties and fees net, then every tax by name.

	Amounts of one account and name are added up, so that a 300-line order has one row per tax.
	"""
	amounts: dict[tuple[str, str, str | None], Decimal] = defaultdict(lambda: ZERO)
	for charge in sold.charges:
		account, cost_center = ctx.account_for(charge.kind.title(), charge.title)
		amounts[(charge.title or charge.kind.title(), account, cost_center)] += money.net(
			charge.amount, charge.taxes, inclusive
		)
	for part in (*sold.lines, *sold.charges):
		for tax in part.taxes:
			if tax.amount:
				account, cost_center = ctx.account_for("Tax", tax.title)
				amounts[(tax.title, account, cost_center)] += tax.amount
	return [
		{
			"charge_type": "Actual",
			"account_head": account,
			"description": title[:140],
			"cost_center": cost_center,
			"tax_amount": as_float(amount),
		}
		for (title, account, cost_center), amount in amounts.items()
		if amount
	]


def check_total(doc: Any, total: Decimal, order: Order) -> None:
	"""The document must say what the shop says, to the cent; otherwise park and name the difference."""
	decimals = doc.precision("grand_total")
	booked = Decimal(str(flt(doc.grand_total, decimals)))
	if booked != total:
		raise Invalid(
			_(
				"Order {0}: the shop says {1} {3}, ERPNext comes to {2} {3} (difference {4}). Nothing was booked."
			).format(order.number, total, booked, order.currency, total - booked)
		)


# --- changing --------------------------------------------------------------------------------------------


def _edit(order: Order, sold: Sold, name: str, ctx: Context) -> str:
	"""The order was edited at the shop after it was imported.

	A draft is rewritten, a submitted Sales Order without followers is cancelled and amended, and one that was
	delivered or invoiced is left alone: people decide, with the difference named.
	"""
	doc = frappe.get_doc("Sales Order", name)
	if doc.docstatus == 2:
		raise Invalid(
			_("Order {0} was changed at the shop, but Sales Order {1} was cancelled here.").format(
				order.number, name
			),
			fix=("Sales Order", name),
		)
	if not sold.lines:
		_cancel_or_close(doc)
		return name
	if doc.docstatus == 0:
		doc.set("items", [])
		doc.set("taxes", [])
		fill(doc, order, sold, ctx)
		doc.save()
		check_total(doc, sold.total, order)
		return name
	if _has_followers(doc):
		before = Decimal(str(flt(doc.grand_total, doc.precision("grand_total"))))
		raise Invalid(
			_(
				"Order {0} was changed at the shop after Sales Order {1} was delivered, invoiced or paid: it was {2} {4}, now it is {3} {4} (difference {5}). Correct it by hand, then press Replay."
			).format(order.number, name, before, sold.total, order.currency, sold.total - before),
			fix=("Sales Order", name),
		)
	doc.flags.integration_origin = ctx.connection.name
	doc.cancel()
	return _make(order, sold, ctx, amended_from=name)


def _has_followers(doc: Any) -> bool:
	return bool(doc.per_delivered or doc.per_billed) or bool(
		frappe.db.exists("Sales Invoice Item", {"sales_order": doc.name, "docstatus": ("<", 2)})
		or frappe.db.exists("Delivery Note Item", {"against_sales_order": doc.name, "docstatus": ("<", 2)})
		or frappe.db.exists(
			"Payment Entry Reference",
			{"reference_doctype": "Sales Order", "reference_name": doc.name, "docstatus": ("<", 2)},
		)
	)


def _cancel_or_close(doc: Any) -> str:
	"""Take a Sales Order out of work: cancelled when nothing follows from it, else closed."""
	if doc.docstatus == 2:
		return _("was cancelled already")
	if doc.docstatus == 0:
		doc.submit()
	if _has_followers(doc):
		if doc.status not in ("Closed", "Completed"):
			doc.update_status("Closed")
		return _("Sales Order closed")
	doc.flags.integration_origin = True
	doc.cancel()
	return _("Sales Order cancelled")


# --- what follows ----------------------------------------------------------------------------------------


def _follow(order: Order, sold: Sold, name: str, ctx: Context) -> list[str]:
	"""Invoice, payments, deliveries, refunds, cancellation: each only when wanted and not there yet."""
	notes: list[str] = []
	invoice = invoices.ensure(order, name, ctx, notes)
	if ctx.connection.create_payment:
		payments.ensure(order, name, invoice, ctx, notes)
	if ctx.connection.create_delivery_note and order.fulfilments:
		deliveries.ensure(order, name, ctx, notes)
	if order.refunds:
		refunds.ensure(order, name, invoice, set(sold.absorbed), ctx, notes)
	if order.cancelled_at:
		if invoice:
			refunds.void_rest(order, invoice, ctx, notes)
		notes.append(_cancel_or_close(frappe.get_doc("Sales Order", name)))
	return notes
