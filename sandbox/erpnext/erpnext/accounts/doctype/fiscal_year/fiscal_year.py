import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import add_days, add_years, getdate


class FiscalYear(Document):
	def validate(self):
		if getdate(self.year_start_date) > getdate(self.year_end_date):
			frappe.throw(_("Fiscal Year Start Date should be one year earlier than Fiscal Year End Date"))
		if not self.is_short_year:
			expected = add_days(add_years(getdate(self.year_start_date), 1), -1)
			if getdate(self.year_end_date) != expected:
				frappe.throw(
					_("Fiscal Year End Date should be one year after Fiscal Year Start Date"),
					frappe.exceptions.InvalidDates,
				)
		self.validate_overlap()

	def validate_overlap(self):
		mine = {row.company for row in self.companies}
		for name in frappe.get_all(
			"Fiscal Year",
			filters={
				"name": ("!=", self.name),
				"year_start_date": ("<=", self.year_end_date),
				"year_end_date": (">=", self.year_start_date),
			},
			pluck="name",
		):
			theirs = {row.company for row in frappe.get_doc("Fiscal Year", name).companies}
			if not mine or not theirs or mine & theirs:
				frappe.throw(
					_(
						"Year start date or end date is overlapping with {0}. To avoid please set company"
					).format(name),
					frappe.NameError,
				)

	def on_update(self):
		frappe.cache.delete_value("fiscal_years")

	def on_trash(self):
		frappe.cache.delete_value("fiscal_years")
