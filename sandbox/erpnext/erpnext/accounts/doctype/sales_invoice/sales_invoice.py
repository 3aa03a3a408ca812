import erpnext
import frappe
from erpnext.accounts.general_ledger import (
	get_round_off_account_and_cost_center,
	make_gl_entries,
	make_reverse_gl_entries,
	merge_similar_entries,
)
from erpnext.accounts.party import get_due_date, get_party_account
from erpnext.accounts.utils import get_account_currency
from erpnext.controllers.accounts_controller import validate_account_head
from erpnext.controllers.sales_and_purchase_return import make_return_doc
from erpnext.controllers.selling_controller import SellingController
from erpnext.stock.doctype.delivery_note.delivery_note import update_billed_amount_based_on_so
from erpnext.stock.doctype.packed_item.packed_item import make_packing_list
from erpnext.stock.utils import bin_values
from frappe import _
from frappe.model.mapper import get_mapped_doc
from frappe.utils import cint, flt, formatdate, getdate


class SalesInvoice(SellingController):
	@property
	def status_updater(self):
		"""A credit note only touches the order when asked to."""
		updaters = []
		if not self.is_return or self.update_billed_amount_in_sales_order:
			updaters.append(
				{
					"source_dt": "Sales Invoice Item",
					"source_field": "amount",
					"join_field": "so_detail",
					"target_dt": "Sales Order Item",
					"target_field": "billed_amt",
					"target_ref_field": "amount",
					"percent_join_field": "sales_order",
					"target_parent_dt": "Sales Order",
					"target_parent_field": "per_billed",
					"status_field": "billing_status",
					"keyword": "Billed",
				}
			)
		if not cint(self.update_stock):
			return updaters
		updaters.append(
			{
				"source_dt": "Sales Invoice Item",
				"source_field": "qty",
				"counts": lambda row, invoice: invoice.update_stock == 1,
				"join_field": "so_detail",
				"target_dt": "Sales Order Item",
				"target_field": "delivered_qty",
				"target_ref_field": "qty",
				"percent_join_field": "sales_order",
				"target_parent_dt": "Sales Order",
				"target_parent_field": "per_delivered",
				"status_field": "delivery_status",
				"keyword": "Delivered",
				"second": {
					"source_dt": "Delivery Note Item",
					"source_field": "qty",
					"join_field": "so_detail",
				},
			}
		)
		if cint(self.is_return):
			updaters.append(
				{
					"source_dt": "Sales Invoice Item",
					"source_field": "qty",
					"sign": -1,
					"counts": lambda row, invoice: (invoice.update_stock == 1) & (invoice.is_return == 1),
					"join_field": "so_detail",
					"target_dt": "Sales Order Item",
					"target_field": "returned_qty",
					"second": {
						"source_dt": "Delivery Note Item",
						"source_field": "qty",
						"sign": -1,
						"join_field": "so_detail",
						"counts": lambda row, note: note.is_return == 1,
					},
				}
			)
		return updaters

	def validate(self):
		self.validate_posting_time()
		super().validate()
		self.validate_against_voucher_outstanding()
		self.so_dn_required()
		self.validate_with_previous_doc(
			{
				"Sales Order": ("sales_order", ["customer", "company", "currency"], False),
				"Delivery Note": ("delivery_note", ["customer", "company", "currency"], False),
			}
		)
		self.validate_uom_is_integer("stock_uom", "stock_qty")
		self.validate_uom_is_integer("uom", "qty")
		self.check_sales_order_on_hold_or_close("sales_order")
		self.validate_debit_to_acc()
		if cint(self.allocate_advances_automatically) and not cint(self.is_return):
			self.set_advances()
		self.advances = [row for row in self.advances if flt(row.allocated_amount)]
		self.validate_row_accounts()
		self.check_conversion_rate()
		if cint(self.update_stock):
			self.validate_warehouse()
			self.update_current_stock()
			self.validate_delivery_note()
		self.is_opening = self.is_opening or "No"
		self.against_income_account = ",".join(dict.fromkeys(row.income_account for row in self.items))
		self.validate_multiple_billing("Delivery Note", "dn_detail", "amount")
		if cint(self.update_stock):
			make_packing_list(self)
		else:
			self.set("packed_items", [])
		self.set_status()
		self.reset_default_field_value("set_warehouse", "items", "warehouse")

	def validate_against_voucher_outstanding(self):
		"""A credit larger than what is still owed on its invoice stands for itself."""
		if not (self.is_return and self.return_against) or cint(self.update_outstanding_for_self):
			return
		owed = frappe.db.get_value("Sales Invoice", self.return_against, "outstanding_amount")
		if abs(flt(self.rounded_total) or flt(self.grand_total)) > flt(owed):
			self.update_outstanding_for_self = 1
			self.calculate_taxes_and_totals()

	def set_missing_values(self, for_validate=False):
		if not self.debit_to:
			self.debit_to = get_party_account("Customer", self.customer, self.company)
		self.party_account_currency = get_account_currency(self.debit_to)
		if not self.due_date and self.customer:
			self.due_date = get_due_date(
				self.posting_date,
				"Customer",
				self.customer,
				self.company,
				template_name=self.payment_terms_template,
			)
		super().set_missing_values(for_validate)

	def so_dn_required(self):
		if self.is_return:
			return
		settings = frappe.get_cached_doc("Selling Settings")
		customer = frappe.get_cached_doc("Customer", self.customer)
		for doctype, setting, link in (
			("Sales Order", "so_required", "sales_order"),
			("Delivery Note", "dn_required", "delivery_note"),
		):
			if settings.get(setting) != "Yes" or customer.get(setting):
				continue
			if doctype == "Delivery Note" and cint(self.update_stock):
				continue
			for row in self.items:
				stock_item = row.item_code and frappe.get_cached_value("Item", row.item_code, "is_stock_item")
				if stock_item and not row.get(link):
					frappe.throw(_("{0} is mandatory for Item {1}").format(doctype, row.item_code))

	def validate_debit_to_acc(self):
		account = frappe.get_cached_value(
			"Account", self.debit_to, ["account_type", "report_type", "account_currency"], as_dict=True
		)
		if not account:
			frappe.throw(_("Debit To is required"), title=_("Account Missing"))
		if account.report_type != "Balance Sheet":
			frappe.throw(
				_("Please ensure that the {0} account is a Balance Sheet account.").format(
					frappe.bold("Debit To")
				),
				title=_("Invalid Account"),
			)
		if account.account_type != "Receivable":
			frappe.throw(
				_("Please ensure that the {0} account {1} is a Receivable account.").format(
					frappe.bold("Debit To"), frappe.bold(self.debit_to)
				),
				title=_("Invalid Account"),
			)
		self.party_account_currency = account.account_currency

	def validate_row_accounts(self):
		for row in self.items:
			validate_account_head(row.idx, row.income_account, self.company, _("Income"))
			if frappe.get_cached_value("Cost Center", row.cost_center, "company") != self.company:
				frappe.throw(
					_("Row #{0}: Cost Center {1} does not belong to company {2}").format(
						frappe.bold(row.idx), frappe.bold(row.cost_center), frappe.bold(self.company)
					)
				)

	def update_current_stock(self):
		for row in self.items:
			row.actual_qty = flt(bin_values(row.item_code, row.warehouse).get("actual_qty"))

	def validate_delivery_note(self):
		for row in self.items:
			if row.delivery_note:
				frappe.throw(_("Stock cannot be updated against Delivery Note {0}").format(row.delivery_note))

	def validate_warehouse(self):
		super().validate_warehouse()
		for row in self.get_item_list():
			if not row.warehouse and frappe.get_cached_value("Item", row.item_code, "is_stock_item"):
				frappe.throw(_("Warehouse required for stock Item {0}").format(row.item_code))

	# --- submit and cancel -----------------------------------------------------------------------------

	def before_submit(self):
		if self.remarks:
			return
		if self.po_no and self.po_date:
			self.remarks = _("Against Customer Order {0} dated {1}").format(
				self.po_no, formatdate(self.po_date)
			)
		else:
			self.remarks = _("No Remarks")

	def on_submit(self):
		self.check_prev_docstatus()
		self.update_prevdoc_status()
		self.update_billing_status_in_dn()
		# after the order knows what was delivered, because what is reserved depends on it
		if cint(self.update_stock):
			self.update_stock_ledger()
		self.make_gl_entries()
		if not self.is_return:
			self.update_billing_status_for_zero_amount_refdoc("Delivery Note")
			self.update_billing_status_for_zero_amount_refdoc("Sales Order")
			self.take_advances()

	def on_cancel(self):
		self.check_payments_of_return()
		super().on_cancel()
		self.check_sales_order_on_hold_or_close("sales_order")
		self.update_prevdoc_status()
		self.update_billing_status_in_dn()
		if not self.is_return:
			self.update_billing_status_for_zero_amount_refdoc("Delivery Note")
			self.update_billing_status_for_zero_amount_refdoc("Sales Order")
		if cint(self.update_stock):
			self.update_stock_ledger()
		self.make_gl_entries_on_cancel()
		self.db_set("status", "Cancelled")
		self.ignore_linked_doctypes = (
			"GL Entry",
			"Stock Ledger Entry",
			"Payment Ledger Entry",
		)

	def check_prev_docstatus(self):
		for doctype, link in (("Sales Order", "sales_order"), ("Delivery Note", "delivery_note")):
			for name in {row.get(link) for row in self.items} - {None, ""}:
				if frappe.db.get_value(doctype, name, "docstatus") != 1:
					frappe.throw(_("{0} {1} is not submitted").format(_(doctype), name))

	def check_payments_of_return(self):
		"""A credit note that was paid out stays, until its payment is cancelled."""
		if (
			not self.is_return
			or frappe.get_cached_doc("Accounts Settings").unlink_payment_on_cancellation_of_invoice
		):
			return
		payment = frappe.db.get_value(
			"Payment Entry Reference",
			{"reference_doctype": self.doctype, "reference_name": self.name, "docstatus": 1},
			"parent",
		)
		if payment:
			frappe.throw(
				_("Please cancel and amend the Payment Entry {0} first, to unlink this credit note").format(
					payment
				)
			)

	def update_billing_status_in_dn(self, update_modified=True):
		if self.is_return and not self.update_billed_amount_in_delivery_note:
			return
		notes = []
		for row in self.items:
			if row.dn_detail:
				billed = sum(
					flt(amount)
					for amount in frappe.get_all(
						"Sales Invoice Item",
						filters={"dn_detail": row.dn_detail, "docstatus": 1},
						pluck="amount",
					)
				)
				frappe.db.set_value(
					"Delivery Note Item", row.dn_detail, "billed_amt", billed, update_modified=update_modified
				)
				notes.append(row.delivery_note)
			elif row.so_detail:
				notes += update_billed_amount_based_on_so(row.so_detail, update_modified)
		for name in dict.fromkeys(filter(None, notes)):
			frappe.get_doc("Delivery Note", name).update_billing_percentage(update_modified=update_modified)

	def take_advances(self):
		"""Settle the invoice with the advances chosen in it."""
		for row in self.advances:
			if flt(row.allocated_amount) > 0:
				payment = frappe.get_doc("Payment Entry", row.reference_name)
				payment.allocate_to_invoice(self, row.reference_row, flt(row.allocated_amount))

	# --- ledger ----------------------------------------------------------------------------------------

	def make_gl_entries(self, gl_entries=None):
		if self.docstatus == 2:
			make_reverse_gl_entries(voucher_type=self.doctype, voucher_no=self.name)
			return
		make_gl_entries(gl_entries or self.get_gl_entries(), merge_entries=False)

	def get_gl_entries(self, warehouse_account=None):
		entries = [*self._customer_entries(), *self._tax_entries(), *self._item_entries()]
		self._precision_loss(entries)
		return [*merge_similar_entries(entries), *self._rounding_entries()]

	def _customer_entries(self):
		total = self.rounded_total if (self.rounding_adjustment and self.rounded_total) else self.grand_total
		base = flt(
			self.base_rounded_total
			if (self.base_rounding_adjustment and self.base_rounded_total)
			else self.base_grand_total,
			self.precision("base_grand_total"),
		)
		if not total:
			return
		against = self.name
		if self.is_return and self.return_against and not self.update_outstanding_for_self:
			against = self.return_against
		yield self.get_gl_dict(
			{
				"account": self.debit_to,
				"party_type": "Customer",
				"party": self.customer,
				"due_date": self.due_date,
				"against": self.against_income_account,
				"debit": base,
				"debit_in_account_currency": base
				if self.party_account_currency == self.company_currency
				else total,
				"debit_in_transaction_currency": total,
				"against_voucher": against,
				"against_voucher_type": self.doctype,
				"cost_center": self.cost_center,
			},
			self.party_account_currency,
		)

	def _tax_entries(self):
		for tax in self.taxes:
			if not flt(tax.base_tax_amount_after_discount_amount):
				continue
			amount = flt(
				tax.tax_amount_after_discount_amount, tax.precision("tax_amount_after_discount_amount")
			)
			base = flt(
				tax.base_tax_amount_after_discount_amount,
				tax.precision("base_tax_amount_after_discount_amount"),
			)
			yield self._credit(tax.account_head, amount, base, tax.cost_center)

	def _item_entries(self):
		for row in self.items:
			base = flt(row.base_net_amount, row.precision("base_net_amount"))
			if base:
				amount = flt(row.net_amount, row.precision("net_amount"))
				yield self._credit(row.income_account, amount, base, row.cost_center)
		if cint(self.update_stock) and erpnext.is_perpetual_inventory_enabled(self.company):
			yield from super().get_gl_entries()

	def _credit(self, account, amount, base, cost_center):
		currency = get_account_currency(account)
		return self.get_gl_dict(
			{
				"account": account,
				"against": self.customer,
				"credit": base,
				"credit_in_account_currency": base if currency == self.company_currency else amount,
				"credit_in_transaction_currency": amount,
				"cost_center": cost_center,
			},
			currency,
		)

	def _precision_loss(self, entries):
		"""Converted row by row, net totals may differ from the converted net total: that goes to round off."""
		difference = flt(
			self.base_net_total
			- flt(self.net_total * self.conversion_rate, self.precision("base_net_total")),
			self.precision("base_net_total"),
		)
		if not difference or not self.conversion_rate:
			return
		account, cost_center = get_round_off_account_and_cost_center(self.company, "Sales Invoice", self.name)
		entries.append(
			self.get_gl_dict(
				{
					"account": account,
					"against": self.customer,
					"debit": difference,
					"debit_in_account_currency": difference,
					"debit_in_transaction_currency": 0.0,
					"cost_center": self.cost_center or cost_center,
					"remarks": _("Net total calculation precision loss"),
				}
			)
		)

	def _rounding_entries(self):
		if not (
			flt(self.rounding_adjustment, self.precision("rounding_adjustment"))
			and self.base_rounding_adjustment
		):
			return
		account, cost_center = get_round_off_account_and_cost_center(self.company, "Sales Invoice", self.name)
		base = flt(self.base_rounding_adjustment, self.precision("base_rounding_adjustment"))
		yield self._credit(account, self.rounding_adjustment, base, self.cost_center or cost_center)

	# --- status ----------------------------------------------------------------------------------------

	def set_status(self, update=False, status=None, update_modified=True):
		if self.is_new():
			if self.get("amended_from"):
				self.status = "Draft"
			return
		if not status:
			self.status = self.status_now()
		if update:
			self.db_set("status", self.status, update_modified=update_modified)

	def status_now(self) -> str:
		if self.docstatus == 2:
			return "Cancelled"
		if self.docstatus != 1:
			return "Draft"
		open_amount = flt(self.outstanding_amount, self.precision("outstanding_amount"))
		field = "grand_total" if self.disable_rounded_total else "rounded_total"
		if self.party_account_currency != self.currency:
			field = f"base_{field}"
		total = flt(self.get(field), self.precision(field))
		if self.is_overdue(open_amount, total):
			return "Overdue"
		if 0 < open_amount < total:
			return "Partly Paid"
		if open_amount > 0 and getdate(self.due_date) >= getdate():
			return "Unpaid"
		if not self.is_return and frappe.db.exists(
			"Sales Invoice", {"is_return": 1, "return_against": self.name, "docstatus": 1}
		):
			return "Credit Note Issued"
		if self.is_return:
			return "Return"
		return "Paid" if open_amount <= 0 else "Submitted"

	def is_overdue(self, open_amount, total) -> bool:
		if open_amount <= 0:
			return False
		today = getdate()
		if not self.payment_schedule:
			return getdate(self.due_date) < today
		field = "payment_amount" if self.party_account_currency == self.currency else "base_payment_amount"
		due = sum(flt(row.get(field)) for row in self.payment_schedule if getdate(row.due_date) < today)
		precision = self.precision("outstanding_amount")
		return flt(total - open_amount, precision) < flt(due, precision)


@frappe.whitelist()
def get_bank_cash_account(mode_of_payment, company) -> dict[str, str]:
	for row in frappe.get_cached_doc("Mode of Payment", mode_of_payment).accounts:
		if row.company == company and row.default_account:
			return {"account": row.default_account}
	frappe.throw(
		_("Please set default Cash or Bank account in Mode of Payment {0}").format(mode_of_payment),
		title=_("Missing Account"),
	)


@frappe.whitelist()
def make_delivery_note(source_name, target_doc=None):
	"""An unsaved Delivery Note of what the invoice sold and is not delivered yet."""

	def finish(source, target):
		target.run_method("set_missing_values")
		target.run_method("set_po_nos")
		target.run_method("calculate_taxes_and_totals")

	def update_row(source_row, target_row, source):
		target_row.qty = flt(source_row.qty) - flt(source_row.delivered_qty)
		target_row.stock_qty = target_row.qty * flt(source_row.conversion_factor)
		target_row.base_amount = target_row.qty * flt(source_row.base_rate)
		target_row.amount = target_row.qty * flt(source_row.rate)

	return get_mapped_doc(
		"Sales Invoice",
		source_name,
		{
			"Sales Invoice": {"doctype": "Delivery Note", "validation": {"docstatus": ["=", 1]}},
			"Sales Invoice Item": {
				"doctype": "Delivery Note Item",
				"field_map": {
					"name": "si_detail",
					"parent": "against_sales_invoice",
					"sales_order": "against_sales_order",
					"so_detail": "so_detail",
					"cost_center": "cost_center",
				},
				"postprocess": update_row,
			},
			"Sales Taxes and Charges": {"doctype": "Sales Taxes and Charges", "reset_value": True},
		},
		target_doc,
		finish,
	)


@frappe.whitelist()
def make_sales_return(source_name, target_doc=None):
	return make_return_doc("Sales Invoice", source_name, target_doc)


def on_doctype_update():
	frappe.db.add_index("Sales Invoice", ["customer", "is_return", "return_against"])
