from frappe.model.document import Document


class StockReconciliationItem(Document):
	pass
