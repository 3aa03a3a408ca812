"""Orders, their lines, payments and refunds."""

import hashlib

from sandbox.vendors.shopify.money import Bag, total
from sandbox.vendors.shopify.resolvers.registry import (
	attributes,
	gid,
	resolves,
)
from sandbox.vendors.shopify.search import nested


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
