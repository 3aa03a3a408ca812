"""Who may be the same: an outside record and a document here, or two documents here that are one outside.

Nothing is merged silently. What is equal in e-mail, domain, phone or tax id becomes a question (Integration Match), and
what was answered is remembered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import frappe
import phonenumbers
from frappe import _

from integration_hub.erp import mapping
from integration_hub.erp.customers import normal_phone
from integration_hub.erp.mapping import COMMON, DOCTYPES, Field
from integration_hub.records import Match

MATCH = "Integration Match"
#: mail boxes of everybody: such a domain says nothing about a company
FREE_MAIL = frozenset(
	"gmail.com googlemail.com outlook.com hotmail.com live.com yahoo.com icloud.com me.com gmx.de gmx.net web.de "
	"aol.com proton.me protonmail.com mail.com yandex.com qq.com 163.com rediffmail.com".split()
)


@dataclass(frozen=True)
class Candidate:
	"""A document here (or an outside record) that may be the same, and why."""

	name: str
	matched_by: str


def look_for(
	connection: Any, resource: str, fields: Sequence[Field], texts: Mapping[str, str], key: str
) -> Match:
	"""What identifies a record, by its mapped texts."""
	common = {erp_field: name for name, (erp_field, _way) in COMMON[resource].items()}
	said = {
		common[one.erp_field]: texts.get(one.outside_field) or "" for one in fields if one.erp_field in common
	}
	email = said.get("email", "").strip().lower()
	domain = mapping.domain_of(said.get("website", ""))
	if not domain and resource == "customers" and "@" in email:
		domain = mapping.domain_of(email)
	return Match(
		key=key,
		email=email,
		domain="" if domain in FREE_MAIL else domain,
		phone=normal_phone(said.get("mobile") or said.get("phone") or "", _region(connection)),
		tax_id=said.get("tax_id", "").strip(),
		name=said.get("name", "").strip(),
	)


def _region(connection: Any) -> str | None:
	"""Where a phone number without country code is from: most likely where the company is."""
	country = frappe.get_cached_value("Company", connection.company, "country")
	code = country and frappe.get_cached_value("Country", country, "code")
	return code.upper() if code else None


def candidates(resource: str, wanted: Match) -> list[Candidate]:
	"""Documents here with the same e-mail, domain, phone or tax id, the surest first."""
	found: dict[str, str] = {}
	for matched_by, names in (
		(_("tax id"), _by_field(resource, "tax_id", wanted.tax_id)),
		(_("e-mail"), _by_email(resource, wanted.email)),
		(_("domain"), _by_domain(resource, wanted.domain)),
		(_("phone"), _by_phone(resource, wanted.phone)),
	):
		for name in names:
			found.setdefault(name, matched_by)
	return [Candidate(name, matched_by) for name, matched_by in found.items()]


def _by_field(resource: str, field: str, value: str) -> list[str]:
	doctype = DOCTYPES[resource]
	if not value or not frappe.get_meta(doctype).has_field(field):
		return []
	return frappe.get_all(doctype, filters={field: value}, pluck="name", limit=5)


def _by_email(resource: str, email: str) -> list[str]:
	if not email:
		return []
	if resource == "leads":
		return _by_field(resource, "email_id", email)
	contacts = frappe.get_all(
		"Contact Email", filters={"email_id": email}, pluck="parent", distinct=True, limit=5
	)
	if resource == "contacts":
		return contacts
	return _customers_of(contacts) if resource == "customers" else []


def _by_phone(resource: str, phone: str) -> list[str]:
	if len(phone) < 7:
		return []
	spelled = ("in", _spellings(phone))
	if resource == "leads":
		either = {"mobile_no": spelled, "phone": spelled}
		return frappe.get_all("Lead", or_filters=either, pluck="name", limit=5)
	contacts = frappe.get_all(
		"Contact Phone", filters={"phone": spelled}, pluck="parent", distinct=True, limit=5
	)
	if resource == "contacts":
		return contacts
	return _customers_of(contacts) if resource == "customers" else []


def _spellings(phone: str) -> list[str]:
	"""One number as people enter it: ERPNext keeps it as it was typed."""
	try:
		number = phonenumbers.parse(phone, None)
	except phonenumbers.NumberParseException:
		return [phone]
	kinds = phonenumbers.PhoneNumberFormat
	found = [
		phonenumbers.format_number(number, kind) for kind in (kinds.E164, kinds.INTERNATIONAL, kinds.NATIONAL)
	]
	found.append(phonenumbers.national_significant_number(number))
	# with and without blanks, and as Frappe's own field writes it
	found += [one.replace(" ", "") for one in found]
	found.append(f"+{number.country_code}-{phonenumbers.national_significant_number(number)}")
	return list(dict.fromkeys(found))


def _by_domain(resource: str, domain: str) -> list[str]:
	"""Customers with a website, or people, of this domain."""
	if not domain or resource != "customers":
		return []
	rows = frappe.get_all(
		"Customer",
		filters={"website": ("like", f"%{_escaped(domain)}%")},
		fields=["name", "website"],
		limit=50,
	)
	same = [row.name for row in rows if mapping.domain_of(row.website) == domain]
	people = frappe.get_all(
		"Contact Email",
		filters={"email_id": ("like", f"%@{_escaped(domain)}")},
		pluck="parent",
		distinct=True,
		limit=50,
	)
	return list(dict.fromkeys([*same, *_customers_of(people)]))[:5]


def _escaped(text: str) -> str:
	"""For LIKE: a domain may hold "_", which would mean any letter."""
	return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _customers_of(contacts: Sequence[str]) -> list[str]:
	if not contacts:
		return []
	return frappe.get_all(
		"Dynamic Link",
		filters={"parenttype": "Contact", "parent": ("in", list(contacts)), "link_doctype": "Customer"},
		pluck="link_name",
		distinct=True,
		limit=5,
	)


# --- questions and answers ---------------------------------------------------------------------------------


def answers(connection: str, resource: str, outside_id: str) -> dict[str, Any]:
	"""What people said about an outside record: document name → its Match row (name, status)."""
	rows = frappe.get_all(
		MATCH,
		filters={"connection": connection, "resource": resource, "outside_id": outside_id, "kind": "Link"},
		fields=["name", "status", "reference_name"],
	)
	return {row.reference_name: row for row in rows}


def said_to_be(connection: str, resource: str, name: str) -> str | None:
	"""The outside record that a document was said to be."""
	return frappe.db.get_value(
		MATCH,
		{
			"connection": connection,
			"resource": resource,
			"reference_name": name,
			"kind": "Link",
			"status": "Same",
		},
		"outside_id",
	)


def ask(
	connection: str,
	resource: str,
	outside_id: str,
	outside_label: str,
	found: Sequence[Candidate],
	*,
	here: str = "",
	there: str = "",
	url: str = "",
	kind: str = "Link",
	other: str | None = None,
) -> list[str]:
	"""Make the questions that were not asked yet; returns the names of all of them."""
	names = []
	for one in found:
		same = {
			"connection": connection,
			"resource": resource,
			"outside_id": outside_id,
			"reference_name": one.name,
			"kind": kind,
		}
		existing = frappe.db.get_value(MATCH, same)
		if existing:
			names.append(existing)
			continue
		doc = frappe.get_doc(
			{
				"doctype": MATCH,
				**same,
				"status": "Open",
				"reference_doctype": DOCTYPES[resource],
				"other_name": other,
				"outside_label": outside_label[:140],
				"outside_url": url,
				"matched_by": one.matched_by,
				"here": here,
				"there": there,
			}
		)
		doc.insert(
			ignore_permissions=True
		)  # safe: a question of the hub's own, made from what both sides say
		names.append(doc.name)
	return names


def summary(texts: Mapping[str, str]) -> str:
	"""A record in a few lines, for the person who is asked."""
	return "\n".join(f"{name}: {text}" for name, text in texts.items() if text)[:1000]
