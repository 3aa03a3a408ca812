import frappe
from erpnext.controllers.sales_and_purchase_return import make_return_doc
from erpnext.controllers.selling_controller import SellingController
from erpnext.stock.doctype.packed_item.packed_item import make_packing_list
from erpnext.stock.utils import bin_values
from frappe import _
from frappe.model.mapper import get_mapped_doc
from frappe.query_builder import DocType
from frappe.query_builder.functions import Abs, Sum
from frappe.utils import cint, flt


class DeliveryNote(SellingController):
	@property
	def status_updater(self):
		updaters = [
			{
				"source_dt": "Delivery Note Item",
				"source_field": "qty",
				"join_field": "so_detail",
				"target_dt": "Sales Order Item",
				"target_field": "delivered_qty",
				"target_ref_field": "qty",
				"percent_join_field": "against_sales_order",
				"target_parent_dt": "Sales Order",
				"target_parent_field": "per_delivered",
				"status_field": "delivery_status",
				"keyword": "Delivered",
				"second": {
					"source_dt": "Sales Invoice Item",
					"source_field": "qty",
					"join_field": "so_detail",
					"counts": lambda row, invoice: invoice.update_stock == 1,
				},
			},
			{
				"source_dt": "Delivery Note Item",
				"source_field": "qty",
				"join_field": "si_detail",
				"target_dt": "Sales Invoice Item",
				"target_field": "delivered_qty",
				"target_ref_field": "qty",
				"no_allowance": True,
			},
			{
				"source_dt": "Delivery Note Item",
				"source_field": "stock_qty",
				"join_field": "pick_list_item",
				"target_dt": "Pick List Item",
				"target_field": "delivered_qty",
				"target_ref_field": "picked_qty",
				"percent_join_field": "against_pick_list",
				"target_parent_dt": "Pick List",
				"target_parent_field": "per_delivered",
				"status_field": "delivery_status",
				"keyword": "Delivered",
			},
		]
		if cint(self.is_return):
			updaters += [
				{
					"source_dt": "Delivery Note Item",
					"source_field": "qty",
					"sign": -1,
					"counts": lambda row, note: note.is_return == 1,
					"join_field": "so_detail",
					"target_dt": "Sales Order Item",
					"target_field": "returned_qty",
					"second": {
						"source_dt": "Sales Invoice Item",
						"source_field": "qty",
						"sign": -1,
						"join_field": "so_detail",
						"counts": lambda row, invoice: (invoice.update_stock == 1) & (invoice.is_return == 1),
					},
				},
				{
					"source_dt": "Delivery Note Item",
					"source_field": "stock_qty",
					"sign": -1,
					"join_field": "dn_detail",
					"target_dt": "Delivery Note Item",
					"target_field": "returned_qty",
					"target_parent_dt": "Delivery Note",
					"target_parent_field": "per_returned",
					"percent_join_field_parent": "return_against",
					"percent_of": "stock_qty",
				},
			]
		return updaters

	def validate(self):
		self.validate_posting_time()
		super().validate()
		self.validate_references()
		self.set_status()
		self.so_required()
		self.check_sales_order_on_hold_or_close("against_sales_order")
		self.validate_warehouse()
		self.validate_uom_is_integer("stock_uom", "stock_qty")
		self.validate_uom_is_integer("uom", "qty")
		self.validate_with_previous_doc(
			{
				"Sales Order": ("against_sales_order", ["customer", "company", "currency"], False),
				"Sales Order Item": ("so_detail", ["item_code", "uom", "conversion_factor"], True),
				"Sales Invoice": ("against_sales_invoice", ["customer", "company", "currency"], False),
				"Sales Invoice Item": ("si_detail", ["item_code", "uom", "conversion_factor"], True),
			}
		)
		make_packing_list(self)
		self.update_current_stock()
		self.reset_default_field_value("set_warehouse", "items", "warehouse")

	def validate_references(self):
		for link, detail in (("against_sales_order", "so_detail"), ("against_sales_invoice", "si_detail")):
			for row in self.items:
				if bool(row.get(link)) != bool(row.get(detail)):
					missing = detail if row.get(link) else link
					frappe.throw(
						_("The field {0} in row {1} is not set").format(
							frappe.bold(_(row.meta.get_label(missing))), frappe.bold(row.idx)
						),
						title=_("References to Sales Orders are Incomplete"),
					)

	def so_required(self):
		if frappe.get_cached_doc("Selling Settings").so_required == "Yes":
			for row in self.items:
				if not row.against_sales_order:
					frappe.throw(_("Sales Order required for Item {0}").format(row.item_code))

	def validate_warehouse(self):
		super().validate_warehouse()
		for row in self.get_item_list():
			if not row.warehouse and frappe.get_cached_value("Item", row.item_code, "is_stock_item"):
				frappe.throw(_("Warehouse required for stock Item {0}").format(row.item_code))

	def update_current_stock(self):
		for row in self.items:
			row.actual_qty = bin_values(row.item_code, row.warehouse).get("actual_qty")

	def on_submit(self):
		self.update_prevdoc_status()
		self.update_billing_status()
		# after the order knows what was delivered, because what is reserved depends on it
		self.update_stock_ledger()
		self.make_gl_entries()

	def on_cancel(self):
		super().on_cancel()
		self.check_sales_order_on_hold_or_close("against_sales_order")
		self.check_next_docstatus()
		self.update_prevdoc_status()
		self.update_billing_status()
		self.update_stock_ledger()
		self.make_gl_entries_on_cancel()
		self.ignore_linked_doctypes = ("GL Entry", "Stock Ledger Entry")

	def check_next_docstatus(self):
		invoice = frappe.db.get_value(
			"Sales Invoice Item", {"delivery_note": self.name, "docstatus": 1}, "parent"
		)
		if invoice:
			frappe.throw(_("Sales Invoice {0} has already been submitted").format(invoice))

	def update_status(self, status):
		self.set_status(update=True, status=status)
		self.notify_update()

	def update_billing_status(self, update_modified=True):
		notes = [self.name]
		for row in self.items:
			if row.si_detail and not row.so_detail:
				row.db_set("billed_amt", row.amount, update_modified=update_modified)
			elif row.so_detail:
				notes += update_billed_amount_based_on_so(row.so_detail, update_modified)
		for name in dict.fromkeys(notes):
			note = self if name == self.name else frappe.get_doc("Delivery Note", name)
			note.update_billing_percentage(update_modified=update_modified)
		self.load_from_db()


def update_billed_amount_based_on_so(so_detail, update_modified=True) -> list[str]:
	"""Spread what was billed on an order's row over its deliveries, oldest first; returns the Delivery Notes."""
	invoice, invoice_row = DocType("Sales Invoice"), DocType("Sales Invoice Item")
	billed = flt(
		frappe.qb.from_(invoice_row)
		.join(invoice)
		.on(invoice.name == invoice_row.parent)
		.select(Sum(invoice_row.amount))
		.where(
			(invoice_row.so_detail == so_detail)
			& (invoice_row.dn_detail.isnull() | (invoice_row.dn_detail == ""))
			& (invoice_row.docstatus == 1)
			& (invoice.update_stock == 0)
		)
		.run()[0][0]
	)
	note, row = DocType("Delivery Note"), DocType("Delivery Note Item")
	deliveries = (
		frappe.qb.from_(row)
		.join(note)
		.on(note.name == row.parent)
		.select(row.name, row.amount, row.si_detail, row.parent)
		.where((row.so_detail == so_detail) & (note.docstatus == 1) & (note.is_return == 0))
		.orderby(note.posting_date)
		.orderby(note.posting_time)
		.orderby(note.name)
		.run(as_dict=True)
	)
	for delivery in deliveries:
		if delivery.si_detail:
			own = flt(delivery.amount)
			billed -= own
		else:
			own = sum(
				flt(amount)
				for amount in frappe.get_all(
					"Sales Invoice Item", filters={"dn_detail": delivery.name, "docstatus": 1}, pluck="amount"
				)
			)
			if billed and own < delivery.amount:
				part = min(flt(delivery.amount) - own, billed)
				own += part
				billed -= part
		frappe.db.set_value(
			"Delivery Note Item", delivery.name, "billed_amt", own, update_modified=update_modified
		)
	return [delivery.parent for delivery in deliveries]


def _quantities_by_row(delivery_note: str, returned: bool) -> dict[str, float]:
	"""By row of a Delivery Note: pieces billed, or pieces returned."""
	if not returned:
		found: dict[str, float] = {}
		for row in frappe.get_all(
			"Sales Invoice Item",
			filters={"delivery_note": delivery_note, "docstatus": 1},
			fields=["dn_detail", "qty"],
			limit=0,
		):
			found[row.dn_detail] = found.get(row.dn_detail, 0) + flt(row.qty)
		return found
	note, row = DocType("Delivery Note"), DocType("Delivery Note Item")
	rows = (
		frappe.qb.from_(row)
		.join(note)
		.on(note.name == row.parent)
		.select(row.dn_detail, Sum(Abs(row.qty)))
		.where((note.docstatus == 1) & (note.is_return == 1) & (note.return_against == delivery_note))
		.groupby(row.dn_detail)
		.run()
	)
	return {name: flt(quantity) for name, quantity in rows}


@frappe.whitelist()
def make_sales_invoice(source_name, target_doc=None, args=None):
	"""An unsaved Sales Invoice of what was delivered, stayed there and is not billed yet."""
	billed = _quantities_by_row(source_name, returned=False)
	returned = _quantities_by_row(source_name, returned=True)

	def pending(row) -> float:
		return flt(row.qty) - billed.get(row.name, 0) - returned.get(row.name, 0)

	def finish(source, target):
		target.run_method("set_missing_values")
		target.run_method("set_po_nos")
		if not target.items:
			frappe.throw(_("All these items have already been Invoiced/Returned"))
		target.run_method("calculate_taxes_and_totals")
		if source.company_address:
			target.company_address = source.company_address

	def update_row(source_row, target_row, source):
		target_row.qty = pending(source_row)

	is_return = frappe.db.get_value("Delivery Note", source_name, "is_return")
	invoice = get_mapped_doc(
		"Delivery Note",
		source_name,
		{
			"Delivery Note": {
				"doctype": "Sales Invoice",
				"field_map": {"is_return": "is_return"},
				"validation": {"docstatus": ["=", 1]},
			},
			"Delivery Note Item": {
				"doctype": "Sales Invoice Item",
				"field_map": {
					"name": "dn_detail",
					"parent": "delivery_note",
					"so_detail": "so_detail",
					"against_sales_order": "sales_order",
					"cost_center": "cost_center",
				},
				"postprocess": update_row,
				"condition": lambda row: pending(row) < 0 if is_return else pending(row) > 0,
			},
			"Sales Taxes and Charges": {"doctype": "Sales Taxes and Charges", "reset_value": True},
		},
		target_doc,
		finish,
	)
	if frappe.get_cached_doc("Accounts Settings").automatically_fetch_payment_terms and not is_return:
		invoice.set_payment_schedule()
	return invoice


@frappe.whitelist()
def make_sales_return(source_name, target_doc=None):
	return make_return_doc("Delivery Note", source_name, target_doc)


@frappe.whitelist()
def update_delivery_note_status(docname, status) -> None:
	note = frappe.get_doc("Delivery Note", docname)
	note.check_permission("write")
	note.update_status(status)


def on_doctype_update():
	frappe.db.add_index("Delivery Note", ["customer", "is_return", "return_against"])


@frappe.whitelist()
def make_shipment(source_name, target_doc=None):
	"""A draft Shipment of a submitted Delivery Note, from the company to the customer's shipping address."""

	def complete(source, target):
		user = frappe.get_cached_doc("User", frappe.session.user)
		target.pickup_contact_email = user.email
		target.pickup_contact = "<br>".join(
			filter(None, (user.full_name, user.email, user.phone or user.mobile_no))
		)
		target.pickup_contact_person = user.name
		for name, text in (
			("shipping_address_name", "shipping_address"),
			("customer_address", "address_display"),
		):
			if source.get(name):
				target.delivery_address_name, target.delivery_address = source.get(name), source.get(text)
				break

	return get_mapped_doc(
		"Delivery Note",
		source_name,
		{
			"Delivery Note": {
				"doctype": "Shipment",
				"field_map": {
					"grand_total": "value_of_goods",
					"company": "pickup_company",
					"company_address": "pickup_address_name",
					"company_address_display": "pickup_address",
					"customer": "delivery_customer",
					"contact_person": "delivery_contact_name",
					"contact_email": "delivery_contact_email",
				},
				"validation": {"docstatus": ["=", 1]},
			},
			"Delivery Note Item": {
				"doctype": "Shipment Delivery Note",
				"field_map": {"base_amount": "grand_total"},
			},
		},
		target_doc,
		complete,
	)
