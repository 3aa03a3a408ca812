"""Install and uninstall: what the app brings, it takes away again; what ERPNext keeps books of stays."""

import json
import subprocess
import sys

import pytest

from tests.conftest import PROJECT

STAY = ("sales orders", "customers", "items")


def test_a_migrate_gives_the_hub_s_user_no_role_back(site):
	"""An administrator decides what it may do; every `bench migrate` runs the app's own hook."""
	import frappe

	from integration_hub import install

	user = frappe.get_doc("User", install.USER)
	user.remove_roles("Item Manager")
	try:
		install.after_migrate()
		assert "Item Manager" not in frappe.get_roles(install.USER)
		install.after_install()
		assert set(install.USER_ROLES) <= set(frappe.get_roles(install.USER))
	finally:
		frappe.get_doc("User", install.USER).add_roles("Item Manager")
		frappe.db.commit()  # as it was


def test_the_key_that_secrets_are_kept_with_is_there_from_the_start(site):
	"""Two processes of a new site would each make one, and what was kept with the first could not be read any more."""
	config = json.loads((site.sites_path / site.site / "site_config.json").read_text())
	assert config["encryption_key"]


@pytest.mark.processes
def test_uninstall_leaves_only_erpnext_s_documents(request):
	if request.config.getoption("--bench"):
		pytest.skip("the suite installs the app on the bench before, and uninstalls it after")
	process = subprocess.run(
		[sys.executable, "-m", "tests.support.uninstalled", request.config.getoption("--db")],
		cwd=PROJECT,
		capture_output=True,
		text=True,
		timeout=300,
	)
	assert process.returncode == 0, process.stderr[-3000:]
	found = json.loads(process.stdout.strip().splitlines()[-1])
	before, after = found["before"], found["after"]
	assert all(before.values()), f"there was something to take away: {before}"
	assert {what: count for what, count in after.items() if what not in STAY and count} == {}
	assert {what: after[what] for what in STAY} == {what: before[what] for what in STAY}
