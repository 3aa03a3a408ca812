"""What every ERPNext site has before the setup wizard ran."""

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields


def after_install():
	create_custom_fields(
		{
			"Address": [
				{
					"fieldname": "tax_category",
					"label": "Tax Category",
					"fieldtype": "Link",
					"options": "Tax Category",
					"insert_after": "fax",
				},
				{
					"fieldname": "is_your_company_address",
					"label": "Is Your Company Address",
					"fieldtype": "Check",
					"insert_after": "linked_with",
				},
			],
			"Contact": [
				{
					"fieldname": "is_billing_contact",
					"label": "Is Billing Contact",
					"fieldtype": "Check",
					"insert_after": "is_primary_contact",
				}
			],
		}
	)
	for party_type, account_type in (("Customer", "Receivable"),):
		if not frappe.db.exists("Party Type", party_type):
			frappe.get_doc(
				{"doctype": "Party Type", "party_type": party_type, "account_type": account_type}
			).insert(ignore_permissions=True)  # at install there is no user yet who could lack a permission
	selling = frappe.get_single("Selling Settings")
	selling.update({"cust_master_name": "Customer Name", "so_required": "No", "dn_required": "No"})
	selling.save(ignore_permissions=True)  # at install, as above
