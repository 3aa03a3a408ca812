import frappe
from frappe import _, bold
from frappe.model.document import Document
from frappe.query_builder.functions import IfNull
from frappe.utils import cstr, get_link_to_form, getdate


class ItemPriceDuplicateItem(frappe.ValidationError):
	pass


class ItemPrice(Document):
	def validate(self):
		if not frappe.db.exists("Item", self.item_code):
			frappe.throw(_("Item {0} not found.").format(self.item_code))
		if self.valid_from and self.valid_upto and getdate(self.valid_upto) < getdate(self.valid_from):
			frappe.throw(
				_("{0} must be after {1}").format(frappe.bold(_("Valid Upto")), frappe.bold(_("Valid From"))),
				frappe.exceptions.InvalidDates,
			)
		self.update_price_list_details()
		self.item_name, self.item_description = frappe.db.get_value(
			"Item", self.item_code, ["item_name", "description"]
		)
		self.check_duplicates()
		if frappe.get_cached_value("Item", self.item_code, "has_variants"):
			frappe.throw(
				_("Item Price cannot be created for the template item {0}").format(bold(self.item_code))
			)

	def update_price_list_details(self):
		values = frappe.db.get_value(
			"Price List", {"name": self.price_list, "enabled": 1}, ["buying", "selling", "currency"]
		)
		if not values:
			link = get_link_to_form("Price List", self.price_list)
			frappe.throw(_("The price list {0} does not exist or is disabled").format(link))
		self.buying, self.selling, self.currency = values

	def check_duplicates(self):
		price = frappe.qb.DocType("Item Price")
		query = (
			frappe.qb.from_(price)
			.select(price.name)
			.where(
				(price.item_code == self.item_code)
				& (price.price_list == self.price_list)
				& (price.name != cstr(self.name))
				& (IfNull(price.uom, "") == cstr(self.uom))
				& (IfNull(price.customer, "") == cstr(self.customer))
			)
		)
		for field in ("valid_from", "valid_upto"):
			if self.get(field):
				query = query.where(price[field] == self.get(field))
			else:
				query = query.where(price[field].isnull())
		if query.run():
			frappe.throw(
				_(
					"Item Price appears multiple times based on Price List, Supplier/Customer, Currency, Item, Batch, UOM, Qty, and Dates."
				),
				ItemPriceDuplicateItem,
			)
