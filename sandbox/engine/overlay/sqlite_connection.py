"""SQLite that behaves, as far as one file can, like the MariaDB of a bench.

- Values are bound (see `sqlite_text`).
- The wheel opens a deferred transaction at once. Whoever has read in it and then wants to write,
  while somebody else has written in between, is refused without waiting ("database is locked").
  Here a transaction begins with its first write, savepoint or `FOR UPDATE`, and begins IMMEDIATE:
  it waits for the one writer's lock as MariaDB waits for a row's. So `FOR UPDATE` really locks
  (everything, not one row), and what it reads is the newest. Reads before that see what is
  committed at that moment; there is no snapshot.
- A lock that does not come in time is `frappe.QueryTimeoutError`, as on MariaDB; with NOWAIT at once.
- Datetime columns come back as datetime, Time as timedelta, as PyMySQL gives them.
- A unique violation tells its kind by SQLite's error code.
"""

import sqlite3
from datetime import date, datetime, timedelta
from pathlib import Path

import frappe

REPLACES = {
	"frappe/database/sqlite/database.py": {
		"SQLiteDatabase.create_connection": "create_connection",
		"SQLiteDatabase.get_connection": "get_connection",
		"SQLiteDatabase.execute_query": "execute_query",
		"SQLiteDatabase.sql": "sql",
		"SQLiteDatabase.begin": "begin",
		"SQLiteDatabase.commit": "commit",
		"SQLiteDatabase.rollback": "rollback",
		"SQLiteDatabase.get_tables": "get_tables",
		"SQLiteDatabase.sql_ddl": "sql_ddl",
		"SQLiteExceptionUtil.is_deadlocked": "is_deadlocked",
		"SQLiteExceptionUtil.is_timedout": "is_timedout",
		"SQLiteExceptionUtil.is_duplicate_entry": "is_duplicate_entry",
		"SQLiteExceptionUtil.is_missing_column": "is_missing_column",
		"SQLiteExceptionUtil.is_syntax_error": "is_syntax_error",
		"SQLiteExceptionUtil.is_data_too_long": "is_data_too_long",
	},
}

EDITS = [
	# A row that violates its primary key and another unique key at once: MariaDB names the primary
	# key, SQLite the other one. So it is a DuplicateEntryError when a document of the name exists.
	(
		"frappe/model/base_document.py",
		"			if frappe.db.is_primary_key_violation(e):\n				if self.meta.autoname",
		"			if frappe.db.is_primary_key_violation(e) or (\n"
		"				frappe.db.is_unique_key_violation(e) and frappe.db.exists(self.doctype, self.name)\n"
		"			):\n				if self.meta.autoname",
	),
	# get_doc(..., for_update=True) takes the lock here too.
	(
		"frappe/model/document.py",
		'				if self.flags.for_update and frappe.db.db_type != "sqlite":',
		"				if self.flags.for_update:",
	),
	(
		"frappe/model/document.py",
		'		if self.flags.for_update and frappe.db.db_type != "sqlite":\n			for_update = "FOR UPDATE"',
		'		if self.flags.for_update:\n			for_update = "FOR UPDATE"',
	),
]

DEFAULT_LOCK_WAIT = 15  # seconds; MariaDB waits 50. `sqlite_lock_wait` in the site's config.


def database_file(self) -> Path:
	return Path(frappe.get_site_path()).resolve() / "db" / f"{self.cur_db_name}.db"


def create_connection(self, read_only: bool = False) -> sqlite3.Connection:
	from frappe._sandbox.sqlite_kept import Connection

	return sqlite3.connect(
		f"file:{database_file(self)}?mode={'ro' if read_only else 'rwc'}",
		uri=True,
		detect_types=sqlite3.PARSE_DECLTYPES,
		timeout=lock_wait(),
		isolation_level=None,
		factory=Connection,
	)


def lock_wait() -> float:
	return float(frappe.conf.get("sqlite_lock_wait") or DEFAULT_LOCK_WAIT)


def get_connection(self, read_only: bool = False) -> sqlite3.Connection:
	from frappe._sandbox import sqlite_kept
	from frappe._sandbox.mysql_functions import register

	key = sqlite_kept.key_of(database_file(self), read_only, lock_wait())
	kept = sqlite_kept.take(key)
	if kept:
		return kept
	for declared, convert in CONVERTERS.items():
		sqlite3.register_converter(declared, convert)
	connection = create_connection(self, read_only)
	connection.key = key
	if not read_only:
		connection.execute("PRAGMA journal_mode=WAL")
	connection.execute("PRAGMA synchronous=NORMAL")
	register(connection)
	return connection


def as_datetime(raw: bytes) -> datetime | None:
	return datetime.fromisoformat(raw.decode()) if raw else None


def as_date(raw: bytes) -> date | None:
	return date.fromisoformat(raw.decode()[:10]) if raw else None


def as_time(raw: bytes) -> timedelta | None:
	if not raw:
		return None
	hours, minutes, seconds = (raw.decode() + ":0:0").split(":")[:3]
	return timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))


CONVERTERS = {"timestamp": as_datetime, "datetime": as_datetime, "date": as_date, "time": as_time}


def execute_query(self, query, values=None):
	from frappe._sandbox.sqlite_text import bind, translate

	if values is not None and not isinstance(values, dict | list | tuple):
		values = (values,)
	statement = translate(str(query), values is not None)
	if statement.locks and not self._conn.in_transaction and not getattr(self, "read_only", False):
		_take_write_lock(self._conn, statement.nowait)
	text, bound = bind(statement, values)
	try:
		return self._cursor.execute(text, bound)
	except sqlite3.IntegrityError as error:
		if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_CHECK:
			raise sqlite3.DataError(str(error).partition(": ")[2]) from error
		raise


def _take_write_lock(connection: sqlite3.Connection, nowait: bool) -> None:
	if not nowait:
		connection.execute("BEGIN IMMEDIATE")
		return
	(patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
	connection.execute("PRAGMA busy_timeout=0")
	try:
		connection.execute("BEGIN IMMEDIATE")
	finally:
		connection.execute(f"PRAGMA busy_timeout={int(patience)}")


def sql(self, *args, **kwargs):
	"""Without the wheel's rewriting of the text, which also reaches into literals."""
	from frappe.database.database import Database

	return Database.sql(self, *args, **kwargs)


def begin(self, *, read_only: bool = False) -> None:
	"""Begin lazily, at the first write; only a change between reading and writing is done at once."""
	read_only = bool(read_only or frappe.flags.read_only)
	if read_only != bool(getattr(self, "read_only", False)):
		if self._conn:
			self._conn.close()
		self._conn = self.get_connection(read_only=read_only)
		self._cursor = self._conn.cursor()
		self.read_only = read_only


def commit(self, chain=None) -> None:
	import warnings

	from frappe.database.database import TRANSACTION_DISABLED_MSG

	if not self._conn:
		self.connect()
	if self._disable_transaction_control:
		warnings.warn(message=TRANSACTION_DISABLED_MSG, stacklevel=2)
		return
	self.before_rollback.reset()
	self.after_rollback.reset()
	self.before_commit.run()
	self._conn.commit()
	self.transaction_writes = 0
	self.begin()
	self.after_commit.run()


def rollback(self, *, save_point=None, chain=None) -> None:
	import warnings

	from frappe.database.database import TRANSACTION_DISABLED_MSG

	if not self._conn:
		self.connect()
	if save_point:
		self.sql(f"rollback to savepoint {save_point}")
		self.value_cache.clear()
	elif not self._disable_transaction_control:
		self.before_commit.reset()
		self.after_commit.reset()
		self.before_rollback.run()
		self._conn.rollback()
		self.transaction_writes = 0
		self.begin()
		self.value_cache.clear()
		self.after_rollback.run()
	else:
		warnings.warn(message=TRANSACTION_DISABLED_MSG, stacklevel=2)


def sql_ddl(self, query, *args, **kwargs) -> None:
	"""Statements about tables commit what is before them, as on MariaDB."""
	from frappe.database.database import Database

	Database.sql_ddl(self, query, *args, **kwargs)
	self._conn.commit()


def get_tables(self, cached: bool = True) -> list[str]:
	tables = frappe.cache.get_value("db_tables") if cached else None
	if not tables:
		tables = self.sql("SELECT name FROM sqlite_master WHERE type = 'table'", pluck=True)
		frappe.cache.set_value("db_tables", tables)
	return tables


# Errors -----------------------------------------------------------------------------------------

BUSY_SNAPSHOT = 517


@staticmethod
def is_deadlocked(e: Exception) -> bool:
	"""Only retrying the whole transaction helps: it reads what has been overwritten since."""
	return getattr(e, "sqlite_errorcode", None) == BUSY_SNAPSHOT


@staticmethod
def is_timedout(e: Exception) -> bool:
	return isinstance(e, frappe.QueryTimeoutError) or "database is locked" in str(e)


@staticmethod
def is_duplicate_entry(e: Exception) -> bool:
	return isinstance(e, sqlite3.IntegrityError) and "UNIQUE constraint failed" in str(e)


@staticmethod
def is_missing_column(e: Exception) -> bool:
	return "no such column" in str(e) or "has no column named" in str(e)


@staticmethod
def is_data_too_long(e: Exception) -> bool:
	return "Data too long" in str(e)


@staticmethod
def is_syntax_error(e: Exception) -> bool:
	return "syntax error" in str(e) or "unrecognized token" in str(e)
