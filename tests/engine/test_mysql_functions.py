"""MariaDB's functions give the same answers on SQLite; on MariaDB the table checks itself."""

import pytest

CASES = [
	("concat('a', 1, 2.5)", "a12.5"),
	("concat('a', null)", None),
	("concat_ws('-', 'a', null, 'b')", "a-b"),
	("if(1 > 2, 'yes', 'no')", "no"),
	("ifnull(null, 3)", 3),
	("isnull(null)", 1),
	("left('abcdef', 2)", "ab"),
	("right('abcdef', 2)", "ef"),
	("substring('abcdef', 2, 3)", "bcd"),
	("substring_index('a.b.c', '.', 2)", "a.b"),
	("substring_index('a.b.c', '.', -1)", "c"),
	("locate('c', 'abc')", 3),
	("locate('B', 'abc')", 2),
	("lpad('7', 3, '0')", "007"),
	("rpad('7', 3, 'xy')", "7xy"),
	("char_length('äöü')", 3),
	("upper('äbc')", "ÄBC"),
	("field('b', 'a', 'b')", 2),
	("find_in_set('b', 'a,b,c')", 2),
	("greatest(1, 5, 3)", 5),
	("least(1, 5, 3)", 1),
	("floor(2.7)", 2),
	("ceil(2.1)", 3),
	("mod(7, 3)", 1),
	("md5('a')", "0cc175b9c0f1b6a831c399e269772661"),
	("'abc' like 'A%%'", 1),
	("'a_c' like 'a\\_c'", 1),
	("'abc' like 'a\\_c'", 0),
	("'abc' regexp '^A'", 1),
	("null <=> null", 1),
	("datediff('2026-03-01', '2026-02-01')", 28),
	("timestampdiff(MINUTE, '2026-01-01 00:00:00', '2026-01-01 01:30:59')", 90),
	("timestampdiff(MONTH, '2026-01-31', '2026-02-28')", 0),
	("timestampdiff(DAY, '2026-01-03', '2026-01-01')", -2),
	("year('2026-05-06')", 2026),
	("month('2026-05-06')", 5),
	("dayofweek('2026-05-06')", 4),
	("weekday('2026-05-06')", 2),
	("quarter('2026-05-06')", 2),
	("monthname('2026-05-06')", "May"),
	("hour('2026-05-06 07:08:09')", 7),
	("extract(year from '2026-05-06')", 2026),
	("date_format('2026-05-06 07:08:09', '%%Y-%%m %%d %%H:%%i:%%s')", "2026-05 06 07:08:09"),
	("date_format('2026-05-06', '%%M %%e, %%Y')", "May 6, 2026"),
	("unix_timestamp('2026-05-06 07:08:09') - unix_timestamp('2026-05-06 07:08:00')", 9),
]
AS_TEXT = [
	("date_add('2026-01-31', interval 1 month)", "2026-02-28"),
	("date_add('2026-01-01 10:00:00', interval 90 minute)", "2026-01-01 11:30:00"),
	("date_sub('2026-01-01', interval 1 day)", "2025-12-31"),
	("last_day('2026-02-10')", "2026-02-28"),
	("timestamp('2026-01-01', '10:11:12')", "2026-01-01 10:11:12"),
	("cast('2026-01-01 10:11:12' as date)", "2026-01-01"),
	("timediff('2026-01-02 00:00:00', '2026-01-01 00:00:00')", "24:00:00"),
	("str_to_date('06.05.2026', '%%d.%%m.%%Y')", "2026-05-06"),
]


@pytest.mark.parametrize(("expression", "answer"), CASES)
def test_function(site, expression, answer):
	found = site.db.sql(f"select {expression}, %s", ("",))[0][0]
	assert (float(found) if isinstance(answer, int) else found) == answer


@pytest.mark.parametrize(("expression", "answer"), AS_TEXT)
def test_date_function(site, expression, answer):
	found = site.db.sql(f"select cast({expression} as char), %s", ("",))[0][0]
	assert found.removesuffix(".000000") == answer


def test_group_concat(site):
	for title in ("a", "b"):
		site.get_doc(doctype="Tiny Thing", title=title, source="gc").insert()
	found = site.db.sql("select group_concat(title separator '; ') from `tabTiny Thing` where source = 'gc'")[
		0
	][0]
	assert sorted(found.split("; ")) == ["a", "b"]


def test_now_is_the_sites_time(site):
	from frappe.utils import get_datetime, now_datetime

	if site.db.db_type == "mariadb":
		pytest.skip("MariaDB's clock is the server's; Frappe does not set it per site")
	found = get_datetime(site.db.sql("select now()")[0][0])
	assert abs((now_datetime() - found).total_seconds()) < 5


def test_functions_of_the_query_builder(site):
	from frappe.query_builder.functions import (
		CombineDatetime,
		Count,
		DateFormat,
		GroupConcat,
		IfNull,
		Locate,
		Now,
		Sum,
	)

	site.get_doc(
		doctype="Tiny Thing", title="abc", source="qb", amount=2, day="2026-05-06", at="07:08:09"
	).insert()
	table = site.qb.DocType("Tiny Thing")
	row = (
		site.qb.from_(table)
		.select(
			Count("*"),
			Sum(table.amount),
			IfNull(table.code, "none"),
			Locate("b", table.title),
			GroupConcat(table.title),
			DateFormat(table.day, "%Y"),
			CombineDatetime(table.day, table.at),
			Now(),
		)
		.where(table.source == "qb")
		.run()[0]
	)
	assert row[:6] == (1, 2, "none", 2, "abc", "2026")
	assert str(row[6]).startswith("2026-05-06 07:08:09")
