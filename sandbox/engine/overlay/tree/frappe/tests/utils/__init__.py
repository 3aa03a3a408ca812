"""`frappe.tests.utils`: what tests of apps import, as in Frappe v15 and v16."""

import frappe
from frappe.tests.classes.context_managers import (
	change_settings,
	debug_on,
	freeze_time,
	patch_hooks,
	set_user,
	switch_site,
	timeout,
	timeout_context,
)
from frappe.tests.utils.generators import (
	get_dependencies,
	get_modules,
	make_test_objects,
	make_test_records,
	make_test_records_for_doctype,
)


def toggle_test_mode(enable: bool = True) -> None:
	"""Tell Frappe that tests are running (`frappe.in_test` and `frappe.flags.in_test`)."""
	frappe.in_test = enable
	frappe.local.flags.in_test = enable


def whitelist_for_tests(**options):
	"""A whitelisted function that only tests can call."""

	def decorate(function):
		return frappe.whitelist(**options)(function) if frappe.in_test else function

	return decorate


def __getattr__(name: str):
	# Not at the top: the test case imports the context managers.
	if name in ("FrappeTestCase", "IntegrationTestCase", "UnitTestCase"):
		import frappe.tests.compat

		return getattr(frappe.tests.compat, name)
	raise AttributeError(name)
