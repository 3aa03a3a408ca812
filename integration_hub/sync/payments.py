"""Events of payment gateways: pages to pay at, captures, refunds and subscriptions out; money, disputes and payouts in."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
)
from integration_hub.erp import (
	audits,
	disputes,
	gateway,
	gateway_refunds,
	payables,
	payouts,
	receipts,
	subscriptions,
)
from integration_hub.erp.context import Context, Result
from integration_hub.failures import Invalid, Waiting
from integration_hub.records import (
	ZERO,
	Dispute,
	GatewayPayment,
	GatewayRefund,
	Payable,
	Reference,
	RefundRequest,
	SubscriptionOrder,
)
from integration_hub.sync import alerts, connections, covered, replay, store, wake
from integration_hub.sync.handling import Handler, Prepared, Route, context, inbound, outbound

CAPTURES = "captures"
#: a page that was asked for, for an amount that is not open any more
STALE = object()
#: tries after which a payout is booked although lines of it are not
PATIENCE = 6


# --- pages to pay at --------------------------------------------------------------------------------------


def link_draft(doc: Any, ctx: Context) -> store.Draft:
	"""Make a page for what is open on a document now. Another amount is another page; the same page is asked for again
	only after it was closed. Raises Invalid when nothing is open."""
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


def close_draft(doctype: str, name: str, page: Any) -> store.Draft:
	return store.Draft(
		direction="Out",
		resource=payables.RESOURCE,
		action="close",
		outside_id=f"{doctype}/{name}",
		dedupe_key=f"close:{page.outside_id}",
		label=name,
		payload=json.dumps({"link": page.outside_id}),
		reference=(doctype, name),
	)


def _page(connection: Any, connector: TakesPayments, works: Sequence[Any]) -> Prepared:
	"""A page made or closed. What was asked for is looked at again: the document may have been paid since. Not when a
	former try may have made the page: that one must be found by what it was asked for."""
	[one] = works
	if one.action == "close":
		connector.close_payment_link(json.loads(one.payload)["link"])
		return {one.name: None}
	payable = Payable.model_validate_json(one.payload)
	stale = not one.look_first and _open_on(payable.reference) != (payable.amount, payable.currency)
	frappe.db.rollback()  # nothing is open while we talk
	if stale:
		return {one.name: STALE}
	return {one.name: connector.create_payment_link(payable, key=one.key, look_first=one.look_first)}


def _open_on(reference: Reference) -> tuple[Decimal, str] | None:
	if not frappe.db.exists(reference.doctype, reference.name):
		return None
	return payables.open_amount(frappe.get_doc(reference.doctype, reference.name))


def _page_done(connection: Any, one: Any, link: Any) -> Result:
	ctx = context(connection)
	if one.action == "close":
		return payables.closed(json.loads(one.payload)["link"], ctx)
	payable = Payable.model_validate_json(one.payload)
	if link is STALE:
		_make_if_open(payable.reference, ctx)
		return Result(
			one.reference_doctype, one.reference_name, _("Another amount is open by now."), "Ignored"
		)
	result = payables.made(link, payable, ctx)
	review(one.reference_doctype, one.reference_name)
	return result


def _make_if_open(reference: Reference, ctx: Context) -> None:
	amount, _currency = _open_on(reference) or (ZERO, "")
	if amount > ZERO:
		_store(ctx.connection.name, link_draft(frappe.get_doc(reference.doctype, reference.name), ctx))


def review(doctype: str, name: str, *, renew: bool = True) -> None:
	"""Bring the pages of a document into line with what is open on it: one page at each gateway that has one, for exactly
	that amount. In the caller's transaction; vendors are called by the Events that this stores."""
	pages = payables.pages_of(doctype, name)
	if not pages:
		return
	doc = frappe.get_doc(doctype, name)
	amount, currency = payables.open_amount(doc)
	for connection in dict.fromkeys(page.connection for page in pages):
		ctx = context(connections.get(connection))
		good = None
		for page in (one for one in pages if one.connection == connection):
			if payables.expired(page):
				payables.closed(page.outside_id, ctx)
			elif good is None and amount > ZERO and (page.amount, page.currency) == (str(amount), currency):
				good = page
			else:
				_store(connection, close_draft(doctype, name, page))
		if good is None and renew and amount > ZERO:
			_store(connection, link_draft(doc, ctx))


def review_all() -> int:
	"""Scheduler: open pages whose document changed in a way that tells nobody (a reconciliation, say). Returns how many
	documents were looked at. Commits each."""
	rows = frappe.get_all(
		"Integration Link",
		filters={"resource": payables.RESOURCE, "extra": ("like", '%"open": true%')},
		fields=["reference_doctype", "reference_name"],
		distinct=True,
	)
	for row in rows:
		if frappe.db.exists(row.reference_doctype, row.reference_name):
			review(row.reference_doctype, row.reference_name)
			frappe.db.commit()  # each by itself: one that cannot be read must not hold up the others
	return len(rows)


def document_submitted(doc: Any) -> None:
	"""Gateways that make a page for every Sales Invoice. In the user's own transaction; nothing here may fail it."""
	gateways = [] if doc.is_return else _gateways(doc.company, {"make_links": "For Each Sales Invoice"})
	# as it is stored: the submitted document still carries the open amount of before its ledger entries
	stored = frappe.get_doc(doc.doctype, doc.name) if gateways else None
	if stored and payables.open_amount(stored)[0] > ZERO:
		_store(gateways[0], link_draft(stored, context(connections.get(gateways[0]))))  # one page is enough


def document_changed(doc: Any) -> None:
	"""Cancelled, or changed after it was submitted: nobody shall pay what is not owed. In the user's own transaction."""
	named = {(doc.doctype, doc.name)}
	if doc.doctype == "Sales Invoice" and doc.get("return_against"):
		named.add(("Sales Invoice", doc.return_against))
	_review(named)


def document_printed(doc: Any) -> None:
	"""A Sales Invoice or Sales Order is about to be printed: it says where it is paid."""
	payables.show_on_print(doc)


def money_moved(doc: Any) -> None:
	"""A Payment Entry or Journal Entry was submitted or cancelled: what is open on the documents it names is another
	amount now. In the user's own transaction."""
	if doc.doctype == "Payment Entry":
		named = {(row.reference_doctype, row.reference_name) for row in doc.get("references") or ()}
		named |= {
			("Payment Request", row.payment_request) for row in doc.references if row.get("payment_request")
		}
	else:
		named = {(row.reference_type, row.reference_name) for row in doc.get("accounts") or ()}
	_review({one for one in named if one[0] in payables.DOCTYPES and one[1]})
	if doc.docstatus == 2:
		_compare_again(doc)
	elif doc.doctype == "Payment Entry":
		resources = (gateway.RESOURCE, gateway_refunds.REFUNDS)
		for connection, outside_id in receipts.stands_for(doc, resources):
			payouts.compare_about(outside_id, context(connections.get(connection)))


def _review(documents: set[tuple[str, str]]) -> None:
	for doctype, name in sorted(documents | _asked_for(documents), key=str):
		review(doctype, name)


def _asked_for(documents: set[tuple[str, str]]) -> set[tuple[str, str]]:
	"""Payment Requests of these documents: what is open on those is what is open on the document."""
	names = [name for _doctype, name in documents]
	rows = frappe.get_all(
		"Payment Request",
		filters={"reference_name": ("in", [*names, ""]), "docstatus": 1},
		fields=["name", "reference_doctype", "reference_name"],
	)
	return {
		("Payment Request", row.name)
		for row in rows
		if (row.reference_doctype, row.reference_name) in documents
	}


def _compare_again(doc: Any) -> None:
	"""A document that an Audit relies on is not valid any more."""
	for audit, connection in audits.naming(doc.doctype, doc.name):
		payouts.compare_again(audit, context(connections.get(connection)))


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
	"""Give back what a credit note says, from the payments it came from. The same note asks for each payment once, and
	once more for each refund that failed."""
	return [
		store.Draft(
			direction="Out",
			resource=gateway_refunds.REFUNDS,
			action="refund",
			outside_id=request.payment_id,
			dedupe_key=f"refund:{credit_note.name}:{request.payment_id}:"
			f"{gateway_refunds.failed_for(request.payment_id, credit_note.name, ctx)}",
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
	if doc.return_against:
		_review({("Sales Invoice", doc.return_against)})  # it may be owed less now
	for name in _gateways(doc.company, {"refund_when": "When a Credit Note Is Submitted"}):
		try:
			stored = frappe.get_doc(doc.doctype, doc.name)  # with the open amount of after its ledger entries
			drafts = refund_drafts(stored, context(connections.get(name)))
		except Invalid:
			continue  # not paid there, or not enough: the credit note's own button says so
		for draft in drafts:
			_store(name, draft)


def _refund(connector: RefundsPayments, one: Any) -> Any:
	request = RefundRequest.model_validate_json(one.payload)
	return connector.refund_payment(request, key=one.key, look_first=one.look_first)


def _refunded(refund: Any, one: Any, ctx: Context) -> Result:
	if refund.status == "succeeded" and refund.settled is None:
		# remembered as on its way, so that nobody asks for it again before it is booked
		gateway_refunds.apply(refund.model_copy(update={"status": "pending"}), ctx)
		store.store(ctx.connection.name, [_fetch("refunds", refund.id, f"asked:{refund.id}")])
		return Result(one.reference_doctype, one.reference_name, _("Refunded; it is booked in a moment."))
	result = _refund_told(refund, ctx)
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
	"""A payment of a bill waits for the bill; what an Audit has missed is compared again."""
	if payment.status == "paid" and payment.invoice_id:
		_await_bill(payment, ctx)
	result = gateway.apply(payment, ctx)
	payouts.compare_about(payment.id, ctx)
	return result


def _await_bill(payment: GatewayPayment, ctx: Context) -> None:
	"""Raise Waiting until the bill is here; it is asked for, in case it was never told."""
	link = ctx.links.get(subscriptions.BILLS, payment.invoice_id)
	if link and link.reference_name:
		return
	known = ctx.links.get(gateway.RESOURCE, payment.id)
	if known and (known.reference_name or known.extra):
		return  # booked, or assigned by a person
	if connections.row_of(ctx.connection, subscriptions.BILLS, "In") is None:
		return  # bills are not synchronised: money that nobody asked for
	frappe.db.rollback()  # waiting undoes everything but this
	store.store(
		ctx.connection.name,
		[_fetch(subscriptions.BILLS, payment.invoice_id, f"needed:{payment.invoice_id}")],
	)
	frappe.db.commit()  # see above
	raise Waiting(
		_("Waits for the bill {0}.").format(payment.invoice_id), waits_for=_bill_key(payment.invoice_id)
	)


def _bill_key(bill: str) -> str:
	return f"bill:{bill}"[:180]


def _bill(record: Any, ctx: Context) -> Result:
	"""A paid bill also asks for its payments: their own messages may have come first, or never."""
	result = subscriptions.bill(record, ctx)
	if result.name:
		drafts = [_fetch("payments", one, f"of:{record.id}:{one}") for one in record.payment_ids]
		store.store(ctx.connection.name, drafts)
		replay.go_on([_bill_key(record.id)], ctx.connection.name)
	return result


def _refund_told(refund: GatewayRefund, ctx: Context) -> Result:
	result = gateway_refunds.apply(refund, ctx)
	payouts.compare_about(refund.id, ctx)
	return result


def _dispute(record: Dispute, ctx: Context) -> Result:
	"""Disputes wait for nobody: people are told of each step, once."""
	before = ctx.links.get(disputes.DISPUTES, record.id)
	was = json.loads(before.extra or "{}").get("status") if before else None
	result = disputes.apply(record, ctx)
	if was != record.status and result.status != "Ignored":
		alerts.tell(
			_("Dispute at {0}").format(ctx.connection.title),
			disputes.in_words(record),
			(connections.DOCTYPE, ctx.connection.name),
		)
	payouts.compare_about(record.id, ctx)
	return result


def assign(event: str, reference: Reference) -> None:
	"""A person has said what a parked payment is for: it is booked so."""
	row = frappe.db.get_value(
		store.DOCTYPE, event, ["connection", "resource", "outside_id", "status"], as_dict=True
	)
	if row.resource != gateway.RESOURCE or row.status != "Parked":
		raise Invalid(_("Only a payment that waits for you can be assigned."))
	gateway.assign(row.outside_id, reference, context(connections.get(row.connection)))
	replay.replay([event])


def _payouts() -> Handler:
	"""As `inbound`, but a payout knows how often it has waited for its lines."""
	plain = inbound("fetch_payouts", "read_payout", lambda record, ctx: None, payouts.gone)

	def apply(connection: Any, one: Any, record: Any) -> Result:
		ctx = context(connection)
		if record is None:
			return payouts.gone(one.outside_id, ctx)
		result = payouts.apply(record, ctx, patient=one.tries < PATIENCE)
		payouts.compare_about(record.id, ctx)
		covered.cover(connection.name, one, record.version)
		return result

	return Handler(plain.prepare, apply)


ROUTES = (
	Route("Out", payables.RESOURCE, TakesPayments, Handler(_page, _page_done, together=False)),
	Route("Out", CAPTURES, CapturesPayments, outbound(_capture, _captured)),
	Route("Out", gateway_refunds.REFUNDS, RefundsPayments, outbound(_refund, _refunded)),
	Route("Out", subscriptions.RESOURCE, Subscribes, outbound(_subscribe, _subscribed, _read_order)),
	Route("In", "payments", PullsPayments, inbound("fetch_payments", "read_payment", _payment, gateway.gone)),
	Route(
		"In",
		gateway_refunds.REFUNDS,
		RefundsPayments,
		inbound("fetch_refunds", "read_refund", _refund_told, gateway_refunds.gone),
	),
	Route(
		"In",
		disputes.DISPUTES,
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
