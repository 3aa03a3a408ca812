import frappe
from erpnext.setup.utils import get_exchange_rate
from frappe.model.document import Document
from frappe.utils import flt


class Opportunity(Document):
	def validate(self):
		if self.opportunity_from == "Customer":
			self.customer_name = frappe.db.get_value("Customer", self.party_name, "customer_name")
		elif self.opportunity_from == "Lead":
			lead_name, company_name = frappe.db.get_value(
				"Lead", self.party_name, ["lead_name", "company_name"]
			)
			self.customer_name = company_name or lead_name
		self._take_over()
		company_currency = frappe.get_cached_value("Company", self.company, "default_currency")
		self.currency = self.currency or company_currency
		if self.currency == company_currency:
			self.conversion_rate = 1.0
		elif not self.conversion_rate or self.conversion_rate == 1.0:
			self.conversion_rate = get_exchange_rate(self.currency, company_currency, self.transaction_date)
		self.title = self.title or self.customer_name
		self.total = sum(flt(row.rate) * flt(row.qty) for row in self.items)
		self.base_total = flt(self.total) * flt(self.conversion_rate)

	def _take_over(self):
		"""What the party says in fields of the same name is taken over where the opportunity says nothing."""
		party = frappe.get_meta(self.opportunity_from)
		for field in self.meta.get_valid_columns():
			if not self.get(field) and party.has_field(field):
				self.set(field, frappe.db.get_value(self.opportunity_from, self.party_name, field))
