import frappe
from erpnext.controllers.item_variant import validate_is_incremental, validate_item_attribute_value
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt


class ItemAttributeIncrementError(frappe.ValidationError):
	pass


class ItemAttribute(Document):
	def validate(self):
		if self.numeric_values:
			self.validate_numeric()
		else:
			self.from_range = self.to_range = self.increment = 0
		self.validate_duplication()

	def on_update(self):
		self.validate_exising_items()

	def validate_numeric(self):
		self.set("item_attribute_values", [])
		if self.from_range is None or self.to_range is None:
			frappe.throw(_("Please specify from/to range"))
		if flt(self.from_range) >= flt(self.to_range):
			frappe.throw(_("From Range has to be less than To Range"))
		if not self.increment:
			frappe.throw(_("Increment cannot be 0"), ItemAttributeIncrementError)

	def validate_duplication(self):
		values, abbreviations = set(), set()
		for row in self.item_attribute_values:
			if row.attribute_value.lower() in values:
				frappe.throw(
					_("Attribute value: {0} must appear only once").format(row.attribute_value.title())
				)
			if row.abbr.lower() in abbreviations:
				frappe.throw(_("Abbreviation: {0} must appear only once").format(row.abbr.title()))
			values.add(row.attribute_value.lower())
			abbreviations.add(row.abbr.lower())

	def validate_exising_items(self):
		known = [row.attribute_value for row in self.item_attribute_values]
		for row in frappe.get_all(
			"Item Variant Attribute",
			filters={"attribute": self.name, "variant_of": ("is", "set")},
			fields=["parent", "attribute_value"],
			limit=0,
		):
			if self.numeric_values:
				validate_is_incremental(self, self.name, row.attribute_value, row.parent)
			else:
				validate_item_attribute_value(
					known, self.name, row.attribute_value, row.parent, from_variant=False
				)
