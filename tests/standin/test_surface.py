"""The stand-in tells no lies: what it has, ERPNext has too, under the same name and of the same kind.

The fields are compared on a real bench; on the sandbox there is nothing to compare them with. What the app imports of
ERPNext is looked for on both.
"""

import ast
from importlib import import_module
from pathlib import Path

import frappe
import pytest

from sandbox.erpnext.doctypes import __main__ as tables

APP = Path(__file__).resolve().parents[2] / "integration_hub"
#: the stand-in follows ERPNext 15; what a later one has under another name, or (None) has not, and the app does not use
ELSEWHERE = {
	16: {
		("Lead", "source"): "utm_source",
		("Opportunity", "source"): "utm_source",
		("Sales Taxes and Charges", "item_wise_tax_detail"): None,
		("Sales Invoice", "title"): None,
		("Sales Order", "title"): None,
		("Delivery Note", "title"): None,
		("Payment Entry", "party_balance"): None,
		("Payment Entry", "paid_from_account_balance"): None,
		("Payment Entry", "paid_to_account_balance"): None,
		("Customer", "salutation"): None,
		("Company", "expenses_included_in_valuation"): None,
	},
}
#: kinds of fields that a document is written and read through alike
ALIKE = ({"Small Text", "Text", "Text Editor", "Long Text"}, {"Currency", "Float"})


def definitions():
	import re

	for table in sorted(tables.TABLES.glob("*.txt")):
		module = tables.MODULES.get(table.stem, table.stem.title())
		for block in re.split(r"\n(?=\[)", table.read_text()):
			yield tables.doctype(block, module)


DEFINITIONS = list(definitions())


@pytest.mark.parametrize("definition", DEFINITIONS, ids=[one["name"] for one in DEFINITIONS])
def test_documents_have_erpnext_s_fields(request, site, definition):
	if not request.config.getoption("--bench", None):
		pytest.skip("the stand-in cannot be compared with itself; run with --bench")
	major = int(frappe.get_attr("erpnext.__version__").split(".")[0])
	if not frappe.db.exists("DocType", definition["name"]):
		assert major > 15, f"ERPNext has no {definition['name']}"
		pytest.skip(f"ERPNext {major} has no {definition['name']}")
	meta = frappe.get_meta(definition["name"])
	wrong = []
	for field in definition["fields"]:
		if "Break" in field["fieldtype"]:
			continue
		real = meta.get_field(field["fieldname"])
		place = (definition["name"], field["fieldname"])
		moved = ELSEWHERE.get(major, {}).get(place, "")
		if real is None and moved:
			assert meta.has_field(moved)
		elif real is None and moved is None:
			continue
		elif real is None:
			wrong.append(f"{field['fieldname']}: not there")
		elif not _alike(real.fieldtype, field["fieldtype"], major):
			wrong.append(f"{field['fieldname']}: {real.fieldtype}, not {field['fieldtype']}")
		elif field["fieldtype"] in ("Link", "Table") and real.options != field.get("options"):
			wrong.append(f"{field['fieldname']}: of {real.options}, not {field.get('options')}")
	assert not wrong
	assert bool(meta.is_submittable) == bool(definition.get("is_submittable"))
	assert bool(meta.istable) == bool(definition.get("istable"))


def _alike(one, other, major):
	"""Of the version it follows the stand-in is exactly; of a later one as far as it matters."""
	return one == other or (major > 15 and any({one, other} <= kinds for kinds in ALIKE))


def imports_of_erpnext():
	for path in sorted(APP.rglob("*.py")):
		for node in ast.walk(ast.parse(path.read_text())):
			if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "erpnext":
				for alias in node.names:
					yield node.module, alias.name


USED = sorted(set(imports_of_erpnext()))


@pytest.mark.parametrize(("module", "name"), USED, ids=[f"{module}.{name}" for module, name in USED])
def test_what_the_app_imports_is_there(site, module, name):
	assert callable(getattr(import_module(module), name))
