"""The tables of this folder say what ERPNext does. They run on the stand-in, and on a real bench with ERPNext
(`pytest --bench PATH --site NAME tests/standin`): where the two disagree, the bench is right.

Nothing is committed: every test works on documents of its own and is rolled back.
"""

import os
from pathlib import Path

import pytest

from tests.standin.books import Books

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="package")
def erpnext_site(request, tmp_path_factory):
	"""A connected site with ERPNext, or its stand-in, and a company."""
	import sys

	opened = sys.modules.get("frappe")
	before = (opened.local.site, os.path.abspath(opened.local.sites_path)) if is_open(opened) else None
	path = request.config.getoption("--bench")
	if path:
		yield from on_bench(Path(path).resolve() / "sites", request.config.getoption("--site"))
	else:
		yield from on_sandbox(tmp_path_factory.mktemp("bench"), request.config.getoption("--db"))
	if before:
		import frappe

		os.environ["SITES_PATH"] = before[1]
		os.chdir(before[1])
		frappe.init(before[0], sites_path=before[1], force=True)
		frappe.connect()


def is_open(frappe) -> bool:
	return bool(frappe) and bool(getattr(frappe.local, "site", None))


def on_bench(sites, site):
	import frappe

	os.chdir(sites)
	frappe.destroy()
	frappe.init(site, sites_path=str(sites), force=True)
	frappe.connect()
	yield frappe
	frappe.db.rollback()
	frappe.destroy()
	os.chdir(PROJECT)


def on_sandbox(folder, db_type):
	from sandbox.engine.bench import Bench
	from sandbox.erpnext.company import setup_company

	with Bench(folder, apps=["erpnext"], db_type=db_type) as bench:
		bench.new_site("books.localhost")
		bench.open("books.localhost")
		import frappe

		setup_company()
		yield frappe
		frappe.db.rollback()
		frappe.destroy()
		frappe.cache = frappe.client_cache = None


@pytest.fixture
def books(erpnext_site):
	"""Makes documents for one test and forgets them after it."""
	erpnext_site.set_user("Administrator")
	erpnext_site.flags.mute_messages = True
	books = Books()
	yield books
	erpnext_site.set_user("Administrator")
	books.forget()
