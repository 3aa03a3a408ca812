"""Payouts of a gateway → one bank-side Journal Entry each, and an Audit that compares every line with what is booked."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import frappe
from frappe import _

from integration_hub.erp import audits, journal
from integration_hub.erp.context import Context, Result
from integration_hub.erp.disputes import DISPUTES
from integration_hub.erp.gateway import RESOURCE as PAYMENTS
from integration_hub.erp.gateway import is_foreign
from integration_hub.erp.gateway_refunds import REFUNDS
from integration_hub.erp.receipts import clearing_account
from integration_hub.erp.times import site_date
from integration_hub.failures import Waiting
from integration_hub.records import ZERO, Payout, PayoutLine

RESOURCE = "payouts"
#: kind of line → the Resource of what it belongs to; these stand in the clearing account before the payout comes
SOURCES = {
	"payment": PAYMENTS,
	"refund": REFUNDS,
	"refund_failure": REFUNDS,
	"dispute": DISPUTES,
	"dispute_reversal": DISPUTES,
	"payout_failure": RESOURCE,
}


@dataclass(frozen=True)
class Booked:
	"""What the clearing account says for a line: the document and its amount in the account's currency, signed as the
	line's, and in the company's."""

	doctype: str | None = None
	name: str | None = None
	amount: Decimal = ZERO
	base: Decimal = ZERO


NOTHING = Booked()
#: kind of line → the fee account's name, where it is not the kind's own: a fee comes back to where it was booked
FEE_OF = {"dispute_reversal": "dispute", "refund_failure": "refund"}
TAX = "tax"


def apply(payout: Payout, ctx: Context, *, patient: bool) -> Result:
	"""A payout as the gateway has it now. `patient`: wait for lines that are not booked here yet; else book what the bank
	got, and let the Audit name the difference."""
	if is_foreign(payout.test, ctx):
		return Result(None, None, _("A test payout; nothing is booked."), "Ignored")
	link = ctx.links.claim(RESOURCE, payout.id) or ctx.links.get(RESOURCE, payout.id)
	said = json.loads(link.extra or "{}")
	if said.get("state") == "failed":
		return Result(link.reference_doctype, link.reference_name, _("Booked back already."))
	if payout.status in ("failed", "cancelled"):
		return _failed(payout, link, said, ctx, patient)
	if said.get("state") == "booked":
		return Result("Journal Entry", link.reference_name, _("Booked already."))
	if payout.status != "paid":
		return Result(None, None, _("The payout is on its way."), "Ignored")
	if not payout.complete:
		raise Waiting(_("The gateway is still putting the payout together."))
	name, audit = _settle(payout, ctx, patient)
	sentence = _("Payout of {0} {1} booked.").format(payout.amount, payout.currency)
	if frappe.db.get_value(audits.AUDIT, audit, "status") != "Agrees":
		sentence += " " + _("What is booked here differs in some lines: see Audit {0}.").format(audit)
	return Result("Journal Entry", name, sentence)


def gone(outside_id: str, _ctx: Context) -> Result:
	return Result(None, None, _("{0} does not exist at the gateway any more.").format(outside_id), "Ignored")


def _settle(payout: Payout, ctx: Context, patient: bool) -> tuple[str, str]:
	"""The Journal Entry and the Audit of a payout."""
	compared = [(line, booked_for(line.kind, line.source_id, payout.currency, ctx)) for line in payout.lines]
	if patient and any(booked is NOTHING and line.kind in SOURCES for line, booked in compared):
		raise Waiting(_("Waits for payments and refunds of this payout that are not booked yet."))
	name = _book(payout, compared, ctx)
	audit = audits.write(
		ctx.connection.name,
		audits.PAYOUT,
		payout.id,
		_("Payout {0}: {1} {2}").format(payout.id, payout.amount, payout.currency),
		payout.currency,
		[_audited(line, booked, name) for line, booked in compared] or [_whole(payout, name)],
	)
	_remember(payout, name, "booked", audit, ctx)
	return name, audit


def _remember(
	payout: Payout, name: str | None, state: str, audit: str | None, ctx: Context, **more: Any
) -> None:
	ctx.links.fill(
		RESOURCE,
		payout.id,
		"Journal Entry" if name else None,
		name,
		version=payout.version,
		label=f"{payout.amount} {payout.currency}",
		extra={"state": state, "audit": audit, "amount": str(payout.amount), **more},
	)


# --- the entry ---------------------------------------------------------------------------------------------


def _book(payout: Payout, compared: Sequence[tuple[PayoutLine, Booked]], ctx: Context) -> str:
	"""Bank ← net, fees ← fees, clearing → gross: after it the clearing account holds nothing of these lines, in its own
	currency and in the company's."""
	currency = payout.currency
	bank, _cost_center = ctx.account_for("Bank", currency)
	clearing = clearing_account(currency, ctx)
	rows = [
		journal.Row(bank, payout.amount, currency=currency, kept=True),
		*(
			journal.Row(clearing, -amount, rate=rate, currency=currency, kept=True)
			for amount, rate in _cleared(payout, compared)
		),
		*(
			journal.Row(account, -amount, cost_center=center, currency=currency)
			for account, amount, center in _others(payout, ctx)
		),
		*_fees(payout, ctx),
	]
	return journal.book(
		rows,
		payout.arrives_on,
		ctx,
		title=_("Payout {0} {1}").format(payout.id, payout.bank_reference).strip(),
		reference=payout.bank_reference or payout.id,
		bank=True,
		rates_differ=True,
	)


def _cleared(
	payout: Payout, compared: Sequence[tuple[PayoutLine, Booked]]
) -> list[tuple[Decimal, Decimal | None]]:
	"""What leaves the clearing account, with its rate: what came and what went each at its own, or the account would keep
	the difference where both come to the same. All of a payout whose lines the gateway does not tell."""
	if not payout.lines:
		return [(payout.amount, None)]
	sides: dict[bool, list[tuple[PayoutLine, Booked]]] = defaultdict(list)
	for line, booked in compared:
		if line.kind in SOURCES:
			sides[line.gross > ZERO].append((line, booked))
	found = []
	for side in sides.values():
		amount = sum((line.gross for line, _booked in side), ZERO)
		found.append((amount, _rate_of(amount, [booked for _line, booked in side])))
	return found


def _rate_of(cleared: Decimal, booked: Sequence[Booked]) -> Decimal | None:
	"""The rate at which these lines came into the clearing account; None (the day's) when some are not there."""
	amount = sum((one.amount for one in booked), ZERO)
	base = sum((one.base for one in booked), ZERO)
	return base / amount if cleared and amount == cleared and base else None


def _fees(payout: Payout, ctx: Context) -> list[journal.Row]:
	"""Fees by what they are for: accounts named "payment", "refund", "dispute", … or one for all; the tax in them apart."""
	totals: dict[str, Decimal] = defaultdict(lambda: ZERO)
	for line in payout.lines:
		own = line.gross if line.kind == "fee" else ZERO
		totals[FEE_OF.get(line.kind, line.kind)] += line.fee - line.tax - own
		totals[TAX] += line.tax
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


def _failed(payout: Payout, link: Any, said: dict[str, Any], ctx: Context, patient: bool) -> Result:
	"""The bank sent it back: the money is in the gateway's account again. The lines stay with this payout: what comes with
	a later one is the amount that came back."""
	reason = payout.failure or _("no reason given")
	if said.get("state") != "booked":
		if payout.status == "cancelled" or not payout.lines or not payout.complete:
			return Result(None, None, _("The payout came to nothing: {0}").format(reason), "Ignored")
		name, audit = _settle(payout, ctx, patient)
		said = {"audit": audit, "entry": name}
	bank, _cost_center = ctx.account_for("Bank", payout.currency)
	rows = [
		journal.Row(bank, -payout.amount, currency=payout.currency, kept=True),
		journal.Row(
			clearing_account(payout.currency, ctx), payout.amount, currency=payout.currency, kept=True
		),
	]
	name = journal.book(
		rows,
		site_date(payout.failed_at) if payout.failed_at else payout.arrives_on,
		ctx,
		title=_("Payout {0} failed").format(payout.id),
		reference=payout.id,
		bank=True,
	)
	entry = said.get("entry") or link.reference_name
	_remember(payout, name, "failed", said.get("audit"), ctx, entry=entry)
	return Result("Journal Entry", name, _("The payout failed ({0}): booked back.").format(reason))


# --- line by line ------------------------------------------------------------------------------------------


def booked_for(kind: str, source_id: str, currency: str, ctx: Context) -> Booked:
	"""What stands in the clearing account for a line of a payout."""
	resource = SOURCES.get(kind)
	link = ctx.links.get(resource, source_id) if resource and source_id else None
	if link is None or not link.reference_name:
		return NOTHING
	doctype, name = _document(kind, link)
	if not name or doctype not in ("Payment Entry", "Journal Entry"):
		return NOTHING  # only reserved, as far as it is known here
	if frappe.db.get_value(doctype, name, "docstatus") != 1:
		return NOTHING
	return _in_account(doctype, name, clearing_account(currency, ctx))


def _document(kind: str, link: Any) -> tuple[str | None, str | None]:
	said = json.loads(link.extra or "{}")
	if kind == "refund_failure":
		return said.get("back_doctype"), said.get("back_name")
	if kind in ("dispute", "dispute_reversal"):
		booked = said.get("booked", {})
		return "Journal Entry", booked.get("taken" if kind == "dispute" else "returned")
	if kind == "payout_failure" and said.get("state") != "failed":
		return None, None
	return link.reference_doctype, link.reference_name


def _in_account(doctype: str, name: str, account: str) -> Booked:
	rows = frappe.get_all(
		"GL Entry",
		filters={"voucher_type": doctype, "voucher_no": name, "account": account, "is_cancelled": 0},
		fields=["debit_in_account_currency", "credit_in_account_currency", "debit", "credit"],
	)
	amount = sum(
		(_exact(row.debit_in_account_currency, row.credit_in_account_currency) for row in rows), ZERO
	)
	base = sum((_exact(row.debit, row.credit) for row in rows), ZERO)
	return Booked(doctype, name, amount, base)


def _exact(debit: float, credit: float) -> Decimal:
	return Decimal(str(debit)) - Decimal(str(credit))


def _audited(line: PayoutLine, booked: Booked, entry: str) -> audits.Line:
	ours = line.kind not in SOURCES  # fees and adjustments are booked by the payout's own entry
	return audits.Line(
		outside_id=line.source_id or line.id,
		what=line.kind,
		outside=line.gross - (line.fee if ours else ZERO),
		here=line.gross - line.fee if ours else booked.amount,
		doctype="Journal Entry" if ours else booked.doctype,
		name=entry if ours else booked.name,
		at=line.created_at,
		fee=ZERO if ours else line.fee,
	)


def _whole(payout: Payout, entry: str) -> audits.Line:
	"""A payout whose lines the gateway does not tell: only its amount can be compared."""
	return audits.Line(
		outside_id=payout.id,
		what="payout",
		outside=payout.amount,
		here=payout.amount,
		doctype="Journal Entry",
		name=entry,
	)


def compare_again(audit: str, ctx: Context) -> str:
	"""Compare every line of a payout's Audit with what is booked by now; returns its status."""
	doc = frappe.get_doc(audits.AUDIT, audit)
	lines = []
	for row in audits.lines_of(doc):
		if row.what in SOURCES:
			booked = booked_for(row.what, row.outside_id, doc.currency, ctx)
			row = audits.replace(row, here=booked.amount, doctype=booked.doctype, name=booked.name)
		elif frappe.db.get_value(row.doctype, row.name, "docstatus") != 1:
			row = audits.replace(row, here=ZERO)
		lines.append(row)
	audits.write(doc.connection, doc.kind, doc.reference, doc.title, doc.currency, lines)
	return frappe.db.get_value(audits.AUDIT, audit, "status")


def compare_about(outside_id: str, ctx: Context) -> None:
	"""Something was booked that a payout had already named: its Audit is brought up to date, in the same transaction."""
	for audit in audits.differing_about(ctx.connection.name, outside_id):
		compare_again(audit, ctx)
