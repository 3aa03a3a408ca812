"""Disputes of a gateway → Journal Entries: what a buyer's bank took, what came back of it, what is lost."""

from __future__ import annotations

import json
from datetime import datetime

from frappe import _

from integration_hub.erp import journal
from integration_hub.erp.context import Context, Result
from integration_hub.erp.gateway import is_foreign
from integration_hub.erp.receipts import clearing_account
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
		booked["taken"] = _move(record, record.settled, "Disputed", -1, record.created_at, ctx)
	if record.status == "won" and "taken" in booked and "returned" not in booked:
		if record.returned is None:
			raise Waiting(_("The gateway has not given the money back yet."))
		# one that was lost first comes back from the loss
		kind = "Dispute Loss" if "lost" in booked else "Disputed"
		when = record.closed_at or record.created_at
		booked["returned"] = _move(record, record.returned, kind, 1, when, ctx)
	if record.status == "lost" and "taken" in booked and "lost" not in booked:
		booked["lost"] = _lose(record, ctx)
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


def _move(record: Dispute, moved: Settled, kind: str, sign: int, when: datetime, ctx: Context) -> str:
	"""Between the clearing account and `kind`; the dispute's fee is booked with the payout, as all fees are."""
	account, cost_center = ctx.account_for(kind, moved.currency)
	amount = sign * moved.gross
	rows = [
		journal.Row(clearing_account(moved.currency, ctx), amount),
		journal.Row(account, -amount, cost_center=cost_center, currency=moved.currency),
	]
	return journal.book(
		rows, site_date(when), ctx, title=_("Dispute {0}").format(record.id), reference=record.id
	)


def _lose(record: Dispute, ctx: Context) -> str:
	disputed, _cost_center = ctx.account_for("Disputed", record.settled.currency)
	loss, cost_center = ctx.account_for("Dispute Loss", record.settled.currency)
	rows = [
		journal.Row(disputed, -record.settled.gross, currency=record.settled.currency),
		journal.Row(loss, record.settled.gross, cost_center=cost_center, currency=record.settled.currency),
	]
	day = site_date(record.closed_at or record.created_at)
	return journal.book(rows, day, ctx, title=_("Dispute {0} lost").format(record.id), reference=record.id)
