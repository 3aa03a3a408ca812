"""Which field goes where: a Connection's mapping rows, their transforms, and the merge of two changed sides.

Everything is compared as the outside system's text, which is what both sides can be brought to. A small set of named
transforms is all there is; nothing that a person enters is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

import frappe
import phonenumbers
from frappe import _
from frappe.utils import get_datetime, getdate

from integration_hub.erp.times import from_site, to_site
from integration_hub.failures import NeedsMapping

NUMBERS = ("Int", "Float", "Currency", "Percent", "Long Int", "Rating")
#: ERPNext's DocType of each Resource
DOCTYPES = {"customers": "Customer", "contacts": "Contact", "leads": "Lead", "deals": "Opportunity"}
#: `records.COMMON_FIELDS` → ERPNext's fields; what ERPNext only shows (a Customer's e-mail) can go out, not in
COMMON = {
	"customers": {
		"name": ("customer_name", "Both"),
		"website": ("website", "Both"),
		"email": ("email_id", "Out"),
		"phone": ("mobile_no", "Out"),
		"tax_id": ("tax_id", "Both"),
		"industry": ("industry", "Out"),
		"street": ("address.address_line1", "Both"),
		"city": ("address.city", "Both"),
		"state": ("address.state", "Both"),
		"zip": ("address.pincode", "Both"),
		"country": ("address.country", "Both"),
	},
	"contacts": {
		"first_name": ("first_name", "Both"),
		"last_name": ("last_name", "Both"),
		"email": ("email_id", "Both"),
		"phone": ("phone", "Both"),
		"mobile": ("mobile_no", "Both"),
		"job_title": ("designation", "Both"),
		"unsubscribed": ("unsubscribed", "In"),
	},
	"leads": {
		"first_name": ("first_name", "Both"),
		"last_name": ("last_name", "Both"),
		"email": ("email_id", "Both"),
		"phone": ("phone", "Both"),
		"mobile": ("mobile_no", "Both"),
		"company": ("company_name", "Both"),
		"job_title": ("job_title", "Both"),
		"website": ("website", "Both"),
	},
	"deals": {
		"title": ("title", "Both"),
		"amount": ("opportunity_amount", "Both"),
		"currency": ("currency", "Both"),
		"stage": ("sales_stage", "Both"),
		"closes_on": ("expected_closing", "Both"),
		"probability": ("probability", "In"),
	},
}


@dataclass(frozen=True)
class Field:
	"""One mapping row. `values` maps what ERPNext says to what the outside system says."""

	resource: str
	erp_field: str
	outside_field: str
	direction: str = "Both"
	wins: str = "Newer"
	transform: str = ""
	values: Mapping[str, str] = field(default_factory=dict)

	def outgoing(self, value: Any, fieldtype: str) -> str:
		"""ERPNext's value as the outside system's text."""
		text = _text(value, fieldtype)
		text = self.values.get(text, text)
		return TRANSFORMS[self.transform](text)

	def incoming(self, text: str | None, fieldtype: str) -> Any:
		"""The outside system's text as ERPNext keeps it. Raises NeedsMapping when it makes no sense there."""
		text = TRANSFORMS[self.transform](text or "")
		back = {there.casefold(): here for here, there in self.values.items()}
		text = back.get(text.casefold(), text)
		try:
			return _value(text, fieldtype)
		except (ValueError, InvalidOperation, OverflowError):
			raise NeedsMapping(
				_("“{0}” in {1} is no value for the field {2}. Map it under Values.").format(
					text, self.outside_field, self.erp_field
				),
				waits_for=f"value:{self.resource}:{self.erp_field}:{text}"[:180],
			) from None


def of(connection: Any, resource: str) -> tuple[Field, ...]:
	"""A Connection's mapping of one Resource, in the order of its rows."""
	return tuple(
		Field(
			resource,
			row.erp_field.strip(),
			row.outside_field.strip(),
			row.direction or "Both",
			row.wins or "Newer",
			row.transform or "",
			parse_values(row.value_map),
		)
		for row in connection.field_mappings
		if row.resource == resource
	)


def parse_values(text: str | None) -> dict[str, str]:
	"""`here = there`, one a line; lines without "=" are refused when the Connection is saved (`check`)."""
	pairs = (line.partition("=") for line in (text or "").splitlines() if line.strip())
	return {here.strip(): there.strip() for here, _equal, there in pairs}


def check(connection: Any) -> None:
	"""Refuse mapping rows that cannot work, in the user's words."""
	seen: set[tuple[str, str, str]] = set()
	for row in connection.field_mappings:
		where = _("Row {0} of Fields").format(row.idx)
		if not fieldtype_of(row.resource, row.erp_field.strip()):
			frappe.throw(
				_("{0}: {1} has no field “{2}”.").format(where, _(DOCTYPES[row.resource]), row.erp_field)
			)
		for line in (row.value_map or "").splitlines():
			if line.strip() and "=" not in line:
				frappe.throw(
					_("{0}: write values as “ERPNext value = outside value”: {1}").format(where, line)
				)
		for way in ("In", "Out"):
			if row.direction not in ("Both", way):
				continue
			target = row.erp_field if way == "In" else row.outside_field
			if (row.resource, way, target) in seen:
				frappe.throw(_("{0}: {1} is written by two rows.").format(where, target))
			seen.add((row.resource, way, target))


def fieldtype_of(resource: str, erp_field: str) -> str | None:
	doctype, fieldname = DOCTYPES[resource], erp_field
	if erp_field.startswith("address."):
		doctype, fieldname = "Address", erp_field.removeprefix("address.")
	found = frappe.get_meta(doctype).get_field(fieldname)
	return found.fieldtype if found else None


def defaults(kind: Any) -> list[dict[str, str]]:
	"""Mapping rows for a new Connection of a connector with `crm_defaults`."""
	rows = []
	for resource, fields in kind.crm_defaults.items():
		for common, outside_field in fields.items():
			if common not in COMMON.get(resource, {}):
				continue
			erp_field, direction = COMMON[resource][common]
			rows.append(
				{
					"resource": resource,
					"erp_field": erp_field,
					"outside_field": outside_field,
					"direction": direction,
					"wins": "Newer",
					"transform": "Domain" if common == "website" and outside_field == "domain" else "",
				}
			)
	return rows


# --- two sides ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Merged:
	"""What each side must take over from the other, by the outside field's name."""

	to_here: dict[str, str]
	to_there: dict[str, str]


def merge(
	fields: tuple[Field, ...],
	here: Mapping[str, str],
	there: Mapping[str, str],
	base: Mapping[str, str] | None,
	*,
	here_is_newer: bool,
) -> Merged:
	"""Three-way merge, field by field. `base` is what the outside side held when both last agreed (None: never).

	A field that changed on one side only goes to the other. Changed on both, the row's rule decides. What the sides never
	agreed on is taken from the one that has something, and where both have, as the row says. A field of direction In or
	Out only ever goes that way: when its source has changed, or is said to win; nothing is emptied that was never agreed on.
	"""
	to_here: dict[str, str] = {}
	to_there: dict[str, str] = {}
	for one in fields:
		name = one.outside_field
		ours, theirs = here.get(name, ""), there.get(name, "")
		if same(ours, theirs):
			continue
		agreed = (base or {}).get(name)
		if one.direction == "In":
			if _goes(theirs, agreed, one.wins == "Outside"):
				to_here[name] = theirs
		elif one.direction == "Out":
			if _goes(ours, agreed, one.wins == "ERPNext"):
				to_there[name] = ours
		elif _theirs(one, ours, theirs, agreed, here_is_newer):
			to_here[name] = theirs
		else:
			to_there[name] = ours
	return Merged(to_here, to_there)


def _goes(source: str, agreed: str | None, always: bool) -> bool:
	"""Does a field that goes one way only go now?"""
	if agreed is None:
		return not blank(source)
	return not same(source, agreed) or (always and not blank(source))


def _theirs(one: Field, ours: str, theirs: str, agreed: str | None, here_is_newer: bool) -> bool:
	if agreed is None:
		if blank(ours) or blank(theirs):
			return blank(ours)
	elif same(agreed, theirs) or same(agreed, ours):
		return same(agreed, ours)
	if one.wins == "Newer":
		return not here_is_newer
	return one.wins == "Outside"


def agreed_on(
	fields: tuple[Field, ...] | list[Field], there: Mapping[str, str], base: Mapping[str, str] | None
) -> dict[str, str]:
	"""What both sides agree on once an outside record was taken over. A field that only goes out is not agreed on by
	hearing of it: else what we never said would look as if we had taken it back."""
	known = base or {}
	return {
		one.outside_field: there.get(one.outside_field, "")
		if one.direction != "Out"
		else known[one.outside_field]
		for one in fields
		if one.direction != "Out" or one.outside_field in known
	}


def blank(text: str | None) -> bool:
	"""Nothing, or what ERPNext's check boxes and numbers hold when nobody has said anything: "false" and 0."""
	text = (text or "").strip()
	return text in ("", "false") or _number(text) == 0


def same(one: str | None, other: str | None) -> bool:
	"""Equal as far as meaning goes: "1200" and "1200.00", None and "", two spellings of one moment."""
	one, other = (one or "").strip(), (other or "").strip()
	if one == other or (blank(one) and blank(other)):
		return True
	number = _number(one)
	if number is not None:
		return number == _number(other)
	return _is_moment(one) and _is_moment(other) and _moment(one) == _moment(other)


def _number(text: str) -> Decimal | None:
	"""A number as numbers are written. "+49 30" and "01067" are none: with the sign or the zero they would lose their
	meaning."""
	return Decimal(text) if re.fullmatch(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", text) else None


# --- values and texts --------------------------------------------------------------------------------------


def _text(value: Any, fieldtype: str) -> str:
	if fieldtype == "Check":
		return "true" if value else "false"
	if value is None or value == "":
		return ""
	if fieldtype == "Date":
		return str(getdate(value))
	if fieldtype == "Datetime":
		return from_site(get_datetime(value)).isoformat().replace("+00:00", "Z")
	if fieldtype in NUMBERS:
		number = Decimal(str(value))
		return format(number.normalize(), "f") if number else "0"
	return str(value).strip()


def _value(text: str, fieldtype: str) -> Any:
	if fieldtype == "Check":
		return int(text.strip().casefold() in ("true", "1", "yes"))
	if not text:
		return 0 if fieldtype in NUMBERS else None
	if fieldtype == "Date":
		return _moment(text).date() if not _is_date(text) else date.fromisoformat(text)
	if fieldtype == "Datetime":
		return to_site(_moment(text))
	if fieldtype in NUMBERS:
		number = Decimal(text)
		return int(number) if fieldtype in ("Int", "Long Int") else float(number)
	return text


def _is_date(text: str) -> bool:
	return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None


def _is_moment(text: str) -> bool:
	return re.match(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", text) is not None


def _moment(text: str) -> datetime:
	"""ISO 8601, or milliseconds since 1970 as several CRMs write them."""
	if re.fullmatch(r"-?\d{9,}", text):
		return datetime.fromtimestamp(int(text) / 1000, timezone.utc)
	moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
	return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def domain_of(text: str) -> str:
	"""example.com of "https://www.example.com/shop" or "ann@example.com"."""
	text = text.strip().lower()
	if "@" in text and "//" not in text:
		text = text.rpartition("@")[2]
	host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
	return host.removeprefix("www.")


def _phone(text: str) -> str:
	if not text.strip():
		return ""
	try:
		number = phonenumbers.parse(text, None)
	except phonenumbers.NumberParseException:
		return text.strip()
	return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


#: The whole set. A mapping row names one of them.
TRANSFORMS: dict[str, Callable[[str], str]] = {
	"": lambda text: text,
	"Lower Case": str.lower,
	"Upper Case": str.upper,
	"Trim": str.strip,
	"Domain": domain_of,
	"Phone (E.164)": _phone,
}
