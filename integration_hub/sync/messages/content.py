"""What is told of a document: the fields asked for, of them what the listener's user may read.

Amounts are strings with the currency's decimals, quantities numbers, switches true or false, days "2026-11-23", times UTC
("2026-11-23T09:30:00.000000Z"), as in the public API.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import frappe
from frappe.model import no_value_fields
from frappe.model.meta import get_field_currency
from frappe.utils import cint, flt, get_datetime, getdate

from integration_hub.connectors.money import written
from integration_hub.connectors.redact import is_secret_name
from integration_hub.erp.times import from_site, utc

#: always told
ALWAYS = ("doctype", "name", "modified", "docstatus")
#: never, whoever asks
NEVER_TYPES = frozenset({"Password", *no_value_fields} - {"Table", "Table MultiSelect"})


def of(doc: Any, fields: Sequence[str], user: str) -> dict[str, Any]:
	"""The document as JSON takes it. `fields` are names, "items.item_code" for rows of a table, none for all of the
	document's own; names that this site's DocType does not have are left out."""
	meta = doc.meta
	allowed = set(meta.get_permitted_fieldnames(user=user))
	told: dict[str, Any] = {
		"doctype": doc.doctype,
		"name": doc.name,
		"modified": _time(doc.modified) if doc.get("modified") else None,
		"docstatus": cint(doc.docstatus),
	}
	tables: dict[str, list[str]] = {}
	for name in fields or _own(meta):
		table, dot, column = name.partition(".")
		if dot:
			tables.setdefault(table, []).append(column)
		elif name not in ALWAYS and name in allowed and may_be_told(meta, name):
			told[name] = _value(doc, meta.get_field(name), doc)
	for table, columns in tables.items():
		field = meta.get_field(table)
		if (
			not field
			or field.fieldtype not in ("Table", "Table MultiSelect")
			or table not in _levels(meta, user)
		):
			continue
		child = frappe.get_meta(field.options)
		seen = set(child.get_permitted_fieldnames(parenttype=doc.doctype, user=user))
		shown = [one for one in columns if one in seen and may_be_told(child, one)]
		told[table] = [
			{one: _value(row, child.get_field(one), doc) for one in shown} for row in doc.get(table) or ()
		]
	return told


def _own(meta: Any) -> list[str]:
	return [field.fieldname for field in meta.fields if field.fieldtype not in ("Table", "Table MultiSelect")]


def _levels(meta: Any, user: str) -> set[str]:
	"""Tables of permission levels that the user may read."""
	levels = {0, *meta.get_permlevel_access("read", user=user)}
	return {field.fieldname for field in meta.get_table_fields() if (field.permlevel or 0) in levels}


def may_be_told(meta: Any, name: str) -> bool:
	"""A field with a value that is no secret."""
	field = meta.get_field(name)
	return bool(field) and field.fieldtype not in NEVER_TYPES and not is_secret_name(name)


def _value(row: Any, field: Any, doc: Any) -> Any:
	value, kind = row.get(field.fieldname), field.fieldtype
	if kind == "Check":
		return bool(cint(value))
	if kind == "Int":
		return cint(value)
	if kind in ("Float", "Percent", "Duration", "Rating"):
		return flt(value)
	if kind == "Currency":
		return written(value, get_field_currency(field, row) or get_field_currency(field, doc) or "")
	if value in (None, ""):
		return None
	if kind == "Datetime":
		return _time(value)
	if kind == "Date":
		return getdate(value).isoformat()
	if isinstance(value, timedelta):
		return str(value)
	return str(value)


def _time(value: Any) -> str:
	return utc(from_site(get_datetime(value)))
