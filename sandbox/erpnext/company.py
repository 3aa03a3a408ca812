"""A company as ERPNext's setup wizard leaves it: for a new site, or for a test.

from sandbox.erpnext.company import setup_company
setup_company()            # on the site that is open, as Administrator
"""

from __future__ import annotations

import datetime

PRICE_LISTS = ("Standard Selling", "Standard Buying")
#: ERPNext's own
SALES_STAGES = (
	"Prospecting",
	"Qualification",
	"Needs Analysis",
	"Value Proposition",
	"Identifying Decision Makers",
	"Perception Analysis",
	"Proposal/Price Quote",
	"Negotiation/Review",
)
OPPORTUNITY_TYPES = ("Sales", "Support", "Maintenance")
MODES_OF_PAYMENT = (
	("Cheque", "Bank"),
	("Cash", "Cash"),
	("Credit Card", "Bank"),
	("Wire Transfer", "Bank"),
	("Bank Draft", "Bank"),
)
ITEM_GROUPS = ("Products", "Raw Material", "Services", "Sub Assemblies", "Consumable")
CUSTOMER_GROUPS = ("Individual", "Commercial", "Non Profit", "Government")
UOMS = (
	("Unit", 1),
	("Nos", 1),
	("Box", 1),
	("Pair", 1),
	("Set", 1),
	("Hour", 0),
	("Kg", 0),
	("Gram", 0),
	("Meter", 0),
	("Litre", 0),
)
STOCK_ENTRY_TYPES = ("Material Issue", "Material Receipt", "Material Transfer")
#: how the wizard lets numbers and dates be written for these countries
EUROPEAN = {"number_format": "#.###,##", "date_format": "dd.mm.yyyy", "time_format": "HH:mm"}
FISCAL_YEARS = (2025, 2026, 2027)
ROLES = (
	"Accounts Manager",
	"Accounts User",
	"Item Manager",
	"Purchase Manager",
	"Purchase Master Manager",
	"Purchase User",
	"Sales Manager",
	"Sales Master Manager",
	"Sales User",
	"Stock Manager",
	"Stock User",
)


def setup_company(
	name: str = "Hub Test Co",
	abbr: str = "HTC",
	country: str = "Germany",
	currency: str = "EUR",
	time_zone: str | None = "Europe/Berlin",
) -> str:
	"""Make the company and everything ERPNext's wizard makes beside it; returns its name. Commits.

	Doing it twice changes nothing. A second company gets its own accounts, warehouses and cost centers, and
	leaves the defaults with the first one.
	"""
	import frappe

	if frappe.db.exists("Company", name):
		return name
	first = not frappe.db.exists("Company")
	if first:
		_records_without_company(frappe, country)
		_system_settings(frappe, country, currency, time_zone)
		_jobs_of_the_new_clock(frappe)
	frappe.get_doc(
		{
			"doctype": "Company",
			"company_name": name,
			"abbr": abbr,
			"country": country,
			"default_currency": currency,
			"create_chart_of_accounts_based_on": "Standard Template",
			"chart_of_accounts": "Standard",
			"enable_perpetual_inventory": 1,
		}
	).insert()
	if first:
		_records_of_company(frappe, name, abbr, country, currency)
	frappe.db.commit()  # a finished company is a state other processes start from
	frappe.clear_cache()
	return name


def _insert(frappe, doctype: str, name: str, **values) -> None:
	if not frappe.db.exists(doctype, name):
		frappe.get_doc({"doctype": doctype, **values}).insert()


def _records_without_company(frappe, country: str) -> None:
	for role in ROLES:
		_insert(frappe, "Role", role, role_name=role)
	for uom, whole in UOMS:
		_insert(frappe, "UOM", uom, uom_name=uom, must_be_whole_number=whole)
	_tree(frappe, "Item Group", "item_group_name", "All Item Groups", ITEM_GROUPS)
	_tree(frappe, "Customer Group", "customer_group_name", "All Customer Groups", CUSTOMER_GROUPS)
	_tree(frappe, "Territory", "territory_name", "All Territories", (country, "Rest Of The World"))
	for stage in SALES_STAGES:
		_insert(frappe, "Sales Stage", stage, stage_name=stage)
	for kind in OPPORTUNITY_TYPES:
		if not frappe.db.exists("Opportunity Type", kind):
			frappe.get_doc({"doctype": "Opportunity Type", "name": kind}).insert()
	for mode, kind in MODES_OF_PAYMENT:
		_insert(frappe, "Mode of Payment", mode, mode_of_payment=mode, type=kind)
	for kind in STOCK_ENTRY_TYPES:
		if not frappe.db.exists("Stock Entry Type", kind):
			doc = frappe.get_doc({"doctype": "Stock Entry Type", "purpose": kind, "is_standard": 1})
			doc.name = kind
			doc.insert()
	if not frappe.db.exists("Warehouse Type", "Transit"):
		frappe.get_doc({"doctype": "Warehouse Type", "name": "Transit"}).insert()
	for year in FISCAL_YEARS:
		_insert(
			frappe,
			"Fiscal Year",
			str(year),
			year=str(year),
			year_start_date=datetime.date(year, 1, 1),
			year_end_date=datetime.date(year, 12, 31),
		)
	# ERPNext's installer leaves a default one; addresses on documents cannot be written without
	if not frappe.db.exists("Address Template", {"is_default": 1}):
		frappe.get_doc({"doctype": "Address Template", "country": country, "is_default": 1}).insert()


def _tree(frappe, doctype: str, name_field: str, root: str, leaves: tuple[str, ...]) -> None:
	parent_field = f"parent_{frappe.scrub(doctype)}"
	_insert(frappe, doctype, root, **{name_field: root, "is_group": 1})
	for leaf in leaves:
		_insert(frappe, doctype, leaf, **{name_field: leaf, "is_group": 0, parent_field: root})


def _jobs_of_the_new_clock(frappe) -> None:
	"""Scheduled jobs count from their creation, which the clock of another time zone may have put hours ahead."""
	job, now = frappe.qb.DocType("Scheduled Job Type"), frappe.utils.now_datetime()
	frappe.qb.update(job).set(job.creation, now).where(job.creation > now).run()


def _system_settings(frappe, country: str, currency: str, time_zone: str | None) -> None:
	settings = frappe.get_single("System Settings")
	settings.update(
		{
			"country": country,
			"language": "en",
			"time_zone": time_zone or settings.time_zone,
			"float_precision": 3,
			"rounding_method": "Banker's Rounding",
			"currency": currency,
			"setup_complete": 1,
			**(EUROPEAN if country in ("Germany", "Austria") else {}),
		}
	)
	settings.flags.ignore_mandatory = True
	settings.save()


def _records_of_company(frappe, company: str, abbr: str, country: str, currency: str) -> None:
	defaults = frappe.get_single("Global Defaults")
	defaults.update({"default_company": company, "default_currency": currency, "country": country})
	defaults.save()
	for price_list in PRICE_LISTS:
		_insert(
			frappe,
			"Price List",
			price_list,
			price_list_name=price_list,
			enabled=1,
			currency=currency,
			buying=int(price_list == "Standard Buying"),
			selling=int(price_list == "Standard Selling"),
		)
	stock = frappe.get_single("Stock Settings")
	stock.update(
		{
			"item_naming_by": "Item Code",
			"valuation_method": "FIFO",
			"stock_uom": "Nos",
			"default_warehouse": f"Stores - {abbr}",
			# the wizard's own choice, and a trap: a sales document may insert prices
			"auto_insert_price_list_rate_if_missing": 1,
			"update_price_list_based_on": "Rate",
		}
	)
	stock.save()
	selling = frappe.get_single("Selling Settings")
	selling.update(
		{
			"cust_master_name": "Customer Name",
			"so_required": "No",
			"dn_required": "No",
			"allow_multiple_items": 1,
			"sales_update_frequency": "Each Transaction",
			"selling_price_list": "Standard Selling",
		}
	)
	selling.save()
	bank = frappe.get_doc(
		{
			"doctype": "Account",
			"account_name": "Bank Account",
			"parent_account": f"Bank Accounts - {abbr}",
			"account_type": "Bank",
			"company": company,
		}
	).insert()
	frappe.db.set_value("Company", company, "default_bank_account", bank.name)
	rate = 19 if country == "Germany" else 10
	vat = f"VAT - {abbr}"
	frappe.db.set_value("Account", vat, "tax_rate", rate)
	frappe.get_doc(
		{
			"doctype": "Sales Taxes and Charges Template",
			"title": f"VAT {rate}",
			"company": company,
			"is_default": 0,
			"taxes": [
				{
					"charge_type": "On Net Total",
					"account_head": vat,
					"description": f"VAT {rate}%",
					"rate": rate,
				}
			],
		}
	).insert()
