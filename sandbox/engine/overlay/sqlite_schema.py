"""Tables on SQLite keep their keys, indices and defaults.

The wheel's `ALTER` copies a table into one without primary key, defaults and indices; `CREATE`
makes no index for `search_index`; and since SQLite's index names are global, its `add_index` and
`add_unique` silently do nothing for the second table with the same fields. Here every index is named
after its table, and a table is rebuilt whole.

What MariaDB refuses is refused: text longer than its column (140 characters for Data, Link, Select
and the like unless the field says otherwise, 64 KiB for Text and Small Text), and times with a time
zone in Datetime columns. Both are `CHECK` constraints whose names say what MariaDB would say. Text compares without regard to case, because it does
under MariaDB's `utf8mb4_unicode_ci` (SQLite knows the case of ASCII letters only).
"""

import functools
import re

import frappe

REPLACES = {
	"frappe/database/sqlite/schema.py": {
		"SQLiteTable.create": "create",
		"SQLiteTable.alter": "alter",
	},
	"frappe/database/sqlite/database.py": {
		"SQLiteDatabase.add_index": "add_index",
		"SQLiteDatabase.add_unique": "add_unique",
		"SQLiteDatabase.has_index": "has_index",
		"SQLiteDatabase.get_column_index": "get_column_index",
		"SQLiteDatabase.change_column_type": "change_column_type",
		"SQLiteDatabase.rename_column": "rename_column",
	},
}

EDITS = [
	# Document's own check of lengths, which names the field, goes by MariaDB's column types.
	(
		"frappe/model/base_document.py",
		"		type_map = frappe.db.type_map\n\n		for fieldname, value in self.get_valid_dict(ignore_virtual=True)",
		"		type_map = frappe._sandbox.sqlite_schema.mariadb_types()\n\n"
		"		for fieldname, value in self.get_valid_dict(ignore_virtual=True)",
	),
	(
		"frappe/model/base_document.py",
		"import frappe\nfrom frappe import _, _dict",
		"import frappe\nimport frappe._sandbox.sqlite_schema\nfrom frappe import _, _dict",
	),
]

TEXT_BYTES = 65535

STANDARD = {
	"name": "TEXT COLLATE NOCASE PRIMARY KEY",
	"creation": "DATETIME",
	"modified": "DATETIME",
	"modified_by": "TEXT COLLATE NOCASE",
	"owner": "TEXT COLLATE NOCASE",
	"docstatus": "INTEGER NOT NULL DEFAULT 0",
	"idx": "INTEGER NOT NULL DEFAULT 0",
}
CHILD = {column: "TEXT COLLATE NOCASE" for column in ("parent", "parentfield", "parenttype")}


def create(self) -> None:
	_create_table(self.table_name, wanted_columns(self))
	_sync_indices(self)


def alter(self) -> None:
	"""Add what is missing, rebuild when a column's type, default or nullability changed."""
	wanted = wanted_columns(self)
	current = _described(self.table_name)
	merged = {name: wanted.get(name) or definition for name, definition in current.items()}
	missing = {name: definition for name, definition in wanted.items() if name not in current}
	changed = any(_bare(merged[name]) != _bare(current[name]) for name in current)
	if changed or any("PRIMARY KEY" in definition for definition in missing.values()):
		_rebuild(self.table_name, merged | missing)
	else:
		for name, definition in missing.items():
			frappe.db.sql_ddl(f"ALTER TABLE `{self.table_name}` ADD COLUMN `{name}` {definition}")
	_sync_indices(self)


def wanted_columns(table) -> dict[str, str]:
	"""Column name -> definition, from the doctype's fields."""
	columns = dict(STANDARD)
	if not table.meta.issingle and table.meta.autoname == "autoincrement":
		columns["name"] = "INTEGER PRIMARY KEY AUTOINCREMENT"
	if table.meta.get("istable"):
		columns |= CHILD
	for name, column in table.columns.items():
		if name not in columns and (definition := column.get_definition(for_modification=True)):
			columns[name] = _collated(definition) + check_of(name, column.fieldtype, column.length)
	return columns


@functools.cache
def mariadb_types() -> dict[str, tuple]:
	"""Field type -> (column type, size) on MariaDB."""
	from frappe.database.mariadb.database import MariaDBDatabase

	database = MariaDBDatabase.__new__(MariaDBDatabase)  # without connecting
	database.setup_type_map()
	return database.type_map


def check_of(name: str, fieldtype: str, length=None) -> str:
	"""The constraint that refuses what MariaDB refuses in such a column; empty where there is none."""
	kind, size = mariadb_types()[fieldtype]
	if kind == "varchar":
		size = max(int(length), 64) if length else int(size)
		rule, message = f"length(`{name}`) <= {size}", "Data too long"
	elif kind == "text":
		rule, message = f"length(CAST(`{name}` AS BLOB)) <= {TEXT_BYTES}", "Data too long"
	elif kind == "datetime":
		rule = f"datetime(`{name}`) IS NOT NULL AND `{name}` NOT GLOB '*[Z+]*' AND length(`{name}`) <= 26"
		message = "Incorrect datetime value"
	elif kind == "date":
		rule, message = f"date(`{name}`) IS NOT NULL AND `{name}` NOT GLOB '*[Z+]*'", "Incorrect date value"
	else:
		return ""
	return f" CONSTRAINT \"{message} for column '{name}'\" CHECK (`{name}` IS NULL OR {rule})"


def _collated(definition: str) -> str:
	kind, _, rest = definition.partition(" ")
	text = kind.upper() == "TEXT" or kind.lower().startswith(("varchar", "longtext", "text", "uuid"))
	return f"TEXT COLLATE NOCASE {rest}".strip() if text else definition


def _described(table_name: str) -> dict[str, str]:
	"""Column name -> definition, as the table is now."""
	columns = {}
	text = _sql_of(table_name) or ""
	autoincrement = "AUTOINCREMENT" in text.upper()
	checks = {match[2]: match[0] for match in CHECK.finditer(text)}
	for column in frappe.db.sql(f"PRAGMA table_info(`{table_name}`)", as_dict=True):
		definition = column.type
		if column.pk:
			definition += " PRIMARY KEY" + (" AUTOINCREMENT" if autoincrement else "")
		if column.notnull and not column.pk:
			definition += " NOT NULL"
		if column.dflt_value is not None:
			definition += f" DEFAULT {column.dflt_value}"
		columns[column.name] = _collated(definition) + checks.get(column.name, "")
	return columns


CHECK = re.compile(
	r""" CONSTRAINT "([\w ]+) for column '([^']+)'" CHECK \((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"""
)


def _sql_of(table_name: str) -> str | None:
	found = frappe.db.sql("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = %s", table_name)
	return found[0][0] if found else None


def _bare(definition: str) -> str:
	"""A definition in one spelling, to compare what is with what should be."""
	definition = definition.replace('"', "`")
	text = re.sub(r"\bDEFAULT '?(-?\d+)\.0'?(?=\s|$)", r"DEFAULT \1", definition)
	return re.sub(r"\bDEFAULT '(-?\d+)'", r"DEFAULT \1", text).strip().upper()


def _create_table(name: str, columns: dict[str, str]) -> None:
	body = ",\n".join(f"`{column}` {definition}" for column, definition in columns.items())
	frappe.db.sql_ddl(f"CREATE TABLE `{name}` (\n{body}\n)")


def _rebuild(table_name: str, columns: dict[str, str], renamed: dict[str, str] | None = None) -> None:
	"""Make the table anew with `columns`, and put its rows, and the indices that code made, back."""
	own = re.escape(f"{table_name}.")
	indices = [
		text
		for name, text in frappe.db.sql(
			"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s AND sql IS NOT NULL",
			table_name,
		)
		if re.match(own, name)
	]
	kept = [name for name in _described(table_name) if name in columns]
	defaults = {
		name: match[1]
		for name, definition in columns.items()
		if "NOT NULL" in definition and (match := re.search(r"DEFAULT ('(?:[^']|'')*'|\S+)", definition))
	}
	source = ", ".join(f"coalesce(`{c}`, {defaults[c]})" if c in defaults else f"`{c}`" for c in kept)
	scratch = f"{table_name}:new"
	frappe.db.sql_ddl(f"DROP TABLE IF EXISTS `{scratch}`")
	_create_table(scratch, columns)
	target = ", ".join(f"`{c}`" for c in kept)
	frappe.db.sql_ddl(f"INSERT INTO `{scratch}` ({target}) SELECT {source} FROM `{table_name}`")
	frappe.db.sql_ddl(f"DROP TABLE `{table_name}`")
	frappe.db.sql_ddl(f"ALTER TABLE `{scratch}` RENAME TO `{table_name}`")
	for text in indices:
		frappe.db.sql_ddl(text)


def _sync_indices(table) -> None:
	"""Create the indices that the doctype asks for and drop those it asked for once."""
	name = table.table_name
	wanted = {"parent": False} if table.meta.get("istable") else {"creation": False}
	if not table.meta.get("istable") and table.meta.sort_field == "modified":
		wanted["modified"] = False
	for field, column in table.columns.items():
		if (column.unique or column.set_index) and column.fieldtype in frappe.db.type_map:
			wanted[field] = bool(column.unique)
	made = {f"{name}.{field}{'!' if unique else ''}": (field, unique) for field, unique in wanted.items()}
	present = {row[1] for row in frappe.db.sql(f"PRAGMA index_list(`{name}`)")}
	of_fields = {f"{name}.{field}{mark}" for field in table.columns for mark in ("", "!")}
	for index in (present & of_fields) - set(made):
		frappe.db.sql_ddl(f"DROP INDEX `{index}`")
	for index, (field, unique) in made.items():
		if index not in present:
			kind = "UNIQUE INDEX" if unique else "INDEX"
			frappe.db.sql_ddl(f"CREATE {kind} `{index}` ON `{name}` (`{field}`)")


# What apps call ---------------------------------------------------------------------------------


def add_index(self, doctype: str, fields: list, index_name: str | None = None) -> None:
	"""Create an index over `fields` unless one of that name is there."""
	fields = [re.sub(r"\(.*?\)", "", field) for field in fields]
	_add(self, "INDEX", doctype, fields, index_name or self.get_index_name(fields))
	if len(fields) == 1 and not (frappe.flags.in_install or frappe.flags.in_migrate):
		from frappe.custom.doctype.property_setter.property_setter import make_property_setter

		make_property_setter(
			doctype,
			fields[0],
			property="search_index",
			value="1",
			property_type="Check",
			for_doctype=False,
		)


def add_unique(self, doctype: str, fields: list | str, constraint_name: str | None = None) -> None:
	"""Create a unique index over `fields` unless one of that name is there."""
	fields = [fields] if isinstance(fields, str) else fields
	_add(self, "UNIQUE INDEX", doctype, fields, constraint_name or f"unique_{'_'.join(fields)}")


def _add(db, kind: str, doctype: str, fields: list, index_name: str) -> None:
	table = f"tab{doctype}"
	columns = ", ".join(f"`{field.strip('` ')}`" for field in fields)
	db.commit()  # statements about tables commit what is before them, as on MariaDB
	db.sql(f"CREATE {kind} IF NOT EXISTS `{table}.{index_name}` ON `{table}` ({columns})")
	db.commit()


def has_index(self, table_name: str, index_name: str):
	return self.sql(
		"SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = %s AND name IN (%s, %s)",
		(table_name, index_name, f"{table_name}.{index_name}"),
	)


def get_column_index(self, table_name: str, fieldname: str, unique: bool = False):
	"""An index on exactly this one field, as MariaDB's driver looks for it."""
	for index in self.sql(f"PRAGMA index_list(`{table_name}`)", as_dict=True):
		columns = self.sql(f"PRAGMA index_info(`{index.name}`)", as_dict=True)
		if [column.name for column in columns] == [fieldname] and bool(index.unique) == unique:
			return index
	return None


def change_column_type(self, doctype: str, column: str, type: str, nullable: bool = False) -> None:
	table = f"tab{doctype}"
	columns = _described(table)
	if column not in columns:
		raise frappe.db.InvalidColumnName(f"Column {column} does not exist in table {table}")
	columns[column] = _collated(type + ("" if nullable else " NOT NULL"))
	_rebuild(table, columns)


def rename_column(self, doctype: str, old_column_name: str, new_column_name: str) -> None:
	self.sql_ddl(f"ALTER TABLE `tab{doctype}` RENAME COLUMN `{old_column_name}` TO `{new_column_name}`")
