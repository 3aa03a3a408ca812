import frappe


def get_price(item_code, price_list, customer_group, company, qty=1, party=None):
	"""Price of an item, or of its template, in a price list: `price_list_rate` and `currency`; None without one."""
	template = frappe.db.get_value("Item", item_code, "variant_of")
	for code in (item_code, template):
		if code and price_list:
			prices = frappe.get_all(
				"Item Price",
				filters={"price_list": price_list, "item_code": code},
				fields=["price_list_rate", "currency"],
				limit=1,
			)
			if prices:
				return prices[0]
	return None
