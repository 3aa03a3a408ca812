"""Unique keys, savepoints, locks and their errors, on both databases as Frappe classifies them."""

import threading
import time

import pytest


def thing(site, **values):
	return site.get_doc(doctype="Tiny Thing", title="x", **values)


def test_kinds_of_unique_violations(site):
	thing(site, code="one", source="s", outside_id="1").insert()
	with pytest.raises(site.UniqueValidationError):
		thing(site, code="one").insert()
	with pytest.raises(site.UniqueValidationError):
		thing(site, source="s", outside_id="1").insert()
	with pytest.raises(site.DuplicateEntryError):
		site.get_doc(doctype="Role", role_name="Tiny Reader").insert()
	other = thing(site, code="two").insert()
	other.code = "one"
	with pytest.raises(site.UniqueValidationError):
		other.save()
	thing(site, source="s", outside_id=None).insert()
	thing(site, source="s", outside_id=None).insert()  # NULLs are never equal


def test_errors_by_their_questions(site):
	thing(site, code="one").insert()
	with pytest.raises(Exception) as caught:
		site.db.sql("insert into `tabTiny Thing` (name, title, code) values ('n', 'x', 'one')")
	assert site.db.is_duplicate_entry(caught.value) and site.db.is_unique_key_violation(caught.value)
	assert not site.db.is_primary_key_violation(caught.value)
	with pytest.raises(Exception) as caught:
		site.db.sql("select nothing_of_that_name from `tabTiny Thing`")
	assert site.db.is_missing_column(caught.value) or site.db.db_type == "sqlite"
	with pytest.raises(Exception) as caught:
		site.db.sql("select 1 from `tabNothing`")
	assert site.db.is_table_missing(caught.value)


def test_savepoints(site):
	site.db.savepoint("start_here")
	thing(site, code="undone").insert()
	site.db.rollback(save_point="start_here")
	thing(site, code="kept").insert()
	assert not site.db.exists("Tiny Thing", {"code": "undone"})
	assert site.db.exists("Tiny Thing", {"code": "kept"})

	from frappe.database.database import savepoint

	with savepoint(catch=site.UniqueValidationError):
		thing(site, code="inner").insert()
		thing(site, code="kept").insert()
	assert not site.db.exists("Tiny Thing", {"code": "inner"})
	site.db.rollback()
	assert not site.db.exists("Tiny Thing", {"code": "kept"})


def test_callbacks_after_commit_and_rollback(site):
	seen = []
	site.db.after_commit.add(lambda: seen.append("committed"))
	site.db.after_rollback.add(lambda: seen.append("rolled back"))
	site.db.commit()  # what is tested
	assert seen == ["committed"]
	site.db.after_commit.add(lambda: seen.append("never"))
	site.db.after_rollback.add(lambda: seen.append("rolled back"))
	site.db.rollback()
	site.db.commit()  # what is tested
	assert seen == ["committed", "rolled back"]


def test_uncommitted_is_unseen_elsewhere(site, other_connection):
	name = thing(site).insert().name
	with other_connection():
		assert not site.db.exists("Tiny Thing", name)
	site.db.commit()  # what is tested
	with other_connection() as database:
		database.rollback()
		assert site.db.exists("Tiny Thing", name)
	site.delete_doc("Tiny Thing", name)
	site.db.commit()  # leave nothing behind


def test_a_lock_that_is_held_is_a_timeout(site, other_connection):
	name = thing(site).insert().name
	site.db.commit()  # so that the other connection sees it
	site.db.get_value("Tiny Thing", name, "title", for_update=True)
	with other_connection() as database:
		database.sql("select 1")
		if site.db.db_type == "sqlite":
			database._conn.execute("PRAGMA busy_timeout=300")
		else:
			database.sql("set innodb_lock_wait_timeout = 1")
		started = time.monotonic()
		with pytest.raises((site.QueryTimeoutError, site.QueryDeadlockError)):
			site.db.set_value("Tiny Thing", name, "title", "y")
		assert time.monotonic() - started >= 0.25
		database.rollback()
		started = time.monotonic()
		with pytest.raises((site.QueryTimeoutError, site.QueryDeadlockError)):
			site.db.get_value("Tiny Thing", name, "title", for_update=True, wait=False)
		assert time.monotonic() - started < 0.25
		database.rollback()
	site.db.rollback()
	site.delete_doc("Tiny Thing", name)
	site.db.commit()  # leave nothing behind


def test_for_update_reads_the_newest(site, tiny_bench):
	"""Four threads add one, twenty-five times each, by read and write under FOR UPDATE: nothing is lost."""
	name = thing(site, amount=0).insert().name
	site.db.commit()  # so that the threads see it
	failures = []

	def count():
		try:
			site.init("tiny.localhost", sites_path=str(tiny_bench.sites_path), force=True)
			site.connect()
			for _ in range(25):
				amount = site.db.get_value("Tiny Thing", name, "amount", for_update=True)
				site.db.set_value("Tiny Thing", name, "amount", amount + 1, update_modified=False)
				site.db.commit()  # one step of the count
		except Exception as error:  # noqa: BLE001  a thread's failure must reach the test
			failures.append(error)
		finally:
			site.destroy()

	threads = [threading.Thread(target=count) for _ in range(4)]
	[thread.start() for thread in threads]
	[thread.join() for thread in threads]
	assert failures == []
	site.db.rollback()
	assert site.db.get_value("Tiny Thing", name, "amount") == 100
	site.delete_doc("Tiny Thing", name)
	site.db.commit()  # leave nothing behind


def test_reading_and_then_writing_waits_for_the_other(site, other_connection):
	"""Whoever has read before somebody else wrote may still write (the wheel refused it at once)."""
	name = thing(site).insert().name
	site.db.commit()  # so that both see it
	with other_connection() as database:
		assert site.db.get_value("Tiny Thing", name, "status") == "New"
	site.db.set_value("Tiny Thing", name, "status", "Done")
	site.db.commit()  # in between
	with other_connection() as database:
		site.db.set_value("Tiny Thing", name, "title", "second")
		database.commit()
	site.db.rollback()
	assert site.db.get_value("Tiny Thing", name, ["status", "title"]) == ("Done", "second")
	site.delete_doc("Tiny Thing", name)
	site.db.commit()  # leave nothing behind


def test_skip_locked_and_limits_in_the_builder(site):
	table = site.qb.DocType("Tiny Thing")
	names = {thing(site, source="claim").insert().name for _ in range(3)}
	query = site.qb.from_(table).select(table.name).where(table.source == "claim").limit(2)
	taken = query.for_update(skip_locked=True).run(pluck=True)
	assert len(taken) == 2 and set(taken) <= names


def test_insert_ignore_and_on_duplicate_key(site):
	table = site.qb.DocType("Tiny Thing")

	def row(title):
		return (
			site.qb.into(table)
			.columns("name", "title", "source", "outside_id")
			.insert("n1", title, "dup", "1")
		)

	row("first").run()
	row("second").ignore().run()
	assert site.db.get_value("Tiny Thing", "n1", "title") == "first"
	row("third").on_duplicate_key_update(table.title, "third").run()
	assert site.db.get_value("Tiny Thing", "n1", "title") == "third"
	site.db.sql(
		"""insert into `tabTiny Thing` (name, title) values (%s, %s)
		on duplicate key update title = values(title)""",
		("n1", "fourth"),
	)
	assert site.db.get_value("Tiny Thing", "n1", "title") == "fourth"
	site.db.sql("insert ignore into `tabTiny Thing` (name, title) values ('n1', 'fifth')")
	assert site.db.get_value("Tiny Thing", "n1", "title") == "fourth"


def test_naming_series_under_lock(site):
	from frappe.model.naming import make_autoname

	assert [make_autoname("TINY-.###") for _ in range(3)] == ["TINY-001", "TINY-002", "TINY-003"]
