import frappe
from frappe import _
from frappe.utils import add_days, flt, get_datetime_str, nowdate


@frappe.whitelist()
def get_exchange_rate(from_currency, to_currency, transaction_date=None, args=None) -> float | None:
	"""Newest Currency Exchange on or before the date.

	ERPNext asks a web service when there is none. The stand-in has no such service and answers as ERPNext does
	when the service fails: 0 and a message.
	"""
	if not (from_currency and to_currency):
		return None
	if from_currency == to_currency:
		return 1
	transaction_date = transaction_date or nowdate()
	settings = frappe.get_cached_doc("Accounts Settings")
	filters = [
		["date", "<=", get_datetime_str(transaction_date)],
		["from_currency", "=", from_currency],
		["to_currency", "=", to_currency],
	]
	if args in ("for_buying", "for_selling"):
		filters.append([args, "=", 1])
	if not settings.allow_stale:
		filters.append(
			["date", ">", get_datetime_str(add_days(transaction_date, -(settings.stale_days or 0)))]
		)
	rates = frappe.get_all(
		"Currency Exchange", filters=filters, pluck="exchange_rate", order_by="date desc", limit=1
	)
	if rates:
		return flt(rates[0])
	frappe.msgprint(
		_(
			"Unable to find exchange rate for {0} to {1} for key date {2}. Please create a Currency Exchange record manually"
		).format(from_currency, to_currency, transaction_date)
	)
	return 0.0
