"""Who may see what hangs on a Connection: whoever may see the company it belongs to.

Frappe's User Permissions rule the Connection by its Company. Its Events, Links and parcels name only the Connection, so
they are ruled here; and a parcel or question also by the document it is about.
"""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.core.doctype.user_permission.user_permission import get_user_permissions
from frappe.permissions import get_allowed_docs_for_doctype, has_user_permission
from frappe.query_builder.functions import Coalesce
from pypika.terms import Criterion, PseudoColumn

from integration_hub.connectors import UnknownConnector
from integration_hub.failures import Failure
from integration_hub.sync import connections

#: fields that name the document a row is about, and where that document's DocType is named (or what it is)
ABOUT = {
	"Integration Match": (("reference_name", "reference_doctype"), ("other_name", "reference_doctype")),
	"Integration Parcel": (("shipment", "Shipment"), ("delivery_note", "Delivery Note")),
}


def visible(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL for lists of a DocType; "" for whoever is bound to nothing."""
	user = user or frappe.session.user
	if user == "Administrator":
		return ""
	table = frappe.qb.Table(f"tab{doctype}")
	conditions = []
	companies = _companies(user, doctype)
	if companies is not None:
		names = frappe.get_all(connections.DOCTYPE, filters={"company": ("in", companies)}, pluck="name")
		if not names:
			return "1 = 0"
		conditions.append(table.connection.isin(names))
	for field, of in ABOUT.get(doctype, ()) if get_user_permissions(user) else ():
		named = frappe.get_meta(doctype).has_field(of)
		for other in frappe.get_all(doctype, pluck=of, distinct=True) if named else (of,):
			hidden = _hidden(other, user) if other and frappe.db.exists("DocType", other) else None
			if hidden is None:
				continue
			seen = table[field].isnull() | table[field].notin(hidden)
			conditions.append(seen | (Coalesce(table[of], "") != other) if named else seen)
	return Criterion.all(conditions).get_sql(quote_char="`", with_namespace=True) if conditions else ""


def _hidden(doctype: str, user: str) -> Any:
	"""The query of those documents that a user's User Permissions hide; None when they hide none. By the rule of Frappe's
	own lists: every link that the user is bound for must name what it may see, or (where the site is not strict)
	nothing."""
	permissions = get_user_permissions(user)
	meta, table = frappe.get_meta(doctype), frappe.qb.Table(f"tab{doctype}")
	links = [(df.fieldname, df.options) for df in meta.get_link_fields() if not df.ignore_user_permissions]
	beyond = []
	for field, options in [*links, ("name", doctype)]:
		allowed = get_allowed_docs_for_doctype(permissions.get(options, ()), doctype)
		if allowed:
			if not frappe.get_system_settings("apply_strict_user_permissions"):
				allowed = [*allowed, ""]
			# Frappe v16 fills parameters into the whole query, v15 does not: a name with a percent sign can be written
			# for one of them only. What hangs on it is hidden rather than shown. (No name is a blank.)
			allowed = [one for one in allowed if "%" not in one] or [" "]
			# escaped by the database's own rules: the query builder alone would let backslashes through
			values = [PseudoColumn(frappe.db.escape(one, percent=False)) for one in allowed]
			beyond.append(Coalesce(table[field], "").notin(values))
	return frappe.qb.from_(table).select(table.name).where(Criterion.any(beyond)) if beyond else None


def may(doc: Any, ptype: str | None = None, user: str | None = None, **_more: Any) -> bool:
	"""For one document. Only takes away: roles have been asked before."""
	user = user or frappe.session.user
	companies = _companies(user, doc.doctype)
	if (
		companies is not None
		and doc.get("connection")
		and frappe.db.get_value(connections.DOCTYPE, doc.connection, "company") not in companies
	):
		return False
	return all(_may_see(doc, field, of, user) for field, of in ABOUT.get(doc.doctype, ()))


def _may_see(doc: Any, field: str, of: str, user: str) -> bool:
	doctype = doc.get(of) if doc.meta.has_field(of) else of
	name = doc.get(field)
	if not (doctype and name) or user == "Administrator" or not get_user_permissions(user):
		return True
	return not frappe.db.exists(doctype, name) or has_user_permission(frappe.get_doc(doctype, name), user)


def _companies(user: str, doctype: str | None) -> list[str] | None:
	"""The companies a user is bound to for a DocType; None when to none."""
	if user == "Administrator":
		return None
	rows = get_user_permissions(user).get("Company", ())
	found = [row.get("doc") for row in rows if row.get("applicable_for") in (None, "", doctype)]
	return found or None


# --- whose keys go where -----------------------------------------------------------------------------------


def keep_keys_at_home(doc: Any) -> None:
	"""For a Connection that is saved. Whoever may write one cannot read its secrets, so they must not be able to have them
	sent to an address of their own either, nor to call services of this network by it. System Managers may do both."""
	if "System Manager" in frappe.get_roles():
		return
	before = doc.get_doc_before_save()
	if doc.sandbox_url and not (before and before.sandbox_url == doc.sandbox_url):
		frappe.throw(_("Only a System Manager may enter a Sandbox Address."))
	if not before or _place(before) == _place(doc):
		return
	entered = {setting.name for setting in connections.class_of(doc).settings if not setting.made}
	for row in doc.credentials:
		if row.is_secret and row.setting in entered and row.secret and doc.is_dummy_password(row.secret):
			frappe.throw(_("Enter {0} anew: it would be sent to another address.").format(row.label))


def _place(doc: Any) -> str:
	try:
		return connections.class_of(doc).base_url(connections.open_settings(doc))
	except (Failure, UnknownConnector):
		return ""  # nothing is sent there
