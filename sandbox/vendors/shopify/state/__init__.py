"""What a shop knows: plain objects with integer ids, named as the Admin API names them.

Nothing here speaks HTTP or GraphQL. Amounts are `Bag`s in minor units, times are aware and in UTC.
"""

from sandbox.vendors.shopify.state.order import (
	Adjustment,
	Allocation,
	DiscountApplication,
	Duty,
	Fulfillment,
	FulfillmentLine,
	FulfillmentOrder,
	FulfillmentOrderLine,
	LineItem,
	LineItemGroup,
	Order,
	Refund,
	RefundDuty,
	RefundLine,
	RefundShipping,
	ShippingLine,
	TaxLine,
	Transaction,
)
from sandbox.vendors.shopify.state.shop import ALL_SCOPES, Shop
from sandbox.vendors.shopify.state.things import (
	Address,
	Customer,
	InventoryItem,
	Level,
	Location,
	Product,
	Refused,
	Subscription,
	Variant,
)

__all__ = [
	"ALL_SCOPES",
	"Address",
	"Adjustment",
	"Allocation",
	"Customer",
	"DiscountApplication",
	"Duty",
	"Fulfillment",
	"FulfillmentLine",
	"FulfillmentOrder",
	"FulfillmentOrderLine",
	"InventoryItem",
	"Level",
	"LineItem",
	"LineItemGroup",
	"Location",
	"Order",
	"Product",
	"Refund",
	"RefundDuty",
	"RefundLine",
	"RefundShipping",
	"Refused",
	"ShippingLine",
	"Shop",
	"Subscription",
	"TaxLine",
	"Transaction",
	"Variant",
]
