"""A throw-away Frappe app for the engine's tests, laid out as Integration Hub is.

Its documents live directly in the package; `tiny/tiny/__init__.py` is the module anchor that makes
Frappe find them there.
"""

import json
from pathlib import Path

PERMISSIONS = [{"role": "System Manager", "read": 1, "write": 1, "create": 1, "delete": 1}]

HOOKS = """
app_name = "tiny"
app_title = "Tiny"
app_publisher = "Tests"
app_description = "A throw-away app"
app_email = "tests@example.com"
app_license = "MIT"
after_install = "tiny.install.after_install"
before_uninstall = "tiny.install.before_uninstall"
doc_events = {"ToDo": {"after_insert": "tiny.tasks.on_todo"}}
scheduler_events = {"cron": {"* * * * *": ["tiny.tasks.each_minute"]}}
fixtures = [{"dt": "Role", "filters": [["name", "=", "Tiny Reader"]]}]
"""

INSTALL = """
import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields


def after_install():
	create_custom_fields({"ToDo": [{"fieldname": "tiny_id", "label": "Tiny ID", "fieldtype": "Data"}]})


def before_uninstall():
	frappe.db.delete("Custom Field", {"dt": "ToDo", "fieldname": "tiny_id"})
"""

TASKS = """
import frappe


def on_todo(doc, method=None):
	frappe.get_doc(doctype="Tiny Thing", title=doc.name, amount=1).insert(ignore_permissions=True)


def each_minute():
	make("from the scheduler")


def make(title):
	frappe.get_doc(doctype="Tiny Thing", title=title).insert(ignore_permissions=True)


@frappe.whitelist(allow_guest=True, methods=["POST"])
def shout(word: str):
	return word.upper()
"""

CONTROLLER = """
import frappe
from frappe.model.document import Document


class TinyThing(Document):
	def validate(self):
		if self.amount and self.amount < 0:
			frappe.throw("The amount is negative")
		self.total = sum(row.qty for row in self.rows)


def on_doctype_update():
	frappe.db.add_unique("Tiny Thing", ["source", "outside_id"], constraint_name="unique_source_outside_id")
	frappe.db.add_index("Tiny Thing", ["status", "due"])
"""


def field(fieldname: str, fieldtype: str = "Data", **more) -> dict:
	return {"fieldname": fieldname, "fieldtype": fieldtype, "label": fieldname.title(), **more}


THING_FIELDS = [
	field("title", reqd=1, in_list_view=1),
	field("source"),
	field("outside_id"),
	field("code", unique=1),
	field("status", "Select", options="New\nDone", default="New", search_index=1),
	field("amount", "Currency"),
	field("total", "Float"),
	field("due", "Datetime"),
	field("day", "Date"),
	field("at", "Time"),
	field("active", "Check", default="1"),
	field("notes", "Long Text"),
	field("secret", "Password"),
	field("rows", "Table", options="Tiny Row"),
]
ROW_FIELDS = [field("item"), field("qty", "Int"), field("token", "Password")]


def write_app(folder: Path) -> Path:
	"""Write the app under `folder` and return the folder to put on sys.path."""
	package = folder / "tiny"
	files = {
		"__init__.py": '__version__ = "0.0.1"\n',
		"hooks.py": HOOKS,
		"install.py": INSTALL,
		"tasks.py": TASKS,
		"modules.txt": "Tiny\n",
		"patches.txt": "[pre_model_sync]\n[post_model_sync]\n",
		"tiny/__init__.py": (
			"from pathlib import Path\n\n_root = Path(__file__).resolve().parent.parent\n"
			'__path__ = [str(_root)]\n__file__ = str(_root / "__init__.py")\n'
		),
		"doctype/__init__.py": "",
		"fixtures/role.json": json.dumps(
			[{"doctype": "Role", "name": "Tiny Reader", "role_name": "Tiny Reader"}]
		),
	}
	files |= doctype("Tiny Thing", THING_FIELDS, CONTROLLER, autoname="hash")
	files |= doctype("Tiny Row", ROW_FIELDS, istable=1)
	files |= doctype(
		"Tiny Settings", [field("limit", "Int", default="7"), field("key", "Password")], issingle=1
	)
	for name, text in files.items():
		path = package / name
		path.parent.mkdir(parents=True, exist_ok=True)
		path.write_text(text)
	return folder


def doctype(name: str, fields: list[dict], controller: str = "", **more) -> dict[str, str]:
	folder = name.lower().replace(" ", "_")
	definition = {
		"doctype": "DocType",
		"name": name,
		"module": "Tiny",
		"engine": "InnoDB",
		"custom": 0,
		"fields": fields,
		"field_order": [field["fieldname"] for field in fields],
		"permissions": [] if more.get("istable") else PERMISSIONS,
		"modified": "2026-01-01 00:00:00.000000",
		**more,
	}
	class_name = name.replace(" ", "")
	plain = f"from frappe.model.document import Document\n\n\nclass {class_name}(Document):\n\tpass\n"
	return {
		f"doctype/{folder}/__init__.py": "",
		f"doctype/{folder}/{folder}.json": json.dumps(definition),
		f"doctype/{folder}/{folder}.py": controller or plain,
	}
