import erpnext
import frappe
from erpnext.accounts.general_ledger import process_gl_map
from erpnext.controllers.stock_controller import StockController
from frappe import _
from frappe.utils import flt


class EmptyStockReconciliationItemsError(frappe.ValidationError):
	pass


class StockReconciliation(StockController):
	"""What was counted: the quantity (and rate) that there is from now on."""

	def validate(self):
		company = frappe.get_cached_doc("Company", self.company)
		self.expense_account = self.expense_account or company.stock_adjustment_account
		self.cost_center = self.cost_center or company.cost_center
		self.validate_posting_time()
		self.set_current()
		self.remove_items_with_no_change()
		self.validate_data()
		self.difference_amount = sum(flt(row.amount_difference) for row in self.items)

	def set_current(self):
		for row in self.items:
			now = frappe.db.get_value(
				"Bin",
				{"item_code": row.item_code, "warehouse": row.warehouse},
				["actual_qty", "valuation_rate"],
				as_dict=True,
			)
			row.current_qty = flt(now.actual_qty) if now else 0
			row.current_valuation_rate = flt(now.valuation_rate) if now and row.current_qty else 0
			if row.qty is None:
				row.qty = row.current_qty
			if row.valuation_rate in (None, ""):
				row.valuation_rate = row.current_valuation_rate

	def remove_items_with_no_change(self):
		items = [
			row
			for row in self.items
			if flt(row.qty) != row.current_qty or flt(row.valuation_rate) != row.current_valuation_rate
		]
		if not items:
			frappe.throw(
				_("None of the items have any change in quantity or value."),
				EmptyStockReconciliationItemsError,
			)
		self.items = items

	def validate_data(self):
		seen = set()
		for number, row in enumerate(self.items, start=1):
			row.idx = number
			item = frappe.get_cached_doc("Item", row.item_code)
			row.item_name, row.item_group = item.item_name, item.item_group
			if not item.is_stock_item:
				frappe.throw(_("Item {0} is not a stock Item").format(row.item_code))
			if (row.item_code, row.warehouse) in seen:
				frappe.throw(
					_("Row # {0}: Same item and warehouse combination already entered.").format(number)
				)
			seen.add((row.item_code, row.warehouse))
			if flt(row.qty) < 0:
				frappe.throw(_("Row # {0}: Negative Quantity is not allowed").format(number))
			if flt(row.qty) and not flt(row.valuation_rate):
				row.valuation_rate = flt(item.valuation_rate)
			if flt(row.qty) and not flt(row.valuation_rate) and not row.allow_zero_valuation_rate:
				frappe.throw(
					_("Valuation Rate required for Item {0} at row {1}").format(row.item_code, number)
				)
			row.amount = flt(flt(row.qty) * flt(row.valuation_rate), row.precision("amount"))
			row.current_amount = flt(
				row.current_qty * row.current_valuation_rate, row.precision("current_amount")
			)
			row.quantity_difference = flt(row.qty) - row.current_qty
			row.amount_difference = row.amount - row.current_amount

	def on_submit(self):
		self.update_stock_ledger()
		self.make_gl_entries()

	def on_cancel(self):
		self.ignore_linked_doctypes = ("GL Entry", "Stock Ledger Entry")
		self.update_stock_ledger()
		self.make_gl_entries_on_cancel()

	def update_stock_ledger(self):
		"""The difference at the rate that there is; with another rate, all of it out and in again."""
		entries = []
		for row in self.items:
			rate = flt(row.valuation_rate)
			steps = [(flt(row.qty) - row.current_qty, rate)]
			if rate != row.current_valuation_rate:
				steps = [(-row.current_qty, 0), (flt(row.qty), rate)]
			if self.docstatus == 2:
				steps = [(-quantity, rate) for quantity, rate in reversed(steps)]
			entries += [
				self.get_sl_entries(row, {"actual_qty": quantity, "incoming_rate": rate})
				for quantity, rate in steps
				if quantity
			]
		self.make_sl_entries(entries)

	def get_gl_entries(self, warehouse_account=None):
		for row in self.items:
			row.expense_account, row.cost_center = self.expense_account, self.cost_center
		return process_gl_map(super().get_gl_entries())

	def make_gl_entries(self, gl_entries=None):
		if self.docstatus == 1 and erpnext.is_perpetual_inventory_enabled(self.company):
			gl_entries = self.get_gl_entries()
			if not gl_entries:
				return
		super().make_gl_entries(gl_entries)
