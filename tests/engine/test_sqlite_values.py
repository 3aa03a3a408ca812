"""Values travel bound, whatever is in them, and come back as MariaDB's driver would give them."""

import datetime
import decimal

import pytest

NASTY = [
	"it's",
	'say "hi"',
	"100%",
	"%s and %(name)s and %%",
	"a\\b",
	"`quoted`",
	"a;b -- c /* d */",
	"?",
	"ends with backslash\\",
	"日本語 🎉",
	"line\nbreak\ttab",
	" for update",
]


@pytest.mark.parametrize("text", NASTY)
def test_text_survives_every_way_in(site, text):
	table = site.qb.DocType("Tiny Thing")
	document = site.get_doc(doctype="Tiny Thing", title=text, notes=text).insert()
	assert site.db.get_value("Tiny Thing", document.name, ["title", "notes"]) == (text, text)
	assert site.db.get_value("Tiny Thing", {"title": text, "name": document.name}) == document.name
	query = (
		site.qb.from_(table).select(table.name).where((table.title == text) & (table.name == document.name))
	)
	assert query.run(pluck=True) == [document.name]
	by_name = "select name from `tabTiny Thing` where title = %(title)s and name = %(name)s"
	assert site.db.sql(by_name, {"title": text, "name": document.name}, pluck=True) == [document.name]
	in_order = "select notes from `tabTiny Thing` where title = %s and name = %s"
	assert site.db.sql(in_order, (text, document.name))[0][0] == text
	assert site.db.sql("select name from `tabTiny Thing` where title in %s", ([text, "x"],), pluck=True)
	escaped = f"select notes from `tabTiny Thing` where title = {site.db.escape(text)} and name = %s"
	assert site.db.sql(escaped, document.name)[0][0] == text
	site.db.set_value("Tiny Thing", document.name, "notes", text + text)
	assert site.db.get_value("Tiny Thing", document.name, "notes") == text + text
	assert text in site.get_all("Tiny Thing", filters={"name": document.name}, pluck="title")


def test_nothing_given_nothing_replaced(site):
	assert site.db.sql("select '%s', '100%', '%%'")[0][:2] == ("%s", "100%")


def test_percent_is_written_twice_when_values_are_given(site):
	assert site.db.sql("select 'a%%', %s", ("b",))[0] == ("a%", "b")
	site.get_doc(doctype="Tiny Thing", title="fifty percent").insert()
	found = site.db.sql(
		"select title from `tabTiny Thing` where title like '%%percent' and active = %s", (1,)
	)
	assert ("fifty percent",) in found


def test_lists_in_and_null(site):
	names = [site.get_doc(doctype="Tiny Thing", title=title).insert().name for title in "ab"]
	by_list = site.db.sql(
		"select name from `tabTiny Thing` where name in %(names)s", {"names": names}, pluck=True
	)
	assert sorted(by_list) == sorted(names)
	with pytest.raises(Exception, match="syntax"):
		site.db.sql("select name from `tabTiny Thing` where name in %(names)s", {"names": ()})
	assert site.db.sql("select coalesce(%s, 'none')", (None,))[0][0] == "none"
	assert len(site.get_all("Tiny Thing", filters={"name": ("in", names), "code": ("is", "not set")})) == 2


def test_types_come_back_as_mariadbs_driver_gives_them(site):
	document = site.get_doc(
		doctype="Tiny Thing",
		title="types",
		due="2026-02-03 04:05:06",
		day="2026-02-03",
		at="04:05:06",
		amount=decimal.Decimal("12.34"),
		active=True,
	).insert()
	due, day, at, amount, active, creation = site.db.get_value(
		"Tiny Thing", document.name, ["due", "day", "at", "amount", "active", "creation"]
	)
	assert due == datetime.datetime(2026, 2, 3, 4, 5, 6)
	assert day == datetime.date(2026, 2, 3)
	assert at == datetime.timedelta(hours=4, minutes=5, seconds=6)
	assert (amount, active) == (12.34, 1)
	assert isinstance(creation, datetime.datetime)


def test_python_dates_as_values(site):
	moment = datetime.datetime(2026, 2, 3, 4, 5, 6, 789)
	name = site.get_doc(doctype="Tiny Thing", title="x", due=moment, day=moment.date()).insert().name
	for filters in (
		{"due": moment},
		{"due": ("<=", moment)},
		{"due": ("between", (moment - datetime.timedelta(1), moment))},
		{"day": moment.date()},
		{"day": ("<", datetime.date(2026, 2, 4))},
	):
		assert name in site.get_all("Tiny Thing", filters=filters, pluck="name"), filters
	table = site.qb.DocType("Tiny Thing")
	assert site.qb.from_(table).select(table.name).where(table.due == moment).run()[-1][0] == name


def test_rowcount_of_an_update(site):
	for title in "abc":
		site.get_doc(doctype="Tiny Thing", title=title, source="rowcount").insert()
	table = site.qb.DocType("Tiny Thing")
	site.qb.update(table).set(table.status, "Done").where(table.source == "rowcount").run()
	assert site.db._cursor.rowcount == 3
	site.db.sql(
		"update `tabTiny Thing` set status = 'New' where source = %s and title = %s", ("rowcount", "a")
	)
	assert site.db._cursor.rowcount == 1
	site.db.sql("update `tabTiny Thing` set status = 'New' where source = 'nobody'")
	assert site.db._cursor.rowcount == 0
	site.db.delete("Tiny Thing", {"source": "rowcount"})
	assert site.db._cursor.rowcount == 3


def test_bulk_insert_and_ignoring_duplicates(site):
	fields = ["name", "title", "source", "outside_id"]
	site.db.bulk_insert("Tiny Thing", fields, [(f"n{i}", "t", "bulk", f"o{i}") for i in range(3)])
	again = [("n0", "x", "bulk", "o0"), ("n9", "x", "bulk", "o1"), ("n3", "new", "bulk", "o3")]
	site.db.bulk_insert("Tiny Thing", fields, again, ignore_duplicates=True)
	assert sorted(site.get_all("Tiny Thing", {"source": "bulk"}, ["name", "title"], as_list=True)) == [
		("n0", "t"),
		("n1", "t"),
		("n2", "t"),
		("n3", "new"),
	]
	with pytest.raises(site.db.IntegrityError if hasattr(site.db, "IntegrityError") else Exception) as caught:
		site.db.bulk_insert("Tiny Thing", fields, again)
	assert site.db.is_duplicate_entry(caught.value)


def test_text_compares_without_regard_to_case(site):
	site.get_doc(doctype="Tiny Thing", title="Mixed Case", code="AbC").insert()
	assert site.db.exists("Tiny Thing", {"title": "mixed case"})
	with pytest.raises(site.UniqueValidationError):
		site.get_doc(doctype="Tiny Thing", title="x", code="aBc").insert()


def test_password_fields_are_encrypted_in_rows_too(site):
	document = site.get_doc(
		doctype="Tiny Thing", title="x", secret="s3cret", rows=[{"item": "a", "qty": 2, "token": "t0ken"}]
	).insert()
	assert document.total == 2
	assert site.db.get_value("Tiny Thing", document.name, "secret") != "s3cret"
	document = site.get_doc("Tiny Thing", document.name)
	assert document.get_password("secret") == "s3cret"
	assert document.rows[0].get_password("token") == "t0ken"


def test_singles(site):
	assert site.db.get_single_value("Tiny Settings", "limit") == 7
	site.db.set_single_value("Tiny Settings", "limit", 9)
	assert site.get_cached_doc("Tiny Settings").limit == 9
	settings = site.get_doc("Tiny Settings")
	settings.key = "hidden"
	settings.save()
	assert site.get_doc("Tiny Settings").get_password("key") == "hidden"


def test_a_moment_is_one_however_it_is_written(site):
	moment = datetime.datetime(2026, 2, 3, 4, 5, 6)
	for given in (moment, "2026-02-03 04:05:06", "2026-02-03 04:05:06.000000"):
		name = site.get_doc(doctype="Tiny Thing", title="moment", due=given).insert().name
		for asked in (moment, str(moment), "2026-02-03 04:05:06.000000"):
			for operator in ("=", ">=", "<="):
				# Not by get_all: under MariaDB its "<=" compares texts, so it misses the equal one.
				query = f"select name from `tabTiny Thing` where name = %s and due {operator} %s"
				found = site.db.sql(query, (name, asked))
				assert found, (given, operator, asked)


def test_too_long_is_refused_as_on_mariadb(site):
	assert site.get_doc(doctype="Tiny Thing", title="x" * 140).insert()
	with pytest.raises(site.CharacterLengthExceededError):
		site.get_doc(doctype="Tiny Thing", title="x" * 141).insert()
	name = site.get_doc(doctype="Tiny Thing", title="x", notes="n" * 100_000).insert().name
	with pytest.raises(site.db.DataError) as caught:
		site.db.set_value("Tiny Thing", name, "title", "ü" * 141)
	assert site.db.is_data_too_long(caught.value)
	site.db.set_value("Tiny Thing", name, "title", "ü" * 140)


def test_a_time_zone_in_a_datetime_is_refused_as_on_mariadb(site):
	name = site.get_doc(doctype="Tiny Thing", title="x").insert().name
	for wrong in ("2026-02-03T04:05:06+00:00", "soon"):
		with pytest.raises((site.db.DataError, site.db.OperationalError)):
			site.db.set_value("Tiny Thing", name, "due", wrong)
	site.db.set_value("Tiny Thing", name, "due", "2026-02-03T04:05:06")
	assert site.db.get_value("Tiny Thing", name, "due") == datetime.datetime(2026, 2, 3, 4, 5, 6)


def test_several_fields_from_the_cache(site):
	name = site.get_doc(doctype="Tiny Thing", title="cached").insert().name
	for _ in range(2):
		assert site.db.get_value("Tiny Thing", name, ["title", "active"], cache=True) == ("cached", 1)


def test_the_version_says_sixteen(site):
	assert site.__version__.split(".")[0] == "16"
