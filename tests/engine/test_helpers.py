"""Frappe's helpers for tests work (the wheel's do nothing, silently)."""

import pytest


def test_change_settings_changes_and_puts_back(site):
	from frappe.tests.utils import change_settings

	before = site.db.get_single_value("Tiny Settings", "limit")
	with change_settings("Tiny Settings", {"limit": 42}):
		assert site.db.get_single_value("Tiny Settings", "limit") == 42
	assert site.db.get_single_value("Tiny Settings", "limit") == before
	with pytest.raises(ValueError), change_settings("Tiny Settings", limit=43):
		raise ValueError
	assert site.db.get_single_value("Tiny Settings", "limit") == before


def test_change_settings_as_decorator(site):
	from frappe.tests.utils import change_settings

	@change_settings("Tiny Settings", limit=5)
	def inside():
		return site.db.get_single_value("Tiny Settings", "limit")

	assert inside() == 5


def test_patch_hooks(site):
	from frappe.tests.utils import patch_hooks

	with patch_hooks({"tiny_hook": ["a"], "doc_events": {}}):
		assert site.get_hooks("tiny_hook") == ["a"]
		assert site.get_hooks("app_title", app_name="tiny") == ["Tiny"]
		todo = site.get_doc(doctype="ToDo", description="x").insert()
		assert not site.db.exists("Tiny Thing", {"title": todo.name})
	assert site.get_hooks("tiny_hook") == []
	todo = site.get_doc(doctype="ToDo", description="x").insert()
	assert site.db.exists("Tiny Thing", {"title": todo.name})


def test_set_user_and_permissions(site):
	from frappe.tests.utils import set_user

	user = site.get_doc(doctype="User", email="reader@example.com", first_name="Reader", send_welcome_email=0)
	user.insert()
	with set_user("reader@example.com"):
		assert site.session.user == "reader@example.com"
		with pytest.raises(site.PermissionError):
			site.get_doc(doctype="Tiny Thing", title="x").insert()
	assert site.session.user == "Administrator"
	user.add_roles("System Manager")
	with set_user("reader@example.com"):
		assert site.get_doc(doctype="Tiny Thing", title="x").insert().owner == "reader@example.com"


def test_freeze_time(site):
	from frappe.tests.utils import freeze_time
	from frappe.utils import now

	with freeze_time("2026-01-02 03:04:05"):
		assert now().startswith("2026-01-02 03:04:05")


def test_timeout(site):
	import time

	from frappe.tests.utils import timeout

	@timeout(seconds=1)
	def slow():
		time.sleep(5)

	with pytest.raises(TimeoutError):
		slow()


def test_test_mode(site):
	from frappe.tests.utils import toggle_test_mode

	toggle_test_mode(True)
	assert site.in_test and site.flags.in_test
	toggle_test_mode(False)
	assert not site.in_test and not site.flags.in_test


def test_the_base_class(site):
	import unittest

	from frappe.tests import IntegrationTestCase
	from frappe.tests.utils import FrappeTestCase

	assert FrappeTestCase is IntegrationTestCase

	class Case(FrappeTestCase):
		def test_inside(self):
			with self.change_settings("Tiny Settings", limit=3):
				self.assertEqual(site.db.get_single_value("Tiny Settings", "limit"), 3)

	result = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(Case))
	assert result.testsRun == 1 and result.wasSuccessful()
	site.db.sql("select 1")
