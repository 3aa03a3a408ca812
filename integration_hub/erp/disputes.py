"""Disputes of a gateway → Journal Entries: what a buyer's bank took, what came back of it, what is lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

import frappe
from frappe import _

from integration_hub.erp import journal
from integration_hub.erp.context import Context, Result
from integration_hub.erp.gateway import is_foreign
from integration_hub.erp.receipts import clearing_account, exchange_account
from integration_hub.erp.times import site_date
from integration_hub.failures import Waiting
from integration_hub.records import Dispute, Settled

DISPUTES = "disputes"


def apply(record: Dispute, ctx: Context) -> Result:
	"""Money a buyer's bank took: moved to "Disputed" while it is open, from there back or to the loss."""
	if is_foreign(record.test, ctx):
		return Result(None, None, _("A test dispute; nothing is booked."), "Ignored")
	link = ctx.links.claim(DISPUTES, record.id) or ctx.links.get(DISPUTES, record.id)
	if link.version and link.version > record.version:
		return Result(link.reference_doctype, link.reference_name, _("A newer state is known."), "Ignored")
	said = json.loads(link.extra or "{}")
	booked: dict[str, str] = dict(said.get("booked", {}))
	if record.settled and "taken" not in booked:
		booked["taken"] = _take(record, ctx)
	if record.status == "won" and "taken" in booked and "returned" not in booked:
		if record.returned is None:
			raise Waiting(_("The gateway has not given the money back yet."))
		booked["returned"] = _give_back(record, booked, ctx)
	if record.status == "lost" and "taken" in booked and "lost" not in booked:
		booked["lost"] = _lose(record, booked, ctx)
	name = next(reversed(booked.values())) if booked else None
	ctx.links.fill(
		DISPUTES,
		record.id,
		"Journal Entry" if name else None,
		name,
		version=record.version,
		label=f"{record.amount} {record.currency}",
		extra={"booked": booked, "payment": record.payment_id, "status": record.status},
	)
	return Result("Journal Entry" if name else None, name, in_words(record))


def in_words(record: Dispute) -> str:
	about = _("{0} {1} of payment {2}").format(record.amount, record.currency, record.payment_id)
	if record.status == "inquiry":
		return _("The buyer's bank asks about {0} ({1}). Answer at the gateway.").format(about, record.reason)
	if record.status == "open":
		return _("{0} is disputed ({1}). Answer at the gateway{2}.").format(
			about, record.reason, _(" by {0}").format(site_date(record.answer_by)) if record.answer_by else ""
		)
	return (_("Dispute won: {0} came back.") if record.status == "won" else _("Dispute lost: {0}.")).format(
		about
	)


def _take(record: Dispute, ctx: Context) -> str:
	"""From the clearing account to "Disputed"; the dispute's fee is booked with the payout, as all fees are."""
	taken = record.settled
	disputed, cost_center = ctx.account_for("Disputed", taken.currency)
	rows = [
		journal.Row(clearing_account(taken.currency, ctx), -taken.gross),
		journal.Row(disputed, taken.gross, cost_center=cost_center, currency=taken.currency),
	]
	title = _("Dispute {0}").format(record.id)
	return journal.book(rows, site_date(record.created_at), ctx, title=title, reference=record.id)


def _give_back(record: Dispute, booked: Mapping[str, str], ctx: Context) -> str:
	"""Back to the clearing account; one that was lost first comes back from the loss. "Disputed" is left by all that was
	taken, at the rate it was taken: what the gateway's bank gave less or more is an exchange difference."""
	back, taken = record.returned, record.settled
	lost, same = "lost" in booked, record.returned.currency == record.settled.currency
	account, cost_center = ctx.account_for("Dispute Loss" if lost else "Disputed", taken.currency)
	leaves = back if lost else taken
	rate = _rate_of(booked["taken"], taken)
	rows = [
		journal.Row(clearing_account(back.currency, ctx), back.gross, rate=rate if same else None),
		journal.Row(account, -leaves.gross, rate=rate, cost_center=cost_center, currency=leaves.currency),
	]
	rest = leaves.gross - back.gross
	if same and rest:
		rows.append(journal.Row(exchange_account(ctx, rest), rest, rate=rate, currency=back.currency))
	return journal.book(
		rows,
		site_date(record.closed_at or record.created_at),
		ctx,
		title=_("Dispute {0}").format(record.id),
		reference=record.id,
		rates_differ=not same,
	)


def _lose(record: Dispute, booked: Mapping[str, str], ctx: Context) -> str:
	taken = record.settled
	disputed, _cost_center = ctx.account_for("Disputed", taken.currency)
	loss, cost_center = ctx.account_for("Dispute Loss", taken.currency)
	rate = _rate_of(booked["taken"], taken)
	rows = [
		journal.Row(disputed, -taken.gross, rate=rate, currency=taken.currency),
		journal.Row(loss, taken.gross, rate=rate, cost_center=cost_center, currency=taken.currency),
	]
	day = site_date(record.closed_at or record.created_at)
	return journal.book(rows, day, ctx, title=_("Dispute {0} lost").format(record.id), reference=record.id)


def _rate_of(entry: str, taken: Settled) -> Decimal | None:
	"""The rate at which a dispute left the clearing account."""
	row = {"parent": entry, "account_currency": taken.currency}
	rate = frappe.db.get_value("Journal Entry Account", row, "exchange_rate")
	return Decimal(str(rate)) if rate else None
