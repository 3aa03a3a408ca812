import frappe
from erpnext.accounts.utils import get_fiscal_year
from erpnext.stock.utils import is_group_warehouse, validate_warehouse_company
from frappe import _
from frappe.model.document import Document


class StockLedgerEntry(Document):
	"""One movement of an item into (+) or out of (-) a warehouse. Written by documents only."""

	def autoname(self):
		self.name = frappe.generate_hash(length=10)

	def validate(self):
		self.flags.ignore_submit_comment = True
		for field in ("warehouse", "posting_date", "voucher_type", "voucher_no", "company"):
			if not self.get(field):
				frappe.throw(_("{0} is required").format(self.meta.get_label(field)))
		template, stock_item = frappe.get_cached_value(
			"Item", self.item_code, ["has_variants", "is_stock_item"]
		)
		if not stock_item:
			frappe.throw(_("Item {0} must be a stock Item").format(self.item_code))
		if template:
			frappe.throw(
				_("Stock cannot exist for Item {0} since has variants").format(self.item_code),
			)
		validate_warehouse_company(self.warehouse, self.company)
		is_group_warehouse(self.warehouse)
		if not self.fiscal_year:
			self.fiscal_year = get_fiscal_year(self.posting_date, company=self.company)[0]

	def on_cancel(self):
		frappe.throw(
			_("Individual Stock Ledger Entry cannot be cancelled.")
			+ "<br>"
			+ _("Please cancel related transaction.")
		)


def on_doctype_update():
	frappe.db.add_index("Stock Ledger Entry", ["voucher_no", "voucher_type"])
	frappe.db.add_index("Stock Ledger Entry", ["item_code", "warehouse", "posting_datetime", "creation"])
