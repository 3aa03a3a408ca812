"""Who may call what: every method of the public API with each of the ready-made roles, over HTTP.

A method without a line in the table fails the test: whoever adds one says here who may call it.
"""

from __future__ import annotations

import json

import frappe
import pytest
from frappe.permissions import add_permission

from integration_hub.api.rest.endpoint import PREFIX, registry
from integration_hub.sync import roles

WAREHOUSE, FINANCE, SHOP, CRM, BI = roles.ROLES
#: letters of the table: W F S C B are the ready-made roles, U and M the hub's own, n is somebody signed in without any
#: role, g nobody at all
WHO = {
	"W": WAREHOUSE,
	"F": FINANCE,
	"S": SHOP,
	"C": CRM,
	"B": BI,
	"U": "Integration User",
	"M": "Integration Manager",
	"n": "",
}
SIGNED_IN = "".join(WHO)
EVERYBODY = f"{SIGNED_IN}g"
NO = "no such"
#: methods that only a user's own rights rule, beyond what a ready-made role needs
NONE_OF_THEM = ""
LISTENS = "WFSCBUM"

#: method → (an input that passes validation, who may call it). What names a document that is not there is 404 or 422
#: for whoever may, and 403 for all others: they do not learn whether it is there
TABLE: dict[str, tuple[dict, str]] = {
	# what there is to decide about is a matter of each Workflow; see tests/test_api_approvals.py
	"approvals.approve": ({"doctype": "Customer", "name": NO}, NONE_OF_THEM),
	"approvals.decide_many": ({"rows": [{"doctype": "Customer", "name": NO}]}, NONE_OF_THEM),
	"approvals.get": ({"doctype": "Customer", "name": NO}, NONE_OF_THEM),
	"approvals.list": ({}, SIGNED_IN),
	"approvals.reject": ({"doctype": "Customer", "name": NO, "reason": NO}, NONE_OF_THEM),
	"calls.export": ({}, "M"),
	"calls.list": ({"limit": 1}, "M"),
	"customers.create": ({"customer_name": "{tag}", "territory": NO}, "SC"),
	"customers.create_many": ({"rows": [{"customer_name": "{tag}"}]}, "SC"),
	"customers.get": ({"name": NO}, "WFSCB"),
	"customers.list": ({"limit": 1}, "WFSCB"),
	"customers.update": ({"name": NO}, "SC"),
	"description.openapi": ({}, EVERYBODY),
	"events.get": ({"name": NO}, "UM"),
	"events.list": ({"limit": 1}, "UM"),
	"events.replay": ({"names": [NO]}, "UM"),
	"health.ping": ({}, EVERYBODY),
	"health.status": ({}, "UM"),
	"invoices.cancel": ({"name": NO}, "F"),
	"invoices.create": ({"customer": NO, "items": [{"item_code": NO, "qty": 1}]}, "F"),
	"invoices.create_many": (
		{"rows": [{"customer": NO, "items": [{"item_code": NO, "qty": 1}]}]},
		"F",
	),
	"invoices.credit": ({"name": NO}, "F"),
	"invoices.get": ({"name": NO}, "FSB"),
	"invoices.list": ({"limit": 1}, "FSB"),
	"invoices.submit": ({"name": NO}, "F"),
	"items.create": ({"item_code": "{tag}", "item_group": NO, "stock_uom": NO}, NONE_OF_THEM),
	"items.get": ({"name": NO}, "WFSB"),
	"items.list": ({"limit": 1}, "WFSB"),
	"items.update": ({"name": NO}, NONE_OF_THEM),
	"items.upsert_many": (
		{"rows": [{"item_code": "{tag}", "item_group": NO, "stock_uom": NO}]},
		NONE_OF_THEM,
	),
	# everybody's own jobs; those of others are not found
	"jobs.file": ({"name": NO}, SIGNED_IN),
	"jobs.get": ({"name": NO}, SIGNED_IN),
	"keys.me": ({}, SIGNED_IN),
	# a key renews itself; these callers come with Frappe's own keys
	"keys.rotate": ({}, NONE_OF_THEM),
	"leads.create": ({"first_name": "{tag}"}, "C"),
	"leads.create_many": ({"rows": [{"first_name": "{tag}"}]}, "C"),
	"leads.get": ({"name": NO}, "CB"),
	"leads.list": ({"limit": 1}, "CB"),
	"leads.update": ({"name": NO}, "C"),
	"orders.cancel": ({"name": NO}, "S"),
	"orders.create": ({"customer": NO, "items": [{"item_code": NO, "qty": 1}]}, "S"),
	"orders.create_many": ({"rows": [{"customer": NO, "items": [{"item_code": NO, "qty": 1}]}]}, "S"),
	"orders.get": ({"name": NO}, "WFSB"),
	"orders.list": ({"limit": 1}, "WFSB"),
	"orders.submit": ({"name": NO}, "S"),
	"payments.cancel": ({"name": NO}, "F"),
	"payments.create": ({"party": NO, "amount": "1"}, "F"),
	"payments.create_many": ({"rows": [{"party": NO, "amount": "1"}]}, "F"),
	"payments.get": ({"name": NO}, "FB"),
	"payments.link": ({"doctype": "Sales Invoice", "name": NO}, "F"),
	"payments.list": ({"limit": 1}, "FB"),
	"payments.refund": ({"credit_note": NO}, "F"),
	"payments.submit": ({"name": NO}, "F"),
	"prices.list": ({"limit": 1}, "SB"),
	"prices.upsert_many": (
		{"rows": [{"item_code": NO, "price_list": NO, "price_list_rate": "1"}]},
		NONE_OF_THEM,
	),
	"reports.export": ({"doctype": "Customer"}, "B"),
	# what there is to run is asked for each report
	"reports.list": ({}, SIGNED_IN),
	"reports.run": ({"name": NO}, NONE_OF_THEM),
	"shipments.book": ({"name": NO, "carrier": NO}, "W"),
	# calling off is for those who may cancel a Shipment
	"shipments.cancel": ({"name": NO}, NONE_OF_THEM),
	"shipments.carriers": ({"company": NO}, "WSB"),
	"shipments.create": (
		{
			"delivery_note": NO,
			"parcels": [{"weight": 1, "length": 1, "width": 1, "height": 1}],
		},
		"W",
	),
	"shipments.create_many": (
		{
			"rows": [
				{
					"delivery_note": NO,
					"parcels": [{"weight": 1, "length": 1, "width": 1, "height": 1}],
				}
			]
		},
		"W",
	),
	"shipments.get": ({"name": NO}, "WSB"),
	"shipments.list": ({"limit": 1}, "WSB"),
	"shipments.paper": ({"name": NO, "file_name": NO}, "WSB"),
	"shipments.papers": ({"name": NO}, "WSB"),
	"shipments.rates": ({"name": NO, "carrier": NO}, "WSB"),
	"stock.adjust": ({"rows": [{"item_code": NO, "warehouse": NO, "change": 1}]}, "W"),
	"stock.list": ({"limit": 1}, "WSB"),
	"tracking.get": ({"name": NO}, "WSBUM"),
	"tracking.list": ({"limit": 1}, "WSBUM"),
	"tracking.refresh": ({"shipment": NO}, "W"),
	# whoever acts for an outside system has listeners of its own; those of others are not found
	"webhooks.create": (
		{"title": "{tag}", "url": "https://hooks.example.com/", "company": NO},
		LISTENS,
	),
	"webhooks.delete": ({"name": NO}, LISTENS),
	"webhooks.deliveries": ({"webhook": NO}, LISTENS),
	"webhooks.event_types": ({}, LISTENS),
	"webhooks.get": ({"name": NO}, LISTENS),
	"webhooks.list": ({"limit": 1}, LISTENS),
	"webhooks.replay": ({"name": NO}, LISTENS),
	"webhooks.rotate_secret": ({"name": NO}, LISTENS),
	"webhooks.send_test": ({"name": NO}, LISTENS),
	"webhooks.update": ({"name": NO}, LISTENS),
}


def test_every_method_has_a_line():
	names = {path.removeprefix(PREFIX) for path in registry()}
	assert names - set(TABLE) == set(), "say in TABLE who may call these"
	assert set(TABLE) - names == set(), "these are gone"


@pytest.mark.parametrize("letter", [*WHO, "g"])
def test_each_role_may_call_what_it_needs_and_no_more(callers, web, letter):
	from tests.support.api import Caller

	caller = Caller(web) if letter == "g" else callers(*filter(None, [WHO[letter]]))
	found, expected = {}, {}
	for path, one in registry().items():
		name = path.removeprefix(PREFIX)
		given, allowed = TABLE[name]
		tag = f"roles-{letter}-{frappe.generate_hash(length=8)}"
		given = json.loads(json.dumps(given).replace("{tag}", tag))
		answer = caller.get(name, **given) if one.verb == "GET" else caller.post(name, **given)
		assert answer.status_code < 500 and answer.status_code not in (405, 429), f"{name}: {answer.text}"
		if answer.status_code == 422:
			assert answer.json()["error"]["type"] != "invalid", f"{name}: {answer.text}"
		expected[name] = "may" if letter in allowed else "nobody" if letter == "g" else "may not"
		found[name] = _verdict(answer)
	assert found == expected


def _verdict(answer):
	if answer.status_code in (401, 403):
		return "nobody" if answer.status_code == 401 else "may not"
	if answer.headers["Content-Type"].startswith("application/json"):
		body = answer.json().get("data")
		rows = body.get("results") if isinstance(body, dict) else None
		if rows and all((row["error"] or {}).get("type") == "forbidden" for row in rows):
			return "may not"
	return "may"


def test_no_role_may_more_than_its_table(site):
	"""On the site itself: exactly the rights of the table, no level above 0, nothing to delete."""
	for role, table in roles.ROLES.items():
		rows = frappe.get_all("Custom DocPerm", filters={"role": role}, fields=["*"])
		assert {row.parent for row in rows} == {name for name in table if frappe.db.exists("DocType", name)}
		for row in rows:
			have = {letter for letter, right in roles.RIGHTS.items() if row.get(right)}
			submittable = frappe.db.get_value("DocType", row.parent, "is_submittable")
			assert have == {one for one in table[row.parent] if submittable or one not in "sx"}, row.parent
			assert not any(row.get(one) for one in ("delete", "amend", "share", "import", "permlevel"))
		assert frappe.db.get_value("Role", role, "desk_access") == 0


def test_bi_reads_only():
	assert {letter for letters in roles.ROLES[BI].values() for letter in letters} <= set("rpe")


@pytest.fixture
def undone(site):
	"""What a test does to permissions is undone by a rollback: nothing here commits."""
	frappe.db.commit()  # what former tests did is not ours to undo
	yield
	frappe.db.rollback()
	frappe.clear_cache()


def _rights(doctype, role):
	row = frappe.db.get_value("Custom DocPerm", {"parent": doctype, "role": role}, ["read", "write"])
	return row and tuple(row)


def test_what_people_change_stays(undone):
	row = {"parent": "Customer", "role": SHOP}
	frappe.db.set_value("Custom DocPerm", row, "write", 0)
	frappe.db.delete("Custom DocPerm", {"parent": "Customer", "role": CRM})
	count = frappe.db.count("Custom DocPerm")
	roles.give()
	assert _rights("Customer", SHOP) == (1, 0) and _rights("Customer", CRM) is None
	assert frappe.db.count("Custom DocPerm") == count


def test_the_roles_go_and_the_standard_comes_back(undone):
	"""Where nobody has changed anything the DocType has its standard permissions again; what a person has added stays."""
	add_permission("Item", "Purchase User", 2)
	roles.take_away()
	assert not frappe.db.exists("Custom DocPerm", {"role": ("in", list(roles.ROLES))})
	assert not frappe.db.exists("Custom DocPerm", {"parent": "Customer"})
	assert frappe.db.exists("Custom DocPerm", {"parent": "Item", "role": "Purchase User", "permlevel": 2})
	assert frappe.db.exists("Custom DocPerm", {"parent": "Item", "role": "Item Manager"})


def test_a_copy_follows_a_new_standard_until_somebody_changes_it(undone):
	for doctype in ("Customer", "Item"):
		row = frappe.get_all("DocPerm", filters={"parent": doctype, "permlevel": 0}, limit=1)[0].name
		frappe.db.set_value("DocPerm", row, {"role": "Auditor", "read": 1}, update_modified=False)
	other = {"parent": "Item", "role": "Item Manager", "permlevel": 0}
	changed = 1 - frappe.db.get_value("Custom DocPerm", other, "share")
	frappe.db.set_value("Custom DocPerm", other, "share", changed)
	roles.give()
	assert frappe.db.exists("Custom DocPerm", {"parent": "Customer", "role": "Auditor"})
	assert _rights("Customer", SHOP) == (1, 1)
	assert not frappe.db.exists("Custom DocPerm", {"parent": "Item", "role": "Auditor"})
	assert frappe.db.get_value("Custom DocPerm", other, "share") == changed


def test_what_was_taken_away_is_given_again(undone):
	"""The app may be removed and installed again."""
	before = _all_given()
	roles.take_away()
	assert not _all_given()
	roles.give()
	assert _all_given() == before


def _all_given() -> set[tuple[str, ...]]:
	rows = frappe.get_all(
		"Custom DocPerm", filters={"role": ("in", list(roles.ROLES))}, fields=["parent", "role"]
	)
	return {(row.parent, row.role) for row in rows}
