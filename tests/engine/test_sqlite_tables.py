"""Tables on SQLite: keys, indices and defaults survive changes; index names do not collide."""

import pytest

pytestmark = pytest.mark.usefixtures("sqlite_only")


def columns(site, doctype):
	return {row.name: row for row in site.db.sql(f"PRAGMA table_info(`tab{doctype}`)", as_dict=True)}


def indices(site, doctype):
	return {row.name: row.unique for row in site.db.sql(f"PRAGMA index_list(`tab{doctype}`)", as_dict=True)}


def test_every_table_of_a_document_has_its_primary_key(site):
	without = [
		doctype
		for doctype in site.get_all("DocType", {"issingle": 0, "is_virtual": 0}, pluck="name")
		if site.db.table_exists(doctype) and not columns(site, doctype)["name"].pk
	]
	assert without == []


def test_unique_and_searched_fields_have_their_indices(site):
	found = indices(site, "Tiny Thing")
	assert found["tabTiny Thing.code!"] == 1
	assert found["tabTiny Thing.status"] == 0
	assert found["tabTiny Thing.unique_source_outside_id"] == 1
	assert "tabTiny Thing.creation" in found
	assert "tabTiny Row.parent" in indices(site, "Tiny Row")
	assert site.db.has_index("tabTiny Thing", "unique_source_outside_id")
	assert site.db.get_column_index("tabTiny Thing", "code", unique=True)


def test_two_tables_may_have_indices_of_one_name(site):
	for doctype in ("Tiny Thing", "ToDo"):
		site.db.add_index(doctype, ["owner", "modified_by"], index_name="people")
	assert "tabTiny Thing.people" in indices(site, "Tiny Thing")
	assert "tabToDo.people" in indices(site, "ToDo")


def test_a_changed_type_keeps_rows_keys_and_indices(site, tiny_bench):
	tiny_bench.copy_site("tiny.localhost", "schema.localhost")
	tiny_bench.open("schema.localhost")
	site.get_doc(doctype="Tiny Thing", title="kept", outside_id="7", code="k").insert()
	site.db.commit()  # the table is rebuilt below
	meta = site.get_doc("DocType", "Tiny Thing")
	next(field for field in meta.fields if field.fieldname == "outside_id").fieldtype = "Int"
	meta.append("fields", {"fieldname": "fresh", "fieldtype": "Check", "label": "Fresh", "default": "1"})
	site.flags.in_patch = True  # the way to change a standard document outside developer mode
	meta.save()
	site.flags.in_patch = False
	now = columns(site, "Tiny Thing")
	assert now["name"].pk and now["outside_id"].type == "INTEGER" and now["fresh"].dflt_value == "1"
	assert site.db.get_value("Tiny Thing", {"title": "kept"}, ["outside_id", "fresh", "status"]) == (
		7,
		1,
		"New",
	)
	assert "tabTiny Thing.unique_source_outside_id" in indices(site, "Tiny Thing")
	with pytest.raises(site.UniqueValidationError):
		site.get_doc(doctype="Tiny Thing", title="x", code="k").insert()
	site.db.rename_column("Tiny Thing", "fresh", "stale")
	assert "stale" in columns(site, "Tiny Thing")
	site.db.rollback()
	tiny_bench.drop_site("schema.localhost")


def test_nothing_is_rebuilt_when_nothing_changed(site):
	"""A second sync must find every table as it should be, or each migrate would rebuild them all."""
	from frappe.database.sqlite.schema import SQLiteTable

	statements = []
	original = site.db.sql_ddl
	site.db.sql_ddl = lambda query, *a, **k: statements.append(query) or original(query, *a, **k)
	try:
		for doctype in site.get_all("DocType", {"issingle": 0, "is_virtual": 0}, pluck="name"):
			table = SQLiteTable(doctype)
			table.validate()
			table.sync()
	finally:
		del site.db.sql_ddl
	assert statements == []


def test_it_is_a_write_ahead_log(site):
	assert site.db.sql("PRAGMA journal_mode")[0][0] == "wal"
	assert site.db._conn.execute("PRAGMA busy_timeout").fetchone()[0] == 15000
