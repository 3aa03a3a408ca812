"""Variants of a template item."""

import copy
import json

import frappe
from frappe import _
from frappe.utils import cstr, flt


class ItemVariantExistsError(frappe.ValidationError):
	pass


class InvalidItemAttributeValueError(frappe.ValidationError):
	pass


class ItemTemplateCannotHaveStock(frappe.ValidationError):
	pass


#: of a template's fields, a variant takes only what every item must have
NOT_COPIED = ("naming_series", "item_code", "item_name", "opening_stock", "variant_of", "valuation_rate")


@frappe.whitelist()
def get_variant(
	template, args=None, variant=None, manufacturer=None, manufacturer_part_no=None
) -> str | None:
	"""The variant of a template with exactly these attribute values."""
	args = json.loads(args) if isinstance(args, str) else dict(args or {})
	args.pop("use_template_image", None)
	if not args:
		frappe.throw(_("Please specify at least one attribute in the Attributes table"))
	rows = frappe.get_all(
		"Item Variant Attribute",
		filters={"variant_of": template, "parenttype": "Item"},
		fields=["parent", "attribute", "attribute_value"],
		limit=0,
	)
	found = {}
	for row in rows:
		found.setdefault(row.parent, {})[row.attribute] = row.attribute_value
	wanted = {attribute: cstr(value) for attribute, value in args.items()}
	return next((name for name, values in found.items() if name != variant and values == wanted), None)


def validate_item_variant_attributes(item, args=None):
	"""Values must be known to their Item Attribute (case and all), numbers must be steps of its range."""
	if isinstance(item, str):
		item = frappe.get_doc("Item", item)
	args = args or {row.attribute: row.attribute_value for row in item.attributes}
	for name, value in args.items():
		if not value:
			continue
		attribute = frappe.get_cached_doc("Item Attribute", name)
		if attribute.numeric_values:
			validate_is_incremental(attribute, name, value, item.name)
		else:
			known = [row.attribute_value for row in attribute.item_attribute_values]
			validate_item_attribute_value(known, name, value, item.name)


def validate_is_incremental(numeric_attribute, attribute, value, item):
	start, end, step = (
		flt(numeric_attribute.get(field)) for field in ("from_range", "to_range", "increment")
	)
	if not step:
		frappe.throw(_("Increment for Attribute {0} cannot be 0").format(attribute))
	steps = (flt(value) - start) / step
	if not start <= flt(value) <= end or abs(steps - round(steps)) > 1e-6:
		frappe.throw(
			_(
				"Value for Attribute {0} must be within the range of {1} to {2} in the increments of {3} for Item {4}"
			).format(attribute, start, end, step, item),
			InvalidItemAttributeValueError,
			title=_("Invalid Attribute"),
		)


def validate_item_attribute_value(attributes_list, attribute, attribute_value, item, from_variant=True):
	if attribute_value in attributes_list:
		return
	if from_variant:
		frappe.throw(
			_("{0} is not a valid Value for Attribute {1} of Item {2}.").format(
				frappe.bold(attribute_value), frappe.bold(attribute), frappe.bold(item)
			),
			InvalidItemAttributeValueError,
			title=_("Invalid Value"),
		)
	frappe.throw(
		_("The value {0} is already assigned to an existing Item {1}.").format(
			frappe.bold(attribute_value), frappe.bold(item)
		),
		InvalidItemAttributeValueError,
		title=_("Edit Not Allowed"),
	)


@frappe.whitelist()
def create_variant(item, args, use_template_image=False):
	"""An unsaved variant of a template: code and name get the values' abbreviations."""
	args = json.loads(args) if isinstance(args, str) else args
	template = frappe.get_doc("Item", item)
	variant = frappe.new_doc("Item")
	variant.variant_based_on = "Item Attribute"
	variant.set(
		"attributes",
		[
			{"attribute": row.attribute, "attribute_value": args.get(row.attribute)}
			for row in template.attributes
		],
	)
	copy_attributes_to_variant(template, variant)
	if frappe.parse_json(use_template_image) and template.image:
		variant.image = template.image
	make_variant_item_code(template.item_code, template.item_name, variant)
	return variant


def copy_attributes_to_variant(item, variant):
	for field in item.meta.fields:
		name = field.fieldname
		if not (field.reqd or name == "variant_based_on") or name in NOT_COPIED or name == "attributes":
			continue
		if field.fieldtype == "Table":
			variant.set(name, [])
			for row in item.get(name):
				row = copy.deepcopy(row)
				row.name = None
				variant.append(name, row)
		elif variant.get(name) != item.get(name):
			variant.set(name, item.get(name))
	variant.variant_of = item.name
	variant.description = variant.description or ""


def make_variant_item_code(template_item_code, template_item_name, variant):
	if variant.item_code:
		return
	short = []
	for row in variant.attributes:
		attribute = frappe.get_cached_doc("Item Attribute", row.attribute)
		if attribute.numeric_values:
			short.append(cstr(row.attribute_value))
		else:
			short += [
				value.abbr
				for value in attribute.item_attribute_values
				if value.attribute_value == row.attribute_value
			]
	if short:
		variant.item_code = f"{template_item_code}-{'-'.join(short)}"
		variant.item_name = f"{template_item_name}-{'-'.join(short)}"
