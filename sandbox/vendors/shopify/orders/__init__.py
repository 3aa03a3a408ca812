"""What happens to orders: placed, paid, edited, fulfilled, refunded, cancelled.

Each function changes the shop and tells it (webhooks follow). Amounts in arguments are major units as
strings: prices in the shop's currency, refunds and payments in the buyer's, as Shopify takes them.
`Refused` is raised where the Admin API would answer with a `userErrors` entry.
"""

from sandbox.vendors.shopify.orders.checkout import place_order
from sandbox.vendors.shopify.orders.editing import change_order, edit_order
from sandbox.vendors.shopify.orders.fulfilment import (
	cancel_fulfillment,
	change_tracking,
	fulfil,
	fulfil_order,
)
from sandbox.vendors.shopify.orders.payments import mark_paid
from sandbox.vendors.shopify.orders.refunds import cancel_order, make_refund, refund_order
from sandbox.vendors.shopify.orders.spec import Discount, Line, Payment, Shipping, Tax
from sandbox.vendors.shopify.state import Refused

__all__ = [
	"Discount",
	"Line",
	"Payment",
	"Refused",
	"Shipping",
	"Tax",
	"cancel_fulfillment",
	"cancel_order",
	"change_order",
	"change_tracking",
	"edit_order",
	"fulfil",
	"fulfil_order",
	"make_refund",
	"mark_paid",
	"place_order",
	"refund_order",
]
