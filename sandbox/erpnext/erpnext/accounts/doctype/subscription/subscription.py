import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import add_days, add_to_date, cint, flt, getdate, nowdate

BEGINNING = "Beginning of the current subscription period"
STEPS = {"Day": "days", "Week": "weeks", "Month": "months", "Year": "years"}


class Subscription(Document):
	def before_insert(self):
		self.update_subscription_period(self.start_date)

	def validate(self):
		if not self.plans:
			frappe.throw(_("Subscription has no plans"))
		if self.end_date and getdate(self.end_date) < getdate(self.start_date):
			frappe.throw(_("Subscription End Date must be after Subscription Start Date"))
		if not self.status:
			self.status = "Trialling" if self.is_trialling() else "Active"

	def is_trialling(self):
		return bool(self.trial_period_end) and getdate(self.trial_period_end) >= getdate(nowdate())

	def update_subscription_period(self, date=None):
		if self.trial_period_start and self.is_trialling():
			self.current_invoice_start, self.current_invoice_end = (
				self.trial_period_start,
				self.trial_period_end,
			)
			return
		self.current_invoice_start = date or nowdate()
		plan = frappe.get_doc("Subscription Plan", self.plans[0].plan)
		step = {STEPS[plan.billing_interval]: cint(plan.billing_interval_count)}
		self.current_invoice_end = add_days(add_to_date(self.current_invoice_start, **step), -1)
		if self.end_date and getdate(self.end_date) < getdate(self.current_invoice_end):
			self.current_invoice_end = self.end_date

	def process(self, posting_date=None):
		"""Make the invoice of the current period when it is its time, and go to the next period after its end."""
		today = getdate(posting_date or nowdate())
		first = getdate(self.current_invoice_start)
		due = first if self.generate_invoice_at == BEGINNING else getdate(self.current_invoice_end)
		if today >= due and not self.is_current_invoice_generated() and not self.is_trialling():
			self.create_invoice()
		if today > getdate(self.current_invoice_end):
			self.update_subscription_period(add_days(self.current_invoice_end, 1))
		self.save()

	def is_current_invoice_generated(self):
		return bool(
			frappe.db.exists(
				"Sales Invoice",
				{
					"subscription": self.name,
					"docstatus": ("<", 2),
					"from_date": self.current_invoice_start,
					"to_date": self.current_invoice_end,
				},
			)
		)

	def create_invoice(self, from_date=None, to_date=None, posting_date=None):
		invoice = frappe.new_doc("Sales Invoice")
		plan = frappe.get_doc("Subscription Plan", self.plans[0].plan)
		invoice.update(
			{
				"company": self.company,
				"customer": self.party,
				"currency": plan.currency,
				"cost_center": self.cost_center,
				"set_posting_time": 1,
				"posting_date": self._posting_date(posting_date),
				"subscription": self.name,
				"from_date": from_date or self.current_invoice_start,
				"to_date": to_date or self.current_invoice_end,
			}
		)
		for item in self.get_items_from_plans(self.plans):
			invoice.append("items", item)
		if self.sales_tax_template:
			invoice.taxes_and_charges = self.sales_tax_template
			invoice.set_taxes()
		invoice.flags.ignore_mandatory = True
		invoice.set_missing_values()
		invoice.insert()
		if cint(self.submit_invoice):
			invoice.submit()
		return invoice

	def _posting_date(self, posting_date):
		if self.generate_invoice_at == BEGINNING:
			return self.current_invoice_start
		if self.generate_invoice_at.startswith("Days before"):
			return posting_date or self.current_invoice_start
		return self.current_invoice_end

	def get_items_from_plans(self, plans, prorate=None):
		items = []
		for row in plans:
			plan = frappe.get_doc("Subscription Plan", row.plan)
			items.append(
				{
					"item_code": plan.item,
					"qty": row.qty,
					"rate": flt(plan.cost),
					"cost_center": self.cost_center,
				}
			)
		return items

	@frappe.whitelist()
	def cancel_subscription(self):
		if self.status == "Cancelled":
			frappe.throw(_("subscription is already cancelled."))
		self.status = "Cancelled"
		self.cancelation_date = nowdate()
		self.save()
