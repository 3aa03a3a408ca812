import frappe
from frappe import _
from frappe.utils.nestedset import NestedSet


class CostCenter(NestedSet):
	nsm_parent_field = "parent_cost_center"

	def autoname(self):
		abbr = frappe.get_cached_value("Company", self.company, "abbr")
		parts = [self.cost_center_name.strip(), abbr]
		if (self.cost_center_number or "").strip():
			parts.insert(0, self.cost_center_number.strip())
		self.name = " - ".join(parts)

	def validate(self):
		if self.cost_center_name != self.company and not self.parent_cost_center:
			frappe.throw(_("Please enter parent cost center"))
		if self.cost_center_name == self.company and self.parent_cost_center:
			frappe.throw(_("Root cannot have a parent cost center"))
		if self.parent_cost_center and not frappe.db.get_value(
			"Cost Center", self.parent_cost_center, "is_group"
		):
			frappe.throw(
				_("{0} is not a group node. Please select a group node as parent cost center").format(
					frappe.bold(self.parent_cost_center)
				)
			)
