"""What a row of a document takes over from its item: texts, units, accounts, warehouse, price."""

import json

import frappe
from erpnext.setup.utils import get_exchange_rate
from erpnext.stock.doctype.item.item import get_item_defaults, get_uom_conv_factor
from erpnext.stock.utils import bin_values
from frappe import _
from frappe.utils import cint, cstr, flt


@frappe.whitelist()
def get_item_details(args, doc=None, for_validate=False, overwrite_warehouse=True):
	"""ERPNext's entry for forms and controllers: `args` holds the document's and the row's fields."""
	args = frappe._dict(json.loads(args) if isinstance(args, str) else args)
	if not args.price_list:
		args.price_list = args.selling_price_list
	item = frappe.get_cached_doc("Item", args.item_code)
	validate_item_details(args, item)
	out = get_basic_details(args, item, overwrite_warehouse)
	out.update(get_price_list_rate(args, item))
	if item.is_stock_item and out.warehouse:
		values = bin_values(args.item_code, out.warehouse)
		for field in ("projected_qty", "actual_qty", "reserved_qty"):
			out[field] = values.get(field) or 0
		if args.doctype == "Sales Order":
			out.valuation_rate = flt(values.get("valuation_rate"))
	return out


def validate_item_details(args, item):
	if not args.company:
		frappe.throw(_("Please specify Company"))
	if item.disabled:
		frappe.throw(_("Item {0} is disabled").format(item.name))
	if item.end_of_life and frappe.utils.getdate(item.end_of_life) <= frappe.utils.getdate():
		frappe.throw(_("Item {0} has reached its end of life on {1}").format(item.name, item.end_of_life))
	if cint(item.has_variants):
		frappe.throw(_("Item {0} is a template, please select one of its variants").format(item.name))


def get_basic_details(args, item, overwrite_warehouse=True):
	defaults = _defaults(item, args.company)
	args.uom = args.uom or item.sales_uom or item.stock_uom
	args.stock_uom = item.stock_uom
	if item.stock_uom == args.uom:
		factor = 1.0
	else:
		factor = args.conversion_factor or get_conversion_factor(item.name, args.uom)["conversion_factor"]
	args.conversion_factor = factor
	company = frappe.get_cached_doc("Company", args.company)
	out = frappe._dict(
		item_code=item.name,
		item_name=item.item_name,
		description=cstr(item.description).strip(),
		image=cstr(item.image).strip(),
		warehouse=get_item_warehouse(item, args, overwrite_warehouse, defaults),
		income_account=defaults("income_account") or args.income_account or company.default_income_account,
		expense_account=defaults("expense_account")
		or args.expense_account
		or company.default_expense_account,
		cost_center=_cost_center(args, defaults, company),
		uom=args.uom,
		stock_uom=item.stock_uom,
		qty=flt(args.qty) or 1.0,
		stock_qty=(flt(args.qty) or 1.0) * factor,
		conversion_factor=factor,
		price_list_rate=0.0,
		base_price_list_rate=0.0,
		rate=0.0,
		base_rate=0.0,
		amount=0.0,
		base_amount=0.0,
		net_rate=0.0,
		net_amount=0.0,
		discount_percentage=0.0,
		discount_amount=flt(args.discount_amount) or 0.0,
		item_group=item.item_group,
		brand=item.brand,
		weight_per_unit=args.weight_per_unit or item.weight_per_unit,
		weight_uom=args.weight_uom or item.weight_uom,
	)
	if len(item.barcodes) == 1:
		out.barcode = item.barcodes[0].barcode
	if out.weight_per_unit:
		out.total_weight = out.weight_per_unit * out.stock_qty
	return out


def _defaults(item, company):
	"""Item Default of a field: the item's own, its group's, its brand's."""
	tables = [item.item_defaults]
	tables.append(
		frappe.get_cached_doc("Item Group", item.item_group).item_group_defaults if item.item_group else []
	)
	tables.append(frappe.get_cached_doc("Brand", item.brand).brand_defaults if item.brand else [])
	rows = [row for table in tables for row in table if row.company == company]
	return lambda field: next((row.get(field) for row in rows if row.get(field)), None)


def _cost_center(args, defaults, company):
	cost_center = defaults("selling_cost_center") or args.cost_center
	if cost_center and frappe.get_cached_value("Cost Center", cost_center, "company") != args.company:
		return None
	return cost_center or company.cost_center


def get_item_warehouse(item, args, overwrite_warehouse, defaults):
	warehouse = args.warehouse
	if overwrite_warehouse or not warehouse:
		warehouse = args.set_warehouse or defaults("default_warehouse") or args.warehouse
		if not warehouse:
			default = frappe.defaults.get_defaults().get("default_warehouse")
			if default and frappe.get_cached_value("Warehouse", default, "company") == args.company:
				warehouse = default
	if not warehouse:
		default = frappe.get_cached_doc("Stock Settings").default_warehouse
		if default and frappe.get_cached_value("Warehouse", default, "company") == args.company:
			return default
	return warehouse


# --- price -----------------------------------------------------------------------------------------------


def get_price_list_rate(args, item_doc, out=None):
	"""Price of the price list in the document's currency. A price that is missing may be inserted from the
	row's rate: see `insert_item_price`."""
	out = frappe._dict() if out is None else out
	if not args.price_list:
		return out
	if not args.price_list_currency or not args.plc_conversion_rate:
		args.price_list_currency = frappe.get_cached_value("Price List", args.price_list, "currency")
		company_currency = frappe.get_cached_value("Company", args.company, "default_currency")
		args.plc_conversion_rate = get_exchange_rate(
			args.price_list_currency, company_currency, args.transaction_date, "for_selling"
		)
	rate = get_price_list_rate_for(args, item_doc.name)
	if rate is None and item_doc.variant_of:
		rate = get_price_list_rate_for(args, item_doc.variant_of)
	if rate is None or frappe.get_cached_doc("Stock Settings").update_existing_price_list_rate:
		insert_item_price(args)
	if rate is not None:
		out.price_list_rate = flt(rate) * flt(args.plc_conversion_rate) / (flt(args.conversion_rate) or 1)
	return out


def insert_item_price(args):
	"""Remember the row's rate as the item's price, where Stock Settings say so (the setup wizard switches it
	on), the price list is in the document's currency and the user may write Item Prices."""
	settings = frappe.get_cached_doc("Stock Settings")
	if (
		not args.price_list
		or not args.rate
		or not settings.auto_insert_price_list_rate_if_missing
		or frappe.get_cached_value("Price List", args.price_list, "currency") != args.currency
		or not frappe.has_permission("Item Price", "write")
	):
		return
	existing = frappe.db.get_value(
		"Item Price",
		{
			"item_code": args.item_code,
			"price_list": args.price_list,
			"currency": args.currency,
			"uom": args.stock_uom,
		},
		["name", "price_list_rate"],
		as_dict=True,
	)
	by_list_rate = settings.update_price_list_based_on == "Price List Rate"
	if existing:
		if not settings.update_existing_price_list_rate:
			return
		rate = _in_stock_uom(flt(args.price_list_rate) if by_list_rate else flt(args.rate), args)
		if rate and rate != existing.price_list_rate:
			frappe.db.set_value("Item Price", existing.name, "price_list_rate", rate)
			frappe.msgprint(
				_("Item Price updated for {0} in Price List {1}").format(args.item_code, args.price_list),
				alert=True,
			)
		return
	rate = (flt(args.price_list_rate) or flt(args.rate)) if by_list_rate else flt(args.rate)
	frappe.get_doc(
		{
			"doctype": "Item Price",
			"price_list": args.price_list,
			"item_code": args.item_code,
			"currency": args.currency,
			"price_list_rate": _in_stock_uom(rate, args),
			"uom": args.stock_uom,
		}
	).insert()
	frappe.msgprint(
		_("Item Price added for {0} in Price List {1}").format(args.item_code, args.price_list), alert=True
	)


def _in_stock_uom(rate, args):
	return rate / args.conversion_factor if args.conversion_factor else rate


def get_item_price(args, item_code, ignore_party=False):
	"""(name, rate, uom) rows that fit, best first: newest validity, then a price for the unit."""
	customer = args.get("customer") or ""
	day = args.get("transaction_date")
	return frappe.db.sql(
		"""select name, price_list_rate, uom
		from `tabItem Price`
		where item_code = %(item_code)s and price_list = %(price_list)s
			and (ifnull(uom, '') = '' or uom = %(uom)s)
			and (%(any_party)s = 1 or ifnull(customer, '') = %(customer)s)
			and (%(day)s is null or (
				ifnull(valid_from, '2000-01-01') <= %(day)s and ifnull(valid_upto, '2500-12-31') >= %(day)s))
		order by valid_from desc, uom desc
		limit 1""",
		{
			"item_code": item_code,
			"price_list": args.get("price_list"),
			"uom": args.get("uom") or "",
			"customer": customer,
			"any_party": int(bool(ignore_party)),
			"day": str(day) if day else None,
		},
	)


def get_price_list_rate_for(args, item_code):
	"""Rate per unit of the row: the customer's own price, else the general one; None without a price."""
	wanted = {field: args.get(field) for field in ("price_list", "customer", "uom", "transaction_date")}
	rows = get_item_price(wanted, item_code) if wanted["customer"] else []
	if not rows:
		wanted["customer"] = None
		rows = get_item_price(wanted, item_code)
	if not rows and args.get("uom") != args.get("stock_uom"):
		wanted["uom"] = args.get("stock_uom")
		rows = get_item_price(wanted, item_code)
	if not rows:
		return None
	_name, rate, uom = rows[0]
	if uom == args.get("uom") or args.get("price_list_uom_dependant"):
		return rate
	return flt(rate) * flt(args.get("conversion_factor") or 1)


# --- stock -----------------------------------------------------------------------------------------------


@frappe.whitelist()
def get_conversion_factor(item_code, uom) -> dict[str, float]:
	template = frappe.get_cached_value("Item", item_code, "variant_of")
	for name in filter(None, (item_code, template)):
		for row in frappe.get_cached_doc("Item", name).uoms:
			if row.uom == uom:
				return {"conversion_factor": row.conversion_factor or 1.0}
	stock_uom = frappe.get_cached_value("Item", item_code, "stock_uom")
	return {"conversion_factor": get_uom_conv_factor(uom, stock_uom) or 1.0}


@frappe.whitelist()
def get_bin_details(item_code, warehouse, company=None, include_child_warehouses=False):
	values = bin_values(item_code, warehouse)
	return {field: values.get(field) or 0 for field in ("projected_qty", "actual_qty", "reserved_qty")}


__all__ = ["get_item_defaults", "get_item_details"]
