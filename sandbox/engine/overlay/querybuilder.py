"""What PyPI's pypika lacks of Frappe's fork of it.

Its SQLite builder refuses Frappe's value wrapper and knows neither `for_update(skip_locked=...)`,
`ignore()` nor `on_duplicate_key_update()`. On SQLite the builder therefore writes MariaDB's SQL,
which `sqlite_text` respells for all SQL alike; so one query has one spelling everywhere. Functions
that Frappe maps per database fall back to MariaDB's, which `mysql_functions` provides.
"""

from pypika.dialects import MySQLQuery, MySQLQueryBuilder
from pypika.utils import builder

EDITS = [
	(
		"frappe/query_builder/builder.py",
		"class SQLite(Base, SQLLiteQuery):\n	Field = terms.Field\n\n	_BuilderClasss = SQLLiteQueryBuilder\n\n"
		'	@classmethod\n	def _builder(cls, *args, **kwargs) -> "SQLLiteQueryBuilder":',
		"class SQLite(Base, SQLiteQuery):\n	Field = terms.Field\n\n	_BuilderClasss = SQLiteQueryBuilder\n\n"
		'	@classmethod\n	def _builder(cls, *args, **kwargs) -> "SQLiteQueryBuilder":',
	),
	(
		"frappe/query_builder/builder.py",
		"from frappe.utils import get_table_name\n",
		"from frappe.utils import get_table_name\n"
		"from frappe._sandbox.querybuilder import SQLiteQuery, SQLiteQueryBuilder\n",
	),
	(
		"frappe/query_builder/utils.py",
		"		return self.func_map[db](*args, **kwds)",
		"		return (self.func_map.get(db) or self.func_map[db_type_is.MARIADB])(*args, **kwds)",
	),
]


class SQLiteQueryBuilder(MySQLQueryBuilder):
	"""MariaDB's builder; `insert_or_replace` is how Frappe says REPLACE to SQLite."""

	@builder
	def insert_or_replace(self, *terms):
		self._apply_terms(*terms)
		self._replace = True


class SQLiteQuery(MySQLQuery):
	@classmethod
	def _builder(cls, **kwargs):
		return SQLiteQueryBuilder(**kwargs)


SQLiteQueryBuilder.QUERY_CLS = SQLiteQuery
