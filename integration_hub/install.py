"""What the app brings to a site and takes away again: roles, a user, custom fields, defaults."""

from __future__ import annotations

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields
from frappe.utils.password import get_encryption_key

from integration_hub.sync import roles

APP = "integration_hub"
ROLES = ("Integration Manager", "Integration User")
USER = "integration-hub@example.com"
#: enough for every document an import makes, and deliberately no right to write Item Prices: ERPNext makes
#: prices out of orders for whoever may (Stock Settings, "Auto Insert Price List Rate If Missing")
USER_ROLES = ("Integration User", "Sales User", "Accounts User", "Stock User", "Item Manager")
DEFAULTS = {
	"workers_per_connection": 2,
	"lease_seconds": 300,
	"keep_payload_days": 30,
	"keep_attempts_days": 30,
	"keep_done_days": 90,
	"keep_calls_days": 90,
	"keep_jobs_days": 7,
	"api_calls_per_minute": 600,
}
_CONNECTION = {
	"fieldname": "integration_connection",
	"fieldtype": "Link",
	"options": "Integration Connection",
	"label": "Integration Connection",
	"read_only": 1,
	"in_standard_filter": 1,
	"print_hide": 1,
	"search_index": 1,
}
_ORDER = {
	"fieldname": "integration_order",
	"fieldtype": "Data",
	"label": "Outside Order",
	"insert_after": "integration_connection",
	"read_only": 1,
	"in_standard_filter": 1,
	"print_hide": 1,
	"search_index": 1,
	"translatable": 0,
}
#: copied by ERPNext's mappers from order to delivery and invoice, because the field name is the same
_LINE = {
	"fieldname": "integration_line",
	"fieldtype": "Data",
	"label": "Outside Line",
	"insert_after": "item_code",
	"hidden": 1,
	"read_only": 1,
	"print_hide": 1,
	"translatable": 0,
}
_PAYMENT_URL = {
	"fieldname": "integration_payment_url",
	"fieldtype": "Small Text",
	"label": "Pay Online",
	"read_only": 1,
	"allow_on_submit": 1,
	"no_copy": 1,
	"print_hide": 1,  # prints show it below the terms: see `erp.payables.show_on_print`
	"translatable": 0,
}
CUSTOM_FIELDS = {
	"Sales Order": [
		{**_CONNECTION, "insert_after": "po_date"},
		_ORDER,
		{**_PAYMENT_URL, "insert_after": "integration_order"},
	],
	"Sales Invoice": [
		{**_CONNECTION, "insert_after": "po_date"},
		_ORDER,
		{**_PAYMENT_URL, "insert_after": "integration_order"},
	],
	"Journal Entry": [{**_CONNECTION, "insert_after": "cheque_date"}],
	"Subscription": [
		{
			**_CONNECTION,
			"insert_after": "days_until_due",
			"read_only": 0,
			"label": "Collected By",
			"description": "A payment gateway that bills and collects this Subscription.",
		},
		{
			"fieldname": "integration_collect",
			"fieldtype": "Select",
			"label": "Collect By",
			"options": "Charge the Card\nSend a Bill",
			"default": "Charge the Card",
			"insert_after": "integration_connection",
			"depends_on": "integration_connection",
		},
		{
			"fieldname": "integration_status",
			"fieldtype": "Data",
			"label": "At the Gateway",
			"insert_after": "integration_collect",
			"read_only": 1,
			"no_copy": 1,
			"depends_on": "integration_connection",
			"translatable": 0,
		},
		{**_PAYMENT_URL, "label": "First Payment", "insert_after": "integration_status"},
	],
	"Delivery Note": [{**_CONNECTION, "insert_after": "po_date"}, _ORDER],
	# what a payment took of a document in the document's own currency, where the account is kept in another
	"Payment Entry Reference": [
		{
			"fieldname": "integration_part",
			"fieldtype": "Data",
			"label": "Outside Amount",
			"insert_after": "allocated_amount",
			"hidden": 1,
			"read_only": 1,
			"no_copy": 1,
			"print_hide": 1,
			"translatable": 0,
		}
	],
	"Payment Entry": [{**_CONNECTION, "insert_after": "reference_date"}, _ORDER],
	"Shipment": [
		{**_CONNECTION, "insert_after": "awb_number", "allow_on_submit": 1},
		{
			"fieldname": "integration_status",
			"fieldtype": "Select",
			"label": "Parcel Status",
			"options": "\ncreated\npicked_up\nin_transit\nout_for_delivery\ndelivered\nfailed_attempt\nreturned\nexception\ncancelled",
			"insert_after": "tracking_status_info",
			"read_only": 1,
			"allow_on_submit": 1,
			"no_copy": 1,
			"in_standard_filter": 1,
		},
		{
			"fieldname": "integration_cod_amount",
			"fieldtype": "Currency",
			"label": "Cash on Delivery",
			"insert_after": "value_of_goods",
			"no_copy": 1,
		},
	],
	"Item": [
		{
			"fieldname": f"integration_{side}",
			"fieldtype": "Float",
			"label": f"Packed {side.title()} (cm)",
			"insert_after": after,
		}
		for side, after in (
			("length", "weight_uom"),
			("width", "integration_length"),
			("height", "integration_width"),
		)
	],
	"Sales Order Item": [_LINE],
	"Delivery Note Item": [_LINE],
	"Sales Invoice Item": [_LINE],
}


def after_install() -> None:
	"""Make what documents of the hub rely on. Idempotent."""
	# Frappe makes a site's key when the first secret is kept, and each of its processes looks for it in a copy of the
	# config that is up to a minute old: two of them would make a key each, and what was kept with the first is lost.
	get_encryption_key()
	_bring()
	_let_user_work()


def after_migrate() -> None:
	"""A new version may have new fields or roles. What an administrator has taken from the hub's user stays away."""
	_bring()


def _bring() -> None:
	_make_roles()
	roles.give()
	if not frappe.db.exists("User", USER):
		_make_user()
		_let_user_work()
	create_custom_fields(CUSTOM_FIELDS, ignore_validate=True)
	_make_email_templates()
	_set_defaults()


def _make_roles() -> None:
	for role in ROLES:
		if not frappe.db.exists("Role", role):
			# safe: runs in the installer, which may do everything
			frappe.get_doc({"doctype": "Role", "role_name": role, "desk_access": 1}).insert(
				ignore_permissions=True
			)


def _make_user() -> None:
	user = frappe.get_doc(
		{
			"doctype": "User",
			"email": USER,
			"first_name": "Integration Hub",
			"user_type": "System User",
			"send_welcome_email": 0,
			"enabled": 1,
		}
	)
	user.flags.no_welcome_mail = True
	user.insert(ignore_permissions=True)  # safe: runs in the installer, which may do everything


def _let_user_work() -> None:
	"""Also where an uninstall has switched it off."""
	user = frappe.get_doc("User", USER)
	user.enabled = 1
	user.add_roles(*(role for role in USER_ROLES if frappe.db.exists("Role", role)))


#: made once; what people change in them stays
EMAIL_TEMPLATES = {
	"Pay by Link": (
		"Invoice {{ name }}",
		"<p>Dear {{ customer_name }},</p><p>please pay invoice {{ name }} here: "
		'<a href="{{ integration_payment_url }}">{{ integration_payment_url }}</a></p>',
	),
	"Parcel on Its Way": (
		"Your parcel {{ tracking_number }}: {{ status }}",
		"<p>Your parcel with {{ carrier }} ({{ tracking_number }}) is now: <b>{{ status }}</b>.</p>"
		'{% if tracking_url %}<p><a href="{{ tracking_url }}">Follow it here</a></p>{% endif %}',
	),
}


def _make_email_templates() -> None:
	for name, (subject, response) in EMAIL_TEMPLATES.items():
		if not frappe.db.exists("Email Template", name):
			# safe: runs in the installer, which may do everything
			frappe.get_doc(
				{"doctype": "Email Template", "name": name, "subject": subject, "response": response}
			).insert(ignore_permissions=True)


def _set_defaults() -> None:
	settings = frappe.get_doc("Integration Settings")
	for field, value in DEFAULTS.items():
		if not settings.get(field):
			settings.set(field, value)
	if not settings.creation_user:
		settings.creation_user = USER
	settings.flags.ignore_permissions = True  # safe: runs in the installer, which may do everything
	settings.save()


def before_uninstall() -> None:
	"""Take away what hangs on other apps' documents. ERPNext's own documents stay as they are."""
	for doctype, fields in CUSTOM_FIELDS.items():
		names = [field["fieldname"] for field in fields]
		frappe.db.delete("Custom Field", {"dt": doctype, "fieldname": ("in", names)})
		frappe.db.delete("Property Setter", {"doc_type": doctype, "field_name": ("in", names)})
		frappe.clear_cache(doctype=doctype)
	roles.take_away()
	frappe.db.delete("Custom DocPerm", {"role": ("in", ROLES)})


def after_uninstall() -> None:
	"""Roles go; the user goes when it made nothing, else it is switched off, for documents name it."""
	every = (*ROLES, *roles.ROLES)
	frappe.db.delete("Has Role", {"role": ("in", every)})
	for role in every:
		frappe.delete_doc_if_exists("Role", role, force=True)
	frappe.db.delete("__Auth", {"doctype": ("in", ("Integration Connection", "Integration Credential"))})
	_remove_user()
	_remove_from_desk_and_scheduler()
	frappe.db.commit()  # `uninstall-app` commits before this hook, and never after it


def _remove_user() -> None:
	if not frappe.db.exists("User", USER):
		return
	if frappe.db.exists("Sales Order", {"owner": USER}) or frappe.db.exists("Customer", {"owner": USER}):
		frappe.db.set_value("User", USER, "enabled", 0)
	else:
		frappe.delete_doc("User", USER, force=True, ignore_permissions=True)  # safe: the uninstaller's right


def _remove_from_desk_and_scheduler() -> None:
	"""What Frappe leaves behind: jobs until the next migrate; icon and sidebar (Frappe 16) for good.

	Rows only: deleting these documents would also delete their files in the app's folder on a developer's bench.
	"""
	frappe.db.delete("Scheduled Job Type", {"method": ("like", f"{APP}.%")})
	frappe.db.delete("Desktop Icon", {"app": APP})
	if frappe.db.exists("DocType", "Workspace Sidebar"):
		sidebars = frappe.get_all("Workspace Sidebar", filters={"app": APP}, pluck="name")
		frappe.db.delete("Workspace Sidebar Item", {"parent": ("in", sidebars)})
		frappe.db.delete("Workspace Sidebar", {"name": ("in", sidebars)})
