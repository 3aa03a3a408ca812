"""Small readings of Shopify's GraphQL values: ids, times, money, addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from dateutil import parser as dates

from integration_hub.records import Address

Json = Mapping[str, Any]


def gid(kind: str, number: str) -> str:
	""" "123" -> "gid://shopify/Order/123" (a gid stays as it is)."""
	return number if number.startswith("gid://") else f"gid://shopify/{kind}/{number}"


def number_of(gid_: str) -> str:
	""" "gid://shopify/LineItem/123" -> "123"; ids can carry a query ("?inventory_item_id=9")."""
	return gid_.split("?")[0].rpartition("/")[2]


def instant(text: str) -> datetime:
	"""An ISO 8601 time with its offset, as an aware UTC datetime. Raises ValueError without an offset."""
	moment = dates.isoparse(text)
	if moment.tzinfo is None:
		raise ValueError(f"a time without time zone: {text}")
	return moment.astimezone(timezone.utc)


def stamp(moment: datetime) -> str:
	"""A version: UTC, to the second, in a form that sorts as text ("2026-01-31T10:00:00Z")."""
	return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def version(text: str) -> str:
	"""A vendor's time as a version. Shopify stores whole seconds; fractions are cut."""
	return stamp(instant(text))


def money(bag: Json | None) -> Decimal:
	"""The shop-currency amount of a MoneyBag; 0 for a null one."""
	return Decimal(bag["shopMoney"]["amount"]) if bag else Decimal(0)


def nodes(connection: Json | list | None) -> Iterator[Json]:
	"""The entries of a connection (or of a plain list, or of nothing)."""
	if not connection:
		return iter(())
	return iter(connection if isinstance(connection, list) else connection["nodes"])


def address(node: Json | None) -> Address | None:
	"""A MailingAddress; None when there is none or when all of it is hidden (protected customer data)."""
	if not node:
		return None
	first_and_last = " ".join(filter(None, (node.get("firstName"), node.get("lastName"))))
	read = Address(
		name=(node.get("name") or first_and_last or "").strip(),
		company=(node.get("company") or "").strip(),
		line1=(node.get("address1") or "").strip(),
		line2=(node.get("address2") or "").strip(),
		city=(node.get("city") or "").strip(),
		state=(node.get("province") or node.get("provinceCode") or "").strip(),
		postal_code=(node.get("zip") or "").strip(),
		country_code=(node.get("countryCodeV2") or "").strip(),
		phone=(node.get("phone") or "").strip(),
	)
	return read if any(read.model_dump().values()) else None
