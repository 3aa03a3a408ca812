import erpnext
import frappe
from erpnext.accounts.general_ledger import process_gl_map
from erpnext.controllers.stock_controller import StockController
from erpnext.stock.get_item_details import get_conversion_factor
from erpnext.stock.utils import get_incoming_rate
from frappe import _
from frappe.utils import flt

PURPOSES = ("Material Receipt", "Material Issue", "Material Transfer")


class StockEntry(StockController):
	"""Stock in, out and from one warehouse to another."""

	def validate(self):
		self.validate_posting_time()
		self.validate_purpose()
		for row in self.items:
			self.set_row_defaults(row)
		self.validate_warehouses()
		self.set_rates()
		self.total_incoming_value = sum(flt(row.amount) for row in self.items if row.t_warehouse)
		self.total_outgoing_value = sum(flt(row.amount) for row in self.items if row.s_warehouse)
		self.value_difference = self.total_incoming_value - self.total_outgoing_value
		self.total_amount = sum(flt(row.amount) for row in self.items)

	def validate_purpose(self):
		self.purpose = frappe.get_cached_value("Stock Entry Type", self.stock_entry_type, "purpose")
		if self.purpose not in PURPOSES:
			frappe.throw(_("Purpose must be one of {0}").format(", ".join(PURPOSES)))

	def set_row_defaults(self, row):
		item = frappe.get_cached_doc("Item", row.item_code)
		if not item.is_stock_item:
			frappe.throw(_("{0} is not a stock Item").format(row.item_code))
		if flt(row.qty) <= 0:
			frappe.throw(_("Row {0}: Qty must be greater than zero").format(row.idx))
		row.item_name, row.stock_uom = item.item_name, item.stock_uom
		row.description = row.description or item.description
		row.item_group = item.item_group
		row.uom = row.uom or item.stock_uom
		if not row.conversion_factor:
			row.conversion_factor = get_conversion_factor(row.item_code, row.uom)["conversion_factor"]
		row.transfer_qty = flt(flt(row.qty) * flt(row.conversion_factor), row.precision("transfer_qty"))
		company = frappe.get_cached_doc("Company", self.company)
		row.cost_center = row.cost_center or company.cost_center
		row.expense_account = row.expense_account or company.stock_adjustment_account

	def validate_warehouses(self):
		for row in self.items:
			row.s_warehouse = row.s_warehouse or self.from_warehouse
			row.t_warehouse = row.t_warehouse or self.to_warehouse
			if self.purpose == "Material Receipt":
				row.s_warehouse = None
			if self.purpose == "Material Issue":
				row.t_warehouse = None
			if self.purpose != "Material Receipt" and not row.s_warehouse:
				frappe.throw(_("Source warehouse is mandatory for row {0}").format(row.idx))
			if self.purpose != "Material Issue" and not row.t_warehouse:
				frappe.throw(_("Target warehouse is mandatory for row {0}").format(row.idx))
			if row.s_warehouse and row.s_warehouse == row.t_warehouse:
				frappe.throw(_("Source and target warehouse cannot be same for row {0}").format(row.idx))

	def set_rates(self):
		for row in self.items:
			if row.s_warehouse:
				row.basic_rate = self._rate(row, row.s_warehouse, -flt(row.transfer_qty))
			elif (
				not flt(row.basic_rate)
				and not row.allow_zero_valuation_rate
				and not row.set_basic_rate_manually
			):
				row.basic_rate = self._rate(row, row.t_warehouse, flt(row.transfer_qty))
			row.basic_rate = flt(row.basic_rate, row.precision("basic_rate"))
			row.basic_amount = flt(flt(row.transfer_qty) * row.basic_rate, row.precision("basic_amount"))
			row.amount = row.basic_amount
			row.valuation_rate = row.basic_rate

	def _rate(self, row, warehouse, quantity):
		return get_incoming_rate(
			{
				"item_code": row.item_code,
				"warehouse": warehouse,
				"posting_date": self.posting_date,
				"posting_time": self.posting_time,
				"qty": quantity,
				"company": self.company,
				"voucher_type": self.doctype,
				"voucher_no": self.name,
				"allow_zero_valuation": row.allow_zero_valuation_rate,
			},
			raise_error_if_no_rate=self.docstatus == 1,
		)

	def on_submit(self):
		self.update_stock_ledger()
		self.make_gl_entries()

	def on_cancel(self):
		self.ignore_linked_doctypes = ("GL Entry", "Stock Ledger Entry")
		self.update_stock_ledger()
		self.make_gl_entries_on_cancel()

	def update_stock_ledger(self):
		outward, inward = [], []
		sign = 1 if self.docstatus == 1 else -1
		for row in self.items:
			quantity = flt(row.transfer_qty) * sign
			if row.s_warehouse:
				outward.append(
					self.get_sl_entries(row, {"warehouse": row.s_warehouse, "actual_qty": -quantity})
				)
			if row.t_warehouse:
				values = {
					"warehouse": row.t_warehouse,
					"actual_qty": quantity,
					"incoming_rate": row.valuation_rate,
				}
				inward.append(self.get_sl_entries(row, values))
		self.make_sl_entries(outward + inward if sign == 1 else inward + outward)

	def get_gl_entries(self, warehouse_account=None):
		"""A transfer between warehouses of one account has no entries."""
		return process_gl_map(super().get_gl_entries())

	def make_gl_entries(self, gl_entries=None):
		if self.docstatus == 1 and erpnext.is_perpetual_inventory_enabled(self.company):
			gl_entries = self.get_gl_entries()
			if not gl_entries:
				return
		super().make_gl_entries(gl_entries)
