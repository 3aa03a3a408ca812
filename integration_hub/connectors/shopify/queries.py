"""Every query and mutation we send to Shopify, for API version 2026-10, with an upper guess of its cost.

A test validates all of them against Shopify's own schema. Costs are points (objects 1, connections their page
size, mutations 10; a query may cost 1,000 at most); the real cost is learned from the first answer.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Query:
	name: str
	text: str
	cost: int = 10


#: pages are small enough that an order with everything in it stays under 1,000 points
ORDERS_PER_CALL = 10
LINES_PER_ORDER = 25
MORE_LINES = 100
PRODUCTS_PER_CALL = 10
VARIANTS_PER_PRODUCT = 50
MORE_VARIANTS = 100
CUSTOMERS_PER_CALL = 50

_MONEY = "{ shopMoney { amount } }"
_TAX = f"{{ title ratePercentage priceSet {_MONEY} }}"
_ADDRESS = (
	"{ name firstName lastName company address1 address2 city province provinceCode zip countryCodeV2 phone }"
)
_LINE = f"""
	id title variantTitle sku quantity currentQuantity requiresShipping isGiftCard
	variant {{ id }} product {{ id }} lineItemGroup {{ title }}
	originalUnitPriceSet {_MONEY}
	discountAllocations {{ allocatedAmountSet {_MONEY} }}
	taxLines {_TAX}
	duties {{ price {_MONEY} taxLines {_TAX} }}
"""
_REFUND_LINE = f"""
	quantity restockType location {{ id }} lineItem {{ id }} subtotalSet {_MONEY} totalTaxSet {_MONEY}
"""
_PAGE = "pageInfo { hasNextPage endCursor }"

ORDER_FIELDS = f"""
fragment OrderFields on Order {{
	id name createdAt updatedAt cancelledAt cancelReason test taxesIncluded note poNumber sourceName email phone
	currencyCode presentmentCurrencyCode displayFinancialStatus discountCodes dutiesIncluded
	customer {{ id firstName lastName taxExempt updatedAt
		defaultEmailAddress {{ emailAddress }} defaultPhoneNumber {{ phoneNumber }} }}
	billingAddress {_ADDRESS}
	shippingAddress {_ADDRESS}
	totalPriceSet {{ shopMoney {{ amount }} presentmentMoney {{ amount }} }}
	totalTipReceivedSet {_MONEY}
	shippingLines(first: 10, includeRemovals: true) {{ nodes {{
		id title isRemoved discountedPriceSet {_MONEY} taxLines {_TAX} }} }}
	lineItems(first: {LINES_PER_ORDER}) {{ {_PAGE} nodes {{ {_LINE} }} }}
	transactions {{ id kind status gateway processedAt createdAt amountSet {_MONEY} paymentId test }}
	refunds {{ id createdAt note totalRefundedSet {_MONEY}
		refundLineItems(first: 20) {{ {_PAGE} nodes {{ {_REFUND_LINE} }} }}
		refundShippingLines(first: 5) {{ nodes {{
			shippingLine {{ id title }} subtotalAmountSet {_MONEY} taxAmountSet {_MONEY} }} }}
		duties {{ amountSet {_MONEY} }}
		transactions(first: 10) {{ nodes {{ id kind status gateway processedAt createdAt amountSet {_MONEY} }} }}
	}}
	fulfillments {{ id createdAt status location {{ id }} trackingInfo {{ company number url }}
		fulfillmentLineItems(first: 25) {{ {_PAGE} nodes {{ quantity lineItem {{ id }} }} }} }}
}}
"""

SHOP = Query(
	"Shop",
	"""query Shop {
	shop { name myshopifyDomain currencyCode plan { publicDisplayName } }
	currentAppInstallation { accessScopes { handle } }
}""",
	cost=5,
)

ORDERS_SINCE = Query(
	"OrdersSince",
	"""query OrdersSince($first: Int!, $after: String, $query: String!) {
	orders(first: $first, after: $after, sortKey: UPDATED_AT, query: $query) {
		pageInfo { hasNextPage endCursor }
		nodes { ...OrderFields }
	}
}"""
	+ ORDER_FIELDS,
	cost=900,
)

ORDERS_BY_ID = Query(
	"OrdersById",
	"query OrdersById($ids: [ID!]!) { nodes(ids: $ids) { ...OrderFields } }" + ORDER_FIELDS,
	cost=900,
)

ORDER_LINES = Query(
	"OrderLines",
	f"""query OrderLines($id: ID!, $first: Int!, $after: String) {{
	order(id: $id) {{ lineItems(first: $first, after: $after) {{ {_PAGE} nodes {{ {_LINE} }} }} }}
}}""",
	cost=MORE_LINES * 8,
)

REFUND_LINES = Query(
	"RefundLines",
	f"""query RefundLines($id: ID!, $first: Int!, $after: String) {{
	refund(id: $id) {{ refundLineItems(first: $first, after: $after) {{ {_PAGE} nodes {{ {_REFUND_LINE} }} }} }}
}}""",
	cost=MORE_LINES * 6,
)

FULFILMENT_LINES = Query(
	"FulfillmentLines",
	f"""query FulfillmentLines($id: ID!, $first: Int!, $after: String) {{
	fulfillment(id: $id) {{ fulfillmentLineItems(first: $first, after: $after) {{
		{_PAGE} nodes {{ quantity lineItem {{ id }} }} }} }}
}}""",
	cost=MORE_LINES * 3,
)

_VARIANT = """
	id title sku barcode price selectedOptions { name value }
	inventoryItem { id tracked measurement { weight { unit value } } }
"""
PRODUCT_FIELDS = f"""
fragment ProductFields on Product {{
	id title description vendor productType status updatedAt hasOnlyDefaultVariant
	options {{ name }}
	variants(first: {VARIANTS_PER_PRODUCT}) {{ {_PAGE} nodes {{ {_VARIANT} }} }}
}}
"""

PRODUCTS_SINCE = Query(
	"ProductsSince",
	"""query ProductsSince($first: Int!, $after: String, $query: String!) {
	products(first: $first, after: $after, sortKey: UPDATED_AT, query: $query) {
		pageInfo { hasNextPage endCursor }
		nodes { ...ProductFields }
	}
}"""
	+ PRODUCT_FIELDS,
	cost=900,
)

PRODUCTS_BY_ID = Query(
	"ProductsById",
	"query ProductsById($ids: [ID!]!) { nodes(ids: $ids) { ...ProductFields } }" + PRODUCT_FIELDS,
	cost=900,
)

PRODUCT_VARIANTS = Query(
	"ProductVariants",
	f"""query ProductVariants($id: ID!, $first: Int!, $after: String) {{
	product(id: $id) {{ variants(first: $first, after: $after) {{ {_PAGE} nodes {{ {_VARIANT} }} }} }}
}}""",
	cost=MORE_VARIANTS * 6,
)

CUSTOMER_FIELDS = f"""
fragment CustomerFields on Customer {{
	id firstName lastName taxExempt updatedAt
	defaultEmailAddress {{ emailAddress }} defaultPhoneNumber {{ phoneNumber }}
	defaultAddress {_ADDRESS}
	addressesV2(first: 5) {{ nodes {_ADDRESS} }}
}}
"""

CUSTOMERS_SINCE = Query(
	"CustomersSince",
	"""query CustomersSince($first: Int!, $after: String, $query: String!) {
	customers(first: $first, after: $after, sortKey: UPDATED_AT, query: $query) {
		pageInfo { hasNextPage endCursor }
		nodes { ...CustomerFields }
	}
}"""
	+ CUSTOMER_FIELDS,
	cost=600,
)

CUSTOMERS_BY_ID = Query(
	"CustomersById",
	"query CustomersById($ids: [ID!]!) { nodes(ids: $ids) { ...CustomerFields } }" + CUSTOMER_FIELDS,
	cost=600,
)

LOCATIONS = Query(
	"Locations",
	"""query Locations($after: String) {
	locations(first: 100, after: $after, includeInactive: true) {
		pageInfo { hasNextPage endCursor }
		nodes { id name isActive }
	}
}""",
	cost=102,
)

SET_STOCK = Query(
	"SetStock",
	"""mutation SetStock($input: InventorySetQuantitiesInput!, $key: String!) {
	inventorySetQuantities(input: $input) @idempotent(key: $key) {
		inventoryAdjustmentGroup { id }
		userErrors { code field message }
	}
}""",
)

_PARCEL = f"""
	id createdAt status location {{ id }} trackingInfo {{ company number url }}
	fulfillmentLineItems(first: 50) {{ {_PAGE} nodes {{ quantity lineItem {{ id }} }} }}
"""
_TO_FULFIL = f"{{ {_PAGE} nodes {{ id remainingQuantity lineItem {{ id }} }} }}"

FULFILMENT_ORDERS = Query(
	"FulfillmentOrders",
	f"""query FulfillmentOrders($id: ID!) {{
	order(id: $id) {{
		id
		fulfillments {{ {_PARCEL} }}
		fulfillmentOrders(first: 20) {{ nodes {{
			id status assignedLocation {{ location {{ id }} }} supportedActions {{ action }}
			lineItems(first: 40) {_TO_FULFIL}
		}} }}
	}}
}}""",
	cost=900,
)

FULFILMENT_ORDER_LINES = Query(
	"FulfillmentOrderLines",
	f"""query FulfillmentOrderLines($id: ID!, $first: Int!, $after: String) {{
	fulfillmentOrder(id: $id) {{ lineItems(first: $first, after: $after) {_TO_FULFIL} }}
}}""",
	cost=MORE_LINES * 3,
)

FULFIL = Query(
	"Fulfil",
	f"""mutation Fulfil($fulfillment: FulfillmentInput!, $message: String) {{
	fulfillmentCreate(fulfillment: $fulfillment, message: $message) {{
		fulfillment {{ {_PARCEL} }}
		userErrors {{ field message }}
	}}
}}""",
	cost=120,
)

TRACKING = Query(
	"Tracking",
	f"""mutation Tracking($id: ID!, $tracking: FulfillmentTrackingInput!, $notify: Boolean) {{
	fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $tracking, notifyCustomer: $notify) {{
		fulfillment {{ {_PARCEL} }}
		userErrors {{ field message }}
	}}
}}""",
	cost=120,
)

CALL_BACK = Query(
	"CallBack",
	f"""mutation CallBack($id: ID!) {{
	fulfillmentCancel(id: $id) {{
		fulfillment {{ {_PARCEL} }}
		userErrors {{ field message }}
	}}
}}""",
	cost=120,
)

WEBHOOKS = Query(
	"Webhooks",
	"""query Webhooks($after: String) {
	webhookSubscriptions(first: 100, after: $after) {
		pageInfo { hasNextPage endCursor }
		nodes { id topic uri format }
	}
}""",
	cost=102,
)

CREATE_WEBHOOK = Query(
	"CreateWebhook",
	"""mutation CreateWebhook($topic: WebhookSubscriptionTopic!, $webhook: WebhookSubscriptionInput!) {
	webhookSubscriptionCreate(topic: $topic, webhookSubscription: $webhook) {
		webhookSubscription { id }
		userErrors { field message }
	}
}""",
)

DELETE_WEBHOOK = Query(
	"DeleteWebhook",
	"""mutation DeleteWebhook($id: ID!) {
	webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } }
}""",
)

ALL = tuple(value for value in list(globals().values()) if isinstance(value, Query))
