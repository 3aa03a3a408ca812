"""Sites and benches: prepared once, copied, opened by name."""

import json

import pytest

from sandbox.engine import EngineError, sites


def test_a_site_has_its_apps_and_their_documents(site):
	assert site.get_installed_apps() == ["frappe", "tiny"]
	assert site.db.get_value("DocType", "Tiny Thing", "module") == "Tiny"
	assert site.local.site == "tiny.localhost"
	assert site.is_setup_complete()


def test_install_hooks_and_fixtures_have_run(site):
	assert site.get_meta("ToDo").has_field("tiny_id")
	assert site.db.exists("Role", "Tiny Reader")
	assert site.db.exists("Scheduled Job Type", {"method": "tiny.tasks.each_minute"})


def test_documents_live_in_the_apps_root(site, tiny_app):
	"""The module anchor: Frappe finds and writes the module's files in the package itself."""
	assert site.get_module_path("Tiny") == str(tiny_app / "tiny")
	assert type(site.new_doc("Tiny Thing")).__module__ == "tiny.tiny.doctype.tiny_thing.tiny_thing"
	from frappe.modules import get_doc_path

	assert get_doc_path("Tiny", "DocType", "Tiny Thing") == str(tiny_app / "tiny" / "doctype" / "tiny_thing")


def test_init_and_connect_as_on_a_bench(site, tiny_bench):
	site.destroy()
	site.init(site="tiny.localhost", sites_path=str(tiny_bench.sites_path))
	site.connect()
	assert site.db.count("DocType") > 200
	site.destroy()
	site.init("tiny.localhost")  # the bench is known from the environment
	site.connect()
	assert site.db.get_value("DocType", "Tiny Thing")


def test_an_unknown_site_is_said_to_be_unknown(site):
	with pytest.raises(site.IncorrectSitePath):
		site.init("nowhere.localhost", force=True)


def test_a_copy_is_a_site_of_its_own(site, tiny_bench):
	site.get_doc(doctype="Tiny Thing", title="before").insert()
	site.db.commit()  # the copy is made from outside this connection
	tiny_bench.copy_site("tiny.localhost", "copy.localhost")
	tiny_bench.open("copy.localhost")
	assert site.db.exists("Tiny Thing", {"title": "before"})
	site.get_doc(doctype="Tiny Thing", title="in the copy").insert()
	site.cache.set_value("colour", "red")
	site.db.commit()  # to be seen, or not, from the other site

	tiny_bench.open("tiny.localhost")
	assert not site.db.exists("Tiny Thing", {"title": "in the copy"})
	assert site.cache.get_value("colour") is None
	tiny_bench.drop_site("copy.localhost")
	assert not (tiny_bench.sites_path / "copy.localhost").exists()


def test_config_of_the_site_and_of_the_bench(site, tiny_bench):
	tiny_bench.new_site("config.localhost", config={"marketplace_api_host": "http://127.0.0.1:1"})
	tiny_bench.open("config.localhost")
	assert site.conf.marketplace_api_host == "http://127.0.0.1:1"
	assert site.conf.redis_queue == tiny_bench.redis.url
	common = json.loads((tiny_bench.sites_path / "common_site_config.json").read_text())
	assert common["redis_cache"] == tiny_bench.redis.url
	tiny_bench.drop_site("config.localhost")


def test_the_administrators_password(site, tiny_bench):
	from frappe.utils.password import check_password

	assert check_password("Administrator", "admin") == "Administrator"
	tiny_bench.new_site("password.localhost", admin_password="other")
	tiny_bench.open("password.localhost")
	assert check_password("Administrator", "other") == "Administrator"
	with pytest.raises(site.AuthenticationError):
		check_password("Administrator", "admin")
	tiny_bench.drop_site("password.localhost")


def test_a_template_is_known_by_what_the_app_defines(tiny_app):
	"""A changed doctype or hook makes another template; a changed controller does not."""
	package = tiny_app / "tiny"
	before = sites.app_hash("tiny")
	for name, counts in (
		("doctype/tiny_row/tiny_row.json", True),
		("hooks.py", True),
		("install.py", True),
		("doctype/tiny_row/tiny_row.py", False),
		("tasks.py", False),
	):
		text = (package / name).read_text()
		(package / name).write_text(text + "\n")
		try:
			assert (sites.app_hash("tiny") != before) is counts, name
		finally:
			(package / name).write_text(text)
	assert sites.app_hash("tiny") == before


def test_an_app_that_is_not_there_is_named(tmp_path, tiny_bench):
	with pytest.raises(EngineError, match="nonexistent_app cannot be imported"):
		tiny_bench.new_site("x.localhost", apps=["nonexistent_app"])


def test_uninstall_removes_the_app_and_keeps_the_rest(site, tiny_bench):
	tiny_bench.copy_site("tiny.localhost", "uninstall.localhost")
	tiny_bench.open("uninstall.localhost")
	site.get_doc(doctype="ToDo", description="stays").insert()
	from frappe.installer import install_app, remove_app

	remove_app("tiny", yes=True, no_backup=True)
	assert site.get_installed_apps() == ["frappe"]
	assert not site.db.exists("DocType", "Tiny Thing")
	assert not site.db.table_exists("Tiny Thing", cached=False)
	assert not site.get_meta("ToDo").has_field("tiny_id")
	assert site.db.exists("ToDo", {"description": "stays"})

	install_app("tiny")
	assert site.get_doc(doctype="Tiny Thing", title="again").insert().name
	assert site.get_meta("ToDo").has_field("tiny_id")
	site.db.rollback()
	tiny_bench.drop_site("uninstall.localhost")
