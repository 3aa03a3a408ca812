"""Buyers → Customer, Contact and Addresses, each once however many orders and shops name them.

A buyer is recognised by the vendor's id, then the e-mail address, then the phone number. Each of these is a
Link, reserved in that order, so two orders of one new buyer that meet make one Customer (see `sync.links`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import frappe
import phonenumbers
from frappe import _
from frappe.utils import validate_email_address

from integration_hub.erp.context import Context, Result
from integration_hub.erp.pictures import no_pictures
from integration_hub.failures import NeedsMapping
from integration_hub.records import Address, Customer

RESOURCE = "customers"
ADDRESSES = "addresses"
GUEST = "guest"


def apply(customer: Customer, ctx: Context) -> Result:
	"""A customer of the shop, by webhook or pull: made or brought up to date."""
	name, made = ensure(customer, customer.addresses[:1], ctx)
	for address in customer.addresses:
		ensure_address(name, address, "Billing", ctx)
	if not made:
		_update(name, customer)
	return Result("Customer", name, _("Customer made") if made else _("Customer brought up to date"))


def removed(outside_id: str, ctx: Context) -> Result:
	"""A customer deleted at the shop stays here: documents point to it."""
	link = ctx.links.get(RESOURCE, outside_id)
	name = link.reference_name if link else None
	return Result("Customer" if name else None, name, _("Deleted at the shop; kept here."), "Ignored")


def ensure(customer: Customer | None, addresses: Sequence[Address], ctx: Context) -> tuple[str, bool]:
	"""The ERPNext Customer for a buyer; made when there is none. Returns (name, was it made now)."""
	identities = _identities(customer, addresses)
	if not identities:
		return _nameless(customer, addresses, ctx)
	links = ctx.links.get_many(RESOURCE, identities)
	known = next(
		(links[one].reference_name for one in identities if one in links and links[one].reference_name), None
	)
	if known and len(links) == len(identities):
		return known, False
	ours = []
	for one in identities:
		if one in links:
			continue
		existing = ctx.links.claim(RESOURCE, one)
		if existing is None:
			ours.append(one)
		else:
			known = known or existing.reference_name
	made = False
	if known is None:
		known = _of_contacts(customer)
	if known is None:
		known, made = _make(customer, addresses, ctx), True
	for one in ours:
		ctx.links.fill(RESOURCE, one, "Customer", known)
	return known, made


def _identities(customer: Customer | None, addresses: Sequence[Address]) -> list[str]:
	if customer is None:
		return []
	found = [customer.id] if customer.id else []
	if customer.email:
		found.append("email:" + customer.email.strip().lower()[:130])
	if phone := _phone(customer, addresses):
		found.append("phone:" + phone)
	return found


def _phone(customer: Customer, addresses: Sequence[Address]) -> str:
	region = next((one.country_code for one in addresses if one.country_code), None)
	return normal_phone(customer.phone, region)


def normal_phone(phone: str, region: str | None) -> str:
	"""A phone number in E.164 when it can be understood, else its digits: one spelling for one number."""
	if not phone:
		return ""
	try:
		number = phonenumbers.parse(phone, region)
	except phonenumbers.NumberParseException:
		return "".join(char for char in phone if char.isdigit())[:30]
	return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _nameless(customer: Customer | None, addresses: Sequence[Address], ctx: Context) -> tuple[str, bool]:
	"""An order without id, e-mail or phone. With a name it gets a Customer of that name and address."""
	name = _display_name(customer, addresses)
	if not name and ctx.connection.default_customer:
		return ctx.connection.default_customer, False
	identity = GUEST if not name else "name:" + _digest(name, *(_digest_address(one) for one in addresses))
	links = ctx.links.get_many(RESOURCE, [identity])
	link = links.get(identity) or ctx.links.claim(RESOURCE, identity)
	if link is not None and link.reference_name:
		return link.reference_name, False
	guest = customer or Customer()
	if not name:
		guest = guest.model_copy(update={"first_name": ctx.connection.title, "last_name": _("Guest")})
	made = _make(guest, addresses, ctx)
	ctx.links.fill(RESOURCE, identity, "Customer", made)
	return made, True


def _company(customer: Customer | None, addresses: Sequence[Address]) -> str:
	"""The company that buys: as the shop says, else as the billing address says."""
	return (customer.company if customer else "") or (addresses[0].company if addresses else "")


def _display_name(customer: Customer | None, addresses: Sequence[Address]) -> str:
	candidates = [_company(customer, addresses), customer.full_name if customer else ""]
	candidates += [address.name for address in addresses]
	if customer:
		candidates += [customer.email, customer.phone]
	return next((one.strip() for one in candidates if one and one.strip()), "")[:140]


def _of_contacts(customer: Customer | None) -> str | None:
	"""A Customer that ERPNext already knows by this e-mail address or phone number."""
	if customer is None:
		return None
	for doctype, field, value in (
		("Contact Email", "email_id", customer.email.strip()),
		("Contact Phone", "phone", customer.phone.strip()),
	):
		if not value:
			continue
		child, link, doc = (
			frappe.qb.DocType(doctype),
			frappe.qb.DocType("Dynamic Link"),
			frappe.qb.DocType("Customer"),
		)
		rows = (
			frappe.qb.from_(child)
			.join(link)
			.on(
				(link.parent == child.parent)
				& (link.parenttype == "Contact")
				& (link.link_doctype == "Customer")
			)
			.join(doc)
			.on(doc.name == link.link_name)
			.select(doc.name)
			.where((child[field] == value) & (child.parenttype == "Contact") & (doc.disabled == 0))
			.orderby(doc.creation)
			.limit(1)
			.run()
		)
		if rows:
			return rows[0][0]
	return None


def _make(customer: Customer, addresses: Sequence[Address], ctx: Context) -> str:
	doc = frappe.get_doc(
		{
			"doctype": "Customer",
			"customer_name": _display_name(customer, addresses),
			"customer_type": "Company" if _company(customer, addresses) else "Individual",
			"customer_group": ctx.connection.customer_group or _default_group(),
			"territory": ctx.connection.territory or _default_territory(),
			"tax_id": customer.tax_id or None,
		}
	).insert()
	_make_contact(doc.name, customer, addresses)
	return doc.name


def _default_group() -> str:
	group = frappe.db.get_single_value("Selling Settings", "customer_group")
	return group or frappe.db.get_value("Customer Group", {"is_group": 0}, "name", order_by="lft")


def _default_territory() -> str:
	territory = frappe.db.get_single_value("Selling Settings", "territory")
	return territory or frappe.db.get_value("Territory", {"is_group": 0}, "name", order_by="lft")


def _make_contact(customer_name: str, customer: Customer, addresses: Sequence[Address]) -> None:
	name = customer.full_name or next((one.name for one in addresses if one.name), "")
	email = customer.email.strip()
	phone = customer.phone.strip() or next((one.phone for one in addresses if one.phone), "")
	if not (name or email or phone):
		return
	contact = frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": customer.first_name.strip() or name or email or phone,
			"last_name": customer.last_name.strip() if customer.first_name.strip() else "",
			"is_primary_contact": 1,
			"company_name": customer.company,
			"links": [{"link_doctype": "Customer", "link_name": customer_name}],
		}
	)
	if email and validate_email_address(email):
		contact.append("email_ids", {"email_id": email, "is_primary": 1})
	if phone:
		contact.append("phone_nos", {"phone": _readable(phone), "is_primary_phone": 1})
	with no_pictures():
		contact.insert()


def _readable(phone: str) -> str:
	"""Frappe refuses letters in phone numbers; a number with an extension keeps what can be dialled."""
	return "".join(char for char in phone if char.isdigit() or char in "+-() ").strip()[:20]


def _update(name: str, customer: Customer) -> None:
	"""Bring what the shop knows better up to date, and nothing that people here may have changed."""
	current = frappe.db.get_value("Customer", name, ["tax_id"], as_dict=True)
	if customer.tax_id and not current.tax_id:
		doc = frappe.get_doc("Customer", name)
		doc.tax_id = customer.tax_id
		doc.save()


def ensure_addresses(
	customer: str, billing: Address | None, shipping: Address | None, ctx: Context
) -> tuple[str | None, str | None]:
	"""Names of the billing and shipping Address documents of a Customer (None where none was given)."""
	wanted = {}
	for address in (billing, shipping):
		if address is not None and not address.is_empty:
			wanted[_address_id(customer, address)] = address
	links = ctx.links.get_many(ADDRESSES, wanted)
	names = []
	for address, kind in ((billing, "Billing"), (shipping, "Shipping")):
		if address is None or address.is_empty:
			names.append(None)
			continue
		identity = _address_id(customer, address)
		if identity not in links:
			links[identity] = frappe._dict(reference_name=ensure_address(customer, address, kind, ctx))
		names.append(links[identity].reference_name)
	return names[0], names[1]


def ensure_address(customer: str, address: Address, kind: str, ctx: Context) -> str | None:
	"""One Address document for a Customer, made when this address is new for it."""
	if address.is_empty:
		return None
	identity = _address_id(customer, address)
	existing = ctx.links.claim(ADDRESSES, identity)
	if existing is not None:
		return existing.reference_name
	doc = frappe.get_doc(
		{
			"doctype": "Address",
			"address_title": (address.company or address.name or customer)[:100],
			"address_type": kind,
			# Frappe demands a first line and a city; what the buyer left out is shown as left out
			"address_line1": (address.line1 or address.line2 or "-")[:240],
			"address_line2": address.line2[:240] if address.line1 else "",
			"city": (address.city or address.state or "-")[:140],
			"state": address.state[:140],
			"pincode": address.postal_code[:20],
			"country": country(address.country_code, ctx),
			"phone": _readable(address.phone),
			"links": [{"link_doctype": "Customer", "link_name": customer}],
		}
	).insert()
	ctx.links.fill(ADDRESSES, identity, "Address", doc.name)
	return doc.name


def country(code: str, ctx: Context) -> str:
	"""Country by ISO code; the company's own where the shop names none."""
	if not code:
		return frappe.get_cached_value("Company", ctx.company, "country")
	name = frappe.db.get_value("Country", {"code": code.lower()}, "name", cache=True)
	if not name:
		raise NeedsMapping(
			_("There is no Country with the code {0}.").format(code),
			fix=("Country", ""),
			waits_for=f"country:{code}",
		)
	return name


def _address_id(customer: str, address: Address) -> str:
	return _digest(customer, _digest_address(address))


def _digest_address(address: Address) -> str:
	parts = (
		address.name,
		address.company,
		address.line1,
		address.line2,
		address.city,
		address.state,
		address.postal_code,
		address.country_code,
	)
	return "|".join(" ".join(part.casefold().split()) for part in parts)


def _digest(*parts: str) -> str:
	return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]
