import erpnext
import frappe
from erpnext.accounts.general_ledger import make_gl_entries, make_reverse_gl_entries, process_gl_map
from erpnext.accounts.utils import get_fiscal_year
from erpnext.controllers.accounts_controller import AccountsController
from erpnext.controllers.status_updater import progress
from erpnext.stock import get_warehouse_account
from erpnext.stock.stock_ledger import make_sl_entries
from erpnext.stock.utils import validate_disabled_warehouse, validate_warehouse_company
from frappe import _
from frappe.utils import flt


class StockController(AccountsController):
	"""Documents that move stock, and book its value where the company keeps perpetual inventory."""

	def validate_warehouse(self):
		for warehouse in {row.warehouse for row in self.items if row.get("warehouse")}:
			validate_disabled_warehouse(warehouse)
			validate_warehouse_company(warehouse, self.company)

	def get_sl_entries(self, row, args):
		entry = frappe._dict(
			item_code=row.get("item_code"),
			warehouse=row.get("warehouse"),
			posting_date=self.posting_date,
			posting_time=self.posting_time,
			fiscal_year=get_fiscal_year(self.posting_date, company=self.company)[0],
			voucher_type=self.doctype,
			voucher_no=self.name,
			voucher_detail_no=row.name,
			actual_qty=(1 if self.docstatus == 1 else -1) * flt(row.get("stock_qty")),
			stock_uom=frappe.get_cached_value("Item", row.get("item_code"), "stock_uom"),
			incoming_rate=0,
			company=self.company,
			is_cancelled=int(self.docstatus == 2),
		)
		entry.update(args)
		return entry

	def make_sl_entries(self, sl_entries, allow_negative_stock=False):
		make_sl_entries(sl_entries, allow_negative_stock)

	def make_gl_entries(self, gl_entries=None):
		if self.docstatus == 2:
			make_reverse_gl_entries(voucher_type=self.doctype, voucher_no=self.name)
		elif erpnext.is_perpetual_inventory_enabled(self.company):
			make_gl_entries(gl_entries or self.get_gl_entries(), merge_entries=False)

	def make_gl_entries_on_cancel(self):
		if frappe.db.exists("GL Entry", {"voucher_type": self.doctype, "voucher_no": self.name}):
			self.make_gl_entries()

	def get_gl_entries(self, warehouse_account=None):
		"""Value that left (or came into) each warehouse against the row's expense account."""
		movements = {}
		for entry in frappe.get_all(
			"Stock Ledger Entry",
			filters={"voucher_type": self.doctype, "voucher_no": self.name, "is_cancelled": 0},
			fields=["warehouse", "stock_value_difference", "voucher_detail_no"],
			order_by="creation",
		):
			movements.setdefault(entry.voucher_detail_no, []).append(entry)
		entries = []
		for row in self.items:
			for movement in movements.get(row.name, ()):
				entries += self._stock_gl_pair(row, movement)
		return process_gl_map(entries)

	def _stock_gl_pair(self, row, movement):
		account = get_warehouse_account(movement.warehouse, self.company)
		if not account:
			frappe.throw(
				_(
					"Warehouse {0} is not linked to any account, please mention the account in the warehouse record or set default inventory account in company {1}."
				).format(movement.warehouse, self.company)
			)
		self.check_expense_account(row)
		value = flt(movement.stock_value_difference, 2)
		common = {
			"cost_center": row.cost_center,
			"remarks": self.get("remarks") or _("Accounting Entry for Stock"),
		}
		return [
			self.get_gl_dict({**common, "account": account, "against": row.expense_account, "debit": value}),
			self.get_gl_dict({**common, "account": row.expense_account, "against": account, "debit": -value}),
		]

	def check_expense_account(self, row):
		if not row.get("expense_account"):
			frappe.throw(
				_("Row #{0}: Expense Account not set for the Item {1}. {2}").format(
					row.idx, frappe.bold(row.item_code), _("Please set an Expense Account in the Items table")
				),
				title=_("Expense Account Missing"),
			)
		expense = frappe.get_cached_value("Account", row.expense_account, "report_type") == "Profit and Loss"
		if self.doctype != "Stock Entry" and not expense:
			frappe.throw(
				_("Expense / Difference account ({0}) must be a 'Profit or Loss' account").format(
					row.expense_account
				)
			)
		if expense and not row.get("cost_center"):
			frappe.throw(
				_("{0} {1}: Cost Center is mandatory for Item {2}").format(
					_(self.doctype), self.name, row.item_code
				)
			)

	def update_billing_percentage(self, update_modified=True):
		"""Share of a Delivery Note that is billed; goods that came back need no bill, unless all did."""
		rows = frappe.get_all(
			f"{self.doctype} Item",
			filters={"parent": self.name},
			fields=["amount", "billed_amt", "returned_qty", "rate"],
			limit=0,
		)
		returned = sum(flt(row.returned_qty) * flt(row.rate) for row in rows)
		if returned < sum(flt(row.amount) for row in rows):
			wanted = [abs(flt(row.amount) - flt(row.returned_qty) * flt(row.rate)) for row in rows]
		else:
			wanted = [abs(flt(row.amount)) for row in rows]
		total = sum(wanted)
		done = sum(min(want, abs(flt(row.billed_amt))) for want, row in zip(wanted, rows, strict=True))
		percent = flt(done / total * 100, 6) if total else 0.0
		frappe.db.set_value(self.doctype, self.name, "per_billed", percent, update_modified=update_modified)
		if update_modified:
			document = frappe.get_doc(self.doctype, self.name)
			document.set_status(update=True)


__all__ = ["StockController", "progress"]
