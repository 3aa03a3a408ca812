"""Links: which ERPNext document an outside thing is, kept unique by the database.

How two workers that meet at one new customer make one customer (InnoDB):

	worker A                                   worker B
	INSERT link(customers, 42)  ✓ (row lock)
	                                           INSERT link(customers, 42)  … waits for A's lock
	INSERT customer, UPDATE link, COMMIT
	                                           ✗ duplicate key → a locking read shows A's customer, a plain
	                                             read does not: B began before A's COMMIT. Overtaken: B begins
	                                             again (`database.persist`) and finds the link at once.

B must not go on with A's customer: ERPNext checks its links with plain reads, and would not find it. A rolled-back A
lets B's insert through. SQLite has one writer, so B waits for the whole transaction and sees all of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import frappe
from frappe.utils import now

from integration_hub import database

DOCTYPE = "Integration Link"
_FIELDS = ("name", "outside_id", "reference_doctype", "reference_name", "version", "digest", "extra", "label")


class Links:
	"""The Links of one Connection. Everything happens in the caller's transaction."""

	def __init__(self, connection: str):
		self.connection = connection

	def get(self, resource: str, outside_id: str) -> frappe._dict | None:
		return self.get_many(resource, [outside_id]).get(outside_id)

	def get_many(
		self, resource: str, outside_ids: Iterable[str], *, lock: bool = False
	) -> dict[str, frappe._dict]:
		"""Links by outside id, in one query. `lock` reads what others have just committed."""
		outside_ids = list(dict.fromkeys(outside_ids))
		if not outside_ids:
			return {}
		link = frappe.qb.DocType(DOCTYPE)
		query = (
			frappe.qb.from_(link)
			.select(*(link[field] for field in _FIELDS))
			.where(
				(link.connection == self.connection)
				& (link.resource == resource)
				& link.outside_id.isin(outside_ids)
			)
		)
		if lock:
			query = query.for_update()
		return {row.outside_id: row for row in query.run(as_dict=True)}

	def claim(self, resource: str, outside_id: str) -> frappe._dict | None:
		"""Reserve an outside id. Returns None when it is ours to fill (`fill`), or the existing Link, locked until the
		transaction ends.

		Waits for another worker that is at it; raises Overtaken when that one made or changed the Link after this
		transaction began.
		"""
		try:
			_insert(self.connection, resource, outside_id)
		except Exception as error:
			if not database.is_duplicate(error):
				raise
			now_there = self.get_many(resource, [outside_id], lock=True).get(outside_id)
			if now_there != self.get(resource, outside_id):
				raise database.Overtaken(f"{resource} {outside_id} of {self.connection}") from error
			return now_there
		return None

	def fill(
		self,
		resource: str,
		outside_id: str,
		doctype: str | None,
		name: str | None,
		*,
		version: str = "",
		digest: str = "",
		label: str = "",
		extra: Mapping[str, Any] | None = None,
	) -> None:
		"""Say what a claimed (or older) Link stands for."""
		link = frappe.qb.DocType(DOCTYPE)
		(
			frappe.qb.update(link)
			.set(link.reference_doctype, doctype)
			.set(link.reference_name, name)
			.set(link.version, version)
			.set(link.digest, digest)
			.set(link.label, (label or "")[:140])
			.set(link.extra, json.dumps(extra, sort_keys=True) if extra else None)
			.set(link.modified, now())
			.where(
				(link.connection == self.connection)
				& (link.resource == resource)
				& (link.outside_id == outside_id)
			)
			.run()
		)

	def add(self, resource: str, outside_id: str, doctype: str, name: str, **more: Any) -> None:
		"""A Link for something made in this transaction. A duplicate is a Conflict and undoes the whole."""
		_insert(self.connection, resource, outside_id, doctype, name, **more)

	def drop(self, resource: str, outside_ids: Iterable[str]) -> None:
		"""Forget what is not there any more."""
		link = frappe.qb.DocType(DOCTYPE)
		frappe.qb.from_(link).delete().where(
			(link.connection == self.connection)
			& (link.resource == resource)
			& link.outside_id.isin([*outside_ids, ""])
		).run()

	def of(self, doctype: str, name: str, resource: str | None = None) -> list[frappe._dict]:
		"""What an ERPNext document is at this Connection."""
		link = frappe.qb.DocType(DOCTYPE)
		query = (
			frappe.qb.from_(link)
			.select(*(link[field] for field in _FIELDS), link.resource)
			.where(
				(link.reference_doctype == doctype)
				& (link.reference_name == name)
				& (link.connection == self.connection)
			)
		)
		if resource:
			query = query.where(link.resource == resource)
		return query.run(as_dict=True)


def _insert(
	connection: str,
	resource: str,
	outside_id: str,
	doctype: str | None = None,
	name: str | None = None,
	*,
	version: str = "",
	digest: str = "",
	label: str = "",
	extra: Mapping[str, Any] | None = None,
) -> None:
	moment, user = now(), frappe.session.user
	fields = {
		"name": frappe.generate_hash(length=20),
		"owner": user,
		"modified_by": user,
		"creation": moment,
		"modified": moment,
		"docstatus": 0,
		"idx": 0,
		"connection": connection,
		"resource": resource,
		"outside_id": outside_id,
		"reference_doctype": doctype,
		"reference_name": name,
		"version": version,
		"digest": digest,
		"label": (label or "")[:140],
		"extra": json.dumps(extra, sort_keys=True) if extra else None,
	}
	# plain SQL through the query builder: Document.insert would turn the duplicate key into a message for
	# people and cost five queries where one is needed
	frappe.qb.into(DOCTYPE).columns(*fields).insert(*fields.values()).run()
