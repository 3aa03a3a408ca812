"""Outside products ↔ Items: matched by Link, SKU or barcode, made when the Connection allows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import frappe
from frappe import _
from frappe.utils import strip_html

from integration_hub.erp import stock
from integration_hub.erp.context import Context, Result
from integration_hub.failures import Invalid, NeedsMapping
from integration_hub.records import Line, Product, Variant

VARIANTS = "variants"
PRODUCTS = "products"


@dataclass(frozen=True)
class ItemInfo:
	"""What an order row needs of an Item."""

	code: str
	name: str
	stock_uom: str
	is_stock_item: bool


# --- lines of an order -----------------------------------------------------------------------------------


def of_lines(lines: Sequence[Line], ctx: Context) -> dict[str, ItemInfo]:
	"""The Item of each order line, by line id: Links in one query, the rest by SKU, then the Items in one.

	Raises NeedsMapping naming what has no Item; nothing is guessed by title.
	"""
	codes = _linked(lines, ctx)
	for line in lines:
		if line.id not in codes:
			codes[line.id] = _fallback(line, ctx)
	return _infos(codes)


def _linked(lines: Sequence[Line], ctx: Context) -> dict[str, str]:
	products = [line for line in lines if line.kind == "product"]
	links = ctx.links.get_many(VARIANTS, [line.variant_id for line in products if line.variant_id])
	codes = {
		line.id: links[line.variant_id].reference_name
		for line in products
		if line.variant_id in links and links[line.variant_id].reference_name
	}
	unlinked = [line for line in products if line.id not in codes and line.sku]
	if unlinked:
		found = _by_sku([line.sku for line in unlinked], ctx)
		for line in unlinked:
			if line.sku in found:
				codes[line.id] = found[line.sku]
				if line.variant_id and line.variant_id not in links:
					_link(line.variant_id, found[line.sku], ctx, label=line.sku)
					links[line.variant_id] = frappe._dict(reference_name=found[line.sku])
	return codes


def _fallback(line: Line, ctx: Context) -> str:
	connection = ctx.connection
	if line.kind == "gift_card":
		if connection.gift_card_item:
			return connection.gift_card_item
		raise NeedsMapping(
			_("A gift card was sold. Choose the Item for Gift Cards Sold in {0}.").format(connection.name),
			fix=ctx.fix,
			waits_for="item:gift card",
		)
	if line.kind == "custom" or not (line.variant_id or line.sku):
		if connection.custom_item:
			return connection.custom_item
		raise NeedsMapping(
			_("“{0}” has no product at the shop. Choose the Item for Lines Without a Product in {1}.").format(
				line.title, connection.name
			),
			fix=ctx.fix,
			waits_for="item:custom",
		)
	if connection.create_items:
		return _make_plain(line, ctx)
	raise NeedsMapping(
		_("There is no Item for SKU {0} (“{1}”). Make the Item, or let {2} create missing Items.").format(
			line.sku or "-", line.title, connection.name
		),
		fix=ctx.fix,
		waits_for=f"item:{line.sku or line.variant_id}"[:180],
	)


def _infos(codes: dict[str, str]) -> dict[str, ItemInfo]:
	item = frappe.qb.DocType("Item")
	rows = (
		frappe.qb.from_(item)
		.select(
			item.name, item.item_name, item.stock_uom, item.is_stock_item, item.disabled, item.has_variants
		)
		.where(item.name.isin(list(set(codes.values()))))
		.run(as_dict=True)
	)
	infos = {}
	for row in rows:
		if row.disabled or row.has_variants:
			raise Invalid(
				(
					_("Item {0} is disabled.")
					if row.disabled
					else _("Item {0} is a template; link its variants.")
				).format(row.name),
				fix=("Item", row.name),
				waits_for=f"item:{row.name}"[:180],
			)
		infos[row.name] = ItemInfo(row.name, row.item_name, row.stock_uom, bool(row.is_stock_item))
	missing = set(codes.values()) - set(infos)
	if missing:
		raise Invalid(_("Item {0} does not exist any more.").format(", ".join(sorted(missing))))
	return {line_id: infos[code] for line_id, code in codes.items()}


def _by_sku(skus: Iterable[str], ctx: Context) -> dict[str, str]:
	"""Items whose code is the SKU, else whose barcode it is (as the Connection matches)."""
	policy = ctx.connection.match_items_by or "SKU, then Barcode"
	skus = list(dict.fromkeys(skus))
	found: dict[str, str] = {}
	if "SKU" in policy:
		names = frappe.get_all("Item", {"name": ("in", skus)}, pluck="name")
		found = _in_any_case(skus, {name: name for name in names})
	left = [sku for sku in skus if sku not in found]
	if left and "Barcode" in policy:
		found.update(_by_barcode(left))
	return found


def _in_any_case(codes: Iterable[str], found: dict[str, str]) -> dict[str, str]:
	"""What was found for each of the codes. MariaDB takes "abc-1" for "ABC-1" and keeps only one of them as an Item: what
	it has found for a code is meant by it."""
	by_text = {text.casefold(): name for text, name in found.items()}
	named = {code: found.get(code) or by_text.get(code.casefold()) for code in codes}
	return {code: name for code, name in named.items() if name}


def _by_barcode(barcodes: Sequence[str]) -> dict[str, str]:
	rows = frappe.get_all(
		"Item Barcode",
		filters={"barcode": ("in", list(barcodes)), "parenttype": "Item"},
		fields=["barcode", "parent"],
	)
	return _in_any_case(barcodes, {row.barcode: row.parent for row in rows})


def _make_plain(line: Line, ctx: Context) -> str:
	"""A simple Item for an unknown SKU, from what the order line says of it."""
	code = (line.sku or f"{ctx.connection.connector}-{line.variant_id}")[:140]
	if line.variant_id:
		existing = ctx.links.claim(VARIANTS, line.variant_id)
		if existing is not None and existing.reference_name:
			return existing.reference_name
	title = " - ".join(part for part in (line.title, line.variant_title) if part)
	there = frappe.db.exists("Item", code)
	if there:
		code = there  # as it is written here
	else:
		_insert_item(code, title, ctx, is_stock_item=line.requires_shipping)
	if line.variant_id:
		ctx.links.fill(VARIANTS, line.variant_id, "Item", code, label=line.sku)
	return code


def _link(variant_id: str, code: str, ctx: Context, **more) -> None:
	if ctx.links.claim(VARIANTS, variant_id) is None:
		ctx.links.fill(VARIANTS, variant_id, "Item", code, **more)


# --- products --------------------------------------------------------------------------------------------


def apply(product: Product, ctx: Context) -> Result:
	"""A product of the shop: its variants linked with Items, missing ones made when allowed, stock watched."""
	matched = _match(product.variants, ctx)
	missing = [variant for variant in product.variants if variant.id not in matched]
	if missing and ctx.connection.create_items:
		matched.update(_make(product, missing, ctx))
		missing = []
	for variant in product.variants:
		if variant.id in matched:
			_relink(variant, matched[variant.id], ctx)
	_watch_stock(product.variants, matched, ctx)
	first = next(iter(matched.values()), None)
	if missing and not matched:
		return Result(None, None, _("No Item has the SKU or barcode of any variant."), "Ignored")
	message = _("{0} of {1} variants linked").format(len(matched), len(product.variants))
	return Result("Item" if first else None, first, message)


def removed(outside_id: str, ctx: Context) -> Result:
	"""A product deleted at the shop: the Items stay, its stock is no longer told."""
	return Result(None, None, _("Deleted at the shop; its Items are kept here."), "Ignored")


def _match(variants: Sequence[Variant], ctx: Context) -> dict[str, str]:
	links = ctx.links.get_many(VARIANTS, [variant.id for variant in variants])
	matched = {key: link.reference_name for key, link in links.items() if link.reference_name}
	policy = ctx.connection.match_items_by or "SKU, then Barcode"
	left = [variant for variant in variants if variant.id not in matched]
	if "SKU" in policy and left:
		skus = frappe.get_all(
			"Item", {"name": ("in", [one.sku for one in left if one.sku]), "has_variants": 0}, pluck="name"
		)
		known = _in_any_case([one.sku for one in left if one.sku], {name: name for name in skus})
		matched.update({one.id: known[one.sku] for one in left if one.sku in known})
	left = [variant for variant in left if variant.id not in matched]
	if "Barcode" in policy and left:
		codes = _by_barcode([code for one in left for code in (one.barcode, one.sku) if code])
		for one in left:
			code = codes.get(one.barcode) or codes.get(one.sku)
			if code:
				matched[one.id] = code
	return matched


def _relink(variant: Variant, code: str, ctx: Context) -> None:
	ctx.links.claim(VARIANTS, variant.id)
	ctx.links.fill(
		VARIANTS,
		variant.id,
		"Item",
		code,
		label=variant.sku,
		extra={"stock_id": variant.stock_id, "tracked": variant.tracked},
	)


def _watch_stock(variants: Sequence[Variant], matched: dict[str, str], ctx: Context) -> None:
	"""A stock level for every tracked variant at every mapped location; what is told is found by `stock`."""
	codes = {matched[one.id] for one in variants if one.id in matched and one.tracked and one.stock_id}
	if not codes:
		return
	stocked = set(frappe.get_all("Item", {"name": ("in", list(codes)), "is_stock_item": 1}, pluck="name"))
	locations = dict.fromkeys(row.location_id for row in ctx.connection.locations)
	stock.watch(
		ctx.connection.name,
		[
			(matched[one.id], one.stock_id, location, one.sku)
			for one in variants
			if matched.get(one.id) in stocked and one.tracked and one.stock_id
			for location in locations
		],
	)


def _make(product: Product, missing: Sequence[Variant], ctx: Context) -> dict[str, str]:
	"""Items for variants that have none: a template with attributes, or one plain Item."""
	if not product.option_names:
		variant = missing[0]
		code = _code(product, variant, ctx)
		_insert_item(code, product.title, ctx, product=product, variant=variant)
		return {variant.id: code}
	template = _template(product, ctx)
	made = {}
	for variant in missing:
		code = _code(product, variant, ctx)
		_insert_item(
			code,
			f"{product.title} - {variant.title or ' / '.join(variant.options.values())}",
			ctx,
			product=product,
			variant=variant,
			template=template,
		)
		made[variant.id] = code
	return made


def _code(product: Product, variant: Variant, ctx: Context) -> str:
	"""The SKU; when the shop has none (or uses it twice) a code that names where it came from."""
	code = variant.sku.strip() or f"{ctx.connection.connector}-{variant.id}"
	if frappe.db.exists("Item", code):
		code = f"{code}-{variant.id}"
	return code[:140]


def _template(product: Product, ctx: Context) -> str:
	link = ctx.links.claim(PRODUCTS, product.id)
	if link is not None and link.reference_name:
		_add_values(product)
		return link.reference_name
	_add_values(product)
	code = f"{product.title} ({product.id})"[:140]
	item = frappe.get_doc(
		{
			"doctype": "Item",
			"item_code": code,
			"item_name": product.title[:140],
			"description": strip_html(product.description) or product.title,
			"item_group": _item_group(ctx),
			"stock_uom": _uom(ctx),
			"has_variants": 1,
			"variant_based_on": "Item Attribute",
			"attributes": [{"attribute": name} for name in product.option_names],
		}
	).insert()
	ctx.links.fill(PRODUCTS, product.id, "Item", item.name, version=product.version, label=product.title)
	return item.name


def _add_values(product: Product) -> None:
	"""Item Attributes of the product's options, with the values its variants use."""
	for name in product.option_names:
		values = list(dict.fromkeys(one.options[name] for one in product.variants if name in one.options))
		if frappe.db.exists("Item Attribute", name):
			attribute = frappe.get_doc("Item Attribute", name)
		else:
			attribute = frappe.get_doc({"doctype": "Item Attribute", "attribute_name": name})
		known = {row.attribute_value.casefold() for row in attribute.item_attribute_values}
		abbreviations = {row.abbr.casefold() for row in attribute.item_attribute_values}
		new = [value for value in values if value.casefold() not in known]
		for value in new:
			attribute.append(
				"item_attribute_values",
				{"attribute_value": value, "abbr": _abbreviation(value, abbreviations)},
			)
		if new or attribute.is_new():
			attribute.save()


def _abbreviation(value: str, taken: set[str]) -> str:
	short = "".join(char for char in value.upper() if char.isalnum())[:8] or "X"
	candidate, number = short, 1
	while candidate.casefold() in taken:
		number += 1
		candidate = f"{short}{number}"
	taken.add(candidate.casefold())
	return candidate


def _insert_item(
	code: str,
	title: str,
	ctx: Context,
	*,
	is_stock_item: bool = True,
	product: Product | None = None,
	variant: Variant | None = None,
	template: str | None = None,
) -> None:
	item = frappe.get_doc(
		{
			"doctype": "Item",
			"item_code": code,
			"item_name": (title or code)[:140],
			"description": strip_html(product.description) if product and product.description else title,
			"item_group": _item_group(ctx),
			"stock_uom": _uom(ctx),
			"is_stock_item": 1 if (variant.tracked if variant else is_stock_item) else 0,
			"variant_of": template,
		}
	)
	if template:
		item.variant_based_on = "Item Attribute"
		for name in product.option_names:
			item.append("attributes", {"attribute": name, "attribute_value": variant.options.get(name, "")})
	if variant and variant.weight_grams:
		item.weight_per_unit, item.weight_uom = float(variant.weight_grams / Decimal(1000)), "Kg"
	if variant and variant.barcode and not frappe.db.exists("Item Barcode", {"barcode": variant.barcode}):
		item.append("barcodes", {"barcode": variant.barcode})
	item.insert()


def _item_group(ctx: Context) -> str:
	return ctx.connection.item_group or frappe.db.get_value(
		"Item Group", {"is_group": 0}, "name", order_by="lft"
	)


def _uom(ctx: Context) -> str:
	settings = frappe.db.get_single_value("Stock Settings", "stock_uom")
	return ctx.connection.stock_uom or settings or "Nos"
