import frappe
from erpnext.accounts.party import validate_party_accounts
from erpnext.utilities.transaction_base import TransactionBase
from frappe import _, msgprint
from frappe.model.naming import set_name_by_naming_series, set_name_from_naming_options
from frappe.utils import cint


class Customer(TransactionBase):
	def autoname(self):
		how = frappe.defaults.get_global_default("cust_master_name")
		if how == "Customer Name":
			self.name = self.get_customer_name()
		elif how == "Naming Series":
			set_name_by_naming_series(self)
		else:
			set_name_from_naming_options(frappe.get_meta(self.doctype).autoname, self)

	def get_customer_name(self):
		"""The name itself, or the name and the next number when somebody is called that already."""
		if not frappe.db.exists("Customer", self.customer_name):
			return self.customer_name
		names = frappe.get_all(
			"Customer", filters={"name": ("like", f"%{self.customer_name} - %")}, pluck="name", limit=0
		)
		last = max((cint(name.rsplit(" ", 1)[-1]) for name in names), default=0)
		name = f"{self.customer_name} - {last + 1}"
		msgprint(
			_("Changed customer name to '{}' as '{}' already exists.").format(name, self.customer_name),
			title=_("Note"),
			indicator="yellow",
		)
		return name

	def validate(self):
		self.flags.is_new_doc = self.is_new()
		validate_party_accounts(self)

	def on_update(self):
		if frappe.db.exists("Customer Group", self.name):
			frappe.throw(
				_(
					"A Customer Group exists with same name please change the Customer name or rename the Customer Group"
				),
				frappe.NameError,
			)
		if not self.customer_primary_contact and (self.mobile_no or self.email_id):
			self.make_primary_contact()
		if self.flags.is_new_doc and self.get("address_line1"):
			self.make_primary_address()

	def make_primary_contact(self):
		first, _space, last = self.customer_name.partition(" ")
		company = self.customer_type == "Company"
		contact = frappe.get_doc(
			{
				"doctype": "Contact",
				"first_name": self.customer_name if company else first,
				"last_name": "" if company else last,
				"is_primary_contact": 1,
				"links": [{"link_doctype": "Customer", "link_name": self.name}],
			}
		)
		if self.email_id:
			contact.add_email(self.email_id, is_primary=True)
		if self.mobile_no:
			contact.add_phone(self.mobile_no, is_primary_mobile_no=True)
		contact.flags.ignore_permissions = self.flags.ignore_permissions
		contact.insert()
		self.db_set(
			{
				"customer_primary_contact": contact.name,
				"mobile_no": self.mobile_no,
				"email_id": self.email_id,
			}
		)

	def make_primary_address(self):
		from frappe.contacts.doctype.address.address import get_address_display

		address = frappe.get_doc(
			{
				"doctype": "Address",
				"address_title": self.customer_name,
				"is_primary_address": 1,
				"is_shipping_address": 1,
				"links": [{"link_doctype": "Customer", "link_name": self.name}],
				**{
					field: self.get(field)
					for field in ("address_line1", "address_line2", "city", "state", "pincode", "country")
				},
			}
		)
		address.flags.ignore_permissions = self.flags.ignore_permissions
		address.insert()
		self.db_set(
			{"customer_primary_address": address.name, "primary_address": get_address_display(address.name)}
		)

	def on_trash(self):
		from frappe.contacts.address_and_contact import delete_contact_and_address

		self.db_set({"customer_primary_contact": None, "customer_primary_address": None})
		delete_contact_and_address("Customer", self.name)
