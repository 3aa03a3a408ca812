"""Shopify: a shop with its money, stock and Admin API.

`Shop` is the world (`state`), changed by `orders` and `stock`; `Shopify` serves it; `cases` has ready-made orders.

Shopify's own schema and field descriptions say most of what is done here. Where no source tells, the sandbox does
the following, and a real shop may differ:

- connections cost 2 plus log2 of their size (see `cost`); a bulk operation is over at once;
- a tip is a line titled "Tip" and stands in `totalTipReceivedSet`, too; the subtotal leaves it out;
- an edit that takes units away makes a refund without transactions, and sends refunds/create;
- shipping that is given back stands in `refundShippingLines`, with tax where the prices have it;
- a mutation that ended in `userErrors` gives IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED for the same key;
- setting stock to what it is already answers without an `inventoryAdjustmentGroup`;
- the wording of most messages (codes are Shopify's).
"""

from sandbox.vendors.shopify.state import Shop
from sandbox.vendors.shopify.vendor import Shopify

__all__ = ["Shop", "Shopify"]
