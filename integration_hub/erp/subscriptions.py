"""Recurring billing: ERPNext's Subscription ↔ the gateway's, and each paid cycle → a Sales Invoice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import frappe
from frappe import _
from frappe.utils import add_days, date_diff, flt, get_datetime, getdate

from integration_hub.erp import customers, money
from integration_hub.erp.context import Context, Result, as_float
from integration_hub.erp.gateway import is_foreign
from integration_hub.erp.times import from_site, site_date
from integration_hub.failures import Invalid, NeedsMapping
from integration_hub.records import (
	Bill,
	BillLine,
	Customer,
	Reference,
	Subscription,
	SubscriptionLine,
	SubscriptionOrder,
)

RESOURCE, BILLS = "subscriptions", "invoices"
DOCTYPE = "Subscription"
INTERVALS = {"Day": "day", "Week": "week", "Month": "month", "Year": "year"}


# --- opened here -------------------------------------------------------------------------------------------


def order_of(doc: Any, ctx: Context) -> SubscriptionOrder:
	"""An ERPNext Subscription as it is to be opened at the gateway: each cycle comes to what ERPNext's own invoice for it
	would. Raises Invalid in the user's words."""
	if doc.party_type != "Customer":
		raise Invalid(
			_("Only a customer's Subscription can be collected by a gateway."), fix=(DOCTYPE, doc.name)
		)
	if doc.company and doc.company != ctx.company:
		raise Invalid(
			_("{0} belongs to {1}, the gateway to {2}.").format(doc.name, doc.company, ctx.company),
			fix=(DOCTYPE, doc.name),
		)
	known = next(
		(
			one.outside_id
			for one in ctx.links.of("Customer", doc.party, customers.RESOURCE)
			if ":" not in one.outside_id
		),
		None,
	)
	customer = frappe.db.get_value("Customer", doc.party, ["customer_name", "email_id"], as_dict=True)
	return SubscriptionOrder(
		reference=Reference(doctype=DOCTYPE, name=doc.name),
		customer=Customer(id=known, company=customer.customer_name, email=customer.email_id or ""),
		currency=frappe.db.get_value("Subscription Plan", doc.plans[0].plan, "currency"),
		lines=_lines(doc),
		starts_at=_start_of(doc.start_date),
		trial_until=_start_of(doc.trial_period_end and add_days(doc.trial_period_end, 1)),
		cancel_at=_start_of(doc.end_date and add_days(doc.end_date, 1)),
		collect="invoice" if doc.get("integration_collect") == "Send a Bill" else "charge",
		days_until_due=int(doc.days_until_due or 0) or 14,
	)


def _lines(doc: Any) -> tuple[SubscriptionLine, ...]:
	"""Each plan with its share of taxes and discounts; the shares add up to the whole of an invoice."""
	invoice = _unsaved_invoice(doc)
	unit = Decimal(1).scaleb(-money.exponent(invoice.currency))
	total = _total_of(invoice)
	weights = [Decimal(str(row.net_amount)) for row in invoice.items]
	lines, given, weighed = [], Decimal(0), Decimal(0)
	for row, plan_row, weight in zip(invoice.items, doc.plans, weights, strict=True):
		weighed += weight
		until_here = (total * weighed / sum(weights)).quantize(unit) if sum(weights) else Decimal(0)
		amount, given = until_here - given, until_here
		lines.append(_line(frappe.get_doc("Subscription Plan", plan_row.plan), row, amount, unit))
	return tuple(lines)


def _line(plan: Any, row: Any, amount: Decimal, unit: Decimal) -> SubscriptionLine:
	quantity = Decimal(str(row.qty))
	each = (amount / quantity).quantize(unit) if quantity else amount
	whole = quantity == quantity.to_integral_value() and each * quantity == amount
	return SubscriptionLine(
		title=plan.plan_name if whole else f"{quantity.normalize():f} × {plan.plan_name}",
		code=plan.item,
		quantity=int(quantity) if whole else 1,
		unit_amount=each if whole else amount,
		interval=INTERVALS[plan.billing_interval],
		every=int(plan.billing_interval_count or 1),
	)


def _unsaved_invoice(doc: Any) -> Any:
	"""What ERPNext would bill for a whole cycle, with its own prices, taxes and discounts. Nothing is stored."""
	invoice = frappe.new_doc("Sales Invoice")
	invoice.update(
		{
			"company": doc.company,
			"customer": doc.party,
			"cost_center": doc.cost_center,
			"currency": frappe.db.get_value("Subscription Plan", doc.plans[0].plan, "currency"),
		}
	)
	for item in doc.get_items_from_plans(doc.plans, 0):
		invoice.append("items", item)
	if doc.sales_tax_template:
		invoice.taxes_and_charges = doc.sales_tax_template
		invoice.set_taxes()
	invoice.additional_discount_percentage = doc.additional_discount_percentage
	invoice.discount_amount = doc.additional_discount_amount
	if doc.additional_discount_percentage or doc.additional_discount_amount:
		invoice.apply_discount_on = doc.apply_additional_discount or "Grand Total"
	invoice.set_missing_values()
	invoice.calculate_taxes_and_totals()
	return invoice


def _total_of(invoice: Any) -> Decimal:
	"""What the customer owes by an invoice."""
	field = "rounded_total" if flt(invoice.rounded_total) else "grand_total"
	return Decimal(str(flt(invoice.get(field), invoice.precision(field))))


def _start_of(day: Any) -> Any:
	return from_site(get_datetime(f"{day} 00:00:00")) if day else None


def opened(record: Subscription, name: str, ctx: Context) -> Result:
	_remember(record, name, ctx)
	sentence = _("Opened at {0}").format(ctx.connection.title)
	if record.url:
		sentence += f" · {_('first payment')}: {record.url}"
	return Result(DOCTYPE, name, sentence)


def _remember(record: Subscription, name: str | None, ctx: Context) -> None:
	ctx.links.claim(RESOURCE, record.id)
	ctx.links.fill(
		RESOURCE,
		record.id,
		DOCTYPE if name else None,
		name,
		version=record.version,
		label=record.status,
		extra={"status": record.status, "url": record.url},
	)
	if name:
		frappe.db.set_value(
			DOCTYPE,
			name,
			{"integration_status": record.status, "integration_payment_url": record.url or None},
			update_modified=False,
		)


# --- as the gateway tells them -----------------------------------------------------------------------------


def apply(record: Subscription, ctx: Context) -> Result:
	"""A subscription as the gateway has it now. One opened there is remembered; its paid cycles make invoices."""
	if is_foreign(record.test, ctx):
		return Result(None, None, _("A test subscription."), "Ignored")
	link = ctx.links.claim(RESOURCE, record.id) or ctx.links.get(RESOURCE, record.id)
	if link.version and link.version > record.version:
		return Result(link.reference_doctype, link.reference_name, _("A newer state is known."), "Ignored")
	name = link.reference_name
	reference = record.reference
	if (
		name is None
		and reference
		and reference.doctype == DOCTYPE
		and frappe.db.exists(DOCTYPE, reference.name)
	):
		name = reference.name
	_remember(record, name, ctx)
	if name is None:
		return Result(
			None, None, _("Opened at the gateway ({0}); its paid cycles make invoices.").format(record.status)
		)
	status = frappe.db.get_value(DOCTYPE, name, "status")
	if record.status == "cancelled" and status not in ("Cancelled", "Completed"):
		# not by ERPNext's own button, which bills the days since the last invoice: the gateway has billed what it bills
		day = site_date(record.cancelled_at) if record.cancelled_at else getdate()
		frappe.db.set_value(DOCTYPE, name, {"status": "Cancelled", "cancelation_date": day})
		return Result(DOCTYPE, name, _("Cancelled at the gateway, and so here."))
	return Result(DOCTYPE, name, _("Now {0} at the gateway.").format(record.status))


def gone(outside_id: str, _ctx: Context) -> Result:
	return Result(None, None, _("{0} does not exist at the gateway any more.").format(outside_id), "Ignored")


# --- cycles ------------------------------------------------------------------------------------------------


def bill(record: Bill, ctx: Context) -> Result:
	"""A cycle as the gateway billed it. When it is paid it is a Sales Invoice here: the one ERPNext made for the period,
	if there is one, else a new one. Its payment comes as a payment of its own and is booked against it."""
	if is_foreign(record.test, ctx):
		return Result(None, None, _("A test bill."), "Ignored")
	link = ctx.links.claim(BILLS, record.id)
	if link and link.reference_name:
		return Result("Sales Invoice", link.reference_name, _("Known already."))
	if record.status != "paid":
		words = {"open": _("Not paid yet."), "draft": _("Not sent yet.")}
		return Result(None, None, words.get(record.status, _("Not to be paid.")), "Ignored")
	if not record.total:
		return Result(None, None, _("Nothing to pay in this cycle."), "Ignored")
	if record.total < 0:
		raise Invalid(
			_("Bill {0} gives the customer {1} {2} back: make a credit note for it.").format(
				_number(record), -record.total, record.currency
			)
		)
	subscription = _subscription_of(record, ctx)
	found = _of_period(subscription, record) if subscription else None
	doc = found or (_by_subscription(subscription, record, ctx) if subscription else _make(record, ctx))
	_compare(doc, record)
	if doc.docstatus == 0:
		doc.submit()
	ctx.links.fill(
		BILLS, record.id, "Sales Invoice", doc.name, version=record.version, label=record.number or record.id
	)
	return Result(
		"Sales Invoice",
		doc.name,
		_("Invoice {0} found").format(doc.name) if found else _("Invoice {0} made").format(doc.name),
	)


def _subscription_of(record: Bill, ctx: Context) -> Any:
	reference = record.reference
	if reference and reference.doctype == DOCTYPE and frappe.db.exists(DOCTYPE, reference.name):
		return frappe.get_doc(DOCTYPE, reference.name)
	link = ctx.links.get(RESOURCE, record.subscription_id) if record.subscription_id else None
	if link and link.reference_name and frappe.db.exists(DOCTYPE, link.reference_name):
		return frappe.get_doc(DOCTYPE, link.reference_name)
	return None


def _period(record: Bill) -> tuple[Any, Any]:
	start = record.period_start or record.created_at
	end = record.period_end or record.created_at
	first = site_date(start)
	last = add_days(site_date(end), -1) if end > start else first
	return first, max(first, last)


def _of_period(subscription: Any, record: Bill) -> Any:
	"""The invoice that ERPNext made for this cycle: of the same Subscription, of no other bill, and about these days (two
	clocks may see midnight differently: most of the days decide)."""
	first, last = _period(record)
	rows = frappe.get_all(
		"Sales Invoice",
		filters={
			"subscription": subscription.name,
			"docstatus": ("<", 2),
			"is_return": 0,
			"from_date": ("<=", last),
			"to_date": (">=", first),
			"currency": record.currency,
		},
		fields=["name", "from_date", "to_date"],
	)
	common = {row.name: date_diff(min(row.to_date, last), max(row.from_date, first)) + 1 for row in rows}
	half = (date_diff(last, first) + 1) / 2
	for name in sorted(common, key=lambda one: -common[one]):
		if common[name] >= half and not frappe.db.exists(
			"Integration Link",
			{"reference_doctype": "Sales Invoice", "reference_name": name, "resource": BILLS},
		):
			return frappe.get_doc("Sales Invoice", name)
	return None


def _by_subscription(subscription: Any, record: Bill, ctx: Context) -> Any:
	"""The cycle's invoice as ERPNext itself makes it, with its prices and taxes, dated by its payment; it names the
	period, so that ERPNext does not make it again."""
	first, last = _period(record)
	# in memory only: the Subscription itself goes on as ERPNext's scheduler has it. "Beginning" bills whole cycles
	subscription.current_invoice_start, subscription.current_invoice_end = first, last
	subscription.generate_invoice_at = "Beginning of the current subscription period"
	subscription.trial_period_end = None
	subscription.submit_invoice = 0
	doc = subscription.create_invoice(first, last)
	day = site_date(record.paid_at or record.created_at)
	doc.update(
		{
			"posting_date": day,
			"due_date": day,
			"payment_terms_template": None,
			"payment_schedule": [],
			"integration_connection": ctx.connection.name,
			"integration_order": _number(record),
		}
	)
	doc.save()
	return doc


def _number(record: Bill) -> str:
	return (record.number or record.id)[:140]


def _make(record: Bill, ctx: Context) -> Any:
	"""A cycle of a subscription that was opened at the gateway: the bill's own lines, discount and tax."""
	first, last = _period(record)
	doc = frappe.new_doc("Sales Invoice")
	day = site_date(record.paid_at or record.created_at)
	doc.update(
		{
			"company": ctx.company,
			"customer": _customer(record, ctx),
			"currency": record.currency,
			"conversion_rate": money.exchange_rate(
				record.currency, ctx.company_currency, site_date(record.created_at)
			),
			"set_posting_time": 1,
			"posting_date": day,
			"due_date": day,
			"cost_center": ctx.cost_center,
			"ignore_pricing_rule": 1,
			"from_date": first,
			"to_date": last,
			"integration_connection": ctx.connection.name,
			"integration_order": _number(record),
			"disable_rounded_total": 1,
		}
	)
	decimals = doc.precision("grand_total") or 2
	money.check_precision(record.currency, decimals)
	for line in (one for one in record.lines if one.amount >= 0):
		for quantity, rate in money.split(line.quantity, line.amount, decimals):
			doc.append(
				"items",
				{
					"item_code": _item(line, ctx),
					"description": line.title,
					"qty": as_float(quantity),
					"rate": as_float(rate),
					"price_list_rate": as_float(rate),
					"cost_center": ctx.cost_center,
				},
			)
	# ERPNext takes no negative rates: what a change of plan gives back stands below the items
	back = [("Fee", _("Proration"), one.title, one.amount) for one in record.lines if one.amount < 0]
	for kind, title, words, amount in (
		*back,
		("Tax", record.tax_title or _("Tax"), record.tax_title or _("Tax"), record.tax),
		("Fee", _("Discount"), _("Discount"), -record.discount),
	):
		if amount:
			account, cost_center = ctx.account_for(kind, title)
			doc.append(
				"taxes",
				{
					"charge_type": "Actual",
					"account_head": account,
					"description": words,
					"tax_amount": as_float(amount),
					"cost_center": cost_center,
				},
			)
	doc.set_missing_values()
	doc.insert()
	return doc


def _customer(record: Bill, ctx: Context) -> str:
	buyer = record.customer
	if buyer is None or not (buyer.id or buyer.email):
		if ctx.connection.default_customer:
			return ctx.connection.default_customer
		raise NeedsMapping(
			_("The bill {0} names no customer. Name one for nameless ones in the Connection.").format(
				record.number or record.id
			),
			fix=ctx.fix,
			waits_for="default_customer",
		)
	name, _made = customers.ensure(buyer, buyer.addresses, ctx)
	return name


def _item(line: BillLine, ctx: Context) -> str:
	if line.code and frappe.db.exists("Item", {"name": line.code, "disabled": 0}):
		return line.code
	if ctx.connection.custom_item:
		return ctx.connection.custom_item
	raise NeedsMapping(
		_(
			"“{0}” is no Item here. Make one with the code {1}, or name an Item for lines without a product in the Connection."
		).format(line.title, line.code),
		fix=ctx.fix,
		waits_for=f"item:{line.code}"[:180],
	)


def _compare(doc: Any, record: Bill) -> None:
	"""Promise 7: the invoice comes to what the gateway billed, or a person decides."""
	here = _total_of(doc)
	if here != record.total:
		raise Invalid(
			_("Bill {0}: the gateway billed {1} {4}, ERPNext comes to {2} {4} (difference {3}).").format(
				record.number or record.id, record.total, here, record.total - here, record.currency
			),
			fix=(DOCTYPE, doc.subscription) if doc.get("subscription") else None,
		)
