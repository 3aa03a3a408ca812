"""What the GraphQL fields answer, where a field is not simply an attribute of the same name.

`ATTRIBUTES` names attributes; `@resolves` functions get the object, the shop and the arguments.
"""

import hashlib
from collections.abc import Callable
from decimal import Decimal

from graphql import GraphQLError

from sandbox.vendors.shopify import state
from sandbox.vendors.shopify.money import Bag, Money, total
from sandbox.vendors.shopify.search import Page, nested, page, parse

FIELDS: dict[str, Callable] = {}


def resolves(*names: str):
	def keep(function: Callable) -> Callable:
		for name in names:
			assert name not in FIELDS, name
			FIELDS[name] = function
		return function

	return keep


# "Type.field": the attribute that holds it
ATTRIBUTES = {
	"MoneyBag.shopMoney": "shop_money",
	"MoneyBag.presentmentMoney": "presentment_money",
	"PageInfo.endCursor": "endCursor",
	"Order.subtotalPriceSet": "subtotal",
	"Order.totalTaxSet": "total_tax",
	"Order.totalPriceSet": "total_price",
	"Order.originalTotalPriceSet": "original_total",
	"Order.totalDiscountsSet": "total_discounts",
	"Order.totalOutstandingSet": "total_outstanding",
	"Order.totalReceivedSet": "total_received",
	"Order.totalRefundedSet": "total_refunded",
	"Order.totalRefundedShippingSet": "total_refunded_shipping",
	"Order.totalShippingPriceSet": "total_shipping",
	"Order.totalTipReceivedSet": "total_tips",
	"Order.netPaymentSet": "net_payment",
	"Order.refundDiscrepancySet": "refund_discrepancy",
	"Order.currentTotalPriceSet": "current_total_price",
	"Order.currentSubtotalPriceSet": "current_subtotal",
	"Order.currentTotalTaxSet": "current_total_tax",
	"Order.currentTotalDiscountsSet": "current_total_discounts",
	"Order.currentShippingPriceSet": "current_shipping",
	"Order.displayFinancialStatus": "financial_status",
	"Order.displayFulfillmentStatus": "fulfillment_status",
	"Order.paymentGatewayNames": "gateways",
	"Order.retailLocation": "location",
	"LineItem.originalUnitPriceSet": "unit",
	"LineItem.originalTotalSet": "original_total",
	"LineItem.refundableQuantity": "current_quantity",
	"LineItem.unfulfilledQuantity": "unfulfilled",
	"LineItem.lineItemGroup": "group",
	"LineItem.discountAllocations": "allocations",
	"ShippingLine.originalPriceSet": "price",
	"ShippingLine.discountedPriceSet": "net",
	"ShippingLine.discountAllocations": "allocations",
	"DiscountAllocation.allocatedAmountSet": "amount",
	"DiscountAllocation.discountApplication": "application",
	"DiscountCodeApplication.code": "title",
	"ManualDiscountApplication.description": "title",
	"TaxLine.priceSet": "price",
	"OrderTransaction.amountSet": "amount",
	"OrderTransaction.parentTransaction": "parent",
	"Refund.totalRefundedSet": "paid_back",
	"Refund.processedAt": "created_at",
	"Refund.updatedAt": "created_at",
	"RefundLineItem.lineItem": "line",
	"RefundLineItem.subtotalSet": "subtotal",
	"RefundLineItem.totalTaxSet": "tax",
	"RefundShippingLine.shippingLine": "line",
	"RefundShippingLine.subtotalAmountSet": "subtotal",
	"RefundShippingLine.taxAmountSet": "tax",
	"RefundDuty.amountSet": "amount",
	"RefundDuty.originalDuty": "duty",
	"OrderAdjustment.amountSet": "amount",
	"FulfillmentOrderLineItem.lineItem": "line",
	"FulfillmentLineItem.lineItem": "line",
	"Fulfillment.trackingInfo": "tracking",
	"MailingAddress.countryCodeV2": "country_code",
	"ShopAddress.countryCodeV2": "country_code",
	"Customer.note": "note",
}

CONSTANTS = {
	"Order.clientIp": None,
	"Order.confirmed": True,
	"Order.customerLocale": "en",
	"Order.dutiesIncluded": False,
	"Order.estimatedTaxes": False,
	"Order.sourceIdentifier": None,
	"LineItem.restockable": True,
	"TaxLine.channelLiable": False,
	"TaxLine.source": "Shopify",
	"ShippingLine.carrierIdentifier": None,
	"ShippingLine.custom": False,
	"ShippingLine.deliveryCategory": None,
	"ShippingLine.isRemoved": False,
	"ShippingLine.phone": None,
	"ShippingLine.source": "shopify",
	"OrderTransaction.authorizationExpiresAt": None,
	"OrderTransaction.errorCode": None,
	"Fulfillment.deliveredAt": None,
	"Fulfillment.estimatedDeliveryAt": None,
	"Fulfillment.inTransitAt": None,
	"FulfillmentOrder.fulfillAt": None,
	"FulfillmentOrderSupportedAction.externalUrl": None,
	"Location.isFulfillmentService": False,
	"Location.shipsInventory": True,
	"InventoryItem.unitCost": None,
	"ProductVariant.inventoryPolicy": "DENY",
	"Customer.locale": "en",
	"CustomerEmailAddress.marketingState": "NOT_SUBSCRIBED",
	"CustomerEmailAddress.validFormat": True,
	"Shop.orderNumberFormatSuffix": "",
	"Shop.taxShipping": True,
	"Shop.weightUnit": "KILOGRAMS",
	"WebhookSubscription.filter": None,
}


def gid(kind: str, number: int) -> str:
	return f"gid://shopify/{kind}/{number}"


def bad(message: str, code: str, **more) -> GraphQLError:
	return GraphQLError(message, extensions={"code": code, **more})


def attributes(known: dict[str, str]) -> list[dict]:
	return [{"key": key, "value": value} for key, value in known.items()]


# ---- lists at the root

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
	return page((one for one in objects if keep(one)), SORTS[sortKey], **window)


def _orders(context):
	return context.visible_orders()


@resolves("QueryRoot.orders")
def orders(root, context, sortKey="PROCESSED_AT", **window):
	return listed(context, "orders", _orders(context), ORDER_FILTERS, sortKey=sortKey, **window)


@resolves("QueryRoot.ordersCount")
def orders_count(root, context, query=None, limit=10_000):
	keep = parse(query, ORDER_FILTERS).matcher(ORDER_FILTERS)
	count = sum(1 for one in _orders(context) if keep(one))
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


# ---- one object


def find(context, kind: str, text: str):
	"""The object of this gid, or None. Invalid gids are refused as Shopify refuses them."""
	parts = text.split("/")
	if len(parts) != 5 or parts[:3] != ["gid:", "", "shopify"] or not parts[4].split("?")[0].isdigit():
		raise bad(f"Invalid global id '{text}'", "argumentLiteralsIncompatible", typeName="CoercionError")
	if kind and parts[3] != kind:
		raise bad("Invalid id: " + text, "RESOURCE_NOT_FOUND")
	number, shop = int(parts[4].split("?")[0]), context.shop
	if parts[3] == "Order":
		order = shop.orders.get(number)
		return order if order is None or context.may_see(order) else None
	if parts[3] == "InventoryLevel":
		item = shop.items.get(int(parts[4].partition("inventory_item_id=")[2] or 0))
		return item.levels.get(number) if item else None
	if parts[3] == "LineItem":
		return next((one for order in shop.orders.values() for one in order.lines if one.id == number), None)
	tables = {
		"Product": shop.products,
		"ProductVariant": shop.variants,
		"InventoryItem": shop.items,
		"Customer": shop.customers,
		"Location": shop.locations,
		"Fulfillment": shop.fulfillments,
		"FulfillmentOrder": shop.fulfillment_orders,
		"Refund": shop.refunds,
		"WebhookSubscription": shop.subscriptions,
		"BulkOperation": context.bulk_operations,
	}
	return tables.get(parts[3], {}).get(number)


def _one(kind: str):
	return lambda root, context, id: find(context, kind, id)


for _field, _kind in {
	"bulkOperation": "BulkOperation",
	"customer": "Customer",
	"fulfillment": "Fulfillment",
	"fulfillmentOrder": "FulfillmentOrder",
	"inventoryItem": "InventoryItem",
	"inventoryLevel": "InventoryLevel",
	"order": "Order",
	"product": "Product",
	"productVariant": "ProductVariant",
	"refund": "Refund",
	"webhookSubscription": "WebhookSubscription",
}.items():
	FIELDS[f"QueryRoot.{_field}"] = _one(_kind)


@resolves("QueryRoot.location")
def location(root, context, id=None):
	return context.shop.primary_location if id is None else find(context, "Location", id)


@resolves("QueryRoot.node")
def node(root, context, id):
	return find(context, "", id)


@resolves("QueryRoot.nodes")
def nodes(root, context, ids):
	if len(ids) > 250:
		raise context.too_many(len(ids), ["nodes", "ids"])
	return [find(context, "", one) for one in ids]


@resolves("QueryRoot.job")
def job(root, context, id):
	return {"id": id, "done": True}


@resolves("QueryRoot.shop")
def shop(root, context):
	return context.shop


@resolves("QueryRoot.publicApiVersions")
def public_api_versions(root, context):
	return [api_version(one) for one in context.versions]


@resolves("QueryRoot.currentAppInstallation")
def current_app_installation(root, context):
	scopes = [{"handle": one, "description": one.replace("_", " ")} for one in context.scopes]
	app = {"id": gid("App", 1), "handle": "sandbox-app", "title": "Sandbox App"}
	return {"id": gid("AppInstallation", 1), "app": app, "accessScopes": scopes}


def api_version(handle: str) -> dict:
	return {"handle": handle, "displayName": handle, "supported": True}


# ---- shop


@resolves("Shop.currencyCode")
def shop_currency(shop, context):
	return shop.currency


@resolves("Shop.contactEmail")
def shop_email(shop, context):
	return shop.email


@resolves("Shop.shopOwnerName")
def shop_owner(shop, context):
	return shop.owner


@resolves("Shop.enabledPresentmentCurrencies")
def shop_presentment(shop, context):
	return [shop.currency, *shop.rates]


@resolves("Shop.orderNumberFormatPrefix")
def shop_order_prefix(shop, context):
	return shop.order_prefix


@resolves("Shop.ianaTimezone")
def shop_timezone(shop, context):
	# zones without summer time, so that the offset is the whole truth
	hours = int(shop.timezone.utcoffset(None).total_seconds() // 3600)
	return f"Etc/GMT{-hours:+d}" if hours else "Etc/UTC"


@resolves("Shop.timezoneAbbreviation")
def shop_timezone_abbreviation(shop, context):
	return shop.timezone.tzname(None)


@resolves("Shop.timezoneOffset")
def shop_offset(shop, context):
	return shop.now().astimezone(shop.timezone).strftime("%z")


@resolves("Shop.timezoneOffsetMinutes")
def shop_offset_minutes(shop, context):
	return int(shop.timezone.utcoffset(None).total_seconds() // 60)


@resolves("Shop.myshopifyDomain")
def shop_domain(shop, context):
	return shop.domain


@resolves("Shop.url")
def shop_url(shop, context):
	return f"https://{shop.domain}"


@resolves("Shop.primaryDomain")
def shop_primary_domain(shop, context):
	return {
		"id": gid("Domain", shop.id),
		"host": shop.domain,
		"sslEnabled": True,
		"url": f"https://{shop.domain}",
	}


@resolves("Shop.plan")
def shop_plan(shop, context):
	return {"partnerDevelopment": True, "publicDisplayName": shop.plan, "shopifyPlus": False}


@resolves("Shop.shopAddress")
def shop_address(shop, context):
	return shop.primary_location.address


@resolves("Location.hasActiveInventory")
def location_has_inventory(location, context):
	return any(location.id in item.levels for item in context.shop.items.values())


@resolves("Location.inventoryLevel")
def location_level(location, context, inventoryItemId, includeInactive=False):
	item = find(context, "InventoryItem", inventoryItemId)
	return _active(item.levels.get(location.id), includeInactive) if item else None


@resolves("Location.inventoryLevels")
def location_levels(location, context, includeInactive=False, query=None, **window):
	levels = [item.levels[location.id] for item in context.shop.items.values() if location.id in item.levels]
	return nested([one for one in levels if _active(one, includeInactive)], **window)


def _active(level, include_inactive: bool):
	return level if level and (level.is_active or include_inactive) else None


@resolves("LocationAddress.formatted", "MailingAddress.formatted")
def address_formatted(address, context, withName=False, withCompany=True):
	parts = [
		address.name if withName else None,
		address.company if withCompany else None,
		address.address1,
		address.address2,
		" ".join(part for part in (address.city, address.province_code, address.zip) if part),
		address.country,
	]
	return [part for part in parts if part]


@resolves("MailingAddress.formattedArea")
def address_area(address, context):
	return ", ".join(part for part in (address.city, address.country) if part) or None


# ---- products and stock


@resolves("Product.description")
def product_description(product, context, truncateAt=None):
	return product.description_html[:truncateAt]


@resolves("Product.hasOnlyDefaultVariant")
def product_default_only(product, context):
	return len(product.variants) == 1 and not product.variants[0].options


@resolves("Product.options")
def product_options(product, context, first=None):
	answer = []
	for position, name in enumerate(product.option_names, 1):
		values = dict.fromkeys(variant.options.get(name, variant.title) for variant in product.variants)
		answer.append(
			{
				"id": gid("ProductOption", product.id + position),
				"name": name,
				"position": position,
				"values": list(values),
			}
		)
	return answer[:first]


@resolves("Product.totalInventory")
def product_inventory(product, context):
	return sum(variant.inventory_quantity for variant in product.variants)


@resolves("Product.tracksInventory")
def product_tracks(product, context):
	return any(variant.inventory_item.tracked for variant in product.variants)


@resolves("Product.variants")
def product_variants_of(product, context, sortKey="POSITION", **window):
	return nested(product.variants, **window)


@resolves("Product.variantsCount")
def product_variants_count(product, context):
	return {"count": len(product.variants), "precision": "EXACT"}


@resolves("ProductVariant.availableForSale")
def variant_available(variant, context):
	return variant.inventory_quantity > 0 or not variant.inventory_item.tracked


@resolves("ProductVariant.requiresComponents")
def variant_components(variant, context):
	return variant.is_bundle


@resolves("ProductVariant.price")
def variant_price(variant, context):
	return two_digits(variant.price)


@resolves("ProductVariant.compareAtPrice")
def variant_compare_at(variant, context):
	return None if variant.compare_at_price is None else two_digits(variant.compare_at_price)


def two_digits(amount: Decimal) -> str:
	return f"{amount:.2f}" if amount == amount.quantize(Decimal("0.01")) else f"{amount:f}"


@resolves("ProductVariant.selectedOptions")
def variant_options(variant, context):
	options = variant.options or {"Title": variant.title}
	return [{"name": name, "value": value} for name, value in options.items()]


@resolves("InventoryItem.duplicateSkuCount")
def item_duplicates(item, context):
	return len(context.shop.by_sku.get(item.sku, [None])) - 1 if item.sku else 0


@resolves("InventoryItem.inventoryLevel")
def item_level(item, context, locationId, includeInactive=False):
	place = find(context, "Location", locationId)
	return _active(item.levels.get(place.id), includeInactive) if place else None


@resolves("InventoryItem.inventoryLevels")
def item_levels(item, context, includeInactive=False, query=None, **window):
	return nested([one for one in item.levels.values() if _active(one, includeInactive)], **window)


@resolves("InventoryItem.locationsCount")
def item_locations(item, context):
	return {"count": len(item.levels), "precision": "EXACT"}


@resolves("InventoryItem.measurement")
def item_measurement(item, context):
	weight = {"unit": "KILOGRAMS", "value": item.variant.grams / 1000}
	return {"id": gid("InventoryItemMeasurement", item.id), "weight": weight}


def level_gid(level) -> str:
	return f"{gid('InventoryLevel', level.location.id)}?inventory_item_id={level.item.id}"


@resolves("InventoryLevel.id")
def level_id(level, context):
	return level_gid(level)


QUANTITY_NAMES = (
	"available",
	"committed",
	"damaged",
	"incoming",
	"on_hand",
	"quality_control",
	"reserved",
	"safety_stock",
)


@resolves("InventoryLevel.quantities")
def level_quantities(level, context, names):
	for name in names:
		if name not in QUANTITY_NAMES:
			raise bad(f"The name '{name}' is not a valid quantity name.", "BAD_REQUEST")
	return [
		{
			"id": f"{gid('InventoryQuantity', level.item.id)}?inventory_item_id={level.item.id}&name={name}",
			"name": name,
			"quantity": level.quantity(name),
			"updatedAt": level.updated_at,
		}
		for name in names
	]


# ---- customers


@resolves("Customer.addressesV2")
def customer_addresses(customer, context, **window):
	return nested(customer.addresses, **window)


@resolves("Customer.amountSpent")
def customer_spent(customer, context):
	currency = context.shop.currency
	return Money(sum(one.net_payment.shop for one in customer.orders if one.of.shop == currency), currency)


@resolves("Customer.defaultEmailAddress")
def customer_email(customer, context):
	return {"emailAddress": customer.email} if customer.email else None


@resolves("Customer.defaultPhoneNumber")
def customer_phone(customer, context):
	return {"phoneNumber": customer.phone} if customer.phone else None


@resolves("Customer.lastOrder")
def customer_last_order(customer, context):
	return customer.orders[-1] if customer.orders else None


@resolves("Customer.numberOfOrders")
def customer_number_of_orders(customer, context):
	return len(customer.orders)


@resolves("Customer.orders")
def customer_orders(customer, context, query=None, sortKey="ID", **window):
	return nested([one for one in customer.orders if context.may_see(one)], **window)


# ---- orders


@resolves("Order.app")
def order_app(order, context):
	return {
		"id": gid("App", 580111),
		"name": {"web": "Online Store", "pos": "Point of Sale"}.get(order.source_name, "Draft Orders"),
	}


@resolves("Order.billingAddressMatchesShippingAddress")
def order_addresses_match(order, context):
	mine, other = order.billing_address, order.shipping_address
	if not mine or not other:
		return False
	return {**vars(mine), "id": 0} == {**vars(other), "id": 0}


@resolves("Order.canMarkAsPaid")
def order_can_be_paid(order, context):
	return not order.cancelled_at and order.total_outstanding.shop > 0


@resolves("Order.cancellation")
def order_cancellation(order, context):
	return {"staffNote": None} if order.cancelled_at else None


@resolves("Order.cartDiscountAmountSet", "Order.currentCartDiscountAmountSet")
def order_cart_discount(order, context):
	parts = (
		one.amount
		for line in order.lines
		for one in line.allocations
		if one.application.target_selection == "ALL"
	)
	return total(parts, order.of)


@resolves("Order.closed")
def order_closed(order, context):
	return order.closed_at is not None


@resolves("Order.confirmationNumber")
def order_confirmation(order, context):
	return hashlib.sha256(str(order.id).encode()).hexdigest()[:9].upper()


@resolves("Order.currencyCode")
def order_currency(order, context):
	return order.of.shop


@resolves("Order.presentmentCurrencyCode")
def order_presentment_currency(order, context):
	return order.of.presentment


@resolves("Order.currentSubtotalLineItemsQuantity")
def order_current_units(order, context):
	return sum(line.current_quantity for line in order.lines if line.kind not in ("tip", "gift card"))


@resolves("Order.subtotalLineItemsQuantity")
def order_units(order, context):
	return sum(line.quantity for line in order.lines if line.kind not in ("tip", "gift card"))


@resolves("Order.originalTotalDutiesSet")
def order_duties(order, context):
	return order.total_duties if any(line.duties for line in order.lines) else None


@resolves("Order.currentTotalDutiesSet")
def order_current_duties(order, context):
	return order.current_total_duties if any(line.duties for line in order.lines) else None


@resolves("Order.customAttributes")
def order_attributes(order, context):
	return attributes(order.attributes)


@resolves("Order.discountApplications")
def order_applications(order, context, **window):
	return nested(order.applications, **window)


@resolves("Order.discountCode")
def order_code(order, context):
	return order.discount_codes[0] if order.discount_codes else None


@resolves("Order.displayAddress")
def order_address(order, context):
	return order.shipping_address or order.billing_address


@resolves("Order.fulfillable")
def order_fulfillable(order, context):
	return any(line.unfulfilled for line in order.lines)


@resolves("Order.fulfillmentOrders")
def order_fulfillment_orders(order, context, displayable=False, query=None, **window):
	return nested(order.fulfillment_orders, **window)


@resolves("Order.fulfillments")
def order_fulfillments(order, context, first=None, query=None):
	return order.fulfillments[:first]


@resolves("Order.fulfillmentsCount")
def order_fulfillments_count(order, context):
	return {"count": len(order.fulfillments), "precision": "EXACT"}


@resolves("Order.fullyPaid")
def order_fully_paid(order, context):
	return order.total_received.shop >= order.total_price.shop


@resolves("Order.unpaid")
def order_unpaid(order, context):
	return not order.total_received and bool(order.total_price)


@resolves("Order.lineItems")
def order_lines(order, context, **window):
	return nested(order.lines, **window)


@resolves("Order.nonFulfillableLineItems")
def order_non_fulfillable(order, context, **window):
	return nested(
		[one for one in order.lines if not one.is_fulfillable or not one.current_quantity], **window
	)


@resolves("Order.merchantEditable")
def order_editable(order, context):
	return order.cancelled_at is None


@resolves("Order.refundable")
def order_refundable(order, context):
	return order.net_payment.shop > 0


@resolves("Order.refunds")
def order_refunds(order, context, first=None):
	return order.refunds[:first]


@resolves("Order.requiresShipping")
def order_requires_shipping(order, context):
	return any(line.requires_shipping for line in order.lines)


@resolves("Order.restockable")
def order_restockable(order, context):
	return any(line.variant and line.current_quantity for line in order.lines)


@resolves("Order.shippingLine")
def order_shipping_line(order, context):
	return order.shipping_lines[0] if order.shipping_lines else None


@resolves("Order.shippingLines")
def order_shipping_lines(order, context, includeRemovals=False, **window):
	return nested(order.shipping_lines, **window)


@resolves("Order.taxExempt")
def order_tax_exempt(order, context):
	return bool(order.customer and order.customer.tax_exempt)


@resolves("Order.totalCapturableSet")
def order_capturable(order, context):
	held = total((one.amount for one in order.transactions if one.kind == "AUTHORIZATION"), order.of)
	return held if order.financial_status == "AUTHORIZED" else order.of.zero


@resolves("Order.totalWeight")
def order_weight(order, context):
	return sum(line.grams * line.quantity for line in order.lines)


@resolves("Order.transactions")
def order_transactions(order, context, first=None, capturable=None, manuallyResolvable=None):
	return order.transactions[:first]


@resolves("Order.transactionsCount")
def order_transactions_count(order, context):
	return {"count": len(order.transactions), "precision": "EXACT"}


@resolves("TaxLine.ratePercentage")
def tax_percentage(line, context):
	return float(line.rate * 100)


# ---- lines


def per_unit(whole: Bag, units: int) -> Bag:
	return whole.share(1, units) if units else whole


@resolves("LineItem.customAttributes")
def line_attributes(line, context):
	return attributes(line.attributes)


@resolves("LineItemGroup.customAttributes")
def group_attributes(group, context):
	return []


@resolves("LineItem.discountedTotalSet")
def line_discounted_total(line, context, withCodeDiscounts=False):
	off = (
		one.amount
		for one in line.allocations
		if one.is_line_level and (withCodeDiscounts or one.application.kind != "code")
	)
	return line.original_total - total(off, line.of)


@resolves("LineItem.discountedUnitPriceSet")
def line_discounted_unit(line, context):
	return per_unit(line_discounted_total(line, context), line.quantity)


@resolves("LineItem.discountedUnitPriceAfterAllDiscountsSet")
def line_unit_after_all(line, context):
	return per_unit(line.net, line.quantity)


@resolves("LineItem.totalDiscountSet")
def line_total_discount(line, context):
	return total((one.amount for one in line.allocations if one.is_line_level), line.of)


@resolves("LineItem.isGiftCard")
def line_is_gift_card(line, context):
	return line.kind == "gift card"


@resolves("LineItem.merchantEditable")
def line_editable(line, context):
	return not line.fulfilled and line.kind != "tip"


@resolves("LineItem.nonFulfillableQuantity")
def line_non_fulfillable(line, context):
	return line.gone_unfulfilled if line.is_fulfillable else line.quantity


@resolves("LineItem.taxLines")
def line_tax_lines(line, context, first=None):
	return line.tax_lines[:first]


@resolves("LineItem.unfulfilledDiscountedTotalSet")
def line_unfulfilled_discounted(line, context):
	return line_discounted_total(line, context).share(line.unfulfilled, line.quantity)


@resolves("LineItem.unfulfilledOriginalTotalSet")
def line_unfulfilled_original(line, context):
	return line.unit * line.unfulfilled


@resolves("LineItemGroup.productId")
def group_product(group, context):
	return gid("Product", group.variant.product.id) if group.variant else None


@resolves("LineItemGroup.variantId")
def group_variant(group, context):
	return gid("ProductVariant", group.variant.id) if group.variant else None


@resolves("LineItemGroup.variantSku")
def group_sku(group, context):
	return group.variant.sku if group.variant else None


@resolves("ShippingLine.currentDiscountedPriceSet")
def shipping_current(line, context):
	return line.net - line.gone_net


@resolves(
	"DiscountCodeApplication.value", "AutomaticDiscountApplication.value", "ManualDiscountApplication.value"
)
def application_value(application, context):
	if application.percentage is not None:
		return {"percentage": float(application.percentage)}
	return application.amount.presentment_money


# ---- money moved


@resolves("OrderTransaction.formattedGateway")
def transaction_gateway(transaction, context):
	return transaction.gateway.replace("_", " ").title()


@resolves("OrderTransaction.manualPaymentGateway")
def transaction_is_manual(transaction, context):
	return transaction.gateway in ("manual", "Cash on Delivery (COD)", "Bank Deposit")


@resolves("OrderTransaction.manuallyCapturable")
def transaction_capturable(transaction, context):
	return transaction.kind == "AUTHORIZATION" and transaction.order.financial_status == "AUTHORIZED"


@resolves("OrderTransaction.paymentId")
def transaction_payment_id(transaction, context):
	return f"{transaction.order.name}.{transaction.id % 1000}"


@resolves("Refund.orderAdjustments")
def refund_adjustments(refund, context, **window):
	return nested(refund.adjustments, **window)


@resolves("Refund.refundLineItems")
def refund_lines(refund, context, **window):
	return nested(refund.lines, **window)


@resolves("Refund.refundShippingLines")
def refund_shipping(refund, context, **window):
	return nested(refund.shipping, **window)


@resolves("Refund.transactions")
def refund_transactions(refund, context, **window):
	return nested(refund.transactions, **window)


@resolves("RefundLineItem.priceSet")
def refund_line_price(one, context):
	return per_unit(one.subtotal, one.quantity)


@resolves("OrderAdjustment.taxAmountSet")
def adjustment_tax(adjustment, context):
	return adjustment.amount.of.zero


# ---- fulfilment


@resolves("FulfillmentOrder.assignedLocation")
def fulfillment_order_location(one, context):
	place, address = one.location, one.location.address
	return {
		"address1": address.address1,
		"address2": address.address2,
		"city": address.city,
		"countryCode": address.country_code,
		"location": place,
		"name": place.name,
		"phone": address.phone,
		"province": address.province,
		"zip": address.zip,
	}


@resolves("FulfillmentOrder.lineItems")
def fulfillment_order_lines(one, context, **window):
	return nested(one.lines, **window)


@resolves("FulfillmentOrder.fulfillments")
def fulfillment_order_fulfillments(one, context, **window):
	return nested([done for done in one.order.fulfillments if _touches(done, one)], **window)


@resolves("Fulfillment.fulfillmentOrders")
def fulfillment_fulfillment_orders(done, context, **window):
	return nested([one for one in done.order.fulfillment_orders if _touches(done, one)], **window)


def _touches(done, one) -> bool:
	return any(line.order_line in one.lines for line in done.lines)


@resolves("FulfillmentOrder.orderId")
def fulfillment_order_order_id(one, context):
	return gid("Order", one.order.id)


@resolves("FulfillmentOrder.orderName")
def fulfillment_order_order_name(one, context):
	return one.order.name


@resolves("FulfillmentOrder.orderProcessedAt")
def fulfillment_order_processed(one, context):
	return one.order.processed_at


@resolves("FulfillmentOrder.requestStatus")
def fulfillment_order_request(one, context):
	return "CLOSED" if one.status == "CLOSED" else "UNSUBMITTED"


@resolves("FulfillmentOrder.supportedActions")
def fulfillment_order_actions(one, context):
	if one.status not in ("OPEN", "IN_PROGRESS"):
		return []
	return [{"action": name} for name in ("CREATE_FULFILLMENT", "MOVE", "HOLD")]


@resolves("FulfillmentOrderLineItem.inventoryItemId")
def fulfillment_line_item(one, context):
	variant = one.line.variant
	return gid("InventoryItem", variant.inventory_item.id) if variant else None


@resolves("FulfillmentOrderLineItem.productTitle")
def fulfillment_line_title(one, context):
	return one.line.title


for _field in ("requiresShipping", "sku", "variant", "variantTitle", "vendor"):
	_attribute = {"requiresShipping": "requires_shipping", "variantTitle": "variant_title"}.get(
		_field, _field
	)
	FIELDS[f"FulfillmentOrderLineItem.{_field}"] = lambda one, context, name=_attribute: getattr(
		one.line, name
	)


@resolves("Fulfillment.displayStatus")
def fulfillment_display(done, context):
	return "CANCELED" if done.status == "CANCELLED" else "FULFILLED"


@resolves("Fulfillment.fulfillmentLineItems")
def fulfillment_lines(done, context, **window):
	return nested(done.lines, **window)


@resolves("Fulfillment.requiresShipping")
def fulfillment_ships(done, context):
	return any(one.line.requires_shipping for one in done.lines)


@resolves("Fulfillment.totalQuantity")
def fulfillment_units(done, context):
	return sum(one.quantity for one in done.lines)


@resolves("FulfillmentLineItem.originalTotalSet")
def fulfillment_line_total(one, context):
	return one.line.unit * one.quantity


@resolves("FulfillmentLineItem.discountedTotalSet")
def fulfillment_line_discounted(one, context):
	return one.line.net.share(one.quantity, one.line.quantity)


# ---- webhooks


@resolves("WebhookSubscription.apiVersion")
def subscription_version(one, context):
	return api_version(context.version)


# ---- which GraphQL type an object is

TYPES = {
	state.Shop: "Shop",
	state.Order: "Order",
	state.LineItem: "LineItem",
	state.LineItemGroup: "LineItemGroup",
	state.Product: "Product",
	state.Variant: "ProductVariant",
	state.InventoryItem: "InventoryItem",
	state.Level: "InventoryLevel",
	state.Location: "Location",
	state.Customer: "Customer",
	state.Address: "MailingAddress",
	state.Fulfillment: "Fulfillment",
	state.FulfillmentLine: "FulfillmentLineItem",
	state.FulfillmentOrder: "FulfillmentOrder",
	state.FulfillmentOrderLine: "FulfillmentOrderLineItem",
	state.Refund: "Refund",
	state.RefundShipping: "RefundShippingLine",
	state.Adjustment: "OrderAdjustment",
	state.Transaction: "OrderTransaction",
	state.Duty: "Duty",
	state.Subscription: "WebhookSubscription",
	Money: "MoneyV2",
}
# objects that are not reached through `node`, for the check that every field is answered
PARTS = {
	"MoneyBag": Bag,
	"TaxLine": state.TaxLine,
	"ShippingLine": state.ShippingLine,
	"DiscountAllocation": state.Allocation,
	"DiscountCodeApplication": state.DiscountApplication,
	"AutomaticDiscountApplication": state.DiscountApplication,
	"ManualDiscountApplication": state.DiscountApplication,
	"RefundLineItem": state.RefundLine,
	"RefundDuty": state.RefundDuty,
	"LocationAddress": state.Address,
	"ShopAddress": state.Address,
}
APPLICATIONS = {
	"code": "DiscountCodeApplication",
	"automatic": "AutomaticDiscountApplication",
	"manual": "ManualDiscountApplication",
}


def type_of(value, *_) -> str:
	if isinstance(value, state.DiscountApplication):
		return APPLICATIONS[value.kind]
	if isinstance(value, dict):
		return "PricingPercentageValue" if "percentage" in value else value.get("__typename", "")
	return TYPES[type(value)]
