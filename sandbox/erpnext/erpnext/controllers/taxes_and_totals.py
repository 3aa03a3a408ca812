"""Totals of a sales document: rates, amounts, taxes, discounts, rounding. The order of the steps and the
precision each value is rounded to are ERPNext's, because a cent depends on them."""

import json

import erpnext
import frappe
from frappe import _, scrub
from frappe.model.meta import get_field_precision
from frappe.utils import cint, flt, round_based_on_smallest_currency_fraction

PREVIOUS_ROW = ("On Previous Row Amount", "On Previous Row Total")


class calculate_taxes_and_totals:
	"""Calculates as it is made: `calculate_taxes_and_totals(doc)`."""

	def __init__(self, doc):
		self.doc = doc
		self.taxes = doc.get("taxes") or []
		self._precision: dict[tuple[str, str], int] = {}
		self._numbers: dict[str, list[tuple[str, int]]] = {}
		self.company_currency = erpnext.get_company_currency(doc.company)
		self.round_rows = frappe.get_cached_doc("Accounts Settings").round_row_wise_tax
		self.discount_amount_applied = False
		self.grand_total_diff = 0.0
		self.calculate()

	def precision(self, row, field) -> int:
		"""As `row.precision(field)`, asked once per table and field: all rows share one currency."""
		key = (row.doctype, field)
		if key not in self._precision:
			definition = row.meta.get_field(field)
			currency = self.doc.currency if definition.options == "currency" else self.company_currency
			self._precision[key] = get_field_precision(definition, currency=currency)
		return self._precision[key]

	def round_floats(self, row):
		"""As `round_floats_in`, for all numbers of a row."""
		if row.doctype not in self._numbers:
			self._numbers[row.doctype] = [
				(field.fieldname, self.precision(row, field.fieldname))
				for field in row.meta.get("fields", {"fieldtype": ["in", ["Currency", "Float", "Percent"]]})
			]
		values = row.__dict__
		for field, precision in self._numbers[row.doctype]:
			values[field] = flt(values.get(field), precision)

	def calculate(self):
		if not self.doc.items:
			return
		self._calculate()
		self.set_discount_amount()
		self.apply_discount_amount()
		if self.doc.doctype == "Sales Invoice":
			self.calculate_total_advance()

	def _calculate(self):
		self.validate_conversion_rate()
		self.calculate_item_values()
		self.initialize_taxes()
		self.determine_exclusive_rate()
		self.calculate_net_total()
		self.calculate_taxes()
		self.adjust_grand_total_for_inclusive_tax()
		self.calculate_totals()
		self.keep_tax_detail()
		self.doc.total_net_weight = sum(flt(row.get("total_weight")) for row in self.doc.items)

	# --- items -----------------------------------------------------------------------------------------

	def validate_conversion_rate(self):
		doc = self.doc
		if not doc.currency or doc.currency == self.company_currency:
			doc.currency, doc.conversion_rate = self.company_currency, 1.0
		elif not doc.conversion_rate:
			frappe.throw(
				_("{0} is mandatory. Maybe Currency Exchange record is not created for {1} to {2}.").format(
					doc.meta.get_label("conversion_rate"), doc.currency, self.company_currency
				)
			)
		doc.conversion_rate = flt(doc.conversion_rate)

	def calculate_item_values(self):
		if self.discount_amount_applied:
			return
		for item in self.doc.items:
			self.round_floats(item)
			self.set_rate(item)
			item.net_rate = item.rate
			if not item.qty and self.doc.get("is_return"):
				item.amount = flt(-1 * item.rate, self.precision(item, "amount"))
			else:
				item.amount = flt(item.rate * item.qty, self.precision(item, "amount"))
			item.net_amount = item.amount
			self.in_company_currency(item, "price_list_rate", "rate", "net_rate", "amount", "net_amount")

	def set_rate(self, item):
		"""A rate that is missing (or 0) becomes the list price less the discount percentage; a rate that is
		there stays, and the difference to the list price is shown as discount or margin."""
		if item.discount_percentage == 100:
			item.rate = 0.0
		elif item.price_list_rate and not item.rate:
			item.rate = flt(
				item.price_list_rate * (1.0 - item.discount_percentage / 100.0), self.precision(item, "rate")
			)
			item.discount_amount = item.price_list_rate * (item.discount_percentage / 100.0)
		item.rate_with_margin, item.base_rate_with_margin = self.margin(item)
		if flt(item.rate_with_margin) > 0:
			item.rate = flt(
				item.rate_with_margin * (1.0 - item.discount_percentage / 100.0), self.precision(item, "rate")
			)
			if item.discount_amount and not item.discount_percentage:
				item.rate = item.rate_with_margin - item.discount_amount
			else:
				item.discount_amount = item.rate_with_margin - item.rate
		elif flt(item.price_list_rate) > 0:
			item.discount_amount = item.price_list_rate - item.rate

	def margin(self, item) -> tuple[float, float]:
		"""Rate with margin in both currencies, 0 without one. A rate above the list price is a margin."""
		if not item.price_list_rate:
			return 0.0, 0.0
		if flt(item.rate) > flt(item.price_list_rate):
			item.margin_type = "Amount"
			item.margin_rate_or_amount = flt(
				item.rate - item.price_list_rate, self.precision(item, "margin_rate_or_amount")
			)
			return item.rate, flt(item.base_rate_with_margin)
		if not (item.margin_type and item.margin_rate_or_amount):
			return 0.0, 0.0
		margin = item.margin_rate_or_amount
		if item.margin_type == "Percentage":
			margin = flt(item.price_list_rate) * flt(margin) / 100
		with_margin = flt(item.price_list_rate) + flt(margin)
		return with_margin, with_margin * flt(self.doc.conversion_rate)

	def in_company_currency(self, row, *fields):
		values, rate = row.__dict__, self.doc.conversion_rate
		for field in fields:
			value = flt(values.get(field), self.precision(row, field)) * rate
			values[f"base_{field}"] = flt(value, self.precision(row, f"base_{field}"))

	def calculate_net_total(self):
		doc = self.doc
		doc.total_qty = doc.total = doc.base_total = doc.net_total = doc.base_net_total = 0.0
		for item in doc.items:
			doc.total += item.amount
			doc.total_qty += item.qty
			doc.base_total += item.base_amount
			doc.net_total += item.net_amount
			doc.base_net_total += item.base_net_amount
		doc.round_floats_in(doc, ["total", "base_total", "net_total", "base_net_total"])

	# --- taxes -----------------------------------------------------------------------------------------

	def initialize_taxes(self):
		for tax in self.taxes:
			if not self.discount_amount_applied:
				self.validate_tax(tax)
			tax.item_wise_tax_detail = {}
			cleared = [
				"total",
				"tax_amount_after_discount_amount",
				"tax_amount_for_current_item",
				"grand_total_for_current_item",
				"tax_fraction_for_current_item",
				"grand_total_fraction_for_current_item",
			]
			if tax.charge_type != "Actual" and not self.discount_on_grand_total_applied:
				cleared.append("tax_amount")
			for field in cleared:
				tax.set(field, 0.0)
			self.round_floats(tax)

	@property
	def discount_on_grand_total_applied(self) -> bool:
		return self.discount_amount_applied and self.doc.apply_discount_on == "Grand Total"

	def validate_tax(self, tax):
		if tax.charge_type in PREVIOUS_ROW:
			if cint(tax.idx) == 1:
				frappe.throw(
					_(
						"Cannot select charge type as 'On Previous Row Amount' or 'On Previous Row Total' for first row"
					)
				)
			if not tax.row_id:
				frappe.throw(
					_("Please specify a valid Row ID for row {0} in table {1}").format(
						tax.idx, _(tax.doctype)
					)
				)
			if cint(tax.row_id) >= cint(tax.idx):
				frappe.throw(
					_(
						"Cannot refer row number greater than or equal to current row number for this Charge type"
					)
				)
		elif tax.row_id:
			frappe.throw(
				_("Can refer row only if the charge type is 'On Previous Row Amount' or 'Previous Row Total'")
			)
		if tax.charge_type == "Actual":
			tax.rate = None
			if cint(tax.included_in_print_rate):
				frappe.throw(
					_(
						"Charge of type 'Actual' in row {0} cannot be included in Item Rate or Paid Amount"
					).format(tax.idx)
				)

	def determine_exclusive_rate(self):
		"""Net amounts of rows whose prices include taxes."""
		if not any(cint(tax.included_in_print_rate) for tax in self.taxes):
			return
		for item in self.doc.items:
			fraction, per_piece = 0.0, 0.0
			for index, tax in enumerate(self.taxes):
				tax.tax_fraction_for_current_item, amount = self.included(tax)
				before = self.taxes[index - 1].grand_total_fraction_for_current_item if index else 1
				tax.grand_total_fraction_for_current_item = before + tax.tax_fraction_for_current_item
				fraction += tax.tax_fraction_for_current_item
				per_piece += amount * flt(item.qty)
			if not self.discount_amount_applied and item.qty and (fraction or per_piece):
				item.net_amount = flt(
					(flt(item.amount) - per_piece) / (1 + fraction), self.precision(item, "net_amount")
				)
				item.net_rate = flt(item.net_amount / item.qty, self.precision(item, "net_rate"))
				item.discount_percentage = flt(
					item.discount_percentage, self.precision(item, "discount_percentage")
				)
				self.in_company_currency(item, "net_rate", "net_amount")

	def included(self, tax) -> tuple[float, float]:
		"""(fraction of the net amount, amount per piece) of a tax that the price includes."""
		if not cint(tax.included_in_print_rate):
			return 0.0, 0.0
		if tax.charge_type == "On Item Quantity":
			return 0.0, flt(tax.rate)
		base = 1.0
		if tax.charge_type in PREVIOUS_ROW:
			before = self.taxes[cint(tax.row_id) - 1]
			base = (
				before.tax_fraction_for_current_item
				if tax.charge_type == "On Previous Row Amount"
				else before.grand_total_fraction_for_current_item
			)
		return flt(tax.rate) / 100.0 * base, 0.0

	def calculate_taxes(self):
		doc = self.doc
		if not self.taxes:
			return
		left = {
			tax.idx: flt(tax.tax_amount, self.precision(tax, "tax_amount"))
			for tax in self.taxes
			if tax.charge_type == "Actual"
		}
		for number, item in enumerate(doc.items):
			for index, tax in enumerate(self.taxes):
				amount = self.current_tax_amount(item, tax)
				if self.round_rows:
					amount = flt(amount, self.precision(tax, "tax_amount"))
				if tax.charge_type == "Actual":
					left[tax.idx] -= amount
					if number == len(doc.items) - 1:
						amount += left[tax.idx]
				elif not self.discount_on_grand_total_applied:
					tax.tax_amount += amount
				tax.tax_amount_for_current_item = amount
				tax.tax_amount_after_discount_amount += amount
				before = self.taxes[index - 1].grand_total_for_current_item if index else item.net_amount
				tax.grand_total_for_current_item = flt(before + amount)
		self.prepare_discount_on_grand_total()
		for index, tax in enumerate(self.taxes):
			precision = self.precision(tax, "tax_amount")
			tax.tax_amount = flt(tax.tax_amount, precision)
			tax.tax_amount_after_discount_amount = flt(tax.tax_amount_after_discount_amount, precision)
			self.in_company_currency(tax, "tax_amount", "tax_amount_after_discount_amount")
			self.set_cumulative_total(index, tax)
			self.in_company_currency(tax, "total")

	def current_tax_amount(self, item, tax) -> float:
		amount = 0.0
		if tax.charge_type == "Actual":
			actual = flt(tax.tax_amount, self.precision(tax, "tax_amount"))
			amount = item.net_amount * actual / self.doc.net_total if self.doc.net_total else 0.0
		elif tax.charge_type == "On Net Total":
			amount = flt(tax.rate) / 100.0 * item.net_amount
		elif tax.charge_type in PREVIOUS_ROW:
			before = self.taxes[cint(tax.row_id) - 1]
			base = (
				before.tax_amount_for_current_item
				if tax.charge_type == "On Previous Row Amount"
				else before.grand_total_for_current_item
			)
			amount = flt(tax.rate) / 100.0 * base
		elif tax.charge_type == "On Item Quantity":
			amount = flt(tax.rate) * item.qty
		self.set_item_wise_tax(item, tax, amount)
		return amount

	def set_item_wise_tax(self, item, tax, amount):
		key = item.item_code or item.item_name
		company_amount = amount * self.doc.conversion_rate
		if self.round_rows:
			company_amount = flt(company_amount, self.precision(tax, "tax_amount"))
		if key in tax.item_wise_tax_detail:
			company_amount += flt(tax.item_wise_tax_detail[key][1])
		tax.item_wise_tax_detail[key] = [flt(tax.rate), flt(company_amount)]

	def keep_tax_detail(self):
		for tax in self.taxes:
			tax.item_wise_tax_detail = json.dumps(tax.item_wise_tax_detail, separators=(",", ":"))

	def set_cumulative_total(self, index, tax):
		before = self.taxes[index - 1].total if index else self.doc.net_total
		tax.total = flt(before + tax.tax_amount_after_discount_amount, self.precision(tax, "total"))

	def prepare_discount_on_grand_total(self):
		doc = self.doc
		if doc.apply_discount_on != "Grand Total" or not (
			self.discount_amount_applied or doc.discount_amount or doc.additional_discount_percentage
		):
			return
		precision = self.precision(self.taxes[0], "tax_amount")
		for index, tax in enumerate(self.taxes):
			if self.discount_amount_applied:
				tax.tax_amount_after_discount_amount = flt(tax.tax_amount_after_discount_amount, precision)
			self.set_cumulative_total(index, tax)
		if not self.discount_amount_applied:
			self.total_to_discount = self.taxes[-1].total
		else:
			self.grand_total_diff = flt(
				self.total_to_discount - doc.discount_amount - self.taxes[-1].total,
				self.precision(doc, "grand_total"),
			)

	def adjust_grand_total_for_inclusive_tax(self):
		"""With included taxes the rounding of net amounts must not change what the buyer was asked for."""
		doc = self.doc
		if not any(cint(tax.included_in_print_rate) for tax in self.taxes):
			return
		last = self.taxes[-1]
		on_top = sum(
			flt(tax.tax_amount_after_discount_amount) for tax in self.taxes if not tax.included_in_print_rate
		)
		diff = doc.total + on_top - flt(last.total, self.precision(last, "total"))
		if self.discount_amount_applied and doc.discount_amount:
			diff -= flt(doc.discount_amount)
		diff = flt(diff, self.precision(doc, "rounding_adjustment"))
		small = abs(diff) <= 5.0 / 10 ** self.precision(last, "tax_amount")
		self.grand_total_diff = diff if diff and small else 0.0

	# --- totals ----------------------------------------------------------------------------------------

	def calculate_totals(self):
		doc = self.doc
		if self.taxes:
			doc.grand_total = flt(self.taxes[-1].total) + self.grand_total_diff
			doc.total_taxes_and_charges = flt(
				doc.grand_total - doc.net_total - self.grand_total_diff,
				self.precision(doc, "total_taxes_and_charges"),
			)
		else:
			doc.grand_total = flt(doc.net_total)
			doc.total_taxes_and_charges = 0.0
		self.in_company_currency(doc, "total_taxes_and_charges")
		doc.base_grand_total = (
			flt(doc.grand_total * doc.conversion_rate, self.precision(doc, "base_grand_total"))
			if doc.total_taxes_and_charges
			else doc.base_net_total
		)
		doc.round_floats_in(doc, ["grand_total", "base_grand_total"])
		self.set_rounded_total()

	def set_rounded_total(self):
		doc = self.doc
		if doc.is_rounded_total_disabled():
			doc.rounded_total = doc.base_rounded_total = doc.rounding_adjustment = 0
			return
		doc.rounded_total = round_based_on_smallest_currency_fraction(
			doc.grand_total, doc.currency, self.precision(doc, "rounded_total")
		)
		doc.rounding_adjustment = flt(
			doc.rounded_total - doc.grand_total, self.precision(doc, "rounding_adjustment")
		)
		self.in_company_currency(doc, "rounding_adjustment", "rounded_total")

	def set_discount_amount(self):
		doc = self.doc
		if doc.additional_discount_percentage:
			doc.discount_amount = flt(
				flt(doc.get(scrub(doc.apply_discount_on))) * doc.additional_discount_percentage / 100,
				self.precision(doc, "discount_amount"),
			)

	def apply_discount_amount(self):
		"""Spread the additional discount over the rows by their net amounts; the rounding of each row goes
		into that row."""
		doc = self.doc
		if not doc.discount_amount:
			doc.base_discount_amount = 0
			return
		if not doc.apply_discount_on:
			frappe.throw(_("Please select Apply Discount On"))
		doc.base_discount_amount = flt(
			doc.discount_amount * doc.conversion_rate, self.precision(doc, "base_discount_amount")
		)
		total = self.get_total_for_discount_amount()
		if not total:
			return
		net_total = expected = 0.0
		for item in doc.items:
			share = flt(doc.discount_amount) * item.net_amount / total
			adjusted = item.net_amount - share
			expected += adjusted
			item.net_amount = flt(adjusted, self.precision(item, "net_amount"))
			item.distributed_discount_amount = flt(share, self.precision(item, "distributed_discount_amount"))
			net_total += item.net_amount
			if difference := flt(expected - net_total, self.precision(doc, "net_total")):
				item.net_amount = flt(item.net_amount + difference, self.precision(item, "net_amount"))
				item.distributed_discount_amount = flt(
					share + difference, self.precision(item, "distributed_discount_amount")
				)
				net_total += difference
			item.net_rate = (
				flt(item.net_amount / item.qty, self.precision(item, "net_rate")) if item.qty else 0
			)
			self.in_company_currency(item, "net_rate", "net_amount")
		self.discount_amount_applied = True
		self._calculate()

	def get_total_for_discount_amount(self) -> float:
		"""The net total, or what is above it without charges that no discount reduces."""
		doc = self.doc
		if doc.apply_discount_on == "Net Total" or not self.taxes:
			return doc.net_total
		fixed, rows = 0.0, {}
		for tax in self.taxes:
			if tax.charge_type in ("Actual", "On Item Quantity"):
				amount = tax.tax_amount
			elif tax.row_id and cint(tax.row_id) in rows:
				own, cumulated = rows[cint(tax.row_id)]
				amount = (own if tax.charge_type == "On Previous Row Amount" else cumulated) * tax.rate / 100
			else:
				continue
			fixed += amount
			rows[cint(tax.idx)] = (amount, fixed)
		return getattr(self, "total_to_discount", doc.grand_total) - fixed

	# --- what is open ----------------------------------------------------------------------------------

	def calculate_total_advance(self):
		doc = self.doc
		if doc.docstatus == 2:
			return
		doc.total_advance = flt(
			sum(flt(row.allocated_amount, self.precision(row, "allocated_amount")) for row in doc.advances),
			self.precision(doc, "total_advance"),
		)
		total = flt(doc.rounded_total or doc.grand_total)
		if doc.party_account_currency != doc.currency:
			total = flt(total * doc.conversion_rate, self.precision(doc, "grand_total"))
		if total > 0 and doc.total_advance > total:
			frappe.throw(
				_("Advance amount cannot be greater than {0} {1}").format(doc.party_account_currency, total)
			)
		if doc.docstatus == 0:
			self.calculate_outstanding_amount()

	def calculate_outstanding_amount(self):
		doc = self.doc
		if doc.is_return and doc.return_against and not doc.update_outstanding_for_self:
			doc.outstanding_amount = 0
			return
		doc.round_floats_in(doc, ["grand_total", "total_advance"])
		if doc.party_account_currency == doc.currency:
			field, total = "grand_total", doc.rounded_total or doc.grand_total
		else:
			field, total = "base_grand_total", doc.base_rounded_total or doc.base_grand_total
		doc.outstanding_amount = flt(
			flt(total, self.precision(doc, field)) - doc.total_advance,
			self.precision(doc, "outstanding_amount"),
		)
