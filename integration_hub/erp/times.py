"""Aware times of records ↔ the site's own naive time, as ERPNext's documents keep it."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from frappe.utils import get_datetime, get_system_timezone


def to_site(moment: datetime) -> datetime:
	"""An aware moment on the site's clock (naive, as the database keeps it)."""
	return moment.astimezone(ZoneInfo(get_system_timezone())).replace(tzinfo=None)


def site_date(moment: datetime) -> date:
	"""The day it was at the site when this happened: what a document is posted on."""
	return to_site(moment).date()


def from_site(site_time: datetime) -> datetime:
	"""Site time → aware UTC. In the doubled hour of autumn the earlier reading is taken."""
	return site_time.replace(tzinfo=ZoneInfo(get_system_timezone())).astimezone(timezone.utc)


def utc(moment: datetime) -> str:
	"""An aware moment as others read it: UTC, ISO 8601, with a Z."""
	text = moment.astimezone(timezone.utc).isoformat(timespec="microseconds")
	return text.replace("+00:00", "Z")


def post_at(doc: Any, moment: datetime, after: Any = None) -> None:
	"""Date a document by when it happened outside; never before the document `after` that it follows.

	Clocks of shops and sites differ, and ERPNext refuses a return that is older than what it returns.
	"""
	happened = to_site(moment).replace(microsecond=0)
	if after is not None:
		happened = max(
			happened, get_datetime(f"{after.posting_date} {after.posting_time}") + timedelta(seconds=1)
		)
	doc.set_posting_time = 1
	doc.posting_date, doc.posting_time = happened.date(), happened.time()
