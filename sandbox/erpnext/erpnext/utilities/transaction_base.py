import frappe
from erpnext.controllers.status_updater import StatusUpdater
from frappe import _
from frappe.utils import cint, cstr, flt, get_time, now_datetime


class UOMMustBeIntegerError(frappe.ValidationError):
	pass


class TransactionBase(StatusUpdater):
	"""What every ERPNext document with a date, quantities or a document before it can check."""

	def validate_posting_time(self):
		"""Without "Edit Posting Date and Time" a document is posted now, whatever date it carries."""
		if not self.get("set_posting_time"):
			now = now_datetime()
			self.posting_date = now.strftime("%Y-%m-%d")
			self.posting_time = now.strftime("%H:%M:%S.%f")
		elif self.posting_time:
			try:
				get_time(self.posting_time)
			except ValueError:
				frappe.throw(_("Invalid Posting Time"))

	def validate_uom_is_integer(self, uom_field, qty_field):
		for row in self.get_all_children():
			uom, qty = row.get(uom_field), row.get(qty_field)
			if not (uom and qty) or not row.meta.has_field(qty_field):
				continue
			precision = row.precision(qty_field)
			if abs(cint(qty) - flt(qty, precision)) > 0.0000001 and frappe.get_cached_value(
				"UOM", uom, "must_be_whole_number"
			):
				frappe.throw(
					_(
						"Row {1}: Quantity ({0}) cannot be a fraction. To allow this, disable '{2}' in UOM {3}."
					).format(flt(qty, precision), row.idx, _("Must be Whole Number"), frappe.bold(_(uom))),
					UOMMustBeIntegerError,
				)

	def validate_with_previous_doc(self, references):
		"""Rows must agree with the rows and documents they were made from.

		`references`: doctype → (field that names it, fields that must be equal, is it a row?)
		"""
		skipped = ("conversion_factor", "uom") if self.get("is_return") else ()
		for doctype, (link, fields, is_row) in references.items():
			fields = [field for field in fields if field not in skipped]
			rows = [row for row in self.items if row.get(link)]
			if not rows or not fields:
				continue
			found = {
				one.name: one
				for one in frappe.get_all(
					doctype,
					filters={"name": ("in", {row.get(link) for row in rows})},
					fields=["name", *fields],
				)
			}
			for row in rows:
				before = found.get(row.get(link))
				if not before:
					frappe.throw(_("Invalid reference {0} {1}").format(doctype, row.get(link)))
				for field in fields:
					if before[field] not in (None, ""):
						self.validate_value(field, "=", before[field], row if is_row else None)

	def reset_default_field_value(self, default_field, child_table, child_table_field):
		"""Empty "Set Warehouse" when the rows name several."""
		values = {row.get(child_table_field) for row in self.get(child_table)}
		if len(values) > 1:
			self.set(default_field, None)


def get_uom_conv_factor(uom, stock_uom):
	return 1.0 if cstr(uom) == cstr(stock_uom) else None
