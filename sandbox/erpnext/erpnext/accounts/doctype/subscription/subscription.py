import erpnext
import frappe
from erpnext.accounts.doctype.subscription_plan.subscription_plan import get_plan_rate
from frappe import _
from frappe.model.document import Document
from frappe.utils import (
	add_days,
	add_months,
	add_to_date,
	cint,
	date_diff,
	get_last_day,
	get_link_to_form,
	getdate,
	nowdate,
)

BEGINNING = "Beginning of the current subscription period"
DAYS_BEFORE = "Days before the current subscription period"


class InvoiceCancelled(frappe.ValidationError):
	pass


class Subscription(Document):
	"""A customer's plans, billed period by period. `current_invoice_start` and `_end` are the next period to bill."""

	def before_insert(self):
		self.update_subscription_period(self.start_date)

	# --- checks ----------------------------------------------------------------------------------------

	def validate(self):
		self.validate_trial_period()
		if len(self.get_billing_cycle_and_interval()) > 1:
			frappe.throw(_("You can only have Plans with the same billing cycle in a Subscription"))
		self.validate_end_date()
		self.validate_to_follow_calendar_months()
		if not self.cost_center:
			self.cost_center = erpnext.get_default_cost_center(self.company)
		if self.is_new():
			self.set_subscription_status()
		self.validate_party_billing_currency()

	def validate_trial_period(self):
		if not self.trial_period_start:
			return
		if not self.trial_period_end:
			frappe.throw(_("Both Trial Period Start Date and Trial Period End Date must be set"))
		if getdate(self.trial_period_end) < getdate(self.trial_period_start):
			frappe.throw(_("Trial Period End Date Cannot be before Trial Period Start Date"))
		if getdate(self.trial_period_start) > getdate(self.start_date):
			frappe.throw(_("Trial Period Start date cannot be after Subscription Start Date"))

	def validate_end_date(self):
		first_end = add_to_date(self.start_date, **self.get_billing_cycle_data())
		if self.end_date and getdate(self.end_date) <= getdate(first_end):
			frappe.throw(
				_("Subscription End Date must be after {0} as per the subscription plan").format(first_end)
			)

	def validate_to_follow_calendar_months(self):
		if not self.follow_calendar_months:
			return
		if not self.end_date:
			frappe.throw(_("Subscription End Date is mandatory to follow calendar months"))
		if self.get_billing_cycle_and_interval()[0].billing_interval != "Month":
			frappe.throw(_("Billing Interval in Subscription Plan must be Month to follow calendar months"))

	def validate_party_billing_currency(self):
		currency = frappe.get_cached_value(
			"Customer", self.party, "default_currency"
		) or erpnext.get_company_currency(self.company)
		others = frappe.get_all(
			"Subscription Plan",
			filters={"name": ("in", [row.plan for row in self.plans]), "currency": ("!=", currency)},
			pluck="name",
		)
		if others:
			frappe.throw(
				_(
					"Below Subscription Plans are of different currency to the party default billing currency/Company currency: {0}"
				).format(frappe.bold(currency))
				+ f"<br>{'<br>'.join(get_link_to_form('Subscription Plan', one) for one in others)}",
				title=_("Unsupported Subscription Plans"),
			)

	# --- periods ---------------------------------------------------------------------------------------

	def update_subscription_period(self, date=None):
		self.current_invoice_start = self.get_current_invoice_start(date)
		self.current_invoice_end = self.get_current_invoice_end(self.current_invoice_start)

	def get_current_invoice_start(self, date=None):
		if self.trial_period_end and getdate(self.trial_period_end) > getdate(self.start_date):
			return add_days(self.trial_period_end, 1)
		if date:
			return date
		if self.trial_period_start and self.is_trialling():
			return self.trial_period_start
		return nowdate()

	def get_current_invoice_end(self, date=None):
		if self.is_trialling() and getdate(date) < getdate(self.trial_period_end):
			return self.trial_period_end
		if self.follow_calendar_months:
			months = self.get_billing_cycle_and_interval()[0].billing_interval_count
			end = get_last_day(add_months(getdate(date), months - 1))
		else:
			# ERPNext's own: a period after the first is counted from the start as long as the last one goes on
			later = getdate(self.start_date) < getdate(date)
			goes_on = getdate(self.current_invoice_end) >= getdate(date)
			end = add_to_date(self.start_date if later and goes_on else date, **self.get_billing_cycle_data())
		if self.end_date and getdate(end) > getdate(self.end_date):
			return self.end_date
		return end

	def get_billing_cycle_and_interval(self) -> list[dict]:
		return frappe.get_all(
			"Subscription Plan",
			filters={"name": ("in", [row.plan for row in self.plans])},
			fields=["billing_interval", "billing_interval_count"],
			distinct=True,
			order_by="billing_interval",
		)

	def get_billing_cycle_data(self) -> dict[str, int]:
		"""From the first to the last day of a period."""
		cycle = self.get_billing_cycle_and_interval()[0]
		count = cycle.billing_interval_count
		if cycle.billing_interval in ("Day", "Week"):
			return {"days": count * (7 if cycle.billing_interval == "Week" else 1) - 1}
		return {"months" if cycle.billing_interval == "Month" else "years": count, "days": -1}

	# --- status ----------------------------------------------------------------------------------------

	def set_subscription_status(self, posting_date=None):
		if self.is_trialling():
			self.status = "Trialling"
		elif self.status == "Active" and self.end_date and getdate(posting_date) > getdate(self.end_date):
			self.status = "Completed"
		elif self.is_past_grace_period():
			cancel = cint(frappe.db.get_single_value("Subscription Settings", "cancel_after_grace"))
			self.status = "Cancelled" if cancel else "Unpaid"
			self.cancelation_date = getdate(posting_date) if cancel else None
		elif self.current_invoice_is_past_due():
			self.status = "Past Due Date"
		elif not self.has_outstanding_invoice():
			self.status = "Active"

	def is_trialling(self) -> bool:
		return bool(self.trial_period_end) and getdate() <= getdate(self.trial_period_end)

	def is_past_grace_period(self) -> bool:
		"""By today's date, whatever day is processed."""
		if not self.current_invoice_is_past_due():
			return False
		days = cint(frappe.db.get_single_value("Subscription Settings", "grace_period"))
		return getdate() >= getdate(add_days(self.current_invoice.due_date, days))

	def current_invoice_is_past_due(self) -> bool:
		invoice = self.current_invoice
		return bool(invoice) and invoice.status != "Paid" and getdate() >= getdate(invoice.due_date)

	def has_outstanding_invoice(self) -> int:
		return frappe.db.count(
			"Sales Invoice", {"subscription": self.name, "docstatus": 1, "status": ("!=", "Paid")}
		)

	@property
	def current_invoice(self):
		"""The invoice of the latest period that was billed."""
		return next(
			iter(
				frappe.get_all(
					"Sales Invoice",
					filters={"subscription": self.name, "docstatus": ("<", 2)},
					fields=["name", "status", "posting_date", "due_date"],
					order_by="to_date desc",
					limit=1,
				)
			),
			None,
		)

	# --- billing ---------------------------------------------------------------------------------------

	@frappe.whitelist()
	def process(self, posting_date=None):
		"""What is due on a day: the invoice of the current period, the next period, the status."""
		start, end = self.current_invoice_start, self.current_invoice_end
		if not self.is_current_invoice_generated(start, end) and self.can_generate_new_invoice(posting_date):
			self.create_invoice(posting_date=posting_date)
			self.update_subscription_period(add_days(end, 1))
		elif posting_date and getdate(posting_date) > getdate(end):
			self.update_subscription_period()
		if self.cancel_at_period_end and getdate(posting_date) >= min(
			getdate(self.current_invoice_end), getdate(self.end_date)
		):
			self.cancel_subscription()
		self.set_subscription_status(posting_date=posting_date)
		self.save()

	def can_generate_new_invoice(self, posting_date=None) -> bool:
		if self.cancelation_date:
			return False
		if self.has_outstanding_invoice() and not self.generate_new_invoices_past_due_date:
			return False
		days = {self.current_invoice_end}
		if self.generate_invoice_at == BEGINNING:
			days.add(self.current_invoice_start)
		elif self.generate_invoice_at == DAYS_BEFORE:
			days.add(add_days(self.current_invoice_start, -cint(self.number_of_days)))
		return getdate(posting_date) in {getdate(day) for day in days}

	def is_current_invoice_generated(self, _current_start_date, _current_end_date) -> bool:
		"""Whether the latest invoice is dated in a period."""
		invoice = self.current_invoice
		return bool(
			invoice
			and getdate(_current_start_date) <= getdate(invoice.posting_date) <= getdate(_current_end_date)
		)

	def create_invoice(self, from_date=None, to_date=None, posting_date=None):
		"""The invoice of a period. The period named is only told: prices are those of the current one."""
		invoice = frappe.new_doc("Sales Invoice")
		invoice.update(
			{
				"company": self.company or erpnext.get_default_company(),
				"customer": self.party,
				"currency": frappe.db.get_value("Subscription Plan", self.plans[0].plan, "currency"),
				"cost_center": self.cost_center,
				"set_posting_time": 1,
				"posting_date": self._posting_date(posting_date),
				"subscription": self.name,
				"from_date": from_date or self.current_invoice_start,
				"to_date": to_date or self.current_invoice_end,
			}
		)
		for item in self.get_items_from_plans(self.plans, is_prorate()):
			invoice.append("items", item | {"cost_center": self.cost_center})
		if self.sales_tax_template:
			invoice.taxes_and_charges = self.sales_tax_template
			invoice.set_taxes()
		if self.days_until_due:
			due = add_days(invoice.posting_date, cint(self.days_until_due))
			invoice.append("payment_schedule", {"due_date": due, "invoice_portion": 100})
		self._discount(invoice)
		invoice.flags.ignore_mandatory = True
		invoice.set_missing_values()
		invoice.save()
		if cint(self.submit_invoice):
			invoice.submit()
		return invoice

	def _posting_date(self, posting_date):
		if self.generate_invoice_at == BEGINNING:
			return self.current_invoice_start
		if self.generate_invoice_at == DAYS_BEFORE:
			return posting_date or self.current_invoice_start
		return self.current_invoice_end

	def _discount(self, invoice):
		if self.is_trialling():
			invoice.additional_discount_percentage = 100
		elif self.additional_discount_percentage or self.additional_discount_amount:
			invoice.additional_discount_percentage = self.additional_discount_percentage
			invoice.discount_amount = self.additional_discount_amount
			invoice.apply_discount_on = self.apply_additional_discount or "Grand Total"

	def get_items_from_plans(self, plans, prorate=None) -> list[dict]:
		"""The invoice's rows, with the prices of the current period."""
		factor = 1
		if prorate:
			factor = get_prorata_factor(
				self.current_invoice_end,
				self.current_invoice_start,
				self.generate_invoice_at == BEGINNING,
			)
		items = []
		for row in plans:
			plan = frappe.get_doc("Subscription Plan", row.plan)
			period = self.current_invoice_start, self.current_invoice_end
			items.append(
				{
					"item_code": plan.item,
					"qty": row.qty,
					"rate": get_plan_rate(row.plan, row.qty, self.party, *period, factor),
					"cost_center": plan.cost_center,
				}
			)
		return items

	@frappe.whitelist()
	def cancel_subscription(self):
		"""No more invoices; the days until today are billed, unless periods are billed at their beginning."""
		if self.status == "Cancelled":
			frappe.throw(_("subscription is already cancelled."), InvoiceCancelled)
		bill = self.status == "Active" and self.generate_invoice_at != BEGINNING
		self.status = "Cancelled"
		self.cancelation_date = nowdate()
		if bill and getdate(self.cancelation_date) >= getdate(self.current_invoice_start):
			self.create_invoice(self.current_invoice_start, self.cancelation_date)
		self.save()


def is_prorate() -> int:
	return cint(frappe.db.get_single_value("Subscription Settings", "prorate"))


def get_prorata_factor(period_end, period_start, is_prepaid=None) -> float:
	"""Share of a period that has passed by today; what is billed beforehand is billed whole."""
	if is_prepaid:
		return 1
	return (date_diff(nowdate(), period_start) + 1) / (date_diff(period_end, period_start) + 1)
