"""Documents that were renamed, merged into another one, or amended: their Links and Events follow them. Those that were deleted
are not pointed to any more.

Frappe moves dynamic links itself, but only in the tables that point to the DocType according to a list that it keeps
for twelve hours. Rows written by plain SQL, as Links and Events are for speed, do not renew that list: the first
Customers would lose their Links when they are renamed.
"""

from __future__ import annotations

import frappe

#: (DocType, field of the document's DocType, field of its name) of what is written by plain SQL
REFERENCES = (
	("Integration Link", "reference_doctype", "reference_name"),
	("Integration Event", "reference_doctype", "reference_name"),
	("Integration Event", "fix_doctype", "fix_name"),
)


def follow(doctype: str, old: str, new: str) -> None:
	"""Let what refers to the document by its old name refer to the new one. In the transaction of the rename, and before
	a merge deletes the old document."""
	for table, doctype_field, name_field in REFERENCES:
		row = frappe.qb.DocType(table)
		(
			frappe.qb.update(row)
			.set(row[name_field], new)
			.where((row[doctype_field] == doctype) & (row[name_field] == old))
			.run()
		)


def let_go(doctype: str, name: str) -> None:
	"""A deleted Customer, Address or Item: what shops sell to it, or sell of it, is looked for and made anew. Else every
	later order of that buyer would be refused for a document that is gone. CRMs keep theirs: they must hear of it."""
	shops = frappe.get_all("Integration Connection", filters={"category": "shop"}, pluck="name")
	if shops:
		about = {"reference_doctype": doctype, "reference_name": name, "connection": ("in", shops)}
		frappe.db.delete("Integration Link", about)
