"""Small differences between the fork and Frappe v16 that an app can notice.

- `frappe.__version__` is the fork's own 0.0.1; apps ask for its first number to tell 15 from 16.
- `frappe.db.get_value(..., [fields], cache=True)` fails on a list, which Frappe turns into a tuple.
- The children of a tree's node are visited by name, not in whatever order the table has.
"""

EDITS = [
	("frappe/__init__.py", '__version__ = "0.0.1"', '__version__ = "16.0.0"'),
	("frappe/__init__.py", '__title__ = "Frappe"', '__title__ = "A fork of Frappe Framework v16"'),
	(
		"frappe/database/database.py",
		"		out = None\n		if cache and isinstance(filters, str) and fieldname in",
		"		out = None\n		fieldname = tuple(fieldname) if isinstance(fieldname, list) else fieldname\n"
		"		if cache and isinstance(filters, str) and fieldname in",
	),
	(
		"frappe/utils/nestedset.py",
		"	result = (frappe.qb.from_(table).where(column == parent).select(table.name)).run()",
		"	result = (frappe.qb.from_(table).where(column == parent).select(table.name).orderby(table.name)).run()",
	),
]
