"""The Desk's side of CRMs: /api/method/integration_hub.api.crm.<function>

`fields` is GET and asks the vendor while the person waits; `tell_all` is POST and works in the background. Both need
the right to write the Connection.
"""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from integration_hub.connectors.contract import SyncsRecords, satisfies
from integration_hub.erp.mapping import DOCTYPES
from integration_hub.sync import commands, connections, wake
from integration_hub.sync.words import in_words

NOT_MAPPED = (
	"Section Break",
	"Column Break",
	"Tab Break",
	"HTML",
	"Button",
	"Table",
	"Table MultiSelect",
	"Heading",
)


@frappe.whitelist(methods=["GET"])
def fields(connection: str, resource: str) -> dict[str, Any]:
	"""What can be mapped: `{here: [{value, label}], there: [{value, label, kind, choices, read_only}]}`."""
	doc = _open(connection, resource)
	connector = connections.open_connector(doc)
	if not satisfies(connector, SyncsRecords):
		frappe.throw(_("{0} has no fields to map.").format(connector.title))
	with in_words():
		found = connector.crm_fields(resource)
	return {
		"here": _ours(resource),
		"there": [
			{
				"value": one.name,
				"label": f"{one.label} ({one.kind})" + (f" {_('read only')}" if one.read_only else ""),
				"choices": one.choices,
				"read_only": one.read_only,
			}
			for one in sorted(found, key=lambda one: one.label.lower())
		],
	}


def _ours(resource: str) -> list[dict[str, str]]:
	doctype = DOCTYPES[resource]
	rows = [
		{"value": one.fieldname, "label": _(one.label or one.fieldname)}
		for one in frappe.get_meta(doctype).fields
		if one.fieldtype not in NOT_MAPPED
	]
	if doctype == "Customer":
		rows += [
			{"value": f"address.{name}", "label": f"{_('Address')}: {_(label)}"}
			for name, label in (
				("address_line1", "Address Line 1"),
				("address_line2", "Address Line 2"),
				("city", "City/Town"),
				("state", "State/Province"),
				("pincode", "Postal Code"),
				("country", "Country"),
			)
		]
	return rows


@frappe.whitelist(methods=["POST"])
def tell_all(connection: str, resource: str) -> str:
	"""Tell the CRM everything of a Resource that it does not know yet, in the background."""
	doc = _open(connection, resource)
	commands.must_work(doc)
	if connections.row_of(doc, resource, "Out") is None:
		frappe.throw(_("{0} is not switched on to go out.").format(_(resource.title())))
	with in_words():
		wake.start(
			"integration_hub.tasks.tell_all",
			queue="long",
			job_id=wake.job_id_of(doc.name, f"tell_{resource}"),
			deduplicate=True,
			connection=doc.name,
			resource=resource,
		)
	return _("Telling all {0} in the background.").format(_(resource))


def _open(connection: str, resource: str) -> Any:
	if resource not in DOCTYPES:
		frappe.throw(_("There is no Resource {0} here.").format(resource))
	frappe.has_permission(connections.DOCTYPE, "write", throw=True)
	doc = frappe.get_doc(connections.DOCTYPE, connection)
	doc.check_permission("write")
	return doc
