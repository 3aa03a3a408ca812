"""Reading and writing documents of one DocType with the caller's own rights.

Lists go through `frappe.get_list`, single documents through `check_permission`: roles, User Permissions, permission
levels and scripts of the site rule here as in the Desk. Three queries for a page of any length: the rows, and one for
each child table asked for.
"""

from __future__ import annotations

import hashlib
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import frappe
from frappe import _
from frappe.model import get_permitted_fields
from frappe.utils import get_datetime, getdate
from pydantic import BaseModel

from integration_hub.api.rest import paging
from integration_hub.api.rest.errors import ApiError, from_exception, invalid
from integration_hub.api.rest.shapes import Answer, Listing, One
from integration_hub.connectors.money import written as money
from integration_hub.erp.times import from_site, to_site, utc
from integration_hub.sync import approvals

#: always there, whatever the permission levels say
ALWAYS = ("name", "modified")


@dataclass(frozen=True)
class Documents:
	"""The documents of `doctype` as the API shows them.

	`shape` is the model whose fields are read (they are the DocType's own); `children` gives the model of each child
	table's rows, `currency` the field that says what money is in ("" where a row has none: two decimals).
	"""

	doctype: str
	shape: type[BaseModel]
	children: Mapping[str, type[BaseModel]] = field(default_factory=dict)
	currency: str = "currency"

	# reading

	def page(self, query: Listing, *conditions: Sequence[Any], **equal: Any) -> dict[str, Any]:
		"""A page of what the caller may see. `equal` are filters by value (None: not asked for), `conditions` are
		(field, operator, value)."""
		self.must("read")
		own, tables = self._asked(query.fields)
		filters = [list(one) for one in conditions]
		filters += [[name, "=", value] for name, value in equal.items() if value is not None]
		rows = self._rows(query, own, filters)
		more = len(rows) > query.limit
		rows = rows[: query.limit]
		shown = self._with_children(rows, own, tables)
		last = rows[-1] if rows else None
		return {
			"rows": shown,
			"next_cursor": paging.write(get_datetime(last.modified), last.name) if more and last else None,
		}

	def rows(self, limit: int, *conditions: Sequence[Any], **equal: Any) -> list[dict[str, Any]]:
		"""The newest rows, without child tables and pages: for files. Conditions as in `page`."""
		self.must("read")
		own, _tables = self._asked(None)
		filters = [list(one) for one in conditions]
		filters += [[name, "=", value] for name, value in equal.items() if value is not None]
		found = frappe.get_list(
			self.doctype,
			fields=list(dict.fromkeys([*ALWAYS, *own, *self._money_columns()])),
			filters=filters,
			order_by="modified desc, name desc",
			limit_page_length=limit,
		)
		return [self._shown(row, own, self.shape, self._currency_of(row)) for row in found]

	def _rows(self, query: Listing, own: list[str], filters: list[Any]) -> list[Any]:
		"""One more than asked for, by (modified, name). The rest of the cursor's own moment comes first."""
		columns = list(dict.fromkeys([*ALWAYS, *own, *self._money_columns()]))
		since = to_site(query.modified_since) if query.modified_since else None
		wanted = query.limit + 1
		if not query.cursor:
			extra = [["modified", ">=", since]] if since else []
			return self._get(columns, [*filters, *extra], wanted)
		moment, name = paging.read(query.cursor)
		moment = max(moment, since) if since else moment
		rows = self._get(columns, [*filters, ["modified", "=", moment], ["name", ">", name]], wanted)
		if len(rows) < wanted:
			rows += self._get(columns, [*filters, ["modified", ">", moment]], wanted - len(rows))
		return rows

	def _get(self, columns: list[str], filters: list[Any], limit: int) -> list[Any]:
		return frappe.get_list(
			self.doctype,
			fields=columns,
			filters=filters,
			order_by="modified asc, name asc",
			limit_page_length=limit,
		)

	def show(self, doc: Any, fields: Sequence[str] | None = None) -> dict[str, Any]:
		"""A document at hand as JSON, without what the caller's permission levels hide."""
		own, tables = self._asked(fields)
		allowed = {*ALWAYS, *get_permitted_fields(self.doctype)}
		shown = self._shown(doc, [one for one in own if one in allowed], self.shape, self._currency_of(doc))
		for table, columns in tables.items():
			if not self._table_allowed(table):
				continue
			may = self._child_columns(table, columns)
			shown[table] = [
				self._shown(row, may, self.children[table], self._currency_of(doc))
				for row in doc.get(table) or []
			]
		return shown

	def open(self, name: str, right: str = "read") -> Any:
		"""The document, if the caller has `right`. Names cannot be probed: unseen is as good as not there."""
		self.must(right)
		if not frappe.db.exists(self.doctype, name):
			raise self._none(name)
		doc = frappe.get_doc(self.doctype, name)
		if not doc.has_permission("read"):
			raise self._none(name)
		if right != "read":
			doc.check_permission(right)
		return doc

	def must(self, right: str) -> None:
		"""The caller's roles allow `right` on this DocType at all. Raises ApiError "forbidden". To be asked before anything
		is made: Frappe looks whether linked documents exist before it looks at the right to create."""
		if not frappe.has_permission(self.doctype, right):
			raise ApiError(
				"forbidden", _("Your roles do not allow this: {0} {1}.").format(_(right), _(self.doctype))
			)

	def _none(self, name: str) -> ApiError:
		return ApiError("not_found", _("There is no {0} {1}.").format(_(self.doctype), name))

	def answer(self, query: One) -> Answer:
		"""One document as `get` answers it: with the ETag that `match` takes."""
		doc = self.open(query.name)
		state = self.version(doc)
		if query.fields:
			state += "-" + hashlib.sha256(",".join(query.fields).encode()).hexdigest()[:8]
		return Answer(self.show(doc, query.fields), headers=(("ETag", f'"{state}"'),))

	def made(self, doc: Any, status: int = 201) -> Answer:
		"""A document that was just written, with its new ETag."""
		return Answer(self.show(doc), status, (("ETag", f'"{self.version(doc)}"'),))

	# which fields

	def _asked(self, fields: Sequence[str] | None) -> tuple[list[str], dict[str, list[str]]]:
		"""The document's own columns and each child table's, that exist here. An unknown name is an error."""
		own = [name for name in self.shape.model_fields if name not in self.children]
		all_of = {table: list(shape.model_fields) for table, shape in self.children.items()}
		if not fields:
			return self._there(self.doctype, own), {
				table: self._there(self._child(table), names) for table, names in all_of.items()
			}
		chosen: list[str] = []
		tables: dict[str, list[str]] = {}
		for name in fields:
			table, _dot, column = name.partition(".")
			if table in all_of and (not column or column in all_of[table]):
				tables.setdefault(table, []).extend([column] if column else all_of[table])
			elif name in own:
				chosen.append(name)
			else:
				raise invalid("fields", _("{0} is not a field of this").format(name))
		return self._there(self.doctype, dict.fromkeys(chosen)), {
			table: self._there(self._child(table), dict.fromkeys(names)) for table, names in tables.items()
		}

	@staticmethod
	def _there(doctype: str, names: Iterable[str]) -> list[str]:
		"""Versions of ERPNext differ in a field or two: what is not there is not shown."""
		valid = set(frappe.get_meta(doctype).get_valid_columns())
		return [name for name in names if name in valid]

	def _child(self, table: str) -> str:
		return frappe.get_meta(self.doctype).get_field(table).options

	def _money_columns(self) -> list[str]:
		return (
			[self.currency]
			if self.currency and frappe.get_meta(self.doctype).has_field(self.currency)
			else []
		)

	def _currency_of(self, row: Any) -> str:
		return (row.get(self.currency) or "") if self.currency else ""

	# making and changing

	def insert(self, doc: Any) -> Any:
		"""Make it, with the caller's own rights. A link that leads nowhere is named in the refusal's `fields`."""
		return _naming_links(doc, doc.insert)

	def save(self, doc: Any) -> Any:
		"""As `insert`, for one that is there."""
		return _naming_links(doc, doc.save)

	# deciding

	def submit(self, doc: Any) -> None:
		"""With the caller's own right to submit. What a Workflow decides about is refused: see `approvals`."""
		approvals.must_be_free(doc.doctype, 1)
		doc.submit()

	def cancel(self, doc: Any) -> None:
		"""As `submit`."""
		approvals.must_be_free(doc.doctype, 2)
		doc.cancel()

	# children

	def _with_children(
		self, rows: list[Any], own: list[str], tables: Mapping[str, list[str]]
	) -> list[dict[str, Any]]:
		currency = {row.name: self._currency_of(row) for row in rows}
		shown = {
			row.name: self._shown(row, [one for one in own if one in row], self.shape, currency[row.name])
			for row in rows
		}
		for table, columns in tables.items():
			if not rows or not self._table_allowed(table):
				continue
			for one in shown.values():
				one[table] = []
			may = self._child_columns(table, columns)
			# safe: the parents have passed the caller's permissions, the columns too
			for row in frappe.get_all(
				self._child(table),
				filters={"parent": ("in", list(shown)), "parenttype": self.doctype, "parentfield": table},
				fields=list(dict.fromkeys(["parent", *may])),
				order_by="parent, idx",
			):
				shown[row.parent][table].append(
					self._shown(row, may, self.children[table], currency[row.parent])
				)
		return list(shown.values())

	def _table_allowed(self, table: str) -> bool:
		meta = frappe.get_meta(self.doctype)
		level = meta.get_field(table).permlevel
		return not level or level in meta.get_permlevel_access("read")

	def _child_columns(self, table: str, columns: Sequence[str]) -> list[str]:
		allowed = {*ALWAYS, *get_permitted_fields(self._child(table), parenttype=self.doctype)}
		return [name for name in columns if name in allowed]

	# as JSON

	@staticmethod
	def _shown(row: Any, columns: Iterable[str], shape: type[BaseModel], currency: str) -> dict[str, Any]:
		return {name: as_json(row.get(name), kind_of(shape, name), currency) for name in columns}

	# writing

	def version(self, doc: Any) -> str:
		"""The ETag of a whole document: changes with every save."""
		raw = f"{doc.doctype}|{doc.name}|{doc.docstatus}|{get_datetime(doc.modified).isoformat()}"
		return hashlib.sha256(raw.encode()).hexdigest()[:24]


def match(doc: Any, documents: Documents) -> None:
	"""`If-Match`: go on only while the document is as the caller saw it. Raises ApiError "changed_meanwhile"."""
	request = getattr(frappe.local, "request", None)  # none in a job: its request has been judged
	asked = request.headers.get("If-Match") if request else None
	if not asked or asked.strip() == "*":
		return
	states = {one.strip().removeprefix("W/").strip('"').partition("-")[0] for one in asked.split(",")}
	if documents.version(doc) not in states:
		raise ApiError(
			"changed_meanwhile", _("{0} was changed since you read it. Read it again.").format(doc.name)
		)


def must_see(doctype: str, name: str, field: str) -> Any:
	"""A document that the input names in `field`, if the caller may read it. Raises ApiError "refused": what one may not see
	is as good as not there."""
	doc = frappe.get_cached_doc(doctype, name) if frappe.db.exists(doctype, name) else None
	if doc is None or not frappe.has_permission(doctype, "read", doc=doc):
		says = _("There is no {0} {1}.").format(_(doctype), name)
		raise ApiError("refused", says, [(field, says)])
	return doc


def _naming_links(doc: Any, write: Callable[[], Any]) -> Any:
	"""Frappe says what it could not find by the labels of its forms; programs want the names of the fields."""
	links = [*_links(doc)]  # Frappe empties those that it does not find
	try:
		return write()
	except (frappe.LinkValidationError, frappe.DoesNotExistError) as error:
		refused = from_exception(error)
		lost = [
			(place, _("There is no {0} {1}.").format(_(doctype), name))
			for place, doctype, name in links
			if not frappe.db.exists(doctype, name)
		]
		raise ApiError(refused.type, refused.message, lost) from error


def _links(doc: Any) -> Iterator[tuple[str, str, str]]:
	"""(place, DocType, name) of every link in a document and its rows: `items.0.item_code`."""
	for row in [doc, *doc.get_all_children()]:
		place = f"{row.parentfield}.{row.idx - 1}." if row.get("parentfield") else ""
		for link in row.meta.get_link_fields():
			if row.get(link.fieldname):
				yield f"{place}{link.fieldname}", link.options, row.get(link.fieldname)


def must_be_draft(doc: Any) -> None:
	"""To submit twice would be a change of what is submitted. Raises ApiError "refused"."""
	if doc.docstatus != 0:
		raise ApiError("refused", _("{0} is no draft any more.").format(doc.name))


# --- one value ---------------------------------------------------------------------------------------------


def kind_of(shape: type[BaseModel], name: str) -> str:
	"""How a field is written: "money", "time", "date", "bool", "int", "float" or "text"."""
	return _kinds(shape)[name]


_KINDS: dict[type[BaseModel], dict[str, str]] = {}


def _kinds(shape: type[BaseModel]) -> dict[str, str]:
	if shape not in _KINDS:
		_KINDS[shape] = {name: _kind(one.annotation) for name, one in shape.model_fields.items()}
	return _KINDS[shape]


def _kind(annotation: Any) -> str:
	found = [one for one in _flat(annotation) if one is not type(None)]
	kind = found[0] if found else str
	for type_, word in (
		(bool, "bool"),
		(Decimal, "money"),
		(datetime, "time"),
		(date, "date"),
		(int, "int"),
		(float, "float"),
	):
		if isinstance(kind, type) and issubclass(kind, type_):
			return word
	return "text"


def _flat(annotation: Any) -> list[Any]:
	"""The plain types of `Money | None` and the like."""
	if typing.get_origin(annotation) is typing.Annotated:
		return _flat(typing.get_args(annotation)[0])
	inner = [one for one in typing.get_args(annotation) if not isinstance(one, str)]
	return [plain for one in inner for plain in _flat(one)] if inner else [annotation]


def as_json(value: Any, kind: str, currency: str = "") -> Any:
	if kind == "bool":
		return bool(value)
	if kind in ("int", "float"):
		return (int if kind == "int" else float)(value or 0)
	if kind == "money":
		return money(value, currency)
	if value in (None, ""):
		return None
	if kind == "time":
		return utc(from_site(get_datetime(value)))
	if kind == "date":
		return getdate(value).isoformat()
	if isinstance(value, timedelta):
		return str(value)
	return str(value)
