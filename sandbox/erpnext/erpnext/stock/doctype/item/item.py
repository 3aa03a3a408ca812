import erpnext
import frappe
from erpnext.controllers.item_variant import (
	ItemVariantExistsError,
	get_variant,
	make_variant_item_code,
	validate_item_variant_attributes,
)
from frappe import _
from frappe.model.document import Document
from frappe.model.naming import set_name_by_naming_series
from frappe.utils import cint, cstr, flt, nowdate, nowtime, strip, strip_html
from frappe.utils.html_utils import clean_html


class InvalidBarcode(frappe.ValidationError):
	pass


class StockExistsForTemplate(frappe.ValidationError):
	pass


class Item(Document):
	def autoname(self):
		if frappe.db.get_default("item_naming_by") == "Naming Series":
			if not self.variant_of:
				set_name_by_naming_series(self)
				self.item_code = self.name
			elif not self.item_code:
				name = frappe.db.get_value("Item", self.variant_of, "item_name")
				make_variant_item_code(self.variant_of, name, self)
		self.item_code = strip(self.item_code)
		self.name = self.item_code

	def after_insert(self):
		if self.standard_rate:
			for default in self.item_defaults or [frappe._dict()]:
				self.add_price(default.default_price_list)
		if self.opening_stock:
			self.set_opening_stock()

	def validate(self):
		self.item_name = self.item_name or self.item_code
		if not strip_html(cstr(self.description)).strip():
			self.description = self.item_name
		self.description = clean_html(self.description)
		self.validate_uom()
		self.validate_uoms()
		self.validate_barcode()
		self.validate_template()
		self.validate_attributes()
		self.validate_variant_attributes()
		self.validate_item_defaults()
		self.cant_change()

	def on_update(self):
		frappe.db.set_value("Item Price", {"item_code": self.name}, "item_name", self.item_name)

	def add_price(self, price_list=None):
		price_list = price_list or frappe.get_cached_doc("Selling Settings").selling_price_list
		if price_list:
			frappe.get_doc(
				{
					"doctype": "Item Price",
					"price_list": price_list,
					"item_code": self.name,
					"uom": self.stock_uom,
					"brand": self.brand,
					"currency": erpnext.get_default_currency(),
					"price_list_rate": self.standard_rate,
				}
			).insert()

	def set_opening_stock(self):
		if not self.is_stock_item or self.has_variants:
			return
		if not self.valuation_rate:
			frappe.throw(_("Valuation Rate is mandatory if Opening Stock entered"))
		company = erpnext.get_default_company()
		warehouse = next((row.default_warehouse for row in self.item_defaults if row.default_warehouse), None)
		warehouse = warehouse or frappe.get_cached_doc("Stock Settings").default_warehouse
		entry = frappe.get_doc(
			{
				"doctype": "Stock Entry",
				"stock_entry_type": "Material Receipt",
				"purpose": "Material Receipt",
				"company": company,
				"posting_date": nowdate(),
				"posting_time": nowtime(),
				"items": [
					{
						"item_code": self.name,
						"t_warehouse": warehouse,
						"qty": self.opening_stock,
						"basic_rate": self.valuation_rate,
					}
				],
			}
		)
		entry.insert()
		entry.submit()

	def validate_uom(self):
		if self.variant_of:
			uom = frappe.get_cached_value("Item", self.variant_of, "stock_uom")
			if uom != self.stock_uom:
				frappe.throw(
					_("Default Unit of Measure for Variant '{0}' must be same as in Template '{1}'").format(
						self.stock_uom, uom
					)
				)
		if not self.is_new() and frappe.db.get_value("Item", self.name, "stock_uom") != self.stock_uom:
			if self.stock_ledger_created():
				frappe.throw(
					_(
						"Default Unit of Measure for Item {0} cannot be changed directly because you have already made some transaction(s) with another UOM."
					).format(self.name)
				)

	def validate_uoms(self):
		if self.stock_uom not in [row.uom for row in self.uoms]:
			self.append("uoms", {"uom": self.stock_uom, "conversion_factor": 1})
		seen = set()
		for row in self.uoms:
			if row.uom in seen:
				frappe.throw(
					_(
						"Unit of Measure {0} has been entered more than once in Conversion Factor Table"
					).format(row.uom)
				)
			seen.add(row.uom)
			if row.uom == self.stock_uom and flt(row.conversion_factor) != 1:
				frappe.throw(
					_("Conversion factor for default Unit of Measure must be 1 in row {0}").format(row.idx)
				)

	def validate_barcode(self):
		for row in self.barcodes:
			if not row.barcode:
				continue
			other = frappe.db.get_value(
				"Item Barcode", {"barcode": row.barcode, "parent": ("!=", self.name)}, "parent"
			)
			if other:
				frappe.throw(_("Barcode {0} already used in Item {1}").format(row.barcode, other))
			if row.barcode_type in ("EAN", "EAN-13", "EAN-8", "UPC", "UPC-A", "GTIN") and not _check_digit(
				row.barcode
			):
				frappe.throw(
					_("Barcode {0} is not a valid {1} code").format(row.barcode, row.barcode_type),
					InvalidBarcode,
				)

	def validate_template(self):
		if self.is_new():
			return
		before = self.get_doc_before_save()
		if not before:
			return
		if (
			before.has_variants
			and not self.has_variants
			and frappe.db.exists("Item", {"variant_of": self.name})
		):
			frappe.throw(_("Item has variants."))
		changed = cint(before.has_variants) != cint(self.has_variants) or before.variant_of != self.variant_of
		if changed and self.stock_ledger_created():
			frappe.throw(
				_(
					"Cannot change Variant properties after stock transaction. You will have to make a new Item to do this."
				),
				StockExistsForTemplate,
			)

	def validate_attributes(self):
		if not (self.has_variants or self.variant_of):
			return
		self.variant_based_on = self.variant_based_on or "Item Attribute"
		if self.variant_based_on != "Item Attribute":
			return
		if not self.attributes:
			frappe.throw(_("Attribute table is mandatory"))
		seen = set()
		for row in self.attributes:
			if row.attribute in seen:
				frappe.throw(
					_("Attribute {0} selected multiple times in Attributes Table").format(row.attribute)
				)
			seen.add(row.attribute)

	def validate_variant_attributes(self):
		if not (self.is_new() and self.variant_of and self.variant_based_on == "Item Attribute"):
			return
		self.attributes = [row for row in self.attributes if cstr(row.attribute_value).strip()]
		for index, row in enumerate(self.attributes, start=1):
			row.idx = index
		args = {row.attribute: row.attribute_value for row in self.attributes}
		existing = get_variant(self.variant_of, args, self.name)
		if existing:
			frappe.throw(
				_("Item variant {0} exists with same attributes").format(existing), ItemVariantExistsError
			)
		validate_item_variant_attributes(self, args)
		for row in self.attributes:
			row.variant_of = self.variant_of

	def validate_item_defaults(self):
		companies = [row.company for row in self.item_defaults]
		if len(companies) != len(set(companies)):
			frappe.throw(_("Cannot set multiple Item Defaults for a company."))
		for row in self.item_defaults:
			for doctype, field in (
				("Warehouse", "default_warehouse"),
				("Cost Center", "selling_cost_center"),
				("Cost Center", "buying_cost_center"),
				("Account", "income_account"),
				("Account", "expense_account"),
			):
				if (
					row.get(field)
					and frappe.get_cached_value(doctype, row.get(field), "company") != row.company
				):
					frappe.throw(
						_("Row #{0}: {1} {2} doesn't belong to Company {3}. Please select valid {4}.").format(
							row.idx, doctype, frappe.bold(row.get(field)), frappe.bold(row.company), _(field)
						),
						title=_("Invalid Item Defaults"),
					)

	def cant_change(self):
		if self.is_new():
			return
		before = frappe.db.get_value("Item", self.name, ["is_stock_item", "valuation_method"], as_dict=True)
		changed = []
		if before and cint(before.is_stock_item) != cint(self.is_stock_item):
			changed.append("is_stock_item")
		if before and before.valuation_method and before.valuation_method != self.valuation_method:
			if self.valuation_method != "Moving Average":
				changed.append("valuation_method")
		if changed and self.stock_ledger_created():
			frappe.throw(
				_(
					"As there are existing submitted transactions against item {0}, you can not change the value of {1}."
				).format(
					self.name, ", ".join(frappe.bold(_(self.meta.get_label(field))) for field in changed)
				),
				title=_("Linked with submitted documents"),
			)

	def stock_ledger_created(self) -> bool:
		return bool(frappe.db.exists("Stock Ledger Entry", {"item_code": self.name, "is_cancelled": 0}))


def _check_digit(code: str) -> bool:
	"""GS1's check digit: weights 3 and 1 from the right."""
	if not code.isdigit() or len(code) < 2:
		return False
	digits = [int(char) for char in reversed(code)]
	total = sum(digit * (3 if index % 2 else 1) for index, digit in enumerate(digits))
	return total % 10 == 0


@frappe.whitelist()
def get_item_defaults(item_code, company) -> dict:
	"""The item's values with those of its Item Default for the company on top."""
	item = frappe.get_cached_doc("Item", item_code)
	values = item.as_dict()
	for row in item.item_defaults:
		if row.company == company:
			values.update(row.as_dict(no_default_fields=True))
	return values


def set_item_default(item_code, company, fieldname, value):
	"""Remember a value for a company, unless one is there."""
	item = frappe.get_cached_doc("Item", item_code)
	for row in item.item_defaults:
		if row.company == company:
			if not row.get(fieldname):
				frappe.db.set_value(row.doctype, row.name, fieldname, value)
				item.clear_cache()
			return
	item = frappe.get_doc("Item", item_code)
	row = item.append("item_defaults", {fieldname: value, "company": company})
	row.db_insert()
	item.clear_cache()


@frappe.whitelist()
def get_uom_conv_factor(uom, stock_uom) -> float | None:
	"""Factor between two units; the stand-in knows only equal ones, others are on the Item."""
	return 1.0 if uom == stock_uom else None


def on_doctype_update():
	frappe.db.add_index("Item", ["modified"])
