from frappe.model.document import Document


class PriceListCountry(Document):
	pass
