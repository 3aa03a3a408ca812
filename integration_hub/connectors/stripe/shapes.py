"""Small pieces of Stripe's objects → pieces of records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from integration_hub.connectors.stripe.amounts import from_minor
from integration_hub.failures import Rejected
from integration_hub.records import Customer, Reference, Settled

Json = Mapping[str, Any]
#: names of what we write into `metadata`, and read back
DOCTYPE, NAME = "erp_doctype", "erp_name"
#: where `fetch_…` notes when Stripe answered (its own clock)
READ_AT = "_read_at"


def moment(seconds: int | None) -> datetime | None:
	return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)


def version_at(seconds: int) -> str:
	"""A version that sorts as text: the second in which something was so."""
	return f"{int(seconds):012d}"


def read_at(payload: Json) -> int:
	"""The second in which this state was true at the latest: when Stripe answered, else when the thing was made."""
	return payload.get(READ_AT) or payload.get("created") or 0


def version_of(payload: Json) -> str:
	"""The state of an object as of its reading: newer than every event that Stripe made before."""
	return version_at(read_at(payload))


def metadata_of(reference: Reference) -> dict[str, str]:
	return {DOCTYPE: reference.doctype, NAME: reference.name}


def reference_in(*objects: Json | None) -> Reference | None:
	"""Our document, from the first object that names it."""
	for one in objects:
		metadata = (one or {}).get("metadata") or {}
		if metadata.get(DOCTYPE) and metadata.get(NAME):
			return Reference(doctype=metadata[DOCTYPE], name=metadata[NAME])
	return None


def check_currency(payment: Json, currency: str) -> None:
	"""Raises Rejected for an amount in another currency than the payment's: Stripe would take it for its own."""
	if payment["currency"].upper() != currency:
		raise Rejected(f"The payment {payment['id']} is in {payment['currency'].upper()}, not in {currency}.")


def id_of(value: Any) -> str:
	"""The id of something that is given as an id or as the whole object."""
	if isinstance(value, str):
		return value
	return str(value.get("id") or "") if isinstance(value, Mapping) else ""


def whole(value: Any) -> Json | None:
	"""The object, if it was expanded."""
	return value if isinstance(value, Mapping) else None


def settled(transactions: Iterable[Any]) -> Settled | None:
	"""What balance transactions come to, without signs. None while Stripe has not made them."""
	known = [one for one in map(whole, transactions) if one]
	if not known:
		return None
	currency = known[0]["currency"].upper()
	gross, fee, net = (sum(one[part] for one in known) for part in ("amount", "fee", "net"))
	sign = -1 if gross < 0 else 1
	rate = known[0].get("exchange_rate")
	return Settled(
		currency=currency,
		gross=from_minor(sign * gross, currency),
		fee=from_minor(fee, currency),
		net=from_minor(sign * net, currency),
		rate=None if rate is None else str(rate),
	)


def customer_in(details: Json | None, customer_id: str = "") -> Customer | None:
	"""A buyer as a charge or session tells them (`billing_details`, `customer_details`)."""
	details = details or {}
	if not (customer_id or details.get("email") or details.get("name") or details.get("phone")):
		return None
	first, _space, last = (details.get("name") or "").partition(" ")
	return Customer(
		id=customer_id or None,
		first_name=first,
		last_name=last,
		email=details.get("email") or "",
		phone=details.get("phone") or "",
	)
