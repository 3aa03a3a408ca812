"""Several apps: hooks of one and of all, the module map, paths, whitelisted names."""

import pytest


def test_hooks_of_one_app_and_of_all(site):
	assert site.get_hooks("app_title", app_name="tiny") == ["Tiny"]
	assert site.get_hooks("app_title") == ["Frappe Framework", "Tiny"]
	assert site.get_hooks("no_such_hook") == []
	assert site.get_hooks("no_such_hook", default={}) == {}
	assert "tiny.tasks.on_todo" in site.get_hooks("doc_events")["ToDo"]["after_insert"]


def test_the_module_map(site):
	assert site.local.module_app["tiny"] == "tiny"
	assert site.local.module_app["core"] == "frappe"
	assert site.local.app_modules["tiny"] == ["tiny"]
	assert site.get_all_apps() == ["frappe", "tiny"]


def test_paths(site, tiny_app):
	assert site.get_app_path("tiny", "hooks.py") == str(tiny_app / "tiny" / "hooks.py")
	assert site.get_app_source_path("tiny") == str(tiny_app)


def test_doc_events_of_the_app_run(site):
	todo = site.get_doc(doctype="ToDo", description="x").insert()
	assert site.db.exists("Tiny Thing", {"title": todo.name})


def test_methods_of_apps_that_are_not_installed_are_refused(site):
	assert site.get_attr("tiny.tasks.shout")("a") == "A"
	with pytest.raises(site.AppNotInstalledError):
		site.get_attr("sandbox.engine.ensure")


def test_the_module_paths_that_apps_import(site):
	from frappe.modules import get_doc_path, get_module_path, load_doctype_module, scrub
	from frappe.modules.import_file import import_file_by_path
	from frappe.modules.patch_handler import run_single
	from frappe.modules.utils import get_module_app, sync_customizations

	assert load_doctype_module("Tiny Thing").TinyThing
	assert get_module_app("Tiny") == "tiny"
	assert scrub("Tiny Thing") == "tiny_thing"
	assert all(
		map(callable, (get_doc_path, get_module_path, import_file_by_path, run_single, sync_customizations))
	)


def test_absent_packages_can_be_imported_and_refuse_to_work(site):
	import ldap3

	with pytest.raises(ImportError, match="ldap3 is not installed"):
		ldap3.Connection("server")
	with pytest.raises(ImportError):
		import no_such_package_at_all  # noqa: F401


def test_migrate_brings_a_changed_document_in(site, tiny_bench, tiny_app):
	import json

	path = tiny_app / "tiny" / "doctype" / "tiny_thing" / "tiny_thing.json"
	before = path.read_text()
	definition = json.loads(before)
	definition["fields"].append({"fieldname": "colour", "fieldtype": "Data", "label": "Colour"})
	definition["field_order"].append("colour")
	tiny_bench.copy_site("tiny.localhost", "migrate.localhost")
	tiny_bench.open("migrate.localhost")
	try:
		path.write_text(json.dumps(definition))
		from frappe.model.sync import sync_for

		sync_for("tiny")
		assert site.get_doc(doctype="Tiny Thing", title="x", colour="red").insert().reload().colour == "red"
	finally:
		path.write_text(before)
	site.db.rollback()
	tiny_bench.drop_site("migrate.localhost")
