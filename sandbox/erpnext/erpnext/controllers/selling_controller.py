import frappe
from erpnext.accounts.party import get_customer_details
from erpnext.controllers.accounts_controller import get_taxes_and_charges
from erpnext.controllers.sales_and_purchase_return import get_rate_for_return
from erpnext.controllers.stock_controller import StockController
from erpnext.stock.doctype.item.item import set_item_default
from erpnext.stock.utils import get_incoming_rate, get_valuation_method
from frappe import _, bold
from frappe.contacts.doctype.address.address import render_address
from frappe.utils import cint, flt, get_link_to_form, money_in_words, nowtime


class SellingController(StockController):
	"""Sales Order, Delivery Note and Sales Invoice."""

	def validate(self):
		super().validate()
		self.validate_items()
		if not self.get("is_return"):
			self.validate_max_discount()
		self.validate_selling_price()
		self.set_qty_as_per_stock_uom()
		self.set_po_nos(for_validate=True)
		self.set_gross_profit()
		self.set_default_income_account_for_item()
		self.set_customer_address()
		self.validate_for_duplicate_items()

	def set_missing_values(self, for_validate=False):
		if self.customer:
			self.update_if_missing(get_customer_details(self.customer, self))
		if self.get("taxes_and_charges") and not self.get("taxes") and not for_validate:
			for row in get_taxes_and_charges("Sales Taxes and Charges Template", self.taxes_and_charges):
				self.append("taxes", row)
		self.set_price_list_currency("Selling")
		self.set_missing_item_details(for_validate=for_validate)

	def set_use_serial_batch_fields(self):
		"""Called by everybody who maps documents; serial numbers and batches are not in the stand-in."""

	def validate_items(self):
		for row in self.items:
			if row.item_code and not frappe.get_cached_value("Item", row.item_code, "is_sales_item"):
				frappe.throw(
					_("Item {0} is not marked as sales item. Please enable it in the Item master.").format(
						row.item_code
					)
				)

	def validate_max_discount(self):
		for row in self.items:
			discount = row.item_code and flt(frappe.get_cached_value("Item", row.item_code, "max_discount"))
			if discount and flt(row.discount_percentage) > discount:
				frappe.throw(_("Maximum discount for Item {0} is {1}%").format(row.item_code, discount))

	def validate_selling_price(self):
		if self.get("is_return") or not frappe.get_cached_doc("Selling Settings").validate_selling_price:
			return
		for row in self.items:
			if not row.item_code:
				continue
			bought, stock_item = frappe.get_cached_value(
				"Item", row.item_code, ["last_purchase_rate", "is_stock_item"]
			)
			limits = [(flt(bought), "last purchase rate")]
			if stock_item and row.warehouse:
				value = frappe.db.get_value(
					"Bin", {"item_code": row.item_code, "warehouse": row.warehouse}, "valuation_rate"
				)
				limits.append((flt(value), "valuation rate"))
			for limit, name in limits:
				if flt(row.base_net_rate) < limit * (row.conversion_factor or 1):
					frappe.throw(
						_(
							"Row #{0}: Selling rate for item {1} is lower than its {2}. Selling {3} should be atleast {4}."
						).format(row.idx, bold(row.item_name), bold(name), bold("net rate"), bold(limit)),
						title=_("Invalid Selling Price"),
					)

	def set_qty_as_per_stock_uom(self):
		for row in self.items:
			if not row.conversion_factor:
				frappe.throw(_("Row {0}: Conversion Factor is mandatory").format(row.idx))
			row.stock_qty = flt(row.qty) * flt(row.conversion_factor)
			row.stock_uom_rate = flt(row.rate) / flt(row.conversion_factor)

	def set_po_nos(self, for_validate=False):
		"""Customer's order numbers of the orders behind the rows."""
		links = {
			"Sales Invoice": (("Sales Order", "sales_order"), ("Delivery Note", "delivery_note")),
			"Delivery Note": (
				("Sales Order", "against_sales_order"),
				("Sales Invoice", "against_sales_invoice"),
			),
		}.get(self.doctype)
		if not links or (for_validate and self.po_no):
			return
		numbers = [self.po_no] if self.po_no else []
		for doctype, link in links:
			names = {row.get(link) for row in self.items} - {None, ""}
			if names:
				numbers += frappe.get_all(doctype, filters={"name": ("in", names)}, pluck="po_no")
		parts = (part.strip() for part in ",".join(filter(None, numbers)).split(","))
		self.po_no = ", ".join(dict.fromkeys(parts))

	def set_gross_profit(self):
		if self.doctype == "Sales Order":
			for row in self.items:
				row.gross_profit = flt(
					(flt(row.stock_uom_rate) - flt(row.valuation_rate)) * row.stock_qty,
					row.precision("amount"),
				)

	def set_default_income_account_for_item(self):
		"""ERPNext remembers the account a row was booked on as the item's default for the company."""
		for row in self.items:
			if row.item_code and row.get("income_account"):
				set_item_default(row.item_code, self.company, "income_account", row.income_account)

	def set_customer_address(self):
		for field, display in (
			("customer_address", "address_display"),
			("shipping_address_name", "shipping_address"),
			("company_address", "company_address_display"),
		):
			if self.get(field):
				self.set(display, render_address(self.get(field), check_permissions=False))

	def set_total_in_words(self):
		whole = self.is_rounded_total_disabled()
		base = self.base_grand_total if whole else self.base_rounded_total
		total = self.grand_total if whole else self.rounded_total
		self.base_in_words = money_in_words(abs(flt(base)), self.company_currency)
		self.in_words = money_in_words(abs(flt(total)), self.currency)

	def validate_for_duplicate_items(self):
		if cint(frappe.get_cached_doc("Selling Settings").allow_multiple_items):
			return
		seen = set()
		for row in self.items:
			origin = (
				row.get("sales_order")
				or row.get("delivery_note")
				or row.get("against_sales_order")
				or row.get("against_sales_invoice")
			)
			key = (row.item_code, row.description, origin)
			if frappe.get_cached_value("Item", row.item_code, "is_stock_item"):
				key += (row.warehouse,)
			if key in seen:
				frappe.throw(
					_("Item {0} entered multiple times.").format(bold(row.item_code))
					+ "<br><br>"
					+ _("Please enable {} in {} to allow same item in multiple rows").format(
						bold(_("Allow Item to Be Added Multiple Times in a Transaction")),
						get_link_to_form("Selling Settings", "Selling Settings"),
					)
				)
			seen.add(key)

	def check_sales_order_on_hold_or_close(self, link):
		for name in {row.get(link) for row in self.items} - {None, ""}:
			status = frappe.db.get_value("Sales Order", name, "status")
			if status in ("Closed", "On Hold") and not self.is_return:
				frappe.throw(_("Sales Order {0} is {1}").format(name, status))

	# --- bundles ---------------------------------------------------------------------------------------

	def has_product_bundle(self, item_code) -> bool:
		if not hasattr(self, "_bundles"):
			names = {row.item_code for row in self.items}
			self._bundles = set(
				frappe.get_all(
					"Product Bundle",
					filters={"new_item_code": ("in", names), "disabled": 0},
					pluck="new_item_code",
				)
			)
		return item_code in self._bundles

	def get_item_list(self):
		"""What really moves: rows, and the parts of bundles in their place."""
		moved = []
		for row in self.items:
			if not self.has_product_bundle(row.item_code):
				moved.append((row, row.item_code, row.warehouse, flt(row.stock_qty), row))
				continue
			for part in self.packed_items:
				if part.parent_detail_docname == row.name and part.parent_item == row.item_code:
					moved.append((row, part.item_code, part.warehouse or row.warehouse, flt(part.qty), part))
		return [
			frappe._dict(
				name=row.name,
				item_code=item_code,
				warehouse=warehouse,
				stock_qty=quantity,
				incoming_rate=part.incoming_rate,
			)
			for row, item_code, warehouse, quantity, part in moved
		]

	# --- stock -----------------------------------------------------------------------------------------

	def update_reserved_qty(self):
		link = "against_sales_order" if self.doctype == "Delivery Note" else "sales_order"
		if self.doctype == "Sales Invoice" and not self.update_stock:
			return
		orders = {}
		for row in self.items:
			if row.so_detail and row.get(link):
				orders.setdefault(row.get(link), []).append(row.so_detail)
		for name, rows in orders.items():
			order = frappe.get_doc("Sales Order", name)
			if (order.status == "Closed" and not self.is_return) or order.status == "Cancelled":
				frappe.throw(
					_("{0} {1} is cancelled or closed").format(_("Sales Order"), name),
					frappe.InvalidStatusError,
				)
			order.update_reserved_qty(rows)

	def set_incoming_rate(self):
		"""What the goods cost: for goods that come back, as much as when they left."""
		if self.doctype not in ("Delivery Note", "Sales Invoice"):
			return
		for row in [*self.items, *(self.get("packed_items") or [])]:
			if not row.item_code or not frappe.get_cached_value("Item", row.item_code, "is_stock_item"):
				continue
			if self.get("return_against") and get_valuation_method(row.item_code) != "Moving Average":
				row.incoming_rate = get_rate_for_return(
					self.doctype, self.name, row.item_code, self.return_against, item_row=row
				)
				continue
			if not row.incoming_rate and row.warehouse:
				quantity = flt(row.get("stock_qty") or row.get("qty"))
				row.incoming_rate = get_incoming_rate(
					{
						"item_code": row.item_code,
						"warehouse": row.warehouse,
						"posting_date": self.posting_date,
						"posting_time": self.posting_time or nowtime(),
						"qty": quantity if cint(self.is_return) else -quantity,
						"company": self.company,
						"voucher_type": self.doctype,
						"voucher_no": self.name,
					},
					raise_error_if_no_rate=False,
				)
			if self.is_return and not row.incoming_rate and not row.get("allow_zero_valuation_rate"):
				row.incoming_rate = row.rate

	def update_stock_ledger(self, allow_negative_stock=False):
		self.update_reserved_qty()
		entries = []
		for row in self.get_item_list():
			if not frappe.get_cached_value("Item", row.item_code, "is_stock_item") or not row.stock_qty:
				continue
			if row.warehouse:
				moved = -row.stock_qty if self.docstatus == 1 else row.stock_qty
				rate = flt(row.incoming_rate) if moved > 0 else 0.0
				entries.append(self.get_sl_entries(row, {"actual_qty": moved, "incoming_rate": rate}))
		self.make_sl_entries(entries, allow_negative_stock)
