import frappe
from frappe import _
from frappe.contacts.address_and_contact import delete_contact_and_address
from frappe.model.document import Document
from frappe.utils import validate_email_address


class Lead(Document):
	def validate(self):
		if self.first_name:
			names = (self.salutation, self.first_name, self.middle_name, self.last_name)
			self.lead_name = " ".join(filter(None, names))
		if not self.lead_name:
			if not (self.company_name or self.email_id):
				frappe.throw(_("A Lead requires either a person's name or an organization's name"))
			self.lead_name = self.company_name or self.email_id.split("@")[0]
		self.title = self.company_name or self.lead_name
		self._check_email()

	def _check_email(self):
		if not self.email_id:
			return
		validate_email_address(self.email_id, throw=True)
		if frappe.db.get_single_value("CRM Settings", "allow_lead_duplication_based_on_emails"):
			return
		other = frappe.db.get_value("Lead", {"email_id": self.email_id, "name": ("!=", self.name)})
		if other:
			frappe.throw(
				_("Email Address must be unique, it is already used in {0}").format(other),
				frappe.DuplicateEntryError,
			)

	def before_insert(self):
		self.contact_doc = None
		if frappe.db.get_single_value("CRM Settings", "auto_creation_of_contact"):
			self.contact_doc = self._contact()

	def _contact(self):
		if not self.lead_name and not self.first_name:
			self.lead_name = self.company_name or (self.email_id or "").split("@")[0]
		contact = frappe.new_doc("Contact")
		contact.update(
			{
				"first_name": self.first_name or self.lead_name,
				"last_name": self.last_name,
				"salutation": self.salutation,
				"gender": self.gender,
				"designation": self.job_title,
				"company_name": self.company_name,
			}
		)
		if self.email_id:
			contact.append("email_ids", {"email_id": self.email_id, "is_primary": 1})
		if self.phone:
			contact.append("phone_nos", {"phone": self.phone, "is_primary_phone": 1})
		if self.mobile_no:
			contact.append("phone_nos", {"phone": self.mobile_no, "is_primary_mobile_no": 1})
		contact.insert(ignore_permissions=True)
		return contact.reload()

	def after_insert(self):
		if self.contact_doc:
			self.contact_doc.append(
				"links", {"link_doctype": "Lead", "link_name": self.name, "link_title": self.lead_name}
			)
			self.contact_doc.save(ignore_permissions=True)

	def on_trash(self):
		delete_contact_and_address(self.doctype, self.name)
