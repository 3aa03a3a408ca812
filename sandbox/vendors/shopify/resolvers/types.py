"""Which GraphQL type an object is."""

from sandbox.vendors.shopify import state
from sandbox.vendors.shopify.money import Bag, Money

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
