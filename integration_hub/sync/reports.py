"""Reports and lists of documents for outside systems, with the rights of whoever asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import frappe
from frappe import _
from frappe.desk.query_report import get_report_doc
from frappe.model import get_permitted_fields, no_value_fields
from frappe.utils import cint

from integration_hub.connectors.redact import is_secret_name

#: what lists may be filtered by
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "in", "not in", "like", "not like", "is", "between")
#: Frappe's own columns that everybody who may read a document may see
_STANDARD = ("name", "owner", "creation", "modified", "modified_by", "docstatus")


class WrongInput(frappe.ValidationError):
	"""Something that the caller has sent asks for what is not there. `field` is its place, as the caller wrote it."""

	def __init__(self, field: str, sentence: str):
		super().__init__(f"{field}: {sentence}")
		self.field, self.sentence = field, sentence


def allowed() -> list[dict[str, Any]]:
	"""Reports that the present user may run, by name: as `check` decides for one of them, in four queries. (Frappe's own
	list leaves out what needs no role, for users who may not read Report.)"""
	found = frappe.get_all(
		"Report",
		filters={"disabled": 0},
		fields=["name", "report_type", "ref_doctype", "modified"],
		order_by="name",
	)
	roles = _roles("Report", {row.name: row.name for row in found})
	custom = frappe.get_all("Custom Role", filters={"report": ("is", "set")}, fields=["name", "report"])
	roles.update(_roles("Custom Role", {row.name: row.report for row in custom}))
	mine = set(frappe.get_roles())
	may = {
		doctype: frappe.has_permission(doctype, "report")
		for doctype in {row.ref_doctype for row in found}
		if doctype and frappe.db.exists("DocType", doctype)
	}
	return [
		row
		for row in found
		if may.get(row.ref_doctype) and (not roles.get(row.name) or roles[row.name] & mine)
	]


def _roles(doctype: str, report_of: Mapping[str, str]) -> dict[str, set[str]]:
	"""Report → the roles that these documents (by name) give it to."""
	found: dict[str, set[str]] = {}
	for row in frappe.get_all(
		"Has Role", filters={"parenttype": doctype}, fields=["parent", "role"], parent_doctype=doctype
	):
		if row.parent in report_of:
			found.setdefault(report_of[row.parent], set()).add(row.role)
	return found


def check(name: str) -> Any:
	"""The Report, if it is there and the user may run it. Raises frappe.PermissionError, or ValidationError when it is
	switched off; whoever may not run it does not learn whether it is there."""
	if not frappe.db.exists("Report", name):
		raise frappe.PermissionError(_("There is no report {0} that you may run.").format(name))
	return get_report_doc(name)


def run(name: str, filters: Mapping[str, Any], limit: int) -> tuple[list[dict[str, str]], list[Any]]:
	"""A report's columns `{fieldname, label, fieldtype}` and rows, by field. A prepared report is worked out now."""
	check(name)
	report = frappe.get_doc("Report", name)
	columns, rows = report.get_data(
		filters=dict(filters),
		limit=limit,
		user=frappe.session.user,
		as_dict=True,
		ignore_prepared_report=True,
		are_default_filters=False,
	)
	shown = [
		{
			"fieldname": column.get("fieldname") or column.get("label"),
			"label": str(column.get("label") or column.get("fieldname")),
			"fieldtype": column.get("fieldtype") or "Data",
		}
		for column in columns
		if column.get("fieldname") or column.get("label")
	]
	return shown, [row for row in rows if isinstance(row, dict)][:limit]


def check_list(doctype: str, fields: Sequence[str], filters: Sequence[Sequence[Any]]) -> None:
	"""Refuse a list that the user may not export, or that names what is not there. `filters` are (field, one of OPERATORS,
	value). Raises frappe.PermissionError,
	WrongInput."""
	if not frappe.db.exists("DocType", doctype) or not (
		frappe.has_permission(doctype, "read") and frappe.has_permission(doctype, "export")
	):
		raise frappe.PermissionError(_("You may not export {0}.").format(doctype))
	meta = frappe.get_meta(doctype)
	if meta.istable or meta.issingle or meta.get("is_virtual"):
		raise WrongInput("doctype", _("{0} has no list.").format(_(doctype)))
	columns = columns_of(doctype)
	unknown = _("{0} has no field {1} that you may read.")
	for number, name in enumerate(fields):
		if name not in columns:
			raise WrongInput(f"fields.{number}", unknown.format(_(doctype), name))
	for number, (name, operator, value) in enumerate(filters):
		place = f"filters.{number}"
		if name not in columns:
			raise WrongInput(place, unknown.format(_(doctype), name))
		if (operator in ("in", "not in", "between")) != isinstance(value, list):
			raise WrongInput(place, _("{0}: only “in”, “not in” and “between” take a list.").format(name))
		if operator == "between" and len(value) != 2:
			raise WrongInput(place, _("{0}: “between” takes two values.").format(name))
		if operator == "is" and value not in ("set", "not set"):
			raise WrongInput(place, _("{0}: “is” takes “set” or “not set”.").format(name))


def columns_of(doctype: str) -> dict[str, dict[str, str]]:
	"""What the user may read of a DocType's list, by field: `{fieldname, label, fieldtype}`. No secrets."""
	meta = frappe.get_meta(doctype)
	permitted = set(get_permitted_fields(doctype))
	found = {
		name: {"fieldname": name, "label": _(meta.get_label(name)), "fieldtype": _type_of(name)}
		for name in _STANDARD
	}
	for field in meta.fields:
		if field.fieldname not in permitted or field.fieldtype in ("Password", *no_value_fields):
			continue
		if is_secret_name(field.fieldname) or cint(field.get("is_virtual")):
			continue
		found[field.fieldname] = {
			"fieldname": field.fieldname,
			"label": _(field.label or field.fieldname),
			"fieldtype": field.fieldtype,
		}
	return found


def _type_of(name: str) -> str:
	return {"creation": "Datetime", "modified": "Datetime", "docstatus": "Int"}.get(name, "Data")


def rows(
	doctype: str, fields: Sequence[str], filters: Sequence[Sequence[Any]], limit: int
) -> tuple[list[dict[str, str]], list[Any]]:
	"""Columns and rows of a list, oldest change first: what roles and User Permissions show the user."""
	check_list(doctype, fields, filters)
	columns = columns_of(doctype)
	chosen = list(dict.fromkeys(fields)) or list(columns)
	found = frappe.get_list(
		doctype,
		fields=chosen,
		filters=[list(one) for one in filters],
		order_by="modified asc, name asc",
		limit_page_length=limit,
	)
	return [columns[name] for name in chosen], found
