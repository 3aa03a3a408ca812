"""Ready-made roles for the users that outside systems act as: one kind of system, one role, and nothing that it does not
need.

ERPNext's own DocTypes get a row of permissions for each role, as a person would add it in the Role Permissions Manager.
A row is given once: whatever people change in it, or that they delete it, stays. Frappe replaces a DocType's standard
permissions by a copy as soon as a row is added; the copy follows the standard as long as nobody has changed it, and goes
again with the app.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import frappe
from frappe.core.doctype.doctype.doctype import validate_permissions_for_doctype
from frappe.permissions import copy_perms, rights, setup_custom_perms

#: letters of the table below
RIGHTS = {
	"r": "read",
	"w": "write",
	"c": "create",
	"s": "submit",
	"x": "cancel",
	"e": "export",
	"p": "report",
}
#: what each role may do with which DocType. Only those that a site has count; rights to submit only where there is
#: something to submit
ROLES: dict[str, dict[str, str]] = {
	"Integration Warehouse": {
		"Bin": "r",
		"Company": "r",
		"Customer": "r",
		"Delivery Note": "rwcs",
		"Integration Parcel": "r",
		"Item": "r",
		"Item Group": "r",
		"Pick List": "r",
		"Sales Order": "r",
		"Shipment": "rwcs",
		"Stock Entry": "rwcs",
		"Stock Ledger Entry": "r",
		"Stock Reconciliation": "rwcs",
		"UOM": "r",
		"Warehouse": "r",
	},
	"Integration Finance": {
		"Account": "r",
		"Company": "r",
		"Cost Center": "r",
		"Customer": "r",
		"GL Entry": "rp",
		"Item": "r",
		"Mode of Payment": "r",
		"Payment Entry": "rwcsx",
		"Payment Request": "rwcs",
		"Sales Invoice": "rwcsx",
		"Sales Order": "r",
	},
	"Integration Shop": {
		"Address": "rwc",
		"Bin": "r",
		"Company": "r",
		"Contact": "rwc",
		"Customer": "rwc",
		"Customer Group": "r",
		"Delivery Note": "r",
		"Integration Parcel": "r",
		"Item": "r",
		"Item Group": "r",
		"Item Price": "r",
		"Price List": "r",
		"Sales Invoice": "r",
		"Sales Order": "rwcsx",
		"Shipment": "r",
		"Territory": "r",
		"UOM": "r",
		"Warehouse": "r",
	},
	"Integration CRM": {
		"Address": "rwc",
		"Contact": "rwc",
		"Customer": "rwc",
		"Customer Group": "r",
		"Issue": "r",
		"Lead": "rwc",
		"Opportunity": "rwc",
		"Territory": "r",
	},
	"Integration BI": {
		"Account": "rpe",
		"Address": "rpe",
		"Bin": "rpe",
		"Company": "r",
		"Contact": "rpe",
		"Cost Center": "rpe",
		"Customer": "rpe",
		"Customer Group": "r",
		"Delivery Note": "rpe",
		"GL Entry": "rpe",
		"Integration Parcel": "rpe",
		"Issue": "rpe",
		"Item": "rpe",
		"Item Group": "r",
		"Item Price": "rpe",
		"Lead": "rpe",
		"Opportunity": "rpe",
		"Payment Entry": "rpe",
		"Payment Request": "rpe",
		"Price List": "r",
		"Sales Invoice": "rpe",
		"Sales Order": "rpe",
		"Shipment": "rpe",
		"Stock Ledger Entry": "rpe",
		"Territory": "r",
		"Warehouse": "r",
	},
}
#: where it is remembered what was given, and of which standard the copies are
_MEMORY = "integration_hub_given_permissions"
_COLUMNS = ("role", "permlevel", "if_owner", *rights)


def give() -> None:
	"""Make the roles and give them what they have not been given yet. For the installer; safe to run again."""
	memory = _memory()
	for doctype in [name for name in memory["copied"] if frappe.db.exists("DocType", name)]:
		_follow(doctype, memory)
	for role, table in ROLES.items():
		if not frappe.db.exists("Role", role):
			# no desk access: it is a machine that signs in. Safe: runs in the installer, which may do everything
			frappe.get_doc({"doctype": "Role", "role_name": role, "desk_access": 0}).insert(
				ignore_permissions=True
			)
		for doctype, letters in table.items():
			if doctype not in memory["given"].setdefault(role, []) and frappe.db.exists("DocType", doctype):
				_add(doctype, role, letters, memory)
				memory["given"][role].append(doctype)
	_remember(memory)


def take_away() -> None:
	"""Remove the roles' permissions, and the copies of standard permissions that nobody has changed. The roles themselves
	go with the app's others."""
	memory = _memory()
	doctypes = {
		*frappe.get_all(
			"Custom DocPerm", filters={"role": ("in", list(ROLES))}, pluck="parent", distinct=True
		),
		*memory["copied"],
	}
	frappe.db.delete("Custom DocPerm", {"role": ("in", list(ROLES))})
	for doctype in doctypes:
		rest = _fingerprint("Custom DocPerm", doctype)
		if rest in (_fingerprint("DocPerm", doctype), memory["copied"].get(doctype)):
			frappe.db.delete("Custom DocPerm", {"parent": doctype})
		frappe.clear_cache(doctype=doctype)
	frappe.defaults.clear_default(_MEMORY, parent="__global")


def _add(doctype: str, role: str, letters: str, memory: dict[str, Any]) -> None:
	if frappe.db.exists("Custom DocPerm", {"parent": doctype, "role": role, "permlevel": 0}):
		return
	if setup_custom_perms(doctype):
		memory["copied"][doctype] = _fingerprint("DocPerm", doctype)
	submittable = frappe.db.get_value("DocType", doctype, "is_submittable")
	given = {RIGHTS[one] for one in letters if submittable or one not in "sx"}
	# safe: runs in the installer, which may do everything
	frappe.get_doc(
		{
			"doctype": "Custom DocPerm",
			"parent": doctype,
			"parenttype": "DocType",
			"parentfield": "permissions",
			"role": role,
			"permlevel": 0,
			**{right: int(right in given) for right in rights},
		}
	).insert(ignore_permissions=True)
	validate_permissions_for_doctype(doctype)


def _follow(doctype: str, memory: dict[str, Any]) -> None:
	"""A new version of ERPNext may have other standard permissions: a copy that nobody has changed is made anew."""
	standard = _fingerprint("DocPerm", doctype)
	former = memory["copied"][doctype]
	if standard == former or _fingerprint("Custom DocPerm", doctype, without=ROLES) != former:
		return
	frappe.db.delete("Custom DocPerm", {"parent": doctype, "role": ("not in", list(ROLES))})
	copy_perms(doctype)
	memory["copied"][doctype] = standard
	frappe.clear_cache(doctype=doctype)


def _fingerprint(of: str, doctype: str, without: Iterable[str] = ()) -> str:
	"""A hash of a DocType's rows of permissions, whatever their order."""
	rows = frappe.get_all(of, filters={"parent": doctype}, fields=list(_COLUMNS))
	# only what is set: a right that a new version of Frappe brings changes nothing by itself
	lines = sorted(
		"|".join(f"{name}={row[name]}" for name in _COLUMNS if row[name])
		for row in rows
		if row.role not in set(without)
	)
	return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _memory() -> dict[str, Any]:
	return json.loads(frappe.db.get_global(_MEMORY) or '{"given": {}, "copied": {}}')


def _remember(memory: dict[str, Any]) -> None:
	frappe.db.set_global(_MEMORY, json.dumps(memory, sort_keys=True))
