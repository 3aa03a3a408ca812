import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt, get_time


class Shipment(Document):
	def validate(self):
		for parcel in self.shipment_parcel:
			if flt(parcel.weight) <= 0:
				frappe.throw(_("Parcel weight cannot be 0"))
		if self.pickup_from and self.pickup_to and get_time(self.pickup_to) < get_time(self.pickup_from):
			frappe.throw(_("Pickup To time should be greater than Pickup From time"))
		worth = sum(flt(row.grand_total) for row in self.shipment_delivery_note)
		self.value_of_goods = worth or self.value_of_goods
		self.total_weight = sum(flt(row.weight) * row.count for row in self.shipment_parcel if row.count > 0)
		if self.docstatus == 0:
			self.status = "Draft"

	def on_submit(self):
		if not self.shipment_parcel:
			frappe.throw(_("Please enter Shipment Parcel information"))
		if self.value_of_goods == 0:
			frappe.throw(_("Value of goods cannot be 0"))
		self.db_set("status", "Submitted")

	def on_cancel(self):
		self.db_set("status", "Cancelled")
