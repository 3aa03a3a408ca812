"""Connections that Frappe has closed are used again, and nothing of their former use is left in them."""

from __future__ import annotations

import os
import shutil
import threading

import pytest

pytestmark = pytest.mark.usefixtures("sqlite_only")


def again(site):
	"""What the end of one request and the beginning of the next do."""
	site.db.close()
	site.connect()
	assert site.db.sql("select 1")[0][0] == 1
	return site.db


@pytest.fixture(autouse=True)
def opened(site):
	site.db.sql("select 1")
	yield
	again(site).rollback()


def test_the_next_request_gets_the_same_one(site):
	first = site.db._conn
	assert again(site)._conn is first


def test_what_was_not_committed_is_undone(site):
	site.get_doc(doctype="Tiny Thing", title="left behind").insert()
	again(site)
	assert not site.db.exists("Tiny Thing", {"title": "left behind"})
	assert not site.db._conn.in_transaction


def test_a_question_that_was_not_read_to_its_end_holds_nothing(site, other_connection):
	half_read = site.db._conn.cursor().execute("select name from tabDocType")
	assert half_read.fetchone()
	with other_connection():
		site.get_doc(doctype="Tiny Thing", title="new since").insert()
		site.db.commit()
	again(site)
	assert site.db.exists("Tiny Thing", {"title": "new since"})
	with pytest.raises(Exception, match="closed"):
		half_read.fetchone()


def test_no_thread_gets_that_of_another(site):
	from frappe._sandbox import sqlite_kept

	key = site.db._conn.key
	site.db.close()
	found = []
	other = threading.Thread(target=lambda: found.append(sqlite_kept.take(key)))
	other.start()
	other.join()
	assert found == [None] and sqlite_kept.take(key)
	site.connect()


def test_no_fork_gets_that_of_its_parent(site):
	from frappe._sandbox import sqlite_kept

	key = site.db._conn.key
	site.db.close()
	child = os.fork()
	if not child:
		os._exit(int(sqlite_kept.take(key) is not None))
	assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
	site.connect()


def test_another_file_of_the_same_name_is_another(site, tmp_path):
	from frappe._sandbox import sqlite_kept

	path = tmp_path / "a.db"
	path.write_bytes(b"")
	first = sqlite_kept.key_of(path, False)
	other = tmp_path / "b.db"
	other.write_bytes(b"")
	shutil.move(other, path)
	assert sqlite_kept.key_of(path, False) != first
