"""What listeners want to hear: checked when a Connection is saved, looked up at every save of a document."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, compare

from integration_hub.sync.messages import catalogue, content
from integration_hub.sync.messages.catalogue import CUSTOM, KINDS, METHODS, MOMENTS

CONNECTION = "Integration Connection"
CONNECTOR = "webhooks"
CACHE, GENERATION = "integration_hub_wishes", "integration_hub_wishes_generation"
#: how long what was read is believed
SECONDS = 60
#: they are gone through at every save
LONGEST_FILTERS = 10_000
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "in", "not in")
#: types of fields that Frappe compares by themselves; all others as text
COMPARED = frozenset({"Currency", "Float", "Percent", "Int", "Check", "Date", "Datetime"})
#: logs and our own records: to tell of them would be to tell of the telling
SILENT = frozenset(
	{
		"Integration Event", "Integration Attempt", "Integration Link", "Integration Stock Level", "Integration API Call",
		"Integration API Job", "Integration API Key", "Integration Connection", "Integration Settings", "Error Log",
		"Integration Audit", "Integration Match", "Integration Scan", "Integration Idempotency Key",
		"Activity Log", "Access Log", "Version", "Route History", "Scheduled Job Log", "Deleted Document", "View Log",
		"API Request Log", "Email Queue", "Notification Log", "Webhook Request Log", "Console Log", "RQ Job", "RQ Worker",
	}
)  # fmt: skip


@dataclass(frozen=True)
class Wish:
	"""One subscription as it is looked up. `name` is its row, `type` what its messages carry."""

	name: str
	connection: str
	company: str
	user: str
	type: str
	event: str
	filters: Sequence[Sequence[Any]]
	changed_fields: Sequence[str]
	fields: Sequence[str]
	ordered: bool

	def changed(self, doc: Any) -> bool:
		"""Did one of the fields change that it is to be told for?"""
		return not self.changed_fields or any(doc.has_value_changed(one) for one in self.changed_fields)

	def holds(self, doc: Any) -> bool:
		"""Do company and filters hold for a document?"""
		if self.company and doc.get("company") and doc.get("company") != self.company:
			return False
		return all(_holds(doc, *one) for one in self.filters)


def _holds(doc: Any, name: str, operator: str, value: Any) -> bool:
	return _compares(doc.get(name), operator, value, _kind(doc.meta, name))


def _kind(meta: Any, name: str) -> str:
	"""The type by which Frappe compares a field's values: one that it knows, or text."""
	field = meta.get_field(name)
	kind = field.fieldtype if field else "Data"
	return {"Duration": "Float", "Rating": "Float"}.get(kind, kind if kind in COMPARED else "Data")


def _compares(found: Any, operator: str, value: Any, kind: str) -> bool:
	if operator in ("in", "not in"):
		return any(compare(found, "=", one, kind) for one in value) == (operator == "in")
	return bool(compare(found, operator, value, kind))


# --- looked up --------------------------------------------------------------------------------------------


def to(doctype: str, method: str) -> Sequence[Wish]:
	"""Who wants to hear when this happens to a document of this DocType. One look into the cache."""
	return _wishes().get(f"{doctype}|{method}", ())


def are_known() -> bool:
	"""Is the answer in the cache, so that `to` asks no database?"""
	return _cached(_generation()) is not None


def _wishes() -> Mapping[str, Sequence[Wish]]:
	generation = _generation()
	found = _cached(generation)
	if found is None:
		# Who reads while somebody saves may have read the old state: what it writes down then carries the old generation,
		# which nobody takes any more. A transaction that began before the save still sees the old state after it; so
		# nothing is kept for long.
		found = _read()
		frappe.cache.set_value(CACHE, (generation, found), expires_in_sec=SECONDS)
	return found


def _cached(generation: str) -> Mapping[str, Sequence[Wish]] | None:
	kept = frappe.cache.get_value(CACHE, expires=True)
	return kept[1] if kept and kept[0] == generation else None


def _generation() -> str:
	found = frappe.cache.get_value(GENERATION, expires=True)
	return found or _next_generation()


def _next_generation() -> str:
	new = frappe.generate_hash(length=10)
	frappe.cache.set_value(GENERATION, new, expires_in_sec=86_400)
	return new


def forget() -> None:
	"""After a change. Now, for what is left of this transaction, and after its commit, for all others."""
	_next_generation()
	frappe.db.after_commit.add(_next_generation)


def _read() -> dict[str, list[Wish]]:
	names = frappe.get_all(CONNECTION, filters={"connector": CONNECTOR, "enabled": 1}, pluck="name")
	wishes: dict[str, list[Wish]] = {}
	for connection in (frappe.get_doc(CONNECTION, name) for name in names):
		for row in connection.subscriptions:
			if not row.enabled:
				continue
			wish = Wish(
				name=row.name,
				connection=connection.name,
				company=connection.company or "",
				user=connection.webhook_user,
				type=catalogue.type_of(row.event, row.document_type, row.doc_event),
				event=row.event,
				filters=filters_of(row),
				changed_fields=names_of(row.changed_fields),
				fields=names_of(row.field_names) or _usual(row),
				ordered=bool(row.ordered),
			)
			for key in _keys(row):
				wishes.setdefault(key, []).append(wish)
	return wishes


def _usual(row: Any) -> tuple[str, ...]:
	return tuple(KINDS[row.event].fields) if row.event in KINDS else ()


def _keys(row: Any) -> list[str]:
	doctype, methods = _listens(row)
	return [f"{doctype}|{method}" for method in methods]


def _listens(row: Any) -> tuple[str, Iterable[str]]:
	if row.event == CUSTOM:
		return row.document_type, (MOMENTS[row.doc_event][0],)
	kind = KINDS[row.event]
	return kind.doctype, kind.methods or ("",)


def stock() -> Sequence[Wish]:
	"""Who wants to hear of quantities."""
	return to(KINDS["stock.changed"].doctype, "")


# --- checked ----------------------------------------------------------------------------------------------


def check(connection: Any) -> None:
	"""Refuse what cannot work, naming the row. Fills in whose rights count."""
	if connection.connector != CONNECTOR:
		connection.subscriptions = []
		return
	connection.webhook_user = connection.webhook_user or frappe.session.user
	_check_user(connection)
	for place, problem in problems(connection):
		frappe.throw(_("Subscription {0}: {1}").format(place + 1, problem))


def problems(connection: Any) -> Iterator[tuple[int, str]]:
	"""(place from 0, sentence) of each row that cannot work."""
	for place, row in enumerate(connection.subscriptions):
		problem = _problem(row, connection.webhook_user)
		if problem:
			yield place, problem


def _check_user(connection: Any) -> None:
	"""Nobody hears through a listener what it may not read itself: only managers lend another's rights."""
	user = connection.webhook_user
	if connection.enabled and (user == "Guest" or not frappe.db.get_value("User", user, "enabled")):
		frappe.throw(_("Rights of: {0} is no user who can read anything.").format(user))
	if "System Manager" in frappe.get_roles():
		return
	before = connection.get_doc_before_save()
	if connection.environment == "Sandbox" and (not before or _place(before) != _place(connection)):
		# it could be any service of this machine, and what that answers is shown
		frappe.throw(_("Only a System Manager may let a listener be a sandbox on this machine."))
	# also while it is switched off: somebody else may switch it on again
	if user != frappe.session.user and (not before or _aim(before) != _aim(connection)):
		frappe.throw(_("Only a System Manager may let a listener have the rights of another user."))


def _place(connection: Any) -> tuple[Any, ...]:
	"""Where messages go."""
	return (
		connection.connector,
		connection.environment,
		connection.sandbox_url or None,
		tuple((row.setting, row.value) for row in connection.credentials if row.value),
	)


def _aim(connection: Any) -> tuple[Any, ...]:
	"""What is told where with whose rights: whoever changes it decides about that user's rights."""
	return (
		connection.webhook_user,
		connection.company,
		_place(connection),
		tuple(
			tuple(row.get(field) or None for field in catalogue.WISH) + (bool(row.enabled),)
			for row in connection.subscriptions
		),
	)


def _problem(row: Any, user: str) -> str | None:
	if row.event == CUSTOM:
		problem = _custom_problem(row)
		if problem:
			return problem
	elif row.event not in KINDS:
		return _("there is no event {0}.").format(row.event)
	else:
		row.document_type = row.doc_event = None
	doctype = row.document_type or KINDS[row.event].doctype
	if not frappe.db.exists("DocType", doctype):
		return _("{0} is not installed on this site.").format(_(doctype))
	if not frappe.has_permission(doctype, "read", user=user):
		return _("{0} may not read {1}.").format(user, _(doctype))
	meta = frappe.get_meta(doctype)
	allowed = {"name", "docstatus", "owner", *meta.get_permitted_fieldnames(user=user)}
	return _filter_problem(row, meta, allowed) or _field_problem(row, meta, allowed)


def _custom_problem(row: Any) -> str | None:
	if not row.document_type or row.doc_event not in MOMENTS:
		return _("choose a Document Type and when it is told.")
	if row.document_type in SILENT or not frappe.db.exists("DocType", row.document_type):
		return _("{0} cannot be subscribed to.").format(row.document_type)
	meta = frappe.get_meta(row.document_type)
	if meta.istable or meta.issingle or meta.get("is_virtual"):
		return _("{0} has no documents of its own.").format(_(row.document_type))
	if row.doc_event in ("Submitted", "Cancelled", "Changed After Submission") and not meta.is_submittable:
		return _("{0} cannot be submitted.").format(_(row.document_type))
	return None


def _filter_problem(row: Any, meta: Any, allowed: Container[str]) -> str | None:
	try:
		filters = filters_of(row)
	except ValueError:
		return _('Filters must look like [["status", "=", "Open"]].')
	if len(row.filters or "") > LONGEST_FILTERS:
		return _("filters may have {0} characters.").format(LONGEST_FILTERS)
	for one in filters:
		if not isinstance(one, list) or len(one) != 3 or not isinstance(one[0], str):
			return _('each filter is [field, operator, value], such as ["status", "=", "Open"].')
		name, operator, value = one
		if name not in allowed or not (
			name in ("name", "docstatus", "owner") or content.may_be_told(meta, name)
		):
			# a field above the user's permission level must not be found out by filtering either
			return _("{0} has no field {1} to filter by.").format(_(meta.name), name)
		if operator not in OPERATORS:
			return _("{0} is no operator; there are {1}.").format(operator, ", ".join(OPERATORS))
		if (operator in ("in", "not in")) != isinstance(value, list):
			return _("{0}: “in” and “not in” take a list, the others one value.").format(name)
		if not _fits(value, operator, _kind(meta, name)):
			return _("{0}: {1} is no value that it can have.").format(
				name, frappe.as_json(value, indent=None)
			)
	return None


def _fits(value: Any, operator: str, kind: str) -> bool:
	"""Can it be compared at all? What cannot would fail at every save."""
	try:
		_compares(None, operator, value, kind)
	except (frappe.ValidationError, ValueError, TypeError, OverflowError):
		frappe.clear_last_message()  # Frappe's own words for a day that is none
		return False
	return True


def _field_problem(row: Any, meta: Any, allowed: Container[str]) -> str | None:
	for name in names_of(row.changed_fields):
		if name not in allowed or not content.may_be_told(meta, name):
			return _("{0} has no field {1}.").format(_(meta.name), name)
	for name in names_of(row.field_names):
		table, dot, column = name.partition(".")
		field = meta.get_field(table)
		if name in content.ALWAYS:
			continue
		if dot and not (field and field.fieldtype in ("Table", "Table MultiSelect")):
			return _("{0} has no table {1}.").format(_(meta.name), table)
		if not dot and field and field.fieldtype in ("Table", "Table MultiSelect"):
			return _("{0} is a table: name its fields, such as {0}.item_code.").format(table)
		if not content.may_be_told(frappe.get_meta(field.options) if dot else meta, column if dot else name):
			return _("{0} has no field {1} that can be told.").format(_(meta.name), name)
	return None


def filters_of(row: Any) -> list[Any]:
	"""A subscription's filters: the rows of filters. Raises ValueError when it is no JSON list."""
	if not (row.filters or "").strip():
		return []
	found = json.loads(row.filters)
	if not isinstance(found, list):
		raise ValueError("not a list")
	return found


def names_of(text: str | None) -> tuple[str, ...]:
	return tuple(dict.fromkeys((text or "").replace(",", " ").split()))


def event_types(user: str | None = None) -> list[dict[str, Any]]:
	"""The catalogue as this site has it, for the form and the API: what the user may read."""
	return [
		{
			"event": kind.key,
			"description": _(kind.says),
			"document_type": kind.doctype,
			"fields": list(kind.fields),
		}
		for kind in KINDS.values()
		if frappe.db.exists("DocType", kind.doctype)
		and frappe.has_permission(kind.doctype, "read", user=user)
	]


def heard(method: str | None) -> bool:
	return method in METHODS and not cint(
		frappe.flags.in_install
		or frappe.flags.in_uninstall
		or frappe.flags.in_migrate
		or frappe.flags.in_patch
	)
