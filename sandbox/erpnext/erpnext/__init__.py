"""A stand-in for ERPNext, for trying and testing apps where no ERPNext can be had. It is not ERPNext.

Names, paths and observable behaviour follow ERPNext v15; see README.md one folder up for what is in here.
"""

import frappe

__version__ = "15.71.1+standin"


def get_default_company(user: str | None = None) -> str | None:
	"""The user's default company, else the site's."""
	companies = frappe.defaults.get_user_default_as_list("company", user or frappe.session.user)
	return companies[0] if companies else frappe.db.get_single_value("Global Defaults", "default_company")


def get_default_currency() -> str | None:
	company = get_default_company()
	return get_company_currency(company) if company else None


def get_default_cost_center(company: str | None) -> str | None:
	return frappe.get_cached_value("Company", company, "cost_center") if company else None


def get_company_currency(company: str | None) -> str | None:
	return frappe.get_cached_value("Company", company, "default_currency") if company else None


def is_perpetual_inventory_enabled(company: str | None) -> int:
	company = company or get_default_company()
	return frappe.get_cached_value("Company", company, "enable_perpetual_inventory") or 0


def encode_company_abbr(name: str, company: str | None = None, abbr: str | None = None) -> str:
	"""`name` with " - ABBR" behind it, unless it is there already."""
	abbr = abbr or frappe.get_cached_value("Company", company, "abbr")
	parts = name.rsplit(" - ", 1)
	if parts[-1].lower() != abbr.lower():
		parts.append(abbr)
	return " - ".join(parts)
