"""Who answers which field: functions by `@resolves`, attributes of another name, constants."""

from collections.abc import Callable

from graphql import GraphQLError

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
