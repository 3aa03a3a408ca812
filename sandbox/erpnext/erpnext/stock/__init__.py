import frappe


def get_warehouse_account(warehouse: str, company: str) -> str | None:
	"""Account a warehouse's stock is booked on: its own, that of a warehouse above it, the company's."""
	name = warehouse
	while name:
		account, parent = frappe.get_cached_value("Warehouse", name, ["account", "parent_warehouse"])
		if account:
			return account
		name = parent
	account = frappe.get_cached_value("Company", company, "default_inventory_account")
	return account or frappe.db.get_value(
		"Account", {"account_type": "Stock", "is_group": 0, "company": company}
	)
