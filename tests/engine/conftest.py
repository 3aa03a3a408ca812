"""The engine's tests stand on a bench and a site of their own, with a throw-away app."""

import os
import sys

import pytest

from tests.engine.tiny_app import write_app


def pytest_collection_modifyitems(config, items):
	if config.getoption("--bench", None):
		skip = pytest.mark.skip(reason="tests of the sandbox's engine mean nothing on a real bench")
		for item in items:
			if "tests/engine/" in item.path.as_posix():
				item.add_marker(skip)


@pytest.fixture(scope="session")
def tiny_app(tmp_path_factory):
	"""Folder on sys.path that holds the throw-away app `tiny`."""
	folder = write_app(tmp_path_factory.mktemp("apps"))
	sys.path.insert(0, str(folder))
	return folder


@pytest.fixture(scope="package")
def tiny_bench(request, tiny_app, tmp_path_factory):
	"""A running bench with the site tiny.localhost; whatever site was open before is opened again after."""
	from sandbox.engine.bench import Bench

	previous, sites_path = open_site(), os.environ.get("SITES_PATH")
	db_type = request.config.getoption("--db", "sqlite")
	with Bench(tmp_path_factory.mktemp("bench"), apps=["tiny"], db_type=db_type) as bench:
		bench.new_site("tiny.localhost")
		yield bench
		import frappe

		frappe.destroy()
	frappe.cache = frappe.client_cache = None
	if sites_path:
		os.environ["SITES_PATH"] = sites_path
	if previous:
		frappe.init(previous[0], sites_path=previous[1], force=True)
		frappe.connect()


def open_site():
	import_of_frappe = sys.modules.get("frappe")
	if not import_of_frappe or not getattr(import_of_frappe.local, "site", None):
		return None
	return import_of_frappe.local.site, os.path.abspath(import_of_frappe.local.sites_path)


@pytest.fixture
def site(tiny_bench):
	"""The fork, with tiny.localhost open as Administrator; what the test leaves uncommitted is undone."""
	tiny_bench.open("tiny.localhost")
	import frappe

	yield frappe
	if frappe.db and os.path.isdir(frappe.local.site_path):  # a test may drop its site
		frappe.db.rollback()
	frappe.destroy()


@pytest.fixture
def sqlite_only(site):
	if site.db.db_type != "sqlite":
		pytest.skip("about SQLite only")


@pytest.fixture
def other_connection(site):
	"""A second connection to the same site: `with other_connection(): ...` works on it."""
	import contextlib

	opened = []

	@contextlib.contextmanager
	def use():
		first = site.local.db
		if not opened:
			site.connect()
			opened.append(site.local.db)
		site.local.db = opened[0]
		try:
			yield site.local.db
		finally:
			site.local.db = first

	yield use
	for database in opened:
		database.rollback()
		database.close()
