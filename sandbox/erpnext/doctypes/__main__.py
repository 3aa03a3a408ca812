"""Write the stand-in's DocType files from the tables in this folder: python -m sandbox.erpnext.doctypes [--check]

A table says per line what ERPNext's field is: name, type [options], properties.

	[Sales Order] submittable autoname=naming_series:      the DocType and its properties
	@Sales User: rwcdsxa level=0                           a permission: a letter for each right
		customer Link[Customer] reqd index                 a field
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

TABLES = Path(__file__).resolve().parent
PACKAGE = TABLES.parent / "erpnext"
STAMP = "2026-01-01 00:00:00.000000"

FIELD = re.compile(r"(\w+) ([A-Z]\w*(?: [A-Z]\w*)*)(?:\[(.*?)\])?(?: (.*))?$")
RIGHTS = {
	"r": "read",
	"w": "write",
	"c": "create",
	"d": "delete",
	"s": "submit",
	"x": "cancel",
	"a": "amend",
	"l": "select",
	"p": "report",
	"e": "export",
	"i": "import",
	"o": "if_owner",
}
FIELD_FLAGS = {
	"reqd": "reqd",
	"ro": "read_only",
	"nocopy": "no_copy",
	"onsubmit": "allow_on_submit",
	"index": "search_index",
	"unique": "unique",
	"list": "in_list_view",
	"filter": "in_standard_filter",
	"hidden": "hidden",
	"nonneg": "non_negative",
	"once": "set_only_once",
	"fetch_if_empty": "fetch_if_empty",
}
FIELD_VALUES = {
	"default": "default",
	"fetch": "fetch_from",
	"precision": "precision",
	"length": "length",
	"level": "permlevel",
	"label": "label",
}
DOCTYPE_FLAGS = {
	"table": "istable",
	"single": "issingle",
	"submittable": "is_submittable",
	"rename": "allow_rename",
	"tracked": "track_changes",
	"in_create": "in_create",
	"quick": "quick_entry",
	"import": "allow_import",
}
DOCTYPE_VALUES = {"autoname": "autoname", "title": "title_field", "search": "search_fields"}
#: modules whose name is not their table's in capitals
MODULES = {"crm": "CRM"}
#: fields that stand side by side before a new column begins
COLUMN = 7


def main() -> None:
	check = "--check" in sys.argv
	stale = {path: text for path, text in files().items() if not path.exists() or path.read_text() != text}
	for path, text in stale.items():
		if check:
			print(f"not as its table says: {path.relative_to(PACKAGE)}")
		else:
			path.parent.mkdir(parents=True, exist_ok=True)
			path.write_text(text)
	sys.exit(bool(check and stale))


def files() -> dict[Path, str]:
	"""What every generated file must hold. Controllers that exist are left alone."""
	wanted: dict[Path, str] = {}
	for table in sorted(TABLES.glob("*.txt")):
		module = table.stem
		for own in (PACKAGE / module / "__init__.py", PACKAGE / module / "doctype" / "__init__.py"):
			wanted[own] = own.read_text() if own.exists() else ""
		for block in re.split(r"\n(?=\[)", table.read_text()):
			definition = doctype(block, MODULES.get(module, module.title()))
			name = definition["name"]
			snake = name.lower().replace(" ", "_")
			folder = PACKAGE / module / "doctype" / snake
			wanted[folder / "__init__.py"] = ""
			wanted[folder / f"{snake}.json"] = json.dumps(definition, indent=1) + "\n"
			controller = folder / f"{snake}.py"
			wanted[controller] = controller.read_text() if controller.exists() else bare(name)
	return wanted


def bare(name: str) -> str:
	class_name = name.replace(" ", "")
	return f"from frappe.model.document import Document\n\n\nclass {class_name}(Document):\n\tpass\n"


def doctype(block: str, module: str) -> dict:
	head, *lines = block.strip().splitlines()
	name, properties = re.match(r"\[(.+?)\] ?(.*)", head).groups()
	definition = {
		"creation": STAMP,
		"doctype": "DocType",
		"engine": "InnoDB",
		"modified": STAMP,
		"modified_by": "Administrator",
		"module": module,
		"name": name,
		"owner": "Administrator",
		"sort_field": "creation",
		"sort_order": "DESC",
		"states": [],
		"links": [],
		"actions": [],
		**named(properties, DOCTYPE_FLAGS, {**DOCTYPE_VALUES, "tree": "nsm_parent_field"}),
	}
	if definition.get("nsm_parent_field"):
		definition["is_tree"] = 1
	permissions = [permission(line) for line in lines if line.startswith("@")]
	fields = [field(line.strip()) for line in lines if line.startswith("\t")]
	if not definition.get("istable"):
		fields = laid_out(fields)
	definition["fields"] = fields
	definition["field_order"] = [one["fieldname"] for one in fields]
	definition["permissions"] = permissions
	return dict(sorted(definition.items()))


def named(text: str, flags: dict[str, str], values: dict[str, str]) -> dict:
	found = {}
	for word in shlex.split(text or ""):
		key, equals, value = word.partition("=")
		if equals:
			found[values[key]] = int(value) if key in ("level", "length") else value.replace("\\n", "\n")
		else:
			found[flags[key]] = 1
	return found


def field(line: str) -> dict:
	match = FIELD.match(line)
	if not match:
		raise SystemExit(f"not a field: {line}")
	name, fieldtype, options, rest = match.groups()
	definition = {"fieldname": name, "fieldtype": fieldtype, "label": label(name)}
	if options is not None:
		definition["options"] = options.replace("|", "\n") if fieldtype == "Select" else options
	return definition | named(rest, FIELD_FLAGS, FIELD_VALUES)


def label(name: str) -> str:
	return " ".join(
		word if word in ("of", "in", "and", "as") else word.capitalize() for word in name.split("_")
	)


def permission(line: str) -> dict:
	role, rest = line[1:].split(": ", 1)
	letters, _space, level = rest.partition(" level=")
	rights = {RIGHTS[letter]: 1 for letter in letters}
	if rights.get("read") and not level:
		rights |= {"print": 1, "email": 1}
	if rights.get("write") and not level:
		rights["share"] = 1
	return {"role": role, **rights} | ({"permlevel": int(level)} if level else {})


def laid_out(fields: list[dict]) -> list[dict]:
	"""Two columns, and a section of its own for each table, so that a form is readable."""
	placed, in_column, number = [], 0, 0
	visible = [one for one in fields if not one.get("hidden")]
	short = len(visible) < 2 * COLUMN
	for one in fields:
		wide = one["fieldtype"] in ("Table", "Text Editor", "Long Text", "Code")
		number += 1
		if wide and placed:
			placed.append({"fieldname": f"section_{number}", "fieldtype": "Section Break"})
			in_column = COLUMN
		elif in_column == COLUMN and not short and not one.get("hidden"):
			last = next((row["fieldtype"] for row in reversed(placed) if "Break" in row["fieldtype"]), "")
			after_table = placed[-1]["fieldtype"] in ("Table", "Text Editor", "Long Text", "Code")
			kind = "Column Break" if last != "Column Break" and not after_table else "Section Break"
			placed.append({"fieldname": f"{kind.split()[0].lower()}_{number}", "fieldtype": kind})
			in_column = 0
		placed.append(one)
		in_column += 0 if one.get("hidden") or wide else 1
	return placed


if __name__ == "__main__":
	main()
