"""Shopify: a shop with its money, stock and Admin API.

`Shop` is the world (`state`), changed by `orders` and `stock`; `Shopify` serves it; `cases` has ready-made orders.
"""

from sandbox.vendors.shopify.state import Shop
from sandbox.vendors.shopify.vendor import Shopify

__all__ = ["Shop", "Shopify"]
