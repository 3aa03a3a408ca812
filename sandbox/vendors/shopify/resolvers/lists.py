"""The lists at the root, with their filters and sort keys."""

import time

from sandbox.vendors.shopify.resolvers.registry import bad, resolves
from sandbox.vendors.shopify.search import Page, page, parse

ORDER_FILTERS = {
	"id": lambda order: order.id,
	"name": lambda order: [order.name, order.name.lstrip("#")],
	"email": lambda order: order.email,
	"created_at": lambda order: order.created_at,
	"updated_at": lambda order: order.updated_at,
	"processed_at": lambda order: order.processed_at,
	"customer_id": lambda order: order.customer and order.customer.id,
	"financial_status": lambda order: order.financial_status,
	"fulfillment_status": lambda order: _fulfillment_filter(order),
	"status": lambda order: "cancelled" if order.cancelled_at else "closed" if order.closed_at else "open",
	"gateway": lambda order: order.gateways,
	"po_number": lambda order: order.po_number,
	"sku": lambda order: [line.sku for line in order.lines],
	"source_name": lambda order: order.source_name,
	"tag": lambda order: order.tags,
	"test": lambda order: str(order.test).lower(),
	"default": lambda order: [order.name, order.email],
}
VARIANT_FILTERS = {
	"id": lambda variant: variant.id,
	"sku": lambda variant: variant.sku,
	"barcode": lambda variant: variant.barcode,
	"product_id": lambda variant: variant.product.id,
	"product_status": lambda variant: variant.product.status,
	"updated_at": lambda variant: variant.updated_at,
	"inventory_quantity": lambda variant: variant.inventory_quantity,
	"title": lambda variant: variant.title,
	"vendor": lambda variant: variant.product.vendor,
	"default": lambda variant: [variant.sku, variant.barcode, variant.product.title],
}
PRODUCT_FILTERS = {
	"id": lambda product: product.id,
	"title": lambda product: product.title,
	"handle": lambda product: product.handle,
	"vendor": lambda product: product.vendor,
	"status": lambda product: product.status,
	"tag": lambda product: product.tags,
	"product_type": lambda product: product.product_type,
	"sku": lambda product: [variant.sku for variant in product.variants],
	"barcode": lambda product: [variant.barcode for variant in product.variants],
	"created_at": lambda product: product.created_at,
	"updated_at": lambda product: product.updated_at,
	"default": lambda product: [product.title, *(variant.sku for variant in product.variants)],
}
CUSTOMER_FILTERS = {
	"id": lambda customer: customer.id,
	"email": lambda customer: customer.email,
	"phone": lambda customer: customer.phone,
	"first_name": lambda customer: customer.first_name,
	"last_name": lambda customer: customer.last_name,
	"tag": lambda customer: customer.tags,
	"customer_date": lambda customer: customer.created_at,
	"updated_at": lambda customer: customer.updated_at,
	"default": lambda customer: [customer.display_name, customer.email],
}
LOCATION_FILTERS = {
	"id": lambda location: location.id,
	"name": lambda location: location.name,
	"active": lambda location: str(location.is_active).lower(),
	"created_at": lambda location: location.created_at,
	"default": lambda location: location.name,
}
ITEM_FILTERS = {
	"id": lambda item: item.id,
	"sku": lambda item: item.sku,
	"created_at": lambda item: item.created_at,
	"updated_at": lambda item: item.updated_at,
	"default": lambda item: item.sku,
}
SUBSCRIPTION_FILTERS = {
	"id": lambda one: one.id,
	"created_at": lambda one: one.created_at,
	"default": lambda one: one.uri,
}


def _fulfillment_filter(order) -> list[str]:
	status = order.fulfillment_status
	return [
		status,
		*{"UNFULFILLED": ["unshipped"], "PARTIALLY_FULFILLED": ["partial"]}.get(status, ["shipped"]),
	]


SORTS = {
	"ID": lambda one: 0,
	"RELEVANCE": lambda one: 0,
	"CREATED_AT": lambda one: one.created_at,
	"UPDATED_AT": lambda one: one.updated_at,
	"PROCESSED_AT": lambda one: one.processed_at,
	"PUBLISHED_AT": lambda one: one.published_at,
	"ORDER_NUMBER": lambda one: one.number,
	"TOTAL_PRICE": lambda one: one.total_price.shop,
	"CURRENT_TOTAL_PRICE": lambda one: one.current_total_price.shop,
	"FINANCIAL_STATUS": lambda one: one.financial_status,
	"FULFILLMENT_STATUS": lambda one: one.fulfillment_status,
	"PO_NUMBER": lambda one: one.po_number or "",
	"CUSTOMER_NAME": lambda one: one.customer.display_name if one.customer else "",
	"NAME": lambda one: getattr(one, "name", None) or one.display_name,
	"TITLE": lambda one: one.title,
	"VENDOR": lambda one: one.vendor,
	"SKU": lambda one: one.sku or "",
	"POSITION": lambda one: one.position,
	"FULL_TITLE": lambda one: one.display_name,
}


def listed(context, path: str, objects, filters: dict, query=None, sortKey="ID", **window) -> Page:
	parsed = parse(query, filters)
	if parsed.unknown:
		context.search_warnings.append(
			{
				"path": [path],
				"query": query,
				"warnings": [
					{
						"field": name,
						"message": "Invalid search field for this query.",
						"code": "invalid_field",
					}
					for name in parsed.unknown
				],
			}
		)
	if sortKey not in SORTS:
		raise bad(f"The sandbox does not sort by {sortKey}.", "BAD_REQUEST")
	keep = parsed.matcher(filters)
	if query and context.search_lag:
		# the search index has not seen the newest changes yet
		indexed = time.time() - context.search_lag
		objects = [one for one in objects if one.updated_at.timestamp() < indexed]
	return page((one for one in objects if keep(one)), SORTS[sortKey], **window)


@resolves("QueryRoot.orders")
def orders(root, context, sortKey="PROCESSED_AT", **window):
	return listed(context, "orders", context.visible_orders(), ORDER_FILTERS, sortKey=sortKey, **window)


@resolves("QueryRoot.ordersCount")
def orders_count(root, context, query=None, limit=10_000):
	keep = parse(query, ORDER_FILTERS).matcher(ORDER_FILTERS)
	count = sum(1 for one in context.visible_orders() if keep(one))
	if limit is not None and count > limit:
		return {"count": limit, "precision": "AT_LEAST"}
	return {"count": count, "precision": "EXACT"}


@resolves("QueryRoot.products")
def products(root, context, **window):
	return listed(context, "products", context.shop.products.values(), PRODUCT_FILTERS, **window)


@resolves("QueryRoot.productVariants")
def product_variants(root, context, **window):
	return listed(context, "productVariants", context.shop.variants.values(), VARIANT_FILTERS, **window)


@resolves("QueryRoot.customers")
def customers(root, context, **window):
	return listed(context, "customers", context.shop.customers.values(), CUSTOMER_FILTERS, **window)


@resolves("QueryRoot.inventoryItems")
def inventory_items(root, context, **window):
	return listed(context, "inventoryItems", context.shop.items.values(), ITEM_FILTERS, **window)


@resolves("QueryRoot.locations")
def locations(root, context, includeInactive=False, **window):
	chosen = [one for one in context.shop.locations.values() if one.is_active or includeInactive]
	return listed(context, "locations", chosen, LOCATION_FILTERS, **window)


@resolves("QueryRoot.webhookSubscriptions")
def webhook_subscriptions(root, context, topics=None, uri=None, format=None, **window):
	chosen = [
		one
		for one in context.shop.subscriptions.values()
		if (not topics or one.topic in topics) and uri in (None, one.uri) and format in (None, one.format)
	]
	return listed(context, "webhookSubscriptions", chosen, SUBSCRIPTION_FILTERS, **window)
