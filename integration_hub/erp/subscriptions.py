"""Recurring billing: ERPNext's Subscription ↔ the gateway's, and each paid cycle → a Sales Invoice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import frappe
from frappe import _
from frappe.utils import add_days, flt, get_datetime

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
	"""An ERPNext Subscription as it is to be opened at the gateway. Raises Invalid in the user's words."""
	if doc.party_type != "Customer":
		raise Invalid(
			_("Only a customer's Subscription can be collected by a gateway."), fix=(DOCTYPE, doc.name)
		)
	plans = [frappe.get_doc("Subscription Plan", row.plan) for row in doc.plans]
	currency = plans[0].currency
	lines = tuple(_line(row, plan) for row, plan in zip(doc.plans, plans, strict=True))
	known = next(
		(
			one.outside_id
			for one in ctx.links.of("Customer", doc.party, customers.RESOURCE)
			if ":" not in one.outside_id
		),
		None,
	)
	email = frappe.db.get_value("Customer", doc.party, "email_id") or ""
	return SubscriptionOrder(
		reference=Reference(doctype=DOCTYPE, name=doc.name),
		customer=Customer(
			id=known, company=frappe.db.get_value("Customer", doc.party, "customer_name"), email=email
		),
		currency=currency,
		lines=lines,
		starts_at=_start_of(doc.start_date),
		trial_until=_start_of(doc.trial_period_end and add_days(doc.trial_period_end, 1)),
		cancel_at=_start_of(doc.end_date and add_days(doc.end_date, 1)),
		collect="invoice" if doc.get("integration_collect") == "Send a Bill" else "charge",
		days_until_due=int(doc.days_until_due or 0) or 14,
	)


def _line(row: Any, plan: Any) -> SubscriptionLine:
	if plan.price_determination != "Fixed Rate":
		raise Invalid(
			_("The plan {0} has no fixed rate; a gateway needs one.").format(plan.name),
			fix=("Subscription Plan", plan.name),
		)
	unit = Decimal(1).scaleb(-money.exponent(plan.currency))
	return SubscriptionLine(
		title=plan.plan_name,
		code=plan.item,
		quantity=Decimal(str(row.qty)),
		unit_amount=Decimal(str(plan.cost)).quantize(unit),
		interval=INTERVALS[plan.billing_interval],
		every=int(plan.billing_interval_count or 1),
	)


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
	link = ctx.links.get(RESOURCE, record.id)
	name = link.reference_name if link else None
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
	doc = frappe.get_doc(DOCTYPE, name)
	if record.status == "cancelled" and doc.status not in ("Cancelled", "Completed"):
		doc.flags.integration_origin = ctx.connection.name
		doc.cancel_subscription()
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
	link = ctx.links.get(BILLS, record.id)
	if link and link.reference_name:
		return Result("Sales Invoice", link.reference_name, _("Known already."))
	if record.status != "paid":
		words = {"open": _("Not paid yet."), "draft": _("Not sent yet.")}
		return Result(None, None, words.get(record.status, _("Not to be paid.")), "Ignored")
	if not record.total:
		return Result(None, None, _("Nothing to pay in this cycle."), "Ignored")
	subscription = _subscription_of(record, ctx)
	doc = _of_period(subscription, record) if subscription else None
	made = doc is None
	if doc is None:
		doc = _make(record, subscription, ctx)
	_compare(doc, record)
	if doc.docstatus == 0:
		doc.submit()
	ctx.links.claim(BILLS, record.id)
	ctx.links.fill(
		BILLS, record.id, "Sales Invoice", doc.name, version=record.version, label=record.number or record.id
	)
	return Result(
		"Sales Invoice",
		doc.name,
		_("Invoice {0} made").format(doc.name) if made else _("Invoice {0} found").format(doc.name),
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
	"""The invoice that ERPNext made for this cycle: of the same Subscription, not paid, about the same days."""
	first, last = _period(record)
	names = frappe.get_all(
		"Sales Invoice",
		filters={
			"subscription": subscription.name,
			"docstatus": ("<", 2),
			"from_date": ("<=", last),
			"to_date": (">=", first),
			"currency": record.currency,
		},
		order_by="from_date",
		pluck="name",
	)
	for name in names:
		if not frappe.db.exists("Integration Link", {"reference_name": name, "resource": BILLS}):
			return frappe.get_doc("Sales Invoice", name)
	return None


def _make(record: Bill, subscription: Any, ctx: Context) -> Any:
	customer = subscription.party if subscription else _customer(record, ctx)
	first, last = _period(record)
	doc = frappe.new_doc("Sales Invoice")
	doc.update(
		{
			"company": ctx.company,
			"customer": customer,
			"currency": record.currency,
			"conversion_rate": money.exchange_rate(
				record.currency, ctx.company_currency, site_date(record.created_at)
			),
			"set_posting_time": 1,
			"posting_date": site_date(record.paid_at or record.created_at),
			"due_date": site_date(record.paid_at or record.created_at),
			"cost_center": ctx.cost_center,
			"ignore_pricing_rule": 1,
			"from_date": first,
			"to_date": last,
			"subscription": subscription.name if subscription else None,
			"integration_connection": ctx.connection.name,
			"integration_order": (record.number or record.id)[:140],
			"disable_rounded_total": 1,
		}
	)
	decimals = doc.precision("grand_total") or 2
	money.check_precision(record.currency, decimals)
	for line in record.lines:
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
	for kind, title, amount in (
		("Tax", record.tax_title or _("Tax"), record.tax),
		("Fee", _("Discount"), -record.discount),
	):
		if amount:
			account, cost_center = ctx.account_for(kind, title)
			doc.append(
				"taxes",
				{
					"charge_type": "Actual",
					"account_head": account,
					"description": title,
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
	"""Promise 7: the invoice comes to what the gateway took, or a person decides."""
	here = Decimal(str(flt(doc.grand_total, doc.precision("grand_total"))))
	if here != record.total:
		raise Invalid(
			_("{0} comes to {1}, the gateway billed {2} {3}.").format(
				doc.name or _("The invoice"), here, record.total, record.currency
			),
			fix=("Sales Invoice", doc.name) if doc.get("subscription") and not doc.is_new() else None,
		)
