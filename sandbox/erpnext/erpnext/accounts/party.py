"""What a customer brings to a document: account, addresses, contact, price list, terms."""

import erpnext
import frappe
from erpnext.exceptions import InvalidAccountCurrency, PartyDisabled, PartyFrozen
from frappe import _
from frappe.contacts.doctype.address.address import render_address
from frappe.contacts.doctype.contact.contact import get_default_contact
from frappe.utils import add_days, add_months, formatdate, get_last_day, getdate


class DuplicatePartyAccountError(frappe.ValidationError):
	pass


@frappe.whitelist()
def get_party_account(party_type, party=None, company=None, include_advance=False):
	"""Receivable account of a customer: its own, its group's, the one it was booked on, the company's."""
	if not party_type:
		frappe.throw(_("Party Type is mandatory"))
	if not company:
		frappe.throw(_("Please select a Company"))
	default = frappe.get_cached_value("Company", company, "default_receivable_account")
	if not party:
		return default
	account = _own_account(party_type, party, company)
	if not account:
		group = frappe.get_cached_value("Customer", party, "customer_group")
		account = (_own_account("Customer Group", group, company) if group else None) or default
	booked_in = get_party_gle_currency(party_type, party, company)
	if booked_in and (
		not account or frappe.get_cached_value("Account", account, "account_currency") != booked_in
	):
		account = frappe.db.get_value(
			"GL Entry",
			{"company": company, "party_type": party_type, "party": party, "docstatus": 1},
			"account",
		)
	return [account] if include_advance else account


def _own_account(parenttype, parent, company):
	for row in frappe.get_cached_doc(parenttype, parent).get("accounts") or []:
		if row.company == company:
			return row.account
	return None


def get_party_account_currency(party_type, party, company):
	account = get_party_account(party_type, party, company)
	return frappe.get_cached_value("Account", account, "account_currency") if account else None


def get_party_gle_currency(party_type, party, company):
	"""Currency the party was booked in before, which it then keeps in this company."""
	return frappe.db.get_value(
		"GL Entry",
		{"company": company, "party_type": party_type, "party": party, "is_cancelled": 0, "docstatus": 1},
		"account_currency",
		order_by=None,
	)


def validate_party_accounts(doc):
	companies = set()
	for row in doc.get("accounts"):
		if row.company in companies:
			frappe.throw(
				_("There can only be 1 Account per Company in {0} {1}").format(doc.doctype, doc.name),
				DuplicatePartyAccountError,
			)
		companies.add(row.company)
		if not row.account:
			continue
		currency, company = frappe.get_cached_value("Account", row.account, ["account_currency", "company"])
		if company != row.company:
			frappe.throw(
				_("Row {0}: Account {1} does not belong to Company {2}").format(
					row.idx, frappe.bold(row.account), frappe.bold(row.company)
				),
				title=_("Invalid Account"),
			)
		booked_in = get_party_gle_currency(doc.doctype, doc.name, row.company)
		if booked_in and currency != booked_in:
			frappe.throw(
				_(
					"{0} {1} has accounting entries in currency {2} for company {3}. Please select a receivable or payable account with currency {2}."
				).format(doc.doctype, doc.name, booked_in, row.company),
				InvalidAccountCurrency,
			)


def validate_party_frozen_disabled(party_type, party_name):
	if not (party_type and party_name):
		return
	disabled, frozen = frappe.get_cached_value(party_type, party_name, ["disabled", "is_frozen"])
	if disabled:
		frappe.throw(_("{0} {1} is disabled").format(party_type, party_name), PartyDisabled)
	if frozen:
		frappe.throw(_("{0} {1} is frozen").format(party_type, party_name), PartyFrozen)


def get_customer_details(customer: str, doc) -> frappe._dict:
	"""Values a sales document takes over from its customer where it has none."""
	party = frappe.get_cached_doc("Customer", customer)
	details = frappe._dict(
		customer_name=party.customer_name,
		customer_group=party.customer_group,
		territory=party.territory,
		currency=party.default_currency or erpnext.get_company_currency(doc.company),
	)
	details.update(_addresses(party, doc))
	details.update(_contact(party))
	price_list = party.default_price_list or (
		party.customer_group
		and frappe.get_cached_value("Customer Group", party.customer_group, "default_price_list")
	)
	details.selling_price_list = price_list or frappe.get_cached_doc("Selling Settings").selling_price_list
	details.price_list_currency = price_list and frappe.get_cached_value("Price List", price_list, "currency")
	if doc.has_value_changed("company"):
		details.payment_terms_template = get_payment_terms_template(customer, "Customer", doc.company)
	return details


def _addresses(party, doc) -> dict:
	billing, shipping = doc.get("customer_address"), doc.get("shipping_address_name")
	if not (billing and shipping):
		rows = addresses_of("Customer", party.name)
		billing = billing or (rows[0].name if rows else None)
		shipping = shipping or shipping_address(rows)
	found = {
		"customer_address": billing,
		"shipping_address_name": shipping,
		"tax_category": party.tax_category,
	}
	for display, address in (
		("address_display", billing),
		("shipping_address", shipping),
	):
		if address and not doc.get(display):
			found[display] = render_address(address, check_permissions=False)
	settings = frappe.get_cached_doc("Accounts Settings")
	by_shipping = settings.determine_address_tax_category_from == "Shipping Address"
	if deciding := shipping if by_shipping else billing:
		found["tax_category"] = (
			frappe.get_cached_value("Address", deciding, "tax_category") or party.tax_category
		)
	if not doc.get("company_address"):
		rows = addresses_of("Company", doc.company)
		if rows:
			found["company_address"] = rows[0].name
			found["company_address_display"] = render_address(rows[0].name, check_permissions=False)
	return found


def addresses_of(doctype: str, name: str) -> list[frappe._dict]:
	"""Addresses in use, the primary one first."""
	return frappe.db.sql(
		"""select address.name, address.is_shipping_address, address.address_type
		from `tabAddress` address
		join `tabDynamic Link` link on link.parent = address.name and link.parenttype = 'Address'
		where link.link_doctype = %s and link.link_name = %s and address.disabled = 0
		order by address.is_primary_address desc""",
		(doctype, name),
		as_dict=True,
	)


def shipping_address(rows) -> str | None:
	"""The address marked for shipping, or the only one of that type."""
	marked = [row.name for row in rows if row.is_shipping_address]
	fitting = marked or [row.name for row in rows if row.address_type == "Shipping"]
	return fitting[0] if marked or len(fitting) == 1 else None


def get_party_shipping_address(doctype: str, name: str) -> str | None:
	return shipping_address(addresses_of(doctype, name))


def _contact(party) -> dict:
	name = get_default_contact("Customer", party.name)
	if not name:
		return {}
	return complete_contact_details(name)


def complete_contact_details(contact: str) -> dict:
	values = frappe.db.get_value(
		"Contact", contact, ["name", "full_name", "email_id", "mobile_no", "phone"], as_dict=True
	)
	return {
		"contact_person": values.name,
		"contact_display": values.full_name,
		"contact_email": values.email_id,
		"contact_mobile": values.mobile_no,
		"contact_phone": values.phone,
	}


@frappe.whitelist()
def get_payment_terms_template(party_name, party_type, company=None):
	if not party_name or party_type != "Customer":
		return None
	terms, group = frappe.get_cached_value("Customer", party_name, ["payment_terms", "customer_group"])
	if not terms and group:
		terms = frappe.get_cached_value("Customer Group", group, "payment_terms")
	if not terms and company:
		terms = frappe.get_cached_value("Company", company, "payment_terms")
	return terms


@frappe.whitelist()
def get_due_date(posting_date, party_type, party, company=None, bill_date=None, template_name=None):
	day = getdate(bill_date or posting_date)
	template_name = template_name or get_payment_terms_template(party, party_type, company)
	if template_name:
		day = get_due_date_from_template(template_name, posting_date, bill_date)
	return max(getdate(day), getdate(posting_date))


def get_due_date_from_template(template_name, posting_date, bill_date=None):
	start = last = getdate(bill_date or posting_date)
	for term in frappe.get_cached_doc("Payment Terms Template", template_name).terms:
		last = max(last, due_date_of_term(term, start))
	return last


def due_date_of_term(term, start):
	if term.due_date_based_on == "Day(s) after invoice date":
		return getdate(add_days(start, term.credit_days))
	if term.due_date_based_on == "Day(s) after the end of the invoice month":
		return getdate(add_days(get_last_day(start), term.credit_days))
	return getdate(get_last_day(add_months(start, term.credit_months)))


def validate_due_date(posting_date, due_date, bill_date=None, template_name=None, doctype=None):
	if getdate(due_date) < getdate(posting_date):
		frappe.throw(_("Due Date cannot be before Posting / Supplier Invoice Date"))
	if not template_name:
		return
	latest = get_due_date_from_template(template_name, posting_date, bill_date)
	if latest != getdate(posting_date) and getdate(due_date) > latest:
		frappe.throw(_("Due / Reference Date cannot be after {0}").format(formatdate(latest)))
