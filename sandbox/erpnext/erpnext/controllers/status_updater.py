"""Statuses of documents, and what a document writes back to the ones it was made from."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.query_builder import DocType
from frappe.query_builder.functions import Sum
from frappe.utils import flt, get_link_to_form, now


class OverAllowanceError(frappe.ValidationError):
	pass


def delivered(doc) -> bool:
	return flt(doc.per_delivered) >= 100 or bool(doc.get("skip_delivery_note"))


#: status → when it holds; the last that holds wins
STATUS = {
	"Sales Order": [
		("Draft", lambda doc: True),
		(
			"To Deliver and Bill",
			lambda doc: doc.docstatus == 1 and flt(doc.per_delivered) < 100 and flt(doc.per_billed) < 100,
		),
		("To Bill", lambda doc: doc.docstatus == 1 and delivered(doc) and flt(doc.per_billed) < 100),
		("To Deliver", lambda doc: doc.docstatus == 1 and not delivered(doc) and flt(doc.per_billed) >= 100),
		("Completed", lambda doc: doc.docstatus == 1 and delivered(doc) and flt(doc.per_billed) >= 100),
		("Cancelled", lambda doc: doc.docstatus == 2),
		("Closed", lambda doc: doc.status == "Closed" and doc.docstatus != 2),
		("On Hold", lambda doc: doc.status == "On Hold"),
	],
	"Delivery Note": [
		("Draft", lambda doc: True),
		("To Bill", lambda doc: doc.docstatus == 1 and flt(doc.per_billed) < 100),
		("Completed", lambda doc: doc.docstatus == 1 and flt(doc.per_billed) == 100),
		("Return Issued", lambda doc: doc.docstatus == 1 and flt(doc.per_returned) == 100),
		("Cancelled", lambda doc: doc.docstatus == 2),
		("Closed", lambda doc: doc.status == "Closed" and doc.docstatus != 2),
	],
	"Pick List": [
		("Draft", lambda doc: True),
		("Open", lambda doc: doc.docstatus == 1),
		("Partly Delivered", lambda doc: doc.docstatus == 1 and 0 < flt(doc.per_delivered) < 100),
		("Completed", lambda doc: doc.docstatus == 1 and flt(doc.per_delivered) >= 100),
		("Cancelled", lambda doc: doc.docstatus == 2),
	],
}


class StatusUpdater(Document):
	"""A document with `status_updater`: a list of dicts that say which field of which target row is the sum of
	which field of the rows that point to it (ERPNext's keys: source_dt, source_field, target_dt, target_field,
	target_ref_field, join_field, percent_join_field, target_parent_dt, target_parent_field, status_field,
	keyword). Beyond ERPNext's text conditions, `counts` is a function that narrows a query over
	(source row, source document), `second` describes a second source, and `percent_of` is a target_ref_field
	that is not checked for overflow."""

	def update_prevdoc_status(self):
		self.update_qty()
		self.validate_qty()

	def set_status(self, update=False, status=None, update_modified=True):
		if self.is_new():
			if self.get("amended_from"):
				self.status = "Draft"
			return
		if self.doctype not in STATUS:
			return
		before = self.status
		if status and update:
			self.db_set("status", status)
		self.status = [name for name, holds in STATUS[self.doctype] if holds(self)][-1]
		if self.status != before and self.status != "Cancelled":
			self.add_comment("Label", _(self.status))
		if update:
			self.db_set("status", self.status, update_modified=update_modified)

	def validate_qty(self):
		for updater in self.status_updater:
			if "target_ref_field" in updater:
				self._validate_signs()
				self._validate_overflow(updater)

	def _validate_signs(self):
		for row in self.items:
			if flt(row.qty) < 0 and not self.get("is_return"):
				frappe.throw(_("For an item {0}, quantity must be positive number").format(row.item_code))
			if flt(row.qty) > 0 and self.get("is_return"):
				frappe.throw(_("For an item {0}, quantity must be negative number").format(row.item_code))
			if (
				flt(row.rate) < 0
				and not frappe.get_cached_doc("Selling Settings").allow_negative_rates_for_items
			):
				frappe.throw(
					_(
						"For item {0}, rate must be a positive number. To Allow negative rates, enable {1} in {2}"
					).format(
						frappe.bold(row.item_code),
						frappe.bold(_("`Allow Negative rates for Items`")),
						get_link_to_form("Selling Settings", "Selling Settings"),
					)
				)

	def _validate_overflow(self, updater):
		names = {row.get(updater["join_field"]) for row in self.items} - {None, ""}
		if not names:
			return
		target, reference = updater["target_field"], updater["target_ref_field"]
		rows = frappe.get_all(
			updater["target_dt"],
			filters={"name": ("in", names), "docstatus": 1},
			fields=["item_code", target, reference],
			limit=0,
		)
		for row in rows:
			allowed = flt(row[reference])
			excess = flt(row[target]) - allowed
			if excess <= 0:
				continue
			if updater.get("no_allowance"):
				if excess > 0.01:
					self._limit_crossed(updater, row, excess)
			elif allowed:
				kind = "qty" if "qty" in reference else "amount"
				allowance = get_allowance_for(row.item_code, qty_or_amount=kind)[0]
				if excess / allowed * 100 - allowance > 0.01 and not _may_cross(kind):
					self._limit_crossed(updater, row, flt(row[target]) - allowed * (100 + allowance) / 100)

	def _limit_crossed(self, updater, row, excess):
		frappe.throw(
			_(
				"This document is over limit by {0} {1} for item {4}. Are you making another {3} against the same {2}?"
			).format(
				frappe.bold(_(updater["target_ref_field"].replace("_", " ").title())),
				frappe.bold(excess),
				frappe.bold(_(updater["target_dt"])),
				frappe.bold(_(self.doctype)),
				frappe.bold(row.item_code),
			),
			OverAllowanceError,
			title=_("Limit Crossed"),
		)

	def update_qty(self, update_modified=True):
		for updater in self.status_updater:
			names = list(dict.fromkeys(row.get(updater["join_field"]) for row in self._source_rows(updater)))
			names = [name for name in names if name]
			if names:
				self._write_sums(updater, names, update_modified)
			self._write_percent(updater, update_modified)

	def _source_rows(self, updater):
		return [row for row in self.get_all_children() if row.doctype == updater["source_dt"]]

	def _write_sums(self, updater, names, update_modified):
		"""`target_field` of each target row = what all submitted source rows (this document's with it, unless
		it is being cancelled) hold of it."""
		sums = sum_of(
			updater, names, including=self.name if self.docstatus == 1 else None, excluding=self.name
		)
		if second := updater.get("second"):
			for name, amount in sum_of(second, names).items():
				sums[name] = flt(sums.get(name)) + flt(amount)
		for name in names:
			frappe.db.set_value(
				updater["target_dt"],
				name,
				updater["target_field"],
				flt(sums.get(name)),
				update_modified=update_modified,
			)

	def _write_percent(self, updater, update_modified):
		if own := updater.get("percent_join_field_parent"):
			parents = [self.get(own)]
		elif through := updater.get("percent_join_field"):
			parents = list(dict.fromkeys(row.get(through) for row in self._source_rows(updater)))
		else:
			return
		for name in filter(None, parents):
			self._write_percent_of(updater, name, update_modified)

	def _write_percent_of(self, updater, name, update_modified):
		field = updater.get("target_parent_field")
		if not field:
			return
		target, reference = updater["target_field"], updater.get("percent_of") or updater["target_ref_field"]
		rows = frappe.get_all(
			updater["target_dt"],
			filters={"parent": name, "parenttype": updater["target_parent_dt"]},
			fields=[target, reference],
			limit=0,
		)
		total = sum(abs(flt(row[reference])) for row in rows)
		done = sum(min(abs(flt(row[reference])), abs(flt(row[target]))) for row in rows)
		percent = flt(done / total * 100, 6) if total else 0.0
		values = {field: percent}
		if status_field := updater.get("status_field"):
			values[status_field] = progress(percent, updater["keyword"])
		frappe.db.set_value(
			updater["target_parent_dt"], name, values, modified=now(), update_modified=update_modified
		)
		if update_modified:
			document = frappe.get_doc(updater["target_parent_dt"], name)
			document.set_status(update=True)

	def update_billing_status_for_zero_amount_refdoc(self, doctype):
		"""A document without value is billed by quantity."""
		link = frappe.scrub(doctype)
		names = {row.get(link) for row in self.items} - {None, ""}
		if not names:
			return
		for name in frappe.get_all(
			doctype, filters={"docstatus": 1, "base_net_total": 0, "name": ("in", names)}, pluck="name"
		):
			ordered = _quantity(f"{doctype} Item", {"parent": name})
			billed = _quantity(f"{self.doctype} Item", {link: name, "docstatus": 1})
			document = frappe.get_doc(doctype, name)
			percent = min(ordered, billed) / ordered * 100 if ordered else 0
			document.db_set("per_billed", percent)
			if document.meta.has_field("billing_status"):
				document.db_set("billing_status", progress(percent, "Billed"))
			document.set_status(update=True)


def progress(percent: float, keyword: str) -> str:
	if percent < 0.001:
		return f"Not {keyword}"
	return f"Fully {keyword}" if percent >= 99.999999 else f"Partly {keyword}"


def sum_of(updater, names, including=None, excluding=None) -> dict[str, float]:
	"""Sum of the source field by target row, over submitted rows (and those of `including`)."""
	row, parent = DocType(updater["source_dt"]), DocType(updater["source_dt"].removesuffix(" Item"))
	join = row[updater["join_field"]]
	submitted = row.docstatus == 1
	if including:
		submitted = submitted | (row.parent == including)
	elif excluding:
		submitted = submitted & (row.parent != excluding)
	query = (
		frappe.qb.from_(row)
		.join(parent)
		.on(parent.name == row.parent)
		.select(join, Sum(row[updater["source_field"]]))
		.where(join.isin(names) & submitted)
		.groupby(join)
	)
	if counts := updater.get("counts"):
		query = query.where(counts(row, parent))
	sign = updater.get("sign", 1)
	return {name: flt(amount) * sign for name, amount in query.run()}


def _quantity(doctype, filters) -> float:
	return sum(flt(qty) for qty in frappe.get_all(doctype, filters=filters, pluck="qty", limit=0))


def _may_cross(kind) -> bool:
	if kind == "qty":
		role = frappe.get_cached_doc("Stock Settings").role_allowed_to_over_deliver_receive
	else:
		role = frappe.get_cached_doc("Accounts Settings").role_allowed_to_over_bill
	return bool(role) and role in frappe.get_roles()


def get_allowance_for(
	item_code,
	item_allowance=None,
	global_qty_allowance=None,
	global_amount_allowance=None,
	qty_or_amount="qty",
):
	"""Percent by which a quantity or amount may exceed the ordered one. Returns ERPNext's 4-tuple."""
	field = "over_delivery_receipt_allowance" if qty_or_amount == "qty" else "over_billing_allowance"
	allowance = flt(frappe.get_cached_value("Item", item_code, field)) if item_code else 0.0
	if not allowance:
		settings = "Stock Settings" if qty_or_amount == "qty" else "Accounts Settings"
		allowance = flt(frappe.get_cached_doc(settings).get(field))
	return allowance, item_allowance or {}, global_qty_allowance, global_amount_allowance
