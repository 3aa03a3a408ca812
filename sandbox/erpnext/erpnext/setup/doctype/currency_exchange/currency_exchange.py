import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, formatdate, get_datetime_str


class CurrencyExchange(Document):
	def autoname(self):
		purpose = ""
		if cint(self.for_buying) == 0 and cint(self.for_selling) == 1:
			purpose = "Selling"
		if cint(self.for_buying) == 1 and cint(self.for_selling) == 0:
			purpose = "Buying"
		self.name = "{}-{}-{}{}".format(
			formatdate(get_datetime_str(self.date), "yyyy-MM-dd"),
			self.from_currency,
			self.to_currency,
			f"-{purpose}" if purpose else "",
		)

	def validate(self):
		self.validate_value("exchange_rate", ">", 0)
		if self.from_currency == self.to_currency:
			frappe.throw(_("From Currency and To Currency cannot be same"))
		if not cint(self.for_buying) and not cint(self.for_selling):
			frappe.throw(_("Currency Exchange must be applicable for Buying or for Selling."))
