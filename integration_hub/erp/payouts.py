"""Payouts of a gateway → one bank-side Journal Entry each, and an Audit that compares every line with what is booked."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import frappe
from frappe import _

from integration_hub.erp import audits, journal
from integration_hub.erp.context import Context, Result
from integration_hub.erp.gateway import RESOURCE as PAYMENTS
from integration_hub.erp.gateway import is_foreign
from integration_hub.erp.gateway_refunds import DISPUTES, REFUNDS
from integration_hub.erp.receipts import clearing_account
from integration_hub.failures import Waiting
from integration_hub.records import ZERO, Payout, PayoutLine

RESOURCE = "payouts"
#: which Resource a line's source is
SOURCES = {
	"payment": PAYMENTS,
	"refund": REFUNDS,
	"refund_failure": REFUNDS,
	"dispute": DISPUTES,
	"dispute_reversal": DISPUTES,
}


@dataclass(frozen=True)
class Booked:
	"""What the clearing account says for a line: the document and the amount, signed as the line's."""

	doctype: str | None
	name: str | None
	amount: Decimal


def apply(payout: Payout, ctx: Context, *, patient: bool) -> Result:
	"""A payout as the gateway has it now. `patient`: wait for lines that are not booked here yet; else book what the bank
	got, and let the Audit name the difference."""
	if is_foreign(payout.test, ctx):
		return Result(None, None, _("A test payout; nothing is booked."), "Ignored")
	link = ctx.links.get(RESOURCE, payout.id)
	said = json.loads(link.extra or "{}") if link else {}
	if payout.status in ("failed", "cancelled"):
		return _failed(payout, link, said, ctx)
	if said.get("state") == "booked":
		return Result("Journal Entry", link.reference_name, _("Booked already."))
	if payout.status != "paid":
		return Result(None, None, _("The payout is on its way."), "Ignored")
	if not payout.complete:
		raise Waiting(_("The gateway is still putting the payout together."))
	compared = [(line, _booked(line, payout.currency, ctx)) for line in payout.lines]
	if patient and any(booked.doctype is None and line.kind in SOURCES for line, booked in compared):
		raise Waiting(_("Waits for payments and refunds of this payout that are not booked yet."))
	name = _book(payout, ctx)
	audit = _audit(payout, compared, ctx)
	_remember(payout, name, "booked", audit, ctx)
	sentence = _("Payout of {0} {1} booked.").format(payout.amount, payout.currency)
	if frappe.db.get_value(audits.AUDIT, audit, "status") != "Agrees":
		sentence += " " + _("{0} differs: see {1}.").format(_("The comparison"), audit)
	return Result("Journal Entry", name, sentence)


def gone(outside_id: str, _ctx: Context) -> Result:
	return Result(None, None, _("{0} does not exist at the gateway any more.").format(outside_id), "Ignored")


def _remember(payout: Payout, name: str | None, state: str, audit: str | None, ctx: Context) -> None:
	ctx.links.claim(RESOURCE, payout.id)
	ctx.links.fill(
		RESOURCE,
		payout.id,
		"Journal Entry" if name else None,
		name,
		version=payout.version,
		label=f"{payout.amount} {payout.currency}",
		extra={"state": state, "audit": audit, "amount": str(payout.amount)},
	)


def _book(payout: Payout, ctx: Context) -> str:
	"""Bank ← net, fees ← fees, clearing → gross: after it the clearing account holds nothing of these lines."""
	currency = payout.currency
	bank, _cost_center = ctx.account_for("Bank", currency)
	gross = sum((line.gross for line in payout.lines), ZERO) if payout.lines else payout.amount
	others = _others(payout, ctx)
	cleared = gross - sum((amount for _account, amount, _center in others), ZERO)
	rows = [
		journal.Row(bank, payout.amount, currency=currency, kept=True),
		journal.Row(clearing_account(currency, ctx), -cleared, currency=currency, kept=True),
		*(
			journal.Row(account, -amount, cost_center=center, currency=currency)
			for account, amount, center in others
		),
		*_fees(payout, ctx),
	]
	return journal.book(
		rows,
		payout.arrives_on,
		ctx,
		title=_("Payout {0} {1}").format(payout.id, payout.bank_reference).strip(),
		reference=payout.id,
		bank=True,
	)


def _fees(payout: Payout, ctx: Context) -> list[journal.Row]:
	"""Fees by what they are for: accounts named "payment", "refund", "dispute", … or one for all."""
	totals: dict[str, Decimal] = defaultdict(lambda: ZERO)
	for line in payout.lines:
		totals[line.kind] += line.fee
	rows: dict[tuple[str, str | None], Decimal] = defaultdict(lambda: ZERO)
	for kind, amount in totals.items():
		if amount:
			rows[ctx.account_for("Gateway Fee", kind)] += amount
	return [
		journal.Row(account, amount, cost_center=center, currency=payout.currency)
		for (account, center), amount in rows.items()
	]


def _others(payout: Payout, ctx: Context) -> list[tuple[str, Decimal, str | None]]:
	"""Transfers and adjustments: no document of ours stands behind them, so the payout books them itself."""
	rows: dict[tuple[str, str | None], Decimal] = defaultdict(lambda: ZERO)
	for line in payout.lines:
		if line.kind in ("adjustment", "transfer") and line.gross:
			rows[ctx.account_for("Payout Adjustment", line.kind)] += line.gross
	return [(account, amount, center) for (account, center), amount in rows.items()]


def _failed(payout: Payout, link: Any, said: dict[str, Any], ctx: Context) -> Result:
	"""The bank sent it back: the money is in the gateway's account again."""
	if said.get("state") != "booked":
		if said.get("state") != "failed":
			_remember(payout, None, "failed", None, ctx)
		return Result(None, None, _("The payout failed: {0}").format(payout.failure), "Ignored")
	bank, _cost_center = ctx.account_for("Bank", payout.currency)
	rows = [
		journal.Row(bank, -payout.amount, currency=payout.currency),
		journal.Row(clearing_account(payout.currency, ctx), payout.amount, currency=payout.currency),
	]
	name = journal.book(
		rows,
		payout.arrives_on,
		ctx,
		title=_("Payout {0} failed").format(payout.id),
		reference=payout.id,
		bank=True,
	)
	_remember(payout, name, "failed", said.get("audit"), ctx)
	return Result("Journal Entry", name, _("The payout failed ({0}): booked back.").format(payout.failure))


# --- line by line ------------------------------------------------------------------------------------------


def _audit(payout: Payout, compared: list[tuple[PayoutLine, Booked]], ctx: Context) -> str:
	lines = [
		audits.Line(
			outside_id=line.source_id or line.id,
			what=line.kind,
			outside=line.gross,
			doctype=booked.doctype,
			name=booked.name,
			here=booked.amount if line.kind in SOURCES else line.gross,
		)
		for line, booked in compared
	]
	return audits.write(
		ctx.connection.name,
		"payout",
		payout.id,
		_("Payout {0}: {1} {2}").format(payout.id, payout.amount, payout.currency),
		payout.currency,
		lines,
	)


def _booked(line: PayoutLine, currency: str, ctx: Context) -> Booked:
	resource = SOURCES.get(line.kind)
	if resource is None or not line.source_id:
		return Booked(None, None, ZERO)
	link = ctx.links.get(resource, line.source_id)
	if link is None or not link.reference_name:
		return Booked(None, None, ZERO)
	doctype, name = _document(line, link)
	if not name or frappe.db.get_value(doctype, name, "docstatus") != 1:
		return Booked(None, None, ZERO)
	return Booked(doctype, name, _in_account(doctype, name, clearing_account(currency, ctx)))


def _document(line: PayoutLine, link: Any) -> tuple[str | None, str | None]:
	said = json.loads(link.extra or "{}")
	if line.kind == "refund_failure":
		return said.get("back_doctype"), said.get("back_name")
	if line.kind in ("dispute", "dispute_reversal"):
		booked = said.get("booked", {})
		return "Journal Entry", booked.get("taken" if line.kind == "dispute" else "returned")
	return link.reference_doctype, link.reference_name


def _in_account(doctype: str, name: str, account: str) -> Decimal:
	"""What a document moved in the clearing account, in that account's currency."""
	rows = frappe.get_all(
		"GL Entry",
		filters={"voucher_type": doctype, "voucher_no": name, "account": account, "is_cancelled": 0},
		fields=["debit_in_account_currency", "credit_in_account_currency"],
	)
	return sum(
		(
			Decimal(str(row.debit_in_account_currency)) - Decimal(str(row.credit_in_account_currency))
			for row in rows
		),
		ZERO,
	)
