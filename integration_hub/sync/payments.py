"""Events of payment gateways: pages to pay at, captures, refunds and subscriptions out; money, disputes and payouts in."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import frappe
from frappe import _

from integration_hub.connectors.contract import (
	CapturesPayments,
	PullsDisputes,
	PullsPayments,
	PullsPayouts,
	RefundsPayments,
	Subscribes,
	TakesPayments,
	satisfies,
)
from integration_hub.erp import gateway, gateway_refunds, payables, payouts, subscriptions
from integration_hub.erp.context import Context, Result
from integration_hub.failures import Invalid, Waiting
from integration_hub.records import GatewayPayment, Payable, RefundRequest, SubscriptionOrder
from integration_hub.sync import alerts, connections, store, wake
from integration_hub.sync.handling import Handler, Route, context, inbound, outbound

CAPTURES = "captures"
#: tries after which a payout is booked although lines of it are not
PATIENCE = 6


# --- pages to pay at --------------------------------------------------------------------------------------


def link_draft(doc: Any, ctx: Context) -> store.Draft:
	"""Make a page for what is open on a document now. Another amount is another page; the same page is asked for again
	only after it was closed."""
	payable = payables.of(doc, ctx)
	made = len(ctx.links.of(doc.doctype, doc.name, payables.RESOURCE))
	return store.Draft(
		direction="Out",
		resource=payables.RESOURCE,
		action="make",
		outside_id=f"{doc.doctype}/{doc.name}",
		dedupe_key=f"link:{doc.doctype}:{doc.name}:{payable.amount}:{made}",
		label=doc.name,
		payload=payable.model_dump_json(),
		reference=(doc.doctype, doc.name),
	)


def close_draft(doc: Any, page: Any) -> store.Draft:
	return store.Draft(
		direction="Out",
		resource=payables.RESOURCE,
		action="close",
		outside_id=f"{doc.doctype}/{doc.name}",
		dedupe_key=f"close:{page.outside_id}",
		label=doc.name,
		payload=json.dumps({"link": page.outside_id}),
		reference=(doc.doctype, doc.name),
	)


def _page(connector: TakesPayments, one: Any) -> Any:
	if one.action == "close":
		connector.close_payment_link(json.loads(one.payload)["link"])
		return None
	payable = Payable.model_validate_json(one.payload)
	return connector.create_payment_link(payable, key=one.key, look_first=one.look_first)


def _still_open(one: Any, ctx: Context) -> None:
	"""What is asked for is read again: the document may have been paid or cancelled since."""
	if one.action != "make":
		return
	doc = frappe.get_doc(one.reference_doctype, one.reference_name)
	one.payload = payables.of(doc, ctx).model_dump_json()


def _page_made(link: Any, one: Any, ctx: Context) -> Result:
	if one.action == "close":
		return payables.closed(json.loads(one.payload)["link"], ctx)
	return payables.made(link, Payable.model_validate_json(one.payload), ctx)


def document_submitted(doc: Any) -> None:
	"""Gateways that make a page for every Sales Invoice. In the user's own transaction; nothing here may fail it."""
	if doc.doctype == "Sales Invoice" and (doc.is_return or doc.outstanding_amount <= 0):
		return
	for name in _gateways(doc.company, {"make_links": "For Each Sales Invoice"}):
		try:
			_store(name, link_draft(doc, context(connections.get(name))))
		except Invalid:
			continue  # nothing to pay: no page, and no reason to refuse the user's save
		return  # one page is enough


def document_closed(doc: Any) -> None:
	"""Cancelled, or paid another way: nobody shall pay again. In the user's own transaction."""
	for link in open_pages(doc):
		_store(link.connection, close_draft(doc, link))


def payment_submitted(doc: Any) -> None:
	"""A Payment Entry that settles documents closes their pages, unless it came through the gateway itself."""
	for row in doc.get("references") or ():
		if row.reference_doctype not in payables.DOCTYPES:
			continue
		target = frappe.get_doc(row.reference_doctype, row.reference_name)
		if payables.open_amount(target)[0] <= 0:
			document_closed(target)


def open_pages(doc: Any) -> list[Any]:
	rows = frappe.get_all(
		"Integration Link",
		filters={
			"resource": payables.RESOURCE,
			"reference_doctype": doc.doctype,
			"reference_name": doc.name,
		},
		fields=["connection", "outside_id", "extra"],
	)
	return [row for row in rows if json.loads(row.extra or "{}").get("open")]


def _gateways(company: str, more: dict[str, Any]) -> list[str]:
	return frappe.get_all(
		connections.DOCTYPE,
		filters={"company": company, "enabled": 1, "category": "payments", **more},
		order_by="creation",
		pluck="name",
	)


def _store(connection: str, draft: store.Draft) -> None:
	if store.store(connection, [draft]):
		wake.wake_after_commit(connection)


# --- capture and release ----------------------------------------------------------------------------------


def capture_draft(
	payment_id: str, action: str, amount: Decimal, currency: str, reference: tuple[str, str]
) -> store.Draft:
	"""Take a reserved payment ("capture"; the rest of it is released), or let it go ("void")."""
	return store.Draft(
		direction="Out",
		resource=CAPTURES,
		action=action,
		outside_id=payment_id,
		dedupe_key=f"{action}:{payment_id}",
		label=reference[1],
		payload=json.dumps({"amount": str(amount), "currency": currency}),
		reference=reference,
	)


def _capture(connector: CapturesPayments, one: Any) -> GatewayPayment:
	said = json.loads(one.payload)
	if one.action == "void":
		return connector.void_payment(one.outside_id, key=one.key)
	return connector.capture_payment(
		one.outside_id, Decimal(said["amount"]), said["currency"], key=one.key, look_first=one.look_first
	)


def _captured(payment: GatewayPayment, one: Any, ctx: Context) -> Result:
	"""The money is ours; it is booked now if the vendor already says what it became, else when it does."""
	if one.action == "capture" and payment.settled is None:
		store.store(ctx.connection.name, [_fetch("payments", payment.id, f"captured:{payment.id}")])
		return Result(one.reference_doctype, one.reference_name, _("Captured; it is booked in a moment."))
	result = gateway.apply(payment, ctx)
	words = _("Captured.") if one.action == "capture" else _("Released.")
	return Result(result.doctype, result.name, f"{words} {result.message}")


def _fetch(resource: str, outside_id: str, key: str) -> store.Draft:
	return store.Draft(direction="In", resource=resource, outside_id=outside_id, dedupe_key=key)


# --- refunds ----------------------------------------------------------------------------------------------


def refund_drafts(credit_note: Any, ctx: Context) -> list[store.Draft]:
	"""Give back what a credit note says, from the payments it came from. The same note asks for each payment once."""
	return [
		store.Draft(
			direction="Out",
			resource=gateway_refunds.REFUNDS,
			action="refund",
			outside_id=request.payment_id,
			dedupe_key=f"refund:{credit_note.name}:{request.payment_id}",
			label=credit_note.name,
			payload=request.model_dump_json(),
			reference=(credit_note.doctype, credit_note.name),
		)
		for request in gateway_refunds.requests_of(credit_note, ctx)
	]


def credit_note_submitted(doc: Any) -> None:
	"""Gateways that refund by themselves. In the user's own transaction; what cannot be refunded is left to the button."""
	if not doc.is_return:
		return
	for name in _gateways(doc.company, {"refund_when": "When a Credit Note Is Submitted"}):
		try:
			drafts = refund_drafts(doc, context(connections.get(name)))
		except Invalid:
			continue  # not paid there, or not enough: the credit note's own button says so
		for draft in drafts:
			_store(name, draft)


def _refund(connector: RefundsPayments, one: Any) -> Any:
	request = RefundRequest.model_validate_json(one.payload)
	return connector.refund_payment(request, key=one.key, look_first=one.look_first)


def _refunded(refund: Any, one: Any, ctx: Context) -> Result:
	if refund.status == "succeeded" and refund.settled is None:
		store.store(ctx.connection.name, [_fetch("refunds", refund.id, f"asked:{refund.id}")])
	try:
		result = gateway_refunds.apply(refund, ctx)
	except Waiting:
		return Result(one.reference_doctype, one.reference_name, _("Refunded; it is booked in a moment."))
	return Result(result.doctype or one.reference_doctype, result.name or one.reference_name, result.message)


# --- subscriptions ----------------------------------------------------------------------------------------


def subscription_saved(doc: Any) -> None:
	"""A Subscription that a gateway shall collect: opened there once, cancelled there when it is cancelled here. In the
	user's own transaction."""
	name = doc.get("integration_connection")
	if not name or doc.flags.integration_origin == name or not frappe.db.exists(connections.DOCTYPE, name):
		return
	links = context(connections.get(name)).links.of(doc.doctype, doc.name, subscriptions.RESOURCE)
	if doc.status in ("Cancelled", "Completed"):
		for link in links:
			_store(
				name, _subscription_draft(doc, "cancel", f"cancel:{link.outside_id}", {"id": link.outside_id})
			)
	elif not links:
		_store(name, _subscription_draft(doc, "open", f"open:{doc.name}", {}))


def _subscription_draft(doc: Any, action: str, key: str, payload: dict[str, Any]) -> store.Draft:
	return store.Draft(
		direction="Out",
		resource=subscriptions.RESOURCE,
		action=action,
		outside_id=f"{doc.doctype}/{doc.name}",
		dedupe_key=f"subscription:{key}",
		label=doc.name,
		payload=json.dumps(payload),
		reference=(doc.doctype, doc.name),
	)


def _read_order(one: Any, ctx: Context) -> None:
	if one.action == "open":
		doc = frappe.get_doc(one.reference_doctype, one.reference_name)
		one.payload = subscriptions.order_of(doc, ctx).model_dump_json()


def _subscribe(connector: Subscribes, one: Any) -> Any:
	if one.action == "cancel":
		return connector.cancel_subscription(json.loads(one.payload)["id"], at_period_end=False, key=one.key)
	order = SubscriptionOrder.model_validate_json(one.payload)
	return connector.create_subscription(order, key=one.key, look_first=one.look_first)


def _subscribed(record: Any, one: Any, ctx: Context) -> Result:
	if one.action == "cancel":
		return subscriptions.apply(record, ctx)
	return subscriptions.opened(record, one.reference_name, ctx)


# --- what comes in ----------------------------------------------------------------------------------------


def _payment(payment: GatewayPayment, ctx: Context) -> Result:
	"""A payment of a bill waits for the bill, which is fetched if it never came."""
	if (
		payment.status == "paid"
		and payment.invoice_id
		and ctx.links.get("invoices", payment.invoice_id) is None
	):
		if satisfies(connections.class_of(ctx.connection), Subscribes):
			frappe.db.rollback()  # waiting undoes everything but this
			store.store(
				ctx.connection.name, [_fetch("invoices", payment.invoice_id, f"needed:{payment.invoice_id}")]
			)
			frappe.db.commit()  # see above
		raise Waiting(_("Waits for the bill {0}.").format(payment.invoice_id))
	return gateway.apply(payment, ctx)


def _bill(record: Any, ctx: Context) -> Result:
	"""A paid bill also asks for its payments: their own messages may have come first, or never."""
	result = subscriptions.bill(record, ctx)
	if result.name:
		drafts = [_fetch("payments", one, f"of:{record.id}:{one}") for one in record.payment_ids]
		store.store(ctx.connection.name, drafts)
	return result


def _dispute(record: Any, ctx: Context) -> Result:
	before = ctx.links.get(gateway_refunds.DISPUTES, record.id)
	was = json.loads(before.extra or "{}").get("status") if before else None
	result = gateway_refunds.dispute(record, ctx)
	if was != record.status and result.status != "Ignored":
		alerts.tell(
			_("Dispute at {0}").format(ctx.connection.title),
			gateway_refunds.dispute_words(record),
			(connections.DOCTYPE, ctx.connection.name),
		)
	return result


def _payouts() -> Handler:
	"""As `inbound`, but a payout knows how often it has waited for its lines."""
	plain = inbound("fetch_payouts", "read_payout", lambda record, ctx: None, payouts.gone)

	def apply(connection: Any, one: Any, record: Any) -> Result:
		if record is None:
			return payouts.gone(one.outside_id, context(connection))
		return payouts.apply(record, context(connection), patient=one.tries < PATIENCE)

	return Handler(plain.prepare, apply)


ROUTES = (
	Route("Out", payables.RESOURCE, TakesPayments, outbound(_page, _page_made, _still_open)),
	Route("Out", CAPTURES, CapturesPayments, outbound(_capture, _captured)),
	Route("Out", gateway_refunds.REFUNDS, RefundsPayments, outbound(_refund, _refunded)),
	Route("Out", subscriptions.RESOURCE, Subscribes, outbound(_subscribe, _subscribed, _read_order)),
	Route("In", "payments", PullsPayments, inbound("fetch_payments", "read_payment", _payment, gateway.gone)),
	Route(
		"In",
		gateway_refunds.REFUNDS,
		RefundsPayments,
		inbound("fetch_refunds", "read_refund", gateway_refunds.apply, gateway_refunds.gone),
	),
	Route(
		"In",
		gateway_refunds.DISPUTES,
		PullsDisputes,
		inbound("fetch_disputes", "read_dispute", _dispute, gateway_refunds.gone),
	),
	Route("In", payouts.RESOURCE, PullsPayouts, _payouts()),
	Route(
		"In",
		subscriptions.RESOURCE,
		Subscribes,
		inbound("fetch_subscriptions", "read_subscription", subscriptions.apply, subscriptions.gone),
	),
	Route(
		"In", subscriptions.BILLS, Subscribes, inbound("fetch_bills", "read_bill", _bill, subscriptions.gone)
	),
)
