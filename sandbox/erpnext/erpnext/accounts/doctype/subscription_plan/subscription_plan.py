import frappe
from dateutil.relativedelta import relativedelta
from erpnext.utilities.product import get_price
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, date_diff, flt, get_first_day, get_last_day, getdate


class SubscriptionPlan(Document):
	def validate(self):
		if cint(self.billing_interval_count) < 1:
			frappe.throw(_("Billing Interval Count cannot be less than 1"))


@frappe.whitelist()
def get_plan_rate(
	plan, quantity=1, customer=None, start_date=None, end_date=None, prorate_factor=1, party=None
) -> float:
	"""Price of one of a plan for a period. A monthly rate is prorated by the months' days, not by the factor."""
	plan = frappe.get_doc("Subscription Plan", plan)
	if plan.price_determination == "Based On Price List":
		group = frappe.db.get_value("Customer", customer, "customer_group") if customer else None
		price = get_price(plan.item, plan.price_list, group, None, qty=quantity, party=party)
		return price.price_list_rate * prorate_factor if price else 0
	if plan.price_determination == "Monthly Rate":
		return plan.cost * _months(getdate(start_date), getdate(end_date))
	return plan.cost * prorate_factor


def _months(start, end) -> float:
	"""Months of a period; with proration less what is missing of the first and the last."""
	months = relativedelta(end, start).months + 1
	if not frappe.db.get_single_value("Subscription Settings", "prorate"):
		return months
	missing_first = date_diff(start, get_first_day(start)) / get_last_day(start).day
	missing_last = date_diff(get_last_day(end), end) / get_last_day(end).day
	return flt(months - missing_first - missing_last)
