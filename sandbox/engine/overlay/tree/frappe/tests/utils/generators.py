"""Test records from the JSON beside a doctype (`test_records.json`), as Frappe makes them.

Only the part that apps use: records of one doctype and of the doctypes it links to. Nothing is
swallowed: a record that cannot be made fails its test.
"""

import json
import os

import frappe


def make_test_records(doctype: str, force: bool = False, commit: bool = False) -> list:
	"""Make the doctype's test records, after those of the doctypes that it depends on."""
	made = []
	for one in [*get_dependencies(doctype), doctype]:
		made += make_test_records_for_doctype(one, force, commit)
	return made


def make_test_records_for_doctype(doctype: str, force: bool = False, commit: bool = False) -> list:
	if doctype in frappe.local.test_objects and not force:
		return []
	return make_test_objects(doctype, _records(doctype), commit=commit)


def make_test_objects(
	doctype: str, test_records=None, verbose=None, reset: bool = False, commit: bool = False
) -> list:
	"""Insert these records unless documents of their names are there already; return the names."""
	names = frappe.local.test_objects.setdefault(doctype, [])
	for record in test_records if test_records is not None else _records(doctype):
		document = frappe.get_doc({"doctype": doctype, **record})
		if document.name and frappe.db.exists(document.doctype, document.name):
			names.append(document.name)
			continue
		docstatus, document.docstatus = document.docstatus, 0
		document.insert(ignore_if_duplicate=True)
		if docstatus == 1:
			document.submit()
		names.append(document.name)
	if commit:
		frappe.db.commit()  # asked for by the caller
	return names


def get_modules(doctype: str):
	"""The doctype's module, and the module of its tests if it has one."""
	from frappe.model.module_utils import load_doctype_module

	module = frappe.db.get_value("DocType", doctype, "module")
	try:
		tests = load_doctype_module(doctype, module, "test_")
	except ImportError:
		tests = None
	return module, tests


def get_dependencies(doctype: str) -> list[str]:
	"""Doctypes that the test module names in `test_dependencies`."""
	_, tests = get_modules(doctype)
	return list(getattr(tests, "test_dependencies", []))


def _records(doctype: str) -> list[dict]:
	_, tests = get_modules(doctype)
	if hasattr(tests, "test_records"):
		return tests.test_records
	module = frappe.db.get_value("DocType", doctype, "module")
	path = os.path.join(frappe.get_module_path(module), "doctype", frappe.scrub(doctype), "test_records.json")
	if not os.path.exists(path):
		return []
	with open(path) as handle:
		return json.load(handle)


def _clear_test_log() -> None:
	"""Frappe keeps a file of the records it made; here they are kept in memory only."""
