"""The base class of tests offers the working context managers, and opens its own site again.

The wheel's class calls `frappe.init()` for its one site and its helpers do nothing; see
`frappe.tests.classes.context_managers` and `frappe.tests.utils` for those that do.
"""

EDITS = [
	(
		"frappe/tests/compat.py",
		"class FrappeTestCase(unittest.TestCase):\n"
		'	"""Base test class for Frappe integration/unit tests."""\n',
		"from frappe.tests.classes import context_managers\n\n\n"
		"class FrappeTestCase(unittest.TestCase):\n"
		'	"""Base test class for Frappe integration/unit tests."""\n\n'
		"	change_settings = staticmethod(context_managers.change_settings)\n"
		"	patch_hooks = staticmethod(context_managers.patch_hooks)\n"
		"	freeze_time = staticmethod(context_managers.freeze_time)\n"
		"	switch_site = staticmethod(context_managers.switch_site)\n",
	),
	(
		"frappe/tests/__init__.py",
		'__all__ = ["IntegrationTestCase", "UnitTestCase", "FrappeTestCase"]',
		"from frappe.tests.classes.context_managers import (\n"
		"	change_settings,\n	debug_on,\n	freeze_time,\n	patch_hooks,\n	set_user,\n	switch_site,\n"
		"	timeout,\n	timeout_context,\n)\n",
	),
]
