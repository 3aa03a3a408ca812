"""The tables of this folder say what ERPNext does. They run on the stand-in, and on a real bench with ERPNext
(`pytest --bench PATH --site NAME tests/standin`): where the two disagree, the bench is right.

Nothing is committed: every test works on documents of its own and is rolled back.
"""

import pytest

from tests.standin.books import Books


@pytest.fixture
def books(site):
	"""Makes documents for one test and forgets them after it."""
	import frappe

	frappe.db.rollback()
	frappe.set_user("Administrator")
	frappe.flags.mute_messages = True
	books = Books()
	yield books
	frappe.flags.mute_messages = False
	frappe.set_user("Administrator")
	books.forget()
