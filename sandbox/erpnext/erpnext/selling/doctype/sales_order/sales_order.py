import frappe
from erpnext.accounts.party import get_party_account
from erpnext.controllers.accounts_controller import link_to
from erpnext.controllers.selling_controller import SellingController
from erpnext.stock.doctype.item.item import get_item_defaults
from erpnext.stock.doctype.packed_item.packed_item import make_packing_list
from erpnext.stock.stock_balance import get_reserved_qty, update_bin_qty
from erpnext.stock.utils import bin_values
from frappe import _
from frappe.contacts.doctype.address.address import get_company_address
from frappe.model.mapper import get_mapped_doc
from frappe.query_builder import DocType
from frappe.utils import cint, cstr, flt, get_link_to_form, getdate


class WarehouseRequired(frappe.ValidationError):
	pass


class SalesOrder(SellingController):
	def validate(self):
		super().validate()
		self.validate_delivery_date()
		self.validate_po()
		self.validate_uom_is_integer("stock_uom", "stock_qty")
		self.validate_uom_is_integer("uom", "qty")
		self.set_projected_qty()
		self.validate_warehouse()
		make_packing_list(self)
		self.set_status()
		self.billing_status = self.billing_status or "Not Billed"
		self.delivery_status = self.delivery_status or "Not Delivered"
		self.reset_default_field_value("set_warehouse", "items", "warehouse")

	def validate_delivery_date(self):
		"""Sales orders need a date to deliver by; the document's is the latest of its rows."""
		if self.order_type != "Sales" or self.skip_delivery_note:
			return
		dates = [getdate(row.delivery_date) for row in self.items if row.delivery_date]
		if dates and (not self.delivery_date or getdate(self.delivery_date) != max(dates)):
			self.delivery_date = max(dates)
		if not self.delivery_date:
			frappe.throw(_("Please enter Delivery Date"))
		for row in self.items:
			row.delivery_date = row.delivery_date or self.delivery_date
			if getdate(self.transaction_date) > getdate(row.delivery_date):
				frappe.throw(
					_("Expected Delivery Date should be after Sales Order Date"),
					title=_("Invalid Delivery Date"),
				)

	def validate_po(self):
		"""One customer's order number stands on one Sales Order, unless Selling Settings allow more."""
		if self.skip_delivery_note:
			return
		if self.po_date:
			for row in self.items:
				if row.delivery_date and getdate(self.po_date) > getdate(row.delivery_date):
					frappe.throw(
						_("Row #{0}: Expected Delivery Date cannot be before Purchase Order Date").format(
							row.idx
						)
					)
		if not (self.po_no and self.customer):
			return
		other = frappe.db.get_value(
			"Sales Order",
			{
				"po_no": self.po_no,
				"customer": self.customer,
				"name": ("!=", cstr(self.name)),
				"docstatus": ("<", 2),
			},
		)
		if not other:
			return
		if cint(frappe.get_cached_doc("Selling Settings").allow_against_multiple_purchase_orders):
			frappe.msgprint(
				_("Warning: Sales Order {0} already exists against Customer's Purchase Order {1}").format(
					frappe.bold(other), frappe.bold(self.po_no)
				),
				alert=True,
			)
			return
		frappe.throw(
			_(
				"Sales Order {0} already exists against Customer's Purchase Order {1}. To allow multiple Sales Orders, Enable {2} in {3}"
			).format(
				frappe.bold(other),
				frappe.bold(self.po_no),
				frappe.bold(_("'Allow Multiple Sales Orders Against a Customer's Purchase Order'")),
				get_link_to_form("Selling Settings", "Selling Settings"),
			)
		)

	def set_projected_qty(self):
		for row in self.items:
			row.projected_qty = flt(bin_values(row.item_code, row.warehouse).get("projected_qty"))

	def validate_warehouse(self):
		super().validate_warehouse()
		for row in self.items:
			if row.warehouse:
				continue
			if frappe.get_cached_value("Item", row.item_code, "is_stock_item") or (
				self.has_product_bundle(row.item_code) and bundle_has_stock_item(row.item_code)
			):
				frappe.throw(
					_("Delivery warehouse required for stock item {0}").format(row.item_code),
					WarehouseRequired,
				)

	def on_submit(self):
		self.update_reserved_qty()

	def on_cancel(self):
		self.ignore_linked_doctypes = ("GL Entry", "Stock Ledger Entry", "Payment Ledger Entry")
		super().on_cancel()
		if self.status == "Closed":
			frappe.throw(_("Closed order cannot be cancelled. Unclose to cancel."))
		self.check_nextdoc_docstatus()
		self.update_reserved_qty()
		self.db_set("status", "Cancelled")

	def check_nextdoc_docstatus(self):
		invoice, row = DocType("Sales Invoice"), DocType("Sales Invoice Item")
		drafts = (
			frappe.qb.from_(row)
			.join(invoice)
			.on(invoice.name == row.parent)
			.select(invoice.name)
			.distinct()
			.where((row.sales_order == self.name) & (invoice.docstatus == 0))
			.run(pluck=True)
		)
		if drafts:
			frappe.throw(
				_("Sales Invoice {0} must be deleted before cancelling this Sales Order").format(
					link_to("Sales Invoice", drafts)
				)
			)

	def update_status(self, status):
		"""Close, hold or reopen ("Draft") a submitted order."""
		if str(frappe.db.get_value("Sales Order", self.name, "modified")) != cstr(self.modified):
			frappe.throw(_("{0} {1} has been modified. Please refresh.").format(self.doctype, self.name))
		self.set_status(update=True, status=status)
		self.update_reserved_qty()
		self.notify_update()

	def update_reserved_qty(self, so_item_rows=None):
		wanted = []
		for row in self.items:
			if so_item_rows and row.name not in so_item_rows:
				continue
			if self.has_product_bundle(row.item_code):
				wanted += [
					(part.item_code, part.warehouse)
					for part in self.packed_items
					if part.parent_detail_docname == row.name and part.parent_item == row.item_code
				]
			else:
				wanted.append((row.item_code, row.warehouse))
		for item_code, warehouse in dict.fromkeys(wanted):
			if item_code and warehouse and frappe.get_cached_value("Item", item_code, "is_stock_item"):
				update_bin_qty(item_code, warehouse, {"reserved_qty": get_reserved_qty(item_code, warehouse)})

	def before_update_after_submit(self):
		self.validate_po()
		self.validate_delivery_date()


def bundle_has_stock_item(item_code: str) -> bool:
	parts = frappe.get_cached_doc("Product Bundle", item_code).items
	return any(frappe.get_cached_value("Item", part.item_code, "is_stock_item") for part in parts)


@frappe.whitelist()
def update_status(status, name) -> None:
	order = frappe.get_doc("Sales Order", name)
	order.check_permission("write")
	order.update_status(status)


@frappe.whitelist()
def make_delivery_note(source_name, target_doc=None, kwargs=None):
	"""An unsaved Delivery Note of what is not delivered yet; with `skip_item_mapping` in `kwargs` without its rows."""
	skip_rows = bool((kwargs or {}).get("skip_item_mapping"))

	def finish(source, target):
		target.run_method("set_missing_values")
		target.run_method("set_po_nos")
		target.run_method("calculate_taxes_and_totals")
		take_company_address(source, target)
		make_packing_list(target)

	def update_row(source, target, source_parent):
		target.qty = flt(source.qty) - flt(source.delivered_qty)
		target.amount = target.qty * flt(source.rate)
		target.base_amount = target.qty * flt(source.base_rate)

	return get_mapped_doc(
		"Sales Order",
		source_name,
		{
			"Sales Order": {"doctype": "Delivery Note", "validation": {"docstatus": ["=", 1]}},
			"Sales Taxes and Charges": {"doctype": "Sales Taxes and Charges", "reset_value": True},
			"Sales Order Item": {
				"doctype": "Delivery Note Item",
				"field_map": {"rate": "rate", "name": "so_detail", "parent": "against_sales_order"},
				"condition": lambda row: not skip_rows and abs(row.delivered_qty) < abs(row.qty),
				"postprocess": update_row,
			},
		},
		target_doc,
		finish,
	)


@frappe.whitelist()
def create_pick_list(source_name, target_doc=None):
	"""An unsaved Pick List of what is not delivered yet, from the warehouses of the order's rows."""

	def update_row(source, target, source_parent):
		target.qty = flt(source.qty) - flt(source.delivered_qty)
		target.stock_qty = target.qty * flt(source.conversion_factor)

	return get_mapped_doc(
		"Sales Order",
		source_name,
		{
			"Sales Order": {
				"doctype": "Pick List",
				"field_map": {"set_warehouse": "parent_warehouse"},
				"validation": {"docstatus": ["=", 1]},
			},
			"Sales Order Item": {
				"doctype": "Pick List Item",
				"field_map": {"parent": "sales_order", "name": "sales_order_item"},
				"condition": lambda row: abs(row.delivered_qty) < abs(row.qty),
				"postprocess": update_row,
			},
		},
		target_doc,
		lambda source, target: target.set("purpose", "Delivery"),
	)


@frappe.whitelist()
def make_sales_invoice(source_name, target_doc=None, ignore_permissions=False):
	"""An unsaved Sales Invoice of what is not billed yet."""

	def finish(source, target):
		# what may be billed is decided by the order; the invoice's own rights are checked when it is saved
		target.flags.ignore_permissions = True
		target.run_method("set_missing_values")
		target.run_method("set_po_nos")
		target.run_method("calculate_taxes_and_totals")
		take_company_address(source, target)
		target.debit_to = get_party_account("Customer", source.customer, source.company)
		if target.get("allocate_advances_automatically"):
			target.set_advances()

	def update_row(source, target, source_parent):
		target.amount = flt(source.amount) - flt(source.billed_amt)
		target.base_amount = target.amount * flt(source_parent.conversion_rate)
		if source.rate and source.billed_amt:
			target.qty = target.amount / flt(source.rate)
		else:
			target.qty = source.qty - flt(source.returned_qty)
		if target.item_code:
			cost_center = get_item_defaults(target.item_code, source_parent.company).get(
				"selling_cost_center"
			)
			if cost_center:
				target.cost_center = cost_center

	invoice = get_mapped_doc(
		"Sales Order",
		source_name,
		{
			"Sales Order": {
				"doctype": "Sales Invoice",
				"field_map": {"party_account_currency": "party_account_currency"},
				"field_no_map": ["payment_terms_template"],
				"validation": {"docstatus": ["=", 1]},
			},
			"Sales Order Item": {
				"doctype": "Sales Invoice Item",
				"field_map": {"name": "so_detail", "parent": "sales_order"},
				"postprocess": update_row,
				"condition": lambda row: row.qty
				and (row.base_amount == 0 or abs(row.billed_amt) < abs(row.amount)),
			},
			"Sales Taxes and Charges": {"doctype": "Sales Taxes and Charges", "reset_value": True},
		},
		target_doc,
		finish,
		ignore_permissions=ignore_permissions,
	)
	if cint(frappe.get_cached_doc("Accounts Settings").automatically_fetch_payment_terms):
		invoice.set_payment_schedule()
	return invoice


def take_company_address(source, target):
	if source.company_address:
		target.company_address = source.company_address
	else:
		target.update(get_company_address(target.company))
